"""Shortfalls that are booked before they are realised: no LP and no staker leaves ahead of one."""

from __future__ import annotations

import pytest

from ballast.chain import rolled_back
from ballast.market.local import LocalMarket
from tests.market import outcome, refused, told
from tests.unit.margin.world import (
    assert_backed,
    assessed,
    cash,
    deposit,
    drain,
    grain,
    started,
    state,
    units,
    withdraw,
)

MOST = 2**31 - 1


def owing(
    market: LocalMarket, actor: str = "trader", contracts: float = 5, right: str = "call"
) -> int:
    """An account of one leg with nothing to spare and no underlying."""
    series = market.series(market.now_expiries[2], 2_000, right)
    market.write(actor, series, contracts)
    drain(market, actor)
    market.margin.withdraw_underlying(units(market, actor), sender=market.who(actor))
    return series


def move(market: LocalMarket, price: float) -> None:
    """A round, and the book evaluated: NAV is known exactly then."""
    market.transmit(price)
    market.refresh()


def bad_debt(market: LocalMarket) -> int:
    return int(market.vault.balances().bad_debt)


def test_flag__solvent_account__books_nothing(market: LocalMarket) -> None:
    """By anybody, for anybody."""
    owing(market)
    before, trader = state(market), market.who("trader")
    for name in ("stranger", "trader", "liquidator"):
        receipt = market.margin.flag(trader, sender=market.who(name))
        assert receipt.value == 0
        assert told(market, receipt)[-1] == (
            "margin.Flagged",
            dict(account=trader, shortfall=0),
        )
    assert market.margin.flag(market.who("lp")).value == 0  # no account at all
    assert (state(market), market.margin.pending(), bad_debt(market)) == (before, 0, 0)


