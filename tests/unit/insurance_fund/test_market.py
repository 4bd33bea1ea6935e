"""The fund beside the contracts that it meets: fees of trades count before they are fetched."""

from __future__ import annotations

from tests.market import at_start


def test_fees__of_a_trade__count_before_and_after_they_are_fetched() -> None:
    with at_start() as market:
        fund, vault = market.deployment["insurance"], market.vault
        expiry = market.now_expiries[2]
        series = market.series(expiry, int(market.terms.spot), "put")
        market.buy("trader", series, 5)
        dues = vault.dues()
        assert dues == vault.balances().dues == fund.totalAssets() == fund.available() > 0
        assert fund.collect(sender=market.actors["trader"]).value == dues
        assert vault.dues() == 0
        assert fund.totalAssets() == market.quote.balanceOf(fund) == dues


def test_stake__in_a_market__enters_and_leaves() -> None:
    with at_start() as market:
        fund, trader = market.deployment["insurance"], market.actors["trader"]
        market.quote.approve(fund, market.assets(1_000), sender=trader)
        before = market.quote.balanceOf(trader)
        fund.deposit(market.assets(1_000), trader, sender=trader)
        ready = fund.request(fund.balanceOf(trader), sender=trader).value
        market.chain.set_timestamp(ready)
        fund.redeem(fund.maxRedeem(trader), trader, trader, sender=trader)
        assert market.quote.balanceOf(trader) == before
        assert fund.totalSupply() == 0
