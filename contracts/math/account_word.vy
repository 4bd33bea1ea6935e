# pragma version 0.4.3
# pragma optimize gas
"""
@title Words of a margin account
@license MIT
@notice How an account is packed. From the lowest bit:

        funds    cash 88, assets | underlying 104, token units | legs 4 | is flagged 1
        leg      owned 31 | escrowed 31 | owed 31, lots | right 1 | strike 120 | expiry 32

    The series stands highest, so legs in the order of their words increase by id. A leg of a series
    is never stored twice.
"""

from .. import types
from . import series

LOTS: constant(uint256) = 2**31 - 1
CASH: constant(uint256) = 2**88 - 1
UNITS: constant(uint256) = 2**104 - 1
FLAGGED: constant(uint256) = 2**196


@internal
@pure
def _key(id: uint256) -> uint256:
    """
    @notice The series of a leg, as its word has it
    @param id Series
    @custom:error exact
    """
    return (((id >> 128) << 121) | (((id >> 8) & series.STRIKE_MASK) << 1) | (id & 1))


@internal
@pure
def _id(word: uint256) -> uint256:
    """
    @notice The series of a leg
    @param word Of the leg
    @custom:error exact
    """
    return (
        ((word >> 214) << 128) | (((word >> 94) & series.STRIKE_MASK) << 8) | ((word >> 93) & 1)
    )


@internal
@pure
def _leg(word: uint256) -> types.MarginLeg:
    """
    @notice Unpacks a leg
    @param word Of the leg
    @custom:error exact
    """
    return types.MarginLeg(
        id=self._id(word),
        owed=(word >> 62) & LOTS,
        escrowed=(word >> 31) & LOTS,
        owned=word & LOTS,
    )


@internal
@pure
def _owing(word: uint256) -> uint256:
    """
    @notice Lots that an account owes and has not escrowed
    @param word Of the leg
    @custom:error exact
    """
    return unsafe_sub((word >> 62) & LOTS, (word >> 31) & LOTS)


@internal
@pure
def _funds(cash: uint256, underlying: uint256, legs: uint256, is_flagged: bool) -> uint256:
    """
    @notice Packs what an account has beside options
    @param cash Assets, below 2^88
    @param underlying Token units, below 2^104
    @param legs How many, at most eight
    @param is_flagged Whether it was seen owing more than it has
    @custom:error exact
    """
    return cash | (underlying << 88) | (legs << 192) | (FLAGGED if is_flagged else 0)
