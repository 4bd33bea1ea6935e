# pragma version 0.4.3
# pragma optimize gas
"""
@title A portfolio under shocks of spot and volatility
@license MIT
@notice The logarithm of a strike and the root of its variance are taken once for each leg: a
    shock of spot adds to the one, a shock of volatility multiplies the other, and a cell costs one
    density and two tails.
"""

from .. import types
from . import black76
from . import domain
from . import fixed

DAY: constant(uint256) = 86400
MIN_SPOT: constant(uint256) = 25 * 10**16
MAX_SPOT: constant(uint256) = 4 * 10**18


struct Ready:  # a leg, ready for its shocks
    s: int256  # spot, WAD with 18 more bits
    k: int256  # discounted strike, the same
    l: int256  # log2(F/K), Q
    z: int256  # sqrt(w / (2 ln 2)), Q; zero at expiry
    up: int256  # z with volatility up
    down: int256  # z with volatility down
    calls: int256  # contracts
    puts: int256  # contracts


@internal
@pure
def _grid(
    legs: DynArray[types.GridLeg, 16],
    shocks: DynArray[types.Shock, 12],
    vol_shock: types.VolShock,
) -> DynArray[int256, 12]:
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
    ready: DynArray[Ready, 16] = []
    for leg: types.GridLeg in legs:
        ready.append(self._ready(leg, vol_shock))
    values: DynArray[int256, 12] = []
    for shock: types.Shock in shocks:
        step: int256 = self._step(shock.spot)
        factor: int256 = convert(convert(shock.spot, bytes32), int256)
        total: int256 = 0
        for each: Ready in ready:
            z: int256 = (
                each.z
                if shock.volatility == 0
                else (each.up if shock.volatility > 0 else each.down)
            )
            s: int256 = unsafe_div(unsafe_mul(each.s, factor), fixed.WAD)
            call: int256 = 0
            if z == 0:
                call = max(unsafe_sub(s, each.k), 0)
            else:
                call = black76._call(s, each.k, unsafe_div(unsafe_add(each.l, step) << 96, z), z)
            total = unsafe_add(
                total,
                unsafe_add(
                    unsafe_mul(each.calls, call),
                    unsafe_mul(each.puts, unsafe_sub(unsafe_add(call, each.k), s)),
                ),
            )
        values.append(fixed._wad_floor(total) >> 18)
    return values


@internal
@pure
def _ready(leg: types.GridLeg, vol_shock: types.VolShock) -> Ready:
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
    if (
        ((unsafe_add(leg.calls, domain.HALF_SIZE) | unsafe_add(leg.puts, domain.HALF_SIZE)) >> 90)
        | convert(unsafe_sub(leg.forward, 1) >= domain.MAX_SUM_PRICE, int256)
        | convert(unsafe_sub(leg.strike, 1) >= domain.MAX_PRICE, int256)
        | convert(
            unsafe_sub(leg.discount, domain.MIN_DISCOUNT)
            > domain.MAX_DISCOUNT - domain.MIN_DISCOUNT,
            int256,
        )
        | convert(
            unsafe_sub(leg.variance, domain.MIN_SUM_VARIANCE)
            > domain.MAX_VARIANCE - domain.MIN_SUM_VARIANCE,
            int256,
        )
        | convert(x > domain.FACTOR_32, int256)
        | convert(leg.tau > domain.MAX_TAU, int256)
    ) != 0:
        domain._require_expiry(leg.forward, leg.discount, leg.tau)
        domain._require_leg(
            leg.calls,
            leg.puts,
            leg.strike,
            leg.variance if alive else domain.MAX_VARIANCE,
            x if alive else 0,
        )
    ready: Ready = empty(Ready)
    ready.s = unsafe_div(unsafe_mul(F, df), black76.FIVE_18)
    ready.k = unsafe_div(unsafe_mul(K, df), black76.FIVE_18)
    ready.calls = leg.calls
    ready.puts = leg.puts
    if alive:
        ready.l = unsafe_mul(w, fixed._log2_over(x)) >> 96
        ready.z = fixed._sqrt_variance(convert(leg.variance, int256))
        tenor: int256 = self._tenor(leg.tau, vol_shock.near_power, vol_shock.far_power)
        up: int256 = unsafe_add(
            fixed.Q, unsafe_div(unsafe_mul(tenor, convert(vol_shock.up, int256)), fixed.WAD)
        )
        down: int256 = unsafe_sub(
            fixed.Q, unsafe_div(unsafe_mul(tenor, convert(vol_shock.down, int256)), fixed.WAD)
        )
        ready.up = unsafe_mul(ready.z, up) >> 96
        ready.down = unsafe_mul(ready.z, max(down, domain.LEAST_SHOCKED)) >> 96
    return ready


@internal
@pure
def _step(spot: uint256) -> int256:
    """
    @notice log2 of a factor on spot
    @param spot The factor
    @return The logarithm, Q
    @custom:error relative 7e-19 or 2e-29 absolute
    """
    if unsafe_sub(spot, MIN_SPOT) > MAX_SPOT - MIN_SPOT:
        domain._refuse("pricer: spot shock")
    w: int256 = fixed._contrast(convert(convert(spot, bytes32), int256), fixed.WAD)
    return unsafe_mul(w, fixed._log2_over_near(unsafe_mul(w, w) >> 96)) >> 96


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
    t: int256 = convert(max(tau, DAY), int256)
    near: bool = tau < 30 * DAY
    w: int256 = (
        fixed._contrast(convert(30 * DAY, int256), t)
        if near
        else fixed._contrast(t, convert(240 * DAY, int256))
    )
    l: int256 = unsafe_mul(w, fixed._log2_over(unsafe_mul(w, w) >> 96)) >> 96
    power: int256 = convert(near_power if near else far_power, int256)
    if near:
        return fixed._exp2_neg(
            unsafe_sub(3 * 2**96, unsafe_div(unsafe_mul(l, power), fixed.WAD)), 2**99
        )
    return fixed._exp2_neg(
        unsafe_div(unsafe_mul(max(unsafe_add(l, 3 * 2**96), 0), power), fixed.WAD), fixed.Q
    )
