"""Spot falls through all strikes, in one round, as far as a fiftieth."""

from __future__ import annotations

import pytest

from ballast.market.local import FOREVER, UNLIMITED
from ballast.units import WAD
from tests.market import HOUR, outcome, sum_of_heads, totals_of
from tests.scenarios.conftest import Scene


def strike_of(series: int) -> int:
    return series >> 8 & 2**120 - 1


@pytest.mark.parametrize("price", [1_000, 300, 65, 60, 40])
def test_crash__through_all_strikes__exits_pay_and_openings_stop(scene: Scene, price: int) -> None:
    """V3, V26: also beyond the kernel's reach, a factor of 32; puts get what they are worth."""
    market = scene.market
    market.chain.advance(60)
    market.transmit(price)
    for series in scene.held:
        buy = outcome(market.desk.buy, series, 1, UNLIMITED, FOREVER, sender=scene.trader)
        assert buy in ("book: stale", "desk: delta window")
    market.refresh()
    assert totals_of(market) == sum_of_heads(market)
    for series in scene.held:
        buy = outcome(market.desk.buy, series, 1, UNLIMITED, FOREVER, sender=scene.trader)
        assert buy == "desk: delta window"
        sell = outcome(market.desk.sell, series, 20_000, 0, FOREVER, sender=scene.trader)
        if series & 1:
            assert sell is None
        elif price < 1_000:
            assert sell == "quoter: no bid"
    for series in (s for s in scene.held if s & 1):
        before = scene.wealth("trader")
        market.sell("trader", series, 2)
        assets, units = (b - a for a, b in zip(before, scene.wealth("trader"), strict=True))
        intrinsic = 2 * (strike_of(series) - price * WAD) // 10**12
        assert 0.98 * intrinsic <= assets and units == 0
        assert assets < (intrinsic if price < 1_000 else 1.01 * intrinsic)  # some time value
    assert market.vault.holdings().locked_quote == 0


@pytest.mark.parametrize("price", [1_000, 40])
def test_crash__lps__bear_what_holders_gain_and_no_more(scene: Scene, price: int) -> None:
    """Promise 3: a jump beyond the bounds is LP risk; NAV stays what the positions say."""
    market = scene.market
    market.refresh()
    nav = market.vault.nav()[0]
    market.transmit(price)
    market.desk.pokeCaution()
    after, low, high = market.vault.nav()
    owed = sum(2 * max(strike_of(s) - price * WAD, 0) for s in scene.held if s & 1)
    holdings = market.vault.holdings()
    quote = (holdings.free_quote + holdings.locked_quote) * 10**12
    worth = quote + holdings.underlying * price
    assert after == pytest.approx(worth - owed, rel=2e-4)
    assert low <= after <= high and after < nav


def test_crash__and_back__leaves_the_book_as_it_was(scene: Scene) -> None:
    """What an evaluation at a fiftieth has forgotten, the next one knows again."""
    market = scene.market
    market.refresh()
    before = [market.book.polynomial(expiry) for expiry in market.now_expiries]
    market.transmit(40)
    market.refresh()
    for expiry in market.now_expiries:
        assert market.book.polynomial(expiry)[2:] == (0, 0)
    market.transmit(2_000)
    market.refresh()
    for expiry, head in zip(market.now_expiries, before, strict=True):
        assert market.book.polynomial(expiry) == pytest.approx(head, rel=1e-4)


def test_crash__settled_at_a_fiftieth__pays_every_put_in_full(scene: Scene) -> None:
    """V3: covered at every price."""
    market = scene.market
    expiry = market.now_expiries[0]
    market.chain.set_timestamp(expiry - 10)
    market.transmit(40)
    market.chain.set_timestamp(expiry + HOUR)
    market.transmit(40)
    market.settle(expiry)
    for series in (s for s in scene.held if s >> 128 == expiry):
        value = market.redeem("trader", series, 2).value
        due = 2 * (strike_of(series) - 40 * WAD) // 10**12 if series & 1 else 0
        assert value == (due, 0)
    assert market.vault.pot(expiry) == (0, 0, 0)


@pytest.mark.parametrize("price", [100_000, 1_900_000])
def test_rally__through_all_strikes__calls_are_worth_what_they_lock(
    scene: Scene, price: int
) -> None:
    """Promise 1 at the other end: a call never pays more than the unit behind it."""
    market = scene.market
    expiry = market.now_expiries[0]
    market.chain.set_timestamp(expiry - 10)
    market.transmit(price)
    market.chain.set_timestamp(expiry + HOUR)
    market.transmit(price)
    market.settle(expiry)
    for series in (s for s in scene.held if s >> 128 == expiry and not s & 1):
        units = 2 * 10**18 * (price * WAD - strike_of(series)) // (price * WAD)
        assert market.redeem("trader", series, 2).value == (0, units)
        assert units < 2 * 10**18
