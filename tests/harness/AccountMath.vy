# pragma version 0.4.3
# pragma optimize gas
"""
@title Words of a margin account
@notice Test harness, never deployed outside the tests
"""

from contracts import types
from contracts.math import account_word


@external
@pure
def key(id: uint256) -> uint256:
    """
    @notice The series of a leg, as its word has it
    """
    return account_word._key(id)


@external
@pure
def leg(word: uint256) -> types.MarginLeg:
    """
    @notice Unpacks a leg
    """
    return account_word._leg(word)


@external
@pure
def id_and_owing(word: uint256) -> (uint256, uint256):
    """
    @notice The series of a leg, and what is owed of it without escrow
    """
    return account_word._id(word), account_word._owing(word)


@external
@pure
def funds(cash: uint256, underlying: uint256, legs: uint256, is_flagged: bool) -> uint256:
    """
    @notice Packs what an account has beside options
    """
    return account_word._funds(cash, underlying, legs, is_flagged)
