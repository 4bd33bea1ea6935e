# pragma version 0.4.3
"""
@title Bounds of a risk sheet
@license MIT
@notice The hard range of each number, the conditions that tie numbers together, and how far a sheet
    may move from the one before it. Amounts are bounded as shares of nav_unit.
@dev A range keeps a number where the contracts' arithmetic is safe and its meaning sane; a joint
    condition closes a way to earn from the market's own machinery. docs/RISK.md derives them. All
    of this runs in a constructor and none of it is in the deployed code.
"""

from interfaces import IRiskSheet
from interfaces import ISurfaceLimits
from .. import types
from .. import units
from ..math import series

PERCENT: constant(uint256) = 10**16

# what the market may reach
LEAST_NAV_UNIT: constant(uint256) = 10**3 * units.WAD
MOST_NAV_UNIT: constant(uint256) = 10**8 * units.WAD
LEAST_POTENTIAL_MAX: constant(uint256) = PERCENT // 20
MOST_POTENTIAL_MAX: constant(uint256) = 2 * PERCENT
LEAST_CREDIT_MAX: constant(uint256) = PERCENT
MOST_CREDIT_MAX: constant(uint256) = 50 * PERCENT
LEAST_COVER_MAX: constant(uint256) = 10 * PERCENT
MOST_COVER_MAX: constant(uint256) = 90 * PERCENT
LEAST_SERIES_LOTS: constant(uint256) = 100
MOST_SERIES_LOTS: constant(uint256) = 2**31 - 1
LEAST_DELTA_MIN: constant(uint256) = PERCENT
MOST_DELTA_MIN: constant(uint256) = 30 * PERCENT
LEAST_DELTA_MAX: constant(uint256) = 50 * PERCENT
MOST_DELTA_MAX: constant(uint256) = 99 * PERCENT
LEAST_CAUTION_SPREAD: constant(uint256) = units.WAD
MOST_CAUTION_SPREAD: constant(uint256) = 5 * units.WAD
LEAST_CAUTION_LIMIT: constant(uint256) = 10 * PERCENT
MOST_CAUTION_LIMIT: constant(uint256) = units.WAD
LEAST_FUND_SHARE: constant(uint256) = PERCENT
MOST_FUND_SHARE: constant(uint256) = 50 * PERCENT
LEAST_FLOW_GAP: constant(uint256) = 30
MOST_FLOW_GAP: constant(uint256) = 600
LEAST_TOX_SLOPE: constant(uint256) = units.WAD
MOST_TOX_SLOPE: constant(uint256) = 5000 * units.WAD
LEAST_TOX_MAX: constant(uint256) = units.WAD
MOST_TOX_MAX: constant(uint256) = 10 * units.WAD

