"""`ballast.series`: ids, names and the rules that make a series well formed."""

from __future__ import annotations

import datetime as dt
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.errors import SeriesError
from ballast.series import (
    STRIKE_LIMIT,
    Right,
    Series,
    listable_expiries,
    parse_expiry,
    parse_right,
    parse_series,
    parse_strike,
    require_listable,
)
from ballast.units import DAY, WAD

CHRISTMAS = 1_798_185_600  # 2026-12-25 08:00 UTC, a Friday
ETH = Series(CHRISTMAS, 2_000 * WAD, Right.CALL)
SERIES = st.builds(
    Series,
    st.integers(11_000, 47_000).map(lambda day: day * DAY + 8 * 3_600),
    st.integers(1, STRIKE_LIMIT - 1),
    st.sampled_from(Right),
)


@given(SERIES)
def test_from_id__any_series__round_trip(series: Series) -> None:
    assert Series.from_id(series.id) == series
    assert 0 < series.id < 2**256


@given(SERIES)
def test_from_name__any_series__round_trip(series: Series) -> None:
    assert Series.from_name(series.name("WETH"), "weth") == series


@given(SERIES)
def test_id__fields__sit_where_the_contracts_read_them(series: Series) -> None:
    assert series.id >> 128 == series.expiry
    assert series.id >> 8 & (2**120 - 1) == series.strike
    assert series.id & 0xFF == series.right


def test_id__known_series__is_this_number() -> None:
    assert ETH.id == (1_798_185_600 << 128) + 2_000 * 10**18 * 256
    assert ETH.name("ETH") == "ETH-25DEC26-2000-C"


@pytest.mark.parametrize(
    "arguments",
    [
        ("2026-12-25", 2_000, "call"),
        ("25DEC26", "2000", "C"),
        (" 25dec26 ", 2_000.0, "Call"),
        (dt.date(2026, 12, 25), "2e3", 0),
        (dt.datetime(2026, 12, 25, 8, tzinfo=dt.UTC), 2_000, Right.CALL),
        (CHRISTMAS, 2_000, "c"),
    ],
)
def test_parse__what_people_write__is_the_series(arguments: Any) -> None:
    assert Series.parse(*arguments) == ETH


@pytest.mark.parametrize(
    "text", ["ETH-25DEC26-2000-C", "eth-25dec26-2000-c", str(ETH.id), hex(ETH.id)]
)
def test_parse_series__name_or_id__is_the_series(text: str) -> None:
    assert parse_series(text, "ETH") == ETH


def test_name__fractional_strike__keeps_its_decimals() -> None:
    series = Series.parse("2026-12-25", "2000.125", "put")
    assert series.name("ETH") == "ETH-25DEC26-2000.125-P"


@pytest.mark.parametrize(
    ("series_id", "reason"),
    [
        (12_345, "unknown series id 0x3039: expiry 0 is not"),
        (ETH.id | 2, "right 2 is neither call"),
        (CHRISTMAS << 128, "strike 0 is outside"),
        ((CHRISTMAS + 5) << 128 | WAD << 8, "2026-12-25 08:00:05 UTC, not 08:00:00"),
        (2**256, "does not fit a uint256"),
        (-1, "does not fit a uint256"),
        ("0x1", "is str, not an int"),
        (True, "is bool, not an int"),
    ],
)
def test_from_id__malformed__says_what_is_wrong(series_id: Any, reason: str) -> None:
    with pytest.raises(SeriesError, match=reason):
        Series.from_id(series_id)


def test_from_id__malformed__shows_a_right_one() -> None:
    with pytest.raises(SeriesError) as refused:
        Series.from_id(12_345)
    assert f"ETH-25DEC26-2000-C is {ETH.id:#x}" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello", "one looks like ETH-25DEC26-2000-C"),
        ("ETH-25DEC26-2000", "one looks like"),
        ("BTC-25DEC26-2000-C", "a series of BTC; this market is ETH"),
        ("ETH-31FEB26-2000-C", "day of the calendar"),
        ("ETH-25XXX26-2000-C", "day of the calendar"),
        ("ETH-25DEC26-0-C", "strike 0 is outside"),
        ("0x3039", "unknown series id"),
    ],
)
def test_parse_series__unknown__says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(SeriesError, match=reason):
        parse_series(text, "ETH")


@pytest.mark.parametrize("strike", ["2e3x", "", "nan", -5, 0, None, "1e-19", 0.1 + 0.2, 2**103])
def test_parse_strike__malformed__is_refused(strike: Any) -> None:
    with pytest.raises(SeriesError, match="strike"):
        parse_strike(strike)


@pytest.mark.parametrize(
    "expiry", ["tomorrow", "2026-02-30", "2026/12/25", dt.datetime(2026, 12, 25, 8), 0, True, None]
)
def test_parse_expiry__malformed__is_refused(expiry: Any) -> None:
    with pytest.raises(SeriesError):
        parse_expiry(expiry)


@pytest.mark.parametrize("right", ["straddle", "", 2, -1, None, True, 0.0])
def test_parse_right__neither_call_nor_put__is_refused(right: Any) -> None:
    with pytest.raises(SeriesError, match="neither call"):
        parse_right(right)


@pytest.mark.parametrize(
    "fields", [(CHRISTMAS, 2.0, Right.PUT), (CHRISTMAS, WAD, 1), ("x", WAD, Right.PUT)]
)
def test_series__wrong_types__are_refused(fields: Any) -> None:
    with pytest.raises(SeriesError):
        Series(*fields)


def test_series__assignment__is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        ETH.strike = 1  # type: ignore[misc]


def test_require_listable__next_two_days__accepted() -> None:
    wednesday = CHRISTMAS - 2 * DAY
    for days in (1, 2):
        require_listable(Series(wednesday + days * DAY, WAD, Right.PUT), wednesday)


def test_require_listable__friday__accepted() -> None:
    require_listable(ETH, CHRISTMAS - 300 * DAY)


def test_require_listable__later_and_no_friday__names_the_next_expiries() -> None:
    thursday = Series(CHRISTMAS - DAY, WAD, Right.PUT)
    with pytest.raises(SeriesError, match="neither within the next two days nor a Friday"):
        require_listable(thursday, thursday.expiry - 2 * DAY - 1)
    require_listable(thursday, thursday.expiry - 2 * DAY)


def test_require_listable__expired__is_refused() -> None:
    with pytest.raises(SeriesError, match="has passed"):
        require_listable(ETH, CHRISTMAS)


@given(st.integers(CHRISTMAS, CHRISTMAS + 30 * DAY), st.integers(1, 8))
def test_listable_expiries__any_time__all_listable_and_rising(now: int, count: int) -> None:
    expiries = listable_expiries(now, count)
    assert len(expiries) == count
    assert expiries == sorted(set(expiries))
    for expiry in expiries:
        require_listable(Series(expiry, WAD, Right.CALL), now)
