"""People who are after something, with margin accounts: washes, sandwiches, dust, early leavers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from ballast.chain import Reverted, rolled_back
from ballast.market.local import LocalMarket
from ballast.units import WAD
from tests.market import DAY, HOUR, at_start, outcome
from tests.scenarios.margin import assessed, cash_of, drift, liquidated, nav, open_legs, thin

ASSET = 10**12
"""WAD in an asset."""


@pytest.fixture
def market() -> Iterator[LocalMarket]:
    """The market as it opened."""
    with at_start() as opened:
        yield opened


# --- one person on both sides


def _washed(market: LocalMarket, series: int) -> int:
    """A hundred contracts bought, and sold to the vault by a thin account: what stays in it."""
    market.fund("trader", quote=2_000_000)
    market.add_margin("other", 1_000_000)
    for _ in range(20):
        market.buy("trader", series, 5)
        market.write("other", series, 5)
    thin(market, "other")
    return cash_of(market, "other")


@pytest.mark.parametrize(
    ("right", "jump", "most"),
    [
        ("call", "1.25", 0),
        ("call", "1.4", 0),
        ("call", "1.6", 700),
        ("call", "2.0", 81_000),
        ("put", "0.75", 0),
        ("put", "0.6", 0),
        ("put", "0.4", 20_300),
    ],
)
def test_wash__thin_account_before_a_gap__takes_what_is_beyond_the_far_cells(
    market: LocalMarket, right: str, jump: str, most: int
) -> None:
    """Greeks of it are nothing, the credit is the limit of one series: 100 contracts, 200,000 of
    notional, a sixth of NAV. What it can take is what the account cannot pay, and never more than
    its notional times the gap."""
    series = market.series(market.now_expiries[3], 2_000, right)
    cash = _washed(market, series)
    market.refresh()
    before = nav(market)
    market.transmit(2_000 * Decimal(jump))
    market.refresh()
    moved = nav(market)
    toll = liquidated(market, ("other",))
    market.refresh()
    assert toll.from_lps <= most * 10**6
    assert (toll.shortfall > 0) == (most > 0)
    gap = abs(Decimal(jump) - 1) * 200_000 * 10**6
    assert toll.shortfall <= max(gap * Decimal("1.02") - cash, 0)
    paid = toll.from_lps * ASSET
    assert moved - nav(market) <= paid + WAD * 1_000  # and what the last price was not worth
    assert before > 0 and market.health("other") >= 1


def test_wash__credit_limit__stops_more_of_it_over_all_series(market: LocalMarket) -> None:
    """It does not net against what is written: one person can be both sides."""
    refusals = set()
    market.fund("trader", quote=3_000_000)
    market.add_margin("other", 2_000_000)
    for expiry in market.now_expiries:
        series = market.series(expiry, 2_000)
        for _ in range(12):
            for act, actor in ((market.buy, "trader"), (market.write, "other")):
                try:
                    act(actor, series, 5)
                except Reverted as refusal:
                    refusals.add(refusal.reason)
    lots, strikes = market.margin.credit()
    terms = market.sheet.trade_terms().limits
    assert "desk: credit limit" in refusals
    assert lots * 2_000 * WAD // 10_000 + strikes * ASSET <= terms.credit


# --- offsets that are not there


def test_long_that_dies_tomorrow__covers_nothing_that_lives_on(market: LocalMarket) -> None:
    """The requirement of a short of weeks is no smaller for a long of the same strike that expires
    within a day."""
    near, far = market.now_expiries[0], market.now_expiries[3]
    call = market.series(near, 2_000)
    open_legs(market, "trader", ((3, 2_000, "call", 10.0),))
    market.buy("trader", call, 10)
    market.chain.set_timestamp(near - DAY)
    market.transmit(2_000)
    market.found(market.now_expiries)
    alone = assessed(market, "trader").maintenance
    trader = market.who("trader")
    market.token.setApprovalForAll(market.margin, True, sender=trader)
    market.margin.deposit_option(call, market.lots(10), sender=trader)
    with_long = assessed(market, "trader").maintenance
    assert far - near == 21 * DAY
    assert with_long >= alone * 999 // 1_000


@pytest.mark.parametrize("pin", [2_050, 2_100, 2_150])
def test_short_butterfly__between_the_nodes_of_the_grid__pays_at_its_worst_strike(
    market: LocalMarket, pin: int
) -> None:
    """Ten of them, as thin as may be, and spot ends where they lose most: nobody else pays."""
    legs = ((0, 2_000, "call", 10.0), (0, 2_100, "call", -20.0), (0, 2_200, "call", 10.0))
    open_legs(market, "trader", legs)
    thin(market, "trader")
    expiry = market.now_expiries[0]
    market.chain.set_timestamp(expiry - 30)
    market.transmit(pin)
    market.chain.set_timestamp(expiry + HOUR)
    market.transmit(pin)
    market.fix(expiry)
    receipt = market.margin.settle(market.who("trader"), expiry)
    assert receipt.event("AccountSettled").args["shortfall"] == 0
    assert cash_of(market, "trader") > 0


# --- LPs who see it first


@pytest.mark.parametrize("is_flagged", [False, True])
def test_lp__who_leaves_before_a_shortfall_is_realised__gains_nothing_after_a_flag(
    market: LocalMarket, is_flagged: bool
) -> None:
    """Without a flag he leaves at the low mark, which the haircut of the credit has lowered: what
    he gains is his part of the shortfall less that. Anybody may flag, in the same block."""
    market.deposit("other", 400_000)
    open_legs(market, "trader", ((3, 2_000, "call", 20.0),))
    thin(market, "trader")
    price = drift(market, "trader", 1.4)
    market.chain.advance(3_600)
    market.transmit(price * Decimal("1.7"))
    market.found(market.now_expiries)
    market.refresh()
    if is_flagged:
        market.margin.flag(market.who("trader"))
    lp, vault = market.who("other"), market.vault
    shares = vault.balanceOf(lp)
    early = vault.previewRedeem(shares)
    toll = liquidated(market, ("trader",))
    market.refresh()
    late = vault.previewRedeem(shares)
    part = shares * toll.from_lps // vault.totalSupply()
    assert toll.from_lps > 0
    if is_flagged:
        assert early <= late
    else:
        assert early - late < part


# --- liquidations


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("size", ["1", "10", "40"])
@pytest.mark.parametrize(
    ("number", "strike", "right"), [(1, 2_400, "call"), (2, 2_000, "put"), (3, 2_200, "call")]
)
def test_sandwich__around_the_liquidation_of_others__does_not_pay(
    market: LocalMarket, side: int, size: str, number: int, strike: int, right: str
) -> None:
    """Bought or sold ahead of three liquidations, and back after them: a block has no room for more
    than moves the price by the spread that the sandwich pays."""
    crowd = ("trader", "stranger", "lp")
    for actor in crowd:
        open_legs(market, actor, ((0, 2_000, "call", 13.0),))
        thin(market, actor)
    price = drift(market, "trader", 1.4)
    market.transmit(price * Decimal("1.25"))
    market.refresh()
    market.add_margin("other", 1_000_000)
    market.fund("other", quote=1_000_000)
    series, before = market.series(market.now_expiries[number], strike, right), _worth(market)
    out, back = (market.buy, market.sell) if side > 0 else (market.write, market.buy_back)
    out("other", series, size)
    assert liquidated(market, crowd).calls >= 3
    back("other", series, size)
    assert _worth(market) < before


def _worth(market: LocalMarket) -> int:
    """Cash of the other one."""
    other = market.who("other")
    return int(market.quote.balanceOf(other)) + cash_of(market, "other")


def test_top_up__dust_before_every_call__stops_no_liquidation(market: LocalMarket) -> None:
    """A stranger's unit or his hundred change what may be closed by that much, and a call that asks
    for too much closes what may be."""
    open_legs(market, "trader", ((1, 2_000, "call", 20.0),))
    thin(market, "trader")
    price = drift(market, "trader", 1.4)
    market.transmit(price * Decimal("1.25"))
    trader, stranger = market.who("trader"), market.fund("stranger", quote=10_000)
    series = market.series(market.now_expiries[1], 2_000)
    for dust in (1, 100 * 10**6):
        with rolled_back(market.chain):
            _, lots = market.lens.next_liquidation(trader)
            market.margin.deposit(dust, trader, sender=stranger)
            done = market.margin.liquidate(trader, series, lots, sender=stranger).value
            assert 0.9 * lots < done[0] <= lots
            assert market.health("trader") >= 1
    receiver = market.vault.address  # an account need not be a person's
    market.margin.deposit(1, receiver, sender=stranger)
    assert cash_of(market, receiver) == 1


@pytest.mark.parametrize("size", ["0.0001", "0.001", "0.01", "0.1"])
def test_dust__accounts_that_nobody_wants__are_rich_enough_to_be_closed(
    market: LocalMarket, size: str
) -> None:
    """The least account that owes has the reward of a windup beside its option: a gap leaves
    nothing of it to others."""
    open_legs(market, "trader", ((1, 2_000, "call", float(size)),), quote=1_000)
    thin(market, "trader")
    found = assessed(market, "trader")
    assert found.equity >= 50 * WAD
    market.transmit(3_000)
    found = assessed(market, "trader")
    toll = liquidated(market, ("trader",))
    assert (toll.calls > 0) == (found.equity < found.maintenance)
    assert toll.shortfall == 0
    assert market.vault.balances().bad_debt == 0


def test_own_liquidation__owner_calls_it__pays_himself_and_the_fund(market: LocalMarket) -> None:
    """The bonus is out of his account: he has less by the spread, the skew and the fund's part."""
    open_legs(market, "trader", ((1, 2_000, "call", 20.0),))
    thin(market, "trader")
    price = drift(market, "trader", 1.4)
    market.transmit(price * Decimal("1.25"))
    trader = market.who("trader")
    purse, equity = market.quote.balanceOf(trader), assessed(market, "trader").equity
    receipt = market.liquidate("trader", "trader")
    assert receipt is not None
    done = receipt.event("Liquidated").args
    after = assessed(market, "trader").equity
    gained = market.quote.balanceOf(trader) - purse
    assert gained == done["bonus"] > 0 and done["to_fund"] > 0
    assert after + (gained + done["to_fund"]) * ASSET < equity
    again = outcome(market.margin.liquidate, trader, done["id"], 1, sender=trader)
    assert again == "margin: not now"
