"""The normal distribution to full double precision, vectorised.

numpy has no error function, and pricing needs more than one anyway: in the wings an option is worth
a difference of Mills' ratios, N(-x)/phi(x), not of probabilities. Everything here comes from
``erfcx(s) = exp(s^2) erfc(s)`` by W. J. Cody's rational Chebyshev approximations ("Rational
Chebyshev approximations for the error function", Math. Comp. 23, 1969): three ranges of s, each a
quotient of polynomials with error below 6e-19, so that rounding is all that is left.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
"""A numpy array of doubles; scalars are arrays of no dimension."""

SQRT_2PI = 2.5066282746310005024
_SQRT_HALF = 0.70710678118654752440
_SQRT_HALF_PI = 1.2533141373155002512
_INV_SQRT_PI = 0.56418958354775628695
_SMALL, _LARGE = 0.46875, 4.0
_PHI_ZERO = 39.0
"""phi(x) is zero in double precision from here on."""

# Cody's coefficients, highest power first. s <= 0.46875: erf(s) = s P(s^2)/Q(s^2).
_P_SMALL = (
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
_Q_SMALL = (
    1.0,
    2.36012909523441209e1,
    2.44024637934444173e2,
    1.28261652607737228e3,
    2.84423683343917062e3,
)
# 0.46875 <= s <= 4: erfcx(s) = P(s)/Q(s).
_P_MIDDLE = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
_Q_MIDDLE = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)
# s >= 4: erfcx(s) = (1/sqrt(pi) - P(1/s^2)/(s^2 Q(1/s^2))) / s.
_P_LARGE = (
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
)
_Q_LARGE = (
    1.0,
    2.56852019228982242e0,
    1.87295284992346725e0,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3,
)


def pdf(x: npt.ArrayLike) -> Array:
    """phi(x), to a few units in the last place wherever it is a normal double."""
    return _exp_half_square(np.asarray(x, np.float64), -1.0) / SQRT_2PI


def cdf(x: npt.ArrayLike) -> Array:
    """N(x), relative error below 1e-15 also deep in the left tail."""
    points = np.asarray(x, np.float64)
    tail = pdf(points) * _mills_positive(np.abs(points))
    return np.where(points < 0.0, tail, 1.0 - tail)


def mills(x: npt.ArrayLike) -> Array:
    """Mills' ratio N(-x)/phi(x). Falls like 1/x; overflows to inf below about -38."""
    points = np.asarray(x, np.float64)
    ratio = _mills_positive(np.abs(points))
    with np.errstate(over="ignore"):
        reflected = SQRT_2PI * _exp_half_square(np.minimum(points, 0.0), 1.0) - ratio
    return np.where(points < 0.0, reflected, ratio)


def erfcx(s: npt.ArrayLike) -> Array:
    """exp(s^2) erfc(s) for s >= 0; negative s is not asked for here and gives nan."""
    points = np.asarray(s, np.float64)
    result = np.full(points.shape, np.nan)
    for mask, function in (
        ((points >= 0.0) & (points <= _SMALL), _erfcx_small),
        ((points > _SMALL) & (points <= _LARGE), _erfcx_middle),
        (points > _LARGE, _erfcx_large),
    ):
        result[mask] = function(points[mask])
    return result


def _mills_positive(x: Array) -> Array:
    return _SQRT_HALF_PI * erfcx(x * _SQRT_HALF)


def _erfcx_small(s: Array) -> Array:
    square = s * s
    erf = s * _horner(_P_SMALL, square) / _horner(_Q_SMALL, square)
    result: Array = np.exp(square) * (1.0 - erf)
    return result


def _erfcx_middle(s: Array) -> Array:
    return _horner(_P_MIDDLE, s) / _horner(_Q_MIDDLE, s)


def _erfcx_large(s: Array) -> Array:
    inverse = (1.0 / s) ** 2
    return (_INV_SQRT_PI - inverse * _horner(_P_LARGE, inverse) / _horner(_Q_LARGE, inverse)) / s


def _exp_half_square(x: Array, sign: float) -> Array:
    """exp(sign x^2/2). x splits into 1/16ths and a rest, so the large part squares exactly."""
    bounded = np.clip(x, -_PHI_ZERO, _PHI_ZERO)
    head = np.round(bounded * 16.0) / 16.0
    rest = (bounded - head) * (bounded + head)
    result: Array = np.exp(sign * 0.5 * head * head) * np.exp(sign * 0.5 * rest)
    return result


def _horner(coefficients: tuple[float, ...], x: Array) -> Array:
    total = np.full(x.shape, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total
