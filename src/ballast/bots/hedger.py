"""Calls for hedges when they are due, for stock when calls need cover, and for care of the debt.

What is traded, how much, and at which price is decided on chain. What is left to decide is when to
call. A hard trigger is called at once. Short of it the keeper may wait, where a forecast that has
earned it says that clients will bring delta back inside the band by themselves; it never waits for
more than the distance between the band's edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ballast.bots.action import Action, Keeper, KeeperError
from ballast.bots.forecast import Forecast, forecast
from ballast.bots.market import LiveMarket
from ballast.chain.protocol import Receipt
from ballast.units import DAY, WAD


@dataclass(frozen=True)
class HedgerTerms:
    """When the keeper calls again."""

    flow_step: int = 60
    """Seconds of client flow that make one value of the forecast's series."""
    memory: int = 500
    """Values that are kept."""
    sync_every: int = DAY
    """Seconds after which interest on debt is told to the vault."""
    calm_rest: int = 3_600
    """Seconds between calls that only take collateral back."""


@dataclass(frozen=True)
class HedgerState:
    """What the hedger says of itself, and what calls to it would do now. Amounts in WAD quote."""

    at: int
    delta: int = 0
    """Dollar delta of everything the vault has."""
    outer: int = 0
    """Y: from here an order is due."""
    inner: int = 0
    """L: and it goes back to here."""
    order: int = 0
    """Units that a hedge would trade; zero: nothing is due."""
    filled: int = 0
    """Units of it that venues would fill now."""
    is_hard: bool = False
    next_at: int = 0
    """When the next hedge may be."""
    free_units: int = 0
    target_units: int = 0
    stock: int = 0
    """Units that `stock` would borrow, or repay below zero; zero where it refuses."""
    debt: int = 0
    health: int = 0
    tended: int = 0
    """Health after `tend`; zero where it refuses."""
    forecast: Forecast = field(default_factory=Forecast)
    synced_at: int = 0


class HedgeKeeper(Keeper[HedgerState]):
    """Anybody may, and is paid a part of what a hedge or a top-up saves."""

    name = "hedger"

    def __init__(self, market: LiveMarket, sender: str, terms: HedgerTerms | None = None) -> None:
        super().__init__(market, sender)
        self.terms = terms or HedgerTerms()
        self._flows = FlowMemory(self.terms.flow_step, self.terms.memory)
        self._synced_at = 0

    def read(self) -> HedgerState:
        """Nothing can be due without a price, or where the market has no hedger."""
        at, spot = self.market.chain.timestamp, self.market.spot()
        if spot is None or "hedger" not in self.market:
            return HedgerState(at)
        book = self.market["book"]
        exposure = book.exposure_now()
        self._flows.see(at, exposure.delta, exposure.gamma, spot.price / book.REFERENCE())
        found = self.market.tried("lens", "hedging")
        if found is None:
            return HedgerState(at)
        own = ("delta", "outer", "inner", "order", "is_hard", "next_at", "free_units")
        shared = {name: getattr(found, name) for name in (*own, "target_units", "debt", "health")}
        return HedgerState(
            at=at,
            filled=self._tried("hedge") if found.order and at >= found.next_at else 0,
            stock=self._tried("stock"),
            tended=self._tried("tend"),
            forecast=forecast(self._flows.values),
            synced_at=self._synced_at,
            **shared,
        )

    def decide(self, state: HedgerState) -> Sequence[Action]:
        """Care of the debt before the hedge, and that before the stock."""
        return decide(state, self.terms)

    def run(self, action: Action) -> Receipt:
        """As ever; every call that changes something on a venue tells the vault too."""
        receipt = super().run(action)
        self._synced_at = self.market.chain.timestamp
        return receipt

    def _tried(self, method: str) -> int:
        return int(self.market.tried("hedger", method, sender=self.sender) or 0)


def decide(state: HedgerState, terms: HedgerTerms) -> list[Action]:
    """What is most urgent: one thing at a time, since each changes what the others would find."""
    if state.tended > state.health:
        why = f"health {state.health / WAD:.3f} would be {state.tended / WAD:.3f}"
        return [Action("hedger", "tend", (), why)]
    is_due = state.order and state.at >= state.next_at and not _may_wait(state)
    if is_due and state.filled:
        return [Action("hedger", "hedge", (), _why(state))]
    if state.stock:
        why = f"{state.free_units} units are free and {state.target_units} should be"
        return [Action("hedger", "stock", (), why)]
    if 0 < state.tended < state.health:
        why = f"health {state.health / WAD:.3f} is more than the debt needs"
        return [Action("hedger", "tend", (), why, terms.calm_rest)]
    if state.debt and state.at - state.synced_at >= terms.sync_every:
        return [Action("hedger", "sync", (), "interest has grown on the debt")]
    if is_due:
        raise KeeperError(
            "delta is outside its band and no venue fills an order: look at the venues' caps, at "
            "the pool's price against the oracle's, and at what quote is free"
        )
    return []


def expected_delta(state: HedgerState) -> float:
    """Dollar delta after the flow that is expected, quote: moved by no more than Y - L."""
    most = (state.outer - state.inner) / WAD
    return state.delta / WAD + min(max(state.forecast.used, -most), most)


def _may_wait(state: HedgerState) -> bool:
    """Will clients bring delta inside the band by themselves? The hard trigger does not ask."""
    return not state.is_hard and abs(expected_delta(state)) < state.outer / WAD


def _why(state: HedgerState) -> str:
    cause = "the hard trigger has fired" if state.is_hard else "delta is outside its band"
    return f"{cause}: {state.delta / WAD:,.0f} against {state.outer / WAD:,.0f}"


class FlowMemory:
    """What clients have added to the book's dollar delta, step by step.

    The book's delta is X (a + b X). Between two looks only trades move a and b, but for refreshes,
    which correct them a little; so the difference at one and the same X leaves spot's moves out.
    """

    def __init__(self, step: int, memory: int) -> None:
        self._step, self._memory = step, memory
        self._last: tuple[int, int, int] | None = None
        self.values: list[float] = []

    def see(self, at: int, delta: int, gamma: int, ratio: float) -> None:
        """Look at the coefficients, in nano, at spot over the reference."""
        if self._last is None:
            self._last = at, delta, gamma
            return
        then, old_delta, old_gamma = self._last
        if at - then < self._step:
            return
        flow = ratio * ((delta - old_delta) + (gamma - old_gamma) * ratio) / 1e9
        self.values = [*self.values, flow][-self._memory :]
        self._last = at, delta, gamma
