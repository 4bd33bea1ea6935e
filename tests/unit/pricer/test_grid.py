"""`Pricer.grid`: a cell is what the legs are worth after the shock."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from flint import arb

from ballast.model import margin
from ballast.series import Right
from tests.math import reference as ref
from tests.math.accuracy import GRAIN
from tests.math.bytecode import CallRevertedError, deployed
from tests.math.domain import SHOCKS, VOL_SHOCK, GridLeg, random_account
from tests.math.reference import WAD, YEAR
from tests.math.test_errors import stated_errors

DAY = 86_400


def factor(tau: int, sign: int) -> arb:
    """What volatility is multiplied by: 1 + up m, 1 or 1 - down m."""
    up, down, near, far = (ref.ratio(x, WAD) for x in VOL_SHOCK)
    reach = ref.ratio(30 * DAY, max(tau, DAY)) ** (near if tau < 30 * DAY else far)
    return 1 + {1: up, 0: arb(0), -1: -down}[sign] * reach


def cell(legs: list[GridLeg], spot: int, sign: int) -> arb:
    """The exact value of the legs under one shock, in wei."""
    total = arb(0)
    for forward, strike, discount, variance, tau, calls, puts in legs:
        moved = ref.ratio(forward * spot, WAD)
        shocked = ref.ratio(variance, WAD) * factor(tau, sign) ** 2
        call, put = ref.values(moved, arb(strike), ref.ratio(discount, WAD), shocked)
        total += (call * calls + put * puts) / WAD
    return total


def reach(legs: list[GridLeg], shock: int = WAD) -> float:
    """Sum of spot times contracts, in wei: what an error is relative to."""
    gross = sum(f * df / WAD * (abs(c) + abs(p)) / WAD for f, _, df, _, _, c, p in legs)
    return gross * max(shock / WAD, 1)


@pytest.mark.parametrize("seed", range(40))
def test_grid__random_account__equals_marks_at_shocked_inputs(seed: int) -> None:
    kind, bound = stated_errors()["shock_grid._grid"]
    assert kind == "value" and bound <= 1e-9
    legs = random_account(np.random.default_rng(900 + seed))
    rounding = 2 + GRAIN * sum(abs(c) + abs(p) for *_, c, p in legs) / WAD
    found = deployed("Pricer").grid(legs, SHOCKS, VOL_SHOCK)
    assert len(found) == len(SHOCKS)
    for (spot, sign), value in zip(SHOCKS, found, strict=True):
        error, scale = float(abs(cell(legs, spot, sign) - value).upper()), reach(legs, spot)
        assert error <= bound * scale + rounding, (spot, sign, error / scale)


@pytest.mark.parametrize("seed", range(10))
def test_grid__random_account__agrees_with_the_model(seed: int) -> None:
    """The float model splits a leg by right; each cell agrees to 1e-9 of spot."""
    legs = random_account(np.random.default_rng(950 + seed))
    theirs = margin.portfolio_values(
        [
            margin.Leg(
                f / WAD, k / WAD, df / WAD, math.sqrt(w / WAD / (t / YEAR)), t, right, n / WAD
            )
            for f, k, df, w, t, calls, puts in legs
            for right, n in ((Right.CALL, calls), (Right.PUT, puts))
        ]
    )
    found = deployed("Pricer").grid(legs, SHOCKS[:10], VOL_SHOCK)
    for ours, model in zip(found, theirs, strict=True):
        assert abs(ours - model * WAD) <= 2e-9 * reach(legs)


def test_grid__no_shock__is_the_value_of_the_board_of_marks() -> None:
    legs = random_account(np.random.default_rng(990))
    mark = deployed("Pricer").mark
    total = 0
    for forward, strike, discount, variance, tau, calls, puts in legs:
        call, put, *_ = mark.words(forward, strike, discount, variance, tau)
        total += calls * call + puts * put
    (found,) = deployed("Pricer").grid(legs, [(WAD, 0)], VOL_SHOCK)
    assert abs(found - total // WAD) <= 1e-17 * reach(legs) + sum(
        (abs(c) + abs(p)) / WAD for *_, c, p in legs
    ) + len(legs)


@pytest.mark.parametrize("tau", [1, DAY - 1, DAY, DAY + 1, 30 * DAY - 1, 30 * DAY, 30 * DAY + 1])
def test_grid__volatility_shock__changes_its_power_at_thirty_days(tau: int) -> None:
    """Below a day the shock stops growing; from thirty days on it fades with the other power."""
    leg = (3_000 * WAD, 3_050 * WAD, WAD, WAD // 50, tau, 10 * WAD, 0)
    found = deployed("Pricer").grid([leg], [(WAD, 1), (WAD, 0), (WAD, -1)], VOL_SHOCK)
    for sign, value in zip((1, 0, -1), found, strict=True):
        assert abs(float(cell([leg], WAD, sign) - value)) <= 1e-9 * reach([leg]) + 2


def test_grid__empty__is_empty_or_zero() -> None:
    assert list(deployed("Pricer").grid([], [(WAD, 1)], VOL_SHOCK)) == [0]
    assert list(deployed("Pricer").grid([], [], VOL_SHOCK)) == []


LEG: GridLeg = (3_000 * WAD, 3_100 * WAD, WAD, WAD // 50, 30 * DAY, WAD, -WAD)
FIELDS = ("forward", "strike", "discount", "variance", "tau", "calls", "puts")
REFUSED: list[tuple[str, str, int]] = [
    ("forward", "forward", 0),
    ("forward", "forward", 2**112 + 1),
    ("forward", "forward", 2**128),
    ("forward", "forward", 2**256 - 1),
    ("strike", "strike", 0),
    ("strike", "strike", 2**128),
    ("strike", "strike", 2**256 - 1),
    ("discount", "discount", 0),
    ("discount", "discount", WAD // 4 - 1),
    ("discount", "discount", 4 * WAD + 1),
    ("discount", "discount", 2**256 - 1),
    ("variance", "variance", 512 * WAD + 1),
    ("variance", "variance", 2**256 - 1),
    ("tau", "tau", 2**27 + 1),
    ("tau", "tau", 2**256 - 1),
    ("moneyness", "strike", 3_000 * 33 * WAD),
    ("moneyness", "strike", 3_000 * WAD // 33),
    ("size", "calls", 2**89),
    ("size", "puts", -(2**89) - 1),
    ("size", "calls", -(2**255)),
]


@pytest.mark.parametrize(("reason", "field", "value"), REFUSED)
def test_grid__leg_outside_the_domain__is_refused_by_name(
    reason: str, field: str, value: int
) -> None:
    bad: Any = list(LEG)
    bad[FIELDS.index(field)] = value
    with pytest.raises(CallRevertedError) as refused:
        deployed("Pricer").grid([LEG, tuple(bad)], [(WAD, 0)], VOL_SHOCK)
    assert refused.value.reason == f"pricer: {reason}"


@pytest.mark.parametrize("spot", [0, WAD // 4 - 1, 4 * WAD + 1, 2**255, 2**256 - 1])
def test_grid__spot_shock_outside_its_range__is_refused_by_name(spot: int) -> None:
    with pytest.raises(CallRevertedError) as refused:
        deployed("Pricer").grid([LEG], [(WAD, 1), (spot, 0)], VOL_SHOCK)
    assert refused.value.reason == "pricer: spot shock"


@pytest.mark.parametrize("spot", [WAD // 4, WAD // 4 + 1, 4 * WAD - 1, 4 * WAD])
def test_grid__spot_shock_at_its_edge__is_the_exact_value(spot: int) -> None:
    (found,) = deployed("Pricer").grid([LEG], [(spot, 1)], VOL_SHOCK)
    assert abs(float(cell([LEG], spot, 1) - found)) <= 1e-9 * reach([LEG])


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("value", [100 * WAD, 2**255, 2**256 - 1])
def test_grid__volatility_shock_outside_its_range__is_refused_by_name(
    place: int, value: int
) -> None:
    shock = list(VOL_SHOCK)
    shock[place] = value
    with pytest.raises(CallRevertedError) as refused:
        deployed("Pricer").grid([LEG], [(WAD, 1)], tuple(shock))
    assert refused.value.reason == "pricer: volatility shock"


def test_grid__direction_of_volatility__is_a_sign() -> None:
    grid = deployed("Pricer").grid
    for sign in (1, -1):
        usual = list(grid([LEG], [(WAD, sign)], VOL_SHOCK))
        assert usual == list(grid([LEG], [(WAD, sign * (2**255 - 1))], VOL_SHOCK))


def test_grid__expired_legs__are_worth_intrinsic_value_in_every_cell() -> None:
    for tau, variance in ((0, WAD // 50), (DAY, 0), (0, 0)):
        leg = (3_000 * WAD, 3_100 * WAD, WAD, variance, tau, 2 * WAD, WAD)
        cells = deployed("Pricer").grid([leg], [(WAD, 1), (WAD * 2, -1), (WAD // 2, 0)], VOL_SHOCK)
        assert list(cells) == [100 * WAD, 2 * 2_900 * WAD, 1_600 * WAD]
