"""Orders of clients on both sides: who opens, who comes back, in what and how much.

A flow is drawn before its episode and knows only the path, so that every policy meets the same one.
Who sells, sells back what an earlier order bought; one that was refused leaves less to sell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ballast.series import Right
from ballast.sim.paths import Path, PathTerms, flow_generator

LOTS_A_CONTRACT = 10_000


@dataclass(frozen=True)
class FlowTerms:
    """How much comes."""

    orders_a_day: float = 24.0
    contracts: float = 1.5
    """Median of an order."""
    spread: float = 0.6
    """Of the logarithm of its size."""
    buys: float = 0.5
    """Share of orders that open."""
    reach: float = 0.07
    """Of the logarithm of a strike over spot: one standard deviation."""
    opening: int = 36
    """Orders that open before the first step, so that there is a book to hedge."""


@dataclass(frozen=True)
class Kind:
    """A series by its place among the listed ones."""

    expiry: int
    strike: float
    right: Right


@dataclass(frozen=True)
class Order:
    """A client's: lots bought, or sold back where below zero."""

    kind: Kind
    lots: int


@dataclass(frozen=True)
class Board:
    """What is listed: strikes, the same for so many expiries."""

    strikes: Sequence[float] = tuple(range(1_600, 2_501, 100))
    expiries: int = 3

    def nearest(self, strike: float) -> float:
        """The listed strike that is nearest."""
        return min(self.strikes, key=lambda listed: abs(listed - strike))


@dataclass(frozen=True)
class Flow:
    """Orders before the first step, and those of each step."""

    opening: tuple[Order, ...]
    steps: tuple[tuple[Order, ...], ...]

    @property
    def parts(self) -> tuple[tuple[Order, ...], ...]:
        """The opening, then each step."""
        return self.opening, *self.steps


class Holdings:
    """What clients hold."""

    def __init__(self) -> None:
        self.lots: dict[Kind, int] = {}

    def possible(self, order: Order) -> int:
        """Its lots, no more sold than are held: what came of an earlier order may be missing."""
        return max(order.lots, -self.lots.get(order.kind, 0))

    def add(self, kind: Kind, lots: int) -> None:
        """Bought, or sold where below zero."""
        left = self.lots.pop(kind, 0) + lots
        if left:
            self.lots[kind] = left


class Clients:
    """Who draws orders: each sale is of something that the earlier orders brought."""

    def __init__(self, terms: FlowTerms, board: Board, random: np.random.Generator) -> None:
        self._terms, self._board, self._random = terms, board, random
        self._held = Holdings()

    def opening(self, spot: float) -> tuple[Order, ...]:
        """Orders before the first step."""
        return tuple(self._kept(self._buy(spot)) for _ in range(self._terms.opening))

    def step(self, spot: float, count: int) -> tuple[Order, ...]:
        """So many orders on both sides."""
        return tuple(self._kept(self._order(spot)) for _ in range(count))

    def _order(self, spot: float) -> Order:
        held = list(self._held.lots)
        if not held or self._random.random() < self._terms.buys:
            return self._buy(spot)
        kind = held[int(self._random.integers(len(held)))]
        return Order(kind, self._held.possible(Order(kind, -self._lots())))

    def _buy(self, spot: float) -> Order:
        reach = self._random.normal(0.0, self._terms.reach)
        strike = self._board.nearest(spot * float(np.exp(reach)))
        right = Right.CALL if self._random.random() < 0.5 else Right.PUT
        place = int(self._random.integers(self._board.expiries))
        return Order(Kind(place, strike, right), self._lots())

    def _lots(self) -> int:
        """Tenths of a contract, one at least."""
        terms = self._terms
        size = terms.contracts * float(np.exp(self._random.normal(0.0, terms.spread)))
        return max(round(size * 10), 1) * LOTS_A_CONTRACT // 10

    def _kept(self, order: Order) -> Order:
        self._held.add(order.kind, order.lots)
        return order


def flow(
    terms: FlowTerms, walk: PathTerms, board: Board, path: Path, seed: int, number: int
) -> Flow:
    """The flow that comes on this path."""
    random = flow_generator(seed, number)
    counts = random.poisson(terms.orders_a_day / walk.steps_a_day, walk.steps)
    clients = Clients(terms, board, random)
    opening = clients.opening(float(path.spot[0]))
    spots = zip(path.spot[1:], counts, strict=True)
    return Flow(opening, tuple(clients.step(float(spot), int(count)) for spot, count in spots))
