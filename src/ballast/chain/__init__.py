"""One small protocol over two chains: revm in process, and every network that ape reaches.

from ballast.chain import RevmChain, compile_contract

chain = RevmChain()
pricer = chain.deploy(compile_contract("Pricer"))
mark = pricer.mark(forward, strike, discount, variance, tau)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ballast.chain.codec import Event, RawLog
from ballast.chain.compiler import Artifact, CompileError, compile_contract
from ballast.chain.contract import Contract, Method, UnknownMethodError
from ballast.chain.protocol import ZERO_ADDRESS, Chain, Receipt, rolled_back
from ballast.chain.reverts import Reverted
from ballast.chain.revm import RevmChain

if TYPE_CHECKING:
    from ballast.chain.ape_backend import ApeChain

__all__ = [
    "ZERO_ADDRESS",
    "ApeChain",
    "Artifact",
    "Chain",
    "CompileError",
    "Contract",
    "Event",
    "Method",
    "RawLog",
    "Receipt",
    "Reverted",
    "RevmChain",
    "UnknownMethodError",
    "compile_contract",
    "rolled_back",
]


def __getattr__(name: str) -> Any:
    """ape takes seconds to import, so it is imported when first asked for."""
    if name == "ApeChain":
        from ballast.chain.ape_backend import ApeChain

        return ApeChain
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
