"""The bulk mode of the revm backend: fast, right in effects, silent about gas."""

from __future__ import annotations

import time

import pytest

from ballast.chain import Contract, Reverted, RevmChain, compile_contract
from ballast.chain import revm as backend

BULK_CALLS_PER_SECOND = 60_000


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


def test_bulk__trivial_call__fast_enough(revm: RevmChain, probe: Contract) -> None:
    data, rounds = probe.poke.encode(1), 20_000
    best = min(_seconds(revm, probe.address, data, rounds) for _ in range(3))
    assert rounds / best >= BULK_CALLS_PER_SECOND
    assert probe.count() == 3 * rounds


def _seconds(revm: RevmChain, address: str, data: bytes, rounds: int) -> float:
    begun = time.perf_counter()
    for _ in range(rounds):
        revm.bulk(address, data)
    return time.perf_counter() - begun
