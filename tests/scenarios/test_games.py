"""People who are after something: runs, flashes, donations, stale prices, pins."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ballast.chain import rolled_back
from ballast.market.local import FOREVER, UNLIMITED, LocalMarket
from ballast.units import WAD
from tests.market import HOUR, at_start, outcome, refused
from tests.scenarios.conftest import Scene


def test_bank_run__everything_locked__waits_its_turn_and_loses_nobody(scene: Scene) -> None:
    """A7, V24, V26: what cover keeps stays with those who stay; the queue is paid in order."""
    market = scene.market
    lp, late = market.who("lp"), market.who("other")
    market.deposit("other", 200_000)
    price = market.vault.share_price()
    for account in (lp, late):
        most = market.vault.maxRedeem(account)
        market.vault.redeem(most, account, account, sender=account)
    holdings = market.vault.holdings()
    assert holdings.free_quote <= 1 and holdings.locked_quote == 2 * 4 * 6_000 * 10**6
    assert market.vault.convertToAssets(market.vault.maxRedeem(lp)) <= 1
    left = market.vault.balanceOf(lp)
    market.vault.requestRedeem(left, lp, lp, sender=lp)
    market.desk.raise_caution(2, sender=market.who("guardian"))
    for series in (s for s in scene.held if s & 1):
        market.sell("trader", series, 2)
    market.chain.advance(5)
    market.vault.processRedemptions(32, sender=market.who("stranger"))
    claimed = market.vault.claim(lp, sender=lp).value
    assert claimed > 0
    assert market.vault.share_price() >= price * 99 // 100


def test_bank_run__everything_locked__floor_exit_dilutes_nobody(scene: Scene) -> None:
    market = scene.market
    lp = market.who("lp")
    market.deposit("other", 200_000)
    before = market.vault.share_price()
    market.vault.exitAtFloor(market.vault.balanceOf(lp), lp, sender=lp)
    assert market.vault.share_price() >= before


def test_latency__a_client_who_sees_the_next_round__gets_no_more_than_the_flow_depth_gives(
    scene: Scene,
) -> None:
    """B7: calls in small lots ahead of a jump. The depth of a round is used up, price by price."""
    market, prices = scene.market, []
    market.transmit(2_000)
    market.refresh()
    call = market.series(market.now_expiries[2], 2_000)
    for _ in range(12):
        prices.append(market.desk.quote(call, 5_000).premium)
        market.buy("trader", call, "0.5")
    assert all(later > sooner for sooner, later in pairwise(prices))
    with rolled_back(market.chain):
        gain = _jump_and_sell(market, call, 2_010, sum(prices))
    assert gain < 6 * 10 * 0.55 * 10**6  # far less than the delta times the jump
    assert prices[-1] - prices[0] > 0


def _jump_and_sell(market: LocalMarket, series: int, price: int, paid: int) -> int:
    market.chain.advance(61)
    market.transmit(price)
    market.refresh()
    receipt = market.sell("trader", series, 6)
    return int(receipt.value[0]) - paid


@pytest.mark.parametrize("jump", [0, 5, 10, -10])
def test_latency__inside_the_feeds_deviation__loses_on_the_round_trip(jump: int) -> None:
    """Up to the feed's own half of a per cent nobody profits from knowing the next round."""
    with at_start() as market:
        right = "call" if jump >= 0 else "put"
        series = market.series(market.now_expiries[3], 2_000, right)
        paid = market.buy("trader", series, 6).event("Traded").args["premium"]
        gain = _jump_and_sell(market, series, 2_000 + jump, paid)
        worth = 6 * abs(jump) * 0.6 * 10**6
        assert gain < worth * 0.75
        if abs(jump) <= 5:
            assert gain < 0


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_pin__expiry_at_a_strike__pays_by_the_last_unit_of_the_price(off: int) -> None:
    """D4: 1e-8 above the strike a call of a contract pays 1e-8/S units; at it, nothing."""
    with at_start() as market:
        expiry = market.now_expiries[0]
        series = [market.series(expiry, 2_000, right) for right in ("call", "put")]
        for one in series:
            market.buy("trader", one, 3)
        market.chain.set_timestamp(expiry - 5)
        market.aggregator.transmit(2_000 * 10**8 + off, 0)
        market.chain.set_timestamp(expiry + HOUR)
        market.transmit(2_000)
        market.settle(expiry)
        call, put = (market.redeem("trader", one, 3).value for one in series)
        units = 3 * 10**18 // (2_000 * 10**8 + 1)
        assert call == (0, units if off > 0 else 0)
        assert put == (0, 0)  # 3e-8 of a quote token with six decimals
        assert market.vault.pot(expiry) == (0, 0, 0)


