"""Fixtures of the oracle's tests."""

from __future__ import annotations

import pytest

from ballast.chain import Chain, Contract, RevmChain
from tests.unit.oracle.world import DAY, HOUR, PRICE, Feed, Terms, deploy


@pytest.fixture
def feed(revm: RevmChain) -> Feed:
    """A feed in its first phase with one round."""
    feed = Feed(revm)
    feed.transmit(PRICE)
    return feed


@pytest.fixture
def terms(feed: Feed) -> Terms:
    return Terms(feed.proxy)


@pytest.fixture
def oracle(feed: Feed, terms: Terms) -> Contract:
    return deploy(feed.chain, terms)


@pytest.fixture
def expiry(feed: Feed) -> int:
    """08:00 UTC of the day after tomorrow."""
    return expiry_of(feed.chain)


def expiry_of(chain: Chain) -> int:
    return (chain.timestamp // DAY + 2) * DAY + 8 * HOUR
