# pragma version 0.4.3
# pragma optimize gas
"""
@title Words, limits and exposure of a book, one function at a time
@notice Test harness, never deployed outside the tests
"""

from contracts import types
from contracts.math import book_sum
from contracts.math import book_words
from contracts.math import desk_word
from contracts.math import exposure
from contracts.math import flat
from contracts.math import payoff
from contracts.math import position_word
from contracts.modules import limits


@external
@pure
def head(amount: int256, delta: int256, gamma: int256, vega: int256) -> book_words.Head:
    packed: uint256 = book_words._pack_head(
        book_words.Head(value=amount, delta=delta, gamma=gamma, vega=vega)
    )
    return book_words._head(packed)


@external
@pure
def packed(amount: int256, delta: int256, gamma: int256, vega: int256) -> (bool, uint256, uint256):
    risk: types.Risk = types.Risk(value=amount, delta=delta, gamma=gamma, vega=vega, flow_delta=0)
    return (
        book_words._fits_risk(risk),
        book_words._packed_risk(risk),
        book_words._pack_head(book_words.Head(value=amount, delta=delta, gamma=gamma, vega=vega)),
    )


@external
@pure
def traded(
    head: uint256, totals: uint256, lots: int256, gross: int256, risk: types.Risk
) -> (uint256, uint256, bool):
    return book_words._traded(head, totals, lots, gross, risk)


@external
@pure
def replaced(word: uint256, old: uint256, new: uint256, lots: int256) -> uint256:
    return book_words._replaced(word, old, new, lots)


@external
@pure
def totals(word: uint256) -> book_words.Totals:
    return book_words._totals(word)


@external
@pure
def lent(word: uint256, lots: int256, risk: types.Risk) -> (uint256, bool):
    return book_words._lent(word, lots, risk)


@external
@pure
def leg(half: uint256, step: uint256, escrow: uint256) -> uint256:
    return position_word._leg(half, step, escrow)


@external
@pure
def position(leg: uint256, grid: uint256) -> types.Position:
    return position_word._position(leg, grid)


@external
@pure
def sums(
    spot: uint256,
    forward: uint256,
    discount: uint256,
    tau: uint256,
    root: int256,
    smile: types.Slice,
    grid: uint256,
    legs: DynArray[uint256, 24],
) -> book_sum.Sums:
    return book_sum._sums(spot, forward, discount, tau, root, smile, grid, legs)


@external
@pure
def flat_sums(
    spot: uint256,
    forward: uint256,
    discount: uint256,
    tau: uint256,
    root: int256,
    smile: types.Slice,
    grid: uint256,
    legs: DynArray[uint256, 24],
) -> book_sum.Sums:
    return flat._sums(spot, forward, discount, tau, root, smile, grid, legs)


@external
@pure
def pack_guard(guard: book_words.Guard) -> uint256:
    return book_words._pack_guard(guard)


@external
@pure
def guard(word: uint256) -> book_words.Guard:
    return book_words._guard(word)


@external
@pure
def holds(word: uint256, x: int256, at: uint256, version: uint256) -> bool:
    return book_words._holds(word, x, at, version)


@external
@pure
def intersected(one: uint256, other: uint256) -> uint256:
    return book_words._intersected(one, other)


@external
@pure
def everywhere(freshness: uint256, version: uint256) -> uint256:
    return book_words._everywhere(freshness, version)


@external
@pure
def with_holdings(freshness: uint256, lots: int256, caution: uint256) -> (uint256, int256):
    word: uint256 = book_words._with_holdings(freshness, lots, caution)
    return word, book_words._held_lots(word)


@external
@pure
def flows(flows: book_words.Flows, delta: int256, vega: int256) -> book_words.Flows:
    return book_words._flows(book_words._bought(book_words._pack_flows(flows), delta, vega))


@external
@pure
def risk(
    amount: int256,
    delta: int256,
    gamma: int256,
    vega: int256,
    spot: int256,
    x: int256,
    root: int256,
    unit: int256,
) -> types.Risk:
    return exposure._risk(amount, delta, gamma, vega, spot, x, exposure._factors(root), unit)


@external
@pure
def values(p: int256, a: int256, b: int256, x: int256, spot: int256) -> (int256, int256, int256):
    return (
        exposure._value(p, a, b, x),
        exposure._dollar_delta(a, b, x, spot, 0),
        exposure._gamma_dollars(b, x),
    )


@external
@pure
def flattened(risk: types.Risk, x: int256) -> types.Risk:
    return exposure._flattened(risk, x)


@external
@pure
def ratio(spot: uint256, reference: uint256) -> int256:
    return exposure._ratio(spot, reference)


@external
@pure
def stale_vol(age: uint256) -> uint256:
    return exposure._stale_vol(age)


@external
@pure
def pulled(x: int256) -> int256:
    return exposure._pulled(x)


@external
@pure
def desk(sheet: address, level: uint256, nav_ref: uint256, at: uint256) -> uint256:
    word: uint256 = desk_word._with_sheet(0, sheet)
    word = desk_word._with_nav_down(word, nav_ref, at)
    return desk_word._with_caution(word, level)


@external
@pure
def undesk(word: uint256) -> (address, uint256, uint256, uint256):
    return (
        desk_word._sheet(word),
        desk_word._caution(word),
        desk_word._nav_ref(word),
        desk_word._synced_at(word),
    )


@external
@pure
def cover(id: uint256, lots: uint256, digits: uint256) -> (uint256, uint256):
    return payoff._cover(id, lots, digits)


@external
@pure
def locked(quote: uint256, lots: uint256, spot: uint256, digits: uint256) -> uint256:
    return payoff._locked_wad_up(quote, lots, spot, digits)


@external
@pure
def require_within(quote: types.Quote, bounds: types.Limits, written: uint256, scale: uint256):
    limits._require_within(quote, bounds, written, scale)


@external
@pure
def require_covered(covered: uint256, limit: uint256, scale: uint256):
    limits._require_covered(covered, limit, scale)


@external
@pure
def scale(nav_unit: uint256, caution_limit: uint256, level: uint256, nav_ref: uint256) -> uint256:
    return limits._scale(nav_unit, caution_limit, level, nav_ref)


@external
@pure
def toxicity(ratio: uint256, slope: uint256, most: uint256) -> uint256:
    return limits._toxicity(ratio, slope, most)
