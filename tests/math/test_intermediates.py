"""No intermediate leaves its 256 bits, shown by running the source in unbounded integers
(tests/math/shadow.py).

At every corner of the domain and on random points each unchecked node must hold its exact value,
below 2^255, and the result must equal the bytecode's to the wei. The readable source (`black76`)
and what is deployed are both followed.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest

from ballast.chain.compiler import find_contract, project_root
from tests.math.bytecode import deployed, outcome
from tests.math.domain import (
    DISCOUNT_MAX,
    DISCOUNT_MIN,
    PRICE_MAX,
    PRICE_MIN,
    SHOCKS,
    SUM_PRICE_MAX,
    TAU_MAX,
    VARIANCE_MAX,
    VOL_SHOCK,
    Book,
    GridLeg,
    Sampler,
    corners,
    random_account,
    random_boards,
    random_quote,
)
from tests.math.reference import WAD, YEAR, Point
from tests.math.shadow import Shadow

LEG = ("strike", "calls", "puts")
GRID_LEG = ("forward", "strike", "discount", "variance", "tau", "calls", "puts")
KERNELS = {"Pricer": "mark", "contracts/math/black76.vy": "_mark"}
GRIDS = {"Pricer": "grid", "contracts/math/shock_grid.vy": "_grid"}
IMPLIED = {"Pricer": "implied_vol", "contracts/math/implied.vy": "_implied_vol"}
BOARDS = {"Pricer": "board", "contracts/math/board_sum.vy": "_board"}


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


def _structs(book: Book) -> tuple[Any, ...]:
    forward, discount, tau, (theta, rho, psi), legs = book
    smile = {"theta": theta, "rho": rho, "psi": psi}
    return forward, discount, tau, smile, [dict(zip(LEG, leg, strict=True)) for leg in legs]


def _extreme_books() -> Iterator[Book]:
    """24 legs of the largest size at the same edge: every sum of a board at its largest."""
    prices, sizes = (1_000, WAD, SUM_PRICE_MAX), (2**89 - 1, -(2**89))
    smiles = (
        (256 * WAD, 0, 64 * WAD),
        (WAD, 1 - WAD, WAD),
        *((10**n, 0, 0) for n in range(4, 19, 2)),
        (WAD, WAD // 2, 2 * WAD),
    )
    for price, size, smile in itertools.product(prices, sizes, smiles):
        for tau, discount in itertools.product((1, YEAR, TAU_MAX), (DISCOUNT_MIN, DISCOUNT_MAX)):
            near = math.exp(1.41 * math.sqrt(smile[0] / WAD))  # where volga is largest
            strikes = (price, price // 31 + 1, price * 31, int(price * near), int(price / near))
            for strike in strikes:
                if PRICE_MIN <= strike <= PRICE_MAX and price / 32 < strike < price * 32:
                    yield price, discount, tau, smile, [(strike, size, size)] * 24


@pytest.mark.parametrize("source", BOARDS)
def test_board__largest_books_and_random_books__overflow_nowhere(source: str) -> None:
    shadow = _shadow(source)
    name, ours, refused = shadow.find(BOARDS[source]), deployed("Pricer").board, 0
    books = [*_extreme_books(), *random_boards(120)]
    for book in books:
        run = shadow.call(name, *_structs(book))
        if run.reverted is not None:  # a variance below the least that sums are allowed
            assert run.reverted == "pricer: variance"
            refused += 1
            continue
        assert not run.overflows, (*map(str, run.overflows), book)
        assert tuple(run.value.values()) == ours(*book), book
    assert refused < len(books) // 4


def _accounts() -> Iterator[list[GridLeg]]:
    """Ordinary accounts, and sixteen legs of the largest size at each corner of a leg."""
    random = np.random.default_rng(33)
    yield from (random_account(random) for _ in range(150))
    prices, sizes = (1_000, WAD, SUM_PRICE_MAX), (2**89 - 1, -(2**89))
    terms = itertools.product(
        (DISCOUNT_MIN, DISCOUNT_MAX), (0, 10**4, VARIANCE_MAX), (0, 1, TAU_MAX)
    )
    for (price, size), term in itertools.product(itertools.product(prices, sizes), [*terms]):
        for strike in (price, price // 31 + 1, price * 31):
            if PRICE_MIN <= strike <= PRICE_MAX:
                yield [(price, strike, *term, size, size)] * 16


@pytest.mark.parametrize("source", GRIDS)
def test_grid__largest_and_random_accounts__overflow_nowhere(source: str) -> None:
    shadow, ours = _shadow(source), deployed("Pricer").grid
    fields = ("up", "down", "near_power", "far_power")
    shift = dict(zip(fields, VOL_SHOCK, strict=True))
    shocks = [*SHOCKS[:10], (WAD // 4, -1), (4 * WAD, 1)]
    cells = [{"spot": spot, "volatility": sign} for spot, sign in shocks]
    for legs in _accounts():
        rows = [dict(zip(GRID_LEG, leg, strict=True)) for leg in legs]
        run = shadow.call(shadow.find(GRIDS[source]), rows, cells, shift)
        assert run.reverted is None, (run.reverted, legs[0])
        assert not run.overflows, (*map(str, run.overflows), legs[0])
        assert run.value == list(ours(legs, shocks, VOL_SHOCK)), legs[0]


def _premiums() -> Iterator[tuple[int, int, int, int, int, bool]]:
    """Premiums of random options, and at every corner from nothing to more than everything."""
    random, price = np.random.default_rng(34), deployed("Pricer").price.words
    for quote in (random_quote(random) for _ in range(2_000)):
        forward, strike, discount, _, tau = quote
        for is_call, premium in zip((True, False), price(*quote[:4]), strict=True):
            yield forward, strike, discount, premium, tau, is_call
    corner = itertools.product((1_000, WAD, PRICE_MAX), (DISCOUNT_MIN, DISCOUNT_MAX), (1, TAU_MAX))
    for forward, discount, tau in corner:
        for strike in (forward // 31 + 1, forward - 1, forward, forward + 1, forward * 31):
            if PRICE_MIN <= strike <= PRICE_MAX:
                for is_call, over in itertools.product((True, False), (1, 10**6, 2**60, 2**100)):
                    top = (forward if is_call else strike) * discount // WAD
                    least = max((forward - strike) * (1 if is_call else -1), 0) * discount // WAD
                    for premium in {top - over, least + over, (top + least) // 2}:
                        yield forward, strike, discount, max(premium, 0), tau, is_call


@pytest.mark.parametrize("source", IMPLIED)
def test_implied_vol__random_and_extreme_premiums__overflow_nowhere(source: str) -> None:
    shadow, ours, found = _shadow(source), deployed("Pricer").implied_vol, 0
    name = shadow.find(IMPLIED[source])
    for arguments in _premiums():
        run = shadow.call(name, *arguments)
        theirs = outcome(ours, map(int, arguments))
        if run.reverted is not None:
            assert run.reverted == theirs, arguments
            continue
        assert not run.overflows, (*map(str, run.overflows), arguments)
        assert (run.value,) == theirs, arguments
        found += 1
    assert found > 2_000