# what a quote adds to the mark
LEAST_DELTA_LIMIT: constant(uint256) = PERCENT  # of nav_unit
MOST_DELTA_LIMIT: constant(uint256) = units.WAD
LEAST_DELTA_SKEW: constant(uint256) = PERCENT // 100
MOST_DELTA_SKEW: constant(uint256) = PERCENT
LEAST_GAMMA_LIMIT: constant(uint256) = 10 * PERCENT  # of nav_unit
MOST_GAMMA_LIMIT: constant(uint256) = 20 * units.WAD
LEAST_GAMMA_RENT: constant(uint256) = 5 * PERCENT
MOST_GAMMA_RENT: constant(uint256) = units.WAD
LEAST_VOL_REF: constant(uint256) = 10 * PERCENT
MOST_VOL_REF: constant(uint256) = 2 * units.WAD
LEAST_VEGA_LIMIT: constant(uint256) = PERCENT // 10  # of nav_unit
MOST_VEGA_LIMIT: constant(uint256) = 20 * PERCENT
LEAST_VEGA_SKEW: constant(uint256) = PERCENT
MOST_VEGA_SKEW: constant(uint256) = 20 * PERCENT
LEAST_FLOW_DEPTH: constant(uint256) = PERCENT // 10
MOST_FLOW_DEPTH: constant(uint256) = 5 * PERCENT
LEAST_FLOW_SKEW: constant(uint256) = PERCENT // 10
MOST_FLOW_SKEW: constant(uint256) = 2 * PERCENT
LEAST_VFLOW_DEPTH: constant(uint256) = PERCENT // 20
MOST_VFLOW_DEPTH: constant(uint256) = 5 * PERCENT
LEAST_VFLOW_SKEW: constant(uint256) = PERCENT
MOST_VFLOW_SKEW: constant(uint256) = 20 * PERCENT
LEAST_H_MIN: constant(uint256) = PERCENT // 1000
MOST_H_MIN: constant(uint256) = PERCENT // 2
LEAST_B_VEGA: constant(uint256) = PERCENT // 10
MOST_B_VEGA: constant(uint256) = 10 * PERCENT
LEAST_B_DELTA: constant(uint256) = PERCENT // 100
MOST_B_DELTA: constant(uint256) = PERCENT
LEAST_B_MARK: constant(uint256) = PERCENT // 10**4  # or zero
MOST_B_MARK: constant(uint256) = 10 * PERCENT
LEAST_STALE_Z: constant(uint256) = 5 * PERCENT
MOST_STALE_Z: constant(uint256) = 2 * units.WAD
LEAST_FEE_SPOT: constant(uint256) = PERCENT // 10**4  # or zero
MOST_FEE_SPOT: constant(uint256) = PERCENT // 2
LEAST_FEE_CAP: constant(uint256) = PERCENT
MOST_FEE_CAP: constant(uint256) = 20 * PERCENT
LEAST_COVER_RATE: constant(uint256) = PERCENT // 10**4  # or zero
MOST_COVER_RATE: constant(uint256) = 20 * PERCENT
LEAST_IMPROVE_CAP: constant(uint256) = 5 * PERCENT
MOST_IMPROVE_CAP: constant(uint256) = 40 * PERCENT

# what a share is worth
LEAST_DEVIATION: constant(uint256) = PERCENT // 20
MOST_DEVIATION: constant(uint256) = 4 * PERCENT
LEAST_D_SPOT: constant(uint256) = PERCENT // 20
MOST_D_SPOT: constant(uint256) = 10 * PERCENT
LEAST_D_VOL: constant(uint256) = PERCENT // 10
MOST_D_VOL: constant(uint256) = 25 * PERCENT
LEAST_CREDIT_HAIRCUT: constant(uint256) = PERCENT
MOST_CREDIT_HAIRCUT: constant(uint256) = 50 * PERCENT
LEAST_PERFORMANCE_FEE: constant(uint256) = PERCENT // 10**4  # or zero
MOST_PERFORMANCE_FEE: constant(uint256) = 30 * PERCENT

# posts of the keeper: inside what `Surface` itself can carry
LEAST_VOL_MIN: constant(uint256) = PERCENT
MOST_VOL_MIN: constant(uint256) = 50 * PERCENT
LEAST_VOL_MAX: constant(uint256) = units.WAD
MOST_VOL_MAX: constant(uint256) = 3 * units.WAD
LEAST_THETA_POST: constant(uint256) = PERCENT // 10
MOST_THETA_POST: constant(uint256) = 10 * PERCENT
LEAST_THETA_HOUR: constant(uint256) = PERCENT // 10
MOST_THETA_HOUR: constant(uint256) = units.WAD
LEAST_RHO_POST: constant(uint256) = PERCENT // 10
MOST_RHO_POST: constant(uint256) = 25 * PERCENT
LEAST_PSI_POST: constant(uint256) = PERCENT // 10
MOST_PSI_POST: constant(uint256) = 50 * PERCENT
LEAST_CARRY_MAX: constant(uint256) = PERCENT
MOST_CARRY_MAX: constant(uint256) = units.WAD
LEAST_CARRY_POST: constant(uint256) = PERCENT // 100
MOST_CARRY_POST: constant(uint256) = PERCENT
LEAST_CARRY_LIST: constant(uint256) = PERCENT // 100
MOST_CARRY_LIST: constant(uint256) = 10 * PERCENT

