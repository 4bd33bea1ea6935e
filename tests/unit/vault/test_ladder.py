"""The drawdown ladder, held to a reference that keeps every day in a dictionary."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ballast.chain import RevmChain
from tests.unit.vault.world import DAY, SPOT, WAD, World, build, events

START = 1_767_225_600 + 40 * DAY  # midnight
WINDOW = 30
LPS = 20_000


@dataclass
class Reference:
    """What the contract's text says, without packing."""

    closes: dict[int, int] = field(default_factory=dict)  # by day, in millionths
    last: int = 10**6
    last_day: int = 0
    fallback: int = 0
    level: int = 0
    held_at: int = 0

    def observe(self, price: int, at: int) -> int:
        today = at // DAY
        if not self.closes:
            self.closes[today - 1] = self.last or price
        elif today != self.last_day:
            self.closes[self.last_day] = self.last
        window = [c for day, c in self.closes.items() if 1 <= today - day <= WINDOW]
        high = max(window, default=0) or max(self.last, 1)
        if today == self.last_day:
            high = self.fallback
        self.fallback = high
        found = sum(price * 100 <= high * part for part in (95, 90, 80))
        if found >= self.level or at >= self.held_at + DAY:
            self.level, self.held_at = found, at
        self.last, self.last_day = price, today
        return self.level


def large(world: World) -> None:
    world.chain.set_timestamp(START)
    world.deposit(LPS * world.one)


def price_of(world: World) -> int:
    total = max(world.vault.nav()[0], 0) // world.scale + 1
    supply = int(world.vault.totalSupply()) + world.virtual
    return total * world.virtual * WAD // supply // 10**12


def set_drawdown(world: World, millionths: int) -> None:
    world.set_book(SPOT, -LPS * WAD * millionths // 10**6, 0)


@pytest.mark.parametrize("edge", [-1, 0, 1])
@pytest.mark.parametrize(("level", "down"), [(1, 50_000), (2, 100_000), (3, 200_000)])
def test_poke__drawdown__rises_at_once(world: World, level: int, down: int, edge: int) -> None:
    large(world)
    set_drawdown(world, down + edge)
    receipt = world.vault.poke(sender=world.stranger)
    expected = level if edge >= 0 else level - 1
    assert receipt.value == world.vault.holdings().caution == expected
    moved = {
        "level": expected,
        "price": receipt.event("CautionChanged").price if expected else 0,
        "high": WAD,
    }
    assert events(receipt, world) == ([("CautionChanged", moved)] if expected else [])
    if expected:
        assert moved["price"] // 10**12 == price_of(world)


@pytest.mark.parametrize(("late", "level"), [(-1, 3), (0, 1), (1, 1)])
def test_poke__recovery__falls_after_a_day_without_cause(
    world: World, late: int, level: int
) -> None:
    large(world)
    set_drawdown(world, 250_000)
    world.vault.poke()
    set_drawdown(world, 200_000)
    seen = START + 9 * 3_600
    world.chain.set_timestamp(seen)
    world.vault.poke()  # still justified
    set_drawdown(world, 60_000)
    world.chain.set_timestamp(seen + DAY + late)
    assert world.vault.poke().value == level


def test_flows__all_of_them__move_the_ladder(world: World) -> None:
    large(world)
    world.vault.requestRedeem(100 * world.whole, world.alice, world.alice, sender=world.alice)
    set_drawdown(world, 60_000)
    world.vault.processRedemptions(1)
    assert world.vault.holdings().caution == 1
    set_drawdown(world, 120_000)
    world.deposit(1)
    assert world.vault.holdings().caution == 2
    set_drawdown(world, 250_000)
    world.vault.redeem(1, world.alice, world.alice, sender=world.alice)
    assert world.vault.holdings().caution == 3


def test_trades__never__move_the_ladder(world: World) -> None:
    large(world)
    set_drawdown(world, 300_000)
    world.vault.take(world.trader, world.one, 0, 0, 0, sender=world.desk)
    world.vault.pay(world.trader, world.one, 0, 0, 0, 0, sender=world.desk)
    assert world.vault.holdings().caution == 0


@pytest.mark.parametrize(("more", "level"), [(-2, 0), (-1, 0), (0, 3)])
def test_small_vault__no_level(world: World, more: int, level: int) -> None:
    """Nobody can stop the openings of a market to come by losing a little money in an empty one."""
    world.deposit(10_000 * world.one + more)
    world.set_book(SPOT, -5_000 * WAD, 0)
    assert world.vault.poke().value == level


def test_small_vault__its_past__is_forgotten_when_it_grows(world: World) -> None:
    world.deposit(9_000 * world.one)
    world.set_book(SPOT, 90_000 * WAD, 0)
    world.vault.poke()
    world.set_book(SPOT, 0, 0)
    world.deposit(20_000 * world.one, world.bob)
    assert world.vault.poke().value == 0
    assert world.vault.high_water()[1] // 10**12 == 10**6


def test_shrunken_vault__level__falls_asleep_after_a_day(world: World) -> None:
    large(world)
    set_drawdown(world, 250_000)
    assert world.vault.poke().value == 3
    world.vault.redeem(19_000 * world.whole, world.alice, world.alice, sender=world.alice)
    world.chain.advance(DAY - 60)
    assert world.vault.poke().value == 3
    world.chain.advance(60)
    assert world.vault.poke().value == 0


STEPS = st.lists(
    st.tuples(
        st.one_of(
            st.integers(0, 2 * DAY),
            st.integers(20 * DAY, 40 * DAY),
            st.sampled_from([DAY - 1, DAY, DAY + 1, 29 * DAY, 30 * DAY, 31 * DAY, 32 * DAY]),
        ),
        st.integers(-500_000, 1_100_000),
    ),
    min_size=1,
    max_size=70,
)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(STEPS)
@example([(0, 0)] + [(DAY, 10_000 * i) for i in range(65)])
@example([(DAY, -400_000)] + [(DAY, 0)] * 40)
@example([(0, -400_000), (33 * DAY, 0), (DAY, 0), (400 * DAY, 900_000), (1, 1_000_000)])
def test_ladder__any_history__is_that_of_the_reference(steps: list[tuple[int, int]]) -> None:
    world = build(RevmChain())
    large(world)
    reference = Reference()
    at = START + 60
    for pause, down in steps:
        at += pause + 1
        world.chain.set_timestamp(max(at, world.chain.timestamp))
        at = world.chain.timestamp + 1  # the price is set in a block of its own
        set_drawdown(world, down)
        price = price_of(world)
        assert world.vault.poke().value == reference.observe(price, at)
        assert world.vault.high_water()[1] == reference.fallback * 10**12
        at = world.chain.timestamp
