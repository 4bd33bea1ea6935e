"""What the two backends have in common: handles, and the decoding of logs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from eth_utils.address import to_checksum_address

from ballast.chain.codec import Codec, Event, RawLog
from ballast.chain.compiler import Artifact
from ballast.chain.contract import Contract
from ballast.chain.protocol import ZERO_ADDRESS, Chain, Receipt
from ballast.chain.reverts import Reverted
from ballast.errors import ChainError


class BaseChain(Chain, ABC):
    """A `Chain` but for what touches the backend."""

    def __init__(self) -> None:
        self._codecs: dict[str, Codec] = {}  # by address, to decode logs

    @abstractmethod
    def _create(self, code: bytes, sender: str, value: int) -> Receipt:
        """Run creation code as a transaction."""

    def deploy(
        self, artifact: Artifact, *args: Any, sender: Any = None, value: int = 0
    ) -> Contract:
        """Create a contract; its handle carries the receipt. The first account is the default."""
        codec = Codec(artifact.abi, artifact.name)
        code = artifact.bytecode + codec.constructor(args)
        try:
            receipt = self._create(code, self._sender(sender), value)
        except Reverted as error:
            raise error.at(f"{artifact.name}.__init__") from error.__cause__
        address = receipt.contract_address
        if address is None:
            raise ChainError(f"{artifact.name} was deployed, but the receipt names no address")
        self._codecs[address] = codec
        receipt = replace(receipt, logs=self._decode_logs(receipt.logs))
        return Contract(self, codec, address, receipt)

    def at(self, artifact: Artifact, address: str) -> Contract:
        """A handle on a contract that stands already."""
        address, codec = checksummed(address), Codec(artifact.abi, artifact.name)
        self._codecs[address] = codec
        return Contract(self, codec, address)

    def advance(self, seconds: int) -> None:
        """Let the next block be later by this much."""
        if seconds < 0:
            raise ChainError(f"time runs forward: cannot advance by {seconds} s; use revert")
        self.set_timestamp(self.timestamp + seconds)

    def _check_time(self, timestamp: int) -> None:
        if timestamp < self.timestamp:
            raise ChainError(
                f"time runs forward: {timestamp} lies before the next block's {self.timestamp}"
            )

    def _sender(self, sender: Any) -> str:
        if sender is None:
            return next(iter(self.accounts), ZERO_ADDRESS)
        return checksummed(getattr(sender, "address", sender))

    def _decode_logs(self, logs: Iterable[Event | RawLog]) -> tuple[Event | RawLog, ...]:
        return tuple(self._decode_log(log) for log in logs)

    def _decode_log(self, log: Event | RawLog) -> Event | RawLog:
        codec = self._codecs.get(log.address)
        return codec.event(log) if codec and isinstance(log, RawLog) else log


@lru_cache(maxsize=65_536)
def checksummed(address: Any) -> str:
    """The address in its canonical spelling."""
    try:
        return to_checksum_address(address)
    except (TypeError, ValueError) as error:
        raise ChainError(f"{address!r} is not an address: 20 bytes in hex, with 0x") from error
