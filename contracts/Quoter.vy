# pragma version 0.4.3
# pragma optimize gas
"""
@title Quoter
@license MIT
@notice The quoting law. Stateless: what a trade costs is a function of what it is given.

        premium = x m + U(after) - U(before) + |x| h, clamped in the vault's favour, and fees

    Everything beyond the mark is a difference of a state function or is never negative, so a
    sequence of trades that restores the positions costs its trader at least zero. `math/exposure`
    says what the exposure is, docs/MATH.md what follows.
@dev The danger is a rounding in the trader's favour, and a reward for splitting an order. Amounts
    are kept at 1e-45 until the one division, which rounds toward plus infinity for both signs. h
    is linear in |x|; every convex effect of size is in U.

    A strike farther than a factor of 32 from the forward is outside the kernel; it is worth its
    intrinsic value here, so that what was listed can be closed after any move.
@custom:kill Nothing stops it: it holds nothing. Another law is another contract, which no desk that
    stands can be pointed at.
"""

from interfaces import IQuoter
from . import types
from . import units
from .math import carry
from .math import coefficients as c
from .math import domain
from .math import exposure
from .math import fixed
from .math import flat
from .math import smile_mark

implements: IQuoter

LOT: constant(int256) = 10**14
TWICE: constant(int256) = 2 * 10**9  # a product of two WAD becomes twice its amount at 1e-45
TWICE_WAD: constant(int256) = 2 * 10**27  # 1e-18 of one
MAX_LOTS: constant(int256) = 2**31 - 1
TWICE_MAX_LOTS: constant(uint256) = 2**32 - 2
MAX_SPOT: constant(uint256) = 2**108


struct Move:  # of the potential
    twice_before: int256  # 1e-45 quote, as are the next two
    twice_after: int256
    gamma_before: int256  # nano
    gamma_after: int256
    is_wide: bool


@external
@pure
def quote(inquiry: types.Inquiry) -> types.Quote:
    """
    @notice Price of a trade with all its parts, and what it does to the exposure
    @param inquiry See `types`
    @return See `types`. Reverts with "quoter: no bid" where the trader would get nothing
    """
    self._require_size(inquiry.lots, inquiry.strike)
    if inquiry.decimals > 18:
        self._refuse("quoter: decimals")
    self._require_prices(inquiry.snapshot.tau, inquiry.snapshot.spot, inquiry.snapshot.other)
    option: smile_mark.Option = self._option(inquiry.snapshot, inquiry.strike, inquiry.is_put)
    x: int256 = exposure._ratio(inquiry.snapshot.spot, inquiry.reference)
    risk: types.Risk = exposure._risk(
        convert(option.mark, int256),
        option.delta,
        option.gamma,
        option.vega,
        convert(inquiry.snapshot.spot, int256),
        x,
        exposure._factors(option.root_tau),
        exposure.LOT_IN_NANO,
    )
    if inquiry.snapshot.other != inquiry.snapshot.spot:
        option.mark = self._worse(inquiry, option.mark)
    move: Move = self._move(inquiry, risk, x)
    return self._priced(inquiry, option, risk, move)


