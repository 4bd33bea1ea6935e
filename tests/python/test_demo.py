"""The demo's story: a market's life on the real bytecode, whose books balance."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ballast.chain import RevmChain
from ballast.errors import ReportError
from ballast.report import demo
from ballast.report.demo import cli
from ballast.report.story import page
from ballast.report.story.credit import ORDINARY
from ballast.report.story.diary import CAUSES
from ballast.report.story.ledger import FUND, MARGIN, VAULT
from ballast.report.story.tables import LPS, gain, tables
from ballast.report.story.tale import (
    FULL,
    PEOPLE,
    SEED,
    SELLERS,
    SHORT,
    STAKE,
    Pace,
    Tale,
    Telling,
    tell,
)
from ballast.units import WAD

if TYPE_CHECKING:
    from ballast.chain import ApeChain

LOTS = 10_000
UNIT = 10**12
"""WAD in a unit of the quote token."""
CHARTS = (
    "the-smile-with-bid-and-ask",
    "quotes-against-inventory",
    "the-price-of-size",
    "spot",
    "exposure-dollar-delta",
    "exposure-gamma-and-vega",
    "health-of-margin-accounts",
    "health-through-the-fall",
    "the-waterfall-of-a-loss",
    "marks-of-a-share",
    "lps-gains-by-cause",
    "the-same-over-time",
)


@pytest.fixture(scope="module")
def telling() -> Telling:
    return tell(RevmChain())


@pytest.fixture(scope="module")
def shorts() -> list[Telling]:
    """Some with an LP left in the queue, some without."""
    return [tell(RevmChain(), SHORT, seed) for seed in (1, 2, SEED)]


@pytest.fixture(scope="module")
def tellings(telling: Telling, shorts: list[Telling]) -> list[Telling]:
    return [telling, *shorts]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What the demo printed, and the page it wrote."""
    out = tmp_path_factory.mktemp("demo") / "new folder" / "demo.html"
    result = CliRunner().invoke(cli, ["--pace", "short", "--out", str(out)])
    assert result.exit_code == 0, result.output
    return result.output, out.read_text(encoding="utf-8")


# --- money


def test_tell__both_tokens__changes_of_all_accounts_sum_to_zero(tellings: list[Telling]) -> None:
    for telling in tellings:
        names = [account.name for account in telling.accounts]
        assert names == [*PEOPLE, FUND, MARGIN, VAULT]
        assert sum(account.quote_change for account in telling.accounts) == 0
        assert sum(account.underlying_change for account in telling.accounts) == 0
        assert sum(account.brought_quote for account in telling.accounts) == 1_043_000 * 10**6
        assert sum(account.brought_underlying for account in telling.accounts) == 100 * WAD


def test_tell__gains__sum_to_zero_but_for_rounding_and_are_not_the_vaults(
    tellings: list[Telling],
) -> None:
    """A unit for each account's valuation, and the virtual shares' part of a unit."""
    for telling in tellings:
        gains = {account.name: gain(telling, account) for account in telling.accounts}
        assert abs(sum(gains.values())) <= len(gains)
        assert 0 <= gains[VAULT] <= len(LPS) + 2
        assert 0 <= gains[FUND] <= 2
        assert gains[MARGIN] == 0
        assert min(abs(gains[name]) for name in PEOPLE) > 10**6


def test_tell__causes__are_all_of_what_lps_gained(tellings: list[Telling]) -> None:
    for telling in tellings:
        last = telling.moments[-1]
        assert tuple(telling.causes) == CAUSES
        assert sum(telling.causes.values()) + telling.brought == last.nav
        assert last.causes == tuple(telling.causes.values())


def test_tell__causes__agree_with_what_lps_hold(tellings: list[Telling]) -> None:
    """A second way to the same sum: balances and shares, and what the underlying was worth."""
    for telling in tellings:
        lps = [account for account in telling.accounts if account.name in LPS]
        tokens = sum(lp.quote_change + lp.shares_worth for lp in lps)
        brought = 100 * telling.moments[0].spot
        found = tokens * UNIT - brought
        assert abs(found - sum(telling.causes.values())) <= 3 * UNIT


def test_tell__parts_of_the_premiums__sum_to_their_events(telling: Telling) -> None:
    deals, forced = telling.deals, telling.liquidations
    for cause, part in (("spread", "spread"), ("skew", "skew"), ("clamps", "clamp")):
        assert telling.causes[cause] == sum(getattr(each, part) for each in (*deals, *forced))
    assert telling.causes["cover fees"] == sum(deal.cover_fee for deal in deals) * UNIT
    fees = sum(deal.fee for deal in deals)
    fund = sum(account.quote_change for account in telling.accounts if account.name == FUND)
    gina = next(account for account in telling.accounts if account.name == "Gina")
    bonuses = sum(each.to_fund for each in forced)
    earned = fund + telling.dues + gina.quote_change - bonuses
    assert telling.causes["fees"] == (fees - earned) * UNIT
    assert 0 < earned <= fees // 5


