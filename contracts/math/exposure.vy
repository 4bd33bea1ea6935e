# pragma version 0.4.3
# pragma optimize gas
"""
@title Exposure of the book
@license MIT
@notice The vault's Greeks as polynomials in X = S/R, spot over a fixed reference: value is p + a X +
    b X^2 / 2, dollar delta X (a + b X), gamma dollars b X^2, weighted vega v. Coefficients count
    nano, 1e-9 quote tokens. Those of a lot are integers, so a trade of k lots moves the book by
    exactly k times them, and every path that restores the positions restores the book.
@dev Below 12 hours gamma and vega are those that the option would have at 12 hours with the same
    d1, so that gamma does not explode into expiry. docs/MATH.md derives the forms and bounds.
"""

from .. import types
from .. import units
from . import fixed

FLOOR: constant(uint256) = 12 * 3600  # seconds to expiry below which gamma and vega stand still
ROOT_FLOOR: constant(int256) = 2932365853799573160704116535  # its square root in years, Q
ROOT_7D: constant(int256) = 10971908357592848372324036611
ROOT_30D: constant(int256) = 22714008233506079729833539186
MAX_RATIO: constant(uint256) = 2**80  # of X: spot a million times the reference
NANO: constant(int256) = 10**9
LOT_IN_NANO: constant(int256) = 10**5  # nano per quote token, times contracts per lot
BOARD_IN_NANO: constant(int256) = 10**9  # nano per quote token
CALM: constant(uint256) = 20 * 60  # seconds of a slice's age that cost nothing
STALE_VOL: constant(uint256) = 10**16  # a point of volatility
STALE_STEP: constant(uint256) = 600  # for so many seconds more
MOST_STALE_VOL: constant(uint256) = 25 * 10**16
FIELD: constant(int256) = 2**63  # a coefficient of an expiry lies below it
TOTAL_FIELD: constant(int256) = 2**71  # those of the book


struct Factors:  # of an expiry
    gamma: int256  # Q: gamma dollars times this count
    vega: int256  # Q: omega, 30-day equivalent of a vega, with the floor of 12 hours


@internal
@pure
def _ratio(spot: uint256, reference: uint256) -> int256:
    """
    @notice X = S/R
    @param spot Price, below 2^128
    @param reference R
    @return The ratio, rounded down, from 1 wei up to MAX_RATIO
    @custom:error 1e-18 absolute
    """
    ratio: uint256 = unsafe_div(unsafe_mul(spot, units.WAD), reference)
    if unsafe_sub(ratio, 1) < MAX_RATIO:
        return convert(convert(ratio, bytes32), int256)
    return convert(convert(min(max(ratio, 1), MAX_RATIO), bytes32), int256)


@internal
@pure
def _factors(root: int256) -> Factors:
    """
    @notice What gamma and vega of an expiry are multiplied with: omega = sqrt(30 d / max(tau, 7 d)),
        and the floor of 12 hours
    @param root sqrt(tau in years), Q; zero at expiry, where gamma and vega are none
    @return The factors
    @custom:error 1e-27 relative
    """
    if root >= ROOT_FLOOR:
        return Factors(gamma=fixed.Q, vega=unsafe_div(ROOT_30D << 96, max(root, ROOT_7D)))
    return Factors(
        gamma=unsafe_div(root << 96, ROOT_FLOOR),
        vega=unsafe_div(unsafe_mul(unsafe_div(ROOT_30D << 96, ROOT_7D), ROOT_FLOOR), max(root, 1)),
    )


@internal
@pure
def _risk(
    value_: int256,
    delta: int256,
    gamma: int256,
    vega: int256,
    spot: int256,
    x: int256,
    factors: Factors,
    unit: int256,
) -> types.Risk:
    """
    @notice Coefficients of an option or a board that stands at this spot, each rounded toward zero
    @dev Below 2^255 with spot < 2^108, X in [2^-12, 2^80] WAD, and of a board |delta| and spot
        gamma < 2^100.
    @param value_ Quote, WAD
    @param delta Underlying, WAD
    @param gamma Per quote, WAD
    @param vega Quote per 1.00 of volatility, WAD
    @param spot S, WAD
    @param x S/R, WAD
    @param factors Of the expiry
    @param unit LOT_IN_NANO for the figures of one contract, BOARD_IN_NANO for those of a board
    @return The coefficients
    @custom:error 4 nano a lot, times max(1, X^2)
    """
    dollars: int256 = unsafe_div(unsafe_mul(unsafe_mul(spot, delta), unit), fixed.WAD * fixed.WAD)
    bend: int256 = unsafe_mul(unsafe_div(unsafe_mul(spot, gamma), fixed.WAD), factors.gamma) >> 96
    bend = unsafe_div(
        unsafe_mul(unsafe_mul(bend, spot), unit), fixed.WAD * fixed.WAD
    )  # gamma dollars
    b: int256 = unsafe_div(unsafe_mul(bend, fixed.WAD * fixed.WAD), unsafe_mul(x, x))
    a: int256 = unsafe_sub(
        unsafe_div(unsafe_mul(dollars, fixed.WAD), x), unsafe_div(unsafe_mul(b, x), fixed.WAD)
    )
    curve: int256 = unsafe_div(unsafe_mul(unsafe_mul(b, x), x), 2 * fixed.WAD * fixed.WAD)
    return types.Risk(
        value=unsafe_sub(
            unsafe_sub(
                unsafe_div(unsafe_mul(value_, unit), fixed.WAD),
                unsafe_div(unsafe_mul(a, x), fixed.WAD),
            ),
            curve,
        ),
        delta=a,
        gamma=b,
        vega=unsafe_div(unsafe_mul(unsafe_mul(vega, unit), factors.vega) >> 96, fixed.WAD),
        flow_delta=dollars,
    )


