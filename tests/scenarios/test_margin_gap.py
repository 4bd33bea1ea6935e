"""Spot jumps while accounts stand at their requirement."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from ballast.market.local import LocalMarket
from ballast.units import WAD
from tests.market import HOUR, at_start
from tests.scenarios.margin import Legs, assessed, cash_of, drift, liquidated, nav, open_legs, thin

CALL: Legs = ((1, 2_000, "call", 20.0),)
PUT: Legs = ((2, 2_000, "put", 20.0),)
STRANGLE: Legs = ((2, 2_100, "call", 12.0), (2, 1_900, "put", 12.0))
TWO_EXPIRIES: Legs = ((0, 2_000, "call", 8.0), (3, 2_100, "call", 8.0), (3, 1_900, "put", 4.0))
TWO_PUTS: Legs = ((0, 2_000, "put", 8.0), (3, 1_900, "put", 8.0), (3, 2_200, "call", 2.0))
SPREAD: Legs = ((1, 2_000, "call", 15.0), (1, 2_100, "call", -10.0))
CALENDAR: Legs = ((3, 2_000, "call", 12.0), (0, 2_000, "call", -6.0))
BOOKS = {
    "call, up": (CALL, 1.25),
    "put, down": (PUT, 0.75),
    "strangle, up": (STRANGLE, 1.25),
    "strangle, down": (STRANGLE, 0.75),
    "two expiries, up": (TWO_EXPIRIES, 1.25),
    "puts of two expiries, down": (TWO_PUTS, 0.75),
    "ratio spread, up": (SPREAD, 1.25),
    "calendar, up": (CALENDAR, 1.25),
}
CROWD = ("trader", "other", "stranger")


@pytest.fixture
def market() -> Iterator[LocalMarket]:
    """The market as it opened."""
    with at_start() as opened:
        yield opened


def _at_maintenance(market: LocalMarket, actor: str, legs: Legs, factor: float) -> Decimal:
    """An account that price alone has brought to its requirement."""
    open_legs(market, actor, legs)
    thin(market, actor)
    price = drift(market, actor, 1.4 if factor > 1 else 0.6)
    assert 1 <= market.health(actor) < 1.02
    return price


@pytest.mark.parametrize("volatility", [1.0, 1.3])
@pytest.mark.parametrize("name", BOOKS)
def test_gap__a_quarter_at_once__leaves_no_bad_debt(
    market: LocalMarket, name: str, volatility: float
) -> None:
    """At maintenance, then 25 % in one round, volatility as it was or a third up, liquidated from
    the next block on: the account pays for all of it."""
    legs, factor = BOOKS[name]
    price = _at_maintenance(market, "trader", legs, factor)
    market.transmit(round(price * Decimal(str(factor)), 6))
    if volatility != 1:
        market.found(market.now_expiries, market.terms.volatility * volatility)
    found = assessed(market, "trader")
    assert found.equity > 0
    toll = liquidated(market, ("trader",))
    assert toll.shortfall == toll.from_fund == 0
    assert market.health("trader") >= 1
    assert cash_of(market, "trader") > 0
    assert (toll.calls > 0) == (found.equity < found.maintenance)
    assert market.vault.balances().bad_debt == 0 and toll.blocks <= 4


@pytest.mark.parametrize("factor", [0.75, 1.25])
def test_gap__a_quarter_at_once__a_crowd_of_accounts_waits_for_room(
    market: LocalMarket, factor: float
) -> None:
    """Three accounts with all the credit that the sheet gives: nobody pays for them but themselves,
    though a block has room for a part only."""
    legs = CALL if factor > 1 else PUT
    for actor in CROWD:
        open_legs(market, actor, legs)
        thin(market, actor)
    price = drift(market, "trader", 1.4 if factor > 1 else 0.6)
    market.transmit(round(price * Decimal(str(factor)), 6))
    toll = liquidated(market, CROWD)
    assert toll.shortfall == 0 and toll.calls >= 3
    assert all(market.health(actor) >= 1 for actor in CROWD)


@pytest.mark.parametrize("stake", [0, 3_000, 400_000])
@pytest.mark.parametrize("name", ["call", "put"])
def test_gap__beyond_all_requirements__is_paid_by_account_fund_and_lps_in_this_order(
    market: LocalMarket, name: str, stake: int
) -> None:
    """V23 to the unit: what is short is drawn from the fund as far as it goes, the rest is LPs'."""
    legs, factor = (CALL, "1.8") if name == "call" else (PUT, "0.45")
    if stake:
        staker = market.fund("stranger", quote=stake)
        market.insurance.deposit(market.assets(stake), staker, sender=staker)
    price = _at_maintenance(market, "trader", legs, float(factor))
    market.transmit(round(price * Decimal(factor), 6))
    market.refresh()
    cash, fund = cash_of(market, "trader"), market.insurance.available()
    before, margin_before = nav(market), market.quote.balanceOf(market.margin)
    liquidator = market.who("liquidator")
    purse = market.quote.balanceOf(liquidator)
    toll = liquidated(market, ("trader",))
    assert not market.margin.account(market.who("trader"))[2]
    assert toll.windups == toll.calls > 0 and toll.shortfall > 0
    assert cash_of(market, "trader") == 0
    assert toll.shortfall == toll.from_fund + toll.from_lps
    reward = market.quote.balanceOf(liquidator) - purse
    assert reward == toll.bonuses <= market.assets(50) * toll.calls
    assert toll.from_fund == min(toll.shortfall, fund)
    assert (toll.from_lps == 0) == (stake == 400_000)
    assert margin_before - market.quote.balanceOf(market.margin) == cash
    market.refresh()
    lost = before - nav(market)
    assert abs(lost - toll.from_lps * 10**12) <= 2 * 10**15  # and a quarter of a minute of theta
    left = fund - toll.from_fund - (reward if stake == 400_000 else 0)
    assert market.insurance.available() == max(left, 0)


