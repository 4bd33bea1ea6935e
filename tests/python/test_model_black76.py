"""`ballast.model.black76` against QuantLib, 60 digits, finite differences and no-arbitrage."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from ballast.errors import ModelError
from ballast.model.black76 import Mark, log_moneyness, mark, values
from ballast.model.normal import Array

EPSILON = 2.0**-52
FIGURES = tuple(field.name for field in fields(Mark))


@dataclass(frozen=True)
class Inputs:
    forward: Array
    strike: Array
    discount: Array
    variance: Array
    tau: Array

    @property
    def spot(self) -> Array:
        return self.forward * self.discount

    @property
    def v(self) -> Array:
        return np.sqrt(self.variance)

    @property
    def d1(self) -> Array:
        return log_moneyness(self.forward, self.strike) / self.v + 0.5 * self.v

    @property
    def marks(self) -> Mark:
        return mark(self.forward, self.strike, self.discount, self.variance, self.tau)


def draw(count: int, seed: int) -> Inputs:
    """The documented domain of the kernel: K/F within 1/8..8, a minute to four years, vol to 10."""
    rng = np.random.default_rng(seed)
    forward = np.exp(rng.uniform(-5.0, 12.0, count))
    tau = 10.0 ** rng.uniform(np.log10(60.0 / 31_536_000.0), np.log10(4.0), count)
    vol = 10.0 ** rng.uniform(-4.0, 1.0, count)
    far = rng.uniform(-np.log(8.0), np.log(8.0), count)
    near = np.clip(rng.normal(0.0, 2.5, count) * vol * np.sqrt(tau), -np.log(8.0), np.log(8.0))
    strike = forward * np.exp(np.where(rng.random(count) < 0.3, far, near))
    return Inputs(forward, strike, rng.uniform(0.7, 1.3, count), vol * vol * tau, tau)


# --- QuantLib ---------------------------------------------------------------------------------


def quantlib(inputs: Inputs) -> dict[str, Array]:
    rows = zip(
        inputs.forward,
        inputs.strike,
        inputs.discount,
        inputs.v,
        inputs.tau,
        inputs.spot,
        strict=True,
    )
    table = np.array([quantlib_row(*map(float, row)) for row in rows])
    return dict(zip(FIGURES, table.T, strict=True))


def quantlib_row(
    forward: float, strike: float, discount: float, v: float, tau: float, spot: float
) -> tuple[float, ...]:
    call, put = (
        QuantLib.BlackCalculator(QuantLib.PlainVanillaPayoff(right, strike), forward, v, discount)
        for right in (QuantLib.Option.Call, QuantLib.Option.Put)
    )
    # QuantLib 1.44 divides volga by the total deviation v where dvega/dsigma has sigma: it is too
    # large by 1/sqrt(tau). test_volga__finite_difference__... settles which of the two is right.
    return (
        call.value(), put.value(), call.delta(spot), put.delta(spot), call.gamma(spot),
        call.vega(tau), call.theta(spot, tau), put.theta(spot, tau), call.vanna(spot, tau),
        call.volga(tau) * tau**0.5,
    )  # fmt: skip


@cache
def quantlib_sample() -> tuple[Inputs, dict[str, Array]]:
    inputs = draw(20_000, seed=11)
    return inputs, quantlib(inputs)


@pytest.mark.parametrize("figure", ["call", "put"])
def test_mark__value_above_a_thousandth_of_spot__is_quantlibs_to_1e_12(figure: str) -> None:
    """QuantLib subtracts two products, so its own digits run out as the option gets cheaper."""
    inputs, theirs = quantlib_sample()
    checked = (theirs[figure] > 1e-3 * inputs.spot) & (inputs.v > 1e-2)
    ours = getattr(inputs.marks, figure)
    assert checked.sum() > 5_000
    assert np.max(np.abs(ours[checked] / theirs[figure][checked] - 1.0)) < 1e-12


@pytest.mark.parametrize("figure", ["call", "put"])
def test_mark__value_anywhere__is_quantlibs_to_1e_12_of_spot_and_strike(figure: str) -> None:
    inputs, theirs = quantlib_sample()
    scale = inputs.spot + inputs.strike * inputs.discount
    gap = np.abs(getattr(inputs.marks, figure) - theirs[figure])
    assert np.max(gap / scale) < 1e-12


@pytest.mark.parametrize("figure", [name for name in FIGURES if name not in ("call", "put")])
def test_mark__greeks_within_four_deviations__are_quantlibs_to_1e_12(figure: str) -> None:
    """Farther out QuantLib is the one that is off: see the tests against 60 digits below."""
    inputs, theirs = quantlib_sample()
    checked = (np.abs(inputs.d1) < 4.0) & (np.abs(inputs.d1 - inputs.v) < 4.0) & (inputs.v > 1e-2)
    gap = np.abs(getattr(inputs.marks, figure) - theirs[figure])[checked]
    assert checked.sum() > 5_000
    assert np.max(gap / scales(inputs)[figure][checked]) < 1e-12


def scales(inputs: Inputs) -> dict[str, Array]:
    """What a figure's error is relative to: itself where it has one sign, else its largest term."""
    marks, v, root = inputs.marks, inputs.v, np.sqrt(inputs.tau)
    d1, d2 = np.abs(inputs.d1), np.abs(inputs.d1 - v)
    owed = np.abs(np.log(inputs.discount)) / inputs.tau * inputs.strike * inputs.discount
    decay = marks.vega * v / (2.0 * inputs.tau * root)
    density = marks.gamma * inputs.spot * v
    return {
        "call": marks.call,
        "put": marks.put,
        "delta_call": np.ones_like(v),
        "delta_put": np.ones_like(v),
        "gamma": marks.gamma,
        "vega": marks.vega,
        "theta_call": decay + owed,
        "theta_put": decay + owed,
        "vanna": density * (1.0 + d2) * root / v,
        "volga": marks.vega * (1.0 + d1) * (1.0 + d2) * root / v,
    }


