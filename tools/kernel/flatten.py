"""Inlines the kernel: readable functions in, one straight line of arithmetic out.

Vyper's legacy code generator spends about 70 gas on each internal call. The modules of
`contracts/math` are written to be read and tested one by one; this program copies the bodies of
the functions they call into the functions listed in `TARGETS` and writes them to
`contracts/math/flat.vy`. A test runs it again and compares, and another holds both forms to
identical results.

It knows what the kernel uses and refuses the rest. A function to be inlined is internal and pure
and returns once, at its end. Arguments that are names or numbers are substituted, others are
bound to a local first; locals get fresh names. Every local of the legacy generator is a word of
memory that costs gas on first touch, so `_reuse_words` gives the word of a dead local to the
next one of the same type.
"""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from generated import write_or_check

ROOT = Path(__file__).resolve().parents[2]
MATH = ROOT / "contracts" / "math"
TARGET = MATH / "flat.vy"


@dataclass(frozen=True)
class Target:
    """A function to write. `calls` names what it calls rather than inlines, to save bytes: another
    target that is not external, else the function of the readable module.
    """

    home: str
    name: str
    external: bool = True
    calls: tuple[str, ...] = ()


LOGS = ("fixed._log2_over", "fixed._log2_over_near", "fixed._contrast")
TARGETS = (
    Target("fixed", "_log2_over", external=False),
    Target("fixed", "_log2_over_near", external=False),
    Target("fixed", "_log2_wide", external=False, calls=LOGS),
    Target("gaussian", "_cumulate", external=False),
    Target("black76", "_call", external=False),
    Target("black76", "_rent", external=False, calls=LOGS),
    Target("shock_grid", "_tenor", external=False, calls=LOGS),
    Target("shock_grid", "_ready", external=False, calls=(*LOGS, "fixed._sqrt_variance")),
    Target("implied", "_guess", external=False, calls=("fixed._exp2_neg",)),
    Target("smile_mark", "_option", external=False),
    Target("book_sum", "_sums", external=False),
    Target("black76", "_mark"),
    Target("black76", "_price", calls=("black76._call", "fixed._sqrt_variance")),
    Target("board_sum", "_board"),
    Target("shock_grid", "_grid", calls=("black76._call",)),
    Target(
        "implied",
        "_implied_vol",
        calls=("gaussian._cumulate", "fixed._exp2_neg", "fixed._log2_over"),
    ),
)
SHARED = {f"{t.home}.{t.name}" for t in TARGETS if not t.external}
HEAD = '''# pragma version 0.4.3
# pragma optimize gas
"""
@title The kernel, flattened
@license MIT
@notice Written by tools/kernel/flatten.py: do not edit. Read and test the modules it is made
    of. External functions, so that `Pricer` can export them without a copy of their structs.
"""
'''


class FlattenError(Exception):
    """The source uses something that this program cannot inline."""


@dataclass
class Module:
    """One parsed module: its functions, and what its import aliases stand for."""

    path: Path
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)  # constants and structs
    loops: dict[str, str] = field(default_factory=dict)  # type of each loop variable