# margin accounts: inside what `Pricer.grid` takes
LEAST_SHOCK_NEAR: constant(uint256) = 2 * PERCENT
MOST_SHOCK_NEAR: constant(uint256) = 25 * PERCENT
LEAST_SHOCK_WIDE: constant(uint256) = 10 * PERCENT
MOST_SHOCK_WIDE: constant(uint256) = 50 * PERCENT
LEAST_SHOCK_DOWN: constant(uint256) = 25 * PERCENT
MOST_SHOCK_DOWN: constant(uint256) = 70 * PERCENT
LEAST_SHOCK_UP: constant(uint256) = 30 * PERCENT
MOST_SHOCK_UP: constant(uint256) = 2 * units.WAD
LEAST_FAR_WEIGHT: constant(uint256) = 25 * PERCENT
MOST_FAR_WEIGHT: constant(uint256) = units.WAD
LEAST_VOL_UP: constant(uint256) = 10 * PERCENT
MOST_VOL_UP: constant(uint256) = 2 * units.WAD
LEAST_VOL_DOWN: constant(uint256) = 5 * PERCENT
MOST_VOL_DOWN: constant(uint256) = 90 * PERCENT
LEAST_NEAR_POWER: constant(uint256) = PERCENT
MOST_NEAR_POWER: constant(uint256) = 50 * PERCENT
LEAST_FAR_POWER: constant(uint256) = PERCENT
MOST_FAR_POWER: constant(uint256) = 50 * PERCENT
LEAST_NAKED_FLOOR: constant(uint256) = PERCENT // 2
MOST_NAKED_FLOOR: constant(uint256) = 10 * PERCENT
LEAST_INITIAL_FACTOR: constant(uint256) = 105 * PERCENT
MOST_INITIAL_FACTOR: constant(uint256) = 2 * units.WAD
LEAST_SHORT_TAU: constant(uint256) = series.DAY
MOST_SHORT_TAU: constant(uint256) = 30 * series.DAY
LEAST_HEALTH_LOW: constant(uint256) = 101 * PERCENT
MOST_HEALTH_LOW: constant(uint256) = 120 * PERCENT
LEAST_HEALTH_HIGH: constant(uint256) = 110 * PERCENT
MOST_HEALTH_HIGH: constant(uint256) = 2 * units.WAD
LEAST_BONUS_MAX: constant(uint256) = PERCENT // 2
MOST_BONUS_MAX: constant(uint256) = 20 * PERCENT
LEAST_BONUS_SHARE: constant(uint256) = PERCENT
MOST_BONUS_SHARE: constant(uint256) = 50 * PERCENT
LEAST_WINDUP_REWARD: constant(uint256) = units.WAD
MOST_WINDUP_REWARD: constant(uint256) = 1000 * units.WAD
LEAST_DUST: constant(uint256) = 1
MOST_DUST: constant(uint256) = 10**5

# the hedger
LEAST_RISK_AVERSION: constant(uint256) = 10**11
MOST_RISK_AVERSION: constant(uint256) = 10**17
LEAST_HEDGE_GAS: constant(uint256) = PERCENT
MOST_HEDGE_GAS: constant(uint256) = 200 * units.WAD
LEAST_SWAP_COST: constant(uint256) = PERCENT // 200
MOST_SWAP_COST: constant(uint256) = PERCENT
LEAST_HARD_TRIGGER: constant(uint256) = PERCENT // 20
MOST_HARD_TRIGGER: constant(uint256) = 2 * PERCENT
LEAST_SLICE_MIN: constant(uint256) = PERCENT // 100  # of nav_unit
MOST_SLICE_MIN: constant(uint256) = 5 * PERCENT
LEAST_SLICE_MAX: constant(uint256) = PERCENT // 10  # of nav_unit
MOST_SLICE_MAX: constant(uint256) = 25 * PERCENT
LEAST_HEDGE_GAP: constant(uint256) = 30
MOST_HEDGE_GAP: constant(uint256) = 3600
LEAST_SLIP: constant(uint256) = PERCENT // 20
MOST_SLIP: constant(uint256) = 3 * PERCENT
LEAST_MEAN_SLIP: constant(uint256) = PERCENT // 20
MOST_MEAN_SLIP: constant(uint256) = 3 * PERCENT
LEAST_STOCK_TARGET: constant(uint256) = PERCENT // 10
MOST_STOCK_TARGET: constant(uint256) = 20 * PERCENT
LEAST_DEBT_RESERVE: constant(uint256) = 20 * PERCENT
MOST_DEBT_RESERVE: constant(uint256) = units.WAD
LEAST_LEND_HEALTH: constant(uint256) = 110 * PERCENT
MOST_LEND_HEALTH: constant(uint256) = 5 * units.WAD

