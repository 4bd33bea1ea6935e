"""Hooks: what a receiver is told, what it can refuse, and what it cannot break."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import Contract, Event, Reverted
from tests.unit.option_token.conftest import CALL, NOBODY, OTHER, PUT, World

ACCEPT, REFUSE, SILENT, WRONG, BURN_GAS, REENTER, TRY, BOMB, BYTE = range(9)


def names(receipt: Any) -> list[str]:
    return [log.name for log in receipt.logs if isinstance(log, Event)]


def send(world: World, receiver: Any, how: str) -> Any:
    """Give a receiver 5 lots of CALL: minted, transferred or in a batch with 2 of PUT."""
    if how == "mint":
        return world.desk.buy(receiver, CALL, 5)
    if how == "transfer":
        args = (world.trader, receiver, CALL, 5, b"note")
        return world.token.safeTransferFrom(*args, sender=world.trader)
    args = (world.trader, receiver, [CALL, PUT], [5, 2], b"note")
    return world.token.safeBatchTransferFrom(*args, sender=world.trader)


# --- what it is told


def test_hook__mint__comes_after_balance_and_event(either: World) -> None:
    receiver = either.receiver()
    receipt = send(either, receiver, "mint")
    assert names(receipt) == ["TransferSingle", "Received"]
    assert receipt.event("Received").args == {
        "operator": either.desk.address,
        "sender": NOBODY,
        "id": CALL,
        "lots": 5,
        "balance": 5,
        "data": b"",
    }


def test_hook__transfer__comes_after_balance_and_event(either: World) -> None:
    receiver = either.receiver()
    either.token.setApprovalForAll(either.operator, True, sender=either.trader)
    receipt = either.token.safeTransferFrom(
        either.trader, receiver, CALL, 5, b"note", sender=either.operator
    )
    assert names(receipt) == ["TransferSingle", "Received"]
    assert receipt.event("Received").args == {
        "operator": either.operator,
        "sender": either.trader,
        "id": CALL,
        "lots": 5,
        "balance": 5,
        "data": b"note",
    }


def test_hook__batch__is_called_once(either: World) -> None:
    receiver = either.receiver()
    receipt = send(either, receiver, "batch")
    assert names(receipt) == ["TransferBatch", "BatchReceived"]
    assert receipt.event("BatchReceived").args == {
        "operator": either.trader,
        "sender": either.trader,
        "ids": (CALL, PUT),
        "lots": (5, 2),
        "data": b"note",
    }
    assert either.holdings(receiver) == [(5, 2, 0)]


def test_hook__transfer_of_a_contract_to_itself__is_called(world: World) -> None:
    receiver = world.receiver()
    send(world, receiver, "mint")
    args = (receiver, receiver, [CALL, CALL], [5, 5], b"")
    receipt = receiver.act(world.token, world.token.safeBatchTransferFrom.encode(*args))
    assert names(receipt) == ["TransferBatch", "BatchReceived"]
    assert world.holdings(receiver) == [(5, 0, 0)]


# --- what it refuses


@pytest.mark.parametrize("how", ["mint", "transfer", "batch"])
@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (REFUSE, "receiver: refused"),
        (SILENT, None),
        (WRONG, "token: refused by receiver"),
        (BURN_GAS, None),
        (BYTE, None),
    ],
)
def test_hook__refused__undoes_that_call_alone(
    world: World, how: str, mode: int, reason: str | None
) -> None:
    receiver = world.receiver(mode)
    with pytest.raises(Reverted) as refusal:
        send(world, receiver, how)
    assert refusal.value.reason == reason
    assert world.holdings(world.trader, receiver) == [(100, 7, 0), (0, 0, 0)]
    send(world, world.friend, how)  # others go on
    assert world.holdings(world.friend)[0][0] == 5


@pytest.mark.parametrize("how", ["mint", "transfer", "batch"])
def test_hook__contract_that_knows_no_hook__is_refused(world: World, how: str) -> None:
    with pytest.raises(Reverted) as refusal:
        send(world, world.desk, how)
    assert refusal.value.reason is None
    assert world.holdings(world.trader, world.desk) == [(100, 7, 0), (0, 0, 0)]


@pytest.mark.parametrize("how", ["mint", "transfer", "batch"])
def test_hook__refused__can_be_caught_and_leaves_nothing(world: World, how: str) -> None:
    """A caller that goes on after the refusal finds balances and lock as they were."""
    refusing, trying = world.receiver(REFUSE), world.receiver()
    world.desk.buy(trying, CALL, 10)
    world.desk.buy(trying, PUT, 10)
    calls = {
        "mint": (world.desk, world.desk.buy.encode(refusing, CALL, 5)),
        "transfer": (
            world.token,
            world.token.safeTransferFrom.encode(trying, refusing, CALL, 5, b""),
        ),
        "batch": (
            world.token,
            world.token.safeBatchTransferFrom.encode(trying, refusing, [CALL, PUT], [5, 5], b""),
        ),
    }
    target, payload = calls[how]
    trying.set_mode(TRY, target, payload)
    receipt = world.desk.buy(trying, OTHER, 1)
    assert names(receipt) == ["TransferSingle", "Received"]
    assert trying.entered() == 0
    assert world.holdings(trying, refusing) == [(10, 10, 1), (0, 0, 0)]
    world.desk.buy(world.friend, CALL, 1)  # the lock is free again


@pytest.mark.parametrize("how", ["mint", "transfer", "batch"])
def test_hook__answers_at_length__only_its_first_word_is_read(world: World, how: str) -> None:
    receiver = world.receiver(BOMB)
    send(world, receiver, how)
    assert world.holdings(receiver)[0][0] == 5


# --- what it does meanwhile


def reentering(world: World, payload: bytes, target: Contract | None = None) -> Contract:
    """A receiver that calls back from its hook; its own reverts go on to the caller."""
    return world.receiver(REENTER, (target or world.token).address, payload)


@pytest.mark.parametrize("target", ["desk", "token"])
def test_reentry__mint_from_the_hook_of_a_mint__is_refused(world: World, target: str) -> None:
    """Through a desk without a lock it is the token's lock that refuses."""
    receiver = world.receiver()
    args = (receiver, CALL, 1_000)
    if target == "desk":
        receiver.set_mode(REENTER, world.desk, world.desk.buy.encode(*args))
    else:
        receiver.set_mode(REENTER, world.token, world.token.mint.encode(*args))
    with pytest.raises(Reverted) as refusal:
        send(world, receiver, "mint")
    assert refusal.value.reason is None  # the lock gives none, and comes before "not the desk"
    assert world.holdings(receiver) == [(0, 0, 0)]


