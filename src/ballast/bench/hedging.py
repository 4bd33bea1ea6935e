"""Gas of hedging, on the venues' published bytecode: whole transactions, cold storage, USDC and
feed behind their proxies."""

from __future__ import annotations

from functools import cache
from typing import Final

from ballast.bench.figures import GAS, figure
from ballast.bench.trace import spent_in, traced
from ballast.chain import RevmChain, rolled_back
from ballast.market.hedged import HedgedMarket
from ballast.market.plan import VenueSettings
from ballast.venues import on_revm

_ROUND: Final = 600  # seconds


@cache
def _market(lends: bool) -> HedgedMarket:
    """A market with options written on both sides; with a lender also with stock from there."""
    venues = on_revm()
    settings = None if lends else VenueSettings(venues.router.address)
    market = HedgedMarket.on(venues, settings=settings)
    market.supply(1_000_000, 0 if lends else 60)
    if lends:
        market.stock()
    market.fund("trader", quote=1_000_000)
    for right in ("call", "put"):
        market.buy("trader", market.series(market.now_expiries[1], 2_000, right), 5)
    return market


def _long(market: HedgedMarket) -> None:
    """Delta over the band: puts that the vault owes, and a round later."""
    market.buy("trader", market.series(market.now_expiries[1], 2_100, "put"), 5)
    market.chain.advance(_ROUND)
    market.transmit(2_000)


def _short(market: HedgedMarket) -> None:
    market.buy("trader", market.series(market.now_expiries[1], 1_900, "call"), 5)
    market.chain.advance(_ROUND)
    market.transmit(2_000)


def _uniswap(market: HedgedMarket) -> set[str]:
    return {market.world.router.address, market.world.pool.address}


@cache
def _spot() -> tuple[int, int]:
    """A sale and a purchase through the spot venue: the most in all, and without Uniswap's part."""
    market = _market(lends=False)
    all_of_it, own = [], []
    for upset in (_long, _short):
        with rolled_back(market.chain) as chain:
            assert isinstance(chain, RevmChain)
            upset(market)
            market.hedge()
            upset(market)
            with traced(chain) as calls:
                receipt = market.hedge()
            receipt.event("Hedged")
            all_of_it.append(receipt.gas_used)
            own.append(receipt.gas_used - spent_in(calls, _uniswap(market)))
    return max(all_of_it), max(own)


@figure("Hedger.hedge_spot", unit=GAS)
def hedge_spot() -> int:
    """An order through the spot venue, all of it."""
    return _spot()[0]


@figure("Hedger.hedge_spot_own", unit=GAS, target=350_000)
def hedge_spot_own() -> int:
    """The same without what Uniswap's router and pool used."""
    return _spot()[1]


@figure("Hedger.stock", unit=GAS)
def stock() -> int:
    """The first underlying borrowed, as cover for the first calls."""
    market = HedgedMarket.on(on_revm())
    market.supply(1_000_000)
    return market.stock().gas_used


@figure("Vault.deposit_hedged", unit=GAS)
def deposit_hedged() -> int:
    """A deposit into a vault with a debt at the lender, whose position it values."""
    market = _market(lends=True)
    with rolled_back(market.chain):
        market.deposit("lp", 10_000)
        return market.deposit("lp", 10_000).gas_used
