"""What margin accounts owe, and how much of it they have covered in full."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest

from ballast.chain import RevmChain, rolled_back
from ballast.units import WAD, to_wad
from tests.market import outcome, refused
from tests.unit.book.world import RISK, World

STRIKES = (2_000, 2_050)  # neighbours of the grid: they share a word
RIGHTS = ("call", "put")
ALL = tuple(product(STRIKES, RIGHTS))
SLOAD = 2_100
NO_RISK = (0,) * 5
BLIND, FLOWLESS = 1, 2


@pytest.fixture
def expiry(world: World) -> int:
    found = world.expiries[0]
    world.list_strikes(found, *STRIKES)
    return found


def applied(world: World, series: int, *args: Any) -> str | None:
    return outcome(world.book.apply, series, *args, RISK, 0, sender=world.desk)


# --- the lots


@pytest.mark.parametrize(("strike", "right"), ALL)
def test_apply__escrow__is_between_nothing_and_what_is_held(
    world: World, expiry: int, strike: int, right: str
) -> None:
    """C10. Whatever stands in the three other series of the word."""
    for other in ALL:
        world.apply(world.series(expiry, *other), 7, 9, 5)
    series = world.series(expiry, strike, right)
    for more, reason in (
        (-6, "book: escrow"),
        (-5, None),
        (-4, None),
        (3, None),
        (4, None),
        (5, "book: escrow"),
    ):
        assert applied(world, series, 0, 0, more) == reason, more
    for less, reason in ((3, None), (4, None), (5, "book: escrow")):
        assert applied(world, series, 0, -less, 0) == reason, less
        assert applied(world, series, 0, -less - 1, -1) == reason, less
    for extreme in (2**255 - 1, -(2**255), 2**128, -(2**128)):
        assert applied(world, series, 0, 0, extreme) == "book: escrow"


@pytest.mark.parametrize("most", [2**31 - 2, 2**31 - 1])
def test_apply__escrow_of_all_that_a_field_holds__fits(
    world: World, expiry: int, most: int
) -> None:
    series = world.series(expiry)
    world.apply(series, most, most, most, risk=NO_RISK)
    assert world.prepare(series).value.escrowed == most
    assert tuple(world.book.positions(expiry)[0])[1:] == (most, most, 0, 0, most, 0)


@pytest.mark.parametrize("seed", range(3))
def test_apply__any_order__keeps_every_series_its_own(world: World, expiry: int, seed: int) -> None:
    """Four series of one word, with lots written, held and escrowed, against plain integers."""
    draw = random.Random(seed)
    ghost = {key: [0, 0, 0] for key in ALL}
    for _ in range(80):
        key = draw.choice(ALL)
        move = [draw.choice((0, 0, draw.randint(-6, 9))) for _ in range(3)]
        if draw.random() < 0.2:
            move = [-lots for lots in ghost[key]]
        after = [lots + more for lots, more in zip(ghost[key], move, strict=True)]
        reason = None
        if min(after[:2]) < 0:
            reason = "book: lots"
        elif not 0 <= after[2] <= after[1]:
            reason = "book: escrow"
        series = world.series(expiry, *key)
        assert applied(world, series, *move) == reason
        if reason is None:
            world.apply(series, *move)
            ghost[key] = after
        assert _positions(world, expiry) == ghost
        assert _standings(world, expiry) == ghost
    for key, lots in ghost.items():
        world.apply(world.series(expiry, *key), *(-x for x in lots))
    for strike in STRIKES:
        world.book.delist_strike(expiry, strike * WAD, sender=world.desk)
    assert world.book.expiries() == ()


def _positions(world: World, expiry: int) -> dict[tuple[int, str], list[int]]:
    found = {}
    for p in world.book.positions(expiry):
        strike = p.strike // WAD
        found[strike, "call"] = [p.calls_written, p.calls_held, p.calls_escrowed]
        found[strike, "put"] = [p.puts_written, p.puts_held, p.puts_escrowed]
    return found


def _standings(world: World, expiry: int) -> dict[tuple[int, str], list[int]]:
    found = {}
    for key in ALL:
        args = world.series(expiry, *key), 2_000 * WAD, 1, 1, 60
        standing = world.book.standing(*args)
        found[key] = [standing.written, standing.held, standing.escrowed]
    return found


def test_delist__strike_with_escrow__is_open_interest(world: World, expiry: int) -> None:
    series = world.series(expiry)
    world.apply(series, 0, 4, 4)
    for _ in range(4):
        reason = refused(world.book.delist_strike, expiry, 2_000 * WAD, sender=world.desk)
        assert reason == "book: open interest"
        world.apply(series, 0, -1, -1)
    world.book.delist_strike(expiry, 2_000 * WAD, sender=world.desk)


def test_close__escrow__is_told_and_forgotten(world: World, expiry: int) -> None:
    """D3. A strike that is listed again finds none of it."""
    for n, key in enumerate(ALL, start=1):
        world.apply(world.series(expiry, *key), n, 10 * n, 6 * n)
    receipt = world.book.close(expiry, sender=world.desk)
    assert [(e.name, dict(e.args)) for e in receipt.events] == [
        ("ExpiryClosed", {"expiry": expiry})
    ]
    assert [tuple(p) for p in receipt.value] == [
        (to_wad(2_000), 1, 10, 2, 20, 6, 12),
        (to_wad(2_050), 3, 30, 4, 40, 18, 24),
    ]
    assert world.book.gross_lots() == 0 and world.book.exposure_now()[:3] == (0, 0, 0)
    world.list_strikes(expiry, *STRIKES)
    assert _standings(world, expiry) == {key: [0, 0, 0] for key in ALL}
    for key in ALL:
        series = world.series(expiry, *key)
        assert applied(world, series, 0, 1, 2) == "book: escrow"
        world.apply(series, 0, 1, 1)
    assert _standings(world, expiry) == {key: [0, 1, 1] for key in ALL}


# --- gas


def test_standing__series_without_escrow__reads_no_more(world: World, expiry: int) -> None:
    chain = world.market.chain
    assert isinstance(chain, RevmChain)
    series = [world.series(expiry, *key) for key in ALL]

    def gas(one: int) -> int:
        data = world.book.standing.encode(one, 2_000 * WAD, 1, 1, 60)
        return chain.execution_gas(world.book.address, data)

    for one in series:
        world.apply(one, 5, 5, 0)
    bare = [gas(one) for one in series]
    for one in series[1:]:
        world.apply(one, 0, 0, 5)
    assert gas(series[0]) == bare[0]
    assert all(gas(one) >= cost + SLOAD for one, cost in zip(series[1:], bare[1:], strict=True))


def test_apply__token_trade_in_series_without_escrow__costs_the_same(
    world: World, expiry: int
) -> None:
    """Whatever is escrowed beside it in the word."""
    call, put = world.series(expiry), world.series(expiry, 2_000, "put")
    world.apply(call, 5)
    world.apply(put, 0, 5, 0)
    with rolled_back(world.market.chain):
        before = world.apply(call, 1).gas_used
    world.apply(put, 0, 0, 5)
    assert world.apply(call, 1).gas_used == before


# --- flags


@pytest.mark.parametrize("flags", range(4))
@pytest.mark.parametrize("lots", [(3, 0, 0), (-3, 0, 0), (0, 3, 0), (0, -3, -1)])
def test_apply__flags__say_what_a_trade_leaves(
    world: World, expiry: int, flags: int, lots: tuple[int, int, int]
) -> None:
    """Blind: no fall of U is paid for until the next round. Flowless: liquidations move no flow."""
    series = world.series(expiry)
    world.apply(series, 10, 10, 5)
    world.prepare(series, spot_at=7)
    world.market.chain.advance(100)
    world.prepare(series, spot_at=8)
    flows = world.flows()
    world.apply(series, *lots, flags=flags)
    bought = 0 if flags & FLOWLESS else lots[0] - lots[1]
    assert world.flows() == (flows[0] + bought * RISK[4], flows[1] + bought * RISK[3])
    assert world.prepare(series, spot_at=8).value.is_waiting == bool(flags & BLIND)
    world.market.chain.advance(100)
    assert not world.prepare(series, spot_at=9).value.is_waiting