WORDS: constant(uint256) = 77
FROM_ZERO: constant(uint256) = PERCENT // 10  # how far a sheet may move a number from or to zero
TAYLOR: constant(uint256) = 25_078_125 * 10**9  # see _require_refresh
ROGUE_SHARE: constant(uint256) = PERCENT  # of nav_unit: what a rogue keeper can take in an hour


# --- ranges


@internal
@pure
def _require_ranges(numbers: IRiskSheet.Numbers):
    """
    @notice Reverts with the first number that is out of its range
    @dev delta_min < delta_max and vol_min < vol_max follow: their ranges do not meet.
    @param numbers Of a sheet
    """
    nav_unit: uint256 = numbers.caps.nav_unit
    self._require_caps(numbers.caps)
    self._require_quote(numbers.quote, nav_unit)
    self._require_nav(numbers.nav)
    self._require_surface(numbers.surface)
    self._require_margin(numbers.margin)
    self._require_hedge(numbers.hedge, nav_unit)


@internal
@pure
def _require_caps(x: types.CapNumbers):
    """
    @notice Reverts with the first number of the group that is out of its range
    @param x The group
    """
    assert self._lies(x.nav_unit, LEAST_NAV_UNIT, MOST_NAV_UNIT), "sheet: nav unit"
    assert self._lies(
        x.potential_max, LEAST_POTENTIAL_MAX, MOST_POTENTIAL_MAX
    ), "sheet: potential max"
    assert self._lies(x.credit_max, LEAST_CREDIT_MAX, MOST_CREDIT_MAX), "sheet: credit max"
    assert self._lies(x.cover_max, LEAST_COVER_MAX, MOST_COVER_MAX), "sheet: cover max"
    assert self._lies(x.series_lots, LEAST_SERIES_LOTS, MOST_SERIES_LOTS), "sheet: series lots"
    assert self._lies(x.delta_min, LEAST_DELTA_MIN, MOST_DELTA_MIN), "sheet: delta min"
    assert self._lies(x.delta_max, LEAST_DELTA_MAX, MOST_DELTA_MAX), "sheet: delta max"
    assert self._lies(
        x.caution_spread, LEAST_CAUTION_SPREAD, MOST_CAUTION_SPREAD
    ), "sheet: caution spread"
    assert self._lies(
        x.caution_limit, LEAST_CAUTION_LIMIT, MOST_CAUTION_LIMIT
    ), "sheet: caution limit"
    assert self._lies(x.fund_share, LEAST_FUND_SHARE, MOST_FUND_SHARE), "sheet: fund share"
    assert self._lies(x.flow_gap, LEAST_FLOW_GAP, MOST_FLOW_GAP), "sheet: flow gap"
    assert self._lies(x.tox_slope, LEAST_TOX_SLOPE, MOST_TOX_SLOPE), "sheet: tox slope"
    assert self._lies(x.tox_max, LEAST_TOX_MAX, MOST_TOX_MAX), "sheet: tox max"


