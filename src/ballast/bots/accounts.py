"""Who has a margin account: no contract keeps a list, so it is read from events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

OPENED: Final = "0x" + keccak(text="ShortOpened(address,uint256,uint256,uint256,uint256)").hex()
"""Only who has ever sold an option can owe one."""

FetchOwners = Callable[[int], tuple[Iterable[str], int]]
"""From a block number to the owners in the events since, and the block to go on from."""


class AccountSource(Protocol):
    """Where a keeper learns of accounts."""

    def owners(self) -> Sequence[str]:
        """All that are known by now."""


class KnownAccounts:
    """A list that somebody else keeps."""

    def __init__(self, owners: Iterable[str] = ()) -> None:
        self._owners = list(dict.fromkeys(owners))

    def owners(self) -> Sequence[str]:
        """The list."""
        return tuple(self._owners)


class AccountsFromEvents:
    """Everybody who has sold an option since a block; each block's events are read once."""

    def __init__(self, fetch: FetchOwners, since: int = 0) -> None:
        self._fetch, self._next = fetch, since
        self._owners: dict[str, None] = {}

    def owners(self) -> Sequence[str]:
        """Those of before, and whoever has come since."""
        found, self._next = self._fetch(self._next)
        self._owners.update(dict.fromkeys(to_checksum_address(owner) for owner in found))
        return tuple(self._owners)
