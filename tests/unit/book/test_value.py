"""What the book says it is worth, and by how much it may be off."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from ballast.chain import rolled_back
from ballast.market.local import LocalMarket
from ballast.model import quoting
from ballast.model.essvi import Slice
from ballast.units import WAD
from tests.market import CUTOFF, HOUR, NANO, at_start, refused, renew, sum_of_heads, told, totals_of


@pytest.fixture
def market() -> Any:
    with at_start() as market:
        expiries = market.now_expiries
        for expiry, strike, right, size in (
            (expiries[0], 2_000, "call", 5),
            (expiries[1], 2_100, "put", 3),
            (expiries[3], 2_200, "call", 12),
        ):
            market.buy("trader", market.series(expiry, strike, right), size)
        yield market


def truth(market: LocalMarket, spot: float) -> float:
    """The positions' value on the slices as of now, from the float model; passed ones at spot."""
    total, now = 0.0, market.chain.timestamp
    for expiry in market.book.expiries():
        positions = market.book.positions(expiry)
        strikes = np.array([p.strike / WAD for p in positions])
        calls, puts = (np.array([p[i] / 10_000 for p in positions]) for i in (1, 3))
        if now >= expiry:
            total -= float(
                calls @ np.maximum(spot - strikes, 0) + puts @ np.maximum(strikes - spot, 0)
            )
            continue
        seen = market.surface.slice(expiry)
        moment = quoting.Moment(spot, Slice(*(x / WAD for x in seen.smile)), expiry - now)
        marks = quoting.mark(moment, strikes)
        total -= float(calls @ marks.call + puts @ marks.put)
    return total


def slack(market: LocalMarket, expiry: int) -> float:
    """Of a contract, as docs/MATH.md states it, in quote; theta and spot of the evaluation."""
    seen = market.surface.slice(expiry)
    theta, rho, psi = (x / WAD for x in seen.smile)
    rest = 1 - rho * rho
    least, most = sqrt(theta) * 2 * rest / (1 + rest), 1.25 * sqrt(theta)
    share = least * (0.0404 + 0.0665 * least) / 64 + most * (0.21 + 0.1 * most) / 63
    return 2_000 * (share + psi * (1 + abs(rho)) / 40)


def widths(market: LocalMarket, underlying: float, spot: float) -> tuple[float, float]:
    """u with and without the slack, from what can be read of the book. Quote."""
    terms = market.sheet.mark_terms()
    d_spot, d_vol = terms.d_spot / WAD, terms.d_vol / WAD
    a, b, _ = (x / NANO for x in totals_of(market))
    x = spot / 2_000
    delta, gamma = x * (a + b * x) + underlying * spot, b * x * x
    now = market.chain.timestamp
    vegas = 0.0
    for expiry in market.book.expiries():
        head = market.book.polynomial(expiry)
        age = now - market.surface.slice(expiry).posted_at
        points = d_vol + min(0.25, max(0, age - 1_200) / 600 * 0.01)
        vegas += abs(head[3]) / NANO * points
    bare = abs(delta) * d_spot + abs(gamma) * d_spot**2 / 2 + vegas
    contracts = market.book.gross_lots() / 10_000
    worst = max(slack(market, expiry) for expiry in market.book.expiries())
    return bare + worst * contracts, bare


# --- value


def test_appraisal__fresh_book__is_its_positions_value(market: LocalMarket) -> None:
    """V4: the cache is exact where it was evaluated."""
    market.refresh()
    found = market.book.appraisal(0)
    assert found.spot == 2_000 * WAD
    assert found.value / WAD == pytest.approx(truth(market, 2_000.0), rel=1e-4)


@pytest.mark.parametrize("price", [1_700, 1_950, 2_000, 2_300])
def test_appraise__stale_book__refreshes_and_gives_what_the_view_gave(
    market: LocalMarket, price: int
) -> None:
    """Views compute in memory what a flow stores."""
    market.chain.advance(1_800)
    market.transmit(price)
    view = market.book.appraisal(7 * WAD)
    receipt = market.book.appraise(7 * WAD, sender=market.who("stranger"))
    assert receipt.value == view
    assert totals_of(market) == sum_of_heads(market)
    if not receipt.events:
        bound = 20 * max(slack(market, expiry) for expiry in market.now_expiries)
        assert abs(view.value / WAD - truth(market, float(price))) <= bound
    else:
        assert view.value / WAD == pytest.approx(truth(market, float(price)), rel=1e-4)
    again = market.book.appraise(7 * WAD)
    assert again.events == ()


