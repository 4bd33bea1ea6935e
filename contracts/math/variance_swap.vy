# pragma version 0.4.3
# pragma optimize gas
"""
@title The variance swap of an eSSVI slice, in closed form
@license MIT
@notice E[-2 ln(S_T/F)] = integral of w(k) phi(z) dz with z = -d2(k). In terms of z the slice is a
    quadratic in v = sqrt(w), and what is odd in z integrates to nothing. With q = psi^2 (1 - rho^2)
    and A = (4 - psi (1 - rho)) (4 + psi (1 + rho)) / 4:

        W = (4 theta + q)/A + ((4 rho psi - q)/A)^2 / 2

    docs/MATH.md derives it. No strike is listed, interpolated or cut off.
"""

from .. import types
from .. import units
from . import fixed

ONE: constant(int256) = 10**36
LEAST_GAP: constant(int256) = (
    10**33
)  # of 4 - psi (1 - rho): at zero the left wing is as steep as any may be and the swap has no price


@internal
@pure
def _swap(smile: types.Slice) -> uint256:
    """
    @notice Total variance that a swap on the log of the price pays, for a slice without butterfly
        arbitrage
    @dev Where 4 - psi (1 - rho) is below 1e-3 (volatility above 300 % for months) it is taken as
        1e-3
    @param smile The slice
    @return Total variance
    @custom:error 4e-18 absolute and 4e-18 relative, where psi (1 - rho) is at most 2
    """
    psi: int256 = convert(smile.psi, int256)
    gap: int256 = max(4 * ONE - psi * (fixed.WAD - smile.rho), LEAST_GAP)
    A: int256 = gap * (4 * fixed.WAD + psi * (fixed.WAD + smile.rho) // fixed.WAD) // (
        4 * fixed.WAD
    )
    q: int256 = psi * psi * (ONE - smile.rho * smile.rho) // ONE
    tilt: int256 = (4 * smile.rho * psi - q) * fixed.WAD // A
    level: int256 = (4 * fixed.WAD * convert(smile.theta, int256) + q) * fixed.WAD // A
    return convert(level + tilt * tilt // (2 * fixed.WAD), uint256)
