"""Option series and their self-describing ids.

``id = expiry << 128 | strike << 8 | right`` with `expiry` a Unix time at 08:00 UTC, `strike` in WAD
and `right` 0 for a call, 1 for a put. The id is the ERC-1155 token id and needs no registry: the
contracts unpack it with the same three shifts.

The name of a series is ``ETH-25DEC26-2000-C``: underlying, day, strike, right. The underlying is
the market's, not the series', so the caller gives it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import IntEnum

from ballast.errors import SeriesError, UnitError
from ballast.units import DAY, Human, format_wad, to_wad

EXPIRY_HOUR = 8
EXPIRY_OFFSET = EXPIRY_HOUR * 3_600
"""Seconds past midnight UTC at which every series expires."""
STRIKE_LIMIT = 2**120
"""A strike is below this, so that it fits its field of the id."""
FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Names carry two digits of the year; these years are the ones they can mean."""
EXAMPLE = "ETH-25DEC26-2000-C"

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_FRIDAY = 4
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAME = re.compile(
    r"(?P<symbol>[A-Za-z][A-Za-z0-9.]*)-(?P<day>\d{1,2})(?P<month>[A-Za-z]{3})(?P<year>\d{2})"
    r"-(?P<strike>\d+(?:\.\d+)?)-(?P<right>[CPcp])"
)


class Right(IntEnum):
    """What the holder may do: 0 buy (call), 1 sell (put)."""

    CALL = 0
    PUT = 1

    @property
    def letter(self) -> str:
        """C or P, as in a series' name."""
        return self.name[0]


@dataclass(frozen=True, order=True)
class Series:
    """One European option series. Building one checks it; an instance is always well formed."""

    expiry: int
    """Unix time, 08:00 UTC."""
    strike: int
    """WAD quote tokens per underlying."""
    right: Right

    def __post_init__(self) -> None:
        _require_expiry(self.expiry)
        _require_strike(self.strike)
        if not isinstance(self.right, Right):
            raise SeriesError(f"right {self.right!r} is not a Right; parse_right makes one")

    @property
    def id(self) -> int:
        """The series id, as the contracts pack it."""
        return self.expiry << 128 | self.strike << 8 | int(self.right)

    @classmethod
    def from_id(cls, series_id: int) -> Series:
        """The series packed in `series_id`; a malformed id is refused with what is wrong."""
        if isinstance(series_id, bool) or not isinstance(series_id, int):
            raise SeriesError(
                f"series id {series_id!r} is {type(series_id).__name__}, not an int; "
                "parse_series reads ids and names from text"
            )
        if not 0 <= series_id < 2**256:
            raise SeriesError(f"series id {series_id} does not fit a uint256; {_id_shape()}")
        strike = series_id >> 8 & (STRIKE_LIMIT - 1)
        try:
            return cls(_require_expiry(series_id >> 128), strike, parse_right(series_id & 0xFF))
        except SeriesError as wrong:
            raise SeriesError(f"unknown series id {series_id:#x}: {wrong}; {_id_shape()}") from None

    @classmethod
    def parse(cls, expiry: str | int | dt.date, strike: Human, right: str | int) -> Series:
        """The series a person means by, say, ``("2026-12-25", 2000, "call")``."""
        return cls(parse_expiry(expiry), parse_strike(strike), parse_right(right))

    @classmethod
    def from_name(cls, name: str, symbol: str) -> Series:
        """The series of `symbol` called `name`, such as ``ETH-25DEC26-2000-C``."""
        match = _NAME.fullmatch(name.strip())
        if match is None:
            raise SeriesError(f"{name!r} is not a series name; one looks like {EXAMPLE}")
        if match["symbol"].upper() != symbol.upper():
            raise SeriesError(f"{name!r} is a series of {match['symbol']}; this market is {symbol}")
        date = _date(2000 + int(match["year"]), match["month"], int(match["day"]), name)
        return cls.parse(date, match["strike"], match["right"])

    def name(self, symbol: str) -> str:
        """The human name, for example ``ETH-25DEC26-2000-C``; `symbol` is the underlying's."""
        day = _moment(self.expiry)
        date = f"{day.day}{_MONTHS[day.month - 1]}{day.year % 100:02d}"
        return f"{symbol}-{date}-{format_wad(self.strike)}-{self.right.letter}"


def parse_series(text: str, symbol: str) -> Series:
    """A series from what a person may type: its name, or its id in decimal or 0x hex."""
    stripped = text.strip()
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", stripped):
        return Series.from_id(int(stripped, 16))
    if re.fullmatch(r"\d{1,78}", stripped):
        return Series.from_id(int(stripped))
    return Series.from_name(stripped, symbol)


