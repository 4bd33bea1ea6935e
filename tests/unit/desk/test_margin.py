"""The desk's side of margin accounts: prices, gates, credit, cover, and that Margin alone calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.chain import RevmChain, rolled_back
from ballast.chain.deployment import Plan, Ref
from ballast.market import local
from ballast.market.local import FOREVER, LocalMarket, Terms
from ballast.market.plan import MarketSettings, market_plan
from ballast.market.sheet import POINT, SheetNumbers
from ballast.units import WAD
from tests.market import CUTOFF, HOUR, PAIRS, outcome, refused, renew, told
from tests.unit.margin.world import (
    OWNERS,
    UNLIMITED,
    assert_backed,
    assert_locked,
    assert_owed,
    cash,
    cover,
    drain,
    legs,
    locked,
    moved,
    started,
    traded,
    units,
    until_below,
)

SHEET = SheetNumbers.for_nav(1_000_000 * WAD)


@pytest.fixture
def market() -> Iterator[LocalMarket]:
    """As elsewhere, and accounts have money."""
    with started() as market:
        yield market


@pytest.fixture(params=PAIRS, ids=lambda pair: f"quote{pair[0]}-unit{pair[1]}")
def each(request: pytest.FixtureRequest) -> Iterator[LocalMarket]:
    """Every pair of decimals."""
    quote, unit = request.param
    with started(Terms(quote_decimals=quote, underlying_decimals=unit)) as market:
        yield market


def writing(
    market: LocalMarket, series: int, lots: int = 100, escrowed: int = 0, actor: str = "trader"
) -> str | None:
    """The reason why a sale to open is refused; the quote gives the same one."""
    args = (series, lots, 0, FOREVER, escrowed)
    reason = outcome(market.margin.sell_to_open, *args, sender=market.who(actor))
    assert outcome(market.desk.quote_account, series, -lots) == reason
    return reason


def closing(market: LocalMarket, series: int, lots: int = 100, actor: str = "trader") -> str | None:
    """The reason why a purchase to close is refused; the quote gives the same one."""
    args = (series, lots, UNLIMITED, FOREVER)
    reason = outcome(market.margin.buy_to_close, *args, sender=market.who(actor))
    assert outcome(market.desk.quote_account, series, lots) == reason
    return reason


# --- who


ROLES = ("owner", "guardian", "keeper", "liquidator", "stranger", "trader")


def test_margin_functions__each_role__is_refused(market: LocalMarket, call: int) -> None:
    """V20: Margin judges accounts, so nobody else brings them."""
    account = market.who("trader")
    for role in ROLES:
        for method, args in (
            ("sell_to_open", (account, call, 100, 0, 0, 0, 0)),
            ("buy_to_close", (account, call, 100, 0, UNLIMITED)),
            ("unwind", (account, call, 100, False, UNLIMITED, 0)),
        ):
            reason = refused(market.desk.method(method), *args, sender=market.who(role))
            assert reason == "desk: not the margin", (role, method)


# --- price


@pytest.mark.parametrize("right", ["call", "put"])
def test_sell_to_open__quote_of_an_account__is_what_executes(each: LocalMarket, right: str) -> None:
    """Q9: to the unit, told whole."""
    series, account = each.series(each.now_expiries[2], 2_100, right), each.who("trader")
    quote = each.desk.quote_account(series, -12_345)
    before = each.vault.dues()
    receipt = each.margin.sell_to_open(series, 12_345, 0, FOREVER, sender=account)
    assert receipt.value == -quote.premium
    assert told(each, receipt) == [
        traded(each, series, -12_345, 0, quote),
        moved("quote", each.vault, each.margin, receipt.value),
        (
            "margin.ShortOpened",
            dict(account=account, id=series, lots=12_345, escrowed=0, proceeds=receipt.value),
        ),
    ]
    assert quote.cover_fee == 0 and quote.fee > 0
    dues = quote.fee // 5
    crumb = 10 ** (each.terms.quote_decimals - 4)
    assert each.vault.dues() - before == dues // crumb * crumb


@pytest.mark.parametrize("right", ["call", "put"])
def test_buy_to_close__quote_of_an_account__is_what_executes(each: LocalMarket, right: str) -> None:
    """Q9, V11: and a round trip at one snapshot costs."""
    series, account = each.series(each.now_expiries[2], 2_100, right), each.who("trader")
    proceeds = each.write("trader", series, "1.2345").value
    quote = each.desk.quote_account(series, 12_345)
    receipt = each.margin.buy_to_close(series, 12_345, UNLIMITED, FOREVER, sender=account)
    assert receipt.value == quote.premium > proceeds
    assert told(each, receipt) == [
        traded(each, series, 12_345, 0, quote),
        moved("quote", each.margin, each.vault, receipt.value),
        (
            "margin.ShortClosed",
            dict(account=account, id=series, lots=12_345, freed=0, cost=receipt.value),
        ),
    ]
    assert cash(each) == each.assets(50_000) + proceeds - receipt.value
    assert legs(each) == {} and each.margin.credit() == (0, 0)


def test_quote_account__same_exposure__is_the_price_of_a_trader(
    market: LocalMarket, call: int
) -> None:
    """A sale to open lowers the vault's exposure as a sale back does, and costs the same."""
    market.buy("other", call, 2)
    account, holder = market.desk.quote_account(call, -20_000), market.desk.quote(call, -20_000)
    assert (account.premium, account.fee, account.skew) == (
        holder.premium,
        holder.fee,
        holder.skew,
    )
    assert market.desk.quote_account(call, 20_000).cover_fee == 0
    assert market.desk.quote(call, 20_000).cover_fee > 0


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_sell_to_open__least__is_met_exactly_or_refused(
    market: LocalMarket, call: int, over: int
) -> None:
    """C9."""
    least = -market.desk.quote_account(call, -10_000).premium + over
    args = (call, 10_000, least, FOREVER)
    found = outcome(market.margin.sell_to_open, *args, sender=market.who("trader"))
    assert found == ("desk: price below limit" if over > 0 else None)


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_buy_to_close__most__is_met_exactly_or_refused(
    market: LocalMarket, call: int, over: int
) -> None:
    """C9."""
    market.write("trader", call, 2)
    most = market.desk.quote_account(call, 10_000).premium + over
    args = (call, 10_000, most, FOREVER)
    found = outcome(market.margin.buy_to_close, *args, sender=market.who("trader"))
    assert found == ("desk: price above limit" if over < 0 else None)


