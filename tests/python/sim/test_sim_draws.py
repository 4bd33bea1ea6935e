"""`ballast.sim.paths` and `flow`: what is drawn, from which seed, and on both sides."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from ballast.series import Right
from ballast.sim.flow import Board, Flow, FlowTerms, Holdings, Kind, Order, flow
from ballast.sim.paths import MOST_VOL_STEP, PathTerms, path

WALK = PathTerms(days=30)
CLIENTS = FlowTerms()
BOARD = Board()
KIND = Kind(1, 2_000.0, Right.PUT)


def drawn(seed: int = 1, number: int = 0, clients: FlowTerms = CLIENTS) -> Flow:
    return flow(clients, WALK, BOARD, path(WALK, seed, number), seed, number)


# --- paths


def test_path__one_seed_and_number__is_one_path() -> None:
    one, again = path(WALK, 1, 0), path(WALK, 1, 0)
    assert (one.spot == again.spot).all() and (one.vol == again.vol).all()
    for other in (path(WALK, 2, 0), path(WALK, 1, 1)):
        assert not np.array_equal(one.spot[1:], other.spot[1:])


def test_path__many__move_as_much_as_their_volatility_says() -> None:
    """Spot has no drift, its logarithm the variance of a month; volatility wanders as told."""
    paths = [path(WALK, 3, number) for number in range(400)]
    ends = np.array([one.spot[-1] / WALK.spot for one in paths])
    vols = np.array([np.log(one.vol[-1] / WALK.vol) for one in paths])
    assert len(paths[0].spot) == len(paths[0].vol) == WALK.steps + 1 == 721
    assert ends.mean() == pytest.approx(1.0, abs=3 * ends.std() / 20)
    assert np.log(ends).std() == pytest.approx(0.65 * np.sqrt(30 / 365), rel=0.12)
    assert vols.std() == pytest.approx(np.sqrt(30 / 365), rel=0.15)


def test_path__a_step__is_one_that_a_post_may_follow() -> None:
    steps = np.concatenate([np.diff(np.log(path(WALK, 4, n).vol)) for n in range(40)])
    assert abs(steps).max() <= MOST_VOL_STEP + 1e-5
    assert (abs(steps) > 0.99 * MOST_VOL_STEP).any()


def test_path__no_wandering__has_one_volatility() -> None:
    assert set(path(replace(WALK, vol_of_vol=0.0), 1, 0).vol) == {0.65}


# --- flow


def test_flow__one_seed_and_number__is_one_flow() -> None:
    assert drawn() == drawn()
    assert drawn() != drawn(number=1) and drawn() != drawn(seed=2)


def test_flow__as_many_orders_as_it_says__on_both_sides() -> None:
    found = [order for number in range(10) for part in drawn(number=number).steps for order in part]
    assert len(found) == pytest.approx(24 * 30 * 10, rel=0.05)
    buys = [order for order in found if order.lots > 0]
    assert len(buys) / len(found) == pytest.approx(0.5, abs=0.03)
    assert len(drawn().opening) == CLIENTS.opening
    sizes = np.array([order.lots / 10_000 for order in buys])
    assert np.median(sizes) == pytest.approx(1.5, rel=0.05)
    sides = Counter((order.kind.right, order.kind.expiry) for order in buys)
    assert len(sides) == 6 and min(sides.values()) > len(buys) / 6 * 0.85


def test_flow__what_is_sold__was_bought_before() -> None:
    held: Counter[Kind] = Counter()
    for part in drawn().parts:
        for order in part:
            held[order.kind] += order.lots
            assert held[order.kind] >= 0 and order.lots % 1_000 == 0 and order.lots != 0
            assert order.kind.strike in BOARD.strikes


def test_possible__less_is_held_than_drawn__is_what_is_held() -> None:
    held = Holdings()
    assert held.possible(Order(KIND, -5)) == 0
    held.add(KIND, 3)
    assert [held.possible(Order(KIND, lots)) for lots in (-5, -2, 7)] == [-3, -2, 7]
    held.add(KIND, -3)
    assert held.lots == {}
