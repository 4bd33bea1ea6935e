"""What stands on venues in NAV and its marks, to the unit, and that nothing stops without it."""

from __future__ import annotations

import pytest

from ballast.market.local import Terms
from ballast.units import WAD
from tests.market import PAIRS
from tests.unit.hedger.broken import FAULTS, break_down, saying
from tests.unit.hedger.conftest import at_opening
from tests.unit.hedger.world import (
    GAP,
    LENDER,
    PERP,
    SPOT,
    SPOT_ONE,
    HedgerMarket,
    Opening,
)

DOLLAR = 10**9
KAPPA = 5 * WAD // 10_000  # the sheet's cost of leaving
FOREVER = 2**32


def at_decimals(pair: tuple[int, int], places: tuple[str, ...] = (PERP, SPOT_ONE)) -> Opening:
    terms = Terms(quote_decimals=pair[0], underlying_decimals=pair[1])
    return Opening(terms=terms, places=places, underlying=100)


# --- values


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
@pytest.mark.parametrize("units, base", [(7, 30_000), (-7, 30_000), (0, 500)])
def test_appraisal__any_decimals__is_equity_and_equity_less_leaving(
    pair: tuple[int, int], units: int, base: int
) -> None:
    with at_opening(at_decimals(pair)) as market:
        nav = market.vault.totalAssets()
        market.stand(PERP, units * market.coin, base * market.one)
        market.hedger.sync()
        equity = base + units * 2_000
        found = market.hedger.appraisal(SPOT)
        assert found.equity == found.high == equity * WAD
        assert found.low == equity * WAD - abs(units) * 2_000 * KAPPA
        assert found.reserve == max(-units, 0) * 1_000 * market.one
        assert market.vault.totalAssets() == nav + equity * market.one


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
@pytest.mark.parametrize("name", [PERP, SPOT_ONE])
@pytest.mark.parametrize("sign", [1, -1])
def test_hedge__any_decimals__nav_falls_by_cost_and_reward_to_the_unit(
    pair: tuple[int, int], name: str, sign: int
) -> None:
    """In one block, so that nothing else moves it."""
    with at_opening(at_decimals(pair)) as market:
        for each in (PERP, SPOT_ONE):
            market.place(each).set_room(2**100 if each == name else 0, 0)
        market.stand(PERP, 0, 50_000 * market.one)
        market.set_delta(sign * 30_000 * DOLLAR)
        market.hedger.sync()
        price = SPOT - sign * 3 * WAD
        market.place(name).set_price(price, price)
        market.chain.advance(GAP)
        nav, keeper = market.vault.totalAssets(), market.who("keeper")
        rich = market.quote.balanceOf(keeper)
        with_events = market.hedger.hedge.call(sender=keeper)
        market.chain.bulk(  # type: ignore[attr-defined]
            market.hedger.address, market.hedger.hedge.encode(), keeper
        )
        reward = market.quote.balanceOf(keeper) - rich
        assert with_events == -sign * 15 * market.coin
        assert reward > 0
        cost = 45 * market.one
        assert nav - market.vault.totalAssets() == pytest.approx(cost + reward, abs=1)


@pytest.mark.parametrize("price", ["1987.65", "2012.34567891"])
@pytest.mark.parametrize("units", [3, -3])
def test_appraisal__price_with_digits__counts_all_of_them(
    market: HedgerMarket, price: str, units: int
) -> None:
    wad = int(float(price) * 10**8 + 0.5) * 10**10
    market.stand(PERP, units * WAD, 20_000 * 10**6)
    market.hedger.sync()
    equity = 20_000 * 10**6 + units * wad // 10**12
    assert market.hedger.appraisal(wad).equity // 10**12 == pytest.approx(equity, abs=1)


# --- venues that do not answer