@pytest.mark.parametrize("lots", [0, 2**31, 2**255, 2**256 - 1])
def test_trade__no_lots_or_too_many__is_refused(market: LocalMarket, call: int, lots: int) -> None:
    trader = market.who("trader")
    for method, limit in ((market.margin.sell_to_open, 0), (market.margin.buy_to_close, UNLIMITED)):
        assert refused(method, call, lots, limit, FOREVER, sender=trader) == "margin: size"
    signed = lots if lots < 2**255 else lots - 2**256
    if signed != -1:
        assert refused(market.desk.quote_account, call, signed) == "desk: size"
        assert refused(market.desk.unwind_terms, call, signed) in ("desk: size", None)


# --- gates of openings, and closings that pass them


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_trade__caution__stops_openings_from_two_on(
    market: LocalMarket, call: int, level: int
) -> None:
    """H4."""
    market.write("trader", call, 1)
    if level:
        market.desk.raise_caution(level, sender=market.who("guardian"))
    expected = "desk: reduce only" if level > 1 else None
    assert writing(market, call) == writing(market, call, escrowed=100) == expected
    assert closing(market, call) is None


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_trade__cutoff__is_twelve_hours_before_expiry(market: LocalMarket, late: int) -> None:
    """C6."""
    first = market.now_expiries[0]
    call = market.series(first, 2_000)
    market.write("trader", call, 1)
    renew(market, first - CUTOFF + late)
    assert writing(market, call) == ("desk: past cutoff" if late > 0 else None)
    assert closing(market, call) is None


@pytest.mark.parametrize("left", [1, 0, -1])
def test_buy_to_close__last_second__is_the_one_before_expiry(
    market: LocalMarket, left: int
) -> None:
    """C6."""
    first = market.now_expiries[0]
    call = market.series(first, 2_000)
    market.write("trader", call, 1)
    renew(market, first - left)
    assert closing(market, call) == (None if left > 0 else "quoter: expired")