def test_appraise__one_guard_failed__refreshes_that_expiry_alone(market: LocalMarket) -> None:
    first = market.now_expiries[0]
    market.chain.set_timestamp(market.book.guard(first)[2] + 1)
    market.transmit(2_000)
    receipt = market.book.appraise(0)
    head = market.book.polynomial(first)
    assert told(market, receipt) == [
        ("book.BookRefreshed", {"expiry": first, "head": _packed(head)})
    ]


def _packed(head: tuple[int, ...]) -> int:
    return sum((x % 2**64) << 64 * i for i, x in enumerate(head))


def test_refresh__anyone__tells_the_whole_polynomial(market: LocalMarket) -> None:
    """H5."""
    expiry = market.now_expiries[0]
    receipt = market.book.refresh(expiry, sender=market.who("stranger"))
    head = market.book.polynomial(expiry)
    assert told(market, receipt) == [
        ("book.BookRefreshed", {"expiry": expiry, "head": _packed(head)})
    ]


def test_refresh__twice_at_one_moment__changes_nothing(market: LocalMarket) -> None:
    """G3, I1: nobody gains by refreshing."""
    expiry = market.now_expiries[0]
    market.book.refresh(expiry)
    with rolled_back(market.chain):
        market.book.refresh(expiry)
        once = market.book.polynomial(expiry), market.book.guard(expiry)
        at = market.chain.timestamp
    market.chain.set_timestamp(at - 1)
    market.book.refresh(expiry)
    assert (market.book.polynomial(expiry), market.book.guard(expiry)) == once


def test_guard__of_an_evaluation__is_as_stated(market: LocalMarket) -> None:
    """A tenth of spot times the least v of the slice, a 64th of the time, this version."""
    for expiry in market.now_expiries:
        at = market.chain.timestamp
        market.book.refresh(expiry)
        low, high, until, version = market.book.guard(expiry)
        with rolled_back(market.chain):
            theta, rho, _ = (x / WAD for x in market.surface.slice(expiry).smile)
        rest = 1 - rho * rho
        reach = sqrt(theta) * 2 * rest / (1 + rest) / 10
        assert until == at + (expiry - at) // 64
        assert version == market.surface.version()
        assert low / WAD == pytest.approx(1 - reach, abs=2e-7)
        assert high / WAD == pytest.approx(1 + reach, abs=2e-7)
        assert 1 - low / WAD <= reach + 1e-7


def test_guard__near_the_cutoff__ends_there_at_the_latest(market: LocalMarket) -> None:
    """Between the cutoff and expiry an evaluation serves its own moment."""
    first = market.now_expiries[0]
    renew(market, first - CUTOFF - 50)
    market.book.refresh(first)
    assert first - CUTOFF - 50 <= market.book.guard(first)[2] <= first - CUTOFF


# --- width


@pytest.mark.parametrize("underlying", [0, 3, 100])
def test_appraisal__width__is_its_parts(market: LocalMarket, underlying: int) -> None:
    """What a round, a post and the cache may be off by, and U: docs/MATH.md."""
    market.refresh()
    found = market.book.appraisal(underlying * WAD)
    u = (found.width - found.potential) / WAD
    stated, bare = widths(market, underlying, 2_000.0)
    assert u > bare
    assert u == pytest.approx(stated, rel=1e-4)
    assert found.potential / WAD == pytest.approx(_potential(market, underlying), rel=1e-9)


def _potential(market: LocalMarket, underlying: float) -> float:
    terms, exposure = market.sheet.mark_terms(), market.book.exposure_now()
    delta = (exposure.delta + exposure.gamma) / NANO + underlying * 2_000
    rest = (exposure.gamma, exposure.vega, exposure.flow_delta, exposure.flow_vega)
    coordinates = (delta, *(x / NANO for x in rest))
    return sum(slope / 1e27 * g * g / 2 for slope, g in zip(terms[:5], coordinates, strict=True))


