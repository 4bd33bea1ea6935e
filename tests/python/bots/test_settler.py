"""What the settler does about expiries and the small things, and that it comes to an end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ballast.bots.accounts import KnownAccounts
from ballast.bots.market import LiveMarket
from ballast.bots.rounds import Bracket
from ballast.bots.settler import (
    FOLLOW,
    SILENCE,
    Passed,
    Settler,
    SettlerState,
    SettlerTerms,
    decide,
)
from ballast.chain import compile_contract
from ballast.market.local import LocalMarket
from ballast.units import DAY, WAD
from tests.market import at_start
from tests.scenarios.margin import open_legs

EXPIRY = 1_767_340_800
NOW = EXPIRY + 60
TERMS = SettlerTerms()
QUIET = SettlerState(at=NOW, poked_at=NOW)
OPEN = Passed(EXPIRY, is_fixed=False, is_on_book=True, bracket=Bracket(17, True))


def calls(state: SettlerState) -> list[tuple[object, ...]]:
    return [(one.target, one.method, *one.args) for one in decide(state, TERMS)]


def test_decide__nothing_open__nothing() -> None:
    assert calls(QUIET) == []


def test_decide__an_expiry_stage_by_stage__one_stage_in_a_turn() -> None:
    fixed = replace(OPEN, is_fixed=True, bracket=None, debtors=("0xA", "0xB"))
    assert calls(replace(QUIET, passed=(OPEN,))) == [("oracle", "fix", EXPIRY, 17)]
    assert calls(replace(QUIET, passed=(fixed,))) == [
        ("desk", "settle", EXPIRY),
        ("margin", "settle", "0xA", EXPIRY),
        ("margin", "settle", "0xB", EXPIRY),
    ]
    settled = replace(fixed, is_on_book=False, debtors=("0xB",))
    assert calls(replace(QUIET, passed=(settled,))) == [("margin", "settle", "0xB", EXPIRY)]


@pytest.mark.parametrize(("past", "count"), [(FOLLOW - 1, 0), (FOLLOW, 0), (FOLLOW + 1, 1)])
def test_decide__no_round_after_the_expiry__waits_three_days(past: int, count: int) -> None:
    alone = replace(OPEN, bracket=Bracket(17, False))
    found = calls(replace(QUIET, at=EXPIRY + past, poked_at=EXPIRY + past, passed=(alone,)))
    assert found == [("oracle", "fix", EXPIRY, 17)] * count


@pytest.mark.parametrize(
    ("past", "dead", "count"),
    [(SILENCE, True, 0), (SILENCE + 1, True, 1), (SILENCE + 1, False, 0)],
)
def test_decide__a_silent_feed__waits_thirty_days(past: int, dead: bool, count: int) -> None:
    silent = replace(OPEN, bracket=None)
    at = EXPIRY + past
    found = calls(replace(QUIET, at=at, poked_at=at, passed=(silent,), is_feed_dead=dead))
    assert found == [("oracle", "fix_without_feed", EXPIRY)] * count


@pytest.mark.parametrize(
    ("since", "count"),
    [(TERMS.poke_every - 1, 0), (TERMS.poke_every, 1), (TERMS.poke_every + 1, 1)],
)
def test_decide__the_last_look_at_the_ladder__looks_again_in_time(since: int, count: int) -> None:
    assert len(calls(replace(QUIET, poked_at=NOW - since))) == count


@pytest.mark.parametrize(("now", "then", "count"), [(0, 0, 0), (0, 1, 1), (2, 1, 1)])
def test_decide__a_ladder_about_to_move__moves_it(now: int, then: int, count: int) -> None:
    found = calls(replace(QUIET, caution=now, caution_next=then))
    assert found == [("desk", "pokeCaution")] * count


@pytest.mark.parametrize(("dues", "count"), [(99, 0), (100, 0), (101, 1)])
def test_decide__dues_around_what_is_worth_sending__sends_above(dues: int, count: int) -> None:
    terms = SettlerTerms(least_dues=100)
    assert len(decide(replace(QUIET, dues=dues), terms)) == count


@pytest.mark.parametrize(("share", "count"), [(-51, 1), (-50, 0), (0, 0), (50, 0), (51, 1)])
def test_decide__a_reference_nav_that_is_off__syncs_from_half_a_percent(
    share: int, count: int
) -> None:
    nav = 10**6 * WAD
    state = replace(QUIET, nav_ref=nav, nav_next=nav + nav * share // 10_000)
    assert calls(state) == [("desk", "syncNav")] * count


def test_decide__queue_holdings_and_expiries_to_come__one_action_each() -> None:
    state = replace(QUIET, redeemable=5, owned=((7, 10), (8, 1)), unwitnessed=(EXPIRY + DAY,))
    assert calls(state) == [
        ("desk", "redeem", 7, 10),
        ("desk", "redeem", 8, 1),
        ("oracle", "witness", EXPIRY + DAY),
        ("vault", "processRedemptions", 32),
    ]


# --- on a market


@pytest.fixture
def market() -> Iterator[LocalMarket]:
    """Options of the first expiry in every hand: a trader's, an account's, the settler's own."""
    with at_start() as opened:
        series = opened.series(opened.now_expiries[0], 2_000, "call")
        opened.fund("keeper", quote=10_000)
        for actor in ("trader", "keeper"):
            opened.buy(actor, series, 2)
        open_legs(opened, "other", ((0, 2_000, "call", 2.0), (1, 2_000, "put", 1.0)))
        yield opened


