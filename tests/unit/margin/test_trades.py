"""Selling to open and buying back: who is held to what, before the desk and after it."""

from __future__ import annotations

import pytest

from ballast.chain import rolled_back
from ballast.market.local import FOREVER, LocalMarket
from tests.market import HOUR, outcome, refused, told
from tests.unit.margin.world import (
    CASH,
    UNITS,
    UNLIMITED,
    assert_backed,
    assert_owed,
    assessed,
    cash,
    cover,
    deposit,
    drain,
    legs,
    lot,
    moved,
    own,
    raise_to,
    state,
    traded,
    units,
    until_below,
    withdraw,
)

# --- what is asked first


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_trade__deadline__is_the_last_second(market: LocalMarket, call: int, late: int) -> None:
    """C9."""
    market.write("trader", call, 1)
    deadline, trader = market.chain.timestamp - late, market.who("trader")
    expected = "margin: deadline" if late > 0 else None
    sell, buy = market.margin.sell_to_open, market.margin.buy_to_close
    assert outcome(sell, call, 100, 0, deadline, sender=trader) == expected
    assert outcome(buy, call, 100, UNLIMITED, deadline, sender=trader) == expected


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_sell_to_open__escrowed__is_of_what_is_sold(
    market: LocalMarket, call: int, over: int
) -> None:
    args = (call, 100, 0, FOREVER, 100 + over)
    found = outcome(market.margin.sell_to_open, *args, sender=market.who("trader"))
    assert found == ("margin: escrow" if over > 0 else None)


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_buy_to_close__what_is_owed__and_not_a_lot_more(
    market: LocalMarket, call: int, over: int
) -> None:
    market.write("trader", call, 1)
    args = (call, 10_000 + over, UNLIMITED, FOREVER)
    found = outcome(market.margin.buy_to_close, *args, sender=market.who("trader"))
    assert found == ("margin: lots" if over > 0 else None)


def test_buy_to_close__nothing_owed__is_refused(market: LocalMarket, call: int) -> None:
    own(market, call, 1)
    args = (call, 1, UNLIMITED, FOREVER)
    for name in ("trader", "stranger"):
        reason = refused(market.margin.buy_to_close, *args, sender=market.who(name))
        assert reason == "margin: lots"


# --- the requirement after a sale


def test_sell_to_open__without_money__is_refused(market: LocalMarket, call: int) -> None:
    """The premium alone never carries an option that is not escrowed."""
    stranger = market.who("stranger")
    for series in (call, market.series(call >> 128, 2_400), call | 1):
        args = (series, 100, 0, FOREVER)
        reason = refused(market.margin.sell_to_open, *args, sender=stranger)
        assert reason == "margin: requirement"


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_sell_to_open__initial_requirement__is_met_exactly_or_refused(
    exact: LocalMarket, over: int
) -> None:
    """E1: after the trade, premium counted, to the wei."""
    call, trader = exact.series(exact.now_expiries[2], 2_000), exact.who("trader")
    with rolled_back(exact.chain):
        withdraw(exact, 0)
        _, after, _ = exact.margin.preview(trader, call, -20_000)
    spare = after.equity - after.initial - over
    withdraw(exact, spare)
    found = outcome(exact.margin.sell_to_open, call, 20_000, 0, FOREVER, sender=trader)
    assert found == (None if over >= 0 else "margin: requirement")
    cost, judged, is_allowed = exact.margin.preview(trader, call, -20_000)
    assert judged.equity - judged.initial == over
    assert is_allowed == (over >= 0) and cost < 0


def test_sell_to_open__premium__is_collateral_at_once_and_not_beyond(
    market: LocalMarket, call: int
) -> None:
    """What comes in is the account's; what may go out again is what the requirement leaves."""
    before = assessed(market).equity
    proceeds = market.write("trader", call, 5).value
    found = assessed(market)
    assert cash(market) == market.assets(CASH) + proceeds
    assert found.equity < before  # it paid the spread
    drain(market)
    args = (call, 100, 0, FOREVER)
    trader = market.who("trader")
    assert refused(market.margin.sell_to_open, *args, sender=trader) == "margin: requirement"


def test_sell_to_open__with_a_long_of_the_same_expiry__needs_less(
    market: LocalMarket, expiry: int
) -> None:
    """A bull spread's requirement ends at the width of its strikes."""
    short, long = market.series(expiry, 2_000), market.series(expiry, 2_200)
    market.write("trader", short, 5)
    naked = assessed(market).maintenance
    own(market, long, 5)
    spread = assessed(market).maintenance
    assert spread <= 5 * 200 * 10**18 < naked


# --- escrow


