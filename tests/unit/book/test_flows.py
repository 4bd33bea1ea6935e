"""Flows, when they are forgotten, and what clients who bought them have gained."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from ballast.units import WAD
from tests.unit.book.markout import Exact, Rounds
from tests.unit.book.world import World

GAP = 60


@pytest.fixture
def series(world: World) -> int:
    expiry = world.expiries[0]
    world.list_strikes(expiry, 2_000)
    return world.series(expiry)


def bought(world: World, series: int, dollars: int, vega: int = 0) -> None:
    """A client buys this much: one lot written, at the risk of one lot."""
    world.apply(series, 1, risk=(0, 0, 0, vega, dollars))


def resets(receipt: Any) -> list[dict[str, Any]]:
    return [dict(event.args) for event in receipt.events if event.name == "FlowReset"]


# --- when


@pytest.mark.parametrize("early", [1, 0, -1])
def test_reset__gap__counts_from_the_last_reset(world: World, series: int, early: int) -> None:
    """A depth refills with a round of a new time, at least `flow_gap` after the last refill."""
    chain = world.market.chain
    world.prepare(series, spot_at=100)
    reset_at = chain.timestamp - 1
    bought(world, series, 10**12, 5)
    chain.set_timestamp(reset_at + GAP - early)
    receipt = world.prepare(series, spot_at=101)
    if early > 0:
        assert resets(receipt) == [] and world.flows() == (10**12, 5)
    else:
        told = [{"spot": 2_000 * WAD, "flow_delta": 10**12, "toxicity": 0}]
        assert resets(receipt) == told and world.flows() == (0, 5)


@pytest.mark.parametrize("newer", [-1, 0, 1])
def test_reset__round__must_be_newer_than_the_last(world: World, series: int, newer: int) -> None:
    """The gap alone is not enough: a flow counts until the price has had its say."""
    world.prepare(series, spot_at=100)
    bought(world, series, 10**12)
    world.market.chain.advance(10 * GAP)
    receipt = world.prepare(series, spot_at=100 + newer)
    assert len(resets(receipt)) == (newer > 0)
    assert world.flows()[0] == (0 if newer > 0 else 10**12)


def test_reset__within_one_block__happens_once(world: World, series: int) -> None:
    world.market.chain.advance(100)
    assert len(resets(world.prepare(series, spot_at=7))) == 1
    bought(world, series, 10**12)
    assert resets(world.prepare(series, spot_at=7)) == []
    assert world.flows()[0] == 10**12


@pytest.mark.parametrize("version", [0, 1, 2, 2**32 - 1])
def test_prepare__version_of_the_surface__forgets_vega_alone(
    world: World, series: int, version: int
) -> None:
    world.prepare(series, spot_at=1, version=1)
    bought(world, series, 10**12, -(10**11))
    standing = world.prepare(series, spot_at=1, version=version).value
    expected = -(10**11) if version == 1 else 0
    assert (standing.exposure.flow_delta, standing.exposure.flow_vega) == (10**12, expected)
    assert world.flows() == (10**12, expected)


def test_standing__view__is_what_prepare_gives(world: World, series: int) -> None:
    """Q9: due resets are computed in memory too."""
    chain, market = world.market.chain, world.market
    expiry = series >> 128
    world.book.refresh(expiry)
    for step in range(12):
        chain.advance(45)
        market.transmit(2_000 + step)
        spot, at = market.oracle.spot()[:2]
        version = market.surface.version() + step // 5
        view = world.book.standing(series, spot, at, version, GAP)
        done = world.prepare(series, spot / WAD, at, version, GAP).value
        assert view == done
        bought(world, series, 10**12 * (step - 4), 10**9 * step)


# --- the ends of the fields


@pytest.mark.parametrize("sign", [1, -1])
def test_bought__flow_at_the_end_of_its_field__is_pulled_there(
    world: World, series: int, sign: int
) -> None:
    """It never wraps: an exit passes, and the depth stays used up."""
    world.apply(series, 9, risk=(0,) * 5)
    for _ in range(9):
        world.apply(series, -1, risk=(0, 0, 0, sign * 2**60, -sign * 2**60))
    flow, vflow = world.flows()
    assert abs(flow) >= 2**63 - 1 and flow * sign > 0
    assert abs(vflow) >= 2**63 - 1 and vflow * sign < 0


# --- mark-outs


def closed(world: World, series: int, flow: int, spot: float, at: int) -> dict[str, Any]:
    """One round more, in which clients bought `flow`, and which ends at this price."""
    if flow:
        bought(world, series, flow)
    world.market.chain.advance(GAP)
    (reset,) = resets(world.prepare(series, round(spot, 6), at))
    return reset


@pytest.mark.parametrize("seed", range(6))
def test_toxicity__random_rounds__are_the_models_to_the_unit(
    world: World, series: int, seed: int
) -> None:
    """Two horizons, against integers and against the law in fractions."""
    draw = random.Random(seed)
    model, exact = Rounds(), Exact()
    spot = 2_000.0
    for at in range(1, 60):
        spot *= 1 + draw.gauss(0, 0.004)
        price = round(spot, 6)
        flow = 0 if draw.random() < 0.3 else int(draw.gauss(0, 3e13))
        if seed % 2:  # who knows the next price buys before it
            flow = abs(flow) if draw.random() < 0.7 else flow
        if at == 1:
            flow = 0
        reset = closed(world, series, flow, price, at)
        ratio = model.close(flow, round(price * 10**6) * 10**12 // 2_000 // 10**12)
        assert reset["toxicity"] == ratio * 10**12 == world.book.toxicity()
        assert reset["flow_delta"] == flow
        truth = exact.close(flow, Fraction(round(price * 10**6), 10**6))
        assert abs(Fraction(ratio, 10**6) - truth) <= Fraction(1, 10**5)


def test_toxicity__informed_flow__rises_to_what_it_gains(world: World, series: int) -> None:
    """A client who buys a hundredth before each rise of a hundredth gains a hundredth a round."""
    spot, ratios = 2_000.0, []
    for at in range(1, 120):
        reset = closed(world, series, 10**13 if at > 1 else 0, spot, at)
        ratios.append(reset["toxicity"] / WAD)
        spot *= 1.01
    assert ratios[-1] == pytest.approx(1.01**4 - 1, rel=2e-3)  # over four rounds he gains more
    assert all(later >= ratio - 2e-6 for ratio, later in pairwise(ratios))


def test_toxicity__uninformed_and_losing_flow__is_nothing(world: World, series: int) -> None:
    spot = 2_000.0
    for at in range(1, 60):
        reset = closed(world, series, -(10**13), spot, at)
        spot *= 1.01
        assert reset["toxicity"] == 0


def test_toxicity__washing__moves_nothing(world: World, series: int) -> None:
    """Bought and sold in one round leaves no net flow, and a round without one moves no average."""
    spot = 2_000.0
    for at in range(1, 30):
        closed(world, series, 10**13, spot, at)
        spot *= 1.005
    before = world.book.toxicity()
    assert before > 0
    # the last three rounds' flows still mature over four: let them, at an unchanged price
    for at in range(30, 34):
        closed(world, series, 0, spot, at)
    settled = world.book.toxicity()
    for at in range(34, 60):
        bought(world, series, 10**14)
        bought(world, series, -(10**14))
        spot *= 1.01
        assert closed(world, series, 0, spot, at)["toxicity"] == settled


@pytest.mark.parametrize("dust", [1, 2**22 - 1, 2**22, -1, -(2**22)])
def test_toxicity__tiny_flows__leave_the_ratio_as_it_is(
    world: World, series: int, dust: int
) -> None:
    """Dust can neither dilute the ratio nor blow it up: gain and flow fade together, or stand."""
    spot = 2_000.0
    for at in range(1, 60):
        closed(world, series, 10**14, spot, at)
        spot *= 1.005
    spot_at_end = spot
    for at in range(60, 64):
        closed(world, series, 0, spot_at_end, at)
    before = world.book.toxicity()
    for at in range(64, 100):
        closed(world, series, dust, spot_at_end, at)
    # the longer horizon fades three rounds later
    assert world.book.toxicity() == pytest.approx(before, rel=(16 / 15) ** 3 - 1 + 1e-3)


@pytest.mark.parametrize("spot", [10**-3, 10**6, 10**9])
def test_toxicity__price_far_from_the_reference__never_reverts(
    world: World, series: int, spot: float
) -> None:
    """X may be nothing in its grains, or at the end of its field."""
    for at, price in enumerate((2_000, spot, spot * 1.5, 2_000, spot, 2_000), start=1):
        bought(world, series, 2**61)
        world.market.chain.advance(GAP)
        world.prepare(series, price, at)
    assert 0 <= world.book.toxicity() <= (2**32 - 1) * 10**12
