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
def _uncovered(written: uint256, escrowed: uint256) -> uint256:
    """
    @notice Lots of a series that the vault itself must cover
    @param written Of the series
    @param escrowed Of what accounts owe of it
    @return Lots
    @custom:error exact
    """
    return unsafe_sub(max(written, escrowed), escrowed)


@internal
@pure
def _owed_up(id: uint256, lots: uint256, price: uint256, quote_decimals: uint256) -> uint256:
    """
    @notice What an account owes for options that have expired, calls too, in quote: ceiling
    @param id Series
    @param lots How many, below 2^31
    @param price Settlement price, below 2^128
    @param quote_decimals From 6 to 18
    @return Assets
    @custom:error 1 unit
    """
    if not self._is_in_the_money(id, price):
        return 0
    strike: uint256 = (id >> 8) & series.STRIKE_MASK
    apart: uint256 = unsafe_sub(max(price, strike), min(price, strike))
    grain: uint256 = self._grain(quote_decimals)
    return unsafe_div(unsafe_add(unsafe_mul(apart, lots), unsafe_sub(grain, 1)), grain)


@internal
@pure
def _surrendered_up(
    id: uint256,
    lots: uint256,
    price: uint256,
    quote_decimals: uint256,
    underlying_decimals: uint256,
) -> (uint256, uint256):
    """
    @notice What escrow pays, in the token it was set aside in: ceiling
    @param id Series
    @param lots Escrowed, below 2^31
    @param price Settlement price, below 2^128 and above zero
    @param quote_decimals From 6 to 18
    @param underlying_decimals From 6 to 18
    @return Assets, token units of underlying
    @custom:error 1 unit
    """
    if not self._is_in_the_money(id, price):
        return 0, 0
    if id & 1 == series.PUT:
        return self._owed_up(id, lots, price, quote_decimals), 0
    strike: uint256 = (id >> 8) & series.STRIKE_MASK
    share: uint256 = unsafe_mul(
        unsafe_mul(unsafe_sub(price, strike), lots), 10**unsafe_sub(underlying_decimals, 4)
    )
    return 0, unsafe_div(unsafe_add(share, unsafe_sub(price, 1)), price)


@internal
@pure
def _settled_down(
    sums: types.Settlement,
    expiry: uint256,
    position: types.Position,
    price: uint256,
    quote_decimals: uint256,
    underlying_decimals: uint256,
) -> types.Settlement:
    """
    @notice The sums with one strike more
    @param sums Of the strikes before
    @param expiry Unix time
    @param position Of the strike
    @param price Settlement price
    @param quote_decimals From 6 to 18
    @param underlying_decimals From 6 to 18
    @return The sums
    @custom:error 1 unit a strike, down; what escrow pays, up
    """
    call: uint256 = (expiry << 128) | (position.strike << 8) | series.CALL
    total: types.Settlement = self._settled_right(
        sums,
        call,
        position.calls_written,
        position.calls_held,
        position.calls_escrowed,
        price,
        quote_decimals,
        underlying_decimals,
    )
    return self._settled_right(
        total,
        call | series.PUT,
        position.puts_written,
        position.puts_held,
        position.puts_escrowed,
        price,
        quote_decimals,
        underlying_decimals,
    )


@internal
@pure
def _settled_right(
    sums: types.Settlement,
    id: uint256,
    written: uint256,
    held: uint256,
    escrowed: uint256,
    price: uint256,
    quote_decimals: uint256,
    underlying_decimals: uint256,
) -> types.Settlement:
    """
    @notice The sums with one series more
    @param sums Of the series before
    @param id Series
    @param written Lots
    @param held Lots
    @param escrowed Of them
    @param price Settlement price
    @param quote_decimals From 6 to 18
    @param underlying_decimals From 6 to 18
    @return The sums
    @custom:error as `_settled_down`
    """
    total: types.Settlement = sums
    assets: uint256 = 0
    amount: uint256 = 0
    if written | held == 0:
        return total
    assets, amount = self._cover(id, self._uncovered(written, escrowed), quote_decimals)
    total.release_quote = unsafe_add(total.release_quote, assets)
    total.release_lots = unsafe_add(total.release_lots, amount)
    if not self._is_in_the_money(id, price):
        return total
    total.pot_lots = unsafe_add(total.pot_lots, written)
    assets, amount = self._payoff_down(id, written, price, quote_decimals, underlying_decimals)
    total.pot_quote = unsafe_add(total.pot_quote, assets)
    total.pot_underlying = unsafe_add(total.pot_underlying, amount)
    if held != 0:
        assets, amount = self._surrendered_up(
            id, escrowed, price, quote_decimals, underlying_decimals
        )
        total.escrow_quote = unsafe_add(total.escrow_quote, assets)
        total.escrow_underlying = unsafe_add(total.escrow_underlying, amount)
        owing: uint256 = unsafe_sub(held, escrowed)
        if owing != 0:  # rounded down: less by one than the ceiling
            total.receivable = unsafe_add(
                total.receivable, unsafe_sub(self._owed_up(id, owing, price, quote_decimals), 1)
            )
    return total
