"""Markets that tests share: opened once for their terms, put back after each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from ballast.chain import Contract, Reverted, RevmChain, rolled_back
from ballast.chain.protocol import Receipt
from ballast.market.local import LocalMarket, Terms

HOUR = 3_600
DAY = 24 * HOUR
CUTOFF = 12 * HOUR
NANO = 10**9
NOBODY = "0x" + "00" * 20
PAIRS = tuple((quote, unit) for quote in (6, 8, 18) for unit in (6, 8, 18))
Told = list[tuple[str, dict[str, Any]]]


@cache
def opened(terms: Terms | None = None) -> LocalMarket:
    """A fresh book over a million of quote tokens and 100 units, and a trader with money."""
    market = LocalMarket.open(RevmChain(), terms)
    market.supply(1_000_000, 100)
    for trader in ("trader", "other"):
        market.fund(trader, quote=1_000_000)
    market.refresh()
    return market


@contextmanager
def at_start(terms: Terms | None = None) -> Iterator[LocalMarket]:
    """The market of these terms, as it opened; what happens to it is undone."""
    market = opened(terms)
    with rolled_back(market.chain):
        yield market


def told(market: LocalMarket, receipt: Receipt) -> Told:
    """Every event of a transaction, whole and in order, under its emitter's name."""
    parts = (*market.deployment.contracts.items(), *_tokens(market).items())
    names = {contract.address: name for name, contract in parts}
    events = [(log.address, getattr(log, "name", "?"), log) for log in receipt.logs]
    return [(f"{names[at]}.{name}", dict(log.args)) for at, name, log in events]  # type: ignore[union-attr]


def names(market: LocalMarket, receipt: Receipt) -> list[str]:
    """The same without their arguments."""
    return [name for name, _ in told(market, receipt)]


def refused(method: Any, *args: Any, sender: str | None = None) -> str | None:
    """The reason of a revert that must come."""
    with pytest.raises(Reverted) as refusal:
        method.call(*args, sender=sender)
    return refusal.value.reason


def outcome(method: Any, *args: Any, sender: str | None = None) -> str | None:
    """The reason of a revert, or none."""
    try:
        method.call(*args, sender=sender)
    except Reverted as refusal:
        return refusal.reason or "no reason"
    return None


def totals_of(market: LocalMarket | Any) -> tuple[int, int, int]:
    """a, b and weighted vega of the whole book."""
    found = market.book.exposure_now()
    return found.delta, found.gamma, found.vega


def sum_of_heads(market: LocalMarket | Any) -> tuple[int, int, int]:
    """The same, summed over the expiries."""
    heads = [market.book.polynomial(expiry) for expiry in market.book.expiries()]
    return tuple(sum(head[i] for head in heads) for i in (1, 2, 3))  # type: ignore[return-value]


def renew(market: LocalMarket, at: int, price: Any = None, volatility: float | None = None) -> None:
    """A new round and new slices just before a time, every expiry evaluated, then that time."""
    market.chain.set_timestamp(at - 60)
    market.transmit(market.terms.spot if price is None else price)
    now = market.chain.timestamp
    market.found([e for e in market.surface.expiries() if e > now + 2], volatility)
    fix_passed(market)
    market.refresh()
    market.chain.set_timestamp(at)


def fix_passed(market: LocalMarket) -> None:
    """Fix every expiry that has passed: until then nobody can value it."""
    for expiry in market.book.expiries():
        if expiry < market.chain.timestamp and not market.oracle.is_fixed(expiry):
            market.fix(expiry)


def _tokens(market: LocalMarket) -> dict[str, Contract]:
    return {"quote": market.quote, "underlying": market.underlying}
