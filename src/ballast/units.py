"""Scales and exact conversions between what people write and what contracts store.

Contracts hold almost everything as WAD: an integer that counts 1e-18. Three other scales exist, and
each has its own functions here: a token's smallest unit (*assets*; the decimals are crossed only at
a transfer, and the rounding is in the name), lots of 1e-4 contracts, and seconds (a year is 365
days).

Nothing here rounds silently. ``Decimal``, ``str`` and ``int`` are taken at face value. A ``float``
is taken as the decimal number it prints as, if that has at most 15 significant digits: every such
decimal survives the trip through a double, so ``0.1`` can only mean one tenth. A float that needs
more digits (``0.1 + 0.2`` prints as 0.30000000000000004) is the result of arithmetic; what was
meant is unclear, and it is refused.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from ballast.errors import UnitError

WAD_DECIMALS = 18
WAD: int = 10**WAD_DECIMALS
LOT: int = WAD // 10_000
"""One lot, the smallest tradable size: 1e-4 contracts, as WAD."""
DAY = 86_400
"""Seconds in a day."""
YEAR = 365 * DAY
"""Seconds in a year, everywhere in Ballast."""
MAX_TOKEN_DECIMALS = 36
FLOAT_DIGITS = 15
"""Decimals of this many significant digits survive a round trip through a double."""

Human = Decimal | str | int | float
"""What people write: a number in natural units."""


def to_wad(amount: Human, *, signed: bool = False) -> int:
    """WAD of `amount`, exact or refused. Negative amounts only where `signed`."""
    number = _decimal(amount)
    if number < 0 and not signed:
        raise UnitError(f"{amount!r} is negative; an amount of zero or more is needed here")
    return _scaled(number, WAD_DECIMALS, amount)


def from_wad(wad: int) -> Decimal:
    """The exact natural value of `wad`, without trailing zeros."""
    return _trimmed(_integer(wad, "a WAD amount"), WAD_DECIMALS)


def format_wad(wad: int) -> str:
    """`wad` as plain digits: no exponent, no trailing zeros. Exact."""
    return f"{from_wad(wad):f}"


def wad_to_float(wad: int) -> float:
    """`wad` in natural units, rounded once to the nearest double."""
    return _integer(wad, "a WAD amount") / WAD


def float_to_wad_nearest(value: float) -> int:
    """The WAD nearest to a figure of the float model, such as a variance for a contract call."""
    if not math.isfinite(value) or value < 0.0:
        raise UnitError(f"{value!r} has no WAD: a finite figure of zero or more is needed")
    return round(Fraction(value) * WAD)


def to_assets_floor(wad: int, decimals: int) -> int:
    """Smallest units of a token for `wad` of it, rounded down: what is paid out."""
    up, down = _crossing(decimals)
    return _amount(wad, "a WAD amount") * up // down


def to_assets_ceil(wad: int, decimals: int) -> int:
    """Smallest units of a token for `wad` of it, rounded up: what is taken in."""
    up, down = _crossing(decimals)
    return -(-_amount(wad, "a WAD amount") * up // down)


def from_assets_floor(assets: int, decimals: int) -> int:
    """WAD of `assets` smallest units, rounded down; exact up to 18 decimals."""
    up, down = _crossing(decimals)
    return _amount(assets, "an amount in smallest units") * down // up


def from_assets_ceil(assets: int, decimals: int) -> int:
    """WAD of `assets` smallest units, rounded up; exact up to 18 decimals."""
    up, down = _crossing(decimals)
    return -(-_amount(assets, "an amount in smallest units") * down // up)


def to_lots(wad: int) -> int:
    """Lots in a size of `wad` contracts; refused unless it is a whole number of lots."""
    lots, rest = divmod(_amount(wad, "a size in WAD"), LOT)
    if rest:
        below, above = format_wad(lots * LOT), format_wad((lots + 1) * LOT)
        raise UnitError(
            f"a size of {format_wad(wad)} contracts is not a whole number of lots of 0.0001; "
            f"the nearest sizes are {below} and {above}"
        )
    return lots


def from_lots(lots: int) -> int:
    """WAD contracts in `lots`. Exact."""
    return _amount(lots, "a number of lots") * LOT


def parse_size(contracts: Human) -> int:
    """WAD of a human size in contracts; refused unless it is a whole number of lots."""
    return from_lots(to_lots(to_wad(contracts)))


def to_years(seconds: int) -> float:
    """Years of 365 days in `seconds`, rounded once to the nearest double."""
    return _amount(seconds, "a time in seconds") / YEAR


def _decimal(amount: Human) -> Decimal:
    """The number that `amount` stands for, exactly."""
    if isinstance(amount, bool) or not isinstance(amount, Decimal | str | int | float):
        raise UnitError(
            f"{amount!r} is {type(amount).__name__}, not a number; "
            'give an int, a str such as "0.5", or a Decimal'
        )
    if isinstance(amount, float):
        amount = _float_digits(amount)
    try:
        number = Decimal(amount.strip() if isinstance(amount, str) else amount)
    except InvalidOperation:
        raise UnitError(f'{amount!r} is not a number; write it like "1234.5"') from None
    if not number.is_finite():
        raise UnitError(f"{amount!r} is not a finite number")
    return number


def _float_digits(amount: float) -> str:
    """What `amount` prints as, if that can only have been meant so."""
    text = repr(amount)
    if math.isfinite(amount) and len(Decimal(text).as_tuple().digits) > FLOAT_DIGITS:
        raise UnitError(
            f"the float {text} needs more than {FLOAT_DIGITS} digits, so it is the result of "
            "arithmetic and the exact amount meant is unclear; give a str or a Decimal"
        )
    return text


def _scaled(number: Decimal, decimals: int, amount: Human) -> int:
    """`number` times 10^decimals as an integer; refused if that has a fraction."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # finite: _decimal has checked
    shift = exponent + decimals
    if abs(shift) > 100:
        raise UnitError(f"{amount!r} is out of range: no amount needs an exponent that large")
    magnitude = int("".join(map(str, digits)))
    scaled, rest = divmod(magnitude * 10 ** max(shift, 0), 10 ** max(-shift, 0))
    if rest:
        raise UnitError(f"{amount!r} has more than {decimals} decimals; round it first")
    return -int(scaled) if sign else int(scaled)


def _trimmed(integer: int, decimals: int) -> Decimal:
    """integer / 10^decimals without trailing zeros, whatever the decimal context says."""
    digits, places = abs(integer), decimals
    while places and digits % 10 == 0:
        digits, places = digits // 10, places - 1
    return Decimal((int(integer < 0), tuple(map(int, str(digits))), -places))


def _crossing(decimals: int) -> tuple[int, int]:
    """The factors that take WAD to a token of `decimals`: multiply by one, divide by the other."""
    if not 0 <= _integer(decimals, "a number of token decimals") <= MAX_TOKEN_DECIMALS:
        raise UnitError(f"a token cannot have {decimals} decimals; 0 to {MAX_TOKEN_DECIMALS} can")
    return 10 ** max(decimals - WAD_DECIMALS, 0), 10 ** max(WAD_DECIMALS - decimals, 0)


def _amount(value: int, what: str) -> int:
    if _integer(value, what) < 0:
        raise UnitError(f"{value} is negative; {what} is zero or more")
    return value


def _integer(value: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnitError(
            f"{value!r} is {type(value).__name__}; {what} is an int (to_wad converts human input)"
        )
    return value
