# pragma version 0.4.3
# pragma optimize gas
"""
@title What the kernel says of one option, from the readable modules
@notice Test harness, never deployed outside the tests
"""

from contracts import types
from contracts.math import black76
from contracts.math import carry as carry_math
from contracts.math import essvi
from contracts.math import fixed
from contracts.math import smile_mark


@external
@pure
def option(
    spot: uint256,
    discount: uint256,
    theta: uint256,
    rho: int256,
    psi: uint256,
    tau: uint256,
    strike: uint256,
    is_put: bool,
) -> smile_mark.Option:
    """
    @notice What a quote starts from
    """
    return smile_mark._option(
        carry_math._forward(spot, discount),
        strike,
        discount,
        types.Slice(theta=theta, rho=rho, psi=psi),
        tau,
        is_put,
    )


@external
@pure
def mark(
    spot: uint256,
    discount: uint256,
    theta: uint256,
    rho: int256,
    psi: uint256,
    tau: uint256,
    strike: uint256,
) -> types.Mark:
    """
    @notice The same option as `Pricer.mark` has it, at its variance on the slice
    """
    forward: uint256 = carry_math._forward(spot, discount)
    h: essvi.Hyperbola = essvi._hyperbola(types.Slice(theta=theta, rho=rho, psi=psi))
    w: int256 = fixed._contrast(convert(forward, int256), convert(strike, int256))
    l: int256 = (w * fixed._log2_over((w * w) >> 96)) >> 96
    variance: int256 = essvi._total_variance(
        l, h.skew, h.slope, h.rho, h.base, h.height, h.height_squared
    )
    return black76._mark(forward, strike, discount, convert(variance, uint256), tau)


@external
@pure
def root_years(seconds: uint256) -> int256:
    """
    @notice sqrt(seconds in years), Q
    """
    return fixed._sqrt_years(convert(seconds, int256))
