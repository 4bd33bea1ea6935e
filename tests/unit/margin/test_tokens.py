"""Coins that do what real ones have done, and a contract that trusts no answer but yes or none."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import Contract, Reverted, RevmChain, compile_contract
from tests.market import refused
from tests.tokens import weird_token

NO = (0).to_bytes(32, "big")
TWO = (2).to_bytes(32, "big")
MAX = 2**256 - 1


def built(chain: RevmChain, **moods: Any) -> tuple[Contract, Contract, Contract]:
    """A margin contract over two such coins. Where nothing is owed, it asks nobody else."""
    quote, unit = weird_token(chain, 6), weird_token(chain, 18)
    vault = chain.deploy(compile_contract("tests/harness/VaultStub.vy"), quote, unit)
    for name, value in moods.items():
        quote.method(f"set_{name}")(value)
    parts = [chain.accounts[5]] * 5
    margin = chain.deploy(compile_contract("Margin"), parts[0], vault, *parts)
    for token in (quote, unit):
        token.mint(chain.accounts[0], 10**9)
        token.approve(margin, MAX)
    return margin, quote, unit


def _moves(margin: Contract) -> tuple[tuple[Any, int], ...]:
    return (margin.deposit, 100), (margin.withdraw, 50)


@pytest.mark.parametrize("answer", [b"", (1).to_bytes(32, "big")])
def test_money__coin_that_says_yes_or_nothing__moves(revm: RevmChain, answer: bytes) -> None:
    """F1: like USDT."""
    margin, quote, unit = built(revm)
    owner = revm.accounts[0]
    for token, names in (
        (quote, ("deposit", "withdraw")),
        (unit, ("deposit_underlying", "withdraw_underlying")),
    ):
        token.set_answer(answer)
        margin.method(names[0])(100)
        margin.method(names[1])(30)
        assert token.balanceOf(margin) == 70
    assert margin.account(owner) == (70, 70, ())


@pytest.mark.parametrize("answer", [NO, TWO, b"\x01"])
def test_money__coin_that_says_anything_else__is_refused(revm: RevmChain, answer: bytes) -> None:
    """F1: nothing is credited for a transfer that failed, nor taken off."""
    margin, quote, unit = built(revm)
    owner = revm.accounts[0]
    margin.deposit(100)
    margin.deposit_underlying(100)
    for token, names in (
        (quote, ("deposit", "withdraw")),
        (unit, ("deposit_underlying", "withdraw_underlying")),
    ):
        token.set_answer(answer)
        for name, reason in zip(
            names, ("margin: token refused", "margin: did not pay"), strict=True
        ):
            found = refused(margin.method(name), 10)
            assert found == (reason if answer == NO else None)
    assert margin.account(owner) == (100, 100, ())


def test_constructor__coin_that_does_not_approve__is_refused(revm: RevmChain) -> None:
    """Else escrow could never be drawn."""
    with pytest.raises(Reverted, match="margin: approval"):
        built(revm, answer=NO)
    built(revm, answer=b"")


def test_deposit__own_transfer_of_nothing__is_harmless(revm: RevmChain) -> None:
    margin, quote, _ = built(revm)
    margin.deposit(0)
    margin.withdraw(0)
    quote.set_no_zero(True)
    margin.withdraw(0)  # nothing moves for nothing
    assert margin.account(revm.accounts[0]) == (0, 0, ())
