"""Rules that contracts and interfaces keep. Each takes the root of a tree and returns problems."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vyper import ast as vy_ast
from vyper.ast import parse_to_ast

from ballast.bench.sizes import deployables, runtime_sizes, too_large

# What each layer may import. `external` is everything outside the tree: ethereum.ercs, snekmate.
MAY_IMPORT = {
    "types": {"types"},
    "interfaces": {"types", "interfaces", "external"},
    "math": {"types", "math"},
    "modules": {"types", "math", "modules", "interfaces", "external"},
    "deployables": {"types", "math", "modules", "interfaces", "external"},
}
TYPE_FILES = ("types", "units")
ROUNDED = re.compile(r"_(down|up|floor|ceil)$")
REASON = re.compile(r"[a-z0-9][a-z0-9_ ]*: [^A-Z]+")
REASON_LIMIT = 32
REFUSE = "_refuse"  # the one internal function that raises a reason it is given


@dataclass(frozen=True)
class Source:
    """One Vyper file, parsed but not compiled, so that a broken tree can be judged too."""

    root: Path
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(self.root).as_posix()

    @property
    def layer(self) -> str:
        return layer_of(self.path.relative_to(self.root))

    @cached_property
    def tree(self) -> vy_ast.Module:
        text = self.path.read_text()
        return parse_to_ast(text, is_interface=self.path.suffix == ".vyi")

    @property
    def functions(self) -> list[vy_ast.FunctionDef]:
        return self.tree.get_children(vy_ast.FunctionDef)

    def at(self, node: vy_ast.VyperNode, problem: str) -> str:
        return f"{self.name}:{node.lineno}: {problem}"


def layer_of(path: Path) -> str:
    """The layer of a path relative to the root; `unknown` for a file in the wrong place."""
    top, *inner = path.parts
    if top == "interfaces":
        return "interfaces"
    if "mocks" in inner:
        return "mocks"
    if path.stem[:1].isupper():
        return "deployables" if inner[0] not in ("math", "modules") else "unknown"
    if len(inner) == 1 and path.stem in TYPE_FILES:
        return "types"
    return inner[0] if inner[0] in ("math", "modules") else "unknown"


def sources(root: Path) -> list[Source]:
    """All contracts and interfaces but mocks, which keep no house rules."""
    paths = [*(root / "contracts").rglob("*.vy*"), *(root / "interfaces").rglob("*.vyi")]
    found = [Source(root, path) for path in sorted(paths)]
    return [source for source in found if source.layer != "mocks"]


def contracts(root: Path) -> list[Source]:
    return [source for source in sources(root) if source.path.suffix == ".vy"]


def files_are_in_their_layer(root: Path) -> list[str]:
    """CamelCase deploys; a snake_case module is in math/ or modules/, or is types or units."""
    return [
        f"{source.name}: neither a deployable, nor a module in math/ or modules/, nor types, units"
        for source in sources(root)
        if source.layer == "unknown"
    ]


def stems_are_unique(root: Path) -> list[str]:
    """ape mixes up two contracts of one stem, whatever their folders."""
    by_stem = defaultdict(list)
    for path in sorted((root / "contracts").rglob("*.vy*")):
        by_stem[path.stem].append(path.relative_to(root).as_posix())
    return [f"one stem, two files: {', '.join(same)}" for same in by_stem.values() if len(same) > 1]


def imports_point_down(root: Path) -> list[str]:
    """types, units <- math <- modules <- deployables; deployables meet through interfaces only."""
    return [
        source.at(node, f"{source.layer} may not import {target_layer}: {target}")
        for source in sources(root)
        for node, target, target_layer in _imports(source)
        if target_layer not in MAY_IMPORT.get(source.layer, {target_layer})
    ]


def interfaces_have_files(root: Path) -> list[str]:
    """A contract declares no interface of its own: two declarations of one thing drift apart."""
    return [
        source.at(node, f"interface {node.name} belongs in interfaces/{node.name}.vyi")
        for source in contracts(root)
        for node in source.tree.get_children(vy_ast.InterfaceDef)
    ]


def math_is_pure(root: Path) -> list[str]:
    """Mathematics has no state and asks nobody: pure functions and constants only."""
    problems = []
    for source in (source for source in contracts(root) if source.layer == "math"):
        problems += [
            source.at(node, f"{node.name} is not @pure")
            for node in source.functions
            if "pure" not in _decorators(node)
        ]
        problems += [
            source.at(node, f"{node.target.id} is not a constant")
            for node in source.tree.get_children(vy_ast.VariableDecl)
            if not node.is_constant
        ]
    return problems


def math_states_its_error(root: Path) -> list[str]:
    """A result is exact up to the rounding in the function's name, or @custom:error bounds it."""
    return [
        source.at(node, f"{node.name} has neither @custom:error nor its rounding in its name")
        for source in contracts(root)
        if source.layer == "math"
        for node in source.functions
        if node.returns is not None
        and not ROUNDED.search(node.name)
        and not _tag(node, "custom:error")
    ]


