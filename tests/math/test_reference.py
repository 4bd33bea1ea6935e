"""The reference is itself held to two other authorities.

They are mpmath at 50 digits and QuantLib's double precision.
"""

from __future__ import annotations

import math

import mpmath as mp
import pytest
import QuantLib
from flint import arb

from tests.math import reference as ref
from tests.math.domain import Sampler, corners, in_core
from tests.math.reference import WAD, YEAR, Point

mp.mp.dps = 80  # for 50 good digits after cancellation


def _mp(ball: arb) -> mp.mpf:
    """The midpoint, by way of its exact mantissa and exponent."""
    mantissa, exponent = ball.mid().man_exp()
    return mp.mpf(int(mantissa)) * mp.mpf(2) ** int(exponent)


def _mp_mark(point: Point) -> dict[str, mp.mpf]:
    """Black-76 once more, spelled out in mpmath without a line in common with the reference."""
    wad = mp.mpf(WAD)
    f, k, df = point.forward / wad, point.strike / wad, point.discount / wad
    t = mp.mpf(point.tau) / YEAR
    sigma = mp.sqrt(point.variance / wad / t)
    v = sigma * mp.sqrt(t)
    d1 = (mp.log(f) - mp.log(k) + sigma * sigma * t / 2) / v
    d2 = (mp.log(f) - mp.log(k) - sigma * sigma * t / 2) / v
    s, c, phi = f * df, -mp.log(df) / t, mp.npdf(d1)
    decay = -s * phi * sigma / (2 * mp.sqrt(t))
    return {
        "call": df * (f * mp.ncdf(d1) - k * mp.ncdf(d2)),
        "put": df * (k * mp.ncdf(-d2) - f * mp.ncdf(-d1)),
        "delta_call": mp.ncdf(d1),
        "delta_put": -mp.ncdf(-d1),
        "gamma": phi / (s * v),
        "vega": s * phi * mp.sqrt(t),
        "theta_call": decay - c * k * df * mp.ncdf(d2),
        "theta_put": decay + c * k * df * mp.ncdf(-d2),
        "vanna": -phi * d2 / sigma,
        "volga": s * phi * mp.sqrt(t) * d1 * d2 / sigma,
    }


def _moderate(count: int, seed: int) -> list[Point]:
    """Points whose distance from the money mpmath's cancellation can follow."""
    points = (p for p in Sampler(seed).points(count * 4) if _distance(p) < 30 and p.variance > 1000)
    return list(points)[:count]


def _distance(point: Point) -> float:
    return abs(math.log(point.forward / point.strike)) / math.sqrt(point.variance / WAD)


def test_mark__against_mpmath__agrees_to_45_digits() -> None:
    points = _moderate(400, seed=11)
    assert len(points) == 400
    for point in points:
        theirs = _mp_mark(point)
        money = _mp(ref.spot(point)) + _mp(ref.discounted_strike(point))
        drift = money * abs(_mp(ref.carry(point)))
        scales = {"call": money, "put": money, "delta_call": WAD, "delta_put": WAD,
                  "theta_call": drift, "theta_put": drift}  # fmt: skip
        for name, ball in ref.mark(point)._asdict().items():
            unit = max(abs(theirs[name] * WAD), scales.get(name, mp.mpf(0)))
            assert abs(_mp(ball) - theirs[name] * WAD) <= mp.mpf("1e-45") * unit, (name, point)


def test_mark__every_ball__is_narrower_than_a_billionth_of_a_wei() -> None:
    for point in Sampler(12).points(4000):
        mark = ref.mark(point)
        for name in ("call", "put", "delta_call", "vega", "theta_call", "theta_put"):
            assert getattr(mark, name).rad() < arb("1e-9"), (name, point)


def _quantlib(point: Point) -> dict[str, float]:
    forward, strike = point.forward / WAD, point.strike / WAD
    deviation, discount = math.sqrt(point.variance / WAD), point.discount / WAD
    years, spot = point.tau / YEAR, point.forward * point.discount / WAD**2
    call = QuantLib.BlackCalculator(
        QuantLib.PlainVanillaPayoff(QuantLib.Option.Call, strike), forward, deviation, discount
    )
    put = QuantLib.BlackCalculator(
        QuantLib.PlainVanillaPayoff(QuantLib.Option.Put, strike), forward, deviation, discount
    )
    return {
        "call": call.value(),
        "put": put.value(),
        "delta_call": call.delta(spot),
        "delta_put": put.delta(spot),
        "gamma": call.gamma(spot),
        "vega": call.vega(years),
        "theta_call": call.theta(spot, years),
        "theta_put": put.theta(spot, years),
    }


def _double_scales(point: Point) -> dict[str, float]:
    """What 1e-12 is relative to: double precision cancels to it, not to the figure itself."""
    years, spot = point.tau / YEAR, point.forward * point.discount / WAD**2
    cash, deviation = point.strike * point.discount / WAD**2, math.sqrt(point.variance / WAD)
    carry = abs(math.log(point.discount / WAD)) / years
    money = spot + cash
    theta = (carry + deviation * deviation / years / 2 + deviation / years) * money
    return {
        "call": money,
        "put": money,
        "delta_call": 1,
        "delta_put": 1,
        "gamma": 1 / spot / deviation,
        "vega": spot * math.sqrt(years),
        "theta_call": theta,
        "theta_put": theta,
    }


