"""What `ape console` offers besides ape's own names: `series` and `units` of Ballast.

ape compiles nothing that looks unchanged, although a module below it was edited; so the console
asks for fresh contracts before its first prompt.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ape.managers.project import ProjectManager


def ape_init_extras(project: ProjectManager) -> dict[str, Any]:
    """Called by ape once, before the prompt."""
    from ballast import series, units
    from ballast.chain.fresh import ensure_fresh

    _find_vyper()
    ensure_fresh(project)
    return {"series": series, "units": units}


def _find_vyper() -> None:
    """ape-vyper looks for `vyper` in PATH; it is installed next to the Python that runs this."""
    if shutil.which("vyper") is None:
        here = str(Path(sys.executable).parent)
        os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", "")])
