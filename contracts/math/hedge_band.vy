# pragma version 0.4.3
# pragma optimize gas
"""
@title The band of a hedger
@license MIT
@notice An order costs g and the share kappa of what it moves; risk aversion a weighs the variance that is left. In quote token,
    with G the gamma dollars of what is held, it is best to do nothing while the dollar delta is within Y, and then to trade
    back to L:

        Y L (Y + L) = 3 kappa G^2/a          (Y + L)(Y - L)^3 = 12 g G^2/a

    With H^4 = 12 g G^2/a and r = kappa H/g one unknown is left, t >= 1 with t^9 = t + r, and

        Y = H (t^4 + 1)/(2 t)                L = H r/(2 t^2 (t^4 + 1))

@dev docs/MATH.md derives it. Arguments are trusted to lie in the ranges of a sheet: a from 1e-7 to 0.1 per quote, g from 0.01 to
    200 quote, kappa from 5e-5 to 0.01. Hence unsafe arithmetic. kappa may be zero, then L is; g may not.
"""

from .. import units

Q: constant(uint256) = 2**96
MOST_GAMMA: constant(uint256) = 10**10 * units.WAD  # quote
GRAIN: constant(uint256) = Q // 160


@internal
@pure
def _band(
    gamma_dollars: uint256, risk_aversion: uint256, hedge_gas: uint256, swap_cost: uint256
) -> (uint256, uint256):
    """
    @notice The dollar delta at which to trade, and the one to trade back to. Both rise with gamma
    @dev H carries 40 bits more than a WAD: sqrt(12 g/a) 2^80 < 2^98 and G < 2^94, so what is under the second root is below
        2^252, and H < 2^126. r < 2^22 and t^4 + 1 < 2^10, so no product reaches 2^245.
    @param gamma_dollars Spot squared times gamma, in size, WAD quote; beyond 1e10 it counts as that
    @param risk_aversion a, WAD per quote
    @param hedge_gas g, WAD quote
    @param swap_cost kappa, WAD share
    @return Y and L, WAD quote, rounded down
    @custom:error relative 2e-24
    """
    gamma: uint256 = min(gamma_dollars, MOST_GAMMA)
    slope: uint256 = isqrt(unsafe_div(unsafe_mul(hedge_gas, 12) << 160, risk_aversion))
    fixed_width: uint256 = isqrt(unsafe_mul(unsafe_mul(gamma, units.WAD), slope))
    r: uint256 = unsafe_div(
        unsafe_mul(swap_cost, fixed_width) << 56, unsafe_mul(hedge_gas, units.WAD)
    )
    t: uint256 = self._ninth(r)
    t2: uint256 = unsafe_mul(t, t) >> 96
    rest: uint256 = unsafe_add(unsafe_mul(t2, t2) >> 96, Q)
    outer: uint256 = unsafe_div(unsafe_mul(fixed_width, rest), t)
    inner: uint256 = unsafe_div(unsafe_mul(fixed_width, r), unsafe_mul(t2, rest) >> 96)
    return outer >> 41, inner >> 41


@internal
@pure
def _ninth(r: uint256) -> uint256:
    """
    @notice The root t >= 1 of t^9 = t + r, for r < 2^22
    @dev Newton's method. The guess, from the whole part of log2(1 + r), is within 8 %; a step takes a relative error e to less
        than 4 e^2 + 40 |e|^3, so after six only rounding is left. 8 t^9 + r < 2^26 at Q, 2^218 before the division.
    @param r Q
    @return The root, Q
    @custom:error relative 2e-28
    """
    bits: uint256 = 0
    whole: uint256 = unsafe_add(r, Q) >> 96
    for i: uint256 in range(5):
        if whole >> unsafe_add(bits, 16 >> i) != 0:
            bits = unsafe_add(bits, 16 >> i)
    t: uint256 = unsafe_mul(GRAIN, unsafe_add(170, unsafe_mul(bits, unsafe_add(bits, 10))))
    for i: uint256 in range(6):
        t2: uint256 = unsafe_mul(t, t) >> 96
        t4: uint256 = unsafe_mul(t2, t2) >> 96
        t8: uint256 = unsafe_mul(t4, t4) >> 96
        t9: uint256 = unsafe_mul(t8, t) >> 96
        t = unsafe_div(unsafe_add(t9 << 3, r) << 96, unsafe_sub(unsafe_mul(t8, 9), Q))
    return t
