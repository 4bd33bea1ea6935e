"""`OptionToken` as EIP-1155 wants it: balances, approvals, events, errors."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import Chain, Event, Receipt, Reverted, compile_contract
from tests.unit.option_token.conftest import CALL, LIMIT, MAX, NOBODY, OTHER, PUT, World


def single(operator: Any, sender: Any, receiver: Any, series: int, lots: int) -> dict[str, Any]:
    return {
        "operator": getattr(operator, "address", operator),
        "sender": getattr(sender, "address", sender),
        "receiver": getattr(receiver, "address", receiver),
        "id": series,
        "value": lots,
    }


def only(receipt: Receipt) -> tuple[str, dict[str, Any]]:
    """The one log of a transaction, decoded."""
    (log,) = receipt.logs
    assert isinstance(log, Event)
    return log.name, dict(log.args)


def refused(call: Any, *args: Any, sender: Any) -> str | None:
    with pytest.raises(Reverted) as refusal:
        call(*args, sender=sender)
    return refusal.value.reason


# --- the desk


def test_init__bound_to_the_desk(either: World) -> None:
    assert either.token.DESK() == either.desk.address
    assert either.desk.TOKEN() == either.token.address


def test_init__desk_zero__is_refused(revm: Chain) -> None:
    with pytest.raises(Reverted) as refusal:
        revm.deploy(compile_contract("OptionToken"), NOBODY, "WETH", "USDC")
    assert refusal.value.reason == "token: desk"


def test_mint__by_the_desk__adds_and_logs(either: World) -> None:
    receipt = either.desk.buy(either.friend, CALL, 5)
    assert only(receipt) == (
        "TransferSingle",
        single(either.desk, NOBODY, either.friend, CALL, 5),
    )
    assert either.holdings(either.trader, either.friend) == [(100, 7, 0), (5, 0, 0)]


def test_mint__again__adds_up(world: World) -> None:
    world.desk.buy(world.trader, CALL, 1)
    assert world.token.balanceOf(world.trader, CALL) == 101


@pytest.mark.parametrize("who", ["trader", "stranger"])
def test_mint__not_by_the_desk__is_refused(world: World, who: str) -> None:
    caller = getattr(world, who)
    assert refused(world.token.mint, caller, CALL, 1, sender=caller) == "token: not the desk"


def test_mint__to_nobody__is_refused(world: World) -> None:
    assert refused(world.desk.buy, NOBODY, CALL, 1, sender=world.trader) == "token: receiver"


@pytest.mark.parametrize(
    ("lots", "overflows"), [(MAX - 101, False), (MAX - 100, False), (MAX - 99, True)]
)
def test_mint__beyond_a_word__reverts(world: World, lots: int, overflows: bool) -> None:
    if overflows:
        assert refused(world.desk.buy, world.trader, CALL, lots, sender=world.trader) is None
    else:
        world.desk.buy(world.trader, CALL, lots)
    assert world.token.balanceOf(world.trader, CALL) == 100 + (0 if overflows else lots)


def test_burn__by_the_desk__takes_and_logs(either: World) -> None:
    receipt = either.desk.sell(either.trader, CALL, 30)
    assert only(receipt) == (
        "TransferSingle",
        single(either.desk, either.trader, NOBODY, CALL, 30),
    )
    assert either.holdings(either.trader) == [(70, 7, 0)]


@pytest.mark.parametrize(("lots", "reason"), [(99, None), (100, None), (101, "token: balance")])
def test_burn__edges_of_the_balance(world: World, lots: int, reason: str | None) -> None:
    if reason:
        assert refused(world.desk.sell, world.trader, CALL, lots, sender=world.trader) == reason
    else:
        world.desk.sell(world.trader, CALL, lots)
        assert world.token.balanceOf(world.trader, CALL) == 100 - lots


def test_burn__not_by_the_desk__is_refused(world: World) -> None:
    call = world.token.burn
    assert refused(call, world.trader, CALL, 1, sender=world.trader) == "token: not the desk"


def test_burn__of_a_contract__does_not_call_it(world: World) -> None:
    receiver = world.receiver()
    world.desk.buy(receiver, CALL, 4)
    receiver.set_mode(1)
    receipt = world.desk.sell(receiver, CALL, 4)
    assert only(receipt) == ("TransferSingle", single(world.desk, receiver, NOBODY, CALL, 4))


# --- transfers


def test_transfer__by_the_owner__moves_and_logs(either: World) -> None:
    who = (either.trader, either.friend)
    receipt = either.token.safeTransferFrom(*who, CALL, 40, b"hello", sender=either.trader)
    assert only(receipt) == ("TransferSingle", single(either.trader, *who, CALL, 40))
    assert either.holdings(*who) == [(60, 7, 0), (40, 0, 0)]


@pytest.mark.parametrize(("lots", "reason"), [(99, None), (100, None), (101, "token: balance")])
def test_transfer__edges_of_the_balance(world: World, lots: int, reason: str | None) -> None:
    args = (world.trader, world.friend, CALL, lots, b"")
    if reason:
        assert refused(world.token.safeTransferFrom, *args, sender=world.trader) == reason
        lots = 0
    else:
        world.token.safeTransferFrom(*args, sender=world.trader)
    assert world.holdings(world.trader, world.friend) == [(100 - lots, 7, 0), (lots, 0, 0)]


def test_transfer__of_nothing__is_allowed_and_logged(world: World) -> None:
    args = (world.stranger, world.friend)
    receipt = world.token.safeTransferFrom(*args, OTHER, 0, b"", sender=world.stranger)
    assert only(receipt) == ("TransferSingle", single(world.stranger, *args, OTHER, 0))


@pytest.mark.parametrize("lots", [0, 1, 100])
def test_transfer__to_oneself__changes_nothing(world: World, lots: int) -> None:
    args = (world.trader, world.trader, CALL, lots)
    receipt = world.token.safeTransferFrom(*args, b"", sender=world.trader)
    assert only(receipt) == ("TransferSingle", single(world.trader, *args))
    assert world.holdings(world.trader) == [(100, 7, 0)]


def test_transfer__to_oneself_more_than_held__is_refused(world: World) -> None:
    args = (world.trader, world.trader, CALL, 101, b"")
    assert refused(world.token.safeTransferFrom, *args, sender=world.trader) == "token: balance"


def test_transfer__to_nobody__is_refused(world: World) -> None:
    args = (world.trader, NOBODY, CALL, 1, b"")
    assert refused(world.token.safeTransferFrom, *args, sender=world.trader) == "token: receiver"


def test_transfer__by_a_stranger__is_refused_even_of_nothing(world: World) -> None:
    for lots in (0, 1):
        args = (world.trader, world.stranger, CALL, lots, b"")
        reason = refused(world.token.safeTransferFrom, *args, sender=world.stranger)
        assert reason == "token: not approved"


def test_transfer__by_the_desk__needs_approval_too(world: World) -> None:
    """The desk may burn; moving options to somebody else is not among its rights."""
    desk, symbols = world.receiver(), ("WETH", "USDC")
    token = world.chain.deploy(compile_contract("OptionToken"), desk, *symbols)
    desk.act(token, token.mint.encode(world.trader, CALL, 1))
    move = token.safeTransferFrom.encode(world.trader, desk, CALL, 1, b"")
    assert refused(desk.act, token, move, sender=world.trader) == "token: not approved"
    desk.act(token, token.burn.encode(world.trader, CALL, 1))
    assert token.balanceOf(world.trader, CALL) == 0


@pytest.mark.parametrize("size", [0, 1_023, 1_024])
def test_transfer__data_up_to_the_bound__reaches_the_receiver(world: World, size: int) -> None:
    receiver, data = world.receiver(), bytes(range(256)) * 4
    receipt = world.token.safeTransferFrom(
        world.trader, receiver, CALL, 3, data[:size], sender=world.trader
    )
    assert receipt.event("Received").data == data[:size]


def test_transfer__longer_data__is_refused_not_cut(world: World) -> None:
    args = (world.trader, world.friend, CALL, 3, b"x" * 1_025)
    assert refused(world.token.safeTransferFrom, *args, sender=world.trader) is None
    assert world.holdings(world.trader) == [(100, 7, 0)]


# --- approvals


def test_approval__operator__moves_until_it_is_taken_back(either: World) -> None:
    token, trader, operator = either.token, either.trader, either.operator
    move = (trader, either.friend, CALL, 1, b"")
    granted = token.setApprovalForAll(operator, True, sender=trader)
    expected = {"owner": trader, "operator": operator, "approved": True}
    assert only(granted) == ("ApprovalForAll", expected)
    assert token.isApprovedForAll(trader, operator)
    receipt = token.safeTransferFrom(*move, sender=operator)
    assert only(receipt) == ("TransferSingle", single(operator, *move[:4]))
    taken = token.setApprovalForAll(operator, False, sender=trader)
    assert only(taken) == ("ApprovalForAll", expected | {"approved": False})
    assert not token.isApprovedForAll(trader, operator)
    assert refused(token.safeTransferFrom, *move, sender=operator) == "token: not approved"


def test_approval__is_of_one_owner_for_one_operator(world: World) -> None:
    """Not of the operator for the owner, not of another owner, not of the operator's operators."""
    token = world.token
    token.setApprovalForAll(world.operator, True, sender=world.trader)
    token.setApprovalForAll(world.stranger, True, sender=world.operator)
    world.desk.buy(world.friend, CALL, 1)
    world.desk.buy(world.operator, CALL, 1)
    for owner, caller in (
        (world.friend, world.operator),
        (world.operator, world.trader),
        (world.trader, world.stranger),
    ):
        args = (owner, caller, CALL, 1, b"")
        assert refused(token.safeTransferFrom, *args, sender=caller) == "token: not approved"
        batch = (owner, caller, [CALL], [1], b"")
        assert refused(token.safeBatchTransferFrom, *batch, sender=caller) == "token: not approved"


