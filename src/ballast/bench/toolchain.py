"""What a figure was measured with."""

from __future__ import annotations

import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Final

from ballast.chain.compiler import EVM_VERSION

_OPTIMIZE: Final = re.compile(r"^#\s*pragma\s+optimize\s+(\w+)", re.MULTILINE)


def compiler_toolchain(contracts: list[Path]) -> dict[str, str]:
    """All that gas and bytecode depend on besides the sources: equal on every machine."""
    levels = {_optimize_level(path) for path in contracts}
    return {
        "evm_version": EVM_VERSION,
        "optimize": ", ".join(sorted(levels)) or "gas",
        "pyrevm": version("pyrevm"),
        "vyper": version("vyper"),
    }


def full_toolchain(contracts: list[Path]) -> dict[str, str]:
    """The same and what a speed depends on."""
    return {
        **compiler_toolchain(contracts),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def _optimize_level(path: Path) -> str:
    found = _OPTIMIZE.search(path.read_text())
    return found.group(1) if found else "gas"  # the compiler's default
