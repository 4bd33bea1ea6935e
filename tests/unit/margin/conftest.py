"""A market in which everything can be traded and accounts have money, put back after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ballast.market.local import LocalMarket, Terms
from tests.market import PAIRS
from tests.unit.margin.world import started


@pytest.fixture
def market() -> Iterator[LocalMarket]:
    """Quote with 6 decimals, underlying with 18."""
    with started() as market:
        yield market


@pytest.fixture
def exact() -> Iterator[LocalMarket]:
    """Quote with 18 decimals: an account can have every equity, to the wei."""
    with started(Terms(quote_decimals=18)) as market:
        yield market


@pytest.fixture(params=PAIRS, ids=lambda pair: f"quote{pair[0]}-unit{pair[1]}")
def each(request: pytest.FixtureRequest) -> Iterator[LocalMarket]:
    """Every pair of decimals."""
    quote, unit = request.param
    with started(Terms(quote_decimals=quote, underlying_decimals=unit)) as market:
        yield market


@pytest.fixture
def expiry(market: LocalMarket) -> int:
    """The third of four: three weeks ahead."""
    return market.now_expiries[2]


@pytest.fixture
def call(market: LocalMarket, expiry: int) -> int:
    return market.series(expiry, 2_000, "call")


@pytest.fixture
def put(market: LocalMarket, expiry: int) -> int:
    return market.series(expiry, 2_000, "put")