def test_tell__every_trade__executes_at_its_quote_and_adds_up(telling: Telling) -> None:
    assert len(telling.deals) > 100
    assert {deal.lots > 0 for deal in telling.deals} == {True, False}
    for deal in telling.deals:
        assert deal.premium == deal.quoted
        parts = deal.lots * deal.mark // LOTS + deal.skew + deal.spread + deal.clamp
        rounding = (deal.premium - deal.fee - deal.cover_fee) * UNIT - parts
        assert -4 <= rounding < UNIT + 4, deal  # up to the unit; the parts are told to the wei


def test_tell__settlement__pots_are_paid_out_to_their_dust(tellings: list[Telling]) -> None:
    for telling in tellings:
        assert len(telling.settlements) == 2
        for settled in telling.settlements:
            assert settled.pot_quote == settled.paid_quote
            assert 0 <= settled.pot_underlying - settled.paid_underlying <= 10
    paid = [s for t in tellings for s in t.settlements]
    assert any(s.paid_quote for s in paid)
    assert any(s.paid_underlying for s in paid)


def test_tell__lps__leave_at_or_below_nav(tellings: list[Telling]) -> None:
    for telling in tellings:
        at_once = [e for e in telling.exits if e.assets and e.at_nav is not None]
        assert at_once
        assert all(e.assets < e.at_nav for e in at_once)
        served = [e.assets for e in telling.exits if e.what.startswith("is served")]
        assert sum(served) == next(e.assets for e in telling.exits if e.what == "claims")
    times = {sum(e.assets > 0 for e in t.exits if e.what.startswith("is served")) for t in tellings}
    assert times == {1, 2}


# --- quotes


def test_tell__ladder__rises_with_each_purchase_and_falls_with_each_sale(telling: Telling) -> None:
    """Mark out of the way: the seconds that pass move it by less than a ten-thousandth."""
    rungs = telling.ladder
    assert [rung.bought for rung in rungs] == [*range(9), 8, 8, *range(7, -1, -1), 0]
    for before, after in pairwise(rungs):
        sign = {"buys": 1}.get(after.step, -1)
        if after.step != "a round, a post":
            assert sign * (after.ask - before.ask) > 0, after
            assert sign * (after.bid - before.bid) > 0, after
        assert after.bid < before.ask
        assert after.bid < after.ask


def test_tell__ladder__comes_back_with_inventory_flow_and_post(telling: Telling) -> None:
    """What is left is the age of slice and round, and a minute of time: less than a fiftieth of
    what the ladder moved."""
    first, last = telling.ladder[0], telling.ladder[-1]
    moved = max(rung.ask for rung in telling.ladder) - first.ask
    middle = [(rung.ask + rung.bid) / 2 - rung.mark / UNIT for rung in (first, last)]
    assert abs(middle[1] - middle[0]) < moved / 50


def test_tell__ladder__the_client_lost_more_than_a_spread(telling: Telling) -> None:
    deals = telling.deals[:16]
    assert [deal.lots for deal in deals] == [LOTS] * 8 + [-LOTS] * 8
    opening = telling.ladder[0].ask - telling.ladder[0].bid
    assert sum(deal.premium for deal in deals) > 8 * opening


def test_tell__sizes__average_price_worsens_with_size(telling: Telling) -> None:
    asks = [ask / n for n, ask, _ in telling.sizes]
    bids = [bid / n for n, _, bid in telling.sizes]
    assert asks == sorted(asks) and len(set(asks)) == len(asks)
    assert bids == sorted(bids, reverse=True) and len(set(bids)) == len(bids)


