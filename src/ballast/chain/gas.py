"""What a transaction pays before and regardless of what it does (Prague rules)."""

from __future__ import annotations

from typing import Final

_TRANSACTION: Final = 21_000
_CREATION: Final = 32_000
_INITCODE_WORD: Final = 2
_TOKEN: Final = 4
_FLOOR_TOKEN: Final = 10
_TOKENS_OF_NONZERO: Final = 4


def intrinsic_gas(data: bytes, *, create: bool = False) -> int:
    """Gas charged before the first instruction: base, calldata, and for creation code its words."""
    creation = _CREATION + _INITCODE_WORD * ((len(data) + 31) // 32) if create else 0
    return _TRANSACTION + _TOKEN * _tokens(data) + creation


def floor_gas(data: bytes) -> int:
    """EIP-7623: a transaction with this calldata never pays less, refunds included."""
    return _TRANSACTION + _FLOOR_TOKEN * _tokens(data)


def _tokens(data: bytes) -> int:
    zeros = data.count(0)
    return zeros + _TOKENS_OF_NONZERO * (len(data) - zeros)
