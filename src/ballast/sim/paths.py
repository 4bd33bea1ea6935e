"""Paths of spot and volatility, from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ballast.model.normal import Array
from ballast.units import DAY, YEAR

MOST_VOL_STEP: Final = 0.024
"""Of the logarithm of volatility in one step: what a keeper's post may follow."""
_PATH, _FLOW = 1, 2


@dataclass(frozen=True)
class PathTerms:
    """A geometric Brownian motion without drift, whose volatility wanders."""

    spot: float = 2_000.0
    vol: float = 0.65
    """A year, at the start."""
    vol_of_vol: float = 1.0
    """Of the logarithm of volatility, a year; zero for a plain motion."""
    days: int = 7
    step_seconds: int = 3_600

    @property
    def steps(self) -> int:
        return self.days * DAY // self.step_seconds

    @property
    def steps_a_day(self) -> int:
        return DAY // self.step_seconds


@dataclass(frozen=True)
class Path:
    """Spot and volatility at the start and after each step; both stand still within one.

    Spot moves by the volatility that stood at the beginning of its step.
    """

    spot: Array
    vol: Array


def generator(seed: int, number: int, purpose: int) -> np.random.Generator:
    """Of one purpose on one path: nobody's draws move another's."""
    return np.random.default_rng((seed, number, purpose))


def path(terms: PathTerms, seed: int, number: int) -> Path:
    """The path of this number."""
    random, years = generator(seed, number, _PATH), terms.step_seconds / YEAR
    scale = terms.vol_of_vol * np.sqrt(years)
    wander = np.clip(random.normal(0.0, 1.0, terms.steps) * scale, -MOST_VOL_STEP, MOST_VOL_STEP)
    vol = terms.vol * np.exp(np.concatenate([[0.0], np.cumsum(wander)]))
    sigma = vol[:-1] * np.sqrt(years)
    moves = sigma * random.normal(0.0, 1.0, terms.steps) - 0.5 * sigma * sigma
    spot = terms.spot * np.exp(np.concatenate([[0.0], np.cumsum(moves)]))
    return Path(np.round(spot, 2), np.round(vol, 6))


def flow_generator(seed: int, number: int) -> np.random.Generator:
    """For the orders that come on this path."""
    return generator(seed, number, _FLOW)
