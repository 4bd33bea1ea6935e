# pragma version 0.4.3
# pragma optimize gas
"""
@title What the kernel says of one contract, from the readable modules
@notice Test harness, never deployed outside the tests. A strike outside the kernel has variance zero
"""

from contracts import types
from contracts.math import black76
from contracts.math import carry as carry_math
from contracts.math import domain
from contracts.math import essvi
from contracts.math import fixed


@external
@pure
def kernel(
    spot: uint256,
    discount: uint256,
    theta: uint256,
    rho: int256,
    psi: uint256,
    tau: uint256,
    strike: uint256,
    age: uint256,
) -> (types.Mark, uint256, int256, int256, int256):
    forward: uint256 = carry_math._forward(spot, discount)
    variance: uint256 = self._variance(types.Slice(theta=theta, rho=rho, psi=psi), forward, strike)
    root_tau: int256 = fixed._sqrt_years(convert(tau, int256))
    root_age: int256 = fixed._sqrt_years(convert(age, int256)) if age != 0 else 0
    if variance == 0:
        return empty(types.Mark), 0, 0, root_tau, root_age
    return (
        black76._mark(forward, strike, discount, variance, tau),
        variance,
        fixed._sqrt_variance(convert(variance, int256)),
        root_tau,
        root_age,
    )


@internal
@pure
def _variance(smile: types.Slice, forward: uint256, strike: uint256) -> uint256:
    w: int256 = fixed._contrast(convert(forward, int256), convert(strike, int256))
    x: int256 = (w * w) >> 96
    if x > domain.FACTOR_32:
        return 0
    h: essvi.Hyperbola = essvi._hyperbola(smile)
    l: int256 = (w * fixed._log2_over(x)) >> 96
    total: int256 = essvi._total_variance(
        l, h.skew, h.slope, h.rho, h.base, h.height, h.height_squared
    )
    return convert(max(total, 0), uint256)
