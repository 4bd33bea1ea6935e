"""`ballast.model.quoting`: the worked check of the design, each term alone, and the properties."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ballast.errors import ModelError
from ballast.model.essvi import Slice
from ballast.model.quoting import (
    Exposure,
    Law,
    Moment,
    bounds,
    half_spread,
    mark,
    quote,
    risk,
    toxicity_factor,
    vol_shift,
)
from ballast.units import DAY, YEAR

MOMENT = Moment(spot=2_000.0, smile=Slice(0.65**2 * 30 / 365, 0.0, 0.0), seconds=30 * DAY)
LAW = Law(delta_slope=1e-8, gamma_slope=2e-11, vega_slope=3e-7, b_vega=0.01, b_delta=3e-4)
BOOK = Exposure(delta=50e3, gamma=-2e6, vega=-40e3)
SMILED = Moment(
    spot=2_050.0, smile=Slice(0.035, -0.4, 0.25), seconds=20 * DAY, discount=0.9975, other=2_061.0
)
FULL = replace(
    LAW, flow_slope=5e-7, vflow_slope=2e-6, h_min=1e-4, b_mark=0.002, stale_z=1.5,
    fee_spot=3e-4, fee_cap=0.125, cover_rate=0.05,
)  # fmt: skip
STRIKES = np.array([400.0, 1_200.0, 1_700.0, 2_000.0, 2_055.0, 2_400.0, 3_900.0, 9_000.0])


# --- the worked check


@pytest.mark.parametrize(
    ("is_put", "size", "each"),
    [
        (False, 1.0, 153.4503), (False, -1.0, 148.2232), (False, 10.0, 153.5739),
        (False, -10.0, 148.0996), (True, 1.0, 154.4043), (True, -1.0, 149.2692),
    ],
)  # fmt: skip
def test_quote__worked_check__six_numbers_to_four_decimals(
    is_put: bool, size: float, each: float
) -> None:
    got = quote(MOMENT, 2_000.0, is_put, size, BOOK, LAW)
    assert round(float(got.premium) / size, 4) == each
    assert round(float(got.mark), 4) == 148.4703


def test_vol_shift__worked_check__is_more_than_a_point() -> None:
    """A book short of vega quotes a higher volatility."""
    assert float(vol_shift(BOOK, LAW, MOMENT.omega)) == pytest.approx(0.012, rel=1e-12)


# --- the risk vector


@pytest.mark.parametrize(
    ("seconds", "omega"),
    [
        (30 * DAY, 1.0), (120 * DAY, 0.5), (7 * DAY + 1, math.sqrt(30 * DAY / (7 * DAY + 1))),
        (7 * DAY, math.sqrt(30 / 7)), (7 * DAY - 1, math.sqrt(30 / 7)), (1, math.sqrt(30 / 7)),
    ],
)  # fmt: skip
def test_omega__time_to_expiry__is_a_root_that_stops_at_seven_days(
    seconds: int, omega: float
) -> None:
    assert replace(MOMENT, seconds=seconds).omega == pytest.approx(omega, rel=1e-14)


@pytest.mark.parametrize("seconds", [1, 60, DAY // 2 - 1, DAY // 2, DAY // 2 + 1, 9 * DAY])
def test_risk__below_twelve_hours__is_that_of_twelve_hours_at_the_same_d1(seconds: int) -> None:
    moment = replace(MOMENT, seconds=seconds, smile=Slice(0.65**2 * seconds / YEAR, 0.0, 0.0))
    greeks = mark(moment, 2_010.0)
    got = risk(moment, greeks, False)
    v = 0.65 * math.sqrt(seconds / YEAR)
    d1 = math.log(2_000.0 / 2_010.0) / v + v / 2
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    held = max(seconds, DAY // 2) / YEAR
    assert float(got.gamma) == pytest.approx(2_000 * density / (0.65 * math.sqrt(held)), rel=1e-9)
    weighted = moment.omega * 2_000 * density * math.sqrt(held)
    assert float(got.vega) == pytest.approx(weighted, rel=1e-9)
    assert float(got.delta) == pytest.approx(2_000 * float(greeks.delta_call), rel=1e-14)


def test_risk__call_and_put_of_a_strike__differ_by_spot_in_delta_only() -> None:
    greeks = mark(SMILED, STRIKES)
    call, put = risk(SMILED, greeks, False), risk(SMILED, greeks, True)
    np.testing.assert_allclose(call.delta - put.delta, SMILED.spot, rtol=1e-14)
    np.testing.assert_array_equal(call.gamma, put.gamma)
    np.testing.assert_array_equal(call.vega, put.vega)


@pytest.mark.parametrize("factor", [31.9, 32.1, 1e6])
@pytest.mark.parametrize("is_far_up", [False, True])
def test_mark__strike_far_from_the_forward__is_intrinsic(factor: float, is_far_up: bool) -> None:
    strike = 2_000.0 * factor if is_far_up else 2_000.0 / factor
    got = mark(MOMENT, strike)
    assert float(got.put if is_far_up else got.call) == pytest.approx(abs(2_000 - strike))
    assert float(got.call if is_far_up else got.put) < 1e-12
    assert float(got.delta_call) == pytest.approx(0.0 if is_far_up else 1.0)


def test_half_spread__strike_outside_the_kernel__the_volatility_at_the_money_is_charged() -> None:
    law, old = Law(h_min=1e-4, stale_z=3.0), replace(MOMENT, spot_age_seconds=3_600)
    drift = 3.0 * 2_000.0 * float(MOMENT.smile.total_variance(0.0) / MOMENT.years) ** 0.5
    expected = 0.2 + drift * (3_600 / YEAR) ** 0.5
    assert float(half_spread(old, 2_000.0 / 33, False, law)) == pytest.approx(expected)
    assert float(half_spread(old, 2_000.0 / 31, False, law)) > 10.0


# --- the half-spread


def spread_of(law: Law, moment: Moment = MOMENT, factor: float = 1.0) -> float:
    return float(half_spread(moment, 2_100.0, True, law, factor))


def test_half_spread__one_number_at_a_time__is_that_term() -> None:
    greeks = mark(MOMENT, 2_100.0)
    assert spread_of(Law(h_min=1e-3)) == pytest.approx(2.0)
    assert spread_of(Law(b_vega=0.01)) == pytest.approx(0.01 * float(greeks.vega))
    assert spread_of(Law(b_delta=1e-3)) == pytest.approx(-2.0 * float(greeks.delta_put))
    assert spread_of(Law(b_mark=0.01)) == pytest.approx(0.01 * float(greeks.put))
    assert spread_of(Law(b_mark=0.01), factor=3.0) == pytest.approx(0.03 * float(greeks.put))


def test_half_spread__floor_and_terms__the_larger_counts() -> None:
    terms = spread_of(Law(b_vega=0.01, b_delta=1e-3))
    assert spread_of(Law(b_vega=0.01, b_delta=1e-3, h_min=terms / 2_000 * 0.99)) == terms
    above = spread_of(Law(b_vega=0.01, b_delta=1e-3, h_min=terms / 2_000 * 1.01))
    assert above == pytest.approx(terms * 1.01)


@pytest.mark.parametrize(
    ("age", "points"),
    [(0, 0.0), (1_199, 0.0), (1_200, 0.0), (1_201, 1 / 600), (1_800, 1.0), (7_200, 10.0),
     (16_199, 24.998333), (16_200, 25.0), (16_201, 25.0), (10**7, 25.0)],
)  # fmt: skip
def test_half_spread__old_surface__charges_points_of_vega(age: int, points: float) -> None:
    got = spread_of(Law(), replace(MOMENT, surface_age_seconds=age), factor=5.0)
    assert got == pytest.approx(points / 100 * float(mark(MOMENT, 2_100.0).vega), rel=1e-6)


@pytest.mark.parametrize("age", [0, 1, 3_600])
def test_half_spread__old_round__charges_deviations_of_dollar_delta(age: int) -> None:
    got = spread_of(Law(stale_z=2.0), replace(MOMENT, spot_age_seconds=age), factor=5.0)
    dollars = -2_000.0 * float(mark(MOMENT, 2_100.0).delta_put)
    assert got == pytest.approx(2.0 * dollars * 0.65 * math.sqrt(age / YEAR), rel=1e-12)


@pytest.mark.parametrize(
    ("ratio", "factor"), [(-1.0, 1.0), (0.0, 1.0), (0.25, 1.5), (1.0, 3.0), (1.01, 3.0)]
)
def test_toxicity_factor__ratio__widens_up_to_the_largest(ratio: float, factor: float) -> None:
    assert toxicity_factor(ratio, 2.0, 3.0) == factor


# --- fees and clamps


def test_quote__fee__is_the_lesser_share_and_the_same_for_both_sides() -> None:
    law = Law(fee_spot=3e-4, fee_cap=0.125)
    cheap, dear = (quote(MOMENT, k, False, [2.0, -2.0], Exposure(), law) for k in (4_500, 2_000))
    np.testing.assert_allclose(dear.fee, 2 * 3e-4 * 2_000)
    np.testing.assert_allclose(cheap.fee, 2 * 0.125 * cheap.mark)
    np.testing.assert_allclose(dear.premium - dear.fee, [2 * dear.mark[0], -2 * dear.mark[1]])


def test_quote__cover_fee__only_a_buy_to_open_pays() -> None:
    law = Law(cover_rate=0.05)
    args = (MOMENT, 1_800.0, [False, True, False], [2.0, 2.0, -2.0], Exposure(), law)
    opened = quote(*args)
    paid = 2 * 0.05 * 30 / 365
    np.testing.assert_allclose(opened.cover_fee, [paid * 2_000, paid * 1_800, 0.0])
    assert not quote(*args, is_opening=False).cover_fee.any()


def test_quote__rebate_beyond_the_cap__buyer_pays_three_quarters_of_the_mark() -> None:
    long_of = Exposure(vega=1e6)
    got = quote(MOMENT, 2_600.0, False, 1.0, long_of, LAW)
    assert float(got.premium) == pytest.approx(0.75 * float(got.mark))
    assert float(got.clamp) > 0.0


def test_quote__rebate_beyond_the_cap__seller_gets_five_quarters_of_the_mark() -> None:
    short_of = Exposure(vega=-1e6)
    got = quote(MOMENT, 2_600.0, False, -1.0, short_of, LAW)
    assert float(got.premium) == pytest.approx(-1.25 * float(got.mark))


def test_quote__deep_options_in_a_hungry_book__stay_within_their_bounds() -> None:
    for book in (Exposure(delta=3e6), Exposure(delta=-3e6)):
        for is_put in (False, True):
            low, high = bounds(2_000.0, STRIKES, 1.0, is_put)
            assert (quote(MOMENT, STRIKES, is_put, 1.0, book, LAW).premium >= low - 1e-12).all()
            bid = -quote(MOMENT, STRIKES, is_put, -1.0, book, LAW).premium
            assert (np.nan_to_num(bid) <= high).all()


def test_quote__worthless_after_the_spread__has_no_bid() -> None:
    got = quote(MOMENT, 9_000.0, False, [1.0, -1.0], Exposure(), replace(LAW, h_min=1e-3))
    assert np.isnan(got.premium).tolist() == [False, True]


def test_quote__reduce_only__a_fall_of_potential_is_not_paid_for() -> None:
    args = (MOMENT, 2_000.0, False, [-1.0, 1.0], Exposure(vega=-40e3), LAW)
    normal, reduced = quote(*args), quote(*args, is_reduce_only=True)
    assert normal.skew[0] < 0.0 < normal.skew[1]
    assert reduced.skew.tolist() == [0.0, normal.skew[1]]
    assert (reduced.premium >= normal.premium).all()


@pytest.mark.parametrize("other", [1_950.0, 2_000.0, 2_080.0])
def test_quote__second_source__each_side_gets_the_worse_mark(other: float) -> None:
    apart = replace(MOMENT, other=other)
    for is_put in (False, True):
        marks = [
            float(quote(replace(MOMENT, spot=s), 2_000.0, is_put, 1.0, Exposure(), LAW).mark)
            for s in (2_000.0, other)
        ]
        got = quote(apart, 2_000.0, is_put, [1.0, -1.0], BOOK, LAW)
        assert got.mark.tolist() == pytest.approx([max(marks), min(marks)], rel=1e-13)
        alone = quote(MOMENT, 2_000.0, is_put, [1.0, -1.0], BOOK, LAW)
        np.testing.assert_array_equal(got.skew, alone.skew)
        np.testing.assert_array_equal(got.spread, alone.spread)


def test_quote__second_source__share_of_the_mark_is_of_the_worse_one() -> None:
    got = quote(replace(MOMENT, other=2_080.0), 2_000.0, False, [3.0, -3.0], BOOK, Law(b_mark=0.01))
    np.testing.assert_allclose(got.spread, 0.03 * got.mark, rtol=1e-14)
    assert got.mark[0] > got.mark[1]


# --- properties of the law


def test_quote__parts__add_up() -> None:
    got = quote(SMILED, STRIKES, True, 3.0, BOOK, FULL, caution=1.5, toxicity=2.0)
    parts = 3.0 * got.mark + got.skew + got.spread + got.clamp + got.fee + got.cover_fee
    np.testing.assert_allclose(got.premium, parts, rtol=1e-14)


def test_quote__box__carries_no_skew() -> None:
    """Q5, whatever the book: long call and short put of one strike, the reverse of another."""
    total, book = 0.0, BOOK
    for strike, is_put, size in ((1_700, 0, 5), (1_700, 1, -5), (2_400, 0, -5), (2_400, 1, 5)):
        got = quote(SMILED, float(strike), bool(is_put), float(size), book, FULL)
        total, book = total + float(got.skew), got.exposure_after
    assert total == pytest.approx(0.0, abs=1e-8)


def test_quote__random_cycles__cost_at_least_nothing() -> None:
    """Q1 and Q7 on the float model: walks over three series and back in another order."""
    random, completed = np.random.default_rng(7), 0
    for _ in range(200):
        book = Exposure(*random.normal(0.0, 1.0, 3) * (1e5, 2e6, 4e4), *random.normal(0, 3e4, 2))
        start, paid, saved = float(book.potential(FULL)), 0.0, 0.0
        legs = [(float(k), float(x)) for k, x in zip(
            random.choice(STRIKES[2:6], 6), random.normal(0.0, 15.0, 6), strict=True)]  # fmt: skip
        undone = [(k, -x) for k, x in legs]
        random.shuffle(undone)
        for strike, size in legs + undone:
            got = quote(SMILED, strike, False, size, book, FULL, is_opening=False)
            if np.isnan(got.premium):
                break
            paid, book = paid + float(got.premium), got.exposure_after
            saved += size * float(got.mark) - float(got.premium)
            assert saved <= start + 1e-6
        else:
            completed += 1
            assert paid >= 0.0
    assert completed > 150


def test_quote__split_in_ten__costs_the_same_to_rounding() -> None:
    """Q2 without rounding: the potential telescopes."""
    whole = quote(SMILED, 2_000.0, False, 10.0, BOOK, LAW)
    total, book = 0.0, BOOK
    for _ in range(10):
        part = quote(SMILED, 2_000.0, False, 1.0, book, LAW)
        total, book = total + float(part.premium), part.exposure_after
    assert total == pytest.approx(float(whole.premium), rel=1e-13)


def test_quote__unclamped__beats_the_mark_exactly_when_it_lowers_the_potential() -> None:
    """Q4."""
    for book in (BOOK, Exposure(vega=4e4), Exposure(delta=-2e5), Exposure(gamma=3e6)):
        for size in (-40.0, -1.0, 1.0, 40.0):
            got = quote(MOMENT, STRIKES[2:6], False, size, book, LAW)
            free = (got.clamp == 0.0) & ~np.isnan(got.premium)
            better = got.premium < size * got.mark + got.spread
            lowers = got.potential_after < got.potential_before
            assert (better == lowers)[free].all()


def test_moment__expired_or_from_the_future__is_refused() -> None:
    with pytest.raises(ModelError, match="at least one second"):
        replace(MOMENT, seconds=0)
    with pytest.raises(ModelError, match="future"):
        replace(MOMENT, spot_age_seconds=-1.0)
