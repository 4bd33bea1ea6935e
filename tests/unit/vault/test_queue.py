"""The redemption queue and the exit that needs no price."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import rolled_back
from tests.unit.vault.world import DAY, SPOT, WAD, WEEK, World, events

EXPIRY = 1_798_185_600


def locked(world: World, quote: int = 1_000) -> None:
    """Alice and bob hold a vault of which every quote token is locked."""
    world.deposit(quote * world.one)
    world.deposit(quote * world.one, world.bob)
    world.lock_all()


def request(world: World, whole: int, who: str) -> int:
    amount = whole * world.whole
    return int(world.vault.requestRedeem(amount, who, who, sender=who).value)


def release(world: World, assets: int, paid: int = 0) -> None:
    world.vault.pay(world.trader, paid, 0, assets, 0, 0, sender=world.desk)


# --- requests


def test_request__shares__are_escrowed(each: World) -> None:
    locked(each)
    receipt = each.vault.requestRedeem(
        400 * each.whole, each.stranger, each.alice, sender=each.alice
    )
    assert receipt.value == 0
    moved = {"sender": each.alice, "receiver": each.vault.address, "value": 400 * each.whole}
    asked = {
        "controller": each.stranger,
        "owner": each.alice,
        "request_id": 0,
        "sender": each.alice,
        "shares": 400 * each.whole,
    }
    assert events(receipt, each) == [("Transfer", moved), ("RedeemRequest", asked)]
    assert each.vault.balanceOf(each.alice) == 600 * each.whole
    assert each.vault.pendingRedeemRequest(0, each.stranger) == 400 * each.whole
    assert each.vault.pendingRedeemRequest(0, each.alice) == 0
    assert each.vault.redemptions() == (400 * each.whole, 0, 1, 0)
    assert each.balances()["is_waiting"]


@pytest.mark.parametrize(("more", "refused"), [(-1, True), (0, False), (1, False)])
@pytest.mark.parametrize("price", [1, 2])
def test_request__minimum__is_a_hundred_shares_or_quote_tokens(
    each: World, more: int, refused: bool, price: int
) -> None:
    each.deposit(1_000 * each.one)
    each.set_book(SPOT, (price - 1) * 1_000 * WAD, 0)
    each.vault.poke()
    least = 100 * each.whole
    if price == 2:  # the price of a share is a hair below 2, for the virtual ones
        last = int(each.vault.share_price())
        least = -(-100 * each.whole * WAD // last)
    amount = least + more
    if refused:
        reason = each.refused("requestRedeem", amount, each.alice, each.alice)
        assert reason == "vault: small request"
    else:
        each.vault.requestRedeem(amount, each.alice, each.alice, sender=each.alice)


def test_request__worthless_shares__still_may_wait(world: World) -> None:
    locked(world)
    world.set_book(SPOT, -(10**4) * WAD, 0)
    world.vault.poke()
    request(world, 100, world.alice)
    reason = world.refused("requestRedeem", 99 * world.whole, world.bob, world.bob)
    assert reason == "vault: allowance"
    reason = world.refused(
        "requestRedeem", 99 * world.whole, world.bob, world.bob, sender=world.bob
    )
    assert reason == "vault: small request"


def test_request__more_than_he_has__is_refused(world: World) -> None:
    locked(world)
    args = (1_001 * world.whole, world.alice, world.alice)
    assert world.refused("requestRedeem", *args) == "vault: balance"
    args = (500 * world.whole, world.stranger, world.alice)
    assert world.refused("requestRedeem", *args, sender=world.stranger) == "vault: allowance"
    world.vault.approve(world.stranger, 500 * world.whole, sender=world.alice)
    world.vault.requestRedeem(*args, sender=world.stranger)
    assert world.vault.allowance(world.alice, world.stranger) == 0


def test_waiting__withdrawals_see_nothing__until_the_queue_is_empty(world: World) -> None:
    locked(world)
    request(world, 100, world.alice)
    release(world, 1_000 * world.one)
    for owner in (world.alice, world.bob):
        assert world.vault.maxRedeem(owner) == world.vault.maxWithdraw(owner) == 0
    for method in ("redeem", "withdraw"):
        assert world.refused(method, 1, world.alice, world.alice) == "vault: queue"
    world.vault.processRedemptions(1, sender=world.stranger)
    assert world.vault.maxWithdraw(world.bob) == 900 * world.one
    world.vault.withdraw(1, world.bob, world.bob, sender=world.bob)


# --- the earmark


def test_earmark__quote_set_free__half_is_kept_from_new_cover(each: World) -> None:
    locked(each)
    release(each, 100 * each.one)
    assert each.balances()["earmark"] == 0  # nobody waits
    each.lock_all()
    request(each, 600, each.alice)
    release(each, 300 * each.one + 1, paid=100 * each.one)
    assert each.balances()["earmark"] == 100 * each.one  # half of 200 and a unit, down
    assert each.vault.holdings().free_quote == 100 * each.one + 1
    most = (each.trader, 0, 0, 100 * each.one + 2, 0)
    assert each.refused("take", *most, sender=each.desk) == "vault: cover"
    each.lock_all()
    each.settle(EXPIRY, 50 * each.one, 0, 9, 250 * each.one, 0)
    assert each.balances()["earmark"] == 200 * each.one
    paid = each.vault.processRedemptions(9, sender=each.stranger).value
    assert paid == each.vault.claimable(each.alice)
    assert each.balances()["earmark"] == 0
    assert each.vault.holdings().free_quote <= 1


def test_earmark__a_closing__is_not_stopped_by_it(world: World) -> None:
    locked(world)
    request(world, 600, world.alice)
    release(world, 200 * world.one)
    world.lock_all()
    amount = 50 * world.one
    before = world.held(world.trader)[0]
    release(world, amount, paid=amount)
    assert world.held(world.trader)[0] == before + amount
    assert world.balances()["earmark"] == 100 * world.one


def test_earmark__empty_queue__leaves_none(world: World) -> None:
    locked(world)
    request(world, 100, world.alice)
    release(world, 400 * world.one)
    assert world.balances()["earmark"] == 200 * world.one
    world.vault.processRedemptions(1)
    assert world.balances()["earmark"] == 0
    assert world.vault.holdings().free_quote == 300 * world.one


# --- processing


def test_process__first_in_first_out__at_the_low_mark(each: World) -> None:
    locked(each)
    request(each, 300, each.alice)
    request(each, 200, each.bob)
    each.set_book(SPOT, 0, 200 * WAD)
    each.chain.advance(DAY)
    release(each, 360 * each.one)
    receipt = each.vault.processRedemptions(10, sender=each.stranger)
    first = each.vault.claimable(each.alice)
    assert first == 300 * each.whole * (1_800 * each.one + 1) // (2_000 * each.whole + each.virtual)
    second = each.vault.claimable(each.bob)
    part = 200 * each.whole - each.vault.pendingRedeemRequest(1, each.bob)
    assert receipt.value == first + second <= 360 * each.one
    assert 360 * each.one - receipt.value <= 1
    burnt = {"sender": each.vault.address, "receiver": "0x" + "00" * 20}
    assert events(receipt, each) == [
        (
            "RedemptionProcessed",
            {
                "controller": each.alice,
                "request_id": 0,
                "assets": first,
                "shares": 300 * each.whole,
            },
        ),
        (
            "RedemptionProcessed",
            {"controller": each.bob, "request_id": 1, "assets": second, "shares": part},
        ),
        ("Transfer", {**burnt, "value": 300 * each.whole + part}),
    ]
    assert each.vault.redemptions() == (
        200 * each.whole - part,
        1,
        2,
        first + second,
    )
    assert each.vault.totalSupply() == 1_700 * each.whole - part
    assert each.balances()["cash"] == 2_000 * each.one - first - second


def test_process__order_of_calls__changes_nothing(world: World) -> None:
    """One call for three requests pays what three calls pay, to the unit that flooring leaves."""
    locked(world)
    for who, whole in ((world.alice, 150), (world.bob, 250), (world.alice, 350)):
        request(world, whole, who)
    world.set_book(SPOT, 333 * WAD, 77 * WAD)
    release(world, 2_000 * world.one)
    with rolled_back(world.chain):
        at_once = world.vault.processRedemptions(3).value
    in_steps = sum(world.vault.processRedemptions(1).value for _ in range(3))
    assert 0 <= in_steps - at_once <= 3
    assert world.vault.redemptions()[:3] == (0, 3, 3)


def test_process__no_price__pays_nobody(world: World) -> None:
    locked(world)
    request(world, 100, world.alice)
    release(world, 500 * world.one)
    world.book.set_mode(1)
    assert world.refused("processRedemptions", 1) == "book: broken"
    world.book.set_mode(0)
    world.set_book(SPOT, 0, 2_000 * WAD)
    assert world.refused("processRedemptions", 1) == "vault: below floor"


def test_process__nothing_to_do__does_nothing(world: World) -> None:
    locked(world)
    assert world.vault.processRedemptions(5).value == 0
    request(world, 100, world.alice)
    for count in (0, 5):
        receipt = world.vault.processRedemptions(count)
        assert (receipt.value, events(receipt, world)) == (0, [])
    assert world.vault.redemptions() == (100 * world.whole, 0, 1, 0)


def test_process__more_than_a_batch__takes_several_calls(world: World) -> None:
    world.deposit(10_000 * world.one)
    for _ in range(40):
        request(world, 100, world.alice)
    first = world.vault.processRedemptions(1_000)
    assert world.vault.redemptions()[1] == 32
    assert first.gas_used < 1_000_000
    world.vault.processRedemptions(2**256 - 1)
    assert world.vault.redemptions() == (0, 40, 40, 4_000 * world.one)


def test_process__loss_after_the_request__is_the_waiting_lps_too(world: World) -> None:
    locked(world)
    request(world, 1_000, world.alice)
    world.set_book(SPOT, -1_000 * WAD, 0)
    release(world, 1_500 * world.one)
    world.vault.processRedemptions(1)
    assert world.vault.claimable(world.alice) == 500 * world.one


# --- claims


def test_claim__pull__a_blocked_receiver_stops_nobody(world: World) -> None:
    locked(world)
    request(world, 100, world.alice)
    request(world, 100, world.bob)
    release(world, 1_000 * world.one)
    world.quote.blacklist(world.alice)
    world.vault.processRedemptions(2)
    args = (world.alice,)
    assert world.refused("claim", *args) == "Blacklistable: account is blacklisted"
    before = world.held(world.bob, world.stranger)
    world.vault.claim(world.bob, sender=world.bob)
    world.vault.claim(world.stranger, sender=world.stranger)
    assert world.held(world.bob, world.stranger) == [before[0] + 100 * world.one, before[1]]
    world.quote.unBlacklist(world.alice)
    receipt = world.vault.claim(world.stranger, sender=world.alice)
    claimed = {"controller": world.alice, "receiver": world.stranger, "assets": 100 * world.one}
    assert events(receipt, world) == [("Claimed", claimed)]
    assert world.held(world.stranger)[0] == before[1] + 100 * world.one
    assert world.vault.claim(world.alice, sender=world.alice).value == 0
    assert world.vault.redemptions()[3] == 0


def test_claims__are_no_longer_the_vaults(world: World) -> None:
    locked(world)
    request(world, 500, world.alice)
    release(world, 1_000 * world.one)
    world.vault.processRedemptions(1)
    assert world.vault.totalAssets() == 1_500 * world.one
    assert world.held(world.vault.address) == [2_000 * world.one]
    world.set_book(SPOT, -1_400 * WAD, 0)  # a later loss does not touch them
    assert world.vault.claim(world.alice, sender=world.alice).value == 500 * world.one


# --- cancelling


@pytest.mark.parametrize(("late", "refused"), [(-1, True), (0, False), (1, False)])
def test_cancel__seven_days__later_it_is_free(world: World, late: int, refused: bool) -> None:
    locked(world)
    requested_at = world.chain.timestamp
    request(world, 400, world.alice)
    world.chain.set_timestamp(requested_at + WEEK + late)
    if refused:
        assert world.refused("cancelRedeemRequest", 0) == "vault: too early"
        return
    receipt = world.vault.cancelRedeemRequest(0, sender=world.alice)
    shares = 400 * world.whole
    moved = {"sender": world.vault.address, "receiver": world.alice, "value": shares}
    gone = {"controller": world.alice, "request_id": 0, "shares": shares}
    assert events(receipt, world) == [("Transfer", moved), ("RedeemRequestCancelled", gone)]
    assert world.vault.redemptions() == (0, 1, 1, 0)
    assert world.vault.balanceOf(world.alice) == 1_000 * world.whole
    assert not world.balances()["is_waiting"]
    assert world.refused("cancelRedeemRequest", 0) == "vault: request"


def test_cancel__somebody_else__is_refused(world: World) -> None:
    locked(world)
    request(world, 400, world.alice)
    world.chain.advance(WEEK)
    reason = world.refused("cancelRedeemRequest", 0, sender=world.bob)
    assert reason == "vault: not controller"
    assert world.refused("cancelRedeemRequest", 1) == "vault: not controller"


def test_cancel__openings_stopped__is_free_at_once(world: World) -> None:
    world.deposit(20_000 * world.one)
    request(world, 400, world.alice)
    assert world.refused("cancelRedeemRequest", 0) == "vault: too early"
    world.set_book(SPOT, -4_000 * WAD, 0)
    assert world.vault.poke().value == 3
    world.vault.cancelRedeemRequest(0, sender=world.alice)
    assert world.vault.balanceOf(world.alice) == 20_000 * world.whole


def test_cancel__partly_filled__gives_back_the_rest(world: World) -> None:
    locked(world)
    request(world, 400, world.alice)
    release(world, 100 * world.one)
    world.vault.processRedemptions(1)
    left = world.vault.pendingRedeemRequest(0, world.alice)
    assert 0 <= left - 300 * world.whole <= world.whole // world.one
    world.chain.advance(WEEK)
    assert world.vault.cancelRedeemRequest(0, sender=world.alice).value == left
    assert world.vault.claimable(world.alice) <= 100 * world.one


def test_cancel__holes_in_the_queue__are_skipped(world: World) -> None:
    locked(world)
    ids = [request(world, 100, who) for who in (world.alice, world.bob) * 3]
    world.chain.advance(WEEK)
    for id in ids[::2]:  # alice's
        world.vault.cancelRedeemRequest(id, sender=world.alice)
    release(world, 2_000 * world.one)
    world.vault.processRedemptions(1)
    assert world.vault.redemptions()[1] == 1
    world.vault.processRedemptions(5)
    assert world.vault.redemptions() == (0, 6, 6, 300 * world.one)
    assert world.vault.claimable(world.alice) == 0


def test_cancel__last_one_leaves__takes_all_holes_with_him(world: World) -> None:
    locked(world)
    for _ in range(4):
        request(world, 100, world.alice)
    release(world, 100 * world.one)
    world.chain.advance(WEEK)
    for id in (0, 3, 1, 2):
        world.vault.cancelRedeemRequest(id, sender=world.alice)
    assert world.vault.redemptions() == (0, 4, 4, 0)
    assert world.balances()["earmark"] == 0
    assert request(world, 100, world.bob) == 4
    world.vault.processRedemptions(1)
    assert world.vault.claimable(world.bob) == 100 * world.one


# --- the floor


def test_floor__share_of_free_quote__rounded_down(each: World) -> None:
    each.deposit(1_000 * each.one)
    each.deposit(500 * each.one, each.bob)
    each.vault.take(each.trader, each.one, each.one, 700 * each.one, 0, sender=each.desk)
    shares = 333 * each.whole + 1
    expected = shares * 800 * each.one // (1_500 * each.whole + each.virtual)
    receipt = each.vault.exitAtFloor(shares, each.stranger, sender=each.alice)
    assert receipt.value == expected
    assert events(receipt, each) == [
        ("Transfer", {"sender": each.alice, "receiver": "0x" + "00" * 20, "value": shares}),
        (
            "Withdraw",
            {
                "sender": each.alice,
                "receiver": each.stranger,
                "owner": each.alice,
                "assets": expected,
                "shares": shares,
            },
        ),
    ]


@pytest.mark.parametrize("fault", ["book reverts", "book empty", "all gas", "below floor", "queue"])
def test_floor__every_fault__still_pays(world: World, fault: str) -> None:
    locked(world)
    if fault == "queue":
        request(world, 100, world.bob)
        release(world, 400 * world.one)
        assert world.vault.holdings().free_quote == 200 * world.one  # half is the queue's
    else:
        release(world, 200 * world.one)
    world.book.set_mode({"book reverts": 1, "book empty": 2, "all gas": 3}.get(fault, 0))
    if fault == "below floor":
        world.set_book(SPOT, -5_000 * WAD, 0)
    before = world.held(world.alice)[0]
    world.vault.exitAtFloor(1_000 * world.whole, world.alice, sender=world.alice)
    assert 0 <= 100 * world.one - (world.held(world.alice)[0] - before) <= 1


def test_floor__never_better_than_the_marks__and_dilutes_nobody(each: World) -> None:
    locked(each)
    release(each, 700 * each.one)
    each.set_book(SPOT, -700 * WAD, 50 * WAD)
    price = int(each.vault.share_price())
    said = each.vault.previewRedeem(100 * each.whole)
    paid = each.vault.exitAtFloor(100 * each.whole, each.alice, sender=each.alice).value
    assert paid < said
    assert int(each.vault.share_price()) >= price


@pytest.mark.parametrize("who", ["balance", "supply", "least"])
def test_floor__what_cannot_be__is_refused(world: World, who: str) -> None:
    world.deposit(100 * world.one)
    world.deposit(100 * world.one, world.bob)
    args: dict[str, tuple[Any, ...]] = {
        "balance": (101 * world.whole, world.alice),
        "supply": (201 * world.whole, world.alice),
        "least": (100 * world.whole, world.alice, 100 * world.one),
    }
    reason = {"balance": "vault: balance", "supply": "vault: shares"}
    assert world.refused("exitAtFloor", *args[who]) == reason.get(who, "vault: fewer assets")
