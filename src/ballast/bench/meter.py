"""The gas that one call executes, without intrinsic gas and calldata.

What a transaction is charged is a poor measure of a short call: 21,000 gas of it are intrinsic,
each byte of calldata costs 4 or 16, and EIP-7623 charges the *larger* of that sum and a floor of 10
or 40 per byte, which for a small call with a lot of calldata hides the execution altogether. So the
call is made by a small contract that reads the gas counter right before and right after it. The
same reading around a call to an account without code gives the overhead, which is subtracted: what
is left is the gas of the callee's own frame, to the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from pyrevm import EVM, AccountInfo

from ballast.chain.compiler import Artifact
from ballast.errors import ChainError

_CALLER: Final = "0x" + "c0" * 20
_METER: Final = "0x" + "4e" * 20
_EMPTY: Final = "0x" + "e0" * 20  # an account without code: calling it executes nothing

# Input: the callee as one word, then its calldata. Output: the gas counter before the call less
# the one after it as one word, then what the callee returned. A revert is passed on.
_CODE: Final = bytes.fromhex(
    "60203603"  # size := calldatasize - 32
    "8060205f37"  # calldatacopy(0, 32, size)
    "5f35"  # callee := calldataload(0)
    "803b50"  # extcodesize(callee): the address is warm from here on
    "5a"  # before := gas
    "5f5f845f5f865af1"  # call(gas, callee, 0, 0, size, 0, 0)
    "5a"  # after := gas
    "9190"  # stack, top first: success, before, after
    "602457"  # jump over the next line on success
    "3d5f5f3e3d5ffd"  # revert with what the callee returned
    "5b035f52"  # mstore(0, before - after)
    "3d5f60203e"  # returndatacopy(32, 0, returndatasize)
    "3d6020015ff3"  # return(0, 32 + returndatasize)
)


@dataclass(frozen=True, slots=True)
class Metered:
    """Gas of the callee's frame, refunds not deducted, and what it returned."""

    gas: int
    output: bytes


class Meter:
    """One contract, deployed in an EVM of its own, whose calls are metered one after another.

    Storage that an earlier call touched stays warm: meter a call that reads or writes storage with
    a fresh Meter.
    """

    def __init__(self, artifact: Artifact, constructor_args: bytes = b"") -> None:
        self._evm = _evm()
        code = artifact.bytecode + constructor_args
        self._callee = self._evm.deploy(deployer=_CALLER, code=code)

    def call(self, calldata: bytes) -> Metered:
        """Meter one call; raises ChainError if it reverts."""
        metered = _meter(self._evm, self._callee, calldata)
        return Metered(metered.gas - _overhead(), metered.output)


def _evm() -> EVM:
    evm = EVM(spec_id="PRAGUE")
    evm.insert_account_info(_METER, AccountInfo(nonce=1, code=_CODE))
    return evm


@cache
def _overhead() -> int:
    return _meter(_evm(), _EMPTY, b"").gas


def _meter(evm: EVM, callee: str, calldata: bytes) -> Metered:
    word = bytes.fromhex(callee.removeprefix("0x")).rjust(32, b"\0")
    evm.reset_transient_storage()
    try:
        output = bytes(evm.message_call(caller=_CALLER, to=_METER, calldata=word + calldata))
    except RuntimeError as error:
        raise ChainError(f"the metered call to {callee} failed: {error}") from error
    return Metered(int.from_bytes(output[:32], "big"), output[32:])
