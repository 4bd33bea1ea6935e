"""Set-up and test runner on machines that lack something: they say what, and what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("sh", "cat", "cksum", "dirname", "grep", "head", "ln", "mkdir", "rm", "sed", "uniq")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout without an environment, and a PATH of basic commands only."""
    tools = ("setup.sh", "test.sh", "uv.lock", "mamushi.lock")
    files = ("requirements.lock", "pyproject.toml", "package.json", "package-lock.json")
    for name in (*(f"tools/{tool}" for tool in tools), *files):
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "tree" / name)
    (tmp_path / "bin").mkdir()
    for command in COMMANDS:
        found = shutil.which(command)
        assert found is not None
        (tmp_path / "bin" / command).symlink_to(found)
    return tmp_path / "tree"


def _command(tree: Path, name: str, script: str) -> Path:
    path = tree.parent / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def _run(tree: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": str(tree.parent / "bin"), "HOME": str(tree.parent), **environment}
    return subprocess.run(
        command, cwd=tree, env=variables, capture_output=True, text=True, timeout=60, check=False
    )


def _fake_python(tree: Path, name: str, version: str, status: int = 1) -> Path:
    """Answers --version, and to any program exits with the given status."""
    script = f'[ "$1" = --version ] && echo "Python {version}" && exit 0\nexit {status}'
    return _command(tree, name, script)


def test_setup__only_broken_and_old_pythons__says_what_it_needs(tree: Path) -> None:
    _command(tree, "python3.12", "echo 'python3.12: command not found' >&2; exit 127")
    _fake_python(tree, "python3", "3.9.18")
    done = _run(tree, "tools/setup.sh", "python")
    assert done.returncode == 1
    assert (
        "needs Python 3.11 or 3.12, and none was found (python3 is: Python 3.9.18)" in done.stderr
    )
    assert "PYTHON=" in done.stderr
    assert not (tree / ".venv").exists()


def test_setup__no_python_at_all__says_what_it_needs(tree: Path) -> None:
    done = _run(tree, "tools/setup.sh", "node")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "needs Python 3.11 or 3.12, and none was found" in done.stderr


def test_setup__chosen_python_is_too_new__names_its_version(tree: Path) -> None:
    chosen = _fake_python(tree, "python3.13", "3.13.0")
    done = _run(tree, "tools/setup.sh", "python", PYTHON=str(chosen))
    assert done.returncode == 1
    assert f"PYTHON={chosen} is not a working Python 3.11 or 3.12: Python 3.13.0." in done.stderr


def test_setup__python_without_venv_and_pip__says_what_to_install(tree: Path) -> None:
    _command(tree, "python3.12", f'[ "$1" = -c ] && echo {tree.parent}/bin/python3.12 || exit 1')
    done = _run(tree, "tools/setup.sh", "python")
    assert done.returncode == 1
    assert "python3-venv" in done.stderr


def test_setup__unknown_part__prints_usage(tree: Path) -> None:
    done = _run(tree, "tools/setup.sh", "everything")
    assert done.returncode == 1
    assert "usage: tools/setup.sh" in done.stderr


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(0, "fails for want of anvil alone"), (1, "tests that need no anvil failed too")],
)
def test_runner__without_anvil__runs_the_rest_and_fails(
    tree: Path, status: int, verdict: str
) -> None:
    _command(
        tree,
        "pytest",
        'echo "pytest $*"\n'
        'case "$*" in *--collect-only*) printf "tests/test_a.py::test_%s\\n" node gas ;; esac\n'
        f"exit {status}",
    )
    done = _run(tree, "tools/test.sh", "-k", "board")
    assert done.returncode == 1
    assert "pytest -n 2 -m not anvil -k board" in done.stdout
    assert "2 tests/test_a.py\n" in done.stderr
    assert verdict in done.stderr
    assert "install Node" in done.stderr


@pytest.mark.parametrize("status", [0, 1])
def test_runner__without_anvil_where_nothing_needs_it__is_pytest(tree: Path, status: int) -> None:
    _command(tree, "pytest", f"exit {status}")
    done = _run(tree, "tools/test.sh", "tests/python/test_units.py")
    assert done.returncode == status
    assert done.stderr == ""


@pytest.mark.parametrize("status", [0, 1])
def test_runner__with_anvil__is_pytest(tree: Path, status: int) -> None:
    _command(tree, "anvil", "exit 0")
    _command(tree, "pytest", f'echo "pytest $*"\nexit {status}')
    done = _run(tree, "tools/test.sh", JOBS="1")
    assert done.returncode == status
    assert done.stdout == "pytest -n 1\n"
    assert done.stderr == ""


def test_lock_files__name_no_host() -> None:
    locks = [
        ROOT / "requirements.lock",
        *(ROOT / "tools").glob("*.lock"),
        ROOT / "package-lock.json",
    ]
    assert len(locks) == 4
    assert [lock.name for lock in locks if "://" in lock.read_text()] == []


def test_npm_lock__holds_what_package_json_names_and_nothing_that_that_depends_on() -> None:
    """The venues' packages are read for their bytecode and never run. Left to itself npm would
    bring hundreds of others along: an entry without dependencies is complete."""
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    locked = {path.removeprefix("node_modules/"): entry for path, entry in packages.items() if path}
    binaries = {name for name in locked if name.startswith("@foundry-rs/anvil-")}
    assert {
        name: entry["version"] for name, entry in locked.items() if name not in binaries
    } == wanted
    assert all(locked[name]["integrity"].startswith("sha512-") for name in wanted)
    assert not any("dependencies" in entry for entry in locked.values())
    assert set(packages[""]["devDependencies"]) == set(wanted)