# --- batches


def test_batch__by_the_owner__moves_and_logs(either: World) -> None:
    who = (either.trader, either.friend)
    receipt = either.token.safeBatchTransferFrom(
        *who, [CALL, PUT, OTHER], [60, 7, 0], b"", sender=either.trader
    )
    assert only(receipt) == (
        "TransferBatch",
        {
            "operator": either.trader,
            "sender": either.trader,
            "receiver": either.friend,
            "ids": (CALL, PUT, OTHER),
            "values": (60, 7, 0),
        },
    )
    assert either.holdings(*who) == [(40, 0, 0), (60, 7, 0)]


def test_batch__empty__is_logged(world: World) -> None:
    receipt = world.token.safeBatchTransferFrom(
        world.trader, world.friend, [], [], b"", sender=world.trader
    )
    name, args = only(receipt)
    assert (name, args["ids"], args["values"]) == ("TransferBatch", (), ())


@pytest.mark.parametrize(
    ("lots", "reason"), [((50, 49), None), ((50, 50), None), ((50, 51), "token: balance")]
)
def test_batch__one_series_twice__counts_twice(
    world: World, lots: tuple[int, int], reason: str | None
) -> None:
    args = (world.trader, world.friend, [CALL, CALL], list(lots), b"")
    if reason:
        assert refused(world.token.safeBatchTransferFrom, *args, sender=world.trader) == reason
        assert world.holdings(world.friend) == [(0, 0, 0)]
    else:
        world.token.safeBatchTransferFrom(*args, sender=world.trader)
        assert world.holdings(world.friend) == [(sum(lots), 0, 0)]


