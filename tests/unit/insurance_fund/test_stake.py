"""Coming in: constructor, deposit, mint, what shares are worth, gifts and fees."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import Reverted, RevmChain
from tests.tokens import weird_token
from tests.unit.insurance_fund.world import (
    MAX,
    MOST_ASSETS,
    MOST_SHARES,
    NOBODY,
    VIRTUAL,
    World,
    deploy,
    events,
)

# --- constructor


def test_init__decimals__shares_have_twelve_more(each: World) -> None:
    fund = each.fund
    assert (fund.name(), fund.symbol()) == ("Ballast fund", "fUSDC")
    assert fund.decimals() == each.decimals + 12
    roles = [fund.method(role)() for role in ("asset", "MARGIN", "VAULT")]
    assert roles == [each.quote.address, each.margin.address, each.vault.address]
    assert (fund.series(), fund.totalSupply(), fund.totalAssets()) == (0, 0, 0)


@pytest.mark.parametrize(("decimals", "refused"), [(5, True), (6, False), (18, False), (19, True)])
def test_init__decimals_out_of_range__are_refused(
    revm: RevmChain, decimals: int, refused: bool
) -> None:
    token = weird_token(revm, 8)
    token.set_decimals(decimals)
    args = (token, *revm.accounts[1:3])
    if not refused:
        assert deploy(revm, *args).decimals() == decimals + 12
        return
    with pytest.raises(Reverted) as error:
        deploy(revm, *args)
    assert error.value.reason == "fund: decimals"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_init__nobody__is_refused(revm: RevmChain, place: int) -> None:
    args: list[Any] = [weird_token(revm, 6), *revm.accounts[1:3]]
    args[place] = NOBODY
    with pytest.raises(Reverted) as error:
        deploy(revm, *args)
    assert error.value.reason == "fund: address"


# --- deposit and mint


def test_deposit__first__is_one_share_for_one_quote_token(each: World) -> None:
    before = each.held(each.alice, each.fund)
    receipt = each.fund.deposit(1_000 * each.one, each.bob, sender=each.alice)
    shares = 1_000 * each.whole
    assert receipt.value == shares == each.fund.balanceOf(each.bob) == each.fund.totalSupply()
    assert events(receipt, each) == [
        ("Transfer", {"sender": NOBODY, "receiver": each.bob, "value": shares}),
        (
            "Deposit",
            {
                "sender": each.alice,
                "owner": each.bob,
                "assets": 1_000 * each.one,
                "shares": shares,
            },
        ),
    ]
    paid = 1_000 * each.one
    assert each.held(each.alice, each.fund) == [before[0] - paid, before[1] + paid]
    assert each.fund.totalAssets() == each.fund.available() == paid
    assert each.fund.convertToAssets(shares) == paid


def test_mint__shares__cost_what_is_previewed_rounded_up(each: World) -> None:
    each.deposit(1_000 * each.one)
    each.give(7)
    for shares in (1, VIRTUAL - 1, VIRTUAL, VIRTUAL + 1, 3 * each.whole):
        total, parts = each.fund.totalAssets() + 1, each.fund.totalSupply() + VIRTUAL
        said = each.fund.previewMint(shares)
        receipt = each.fund.mint(shares, each.bob, sender=each.bob)
        assert receipt.value == said == -(-shares * total // parts)
        assert [name for name, _ in events(receipt, each)] == ["Transfer", "Deposit"]
    assert each.fund.balanceOf(each.bob) == 3 * VIRTUAL + 1 + 3 * each.whole


@pytest.mark.parametrize("assets", [0, 1, 2, 10**6 + 1])
def test_deposit__shares__are_what_is_previewed_rounded_down(each: World, assets: int) -> None:
    each.deposit(1_000 * each.one)
    each.give(333)
    total, parts = each.fund.totalAssets() + 1, each.fund.totalSupply() + VIRTUAL
    said = each.fund.previewDeposit(assets)
    assert each.deposit(assets, each.bob) == said == assets * parts // total


def test_deposit__too_little_for_a_share__is_refused(world: World) -> None:
    world.give(10**19)  # a share costs ten million units
    assert world.refused("deposit", 10**7 - 1, world.alice) == "fund: nothing"
    assert world.deposit(10**7 + 1) == 1
    assert world.deposit(0) == 0


@pytest.mark.parametrize("method", ["deposit", "mint"])
def test_enter__receiver_that_cannot_use_shares__is_refused(world: World, method: str) -> None:
    for receiver in (NOBODY, world.fund.address):
        assert world.refused(method, VIRTUAL, receiver) == "fund: receiver"
        assert world.fund.maxDeposit(receiver) == world.fund.maxMint(receiver) == 0


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_deposit__more_than_fits__is_refused(each: World, more: int) -> None:
    """As much as `maxDeposit` says and no more."""
    each.deposit(each.one)
    most = each.fund.maxDeposit(each.bob)
    assert most > 2**88
    each.quote.mint(each.bob, most + 1)
    if more <= 0:
        each.deposit(most + more, each.bob)
        assert each.fund.maxDeposit(each.bob) == -more
    else:
        assert each.refused("deposit", most + more, each.bob, sender=each.bob) == "fund: full"
    assert each.refused("deposit", MAX, each.bob, sender=each.bob) == "fund: full"


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_mint__more_than_fits__is_refused(world: World, more: int) -> None:
    """Where a draw left next to nothing shares are cheap, and their number is what gives out."""
    world.deposit(1_000_000 * world.one)
    world.draw(1_000_000 * world.one - 1)
    world.deposit(10**12, world.bob)
    world.quote.mint(world.carol, MOST_ASSETS)
    left = MOST_SHARES - 1 - world.fund.totalSupply()
    most = world.fund.maxMint(world.carol)
    assert most <= left < most + world.fund.totalSupply()
    if more <= 0:
        world.fund.mint(left + more, world.carol, sender=world.carol)
        assert world.fund.maxMint(world.carol) <= -more
    else:
        reason = world.refused("mint", left + more, world.carol, sender=world.carol)
        assert reason == "fund: supply"
    assert world.refused("mint", MAX, world.carol, sender=world.carol) == "fund: supply"


def test_enter__fund_with_next_to_nothing__any_income_heals_it(world: World) -> None:
    """A draw that leaves one unit leaves shares so cheap that few fit; a little money helps."""
    world.deposit(10**12)
    world.draw(10**12 - 1)
    before = world.fund.maxDeposit(world.bob)
    world.give(world.one)
    assert world.fund.maxDeposit(world.bob) > before
    assert world.deposit(10**10, world.bob) > 0


def test_enter__while_pending__is_refused(world: World) -> None:
    world.margin.set_pending(1)
    for method in ("deposit", "mint"):
        assert world.refused(method, world.one, world.alice) == "fund: pending"
    assert world.fund.maxDeposit(world.alice) == world.fund.maxMint(world.alice) == 0
    world.margin.set_pending(0)
    world.deposit(world.one)


def test_max__at_max__goes_through(each: World) -> None:
    each.deposit(123 * each.one + 1)
    each.give(77)
    each.quote.mint(each.bob, MOST_ASSETS)
    most = each.fund.maxMint(each.bob)
    assert each.fund.mint(most, each.bob, sender=each.bob).value <= MOST_ASSETS
    assert each.fund.maxMint(each.bob) <= VIRTUAL  # of what is left for a unit


# --- gifts


def test_gift__before_the_first_stake__next_to_nothing_is_lost(each: World) -> None:
    """A million of income that nobody staked for: it is nobody's, and a stake keeps its worth."""
    each.give(1_000_000 * each.one)
    for stake in (each.one, 1_000 * each.one):
        each.deposit(stake, each.bob)
    worth = each.fund.convertToAssets(each.fund.balanceOf(each.bob))
    staked = 1_001 * each.one
    assert staked - 3 * each.one // 10**6 - 3 <= worth <= staked


