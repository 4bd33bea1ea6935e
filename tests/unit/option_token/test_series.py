"""contracts/math/series.vy and ballast.series: the same ids, the same refusals."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.chain import Contract, Reverted, RevmChain, compile_contract
from ballast.errors import SeriesError
from ballast.series import STRIKE_LIMIT, Right, Series, require_listable
from ballast.units import DAY, WAD

CHRISTMAS = 1_798_185_600  # 2026-12-25 08:00 UTC, a Friday
FIRST = 946_713_600  # 2000-01-01 08:00 UTC
LAST = 4_102_387_200  # 2099-12-31 08:00 UTC
MAX = 2**256 - 1
SERIES = st.builds(
    Series,
    st.integers(FIRST // DAY, LAST // DAY).map(lambda day: day * DAY + 8 * 3_600),
    st.integers(1, STRIKE_LIMIT - 1),
    st.sampled_from(Right),
)


@pytest.fixture(scope="module")
def harness() -> Contract:
    return RevmChain().deploy(compile_contract("SeriesHarness"))


def refusal(call: Any, *args: int) -> str | None:
    """The reason, or None if the call returned."""
    try:
        call(*args)
    except Reverted as refused:
        return refused.reason or "no reason"
    return None


def python_refuses(series_id: int) -> bool:
    try:
        Series.from_id(series_id)
    except SeriesError:
        return True
    return False


@given(SERIES)
def test_pack__any_series__is_the_id_of_python(harness: Contract, series: Series) -> None:
    assert harness.pack(series.expiry, series.strike, int(series.right)) == series.id
    assert harness.unpack(series.id) == (series.expiry, series.strike, int(series.right))
    assert refusal(harness.require, series.id) is None


@given(st.integers(0, MAX))
def test_unpack__any_word__reads_the_fields_of_python(harness: Contract, word: int) -> None:
    assert harness.unpack(word) == (word >> 128, word >> 8 & (STRIKE_LIMIT - 1), word & 255)


@given(
    st.one_of(
        st.integers(0, MAX),
        st.builds(
            lambda series, bit: series.id ^ (1 << bit), SERIES, st.integers(0, 255)
        ),  # one bit wrong
    )
)
def test_require__any_word__refuses_what_python_refuses(harness: Contract, word: int) -> None:
    assert (refusal(harness.require, word) is not None) == python_refuses(word)


@pytest.mark.parametrize(
    ("expiry", "strike", "right", "reason"),
    [
        (FIRST - DAY, WAD, 0, "series: expiry"),
        (FIRST, WAD, 0, None),
        (FIRST + 1, WAD, 0, "series: expiry"),
        (CHRISTMAS - 1, WAD, 0, "series: expiry"),
        (CHRISTMAS, WAD, 0, None),
        (CHRISTMAS + 1, WAD, 0, "series: expiry"),
        (LAST, WAD, 0, None),
        (LAST + 1, WAD, 0, "series: expiry"),
        (LAST + DAY, WAD, 0, "series: expiry"),
        (0, WAD, 0, "series: expiry"),
        (2**128 + CHRISTMAS, WAD, 0, "series: expiry"),
        (MAX, WAD, 0, "series: expiry"),
        (CHRISTMAS, 0, 0, "series: strike"),
        (CHRISTMAS, 1, 0, None),
        (CHRISTMAS, STRIKE_LIMIT - 1, 0, None),
        (CHRISTMAS, STRIKE_LIMIT, 0, "series: strike"),
        (CHRISTMAS, MAX, 0, "series: strike"),
        (CHRISTMAS, WAD, 1, None),
        (CHRISTMAS, WAD, 2, "series: right"),
        (CHRISTMAS, WAD, 256, "series: right"),
        (CHRISTMAS, WAD, MAX, "series: right"),
    ],
)
def test_pack__edges__refuse_by_field(
    harness: Contract, expiry: int, strike: int, right: int, reason: str | None
) -> None:
    assert refusal(harness.pack, expiry, strike, right) == reason


@pytest.mark.parametrize("seconds", [-1, 0, 1])
@pytest.mark.parametrize("days", range(10))
def test_require_listable__edges_of_a_week__refuses_what_python_refuses(
    harness: Contract, days: int, seconds: int
) -> None:
    series = Series(CHRISTMAS + days * DAY, WAD, Right.CALL)
    for ahead in (0, 1, 2, 3, 8):
        now = series.expiry - ahead * DAY + seconds
        reason = refusal(harness.require_listable, series.expiry, now)
        try:
            require_listable(series, now)
        except SeriesError as refused:
            expected = "expired" if "has passed" in str(refused) else "not a friday"
            assert reason == f"series: {expected}"
        else:
            assert reason is None


def test_calendar__every_day_of_the_century__is_that_of_python(harness: Contract) -> None:
    days, count = (LAST - FIRST) // DAY + 1, 1_024
    found: list[int] = []
    for first in range(0, days, count):
        found += harness.calendar(FIRST + first * DAY, min(count, days - first))
    start = dt.date(2000, 1, 1)
    expected = (start + dt.timedelta(days=day) for day in range(days))
    assert found == [day.year * 10_000 + day.month * 100 + day.day for day in expected]
