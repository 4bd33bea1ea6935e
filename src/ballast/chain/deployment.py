"""Deployment as data: a plan, the record of its execution, and one way to run it on any chain.

    token = Step("token", "OptionToken", (Ref("desk"), Setting("symbol"), "USDC"))
    desk = Step("desk", "Desk", (Ref("token"),), calls=(Call("open", (1,)),))
    deployment = execute(Plan((token, desk), {"symbol": "WETH"}), chain)

The address of a contract follows from its creator and the creator's nonce, so a step may refer to
one that is deployed later. Steps take the sender's next nonces one by one; the calls come last.
A step is done if its code stands at its address: run a plan that broke off again with its record
and it is finished, nothing twice. Calls leave no such trace; the record says which were made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import rlp  # type: ignore[import-untyped,unused-ignore]
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

from ballast.chain.base import checksummed
from ballast.chain.compiler import Artifact, compile_contract, project_root, sources_digest
from ballast.chain.contract import Contract
from ballast.chain.protocol import ZERO_ADDRESS, Chain, Receipt, rolled_back
from ballast.errors import ChainError


class DeploymentError(ChainError):
    """A plan that makes no sense, or a chain that is not as a record says."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands for the address of a step's contract, whether it is deployed before or after."""

    step: str


@dataclass(frozen=True, slots=True)
class Setting:
    """Stands for one of the plan's settings."""

    key: str


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction to the step's contract, once every contract of the plan stands."""

    method: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A contract to deploy. Arguments may hold `Ref` and `Setting`, in lists and structs too."""

    name: str
    contract: str
    args: tuple[Any, ...] = ()
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Steps in their order, and the values in which one market differs from another."""

    steps: tuple[Step, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = dict.fromkeys((step.name for step in self.steps), ZERO_ADDRESS)
        if len(names) < len(self.steps):
            raise DeploymentError("two steps of the plan have one name: rename one of them")
        for step in self.steps:
            try:
                self.fill((step.args, [call.args for call in step.calls]), names)
            except KeyError as missing:
                raise DeploymentError(f"step {step.name}: the plan has no {missing}") from None

    def calls(self, addresses: Mapping[str, str]) -> list[tuple[str, str, list[Any]]]:
        """Step, method and arguments of every call, in the order in which they run."""
        pairs = ((step.name, call) for step in self.steps for call in step.calls)
        return [(name, call.method, self.fill(call.args, addresses)) for name, call in pairs]

    def fill(self, value: Any, addresses: Mapping[str, str]) -> Any:
        """A value with addresses and settings in place of what stands for them."""
        if isinstance(value, Ref):
            return addresses[value.step]
        if isinstance(value, Setting):
            return self.settings[value.key]
        if isinstance(value, Mapping):
            return {key: self.fill(item, addresses) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.fill(item, addresses) for item in value]
        return value


@dataclass(frozen=True)
class Entry:
    """One contract in a record. `code` is the hash of its creation code without arguments."""

    contract: str
    address: str
    args: Any
    code: str
    gas: int | None = None


@dataclass(frozen=True)
class Record:
    """What a deployment is, or will be: enough to finish it, to find it and to verify it."""

    chain_id: int
    sender: str
    nonce: int
    compiler: str
    sources: str
    contracts: dict[str, Entry]
    calls: list[Any] = field(default_factory=list)  # step, method and arguments of those made
    call_nonce: int | None = None  # of a call that was sent and is not known to have gone through

    @property
    def addresses(self) -> dict[str, str]:
        return {name: entry.address for name, entry in self.contracts.items()}

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        try:
            fields = json.loads(text)
            entries = {name: Entry(**entry) for name, entry in fields.pop("contracts").items()}
            return cls(contracts=entries, **fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DeploymentError(f"not what Record.to_json wrote: {error!r}") from error


@dataclass(frozen=True)
class Deployment:
    """What stands: handles by step, the receipts of this run, and the record to keep."""

    contracts: dict[str, Contract]
    receipts: dict[str, Receipt]  # of a step by its name, of call n as `desk.open #n`
    addresses: dict[str, str]
    record: Record

    def __getitem__(self, step: str) -> Contract:
        return self.contracts[step]

    def table(self) -> str:
        """Contracts and calls of this run with their addresses and gas, as text."""
        gas = {name: receipt.gas_used for name, receipt in self.receipts.items()}
        rows = [(name, self.addresses[name.partition(".")[0]], gas[name]) for name in gas]
        rows.append(("total", "", sum(gas.values())))
        return "\n".join(f"{name:<40} {address:<42} {gas:>12,}" for name, address, gas in rows)


def execute(
    plan: Plan,
    chain: Chain,
    sender: str | None = None,
    *,
    record: Record | None = None,
    save: Callable[[Record], object] = lambda record: None,
) -> Deployment:
    """Carry out a plan, or what is left of it. The chain's first account is the default sender.

    `save` gets each state of the record: keep the last, and give it as `record` after a failure.
    """
    sender = checksummed(sender or chain.accounts[0])
    artifacts = {step.name: compile_contract(step.contract) for step in plan.steps}
    nonce = record.nonce if record else chain.nonce(sender)
    fresh = _promise(plan, chain, sender, nonce, artifacts)
    record = _matching(plan, record or fresh, fresh)
    save(record)
    contracts: dict[str, Contract] = {}
    receipts: dict[str, Receipt] = {}
    for index, step in enumerate(plan.steps):
        contract = contracts[step.name] = _stand(plan, chain, record, index, artifacts[step.name])
        if contract.receipt is not None:
            receipts[step.name] = contract.receipt
            entry = replace(record.contracts[step.name], gas=contract.receipt.gas_used)
            record = replace(record, contracts={**record.contracts, step.name: entry})
            save(record)
    for name, method, args in plan.calls(record.addresses)[len(record.calls) :]:
        record = replace(record, call_nonce=_nonce_of_call(chain, record, f"{name}.{method}"))
        save(record)
        receipt = contracts[name].method(method).send(*args, sender=sender)
        receipts[f"{name}.{method} #{len(record.calls)}"] = receipt
        record = replace(
            record, calls=record.calls + _plain([[name, method, args]]), call_nonce=None
        )
        save(record)
    return Deployment(contracts, receipts, record.addresses, record)


def dry_run(plan: Plan, chain: Chain, sender: str | None = None) -> str:
    """What `execute` would do and its gas. Rolls back, so a live network has to be forked first."""
    with rolled_back(chain):
        return execute(plan, chain, sender).table()


def predict(sender: str, nonce: int) -> str:
    """The address of the contract that `sender` creates with this nonce."""
    origin = rlp.encode([to_canonical_address(checksummed(sender)), nonce])
    return str(to_checksum_address(keccak(origin)[12:]))


def _promise(
    plan: Plan, chain: Chain, sender: str, nonce: int, artifacts: Mapping[str, Artifact]
) -> Record:
    """The record of the plan before anything is done, from the nonce at which it begins."""
    addresses = {step.name: predict(sender, nonce + i) for i, step in enumerate(plan.steps)}
    entries = {}
    for step in plan.steps:
        code = sha256(artifacts[step.name].bytecode).hexdigest()
        args = _plain(plan.fill(step.args, addresses))
        entries[step.name] = Entry(step.contract, addresses[step.name], args, code)
    sources = sources_digest(project_root())
    return Record(chain.chain_id, sender, nonce, version("vyper"), sources, entries)


def _matching(plan: Plan, record: Record, fresh: Record) -> Record:
    """The record, if it is one of this plan, chain, sender and code."""
    wrong = {key for key in ("chain_id", "sender") if getattr(record, key) != getattr(fresh, key)}
    known = {name: replace(entry, gas=None) for name, entry in record.contracts.items()}
    wrong |= {
        f"step {n}" for n in known | fresh.contracts if known.get(n) != fresh.contracts.get(n)
    }
    if _plain(plan.calls(fresh.addresses))[: len(record.calls)] != record.calls:
        wrong.add("calls")
    if wrong:
        raise DeploymentError(
            f"the record does not fit: {', '.join(sorted(wrong))} differ. Use the plan, sender and "
            f"sources (digest {record.sources[:16]}) that it was made with, or start without it"
        )
    return record


def _stand(plan: Plan, chain: Chain, record: Record, index: int, artifact: Artifact) -> Contract:
    """The contract of a step, deployed unless it is there already, and checked either way."""
    step, nonce = plan.steps[index], record.nonce + index
    address = record.addresses[step.name]
    if chain.code(address):
        contract = chain.at(artifact, address)
    elif (found := chain.nonce(record.sender)) != nonce:
        raise DeploymentError(
            f"{step.name} is promised to stand at {address}, which takes nonce {nonce} of "
            f"{record.sender}; its next is {found}. Deploy anew, and send nothing else meanwhile"
        )
    else:
        args = plan.fill(step.args, record.addresses)
        contract = chain.deploy(artifact, *args, sender=record.sender)
    if contract.address != address or not chain.code(address).startswith(artifact.runtime):
        raise DeploymentError(
            f"{step.name} should be {step.contract} at {address}; it is at {contract.address}, or "
            "that is other code. Use none of these contracts and deploy anew without a record"
        )
    return contract


def _nonce_of_call(chain: Chain, record: Record, name: str) -> int:
    """The nonce that the next call takes. Refuses to send one again whose fate is not known."""
    found = chain.nonce(record.sender)
    if record.call_nonce not in (None, found):
        raise DeploymentError(
            f"{name} may have run already: nonce {record.call_nonce} of {record.sender} is used. "
            "Look it up, set call_nonce to null in the record; if it went through, add it to calls"
        )
    return found


def _plain(value: Any) -> Any:
    """Arguments as JSON has them, so that those of a record and of a plan compare."""
    return json.loads(json.dumps(value, default=_spell))


def _spell(value: Any) -> str:
    spelled = "0x" + value.hex() if isinstance(value, bytes) else getattr(value, "address", None)
    if not isinstance(spelled, str):
        raise DeploymentError(f"no record can hold {value!r}: give numbers, text, bytes, contracts")
    return spelled