@pytest.mark.parametrize("fault", ["reverts", "burns all gas", "says nothing", "says too little"])
@pytest.mark.parametrize("units", [7, -7])
def test_appraisal__venue_does_not_answer__low_counts_nothing_and_high_no_debt(
    market: HedgerMarket, fault: str, units: int
) -> None:
    market.stand(PERP, units * WAD, 30_000 * 10**6)
    market.hedger.sync()
    nav = market.vault.totalAssets()
    break_down(market.chain, market.place(PERP), fault)
    equity = 30_000 + units * 2_000
    found = market.hedger.appraisal(SPOT)
    assert (found.equity, found.low) == (equity * WAD, 0)
    assert found.high == max(equity, equity - units * 2_000) * WAD
    assert market.vault.totalAssets() == nav
    other = market.hedger.appraisal(SPOT // 2)
    assert other.equity == (30_000 + units * 1_000) * WAD


def everybody(market: HedgerMarket) -> None:
    """All that a market's users do, without help of the hedger."""
    put = market.series(market.now_expiries[0], 2_000, "put")
    call = market.series(market.now_expiries[0], 2_000, "call")
    market.buy("trader", put, 3)
    market.buy("trader", call, 3)
    market.sell("trader", put, 1)
    market.add_margin("other", quote=50_000)
    market.write("other", put, 1)
    market.buy_back("other", put, 1)
    market.deposit("other", 10_000)
    other, lp = market.who("other"), market.who("lp")
    market.vault.redeem(market.vault.balanceOf(other), other, other, sender=other)
    market.deposit_underlying("lp", 1)
    market.vault.requestRedeem(market.vault.balanceOf(lp) // 10, lp, lp, sender=lp)
    expiry = market.now_expiries[0]
    market.chain.set_timestamp(expiry - 30)
    market.transmit(2_050)
    market.chain.set_timestamp(expiry + 1)
    market.transmit(2_060)
    market.settle(expiry)
    market.redeem("trader", call, 3)


@pytest.mark.parametrize("fault", list(FAULTS))
def test_market__venue_is_broken__everybody_goes_on(fault: str) -> None:
    with at_opening(Opening(underlying=100)) as market:
        market.stand(PERP, -2 * WAD, 30_000 * 10**6)
        market.hedger.sync()
        for name in (PERP, SPOT_ONE):
            break_down(market.chain, market.place(name), fault)
        everybody(market)


@pytest.mark.parametrize("words", [(2**99, 0), (0, 2**99), (-(2**99), 0), (0, -(2**99))])
def test_market__venue_tells_tales__everybody_goes_on(words: tuple[int, int]) -> None:
    """A position that no order has made."""
    with at_opening(Opening(underlying=100)) as market:
        market.stand(PERP, -2 * WAD, 30_000 * 10**6)
        market.hedger.sync()
        break_down(market.chain, market.place(PERP), saying(*words), "position")
        everybody(market)


# --- what the vault and the book are told


@pytest.mark.parametrize("off, is_told", [(-1, False), (0, False), (1, True)])
def test_sync__interest__is_told_from_a_1024th_on(off: int, is_told: bool) -> None:
    """Ten units owed are 100,000 lots: 97 of them pass unnoticed."""
    with at_opening(Opening(places=(LENDER,))) as market:
        market.hedger.stock()
        lender = market.place(LENDER)
        market.stand(LENDER, -10 * WAD - (97 + off) * 10**14, lender.base())
        market.hedger.sync()
        told = -100_000 - (97 + off if is_told else 0)
        assert market.vault.balances().abroad == told


def test_sync__by_anyone__pays_nobody(market: HedgerMarket) -> None:
    market.stand(PERP, 5 * WAD, 10**10)
    stranger = market.who("stranger")
    before = market.quote.balanceOf(stranger)
    receipt = market.hedger.sync(sender=stranger)
    assert [event.name for event in receipt.events] == ["VenuesNoted"]
    assert market.quote.balanceOf(stranger) == before
    assert market.vault.balances().abroad == 50_000


def test_sync__shares_of_interest__do_not_add_up_unnoticed() -> None:
    """Each step is small against the last number told, not against the one before it."""
    with at_opening(Opening(places=(LENDER,))) as market:
        market.hedger.stock()
        lender = market.place(LENDER)
        for step in range(1, 5):
            market.stand(LENDER, -10 * WAD - step * 50 * 10**14, lender.base())
            market.hedger.sync()
            error = abs(market.vault.balances().abroad + 100_000 + 50 * step)
            assert error <= 97


# --- leaving


@pytest.mark.parametrize("sender", ["keeper", "stranger", "lp"])
def test_emergency_exit__by_others__is_refused(market: HedgerMarket, sender: str) -> None:
    found = market.refused("emergency_exit", market.place(PERP), sender=sender)
    assert found == "hedger: not guardian"


@pytest.mark.parametrize("sender", ["guardian", "owner"])
@pytest.mark.parametrize("underlying", [0, 4, 50])
def test_emergency_exit__of_a_lender__repays_what_free_units_can(
    sender: str, underlying: int
) -> None:
    with at_opening(Opening(places=(LENDER,), underlying=underlying)) as market:
        lender = market.place(LENDER)
        market.stand(LENDER, -10 * WAD, 50_000 * 10**6)
        market.hedger.sync()
        nav, loose = market.vault.totalAssets(), market.vault.holdings().loose_quote
        receipt = market.hedger.emergency_exit(lender, sender=market.who(sender))
        sent = min(underlying, 10) * WAD
        said = dict((e.name, dict(e.args)) for e in receipt.events)["VenueLeft"]
        assert said["sent"] == sent
        assert lender.debt() == 10 * WAD - sent
        assert market.vault.holdings().loose_quote - loose == said["quote"] > 0
        assert market.vault.totalAssets() == pytest.approx(nav, abs=2)
        assert market.venue_of(LENDER)[0] == 0


def test_emergency_exit__not_listed__is_refused(market: HedgerMarket) -> None:
    found = market.refused("emergency_exit", market.vault, sender="guardian")
    assert found == "hedger: not listed"


def test_emergency_exit__feed_is_dead__needs_no_price(market: HedgerMarket) -> None:
    perp = market.place(PERP)
    market.stand(PERP, 0, 30_000 * 10**6)
    market.hedger.sync()
    market.chain.advance(86_400)
    assert market.refused("sync") == "oracle: stale"
    market.hedger.emergency_exit(perp, sender=market.who("guardian"))
    assert market.vault.holdings().loose_quote == 1_030_000 * 10**6
