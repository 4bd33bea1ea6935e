# pragma version 0.4.3
# pragma optimize gas
"""
@title An option on a slice
@license MIT
@notice What a quote needs of one option: mark, delta, gamma, vega at its own volatility on the slice,
    from one logarithm and one density. `black76` with the letters of docs/MATH.md; readable source of
    what tools/kernel/flatten.py writes into `flat`.
"""

from .. import types
from .. import units
from . import black76
from . import coefficients as c
from . import domain
from . import essvi
from . import fixed
from . import gaussian


struct Option:  # one contract at one moment
    mark: uint256
    delta: int256
    gamma: int256
    vega: int256
    root_variance: int256  # sqrt(w / (2 ln 2)), Q
    root_tau: int256  # sqrt(tau in years), Q


@internal
@pure
def _option(
    forward: uint256,
    strike: uint256,
    discount: uint256,
    smile: types.Slice,
    tau: uint256,
    is_put: bool,
) -> Option:
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
    F: int256 = convert(convert(forward, bytes32), int256)
    K: int256 = convert(convert(strike, bytes32), int256)
    df: int256 = convert(convert(discount, bytes32), int256)
    t: int256 = convert(convert(tau, bytes32), int256)
    h: essvi.Hyperbola = essvi._hyperbola(smile)
    u: int256 = fixed._sqrt_years(t)
    w: int256 = fixed._contrast(F, K)
    x: int256 = unsafe_mul(w, w) >> 96
    l: int256 = unsafe_mul(w, fixed._log2_over(x)) >> 96
    var: int256 = essvi._total_variance(
        l, h.skew, h.slope, h.rho, h.base, h.height, h.height_squared
    )
    if (
        (forward | strike) >> 128
        | convert(x > domain.FACTOR_32, uint256)
        | convert(
            unsafe_sub(discount, domain.MIN_DISCOUNT) > domain.MAX_DISCOUNT - domain.MIN_DISCOUNT,
            uint256,
        )
        | convert(
            unsafe_sub(convert(convert(var, bytes32), uint256), 1) > domain.MAX_VARIANCE - 1,
            uint256,
        )
        | convert(unsafe_sub(tau, 1) > domain.MAX_TAU - 1, uint256)
    ) != 0:
        domain._require(forward, strike, discount, 0, tau)
        return self._step(forward, strike, discount, is_put, smile.theta, u)

    z: int256 = fixed._sqrt_variance(var)
    d1: int256 = unsafe_add(unsafe_div(l << 96, z), z) >> 1
    p: int256 = gaussian._density(d1)
    n1: int256 = gaussian._cumulate(d1, p, fixed.Q)
    s: int256 = unsafe_div(unsafe_mul(F, df), black76.FIVE_18)
    k: int256 = unsafe_div(unsafe_mul(K, df), black76.FIVE_18)
    sp: int256 = unsafe_mul(s, p) >> 96
    call: int256 = unsafe_sub(unsafe_mul(s, n1) >> 96, gaussian._cumulate(unsafe_sub(d1, z), sp, k))
    put: int256 = unsafe_sub(unsafe_add(call, k), s)
    if (call | put) < 0:  # a worthless option: the other right is worth its intrinsic value
        if call < 0:
            put = unsafe_sub(put, call)
            call = 0
        else:
            call = unsafe_sub(call, put)
            put = 0
    delta: int256 = unsafe_mul(n1, fixed.WAD) >> 96
    if is_put:
        call = put
        delta = unsafe_sub(delta, fixed.WAD)
    return Option(
        mark=convert(convert(call >> 18, bytes32), uint256),
        delta=delta,
        gamma=unsafe_div(unsafe_mul(p, c.WAD_WAD_OVER_SQRT_2LN2), unsafe_mul(s, z)),
        vega=(unsafe_mul(sp, u) >> 96) >> 18,
        root_variance=z,
        root_tau=u,
    )


@internal
@pure
def _step(
    forward: uint256,
    strike: uint256,
    discount: uint256,
    is_put: bool,
    theta: uint256,
    root_tau: int256,
) -> Option:
    """
    @notice An option that is worth its intrinsic value, with the Greeks of a step. Its variance is
        that at the money: a deep option is a forward, which an old round misprices most
    @param forward Forward price
    @param strike Strike price
    @param discount Price today of one quote token at expiry
    @param is_put Put or call
    @param theta Total variance at the money
    @param root_tau sqrt(tau in years), Q
    @return The option
    @custom:error absolute 2e-18
    @custom:cold Out of the kernel's reach
    """
    mark: uint256 = self._intrinsic_up(
        unsafe_div(unsafe_mul(forward, discount), units.WAD), strike, discount, is_put
    )
    step: int256 = 0
    if mark != 0:
        step = -fixed.WAD if is_put else fixed.WAD
    return Option(
        mark=mark,
        delta=step,
        gamma=0,
        vega=0,
        root_variance=fixed._sqrt_variance(convert(convert(theta, bytes32), int256)),
        root_tau=root_tau,
    )


@internal
@pure
def _intrinsic_up(spot: uint256, strike: uint256, discount: uint256, is_put: bool) -> uint256:
    """
    @notice Discounted intrinsic value of an option
    @param spot Price
    @param strike Strike price
    @param discount Price today of one quote token at expiry
    @param is_put Put or call
    @return Quote, rounded up
    """
    product: uint256 = unsafe_mul(strike, discount)
    if is_put:
        owed: uint256 = unsafe_div(unsafe_add(product, units.WAD - 1), units.WAD)
        return unsafe_sub(max(owed, spot), spot)
    paid: uint256 = unsafe_div(product, units.WAD)
    return unsafe_sub(max(spot, paid), paid)
