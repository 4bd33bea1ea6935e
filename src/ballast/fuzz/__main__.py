"""`make fuzz`: the campaign of cycles. Ctrl-C ends it early and prints what it has seen.

A finding is printed with its seed, state and attempts; `--state` runs that again.
"""

from __future__ import annotations

import os
import sys

import click

from ballast.errors import BallastError
from ballast.fuzz.campaign import campaign, one_state
from ballast.fuzz.cycles import CYCLES_PER_STATE, Tally, line
from ballast.fuzz.trader import FindingError


@click.command()
@click.option("--cycles", default=1_000_000, show_default=True, help="Cycles that close.")
@click.option("--seed", default=1, show_default=True)
@click.option("--workers", default=os.cpu_count() or 1, show_default=True)
@click.option("--state", type=int, help="Run one state of the seed alone.")
@click.option("--attempts", default=CYCLES_PER_STATE, show_default=True, help="With --state.")
def main(cycles: int, seed: int, workers: int, state: int | None, attempts: int) -> None:
    """Adversarial cycles against whole markets on the real bytecode."""
    if state is None:
        total, findings = campaign(cycles, seed, workers)
    else:
        total, finding = one_state(seed, state, attempts)
        findings = [finding] if finding else []
    for finding in findings:
        click.echo(finding, err=True)
    click.echo(line(total, seed))
    click.echo(_rest(total))
    if findings:
        raise FindingError(f"{len(findings)} states broke a property")


def _rest(total: Tally) -> str:
    return (
        f"states {total.states} ({total.barren} barren), trades {total.trades}, refused "
        f"{total.refused}, stuck {total.stuck}, checked at every step {total.deep}, orders split "
        f"{total.split}, with a refresh inside {total.straddled}, paid in underlying "
        f"{total.in_kind}, cycles with an account's trades {total.credit}, its sales with escrow "
        f"{total.escrowed}"
    )


if __name__ == "__main__":
    try:
        main()
    except BallastError as error:
        sys.exit(f"fuzz: {error}")
