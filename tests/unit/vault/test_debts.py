"""What margin accounts owe: booked at settlement, paid through collect, lost through collect and
set_bad_debt; and what escrow pays at settlement."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import RevmChain
from tests.unit.vault.test_desk import EXPIRY, covered
from tests.unit.vault.world import SPOT, WAD, World, build, events, full

ROOM = 2**128


def owing(world: World, amount: int) -> None:
    """An expiry of which accounts owe."""
    world.settle(EXPIRY, 0, 0, 0, 0, 0, 0, 0, amount)


def nav(world: World) -> int:
    return int(world.vault.nav()[0])


# --- who may


@pytest.mark.parametrize("role", ["owner", "desk", "fund", "alice", "stranger"])
@pytest.mark.parametrize(("method", "args"), [("collect", (0, 0, 0)), ("set_bad_debt", (0,))])
def test_margin__anybody_else__is_refused(
    world: World, role: str, method: str, args: tuple[int, ...]
) -> None:
    reason = world.refused(method, *args, sender=getattr(world, role))
    assert reason == "vault: caller"


# --- settle: escrow


def test_settle__escrow__is_pulled_and_pays_the_pot(each: World) -> None:
    """The vault covered 500 and 5,000 lots; escrow brings 300 and half a unit; the pot takes most
    of both."""
    covered(each)
    each.vault.take(each.trader, 0, 0, 500 * each.one, 5_000, sender=each.desk)
    before = each.quote.balanceOf(each.margin), each.unit.balanceOf(each.margin)
    half = each.coin // 2
    pot = (700 * each.one, each.coin, 100)
    receipt = each.settle(EXPIRY, *pot, 500 * each.one, 5_000, 300 * each.one, half, 20 * each.one)
    assert events(receipt, each) == [
        (
            "PotFilled",
            {"expiry": EXPIRY, "quote": 700 * each.one, "underlying": each.coin, "lots": 100},
        )
    ]
    found = each.balances()
    assert (found["cash"], found["locked_quote"]) == (600 * each.one, 0)
    assert (found["underlying"], found["locked_lots"]) == (2 * each.coin + half, 0)
    assert each.vault.pot(EXPIRY) == pot
    assert each.debts() == (20 * each.one, 0)
    assert each.held(each.vault.address) == [1_300 * each.one]
    assert each.unit.balanceOf(each.vault) == 3 * each.coin + half
    after = each.quote.balanceOf(each.margin), each.unit.balanceOf(each.margin)
    assert after == (before[0] - 300 * each.one, before[1] - half)
    assert each.book.held_lots() == 25_000


@pytest.mark.parametrize(("more", "refused"), [(-1, False), (0, False), (1, True)])
@pytest.mark.parametrize("place", [0, 1])
def test_settle__pot__at_most_what_is_released_and_what_escrow_pays(
    world: World, place: int, more: int, refused: bool
) -> None:
    covered(world)
    world.vault.take(world.trader, 0, 0, 500, 5, sender=world.desk)
    most = [500 + 70, 5 * world.lot + 30]
    most[place] += more
    sums = full(*most, 1, 500, 5, 70, 30)
    if refused:
        assert world.refused("settle", EXPIRY, sums, sender=world.desk) == "vault: pot terms"
    else:
        world.vault.settle(EXPIRY, sums, sender=world.desk)
        assert world.vault.pot(EXPIRY) == (*most, 1)


def test_settle__escrow_without_lots__is_the_lps(world: World) -> None:
    """Holders who sold back and accounts that still owe: what escrow pays is the vault's."""
    covered(world)
    receipt = world.settle(EXPIRY, 9, 9, 0, 0, 0, 40, 7)
    assert events(receipt, world) == []
    assert world.vault.pot(EXPIRY) == (0, 0, 0)
    found = world.balances()
    assert found["cash"] == 1_000 * world.one + 40
    assert found["underlying"] == 3 * world.coin + 7


