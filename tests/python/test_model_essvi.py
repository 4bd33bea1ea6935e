"""`ballast.model.essvi`: the formula, its scaling in time, and the checks that keep it honest."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ballast.errors import SurfaceError
from ballast.model.essvi import (
    Bounds,
    Slice,
    butterfly_violations,
    calendar_violations,
    forward_variance,
    require_surface,
    surface_violations,
)

LOG_MONEYNESS = np.linspace(-4.0, 4.0, 801)
SLOPES = st.just(0.0) | st.floats(1e-18, 2.0)  # the least above zero that a contract can hold
SLICES = st.builds(Slice, st.floats(1e-4, 4.0), st.floats(-0.95, 0.95), SLOPES)


def exact_variance(smile: Slice, k: float) -> mpmath.mpf:
    theta, rho, psi, k = (mpmath.mpf(x) for x in (smile.theta, smile.rho, smile.psi, k))
    root = mpmath.sqrt((psi * k + theta * rho) ** 2 + theta**2 * (1 - rho**2))
    return (theta + rho * psi * k + root) / 2


def durrleman(smile: Slice, k: np.ndarray) -> np.ndarray:
    """The risk-neutral density up to a positive factor, from exact derivatives of w."""
    theta, rho, psi = smile.theta, smile.rho, smile.psi
    root = np.sqrt((psi * k + theta * rho) ** 2 + theta**2 * (1 - rho**2))
    w = smile.total_variance(k)
    first = 0.5 * (rho * psi + psi * (psi * k + theta * rho) / root)
    second = 0.5 * psi**2 * theta**2 * (1 - rho**2) / root**3
    return (1 - k * first / (2 * w)) ** 2 - first**2 / 4 * (1 / w + 0.25) + second / 2


@pytest.mark.parametrize("rho", [-0.999999, -0.9, -0.3, 0.0, 0.5, 0.999999])
@pytest.mark.parametrize(("theta", "psi"), [(0.04, 0.2), (1e-5, 0.01), (2.0, 1.9), (0.1, 0.0)])
def test_total_variance__both_wings__is_exact_to_rounding(
    theta: float, rho: float, psi: float
) -> None:
    smile = Slice(theta, rho, psi)
    with mpmath.workdps(50):
        for k in (-4.0, -1.0, -0.01, 0.0, 0.3, 2.0):
            exact = exact_variance(smile, k)
            # Near rho = +-1 the far wing hangs on 1 - |rho|, which rounding rho has already lost.
            assert abs(float(smile.total_variance(k)) / exact - 1) < 4e-15


@given(SLICES)
def test_total_variance__at_the_money__is_theta(smile: Slice) -> None:
    assert math.isclose(float(smile.total_variance(0.0)), smile.theta, rel_tol=1e-15)


@given(SLICES)
def test_total_variance__anywhere__is_positive(smile: Slice) -> None:
    assert (smile.total_variance(LOG_MONEYNESS) > 0.0).all()


@given(SLICES, st.floats(1e-3, 1.0))
def test_scaled__any_share_of_time__scales_the_whole_smile(smile: Slice, share: float) -> None:
    np.testing.assert_allclose(
        smile.scaled(share).total_variance(LOG_MONEYNESS),
        share * smile.total_variance(LOG_MONEYNESS),
        rtol=1e-13,
    )


@given(SLICES, st.floats(1e-6, 1.0))
def test_scaled__clean_slice__stays_clean_until_expiry(smile: Slice, share: float) -> None:
    assume(not butterfly_violations(smile))
    assert not butterfly_violations(smile.scaled(share))


@given(SLICES)
def test_vol__any_slice__does_not_move_with_time(smile: Slice) -> None:
    np.testing.assert_allclose(
        smile.vol(LOG_MONEYNESS, 0.5), smile.scaled(0.25).vol(LOG_MONEYNESS, 0.125), rtol=1e-13
    )


@given(SLICES)
def test_butterfly_violations__clean_slice__density_is_nowhere_negative(smile: Slice) -> None:
    assume(not butterfly_violations(smile))
    assert durrleman(smile, LOG_MONEYNESS).min() > -1e-9


@pytest.mark.parametrize(
    ("smile", "reason"),
    [
        (Slice(2.5, -0.9, 2.2), r"psi (1 + |rho|) = 4.18 exceeds 4"),
        (Slice(0.01, -0.5, 0.6), r"psi^2 (1 + |rho|) = 0.54 exceeds 4 theta"),
    ],
)
def test_butterfly_violations__too_much_wing__says_which_and_density_is_negative(
    smile: Slice, reason: str
) -> None:
    found = butterfly_violations(smile)
    assert len(found) == 1
    assert found[0].startswith(reason)
    assert durrleman(smile, np.linspace(-60.0, 60.0, 24_001)).min() < 0.0


@pytest.mark.parametrize(("slack", "count"), [(-1e-9, 0), (1e-9, 1)])
def test_butterfly_violations__at_the_bounds__are_found_just_outside(
    slack: float, count: int
) -> None:
    wing = 4.0 / 1.25 * (1.0 + slack)
    curvature = math.sqrt(4.0 * 0.09 / 1.25) * (1.0 + slack)
    assert len(butterfly_violations(Slice(9.0, -0.25, wing))) == count
    assert len(butterfly_violations(Slice(0.09, 0.25, curvature))) == count


@given(SLICES, st.floats(-0.95, 0.95), st.floats(1.0, 6.0), st.floats(0.0, 1.0))
def test_calendar_violations__none__later_variance_is_nowhere_lower(
    near: Slice, rho: float, growth: float, mix: float
) -> None:
    """`mix` picks psi of the later slice between the two bounds, where there is room."""
    low = near.psi * max((1.0 + near.rho) / (1.0 + rho), (1.0 - near.rho) / (1.0 - rho))
    far = Slice(near.theta * growth, rho, low + mix * max(near.psi * growth - low, 0.0))
    gap = far.total_variance(LOG_MONEYNESS) - near.total_variance(LOG_MONEYNESS)
    if calendar_violations(near, far):
        assert low > near.psi * growth
    else:
        assert (gap >= -1e-12 * near.total_variance(LOG_MONEYNESS)).all()


def test_calendar_violations__crossing_smiles__are_found() -> None:
    near, far = Slice(0.04, -0.8, 0.3), Slice(0.05, -0.2, 0.3)
    gap = far.total_variance(LOG_MONEYNESS) - near.total_variance(LOG_MONEYNESS)
    assert gap.min() < 0.0
    assert "psi of the later expiry" in calendar_violations(near, far)[0]


def test_calendar_violations__falling_theta__is_found() -> None:
    assert "theta falls" in calendar_violations(Slice(0.05, 0.0, 0.1), Slice(0.04, 0.0, 0.1))[0]


def test_forward_variance__flat_volatility__is_that_variance() -> None:
    near, far = Slice(0.36 * 0.1, 0.0, 0.1), Slice(0.36 * 0.4, 0.0, 0.2)
    assert math.isclose(forward_variance(near, 0.1, far, 0.4), 0.36, rel_tol=1e-14)
    with pytest.raises(SurfaceError, match="must rise"):
        forward_variance(near, 0.4, far, 0.1)


CLEAN = ([Slice(0.03, -0.3, 0.12), Slice(0.10, -0.35, 0.25)], [0.08, 0.25])


def test_require_surface__clean_set__passes() -> None:
    assert surface_violations(*CLEAN) == []
    require_surface(*CLEAN)


@pytest.mark.parametrize(
    ("slices", "taus", "reason"),
    [
        ([Slice(0.0001, 0.0, 0.001)], [0.25], r"slice 0: vol 0\.02 is outside"),
        ([Slice(4.0, 0.0, 0.5)], [0.25], r"slice 0: vol 4 is outside"),
        ([Slice(0.03, 0.0, 0.12), Slice(0.2, 0.0, 0.4)], [0.08, 0.16], r"slices 0 and 1: forward"),
        ([Slice(0.03, 0.0, 0.12), Slice(0.031, 0.0, 0.122)], [0.08, 0.25], r"slices 0 and 1: for"),
        ([Slice(0.03, 0.0, 0.12)], [0.08, 0.25], r"1 slices but 2 times"),
    ],
)
def test_require_surface__out_of_bounds__names_the_slice(
    slices: list[Slice], taus: list[float], reason: str
) -> None:
    with pytest.raises(SurfaceError, match=reason):
        require_surface(slices, taus)


def test_require_surface__wider_bounds__are_honoured() -> None:
    require_surface([Slice(4.0, 0.0, 0.5)], [0.25], Bounds(vol_max=5.0))


@pytest.mark.parametrize(
    "figures", [(0.0, 0.0, 0.1), (0.04, 1.0, 0.1), (0.04, 0.0, -0.1), (math.nan, 0.0, 0.1)]
)
def test_slice__malformed__is_refused(figures: Any) -> None:
    with pytest.raises(SurfaceError):
        Slice(*figures)
