"""A network on which keepers are guests: nobody drives its clock, and events are read from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import ape

from ballast.bots.accounts import OPENED, FetchOwners
from ballast.chain.ape_backend import ApeChain
from ballast.chain.base import checksummed
from ballast.errors import ChainError

PAGE: Final = 5_000
"""Blocks whose events are asked for at once: less than what public nodes refuse."""


class LiveChain(ApeChain):
    """The network that ape is connected to, a development one included, taken as it is.

    Time is the node's, gas and fees are ape's to choose, and only accounts that ape holds may send.
    """

    def __init__(self, signers: Sequence[Any]) -> None:
        super().__init__(signers)
        if not signers:
            raise ChainError("keepers need an account to send from: name one")
        self._is_dev = False


def owners_of(margin: str) -> FetchOwners:
    """Reads who has opened a short, page by page, from the node that ape is connected to."""

    def fetch(since: int) -> tuple[list[str], int]:
        web3 = ape.networks.provider.web3
        end = int(web3.eth.block_number) + 1
        found: list[str] = []
        for start in range(since, end, PAGE):
            logs = web3.eth.get_logs(
                {
                    "address": checksummed(margin),
                    "topics": [OPENED],
                    "fromBlock": start,
                    "toBlock": min(start + PAGE, end) - 1,
                }
            )
            found += ["0x" + bytes(log["topics"][1])[-20:].hex() for log in logs]
        return found, end

    return fetch