def test_settle__escrow_while_somebody_waits__half_of_what_is_left_is_his(each: World) -> None:
    each.deposit(1_000 * each.one)
    each.lock_all()
    each.vault.requestRedeem(500 * each.whole, each.alice, each.alice, sender=each.alice)
    each.settle(EXPIRY, 50 * each.one, 0, 9, 200 * each.one, 0, 100 * each.one)
    assert each.balances()["earmark"] == 125 * each.one
    assert each.vault.holdings().free_quote == 125 * each.one


@pytest.mark.parametrize(
    ("place", "amount", "reason"),
    [
        (5, 2**88, "vault: cash range"),
        (5, 2**256 - 1, "vault: cash range"),
        (6, 2**104, "vault: units"),
        (6, 2**256 - 1, "vault: units"),
        (7, ROOM, "vault: debt range"),
    ],
)
def test_settle__beyond_a_field__is_refused(
    world: World, place: int, amount: int, reason: str
) -> None:
    covered(world)
    sums = list(full())
    sums[place] = amount
    assert world.refused("settle", EXPIRY, tuple(sums), sender=world.desk) == reason


def test_settle__margin_without_the_escrow__changes_nothing(world: World) -> None:
    covered(world)
    before = world.balances()
    world.quote.approve(world.vault, 4, sender=world.margin)
    reason = world.refused("settle", EXPIRY, full(0, 0, 0, 0, 0, 5, 0, 9), sender=world.desk)
    assert reason == "ERC20: transfer amount exceeds allowance"
    assert (world.balances(), world.debts()) == (before, (0, 0))


# --- the receivable


def test_receivable__is_in_nav_and_adds_up(each: World) -> None:
    covered(each)
    before = nav(each)
    each.settle(EXPIRY, 0, 0, 0, 0, 0, 0, 0, 30 * each.one)
    each.settle(EXPIRY + 1, 0, 0, 0, 0, 0, 0, 0, 12 * each.one + 1)
    assert each.debts() == (42 * each.one + 1, 0)
    assert nav(each) == before + 42 * WAD + each.scale
    assert each.vault.totalAssets() == (7_000 + 42) * each.one + 1
    assert each.vault.holdings().free_quote == 1_000 * each.one  # nobody can be paid with it


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_collect__all_paid__nav_is_as_before(each: World, more: int) -> None:
    """What is cleared beyond what stands there goes nowhere."""
    covered(each)
    owing(each, 30 * each.one)
    before, cash = nav(each), each.balances()["cash"]
    paid = 30 * each.one + more
    receipt = each.vault.collect(paid, 0, paid, sender=each.margin)
    gone = min(paid, 30 * each.one)
    assert events(receipt, each) == [
        ("DebtCollected", {"quote": paid, "underlying": 0, "cleared": gone})
    ]
    assert each.debts() == (30 * each.one - gone, 0)
    assert each.balances()["cash"] == cash + paid
    assert nav(each) == before + (paid - gone) * each.scale


def test_collect__more_cleared_than_paid__the_difference_leaves_nav(each: World) -> None:
    covered(each)
    owing(each, 30 * each.one)
    before = nav(each)
    held = each.held(each.margin, each.vault.address)
    receipt = each.vault.collect(11 * each.one, 0, 30 * each.one, sender=each.margin)
    assert events(receipt, each) == [
        ("DebtCollected", {"quote": 11 * each.one, "underlying": 0, "cleared": 30 * each.one})
    ]
    assert each.debts() == (0, 0)
    assert nav(each) == before - 19 * WAD
    paid = 11 * each.one
    assert each.held(each.margin, each.vault.address) == [held[0] - paid, held[1] + paid]


def test_collect__in_underlying__comes_in_and_the_book_knows(each: World) -> None:
    covered(each)
    owing(each, 4_000 * each.one)
    before = nav(each)
    receipt = each.vault.collect(0, 2 * each.coin, 4_000 * each.one, sender=each.margin)
    debt = {"quote": 0, "underlying": 2 * each.coin, "cleared": 4_000 * each.one}
    assert events(receipt, each) == [("DebtCollected", debt)]
    assert each.balances()["underlying"] == 5 * each.coin
    assert each.unit.balanceOf(each.vault) == 5 * each.coin
    assert each.book.held_lots() == 50_000
    assert nav(each) == before