@pytest.mark.parametrize("lots", [(100, 100), (0, 100), (100, 7)])
def test_batch__to_oneself__changes_nothing(world: World, lots: tuple[int, int]) -> None:
    """The whole balance twice too: each entry is taken and given before the next."""
    ids = [CALL, PUT if lots[1] == 7 else CALL]
    args = (world.trader, world.trader, ids, list(lots), b"")
    world.token.safeBatchTransferFrom(*args, sender=world.trader)
    assert world.holdings(world.trader) == [(100, 7, 0)]


@pytest.mark.parametrize("pair", [([CALL], []), ([], [1]), ([CALL, PUT], [1]), ([CALL], [1, 1])])
def test_batch__lengths_differ__is_refused(world: World, pair: tuple[list[int], list[int]]) -> None:
    args = (world.trader, world.friend, *pair, b"")
    reason = refused(world.token.safeBatchTransferFrom, *args, sender=world.trader)
    assert reason == "token: lengths"
    with pytest.raises(Reverted) as refusal:
        world.token.balanceOfBatch([world.trader] * len(pair[0]), [CALL] * len(pair[1]))
    assert refusal.value.reason == "token: lengths"


def test_batch__to_nobody__is_refused(world: World) -> None:
    args = (world.trader, NOBODY, [CALL], [1], b"")
    reason = refused(world.token.safeBatchTransferFrom, *args, sender=world.trader)
    assert reason == "token: receiver"


