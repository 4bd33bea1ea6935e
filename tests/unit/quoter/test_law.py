"""What holds of every single quote: Q3 to Q6 and Q8 of the quoting law, on the bytecode."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.model.quoting_exact import Exposure, Inquiry, Quote, half_spread
from ballast.units import LOT, WAD
from tests.unit.quoter.world import (
    LAW,
    TAUS,
    WORKED,
    Sampler,
    after,
    ask,
    at_tau,
    both_sides,
    is_narrow,
    kernel,
    twice_potential_of,
)

BATCH = 2_000
PRODUCT = 2 * 10**9  # a product of two WAD, as twice its amount at 1e-45


def unit(inquiry: Inquiry) -> int:
    """An asset, as twice its amount at 1e-45."""
    return 2 * 10 ** (45 - inquiry.decimals)


def inquiries(seed: int, count: int, *, is_wild: bool) -> list[Inquiry]:
    sampler = Sampler(random.Random(seed), is_wild=is_wild)
    return [sampler.inquiry() for _ in range(count)]


def slack(inquiry: Inquiry) -> int:
    """What rounding dollar delta and gamma dollars may take from convexity, twice at 1e-45.

    Each of the two is off by less than 2 nano, so its square by four times itself; in U before, in
    U after a purchase, and in U after a sale.
    """
    sides = [inquiry.coordinates, *(after(side) for side in both_sides(inquiry))]
    widest = [max(abs(place[i]) for place in sides) + 2 for i in (0, 1)]
    slopes = inquiry.law.delta_slope, inquiry.law.gamma_slope
    return sum(4 * 4 * slope * most for slope, most in zip(slopes, widest, strict=True))


# --- Q3


def check_spread(inquiry: Inquiry) -> bool:
    """Is there a bid, and if so is it below the ask?"""
    bought, sold = (ask(side) for side in both_sides(inquiry))
    if not (isinstance(bought, Quote) and isinstance(sold, Quote)):
        return False
    assert bought.premium > -sold.premium, inquiry
    return True


def can_promise_a_spread(inquiry: Inquiry) -> bool:
    """Is the half-spread of both sides more than rounding takes from convexity?"""
    h = min(half_spread(side, kernel(side)) for side in both_sides(inquiry))
    return 2 * abs(inquiry.lots) * LOT * h * PRODUCT > slack(inquiry)


@pytest.mark.parametrize("seed", range(2))
def test_q3__random_batch__ask_is_above_bid(seed: int) -> None:
    """Whatever the book: at most 1e7 dollars of each Greek, and no exception is needed."""
    batch = inquiries(seed, BATCH, is_wild=False)
    assert all(can_promise_a_spread(inquiry) for inquiry in batch)
    assert sum(check_spread(inquiry) for inquiry in batch) > BATCH // 4


@given(st.randoms())
@settings(max_examples=100)
def test_q3__whole_domain__ask_is_above_bid(source: random.Random) -> None:
    """Of ten inquiries each time, those inside the range and with a half-spread worth the name."""
    sampler = Sampler(source, is_wild=True)
    for inquiry in (sampler.inquiry() for _ in range(10)):
        if all(is_narrow(side) for side in both_sides(inquiry)) and can_promise_a_spread(inquiry):
            check_spread(inquiry)


def test_q3__wild_batch__most_inquiries_promise_a_spread() -> None:
    """So that the test above looks at something."""
    batch = inquiries(5, BATCH // 4, is_wild=True)
    narrow = [one for one in batch if all(is_narrow(side) for side in both_sides(one))]
    promised = [one for one in narrow if can_promise_a_spread(one)]
    assert len(promised) > len(batch) // 4
    assert sum(check_spread(one) for one in promised) > len(promised) // 4


@pytest.mark.parametrize("seed", range(2))
def test_q3__two_sizes__ask_per_contract_is_above_the_bid_of_any_other_size(seed: int) -> None:
    found = 0
    sampler = random.Random(seed)
    for inquiry in inquiries(10 + seed, BATCH, is_wild=False):
        bought, sold = (ask(side) for side in both_sides(inquiry))
        other = replace(inquiry, lots=-sampler.randint(1, 10**6))
        sold = ask(other)
        if isinstance(bought, Quote) and isinstance(sold, Quote):
            found += 1
            assert bought.premium * -other.lots > -sold.premium * abs(inquiry.lots), inquiry
    assert found > BATCH // 4


# --- Q4


@pytest.mark.parametrize("seed", range(2))
def test_q4__unclamped__beats_mark_and_spread_exactly_when_the_potential_falls(seed: int) -> None:
    better = worse = 0
    for inquiry in inquiries(20 + seed, BATCH, is_wild=True):
        found = ask(replace(inquiry, decimals=18, is_reduce_only=False))
        if isinstance(found, str) or found.clamp:
            continue
        h = half_spread(inquiry, kernel(inquiry))
        plain = (inquiry.lots * found.mark + abs(inquiry.lots) * h) * LOT  # WAD^2
        paid = (found.premium - found.fee - found.cover_fee) * WAD
        moved = twice_potential_of(inquiry, after(inquiry)) - twice_potential_of(
            inquiry, inquiry.coordinates
        )
        gain = plain - paid  # the premium is rounded up by less than a unit
        assert (gain > 0) <= (moved < 0)
        assert (moved <= -unit(replace(inquiry, decimals=18))) <= (gain > 0)
        better, worse = better + (moved < 0), worse + (moved > 0)
    assert min(better, worse) > BATCH // 50


# --- Q5


@pytest.mark.parametrize("seed", range(2))
def test_q5__call_and_put_of_a_strike__differ_by_spot_in_delta_alone(seed: int) -> None:
    for inquiry in inquiries(30 + seed, BATCH // 2, is_wild=True):
        pair = [
            ask(replace(inquiry, is_put=is_put, lots=1, is_opening=False))
            for is_put in (False, True)
        ]
        if any(isinstance(quote, str) for quote in pair):
            continue
        call, put = (quote.risk for quote in pair if isinstance(quote, Quote))
        assert (call.gamma, call.vega) == (put.gamma, put.vega)
        assert abs(call.flow_delta - put.flow_delta - inquiry.snapshot.spot * 10**5 // WAD) <= 2


def skew_of(inquiry: Inquiry, legs: list[tuple[int, bool, int]]) -> int:
    """U after the legs less U before them, twice at 1e-45. A lot's risk is that of a purchase."""
    moved = inquiry
    for strike, is_put, lots in legs:
        found = ask(replace(moved, strike=strike, is_put=is_put, lots=abs(lots)))
        assert isinstance(found, Quote)
        moved = replace(moved, exposure=moved.exposure.sold(found.risk, lots))
    start, end = (twice_potential_of(inquiry, one.coordinates) for one in (inquiry, moved))
    return end - start


