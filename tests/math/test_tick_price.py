"""The price of a pool's mean tick: its bytecode against 60 digits."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from mpmath import mp, mpf

from tests.math.bytecode import Contract, deployed
from tests.math.shadow import Shadow
from tests.math.test_errors import stated_errors

WAD = 10**18
MOST_TICK = 887_272
EDGES = (0, 1, -1, 2, -2, 6_931, 6_932, -6_931, -6_932, MOST_TICK, -MOST_TICK)
DECIMALS = (0, 6, 8, 18)


@pytest.fixture(scope="module")
def contract() -> Contract:
    return deployed("tests/harness/HedgeMath.vy")


def ticks(count: int, seed: int) -> list[int]:
    """Edges, the neighbourhood of whole powers of two, and what lies between."""
    random = np.random.default_rng(seed)
    powers = [round(n / math.log2(1.0001)) + d for n in range(-127, 128, 9) for d in (-1, 0, 1)]
    return [*EDGES, *powers, *map(int, random.integers(-MOST_TICK, MOST_TICK + 1, count))]


def power(tick: int) -> mpf:
    """1.0001^tick."""
    with mp.workdps(60):
        return (mpf(10_001) / 10_000) ** tick


def test_tick_price__all_ticks__agrees_to_the_stated_error(contract: Contract) -> None:
    kind, bound = stated_errors()["tick_price._tick_price"]
    worst = mpf(0)
    for tick in ticks(2_000, 71):
        mantissa, exponent = contract.power.words(tick)
        assert 2**99 <= mantissa <= 2**100
        with mp.workdps(60):
            worst = max(worst, abs(mantissa * mpf(2) ** exponent / power(tick) - 1))
    assert kind == "relative" and bound / 100 < worst <= bound


@pytest.mark.parametrize("is_token0", [True, False])
def test_price__all_ticks_and_decimals__agrees_to_the_stated_error(
    contract: Contract, is_token0: bool
) -> None:
    kind, bound = stated_errors()["tick_price._price"]
    assert kind == "relative"
    for tick, quote, unit in itertools.product(ticks(150, 72), DECIMALS, DECIMALS):
        scales = 10 ** (18 - quote), 10 ** (18 - unit)
        (price,) = contract.pool_price.words(tick, int(is_token0), *scales)
        with mp.workdps(60):
            exact = power(tick if is_token0 else -tick) * WAD * scales[0] / scales[1]
            assert -bound * exact <= exact - price <= 1 + bound * exact


def test_price__ticks_that_markets_have__keep_nine_digits(contract: Contract) -> None:
    """Up to 400,000 in size at any pair of decimals, wherever a price is at least a billionth."""
    seen = 0
    for tick, quote, unit in itertools.product(range(-400_000, 400_001, 7_919), DECIMALS, DECIMALS):
        scales = 10 ** (18 - quote), 10 ** (18 - unit)
        exact = power(tick) * WAD * scales[0] / scales[1]
        if exact < 10**9:
            continue
        (price,) = contract.pool_price.words(tick, 1, *scales)
        assert abs(price - exact) <= exact * mpf("1e-9")
        seen += 1
    assert seen > 800


@pytest.mark.parametrize(
    ("tick", "is_token0", "quote", "unit"),
    [
        (200_311, False, 6, 18),  # 2000.0 of a coin with six decimals that sorts first
        (-200_311, True, 6, 18),  # the same pair sorted the other way
        (76_012, True, 18, 18),
        (-76_012, False, 18, 18),
        (122_067, True, 8, 6),
    ],
)
def test_price__pairs_that_trade__are_what_they_trade_at(
    contract: Contract, tick: int, is_token0: bool, quote: int, unit: int
) -> None:
    """One half of a tick off 2000, in whichever order and decimals."""
    (price,) = contract.pool_price.words(
        tick, int(is_token0), 10 ** (18 - quote), 10 ** (18 - unit)
    )
    assert abs(price / WAD - 2_000) < 0.2


def test_price__rising_tick__rises_for_token0_and_falls_for_token1(contract: Contract) -> None:
    for start in (-300_000, -6_940, -10, 250_000):
        up = [contract.pool_price.words(start + i, 1, WAD, 1)[0] for i in range(20)]
        down = [contract.pool_price.words(start + i, 0, WAD, 1)[0] for i in range(20)]
        assert up == sorted(set(up)) and down == sorted(set(down), reverse=True)


def test_price__every_edge__overflows_nowhere(contract: Contract) -> None:
    shadow = Shadow.of("contracts/math/tick_price.vy")
    for tick, is_token0, *scales in itertools.product(
        ticks(100, 73), (True, False), (1, WAD), (1, WAD)
    ):
        run = shadow.call("_price", tick, is_token0, *scales)
        assert run.reverted is None and not run.overflows, (tick, *map(str, run.overflows))
        assert (run.value,) == contract.pool_price.words(tick, int(is_token0), *scales)
    assert 240 < math.log2(max(shadow.peaks.values())) < 255


def test_price__gas__is_small(contract: Contract) -> None:
    for tick in ticks(20, 74):
        contract.no_price.words(tick, 1, 10**12, 1)
        empty = contract.no_price.gas_used
        contract.pool_price.words(tick, 1, 10**12, 1)
        assert contract.pool_price.gas_used - empty <= 1_500
