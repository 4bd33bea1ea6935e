"""Which expiries are refreshed, in which order, and that this is enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ballast.bots.market import LiveMarket
from ballast.bots.refresher import Guard, Refresher, RefresherState, RefresherTerms, decide
from ballast.series import listable_expiries
from ballast.units import DAY, WAD
from tests.market import HOUR, at_start

NOW = 1_000_000
TERMS = RefresherTerms()
FAR = Guard(NOW + 9 * DAY, WAD * 9 // 10, WAD * 11 // 10, NOW + 3 * HOUR, 7)
NEAR = replace(FAR, expiry=NOW + DAY)


def state(*guards: Guard, ratio: int = WAD, version: int = 7, fresh: bool = True) -> RefresherState:
    return RefresherState(NOW, ratio, version, guards, fresh)


def expiries(found: RefresherState) -> list[int]:
    return [action.args[0] for action in decide(found, TERMS)]


def test_decide__guards_that_hold__nothing() -> None:
    assert expiries(state(NEAR, FAR)) == []
    assert expiries(state()) == []


def test_decide__no_price__nothing() -> None:
    assert decide(RefresherState(NOW, None, 8, (NEAR, FAR), False), TERMS) == []


@pytest.mark.parametrize(
    ("ratio", "count"),
    [
        (WAD * 9 // 10 - 1, 1),
        (WAD * 9 // 10, 1),
        (WAD * 91 // 100 - 1, 1),
        (WAD * 91 // 100, 0),
        (WAD * 109 // 100, 0),
        (WAD * 109 // 100 + 1, 1),
        (WAD * 11 // 10 + 1, 1),
    ],
)
def test_decide__spot_around_the_rim__refreshes_in_it(ratio: int, count: int) -> None:
    assert len(expiries(state(FAR, ratio=ratio))) == count


@pytest.mark.parametrize(("left", "count"), [(-1, 1), (0, 1), (59, 1), (60, 0)])
def test_decide__time_around_the_lead__refreshes_in_it(left: int, count: int) -> None:
    assert len(expiries(state(replace(FAR, until=NOW + left)))) == count


def test_decide__a_guard_until_the_cutoff__is_not_renewed_for_it() -> None:
    soon = replace(FAR, expiry=NOW + DAY // 2 + 30, until=NOW + 30)
    assert expiries(state(soon)) == []


@pytest.mark.parametrize(("left", "count"), [(-1, 0), (0, 1), (1, 1)])
def test_decide__the_cutoff__failed_guards_matter_up_to_it(left: int, count: int) -> None:
    assert len(expiries(state(replace(FAR, expiry=NOW + DAY // 2 + left, version=6)))) == count


def test_decide__several__failed_before_failing_and_the_soonest_first() -> None:
    failed = replace(FAR, version=6)
    found = expiries(
        state(failed, replace(NEAR, until=NOW + 1), replace(FAR, expiry=NOW + 2 * DAY, until=0))
    )
    assert found == [NOW + 2 * DAY, failed.expiry, NEAR.expiry]


def test_decide__all_hold_but_not_at_once__one_is_refreshed() -> None:
    assert expiries(state(FAR, NEAR, fresh=False)) == [NEAR.expiry]


def test_decide__a_guard_that_holds_nowhere__tried_and_then_left_alone() -> None:
    (action,) = decide(state(replace(FAR, low=10**9, high=0, until=0, version=0)), TERMS)
    assert action.rest == TERMS.rest
    (action,) = decide(state(replace(FAR, version=6)), TERMS)
    assert action.rest == 0


@pytest.mark.parametrize("cause", ["spot", "time", "surface", "cutoff", "listing"])
def test_refresher__whatever_closed_the_book__opens_it_and_is_done(cause: str) -> None:
    with at_start() as market:
        keeper = Refresher(
            LiveMarket.over(market.chain, market.deployment.contracts), market.who("stranger")
        )
        now, first = market.chain.timestamp, market.now_expiries[0]
        if cause == "spot":
            market.transmit(2_300)
        elif cause == "time":
            market.chain.set_timestamp(now + (first - now) // 60)
            market.transmit(2_000)
        elif cause == "surface":
            posts = market.slices(market.now_expiries, now)
            market.surface.post(posts, sender=market.actors["keeper"])
        elif cause == "cutoff":
            market.chain.set_timestamp(first - DAY // 2 - 60)
            market.transmit(2_000)
            market.found(market.now_expiries)
            market.refresh()
            assert keeper.read().is_fresh and keeper.decide(keeper.read()) == []
            market.chain.set_timestamp(first - DAY // 2 + 1)
        else:
            new = listable_expiries(now, 2)[1]
            market.found([new, *market.now_expiries])
            market.refresh()
            market.list_strikes(new, [2_000])
        assert not keeper.read().is_fresh
        for action in keeper.decide(keeper.read()):
            keeper.run(action)
        assert keeper.read().is_fresh
        assert keeper.decide(keeper.read()) == []
