"""The demo's kernel part: a board priced by the real bytecode, on a page that loads nothing."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import mpmath
import numpy as np
import pytest
from click.testing import CliRunner

from ballast.model.black76 import Mark
from ballast.model.essvi import surface_violations
from ballast.report.demo import cli
from ballast.report.kernel.exact import call_value
from ballast.report.kernel.example import NOW, STRIKES, SYMBOL, example_market
from ballast.report.kernel.pricing import FIGURES, Pricer, Quotes, compare, model_marks
from ballast.series import Right, Series, require_listable
from ballast.units import WAD

ROOT = Path(__file__).resolve().parents[2]
MARKET = example_market(2_500 * WAD)


@pytest.fixture(scope="module")
def pricer() -> Pricer:
    return Pricer()


@pytest.fixture(scope="module")
def boards(pricer: Pricer) -> list[Quotes]:
    return [pricer.quote(expiry, expiry.strikes, metered=True) for expiry in MARKET.expiries]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What the demo printed, and the page it wrote."""
    out = tmp_path_factory.mktemp("demo") / "new folder" / "demo.html"
    result = CliRunner().invoke(
        cli, ["--kernel", "--out", str(out), "--series", "ETH-25DEC26-2500-P"]
    )
    assert result.exit_code == 0, result.output
    return result.output, out.read_text(encoding="utf-8")


@pytest.mark.parametrize("spot", ["0.001", "0.37", "1", "2500", "97000", "1e9"])
def test_example_market__any_spot__is_listable_and_free_of_arbitrage(spot: str) -> None:
    market = example_market(int(float(spot) * WAD))
    smiles = [expiry.smile for expiry in market.expiries]
    assert surface_violations(smiles, [expiry.years for expiry in market.expiries]) == []
    for expiry in market.expiries:
        assert len(set(expiry.strikes)) == STRIKES
        assert expiry.strikes[0] < expiry.forward < expiry.strikes[-1]
        require_listable(Series(expiry.expiry, expiry.strikes[0], Right.CALL), NOW)


def test_quote__bytecode_against_float_model__every_figure_agrees(boards: list[Quotes]) -> None:
    for quotes in boards:
        model = model_marks(quotes.expiry, quotes.strikes)
        spot = 2_500.0
        for name in FIGURES:
            ours, theirs = getattr(quotes.marks, name), getattr(model, name)
            scale = np.max(np.abs(theirs)) + (spot if name in ("call", "put") else 0.0)
            assert np.max(np.abs(ours - theirs)) < 1e-13 * scale, name


def test_compare__call_values__contract_is_within_its_bound(boards: list[Quotes]) -> None:
    """2e-18 of spot and one wei; one wei is 1/2500 of the unit here."""
    for quotes in boards:
        found = compare(quotes)
        assert np.max(np.abs(found.contract)) <= 2.0 + 1.0 / 2_500.0
        assert np.max(np.abs(found.model)) < 2_000.0
        np.testing.assert_allclose(found.gap, found.contract - found.model, atol=1e-9)


def test_quote__metered__gas_is_what_a_mark_costs(boards: list[Quotes]) -> None:
    amounts = [amount for quotes in boards for amount in quotes.gas]
    assert len(amounts) == 6 * STRIKES
    assert 1_000 < min(amounts) <= max(amounts) < 10_000


def test_call_value__random_inputs__is_exact_to_forty_digits() -> None:
    rng = np.random.default_rng(31)
    with mpmath.workdps(80):
        for _ in range(50):
            forward, strike = (int(x * WAD) for x in rng.uniform(800.0, 4_000.0, 2))
            discount, variance = int(rng.uniform(0.8, 1.2) * WAD), int(rng.uniform(0.05, 2) * WAD)
            f, k, df, w = (mpmath.mpf(x) / WAD for x in (forward, strike, discount, variance))
            v = mpmath.sqrt(w)
            d1 = mpmath.log(f / k) / v + v / 2
            exact = df * (f * mpmath.ncdf(d1) - k * mpmath.ncdf(d1 - v)) * WAD
            ours = mpmath.mpf(str(call_value(forward, strike, discount, variance)))
            assert abs(ours - exact) < mpmath.mpf(10) ** -30


def test_cli__default__prints_every_strike_and_where_the_page_is(page: tuple[str, str]) -> None:
    printed, _ = page
    for strike in MARKET.main.strikes:
        assert re.search(rf"^\s*{strike // WAD:,}\s", printed, re.MULTILINE)
    assert "…" not in printed
    assert "report:" in printed
    assert "what to try next" in printed
    assert f"id {Series.from_name('ETH-25DEC26-2500-P', SYMBOL).id:#x}" in printed


def test_cli__page__has_all_charts_and_chains_and_loads_nothing(page: tuple[str, str]) -> None:
    _, html = page
    assert html.count('<figure class="card">') == 12
    assert html.count('<table class="chain"') == 6
    assert html.count('<td class="strike">') == 6 * STRIKES
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", html)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--spot", "cheap"], "'cheap' is not a number"),
        (["--spot", "-5"], "is negative"),
        (["--spot", "0"], "outside 0.001 .. 1e9"),
        (["--series", "12345"], "unknown series id 0x3039"),
        (["--series", "ETH-25DEC26-2.0.0-C"], "one looks like ETH-25DEC26-2000-C"),
        (["--series", "BTC-25DEC26-2000-C"], "this market is ETH"),
        (["--series", "ETH-24DEC26-2000-C"], "nor a Friday"),
        (["--series", "ETH-01JAN27-2000-C"], "the demo's expiries are 21NOV26"),
        (["--out", "/dev/null/demo.html"], "choose another --out"),
    ],
)
def test_cli__bad_input__fails_with_one_clear_line(arguments: list[str], reason: str) -> None:
    result = CliRunner().invoke(cli, ["--kernel", *arguments])
    assert result.exit_code == 1
    assert reason in result.output
    assert "Traceback" not in result.output


def test_script__imported__does_nothing_but_offer_a_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    namespace = runpy.run_path(str(ROOT / "scripts" / "demo.py"), run_name="demo")
    assert namespace["cli"] is cli
    assert capsys.readouterr().out == ""


def test_figures__names__are_those_of_the_contracts_struct() -> None:
    text = (ROOT / "contracts" / "types.vy").read_text(encoding="utf-8")
    struct = text.split("struct Mark:")[1].split("struct ")[0]
    assert tuple(re.findall(r"^    (\w+): u?int256", struct, re.MULTILINE)) == FIGURES
    assert set(FIGURES) == set(Mark.__dataclass_fields__)
