"""One path played in one world under one policy of hedging."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from ballast.model.normal import Array
from ballast.sim.flow import Flow, Order
from ballast.sim.paths import Path


class Policy(Enum):
    """What is done about the delta that is left."""

    NONE = "no hedge"
    BAND = "band"
    EVERY_STEP = "every step"


@dataclass(frozen=True)
class Fill:
    """Orders outside that followed one step. Quote tokens."""

    orders: int = 0
    volume: float = 0.0
    """Dollar delta traded, regardless of side."""
    cost: float = 0.0
    """Fees and impact: what was lost against spot."""
    reward: float = 0.0
    """What callers were paid for their gas."""


class World(Protocol):
    """Where an episode is played. Dollar deltas are in quote tokens."""

    def move(self, step: int, spot: float, vol: float) -> None:
        """The clock, the price and the surface of this step."""

    def trade(self, order: Order) -> float | None:
        """The dollar delta that changed hands, regardless of side; none where it is refused."""

    def hedge(self, policy: Policy) -> Fill:
        """What the policy does now."""

    def nav(self) -> float: ...

    def delta(self) -> float:
        """Dollar delta that is open."""


@dataclass(frozen=True)
class Run:
    """What an episode came to."""

    policy: Policy
    nav: Array
    """At the start and after each step; the gas of hedges is not in it, their rewards are."""
    fills: tuple[Fill, ...]
    gross: float
    """Dollar delta of all client trades, regardless of side."""
    delta: Array
    """Open after each step."""
    trades: int
    refused: int

    @property
    def orders(self) -> int:
        return sum(fill.orders for fill in self.fills)

    @property
    def external(self) -> float:
        """Dollar delta traded on venues, regardless of side."""
        return sum(fill.volume for fill in self.fills)

    def cost(self, gas: float) -> float:
        """Of all hedges, where an order takes so much gas, whoever pays for it."""
        return sum(fill.cost for fill in self.fills) + gas * self.orders

    def gains(self, every: int, gas: float) -> Array:
        """Of the vault in each span of so many steps, were it to pay for the gas itself."""
        due = np.array([0.0, *(fill.reward - gas * fill.orders for fill in self.fills)])
        worth = self.nav + np.cumsum(due)
        return np.asarray(np.diff(worth[::every]), np.float64)


def play(world: World, path: Path, flow: Flow, policy: Policy) -> Run:
    """The opening book first; then step by step the market, the clients, the hedge."""
    trades = [world.trade(order) for order in flow.opening]
    nav, delta, fills = [world.nav()], [], []
    for step, orders in enumerate(flow.steps, start=1):
        world.move(step, float(path.spot[step]), float(path.vol[step]))
        trades += [world.trade(order) for order in orders]
        fills.append(world.hedge(policy))
        nav.append(world.nav())
        delta.append(world.delta())
    done = [found for found in trades[len(flow.opening) :] if found is not None]
    return Run(
        policy,
        np.array(nav),
        tuple(fills),
        sum(done),
        np.array(delta),
        len(done),
        trades.count(None),
    )
