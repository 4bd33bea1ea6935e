"""The fork: of the chain behind FORK_RPC_URL if that is set, else of an upstream made here.

    FORK_RPC_URL=https://... make test ARGS=tests/fork

Both carry the venues at the addresses in deployments/settings/mainnet.toml.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ballast.chain import rolled_back
from ballast.venues import Venues, attach, on_revm
from ballast.venues.upstream import upstream

if TYPE_CHECKING:
    from ballast.chain import ApeChain


@pytest.fixture(scope="session")
def upstream_url() -> Iterator[str]:
    """The chain that is forked."""
    if url := os.environ.get("FORK_RPC_URL"):
        yield url
        return
    with upstream() as url:
        yield url


@pytest.fixture(scope="session")
def forked_venues(upstream_url: str) -> Iterator[Venues]:
    """Handles on the venues of a fork, one for each test process. Tests use `fork`, `venues`."""
    from ballast.chain.ape_backend import forked_chain

    with forked_chain(upstream_url) as chain:
        yield attach(chain)


@pytest.fixture
def fork(forked_venues: Venues) -> Iterator[ApeChain]:
    """The fork as it was at its start."""
    with rolled_back(forked_venues.chain) as chain:
        yield chain  # type: ignore[misc]


@pytest.fixture
def venues(fork: ApeChain, forked_venues: Venues) -> Venues:
    """The venues on the fork."""
    return forked_venues


@pytest.fixture(params=["revm", "fork"])
def either(request: pytest.FixtureRequest) -> Venues:
    """The venues in process or on the fork: a test that takes this runs on both."""
    return on_revm() if request.param == "revm" else request.getfixturevalue("venues")
