"""What many episodes under one policy come to, and what policies come to beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ballast.errors import BallastError
from ballast.sim.episode import Policy, Run


class SimulationError(BallastError):
    """An experiment that cannot be run, or has nothing to tell."""


@dataclass(frozen=True)
class Figures:
    """Of one policy over all paths. Quote tokens."""

    policy: Policy
    paths: int
    orders: float
    """A path."""
    cost: float
    """A path: fees, impact, gas."""
    deviation: float
    """Standard deviation of a day's gain: of a step's, times the root of the steps in a day."""
    external: float
    """Over gross: volume on venues over dollar delta of client trades."""
    open_delta: float
    """Root of the mean square of the dollar delta that was left open."""
    refused: int
    """Trades of clients, over all paths."""


def figures(runs: Sequence[Run], gas: float, steps_a_day: int) -> Figures:
    """Of runs under one policy.

    Days would do as well as steps were there enough of them: over ten weeks they tell the ratio of
    two policies' deviations to five hundredths, hours to one and a half.
    """
    if not runs or len({run.policy for run in runs}) != 1:
        raise SimulationError("figures are of one policy and of one path at least")
    gains = np.concatenate([run.gains(1, gas) for run in runs])
    if len(gains) < 2:
        raise SimulationError("a deviation takes two steps, on one path or on two")
    gross = sum(run.gross for run in runs)
    return Figures(
        policy=runs[0].policy,
        paths=len(runs),
        orders=sum(run.orders for run in runs) / len(runs),
        cost=sum(run.cost(gas) for run in runs) / len(runs),
        deviation=float(np.std(gains, ddof=1) * np.sqrt(steps_a_day)),
        external=sum(run.external for run in runs) / gross if gross else 0.0,
        open_delta=float(np.sqrt(np.mean(np.concatenate([run.delta for run in runs]) ** 2))),
        refused=sum(run.refused for run in runs),
    )


@dataclass(frozen=True)
class Comparison:
    """The band beside hedging at every step, and both beside no hedge."""

    saving: float
    """Share of the cost of every step that the band does not spend."""
    more_deviation: float
    """Deviation under the band over that of every step, less one."""
    of_unhedged: float
    """Deviation under the band over that without a hedge."""


def compare(none: Figures, band: Figures, every: Figures) -> Comparison:
    """Three policies on the same paths."""
    return Comparison(
        saving=1.0 - band.cost / every.cost,
        more_deviation=band.deviation / every.deviation - 1.0,
        of_unhedged=band.deviation / none.deviation,
    )
