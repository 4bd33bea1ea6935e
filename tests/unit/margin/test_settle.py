"""Settling accounts: what each leg pays and owes to the unit, who pays, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.chain import rolled_back
from ballast.market.local import LocalMarket, Terms
from ballast.units import WAD
from tests.market import PAIRS, outcome, refused, renew, told
from tests.unit.margin.world import (
    LOTS,
    OWNERS,
    assert_backed,
    assert_owed,
    assessed,
    cash,
    cover,
    drain,
    grain,
    legs,
    lot,
    moved,
    own,
    started,
    state,
    units,
    wealth,
    withdraw,
)

FEED = 10**10
PRICES = (
    2_000 * WAD,
    2_000 * WAD + FEED,
    2_000 * WAD - FEED,
    1_900 * WAD + 3 * FEED,
    3_123_456_789 * WAD // 10**6,
    2_345_678_901_23 * FEED,
    40 * WAD + 7 * FEED,
)
STRIKES = (1_900, 2_000, 2_100)


def expired(market: LocalMarket, expiry: int, price: int) -> None:
    """The last round at or before the expiry is of this price; and so is the next."""
    market.chain.set_timestamp(expiry - 5)
    market.aggregator.transmit(price // FEED, 0)
    market.chain.set_timestamp(expiry + 1)
    market.aggregator.transmit(price // FEED, 0)


# --- the arithmetic, again


def strike_of(series: int) -> int:
    return series >> 8 & 2**120 - 1


def apart(series: int, price: int) -> int:
    """Intrinsic value, WAD."""
    gap = strike_of(series) - price
    return max(gap if series & 1 else -gap, 0)


def owed_up(market: LocalMarket, series: int, lots: int, price: int) -> int:
    """Assets, the ceiling."""
    return -(-apart(series, price) * lots // (LOTS * grain(market)))


def escrow_up(market: LocalMarket, series: int, lots: int, price: int) -> tuple[int, int]:
    """Assets and units that escrow pays, the ceiling."""
    if series & 1:
        return owed_up(market, series, lots, price), 0
    return 0, -(-apart(series, price) * lots * lot(market) // price)


def paid_down(market: LocalMarket, series: int, lots: int, price: int) -> tuple[int, int]:
    """Assets and units that an option pays, the floor."""
    if series & 1:
        return apart(series, price) * lots // (LOTS * grain(market)), 0
    return 0, apart(series, price) * lots * lot(market) // price


def worth_down(market: LocalMarket, amount: int, price: int) -> int:
    scale = 10 ** (18 - market.terms.underlying_decimals)
    return int(amount * scale * price // WAD // grain(market))


def units_up(market: LocalMarket, assets: int, price: int) -> int:
    scale = 10 ** (18 - market.terms.underlying_decimals)
    return int(-(-assets * grain(market) * WAD // (price * scale)))


def expected(market: LocalMarket, actor: str, expiry: int, price: int) -> tuple[Any, ...]:
    """The account after, its debt, and what nobody paid: spot stands at the settlement price."""
    money, under, found = state(market, actor)
    debt = brought = 0
    for series, (owed, escrowed, owned) in found.items():
        if series >> 128 != expiry:
            continue
        paid = paid_down(market, series, owned, price)
        back = cover(market, series, escrowed)
        taken = escrow_up(market, series, escrowed, price)
        money += paid[0] + back[0] - taken[0]
        under += paid[1] + back[1] * lot(market) - taken[1]
        brought += paid[1]
        debt += owed_up(market, series, owed - escrowed, price)
    given = min(brought, units_up(market, debt, price))
    rest = debt - min(debt, worth_down(market, given, price))
    out = min(rest, money)
    rest -= out
    if rest:
        more = min(under - given, units_up(market, rest, price))
        given += more
        rest -= min(rest, worth_down(market, more, price))
    left = {series: leg for series, leg in found.items() if series >> 128 != expiry}
    return (money - out, under - given, left), debt, rest


# --- whole expiries, every pair of decimals, awkward prices


def everything(market: LocalMarket, expiry: int) -> list[tuple[str, int, int]]:
    """Odd sizes of everything: owed, escrowed, owned, and held outside. Holder, series, lots."""
    held = []
    for i, strike in enumerate(STRIKES):
        call, put = (market.series(expiry, strike, right) for right in ("call", "put"))
        for j, series in enumerate((call, put)):
            writer, owner = OWNERS[(i + j) % 2], OWNERS[(i + j + 1) % 2]
            market.write(writer, series, f"0.{7_001 + i}", escrowed=f"0.{3_333 * (i % 3):04d}")
            own(market, series, f"0.{1_003 + 7 * j:04d}", owner)
            market.buy("trader", series, f"0.{501 + i:04d}")
            held.append(("trader", series, 501 + i))
    return held


@pytest.fixture(params=PAIRS, ids=lambda pair: f"quote{pair[0]}-unit{pair[1]}", scope="module")
def full(request: pytest.FixtureRequest) -> Iterator[tuple[LocalMarket, list[Any]]]:
    """A market in which everything of an expiry is owed, escrowed, owned and held."""
    quote, unit = request.param
    with started(Terms(quote_decimals=quote, underlying_decimals=unit)) as market:
        yield market, everything(market, market.now_expiries[0])


@pytest.mark.parametrize("price", PRICES, ids=lambda price: f"{price / WAD:.10g}")
@pytest.mark.parametrize("first", [0, 1])
def test_settle__everything__adds_up_to_the_unit(
    full: tuple[LocalMarket, list[tuple[str, int, int]]], price: int, first: int
) -> None:
    """V1, V2, V3, V17: accounts in either order, holders after them; nobody gets a unit of
    another's, and nothing is owed when all have settled."""
    market, held = full
    expiry = market.now_expiries[0]
    with rolled_back(market.chain):
        total = wealth(market)
        expired(market, expiry, price)
        market.fix(expiry)
        names = OWNERS if first == 0 else OWNERS[::-1]
        for name in names:
            after, debt, short = expected(market, name, expiry, price)
            receipt = market.margin.settle(market.who(name), expiry, sender=market.who("stranger"))
            assert state(market, name) == after
            assert told(market, receipt)[-1] == (
                "margin.AccountSettled",
                dict(
                    account=market.who(name), expiry=expiry, price=price, debt=debt, shortfall=short
                ),
            )
            assert short == 0
        for name, series, lots in held:
            paid = market.desk.redeem(series, lots, sender=market.who(name)).value
            assert paid == paid_down(market, series, lots, price)
        assert wealth(market) == total
        assert_backed(market, spare=4 * len(STRIKES))
        assert_owed(market)
        _assert_vault_whole(market, expiry)


