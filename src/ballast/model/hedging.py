"""When to hedge and how much, in double precision: the band, the hard trigger, the next order.

Everything is in quote tokens: dollar delta, gamma dollars, costs. An order costs g and the share
kappa of what it moves; risk aversion a weighs the variance of what is left. It is best to do
nothing while the dollar delta is within Y, and from there to trade back to L:

    Y L (Y + L) = 2 H_p^3        H_p^3 = 3/2 kappa G^2/a
    (Y + L)(Y - L)^3 = H_f^4     H_f^4 = 12 g G^2/a

docs/MATH.md derives the pair and the form in which it is computed. Deltas and gammas may be arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ballast.errors import ModelError
from ballast.model.normal import Array
from ballast.units import YEAR

HOUR = 3_600
_STEPS = 4


@dataclass(frozen=True)
class HedgeTerms:
    """The numbers of a risk sheet that a hedge uses, in natural units."""

    risk_aversion: float = 1e-4
    """a, per quote token."""
    hedge_gas: float = 5.0
    """g: what an order costs whatever its size."""
    swap_cost: float = 5e-4
    """kappa: fee and impact, share of what is traded."""
    hard_trigger: float = 5e-3
    """Share of NAV that an hour's deviation of the open delta may cost."""
    slice_min: float = 1_000.0
    slice_max: float = 50_000.0

    def __post_init__(self) -> None:
        if self.risk_aversion <= 0.0:
            raise ModelError(f"risk aversion {self.risk_aversion}: without any nothing is hedged")
        if min(self.hedge_gas, self.swap_cost) < 0.0:
            raise ModelError(f"costs {self.hedge_gas} and {self.swap_cost} must not be negative")


class Band(NamedTuple):
    """Dollar deltas, quote."""

    outer: Array
    """Y: from here on an order is due."""
    inner: Array
    """L: and goes back to here."""


def proportional_width(gamma: npt.ArrayLike, terms: HedgeTerms) -> Array:
    """H_p: the band where an order costs nothing but a share of its size, both of Y and L."""
    square = np.square(np.asarray(gamma, np.float64))
    return np.asarray(np.cbrt(1.5 * terms.swap_cost * square / terms.risk_aversion))


def fixed_width(gamma: npt.ArrayLike, terms: HedgeTerms) -> Array:
    """H_f: Y where an order costs the same whatever its size; L is zero then."""
    size = np.abs(np.asarray(gamma, np.float64))
    return np.asarray(np.sqrt(size * np.sqrt(12.0 * terms.hedge_gas / terms.risk_aversion)))


def band(gamma: npt.ArrayLike, terms: HedgeTerms) -> Band:
    """The exact pair, in the limits too: no gas, no swap cost, no gamma."""
    if terms.hedge_gas == 0.0:
        width = proportional_width(gamma, terms)
        return Band(width, width)
    width = fixed_width(gamma, terms)
    ratio = terms.swap_cost * width / terms.hedge_gas
    t = (1.0 + ratio) ** (1.0 / 9.0)
    for _ in range(_STEPS):  # t^9 = t + ratio; the guess is within 0.6 %
        t = (8.0 * t**9 + ratio) / (9.0 * t**8 - 1.0)
    rest = t**4 + 1.0
    return Band(width * rest / (2.0 * t), width * ratio / (2.0 * t * t * rest))


def near_band(gamma: npt.ArrayLike, terms: HedgeTerms) -> Band:
    """A closed form: its running cost is within 2 % of the least while kappa H_f/g <= 1.3, and
    always within a sixth."""
    fixed, proportional = fixed_width(gamma, terms), proportional_width(gamma, terms)
    outer = np.asarray((fixed**4 + proportional**4) ** 0.25)
    squared = proportional * proportional
    inner = np.divide(squared, outer, out=np.zeros_like(outer), where=outer > 0.0)
    return Band(outer, inner)


def order_rate(pair: Band, gamma: npt.ArrayLike, vol: float) -> Array:
    """Orders a year of a policy in the long run."""
    spread = np.square(vol * np.asarray(gamma, np.float64))
    return np.asarray(spread / (pair.outer**2 - pair.inner**2))


def trading_cost(pair: Band, gamma: npt.ArrayLike, vol: float, terms: HedgeTerms) -> Array:
    """What its orders cost a year."""
    each = terms.hedge_gas + terms.swap_cost * (pair.outer - pair.inner)
    return np.asarray(order_rate(pair, gamma, vol) * each)


def mean_square(pair: Band) -> Array:
    """Mean square of the dollar delta that it leaves open."""
    return np.asarray((pair.outer**2 + pair.inner**2) / 6.0)


def running_cost(pair: Band, gamma: npt.ArrayLike, vol: float, terms: HedgeTerms) -> Array:
    """What a policy costs a year with half of a times the variance that it leaves: `band` makes
    this least."""
    risk = 0.5 * terms.risk_aversion * vol * vol * mean_square(pair)
    return np.asarray(trading_cost(pair, gamma, vol, terms) + risk)


def is_hard(
    delta: npt.ArrayLike, nav: float, vol: float, terms: HedgeTerms
) -> npt.NDArray[np.bool_]:
    """Does an hour's deviation of spot cost more than the sheet allows?"""
    hour = np.abs(np.asarray(delta, np.float64)) * vol * np.sqrt(HOUR / YEAR)
    return np.asarray(hour > terms.hard_trigger * nav)


def order(
    delta: npt.ArrayLike, gamma: npt.ArrayLike, nav: float, vol: float, terms: HedgeTerms
) -> Array:
    """The dollar delta that the next order buys, below zero sells: at most a slice, zero inside.

    The band is never narrower than the least order.
    """
    signed = np.asarray(delta, np.float64)
    size, pair = np.abs(signed), band(gamma, terms)
    least = pair.inner + terms.slice_min
    is_out = (size >= pair.outer) | is_hard(signed, nav, vol, terms)
    amount = np.minimum(size - pair.inner, terms.slice_max)
    return np.asarray(np.where(is_out & (size >= least), -np.sign(signed) * amount, 0.0))


def orders(
    delta: float, gamma: float, nav: float, vol: float, terms: HedgeTerms
) -> tuple[float, ...]:
    """All orders that bring a dollar delta back, were spot to stand still meanwhile."""
    found: list[float] = []
    while amount := float(order(delta, gamma, nav, vol, terms)):
        found.append(amount)
        delta += amount
    return tuple(found)
