"""Gas of hedging, on the venues' published bytecode: whole transactions, cold storage, USDC and
feed behind their proxies."""

from __future__ import annotations

from functools import cache
from typing import Final

from ballast.bench.figures import GAS, figure
from ballast.chain import rolled_back
from ballast.chain.codec import RawLog
from ballast.chain.protocol import Receipt
from ballast.market.hedged import HedgedMarket
from ballast.market.plan import VenueSettings
from ballast.venues import on_revm

_ROUND: Final = 600  # seconds
_MOVED: Final = "0x" + "ad" * 20
# calldatacopy(0, 0, calldatasize); gas; delegatecall(gas, _MOVED, 0, calldatasize, 0, 0)
_METER_HEAD: Final = bytes.fromhex("365f5f375a5f5f365f73")
# mstore(0, gas before - gas now); log0(0, 32); then what the call returned, or its revert
_METER_TAIL: Final = bytes.fromhex("5af4905a90035f5260205fa03d5f5f3e6034573d5ffd5b3d5ff3")


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


@cache
def _spot() -> tuple[int, int]:
    """The dearer one of a sale and a purchase through the spot venue: all of it, and without what
    Uniswap's router used."""
    market = _market(lends=False)
    found = []
    for upset in (_long, _short):
        with rolled_back(market.chain):
            upset(market)
            market.hedge()
            upset(market)
            with rolled_back(market.chain):
                all_of_it = market.hedge()
            _meter(market, market.world.router.address)
            metered = market.hedge()
            all_of_it.event("Hedged")
            found.append((all_of_it.gas_used, metered.gas_used - _metered(metered)))
    return max(found)


def _meter(market: HedgedMarket, address: str) -> None:
    """Let a contract's code run from elsewhere, behind code that logs the gas of each call."""
    chain = market.chain
    chain.set_code(_MOVED, chain.code(address))
    chain.set_code(address, _METER_HEAD + bytes.fromhex(_MOVED[2:]) + _METER_TAIL)


def _metered(receipt: Receipt) -> int:
    """What the outermost call took, the pool's call back into the router included. The outer
    meter's own few hundred gas are not in it."""
    logs = [log for log in receipt.logs if isinstance(log, RawLog) and not log.topics]
    return max(int.from_bytes(log.data, "big") for log in logs)


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
