# pragma version 0.4.3
# pragma optimize gas
"""
@title Cover and payoffs
@license MIT
@notice A written call is covered by one unit of underlying, a put by its strike. At a settlement
    price S a call pays (S - K)/S of underlying, a put K - S. Strikes are such that the cover of a
    lot is a whole number of assets, so cover locked and cover released are equal however a position
    is taken apart.
"""

from .. import types
from . import series

LOTS: constant(uint256) = 10**4  # in a contract


struct Settlement:  # of an expiry, summed over its strikes
    pot_quote: uint256  # assets owed to holders of puts
    pot_underlying: uint256  # token units owed to holders of calls
    pot_lots: uint256  # in the money
    release_quote: uint256  # assets that covered puts
    release_lots: uint256  # lots of underlying that covered calls


@internal
@pure
def _grain(quote_decimals: uint256) -> uint256:
    """
    @notice What strikes must be multiples of, so that a lot's strike is a whole number of assets
    @param quote_decimals From 6 to 18
    @return WAD
    @custom:error exact
    """
    return 10**unsafe_sub(22, quote_decimals)


@internal
@pure
def _cover(id: uint256, lots: uint256, quote_decimals: uint256) -> (uint256, uint256):
    """
    @notice What covers written options
    @param id Series, its strike a multiple of the grain
    @param lots How many, below 2^31
    @param quote_decimals From 6 to 18
    @return Assets, lots of underlying
    @custom:error exact
    """
    if id & 1 == series.CALL:
        return 0, lots
    strike: uint256 = (id >> 8) & series.STRIKE_MASK
    return unsafe_div(unsafe_mul(strike, lots), self._grain(quote_decimals)), 0


@internal
@pure
def _locked_wad_up(
    locked_quote: uint256, locked_lots: uint256, spot: uint256, quote_decimals: uint256
) -> uint256:
    """
    @notice All locked cover at spot
    @param locked_quote Assets, below 2^88
    @param locked_lots Lots of underlying, below 2^40
    @param spot Below 2^128
    @param quote_decimals From 6 to 18
    @return Quote
    @custom:error 1 wei
    """
    return unsafe_add(
        unsafe_mul(locked_quote, 10**unsafe_sub(18, quote_decimals)),
        unsafe_add(unsafe_div(unsafe_mul(locked_lots, spot), LOTS), 1),
    )


@internal
@pure
def _is_in_the_money(id: uint256, price: uint256) -> bool:
    """
    @notice Does a series pay at a settlement price?
    @param id Series
    @param price Settlement price
    @custom:error exact
    """
    strike: uint256 = (id >> 8) & series.STRIKE_MASK
    return price > strike if id & 1 == series.CALL else price < strike


@internal
@pure
def _payoff_down(
    id: uint256,
    lots: uint256,
    price: uint256,
    quote_decimals: uint256,
    underlying_decimals: uint256,
) -> (uint256, uint256):
    """
    @notice What options pay: floor of the whole amount, so parts never add up to more
    @param id Series
    @param lots How many, below 2^31
    @param price Settlement price, below 2^128 and above zero
    @param quote_decimals From 6 to 18
    @param underlying_decimals From 6 to 18
    @return Assets, token units of underlying
    @custom:error 1 unit
    """
    if not self._is_in_the_money(id, price):
        return 0, 0
    strike: uint256 = (id >> 8) & series.STRIKE_MASK
    if id & 1 == series.CALL:
        share: uint256 = unsafe_mul(
            unsafe_mul(unsafe_sub(price, strike), lots), 10**unsafe_sub(underlying_decimals, 4)
        )
        return 0, unsafe_div(share, price)
    owed: uint256 = unsafe_mul(unsafe_sub(strike, price), lots)
    return unsafe_div(owed, self._grain(quote_decimals)), 0


@internal
@pure
def _settled_down(
    sums: Settlement,
    expiry: uint256,
    position: types.Position,
    price: uint256,
    quote_decimals: uint256,
    underlying_decimals: uint256,
) -> Settlement:
    """
    @notice The sums with one strike more
    @param sums Of the strikes before
    @param expiry Unix time
    @param position Of the strike
    @param price Settlement price
    @param quote_decimals From 6 to 18
    @param underlying_decimals From 6 to 18
    @return The sums
    @custom:error 1 unit a strike, down
    """
    total: Settlement = sums
    call: uint256 = (expiry << 128) | (position.strike << 8) | series.CALL
    put: uint256 = call | series.PUT
    assets: uint256 = 0
    amount: uint256 = 0
    assets, amount = self._payoff_down(
        call, position.calls_written, price, quote_decimals, underlying_decimals
    )
    total.pot_underlying = unsafe_add(total.pot_underlying, amount)
    assets, amount = self._payoff_down(
        put, position.puts_written, price, quote_decimals, underlying_decimals
    )
    total.pot_quote = unsafe_add(total.pot_quote, assets)
    if self._is_in_the_money(call, price):
        total.pot_lots = unsafe_add(total.pot_lots, position.calls_written)
    if self._is_in_the_money(put, price):
        total.pot_lots = unsafe_add(total.pot_lots, position.puts_written)
    total.release_lots = unsafe_add(total.release_lots, position.calls_written)
    assets, amount = self._cover(put, position.puts_written, quote_decimals)
    total.release_quote = unsafe_add(total.release_quote, assets)
    return total
