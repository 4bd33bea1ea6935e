"""What is ape's alone: eth-tester, which needs no Node, and what no network lets us do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ballast.chain import Contract, Reverted, compile_contract, rolled_back
from ballast.errors import ChainError

if TYPE_CHECKING:
    from ballast.chain import ApeChain


@pytest.fixture(scope="module")
def eth_tester() -> Iterator[ApeChain]:
    from ballast.chain.ape_backend import local_chain

    with local_chain("ethereum:local:test") as chain:
        yield chain


@pytest.fixture
def tester(eth_tester: ApeChain) -> Iterator[ApeChain]:
    with rolled_back(eth_tester):
        yield eth_tester


@pytest.fixture
def probe(tester: ApeChain) -> Contract:
    return tester.deploy(compile_contract("Probe"), 5)


def test_eth_tester__deploy_send_log(tester: ApeChain, probe: Contract) -> None:
    alice = tester.accounts[1]
    receipt = probe.bump(2, sender=alice)
    assert (receipt.value, probe.count()) == (7, 7)
    assert receipt.event("Counted").args == {"who": alice, "count": 7}


def test_eth_tester__time_and_snapshot(tester: ApeChain, probe: Contract) -> None:
    snapshot, time, number = tester.snapshot(), tester.timestamp, tester.block_number
    tester.advance(1_000)
    assert probe.now.send().value[:2] == (time + 1_000, number)
    tester.mine(2)
    assert probe.now()[:2] == (time + 1_003, number + 3)
    tester.revert(snapshot)
    assert probe.now()[:2] == (tester.timestamp, tester.block_number) == (time, number)
    assert tester.deploy(compile_contract("Probe"), 0).birth() == time


def test_eth_tester__reasons(probe: Contract) -> None:
    reasons = {}
    for name, args in (("refuse", ()), ("refuse_silently", (1,)), ("panic", ())):
        with pytest.raises(Reverted) as failure:
            probe.method(name)(*args)
        reasons[name] = failure.value.reason
    assert reasons == {
        "refuse": "probe: refused",
        "refuse_silently": None,
        "panic": "panic: arithmetic overflow",
    }


def test_eth_tester__set_balance__says_which_network_can(tester: ApeChain) -> None:
    with pytest.raises(ChainError, match=r"cannot set a balance; use ethereum:local:foundry"):
        tester.set_balance(tester.accounts[0], 1)


def test_eth_tester__set_code__says_which_network_can(tester: ApeChain) -> None:
    for action, change in (
        ("set code", lambda: tester.set_code(tester.accounts[0], b"")),
        ("set a nonce", lambda: tester.set_nonce(tester.accounts[0], 1)),
    ):
        with pytest.raises(ChainError, match=f"cannot {action}; use ethereum:local:foundry"):
            change()


def test_time_travel__on_a_live_network__refused(
    tester: ApeChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tester, "_is_dev", False)
    with pytest.raises(ChainError, match="only development networks can"):
        tester.advance(1)
    with pytest.raises(ChainError, match=r"cannot take a snapshot on ethereum:local:test"):
        tester.snapshot()


def test_sender__without_a_key_on_a_live_network__lists_the_accounts(
    tester: ApeChain, probe: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tester, "_is_dev", False)
    monkeypatch.setattr(tester, "_simulate", lambda *_: b"")
    with pytest.raises(ChainError, match=r"no key for 0x[bB0]{40}; this chain's accounts are 0x"):
        tester.send(probe.address, b"", sender="0x" + "b0" * 20)


def test_import__of_the_package__leaves_ape_alone() -> None:
    script = "import sys, ballast.chain; print('ape' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@pytest.mark.anvil
def test_anvil__sender_without_a_key__is_impersonated(anvil: ApeChain) -> None:
    stranger = "0x" + "b0" * 20
    anvil.set_balance(stranger, 10**18)
    probe = anvil.deploy(compile_contract("Probe"), 0)
    assert probe.bump(sender=stranger).event("Counted").who.lower() == stranger
