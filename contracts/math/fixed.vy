# pragma version 0.4.3
# pragma optimize gas
"""
@title Elementary functions at 2^96
@license MIT
@notice Q = 2^96 is one. Arguments are trusted: each function names the range in which no
    intermediate reaches 2^255, and its caller proves the range. Hence unsafe arithmetic; `>>` on a
    signed word rounds toward minus infinity.
@dev docs/MATH.md derives the forms; `coefficients` holds the fitted numbers. A function marked
    `@custom:cold` lies off the common path and is called rather than inlined by
    tools/kernel/flatten.py.
"""

from . import coefficients as c

Q: constant(int256) = 2**96
HALF: constant(int256) = 2**95
WAD: constant(int256) = 10**18


@internal
@pure
def _contrast(a: int256, b: int256) -> int256:
    """
    @notice w = (a - b)/(a + b), for 0 <= a, b < 2^129; one where b is zero
    @param a First number, any unit
    @param b Second number, the same unit
    @return The quotient, Q, rounded up
    @custom:error absolute 2e-29
    """
    return unsafe_sub(Q, unsafe_div(b << 97, unsafe_add(a, b)))


@internal
@pure
def _log2_over(x: int256) -> int256:
    """
    @notice log2(a/b) / w as a function of x = w^2 with w = (a - b)/(a + b), for a and b within
        a factor 32 of each other
    @dev log2((1 + w)/(1 - w)) = 2 atanh(w)/ln 2. The error is relative to the logarithm.
    @param x The square of w, Q
    @return The quotient, Q
    @custom:error relative 8e-19
    """
    y: int256 = unsafe_div(c.LOG_K10, unsafe_sub(x, c.LOG_B10))
    y = unsafe_div(c.LOG_K9, unsafe_sub(unsafe_sub(x, c.LOG_B9), y))
    y = unsafe_div(c.LOG_K8, unsafe_sub(unsafe_sub(x, c.LOG_B8), y))
    y = unsafe_div(c.LOG_K7, unsafe_sub(unsafe_sub(x, c.LOG_B7), y))
    y = unsafe_div(c.LOG_K6, unsafe_sub(unsafe_sub(x, c.LOG_B6), y))
    y = unsafe_div(c.LOG_K5, unsafe_sub(unsafe_sub(x, c.LOG_B5), y))
    y = unsafe_div(c.LOG_K4, unsafe_sub(unsafe_sub(x, c.LOG_B4), y))
    y = unsafe_div(c.LOG_K3, unsafe_sub(unsafe_sub(x, c.LOG_B3), y))
    y = unsafe_div(c.LOG_K2, unsafe_sub(unsafe_sub(x, c.LOG_B2), y))
    y = unsafe_div(c.LOG_K1, unsafe_add(unsafe_sub(c.LOG_B1, x), y))
    return unsafe_add(y, c.LOG_C)


@internal
@pure
def _log2_over_near(x: int256) -> int256:
    """
    @notice As `_log2_over`, for a and b within a factor 4 of each other
    @param x The square of w, Q
    @return The quotient, Q
    @custom:error relative 7e-19
    """
    y: int256 = unsafe_div(c.NEAR_K6, unsafe_sub(x, c.NEAR_B6))
    y = unsafe_div(c.NEAR_K5, unsafe_sub(unsafe_sub(x, c.NEAR_B5), y))
    y = unsafe_div(c.NEAR_K4, unsafe_sub(unsafe_sub(x, c.NEAR_B4), y))
    y = unsafe_div(c.NEAR_K3, unsafe_sub(unsafe_sub(x, c.NEAR_B3), y))
    y = unsafe_div(c.NEAR_K2, unsafe_sub(unsafe_sub(x, c.NEAR_B2), y))
    y = unsafe_div(c.NEAR_K1, unsafe_add(unsafe_sub(c.NEAR_B1, x), y))
    return y


