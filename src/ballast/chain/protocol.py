"""What a chain is to Ballast: deploy, call, send, logs, time, snapshot, balances.

Both backends keep the same clock. `timestamp` and `block_number` are those of the block in which
the next call or transaction runs. Each transaction has a block to itself; after it both move on by
one. Amounts are in wei, times in Unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ballast.chain.codec import Event, RawLog
from ballast.errors import ChainError

if TYPE_CHECKING:
    from ballast.chain.compiler import Artifact
    from ballast.chain.contract import Contract

ZERO_ADDRESS = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that went through. One that fails raises `Reverted` and leaves no receipt.

    `gas_used` is the receipt's: with intrinsic gas, calldata, refunds and the calldata floor.
    """

    gas_used: int
    logs: tuple[Event | RawLog, ...]
    data: bytes = b""
    value: Any = None
    contract_address: str | None = None
    status: bool = True

    @property
    def events(self) -> tuple[Event, ...]:
        """The logs that a known ABI explains."""
        return tuple(log for log in self.logs if isinstance(log, Event))

    def event(self, name: str) -> Event:
        """The one event of this name."""
        found = [event for event in self.events if event.name == name]
        if len(found) != 1:
            names = ", ".join(event.name for event in self.events) or "none"
            raise ChainError(f"wanted one {name} event, found {len(found)}; events: {names}")
        return found[0]


ChainType = TypeVar("ChainType", bound="Chain")


class Chain(Protocol):
    """A chain that contracts are deployed to and driven on."""

    @property
    def accounts(self) -> Sequence[str]:
        """Addresses that hold money and may send."""

    @property
    def chain_id(self) -> int: ...

    @property
    def timestamp(self) -> int:
        """Unix time of the block in which the next call or transaction runs."""

    @property
    def block_number(self) -> int:
        """Number of the block in which the next call or transaction runs."""

    def deploy(
        self, artifact: Artifact, *args: Any, sender: str | None = None, value: int = 0
    ) -> Contract:
        """Create a contract; its handle carries the receipt. The first account is the default."""

    def at(self, artifact: Artifact, address: str) -> Contract:
        """A handle on a contract that stands already."""

    def call(self, to: str, data: bytes, *, sender: str | None = None, value: int = 0) -> bytes:
        """Run raw calldata, keep nothing, return the bytes."""

    def send(self, to: str, data: bytes, *, sender: str | None = None, value: int = 0) -> Receipt:
        """Run raw calldata as a transaction in a block of its own."""

    def balance(self, address: str) -> int:
        """Ether of an address, in wei."""

    def set_balance(self, address: str, wei: int) -> None: ...

    def code(self, address: str) -> bytes: ...

    def set_code(self, address: str, code: bytes) -> None:
        """Let an address hold this runtime code, unchecked; its storage, ether and nonce stay."""

    def nonce(self, address: str) -> int:
        """Transactions sent so far: what the address of the next contract follows from."""

    def set_nonce(self, address: str, nonce: int) -> None: ...

    def set_timestamp(self, timestamp: int) -> None:
        """Let the next block be of this time, which must not lie before `timestamp`."""

    def advance(self, seconds: int) -> None:
        """Let the next block be later by this much."""

    def mine(self, blocks: int = 1) -> None:
        """Add empty blocks."""

    def snapshot(self) -> int:
        """Remember state and clock; the number is for `revert`."""

    def revert(self, snapshot: int) -> None:
        """Go back to a snapshot. It stays valid; later ones are forgotten."""


@contextmanager
def rolled_back(chain: ChainType) -> Iterator[ChainType]:
    """Run a block of code and undo all that it did to the chain."""
    snapshot = chain.snapshot()
    try:
        yield chain
    finally:
        chain.revert(snapshot)
