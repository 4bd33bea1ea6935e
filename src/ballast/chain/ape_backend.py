"""The `Chain` protocol on every network that ape reaches.

ape signs, sends and waits; encoding, decoding and reverts are the same code as on revm. On
development networks the clock is driven explicitly, block by block, so that it does not depend on
the wall clock; elsewhere `timestamp` tells and time travel is refused.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import Any, Final

import ape
from ape.exceptions import ApeException, APINotImplementedError, VirtualMachineError
from eth_tester.exceptions import (  # type: ignore[import-untyped,unused-ignore]
    TransactionFailed,
)
from eth_utils.address import to_checksum_address
from eth_utils.exceptions import ValidationError
from hexbytes import HexBytes
from web3.exceptions import ContractLogicError, Web3Exception

from ballast.chain.base import BaseChain, checksummed
from ballast.chain.codec import Codec, RawLog
from ballast.chain.protocol import Receipt
from ballast.chain.reverts import Reverted, encode_reason
from ballast.errors import ChainError

GAS_LIMIT: Final = 30_000_000
LOCAL_NODE: Final = "ethereum:local:foundry"
FORKED_NODE: Final = "ethereum:mainnet-fork:foundry"
_NODE_SETTINGS: Final = {"host": "auto", "evm_version": "prague", "base_fee": 0}


class ApeChain(BaseChain):
    """The network that ape is connected to. Accounts default to ape's test accounts."""

    def __init__(self, accounts: Sequence[Any] | None = None) -> None:
        super().__init__()
        self._own: Any = ape.networks.provider
        self._signers = {signer.address: signer for signer in accounts or _test_accounts()}
        self._is_dev = bool(self._provider.network.is_dev)
        self._snapshots: list[tuple[Any, int, dict[str, Codec]]] = []
        self._timestamp = self._latest("timestamp") + 1

    @property
    def _provider(self) -> Any:
        """The node of this chain, which ape is told to use: several chains may be open."""
        if ape.networks.active_provider is not self._own:
            ape.networks.active_provider = self._own
        return self._own

    @property
    def accounts(self) -> Sequence[str]:
        return tuple(self._signers)

    @property
    def chain_id(self) -> int:
        return int(self._provider.chain_id)

    @property
    def timestamp(self) -> int:
        if self._is_dev:
            return self._timestamp
        return int(self._provider.get_block("pending").timestamp)

    @property
    def block_number(self) -> int:
        return self._latest("number") + 1

    def call(self, to: str, data: bytes, *, sender: str | None = None, value: int = 0) -> bytes:
        """Run raw calldata on the pending block, keep nothing, return the bytes."""
        request = {"to": checksummed(to), "data": data}
        return self._simulate(request, self._sender(sender), value)

    def send(self, to: str, data: bytes, *, sender: str | None = None, value: int = 0) -> Receipt:
        """Run raw calldata as a transaction.

        It is simulated first: for the reason of a revert, and for the returned bytes, which no
        receipt holds.
        """
        sender, to = self._sender(sender), checksummed(to)
        output = self._simulate({"to": to, "data": data}, sender, value)
        return self._transact({"receiver": to, "data": data}, sender, value, output)

    def _create(self, code: bytes, sender: str, value: int) -> Receipt:
        self._simulate({"data": code}, sender, value)
        return self._transact({"data": code}, sender, value, b"")

    def nonce(self, address: str) -> int:
        return int(self._provider.get_nonce(checksummed(address)))

    def balance(self, address: str) -> int:
        return int(self._provider.get_balance(checksummed(address)))

    def set_balance(self, address: str, wei: int) -> None:
        with self._dev_only("set a balance"):
            self._provider.set_balance(checksummed(address), wei)

    def code(self, address: str) -> bytes:
        return bytes(self._provider.get_code(checksummed(address)))

    def set_code(self, address: str, code: bytes) -> None:
        """Let an address hold this runtime code, unchecked; its storage, ether and nonce stay."""
        with self._dev_only("set code"):
            self._provider.set_code(checksummed(address), code)

    def set_nonce(self, address: str, nonce: int) -> None:
        with self._dev_only("set a nonce"):
            self._provider.make_request("anvil_setNonce", [checksummed(address), hex(nonce)])

    def set_timestamp(self, timestamp: int) -> None:
        """Let the next block be of this time, which must not lie before `timestamp`."""
        with self._dev_only("travel in time"):
            self._check_time(timestamp)
            self._timestamp = timestamp

    def mine(self, blocks: int = 1) -> None:
        """Add empty blocks, a second apart."""
        with self._dev_only("mine"):
            for _ in range(blocks):
                self._fix_time()
                self._provider.mine(1)
                self._timestamp += 1

    def snapshot(self) -> int:
        """Remember state and clock; the number is for `revert`."""
        with self._dev_only("take a snapshot"):
            self._snapshots.append((ape.chain.snapshot(), self._timestamp, dict(self._codecs)))
        return len(self._snapshots) - 1

    def revert(self, snapshot: int) -> None:
        """Go back to a snapshot. It stays valid; later ones are forgotten."""
        if not 0 <= snapshot < len(self._snapshots):
            raise ChainError(f"no snapshot {snapshot}; there are {len(self._snapshots)}")
        node_id, self._timestamp, self._codecs = self._snapshots[snapshot]
        with self._dev_only("go back to a snapshot"):
            ape.chain.restore(node_id)
        self._snapshots = self._snapshots[:snapshot]
        self.snapshot()  # the node forgets a snapshot that it went back to

    def _latest(self, field: str) -> int:
        return int(getattr(self._provider.get_block("latest"), field))

    def _fix_time(self) -> None:
        """Pin the time of the next block; left alone, a node takes the wall clock's."""
        if not self._is_dev:
            return
        tester = getattr(self._provider, "evm_backend", None)
        if tester is None:
            self._provider.set_timestamp(self._timestamp)
        else:  # eth-tester's own time travel mines a block a second before the time asked for
            tester.chain.header = tester.chain.header.copy(timestamp=self._timestamp)

    def _simulate(self, fields: dict[str, Any], sender: str, value: int) -> bytes:
        self._fix_time()
        request = {**fields, "from": sender, "value": value}
        if self._is_dev:
            request["gas"] = GAS_LIMIT
        try:
            return bytes(self._provider.web3.eth.call(request, "pending"))
        except (Web3Exception, TransactionFailed, ValidationError) as error:
            raise _failure(error) from error

    def _transact(self, fields: dict[str, Any], sender: str, value: int, output: bytes) -> Receipt:
        self._fix_time()
        signer = self._signer(sender)
        transaction = self._provider.network.ecosystem.create_transaction(
            sender=sender, value=value, **fields, **self._terms()
        )
        try:
            receipt = signer.call(transaction)
        except ApeException as error:
            raise _failure(error) from error
        if self._is_dev:
            self._timestamp += 1
        return self._receipt(receipt, output)

    def _terms(self) -> dict[str, int]:
        """Gas and fees: fixed and as low as can be on a development network, else ape's choice."""
        if not self._is_dev:
            return {}
        base_fee = self._latest("base_fee")
        return {"gas_limit": GAS_LIMIT, "max_fee": 2 * base_fee, "max_priority_fee": 0}

    def _signer(self, sender: str) -> Any:
        """An account that ape holds; on a development network, any address."""
        if sender not in self._signers:
            if not self._is_dev:
                known = ", ".join(self._signers)
                raise ChainError(f"no key for {sender}; this chain's accounts are {known}")
            self._signers[sender] = ape.accounts[sender]
        return self._signers[sender]

    def _receipt(self, receipt: Any, output: bytes) -> Receipt:
        logs = (_raw_log(log) for log in receipt.logs)
        return Receipt(
            gas_used=int(receipt.gas_used),
            logs=self._decode_logs(logs),
            data=output,
            contract_address=receipt.contract_address,
            status=not receipt.failed,
        )

    @contextmanager
    def _dev_only(self, action: str) -> Iterator[None]:
        name = self._provider.network_choice
        if not self._is_dev:
            raise ChainError(f"cannot {action} on {name}: only development networks can")
        try:
            yield
        except APINotImplementedError as error:
            raise ChainError(f"{name} cannot {action}; use {LOCAL_NODE}") from error


