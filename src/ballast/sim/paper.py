"""The same episodes in double precision: the model's prices, the model's band, a pool's cost.

There are no limits, no queue and no lender here, and a client's trade does not depend on what was
hedged: so a book is valued once for all policies, and thousands of paths take seconds. What it
shows is the arithmetic of hedging alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ballast.model import black76, hedging
from ballast.model.essvi import Slice
from ballast.model.normal import Array
from ballast.model.quoting import FLOOR_SECONDS
from ballast.series import Right
from ballast.sim.episode import Fill, Policy, Run
from ballast.sim.flow import LOTS_A_CONTRACT, Flow, Kind
from ballast.sim.paths import Path, PathTerms
from ballast.units import YEAR

SPREAD_VEGA, SPREAD_DELTA, LEAST_SPREAD = 0.01, 1e-3, 1e-4
FEE, FEE_CAP = 3e-4, 0.125
"""What a client pays beside the mark: half-spread and fee as the sheet has them, without skew."""
RHO = -0.2


@dataclass(frozen=True)
class PoolTerms:
    """Liquidity over all prices."""

    fee: float = 5e-4
    depth: float = 25e6
    """Quote that moves the price by 2 %."""

    def cost(self, dollars: float) -> float:
        """Fee and impact of an order: half of the price's move falls on the whole of it."""
        reserve = self.depth / (math.sqrt(1.02) - 1.0)
        return abs(dollars) * (self.fee + abs(dollars) / reserve)


@dataclass(frozen=True)
class Tape:
    """What clients did to a vault that hedges nothing, at the start and after each step."""

    path: Path
    worth: Array
    """What premiums have brought, less the book at its marks."""
    delta: Array
    """Dollar delta of the vault."""
    gamma: Array
    """Gamma dollars in size."""
    gross: float
    trades: int


def tape(walk: PathTerms, seconds: Sequence[int], path: Path, flow: Flow) -> Tape:
    """All trades of a flow, with expiries so many seconds from the start."""
    kinds = list(dict.fromkeys(order.kind for part in flow.parts for order in part))
    bought, turned = _turnover(flow, kinds)
    marks, share = _marks(walk, seconds, path, kinds)
    puts = np.array([kind.right is Right.PUT for kind in kinds])
    spot = path.spot[:, None]
    value = np.where(puts, marks.put, marks.call)
    delta = spot * np.where(puts, marks.delta_put, marks.delta_call)
    half = np.maximum(LEAST_SPREAD * spot, SPREAD_VEGA * marks.vega + SPREAD_DELTA * abs(delta))
    charge = half + np.minimum(FEE * spot, FEE_CAP * value)
    cash = np.cumsum((bought * value + turned * charge).sum(axis=1))
    held = np.cumsum(bought, axis=0)
    return Tape(
        path,
        worth=cash - (held * value).sum(axis=1),
        delta=-(held * delta).sum(axis=1),
        gamma=(held * spot * spot * marks.gamma * share).sum(axis=1),
        gross=float((turned * abs(delta))[1:].sum()),
        trades=sum(map(len, flow.steps)),
    )


def hedged(
    tape: Tape, policy: Policy, nav: float, terms: hedging.HedgeTerms, pool: PoolTerms
) -> Run:
    """The same tape under a policy, in a vault that began with so much."""
    units, paid, fills, worth, left = 0.0, nav, [], [nav + tape.worth[0]], []
    for step in range(1, len(tape.worth)):
        spot, vol = float(tape.path.spot[step]), float(tape.path.vol[step])
        before = paid + float(tape.worth[step]) + units * spot
        delta = float(tape.delta[step]) + units * spot
        sizes = _sizes(policy, delta, float(tape.gamma[step]), before, vol, terms)
        cost = sum(pool.cost(size) for size in sizes)
        units += sum(sizes) / spot
        paid -= sum(sizes) + cost
        fills.append(Fill(len(sizes), sum(map(abs, sizes)), cost))
        worth.append(before - cost)
        left.append(delta + sum(sizes))
    return Run(policy, np.array(worth), tuple(fills), tape.gross, np.array(left), tape.trades, 0)


def _sizes(
    policy: Policy, delta: float, gamma: float, nav: float, vol: float, terms: hedging.HedgeTerms
) -> tuple[float, ...]:
    if policy is Policy.BAND:
        return hedging.orders(delta, gamma, nav, vol, terms)
    return (-delta,) if policy is Policy.EVERY_STEP and delta else ()


def _turnover(flow: Flow, kinds: Sequence[Kind]) -> tuple[Array, Array]:
    """Contracts bought net and traded in all, by step and kind."""
    places = {kind: place for place, kind in enumerate(kinds)}
    bought = np.zeros((len(flow.steps) + 1, len(places)))
    turned = np.zeros_like(bought)
    for step, orders in enumerate(flow.parts):
        for order in orders:
            bought[step, places[order.kind]] += order.lots / LOTS_A_CONTRACT
            turned[step, places[order.kind]] += abs(order.lots) / LOTS_A_CONTRACT
    return bought, turned


def _marks(
    walk: PathTerms, seconds: Sequence[int], path: Path, kinds: Sequence[Kind]
) -> tuple[black76.Mark, Array]:
    """Of every kind at every step, and the floor on the time that gamma counts."""
    elapsed = np.arange(len(path.spot)) * walk.step_seconds
    places = np.array([kind.expiry for kind in kinds])
    left = np.array(seconds)[places] - elapsed[:, None]
    strikes = np.array([kind.strike for kind in kinds])
    spot = path.spot[:, None]
    away, variance = np.log(strikes / spot), np.empty_like(spot * strikes)
    for step, vol in enumerate(path.vol):
        for place in set(places.tolist()):
            own = places == place
            smile = _smile(float(vol), seconds[place] - int(elapsed[step]))
            variance[step, own] = smile.total_variance(away[step, own])
    floor = np.sqrt(np.minimum(1.0, left / FLOOR_SECONDS))
    return black76.mark(spot, strikes, 1.0, variance, left / YEAR), floor


def _smile(vol: float, seconds: int) -> Slice:
    """As a local market posts it."""
    theta = vol * vol * seconds / YEAR
    return Slice(theta, RHO, theta / (1.2 * math.sqrt(theta + 0.01)))
