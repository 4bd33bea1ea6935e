"""`ballast.model.normal`: the normal distribution against 40 digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.model.normal import cdf, erfcx, mills, pdf

POINTS = np.concatenate(
    [
        np.random.default_rng(1).uniform(-37.5, 8.0, 1_500),
        np.random.default_rng(2).normal(0.0, 1.0, 500),
        [0.0, -0.0, 1e-300, -1e-17, 0.46875 * 2**0.5, -4.0 * 2**0.5],
    ]
)


def relative_error(got: np.ndarray, exact: list[mpmath.mpf]) -> float:
    return max(float(abs(mpmath.mpf(float(g)) / e - 1)) for g, e in zip(got, exact, strict=True))


def test_cdf__both_tails__relative_error_below_1e_15() -> None:
    with mpmath.workdps(40):
        assert relative_error(cdf(POINTS), [mpmath.ncdf(float(x)) for x in POINTS]) < 1e-15


def test_pdf__both_tails__relative_error_below_1e_15() -> None:
    with mpmath.workdps(40):
        assert relative_error(pdf(POINTS), [mpmath.npdf(float(x)) for x in POINTS]) < 1e-15


def test_mills__both_tails__relative_error_below_1e_15() -> None:
    with mpmath.workdps(40):
        exact = [mpmath.ncdf(-float(x)) / mpmath.npdf(float(x)) for x in POINTS]
        assert relative_error(mills(POINTS), exact) < 1e-15


@given(st.floats(-37.0, 37.0))
def test_cdf__reflection__sums_to_one(x: float) -> None:
    assert abs(float(cdf(x) + cdf(-x)) - 1.0) <= 2.0**-52


@given(st.floats(-38.0, 8.0), st.floats(1e-9, 1.0))
def test_cdf__rising_argument__never_falls(x: float, step: float) -> None:
    assert float(cdf(x + step)) >= float(cdf(x))


@pytest.mark.parametrize(("x", "value"), [(np.inf, 1.0), (-np.inf, 0.0), (60.0, 1.0), (-60.0, 0.0)])
def test_cdf__far_out__is_the_limit(x: float, value: float) -> None:
    assert float(cdf(x)) == value


def test_erfcx__negative_or_nan__is_nan() -> None:
    assert np.isnan(erfcx([-1.0, np.nan])).all()


@pytest.mark.parametrize("shape", [(), (1,), (3, 2), (0,)])
def test_cdf__any_shape__is_kept(shape: tuple[int, ...]) -> None:
    assert cdf(np.zeros(shape)).shape == shape
