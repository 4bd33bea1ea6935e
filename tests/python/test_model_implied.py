"""`ballast.model.implied`: the round trip, to what rounding the price leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from ballast.errors import ModelError
from ballast.model.black76 import mark, values
from ballast.model.implied import implied_deviation, implied_vol
from ballast.model.normal import Array


def draw(count: int, seed: int, v_min: float = 1e-7, v_max: float = 10.0) -> tuple[Array, ...]:
    """Forward, strike, discount and v, from calm to absurd."""
    rng = np.random.default_rng(seed)
    v = np.exp(rng.uniform(np.log(v_min), np.log(v_max), count))
    reach = np.where(rng.random(count) < 0.5, 1.0, v)
    x = np.clip(rng.normal(0.0, 1.0, count) * reach, -3.4, 3.4)
    x[: count // 50] = 0.0
    forward = np.exp(rng.uniform(-5.0, 12.0, count))
    return forward, forward * np.exp(-x), rng.uniform(0.7, 1.3, count), v


@pytest.mark.parametrize("right", ["cheap side", "call", "put"])
def test_implied_deviation__round_trip__loses_only_what_the_price_did(right: str) -> None:
    """At most 2e-15 (1 + price/(v vega)): what rounding the price once does to v."""
    forward, strike, discount, v = draw(50_000, seed=21)
    call, put = values(forward, strike, discount, v * v)
    is_call = {"cheap side": forward <= strike, "call": True, "put": False}[right]
    price = np.where(is_call, call, put)
    vega = mark(forward, strike, discount, v * v, 1.0).vega
    known = (price > 1e-290) & (
        price < 1e12 * v * vega
    )  # elsewhere the price no longer says what v was
    bound = 2e-15 * (1.0 + price[known] / (v * vega)[known])
    got = implied_deviation(
        *(x[known] for x in (price, forward, strike, discount)),
        np.broadcast_to(is_call, v.shape)[known],
    )
    assert known.sum() > 15_000
    assert np.max(np.abs(got / v[known] - 1.0) / bound) < 1.0


def test_implied_deviation__against_quantlib__agrees_to_1e_12() -> None:
    forward, strike, discount, v = draw(2_000, seed=22, v_min=0.05, v_max=2.0)
    strike = forward * np.exp(np.clip(np.log(strike / forward), -v, v))
    call, _ = values(forward, strike, discount, v * v)
    ours = implied_deviation(call, forward, strike, discount, True)
    theirs = [
        QuantLib.blackFormulaImpliedStdDev(
            QuantLib.Option.Call, k, f, price, df, 0.0, guess, 1e-15, 1_000
        )
        for k, f, price, df, guess in zip(
            *(x.tolist() for x in (strike, forward, call, discount, v)), strict=True
        )
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@given(st.floats(-3.0, 3.0), st.floats(1e-6, 20.0), st.booleans())
def test_implied_deviation__any_price__gives_that_price_back(
    x: float, v: float, is_call: bool
) -> None:
    strike = float(np.exp(x))
    price = values(1.0, strike, 1.0, v * v)[0 if is_call else 1]
    if float(price) >= (1.0 if is_call else strike) * (1.0 - 1e-12):
        return  # worth its bound to the last bits: any large v gives it
    found = implied_deviation(price, 1.0, strike, 1.0, is_call)
    again = values(1.0, strike, 1.0, found * found)[0 if is_call else 1]
    assert abs(float(again - price)) <= 1e-15 * (1.0 + strike)


def test_implied_vol__a_year_quarter__divides_by_the_root_of_time() -> None:
    call, _ = values(2_000.0, 2_100.0, 0.99, 0.6**2 * 0.25)
    assert float(implied_vol(call, 2_000.0, 2_100.0, 0.99, 0.25, True)) == pytest.approx(0.6, 1e-14)


def test_implied_deviation__intrinsic_price__is_zero() -> None:
    got = implied_deviation([10.0, 0.0, 0.0], [110.0, 100.0, 90.0], 100.0, 1.0, True)
    assert got.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((9.0, 110.0, 100.0, 1.0, True), "at least the intrinsic value"),
        ((-1e-9, 90.0, 100.0, 1.0, True), "at least the intrinsic value"),
        ((110.0, 110.0, 100.0, 1.0, True), "infinite volatility"),
        ((100.0, 110.0, 100.0, 1.0, False), "infinite volatility"),
        ((np.nan, 110.0, 100.0, 1.0, True), "price must be finite"),
        ((1.0, 0.0, 100.0, 1.0, True), "forward must be finite and positive"),
        (([1.0, 2.0, 500.0], 100.0, 100.0, 1.0, True), "entry 2 is 500.0"),
    ],
)
def test_implied_deviation__impossible_price__says_why(arguments: Any, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        implied_deviation(*arguments)


def test_implied_vol__no_time__is_refused() -> None:
    with pytest.raises(ModelError, match="tau must be finite and positive"):
        implied_vol(1.0, 100.0, 100.0, 1.0, 0.0, True)
