"""The list of venues and what may stand on each: owner and guardian, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import Contract, compile_contract
from ballast.units import WAD
from tests.market import NOBODY, outcome, refused, told
from tests.unit.hedger.broken import FAULTS, break_down, saying
from tests.unit.hedger.conftest import at_opening
from tests.unit.hedger.world import (
    LENDER,
    PERP,
    SPOT,
    SPOT_ONE,
    WEEK,
    HedgerMarket,
    Opening,
)

STEP = WAD // 20
DOLLAR = 10**9


def more(market: HedgerMarket, *, holds: bool = True, lends: bool = False) -> Contract:
    """Another venue that stands."""
    tokens = (market.quote, market.underlying)
    return market.chain.deploy(compile_contract("FaultyVenue"), market.vault, *tokens, holds, lends)


def owner(market: HedgerMarket) -> str:
    return market.who("owner")


def week_passes(market: HedgerMarket, off: int = 0) -> None:
    market.chain.advance(WEEK + off)


# --- caps


def test_set_cap__lower__at_once_by_owner_and_guardian(market: HedgerMarket) -> None:
    perp = market.place(PERP)
    for who, cap in (("guardian", WAD // 5), ("owner", WAD // 6), ("guardian", 0)):
        receipt = market.hedger.set_cap(perp, cap, sender=market.who(who))
        assert told(market, receipt) == [("hedger.CapChanged", {"venue": perp.address, "cap": cap})]
        assert market.venue_of(PERP)[0] == cap


@pytest.mark.parametrize("sender", ["keeper", "stranger", "lp", "deployer"])
def test_set_cap__by_others__is_refused(market: HedgerMarket, sender: str) -> None:
    perp = market.place(PERP)
    assert market.refused("set_cap", perp, 0, sender=sender) == "hedger: not guardian"
    assert market.refused("set_cap", perp, WAD, sender=sender) == "hedger: not the owner"


@pytest.mark.parametrize("off, reason", [(-1, None), (0, None), (1, "hedger: not the owner")])
def test_set_cap__by_the_guardian__never_rises(
    market: HedgerMarket, off: int, reason: str | None
) -> None:
    perp = market.place(PERP)
    guardian = market.who("guardian")
    assert outcome(market.hedger.set_cap, perp, WAD // 4 + off, sender=guardian) == reason


@pytest.mark.parametrize("off, reason", [(-1, None), (0, None), (1, "hedger: cap step")])
def test_set_cap__higher__by_a_step_at_most(
    market: HedgerMarket, off: int, reason: str | None
) -> None:
    cap = WAD // 4 + STEP + off
    assert outcome(market.hedger.set_cap, market.place(PERP), cap, sender=owner(market)) == reason


@pytest.mark.parametrize("off, reason", [(-1, "hedger: cap week"), (0, None), (1, None)])
def test_set_cap__higher_again__not_within_a_week(
    market: HedgerMarket, off: int, reason: str | None
) -> None:
    """What was lowered meanwhile does not come back sooner."""
    perp = market.place(PERP)
    market.hedger.set_cap(perp, WAD // 4 + 1, sender=owner(market))
    raised = market.chain.timestamp - 1
    market.hedger.set_cap(perp, WAD // 5, sender=owner(market))
    market.chain.set_timestamp(raised + WEEK + off)
    assert outcome(market.hedger.set_cap, perp, WAD // 5 + 1, sender=owner(market)) == reason


def test_set_cap__of_one_venue__does_not_hold_up_another(market: HedgerMarket) -> None:
    for name in (PERP, SPOT_ONE):
        cap = market.venue_of(name)[0]
        market.hedger.set_cap(market.place(name), cap + STEP, sender=owner(market))
        assert market.venue_of(name)[0] == cap + STEP


def test_set_cap__week_by_week__ends_at_all_of_nav(market: HedgerMarket) -> None:
    perp = market.place(PERP)
    for cap in range(WAD // 4 + STEP, WAD + 1, STEP):
        market.hedger.set_cap(perp, cap, sender=owner(market))
        assert refused(market.hedger.set_cap, perp, cap + 1, sender=owner(market)) in (
            "hedger: cap week",
            "hedger: cap step",
        )
        week_passes(market)
    assert market.venue_of(PERP)[0] == WAD
    assert refused(market.hedger.set_cap, perp, WAD + 1, sender=owner(market)) == "hedger: cap step"


@pytest.mark.parametrize("cap", [0, 1])
def test_set_cap__not_listed__is_refused(market: HedgerMarket, cap: int) -> None:
    found = refused(market.hedger.set_cap, more(market), cap, sender=owner(market))
    assert found == "hedger: not listed"


def test_set_cap__waiting_venue__waits_on(market: HedgerMarket) -> None:
    """Flags and failures share a word with the cap."""
    with at_opening(Opening(places=(LENDER,))) as found:
        lender = found.place(LENDER)
        lender.set_fill(0, 0)
        found.set_delta(10_000 * DOLLAR, LENDER)
        found.hedge()
        before = found.venue_of(LENDER)
        assert before[1:] == (1, found.chain.timestamp - 1 + 60, True)
        found.hedger.set_cap(lender, 7, sender=found.who("guardian"))
        assert found.venue_of(LENDER) == (7, *before[1:])
        found.hedger.set_cap(lender, 7 + STEP, sender=owner(found))
        assert found.venue_of(LENDER) == (7 + STEP, *before[1:])


@pytest.mark.parametrize("sign", [1, -1])
def test_hedge__cap_of_zero__venue_is_shut(market: HedgerMarket, sign: int) -> None:
    for name in (PERP, SPOT_ONE):
        market.hedger.set_cap(market.place(name), 0, sender=market.who("guardian"))
    market.set_delta(sign * 10_000 * DOLLAR)
    assert market.refused("hedge") == "hedger: no room"


# --- the list


def test_add_venue__by_the_owner__starts_shut(market: HedgerMarket) -> None:
    made = more(market)
    receipt = market.hedger.add_venue(made, True, sender=owner(market))
    assert told(market, receipt) == [("hedger.VenueAdded", {"venue": made.address, "cap": 0})]
    assert market.hedger.venues()[-1] == made.address
    assert tuple(market.hedger.venue(made)) == (0, 0, 0, True)


@pytest.mark.parametrize("sender", ["guardian", "keeper", "stranger"])
@pytest.mark.parametrize("method", ["add_venue", "remove_venue"])
def test_list__by_others__is_refused(market: HedgerMarket, sender: str, method: str) -> None:
    args: tuple[Any, ...] = (market.place(PERP),)
    if method == "add_venue":
        args = (more(market), False)
    assert market.refused(method, *args, sender=sender) == "hedger: not the owner"


def test_add_venue__twice_or_without_code__is_refused(market: HedgerMarket) -> None:
    add = market.hedger.add_venue
    assert refused(add, market.place(PERP), False, sender=owner(market)) == "hedger: venue"
    for place in (NOBODY, market.who("stranger")):
        assert outcome(add, place, False, sender=owner(market)) is not None
        assert place not in market.hedger.venues()


def test_add_venue__fifth__is_refused(market: HedgerMarket) -> None:
    for _ in range(2):
        market.hedger.add_venue(more(market), False, sender=owner(market))
    assert len(market.hedger.venues()) == 4
    assert outcome(market.hedger.add_venue, more(market), False, sender=owner(market)) is not None
    assert len(market.hedger.venues()) == 4


def test_add_venue__second_lender__is_refused() -> None:
    with at_opening(Opening(places=(LENDER,))) as market:
        found = refused(market.hedger.add_venue, more(market), True, sender=owner(market))
        assert found == "hedger: second lender"


@pytest.mark.parametrize("name, left", [(PERP, [SPOT_ONE]), (SPOT_ONE, [PERP])])
def test_remove_venue__empty__is_off_the_list(
    market: HedgerMarket, name: str, left: list[str]
) -> None:
    place = market.place(name)
    receipt = market.hedger.remove_venue(place, sender=owner(market))
    assert told(market, receipt) == [
        ("hedger.VenueRemoved", {"venue": place.address}),
        ("hedger.VenuesNoted", {"units": 0, "reserve": 0, "spot": SPOT}),
    ]
    assert list(market.hedger.venues()) == [market.place(one).address for one in left]
    assert market.venue_of(name) == (0, 0, 0, False)
    again = refused(market.hedger.remove_venue, place, sender=owner(market))
    assert again == "hedger: not listed"


@pytest.mark.parametrize(
    "units, base, reason",
    [
        (WAD, 0, "hedger: position"),
        (-WAD, 0, "hedger: position"),
        (17, 0, "hedger: position"),
        (-17, 0, "hedger: position"),
        (0, 17, "hedger: position"),
        (16, 16, None),
        (-16, 16, None),
        (0, -(10**9), None),
    ],
)
def test_remove_venue__with_more_than_digits__is_refused(
    market: HedgerMarket, units: int, base: int, reason: str | None
) -> None:
    """What is only owed there is the venue's loss."""
    market.stand(PERP, units, base)
    found = outcome(market.hedger.remove_venue, market.place(PERP), sender=owner(market))
    assert found == reason


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if "much" not in fault])
def test_remove_venue__that_does_not_answer__is_written_off(
    market: HedgerMarket, fault: str
) -> None:
    perp = market.place(PERP)
    market.stand(PERP, 3 * WAD, 50_000 * 10**6)
    market.hedger.sync()
    nav = market.vault.totalAssets()
    assert nav == 1_056_000 * 10**6
    code = saying(2**255, 2**255 - 1) if fault == "says nonsense" else fault
    break_down(market.chain, perp, code)
    assert market.vault.totalAssets() == nav
    market.hedger.remove_venue(perp, sender=owner(market))
    assert market.vault.totalAssets() == 1_000_000 * 10**6
    assert not market.vault.balances().is_hedged
    assert (market.vault.balances().abroad, market.state().delta) == (0, 0)


def test_remove_venue__and_add_it_again__starts_shut(market: HedgerMarket) -> None:
    perp = market.place(PERP)
    market.hedger.remove_venue(perp, sender=owner(market))
    market.hedger.add_venue(perp, False, sender=owner(market))
    assert list(market.hedger.venues()) == [market.place(SPOT_ONE).address, perp.address]
    assert market.venue_of(PERP) == (0, 0, 0, False)
