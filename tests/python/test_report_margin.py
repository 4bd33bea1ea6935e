"""`python -m ballast.report.margin`: the others' rules by hand, and what the table must show."""

from __future__ import annotations

import runpy

import pytest

from ballast.model import black76
from ballast.model.account import Account, Terms, grid_losses, price
from ballast.report.margin import (
    MARKET,
    PORTFOLIOS,
    RULES,
    SPOT,
    VOL,
    ballast,
    deribit_portfolio,
    deribit_standard,
    derive_grid,
    table,
)
from ballast.units import DAY, YEAR

CALL, PUT, STRANGLE, VERTICAL, NARROW, CONDOR, *REST = PORTFOLIOS
CALENDAR, REVERSED, DYING, BUTTERFLY, COVERED = REST


def value(strike: float, days: int, move: float = 0.0, vol: float = VOL) -> tuple[float, float]:
    variance = vol * vol * days * DAY / YEAR
    call, put = black76.values(SPOT * (1 + move), strike, 1.0, variance)
    return float(call), float(put)


def test_deribit_standard__one_option__is_the_published_formula() -> None:
    call, put = value(2_200, 30)[0], value(1_800, 30)[1]
    assert deribit_standard(CALL) == pytest.approx(0.075 * SPOT + call)
    assert deribit_standard(PUT) == pytest.approx(0.075 * SPOT + put)
    assert deribit_standard(STRANGLE) == deribit_standard(CALL) + deribit_standard(PUT)
    assert deribit_standard(VERTICAL) == deribit_standard(CALL)


def test_derive_grid__naked_call__is_its_corner_and_two_per_cent() -> None:
    """30 days: volatility up is 1.6 times; the rise of 20 % is the worst cell."""
    assert derive_grid(CALL) == pytest.approx(value(2_200, 30, 0.20, 1.6 * VOL)[0] + 0.02 * SPOT)


def test_deribit_portfolio__naked_put__is_its_worst_price_and_one_per_cent() -> None:
    now = value(1_800, 30)[1]
    near = value(1_800, 30, -0.16, 1.5 * VOL)[1] - now
    far = [0.16 / m * (value(1_800, 30, -m, 1.5 * VOL)[1] - now) for m in (0.33, 0.66)]
    assert deribit_portfolio(PUT) == pytest.approx(max(near, *far) + 0.01 * SPOT + now)


@pytest.mark.parametrize("portfolio", [CALL, PUT, STRANGLE], ids=lambda p: p.name)
def test_ballast__naked__needs_more_than_any_other(portfolio: object) -> None:
    others = [rule(portfolio) for name, rule in RULES.items() if name != "Ballast"]  # type: ignore[arg-type]
    assert ballast(portfolio) > 1.5 * max(others)  # type: ignore[arg-type]


def test_ballast__spreads__need_no_more_than_they_can_lose() -> None:
    assert ballast(VERTICAL) <= 200
    assert ballast(CONDOR) <= 200
    assert ballast(COVERED) == 0.0


def test_ballast__narrow_vertical__needs_its_closing_and_a_half() -> None:
    """More than its grid; with its value and the haircut more than its width of 20."""
    legs = price(Account(0.0, NARROW.legs), MARKET, Terms())
    short, long = legs
    required = 1.5 * 2.0 * short.half_spread
    assert ballast(NARROW) == pytest.approx(required + short.mark - long.bid)
    assert 20.0 + long.half_spread < ballast(NARROW) < 30.0
    assert required > 1.1 * grid_losses(legs, Terms()).max()


def test_ballast__wide_vertical__its_closing_is_no_part_of_what_it_needs() -> None:
    short, long = price(Account(0.0, VERTICAL.legs), MARKET, Terms())
    worst = grid_losses([short, long], Terms()).max()
    assert worst > 1.5 * 2.0 * short.half_spread
    assert ballast(VERTICAL) == pytest.approx(worst + short.mark - long.bid)


def test_ballast__long_that_dies_first__needs_what_the_short_alone_needs() -> None:
    """A grid that adds cells over expiries lets the dying long pay."""
    assert ballast(DYING) > 2 * max(
        rule(DYING) for name, rule in RULES.items() if name != "Ballast"
    )
    assert derive_grid(DYING) < derive_grid(CALL) < ballast(DYING)
    assert ballast(REVERSED) > ballast(CALENDAR)


def test_ballast__short_butterfly__needs_its_loss_at_expiry_and_the_half_spread() -> None:
    """40 at the worst, and what the options owned lose to their haircut."""
    assert 40.0 < ballast(BUTTERFLY) < 44.0


def test_module__run__prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_module("ballast.report.margin", run_name="__main__")
    printed = capsys.readouterr().out.strip()
    assert printed == table()
    assert printed.count("\n") == len(PORTFOLIOS) + 1