def test_donation__to_any_contract__changes_no_price_and_stops_nothing(scene: Scene) -> None:
    """A2, A3, I4: accounting is internal, everywhere."""
    market = scene.market
    market.refresh()
    call = market.series(market.now_expiries[1], 2_000)

    def figures() -> tuple[object, ...]:
        quote = market.desk.quote(call, 10_000)
        holdings = market.vault.holdings()
        return quote.skew, quote.potential_before, holdings, market.vault.totalSupply()

    later = market.chain.timestamp + 100  # both at one moment: prices move with time
    with rolled_back(market.chain):
        market.chain.set_timestamp(later)
        before = figures()
    rich = market.who("stranger")
    nav = market.vault.nav()[0]
    for contract in ("vault", "desk", "book", "token"):
        market.quote.mint(rich, 10**12, sender=market.who("deployer"))
        market.underlying.mint(rich, 10**21, sender=market.who("deployer"))
        market.quote.transfer(market.deployment[contract], 10**12, sender=rich)
        market.underlying.transfer(market.deployment[contract], 10**21, sender=rich)
        market.chain.set_balance(market.deployment[contract].address, 10**18)
    assert market.vault.nav()[0] == pytest.approx(nav, rel=1e-6)
    market.chain.set_timestamp(later)
    assert figures() == before
    market.buy("trader", call, 1)
    market.sell("trader", call, 1)


@pytest.mark.parametrize("spot_after", [1_900, 2_050, 2_150])
def test_flash__deposit_around_settlement__earns_nothing(scene: Scene, spot_after: int) -> None:
    """A5, B8: not before `fix`; in after it and out after `settle`, which NAV knew already."""
    market = scene.market
    first = market.now_expiries[0]
    market.chain.set_timestamp(first - 30)
    market.transmit(2_050)
    market.chain.set_timestamp(first + HOUR)
    market.transmit(spot_after)
    market.found(scene.live())
    whale = market.fund("stranger", quote=2_000_000)
    deposit, redeem = market.vault.deposit, market.vault.redeem
    args = 2_000_000 * 10**6, whale
    assert refused(deposit, *args, sender=whale) == "book: not fixed"
    market.fix(first)
    shares = deposit(*args, sender=whale).value
    market.desk.settle(first)
    market.chain.advance(1)
    back = redeem(shares, whale, whale, sender=whale).value
    assert back < 2_000_000 * 10**6


def test_flash__exit_around_settlement__leaves_others_whole(scene: Scene) -> None:
    """An LP who leaves between `fix` and `settle` takes no more than one who leaves after."""
    market = scene.market
    first = market.now_expiries[0]
    market.chain.set_timestamp(first - 30)
    market.transmit(2_000)
    market.chain.set_timestamp(first + HOUR)
    market.transmit(2_200)
    market.found(scene.live())
    market.fix(first)
    market.refresh()
    lp = market.who("lp")
    part = market.vault.balanceOf(lp) // 3
    market.chain.advance(3)
    with rolled_back(market.chain):
        early = market.vault.redeem(part, lp, lp, sender=lp).value
    market.desk.settle(first)
    late = market.vault.redeem(part, lp, lp, sender=lp).value
    assert 0.9999 * late < early <= late  # the width of a book with fewer options is smaller


def test_caution__stopped__redeems_settled_tokens_all_the_same(scene: Scene) -> None:
    """H4, V26."""
    market = scene.market
    first = market.now_expiries[0]
    market.desk.raise_caution(3, sender=market.who("guardian"))
    market.chain.set_timestamp(first - 30)
    market.transmit(2_100)
    market.chain.set_timestamp(first + 60)
    market.transmit(2_100)
    market.settle(first)
    call, later = market.series(first, 2_000), market.series(market.now_expiries[1], 2_000)
    assert market.redeem("trader", call, 2).value == (0, 2 * 100 * WAD // 2_100)
    assert outcome(market.desk.sell, later, 1, 0, FOREVER, sender=scene.trader) is None
    buy = refused(market.desk.buy, later, 1, UNLIMITED, FOREVER, sender=scene.trader)
    assert buy == "desk: reduce only"
