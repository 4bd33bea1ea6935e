# pragma version 0.4.3
# pragma optimize gas
"""
@title When a set of eSSVI slices is free of static arbitrage
@license MIT
@notice Conditions on (theta, rho, psi) alone: no grid, no root, no logarithm. Every comparison is
    multiplied out, so it is exact in its integers. What holds at one time holds until expiry:
    docs/MATH.md.
@dev Trusted ranges: theta < 2^64, psi < 2^62, |rho| < 1 WAD, tau < 2^27: no product reaches 2^255.
"""

from .. import types
from .. import units
from . import fixed

FORWARD_RATIO: constant(
    uint256
) = 4  # forward variance to the variance before it: at most this, at least its inverse


@internal
@pure
def _require_level(theta: uint256, tau: uint256, vol_min: uint256, vol_max: uint256):
    """
    @notice Reverts unless the volatility at the money lies within bounds, both included
    @param theta Total variance at the money
    @param tau Seconds to expiry
    @param vol_min Least volatility
    @param vol_max Most
    """
    variance: uint256 = theta * (units.YEAR * units.WAD)
    assert (
        variance >= vol_min * vol_min * tau and variance <= vol_max * vol_max * tau
    ), "surface: volatility"


@internal
@pure
def _require_butterfly(smile: types.Slice):
    """
    @notice Reverts unless psi (1 + |rho|) <= 4 and psi^2 (1 + |rho|) <= 4 theta: no butterfly costs
        less than nothing
    @param smile The slice
    """
    psi: int256 = convert(smile.psi, int256)
    slope: int256 = psi * (fixed.WAD + abs(smile.rho))
    assert (
        slope <= 4 * fixed.WAD * fixed.WAD
        and slope * psi <= 4 * fixed.WAD * fixed.WAD * convert(smile.theta, int256)
    ), "surface: butterfly"


@internal
@pure
def _require_calendar(near: types.Slice, far: types.Slice):
    """
    @notice Reverts unless the later slice is nowhere below the earlier one: psi2 (1 +- rho2) >=
        psi1 (1 +- rho1) and psi2/theta2 <= psi1/theta1
    @dev theta2 >= theta1 is left to `_require_forward_variance`, which asks for more
    @param near The earlier expiry
    @param far The later one, as of the same time
    """
    psi1: int256 = convert(near.psi, int256)
    psi2: int256 = convert(far.psi, int256)
    assert (
        psi1 * (fixed.WAD + near.rho) <= psi2 * (fixed.WAD + far.rho)
        and psi1 * (fixed.WAD - near.rho) <= psi2 * (fixed.WAD - far.rho)
        and far.psi * near.theta <= near.psi * far.theta
    ), "surface: calendar"


@internal
@pure
def _require_forward_variance(
    near: uint256, near_tau: uint256, far: uint256, far_tau: uint256, ratio: uint256
):
    """
    @notice Reverts unless the variance per year between two expiries is within a factor of the one
        before the first
    @param near Theta of the earlier expiry
    @param near_tau Its seconds
    @param far Theta of the later expiry
    @param far_tau Its seconds, more
    @param ratio The factor, WAD: at most this, at least its inverse
    """
    gain: uint256 = (far - near) * near_tau if far > near else 0
    expected: uint256 = near * (far_tau - near_tau)
    assert (
        gain * ratio >= expected * units.WAD and gain * units.WAD <= expected * ratio
    ), "surface: forward variance"


@internal
@pure
def _log_distance_up(a: uint256, b: uint256) -> uint256:
    """
    @notice (r - 1/r)/2 with r = max/min: at least |ln(a/b)| = x, and by x^3/6 at most where x is
        small. A sum of such distances bounds the whole of a path
    @param a First number, below 2^64
    @param b Second number, positive
    @return The distance, WAD, rounded up
    """
    more: uint256 = max(a, b)
    less: uint256 = min(a, b)
    if less == 0:
        return 2**128
    return ((more - less) * (more + less) * units.WAD + 2 * more * less - 1) // (2 * more * less)