@external
@pure
def unwind(inquiry: types.Inquiry, is_windup: bool) -> (types.Quote, uint256):
    """
    @notice Price of a liquidation: no flows, no fee, no charge for age. It pays spread and skew, or the
        mark alone where it is a windup
    @dev All the room of a block is the size whose own skew, n^2 g'Lg/2, is its half-spread, n h:
        whoever pushes the quote before a liquidation gains no more than he is charged
    @param inquiry See `types`; neither an opening nor careful nor toxic
    @param is_windup Whether at the mark
    @return See `types`; share of the room, WAD, rounded up
    """
    asked: types.Inquiry = inquiry
    asked.exposure.flow_delta = 0
    asked.exposure.flow_vega = 0
    asked.law.flow_slope = 0
    asked.law.vflow_slope = 0
    asked.snapshot.posted_at = asked.snapshot.at
    asked.law.fee_spot = 0
    asked.law.stale_z = 0
    self._require_size(asked.lots, asked.strike)
    if asked.decimals > 18:
        self._refuse("quoter: decimals")
    self._require_prices(asked.snapshot.tau, asked.snapshot.spot, asked.snapshot.other)
    option: smile_mark.Option = self._option(asked.snapshot, asked.strike, asked.is_put)
    x: int256 = exposure._ratio(asked.snapshot.spot, asked.reference)
    risk: types.Risk = exposure._risk(
        convert(option.mark, int256),
        option.delta,
        option.gamma,
        option.vega,
        convert(asked.snapshot.spot, int256),
        x,
        exposure._factors(option.root_tau),
        exposure.LOT_IN_NANO,
    )
    if asked.snapshot.other != asked.snapshot.spot:
        option.mark = self._worse(asked, option.mark)
    share: uint256 = self._share_up(asked, option, risk, x)
    if is_windup:
        asked.law.delta_slope = 0
        asked.law.gamma_slope = 0
        asked.law.vega_slope = 0
        asked.law.h_min = 0
        asked.law.b_vega = 0
        asked.law.b_delta = 0
        asked.law.b_mark = 0
    return self._priced(asked, option, risk, self._move(asked, risk, x)), share


@external
@pure
def delta(snapshot: types.Snapshot, strike: uint256, is_put: bool) -> int256:
    """
    @notice Delta of one contract
    @param snapshot The market
    @param strike Strike price
    @param is_put Put or call
    @return Underlying per contract
    """
    self._require_prices(snapshot.tau, snapshot.spot, snapshot.other)
    return self._option(snapshot, strike, is_put).delta


# --- what is refused


@internal
@pure
def _refuse(reason: String[24]):
    """
    @notice Reverts
    @param reason Why
    """
    raise reason


@internal
@pure
def _require_prices(tau: uint256, spot: uint256, other: uint256):
    """
    @notice Reverts for a moment that has no prices
    @param tau Seconds to expiry
    @param spot Price
    @param other Of the second source
    """
    if tau == 0:
        self._refuse("quoter: expired")
    if unsafe_sub(spot, 1) >= MAX_SPOT - 1 or unsafe_sub(other, 1) >= MAX_SPOT - 1:
        self._refuse("quoter: spot")


@internal
@pure
def _require_size(lots: int256, strike: uint256):
    """
    @notice Reverts for a trade of no size or of too large a size
    @param lots Of the trade
    @param strike Strike price
    """
    if lots == 0 or convert(convert(unsafe_add(lots, MAX_LOTS), bytes32), uint256) > TWICE_MAX_LOTS:
        self._refuse("quoter: size")
    if unsafe_sub(strike, 1) >= 2**120 - 1:
        self._refuse("quoter: strike")


# --- the mark


@internal
@pure
def _option(snapshot: types.Snapshot, strike: uint256, is_put: bool) -> smile_mark.Option:
    """
    @notice Mark and Greeks of one contract at the first source's price
    @param snapshot The market
    @param strike Strike price
    @param is_put Put or call
    @return The contract
    """
    return flat._option(
        carry._forward(snapshot.spot, snapshot.discount),
        strike,
        snapshot.discount,
        snapshot.smile,
        snapshot.tau,
        is_put,
    )


@internal
@pure
def _worse(inquiry: types.Inquiry, mark: uint256) -> uint256:
    """
    @notice Of the two sources' marks the one that is worse for the trader
    @param inquiry The trade
    @param mark Of the first source
    @return The higher for a buyer, the lower for a seller
    """
    snapshot: types.Snapshot = inquiry.snapshot
    other: uint256 = flat._option(
        carry._forward(snapshot.other, snapshot.discount),
        inquiry.strike,
        snapshot.discount,
        snapshot.smile,
        snapshot.tau,
        inquiry.is_put,
    ).mark
    return max(mark, other) if inquiry.lots > 0 else min(mark, other)


# --- the potential


