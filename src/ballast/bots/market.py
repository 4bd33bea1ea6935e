"""Handles on a market that stands, on whatever chain it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ballast.chain import Chain, Contract, compile_contract
from ballast.chain.compiler import Artifact
from ballast.chain.deployment import Record
from ballast.chain.reverts import Reverted
from ballast.errors import BallastError

_ROUND: Final = ("uint80", "int256", "uint256", "uint256", "uint80")


class MarketError(BallastError):
    """A record that does not lead to a market."""


@dataclass(frozen=True)
class LiveMarket:
    """The contracts of a market by their names in its plan, and the feed that it reads."""

    chain: Chain
    contracts: Mapping[str, Contract]
    feed: Contract

    @classmethod
    def over(cls, chain: Chain, contracts: Mapping[str, Contract]) -> LiveMarket:
        """From handles; the oracle names the feed."""
        feed = contracts["oracle"].terms().feed
        return cls(chain, dict(contracts), chain.at(_FEED, feed))

    @classmethod
    def of_record(cls, chain: Chain, record: Record) -> LiveMarket:
        """From the record of a deployment, which must be of this chain and of these sources."""
        if chain.chain_id != record.chain_id:
            raise MarketError(
                f"the record is of chain {record.chain_id} and this is {chain.chain_id}: "
                "connect to the network that the market is on"
            )
        return cls.over(chain, {name: _handle(chain, name, record) for name in record.contracts})

    def __getitem__(self, name: str) -> Contract:
        try:
            return self.contracts[name]
        except KeyError:
            raise MarketError(
                f"this market has no {name}; it has {', '.join(sorted(self.contracts))}"
            ) from None

    def __contains__(self, name: str) -> bool:
        return name in self.contracts

    def tried(self, name: str, method: str, *args: Any, sender: str | None = None) -> Any:
        """What a call would return, or none where the contract refuses it."""
        try:
            return self[name].method(method).call(*args, sender=sender)
        except Reverted:
            return None

    def sheet(self, address: str) -> Contract:
        """The risk sheet at an address: contracts name the one that they go by."""
        return self.chain.at(compile_contract("RiskSheet"), address)

    def spot(self) -> Spot | None:
        """The oracle's price, or none where it refuses to name one."""
        found = self["oracle"].try_spot()
        return Spot(found[1], found[3], found[4]) if found[0] else None


@dataclass(frozen=True)
class Spot:
    """A price, WAD, with the time and the id of its round."""

    price: int
    at: int
    round_id: int


def _handle(chain: Chain, name: str, record: Record) -> Contract:
    entry = record.contracts[name]
    artifact = compile_contract(entry.contract)
    if sha256(artifact.bytecode).hexdigest() != entry.code:
        raise MarketError(
            f"{name} was deployed from other sources than these: check out those with the digest "
            f"{record.sources[:16]}"
        )
    if not chain.code(entry.address):
        raise MarketError(f"there is no contract at {entry.address}, where {name} should stand")
    return chain.at(artifact, entry.address)


def _view(name: str, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "stateMutability": "view",
        "inputs": [{"name": "", "type": kind} for kind in inputs],
        "outputs": [{"name": "", "type": kind} for kind in outputs],
    }


_FEED: Final = Artifact(
    name="Feed",
    abi=[
        _view("phaseId", (), ("uint16",)),
        _view("latestRoundData", (), _ROUND),
        _view("getRoundData", ("uint80",), _ROUND),
    ],
    bytecode=b"",
    runtime=b"",
    layout={},
    source=Path("IAggregator.vyi"),
    digest="",
)
"""What is asked of a price feed, whoever made it: `IAggregator`."""
