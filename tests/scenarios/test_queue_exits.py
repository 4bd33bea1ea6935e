"""Who waits in the redemption queue is not held there when openings stop or the feed is dead."""

from __future__ import annotations

import pytest

from ballast.chain import Reverted, RevmChain, rolled_back
from ballast.market.local import LocalMarket
from ballast.units import DAY


@pytest.fixture
def waiting() -> LocalMarket:
    """An LP who has just asked for all his shares."""
    market = LocalMarket.open(RevmChain())
    market.supply(500_000, 10)
    market.refresh()
    account = market.who("lp")
    market.vault.requestRedeem(market.vault.balanceOf(account), account, account, sender=account)
    return market


def _cancel(market: LocalMarket) -> None:
    account = market.who("lp")
    market.vault.cancelRedeemRequest(0, sender=account)
    assert market.vault.balanceOf(account) > 0


def test_cancel__ordinary_times__waits_seven_days(waiting: LocalMarket) -> None:
    with pytest.raises(Reverted, match="vault: too early"):
        _cancel(waiting)
    waiting.chain.advance(7 * DAY)
    waiting.transmit(2_000)
    _cancel(waiting)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_cancel__guardian_at_a_level__is_at_once_where_opening_is_stopped(
    waiting: LocalMarket, level: int
) -> None:
    waiting.desk.raise_caution(level, sender=waiting.actors["guardian"])
    if level == 3:
        return _cancel(waiting)
    with pytest.raises(Reverted, match="vault: too early"):
        _cancel(waiting)


def test_cancel__dead_feed__is_at_once_and_the_floor_is_open(waiting: LocalMarket) -> None:
    """V26: with no price the queue cannot be processed, and its shares had no floor."""
    market, account = waiting, waiting.who("lp")
    market.chain.advance(2 * 3_600)
    with pytest.raises(Reverted, match="oracle: stale"):
        market.vault.processRedemptions(1)
    _cancel(market)
    before = market.quote.balanceOf(account)
    market.vault.exitAtFloor(market.vault.balanceOf(account), account, sender=account)
    assert market.quote.balanceOf(account) - before > market.assets(499_000)


@pytest.mark.parametrize("receiver", ["vault", "nobody"])
def test_sell__to_the_vault_or_nobody__is_refused(receiver: str) -> None:
    """Quote that nobody counts would be lost to everybody."""
    market = LocalMarket.open(RevmChain())
    market.supply(500_000, 10)
    market.fund("trader", quote=10_000)
    market.refresh()
    put = market.series(market.now_expiries[0], 2_000, "put")
    market.buy("trader", put, 1)
    target = market.vault.address if receiver == "vault" else "0x" + "00" * 20
    lots, account = market.lots(1), market.who("trader")
    with rolled_back(market.chain), pytest.raises(Reverted, match="vault: receiver"):
        market.desk.sell(put, lots, 0, 2**32, target, sender=account)
    market.desk.sell(put, lots, 0, 2**32, sender=account)
