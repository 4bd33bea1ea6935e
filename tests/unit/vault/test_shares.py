"""ERC-4626 over a marked book: dual marks, roundings, previews, maxima, views that never revert."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ballast.chain import Chain, RevmChain, rolled_back
from tests.unit.vault.world import DAY, MAX, NOBODY, PAIRS, SPOT, WAD, WEEK, World, build, events

CASH_LIMIT = 2**87
SUPPLY_LIMIT = 2**120


def floor(x: Fraction) -> int:
    return x.numerator // x.denominator


def ceil(x: Fraction) -> int:
    return -floor(-x)


def parts(world: World) -> int:
    return int(world.vault.totalSupply()) + world.virtual


def total(world: World, mark: int) -> int:
    """Assets at a mark (0 NAV, 1 low, 2 high), plus the virtual one."""
    wad = max(world.vault.nav()[mark], 0)
    return (-(-wad // world.scale) if mark == 2 else wad // world.scale) + 1


# --- the first share


def test_deposit__first__is_one_share_for_one_quote_token(each: World) -> None:
    each.set_book(SPOT, 0, 0)
    before = each.held(each.alice)[0]
    receipt = each.vault.deposit(1_000 * each.one, each.bob, sender=each.alice)
    assert receipt.value == 1_000 * each.whole
    assert each.vault.decimals() == max(18, each.quote_decimals + 6)
    assert each.whole == 10 ** each.vault.decimals()
    assert events(receipt, each) == [
        ("Transfer", {"sender": NOBODY, "receiver": each.bob, "value": 1_000 * each.whole}),
        (
            "Deposit",
            {
                "sender": each.alice,
                "owner": each.bob,
                "assets": 1_000 * each.one,
                "shares": 1_000 * each.whole,
            },
        ),
    ]
    assert each.held(each.alice, each.vault.address) == [
        before - 1_000 * each.one,
        10**3 * each.one,
    ]
    assert each.vault.share_price() == WAD
    assert each.vault.nav() == (1_000 * WAD,) * 3


# --- marks


@pytest.mark.parametrize("value", [-300, 0, 777])
@pytest.mark.parametrize("width", [0, 1, 99])
def test_flows__at_a_spread__use_the_mark_against_the_caller(
    each: World, value: int, width: int
) -> None:
    each.deposit(1_000 * each.one + 1)
    each.vault.depositUnderlying(each.coin // 2, each.alice, sender=each.alice)
    each.set_book(SPOT, value * WAD + 1, width * WAD + 1)
    nav, low, high = each.vault.nav()
    assert nav == 1_000 * WAD + each.scale + 1_000 * WAD + value * WAD + 1
    assert (low, high) == (nav - width * WAD - 1, nav + width * WAD + 1)
    mint = Fraction(parts(each), total(each, 2))
    burn = Fraction(parts(each), total(each, 1))
    for amount in (1, 7, each.one, 123_456_789):
        assert each.vault.previewDeposit(amount) == floor(amount * mint)
        assert each.vault.previewWithdraw(amount) == ceil(amount * burn)
    for amount in (1, each.virtual + 1, each.whole // 3):
        assert each.vault.previewMint(amount) == ceil(amount / mint)
        assert each.vault.previewRedeem(amount) == floor(amount / burn)
        mid = Fraction(parts(each), total(each, 0))
        assert each.vault.convertToAssets(amount) == floor(amount / mid)
        assert each.vault.convertToShares(amount) == floor(amount * mid)


FLOWS = ("deposit", "mint", "withdraw", "redeem", "depositUnderlying")


def run(world: World, flow: str, amount: int) -> tuple[Any, int]:
    """A flow of alice's and what it gave; a preview first, which must say the same."""
    preview = "preview" + flow[0].upper() + flow[1:]
    said = world.vault.method(preview)(amount)
    people = (
        (world.alice,)
        if flow in ("deposit", "mint", "depositUnderlying")
        else (
            world.alice,
            world.alice,
        )
    )
    receipt = world.vault.method(flow)(amount, *people, sender=world.alice)
    assert receipt.value == said, flow
    return receipt, said


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    pair=st.sampled_from(PAIRS),
    value=st.integers(-900 * WAD, 5_000 * WAD),
    width=st.integers(0, 99 * WAD),
    share=st.lists(st.integers(0, 10**6), min_size=1, max_size=6),
    flows=st.lists(st.sampled_from(FLOWS), min_size=6, max_size=6),
    skip=st.sampled_from([0, DAY, WEEK]),
)
def test_flows__any_state__preview_is_execution_and_maxima_are_honest(
    pair: tuple[int, int],
    value: int,
    width: int,
    share: list[int],
    flows: list[str],
    skip: int,
) -> None:
    world = build(RevmChain(), *pair)
    world.book.set_sheet_terms(WAD // 200, WAD // 50, WAD // 10)
    world.vault.set_fee_receiver(world.fund, sender=world.owner)
    world.deposit(1_000 * world.one)
    world.deposit(500 * world.one, world.bob)
    world.chain.advance(WEEK)
    world.vault.poke()
    world.chain.advance(skip)
    world.set_book(SPOT, value, width)
    world.vault.take(world.trader, 0, 0, 400 * world.one, 0, sender=world.desk)
    for part, flow in zip(share, flows, strict=False):
        if flow == "depositUnderlying":
            most = world.coin
        else:
            most = world.vault.method("max" + flow.title())(world.alice)
        most = min(most, 1_000 * (world.whole if flow in ("mint", "redeem") else world.one))
        amount = most * part // 10**6
        if flow == "deposit" and world.vault.previewDeposit(amount) == 0 and amount:
            continue
        if flow == "depositUnderlying" and world.vault.previewDepositUnderlying(amount) == 0:
            continue
        run(world, flow, amount)
    for flow in ("withdraw", "redeem"):
        most = world.vault.method("max" + flow.title())(world.alice)
        with rolled_back(world.chain):
            run(world, flow, most)
    balance = sum(world.vault.convertToAssets(world.vault.balanceOf(who)) for who in people(world))
    assert balance <= world.vault.totalAssets()


def people(world: World) -> tuple[str, ...]:
    return (world.alice, world.bob, world.fund)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    pair=st.sampled_from(PAIRS),
    value=st.integers(-999 * WAD, 10**9 * WAD),
    width=st.integers(0, WAD),
    amount=st.integers(1, 10**6),
    exact_in=st.booleans(),
    exact_out=st.booleans(),
)
def test_round_trip__any_price__never_gains(
    pair: tuple[int, int],
    value: int,
    width: int,
    amount: int,
    exact_in: bool,
    exact_out: bool,
) -> None:
    world = build(RevmChain(), *pair)
    world.deposit(1_000 * world.one, world.bob)
    world.set_book(SPOT, value, width)
    before = world.held(world.alice)[0]
    if exact_in:
        if world.vault.previewDeposit(amount) == 0:
            return
        world.vault.deposit(amount, world.alice, sender=world.alice)
    else:
        world.vault.mint(amount, world.alice, sender=world.alice)
    if exact_out:
        assets = world.vault.maxWithdraw(world.alice)
        world.vault.withdraw(assets, world.alice, world.alice, sender=world.alice)
    else:
        shares = world.vault.maxRedeem(world.alice)
        world.vault.redeem(shares, world.alice, world.alice, sender=world.alice)
    assert world.held(world.alice)[0] <= before