@pytest.mark.parametrize(("count", "fits"), [(LIMIT - 1, True), (LIMIT, True), (LIMIT + 1, False)])
def test_batch__edges_of_the_bound(world: World, count: int, fits: bool) -> None:
    """Every series of one expiry in one batch, and not one more."""
    ids = [CALL + (i << 8) for i in range(count)]
    for series in ids:
        world.desk.buy(world.stranger, series, 2)
    args = (world.stranger, world.friend, ids, [1] * count, b"")
    if not fits:
        call = world.token.safeBatchTransferFrom
        assert refused(call, *args, sender=world.stranger) is None
        with pytest.raises(Reverted):
            world.token.balanceOfBatch([world.friend] * count, ids)
        return
    world.token.safeBatchTransferFrom(*args, sender=world.stranger)
    for owner in (world.stranger, world.friend):
        assert world.token.balanceOfBatch([owner] * count, ids) == (1,) * count


def test_balance_of_batch__pairs__in_their_order(world: World) -> None:
    world.desk.buy(world.friend, PUT, 3)
    owners = [world.friend, world.trader, world.trader, NOBODY]
    assert world.token.balanceOfBatch(owners, [PUT, CALL, PUT, CALL]) == (3, 100, 7, 0)


# --- interfaces


@pytest.mark.parametrize(
    ("interface", "supported"),
    [
        ("01ffc9a7", True),
        ("d9b67a26", True),
        ("0e89341c", True),
        ("ffffffff", False),
        ("00000000", False),
        ("4e2312e0", False),
        ("01ffc9a8", False),
    ],
)
def test_supports_interface(world: World, interface: str, supported: bool) -> None:
    assert world.token.supportsInterface(bytes.fromhex(interface)) == supported


def test_interface_ids__are_those_of_the_functions(world: World) -> None:
    """The id of ERC-1155 is the exclusive or of its selectors, as this contract spells them."""
    names = (
        "safeTransferFrom safeBatchTransferFrom balanceOf balanceOfBatch setApprovalForAll "
        "isApprovedForAll"
    )
    erc1155 = 0
    for name in names.split():
        (function,) = world.token.codec.functions[name]
        erc1155 ^= int.from_bytes(function.selector, "big")
    (uri,) = world.token.codec.functions["uri"]
    assert (erc1155, uri.selector.hex()) == (0xD9B67A26, "0e89341c")


def test_events__topics_are_those_of_the_standard(world: World) -> None:
    from eth_utils.crypto import keccak

    standard = {
        "TransferSingle(address,address,address,uint256,uint256)",
        "TransferBatch(address,address,address,uint256[],uint256[])",
        "ApprovalForAll(address,address,bool)",
    }
    assert set(world.token.codec._events) == {keccak(text=event) for event in standard}
