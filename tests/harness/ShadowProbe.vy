# pragma version 0.4.3
# pragma optimize gas
"""
@title Every construct that the kernel may use, for tests/math/test_shadow.py
@notice Test harness, never deployed outside the tests.
"""

from tests.harness import probe_library as library

LIMIT: constant(uint256) = 10**18


@external
@pure
def signed(
    a: int256, b: int256
) -> (int256, int256, int256, int256, int256, int256, int256, int256):
    return (
        unsafe_add(a, b),
        unsafe_sub(a, b),
        unsafe_mul(a, b),
        unsafe_div(a, b),
        a & b,
        a | b,
        a ^ b,
        min(a, b),
    )


@external
@pure
def unsigned(
    a: uint256, b: uint256
) -> (uint256, uint256, uint256, uint256, uint256, uint256, uint256, uint256, uint256):
    return (
        unsafe_add(a, b),
        unsafe_sub(a, b),
        unsafe_mul(a, b),
        unsafe_div(a, b),
        a & b,
        a | b,
        a ^ b,
        ~a,
        max(a, b),
    )


@external
@pure
def shifts(a: int256, b: uint256, n: uint256) -> (int256, int256, uint256, uint256):
    return a << n, a >> n, b << n, b >> n


@external
@pure
def checked_add(a: int256, b: int256) -> int256:
    return a + b


@external
@pure
def checked_sub(a: uint256, b: uint256) -> uint256:
    return a - b


@external
@pure
def checked_mul(a: int256, b: int256) -> int256:
    return a * b


@external
@pure
def checked_div(a: int256, b: int256) -> int256:
    return a // b


@external
@pure
def checked_mod(a: int256, b: int256) -> int256:
    return a % b


@external
@pure
def negated(a: int256) -> (int256, int256):
    return -a, abs(a)


@external
@pure
def converted(a: int256, b: uint256) -> (uint256, int256, uint256, bool):
    return convert(a, uint256), convert(b, int256), convert(a > 0, uint256), convert(b, bool)


@external
@pure
def patterns(a: int256, b: uint256) -> (uint256, int256):
    return convert(convert(a, bytes32), uint256), convert(convert(b, bytes32), int256)


@external
@pure
def guarded(x: uint256) -> uint256:
    assert x <= LIMIT, "probe: too large"
    if x == 7:
        raise "probe: seven"
    return x * 2


@external
@pure
def structured(a: int256, b: int256) -> library.Pair:
    pair: library.Pair = library._ordered(a, b)
    twice: library.Pair = library._doubled(pair)
    pair.high = unsafe_sub(twice.low, pair.high)
    return pair


@external
@pure
def tuples(x: int256) -> (int256, int256, int256):
    whole: int256 = 0
    rest: int256 = 0
    whole, rest = library._split(x)
    return whole, rest, library.SCALE


@external
@pure
def looped(values: DynArray[int256, 8]) -> (int256, uint256):
    total: int256 = 0
    kept: DynArray[int256, 4] = []
    for value: int256 in values:
        if value == 0:
            continue
        elif value == 99:
            break
        else:
            total += value if value > 0 else -value
        kept.append(value)
    for i: uint256 in range(len(kept), bound=4):
        total = unsafe_add(total, kept[i] * library.TABLE[i % 3])
    for i: int256 in range(2, 5):
        total ^= i << 3
    return total, len(kept)


@external
@pure
def logical(a: int256, b: int256) -> bool:
    return (a < b and not a == 0) or b >= a and a != 5


@external
@pure
def ranged(x: uint256) -> bool:
    return unsafe_sub(x, 3) > 4
