"""What stops an opening and lets a closing pass: cutoff, surface, freshness, caution, limits."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ballast.chain import rolled_back
from ballast.market.local import FOREVER, UNLIMITED, LocalMarket, Terms
from ballast.market.sheet import POINT, SheetNumbers
from ballast.series import listable_expiries
from ballast.units import DAY, WAD
from tests.market import CUTOFF, HOUR, at_start, outcome, refused, renew, told

SHEET = SheetNumbers.for_nav(1_000_000 * WAD)


def buying(market: LocalMarket, series: int, lots: int = 100) -> str | None:
    """The reason why a buy is refused; quote gives the same one."""
    reason = outcome(market.desk.buy, series, lots, UNLIMITED, FOREVER, sender=market.who("trader"))
    assert outcome(market.desk.quote, series, lots) == reason
    return reason


def selling(market: LocalMarket, series: int, lots: int = 100) -> str | None:
    """The reason why a sale is refused; quote gives the same one."""
    reason = outcome(market.desk.sell, series, lots, 0, FOREVER, sender=market.who("trader"))
    assert outcome(market.desk.quote, series, -lots) == reason
    return reason


# --- time


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_buy__cutoff__is_twelve_hours_before_expiry(
    market: LocalMarket, expiry: int, call: int, late: int
) -> None:
    """C6: an opening at the cutoff's second passes, a second later it does not; a closing does."""
    market.buy("trader", call, 1)
    renew(market, expiry - CUTOFF + late)
    assert buying(market, call) == ("desk: past cutoff" if late > 0 else None)
    assert selling(market, call) is None


@pytest.mark.parametrize("left", [1, 0, -1])
def test_sell__last_second__is_the_one_before_expiry(
    market: LocalMarket, expiry: int, call: int, left: int
) -> None:
    """C6: at expiry only settlement is left."""
    call = market.series(expiry, 1_900)
    market.buy("trader", call, 1)
    renew(market, expiry - left)
    assert selling(market, call) == (None if left > 0 else "quoter: expired")
    assert buying(market, call) == "desk: past cutoff"


@pytest.mark.parametrize("age", [HOUR - 1, HOUR, HOUR + 1])
def test_buy__age_of_the_slice__is_an_hour_at_most(
    market: LocalMarket, call: int, age: int
) -> None:
    market.buy("trader", call, 1)
    posted_at = market.surface.slice(call >> 128).posted_at
    market.chain.set_timestamp(posted_at + HOUR - 60)
    market.transmit(2_000)
    market.refresh()
    market.chain.set_timestamp(posted_at + age)
    assert buying(market, call) == ("desk: surface too old" if age > HOUR else None)
    assert selling(market, call) is None


@pytest.mark.parametrize("age", [HOUR - 1, HOUR, HOUR + 1])
def test_trade__age_of_spot__is_an_hour_at_most(market: LocalMarket, call: int, age: int) -> None:
    """B2: a stale price stops closings too; they have nothing to be paid by."""
    market.buy("trader", call, 1)
    market.chain.set_timestamp(market.oracle.spot()[1] + age)
    expected = "oracle: stale" if age > HOUR else None
    assert selling(market, call) == expected
    assert buying(market, call) in (expected, "desk: surface too old")


# --- freshness


def test_buy__own_expiry_stale_by_time__refreshes_it(market: LocalMarket) -> None:
    """The first expiry's guard ends first; where only that is stale its buyer renews it."""
    first = market.now_expiries[0]
    call = market.series(first, 2_000)
    market.buy("trader", call, 1)
    market.chain.set_timestamp(market.book.guard(first)[2] + 1)
    _new_market_in_old_book(market)
    quote = market.desk.quote(call, 100)
    receipt = market.desk.buy(call, 100, UNLIMITED, FOREVER, sender=market.who("trader"))
    names = [name for name, _ in told(market, receipt)]
    assert names[:3] == ["book.FlowReset", "book.BookRefreshed", "desk.Traded"]
    assert receipt.value == quote.premium


