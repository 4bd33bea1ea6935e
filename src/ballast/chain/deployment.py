"""Deployment as data: a plan, the record of its execution, and one way to run it on any chain.

    plan = Plan(
        steps=(
            Step("token", "OptionToken", (Ref("desk"), Setting("symbol"), "USDC")),
            Step("desk", "Desk", (Ref("token"),), calls=(Call("open", (1,)),)),
        ),
        settings={"symbol": "WETH"},
    )
    deployment = execute(plan, chain)
    deployment["desk"].quote(...)

The address of a contract follows from its creator and the creator's nonce, so a step may refer to
one that is deployed later; `execute` checks that each contract lands where it was promised. The
steps take the sender's next nonces one by one, then the calls run in the order of the plan.

What was done is read from the chain: a step is done if its code stands at its address. So a run
that broke off, wherever it did, is finished by running it again with its record, and never deploys
a contract twice. `save` is given the record before each transaction whose loss would matter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ballast.chain.base import checksummed
from ballast.chain.compiler import Artifact, compile_contract, project_root, sources_digest
from ballast.chain.contract import Contract
from ballast.chain.protocol import Chain, Receipt, rolled_back
from ballast.errors import ChainError


class DeploymentError(ChainError):
    """A plan that makes no sense, or a chain that is not as a plan or its record says."""


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
        names = [step.name for step in self.steps]
        if twice := {name for name in names if names.count(name) > 1}:
            raise DeploymentError(f"two steps are called {', '.join(sorted(twice))}; rename one")
        for step in self.steps:
            for part in _parts((step.args, [call.args for call in step.calls])):
                known = names if isinstance(part, Ref) else list(self.settings)
                key = part.step if isinstance(part, Ref) else part.key
                if key not in known:
                    raise DeploymentError(
                        f"step {step.name} refers to {part}; there are {', '.join(known) or 'none'}"
                    )

    @property
    def calls(self) -> list[tuple[str, Call]]:
        """All calls with the names of their steps, in the order in which they run."""
        return [(step.name, call) for step in self.steps for call in step.calls]

    def fill(self, value: Any, addresses: Mapping[str, str]) -> Any:
        """A value with addresses and settings in place of what stands for them."""
        if isinstance(value, Ref):
            return addresses[value.step]
        if isinstance(value, Setting):
            return self.fill(self.settings[value.key], addresses)
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
    calls_done: int = 0
    call_nonce: int | None = None  # of a call that was sent and not yet known to have gone through

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
            raise DeploymentError(
                f"not a deployment record: {error}; give the text that Record.to_json wrote"
            ) from error


@dataclass(frozen=True)
class Deployment:
    """What stands: handles by step, the receipts of this run, and the record to keep."""

    plan: Plan
    contracts: dict[str, Contract]
    receipts: dict[str, Receipt]
    call_receipts: tuple[Receipt, ...]
    record: Record

    @property
    def addresses(self) -> dict[str, str]:
        return self.record.addresses

    def __getitem__(self, step: str) -> Contract:
        return self.contracts[step]

    def table(self) -> str:
        """Contracts and calls of this run with their gas, as text."""
        record, skipped = self.record, len(self.plan.calls) - len(self.call_receipts)
        rows = [
            (name, record.contracts[name].contract, record.addresses[name], receipt.gas_used)
            for name, receipt in self.receipts.items()
        ]
        rows += [
            (f"{name}.{call.method}", "call", record.addresses[name], receipt.gas_used)
            for (name, call), receipt in zip(
                self.plan.calls[skipped:], self.call_receipts, strict=True
            )
        ]
        rows.append(("total", "", "", sum(row[3] for row in rows)))
        return "\n".join(
            f"{name:<24} {what:<16} {address:<42} {gas:>12,}" for name, what, address, gas in rows
        )


def execute(
    plan: Plan,
    chain: Chain,
    sender: str | None = None,
    *,
    record: Record | None = None,
    save: Callable[[Record], object] = lambda record: None,
) -> Deployment:
    """Carry out a plan, or what its record says is left of it.

    `save` gets each new state of the record: keep it, and give it back as `record` to go on after a
    failure. The first account of the chain is the default sender.
    """
    sender = checksummed(sender or chain.accounts[0])
    artifacts = {step.name: compile_contract(step.contract) for step in plan.steps}
    nonce = _nonce(chain, sender) if record is None else record.nonce
    fresh = _promise(plan, chain, sender, nonce, artifacts)
    record = fresh if record is None else _matching(record, fresh)
    save(record)
    contracts: dict[str, Contract] = {}
    receipts: dict[str, Receipt] = {}
    for index, step in enumerate(plan.steps):
        contract = _stand(plan, chain, record, index, artifacts[step.name])
        contracts[step.name] = contract
        if contract.receipt is not None:
            receipts[step.name] = contract.receipt
            entry = replace(record.contracts[step.name], gas=contract.receipt.gas_used)
            record = replace(record, contracts={**record.contracts, step.name: entry})
            save(record)
    call_receipts = []
    for name, call in plan.calls[record.calls_done :]:
        record = replace(record, call_nonce=_nonce_of_call(chain, record, f"{name}.{call.method}"))
        save(record)
        args = plan.fill(call.args, record.addresses)
        call_receipts.append(contracts[name].method(call.method).send(*args, sender=sender))
        record = replace(record, calls_done=record.calls_done + 1, call_nonce=None)
        save(record)
    return Deployment(plan, contracts, receipts, tuple(call_receipts), record)


def dry_run(plan: Plan, chain: Chain, sender: str | None = None) -> str:
    """What `execute` would do and its gas, as a table. The chain is rolled back afterwards.

    Only a development network can be: run a plan for a live one on a local fork of it.
    """
    with rolled_back(chain):
        return execute(plan, chain, sender).table()


def predict(sender: str, nonce: int) -> str:
    """The address of the contract that `sender` creates with this nonce: keccak of their RLP."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    short = len(number) == 1 and nonce < 0x80
    item = number if short else bytes([0x80 + len(number)]) + number
    body = b"\x94" + bytes.fromhex(checksummed(sender)[2:]) + item
    return str(to_checksum_address(keccak(bytes([0xC0 + len(body)]) + body)[12:]))


