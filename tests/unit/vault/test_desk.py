"""What the desk does with the vault's money: take, pay, settle, pay_out, and the fund's dues."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import Chain
from tests.unit.vault.world import SPOT, WAD, World, build, events, full

EXPIRY = 1_798_185_600


def covered(world: World, quote: int = 1_000, units: int = 3) -> None:
    """LPs bring quote tokens and underlying."""
    world.deposit(quote * world.one)
    if units:
        world.vault.depositUnderlying(units * world.coin, world.bob, sender=world.bob)


def pay(world: World, *args: Any) -> tuple[int, int]:
    return tuple(world.vault.pay.send(world.trader, *args, sender=world.desk).value)


# --- who may


@pytest.mark.parametrize("role", ["owner", "margin", "fund", "alice", "stranger"])
@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("take", ("trader", 0, 0, 0, 0)),
        ("pay", ("trader", 0, 0, 0, 0, 0)),
        ("settle", (EXPIRY, full())),
        ("pay_out", (EXPIRY, "trader", 0, 0, 0)),
    ],
)
def test_desk__anybody_else__is_refused(
    world: World, role: str, method: str, args: tuple[Any, ...]
) -> None:
    args = tuple(world.trader if arg == "trader" else arg for arg in args)
    assert world.refused(method, *args, sender=getattr(world, role)) == "vault: caller"


# --- take


def test_take__premium__is_in_cash_and_cover_locked(each: World) -> None:
    covered(each)
    before = each.held(each.trader, each.vault.address)
    receipt = each.vault.take(
        each.trader, 10 * each.one, each.one, 700 * each.one, 20_000, sender=each.desk
    )
    assert each.balances() == {
        "cash": 1_010 * each.one,
        "locked_quote": 700 * each.one,
        "locked_lots": 20_000,
        "dues": each.one,
        "underlying": 3 * each.coin,
        "earmark": 0,
        "level": 0,
        "is_waiting": False,
    }
    paid = 10 * each.one
    assert each.held(each.trader, each.vault.address) == [before[0] - paid, before[1] + paid]
    assert events(receipt, each) == []
    assert tuple(each.vault.holdings()) == (
        309 * each.one,
        3 * each.coin,
        10_000,
        700 * each.one,
        20_000,
        0,
        309 * each.one,
    )


@pytest.mark.parametrize(("more", "refused"), [(-1, False), (0, False), (1, True)])
def test_take__quote_cover__up_to_what_is_free(each: World, more: int, refused: bool) -> None:
    covered(each, units=0)
    args = (each.trader, 10 * each.one, each.one, 1_009 * each.one + more, 0)
    if refused:
        assert each.refused("take", *args, sender=each.desk) == "vault: cover"
    else:
        each.vault.take(*args, sender=each.desk)
        assert each.vault.holdings().free_quote == -more


@pytest.mark.parametrize(("lots", "refused"), [(29_999, False), (30_000, False), (30_001, True)])
def test_take__underlying_cover__up_to_what_is_free(each: World, lots: int, refused: bool) -> None:
    covered(each)
    args = (each.trader, 0, 0, 0, lots)
    if refused:
        assert each.refused("take", *args, sender=each.desk) == "vault: cover"
    else:
        each.vault.take(*args, sender=each.desk)
        assert each.vault.holdings().free_lots == 30_000 - lots


@pytest.mark.parametrize("crumb", [-1, 0, 1])
def test_take__dues__are_rounded_down_to_grains(each: World, crumb: int) -> None:
    covered(each, units=0)
    grain = each.one // 10_000
    each.vault.take(each.trader, each.one, 7 * grain + crumb, 0, 0, sender=each.desk)
    assert each.balances()["dues"] == (6 if crumb < 0 else 7) * grain


def test_take__amounts_beyond_a_field__are_refused(world: World) -> None:
    covered(world)
    for args in ((0, 0, 2**88, 0), (0, 0, 0, 2**40), (0, 0, 2**87, 0), (0, 0, 0, 2**39)):
        assert world.refused("take", world.trader, *args, sender=world.desk) == "vault: cover"
    world.vault.take(world.trader, world.one, world.one, 0, 0, sender=world.desk)
    assert world.balances()["dues"] == world.one


def test_take__payer_without_money__changes_nothing(world: World) -> None:
    covered(world)
    before = world.balances()
    reason = world.refused("take", world.owner, 5, 0, 0, 0, sender=world.desk)
    assert reason == "ERC20: transfer amount exceeds allowance"
    assert world.balances() == before


# --- pay


def test_pay__from_free_quote__releases_and_pays(each: World) -> None:
    covered(each)
    each.vault.take(each.trader, 0, 0, 500 * each.one, 10_000, sender=each.desk)
    before = each.held(each.trader)[0]
    args = (30 * each.one, each.one, 200 * each.one, 4_000, SPOT)
    assert pay(each, *args) == (30 * each.one, 0)
    assert each.held(each.trader) == [before + 30 * each.one]
    found = each.balances()
    assert (found["cash"], found["locked_quote"]) == (970 * each.one, 300 * each.one)
    assert (found["locked_lots"], found["dues"]) == (6_000, each.one)
    assert found["underlying"] == 3 * each.coin


@pytest.mark.parametrize("short", [-1, 0, 1])
def test_pay__quote_short__call_is_paid_in_underlying(each: World, short: int) -> None:
    covered(each)
    each.vault.take(each.trader, 0, 0, 1_000 * each.one, 10_000, sender=each.desk)
    each.vault.take(each.trader, 50 * each.one, 0, 0, 0, sender=each.desk)
    amount = 50 * each.one + short
    before = each.unit.balanceOf(each.trader)
    quote, units = pay(each, amount, each.one, 0, 5_000, SPOT)
    if short <= 0:
        assert (quote, units) == (amount, 0)
        assert each.balances()["dues"] == 0  # nothing was left for the fund
    else:
        assert quote == 0
        assert units == amount * each.scale * WAD // SPOT // 10 ** (18 - each.unit_decimals)
        assert each.balances()["dues"] == each.one
    assert each.unit.balanceOf(each.trader) == before + units
    assert each.balances()["underlying"] == 3 * each.coin - units


@pytest.mark.parametrize(("more", "refused"), [(-1, False), (0, False), (1, True)])
def test_pay__underlying__at_most_what_covers_nothing(
    each: World, more: int, refused: bool
) -> None:
    """All quote and all underlying is locked; a thousand lots are released."""
    covered(each)
    free = each.vault.holdings().free_lots
    each.vault.take(each.trader, 0, 0, 1_000 * each.one, free, sender=each.desk)
    price = 10 ** max(18 - each.unit_decimals, 18 - each.quote_decimals) * WAD
    least = price * 1_000 * each.lot * 10 ** (18 - each.unit_decimals) // WAD // each.scale
    unit = price * 10 ** (18 - each.unit_decimals) // WAD // each.scale  # assets in a unit
    assert unit != 0
    args = (least + more * unit, 0, 0, 1_000, price)
    if refused:
        reason = each.refused("pay", each.trader, *args, sender=each.desk)
        assert reason == "vault: cash"
    else:
        assert pay(each, *args) == (0, 1_000 * each.lot + more)


def test_pay__nothing_released_and_no_quote__is_paid_in_free_underlying(each: World) -> None:
    """What somebody's escrow covers releases nothing of the vault's."""
    covered(each)
    each.lock_all()
    worth = 2_000 * each.one // 10**4  # of a lot
    assert each.refused("pay", each.trader, worth, 0, 0, 0, 0, sender=each.desk) == "vault: cash"
    assert pay(each, worth, 0, 0, 0, SPOT) == (0, each.lot)


def test_pay__put_without_free_quote__is_paid_from_its_strike(each: World) -> None:
    covered(each)
    each.lock_all()
    amount = 200 * each.one
    assert pay(each, amount, 0, amount, 0, 0) == (amount, 0)
    reason = each.refused("pay", each.trader, 1, 0, 0, 0, 0, sender=each.desk)
    assert reason == "vault: cash"


@pytest.mark.parametrize(("quote", "lots"), [(1, 0), (0, 1)])
def test_pay__more_than_is_locked__is_refused(world: World, quote: int, lots: int) -> None:
    covered(world)
    world.vault.take(world.trader, 0, 0, 500, 20, sender=world.desk)
    args = (0, 0, 500 + quote, 20 + lots, SPOT)
    reason = world.refused("pay", world.trader, *args, sender=world.desk)
    assert reason == "vault: release"


def test_pay__dues__never_exceed_free_quote(world: World) -> None:
    covered(world)
    world.lock_all()
    pay(world, 90 * world.one, 50 * world.one, 100 * world.one, 0, 0)
    assert world.balances()["dues"] == 10 * world.one
    assert world.vault.holdings().free_quote == 0


# --- settle and pay_out


def settled(world: World) -> Any:
    """An expiry with 100 lots of options in its pot."""
    covered(world)
    world.vault.take(world.trader, 0, 0, 600 * world.one, 20_000, sender=world.desk)
    return world.settle(EXPIRY, 100 * world.one, world.coin, 100, 500 * world.one, 15_000)


def test_settle__pot__leaves_cash_and_cover_is_free(each: World) -> None:
    receipt = settled(each)
    found = each.balances()
    assert (found["cash"], found["locked_quote"]) == (900 * each.one, 100 * each.one)
    assert (found["underlying"], found["locked_lots"]) == (2 * each.coin, 5_000)
    assert each.vault.pot(EXPIRY) == (100 * each.one, each.coin, 100)
    assert each.vault.nav()[0] == (900 + 2 * 2_000) * WAD
    assert events(receipt, each) == [
        (
            "PotFilled",
            {
                "expiry": EXPIRY,
                "quote": 100 * each.one,
                "underlying": each.coin,
                "lots": 100,
            },
        )
    ]


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ((501, 0, 1, 500, 0), "vault: pot terms"),
        ((0, 501, 1, 500, 5), "vault: pot terms"),
        ((0, 0, 2**48, 500, 5), "vault: pot terms"),
        ((0, 0, 1, 501, 5), "vault: release"),
        ((0, 0, 1, 500, 6), "vault: release"),
    ],
)
def test_settle__more_than_there_is__is_refused(revm: Chain, args: Any, reason: str) -> None:
    world = build(revm, 6, 6)
    covered(world)
    world.vault.take(world.trader, 0, 0, 500, 5, sender=world.desk)
    assert world.refused("settle", EXPIRY, full(*args), sender=world.desk) == reason
    world.settle(EXPIRY, 500, 500, 2**48 - 1, 500, 5)
    again = world.refused("settle", EXPIRY, full(0, 0, 1, 0, 0), sender=world.desk)
    assert again == "vault: pot terms"


def test_settle__without_lots__fills_no_pot(world: World) -> None:
    covered(world)
    world.vault.take(world.trader, 0, 0, 500, 5, sender=world.desk)
    receipt = world.settle(EXPIRY, 9, 9, 0, 500, 5)
    assert events(receipt, world) == []
    assert world.balances()["cash"] == 1_000 * world.one
    assert world.vault.pot(EXPIRY) == (0, 0, 0)


def test_pay_out__holders__draw_and_the_rest_returns(each: World) -> None:
    settled(each)
    before = each.quote.balanceOf(each.trader), each.unit.balanceOf(each.trader)
    first = each.vault.pay_out(EXPIRY, each.trader, 60 * each.one, 3, 99, sender=each.desk)
    assert events(first, each) == []
    assert each.vault.pot(EXPIRY) == (40 * each.one, each.coin - 3, 1)
    last = each.vault.pay_out(EXPIRY, each.trader, 39 * each.one, 4, 1, sender=each.desk)
    back = {"expiry": EXPIRY, "quote": each.one, "underlying": each.coin - 7}
    assert events(last, each) == [("PotEmptied", back)]
    assert each.vault.pot(EXPIRY) == (0, 0, 0)
    found = each.balances()
    assert (found["cash"], found["underlying"]) == (901 * each.one, 3 * each.coin - 7)
    after = each.quote.balanceOf(each.trader), each.unit.balanceOf(each.trader)
    assert after == (before[0] + 99 * each.one, before[1] + 7)


@pytest.mark.parametrize("more", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_pay_out__more_than_the_pot__is_refused(world: World, more: tuple[int, ...]) -> None:
    settled(world)
    pot = (100 * world.one, world.coin, 100)
    args = tuple(left + extra for left, extra in zip(pot, more, strict=True))
    reason = world.refused("pay_out", EXPIRY, world.trader, *args, sender=world.desk)
    assert reason == "vault: pot"
    world.vault.pay_out(EXPIRY, world.trader, *pot, sender=world.desk)
    again = world.refused("pay_out", EXPIRY, world.trader, 1, 0, 0, sender=world.desk)
    assert again == "vault: pot"


def test_pay_out__vault_full_of_underlying__last_holder_is_paid(world: World) -> None:
    settled(world)
    most = (2**40 - 1) * world.lot - 2 * world.coin
    world.unit.mint(world.bob, most)
    world.vault.depositUnderlying(most, world.bob, sender=world.bob)
    world.vault.pay_out(EXPIRY, world.trader, 0, 0, 100, sender=world.desk)
    assert world.vault.holdings().free_lots == 2**40 - 1 + 10_000 - 5_000
    args = (world.trader, 0, 0, 0, 2**40 - 5_000)
    assert world.refused("take", *args, sender=world.desk) == "vault: cover"
    world.vault.take(*args[:4], args[4] - 1, sender=world.desk)
    assert world.balances()["locked_lots"] == 2**40 - 1


def test_pay_out__blacklisted_holder__stops_nobody_else(world: World) -> None:
    settled(world)
    world.quote.blacklist(world.trader)
    reason = world.refused("pay_out", EXPIRY, world.trader, 1, 0, 50, sender=world.desk)
    assert reason == "Blacklistable: account is blacklisted"
    world.vault.pay_out(EXPIRY, world.bob, 1, 0, 50, sender=world.desk)
    assert world.vault.pot(EXPIRY)[2] == 50


# --- the fund


def test_pay_fund__anyone__sends_the_dues_once(each: World) -> None:
    covered(each)
    each.vault.take(each.trader, 5 * each.one, 2 * each.one, 0, 0, sender=each.desk)
    before = each.vault.nav()
    receipt = each.vault.payFund(sender=each.stranger)
    assert events(receipt, each) == [("FundPaid", {"fund": each.fund, "assets": 2 * each.one})]
    assert each.held(each.fund) == [2 * each.one]
    assert each.vault.nav() == before
    assert each.vault.payFund(sender=each.stranger).value == 0
    assert each.held(each.fund) == [2 * each.one]


def test_dues__field_is_full__the_rest_is_the_lps(world: World) -> None:
    """2^40 grains are 110 million quote tokens; a trade must not fail for them."""
    most = (2**40 - 1) * world.one // 10_000
    world.quote.mint(world.trader, 2 * most)
    world.vault.take(world.trader, 2 * most, 2 * most, 0, 0, sender=world.desk)
    assert world.balances()["dues"] == most
    world.vault.take(world.trader, 0, world.one, 0, 0, sender=world.desk)
    pay(world, world.one, world.one, 0, 0, 0)
    found = world.balances()
    assert (found["dues"], found["cash"]) == (most, 2 * most - world.one)
