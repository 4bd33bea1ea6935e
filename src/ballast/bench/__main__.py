"""`make bench`, `make snapshot` and the last step of `make check`."""

from __future__ import annotations

import sys

import click

from ballast.bench import snapshot
from ballast.bench.figures import GAS, figures, measure
from ballast.bench.results import RESULTS_PATH, table, write_results
from ballast.bench.sizes import deployables, too_large
from ballast.bench.toolchain import full_toolchain
from ballast.chain.compiler import project_root
from ballast.errors import BallastError


@click.group()
def main() -> None:
    """Measure the figures that Ballast quotes about itself."""


@main.command()
def run() -> None:
    """Measure every figure, print the table, write bench/results.json."""
    root = project_root()
    readings = measure(figures())
    write_results(readings, full_toolchain(deployables(root)), root / RESULTS_PATH)
    click.echo(table(readings))


@main.command("snapshot")
def write_snapshot() -> None:
    """Measure gas and sizes and write the snapshot."""
    path = project_root() / snapshot.SNAPSHOT_PATH
    snapshot.write(_fresh(), path)
    click.echo(f"wrote {snapshot.SNAPSHOT_PATH}")


@main.command()
def check() -> None:
    """Measure gas and sizes; fail where they differ from the snapshot or a contract is too big."""
    fresh = _fresh()
    problems = snapshot.compare(snapshot.read(project_root() / snapshot.SNAPSHOT_PATH), fresh)
    problems += too_large(fresh.runtime_bytes)
    if problems:
        raise BallastError("\n".join(problems))
    click.echo(f"gas and sizes are those of {snapshot.SNAPSHOT_PATH}")


def _fresh() -> snapshot.Snapshot:
    gas = [item for item in figures() if item.unit == GAS]
    return snapshot.take(project_root(), measure(gas))


if __name__ == "__main__":
    try:
        main()
    except BallastError as error:
        sys.exit(f"bench: {error}")