@internal
@pure
def _flattened(risk: types.Risk, x: int256) -> types.Risk:
    """
    @notice Coefficients of a board whose b has left its field, as it may far below the reference: b
        is pulled back, and a and p follow, so that value and delta stay exact at this spot
    @param risk The coefficients
    @param x S/R, WAD
    @return The coefficients
    @custom:error 3 nano of value and delta at this spot
    """
    b: int256 = max(min(risk.gamma, FIELD - 1), 1 - FIELD)
    over: int256 = unsafe_div(unsafe_mul(unsafe_sub(risk.gamma, b), x), fixed.WAD)
    return types.Risk(
        value=unsafe_sub(risk.value, unsafe_div(unsafe_mul(over, x), 2 * fixed.WAD)),
        delta=unsafe_add(risk.delta, over),
        gamma=b,
        vega=risk.vega,
        flow_delta=risk.flow_delta,
    )


@internal
@pure
def _value(p: int256, a: int256, b: int256, x: int256) -> int256:
    """
    @notice Value of a polynomial at X: p + a X + b X^2 / 2
    @param p Nano, as are the next two
    @param a Below 2^75 in size, as is b
    @param b Twice the coefficient of X^2
    @param x WAD, up to MAX_RATIO
    @return Nano, toward zero in each term
    @custom:error 2 nano
    """
    return unsafe_add(
        unsafe_add(p, unsafe_div(unsafe_mul(a, x), fixed.WAD)),
        unsafe_div(unsafe_mul(unsafe_mul(b, x), x), 2 * fixed.WAD * fixed.WAD),
    )


@internal
@pure
def _dollar_delta(a: int256, b: int256, x: int256, spot: int256, underlying: int256) -> int256:
    """
    @notice X (a + b X), and underlying held beside the options: a function of the state, so that
        potential differences telescope whatever its rounding
    @param a Nano, below 2^75 in size, as is b
    @param b Nano
    @param x WAD
    @param spot WAD, below 2^128
    @param underlying Units of underlying, WAD, below 2^96 in size
    @return Nano
    @custom:error 2 nano
    """
    return unsafe_add(
        unsafe_div(
            unsafe_mul(unsafe_add(unsafe_mul(a, fixed.WAD), unsafe_mul(b, x)), x),
            fixed.WAD * fixed.WAD,
        ),
        unsafe_div(unsafe_mul(underlying, spot), fixed.WAD * NANO),
    )


@internal
@pure
def _gamma_dollars(b: int256, x: int256) -> int256:
    """
    @notice b X^2
    @param b Nano, below 2^75 in size
    @param x WAD
    @return Nano, toward zero
    @custom:error 1 nano
    """
    return unsafe_div(unsafe_mul(unsafe_mul(b, x), x), fixed.WAD * fixed.WAD)


@internal
@pure
def _is_wide(delta: int256, gamma: int256, vega: int256, flow: int256, vflow: int256) -> bool:
    """
    @notice Does any of these reach 2^71 in size? Twice U then stays below 2^247 with slopes below
        2^100
    @param delta Nano, as are the others
    @param gamma Gamma dollars
    @param vega Weighted vega
    @param flow F_d
    @param vflow W
    @custom:error exact
    """
    return (
        unsafe_add(delta, TOTAL_FIELD)
        | unsafe_add(gamma, TOTAL_FIELD)
        | unsafe_add(vega, TOTAL_FIELD)
        | unsafe_add(flow, TOTAL_FIELD)
        | unsafe_add(vflow, TOTAL_FIELD)
    ) >> 72 != 0


@internal
@pure
def _pulled(x: int256) -> int256:
    """
    @notice A coordinate pulled into the range in which U is computed
    @param x Nano
    @return Nano, from -2^71 up to below 2^71
    @custom:error exact where it fits
    """
    return max(min(x, TOTAL_FIELD - 1), -TOTAL_FIELD)


@internal
@pure
def _twice_potential(
    delta: int256,
    gamma: int256,
    vega: int256,
    flow: int256,
    vflow: int256,
    delta_slope: int256,
    gamma_slope: int256,
    vega_slope: int256,
    flow_slope: int256,
    vflow_slope: int256,
) -> int256:
    """
    @notice 2 U = L g^2 summed, with L scaled 1e27 and g in nano: 1e45 is one quote token
    @param delta Dollar delta, nano, below 2^71 in size, as are the next four
    @param gamma Gamma dollars
    @param vega Weighted vega
    @param flow F_d
    @param vflow W
    @param delta_slope L, below 2^100, as are the others
    @param gamma_slope L
    @param vega_slope L
    @param flow_slope l_F
    @param vflow_slope l_W
    @custom:error exact
    """
    return unsafe_add(
        unsafe_add(
            unsafe_mul(delta_slope, unsafe_mul(delta, delta)),
            unsafe_mul(gamma_slope, unsafe_mul(gamma, gamma)),
        ),
        unsafe_add(
            unsafe_mul(vega_slope, unsafe_mul(vega, vega)),
            unsafe_add(
                unsafe_mul(flow_slope, unsafe_mul(flow, flow)),
                unsafe_mul(vflow_slope, unsafe_mul(vflow, vflow)),
            ),
        ),
    )


@internal
@pure
def _stale_vol(age: uint256) -> uint256:
    """
    @notice Points of volatility charged for the age of a slice: none for 20 minutes, then one per
        ten minutes, at most 25
    @param age Seconds
    @return Volatility, rounded down
    @custom:error 1e-18
    """
    if age <= CALM:
        return 0
    return min(unsafe_div(unsafe_mul(unsafe_sub(age, CALM), STALE_VOL), STALE_STEP), MOST_STALE_VOL)
