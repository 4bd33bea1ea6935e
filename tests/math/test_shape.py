"""No arbitrage on fine grids: monotone and convex in strike, monotone in variance, continuous at
the limits.

The tolerances are the stated error of a value (2e-18 S and the rounding to a wei), once for each
value compared: the exact figures have the property, so nothing but that error can break it.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from tests.math.accuracy import BOUNDS, GRAIN
from tests.math.bytecode import deployed
from tests.math.domain import DISCOUNT_MAX, DISCOUNT_MIN, TAU_MAX, VARIANCE_MAX
from tests.math.reference import OUTPUTS, WAD, YEAR, Point

FORWARDS = (10**6, 3_000 * WAD, 2**122)
DISCOUNTS = (DISCOUNT_MIN, WAD * 97 // 100, DISCOUNT_MAX)
VARIANCES = (1, 10**10, 10**14, WAD // 25, WAD, 64 * WAD, VARIANCE_MAX)
MARKETS = list(itertools.product(FORWARDS, DISCOUNTS, VARIANCES))


def _tolerance(forward: int, discount: int) -> Fraction:
    """The error that one value may have, in wei; exact, as the values exceed a double's digits."""
    return Fraction(BOUNDS[0]) * forward * discount / WAD + 1 + Fraction(GRAIN)


def _values(points: list[Point]) -> list[tuple[int, int]]:
    mark = deployed("Pricer").mark
    return [mark.words(*point)[:2] for point in points]