def test_mark__against_quantlib__agrees_to_1e_12() -> None:
    """A double loses digits of ln(1 + x) where x is small, so the deviation and the discount's
    distance from one are kept above a thousandth and a millionth.
    """
    points = [
        p
        for p in Sampler(13).points(4000)
        if in_core(p) and p.variance > 10**12 and abs(p.discount - WAD) > WAD // 10**6
    ]
    assert len(points) > 400
    for point in points:
        theirs, scales, ours = _quantlib(point), _double_scales(point), ref.mark(point)
        for name, figure in theirs.items():
            error = abs(float(getattr(ours, name)) / WAD - figure)
            assert error <= 1e-12 * scales[name], (name, error, scales[name], point)


@pytest.mark.parametrize("name", ["vanna", "volga"])
def test_second_order__against_a_difference_of_the_first__agrees(name: str) -> None:
    """vanna and volga are derivatives: of delta and vega to volatility."""
    first = {"vanna": "delta_call", "volga": "vega"}[name]
    step = mp.mpf("1e-15")
    for point in _moderate(50, seed=14):
        years = mp.mpf(point.tau) / YEAR
        sigma = mp.sqrt(mp.mpf(point.variance) / WAD / years)
        values = [_mp_first_order(point, sigma + sign * step * sigma)[first] for sign in (-1, 1)]
        slope = (values[1] - values[0]) / (2 * step * sigma) * WAD
        ours = _mp(getattr(ref.mark(point), name))
        unit = WAD / sigma * (1 if name == "vanna" else _mp(ref.spot(point)) / WAD * mp.sqrt(years))
        assert abs(slope - ours) <= mp.mpf("1e-20") * unit * (1 + _distance(point) ** 3), point


def _mp_first_order(point: Point, sigma: mp.mpf) -> dict[str, mp.mpf]:
    t = mp.mpf(point.tau) / YEAR
    v = sigma * mp.sqrt(t)
    d1 = mp.log(mp.mpf(point.forward) / point.strike) / v + v / 2
    spot = mp.mpf(point.forward) * point.discount / WAD**2
    return {"delta_call": mp.ncdf(d1), "vega": spot * mp.npdf(d1) * mp.sqrt(t)}


def test_mark__tiny_variance_and_time__tends_to_its_limit() -> None:
    """The limit branch is the limit.

    At one wei of variance and a moneyness off one, nothing but the step is left.
    """
    for forward, strike in ((WAD, 2 * WAD), (2 * WAD, WAD)):
        near = ref.mark(Point(forward, strike, WAD * 9 // 10, 1, YEAR))
        limit = ref.mark(Point(forward, strike, WAD * 9 // 10, 0, YEAR))
        for name in ref.OUTPUTS:
            assert abs(getattr(near, name) - getattr(limit, name)) < arb("1e-30"), name


def test_parity__at_every_corner__is_exact() -> None:
    for point in list(corners())[::17]:
        mark = ref.mark(point)
        gap = mark.call - mark.put - (ref.spot(point) - ref.discounted_strike(point))
        assert gap.contains(0) and gap.rad() < arb("1e-20")
        assert (mark.theta_put - mark.theta_call).overlaps(
            ref.carry(point) * ref.discounted_strike(point)
        )


@pytest.mark.parametrize("x", ["-37.5", "-8", "-1e-9", "0", "1e-12", "0.7", "3", "12", "40"])
def test_gaussian__against_mpmath__agrees_to_50_digits(x: str) -> None:
    ours, theirs = arb(x), mp.mpf(x)
    tight = mp.mpf("1e-50")
    assert abs(_mp(ref.cdf(ours)) / mp.ncdf(theirs) - 1) < tight
    assert abs(_mp(ref.pdf(ours)) / mp.npdf(theirs) - 1) < tight
    assert abs(_mp(ref.mills(ours)) / (mp.ncdf(-theirs) / mp.npdf(theirs)) - 1) < tight
    assert abs(_mp(ref.exp2(ours)) / mp.mpf(2) ** theirs - 1) < tight
    if theirs > 0:
        assert abs(_mp(ref.ln(ours)) - mp.log(theirs)) < tight * 100
        assert abs(_mp(ref.sqrt(ours)) / mp.sqrt(theirs) - 1) < tight


def test_essvi__at_the_money__is_theta_with_slope_rho_psi() -> None:
    theta, rho, psi, step = arb("0.09"), arb("-0.4"), arb("0.5"), arb("1e-30")
    assert abs(ref.essvi_variance(arb(0), theta, rho, psi) - theta) < arb("1e-80")
    rise = ref.essvi_variance(step, theta, rho, psi) - ref.essvi_variance(-step, theta, rho, psi)
    assert abs(rise / (2 * step) - rho * psi) < arb("1e-25")


@pytest.mark.parametrize("k", ["-2", "-0.3", "0", "1e-12", "0.4", "2"])
@pytest.mark.parametrize("v", ["0.001", "0.2", "3", "9"])
def test_implied__round_trip__returns_the_volatility(k: str, v: str) -> None:
    value = ref.out_of_the_money(arb(k), arb(v))
    if value > arb("1e-40"):
        assert abs(ref.implied_total_volatility(arb(k), value) / arb(v) - 1) < arb("1e-40")
