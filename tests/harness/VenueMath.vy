# pragma version 0.4.3
# pragma optimize gas
"""
@title Word of what is on venues
@notice Test harness, never deployed outside the tests
"""

from contracts.math import venue_word


@external
@pure
def packed(lots: int256, reserve: uint256) -> uint256:
    return venue_word._pack(lots, reserve)


@external
@pure
def unpacked(word: uint256) -> (int256, uint256):
    return venue_word._lots(word), venue_word._reserve(word)