@internal
@pure
def _require_quote(x: types.QuoteNumbers, nav_unit: uint256):
    """
    @notice Reverts with the first number of the group that is out of its range
    @param x The group
    @param nav_unit NAV that the amounts are meant for
    """
    assert self._is_share(
        x.delta_limit, nav_unit, LEAST_DELTA_LIMIT, MOST_DELTA_LIMIT
    ), "sheet: delta limit"
    assert self._lies(x.delta_skew, LEAST_DELTA_SKEW, MOST_DELTA_SKEW), "sheet: delta skew"
    assert self._is_share(
        x.gamma_limit, nav_unit, LEAST_GAMMA_LIMIT, MOST_GAMMA_LIMIT
    ), "sheet: gamma limit"
    assert self._lies(x.gamma_rent, LEAST_GAMMA_RENT, MOST_GAMMA_RENT), "sheet: gamma rent"
    assert self._lies(x.vol_ref, LEAST_VOL_REF, MOST_VOL_REF), "sheet: vol ref"
    assert self._is_share(
        x.vega_limit, nav_unit, LEAST_VEGA_LIMIT, MOST_VEGA_LIMIT
    ), "sheet: vega limit"
    assert self._lies(x.vega_skew, LEAST_VEGA_SKEW, MOST_VEGA_SKEW), "sheet: vega skew"
    assert self._lies(x.flow_depth, LEAST_FLOW_DEPTH, MOST_FLOW_DEPTH), "sheet: flow depth"
    assert self._lies(x.flow_skew, LEAST_FLOW_SKEW, MOST_FLOW_SKEW), "sheet: flow skew"
    assert self._lies(x.vflow_depth, LEAST_VFLOW_DEPTH, MOST_VFLOW_DEPTH), "sheet: vflow depth"
    assert self._lies(x.vflow_skew, LEAST_VFLOW_SKEW, MOST_VFLOW_SKEW), "sheet: vflow skew"
    assert self._lies(x.h_min, LEAST_H_MIN, MOST_H_MIN), "sheet: h min"
    assert self._lies(x.b_vega, LEAST_B_VEGA, MOST_B_VEGA), "sheet: b vega"
    assert self._lies(x.b_delta, LEAST_B_DELTA, MOST_B_DELTA), "sheet: b delta"
    assert self._lies_or_none(x.b_mark, LEAST_B_MARK, MOST_B_MARK), "sheet: b mark"
    assert self._lies(x.stale_z, LEAST_STALE_Z, MOST_STALE_Z), "sheet: stale z"
    assert self._lies_or_none(x.fee_spot, LEAST_FEE_SPOT, MOST_FEE_SPOT), "sheet: fee spot"
    assert self._lies(x.fee_cap, LEAST_FEE_CAP, MOST_FEE_CAP), "sheet: fee cap"
    assert self._lies_or_none(x.cover_rate, LEAST_COVER_RATE, MOST_COVER_RATE), "sheet: cover rate"
    assert self._lies(x.improve_cap, LEAST_IMPROVE_CAP, MOST_IMPROVE_CAP), "sheet: improve cap"


@internal
@pure
def _require_nav(x: types.NavNumbers):
    """
    @notice Reverts with the first number of the group that is out of its range
    @param x The group
    """
    assert self._lies(x.deviation, LEAST_DEVIATION, MOST_DEVIATION), "sheet: deviation"
    assert self._lies(x.d_spot, LEAST_D_SPOT, MOST_D_SPOT), "sheet: d spot"
    assert self._lies(x.d_vol, LEAST_D_VOL, MOST_D_VOL), "sheet: d vol"
    assert self._lies(
        x.credit_haircut, LEAST_CREDIT_HAIRCUT, MOST_CREDIT_HAIRCUT
    ), "sheet: credit haircut"
    assert self._lies_or_none(
        x.performance_fee, LEAST_PERFORMANCE_FEE, MOST_PERFORMANCE_FEE
    ), "sheet: performance fee"


@internal
@pure
def _require_surface(x: ISurfaceLimits.SurfaceLimits):
    """
    @notice Reverts with the first number of the group that is out of its range
    @param x The group
    """
    assert self._lies(x.vol_min, LEAST_VOL_MIN, MOST_VOL_MIN), "sheet: vol min"
    assert self._lies(x.vol_max, LEAST_VOL_MAX, MOST_VOL_MAX), "sheet: vol max"
    assert self._lies(x.theta_post, LEAST_THETA_POST, MOST_THETA_POST), "sheet: theta post"
    assert self._lies(x.theta_hour, LEAST_THETA_HOUR, MOST_THETA_HOUR), "sheet: theta hour"
    assert self._lies(x.rho_post, LEAST_RHO_POST, MOST_RHO_POST), "sheet: rho post"
    assert self._lies(x.psi_post, LEAST_PSI_POST, MOST_PSI_POST), "sheet: psi post"
    assert self._lies(x.carry_max, LEAST_CARRY_MAX, MOST_CARRY_MAX), "sheet: carry max"
    assert self._lies(x.carry_post, LEAST_CARRY_POST, MOST_CARRY_POST), "sheet: carry post"
    assert self._lies(x.carry_list, LEAST_CARRY_LIST, MOST_CARRY_LIST), "sheet: carry list"


