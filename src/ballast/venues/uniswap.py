"""Uniswap v3: factory, SwapRouter02, QuoterV2, positions, and the pool of the market."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import isqrt, sqrt
from typing import Any, Final

from ballast.chain.contract import Contract
from ballast.chain.protocol import ZERO_ADDRESS, Chain
from ballast.errors import VenueError
from ballast.units import WAD, Human, to_wad
from ballast.venues.addresses import Addresses
from ballast.venues.artifacts import published
from ballast.venues.plant import actor, actor_address, plant
from ballast.venues.terms import VenueTerms
from ballast.venues.tokens import Tokens

FOREVER: Final = 2**32
WEALTH: Final = {"USDC": 10**18, "WETH": 10**27}
"""What the arbitrageur may spend: 10^12 dollars, 10^9 units."""
_Q192: Final = 2**192
_UNITS: Final = 10**12  # smallest units of WETH in a whole one over those of USDC
_FULL_RANGE: Final = 887_270  # the last tick of a spacing of 10
_LP: Final = "uniswap lp"
_MAX_TAKEN: Final = 2**128 - 1


@dataclass(frozen=True, slots=True)
class Uniswap:
    """The exchange. Prices, in quote per unit: natural numbers going in, WAD coming out."""

    chain: Chain
    tokens: Tokens
    factory: Contract
    router: Contract
    quoter: Contract
    positions: Contract
    pool: Contract
    fee: int

    @classmethod
    def stand_up(
        cls, chain: Chain, tokens: Tokens, addresses: Addresses, terms: VenueTerms
    ) -> Uniswap:
        """Create all of it, and a deep pool at the opening price."""
        maker = actor(chain, "uniswap maker")
        weth, at = addresses.weth, addresses
        factory = plant(chain, published("UniswapV3Factory"), at.factory, sender=maker)
        for name, address, args in (
            ("SwapRouter02", at.router, (ZERO_ADDRESS, at.factory, at.positions, weth)),
            ("QuoterV2", at.quoter, (at.factory, weth)),
            ("NonfungiblePositionManager", at.positions, (at.factory, weth, ZERO_ADDRESS)),
        ):
            plant(chain, published(name), address, *args, sender=maker)
        factory.createPool(*tokens.ordered, at.fee, sender=maker)
        made = cls.attach(chain, tokens, addresses)
        made.pool.initialize(made.sqrt_price(terms.spot), sender=maker)
        made.pool.increaseObservationCardinalityNext(terms.observations, sender=maker)
        made._open_position(terms)
        return made

    @classmethod
    def attach(cls, chain: Chain, tokens: Tokens, addresses: Addresses) -> Uniswap:
        """Handles on what stands; the factory tells where the pool is."""
        factory = chain.at(published("UniswapV3Factory"), addresses.factory)
        pool = factory.getPool(addresses.weth, addresses.usdc, addresses.fee)
        if int(pool, 16) == 0:
            raise VenueError(f"there is no pool of WETH and USDC with a fee of {addresses.fee}")
        return cls(
            chain,
            tokens,
            factory,
            chain.at(published("SwapRouter02"), addresses.router),
            chain.at(published("QuoterV2"), addresses.quoter),
            chain.at(published("NonfungiblePositionManager"), addresses.positions),
            chain.at(published("UniswapV3Pool"), pool),
            addresses.fee,
        )

    # --- prices

    def price(self) -> int:
        """Of the next infinitely small swap, before the fee."""
        square = self.pool.slot0()[0] ** 2  # token1 per token0, times 2^192, in smallest units
        if self._quote_is_token0:
            return int(_UNITS * WAD * _Q192 // square)
        return int(_UNITS * WAD * square // _Q192)

    def mean_price(self, seconds: int) -> int:
        """The geometric mean over the last so many seconds, out of the pool's observations."""
        before, now = self.pool.observe([seconds, 0])[0]
        tick = (now - before) // seconds
        with localcontext(prec=60):
            mean = Decimal("1.0001") ** (-tick if self._quote_is_token0 else tick)
            return int(mean * _UNITS * WAD)

    def sqrt_price(self, price: Human) -> int:
        """A price as the pool has it: the root of token1 per token0, times 2^96."""
        wad = to_wad(price)
        if self._quote_is_token0:
            return isqrt(_Q192 * _UNITS * WAD // wad)
        return isqrt(_Q192 * wad // (_UNITS * WAD))

    @property
    def _quote_is_token0(self) -> bool:
        return self.tokens.ordered[0] is self.tokens.usdc

    @property
    def is_ours(self) -> bool:
        """Whether the pool's liquidity was brought by `stand_up`."""
        return bool(self.positions.balanceOf(actor_address(_LP)))

    # --- what others do

    def swap(self, who: str, token: Contract, amount: int, *, limit: int = 0) -> int:
        """Somebody sells exactly this much, or less if the pool reaches a limit; what he gets."""
        bought = self.tokens.other(token)
        order = (token, bought, self.fee, who, amount, 0, limit)
        self.tokens.equip(token, who, amount, self.router)
        return int(self.router.exactInputSingle(order, sender=who).value)

    def move(self, price: Human) -> None:
        """Somebody with enough of everything swaps until the pool is at this price."""
        target, now = self.sqrt_price(price), self.pool.slot0()[0]
        if target == now:
            return
        sold = self.tokens.ordered[0 if target < now else 1]
        wealth = WEALTH["USDC" if self.tokens.is_usdc(sold) else "WETH"]
        self.swap(actor(self.chain, "arbitrageur"), sold, wealth, limit=target)

    def drain(self) -> None:
        """Take out the liquidity that `stand_up` brought, and the fees on it."""
        position, provider = self._position()
        liquidity = self.positions.positions(position)[7]
        order = (position, liquidity, 0, 0, FOREVER)
        self.positions.decreaseLiquidity(order, sender=provider)
        self.positions.collect((position, provider, _MAX_TAKEN, _MAX_TAKEN), sender=provider)

    def refill(self) -> None:
        """Bring it back, in the proportion of the present price."""
        position, provider = self._position()
        held = [token.balanceOf(provider) for token in self.tokens.ordered]
        order = (position, *held, 0, 0, FOREVER)
        self.positions.increaseLiquidity(order, sender=provider)

    def _open_position(self, terms: VenueTerms) -> None:
        """Over the full range, a move by 2 % takes sqrt(1.02) - 1 of what lies on one side."""
        provider = actor(self.chain, _LP)
        quote = int(terms.depth / (sqrt(1.02) - 1)) * 10**6
        units = quote * _UNITS * WAD // to_wad(terms.spot)
        held = {self.tokens.usdc.address: quote, self.tokens.weth.address: units}
        for token in self.tokens.ordered:
            self.tokens.equip(token, provider, held[token.address], self.positions)
        amounts = [held[token.address] for token in self.tokens.ordered]
        ticks = (-_FULL_RANGE, _FULL_RANGE)
        order = (*self.tokens.ordered, self.fee, *ticks, *amounts, 0, 0, provider, FOREVER)
        self.positions.mint(order, sender=provider)

    def _position(self) -> tuple[Any, str]:
        if not self.is_ours:
            raise VenueError("the pool's liquidity belongs to others: only one's own can be moved")
        provider = actor_address(_LP)
        return self.positions.tokenOfOwnerByIndex(provider, 0), provider