@internal
@pure
def _move(inquiry: types.Inquiry, risk: types.Risk, x: int256) -> Move:
    """
    @notice The potential before and after. What the trader buys the vault writes: its exposure
        falls by the lots' own, and what clients bought rises by them
    @param inquiry The trade
    @param risk Of a lot
    @param x S/R
    @return The potential
    """
    before: types.Exposure = inquiry.exposure
    lots: int256 = inquiry.lots
    spot: int256 = convert(inquiry.snapshot.spot, int256)
    delta_before: int256 = exposure._dollar_delta(
        before.delta, before.gamma, x, spot, inquiry.underlying
    )
    gamma_before: int256 = exposure._gamma_dollars(before.gamma, x)
    b: int256 = unsafe_sub(before.gamma, unsafe_mul(lots, risk.gamma))
    delta_after: int256 = exposure._dollar_delta(
        unsafe_sub(before.delta, unsafe_mul(lots, risk.delta)), b, x, spot, inquiry.underlying
    )
    gamma_after: int256 = exposure._gamma_dollars(b, x)
    vega_bought: int256 = unsafe_mul(lots, risk.vega)
    vega_after: int256 = unsafe_sub(before.vega, vega_bought)
    flow_after: int256 = unsafe_add(before.flow_delta, unsafe_mul(lots, risk.flow_delta))
    vflow_after: int256 = unsafe_add(before.flow_vega, vega_bought)
    law: types.Law = inquiry.law
    is_wide: bool = exposure._is_wide(
        delta_before, gamma_before, before.vega, before.flow_delta, before.flow_vega
    ) or exposure._is_wide(delta_after, gamma_after, vega_after, flow_after, vflow_after)
    move: Move = Move(
        twice_before=0,
        twice_after=0,
        gamma_before=gamma_before,
        gamma_after=gamma_after,
        is_wide=is_wide,
    )
    if is_wide:  # U stays a function of the state, so that differences telescope there too
        delta_before = exposure._pulled(delta_before)
        gamma_before = exposure._pulled(gamma_before)
        before.vega = exposure._pulled(before.vega)
        before.flow_delta = exposure._pulled(before.flow_delta)
        before.flow_vega = exposure._pulled(before.flow_vega)
        delta_after = exposure._pulled(delta_after)
        gamma_after = exposure._pulled(gamma_after)
        vega_after = exposure._pulled(vega_after)
        flow_after = exposure._pulled(flow_after)
        vflow_after = exposure._pulled(vflow_after)
    move.twice_before = exposure._twice_potential(
        delta_before,
        gamma_before,
        before.vega,
        before.flow_delta,
        before.flow_vega,
        law.delta_slope,
        law.gamma_slope,
        law.vega_slope,
        law.flow_slope,
        law.vflow_slope,
    )
    move.twice_after = exposure._twice_potential(
        delta_after,
        gamma_after,
        vega_after,
        flow_after,
        vflow_after,
        law.delta_slope,
        law.gamma_slope,
        law.vega_slope,
        law.flow_slope,
        law.vflow_slope,
    )
    return move


@internal
@pure
def _share_up(
    inquiry: types.Inquiry, option: smile_mark.Option, risk: types.Risk, x: int256
) -> uint256:
    """
    @notice What a size takes of the room of a block: its own skew over its half-spread
    @param inquiry The trade
    @param option The contract
    @param risk Of a lot
    @param x S/R
    @return WAD
    """
    alone: types.Inquiry = inquiry
    alone.exposure = empty(types.Exposure)
    alone.underlying = 0
    own: uint256 = convert(self._move(alone, risk, x).twice_after, uint256)
    contracts: uint256 = convert(abs(unsafe_mul(inquiry.lots, LOT)), uint256)
    spread: uint256 = contracts * self._half_spread(inquiry, option)
    return own // max(spread // units.WAD * convert(TWICE, uint256), 1) + 1


# --- the premium


