"""The shadow interpreter is itself held to the compiler.

Same value, same revert, and no overflow passes unseen.
"""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.math.bytecode import CallRevertedError, deployed
from tests.math.shadow import Shadow, UnsupportedError

PROBE = "tests/harness/ShadowProbe.vy"
INT_MIN, INT_MAX, UINT_MAX = -(2**255), 2**255 - 1, 2**256 - 1


@functools.cache
def shadow() -> Shadow:
    return Shadow.of(PROBE)


def _edges(low: int, high: int) -> st.SearchStrategy[int]:
    near = [low, low + 1, -1, 0, 1, 2, 5, 7, 2**96, 2**128, high - 1, high]
    return (
        st.sampled_from([n for n in near if low <= n <= high])
        | st.integers(low, high)
        | st.integers(max(low, -300), 300)
    )


INT, UINT = _edges(INT_MIN, INT_MAX), _edges(0, UINT_MAX)
ARGUMENTS: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
    "signed": (INT, INT),
    "unsigned": (UINT, UINT),
    "shifts": (INT, UINT, st.integers(0, 300) | UINT),
    "checked_add": (INT, INT),
    "checked_sub": (UINT, UINT),
    "checked_mul": (INT, INT),
    "checked_div": (INT, INT),
    "checked_mod": (INT, INT),
    "negated": (INT,),
    "converted": (INT, UINT),
    "patterns": (INT, UINT),
    "guarded": (UINT | st.sampled_from([7, 10**18, 10**18 + 1]),),
    "structured": (INT, INT),
    "tuples": (INT,),
    "looped": (st.lists(INT | st.sampled_from([0, 99]), max_size=8),),
    "logical": (INT, INT),
    "ranged": (UINT,),
}


def _flat(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(value.values())
    return value


@pytest.mark.parametrize("name", ARGUMENTS)
def test_call__any_argument__equals_the_bytecode(name: str) -> None:
    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.tuples(*ARGUMENTS[name]))
    def check(arguments: tuple[Any, ...]) -> None:
        run = shadow().call(name, *arguments)
        try:
            expected = deployed(PROBE).functions[name](*arguments)
        except CallRevertedError as error:
            assert run.reverted == (error.reason or "")
        else:
            assert run.reverted is None and _flat(run.value) == expected

    check()


def test_probe__every_function__is_tried() -> None:
    assert set(deployed(PROBE).functions) == set(ARGUMENTS)


@pytest.mark.parametrize(
    ("a", "b", "nodes"),
    [
        (INT_MAX, 1, ["unsafe_add"]),
        (INT_MIN, 1, ["unsafe_sub"]),
        (INT_MIN, -1, ["unsafe_add", "unsafe_mul", "unsafe_div"]),
        (2**128, 2**127, ["unsafe_mul"]),  # exactly 2^255
        (2**128, -(2**127), []),  # exactly -2^255 fits
        (2**127, 2**127, []),
    ],
)
def test_call__unchecked_overflow__is_noted(a: int, b: int, nodes: list[str]) -> None:
    run = shadow().call("signed", a, b)
    assert run.reverted is None
    assert [o.place.split(": ")[1].split("(")[0] for o in run.overflows] == nodes
    assert all(not INT_MIN <= o.value <= INT_MAX for o in run.overflows)


def test_call__unsigned_below_zero_or_past_2_255__is_noted() -> None:
    below = shadow().call("unsigned", 1, 2).overflows
    assert [o.value for o in below] == [-1]
    above = shadow().call("unsigned", 2**255 - 1, 1).overflows
    assert [o.value for o in above] == [2**255]


def test_call__a_difference_that_is_only_compared__may_wrap() -> None:
    """The idiom of a range check: nothing else sees the wrapped value."""
    run = shadow().call("ranged", 0)
    assert run.value is True and not run.overflows


def test_call__lost_bits_of_a_left_shift__are_noted() -> None:
    assert [o.value for o in shadow().call("shifts", -3, 0, 255).overflows] == [-3 << 255]
    assert not shadow().call("shifts", -1, 0, 255).overflows


def test_peaks__after_a_call__hold_the_largest_intermediate() -> None:
    fresh = Shadow.of(PROBE)
    fresh.call("tuples", 5)
    assert fresh.peaks == {}
    fresh.call("structured", 3, 5)
    fresh.call("structured", 3, 50)
    assert max(fresh.peaks.values()) == 100


def test_of__storage__is_refused(tmp_path: Any) -> None:
    source = "x: uint256\n\n@external\n@view\ndef f() -> uint256:\n    return self.x\n"
    (tmp_path / "Stateful.vy").write_text(source)
    with pytest.raises(UnsupportedError):
        Shadow.of("Stateful.vy", root=tmp_path)
