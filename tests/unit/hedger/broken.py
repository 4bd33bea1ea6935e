"""Venues that fail in one of their functions or in all: the code at a venue's address is replaced,
its storage stays. What does not fail goes on to the code that was there.
"""

from __future__ import annotations

from typing import Final

from eth_utils.crypto import keccak

from ballast.chain import Contract
from ballast.chain.protocol import Chain

HUGE: Final = 100_000
_ONES: Final = "5f195f525f19602052"
FAULTS: Final = {
    "reverts": "5f5ffd",
    "reverts with a lot to say": f"62{HUGE:06x}5ffd",
    "burns all gas": "fe",
    "says nothing": "00",
    "says too little": "601f5ff3",
    "says nonsense": f"{_ONES}60405ff3",
    "says too much": f"{_ONES}60605ff3",
    "says far too much": f"{_ONES}62{HUGE:06x}5ff3",
}
"""By what it does, what it does: EVM code. Nonsense is two words in which every bit is set, and
where there is more it begins with these."""
SIGNATURES: Final = {
    "position": "position(uint256)",
    "room": "room(int256,uint256,uint256,uint256,uint256,uint256)",
    "mean": "mean()",
    "needs": "needs(int256,uint256,uint256)",
    "order": "order(int256,uint256,uint256)",
    "health": "health()",
    "debt": "debt()",
    "emergency_exit": "emergency_exit()",
}


def saying(*words: int) -> str:
    """Code that returns these words."""
    stores = [f"7f{word % 2**256:064x}60{32 * i:02x}52" for i, word in enumerate(words)]
    return "".join(stores) + f"60{32 * len(words):02x}5ff3"


def break_down(chain: Chain, venue: Contract, fault: str, function: str = "") -> None:
    """From now on a function, or without a name every one, does this: a key of FAULTS, or code."""
    code = FAULTS.get(fault, fault)
    if not function:
        chain.set_code(venue.address, bytes.fromhex(code))
        return
    backup = "0x" + keccak(text=f"{venue.address} as it was")[-20:].hex()
    if not chain.code(backup):
        chain.set_code(backup, chain.code(venue.address))
    selector = keccak(text=SIGNATURES[function])[:4].hex()
    head, tail = f"5f3560e01c63{selector}1461", "57365f5f375f5f365f73"
    rest = f"{backup[2:]}5af43d5f5f3e61"
    length = (len(head) + 4 + len(tail) + len(rest) + 4) // 2
    passed_on, failed = length + 4, length + 8  # places of what follows
    body = f"573d5ffd5b3d5ff35b{code}"
    text = f"{head}{failed:04x}{tail}{rest}{passed_on:04x}{body}"
    chain.set_code(venue.address, bytes.fromhex(text))
