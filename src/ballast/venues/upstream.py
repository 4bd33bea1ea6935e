"""A node that is to a fork what the public chain is: chain id 1, and the venues where they stand.

The venues are put up in process, which takes a fraction of a second, and become the genesis block
of an anvil. It never mines: its clock and its state are those of that one block.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ballast.chain.revm import GAS_LIMIT, RevmChain
from ballast.errors import VenueError
from ballast.venues.stack import build
from ballast.venues.terms import VenueTerms

CHAIN_ID: Final = 1
_PATIENCE: Final = 30  # seconds
_LISTENING: Final = re.compile(r"Listening on ([\d.]+:\d+)")


@contextmanager
def upstream(terms: VenueTerms | None = None) -> Iterator[str]:
    """The URL of such a node, for the length of a `with` block."""
    with tempfile.TemporaryDirectory(prefix="ballast-upstream-") as folder:
        genesis = Path(folder) / "genesis.json"
        genesis.write_text(json.dumps(genesis_of(built(terms))))
        with _anvil(Path(folder), "--init", str(genesis), "--chain-id", str(CHAIN_ID)) as url:
            yield url


def built(terms: VenueTerms | None = None) -> RevmChain:
    """A chain in process with the venues and the public chain's id."""
    chain = RevmChain(chain_id=CHAIN_ID)
    build(chain, terms)
    return chain


def genesis_of(chain: RevmChain) -> dict[str, Any]:
    """A genesis block in the form that nodes read, with the state and the time of a chain."""
    return {
        "config": {"chainId": chain.chain_id},
        "timestamp": hex(chain.timestamp),
        "gasLimit": hex(GAS_LIMIT),
        "difficulty": "0x0",
        "alloc": {
            address: {
                "nonce": hex(state.nonce),
                "balance": hex(state.balance),
                "code": "0x" + state.code.hex(),
                "storage": {_word(slot): _word(word) for slot, word in state.storage.items()},
            }
            for address, state in chain.dump().items()
        },
    }


@contextmanager
def _anvil(folder: Path, *options: str) -> Iterator[str]:
    """An anvil on a port that is free, gone with the block. It talks much, so into a file."""
    command = ("anvil", "--port", "0", "--accounts", "0", "--block-base-fee-per-gas", "0", *options)
    log = folder / "anvil.log"
    try:
        with log.open("w") as output:
            node = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    except FileNotFoundError:
        raise VenueError(
            "there is no anvil in PATH: install Node 20 or later with npm and run `make setup`"
        ) from None
    with node:
        try:
            yield _url(node, log)
        finally:
            node.kill()


def _url(node: subprocess.Popen[bytes], log: Path) -> str:
    """Where a node says that it listens."""
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up and node.poll() is None:
        if found := _LISTENING.search(log.read_text()):
            return f"http://{found[1]}"
        time.sleep(0.02)
    raise VenueError(f"anvil did not start within {_PATIENCE} s: {log.read_text()[-500:]}")


def _word(value: int) -> str:
    return "0x" + value.to_bytes(32).hex()