@internal
@pure
def _require_margin(x: types.MarginTerms):
    """
    @notice Reverts with the first number of the group that is out of its range
    @param x The group
    """
    assert self._lies(x.shock_near, LEAST_SHOCK_NEAR, MOST_SHOCK_NEAR), "sheet: shock near"
    assert self._lies(x.shock_wide, LEAST_SHOCK_WIDE, MOST_SHOCK_WIDE), "sheet: shock wide"
    assert self._lies(x.shock_down, LEAST_SHOCK_DOWN, MOST_SHOCK_DOWN), "sheet: shock down"
    assert self._lies(x.shock_up, LEAST_SHOCK_UP, MOST_SHOCK_UP), "sheet: shock up"
    assert self._lies(x.far_weight, LEAST_FAR_WEIGHT, MOST_FAR_WEIGHT), "sheet: far weight"
    assert self._lies(x.vol_up, LEAST_VOL_UP, MOST_VOL_UP), "sheet: vol up"
    assert self._lies(x.vol_down, LEAST_VOL_DOWN, MOST_VOL_DOWN), "sheet: vol down"
    assert self._lies(x.near_power, LEAST_NEAR_POWER, MOST_NEAR_POWER), "sheet: near power"
    assert self._lies(x.far_power, LEAST_FAR_POWER, MOST_FAR_POWER), "sheet: far power"
    assert self._lies(x.naked_floor, LEAST_NAKED_FLOOR, MOST_NAKED_FLOOR), "sheet: naked floor"
    assert self._lies(
        x.initial_factor, LEAST_INITIAL_FACTOR, MOST_INITIAL_FACTOR
    ), "sheet: initial factor"
    assert self._lies(x.short_tau, LEAST_SHORT_TAU, MOST_SHORT_TAU), "sheet: short tau"
    assert self._lies(x.health_low, LEAST_HEALTH_LOW, MOST_HEALTH_LOW), "sheet: health low"
    assert self._lies(x.health_high, LEAST_HEALTH_HIGH, MOST_HEALTH_HIGH), "sheet: health high"
    assert self._lies(x.bonus_max, LEAST_BONUS_MAX, MOST_BONUS_MAX), "sheet: bonus max"
    assert self._lies(x.bonus_share, LEAST_BONUS_SHARE, MOST_BONUS_SHARE), "sheet: bonus share"
    assert self._lies(
        x.windup_reward, LEAST_WINDUP_REWARD, MOST_WINDUP_REWARD
    ), "sheet: windup reward"
    assert self._lies(x.dust, LEAST_DUST, MOST_DUST), "sheet: dust"


@internal
@pure
def _require_hedge(x: types.HedgeTerms, nav_unit: uint256):
    """
    @notice Reverts with the first number of the group that is out of its range
    @param x The group
    @param nav_unit NAV that the amounts are meant for
    """
    assert self._lies(
        x.risk_aversion, LEAST_RISK_AVERSION, MOST_RISK_AVERSION
    ), "sheet: risk aversion"
    assert self._lies(x.hedge_gas, LEAST_HEDGE_GAS, MOST_HEDGE_GAS), "sheet: hedge gas"
    assert self._lies(x.swap_cost, LEAST_SWAP_COST, MOST_SWAP_COST), "sheet: swap cost"
    assert self._lies(x.hard_trigger, LEAST_HARD_TRIGGER, MOST_HARD_TRIGGER), "sheet: hard trigger"
    assert self._is_share(
        x.slice_min, nav_unit, LEAST_SLICE_MIN, MOST_SLICE_MIN
    ), "sheet: slice min"
    assert self._is_share(
        x.slice_max, nav_unit, LEAST_SLICE_MAX, MOST_SLICE_MAX
    ), "sheet: slice max"
    assert self._lies(x.hedge_gap, LEAST_HEDGE_GAP, MOST_HEDGE_GAP), "sheet: hedge gap"
    assert self._lies(x.slip, LEAST_SLIP, MOST_SLIP), "sheet: slip"
    assert self._lies(x.mean_slip, LEAST_MEAN_SLIP, MOST_MEAN_SLIP), "sheet: mean slip"
    assert self._lies(x.stock_target, LEAST_STOCK_TARGET, MOST_STOCK_TARGET), "sheet: stock target"
    assert self._lies(x.debt_reserve, LEAST_DEBT_RESERVE, MOST_DEBT_RESERVE), "sheet: debt reserve"
    assert self._lies(x.lend_health, LEAST_LEND_HEALTH, MOST_LEND_HEALTH), "sheet: lend health"


