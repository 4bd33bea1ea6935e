# pragma version 0.4.3
# pragma optimize gas
"""
@title One option under the ten shocks of a margin account
@license MIT
@notice Cells 0 to 4: spot down wide, down near, as it is, up near, up wide, each with volatility up.
    Cells 5 to 7: down wide, as it is, up wide, with volatility down. Cells 8 and 9: far down and far
    up, with volatility up. Strikes keep their volatility and carry does not move. As `shock_grid`,
    one leg at a time, so that a leg's gains can be kept and counted in other sizes.
"""

from .. import types
from . import black76
from . import domain
from . import essvi
from . import fixed
from . import flat
from . import smile_mark

CELLS: constant(uint256) = 10
LEAST_ROOT: constant(int256) = (
    2**72
)  # of a variance of 1e-14: below, 1/z leaves the kernel's range


struct Shocks:  # what all legs share
    factors: int256[10]  # on spot
    steps: int256[10]  # log2 of these, Q


struct Tenor:  # what the legs of an expiry share
    spot: uint256
    forward: uint256
    discount: uint256
    tau: uint256  # seconds, above zero
    smile: types.Slice
    up: int256  # factors on volatility, Q
    down: int256


struct Cells:
    mark: uint256
    delta: int256
    vega: int256
    gains: int256[10]  # shocked value less mark, per contract


@internal
@pure
def _shocks(terms: types.MarginTerms) -> Shocks:
    """
    @notice The moves of spot of a sheet
    @param terms Of a sheet: falls by at most 3/4 and rises by at most 3
    @return Factors and their logarithms
    @custom:error relative 7e-19 of a logarithm or 2e-29 absolute
    """
    near: int256 = convert(terms.shock_near, int256)
    wide: int256 = convert(terms.shock_wide, int256)
    shocks: Shocks = empty(Shocks)
    shocks.factors = [
        unsafe_sub(fixed.WAD, wide),
        unsafe_sub(fixed.WAD, near),
        fixed.WAD,
        unsafe_add(fixed.WAD, near),
        unsafe_add(fixed.WAD, wide),
        unsafe_sub(fixed.WAD, wide),
        fixed.WAD,
        unsafe_add(fixed.WAD, wide),
        unsafe_sub(fixed.WAD, convert(terms.shock_down, int256)),
        unsafe_add(fixed.WAD, convert(terms.shock_up, int256)),
    ]
    for i: uint256 in [0, 1, 3, 4, 8, 9]:
        w: int256 = fixed._contrast(shocks.factors[i], fixed.WAD)
        shocks.steps[i] = unsafe_mul(w, flat._log2_over_near(unsafe_mul(w, w) >> 96)) >> 96
    shocks.steps[5] = shocks.steps[0]
    shocks.steps[7] = shocks.steps[4]
    return shocks


@internal
@pure
def _vol_factors(tau: uint256, terms: types.MarginTerms) -> (int256, int256):
    """
    @notice What volatility is multiplied by: 1 + up m and 1 - down m, m = (30 d / max(tau, 1 d))^power
    @param tau Seconds to expiry
    @param terms Of a sheet
    @return Up and down, Q; down is at least a sixteenth
    @custom:error relative 1e-17
    """
    tenor: int256 = flat._tenor(tau, terms.near_power, terms.far_power)
    up: int256 = unsafe_div(unsafe_mul(tenor, convert(terms.vol_up, int256)), fixed.WAD)
    down: int256 = unsafe_div(unsafe_mul(tenor, convert(terms.vol_down, int256)), fixed.WAD)
    return unsafe_add(fixed.Q, up), max(unsafe_sub(fixed.Q, down), domain.LEAST_SHOCKED)


@internal
@pure
def _cells(tenor: Tenor, strike: uint256, is_put: bool, shocks: Shocks) -> Cells:
    """
    @notice An option as it stands and under each shock. Farther than a factor of 32 from the forward
        it is worth its intrinsic value in every cell, as it is in the book
    @param tenor Its expiry
    @param strike Strike price
    @param is_put Put or call
    @param shocks Moves of spot
    @return Mark, delta, vega, gains
    @custom:error value 4e-18 S, S the larger of spot before and after the shock
    """
    option: smile_mark.Option = flat._option(
        tenor.forward, strike, tenor.discount, tenor.smile, tenor.tau, is_put
    )
    F: int256 = convert(tenor.forward, int256)
    K: int256 = convert(strike, int256)
    df: int256 = convert(tenor.discount, int256)
    w: int256 = fixed._contrast(F, K)
    x: int256 = unsafe_mul(w, w) >> 96
    l: int256 = 0
    z: int256 = 0
    if x <= domain.FACTOR_32:
        l = unsafe_mul(w, flat._log2_over(x)) >> 96
        z = max(option.root_variance, LEAST_ROOT)
    return Cells(
        mark=option.mark,
        delta=option.delta,
        vega=option.vega,
        gains=self._gains(
            unsafe_div(unsafe_mul(F, df), black76.FIVE_18),
            unsafe_div(unsafe_mul(K, df), black76.FIVE_18),
            l,
            unsafe_mul(z, tenor.up) >> 96,
            unsafe_mul(z, tenor.down) >> 96,
            is_put,
            convert(option.mark, int256),
            shocks,
        ),
    )


@internal
@pure
def _expired_cells(spot: uint256, strike: uint256, is_put: bool, shocks: Shocks) -> Cells:
    """
    @notice An option that has expired and waits for its settlement price: its payoff at spot
    @param spot Price
    @param strike Strike price
    @param is_put Put or call
    @param shocks Moves of spot
    @return Mark and gains
    @custom:error absolute 1e-18
    """
    s: int256 = convert(spot, int256) << 18
    k: int256 = convert(strike, int256) << 18
    mark: int256 = max(unsafe_sub(k, s), 0) if is_put else max(unsafe_sub(s, k), 0)
    return Cells(
        mark=convert(mark >> 18, uint256),
        delta=0,
        vega=0,
        gains=self._gains(s, k, 0, 0, 0, is_put, mark >> 18, shocks),
    )


@internal
@pure
def _gains(
    s: int256,
    k: int256,
    l: int256,
    up: int256,
    down: int256,
    is_put: bool,
    mark: int256,
    shocks: Shocks,
) -> int256[10]:
    """
    @notice What an option gains under each shock
    @dev |l + step| <= 5 + 2 and z >= 2^72 / 16, so |D| < 2^126, as in `shock_grid`
    @param s Spot, WAD with 18 more bits
    @param k Discounted strike, the same
    @param l log2(F/K), Q
    @param up sqrt(w / (2 ln 2)) with volatility up, Q; zero where only the intrinsic value counts
    @param down With volatility down, Q
    @param is_put Put or call
    @param mark As it stands
    @param shocks Moves of spot
    @return Quote per contract
    @custom:error value 4e-18 S, S the larger of spot before and after the shock
    """
    gains: int256[10] = empty(int256[10])
    for i: uint256 in range(CELLS):
        z: int256 = down if unsafe_sub(i, 5) < 3 else up
        shocked: int256 = unsafe_div(unsafe_mul(s, shocks.factors[i]), fixed.WAD)
        price: int256 = 0
        if z == 0:
            price = max(unsafe_sub(shocked, k), 0)
        else:
            price = flat._call(shocked, k, unsafe_div(unsafe_add(l, shocks.steps[i]) << 96, z), z)
        if is_put:
            price = unsafe_sub(unsafe_add(price, k), shocked)
        gains[i] = unsafe_sub(price >> 18, mark)
    return gains
