"""Never stale, whatever was edited; and a clear word when something is missing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ballast.chain import CompileError, RevmChain, compile_contract, compiler

TOP = """# pragma version 0.4.3
# pragma optimize gas
from .lib import constants
@external
@pure
def answer() -> uint256:
    return constants._answer()
"""
MODULE = """# pragma version 0.4.3
@internal
@pure
def _answer() -> uint256:
    return {}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A contract and the module that it imports."""
    (tmp_path / "contracts/lib").mkdir(parents=True)
    (tmp_path / "contracts/Top.vy").write_text(TOP)
    _answer(tmp_path, 1)
    return tmp_path


def _answer(project: Path, value: int) -> None:
    (project / "contracts/lib/constants.vy").write_text(MODULE.format(value))


def _run(project: Path) -> int:
    value = RevmChain().deploy(compile_contract("Top", root=project)).answer()
    assert isinstance(value, int)
    return value


def test_compile__module_edited__importer_is_compiled_anew(project: Path) -> None:
    before = compile_contract("Top", root=project).digest
    assert _run(project) == 1
    _answer(project, 2)
    assert _run(project) == 2
    _answer(project, 1)
    assert compile_contract("Top", root=project).digest == before


def test_compile__nothing_edited__comes_from_the_cache(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = compile_contract("Top", root=project)
    monkeypatch.setattr(compiler, "_compile", lambda *_: pytest.fail("compiled again"))
    assert compile_contract("Top", root=project) == first


def test_compile__cache_entry_cut_short__is_made_again(project: Path) -> None:
    first = compile_contract("Top", root=project)
    (entry,) = (project / ".build").rglob("*.json")
    entry.write_text(entry.read_text()[:100])
    assert compile_contract("Top", root=project) == first


def test_compile__in_parallel__all_see_whole_entries(project: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        loads = pool.map(
            lambda _: compiler._store(project / "entry.json", {"x": "y" * 10**6}), range(32)
        )
        sizes = {len(load["x"]) for load in loads}
    assert sizes == {10**6}
    assert [path.name for path in project.glob("entry*")] == ["entry.json"]
    assert not list(project.glob("*.part"))


def test_compile__imported_package_changed__is_compiled_anew(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "# pragma version 0.4.3\nfrom snekmate.utils import math\n"
    text += "@external\n@pure\ndef answer() -> uint256:\n    return math._log2(8, False)\n"
    (project / "contracts/Top.vy").write_text(text)
    assert _run(project) == 3
    monkeypatch.setattr(compiler, "_file_hash", lambda path: "changed")
    compiled: list[Path] = []
    real = compiler._compile
    monkeypatch.setattr(compiler, "_compile", lambda *args: compiled.append(args[1]) or real(*args))
    compile_contract("Top", root=project)
    assert compiled == [project / "contracts/Top.vy"]


@pytest.mark.parametrize("name", ["Top", "contracts/Top.vy", Path("contracts/Top.vy")])
def test_compile__by_name_or_path__finds_it(project: Path, name: str | Path) -> None:
    artifact = compile_contract(name, root=project)
    assert (artifact.name, artifact.source) == ("Top", project / "contracts/Top.vy")


@pytest.mark.parametrize("level", ["none", "gas", "codesize"])
def test_compile__level_over_the_pragma__same_meaning(project: Path, level: str) -> None:
    artifact = compile_contract("Top", root=project, optimize=level)
    assert RevmChain().deploy(artifact).answer() == 1


def test_compile__levels__differ_in_code_and_digest(project: Path) -> None:
    plain, pragma = (compile_contract("Top", root=project, optimize=o) for o in ("none", None))
    assert len(plain.runtime) > len(pragma.runtime)
    assert plain.digest != pragma.digest


def test_compile__unknown_level__lists_the_levels(project: Path) -> None:
    with pytest.raises(CompileError, match="none, gas, codesize, not 'fast'"):
        compile_contract("Top", root=project, optimize="fast")


@pytest.mark.parametrize("name", ["Nope", "contracts/Nope.vy", "constants"])
def test_compile__unknown_contract__lists_what_exists(project: Path, name: str) -> None:
    with pytest.raises(CompileError, match=rf"no contract {name} .*Known contracts: Top"):
        compile_contract(name, root=project)


def test_compile__two_of_one_name__asks_for_the_path(project: Path) -> None:
    (project / "contracts/lib/Top.vy").write_text(TOP)
    with pytest.raises(CompileError, match=r"contracts/Top\.vy, contracts/lib/Top\.vy"):
        compile_contract("Top", root=project)


def test_compile__syntax_error__names_the_file(project: Path) -> None:
    (project / "contracts/Top.vy").write_text(TOP + "    retrn 1\n")
    with pytest.raises(CompileError, match=r"contracts/Top\.vy does not compile: "):
        compile_contract("Top", root=project)


def test_compile__missing_module__names_the_file(project: Path) -> None:
    (project / "contracts/lib/constants.vy").unlink()
    with pytest.raises(CompileError, match=r"contracts/Top\.vy does not compile: "):
        compile_contract("Top", root=project)
