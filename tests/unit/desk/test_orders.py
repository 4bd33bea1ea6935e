"""Buying and selling: what an order may be, what it moves, what it tells."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import compile_contract
from ballast.market.local import FOREVER, UNLIMITED, LocalMarket
from ballast.units import WAD
from tests.market import NOBODY, outcome, refused, told

LOTS = 12_345
MOST_LOTS = 2**31 - 1


def packed(risk: Any) -> int:
    """value 64 | a 64 | b 64 | weighted vega 64, lowest first."""
    fields = (risk.value, risk.delta, risk.gamma, risk.vega)
    return sum((field % 2**64) << 64 * i for i, field in enumerate(fields))


def breakdown(quote: Any) -> dict[str, int]:
    """What an event repeats of a quote."""
    names = ("premium", "fee", "cover_fee", "mark", "skew", "spread", "clamp")
    return {name: getattr(quote, name) for name in names}


def test_buy__in_a_fresh_book__tells_the_whole_breakdown(each: LocalMarket) -> None:
    """F7: all decimals."""
    market, trader = each, each.who("trader")
    call = market.series(market.now_expiries[1], 2_000, "call")
    market.buy("trader", call, 1)  # the first trade of a round also resets flows
    quote = market.desk.quote(call, LOTS)
    receipt = market.desk.buy(call, LOTS, UNLIMITED, FOREVER, sender=trader)
    traded = dict(
        trader=trader,
        id=call,
        lots=LOTS,
        spot=2_000 * WAD,
        risk=packed(quote.risk),
        **breakdown(quote),
    )
    paid = dict(sender=trader, receiver=market.vault.address, value=quote.premium)
    minted = dict(operator=market.desk.address, sender=NOBODY, receiver=trader, id=call, value=LOTS)
    assert told(market, receipt) == [
        ("desk.Traded", traded),
        ("quote.Transfer", paid),
        ("token.TransferSingle", minted),
    ]
    assert receipt.value == quote.premium


def test_sell__in_a_fresh_book__tells_the_whole_breakdown(each: LocalMarket) -> None:
    market, trader = each, each.who("trader")
    put = market.series(market.now_expiries[1], 2_000, "put")
    market.buy("trader", put, 2)
    quote = market.desk.quote(put, -LOTS)
    receipt = market.desk.sell(put, LOTS, 0, FOREVER, sender=trader)
    traded = dict(
        trader=trader,
        id=put,
        lots=-LOTS,
        spot=2_000 * WAD,
        risk=packed(quote.risk),
        **breakdown(quote),
    )
    burnt = dict(operator=market.desk.address, sender=trader, receiver=NOBODY, id=put, value=LOTS)
    paid = dict(sender=market.vault.address, receiver=trader, value=-quote.premium)
    assert told(market, receipt) == [
        ("desk.Traded", traded),
        ("token.TransferSingle", burnt),
        ("quote.Transfer", paid),
    ]
    assert receipt.value == (-quote.premium, 0)


def test_buy__first_in_a_round__also_tells_the_reset(market: LocalMarket, call: int) -> None:
    reset, *rest = told(market, market.buy("trader", call, 1))
    assert reset == ("book.FlowReset", dict(spot=2_000 * WAD, flow_delta=0, toxicity=0))
    assert [name for name, _ in rest] == ["desk.Traded", "quote.Transfer", "token.TransferSingle"]


@pytest.mark.parametrize("right", ["call", "put"])
def test_buy_then_sell__money_and_cover__move_as_told(each: LocalMarket, right: str) -> None:
    """Premium in, cover locked, dues split off; and back. F7."""
    market, trader = each, each.who("trader")
    series = market.series(market.now_expiries[1], 2_000, right)
    before, held = market.vault.holdings(), market.quote.balanceOf(trader)
    bought = market.desk.buy(series, LOTS, UNLIMITED, FOREVER, sender=trader).event("Traded").args
    middle = market.vault.holdings()
    cover = market.assets(2_000) * LOTS // 10_000 if right == "put" else 0
    lots = LOTS if right == "call" else 0
    dues = _dues(market, bought["fee"])
    assert market.quote.balanceOf(trader) == held - bought["premium"]
    assert middle.locked_quote - before.locked_quote == cover
    assert middle.locked_lots - before.locked_lots == lots
    assert middle.free_quote - before.free_quote == bought["premium"] - cover - dues
    sold = market.desk.sell(series, LOTS, 0, FOREVER, sender=trader).event("Traded").args
    after = market.vault.holdings()
    assert (after.locked_quote, after.locked_lots) == (before.locked_quote, before.locked_lots)
    kept = bought["premium"] + sold["premium"]
    assert kept > 0  # C1
    assert after.free_quote - before.free_quote == kept - dues - _dues(market, sold["fee"])
    assert market.token.balanceOf(trader, series) == 0


def _dues(market: LocalMarket, fee: int) -> int:
    """The fund's fifth in whole grains of 1e-4 quote tokens."""
    grain = 10 ** (market.terms.quote_decimals - 4)
    return fee // 5 // grain * grain