@internal
@pure
def _log2_wide(a: int256) -> int256:
    """
    @notice log2(a) for 1 <= a < 2^100
    @param a The number, Q
    @return The logarithm, Q
    @custom:error absolute 1e-17
    @custom:cold Only for a first guess
    """
    bits: uint256 = 0
    for i: uint256 in range(5):
        if a >> unsafe_add(unsafe_add(bits, 96), 64 >> i) != 0:
            bits = unsafe_add(bits, 64 >> i)
    w: int256 = self._contrast(a >> bits, Q)
    return unsafe_add(
        convert(bits << 96, int256), unsafe_mul(w, self._log2_over(unsafe_mul(w, w) >> 96)) >> 96
    )


@internal
@pure
def _exp2_neg(x: int256, scale: int256) -> int256:
    """
    @notice scale * 2^-x for 0 <= x < 2^254 and 0 < scale <= 2^100; zero where it is below one
        unit
    @dev x = n + f with n whole and |f| <= 1/2, and 2^-f = (h - f)/(h + f) with h even in f.
        Largest intermediate 2^202.
    @param x Exponent, Q
    @param scale What one stands for, Q
    @return The power, in the unit of `scale`
    @custom:error relative 1e-22
    """
    n: int256 = unsafe_add(x, HALF) >> 96
    f: int256 = unsafe_sub(x, n << 96)
    q: int256 = unsafe_mul(f, f) >> 96
    h: int256 = unsafe_div(c.EXP_K3, unsafe_add(q, c.EXP_B3))
    h = unsafe_div(c.EXP_K2, unsafe_sub(unsafe_add(q, c.EXP_B2), h))
    h = unsafe_div(c.EXP_K1, unsafe_add(unsafe_sub(c.EXP_B1, q), h))
    return unsafe_div(unsafe_mul(unsafe_sub(h, f), scale), unsafe_add(h, f)) >> convert(
        convert(n, bytes32), uint256
    )


@internal
@pure
def _sqrt_variance(w: int256) -> int256:
    """
    @notice sqrt(w / (2 ln 2)) for 1 <= w <= 512 WAD
    @dev Newton's method with the scale factors taken out of the loop (`Root` in
        tools/kernel/fit.py). Largest intermediate V_G6 * 2^69 < 2^200; y is never below 2^60.
    @param w Total variance, WAD
    @return The root, Q
    @custom:error relative 2e-20
    """
    y: int256 = unsafe_sub(
        unsafe_add(unsafe_mul(w, c.V_SLOPE), c.V_OFFSET),
        unsafe_div(c.V_POLE, unsafe_add(w, c.V_MIDDLE)),
    )
    y = unsafe_add(y, unsafe_div(unsafe_mul(w, c.V_G1), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(w, c.V_G2), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(w, c.V_G3), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(w, c.V_G4), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(w, c.V_G5), y))
    return unsafe_add(y, unsafe_div(unsafe_mul(w, c.V_G6), y))


@internal
@pure
def _sqrt_years(tau: int256) -> int256:
    """
    @notice sqrt(tau in years of 365 days) for 1 <= tau <= 2^27
    @dev As `_sqrt_variance`. Largest intermediate T_G5 * 2^27 < 2^193; y is never below 2^76.
    @param tau Seconds
    @return The root, Q
    @custom:error relative 1e-24
    """
    y: int256 = unsafe_sub(
        unsafe_add(unsafe_mul(tau, c.T_SLOPE), c.T_OFFSET),
        unsafe_div(c.T_POLE, unsafe_add(tau, c.T_MIDDLE)),
    )
    y = unsafe_add(y, unsafe_div(unsafe_mul(tau, c.T_G1), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(tau, c.T_G2), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(tau, c.T_G3), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(tau, c.T_G4), y))
    return unsafe_add(y, unsafe_div(unsafe_mul(tau, c.T_G5), y))


@internal
@pure
def _wad_floor(x: int256) -> int256:
    """
    @notice x / WAD toward minus infinity, whatever the sign: the lower value for whoever holds
        x
    @param x A product of two WAD
    @return The quotient, WAD
    @custom:error exact 0
    """
    return unsafe_div(unsafe_add(x, unsafe_mul(x >> 255, WAD - 1)), WAD)
