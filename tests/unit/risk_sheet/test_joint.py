"""Joint conditions at their edges, and at random against the same rules in fractions."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.chain import RevmChain
from ballast.market import SheetNumbers
from ballast.units import WAD
from tests.unit.risk_sheet.rules import BP, BY_NAME, JOINT, PC, SLACK, refusal
from tests.unit.risk_sheet.world import outcome

DEFAULT = SheetNumbers()


def edge(base: SheetNumbers, name: str, low: int, high: int) -> tuple[SheetNumbers, SheetNumbers]:
    """Between a value that is accepted and one that is not, the two neighbours, by bisection."""
    good, bad = low, high
    assert refusal(base.changed(**{name: good})) is None
    assert refusal(base.changed(**{name: bad})) is not None
    while abs(good - bad) > 1:
        middle = (good + bad) // 2
        if refusal(base.changed(**{name: middle})) is None:
            good = middle
        else:
            bad = middle
    return base.changed(**{name: good}), base.changed(**{name: bad})


# Reason, the number that moves, from where it is accepted, to where not; what differs from DEFAULT.
Case = tuple[str, str, int, int, dict[str, int]]
CASES: tuple[Case, ...] = (
    ("skew over spread", "delta_skew", BP, 21 * BP, {"delta_limit": 10**6 * WAD}),
    ("skew over spread", "b_delta", PC, 9 * BP, {"delta_limit": 10**6 * WAD}),
    ("refresh over spread", "delta_limit", 10**5 * WAD, 10**4 * WAD, {}),
    ("refresh over spread", "delta_skew", BP, 20 * BP, {"delta_limit": 25_000 * WAD}),
    ("refresh over spread", "cover_max", 10 * PC, 90 * PC, {"delta_limit": 40_000 * WAD}),
    ("refresh over spread", "credit_max", PC, 50 * PC, {"delta_limit": 40_000 * WAD}),
    ("round over flow", "deviation", 5 * BP, 4 * PC, {"d_spot": 10 * PC}),
    ("round over flow", "flow_skew", 100 * BP, 10 * BP, {}),
    ("round over d spot", "d_spot", 10 * PC, 5 * BP, {}),
    ("post over vega flow", "vflow_skew", 20 * PC, PC, {}),
    ("post over vega flow", "b_vega", 2 * PC, 10 * BP, {}),
    ("post over vega flow", "theta_post", PC, 10 * PC, {"d_vol": 25 * PC}),
    ("post over d vol", "d_vol", 25 * PC, 10 * BP, {}),
    ("post over d vol", "theta_post", PC, 10 * PC, {"vflow_skew": 20 * PC}),
    ("rogue keeper", "vega_limit", 10**4 * WAD, 10**5 * WAD, {}),
    ("rogue keeper", "theta_hour", 10 * PC, WAD, {}),
    ("rogue keeper", "vol_max", WAD, 3 * WAD, {"vega_limit": 50_000 * WAD}),
    ("vol ref off surface", "vol_ref", 65 * PC, 10 * PC, {}),
    ("vol ref off surface", "vol_ref", 65 * PC, 2 * WAD, {"vol_max": WAD}),
    ("post over hour", "theta_hour", 20 * PC, 10 * BP, {}),
    ("shocks out of order", "shock_near", 2 * PC, 25 * PC, {"shock_wide": 15 * PC}),
    ("shocks out of order", "shock_wide", 25 * PC, 50 * PC, {"shock_down": 40 * PC}),
    ("shocks out of order", "shock_wide", 25 * PC, 50 * PC, {"shock_up": 40 * PC}),
    ("health out of order", "health_low", 101 * PC, 120 * PC, {"health_high": 110 * PC}),
    ("slices out of order", "slice_max", 9_000 * WAD, 1_000 * WAD, {"slice_min": 2_000 * WAD}),
    ("slices out of order", "slice_min", 100 * WAD, 2_000 * WAD, {"slice_max": 1_000 * WAD}),
    ("slip over spread", "slip", 5 * BP, 3 * PC, {"mean_slip": 3 * PC}),
    ("slip over spread", "mean_slip", 5 * BP, 3 * PC, {}),
    ("slip over spread", "fee_spot", 3 * BP, 0, {}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}, {case[1]}")
def test_init__joint_condition_at_its_edge__refused_one_beyond(revm: RevmChain, case: Case) -> None:
    reason, name, start, stop, changes = case
    within, beyond = edge(DEFAULT.changed(**changes), name, start, stop)
    assert outcome(revm, within) is None
    assert outcome(revm, beyond) == f"sheet: {reason}"


def test_cases__cover_every_joint_condition() -> None:
    assert {f"sheet: {case[0]}" for case in CASES} == set(JOINT)


@cache
def chain() -> RevmChain:
    return RevmChain()


def value(name: str) -> st.SearchStrategy[int]:
    """Near an edge of the range, or anywhere in it; shares of a nav of SLACK's."""
    least, most = BY_NAME[name].edges(SLACK["nav_unit"])
    return st.one_of(
        st.integers(least, most),
        st.sampled_from([least, least - 1, most, most + 1, 0]),
        st.integers(least, min(most, 4 * least)),
    )


CHANGES = st.lists(st.sampled_from(list(BY_NAME)), unique=True, max_size=9).flatmap(
    lambda names: st.fixed_dictionaries({name: value(name) for name in names})
)
TIED = [
    "delta_skew", "b_delta", "delta_limit", "cover_max", "flow_skew", "deviation", "d_spot",
    "d_vol", "b_vega", "vflow_skew", "vol_max", "theta_post", "theta_hour", "vega_limit",
    "vol_ref", "nav_unit",
]  # fmt: skip


def in_range(name: str) -> st.SearchStrategy[int]:
    return st.integers(*BY_NAME[name].edges(SLACK["nav_unit"]))


@settings(max_examples=150)
@given(st.sampled_from([SLACK, DEFAULT]), CHANGES)
def test_init__any_numbers__stands_or_says_what_the_rules_say(
    base: SheetNumbers, changes: dict[str, int]
) -> None:
    numbers = base.changed(**changes)
    assert outcome(chain(), numbers) == refusal(numbers)


@settings(max_examples=150)
@given(
    st.sampled_from([SLACK, DEFAULT]),
    st.lists(st.sampled_from(TIED), unique=True, min_size=1, max_size=4).flatmap(
        lambda names: st.fixed_dictionaries({name: in_range(name) for name in names})
    ),
)
def test_init__numbers_that_are_tied__stands_or_says_what_the_rules_say(
    base: SheetNumbers, changes: dict[str, int]
) -> None:
    numbers = base.changed(**changes)
    assert outcome(chain(), numbers) == refusal(numbers)
