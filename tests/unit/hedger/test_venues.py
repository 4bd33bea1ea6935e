"""Which venue gets an order, what it may do with it, and what happens where it fails."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from ballast.chain.reverts import decode_reason
from ballast.units import WAD
from tests.market import NANO, Told, names, told
from tests.unit.hedger.broken import FAULTS, SIGNATURES, break_down, saying
from tests.unit.hedger.conftest import at_opening
from tests.unit.hedger.world import GAP, NONE, PERP, SPOT, SPOT_ONE, HedgerMarket, Opening

DOLLAR = 10**9
SIGNS = pytest.mark.parametrize("sign", [1, -1], ids=["long", "short"])
CALLED = ("position", "room", "mean", "needs", "order")
"""Functions of a venue that an order goes through."""
SLIP, MEAN_SLIP = 50 * WAD // 10_000, 25 * WAD // 10_000


def snapshot(market: HedgerMarket) -> tuple[Any, ...]:
    """All that an order that fails must leave as it was."""
    tokens = [
        token.balanceOf(market.place(name))
        for name in ("vault", PERP, SPOT_ONE)
        for token in (market.quote, market.underlying)
    ]
    return (*tokens, market.vault.balances(), market.state()[1:7])


def failure(
    market: HedgerMarket, name: str, reason: str | None, *, units: int | None = None
) -> Told:
    """The event of an order that failed, which must be the first; the rest of the events."""
    events = told(market, market.hedge())
    event, said = events[0]
    assert event == "hedger.OrderFailed"
    assert said["venue"] == market.place(name).address
    assert decode_reason(bytes(said["reason"])) == reason
    assert units is None or said["units"] == units
    return events


# --- choice


@pytest.mark.parametrize(
    "costs, first", [((1, 2), PERP), ((2, 1), SPOT_ONE), ((1, 1), PERP), ((0, NONE), PERP)]
)
def test_hedge__several_venues__the_cheapest_gets_it(
    market: HedgerMarket, costs: tuple[int, int], first: str
) -> None:
    for name, cost in zip((PERP, SPOT_ONE), costs, strict=True):
        market.place(name).set_room(2**100, cost)
    market.set_delta(-10_000 * DOLLAR)
    assert market.hedge().event("Hedged").venue == market.place(first).address


def test_hedge__cheapest_is_small__the_next_one_gets_the_rest(market: HedgerMarket) -> None:
    market.place(PERP).set_room(3 * WAD, 1)
    market.place(SPOT_ONE).set_room(2**100, 2)
    market.set_delta(-10_000 * DOLLAR)
    receipt = market.hedge()
    orders = [(e.args["venue"], e.args["units"]) for e in receipt.events if e.name == "Hedged"]
    assert orders == [
        (market.place(PERP).address, 3 * WAD),
        (market.place(SPOT_ONE).address, 2 * WAD),
    ]
    assert receipt.value == 5 * WAD
    assert market.state().delta == 0


@pytest.mark.parametrize("off, is_asked", [(-1, False), (0, True), (1, True)])
def test_hedge__room_for_less_than_a_slice__is_none(
    market: HedgerMarket, off: int, is_asked: bool
) -> None:
    """The least slice is 1,000: half a unit."""
    market.place(PERP).set_room(WAD // 2 + off, 1)
    market.place(SPOT_ONE).set_room(0, 0)
    market.set_delta(-10_000 * DOLLAR)
    if is_asked:
        assert market.hedge().value == WAD // 2 + off
    else:
        assert market.refused("hedge") == "hedger: no room"


@pytest.mark.parametrize("off, is_filled", [(-1, False), (0, False), (1, True)])
def test_hedge__rest_of_less_than_a_slice__is_filled_unless_it_is_digits(
    market: HedgerMarket, off: int, is_filled: bool
) -> None:
    """What a lender rounds off would fail on the next venue, which would wait for nothing: up to
    a 1,024th of an order may be missing."""
    rest = 5 * WAD // 1_024 + off
    market.place(PERP).set_room(5 * WAD - rest, 1)
    market.place(SPOT_ONE).set_room(2**100, 2)
    market.set_delta(-10_000 * DOLLAR)
    assert market.hedge().value == 5 * WAD - (0 if is_filled else rest)
    assert market.place(SPOT_ONE).asked() == (1 if is_filled else 0)


@SIGNS
def test_hedge__partial_fill__the_next_one_gets_the_rest(market: HedgerMarket, sign: int) -> None:
    """What was filled counts, so the next order is only what is missing."""
    first = PERP if sign < 0 else SPOT_ONE
    market.place(PERP).set_room(2**100, 1)
    market.place(PERP).set_fill(WAD // 4, 0)
    market.place(SPOT_ONE).set_room(2**100 if first == PERP else 0, 2)
    market.set_delta(sign * 8_000 * DOLLAR)
    receipt = market.hedge()
    filled = [e.args["units"] for e in receipt.events if e.name == "Hedged"]
    assert filled == ([WAD, 3 * WAD] if sign < 0 else [-WAD])
    assert market.state().delta == (0 if sign < 0 else 6_000 * WAD)


# --- failures are events


@pytest.mark.parametrize("function", CALLED)
@pytest.mark.parametrize("fault", FAULTS)
def test_hedge__cheapest_venue_fails_in_any_function__the_next_one_fills(
    fault: str, function: str
) -> None:
    """One that cannot say how much room it has was not tried, so it does not wait either."""
    with at_opening(Opening(underlying=100)) as market:
        perp, other = market.place(PERP), market.place(SPOT_ONE)
        perp.set_room(2**100, 1)
        other.set_room(2**100, 2)
        market.hedger.sync()
        break_down(market.chain, perp, fault, function)
        receipt = market.hedge()
        assert (receipt.value, receipt.event("Hedged").venue) == (-25 * WAD, other.address)
        said = [name for name in names(market, receipt) if name.startswith("hedger.")]
        done = ["hedger.Hedged", "hedger.BandLeft", "hedger.VenuesNoted"]
        tried = function != "room"
        assert said == ["hedger.OrderFailed", *done] if tried else done
        assert market.venue_of(PERP)[1] == (1 if tried else 0)
        assert market.state().delta == pytest.approx(150_000 * WAD, abs=NANO)


@pytest.mark.parametrize("fault", FAULTS)
def test_hedge__only_venue_fails__is_an_event_and_all_is_as_it_was(fault: str) -> None:
    with at_opening(Opening(places=(PERP,))) as market:
        market.set_delta(-10_000 * DOLLAR)
        market.hedger.sync()
        break_down(market.chain, market.place(PERP), fault, "order")
        before, at = market.vault.balances(), market.chain.timestamp
        receipt = market.hedge()
        assert receipt.value == 0
        ((name, said),) = told(market, receipt)
        assert (name, said["units"], said["retry_at"]) == ("hedger.OrderFailed", 5 * WAD, at + 60)
        assert said["venue"] == market.place(PERP).address
        assert (market.vault.balances(), market.hedger.last_at()) == (before, 0)


def grown(amount: int, age: int) -> int:
    """What interest may add in so many seconds: twice as much again in a year."""
    return amount * age * 2 // (365 * 86_400) + 16


@pytest.mark.parametrize("off, is_believed", [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize("units", [3, -3])
@pytest.mark.parametrize("side", [1, -1])
def test_position__units_that_no_order_has_brought__are_not_believed(
    market: HedgerMarket, off: int, is_believed: bool, units: int, side: int
) -> None:
    """Nearer to nothing a position may be, and further from it by interest and some digits."""
    market.stand(PERP, units * WAD, 50_000 * 10**6)
    market.chain.advance(1_000)
    slack = grown(3 * WAD, 1_000)
    furthest = units * WAD if side * units > 0 else 0
    told_units = furthest + side * (slack + off)
    words = (told_units, 50_000 * 10**6 + market.worth(units * WAD))
    break_down(market.chain, market.place(PERP), saying(*words), "position")
    found = market.state().delta // NANO
    wanted = told_units if is_believed else units * WAD
    assert found == pytest.approx(wanted * 2_000 // NANO, abs=1)
    low, high = (getattr(market.hedger.appraisal(SPOT), mark) for mark in ("low", "high"))
    assert (low == 0) != is_believed
    assert high > 0


@pytest.mark.parametrize("word", [2**100, 2**127, 2**128, 2**255 - 1, -(2**100), -(2**255)])
def test_position__equity_out_of_all_bounds__is_no_gain(market: HedgerMarket, word: int) -> None:
    """Interest and digits are; a loss is believed, to nothing."""
    market.stand(PERP, 3 * WAD, 50_000 * 10**6)
    market.hedger.sync()
    break_down(market.chain, market.place(PERP), saying(3 * WAD, word), "position")
    market.chain.advance(1_000)
    equity = market.hedger.appraisal(SPOT).equity // 10**12
    most = 56_000 * 10**6 + grown(50_000 * 10**6, 1_001)
    if word > 0:
        assert most - grown(50_000 * 10**6, 1) <= equity <= most
    else:
        assert equity in (0, 56_000 * 10**6)
    market.hedger.sync()
    assert market.state().delta == 6_000 * WAD


# --- waiting


def test_hedge__venue_fails_in_a_row__waits_twice_as_long_each_time() -> None:
    with at_opening(Opening(places=(PERP,))) as market:
        perp = market.place(PERP)
        market.set_delta(-10_000 * DOLLAR)
        perp.set_fill(0, 0)
        for failures, wait in enumerate([60, 120, 240, 300, 300]):
            at = market.chain.timestamp
            failure(market, PERP, "hedger: fill")
            assert market.venue_of(PERP)[1:3] == (failures + 1, at + wait)
            market.chain.set_timestamp(at + wait - 5)
            market.transmit(2_000)
            market.chain.set_timestamp(at + wait - 1)
            assert market.refused("hedge") == "hedger: no room"
            market.chain.set_timestamp(at + wait)
        perp.set_fill(WAD, 0)
        market.hedge()
        assert market.venue_of(PERP)[1:3] == (0, 0)


@pytest.mark.parametrize("off, is_asked", [(-1, False), (0, True), (1, True)])
def test_hedge__waiting_venue__is_asked_again_when_its_time_has_come(
    market: HedgerMarket, off: int, is_asked: bool
) -> None:
    perp, other = market.place(PERP), market.place(SPOT_ONE)
    perp.set_room(2**100, 1)
    other.set_room(2**100, 2)
    perp.set_fill(0, 0)
    market.set_delta(-100_000 * DOLLAR)
    market.hedge()
    perp.set_fill(WAD, 0)
    market.chain.set_timestamp(market.hedger.last_at() + GAP)
    perp.set_fill(0, 0)
    other.set_room(0, 0)
    market.hedge()  # the first failure's wait is over before the interval is
    perp.set_fill(WAD, 0)
    other.set_room(2**100, 2)
    market.chain.set_timestamp(market.venue_of(PERP)[2] + off)
    found = market.hedge().event("Hedged").venue
    assert found == (perp if is_asked else other).address


# --- tricks


@SIGNS
@pytest.mark.parametrize(
    "share, extra, is_fine",
    [
        (WAD, 16, True),
        (WAD, 17, False),
        (0, 0, False),
        (0, 1, True),
        (0, -1, False),
        (2 * WAD, 0, False),
    ],
)
def test_hedge__fill__is_of_the_right_side_and_no_more_than_asked(
    sign: int, share: int, extra: int, is_fine: bool
) -> None:
    """Lenders round by a few of the last digits; nothing more is let through."""
    with at_opening(Opening(places=(PERP,))) as market:
        market.set_delta(sign * 10_000 * DOLLAR)
        market.place(PERP).set_fill(share, -sign * extra)
        if is_fine:
            filled = -sign * (5 * WAD * share // WAD + extra)
            assert market.hedge().event("Hedged").units == filled
        else:
            failure(market, PERP, "hedger: fill", units=-sign * 5 * WAD)


@SIGNS
def test_hedge__takes_tokens_and_gives_nothing__is_undone(sign: int) -> None:
    opening = Opening(places=(SPOT_ONE, PERP), caps=(WAD // 100, 0), underlying=100)
    with at_opening(opening) as market:
        market.place(PERP).set_room(0, 0)
        market.set_delta(sign * 10_000 * DOLLAR)
        market.place(SPOT_ONE).set_lies(True, 0, 0)
        market.hedger.sync()
        before = snapshot(market)
        failure(market, SPOT_ONE, "hedger: loss", units=-sign * 5 * WAD)
        assert snapshot(market) == before


@SIGNS
@pytest.mark.parametrize("name", [PERP, SPOT_ONE])
@pytest.mark.parametrize("assets, is_fine", [(-1, True), (0, True), (16, True), (17, False)])
def test_hedge__cost_of_an_order__at_most_slip_of_its_worth(
    market: HedgerMarket, sign: int, name: str, assets: int, is_fine: bool
) -> None:
    """5 units at 2,000: 50 of slip, and 16 assets for rounding. What is short may be missing in
    the price, or be equity that was there before."""
    opening = Opening(underlying=100) if sign > 0 else Opening()
    with at_opening(opening) as market:
        for each in (PERP, SPOT_ONE):
            market.place(each).set_room(2**100 if each == name else 0, 0)
        market.set_delta(sign * 10_000 * DOLLAR)
        price = SPOT - sign * (SLIP * 2_000 + assets * WAD * 10**12 // (5 * WAD))
        market.place(name).set_price(price, price)
        if (name, sign) == (SPOT_ONE, -1):
            market.place(name).set_lies(False, 0, 20_000 * 10**6)  # more than the limit allows
        if is_fine:
            assert market.hedge().event("Hedged").cost == 50 * 10**6 + assets
        else:
            failure(market, name, "hedger: loss")


@pytest.mark.parametrize("assets, is_fine", [(0, True), (16, True), (17, False)])
def test_hedge__position_lies_about_equity__counts_as_cost(
    market: HedgerMarket, assets: int, is_fine: bool
) -> None:
    market.stand(PERP, 0, 10_000 * 10**6)
    market.set_delta(-10_000 * DOLLAR)
    market.place(PERP).set_lies(False, -50 * 10**6 - assets, 0)
    if is_fine:
        assert market.hedge().event("Hedged").cost == 50 * 10**6 + assets
    else:
        failure(market, PERP, "hedger: loss")


@SIGNS
@pytest.mark.parametrize("off", [-2, -1, 0, 1, 2])
def test_hedge__limit_price__is_the_narrower_of_spot_and_mean(
    market: HedgerMarket, sign: int, off: int
) -> None:
    """With the mean 0.2 % worse than spot both bounds are nearly the same; a wei decides."""
    buying = sign < 0
    step = -1 if buying else 1
    from_spot = SPOT * (WAD - step * SLIP) // WAD
    mean = from_spot * WAD // (WAD - step * MEAN_SLIP) + off
    market.place(PERP).set_price(SPOT, mean)
    market.place(PERP).set_limits(True)
    market.set_delta(sign * 10_000 * DOLLAR)
    market.hedge()
    bounds = (SPOT * (WAD - step * SLIP), mean * (WAD - step * MEAN_SLIP))
    wanted = min(bounds) // WAD if buying else -(-max(bounds) // WAD)
    assert market.place(PERP).limit() == wanted


@SIGNS
@pytest.mark.parametrize("off, is_fine", [(-1, True), (0, True), (1, False)])
def test_hedge__price_past_the_mean__is_refused_by_the_venue(
    market: HedgerMarket, sign: int, off: int, is_fine: bool
) -> None:
    """Somebody has moved the price by less than slip, which the mean does not follow."""
    limit = SPOT * (WAD + (MEAN_SLIP if sign < 0 else -MEAN_SLIP)) // WAD
    market.place(PERP).set_price(limit - sign * off, SPOT)
    market.place(PERP).set_limits(True)
    market.place(SPOT_ONE).set_room(0, 0)
    market.set_delta(sign * 10_000 * DOLLAR)
    if is_fine:
        market.hedge()
    else:
        failure(market, PERP, "venue: limit")


@pytest.mark.parametrize("off, is_fine", [(-1, True), (0, True), (1, False)])
def test_hedge__drawn_beyond_the_cap__is_refused(off: int, is_fine: bool) -> None:
    """A quarter of a million, in one order or in several."""
    for first in (0, 240_000 * 10**6):
        with at_opening(Opening(places=(PERP,))) as market:
            perp, cap, spent = market.place(PERP), 250_000 * 10**6, market.chain.timestamp
            if first:
                market.set_delta(-10_000 * DOLLAR)
                perp.set_lies(False, 0, first)
                market.hedge()
                market.to_gap()
            market.set_delta(-10_000 * DOLLAR)
            spent = market.hedger.last_at() or market.chain.timestamp
            faded = cap * (market.chain.timestamp + 1 - spent) // (70 * 86_400) if first else 0
            perp.set_lies(False, 0, cap - first + faded + off)
            if is_fine:
                market.hedge()
            else:
                failure(market, PERP, "hedger: cap")


def test_hedge__says_it_has_gained__is_believed_as_far_as_slip(market: HedgerMarket) -> None:
    """Or a venue could keep what it is sent, and say that it has it, order by order."""
    market.place(SPOT_ONE).set_room(0, 0)
    market.stand(PERP, 0, 50_000 * 10**6)
    market.set_delta(-10_000 * DOLLAR)
    market.place(PERP).set_lies(False, 5_000 * 10**6, 0)
    assert market.hedge().event("Hedged").cost == -50 * 10**6 - 16
    equity = 50_000 * 10**6 + 50 * 10**6 + 16
    assert market.state().equity == pytest.approx(equity, abs=3 * grown(equity, 1))


def test_hedge__asks_for_more_than_is_free__is_refused(market: HedgerMarket) -> None:
    market.place(SPOT_ONE).set_room(0, 0)
    market.place(PERP).set_lies(False, 0, 1_000_000 * 10**6 + 1)
    market.set_delta(-10_000 * DOLLAR)
    failure(market, PERP, "vault: lend")


def test_hedge__asks_for_more_than_the_cap__is_refused(market: HedgerMarket) -> None:
    market.place(SPOT_ONE).set_room(0, 0)
    market.place(PERP).set_lies(False, 0, 250_000 * 10**6 + 1)
    market.set_delta(-10_000 * DOLLAR)
    failure(market, PERP, "hedger: cap")


# --- calls in the middle of an order


def callbacks(market: HedgerMarket) -> dict[str, tuple[str, bytes]]:
    """What a venue may try while it has the vault's tokens."""
    venue, vault, desk = market.place(PERP).address, market.vault, market.desk
    series, forever = market.series(market.now_expiries[0], 2_000), 2**32
    execute = market.hedger.execute.encode(venue, WAD, SPOT, WAD, WAD, 0, NONE)
    return {
        "hedge": (market.hedger.address, market.hedger.hedge.encode()),
        "stock": (market.hedger.address, market.hedger.stock.encode()),
        "tend": (market.hedger.address, market.hedger.tend.encode()),
        "sync": (market.hedger.address, market.hedger.sync.encode()),
        "execute": (market.hedger.address, execute),
        "deposit": (vault.address, vault.deposit.encode(10**9, venue)),
        "redeem": (vault.address, vault.redeem.encode(10**9, venue, venue)),
        "trade": (vault.address, vault.trade.encode(venue, 10**9, 0, b"")),
        "note": (vault.address, vault.note_venues.encode(0)),
        "buy": (desk.address, desk.buy.encode(series, 10_000, 2**100, forever)),
    }


