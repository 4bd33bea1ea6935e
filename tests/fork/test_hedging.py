"""The market hedges on real venues: every path once in process and once on the fork."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest

from ballast.chain import Reverted, rolled_back
from ballast.chain.protocol import Receipt
from ballast.chain.reverts import decode_reason
from ballast.market.hedged import HedgedMarket
from ballast.units import WAD
from ballast.venues import Venues, on_revm
from tests.fork.helpers import only_ours

pytestmark = pytest.mark.anvil

HOUR, DAY = 3_600, 86_400
GAP = 300
DIGITS = 16
USDC, WETH = 10**6, 10**18
BASIS = 10_000
SLIP = 50
SUPPLY_CAP = "51"


@contextmanager
def open_on(found: Venues) -> Iterator[HedgedMarket]:
    """A million of quote, and two traders with money; undone afterwards."""
    with rolled_back(found.chain):
        market = HedgedMarket.on(found)
        market.transmit(2_000)
        market.supply(1_000_000)
        for trader in ("trader", "other"):
            market.fund(trader, quote=2_000_000)
        market.refresh()
        yield market


@pytest.fixture(scope="module")
def opened_here() -> Iterator[HedgedMarket]:
    """In process."""
    with open_on(on_revm()) as market:
        yield market


@pytest.fixture(scope="module")
def opened_there(forked_venues: Venues) -> Iterator[HedgedMarket]:
    """On the fork."""
    with open_on(forked_venues) as market:
        yield market


@pytest.fixture
def here(opened_here: HedgedMarket) -> Iterator[HedgedMarket]:
    """The market in process as it opened, for what need not be done twice."""
    with rolled_back(opened_here.chain):
        yield opened_here


@pytest.fixture(params=["here", "there"])
def market(request: pytest.FixtureRequest) -> Iterator[HedgedMarket]:
    """The market as it opened, in process and on the fork."""
    found: HedgedMarket = request.getfixturevalue(f"opened_{request.param}")
    with rolled_back(found.chain):
        yield found


# --- what tests share


def ours(market: HedgedMarket, receipt: Receipt) -> list[tuple[str, dict[str, Any]]]:
    """Events of the market's own contracts, whole and in order."""
    names = {contract.address: name for name, contract in market.deployment.contracts.items()}
    return [
        (f"{names[event.address]}.{event.name}", dict(event.args))
        for event in receipt.events
        if event.address in names
    ]


def orders(receipt: Receipt) -> list[dict[str, Any]]:
    return [dict(event.args) for event in receipt.events if event.name == "Hedged"]


def failures(receipt: Receipt) -> list[str | None]:
    """Why orders failed."""
    found = [event for event in receipt.events if event.name == "OrderFailed"]
    return [decode_reason(bytes(event.args["reason"])) for event in found]


def refused(method: Callable[[], Any]) -> str | None:
    with pytest.raises(Reverted) as refusal:
        method()
    return refusal.value.reason


def settle_down(
    market: HedgedMarket,
    price: Any = 2_000,
    *,
    most: int = 12,
    hedge: Callable[[HedgedMarket], Receipt] = HedgedMarket.hedge,
) -> list[Receipt]:
    """Hedge until nothing is due, with the pool at the price before each order."""
    done: list[Receipt] = []
    for _ in range(most):
        if not market.lens.hedging().order:
            return done
        market.chain.advance(GAP)
        market.transmit(price)
        done.append(hedge(market))
    raise AssertionError("delta does not come to rest")


