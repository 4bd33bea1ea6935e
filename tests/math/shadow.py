"""The kernel a second time, in integers without end.

`unsafe_*` arithmetic wraps silently, so a kernel that uses it owes a proof that nothing ever does.
A `Shadow` takes the Vyper source as the compiler understands it (typed, imports resolved), turns
each function into Python over unbounded integers with Vyper's meaning of every operator, and notes
each node whose true value does not fit its type. It then goes on with the wrapped value, as the
machine does, so that its result must equal the bytecode's to the wei.

    shadow = Shadow.of("contracts/Pricer.vy")
    run = shadow.call("mark", forward, strike, discount, variance, tau)
    assert not run.overflows and run.value["call"] == ...

What it does not know (storage, external calls, byte strings) it refuses when it is built, never
when it runs.
"""

from __future__ import annotations

import copy
import math
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vyper import ast as vy_ast
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.phases import CompilerData
from vyper.compiler.settings import Settings
from vyper.semantics.types import BoolT, BytesM_T, IntegerT, StructT
from vyper.semantics.types.base import TYPE_T
from vyper.semantics.types.function import ContractFunctionT, MemberFunctionT

ROOT = Path(__file__).resolve().parents[2]

_WORD = 1 << 256
_LIMIT = 1 << 255  # the bound that every arithmetic intermediate must stay below


class UnsupportedError(Exception):
    """The source uses something outside the pure integer subset."""


class RevertedError(Exception):
    """The call reverts; the argument is the reason, empty if it has none."""


@dataclass(frozen=True)
class Overflow:
    """A node whose exact value does not fit its type."""

    place: str
    value: int

    def __str__(self) -> str:
        return f"{self.place} = {'-' if self.value < 0 else ''}2^{math.log2(abs(self.value)):.2f}"


@dataclass
class Run:
    """What one call did. `value` is an int, a bool, a tuple, a list, or a dict for a struct.

    None if it reverted.
    """

    value: Any = None
    reverted: str | None = None
    overflows: list[Overflow] = field(default_factory=list)


@dataclass(frozen=True)
class _Int:
    """An integer type, with the checks of its operators."""

    bits: int
    signed: bool

    @property
    def low(self) -> int:
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        return (1 << (self.bits - self.signed)) - 1

    def wrap(self, value: int) -> int:
        value &= (1 << self.bits) - 1
        return value - (1 << self.bits) if self.signed and value > self.high else value


