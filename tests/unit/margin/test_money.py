"""Cash, underlying and options in and out: who, how much, and when it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import Contract, Reverted, compile_contract, rolled_back
from ballast.market.local import FOREVER, LocalMarket
from tests.market import HOUR, NOBODY, names, outcome, refused, told
from tests.unit.margin.world import (
    CASH,
    UNITS,
    UNLIMITED,
    assert_backed,
    assessed,
    cash,
    drain,
    grain,
    legs,
    moved,
    own,
    state,
    units,
    until_below,
)

CASH_END, UNITS_END = 2**88 - 1, 2**104 - 1


# --- cash and underlying


def test_deposit__anybody__credits_the_account_named(each: LocalMarket) -> None:
    payer, account = each.fund("other", quote=7), each.who("trader")
    receipt = each.margin.deposit(each.assets(7), account, sender=payer)
    assert told(each, receipt) == [
        ("margin.Deposited", dict(account=account, payer=payer, assets=each.assets(7))),
        moved("quote", payer, each.margin, each.assets(7)),
    ]
    assert cash(each) == each.assets(CASH + 7)
    assert_backed(each)


def test_deposit_underlying__anybody__credits_the_account_named(each: LocalMarket) -> None:
    payer, account = each.fund("other", underlying=3), each.who("trader")
    receipt = each.margin.deposit_underlying(each.units(3), account, sender=payer)
    assert told(each, receipt) == [
        (
            "margin.UnderlyingDeposited",
            dict(account=account, payer=payer, amount=each.units(3)),
        ),
        moved("underlying", payer, each.margin, each.units(3)),
    ]
    assert units(each) == each.units(UNITS + 3)
    assert_backed(each)


def test_withdraw__owner__pays_whom_he_names(each: LocalMarket) -> None:
    account, receiver = each.who("trader"), each.who("lp")
    receipt = each.margin.withdraw(each.assets(5), receiver, sender=account)
    assert told(each, receipt) == [
        ("margin.Withdrawn", dict(account=account, receiver=receiver, assets=each.assets(5))),
        moved("quote", each.margin, receiver, each.assets(5)),
    ]
    receipt = each.margin.withdraw_underlying(each.units(2), receiver, sender=account)
    assert told(each, receipt) == [
        (
            "margin.UnderlyingWithdrawn",
            dict(account=account, receiver=receiver, amount=each.units(2)),
        ),
        moved("underlying", each.margin, receiver, each.units(2)),
    ]
    assert state(each) == (each.assets(CASH - 5), each.units(UNITS - 2), {})
    assert_backed(each)


@pytest.mark.parametrize("over", [-1, 0, 1])
@pytest.mark.parametrize("what", ["withdraw", "withdraw_underlying"])
def test_withdraw__all_that_is_there__and_not_a_unit_more(
    market: LocalMarket, what: str, over: int
) -> None:
    has = cash(market) if what == "withdraw" else units(market)
    found = outcome(market.margin.method(what), has + over, sender=market.who("trader"))
    assert found == ("margin: balance" if over > 0 else None)


@pytest.mark.parametrize("over", [-1, 0, 1])
@pytest.mark.parametrize("what", ["deposit", "deposit_underlying"])
def test_deposit__range_of_the_word__is_the_end(market: LocalMarket, what: str, over: int) -> None:
    """Beyond it a word would run over into its neighbour."""
    is_cash = what == "deposit"
    token = market.quote if is_cash else market.underlying
    end, has = (CASH_END, cash(market)) if is_cash else (UNITS_END, units(market))
    account = market.who("trader")
    token.mint(account, 2**128, sender=market.who("deployer"))
    amount, method = end - has + over, market.margin.method(what)
    assert outcome(method, amount, sender=account) == ("margin: range" if over > 0 else None)
    assert refused(method, end + 1, sender=account) == "margin: range"
    assert refused(method, 2**256 - 1, sender=account) == "margin: range"
    if over <= 0:
        method(amount, sender=account)
        other = units(market) if is_cash else cash(market)
        assert other == (market.units(UNITS) if is_cash else market.assets(CASH))
        assert (cash(market) if is_cash else units(market)) == end + over
        assert legs(market) == {}


def test_sell_to_open__premium_beyond_the_range__is_refused(market: LocalMarket, call: int) -> None:
    account = market.who("trader")
    market.quote.mint(account, 2**128, sender=market.who("deployer"))
    market.margin.deposit(CASH_END - cash(market), sender=account)
    sell = market.margin.sell_to_open
    assert refused(sell, call, 100, 0, FOREVER, sender=account) == "margin: range"


def test_deposit__nobodys_account__is_refused(market: LocalMarket) -> None:
    trader = market.who("trader")
    for method in (market.margin.deposit, market.margin.deposit_underlying):
        assert refused(method, 1, NOBODY, sender=trader) == "margin: account"
    assert refused(market.margin.deposit_option, 1, 1, NOBODY, sender=trader) == (
        "margin: not the owner"
    )


def test_withdraw__to_nobody_or_to_itself__is_refused(market: LocalMarket) -> None:
    trader = market.who("trader")
    for method in (market.margin.withdraw, market.margin.withdraw_underlying):
        for receiver in (NOBODY, market.margin):
            assert refused(method, 1, receiver, sender=trader) == "margin: receiver"
        assert outcome(method, 0, NOBODY, sender=trader) is None  # nothing moves


def test_withdraw__others__have_nothing_to_take(market: LocalMarket) -> None:
    """Accounts are their owners': nobody's call reaches another's."""
    before = state(market)
    for name in ("owner", "guardian", "keeper", "stranger", "liquidator"):
        who = market.who(name)
        assert refused(market.margin.withdraw, 1, sender=who) == "margin: balance"
        assert refused(market.margin.withdraw_underlying, 1, sender=who) == "margin: balance"
        call = market.series(market.now_expiries[2], 2_000)
        assert refused(market.margin.withdraw_option, call, 1, sender=who) == "margin: lots"
    assert state(market) == before


