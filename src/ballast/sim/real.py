"""A world of real bytecode: the market's contracts beside Uniswap v3, Aave v3 and a Chainlink feed.

Every step the pool moves first, and its mean has ten minutes to follow; then the feed reports, the
keeper posts and refreshes, clients trade, and whoever may call the hedger does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from ballast.chain import Receipt, Reverted
from ballast.market.hedged import HedgedMarket
from ballast.market.local import Terms
from ballast.market.sheet import BASIS, SheetNumbers
from ballast.model.hedging import HedgeTerms
from ballast.series import listable_expiries
from ballast.sim.episode import Fill, Policy
from ballast.sim.flow import LOTS_A_CONTRACT, Board, Holdings, Kind, Order
from ballast.sim.paths import PathTerms
from ballast.units import DAY, WAD
from ballast.venues import on_revm

NAV: Final = 1_000_000
CLIENT, POOL_LEAD, ROUND_LEAD = "trader", 600, 10
MOST_ORDERS: Final = 5
"""In a step: more than that many slices have never been due."""
LEAST_EXPIRY: Final = 28 * DAY
_ASSET: Final = 10**6
_NOT_NOW: Final = {"hedger: not due", "hedger: no room", "hedger: too soon"}
_NO_STOCK: Final = {"hedger: stocked", "hedger: cap"}
_REFUSED: Final = {
    "vault: cover",
    "desk: delta window",
    "desk: potential limit",
    "desk: vega limit",
    "desk: gamma limit",
    "desk: cover limit",
    "desk: not listed",
}


def sheet(policy: Policy = Policy.BAND) -> SheetNumbers:
    """The default sheet; for hedging at every step the one whose band is as narrow as a sheet's
    ranges let it be, in slices as large."""
    default = SheetNumbers.for_nav(NAV * WAD)
    if policy is not Policy.EVERY_STEP:
        return default
    return default.changed(
        risk_aversion=WAD // 10,
        hedge_gas=WAD // 100,
        swap_cost=BASIS // 2,
        slice_min=NAV * BASIS,
        slice_max=NAV * WAD // 4,
        hedge_gap=30,
    )


def hedge_terms(numbers: SheetNumbers) -> HedgeTerms:
    """What the model needs of a sheet."""
    own = ("risk_aversion", "hedge_gas", "swap_cost", "hard_trigger", "slice_min", "slice_max")
    return HedgeTerms(**{name: numbers[name] / WAD for name in own})


@dataclass
class Real:
    """A market with a million of quote, and clients with enough."""

    market: HedgedMarket
    walk: PathTerms
    expiries: Sequence[int]
    start: int = 0
    held: Holdings = field(default_factory=Holdings)
    refusals: Counter[str] = field(default_factory=Counter)

    @classmethod
    def open(cls, walk: PathTerms, board: Board, numbers: SheetNumbers) -> Real:
        """The market as it opened: what an earlier episode did to it is undone."""
        market, expiries, snapshot = _opened(numbers, walk, board)
        market.chain.revert(snapshot)
        return cls(market, walk, expiries, start=market.chain.timestamp)

    def move(self, step: int, spot: float, vol: float) -> None:
        """The pool, the feed, the surface, the book; and cover for calls."""
        at, price = self.start + step * self.walk.step_seconds, f"{spot:.2f}"
        chain, world = self.market.chain, self.market.world
        chain.set_timestamp(at - POOL_LEAD)
        world.move_pool(price)
        chain.set_timestamp(at - ROUND_LEAD)
        world.set_price(price)
        self.market.post(vol)
        self._stock()

    # --- clients

    def trade(self, order: Order) -> float | None:
        """A buy or a sale of one client; where calls find no cover, stock is called first."""
        lots = self.held.possible(order)
        receipt = self._filled(order.kind, lots) if lots else None
        if receipt is None:
            return None
        self.held.add(order.kind, lots)
        traded = receipt.event("Traded")
        return abs(float(traded.lots) * _lot_delta(traded.risk, traded.spot, self.market))

    def _filled(self, kind: Kind, lots: int) -> Receipt | None:
        series = self.market.series(self.expiries[kind.expiry], int(kind.strike), kind.right.name)
        size, call = f"{abs(lots) / LOTS_A_CONTRACT:.1f}", self.market.buy
        if lots < 0:
            return self._tried(lambda: self.market.sell(CLIENT, series, size), _REFUSED)
        done = self._tried(lambda: call(CLIENT, series, size), _REFUSED)
        if done is None and self._stock():
            done = self._tried(lambda: call(CLIENT, series, size), _REFUSED)
        return done

    # --- hedging

    def hedge(self, policy: Policy) -> Fill:
        """Calls while something is due, each as soon as the sheet lets it be."""
        fill = Fill()
        if policy is Policy.NONE:
            return fill
        for _ in range(MOST_ORDERS):
            found = self.market.hedger.due()
            if not found.order:
                break
            if found.next_at > self.market.chain.timestamp:
                self.market.chain.set_timestamp(found.next_at)
            done = self._tried(self.market.hedge, _NOT_NOW)
            if done is None:
                break
            fill = _added(fill, done)
        return fill

    def _stock(self) -> Receipt | None:
        return self._tried(self.market.stock, _NO_STOCK)

    def _tried(self, call: Callable[[], Receipt], expected: set[str]) -> Receipt | None:
        """The receipt, or none where it is refused for a reason that may come."""
        try:
            return call()
        except Reverted as refusal:
            if refusal.reason not in expected:
                raise
            self.refusals[refusal.reason] += 1
            return None

    # --- values

    def nav(self) -> float:
        return float(self.market.vault.nav()[0] / WAD)

    def delta(self) -> float:
        return float(self.market.hedger.due().delta / WAD)


def seconds_to_expiries(walk: PathTerms, board: Board) -> tuple[int, ...]:
    """From the start of every episode on the contracts."""
    world = Real.open(walk, board, sheet())
    return tuple(expiry - world.start for expiry in world.expiries)


@cache
def _opened(
    numbers: SheetNumbers, walk: PathTerms, board: Board
) -> tuple[HedgedMarket, tuple[int, ...], int]:
    """A market of these terms without options, and the snapshot of it."""
    terms = Terms(
        spot=int(walk.spot),
        volatility=walk.vol,
        nav=NAV,
        strikes=[int(strike) for strike in board.strikes],
        sheet=numbers,
    )
    market = HedgedMarket.on(on_revm(), terms, list_board=False)
    now = market.chain.timestamp
    far = [expiry for expiry in listable_expiries(now, 12) if expiry - now > LEAST_EXPIRY]
    expiries = tuple(far[: board.expiries])
    market.found(expiries)
    for expiry in expiries:
        for strike in market.near(expiry):
            with suppress(Reverted):  # outside the window of delta
                market.list_strikes(expiry, [strike])
    market.supply(NAV)
    market.stock()
    market.fund(CLIENT, quote=10 * NAV)
    return market, expiries, market.chain.snapshot()


def _added(fill: Fill, receipt: Receipt) -> Fill:
    """One more call: what its orders traded, lost, and paid for gas."""
    trades = [event for event in receipt.events if event.name == "Hedged"]
    reward = sum(event.reward for event in receipt.events if event.name == "BandLeft")
    return Fill(
        fill.orders + 1,
        fill.volume + sum(abs(event.units) * event.spot for event in trades) / WAD / WAD,
        fill.cost + sum(event.cost for event in trades) / _ASSET,
        fill.reward + reward / _ASSET,
    )


def _lot_delta(risk: int, spot: int, market: HedgedMarket) -> float:
    """Dollar delta of a lot held: X (a + b X) nano, with X the spot over the book's reference."""
    ratio = float(spot / market.book.REFERENCE())
    a, b = (_signed(risk >> bits) for bits in (64, 128))
    return ratio * (a + b * ratio) / 1e9


def _signed(word: int) -> int:
    word %= 2**64
    return word - 2**64 if word >= 2**63 else word
