"""How far the bytecode is from the truth, over the whole domain.

    python -m tests.math.accuracy --points 1000000 --seed 1

draws points (tests/math/domain.py), calls `Pricer.mark` in process, compares each of the ten
outputs with the exact reference and prints, for each region, the worst error and the point where it
happens. It exits with 1 if a bound is broken. `make test` runs the same loop on fewer points.

Bounds (S spot, K df the discounted strike, sigma volatility, c carry, t years, v = sigma sqrt t):

    call, put      2e-18 S
    delta          1e-17, rounding included
    gamma          1e-17 of 1/(S v), which is 2.5 times its peak
    vega           1e-17 S
    theta          1e-15 (S + |c| K df) per year; outside CORE also 1e-15 S v / 5t, the decay
    vanna          1e-14 of 1/sigma
    volga          1e-14 of S sqrt(t)/sigma

Each allows one unit in the last place besides, for the rounding of the output itself, and what a
`GRAIN` of money does: the kernel carries S and K df to 2^-18 wei, which shows where they are below
a gwei.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.math import reference
from tests.math.bytecode import deployed, outcome
from tests.math.domain import Sampler, in_core
from tests.math.reference import OUTPUTS, WAD, YEAR, Point

REGIONS = ("core", "whole")
PARITY_WEI = 2
GRAIN = 2.0**-16  # wei, four of the kernel's own
_CHUNK = 20_000


def scales(point: Point, core: bool) -> tuple[float, ...]:
    """What each output's bound multiplies, in the output's unit, in the order of `OUTPUTS`."""
    spot, years = point.forward * point.discount / WAD, point.tau / YEAR
    root, v = math.sqrt(years), math.sqrt(point.variance / WAD)
    sigma = v / root
    drift = abs(math.log(point.discount / WAD)) / years * point.strike * point.discount / WAD
    theta = spot + drift + (0.0 if core else spot * v / years / 5)
    return (
        spot,
        spot,
        WAD,
        WAD,
        WAD * WAD / (spot * v),
        spot,
        theta,
        theta,
        WAD / sigma,
        spot * root / sigma,
    )


def slack(point: Point) -> tuple[float, ...]:
    """What rounding may add to each error.

    One unit of the output, and a grain of money wherever money enters.
    """
    spot, years = point.forward * point.discount / WAD, point.tau / YEAR
    root, v = math.sqrt(years), math.sqrt(point.variance / WAD)
    carry = abs(math.log(point.discount / WAD))
    value = 1 + GRAIN
    vega = 1 + GRAIN * (1 + root)
    gamma = 1 + GRAIN / spot * WAD * WAD / (spot * v)
    theta = 1 + GRAIN * (1 + v + carry) / years
    volga = (
        1 + 128 * GRAIN * (1 + root) * root / v
    )  # |d1 d2| reaches 128 before the density is zero
    return (value, value, 0, 0, gamma, vega, theta, theta, 1, volga)


BOUNDS = (2e-18, 2e-18, 1e-17, 1e-17, 1e-17, 1e-17, 1e-15, 1e-15, 1e-14, 1e-14)


@dataclass
class Worst:
    """The largest error of one output in one region.

    Relative to its scale, and relative to what is allowed.
    """

    error: float = 0.0
    share: float = 0.0
    point: Point | None = None

    def take(self, other: Worst) -> None:
        """Keep the larger of each."""
        self.error = max(self.error, other.error)
        if other.share > self.share:
            self.share, self.point = other.share, other.point


@dataclass
class Report:
    """Worst errors by region and output, and broken exact relations with a point for each."""

    worst: dict[str, list[Worst]] = field(
        default_factory=lambda: {region: [Worst() for _ in OUTPUTS] for region in REGIONS}
    )
    broken: dict[str, Point] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REGIONS, 0))

    def merge(self, other: Report) -> None:
        """Add the findings of another run."""
        for region in REGIONS:
            self.counts[region] += other.counts[region]
            for mine, theirs in zip(self.worst[region], other.worst[region], strict=True):
                mine.take(theirs)
        self.broken |= other.broken

    @property
    def failures(self) -> list[str]:
        """Everything out of bounds, readable; empty if all is well."""
        beyond = [
            f"{region} {name}: {found.share:.3f} of the bound at {found.point}"
            for region in REGIONS
            for name, found in zip(OUTPUTS, self.worst[region], strict=True)
            if not found.share <= 1
        ]
        return beyond + [f"{relation} at {point}" for relation, point in self.broken.items()]


def errors(point: Point, outputs: Sequence[int]) -> list[float]:
    """Upper bounds of |output - truth| in the output's unit, each proven by ball arithmetic."""
    return [
        float(abs(ball - out).upper())
        for ball, out in zip(reference.mark(point), outputs, strict=True)
    ]


