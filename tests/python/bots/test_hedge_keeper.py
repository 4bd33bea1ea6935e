"""When the hedge keeper calls, and how far a forecast may keep it from calling."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.bots.forecast import Forecast
from ballast.bots.hedger import FlowMemory, HedgerState, HedgerTerms, decide, expected_delta
from ballast.units import DAY, WAD

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


def test_decide__an_order_that_no_venue_fills__called_and_then_left_alone() -> None:
    assert [one.rest for one in decide(DUE, TERMS)] == [0]
    assert [one.rest for one in decide(replace(DUE, filled=0), TERMS)] == [TERMS.rest]


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


def test_decide__everything_at_once__debt_before_hedge_before_stock() -> None:
    state = replace(DUE, stock=WAD, health=WAD, tended=2 * WAD, debt=WAD)
    assert methods(state) == ["tend", "hedge", "stock"]


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