def test_buy__own_expiry_holds__does_not_refresh_it(market: LocalMarket, call: int) -> None:
    market.buy("trader", call, 1)
    names = [name for name, _ in told(market, market.buy("trader", call, 1))]
    assert "book.BookRefreshed" not in names


def test_buy__other_expiry_stale__waits_for_anyones_refresh(market: LocalMarket) -> None:
    """Fail closed, and open again in the same block: refresh, then trade."""
    first, second = market.now_expiries[:2]
    call = market.series(second, 2_000)
    market.buy("trader", call, 1)
    market.chain.set_timestamp(market.book.guard(first)[2] + 1)
    _new_market_in_old_book(market)
    assert buying(market, call) == "book: stale"
    assert selling(market, call) is None
    market.book.refresh(first, sender=market.who("stranger"))
    assert buying(market, call) is None


@pytest.mark.parametrize("side", ["low", "high"])
@pytest.mark.parametrize("beyond", [0, 1])
def test_buy__spot_at_the_end_of_the_guard__is_still_fresh(
    market: LocalMarket, side: str, beyond: int
) -> None:
    """In the feed's own smallest steps, 1e-8."""
    first, second = market.now_expiries[:2]
    call = market.series(second, 2_000)
    low, high = market.book.guard(first)[:2]
    edge = -(-low * 2_000 // 10**10) - beyond if side == "low" else high * 2_000 // 10**10 + beyond
    market.aggregator.transmit(edge, 0)
    assert buying(market, call) == ("book: stale" if beyond else None)


def test_buy__after_a_post__waits_for_the_others(market: LocalMarket, call: int) -> None:
    """A new version of the surface makes the whole book stale."""
    market.buy("trader", call, 1)
    live = market.surface.expiries()
    posts = market.slices(live, market.chain.timestamp, 0.651)
    market.surface.post(posts, sender=market.who("keeper"))
    assert buying(market, call) == "book: stale"
    for expiry in market.book.expiries():
        if expiry != call >> 128:
            market.book.refresh(expiry)
    assert buying(market, call) is None


def test_buy__expiry_past_its_cutoff__holds_up_nobody(market: LocalMarket) -> None:
    """It leaves the intersection with the next opening, with nobody's refresh."""
    first, second = market.now_expiries[:2]
    market.buy("trader", market.series(first, 2_000), 1)
    renew(market, first - CUTOFF - 120)
    call = market.series(second, 2_000)
    market.chain.set_timestamp(market.book.guard(first)[2] + 1)
    assert market.chain.timestamp > first - CUTOFF
    assert market.chain.timestamp < market.book.guard(second)[2]
    assert buying(market, call) is None
    receipt = market.desk.buy(call, 100, UNLIMITED, FOREVER, sender=market.who("trader"))
    assert [name for name, _ in told(market, receipt)][-3:] == [
        "desk.Traded",
        "quote.Transfer",
        "token.TransferSingle",
    ]


def test_list__new_expiry_in_a_fresh_book__has_to_be_evaluated_first(
    market: LocalMarket, call: int
) -> None:
    """Its options would be traded without a guard of their own."""
    new = listable_expiries(market.chain.timestamp)[1]  # tomorrow
    market.found([new])
    market.refresh()
    assert buying(market, call) is None
    market.list_strikes(new, [2_000])
    assert buying(market, call) == "book: stale"
    assert buying(market, market.series(new, 2_000)) is None
    market.book.refresh(new)
    low, high, until, _ = market.book.guard(new)
    assert low < WAD < high and until > market.chain.timestamp
    assert buying(market, call) is None


def _new_market_in_old_book(market: LocalMarket) -> None:
    """A round and nothing else, so that spot is no older than it may be."""
    market.transmit(2_000)
    posted = market.surface.slice(market.now_expiries[0]).posted_at
    if market.chain.timestamp > posted + HOUR:
        market.found(market.surface.expiries())
        for expiry in market.now_expiries[2:]:
            market.book.refresh(expiry)
    stale = [e for e in market.now_expiries if market.book.guard(e)[3] != market.surface.version()]
    for expiry in stale[1:]:
        market.book.refresh(expiry)


# --- caution


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_trade__guardians_caution__stops_openings_from_two_on(
    market: LocalMarket, call: int, level: int
) -> None:
    """H4: closings, at every level."""
    market.buy("trader", call, 1)
    if level:
        market.desk.raise_caution(level, sender=market.who("guardian"))
    assert market.desk.caution() == level
    assert buying(market, call) == ("desk: reduce only" if level > 1 else None)
    assert selling(market, call) is None


def test_quote__caution_one__widens_the_spread_by_the_sheets_factor(
    market: LocalMarket, call: int
) -> None:
    """Its own part, by half here; what ages cost stays."""
    with rolled_back(market.chain):
        market.chain.advance(1)
        before = market.desk.quote(call, 10_000)
    market.desk.raise_caution(1, sender=market.who("guardian"))
    after = market.desk.quote(call, 10_000)
    law, tau = market.sheet.trade_terms().law, (call >> 128) - market.chain.timestamp
    vega = before.risk.vega * 10**13 * math.sqrt(tau / (30 * DAY))  # of one contract, unweighted
    h = (law.b_vega * vega + law.b_delta * before.delta * 2_000) / WAD
    assert after.spread - before.spread == pytest.approx(h / 2, rel=1e-6)
    assert after.skew == before.skew


@pytest.mark.parametrize(("price", "level"), [(1_900, 0), (1_700, 1), (1_400, 2), (900, 3)])
def test_trade__ladders_caution__counts_as_the_guardians(
    market: LocalMarket, call: int, price: int, level: int
) -> None:
    """The drawdown of a vault that is half in underlying, as the book hears of it."""
    market.deposit_underlying("lp", 600)
    market.chain.advance(DAY)
    market.transmit(2_000)
    market.desk.pokeCaution()
    renew(market, market.chain.timestamp + 120, price)
    market.desk.pokeCaution()
    call = market.series(
        market.now_expiries[3], min((1_600, 1_800, 1_900), key=lambda k: abs(k - price))
    )
    assert market.desk.caution() == level
    assert buying(market, call) == ("desk: reduce only" if level > 1 else None)
    market.desk.raise_caution(1, sender=market.who("guardian"))
    assert market.desk.caution() == max(level, 1)


def test_sell__reduce_only__never_pays_for_a_lower_potential(
    market: LocalMarket, call: int
) -> None:
    """A closing that lowers U is paid for that in normal times, and not in reduce-only."""
    market.buy("trader", call, 40)
    free = market.desk.quote(call, -10_000)
    assert free.skew < 0
    market.desk.raise_caution(2, sender=market.who("guardian"))
    bound = market.desk.quote(call, -10_000)
    assert bound.skew == 0
    assert -bound.premium < -free.premium
    assert bound.potential_after < bound.potential_before


@pytest.mark.parametrize("cause", ["surface", "book", "cutoff"])
def test_sell__reduce_only_by_itself__never_pays_for_a_lower_potential(
    market: LocalMarket, expiry: int, cause: str
) -> None:
    series = market.series(expiry, 2_100, "put")
    market.buy("trader", series, 20)
    assert market.desk.quote(series, -10_000).skew < 0
    posted_at = market.surface.slice(expiry).posted_at
    if cause == "surface":
        market.chain.set_timestamp(posted_at + HOUR - 60)
        market.transmit(2_000)
        market.refresh()
        market.chain.set_timestamp(posted_at + HOUR + 1)
    elif cause == "book":
        market.transmit(2_030)
    else:
        renew(market, expiry - CUTOFF + 1)
    assert market.desk.quote(series, -10_000).skew == 0
    if cause == "book":
        market.refresh()
        assert market.desk.quote(series, -10_000).skew < 0


def test_sell__reduce_only__still_pays_for_a_higher_potential(market: LocalMarket) -> None:
    """The vault is long underlying: a call that comes back makes it longer."""
    call = market.series(market.now_expiries[3], 2_200)
    market.buy("trader", call, 1)
    free = market.desk.quote(call, -10_000).skew
    market.desk.raise_caution(2, sender=market.who("guardian"))
    quote = market.desk.quote(call, -10_000)
    assert quote.skew == pytest.approx(free, rel=1e-4) and quote.skew > 0
    assert abs(quote.skew - (quote.potential_after - quote.potential_before)) <= 1


# --- limits, wired; their edges are in tests/math/test_limits.py


@pytest.mark.parametrize(
    ("numbers", "reason", "lots"),
    [
        (dict(potential_max=10 * POINT // 100), "desk: potential limit", 700_000),
        (dict(vega_limit=5_000 * WAD), "desk: vega limit", 400_000),
        (dict(gamma_limit=100_000 * WAD), "desk: gamma limit", 400_000),
        (dict(series_lots=100_000), "desk: open interest", 100_001),
        (dict(cover_max=10 * POINT), "desk: cover limit", 500_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_buy__limit_of_the_sheet__refuses_what_is_over_it(
    numbers: dict[str, int], reason: str, lots: int
) -> None:
    """V25, C11: judged after the trade. A small trade passes, a closing always does."""
    with at_start(Terms(sheet=SHEET.changed(**numbers))) as market:
        put = market.series(market.now_expiries[3], 2_000, "put")
        trader = market.who("trader")
        refusal = outcome(market.desk.buy, put, lots, UNLIMITED, FOREVER, sender=trader)
        assert refusal == reason
        market.desk.buy(put, 100, UNLIMITED, FOREVER, sender=trader)
        market.desk.sell(put, 100, 0, FOREVER, sender=trader)


@pytest.mark.parametrize("over", [0, 1])
def test_buy__open_interest_of_a_series__is_the_sheets_lots(over: int) -> None:
    with at_start(Terms(sheet=SHEET.changed(series_lots=50_000))) as market:
        call = market.series(market.now_expiries[3], 2_000)
        market.buy("trader", call, 3)
        assert buying(market, call, 20_000 + over) == ("desk: open interest" if over else None)


@pytest.mark.parametrize("over", [0, 1])
def test_buy__vault_below_its_sheets_nav__finds_smaller_limits(over: int) -> None:
    """Limits scale with the reference NAV over the sheet's: 1.2 million over 2.4."""
    with at_start(
        Terms(sheet=SheetNumbers.for_nav(2_400_000 * WAD).changed(series_lots=50_000))
    ) as half:
        put = half.series(half.now_expiries[3], 2_000, "put")
        scale = half.desk.nav_ref() * WAD // (2_400_000 * WAD)
        most = 50_000 * scale // WAD
        assert 20_000 < most < 25_000
        assert buying(half, put, most + over) == ("desk: open interest" if over else None)


def test_buy__delta_that_has_left_the_window__is_refused(market: LocalMarket) -> None:
    """C12: listed inside, closed to openings where spot has moved on; a holder still sells."""
    first = market.now_expiries[0]
    call, put = (market.series(first, 2_200, right) for right in ("call", "put"))
    market.buy("trader", put, 1)
    renew(market, market.chain.timestamp + 120, 1_500)
    assert buying(market, call) == "desk: delta window"
    assert buying(market, put) == "desk: delta window"
    assert selling(market, put) is None


def test_buy__before_the_first_sync__has_no_limits_to_scale() -> None:
    market = _unsynced()
    call = market.series(market.now_expiries[1], 2_000)
    assert (
        refused(market.desk.buy, call, 1, UNLIMITED, FOREVER, sender=market.who("trader"))
        == "desk: nav not synced"
    )
    assert refused(market.desk.quote, call, 1) == "desk: nav not synced"


def _unsynced() -> Any:
    from ballast.chain import RevmChain

    market = LocalMarket.open(RevmChain())
    market.deposit("lp", 1_000_000)
    market.fund("trader", quote=1_000)
    market.refresh()
    return market