# --- maxima


def test_max__nothing_readable__is_zero_and_flows_are_refused(each: World) -> None:
    each.deposit(1_000 * each.one)
    for mode in (1, 2):
        each.book.set_mode(mode)
        for name in ("maxDeposit", "maxMint", "maxWithdraw", "maxRedeem"):
            assert each.vault.method(name)(each.alice) == 0
    each.book.set_mode(1)
    assert each.refused("deposit", 1, each.alice) == "book: broken"
    assert each.refused("redeem", 1, each.alice, each.alice) == "book: broken"
    assert each.refused("poke") == "book: broken"


@pytest.mark.parametrize("high", [-1, 0, 1])
def test_deposit__high_mark_at_zero__has_no_price(world: World, high: int) -> None:
    world.deposit(world.one)
    world.set_book(SPOT, -2 * WAD + high, WAD)
    assert world.vault.totalAssets() == 0
    if high <= 0:
        assert world.vault.maxDeposit(world.bob) == 0
        assert world.vault.maxMint(world.bob) == 0
        assert world.refused("deposit", world.one, world.bob) == "vault: no value"
        assert world.refused("mint", 1, world.bob) == "vault: no value"
        reason = world.refused("depositUnderlying", world.coin, world.bob)
        assert reason == "vault: no value"
    else:
        assert world.vault.maxDeposit(world.bob) > 0
        world.deposit(world.one, world.bob)


def test_deposit__empty_vault_that_owes__has_no_price(world: World) -> None:
    world.set_book(SPOT, -1, 0)
    assert world.vault.maxDeposit(world.alice) == 0
    assert world.refused("deposit", world.one, world.alice) == "vault: no value"