@pytest.mark.parametrize("age", [HOUR, HOUR + 1])
def test_trade__old_surface__stops_openings_alone(market: LocalMarket, call: int, age: int) -> None:
    market.write("trader", call, 1)
    posted_at = market.surface.slice(call >> 128).posted_at
    market.chain.set_timestamp(posted_at + HOUR - 60)
    market.transmit(2_000)
    market.refresh()
    market.chain.set_timestamp(posted_at + age)
    assert writing(market, call) == ("desk: surface too old" if age > HOUR else None)
    assert closing(market, call) is None


@pytest.mark.parametrize("age", [HOUR, HOUR + 1])
def test_trade__old_spot__stops_all(market: LocalMarket, call: int, age: int) -> None:
    """E11: nobody's risk grows, and nobody's falls, without a price."""
    market.write("trader", call, 1)
    market.chain.set_timestamp(market.oracle.spot()[1] + age)
    expected = "oracle: stale" if age > HOUR else None
    assert closing(market, call) == expected
    assert writing(market, call) in (expected, "desk: surface too old")


def test_sell_to_open__own_expiry_stale__renews_it(market: LocalMarket, call: int) -> None:
    """Where every other expiry holds; its quote says the same price before."""
    posts = market.slices(market.surface.expiries(), market.chain.timestamp, 0.651)
    market.surface.post(posts, sender=market.who("keeper"))
    assert writing(market, call) == "book: stale"
    for expiry in market.book.expiries():
        if expiry != call >> 128:
            market.book.refresh(expiry)
    quote = market.desk.quote_account(call, -10_000)
    receipt = market.write("trader", call, 1)
    assert receipt.value == -quote.premium
    assert [name for name, _ in told(market, receipt)] == [
        "book.BookRefreshed",
        "desk.MarginTraded",
        "quote.Transfer",
        "margin.ShortOpened",
    ]


def test_buy_to_close__stale_book__passes_and_pays_for_no_fall_of_u(
    market: LocalMarket, call: int
) -> None:
    market.write("trader", call, 40)
    free = market.desk.quote_account(call, 10_000)
    posts = market.slices(market.surface.expiries(), market.chain.timestamp, 0.65)
    market.surface.post(posts, sender=market.who("keeper"))
    bound = market.desk.quote_account(call, 10_000)
    assert free.skew < 0 == bound.skew
    assert closing(market, call, 10_000) is None
    assert market.buy_back("trader", call, 1).value == bound.premium
    assert not market.book.standing(
        call, *market.oracle.spot()[:2], market.surface.version(), 60
    ).is_fresh


def test_trade__series_that_is_not_listed__is_refused(market: LocalMarket, expiry: int) -> None:
    """C14."""
    trader = market.who("trader")
    for series in (market.series(expiry, 1_950), market.series(expiry, 2_000) | 2):
        args = (series, 100, 0, FOREVER)
        assert refused(market.margin.sell_to_open, *args, sender=trader) == "desk: not listed"
        assert refused(market.desk.quote_account, series, -100) == "desk: not listed"
        assert refused(market.desk.quote_account, series, 100) == "desk: not listed"
        assert refused(market.desk.unwind_terms, series, 100) == "desk: not listed"


def test_sell_to_open__delta_that_has_left_the_window__is_refused(market: LocalMarket) -> None:
    first = market.now_expiries[0]
    call, put = (market.series(first, 2_200, right) for right in ("call", "put"))
    market.write("trader", put, 1)
    renew(market, market.chain.timestamp + 120, 1_500)
    assert writing(market, call) == "quoter: no bid"
    assert writing(market, put) == "desk: delta window"
    assert closing(market, put) is None


