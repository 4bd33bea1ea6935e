"""A forecast counts by what it has explained before the fact, and below a tenth for nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.bots.forecast import LEAST_R2, WARM_UP, Forecast, forecast


def remembering(slope: float, count: int = 2_000, seed: int = 1) -> list[float]:
    """Flow that carries a share of its last value on."""
    noise = np.random.default_rng(seed).normal(0, 100, count)
    flows = [0.0]
    for shock in noise:
        flows.append(slope * flows[-1] + float(shock))
    return flows


@pytest.mark.parametrize(
    ("r_squared", "used"),
    [(LEAST_R2 - 1e-9, 0.0), (LEAST_R2, 5.0), (0.5, 25.0), (1.0, 50.0), (-1.0, 0.0)],
)
def test_used__an_r_squared_around_the_least__in_proportion_from_there_on(
    r_squared: float, used: float
) -> None:
    assert Forecast(50.0, r_squared).used == pytest.approx(used)


def test_used__not_a_number__nothing() -> None:
    assert Forecast(50.0, float("nan")).used == 0.0


@pytest.mark.parametrize("slope", [0.6, 0.8, -0.7])
def test_forecast__flow_with_memory__its_slope_and_its_share_of_variance(slope: float) -> None:
    flows = remembering(slope)
    found = forecast(flows)
    assert found.flow / flows[-1] == pytest.approx(slope, abs=0.2)
    assert found.r_squared == pytest.approx(slope**2, abs=0.08)  # of an AR(1)


@pytest.mark.parametrize("seed", range(5))
def test_forecast__flow_without_memory__counts_for_nothing(seed: int) -> None:
    assert forecast(remembering(0.0, seed=seed)).used == 0.0


def test_forecast__too_few_values_or_none_at_all__nothing() -> None:
    assert forecast([]) == forecast([1.0] * WARM_UP) == Forecast()
    assert forecast([1.0] * (WARM_UP + 1)).r_squared > 0.9
    assert forecast([0.0] * 500) == Forecast(0.0, 0.0)


def test_forecast__a_value_to_come__changes_no_forecast_made_before_it() -> None:
    flows = remembering(0.8, 300)
    scores = [forecast(flows[:count]).r_squared for count in (200, 250)]
    assert scores == [forecast([*flows[:count]]).r_squared for count in (200, 250)]
    jump = forecast([*flows[:250], 1e9])
    assert jump.r_squared == pytest.approx(0.0, abs=1e-3)  # what nobody saw coming counts as missed


@given(st.lists(st.floats(-1e9, 1e9), max_size=120))
def test_forecast__any_flow__a_share_of_its_last_value(flows: list[float]) -> None:
    found = forecast(flows)
    assert 0.0 <= found.r_squared <= 1.0
    assert not flows or abs(found.used) <= abs(flows[-1]) + 1e-9
