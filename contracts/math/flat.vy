# pragma version 0.4.3
# pragma optimize gas
"""
@title The kernel, flattened
@license MIT
@notice Written by tools/kernel/flatten.py: do not edit. Read and test the modules it is made of. External functions, so that
    `Pricer` can export them without a copy of their structs.
"""
from .. import types
from . import black76
from . import coefficients
from . import fixed


@external
@pure
def mark(forward: uint256, strike: uint256, discount: uint256, variance: uint256, tau: uint256) -> types.Mark:
    """
    @notice Value and Greeks of the call and the put of one strike
    @param forward Forward price of the underlying at expiry
    @param strike Strike price
    @param discount Price today of one quote token at expiry
    @param variance Total variance until expiry, sigma^2 times years
    @param tau Seconds to expiry
    @return Marks and Greeks of both rights
    @custom:error value 2e-18 S
    """
    w: int256 = unsafe_sub(fixed.Q, unsafe_div(convert(convert(strike, bytes32), int256) << 97, unsafe_add(convert(convert(forward, bytes32), int256), convert(convert(strike, bytes32), int256))))
    x: int256 = unsafe_mul(w, w) >> 96
    if (forward | strike) >> 128 | convert(x > fixed.FACTOR_32, uint256) | convert(unsafe_sub(discount, black76.MIN_DISCOUNT) > black76.MAX_DISCOUNT - black76.MIN_DISCOUNT, uint256) | convert(unsafe_sub(variance, 1) > black76.MAX_VARIANCE - 1, uint256) | convert(unsafe_sub(tau, 1) > black76.MAX_TAU - 1, uint256) != 0:
        return black76._limit(forward, strike, discount, variance, tau)
    y: int256 = unsafe_add(unsafe_add(unsafe_mul(convert(convert(variance, bytes32), int256), coefficients.V_SLOPE), coefficients.V_OFFSET), unsafe_div(coefficients.V_POLE, unsafe_add(convert(convert(variance, bytes32), int256), coefficients.V_MIDDLE)))
    y = unsafe_add(y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256), coefficients.V_G1), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256), coefficients.V_G2), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256), coefficients.V_G3), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256), coefficients.V_G4), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256), coefficients.V_G5), y))
    y = unsafe_add(y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256), coefficients.V_G6), y))
    x = unsafe_add(unsafe_div(unsafe_mul(w, unsafe_add(unsafe_div(coefficients.LOG_K1, unsafe_add(unsafe_add(x, coefficients.LOG_B1), unsafe_div(coefficients.LOG_K2, unsafe_add(unsafe_add(x, coefficients.LOG_B2), unsafe_div(coefficients.LOG_K3, unsafe_add(unsafe_add(x, coefficients.LOG_B3), unsafe_div(coefficients.LOG_K4, unsafe_add(unsafe_add(x, coefficients.LOG_B4), unsafe_div(coefficients.LOG_K5, unsafe_add(unsafe_add(x, coefficients.LOG_B5), unsafe_div(coefficients.LOG_K6, unsafe_add(unsafe_add(x, coefficients.LOG_B6), unsafe_div(coefficients.LOG_K7, unsafe_add(unsafe_add(x, coefficients.LOG_B7), unsafe_div(coefficients.LOG_K8, unsafe_add(unsafe_add(x, coefficients.LOG_B8), unsafe_div(coefficients.LOG_K9, unsafe_add(unsafe_add(x, coefficients.LOG_B9), unsafe_div(coefficients.LOG_K10, unsafe_add(x, coefficients.LOG_B10)))))))))))))))))))), coefficients.LOG_C)), y), y) >> 1
    w = unsafe_sub(x, y)
    x2: int256 = unsafe_mul(x, x) >> 96
    n: int256 = unsafe_add(x2, fixed.HALF) >> 96
    x2 = unsafe_sub(x2, n << 96)
    q: int256 = unsafe_mul(x2, x2) >> 96
    q = unsafe_add(unsafe_div(coefficients.EXP_K1, unsafe_add(unsafe_add(q, coefficients.EXP_B1), unsafe_div(coefficients.EXP_K2, unsafe_add(q, coefficients.EXP_B2)))), coefficients.EXP_C)
    x2 = unsafe_div(unsafe_mul(unsafe_sub(q, x2), coefficients.INV_SQRT_2PI), unsafe_add(q, x2)) >> convert(convert(n, bytes32), uint256)
    if x < 0:
        q = unsafe_mul(x2, unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(coefficients.MILLS_B1, x), unsafe_div(coefficients.MILLS_K2, unsafe_add(unsafe_sub(coefficients.MILLS_B2, x), unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_sub(coefficients.MILLS_B3, x), unsafe_div(coefficients.MILLS_K4, unsafe_add(unsafe_sub(coefficients.MILLS_B4, x), unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_sub(coefficients.MILLS_B5, x), unsafe_div(coefficients.MILLS_K6, unsafe_add(unsafe_sub(coefficients.MILLS_B6, x), unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(coefficients.MILLS_B7, x), unsafe_div(coefficients.MILLS_K8, unsafe_sub(coefficients.MILLS_B8, x))))))))))))))))) >> 96
    else:
        q = unsafe_sub(fixed.Q, unsafe_mul(x2, unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_add(x, coefficients.MILLS_B1), unsafe_div(coefficients.MILLS_K2, unsafe_add(unsafe_add(x, coefficients.MILLS_B2), unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(x, coefficients.MILLS_B3), unsafe_div(coefficients.MILLS_K4, unsafe_add(unsafe_add(x, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(x, coefficients.MILLS_B5), unsafe_div(coefficients.MILLS_K6, unsafe_add(unsafe_add(x, coefficients.MILLS_B6), unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_add(x, coefficients.MILLS_B7), unsafe_div(coefficients.MILLS_K8, unsafe_add(x, coefficients.MILLS_B8))))))))))))))))) >> 96)
    n = unsafe_div(unsafe_mul(convert(convert(forward, bytes32), int256), convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    k: int256 = unsafe_div(unsafe_mul(convert(convert(strike, bytes32), int256), convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    sp: int256 = unsafe_mul(n, x2) >> 96
    n3: int256 = 0
    if w < 0:
        n3 = unsafe_mul(sp, unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(coefficients.MILLS_B1, w), unsafe_div(coefficients.MILLS_K2, unsafe_add(unsafe_sub(coefficients.MILLS_B2, w), unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_sub(coefficients.MILLS_B3, w), unsafe_div(coefficients.MILLS_K4, unsafe_add(unsafe_sub(coefficients.MILLS_B4, w), unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_sub(coefficients.MILLS_B5, w), unsafe_div(coefficients.MILLS_K6, unsafe_add(unsafe_sub(coefficients.MILLS_B6, w), unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(coefficients.MILLS_B7, w), unsafe_div(coefficients.MILLS_K8, unsafe_sub(coefficients.MILLS_B8, w))))))))))))))))) >> 96
    else:
        n3 = unsafe_sub(k, unsafe_mul(sp, unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_add(w, coefficients.MILLS_B1), unsafe_div(coefficients.MILLS_K2, unsafe_add(unsafe_add(w, coefficients.MILLS_B2), unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(w, coefficients.MILLS_B3), unsafe_div(coefficients.MILLS_K4, unsafe_add(unsafe_add(w, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(w, coefficients.MILLS_B5), unsafe_div(coefficients.MILLS_K6, unsafe_add(unsafe_add(w, coefficients.MILLS_B6), unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_add(w, coefficients.MILLS_B7), unsafe_div(coefficients.MILLS_K8, unsafe_add(w, coefficients.MILLS_B8))))))))))))))))) >> 96)
    call: int256 = unsafe_sub(unsafe_mul(n, q) >> 96, n3)
    put: int256 = unsafe_sub(unsafe_add(call, k), n)
    if call | put < 0:
        call = max(unsafe_sub(n, k), 0)
        put = max(unsafe_sub(k, n), 0)
    y3: int256 = unsafe_add(unsafe_add(unsafe_mul(convert(convert(tau, bytes32), int256), coefficients.T_SLOPE), coefficients.T_OFFSET), unsafe_div(coefficients.T_POLE, unsafe_add(convert(convert(tau, bytes32), int256), coefficients.T_MIDDLE)))
    y3 = unsafe_add(y3, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256), coefficients.T_G1), y3))
    y3 = unsafe_add(y3, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256), coefficients.T_G2), y3))
    y3 = unsafe_add(y3, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256), coefficients.T_G3), y3))
    y3 = unsafe_add(y3, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256), coefficients.T_G4), y3))
    y3 = unsafe_add(y3, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256), coefficients.T_G5), y3))
    vega: int256 = unsafe_mul(sp, y3) >> 96
    q = unsafe_mul(q, black76.WAD) >> 96
    sp = unsafe_mul(unsafe_mul(sp, y) >> 96, coefficients.MINUS_YEAR_SQRT_2LN2_OVER_2)
    carry: int256 = unsafe_sub(fixed.Q, unsafe_div(convert(convert(discount, bytes32), int256) << 97, unsafe_add(black76.WAD, convert(convert(discount, bytes32), int256))))
    x3: int256 = unsafe_mul(carry, carry) >> 96
    carry = unsafe_mul(carry, unsafe_div(coefficients.NEAR_K1, unsafe_add(unsafe_add(x3, coefficients.NEAR_B1), unsafe_div(coefficients.NEAR_K2, unsafe_add(unsafe_add(x3, coefficients.NEAR_B2), unsafe_div(coefficients.NEAR_K3, unsafe_add(unsafe_add(x3, coefficients.NEAR_B3), unsafe_div(coefficients.NEAR_K4, unsafe_add(unsafe_add(x3, coefficients.NEAR_B4), unsafe_div(coefficients.NEAR_K5, unsafe_add(unsafe_add(x3, coefficients.NEAR_B5), unsafe_div(coefficients.NEAR_K6, unsafe_add(x3, coefficients.NEAR_B6))))))))))))) >> 96
    return types.Mark(call=convert(convert(call >> 18, bytes32), uint256), put=convert(convert(put >> 18, bytes32), uint256), delta_call=q, delta_put=unsafe_sub(q, black76.WAD), gamma=convert(convert(unsafe_div(unsafe_mul(x2, coefficients.WAD_WAD_OVER_SQRT_2LN2), unsafe_mul(n, y)), bytes32), uint256), vega=convert(convert(vega >> 18, bytes32), uint256), theta_call=unsafe_div(unsafe_sub(sp, unsafe_mul(unsafe_mul(n3, carry) >> 96, coefficients.YEAR_LN2)), convert(convert(tau, bytes32), int256)) >> 58, theta_put=unsafe_div(unsafe_add(sp, unsafe_mul(unsafe_mul(unsafe_sub(k, n3), carry) >> 96, coefficients.YEAR_LN2)), convert(convert(tau, bytes32), int256)) >> 58, vanna=unsafe_mul(unsafe_div(unsafe_mul(unsafe_mul(x2, w) >> 96, y3), y), -black76.WAD) >> 96, volga=unsafe_mul(unsafe_div(unsafe_mul(unsafe_mul(vega, unsafe_mul(x, w) >> 96) >> 96, y3), y), coefficients.SQRT_2LN2) >> 78)