def test_tell__board__ask_above_mark_and_bid(telling: Telling) -> None:
    assert len(telling.board) == 12
    for row in telling.board:
        assert row.bid is not None
        assert max(row.bid, row.mark // UNIT) < row.ask


# --- time


def test_tell__marks__low_below_nav_below_high(tellings: list[Telling]) -> None:
    for telling in tellings:
        for moment in (*telling.moments, *telling.shock):
            assert moment.low < moment.nav < moment.high


def test_tell__shock__price_falls_by_a_fifth_and_stale_greeks_refuse(telling: Telling) -> None:
    first, last = telling.shock[0], telling.shock[-1]
    assert last.spot / first.spot == pytest.approx(0.8, abs=1e-4)
    assert last.nav < first.nav
    assert len(telling.shock) == 1 + 2 * FULL.falls
    assert telling.refusals.count(("Cleo", "book: stale")) == FULL.falls


def test_tell__last_moment__no_options_and_so_no_gamma_or_vega(telling: Telling) -> None:
    last = telling.moments[-1]
    assert (last.delta_options, last.gamma, last.vega) == (0, 0, 0)
    assert min(moment.gamma for moment in telling.moments) < 0
    assert min(moment.vega for moment in telling.moments) < 0


# --- margin accounts


def test_tell__sellers__open_above_the_initial_requirement(tellings: list[Telling]) -> None:
    for telling in tellings:
        for name, (_, health) in SELLERS.items():
            opened, thinned = [sight for sight in telling.sights if sight.who == name][:2]
            assert opened.health > thinned.health
            assert thinned.health == pytest.approx(health, abs=1e-5)
            assert thinned.health > 1.25


def test_tell__fall__closes_a_part_of_eves_account_and_none_of_finns(
    tellings: list[Telling],
) -> None:
    for telling in tellings:
        end = telling.shock[-1].at
        assert [call.who for call in telling.liquidations if call.at <= end] == ["Eve"]
        for before, after in pairwise(telling.sights):
            if after.what.startswith("liquidated"):
                assert before.who == after.who
                assert before.health < 1.0
                assert 1.05 <= after.health <= 1.25
            else:
                assert after.health >= 1.0 or after.what in ("falls", ORDINARY)


def test_tell__liquidations__pay_caller_and_fund_out_of_the_account(
    tellings: list[Telling],
) -> None:
    for telling in tellings:
        ivo = next(account for account in telling.accounts if account.name == "Ivo")
        assert ivo.quote_change == sum(call.bonus for call in telling.liquidations) > 0
        for call in telling.liquidations:
            assert not call.is_windup
            assert call.cost == call.from_account
            assert (call.from_fund, call.from_lps, call.reward_from_fund) == (0, 0, 0)
            assert 0 < call.bonus + call.to_fund <= call.cost // 20
            assert abs(call.to_fund - (call.bonus + call.to_fund) // 5) <= 1


def test_tell__expiries__take_what_accounts_owe_and_leave_the_rest(
    tellings: list[Telling],
) -> None:
    for telling in tellings:
        assert [each.who for each in telling.closings] == list(SELLERS)
        for each in telling.closings:
            assert each.shortfall == 0
            assert each.left > 0
        assert telling.causes["shortfalls"] == 0
    assert {each.debt > 0 for telling in tellings for each in telling.closings} == {True, False}


def test_tell__gap__goes_from_accounts_to_fund_to_lps_to_the_unit(
    tellings: list[Telling],
) -> None:
    for telling in tellings:
        gap = telling.gap
        rewards = sum(call.reward_from_fund for call in gap.calls)
        fund = sum(call.from_fund for call in gap.calls)
        lps = sum(call.from_lps for call in gap.calls)
        assert gap.after / gap.before == pytest.approx(0.5, abs=1e-5)
        assert [name for name, _ in gap.flagged] == list(SELLERS)
        assert {call.is_windup for call in gap.calls} == {True}
        for call in gap.calls:
            assert call.cost == call.from_account + call.from_fund + call.from_lps
        assert gap.stakes_after == 0
        assert fund + rewards == gap.stakes_before > STAKE * 10**6
        later = fund + lps - sum(owed for _, owed in gap.flagged)
        assert abs(later) < 1_000  # what some seconds do to the mark
        assert lps > 0
        assert [call.from_lps > 0 for call in gap.calls] == [False, True]


def test_tell__gap__nav_falls_at_the_flag_and_not_again(tellings: list[Telling]) -> None:
    """But for seconds that pass, and the rewards, which the fund pays before LPs' part is known."""
    for telling in tellings:
        gap = telling.gap
        at_price, flagged, wound_up = gap.navs
        owed = sum(owed for _, owed in gap.flagged)
        rewards = sum(call.reward_from_fund for call in gap.calls)
        assert abs(at_price - flagged - (owed - gap.stakes_before) * UNIT) < WAD // 1_000
        assert abs(flagged - wound_up - rewards * UNIT) < WAD // 1_000


def test_tell__gap__leaves_no_trace(telling: Telling) -> None:
    assert telling.liquidations[0].who == "Eve"
    assert all(sight.at < telling.gap.at or sight.spot > telling.gap.after
               for sight in telling.sights)  # fmt: skip
    assert min(moment.spot for moment in telling.moments) > telling.gap.after
    assert telling.closings[0].left > 0


def test_tell__staker__leaves_at_no_more_than_at_the_request(tellings: list[Telling]) -> None:
    for telling in tellings:
        (gone,) = [each for each in telling.exits if each.who == "Gina"]
        assert STAKE * 10**6 // 2 < gone.assets < gone.at_nav
        gina = next(account for account in telling.accounts if account.name == "Gina")
        assert gina.stake_worth > gone.assets


# --- determinism and refusals


def test_tell__twice__is_the_same_to_the_byte(shorts: list[Telling]) -> None:
    again = tell(RevmChain(), SHORT, 1)
    assert again == shorts[0]
    assert page.render(again) == page.render(shorts[0])


def test_tell__full__again_is_the_same_and_takes_seconds(telling: Telling) -> None:
    """Of the processor: a busy machine must not decide a test."""
    started = time.process_time()
    assert tell(RevmChain()) == telling
    assert time.process_time() - started < 30.0


def test_tell__another_seed__is_another_story(shorts: list[Telling]) -> None:
    assert shorts[0].deals != shorts[1].deals
    assert shorts[0].ladder == shorts[1].ladder


def _steal_quote(tale: Tale) -> None:
    market = tale.market
    thief = market.who("Cleo")
    market.quote.transfer(market.who("keeper"), 1, sender=thief)


def _mint_underlying(tale: Tale) -> None:
    market = tale.market
    market.underlying.mint(market.vault, 1, sender=market.actors["deployer"])


def _forget_a_payment(tale: Tale) -> None:
    tale.diary.ledger.flows["quote"]["Dan"] += 1


def _gift_to_margin(tale: Tale) -> None:
    """Nobody's account has it, whoever sent it."""
    market = tale.market
    market.quote.transfer(market.margin, 1, sender=market.who("Cleo"))
    tale.diary.ledger.move("Cleo", MARGIN, quote=1)


@pytest.mark.parametrize(
    ("meddle", "reason"),
    [
        (_gift_to_margin, "what margin accounts hold"),
        (_steal_quote, "quote of Cleo"),
        (_mint_underlying, "underlying of vault"),
        (_forget_a_payment, "quote of Dan"),
    ],
)
def test_check__a_unit_too_many_or_too_few__is_found(
    meddle: Callable[[Tale], None], reason: str
) -> None:
    tale = Tale(RevmChain(), Pace(24, 1, 1), SEED, lambda _: None)
    tale._lps_deposit()
    tale.diary.ledger.check()
    meddle(tale)
    with pytest.raises(ReportError, match=f"the books do not balance: {reason}"):
        tale.diary.ledger.check()


# --- what is shown


def test_cli__short__prints_every_table_and_where_the_page_is(printed: tuple[str, str]) -> None:
    output, _ = printed
    for made in tables(tell(RevmChain(), SHORT), is_short=True):
        assert made.title in output
        for row in made.rows:
            line = r"\s+".join(re.escape(cell) for cell in row if cell)
            assert re.search(line, output), row
    assert "…" not in output
    assert "page:" in output
    assert "to the unit" in output


def test_cli__page__has_its_plots_and_tables_and_loads_nothing(printed: tuple[str, str]) -> None:
    _, html = printed
    assert html.count('<figure class="card">') == len(CHARTS)
    for name in CHARTS:
        assert html.count(f'<div id="{name}"') == 1, name
        assert len(re.findall(rf'newPlot\(\s*"{name}",\s*\[{{', html)) == 1, name
    assert html.count('<table class="rows">') == 10
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", html)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--backend", "mainnet"], "'mainnet' is not one of"),
        (["--pace", "slow"], "'slow' is not one of"),
        (["--seed", "lucky"], "'lucky' is not a valid integer"),
        (["--pace", "short", "--out", "/dev/null/demo.html"], "choose another --out"),
    ],
)
def test_cli__bad_input__fails_with_one_clear_line(arguments: list[str], reason: str) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code != 0
    assert reason in result.output
    assert "Traceback" not in result.output


def test_cli__anvil_without_the_node__says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo.shutil, "which", lambda _: None)
    result = CliRunner().invoke(cli, ["--backend", "anvil"])
    assert result.exit_code == 1
    assert "no anvil in PATH" in result.output


@pytest.mark.anvil
def test_tell__on_anvil__every_figure_is_that_of_the_chain_in_process(anvil: ApeChain) -> None:
    """The clocks are weeks apart and series are named by their dates; all else is equal."""
    pace = Pace(hours=48, clips=2, falls=1)
    there, here = tell(anvil, pace), tell(RevmChain(), pace)
    weeks = there.moments[0].at - here.moments[0].at
    assert weeks % (7 * 86_400) == 0
    assert there.accounts == here.accounts
    assert there.causes == here.causes
    assert there.gap.navs == here.gap.navs
    assert [sight.health for sight in there.sights] == [sight.health for sight in here.sights]
    assert there.ladder == here.ladder
    assert [deal.premium for deal in there.deals] == [deal.premium for deal in here.deals]
    assert [moment.per_share for moment in there.moments] == [
        moment.per_share for moment in here.moments
    ]
    assert there.refusals == here.refusals
    assert there.exits == here.exits
