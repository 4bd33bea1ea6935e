# pragma version 0.4.3
# pragma optimize gas
"""
@title Positions of a strike
@license MIT
@notice Two neighbouring strikes of the grid share a word, 128 bits each, from the lowest: calls
    written 31 | calls held 31 | puts written 31 | puts held 31, in lots | some calls are escrowed 1 |
    some puts are 1 | one bit free | listed 1. A listed strike is never zero, so its first trade does
    not pay for a new slot. How many lots are escrowed stands in a word of its own, the same two
    strikes in the same halves, calls 31 | puts 31, and is read where a bit says that there are any.

    A leg is what an evaluation is told of one strike: positions 124 | calls escrowed 31 | puts
    escrowed 31 | the strike in steps of the grid 70.
"""

from .. import types

LOTS: constant(uint256) = 2**31 - 1
CALLS_HELD: constant(uint256) = 31  # where fields begin, of a leg too
PUTS_WRITTEN: constant(uint256) = 62
PUTS_HELD: constant(uint256) = 93
CALLS_ESCROWED: constant(uint256) = 124  # of a leg, as the next two
PUTS_ESCROWED: constant(uint256) = 155
STEP: constant(uint256) = 186
HELD: constant(uint256) = (LOTS << CALLS_HELD) | (LOTS << PUTS_HELD)
BOTH: constant(uint256) = 2**62 - 1  # lots of calls and of puts
LISTED: constant(uint256) = 2**127
HALF: constant(uint256) = 2**128 - 1
POSITIONS: constant(uint256) = 2**124 - 1
ESCROW: constant(uint256) = 2**124  # some calls are escrowed; shifted by one: some puts
FILLED: constant(uint256) = 2**126 - 1  # zero where nothing is open
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
def _leg(half: uint256, step: uint256, escrow: uint256) -> uint256:
    """
    @notice A strike for an evaluation
    @param half Of the strike
    @param step The strike in steps of the grid
    @param escrow Half of the word of escrow, or zero
    @return The leg
    @custom:error exact
    """
    return (half & POSITIONS) | ((escrow & BOTH) << CALLS_ESCROWED) | (step << STEP)


@internal
@pure
def _position(leg: uint256, grid: uint256) -> types.Position:
    """
    @notice Unpacks a strike
    @param leg Of the strike
    @param grid Strikes are multiples of it
    @custom:error exact
    """
    return types.Position(
        strike=unsafe_mul(leg >> STEP, grid),
        calls_written=leg & LOTS,
        calls_held=(leg >> CALLS_HELD) & LOTS,
        puts_written=(leg >> PUTS_WRITTEN) & LOTS,
        puts_held=(leg >> PUTS_HELD) & LOTS,
        calls_escrowed=(leg >> CALLS_ESCROWED) & LOTS,
        puts_escrowed=(leg >> PUTS_ESCROWED) & LOTS,
    )


@internal
@pure
def _field(leg: uint256, place: uint256) -> int256:
    """
    @notice One field of a leg
    @param leg Of a strike
    @param place Where it begins
    @return Lots
    @custom:error exact
    """
    return convert(convert((leg >> place) & LOTS, bytes32), int256)


@internal
@pure
def _net(leg: uint256, right: uint256) -> int256:
    """
    @notice Contracts of one right, held less written
    @param leg Of a strike
    @param right 0 call, 1 put
    @return WAD
    @custom:error exact
    """
    place: uint256 = unsafe_mul(right, PUTS_WRITTEN)
    return unsafe_mul(
        unsafe_sub(self._field(leg, unsafe_add(place, CALLS_HELD)), self._field(leg, place)), LOT
    )


@internal
@pure
def _lent(leg: uint256, right: uint256) -> int256:
    """
    @notice Contracts of one right that accounts owe without escrow
    @param leg Of the strike
    @param right 0 call, 1 put
    @return WAD, at least zero
    @custom:error exact
    """
    held: int256 = self._field(leg, unsafe_add(CALLS_HELD, unsafe_mul(right, PUTS_WRITTEN)))
    escrowed: int256 = self._field(leg, unsafe_add(CALLS_ESCROWED, unsafe_mul(right, 31)))
    return unsafe_mul(unsafe_sub(held, escrowed), LOT)
