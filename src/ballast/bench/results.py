"""Figures as a table for people and as JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from ballast.bench.figures import Reading

RESULTS_PATH: Final = Path("bench") / "results.json"


def table(readings: list[Reading]) -> str:
    """Aligned columns: figure, unit, value, target, and a word where the target is missed."""
    rows = [("figure", "unit", "value", "target", "")]
    rows += [_row(reading) for reading in readings]
    name, unit, value, target = (max(len(row[column]) for row in rows) for column in range(4))
    lines = (
        f"{row[0]:<{name}}  {row[1]:<{unit}}  {row[2]:>{value}}  {row[3]:>{target}}  {row[4]}"
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def write_results(readings: list[Reading], toolchain: dict[str, str], path: Path) -> None:
    """Write all readings and what they were measured with."""
    content = {"figures": [_record(reading) for reading in readings], "toolchain": toolchain}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")


def _record(reading: Reading) -> dict[str, Any]:
    item = reading.figure
    record: dict[str, Any] = {"figure": item.key, "unit": item.unit, "value": reading.value}
    return record if item.target is None else {**record, "target": item.target}


def _row(reading: Reading) -> tuple[str, str, str, str, str]:
    item = reading.figure
    target = "" if item.target is None else _number(item.target)
    verdict = "over target" if reading.over_target else ""
    return item.key, item.unit, _number(reading.value), target, verdict


def _number(value: int | float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
