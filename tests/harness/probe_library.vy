# pragma version 0.4.3
"""
@title What tests/math/shadow.py must understand of a module
"""

SCALE: constant(int256) = 1 << 96
TABLE: constant(int256[3]) = [3, -5, 7]


struct Pair:
    low: int256
    high: int256


@internal
@pure
def _ordered(a: int256, b: int256) -> Pair:
    return Pair(low=min(a, b), high=max(a, b))


@internal
@pure
def _split(x: int256) -> (int256, int256):
    return x // SCALE, x % SCALE


@internal
@pure
def _doubled(pair: Pair) -> Pair:
    # an argument is a value: the caller's struct must not change
    twice: Pair = pair
    twice.low = unsafe_mul(twice.low, 2)
    twice.high = unsafe_mul(twice.high, 2)
    return twice