# --- 60 digits --------------------------------------------------------------------------------


def exact_row(forward: Any, strike: Any, discount: Any, variance: Any, tau: Any) -> dict[str, Any]:
    """The definitions, term by term."""
    mp = mpmath
    spot, owed, v = forward * discount, strike * discount, mp.sqrt(variance)
    carry, sigma = -mp.log(discount) / tau, v / mp.sqrt(tau)
    d1 = mp.log(forward / strike) / v + v / 2
    d2 = d1 - v
    density, vega = mp.npdf(d1), spot * mp.npdf(d1) * mp.sqrt(tau)
    decay = -spot * density * sigma / (2 * mp.sqrt(tau))
    return {
        "call": spot * mp.ncdf(d1) - owed * mp.ncdf(d2),
        "put": owed * mp.ncdf(-d2) - spot * mp.ncdf(-d1),
        "delta_call": mp.ncdf(d1),
        "delta_put": -mp.ncdf(-d1),
        "gamma": density / (spot * v),
        "vega": vega,
        "theta_call": decay - carry * owed * mp.ncdf(d2),
        "theta_put": decay + carry * owed * mp.ncdf(-d2),
        "vanna": -density * d2 / sigma,
        "volga": vega * d1 * d2 / sigma,
    }


@cache
def exact_sample() -> tuple[Inputs, dict[str, Array]]:
    """Inputs, and the error of every figure of the model against 60 digits."""
    inputs = draw(4_000, seed=12)
    marks = inputs.marks
    errors: dict[str, list[float]] = {name: [] for name in FIGURES}
    with mpmath.workdps(60):
        for number in range(inputs.tau.size):
            row = (getattr(inputs, field.name)[number] for field in fields(Inputs))
            exact = exact_row(*(mpmath.mpf(float(x)) for x in row))
            for name in FIGURES:
                ours = mpmath.mpf(float(getattr(marks, name)[number]))
                errors[name].append(float(abs(ours - exact[name])))
    return inputs, {name: np.array(gaps) for name, gaps in errors.items()}


ONE_SIGNED = ("call", "put", "delta_call", "delta_put", "gamma", "vega")


@pytest.mark.parametrize("figure", ONE_SIGNED)
def test_mark__far_wings__keeps_its_relative_precision(figure: str) -> None:
    """1e-15 (1 + d1^2 + d2^2): what rounding d1 and d2 alone costs, down to values of 1e-290."""
    inputs, errors = exact_sample()
    size = np.abs(getattr(inputs.marks, figure))
    condition = 1.0 + inputs.d1**2 + (inputs.d1 - inputs.v) ** 2
    checked = size > 1e-290
    assert checked.sum() > 500
    assert np.max((errors[figure] / (np.maximum(size, 1e-290) * condition))[checked]) < 1e-15


