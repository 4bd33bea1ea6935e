"""`ballast.units`: exact or refused, and rounding only where the name says so."""

from __future__ import annotations

import decimal
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.errors import BallastError, UnitError
from ballast.units import (
    LOT,
    WAD,
    YEAR,
    float_to_wad_nearest,
    format_wad,
    from_assets_ceil,
    from_assets_floor,
    from_lots,
    from_wad,
    parse_size,
    to_assets_ceil,
    to_assets_floor,
    to_lots,
    to_wad,
    to_years,
    wad_to_float,
)

DECIMALS = st.sampled_from([0, 6, 8, 18, 24])
AMOUNTS = st.integers(0, 2**128)


@pytest.mark.parametrize(
    ("human", "wad"),
    [
        (2_000, 2_000 * WAD),
        ("2000.5", 2_000_500 * WAD // 1_000),
        (" 1e3 ", 1_000 * WAD),
        (Decimal("0.000000000000000001"), 1),
        (0.1, WAD // 10),
        (1234.5678, 12_345_678 * WAD // 10_000),
        (0, 0),
        ("123456789012345678901234567890.5", 1234567890123456789012345678905 * WAD // 10),
    ],
)
def test_to_wad__exact_input__exact_wad(human: Any, wad: int) -> None:
    assert to_wad(human) == wad


@pytest.mark.parametrize(
    ("human", "reason"),
    [
        (-1, "negative"),
        ("-0.5", "negative"),
        ("NaN", "not a finite number"),
        (float("nan"), "not a finite number"),
        (float("inf"), "not a finite number"),
        ("1e-19", "more than 18 decimals"),
        ("1e999999", "out of range"),
        ("two thousand", "not a number"),
        ("", "not a number"),
        (None, "NoneType"),
        (True, "bool"),
        ([1], "list"),
        (0.1 + 0.2, "result of arithmetic"),
        (1 / 3, "result of arithmetic"),
    ],
)
def test_to_wad__bad_input__says_what_is_wrong(human: Any, reason: str) -> None:
    with pytest.raises(UnitError, match=reason):
        to_wad(human)


def test_to_wad__signed__keeps_the_sign() -> None:
    assert to_wad("-2.5", signed=True) == -25 * WAD // 10
    assert from_wad(-25 * WAD // 10) == Decimal("-2.5")


def test_unit_error__caught_as_root_or_value_error__is_both() -> None:
    assert issubclass(UnitError, BallastError)
    assert issubclass(UnitError, ValueError)


@given(st.integers(-(2**255), 2**255))
def test_from_wad__round_trip__is_exact_in_any_decimal_context(wad: int) -> None:
    with decimal.localcontext() as context:
        context.prec = 3
        assert to_wad(from_wad(wad), signed=True) == wad
        assert to_wad(format_wad(wad), signed=True) == wad


@given(st.decimals(0, 10**6, places=9))
def test_to_wad__float_of_fifteen_digits__is_the_decimal_it_prints_as(number: Decimal) -> None:
    assert to_wad(float(number)) == to_wad(number)


@pytest.mark.parametrize(
    ("wad", "text"), [(0, "0"), (10**30, "1000000000000"), (1, "0." + "0" * 17 + "1")]
)
def test_format_wad__any_size__plain_digits(wad: int, text: str) -> None:
    assert format_wad(wad) == text


def test_wad_to_float__above_53_bits__is_rounded_once() -> None:
    assert wad_to_float(2_000_123_456_789_012_345_678) == 2000.123456789012345678


@given(st.integers(0, 2**200))
def test_float_to_wad_nearest__double_of_a_wad__is_within_its_rounding(wad: int) -> None:
    back = float_to_wad_nearest(wad_to_float(wad))
    assert abs(back - wad) <= max(wad >> 53, 0) + 1
    assert float_to_wad_nearest(0.5) == WAD // 2


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.5])
def test_float_to_wad_nearest__no_such_amount__is_refused(value: float) -> None:
    with pytest.raises(UnitError, match="has no WAD"):
        float_to_wad_nearest(value)


@given(AMOUNTS, DECIMALS)
def test_to_assets__any_amount__floor_and_ceil_bracket_by_at_most_one_unit(
    wad: int, decimals: int
) -> None:
    floor, ceil = to_assets_floor(wad, decimals), to_assets_ceil(wad, decimals)
    assert floor * WAD <= wad * 10**decimals <= ceil * WAD
    assert ceil - floor == (wad * 10**decimals % WAD != 0)


@given(AMOUNTS, DECIMALS)
def test_from_assets__any_amount__floor_and_ceil_bracket_by_at_most_one_wei(
    assets: int, decimals: int
) -> None:
    floor, ceil = from_assets_floor(assets, decimals), from_assets_ceil(assets, decimals)
    assert floor * 10**decimals <= assets * WAD <= ceil * 10**decimals
    assert ceil - floor == (assets * WAD % 10**decimals != 0)


@given(AMOUNTS, st.sampled_from([0, 6, 8, 18]))
def test_from_assets__up_to_18_decimals__is_exact_and_comes_back(
    assets: int, decimals: int
) -> None:
    assert to_assets_floor(from_assets_ceil(assets, decimals), decimals) == assets


def test_to_assets__usdc__rounds_as_named() -> None:
    assert to_assets_floor(to_wad("1.0000019"), 6) == 1_000_001
    assert to_assets_ceil(to_wad("1.0000011"), 6) == 1_000_002


@pytest.mark.parametrize("decimals", [-1, 37, "6", 6.0])
def test_to_assets__impossible_decimals__is_refused(decimals: Any) -> None:
    with pytest.raises(UnitError):
        to_assets_floor(WAD, decimals)


@pytest.mark.parametrize("wad", [-1, 1.0, "1", True])
def test_to_assets__not_an_amount__is_refused(wad: Any) -> None:
    with pytest.raises(UnitError):
        to_assets_ceil(wad, 6)


@given(st.integers(0, 2**96))
def test_to_lots__round_trip__is_exact(lots: int) -> None:
    assert to_lots(from_lots(lots)) == lots


def test_to_lots__between_lots__names_the_neighbours() -> None:
    with pytest.raises(UnitError, match=r"nearest sizes are 1\.0001 and 1\.0002"):
        to_lots(to_wad("1.00015"))


def test_parse_size__human_size__whole_lots_in_wad() -> None:
    assert parse_size("0.0001") == LOT
    assert parse_size(2.5) == 25_000 * LOT


def test_to_years__one_year__is_365_days() -> None:
    assert to_years(365 * 86_400) == 1.0
    assert to_years(YEAR // 2) == 0.5
