# pragma version 0.4.3
# pragma optimize gas
"""
@title All positions of one expiry in one pass
@license MIT
@notice Sums n times what `black76` gives for one contract. What the strikes share (S,
    sqrt(tau), carry) is taken out of the sums and multiplied once at the end, so that a strike
    costs its volatility, one density and two tails.
@dev Sizes are below 2^90, spot with 18 more bits below 2^132, z between 2^72 and 2^101: the
    bound of each sum stands beside it.
"""

from .. import types
from . import black76
from . import coefficients as c
from . import domain
from . import essvi
from . import fixed
from . import gaussian


@internal
@pure
def _board(
    forward: uint256,
    discount: uint256,
    tau: uint256,
    smile: types.Slice,
    legs: DynArray[types.BoardLeg, 24],
) -> types.Board:
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
        return self._expired(forward, discount, legs)
    domain._require_expiry(forward, discount, tau)
    curve: essvi.Hyperbola = essvi._hyperbola(smile)
    F: int256 = convert(convert(forward, bytes32), int256)
    df: int256 = convert(convert(discount, bytes32), int256)
    s: int256 = unsafe_div(unsafe_mul(F, df), black76.FIVE_18)

    value: int256 = 0  # n V, WAD^2 2^18, < 2^231
    puts: int256 = 0  # n of the puts, < 2^95
    n_cdf: int256 = 0  # n N(d1), WAD Q, < 2^192
    n_pdf: int256 = 0  # n phi, WAD Q, < 2^191
    n_pdf_z: int256 = 0  # n phi z, WAD Q, < 2^196
    n_pdf_over_z: int256 = 0  # n phi / z, WAD 2^40, < 2^162
    n_vanna: int256 = 0  # n phi D2 / z, WAD 2^40, < 2^162
    n_volga: int256 = 0  # n phi D1 D2 / z, WAD 2^38, < 2^157
    owed: int256 = 0  # n K df N(d2), less K df for each put: WAD^2 2^18, < 2^233
    gross: int256 = 0
    for leg: types.BoardLeg in legs:
        n: int256 = unsafe_add(leg.calls, leg.puts)
        K: int256 = convert(convert(leg.strike, bytes32), int256)
        w: int256 = fixed._contrast(F, K)
        x: int256 = unsafe_mul(w, w) >> 96
        l: int256 = unsafe_mul(w, fixed._log2_over(x)) >> 96
        var: int256 = essvi._total_variance(
            l,
            curve.skew,
            curve.slope,
            curve.rho,
            curve.base,
            curve.height,
            curve.height_squared,
        )
        if (
            (
                (unsafe_add(leg.calls, domain.HALF_SIZE) | unsafe_add(leg.puts, domain.HALF_SIZE))
                >> 90
            )
            | convert(convert((leg.strike >> 128), bytes32), int256)
            | convert(x > domain.FACTOR_32, int256)
            | convert(
                unsafe_sub(convert(convert(var, bytes32), uint256), domain.MIN_SUM_VARIANCE)
                > domain.MAX_VARIANCE - domain.MIN_SUM_VARIANCE,
                int256,
            )
        ) != 0:
            domain._require_leg(
                leg.calls, leg.puts, leg.strike, convert(convert(var, bytes32), uint256), x
            )

        z: int256 = fixed._sqrt_variance(var)
        d1: int256 = unsafe_add(unsafe_div(l << 96, z), z) >> 1
        d2: int256 = unsafe_sub(d1, z)
        p: int256 = gaussian._density(d1)
        n1: int256 = gaussian._cumulate(d1, p, fixed.Q)
        k: int256 = unsafe_div(unsafe_mul(K, df), black76.FIVE_18)
        kn2: int256 = gaussian._cumulate(d2, unsafe_mul(s, p) >> 96, k)
        call: int256 = unsafe_sub(unsafe_mul(s, n1) >> 96, kn2)
        put: int256 = unsafe_sub(unsafe_add(call, k), s)
        if (call | put) < 0:
            if call < 0:
                put = unsafe_sub(put, call)
                call = 0
            else:
                call = unsafe_sub(call, put)
                put = 0
        value = unsafe_add(
            value, unsafe_add(unsafe_mul(leg.calls, call), unsafe_mul(leg.puts, put))
        )
        puts = unsafe_add(puts, leg.puts)
        n_cdf = unsafe_add(n_cdf, unsafe_mul(n, n1))
        owed = unsafe_add(owed, unsafe_sub(unsafe_mul(n, kn2), unsafe_mul(leg.puts, k)))
        d2 = unsafe_mul(p, d2) >> 96
        d1 = unsafe_mul(d2, d1) >> 96
        n_volga = unsafe_add(n_volga, unsafe_div(unsafe_mul(n, d1) << 38, z))
        n_vanna = unsafe_add(n_vanna, unsafe_div(unsafe_mul(n, d2) << 40, z))
        n_pdf_z = unsafe_add(n_pdf_z, unsafe_mul(n, unsafe_mul(p, z) >> 96))
        p = unsafe_mul(n, p)
        n_pdf = unsafe_add(n_pdf, p)
        n_pdf_over_z = unsafe_add(n_pdf_over_z, unsafe_div(p << 40, z))
        gross = unsafe_add(
            gross,
            unsafe_add(
                unsafe_mul(leg.calls, (leg.calls >> 255) | 1),
                unsafe_mul(leg.puts, (leg.puts >> 255) | 1),
            ),
        )

    t: int256 = convert(convert(tau, bytes32), int256)
    u: int256 = fixed._sqrt_years(t)
    carry: int256 = fixed._contrast(fixed.WAD, df)
    carry = unsafe_mul(carry, fixed._log2_over_near(unsafe_mul(carry, carry) >> 96)) >> 96
    decay: int256 = unsafe_div(unsafe_mul(s, n_pdf_z >> 82), fixed.WAD)  # 2^32
    decay = unsafe_mul(decay, c.MINUS_YEAR_SQRT_2LN2_OVER_2) >> 8  # 2^64
    owed = unsafe_div(owed, fixed.WAD) >> 18
    owed = unsafe_mul(unsafe_mul(owed, carry) >> 72, c.YEAR_LN2)  # 2^64
    n_volga = unsafe_mul(unsafe_mul(n_volga, u) >> 96, u) >> 120  # 2^14, < 2^133
    n_volga = unsafe_mul(n_volga, c.SQRT_2LN2) >> 60
    return types.Board(
        value=fixed._wad_floor(value) >> 18,
        delta=unsafe_sub(n_cdf >> 96, puts),
        gamma=unsafe_div(unsafe_mul(n_pdf_over_z, c.WAD_OVER_SQRT_2LN2), s) >> 40,
        vega=unsafe_div(unsafe_mul(unsafe_mul(s, u) >> 96, n_pdf >> 82), fixed.WAD) >> 32,
        theta=unsafe_div(unsafe_sub(decay, owed), t) >> 64,
        vanna=unsafe_mul(unsafe_sub(0, n_vanna), u) >> 136,
        volga=unsafe_div(unsafe_mul(n_volga, s >> 18), fixed.WAD) >> 14,
        gross=convert(gross, uint256),
    )


