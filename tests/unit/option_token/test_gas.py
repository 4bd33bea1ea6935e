"""Execution gas of the token's calls: cold, without intrinsic gas and calldata, before refunds.

Measured: mint 28,285 first and 11,185 again, transfer 33,608 and 16,508, burn 8,389; 2,600 of a
mint or transfer is the look at the receiver's code, which is free for whoever sent the transaction.
"""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import Contract, RevmChain, compile_contract
from tests.unit.option_token.conftest import CALL

DESK, HOLDER, FRIEND = RevmChain().accounts[1:4]


@pytest.fixture
def token(revm: RevmChain) -> Contract:
    """A token whose desk is an account, so that nothing but the token is measured."""
    token = revm.deploy(compile_contract("OptionToken"), DESK, "WETH", "USDC")
    token.mint(HOLDER, CALL, 9, sender=DESK)
    return token


@pytest.mark.parametrize(
    ("method", "args", "sender", "most"),
    [
        ("mint", (FRIEND, CALL, 5), DESK, 28_500),
        ("mint", (HOLDER, CALL, 5), DESK, 11_400),
        ("burn", (HOLDER, CALL, 4), DESK, 8_600),
        ("burn", (HOLDER, CALL, 9), DESK, 8_600),
        ("safeTransferFrom", (HOLDER, FRIEND, CALL, 4, b""), HOLDER, 33_800),
        ("safeTransferFrom", (HOLDER, HOLDER, CALL, 4, b""), HOLDER, 9_500),
        ("safeBatchTransferFrom", (HOLDER, FRIEND, [CALL], [4], b""), HOLDER, 37_000),
        ("setApprovalForAll", (FRIEND, True), HOLDER, 24_500),
        ("balanceOf", (HOLDER, CALL), FRIEND, 2_500),
        ("name", (CALL,), FRIEND, 5_500),
        ("symbol", (CALL,), FRIEND, 5_000),
        ("uri", (CALL,), FRIEND, 120_000),
    ],
)
def test_gas__at_most(
    revm: RevmChain, token: Contract, method: str, args: tuple[Any, ...], sender: str, most: int
) -> None:
    data = token.method(method).encode(*args)
    gas = revm.execution_gas(token.address, data, sender=sender)
    assert 0.75 * most < gas <= most


def test_gas__mint_to_a_holder__is_flat_in_what_he_holds(revm: RevmChain, token: Contract) -> None:
    data = token.mint.encode(HOLDER, CALL, 5)
    before = revm.execution_gas(token.address, data, sender=DESK)
    for series in range(1, 40):
        token.mint(HOLDER, CALL + (series << 8), 10**6, sender=DESK)
    assert revm.execution_gas(token.address, data, sender=DESK) == before


def test_size__well_below_the_limit() -> None:
    assert len(compile_contract("OptionToken").runtime) <= 11_500
