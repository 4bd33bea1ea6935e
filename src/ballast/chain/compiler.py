"""Compile a Vyper contract in process, and never hand out stale bytecode.

ape caches an importer although a module that it imports was edited. This compiler keys its cache on
every `.vy` and `.vyi` of the project, the settings and the compiler's version, and checks the
sources outside the project (snekmate) of an entry before it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sysconfig
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from ballast.errors import ChainError

EVM_VERSION: Final = "prague"
SOURCE_DIRS: Final = ("contracts", "interfaces", "tests/harness")
CONTRACT_DIRS: Final = ("contracts", "tests/harness")
OPTIMIZE_LEVELS: Final = ("none", "gas", "codesize")

_CACHE_DIR: Final = Path(".build") / "ballast" / "artifacts"
_CACHE_FORMAT: Final = 1  # raise when the meaning of an entry changes
_OUTPUTS: Final = ["abi", "bytecode", "bytecode_runtime", "layout"]
_OPTIMIZE_PRAGMA: Final = re.compile(r"^#[ \t]*pragma[ \t]+optimize[ \t]+\w+[ \t]*$", re.MULTILINE)


class CompileError(ChainError):
    """A contract that does not exist or does not compile."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract. `digest` names its sources, settings and compiler together."""

    name: str
    abi: list[dict[str, Any]]
    bytecode: bytes  # creation code, without constructor arguments
    runtime: bytes
    layout: dict[str, Any]
    source: Path
    digest: str


def project_root() -> Path:
    """The repository that holds this package and the contracts that it compiles."""
    return Path(__file__).resolve().parents[3]


def source_files(root: Path) -> list[Path]:
    """Every Vyper source and interface of the project, sorted by path."""
    found = (root / part for part in SOURCE_DIRS)
    return sorted(path for part in found for path in part.rglob("*.vy*") if _is_source(path))


def sources_digest(root: Path) -> str:
    """One hash over the names and contents of all Vyper files of the project."""
    digest = hashlib.sha256()
    for path in source_files(root):
        name, content = path.relative_to(root).as_posix().encode(), path.read_bytes()
        digest.update(b"%d:%b%d:%b" % (len(name), name, len(content), content))
    return digest.hexdigest()


def compile_contract(
    name_or_path: str | Path, *, optimize: str | None = None, root: Path | None = None
) -> Artifact:
    """Compile `Pricer`, or a path below the root, or take it from the cache if nothing changed.

    `optimize` is "none", "gas" or "codesize"; None leaves the choice to the source's pragma.
    """
    if optimize is not None and optimize not in OPTIMIZE_LEVELS:
        raise CompileError(f"optimize is one of {', '.join(OPTIMIZE_LEVELS)}, not {optimize!r}")
    root = (root or project_root()).resolve()
    source = find_contract(name_or_path, root)
    digest = _entry_digest(root, source, optimize)
    entry = root / _CACHE_DIR / f"{source.stem}-{digest[:32]}.json"
    output = _load(entry) or _store(entry, _compile(root, source, optimize))
    return _artifact(source, digest, output)


def find_contract(name_or_path: str | Path, root: Path) -> Path:
    """The source file of a contract, by name or by path; tells what exists if there is none."""
    text = str(name_or_path)
    if "/" in text or text.endswith(".vy"):
        path = (root / text).resolve()
        matches = [path] if path.is_file() and path.suffix == ".vy" else []
    else:
        matches = [path for path in _contract_files(root) if path.stem == text]
    if len(matches) == 1:
        return matches[0]
    if matches:
        paths = ", ".join(path.relative_to(root).as_posix() for path in matches)
        raise CompileError(f"{text} names several contracts: give one of the paths {paths}")
    known = ", ".join(sorted({path.stem for path in _contract_files(root)})) or "none"
    raise CompileError(f"no contract {text} under {root}. Known contracts: {known}")


