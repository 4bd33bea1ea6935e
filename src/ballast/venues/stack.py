"""All venues of the market together, and what the world around them does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ballast.chain.contract import Contract
from ballast.chain.protocol import Chain
from ballast.chain.revm import GENESIS, RevmChain
from ballast.units import Human
from ballast.venues.aave import Aave
from ballast.venues.addresses import Addresses, mainnet
from ballast.venues.chainlink import Feed
from ballast.venues.terms import VenueTerms
from ballast.venues.tokens import Tokens
from ballast.venues.uniswap import Uniswap

MEAN_SECONDS: Final = 300
"""The span over which hedging takes the pool's mean price."""
_USDC_FEED: Final = "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6"  # USDC/USD, for Aave


@dataclass(frozen=True, slots=True)
class Venues:
    """Tokens, exchange, lender and feed. Amounts in smallest units; prices are natural numbers
    going in and WAD coming out, in quote per unit of underlying."""

    chain: Chain
    addresses: Addresses
    tokens: Tokens
    uniswap: Uniswap
    aave: Aave
    oracle: Feed

    # --- handles

    @property
    def weth(self) -> Contract:
        return self.tokens.weth

    @property
    def usdc(self) -> Contract:
        return self.tokens.usdc

    @property
    def factory(self) -> Contract:
        return self.uniswap.factory

    @property
    def router(self) -> Contract:
        """SwapRouter02."""
        return self.uniswap.router

    @property
    def quoter(self) -> Contract:
        """QuoterV2."""
        return self.uniswap.quoter

    @property
    def positions(self) -> Contract:
        """NonfungiblePositionManager."""
        return self.uniswap.positions

    @property
    def pool(self) -> Contract:
        """Uniswap's of WETH and USDC."""
        return self.uniswap.pool

    @property
    def feed(self) -> Contract:
        """The proxy of ETH/USD."""
        return self.oracle.proxy

    # --- tokens and prices

    def give(self, token: Contract, to: str, amount: int) -> None:
        """Let somebody have more of a token."""
        self.tokens.give(token, to, amount)

    def set_price(self, price: Human, at: int | None = None) -> int:
        """The feed's oracles report a round, with this time if one is given; the proxy's id of it.

        On a public chain's fork the feed turns to an aggregator of ours first, and Aave to it."""
        found = self.oracle.transmit(price, at)
        self.aave.follow(self.weth, self.feed.address)
        return found

    def new_phase(self, price: Human | None = None) -> Contract:
        """A new aggregator behind the feed, with a first round already if a price is given."""
        return self.oracle.next_phase(price)

    def make_stale(self, seconds: int) -> None:
        """Let time pass in which nobody reports."""
        self.chain.advance(seconds)

    def move_pool(self, price: Human) -> None:
        """Somebody swaps until the pool is at this price."""
        self.uniswap.move(price)

    def pool_price(self) -> int:
        """The pool's, WAD."""
        return self.uniswap.price()

    def mean_price(self, seconds: int = MEAN_SECONDS) -> int:
        """The pool's over some time, WAD."""
        return self.uniswap.mean_price(seconds)

    def drain_pool(self) -> None:
        """Take out the pool's seeded liquidity; only where it was seeded here."""
        self.uniswap.drain()

    def refill_pool(self) -> None:
        """Bring it back."""
        self.uniswap.refill()

    # --- Aave

    def pause(self, token: Contract, flag: bool = True) -> None:
        """Nothing goes in or out of a paused reserve, liquidations included."""
        self.aave.pause(token, flag)

    def freeze(self, token: Contract, flag: bool = True) -> None:
        """Nobody may supply to or borrow from a frozen reserve; repaying and withdrawing go on."""
        self.aave.freeze(token, flag)

    def set_borrow_cap(self, token: Contract, whole_units: int) -> None:
        """The most that may be owed of a token; 0 is none."""
        self.aave.set_borrow_cap(token, whole_units)

    def set_supply_cap(self, token: Contract, whole_units: int) -> None:
        """The most that may be supplied of a token; 0 is none."""
        self.aave.set_supply_cap(token, whole_units)

    def set_collateral(self, token: Contract, ltv: int, threshold: int, bonus: int) -> None:
        """What a token counts as collateral, in basis points."""
        self.aave.set_collateral(token, ltv, threshold, bonus)

    def drain(self, token: Contract, leave: int = 0) -> None:
        """Somebody borrows all that a reserve holds, but for a rest."""
        self.aave.drain(token, leave)

    def refill(self, token: Contract) -> None:
        """Whoever drained a reserve pays back."""
        self.aave.refill(token)

    def available(self, token: Contract) -> int:
        """What a reserve still holds."""
        return self.aave.available(token)


def build(chain: Chain, terms: VenueTerms | None = None) -> Venues:
    """Put all venues up where they stand on the public chain, on a chain that has none of them."""
    terms, addresses = terms or VenueTerms(), mainnet()
    tokens = Tokens.stand_up(chain, addresses)
    uniswap = Uniswap.stand_up(chain, tokens, addresses, terms)
    dollar = Feed.stand_up(chain, _USDC_FEED, "USDC / USD", 1)
    oracle = Feed.stand_up(chain, addresses.feed, "ETH / USD", terms.spot)
    sources = (oracle.proxy.address, dollar.proxy.address)
    aave = Aave.stand_up(chain, tokens, addresses, sources)
    aave.seed(terms)
    chain.advance(MEAN_SECONDS)  # from here on the pool can tell its mean
    return Venues(chain, addresses, tokens, uniswap, aave, oracle)


def on_revm(terms: VenueTerms | None = None, *, timestamp: int = GENESIS) -> Venues:
    """A new chain in process with all venues on it: a fifth of a second."""
    return build(RevmChain(timestamp=timestamp), terms)


def attach(chain: Chain, addresses: Addresses | None = None) -> Venues:
    """Handles on venues that stand: those of the public chain unless told."""
    addresses = addresses or mainnet()
    tokens = Tokens.attach(chain, addresses)
    return Venues(
        chain,
        addresses,
        tokens,
        Uniswap.attach(chain, tokens, addresses),
        Aave.attach(chain, tokens, addresses),
        Feed.attach(chain, addresses.feed),
    )
