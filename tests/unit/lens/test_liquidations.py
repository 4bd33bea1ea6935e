"""What the lens says of liquidations is what they do, and it never fails to answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ballast.chain import Reverted, compile_contract
from ballast.market.local import LocalMarket
from tests.market import NOBODY, at_start, refused


@pytest.fixture
def market() -> Iterator[LocalMarket]:
    """A market with a writer whose account has no more than it needs."""
    with at_start() as market:
        market.add_margin("other", 20_000)
        market.write("other", market.series(market.now_expiries[1], 2_000), 5)
        _, found = market.margin.health(market.who("other"))
        market.margin.withdraw(
            (found.equity - found.initial) // 10**12 - 1, sender=market.who("other")
        )
        yield market


def ail(market: LocalMarket) -> None:
    """Spot rises until the account is below its requirement."""
    price = 2_000
    while market.health("other") >= 1:
        price += 50
        market.chain.advance(30)
        market.transmit(price)


def test_next_liquidation__healthy__is_none(market: LocalMarket) -> None:
    account = market.who("other")
    assert tuple(market.lens.next_liquidation(account)) == (0, 0)
    assert not market.lens.liquidatable(account)


def test_next_liquidation__below_the_requirement__is_what_succeeds(market: LocalMarket) -> None:
    ail(market)
    account, caller = market.who("other"), market.who("liquidator")
    series, lots = market.lens.next_liquidation(account)
    assert market.lens.liquidatable(account)
    assert 0 < lots < 50_000
    closed, _ = market.margin.liquidate.call(account, series, lots, sender=caller)
    assert closed == lots
    market.margin.liquidate(account, series, lots, sender=caller)
    assert not market.lens.liquidatable(account)
    assert refused(market.margin.liquidate, account, series, lots, sender=caller) is not None


def test_next_liquidation__block_is_full__waits_for_the_next(market: LocalMarket) -> None:
    """Many contracts, an own skew of a half-spread for a part of them."""
    market.add_margin("other", 400_000)
    market.write("other", market.series(market.now_expiries[1], 2_000), 60)
    ail(market)
    account, caller = market.who("other"), market.who("liquidator")
    series, lots = market.lens.next_liquidation(account)
    room, _ = market.desk.unwind_terms(series, 2**31 - 1)
    assert 0 < lots <= room
    market.margin.liquidate(account, series, lots, sender=caller)
    left, _ = market.desk.unwind_terms(series, 2**31 - 1)
    assert left <= room
    assert market.lens.next_liquidation(account)[1] <= left or market.health("other") >= 1


def test_liquidatable__price_too_old__answers_no(market: LocalMarket) -> None:
    ail(market)
    market.chain.advance(2 * 86_400)
    account = market.who("other")
    with pytest.raises(Reverted):
        market.lens.next_liquidation(account)
    assert not market.lens.liquidatable(account)


@pytest.mark.parametrize("missing", [0, 1, 2, 4])
def test_constructor__nobody__is_refused(market: LocalMarket, missing: int) -> None:
    parts: list[Any] = [market.margin, market.desk, market.assessor, market.vault, market.hedger]
    parts[missing] = NOBODY
    with pytest.raises(Reverted) as refusal:
        market.chain.deploy(compile_contract("Lens"), *parts)
    assert refusal.value.reason == "lens: address"
