"""Gas of whole transactions: cold, with plain tokens and a book that answers at once."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.bench.sizes import RUNTIME_LIMIT, runtime_sizes
from ballast.chain.compiler import project_root
from tests.unit.vault.world import DAY, SPOT, World, full

EXPIRY = 1_798_185_600


@pytest.fixture
def warm(world: World) -> World:
    """A vault in the middle of its life: both LPs in it, cover locked, one pot, a trader paid."""
    world.deposit(20_000 * world.one)
    world.deposit(5_000 * world.one, world.bob)
    world.vault.depositUnderlying(9 * world.coin, world.bob, sender=world.bob)
    world.vault.take(world.trader, 9 * world.one, world.one, 10**9, 20_000, sender=world.desk)
    world.settle(EXPIRY, 10**8, world.coin, 100, 10**8, 10_000)
    world.chain.advance(DAY)
    world.vault.poke()
    world.set_book(SPOT, 3, 10**18)
    return world


@pytest.mark.parametrize(
    ("method", "args", "sender", "most"),
    [
        ("deposit", (10**6, "alice"), "alice", 105_200),
        ("mint", (10**18, "alice"), "alice", 105_500),
        ("withdraw", (10**6, "alice", "alice"), "alice", 103_300),
        ("redeem", (10**18, "alice", "alice"), "alice", 103_500),
        ("depositUnderlying", (10**18, "alice"), "alice", 133_700),
        ("requestRedeem", (10**20, "alice", "alice"), "alice", 129_800),
        ("exitAtFloor", (10**18, "alice"), "alice", 70_800),
        ("poke", (), "stranger", 63_300),
        ("take", ("trader", 10**6, 10**3, 10**7, 0), "desk", 56_400),
        ("take", ("trader", 10**6, 10**3, 0, 1), "desk", 56_400),
        ("pay", ("trader", 10**6, 10**3, 10**7, 0, 0), "desk", 54_200),
        ("pay", ("trader", 10**6, 10**3, 0, 1, SPOT), "desk", 54_500),
        ("settle", (EXPIRY + 1, full(10**8, 0, 10, 10**8, 10)), "desk", 64_100),
        ("pay_out", (EXPIRY, "trader", 10**6, 0, 1), "desk", 51_400),
    ],
)
def test_gas__at_most(
    warm: World, method: str, args: tuple[Any, ...], sender: str, most: int
) -> None:
    args = tuple(getattr(warm, arg) if isinstance(arg, str) else arg for arg in args)
    used = warm.vault.method(method)(*args, sender=getattr(warm, sender)).gas_used
    assert 0.9 * most < used <= most


def test_holdings__execution__is_two_words(warm: World) -> None:
    data = warm.vault.holdings.encode()
    used = warm.chain.execution_gas(warm.vault.address, data)  # type: ignore[attr-defined]
    assert used <= 5_500


def test_size__below_the_limit() -> None:
    assert runtime_sizes(project_root())["Vault"] <= RUNTIME_LIMIT