@pytest.mark.parametrize("low", [-1, 0, 1])
def test_redeem__low_mark_at_zero__is_refused(world: World, low: int) -> None:
    world.deposit(1_000 * world.one)
    world.set_book(SPOT, 0, 1_000 * WAD - low)
    args = (1, world.alice, world.alice)
    if low <= 0:
        assert world.vault.maxRedeem(world.alice) == world.vault.maxWithdraw(world.alice) == 0
        assert world.refused("redeem", *args) == "vault: below floor"
        assert world.refused("withdraw", *args) == "vault: below floor"
        assert world.refused("previewRedeem", 1) == "vault: below floor"
    else:
        assert world.vault.redeem(*args, sender=world.alice).value == 0


@pytest.mark.parametrize("bad", [NOBODY, "vault"])
def test_flows__receiver_that_cannot_be__is_refused(world: World, bad: str) -> None:
    world.deposit(100 * world.one)
    receiver = world.vault.address if bad == "vault" else bad
    assert world.vault.maxDeposit(receiver) == world.vault.maxMint(receiver) == 0
    for method, args in (
        ("deposit", (1, receiver)),
        ("mint", (1, receiver)),
        ("depositUnderlying", (world.coin, receiver)),
        ("withdraw", (1, receiver, world.alice)),
        ("redeem", (1, receiver, world.alice)),
        ("exitAtFloor", (1, receiver)),
        ("requestRedeem", (100 * world.whole, receiver, world.alice)),
        ("claim", (receiver,)),
        ("transfer", (receiver, 1)),
    ):
        assert world.refused(method, *args) == "vault: receiver", method


@pytest.mark.parametrize(("more", "refused"), [(-1, False), (0, False), (1, True)])
def test_deposit__cash_limit__is_the_maximum(revm: Chain, more: int, refused: bool) -> None:
    world = build(revm, 18, 18)
    world.deposit(world.one)
    most = world.vault.maxDeposit(world.alice)
    assert most == CASH_LIMIT - world.one
    world.quote.mint(world.alice, CASH_LIMIT)
    if refused:
        assert world.refused("deposit", most + more, world.alice) == "vault: full"
    else:
        world.deposit(most + more)


@pytest.mark.parametrize(("more", "refused"), [(-1, False), (0, False), (1, True)])
def test_mint__supply_limit__is_the_maximum(world: World, more: int, refused: bool) -> None:
    """A vault that lost nearly everything mints many shares for little."""
    world.deposit(10**7 * world.one)
    world.set_book(SPOT, -(10**7) * WAD + world.scale, 0)
    said = world.vault.maxMint(world.bob)
    most = SUPPLY_LIMIT - 1 - world.vault.totalSupply()
    assert most - parts(world) // 2 <= said <= most  # within the shares for one asset
    if refused:
        assert world.refused("mint", most + more, world.bob, sender=world.bob) == "vault: supply"
    else:
        world.vault.mint(most + more, world.bob, sender=world.bob)
        assert world.vault.totalSupply() == SUPPLY_LIMIT - 1 + more
    assert world.refused("mint", MAX, world.bob, sender=world.bob) == "vault: supply"


@pytest.mark.parametrize(("more", "refused"), [(-1, False), (0, False), (1, True)])
def test_withdraw__free_quote__is_the_maximum(each: World, more: int, refused: bool) -> None:
    each.deposit(1_000 * each.one)
    each.vault.take(each.trader, 0, 0, 700 * each.one, 0, sender=each.desk)
    assert each.vault.maxWithdraw(each.alice) == 300 * each.one
    args = (300 * each.one + more, each.alice, each.alice)
    if refused:
        assert each.refused("withdraw", *args) == "vault: free quote"
    else:
        each.vault.withdraw(*args, sender=each.alice)
    with rolled_back(each.chain):
        most = each.vault.maxRedeem(each.alice)
        each.vault.redeem(most, each.alice, each.alice, sender=each.alice)
        assert each.vault.holdings().free_quote <= 1


def test_flows__limits_of_the_caller__are_kept(world: World) -> None:
    world.deposit(100 * world.one)
    world.set_book(SPOT, 7 * WAD, WAD)
    with_limit = (world.one, world.alice)
    said = world.vault.previewDeposit(world.one)
    assert world.refused("deposit", *with_limit, said + 1) == "vault: fewer shares"
    with rolled_back(world.chain):
        assert world.vault.deposit(*with_limit, said, sender=world.alice).value == said
    exit_args = (world.whole, world.alice, world.alice)
    said = world.vault.previewRedeem(world.whole)
    assert world.refused("redeem", *exit_args, said + 1) == "vault: fewer assets"
    assert world.vault.redeem(*exit_args, said, sender=world.alice).value == said
    said = world.vault.previewDepositUnderlying(world.coin)
    under = (world.coin, world.alice)
    assert world.refused("depositUnderlying", *under, said + 1) == "vault: too few shares"
    assert world.vault.depositUnderlying(*under, said, sender=world.alice).value == said


