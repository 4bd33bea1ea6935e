# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Valuer
@license MIT
@notice The mathematics of `Book`: an expiry's positions at one moment as a polynomial in spot, where
    that polynomial holds, and what of its value is credit that the vault gives to margin accounts.
    Stateless, so that the book has room for what must be stored; each evaluation is one call.
@dev Nothing is stored, nobody is called, no caller is trusted. The wrong failure would be a revert:
    exits of LPs evaluate what is stale. So a strike that has moved out of the kernel's reach counts at
    its intrinsic value, and a coefficient that leaves its field is pulled back: value and delta stay
    exact at this spot, and the guard then holds nowhere. What is left are the surface's bounds.
@custom:kill Nothing can be stopped here and nothing needs to be. A wrong Valuer is replaced together
    with the book that holds its address.
"""

from interfaces import IValuer
from . import types
from . import units
from .math import book_sum
from .math import book_words
from .math import carry
from .math import coefficients as c
from .math import exposure
from .math import fixed
from .math import flat
from .math import position_word

implements: IValuer

MAX_STRIKES: constant(uint256) = 24
NOWHERE: constant(uint256) = book_words.NOWHERE
TIME_PARTS: constant(uint256) = 64  # a guard lasts for this part of the time to expiry
SPOT_PARTS: constant(int256) = 10  # and to this part of spot times v to either side


@external
@pure
def evaluated(
    snapshot: types.Snapshot,
    reference: uint256,
    grid: uint256,
    legs: DynArray[uint256, MAX_STRIKES],
) -> (uint256, uint256, uint256):
    """
    @notice All positions of an expiry at one moment before its end
    @param snapshot The market, with the expiry's slice
    @param reference R, in which spot is measured
    @param grid Strikes are multiples of it
    @param legs What stands in each strike, see `position_word`
    @return Head, guard, credit: see `book_words`. The guard holds nowhere where a coefficient does not
        fit its field
    """
    x: int256 = exposure._ratio(snapshot.spot, reference)
    root: int256 = fixed._sqrt_years(convert(snapshot.tau, int256))
    sums: book_sum.Sums = empty(book_sum.Sums)
    if len(legs) != 0:
        sums = flat._sums(
            snapshot.spot,
            carry._forward(snapshot.spot, snapshot.discount),
            snapshot.discount,
            snapshot.tau,
            root,
            snapshot.smile,
            grid,
            legs,
        )
    factors: exposure.Factors = exposure._factors(root)
    spot: int256 = convert(snapshot.spot, int256)
    risk: types.Risk = exposure._risk(
        sums.value, sums.delta, sums.gamma, sums.vega, spot, x, factors, exposure.BOARD_IN_NANO
    )
    credit: uint256 = 0
    is_fitting: bool = True
    if sums.credit_lots != 0:
        credit, is_fitting = self._credit(sums, spot, x, factors)
    if book_words._fits_risk(risk) and is_fitting:
        return book_words._packed_risk(risk), self._guard_of(snapshot, x), credit
    return self._pulled(risk, x), NOWHERE, credit


@external
@pure
def expired(
    price: uint256,
    reference: uint256,
    grid: uint256,
    legs: DynArray[uint256, MAX_STRIKES],
) -> (uint256, uint256):
    """
    @notice An expiry that has passed, at the price it is paid at. Calls are paid in underlying, by the
        vault and out of escrow: they count as units of it, as the pots will that a settlement fills.
        Puts are quote, and so is what accounts owe without escrow. NAV is the same before and after
    @param price Settlement price, or spot while that is the price it will be
    @param reference R, in which spot is measured
    @param grid Strikes are multiples of it
    @param legs What stood in each strike, see `position_word`
    @return Head, credit: see `book_words`
    """
    fixed_price: int256 = convert(price, int256)
    quote: int256 = 0  # nano
    held: int256 = 0  # underlying, WAD
    credit: int256 = 0  # nano
    lots: int256 = 0  # WAD contracts
    for leg: uint256 in legs:
        strike: int256 = convert(unsafe_mul(leg >> position_word.STEP, grid), int256)
        ahead: int256 = unsafe_sub(fixed_price, strike)
        calls: int256 = position_word._lent(leg, 0)
        puts: int256 = position_word._lent(leg, 1)
        lots = unsafe_add(lots, unsafe_add(calls, puts))
        if ahead > 0:
            n: int256 = unsafe_sub(position_word._net(leg, 0), calls)
            held = unsafe_add(held, unsafe_div(unsafe_mul(n, ahead), fixed_price))
            credit = unsafe_add(credit, self._nano(unsafe_mul(calls, ahead)))
        else:
            n: int256 = unsafe_sub(position_word._net(leg, 1), puts)
            quote = unsafe_sub(quote, self._nano(unsafe_mul(n, ahead)))
            credit = unsafe_sub(credit, self._nano(unsafe_mul(puts, ahead)))
    nano_per_x: int256 = self._nano(unsafe_mul(held, convert(reference, int256)))
    head: uint256 = book_words._pack_head(
        book_words.Head(value=unsafe_add(quote, credit), delta=nano_per_x, gamma=0, vega=0)
    )
    if lots == 0:
        return head, 0
    return head, book_words._pack_credit(unsafe_div(lots, position_word.LOT), credit, 0, 0)


# --- internals


@internal
@pure
def _nano(amount: int256) -> int256:
    """
    @notice A product of contracts and a price
    @param amount WAD squared
    @return Nano, toward zero
    """
    return unsafe_div(amount, fixed.WAD * exposure.NANO)


@internal
@pure
def _credit(
    sums: book_sum.Sums, spot: int256, x: int256, factors: exposure.Factors
) -> (uint256, bool):
    """
    @notice What accounts owe without escrow, as a polynomial. One that does not fit is a constant: its
        value at this spot
    @param sums Of the expiry
    @param spot Price
    @param x S/R
    @param factors Of the expiry
    @return Credit of the expiry; whether its coefficients fit
    """
    risk: types.Risk = exposure._risk(
        sums.credit_value,
        sums.credit_delta,
        sums.credit_gamma,
        0,
        spot,
        x,
        factors,
        exposure.BOARD_IN_NANO,
    )
    if book_words._fits_risk(risk):
        return book_words._pack_credit(sums.credit_lots, risk.value, risk.delta, risk.gamma), True
    amount: int256 = unsafe_div(sums.credit_value, exposure.NANO)
    return book_words._pack_credit(sums.credit_lots, amount, 0, 0), False


@internal
@pure
def _pulled(risk: types.Risk, x: int256) -> uint256:
    """
    @notice A head of which not every coefficient fits
    @param risk The coefficients
    @param x S/R
    @return The head
    """
    flat_risk: types.Risk = exposure._flattened(risk, x)
    return book_words._pack_head(
        book_words.Head(
            value=flat_risk.value,
            delta=flat_risk.delta,
            gamma=flat_risk.gamma,
            vega=flat_risk.vega,
        )
    )


@internal
@pure
def _guard_of(snapshot: types.Snapshot, x: int256) -> uint256:
    """
    @notice Where an evaluation made now holds: a tenth of spot times the smallest v of the slice to
        either side, a 64th of the time to expiry, this version of the surface. The slack bounds the
        error of a lot's value in there (docs/MATH.md)
    @param snapshot The market
    @param x S/R
    @return See `book_words`
    """
    rest: int256 = unsafe_sub(
        fixed.WAD,
        unsafe_div(unsafe_mul(snapshot.smile.rho, snapshot.smile.rho), fixed.WAD),
    )
    at_money: int256 = self._root(snapshot.smile.theta)
    least: int256 = unsafe_div(  # sqrt(y) >= 2 y / (1 + y)
         unsafe_mul(at_money, unsafe_mul(2, rest)), unsafe_add(fixed.WAD, rest)
    )
    reach: uint256 = convert(
        unsafe_div(unsafe_mul(x, min(least, fixed.WAD)), fixed.WAD * SPOT_PARTS), uint256
    )
    middle: uint256 = convert(x, uint256)
    return book_words._pack_guard(
        book_words.Guard(
            low=unsafe_add(unsafe_div(unsafe_sub(middle, reach), book_words.X_GRAIN), 1),
            high=unsafe_div(unsafe_add(middle, reach), book_words.X_GRAIN),
            until=unsafe_add(
                snapshot.at,
                min(
                    unsafe_div(snapshot.tau, TIME_PARTS),
                    unsafe_sub(max(snapshot.tau, exposure.FLOOR), exposure.FLOOR),
                ),
            ),
            version=snapshot.version,
            slack=self._slack_up(snapshot, convert(least, uint256), convert(at_money, uint256)),
            posted_at=snapshot.posted_at,
        )
    )


@internal
@pure
def _root(variance: uint256) -> int256:
    """
    @notice v = sqrt(w)
    @param variance Total variance, WAD
    @return WAD, rounded down
    """
    root: int256 = fixed._sqrt_variance(convert(max(variance, 1), int256))
    return unsafe_mul(unsafe_mul(root, c.SQRT_2LN2) >> 96, fixed.WAD) >> 60


@internal
@pure
def _slack_up(snapshot: types.Snapshot, least: uint256, at_money: uint256) -> uint256:
    """
    @notice By how much a lot's value may be off inside the guard: S v x^3 (0.0404 + 0.0665 v) for
        spot with x = 1/4, S v (0.21 + 0.1 v)/63 with a v of 5/4 of that at the money for time, the
        carry of that time, S psi (1 + |rho|)/40 for the slice under a strike, which moves with spot,
        and what integers lose
    @param snapshot The market
    @param least Smallest v of the slice
    @param at_money v at the money
    @return Nano
    """
    most: uint256 = unsafe_div(unsafe_mul(at_money, 5), 4)
    spot_part: uint256 = unsafe_mul(
        least, unsafe_add(404 * 10**14, unsafe_div(unsafe_mul(least, 665), 10**4))
    )
    time_part: uint256 = unsafe_mul(most, unsafe_add(21 * 10**16, unsafe_div(most, 10)))
    gap: uint256 = unsafe_sub(max(snapshot.discount, units.WAD), min(snapshot.discount, units.WAD))
    tilt: uint256 = unsafe_mul(
        snapshot.smile.psi, unsafe_add(units.WAD, convert(abs(snapshot.smile.rho), uint256))
    )
    share: uint256 = unsafe_add(
        unsafe_add(unsafe_div(spot_part, 64 * units.WAD), unsafe_div(time_part, 63 * units.WAD)),
        unsafe_add(unsafe_div(gap, 31), unsafe_div(tilt, 40 * units.WAD)),
    )
    return unsafe_add(
        unsafe_div(unsafe_mul(snapshot.spot, share), units.WAD * units.NANO * 10**4), 8
    )
