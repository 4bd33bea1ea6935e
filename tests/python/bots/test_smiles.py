"""Fits and mending: what comes out is near what was quoted, and is a surface."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.bots.action import KeeperError
from ballast.bots.smiles import QuoteFile, SmileQuotes, fitted, mended
from ballast.model.essvi import Bounds, Slice, butterfly_violations, surface_violations
from ballast.units import DAY, to_years

PLACES = (-0.5, -0.3, -0.15, -0.05, 0.0, 0.05, 0.15, 0.3, 0.5)
EXPIRY = 1_767_340_800  # 2026-01-02 08:00 UTC
TAUS = st.integers(DAY, 500 * DAY)


@st.composite
def slices(draw: st.DrawFn, tau: int) -> Slice:
    """Any slice without butterfly arbitrage."""
    theta = draw(st.floats(0.2, 2.5)) ** 2 * to_years(tau)
    rho = draw(st.floats(-0.95, 0.95))
    most = min(4 / (1 + abs(rho)), 2 * (theta / (1 + abs(rho))) ** 0.5)
    return Slice(theta, rho, draw(st.floats(0.02, 0.98)) * most)


@given(data=st.data(), tau=TAUS)
def test_fitted__quotes_of_a_slice__that_slice(data: st.DataObject, tau: int) -> None:
    smile, years = data.draw(slices(tau)), to_years(tau)
    vols = smile.vol(PLACES, years)
    found = fitted(SmileQuotes(tuple(zip(PLACES, map(float, vols), strict=True))), tau)
    assert np.abs(found.vol(PLACES, years) - vols).max() < 2e-4


@given(data=st.data(), tau=TAUS)
def test_fitted__any_quotes__no_butterfly_and_no_worse_than_flat(
    data: st.DataObject, tau: int
) -> None:
    vols = data.draw(st.lists(st.floats(0.05, 4.0), min_size=9, max_size=9))
    found = fitted(SmileQuotes(tuple(zip(PLACES, vols, strict=True))), tau)
    years = to_years(tau)
    assert butterfly_violations(found) == []
    missed = float(np.square(found.vol(PLACES, years) - vols).sum())
    flat = float(np.square(np.interp(0.0, PLACES, vols) - np.array(vols)).sum())
    assert missed <= flat * 1.05 + 1e-6


def test_fitted__a_quote_of_more_weight__nearer_to_it() -> None:
    points = ((-0.2, 0.7), (-0.1, 0.7), (0.0, 0.6), (0.1, 0.7), (0.2, 0.6))
    plain = fitted(SmileQuotes(points), 30 * DAY)
    heavy = fitted(SmileQuotes(points, weights=(1, 1, 100, 1, 1)), 30 * DAY)
    gaps = [abs(float(one.vol(0.0, 30 / 365)) - 0.6) for one in (plain, heavy)]
    assert gaps[1] < gaps[0] / 5


@pytest.mark.parametrize(
    ("quotes", "complaint"),
    [
        (SmileQuotes(((0.0, 0.6), (0.1, 0.6))), "2 quotes do not make a smile"),
        (SmileQuotes(((0.0, 0.6), (0.0, 0.6), (0.1, 0.6))), "do not make a smile"),
        (SmileQuotes(((0.0, 0.6), (0.1, 0.0), (0.2, 0.6))), "not a number above zero"),
        (SmileQuotes(((0.0, 0.6), (0.1, float("nan")), (0.2, 0.6))), "not a number above zero"),
        (SmileQuotes(((0.0, 0.6), (0.1, 0.6), (0.2, 0.6)), weights=(1.0,)), "give one for each"),
    ],
)
def test_fitted__quotes_that_say_nothing__refused(quotes: SmileQuotes, complaint: str) -> None:
    with pytest.raises(KeeperError, match=complaint):
        fitted(quotes, DAY)


@given(data=st.data(), taus=st.lists(TAUS, min_size=2, max_size=8, unique=True))
def test_mended__any_slices__a_surface_within_bounds(data: st.DataObject, taus: list[int]) -> None:
    taus = sorted(taus)
    if any(far - near < DAY for near, far in pairwise(taus)):
        return
    wanted = [data.draw(slices(tau)) for tau in taus]
    found = mended(wanted, taus, Bounds())
    reasons = surface_violations(found, [to_years(tau) for tau in taus])
    # Where forward variance forces a slice beyond the range of levels there is no surface at all.
    assert all("vol " in reason or "forward" in reason for reason in reasons)
    levels = [float(one.vol(0.0, to_years(tau))) for one, tau in zip(found, taus, strict=True)]
    assert reasons == [] or not all(0.2 <= level <= 2.8 for level in levels)


def test_mended__a_surface__as_it_is() -> None:
    taus = [7 * DAY, 30 * DAY, 90 * DAY]
    wanted = [
        Slice(0.4 * to_years(tau), -0.2, 0.4 * to_years(tau) / (0.4 * to_years(tau) + 0.01) ** 0.5)
        for tau in taus
    ]
    for one, other in zip(wanted, mended(wanted, taus, Bounds()), strict=True):
        assert (one.theta, one.rho, one.psi) == pytest.approx((other.theta, other.rho, other.psi))


def test_quote_file__quotes_of_now__read_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "quotes.json"
    source = QuoteFile(path)
    for vol in (0.6, 0.7):
        points = [[-0.1, vol], [0.0, vol], [0.1, vol]]
        smiles = {"2026-01-02": {"carry": 0.01, "points": points}}
        path.write_text(json.dumps({"at": 1_000, "expiries": smiles}))
        found = source.quotes(1_100, [EXPIRY, EXPIRY + DAY])
        assert found == {EXPIRY: SmileQuotes(((-0.1, vol), (0.0, vol), (0.1, vol)), 0.01)}


@pytest.mark.parametrize("now", [699, 1_301])
def test_quote_file__quotes_of_another_time__refused(tmp_path: Path, now: int) -> None:
    path = tmp_path / "quotes.json"
    path.write_text(json.dumps({"at": 1_000, "expiries": {}}))
    with pytest.raises(KeeperError, match="whatever writes the file still runs"):
        QuoteFile(path).quotes(now, [])
    assert QuoteFile(path).quotes(now - 1 if now > 1_000 else now + 1, []) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": 1000}', '{"at": 1000, "expiries": []}'])
def test_quote_file__another_file__refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "quotes.json"
    path.write_text(text)
    with pytest.raises(KeeperError, match="no quotes to post from"):
        QuoteFile(path).quotes(1_000, [])
    with pytest.raises(KeeperError, match="no quotes to post from"):
        QuoteFile(tmp_path / "none").quotes(1_000, [])