@pytest.mark.parametrize("figure", ["theta_call", "theta_put", "vanna", "volga"])
def test_mark__figures_that_change_sign__are_right_to_their_largest_term(figure: str) -> None:
    inputs, errors = exact_sample()
    condition = 1.0 + inputs.d1**2 + (inputs.d1 - inputs.v) ** 2
    bound = 1e-15 * scales(inputs)[figure] * condition + 1e-290
    assert np.max(errors[figure] / bound) < 1.0


# --- Greeks are what they say -----------------------------------------------------------------

SPOT, CARRY, VOL, YEARS = 2_000.0, 0.05, 0.65, 0.4
STRIKES = np.array([1_200.0, 1_700.0, 2_000.0, 2_300.0, 3_100.0])


def market(spot: float = SPOT, vol: float = VOL, years: float = YEARS) -> Mark:
    growth = np.exp(CARRY * years)
    return mark(spot * growth, STRIKES, 1.0 / growth, vol * vol * years, years)


def slope(figure: str, parameter: str, at: float, step: float) -> Array:
    """Central difference of `figure` in one parameter, fourth order."""

    def value(offset: float) -> Array:
        result: Array = getattr(market(**{parameter: at + offset}), figure)
        return result

    near, far = value(step) - value(-step), value(2.0 * step) - value(-2.0 * step)
    return (8.0 * near - far) / (12.0 * step)


@pytest.mark.parametrize(
    ("greek", "figure", "parameter", "at", "step", "sign"),
    [
        ("delta_call", "call", "spot", SPOT, 2.0, 1.0),
        ("delta_put", "put", "spot", SPOT, 2.0, 1.0),
        ("gamma", "delta_call", "spot", SPOT, 2.0, 1.0),
        ("vega", "call", "vol", VOL, 1e-3, 1.0),
        ("vega", "put", "vol", VOL, 1e-3, 1.0),
        ("theta_call", "call", "years", YEARS, 1e-3, -1.0),
        ("theta_put", "put", "years", YEARS, 1e-3, -1.0),
        ("vanna", "delta_call", "vol", VOL, 1e-3, 1.0),
        ("vanna", "vega", "spot", SPOT, 2.0, 1.0),
        ("volga", "vega", "vol", VOL, 1e-3, 1.0),
    ],
)
def test_greek__finite_difference__has_its_sign_and_size(
    greek: str, figure: str, parameter: str, at: float, step: float, sign: float
) -> None:
    np.testing.assert_allclose(
        getattr(market(), greek), sign * slope(figure, parameter, at, step), rtol=2e-8
    )


def test_greeks__signs__are_the_usual_ones() -> None:
    marks = market()
    assert ((marks.delta_call > 0) & (marks.delta_call < 1)).all()
    assert ((marks.delta_put < 0) & (marks.delta_put > -1)).all()
    assert (marks.gamma > 0).all()
    assert (marks.vega > 0).all()
    assert (marks.theta_call < 0).all()
    assert marks.vanna[0] < 0 < marks.vanna[-1]
    assert marks.volga[0] > 0 > marks.volga[2]


# --- No-arbitrage -----------------------------------------------------------------------------


def test_values__parity__holds_to_rounding() -> None:
    inputs = draw(50_000, seed=13)
    call, put = inputs.marks.call, inputs.marks.put
    gap = call - put - inputs.discount * (inputs.forward - inputs.strike)
    assert np.max(np.abs(gap) / np.maximum(call, put)) <= EPSILON


def test_deltas__call_less_put__is_one() -> None:
    marks = draw(50_000, seed=14).marks
    assert np.max(np.abs(marks.delta_call - marks.delta_put - 1.0)) <= EPSILON