def test_flag__insolvent_account__books_what_it_lacks_rounded_up(market: LocalMarket) -> None:
    owing(market)
    move(market, 4_500)
    trader = market.who("trader")
    lacks = -assessed(market).equity
    assert lacks > 0
    before = state(market)
    receipt = market.margin.flag(trader, sender=market.who("stranger"))
    assert receipt.value == -(-lacks // grain(market))
    assert market.margin.pending() == market.margin.shortfall_of(trader) == receipt.value
    assert state(market) == before


@pytest.mark.parametrize("staked", [1, 3_000, 100_000])
def test_flag__beyond_the_fund__leaves_nav_at_once(staked: int) -> None:
    """NAV falls by exactly what the fund does not pay, and comes back when the flag goes."""
    with started(staked=staked) as market:
        owing(market)
        move(market, 4_500)
        trader = market.who("trader")
        with rolled_back(market.chain):
            market.chain.mine()
            before = market.vault.nav()
        amount = market.margin.flag(trader).value
        fund = market.insurance.available()
        beyond = max(amount - fund, 0)
        assert (beyond == 0) == (staked == 100_000)
        assert bad_debt(market) == beyond
        after = market.vault.nav()
        assert [x - y for x, y in zip(before, after, strict=True)][:2] == [
            beyond * grain(market)
        ] * 2
        move(market, 2_000)
        assert market.margin.flag(trader).value == 0
        assert (market.margin.pending(), bad_debt(market)) == (0, 0)


def test_flag__again__moves_with_the_market(market: LocalMarket) -> None:
    """Up and down, and it is one figure for an account however often it is said."""
    owing(market)
    trader, amounts = market.who("trader"), []
    for price in (4_500, 6_000, 5_000, 4_000):
        move(market, price)
        amounts.append(market.margin.flag(trader).value)
        market.margin.flag(trader)
        assert market.margin.pending() == market.margin.shortfall_of(trader)
        assert abs(market.margin.pending() - amounts[-1]) <= market.assets(1)
    assert amounts[1] > amounts[2] > amounts[0] > amounts[3] > 0


def test_flag__two_accounts__add_up_and_share_the_fund(market: LocalMarket) -> None:
    owing(market, "trader", 3)
    owing(market, "other", 4)
    move(market, 5_000)
    first = market.margin.flag(market.who("trader")).value
    assert bad_debt(market) == max(first - market.insurance.available(), 0)
    second = market.margin.flag(market.who("other")).value
    assert market.margin.pending() == first + second
    assert bad_debt(market) == first + second - market.insurance.available() > 0
    assert market.margin.shortfall_of(market.who("other")) == second


def test_flag__pending__keeps_the_fund_closed(market: LocalMarket) -> None:
    """Who insures stays until it is known who pays."""
    lp, fund = market.who("stranger"), market.insurance
    owing(market)
    ready = fund.request(fund.balanceOf(lp), sender=lp).value
    market.chain.set_timestamp(ready - 60)
    move_late(market, 4_500)
    market.chain.set_timestamp(max(ready, market.chain.timestamp))
    with rolled_back(market.chain):
        assert outcome(fund.redeem, fund.maxRedeem(lp), lp, lp, sender=lp) is None
        assert fund.maxRedeem(lp) > 0
    market.margin.flag(market.who("trader"))
    assert market.margin.pending() > 0
    assert fund.maxRedeem(lp) == fund.maxWithdraw(lp) == 0
    assert refused(fund.redeem, 1, lp, lp, sender=lp) == "fund: pending"
    deposit(market, market.margin.pending() + market.assets(10))
    assert fund.maxRedeem(lp) == 0  # until somebody says so
    assert market.margin.flag(market.who("trader")).value == 0
    assert fund.maxRedeem(lp) > 0


def move_late(market: LocalMarket, price: float) -> None:
    """After weeks: new slices too."""
    market.transmit(price)
    live = [e for e in market.surface.expiries() if e > market.chain.timestamp + 60]
    market.found(live)


def test_liquidate__flagged_account__ends_its_flag(market: LocalMarket) -> None:
    """What was booked is realised: the figure goes with the debt."""
    series = owing(market)
    move(market, 6_000)
    trader = market.who("trader")
    booked = market.margin.flag(trader).value
    fund = market.insurance.available()
    assert bad_debt(market) == booked - fund > 0
    receipt = market.margin.liquidate(trader, series, MOST, sender=market.who("liquidator"))
    realised = receipt.event("ShortfallRealised").args
    assert realised["shortfall"] == pytest.approx(booked, abs=market.assets(1))
    assert realised["from_fund"] == fund
    assert (market.margin.pending(), market.margin.shortfall_of(trader)) == (0, 0)
    assert bad_debt(market) == 0
    assert market.insurance.available() == 0
    assert_backed(market)


def test_liquidate__part_of_a_flagged_account__keeps_what_is_left(market: LocalMarket) -> None:
    """The rest is still owed; cash is gone first, so what is left is all of its mark."""
    series = owing(market)
    move(market, 4_500)
    trader = market.who("trader")
    market.margin.flag(trader)
    market.margin.liquidate(trader, series, 20_000, sender=market.who("liquidator"))
    left = market.margin.shortfall_of(trader)
    assert market.margin.pending() == left > 0
    assert left == pytest.approx(-assessed(market).equity / grain(market), abs=market.assets(1))
    assert bad_debt(market) == max(left - market.insurance.available(), 0)
    market.margin.liquidate(trader, series, MOST, sender=market.who("liquidator"))
    assert (market.margin.pending(), bad_debt(market)) == (0, 0)


def test_liquidate__of_another_account__tells_the_vault_what_the_fund_has_left(
    market: LocalMarket,
) -> None:
    """What is drawn for one is not there for the other: NAV says so at once."""
    series = owing(market, "trader", 3)
    owing(market, "other", 4)
    move(market, 4_200)
    booked = market.margin.flag(market.who("other")).value
    market.margin.liquidate(market.who("trader"), series, MOST)
    left = market.insurance.available()
    assert market.margin.pending() == booked
    assert bad_debt(market) == booked - min(booked, left)


def test_settle__flagged_account__ends_its_flag(market: LocalMarket) -> None:
    first, trader = market.now_expiries[0], market.who("trader")
    series = market.series(first, 2_000)
    market.write("trader", series, 5)
    drain(market)
    market.margin.withdraw_underlying(units(market), sender=trader)
    market.chain.set_timestamp(first - 60)
    market.transmit(6_000)
    booked = market.margin.flag(trader).value
    assert booked > 0
    market.chain.set_timestamp(first + 1)
    market.transmit(6_000)
    market.fix(first)
    receipt = market.margin.settle(trader, first)
    short = receipt.event("AccountSettled").args["shortfall"]
    assert short == market.assets(20_000) - 0 - _had(receipt) > 0
    assert short == pytest.approx(booked, rel=1e-6)
    assert (market.margin.pending(), bad_debt(market)) == (0, 0)
    assert (cash(market), units(market)) == (0, 0)


def _had(receipt: object) -> int:
    """What the account itself paid."""
    collected = receipt.event("DebtCollected").args  # type: ignore[attr-defined]
    return int(collected["quote"]) - int(receipt.event("ShortfallRealised").args["from_fund"])  # type: ignore[attr-defined]


def test_flag__underlying_of_the_account__counts_before(market: LocalMarket) -> None:
    """It pays before the fund does, so what it is worth is no shortfall."""
    series = market.series(market.now_expiries[2], 2_000)
    market.write("trader", series, 5)
    drain(market)
    move(market, 4_500)
    assert assessed(market).equity < 0
    trader = market.who("trader")
    assert market.margin.flag(trader).value == 0
    keep = units(market)
    assert keep == market.units(50)
    reason = refused(market.margin.withdraw_underlying, 1, sender=trader)
    assert reason == "margin: requirement"


def test_flag__deposit_and_closing__end_it_with_the_next_word(market: LocalMarket) -> None:
    series = owing(market)
    move(market, 4_500)
    trader = market.who("trader")
    booked = market.margin.flag(trader).value
    deposit(market, booked * 2)
    assert market.margin.pending() == booked
    market.margin.buy_to_close(series, 50_000, 2**200, 2**40, sender=trader)
    assert market.margin.pending() == booked
    assert market.margin.flag(trader).value == 0
    assert (market.margin.pending(), bad_debt(market)) == (0, 0)
    withdraw(market, cash(market))
