# pragma version 0.4.3
# pragma optimize gas
"""
@title The kernel, flattened
@license MIT
@notice Written by tools/kernel/flatten.py: do not edit. Read and test the modules it is made
    of. External functions, so that `Pricer` can export them without a copy of their structs.
"""
from .. import types
from .. import units
from . import black76
from . import board_sum
from . import book_sum
from . import coefficients
from . import domain
from . import essvi
from . import fixed
from . import implied
from . import position_word
from . import shock_grid
from . import smile_mark


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
    return unsafe_add(unsafe_div(coefficients.LOG_K1, unsafe_add(unsafe_sub(coefficients.LOG_B1,
        x), unsafe_div(coefficients.LOG_K2, unsafe_sub(unsafe_sub(x, coefficients.LOG_B2),
        unsafe_div(coefficients.LOG_K3, unsafe_sub(unsafe_sub(x, coefficients.LOG_B3),
        unsafe_div(coefficients.LOG_K4, unsafe_sub(unsafe_sub(x, coefficients.LOG_B4),
        unsafe_div(coefficients.LOG_K5, unsafe_sub(unsafe_sub(x, coefficients.LOG_B5),
        unsafe_div(coefficients.LOG_K6, unsafe_sub(unsafe_sub(x, coefficients.LOG_B6),
        unsafe_div(coefficients.LOG_K7, unsafe_sub(unsafe_sub(x, coefficients.LOG_B7),
        unsafe_div(coefficients.LOG_K8, unsafe_sub(unsafe_sub(x, coefficients.LOG_B8),
        unsafe_div(coefficients.LOG_K9, unsafe_sub(unsafe_sub(x, coefficients.LOG_B9),
        unsafe_div(coefficients.LOG_K10, unsafe_sub(x, coefficients.LOG_B10)))))))))))))))))))),
        coefficients.LOG_C)


@internal
@pure
def _log2_over_near(x: int256) -> int256:
    """
    @notice As `_log2_over`, for a and b within a factor 4 of each other
    @param x The square of w, Q
    @return The quotient, Q
    @custom:error relative 7e-19
    """
    return unsafe_div(coefficients.NEAR_K1, unsafe_add(unsafe_sub(coefficients.NEAR_B1, x),
        unsafe_div(coefficients.NEAR_K2, unsafe_sub(unsafe_sub(x, coefficients.NEAR_B2),
        unsafe_div(coefficients.NEAR_K3, unsafe_sub(unsafe_sub(x, coefficients.NEAR_B3),
        unsafe_div(coefficients.NEAR_K4, unsafe_sub(unsafe_sub(x, coefficients.NEAR_B4),
        unsafe_div(coefficients.NEAR_K5, unsafe_sub(unsafe_sub(x, coefficients.NEAR_B5),
        unsafe_div(coefficients.NEAR_K6, unsafe_sub(x, coefficients.NEAR_B6))))))))))))


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
    w: int256 = fixed._contrast(a >> bits, fixed.Q)
    return unsafe_add(convert(bits << 96, int256), unsafe_mul(w, self._log2_over(unsafe_mul(w,
        w) >> 96)) >> 96)


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
    return unsafe_mul(density, unsafe_div(coefficients.MILLS_K1,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B2, d), unsafe_div(coefficients.MILLS_K3,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B3, d), unsafe_div(coefficients.MILLS_K4,
        unsafe_add(unsafe_add(d, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
        unsafe_add(unsafe_sub(coefficients.MILLS_B5, d), unsafe_div(coefficients.MILLS_K6,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B6, d), unsafe_div(coefficients.MILLS_K7,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8, unsafe_sub(coefficients.MILLS_B8,
        d)), d), coefficients.MILLS_B7)))))))))))), d),
        coefficients.MILLS_B1))) >> 96 if d < 0 else unsafe_sub(total, unsafe_mul(density,
        unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(d, coefficients.MILLS_B1),
        unsafe_div(coefficients.MILLS_K2, unsafe_sub(unsafe_add(d, coefficients.MILLS_B2),
        unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(d, coefficients.MILLS_B3),
        unsafe_div(coefficients.MILLS_K4, unsafe_sub(unsafe_sub(d, coefficients.MILLS_B4),
        unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(d, coefficients.MILLS_B5),
        unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_add(d, coefficients.MILLS_B6),
        unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(d, coefficients.MILLS_B7),
        unsafe_div(coefficients.MILLS_K8, unsafe_add(d,
        coefficients.MILLS_B8))))))))))))))))) >> 96)


@internal
@pure
def _call(s: int256, k: int256, y: int256, z: int256) -> int256:
    """
    @notice Value of a call; the put is that less s plus k
    @param s Spot, WAD with 18 more bits
    @param k Discounted strike, the same
    @param y L / z, Q
    @param z sqrt(w / (2 ln 2)), Q
    @return The value, WAD with 18 more bits, at least the intrinsic value
    @custom:error value 2e-18 S
    """
    word_d1: int256 = unsafe_add(y, z) >> 1
    word_x: int256 = unsafe_mul(word_d1, word_d1) >> 96
    n: int256 = unsafe_add(word_x, fixed.HALF) >> 96
    word_x = unsafe_sub(word_x, n << 96)
    word_q: int256 = unsafe_mul(word_x, word_x) >> 96
    word_q = unsafe_div(coefficients.EXP_K1, unsafe_add(unsafe_sub(coefficients.EXP_B1, word_q),
        unsafe_div(coefficients.EXP_K2, unsafe_sub(unsafe_add(word_q, coefficients.EXP_B2),
        unsafe_div(coefficients.EXP_K3, unsafe_add(word_q, coefficients.EXP_B3))))))
    word_x = unsafe_div(unsafe_mul(unsafe_sub(word_q, word_x), coefficients.INV_SQRT_2PI),
        unsafe_add(word_q, word_x)) >> convert(convert(n, bytes32), uint256)
    word_q = unsafe_mul(word_x, unsafe_div(coefficients.MILLS_K1,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B2, word_d1), unsafe_div(coefficients.MILLS_K3,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B3, word_d1), unsafe_div(coefficients.MILLS_K4,
        unsafe_add(unsafe_add(word_d1, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
        unsafe_add(unsafe_sub(coefficients.MILLS_B5, word_d1), unsafe_div(coefficients.MILLS_K6,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B6, word_d1), unsafe_div(coefficients.MILLS_K7,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8, unsafe_sub(coefficients.MILLS_B8,
        word_d1)), word_d1), coefficients.MILLS_B7)))))))))))), word_d1),
        coefficients.MILLS_B1))) >> 96 if word_d1 < 0 else unsafe_sub(fixed.Q, unsafe_mul(word_x,
        unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(word_d1, coefficients.MILLS_B1),
        unsafe_div(coefficients.MILLS_K2, unsafe_sub(unsafe_add(word_d1, coefficients.MILLS_B2),
        unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(word_d1, coefficients.MILLS_B3),
        unsafe_div(coefficients.MILLS_K4, unsafe_sub(unsafe_sub(word_d1, coefficients.MILLS_B4),
        unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(word_d1, coefficients.MILLS_B5),
        unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_add(word_d1, coefficients.MILLS_B6),
        unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(word_d1, coefficients.MILLS_B7),
        unsafe_div(coefficients.MILLS_K8, unsafe_add(word_d1,
        coefficients.MILLS_B8))))))))))))))))) >> 96)
    word_d1 = unsafe_sub(word_d1, z)
    word_x = unsafe_mul(s, word_x) >> 96
    word_x = unsafe_sub(unsafe_mul(s, word_q) >> 96, unsafe_mul(word_x,
        unsafe_div(coefficients.MILLS_K1, unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B2, word_d1), unsafe_div(coefficients.MILLS_K3,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B3, word_d1), unsafe_div(coefficients.MILLS_K4,
        unsafe_add(unsafe_add(word_d1, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
        unsafe_add(unsafe_sub(coefficients.MILLS_B5, word_d1), unsafe_div(coefficients.MILLS_K6,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B6, word_d1), unsafe_div(coefficients.MILLS_K7,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8, unsafe_sub(coefficients.MILLS_B8,
        word_d1)), word_d1), coefficients.MILLS_B7)))))))))))), word_d1),
        coefficients.MILLS_B1))) >> 96 if word_d1 < 0 else unsafe_sub(k, unsafe_mul(word_x,
        unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(word_d1, coefficients.MILLS_B1),
        unsafe_div(coefficients.MILLS_K2, unsafe_sub(unsafe_add(word_d1, coefficients.MILLS_B2),
        unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(word_d1, coefficients.MILLS_B3),
        unsafe_div(coefficients.MILLS_K4, unsafe_sub(unsafe_sub(word_d1, coefficients.MILLS_B4),
        unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(word_d1, coefficients.MILLS_B5),
        unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_add(word_d1, coefficients.MILLS_B6),
        unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(word_d1, coefficients.MILLS_B7),
        unsafe_div(coefficients.MILLS_K8, unsafe_add(word_d1,
        coefficients.MILLS_B8))))))))))))))))) >> 96))
    if word_x | unsafe_sub(unsafe_add(word_x, k), s) < 0:
        word_x = max(unsafe_sub(s, k), 0)
    return word_x


@internal
@pure
def _rent(strike: uint256, discount: uint256, tau: uint256) -> int256:
    """
    @notice c K df: what the strike's present value earns in a year
    @param strike Strike price
    @param discount Price today of one quote token at expiry
    @param tau Seconds to expiry; at zero the rent is zero
    @return Quote per year
    @custom:error relative 7e-19 of a logarithm that is itself good to 2e-29
    @custom:cold At zero variance
    """
    k: int256 = convert(unsafe_div(unsafe_mul(strike, discount), convert(black76.FIVE_18,
        uint256)), int256)
    w: int256 = fixed._contrast(fixed.WAD, convert(discount, int256))
    return unsafe_div(unsafe_mul(unsafe_mul(k, unsafe_mul(w, self._log2_over_near(unsafe_mul(w,
        w) >> 96)) >> 96) >> 72, coefficients.YEAR_LN2), convert(tau, int256)) >> 82


