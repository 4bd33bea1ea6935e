"""A trade, then something that moves the book's exposure, then the trade undone: in one go if it
pays. The exposure jumps for other reasons than trades when an expiry passes and is settled."""

from __future__ import annotations

import pytest

from ballast.chain import RevmChain
from ballast.market.local import LocalMarket, Terms
from ballast.units import DAY

SPOT = 2_060


@pytest.fixture
def passed() -> tuple[LocalMarket, int, int]:
    """Calls deep in the money have just expired and are fixed; puts of a later expiry are open."""
    market = LocalMarket.open(RevmChain(), Terms(spot=SPOT, grid=25), list_board=False)
    chain = market.chain
    day = chain.timestamp // DAY * DAY + 8 * 3_600
    first, second = day + DAY, day + 8 * DAY
    chain.set_timestamp(day + 3_600)
    market.transmit(SPOT)
    market.now_expiries = [first, second]
    market.found(market.now_expiries)
    market.list_strikes(first, [1_950, 1_975])
    market.list_strikes(second, [2_300])
    market.supply(400_000, 300)
    for actor in ("trader", "other"):
        market.fund(actor, quote=10_000_000)
    for strike in (1_950, 1_975):
        for _ in range(10):
            chain.advance(61)
            market.transmit(SPOT)
            market.refresh()
            market.buy("other", market.series(first, strike, "call"), "9.5")
    chain.set_timestamp(first - 1_800)
    market.transmit(SPOT)
    market.found(market.now_expiries)
    market.refresh()
    chain.set_timestamp(first + 5)
    market.transmit(SPOT)
    market.found([second])
    market.book.refresh(second)
    market.fix(first)
    return market, first, second


@pytest.mark.parametrize("size", [20, 35, 50])
@pytest.mark.parametrize("event", ["refresh", "settle", "poke"])
def test_straddle__of_a_passed_expiry__loses(
    passed: tuple[LocalMarket, int, int], event: str, size: int
) -> None:
    """Without the rule that rebates wait this paid 430 of a vault of a million."""
    market, first, second = passed
    put = market.series(second, 2_300, "put")
    before = market.quote.balanceOf(market.who("trader"))
    lots = market.book.exposure_now().delta
    market.buy("trader", put, size)
    if event == "refresh":
        market.book.refresh(first, sender=market.who("trader"))
    elif event == "settle":
        market.desk.settle(first, sender=market.who("trader"))
    else:
        market.vault.poke(sender=market.who("trader"))
    assert market.book.exposure_now().delta != lots
    assert market.book.standing(put, SPOT * 10**18, 0, market.surface.version(), 60).is_waiting
    market.sell("trader", put, size)
    assert market.quote.balanceOf(market.who("trader")) < before


def test_rebates__after_a_settlement__come_back_with_the_next_round(
    passed: tuple[LocalMarket, int, int],
) -> None:
    market, first, second = passed
    put = market.series(second, 2_300, "put")
    market.buy("trader", put, 5)
    market.settle(first)
    assert market.desk.quote(put, -market.lots(5)).skew == 0  # the sale would lower U
    market.chain.advance(61)
    assert market.desk.quote(put, -market.lots(5)).skew == 0
    market.transmit(SPOT)
    quote = market.desk.quote(put, -market.lots(5))
    assert quote.skew < 0
    sold = market.sell("trader", put, 5).event("Traded").args
    assert (sold["premium"], sold["skew"]) == (quote.premium, quote.skew)


def test_rebates__after_a_sale_in_a_stale_book__wait_too(
    passed: tuple[LocalMarket, int, int],
) -> None:
    """A sale priced by Greeks that do not hold is followed by a refresh and a buy in one go."""
    market, first, second = passed
    put = market.series(second, 2_300, "put")
    market.buy("trader", put, 5)
    market.settle(first)
    market.chain.advance(61)
    market.transmit(SPOT)
    market.buy("other", put, 1)  # a round later rebates are paid again
    args = (put, SPOT * 10**18, 0, market.surface.version(), 60)
    assert not market.book.standing(*args).is_waiting
    market.surface.post(
        market.slices([second], market.chain.timestamp), sender=market.actors["keeper"]
    )
    market.sell("trader", put, 1)  # stale: reduce-only
    market.book.refresh(second)
    args = (put, SPOT * 10**18, 0, market.surface.version(), 60)
    assert market.book.standing(*args).is_waiting


def test_lp_flows__expiry_can_be_fixed_and_is_not__wait_for_the_fixing(
    passed: tuple[LocalMarket, int, int],
) -> None:
    """At spot, with the settlement price known to all, a flash deposit took 575 from the others."""
    market, _, second = passed
    chain = market.chain
    chain.set_timestamp(second - 60)
    market.transmit(SPOT)
    chain.set_timestamp(second + 60)
    account = market.fund("lp", quote=1_000)
    assert market.vault.previewDeposit(10**6) > 0  # no round has followed: spot is the price
    market.transmit(SPOT - 100)
    for actor in ("lp", "stranger"):
        assert market.vault.maxDeposit(market.who(actor)) == 0
    with pytest.raises(Exception, match="book: not fixed"):
        market.vault.deposit(10**6, account, sender=account)
    market.fix(second)
    market.vault.deposit(10**6, account, sender=account)
