"""Shortfalls: who draws, how much, and the series of shares that ends with nothing."""

from __future__ import annotations

import pytest

from tests.unit.insurance_fund.world import MAX, VIRTUAL, World, events


@pytest.mark.parametrize("role", ["alice", "bob", "stranger"])
def test_draw__anybody_else__is_refused(world: World, role: str) -> None:
    world.deposit(100 * world.one)
    assert world.refused("draw", 1, sender=getattr(world, role)) == "fund: not margin"


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_draw__min_of_shortfall_and_balance__is_paid(each: World, more: int) -> None:
    each.deposit(100 * each.one)
    shortfall = 100 * each.one + more
    receipt = each.draw(shortfall)
    paid = min(shortfall, 100 * each.one)
    drawn = ("Drawn", {"shortfall": shortfall, "paid": paid, "series": 0})
    begun = ("SeriesBegun", {"series": 1})
    assert events(receipt, each) == [drawn, begun][: 1 if more < 0 else 2]
    assert each.margin.drawn() == paid
    assert each.held(each.margin, each.fund) == [paid, 100 * each.one - paid]
    assert each.fund.series() == (0 if more < 0 else 1)


def test_draw__twice__never_pays_more_than_there_is(each: World) -> None:
    each.deposit(100 * each.one)
    each.draw(70 * each.one)
    each.draw(70 * each.one)
    receipt = each.draw(70 * each.one)
    assert events(receipt, each) == [
        ("Drawn", {"shortfall": 70 * each.one, "paid": 0, "series": 1})
    ]
    assert each.held(each.margin) == [100 * each.one]


@pytest.mark.parametrize("shortfall", [0, 1, MAX])
def test_draw__empty_fund__pays_nothing_and_starts_nothing(world: World, shortfall: int) -> None:
    receipt = world.draw(shortfall)
    drawn = {"shortfall": shortfall, "paid": 0, "series": 0}
    assert events(receipt, world) == [("Drawn", drawn)]
    assert world.margin.drawn() == world.fund.series() == 0


def test_draw__nothing__changes_nothing(world: World) -> None:
    shares = world.deposit(100 * world.one)
    receipt = world.draw(0)
    assert events(receipt, world) == [("Drawn", {"shortfall": 0, "paid": 0, "series": 0})]
    assert world.fund.convertToAssets(shares) == 100 * world.one


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_draw__fees_in_the_vault__are_fetched_before_anybody_loses_all(
    each: World, more: int
) -> None:
    each.deposit(100 * each.one)
    each.accrue(10 * each.one)
    assert each.fund.available() == 110 * each.one
    receipt = each.draw(100 * each.one + more)
    assert each.vault.fetched() == (0 if more < 0 else 1)
    paid = 100 * each.one + more
    assert events(receipt, each) == [("Drawn", {"shortfall": paid, "paid": paid, "series": 0})]
    assert each.fund.totalAssets() == 10 * each.one - more
    each.draw(MAX)
    assert each.held(each.margin, each.fund) == [110 * each.one, 0]
    assert each.fund.series() == 1


def test_draw__vault_that_does_not_answer__pays_what_is_here(world: World) -> None:
    """The vault is asked only where the balance does not do."""
    world.deposit(100 * world.one)
    world.vault.set_mode(1)
    world.draw(99 * world.one)
    assert world.held(world.margin) == [99 * world.one]


def test_draw__while_pending__is_what_it_is_for(world: World) -> None:
    world.deposit(100 * world.one)
    world.margin.set_pending(50 * world.one)
    world.draw(50 * world.one)
    assert world.held(world.margin) == [50 * world.one]


def test_draw__from_all_alike__requested_shares_too(each: World) -> None:
    each.deposit(100 * each.one)
    each.deposit(300 * each.one, each.bob)
    ready = each.request()
    each.draw(200 * each.one)
    each.at(ready)
    paid = each.redeem()
    assert 50 * each.one - 1 <= paid <= 50 * each.one
    left = each.fund.convertToAssets(each.fund.balanceOf(each.bob))
    assert 150 * each.one - 1 <= left <= 150 * each.one + 1


# --- a new series