def test_deposit__too_little_for_a_share__is_refused(world: World) -> None:
    world.deposit(1)
    world.set_book(SPOT, 10**19 * WAD, 0)
    assert world.refused("deposit", 1, world.bob, sender=world.bob) == "vault: nothing"
    assert world.vault.deposit(0, world.bob, sender=world.bob).value == 0


def test_redeem__somebody_else__needs_and_uses_up_an_allowance(world: World) -> None:
    world.deposit(100 * world.one)
    args = (10 * world.whole, world.bob, world.alice)
    assert world.refused("redeem", *args, sender=world.bob) == "vault: allowance"
    world.vault.approve(world.bob, 15 * world.whole, sender=world.alice)
    receipt = world.vault.redeem(*args, sender=world.bob)
    assert events(receipt, world) == [
        ("Transfer", {"sender": world.alice, "receiver": NOBODY, "value": 10 * world.whole}),
        (
            "Withdraw",
            {
                "sender": world.bob,
                "receiver": world.bob,
                "owner": world.alice,
                "assets": 10 * world.one,
                "shares": 10 * world.whole,
            },
        ),
    ]
    assert world.vault.allowance(world.alice, world.bob) == 5 * world.whole
    withdraw = (10 * world.one, world.bob, world.alice)
    assert world.refused("withdraw", *withdraw, sender=world.bob) == "vault: allowance"
    world.vault.approve(world.bob, MAX, sender=world.alice)
    world.vault.withdraw(*withdraw, sender=world.bob)
    assert world.vault.allowance(world.alice, world.bob) == MAX
    assert world.refused("redeem", 81 * world.whole, world.alice, world.alice) == "vault: shares"
    world.deposit(world.one, world.bob)
    reason = world.refused("redeem", 81 * world.whole, world.alice, world.alice)
    assert reason == "vault: balance"


# --- underlying


