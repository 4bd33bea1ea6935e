"""`ballast.model.hedging`: identities, limits, what the band is best at, triggers and orders."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from mpmath import mp, mpf

from ballast.errors import ModelError
from ballast.model.hedging import (
    Band,
    HedgeTerms,
    band,
    fixed_width,
    is_hard,
    mean_square,
    near_band,
    order,
    order_rate,
    orders,
    proportional_width,
    running_cost,
    trading_cost,
)

TERMS = HedgeTerms()
GAMMA = 200_000.0
NAV, VOL = 1e6, 0.6
GAMMAS = np.logspace(-6, 10, 65)
SHEETS = [
    HedgeTerms(a, g, kappa)
    for a, g, kappa in itertools.product((1e-7, 1e-4, 0.1), (0.01, 5.0, 200.0), (5e-5, 5e-4, 0.01))
]


def exact(gamma: float, terms: HedgeTerms) -> tuple[mpf, mpf]:
    """Y and L by solving the two identities for their ratio, in 50 digits."""
    with mp.workdps(50):
        square = mpf(gamma) ** 2 / mpf(terms.risk_aversion)
        first, second = 3 * mpf(terms.swap_cost) * square, 12 * mpf(terms.hedge_gas) * square
        goal = 3 * mp.log(second) - 4 * mp.log(first)

        def over(x: mpf) -> mpf:
            return 9 * mp.log(1 - x) - 4 * mp.log(x) - mp.log(1 + x) - goal

        bracket = (mpf(10) ** -30, 1 - mpf(10) ** -12)
        x = mp.findroot(over, bracket, solver="anderson", tol=1e-40, maxsteps=400)
        outer = (first / (x * (1 + x))) ** (mpf(1) / 3)
        return outer, x * outer


# --- the band


def test_band__the_example_of_the_design__is_the_published_pair() -> None:
    pair = band(2_000.0**2 * 0.05, TERMS)
    assert round(float(pair.outer) / 2_000, 3) == 6.964
    assert round(float(pair.inner) / 2_000, 3) == 1.303


@pytest.mark.parametrize("terms", SHEETS)
def test_band__ranges_of_a_sheet__equals_the_roots_in_fifty_digits(terms: HedgeTerms) -> None:
    pair = band(GAMMAS, terms)
    for i in range(0, len(GAMMAS), 8):
        outer, inner = exact(float(GAMMAS[i]), terms)
        assert float(pair.outer[i]) == pytest.approx(float(outer), rel=1e-13)
        assert float(pair.inner[i]) == pytest.approx(float(inner), rel=1e-13)


@pytest.mark.parametrize("terms", SHEETS)
def test_band__ranges_of_a_sheet__keeps_both_identities(terms: HedgeTerms) -> None:
    outer, inner = band(GAMMAS, terms)
    first, second = 2 * proportional_width(GAMMAS, terms) ** 3, fixed_width(GAMMAS, terms) ** 4
    np.testing.assert_allclose(outer * inner * (outer + inner), first, rtol=1e-12)
    np.testing.assert_allclose((outer + inner) * (outer - inner) ** 3, second, rtol=1e-9)
    assert (np.diff(outer) > 0).all() and (np.diff(inner) > 0).all()


def test_band__no_gas__is_as_wide_as_it_goes_back() -> None:
    outer, inner = band(GAMMAS, replace(TERMS, hedge_gas=0.0))
    np.testing.assert_array_equal(outer, inner)
    np.testing.assert_allclose(outer**3, 1.5 * 5e-4 * GAMMAS**2 / 1e-4, rtol=1e-12)
    almost = band(GAMMAS, replace(TERMS, hedge_gas=1e-30))
    np.testing.assert_allclose(almost.outer, outer, rtol=1e-6)
    np.testing.assert_allclose(almost.inner, outer, rtol=1e-6)


def test_band__no_swap_cost__goes_back_to_zero() -> None:
    outer, inner = band(GAMMAS, replace(TERMS, swap_cost=0.0))
    assert not inner.any()
    np.testing.assert_allclose(outer**4, 12 * 5 * GAMMAS**2 / 1e-4, rtol=1e-12)


@pytest.mark.parametrize("gas", [0.0, 5.0])
@pytest.mark.parametrize("form", [band, near_band])
def test_band__no_gamma__is_nothing(form: object, gas: float) -> None:
    pair = (band if form is band else near_band)(0.0, replace(TERMS, hedge_gas=gas))
    assert (float(pair.outer), float(pair.inner)) == (0.0, 0.0)


def test_band__short_gamma__is_that_of_its_size() -> None:
    assert band(-GAMMA, TERMS) == band(GAMMA, TERMS)


@pytest.mark.parametrize("changed", [{"risk_aversion": 0.0}, {"hedge_gas": -1.0}])
def test_terms__without_meaning__are_refused(changed: dict[str, float]) -> None:
    with pytest.raises(ModelError):
        HedgeTerms(**changed)  # type: ignore[arg-type]


# --- what it is best at


@pytest.mark.parametrize("terms", SHEETS)
def test_running_cost__any_other_pair__is_higher(terms: HedgeTerms) -> None:
    """The identities are the conditions of a least cost; a step aside in any direction costs."""
    pair = band(GAMMA, terms)
    least = float(running_cost(pair, GAMMA, VOL, terms))
    width = float(pair.outer - pair.inner)
    for up, down in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)):
        other = Band(
            pair.outer + 0.03 * width * up, np.maximum(pair.inner + 0.03 * width * down, 0)
        )
        if other != pair:
            assert float(running_cost(other, GAMMA, VOL, terms)) > least


def test_running_cost__simulated_deviation__agrees() -> None:
    """A random walk held in the band: orders a year and open square as the formulas say."""
    random, steps, years = np.random.default_rng(5), 400_000, 1.0
    pair = band(GAMMA, TERMS)
    outer, inner = float(pair.outer), float(pair.inner)
    moves = random.normal(0.0, VOL * GAMMA * math.sqrt(years / steps), steps)
    level, count, squares = 0.0, 0, 0.0
    for move in moves:
        level += move
        squares += level * level
        if abs(level) >= outer:
            level, count = math.copysign(inner, level), count + 1
    assert count == pytest.approx(float(order_rate(pair, GAMMA, VOL)), rel=0.08)
    assert squares / steps == pytest.approx(float(mean_square(pair)), rel=0.08)


def _excess(ratio: float) -> float:
    """What the closed form costs beyond the least, at this kappa H_f/g."""
    width = ratio * TERMS.hedge_gas / TERMS.swap_cost
    gamma = width**2 / math.sqrt(12 * TERMS.hedge_gas / TERMS.risk_aversion)
    costs = [running_cost(f(gamma, TERMS), gamma, VOL, TERMS) for f in (near_band, band)]
    return float(costs[0] / costs[1]) - 1


def test_near_band__small_ratio__is_within_two_per_cent_of_the_least() -> None:
    excesses = [_excess(ratio) for ratio in np.logspace(-6, math.log10(1.3), 60)]
    assert min(excesses) >= 0 and 0.015 < max(excesses) <= 0.02
    assert _excess(1.4) > 0.02


def test_near_band__any_ratio__is_within_a_sixth() -> None:
    assert max(_excess(ratio) for ratio in np.logspace(-6, 7, 80)) < 1 / 6 + 1e-3
    assert _excess(1e6) > 0.16


def test_trading_cost__wider_band__is_lower_and_leaves_more() -> None:
    pair = band(GAMMA, TERMS)
    wide = Band(2 * pair.outer, 2 * pair.inner)
    assert trading_cost(wide, GAMMA, VOL, TERMS) < trading_cost(pair, GAMMA, VOL, TERMS)
    assert mean_square(wide) == 4 * mean_square(pair)


# --- triggers and orders


@pytest.mark.parametrize("sign", [1, -1])
def test_order__around_the_band__goes_back_to_its_inner_edge(sign: int) -> None:
    outer, inner = (float(x) for x in band(GAMMA, TERMS))
    inside = order(sign * np.array([0.0, inner, outer - 1]), GAMMA, NAV, VOL, TERMS)
    assert not inside.any()
    for size in (outer, outer + 1, outer + 20_000):
        assert float(order(sign * size, GAMMA, NAV, VOL, TERMS)) == pytest.approx(
            -sign * (size - inner)
        )


def test_order__no_gamma__waits_for_the_least_order() -> None:
    """Also without gamma the band is as wide as the least order."""
    found = order(np.array([999.0, 1_000.0, -1_500.0]), 0.0, NAV, VOL, TERMS)
    assert list(found) == [0.0, -1_000.0, 1_500.0]


def test_order__far_out__is_one_slice() -> None:
    inner = float(band(GAMMA, TERMS).inner)
    found = orders(120_000.0, GAMMA, NAV, VOL, TERMS)
    assert found[:2] == (-50_000.0, -50_000.0) and len(found) == 3
    assert 120_000.0 + sum(found) == pytest.approx(inner)


def test_is_hard__an_hour_of_deviation__is_half_a_per_cent_of_nav() -> None:
    """At 1 m of NAV and 60 % an hour moves spot by 0.64 %: the trigger is at 780,000."""
    edge = 0.005 * NAV / (VOL * math.sqrt(1 / 8_760))
    assert 779_000 < edge < 780_500
    found = is_hard(np.array([edge - 1, edge + 1, -edge - 1]), NAV, VOL, TERMS)
    assert list(found) == [False, True, True]


def test_order__hard_inside_a_wide_band__goes_back() -> None:
    """Little risk aversion leaves a wide band: the trigger does not wait for it."""
    terms = HedgeTerms(risk_aversion=1e-7, swap_cost=5e-4, hedge_gas=200.0)
    gamma, delta = 4e6, 800_000.0
    assert float(band(gamma, terms).outer) > delta + 1_000
    assert float(order(delta, gamma, 2 * NAV, VOL, terms)) == 0.0
    assert float(order(delta, gamma, NAV, VOL, terms)) == -50_000.0
