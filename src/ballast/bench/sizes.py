"""Bytes of runtime code per deployable contract. ape compiles past the EVM's limit silently."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ballast.chain.compiler import Artifact, compile_contract

RUNTIME_LIMIT: Final = 22_000  # the EVM's own is 24,576 (EIP-170); the rest is room to fix a bug


def deployables(root: Path) -> list[Path]:
    """CamelCase files under contracts/, mocks aside: the case of a name says whether it deploys."""
    contracts = root / "contracts"
    found = (path for path in contracts.rglob("*.vy") if path.stem[:1].isupper())
    return sorted(path for path in found if "mocks" not in path.relative_to(contracts).parts)


def runtime_sizes(root: Path) -> dict[str, int]:
    """Deployed bytes of every deployable under `root`, immutables included."""
    compiled = (compile_contract(path.relative_to(root), root=root) for path in deployables(root))
    return {artifact.name: _deployed_bytes(artifact) for artifact in compiled}


def too_large(sizes: Mapping[str, int]) -> list[str]:
    """One sentence for each contract above the limit."""
    return [
        f"{name}: {size:,} bytes of runtime code, at most {RUNTIME_LIMIT:,} are allowed"
        for name, size in sizes.items()
        if size > RUNTIME_LIMIT
    ]


def _deployed_bytes(artifact: Artifact) -> int:
    immutables = artifact.layout.get("code_layout", {})
    return len(artifact.runtime) + sum(_length(entry) for entry in immutables.values())


def _length(entry: Mapping[str, object]) -> int:
    """A layout entry is a variable with a length, or a module with entries of its own."""
    length = entry.get("length")
    if isinstance(length, int):
        return length
    return sum(_length(inner) for inner in entry.values() if isinstance(inner, Mapping))
