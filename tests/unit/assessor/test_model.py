"""The contract and the float model: the same figure for every cell and every account."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ballast.model.account import LOTS, Assessment, grid_losses, price
from ballast.model.margin import SCENARIOS
from tests.unit.assessor.world import Leg, Sampler, World, call, put

CELL = 1e-9
"""Of spot, for each contract: what the issue asks of a cell. The sample below is held to SHARP."""
SHARP = 1e-12
FIGURES = ("equity", "maintenance", "closing", "sellable", "due", "spot")


def gross(legs: list[Leg]) -> float:
    """Contracts."""
    return sum(leg.owed + leg.owned for leg in legs) / LOTS


def cell_errors(world: World, legs: list[Leg]) -> np.ndarray:
    """Contract less model in each cell, over spot and contracts."""
    found = np.array(world.losses(legs), dtype=np.float64) / 1e18
    sizes = np.array([[max(abs(x.owned - x.owed + x.escrowed), 1)] for x in legs]) / LOTS
    errors: np.ndarray = np.abs(found - world.modelled_losses(legs)) / sizes / world.spot
    return errors


def is_tie(world: World, legs: list[Leg], index: int, scale: float) -> bool:
    """Does a leg lose most, to a scale, in a cell that is the worst, to a scale?"""
    legs_priced = price(world.account(0.0, legs), world.model, world.terms)
    worst = grid_losses(legs_priced, world.terms)
    gains = world.modelled_losses(legs)
    owing = [i for i, p in enumerate(legs_priced) if p.is_live and p.leg.short > 0.0]
    return any(
        gains[index][cell] <= min(gains[i][cell] for i in owing) + scale
        for cell in np.flatnonzero(worst >= worst.max() - scale)
    )


def assert_same(world: World, found: Assessment, model: Assessment, legs: list[Leg]) -> None:
    scale = CELL * world.spot * gross(legs) + 1e-9
    for name in FIGURES:
        assert math.isclose(getattr(found, name), getattr(model, name), abs_tol=scale), name
    assert found.costliest == model.costliest or is_tie(world, legs, found.costliest, scale)
    if (found.initial == 0.0) is (model.initial == 0.0):
        assert math.isclose(found.initial, model.initial, abs_tol=1.25 * scale)
    else:  # a floor begins where anything is required: one of them rounds that to nothing
        assert max(found.maintenance, model.maintenance) <= scale


def test_losses__fixed_sample__each_cell_is_the_models(world: World) -> None:
    sampler, cells = Sampler(20_261_120), 0
    for _ in range(80):
        sampler.market(world)
        legs = sampler.legs()
        errors = cell_errors(world, legs)
        assert errors.max() <= SHARP, legs
        cells += errors.size
    assert cells >= 2_000


@given(st.integers(0, 2**32))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_assess__any_account__is_the_models(world: World, seed: int) -> None:
    sampler = Sampler(seed)
    sampler.market(world)
    legs, cash = sampler.legs(), float(sampler.random.randint(0, 10**6))
    assert cell_errors(world, legs).max() <= CELL
    assert_same(world, world.assess(cash, legs), world.modelled(cash, legs), legs)


@given(st.integers(0, 2**32))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_assess__expiries_that_have_passed__is_the_models(world: World, seed: int) -> None:
    sampler = Sampler(seed)
    sampler.market(world)
    world.passed(-1, settlement=world.spot * sampler.random.uniform(0.5, 1.5))
    world.passed(0)
    legs, cash = sampler.legs(days=(-1, 0, 7, 90)), float(sampler.random.randint(0, 10**6))
    assert_same(world, world.assess(cash, legs), world.modelled(cash, legs), legs)


def test_losses__order_of_the_cells__is_the_published_one(world: World) -> None:
    """A call far in the money moves with spot, one at the money with volatility too."""
    deep, at = world.losses([call(30, 200, owned=LOTS), call(30, 2_000, owned=LOTS)])
    moves = [cell.spot_move for cell in SCENARIOS]
    assert [gain / 1e18 for gain in deep] == pytest.approx([2_000 * m for m in moves], abs=1e-3)
    rises = [gain > 0 for gain in at]
    assert rises == [False, False, True, True, True, False, False, True, False, True]


@pytest.mark.parametrize("strike", [62, 63, 64_000, 64_100, 10**9])
def test_assess__strikes_at_the_kernels_reach__count_what_the_book_counts(
    world: World, strike: int
) -> None:
    """Farther than a factor of 32 from the forward an option is worth its intrinsic value."""
    legs = [call(30, strike, owed=LOTS), put(30, strike, owed=LOTS)]
    assert_same(world, world.assess(0.0, legs), world.modelled(0.0, legs), legs)
    assert world.assess(0.0, legs).equity <= -abs(2_000 - strike) * (1 - 1e-9)


@pytest.mark.parametrize("spot", [1e-6, 0.01, 10.0, 1e6, 1e9, 1e13])
def test_assess__after_any_move_of_spot__gives_a_figure(world: World, spot: float) -> None:
    world.set_spot(spot)
    legs = [
        call(1, 50, owed=2**31 - 1), call(1, 10_000, owned=2**31 - 1), put(2, 1, owed=1),
        put(7, 10**6, owed=2**31 - 1), call(30, 2_000, owned=7), put(30, 2_000, owed=7, escrowed=7),
        call(90, 1_500, owned=2**31 - 1), put(90, 2_500, owed=2**31 - 1),
    ]  # fmt: skip
    for cash in (0.0, 2.0**100):
        found, model = world.assess(cash, legs), world.modelled(cash, legs)
        assert math.isclose(found.maintenance, model.maintenance, rel_tol=1e-6)
        assert found.equity - cash == pytest.approx(model.equity - cash, rel=1e-6, abs=cash * 1e-9)
        for index in range(len(legs)):
            assert world.cut(cash, legs, index, 2**31 - 1, spot).lots <= 2**31 - 1
