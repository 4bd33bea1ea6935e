"""Constructor, and tokens that do what real ones have done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ballast.chain import Chain, Contract, Reverted, RevmChain, compile_contract
from tests.tokens import weird_token
from tests.unit.vault.world import MAX, NOBODY, PAIRS, SPOT, WAD, World, build

TRUE = (1).to_bytes(32, "big")


def strange(chain: Chain) -> World:
    """A vault whose quote token is a weird one, as yet well behaved, with 1,000 of alice's."""
    world = build(chain)
    token = weird_token(chain, 6)
    roles = (world.book, world.desk, world.margin, world.fund, world.hedger, world.owner)
    vault = chain.deploy(compile_contract("Vault"), token, world.unit, *roles, "Odd", "ODD")
    for person in (world.alice, world.bob, world.trader, world.margin):
        token.mint(person, 10_000 * world.one)
        token.approve(vault, MAX, sender=person)
    world = replace(world, vault=vault, quote=token)
    world.deposit(1_000 * world.one)
    return world


@pytest.mark.parametrize("pair", PAIRS)
def test_init__decimals__shares_have_six_more_and_at_least_eighteen(
    revm: RevmChain, pair: tuple[int, int]
) -> None:
    world = build(revm, *pair)
    found = (world.vault.name(), world.vault.symbol(), world.vault.decimals())
    assert found == ("Ballast WETH", "bWETH", {6: 18, 8: 18, 18: 24}[pair[0]])
    roles = ("BOOK", "DESK", "MARGIN", "FUND", "HEDGER", "OWNER", "asset", "UNDERLYING")
    assert [world.vault.method(role)() for role in roles] == [
        world.book.address,
        world.desk,
        world.margin,
        world.fund,
        world.hedger.address,
        world.owner,
        world.quote.address,
        world.unit.address,
    ]


@pytest.mark.parametrize(("decimals", "refused"), [(5, True), (6, False), (18, False), (19, True)])
@pytest.mark.parametrize("place", [0, 1])
def test_init__decimals_out_of_range__are_refused(
    revm: RevmChain, decimals: int, refused: bool, place: int
) -> None:
    tokens = [weird_token(revm, 8), weird_token(revm, 8)]
    tokens[place].set_decimals(decimals)
    args = (*tokens, *revm.accounts[1:7], "Odd", "ODD")
    if refused:
        assert init_reason(revm, *args) == "vault: decimals"
    else:
        vault = revm.deploy(compile_contract("Vault"), *args)
        assert vault.decimals() == max(18, (decimals if place == 0 else 8) + 6)


@pytest.mark.parametrize("place", [2, 3, 4, 5, 6, 7])
def test_init__nobody__is_refused(revm: RevmChain, place: int) -> None:
    tokens = [weird_token(revm, 6), weird_token(revm, 18)]
    args: list[Any] = [*tokens, *revm.accounts[1:7], "Odd", "ODD"]
    args[place] = NOBODY
    assert init_reason(revm, *args) == "vault: address"


def test_init__one_token_for_both__is_refused(revm: RevmChain) -> None:
    token = weird_token(revm, 6)
    args = (token, token, *revm.accounts[1:7], "Odd", "ODD")
    assert init_reason(revm, *args) == "vault: tokens"


def init_reason(chain: Chain, *args: Any) -> str | None:
    with pytest.raises(Reverted) as refused:
        chain.deploy(compile_contract("Vault"), *args)
    return refused.value.reason


# --- answers


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        (b"", True),
        (TRUE, True),
        (TRUE + bytes(256), True),
        (bytes(32), False),
        ((2).to_bytes(32, "big"), False),
        (b"\x01", False),
    ],
)
def test_tokens__what_they_answer__no_is_no_and_nothing_is_yes(
    revm: RevmChain, answer: bytes, accepted: bool
) -> None:
    world = strange(revm)
    world.quote.set_answer(answer)
    calls = [
        ("deposit", (1, world.alice), world.alice),
        ("redeem", (world.whole, world.alice, world.alice), world.alice),
        ("exitAtFloor", (world.whole, world.alice), world.alice),
        ("take", (world.trader, 1, 0, 0, 0), world.desk),
        ("pay", (world.trader, 1, 0, 0, 0, 0), world.desk),
    ]
    for method, args, sender in calls:
        before = world.balances(), world.vault.totalSupply()
        if accepted:
            world.vault.method(method)(*args, sender=sender)
            assert world.balances() != before[0]
        else:
            world.refused(method, *args, sender=sender)
            assert (world.balances(), world.vault.totalSupply()) == before


def test_tokens__false_without_moving__is_named(revm: RevmChain) -> None:
    world = strange(revm)
    world.quote.set_answer(bytes(32))
    world.quote.set_stuck(True)
    assert world.refused("deposit", 1, world.alice) == "vault: token refused"
    args = (world.whole, world.alice, world.alice)
    assert world.refused("redeem", *args) == "vault: token did not pay"


