"""The real bytecode, called in process a hundred thousand times a second.

Pure functions only: no state, no accounts. Numbers go in and come out as Python integers; arrays of
numbers are supported for the harnesses, structs are flattened in the order of their fields.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import pyrevm
from eth_abi import decode, encode
from eth_utils import keccak

from ballast.chain.compiler import CompileError, compile_contract

_CALLER = "0x" + "22" * 20
_GAS = 2**40
OPTIMIZE = "BALLAST_OPTIMIZE"  # a level at which the whole suite is to run: none, codesize
_OUTPUT = re.compile(r"output: 0x([0-9a-f]*)")
_ERROR = bytes.fromhex("08c379a0")


class CallRevertedError(Exception):
    """The call failed. `reason` is its text.

    None if there is no text (an arithmetic panic, say).
    """

    def __init__(self, data: bytes, halted: str) -> None:
        self.reason: str | None = None
        if data[:4] == _ERROR:
            self.reason = decode(["string"], data[4:])[0]
        super().__init__(self.reason or f"{halted or 'revert'} with data {data.hex() or 'empty'}")


def _type(parameter: dict[str, Any]) -> str:
    """The canonical ABI type, tuples spelled out."""
    if not parameter["type"].startswith("tuple"):
        return str(parameter["type"])
    inner = ",".join(_type(component) for component in parameter["components"])
    return f"({inner}){parameter['type'][5:]}"


class Function:
    """One function of a deployed contract."""

    def __init__(self, evm: pyrevm.EVM, address: str, abi: dict[str, Any]) -> None:
        self._evm, self._address = evm, address
        self.inputs = [_type(p) for p in abi["inputs"]]
        self.outputs = [_type(p) for p in abi["outputs"]]
        self._selector = keccak(text=f"{abi['name']}({','.join(self.inputs)})")[:4]
        self._signed = [w.startswith("int") for w in ",".join(self.outputs).strip("()").split(",")]

    def raw(self, data: bytes) -> bytes:
        """The return data of a call with this data after the selector."""
        try:
            return self._evm.message_call(
                _CALLER, self._address, self._selector + data, gas=_GAS, is_static=True
            )
        except RuntimeError as error:
            found = _OUTPUT.search(str(error))
            raise CallRevertedError(
                bytes.fromhex(found[1]) if found else b"", str(error)[:80]
            ) from None

    def words(self, *arguments: int) -> tuple[int, ...]:
        """Fast path: static words in, static words out, signed as the ABI says."""
        data = b"".join([a.to_bytes(32, "big", signed=a < 0) for a in arguments])
        output = self.raw(data)
        return tuple(
            [
                int.from_bytes(output[32 * i : 32 * i + 32], "big", signed=signed)
                for i, signed in enumerate(self._signed)
            ]
        )

    def __call__(self, *arguments: Any) -> Any:
        """Any types: encoded and decoded by the ABI. A single output comes without its tuple."""
        output = decode(self.outputs, self.raw(encode(self.inputs, arguments)))
        return output[0] if len(output) == 1 else output

    @property
    def gas_used(self) -> int:
        """Gas of the last call, intrinsic and calldata included."""
        return int(self._evm.result.gas_used)


class Contract:
    """A contract in an EVM of its own, its functions by name."""

    def __init__(self, creation: bytes, abi: Sequence[dict[str, Any]]) -> None:
        evm = pyrevm.EVM(spec_id="PRAGUE", gas_limit=_GAS)
        address = evm.deploy(_CALLER, creation)
        functions = [entry for entry in abi if entry["type"] == "function"]
        self.functions = {entry["name"]: Function(evm, address, entry) for entry in functions}

    def __getattr__(self, name: str) -> Function:
        try:
            return self.functions[name]
        except KeyError:
            raise AttributeError(name) from None


def deployed(name: str, optimize: str | None = None) -> Contract:
    """The contract of this name, compiled as its pragma, the argument or the environment says."""
    found = _deployed(name, optimize or os.environ.get(OPTIMIZE) or None)
    if isinstance(found, str):
        raise CompileError(found)
    return found


@cache
def _deployed(name: str, optimize: str | None) -> Contract | str:
    """The contract, or why it does not compile: found out once, not by each of a thousand tests."""
    try:
        artifact = compile_contract(name, optimize=optimize)
    except CompileError as error:
        return str(error)
    return Contract(artifact.bytecode, artifact.abi)


def outcome(function: Function, arguments: Iterable[int]) -> tuple[int, ...] | str:
    """The words of a call or its revert reason; a revert without a reason is an error here."""
    try:
        return function.words(*arguments)
    except CallRevertedError as error:
        if error.reason is None:
            raise AssertionError(f"no named reason: {error}") from None
        return error.reason