@pytest.mark.parametrize("variance", [1e-10, 1e-4, 0.04, 1.0, 100.0])
def test_values__fine_strike_grid__monotone_and_convex(variance: float) -> None:
    width = min(6.0 * variance**0.5, 1.5)
    strikes = 2_000.0 * np.linspace(1.0 - min(width, 0.95), 1.0 + width, 4_001)
    call, put = values(2_000.0, strikes, 0.97, variance)
    rounding = 4.0 * EPSILON * 4_000.0
    assert (np.diff(call) <= rounding).all()
    assert (np.diff(put) >= -rounding).all()
    assert (np.diff(call, 2) >= -rounding).all()
    assert (np.diff(put, 2) >= -rounding).all()


def test_values__rising_variance__never_falls_through_the_change_of_method() -> None:
    deviation = np.concatenate([np.linspace(0.9, 1.1, 4_001), [0.0, 1e-9, 30.0]])
    deviation.sort()
    for strike in (0.2, 0.7, 1.0, 1.1, 4.0):
        call, _ = values(1.0, strike, 1.0, deviation**2)
        assert (np.diff(call) >= -2.0 * EPSILON).all()


# --- Limits and input -------------------------------------------------------------------------


@pytest.mark.parametrize(("variance", "tau"), [(0.0, 0.0), (0.0, 0.5), (0.04, 0.0)])
def test_mark__no_variance_or_no_time__intrinsic_and_step_greeks(
    variance: float, tau: float
) -> None:
    marks = mark([110.0, 100.0, 90.0], 100.0, 0.96, variance, tau)
    np.testing.assert_allclose(marks.call, [9.6, 0.0, 0.0], rtol=1e-15)
    np.testing.assert_allclose(marks.put, [0.0, 0.0, 9.6], rtol=1e-15)
    assert marks.delta_call.tolist() == [1.0, 0.0, 0.0]
    assert marks.delta_put.tolist() == [0.0, -1.0, -1.0]
    for name in ("gamma", "vega", "vanna", "volga"):
        assert not getattr(marks, name).any()


def test_theta__no_variance_but_time_left__is_the_carry_on_the_strike() -> None:
    marks = mark([110.0, 90.0], 100.0, 0.96, 0.0, 0.5)
    owed = -np.log(0.96) / 0.5 * 96.0
    np.testing.assert_allclose(marks.theta_call, [-owed, 0.0], rtol=1e-15)
    np.testing.assert_allclose(marks.theta_put, [0.0, owed], rtol=1e-15)
    assert not mark([110.0, 90.0], 100.0, 0.96, 0.0, 0.0).theta_call.any()


@given(
    st.floats(1e-3, 1e9),
    st.floats(-3.4, 3.4),
    st.floats(0.25, 4.0),
    st.floats(0.0, 512.0),
    st.just(0.0) | st.floats(1.0 / 31_536_000.0, 4.0),
)
def test_mark__corners__finite_and_within_the_static_bounds(
    forward: float, moneyness: float, discount: float, variance: float, tau: float
) -> None:
    strike = forward * np.exp(moneyness)
    marks = mark(forward, strike, discount, variance, tau)
    slack = 1.0 + 8.0 * EPSILON
    assert all(np.isfinite(getattr(marks, name)) for name in FIGURES)
    assert max(discount * (forward - strike), 0.0) <= marks.call * slack
    assert marks.call <= discount * forward * slack
    assert max(discount * (strike - forward), 0.0) <= marks.put * slack
    assert marks.put <= discount * strike * slack


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((0.0, 1.0, 1.0, 0.1, 1.0), "forward must be finite and positive"),
        ((1.0, -1.0, 1.0, 0.1, 1.0), "strike must be finite and positive"),
        ((1.0, 1.0, np.nan, 0.1, 1.0), "discount must be finite"),
        ((1.0, 1.0, 1.0, -0.1, 1.0), "variance must be finite and zero or more"),
        ((1.0, 1.0, 1.0, 0.1, np.inf), "tau must be finite"),
        (([1.0, 2.0, -3.0], 1.0, 1.0, 0.1, 1.0), "entry 2 is -3.0"),
    ],
)
def test_mark__outside_the_domain__names_input_and_entry(arguments: Any, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        mark(*arguments)


def test_mark__broadcast__has_the_common_shape() -> None:
    marks = mark(np.full((3, 1), 100.0), np.linspace(80.0, 120.0, 5), 1.0, 0.04, 0.25)
    assert all(getattr(marks, name).shape == (3, 5) for name in FIGURES)