def emptied(world: World) -> None:
    """Alice had a request, bob an allowance of hers, both had shares."""
    world.deposit(100 * world.one)
    world.deposit(100 * world.one, world.bob)
    world.fund.approve(world.carol, MAX, sender=world.bob)
    world.request()
    world.draw(500 * world.one)


def test_series__after_a_draw_of_all__old_shares_are_worth_nothing(each: World) -> None:
    emptied(each)
    assert each.fund.series() == 1
    assert each.fund.totalSupply() == each.fund.totalAssets() == 0
    for who in (each.alice, each.bob):
        assert each.fund.balanceOf(who) == each.fund.maxRedeem(who) == 0
        assert each.refused("transfer", each.carol, 1, sender=who) == "fund: balance"
    assert each.fund.requested(each.alice) == (0, 0, 0)
    assert each.fund.allowance(each.bob, each.carol) == 0
    args = (each.bob, each.carol, 1)
    assert each.refused("transferFrom", *args, sender=each.carol) == "fund: allowance"
    assert each.refused("cancel") == "fund: no request"


def test_series__new_stakes__share_with_nobody_who_lost_his(each: World) -> None:
    emptied(each)
    shares = each.deposit(40 * each.one, each.carol)
    assert shares == 40 * each.whole == each.fund.totalSupply()
    each.give(2 * each.one)
    worth = each.fund.convertToAssets(shares)
    assert worth >= 42 * each.one - each.one // 10
    again = each.deposit(10 * each.one)
    assert each.fund.balanceOf(each.alice) == again < 10 * each.whole
    ready = each.request()
    each.at(ready)
    assert 10 * each.one - 1 <= each.redeem() <= 10 * each.one


def test_series__old_request_in_its_window__is_none_of_the_new_ones(world: World) -> None:
    """Else whoever asked before he lost all could leave at once with his next stake."""
    world.deposit(100 * world.one)
    ready = world.request()
    world.draw(MAX)
    world.deposit(100 * world.one)
    world.at(ready)
    assert world.fund.maxRedeem(world.alice) == 0
    reason = world.refused("redeem", 1, world.alice, world.alice)
    assert reason == "fund: not ready"
    world.fund.transfer(world.bob, 100 * world.whole, sender=world.alice)


def test_series__gift_before_the_draw__cannot_keep_the_old_one(world: World) -> None:
    """A unit more is a unit more to draw, as long as the shortfall is not covered."""
    world.deposit(100 * world.one)
    world.quote.transfer(world.fund, 1, sender=world.alice)
    world.draw(200 * world.one)
    assert world.held(world.margin) == [100 * world.one + 1]
    assert world.fund.series() == 1


def test_series__left_with_one_unit__goes_on(world: World) -> None:
    shares = world.deposit(100 * world.one)
    world.draw(100 * world.one - 1)
    assert (world.fund.series(), world.fund.balanceOf(world.alice)) == (0, shares)
    assert world.fund.convertToAssets(shares) <= 2
    world.deposit(world.one, world.bob)
    worth = world.fund.convertToAssets(world.fund.balanceOf(world.bob))
    assert world.one - 1 <= worth <= world.one


@pytest.mark.parametrize("times", [1, 2, 3])
def test_series__as_often_as_it_takes(world: World, times: int) -> None:
    for _ in range(times):
        assert world.deposit(world.one) == world.whole
        world.draw(MAX)
    assert world.fund.series() == times
    assert world.held(world.margin) == [times * world.one]


def test_flash__deposit_around_a_draw__only_loses(world: World) -> None:
    world.deposit(100 * world.one)
    before = world.held(world.bob)[0]
    shares = world.deposit(1_000 * world.one, world.bob)
    world.draw(50 * world.one)
    assert world.fund.convertToAssets(shares) < 1_000 * world.one
    assert world.refused("redeem", shares, world.bob, world.bob, sender=world.bob) == (
        "fund: not ready"
    )
    world.at(world.request(owner=world.bob))
    world.redeem(owner=world.bob)
    assert world.held(world.bob)[0] < before
    assert VIRTUAL  # the virtual shares bear their part, which is next to nothing
