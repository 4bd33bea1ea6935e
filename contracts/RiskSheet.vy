# pragma version 0.4.3
# pragma optimize gas
"""
@title RiskSheet
@license MIT
@notice Every risk number of a market, written once. Its author writes what a number means (a limit
    and the skew that is reached there); the slopes of the quoting law are derived here. Nothing in
    a sheet ever changes: another sheet takes its place, through the timelock, and it names the one
    that it follows.
@dev The danger is a sheet that is wrong by a digit, or meant to be. Each number has a hard range,
    some are tied to each other, and each lies within a quarter of the one before it: `sheet_bounds`.
    A desk takes a new sheet only if it follows the one in force, so a large change takes several
    sheets and several delays. Who deploys a first sheet chooses freely within the ranges; it is the
    deployment that has to be read.

    The trap is nav_unit: amounts are meant for that NAV and the slopes never follow the live one,
    or a deposit between two trades would change the price of the second.
@custom:kill Nothing stops it: it holds nothing and decides nothing. A desk leaves it only for a
    successor.
"""

from interfaces import IRiskSheet
from interfaces import ISurfaceLimits
from . import types
from . import units
from .modules import sheet_bounds

implements: IRiskSheet
implements: ISurfaceLimits

SLOPE: constant(uint256) = 10**27  # the scale of slopes
RENT: constant(uint256) = 2 * 365 * 10**9  # half a variance, days in a year, and 1e36 over SLOPE

PREVIOUS: public(immutable(address))  # the sheet that this one may follow; empty for the first
_NUMBERS: immutable(IRiskSheet.Numbers)  # as given
_TRADE_TERMS: immutable(types.TradeTerms)
_MARK_TERMS: immutable(types.MarkTerms)
_ACCOUNT_TERMS: immutable(types.AccountTerms)


@deploy
def __init__(numbers: IRiskSheet.Numbers, previous: address):
    """
    @notice A sheet; reverts with "sheet: ..." and the name of what is wrong
    @param numbers All of them
    @param previous The sheet in force, or empty for the first sheet of a market
    """
    sheet_bounds._require_ranges(numbers)
    sheet_bounds._require_joint(numbers)
    if previous != empty(address):
        assert previous.is_contract, "sheet: previous"
        sheet_bounds._require_step(staticcall IRiskSheet(previous).numbers(), numbers)
    law: types.Law = self._law(numbers.caps.nav_unit, numbers.quote)
    PREVIOUS = previous
    _NUMBERS = numbers
    _TRADE_TERMS = self._trade_terms(law, numbers.caps, numbers.quote)
    _MARK_TERMS = self._mark_terms(law, numbers.nav)
    _ACCOUNT_TERMS = types.AccountTerms(
        margin=numbers.margin,
        h_min=law.h_min,
        b_vega=law.b_vega,
        b_delta=law.b_delta,
        b_mark=law.b_mark,
    )


# --- contracts of the market


@external
@view
def trade_terms() -> types.TradeTerms:
    """
    @notice All that a trade needs
    @return See `types`
    """
    return _TRADE_TERMS


@external
@view
def mark_terms() -> types.MarkTerms:
    """
    @notice All that the book needs to value itself
    @return See `types`
    """
    return _MARK_TERMS


@external
@view
def surface_limits() -> ISurfaceLimits.SurfaceLimits:
    """
    @notice All that a post is held to
    @return See `ISurfaceLimits`
    """
    return _NUMBERS.surface


@external
@view
def account_terms() -> types.AccountTerms:
    """
    @notice All that an assessment of a margin account needs
    @return See `types`
    """
    return _ACCOUNT_TERMS


@external
@view
def hedge_terms() -> types.HedgeTerms:
    """
    @notice All that the hedger needs
    @return See `types`
    """
    return _NUMBERS.hedge


@external
@view
def performance_fee() -> uint256:
    """
    @notice LPs' fee on what the low mark gains above its high
    @return Share
    """
    return _NUMBERS.nav.performance_fee


