"""What hedging costs and what it is good for: no hedge, the band, and every step, side by side.

    python -m ballast.sim.hedging --paths 10 --seed 1

The same paths and the same flow of clients under three policies, on the contracts beside the
venues' own bytecode. Then the same in double precision, and on many more paths.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Final

import click

from ballast.errors import BallastError
from ballast.sim import paper
from ballast.sim.episode import Policy, Run, play
from ballast.sim.flow import Board, Flow, FlowTerms, flow
from ballast.sim.metrics import Comparison, Figures, SimulationError, compare, figures
from ballast.sim.paths import Path, PathTerms, path
from ballast.sim.real import NAV, Real, hedge_terms, seconds_to_expiries, sheet

LEAST_SAVING: Final = 0.80
MOST_DEVIATION: Final = 0.15
"""What the band has to keep, against hedging at every step."""


@dataclass(frozen=True)
class Experiment:
    """Everything that an episode depends on but its policy and its number."""

    seed: int = 1
    walk: PathTerms = field(default_factory=PathTerms)
    clients: FlowTerms = field(default_factory=FlowTerms)
    board: Board = field(default_factory=Board)
    gas: float = 5.0
    """Of an order, whoever pays it: what the default sheet takes it for."""

    def draw(self, number: int) -> tuple[Path, Flow]:
        """The path of this number and what clients do on it."""
        drawn = path(self.walk, self.seed, number)
        return drawn, flow(self.clients, self.walk, self.board, drawn, self.seed, number)

    def figures(self, runs: Sequence[Run]) -> Figures:
        """Of one policy."""
        return figures(runs, self.gas, self.walk.steps_a_day)


Results = dict[Policy, Figures]


def on_contracts(experiment: Experiment, paths: int, workers: int = 1) -> Results:
    """Every path under every policy on the real bytecode."""
    jobs = [(experiment, policy, number) for policy in Policy for number in range(paths)]
    runs = list(_mapped(_contract_run, jobs, workers))
    return _gathered(experiment, runs)


def on_paper(experiment: Experiment, paths: int) -> Results:
    """The same in double precision, where every step means every step."""
    seconds, terms = seconds_to_expiries(experiment.walk, experiment.board), hedge_terms(sheet())
    runs = []
    for number in range(paths):
        drawn, orders = experiment.draw(number)
        tape = paper.tape(experiment.walk, seconds, drawn, orders)
        runs += [paper.hedged(tape, policy, NAV, terms, paper.PoolTerms()) for policy in Policy]
    return _gathered(experiment, runs)


def comparison(results: Results) -> Comparison:
    """The three policies beside each other."""
    return compare(*(results[policy] for policy in Policy))


def _gathered(experiment: Experiment, runs: Iterable[Run]) -> Results:
    by_policy: dict[Policy, list[Run]] = {policy: [] for policy in Policy}
    for run in runs:
        by_policy[run.policy].append(run)
    return {policy: experiment.figures(own) for policy, own in by_policy.items()}


Job = tuple[Experiment, Policy, int]


def _contract_run(job: Job) -> Run:
    experiment, policy, number = job
    drawn, orders = experiment.draw(number)
    world = Real.open(experiment.walk, experiment.board, sheet(policy))
    return play(world, drawn, orders, policy)


def _mapped(work: Callable[[Job], Run], jobs: Sequence[Job], workers: int) -> Iterable[Run]:
    if workers <= 1:
        yield from map(work, jobs)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(work, jobs)


# --- for people


def table(title: str, results: Results) -> str:
    """Figures of all policies, a line each."""
    head = f"{'policy':<12}{'orders':>8}{'cost':>9}{'deviation':>11}{'external':>10}{'open':>9}"
    lines = [
        f"{found.policy.value:<12}{found.orders:>8.1f}{found.cost:>9.1f}{found.deviation:>11.1f}"
        f"{found.external:>10.3f}{found.open_delta:>9,.0f}"
        for found in results.values()
    ]
    return "\n".join([f"\n{title}", head, *lines, verdict(comparison(results))])


def verdict(found: Comparison) -> str:
    """What the band saves and what it leaves, beside what is asked of it."""
    words = {True: "met", False: "missed"}
    return (
        f"band against every step: cost {found.saving:.1%} lower "
        f"(at least {LEAST_SAVING:.0%}: {words[found.saving >= LEAST_SAVING]}), deviation "
        f"{found.more_deviation:+.1%} (at most {MOST_DEVIATION:+.0%}: "
        f"{words[found.more_deviation <= MOST_DEVIATION]}); "
        f"{found.of_unhedged:.1%} of the deviation without a hedge"
    )


LEGEND: Final = """
orders, cost      a path; cost is fees, impact and gas, whoever pays
deviation         standard deviation of a day's gain of the vault: an hour's by the root of 24
external          volume on venues over the dollar delta of client trades
open              root of the mean square of the dollar delta left open"""


@click.command()
@click.option("--paths", default=10, show_default=True, help="On the contracts.")
@click.option("--model", default=200, show_default=True, help="Paths in double precision.")
@click.option("--seed", default=1, show_default=True)
@click.option("--days", default=7, show_default=True, help="Of a path.")
@click.option("--vol-of-vol", default=1.0, show_default=True, help="A year; 0: none.")
@click.option("--workers", default=os.cpu_count() or 1, show_default=True)
def main(paths: int, model: int, seed: int, days: int, vol_of_vol: float, workers: int) -> None:
    """No hedge, the band and every step on the same paths with the same clients."""
    if min(paths, model, days) < 1:
        raise SimulationError("one path and one day at least")
    experiment = Experiment(seed=seed, walk=PathTerms(days=days, vol_of_vol=vol_of_vol))
    title = f"{paths} paths of {days} days, seed {seed}, vault of {NAV:,}"
    click.echo(table(f"contracts: {title}", on_contracts(experiment, paths, workers)))
    click.echo(table("double precision: the same paths", on_paper(experiment, paths)))
    click.echo(table(f"double precision: {model} paths", on_paper(experiment, model)))
    click.echo(LEGEND)


if __name__ == "__main__":
    try:
        main()
    except BallastError as error:
        sys.exit(f"sim: {error}")