def _is_source(path: Path) -> bool:
    return path.suffix in (".vy", ".vyi") and path.is_file()


def _contract_files(root: Path) -> list[Path]:
    """Deployables: the case of a file's name says whether it deploys."""
    files = (path for part in CONTRACT_DIRS for path in (root / part).rglob("*.vy"))
    return [path for path in files if path.stem[:1].isupper()]


def _entry_digest(root: Path, source: Path, optimize: str | None) -> str:
    parts = [
        str(_CACHE_FORMAT),
        version("vyper"),
        EVM_VERSION,
        optimize or "pragma",
        os.path.relpath(source, root),
        sources_digest(root),
        hashlib.sha256(source.read_bytes()).hexdigest(),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _compile(root: Path, source: Path, optimize: str | None) -> dict[str, Any]:
    # The compiler takes most of a second to import, and a warm cache never needs it.
    from vyper.compiler import compile_from_file_input  # type: ignore[import-untyped,unused-ignore]
    from vyper.compiler.input_bundle import (  # type: ignore[import-untyped,unused-ignore]
        FileInput,
        FilesystemInputBundle,
    )
    from vyper.compiler.settings import (  # type: ignore[import-untyped,unused-ignore]
        OptimizationLevel,
        Settings,
    )
    from vyper.exceptions import VyperException  # type: ignore[import-untyped,unused-ignore]

    bundle = FilesystemInputBundle([_site_packages(), root])
    file = bundle.load_file(source.relative_to(root))
    settings = Settings(evm_version=EVM_VERSION)
    if optimize is not None:  # the pragma would be a conflict; a blank line keeps the numbering
        text = _OPTIMIZE_PRAGMA.sub("", file.contents)
        file = FileInput(file.source_id, file.path, file.resolved_path, text)
        settings.optimize = OptimizationLevel.from_string(optimize)
    try:
        output: dict[str, Any] = compile_from_file_input(
            file, input_bundle=bundle, settings=settings, output_formats=_OUTPUTS
        )
    except (VyperException, ValueError, FileNotFoundError) as error:
        raise CompileError(f"{source.relative_to(root)} does not compile: {error}") from error
    output["outside"] = _outside(bundle._source_ids, root)
    return output


def _outside(sources: Iterable[Any], root: Path) -> dict[str, str]:
    """Hashes of the imported files that the project's own digest does not cover."""
    paths = {Path(source) for source in sources if str(source).startswith(str(_site_packages()))}
    covered = set(source_files(root))
    return {str(path): _file_hash(path) for path in sorted(paths - covered)}


def _artifact(source: Path, digest: str, output: dict[str, Any]) -> Artifact:
    return Artifact(
        name=source.stem,
        abi=output["abi"],
        bytecode=bytes.fromhex(output["bytecode"].removeprefix("0x")),
        runtime=bytes.fromhex(output["bytecode_runtime"].removeprefix("0x")),
        layout=output["layout"],
        source=source,
        digest=digest,
    )


def _load(entry: Path) -> dict[str, Any] | None:
    """A cache entry, unless it is missing, damaged or its outside sources changed."""
    try:
        output: dict[str, Any] = json.loads(entry.read_text())
        fresh = all(_file_hash(Path(path)) == sha for path, sha in output["outside"].items())
    except (OSError, ValueError, KeyError):
        return None
    return output if fresh else None


def _store(entry: Path, output: dict[str, Any]) -> dict[str, Any]:
    """Write atomically: parallel test workers see a whole entry or none."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(output)
    handle, temporary = tempfile.mkstemp(dir=entry.parent, suffix=".part")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.replace(temporary, entry)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return dict(json.loads(text))  # the first use sees plain data, as every later one does


@cache
def _site_packages() -> Path:
    return Path(sysconfig.get_path("purelib")).resolve()


@lru_cache(maxsize=1024)
def _file_hash(path: Path) -> str:
    """Installed packages do not change while a process runs, so each file is read once."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
