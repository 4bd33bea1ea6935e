"""The demo's one command: the story of a market, or the pricing kernel alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from ballast.chain import Chain, RevmChain
from ballast.errors import BallastError, ReportError
from ballast.report.document import write
from ballast.report.kernel import board
from ballast.report.story import page, terminal
from ballast.report.story.tale import FULL, SEED, SHORT, tell

STORY_OUT = Path("build/demo.html")
KERNEL_OUT = Path("build/kernel.html")
PACES = {"full": FULL, "short": SHORT}
WIDTH = 100
"""Columns that the tables need."""


@click.command()
@click.option(
    "--backend",
    type=click.Choice(["revm", "anvil"]),
    default="revm",
    show_default=True,
    help="In process, or on the anvil node through ape.",
)
@click.option(
    "--pace",
    type=click.Choice(list(PACES)),
    help="How finely the story is told. Default: full in process, short on anvil.",
)
@click.option("--seed", default=SEED, show_default=True, help="Of prices and orders.")
@click.option("--out", type=click.Path(path_type=Path), help="Where the page goes.")
@click.option("--kernel", is_flag=True, help="Price a board with the Pricer alone instead.")
@click.option("--spot", default="2500", show_default=True, help="With --kernel: the price.")
@click.option("--series", metavar="NAME", help="With --kernel: also print one series.")
def cli(
    backend: str,
    pace: str | None,
    seed: int,
    out: Path | None,
    kernel: bool,
    spot: str,
    series: str | None,
) -> None:
    """Open a market on a local chain and tell its story, in the terminal and as one page."""
    try:
        if kernel:
            board.run(spot, series, out or KERNEL_OUT)
        else:
            run(backend, pace, seed, out or STORY_OUT)
    except BallastError as wrong:
        raise click.ClickException(str(wrong)) from wrong


def run(backend: str, pace: str | None, seed: int, out: Path) -> None:
    """The story; raises BallastError where the books do not balance."""
    console = Console(highlight=False)
    if console.width < WIDTH:
        console = Console(highlight=False, width=WIDTH)
    chosen = PACES[pace or ("full" if backend == "revm" else "short")]
    with _chain(backend) as chain, console.status("starting") as status:
        telling = tell(chain, chosen, seed, lambda what: status.update(f"{what} ..."))
    terminal.show(console, telling)
    write(out, page.render(telling))
    console.print(f"\npage: [bold]{out}[/]  (one file; open it in a browser, no network needed)")
    console.print("next: --seed 2, --backend anvil, --kernel; `make test` runs all tests")


@contextmanager
def _chain(backend: str) -> Iterator[Chain]:
    if backend == "revm":
        yield RevmChain()
        return
    if shutil.which("anvil") is None:
        raise ReportError("there is no anvil in PATH: install Node 20 or later, run `make setup`")
    from ape.logging import LogLevel, logger

    from ballast.chain.ape_backend import local_chain

    logger.set_level(LogLevel.WARNING)  # else a line for each transaction
    with local_chain() as chain:
        yield chain
