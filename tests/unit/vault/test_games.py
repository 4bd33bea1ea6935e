"""What somebody would try: inflation, loops, flash deposits, and random play against a ghost."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ballast.chain import Reverted, RevmChain
from tests.unit.vault.world import DAY, PAIRS, SPOT, WAD, WEEK, World, build

EXPIRY = 1_798_185_600
RELAXED = settings(max_examples=80, suppress_health_check=list(HealthCheck))


# --- the first depositor


@pytest.mark.parametrize("left", [1, 10**6, 10**12])
def test_inflation__first_depositor__loses_what_he_leaves_and_the_victim_next_to_nothing(
    each: World, left: int
) -> None:
    """Nobody can give to the vault, but who exits at the floor leaves his value behind."""
    start = each.held(each.alice, each.bob)
    each.deposit(10_000 * each.one)
    locked = each.lock_all()
    shares = int(each.vault.balanceOf(each.alice))
    each.vault.exitAtFloor(shares - left, each.alice, sender=each.alice)
    each.vault.pay(each.trader, 0, 0, locked, 0, 0, sender=each.desk)
    victim = 5_000 * each.one
    each.deposit(victim, each.bob)
    each.vault.redeem(each.vault.balanceOf(each.bob), each.bob, each.bob, sender=each.bob)
    assert start[1] - each.held(each.bob)[0] <= victim // 1_000
    each.vault.redeem(each.vault.balanceOf(each.alice), each.alice, each.alice, sender=each.alice)
    assert each.held(each.alice)[0] <= start[0]


def test_inflation__one_unit_first__next_depositor_keeps_his_money(each: World) -> None:
    each.deposit(1)
    each.quote.transfer(each.vault, 1_000_000 * each.one, sender=each.alice)
    each.deposit(7 * each.one, each.bob)
    assert each.vault.previewRedeem(each.vault.balanceOf(each.bob)) >= 7 * each.one - 1


def test_empty__all_leave_at_a_spread__the_next_one_is_served(each: World) -> None:
    each.deposit(1_000 * each.one)
    each.set_book(SPOT, 0, 10 * WAD)
    each.vault.redeem(1_000 * each.whole, each.alice, each.alice, sender=each.alice)
    assert each.vault.totalSupply() == 0
    left = each.balances()["cash"]
    assert 10 * each.one <= left <= 10 * each.one + 1
    each.set_book(SPOT, 0, 0)
    each.deposit(500 * each.one, each.bob)
    worth = each.vault.convertToAssets(each.vault.balanceOf(each.bob))
    assert 500 * each.one - worth <= 500 * each.one // 1_000
    with pytest.raises(Reverted):
        each.vault.exitAtFloor(1, each.alice, sender=each.alice)


def test_floor__value_that_nobody_owns__cannot_be_taken(each: World) -> None:
    """What leavers left behind belongs to the virtual shares, not to who comes and goes."""
    each.deposit(1_000 * each.one)
    each.set_book(SPOT, 0, 500 * WAD)
    each.vault.redeem(1_000 * each.whole, each.alice, each.alice, sender=each.alice)
    each.set_book(SPOT, 0, 0)
    before = each.held(each.bob)[0]
    each.deposit(1_000 * each.one, each.bob)
    each.vault.exitAtFloor(each.vault.balanceOf(each.bob), each.bob, sender=each.bob)
    assert each.held(each.bob)[0] <= before


# --- loops


@RELAXED
@given(
    pair=st.sampled_from(PAIRS),
    value=st.integers(-(10**3) * WAD + 1, 10**7 * WAD),
    loop=st.lists(
        st.tuples(
            st.sampled_from(["deposit", "mint", "redeem", "withdraw", "floor"]), st.integers(1, 99)
        ),
        min_size=2,
        max_size=14,
    ),
)
def test_loops__smallest_amounts__never_gain(
    pair: tuple[int, int], value: int, loop: list[tuple[str, int]]
) -> None:
    world = build(RevmChain(), *pair)
    world.deposit(1_000 * world.one, world.bob)
    cover = max(0, -(value // world.scale))  # what is owed is always covered
    world.vault.take(world.trader, 0, 0, cover, 0, sender=world.desk)
    world.set_book(SPOT, value, 0)
    before = world.held(world.alice)[0]
    price = world.vault.share_price()
    for name, amount in loop:
        held = int(world.vault.balanceOf(world.alice))
        try:
            if name == "deposit":
                world.vault.deposit(amount, world.alice, sender=world.alice)
            elif name == "mint":
                world.vault.mint(amount, world.alice, sender=world.alice)
            elif name == "redeem":
                shares = held * amount // 100
                world.vault.redeem(shares, world.alice, world.alice, sender=world.alice)
            elif name == "withdraw":
                assets = int(world.vault.maxWithdraw(world.alice)) * amount // 100
                world.vault.withdraw(assets, world.alice, world.alice, sender=world.alice)
            else:
                shares = held * amount // 100
                world.vault.exitAtFloor(shares, world.alice, sender=world.alice)
        except Reverted as refused:
            assert refused.reason == "vault: nothing"
        assert world.vault.share_price() >= price
        price = world.vault.share_price()
    left = int(world.vault.maxRedeem(world.alice))
    world.vault.redeem(left, world.alice, world.alice, sender=world.alice)
    assert world.held(world.alice)[0] <= before


def test_flash__deposit_around_a_price_within_the_width__gains_nothing(world: World) -> None:
    """The width covers what a round may surprise with: who knows the next round gains nothing."""
    world.deposit(100_000 * world.one)
    for surprise in (-300, 300):
        world.set_book(SPOT, 0, 300 * WAD)
        before = world.held(world.bob)[0]
        world.deposit(1_000_000 * world.one, world.bob)
        world.set_book(SPOT, surprise * WAD, 300 * WAD)
        shares = world.vault.maxRedeem(world.bob)
        world.vault.redeem(shares, world.bob, world.bob, sender=world.bob)
        assert world.held(world.bob)[0] < before
        world.set_book(SPOT, 0, 0)


def test_flash__deposit_just_before_the_fee__costs_the_others_nothing(world: World) -> None:
    world.book.set_sheet_terms(0, 0, WAD // 5)
    world.vault.set_fee_receiver(world.bob, sender=world.owner)
    world.deposit(20_000 * world.one)
    world.chain.advance(WEEK)
    world.vault.poke()
    world.set_book(SPOT, 1_000 * WAD, 0)
    world.chain.advance(WEEK - 60)
    before = world.held(world.bob)[0]
    world.deposit(5_000_000 * world.one, world.bob)
    world.chain.advance(60)
    world.vault.poke()
    shares = world.vault.maxRedeem(world.bob)
    world.vault.redeem(shares, world.bob, world.bob, sender=world.bob)
    gained = world.held(world.bob)[0] - before
    assert gained <= 200 * world.one  # the fee that was due, and no more
    assert world.vault.convertToAssets(world.vault.balanceOf(world.alice)) >= 20_800 * world.one - 1


# --- random sequences


@dataclass
class Ghost:
    """The ledger in plain integers."""

    cash: int = 0
    underlying: int = 0
    locked_quote: int = 0
    locked_lots: int = 0
    dues: int = 0
    owed: int = 0
    receivable: int = 0
    bad_debt: int = 0
    pots: dict[int, list[int]] = field(default_factory=dict)

    @property
    def quote(self) -> int:
        return self.cash + self.owed + sum(pot[0] for pot in self.pots.values())

    @property
    def units(self) -> int:
        return self.underlying + sum(pot[1] for pot in self.pots.values())


ACTIONS = (
    "deposit",
    "underlying",
    "redeem",
    "floor",
    "request",
    "process",
    "cancel",
    "claim",
    "take",
    "pay",
    "settle",
    "pay_out",
    "collect",
    "flag",
    "fund",
    "mark",
    "wait",
)


@RELAXED
@given(
    pair=st.sampled_from(PAIRS),
    actions=st.lists(
        st.tuples(st.sampled_from(ACTIONS), st.integers(0, 100), st.integers(0, 100)),
        min_size=5,
        max_size=40,
    ),
)
def test_sequences__any__the_ledger_is_that_of_the_ghost(
    pair: tuple[int, int], actions: list[tuple[str, int, int]]
) -> None:
    world = build(RevmChain(), *pair)
    ghost = Ghost()
    play(world, ghost, "deposit", 100, 0)
    play(world, ghost, "underlying", 50, 0)
    for name, x, y in actions:
        play(world, ghost, name, x, y)
        check(world, ghost)


def play(world: World, ghost: Ghost, name: str, x: int, y: int) -> None:
    """One action, its amounts as parts of what is possible; alice and bob take turns."""
    who = (world.alice, world.bob)[y % 2]
    vault, one = world.vault, world.one
    shares = int(vault.balanceOf(who)) * x // 100
    if name in ("deposit", "underlying") and not vault.maxDeposit(who):
        assert ghost.bad_debt > 0  # it has eaten all there was
    elif name == "deposit":
        vault.deposit(10 * x * one, who, sender=who)
        ghost.cash += 10 * x * one
    elif name == "underlying" and x:
        vault.depositUnderlying(x * world.coin // 50, who, sender=who)
        ghost.underlying += x * world.coin // 50
    elif name == "redeem":
        shares = min(shares, int(vault.maxRedeem(who)))
        if shares:
            ghost.cash -= vault.redeem(shares, who, who, sender=who).value
    elif name == "floor":
        ghost.cash -= vault.exitAtFloor(shares, who, sender=who).value
    elif name == "request" and shares >= 100 * world.whole:
        vault.requestRedeem(shares, who, who, sender=who)
    elif name == "process":
        paid = vault.processRedemptions(x // 20).value
        ghost.cash, ghost.owed = ghost.cash - paid, ghost.owed + paid
    elif name == "cancel" and vault.pendingRedeemRequest(x // 25, who):
        world.chain.advance(WEEK)
        vault.cancelRedeemRequest(x // 25, sender=who)
    elif name == "claim":
        ghost.owed -= vault.claim(who, sender=who).value
    elif name == "fund":
        before = world.held(world.fund)[0]
        ghost.dues -= vault.payFund().value
        ghost.cash -= world.held(world.fund)[0] - before
    elif name == "mark":
        world.set_book(SPOT, (x - 50) * WAD, y * WAD)
    elif name == "wait":
        world.chain.advance(x * DAY // 10)
    else:
        trade(world, ghost, name, x, y)


def trade(world: World, ghost: Ghost, name: str, x: int, y: int) -> None:
    """What the desk and the margin contract do."""
    vault, desk, one = world.vault, world.desk, world.one
    grain = one // 10_000
    held = vault.holdings()
    if name == "take":
        lock, lock_lots = held.free_quote * x // 100, held.free_lots * y // 100
        fee = x * one // 1_001
        vault.take(world.trader, x * one, fee, lock, lock_lots, sender=desk)
        ghost.cash += x * one
        ghost.dues += fee // grain * grain
        ghost.locked_quote += lock
        ghost.locked_lots += lock_lots
    elif name == "pay":
        back, lots_back = ghost.locked_quote * x // 100, ghost.locked_lots * y // 100
        amount = (back + lots_back * world.lot * 2_000 * one // world.coin) * y // 200
        paid, units = vault.pay.send(
            world.trader, amount, 0, back, lots_back, SPOT, sender=desk
        ).value
        ghost.cash, ghost.underlying = ghost.cash - paid, ghost.underlying - units
        ghost.locked_quote -= back
        ghost.locked_lots -= lots_back
    elif name == "settle":
        expiry = EXPIRY + len(ghost.pots)
        back, lots_back = ghost.locked_quote * x // 100, ghost.locked_lots * x // 100
        escrow, owed = (x * one // 7, y * world.lot), x * y * one // 13
        most = back + escrow[0], lots_back * world.lot + escrow[1]
        pot = [most[0] * y // 100, most[1] * y // 100, 7]
        world.settle(expiry, *pot, back, lots_back, *escrow, owed)
        ghost.cash += escrow[0] - pot[0]
        ghost.underlying += escrow[1] - pot[1]
        ghost.receivable += owed
        ghost.locked_quote -= back
        ghost.locked_lots -= lots_back
        ghost.pots[expiry] = pot
    elif name == "collect":
        paid, cleared = ghost.receivable * y // 100, ghost.receivable * x // 90
        vault.collect(paid, y, cleared, sender=world.margin)
        ghost.cash, ghost.underlying = ghost.cash + paid, ghost.underlying + y
        ghost.receivable -= min(cleared, ghost.receivable)
    elif name == "flag":
        ghost.bad_debt = x * one // 9 if y > 30 else 0
        vault.set_bad_debt(ghost.bad_debt, sender=world.margin)
    elif name == "pay_out" and ghost.pots:
        expiry = EXPIRY + x % len(ghost.pots)
        pot = ghost.pots[expiry]
        if pot[2] == 0:
            return
        draw = [pot[0] * y // 101, pot[1] * y // 101, pot[2] if y > 60 else 1]
        vault.pay_out(expiry, world.trader, *draw, sender=desk)
        left = [have - take for have, take in zip(pot, draw, strict=True)]
        if left[2] == 0:
            ghost.cash, ghost.underlying = ghost.cash + left[0], ghost.underlying + left[1]
            left = [0, 0, 0]
        ghost.pots[expiry] = left


def check(world: World, ghost: Ghost) -> None:
    found = world.balances()
    for name in ("cash", "underlying", "locked_quote", "locked_lots", "dues"):
        assert found[name] == getattr(ghost, name), name
    assert world.debts() == (ghost.receivable, ghost.bad_debt)
    own = ghost.cash - ghost.dues + ghost.receivable - ghost.bad_debt
    coins = ghost.underlying * 10 ** (18 - world.unit_decimals) * SPOT // WAD
    assert world.vault.nav()[0] == own * world.scale + coins + world.book.book_value(), "V4"
    assert world.held(world.vault.address) == [ghost.quote], "V2"
    assert world.unit.balanceOf(world.vault) == ghost.units, "V2"
    assert found["locked_quote"] + found["dues"] + found["earmark"] <= found["cash"], "V3"
    assert found["locked_lots"] * world.lot <= found["underlying"], "V3"
    pending, first, after, owed = world.vault.redemptions()
    assert owed == ghost.owed, "V24"
    assert found["is_waiting"] == (pending != 0), "V24"
    assert pending == world.vault.balanceOf(world.vault), "V24"
    assert found["earmark"] == 0 or pending != 0, "V24"
    assert first <= after
    holders = (world.alice, world.bob, world.vault.address)
    balances = [world.vault.balanceOf(who) for who in holders]
    assert sum(balances) == world.vault.totalSupply(), "V6"
    assert sum(world.vault.convertToAssets(b) for b in balances) <= world.vault.totalAssets(), "V7"
    for expiry, pot in ghost.pots.items():
        assert list(world.vault.pot(expiry)) == pot