class _Machine:
    """The operators that the generated code calls; `n` numbers the node in the source."""

    def __init__(self, places: list[str]) -> None:
        self.places = places
        self.overflows: list[Overflow] = []
        self.peaks: dict[int, int] = {}

    def fit(self, value: int, n: int, kind: _Int) -> int:
        """An unchecked result: noted if it does not fit (or passes 2^255), then wrapped."""
        if -_LIMIT <= value < _LIMIT and kind.low <= value <= kind.high:
            if abs(value) > self.peaks.get(n, 0):
                self.peaks[n] = abs(value)
            return value
        self.overflows.append(Overflow(self.places[n], value))
        return kind.wrap(value)

    @staticmethod
    def safe(value: int, kind: _Int) -> int:
        """A checked result: reverts without a reason if it does not fit."""
        if not kind.low <= value <= kind.high:
            raise RevertedError("")
        return value

    @staticmethod
    def quotient(a: int, b: int) -> int:
        """Truncated toward zero; by zero it is zero."""
        if b == 0:
            return 0
        return (
            -(-a // b) if (a < 0 < b) else (a // b if (a < 0) == (b < 0) or a == 0 else -(a // -b))
        )

    def checked_quotient(self, a: int, b: int, kind: _Int) -> int:
        if b == 0:
            raise RevertedError("")
        return self.safe(self.quotient(a, b), kind)

    def checked_remainder(self, a: int, b: int) -> int:
        if b == 0:
            raise RevertedError("")
        return a - b * self.quotient(a, b)

    def shift_left(self, a: int, b: int, n: int, kind: _Int) -> int:
        return self.fit(a << min(b, 512), n, kind)

    @staticmethod
    def shift_right(a: int, b: int) -> int:
        return a >> min(b, 512)

    @staticmethod
    def convert(value: int, source: _Int | None, target: _Int | None) -> int:
        """Between integers by value, checked; from and to bytes32 (None) by bit pattern."""
        if target is None:
            return value % _WORD
        if source is None:
            return target.wrap(value)
        return _Machine.safe(value, target)

    @staticmethod
    def item(values: Sequence[Any], index: int) -> Any:
        if not 0 <= index < len(values):
            raise RevertedError("")
        return values[index]

    @staticmethod
    def append(values: list[Any], value: Any, bound: int) -> None:
        if len(values) >= bound:
            raise RevertedError("")
        values.append(value)

    @staticmethod
    def require(condition: bool, reason: str) -> None:
        if not condition:
            raise RevertedError(reason)

    @staticmethod
    def span(start: int, stop: int, bound: int | None) -> Iterator[int]:
        if stop < start or (bound is not None and stop - start > bound):
            raise RevertedError("")
        return iter(range(start, stop))

    @staticmethod
    def fail(reason: str) -> Any:
        raise RevertedError(reason)


_OPERATORS = {
    vy_ast.Add: "+", vy_ast.Sub: "-", vy_ast.Mult: "*",
    vy_ast.BitAnd: "&", vy_ast.BitOr: "|", vy_ast.BitXor: "^",
    vy_ast.Eq: "==", vy_ast.NotEq: "!=", vy_ast.Lt: "<",
    vy_ast.LtE: "<=", vy_ast.Gt: ">", vy_ast.GtE: ">=",
    vy_ast.In: "in", vy_ast.NotIn: "not in", vy_ast.And: "and", vy_ast.Or: "or",
}  # fmt: skip
_UNSAFE = {"unsafe_add": "+", "unsafe_sub": "-", "unsafe_mul": "*"}


class _Translator:
    """Vyper functions to Python source, one Python function for each.

    Imports are followed as they are met.
    """

    def __init__(self) -> None:
        self.places: list[str] = []
        self.kinds: list[_Int] = []
        self.constants: list[Any] = []
        self.pending: list[ContractFunctionT] = []
        self.names: dict[int, str] = {}
        self.lines: list[str] = []

    # -- functions

    def function(self, signature: ContractFunctionT) -> str:
        """The Python name of a function; queues its translation on first sight."""
        definition = signature.ast_def
        if id(definition) not in self.names:
            module = Path(definition.module_node.path).stem
            self.names[id(definition)] = f"{module}__{definition.name}_{len(self.names)}"
            self.pending.append(signature)
        return self.names[id(definition)]

    def drain(self) -> None:
        """Translate everything that is queued, and what that calls."""
        while self.pending:
            definition = self.pending.pop().ast_def
            arguments = ", ".join(self._local(a.arg) for a in definition.args.args)
            self.lines.append(f"def {self.names[id(definition)]}({arguments}):")
            self._block(definition.body, 1)

    def _block(self, body: Sequence[Any], depth: int) -> None:
        before = len(self.lines)
        for statement in body:
            self._statement(statement, depth)
        if len(self.lines) == before:
            self._line("pass", depth)

    def _line(self, text: str, depth: int) -> None:
        self.lines.append("    " * depth + text)

    @staticmethod
    def _local(name: str) -> str:
        return f"v_{name}"

    # -- statements

    def _statement(self, node: Any, depth: int) -> None:
        method = getattr(self, f"_do_{type(node).__name__.lower()}", None)
        if method is None:
            raise UnsupportedError(f"{self._where(node)}: {type(node).__name__}")
        method(node, depth)

    def _do_annassign(self, node: Any, depth: int) -> None:
        self._line(f"{self._target(node.target)} = {self._copied(node.value)}", depth)

    def _do_assign(self, node: Any, depth: int) -> None:
        self._line(f"{self._target(node.target)} = {self._copied(node.value)}", depth)

    def _do_augassign(self, node: Any, depth: int) -> None:
        target = self._target(node.target)
        value = self._binary(node, node.op, target, self.expression(node.value), _type(node.target))
        self._line(f"{target} = {value}", depth)

    def _do_return(self, node: Any, depth: int) -> None:
        self._line("return" if node.value is None else f"return {self._copied(node.value)}", depth)

    def _do_expr(self, node: Any, depth: int) -> None:
        self._line(self.expression(node.value), depth)

    def _do_pass(self, node: Any, depth: int) -> None:
        self._line("pass", depth)

    def _do_break(self, node: Any, depth: int) -> None:
        self._line("break", depth)

    def _do_continue(self, node: Any, depth: int) -> None:
        self._line("continue", depth)

    def _do_assert(self, node: Any, depth: int) -> None:
        self._line(f"_.require({self.expression(node.test)}, {self._reason(node.msg)})", depth)

    def _do_raise(self, node: Any, depth: int) -> None:
        self._line(f"_.fail({self._reason(node.exc)})", depth)

    def _do_if(self, node: Any, depth: int) -> None:
        self._line(f"if {self.expression(node.test)}:", depth)
        self._block(node.body, depth + 1)
        if node.orelse:
            self._line("else:", depth)
            self._block(node.orelse, depth + 1)

    def _do_for(self, node: Any, depth: int) -> None:
        name = self._local(node.target.target.id)
        self._line(f"for {name} in {self._iterable(node.iter)}:", depth)
        self._block(node.body, depth + 1)

    def _iterable(self, node: Any) -> str:
        if not (isinstance(node, vy_ast.Call) and node.func.get("id") == "range"):
            return self._copied(node)
        bounds = [self.expression(a) for a in node.args]
        start, stop = bounds if len(bounds) == 2 else ("0", bounds[0])
        limit = next((self.expression(k.value) for k in node.keywords if k.arg == "bound"), "None")
        return f"_.span({start}, {stop}, {limit})"

    def _reason(self, node: Any) -> str:
        return "''" if node is None else self.expression(node)

    def _target(self, node: Any) -> str:
        if isinstance(node, vy_ast.Tuple):
            return "(" + ", ".join(self._target(e) for e in node.elements) + ",)"
        if isinstance(node, vy_ast.Name):
            return self._local(node.id)
        if isinstance(node, vy_ast.Attribute):
            return f"{self._target(node.value)}[{node.attr!r}]"
        if isinstance(node, vy_ast.Subscript):
            return f"{self._target(node.value)}[{self.expression(node.slice)}]"
        raise UnsupportedError(f"{self._where(node)}: assignment to {type(node).__name__}")

    def _copied(self, node: Any) -> str:
        """Structs and arrays are values in Vyper: a copy whenever one is bound or passed."""
        text = self.expression(node)
        return text if isinstance(_type(node), (IntegerT, BoolT, BytesM_T)) else f"_copy({text})"

    # -- expressions

    def expression(self, node: Any) -> str:
        """A Python expression with the value of the node."""
        if node.has_folded_value:
            node = node.get_folded_value()
        method = getattr(self, f"_of_{type(node).__name__.lower()}", None)
        if method is None:
            raise UnsupportedError(f"{self._where(node)}: {type(node).__name__}")
        return str(method(node))

    def _of_int(self, node: Any) -> str:
        return f"({node.value})"

    def _of_nameconstant(self, node: Any) -> str:
        return repr(node.value)

    def _of_str(self, node: Any) -> str:
        return repr(node.value)

    def _of_hex(self, node: Any) -> str:
        return str(int(node.value, 16))

    def _of_list(self, node: Any) -> str:
        return "[" + ", ".join(self._copied(e) for e in node.elements) + "]"

    def _of_tuple(self, node: Any) -> str:
        return "(" + ", ".join(self._copied(e) for e in node.elements) + ",)"

    def _of_name(self, node: Any) -> str:
        value = _constant(node)
        return self._local(node.id) if value is None else self.expression(value)

    def _of_attribute(self, node: Any) -> str:
        if _is_struct(node.value):
            return f"{self.expression(node.value)}[{node.attr!r}]"
        value = _constant(node)
        if value is not None:
            return self.expression(value)
        raise UnsupportedError(f"{self._where(node)}: .{node.attr}")

    def _of_subscript(self, node: Any) -> str:
        return f"_.item({self.expression(node.value)}, {self.expression(node.slice)})"

    def _of_ifexp(self, node: Any) -> str:
        chosen, other = self.expression(node.body), self.expression(node.orelse)
        return f"({chosen} if {self.expression(node.test)} else {other})"

    def _of_boolop(self, node: Any) -> str:
        joint = f" {_OPERATORS[type(node.op)]} "
        return "(" + joint.join(self.expression(v) for v in node.values) + ")"

    def _of_compare(self, node: Any) -> str:
        left, right = self._compared(node.left), self._compared(node.right)
        return f"({left} {_OPERATORS[type(node.op)]} {right})"

    def _compared(self, node: Any) -> str:
        """`unsafe_sub(x, low) > high - low` means to wrap: nothing else sees the value."""
        if not (isinstance(node, vy_ast.Call) and node.func.get("id") == "unsafe_sub"):
            return self.expression(node)
        if node.has_folded_value or _type(node).is_signed:
            return self.expression(node)
        left, right = map(self.expression, node.args)
        return f"{self._kind(_type(node))}.wrap({left} - {right})"

    def _of_unaryop(self, node: Any) -> str:
        value = self.expression(node.operand)
        if isinstance(node.op, vy_ast.Not):
            return f"(not {value})"
        kind = self._kind(_type(node))
        if isinstance(node.op, vy_ast.Invert):
            return f"{kind}.wrap(~{value})"
        return f"_.safe(-{value}, {kind})"

    def _of_binop(self, node: Any) -> str:
        left, right = self.expression(node.left), self.expression(node.right)
        return self._binary(node, node.op, left, right, _type(node))

    def _binary(self, node: Any, op: Any, left: str, right: str, type_: Any) -> str:
        kind = self._kind(type_)
        if isinstance(op, (vy_ast.BitAnd, vy_ast.BitOr, vy_ast.BitXor)):
            return f"({left} {_OPERATORS[type(op)]} {right})"
        if isinstance(op, (vy_ast.Add, vy_ast.Sub, vy_ast.Mult)):
            return f"_.safe({left} {_OPERATORS[type(op)]} {right}, {kind})"
        if isinstance(op, vy_ast.FloorDiv):
            return f"_.checked_quotient({left}, {right}, {kind})"
        if isinstance(op, vy_ast.Mod):
            return f"_.checked_remainder({left}, {right})"
        if isinstance(op, vy_ast.LShift):
            return f"_.shift_left({left}, {right}, {self._number(node)}, {kind})"
        if isinstance(op, vy_ast.RShift):
            return f"_.shift_right({left}, {right})"
        if isinstance(op, vy_ast.Pow):
            return f"_.safe({left} ** {right}, {kind})"
        raise UnsupportedError(f"{self._where(node)}: {type(op).__name__}")

    # -- calls

    def _of_call(self, node: Any) -> str:
        callee = node.func._metadata["type"]
        if isinstance(callee, ContractFunctionT):
            return self._internal(node, callee)
        if isinstance(callee, TYPE_T) and isinstance(callee.typedef, StructT):
            fields = ", ".join(f"{k.arg!r}: {self._copied(k.value)}" for k in node.keywords)
            return "{" + fields + "}"
        if isinstance(callee, MemberFunctionT) and node.func.attr in ("append", "pop"):
            return self._member(node)
        return self._builtin(node)

    def _internal(self, node: Any, callee: ContractFunctionT) -> str:
        if not callee.is_internal:
            raise UnsupportedError(f"{self._where(node)}: external call of {callee.name}")
        given = [self._copied(a) for a in node.args]
        defaults = [self._copied(a.default_value) for a in callee.keyword_args]
        missing = callee.n_total_args - len(given)
        return f"{self.function(callee)}({', '.join(given + defaults[len(defaults) - missing :])})"

    def _member(self, node: Any) -> str:
        values = self._target(node.func.value)
        if node.func.attr == "pop":
            return f"({values}.pop() if {values} else _.fail(''))"
        bound = _type(node.func.value).length
        return f"_.append({values}, {self._copied(node.args[0])}, {bound})"

    def _builtin(self, node: Any) -> str:
        name = node.func.id
        if name == "convert":
            return self._convert(node)
        if name == "empty":
            return self._empty(node.args[0])
        values = [self.expression(a) for a in node.args]
        if name in _UNSAFE:
            exact = f"{values[0]} {_UNSAFE[name]} {values[1]}"
            return f"_.fit({exact}, {self._number(node)}, {self._kind(_type(node))})"
        if name == "unsafe_div":
            exact = f"_.quotient({values[0]}, {values[1]})"
            return f"_.fit({exact}, {self._number(node)}, {self._kind(_type(node))})"
        if name in ("min", "max", "len"):
            return f"{name}({', '.join(values)})"
        if name == "abs":
            return f"_.safe(abs({values[0]}), {self._kind(_type(node))})"
        if name == "isqrt":
            return f"_isqrt({values[0]})"
        raise UnsupportedError(f"{self._where(node)}: {name}()")

    def _convert(self, node: Any) -> str:
        value, source, target = node.args[0], _type(node.args[0]), node._metadata["type"]
        text = self.expression(value)
        if isinstance(target, BoolT):
            return f"({text} != 0)"
        if isinstance(source, BoolT):
            return f"int({text})"
        return f"_.convert({text}, {self._kind(source)}, {self._kind(target)})"

    def _empty(self, node: Any) -> str:
        return self._zero(node._metadata["type"].typedef)

    def _zero(self, type_: Any) -> str:
        if isinstance(type_, StructT):
            return (
                "{" + ", ".join(f"{k!r}: {self._zero(t)}" for k, t in type_.members.items()) + "}"
            )
        if isinstance(type_, BoolT):
            return "False"
        if isinstance(type_, (IntegerT, BytesM_T)):
            return "0"
        if hasattr(type_, "count"):
            return f"[{self._zero(type_.value_type)} for _i in range({type_.count})]"
        return "[]"

    # -- bookkeeping

    def _kind(self, type_: Any) -> str:
        """A reference to the integer type; None stands for 32 bytes."""
        if isinstance(type_, BytesM_T) and type_.length == 32:
            return "None"
        if not isinstance(type_, IntegerT):
            raise UnsupportedError(f"type {type_}")
        kind = _Int(type_.bits, type_.is_signed)
        if kind not in self.kinds:
            self.kinds.append(kind)
        return f"_k{self.kinds.index(kind)}"

    def _number(self, node: Any) -> str:
        self.places.append(f"{self._where(node)}: {node.node_source_code[:60]}")
        return str(len(self.places) - 1)

    @staticmethod
    def _where(node: Any) -> str:
        module = node.module_node  # a folded constant has none
        return f"{Path(module.path).name if module else 'constant'}:{node.lineno}"


def _type(node: Any) -> Any:
    return node._metadata["type"]


def _constant(node: Any) -> Any:
    """The value of a module's constant.

    None for a variable. Storage and immutables are not in the subset.
    """
    info = node._expr_info
    declaration = (
        info.var_info.decl_node if info is not None and info.var_info is not None else None
    )
    if not isinstance(declaration, vy_ast.VariableDecl):
        return None
    if not declaration.is_constant:
        raise UnsupportedError(f"line {node.lineno}: {declaration.target.id} is not a constant")
    return declaration.value


def _is_struct(node: Any) -> bool:
    return isinstance(node._metadata.get("type"), StructT)


def _copy(value: Any) -> Any:
    return copy.deepcopy(value) if isinstance(value, (dict, list)) else value


class Shadow:
    """All functions of a contract and of the modules below it, by `name` or `module.name`."""

    def __init__(self, data: CompilerData) -> None:
        module = data.annotated_vyper_module
        translator = _Translator()
        self._entries: dict[str, str] = {}
        self._collect(module._metadata["type"], "", translator)
        translator.drain()
        self._machine = _Machine(translator.places)
        self.source = "\n".join(translator.lines)
        scope: dict[str, Any] = {"_": self._machine, "_copy": _copy, "_isqrt": math.isqrt}
        scope |= {f"_k{i}": kind for i, kind in enumerate(translator.kinds)}
        exec(compile(self.source, f"<shadow of {data.contract_path}>", "exec"), scope)
        self._functions: dict[str, Callable[..., Any]] = {
            n: scope[p] for n, p in self._entries.items()
        }

    @classmethod
    def of(cls, path: str | Path, root: Path = ROOT) -> Shadow:
        """The shadow of a Vyper file, given from the root that imports are resolved from."""
        bundle = FilesystemInputBundle([Path(sysconfig.get_path("purelib")), root])
        file = bundle.load_file(Path(path))
        return cls(CompilerData(file, input_bundle=bundle, settings=Settings(evm_version="prague")))

    def _collect(self, module: Any, prefix: str, translator: _Translator) -> None:
        for definition in module.function_defs:
            signature = definition._metadata["func_type"]
            if not signature.is_constructor:
                self._entries.setdefault(prefix + definition.name, translator.function(signature))
        for name, info in module.imported_modules.items():
            self._collect(info.module_t, f"{name}.", translator)

    def find(self, name: str) -> str:
        """The one function of this name, wherever among the modules it is."""
        found = [n for n in self._functions if n == name or n.endswith(f".{name}")]
        if len(found) != 1:
            raise KeyError(f"{name}: {', '.join(found) or 'not found'}")
        return found[0]

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Every function that `call` knows."""
        return self._functions

    @property
    def peaks(self) -> dict[str, int]:
        """The largest magnitude that each unchecked node has reached in all calls so far."""
        return {self._machine.places[n]: value for n, value in self._machine.peaks.items()}

    def call(self, name: str, *arguments: Any) -> Run:
        """Run a function and tell its value or revert, and every node that left its type on the
        way.
        """
        self._machine.overflows = []
        run = Run(overflows=self._machine.overflows)
        try:
            run.value = self._functions[name](*map(_copy, arguments))
        except RevertedError as error:
            run.reverted = str(error)
        return run
