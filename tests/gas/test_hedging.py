"""Gas of hedging: the target, and the meter that takes Uniswap's part out of it."""

from __future__ import annotations

import pytest

from ballast.bench import figures
from ballast.bench.hedging import _market, _meter, _metered
from ballast.chain import rolled_back

pytestmark = pytest.mark.anvil  # for the venues' bytecode


def test_figure__hedge_without_the_venues_own_gas__is_within_its_target() -> None:
    found = {item.key: item for item in figures.figures()}
    own, whole = found["Hedger.hedge_spot_own"], found["Hedger.hedge_spot"]
    assert own.target == 350_000
    assert 100_000 < own.measure() < own.target and own.measure() < whole.measure() - 50_000


def test_meter__a_swap__does_what_it_did_and_says_what_it_took() -> None:
    market = _market(lends=False)
    usdc, weth, router = market.world.usdc, market.world.weth, market.world.router
    trader = market.who("trader")
    usdc.approve(router.address, 2**256 - 1, sender=trader)
    order = (usdc.address, weth.address, 500, trader, 10**9, 0, 0)
    with rolled_back(market.chain):
        plain = router.exactInputSingle(order, sender=trader)
        bought = weth.balanceOf(trader)
    with rolled_back(market.chain):
        _meter(market, router.address)
        metered = router.exactInputSingle(order, sender=trader)
        assert weth.balanceOf(trader) == bought
    assert 50_000 < _metered(metered) < plain.gas_used - 21_000 + 3_000  # the moved code is cold
    assert 0 < metered.gas_used - plain.gas_used < 5_000
