"""Going out: request, cooldown, window, the lower of two values, cancel; transfers meanwhile."""

from __future__ import annotations

import pytest

from tests.unit.insurance_fund.world import (
    COOLDOWN,
    MAX,
    NOBODY,
    VIRTUAL,
    WINDOW,
    World,
    events,
)

# --- request


def test_request__shares__are_locked_and_stay_his(each: World) -> None:
    shares = each.deposit(100 * each.one)
    ready = each.chain.timestamp + 60 + COOLDOWN
    each.at(ready - COOLDOWN)
    receipt = each.fund.request(shares - 3, sender=each.alice)
    assert receipt.value == ready
    assert events(receipt, each) == [
        (
            "LeaveRequested",
            {"owner": each.alice, "shares": shares - 3, "ready": ready, "lapses": ready + WINDOW},
        )
    ]
    assert each.fund.requested(each.alice) == (shares - 3, ready, ready + WINDOW)
    assert each.fund.balanceOf(each.alice) == each.fund.totalSupply() == shares
    assert each.refused("transfer", each.bob, 4) == "fund: requested"
    each.fund.transfer(each.bob, 3, sender=each.alice)
    assert each.refused("transfer", each.bob, 1) == "fund: requested"
    each.fund.transfer(each.bob, 0, sender=each.alice)


@pytest.mark.parametrize(("more", "refused"), [(-1, False), (0, False), (1, True)])
def test_request__at_most_what_he_has(world: World, more: int, refused: bool) -> None:
    shares = world.deposit(100 * world.one)
    if refused:
        assert world.refused("request", shares + more) == "fund: balance"
        assert world.fund.requested(world.alice) == (0, 0, 0)
    else:
        world.request(shares + more)
        assert world.fund.requested(world.alice)[0] == shares + more
    assert world.refused("request", MAX) == "fund: balance"


def test_request__nothing__is_refused(world: World) -> None:
    world.deposit(100 * world.one)
    assert world.refused("request", 0) == "fund: no shares"