@internal
@pure
def _tenor(tau: uint256, near_power: uint256, far_power: uint256) -> int256:
    """
    @notice (30 days / max(tau, 1 day))^power: how much stronger a shock of volatility is on a
        shorter expiry
    @dev Both ratios lie within a factor 32: 30 days over at least one, and at most 2^27 s over
        240 days, 2^3 times 30. With a power of at most one half the exponents stay within 0 and 3.
    @param tau Seconds to expiry
    @param near_power Power under 30 days
    @param far_power Power from 30 days on
    @return The factor, Q
    @custom:error relative 1e-17
    @custom:cold Once for each leg
    """
    word_t: int256 = convert(max(tau, shock_grid.DAY), int256)
    near: bool = tau < 30 * shock_grid.DAY
    word_t = fixed._contrast(convert(30 * shock_grid.DAY, int256),
        word_t) if near else fixed._contrast(word_t, convert(240 * shock_grid.DAY, int256))
    word_t = unsafe_mul(word_t, self._log2_over(unsafe_mul(word_t, word_t) >> 96)) >> 96
    word_power: int256 = convert(near_power if near else far_power, int256)
    if near:
        x: int256 = unsafe_sub(3 * 2 ** 96, unsafe_div(unsafe_mul(word_t, word_power), fixed.WAD))
        scale: int256 = 2 ** 99
        n: int256 = unsafe_add(x, fixed.HALF) >> 96
        f: int256 = unsafe_sub(x, n << 96)
        q: int256 = unsafe_mul(f, f) >> 96
        h: int256 = unsafe_div(coefficients.EXP_K1, unsafe_add(unsafe_sub(coefficients.EXP_B1, q),
            unsafe_div(coefficients.EXP_K2, unsafe_sub(unsafe_add(q, coefficients.EXP_B2),
            unsafe_div(coefficients.EXP_K3, unsafe_add(q, coefficients.EXP_B3))))))
        return unsafe_div(unsafe_mul(unsafe_sub(h, f), scale), unsafe_add(h,
            f)) >> convert(convert(n, bytes32), uint256)
    word_t = unsafe_div(unsafe_mul(max(unsafe_add(word_t, 3 * 2 ** 96), 0), word_power), fixed.WAD)
    word_power = unsafe_add(word_t, fixed.HALF) >> 96
    word_t = unsafe_sub(word_t, word_power << 96)
    word_q2: int256 = unsafe_mul(word_t, word_t) >> 96
    word_q2 = unsafe_div(coefficients.EXP_K1, unsafe_add(unsafe_sub(coefficients.EXP_B1, word_q2),
        unsafe_div(coefficients.EXP_K2, unsafe_sub(unsafe_add(word_q2, coefficients.EXP_B2),
        unsafe_div(coefficients.EXP_K3, unsafe_add(word_q2, coefficients.EXP_B3))))))
    return unsafe_div(unsafe_mul(unsafe_sub(word_q2, word_t), fixed.Q), unsafe_add(word_q2,
        word_t)) >> convert(convert(word_power, bytes32), uint256)


@internal
@pure
def _ready(leg: types.GridLeg, vol_shock: types.VolShock) -> shock_grid.Ready:
    """
    @notice What the shocks of a leg share
    @param leg The leg
    @param vol_shock By how much volatility moves, by time to expiry
    @return The leg at Q
    @custom:error relative 2e-18
    @custom:cold Once for each leg
    """
    F: int256 = convert(convert(leg.forward, bytes32), int256)
    K: int256 = convert(convert(leg.strike, bytes32), int256)
    df: int256 = convert(convert(leg.discount, bytes32), int256)
    w: int256 = fixed._contrast(F, K)
    x: int256 = unsafe_mul(w, w) >> 96
    alive: bool = leg.tau != 0 and leg.variance != 0
    if (unsafe_add(leg.calls, domain.HALF_SIZE) | unsafe_add(leg.puts,
        domain.HALF_SIZE)) >> 90 | convert(unsafe_sub(leg.forward, 1) >= domain.MAX_SUM_PRICE,
        int256) | convert(unsafe_sub(leg.strike, 1) >= domain.MAX_PRICE,
        int256) | convert(unsafe_sub(leg.discount,
        domain.MIN_DISCOUNT) > domain.MAX_DISCOUNT - domain.MIN_DISCOUNT,
        int256) | convert(unsafe_sub(leg.variance,
        domain.MIN_SUM_VARIANCE) > domain.MAX_VARIANCE - domain.MIN_SUM_VARIANCE,
        int256) | convert(x > domain.FACTOR_32, int256) | convert(leg.tau > domain.MAX_TAU,
        int256) != 0:
        domain._require_expiry(leg.forward, leg.discount, leg.tau)
        domain._require_leg(leg.calls, leg.puts, leg.strike,
            leg.variance if alive else domain.MAX_VARIANCE, x if alive else 0)
    ready: shock_grid.Ready = empty(shock_grid.Ready)
    ready.s = unsafe_div(unsafe_mul(F, df), black76.FIVE_18)
    ready.k = unsafe_div(unsafe_mul(K, df), black76.FIVE_18)
    ready.calls = leg.calls
    ready.puts = leg.puts
    if alive:
        ready.l = unsafe_mul(w, self._log2_over(x)) >> 96
        ready.z = fixed._sqrt_variance(convert(leg.variance, int256))
        tenor: int256 = self._tenor(leg.tau, vol_shock.near_power, vol_shock.far_power)
        up: int256 = unsafe_add(fixed.Q, unsafe_div(unsafe_mul(tenor, convert(vol_shock.up,
            int256)), fixed.WAD))
        down: int256 = unsafe_sub(fixed.Q, unsafe_div(unsafe_mul(tenor, convert(vol_shock.down,
            int256)), fixed.WAD))
        ready.up = unsafe_mul(ready.z, up) >> 96
        ready.down = unsafe_mul(ready.z, max(down, domain.LEAST_SHOCKED)) >> 96
    return ready


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
        a: int256 = self._log2_wide(unsafe_div(2 ** 192, fixed._exp2_neg(l >> 1,
            unsafe_sub(fixed.Q, b)) >> 1))
        return unsafe_sub(unsafe_add(coefficients.HIGH_A, unsafe_mul(a,
            coefficients.HIGH_B) >> 96), unsafe_div(coefficients.HIGH_K, unsafe_add(a,
            coefficients.HIGH_C)))
    near: int256 = max(l, 2 ** 60)
    a2: int256 = self._log2_wide(unsafe_add(fixed.Q, unsafe_div(unsafe_mul(near, coefficients.LN2),
        fixed._exp2_neg(l >> 1, b))))
    return unsafe_div(near << 96, unsafe_mul(a2, unsafe_sub(unsafe_div(coefficients.LOW_K,
        unsafe_add(a2, coefficients.LOW_C)), coefficients.LOW_A)) >> 96)