@pytest.mark.parametrize("slope", [0, 1, 100])
def test_deposit_underlying__low_mark_of_it__less_the_rise_of_the_potential(
    each: World, slope: int
) -> None:
    each.deposit(10_000 * each.one)
    each.book.set_sheet_terms(WAD // 200, slope * WAD, 0)
    each.set_book(SPOT, 0, 10 * WAD)
    amount = 3 * each.coin + 1
    wad = amount * 10 ** (18 - each.unit_decimals)
    worth = (wad * SPOT // WAD * 199 // 200 - wad * slope) // each.scale
    shares = worth * parts(each) // total(each, 2)
    receipt, said = run(each, "depositUnderlying", amount)
    assert (
        abs(said - shares) <= parts(each) // total(each, 2) + 1
    )  # one asset, by the order of roundings
    assert events(receipt, each) == [
        ("Transfer", {"sender": NOBODY, "receiver": each.alice, "value": said}),
        (
            "UnderlyingDeposited",
            {"sender": each.alice, "owner": each.alice, "amount": amount, "shares": said},
        ),
    ]
    assert each.balances()["underlying"] == amount
    assert each.book.refreshed() == 2


def test_deposit_underlying__worth_nothing__is_refused(world: World) -> None:
    world.deposit(world.one)
    for d, slope in ((WAD, 0), (2 * WAD, 0), (0, 3_000 * WAD)):
        world.book.set_sheet_terms(d, slope, 0)
        reason = world.refused("depositUnderlying", world.coin, world.alice)
        assert reason == "vault: too few shares"


@pytest.mark.parametrize(("more", "refused"), [(-1, False), (0, False), (1, True)])
def test_deposit_underlying__field_of_lots__is_the_limit(
    world: World, more: int, refused: bool
) -> None:
    most = (2**40 - 1) * world.lot
    world.unit.mint(world.alice, most)
    world.deposit(world.one)
    args = (most + more, world.alice)
    if refused:
        assert world.refused("depositUnderlying", *args) == "vault: units"
    else:
        world.vault.depositUnderlying(*args, sender=world.alice)
        assert world.vault.holdings().free_lots == 2**40 - 1 + min(more, 0)
    assert world.refused("depositUnderlying", MAX, world.alice) == "vault: units"


# --- what never reverts


def test_total_assets__unreadable_book__is_the_last_price_times_the_shares(each: World) -> None:
    each.deposit(1_000 * each.one)
    each.set_book(SPOT, 500 * WAD, 0)
    each.vault.poke()
    with_book = each.vault.totalAssets(), each.vault.share_price()
    assert with_book[0] == 1_500 * each.one
    for mode in (1, 2):
        each.book.set_mode(mode)
        assert abs(each.vault.totalAssets() - with_book[0]) <= 1 + 1_500 * each.one // 10**17
        assert abs(each.vault.share_price() - with_book[1]) <= WAD // 10**6
        assert each.vault.convertToAssets(each.whole) <= each.one * 3 // 2
        assert each.vault.convertToShares(each.one * 3 // 2) >= each.whole
        assert each.refused("nav") == ("book: broken" if mode == 1 else None)


def test_total_assets__book_that_burns_all_gas__still_answers(world: World) -> None:
    world.deposit(1_000 * world.one)
    world.book.set_mode(3)
    assert abs(world.vault.totalAssets() - 1_000 * world.one) <= 1


@pytest.mark.parametrize("value", [-(10**9), -1, 0])
def test_total_assets__nav_at_or_below_zero__is_zero(each: World, value: int) -> None:
    each.set_book(SPOT, value * WAD, 0)
    assert each.vault.totalAssets() == 0
    assert each.vault.convertToShares(1) == each.virtual
    assert each.vault.nav()[0] == value * WAD


@pytest.mark.parametrize(
    ("spot", "value", "width"),
    [
        (2**159, 0, 0),
        (MAX, 0, 0),
        (SPOT, 2**159, 0),
        (SPOT, -(2**159), 0),
        (SPOT, 2**255 - 1, 0),
        (SPOT, -(2**255), 0),
        (SPOT, 0, 2**159),
        (SPOT, 0, MAX),
    ],
)
def test_marks__numbers_out_of_all_bounds__are_as_good_as_none(
    world: World, spot: int, value: int, width: int
) -> None:
    world.deposit(1_000 * world.one)
    world.vault.depositUnderlying(world.coin, world.alice, sender=world.alice)
    world.vault.poke()
    last = world.vault.totalAssets()
    world.set_book(spot, value, width)
    assert abs(world.vault.totalAssets() - last) <= 1
    for name in ("maxDeposit", "maxMint", "maxWithdraw", "maxRedeem"):
        assert world.vault.method(name)(world.alice) == 0
    for method, args in (("deposit", (1, world.alice)), ("poke", ())):
        assert world.refused(method, *args) == "vault: range"
    assert world.vault.exitAtFloor(world.whole, world.alice, sender=world.alice).value > 0


@pytest.mark.parametrize(("high", "known"), [(-1, True), (0, False), (1, False)])
def test_marks__assets_beyond_the_limit__are_as_good_as_none(
    revm: Chain, high: int, known: bool
) -> None:
    world = build(revm, 18, 18)
    world.deposit(1_000 * world.one)
    world.set_book(SPOT, SUPPLY_LIMIT - 1_000 * WAD + high, 0)
    assert (world.vault.totalAssets() == SUPPLY_LIMIT - 1) == known
    assert (world.vault.maxRedeem(world.alice) != 0) == known


# --- ERC-20


def test_shares__transfers__move_and_log(world: World) -> None:
    world.deposit(100 * world.one)
    receipt = world.vault.transfer(world.bob, 5, sender=world.alice)
    assert receipt.value is True
    sent = {"sender": world.alice, "receiver": world.bob, "value": 5}
    assert events(receipt, world) == [("Transfer", sent)]
    receipt = world.vault.approve(world.stranger, 3, sender=world.bob)
    approved = {"owner": world.bob, "spender": world.stranger, "value": 3}
    assert (receipt.value, events(receipt, world)) == (True, [("Approval", approved)])
    args = (world.bob, world.stranger, 2)
    receipt = world.vault.transferFrom(*args, sender=world.stranger)
    sent = {"sender": world.bob, "receiver": world.stranger, "value": 2}
    assert (receipt.value, events(receipt, world)) == (True, [("Transfer", sent)])
    assert world.refused("transferFrom", *args, sender=world.stranger) == "vault: allowance"
    assert world.refused("transfer", world.alice, 4, sender=world.bob) == "vault: balance"
    owners = (world.alice, world.bob, world.stranger)
    found = [world.vault.balanceOf(who) for who in owners]
    assert found == [100 * world.whole - 5, 3, 2]
    assert sum(found) == world.vault.totalSupply()
    world.vault.transfer(world.alice, 10, sender=world.alice)
    assert world.vault.balanceOf(world.alice) == found[0]
