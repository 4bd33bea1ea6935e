"""eSSVI: one slice of the volatility surface per expiry, and what keeps the set free of arbitrage.

A slice is (theta, rho, psi): at-the-money total variance, skew, and curvature times theta. With
k = ln(K/F) its total variance is

    w(k) = 1/2 [theta + rho psi k + sqrt((psi k + theta rho)^2 + theta^2 (1 - rho^2))].

As time passes a slice scales as a whole, ``w(k, t) = w_posted(k) tau / tau_posted``. The formula is
homogeneous in (theta, psi), so what holds when a slice is posted holds until it expires.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ballast.errors import SurfaceError
from ballast.model.normal import Array

TOLERANCE = 1e-12
"""Relative slack of every check, for rounding only."""


@dataclass(frozen=True)
class Slice:
    """One expiry's smile. Building one checks types and signs, not arbitrage."""

    theta: float
    """Total variance at the money, > 0."""
    rho: float
    """Skew, in (-1, 1); negative when low strikes are dearer."""
    psi: float
    """Slope of the wings, theta times phi; >= 0, and 0 is a flat smile."""

    def __post_init__(self) -> None:
        figures = (self.theta, self.rho, self.psi)
        if not all(np.isfinite(figures)):
            raise SurfaceError(f"slice {figures} has a figure that is not finite")
        if self.theta <= 0.0 or abs(self.rho) >= 1.0 or self.psi < 0.0:
            raise SurfaceError(f"slice {figures} needs theta > 0, |rho| < 1 and psi >= 0")

    def scaled(self, factor: float) -> Slice:
        """This slice when `factor` of its time is left: all of w(k) scales alike."""
        return Slice(self.theta * factor, self.rho, self.psi * factor)

    def total_variance(self, k: npt.ArrayLike) -> Array:
        """w(k) at log-moneyness k = ln(K/F), without cancellation in either wing."""
        slope = self.psi * np.asarray(k, np.float64)
        line = self.theta + self.rho * slope
        open_rho = (1.0 - self.rho) * (1.0 + self.rho)
        root = np.hypot(slope + self.theta * self.rho, self.theta * np.sqrt(open_rho))
        falling = slope * slope * open_rho / np.where(line < 0.0, root - line, 1.0)
        result: Array = 0.5 * np.where(line < 0.0, falling, line + root)
        return result

    def vol(self, k: npt.ArrayLike, tau: float) -> Array:
        """Implied volatility per square root of a year, `tau` in years."""
        result: Array = np.sqrt(self.total_variance(k) / tau)
        return result


@dataclass(frozen=True)
class Bounds:
    """Limits that a surface must keep at every post, arbitrage aside."""

    vol_min: float = 0.15
    vol_max: float = 3.0
    forward_ratio_min: float = 0.25
    forward_ratio_max: float = 4.0


def butterfly_violations(smile: Slice) -> list[str]:
    """Why one slice would let a butterfly cost less than nothing; empty if none can."""
    wing = 1.0 + abs(smile.rho)
    found = []
    if smile.psi * wing > 4.0 * (1.0 + TOLERANCE):
        found.append(f"psi (1 + |rho|) = {smile.psi * wing:.6g} exceeds 4: lower psi")
    if smile.psi**2 * wing > 4.0 * smile.theta * (1.0 + TOLERANCE):
        found.append(
            f"psi^2 (1 + |rho|) = {smile.psi**2 * wing:.6g} exceeds 4 theta = "
            f"{4.0 * smile.theta:.6g}: lower psi or raise theta"
        )
    return found


def calendar_violations(near: Slice, far: Slice) -> list[str]:
    """Why `far` would be worth less than `near` at some strike; empty if nowhere."""
    if far.theta < near.theta:
        return [f"theta falls from {near.theta:.6g} to {far.theta:.6g} with time: raise the later"]
    tilt = max((1.0 + near.rho) / (1.0 + far.rho), (1.0 - near.rho) / (1.0 - far.rho))
    low, high = near.psi * tilt, near.psi * far.theta / near.theta
    if far.psi < low * (1.0 - TOLERANCE) or far.psi > high * (1.0 + TOLERANCE):
        return [f"psi of the later expiry is {far.psi:.6g}, outside {low:.6g} .. {high:.6g}"]
    return []


def forward_variance(near: Slice, near_tau: float, far: Slice, far_tau: float) -> float:
    """Variance per year at the money between two expiries, `near_tau` < `far_tau` in years."""
    if not 0.0 < near_tau < far_tau:
        raise SurfaceError(f"expiries must rise: got {near_tau!r} before {far_tau!r} years")
    return (far.theta - near.theta) / (far_tau - near_tau)


def surface_violations(
    slices: Sequence[Slice], taus: Sequence[float], bounds: Bounds | None = None
) -> list[str]:
    """Every reason to refuse the set of slices, soonest expiry first; empty if it may stand."""
    limits = bounds or Bounds()
    if len(slices) != len(taus):
        raise SurfaceError(f"{len(slices)} slices but {len(taus)} times to expiry")
    found = []
    for number, (smile, tau) in enumerate(zip(slices, taus, strict=True)):
        vol = float(smile.vol(0.0, tau))
        reasons = butterfly_violations(smile)
        if not limits.vol_min <= vol <= limits.vol_max:
            reasons.append(f"vol {vol:.4g} is outside {limits.vol_min} .. {limits.vol_max}")
        found += [f"slice {number}: {reason}" for reason in reasons]
    for number, ((near, near_tau), (far, far_tau)) in enumerate(
        pairwise(zip(slices, taus, strict=True))
    ):
        reasons = calendar_violations(near, far)
        ratio = forward_variance(near, near_tau, far, far_tau) * near_tau / near.theta
        if not limits.forward_ratio_min <= ratio <= limits.forward_ratio_max:
            reasons.append(
                f"forward variance is {ratio:.4g} times the earlier one, outside "
                f"{limits.forward_ratio_min} .. {limits.forward_ratio_max}"
            )
        found += [f"slices {number} and {number + 1}: {reason}" for reason in reasons]
    return found


def require_surface(
    slices: Sequence[Slice], taus: Sequence[float], bounds: Bounds | None = None
) -> None:
    """Refuse a set of slices with static arbitrage or outside `bounds`, naming every reason."""
    found = surface_violations(slices, taus, bounds)
    if found:
        raise SurfaceError("surface refused: " + "; ".join(found))