def _strikes(forward: int) -> list[list[int]]:
    """Evenly spaced strikes.

    Over the whole width, around the money, and within a millionth of it.
    """
    wide = [forward // 16 + i * (31 * forward // 16) // 400 for i in range(401)]
    far = [2 * forward + i * (30 * forward) // 200 for i in range(201)]
    near = [forward + (i - 150) * max(forward // 5_000, 1) for i in range(301)]
    tight = [forward + (i - 150) * max(forward // 10**9, 1) for i in range(301)]
    return [wide, far, near, tight]


@pytest.mark.parametrize(("forward", "discount", "variance"), MARKETS)
def test_mark__rising_strike__falls_for_calls_and_rises_for_puts(
    forward: int, discount: int, variance: int
) -> None:
    tolerance = 2 * _tolerance(forward, discount)
    for strikes in _strikes(forward):
        values = _values([Point(forward, k, discount, variance, YEAR) for k in strikes])
        for (call, put), (next_call, next_put) in itertools.pairwise(values):
            assert next_call - call <= tolerance
            assert put - next_put <= tolerance


@pytest.mark.parametrize(("forward", "discount", "variance"), MARKETS)
def test_mark__vertical_spread__is_worth_no_more_than_its_width(
    forward: int, discount: int, variance: int
) -> None:
    tolerance = 2 * _tolerance(forward, discount)
    for strikes in _strikes(forward):
        width = Fraction((strikes[1] - strikes[0] + 1) * discount, WAD)
        values = _values([Point(forward, k, discount, variance, YEAR) for k in strikes])
        for (call, put), (next_call, next_put) in itertools.pairwise(values):
            assert max(call - next_call, next_put - put) <= width + tolerance


@pytest.mark.parametrize(("forward", "discount", "variance"), MARKETS)
def test_mark__butterfly__is_never_negative(forward: int, discount: int, variance: int) -> None:
    tolerance = 4 * _tolerance(forward, discount)
    for strikes in _strikes(forward):
        even = [strikes[0] + i * (strikes[1] - strikes[0]) for i in range(len(strikes))]
        values = _values([Point(forward, k, discount, variance, YEAR) for k in even])
        for low, middle, high in zip(values, values[1:], values[2:], strict=False):
            assert low[0] - 2 * middle[0] + high[0] >= -tolerance
            assert low[1] - 2 * middle[1] + high[1] >= -tolerance


@pytest.mark.parametrize("moneyness", [0.04, 0.13, 0.9, 0.999999, 1.0, 1.000001, 1.2, 7.9, 31.0])
@pytest.mark.parametrize("forward", FORWARDS)
def test_mark__rising_variance__rises(forward: int, moneyness: float) -> None:
    strike, discount = int(forward * moneyness), WAD * 97 // 100
    tolerance = 2 * _tolerance(forward, discount)
    log_steps = sorted({min(int(1.05**i), VARIANCE_MAX) for i in range(1_000)})
    around_one = [WAD // 25 + i for i in range(200)]
    for variances in (log_steps, around_one):
        values = _values([Point(forward, strike, discount, w, YEAR) for w in variances])
        for before, after in itertools.pairwise(values):
            assert before[0] - after[0] <= tolerance
            assert before[1] - after[1] <= tolerance


@pytest.mark.parametrize("moneyness", [0.04, 0.5, 0.999, 1.001, 2.0, 31.0])
@pytest.mark.parametrize("forward", FORWARDS)
@pytest.mark.parametrize("discount", DISCOUNTS)
def test_mark__variance_to_zero__meets_its_limit(
    forward: int, discount: int, moneyness: float
) -> None:
    """Off the money one wei of variance (v = 1e-9) leaves only the step.

    All ten outputs equal, to the rounding.
    """
    strike = int(forward * moneyness)
    mark = deployed("Pricer").mark
    spot = forward * discount / WAD
    for tau in (60, YEAR, TAU_MAX):
        near = mark.words(forward, strike, discount, 1, tau)
        limit = mark.words(forward, strike, discount, 0, tau)
        for name, one, other in zip(OUTPUTS, near, limit, strict=True):
            drift = 1e-15 * 1.4 * YEAR / tau * max(spot, strike * discount / WAD)
            allowed = {"theta_call": drift, "theta_put": drift}.get(name, 2e-18 * spot)
            allowed += 10 if name.startswith("delta") else 2
            assert abs(one - other) <= allowed + (
                GRAIN * YEAR / tau * 4 if "theta" in name else 0
            ), name


@pytest.mark.parametrize("forward", FORWARDS)
@pytest.mark.parametrize("discount", DISCOUNTS)
def test_mark__at_the_money_with_variance_to_zero__tends_to_nothing(
    forward: int, discount: int
) -> None:
    """At the money the value is 0.4 S v, hence 4e-10 S at one wei of variance and zero at none."""
    mark = deployed("Pricer").mark
    call, put, *_ = mark.words(forward, forward, discount, 1, YEAR)
    assert mark.words(forward, forward, discount, 0, YEAR)[:2] == (0, 0)
    expected = Fraction(0.3989422804014327) * forward * discount / WAD / 10**9
    assert abs(call - expected) <= _tolerance(forward, discount)
    assert abs(put - call) <= 1


@pytest.mark.parametrize("moneyness", [0.2, 0.9, 1.0, 1.1, 5.0])
def test_mark__time_to_zero_at_fixed_volatility__meets_intrinsic(moneyness: float) -> None:
    forward, sigma = 3_000 * WAD, 1.0
    strike, mark = int(forward * moneyness), deployed("Pricer").mark
    intrinsic = mark.words(forward, strike, WAD, 0, 0)
    for tau in (3_600, 60, 1):
        variance = int(sigma * sigma * tau / YEAR * WAD)
        near = mark.words(forward, strike, WAD, variance, tau)
        bound = 0.4 * forward * sigma * (tau / YEAR) ** 0.5 + 2
        assert 0 <= near[0] - intrinsic[0] + 2 <= bound + 2
        assert 0 <= near[1] - intrinsic[1] + 2 <= bound + 2


@pytest.mark.parametrize("discount", DISCOUNTS)
def test_mark__value_and_delta__depend_on_variance_not_on_time(discount: int) -> None:
    mark = deployed("Pricer").mark
    for variance in VARIANCES:
        marks = {
            mark.words(3_000 * WAD, 3_300 * WAD, discount, variance, t)[:5]
            for t in (1, 60, TAU_MAX)
        }
        assert len(marks) == 1
