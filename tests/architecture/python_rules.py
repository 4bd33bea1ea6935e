"""The layers of the Python package: what each part may import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

BASE = {"errors", "units", "series"}
MAY_IMPORT = {
    "errors": set(),
    "units": {"errors"},
    "series": {"errors", "units"},
    "__init__": BASE,
    "model": BASE,
    "chain": BASE,
    "venues": BASE | {"chain"},
    "market": BASE | {"chain", "venues"},
    "report": BASE | {"model", "chain", "market"},
    "bench": BASE | {"model", "chain", "market", "venues"},
    "fuzz": BASE | {"model", "chain", "market"},
    "sim": BASE | {"model", "chain", "market", "venues"},
    "bots": BASE | {"model", "chain", "market"},
    "dash": BASE | {"sim", "chain", "market"},
}


def python_imports_point_down(root: Path) -> list[str]:
    """Model and chain know nothing of each other, and neither knows who uses it."""
    package = root / "src" / "ballast"
    problems = []
    for path in sorted(package.rglob("*.py")):
        part = path.relative_to(package).parts[0].removesuffix(".py")
        name = path.relative_to(root).as_posix()
        if part not in MAY_IMPORT:
            problems.append(f"{name}: {part} has no place among the layers")
            continue
        problems += [
            f"{name}:{line}: {part} may not import {target}"
            for line, target in _imports(path, package)
            if target != part and target not in MAY_IMPORT[part]
        ]
    return problems


def _imports(path: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Line and part of every import from within the package, wherever in the file it stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        for dotted in _dotted_names(node, path, package):
            first, _, rest = dotted.partition(".")
            part = rest.partition(".")[0]
            if first == "ballast" and _is_part(package, part):
                yield node.lineno, part


def _dotted_names(node: ast.AST, path: Path, package: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    module = node.module or ""
    if node.level:
        folder = path.parents[node.level - 1].relative_to(package.parent)
        module = ".".join([*folder.parts, *([module] if module else [])])
    return [f"{module}.{alias.name}" for alias in node.names]


def _is_part(package: Path, name: str) -> bool:
    return name in MAY_IMPORT or (package / name).is_dir() or (package / f"{name}.py").is_file()
