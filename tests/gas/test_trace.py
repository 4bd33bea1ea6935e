"""The trace that takes gas apart: a frame's gas is what the frame used, whoever called it."""

from __future__ import annotations

import pytest

from ballast.bench import figures
from ballast.bench.trace import Frame, frames, spent_in, traced
from ballast.chain import RevmChain
from ballast.errors import ChainError
from ballast.market.local import LocalMarket

_KEYS = ("Hedger.hedge_spot_own",)


def test_traced__a_deposit__frames_add_up_within_the_receipt() -> None:
    chain = RevmChain()
    market = LocalMarket.open(chain, list_board=False)
    market.fund("lp", quote=1_000)
    with traced(chain) as calls:
        receipt = market.vault.deposit(10**9, market.who("lp"), sender=market.who("lp"))
    token = spent_in(calls, {market.quote.address})
    book = spent_in(calls, {market.book.address})
    oracle = spent_in(calls, {market.oracle.address})
    assert 0 < oracle < book and token > 20_000
    assert book + token < receipt.gas_used - 21_000
    assert spent_in(calls, {market.book.address, market.oracle.address}) == book


def test_frames__left_without_being_entered__is_an_error() -> None:
    step = '{"pc":1,"depth":%d,"gas":"0x10","gasCost":"0x1","opName":"STOP","stack":[]}'
    with pytest.raises(ChainError, match="leaves more calls"):
        frames([step % 3, step % 1])


def test_spent_in__a_callee_within_another__counts_once() -> None:
    inner, outer = Frame("0xa", 3, 40, ("0xb",)), Frame("0xb", 2, 100, ())
    assert [spent_in([inner, outer], names) for names in ({"0xa"}, {"0xb"}, {"0xa", "0xb"})] == [
        40,
        100,
        100,
    ]


@pytest.mark.anvil  # for the venues' bytecode
@pytest.mark.parametrize("key", _KEYS)
def test_figure__of_hedging__is_within_its_target(key: str) -> None:
    found = next(item for item in figures.figures() if item.key == key)
    assert found.target is not None and found.measure() <= found.target