def test_request__again__takes_the_place_of_the_first_and_starts_anew(world: World) -> None:
    shares = world.deposit(100 * world.one)
    first = world.request(shares)
    world.at(first - 1)
    second = world.request(shares // 4)
    assert second == first - 1 + COOLDOWN
    assert world.fund.requested(world.alice) == (shares // 4, second, second + WINDOW)
    world.fund.transfer(world.bob, shares // 2, sender=world.alice)
    world.at(first + 60)
    assert world.refused("redeem", 1, world.alice, world.alice) == "fund: not ready"


# --- when


@pytest.mark.parametrize(
    ("wait", "accepted"),
    [
        (60, False),
        (COOLDOWN - 1, False),
        (COOLDOWN, True),
        (COOLDOWN + 1, True),
        (COOLDOWN + WINDOW - 1, True),
        (COOLDOWN + WINDOW, True),
        (COOLDOWN + WINDOW + 1, False),
    ],
)
@pytest.mark.parametrize("method", ["redeem", "withdraw"])
def test_leave__in_the_window_only(world: World, method: str, wait: int, accepted: bool) -> None:
    world.deposit(100 * world.one)
    ready = world.request()
    world.at(ready - COOLDOWN + wait)
    amount = world.whole if method == "redeem" else world.one
    if accepted:
        world.fund.method(method)(amount, world.alice, world.alice, sender=world.alice)
        assert world.fund.totalSupply() == 99 * world.whole
    else:
        reason = world.refused(method, amount, world.alice, world.alice)
        assert reason == "fund: not ready"


def test_leave__maxima__are_zero_out_of_the_window(world: World) -> None:
    shares = world.deposit(100 * world.one)
    ready = world.request()
    seen = []
    for at in (ready - 10, ready + 10, ready + WINDOW + 10):
        world.at(at)
        seen.append((world.fund.maxRedeem(world.alice), world.fund.maxWithdraw(world.alice)))
    assert seen == [(0, 0), (shares, 100 * world.one), (0, 0)]


def test_leave__after_the_window__the_request_has_lapsed(world: World) -> None:
    shares = world.deposit(100 * world.one)
    ready = world.request()
    world.at(ready + WINDOW + 1)
    assert world.fund.requested(world.alice) == (0, 0, 0)
    assert world.refused("cancel") == "fund: no request"
    world.fund.transfer(world.bob, shares, sender=world.alice)
    assert world.fund.balanceOf(world.bob) == shares


# --- how much


def test_redeem__whole_request__pays_and_burns(each: World) -> None:
    shares = each.deposit(100 * each.one)
    each.deposit(50 * each.one, each.bob)
    ready = each.request()
    each.at(ready)
    before = each.held(each.carol)[0]
    receipt = each.fund.redeem(shares, each.carol, each.alice, sender=each.alice)
    assert receipt.value == 100 * each.one
    assert events(receipt, each) == [
        ("Transfer", {"sender": each.alice, "receiver": NOBODY, "value": shares}),
        (
            "Withdraw",
            {
                "sender": each.alice,
                "receiver": each.carol,
                "owner": each.alice,
                "assets": 100 * each.one,
                "shares": shares,
            },
        ),
    ]
    assert each.held(each.carol, each.fund) == [before + 100 * each.one, 50 * each.one]
    assert each.fund.requested(each.alice) == (0, 0, 0)
    assert each.fund.totalSupply() == 50 * each.whole


def test_redeem__in_parts__up_to_the_request(world: World) -> None:
    world.deposit(100 * world.one)
    ready = world.request(60 * world.whole)
    world.at(ready)
    world.redeem(20 * world.whole)
    assert world.fund.requested(world.alice)[0] == 40 * world.whole
    reason = world.refused("redeem", 40 * world.whole + 1, world.alice, world.alice)
    assert reason == "fund: not ready"
    world.fund.withdraw(40 * world.one, world.alice, world.alice, sender=world.alice)
    assert world.fund.balanceOf(world.alice) == 40 * world.whole
    assert world.refused("redeem", 1, world.alice, world.alice) == "fund: not ready"
    world.fund.transfer(world.bob, 40 * world.whole, sender=world.alice)


@pytest.mark.parametrize("change", ["gain", "loss"])
@pytest.mark.parametrize("method", ["redeem", "withdraw"])
def test_leave__at_the_lower_of_the_two_values(each: World, change: str, method: str) -> None:
    """Gains in the meantime are the others', losses are his too."""
    shares = each.deposit(100 * each.one)
    each.deposit(100 * each.one, each.bob)
    each.give(13)
    ready = each.request()
    then = each.fund.totalAssets() + 1, each.fund.totalSupply() + VIRTUAL
    if change == "gain":
        each.give(20 * each.one + 1)
    else:
        each.draw(80 * each.one + 1)
    now = each.fund.totalAssets() + 1, each.fund.totalSupply() + VIRTUAL
    each.at(ready)
    part = shares // 3
    due = min(part * then[0] // then[1], part * now[0] // now[1])
    assert due == part * (then if change == "gain" else now)[0] // then[1]
    if method == "redeem":
        said = each.fund.previewRedeem.call(part, sender=each.alice)
        paid = each.fund.redeem(part, each.alice, each.alice, sender=each.alice).value
        assert paid == said == due
    else:
        burnt = max(-(-due * then[1] // then[0]), -(-due * now[1] // now[0]))
        said = each.fund.previewWithdraw.call(due, sender=each.alice)
        found = each.fund.withdraw(due, each.alice, each.alice, sender=each.alice).value
        assert found == said == burnt <= part
    assert each.fund.convertToAssets(each.fund.balanceOf(each.bob)) >= 100 * each.one - (
        0 if change == "gain" else 41 * each.one
    )


def test_previews__without_a_request__are_at_the_value_now(each: World) -> None:
    shares = each.deposit(100 * each.one)
    ready = each.request()
    each.give(20 * each.one)
    now = each.fund.convertToAssets(shares)
    assert each.fund.previewRedeem.call(shares, sender=each.alice) == 100 * each.one
    assert each.fund.previewRedeem.call(shares, sender=each.bob) == now > 119 * each.one
    burnt = each.fund.previewWithdraw.call(now, sender=each.bob)
    assert shares - VIRTUAL < burnt <= shares
    each.at(ready + WINDOW + 1)
    assert each.fund.previewRedeem.call(shares, sender=each.alice) == now  # it has lapsed


@pytest.mark.parametrize("move", ["gain", "loss", "none"])
def test_max__at_max__goes_through(each: World, move: str) -> None:
    each.deposit(100 * each.one + 7)
    each.deposit(3 * each.one, each.bob)
    ready = each.request(each.fund.balanceOf(each.alice) - 5)
    if move == "gain":
        each.give(7 * each.one + 3)
    elif move == "loss":
        each.draw(11 * each.one + 3)
    each.at(ready)
    most = each.fund.maxWithdraw(each.alice)
    receipt = each.fund.withdraw(most, each.alice, each.alice, sender=each.alice)
    assert receipt.value <= each.fund.balanceOf(each.alice) + receipt.value - 5
    left = each.fund.maxRedeem(each.alice)
    each.fund.redeem(left, each.alice, each.alice, sender=each.alice)
    assert each.fund.maxRedeem(each.alice) == each.fund.maxWithdraw(each.alice) == 0
    assert each.fund.balanceOf(each.alice) == 5


def test_withdraw__more_than_there_is__is_refused(world: World) -> None:
    world.deposit(100 * world.one)
    world.at(world.request())
    for assets in (100 * world.one + 1, MAX):
        assert world.refused("withdraw", assets, world.alice, world.alice) == "fund: assets"
    assert world.refused("redeem", MAX, world.alice, world.alice) == "fund: shares"


def test_leave__fees_in_the_vault__are_fetched_where_they_are_needed(world: World) -> None:
    """Fees that were there when he asked are his too, and may be more than the rest."""
    world.deposit(1_000 * world.one)
    world.accrue(500 * world.one)
    ready = world.request()
    world.at(ready)
    assert world.redeem(world.fund.balanceOf(world.alice) // 2) >= 749 * world.one
    assert (world.vault.fetched(), world.vault.owed()) == (0, 500 * world.one)
    assert world.redeem() >= 749 * world.one
    assert (world.vault.fetched(), world.vault.owed()) == (1, 0)


# --- who, and where to


def test_leave__by_somebody_else__takes_an_allowance(world: World) -> None:
    world.deposit(100 * world.one)
    world.at(world.request())
    args = (10 * world.whole, world.bob, world.alice)
    assert world.refused("redeem", *args, sender=world.bob) == "fund: allowance"
    world.fund.approve(world.bob, 15 * world.whole, sender=world.alice)
    world.fund.redeem(*args, sender=world.bob)
    assert world.fund.allowance(world.alice, world.bob) == 5 * world.whole
    assert world.refused("redeem", *args, sender=world.bob) == "fund: allowance"
    world.fund.approve(world.bob, MAX, sender=world.alice)
    world.fund.redeem(*args, sender=world.bob)
    assert world.fund.allowance(world.alice, world.bob) == MAX


@pytest.mark.parametrize("method", ["redeem", "withdraw"])
def test_leave__receiver_that_cannot_use_money__is_refused(world: World, method: str) -> None:
    world.deposit(100 * world.one)
    world.at(world.request())
    for receiver in (NOBODY, world.fund.address):
        assert world.refused(method, 1, receiver, world.alice) == "fund: receiver"


def test_leave__while_pending__is_refused_and_a_request_is_not(world: World) -> None:
    world.deposit(100 * world.one)
    world.margin.set_pending(1)
    ready = world.request()
    world.at(ready)
    for method in ("redeem", "withdraw"):
        assert world.refused(method, 1, world.alice, world.alice) == "fund: pending"
    assert world.fund.maxRedeem(world.alice) == world.fund.maxWithdraw(world.alice) == 0
    world.margin.set_pending(0)
    assert world.redeem() == 100 * world.one


def test_cancel__at_once__shares_can_be_moved(world: World) -> None:
    shares = world.deposit(100 * world.one)
    ready = world.request(shares - 1)
    receipt = world.fund.cancel(sender=world.alice)
    assert receipt.value == shares - 1
    assert events(receipt, world) == [
        ("LeaveCancelled", {"owner": world.alice, "shares": shares - 1})
    ]
    assert world.refused("cancel") == "fund: no request"
    world.at(ready)
    assert world.refused("redeem", 1, world.alice, world.alice) == "fund: not ready"
    world.fund.transfer(world.bob, shares, sender=world.alice)


# --- ERC-20


def test_transfer__free_shares__with_and_without_allowance(world: World) -> None:
    shares = world.deposit(100 * world.one)
    receipt = world.fund.transfer(world.bob, 40, sender=world.alice)
    moved = {"sender": world.alice, "receiver": world.bob, "value": 40}
    assert (receipt.value, events(receipt, world)) == (True, [("Transfer", moved)])
    args = (world.alice, world.carol, 30)
    assert world.refused("transferFrom", *args, sender=world.bob) == "fund: allowance"
    receipt = world.fund.approve(world.bob, 30, sender=world.alice)
    given = {"owner": world.alice, "spender": world.bob, "value": 30}
    assert (receipt.value, events(receipt, world)) == (True, [("Approval", given)])
    world.fund.transferFrom(*args, sender=world.bob)
    assert world.fund.allowance(world.alice, world.bob) == 0
    held = [world.fund.balanceOf(who) for who in (world.alice, world.bob, world.carol)]
    assert held == [shares - 70, 40, 30]
    world.fund.transfer(world.alice, 5, sender=world.alice)
    assert world.fund.balanceOf(world.alice) == shares - 70


def test_transfer__more_than_he_has_or_nowhere__is_refused(world: World) -> None:
    shares = world.deposit(100 * world.one)
    assert world.refused("transfer", world.bob, shares + 1) == "fund: balance"
    for receiver in (NOBODY, world.fund.address):
        assert world.refused("transfer", receiver, 1) == "fund: receiver"
        world.fund.approve(world.bob, 1, sender=world.alice)
        args = (world.alice, receiver, 1)
        assert world.refused("transferFrom", *args, sender=world.bob) == "fund: receiver"


def test_transfer__received_shares__are_free_beside_a_request(world: World) -> None:
    shares = world.deposit(100 * world.one)
    world.deposit(50 * world.one, world.bob)
    world.request()
    world.fund.transfer(world.alice, 9, sender=world.bob)
    assert world.refused("transfer", world.carol, 10) == "fund: requested"
    world.fund.transfer(world.carol, 9, sender=world.alice)
    assert world.fund.balanceOf(world.alice) == shares


# --- games


def test_request__early_for_an_open_door__earns_nothing_and_closes(world: World) -> None:
    """Who always has a request bears what is drawn before he may leave, gets nothing of what comes
    in since he asked, and has two days in twelve."""
    world.deposit(100 * world.one)
    world.deposit(100 * world.one, world.bob)
    ready = world.request()
    world.give(10 * world.one)
    world.at(ready)
    assert world.redeem() == 100 * world.one
    worth = world.fund.convertToAssets(world.fund.balanceOf(world.bob))
    assert worth >= 110 * world.one - world.one // 2


def test_last_staker__leaves__nothing_breaks_for_the_next(each: World) -> None:
    each.deposit(100 * each.one + 1)
    each.give(9 * each.one + 5)
    ready = each.request()
    each.give(50 * each.one)
    each.at(ready)
    each.redeem()
    assert each.fund.totalSupply() == 0
    assert each.fund.totalAssets() >= 50 * each.one  # what came since he asked is nobody's
    each.deposit(10 * each.one, each.bob)
    worth = each.fund.convertToAssets(each.fund.balanceOf(each.bob))
    assert 10 * each.one - worth <= 10 * each.one // 10**6 + 1
    each.at(each.request(owner=each.bob))
    assert each.redeem(owner=each.bob) <= 10 * each.one
