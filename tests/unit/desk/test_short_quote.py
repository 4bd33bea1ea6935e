"""A sale where free quote is short: calls are paid for in underlying out of their own cover."""

from __future__ import annotations

import pytest

from ballast.market.local import FOREVER, LocalMarket, Terms
from ballast.units import WAD
from tests.market import PAIRS, at_start, refused, told

CONTRACTS = 40


def drained(market: LocalMarket, right: str) -> int:
    """A trader holds options that are worth more than the vault has free quote."""
    series = market.series(market.now_expiries[1], 2_000, right)
    market.buy("trader", series, CONTRACTS)
    lp = market.who("lp")
    market.transmit(2_600 if right == "call" else 1_500)
    market.refresh()
    market.vault.exitAtFloor(market.vault.balanceOf(lp) * 999 // 1_000, lp, sender=lp)
    return series


@pytest.mark.parametrize("pair", PAIRS)
def test_sell__call_and_free_quote_short__is_paid_in_units(pair: tuple[int, int]) -> None:
    """Exits: at spot and b_delta more, so that the seller gets fewer units. F7."""
    with at_start(Terms(quote_decimals=pair[0], underlying_decimals=pair[1])) as market:
        series, trader = drained(market, "call"), market.who("trader")
        lots = 200_000
        quote = market.desk.quote(series, -lots)
        proceeds, before = -quote.premium, market.vault.holdings()
        assert proceeds > before.free_quote
        price = 2_600 * WAD * (WAD + market.sheet.trade_terms().law.b_delta) // WAD
        units = proceeds * 10 ** (18 - pair[0]) * WAD // price // 10 ** (18 - pair[1])
        held = market.underlying.balanceOf(trader), market.quote.balanceOf(trader)
        receipt = market.desk.sell(series, lots, proceeds, FOREVER, sender=trader)
        assert receipt.value == (0, units)
        assert market.underlying.balanceOf(trader) - held[0] == units
        assert market.quote.balanceOf(trader) == held[1]
        events = told(market, receipt)
        assert [name for name, _ in events] == [
            "desk.Traded",
            "token.TransferSingle",
            "underlying.Transfer",
            "desk.PaidInUnderlying",
        ]
        paid = dict(trader=trader, id=series, underlying=units)
        assert events[-1][1] == paid
        after = market.vault.holdings()
        assert before.underlying - after.underlying == units
        assert before.locked_lots - after.locked_lots == lots
        assert units < lots * 10 ** pair[1] // 10_000  # never more than the cover set free


def test_sell__put_and_free_quote_short__is_paid_from_its_own_cover() -> None:
    with at_start() as market:
        series = drained(market, "put")
        lots, before = 200_000, market.vault.holdings()
        proceeds = -market.desk.quote(series, -lots).premium
        assert proceeds > before.free_quote
        receipt = market.desk.sell(series, lots, 0, FOREVER, sender=market.who("trader"))
        assert receipt.value == (proceeds, 0)
        assert market.vault.holdings().locked_quote == before.locked_quote - market.assets(40_000)


def test_sell__least_is_in_quote__whatever_it_is_paid_in() -> None:
    with at_start() as market:
        series, trader = drained(market, "call"), market.who("trader")
        proceeds = -market.desk.quote(series, -10_000).premium
        args = series, 10_000, proceeds + 1, FOREVER
        assert refused(market.desk.sell, *args, sender=trader) == "desk: price below limit"