def test_buy__for_somebody_else__mints_to_him(market: LocalMarket, call: int) -> None:
    trader, other = market.who("trader"), market.who("other")
    market.desk.buy(call, LOTS, UNLIMITED, FOREVER, other, sender=trader)
    assert [market.token.balanceOf(who, call) for who in (trader, other)] == [0, LOTS]
    before = [market.quote.balanceOf(who) for who in (trader, other)]
    receipt = market.desk.sell(call, LOTS, 0, FOREVER, trader, sender=other)
    after = [market.quote.balanceOf(who) for who in (trader, other)]
    assert [b - a for a, b in zip(before, after, strict=True)] == [receipt.value[0], 0]


# --- what an order may be


@pytest.mark.parametrize("late", [-1, 0, 1])
@pytest.mark.parametrize("verb", ["buy", "sell"])
def test_trade__deadline__is_the_last_second(
    market: LocalMarket, call: int, verb: str, late: int
) -> None:
    """C9."""
    market.buy("trader", call, 1)
    method = market.desk.method(verb)
    limit = UNLIMITED if verb == "buy" else 0
    deadline = market.chain.timestamp - late
    expected = "desk: deadline" if late > 0 else None
    assert outcome(method, call, 1, limit, deadline, sender=market.who("trader")) == expected


@pytest.mark.parametrize("lots", [0, 1, MOST_LOTS, MOST_LOTS + 1, UNLIMITED])
def test_trade__size__from_one_lot_to_the_most(market: LocalMarket, call: int, lots: int) -> None:
    """C4, C10. The largest size is judged by other rules than its size."""
    trader = market.who("trader")
    market.buy("trader", call, 1)
    expected = {1: None, MOST_LOTS: "desk: potential limit"}.get(lots, "desk: size")
    assert outcome(market.desk.buy, call, lots, UNLIMITED, FOREVER, sender=trader) == expected
    expected = {1: None, MOST_LOTS: "book: lots"}.get(lots, "desk: size")
    if lots != MOST_LOTS:
        assert outcome(market.desk.sell, call, lots, 0, FOREVER, sender=trader) == expected
    expected = {MOST_LOTS: "oracle: not fixed", 1: "oracle: not fixed"}.get(lots, "desk: size")
    assert outcome(market.desk.redeem, call, lots, sender=trader) == expected


@pytest.mark.parametrize("lots", [0, MOST_LOTS + 1, -MOST_LOTS - 1, 2**255 - 1, 1 - 2**255])
def test_quote__size__is_judged_as_a_trade_judges_it(
    market: LocalMarket, call: int, lots: int
) -> None:
    assert refused(market.desk.quote, call, lots) == "desk: size"


@pytest.mark.parametrize("room", [-1, 0, 1])
def test_trade__limit_price__is_kept_to_the_unit(market: LocalMarket, call: int, room: int) -> None:
    """C9."""
    trader = market.who("trader")
    market.buy("trader", call, 2)
    ask, bid = (market.desk.quote(call, lots).premium for lots in (LOTS, -LOTS))
    buy = outcome(market.desk.buy, call, LOTS, ask + room, FOREVER, sender=trader)
    assert buy == ("desk: price above limit" if room < 0 else None)
    sell = outcome(market.desk.sell, call, LOTS, -bid - room, FOREVER, sender=trader)
    assert sell == ("desk: price below limit" if room < 0 else None)