@pytest.mark.parametrize("right", ["call", "put"])
def test_sell_to_open__escrowed__sets_cover_aside_and_needs_no_more(
    each: LocalMarket, right: str
) -> None:
    """Told whole: the premium, and no requirement."""
    series, account = each.series(each.now_expiries[2], 2_000, right), each.who("trader")
    quote = each.desk.quote_account(series, -20_000)
    receipt = each.write("trader", series, 2, escrowed=2)
    assert told(each, receipt) == [
        traded(each, series, -20_000, 20_000, quote),
        moved("quote", each.vault, each.margin, -quote.premium),
        (
            "margin.ShortOpened",
            dict(account=account, id=series, lots=20_000, escrowed=20_000, proceeds=-quote.premium),
        ),
    ]
    assets, lots = cover(each, series, 20_000)
    assert state(each) == (
        each.assets(CASH) - quote.premium - assets,
        each.units(UNITS) - lots * lot(each),
        {series: (20_000, 20_000, 0)},
    )
    assert each.health("trader") == float("inf")
    assert assessed(each).maintenance == 0
    assert_backed(each)
    assert_owed(each)


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_sell_to_open__cover_of_a_call__is_there_or_refused(
    market: LocalMarket, call: int, over: int
) -> None:
    trader = market.who("trader")
    market.margin.withdraw_underlying(market.units(UNITS - 2) + over, sender=trader)
    args = (call, 20_000, 0, FOREVER, 20_000)
    found = outcome(market.margin.sell_to_open, *args, sender=trader)
    assert found == ("margin: balance" if over > 0 else None)


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_sell_to_open__cover_of_a_put__may_be_paid_from_its_premium(
    market: LocalMarket, put: int, over: int
) -> None:
    with rolled_back(market.chain):
        withdraw(market, 0)
        premium = -market.desk.quote_account(put, -20_000).premium
    _leave(market, market.assets(4_000) - premium - over)
    args = (put, 20_000, 0, FOREVER, 20_000)
    found = outcome(market.margin.sell_to_open, *args, sender=market.who("trader"))
    assert found == ("margin: balance" if over > 0 else None)


def test_sell_to_open__escrow_in_part__is_judged_for_the_rest(
    market: LocalMarket, call: int
) -> None:
    market.write("trader", call, 2)
    alone = assessed(market)
    market.write("trader", call, 3, escrowed=3)
    both = assessed(market)
    assert legs(market) == {call: (50_000, 30_000, 0)}
    assert both.maintenance == pytest.approx(alone.maintenance, rel=1e-6)
    assert units(market) == market.units(UNITS - 3)
    market.write("trader", call, 2, escrowed=1)
    assert legs(market) == {call: (70_000, 40_000, 0)}
    assert assessed(market).maintenance == pytest.approx(alone.maintenance * 3 / 2, rel=1e-6)


def test_buy_to_close__escrow__is_freed_last(each: LocalMarket) -> None:
    """First what hangs on the requirement, then what is covered, and its cover with it."""
    for right in ("call", "put"):
        series = each.series(each.now_expiries[2], 2_000, right)
        each.write("trader", series, 5, escrowed=3)
        start = state(each)
        assets, lots = cover(each, series, 10_000)
        cost = each.buy_back("trader", series, 1).value
        assert state(each) == (start[0] - cost, start[1], {series: (40_000, 30_000, 0)})
        receipt = each.buy_back("trader", series, 2)
        assert receipt.event("ShortClosed").args["freed"] == 10_000
        assert receipt.event("MarginTraded").args["escrowed"] == -10_000
        cost += receipt.value
        assert state(each) == (
            start[0] - cost + assets,
            start[1] + lots * lot(each),
            {series: (20_000, 20_000, 0)},
        )
        cost += each.buy_back("trader", series, 2).value
        assert state(each) == (start[0] - cost + 3 * assets, start[1] + 3 * lots * lot(each), {})
        assert_backed(each)
        assert_owed(each)


# --- buying back


def test_buy_to_close__part_after_part__ends_with_nothing_owed(
    market: LocalMarket, call: int, put: int
) -> None:
    for series in (call, put):
        market.write("trader", series, 3)
    for lots in (1, 9_999, 19_999, 1):
        market.margin.buy_to_close(call, lots, UNLIMITED, FOREVER, sender=market.who("trader"))
        assert_owed(market)
    assert legs(market) == {put: (30_000, 0, 0)}
    market.buy_back("trader", put, 3)
    assert legs(market) == {} and market.health("trader") == float("inf")
    market.margin.withdraw(cash(market), sender=market.who("trader"))


def test_buy_to_close__escrow__pays_for_its_own_end(market: LocalMarket, put: int) -> None:
    """The strike that is freed may pay the price: nothing else is there."""
    market.write("trader", put, 1, escrowed=1)
    withdraw(market, cash(market))
    cost = market.buy_back("trader", put, 1).value
    assert cash(market) == market.assets(2_000) - cost
    assert legs(market) == {}


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_buy_to_close__cost_above_cash__is_refused(
    market: LocalMarket, call: int, over: int
) -> None:
    """To the asset, whatever else the account has: underlying that is freed pays nothing."""
    market.write("trader", call, 1, escrowed=1)
    with rolled_back(market.chain):
        withdraw(market, 0)
        cost = market.desk.quote_account(call, 10_000).premium
    _leave(market, cost - over)
    args = (call, 10_000, UNLIMITED, FOREVER)
    found = outcome(market.margin.buy_to_close, *args, sender=market.who("trader"))
    assert found == ("margin: balance" if over > 0 else None)