@internal
@pure
def _option(forward: uint256, strike: uint256, discount: uint256, smile: types.Slice, tau: uint256,
    is_put: bool) -> smile_mark.Option:
    """
    @notice One option at its volatility on a slice. Farther than a factor of 32 from the forward it
        is worth its intrinsic value, so that what was listed can be closed after any move
    @param forward Forward price, below 2^128
    @param strike Strike price, below 2^128
    @param discount Price today of one quote token at expiry, 1/4 to 4
    @param smile The slice as of now
    @param tau Seconds to expiry, 1 to 2^27
    @param is_put Put or call
    @return The option
    @custom:error value 2e-18 S, and what 2e-18 of variance moves
    """
    h: essvi.Hyperbola = essvi._hyperbola(smile)
    word_y: int256 = unsafe_sub(unsafe_add(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_SLOPE), coefficients.T_OFFSET), unsafe_div(coefficients.T_POLE,
        unsafe_add(convert(convert(tau, bytes32), int256), coefficients.T_MIDDLE)))
    word_y = unsafe_add(word_y, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G1), word_y))
    word_y = unsafe_add(word_y, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G2), word_y))
    word_y = unsafe_add(word_y, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G3), word_y))
    word_y = unsafe_add(word_y, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G4), word_y))
    word_y = unsafe_add(word_y, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G5), word_y))
    word_w: int256 = unsafe_sub(fixed.Q, unsafe_div(convert(convert(strike, bytes32),
        int256) << 97, unsafe_add(convert(convert(forward, bytes32), int256),
        convert(convert(strike, bytes32), int256))))
    word_x: int256 = unsafe_mul(word_w, word_w) >> 96
    word_w = unsafe_mul(word_w, unsafe_add(unsafe_div(coefficients.LOG_K1,
        unsafe_add(unsafe_sub(coefficients.LOG_B1, word_x), unsafe_div(coefficients.LOG_K2,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B2), unsafe_div(coefficients.LOG_K3,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B3), unsafe_div(coefficients.LOG_K4,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B4), unsafe_div(coefficients.LOG_K5,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B5), unsafe_div(coefficients.LOG_K6,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B6), unsafe_div(coefficients.LOG_K7,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B7), unsafe_div(coefficients.LOG_K8,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B8), unsafe_div(coefficients.LOG_K9,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B9), unsafe_div(coefficients.LOG_K10,
        unsafe_sub(word_x, coefficients.LOG_B10)))))))))))))))))))), coefficients.LOG_C)) >> 96
    word_g: int256 = unsafe_sub(h.skew, unsafe_mul(h.slope, word_w) >> 96)
    word_x2: int256 = unsafe_add(unsafe_mul(word_g, word_g), h.height_squared)
    word_y3: int256 = unsafe_mul(unsafe_add(unsafe_mul(word_g, word_g >> 255 | 1), h.height),
        coefficients.HYPOT_C0) >> 40
    word_y3 = unsafe_mul(unsafe_add(unsafe_div(word_x2, word_y3), word_y3),
        coefficients.HYPOT_C1) >> 40
    word_y3 = unsafe_mul(unsafe_add(unsafe_div(word_x2, word_y3), word_y3),
        coefficients.HYPOT_C2) >> 40
    word_y3 = unsafe_mul(unsafe_add(unsafe_div(word_x2, word_y3), word_y3),
        coefficients.HYPOT_C3) >> 40
    word_y3 = unsafe_mul(unsafe_add(unsafe_add(h.base, unsafe_add(unsafe_div(word_x2, word_y3),
        word_y3) >> 1), unsafe_mul(h.rho, word_g) >> 96), fixed.WAD) >> 97
    if (forward | strike) >> 128 | convert(word_x > domain.FACTOR_32,
        uint256) | convert(unsafe_sub(discount,
        domain.MIN_DISCOUNT) > domain.MAX_DISCOUNT - domain.MIN_DISCOUNT,
        uint256) | convert(unsafe_sub(convert(convert(word_y3, bytes32), uint256),
        1) > domain.MAX_VARIANCE - 1, uint256) | convert(unsafe_sub(tau, 1) > domain.MAX_TAU - 1,
        uint256) != 0:
        domain._require(forward, strike, discount, 0, tau)
        return smile_mark._step(forward, strike, discount, is_put, smile.theta, word_y)
    word_x = unsafe_sub(unsafe_add(unsafe_mul(word_y3, coefficients.V_SLOPE),
        coefficients.V_OFFSET), unsafe_div(coefficients.V_POLE, unsafe_add(word_y3,
        coefficients.V_MIDDLE)))
    word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y3, coefficients.V_G1), word_x))
    word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y3, coefficients.V_G2), word_x))
    word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y3, coefficients.V_G3), word_x))
    word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y3, coefficients.V_G4), word_x))
    word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y3, coefficients.V_G5), word_x))
    word_y3 = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y3, coefficients.V_G6), word_x))
    word_w = unsafe_add(unsafe_div(word_w << 96, word_y3), word_y3) >> 1
    word_x = unsafe_mul(word_w, word_w) >> 96
    word_x2 = unsafe_add(word_x, fixed.HALF) >> 96
    word_x = unsafe_sub(word_x, word_x2 << 96)
    word_g = unsafe_mul(word_x, word_x) >> 96
    word_g = unsafe_div(coefficients.EXP_K1, unsafe_add(unsafe_sub(coefficients.EXP_B1, word_g),
        unsafe_div(coefficients.EXP_K2, unsafe_sub(unsafe_add(word_g, coefficients.EXP_B2),
        unsafe_div(coefficients.EXP_K3, unsafe_add(word_g, coefficients.EXP_B3))))))
    word_x2 = unsafe_div(unsafe_mul(unsafe_sub(word_g, word_x), coefficients.INV_SQRT_2PI),
        unsafe_add(word_g, word_x)) >> convert(convert(word_x2, bytes32), uint256)
    word_x = unsafe_mul(word_x2, unsafe_div(coefficients.MILLS_K1,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B2, word_w), unsafe_div(coefficients.MILLS_K3,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B3, word_w), unsafe_div(coefficients.MILLS_K4,
        unsafe_add(unsafe_add(word_w, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
        unsafe_add(unsafe_sub(coefficients.MILLS_B5, word_w), unsafe_div(coefficients.MILLS_K6,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B6, word_w), unsafe_div(coefficients.MILLS_K7,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8, unsafe_sub(coefficients.MILLS_B8,
        word_w)), word_w), coefficients.MILLS_B7)))))))))))), word_w),
        coefficients.MILLS_B1))) >> 96 if word_w < 0 else unsafe_sub(fixed.Q, unsafe_mul(word_x2,
        unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(word_w, coefficients.MILLS_B1),
        unsafe_div(coefficients.MILLS_K2, unsafe_sub(unsafe_add(word_w, coefficients.MILLS_B2),
        unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(word_w, coefficients.MILLS_B3),
        unsafe_div(coefficients.MILLS_K4, unsafe_sub(unsafe_sub(word_w, coefficients.MILLS_B4),
        unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(word_w, coefficients.MILLS_B5),
        unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_add(word_w, coefficients.MILLS_B6),
        unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(word_w, coefficients.MILLS_B7),
        unsafe_div(coefficients.MILLS_K8, unsafe_add(word_w,
        coefficients.MILLS_B8))))))))))))))))) >> 96)
    word_g = unsafe_div(unsafe_mul(convert(convert(forward, bytes32), int256),
        convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    word_k: int256 = unsafe_div(unsafe_mul(convert(convert(strike, bytes32), int256),
        convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    sp: int256 = unsafe_mul(word_g, word_x2) >> 96
    word_w = unsafe_sub(word_w, word_y3)
    word_w = unsafe_sub(unsafe_mul(word_g, word_x) >> 96, unsafe_mul(sp,
        unsafe_div(coefficients.MILLS_K1, unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B2, word_w), unsafe_div(coefficients.MILLS_K3,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B3, word_w), unsafe_div(coefficients.MILLS_K4,
        unsafe_add(unsafe_add(word_w, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
        unsafe_add(unsafe_sub(coefficients.MILLS_B5, word_w), unsafe_div(coefficients.MILLS_K6,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B6, word_w), unsafe_div(coefficients.MILLS_K7,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8, unsafe_sub(coefficients.MILLS_B8,
        word_w)), word_w), coefficients.MILLS_B7)))))))))))), word_w),
        coefficients.MILLS_B1))) >> 96 if word_w < 0 else unsafe_sub(word_k, unsafe_mul(sp,
        unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(word_w, coefficients.MILLS_B1),
        unsafe_div(coefficients.MILLS_K2, unsafe_sub(unsafe_add(word_w, coefficients.MILLS_B2),
        unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(word_w, coefficients.MILLS_B3),
        unsafe_div(coefficients.MILLS_K4, unsafe_sub(unsafe_sub(word_w, coefficients.MILLS_B4),
        unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(word_w, coefficients.MILLS_B5),
        unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_add(word_w, coefficients.MILLS_B6),
        unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(word_w, coefficients.MILLS_B7),
        unsafe_div(coefficients.MILLS_K8, unsafe_add(word_w,
        coefficients.MILLS_B8))))))))))))))))) >> 96))
    word_k = unsafe_sub(unsafe_add(word_w, word_k), word_g)
    if word_w | word_k < 0:
        if word_w < 0:
            word_k = unsafe_sub(word_k, word_w)
            word_w = 0
        else:
            word_w = unsafe_sub(word_w, word_k)
            word_k = 0
    word_x = unsafe_mul(word_x, fixed.WAD) >> 96
    if is_put:
        word_w = word_k
        word_x = unsafe_sub(word_x, fixed.WAD)
    return smile_mark.Option(mark=convert(convert(word_w >> 18, bytes32), uint256), delta=word_x,
        gamma=unsafe_div(unsafe_mul(word_x2, coefficients.WAD_WAD_OVER_SQRT_2LN2),
        unsafe_mul(word_g, word_y3)), vega=unsafe_mul(sp, word_y) >> 96 >> 18,
        root_variance=word_y3, root_tau=word_y)


