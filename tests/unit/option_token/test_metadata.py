"""What the token says that an option is: names held to ballast.series, metadata decoded."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from typing import Any
from urllib.request import urlopen

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ballast.chain import Contract, Reverted, RevmChain, compile_contract
from ballast.series import STRIKE_LIMIT, Right, Series, parse_expiry
from ballast.units import DAY, WAD, format_wad
from tests.unit.option_token.conftest import CALL, PUT

EXPIRIES = st.integers(10_957, 47_481).map(lambda day: day * DAY + 8 * 3_600)
STRIKES = st.one_of(
    st.integers(1, STRIKE_LIMIT - 1),
    st.integers(1, 10**6).map(lambda whole: whole * WAD),
    st.builds(
        lambda digits, places: digits * 10 ** (18 - places),
        st.integers(1, 10**9),
        st.integers(0, 18),
    ),
)
SERIES = st.builds(Series, EXPIRIES, STRIKES, st.sampled_from(Right))


@cache
def token(underlying: str = "WETH", quote: str = "USDC") -> Contract:
    chain = RevmChain()
    return chain.deploy(compile_contract("OptionToken"), chain.accounts[1], underlying, quote)


def spoken(series: Series, symbol: str) -> str:
    """The name that people say, by Python's own calendar."""
    day = dt.datetime.fromtimestamp(series.expiry, dt.UTC)
    date = f"{day.day} {day.strftime('%b').upper()} {day.year}"
    return f"{symbol} {date} {format_wad(series.strike)} {series.right.name.title()}"


def metadata(uri: str) -> dict[str, Any]:
    """The JSON of a data: URI, read by Python's own reader of URIs."""
    with urlopen(uri) as response:
        assert response.headers.get_content_type() == "application/json"
        return dict(json.loads(response.read()))


def day(text: str, strike: int = 2_000 * WAD, right: Right = Right.CALL) -> Series:
    return Series(parse_expiry(text), strike, right)


@settings(deadline=None)  # the first example compiles
@given(SERIES)
@example(day("2000-01-01"))
@example(day("2000-02-28"))
@example(day("2000-02-29"))
@example(day("2000-03-01"))
@example(day("2027-02-28"))
@example(day("2027-03-01"))
@example(day("2028-02-29"))
@example(day("2028-12-31"))
@example(day("2029-01-01"))
@example(day("2096-02-29"))
@example(day("2099-12-31"))
@example(day("2026-12-25", 1))
@example(day("2026-12-25", WAD - 1))
@example(day("2026-12-25", WAD))
@example(day("2026-12-25", WAD + 1))
@example(day("2026-12-25", WAD // 10))
@example(day("2026-12-25", 2_000_500_000_000_000_000_000, Right.PUT))
@example(day("2026-12-25", STRIKE_LIMIT - 1, Right.PUT))
def test_names__any_series__are_those_of_python(series: Series) -> None:
    assert token().symbol(series.id) == series.name("WETH")
    assert token().name(series.id) == spoken(series, "WETH")
    assert Series.from_name(token().symbol(series.id), "WETH") == series


@settings(deadline=None)  # the first example compiles
@given(SERIES)
@example(day("2026-12-31", STRIKE_LIMIT - 1, Right.PUT))
@example(day("2026-12-31", STRIKE_LIMIT - 1))
def test_uri__any_series__decodes_to_what_the_option_is(series: Series) -> None:
    for underlying, quote in (
        ("WETH", "USDC"),
        ("W", "Q"),
        ("abcdefghijklm.op", "ABCDEFGHIJ.LMNOP"),
    ):
        found = metadata(token(underlying, quote).uri(series.id))
        name = spoken(series, underlying)
        date = " ".join(name.split(" ")[1:4])
        strike, right = format_wad(series.strike), series.right.name.lower()
        assert found == {
            "name": name,
            "symbol": series.name(underlying),
            "decimals": 4,
            "description": (
                f"European {right} on 1 {underlying} at {strike} {quote}, expiring {date} "
                f"08:00 UTC, settled in {quote if series.right else underlying}."
            ),
            "properties": {
                "underlying": underlying,
                "quote": quote,
                "expiry": series.expiry,
                "strike": strike,
                "right": right,
            },
        }


def test_names__known_series__are_these() -> None:
    assert token().name(CALL) == "WETH 25 DEC 2026 2000 Call"
    assert token().symbol(PUT) == "WETH-25DEC26-2000-P"
    assert token().decimals(CALL) == 4


@pytest.mark.parametrize("view", ["name", "symbol", "decimals", "uri"])
@pytest.mark.parametrize(
    ("series_id", "reason"),
    [
        (0, "series: expiry"),
        (CALL + (1 << 128), "series: expiry"),
        (CALL >> 128 << 128, "series: strike"),
        (CALL | 2, "series: right"),
        (2**256 - 1, "series: expiry"),
    ],
)
def test_metadata__no_series__is_refused_by_field(view: str, series_id: int, reason: str) -> None:
    with pytest.raises(Reverted) as refused:
        token().method(view)(series_id)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        ".W",
        "1INCH",
        'A","name":"',
        "A B",
        "A-B",
        "A\\",
        "a{",
        "Z[",
        "@A",
        "a`",
        "a/",
        "a:",
        "é",
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_init__symbol_that_could_break_the_text__is_refused(symbol: str, place: int) -> None:
    symbols = ["WETH", "USDC"]
    symbols[place] = symbol
    chain = RevmChain()
    with pytest.raises(Reverted) as refused:
        chain.deploy(compile_contract("OptionToken"), chain.accounts[1], *symbols)
    assert refused.value.reason == "metadata: symbol"


@pytest.mark.parametrize("symbol", ["A", "Z", "a", "z", "A0", "A9", "USDC.e", "wstETH"])
def test_init__symbol_of_a_token__is_kept(symbol: str) -> None:
    assert (token(symbol, symbol).UNDERLYING(), token(symbol, symbol).QUOTE()) == (symbol, symbol)


def test_init__symbol_too_long__is_refused() -> None:
    chain = RevmChain()
    with pytest.raises(Reverted):
        chain.deploy(compile_contract("OptionToken"), chain.accounts[1], "A" * 17, "USDC")


@pytest.mark.parametrize("optimize", ["none", "codesize"])
def test_metadata__other_code_generation__says_the_same(optimize: str) -> None:
    """Strings are where compilers have erred: the same words at every optimisation level."""
    chain = RevmChain()
    artifact = compile_contract("OptionToken", optimize=optimize)
    other = chain.deploy(artifact, chain.accounts[1], "WETH", "USDC")
    for i in range(40):
        expiry = (10_957 + 913 * i) * DAY + 8 * 3_600
        series = Series(expiry, (7**i + 10**17 * i) % STRIKE_LIMIT, Right(i % 2))
        for view in ("name", "symbol", "uri"):
            assert other.method(view)(series.id) == token().method(view)(series.id)
