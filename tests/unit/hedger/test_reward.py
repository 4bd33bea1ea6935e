"""What a call to `hedge` is paid, and that nobody can make a living of bringing delta about."""

from __future__ import annotations

from random import Random

import pytest

from ballast.chain import Reverted, rolled_back
from ballast.units import WAD
from tests.unit.hedger.conftest import at_opening
from tests.unit.hedger.world import GAP, PERP, SPOT_ONE, HedgerMarket, Opening, opened

DOLLAR = 10**9
SLOPE = 10**27  # of a sheet's slopes


def fall(market: HedgerMarket, before: int, after: int) -> int:
    """What U falls by between dollar deltas in nano, assets."""
    slope = market.sheet.mark_terms().delta_slope
    return int((before**2 - after**2) * slope // (2 * SLOPE * 10**12))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dollars", [1_000, 2_500, 10_000, 31_622, 31_700, 50_000, 90_000])
def test_hedge__reward__is_half_the_fall_and_at_most_the_gas(
    market: HedgerMarket, sign: int, dollars: int
) -> None:
    market.set_delta(sign * dollars * DOLLAR)
    left = max(dollars - 50_000, 0) * DOLLAR
    receipt = market.hedge("stranger")
    reward = receipt.event("BandLeft").reward
    assert reward == min(5 * 10**6, fall(market, dollars * DOLLAR, left) // 2)
    assert market.quote.balanceOf(market.who("stranger")) == reward


def test_hedge__nothing_filled__pays_nothing(market: HedgerMarket) -> None:
    for name in (PERP, SPOT_ONE):
        market.place(name).set_fill(0, 0)
    market.set_delta(-40_000 * DOLLAR)
    before = market.quote.balanceOf(market.who("stranger"))
    market.hedge("stranger")
    assert market.quote.balanceOf(market.who("stranger")) == before


def wealth(market: HedgerMarket, actor: str) -> int:
    return int(market.quote.balanceOf(market.who(actor)))


@pytest.mark.parametrize("seed", range(12))
def test_hedge__delta_pushed_up_for_the_reward__costs_more_than_it_brings(seed: int) -> None:
    """Trade until an order is due, have it done for the reward, trade back, in any state of the
    book that others have left."""
    random = Random(seed)
    market = opened(Opening(underlying=100))
    with rolled_back(market.chain):
        series = [
            market.series(expiry, strike, right)
            for expiry in market.now_expiries[:3]
            for strike in (1_900, 2_000, 2_100)
            for right in ("call", "put")
        ]
        market.set_delta(random.randint(-20_000, 20_000) * DOLLAR)
        for _ in range(3):
            trades(market, "other", random.choice(series), random.randint(1, 15))
        for _ in range(3):
            if market.state().order:
                market.chain.advance(GAP)
                market.hedge("keeper")
        market.chain.advance(GAP)
        market.transmit(2_000)
        attack(market, random.choice(series), random.randint(1, 60))


def trades(market: HedgerMarket, actor: str, series: int, contracts: int) -> bool:
    try:
        market.buy(actor, series, contracts)
    except Reverted as refusal:
        assert refusal.reason and refusal.reason.startswith(("desk:", "vault:"))
        return False
    return True


def attack(market: HedgerMarket, series: int, contracts: int) -> None:
    """Buy, be paid for every order that is due then, sell."""
    market.chain.advance(GAP)
    before, is_due = wealth(market, "trader"), market.state().order
    if is_due or not trades(market, "trader", series, contracts):
        return
    for _ in range(6):
        if not market.state().order:
            break
        try:
            market.hedge("trader")
        except Reverted as refusal:
            assert refusal.reason == "hedger: no room"
            break
        market.chain.advance(GAP)
    market.sell("trader", series, contracts)
    for _ in range(6):
        if not market.state().order:
            break
        market.hedge("trader")
        market.chain.advance(GAP)
    assert wealth(market, "trader") < before


@pytest.mark.parametrize("units", [20, 50, 100])
def test_hedge__delta_brought_as_underlying__costs_more_than_it_brings(units: int) -> None:
    """An LP pays for what he brings in by the marks, both ways."""
    with at_opening(Opening(underlying=100)) as market:
        market.set_delta(0)
        market.fund("trader", underlying=units)
        trader = market.who("trader")
        before = wealth(market, "trader")
        shares = market.vault.depositUnderlying(units * WAD, trader, 0, sender=trader).value
        for _ in range(6):
            if not market.state().order:
                break
            market.hedge("trader")
            market.chain.advance(GAP)
        market.transmit(2_000)
        market.refresh()
        market.vault.redeem(shares, trader, trader, sender=trader)
        assert wealth(market, "trader") < before + units * 2_000 * 10**6