def _assert_vault_whole(market: LocalMarket, expiry: int) -> None:
    """Nothing owed, no pot, and the tokens that the ledger counts."""
    found = market.vault.balances()
    assert (found.receivable, found.bad_debt) == (0, 0)
    assert market.vault.pot(expiry) == (0, 0, 0)
    assert market.quote.balanceOf(market.vault) == found.cash
    assert market.underlying.balanceOf(market.vault) == found.underlying


@settings(max_examples=40)
@given(
    price=st.integers(100 * WAD // FEED, 4_000 * WAD // FEED),
    sizes=st.lists(st.integers(1, 30_000), min_size=4, max_size=4),
    parts=st.lists(st.integers(0, 4), min_size=4, max_size=4),
    decimals=st.sampled_from([(6, 18), (18, 6), (8, 8)]),
)
def test_settle__any_price_and_sizes__conserves(
    price: int, sizes: list[int], parts: list[int], decimals: tuple[int, int]
) -> None:
    """V1, V17: whoever pays, pot, vault, fund and accounts get what was there."""
    with started(Terms(quote_decimals=decimals[0], underlying_decimals=decimals[1])) as market:
        expiry, trader = market.now_expiries[0], market.who("trader")
        pool = [market.series(expiry, k, r) for k in (1_900, 2_100) for r in ("call", "put")]
        for series, lots, part in zip(pool, sizes, parts, strict=True):
            market.margin.sell_to_open(series, lots, 0, 2**40, lots * part // 4, sender=trader)
            market.desk.buy(series, sizes[0], 2**255, 2**40, sender=market.who("other"))
        drain(market)
        market.margin.withdraw_underlying(units(market), sender=trader)
        total, start = wealth(market), market.insurance.available()
        expired(market, expiry, price * FEED)
        market.fix(expiry)
        after, debt, short = expected(market, "trader", expiry, price * FEED)
        receipt = market.margin.settle(trader, expiry)
        assert state(market) == after
        told_ = receipt.event("AccountSettled").args
        assert (told_["debt"], told_["shortfall"]) == (debt, short)
        drawn = min(short, start)
        assert market.insurance.available() == start - drawn
        for series in pool:
            market.desk.redeem(series, sizes[0], sender=market.who("other"))
        assert wealth(market) == total
        _assert_vault_whole(market, expiry)
        assert_backed(market, spare=4)


# --- order and repetition


def test_settle__account__settles_the_expiry_first(market: LocalMarket) -> None:
    """Told whole; and where somebody has, only the account."""
    expiry, trader = market.now_expiries[0], market.who("trader")
    call = market.series(expiry, 2_000)
    market.write("trader", call, 2)
    expired(market, expiry, 2_100 * WAD)
    market.fix(expiry)
    debt = market.assets(200)
    account = [
        moved("quote", market.margin, market.vault, debt),
        (
            "margin.AccountSettled",
            dict(account=trader, expiry=expiry, price=2_100 * WAD, debt=debt, shortfall=0),
        ),
    ]
    collected = ("vault.DebtCollected", dict(quote=debt, underlying=0, cleared=debt - 1))
    with rolled_back(market.chain):
        receipt = market.margin.settle(trader, expiry)
        names = [name for name, _ in told(market, receipt)]
        assert names[:2] == ["book.ExpiryClosed", "desk.ExpirySettled"]
        assert told(market, receipt)[-3:] == [collected, *account]
    market.desk.settle(expiry)
    assert market.vault.balances().receivable == debt - 1
    receipt = market.margin.settle(trader, expiry)
    assert told(market, receipt) == [collected, *account]
    assert market.vault.balances().receivable == 0


def test_settle__twice_or_for_nothing__is_refused(market: LocalMarket) -> None:
    """D3."""
    expiry, trader = market.now_expiries[0], market.who("trader")
    market.write("trader", market.series(expiry, 2_000), 2)
    settle = market.margin.settle
    assert refused(settle, trader, expiry) == "oracle: not fixed"
    expired(market, expiry, 2_100 * WAD)
    assert refused(settle, trader, expiry) == "oracle: not fixed"
    market.fix(expiry)
    assert refused(settle, market.who("other"), expiry) == "margin: no such expiry"
    settle(trader, expiry)
    assert refused(settle, trader, expiry) == "margin: no such expiry"
    assert refused(settle, trader, market.now_expiries[1]) == "oracle: not fixed"
    for never in (0, 1, expiry + 1, 2**200):
        assert outcome(settle, trader, never) is not None


def test_settle__expired_leg__can_neither_be_traded_nor_taken(market: LocalMarket) -> None:
    """D6: from the expiry on nothing but settlement changes it."""
    expiry, trader = market.now_expiries[0], market.who("trader")
    call, put = market.series(expiry, 2_000), market.series(expiry, 2_000, "put")
    market.write("trader", call, 2)
    own(market, put, 2)
    expired(market, expiry, 2_100 * WAD)
    margin = market.margin
    for lots in (1, 20_000):
        assert outcome(margin.sell_to_open, call, lots, 0, 2**40, sender=trader) is not None
        assert outcome(margin.buy_to_close, call, lots, 2**200, 2**40, sender=trader) is not None
        assert refused(margin.liquidate, trader, call, lots) == "margin: expired"
        assert refused(margin.liquidate, trader, put, lots) == "margin: expired"
    assert outcome(margin.withdraw, 1, sender=trader) is None  # judged at spot, as it may be


def test_settle__unsettled_debt__holds_what_it_needs(market: LocalMarket) -> None:
    """What has expired and is not paid still counts in full."""
    expiry, trader = market.now_expiries[0], market.who("trader")
    market.write("trader", market.series(expiry, 2_000), 10)
    expired(market, expiry, 2_500 * WAD)
    market.fix(expiry)
    found = assessed(market)
    assert found.due == 5_000 * WAD
    assert found.equity == cash(market) * grain(market) - 5_000 * WAD
    assert found.maintenance == 0  # fixed: nothing moves it
    spare = cash(market) - market.assets(5_000)
    assert outcome(market.margin.withdraw, spare, sender=trader) is None
    assert refused(market.margin.withdraw, spare + 1, sender=trader) == "margin: requirement"


def test_settle__spread__nets_in_underlying_whatever_spot_does(market: LocalMarket) -> None:
    """A call that is owed and one that is owned, far in the money, and spot has halved since: the
    underlying that the one brings pays the other at the fixed price."""
    expiry, trader = market.now_expiries[0], market.who("trader")
    own(market, market.series(expiry, 1_900), 5)
    market.write("trader", market.series(expiry, 2_000), 5)
    market.margin.withdraw_underlying(units(market), sender=trader)
    drain(market)
    money = cash(market)
    expired(market, expiry, 3_000 * WAD)
    market.fix(expiry)
    market.transmit(1_500)
    receipt = market.margin.settle(trader, expiry)
    assert receipt.event("AccountSettled").args["shortfall"] == 0
    assert cash(market) == money
    brought = 1_100 * 5 * market.units(1) // 3_000
    given = -(-1_000 * 5 * market.units(1) // 3_000)
    assert units(market) == brought - given > 0


def test_settle__cash_short__takes_other_underlying_at_spot(market: LocalMarket) -> None:
    """It is no collateral, but it pays before the fund does; at the lower of the fixed price and
    spot."""
    expiry, trader = market.now_expiries[0], market.who("trader")
    market.write("trader", market.series(expiry, 2_000), 5)
    drain(market)
    money, under, fund = cash(market), units(market), market.insurance.available()
    expired(market, expiry, 5_000 * WAD)
    market.fix(expiry)
    market.transmit(4_000)
    receipt = market.margin.settle(trader, expiry)
    rest = market.assets(15_000) - money
    assert receipt.event("AccountSettled").args["shortfall"] == 0
    assert (cash(market), under - units(market)) == (0, units_up(market, rest, 4_000 * WAD))
    assert market.insurance.available() == fund
    assert_backed(market)


# --- shortfalls


def short_of(market: LocalMarket, price: int, contracts: float = 5) -> int:
    """An account that owes calls and has little cash; its expiry passes at this price."""
    expiry = market.now_expiries[0]
    market.write("trader", market.series(expiry, 2_000), contracts)
    drain(market)
    market.margin.withdraw_underlying(units(market), sender=market.who("trader"))
    expired(market, expiry, price)
    market.fix(expiry)
    return expiry


@pytest.mark.parametrize("staked", [0, 3_000, 100_000])
def test_settle__shortfall__falls_on_account_fund_and_lps_in_turn(staked: int) -> None:
    """E6: to the unit, once, told whole."""
    with started(staked=staked) as market:
        expiry, trader = short_of(market, 5_000 * WAD), market.who("trader")
        money, fund = cash(market), market.insurance.available()
        debt = market.assets(15_000)
        short = debt - money
        assert short > 0
        market.desk.settle(expiry)
        receipt = market.margin.settle(trader, expiry)
        drawn = min(short, fund)
        events = told(market, receipt)
        assert (
            "margin.ShortfallRealised",
            dict(account=trader, shortfall=short, from_fund=drawn, from_lps=short - drawn),
        ) in events
        assert events[-1] == (
            "margin.AccountSettled",
            dict(account=trader, expiry=expiry, price=5_000 * WAD, debt=debt, shortfall=short),
        )
        assert receipt.event("DebtCollected").args == dict(
            quote=money + drawn, underlying=0, cleared=debt - 1
        )
        assert state(market) == (0, 0, {})
        assert market.insurance.available() == fund - drawn
        assert market.margin.credit() == (0, 0)
        assert market.vault.balances().receivable == 0
        assert_backed(market)


def test_settle__shortfall__moves_nav_by_what_lps_bear(market: LocalMarket) -> None:
    """The receivable was in NAV; what nobody pays leaves it."""
    expiry, trader = short_of(market, 9_000 * WAD), market.who("trader")
    market.desk.settle(expiry)
    market.chain.mine()
    before = _quote_of_vault(market)
    receipt = market.margin.settle(trader, expiry)
    borne = receipt.event("ShortfallRealised").args["from_lps"]
    assert borne > 0
    assert before - _quote_of_vault(market) in (borne - 1, borne, borne + 1)


def _quote_of_vault(market: LocalMarket) -> int:
    found = market.vault.balances()
    return int(found.cash - found.dues + found.receivable - found.bad_debt)


def test_settle__options_left__are_sold_first(market: LocalMarket) -> None:
    """The fund pays nothing while an account has what could be sold."""
    expiry, later, trader = market.now_expiries[0], market.now_expiries[2], market.who("trader")
    long = market.series(later, 2_000)
    own(market, long, 5)
    market.write("trader", market.series(expiry, 2_000), 5)
    market.margin.withdraw_underlying(units(market), sender=trader)
    drain(market)
    renew(market, expiry - 5, 2_900)
    market.chain.set_timestamp(expiry + 1)
    market.transmit(2_900)
    market.fix(expiry)
    assert cash(market) < market.assets(4_500)
    assert refused(market.margin.settle, trader, expiry) == "margin: sell first"
    fund = market.insurance.available()
    for _ in range(10):
        if market.liquidate("liquidator", "trader") is None:
            break
    assert cash(market) >= market.assets(4_500)
    receipt = market.margin.settle(trader, expiry)
    assert receipt.event("AccountSettled").args["shortfall"] == 0
    assert market.insurance.available() >= fund
    assert_backed(market)


def test_settle__expired_options_left__are_settled_first(market: LocalMarket) -> None:
    """What another expiry pays comes before the fund."""
    first, second = market.now_expiries[:2]
    trader = market.who("trader")
    own(market, market.series(first, 1_900), 5)
    market.write("trader", market.series(second, 2_000), 5)
    market.margin.withdraw_underlying(units(market), sender=trader)
    drain(market)
    renew(market, first - 5, 2_400)
    expired(market, second, 4_000 * WAD)
    market.fix(second)
    fund = market.insurance.available()
    assert refused(market.margin.settle, trader, second) == "margin: settle first"
    market.fix(first)
    money = cash(market)
    market.margin.settle(trader, first)
    assert cash(market) > money  # exchanged, since it still owes
    assert outcome(market.margin.settle, trader, second) is None
    assert market.insurance.available() == fund


@pytest.mark.parametrize("free", [None, 500, 0])
def test_settle__account_that_still_owes__has_its_underlying_exchanged(
    market: LocalMarket, free: int | None
) -> None:
    """What its calls paid was collateral; as underlying it would be none. At spot less b_delta, as
    far as the vault has free quote."""
    first, later, trader = market.now_expiries[0], market.now_expiries[2], market.who("trader")
    own(market, market.series(first, 1_900), 5)
    market.write("trader", market.series(later, 2_200), 5)
    market.margin.withdraw_underlying(units(market), sender=trader)
    renew(market, first - 5, 2_100)
    market.chain.set_timestamp(first + 1)
    market.transmit(2_090)
    market.fix(first)
    market.desk.settle(first)
    if free is not None:
        lp, spare = market.who("lp"), market.vault.free_cash() - market.assets(free)
        market.vault.withdraw(spare, lp, lp, sender=lp)
    money, total = cash(market), wealth(market)
    receipt = market.margin.settle(trader, first)
    brought = 200 * 5 * market.units(1) // 2_100
    price = 2_090 * WAD * 999 // 1_000
    worth, given = worth_down(market, brought, price), brought
    if free is not None:
        worth, given = market.assets(free), units_up(market, market.assets(free), price)
    told_ = [dict(e.args) for e in receipt.events if e.name == "UnderlyingExchanged"]
    assert told_ == ([dict(underlying=given, quote=worth)] if worth else [])
    assert (cash(market), units(market)) == (money + worth, brought - given)
    assert wealth(market) == total
    assert_backed(market)


def test_settle__account_that_owes_no_more__keeps_its_underlying(market: LocalMarket) -> None:
    first, trader = market.now_expiries[0], market.who("trader")
    own(market, market.series(first, 1_900), 5)
    under = units(market)
    expired(market, first, 2_100 * WAD)
    market.fix(first)
    receipt = market.margin.settle(trader, first)
    assert "UnderlyingExchanged" not in [event.name for event in receipt.events]
    assert units(market) == under + 200 * 5 * market.units(1) // 2_100
    market.margin.withdraw_underlying(units(market), sender=trader)
    withdraw(market, cash(market))
    assert legs(market) == {}


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_withdraw__debt_that_has_expired__is_kept_in_cash(market: LocalMarket, over: int) -> None:
    """Options that are worth more do not pay it: else the fund would be asked to wait for them."""
    first, later, trader = market.now_expiries[0], market.now_expiries[2], market.who("trader")
    for strike, right in ((2_400, "put"), (1_600, "call")):  # one of them is worth much
        own(market, market.series(later, strike, right), 10)
    market.write("trader", market.series(first, 2_000), 1)
    renew(market, first - 5, 2_500)
    market.chain.set_timestamp(first + 1)
    market.transmit(2_500)
    market.fix(first)
    spare = cash(market) - market.assets(500)
    found = outcome(market.margin.withdraw, spare + over, sender=trader)
    assert found == ("margin: due" if over > 0 else None)
    market.margin.settle(trader, first)
    assert outcome(market.margin.withdraw, spare + over, sender=trader) == (
        "margin: balance" if over > 0 else None
    )


def test_settle__vault_without_free_quote__buys_for_underlying(market: LocalMarket) -> None:
    """LPs have taken every free coin, and a debt waits for options to be sold: the desk pays in
    underlying, which then pays the debt at spot."""
    first, later = market.now_expiries[0], market.now_expiries[2]
    put, trader, lp = market.series(later, 2_400, "put"), market.who("trader"), market.who("lp")
    own(market, put, 10)
    market.write("other", put, 10, escrowed=10)  # so that a sale releases no strike
    market.margin.withdraw_underlying(units(market), sender=trader)
    market.write("trader", market.series(first, 2_000), 5)
    drain(market)
    renew(market, first - 5, 2_000)
    market.transmit(3_100)
    market.chain.set_timestamp(first + 1)
    market.transmit(2_300)
    market.fix(first)
    market.refresh()
    market.desk.settle(first)
    market.vault.withdraw(market.vault.maxWithdraw(lp), lp, lp, sender=lp)
    assert market.vault.free_cash() == 0
    debt = market.assets(5_500)
    assert cash(market) < debt
    assert refused(market.margin.settle, trader, first) == "margin: sell first"
    total, money, fund = wealth(market), cash(market), market.insurance.available()
    receipt = market.liquidate("liquidator", "trader")
    assert receipt is not None and receipt.event("Liquidated").args["is_sale"]
    assert cash(market) == money and units(market) > 0
    price = receipt.event("MarginTraded").args["premium"]
    assert units_up(market, -price, 2_300 * WAD) >= units(market) > 0  # at spot and a little more
    assert_backed(market)
    for _ in range(10):
        if outcome(market.margin.settle, trader, first) is None:
            break
        assert market.liquidate("liquidator", "trader") is not None
    receipt = market.margin.settle(trader, first)
    assert receipt.event("AccountSettled").args["shortfall"] == 0
    assert market.insurance.available() >= fund
    assert wealth(market) == total
    assert_backed(market)