@internal
@pure
def _sums(spot: uint256, forward: uint256, discount: uint256, tau: uint256, root: int256,
    smile: types.Slice, grid: uint256, legs: DynArray[uint256, 24]) -> book_sum.Sums:
    """
    @notice Value and Greeks of all positions of one expiry, each strike at its volatility on
        the slice
    @param spot Price
    @param forward Forward price of the underlying at expiry
    @param discount Price today of one quote token at expiry
    @param tau Seconds to expiry, above zero
    @param root sqrt(tau in years), Q
    @param smile The eSSVI slice as of now
    @param grid Strikes are multiples of it
    @param legs What stands in each strike, see `position_word`
    @return The sums
    @custom:error value 1e-17 S gross, as `board_sum`; 1 wei more for each leg out of reach
    """
    domain._require_expiry(forward, discount, tau)
    curve: essvi.Hyperbola = essvi._hyperbola(smile)
    s: int256 = unsafe_div(unsafe_mul(convert(convert(forward, bytes32), int256),
        convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    bottom: uint256 = unsafe_add(unsafe_div(forward, book_sum.REACH), 1)
    span: uint256 = unsafe_sub(unsafe_mul(forward, book_sum.REACH), bottom)
    word_value: int256 = 0
    puts: int256 = 0
    n_cdf: int256 = 0
    n_pdf: int256 = 0
    n_pdf_over_z: int256 = 0
    word_credit: int256 = 0
    credit_puts: int256 = 0
    credit_cdf: int256 = 0
    credit_over_z: int256 = 0
    credit_lots: int256 = 0
    far: book_sum.Step = empty(book_sum.Step)
    for leg: uint256 in legs:
        strike: uint256 = unsafe_mul(leg >> position_word.STEP, grid)
        if unsafe_sub(strike, bottom) <= span:
            w: int256 = unsafe_sub(fixed.Q, unsafe_div(convert(convert(strike, bytes32),
                int256) << 97, unsafe_add(convert(convert(forward, bytes32), int256),
                convert(convert(strike, bytes32), int256))))
            x: int256 = unsafe_mul(w, w) >> 96
            l: int256 = unsafe_mul(w, unsafe_add(unsafe_div(coefficients.LOG_K1,
                unsafe_add(unsafe_sub(coefficients.LOG_B1, x), unsafe_div(coefficients.LOG_K2,
                unsafe_sub(unsafe_sub(x, coefficients.LOG_B2), unsafe_div(coefficients.LOG_K3,
                unsafe_sub(unsafe_sub(x, coefficients.LOG_B3), unsafe_div(coefficients.LOG_K4,
                unsafe_sub(unsafe_sub(x, coefficients.LOG_B4), unsafe_div(coefficients.LOG_K5,
                unsafe_sub(unsafe_sub(x, coefficients.LOG_B5), unsafe_div(coefficients.LOG_K6,
                unsafe_sub(unsafe_sub(x, coefficients.LOG_B6), unsafe_div(coefficients.LOG_K7,
                unsafe_sub(unsafe_sub(x, coefficients.LOG_B7), unsafe_div(coefficients.LOG_K8,
                unsafe_sub(unsafe_sub(x, coefficients.LOG_B8), unsafe_div(coefficients.LOG_K9,
                unsafe_sub(unsafe_sub(x, coefficients.LOG_B9), unsafe_div(coefficients.LOG_K10,
                unsafe_sub(x, coefficients.LOG_B10)))))))))))))))))))), coefficients.LOG_C)) >> 96
            g: int256 = unsafe_sub(curve.skew, unsafe_mul(curve.slope, l) >> 96)
            x2: int256 = unsafe_add(unsafe_mul(g, g), curve.height_squared)
            y2: int256 = unsafe_mul(unsafe_add(unsafe_mul(g, g >> 255 | 1), curve.height),
                coefficients.HYPOT_C0) >> 40
            y2 = unsafe_mul(unsafe_add(unsafe_div(x2, y2), y2), coefficients.HYPOT_C1) >> 40
            y2 = unsafe_mul(unsafe_add(unsafe_div(x2, y2), y2), coefficients.HYPOT_C2) >> 40
            y2 = unsafe_mul(unsafe_add(unsafe_div(x2, y2), y2), coefficients.HYPOT_C3) >> 40
            var: int256 = unsafe_mul(unsafe_add(unsafe_add(curve.base, unsafe_add(unsafe_div(x2,
                y2), y2) >> 1), unsafe_mul(curve.rho, g) >> 96), fixed.WAD) >> 97
            if unsafe_sub(convert(convert(var, bytes32), uint256),
                domain.MIN_SUM_VARIANCE) > domain.MAX_VARIANCE - domain.MIN_SUM_VARIANCE:
                domain._require_leg(0, 0, strike, convert(convert(var, bytes32), uint256), x)
            y3: int256 = unsafe_sub(unsafe_add(unsafe_mul(var, coefficients.V_SLOPE),
                coefficients.V_OFFSET), unsafe_div(coefficients.V_POLE, unsafe_add(var,
                coefficients.V_MIDDLE)))
            y3 = unsafe_add(y3, unsafe_div(unsafe_mul(var, coefficients.V_G1), y3))
            y3 = unsafe_add(y3, unsafe_div(unsafe_mul(var, coefficients.V_G2), y3))
            y3 = unsafe_add(y3, unsafe_div(unsafe_mul(var, coefficients.V_G3), y3))
            y3 = unsafe_add(y3, unsafe_div(unsafe_mul(var, coefficients.V_G4), y3))
            y3 = unsafe_add(y3, unsafe_div(unsafe_mul(var, coefficients.V_G5), y3))
            z: int256 = unsafe_add(y3, unsafe_div(unsafe_mul(var, coefficients.V_G6), y3))
            d1: int256 = unsafe_add(unsafe_div(l << 96, z), z) >> 1
            d2: int256 = unsafe_sub(d1, z)
            x3: int256 = unsafe_mul(d1, d1) >> 96
            n: int256 = unsafe_add(x3, fixed.HALF) >> 96
            f: int256 = unsafe_sub(x3, n << 96)
            q: int256 = unsafe_mul(f, f) >> 96
            h: int256 = unsafe_div(coefficients.EXP_K1, unsafe_add(unsafe_sub(coefficients.EXP_B1,
                q), unsafe_div(coefficients.EXP_K2, unsafe_sub(unsafe_add(q, coefficients.EXP_B2),
                unsafe_div(coefficients.EXP_K3, unsafe_add(q, coefficients.EXP_B3))))))
            p: int256 = unsafe_div(unsafe_mul(unsafe_sub(h, f), coefficients.INV_SQRT_2PI),
                unsafe_add(h, f)) >> convert(convert(n, bytes32), uint256)
            n2: int256 = unsafe_mul(p, unsafe_div(coefficients.MILLS_K1,
                unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
                unsafe_sub(unsafe_sub(coefficients.MILLS_B2, d1), unsafe_div(coefficients.MILLS_K3,
                unsafe_sub(unsafe_sub(coefficients.MILLS_B3, d1), unsafe_div(coefficients.MILLS_K4,
                unsafe_add(unsafe_add(d1, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
                unsafe_add(unsafe_sub(coefficients.MILLS_B5, d1), unsafe_div(coefficients.MILLS_K6,
                unsafe_sub(unsafe_sub(coefficients.MILLS_B6, d1), unsafe_div(coefficients.MILLS_K7,
                unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8,
                unsafe_sub(coefficients.MILLS_B8, d1)), d1), coefficients.MILLS_B7)))))))))))),
                d1), coefficients.MILLS_B1))) >> 96 if d1 < 0 else unsafe_sub(fixed.Q,
                unsafe_mul(p, unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(d1,
                coefficients.MILLS_B1), unsafe_div(coefficients.MILLS_K2, unsafe_sub(unsafe_add(d1,
                coefficients.MILLS_B2), unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(d1,
                coefficients.MILLS_B3), unsafe_div(coefficients.MILLS_K4, unsafe_sub(unsafe_sub(d1,
                coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(d1,
                coefficients.MILLS_B5), unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_add(d1,
                coefficients.MILLS_B6), unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(d1,
                coefficients.MILLS_B7), unsafe_div(coefficients.MILLS_K8, unsafe_add(d1,
                coefficients.MILLS_B8))))))))))))))))) >> 96)
            k: int256 = unsafe_div(unsafe_mul(convert(convert(strike, bytes32), int256),
                convert(convert(discount, bytes32), int256)), black76.FIVE_18)
            density: int256 = unsafe_mul(s, p) >> 96
            call: int256 = unsafe_sub(unsafe_mul(s, n2) >> 96, unsafe_mul(density,
                unsafe_div(coefficients.MILLS_K1,
                unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
                unsafe_sub(unsafe_sub(coefficients.MILLS_B2, d2), unsafe_div(coefficients.MILLS_K3,
                unsafe_sub(unsafe_sub(coefficients.MILLS_B3, d2), unsafe_div(coefficients.MILLS_K4,
                unsafe_add(unsafe_add(d2, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
                unsafe_add(unsafe_sub(coefficients.MILLS_B5, d2), unsafe_div(coefficients.MILLS_K6,
                unsafe_sub(unsafe_sub(coefficients.MILLS_B6, d2), unsafe_div(coefficients.MILLS_K7,
                unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8,
                unsafe_sub(coefficients.MILLS_B8, d2)), d2), coefficients.MILLS_B7)))))))))))),
                d2), coefficients.MILLS_B1))) >> 96 if d2 < 0 else unsafe_sub(k,
                unsafe_mul(density, unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(d2,
                coefficients.MILLS_B1), unsafe_div(coefficients.MILLS_K2, unsafe_sub(unsafe_add(d2,
                coefficients.MILLS_B2), unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(d2,
                coefficients.MILLS_B3), unsafe_div(coefficients.MILLS_K4, unsafe_sub(unsafe_sub(d2,
                coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(d2,
                coefficients.MILLS_B5), unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_add(d2,
                coefficients.MILLS_B6), unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(d2,
                coefficients.MILLS_B7), unsafe_div(coefficients.MILLS_K8, unsafe_add(d2,
                coefficients.MILLS_B8))))))))))))))))) >> 96))
            put: int256 = unsafe_sub(unsafe_add(call, k), s)
            if call | put < 0:
                if call < 0:
                    put = unsafe_sub(put, call)
                    call = 0
                else:
                    call = unsafe_sub(call, put)
                    put = 0
            m: int256 = unsafe_sub(convert(convert(leg >> position_word.CALLS_HELD & position_word.LOTS, bytes32), int256), convert(convert(leg >> 0 & position_word.LOTS, bytes32), int256))
            n4: int256 = unsafe_sub(convert(convert(leg >> position_word.PUTS_HELD & position_word.LOTS, bytes32), int256), convert(convert(leg >> position_word.PUTS_WRITTEN & position_word.LOTS, bytes32), int256))
            word_value = unsafe_add(word_value, unsafe_add(unsafe_mul(m, call), unsafe_mul(n4,
                put)))
            puts = unsafe_add(puts, n4)
            n4 = unsafe_add(n4, m)
            n_cdf = unsafe_add(n_cdf, unsafe_mul(n4, n2))
            m = unsafe_mul(n4, p)
            n_pdf = unsafe_add(n_pdf, m)
            n_pdf_over_z = unsafe_add(n_pdf_over_z, unsafe_div(unsafe_mul(m,
                position_word.LOT) << 40, z))
            if leg & position_word.HELD != 0:
                m = unsafe_sub(convert(convert(leg >> position_word.CALLS_HELD & position_word.LOTS, bytes32), int256), convert(convert(leg >> position_word.CALLS_ESCROWED & position_word.LOTS, bytes32), int256))
                n4 = unsafe_sub(convert(convert(leg >> position_word.PUTS_HELD & position_word.LOTS, bytes32), int256), convert(convert(leg >> position_word.PUTS_ESCROWED & position_word.LOTS, bytes32), int256))
                word_credit = unsafe_add(word_credit, unsafe_add(unsafe_mul(m, call),
                    unsafe_mul(n4, put)))
                credit_puts = unsafe_add(credit_puts, n4)
                n4 = unsafe_add(n4, m)
                credit_cdf = unsafe_add(credit_cdf, unsafe_mul(n4, n2))
                credit_over_z = unsafe_add(credit_over_z, unsafe_div(unsafe_mul(unsafe_mul(n4, p),
                    position_word.LOT) << 40, z))
                credit_lots = unsafe_add(credit_lots, n4)
        else:
            far = book_sum._stepped(far, leg, strike, spot, discount)
    word_value = unsafe_mul(word_value, position_word.LOT)
    word_credit = unsafe_mul(word_credit, position_word.LOT)
    return book_sum.Sums(value=unsafe_add(unsafe_div(unsafe_add(word_value,
        unsafe_mul(word_value >> 255, fixed.WAD - 1)), fixed.WAD) >> 18, far.value),
        delta=unsafe_add(unsafe_sub(unsafe_mul(n_cdf, position_word.LOT) >> 96, unsafe_mul(puts,
        position_word.LOT)), far.delta), gamma=unsafe_div(unsafe_mul(n_pdf_over_z,
        coefficients.WAD_OVER_SQRT_2LN2), s) >> 40, vega=unsafe_div(unsafe_mul(unsafe_mul(s,
        root) >> 96, unsafe_mul(n_pdf, position_word.LOT) >> 82), fixed.WAD) >> 32,
        credit_value=unsafe_add(unsafe_div(unsafe_add(word_credit, unsafe_mul(word_credit >> 255,
        fixed.WAD - 1)), fixed.WAD) >> 18, far.credit_value),
        credit_delta=unsafe_add(unsafe_sub(unsafe_mul(credit_cdf, position_word.LOT) >> 96,
        unsafe_mul(credit_puts, position_word.LOT)), far.credit_delta),
        credit_gamma=unsafe_div(unsafe_mul(credit_over_z, coefficients.WAD_OVER_SQRT_2LN2),
        s) >> 40, credit_lots=unsafe_add(credit_lots, far.credit_lots))


