# pragma version 0.4.3
# pragma optimize gas
"""
@title What a tick of a pool is worth
@license MIT
@notice A pool of concentrated liquidity counts prices in ticks: a unit of its token0 is worth 1.0001^tick units of its token1.
    Here that becomes quote token for one whole underlying, whatever the decimals of both and whichever of them is token0.
@dev docs/MATH.md derives the errors.
"""

from . import fixed
from .. import units

Q: constant(int256) = 2**96
LOG2_TICK: constant(int256) = 49089913871092318234424474366155890  # log2(1.0001) at 2^128
SCALE: constant(int256) = 2**100


@internal
@pure
def _tick_price(tick: int256) -> (uint256, int256):
    """
    @notice 1.0001^tick = mantissa * 2^exponent
    @dev The power of two is split at the whole number above: the mantissa lies in (2^99, 2^100].
    @param tick At most 887,272 in size, as a pool has it
    @return The mantissa and the exponent
    @custom:error relative 2e-22
    """
    power: int256 = unsafe_mul(tick, LOG2_TICK) >> 32
    whole: int256 = unsafe_add(power, Q - 1) >> 96
    mantissa: int256 = fixed._exp2_neg(unsafe_sub(whole << 96, power), SCALE)
    return convert(convert(mantissa, bytes32), uint256), unsafe_sub(whole, 100)


@internal
@pure
def _price(
    tick: int256, is_underlying_token0: bool, quote_scale: uint256, unit_scale: uint256
) -> uint256:
    """
    @notice Quote token for one underlying
    @dev mantissa * WAD * quote_scale < 2^220, and is shifted left by at most 28 bits, as the exponent is at most 128 - 100
    @param tick At most 887,272 in size, as a pool has it
    @param is_underlying_token0 Whether the underlying is the pool's token0
    @param quote_scale 10^(18 - decimals of the quote token), at most WAD
    @param unit_scale 10^(18 - decimals of the underlying), from 1 to WAD
    @return WAD, rounded down
    @custom:error relative 2e-22
    """
    mantissa: uint256 = 0
    exponent: int256 = 0
    mantissa, exponent = self._tick_price(tick if is_underlying_token0 else unsafe_sub(0, tick))
    price: uint256 = unsafe_div(
        unsafe_mul(unsafe_mul(mantissa, units.WAD), quote_scale), unit_scale
    )
    if exponent < 0:
        return price >> convert(unsafe_sub(0, exponent), uint256)
    return price << convert(exponent, uint256)
