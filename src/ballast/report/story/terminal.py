"""The story in the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from ballast.report.story.tables import Table, refusals, tables
from ballast.report.story.tale import Telling

TEXTS = ("what", "what happens")
"""Columns of words beside the first."""


def show(console: Console, telling: Telling) -> None:
    """All tables, and what was refused."""
    for made in tables(telling, is_short=True):
        console.print(_drawn(made))
    console.print(f"refused on the way: {refusals(telling)}")
    console.print(
        "both tokens are accounted for to the unit: nothing came from nowhere or got lost"
    )


def _drawn(made: Table) -> RichTable:
    drawn = RichTable(
        title=made.title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for number, name in enumerate(made.head):
        drawn.add_column(
            name, justify="left" if name in TEXTS or not number else "right", no_wrap=True
        )
    for row in made.rows:
        drawn.add_row(*row, style="bold" if row[0] == "sum" else "")
    return drawn
