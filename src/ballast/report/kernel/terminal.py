"""The board as a table for the terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table

from ballast.report.kernel.example import describe, plain_strike
from ballast.report.kernel.pricing import Quotes

DAYS = 365.0
WIDTH = 104
"""Columns that the table needs."""


def board_table(quotes: Quotes) -> Table:
    """All strikes of one expiry, a line each."""
    expiry = quotes.expiry
    table = Table(
        title=f"{expiry.label}, {describe(expiry.seconds)} left: marks from Pricer.mark",
        caption="theta per day, vega, vanna and volga per point of volatility",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for number, strike in enumerate(quotes.strikes):
        at_money = strike <= expiry.forward < (*quotes.strikes, 2**256)[number + 1]
        table.add_row(*_row(quotes, number), style="bold" if at_money else "")
    return table


_COLUMNS = (
    "strike", "vol", "call", "put", "Δ call", "Δ put", "gamma",
    "vega", "θ call", "θ put", "vanna", "volga",
)  # fmt: skip


def _row(quotes: Quotes, number: int) -> tuple[str, ...]:
    marks = quotes.marks
    return (
        plain_strike(quotes.strikes[number]),
        f"{quotes.vols[number]:.1%}",
        f"{marks.call[number]:,.3f}",
        f"{marks.put[number]:,.3f}",
        f"{marks.delta_call[number]:.4f}",
        f"{marks.delta_put[number]:.4f}",
        f"{marks.gamma[number]:.1e}",
        f"{marks.vega[number] / 100:.3f}",
        f"{marks.theta_call[number] / DAYS:.3f}",
        f"{marks.theta_put[number] / DAYS:.3f}",
        f"{marks.vanna[number] / 100:+.4f}",
        f"{marks.volga[number] / 10_000:+.4f}",
    )
