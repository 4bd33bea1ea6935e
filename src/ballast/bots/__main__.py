"""`python -m ballast.bots`: keepers of a market, at every block or for one turn."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ballast.bots.accounts import AccountsFromEvents
from ballast.bots.action import Keeper, KeeperError
from ballast.bots.crew import JOBS, Crew, require_jobs
from ballast.bots.liquidator import LiquidatorTerms
from ballast.bots.market import LiveMarket
from ballast.bots.poster import PosterTerms
from ballast.bots.smiles import QuoteFile
from ballast.bots.turns import Turns
from ballast.chain.deployment import Record
from ballast.errors import BallastError

_PATH = click.Path(dir_okay=False, path_type=Path)
_COMMON = (
    click.option("--network", required=True, help="As ape names it: ethereum:mainnet:node."),
    click.option("--record", required=True, type=_PATH, help="The deployment's record."),
    click.option("--account", required=True, help="An account of ape, or TEST::0 to TEST::9."),
    click.option(
        "--keepers", default=",".join(JOBS), show_default=True, help="Which ones, with commas."
    ),
    click.option("--quotes", type=_PATH, help="Volatility for the poster, as JSON."),
    click.option("--half-life", default=30, show_default=True, help="Of new quotes, in seconds."),
    click.option("--since", default=0, show_default=True, help="Block of the deployment."),
    click.option(
        "--least-bonus", default=0, show_default=True, help="Assets that a liquidation must pay."
    ),
)


def _with_common(command: Any) -> Any:
    for option in reversed(_COMMON):
        command = option(command)
    return command


@click.group()
def main() -> None:
    """Keepers of a market: post its surface, refresh its book, hedge, liquidate, settle.

    All but posting and raising the reference NAV is open to anybody, with any account.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")


@main.command()
@_with_common
@click.option("--pause", default=2.0, show_default=True, help="Seconds between looks for a block.")
def run(pause: float, **options: Any) -> None:
    """A turn at every new block, until Ctrl-C."""
    app = _silverback_app()
    with _keepers(**options) as (keepers, market):
        app(Turns(keepers, lambda: market.chain.timestamp), pause=pause).run()


@main.command()
@_with_common
@click.option("--dry", is_flag=True, help="Say what would be done, and do nothing.")
def once(dry: bool, **options: Any) -> None:
    """One turn."""
    with _keepers(**options) as (keepers, market):
        if dry:
            found = [f"{one.name}: {act}" for one in keepers for act in one.decide(one.read())]
        else:
            found = list(map(str, Turns(keepers, lambda: market.chain.timestamp).take()))
        click.echo("\n".join(found) or "nothing to do")


@contextmanager
def _keepers(
    network: str,
    record: Path,
    account: str,
    keepers: str,
    quotes: Path | None,
    half_life: int,
    since: int,
    least_bonus: int,
) -> Iterator[tuple[list[Keeper[Any]], LiveMarket]]:
    """The keepers that the options ask for, connected."""
    import ape

    from ballast.bots.live import LiveChain, owners_of

    names = _names(keepers, quotes is not None)
    found = _read_record(record)
    with ape.networks.parse_network_choice(network):
        signer = _signer(account)
        market = LiveMarket.of_record(LiveChain([signer]), found)
        crew = Crew(
            market,
            signer.address,
            source=QuoteFile(quotes) if quotes else None,
            accounts=AccountsFromEvents(owners_of(market["margin"].address), since),
            posting=PosterTerms(half_life=half_life),
            liquidating=LiquidatorTerms(least_bonus=least_bonus),
        )
        yield crew.keepers(names), market


def _silverback_app() -> Any:
    """Only `run` needs silverback, which an installation may be without."""
    try:
        from ballast.bots.app import KeeperApp
    except ModuleNotFoundError as error:
        raise KeeperError(
            f"{error.name} is not installed: `make setup` brings it, or install ballast[bots]"
        ) from error
    return KeeperApp


def _names(keepers: str, has_quotes: bool) -> list[str]:
    """Whom the option asks for; where it says nothing and there are no quotes, no poster."""
    names = require_jobs(name.strip() for name in keepers.split(",") if name.strip())
    if has_quotes or names != list(JOBS):
        return names
    click.echo("without --quotes nobody posts the surface", err=True)
    return [name for name in names if name != "poster"]


def _read_record(path: Path) -> Record:
    try:
        return Record.from_json(path.read_text())
    except OSError as error:
        raise KeeperError(
            f"{path} cannot be read ({error.strerror}): give the record that the deployment wrote"
        ) from error


def _signer(name: str) -> Any:
    """An account that signs without asking."""
    import ape

    if name.startswith("TEST::"):
        return ape.accounts.test_accounts[int(name.removeprefix("TEST::"))]
    if name not in ape.accounts.aliases:
        known = ", ".join(ape.accounts.aliases) or "none yet"
        raise KeeperError(
            f"ape has no account {name}; it has {known}. `ape accounts import {name}` adds one"
        )
    signer = ape.accounts.load(name)
    if hasattr(signer, "set_autosign"):
        signer.set_autosign(True)
    return signer


if __name__ == "__main__":
    try:
        main()
    except BallastError as error:
        sys.exit(f"keepers: {error}")