# --- anyone


@external
@view
def numbers() -> IRiskSheet.Numbers:
    """
    @notice The sheet as it was given, for whoever compares two
    @return All of it
    """
    return _NUMBERS


# --- what the constructor derives


@internal
@pure
def _law(nav_unit: uint256, quote: types.QuoteNumbers) -> types.Law:
    """
    @notice The quoting law. A slope is a skew over the limit at which it is reached
    @dev U = 1/2 g' L g charges L g per unit of exposure. Delta, vega and flows: L = skew/limit.
        Gamma: a gamma dollar decays by 1/2 vol^2 dt, so L = 1/2 vol_ref^2 rent / 365 / gamma_limit.
        With every number in its range a slope lies between 3e11 and 5e26: it is never nothing,
        and below 2^100.
    @param nav_unit Of which depths are shares
    @param quote As given
    @return The law; slopes rounded down
    """
    spread: uint256 = SLOPE * units.WAD
    return types.Law(
        delta_slope=self._slope(quote.delta_skew * SLOPE // quote.delta_limit),
        gamma_slope=self._slope(
            quote.vol_ref * quote.vol_ref * quote.gamma_rent // (RENT * quote.gamma_limit)
        ),
        vega_slope=self._slope(quote.vega_skew * SLOPE // quote.vega_limit),
        flow_slope=self._slope(quote.flow_skew * spread // (quote.flow_depth * nav_unit)),
        vflow_slope=self._slope(quote.vflow_skew * spread // (quote.vflow_depth * nav_unit)),
        h_min=quote.h_min,
        b_vega=quote.b_vega,
        b_delta=quote.b_delta,
        b_mark=quote.b_mark,
        stale_z=quote.stale_z,
        fee_spot=quote.fee_spot,
        fee_cap=quote.fee_cap,
        cover_rate=quote.cover_rate,
        improve_cap=quote.improve_cap,
    )


@internal
@pure
def _slope(slope: uint256) -> int256:
    """
    @notice A slope as the law takes it: signed, since exposures are
    @param slope Scaled 1e27
    @return The same
    """
    return convert(slope, int256)


@internal
@pure
def _trade_terms(
    law: types.Law, caps: types.CapNumbers, quote: types.QuoteNumbers
) -> types.TradeTerms:
    """
    @notice What a trade needs
    @dev Limits in nano lie below 2^61, as nav_unit does not exceed 1e8 and gamma_limit 20 of it.
    @param law The quoting law
    @param caps As given
    @param quote As given
    @return The terms; limits rounded down
    """
    nav_unit: uint256 = caps.nav_unit
    return types.TradeTerms(
        law=law,
        limits=types.Limits(
            nav_unit=nav_unit,
            potential=caps.potential_max * nav_unit // units.WAD,
            vega=quote.vega_limit // units.NANO,
            gamma=quote.gamma_limit // units.NANO,
            cover=caps.cover_max * nav_unit // units.WAD,
            credit=caps.credit_max * nav_unit // units.WAD,
            lots=caps.series_lots,
            delta_min=caps.delta_min,
            delta_max=caps.delta_max,
        ),
        caution_spread=caps.caution_spread,
        caution_limit=caps.caution_limit,
        fund_share=caps.fund_share,
        flow_gap=caps.flow_gap,
        tox_slope=caps.tox_slope,
        tox_max=caps.tox_max,
    )


@internal
@pure
def _mark_terms(law: types.Law, nav: types.NavNumbers) -> types.MarkTerms:
    """
    @notice What the book needs to value itself
    @param law The quoting law
    @param nav As given
    @return The terms
    """
    return types.MarkTerms(
        delta_slope=law.delta_slope,
        gamma_slope=law.gamma_slope,
        vega_slope=law.vega_slope,
        flow_slope=law.flow_slope,
        vflow_slope=law.vflow_slope,
        d_spot=nav.d_spot,
        d_vol=nav.d_vol,
        credit_haircut=nav.credit_haircut,
    )
