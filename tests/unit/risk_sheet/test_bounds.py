"""Every number at its least and its most, and one beyond."""

from __future__ import annotations

import pytest

from ballast.chain import RevmChain
from ballast.market import SheetNumbers
from ballast.units import WAD
from tests.unit.risk_sheet.rules import BOUNDS, BY_NAME, SLACK, Bound, refusal, slack_at
from tests.unit.risk_sheet.world import outcome

by_number = pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.name)


def sheet(bound: Bound, value: int, also: dict[str, int]) -> SheetNumbers:
    if bound.name == "nav_unit":
        return slack_at(value)
    return SLACK.changed(**{**also, bound.name: value})


def test_table__names_every_number_in_order() -> None:
    assert [bound.name for bound in BOUNDS] == list(SheetNumbers().flat)
    assert len({bound.reason for bound in BOUNDS}) == len(BOUNDS) == 77


@by_number
def test_init__number_at_least_and_below__refused_below(revm: RevmChain, bound: Bound) -> None:
    least, _ = bound.edges(SLACK["nav_unit"])
    assert outcome(revm, sheet(bound, least, bound.at_least)) is None
    assert outcome(revm, sheet(bound, least - 1, bound.at_least)) == bound.reason


@by_number
def test_init__number_at_most_and_above__refused_above(revm: RevmChain, bound: Bound) -> None:
    _, most = bound.edges(SLACK["nav_unit"])
    assert outcome(revm, sheet(bound, most, bound.at_most)) is None
    assert outcome(revm, sheet(bound, most + 1, bound.at_most)) == bound.reason
    assert outcome(revm, SLACK.changed(**{bound.name: 2**256 - 1})) == bound.reason


@by_number
def test_init__number_zero__only_where_zero_has_a_meaning(revm: RevmChain, bound: Bound) -> None:
    expected = None if bound.or_zero else bound.reason
    assert outcome(revm, SLACK.changed(**{bound.name: 0})) == expected


def test_init__numbers_that_may_be_zero__are_four() -> None:
    allowed = {bound.name for bound in BOUNDS if bound.or_zero}
    assert allowed == {"b_mark", "fee_spot", "cover_rate", "performance_fee"}


@pytest.mark.parametrize("nav", [1_000 * WAD + 1, 333_333 * WAD + 7, 100_000_000 * WAD - 1])
@pytest.mark.parametrize("name", [bound.name for bound in BOUNDS if bound.of_nav])
def test_init__amount_at_an_uneven_nav__least_rounds_up_and_most_down(
    revm: RevmChain, name: str, nav: int
) -> None:
    bound = BY_NAME[name]
    least, most = bound.edges(nav)
    base = slack_at(nav)
    assert outcome(revm, base.changed(**{name: least - 1})) == bound.reason
    assert outcome(revm, base.changed(**{name: most + 1})) == bound.reason
    for edge in (least, most):
        assert outcome(revm, base.changed(**{name: edge})) == refusal(base.changed(**{name: edge}))
    assert refusal(base.changed(**{name: least})) is None


def test_init__two_numbers_out_of_range__the_first_is_named(revm: RevmChain) -> None:
    assert outcome(revm, SLACK.changed(slip=0, b_delta=0)) == "sheet: b delta"