# --- joint conditions, of numbers in their ranges: no product below reaches 2^224


@internal
@pure
def _require_joint(numbers: IRiskSheet.Numbers):
    """
    @notice Reverts with the first condition that numbers break together
    @param numbers Of a sheet
    """
    self._require_hedge_unseen(numbers.quote)
    self._require_refresh(numbers.caps, numbers.quote)
    self._require_rounds(numbers.quote, numbers.nav)
    self._require_posts(numbers.quote, numbers.nav, numbers.surface)
    self._require_keeper(numbers.caps.nav_unit, numbers.quote.vega_limit, numbers.surface)
    self._require_order(numbers)
    self._require_hedge_unmoved(numbers)


@internal
@pure
def _require_hedge_unseen(quote: types.QuoteNumbers):
    """
    @notice A hedge that takes dollar delta from its limit to zero moves the mid by delta_skew. Who
        trades before it and back after it pays two half-spreads on the same dollar delta
    @param quote Numbers of the law
    """
    assert quote.delta_skew <= 2 * quote.b_delta, "sheet: skew over spread"


@internal
@pure
def _require_refresh(caps: types.CapNumbers, quote: types.QuoteNumbers):
    """
    @notice A refresh at the edge of the guard moves the mid by less than one half-spread
    @dev Per contract the delta is wrong by at most (0.121 + 0.2 v)(x^2 + y) with x = 1/4, y = 1/64,
        and where a contract counts its strike rather than spot by (0.121 + 0.4 v)(x^2 + y): at v =
        1/2 at most TAYLOR = 0.321 * 5/64. Contracts times spot, or strike, are at most cover and
        credit together. Both the skew and b_delta count per dollar delta of what is traded.
    @param caps Limits
    @param quote Numbers of the law
    """
    wrong: uint256 = (
        TAYLOR * (caps.cover_max + caps.credit_max) + units.WAD - 1
    ) // units.WAD  # delta, share of nav_unit, rounded up
    assert (
        wrong * caps.nav_unit * quote.delta_skew <= quote.b_delta * quote.delta_limit * units.WAD
    ), "sheet: refresh over spread"


@internal
@pure
def _require_rounds(quote: types.QuoteNumbers, nav: types.NavNumbers):
    """
    @notice Who knows the next round r, buys F and sells after it, earns F (r - 2 b_delta - l F): no
        more than nothing at the full depth, flow_skew flow_depth / 4 at the best size. The next
        round is priced into shares too
    @param quote Numbers of the law
    @param nav Numbers of the marks
    """
    assert nav.deviation <= 2 * quote.b_delta + quote.flow_skew, "sheet: round over flow"
    assert nav.deviation <= nav.d_spot, "sheet: round over d spot"


@internal
@pure
def _require_posts(
    quote: types.QuoteNumbers, nav: types.NavNumbers, surface: ISurfaceLimits.SurfaceLimits
):
    """
    @notice The same for who knows the next post. A post moves volatility at the money by at most
        p = vol_max (1 - 1/sqrt(1 + x)) < vol_max x / (2 + x), x = theta_post. Half of it is priced
        into shares
    @param quote Numbers of the law
    @param nav Numbers of the marks
    @param surface Limits of posts
    """
    post: uint256 = surface.vol_max * surface.theta_post
    divisor: uint256 = 2 * units.WAD + surface.theta_post
    assert post <= (2 * quote.b_vega + quote.vflow_skew) * divisor, "sheet: post over vega flow"
    assert post <= 2 * nav.d_vol * divisor, "sheet: post over d vol"


