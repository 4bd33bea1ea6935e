# pragma version 0.4.3
# pragma optimize gas
"""
@title Black-76 with all Greeks from one density
@license MIT
@notice Readable source of `flat`, which tools/kernel/flatten.py writes and `Pricer` exports.
    Letters are those of docs/MATH.md: L = log2(F/K), z = sqrt(w/(2 ln 2)), D1 = (L/z + z)/2, D2 =
    D1 - z, s and k the discounted forward and strike with 18 more bits than a WAD, p = phi(d1).
"""

from .. import types
from .. import units
from . import coefficients as c
from . import domain
from . import fixed
from . import gaussian

FIVE_18: constant(int256) = 5**18  # WAD * WAD / 5^18 leaves a WAD with 18 more bits


@internal
@pure
def _mark(
    forward: uint256, strike: uint256, discount: uint256, variance: uint256, tau: uint256
) -> types.Mark:
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
    F: int256 = convert(convert(forward, bytes32), int256)
    K: int256 = convert(convert(strike, bytes32), int256)
    df: int256 = convert(convert(discount, bytes32), int256)
    var: int256 = convert(convert(variance, bytes32), int256)
    t: int256 = convert(convert(tau, bytes32), int256)
    w: int256 = fixed._contrast(F, K)
    x: int256 = unsafe_mul(w, w) >> 96
    if (
        (forward | strike) >> 128
        | convert(x > domain.FACTOR_32, uint256)
        | convert(
            unsafe_sub(discount, domain.MIN_DISCOUNT) > domain.MAX_DISCOUNT - domain.MIN_DISCOUNT,
            uint256,
        )
        | convert(unsafe_sub(variance, 1) > domain.MAX_VARIANCE - 1, uint256)
        | convert(unsafe_sub(tau, 1) > domain.MAX_TAU - 1, uint256)
    ) != 0:
        domain._require(forward, strike, discount, variance, tau)
        return self._intrinsic(forward, strike, discount, tau)

    z: int256 = fixed._sqrt_variance(var)
    d1: int256 = unsafe_add(unsafe_div(unsafe_mul(w, fixed._log2_over(x)), z), z) >> 1
    d2: int256 = unsafe_sub(d1, z)
    p: int256 = gaussian._density(d1)
    n1: int256 = gaussian._cumulate(d1, p, fixed.Q)
    s: int256 = unsafe_div(unsafe_mul(F, df), FIVE_18)
    k: int256 = unsafe_div(unsafe_mul(K, df), FIVE_18)
    sp: int256 = unsafe_mul(s, p) >> 96
    kn2: int256 = gaussian._cumulate(d2, sp, k)
    call: int256 = unsafe_sub(unsafe_mul(s, n1) >> 96, kn2)
    put: int256 = unsafe_sub(unsafe_add(call, k), s)
    if (call | put) < 0:  # a worthless option: the other right is worth its intrinsic value
        if call < 0:
            put = unsafe_sub(put, call)
            call = 0
        else:
            call = unsafe_sub(call, put)
            put = 0
    u: int256 = fixed._sqrt_years(t)
    vega: int256 = unsafe_mul(sp, u) >> 96
    delta: int256 = unsafe_mul(n1, fixed.WAD) >> 96
    decay: int256 = unsafe_mul(unsafe_mul(sp, z) >> 72, c.MINUS_YEAR_SQRT_2LN2_OVER_2)
    carry: int256 = fixed._contrast(fixed.WAD, df)
    carry = unsafe_mul(carry, fixed._log2_over_near(unsafe_mul(carry, carry) >> 96)) >> 96
    return types.Mark(
        call=convert(convert(call >> 18, bytes32), uint256),
        put=convert(convert(put >> 18, bytes32), uint256),
        delta_call=delta,
        delta_put=unsafe_sub(delta, fixed.WAD),
        gamma=convert(
            convert(unsafe_div(unsafe_mul(p, c.WAD_WAD_OVER_SQRT_2LN2), unsafe_mul(s, z)), bytes32),
            uint256,
        ),
        vega=convert(convert(vega >> 18, bytes32), uint256),
        theta_call=unsafe_div(
            unsafe_sub(decay, unsafe_mul(unsafe_mul(kn2, carry) >> 72, c.YEAR_LN2)), t
        )
        >> 82,
        theta_put=unsafe_div(
            unsafe_add(decay, unsafe_mul(unsafe_mul(unsafe_sub(k, kn2), carry) >> 72, c.YEAR_LN2)),
            t,
        )
        >> 82,
        vanna=unsafe_mul(unsafe_div(unsafe_mul(unsafe_mul(p, d2) >> 96, u), z), -fixed.WAD) >> 96,
        volga=unsafe_mul(
            unsafe_div(unsafe_mul(unsafe_mul(vega, unsafe_mul(d1, d2) >> 96) >> 96, u), z),
            c.SQRT_2LN2,
        )
        >> 78,
    )