def _promise(
    plan: Plan, chain: Chain, sender: str, nonce: int, artifacts: Mapping[str, Artifact]
) -> Record:
    """The record of a plan of which nothing is done yet."""
    addresses = {step.name: predict(sender, nonce + i) for i, step in enumerate(plan.steps)}
    entries = {
        step.name: Entry(
            contract=step.contract,
            address=addresses[step.name],
            args=_plain(plan.fill(step.args, addresses)),
            code=sha256(artifacts[step.name].bytecode).hexdigest(),
        )
        for step in plan.steps
    }
    sources = sources_digest(project_root())
    return Record(chain.chain_id, sender, nonce, version("vyper"), sources, entries)


def _matching(record: Record, fresh: Record) -> Record:
    """The record, if it is one of this plan, chain, sender and code."""
    wrong = [key for key in ("chain_id", "sender") if getattr(record, key) != getattr(fresh, key)]
    wrong += [
        f"{name}.{key}"
        for name in record.contracts.keys() | fresh.contracts.keys()
        for key in ("contract", "address", "args", "code")
        if _field(record, name, key) != _field(fresh, name, key)
    ]
    if wrong:
        raise DeploymentError(
            f"the record does not fit: {', '.join(sorted(wrong))} differ. Go on with the plan, the "
            f"sources (digest {record.sources[:16]}) and the sender that it was made with, or "
            "deploy anew without a record"
        )
    return record


def _field(record: Record, name: str, key: str) -> Any:
    return getattr(record.contracts.get(name), key, None)


def _stand(plan: Plan, chain: Chain, record: Record, index: int, artifact: Artifact) -> Contract:
    """The contract of a step, deployed unless it is there already, and checked either way."""
    step, nonce = plan.steps[index], record.nonce + index
    address = record.addresses[step.name]
    if chain.code(address):
        contract = chain.at(artifact, address)
    elif (found := _nonce(chain, record.sender)) != nonce:
        raise DeploymentError(
            f"{step.name} was promised to stand at {address}, which takes nonce {nonce} of "
            f"{record.sender}; its next is {found}. Another transaction came between: deploy anew "
            "without a record, and send nothing else meanwhile"
        )
    else:
        args = plan.fill(step.args, record.addresses)
        contract = chain.deploy(artifact, *args, sender=record.sender)
    if contract.address != address or not chain.code(address).startswith(artifact.runtime):
        raise DeploymentError(
            f"{step.name} should be {step.contract} at {address}, but that stands at "
            f"{contract.address} or is other code: use none of these contracts, deploy anew"
        )
    return contract


def _nonce_of_call(chain: Chain, record: Record, name: str) -> int:
    """The nonce that the next call takes. Refuses to send one again whose fate is not known."""
    found = _nonce(chain, record.sender)
    if record.call_nonce not in (None, found):
        raise DeploymentError(
            f"{name} may have run already: nonce {record.call_nonce} of {record.sender} is used. "
            "Look that transaction up, then set call_nonce to null in the record, and if it went "
            f"through calls_done to {record.calls_done + 1}"
        )
    return found


def _nonce(chain: Chain, account: str) -> int:
    """The account's next nonce. The protocol does not count nonces; revm's chain does, ape does."""
    count = getattr(chain, "nonce", None)
    if count is None:
        import ape

        assert chain.chain_id  # asking makes this chain's node the one that ape uses
        count = ape.networks.provider.get_nonce
    return int(count(account))


def _plain(value: Any) -> Any:
    """Arguments as JSON has them, so that those of a record and of a plan compare."""
    return json.loads(json.dumps(value, default=_spell))


def _spell(value: Any) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(address := getattr(value, "address", None), str):
        return address
    raise DeploymentError(f"{value!r} cannot be written to a record: give numbers, text or bytes")


def _parts(value: Any) -> Iterator[Ref | Setting]:
    """Everything in a value that stands for something else."""
    if isinstance(value, Ref | Setting):
        yield value
    elif isinstance(value, Mapping):
        yield from _parts(list(value.values()))
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for item in value:
            yield from _parts(item)
