"""The campaign in several processes, until so many cycles have closed."""

from __future__ import annotations

import signal
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context

import click

from ballast.errors import BallastError
from ballast.fuzz.cycles import CYCLES_PER_STATE, Tally, run_state
from ballast.fuzz.trader import FindingError

Outcome = tuple[Tally, str]
"""What a state has seen, and the finding with which it ended, if any."""


def campaign(cycles: int, seed: int, workers: int) -> tuple[Tally, list[str]]:
    """All that was seen and all that was found. Ctrl-C ends it early."""
    attempts = min(CYCLES_PER_STATE, max(cycles // (10 * workers), 20))
    total, findings, bar = Tally(), [], Bar(cycles)
    with ProcessPoolExecutor(workers, get_context("spawn"), _leave_ctrl_c) as pool:
        try:
            for tally, finding in _outcomes(pool, seed, attempts, workers):
                total.add(tally)
                findings += [finding] if finding else []
                bar.show(total)
                if total.cycles >= cycles:
                    break
        except KeyboardInterrupt:
            click.echo("\nstopped early", err=True)
        pool.shutdown(wait=True, cancel_futures=True)
    return total, findings


def _outcomes(
    pool: ProcessPoolExecutor, seed: int, attempts: int, workers: int
) -> Iterator[Outcome]:
    """In the order of the states, a few of which are always in the queue."""
    ahead: list[Future[Outcome]] = []
    for number in count():
        ahead.append(pool.submit(one_state, seed, number, attempts))
        if len(ahead) > 2 * workers:
            yield ahead.pop(0).result()


def one_state(seed: int, number: int, attempts: int) -> Outcome:
    """One state, or what it found."""
    try:
        return run_state(seed, number, attempts), ""
    except BallastError as finding:
        where = "" if isinstance(finding, FindingError) else traceback.format_exc()
        text = f"state {number} of seed {seed}, {attempts} attempts: {finding}\n{where}"
        return Tally(states=1, profitable=int("pays" in str(finding))), text


def _leave_ctrl_c() -> None:
    """It is the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Bar:
    """Progress, with the rate."""

    def __init__(self, cycles: int) -> None:
        self._cycles, self._start = cycles, time.monotonic()

    def show(self, total: Tally) -> None:
        """Redraw, on a terminal; elsewhere a line now and then."""
        rate = total.cycles / max(time.monotonic() - self._start, 1e-9)
        share = min(total.cycles / self._cycles, 1.0)
        text = f"{total.cycles:>9,} of {self._cycles:,} cycles, {rate:,.0f}/s"
        if sys.stderr.isatty():
            done = "#" * int(30 * share)
            click.echo(f"\r[{done:<30}] {text}", nl=share >= 1.0, err=True)
        elif total.states % 50 == 0:
            click.echo(text, err=True)
