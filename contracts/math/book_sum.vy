# pragma version 0.4.3
# pragma optimize gas
"""
@title What the book asks of an expiry, in one pass
@license MIT
@notice `board_sum` for a book: legs are words of `position_word`, of the sums only those that an
    exposure is made of are formed, and beside them stand those of what margin accounts owe without
    escrow. Readable source of what tools/kernel/flatten.py writes into `flat`.
@dev Sizes are lots, below 2^32, and become contracts after the sums; a division is the exception.
    All sums are therefore smaller than those of `board_sum`, and equal to them to the last bit.
"""

from .. import types
from .. import units
from . import black76
from . import coefficients as c
from . import domain
from . import essvi
from . import fixed
from . import gaussian
from . import position_word

REACH: constant(
    uint256
) = 31  # times the forward, either way: beyond, a leg counts at intrinsic value


struct Sums:  # WAD, as those of `types.Board`
    value: int256
    delta: int256
    gamma: int256
    vega: int256
    credit_value: int256  # of what accounts owe and have not escrowed
    credit_delta: int256
    credit_gamma: int256
    credit_lots: int256


struct Step:  # legs beyond the kernel's reach
    value: int256  # WAD
    delta: int256
    credit_value: int256
    credit_delta: int256
    credit_lots: int256


@internal
@pure
def _sums(
    spot: uint256,
    forward: uint256,
    discount: uint256,
    tau: uint256,
    root: int256,
    smile: types.Slice,
    grid: uint256,
    legs: DynArray[uint256, 24],
) -> Sums:
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
    F: int256 = convert(convert(forward, bytes32), int256)
    df: int256 = convert(convert(discount, bytes32), int256)
    s: int256 = unsafe_div(unsafe_mul(F, df), black76.FIVE_18)
    bottom: uint256 = unsafe_add(unsafe_div(forward, REACH), 1)
    span: uint256 = unsafe_sub(unsafe_mul(forward, REACH), bottom)

    value: int256 = 0  # n V, lots WAD 2^18, < 2^167
    puts: int256 = 0  # n of the puts, lots
    n_cdf: int256 = 0  # n N(d1), lots Q, < 2^133
    n_pdf: int256 = 0  # n phi, lots Q, < 2^132
    n_pdf_over_z: int256 = 0  # n phi / z, WAD 2^40, < 2^151
    credit: int256 = 0  # as value, of what is owed without escrow; the next four likewise
    credit_puts: int256 = 0
    credit_cdf: int256 = 0
    credit_over_z: int256 = 0
    credit_lots: int256 = 0
    far: Step = empty(Step)
    for leg: uint256 in legs:
        strike: uint256 = unsafe_mul(leg >> position_word.STEP, grid)
        if unsafe_sub(strike, bottom) <= span:
            K: int256 = convert(convert(strike, bytes32), int256)
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
                unsafe_sub(convert(convert(var, bytes32), uint256), domain.MIN_SUM_VARIANCE)
                > domain.MAX_VARIANCE - domain.MIN_SUM_VARIANCE
            ):
                domain._require_leg(0, 0, strike, convert(convert(var, bytes32), uint256), x)

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
            m: int256 = unsafe_sub(
                position_word._field(leg, position_word.CALLS_HELD), position_word._field(leg, 0)
            )
            n: int256 = unsafe_sub(
                position_word._field(leg, position_word.PUTS_HELD),
                position_word._field(leg, position_word.PUTS_WRITTEN),
            )
            value = unsafe_add(value, unsafe_add(unsafe_mul(m, call), unsafe_mul(n, put)))
            puts = unsafe_add(puts, n)
            n = unsafe_add(n, m)
            n_cdf = unsafe_add(n_cdf, unsafe_mul(n, n1))
            m = unsafe_mul(n, p)
            n_pdf = unsafe_add(n_pdf, m)
            n_pdf_over_z = unsafe_add(
                n_pdf_over_z, unsafe_div(unsafe_mul(m, position_word.LOT) << 40, z)
            )
            if leg & position_word.HELD != 0:
                m = unsafe_sub(
                    position_word._field(leg, position_word.CALLS_HELD),
                    position_word._field(leg, position_word.CALLS_ESCROWED),
                )
                n = unsafe_sub(
                    position_word._field(leg, position_word.PUTS_HELD),
                    position_word._field(leg, position_word.PUTS_ESCROWED),
                )
                credit = unsafe_add(credit, unsafe_add(unsafe_mul(m, call), unsafe_mul(n, put)))
                credit_puts = unsafe_add(credit_puts, n)
                n = unsafe_add(n, m)
                credit_cdf = unsafe_add(credit_cdf, unsafe_mul(n, n1))
                credit_over_z = unsafe_add(
                    credit_over_z,
                    unsafe_div(unsafe_mul(unsafe_mul(n, p), position_word.LOT) << 40, z),
                )
                credit_lots = unsafe_add(credit_lots, n)
        else:
            far = self._stepped(far, leg, strike, spot, discount)
    return Sums(
        value=unsafe_add(fixed._wad_floor(unsafe_mul(value, position_word.LOT)) >> 18, far.value),
        delta=unsafe_add(
            unsafe_sub(
                unsafe_mul(n_cdf, position_word.LOT) >> 96, unsafe_mul(puts, position_word.LOT)
            ),
            far.delta,
        ),
        gamma=unsafe_div(unsafe_mul(n_pdf_over_z, c.WAD_OVER_SQRT_2LN2), s) >> 40,
        vega=unsafe_div(
            unsafe_mul(unsafe_mul(s, root) >> 96, unsafe_mul(n_pdf, position_word.LOT) >> 82),
            fixed.WAD,
        )
        >> 32,
        credit_value=unsafe_add(
            fixed._wad_floor(unsafe_mul(credit, position_word.LOT)) >> 18, far.credit_value
        ),
        credit_delta=unsafe_add(
            unsafe_sub(
                unsafe_mul(credit_cdf, position_word.LOT) >> 96,
                unsafe_mul(credit_puts, position_word.LOT),
            ),
            far.credit_delta,
        ),
        credit_gamma=unsafe_div(unsafe_mul(credit_over_z, c.WAD_OVER_SQRT_2LN2), s) >> 40,
        credit_lots=unsafe_add(credit_lots, far.credit_lots),
    )