# --- the requirement


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_withdraw__initial_requirement__is_met_exactly_or_refused(
    exact: LocalMarket, over: int
) -> None:
    """V21, E8: at the wei; with 18 decimals an asset is one."""
    exact.write("trader", exact.series(exact.now_expiries[2], 2_000), 2)
    found = assessed(exact)
    spare = found.equity - found.initial
    reason = outcome(exact.margin.withdraw, spare + over, sender=exact.who("trader"))
    assert reason == ("margin: requirement" if over > 0 else None)


def test_withdraw__initial_requirement__is_the_factor_of_maintenance(
    market: LocalMarket, call: int
) -> None:
    market.write("trader", call, 2)
    found = assessed(market)
    assert found.initial == -(-found.maintenance * 125 // 100)
    spare = (found.equity - found.initial) // grain(market)
    take, trader = market.margin.withdraw, market.who("trader")
    for over in (-1, 0, 1):
        reason = "margin: requirement" if over > 0 else None
        assert outcome(take, spare + over, sender=trader) == reason


def test_withdraw__underlying_while_owing__asks_for_the_requirement_too(
    market: LocalMarket, call: int
) -> None:
    """It is no collateral, but what may go is asked of a healthy account alone."""
    market.write("trader", call, 2)
    take, trader = market.margin.withdraw_underlying, market.who("trader")
    assert outcome(take, 1, sender=trader) is None
    drain(market)
    until_below(market, 1.2)
    assert refused(take, 1, sender=trader) == "margin: requirement"


def test_withdraw__stale_price__only_for_who_owes_nothing(market: LocalMarket, call: int) -> None:
    """No price is needed where nothing hangs on it."""
    trader, other = market.who("trader"), market.who("other")
    market.write("trader", call, 1)
    own(market, call, 1, "other")
    market.chain.advance(2 * HOUR)
    assert refused(market.margin.withdraw, 1, sender=trader) == "oracle: stale"
    assert refused(market.margin.withdraw_underlying, 1, sender=trader) == "oracle: stale"
    market.margin.withdraw(cash(market, "other"), sender=other)
    market.margin.withdraw_underlying(units(market, "other"), sender=other)
    market.margin.withdraw_option(call, 10_000, sender=other)
    assert state(market, "other") == (0, 0, {})
    assert outcome(market.margin.deposit, 1, sender=trader) is None


def test_withdraw__escrowed_in_full__owes_nothing_that_needs_a_price(
    market: LocalMarket, call: int
) -> None:
    market.write("trader", call, 1, escrowed=1)
    market.chain.advance(2 * HOUR)
    market.margin.withdraw(cash(market), sender=market.who("trader"))
    left = units(market)
    assert left == market.units(UNITS - 1)
    market.margin.withdraw_underlying(left, sender=market.who("trader"))
    assert state(market) == (0, 0, {call: (10_000, 10_000, 0)})


# --- options


def test_deposit_option__owner__has_a_leg(market: LocalMarket, call: int) -> None:
    trader = market.who("trader")
    market.buy("trader", call, 3)
    market.token.setApprovalForAll(market.margin, True, sender=trader)
    receipt = market.margin.deposit_option(call, 20_000, sender=trader)
    assert told(market, receipt) == [
        ("margin.OptionDeposited", dict(account=trader, payer=trader, id=call, lots=20_000)),
        (
            "token.TransferSingle",
            dict(
                operator=market.margin.address,
                sender=trader,
                receiver=market.margin.address,
                id=call,
                value=20_000,
            ),
        ),
    ]
    market.margin.deposit_option(call, 10_000, sender=trader)
    assert legs(market) == {call: (0, 0, 30_000)}
    receipt = market.margin.withdraw_option(call, 12_345, market.who("lp"), sender=trader)
    assert names(market, receipt) == ["margin.OptionWithdrawn", "token.TransferSingle"]
    assert told(market, receipt)[0][1] == dict(
        account=trader, receiver=market.who("lp"), id=call, lots=12_345
    )
    assert legs(market) == {call: (0, 0, 17_655)}
    market.margin.withdraw_option(call, 17_655, sender=trader)
    assert legs(market) == {}
    assert market.token.balanceOf(trader, call) == 17_655
    assert market.token.balanceOf(market.who("lp"), call) == 12_345
    assert_backed(market)


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_withdraw_option__all_that_is_there__and_not_a_lot_more(
    market: LocalMarket, call: int, over: int
) -> None:
    own(market, call, 1)
    take = market.margin.withdraw_option
    found = outcome(take, call, 10_000 + over, sender=market.who("trader"))
    assert found == ("margin: lots" if over > 0 else None)


def test_option__no_lots_or_too_many__is_refused(market: LocalMarket, call: int) -> None:
    own(market, call, 1)
    trader = market.who("trader")
    for method in (market.margin.deposit_option, market.margin.withdraw_option):
        for lots in (0, 2**31, 2**256 - 1):
            assert refused(method, call, lots, sender=trader) == "margin: size"
        assert outcome(method, call, 2**31 - 1, sender=trader) in ("margin: lots", "token: balance")


def test_withdraw_option__cover_of_a_spread__stays(market: LocalMarket, expiry: int) -> None:
    """What an account needs for its requirement it cannot take."""
    long, short = (market.series(expiry, strike) for strike in (1_900, 2_000))
    own(market, long, 5)
    market.write("trader", short, 5)
    drain(market)
    trader, take = market.who("trader"), market.margin.withdraw_option
    assert refused(take, long, 50_000, sender=trader) == "margin: requirement"
    assert refused(take, long, 1_000, sender=trader) == "margin: requirement"
    market.margin.deposit(market.assets(40_000), sender=market.fund("trader", quote=40_000))
    assert outcome(take, long, 50_000, sender=trader) is None


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_deposit_option__that_expires__is_refused_from_then_on(
    market: LocalMarket, late: int
) -> None:
    first = market.now_expiries[0]
    call, trader = market.series(first, 2_000), market.who("trader")
    market.buy("trader", call, 1)
    market.token.setApprovalForAll(market.margin, True, sender=trader)
    market.chain.set_timestamp(first + late)
    found = outcome(market.margin.deposit_option, call, 1, sender=trader)
    assert found == (None if late < 0 else "margin: expired")


def test_deposit_option__of_a_series_owed__is_refused(market: LocalMarket, call: int) -> None:
    """Both sides of one series in one account would be judged twice; beside escrow it may be."""
    trader = market.who("trader")
    market.buy("trader", call, 2)
    market.token.setApprovalForAll(market.margin, True, sender=trader)
    market.write("trader", call, 2, escrowed=1)
    put_in = market.margin.deposit_option
    assert refused(put_in, call, 1, sender=trader) == "margin: both sides"
    market.buy_back("trader", call, 1)
    put_in(call, 20_000, sender=trader)
    assert legs(market) == {call: (10_000, 10_000, 20_000)}
    sell = market.margin.sell_to_open
    assert refused(sell, call, 1, 0, FOREVER, sender=trader) == "margin: both sides"
    market.margin.sell_to_open(call, 5, 0, FOREVER, 5, sender=trader)
    assert legs(market) == {call: (10_005, 10_005, 20_000)}


def test_deposit_option__ninth_leg__is_refused(market: LocalMarket) -> None:
    """F5: eight for whatever they are, in the order of their series."""
    trader = market.who("trader")
    pool = [
        market.series(e, strike, right)
        for e in market.now_expiries[1:3]
        for strike in (2_000, 1_900, 2_100)
        for right in ("put", "call")
    ]
    ninth, tenth = pool[8], pool[9]
    for i, series in enumerate(pool[:8]):
        if i % 2:
            own(market, series, "0.01")
        else:
            market.write("trader", series, "0.01")
    assert list(legs(market)) == sorted(pool[:8])
    market.buy("trader", ninth, 1)
    full = "margin: eight legs"
    assert refused(market.margin.deposit_option, ninth, 1, sender=trader) == full
    for series in (ninth, tenth):
        args = (series, 100, 0, FOREVER)
        assert refused(market.margin.sell_to_open, *args, sender=trader) == full
    market.write("trader", pool[0], "0.01")  # one that stands already grows
    market.buy_back("trader", pool[0], "0.02")
    assert outcome(market.margin.deposit_option, ninth, 1, sender=trader) is None
    market.write("trader", min(ninth, tenth), "0.01")
    assert list(legs(market)) == sorted([*pool[1:8], min(ninth, tenth)])


def test_deposit_option__to_an_account_in_need__helps_or_is_refused(
    market: LocalMarket, call: int
) -> None:
    """It must not make health worse; an option that offsets nothing is worth a bid below its mark,
    and still that."""
    market.write("trader", call, 2)
    drain(market)
    market.buy("trader", market.series(call >> 128, 2_100), 2)
    until_below(market, 0.99)
    trader = market.who("trader")
    market.token.setApprovalForAll(market.margin, True, sender=trader)
    before = market.health("trader")
    market.margin.deposit_option(market.series(call >> 128, 2_100), 20_000, sender=trader)
    assert market.health("trader") > before


# --- gifts and hooks


def test_receive__gifts__are_refused(market: LocalMarket, call: int) -> None:
    """They would be nobody's."""
    trader = market.who("trader")
    market.buy("trader", call, 1)
    args = (trader, market.margin, call, 1, b"")
    assert refused(market.token.safeTransferFrom, *args, sender=trader) == "margin: unasked"
    many = (trader, market.margin, [call], [1], b"")
    assert refused(market.token.safeBatchTransferFrom, *many, sender=trader) is None  # no answer
    buy = (call, 1, UNLIMITED, FOREVER, market.margin)
    assert refused(market.desk.buy, *buy, sender=trader) == "margin: unasked"
    hook = (market.margin, trader, call, 1, b"")
    assert refused(market.margin.onERC1155Received, *hook, sender=trader) == "margin: unasked"


def _contract_with_options(market: LocalMarket, series: int) -> Contract:
    """A contract that has an account with an option in it."""
    mock = market.chain.deploy(compile_contract("Receiver"))
    _as(market, mock, market.quote, "approve", market.margin.address, UNLIMITED)
    market.quote.mint(mock, market.assets(10_000), sender=market.who("deployer"))
    _as(market, mock, market.margin, "deposit", market.assets(10_000))
    market.buy("trader", series, 1)
    args = (market.who("trader"), mock, series, 10_000, b"")
    market.token.safeTransferFrom(*args, sender=market.who("trader"))
    _as(market, mock, market.token, "setApprovalForAll", market.margin.address, True)
    _as(market, mock, market.margin, "deposit_option", series, 10_000)
    return mock


def _as(market: LocalMarket, mock: Contract, target: Contract, method: str, *args: Any) -> None:
    mock.act(target, target.method(method).encode(*args))


def test_withdraw_option__receiver_that_calls_back__finds_the_account_closed(
    market: LocalMarket, call: int
) -> None:
    """F1: neither margin, nor with it the desk's part of margin, can be entered from the hook."""
    mock = _contract_with_options(market, call)
    margin = market.margin
    for method, args in (
        ("withdraw", (1,)),
        ("deposit", (0,)),
        ("withdraw_option", (call, 1)),
        ("sell_to_open", (call, 1, 0, FOREVER)),
        ("flag", (mock.address,)),
        ("liquidate", (market.who("trader"), call, 1)),
        ("set_operator", (mock.address, True)),
    ):
        mock.set_mode(5, margin, margin.method(method).encode(*args))
        with pytest.raises(Reverted):
            _as(market, mock, margin, "withdraw_option", call, 1)
        mock.set_mode(6, margin, margin.method(method).encode(*args))
        _as(market, mock, margin, "withdraw_option", call, 1)
        assert mock.entered() == 0, method
    assert market.margin.account(mock)[2][0].owned == 10_000 - 7


def test_withdraw_option__receiver_that_trades_elsewhere__is_let(
    market: LocalMarket, call: int
) -> None:
    """All is written before the hook: it sells what it was given, no more."""
    mock = _contract_with_options(market, call)
    payload = market.desk.sell.encode(call, 10_000, 0, FOREVER)
    mock.set_mode(5, market.desk, payload)
    before = market.quote.balanceOf(mock)
    _as(market, mock, market.margin, "withdraw_option", call, 10_000)
    assert mock.entered() == 1
    assert market.quote.balanceOf(mock) > before
    assert market.margin.account(mock) == (market.assets(10_000), 0, ())
    assert_backed(market, ("trader", "other", mock.address))


def _sibling_calls(market: LocalMarket, mock: Contract, call: int) -> dict[str, tuple[Any, bytes]]:
    """What a hook may do in other contracts of the market."""
    amount = market.assets(1_000)
    return {
        "vault.deposit": (market.vault, market.vault.deposit.encode(amount, mock.address)),
        "fund.deposit": (market.insurance, market.insurance.deposit.encode(amount, mock.address)),
        "desk.buy": (market.desk, market.desk.buy.encode(call, 10_000, UNLIMITED, FOREVER)),
        "desk.sell": (market.desk, market.desk.sell.encode(call, 10_000, 0, FOREVER)),
        "vault.poke": (market.vault, market.vault.poke.encode()),
        "book.refresh": (market.book, market.book.refresh.encode(call >> 128)),
    }


@pytest.mark.parametrize(
    "name",
    ["vault.deposit", "desk.buy", "desk.sell", "vault.poke", "book.refresh"],
)
def test_withdraw_option__receiver_that_enters_a_sibling__gets_what_it_gets_afterwards(
    market: LocalMarket, call: int, name: str
) -> None:
    """E10, F6: no contract of the market is seen halfway from the hook of another."""
    mock = _contract_with_options(market, call)
    market.quote.mint(mock, market.assets(5_000), sender=market.who("deployer"))
    for taker in (market.vault, market.insurance):
        _as(market, mock, market.quote, "approve", taker.address, UNLIMITED)
    target, payload = _sibling_calls(market, mock, call)[name]
    at = market.chain.timestamp + 60
    found = []
    for inside in (True, False):
        with rolled_back(market.chain):
            mock.set_mode(5 if inside else 0, target, payload)
            if inside:
                market.chain.set_timestamp(at)
            _as(market, mock, market.margin, "withdraw_option", call, 10_000)
            if inside:
                assert mock.entered() == 1
            else:
                market.chain.set_timestamp(at)
                mock.act(target, payload)
            assert_backed(market, ("trader", "other", mock.address))
            found.append(
                (
                    market.quote.balanceOf(mock),
                    market.token.balanceOf(mock, call),
                    market.vault.balanceOf(mock),
                    market.insurance.balanceOf(mock),
                    market.margin.account(mock),
                    market.vault.balances(),
                    market.vault.nav()[0] // 10**18,
                )
            )
    assert found[0] == found[1]


def test_withdraw_option__receiver_that_enters_the_fund__is_refused(
    market: LocalMarket, call: int
) -> None:
    """The fund asks margin what is pending, and margin does not answer halfway."""
    mock = _contract_with_options(market, call)
    market.quote.mint(mock, market.assets(5_000), sender=market.who("deployer"))
    _as(market, mock, market.quote, "approve", market.insurance.address, UNLIMITED)
    mock.set_mode(5, *_sibling_calls(market, mock, call)["fund.deposit"])
    with pytest.raises(Reverted):
        _as(market, mock, market.margin, "withdraw_option", call, 10_000)
    mock.set_mode(0)
    mock.act(*_sibling_calls(market, mock, call)["fund.deposit"])
    assert market.insurance.balanceOf(mock) > 0


def test_withdraw_option__receiver_that_refuses__keeps_them_where_they_are(
    market: LocalMarket, call: int
) -> None:
    mock = _contract_with_options(market, call)
    mock.set_mode(1)
    with pytest.raises(Reverted, match="receiver: refused"):
        _as(market, mock, market.margin, "withdraw_option", call, 1)
    market.margin.account(mock)
    mock.set_mode(0)
    _as(market, mock, market.margin, "withdraw_option", call, 1)


# --- the stablecoin's moods


def test_cash__owner_on_the_blacklist__has_it_sent_elsewhere(
    market: LocalMarket, call: int
) -> None:
    trader, deployer = market.who("trader"), market.who("deployer")
    market.write("trader", call, 1)
    market.quote.blacklist(trader, sender=deployer)
    for method in (market.margin.withdraw, market.margin.deposit):
        assert refused(method, 1, sender=trader) == "Blacklistable: account is blacklisted"
    assert outcome(market.margin.withdraw, 1, market.who("lp"), sender=trader) is None
    market.buy_back("trader", call, 1)
    assert legs(market) == {}


def test_cash__coin_paused__stops_what_moves_it_and_nothing_else(
    market: LocalMarket, call: int
) -> None:
    trader, deployer = market.who("trader"), market.who("deployer")
    market.write("trader", call, 1)
    own(market, market.series(call >> 128, 2_100), 1)
    market.quote.pause(sender=deployer)
    before = state(market)
    for method, args in (
        (market.margin.withdraw, (1,)),
        (market.margin.deposit, (1,)),
        (market.margin.sell_to_open, (call, 100, 0, FOREVER)),
        (market.margin.buy_to_close, (call, 100, UNLIMITED, FOREVER)),
    ):
        assert refused(method, *args, sender=trader) == "Pausable: paused"
    assert state(market) == before
    market.margin.withdraw_underlying(1, sender=trader)
    market.margin.withdraw_option(market.series(call >> 128, 2_100), 1, sender=trader)


# --- operators


def test_operator__trades_and_brings_options__takes_nothing(
    market: LocalMarket, call: int, put: int
) -> None:
    trader, helper = market.who("trader"), market.who("other")
    stranger = market.who("stranger")
    sell, buy = market.margin.sell_to_open, market.margin.buy_to_close
    put_in = market.margin.deposit_option
    mine = ("margin: not the owner", None)
    market.buy("other", put, 1)
    market.token.setApprovalForAll(market.margin, True, sender=helper)
    market.write("trader", call, 1)

    def asked(who: str) -> tuple[str | None, ...]:
        return (
            outcome(sell, call, 100, 0, FOREVER, 0, trader, sender=who),
            outcome(buy, call, 100, UNLIMITED, FOREVER, trader, sender=who),
        )

    for who in (helper, stranger):
        assert asked(who) == (mine[0], mine[0])
        assert refused(put_in, put, 1, trader, sender=who) == mine[0]
    receipt = market.margin.set_operator(helper, True, sender=trader)
    assert told(market, receipt) == [
        ("margin.OperatorSet", dict(account=trader, operator=helper, may_trade=True))
    ]
    assert market.margin.may_trade(trader, helper) and not market.margin.may_trade(helper, trader)
    assert market.margin.may_trade(trader, trader)
    assert asked(helper) == (None, None)
    assert asked(stranger) == (mine[0], mine[0])
    before = cash(market, "other")
    proceeds = sell(call, 100, 0, FOREVER, 0, trader, sender=helper).value
    assert cash(market, "other") == before and proceeds > 0
    put_in(put, 10_000, trader, sender=helper)
    assert legs(market) == {call: (10_100, 0, 0), put: (0, 0, 10_000)}
    assert refused(market.margin.withdraw_option, put, 1, sender=helper) == "margin: lots"
    market.margin.set_operator(helper, False, sender=trader)
    assert asked(helper) == (mine[0], mine[0])


# --- the constructor


PARTS = ("desk", "vault", "assessor", "insurance", "oracle", "book", "token")


@pytest.mark.parametrize("missing", PARTS)
def test_constructor__part_that_is_nobody__is_refused(market: LocalMarket, missing: str) -> None:
    args = [NOBODY if name == missing else market.deployment[name] for name in PARTS]
    with pytest.raises(Reverted, match="margin: address"):
        market.chain.deploy(compile_contract("Margin"), *args)


def test_constructor__vault__may_draw_both_tokens_and_nobody_else(market: LocalMarket) -> None:
    most = 2**256 - 1
    for token in (market.quote, market.underlying):
        assert token.allowance(market.margin, market.vault) == most
        for part in ("desk", "insurance", "book"):
            assert token.allowance(market.margin, market.deployment[part]) == 0
    assert (market.margin.QUOTE(), market.margin.UNDERLYING()) == (
        market.quote.address,
        market.underlying.address,
    )
