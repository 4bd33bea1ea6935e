"""When the hedge keeper calls, and how far a forecast may keep it from calling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.bots.action import KeeperError
from ballast.bots.forecast import Forecast
from ballast.bots.hedger import (
    FlowMemory,
    HedgeKeeper,
    HedgerState,
    HedgerTerms,
    decide,
    expected_delta,
)
from ballast.bots.market import LiveMarket
from ballast.chain import Reverted, rolled_back
from ballast.market.hedged import HedgedMarket
from ballast.market.local import LocalMarket, Terms
from ballast.units import DAY, WAD
from ballast.venues import on_revm
from tests.market import at_start

TERMS = HedgerTerms()
NOW = 1_000_000
DUE = HedgerState(
    at=NOW,
    delta=12_000 * WAD,
    outer=10_000 * WAD,
    inner=4_000 * WAD,
    order=-4 * WAD,
    filled=-4 * WAD,
    next_at=NOW,
    synced_at=NOW,
)
QUIET = replace(DUE, delta=9_000 * WAD, order=0, filled=0)


def methods(state: HedgerState) -> list[str]:
    return [one.method for one in decide(state, TERMS)]


def test_decide__inside_the_band__nothing() -> None:
    assert methods(QUIET) == methods(HedgerState(NOW)) == []


@pytest.mark.parametrize(("at", "count"), [(-1, 0), (0, 1), (1, 1)])
def test_decide__the_time_of_the_next_order__calls_from_then_on(at: int, count: int) -> None:
    assert methods(replace(DUE, next_at=NOW - at)) == ["hedge"] * count


def test_decide__an_order_that_no_venue_fills__says_so_when_nothing_else_is_to_do() -> None:
    assert methods(replace(DUE, filled=0, stock=WAD)) == ["stock"]
    with pytest.raises(KeeperError, match="no venue fills an order: look at the venues' caps"):
        methods(replace(DUE, filled=0))
    assert methods(replace(DUE, filled=0, next_at=NOW + 1)) == []


@pytest.mark.parametrize(
    ("flow", "r_squared", "calls"),
    [
        (-1_999.0, 1.0, True),
        (-2_000.0, 1.0, True),
        (-2_001.0, 1.0, False),
        (-20_001.0, 0.1, False),
        (-20_001.0, 0.0999, True),
        (+20_000.0, 1.0, True),
    ],
)
def test_decide__flow_that_may_bring_delta_back__waits_where_the_forecast_has_earned_it(
    flow: float, r_squared: float, calls: bool
) -> None:
    for sign in (1, -1):
        state = replace(DUE, delta=sign * DUE.delta, forecast=Forecast(sign * flow, r_squared))
        assert methods(state) == ["hedge"] * calls


@pytest.mark.parametrize(("delta", "calls"), [(15_999, False), (16_000, True), (16_001, True)])
def test_decide__far_outside_the_band__no_forecast_keeps_it_from_calling(
    delta: int, calls: bool
) -> None:
    state = replace(DUE, delta=delta * WAD, forecast=Forecast(-1e9, 1.0))
    assert methods(state) == ["hedge"] * calls


def test_decide__the_hard_trigger__asks_no_forecast() -> None:
    state = replace(DUE, forecast=Forecast(-5_000.0, 1.0))
    assert methods(state) == [] and methods(replace(state, is_hard=True)) == ["hedge"]


@given(
    delta=st.integers(-(10**5), 10**5),
    inner=st.integers(0, 10**4),
    width=st.integers(0, 10**4),
    flow=st.floats(-1e6, 1e6),
    r_squared=st.floats(0, 1),
)
def test_expected_delta__any_forecast__moves_it_by_no_more_than_the_bands_width(
    delta: int, inner: int, width: int, flow: float, r_squared: float
) -> None:
    state = replace(
        DUE,
        delta=delta * WAD,
        inner=inner * WAD,
        outer=(inner + width) * WAD,
        forecast=Forecast(flow, r_squared),
    )
    assert abs(expected_delta(state) - delta) <= width + 1e-6
    if abs(delta) >= inner + 2 * width and abs(delta) >= inner + width:
        assert methods(state) == ["hedge"]


def test_decide__everything_at_once__one_at_a_time_and_the_debt_first() -> None:
    state = replace(DUE, stock=WAD, health=WAD, tended=2 * WAD, debt=WAD, synced_at=0)
    assert methods(state) == ["tend"]
    state = replace(state, tended=0)
    assert methods(state) == ["hedge"]
    state = replace(state, order=0)
    assert methods(state) == ["stock"]
    assert methods(replace(state, stock=0)) == ["sync"]


@pytest.mark.parametrize(
    ("health", "tended", "found"),
    [(140, 0, []), (140, 200, [0]), (140, 140, []), (400, 200, [TERMS.calm_rest])],
)
def test_decide__health_of_the_debt__up_at_once_and_down_at_leisure(
    health: int, tended: int, found: list[int]
) -> None:
    state = replace(QUIET, health=health, tended=tended)
    assert [one.rest for one in decide(state, TERMS)] == found


@pytest.mark.parametrize(("age", "debt", "count"), [(DAY - 1, 1, 0), (DAY, 1, 1), (DAY, 0, 0)])
def test_decide__interest_of_a_day__is_told(age: int, debt: int, count: int) -> None:
    assert methods(replace(QUIET, synced_at=NOW - age, debt=debt)) == ["sync"] * count


def test_flow_memory__trades_and_moves_of_spot__sees_the_trades_alone() -> None:
    memory = FlowMemory(step=60, memory=3)
    memory.see(0, 5 * 10**9, -(10**9), 1.0)
    memory.see(59, 9 * 10**9, -(10**9), 1.0)
    assert memory.values == []
    memory.see(60, 5 * 10**9, -(10**9), 1.3)  # spot alone
    memory.see(120, 8 * 10**9, -2 * 10**9, 2.0)  # three of a, minus one of b
    assert memory.values == pytest.approx([0.0, 2.0 * (3.0 - 2.0)])
    for step in range(3, 7):
        memory.see(60 * step, step * 10**9, 0, 1.0)
    assert len(memory.values) == 3 and memory.values[-1] == pytest.approx(1.0)


# --- on a market with real venues


@cache
def hedged() -> HedgedMarket:
    """A million of quote tokens and nothing in stock."""
    market = HedgedMarket.on(on_revm(), Terms(expiries=2))
    market.supply(1_000_000)
    market.refresh()
    market.fund("trader", quote=200_000)
    return market


@pytest.fixture
def market() -> Iterator[HedgedMarket]:
    with rolled_back(hedged().chain):
        yield hedged()


def until_quiet(market: HedgedMarket, bot: HedgeKeeper, blocks: int = 40) -> list[str]:
    """A decision a minute; the keeper must come to rest."""
    done: list[str] = []
    calm = 0
    for _ in range(blocks):
        actions = bot.decide(bot.read())
        for action in actions:
            bot.run(action)
            done.append(action.method)
        calm = 0 if actions else calm + 1
        if calm > 6:
            return done
        market.chain.advance(60)
        if market.chain.timestamp % 1_800 < 60:
            market.world.set_price(market.world.feed.latestRoundData()[1] / 10**8)
    raise AssertionError(f"no end: {done}")


def keeper(market: LocalMarket, sender: str = "stranger") -> HedgeKeeper:
    live = LiveMarket.over(market.chain, market.deployment.contracts)
    return HedgeKeeper(live, market.who(sender))


@pytest.mark.anvil
def test_hedge_keeper__an_empty_vault__stocked_so_that_the_first_call_can_be_written(
    market: HedgedMarket,
) -> None:
    series, bot = market.series(market.now_expiries[0], 2_000, "call"), keeper(market)
    with pytest.raises(Reverted):
        market.buy("trader", series, 3)
    assert "stock" in until_quiet(market, bot)
    market.refresh()
    market.buy("trader", series, 3)


@pytest.mark.anvil
@pytest.mark.parametrize(("right", "contracts"), [("call", 8), ("put", 15)])
def test_hedge_keeper__a_trade_that_leaves_the_band__delta_back_inside_and_then_rest(
    market: HedgedMarket, right: str, contracts: int
) -> None:
    bot = keeper(market)
    until_quiet(market, bot)
    market.refresh()
    market.buy("trader", market.series(market.now_expiries[0], 2_000, right), contracts)
    found = market.lens.hedging()
    assert abs(found.delta) >= found.outer and found.order
    done = until_quiet(market, bot)
    found = market.lens.hedging()
    assert "hedge" in done and abs(found.delta) < found.outer and found.order == 0


@pytest.mark.anvil
def test_hedge_keeper__a_pool_that_nobody_should_trade_with__waits_until_it_is_back(
    market: HedgedMarket,
) -> None:
    bot = keeper(market)
    until_quiet(market, bot)
    market.refresh()
    market.buy("trader", market.series(market.now_expiries[0], 2_000, "put"), 15)
    market.world.move_pool(1_800)  # beyond what an order may lose
    with pytest.raises(KeeperError, match="no venue fills an order"):
        bot.decide(bot.read())
    market.refresh()
    market.buy("trader", market.series(market.now_expiries[0], 1_900, "put"), 1)
    market.world.move_pool(2_000)
    market.chain.advance(300)  # its mean has to come back too
    assert "hedge" in until_quiet(market, bot)


@pytest.mark.anvil
def test_hedge_keeper__debt_in_danger__its_health_is_brought_back(market: HedgedMarket) -> None:
    bot = keeper(market)
    until_quiet(market, bot)
    assert bot.read().debt > 0
    market.transmit(2_900)
    least = market.terms.sheet["lend_health"] if market.terms.sheet else 3 * WAD // 2
    assert bot.read().health < least
    assert "tend" in until_quiet(market, bot)
    assert bot.read().health >= least


def test_hedge_keeper__a_market_without_venues__says_that_delta_stays() -> None:
    with at_start() as plain:
        bot = keeper(plain)
        assert bot.read().filled == 0
        with pytest.raises(KeeperError, match="no venue fills an order"):
            bot.decide(bot.read())


def test_hedge_keeper__no_price__nothing() -> None:
    with at_start() as plain:
        plain.chain.advance(2 * 3_600)
        bot = keeper(plain)
        assert bot.decide(bot.read()) == []
