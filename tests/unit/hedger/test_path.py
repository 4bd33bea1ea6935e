"""A path of two pools: an underlying that has a market against WETH alone, hedged with USDC."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import isqrt
from typing import Any, NamedTuple

import pytest

from ballast.chain import Contract, RevmChain, compile_contract, rolled_back
from ballast.chain.reverts import Reverted
from ballast.units import WAD
from ballast.venues import Venues, on_revm, published

pytestmark = pytest.mark.anvil  # for the venues' bytecode

FEE, FAR_FEE = 3_000, 500
WHOLE = 10**8  # units of the underlying in a whole one
SPOT = 30_000  # in USDC: 15 WETH at 2,000
DEEP = 20_000 * WHOLE


class World(NamedTuple):
    chain: RevmChain
    venues: Venues
    token: Contract
    venue: Contract
    vault: str


@cache
def _world() -> World:
    venues = on_revm()
    chain = venues.chain
    assert isinstance(chain, RevmChain)
    maker, vault = chain.accounts[0], chain.accounts[1]
    token = chain.deploy(compile_contract("MockUsdc"), "Wrapped Bitcoin", "WBTC", 8)
    _open_pool(venues, token, maker)
    chain.advance(600)
    args = (vault, venues.usdc, token, venues.router, FEE, venues.weth, FAR_FEE)
    venue = chain.deploy(compile_contract("SpotVenue"), *(getattr(a, "address", a) for a in args))
    venues.give(venues.usdc, vault, 10**12)
    token.mint(vault, 100 * WHOLE, sender=maker)
    return World(chain, venues, token, venue, vault)


def _open_pool(venues: Venues, token: Contract, maker: str) -> None:
    """The underlying against WETH, deep at all prices."""
    chain, weth = venues.chain, venues.weth
    first, second = sorted((token, weth), key=lambda item: int(item.address, 16))
    venues.factory.createPool(first.address, second.address, FEE, sender=maker)
    where = venues.factory.getPool(first.address, second.address, FEE)
    pool = chain.at(published("UniswapV3Pool"), where)
    amounts = {token.address: DEEP, weth.address: 15 * DEEP * WAD // WHOLE}
    ratio = amounts[second.address] * 2**192 // amounts[first.address]
    pool.initialize(isqrt(ratio), sender=maker)
    pool.increaseObservationCardinalityNext(20, sender=maker)
    token.mint(maker, DEEP, sender=maker)
    venues.give(weth, maker, amounts[weth.address])
    for item in (token, weth):
        item.approve(venues.uniswap.positions.address, 2**256 - 1, sender=maker)
    sides = (amounts[first.address], amounts[second.address], 0, 0)
    order = (first.address, second.address, FEE, -887_220, 887_220, *sides, maker, 2**32)
    venues.uniswap.positions.mint(order, sender=maker)


@pytest.fixture
def world() -> Iterator[World]:
    with rolled_back(_world().chain):
        yield _world()


def _order(world: World, units: int, limit: int) -> Any:
    """What a vault does: sends ahead what the venue says it needs, and orders."""
    quote, underlying = world.venue.needs(units, limit, 0)
    world.venues.usdc.transfer(world.venue, quote, sender=world.vault)
    world.token.transfer(world.venue, underlying, sender=world.vault)
    return world.venue.order(units, limit, 0, sender=world.vault)


def test_mean__two_pools__is_the_product_of_both(world: World) -> None:
    assert abs(world.venue.mean() - SPOT * WAD) <= SPOT * WAD // 5_000  # a tick in each pool
    with rolled_back(world.chain):
        world.venues.move_pool(2_100)
        world.chain.advance(600)
        assert abs(world.venue.mean() - 31_500 * WAD) <= SPOT * WAD // 5_000


@pytest.mark.parametrize("side", [1, -1], ids=["buys", "sells"])
def test_order__two_pools__exactly_the_units_and_the_rest_back(world: World, side: int) -> None:
    units = side * 2 * WHOLE
    before = (world.venues.usdc.balanceOf(world.vault), world.token.balanceOf(world.vault))
    limit = SPOT * WAD * (1_000 + 10 * side) // 1_000
    _order(world, units, limit)
    after = (world.venues.usdc.balanceOf(world.vault), world.token.balanceOf(world.vault))
    assert after[1] - before[1] == units
    paid = before[0] - after[0]
    cost = paid / (side * 2 * SPOT * 10**6) - 1
    assert 0.0034 < side * cost < 0.0042  # 0.30 % and 0.05 %, and what it moves
    for token in (world.venues.usdc, world.venues.weth, world.token):
        assert token.balanceOf(world.venue) == 0


@pytest.mark.parametrize("side", [1, -1], ids=["buys", "sells"])
def test_order__two_pools_beyond_the_limit__is_refused(world: World, side: int) -> None:
    with pytest.raises(Reverted, match="STF" if side > 0 else "Too little received"):
        _order(world, side * 2 * WHOLE, SPOT * WAD * (1_000 + 3 * side) // 1_000)


def test_room__two_pools__counts_both_fees_and_what_the_vault_can_spare(world: World) -> None:
    price, spare = SPOT * WAD, 60_000 * 10**6
    most, cost = world.venue.room(5 * WHOLE, price, spare, 0, 1, 0)
    assert 0.0035 * WAD < cost < 0.0037 * WAD
    assert spare * 100 // 105 < most * SPOT * 10**6 // WHOLE <= spare * 100 // 104
    assert world.venue.room(-5 * WHOLE, price, 0, 3 * WHOLE, 1, 0)[0] == 3 * WHOLE


def test_init__no_such_pool__is_refused(world: World) -> None:
    args = (world.vault, world.venues.usdc, world.token, world.venues.router, 500)
    plain = [getattr(a, "address", a) for a in args]
    with pytest.raises(Reverted, match="venue: pool"):
        world.chain.deploy(
            compile_contract("SpotVenue"), *plain, world.venues.weth.address, FAR_FEE
        )