@internal
@pure
def _price(
    forward: uint256, strike: uint256, discount: uint256, variance: uint256
) -> (uint256, uint256):
    """
    @notice Value of the call and the put of one strike: what `_mark` gives, without Greeks
    @param forward Forward price of the underlying at expiry
    @param strike Strike price
    @param discount Price today of one quote token at expiry
    @param variance Total variance until expiry
    @return Call and put
    @custom:error value 2e-18 S
    """
    F: int256 = convert(convert(forward, bytes32), int256)
    K: int256 = convert(convert(strike, bytes32), int256)
    df: int256 = convert(convert(discount, bytes32), int256)
    w: int256 = fixed._contrast(F, K)
    x: int256 = unsafe_mul(w, w) >> 96
    s: int256 = unsafe_div(unsafe_mul(F, df), FIVE_18)
    k: int256 = unsafe_div(unsafe_mul(K, df), FIVE_18)
    call: int256 = max(unsafe_sub(s, k), 0)
    if (
        (forward | strike) >> 128
        | convert(x > domain.FACTOR_32, uint256)
        | convert(
            unsafe_sub(discount, domain.MIN_DISCOUNT) > domain.MAX_DISCOUNT - domain.MIN_DISCOUNT,
            uint256,
        )
        | convert(unsafe_sub(variance, 1) > domain.MAX_VARIANCE - 1, uint256)
    ) == 0:
        z: int256 = fixed._sqrt_variance(convert(convert(variance, bytes32), int256))
        call = self._call(s, k, unsafe_div(unsafe_mul(w, fixed._log2_over(x)), z), z)
    else:
        domain._require(forward, strike, discount, variance, 1)
    return convert(call >> 18, uint256), convert(unsafe_sub(unsafe_add(call, k), s) >> 18, uint256)


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
    d1: int256 = unsafe_add(y, z) >> 1
    p: int256 = gaussian._density(d1)
    n1: int256 = gaussian._cumulate(d1, p, fixed.Q)
    kn2: int256 = gaussian._cumulate(unsafe_sub(d1, z), unsafe_mul(s, p) >> 96, k)
    call: int256 = unsafe_sub(unsafe_mul(s, n1) >> 96, kn2)
    if (call | unsafe_sub(unsafe_add(call, k), s)) < 0:  # worthless, or worth its intrinsic value
        call = max(unsafe_sub(s, k), 0)
    return call


@internal
@pure
def _intrinsic(forward: uint256, strike: uint256, discount: uint256, tau: uint256) -> types.Mark:
    """
    @notice Zero time or zero variance: intrinsic value and the Greeks of a step
    @param forward Forward price of the underlying at expiry
    @param strike Strike price
    @param discount Price today of one quote token at expiry
    @param tau Seconds to expiry
    @return Marks and Greeks of both rights
    @custom:error absolute 1e-18
    """
    call: int256 = convert(forward > strike, int256)  # which of the two is worth something
    put: int256 = unsafe_sub(1, call)
    gap: uint256 = unsafe_sub(max(forward, strike), min(forward, strike))
    gap = unsafe_div(unsafe_mul(gap, discount), units.WAD)
    rent: int256 = self._rent(strike, discount, tau)
    return types.Mark(
        call=unsafe_mul(convert(convert(call, bytes32), uint256), gap),
        put=unsafe_mul(convert(convert(put, bytes32), uint256), gap),
        delta_call=unsafe_mul(call, fixed.WAD),
        delta_put=unsafe_mul(unsafe_sub(call, 1), fixed.WAD),
        gamma=0,
        vega=0,
        theta_call=unsafe_mul(unsafe_sub(0, call), rent),
        theta_put=unsafe_mul(put, rent),
        vanna=0,
        volga=0,
    )


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
    k: int256 = convert(unsafe_div(unsafe_mul(strike, discount), convert(FIVE_18, uint256)), int256)
    w: int256 = fixed._contrast(fixed.WAD, convert(discount, int256))
    q: int256 = unsafe_mul(w, fixed._log2_over_near(unsafe_mul(w, w) >> 96)) >> 96
    return unsafe_div(unsafe_mul(unsafe_mul(k, q) >> 72, c.YEAR_LN2), convert(tau, int256)) >> 82