def keeper(market: LocalMarket, sender: str = "keeper") -> Settler:
    live = LiveMarket.over(market.chain, market.deployment.contracts)
    return Settler(live, market.who(sender), KnownAccounts([market.who("other")]))


def until_quiet(bot: Settler, most: int = 8) -> list[str]:
    """Turns until the keeper has nothing to do."""
    done: list[str] = []
    for _ in range(most):
        actions = bot.decide(bot.read())
        for action in actions:
            bot.run(action)
            done.append(f"{action.target}.{action.method}")
        if not actions:
            return done
    raise AssertionError(f"no end: {done}")


def test_settler__an_ordinary_day__pays_the_fund_and_looks_at_the_ladder(
    market: LocalMarket,
) -> None:
    assert market.vault.dues() > 0
    done = until_quiet(keeper(market))
    assert done == ["desk.pokeCaution", "vault.payFund"]
    assert market.vault.dues() == 0


def test_settler__an_expiry_passes__everything_about_it_is_settled(market: LocalMarket) -> None:
    expiry, bot = market.now_expiries[0], keeper(market)
    until_quiet(bot)
    market.chain.set_timestamp(expiry - 600)
    market.transmit(2_100)
    assert "oracle.witness" in until_quiet(bot)
    assert market.oracle.witnessed(expiry)[0] == 2_100 * WAD
    market.chain.set_timestamp(expiry + 10)
    assert "oracle.fix" not in until_quiet(bot)  # no round has followed
    market.transmit(2_105)
    owned = market.underlying.balanceOf(market.who("keeper"))
    done = until_quiet(bot)
    wanted = ["oracle.fix", "desk.settle", "margin.settle", "desk.redeem"]
    assert [one for one in done if one in wanted] == wanted
    assert market.oracle.settlement_price(expiry) == 2_100 * WAD
    assert expiry not in market.book.expiries()
    assert len(market.margin.account(market.who("other"))[2]) == 1
    gained = market.underlying.balanceOf(market.who("keeper")) - owned
    assert gained == 2 * 100 * 10**market.terms.underlying_decimals // 2_100


def test_settler__the_feed_has_changed_its_aggregator_since__finds_the_round(
    market: LocalMarket,
) -> None:
    expiry, bot = market.now_expiries[0], keeper(market)
    market.chain.set_timestamp(expiry - 30)
    market.transmit(2_040)
    market.chain.set_timestamp(expiry + 10)
    for price in (2_050, 2_060):
        second = market.chain.deploy(compile_contract("FeedAggregator"), 8, 1)
        second.admit(market.feed, True)
        second.transmit(price * 10**8, 0)
        market.feed.confirm(second)
    until_quiet(bot)
    assert market.oracle.settlement_price(expiry) == 2_040 * WAD


def test_settler__requests_in_the_queue__processed_when_there_is_quote(
    market: LocalMarket,
) -> None:
    bot, lp = keeper(market), market.who("lp")
    until_quiet(bot)
    shares = market.vault.balanceOf(lp)
    market.vault.requestRedeem(shares // 4, lp, lp, sender=lp)
    assert "vault.processRedemptions" in until_quiet(bot)
    assert market.vault.redemptions()[0] == 0 and market.vault.claimable(lp) > 0


def test_settler__nav_has_risen__only_the_desks_keeper_raises_the_reference(
    market: LocalMarket,
) -> None:
    market.chain.advance(3_600)
    market.transmit(2_000)
    market.deposit("lp", 500_000)
    before = market.desk.nav_ref()
    assert "desk.syncNav" not in until_quiet(keeper(market, "stranger"))
    assert "desk.syncNav" in until_quiet(keeper(market))
    assert market.desk.nav_ref() > before


def test_settler__a_dead_feed__waits_and_says_nothing(market: LocalMarket) -> None:
    bot = keeper(market)
    until_quiet(bot)
    market.chain.set_timestamp(market.now_expiries[0] + 3_600)
    found = [one for one in bot.decide(bot.read()) if one.method != "pokeCaution"]
    assert found == []
