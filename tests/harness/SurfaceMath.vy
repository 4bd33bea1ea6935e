# pragma version 0.4.3
# pragma optimize gas
"""
@title The mathematics of the surface, one function at a time
@notice Test harness, never deployed outside the tests
"""

from contracts import types
from contracts.math import carry as carry_math
from contracts.math import slice_word
from contracts.math import variance_swap


@external
@pure
def pack(smile: types.Slice, carry: int256, level: uint256, posted_at: uint256) -> uint256:
    return slice_word._pack(smile, carry, level, posted_at)


@external
@pure
def unpack(word: uint256, expiry: uint256) -> (types.Slice, int256, uint256, uint256):
    at: uint256 = slice_word._posted_at(word)
    smile: types.Slice = slice_word._scaled_down(word, expiry, at)
    return smile, slice_word._carry(word), slice_word._level(word), at


@external
@pure
def discount(carry: int256, tau: uint256) -> uint256:
    return carry_math._discount(carry, tau)


@external
@pure
def forward(spot: uint256, discount: uint256) -> uint256:
    return carry_math._forward(spot, discount)


@external
@pure
def swap(smile: types.Slice) -> uint256:
    return variance_swap._swap(smile)
