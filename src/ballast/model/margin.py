"""The margin grid: what a portfolio is worth after each of ten shocks to spot and volatility.

Five spot moves with volatility up, three with volatility down, and two far moves that count at
three quarters of their loss. The volatility shock is larger for short expiries and reaches each
leg by its own time to expiry; strikes keep their volatility and the carry does not move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ballast.errors import ModelError
from ballast.model.black76 import values
from ballast.model.normal import Array
from ballast.series import Right
from ballast.units import DAY, YEAR

MONTH = 30 * DAY
"""Seconds of the expiry whose volatility shock is the nominal one."""


@dataclass(frozen=True)
class Scenario:
    """One cell of the grid."""

    spot_move: float
    """Relative: -0.25 is a fall by a quarter."""
    vol_up: bool
    weight: float = 1.0
    """Share of the loss that counts."""


SCENARIOS = (
    Scenario(-0.25, vol_up=True),
    Scenario(-0.125, vol_up=True),
    Scenario(0.0, vol_up=True),
    Scenario(0.125, vol_up=True),
    Scenario(0.25, vol_up=True),
    Scenario(-0.25, vol_up=False),
    Scenario(0.0, vol_up=False),
    Scenario(0.25, vol_up=False),
    Scenario(-0.50, vol_up=True, weight=0.75),
    Scenario(0.60, vol_up=True, weight=0.75),
)


@dataclass(frozen=True)
class VolShock:
    """Size of the volatility shocks and how fast they fade with time to expiry."""

    up: float = 0.60
    down: float = 0.30
    power_short: float = 0.30
    """Exponent below 30 days."""
    power_long: float = 0.13
    """Exponent from 30 days on."""

    def factor(self, seconds: npt.ArrayLike, *, up: bool) -> Array:
        """What volatility is multiplied by, `seconds` before expiry (below a day counts as one)."""
        left = np.maximum(np.asarray(seconds, np.float64), DAY)
        power = np.where(left < MONTH, self.power_short, self.power_long)
        size: Array = (self.up if up else -self.down) * (MONTH / left) ** power
        return 1.0 + size


@dataclass(frozen=True)
class Leg:
    """A position in one series, in natural units."""

    forward: float
    strike: float
    discount: float
    vol: float
    """Volatility per square root of a year, before the shock."""
    seconds: int
    """Time to expiry."""
    right: Right
    size: float
    """Contracts: positive held, negative written."""


def portfolio_values(
    legs: Sequence[Leg],
    scenarios: Sequence[Scenario] = SCENARIOS,
    shock: VolShock | None = None,
) -> Array:
    """Value of all legs together in each scenario, in quote tokens."""
    table = _columns(legs)
    return np.array([_shocked_value(table, cell, shock or VolShock()) for cell in scenarios])


def portfolio_value(legs: Sequence[Leg]) -> float:
    """Value of all legs together as things stand."""
    table = _columns(legs)
    return _value(table, table["forward"], table["vol"])


def weighted_losses(
    legs: Sequence[Leg],
    scenarios: Sequence[Scenario] = SCENARIOS,
    shock: VolShock | None = None,
) -> Array:
    """Loss against the present value in each scenario times its weight; gains are negative."""
    weights = np.array([cell.weight for cell in scenarios])
    result: Array = weights * (portfolio_value(legs) - portfolio_values(legs, scenarios, shock))
    return result


def worst_loss(
    legs: Sequence[Leg],
    scenarios: Sequence[Scenario] = SCENARIOS,
    shock: VolShock | None = None,
) -> float:
    """The largest weighted loss over the grid, and zero if nothing loses."""
    return max(0.0, float(weighted_losses(legs, scenarios, shock).max()))


def _columns(legs: Sequence[Leg]) -> dict[str, Array]:
    """The legs as one array per field."""
    for number, leg in enumerate(legs):
        if leg.vol < 0.0 or leg.seconds < 0:
            raise ModelError(f"leg {number} has a negative volatility or time: {leg}")
    names = ("forward", "strike", "discount", "vol", "seconds", "right", "size")
    return {name: np.array([getattr(leg, name) for leg in legs], np.float64) for name in names}


def _shocked_value(table: dict[str, Array], cell: Scenario, shock: VolShock) -> float:
    forward = table["forward"] * (1.0 + cell.spot_move)
    vol = table["vol"] * shock.factor(table["seconds"], up=cell.vol_up)
    return _value(table, forward, vol)


def _value(table: dict[str, Array], forward: Array, vol: Array) -> float:
    variance = vol * vol * table["seconds"] / YEAR
    call, put = values(forward, table["strike"], table["discount"], variance)
    return float(np.sum(table["size"] * np.where(table["right"] == Right.CALL, call, put)))