def deployables_state_their_kill(root: Path) -> list[str]:
    """The docstring of a deployable says what stops it and what stays open."""
    return [
        f"{source.name}: no @custom:kill in the docstring"
        for source in contracts(root)
        if source.layer == "deployables" and not _tag(source.tree, "custom:kill")
    ]


def functions_have_natspec(root: Path) -> list[str]:
    """@notice and every @param outside; @dev or @notice inside."""
    return [
        source.at(node, f"{node.name}: no {missing}")
        for source in contracts(root)
        for node in source.functions
        for missing in _missing_tags(node)
    ]


def reasons_are_named(root: Path) -> list[str]:
    """Every assert and raise says `topic: reason`, lower case, within one word of 32 bytes."""
    return [
        source.at(node, f"not `topic: reason` in lower case, at most {REASON_LIMIT} characters")
        for source in contracts(root)
        for node in source.tree.get_descendants((vy_ast.Assert, vy_ast.Raise, vy_ast.Call))
        if not _gives_a_reason(node)
    ]


def no_dev_reasons(root: Path) -> list[str]:
    """`# dev:` reasons are not in the bytecode: no backend but ape's own can test for them."""
    return [
        f"{source.name}:{number}: # dev: instead of a reason"
        for source in contracts(root)
        for number, line in enumerate(source.path.read_text().splitlines(), start=1)
        if re.search(r"#\s*dev:", line)
    ]


def sizes_are_within_the_limit(root: Path) -> list[str]:
    return too_large(runtime_sizes(root)) if deployables(root) else []


def _imports(source: Source) -> Iterator[tuple[vy_ast.VyperNode, str, str]]:
    """Each import: its node, the dotted name of what is imported, and the layer of that."""
    for node in source.tree.get_children((vy_ast.Import, vy_ast.ImportFrom)):
        level = getattr(node, "level", 0) or 0
        parts = [part for part in (getattr(node, "module", None), node.name) if part]
        base = source.path.parents[level - 1] if level else source.root
        target = base.joinpath(*".".join(parts).split("."))
        yield node, "." * level + ".".join(parts), _target_layer(source.root, target)


def _target_layer(root: Path, target: Path) -> str:
    for suffix in (".vy", ".vyi"):
        path = target.with_name(target.name + suffix)
        if path.is_file() and path.is_relative_to(root):
            relative = path.relative_to(root)
            return layer_of(relative) if relative.parts[0] == "contracts" else relative.parts[0]
    return "external"


def _decorators(node: vy_ast.FunctionDef) -> set[str]:
    return {decorator.id for decorator in node.decorator_list if hasattr(decorator, "id")}


def _docstring(node: vy_ast.VyperNode) -> str:
    found = getattr(node, "doc_string", None)
    return found.value if found else ""


def _tag(node: vy_ast.VyperNode, tag: str) -> bool:
    """Is there a tag with a text behind it?"""
    return re.search(rf"@{tag}[ \t]+\S", _docstring(node)) is not None


def _missing_tags(node: vy_ast.FunctionDef) -> list[str]:
    if not {"external", "deploy"} & _decorators(node):
        return [] if _tag(node, "notice") or _tag(node, "dev") else ["@notice or @dev"]
    missing = [] if _tag(node, "notice") else ["@notice"]
    names = [argument.arg for argument in node.args.args]
    return missing + [f"@param {name}" for name in names if not _tag(node, rf"param {name}")]


def _gives_a_reason(node: vy_ast.VyperNode) -> bool:
    """An assert, a raise, or a call of `_refuse`, the one function that raises what it is given."""
    if isinstance(node, vy_ast.Assert):
        return _is_reason(node.msg)
    if isinstance(node, vy_ast.Raise):
        function = node.get_ancestor(vy_ast.FunctionDef)
        return function.name == REFUSE or _is_reason(node.exc)
    called = getattr(node.func, "attr", None)
    return called != REFUSE or (len(node.args) == 1 and _is_reason(node.args[0]))


def _is_reason(node: vy_ast.VyperNode | None) -> bool:
    text = node.value if isinstance(node, vy_ast.Str) else ""
    return len(text) <= REASON_LIMIT and REASON.fullmatch(text) is not None
