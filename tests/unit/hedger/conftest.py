"""Hedged markets as they opened, put back after each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ballast.chain import rolled_back
from tests.unit.hedger.world import HedgerMarket, Opening, opened


@contextmanager
def at_opening(opening: Opening) -> Iterator[HedgerMarket]:
    market = opened(opening)
    with rolled_back(market.chain):
        yield market


@pytest.fixture
def market() -> Iterator[HedgerMarket]:
    """A perpetual and a spot venue; nothing written, delta zero."""
    with at_opening(Opening()) as found:
        yield found
