"""Any sequence of mints, burns, transfers and batches leaves what a plain ledger in Python says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.chain import Contract, Event, Reverted, RevmChain, rolled_back
from tests.unit.option_token.conftest import CALL, NOBODY, OTHER, PUT, World, build

IDS = (CALL, PUT, OTHER)
WORLD: list[World] = []


@dataclass(frozen=True)
class Move:
    """Lots of some series from one holder to another at somebody's request; 4 is nobody."""

    kind: str
    caller: int
    sender: int
    receiver: int
    entries: tuple[tuple[int, int], ...]


WHO = st.integers(0, 3)
MOVES = st.builds(
    Move,
    st.sampled_from(["mint", "burn", "transfer", "batch", "approve"]),
    WHO,
    WHO,
    st.integers(0, 4),
    st.lists(
        st.tuples(st.sampled_from(range(3)), st.sampled_from([0, 1, 2, 50, 99, 100, 101, 2**255])),
        min_size=1,
        max_size=4,
    ).map(tuple),
)


def world() -> World:
    if not WORLD:
        WORLD.append(build(RevmChain()))
    return WORLD[0]


class Ledger:
    """The token as it should be."""

    def __init__(self, trader: int) -> None:
        self.lots: Counter[tuple[int, int]] = Counter({(trader, 0): 100, (trader, 1): 7})
        self.approved: set[tuple[int, int]] = set()

    def apply(self, move: Move) -> bool:
        """Carry a move out, unless it must be refused."""
        lots = Counter(self.lots)
        nowhere = move.kind != "burn" and move.receiver == 4
        if move.kind == "approve":
            self.approved ^= {(move.sender, move.caller)}
            return True
        stranger = move.caller != move.sender and (move.sender, move.caller) not in self.approved
        if nowhere or (move.kind in ("transfer", "batch") and stranger):
            return False
        for series, amount in move.entries if move.kind == "batch" else move.entries[:1]:
            if move.kind != "mint":
                lots[move.sender, series] -= amount
                if lots[move.sender, series] < 0:
                    return False
            if move.kind != "burn":
                lots[move.receiver, series] += amount
                if lots[move.receiver, series] >= 2**256:
                    return False
        self.lots = lots
        return True


def send(world: World, holders: list[Any], ledger: Ledger, move: Move) -> Any:
    """The same move as a transaction."""
    caller, sender = holders[move.caller], holders[move.sender]
    receiver = [*holders, NOBODY][move.receiver]
    ids, lots = [IDS[series] for series, _ in move.entries], [lots for _, lots in move.entries]
    if move.kind == "mint":
        return world.desk.buy(receiver, ids[0], lots[0])
    if move.kind == "burn":
        return world.desk.sell(sender, ids[0], lots[0])
    method, args = {
        "approve": ("setApprovalForAll", (caller, (move.sender, move.caller) in ledger.approved)),
        "transfer": ("safeTransferFrom", (sender, receiver, ids[0], lots[0], b"")),
        "batch": ("safeBatchTransferFrom", (sender, receiver, ids, lots, b"")),
    }[move.kind]
    actor = sender if move.kind == "approve" else caller
    call = world.token.method(method)
    if isinstance(actor, Contract):
        return actor.act(world.token, call.encode(*args))
    return call(*args, sender=actor)


def replay(logs: list[Event], lots: Counter[tuple[str, int]]) -> None:
    """Balances from the events alone, as an indexer keeps them."""
    for log in logs:
        if log.name == "TransferSingle":
            entries = [(log.id, log.args["value"])]
        elif log.name == "TransferBatch":
            entries = list(zip(log.ids, log.args["values"], strict=True))
        else:
            continue
        for series, amount in entries:
            lots[log.sender, series] -= amount
            lots[log.receiver, series] += amount


@settings(deadline=None, max_examples=60)
@given(st.lists(MOVES, max_size=25))
def test_any_sequence__balances_are_those_of_the_ledger_and_of_the_events(
    moves: list[Move],
) -> None:
    with rolled_back(world().chain):
        here = world()
        holders = [here.trader, here.friend, here.receiver(), here.receiver()]
        addresses = [getattr(holder, "address", holder) for holder in holders]
        ledger = Ledger(0)
        seen: Counter[tuple[str, int]] = Counter({(here.trader, CALL): 100, (here.trader, PUT): 7})
        for move in moves:
            allowed = ledger.apply(move)
            try:
                replay(list(send(here, holders, ledger, move).events), seen)
            except Reverted:
                assert not allowed, move
            else:
                assert allowed, move
        for holder, address in enumerate(addresses):
            found = here.token.balanceOfBatch([address] * 3, list(IDS))
            assert found == tuple(ledger.lots[holder, series] for series in range(3))
            assert found == tuple(seen[address, series] for series in IDS)
