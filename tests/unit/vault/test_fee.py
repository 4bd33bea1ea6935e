"""The performance fee: weekly, above the highest price, on shares that stood the whole week."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.unit.vault.world import NOBODY, SPOT, WAD, WEEK, World, events

RATE = WAD // 5


def started(world: World, rate: int = RATE, assets: int = 1_000) -> int:
    """Alice's deposit has stood for the first week; its fee is nothing. Gives the time."""
    world.book.set_sheet_terms(0, 0, rate)
    world.vault.set_fee_receiver(world.fund, sender=world.owner)
    world.deposit(assets * world.one)
    world.chain.advance(WEEK)
    at = world.chain.timestamp
    assert world.vault.poke().events == ()
    return at


def worth(world: World, who: str) -> Fraction:
    """Quote tokens at NAV, not rounded."""
    nav = max(world.vault.nav()[0], 0) // world.scale + 1
    parts = int(world.vault.totalSupply()) + world.virtual
    return Fraction(int(world.vault.balanceOf(who)) * nav, parts * world.one)


@pytest.mark.parametrize("gain", [1, 100, 5_000])
def test_fee__gain_of_a_week__the_receiver_gets_his_share_of_it(each: World, gain: int) -> None:
    started(each)
    each.set_book(SPOT, gain * WAD, 0)
    each.chain.advance(WEEK)
    receipt = each.vault.poke(sender=each.stranger)
    shares = each.vault.balanceOf(each.fund)
    assert events(receipt, each) == [
        ("Transfer", {"sender": NOBODY, "receiver": each.fund, "value": shares}),
        ("FeeMinted", {"receiver": each.fund, "shares": shares}),
    ]
    expected = Fraction(gain, 5)
    assert 0 <= expected - worth(each, each.fund) <= Fraction(gain + 2_000, 10**6)
    parts = int(each.vault.totalSupply()) + each.virtual
    assets = (1_000 + gain) * each.one + 1
    assert each.vault.high_water()[0] == -(-assets * each.virtual * WAD // parts)


def test_fee__low_mark__is_what_counts(world: World) -> None:
    started(world)
    world.set_book(SPOT, 100 * WAD, 100 * WAD)
    world.chain.advance(WEEK)
    world.vault.poke()
    assert world.vault.balanceOf(world.fund) == 0


@pytest.mark.parametrize(("late", "due"), [(-1, False), (0, True), (1, True)])
def test_fee__at_most_once_a_week(world: World, late: int, due: bool) -> None:
    at = started(world)
    world.set_book(SPOT, 100 * WAD, 0)
    world.chain.set_timestamp(at + WEEK + late)
    world.vault.poke()
    assert (world.vault.balanceOf(world.fund) > 0) == due


def test_fee__recovery__is_free(world: World) -> None:
    started(world)
    world.set_book(SPOT, 100 * WAD, 0)
    world.chain.advance(WEEK)
    world.vault.poke()
    shares = world.vault.balanceOf(world.fund)
    for value in (-300, 80):
        world.set_book(SPOT, value * WAD, 0)
        world.chain.advance(WEEK)
        world.vault.poke()
    world.chain.advance(WEEK)
    world.vault.poke()
    assert world.vault.balanceOf(world.fund) == shares


def test_fee__who_comes_in_the_week__adds_nothing_to_it(world: World) -> None:
    started(world)
    world.set_book(SPOT, 100 * WAD, 0)
    world.deposit(9_000 * world.one, world.bob)
    world.chain.advance(WEEK)
    world.vault.poke()
    assert abs(worth(world, world.fund) - 20) < Fraction(1, 10**4)
    assert worth(world, world.bob) > 9_000 - 20 * Fraction(9, 10) - 1


def test_fee__who_leaves_and_returns__pays_nothing_for_the_week(world: World) -> None:
    """Shares that did not stand the week are free, those that did still pay."""
    started(world)
    world.deposit(1_000 * world.one, world.bob)
    world.chain.advance(WEEK)
    world.vault.poke()
    world.set_book(SPOT, 200 * WAD, 0)
    left = int(world.vault.balanceOf(world.bob)) // 2
    world.vault.redeem(left, world.bob, world.bob, sender=world.bob)
    world.deposit(550 * world.one, world.bob)
    world.chain.advance(WEEK)
    world.vault.poke()
    gain = world.vault.high_water()[0]
    assert gain > WAD
    assert abs(worth(world, world.fund) - 150 * Fraction(1, 5)) < Fraction(1, 10)


def test_fee__who_leaves_through_the_queue__pays_nothing_for_the_week(world: World) -> None:
    started(world)
    world.deposit(1_000 * world.one, world.bob)
    world.chain.advance(WEEK)
    world.vault.poke()
    shares = 1_000 * world.whole
    world.vault.requestRedeem(shares, world.bob, world.bob, sender=world.bob)
    world.vault.processRedemptions(1)
    world.deposit(1_000 * world.one, world.bob)
    world.set_book(SPOT, 200 * WAD, 0)
    world.chain.advance(WEEK)
    world.vault.poke()
    assert abs(worth(world, world.fund) - 20) < Fraction(1, 10**3)


def test_fee__price_driven_up_where_nobody_is__costs_a_newcomer_nothing(world: World) -> None:
    """A share unit is left with much value beside it; who comes then is not charged for that."""
    started(world)
    world.vault.redeem(10**21 - 1, world.alice, world.alice, sender=world.alice)
    world.set_book(SPOT, 500 * WAD, 0)
    world.deposit(5_000 * world.one, world.bob)
    before = worth(world, world.bob)
    world.chain.advance(WEEK)
    world.vault.poke()
    assert world.vault.balanceOf(world.fund) == 0
    assert worth(world, world.bob) == before


@pytest.mark.parametrize("flow", ["deposit", "mint", "withdraw", "redeem"])
def test_fee__due_in_a_flow__preview_counts_it(world: World, flow: str) -> None:
    started(world)
    world.set_book(SPOT, 333 * WAD, 7 * WAD)
    world.chain.advance(WEEK)
    amount = 10 * (world.one if flow in ("deposit", "withdraw") else world.whole)
    said = world.vault.method("preview" + flow.title())(amount)
    people = (world.alice,) * (1 if flow in ("deposit", "mint") else 2)
    assert world.vault.method(flow)(amount, *people, sender=world.alice).value == said
    assert world.vault.balanceOf(world.fund) > 0


def test_fee__rate__is_that_of_the_start_of_the_week_and_bounded(world: World) -> None:
    started(world, rate=WAD)  # a sheet that says 100 % gets 30 %
    world.book.set_sheet_terms(0, 0, 0)
    world.set_book(SPOT, 100 * WAD, 0)
    world.chain.advance(WEEK)
    world.vault.poke()
    assert abs(worth(world, world.fund) - 30) < Fraction(1, 10**4)
    shares = world.vault.balanceOf(world.fund)
    world.set_book(SPOT, 300 * WAD, 0)
    world.chain.advance(WEEK)
    world.vault.poke()
    assert world.vault.balanceOf(world.fund) == shares


def test_fee__nobody_to_receive_it__is_none(world: World) -> None:
    started(world)
    world.vault.set_fee_receiver(NOBODY, sender=world.owner)
    world.set_book(SPOT, 100 * WAD, 0)
    world.chain.advance(WEEK)
    supply = world.vault.totalSupply()
    world.vault.poke()
    assert world.vault.totalSupply() == supply


def test_fee__total_loss__restarts_the_week_without_a_fee(world: World) -> None:
    started(world)
    for value in (-2_000, 0):
        world.set_book(SPOT, value * WAD, 0)
        world.chain.advance(WEEK)
        world.vault.poke()
    assert world.vault.balanceOf(world.fund) == 0
    assert world.vault.high_water()[0] == WAD


def test_fee__price_beyond_its_field__is_none(world: World) -> None:
    world.book.set_sheet_terms(0, 0, RATE)
    world.vault.set_fee_receiver(world.fund, sender=world.owner)
    world.deposit(1)
    world.chain.advance(WEEK)
    world.vault.poke()
    world.set_book(SPOT, 2**88 * WAD // 1_000, 0)
    for _ in range(2):
        world.chain.advance(WEEK)
        world.vault.poke()
    assert world.vault.balanceOf(world.fund) == 0
    assert world.vault.high_water()[0] == 2**88 - 1


def test_set_fee_receiver__the_owner_only(world: World) -> None:
    for role in (world.alice, world.desk, world.fund):
        reason = world.refused("set_fee_receiver", world.alice, sender=role)
        assert reason == "vault: not the owner"
    reason = world.refused("set_fee_receiver", world.vault.address, sender=world.owner)
    assert reason == "vault: fee receiver"
    receipt = world.vault.set_fee_receiver(world.bob, sender=world.owner)
    assert events(receipt, world) == [("FeeReceiverChanged", {"receiver": world.bob})]
    assert world.vault.fee_receiver() == world.bob