@external
@pure
def mark(forward: uint256, strike: uint256, discount: uint256, variance: uint256,
    tau: uint256) -> types.Mark:
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
    word_w: int256 = unsafe_sub(fixed.Q, unsafe_div(convert(convert(strike, bytes32),
        int256) << 97, unsafe_add(convert(convert(forward, bytes32), int256),
        convert(convert(strike, bytes32), int256))))
    word_x: int256 = unsafe_mul(word_w, word_w) >> 96
    if (forward | strike) >> 128 | convert(word_x > domain.FACTOR_32,
        uint256) | convert(unsafe_sub(discount,
        domain.MIN_DISCOUNT) > domain.MAX_DISCOUNT - domain.MIN_DISCOUNT,
        uint256) | convert(unsafe_sub(variance, 1) > domain.MAX_VARIANCE - 1,
        uint256) | convert(unsafe_sub(tau, 1) > domain.MAX_TAU - 1, uint256) != 0:
        domain._require(forward, strike, discount, variance, tau)
        call: int256 = convert(forward > strike, int256)
        put: int256 = unsafe_sub(1, call)
        gap: uint256 = unsafe_div(unsafe_mul(unsafe_sub(max(forward, strike), min(forward,
            strike)), discount), units.WAD)
        rent: int256 = self._rent(strike, discount, tau)
        return types.Mark(call=unsafe_mul(convert(convert(call, bytes32), uint256), gap),
            put=unsafe_mul(convert(convert(put, bytes32), uint256), gap),
            delta_call=unsafe_mul(call, fixed.WAD), delta_put=unsafe_mul(unsafe_sub(call, 1),
            fixed.WAD), gamma=0, vega=0, theta_call=unsafe_mul(unsafe_sub(0, call), rent),
            theta_put=unsafe_mul(put, rent), vanna=0, volga=0)
    word_y: int256 = unsafe_sub(unsafe_add(unsafe_mul(convert(convert(variance, bytes32), int256),
        coefficients.V_SLOPE), coefficients.V_OFFSET), unsafe_div(coefficients.V_POLE,
        unsafe_add(convert(convert(variance, bytes32), int256), coefficients.V_MIDDLE)))
    word_y = unsafe_add(word_y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256),
        coefficients.V_G1), word_y))
    word_y = unsafe_add(word_y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256),
        coefficients.V_G2), word_y))
    word_y = unsafe_add(word_y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256),
        coefficients.V_G3), word_y))
    word_y = unsafe_add(word_y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256),
        coefficients.V_G4), word_y))
    word_y = unsafe_add(word_y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256),
        coefficients.V_G5), word_y))
    word_y = unsafe_add(word_y, unsafe_div(unsafe_mul(convert(convert(variance, bytes32), int256),
        coefficients.V_G6), word_y))
    word_x = unsafe_add(unsafe_div(unsafe_mul(word_w, unsafe_add(unsafe_div(coefficients.LOG_K1,
        unsafe_add(unsafe_sub(coefficients.LOG_B1, word_x), unsafe_div(coefficients.LOG_K2,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B2), unsafe_div(coefficients.LOG_K3,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B3), unsafe_div(coefficients.LOG_K4,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B4), unsafe_div(coefficients.LOG_K5,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B5), unsafe_div(coefficients.LOG_K6,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B6), unsafe_div(coefficients.LOG_K7,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B7), unsafe_div(coefficients.LOG_K8,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B8), unsafe_div(coefficients.LOG_K9,
        unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B9), unsafe_div(coefficients.LOG_K10,
        unsafe_sub(word_x, coefficients.LOG_B10)))))))))))))))))))), coefficients.LOG_C)), word_y),
        word_y) >> 1
    word_w = unsafe_sub(word_x, word_y)
    word_x2: int256 = unsafe_mul(word_x, word_x) >> 96
    word_n: int256 = unsafe_add(word_x2, fixed.HALF) >> 96
    word_x2 = unsafe_sub(word_x2, word_n << 96)
    word_q: int256 = unsafe_mul(word_x2, word_x2) >> 96
    word_q = unsafe_div(coefficients.EXP_K1, unsafe_add(unsafe_sub(coefficients.EXP_B1, word_q),
        unsafe_div(coefficients.EXP_K2, unsafe_sub(unsafe_add(word_q, coefficients.EXP_B2),
        unsafe_div(coefficients.EXP_K3, unsafe_add(word_q, coefficients.EXP_B3))))))
    word_x2 = unsafe_div(unsafe_mul(unsafe_sub(word_q, word_x2), coefficients.INV_SQRT_2PI),
        unsafe_add(word_q, word_x2)) >> convert(convert(word_n, bytes32), uint256)
    word_q = unsafe_mul(word_x2, unsafe_div(coefficients.MILLS_K1,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B2, word_x), unsafe_div(coefficients.MILLS_K3,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B3, word_x), unsafe_div(coefficients.MILLS_K4,
        unsafe_add(unsafe_add(word_x, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
        unsafe_add(unsafe_sub(coefficients.MILLS_B5, word_x), unsafe_div(coefficients.MILLS_K6,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B6, word_x), unsafe_div(coefficients.MILLS_K7,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8, unsafe_sub(coefficients.MILLS_B8,
        word_x)), word_x), coefficients.MILLS_B7)))))))))))), word_x),
        coefficients.MILLS_B1))) >> 96 if word_x < 0 else unsafe_sub(fixed.Q, unsafe_mul(word_x2,
        unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(word_x, coefficients.MILLS_B1),
        unsafe_div(coefficients.MILLS_K2, unsafe_sub(unsafe_add(word_x, coefficients.MILLS_B2),
        unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(word_x, coefficients.MILLS_B3),
        unsafe_div(coefficients.MILLS_K4, unsafe_sub(unsafe_sub(word_x, coefficients.MILLS_B4),
        unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(word_x, coefficients.MILLS_B5),
        unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_add(word_x, coefficients.MILLS_B6),
        unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(word_x, coefficients.MILLS_B7),
        unsafe_div(coefficients.MILLS_K8, unsafe_add(word_x,
        coefficients.MILLS_B8))))))))))))))))) >> 96)
    word_n = unsafe_div(unsafe_mul(convert(convert(forward, bytes32), int256),
        convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    k: int256 = unsafe_div(unsafe_mul(convert(convert(strike, bytes32), int256),
        convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    word_sp: int256 = unsafe_mul(word_n, word_x2) >> 96
    n3: int256 = unsafe_mul(word_sp, unsafe_div(coefficients.MILLS_K1,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B2, word_w), unsafe_div(coefficients.MILLS_K3,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B3, word_w), unsafe_div(coefficients.MILLS_K4,
        unsafe_add(unsafe_add(word_w, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
        unsafe_add(unsafe_sub(coefficients.MILLS_B5, word_w), unsafe_div(coefficients.MILLS_K6,
        unsafe_sub(unsafe_sub(coefficients.MILLS_B6, word_w), unsafe_div(coefficients.MILLS_K7,
        unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8, unsafe_sub(coefficients.MILLS_B8,
        word_w)), word_w), coefficients.MILLS_B7)))))))))))), word_w),
        coefficients.MILLS_B1))) >> 96 if word_w < 0 else unsafe_sub(k, unsafe_mul(word_sp,
        unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(word_w, coefficients.MILLS_B1),
        unsafe_div(coefficients.MILLS_K2, unsafe_sub(unsafe_add(word_w, coefficients.MILLS_B2),
        unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(word_w, coefficients.MILLS_B3),
        unsafe_div(coefficients.MILLS_K4, unsafe_sub(unsafe_sub(word_w, coefficients.MILLS_B4),
        unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(word_w, coefficients.MILLS_B5),
        unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_add(word_w, coefficients.MILLS_B6),
        unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(word_w, coefficients.MILLS_B7),
        unsafe_div(coefficients.MILLS_K8, unsafe_add(word_w,
        coefficients.MILLS_B8))))))))))))))))) >> 96)
    call2: int256 = unsafe_sub(unsafe_mul(word_n, word_q) >> 96, n3)
    put2: int256 = unsafe_sub(unsafe_add(call2, k), word_n)
    if call2 | put2 < 0:
        if call2 < 0:
            put2 = unsafe_sub(put2, call2)
            call2 = 0
        else:
            call2 = unsafe_sub(call2, put2)
            put2 = 0
    word_y3: int256 = unsafe_sub(unsafe_add(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_SLOPE), coefficients.T_OFFSET), unsafe_div(coefficients.T_POLE,
        unsafe_add(convert(convert(tau, bytes32), int256), coefficients.T_MIDDLE)))
    word_y3 = unsafe_add(word_y3, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G1), word_y3))
    word_y3 = unsafe_add(word_y3, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G2), word_y3))
    word_y3 = unsafe_add(word_y3, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G3), word_y3))
    word_y3 = unsafe_add(word_y3, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G4), word_y3))
    word_y3 = unsafe_add(word_y3, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G5), word_y3))
    vega: int256 = unsafe_mul(word_sp, word_y3) >> 96
    word_q = unsafe_mul(word_q, fixed.WAD) >> 96
    word_sp = unsafe_mul(unsafe_mul(word_sp, word_y) >> 72,
        coefficients.MINUS_YEAR_SQRT_2LN2_OVER_2)
    carry: int256 = unsafe_sub(fixed.Q, unsafe_div(convert(convert(discount, bytes32),
        int256) << 97, unsafe_add(fixed.WAD, convert(convert(discount, bytes32), int256))))
    x3: int256 = unsafe_mul(carry, carry) >> 96
    carry = unsafe_mul(carry, unsafe_div(coefficients.NEAR_K1,
        unsafe_add(unsafe_sub(coefficients.NEAR_B1, x3), unsafe_div(coefficients.NEAR_K2,
        unsafe_sub(unsafe_sub(x3, coefficients.NEAR_B2), unsafe_div(coefficients.NEAR_K3,
        unsafe_sub(unsafe_sub(x3, coefficients.NEAR_B3), unsafe_div(coefficients.NEAR_K4,
        unsafe_sub(unsafe_sub(x3, coefficients.NEAR_B4), unsafe_div(coefficients.NEAR_K5,
        unsafe_sub(unsafe_sub(x3, coefficients.NEAR_B5), unsafe_div(coefficients.NEAR_K6,
        unsafe_sub(x3, coefficients.NEAR_B6))))))))))))) >> 96
    return types.Mark(call=convert(convert(call2 >> 18, bytes32), uint256),
        put=convert(convert(put2 >> 18, bytes32), uint256), delta_call=word_q,
        delta_put=unsafe_sub(word_q, fixed.WAD),
        gamma=convert(convert(unsafe_div(unsafe_mul(word_x2, coefficients.WAD_WAD_OVER_SQRT_2LN2),
        unsafe_mul(word_n, word_y)), bytes32), uint256), vega=convert(convert(vega >> 18, bytes32),
        uint256), theta_call=unsafe_div(unsafe_sub(word_sp, unsafe_mul(unsafe_mul(n3, carry) >> 72,
        coefficients.YEAR_LN2)), convert(convert(tau, bytes32), int256)) >> 82,
        theta_put=unsafe_div(unsafe_add(word_sp, unsafe_mul(unsafe_mul(unsafe_sub(k, n3),
        carry) >> 72, coefficients.YEAR_LN2)), convert(convert(tau, bytes32), int256)) >> 82,
        vanna=unsafe_mul(unsafe_div(unsafe_mul(unsafe_mul(word_x2, word_w) >> 96, word_y3),
        word_y), -fixed.WAD) >> 96, volga=unsafe_mul(unsafe_div(unsafe_mul(unsafe_mul(vega,
        unsafe_mul(word_x, word_w) >> 96) >> 96, word_y3), word_y), coefficients.SQRT_2LN2) >> 78)