@pytest.mark.parametrize("first", [1, 10**6, 10**9])
def test_gift__of_the_first_staker__costs_him_and_not_the_next(each: World, first: int) -> None:
    """He stakes a little and gives much; who comes next loses less than a thousandth."""
    each.deposit(first)
    each.quote.transfer(each.fund, 100_000 * each.one, sender=each.alice)
    each.deposit(10 * each.one, each.bob)
    worth = each.fund.convertToAssets(each.fund.balanceOf(each.bob))
    assert 10 * each.one - worth <= 10 * each.one // 1_000
    taken = each.fund.convertToAssets(each.fund.balanceOf(each.alice))
    assert taken <= first + 100_000 * each.one


def test_gift__mid_life__is_the_stakers(each: World) -> None:
    each.deposit(300 * each.one)
    each.deposit(100 * each.one, each.bob)
    each.give(40 * each.one)
    worth = [each.fund.convertToAssets(each.fund.balanceOf(who)) for who in (each.alice, each.bob)]
    assert 330 * each.one - each.one <= worth[0] <= 330 * each.one
    assert 110 * each.one - each.one <= worth[1] <= 110 * each.one
    assert sum(worth) <= each.fund.totalAssets()


# --- fees


def test_collect__anyone__fetches_and_changes_no_price(each: World) -> None:
    each.deposit(100 * each.one)
    each.accrue(25 * each.one)
    told = (each.fund.totalAssets(), each.fund.previewDeposit(each.one), each.fund.available())
    assert told[0] == told[2] == 125 * each.one
    receipt = each.fund.collect(sender=each.stranger)
    assert receipt.value == 25 * each.one
    assert events(receipt, each) == []
    assert each.held(each.fund, each.vault) == [125 * each.one, 0]
    after = (each.fund.totalAssets(), each.fund.previewDeposit(each.one), each.fund.available())
    assert after == told
    assert each.fund.collect(sender=each.stranger).value == 0