@pytest.mark.parametrize(
    ("numbers", "reason", "lots"),
    [
        (dict(potential_max=POINT // 20), "desk: potential limit", 700_000),
        (dict(vega_limit=5_000 * WAD), "desk: vega limit", 400_000),
        (dict(gamma_limit=100_000 * WAD), "desk: gamma limit", 400_000),
        (dict(series_lots=100_000), "desk: open interest", 100_001),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sell_to_open__limit_of_the_sheet__refuses_what_is_over_it(
    numbers: dict[str, int], reason: str, lots: int
) -> None:
    """V25, C11."""
    with started(Terms(sheet=SHEET.changed(**numbers))) as market:
        put = market.series(market.now_expiries[3], 2_000, "put")
        assert writing(market, put, lots) == reason
        assert writing(market, put, 100) is None


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_sell_to_open__open_interest__is_of_what_the_vault_holds(over: int) -> None:
    """Held and written of one series are limited each for itself."""
    with started(Terms(sheet=SHEET.changed(series_lots=50_000))) as market:
        call = market.series(market.now_expiries[2], 2_000)
        market.buy("other", call, 3)
        market.write("other", call, 1)
        market.write("trader", call, 2)
        found = writing(market, call, 20_000 + over)
        assert found == ("desk: open interest" if over > 0 else None)


# --- credit


def _credit_market() -> Any:
    """Accounts may owe 10,000 without escrow: five puts of 2,000."""
    return started(Terms(sheet=SHEET.changed(credit_max=POINT)))


@pytest.mark.parametrize("lots", [49_998, 49_999, 50_000])
def test_sell_to_open__credit__is_strikes_of_puts_rounded_up(lots: int) -> None:
    """The sum is rounded up by a wei, so at the limit itself it is refused."""
    with _credit_market() as market:
        put, trader = market.series(market.now_expiries[2], 2_000, "put"), market.who("trader")
        args = (put, lots, 0, FOREVER)
        found = outcome(market.margin.sell_to_open, *args, sender=trader)
        assert found == ("desk: credit limit" if lots == 50_000 else None)


def test_sell_to_open__credit__is_spot_of_calls_and_of_all_accounts() -> None:
    with _credit_market() as market:
        expiry = market.now_expiries[2]
        call, put = market.series(expiry, 2_200), market.series(expiry, 1_800, "put")
        market.write("other", call, 2)
        market.write("trader", put, 2)
        assert market.margin.credit() == (20_000, market.assets(3_600))
        left = 10_000 - 2 * 2_000 - 2 * 1_800  # 1.2 calls at spot, whatever their strike
        for lots in (11_999, 12_000):
            args = (call, lots, 0, FOREVER)
            found = outcome(market.margin.sell_to_open, *args, sender=market.who("trader"))
            assert found == (None if lots * 2_000 < left * 10_000 else "desk: credit limit")
        market.transmit(2_005)
        market.refresh()
        args = (call, 11_999, 0, FOREVER)
        trader = market.who("trader")
        assert refused(market.margin.sell_to_open, *args, sender=trader) == "desk: credit limit"


def test_sell_to_open__escrowed__is_no_credit() -> None:
    with _credit_market() as market:
        trader = market.who("trader")
        call = market.series(market.now_expiries[2], 2_000)
        market.buy("other", call, 8)  # what the vault has written offsets nothing
        sell = market.margin.sell_to_open
        assert refused(sell, call, 60_000, 0, FOREVER, sender=trader) == "desk: credit limit"
        market.write("trader", call, 6, escrowed=6)
        assert market.margin.credit() == (0, 0)
        market.write("trader", call, 8, escrowed=4)
        assert market.margin.credit() == (40_000, 0)
        args = (call, 30_000, 0, FOREVER)
        assert refused(sell, *args, 19_000, sender=trader) == "desk: credit limit"
        assert outcome(sell, *args, 21_000, sender=trader) is None
        assert outcome(sell, *args, 30_000, sender=trader) is None


def test_buy_to_close__credit__ends_with_what_is_owed_without_escrow() -> None:
    with _credit_market() as market:
        put = market.series(market.now_expiries[2], 2_000, "put")
        market.write("trader", put, 6, escrowed=3)
        assert market.margin.credit() == (0, market.assets(6_000))
        market.buy_back("trader", put, 2)
        assert market.margin.credit() == (0, market.assets(2_000))
        market.buy_back("trader", put, 2)  # one of them escrowed
        assert market.margin.credit() == (0, 0)
        assert legs(market) == {put: (20_000, 20_000, 0)}


def test_sell_to_open__credit__scales_with_the_reference_nav() -> None:
    numbers = SheetNumbers.for_nav(2_400_000 * WAD).changed(credit_max=POINT)
    with started(Terms(sheet=numbers)) as market:
        put, trader = market.series(market.now_expiries[2], 2_000, "put"), market.who("trader")
        scale = market.desk.nav_ref() * WAD // (2_400_000 * WAD)
        most = (24_000 * WAD * scale // WAD - 1) // (2_000 * WAD // 10_000)
        assert 59_000 < most < 61_000
        sell = market.margin.sell_to_open
        assert outcome(sell, put, most, 0, FOREVER, sender=trader) is None
        assert refused(sell, put, most + 1, 0, FOREVER, sender=trader) == "desk: credit limit"


def test_quote_account__credit_and_money__are_not_its_business() -> None:
    with _credit_market() as market:
        put = market.series(market.now_expiries[2], 2_000, "put")
        assert outcome(market.desk.quote_account, put, -60_000) is None


# --- cover


@pytest.mark.parametrize("right", ["call", "put"])
def test_sell_to_open__escrow__takes_the_place_of_the_vaults_cover(
    each: LocalMarket, right: str
) -> None:
    """By exactly the smaller of what is written and what is escrowed; it comes back with it."""
    series = each.series(each.now_expiries[2], 2_000, right)
    each.sell("other", each.series(each.now_expiries[3], 2_000), 1)
    each.buy("other", series, 3)
    assert locked(each) == cover(each, series, 30_000)
    money = cash(each), units(each)
    proceeds = each.write("trader", series, 2, escrowed=2).value
    assert locked(each) == cover(each, series, 10_000)
    assets, lots = cover(each, series, 20_000)
    assert cash(each) == money[0] + proceeds - assets
    assert units(each) == money[1] - lots * each.units("0.0001")
    each.write("trader", series, 2, escrowed=2)
    assert locked(each) == (0, 0)
    each.buy("other", series, "0.5")  # covered by what is escrowed already
    assert locked(each) == (0, 0)
    each.buy("other", series, 1)
    assert locked(each) == cover(each, series, 5_000)
    each.buy_back("trader", series, 4)
    assert locked(each) == cover(each, series, 45_000)
    assert units(each) == money[1] and legs(each) == {}
    each.sell("other", series, "4.5")
    assert locked(each) == (0, 0)
    assert_backed(each)


def test_sell__what_escrow_covers__releases_nothing(market: LocalMarket, call: int) -> None:
    base = locked(market)[1]
    market.buy("other", call, 3)
    market.write("trader", call, 2, escrowed=2)
    for left in (5_000, 0, 0):
        market.sell("other", call, "0.5")
        assert locked(market)[1] - base == left
    assert_locked(market)


def test_buy_to_close__escrow_without_cover_of_the_vault__waits_for_expiry(
    market: LocalMarket, put: int
) -> None:
    """The vault would have to put up what it does not have."""
    market.write("trader", put, 5, escrowed=5)
    market.buy("other", put, 5)
    assert locked(market)[0] == 0
    _empty(market)
    trader, close = market.who("trader"), market.margin.buy_to_close
    assert refused(close, put, 50_000, UNLIMITED, FOREVER, sender=trader) == "vault: cover"
    assert closing(market, put, 1_000) is None


def test_sell_to_open__vault_without_free_quote__is_refused(market: LocalMarket, put: int) -> None:
    _empty(market)
    args = (put, 50_000, 0, FOREVER)
    assert refused(market.margin.sell_to_open, *args, sender=market.who("trader")) == "vault: cash"
    args = (put, 50_000, 0, FOREVER, 50_000)
    assert refused(market.margin.sell_to_open, *args, sender=market.who("trader")) == "vault: cash"


def _empty(market: LocalMarket) -> None:
    """LPs take all free quote but about a hundred."""
    lp = market.who("lp")
    market.vault.withdraw(market.vault.free_cash() - market.assets(300), lp, lp, sender=lp)
    assert market.vault.free_cash() <= market.assets(300)


STEPS = st.tuples(
    st.sampled_from(("buy", "sell", "write", "escrow", "half", "close")),
    st.sampled_from(OWNERS),
    st.integers(0, 3),
    st.integers(1, 40_000),
)


@settings(max_examples=25)
@given(steps=st.lists(STEPS, min_size=4, max_size=14))
def test_trades__in_any_order__lock_what_is_written_and_not_escrowed(
    steps: list[tuple[str, str, int, int]],
) -> None:
    """V3, V16: after every step, and the book's sums are those of the accounts."""
    with started() as market:
        expiry = market.now_expiries[2]
        pool = [
            market.series(expiry, k, right) for k in (2_000, 2_100) for right in ("call", "put")
        ]
        for verb, actor, which, lots in steps:
            _step(market, verb, actor, pool[which], lots)
            assert_locked(market)
            assert_owed(market)
            assert_backed(market)


def _step(market: LocalMarket, verb: str, actor: str, series: int, lots: int) -> None:
    """One trade, of no more than can be sold or bought back. Nothing may refuse but by its name."""
    who = market.who(actor)
    owed = legs(market, actor).get(series, (0, 0, 0))[0]
    held = market.token.balanceOf(who, series)
    margin = market.margin
    method, args = {
        "buy": (market.desk.buy, (series, lots, UNLIMITED, FOREVER)),
        "sell": (market.desk.sell, (series, min(lots, held), 0, FOREVER)),
        "write": (margin.sell_to_open, (series, lots, 0, FOREVER)),
        "escrow": (margin.sell_to_open, (series, lots, 0, FOREVER, lots)),
        "half": (margin.sell_to_open, (series, lots, 0, FOREVER, lots // 2)),
        "close": (margin.buy_to_close, (series, min(lots, owed), UNLIMITED, FOREVER)),
    }[verb]
    known = {"desk: size", "margin: size", "margin: requirement", "margin: balance"}
    reason = outcome(method, *args, sender=who)
    assert reason is None or reason in known, (verb, reason)
    if reason is None:
        method(*args, sender=who)


# --- liquidations


def _at_risk(market: LocalMarket, series: int, contracts: float) -> None:
    """An account just below its maintenance requirement, of one leg."""
    market.write("trader", series, contracts)
    drain(market)
    until_below(market, 1.0, up=series & 1 == 0)


def test_unwind_terms__price__is_what_a_liquidation_pays_at_most(
    market: LocalMarket, call: int
) -> None:
    _at_risk(market, call, 5)
    room, price = market.desk.unwind_terms(call, 50_000)
    assert room == 50_000
    _, lots = market.lens.next_liquidation(market.who("trader"))
    receipt = market.liquidate("liquidator", "trader")
    premium = receipt.event("MarginTraded").args["premium"]
    assert 0 < premium * WAD // market.assets(1) <= -(-price * lots // 10_000) + WAD // 10**6


def test_unwind__flows_of_clients__neither_read_nor_moved(market: LocalMarket, call: int) -> None:
    _at_risk(market, call, 5)
    market.refresh()
    before = _flows(market)
    terms = market.desk.unwind_terms(call, 10_000)
    with rolled_back(market.chain):
        market.buy("other", market.series(market.now_expiries[1], 2_000), 4)
        assert _flows(market) != before
        pushed = market.desk.unwind_terms(call, 10_000)
        rate = market.desk.quote_account(call, 10_000)
    assert rate.fee > 0
    assert pushed[1] == pytest.approx(terms[1], rel=5e-3)
    market.liquidate("liquidator", "trader")
    assert _flows(market) == before


def _flows(market: LocalMarket) -> tuple[int, int]:
    found = market.book.exposure_now()
    return found.flow_delta, found.flow_vega


def test_unwind__fee__is_none(market: LocalMarket, call: int) -> None:
    _at_risk(market, call, 5)
    found = market.liquidate("liquidator", "trader").event("MarginTraded").args
    assert found["fee"] == 0
    assert found["spread"] > 0


def test_unwind__room_of_a_block__is_used_up_and_there_again() -> None:
    """At most the size whose own skew is its half-spread, whoever shares it, in one block."""
    with started() as market:
        call = market.series(market.now_expiries[2], 2_000)
        market.add_margin("trader", 100_000)
        for _ in range(3):
            market.write("trader", call, 20)
        drain(market)
        until_below(market, 0.95)
        room, _ = market.desk.unwind_terms(call, 600_000)
        assert 0 < room < 600_000
        assert market.desk.unwind_terms(call, room)[0] >= room - 1
        account = market.who("trader")
        chain, margin = market.chain, market.margin
        chain.bulk(margin.address, margin.liquidate.encode(account, call, 600_000))  # type: ignore[attr-defined]
        closed = 600_000 - legs(market)[call][0]
        assert 0 < closed <= room
        left = market.desk.unwind_terms(call, 600_000)[0]
        assert left <= room - closed + 1
        while left:
            before = legs(market)[call][0]
            if outcome(margin.liquidate, account, call, left) is not None:
                break
            chain.bulk(margin.address, margin.liquidate.encode(account, call, left))  # type: ignore[attr-defined]
            assert 0 < before - legs(market)[call][0] <= left
            left = market.desk.unwind_terms(call, 600_000)[0]
        assert refused(margin.liquidate, account, call, 600_000) == "margin: not now"
        assert not market.lens.liquidatable(account)
        assert market.lens.next_liquidation(account) == (0, 0)
        chain.mine()
        assert market.desk.unwind_terms(call, 600_000)[0] >= room * 9 // 10
        if market.health("trader") < 1:
            assert market.lens.liquidatable(account)


def test_unwind__caution_and_old_surface__stop_nothing(market: LocalMarket, call: int) -> None:
    """It passes every gate while spot can be read and the series has a slice."""
    _at_risk(market, call, 5)
    market.desk.raise_caution(3, sender=market.who("guardian"))
    posted = market.surface.slice(call >> 128).posted_at
    market.chain.set_timestamp(posted + 3 * HOUR)
    market.aggregator.transmit(_answer(market), 0)
    assert market.chain.timestamp > posted + HOUR
    assert market.health("trader") < 1
    receipt = market.liquidate("liquidator", "trader")
    assert receipt is not None and receipt.value[0] > 0


def _answer(market: LocalMarket) -> int:
    return int(market.feed.latestRoundData()[1])


def _market_of(monkeypatch: pytest.MonkeyPatch, person: str) -> LocalMarket:
    """A market whose margin contract is a person: he asks what the contract never does."""

    def plan(settings: MarketSettings) -> Plan:
        steps = market_plan(settings).steps
        return Plan(
            tuple(
                replace(step, args=tuple(person if a == Ref("margin") else a for a in step.args))
                for step in steps
            )
        )

    monkeypatch.setattr(local, "market_plan", plan)
    market = LocalMarket.open(RevmChain())
    market.supply(1_000_000, 100)
    market.refresh()
    market.fund(person, quote=100_000)
    return market


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_unwind__room_of_a_block__is_exact(monkeypatch: pytest.MonkeyPatch, over: int) -> None:
    """Margin asks for no more than the terms say; whoever did would be refused."""
    person = RevmChain().accounts[9]
    market = _market_of(monkeypatch, person)
    call = market.series(market.now_expiries[2], 2_000)
    for _ in range(3):
        market.desk.sell_to_open(person, call, 200_000, 0, 0, 0, 0, sender=person)
    room = market.desk.unwind_terms(call, 600_000)[0]
    assert 0 < room < 600_000
    args = (person, call, room + over, False, UNLIMITED, 0)
    found = outcome(market.desk.unwind, *args, sender=person)
    assert found == ("desk: room of the block" if over > 0 else None)


@pytest.mark.parametrize("lots", [0, 2**31])
def test_margin_trade__size__is_the_desks_own_limit_too(
    monkeypatch: pytest.MonkeyPatch, lots: int
) -> None:
    person = RevmChain().accounts[9]
    market = _market_of(monkeypatch, person)
    call = market.series(market.now_expiries[2], 2_000)
    sell, buy = market.desk.sell_to_open, market.desk.buy_to_close
    assert refused(sell, person, call, lots, 0, 0, 0, 0, sender=person) == "desk: size"
    assert refused(buy, person, call, lots, 0, UNLIMITED, sender=person) == "desk: size"


def test_unwind_terms__part_of_a_size__has_no_higher_price(market: LocalMarket, call: int) -> None:
    """What `Margin` relies on: it closes what a price for more pays for."""
    market.write("trader", call, 30)
    last, rounding = 0, 0
    for lots in (1, 2, 100, 10_000, 100_000, 300_000):
        room, price = market.desk.unwind_terms(call, lots)
        assert room == lots
        assert price >= last - rounding
        last, rounding = price, 10**16 // lots + 1  # an asset of the whole
    assert market.desk.unwind_terms(call, -10_000)[0] == 10_000