def test_trade__series_that_is_not_listed__is_refused(market: LocalMarket, call: int) -> None:
    """C14: another strike, a strike off the grid, other bits of the right, an unknown expiry."""
    trader, expiry = market.who("trader"), call >> 128
    beside = [market.series(expiry, strike) for strike in (1_950, 2_000.5, 2_001)]
    for series in (*beside, call | 2, call | 4, call | 128, expiry << 128):
        assert refused(market.desk.buy, series, 1, UNLIMITED, FOREVER, sender=trader) == (
            "desk: not listed"
        )
        assert refused(market.desk.quote, series, 1) == "desk: not listed"
        assert refused(market.desk.sell, series, 1, 0, FOREVER, sender=trader) == "desk: not listed"
    for unknown in (call + (7 * 86_400 << 133), 2**256 - 2):
        assert refused(market.desk.buy, unknown, 1, UNLIMITED, FOREVER, sender=trader) == (
            "surface: not listed"
        )


def test_sell__more_than_one_has__is_refused(market: LocalMarket, call: int) -> None:
    """V20: nobody sells what another holds."""
    market.buy("trader", call, 1)
    assert refused(market.desk.sell, call, 1, 0, FOREVER, sender=market.who("other")) == (
        "token: balance"
    )
    market.buy("other", call, 1)
    short = market.token.balanceOf(market.who("trader"), call) + 1
    assert refused(market.desk.sell, call, short, 0, FOREVER, sender=market.who("trader")) == (
        "token: balance"
    )


def test_sell__more_than_is_open__is_refused(market: LocalMarket, call: int) -> None:
    market.buy("trader", call, 1)
    assert refused(market.desk.sell, call, 10_001, 0, FOREVER, sender=market.who("trader")) == (
        "book: lots"
    )


def test_buy__without_cover__is_refused(market: LocalMarket, call: int) -> None:
    """Covered: there are 100 units, so at most 100 contracts of calls."""
    trader = market.who("trader")
    lp = market.who("lp")
    shares = market.vault.balanceOf(lp)
    for strike in (1_900, 2_000, 2_100, 2_200):
        market.buy("trader", market.series(call >> 128, strike), 20)
    left = market.vault.holdings().free_lots
    assert left == 20 * 10_000
    series = market.series(market.now_expiries[2], 2_000)
    assert refused(market.desk.buy, series, left + 1, UNLIMITED, FOREVER, sender=trader) == (
        "vault: cover"
    )
    market.desk.buy(series, left, UNLIMITED, FOREVER, sender=trader)
    assert market.vault.holdings().free_lots == 0
    assert market.vault.balanceOf(lp) == shares


def test_buy__receiver_that_calls_back__finds_the_desk_locked(
    market: LocalMarket, call: int
) -> None:
    """F6: the token comes last, and its receiver may be foreign code."""
    receiver = market.chain.deploy(compile_contract("Receiver"))
    for payload in (
        market.desk.sell.encode(call, 1, 0, FOREVER),
        market.desk.buy.encode(call, 1, UNLIMITED, FOREVER),
        market.desk.quote.encode(call, 1),
        market.desk.settle.encode(call >> 128),
        market.desk.pokeCaution.encode(),
    ):
        receiver.set_mode(6, market.desk, payload)
        market.desk.buy(call, 100, UNLIMITED, FOREVER, receiver, sender=market.who("trader"))
    assert receiver.entered() == 0
    assert market.token.balanceOf(receiver, call) == 500


def test_buy__receiver_that_deposits__finds_everything_settled(
    market: LocalMarket, call: int
) -> None:
    """F6: what the vault is worth within the hook is what it is worth after."""
    receiver = market.chain.deploy(compile_contract("Receiver"))
    receiver.set_mode(6, market.vault, market.vault.poke.encode())
    market.desk.buy(call, 100, UNLIMITED, FOREVER, receiver, sender=market.who("trader"))
    assert receiver.entered() == 1
    receiver.set_mode(1)
    trader = market.who("trader")
    assert refused(market.desk.buy, call, 100, UNLIMITED, FOREVER, receiver, sender=trader) == (
        "receiver: refused"
    )