def test_deposit__just_before_fees_are_fetched__gains_nothing(each: World) -> None:
    each.deposit(100 * each.one)
    each.accrue(50 * each.one)
    each.deposit(1_000_000 * each.one, each.bob)
    each.fund.collect(sender=each.bob)
    worth = each.fund.convertToAssets(each.fund.balanceOf(each.bob))
    assert worth <= 1_000_000 * each.one


@pytest.mark.parametrize("mode", [1, 2, 3])
def test_vault_that_does_not_answer__views_say_what_is_here_and_nobody_enters(
    world: World, mode: int
) -> None:
    shares = world.deposit(100 * world.one)
    world.accrue(10 * world.one)
    world.vault.set_mode(mode)
    assert world.fund.totalAssets() == 100 * world.one
    assert world.fund.convertToAssets(shares) == 100 * world.one
    assert world.fund.convertToShares(world.one) == world.whole
    for method in ("maxDeposit", "maxMint", "maxRedeem", "maxWithdraw"):
        assert world.fund.method(method)(world.alice) == 0
    world.refused("deposit", world.one, world.alice)
    assert world.fund.totalSupply() == shares


def test_margin_that_does_not_answer__maxima_are_zero_and_nobody_enters(world: World) -> None:
    world.deposit(100 * world.one)
    world.margin.set_mode(1)
    assert world.fund.maxDeposit(world.alice) == world.fund.maxMint(world.alice) == 0
    assert world.refused("deposit", world.one, world.alice) == "margin: broken"


def test_payer_without_money__changes_nothing(world: World) -> None:
    poor = world.chain.accounts[9]
    assert world.refused("deposit", 5, poor, sender=poor) is not None
    assert (world.fund.totalSupply(), world.fund.totalAssets()) == (0, 0)


def test_fund__on_either_chain__does_the_same(either: World) -> None:
    world = either
    world.deposit(1_000 * world.one)
    world.accrue(10 * world.one)
    world.draw(500 * world.one)
    assert world.held(world.margin) == [500 * world.one]
    ready = world.request()
    world.at(ready)
    assert world.redeem() == 510 * world.one
