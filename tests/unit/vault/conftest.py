"""A vault at its start, with the usual decimals or with all of them."""

from __future__ import annotations

import pytest

from ballast.chain import Chain, RevmChain
from tests.unit.vault.world import PAIRS, World, build


@pytest.fixture
def world(revm: RevmChain) -> World:
    """Quote with 6 decimals, underlying with 18."""
    return build(revm)


@pytest.fixture(params=PAIRS, ids=lambda pair: f"quote{pair[0]}-unit{pair[1]}")
def each(request: pytest.FixtureRequest, revm: RevmChain) -> World:
    """Every pair of decimals."""
    return build(revm, *request.param)


@pytest.fixture
def either(chain: Chain) -> World:
    """On revm and on anvil."""
    return build(chain)