def parse(name: str) -> Module:
    """Vyper of the kernel is Python to the parser, but for `struct` and the type in `for i: T in
    ...`.
    """
    path = MATH / f"{name}.vy"
    text = path.read_text()
    loops = re.findall(r"^\s*for (\w+): ([\w.]+) in ", text, flags=re.M)
    text = re.sub(r"^(\s*for \w+): [\w.]+ in ", r"\1 in ", text, flags=re.M)
    text = re.sub(r"^struct ", "class ", text, flags=re.M)
    module = Module(path, loops=dict(loops))
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            module.functions[node.name] = node
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module.imports[alias.asname or alias.name] = alias.name
                if node.level > 1:
                    module.outside.add(alias.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            module.names.add(node.target.id)
        elif isinstance(node, ast.ClassDef):
            module.names.add(node.name)
    return module


class Inliner:
    """Flattens one function of one module; `modules` is loaded as calls are met."""

    def __init__(self) -> None:
        self.modules: dict[str, Module] = {}
        self.used: set[str] = set()
        self.outside: set[str] = set()
        self.taken: set[str] = set()
        self.written: set[str] = set()  # of the function at hand: names assigned after declaration
        self.mutable: set[str] = set()  # of the output: names that may still be assigned
        self.loops: dict[str, str] = {}
        self.target = TARGETS[0]

    def typed_loop(self, match: re.Match[str]) -> str:
        return f"{match[1]}for {match[2]}: {self.loops[match[2]]} in "

    def module(self, name: str) -> Module:
        if name not in self.modules:
            self.modules[name] = parse(name)
        return self.modules[name]

    def fresh(self, stem: str) -> str:
        name, n = stem, 1
        while name in self.taken:
            n += 1
            name = f"{stem}{n}"
        self.taken.add(name)
        return name

    def flatten(self, target: Target) -> ast.FunctionDef:
        self.target, home, self.loops = target, target.home, {}
        function = self.module(home).functions[target.name]
        self.taken = {a.arg for a in function.args.args}
        self.written = _written(function.body)
        self.mutable = self.taken & self.written
        names: dict[str, ast.expr] = {a: ast.Name(a) for a in self.taken}
        out: list[ast.stmt] = []
        for statement in function.body:
            self.statement(statement, home, names, out)
        flat = ast.FunctionDef(
            name=function.name,
            args=function.args,
            body=out,
            decorator_list=function.decorator_list,
            returns=function.returns and self.expression(function.returns, home, {}, []),
            type_params=[],
        )
        return ast.fix_missing_locations(flat)

    def statement(
        self, node: ast.stmt, home: str, names: dict[str, ast.expr], out: list[ast.stmt]
    ) -> None:
        def value(e: ast.expr) -> ast.expr:
            return self.expression(e, home, names, out)

        match node:
            case ast.Expr(value=ast.Constant()):
                out.append(node)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind, value=ast.expr() as e):
                new = value(e)
                inlined = isinstance(new, ast.Name) and not isinstance(e, ast.Name)
                final = name not in self.written and not _names(new) & self.mutable
                if (inlined or _is_cast(new)) and final:
                    names[name] = new
                    return
                names[name] = ast.Name(self.fresh(name))
                if name in self.written:
                    self.mutable.add(names[name].id)
                out.append(
                    ast.AnnAssign(target=names[name], annotation=value(kind), value=new, simple=1)
                )
            case ast.Assign(targets=[target], value=e):
                new = value(e)
                out.append(ast.Assign(targets=[value(target)], value=new))
            case ast.AugAssign(target=target, op=op, value=e):
                new = value(e)
                out.append(ast.AugAssign(target=value(target), op=op, value=new))
            case ast.Assert(test=test, msg=reason):
                out.append(ast.Assert(test=value(test), msg=reason))
            case ast.If(test=test, body=body, orelse=orelse):
                new = value(test)
                out.append(
                    ast.If(
                        test=new,
                        body=self.block(body, home, names),
                        orelse=self.block(orelse, home, names),
                    )
                )
            case ast.Expr(value=e):
                out.append(ast.Expr(value(e)))
            case ast.For(target=ast.Name(id=name), iter=over, body=body):
                new = value(over)
                names[name] = ast.Name(self.fresh(name))
                self.mutable.add(names[name].id)
                kind = self.module(home).loops[name]
                self.loops[names[name].id] = (
                    f"{home}.{kind}" if kind in self.module(home).names else kind
                )
                out.append(
                    ast.For(
                        target=names[name], iter=new, body=self.block(body, home, names), orelse=[]
                    )
                )
            case ast.Return(value=ast.expr() as e):
                out.append(ast.Return(value=value(e)))
            case _:
                raise FlattenError(f"{home}: cannot flatten {ast.unparse(node)}")

    def block(self, body: list[ast.stmt], home: str, names: dict[str, ast.expr]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        inner = dict(names)
        for statement in body:
            self.statement(statement, home, inner, out)
        return out

    def expression(
        self, node: ast.expr, home: str, names: dict[str, ast.expr], out: list[ast.stmt]
    ) -> ast.expr:
        module = self.module(home)
        match node:
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.Name(id=name) if name in module.names:
                self.used.add(home)
                return ast.Attribute(ast.Name(home), name)
            case ast.Attribute(value=ast.Name(id=alias), attr=attr) if alias in module.imports:
                self.used.add(module.imports[alias])
                self.outside |= {module.imports[alias]} & module.outside
                return ast.Attribute(ast.Name(module.imports[alias]), attr)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=alias), attr=attr), args=args) if (
                attr.startswith("_")
            ):
                where = home if alias == "self" else module.imports[alias]
                given = [self.expression(a, home, names, out) for a in args]
                full = f"{where}.{attr}"
                if full in self.target.calls or self.is_cold(where, attr):
                    shared = full in SHARED
                    self.used |= set() if shared else {where}
                    owner = ast.Name("self" if shared else where)
                    return ast.Call(func=ast.Attribute(owner, attr), args=given, keywords=[])
                return self.inline(where, attr, given, out)
        new = self.rebuilt(node, home, names, ahead := [])
        if ahead and isinstance(node, ast.IfExp | ast.BoolOp):
            raise FlattenError(f"{home}: a call in {ast.unparse(node)} may not be made")
        out += ahead
        return new

    def rebuilt(
        self, node: ast.expr, home: str, names: dict[str, ast.expr], out: list[ast.stmt]
    ) -> ast.expr:
        copy = type(node)()
        for name, old in ast.iter_fields(node):
            new: object = old
            if isinstance(old, ast.expr):
                new = self.expression(old, home, names, out)
            elif isinstance(old, list):
                new = [self.item(x, home, names, out) for x in old]
            setattr(copy, name, new)
        return copy

    def item(
        self, x: ast.AST, home: str, names: dict[str, ast.expr], out: list[ast.stmt]
    ) -> ast.AST:
        if isinstance(x, ast.keyword):
            return ast.keyword(arg=x.arg, value=self.expression(x.value, home, names, out))
        return self.expression(x, home, names, out) if isinstance(x, ast.expr) else x

    def is_cold(self, where: str, name: str) -> bool:
        return "@custom:cold" in (ast.get_docstring(self.module(where).functions[name]) or "")

    def inline(self, where: str, name: str, given: list[ast.expr], out: list[ast.stmt]) -> ast.expr:
        function = self.module(where).functions[name]
        body = [
            s
            for s in function.body
            if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        ]
        last = body[-1]
        returns = [n for s in body for n in ast.walk(s) if isinstance(n, ast.Return)]
        if not isinstance(last, ast.Return) or last.value is None or len(returns) != 1:
            raise FlattenError(f"{where}.{name} must end in its only return")
        outer, self.written = self.written, _written(body)
        before = set(self.taken)
        names: dict[str, ast.expr] = {}
        for parameter, argument in zip(function.args.args, given, strict=True):
            if _is_plain(argument) and parameter.arg not in self.written:
                names[parameter.arg] = argument
                continue
            assert parameter.annotation is not None
            names[parameter.arg] = ast.Name(self.fresh(parameter.arg))
            out.append(
                ast.AnnAssign(
                    target=names[parameter.arg],
                    annotation=parameter.annotation,
                    value=argument,
                    simple=1,
                )
            )
        for statement in body[:-1]:
            self.statement(statement, where, names, out)
        result = self.expression(last.value, where, names, out)
        self.written = outer
        self.mutable -= self.taken - before  # nobody assigns the locals of a body that has ended
        return result


