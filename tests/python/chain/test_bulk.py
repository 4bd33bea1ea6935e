"""The bulk mode of the revm backend: fast, right in effects, silent about gas."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from ballast.chain import Contract, Reverted, RevmChain, compile_contract, rolled_back
from ballast.chain import revm as backend
from ballast.errors import ChainError


@pytest.fixture
def probe(revm: RevmChain) -> Contract:
    return revm.deploy(compile_contract("Probe"), 0)


def test_bulk__keeps_effects__seen_by_the_exact_mode(revm: RevmChain, probe: Contract) -> None:
    for _ in range(10):
        revm.bulk(probe.address, probe.poke.encode(2))
    assert probe.count() == 20
    assert probe.poke(1).value == 21


def test_bulk__exact_transaction_after_it__is_cold(revm: RevmChain, probe: Contract) -> None:
    expected = probe.poke(1).gas_used
    probe.poke(1)
    warm = probe.poke(1).gas_used
    for _ in range(5):
        revm.bulk(probe.address, probe.poke.encode(1))
    assert probe.poke(1).gas_used == warm < expected + 1


def test_bulk__revert__raises_with_its_reason(revm: RevmChain, probe: Contract) -> None:
    with pytest.raises(Reverted) as failure:
        revm.bulk(probe.address, probe.refuse.encode())
    assert failure.value.reason == "probe: refused"
    assert probe.count() == 0


def test_bulk__lock__is_free_again(revm: RevmChain, probe: Contract) -> None:
    with pytest.raises(Reverted):
        revm.bulk(probe.address, probe.reenter.encode())
    revm.bulk(probe.address, probe.poke.encode(1))
    assert probe.count() == 1


def test_bulk__transient_storage__lasts_for_one_call(revm: RevmChain, probe: Contract) -> None:
    other = revm.deploy(compile_contract("Probe"), 0)
    for _ in range(2):
        revm.bulk(probe.address, probe.once.encode())
    probe.once.call()
    with pytest.raises(Reverted, match="probe: touched"):
        revm.bulk(probe.address, probe.twice.encode(other))


@pytest.mark.parametrize("rounds", range(1, 10))
def test_bulk__settled_on_the_way__refused_transaction_loses_nothing(
    revm: RevmChain, probe: Contract, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    monkeypatch.setattr(backend, "_SETTLE_EVERY", 4)
    probe.poke(100)
    cold = probe.poke(0).gas_used
    for _ in range(rounds):
        revm.bulk(probe.address, probe.poke.encode(1))
    with pytest.raises(Reverted):
        probe.refuse()
    assert probe.count() == 100 + rounds
    assert probe.poke(0).gas_used == cold


def test_bulk__moves_ether__kept(revm: RevmChain, probe: Contract) -> None:
    rich, poor = revm.accounts[3], "0x" + "b0" * 20
    before = revm.balance(rich)
    for _ in range(3):
        revm.bulk(probe.address, probe.pay.encode(poor), rich, 2)
    assert probe.bump().status
    assert (revm.balance(poor), revm.balance(rich)) == (6, before - 6)


def test_bulk__sender_with_code__refused(revm: RevmChain, probe: Contract) -> None:
    with pytest.raises(ChainError, match="the sender is a contract"):
        revm.bulk(probe.address, probe.bump.encode(1), probe.address)


def test_bulk__many_rounds__journal_settles_on_the_way(
    revm: RevmChain, probe: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "_SETTLE_EVERY", 7)
    for key in range(50):
        revm.bulk(probe.address, probe.rewrite.encode(key, 1, key))
    assert [probe.slots(key) for key in range(50)] == list(range(50))


def test_bulk__between_snapshot_and_revert__is_undone(revm: RevmChain, probe: Contract) -> None:
    revm.bulk(probe.address, probe.poke.encode(5))
    snapshot = revm.snapshot()
    for _ in range(3):
        revm.bulk(probe.address, probe.poke.encode(1))
        assert probe.count() == 6
        revm.revert(snapshot)
    assert probe.count() == 5


def test_bulk__trivial_call__several_times_as_fast_as_an_exact_transaction(
    revm: RevmChain, probe: Contract
) -> None:
    data, rounds = probe.poke.encode(1), 4_000
    bulk = _seconds(lambda: revm.bulk(probe.address, data), rounds)
    exact = _seconds(lambda: probe.poke.send(1), rounds // 10)
    assert exact / (rounds // 10) > 4 * bulk / rounds
    assert probe.count() == rounds + rounds // 10


def _seconds(act: Callable[[], object], rounds: int) -> float:
    """Processor time, so that a busy machine does not decide the test."""
    begun = time.process_time()
    for _ in range(rounds):
        act()
    return time.process_time() - begun


def test_dump__of_all_that_was_written__is_what_the_chain_says(revm: RevmChain) -> None:
    probe = revm.deploy(compile_contract("Probe"), 7)
    probe.store(0, 3, 9)
    probe.store(1, 1, 0)  # what holds zero again is left out
    revm.set_balance(probe.address, 5)
    dump = revm.dump()
    state = dump[probe.address.lower()]
    assert (state.nonce, state.balance, state.code) == (1, 5, revm.code(probe.address))
    assert sorted(state.storage.values()) == [7, 9, 9]
    assert all(revm.storage(probe.address, slot) == word for slot, word in state.storage.items())
    assert set(dump) == {address.lower() for address in (*revm.accounts, probe.address)}


def test_set_storage__of_a_slot__is_what_the_contract_finds(revm: RevmChain) -> None:
    probe = revm.deploy(compile_contract("Probe"), 7)
    (slot,) = (key for key, word in revm.dump()[probe.address.lower()].storage.items() if word == 7)
    with rolled_back(revm):
        revm.set_storage(probe.address, slot, 11)
        assert (probe.count(), probe.bump().value) == (11, 12)
    assert probe.count() == 7
