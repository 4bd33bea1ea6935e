"""Black-76 with all Greeks in double precision: the reference the contracts are compared with.

Inputs are those of ``Pricer.mark`` in natural units: forward F, strike K, discount factor df, total
variance (volatility squared times years) and the time to expiry in years. Definitions:

* spot S = F df, carry c = -ln(df)/tau, v = sqrt(variance), sigma = v/sqrt(tau),
  d1 = ln(F/K)/v + v/2, d2 = d1 - v
* call = S N(d1) - K df N(d2), put by parity
* delta = dV/dS, gamma = d2V/dS2
* vega = dV/dsigma per 1.00 of volatility, theta = dV/dt per year at fixed S, sigma and c
* vanna = d delta/d sigma, volga = d vega/d sigma

At zero variance or zero time the value is the intrinsic one, delta is a step that is 0 at the
money, and every other figure is 0, but for theta's limit while time is left.

The textbook difference loses all its digits for cheap options. Here the out-of-the-money value is

    df sqrt(F K) phi(h) exp(-t^2/2) [Y(h + t) - Y(h - t)],   h = -|ln(F/K)|/v, t = v/2, Y = N/phi

and the bracket is the integral of Y' = 1 + z Y(z) > 0 by Gauss-Legendre quadrature where t is
small, so the value keeps its relative precision in both wings and at any expiry. The in-the-money
value is intrinsic plus that: parity is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ballast.errors import ModelError
from ballast.model.normal import Array, cdf, mills, pdf

_QUADRATURE_LIMIT = 0.5
"""Below this half-deviation v/2 the bracket is integrated, above it is subtracted."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Mark:
    """Value and Greeks of one call and one put: the fields and meanings of the contract's Mark."""

    call: Array
    put: Array
    delta_call: Array
    delta_put: Array
    gamma: Array
    vega: Array
    theta_call: Array
    theta_put: Array
    vanna: Array
    volga: Array


@dataclass(frozen=True)
class _State:
    """Broadcast inputs and the two arguments of the normal distribution."""

    forward: Array
    strike: Array
    discount: Array
    tau: Array
    deviation: Array
    moneyness: Array
    d1: Array
    d2: Array
    live: npt.NDArray[np.bool_]

    @property
    def spot(self) -> Array:
        return self.forward * self.discount


def mark(
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    discount: npt.ArrayLike,
    variance: npt.ArrayLike,
    tau: npt.ArrayLike,
) -> Mark:
    """Value and all Greeks; inputs broadcast. `variance` is total, `tau` in years."""
    state = _state(forward, strike, discount, variance, tau)
    call, put = _values(state)
    delta_call, delta_put = _deltas(state)
    density = np.where(state.live, pdf(state.d1), 0.0)
    deviation = np.where(state.live, state.deviation, 1.0)
    root_tau = np.sqrt(state.tau)
    vega = state.spot * density * root_tau
    theta_call, theta_put = _thetas(state, density)
    return Mark(
        call=call,
        put=put,
        delta_call=delta_call,
        delta_put=delta_put,
        gamma=density / (state.spot * deviation),
        vega=vega,
        theta_call=theta_call,
        theta_put=theta_put,
        vanna=-density * state.d2 * root_tau / deviation,
        volga=vega * state.d1 * state.d2 * root_tau / deviation,
    )


def values(
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    discount: npt.ArrayLike,
    variance: npt.ArrayLike,
) -> tuple[Array, Array]:
    """Value of the call and of the put, without Greeks."""
    return _values(_state(forward, strike, discount, variance, 1.0))


def log_moneyness(forward: Array, strike: Array) -> Array:
    """ln(F/K) to full relative precision: near the money F - K is exact, F/K is not."""
    gap = (forward - strike) / strike
    near = np.abs(gap) < 0.5
    result: Array = np.where(near, np.log1p(np.where(near, gap, 0.0)), np.log(forward / strike))
    return result


def otm_over_root(moneyness: Array, deviation: Array) -> Array:
    """Out-of-the-money value over df sqrt(F K), from ln(F/K) (either sign) and v > 0."""
    x = np.abs(moneyness)
    h, t = -x / deviation, 0.5 * deviation
    lower, upper = h - t, h + t
    scale = pdf(h) * np.exp(-0.5 * t * t)
    subtracted = np.exp(-0.5 * x) * cdf(upper) - np.exp(0.5 * x) * cdf(lower)
    ratios = scale * (mills(-np.minimum(upper, 0.0)) - mills(-lower))
    wide = np.where(upper > 0.0, subtracted, ratios)
    return np.where(t > _QUADRATURE_LIMIT, wide, scale * _integral(h, t))


def _integral(h: Array, t: Array) -> Array:
    """Y(h + t) - Y(h - t) as the integral of Y'(z) = 1 + z Y(z) over [h - t, h + t]."""
    half = np.minimum(t, _QUADRATURE_LIMIT)
    total = np.zeros(np.broadcast(h, t).shape)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        z = h + half * node
        total = total + weight * (1.0 + z * mills(-z))
    result: Array = half * total
    return result


def _state(
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    discount: npt.ArrayLike,
    variance: npt.ArrayLike,
    tau: npt.ArrayLike,
) -> _State:
    f, k, df, w, years = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (forward, strike, discount, variance, tau))
    )
    for name, array in (("forward", f), ("strike", k), ("discount", df)):
        require(name, array, array > 0.0, "positive")
    for name, array in (("variance", w), ("tau", years)):
        require(name, array, array >= 0.0, "zero or more")
    live = (w > 0.0) & (years > 0.0)
    v = np.sqrt(w)
    x = log_moneyness(f, k)
    h = x / np.where(live, v, 1.0)
    return _State(f, k, df, years, v, x, h + 0.5 * v, h - 0.5 * v, live)


def _values(state: _State) -> tuple[Array, Array]:
    scale = state.discount * np.sqrt(state.forward) * np.sqrt(state.strike)
    time_value = scale * otm_over_root(state.moneyness, np.where(state.live, state.deviation, 1.0))
    otm = np.where(state.live, time_value, 0.0)
    gap = state.discount * (state.forward - state.strike)
    return otm + np.maximum(gap, 0.0), otm + np.maximum(-gap, 0.0)


def _deltas(state: _State) -> tuple[Array, Array]:
    step = np.where(state.forward > state.strike, 1.0, 0.0)
    return (
        np.where(state.live, cdf(state.d1), step),
        np.where(state.live, -cdf(-state.d1), step - 1.0),
    )


def _thetas(state: _State, density: Array) -> tuple[Array, Array]:
    """Decay of the time value, and the carry on the discounted strike where it is owed."""
    years = np.where(state.tau > 0.0, state.tau, 1.0)
    carry = np.where(state.tau > 0.0, -np.log(state.discount) / years, 0.0)
    owed = carry * state.strike * state.discount
    decay = -state.spot * density * state.deviation / (2.0 * years)
    step = np.where(state.forward > state.strike, 1.0, 0.0)
    exercised = np.where(state.live, cdf(state.d2), step)
    spared = np.where(state.live, cdf(-state.d2), 1.0 - step)
    return decay - owed * exercised, decay + owed * spared


def require(name: str, array: Array, good: npt.NDArray[np.bool_], rule: str) -> None:
    """Refuse arrays with an entry that is not `good` or not finite; says which entry."""
    bad = ~(good & np.isfinite(array))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ModelError(
            f"{name} must be finite and {rule}; entry {first} is {array.reshape(-1)[first]!r}"
        )
