"""One assessor over a market of stubs, put back after each test."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import cache

import pytest

from ballast.chain import RevmChain, rolled_back
from tests.unit.assessor.world import World, build


@cache
def _built() -> World:
    return build(RevmChain())


@pytest.fixture
def world() -> Iterator[World]:
    built = _built()
    with rolled_back(built.chain):
        world = copy(built)
        world.tenors = dict(built.tenors)
        yield world