@external
@pure
def price(forward: uint256, strike: uint256, discount: uint256, variance: uint256) -> (uint256,
    uint256):
    """
    @notice Value of the call and the put of one strike: what `_mark` gives, without Greeks
    @param forward Forward price of the underlying at expiry
    @param strike Strike price
    @param discount Price today of one quote token at expiry
    @param variance Total variance until expiry
    @return Call and put
    @custom:error value 2e-18 S
    """
    w: int256 = unsafe_sub(fixed.Q, unsafe_div(convert(convert(strike, bytes32), int256) << 97,
        unsafe_add(convert(convert(forward, bytes32), int256), convert(convert(strike, bytes32),
        int256))))
    x: int256 = unsafe_mul(w, w) >> 96
    s: int256 = unsafe_div(unsafe_mul(convert(convert(forward, bytes32), int256),
        convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    k: int256 = unsafe_div(unsafe_mul(convert(convert(strike, bytes32), int256),
        convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    call: int256 = max(unsafe_sub(s, k), 0)
    if (forward | strike) >> 128 | convert(x > domain.FACTOR_32,
        uint256) | convert(unsafe_sub(discount,
        domain.MIN_DISCOUNT) > domain.MAX_DISCOUNT - domain.MIN_DISCOUNT,
        uint256) | convert(unsafe_sub(variance, 1) > domain.MAX_VARIANCE - 1, uint256) == 0:
        z: int256 = fixed._sqrt_variance(convert(convert(variance, bytes32), int256))
        call = self._call(s, k, unsafe_div(unsafe_mul(w, unsafe_add(unsafe_div(coefficients.LOG_K1,
            unsafe_add(unsafe_sub(coefficients.LOG_B1, x), unsafe_div(coefficients.LOG_K2,
            unsafe_sub(unsafe_sub(x, coefficients.LOG_B2), unsafe_div(coefficients.LOG_K3,
            unsafe_sub(unsafe_sub(x, coefficients.LOG_B3), unsafe_div(coefficients.LOG_K4,
            unsafe_sub(unsafe_sub(x, coefficients.LOG_B4), unsafe_div(coefficients.LOG_K5,
            unsafe_sub(unsafe_sub(x, coefficients.LOG_B5), unsafe_div(coefficients.LOG_K6,
            unsafe_sub(unsafe_sub(x, coefficients.LOG_B6), unsafe_div(coefficients.LOG_K7,
            unsafe_sub(unsafe_sub(x, coefficients.LOG_B7), unsafe_div(coefficients.LOG_K8,
            unsafe_sub(unsafe_sub(x, coefficients.LOG_B8), unsafe_div(coefficients.LOG_K9,
            unsafe_sub(unsafe_sub(x, coefficients.LOG_B9), unsafe_div(coefficients.LOG_K10,
            unsafe_sub(x, coefficients.LOG_B10)))))))))))))))))))), coefficients.LOG_C)), z), z)
    else:
        domain._require(forward, strike, discount, variance, 1)
    return (convert(call >> 18, uint256), convert(unsafe_sub(unsafe_add(call, k), s) >> 18,
        uint256))


@external
@pure
def board(forward: uint256, discount: uint256, tau: uint256, smile: types.Slice,
    legs: DynArray[types.BoardLeg, 24]) -> types.Board:
    """
    @notice Value and Greeks of all positions of one expiry, each strike at its volatility on
        the slice
    @param forward Forward price of the underlying at expiry
    @param discount Price today of one quote token at expiry
    @param tau Seconds to expiry
    @param smile The eSSVI slice as of now
    @param legs Strikes with the contracts held of each right, signed
    @return The sums, and the gross number of contracts
    @custom:error value 1e-17 S gross, at the slice's variance rounded down to 1e-18
    """
    if tau == 0:
        return board_sum._expired(forward, discount, legs)
    domain._require_expiry(forward, discount, tau)
    curve: essvi.Hyperbola = essvi._hyperbola(smile)
    s: int256 = unsafe_div(unsafe_mul(convert(convert(forward, bytes32), int256),
        convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    value: int256 = 0
    puts: int256 = 0
    n_cdf: int256 = 0
    n_pdf: int256 = 0
    n_pdf_z: int256 = 0
    n_pdf_over_z: int256 = 0
    n_vanna: int256 = 0
    n_volga: int256 = 0
    owed: int256 = 0
    gross: int256 = 0
    for leg: types.BoardLeg in legs:
        n: int256 = unsafe_add(leg.calls, leg.puts)
        word_K: int256 = convert(convert(leg.strike, bytes32), int256)
        word_w: int256 = unsafe_sub(fixed.Q, unsafe_div(word_K << 97,
            unsafe_add(convert(convert(forward, bytes32), int256), word_K)))
        word_x: int256 = unsafe_mul(word_w, word_w) >> 96
        word_w = unsafe_mul(word_w, unsafe_add(unsafe_div(coefficients.LOG_K1,
            unsafe_add(unsafe_sub(coefficients.LOG_B1, word_x), unsafe_div(coefficients.LOG_K2,
            unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B2), unsafe_div(coefficients.LOG_K3,
            unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B3), unsafe_div(coefficients.LOG_K4,
            unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B4), unsafe_div(coefficients.LOG_K5,
            unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B5), unsafe_div(coefficients.LOG_K6,
            unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B6), unsafe_div(coefficients.LOG_K7,
            unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B7), unsafe_div(coefficients.LOG_K8,
            unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B8), unsafe_div(coefficients.LOG_K9,
            unsafe_sub(unsafe_sub(word_x, coefficients.LOG_B9), unsafe_div(coefficients.LOG_K10,
            unsafe_sub(word_x, coefficients.LOG_B10)))))))))))))))))))), coefficients.LOG_C)) >> 96
        word_g: int256 = unsafe_sub(curve.skew, unsafe_mul(curve.slope, word_w) >> 96)
        word_x2: int256 = unsafe_add(unsafe_mul(word_g, word_g), curve.height_squared)
        word_y2: int256 = unsafe_mul(unsafe_add(unsafe_mul(word_g, word_g >> 255 | 1),
            curve.height), coefficients.HYPOT_C0) >> 40
        word_y2 = unsafe_mul(unsafe_add(unsafe_div(word_x2, word_y2), word_y2),
            coefficients.HYPOT_C1) >> 40
        word_y2 = unsafe_mul(unsafe_add(unsafe_div(word_x2, word_y2), word_y2),
            coefficients.HYPOT_C2) >> 40
        word_y2 = unsafe_mul(unsafe_add(unsafe_div(word_x2, word_y2), word_y2),
            coefficients.HYPOT_C3) >> 40
        word_y2 = unsafe_mul(unsafe_add(unsafe_add(curve.base, unsafe_add(unsafe_div(word_x2,
            word_y2), word_y2) >> 1), unsafe_mul(curve.rho, word_g) >> 96), fixed.WAD) >> 97
        if (unsafe_add(leg.calls, domain.HALF_SIZE) | unsafe_add(leg.puts,
            domain.HALF_SIZE)) >> 90 | convert(convert(leg.strike >> 128, bytes32),
            int256) | convert(word_x > domain.FACTOR_32,
            int256) | convert(unsafe_sub(convert(convert(word_y2, bytes32), uint256),
            domain.MIN_SUM_VARIANCE) > domain.MAX_VARIANCE - domain.MIN_SUM_VARIANCE, int256) != 0:
            domain._require_leg(leg.calls, leg.puts, leg.strike, convert(convert(word_y2, bytes32),
                uint256), word_x)
        word_x = unsafe_sub(unsafe_add(unsafe_mul(word_y2, coefficients.V_SLOPE),
            coefficients.V_OFFSET), unsafe_div(coefficients.V_POLE, unsafe_add(word_y2,
            coefficients.V_MIDDLE)))
        word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y2, coefficients.V_G1), word_x))
        word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y2, coefficients.V_G2), word_x))
        word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y2, coefficients.V_G3), word_x))
        word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y2, coefficients.V_G4), word_x))
        word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y2, coefficients.V_G5), word_x))
        word_y2 = unsafe_add(word_x, unsafe_div(unsafe_mul(word_y2, coefficients.V_G6), word_x))
        word_w = unsafe_add(unsafe_div(word_w << 96, word_y2), word_y2) >> 1
        word_x = unsafe_sub(word_w, word_y2)
        word_x2 = unsafe_mul(word_w, word_w) >> 96
        word_g = unsafe_add(word_x2, fixed.HALF) >> 96
        word_x2 = unsafe_sub(word_x2, word_g << 96)
        word_q: int256 = unsafe_mul(word_x2, word_x2) >> 96
        word_q = unsafe_div(coefficients.EXP_K1, unsafe_add(unsafe_sub(coefficients.EXP_B1,
            word_q), unsafe_div(coefficients.EXP_K2, unsafe_sub(unsafe_add(word_q,
            coefficients.EXP_B2), unsafe_div(coefficients.EXP_K3, unsafe_add(word_q,
            coefficients.EXP_B3))))))
        word_x2 = unsafe_div(unsafe_mul(unsafe_sub(word_q, word_x2), coefficients.INV_SQRT_2PI),
            unsafe_add(word_q, word_x2)) >> convert(convert(word_g, bytes32), uint256)
        word_q = unsafe_mul(word_x2, unsafe_div(coefficients.MILLS_K1,
            unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
            unsafe_sub(unsafe_sub(coefficients.MILLS_B2, word_w), unsafe_div(coefficients.MILLS_K3,
            unsafe_sub(unsafe_sub(coefficients.MILLS_B3, word_w), unsafe_div(coefficients.MILLS_K4,
            unsafe_add(unsafe_add(word_w, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
            unsafe_add(unsafe_sub(coefficients.MILLS_B5, word_w), unsafe_div(coefficients.MILLS_K6,
            unsafe_sub(unsafe_sub(coefficients.MILLS_B6, word_w), unsafe_div(coefficients.MILLS_K7,
            unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8,
            unsafe_sub(coefficients.MILLS_B8, word_w)), word_w), coefficients.MILLS_B7)))))))))))),
            word_w), coefficients.MILLS_B1))) >> 96 if word_w < 0 else unsafe_sub(fixed.Q,
            unsafe_mul(word_x2, unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(word_w,
            coefficients.MILLS_B1), unsafe_div(coefficients.MILLS_K2, unsafe_sub(unsafe_add(word_w,
            coefficients.MILLS_B2), unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(word_w,
            coefficients.MILLS_B3), unsafe_div(coefficients.MILLS_K4, unsafe_sub(unsafe_sub(word_w,
            coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(word_w,
            coefficients.MILLS_B5), unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_add(word_w,
            coefficients.MILLS_B6), unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(word_w,
            coefficients.MILLS_B7), unsafe_div(coefficients.MILLS_K8, unsafe_add(word_w,
            coefficients.MILLS_B8))))))))))))))))) >> 96)
        word_K = unsafe_div(unsafe_mul(word_K, convert(convert(discount, bytes32), int256)),
            black76.FIVE_18)
        word_g = unsafe_mul(s, word_x2) >> 96
        word_g = unsafe_mul(word_g, unsafe_div(coefficients.MILLS_K1,
            unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
            unsafe_sub(unsafe_sub(coefficients.MILLS_B2, word_x), unsafe_div(coefficients.MILLS_K3,
            unsafe_sub(unsafe_sub(coefficients.MILLS_B3, word_x), unsafe_div(coefficients.MILLS_K4,
            unsafe_add(unsafe_add(word_x, coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
            unsafe_add(unsafe_sub(coefficients.MILLS_B5, word_x), unsafe_div(coefficients.MILLS_K6,
            unsafe_sub(unsafe_sub(coefficients.MILLS_B6, word_x), unsafe_div(coefficients.MILLS_K7,
            unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8,
            unsafe_sub(coefficients.MILLS_B8, word_x)), word_x), coefficients.MILLS_B7)))))))))))),
            word_x), coefficients.MILLS_B1))) >> 96 if word_x < 0 else unsafe_sub(word_K,
            unsafe_mul(word_g, unsafe_div(coefficients.MILLS_K1, unsafe_add(unsafe_sub(word_x,
            coefficients.MILLS_B1), unsafe_div(coefficients.MILLS_K2, unsafe_sub(unsafe_add(word_x,
            coefficients.MILLS_B2), unsafe_div(coefficients.MILLS_K3, unsafe_add(unsafe_add(word_x,
            coefficients.MILLS_B3), unsafe_div(coefficients.MILLS_K4, unsafe_sub(unsafe_sub(word_x,
            coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5, unsafe_add(unsafe_add(word_x,
            coefficients.MILLS_B5), unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_add(word_x,
            coefficients.MILLS_B6), unsafe_div(coefficients.MILLS_K7, unsafe_add(unsafe_sub(word_x,
            coefficients.MILLS_B7), unsafe_div(coefficients.MILLS_K8, unsafe_add(word_x,
            coefficients.MILLS_B8))))))))))))))))) >> 96)
        call: int256 = unsafe_sub(unsafe_mul(s, word_q) >> 96, word_g)
        put: int256 = unsafe_sub(unsafe_add(call, word_K), s)
        if call | put < 0:
            if call < 0:
                put = unsafe_sub(put, call)
                call = 0
            else:
                call = unsafe_sub(call, put)
                put = 0
        value = unsafe_add(value, unsafe_add(unsafe_mul(leg.calls, call), unsafe_mul(leg.puts,
            put)))
        puts = unsafe_add(puts, leg.puts)
        n_cdf = unsafe_add(n_cdf, unsafe_mul(n, word_q))
        owed = unsafe_add(owed, unsafe_sub(unsafe_mul(n, word_g), unsafe_mul(leg.puts, word_K)))
        word_x = unsafe_mul(word_x2, word_x) >> 96
        n_volga = unsafe_add(n_volga, unsafe_div(unsafe_mul(n, unsafe_mul(word_x,
            word_w) >> 96) << 38, word_y2))
        n_vanna = unsafe_add(n_vanna, unsafe_div(unsafe_mul(n, word_x) << 40, word_y2))
        n_pdf_z = unsafe_add(n_pdf_z, unsafe_mul(n, unsafe_mul(word_x2, word_y2) >> 96))
        word_x2 = unsafe_mul(n, word_x2)
        n_pdf = unsafe_add(n_pdf, word_x2)
        n_pdf_over_z = unsafe_add(n_pdf_over_z, unsafe_div(word_x2 << 40, word_y2))
        gross = unsafe_add(gross, unsafe_add(unsafe_mul(leg.calls, leg.calls >> 255 | 1),
            unsafe_mul(leg.puts, leg.puts >> 255 | 1)))
    word_y4: int256 = unsafe_sub(unsafe_add(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_SLOPE), coefficients.T_OFFSET), unsafe_div(coefficients.T_POLE,
        unsafe_add(convert(convert(tau, bytes32), int256), coefficients.T_MIDDLE)))
    word_y4 = unsafe_add(word_y4, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G1), word_y4))
    word_y4 = unsafe_add(word_y4, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G2), word_y4))
    word_y4 = unsafe_add(word_y4, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G3), word_y4))
    word_y4 = unsafe_add(word_y4, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G4), word_y4))
    word_y4 = unsafe_add(word_y4, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G5), word_y4))
    carry: int256 = unsafe_sub(fixed.Q, unsafe_div(convert(convert(discount, bytes32),
        int256) << 97, unsafe_add(fixed.WAD, convert(convert(discount, bytes32), int256))))
    x4: int256 = unsafe_mul(carry, carry) >> 96
    return types.Board(value=unsafe_div(unsafe_add(value, unsafe_mul(value >> 255, fixed.WAD - 1)),
        fixed.WAD) >> 18, delta=unsafe_sub(n_cdf >> 96, puts),
        gamma=unsafe_div(unsafe_mul(n_pdf_over_z, coefficients.WAD_OVER_SQRT_2LN2), s) >> 40,
        vega=unsafe_div(unsafe_mul(unsafe_mul(s, word_y4) >> 96, n_pdf >> 82), fixed.WAD) >> 32,
        theta=unsafe_div(unsafe_sub(unsafe_mul(unsafe_div(unsafe_mul(s, n_pdf_z >> 82), fixed.WAD),
        coefficients.MINUS_YEAR_SQRT_2LN2_OVER_2) >> 8, unsafe_mul(unsafe_mul(unsafe_div(owed,
        fixed.WAD) >> 18, unsafe_mul(carry, unsafe_div(coefficients.NEAR_K1,
        unsafe_add(unsafe_sub(coefficients.NEAR_B1, x4), unsafe_div(coefficients.NEAR_K2,
        unsafe_sub(unsafe_sub(x4, coefficients.NEAR_B2), unsafe_div(coefficients.NEAR_K3,
        unsafe_sub(unsafe_sub(x4, coefficients.NEAR_B3), unsafe_div(coefficients.NEAR_K4,
        unsafe_sub(unsafe_sub(x4, coefficients.NEAR_B4), unsafe_div(coefficients.NEAR_K5,
        unsafe_sub(unsafe_sub(x4, coefficients.NEAR_B5), unsafe_div(coefficients.NEAR_K6,
        unsafe_sub(x4, coefficients.NEAR_B6))))))))))))) >> 96) >> 72, coefficients.YEAR_LN2)),
        convert(convert(tau, bytes32), int256)) >> 64, vanna=unsafe_mul(unsafe_sub(0, n_vanna),
        word_y4) >> 136, volga=unsafe_div(unsafe_mul(unsafe_mul(unsafe_mul(unsafe_mul(n_volga,
        word_y4) >> 96, word_y4) >> 120, coefficients.SQRT_2LN2) >> 60, s >> 18), fixed.WAD) >> 14,
        gross=convert(gross, uint256))


