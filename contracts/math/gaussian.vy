# pragma version 0.4.3
# pragma optimize gas
"""
@title The normal distribution through Mills' ratio
@license MIT
@notice R(x) = (1 - N(x))/phi(x). One density serves every tail: N(-|d1|) = phi(d1) R(|d1|), and
    as S phi(d1) = K df phi(d2) also K df N(-|d2|) = S phi(d1) R(|d2|). Arguments are D = d / sqrt(2
    ln 2), so that phi(d) = 2^(-D^2) / sqrt(2 pi).
"""

from . import coefficients as c
from . import fixed


@internal
@pure
def _density(d: int256) -> int256:
    """
    @notice phi(d), for |D| < 2^127.5 at Q
    @param d D = d / sqrt(2 ln 2), Q
    @return The density, Q; zero beyond |d| = 11.6
    @custom:error absolute 1e-22
    """
    return fixed._exp2_neg(unsafe_mul(d, d) >> 96, c.INV_SQRT_2PI)


@internal
@pure
def _cumulate(d: int256, density: int256, total: int256) -> int256:
    """
    @notice total * N(d), where density = total * phi(d)
    @dev Beyond |d| = 11.6 the density is zero, and with it the tail, whatever the fraction
        gives; below, no partial denominator comes near zero (`assert_no_poles` in
        tools/kernel/fit.py). Largest intermediate 2^153 * 2^97.
    @param d D = d / sqrt(2 ln 2), Q
    @param density total * phi(d), any unit
    @param total What probability one stands for, the same unit
    @return The probability, in the unit of `total`
    @custom:error absolute 6e-19
    """
    n: int256 = 0
    if d < 0:
        n = unsafe_mul(density, self._mills_of_minus(d)) >> 96
    else:
        n = unsafe_sub(total, unsafe_mul(density, self._mills(d)) >> 96)
    return n


@internal
@pure
def _mills(d: int256) -> int256:
    """
    @notice Mills' ratio of d >= 0. The error is that of phi(d) R(d)
    @param d D = d / sqrt(2 ln 2), Q
    @return The ratio, Q
    @custom:error absolute 6e-19
    """
    r: int256 = unsafe_div(c.MILLS_K8, unsafe_add(d, c.MILLS_B8))
    r = unsafe_div(c.MILLS_K7, unsafe_add(unsafe_sub(d, c.MILLS_B7), r))
    r = unsafe_div(c.MILLS_K6, unsafe_sub(unsafe_add(d, c.MILLS_B6), r))
    r = unsafe_div(c.MILLS_K5, unsafe_add(unsafe_add(d, c.MILLS_B5), r))
    r = unsafe_div(c.MILLS_K4, unsafe_sub(unsafe_sub(d, c.MILLS_B4), r))
    r = unsafe_div(c.MILLS_K3, unsafe_add(unsafe_add(d, c.MILLS_B3), r))
    r = unsafe_div(c.MILLS_K2, unsafe_sub(unsafe_add(d, c.MILLS_B2), r))
    r = unsafe_div(c.MILLS_K1, unsafe_add(unsafe_sub(d, c.MILLS_B1), r))
    return r


@internal
@pure
def _mills_of_minus(d: int256) -> int256:
    """
    @notice Mills' ratio of -d, for d < 0. The error is that of phi(d) R(-d)
    @param d D = d / sqrt(2 ln 2), Q
    @return The ratio, Q
    @custom:error absolute 6e-19
    """
    r: int256 = unsafe_div(c.MILLS_K8, unsafe_sub(c.MILLS_B8, d))
    r = unsafe_div(c.MILLS_K7, unsafe_sub(unsafe_sub(r, d), c.MILLS_B7))
    r = unsafe_div(c.MILLS_K6, unsafe_sub(unsafe_sub(c.MILLS_B6, d), r))
    r = unsafe_div(c.MILLS_K5, unsafe_add(unsafe_sub(c.MILLS_B5, d), r))
    r = unsafe_div(c.MILLS_K4, unsafe_add(unsafe_add(d, c.MILLS_B4), r))
    r = unsafe_div(c.MILLS_K3, unsafe_sub(unsafe_sub(c.MILLS_B3, d), r))
    r = unsafe_div(c.MILLS_K2, unsafe_sub(unsafe_sub(c.MILLS_B2, d), r))
    r = unsafe_div(c.MILLS_K1, unsafe_sub(unsafe_sub(r, d), c.MILLS_B1))
    return r
