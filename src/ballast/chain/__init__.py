"""One small protocol over two chains: revm in process, and every network that ape reaches.

from ballast.chain import RevmChain, compile_contract

chain = RevmChain()
pricer = chain.deploy(compile_contract("Pricer"))
mark = pricer.mark(forward, strike, discount, variance, tau)
"""

from __future__ import annotations

from ballast.chain.codec import Event, RawLog
from ballast.chain.compiler import Artifact, CompileError, compile_contract
from ballast.chain.contract import Contract, Method, UnknownMethodError
from ballast.chain.protocol import ZERO_ADDRESS, Chain, Receipt, rolled_back
from ballast.chain.reverts import Reverted
from ballast.chain.revm import RevmChain

__all__ = [
    "ZERO_ADDRESS",
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
