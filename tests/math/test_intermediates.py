"""No intermediate leaves its 256 bits, shown by running the source in unbounded integers
(tests/math/shadow.py).

At every corner of the domain and on random points each unchecked node must hold its exact value,
below 2^255, and the result must equal the bytecode's to the wei. The readable source (`black76`)
and what is deployed are both followed.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable

import pytest

from ballast.chain.compiler import find_contract, project_root
from tests.math.bytecode import deployed
from tests.math.domain import Sampler, corners
from tests.math.reference import Point
from tests.math.shadow import Shadow

KERNELS = {"Pricer": "mark", "contracts/math/black76.vy": "_mark"}


@functools.cache
def _shadow(source: str) -> Shadow:
    path = source if source.endswith(".vy") else find_contract(source, project_root())
    return Shadow.of(path)


def _check(source: str, points: Iterable[Point]) -> None:
    shadow, mark = _shadow(source), deployed("Pricer").mark
    name = shadow.find(KERNELS[source])
    for point in points:
        run = shadow.call(name, *point)
        assert run.reverted is None, (run.reverted, point)
        assert not run.overflows, (*map(str, run.overflows), point)
        assert tuple(run.value.values()) == mark.words(*point), point


@pytest.mark.parametrize("source", KERNELS)
def test_mark__every_corner__overflows_nowhere_and_equals_the_bytecode(source: str) -> None:
    _check(source, corners())


@pytest.mark.parametrize("source", KERNELS)
def test_mark__random_points__overflow_nowhere_and_equal_the_bytecode(source: str) -> None:
    _check(source, Sampler(31).points(10_000))


@pytest.mark.parametrize("source", KERNELS)
def test_mark__largest_intermediate__is_below_2_255(source: str) -> None:
    """The peaks of all calls.

    At least one must be large, or the shadow has been looking elsewhere.
    """
    _check(source, [*Sampler(32).points(500), *list(corners())[::50]])
    peak = max(_shadow(source).peaks.values())
    assert 200 < math.log2(peak) < 255