@pytest.mark.parametrize("stake", [0, 50, 400_000])
@pytest.mark.parametrize(("number", "strike"), [(0, 2_000), (0, 2_200), (1, 2_200)])
def test_gap__two_fifths_down__leaves_bad_debt_of_puts_at_their_requirement(
    market: LocalMarket, number: int, strike: int, stake: int
) -> None:
    """Far cells count at three quarters: half of spot, and that is less than two fifths of it."""
    if stake:
        staker = market.fund("stranger", quote=stake)
        market.insurance.deposit(market.assets(stake), staker, sender=staker)
    price = _at_maintenance(market, "trader", ((number, strike, "put", 20.0),), 0.6)
    market.transmit(round(price * Decimal("0.6"), 6))
    market.refresh()
    assert assessed(market, "trader").equity < 0
    fund, before = market.insurance.available(), nav(market)
    toll = liquidated(market, ("trader",))
    assert not market.margin.account(market.who("trader"))[2]
    assert toll.shortfall > 0
    assert toll.from_fund == min(toll.shortfall, fund)
    assert toll.from_fund + toll.from_lps == toll.shortfall
    market.refresh()
    assert abs(before - nav(market) - toll.from_lps * 10**12) <= 2 * 10**15


def test_gap__flagged__lps_who_leave_have_paid_their_part(market: LocalMarket) -> None:
    """V23: before and after it is realised NAV is the same, and a flag says it before."""
    price = _at_maintenance(market, "trader", CALL, 1.8)
    market.transmit(round(price * Decimal("1.8"), 6))
    market.refresh()
    silent = nav(market)
    amount = market.margin.flag(market.who("trader")).value
    flagged, fund = nav(market), market.insurance.available()
    assert amount > fund and silent - flagged == (amount - fund) * 10**12
    toll = liquidated(market, ("trader",))
    market.refresh()
    assert nav(market) == pytest.approx(flagged, abs=int(0.002 * WAD))
    assert toll.from_fund == fund and toll.shortfall == pytest.approx(amount, abs=2_000_000)
    assert market.margin.pending() == market.vault.balances().bad_debt == 0


def test_gap__nobody_liquidates_until_expiry__settlement_runs_the_same_waterfall(
    market: LocalMarket,
) -> None:
    """V23 at settlement: account, fund, LPs; each unit once."""
    staker = market.fund("stranger", quote=2_000)
    market.insurance.deposit(market.assets(2_000), staker, sender=staker)
    open_legs(market, "trader", CALL)
    thin(market, "trader")
    expiry = market.now_expiries[1]
    market.chain.set_timestamp(expiry - 30)
    market.transmit(3_600)
    market.chain.set_timestamp(expiry + HOUR)
    market.transmit(3_600)
    cash, fund = cash_of(market, "trader"), market.insurance.available()
    for passed in [e for e in market.now_expiries if e <= expiry]:
        market.fix(passed)
    live = [e for e in market.now_expiries if e > expiry]
    market.found(live)
    market.refresh()
    before = nav(market)
    receipt = market.margin.settle(market.who("trader"), expiry)
    done = receipt.event("AccountSettled").args
    debt = 20 * (3_600 - 2_000) * 10**6
    assert done["debt"] == debt and done["shortfall"] == debt - cash
    told = receipt.event("ShortfallRealised").args
    assert told["from_fund"] == fund and told["from_lps"] == debt - cash - fund
    assert before - nav(market) == pytest.approx((debt - cash - fund) * 10**12, abs=10**15)
    assert cash_of(market, "trader") == 0
