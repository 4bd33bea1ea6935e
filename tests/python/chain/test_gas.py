"""Gas in process is gas on a node, to the unit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ballast.chain import ApeChain, Chain, Contract, Receipt, RevmChain, compile_contract
from ballast.chain.gas import floor_gas, intrinsic_gas

Story = Callable[[Chain], list[Receipt]]


def _probe(chain: Chain) -> Contract:
    return chain.deploy(compile_contract("Probe"), 5)


def _create(chain: Chain) -> list[Receipt]:
    contracts = [chain.deploy(compile_contract("Probe"), start) for start in (0, 1, 2**255)]
    return [contract.receipt for contract in contracts if contract.receipt]


def _slots(chain: Chain) -> list[Receipt]:
    """Cold zero to non-zero, non-zero to non-zero, to itself, and back to zero for a refund."""
    probe = _probe(chain)
    return [probe.store(0, 8, word) for word in (1, 2, 2, 0, 0, 3)]


def _warm(chain: Chain) -> list[Receipt]:
    """Twice the same slot in one transaction, with every pattern of original and new value."""
    probe = _probe(chain)
    pairs = [(1, 2), (2, 2), (0, 2), (3, 0), (1, 0), (0, 0), (4, 4), (0, 4), (5, 4)]
    return [probe.rewrite(9, *pair) for pair in pairs]


def _refund_cap(chain: Chain) -> list[Receipt]:
    """Many clearings: the refund stops at a fifth of the gas."""
    probe = _probe(chain)
    return [probe.store(0, 64, 1), probe.store(0, 64, 0)]


def _logs(chain: Chain) -> list[Receipt]:
    probe = _probe(chain)
    texts = ["", "short", "x" * 64]
    notes = [probe.note(b"\x05" * 32, text, (1, -1)) for text in texts]
    return [*notes, probe.bump(), probe.bump(2, sender=chain.accounts[1])]


def _calldata(chain: Chain) -> list[Receipt]:
    """Below, across and above the floor that calldata sets."""
    probe = _probe(chain)
    sizes = (0, 1, 31, 100, 400, 1_000, 8_192)
    return [probe.swallow(byte * size) for size in sizes for byte in (b"\x00", b"\x01")]


def _calls(chain: Chain) -> list[Receipt]:
    """Cold accounts and slots in other contracts, also where a revert was caught."""
    probe, other = _probe(chain), _probe(chain)
    spawned = probe.spawn()
    child = chain.at(compile_contract("Probe"), spawned.value)
    return [
        spawned,
        probe.poke_other(other, 1),
        probe.poke_other(other, 0),
        probe.poke_other(child, 1),
        child.poke_other(probe, 1),
        probe.try_refuse(other),
        probe.spawn(),
    ]


def _money(chain: Chain) -> list[Receipt]:
    """To a new account, to an old one, to the sender itself, to a contract, and bare."""
    probe, other, sender = _probe(chain), _probe(chain), chain.accounts[2]
    targets = ["0x" + "b0" * 20, "0x" + "b0" * 20, sender, chain.accounts[3], other]
    paid = [probe.pay(to, sender=sender, value=wei) for to in targets for wei in (0, 1)]
    bare = [(sender, 1), (other.address, 0), (other.address, 5), ("0x" + "b1" * 20, 1)]
    return paid + [chain.send(to, b"", sender=sender, value=wei) for to, wei in bare]


def _blocks(chain: Chain) -> list[Receipt]:
    """The same transaction again: nothing is warm from the one before, nor after time passed."""
    probe = _probe(chain)
    receipts = [probe.bump(), probe.bump()]
    chain.advance(3600)
    chain.mine(2)
    return [*receipts, probe.bump(), probe.count.send(), probe.count.send()]


def _after_failure(chain: Chain) -> list[Receipt]:
    """A refused transaction and a view in between leave nothing warm."""
    probe = _probe(chain)
    receipts = [probe.bump()]
    with pytest.raises(Exception, match="refused"):
        probe.refuse()
    probe.count()
    return [*receipts, probe.bump(), probe.rewrite(1, 1, 0)]


def _after_revert(chain: Chain) -> list[Receipt]:
    """Back at a snapshot a slot is cold and has its old value as the original one."""
    probe = _probe(chain)
    receipts = [probe.store(0, 4, 7)]
    snapshot = chain.snapshot()
    receipts += [probe.store(0, 4, 0), probe.store(4, 4, 1)]
    chain.revert(snapshot)
    return [*receipts, probe.store(0, 4, 8), probe.store(4, 4, 0), probe.store(4, 4, 2)]


STORIES: list[Story] = [
    _create,
    _slots,
    _warm,
    _refund_cap,
    _logs,
    _calldata,
    _calls,
    _money,
    _blocks,
    _after_failure,
    _after_revert,
]


@pytest.mark.anvil
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__.strip("_"))
def test_receipts__same_story_on_both__equal_to_the_unit(story: Story, anvil: ApeChain) -> None:
    twin = RevmChain(timestamp=anvil.timestamp)
    here, there = story(twin), story(anvil)
    assert [receipt.gas_used for receipt in here] == [receipt.gas_used for receipt in there]
    assert here == there  # addresses, logs and values too


def test_receipt__calldata_and_nothing_else__pays_the_floor(revm: RevmChain) -> None:
    probe, payload = _probe(revm), b"\x01" * 8_192
    data = probe.swallow.encode(payload)
    assert probe.swallow(payload).gas_used == floor_gas(data) > intrinsic_gas(data)


def test_execution_gas__cold__is_the_receipt_without_its_fixed_part(revm: RevmChain) -> None:
    probe = _probe(revm)
    data = probe.bump.encode(1)
    alone = [revm.execution_gas(probe.address, data) for _ in range(2)]
    assert alone[0] == alone[1] == revm.send(probe.address, data).gas_used - intrinsic_gas(data)
