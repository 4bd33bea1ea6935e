"""A market in which everything can be traded, put back after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ballast.market.local import LocalMarket, Terms
from tests.market import PAIRS, at_start


@pytest.fixture
def market() -> Iterator[LocalMarket]:
    """Quote with 6 decimals, underlying with 18."""
    with at_start() as market:
        yield market


@pytest.fixture(params=PAIRS, ids=lambda pair: f"quote{pair[0]}-unit{pair[1]}")
def each(request: pytest.FixtureRequest) -> Iterator[LocalMarket]:
    """Every pair of decimals."""
    quote, unit = request.param
    with at_start(Terms(quote_decimals=quote, underlying_decimals=unit)) as market:
        yield market


@pytest.fixture
def expiry(market: LocalMarket) -> int:
    """The second of four: a fortnight ahead."""
    return market.now_expiries[1]


@pytest.fixture
def call(market: LocalMarket, expiry: int) -> int:
    return market.series(expiry, 2_000, "call")


@pytest.fixture
def put(market: LocalMarket, expiry: int) -> int:
    return market.series(expiry, 2_000, "put")
