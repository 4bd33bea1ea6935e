"""How far a sheet may move from the one that it follows."""

from __future__ import annotations

import pytest

from ballast.chain import RevmChain
from ballast.market import SheetNumbers
from ballast.units import WAD
from tests.unit.risk_sheet.rules import BOUNDS, BY_NAME, SLACK, Bound, refusal
from tests.unit.risk_sheet.world import deploy, outcome

FROM_ZERO = WAD // 1_000
# 101 % to 120 %: all of the range is within a quarter of any part of it.
NARROW = {"health_low"}
MOVING = [bound for bound in BOUNDS if bound.name not in NARROW]
MAY_BE_ZERO = [bound for bound in BOUNDS if bound.or_zero]
# What else holds on both sheets, so that no joint condition is met on the way.
ROOM = {
    "vol_ref": {"vol_max": 2 * WAD},
    "vol_max": {"d_vol": WAD // 4},
    "vol_min": {"vol_ref": WAD},
    "shock_near": {"shock_wide": WAD * 4 // 10},
    "shock_wide": {"shock_near": WAD // 50},
}
# Amounts that stay in their ranges while nav_unit moves by a quarter.
INSIDE = {
    "delta_limit": 500_000 * WAD,
    "vega_limit": 2_000 * WAD,
    "slice_min": 200 * WAD,
    "slice_max": 150_000 * WAD,
}


def middle(bound: Bound) -> int:
    """A value from which a quarter up and a quarter down, and one more, stay in range."""
    least, most = bound.edges(SLACK["nav_unit"])
    value = (least + most) // 2 if most < 3 * least else min(2 * least, most // 2)
    assert least < value - value // 4 and value + value // 4 < most
    return value


def starting(bound: Bound) -> SheetNumbers:
    if bound.name == "nav_unit":
        return SLACK.changed(**INSIDE)
    return SLACK.changed(**{**ROOM.get(bound.name, {}), bound.name: middle(bound)})


@pytest.mark.parametrize("bound", MOVING, ids=lambda bound: bound.name)
def test_init__number_a_quarter_away__accepted_and_one_more_refused(
    revm: RevmChain, bound: Bound
) -> None:
    old = starting(bound)
    previous = deploy(revm, old)
    quarter = old[bound.name] // 4
    for sign in (-1, 1):
        at = old.changed(**{bound.name: old[bound.name] + sign * quarter})
        beyond = old.changed(**{bound.name: old[bound.name] + sign * (quarter + 1)})
        assert refusal(beyond) is None, "only the step may refuse it"
        assert outcome(revm, at, previous) is None
        assert outcome(revm, beyond, previous) == "sheet: step"
        assert outcome(revm, beyond) is None
        assert at.steps_too_far(old) == []
        assert beyond.steps_too_far(old) == [bound.name]


@pytest.mark.parametrize("name", sorted(NARROW))
def test_table__narrow_range__lies_within_a_quarter_of_all_its_parts(name: str) -> None:
    least, most = BY_NAME[name].edges(SLACK["nav_unit"])
    assert 4 * (most - least) <= least


@pytest.mark.parametrize("bound", MAY_BE_ZERO, ids=lambda bound: bound.name)
def test_init__number_leaves_or_returns_to_zero__by_a_tenth_of_a_per_cent(
    revm: RevmChain, bound: Bound
) -> None:
    for value, expected in ((FROM_ZERO, None), (FROM_ZERO + 1, "sheet: step from zero")):
        without = SLACK.changed(**{bound.name: 0})
        charged = SLACK.changed(**{bound.name: value})
        assert outcome(revm, charged, deploy(revm, without)) == expected
        assert outcome(revm, without, deploy(revm, charged)) == expected
        assert bool(charged.steps_too_far(without)) == bool(without.steps_too_far(charged))
        assert bool(charged.steps_too_far(without)) == (expected is not None)


def test_init__zero_stays_zero__accepted(revm: RevmChain) -> None:
    numbers = SLACK.changed(b_mark=0, fee_spot=0, cover_rate=0, performance_fee=0)
    assert outcome(revm, numbers, deploy(revm, numbers)) is None


@pytest.mark.parametrize("bound", MAY_BE_ZERO, ids=lambda bound: bound.name)
def test_init__number_at_its_least_but_zero__can_rise(revm: RevmChain, bound: Bound) -> None:
    old = SLACK.changed(**{bound.name: bound.least})
    new = SLACK.changed(**{bound.name: bound.least * 5 // 4})
    assert outcome(revm, new, deploy(revm, old)) is None


def test_init__every_number_moves_at_once__accepted(revm: RevmChain) -> None:
    old = SheetNumbers()
    still = {"health_low", "health_high", "b_mark"}  # at their least or zero after an eighth
    new = old.changed(**{name: n - n // 8 for name, n in old.flat.items() if name not in still})
    assert refusal(new) is None
    assert {name for name in old.flat if new[name] == old[name]} == still
    assert outcome(revm, new, deploy(revm, old)) is None


def test_init__several_sheets__go_where_one_may_not(revm: RevmChain) -> None:
    first = SLACK
    last = SLACK.changed(vega_skew=16 * WAD // 100)
    sheet = deploy(revm, first)
    assert outcome(revm, last, sheet) == "sheet: step"
    for points in (10, 12, 15, 16):
        sheet = deploy(revm, first.changed(vega_skew=points * WAD // 100), sheet)
    assert sheet.numbers() == last.as_tuple()


def test_init__bad_numbers_behind_a_sheet__the_range_is_named(revm: RevmChain) -> None:
    assert outcome(revm, SLACK.changed(slip=0), deploy(revm, SLACK)) == "sheet: slip"


def test_init__previous_without_code__refused(revm: RevmChain) -> None:
    assert outcome(revm, SLACK, revm.accounts[1]) == "sheet: previous"
