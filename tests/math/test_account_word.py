"""Words of a margin account: what goes in comes out, and their order is that of the ids."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.chain import RevmChain, compile_contract

LOTS = st.integers(0, 2**31 - 1)
IDS = st.builds(
    lambda expiry, strike, right: expiry << 128 | strike << 8 | right,
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**120 - 1),
    st.integers(0, 1),
)


@pytest.fixture(scope="module")
def words() -> Any:
    return RevmChain().deploy(compile_contract("tests/harness/AccountMath.vy"))


@given(series=IDS, owed=LOTS, part=LOTS, owned=LOTS)
def test_leg__any__comes_out_as_it_went_in(
    words: Any, series: int, owed: int, part: int, owned: int
) -> None:
    escrowed = min(owed, part)
    word = words.key(series) << 93 | owed << 62 | escrowed << 31 | owned
    assert word < 2**256
    assert tuple(words.leg(word)) == (series, owed, escrowed, owned)
    assert tuple(words.id_and_owing(word)) == (series, owed - escrowed)


@given(one=IDS, other=IDS)
def test_key__of_two_series__is_in_the_order_of_their_ids(words: Any, one: int, other: int) -> None:
    assert (words.key(one) < words.key(other)) == (one < other)
    assert (words.key(one) == words.key(other)) == (one == other)


@given(st.integers(0, 2**88 - 1), st.integers(0, 2**104 - 1), st.integers(0, 8), st.booleans())
def test_funds__any__stand_in_their_fields(
    words: Any, cash: int, underlying: int, legs: int, is_flagged: bool
) -> None:
    word = words.funds(cash, underlying, legs, is_flagged)
    assert word == cash | underlying << 88 | legs << 192 | is_flagged << 196
