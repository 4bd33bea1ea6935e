"""`ballast.model.margin`: the ten scenarios, the shocks, and portfolios under them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ballast.errors import ModelError
from ballast.model.black76 import values
from ballast.model.margin import (
    SCENARIOS,
    Leg,
    VolShock,
    portfolio_value,
    portfolio_values,
    weighted_losses,
    worst_loss,
)
from ballast.series import Right
from ballast.units import DAY, YEAR

LEG = Leg(2_010.0, 2_000.0, 0.995, 0.6, 30 * DAY, Right.CALL, -1.0)
HEDGED = [LEG, replace(LEG, right=Right.PUT, strike=1_800.0, seconds=7 * DAY, size=-2.5)]


def test_scenarios__published_grid__is_these_ten() -> None:
    table = [(cell.spot_move, cell.vol_up, cell.weight) for cell in SCENARIOS]
    assert table == [
        (-0.25, True, 1.0), (-0.125, True, 1.0), (0.0, True, 1.0), (0.125, True, 1.0),
        (0.25, True, 1.0), (-0.25, False, 1.0), (0.0, False, 1.0), (0.25, False, 1.0),
        (-0.50, True, 0.75), (0.60, True, 0.75),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "up", "down"),
    [
        (30, 1.60, 0.70),
        (7, 1 + 0.60 * (30 / 7) ** 0.30, 1 - 0.30 * (30 / 7) ** 0.30),
        (365, 1 + 0.60 * (30 / 365) ** 0.13, 1 - 0.30 * (30 / 365) ** 0.13),
        (1, 1 + 0.60 * 30**0.30, 1 - 0.30 * 30**0.30),
        (0.1, 1 + 0.60 * 30**0.30, 1 - 0.30 * 30**0.30),
    ],
)
def test_factor__time_to_expiry__is_the_published_shock(
    days: float, up: float, down: float
) -> None:
    shock = VolShock()
    assert float(shock.factor(days * DAY, up=True)) == pytest.approx(up, rel=1e-15)
    assert float(shock.factor(days * DAY, up=False)) == pytest.approx(down, rel=1e-15)


def test_factor__any_expiry__volatility_stays_positive() -> None:
    assert (VolShock().factor(np.geomspace(1.0, 4.0 * YEAR, 1_000), up=False) > 0.0).all()


def test_portfolio_values__each_cell__is_the_shocked_black76_value() -> None:
    got = portfolio_values(HEDGED)
    for number, cell in enumerate(SCENARIOS):
        total = 0.0
        for leg in HEDGED:
            vol = leg.vol * float(VolShock().factor(leg.seconds, up=cell.vol_up))
            pair = values(
                leg.forward * (1 + cell.spot_move), leg.strike, leg.discount,
                vol**2 * leg.seconds / YEAR,
            )  # fmt: skip
            total += leg.size * float(pair[leg.right])
        assert got[number] == pytest.approx(total, rel=1e-14)


def test_portfolio_values__size_doubled__doubles() -> None:
    doubled = [replace(leg, size=2 * leg.size) for leg in HEDGED]
    np.testing.assert_allclose(portfolio_values(doubled), 2 * portfolio_values(HEDGED), rtol=1e-14)


def test_weighted_losses__far_moves__count_three_quarters() -> None:
    plain = portfolio_value(HEDGED) - portfolio_values(HEDGED)
    weighted = weighted_losses(HEDGED)
    np.testing.assert_allclose(weighted[:8], plain[:8])
    np.testing.assert_allclose(weighted[8:], 0.75 * plain[8:])


def test_worst_loss__short_call__is_the_far_rise() -> None:
    assert worst_loss([LEG]) == weighted_losses([LEG])[9] > 0.25 * 2_000


def test_worst_loss__long_option__is_at_most_its_value() -> None:
    leg = replace(LEG, size=1.0)
    assert 0.0 < worst_loss([leg]) <= portfolio_value([leg])


def test_worst_loss__position_and_its_opposite__is_zero() -> None:
    assert worst_loss([LEG, replace(LEG, size=1.0)]) == pytest.approx(0.0, abs=1e-12)


def test_portfolio_values__no_legs__is_nothing() -> None:
    assert not portfolio_values([]).any()
    assert worst_loss([]) == 0.0


def test_portfolio_values__expired_leg__is_worth_its_intrinsic_value() -> None:
    leg = replace(LEG, seconds=0, size=1.0, discount=1.0, forward=2_500.0)
    assert portfolio_values([leg])[2] == pytest.approx(500.0, rel=1e-14)


def test_portfolio_values__negative_volatility__is_refused() -> None:
    with pytest.raises(ModelError, match="leg 1 has a negative"):
        portfolio_values([LEG, replace(LEG, vol=-0.1)])
