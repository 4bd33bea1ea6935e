"""An empty book with accounts in the places of desk and vault, put back after each test."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from ballast.chain import RevmChain, rolled_back
from ballast.market.local import LocalMarket
from tests.unit.book.world import World, build


@cache
def _built() -> World:
    return build(LocalMarket.open(RevmChain(), list_board=True))


@pytest.fixture
def world() -> Iterator[World]:
    world = _built()
    with rolled_back(world.market.chain):
        yield world
