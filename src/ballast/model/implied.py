"""Implied volatility to full double precision, for whole arrays at once.

Newton's method on the logarithm of the out-of-the-money value, which is nearly a parabola in 1/v
where options are cheap, and on the logarithm of what is missing to the upper bound where they are
dear. Both are monotone in v; a bracket with bisection guards every step, so there is no input on
which the iteration can be lost.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ballast.errors import ModelError
from ballast.model.black76 import log_moneyness, otm_over_root, require
from ballast.model.normal import SQRT_2PI, Array, cdf, pdf

_STEPS = 60
_V_MAX = 80.0
_BEND_MIN = 1e-3
_CLOSE = 1e-9
"""Newton's method doubles its digits: a step this small leaves nothing for the next one."""


def implied_deviation(
    price: npt.ArrayLike,
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    discount: npt.ArrayLike,
    is_call: npt.ArrayLike,
) -> Array:
    """v = sigma sqrt(tau) at which Black-76 gives `price`; inputs broadcast, natural units.

    Zero where the price is the intrinsic value to the last bit. Refuses a price below the intrinsic
    value, or not below the value at infinite volatility.
    """
    paid, f, k, df = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (price, forward, strike, discount))
    )
    for name, array in (("forward", f), ("strike", k), ("discount", df)):
        require(name, array, array > 0.0, "positive")
    sign = np.where(np.asarray(is_call, np.bool_), 1.0, -1.0)
    intrinsic = df * np.maximum(sign * (f - k), 0.0)
    time_value = paid - intrinsic
    ceiling = df * np.minimum(f, k)
    require("price", paid, time_value >= 0.0, "at least the intrinsic value")
    require("price", paid, time_value < ceiling, "below its value at infinite volatility")
    x = np.abs(log_moneyness(f, k))
    target = time_value / (df * np.sqrt(f) * np.sqrt(k))
    live = target > 0.0
    solved = _solve(np.where(live, target, 0.1 * np.exp(-0.5 * x)), x)
    return np.where(live, solved, 0.0)


def implied_vol(
    price: npt.ArrayLike,
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    discount: npt.ArrayLike,
    tau: npt.ArrayLike,
    is_call: npt.ArrayLike,
) -> Array:
    """Volatility per square root of a year at which Black-76 gives `price`; `tau` in years."""
    years = np.asarray(tau, np.float64)
    require("tau", years, years > 0.0, "positive")
    result: Array = implied_deviation(price, forward, strike, discount, is_call) / np.sqrt(years)
    return result


def _solve(target: Array, x: Array) -> Array:
    """v with otm_over_root(x, v) = target, by Newton's method inside a bracket."""
    bend = np.maximum(np.sqrt(2.0 * x), _BEND_MIN)  # where value turns from convex to concave
    cheap = target <= otm_over_root(x, bend)
    # v >= value sqrt(2 pi), sharp at the money, and v >= x / sqrt(-2 ln value), sharp in the wings.
    wing = x / np.sqrt(-2.0 * np.log(np.where(cheap, target, 0.5)))
    low = np.where(cheap, np.minimum(np.maximum(target * SQRT_2PI, wing), bend), bend)
    high = np.where(cheap, bend, _V_MAX)
    goal = _goal(target, x, cheap)
    v = low
    for _ in range(_STEPS):
        value, slope = _objective(v, x, cheap)
        low, high = np.where(value < goal, v, low), np.where(value < goal, high, v)
        with np.errstate(all="ignore"):
            step = v + (goal - value) / slope
        inside = (step >= (1.0 - _CLOSE) * low) & (step <= (1.0 + _CLOSE) * high)
        following = np.where(inside, step, np.sqrt(low * high))
        moved = np.abs(following - v)
        v = following
        if np.all(moved <= _CLOSE * v):
            return _polished(v, target, x)
    raise ModelError(f"implied volatility did not settle in {_STEPS} steps")


def _goal(target: Array, x: Array, cheap: npt.NDArray[np.bool_]) -> Array:
    """The objective's value at the answer: -1/ln(value) if cheap, else -ln(missing)."""
    missing = np.where(cheap, 0.5, np.exp(-0.5 * x) - target)
    floor = np.finfo(np.float64).tiny
    return np.where(cheap, -1.0 / np.log(target), -np.log(np.maximum(missing, floor)))


def _objective(v: Array, x: Array, cheap: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """What is driven to its goal, and its derivative in v."""
    vega = _vega(v, x)
    h, t = -x / v, 0.5 * v
    missing = np.exp(-0.5 * x) * cdf(-h - t) + np.exp(0.5 * x) * cdf(h - t)
    with np.errstate(all="ignore"):
        value = otm_over_root(x, v)
        log = np.log(value)
        return (
            np.where(cheap, -1.0 / log, -np.log(missing)),
            np.where(cheap, vega / (value * log * log), vega / missing),
        )


def _polished(v: Array, target: Array, x: Array) -> Array:
    """One plain Newton step: the logarithms above cost a few of the last bits."""
    vega = _vega(v, x)
    with np.errstate(all="ignore"):
        step = (target - otm_over_root(x, v)) / vega
    return np.where(np.abs(step) < _CLOSE * v, v + step, v)


def _vega(v: Array, x: Array) -> Array:
    """Derivative of otm_over_root in v."""
    result: Array = pdf(x / v) * np.exp(-0.125 * v * v)
    return result