def rounding_of(inquiry: Inquiry, lots: int) -> int:
    """What 3 nano a lot and leg, for four legs, may do to twice U."""
    reach = 12 * lots + 4
    widest = [abs(c) + reach + 2 * lots * 10**9 for c in inquiry.coordinates]
    return sum(2 * s * w * reach for s, w in zip(inquiry.law.slopes, widest, strict=True))


@pytest.mark.parametrize("strikes", [(1_700, 2_400), (1_999, 2_001), (400, 8_000)])
@pytest.mark.parametrize("lots", [1, 10_000, 1_000_000])
@pytest.mark.parametrize("tau", TAUS)
def test_q5__box__carries_no_skew(strikes: tuple[int, int], lots: int, tau: int) -> None:
    inquiry = at_tau(replace(WORKED, law=replace(LAW, h_min=0)), tau)
    low, high = (k * WAD for k in strikes)
    forward, back = (
        [(low, False, lots), (low, True, -lots)],
        [(high, False, -lots), (high, True, lots)],
    )
    assert abs(skew_of(inquiry, [*forward, *back])) <= rounding_of(inquiry, lots)


@pytest.mark.parametrize("lots", [1, 10_000, 1_000_000])
def test_q5__forwards_of_all_strikes__carry_the_same_skew(lots: int) -> None:
    inquiry = replace(WORKED, law=LAW)
    skews = [
        skew_of(inquiry, [(k * WAD, False, lots), (k * WAD, True, -lots)])
        for k in (1_700, 1_900, 2_000, 2_200, 2_500)
    ]
    assert max(skews) - min(skews) <= rounding_of(inquiry, lots)
    assert skews[0] != 0


