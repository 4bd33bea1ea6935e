"""What the vault keeps of venues: lots come back as they went in, a reserve a little higher."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.math.bytecode import Contract, deployed
from tests.math.test_errors import statements

MOST_LOTS = 2**39 - 1
BELOW = 2**196 - 1
LOTS = st.integers(-MOST_LOTS, MOST_LOTS)
RESERVES = st.one_of(
    st.integers(0, 2**127 - 1), st.integers(0, 126).map(lambda bits: 2**bits), st.integers(0, 5_000)
)


@pytest.fixture(scope="module")
def words() -> Contract:
    return deployed("tests/harness/VenueMath.vy")


def packed(words: Contract, lots: int, reserve: int) -> int:
    return words.packed.words(lots, reserve)[0]


def rounded(reserve: int) -> int:
    """Up to twelve binary digits."""
    step = 2 ** max(reserve.bit_length() - 12, 0)
    return -(-reserve // step) * step


@given(lots=LOTS, reserve=RESERVES, below=st.integers(0, BELOW))
def test_pack__any__comes_back_beside_whatever_stands_below(
    words: Contract, lots: int, reserve: int, below: int
) -> None:
    word = packed(words, lots, reserve)
    assert word & BELOW == 0 and word >> 196 & 1 == 1 and word < 2**256
    assert words.unpacked.words(word | below) == (lots, rounded(reserve))


@given(reserve=RESERVES)
def test_reserve__any__is_never_less_and_within_its_error_more(
    words: Contract, reserve: int
) -> None:
    assert statements()["venue_word._pack"] == "reserve: relative 2^-11, up"
    found = words.unpacked.words(packed(words, 0, reserve))[1]
    assert 0 <= (found - reserve) * 2**11 <= reserve


@pytest.mark.parametrize("bits", [0, 1, 11, 12, 13, 24, 75, 126])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_reserve__around_powers_of_two__is_rounded_up(
    words: Contract, bits: int, more: int
) -> None:
    """A mantissa of all ones that is rounded up takes another digit."""
    reserve = 2**bits + more
    assert words.unpacked.words(packed(words, 5, reserve)) == (5, rounded(reserve))


def test_reserve__most__takes_the_last_exponent(words: Contract) -> None:
    assert words.unpacked.words(packed(words, 0, 2**127 - 1)) == (0, 2**127)


@pytest.mark.parametrize("lots", [MOST_LOTS - 1, MOST_LOTS, MOST_LOTS + 1, 2**40, 2**255 - 1])
@pytest.mark.parametrize("sign", [1, -1])
def test_lots__at_the_ends__are_pulled_into_their_field(
    words: Contract, lots: int, sign: int
) -> None:
    word = packed(words, sign * lots, 77)
    assert words.unpacked.words(word) == (sign * min(lots, MOST_LOTS), 77)


def test_lots__least_number_there_is__is_pulled_too(words: Contract) -> None:
    assert words.unpacked.words(packed(words, -(2**255), 0)) == (-MOST_LOTS, 0)


def test_word__of_nothing__says_nothing(words: Contract) -> None:
    """What the vault has before the first hedge."""
    assert words.unpacked.words(BELOW) == (0, 0)
    assert packed(words, 0, 0) == 2**196


def test_reserve__of_two__keeps_their_order(words: Contract) -> None:
    draw = random.Random(9)
    for _ in range(300):
        one = draw.randrange(2 ** draw.randrange(1, 127))
        other = one + draw.randrange(3)
        found = [words.unpacked.words(packed(words, 0, each))[1] for each in (one, other)]
        assert found[0] <= found[1]
