"""A market beside real venues: USDC, WETH, Chainlink's feed, Uniswap v3 and Aave v3 as they are.

market = HedgedMarket.on(on_revm())
market.supply(1_000_000)
market.stock()
market.buy("trader", market.series(market.now_expiries[0], 2_000, "call"), 20)
market.hedge()
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ballast.chain import Contract
from ballast.chain.deployment import execute
from ballast.chain.protocol import Receipt
from ballast.market.local import ACTORS, LocalMarket, Terms, _receipt, local_settings
from ballast.market.plan import VenueSettings, market_plan
from ballast.units import Human
from ballast.venues import Venues


@dataclass
class HedgedMarket(LocalMarket):
    """A local market that hedges. Whoever calls `hedge`, `stock` and `tend` is the keeper."""

    venues: Venues | None = None

    @classmethod
    def on(
        cls,
        venues: Venues,
        terms: Terms | None = None,
        settings: VenueSettings | None = None,
        *,
        list_board: bool = True,
    ) -> HedgedMarket:
        """The market's contracts on a chain where the venues stand."""
        terms = terms or Terms()
        chain = venues.chain
        actors = dict(zip(ACTORS, chain.accounts, strict=False))
        settings = settings or VenueSettings(
            venues.router.address, lending_pool=venues.aave.pool.address
        )
        found = replace(
            local_settings(terms, actors, venues.usdc, venues.weth, venues.feed), venues=settings
        )
        deployment = execute(market_plan(found), chain, actors["deployer"])
        market = cls(
            chain,
            terms,
            actors,
            venues.usdc,
            venues.weth,
            venues.feed,
            venues.feed,
            deployment,
            venues=venues,
        )
        if list_board:
            market.list_board()
        return market

    @property
    def world(self) -> Venues:
        """The venues."""
        assert self.venues is not None, "open a hedged market with `HedgedMarket.on`"
        return self.venues

    # --- the outside world

    def transmit(self, price: Human) -> Receipt:
        """A new round of the feed; the pool follows."""
        self.world.move_pool(price)
        self.world.set_price(price)
        return Receipt(0, ())

    def _mint(self, token: Contract, account: str, amount: int) -> None:
        self.world.give(token, account, amount)

    # --- anyone

    def hedge(self, actor: str = "keeper") -> Receipt:
        """An order, where one is due."""
        return _receipt(self.hedger.hedge(sender=self.who(actor)))

    def stock(self, actor: str = "keeper") -> Receipt:
        """Borrow underlying to cover calls with, or repay what is too much."""
        return _receipt(self.hedger.stock(sender=self.who(actor)))

    def tend(self, actor: str = "keeper") -> Receipt:
        """Bring the lender's collateral to where it shall be."""
        return _receipt(self.hedger.tend(sender=self.who(actor)))