def parse_expiry(expiry: str | int | dt.date) -> int:
    """Unix time of an expiry given as ``2026-12-25``, ``25DEC26``, a date, or seconds.

    A bare date means 08:00 UTC on it. Seconds, and a datetime, must already be at 08:00 UTC.
    """
    if isinstance(expiry, str):
        expiry = _parse_date(expiry)
    if isinstance(expiry, dt.datetime):
        if expiry.tzinfo is None:
            raise SeriesError(f"{expiry} names no time zone; give a date, or a time in UTC")
        expiry = round((expiry - _EPOCH).total_seconds())
    elif isinstance(expiry, dt.date):
        expiry = (expiry - _EPOCH.date()).days * DAY + EXPIRY_OFFSET
    return _require_expiry(expiry)


def parse_strike(strike: Human) -> int:
    """WAD of a strike in quote tokens, such as ``2000`` or ``"2000.5"``."""
    try:
        return _require_strike(to_wad(strike))
    except UnitError as wrong:
        raise SeriesError(f"malformed strike: {wrong}") from None


def parse_right(right: str | int) -> Right:
    """Call or put, from ``call``, ``C``, 0, ``put``, ``P`` or 1."""
    if isinstance(right, str):
        for member in Right:
            if right.strip().upper() in (member.name, member.letter):
                return member
    elif isinstance(right, int) and not isinstance(right, bool) and right in (0, 1):
        return Right(right)
    raise SeriesError(f"right {right!r} is neither call (0, C) nor put (1, P)")


def require_listable(series: Series, now: int) -> None:
    """Refuse a series that may not be listed at `now` (Unix time).

    The rule: the expiry is one of the next two 08:00 UTC, or a Friday.
    """
    left = series.expiry - now
    if left <= 0:
        raise SeriesError(f"{_day(series.expiry)} 08:00 UTC has passed; an expired series is final")
    if left > 2 * DAY and _moment(series.expiry).weekday() != _FRIDAY:
        upcoming = ", ".join(_day(day) for day in listable_expiries(now, 4))
        raise SeriesError(
            f"{_day(series.expiry)} is neither within the next two days nor a Friday; "
            f"the next expiries are {upcoming}"
        )


def listable_expiries(now: int, count: int = 8) -> list[int]:
    """The first `count` expiries that may be listed at `now`, soonest first."""
    first = now - (now - EXPIRY_OFFSET) % DAY + DAY
    days = [first, first + DAY]
    day = first + 2 * DAY
    while len(days) < count:
        if _moment(day).weekday() == _FRIDAY:
            days.append(day)
        day += DAY
    return days[:count]


def _require_expiry(expiry: int) -> int:
    if isinstance(expiry, bool) or not isinstance(expiry, int):
        raise SeriesError(f"expiry {expiry!r} is {type(expiry).__name__}, not Unix seconds")
    first = int(dt.datetime(FIRST_YEAR, 1, 1, tzinfo=dt.UTC).timestamp())
    after = int(dt.datetime(LAST_YEAR + 1, 1, 1, tzinfo=dt.UTC).timestamp())
    if not first <= expiry < after:
        raise SeriesError(
            f"expiry {expiry} is not a Unix time in the years {FIRST_YEAR} to {LAST_YEAR}"
        )
    if expiry % DAY != EXPIRY_OFFSET:
        nearest = expiry - expiry % DAY + EXPIRY_OFFSET
        raise SeriesError(
            f"expiry {expiry} is {_moment(expiry):%Y-%m-%d %H:%M:%S} UTC, not 08:00:00 UTC; "
            f"that day's is {nearest}"
        )
    return expiry


def _require_strike(strike: int) -> int:
    if isinstance(strike, bool) or not isinstance(strike, int):
        raise SeriesError(
            f"strike {strike!r} is {type(strike).__name__}, not a WAD int; "
            "Series.parse takes strikes as people write them"
        )
    if not 0 < strike < STRIKE_LIMIT:
        raise SeriesError(f"strike {strike} is outside 1 .. 2^120 - 1 WAD")
    return strike


def _parse_date(text: str) -> dt.date:
    """A date from ``2026-12-25`` or ``25DEC26``."""
    stripped = text.strip()
    match = re.fullmatch(r"(\d{1,2})([A-Za-z]{3})(\d{2})", stripped)
    if match:
        return _date(2000 + int(match[3]), match[2], int(match[1]), text)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", stripped):
        try:
            return dt.date.fromisoformat(stripped)
        except ValueError:
            raise SeriesError(f"{text!r} is not a day of the calendar") from None
    raise SeriesError(f"{text!r} is not an expiry; write a day as 2026-12-25 or 25DEC26")


def _date(year: int, month: str, day: int, text: str) -> dt.date:
    try:
        return dt.date(year, _MONTHS.index(month.upper()) + 1, day)
    except ValueError:
        raise SeriesError(f"{text!r} does not name a day of the calendar") from None


def _moment(timestamp: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(seconds=timestamp)


def _day(expiry: int) -> str:
    return f"{_moment(expiry):%a %Y-%m-%d}"


def _id_shape() -> str:
    example = Series.from_name(EXAMPLE, "ETH")
    return (
        "an id is expiry << 128 | strike << 8 | right, with expiry at 08:00 UTC, strike in WAD "
        f"and right 0 call or 1 put; {EXAMPLE} is {example.id:#x}"
    )
