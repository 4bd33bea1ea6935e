# pragma version 0.4.3
# pragma optimize gas
"""
@title Forward and discount
@license MIT
@notice df = e^(-carry tau) and F = S e^(carry tau) = S/df. The forward is derived from the discount
    and not by a second exponential, so that F df is S again: the kernel takes the pair and recovers
    spot from it.
"""

from .. import units
from . import coefficients as c
from . import fixed

MAX_LOG: constant(uint256) = 10**18 // 2  # of F/S: a discount stays within 0.606 .. 1.65


@internal
@pure
def _discount(carry: int256, tau: uint256) -> uint256:
    """
    @notice e^(-carry tau), for |carry| tau of at most MAX_LOG years
    @param carry Per year
    @param tau Seconds
    @return The discount
    @custom:error 1.1e-18 absolute
    """
    x: int256 = unsafe_div(
        unsafe_mul(abs(carry), convert(tau, int256)) << 136,
        unsafe_mul(c.YEAR_LN2, convert(units.WAD, int256)),
    )
    power: uint256 = convert(fixed._exp2_neg(x, fixed.Q), uint256)
    if carry < 0:
        return unsafe_div(units.WAD << 96, power)
    return unsafe_mul(units.WAD, power) >> 96


@internal
@pure
def _forward(spot: uint256, discount: uint256) -> uint256:
    """
    @notice Spot over discount, to the nearest
    @dev forward * discount is then spot to half a discount: to one wei, as a discount is below two
    @param spot Price, below 2^128
    @param discount As `_discount` gives it
    @return The forward
    @custom:error 0.5 wei
    """
    return unsafe_div(unsafe_add(unsafe_mul(spot, units.WAD), discount >> 1), discount)
