"""The hedger's band: its bytecode against its identities, and against roots found another way."""

from __future__ import annotations

import itertools
import math
import re
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp, mpf

from ballast.chain.compiler import project_root
from ballast.model import hedging as model
from tests.math.bytecode import Contract, deployed
from tests.math.shadow import Shadow
from tests.math.test_errors import stated_errors

WAD = 10**18
Q = 2**96
MODULE = "contracts/math/hedge_band.vy"
MOST_GAMMA = 10**10 * WAD
EXAMPLE = (WAD // 10_000, 5 * WAD, 5 * WAD // 10_000)
"""a = 1e-4, g = 5, kappa = 5e-4."""
COUNT = 1_500

Point = tuple[int, int, int, int]


def _bounds(name: str) -> tuple[int, int]:
    """The hard range of a number of a sheet, from the source that enforces it."""
    text = (project_root() / "contracts/modules/sheet_bounds.vy").read_text()
    found = re.findall(rf"^(?:LEAST|MOST)_{name}: constant\(uint256\) = ([^#\n]+)", text, re.M)
    low, high = map(_amount, found)
    return low, high


def _amount(text: str) -> int:
    """A product of whole numbers, powers of ten and names of amounts, perhaps over one."""
    text = text.replace("units.WAD", "10**18").replace("PERCENT", "10**16")
    product, _, divisor = text.partition("//")
    factors = [factor.strip().partition("**") for factor in re.split(r" \* ", product)]
    whole = math.prod(int(base) ** int(power or 1) for base, _, power in factors)
    return whole // int(divisor or 1)


RANGES = tuple(_bounds(name) for name in ("RISK_AVERSION", "HEDGE_GAS", "SWAP_COST"))


@pytest.fixture(scope="module")
def contract() -> Contract:
    return deployed("tests/harness/HedgeMath.vy")


def _log(random: np.random.Generator, low: int, high: int) -> int:
    return min(high, max(low, int(2 ** random.uniform(math.log2(low), math.log2(high)))))


def points(count: int, seed: int, least_gamma: int = 1) -> list[Point]:
    """Every corner of the ranges of a sheet, and points spread evenly over their logarithms."""
    random = np.random.default_rng(seed)
    gammas = (least_gamma, 1_000 * WAD, MOST_GAMMA)
    corners = [(g, *rest) for g in gammas for rest in itertools.product(*RANGES)]
    drawn = [
        (_log(random, least_gamma, MOST_GAMMA), *(_log(random, *r) for r in RANGES))
        for _ in range(count)
    ]
    return corners + drawn


def sides(point: Point) -> tuple[Fraction, Fraction]:
    """Right-hand sides of the identities, 2 H_p^3 and H_f^4, in quote."""
    gamma, aversion, gas, cost = (Fraction(x, WAD) for x in point)
    return 3 * cost * gamma**2 / aversion, 12 * gas * gamma**2 / aversion


def truth(point: Point) -> tuple[mpf, mpf]:
    """Y and L in quote, by halving x = L/Y: (1 - x)^9 / (x^4 (1 + x)) = H_f^12 / (2 H_p^3)^4."""
    with mp.workdps(60):
        first, second = (mpf(s.numerator) / s.denominator for s in sides(point))
        goal = 3 * mp.log(second) - 4 * mp.log(first)

        def over(x: mpf) -> mpf:
            return 9 * mp.log(1 - x) - 4 * mp.log(x) - mp.log(1 + x) - goal

        low, high = mpf(10) ** -40, mpf(1) - mpf(10) ** -12
        x = mp.findroot(over, (low, high), solver="anderson", tol=1e-50, maxsteps=400)
        outer = (first / (x * (1 + x))) ** (mpf(1) / 3)
        return outer, x * outer


# --- the statements


def test_band__ranges__are_those_of_a_sheet() -> None:
    """The docstring's ranges are the ones that the module relies on."""
    assert RANGES == (
        (WAD // 10**7, WAD // 10),
        (WAD // 100, 200 * WAD),
        (5 * WAD // 10**5, WAD // 100),
    )


def test_band__sheet_by_gamma__keeps_both_identities(contract: Contract) -> None:
    """To 1e-6 and far better, wherever a unit of L is not more than that: in exact fractions."""
    for point in points(COUNT, 61):
        first, second = sides(point)
        outer, inner = (Fraction(x, WAD) for x in contract.band.words(*point))
        assert 0 <= inner < outer
        unit = Fraction(4, WAD) / inner if inner else Fraction(1)
        assert abs(outer * inner * (outer + inner) / first - 1) <= Fraction(1, 10**20) + unit
        unit = Fraction(8, WAD) / (outer - inner)
        assert (
            abs((outer + inner) * (outer - inner) ** 3 / second - 1) <= Fraction(1, 10**20) + unit
        )


def test_band__gamma_from_a_quote_up__keeps_both_identities_to_a_millionth(
    contract: Contract,
) -> None:
    """Of the rounding to a unit nothing is left to forgive."""
    for point in points(COUNT, 62, least_gamma=WAD):
        first, second = sides(point)
        outer, inner = (Fraction(x, WAD) for x in contract.band.words(*point))
        assert abs(outer * inner * (outer + inner) / first - 1) <= Fraction(1, 10**6)
        assert abs((outer + inner) * (outer - inner) ** 3 / second - 1) <= Fraction(1, 10**6)


@pytest.fixture(scope="module")
def errors(contract: Contract) -> list[tuple[mpf, mpf]]:
    """Of each result: how far it is below the truth, in units, and the truth in units."""
    found = []
    for point in points(COUNT, 63):
        with mp.workdps(60):
            for exact, result in zip(truth(point), contract.band.words(*point), strict=True):
                found.append((exact * WAD - result, exact * WAD))
    return found


def test_band__roots_found_another_way__agree_to_the_stated_error(
    errors: list[tuple[mpf, mpf]],
) -> None:
    kind, bound = stated_errors()["hedge_band._band"]
    assert kind == "relative" and bound < 1e-20
    assert all(-bound * exact <= error <= bound * exact + 1 for error, exact in errors)


def test_band__stated_error__is_not_loose(errors: list[tuple[mpf, mpf]]) -> None:
    bound = stated_errors()["hedge_band._band"][1]
    assert any(
        error > bound / 100 * exact + 1 or -error > bound / 100 * exact for error, exact in errors
    )


def test_ninth__whole_range__agrees_to_the_stated_error(contract: Contract) -> None:
    kind, bound = stated_errors()["hedge_band._ninth"]
    random = np.random.default_rng(64)
    edges = [2**i * Q + d - Q for i in range(23) for d in (-1, 0, 1)]
    rows = [0, 1, *edges, *(_log(random, 1, 2**118) for _ in range(COUNT))]
    worst = mpf(0)
    with mp.workdps(60):
        for r in rows:
            if not 0 <= r < 2**118:
                continue
            t = mpf(contract.ninth.words(r)[0]) / Q
            x = mp.findroot(lambda x, r=r: x**9 - x - mpf(r) / Q, t)
            worst = max(worst, abs(t / x - 1))
    assert kind == "relative" and bound / 100 < worst <= bound


def test_band__the_example_of_the_design__is_the_published_pair(contract: Contract) -> None:
    """S = 2000 and a gamma of 0.05: 6.964 and 1.303 units of the underlying."""
    outer, inner = contract.band.words(2_000**2 * WAD // 20, *EXAMPLE)
    assert (round(outer / 2_000 / WAD, 3), round(inner / 2_000 / WAD, 3)) == (6.964, 1.303)


def test_band__float_model__agrees_to_its_digits(contract: Contract) -> None:
    """`ballast.model.hedging`, from a gamma of one quote on: a unit is nothing there."""
    for gamma, *sheet in points(COUNT, 69, least_gamma=WAD):
        aversion, gas, cost = (x / WAD for x in sheet)
        pair = model.band(gamma / WAD, model.HedgeTerms(aversion, gas, cost))
        outer, inner = contract.band.words(gamma, *sheet)
        assert outer / WAD == pytest.approx(float(pair.outer), rel=1e-9)
        assert inner / WAD == pytest.approx(float(pair.inner), rel=1e-9)


# --- the shape


def test_band__more_gamma__is_never_narrower(contract: Contract) -> None:
    random = np.random.default_rng(65)
    for _, *sheet in points(60, 66)[::2]:
        gammas = sorted({0, MOST_GAMMA, *(_log(random, 1, MOST_GAMMA) for _ in range(40))})
        gammas = sorted({*gammas, *(g + 1 for g in gammas[:-1])})
        rows = [contract.band.words(gamma, *sheet) for gamma in gammas]
        for one, other in itertools.pairwise(rows):
            assert one[0] <= other[0] and one[1] <= other[1]


@pytest.mark.parametrize("sheet", [EXAMPLE, *itertools.product(*RANGES)])
def test_band__no_gamma__is_nothing(contract: Contract, sheet: tuple[int, int, int]) -> None:
    assert contract.band.words(0, *sheet) == (0, 0)


@pytest.mark.parametrize("gamma", [MOST_GAMMA + 1, 2**128, 2**256 - 1])
def test_band__gamma_beyond_its_range__counts_as_the_most(contract: Contract, gamma: int) -> None:
    assert contract.band.words(gamma, *EXAMPLE) == contract.band.words(MOST_GAMMA, *EXAMPLE)


def test_band__nothing_to_pay_for_size__trades_back_to_zero(contract: Contract) -> None:
    outer, inner = contract.band.words(200_000 * WAD, WAD // 10_000, 5 * WAD, 0)
    assert inner == 0
    assert abs(outer - int((12 * 5 * 200_000**2 / 1e-4) ** 0.25 * WAD)) < 10**6


# --- what it takes


def test_band__every_corner_and_random_points__overflows_nowhere(contract: Contract) -> None:
    shadow = Shadow.of(MODULE)
    sheets = [*itertools.product(*RANGES), EXAMPLE]
    rows = [(gamma, *sheet) for gamma in (0, MOST_GAMMA, 2**256 - 1) for sheet in sheets]
    for point in [*rows, *points(400, 67)]:
        run = shadow.call("_band", *point)
        assert run.reverted is None, point
        assert not run.overflows, (*map(str, run.overflows), point)
        assert run.value == contract.band.words(*point)
    assert 240 < math.log2(max(shadow.peaks.values())) < 255


def test_band__gas__is_small(contract: Contract) -> None:
    for point in points(50, 68):
        contract.no_band.words(*point)
        empty = contract.no_band.gas_used
        contract.band.words(*point)
        assert contract.band.gas_used - empty <= 4_500
