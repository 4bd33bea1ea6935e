"""Contracts at addresses that nobody here has the key or the nonce for.

The creation code is put at the address and called: a constructor cannot tell this from a creation,
so it writes its storage and its immutables where they belong, its own address among them. What it
returns is the code that then stays.
"""

from __future__ import annotations

from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ballast.chain.codec import Codec
from ballast.chain.compiler import Artifact
from ballast.chain.contract import Contract
from ballast.chain.protocol import Chain
from ballast.errors import VenueError


def plant(chain: Chain, artifact: Artifact, address: str, *args: Any, sender: str) -> Contract:
    """Create a contract at this very address, as if `sender` had."""
    if chain.code(address):
        raise VenueError(f"{artifact.name} cannot stand at {address}: other code does already")
    creation = artifact.bytecode + Codec(artifact.abi, artifact.name).constructor(args)
    chain.set_code(address, creation)
    runtime = chain.send(address, b"", sender=sender).data
    chain.set_code(address, runtime)
    chain.set_nonce(address, 1)  # as of every contract: its own creations count from here
    if not runtime or chain.code(address) != runtime:
        raise VenueError(f"the constructor of {artifact.name} left no code at {address}")
    return chain.at(artifact, address)


def actor(chain: Chain, role: str) -> str:
    """An address for somebody around a venue, apart from the chain's accounts, with ether."""
    address = actor_address(role)
    if chain.balance(address) < 10**18:
        chain.set_balance(address, 10**24)
    return address


def actor_address(role: str) -> str:
    """The address of that somebody."""
    return str(to_checksum_address(keccak(text=f"ballast.venues {role}")[12:]))