@internal
@pure
def _require_keeper(nav_unit: uint256, vega_limit: uint256, surface: ISurfaceLimits.SurfaceLimits):
    """
    @notice What a rogue keeper can take in an hour: the vega that the vault may carry, times the
        path of volatility that his budget allows, at most vol_max x / (2 + x), x = theta_hour
    @param nav_unit NAV
    @param vega_limit Weighted vega
    @param surface Limits of posts
    """
    assert (
        vega_limit * surface.vol_max * surface.theta_hour
        <= nav_unit * ROGUE_SHARE * (2 * units.WAD + surface.theta_hour)
    ), "sheet: rogue keeper"


@internal
@pure
def _require_order(numbers: IRiskSheet.Numbers):
    """
    @notice Numbers that must not change places
    @param numbers Of a sheet
    """
    surface: ISurfaceLimits.SurfaceLimits = numbers.surface
    margin: types.MarginTerms = numbers.margin
    vol_ref: uint256 = numbers.quote.vol_ref
    assert vol_ref >= surface.vol_min and vol_ref <= surface.vol_max, "sheet: vol ref off surface"
    assert surface.theta_post <= surface.theta_hour, "sheet: post over hour"
    assert (
        margin.shock_near < margin.shock_wide
        and margin.shock_wide < min(margin.shock_down, margin.shock_up)
    ), "sheet: shocks out of order"
    assert margin.health_low < margin.health_high, "sheet: health out of order"
    assert numbers.hedge.slice_min <= numbers.hedge.slice_max, "sheet: slices out of order"


@internal
@pure
def _require_hedge_unmoved(numbers: IRiskSheet.Numbers):
    """
    @notice Who owns most of a pool moves it to the limit price of an order for nothing. He buys delta, lets the hedge buy it from him,
        sells back, and lets the hedge sell it to him: he earns the limit's distance twice, and pays two half-spreads and two fees
    @param numbers Of a sheet
    """
    assert min(numbers.hedge.slip, numbers.hedge.mean_slip) <= 2 * (
        numbers.quote.b_delta + numbers.quote.fee_spot
    ), "sheet: slip over spread"


# --- steps


@internal
@pure
def _require_step(old: IRiskSheet.Numbers, new: IRiskSheet.Numbers):
    """
    @notice Each number is within a quarter of the old one. Those that may be zero may leave it, and
        return to it, by FROM_ZERO: a quarter of nothing would keep them there for ever
    @param old Of the sheet before
    @param new Of this one, in their ranges
    """
    befores: Bytes[32 * WORDS] = abi_encode(old)
    afters: Bytes[32 * WORDS] = abi_encode(new)
    for i: uint256 in range(WORDS):
        before: uint256 = extract32(befores, 32 * i, output_type=uint256)
        after: uint256 = extract32(afters, 32 * i, output_type=uint256)
        if before == 0 or after == 0:
            assert max(before, after) <= FROM_ZERO, "sheet: step from zero"
        else:
            distance: uint256 = max(before, after) - min(before, after)
            assert distance <= before // 4, "sheet: step"


# --- comparisons


@internal
@pure
def _lies(x: uint256, least: uint256, most: uint256) -> bool:
    """
    @notice Is a number in its range?
    @param x Number
    @param least Inclusive
    @param most Inclusive
    @return Whether it is
    """
    return x >= least and x <= most


@internal
@pure
def _lies_or_none(x: uint256, least: uint256, most: uint256) -> bool:
    """
    @notice Is a number zero, or in its range?
    @param x Number
    @param least Inclusive
    @param most Inclusive
    @return Whether it is
    """
    return x == 0 or self._lies(x, least, most)


@internal
@pure
def _is_share(x: uint256, nav_unit: uint256, least: uint256, most: uint256) -> bool:
    """
    @notice Is an amount in its range, which is one of shares of nav_unit?
    @param x Quote
    @param nav_unit NAV, in its range
    @param least Share, inclusive
    @param most Share, inclusive
    @return Whether it is
    """
    return self._lies(
        x, (nav_unit * least + units.WAD - 1) // units.WAD, nav_unit * most // units.WAD
    )
