"""Liquidations: when, how much, at whose expense, and that nobody can block or milk one."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.chain import rolled_back
from ballast.market.local import FOREVER, LocalMarket
from ballast.units import WAD
from tests.market import outcome, refused, told
from tests.unit.margin.world import (
    assert_backed,
    assert_locked,
    assert_owed,
    assessed,
    cash,
    deposit,
    drain,
    grain,
    legs,
    moved,
    own,
    raise_to,
    started,
    state,
    units,
    until_below,
    wealth,
    withdraw,
)

MOST = 2**31 - 1
LOW, HIGH = 1.05, 1.25
MANY = settings(max_examples=40)
SEEDS = st.integers(0, 2**32)


def short(market: LocalMarket, series: int, contracts: float, health: float = 1.0) -> None:
    """An account of one leg that is no more than just below this health."""
    market.write("trader", series, contracts)
    drain(market)
    until_below(market, health, up=series & 1 == 0)


def crash(market: LocalMarket, factor: float) -> None:
    """One round later spot is elsewhere."""
    market.transmit(round(market.oracle.spot()[0] / WAD * factor, 2))


# --- when


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_liquidate__equity_at_maintenance__is_healthy_to_the_wei(
    exact: LocalMarket, over: int
) -> None:
    """E1, V19."""
    call, trader = exact.series(exact.now_expiries[2], 2_000), exact.who("trader")
    short(exact, call, 5, 0.999)
    raise_to(exact, over)
    found = assessed(exact)
    assert found.equity - found.maintenance == over
    assert exact.lens.liquidatable(trader) == (over < 0)
    assert (exact.lens.next_liquidation(trader) == (0, 0)) == (over >= 0)
    for lots in (100, 50_000, MOST):
        reason = outcome(exact.margin.liquidate, trader, call, lots)
        assert reason == (None if over < 0 else "margin: not now")


def test_liquidate__what_is_no_leg__is_refused(market: LocalMarket, call: int, put: int) -> None:
    liquidate, trader = market.margin.liquidate, market.who("trader")
    short(market, call, 5)
    assert refused(liquidate, trader, put, 1) == "margin: no leg"
    assert refused(liquidate, market.who("lp"), call, 1) == "margin: no leg"
    for lots in (0, MOST + 1, 2**256 - 1):
        assert refused(liquidate, trader, call, lots) == "margin: size"


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_liquidate__expired_leg__waits_for_settlement(market: LocalMarket, late: int) -> None:
    first = market.now_expiries[0]
    call, trader = market.series(first, 2_000), market.who("trader")
    short(market, call, 5)
    market.chain.set_timestamp(first - 60)
    market.transmit(2_900)
    market.chain.set_timestamp(first + late)
    reason = outcome(market.margin.liquidate, trader, call, MOST)
    assert reason == (None if late < 0 else "margin: expired")
    assert market.lens.liquidatable(trader) == (late < 0)


def test_liquidate__escrowed_leg__has_nothing_to_close(market: LocalMarket, call: int) -> None:
    other_call = market.series(call >> 128, 2_100)
    market.write("trader", other_call, 1, escrowed=1)
    short(market, call, 5, 0.9)
    assert refused(market.margin.liquidate, market.who("trader"), other_call, 1) is not None
    assert market.lens.next_liquidation(market.who("trader"))[0] == call
    before = legs(market)[other_call]
    while market.liquidate("liquidator", "trader"):
        assert legs(market)[other_call] == before


# --- how much, told whole


@pytest.mark.parametrize("health", [0.999, 0.97, 0.9, 0.7])
@pytest.mark.parametrize("right", ["call", "put"])
def test_liquidate__one_leg__ends_in_the_band_or_closed(
    market: LocalMarket, right: str, health: float
) -> None:
    series = market.series(market.now_expiries[2], 2_000, right)
    short(market, series, 10, health)
    receipt = market.liquidate("liquidator", "trader")
    assert receipt is not None
    after = market.health("trader")
    assert LOW - 1e-6 <= after <= HIGH + 1e-3
    assert market.liquidate("liquidator", "trader") is None
    assert_owed(market)
    assert_backed(market)


def test_liquidate__bonus__is_told_whole_and_split(market: LocalMarket, call: int) -> None:
    """By a third party: price, bonus, the fund's fifth of it through the vault."""
    short(market, call, 10, 0.97)
    trader, caller = market.who("trader"), market.who("liquidator")
    market.buy_back("trader", call, "0.01")  # resets flows
    until_below(market, 0.97)
    market.refresh()
    market.buy("other", call, "0.01")
    before, found = cash(market), assessed(market)
    health = found.equity / found.maintenance
    room, price = market.desk.unwind_terms(call, legs(market)[call][0])
    dues = market.vault.dues()
    receipt = market.margin.liquidate(trader, call, MOST, sender=caller)
    lots, paid = receipt.value
    trade = receipt.event("MarginTraded").args
    told_ = receipt.event("Liquidated").args
    premium, to_fund = trade["premium"], told_["to_fund"]
    assert 0 < premium * grain(market) <= price * lots // 10_000 + grain(market)
    assert lots <= room
    assert told(market, receipt) == [
        ("desk.MarginTraded", trade),
        moved("quote", market.margin, market.vault, premium + to_fund),
        (
            "margin.Liquidated",
            dict(
                account=trader,
                id=call,
                liquidator=caller,
                lots=lots,
                is_sale=False,
                is_windup=False,
                bonus=paid,
                to_fund=to_fund,
                from_fund=0,
            ),
        ),
        moved("quote", market.margin, caller, paid),
    ]
    assert (trade["account"], trade["id"], trade["lots"]) == (trader, call, lots)
    assert (trade["escrowed"], trade["fee"]) == (0, 0)
    assert cash(market) == before - premium - to_fund - paid
    bonus = paid + to_fund
    assert abs(to_fund - bonus // 5) <= 1
    most = price * lots // 10_000 // grain(market) * min(0.05, 1 - health)
    assert 0 < bonus <= most * (1 + 1e-9) + 1
    crumb = 10 ** (market.terms.quote_decimals - 4)
    assert 0 <= market.vault.dues() - dues - to_fund // crumb * crumb <= crumb


@pytest.mark.parametrize("lots", [1, 99, 100, 101, 5_000])
def test_liquidate__part__closes_no_more_than_asked(
    market: LocalMarket, call: int, lots: int
) -> None:
    """Amounts are bounds; any part that helps is taken."""
    short(market, call, 10, 0.9)
    before, trader = legs(market)[call][0], market.who("trader")
    health = market.health("trader")
    closed, _ = market.margin.liquidate(trader, call, lots, sender=market.who("liquidator")).value
    assert 0 < closed <= lots
    assert legs(market)[call][0] == before - closed
    assert market.health("trader") >= health


@pytest.mark.parametrize("left", [0, 1, 99, 100, 150])
def test_liquidate__dust__does_not_stay(market: LocalMarket, call: int, left: int) -> None:
    """E3: of a leg nothing between nothing and the sheet's hundred lots is left."""
    short(market, call, 1, 0.7)
    owed = legs(market)[call][0]
    trader = market.who("trader")
    market.margin.liquidate(trader, call, owed - left, sender=market.who("liquidator"))
    rest = legs(market).get(call, (0, 0, 0))[0]
    assert rest == 0 or rest >= 100


# --- who gains


def test_liquidate__owner_himself__gains_nothing(market: LocalMarket, call: int) -> None:
    """E2: his bonus comes out of his own account, and a fifth of it is gone."""
    trader = market.who("trader")
    short(market, call, 10, 0.95)
    with rolled_back(market.chain):
        market.chain.mine()
        before = assessed(market).equity
    wallet, fund = market.quote.balanceOf(trader), market.insurance.available()
    paid = market.margin.liquidate(trader, call, MOST, sender=trader).value[1]
    assert market.quote.balanceOf(trader) - wallet == paid > 0
    assert assessed(market).equity + paid * grain(market) < before
    assert market.insurance.available() > fund


def test_liquidate__owner_cures__until_the_call(market: LocalMarket, call: int) -> None:
    """A deposit that is enough stops it; one that is not only makes it smaller."""
    trader = market.who("trader")
    short(market, call, 10, 0.95)
    with rolled_back(market.chain):
        raise_to(market, 10**18)
        assert not market.lens.liquidatable(trader)
        assert refused(market.margin.liquidate, trader, call, MOST) == "margin: not now"
    whole = market.margin.liquidate.call(trader, call, MOST)[0]
    deposit(market, 1)  # E4: dust does not stop a call that is on its way
    assert market.margin.liquidate.call(trader, call, MOST)[0] <= whole
    assert market.lens.liquidatable(trader)


def test_liquidate__operator_and_stranger__alike(market: LocalMarket, call: int) -> None:
    """H5: anyone, for the same."""
    short(market, call, 10, 0.95)
    trader = market.who("trader")
    found = {
        market.margin.liquidate.call(trader, call, MOST, sender=market.who(name))
        for name in ("owner", "guardian", "keeper", "stranger", "trader", "liquidator")
    }
    assert len(found) == 1


def test_liquidate__caller_on_the_blacklist__stops_only_himself(
    market: LocalMarket, call: int
) -> None:
    """F4."""
    short(market, call, 10, 0.95)
    trader, caller = market.who("trader"), market.who("liquidator")
    market.quote.blacklist(caller, sender=market.who("deployer"))
    reason = refused(market.margin.liquidate, trader, call, MOST, sender=caller)
    assert reason == "Blacklistable: account is blacklisted"
    market.quote.blacklist(trader, sender=market.who("deployer"))
    stranger = market.who("stranger")
    assert outcome(market.margin.liquidate, trader, call, MOST, sender=stranger) is None


def test_liquidate__coin_paused__waits_and_loses_nothing(market: LocalMarket, call: int) -> None:
    """F5."""
    short(market, call, 10, 0.95)
    trader, deployer = market.who("trader"), market.who("deployer")
    before = state(market)
    market.quote.pause(sender=deployer)
    assert refused(market.margin.liquidate, trader, call, MOST) == "Pausable: paused"
    assert state(market) == before
    market.quote.unpause(sender=deployer)
    assert outcome(market.margin.liquidate, trader, call, MOST) is None


# --- options that the account owns


def test_liquidate__cash_short__sells_options_of_the_account(market: LocalMarket) -> None:
    """What it owns goes to the desk for what cash lacks, and pays the caller nothing."""
    expiry = market.now_expiries[2]
    call = market.series(expiry, 2_000)
    own(market, market.series(market.now_expiries[3], 1_800, "put"), 20)
    market.write("trader", call, 10)
    drain(market)
    until_below(market, 0.8)
    sales, seen = 0, []
    for _ in range(12):
        series, lots = market.lens.next_liquidation(market.who("trader"))
        if not lots:
            break
        before = state(market)
        receipt = market.liquidate("liquidator", "trader")
        assert receipt is not None
        told_ = receipt.event("Liquidated").args
        seen.append(told_["is_sale"])
        if told_["is_sale"]:
            sales += 1
            trade = receipt.event("MarginTraded").args
            assert trade["lots"] == -told_["lots"] and trade["premium"] < 0
            assert told_["bonus"] == told_["to_fund"] == told_["from_fund"] == 0
            assert cash(market) == before[0] - trade["premium"]
            assert legs(market).get(series, (0, 0, 0))[2] == before[2][series][2] - told_["lots"]
        assert_backed(market)
        assert_owed(market)
        assert_locked(market)
    assert not market.lens.liquidatable(market.who("trader"))
    assert market.health("trader") >= 1, (sales, seen)


def test_liquidate__no_cash_at_all__sells_first(market: LocalMarket) -> None:
    expiry = market.now_expiries[2]
    long, call = market.series(expiry, 2_100), market.series(expiry, 2_000)
    own(market, long, 10)
    market.write("trader", call, 10)
    drain(market)
    until_below(market, 0.9)
    first = market.lens.next_liquidation(market.who("trader"))
    assert first[1] > 0
    for _ in range(20):
        if market.liquidate("liquidator", "trader") is None:
            break
    assert market.health("trader") >= 1
    assert_backed(market)


# --- windups


def insolvent(market: LocalMarket, series: int, contracts: float, factor: float) -> None:
    """An account of one leg and cash alone, after a jump."""
    market.write("trader", series, contracts)
    drain(market)
    market.margin.withdraw_underlying(units(market), sender=market.who("trader"))
    crash(market, factor)
    assert assessed(market).equity < 0


@pytest.mark.parametrize("right", ["call", "put"])
def test_liquidate__insolvent__is_wound_up_at_the_mark(each: LocalMarket, right: str) -> None:
    """E5, E6: account, then fund, then LPs, to the unit; at the mark, without spread or skew."""
    series = each.series(each.now_expiries[2], 2_000, right)
    insolvent(each, series, 5, 1.8 if right == "call" else 0.4)
    trader, caller = each.who("trader"), each.who("liquidator")
    has, fund = cash(each), each.insurance.available()
    wallet, total = each.quote.balanceOf(caller), wealth(each)
    receipt = each.margin.liquidate(trader, series, MOST, sender=caller)
    lots, paid = receipt.value
    told_, trade = receipt.event("Liquidated").args, receipt.event("MarginTraded").args
    assert told_["is_windup"] and not told_["is_sale"] and lots == 50_000
    exactly = trade["mark"] * lots
    whole = 10_000 * grain(each)
    assert trade["premium"] == -(-exactly // whole)
    assert (trade["skew"], trade["spread"], trade["clamp"], trade["fee"]) == (0, 0, 0, 0)
    shortfall = trade["premium"] - has
    assert shortfall > 0
    realised = receipt.event("ShortfallRealised").args
    drawn = min(shortfall, fund)
    assert realised == dict(
        account=trader, shortfall=shortfall, from_fund=drawn, from_lps=shortfall - drawn
    )
    assert paid == told_["from_fund"] == min(each.assets(50), fund - drawn)
    assert told_["to_fund"] == 0
    assert each.quote.balanceOf(caller) - wallet == paid
    assert each.insurance.available() == fund - drawn - paid
    assert state(each) == (0, 0, {})
    assert wealth(each) == total
    assert_backed(each)
    assert each.margin.credit() == (0, 0)


def test_liquidate__windup_of_one_with_equity__pays_the_reward_itself(
    market: LocalMarket, call: int
) -> None:
    """Equity below what closing costs: at the mark, and the reward is the account's first."""
    market.write("trader", call, 10)
    drain(market)
    market.margin.withdraw_underlying(units(market), sender=market.who("trader"))
    until_below(market, 0.0035)
    found = assessed(market)
    assert 0 < found.equity < found.closing
    has, fund = cash(market), market.insurance.available()
    receipt = market.liquidate("liquidator", "trader")
    assert receipt is not None
    told_, trade = receipt.event("Liquidated").args, receipt.event("MarginTraded").args
    assert told_["is_windup"]
    assert "ShortfallRealised" not in [event.name for event in receipt.events]
    paid = told_["bonus"]
    assert market.assets(50) >= paid > 0
    assert cash(market) == has - trade["premium"] - (paid - told_["from_fund"])
    assert market.insurance.available() == fund - told_["from_fund"]


def test_liquidate__windup_with_underlying__takes_that_before_the_fund(
    market: LocalMarket, call: int
) -> None:
    """It is no collateral, and it pays before anybody else does."""
    market.write("trader", call, 5)
    drain(market)
    crash(market, 1.8)
    has, fund, under = cash(market), market.insurance.available(), units(market)
    assert assessed(market).equity < 0
    vault = market.vault.balances()
    receipt = market.liquidate("liquidator", "trader")
    assert receipt is not None
    trade = receipt.event("MarginTraded").args
    shortfall = trade["premium"] - has
    spot = market.oracle.spot()[0]
    given = -(-shortfall * 10**12 * WAD // spot)
    assert under - units(market) == given
    assert market.vault.balances().underlying - vault.underlying == given
    assert market.insurance.available() == fund
    assert "ShortfallRealised" not in [event.name for event in receipt.events]
    assert_backed(market)


def test_liquidate__windup_in_parts__rewards_the_last(market: LocalMarket, call: int) -> None:
    """Slices bring nothing, or a fund would be emptied in slices."""
    insolvent(market, call, 5, 1.8)
    trader, caller = market.who("trader"), market.who("liquidator")
    wallet = market.quote.balanceOf(caller)
    paid = [market.margin.liquidate(trader, call, 10_000, sender=caller).value[1] for _ in range(5)]
    assert sum(paid) <= market.assets(50)
    assert market.quote.balanceOf(caller) - wallet == sum(paid)
    assert legs(market) == {}


# --- over many states


def wander(market: LocalMarket, seed: int) -> None:
    """An account of several legs, some with escrow, some owned, at some health after some move."""
    r = random.Random(seed)
    trader = market.who("trader")
    pool = [
        market.series(expiry, strike, right)
        for expiry in market.now_expiries[1:3]
        for strike in (1_900, 2_000, 2_100)
        for right in ("call", "put")
    ]
    for _ in range(r.randint(1, 4)):
        series, contracts = r.choice(pool), round(r.uniform(0.01, 6.0), 4)
        lots = market.lots(contracts)
        verb = r.choice(("naked", "naked", "half", "own"))
        if verb == "own":
            if legs(market).get(series, (0, 0, 0))[0] == 0:
                own(market, series, contracts)
            continue
        args = (series, lots, 0, FOREVER, lots // 2 if verb == "half" else 0)
        if outcome(market.margin.sell_to_open, *args, sender=trader) is None:
            market.margin.sell_to_open(*args, sender=trader)
    if r.random() < 0.5:
        market.margin.withdraw_underlying(units(market), sender=trader)
    if r.random() < 0.9:
        found = assessed(market)
        spare = (found.equity - found.initial) // grain(market)
        withdraw(market, max(0, min(cash(market), int(spare * r.choice((1, 1, 0.9))))))
    for _ in range(r.randint(0, 2)):
        crash(market, r.choice((1.02, 1.05, 1.12, 1.3, 1.6, 0.97, 0.93, 0.85, 0.7, 0.5)))


def _succeeds(market: LocalMarket, series: int, lots: int) -> bool:
    reason = outcome(market.margin.liquidate, market.who("trader"), series, lots)
    known = {"margin: not now", "desk: size", "quoter: no bid", "margin: settle first"}
    assert reason is None or reason in known, reason
    return reason is None


@MANY
@given(seed=SEEDS)
def test_liquidatable__any_state__is_whether_a_call_succeeds(seed: int) -> None:
    """V19: predicate, next leg and call, on one snapshot; and nothing of a healthy account goes."""
    with started() as market:
        wander(market, seed)
        trader = market.who("trader")
        series, lots = market.lens.next_liquidation(trader)
        assert market.lens.liquidatable(trader) == (lots > 0)
        whole = {one: _succeeds(market, one, MOST) for one in legs(market)}
        assert any(whole.values()) == (lots > 0)
        if lots:
            assert whole[series] and _succeeds(market, series, lots)
        found = assessed(market)
        if found.equity >= found.maintenance:
            for one in legs(market):
                assert not any(_succeeds(market, one, part) for part in (1, 100, 10_000, MOST))


@MANY
@given(seed=SEEDS)
def test_liquidate__any_state__conserves_and_ends(seed: int) -> None:
    """V1, V19: each call raises health, closes the costliest leg or sells for cash that lacks; soon
    nothing is left to do."""
    with started() as market:
        wander(market, seed)
        total, trader = wealth(market), market.who("trader")
        for _ in range(24):
            if not market.lens.liquidatable(trader):
                break
            _one_liquidation(market, total)
            market.chain.mine()
        found = assessed(market)
        owes = any(owed > escrowed for owed, escrowed, _ in legs(market).values())
        assert found.equity >= found.maintenance or not owes
        assert not market.lens.liquidatable(trader)


def _one_liquidation(market: LocalMarket, total: tuple[int, int]) -> None:
    before, judged = state(market), assessed(market)
    fund, flows = market.insurance.available(), _flows(market)
    receipt = market.liquidate("liquidator", "trader")
    assert receipt is not None
    told_, trade = receipt.event("Liquidated").args, receipt.event("MarginTraded").args
    after = assessed(market)
    if not told_["is_sale"]:
        _assert_better(market, told_, before, judged, after)
    if not told_["is_windup"]:
        assert told_["from_fund"] == 0
        assert market.insurance.available() >= fund
    assert wealth(market) == total
    assert_backed(market)
    assert_owed(market)
    assert_locked(market)
    if told_["is_sale"]:  # as anybody's
        return
    assert trade["fee"] == 0
    if "FlowReset" not in [event.name for event in receipt.events]:
        assert _flows(market) == flows


def _assert_better(
    market: LocalMarket, told_: dict[str, Any], before: tuple[Any, ...], judged: Any, after: Any
) -> None:
    """Health rose, or the leg is closed, or it was the costliest, or all was wound up."""
    health = judged.equity * after.maintenance <= after.equity * judged.maintenance
    closed = told_["id"] not in legs(market)
    costliest = sorted(before[2])[judged.costliest] == told_["id"]
    assert health or closed or costliest or told_["is_windup"]


def _flows(market: LocalMarket) -> tuple[int, int]:
    found = market.book.exposure_now()
    return found.flow_delta, found.flow_vega
