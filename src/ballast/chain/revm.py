"""A chain in process, on revm. Two modes share one state:

* **exact** (`call`, `send`, `deploy`): each transaction starts cold, with the original values of
  its own beginning, an empty transient store, a nonce and a block of its own. Its gas is the gas of
  a receipt, to the unit.
* **bulk** (`bulk`): raw calldata in, bytes out. Only the transient store is reset, so reentrancy
  locks are free again, but slots stay warm and nonces and blocks stand still: effects and reverts
  are right, gas is not. For fuzzing and simulation.

How it stays right: pyrevm keeps one journal open for ever, in which everything once touched is
warm and dirty. So every exact transaction is *settled*: what its journal changed is read out, the
journal is rolled back to its clean beginning, and the changes are written to the database under
it. Bulk calls pile up in the journal and are settled together, when an exact transaction or a
snapshot next needs a clean one. A snapshot is an undo log of settled writes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env, ExecutionResult, JournalCheckpoint, Log

from ballast.chain.base import BaseChain, checksummed
from ballast.chain.codec import Codec, RawLog
from ballast.chain.gas import floor_gas, intrinsic_gas
from ballast.chain.protocol import Receipt
from ballast.chain.reverts import Reverted
from ballast.errors import ChainError

SPEC: Final = "PRAGUE"
CHAIN_ID: Final = 31337  # as on anvil
GAS_LIMIT: Final = 30_000_000
GENESIS: Final = 1_767_225_600  # 2026-01-01 00:00 UTC
ACCOUNT_WEI: Final = 10_000 * 10**18
# The public accounts of the mnemonic "test test ... junk", which anvil and ape use too.
ACCOUNTS: Final = (
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
    "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
    "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
    "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
)

_SETTLE_EVERY: Final = 16_384  # bulk calls between settlements: bounds the journal's memory
_WRITTEN_SLOT: Final = re.compile(
    r"StorageChange \{ address: (0x[0-9a-f]{40}), key: (\d+), had_value: Some"
)
_WRITTEN_ACCOUNT: Final = re.compile(
    r"(?:NonceChange|AccountCreated|CodeChange|AccountDestroyed) \{ address: (0x[0-9a-f]{40})"
)
_TRANSFER: Final = re.compile(
    r"BalanceTransfer \{ from: (0x[0-9a-f]{40}), to: (0x[0-9a-f]{40}), balance: (?!0\b)"
)
_FAILURE: Final = re.compile(r"^(?:Revert \{.* output: 0x([0-9a-f]*) \}|Halt \{ reason: (\w+))")

Slot = tuple[str, int]


@dataclass(frozen=True, slots=True)
class AccountState:
    """All that a chain knows of one address. Slots that hold zero are left out."""

    nonce: int
    balance: int
    code: bytes
    storage: dict[int, int]


@dataclass(slots=True)
class _Layer:
    """What was there before the writes that followed a snapshot."""

    timestamp: int
    block_number: int
    codecs: dict[str, Codec]
    accounts: dict[str, AccountInfo] = field(default_factory=dict)
    slots: dict[Slot, int] = field(default_factory=dict)  # addresses in lower case, here and above


class RevmChain(BaseChain):
    """The `Chain` protocol in process. See the module's text for its two modes."""

    def __init__(self, *, timestamp: int = GENESIS, chain_id: int = CHAIN_ID) -> None:
        super().__init__()
        self._evm = EVM(env=Env(cfg=CfgEnv(chain_id=chain_id)), spec_id=SPEC)
        self._chain_id = chain_id
        self._timestamp, self._block_number = timestamp, 1
        self._layers: list[_Layer] = []
        self._unsettled = 0  # bulk calls since the journal was clean
        self._known: dict[str, set[int]] = {}  # addresses ever written, and their slots
        self._base: JournalCheckpoint = self._evm.snapshot()
        self._insert({address.lower(): _account(0, ACCOUNT_WEI) for address in ACCOUNTS}, {})
        self._enter_block()

    @property
    def accounts(self) -> Sequence[str]:
        """The ten test accounts, each with 10,000 ether. Any other address may send as well."""
        return ACCOUNTS

    @property
    def chain_id(self) -> int:
        return self._chain_id

    @property
    def timestamp(self) -> int:
        return self._timestamp

    @property
    def block_number(self) -> int:
        return self._block_number

    # --- exact mode

    def call(self, to: str, data: bytes, *, sender: str | None = None, value: int = 0) -> bytes:
        """Run raw calldata, keep nothing, return the bytes."""
        evm, sender = self._evm, self._sender(sender)
        evm.reset_transient_storage()
        before = evm.snapshot()
        try:
            return evm.message_call(sender, checksummed(to), data, value, GAS_LIMIT)
        except RuntimeError as error:
            raise _failure(error) from None
        finally:
            evm.revert(before)

    def send(self, to: str, data: bytes, *, sender: str | None = None, value: int = 0) -> Receipt:
        """Run raw calldata as a transaction in a block of its own."""
        sender = self._sender(sender)
        output = self._run_cold(checksummed(to), data, sender, value)
        receipt = self._receipt(data, output)
        self._bump_nonce(sender)
        self._unsettled += 1
        self._settle(sender)
        self.mine()
        return receipt

    def _create(self, code: bytes, sender: str, value: int) -> Receipt:
        self._settle()
        try:
            address = self._evm.deploy(sender, code, value=value, gas=GAS_LIMIT)
        except RuntimeError as error:
            self._discard()
            raise _failure(error) from None
        receipt = self._receipt(code, b"", to_checksum_address(address))
        self._unsettled += 1
        self._settle()
        self.mine()
        return receipt

    def execution_gas(self, to: str, data: bytes, *, sender: str | None = None) -> int:
        """Gas of a cold call alone: no intrinsic gas, no calldata, before refunds, no effect."""
        self._run_cold(checksummed(to), data, self._sender(sender), 0)
        result = self._result()
        self._discard()
        return result.gas_used + result.gas_refunded - intrinsic_gas(data)

    def _run_cold(self, to: str, data: bytes, sender: str, value: int) -> bytes:
        self._settle()
        try:
            return self._evm.message_call(sender, to, calldata=data, value=value, gas=GAS_LIMIT)
        except RuntimeError as error:
            self._discard()
            raise _failure(error) from None

    # --- bulk mode

    def bulk(self, to: str, data: bytes, sender: str = ACCOUNTS[0], value: int = 0) -> bytes:
        """Run raw calldata and keep its effects, fast: no nonce, no block, no figure for gas."""
        evm = self._evm
        if self._unsettled >= _SETTLE_EVERY:
            self._settle()
        self._unsettled += 1
        evm.reset_transient_storage()
        try:
            return evm.message_call(sender, to, data, value, GAS_LIMIT)
        except RuntimeError as error:
            raise _failure(error) from None

    # --- state and time

    def balance(self, address: str) -> int:
        return self._peek(checksummed(address)).balance

    def set_balance(self, address: str, wei: int) -> None:
        address = checksummed(address)
        self._settle()
        self._evm.set_balance(address, wei)
        changed = self._evm.basic(address)
        self._discard()
        self._write({address.lower(): changed}, {})

    def code(self, address: str) -> bytes:
        """Runtime code; revm pads what it has analysed, so the padding is taken off again."""
        info = self._peek(checksummed(address))
        padded = info.code or b""
        cuts = (padded[:-33], padded)
        return next((code for code in cuts if keccak(code) == info.code_hash), b"")

    def set_code(self, address: str, code: bytes) -> None:
        """Let an address hold this runtime code, unchecked; its storage, ether and nonce stay."""
        address = checksummed(address)
        self._settle()
        info = self._peek(address)
        self._write({address.lower(): _account(info.nonce, info.balance, code)}, {})

    def nonce(self, address: str) -> int:
        """Transactions sent, or contracts created by a contract."""
        return self._peek(checksummed(address)).nonce

    def set_nonce(self, address: str, nonce: int) -> None:
        address = checksummed(address)
        self._settle()
        info = self._peek(address)
        code = self.code(address)
        self._write({address.lower(): _account(nonce, info.balance, code)}, {})

    def storage(self, address: str, slot: int) -> int:
        """A storage word."""
        before = self._evm.snapshot()
        value = self._evm.storage(address, slot)
        self._evm.revert(before)
        return value

    def set_storage(self, address: str, slot: int, value: int) -> None:
        """Let a storage word hold this."""
        self._settle()
        self._write({}, {(checksummed(address).lower(), slot): value})

    def dump(self) -> dict[str, AccountState]:
        """The whole state by address: what a genesis block of another node is made of."""
        self._settle()
        return {address: self._state(address) for address in sorted(self._known)}

    def _state(self, address: str) -> AccountState:
        info = self._peek(address)
        words = {slot: self.storage(address, slot) for slot in sorted(self._known[address])}
        storage = {slot: word for slot, word in words.items() if word}
        return AccountState(info.nonce, info.balance, self.code(address), storage)

    def set_timestamp(self, timestamp: int) -> None:
        """Let the next block be of this time, which must not lie before `timestamp`."""
        self._check_time(timestamp)
        self._timestamp = timestamp
        self._enter_block()

    def mine(self, blocks: int = 1) -> None:
        """Add empty blocks, a second apart."""
        self._timestamp += blocks
        self._block_number += blocks
        self._enter_block()

    def snapshot(self) -> int:
        """Remember state and clock; the number is for `revert`."""
        self._settle()
        self._layers.append(_Layer(self._timestamp, self._block_number, dict(self._codecs)))
        return len(self._layers) - 1

    def revert(self, snapshot: int) -> None:
        """Go back to a snapshot. It stays valid; later ones are forgotten."""
        if not 0 <= snapshot < len(self._layers):
            raise ChainError(f"no snapshot {snapshot}; there are {len(self._layers)}")
        self._discard()
        undone, self._layers = self._layers[snapshot:], self._layers[:snapshot]
        for layer in reversed(undone):
            self._insert(layer.accounts, layer.slots)
        self._codecs = undone[0].codecs
        self._timestamp, self._block_number = undone[0].timestamp, undone[0].block_number
        self._enter_block()
        self.snapshot()

    # --- the journal

    def _bump_nonce(self, sender: str) -> None:
        """A message call leaves the nonce alone; a creation does not."""
        info = self._evm.basic(sender)
        self._evm.insert_account_info(sender, _account(info.nonce + 1, info.balance))

    def _discard(self) -> None:
        """Roll the journal back to its clean beginning."""
        self._evm.revert(self._base)
        self._base = self._evm.snapshot()
        self._unsettled = 0

    def _settle(self, *also: str) -> None:
        """Write what the journal changed (and the accounts in `also`) to the database under it."""
        if not self._unsettled:
            return
        evm = self._evm
        journal = evm.journal_str
        entries = set(journal[journal.rfind("journal: [") :].split(" }, "))  # bulk calls repeat
        journal = "\n".join(entries)
        touched = {address.lower() for address in also} | {*_WRITTEN_ACCOUNT.findall(journal)}
        touched.update(address for pair in _TRANSFER.findall(journal) for address in pair)
        accounts = {address: evm.basic(address) for address in touched}
        written = {(address, int(key)) for address, key in _WRITTEN_SLOT.findall(journal)}
        slots = {(address, key): evm.storage(address, key) for address, key in written}
        self._discard()
        self._write(accounts, slots)

    def _write(self, accounts: dict[str, AccountInfo], slots: dict[Slot, int]) -> None:
        """Write to the database, keeping in the newest layer what was there before."""
        if self._layers:
            layer = self._layers[-1]
            for address in accounts.keys() - layer.accounts.keys():
                layer.accounts[address] = self._peek(address)
            for slot in slots.keys() - layer.slots.keys():
                layer.slots[slot] = self.storage(*slot)
        self._insert(accounts, slots)

    def _insert(self, accounts: dict[str, AccountInfo], slots: dict[Slot, int]) -> None:
        evm = self._evm
        for address, info in accounts.items():
            self._known.setdefault(address, set())
            evm.insert_account_info(address, info)
        for (address, key), value in slots.items():
            self._known.setdefault(address, set()).add(key)
            before = evm.snapshot()  # the insertion loads the account: undo that, or it stays warm
            evm.insert_account_storage(address, key, value)
            evm.revert(before)

    def _peek(self, address: str) -> AccountInfo:
        before = self._evm.snapshot()
        info = self._evm.basic(address)
        self._evm.revert(before)
        return info

    def _enter_block(self) -> None:
        self._evm.set_block_env(
            BlockEnv(
                number=self._block_number,
                timestamp=self._timestamp,
                basefee=0,
                gas_limit=GAS_LIMIT,
            )
        )

    def _result(self) -> ExecutionResult:
        result = self._evm.result
        if result is None:
            raise ChainError("revm has no result: nothing was executed")
        return result

    def _receipt(self, data: bytes, output: bytes, created: str | None = None) -> Receipt:
        result = self._result()
        logs = (_raw_log(log) for log in result.logs)
        return Receipt(
            gas_used=max(result.gas_used, floor_gas(data)),
            logs=self._decode_logs(logs),
            data=output,
            contract_address=created,
        )


def _account(nonce: int, wei: int, code: bytes = b"") -> AccountInfo:
    """pyrevm's stub forgets the balance."""
    return AccountInfo(nonce=nonce, balance=wei, code=code or None)  # type: ignore[call-arg]


def _raw_log(log: Log) -> RawLog:
    topics, data = log.data
    return RawLog(
        to_checksum_address(log.address), tuple(bytes(topic) for topic in topics), bytes(data)
    )


def _failure(error: RuntimeError) -> ChainError:
    """pyrevm reports failures as text."""
    match = _FAILURE.match(str(error))
    if "RejectCallerWithCode" in str(error):
        return ChainError("the sender is a contract: only an account without code may send")
    if match is None:
        return ChainError(f"the transaction is not valid: {error}")
    output, halt = match.groups()
    return Reverted(bytes.fromhex(output or ""), halt=halt)
