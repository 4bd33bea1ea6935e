# pragma version 0.4.3
# pragma optimize gas
"""
@title Limits of openings
@license MIT
@notice Every measure of risk after an opening is at most the larger of its limit and of what it was:
    a trade that makes none worse is never refused. Limits are in quote tokens for the NAV that the
    sheet was written for, and shrink with the vault; they grow only with a new sheet.
"""

from .. import types
from .. import units


@internal
@pure
def _is_in_window(delta: int256, bounds: types.Limits) -> bool:
    """
    @notice May a series of this delta be opened?
    @param delta Per contract
    @param bounds The sheet's
    """
    size: uint256 = convert(abs(delta), uint256)
    return size >= bounds.delta_min and size <= bounds.delta_max


@internal
@pure
def _toxicity(ratio: uint256, slope: uint256, most: uint256) -> uint256:
    """
    @notice Factor on the half-spread: 1 + min(tox_max - 1, k ratio)
    @param ratio The book's larger mark-out ratio
    @param slope k
    @param most tox_max
    @return WAD
    """
    if ratio == 0:
        return units.WAD
    return unsafe_add(
        units.WAD,
        min(unsafe_sub(most, units.WAD), unsafe_div(unsafe_mul(slope, ratio), units.WAD)),
    )


@internal
@pure
def _scale(nav_unit: uint256, caution_limit: uint256, level: uint256, nav_ref: uint256) -> uint256:
    """
    @notice What limits are multiplied with: the reference NAV over the one that the sheet was written
        for, at most one, and less from caution 1 on
    @param nav_unit The sheet's
    @param caution_limit The sheet's
    @param level Caution in force
    @param nav_ref Reference NAV, below 2^102
    @return WAD
    """
    assert nav_ref != 0, "desk: nav not synced"
    scale: uint256 = units.WAD
    if nav_ref < nav_unit:
        scale = unsafe_div(unsafe_mul(nav_ref, units.WAD), nav_unit)
    if level == 0:
        return scale
    return unsafe_div(unsafe_mul(scale, caution_limit), units.WAD)


@internal
@pure
def _require_within(quote: types.Quote, bounds: types.Limits, written: uint256, scale: uint256):
    """
    @notice Reverts with the first limit that an opening would break
    @param quote Exposure before and after
    @param bounds The sheet's
    @param written Lots of the series after
    @param scale Of the limits
    """
    assert self._is_in_window(quote.delta, bounds), "desk: delta window"
    assert quote.potential_after <= max(
        self._scaled(bounds.potential, scale), quote.potential_before
    ), "desk: potential limit"
    assert convert(abs(quote.vega_after), uint256) <= max(
        self._scaled(bounds.vega, scale), convert(abs(quote.vega_before), uint256)
    ), "desk: vega limit"
    assert convert(abs(quote.gamma_after), uint256) <= max(
        self._scaled(bounds.gamma, scale), convert(abs(quote.gamma_before), uint256)
    ), "desk: gamma limit"
    assert written <= self._scaled(bounds.lots, scale), "desk: open interest"


@internal
@pure
def _require_covered(covered: uint256, limit: uint256, scale: uint256):
    """
    @notice Reverts where an opening locks too much
    @param covered Locked cover after, quote
    @param limit The sheet's
    @param scale Of the limits
    """
    assert covered <= self._scaled(limit, scale), "desk: cover limit"


@internal
@pure
def _require_credit(credit: uint256, limit: uint256, scale: uint256):
    """
    @notice Reverts where accounts would owe too much without escrow
    @param credit After: spot a call, the strike a put, quote
    @param limit The sheet's
    @param scale Of the limits
    """
    assert credit <= self._scaled(limit, scale), "desk: credit limit"


@internal
@pure
def _scaled(limit: uint256, scale: uint256) -> uint256:
    """
    @notice A limit for the vault as it is
    @param limit For the NAV the sheet was written for, below 2^190
    @param scale At most one
    @return Rounded down
    """
    return unsafe_div(unsafe_mul(limit, scale), units.WAD)
