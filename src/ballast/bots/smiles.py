"""From quotes of volatility to a surface that may be posted: a fit, and what mends it.

A fit minimises the weighted error of volatility over one expiry's slices that admit no butterfly.
`mended` then walks from the nearest expiry to the farthest and moves each slice as little as it
must so that the set has no calendar arbitrage and keeps the bounds of level and forward variance.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from ballast.bots.action import KeeperError
from ballast.errors import SeriesError, SurfaceError
from ballast.model.essvi import Bounds, Slice
from ballast.model.normal import Array
from ballast.series import parse_expiry
from ballast.units import to_years

MARGIN: Final = 1e-6
"""Relative distance that is kept from every bound, so that rounding cannot cross one."""
MOST_RHO: Final = 0.99
MOST_CURVATURE: Final = 0.999
"""Of psi over the largest that admits no butterfly."""
STEPS: Final = 60
LEAST_POINTS: Final = 3
_LOW: Final = np.array([-30.0, -2.6, -12.0])
_HIGH: Final = np.array([3.5, 2.6, 12.0])


@dataclass(frozen=True)
class SmileQuotes:
    """What some place quotes for one expiry: volatility by log-moneyness ln(K/F), and the carry."""

    points: tuple[tuple[float, float], ...]
    carry: float = 0.0
    """ln(F/S) per year."""
    weights: tuple[float, ...] = ()
    """One for each point; none for equal ones."""


@dataclass(frozen=True)
class View:
    """A slice that a keeper wants to stand, and the carry."""

    smile: Slice
    carry: float


class VolatilitySource(Protocol):
    """Where volatility comes from."""

    def quotes(self, now: int, expiries: Sequence[int]) -> Mapping[int, SmileQuotes]:
        """Quotes for those of the expiries that have any, as of now. Fails rather than be late."""


@dataclass(frozen=True)
class QuoteFile:
    """Quotes that another program writes: {"at": time, "expiries": {"2026-01-30": {"carry": 0.01,
    "points": [[-0.1, 0.7], [0, 0.65], [0.1, 0.62]]}}}, read anew each time."""

    path: Path
    oldest: int = 300
    """Seconds past which quotes are not used."""

    def quotes(self, now: int, expiries: Sequence[int]) -> Mapping[int, SmileQuotes]:
        """What the file says of these expiries."""
        try:
            found = json.loads(self.path.read_text())
            at, smiles = int(found["at"]), found["expiries"]
            read = {parse_expiry(day): _quotes_of(smile) for day, smile in smiles.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, SeriesError) as wrong:
            raise KeeperError(f"{self.path} has no quotes to post from: {wrong!r}") from wrong
        if not -self.oldest <= now - at <= self.oldest:
            raise KeeperError(
                f"the quotes in {self.path} are of {at} and it is {now}: more than {self.oldest} s "
                "apart. See that whatever writes the file still runs"
            )
        return {expiry: read[expiry] for expiry in expiries if expiry in read}


def fitted(quotes: SmileQuotes, tau: int) -> Slice:
    """The slice nearest to quotes in volatility, without butterfly arbitrage; `tau` in seconds.

    Levenberg-Marquardt in coordinates in which every point is such a slice.
    """
    k, vols, root = _columns(quotes)
    years = to_years(tau)

    def errors(point: Array) -> Array:
        found: Array = root * (_slice_at(point).vol(k, years) - vols)
        return found

    level = float(np.interp(0.0, k, vols))
    return _slice_at(_least_squares(errors, np.array([np.log(level**2 * years), 0.0, 0.0])))


def _least_squares(errors: Callable[[Array], Array], point: Array) -> Array:
    """The point of least squared errors near this one, by Levenberg and Marquardt."""
    miss, damping = errors(point), 1e-3
    for _ in range(STEPS):
        slope = _jacobian(errors, point, miss)
        normal = slope.T @ slope
        ridge = damping * np.diag(np.diag(normal)) + 1e-12 * np.eye(3)
        trial = np.clip(point - np.linalg.solve(normal + ridge, slope.T @ miss), _LOW, _HIGH)
        new = errors(trial)
        gain = float(miss @ miss - new @ new)
        if gain > 0:
            point, miss, damping = trial, new, damping / 4
        else:
            damping *= 8
        if 0 < gain < 1e-16 or damping > 1e9:
            break
    return point


def mended(slices: Sequence[Slice], taus: Sequence[int], bounds: Bounds) -> list[Slice]:
    """The slices, each moved as little as it must for the set to be a surface; soonest first."""
    found: list[Slice] = []
    for number, (smile, tau) in enumerate(zip(slices, taus, strict=True)):
        years = to_years(tau)
        low, high = bounds.vol_min**2 * years, bounds.vol_max**2 * years
        if number:
            near, past = found[-1], to_years(taus[number - 1])
            rate = near.theta / past * (years - past)
            low = max(low, near.theta + bounds.forward_ratio_min * rate)
            high = min(high, near.theta + bounds.forward_ratio_max * rate)
        theta = min(max(smile.theta, low * (1 + MARGIN)), high * (1 - MARGIN))
        rho = min(max(smile.rho, -MOST_RHO), MOST_RHO)
        if number:
            found.append(_after(found[-1], theta, rho, smile.psi))
        else:
            found.append(Slice(theta, rho, min(smile.psi, _most_psi(theta, rho))))
    return found


def _after(near: Slice, theta: float, rho: float, psi: float) -> Slice:
    """A later slice of this level: rho as near to the one wanted as leaves psi any room."""
    blend = 1.0
    while blend > 1e-3:
        turned = near.rho + blend * (rho - near.rho)
        low, high = _psi_room(near, theta, turned)
        if low < high:
            return Slice(theta, turned, min(max(psi, low), high))
        blend *= 0.8
    low, high = _psi_room(near, theta, near.rho)
    if low > high:
        raise SurfaceError(
            f"no slice of total variance {theta:.6g} can follow {near}: the nearer one is too steep"
        )
    return Slice(theta, near.rho, min(max(psi, low), high))


def _psi_room(near: Slice, theta: float, rho: float) -> tuple[float, float]:
    tilt = max((1 + near.rho) / (1 + rho), (1 - near.rho) / (1 - rho))
    most = min(near.psi * theta / near.theta, _most_psi(theta, rho))
    return near.psi * tilt * (1 + MARGIN / 10), most * (1 - MARGIN / 10)


def _most_psi(theta: float, rho: float) -> float:
    """The steepest wings without a butterfly, a little less."""
    wing = 1 + abs(rho)
    return float(min(4 / wing, 2 * np.sqrt(theta / wing)) * MOST_CURVATURE)


def _slice_at(point: Array) -> Slice:
    """Every point is a slice without butterfly arbitrage: ln theta, atanh rho, logit of psi."""
    theta, rho = float(np.exp(point[0])), float(np.tanh(point[1]))
    return Slice(theta, rho, _most_psi(theta, rho) / float(1 + np.exp(-point[2])))


def _jacobian(errors: Callable[[Array], Array], point: Array, here: Array) -> Array:
    width = 1e-6
    return np.stack([(errors(point + width * axis) - here) / width for axis in np.eye(3)], axis=1)


def _columns(quotes: SmileQuotes) -> tuple[Array, Array, Array]:
    """Log-moneyness, volatility and root of the weight of each quote, by rising strike."""
    count = len(quotes.points)
    if len({k for k, _ in quotes.points}) < LEAST_POINTS:
        raise KeeperError(
            f"{count} quotes do not make a smile: {LEAST_POINTS} of different strikes are the least"
        )
    if quotes.weights and len(quotes.weights) != count:
        raise KeeperError(f"{len(quotes.weights)} weights for {count} quotes: give one for each")
    weights = quotes.weights or (1.0,) * count
    rows = np.array(sorted((*point, w) for point, w in zip(quotes.points, weights, strict=True)))
    if not np.all(np.isfinite(rows)) or np.any(rows[:, 1:] <= 0):
        raise KeeperError("a quote has a volatility or a weight that is not a number above zero")
    return rows[:, 0], rows[:, 1], np.sqrt(rows[:, 2])


def _quotes_of(smile: Mapping[str, Any]) -> SmileQuotes:
    points = tuple((float(k), float(vol)) for k, vol in smile["points"])
    weights = tuple(float(weight) for weight in smile.get("weights", ()))
    return SmileQuotes(points, float(smile.get("carry", 0.0)), weights)
