"""The flattener on small programs: the same result as the program itself, or a refusal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ballast.chain.compiler import project_root

TOOLS = project_root() / "tools" / "kernel"

HELPERS = """
@internal
@pure
def _id(x: int256) -> int256:
    return x

@internal
@pure
def _square(x: int256) -> int256:
    y: int256 = self._id(x)
    y = unsafe_add(y, 1)
    y = unsafe_mul(y, y)
    return y

@internal
@pure
def _sign(x: int256) -> int256:
    y: int256 = 0
    if x < 0:
        y = unsafe_sub(0, 1)
    else:
        y = 1
    return y

@internal
@pure
def _checked(x: int256) -> int256:
    assert x > 0, "test: x"
    return x
"""

SAME = {
    "result of a call, its source written later": """
    c: int256 = unsafe_add(a, b)
    d: int256 = self._id(c)
    c = unsafe_mul(c, 10)
    return unsafe_add(c, d)""",
    "cast, its source written later": """
    c: int256 = unsafe_add(a, b)
    u: uint256 = convert(convert(c, bytes32), uint256)
    c = unsafe_mul(c, 10)
    c = unsafe_add(c, b)
    return unsafe_add(c, convert(convert(u, bytes32), int256))""",
    "local of a callee written in the callee": """
    c: int256 = unsafe_add(a, b)
    return unsafe_add(self._square(c), c)""",
    "one value in two branches": """
    c: int256 = unsafe_mul(self._sign(b), 7)
    return unsafe_add(unsafe_mul(c, c), unsafe_mul(a, c))""",
    "value that may revert, read by one branch": """
    c: int256 = a // b
    d: int256 = c if b > 0 else a
    return d""",
    "words of dead locals": """
    c: int256 = unsafe_mul(a, a)
    d: int256 = unsafe_add(unsafe_mul(c, c), c)
    e: int256 = unsafe_sub(unsafe_mul(d, b), d)
    f: int256 = unsafe_add(unsafe_mul(e, e), e)
    return unsafe_sub(unsafe_mul(f, f), e)""",
}

REFUSED = {
    "call in a branch that may not be taken": "    return self._checked(b) if b > 0 else a",
    "call behind an and": "    return 1 if a > 0 and self._checked(b) > 0 else 0",
    "two returns": """
    return self._early(a)

@internal
@pure
def _early(x: int256) -> int256:
    if x > 0:
        return 1
    return 2""",
}


@pytest.fixture
def flatten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(TOOLS))
    import flatten as module

    monkeypatch.setattr(module, "MATH", tmp_path)
    monkeypatch.setattr(module, "TARGETS", (module.Target("m", "_f"),))
    monkeypatch.setattr(module, "SHARED", set())
    yield module
    sys.modules.pop("flatten", None)


def _write(folder: Path, body: str) -> str:
    text = f"@internal\n@pure\ndef _f(a: int256, b: int256) -> int256:\n{body}\n{HELPERS}"
    (folder / "m.vy").write_text(text)
    return text


def _function(text: str, name: str) -> Callable[[int, int], int]:
    """The program as Python: for small numbers the operators mean the same."""
    space: dict[str, Any] = {name: name for name in ("int256", "uint256", "bytes32")} | {
        "internal": lambda f: f,
        "external": lambda f: f,
        "pure": lambda f: f,
        "convert": lambda x, _: x,
        "unsafe_add": lambda a, b: a + b,
        "unsafe_sub": lambda a, b: a - b,
        "unsafe_mul": lambda a, b: a * b,
    }
    body = text[text.index("@") :] if text.startswith("#") else text
    body = body[body.index("@internal") if "@internal" in body else body.index("@external") :]
    exec(body.replace("self.", ""), space)
    found: Callable[[int, int], int] = space[name]
    return found


def _outcome(function: Callable[[int, int], int], a: int, b: int) -> object:
    try:
        return function(a, b)
    except (ZeroDivisionError, AssertionError) as error:
        return type(error)


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_render__small_program__means_the_same(flatten: Any, tmp_path: Path, body: str) -> None:
    source = _write(tmp_path, body)
    flat = flatten.render()
    assert "_f" not in flat.split("@external")[0]
    before, after = (
        _function(source, "_f"),
        _function("@external" + flat.split("@external")[1], "f"),
    )
    for a in (-3, 0, 1, 5):
        for b in (-2, 0, 1, 4):
            assert _outcome(before, a, b) == _outcome(after, a, b), (a, b, flat)


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_render__what_it_cannot_inline__is_refused(flatten: Any, tmp_path: Path, body: str) -> None:
    _write(tmp_path, body)
    with pytest.raises(flatten.FlattenError):
        flatten.render()