def _leave(market: LocalMarket, assets: int) -> None:
    withdraw(market, cash(market) - assets)


def test_buy_to_close__account_in_need__may_always_where_it_helps(
    market: LocalMarket, call: int
) -> None:
    """Below its requirement an owner still mends it himself."""
    market.write("trader", call, 5)
    drain(market)
    until_below(market, 0.99)
    before = market.health("trader")
    market.buy_back("trader", call, 1)
    assert before < market.health("trader")


def _straddle(market: LocalMarket) -> tuple[int, int]:
    """At its maintenance requirement to the wei, after a rise: the put that is owed pays for a part
    of what the call loses in the worst cell."""
    expiry = market.now_expiries[2]
    call, put = market.series(expiry, 2_000), market.series(expiry, 2_000, "put")
    market.write("trader", call, 5)
    market.write("trader", put, 5)
    drain(market)
    until_below(market, 0.999)
    raise_to(market)
    assert market.margin.health(market.who("trader"))[0] == 10**18
    return call, put


def test_buy_to_close__what_offsets_another__must_not_make_a_healthy_account_unhealthy(
    exact: LocalMarket,
) -> None:
    """V21: predicate and call agree, and the reason has its name."""
    call, put = _straddle(exact)
    trader, close = exact.who("trader"), exact.margin.buy_to_close
    found = {}
    for series in (call, put):
        for lots in (100, 10_000, 50_000):
            cost, after, is_allowed = exact.margin.preview(trader, series, lots)
            reason = outcome(close, series, lots, UNLIMITED, FOREVER, sender=trader)
            assert cost > 0 and is_allowed == (after.equity >= after.maintenance)
            assert reason == (None if is_allowed else "margin: health")
            found[series, lots] = reason
    assert {found[call, lots] for lots in (100, 10_000, 50_000)} == {None}
    assert found[put, 50_000] == "margin: health"


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_buy_to_close__maintenance_requirement__is_met_exactly_or_refused(
    exact: LocalMarket, over: int
) -> None:
    """E1, on the side of the owner: what he lacks for it he brings, to the wei."""
    _, put = _straddle(exact)
    trader, close = exact.who("trader"), exact.margin.buy_to_close
    with rolled_back(exact.chain):
        deposit(exact, 0)
        _, after, _ = exact.margin.preview(trader, put, 50_000)
    deposit(exact, after.maintenance - after.equity + over)
    found = outcome(close, put, 50_000, UNLIMITED, FOREVER, sender=trader)
    assert found == (None if over >= 0 else "margin: health")


def test_buy_to_close__unhealthy_account__may_where_health_rises(exact: LocalMarket) -> None:
    """And is refused where it falls."""
    call, put = _straddle(exact)
    exact.transmit(round(exact.oracle.spot()[0] / 10**18 * 1.01, 2))
    trader, close = exact.who("trader"), exact.margin.buy_to_close
    before = assessed(exact)
    assert before.equity < before.maintenance
    seen = set()
    for series in (call, put):
        for lots in (100, 10_000, 30_000):
            _, after, is_allowed = exact.margin.preview(trader, series, lots)
            rises = after.equity * before.maintenance >= before.equity * after.maintenance
            assert is_allowed == (after.equity >= after.maintenance or rises)
            reason = outcome(close, series, lots, UNLIMITED, FOREVER, sender=trader)
            assert reason == (None if is_allowed else "margin: health")
            seen.add((is_allowed, after.equity >= after.maintenance))
    assert (True, False) in seen and (False, False) in seen


def test_trades__stale_price__stop_in_both_directions(market: LocalMarket, call: int) -> None:
    """E11."""
    market.write("trader", call, 1)
    market.chain.advance(2 * HOUR)
    trader = market.who("trader")
    assert (
        refused(market.margin.sell_to_open, call, 1, 0, FOREVER, sender=trader) == "oracle: stale"
    )
    args = (call, 1, UNLIMITED, FOREVER)
    assert refused(market.margin.buy_to_close, *args, sender=trader) == "oracle: stale"
    assert refused(market.margin.health, trader) == "oracle: stale"
    assert refused(market.margin.flag, trader) == "oracle: stale"
    assert refused(market.margin.liquidate, trader, call, 1) == "oracle: stale"
    assert market.lens.liquidatable(trader) is False  # never reverts


def test_leg__largest_size__is_that_of_its_field(market: LocalMarket, call: int) -> None:
    """Beyond 2^31 - 1 lots a leg would run over into its neighbour."""
    trader, sell = market.who("trader"), market.margin.sell_to_open
    market.write("trader", call, 1)
    for lots, reason in (
        (2**31 - 1, "margin: lots"),
        (2**31 - 10_000, "margin: lots"),
        (2**31, "margin: size"),
    ):
        assert refused(sell, call, lots, 0, FOREVER, sender=trader) == reason
    assert refused(sell, call, 2**31 - 10_001, 0, FOREVER, sender=trader) != "margin: lots"
