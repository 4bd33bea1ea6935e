"""`Pricer.mark` at its border: what it refuses and with which words, and what it gives at zero."""

from __future__ import annotations

import numpy as np
import pytest
import QuantLib
from flint import arb

from tests.math import accuracy
from tests.math import reference as ref
from tests.math.bytecode import deployed, outcome
from tests.math.domain import (
    DISCOUNT_MAX,
    DISCOUNT_MIN,
    MONEYNESS_MAX,
    PRICE_MAX,
    TAU_MAX,
    VARIANCE_MAX,
    corners,
)
from tests.math.reference import OUTPUTS, WAD, YEAR, Point

BASE = Point(3_000 * WAD, 3_100 * WAD, WAD * 98 // 100, WAD // 20, YEAR // 12)
HUGE = (2**128, 2**160, 2**255 - 1, 2**255, 2**256 - 1)
REASONS = {f"pricer: {field}" for field in (*Point._fields, "moneyness")}

REFUSED = {
    "forward": (0, *HUGE),
    "strike": (0, *HUGE),
    "discount": (0, 1, DISCOUNT_MIN - 1, DISCOUNT_MAX + 1, *HUGE),
    "variance": (VARIANCE_MAX + 1, *HUGE),
    "tau": (TAU_MAX + 1, *HUGE),
}
ACCEPTED = {
    "discount": (DISCOUNT_MIN, DISCOUNT_MIN + 1, DISCOUNT_MAX - 1, DISCOUNT_MAX),
    "variance": (0, 1, 2, VARIANCE_MAX - 1, VARIANCE_MAX),
    "tau": (0, 1, 2, TAU_MAX - 1, TAU_MAX),
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field in REFUSED for value in REFUSED[field]]
)
@pytest.mark.parametrize("at_zero", ["none", "variance", "tau"])
def test_mark__outside_the_domain__is_refused_by_name(field: str, value: int, at_zero: str) -> None:
    """Also at zero time or variance, where the answer comes from another branch."""
    point = BASE._replace(**{at_zero: 0}) if at_zero != "none" else BASE
    assert outcome(deployed("Pricer").mark, point._replace(**{field: value})) == f"pricer: {field}"


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field in ACCEPTED for value in ACCEPTED[field]]
)
def test_mark__at_the_edge_of_the_domain__returns(field: str, value: int) -> None:
    assert not isinstance(outcome(deployed("Pricer").mark, BASE._replace(**{field: value})), str)


@pytest.mark.parametrize("price", [1, 2, 1_000, PRICE_MAX - 1, PRICE_MAX])
def test_mark__extreme_prices__return(price: int) -> None:
    point = BASE._replace(forward=price, strike=price)
    assert not isinstance(outcome(deployed("Pricer").mark, point), str)


@pytest.mark.parametrize("price", [0, *HUGE])
@pytest.mark.parametrize("at_zero", ["none", "variance", "tau"])
def test_mark__both_prices_outside__are_refused_though_at_the_money(
    price: int, at_zero: str
) -> None:
    """The moneyness is fine here, so that the guard on the prices stands alone."""
    point = BASE._replace(forward=price, strike=price)
    point = point._replace(**{at_zero: 0}) if at_zero != "none" else point
    assert outcome(deployed("Pricer").mark, point) == "pricer: forward"


@pytest.mark.parametrize("small", [1_000, WAD, 3_000 * WAD, 2**121 + 1])
@pytest.mark.parametrize("flip", [False, True])
def test_mark__strike_thirty_two_times_away__is_the_last_accepted(small: int, flip: bool) -> None:
    """Exact at the edge; refused a wei beyond it, or 1e-24 of the price where that is more."""
    mark, large = deployed("Pricer").mark, small * MONEYNESS_MAX
    for other, accepted in (
        (large - 1, True),
        (large, True),
        (large + max(1, large // 10**24), False),
        (large * 2, False),
    ):
        pair = (other, small) if flip else (small, other)
        found = outcome(mark, BASE._replace(forward=pair[0], strike=pair[1]))
        assert isinstance(found, str) != accepted, (pair, found)
        assert accepted or found == "pricer: moneyness"


def test_mark__any_words_at_all__return_or_are_refused_by_name() -> None:
    """No panic and no empty revert, whatever the five words are."""
    random, mark = np.random.default_rng(61), deployed("Pricer").mark
    seen = set()
    for _ in range(20_000):
        bits = random.integers(0, 257, size=5)
        words = [int.from_bytes(random.bytes(32), "big") >> (256 - int(b)) for b in bits]
        keep = random.random(5) < 0.7
        found = outcome(mark, [b if k else w for b, w, k in zip(BASE, words, keep, strict=True)])
        seen.add(found if isinstance(found, str) else "returned")
    assert seen == REASONS | {"returned"}


def test_mark__every_corner__returns() -> None:
    mark = deployed("Pricer").mark
    refused = [p for p in corners() if isinstance(outcome(mark, p), str)]
    assert not refused, (len(refused), refused[:3])


@pytest.mark.parametrize("zero", ["variance", "tau", "both"])
def test_mark__at_zero__gives_intrinsic_value_and_step_greeks(zero: str) -> None:
    """Values are rounded down, Greeks exact but for theta, which keeps its usual bound."""
    mark = deployed("Pricer").mark
    points = [
        p
        for p in corners()
        if {"variance": p.variance == 0 < p.tau, "tau": p.tau == 0 < p.variance}.get(
            zero, p.tau == p.variance == 0
        )
    ]
    assert len(points) > 200
    for point in points:
        found = outcome(mark, point)
        assert not isinstance(found, str), (found, point)
        figures = dict(zip(OUTPUTS, found, strict=True))
        exact = ref.mark(point)._asdict()
        for name in OUTPUTS:
            if name.startswith("theta"):
                scale = ref.spot(point) + abs(ref.carry(point) * ref.discounted_strike(point))
                grain = accuracy.GRAIN * YEAR / max(point.tau, 1)
                assert abs(exact[name] - figures[name]) <= 1e-15 * scale + 1 + grain, (name, point)
            else:
                assert _floor(exact[name]) == figures[name], (name, point)


def _floor(ball: arb) -> int:
    """The integer below; where the ball holds an integer (an exact figure), that integer."""
    found = ball.unique_fmpz()
    return int(ball.floor().unique_fmpz() if found is None else found)


def test_mark__realistic_option__equals_the_textbook() -> None:
    """F 3000, K 3100, one month, volatility 77 %, against QuantLib."""
    variance, years = BASE.variance / WAD, BASE.tau / YEAR
    payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call, 3_100.0)
    theirs = QuantLib.BlackCalculator(payoff, 3_000.0, variance**0.5, 0.98)
    ours = dict(zip(OUTPUTS, deployed("Pricer").mark.words(*BASE), strict=True))
    assert ours["call"] / WAD == pytest.approx(theirs.value(), rel=1e-12)
    assert ours["delta_call"] / WAD == pytest.approx(theirs.delta(2_940.0), rel=1e-12)
    assert ours["gamma"] / WAD == pytest.approx(theirs.gamma(2_940.0), rel=1e-12)
    assert ours["vega"] / WAD == pytest.approx(theirs.vega(years), rel=1e-12)
    assert ours["theta_call"] / WAD == pytest.approx(theirs.theta(2_940.0, years), rel=1e-12)