def possessions(market: HedgedMarket) -> tuple[int, int, int]:
    """Quote and units of vault and lender, debts taken off, and what a second's interest may be."""
    world, lender = market.world, market.lending_venue
    pledged, debt = lender.collateral(), lender.debt()
    quote = world.usdc.balanceOf(market.vault) + pledged
    units = world.weth.balanceOf(market.vault) - debt
    spot = market.oracle.spot()[0]
    interest = (pledged + debt * spot // WAD // 10**12) // (3 * 365 * DAY)  # a third a year
    return quote, units, interest + DIGITS


def hedge_to_the_unit(market: HedgedMarket) -> Receipt:
    """What orders cost by their events is what the vault and its position have less, at spot."""
    quote, units, _ = possessions(market)
    receipt = market.hedge()
    less = [before - now for before, now in zip((quote, units), possessions(market), strict=False)]
    reward = receipt.event("BandLeft").args["reward"]
    spot = orders(receipt)[0]["spot"]
    told = sum(order["cost"] for order in orders(receipt))
    lost = less[0] - reward + less[1] * spot // WAD // 10**12
    assert abs(lost - told) <= possessions(market)[2], (lost, told)
    return receipt


def option(market: HedgedMarket, right: str, strike: int = 2_000) -> int:
    return market.series(market.now_expiries[1], strike, right)


def hold_units(market: HedgedMarket, units: int) -> None:
    """LPs bring so much: delta above zero that the spot venue can sell."""
    market.deposit_underlying("lp", units)


def shut(market: HedgedMarket, name: str) -> None:
    """A venue may not be used any more but to reduce what stands there."""
    market.hedger.set_cap(market.deployment[name], 0, sender=market.who("guardian"))


def sell_puts(market: HedgedMarket, contracts: int = 40) -> int:
    """The vault writes puts: delta above zero without a unit to sell."""
    series = option(market, "put")
    market.buy("trader", series, contracts)
    return series


# --- round trips


def test_hedge__long_without_units__borrows_sells_and_buys_back(market: HedgedMarket) -> None:
    """Puts written make the vault long, so it sells what it borrows; bought back, it repays."""
    series = sell_puts(market)
    before = market.lens.hedging()
    assert before.delta > before.outer
    sold = settle_down(market)
    assert {order["venue"] for receipt in sold for order in orders(receipt)} == {
        market.lending_venue.address
    }
    state = market.lens.hedging()
    assert state.inner <= state.delta + WAD // 100 and state.delta < state.outer
    filled = -sum(order["units"] for receipt in sold for order in orders(receipt))
    assert state.debt == pytest.approx(filled, rel=1e-6)
    assert state.health == pytest.approx(2 * WAD, rel=0.02)
    shut(market, "spot_venue")
    market.sell("trader", series, 40)
    bought = settle_down(market)
    units = sum(order["units"] for receipt in bought for order in orders(receipt))
    after = market.lens.hedging()
    assert abs(after.delta) < after.outer
    assert state.debt - after.debt == pytest.approx(units, rel=1e-3)
    assert units > filled // 2


def test_hedge__short__buys_units_and_sells_them_again(market: HedgedMarket) -> None:
    market.stock()
    series = option(market, "call")
    market.buy("trader", series, 8)
    before = market.lens.hedging()
    assert before.delta < -before.outer
    held = market.vault.holdings().underlying
    bought = settle_down(market)
    units = sum(order["units"] for receipt in bought for order in orders(receipt))
    assert units > 0
    spot_units = market.vault.holdings().underlying - held
    owed = before.debt - market.lens.hedging().debt
    assert spot_units + owed == pytest.approx(units, rel=1e-6)
    market.sell("trader", series, 8)
    sold = settle_down(market)
    assert sum(order["units"] for receipt in sold for order in orders(receipt)) < 0
    assert abs(market.lens.hedging().delta) < market.lens.hedging().outer


def test_hedge__on_the_spot_venue__moves_what_its_events_say(market: HedgedMarket) -> None:
    """Tokens, Ordered and Hedged agree to the unit, the reward included."""
    hold_units(market, 100)
    shut(market, "lending_venue")
    usdc, weth, vault = market.quote, market.underlying, market.vault.address
    before = usdc.balanceOf(vault), weth.balanceOf(vault)
    receipt = market.hedge()
    said = dict(ours(market, receipt))
    units = -said["spot_venue.Ordered"]["units"]
    paid = said["spot_venue.Ordered"]["paid"]
    assert units == 25 * WETH
    reward = said["hedger.BandLeft"]["reward"]
    assert weth.balanceOf(vault) == before[1] - units
    assert usdc.balanceOf(vault) == before[0] - paid - reward
    assert said["hedger.Hedged"] == {
        "venue": market.spot_venue.address,
        "units": -units,
        "spot": 2_000 * WAD,
        "cost": 50_000 * USDC + paid,
    }
    assert 25 * USDC < said["hedger.Hedged"]["cost"] < 25 * USDC * 3  # the fee and some impact
    assert usdc.balanceOf(market.spot_venue) == weth.balanceOf(market.spot_venue) == 0
    assert usdc.balanceOf(market.hedger) == weth.balanceOf(market.hedger) == 0
    assert (market.vault.holdings().underlying, weth.balanceOf(vault)) == (75 * WETH,) * 2


def test_hedge__through_the_lender__moves_what_its_events_say(market: HedgedMarket) -> None:
    sell_puts(market)
    usdc, vault, venue = market.quote, market.vault.address, market.lending_venue
    before = usdc.balanceOf(vault)
    receipt = market.hedge()
    said = dict(ours(market, receipt))
    units, paid = (said["lending_venue.Ordered"][key] for key in ("units", "paid"))
    assert units < 0 < -paid
    assert abs(said["hedger.Hedged"]["units"] - units) <= DIGITS
    cost = -units * 2_000 * USDC // WETH + paid
    assert said["hedger.Hedged"]["cost"] == pytest.approx(cost, abs=DIGITS)
    reward = said["hedger.BandLeft"]["reward"]
    collateral = before - paid - reward - usdc.balanceOf(vault)
    assert venue.collateral() == pytest.approx(collateral, abs=5_000)  # seconds of interest
    assert venue.debt() == pytest.approx(-units, rel=1e-7)
    assert venue.health() >= market.sheet.hedge_terms().lend_health
    for token in (usdc, market.underlying):
        assert token.balanceOf(venue) == token.balanceOf(market.hedger) == 0


# --- stock


def test_stock__and_back__has_no_delta_and_costs_digits(market: HedgedMarket) -> None:
    nav, before = market.vault.totalAssets(), market.lens.hedging()
    receipt = market.stock()
    units, target = receipt.value, before.target_units
    assert units == pytest.approx(target, rel=1e-9)
    said = dict(ours(market, receipt))["hedger.Stocked"]
    assert said == {"venue": market.lending_venue.address, "units": units}
    assert market.lending_venue.collateral() == pytest.approx(50_000 * USDC, abs=1_000)
    state = market.lens.hedging()
    assert abs(state.delta) < WAD and state.free_units == pytest.approx(target, rel=1e-5)
    assert market.vault.totalAssets() == pytest.approx(nav, abs=5_000)
    assert refused(market.stock) == "hedger: stocked"
    hold_units(market, 20)
    back = market.stock()
    assert back.value == pytest.approx(-units, rel=1e-6)
    found = market.lens.hedging()
    assert found.debt <= DIGITS and market.lending_venue.collateral() <= DIGITS


@pytest.mark.parametrize("price", ["1987.65", "2012.34567891"])
def test_stock__at_a_price_with_digits__is_done(here: HedgedMarket, price: str) -> None:
    market = here
    market.transmit(price)
    assert market.stock().value > 9 * WETH


# --- the lender's health


def test_tend__price_rises__collateral_up_and_later_back(market: HedgedMarket) -> None:
    market.stock()
    venue = market.lending_venue
    assert refused(market.tend) == "hedger: healthy"
    market.transmit(2_700)
    low = venue.health()
    assert low < 3 * WAD // 2
    paid = market.quote.balanceOf(market.who("keeper"))
    receipt = market.tend()
    said = dict(ours(market, receipt))["hedger.Tended"]
    assert said["before"] == pytest.approx(low, rel=1e-6)
    assert said["after"] == pytest.approx(2 * WAD, rel=1e-6)
    assert market.quote.balanceOf(market.who("keeper")) - paid == said["reward"] == 5 * USDC
    assert venue.collateral() == pytest.approx(67_500 * USDC, rel=1e-4)
    assert refused(market.tend) == "hedger: healthy"
    market.transmit(1_300)
    assert venue.health() > 3 * WAD
    back = dict(ours(market, market.tend()))["hedger.Tended"]
    assert (back["reward"], back["after"]) == (0, pytest.approx(2 * WAD, rel=1e-6))
    assert venue.collateral() == pytest.approx(32_500 * USDC, rel=1e-4)


def test_tend__collateral_frozen__debt_is_bought_back_with_collateral(
    market: HedgedMarket,
) -> None:
    """The lender takes no more collateral, and what was borrowed has been sold."""
    sell_puts(market)
    settle_down(market)
    market.world.freeze(market.quote)
    market.transmit(2_800)
    market.chain.advance(GAP)  # the pool's mean follows
    before = market.lens.hedging()
    assert before.health < 3 * WAD // 2
    receipt = market.tend()
    said = ours(market, receipt)
    names = [name for name, _ in said]
    assert names[:2] == ["lending_venue.Ordered", "hedger.Hedged"]
    assert dict(said)["hedger.Hedged"]["units"] > 0
    assert market.lens.hedging().debt < before.debt
    assert market.lens.hedging().health > before.health


# --- the pool


def test_hedge__pool_without_liquidity__is_an_event_until_it_is_back(market: HedgedMarket) -> None:
    only_ours(market.world)
    hold_units(market, 100)
    market.world.drain_pool()
    before = market.vault.balances()
    receipt = market.hedge()
    assert (receipt.value, orders(receipt)) == (0, [])
    assert len(failures(receipt)) == 2  # spot, then lender: both need the pool
    assert market.vault.balances()[:6] == before[:6]
    assert market.hedger.venue(market.spot_venue)[1] == 1
    market.world.refill_pool()
    market.chain.advance(GAP)
    market.transmit(2_000)
    receipt = market.hedge()
    assert sum(order["units"] for order in orders(receipt)) == pytest.approx(-25 * WETH, abs=DIGITS)
    for order in orders(receipt):
        assert market.hedger.venue(order["venue"])[1] == 0


@pytest.mark.parametrize("side", [1, -1], ids=["sells", "buys"])
def test_hedge__pool_moved_away_from_the_oracle__waits_and_works_again(
    market: HedgedMarket, side: int
) -> None:
    """By 1 %, against the order, within a block of it."""
    if side > 0:
        hold_units(market, 100)
    else:
        market.stock()
        market.buy("trader", option(market, "call"), 8)
    nav, delta = market.vault.totalAssets(), market.lens.hedging().delta
    market.world.move_pool(2_000 - side * 20)
    receipt = market.hedge()
    assert (receipt.value, orders(receipt)) == (0, [])
    assert set(failures(receipt)) <= {"Too little received", "Too much requested", "STF", None}
    assert failures(receipt)
    assert market.lens.hedging().delta == pytest.approx(delta, rel=1e-4)
    assert market.vault.totalAssets() == pytest.approx(nav, abs=5_000)
    market.chain.advance(GAP)
    market.transmit(2_000)
    market.chain.advance(GAP)
    done = orders(market.hedge())
    assert done and done[0]["units"] * side < 0


@pytest.mark.parametrize("side", [1, -1], ids=["sells", "buys"])
def test_hedge__pool_moved_in_the_orders_favour__is_a_gain(here: HedgedMarket, side: int) -> None:
    market = here
    if side > 0:
        hold_units(market, 100)
    else:
        market.stock()
        market.buy("trader", option(market, "call"), 8)
    market.world.move_pool(2_000 + side * 20)
    assert orders(market.hedge())[0]["cost"] < 0


@pytest.mark.parametrize("side", [1, -1], ids=["sells", "buys"])
@pytest.mark.parametrize("off", [2, 4, 6, 8, 30])
def test_hedge__sandwiched__loses_slip_of_the_order_at_most(
    here: HedgedMarket, side: int, off: int
) -> None:
    """Somebody moves the pool by `off`, has the hedge trade there, and moves it back: what LPs lose
    is bounded, whatever it is that he gains."""
    market = here
    if side > 0:
        hold_units(market, 100)
    else:
        market.stock()
        market.buy("trader", option(market, "call"), 8)
    nav = market.vault.totalAssets()
    market.world.move_pool(2_000 - side * off)
    receipt = market.hedge()
    market.world.move_pool(2_000)
    worth = sum(abs(order["units"]) for order in orders(receipt)) * 2_000 * USDC // WETH
    reward = sum(event.args["reward"] for event in receipt.events if event.name == "BandLeft")
    lost = nav - market.vault.totalAssets()
    assert lost <= worth * SLIP // BASIS + reward + 10_000  # and seconds of interest
    if off in (2, 30):
        assert bool(worth) == (off == 2)


# --- the lender


def only_lender(market: HedgedMarket) -> None:
    """The vault is long without units to sell."""
    sell_puts(market)


def test_hedge__lender_frozen__no_room_until_it_is_open_again(market: HedgedMarket) -> None:
    only_lender(market)
    weth = market.underlying
    market.world.freeze(weth)
    assert refused(market.hedge) == "hedger: no room"
    assert refused(market.stock) == "hedger: stocked"
    market.world.freeze(weth, False)
    assert orders(market.hedge())


def test_hedge__collateral_frozen__is_an_event(market: HedgedMarket) -> None:
    only_lender(market)
    market.world.freeze(market.quote)
    receipt = market.hedge()
    assert (receipt.value, len(failures(receipt))) == (0, 1)
    market.world.freeze(market.quote, False)
    market.chain.advance(GAP)
    market.transmit(2_000)
    assert orders(market.hedge())


def test_hedge__lender_paused__neither_sells_nor_buys_back(market: HedgedMarket) -> None:
    only_lender(market)
    series = option(market, "put")
    settle_down(market)
    market.sell("trader", series, 40)
    debt = market.lens.hedging().debt
    for token in (market.quote, market.underlying):
        market.world.pause(token)
    assert market.lens.hedging().delta < 0
    market.chain.advance(GAP)
    market.transmit(2_000)
    receipt = market.hedge()
    if failures(receipt):  # the lender was asked first
        assert market.hedger.venue(market.lending_venue)[1] == 1
    assert {order["venue"] for order in orders(receipt)} <= {market.spot_venue.address}
    assert market.lens.hedging().debt == pytest.approx(debt, rel=1e-6)
    assert refused(market.stock) is not None
    for token in (market.quote, market.underlying):
        market.world.pause(token, False)
    settle_down(market)


def test_hedge__lender_paused__trades_and_flows_go_on(market: HedgedMarket) -> None:
    market.stock()
    for token in (market.quote, market.underlying):
        market.world.pause(token)
    series = option(market, "call")
    market.buy("trader", series, 2)
    market.sell("trader", series, 2)
    market.deposit("other", 1_000)
    shares = market.vault.balanceOf(market.who("other"))
    market.vault.redeem(
        shares, market.who("other"), market.who("other"), sender=market.who("other")
    )
    market.deposit_underlying("lp", 1)


def test_hedge__borrow_cap_near__sells_as_far_as_it_goes(market: HedgedMarket) -> None:
    only_lender(market)
    owed = market.world.aave.reserves[market.underlying.address].debt.totalSupply()
    market.world.set_borrow_cap(market.underlying, owed // WETH + 3)
    order = orders(market.hedge())[0]
    assert 2 * WETH - DIGITS <= -order["units"] <= 3 * WETH
    market.chain.advance(GAP)
    market.transmit(2_000)
    assert refused(market.hedge) == "hedger: no room"


def test_hedge__nothing_left_to_borrow__has_no_room(market: HedgedMarket) -> None:
    only_lender(market)
    market.world.drain(market.underlying)
    assert refused(market.hedge) == "hedger: no room"
    assert refused(market.stock) == "hedger: stocked"
    market.world.refill(market.underlying)
    market.chain.advance(GAP)
    market.transmit(2_000)
    assert failures(market.hedge()) == [SUPPLY_CAP]  # whoever drained it has left collateral there
    market.world.set_supply_cap(market.quote, 10**10)
    market.chain.advance(GAP)
    market.transmit(2_000)
    assert orders(market.hedge())


def test_hedge__collateral_lent_out__spot_venue_buys_instead(market: HedgedMarket) -> None:
    """What cannot be withdrawn cannot pay for buying back."""
    only_lender(market)
    settle_down(market)
    market.sell("trader", option(market, "put"), 40)
    market.world.drain(market.quote)
    market.chain.advance(GAP)
    market.transmit(2_000)
    receipt = market.hedge()
    assert [order["venue"] for order in orders(receipt)] == [market.spot_venue.address]
    assert orders(receipt)[0]["units"] > 0


# --- leaving


def test_emergency_exit__lender__comes_home_and_the_cap_is_zero(market: HedgedMarket) -> None:
    market.stock()
    receipt = market.hedger.emergency_exit(market.lending_venue, sender=market.who("guardian"))
    said = dict(ours(market, receipt))
    assert said["hedger.CapChanged"] == {"venue": market.lending_venue.address, "cap": 0}
    assert said["hedger.VenueLeft"]["quote"] > 49_000 * USDC
    assert market.lens.hedging().debt < 10**15
    assert refused(market.stock) == "hedger: stocked"


def test_emergency_exit__feed_is_dead__comes_home_all_the_same(market: HedgedMarket) -> None:
    market.stock()
    market.world.make_stale(2 * DAY)
    with pytest.raises(Reverted):
        market.oracle.spot()
    held = market.vault.holdings()
    market.hedger.emergency_exit(market.lending_venue, sender=market.who("guardian"))
    after = market.vault.holdings()
    assert after.loose_quote - held.loose_quote > 49_000 * USDC


def test_emergency_exit__collateral_lent_out__takes_what_there_is(market: HedgedMarket) -> None:
    market.stock()
    market.world.drain(market.quote, leave=20_000 * USDC)
    receipt = market.hedger.emergency_exit(market.lending_venue, sender=market.who("guardian"))
    assert receipt.value[0] == pytest.approx(20_000 * USDC, abs=DIGITS)
    market.world.refill(market.quote)
    receipt = market.hedger.emergency_exit(market.lending_venue, sender=market.who("guardian"))
    assert receipt.value[0] > 29_000 * USDC


def test_emergency_exit__units_sold__leaves_the_debt_healthy(market: HedgedMarket) -> None:
    sell_puts(market)
    settle_down(market)
    before = market.lens.hedging()
    assert before.debt > 5 * WETH
    receipt = market.hedger.emergency_exit(market.lending_venue, sender=market.who("guardian"))
    assert receipt.value[0] > 0
    assert market.lens.hedging().health == pytest.approx(3 * WAD // 2, rel=1e-3)


# --- a week


def test_week__of_trades__delta_is_in_its_band_after_each_and_cost_adds_up(
    market: HedgedMarket,
) -> None:
    """Two trades a day, a slice and a price before each; each hedge costs what its events say, to
    the unit but for a second's interest."""
    random, price = Random(5), 2_000.0
    market.stock()
    cost = trades = volume = 0
    spread: list[int] = []
    for _ in range(7 * 2):
        market.chain.advance(DAY // 2 - 1_800)
        price *= 1 + random.gauss(0, 0.02)
        market.transmit(f"{price:.2f}")
        for expiry in market.book.expiries():
            if expiry <= market.chain.timestamp:
                market.settle(expiry)
        market.post()
        right = random.choice(("put", "put", "call"))
        series = market.series(market.now_expiries[2], 2_000, right)
        try:
            market.buy(random.choice(("trader", "other")), series, 6)
            trades += 1
        except Reverted as refusal:
            assert refusal.reason in ("vault: cover", "desk: delta window")
        for receipt in settle_down(market, f"{price:.2f}", hedge=hedge_to_the_unit):
            assert not failures(receipt)
            for order in orders(receipt):
                cost += order["cost"]
                volume += abs(order["units"]) * order["spot"] // WAD
                spread.append(order["cost"] * 10**12 * BASIS // abs(order["units"]))
        state = market.lens.hedging()
        assert abs(state.delta) < state.outer
        assert not state.debt or state.health >= 3 * WAD // 2
        for tidy in (market.stock, market.tend):
            if _goes(tidy):
                assert abs(market.lens.hedging().delta) < market.lens.hedging().outer
    assert trades >= 6 and volume > 20_000 * WAD
    assert 0 < cost * 10**12 < volume * SLIP // BASIS


def _goes(method: Callable[[], Receipt]) -> bool:
    try:
        method()
    except Reverted as refusal:
        assert refusal.reason in ("hedger: stocked", "hedger: healthy")
        return False
    return True