@internal
@pure
def _half_spread(inquiry: types.Inquiry, option: smile_mark.Option) -> uint256:
    """
    @notice h of one contract: max(h_min S, b_vega vega + b_delta S |delta| + b_mark m) times caution
        times toxicity, and what the ages of spot and surface cost
    @param inquiry The trade
    @param option The contract
    @return Quote
    """
    spot: uint256 = inquiry.snapshot.spot
    dollars: uint256 = unsafe_div(unsafe_mul(spot, convert(abs(option.delta), uint256)), units.WAD)
    vega: uint256 = convert(option.vega, uint256)
    h: uint256 = max(
        unsafe_mul(inquiry.law.h_min, spot),
        unsafe_add(
            unsafe_add(
                unsafe_mul(inquiry.law.b_vega, vega), unsafe_mul(inquiry.law.b_delta, dollars)
            ),
            unsafe_mul(inquiry.law.b_mark, option.mark),
        ),
    )
    h = unsafe_div(
        unsafe_mul(unsafe_mul(unsafe_div(h, units.WAD), inquiry.caution), inquiry.toxicity),
        units.WAD * units.WAD,
    )
    at: uint256 = inquiry.snapshot.at
    age: uint256 = unsafe_sub(at, min(at, inquiry.snapshot.spot_at))
    if age != 0:
        move: int256 = unsafe_div(
            unsafe_mul(
                option.root_variance, fixed._sqrt_years(convert(min(age, domain.MAX_TAU), int256))
            ),
            option.root_tau,
        )  # sigma sqrt(age) / sqrt(2 ln 2), Q
        move = unsafe_mul(move, c.SQRT_2LN2) >> 60
        h = unsafe_add(
            h,
            unsafe_mul(
                unsafe_div(unsafe_mul(inquiry.law.stale_z, dollars), units.WAD),
                convert(move, uint256),
            )
            >> 96,
        )
    points: uint256 = exposure._stale_vol(unsafe_sub(at, min(at, inquiry.snapshot.posted_at)))
    if points != 0:
        h = unsafe_add(h, unsafe_div(unsafe_mul(vega, points), units.WAD))
    return h


@internal
@pure
def _floor_up(
    mark: uint256, improve_cap: uint256, spot: uint256, strike: uint256, df: uint256, is_put: bool
) -> uint256:
    """
    @notice What a buyer pays at least: max(intrinsic, (1 - c) m)
    @param mark m
    @param improve_cap c
    @param spot Of two sources the one that is worse for the buyer
    @param strike Strike price
    @param df Discount
    @param is_put Put or call
    @return Quote per contract, rounded up
    """
    return max(
        unsafe_sub(mark, unsafe_div(unsafe_mul(mark, improve_cap), units.WAD)),
        smile_mark._intrinsic_up(spot, strike, df, is_put),
    )


@internal
@pure
def _ceiling_down(
    mark: uint256, improve_cap: uint256, spot: uint256, strike: uint256, df: uint256, is_put: bool
) -> uint256:
    """
    @notice What a seller gets at most: min((1 + c) m, S of a call or K df of a put), and of a put
        never more than K, which is what covers it
    @param mark m
    @param improve_cap c
    @param spot Of two sources the one that is worse for the seller
    @param strike Strike price
    @param df Discount
    @param is_put Put or call
    @return Quote per contract, rounded down
    """
    high: uint256 = unsafe_add(mark, unsafe_div(unsafe_mul(mark, improve_cap), units.WAD))
    if is_put:
        return min(high, unsafe_div(unsafe_mul(strike, min(df, units.WAD)), units.WAD))
    return min(high, spot)


@internal
@pure
def _assets_up(twice: int256, divisor: int256) -> int256:
    """
    @notice An amount as assets, toward plus infinity for both signs: the vault's favour
    @param twice Twice the amount, at 1e-45
    @param divisor Twice an asset, at 1e-45
    @return Assets
    """
    assets: int256 = unsafe_div(twice, divisor)
    return unsafe_add(assets, convert(unsafe_mul(assets, divisor) < twice, int256))