def test_reentry__burn_from_the_hook_of_a_mint__is_refused(world: World) -> None:
    receiver = reentering(world, world.desk.sell.encode(world.trader, CALL, 1), world.desk)
    with pytest.raises(Reverted):
        send(world, receiver, "mint")
    assert world.holdings(world.trader, receiver) == [(100, 7, 0), (0, 0, 0)]


@pytest.mark.parametrize("how", ["mint", "transfer", "batch"])
def test_reentry__forwarding_from_the_hook__works_as_the_standard_wants(
    world: World, how: str
) -> None:
    """Scenario 8 of EIP-1155: the tokens are the receiver's already, and events stay in order."""
    receiver = world.receiver()
    payload = world.token.safeTransferFrom.encode(receiver, world.friend, CALL, 5, b"")
    receiver.set_mode(REENTER, world.token, payload)
    receipt = send(world, receiver, how)
    hook = "BatchReceived" if how == "batch" else "Received"
    assert names(receipt)[1:] == [hook, "TransferSingle"]
    assert world.holdings(receiver, world.friend)[0][0] == 0
    assert world.holdings(world.friend)[0][0] == 5


@pytest.mark.parametrize("how", ["mint", "transfer", "batch"])
@pytest.mark.parametrize("lots", [(3, 2), (3, 3)])
def test_reentry__forwarding_twice__cannot_spend_twice(
    world: World, how: str, lots: tuple[int, int]
) -> None:
    receiver, relay = world.receiver(), world.receiver()
    move = world.token.safeTransferFrom
    second = move.encode(receiver, world.friend, CALL, lots[1], b"")
    receiver.act(world.token, world.token.setApprovalForAll.encode(relay, True))
    relay.set_mode(REENTER, world.token, second)  # in the hook of the first, from the same owner
    receiver.set_mode(REENTER, world.token, move.encode(receiver, relay, CALL, lots[0], b""))
    if sum(lots) > 5:
        with pytest.raises(Reverted) as refusal:
            send(world, receiver, how)
        assert refusal.value.reason == "token: balance"
        return
    send(world, receiver, how)
    assert [held[0] for held in world.holdings(receiver, relay, world.friend)] == [0, 3, 2]


def test_reentry__sender_takes_back_from_the_hook__needs_approval(world: World) -> None:
    receiver = reentering(
        world, world.token.safeTransferFrom.encode(world.trader, world.stranger, CALL, 95, b"")
    )
    with pytest.raises(Reverted) as refusal:
        send(world, receiver, "transfer")
    assert refusal.value.reason == "token: not approved"


def test_reentry__views_and_metadata__answer_within_the_hook(world: World) -> None:
    for payload in (
        world.token.balanceOf.encode(world.trader, CALL),
        world.token.balanceOfBatch.encode([world.trader], [CALL]),
        world.token.isApprovedForAll.encode(world.trader, world.friend),
        world.token.uri.encode(CALL),
        world.token.DESK.encode(),
    ):
        receiver = reentering(world, payload)
        send(world, receiver, "mint")
        assert receiver.entered() == 1