def shares(point: Point, outputs: Sequence[int], core: bool) -> list[float]:
    """Each error over what is allowed: at most one where the bound holds."""
    allowed = zip(errors(point, outputs), scales(point, core), BOUNDS, slack(point), strict=True)
    return [error / (bound * scale + unit) for error, scale, bound, unit in allowed]


def relations(point: Point, outputs: Sequence[int]) -> list[str]:
    """Names of the exact relations that these outputs break.

    Parity, the no-arbitrage bounds, signs.
    """
    call, put, delta_call, delta_put, gamma, vega, *_ = outputs
    forward = (point.forward - point.strike) * point.discount
    checks = {
        "parity": abs((call - put) * WAD - forward) <= PARITY_WEI * WAD,
        "call below intrinsic": call >= forward // WAD,
        "put below intrinsic": put >= -forward // WAD,
        "call above S": call * WAD <= point.forward * point.discount,
        "put above K df": put * WAD <= point.strike * point.discount,
        "delta outside [0, 1]": 0 <= delta_call <= WAD,
        "delta of the put": delta_put == delta_call - WAD,
        "negative gamma or vega": min(gamma, vega) >= 0 and min(call, put) >= 0,
    }
    return [name for name, holds in checks.items() if not holds]


def measure(
    points: Iterable[Point], contract: str = "Pricer", optimize: str | None = None
) -> Report:
    """Run the bytecode on the points and note the worst of everything.

    A revert is a failure here.
    """
    report, function = Report(), deployed(contract, optimize).mark
    for point in points:
        outputs = outcome(function, point)
        if isinstance(outputs, str):
            report.broken[f"reverts with {outputs!r}"] = point
            continue
        core = in_core(point)
        found = errors(point, outputs)
        for region in REGIONS if core else REGIONS[1:]:
            report.counts[region] += 1
            _note(report.worst[region], point, found, region == "core")
        report.broken |= dict.fromkeys(relations(point, outputs), point)
    return report


def _note(worst: list[Worst], point: Point, found: list[float], core: bool) -> None:
    rows = zip(worst, found, scales(point, core), BOUNDS, slack(point), strict=True)
    for record, error, scale, bound, unit in rows:
        relative, share = max(error - unit, 0.0) / scale, error / (bound * scale + unit)
        if relative > record.error:
            record.error = relative
        if share > record.share or share != share:
            record.share, record.point = share, point


def _work(job: tuple[int, int, str, str | None]) -> Report:
    seed, count, contract, optimize = job
    return measure(Sampler(seed).points(count), contract, optimize)


def table(report: Report) -> str:
    """The report for a reader."""
    lines = []
    for region in REGIONS:
        lines.append(f"\n{region}: {report.counts[region]:,} points")
        lines.append(
            f"{'output':<12}{'error / scale':>15}{'bound':>9}{'of allowed':>12}"
            "   worst at (F, K, df, w, tau)"
        )
        for name, found, bound in zip(OUTPUTS, report.worst[region], BOUNDS, strict=True):
            place = ", ".join(map(str, found.point)) if found.point else "-"
            lines.append(
                f"{name:<12}{found.error:>15.3e}{bound:>9.0e}{found.share:>12.3f}   {place}"
            )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(description="errors of Pricer.mark against exact arithmetic")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--optimize", choices=("none", "gas", "codesize"), default=None)
    parser.add_argument("--contract", default="Pricer")
    options = parser.parse_args(arguments)
    start, report = time.perf_counter(), Report()
    chunks = -(-options.points // _CHUNK)
    jobs = [
        (options.seed * 1_000_003 + i, _CHUNK, options.contract, options.optimize)
        for i in range(chunks)
    ]
    deployed(options.contract, options.optimize)  # compiled once, before the processes part
    with multiprocessing.Pool(options.processes) as pool:
        for part in pool.imap_unordered(_work, jobs):
            report.merge(part)
    seconds = time.perf_counter() - start
    print(table(report))
    total = chunks * _CHUNK
    print(f"\n{total:,} points in {seconds:.1f} s, {total / seconds:,.0f} a second")
    print("\n".join(report.failures) or "every bound holds")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
