"""Every `@custom:error` in contracts/math, held to the bytecode.

The bound is read from the source line (`@custom:error <kind> <number>`), so that statement and test
cannot drift apart. `relative` is to the true value, `absolute` to one (2^96 at scale Q, or the
total of a probability); either allows the result's last unit or two, which the fixed-point form
rounds away.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import arb

from tests.math import reference as ref
from tests.math.accuracy import BOUNDS
from tests.math.bytecode import deployed
from tests.math.reference import WAD, YEAR

MODULES = Path(__file__).resolve().parents[2] / "contracts" / "math"
Q = 2**96
COUNT = 4_096
ROOT_2LN2 = (2 * arb(2).log()).sqrt()

_STATEMENT = re.compile(r"^def (\w+)\(|@custom:error (.+)$", re.MULTILINE)
_BOUND = re.compile(r"(relative|absolute|value) ([\d.e-]+)")


def statements() -> dict[str, str]:
    """`module.function` to what its `@custom:error` says."""
    found: dict[str, str] = {}
    for path in sorted(MODULES.glob("*.vy")):
        name = ""
        for match in _STATEMENT.finditer(path.read_text()):
            if match[1]:
                name = f"{path.stem}.{match[1]}"
            else:
                found[name] = match[2]
    return found


def stated_errors() -> dict[str, tuple[str, float]]:
    """The kind and number of those that begin with a kind: the others count units, or are exact."""
    bounds = {name: _BOUND.match(text) for name, text in statements().items()}
    return {name: (bound[1], float(bound[2])) for name, bound in bounds.items() if bound}


Arguments = Sequence[int]


@dataclass(frozen=True)
class Case:
    """How to sample a function, what it should give, and what its absolute error is relative to."""

    sample: Callable[[np.random.Generator], Arguments]
    truth: Callable[..., arb]
    unit: Callable[..., Any] = lambda *_: Q
    rounding: int = 1  # units of the result


def _log(random: np.random.Generator, low: float, high: float) -> int:
    return int(2 ** random.uniform(math.log2(low), math.log2(high)))


def _pick(random: np.random.Generator, edges: Sequence[int], value: int) -> int:
    """One in eight is an edge."""
    return int(edges[int(random.integers(len(edges)))]) if random.random() < 0.125 else value


def _contrast(random: np.random.Generator) -> Arguments:
    a = _pick(random, (1, WAD, 2**128, 2**129 - 1), _log(random, 1, 2**129))
    near = max(0, a + _pick(random, (-1, 0, 1), _log(random, 1, 2**128) - _log(random, 1, 2**128)))
    return a, min(_pick(random, (0, 1, a), near), 2**129 - 1)


def _square(limit: float) -> Callable[[np.random.Generator], Arguments]:
    def sample(random: np.random.Generator) -> Arguments:
        spread = int(random.random() * limit * Q)
        small = _log(random, 1, limit * Q)
        return (_pick(random, (0, 1, int(limit * Q)), spread if random.random() < 0.5 else small),)

    return sample


def _log2_over(x: int) -> arb:
    if x == 0:
        return 2 / arb(2).log() * Q
    w = ref.ratio(x, Q).sqrt()
    return ((1 + w) / (1 - w)).log() / arb(2).log() / w * Q


def _exponent(random: np.random.Generator) -> Arguments:
    scale = _pick(random, (1, Q, 2**97), _log(random, 1, 2**97))
    halves = int(random.integers(0, 220)) * Q // 2 + int(random.integers(-1, 2))
    x = int(random.random() * 100 * Q) if random.random() < 0.7 else max(0, halves)
    return _pick(random, (0, 1, Q // 2, 2**254 - 1, 256 * Q, 2**200), x), scale


def _distance(low: float, high: float) -> Callable[[np.random.Generator], Arguments]:
    """D = d / sqrt(2 ln 2) at Q, within (low, high)."""

    def sample(random: np.random.Generator) -> Arguments:
        wide = int(random.uniform(low, high) * Q)
        small = _log(random, 1, Q) * (1 if high > 0 and (low >= 0 or random.random() < 0.5) else -1)
        return (wide if random.random() < 0.8 else small,)

    return sample


def _d(D: int) -> arb:
    return ref.ratio(D, Q) * ROOT_2LN2


def _cumulate(random: np.random.Generator) -> Arguments:
    (D,) = _distance(-12, 12)(random)
    total = _pick(random, (1, Q, WAD, 2**152), _log(random, 1, 2**152))
    return D, int((ref.pdf(_d(D)) * total).floor().unique_fmpz()), total


MONTH, DAY = 30 * 86_400, 86_400


def _tenor(random: np.random.Generator) -> Arguments:
    tau = _pick(
        random, (0, DAY - 1, DAY, MONTH - 1, MONTH, MONTH + 1, 2**27), _log(random, 1, 2**27)
    )
    return tau, *(_pick(random, (0, WAD // 2), _log(random, 1e15, WAD // 2)) for _ in range(2))


def _tenor_truth(tau: int, near: int, far: int) -> arb:
    power = ref.ratio(near if tau < MONTH else far, WAD)
    return ref.ratio(MONTH, max(tau, DAY)) ** power * Q


CASES: dict[str, Case] = {
    "fixed._contrast": Case(_contrast, lambda a, b: ref.ratio(a - b, a + b) * Q),
    "fixed._log2_over": Case(_square(961 / 1089), _log2_over),
    "fixed._log2_over_near": Case(_square(9 / 25), _log2_over),
    "fixed._log2_wide": Case(
        lambda r: (_pick(r, (Q, Q + 1, 2 * Q, 2**191), _log(r, Q, 2**191)),),
        lambda a: ref.ratio(a, Q).log() / arb(2).log() * Q,
    ),
    "shock_grid._step": Case(
        lambda r: (_pick(r, (WAD // 4, WAD, WAD + 1, 4 * WAD), _log(r, WAD // 4, 4 * WAD)),),
        lambda s: ref.ratio(s, WAD).log() / arb(2).log() * Q,
        rounding=4,
    ),
    "shock_grid._tenor": Case(_tenor, _tenor_truth),
    "fixed._exp2_neg": Case(
        _exponent, lambda x, scale: ref.exp2(-ref.ratio(x, Q)) * scale, rounding=2
    ),
    "fixed._sqrt_variance": Case(
        lambda r: (_pick(r, (1, 2, 3, 512 * WAD), _log(r, 1, 512 * WAD)),),
        lambda w: ref.ratio(w, WAD).sqrt() / ROOT_2LN2 * Q,
    ),
    "fixed._sqrt_years": Case(
        lambda r: (_pick(r, (1, 2, 60, 2**27), _log(r, 1, 2**27)),),
        lambda t: ref.ratio(t, YEAR).sqrt() * Q,
    ),
    "gaussian._density": Case(_distance(-20, 20), lambda D: ref.pdf(_d(D)) * Q),
    "gaussian._cumulate": Case(
        _cumulate, lambda D, _, total: ref.cdf(_d(D)) * total, lambda D, _, total: total, 3
    ),
    # the ratio's error counts as it is used: times the density, which is zero past 11.6
    "gaussian._mills": Case(
        _distance(0, 9.8), lambda D: ref.mills(_d(D)) * Q, lambda D: Q / ref.pdf(_d(D))
    ),
    "gaussian._mills_of_minus": Case(
        _distance(-9.8, 0), lambda D: ref.mills(-_d(D)) * Q, lambda D: Q / ref.pdf(_d(D))
    ),
}


def _run(name: str, rows: Sequence[Arguments]) -> list[int]:
    function = deployed("MathHarness").functions[name.split("._")[1]]
    results: list[int] = []
    for start in range(0, len(rows), 256):
        results += function(*map(list, zip(*rows[start : start + 256], strict=True)))
    return results


def excess(case: Case, kind: str, bound: float, arguments: Arguments, result: int) -> float:
    """The error over what is allowed; at most one if the statement is true."""
    truth = case.truth(*arguments)
    scale = abs(truth) if kind == "relative" else case.unit(*arguments)
    allowed = arb(bound) * scale + case.rounding
    return float((abs(truth - result) / allowed).upper())


@pytest.mark.parametrize("name", CASES)
def test_function__sampled_over_its_range__keeps_its_stated_error(name: str) -> None:
    kind, bound = stated_errors()[name]
    assert kind in ("relative", "absolute") and 0 < bound < 1e-15
    random = np.random.default_rng(51)
    rows = [CASES[name].sample(random) for _ in range(COUNT)]
    for arguments, result in zip(rows, _run(name, rows), strict=True):
        assert excess(CASES[name], kind, bound, arguments, result) <= 1, (arguments, result)


@pytest.mark.parametrize("name", CASES)
def test_statement__a_hundred_times_tighter__is_false(name: str) -> None:
    """The samples are sharp enough to tell: no statement is loose by a factor of a hundred."""
    kind, bound = stated_errors()[name]
    random = np.random.default_rng(52)
    rows = [CASES[name].sample(random) for _ in range(COUNT)]
    exact = Case(CASES[name].sample, CASES[name].truth, CASES[name].unit, rounding=0)
    shares = map(
        excess, [exact] * COUNT, [kind] * COUNT, [bound / 100] * COUNT, rows, _run(name, rows)
    )
    assert max(s for s in shares if s == s) > 1


def _slices(count: int) -> list[tuple[int, int, int]]:
    """(theta, rho, psi) that the surface may post, and the extremes that the pricer takes."""
    random = np.random.default_rng(53)
    rows = []
    for _ in range(count):
        theta = _pick(random, (1, 2, WAD, 256 * WAD), _log(random, 1e6, 16 * WAD))
        rho = _pick(random, (1 - WAD, 0, 1, WAD - 1), int(random.uniform(-0.99, 0.99) * WAD))
        limit = 2 * (theta / WAD / (1 + abs(rho) / WAD)) ** 0.5
        rows.append(
            (theta, rho, _pick(random, (0, 1, 64 * WAD), int(limit * random.random() * WAD)))
        )
    return rows


def test_essvi_total_variance__slices_and_strikes__keeps_its_stated_error() -> None:
    kind, bound = stated_errors()["essvi._total_variance"]
    assert kind == "absolute"
    random, slices = np.random.default_rng(54), _slices(COUNT)
    logs = [_pick(random, (-5 * Q, 0, 5 * Q), int(random.uniform(-5, 5) * Q)) for _ in slices]
    harness = deployed("MathHarness").total_variance
    for start in range(0, COUNT, 256):
        part = slice(start, start + 256)
        for row, log, result in zip(
            slices[part], logs[part], harness(slices[part], logs[part]), strict=True
        ):
            theta, rho, psi = (ref.ratio(x, WAD) for x in row)
            truth = ref.essvi_variance(-ref.ratio(log, Q) * arb(2).log(), theta, rho, psi) * WAD
            assert abs(truth - result) <= bound * WAD * (1 + arb("1e-20") * truth), (
                row,
                log,
                result,
            )


def test_essvi_hyperbola__slices__keeps_its_stated_error() -> None:
    kind, bound = stated_errors()["essvi._hyperbola"]
    slices = _slices(COUNT)
    for start in range(0, COUNT, 256):
        rows = slices[start : start + 256]
        for row, found in zip(rows, deployed("MathHarness").hyperbola(rows), strict=True):
            theta, rho, psi = (ref.ratio(x, WAD) for x in row)
            rest = 1 - rho * rho
            names = ("skew", "slope", "rho", "base", "height")
            truths = (theta * rho, psi * arb(2).log(), rho, theta * rest, theta * rest.sqrt())
            for name, truth, result in zip(names, truths, found[:5], strict=True):
                scale = {"relative": abs(truth), "absolute": arb(1)}[kind]
                assert abs(truth * Q - result) <= arb(bound) * scale * Q + 2, (name, row, result)


def test_mark__stated_error__is_the_one_that_the_accuracy_suite_uses() -> None:
    assert stated_errors()["black76._mark"] == ("value", BOUNDS[0])


PRICER = "tests/unit/pricer"
ELSEWHERE = {
    "black76._mark": "test_accuracy.py",
    "black76._price": f"{PRICER}/test_implied_vol.py, equal to the mark",
    "black76._call": f"{PRICER}/test_grid.py",
    "black76._intrinsic": f"{PRICER}/test_mark.py, at zero",
    "black76._rent": f"{PRICER}/test_mark.py, at zero",
    "fixed._wad_floor": f"{PRICER}/test_board.py, expired",
    "board_sum._board": f"{PRICER}/test_board.py",
    "board_sum._expired": f"{PRICER}/test_board.py, expired",
    "essvi._total_variance": "above",
    "essvi._hyperbola": "above",
    "implied._implied_vol": f"{PRICER}/test_implied_vol.py",
    "implied._guess": f"{PRICER}/test_implied_vol.py, through what it starts",
    "shock_grid._grid": f"{PRICER}/test_grid.py",
    "shock_grid._ready": f"{PRICER}/test_grid.py",
}


UNIT = "tests/unit"
MODULES_ELSEWHERE = {
    "account_word": ("tests/math/test_account_word.py",),
    "book_sum": (f"{UNIT}/book/test_valuer.py, to the last bit",),
    "book_words": ("tests/math/test_book_math.py",),
    "carry": (f"{UNIT}/surface/test_views.py",),
    "desk_word": ("tests/math/test_book_math.py", f"{UNIT}/desk/test_roles.py"),
    "exposure": ("tests/math/test_book_math.py", f"{UNIT}/quoter/test_quote.py, to the unit"),
    "hedge_band": ("tests/math/test_hedge_band.py",),
    "mark_out": (f"{UNIT}/book/test_flows.py, to the unit",),
    "payoff": (f"{UNIT}/desk/test_settlement.py, to the unit", "tests/math/test_book_math.py"),
    "position_word": (f"{UNIT}/book/test_positions.py", "tests/math/test_book_math.py"),
    "requirement": (f"{UNIT}/assessor/test_requirement.py", f"{UNIT}/assessor/test_model.py"),
    "roster_word": (f"{UNIT}/book/test_positions.py",),
    "series": (f"{UNIT}/option_token/test_series.py",),
    "shock_cells": (f"{UNIT}/assessor/test_model.py, every cell",),
    "slice_word": (f"{UNIT}/surface/test_views.py",),
    "smile_mark": (f"{UNIT}/quoter/test_quote.py",),
    "strike_list": (f"{UNIT}/book/test_positions.py",),
    "tick_price": ("tests/math/test_tick_price.py",),
    "variance_swap": (f"{UNIT}/surface/test_views.py",),
    "venue_word": ("tests/math/test_venue_word.py",),
}
"""Modules of words and sums, each held as a whole by suites of its own."""


def test_statements__all_of_them__are_tested() -> None:
    """A new function with an `@custom:error` needs a case here, or its module a suite."""
    named = {name for name in statements() if not name.startswith("flat.")}
    single = {name for name in named if name.split(".")[0] not in MODULES_ELSEWHERE}
    assert single == set(CASES) | set(ELSEWHERE)
    assert {name.split(".")[0] for name in named - single} == set(MODULES_ELSEWHERE)
    for suites in MODULES_ELSEWHERE.values():
        for suite in suites:
            assert (MODULES.parents[1] / suite.split(",")[0]).is_file(), suite
