# pragma version 0.4.3
# pragma optimize gas
"""
@title Implied volatility in a fixed number of steps
@license MIT
@notice Of the call and the put of a strike the one out of the money is solved: its value over
    the smaller of spot and discounted strike is b(v) = N(d1) - e^x N(d2) with x = |ln(F/K)|, d1 =
    -x/v + v/2, d2 = -x/v - v/2, rising from 0 to 1. A guess within a fifth (`_guess`), then
    Householder's method of order four on ln b below one half and on ln(1 - b) above, where both are
    almost straight lines: the error goes from 0.17 to 2e-4 to 1e-15.
"""

from . import black76
from . import coefficients as c
from . import domain
from . import fixed
from . import gaussian

STEPS: constant(uint256) = 2


@internal
@pure
def _implied_vol(
    forward: uint256,
    strike: uint256,
    discount: uint256,
    premium: uint256,
    tau: uint256,
    is_call: bool,
) -> uint256:
    """
    @notice Volatility at which the call or the put of a strike is worth a premium
    @param forward Forward price of the underlying at expiry
    @param strike Strike price
    @param discount Price today of one quote token at expiry
    @param premium Value of the option
    @param tau Seconds to expiry, at least one
    @param is_call Whether the option is a call
    @return Volatility, rounded down
    @custom:error value 1e-15 S, and 1e-17 S for strikes within a factor 8 of spot
    """
    F: int256 = convert(convert(forward, bytes32), int256)
    K: int256 = convert(convert(strike, bytes32), int256)
    df: int256 = convert(convert(discount, bytes32), int256)
    w: int256 = fixed._contrast(F, K)
    x: int256 = unsafe_mul(w, w) >> 96
    if (
        (forward | strike) >> 128
        | convert(x > domain.FACTOR_32, uint256)
        | convert(
            unsafe_sub(discount, domain.MIN_DISCOUNT) > domain.MAX_DISCOUNT - domain.MIN_DISCOUNT,
            uint256,
        )
        | convert(unsafe_sub(tau, 1) > domain.MAX_TAU - 1, uint256)
    ) != 0:
        domain._require(forward, strike, discount, 1, max(tau, convert(tau == 0, uint256) << 255))
    s: int256 = unsafe_div(unsafe_mul(F, df), black76.FIVE_18)
    k: int256 = unsafe_div(unsafe_mul(K, df), black76.FIVE_18)
    b: int256 = convert(min(premium, 2**132) << 18, int256)
    if is_call == (F > K):
        b = unsafe_sub(b, abs(unsafe_sub(s, k)))
    y: int256 = min(s, k)
    b = unsafe_div(b << 96, y)
    if (
        unsafe_sub(convert(convert(b, bytes32), uint256), domain.LEAST_PREMIUM)
        >= domain.MOST_PREMIUM
    ):
        domain._refuse_premium(b)

    l: int256 = unsafe_mul(w, fixed._log2_over(x)) >> 96
    l = abs(l)
    z: int256 = self._guess(l, b)
    for i: uint256 in range(STEPS):
        y = unsafe_div(l << 96, z)
        d1: int256 = unsafe_sub(z, y) >> 1
        d2: int256 = unsafe_sub(d1, z)
        density: int256 = gaussian._density(d1)
        tail: int256 = unsafe_mul(density, gaussian._mills_of_minus(d2)) >> 96
        v: int256 = 0
        goal: int256 = b
        p: int256 = unsafe_mul(density, c.SQRT_2LN2) >> 60  # slope of b
        if b > fixed.HALF:  # 1 - b as a sum of two tails: nothing cancels as b nears one
            v = unsafe_add(gaussian._cumulate(unsafe_sub(0, d1), density, fixed.Q), tail)
            goal = unsafe_sub(fixed.Q, b)
            p = unsafe_sub(0, p)
        else:
            v = unsafe_sub(gaussian._cumulate(d1, density, fixed.Q), tail)
        # f = ln(v / goal), f1 to f3 its derivatives. Multiplied by powers of Newton's step
        # n = -f/f1 their ratios are free of units.
        w = fixed._contrast(v, goal)
        f: int256 = unsafe_mul(w, fixed._log2_over_near(unsafe_mul(w, w) >> 96)) >> 96
        f = unsafe_mul(f, c.LN2) >> 96
        n: int256 = unsafe_div(unsafe_mul(f, v), unsafe_sub(0, p))
        w = unsafe_div(n << 96, z)
        h: int256 = unsafe_mul(unsafe_mul(unsafe_mul(d1, d2) >> 96, c.TWO_LN2) >> 96, w) >> 96
        y = unsafe_mul(y, w) >> 96
        y = unsafe_mul(unsafe_add(unsafe_mul(unsafe_mul(y, y), 3), unsafe_mul(n, n)) >> 97, c.LN2)
        x = unsafe_add(unsafe_mul(h, unsafe_add(h, unsafe_mul(f, 3))), unsafe_mul(f, f) << 1)
        x = unsafe_div(unsafe_sub(x, y) >> 96, 6)  # n^2 f3/f1 / 6
        h = unsafe_add(h, f)  # n f2/f1
        n = unsafe_mul(n, unsafe_add(fixed.Q, h >> 1))
        z = unsafe_add(z, unsafe_div(n, unsafe_add(fixed.Q, unsafe_add(h, x))))
    return convert(
        convert(
            unsafe_div(
                unsafe_mul(z, c.WAD_SQRT_2LN2),
                fixed._sqrt_years(convert(convert(tau, bytes32), int256)),
            ),
            bytes32,
        ),
        uint256,
    )


@internal
@pure
def _guess(l: int256, b: int256) -> int256:
    """
    @notice Where to start, within a fifth: below one half as if prices moved by differences and
        not by ratios, above as at the money
    @param l log2 of the larger over the smaller of forward and strike, Q
    @param b Time value over the smaller of spot and discounted strike, Q
    @return v / sqrt(2 ln 2), Q
    @custom:error relative 2e-1
    @custom:cold Two branches
    """
    if b > fixed.HALF:
        tail: int256 = fixed._exp2_neg(l >> 1, unsafe_sub(fixed.Q, b)) >> 1
        a: int256 = fixed._log2_wide(unsafe_div(2**192, tail))
        return unsafe_sub(
            unsafe_add(c.HIGH_A, unsafe_mul(a, c.HIGH_B) >> 96),
            unsafe_div(c.HIGH_K, unsafe_add(a, c.HIGH_C)),
        )
    near: int256 = max(l, 2**60)
    y: int256 = unsafe_div(unsafe_mul(near, c.LN2), fixed._exp2_neg(l >> 1, b))
    a: int256 = fixed._log2_wide(unsafe_add(fixed.Q, y))
    return unsafe_div(
        near << 96,
        unsafe_mul(a, unsafe_sub(unsafe_div(c.LOW_K, unsafe_add(a, c.LOW_C)), c.LOW_A)) >> 96,
    )
