"""Handles on contracts/mocks/WeirdToken.vy, whose answers are raw bytes that no ABI describes."""

from __future__ import annotations

from dataclasses import replace

from ballast.chain import Artifact, Chain, Contract, compile_contract

RAW = ("transfer", "transferFrom", "approve")


def weird_artifact() -> Artifact:
    """The token as a caller sees it who ignores what it answers; `Receipt.data` has the answer."""
    artifact = compile_contract("WeirdToken")
    abi = [
        {**entry, "outputs": []} if entry.get("name") in RAW else entry for entry in artifact.abi
    ]
    return replace(artifact, abi=abi)


def weird_token(chain: Chain, decimals: int, symbol: str = "WEIRD") -> Contract:
    """A new one, which behaves until it is told otherwise."""
    return chain.deploy(weird_artifact(), symbol, decimals)
