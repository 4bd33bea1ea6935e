# pragma version 0.4.3
# pragma optimize gas
"""
@title Performance fee
@license MIT
@notice A share of what the price of a share gained above its highest, at most once a week, paid in new shares. The rate of a week
    is read at its start and cannot be changed in it.
@dev A fee that is taken at once a week would make whoever comes on the sixth day pay for five that he was not there, and a price can
    be driven up without limit while next to nobody holds shares. So gain is counted on the least supply of the week only: on shares
    that stood through all of it. The rest goes free, and the mark rises for it too.
"""

from .. import units
from ..math import share_math

WEEK: constant(uint256) = 7 * 86400
RATES: constant(uint256) = 10_000  # in one
MOST_RATE: constant(uint256) = 3_000  # whatever a sheet says
MOST_PRICE: constant(uint256) = 2**88 - 1
LOW_120: constant(uint256) = 2**120 - 1
LOW_32: constant(uint256) = 2**32 - 1

week: uint256  # highest price 88 | least supply 120 | start 32 | rate 16, price lowest


@deploy
def __init__():
    """
    @notice The highest price is that of the first share
    """
    self.week = units.WAD


@internal
@view
def _high() -> uint256:
    """
    @notice Price of a share above which there is a fee
    @return WAD
    """
    return self.week & MOST_PRICE


@internal
@view
def _is_due() -> bool:
    """
    @notice Whether a week has passed
    """
    return block.timestamp >= unsafe_add((self.week >> 208) & LOW_32, WEEK)


@internal
@view
def _due(total: uint256, parts: uint256, virtual: uint256) -> uint256:
    """
    @notice New shares that a flow would mint now, rounded down
    @dev Prices below 2^88, supplies below 2^120; a fee is at most three tenths of what the least supply gained, so of the total
    @param total Assets of the vault, at the low mark
    @param parts All shares, virtual ones included
    @param virtual Virtual shares
    @return Shares
    """
    week: uint256 = self.week
    if not self._is_due():
        return 0
    high: uint256 = week & MOST_PRICE
    price: uint256 = share_math._price_down(total, parts, virtual)
    if price <= high or price > MOST_PRICE:
        return 0
    gain: uint256 = unsafe_div(
        unsafe_mul(unsafe_sub(price, high), (week >> 88) & LOW_120), unsafe_mul(virtual, units.WAD)
    )
    fee: uint256 = unsafe_div(unsafe_mul(gain, week >> 240), RATES)
    return unsafe_div(unsafe_mul(fee, parts), unsafe_sub(unsafe_add(total, 1), fee))


@internal
def _restart(price: uint256, supply: uint256, rate: uint256):
    """
    @notice A new week
    @param price Of a share at the low mark, after the fee, rounded up
    @param supply Shares
    @param rate WAD
    """
    high: uint256 = min(max(price, self.week & MOST_PRICE), MOST_PRICE)
    parts: uint256 = min(rate // (units.WAD // RATES), MOST_RATE)
    self.week = high | supply << 88 | block.timestamp << 208 | parts << 240


@internal
def _lower(supply: uint256):
    """
    @notice Shares were burnt: the least supply of the week follows
    @param supply Shares left
    """
    week: uint256 = self.week
    if supply < (week >> 88) & LOW_120:
        self.week = (week & ~(LOW_120 << 88)) | supply << 88
