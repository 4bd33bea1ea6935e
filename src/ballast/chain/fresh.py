"""Close ape's stale-bytecode trap for everything that goes through ape's `project`.

ape recompiles a contract when its own file changed, not when a module that it imports did. Tests,
scripts and the console call `ensure_fresh(project)` first. The simulator and the revm backend
compile through `ballast.chain.compiler`, whose cache has no such trap.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ballast.chain.compiler import sources_digest

if TYPE_CHECKING:
    from ape.managers.project import LocalProject

_STAMP: Final = Path(".build") / "ballast" / "ape-sources"


def is_fresh(root: Path) -> bool:
    """Whether ape's artifacts were made from the sources as they are now."""
    stamp = root / _STAMP
    return stamp.is_file() and stamp.read_text() == _fingerprint(root)


def ensure_fresh(project: LocalProject) -> bool:
    """Recompile everything if any Vyper source changed since the last time; True if it did.

    If the contracts do not compile, ape's artifacts are dropped before the error goes on, so that
    nothing stale is left to be used.
    """
    root = Path(project.path)
    with _locked(root / _STAMP):
        if is_fresh(root):
            return False
        fingerprint = _fingerprint(root)  # first: an edit during the compilation counts as a change
        (root / _STAMP).unlink(missing_ok=True)
        try:
            project.load_contracts(use_cache=False)
        except Exception:
            project.clean()  # type: ignore[no-untyped-call]
            raise
        (root / _STAMP).write_text(fingerprint)
        return True


def _fingerprint(root: Path) -> str:
    return f"{version('vyper')} {version('ape-vyper')} {sources_digest(root)}"


@contextmanager
def _locked(stamp: Path) -> Iterator[None]:
    """One process at a time: parallel test workers share ape's cache."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    with stamp.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
