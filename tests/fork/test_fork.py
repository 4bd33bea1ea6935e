"""The fork is what it says: a fork, of the right chain, put back after each test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from eth_typing import BlockNumber
from eth_utils.address import to_checksum_address
from web3 import HTTPProvider, Web3
from web3.types import TxParams

from ballast.chain import Chain, compile_contract
from ballast.venues import Venues, VenueTerms, attach, mainnet
from ballast.venues.upstream import built, genesis_of, upstream

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.anvil


def test_fork__of_the_upstream__says_what_it_says(upstream_url: str, venues: Venues) -> None:
    assert upstream_url == os.environ.get("FORK_RPC_URL", upstream_url)
    node = Web3(HTTPProvider(upstream_url))
    pool, at = venues.pool, venues.chain.block_number - 1
    request: TxParams = {"to": to_checksum_address(pool.address), "data": pool.slot0.encode()}
    said = node.eth.call(request, BlockNumber(at))
    assert pool.slot0.decode(bytes(said)) == pool.slot0()
    assert venues.chain.chain_id == node.eth.chain_id == 1
    assert at <= node.eth.block_number  # a public chain goes on


@pytest.mark.parametrize("number", [1, 2])
def test_fork__after_a_test__is_as_it_was(venues: Venues, number: int) -> None:
    """Each run leaves marks that the other would see."""
    marks = (
        venues.usdc.balanceOf(venues.chain.accounts[5]),
        venues.chain.nonce(venues.chain.accounts[5]),
    )
    assert marks == (0, 0)
    venues.give(venues.usdc, venues.chain.accounts[5], number)
    venues.usdc.approve(venues.router, 1, sender=venues.chain.accounts[5])


def test_fork__our_own_contracts__stand_beside_the_venues(fork: Chain) -> None:
    probe = fork.deploy(compile_contract("Probe"), 7)
    assert probe.count() == 7


@pytest.mark.skipif("FORK_RPC_URL" in os.environ, reason="it sets FORK_RPC_URL itself")
def test_fork__with_an_url_in_the_environment__is_of_that_chain() -> None:
    """An upstream that differs from the one made without it stands in for a public chain."""
    with upstream(VenueTerms(spot=1_234)) as url:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "upstream"]
        environment = {**os.environ, "FORK_RPC_URL": url}
        done = subprocess.run(
            [*command, "tests/fork/test_fork.py"],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_forked_chain__when_it_is_over__leaves_nothing_behind(
    upstream_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """anvil keeps what it has read of a block by the block's number alone, so that a fork of one
    upstream would be told the state of another: each gets a home that goes with it."""
    from ape.exceptions import ProviderNotConnectedError

    from ballast.chain.ape_backend import forked_chain

    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with forked_chain(upstream_url) as chain:
        assert attach(chain).pool_price() > 0
        (its_own,) = temporary.iterdir()
        assert (os.environ["HOME"], its_own.name[:13]) == (str(home), "ballast-fork-")
    with pytest.raises(ProviderNotConnectedError):
        _ = chain.block_number  # a node that goes on would write to its home when it stops
    assert [*temporary.iterdir()] == []
    assert [path for path in home.rglob("*.json") if "rpc" in path.parts] == []


def test_genesis__of_a_chain_in_process__holds_all_of_it() -> None:
    chain = built()
    alloc = genesis_of(chain)["alloc"]
    pool = alloc[mainnet().weth.lower()]
    assert bytes.fromhex(pool["code"][2:]) == chain.code(mainnet().weth)
    assert len(alloc) > 50