def test_exchange__underlying_of_an_account__comes_in_for_free_quote(each: World) -> None:
    """At the price that the caller says: here spot, so NAV stays."""
    covered(each)
    before, cash = nav(each), each.balances()["cash"]
    held = each.held(each.margin, each.vault.address)
    quote = 20 * each.one
    receipt = each.vault.exchange(each.coin // 100, quote, sender=each.margin)
    assert events(receipt, each) == [
        ("UnderlyingExchanged", {"underlying": each.coin // 100, "quote": quote})
    ]
    assert each.balances()["cash"] == cash - quote
    assert each.balances()["underlying"] == 3 * each.coin + each.coin // 100
    assert each.held(each.margin, each.vault.address) == [held[0] + quote, held[1] - quote]
    assert each.book.held_lots() == 30_100
    assert nav(each) == before


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_exchange__more_than_is_free__is_refused(each: World, more: int) -> None:
    covered(each)
    each.vault.take(each.trader, 0, 0, 400 * each.one, 0, sender=each.desk)
    quote = each.vault.free_cash() + more
    if more > 0:
        reason = each.refused("exchange", each.coin, quote, sender=each.margin)
        assert reason == "vault: lend"
    else:
        each.vault.exchange(each.coin, quote, sender=each.margin)
        assert each.vault.free_cash() == -more


def test_exchange__anybody_but_margin__is_refused(world: World) -> None:
    for sender in (world.desk, world.owner, world.stranger):
        assert world.refused("exchange", 0, 0, sender=sender) == "vault: caller"


def test_collect__vault_full_of_both__is_not_stopped(revm: RevmChain) -> None:
    """Limits of LPs are theirs alone."""
    world = build(revm, 18, 18)
    most = (2**40 - 1) * world.lot
    world.unit.mint(world.bob, most)
    world.vault.depositUnderlying(most, world.bob, sender=world.bob)
    world.quote.mint(world.alice, 2**87)
    world.deposit(2**87)
    assert world.refused("depositUnderlying", 1, world.bob, sender=world.bob) == "vault: units"
    assert world.refused("deposit", 1, world.alice) == "vault: full"
    world.vault.collect(5, world.coin, 0, sender=world.margin)
    assert world.balances()["cash"] == 2**87 + 5
    assert world.balances()["underlying"] == most + world.coin


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ((2**88, 0, 0), "vault: cash range"),
        ((2**88 - 1_000_000_000, 0, 0), "vault: cash range"),
        ((0, 2**104, 0), "vault: units"),
        ((0, 2**104 - 3 * 10**18, 0), "vault: units"),
    ],
)
def test_collect__beyond_a_field__is_refused(
    world: World, args: tuple[int, ...], reason: str
) -> None:
    covered(world)
    assert world.refused("collect", *args, sender=world.margin) == reason


def test_collect__margin_without_the_money__changes_nothing(world: World) -> None:
    covered(world)
    owing(world, 50)
    world.quote.approve(world.vault, 4, sender=world.margin)
    reason = world.refused("collect", 5, 0, 5, sender=world.margin)
    assert reason == "ERC20: transfer amount exceeds allowance"
    assert world.debts() == (50, 0)


# --- bad debt


def test_bad_debt__each_figure__is_in_the_place_of_the_last(each: World) -> None:
    covered(each)
    before = nav(each)
    for amount in (25 * each.one, 40 * each.one, 1, 0):
        receipt = each.vault.set_bad_debt(amount, sender=each.margin)
        assert events(receipt, each) == [("BadDebtChanged", {"amount": amount})]
        assert each.debts() == (0, amount)
        assert nav(each) == before - amount * each.scale


def test_bad_debt__and_receivable__do_not_touch_each_other(each: World) -> None:
    covered(each)
    owing(each, 30 * each.one)
    each.vault.set_bad_debt(7 * each.one, sender=each.margin)
    assert each.debts() == (30 * each.one, 7 * each.one)
    each.vault.collect(0, 0, 30 * each.one, sender=each.margin)
    assert each.debts() == (0, 7 * each.one)
    each.settle(EXPIRY + 1, 0, 0, 0, 0, 0, 0, 0, 5)
    each.vault.set_bad_debt(0, sender=each.margin)
    assert each.debts() == (5, 0)


@pytest.mark.parametrize("amount", [ROOM - 1, ROOM, ROOM + 1])
def test_bad_debt__beyond_the_field__is_refused(world: World, amount: int) -> None:
    if amount < ROOM:
        world.vault.set_bad_debt(amount, sender=world.margin)
        assert world.debts() == (0, amount)
    else:
        reason = world.refused("set_bad_debt", amount, sender=world.margin)
        assert reason == "vault: debt range"


def test_bad_debt__more_than_the_vault_has__stops_flows_but_no_exit_at_the_floor(
    each: World,
) -> None:
    covered(each)
    each.vault.set_bad_debt(8_000 * each.one, sender=each.margin)
    assert nav(each) == -1_000 * WAD
    assert each.vault.totalAssets() == each.vault.maxDeposit(each.alice) == 0
    assert each.refused("deposit", 1, each.alice) == "vault: no value"
    shares = 500 * each.whole
    assert each.refused("redeem", shares, each.alice, each.alice) == "vault: below floor"
    free, parts = 1_000 * each.one, int(each.vault.totalSupply()) + each.virtual
    paid = each.vault.exitAtFloor(shares, each.alice, sender=each.alice).value
    assert paid == shares * free // parts
    each.vault.set_bad_debt(0, sender=each.margin)
    assert each.vault.maxDeposit(each.alice) > 0


def test_share_price__debt_that_is_given_up__returns_to_what_it_was(each: World) -> None:
    """What accounts owe raises it while it is expected, and no longer."""
    each.deposit(1_000 * each.one)
    price = each.vault.share_price()
    owing(each, 100 * each.one)
    assert each.vault.share_price() > price
    each.vault.collect(0, 0, 100 * each.one, sender=each.margin)
    assert each.vault.share_price() == price


def test_newcomer__while_bad_debt_stands__pays_as_if_there_were_none(each: World) -> None:
    """A turn of spot may cure it before anybody flags again: whoever came in at the low price first
    would take that from those who bore it. Who leaves gets less, and the price comes back."""
    each.deposit(1_000 * each.one)
    price, shares = each.vault.share_price(), each.vault.previewDeposit(10 * each.one)
    each.vault.set_bad_debt(100 * each.one, sender=each.margin)
    assert each.vault.share_price() < price
    assert each.vault.previewDeposit(10 * each.one) == shares
    assert each.vault.previewMint(shares) <= 10 * each.one
    before = each.held(each.bob)[0]
    each.deposit(10 * each.one, each.bob)
    assert each.vault.balanceOf(each.bob) == shares
    each.vault.set_bad_debt(0, sender=each.margin)
    assert price - 1 <= each.vault.share_price() <= price + 1
    each.vault.redeem(shares, each.bob, each.bob, sender=each.bob)
    assert before - 2 <= each.held(each.bob)[0] <= before


def test_ladder__sees_bad_debt(world: World) -> None:
    """A loss that is not realised yet is a drawdown all the same."""
    world.deposit(20_000 * world.one)
    world.vault.poke()
    world.vault.set_bad_debt(2_100 * world.one, sender=world.margin)
    assert world.vault.poke(sender=world.stranger).value == 2


# --- what it costs


def test_gas__nothing_owed__flows_do_not_read_the_third_word(world: World) -> None:
    """A cold read is 2,100: flows differ by that and a little, and only while it is not zero."""
    world.deposit(20_000 * world.one)
    world.set_book(SPOT, 3, 10**18)
    account = world.alice
    world.vault.withdraw(10**6, account, account, sender=account)
    used: dict[str, int] = {}
    for name, amount in (("before", 0), ("owed", 5), ("after", 0)):
        world.vault.set_bad_debt(amount, sender=world.margin)
        used[name] = world.vault.withdraw(10**6, account, account, sender=account).gas_used
    assert abs(used["before"] - used["after"]) < 50
    assert 2_000 < used["owed"] - used["before"] < 2_300


def test_collect__gas__at_most(world: World) -> None:
    covered(world)
    owing(world, 30 * world.one)
    used: Any = world.vault.collect(world.one, 0, world.one, sender=world.margin).gas_used
    assert used <= 62_000