@external
@pure
def grid(legs: DynArray[types.GridLeg, 16], shocks: DynArray[types.Shock, 12],
    vol_shock: types.VolShock) -> DynArray[int256, 12]:
    """
    @notice Value of a portfolio under each shock
    @dev |log2| <= 5 + 2 and z >= 2^72 / 16, so |D| < 2^126. Sizes are below 2^90 and values
        below 2^139: sums below 2^234.
    @param legs Positions, one for each strike of an expiry
    @param shocks Factors on spot and directions of volatility
    @param vol_shock By how much volatility moves, by time to expiry
    @return One value for each shock, rounded down
    @custom:error value 4e-18 S gross, S the larger of spot before and after the shock
    """
    domain._require_shock(vol_shock.up, vol_shock.down, vol_shock.near_power, vol_shock.far_power)
    ready: DynArray[shock_grid.Ready, 16] = []
    for leg: types.GridLeg in legs:
        ready.append(self._ready(leg, vol_shock))
    values: DynArray[int256, 12] = []
    for shock: types.Shock in shocks:
        if unsafe_sub(shock.spot, shock_grid.MIN_SPOT) > shock_grid.MAX_SPOT - shock_grid.MIN_SPOT:
            domain._refuse('pricer: spot shock')
        word_w: int256 = unsafe_sub(fixed.Q, unsafe_div(fixed.WAD << 97,
            unsafe_add(convert(convert(shock.spot, bytes32), int256), fixed.WAD)))
        word_x: int256 = unsafe_mul(word_w, word_w) >> 96
        word_x = unsafe_mul(word_w, unsafe_div(coefficients.NEAR_K1,
            unsafe_add(unsafe_sub(coefficients.NEAR_B1, word_x), unsafe_div(coefficients.NEAR_K2,
            unsafe_sub(unsafe_sub(word_x, coefficients.NEAR_B2), unsafe_div(coefficients.NEAR_K3,
            unsafe_sub(unsafe_sub(word_x, coefficients.NEAR_B3), unsafe_div(coefficients.NEAR_K4,
            unsafe_sub(unsafe_sub(word_x, coefficients.NEAR_B4), unsafe_div(coefficients.NEAR_K5,
            unsafe_sub(unsafe_sub(word_x, coefficients.NEAR_B5), unsafe_div(coefficients.NEAR_K6,
            unsafe_sub(word_x, coefficients.NEAR_B6))))))))))))) >> 96
        word_w = convert(convert(shock.spot, bytes32), int256)
        total: int256 = 0
        for each: shock_grid.Ready in ready:
            word_z: int256 = each.z if shock.volatility == 0 else each.up if shock.volatility > 0 else each.down
            s: int256 = unsafe_div(unsafe_mul(each.s, word_w), fixed.WAD)
            word_z = max(unsafe_sub(s, each.k), 0) if word_z == 0 else self._call(s, each.k,
                unsafe_div(unsafe_add(each.l, word_x) << 96, word_z), word_z)
            total = unsafe_add(total, unsafe_add(unsafe_mul(each.calls, word_z),
                unsafe_mul(each.puts, unsafe_sub(unsafe_add(word_z, each.k), s))))
        values.append(unsafe_div(unsafe_add(total, unsafe_mul(total >> 255, fixed.WAD - 1)),
            fixed.WAD) >> 18)
    return values


