"""ape's stale-bytecode trap: shown to spring, shown to be closed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ballast.chain.compiler import project_root
from ballast.chain.fresh import ensure_fresh, is_fresh
from tests.python.chain.test_compiler import MODULE, TOP

if TYPE_CHECKING:
    from ape.managers.project import LocalProject


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with this one's ape configuration, a contract and the module that it imports."""
    (tmp_path / "contracts/lib").mkdir(parents=True)
    (tmp_path / "contracts/Top.vy").write_text(TOP)
    (tmp_path / "contracts/lib/constants.vy").write_text(MODULE.format(1))
    (tmp_path / "ape-config.yaml").write_text((project_root() / "ape-config.yaml").read_text())
    return tmp_path


def _edit_module(root: Path) -> None:
    (root / "contracts/lib/constants.vy").write_text(MODULE.format(2))


def _open(root: Path) -> LocalProject:
    """A new view of the project, as a new process has it."""
    from ape import Project

    project: LocalProject = Project(root)
    return project


def _bytecode(root: Path) -> str:
    """What ape hands out for the contract that imports the module."""
    project = _open(root)
    project.load_contracts()
    return str(project.Top.contract_type.deployment_bytecode.bytecode)


def test_ape__module_edited__trap_springs_without_and_not_with_ensure_fresh(root: Path) -> None:
    assert ensure_fresh(_open(root))
    before = _bytecode(root)
    _edit_module(root)
    assert _bytecode(root) == before  # the trap
    assert ensure_fresh(_open(root))
    assert _bytecode(root) != before


def test_ensure_fresh__nothing_edited__does_nothing(root: Path) -> None:
    project = _open(root)
    assert ensure_fresh(project)
    assert is_fresh(root)
    assert not ensure_fresh(project)


def test_ensure_fresh__contracts_do_not_compile__leaves_nothing_stale(root: Path) -> None:
    from ape.exceptions import ApeException

    ensure_fresh(_open(root))
    (root / "contracts/lib/constants.vy").write_text("not vyper")
    with pytest.raises(ApeException):
        ensure_fresh(_open(root))
    assert not is_fresh(root)
    assert not _open(root).manifest.contract_types


def test_is_fresh__interface_edited__notices(root: Path) -> None:
    ensure_fresh(_open(root))
    (root / "interfaces").mkdir()
    (root / "interfaces/ITop.vyi").write_text("# pragma version 0.4.3\n")
    assert not is_fresh(root)
