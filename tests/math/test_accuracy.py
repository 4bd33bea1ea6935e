"""The bytecode of `Pricer.mark` against exact arithmetic.

On a sample here, on millions by `tests.math.accuracy`.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.math import accuracy, domain
from tests.math.bytecode import deployed
from tests.math.domain import Sampler, in_core, in_domain
from tests.math.reference import OUTPUTS, WAD, Point

POINTS = int(os.environ.get("BALLAST_MATH_POINTS", "60000"))
PARTS = 6


@pytest.mark.parametrize("part", range(PARTS))
def test_mark__random_points__stay_within_every_bound(part: int) -> None:
    points = Sampler(seed=20_000 + part).points(max(POINTS // PARTS, 1))
    report = accuracy.measure(points)
    assert report.counts["whole"] == len(points)
    assert report.counts["core"] > len(points) // 3, "the sampler has lost the region that matters"
    assert not report.failures, "\n".join(report.failures)


def test_mark__every_corner__stays_within_every_bound() -> None:
    points = [p for p in domain.corners() if p.variance and p.tau]
    assert len(points) > 10_000
    report = accuracy.measure(points)
    assert not report.failures, "\n".join(report.failures)


def test_mark__near_the_money__stays_within_every_bound() -> None:
    """The strike 1e-18 to 1e-6 of the forward away, on either side, for the least and the most of
    everything.
    """
    points = [
        Point(forward, forward + sign * offset, WAD, variance, tau)
        for forward in (10**12, WAD, 3_000 * WAD, 2**120)
        for exponent in range(6, 19)
        for sign in (-1, 1)
        for variance in (1, 10**4, 10**8, 10**12, 10**16, WAD, 512 * WAD)
        for tau in (1, 60, 86_400, 2**27)
        for offset in [max(forward // 10**exponent, 1)]
    ]
    report = accuracy.measure(points)
    assert not report.failures, "\n".join(report.failures)


@st.composite
def _points(draw: st.DrawFn) -> Point:
    forward = draw(st.integers(domain.PRICE_MIN, domain.PRICE_MAX))
    low = max(domain.PRICE_MIN, -(-forward // domain.MONEYNESS_MAX))
    strike = draw(st.integers(low, min(domain.PRICE_MAX, forward * domain.MONEYNESS_MAX)))
    discount = draw(st.integers(domain.DISCOUNT_MIN, domain.DISCOUNT_MAX))
    return Point(
        forward,
        strike,
        discount,
        draw(st.integers(1, domain.VARIANCE_MAX)),
        draw(st.integers(1, domain.TAU_MAX)),
    )


@settings(max_examples=1_500, deadline=None, derandomize=True)
@given(_points())
def test_mark__hypothesis_points__stay_within_every_bound(point: Point) -> None:
    assert in_domain(point)
    outputs = deployed("Pricer").mark.words(*point)
    assert not accuracy.relations(point, outputs)
    for name, share in zip(OUTPUTS, accuracy.shares(point, outputs, in_core(point)), strict=True):
        assert share <= 1, (name, share)


def test_measure__outputs_off_by_twice_the_bound__are_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The suite's own check: an error of twice what is allowed, in any one output, is caught."""
    point = Point(3_000 * WAD, 3_100 * WAD, WAD * 99 // 100, WAD // 10, 7_776_000)
    honest = deployed("Pricer").mark.words(*point)
    limits = zip(accuracy.scales(point, True), accuracy.BOUNDS, accuracy.slack(point), strict=True)
    for index, (scale, bound, unit) in enumerate(limits):
        shifted = list(honest)
        shifted[index] += 2 * int(bound * scale + unit + 1)
        assert accuracy.shares(point, honest, True)[index] <= 1
        assert accuracy.shares(point, shifted, True)[index] > 1, OUTPUTS[index]