@internal
@pure
def _expired(
    forward: uint256, discount: uint256, legs: DynArray[types.BoardLeg, 24]
) -> types.Board:
    """
    @notice The board at zero time: intrinsic values, deltas of a step, no other Greek
    @param forward Price of the underlying at expiry
    @param discount Price of one quote token at expiry
    @param legs Strikes with the contracts held of each right, signed
    @return The sums, and the gross number of contracts
    @custom:error value 1 wei for each leg
    @custom:cold On the day of expiry
    """
    domain._require_expiry(forward, discount, 0)
    value: int256 = 0  # WAD^2 2^18
    delta: int256 = 0
    gross: int256 = 0
    for leg: types.BoardLeg in legs:
        domain._require_leg(leg.calls, leg.puts, leg.strike, domain.MAX_VARIANCE, 0)
        ahead: int256 = unsafe_sub(convert(forward, int256), convert(leg.strike, int256))
        n: int256 = leg.calls if ahead > 0 else unsafe_sub(0, leg.puts)
        value = unsafe_add(
            value,
            unsafe_mul(
                n, unsafe_div(unsafe_mul(ahead, convert(discount, int256)), black76.FIVE_18)
            ),
        )
        delta = unsafe_add(delta, n)
        gross = unsafe_add(gross, unsafe_add(abs(leg.calls), abs(leg.puts)))
    return types.Board(
        value=fixed._wad_floor(value) >> 18,
        delta=delta,
        gamma=0,
        vega=0,
        theta=0,
        vanna=0,
        volga=0,
        gross=convert(gross, uint256),
    )
