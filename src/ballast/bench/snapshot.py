"""The committed snapshot of gas and sizes, and how it differs from a fresh measurement."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ballast.bench.figures import GAS, Reading
from ballast.bench.sizes import deployables, runtime_sizes
from ballast.bench.toolchain import compiler_toolchain
from ballast.errors import BallastError

SNAPSHOT_PATH: Final = Path("tests") / "gas" / "snapshot.json"
_HOW_TO_WRITE: Final = "make snapshot"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Gas by figure and runtime bytes by contract, and the toolchain that they hold for."""

    toolchain: dict[str, str]
    gas: dict[str, int]
    runtime_bytes: dict[str, int]


def take(root: Path, readings: list[Reading]) -> Snapshot:
    """The snapshot of this moment; of `readings` it holds those whose unit is gas."""
    gas = {item.figure.key: int(item.value) for item in readings if item.figure.unit == GAS}
    return Snapshot(compiler_toolchain(deployables(root)), gas, runtime_sizes(root))


def write(snapshot: Snapshot, path: Path) -> None:
    """Write it with sorted keys, so that a diff of two versions is short."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(snapshot), indent=2, sort_keys=True) + "\n")


def read(path: Path) -> Snapshot:
    """The committed snapshot; the error says how to write one."""
    try:
        fields: dict[str, Any] = json.loads(path.read_text())
        return Snapshot(fields["toolchain"], fields["gas"], fields["runtime_bytes"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BallastError(f"{path} is missing or malformed: run `{_HOW_TO_WRITE}`") from error


def compare(old: Snapshot, new: Snapshot) -> list[str]:
    """Every difference, one readable line each; an empty list if there is none."""
    lines = [
        f"  toolchain {key}: {old.toolchain.get(key)} -> {new.toolchain.get(key)}"
        for key in sorted(old.toolchain.keys() | new.toolchain.keys())
        if old.toolchain.get(key) != new.toolchain.get(key)
    ]
    lines += _compare_numbers("gas", old.gas, new.gas)
    lines += _compare_numbers("bytes", old.runtime_bytes, new.runtime_bytes)
    if not lines:
        return []
    advice = f"if that is meant, run `{_HOW_TO_WRITE}` and commit {SNAPSHOT_PATH.as_posix()}"
    return ["gas or sizes differ from the snapshot:", *lines, advice]


def _compare_numbers(unit: str, old: dict[str, int], new: dict[str, int]) -> list[str]:
    changed = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    return [f"  {key}: {_change(old.get(key), new.get(key))} {unit}" for key in changed]


def _change(old: int | None, new: int | None) -> str:
    if old is None or new is None:
        return f"{'none' if old is None else f'{old:,}'} -> {'none' if new is None else f'{new:,}'}"
    percent = f", {(new - old) / old:+.2%}" if old else ""
    return f"{old:,} -> {new:,} ({new - old:+,}{percent})"