@external
@pure
def implied_vol(forward: uint256, strike: uint256, discount: uint256, premium: uint256,
    tau: uint256, is_call: bool) -> uint256:
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
    w: int256 = unsafe_sub(fixed.Q, unsafe_div(convert(convert(strike, bytes32), int256) << 97,
        unsafe_add(convert(convert(forward, bytes32), int256), convert(convert(strike, bytes32),
        int256))))
    word_x: int256 = unsafe_mul(w, w) >> 96
    if (forward | strike) >> 128 | convert(word_x > domain.FACTOR_32,
        uint256) | convert(unsafe_sub(discount,
        domain.MIN_DISCOUNT) > domain.MAX_DISCOUNT - domain.MIN_DISCOUNT,
        uint256) | convert(unsafe_sub(tau, 1) > domain.MAX_TAU - 1, uint256) != 0:
        domain._require(forward, strike, discount, 1, max(tau, convert(tau == 0, uint256) << 255))
    word_s: int256 = unsafe_div(unsafe_mul(convert(convert(forward, bytes32), int256),
        convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    word_k: int256 = unsafe_div(unsafe_mul(convert(convert(strike, bytes32), int256),
        convert(convert(discount, bytes32), int256)), black76.FIVE_18)
    b: int256 = convert(min(premium, 2 ** 132) << 18, int256)
    if is_call == (convert(convert(forward, bytes32), int256) > convert(convert(strike, bytes32),
        int256)):
        b = unsafe_sub(b, abs(unsafe_sub(word_s, word_k)))
    word_s = min(word_s, word_k)
    b = unsafe_div(b << 96, word_s)
    if unsafe_sub(convert(convert(b, bytes32), uint256),
        domain.LEAST_PREMIUM) >= domain.MOST_PREMIUM:
        domain._refuse_premium(b)
    word_k = abs(unsafe_mul(w, self._log2_over(word_x)) >> 96)
    z: int256 = self._guess(word_k, b)
    for i: uint256 in range(implied.STEPS):
        word_s = unsafe_div(word_k << 96, z)
        d1: int256 = unsafe_sub(z, word_s) >> 1
        word_d2: int256 = unsafe_sub(d1, z)
        density: int256 = fixed._exp2_neg(unsafe_mul(d1, d1) >> 96, coefficients.INV_SQRT_2PI)
        tail: int256 = unsafe_mul(density, unsafe_div(coefficients.MILLS_K1,
            unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K2,
            unsafe_sub(unsafe_sub(coefficients.MILLS_B2, word_d2),
            unsafe_div(coefficients.MILLS_K3, unsafe_sub(unsafe_sub(coefficients.MILLS_B3,
            word_d2), unsafe_div(coefficients.MILLS_K4, unsafe_add(unsafe_add(word_d2,
            coefficients.MILLS_B4), unsafe_div(coefficients.MILLS_K5,
            unsafe_add(unsafe_sub(coefficients.MILLS_B5, word_d2),
            unsafe_div(coefficients.MILLS_K6, unsafe_sub(unsafe_sub(coefficients.MILLS_B6,
            word_d2), unsafe_div(coefficients.MILLS_K7,
            unsafe_sub(unsafe_sub(unsafe_div(coefficients.MILLS_K8,
            unsafe_sub(coefficients.MILLS_B8, word_d2)), word_d2),
            coefficients.MILLS_B7)))))))))))), word_d2), coefficients.MILLS_B1))) >> 96
        word_v: int256 = 0
        word_goal: int256 = b
        p: int256 = unsafe_mul(density, coefficients.SQRT_2LN2) >> 60
        if b > fixed.HALF:
            word_v = unsafe_add(self._cumulate(unsafe_sub(0, d1), density, fixed.Q), tail)
            word_goal = unsafe_sub(fixed.Q, b)
            p = unsafe_sub(0, p)
        else:
            word_v = unsafe_sub(self._cumulate(d1, density, fixed.Q), tail)
        w = unsafe_sub(fixed.Q, unsafe_div(word_goal << 97, unsafe_add(word_v, word_goal)))
        word_goal = unsafe_mul(w, w) >> 96
        word_goal = unsafe_mul(unsafe_mul(w, unsafe_div(coefficients.NEAR_K1,
            unsafe_add(unsafe_sub(coefficients.NEAR_B1, word_goal),
            unsafe_div(coefficients.NEAR_K2, unsafe_sub(unsafe_sub(word_goal,
            coefficients.NEAR_B2), unsafe_div(coefficients.NEAR_K3,
            unsafe_sub(unsafe_sub(word_goal, coefficients.NEAR_B3),
            unsafe_div(coefficients.NEAR_K4, unsafe_sub(unsafe_sub(word_goal,
            coefficients.NEAR_B4), unsafe_div(coefficients.NEAR_K5,
            unsafe_sub(unsafe_sub(word_goal, coefficients.NEAR_B5),
            unsafe_div(coefficients.NEAR_K6, unsafe_sub(word_goal,
            coefficients.NEAR_B6))))))))))))) >> 96, coefficients.LN2) >> 96
        word_v = unsafe_div(unsafe_mul(word_goal, word_v), unsafe_sub(0, p))
        w = unsafe_div(word_v << 96, z)
        word_d2 = unsafe_mul(unsafe_mul(unsafe_mul(d1, word_d2) >> 96, coefficients.TWO_LN2) >> 96,
            w) >> 96
        word_s = unsafe_mul(word_s, w) >> 96
        word_s = unsafe_mul(unsafe_add(unsafe_mul(unsafe_mul(word_s, word_s), 3),
            unsafe_mul(word_v, word_v)) >> 97, coefficients.LN2)
        word_x = unsafe_div(unsafe_sub(unsafe_add(unsafe_mul(word_d2, unsafe_add(word_d2,
            unsafe_mul(word_goal, 3))), unsafe_mul(word_goal, word_goal) << 1), word_s) >> 96, 6)
        word_d2 = unsafe_add(word_d2, word_goal)
        z = unsafe_add(z, unsafe_div(unsafe_mul(word_v, unsafe_add(fixed.Q, word_d2 >> 1)),
            unsafe_add(fixed.Q, unsafe_add(word_d2, word_x))))
    word_x = unsafe_sub(unsafe_add(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_SLOPE), coefficients.T_OFFSET), unsafe_div(coefficients.T_POLE,
        unsafe_add(convert(convert(tau, bytes32), int256), coefficients.T_MIDDLE)))
    word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G1), word_x))
    word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G2), word_x))
    word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G3), word_x))
    word_x = unsafe_add(word_x, unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256),
        coefficients.T_G4), word_x))
    return convert(convert(unsafe_div(unsafe_mul(z, coefficients.WAD_SQRT_2LN2), unsafe_add(word_x,
        unsafe_div(unsafe_mul(convert(convert(tau, bytes32), int256), coefficients.T_G5),
        word_x))), bytes32), uint256)
