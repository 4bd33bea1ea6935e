"""What holds of sequences of quotes at one snapshot: Q1, Q2 and Q7, with Q6 at every step."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.model.quoting_exact import Exposure, Inquiry, Quote, Slice, is_wide
from ballast.units import WAD
from tests.unit.quoter.cycles import Tally, chunks, cycle, markets, run
from tests.unit.quoter.world import LAW, WORKED, Sampler, after, ask, is_narrow

COMPONENTS = 3  # premium, fee and price of cover are rounded up one by one


@pytest.mark.parametrize("seed", range(4))
def test_q1__random_cycles__none_pays_and_each_restores_the_book(seed: int) -> None:
    """Steps assert Q6 and Q7, the end asserts the state bit for bit."""
    tally = run(600, seed)
    assert tally.profitable == 0
    assert tally.closed == 600
    assert tally.wide == 0


@given(st.randoms(use_true_random=True))
@settings(max_examples=50)
def test_q1__markets_of_hypothesis__no_cycle_pays(source: random.Random) -> None:
    tally = Tally()
    cycle(next(markets(source)), source, tally)
    assert tally.profitable == 0


def test_q1__cycles__trade_at_prices_better_than_the_mark() -> None:
    """Else they would prove nothing: a rebate is what a cycle could live on."""
    better = trades = 0
    source = random.Random(3)
    for market, _ in zip(markets(source), range(200), strict=False):
        for inquiry in market:
            found = ask(replace(inquiry, lots=10**5 * source.choice((-1, 1))))
            if isinstance(found, Quote):
                trades += 1
                better += found.skew < 0
    assert better > trades // 4


# --- Q2


def split(inquiry: Inquiry, parts: list[int]) -> list[Quote] | None:
    """Quotes of the parts one after another; None if one of them has no bid."""
    quotes, moved = [], inquiry
    for lots in parts:
        found = ask(replace(moved, lots=lots))
        if isinstance(found, str):
            return None
        quotes.append(found)
        moved = replace(moved, exposure=moved.exposure.sold(found.risk, lots))
    return quotes


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("is_reduce_only", [False, True])
def test_q2__random_splits__are_never_cheaper_and_dearer_by_a_unit_a_slice_and_part(
    seed: int, is_reduce_only: bool
) -> None:
    source = random.Random(seed)
    sampler, compared, free = Sampler(source, is_wild=False), 0, 0
    for _ in range(400):
        inquiry = replace(sampler.inquiry(), is_reduce_only=is_reduce_only)
        parts = [lots for _, lots in chunks(0, inquiry.lots, source)]
        whole, slices = ask(inquiry), split(inquiry, parts)
        if isinstance(whole, str) or slices is None:
            continue
        total, compared = sum(one.premium for one in slices), compared + 1
        assert total >= whole.premium
        if not is_reduce_only and not whole.clamp and not any(one.clamp for one in slices):
            free += 1
            assert total <= whole.premium + len(slices) * COMPONENTS
    assert compared > 150
    assert is_reduce_only or free > 50


@pytest.mark.parametrize("count", [2, 3, 100])
@pytest.mark.parametrize("lots", [30_000, -30_000])
def test_q2__equal_slices__end_in_the_same_book(count: int, lots: int) -> None:
    parts = [lots // count] * count
    parts[-1] += lots - sum(parts)
    inquiry = replace(WORKED, law=LAW, lots=lots)
    whole, slices = ask(inquiry), split(inquiry, parts)
    assert isinstance(whole, Quote)
    assert slices is not None
    end, last = inquiry.exposure.sold(whole.risk, lots), slices[-1]
    assert last.vega_after == whole.vega_after == end.vega
    assert last.potential_after == whole.potential_after
    assert 0 <= sum(s.premium for s in slices) - whole.premium <= count * COMPONENTS


# --- the end of the range


def test_q1__books_at_the_end_of_the_range__openings_keep_inside() -> None:
    """An opening is refused before it reaches the end, from wherever it starts."""
    source, refused = random.Random(8), 0
    sampler = Sampler(source, is_wild=True)
    for _ in range(2_000):
        inquiry = replace(sampler.inquiry(), is_opening=True)
        found = ask(inquiry)
        if isinstance(found, Quote):
            assert is_narrow(inquiry)
        refused += found == "quoter: range"
    assert refused > 100


BEYOND = replace(
    WORKED,
    law=replace(WORKED.law, delta_slope=4 * 10**12, gamma_slope=0, vega_slope=0, b_delta=0,
                b_vega=WAD // 1_000, h_min=WAD // 10_000),
    exposure=Exposure(delta=2**71 - 9 * 10**15),
    snapshot=replace(WORKED.snapshot, smile=Slice(WORKED.snapshot.smile.theta)),
)  # fmt: skip


def test_q1__closings_through_the_end_of_the_range__do_not_pay() -> None:
    """Two sales, the first of which takes dollar delta beyond 2^71 nano; then both bought back."""
    moved, paid = BEYOND, 0
    for is_put, lots in (
        (False, -(10**8)),
        (True, -(10**8) // 2),
        (False, 10**8),
        (True, 10**8 // 2),
    ):
        leg = replace(moved, is_put=is_put, lots=lots, is_opening=False)
        found = ask(leg)
        assert isinstance(found, Quote)
        paid += found.premium
        moved = replace(moved, exposure=moved.exposure.sold(found.risk, lots))
    assert moved.exposure == BEYOND.exposure
    assert paid >= 0


def test_q1__that_cycle__does_leave_the_range_and_come_back() -> None:
    first = replace(BEYOND, lots=-(10**8))
    assert not is_wide(first.coordinates)
    assert is_wide(after(first))
