"""The bytecode against double precision: the house's own model and QuantLib, both written apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
import QuantLib

from ballast.model import black76
from tests.math import accuracy
from tests.math.bytecode import deployed
from tests.math.domain import Sampler, in_core
from tests.math.reference import OUTPUTS, WAD, YEAR, Point

DOUBLE = 1e-12  # what a chain of double operations may lose, relative to the scale of the figure


def _points(count: int, seed: int) -> list[Point]:
    """Core points a double can tell from the money, at prices where a wei does not show."""
    return [
        p
        for p in Sampler(seed).points(count)
        if in_core(p) and 1e15 < p.forward < 1e27 and abs(p.forward / p.strike - 1) > 1e-6
    ]


def _scale(point: Point, name: str) -> float:
    """The scale of a figure; theta's carries the decay, on which doubles lose digits too."""
    spot = point.forward * point.discount / WAD
    money = spot + point.strike * point.discount / WAD
    scale = accuracy.scales(point, False)[OUTPUTS.index(name)]
    return max(scale, money) if name in ("call", "put") else scale


def _sensitivity(point: Point) -> float:
    """How much a relative error of the variance or the moneyness is amplified on its way into d."""
    v = math.sqrt(point.variance / WAD)
    return 1 + abs(math.log(point.forward / point.strike)) / v + 1 / v * 1e-3


def test_mark__against_the_model__agrees_to_double_precision() -> None:
    points = _points(6_000, seed=81)
    assert len(points) > 1_000
    columns = [np.array(c, dtype=float) for c in zip(*points, strict=True)]
    forward, strike, discount, variance = (c / WAD for c in columns[:4])
    theirs = black76.mark(forward, strike, discount, variance, columns[4] / YEAR)
    mark = deployed("Pricer").mark
    for index, point in enumerate(points):
        tolerance = DOUBLE * _sensitivity(point)
        for name, ours in zip(OUTPUTS, mark.words(*point), strict=True):
            error = abs(ours - float(getattr(theirs, name)[index]) * WAD)
            slack = accuracy.slack(point)[OUTPUTS.index(name)] + 1
            assert error <= tolerance * _scale(point, name) + slack, (name, point)


@pytest.mark.parametrize("right", [QuantLib.Option.Call, QuantLib.Option.Put])
def test_mark__against_quantlib__agrees_to_double_precision(right: int) -> None:
    side = "call" if right == QuantLib.Option.Call else "put"
    points, mark = _points(6_000, seed=82), deployed("Pricer").mark
    for point in points:
        years, spot = point.tau / YEAR, point.forward * point.discount / WAD**2
        theirs = QuantLib.BlackCalculator(
            QuantLib.PlainVanillaPayoff(right, point.strike / WAD),
            point.forward / WAD,
            math.sqrt(point.variance / WAD),
            point.discount / WAD,
        )
        expected = {
            side: theirs.value(),
            f"delta_{side}": theirs.delta(spot),
            "gamma": theirs.gamma(spot),
            "vega": theirs.vega(years),
            f"theta_{side}": theirs.theta(spot, years),
        }
        ours, tolerance = mark.words(*point), DOUBLE * _sensitivity(point)
        for name, figure in expected.items():
            index = OUTPUTS.index(name)
            slack = accuracy.slack(point)[index] + 1
            error = abs(ours[index] - figure * WAD)
            assert error <= tolerance * _scale(point, name) + slack, (name, point)
