"""The kernel alone: a board priced with the Pricer's bytecode, as a table and as a page."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich.console import Console

from ballast.errors import ReportError
from ballast.report.document import write
from ballast.report.kernel import page
from ballast.report.kernel.example import SYMBOL, Expiry, Market, describe, example_market
from ballast.report.kernel.figures import Priced
from ballast.report.kernel.pricing import Pricer, compare
from ballast.report.kernel.terminal import WIDTH, board_table
from ballast.series import Series, parse_series
from ballast.units import format_wad, to_wad


def run(spot: str, series: str | None = None, out: Path = Path("build/kernel.html")) -> None:
    """Price the board, print it, write the page; raises BallastError on bad input."""
    console = _console()
    market = _market(spot)
    wanted = parse_series(series, SYMBOL) if series else None
    if wanted is not None:
        market.find(wanted)
    with _step(console, "compiling and deploying Pricer on the in-process chain"):
        pricer = Pricer()
    with _step(console, f"pricing {len(market.expiries)} expiries of 24 strikes"):
        board = [_price(pricer, expiry) for expiry in market.expiries]
    main = next(priced for priced in board if priced.listed.expiry == market.main)
    console.print(board_table(main.listed))
    if wanted is not None:
        _print_series(console, pricer, market, wanted)
    _print_summary(console, board)
    with _step(console, "drawing the report"):
        write(out, page.render(market, board, pricer.runtime_bytes))
    _print_next(console, out)


def _market(spot: str) -> Market:
    price = to_wad(spot)
    if not 10**15 <= price <= 10**27:
        raise ReportError(f"a spot of {spot} is outside 0.001 .. 1e9; try --spot 2500")
    return example_market(price)


def _price(pricer: Pricer, expiry: Expiry) -> Priced:
    listed = pricer.quote(expiry, expiry.strikes, metered=True)
    return Priced(listed, pricer.quote(expiry, expiry.curve_strikes()), compare(listed))


def _print_series(console: Console, pricer: Pricer, market: Market, series: Series) -> None:
    """One series in full, to all the digits that the contract gives."""
    expiry = market.find(series)
    mark = pricer.mark(expiry, series.strike)
    console.print(f"[bold]{series.name(SYMBOL)}[/] id {series.id:#x}")
    console.print(f"  {describe(expiry.seconds)} left, volatility {expiry.vol(series.strike):.2%}")
    side = series.right.name.lower()
    for label, name in (
        ("value", side), ("delta", f"delta_{side}"), ("gamma", "gamma"), ("vega", "vega"),
        ("theta", f"theta_{side}"), ("vanna", "vanna"), ("volga", "volga"),
    ):  # fmt: skip
        console.print(f"  {label} {format_wad(mark[name])}")
    console.print()


def _print_summary(console: Console, board: Sequence[Priced]) -> None:
    gas = page.all_gas(board)
    console.print(
        f"gas per mark (ten figures, without intrinsic gas and calldata): "
        f"{gas.min():,} to {gas.max():,}, median {int(np.median(gas)):,}"
    )
    console.print(
        f"largest error of a call against 50 digits, in 1e-18 of spot: "
        f"contract {page.worst(board, 'contract'):.2f}, double {page.worst(board, 'model'):,.0f}"
    )


def _print_next(console: Console, out: Path) -> None:
    console.print(
        f"\nreport: [bold]{out}[/]  (one file; open it in a browser, no network needed)\n"
    )
    console.print("what to try next:")
    console.print(
        "  .venv/bin/python scripts/demo.py --kernel --spot 1800 --series ETH-25DEC26-2000-P"
    )
    console.print("  make test     all tests: the kernel against exact arithmetic, both chains")
    console.print("  make bench    gas and accuracy figures as a table")


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.width >= WIDTH else Console(highlight=False, width=WIDTH)


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    """Show that something is under way, and how long it took."""
    started = time.perf_counter()
    with console.status(f"{what} ..."):
        yield
    console.print(f"{what}: {time.perf_counter() - started:.1f} s")
