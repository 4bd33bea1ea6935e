"""The oracle falls silent over an expiry; the keeper is gone for a month."""

from __future__ import annotations

import pytest

from ballast.market.local import FOREVER, UNLIMITED
from ballast.units import DAY
from tests.market import HOUR, outcome, refused, told
from tests.scenarios.conftest import Scene


def test_outage__over_an_expiry__settles_at_the_last_round_before_it(scene: Scene) -> None:
    """B2, D1, D9: what needs a price stops, what needs none goes on; then it is made good."""
    market = scene.market
    first = market.now_expiries[0]
    market.chain.set_timestamp(first - 2 * HOUR)
    market.transmit(2_050)
    market.chain.set_timestamp(first + 3 * DAY)
    call = market.series(first, 2_000)
    later = market.series(market.now_expiries[1], 2_000)
    lp = market.who("lp")
    assert refused(market.desk.sell, later, 1, 0, FOREVER, sender=scene.trader) == "oracle: stale"
    buy = refused(market.desk.buy, later, 1, UNLIMITED, FOREVER, sender=scene.trader)
    assert buy == "oracle: stale"
    assert refused(market.vault.deposit, 10**6, lp, sender=lp) == "oracle: stale"
    assert refused(market.desk.settle, first) == "oracle: not fixed"
    free = market.vault.holdings().free_quote
    part = market.vault.balanceOf(lp) // 10
    paid = market.vault.exitAtFloor(part, lp, sender=lp).value
    assert paid == pytest.approx(free / 10, rel=1e-9)
    market.transmit(2_500)
    market.settle(first)
    assert market.oracle.settlement_price(first) == 2_050 * 10**18
    assert market.redeem("trader", call, 2).value == (0, 2 * 50 * 10**18 // 2_050)


def test_outage__of_the_feed_for_good__is_made_good_by_its_history(scene: Scene) -> None:
    """Holders never depend on a live price: the last round stands once a later one proves it."""
    market = scene.market
    first = market.now_expiries[0]
    market.chain.set_timestamp(first - 30)
    market.transmit(1_800)
    market.chain.set_timestamp(first + 300 * DAY)
    market.transmit(9_999)
    market.settle(first)
    put = market.series(first, 2_000, "put")
    assert market.redeem("trader", put, 2).value == (2 * 200 * 10**6, 0)


def test_keeper__gone_for_thirty_days__everybody_still_gets_out(scene: Scene) -> None:
    """H5: no posts, no refreshes, no listings; rounds go on. Openings end, exits do not."""
    market = scene.market
    stranger, lp = market.who("stranger"), market.who("lp")
    paid = []
    for day in range(1, 31):
        market.chain.set_timestamp(market.now_expiries[0] - 9 * DAY + day * DAY + HOUR)
        market.transmit(2_000 + day)
        for expiry in market.book.expiries():
            if expiry < market.chain.timestamp:
                market.fix(expiry)
                receipt = market.desk.settle(expiry, sender=stranger)
                assert told(market, receipt)[0][0] == "book.ExpiryClosed"
        for expiry in market.book.expiries():
            call = market.series(expiry, 2_000)
            buy = outcome(market.desk.buy, call, 1, UNLIMITED, FOREVER, sender=scene.trader)
            assert buy in ("desk: surface too old", "desk: past cutoff")
            sell = outcome(market.desk.sell, call, 100, 0, FOREVER, sender=scene.trader)
            assert sell in (None, "quoter: no bid", "quoter: expired")
            paid.append(sell is None)
        assert outcome(market.vault.redeem, 10**18, lp, lp, sender=lp) is None
    assert any(paid)
    assert market.book.expiries() == ()
    holdings = market.vault.holdings()
    assert holdings.locked_quote == holdings.locked_lots == 0
    for series, contracts in scene.held.items():
        market.redeem("trader", series, contracts)
    market.transmit(2_030)
    shares = market.vault.balanceOf(lp)
    assert market.vault.maxRedeem(lp) > 0.8 * shares