@contextmanager
def local_chain(network: str = LOCAL_NODE) -> Iterator[ApeChain]:
    """Connect ape to a development network for the length of a `with` block."""
    settings = _NODE_SETTINGS if network.endswith(":foundry") else {}
    with ape.networks.parse_network_choice(network, provider_settings=settings):
        yield ApeChain()


@contextmanager
def forked_chain(url: str) -> Iterator[ApeChain]:
    """Connect ape to a fork of the mainnet behind this URL for the length of a `with` block."""
    upstream = {"fork": {"ethereum": {"mainnet": {"upstream_provider": url}}}}
    with ExitStack() as stack:
        home = stack.enter_context(TemporaryDirectory(prefix="ballast-fork-"))
        network = ape.networks.parse_network_choice(
            FORKED_NODE,
            provider_settings={**_NODE_SETTINGS, **upstream},
            disconnect_after=True,  # the node writes to its home when it stops
        )
        with _home(home):
            stack.enter_context(network)
        yield ApeChain()


@contextmanager
def _home(folder: str) -> Iterator[None]:
    """Another home for the node: in it anvil keeps what it has read of a block, by its number, and
    takes it for the same block of any other chain with this id."""
    before = os.environ.get("HOME")
    os.environ["HOME"] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["HOME"]
        else:
            os.environ["HOME"] = before


def _test_accounts() -> Sequence[Any]:
    return list(ape.accounts.test_accounts)


def _raw_log(log: dict[str, Any]) -> RawLog:
    return RawLog(
        to_checksum_address(log["address"]),
        tuple(bytes(HexBytes(topic)) for topic in log["topics"]),
        bytes(HexBytes(log["data"])),
    )


def _failure(error: Exception) -> ChainError:
    """A node's refusal as the same exception that revm's is: `Reverted` if the EVM ran at all."""
    data = getattr(error, "data", None)
    if isinstance(data, str) and data.startswith("0x"):
        return Reverted(bytes(HexBytes(data)))
    if isinstance(error, TransactionFailed):
        return _tester_failure(error)
    detail = error.args[0] if error.args else None
    text = detail.get("message") if isinstance(detail, dict) else str(error)
    if isinstance(error, ContractLogicError | VirtualMachineError) or "EVM error" in str(text):
        return Reverted(halt=text or None)
    return ChainError(f"the node refused: {text or type(error).__name__}")


def _tester_failure(error: TransactionFailed) -> Reverted:
    """eth-tester hands out text only: a reason, the spelling of raw bytes, or an EVM fault."""
    text = str(error).removeprefix("execution reverted: ")
    if text.startswith(("b'", 'b"')):
        return Reverted(bytes(ast.literal_eval(text)))
    if text.startswith("Out of gas"):
        return Reverted(halt=text)
    return Reverted(encode_reason(text))