@internal
@pure
def _stepped(far: Step, leg: uint256, strike: uint256, spot: uint256, discount: uint256) -> Step:
    """
    @notice The sums with one leg more that is out of the kernel's reach, at its intrinsic value
    @param far The sums
    @param leg What stands in the strike
    @param strike Of the leg
    @param spot Price
    @param discount Price today of one quote token at expiry
    @return The sums
    @custom:error value 1 wei
    @custom:cold Out of the kernel's reach
    """
    due: int256 = convert(unsafe_div(unsafe_mul(strike, discount), units.WAD), int256)
    ahead: int256 = unsafe_sub(convert(spot, int256), due)
    n: int256 = 0
    lent: int256 = 0
    if ahead > 0:
        n = position_word._net(leg, 0)
        lent = position_word._lent(leg, 0)
    else:
        n = unsafe_sub(0, position_word._net(leg, 1))
        lent = unsafe_sub(0, position_word._lent(leg, 1))
    return Step(
        value=unsafe_add(far.value, unsafe_div(unsafe_mul(n, ahead), fixed.WAD)),
        delta=unsafe_add(far.delta, n),
        credit_value=unsafe_add(far.credit_value, unsafe_div(unsafe_mul(lent, ahead), fixed.WAD)),
        credit_delta=unsafe_add(far.credit_delta, lent),
        credit_lots=unsafe_add(
            far.credit_lots,
            unsafe_div(
                unsafe_add(position_word._lent(leg, 0), position_word._lent(leg, 1)),
                position_word.LOT,
            ),
        ),
    )
