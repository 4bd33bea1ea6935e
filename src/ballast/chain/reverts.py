"""What a failed call says: the reason, a panic, or raw data."""

from __future__ import annotations

from typing import Final

from eth_abi.exceptions import DecodingError

from ballast.chain.codec import ABI
from ballast.errors import ChainError

_ERROR: Final = bytes.fromhex("08c379a0")  # Error(string)
_PANIC: Final = bytes.fromhex("4e487b71")  # Panic(uint256)
_PANICS: Final = {
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "bad enum value",
    0x22: "bad storage encoding",
    0x31: "pop on an empty array",
    0x32: "index out of bounds",
    0x41: "out of memory",
    0x51: "call of an uninitialised function",
}


class Reverted(ChainError):  # noqa: N818, it reads as the event that it is
    """A call or transaction that the contract, or the EVM, refused.

    `reason` is the text of `assert cond, "topic: reason"`, or "panic: ..." for a Solidity panic;
    None when the contract gave no text, as for a Vyper overflow. `data` is the raw return data.
    `halt` names an EVM fault such as running out of gas.
    """

    def __init__(self, data: bytes = b"", *, where: str = "", halt: str | None = None) -> None:
        self.data = data
        self.where = where
        self.halt = halt
        self.reason = decode_reason(data)
        super().__init__(self._message())

    def at(self, where: str) -> Reverted:
        """The same failure, said to come from a named place."""
        return Reverted(self.data, where=where, halt=self.halt)

    def _message(self) -> str:
        cause = self.reason or self.halt or (f"0x{self.data.hex()}" if self.data else "no reason")
        return f"{self.where or 'call'} reverted: {cause}"


def encode_reason(reason: str) -> bytes:
    """Revert data that carries this text."""
    return _ERROR + ABI.encode(["string"], [reason])


def decode_reason(data: bytes) -> str | None:
    """The text in revert data, or None if it carries none."""
    selector, body = data[:4], data[4:]
    try:
        if selector == _ERROR:
            return str(ABI.decode(["string"], body)[0])
        if selector == _PANIC:
            (code,) = ABI.decode(["uint256"], body)
            return f"panic: {_PANICS.get(code, hex(code))}"
    except (DecodingError, UnicodeDecodeError):
        return None
    return None