@pytest.mark.parametrize(
    "name",
    ["hedge", "stock", "tend", "sync", "execute", "deposit", "redeem", "trade", "note", "buy"],
)
def test_hedge__venue_calls_back__is_refused_and_the_order_goes_on(
    market: HedgerMarket, name: str
) -> None:
    perp = market.place(PERP)
    perp.set_call(market.quote, market.quote.approve.encode(market.vault.address, NONE))
    market.set_delta(-10_000 * DOLLAR)
    market.hedge()
    assert perp.is_done()  # so that nothing but a lock is in the way of what follows
    market.to_gap()
    market.set_delta(-10_000 * DOLLAR)
    perp.set_call(*callbacks(market)[name])
    assert market.hedge().value == 5 * WAD
    assert not perp.is_done()
    reason = decode_reason(bytes(perp.answer()))
    assert reason == ("hedger: not itself" if name == "execute" else None)


def test_execute__by_anyone_else__is_refused(market: HedgerMarket) -> None:
    args = (market.place(PERP).address, WAD, SPOT, WAD, WAD, 0, NONE)
    for sender in ("owner", "guardian", "keeper", "stranger"):
        assert market.refused("execute", *args, sender=sender) == "hedger: not itself"


def test_signatures__of_broken_functions__are_those_of_a_venue(market: HedgerMarket) -> None:
    """A misspelt one would break nothing, and every test of it would pass."""
    functions = market.place(PERP).codec.functions
    for name, signature in SIGNATURES.items():
        assert functions[name][0].selector == keccak(text=signature)[:4]
