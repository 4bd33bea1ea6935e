"""The market that the demo prices: one spot, six expiries on an eSSVI surface, 24 strikes each.

The surface is an example with the shape that ETH options usually have, and it passes the same
no-arbitrage checks that a posted surface must. The clock stands still, so that every run prints the
same figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ballast.errors import SeriesError
from ballast.model.essvi import Slice, require_surface
from ballast.series import Right, Series, listable_expiries, require_listable
from ballast.units import (
    DAY,
    WAD,
    YEAR,
    float_to_wad_nearest,
    format_wad,
    to_wad,
    to_years,
    wad_to_float,
)

SYMBOL = "ETH"
NOW = 1_795_176_000
"""Friday 2026-11-20 12:00 UTC: the demo's clock."""
CARRY = 0.04
"""Per year: what holding quote tokens earns, so forward = spot exp(CARRY tau)."""
STRIKES = 24
"""Strikes per expiry, as many as a board holds."""
REACH = 2.2
"""The strikes reach this many standard deviations to either side of the forward."""

# (weeks ahead or 0 for tomorrow, volatility at the money, rho) of each expiry.
_TERMS = (
    (0, 0.74, -0.16),
    (1, 0.70, -0.20),
    (5, 0.655, -0.26),
    (13, 0.64, -0.30),
    (26, 0.65, -0.33),
    (52, 0.67, -0.35),
)
_MAIN = 2
_CURVATURE, _CURVATURE_POWER = 0.84, 0.56


@dataclass(frozen=True)
class Expiry:
    """One expiry as the contract sees it: WAD integers, seconds, and its smile."""

    expiry: int
    seconds: int
    forward: int
    discount: int
    smile: Slice
    strikes: tuple[int, ...]

    @property
    def label(self) -> str:
        """The day as in a series' name, 25DEC26."""
        return Series(self.expiry, WAD, Right.CALL).name(SYMBOL).split("-")[1]

    @property
    def years(self) -> float:
        return to_years(self.seconds)

    def moneyness(self, strike: int) -> float:
        """ln(K/F)."""
        return math.log(strike / self.forward)

    def variance(self, strike: int) -> int:
        """Total variance at `strike`, WAD, rounded to nearest: what the surface hands over."""
        return float_to_wad_nearest(float(self.smile.total_variance(self.moneyness(strike))))

    def vol(self, strike: int) -> float:
        """Volatility per square root of a year at `strike`."""
        return float(self.smile.vol(self.moneyness(strike), self.years))

    def curve_strikes(self, count: int = 97) -> tuple[int, ...]:
        """Strikes for a smooth line over the range of the listed ones."""
        first, last = (wad_to_float(self.strikes[end]) for end in (0, -1))
        return tuple(float_to_wad_nearest(x) for x in np.linspace(first, last, count))


@dataclass(frozen=True)
class Market:
    """Everything the demo prices."""

    spot: int
    expiries: tuple[Expiry, ...]

    @property
    def main(self) -> Expiry:
        """The expiry whose board is shown in full."""
        return self.expiries[_MAIN]

    def find(self, series: Series) -> Expiry:
        """The expiry of `series`; refuses one that the demo has no smile for."""
        require_listable(series, NOW)
        for expiry in self.expiries:
            if expiry.expiry == series.expiry:
                return expiry
        known = ", ".join(expiry.label for expiry in self.expiries)
        raise SeriesError(f"no smile for {series.name(SYMBOL)}: the demo's expiries are {known}")


def example_market(spot: int) -> Market:
    """The demo's market around `spot` (WAD)."""
    listed = listable_expiries(NOW, 60)
    fridays = listed[2:]
    times = [fridays[weeks - 1] if weeks else listed[0] for weeks, _, _ in _TERMS]
    smiles = []
    for expiry, (_, vol, rho) in zip(times, _TERMS, strict=True):
        theta = vol * vol * to_years(expiry - NOW)
        smiles.append(Slice(theta, rho, _CURVATURE * theta**_CURVATURE_POWER))
    require_surface(smiles, [to_years(expiry - NOW) for expiry in times])
    return Market(spot, tuple(map(_expiry, [spot] * len(times), times, smiles)))


def _expiry(spot: int, expiry: int, smile: Slice) -> Expiry:
    seconds = expiry - NOW
    discount = float_to_wad_nearest(math.exp(-CARRY * seconds / YEAR))
    forward = spot * WAD // discount
    return Expiry(expiry, seconds, forward, discount, smile, _strikes(forward, smile.theta))


def _strikes(forward: int, theta: float) -> tuple[int, ...]:
    """Evenly spaced round strikes that span REACH deviations around the forward."""
    centre, width = wad_to_float(forward), REACH * math.sqrt(theta)
    low, high = centre * math.exp(-width), centre * math.exp(width)
    step = _round_step((high - low) / (STRIKES - 1))
    first = max(round(low / step), 1)
    return tuple(to_wad(format((first + i) * step, ".9f")) for i in range(STRIKES))


def _round_step(gap: float) -> float:
    """The nearest to `gap`, by ratio, of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(gap))
    return min(
        (u * power for u in (1.0, 2.0, 2.5, 5.0, 10.0)), key=lambda s: abs(math.log(s / gap))
    )


def describe(seconds: int) -> str:
    """A time to expiry in words."""
    days = seconds / DAY
    return f"{seconds / 3_600:.0f} hours" if days < 2 else f"{days:.0f} days"


def plain_strike(strike: int) -> str:
    """A strike with thousands separated."""
    whole, _, part = format_wad(strike).partition(".")
    return f"{int(whole):,}" + (f".{part}" if part else "")