@pytest.mark.parametrize("minutes", [20, 30, 59])
def test_appraisal__old_slices__widen_it(market: LocalMarket, minutes: int) -> None:
    market.refresh()
    young = market.book.appraisal(0)
    posted_at = market.surface.slice(market.now_expiries[0]).posted_at
    market.chain.set_timestamp(posted_at + minutes * 60 - 2)
    market.transmit(2_000)
    market.refresh()
    market.chain.set_timestamp(max(market.chain.timestamp, posted_at + minutes * 60))
    old = market.book.appraisal(0)
    vegas = sum(abs(market.book.polynomial(e)[3]) / NANO for e in market.book.expiries())
    points = max(0, minutes - 20) / 10 * 0.01
    wider = (old.width - old.potential - young.width + young.potential) / WAD
    assert wider == pytest.approx(vegas * points, rel=0.05, abs=3.0)


def test_appraisal__underlying_alone__is_as_wide_as_a_round_may_surprise() -> None:
    """Nothing is open: no volatility, no slack."""
    with at_start() as market:
        one = market.book.appraisal(10 * WAD)
        assert one.width / WAD == pytest.approx(10 * 2_000 * 0.0075 + one.potential / WAD, abs=1e-6)


def test_appraisal__passed_expiry__waits_until_it_is_fixed(market: LocalMarket) -> None:
    """Once a round has followed everybody knows the price: whoever valued it at spot could lose."""
    first = market.now_expiries[0]
    market.chain.set_timestamp(first - 30)
    market.transmit(2_150)
    market.chain.set_timestamp(first + 1)
    market.found([e for e in market.surface.expiries() if e > first + 10])
    market.book.appraise(0)
    assert _owed(market, first) == (0, _grained(5 * 150 * WAD // 2_150))
    market.transmit(2_250)
    assert refused(market.book.appraisal, 0) == "book: not fixed"
    assert refused(market.book.appraise, 0) == "book: not fixed"
    assert refused(market.book.refresh, first) == "book: not fixed"
    market.fix(first)
    market.book.appraise(0)


@pytest.mark.parametrize("spot", [1_700, 2_150, 2_250, 2_900])
def test_settle__at_any_spot__leaves_nav_as_it_was(market: LocalMarket, spot: int) -> None:
    """V18: what is owed in calls is units of underlying, whatever spot has done since expiry."""
    first = market.now_expiries[0]
    market.buy("trader", market.series(first, 2_200, "put"), 4)
    market.chain.set_timestamp(first - 30)
    market.transmit(2_150)
    market.chain.set_timestamp(first + 1)
    market.transmit(spot)
    market.found([e for e in market.surface.expiries() if e > market.chain.timestamp + 10])
    market.fix(first)
    market.book.appraise(0)
    assert _owed(market, first) == (4 * 50 * NANO, _grained(5 * 150 * WAD // 2_150))
    market.refresh()
    at = market.chain.timestamp + 5
    with rolled_back(market.chain):
        market.chain.set_timestamp(at)
        nav, delta = market.vault.nav()[0], _delta_with_units(market, spot)
    market.desk.settle(first)
    market.chain.set_timestamp(at)
    unit = 4 * spot / market.units(1)  # of underlying, in which each series' payoff is rounded
    assert market.vault.nav()[0] == pytest.approx(nav, abs=10**14 + unit * WAD)
    assert _delta_with_units(market, spot) == pytest.approx(delta, abs=1e-3 + unit)
    assert first not in market.book.expiries()


def _delta_with_units(market: LocalMarket, spot: float) -> float:
    """Dollar delta of the book and of the underlying beside it."""
    return _delta(market, spot) + market.vault.holdings().underlying / market.units(1) * spot


def _delta(market: LocalMarket, spot: float) -> float:
    """Dollar delta of the options."""
    a, b, _ = (c / NANO for c in totals_of(market))
    return spot / 2_000 * (a + b * spot / 2_000)


def _owed(market: LocalMarket, expiry: int) -> tuple[int, int]:
    """Quote (nano) and units of underlying (WAD, to a grain of R) that a passed expiry owes."""
    p, a, b, v = market.book.polynomial(expiry)
    assert b == v == 0
    units = -a * WAD // (2_000 * NANO)
    return -p, _grained(units)


def _grained(units: int) -> int:
    return (units + 5 * 10**9) // 10**10 * 10**10


def test_appraisal__no_price__reverts(market: LocalMarket) -> None:
    market.chain.advance(2 * HOUR)
    assert refused(market.book.appraisal, 0) == "oracle: stale"
    assert refused(market.book.appraise, 0) == "oracle: stale"