# --- Q6


@pytest.mark.parametrize("seed", range(2))
def test_q6__random_batch__cash_and_mark_less_potential_never_falls(seed: int) -> None:
    """At the first source's mark: the other one only ever adds."""
    quotes = 0
    for inquiry in inquiries(40 + seed, BATCH, is_wild=True):
        found = ask(inquiry)
        if isinstance(found, str):
            continue
        quotes += 1
        start, end = (
            twice_potential_of(inquiry, place) for place in (inquiry.coordinates, after(inquiry))
        )
        mark = kernel(inquiry).mark
        assert found.premium * unit(inquiry) >= inquiry.lots * LOT * mark * PRODUCT + end - start
    assert quotes > BATCH // 6


# --- Q8


def check_bounds(inquiry: Inquiry) -> bool:
    """intrinsic <= ask, bid <= S or K df, at both sources' prices; with fees and without."""
    found, snapshot = ask(inquiry), inquiry.snapshot
    if isinstance(found, str):
        return False
    size = inquiry.lots * LOT
    plain = (found.premium - found.fee - found.cover_fee) * unit(inquiry)
    for spot in (snapshot.spot, snapshot.other):
        cash = inquiry.strike * snapshot.discount  # WAD^2
        if inquiry.lots > 0:
            intrinsic = cash - spot * WAD if inquiry.is_put else spot * WAD - cash
            assert plain * WAD >= size * max(0, intrinsic) * PRODUCT, inquiry
        else:
            most = cash if inquiry.is_put else spot * WAD
            assert -plain * WAD <= -size * most * PRODUCT, inquiry
    return True


@pytest.mark.parametrize("seed", range(2))
def test_q8__random_batch__no_quote_leaves_its_bounds(seed: int) -> None:
    batch = inquiries(50 + seed, BATCH, is_wild=True)
    assert sum(check_bounds(inquiry) for inquiry in batch) > BATCH // 4


@given(st.randoms())
@settings(max_examples=200)
def test_q8__whole_domain__no_quote_leaves_its_bounds(source: random.Random) -> None:
    check_bounds(Sampler(source, is_wild=True).inquiry())


@pytest.mark.parametrize("strike", [1, 60, 400, 1_999, 2_001, 9_000, 66_000])
@pytest.mark.parametrize("is_put", [False, True])
@pytest.mark.parametrize("dollars", [-(10**9), 10**9])
@pytest.mark.parametrize("field", ["delta", "gamma", "vega"])
def test_q8__book_that_would_pay_any_price__stays_within_the_bounds(
    strike: int, is_put: bool, dollars: int, field: str
) -> None:
    hungry = replace(WORKED, exposure=Exposure(**{field: dollars * 10**9}))
    for side in both_sides(replace(hungry, strike=strike * WAD, is_put=is_put)):
        found = check_bounds(side)
        assert found or ask(side) == "quoter: no bid"


@pytest.mark.parametrize(
    ("strike", "is_put"), [(2_000, False), (2_300, False), (1_800, True), (2_000, True)]
)
def test_clamp__rebate_beyond_the_cap__is_cut_to_a_quarter_of_the_mark(
    strike: int, is_put: bool
) -> None:
    for sign, share in ((1, 3), (-1, 5)):
        book = Exposure(vega=sign * 10**6 * 10**9)
        inquiry = replace(WORKED, strike=strike * WAD, is_put=is_put, exposure=book, decimals=18)
        found = ask(replace(inquiry, lots=sign * 10_000))
        assert isinstance(found, Quote)
        assert found.clamp > 0
        assert abs(found.premium - sign * share * found.mark // 4) <= 1
