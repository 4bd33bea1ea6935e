"""A fund at its start, with the usual decimals or with all of them."""

from __future__ import annotations

import pytest

from ballast.chain import Chain, RevmChain
from tests.unit.insurance_fund.world import World, build


@pytest.fixture
def world(revm: RevmChain) -> World:
    """Quote with 6 decimals."""
    return build(revm)


@pytest.fixture(params=[6, 8, 18], ids=lambda decimals: f"quote{decimals}")
def each(request: pytest.FixtureRequest, revm: RevmChain) -> World:
    """Every number of decimals."""
    return build(revm, request.param)


@pytest.fixture
def either(chain: Chain) -> World:
    """On revm and on anvil."""
    return build(chain)
