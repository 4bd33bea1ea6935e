# pragma version 0.4.3
# pragma optimize gas
"""
@title Positions of a strike
@license MIT
@notice Two neighbouring strikes of the grid share a word, 128 bits each, from the lowest: calls
    written 31 | calls held 31 | puts written 31 | puts held 31, in lots | three bits free | listed 1.
    A listed strike is never zero, so its first trade does not pay for a new slot.
"""

from .. import types

LOTS: constant(uint256) = 2**31 - 1
LISTED: constant(uint256) = 2**127
HALF: constant(uint256) = 2**128 - 1
POSITIONS: constant(uint256) = 2**124 - 1
LOT: constant(int256) = 10**14  # WAD contracts


@internal
@pure
def _key(expiry: uint256, step: uint256) -> uint256:
    """
    @notice Where the word of a strike is stored
    @param expiry Unix time
    @param step The strike in steps of the grid
    @custom:error exact
    """
    return (expiry << 128) | (step >> 1)


@internal
@pure
def _shift(step: uint256) -> uint256:
    """
    @notice How far a strike's half is shifted
    @param step The strike in steps of the grid
    @custom:error exact
    """
    return (step & 1) << 7


@internal
@pure
def _lots(half: uint256, right: uint256) -> (uint256, uint256):
    """
    @notice Lots written and held of one right
    @param half Of the strike
    @param right 0 call, 1 put
    @return Written, held
    @custom:error exact
    """
    word: uint256 = half >> unsafe_mul(right, 62)
    return word & LOTS, (word >> 31) & LOTS


@internal
@pure
def _position(half: uint256, strike: uint256) -> types.Position:
    """
    @notice Unpacks a strike
    @param half Of the strike
    @param strike The strike
    @custom:error exact
    """
    return types.Position(
        strike=strike,
        calls_written=half & LOTS,
        calls_held=(half >> 31) & LOTS,
        puts_written=(half >> 62) & LOTS,
        puts_held=(half >> 93) & LOTS,
    )


@internal
@pure
def _net(half: uint256) -> int256:
    """
    @notice Contracts of one right, held less written
    @param half Of the strike, shifted to the right
    @return WAD
    @custom:error exact
    """
    return unsafe_mul(
        convert(convert(unsafe_sub((half >> 31) & LOTS, half & LOTS), bytes32), int256), LOT
    )
