"""Tokens that do what real ones have done, and hooks that call the fund in the middle of a flow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ballast.chain import Chain, Reverted, RevmChain, compile_contract
from tests.tokens import weird_token
from tests.unit.insurance_fund.world import MAX, World, build, deploy

TRUE = (1).to_bytes(32, "big")


def strange(chain: Chain) -> World:
    """A fund of a weird token, as yet well behaved: 1,000 of alice's, who may leave now, 10 of fees
    in the vault."""
    world = build(chain)
    token = weird_token(chain, 6)
    vault = chain.deploy(compile_contract("tests/harness/VaultStub.vy"), token, token)
    fund = deploy(chain, token, world.margin, vault)
    for person in (world.alice, world.bob):
        token.mint(person, 10_000 * world.one)
        token.approve(fund, MAX, sender=person)
    world = replace(world, fund=fund, vault=vault, quote=token)
    world.deposit(1_000 * world.one)
    world.accrue(10 * world.one)
    world.at(world.request() + 1)
    return world


def state(world: World) -> tuple[Any, ...]:
    fund = world.fund
    return (
        fund.totalSupply(),
        fund.totalAssets(),
        fund.series(),
        tuple(fund.requested(world.alice)),
        *world.held(world.alice, world.bob, fund, world.vault, world.margin),
    )


def calls(world: World) -> list[tuple[Any, tuple[Any, ...], str]]:
    """All that moves tokens."""
    fund = world.fund
    return [
        (fund.deposit, (world.one, world.alice), world.alice),
        (fund.mint, (world.whole, world.bob), world.bob),
        (fund.redeem, (world.whole, world.alice, world.alice), world.alice),
        (fund.withdraw, (world.one, world.alice, world.alice), world.alice),
        (world.margin.draw, (fund, world.one), world.stranger),
    ]


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
    for method, args, sender in calls(world):
        before = state(world)
        if accepted:
            method(*args, sender=sender)
            assert state(world) != before
        else:
            with pytest.raises(Reverted):
                method.send(*args, sender=sender)
            assert state(world) == before


def test_tokens__false_without_moving__is_named(revm: RevmChain) -> None:
    world = strange(revm)
    world.quote.set_answer(bytes(32))
    world.quote.set_stuck(True)
    assert world.refused("deposit", world.one, world.alice) == "fund: token refused"
    args = (world.whole, world.alice, world.alice)
    assert world.refused("redeem", *args) == "fund: token did not pay"


@pytest.mark.parametrize("switch", ["set_paused", "set_gas_hog"])
def test_tokens__stopped__lose_nothing(revm: RevmChain, switch: str) -> None:
    world = strange(revm)
    before = state(world)
    world.quote.method(switch)(True)
    world.refused("deposit", world.one, world.alice)
    world.refused("redeem", world.whole, world.alice, world.alice)
    world.quote.method(switch)(False)
    assert state(world) == before
    assert world.redeem() > 0


def test_tokens__zero_transfers_refused__do_not_occur(revm: RevmChain) -> None:
    world = strange(revm)
    world.quote.set_no_zero(True)
    fund = world.fund
    fund.deposit(0, world.alice, sender=world.alice)
    fund.mint(0, world.alice, sender=world.alice)
    fund.redeem(0, world.alice, world.alice, sender=world.alice)
    fund.withdraw(0, world.alice, world.alice, sender=world.alice)
    world.draw(0)
    assert fund.totalAssets() == 1_010 * world.one


def test_tokens__blocked_staker__stops_nobody_else(revm: RevmChain) -> None:
    world = strange(revm)
    world.deposit(5 * world.one, world.bob)
    world.quote.set_blocked(world.alice, True)
    args = (world.whole, world.alice, world.alice)
    assert world.refused("redeem", *args) == "weird: blocked"
    world.draw(3 * world.one)
    world.fund.redeem(world.whole, world.bob, world.alice, sender=world.alice)
    world.at(world.request(owner=world.bob))
    assert world.redeem(owner=world.bob) > 0


def test_rebase__down__is_a_loss_that_all_share(revm: RevmChain) -> None:
    """Such a token must not be admitted; if it is, the fund is worth what it has."""
    world = strange(revm)
    world.vault.set_dues(0)
    world.quote.rebase(10**18 // 2)
    assert world.fund.totalAssets() == 500 * world.one
    assert 500 * world.one - 1 <= world.redeem() <= 500 * world.one


# --- hooks

REENTRIES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "deposit": ("deposit", (1, "alice")),
    "mint": ("mint", (1, "alice")),
    "redeem": ("redeem", (0, "alice", "alice")),
    "withdraw": ("withdraw", (0, "alice", "alice")),
    "request": ("request", (1,)),
    "cancel": ("cancel", ()),
    "collect": ("collect", ()),
    "assets": ("totalAssets", ()),
    "price": ("convertToAssets", (1,)),
    "max": ("maxRedeem", ("alice",)),
    "preview": ("previewDeposit", (1,)),
    "available": ("available", ()),
}


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("name", REENTRIES)
def test_hooks__reenter__are_locked_out(revm: RevmChain, name: str, before: bool) -> None:
    """Views are locked too: nobody prices anything by a fund that is in the middle of a flow."""
    world = strange(revm)
    entry, args = REENTRIES[name]
    payload = world.fund.method(entry).encode(
        *(world.alice if arg == "alice" else arg for arg in args)
    )
    for method, inputs, sender in calls(world):
        failed = world.quote.hooks_failed()
        world.quote.set_hook(world.fund, payload, 1, before, False)
        method(*inputs, sender=sender)
        assert world.quote.hooks_failed() == failed + 1, method


def test_hooks__draw_within_a_redemption__is_locked_out(revm: RevmChain) -> None:
    world = strange(revm)
    payload = world.margin.draw.encode(world.fund, world.one)
    world.quote.set_hook(world.margin, payload, 1, True, False)
    world.redeem(world.whole)
    assert world.quote.hooks_failed() == 1
    assert world.held(world.margin) == [0]


def test_hooks__balances__are_those_after_the_flow(revm: RevmChain) -> None:
    world = strange(revm)
    payload = world.fund.balanceOf.encode(world.alice)
    world.quote.set_hook(world.fund, payload, 1, True, True)
    world.deposit(world.one)
    assert world.quote.hooks_failed() == 0