def _written(body: list[ast.stmt]) -> set[str]:
    """Names assigned after their declaration, in whole or in part."""
    targets = [
        target
        for s in body
        for n in ast.walk(s)
        if isinstance(n, ast.Assign | ast.AugAssign)
        for target in (n.targets if isinstance(n, ast.Assign) else [n.target])
    ]
    return {_base(target) for target in targets}


def _base(node: ast.expr) -> str:
    """The variable that `a`, `a.x` or `a[i]` is a part of."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    assert isinstance(node, ast.Name)
    return node.id


def _is_cast(node: ast.expr) -> bool:
    """`convert(convert(name, bytes32), int256)`: a change of type that costs nothing."""
    return bool(re.fullmatch(r"convert\(convert\(\w+, bytes32\), u?int256\)", ast.unparse(node)))


def _is_plain(node: ast.expr) -> bool:
    """Free to evaluate twice: a name, a number, a constant of a module, a cast."""
    return isinstance(node, ast.Name | ast.Constant | ast.Attribute) or _is_cast(node)


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _rename(node: ast.AST, word: dict[str, str]) -> None:
    for n in ast.walk(node):
        if isinstance(n, ast.Name):
            n.id = word.get(n.id, n.id)


def fuse(block: list[ast.stmt]) -> None:
    """Puts a value that is read once, by the next statement, into that statement: it then stays on
    the stack.
    """
    for s in block:
        for body in (getattr(s, "body", []), getattr(s, "orelse", [])):
            fuse(body)
    i = 0
    while i + 1 < len(block):
        target, after = _target(block[i]), block[i + 1]
        into = getattr(after, "value", None)
        reads = [n for s in block[i + 1 :] for n in ast.walk(s) if _reads(n, target)]
        here = [n for n in ast.walk(into) if _reads(n, target)] if into is not None else []
        local = any(isinstance(s, ast.AnnAssign) and _target(s) == target for s in block[: i + 1])
        last = _target(after) == target or (local and len(reads) == 1)
        safe = into is not None and (not _is_lazy(into) or _is_total(block[i].value))  # type: ignore[attr-defined]
        if target and len(here) == 1 and last and safe and not isinstance(after, ast.AugAssign):
            after.value = _substitute(into, target, block[i].value)  # type: ignore[attr-defined]
            if isinstance(block[i], ast.AnnAssign) and _target(after) == target:
                block[i].value = after.value  # type: ignore[attr-defined]
                del block[i + 1]
            else:
                del block[i]
            i = max(i - 1, 0)
            continue
        i += 1


def _is_lazy(node: ast.expr) -> bool:
    """Whether a part of the expression may not be evaluated."""
    return any(isinstance(n, ast.IfExp | ast.BoolOp) for n in ast.walk(node))


TOTAL_CALLS = {"unsafe_add", "unsafe_sub", "unsafe_mul", "unsafe_div", "min", "max"}
TOTAL_OPERATORS = (ast.LShift, ast.RShift, ast.BitOr, ast.BitAnd, ast.BitXor)


def _is_total(node: ast.expr) -> bool:
    """Whether the expression cannot revert, so that it may be evaluated less often than written."""
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute(value=inner):
            return _is_total(inner)
        case ast.BinOp(left=left, op=op, right=right):
            return isinstance(op, TOTAL_OPERATORS) and _is_total(left) and _is_total(right)
        case ast.Call(func=ast.Name(id=name), args=args) if name in TOTAL_CALLS:
            return all(_is_total(a) for a in args)
    return _is_cast(node)


def choose(block: list[ast.stmt]) -> None:
    """`x: T = 0` and an `if ... else` that assigns x in both branches become one conditional
    expression.
    """
    for s in block:
        for body in (getattr(s, "body", []), getattr(s, "orelse", [])):
            choose(body)
    for i in range(len(block) - 2, -1, -1):
        first, then = block[i], block[i + 1]
        if not isinstance(first, ast.AnnAssign) or not isinstance(then, ast.If):
            continue
        branches = (then.body, then.orelse)
        reads = sum(_reads(n, _target(first)) for n in ast.walk(then))
        if reads or not isinstance(first.value, ast.Constant):
            continue
        if all(len(b) == 1 and _target(b[0]) == _target(first) for b in branches):
            yes, no = (cast(ast.Assign, b[0]).value for b in branches)
            first.value = ast.IfExp(test=then.test, body=yes, orelse=no)
            del block[i + 1]


def _target(node: ast.stmt) -> str:
    """The name that a plain assignment writes, else nothing."""
    match node:
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def _reads(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)


def _substitute(tree: ast.expr, name: str, value: ast.expr) -> ast.expr:
    class Swap(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return value if _reads(node, name) else node

    return cast(ast.expr, Swap().visit(tree))


def reuse_words(block: list[ast.stmt]) -> None:
    """Within a block, a new local takes over the word of one of its type that is not read again."""
    last = {name: i for i, s in enumerate(block) for name in _names(s)}
    word: dict[str, str] = {}
    lent: set[str] = set()
    free: dict[str, list[str]] = {}
    kind: dict[str, str] = {}
    for i, statement in enumerate(block):
        if isinstance(statement, ast.For):
            reuse_words(statement.body)
        declares = isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
        declared = statement.target.id if declares else ""  # type: ignore[attr-defined]
        ending = sorted({word[n] for n in _names(statement) if n in word and last[n] == i})
        _rename(statement, word)
        for w in ending:
            free.setdefault(kind[w], []).append(w)
        if not declares:
            continue
        assert isinstance(statement, ast.AnnAssign) and statement.value is not None
        mine = ast.unparse(statement.annotation)
        if free.get(mine):
            word[declared] = free[mine].pop()
            lent.add(word[declared])
            block[i] = ast.Assign(
                targets=[ast.Name(word[declared])], value=statement.value, lineno=0
            )
        else:
            word[declared] = declared
            kind[declared] = mine
    neutral = {w: f"word_{w}" for w in lent}  # its first owner's name would mislead
    for statement in block:
        _rename(statement, neutral)


def wrap(line: str) -> str:
    """A long line broken behind commas, all of which stand inside parentheses."""
    indent = line[: len(line) - len(line.lstrip())] + "    "
    lines, rest = [], line
    while len(rest) > 100 and (cut := rest.rfind(", ", len(indent) + 8, 100)) > 0:
        lines.append(rest[: cut + 1])
        rest = indent + rest[cut + 2 :]
    return "\n".join([*lines, rest])


def render() -> str:
    """The text of `flat.vy`."""
    inliner, functions = Inliner(), []
    for target in TARGETS:
        flat = inliner.flatten(target)
        tree = ast.parse(ast.unparse(flat)).body[0]  # a copy in which no two places share a node
        assert isinstance(tree, ast.FunctionDef)
        fuse(tree.body)
        choose(tree.body)
        fuse(tree.body)
        reuse_words(tree.body)
        if target.external:
            tree.name = target.name.removeprefix("_")
            tree.decorator_list[0] = ast.Name("external")
        text = ast.unparse(ast.fix_missing_locations(tree))
        functions.append(re.sub(r"^(\s*)for (\w+) in ", inliner.typed_loop, text, flags=re.M))
    above = [f"from .. import {m}" for m in sorted(inliner.outside)]
    beside = [f"from . import {m}" for m in sorted(inliner.used - inliner.outside)]
    text = "\n\n\n".join([HEAD + "\n".join(above + beside), *functions]) + "\n"
    return "\n".join(wrap(line) for line in text.split("\n"))


if __name__ == "__main__":
    raise SystemExit(write_or_check(TARGET, render(), "python tools/kernel/flatten.py"))