@internal
@pure
def _priced(
    inquiry: types.Inquiry, option: smile_mark.Option, risk: types.Risk, move: Move
) -> types.Quote:
    """
    @notice All parts of the premium, and their sum
    @param inquiry The trade
    @param option The contract
    @param risk Of a lot
    @param move Of the potential
    @return The quote
    """
    divisor: int256 = unsafe_mul(2, convert(10**unsafe_sub(45, inquiry.decimals), int256))
    is_buy: bool = inquiry.lots > 0
    spot: uint256 = inquiry.snapshot.spot
    other: uint256 = inquiry.snapshot.other
    size: int256 = unsafe_mul(inquiry.lots, LOT)
    contracts: int256 = abs(size)
    skew: int256 = unsafe_sub(move.twice_after, move.twice_before)
    if inquiry.is_reduce_only:
        skew = max(skew, 0)
    if move.is_wide and inquiry.is_opening:
        self._refuse("quoter: range")
    spread: int256 = unsafe_mul(contracts, convert(self._half_spread(inquiry, option), int256))
    plain: int256 = unsafe_add(
        unsafe_mul(unsafe_add(unsafe_mul(size, convert(option.mark, int256)), spread), TWICE),
        skew,
    )
    bound: uint256 = 0
    if is_buy:
        bound = self._floor_up(
            option.mark,
            inquiry.law.improve_cap,
            min(spot, other) if inquiry.is_put else max(spot, other),
            inquiry.strike,
            inquiry.snapshot.discount,
            inquiry.is_put,
        )
    else:
        bound = self._ceiling_down(
            option.mark,
            inquiry.law.improve_cap,
            min(spot, other),
            inquiry.strike,
            inquiry.snapshot.discount,
            inquiry.is_put,
        )
    twice: int256 = max(
        plain, unsafe_mul(unsafe_mul(size, convert(convert(bound, bytes32), int256)), TWICE)
    )
    fee: int256 = unsafe_mul(
        contracts,
        convert(
            unsafe_div(
                min(
                    unsafe_mul(inquiry.law.fee_spot, inquiry.snapshot.spot),
                    unsafe_mul(inquiry.law.fee_cap, option.mark),
                ),
                units.WAD,
            ),
            int256,
        ),
    )
    fee = self._assets_up(unsafe_mul(fee, TWICE), divisor)
    cover_fee: int256 = 0
    if is_buy and inquiry.is_opening:
        cover: uint256 = inquiry.strike if inquiry.is_put else spot
        cover = unsafe_div(
            unsafe_mul(unsafe_mul(cover, inquiry.law.cover_rate), inquiry.snapshot.tau),
            units.WAD * units.YEAR,
        )
        cover_fee = self._assets_up(
            unsafe_mul(unsafe_mul(contracts, convert(cover, int256)), TWICE), divisor
        )
    premium: int256 = unsafe_add(unsafe_add(self._assets_up(twice, divisor), fee), cover_fee)
    if not is_buy and premium >= 0:
        self._refuse("quoter: no bid")
    vega: int256 = unsafe_mul(inquiry.lots, risk.vega)
    return types.Quote(
        premium=premium,
        fee=convert(fee, uint256),
        cover_fee=convert(cover_fee, uint256),
        mark=option.mark,
        delta=option.delta,
        skew=unsafe_div(skew, TWICE_WAD),
        spread=unsafe_div(convert(spread, uint256), units.WAD),
        clamp=convert(unsafe_div(unsafe_sub(twice, plain), TWICE_WAD), uint256),
        potential_before=convert(unsafe_div(move.twice_before, TWICE_WAD), uint256),
        potential_after=convert(unsafe_div(move.twice_after, TWICE_WAD), uint256),
        gamma_before=move.gamma_before,
        gamma_after=move.gamma_after,
        vega_before=inquiry.exposure.vega,
        vega_after=unsafe_sub(inquiry.exposure.vega, vega),
        risk=risk,
    )