@pytest.mark.parametrize("switch", ["set_paused", "set_gas_hog"])
def test_tokens__stopped__lose_nothing(revm: RevmChain, switch: str) -> None:
    world = strange(revm)
    before = world.balances(), world.vault.totalSupply()
    world.quote.method(switch)(True)
    world.refused("deposit", 1, world.alice)
    world.refused("exitAtFloor", world.whole, world.alice)
    world.quote.method(switch)(False)
    assert (world.balances(), world.vault.totalSupply()) == before
    world.vault.redeem(world.whole, world.alice, world.alice, sender=world.alice)


def test_tokens__zero_transfers_refused__do_not_occur(revm: RevmChain) -> None:
    world = strange(revm)
    world.quote.set_no_zero(True)
    world.vault.take(world.trader, 0, 0, 5, 0, sender=world.desk)
    world.vault.pay(world.trader, 0, 0, 5, 0, 0, sender=world.desk)
    world.vault.deposit(0, world.alice, sender=world.alice)
    world.vault.redeem(0, world.alice, world.alice, sender=world.alice)
    world.vault.claim(world.alice, sender=world.alice)
    world.vault.payFund()
    assert world.balances()["cash"] == 1_000 * world.one


# --- hooks


REENTRIES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "deposit": ("deposit", (1, "alice")),
    "redeem": ("redeem", (0, "alice", "alice")),
    "floor": ("exitAtFloor", (0, "alice")),
    "claim": ("claim", ("alice",)),
    "process": ("processRedemptions", (1,)),
    "poke": ("poke", ()),
    "fund": ("payFund", ()),
    "assets": ("totalAssets", ()),
    "price": ("share_price", ()),
    "max": ("maxRedeem", ("alice",)),
    "nav": ("nav", ()),
    "holdings": ("holdings", ()),
}


def hooked(world: World, name: str, before: bool) -> None:
    """The next transfer calls the vault."""
    method, args = REENTRIES[name]
    args = tuple(world.alice if arg == "alice" else arg for arg in args)
    payload = world.vault.method(method).encode(*args)
    world.quote.set_hook(world.vault, payload, 1, before, False)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("name", REENTRIES)
def test_hooks__reenter__are_locked_out(revm: RevmChain, name: str, before: bool) -> None:
    """Views are locked too: nobody prices anything by a vault that is in the middle of a flow."""
    world = strange(revm)
    for method, args, sender in (
        ("deposit", (world.one, world.alice), world.alice),
        ("redeem", (world.whole, world.alice, world.alice), world.alice),
        ("take", (world.trader, world.one, 0, 0, 0), world.desk),
        ("pay", (world.trader, world.one, 0, 0, 0, 0), world.desk),
    ):
        failed = world.quote.hooks_failed()
        hooked(world, name, before)
        world.vault.method(method)(*args, sender=sender)
        assert world.quote.hooks_failed() == failed + 1, method


def test_hooks__balances__are_those_after_the_flow(revm: RevmChain) -> None:
    world = strange(revm)
    payload = world.vault.balanceOf.encode(world.alice)
    world.quote.set_hook(world.vault, payload, 1, True, True)
    world.deposit(world.one)
    assert world.quote.hooks_failed() == 0


# --- what nobody asked for


def test_donation__of_either_token__changes_nothing(each: World) -> None:
    each.deposit(1_000 * each.one)
    before = (each.balances(), each.vault.nav(), each.vault.share_price())
    before += (each.vault.maxRedeem(each.alice), each.vault.maxDeposit(each.alice))
    each.quote.transfer(each.vault, 777 * each.one, sender=each.bob)
    each.unit.transfer(each.vault, 9 * each.coin, sender=each.bob)
    after = (each.balances(), each.vault.nav(), each.vault.share_price())
    assert (*after, each.vault.maxRedeem(each.alice), each.vault.maxDeposit(each.alice)) == before
    paid = each.vault.redeem(1_000 * each.whole, each.alice, each.alice, sender=each.alice)
    assert paid.value <= 1_000 * each.one


def test_rebase__down__leaves_the_last_one_short_and_no_view_reverts(revm: RevmChain) -> None:
    """Such a token must not be admitted; if it is, nothing freezes but the last payment."""
    world = strange(revm)
    world.quote.rebase(WAD // 2)
    assert world.vault.totalAssets() == 1_000 * world.one
    args = (500 * world.whole, world.alice, world.alice)
    world.vault.redeem(*args, sender=world.alice)
    assert world.refused("redeem", world.whole, world.alice, world.alice) == "weird: balance"


def test_market__on_either_chain__does_the_same(either: World) -> None:
    world: World = either
    token: Contract = world.quote
    before = token.balanceOf(world.alice)
    world.deposit(1_000 * world.one)
    world.vault.take(world.trader, 20 * world.one, world.one, 500 * world.one, 0, sender=world.desk)
    world.settle(7, 100 * world.one, 0, 10, 500 * world.one, 0)
    world.vault.pay_out(7, world.trader, 100 * world.one, 0, 10, sender=world.desk)
    world.set_book(SPOT, 0, 0)
    shares = world.vault.maxRedeem(world.alice)
    world.vault.redeem(shares, world.alice, world.alice, sender=world.alice)
    assert token.balanceOf(world.alice) - before == -81 * world.one - 1
