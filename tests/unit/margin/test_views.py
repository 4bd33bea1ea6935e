"""What the views say is what happens: to the unit, on one snapshot."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.chain import rolled_back
from ballast.market.local import FOREVER, LocalMarket
from ballast.units import WAD
from tests.market import outcome, refused
from tests.unit.margin.test_liquidate import wander
from tests.unit.margin.world import (
    UNLIMITED,
    assessed,
    cash,
    drain,
    escrow,
    legs,
    own,
    started,
    state,
    units,
    until_below,
)


def at_once(market: LocalMarket, method: str, *args: object) -> None:
    """A transaction in the block that views speak of, which stays the next."""
    call = market.margin.method(method).encode(*args)
    market.chain.bulk(market.margin.address, call, market.who("trader"))  # type: ignore[attr-defined]


# --- account and health


def test_account__nobody__has_nothing_and_is_healthy(market: LocalMarket) -> None:
    assert market.margin.account(market.who("lp")) == (0, 0, ())
    health, found = market.margin.health(market.who("lp"))
    assert health == 2**256 - 1
    assert (found.equity, found.maintenance, found.initial, found.costliest) == (0, 0, 0, 8)
    assert market.lens.liquidatable(market.who("lp")) is False
    assert market.lens.next_liquidation(market.who("lp")) == (0, 0)


def test_health__account__is_equity_over_maintenance_rounded_down(
    market: LocalMarket, call: int
) -> None:
    market.write("trader", call, 5)
    for price in (2_000, 2_100, 2_600):
        market.transmit(price)
        health, found = market.margin.health(market.who("trader"))
        assert health == found.equity * WAD // found.maintenance
        assert found.spot == price * WAD
    drain(market)
    market.transmit(6_000)
    health, found = market.margin.health(market.who("trader"))
    assert found.equity < 0 and health == 0


def test_health__options_alone__need_nothing(market: LocalMarket, call: int) -> None:
    """Who owes nothing is healthy, however much his options may lose."""
    own(market, call, 5)
    health, found = market.margin.health(market.who("trader"))
    assert health == 2**256 - 1 and found.maintenance > 0
    market.transmit(1_000)
    assert market.margin.health(market.who("trader"))[0] == 2**256 - 1
    assert market.lens.liquidatable(market.who("trader")) is False


def test_health__initial_requirement__is_at_least_a_windups_reward(
    market: LocalMarket, call: int
) -> None:
    """An account too small to pay whoever ends it would be nobody's to end."""
    market.write("trader", call, "0.0001")
    found = assessed(market)
    assert found.maintenance < 50 * WAD == found.initial
    with rolled_back(market.chain):
        market.write("trader", call, 1)
        more = assessed(market)
        assert more.initial == -(-more.maintenance * 5 // 4)


# --- preview


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    which=st.integers(0, 11),
    lots=st.integers(1, 80_000),
    part=st.integers(0, 4),
    is_sale=st.booleans(),
)
def test_preview__any_trade__is_what_executes(
    seed: int, which: int, lots: int, part: int, is_sale: bool
) -> None:
    """Q9: cost, the account after it, and whether it may."""
    with started() as market:
        wander(market, seed)
        market.refresh()
        owed = [series for series, leg in legs(market).items() if leg[0]]
        pool = owed or [market.series(market.now_expiries[2], 2_000)]
        series, escrowed = pool[which % len(pool)], lots * part // 4 if is_sale else 0
        if not is_sale:
            lots = min(lots, legs(market).get(series, (lots, 0, 0))[0])
        _compare(market, series, -lots if is_sale else lots, escrowed)


KNOWN = {
    "margin: requirement",
    "margin: health",
    "margin: balance",
    "margin: both sides",
    "margin: lots",
    "desk: delta window",
    "desk: open interest",
    "desk: credit limit",
    "desk: potential limit",
    "desk: vega limit",
    "desk: gamma limit",
    "desk: reduce only",
    "quoter: no bid",
    "vault: cover",
}


def _compare(market: LocalMarket, series: int, size: int, escrowed: int) -> None:
    trader, margin = market.who("trader"), market.margin
    args = (trader, series, size, escrowed)
    found = outcome(margin.preview, *args)
    if size < 0:
        method, trade = "sell_to_open", (series, -size, 0, FOREVER, escrowed)
    else:
        method, trade = "buy_to_close", (series, size, UNLIMITED, FOREVER)
    reason = outcome(margin.method(method), *trade, sender=trader)
    assert reason is None or reason in KNOWN, reason
    if found is not None:
        assert reason is not None
        return
    cost, after, is_allowed = margin.preview(*args)
    if not is_allowed:
        assert reason in ("margin: requirement", "margin: health", "desk: credit limit")
        return
    assert reason in (None, "desk: credit limit", "vault: cover")
    if reason is None:
        before = _money(market)
        at_once(market, method, *trade)
        assert margin.health(trader)[1] == after
        assert _money(market) == before - cost


def _money(market: LocalMarket) -> int:
    """Cash, and strikes that are set aside."""
    return cash(market) + escrow(market, "trader")[0]


def test_preview__what_would_be_refused_by_the_desk__is_refused_alike(
    market: LocalMarket, call: int
) -> None:
    trader, preview = market.who("trader"), market.margin.preview
    assert refused(preview, trader, call, 1) == "margin: lots"
    assert refused(preview, trader, call, 0) == "desk: size"
    assert refused(preview, trader, call | 2, -1) == "desk: not listed"
    market.desk.raise_caution(2, sender=market.who("guardian"))
    assert refused(preview, trader, call, -1) == "desk: reduce only"


def test_preview__sale__tells_who_may_from_who_may_not(market: LocalMarket, call: int) -> None:
    """Of a trader with money and a stranger without."""
    for name, expected in (("trader", True), ("stranger", False)):
        cost, after, is_allowed = market.margin.preview(market.who(name), call, -10_000)
        assert is_allowed is expected and cost == market.desk.quote_account(call, -10_000).premium
        assert (after.equity >= after.initial) is expected


# --- the lens


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_next_liquidation__any_state__is_what_a_call_closes(seed: int) -> None:
    """The size that it names is closed, or less at the price of fewer, and something always is."""
    with started() as market:
        wander(market, seed)
        trader = market.who("trader")
        series, lots = market.lens.next_liquidation(trader)
        if not lots:
            return
        before = state(market)[2][series]
        closed, bonus = market.margin.liquidate.call(trader, series, lots)
        assert 0 < closed <= lots
        is_sale = before[0] == before[1]
        assert closed <= (before[2] if is_sale else before[0] - before[1])
        at_once(market, "liquidate", trader, series, lots)
        after = state(market)[2].get(series, (0, 0, 0))
        assert before[1] == after[1]
        assert (before[2] - after[2] if is_sale else before[0] - after[0]) == closed
        assert bonus >= 0


@pytest.mark.parametrize("health", [0.999, 0.8])
def test_next_liquidation__one_leg__is_where_a_call_for_all_ends(
    market: LocalMarket, call: int, health: float
) -> None:
    market.write("trader", call, 10)
    drain(market)
    market.margin.withdraw_underlying(units(market), sender=market.who("trader"))
    until_below(market, health)
    series, lots = market.lens.next_liquidation(market.who("trader"))
    assert series == call
    whole = market.margin.liquidate.call(market.who("trader"), call, 2**31 - 1)[0]
    assert whole == lots > 0
