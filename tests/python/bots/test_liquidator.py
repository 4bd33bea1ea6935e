"""Whom the liquidator closes, in which order, and what it leaves to others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from ballast.bots.accounts import OPENED, AccountsFromEvents, KnownAccounts
from ballast.bots.liquidator import (
    Liquidator,
    LiquidatorState,
    LiquidatorTerms,
    Margin,
    decide,
)
from ballast.bots.market import LiveMarket
from ballast.chain import compile_contract
from ballast.market.local import LocalMarket
from ballast.units import WAD
from tests.market import at_start
from tests.scenarios.margin import open_legs, thin

SICK = Margin("0xA", WAD * 9 // 10, series=5, lots=7, bonus=100)
PLAIN = LiquidatorTerms()


def calls(*accounts: Margin, terms: LiquidatorTerms = PLAIN) -> list[tuple[object, ...]]:
    return [(one.method, *one.args) for one in decide(LiquidatorState(accounts), terms)]


def test_decide__nobody__nothing() -> None:
    assert calls() == []


def test_decide__several__the_unhealthiest_first() -> None:
    worse = replace(SICK, owner="0xB", health=WAD // 2)
    worst = replace(SICK, owner="0xC", health=0)
    found = calls(SICK, worst, worse)
    assert [one[1] for one in found] == ["0xC", "0xB", "0xA"]
    assert found[0] == ("liquidate", "0xC", 5, 7)


@pytest.mark.parametrize(("least", "count"), [(99, 1), (100, 1), (101, 0)])
def test_decide__a_bonus_around_what_a_transaction_costs__skips_below(
    least: int, count: int
) -> None:
    assert len(calls(SICK, terms=LiquidatorTerms(least_bonus=least))) == count
    assert len(calls(SICK, terms=LiquidatorTerms(least_bonus=least, at_a_loss=True))) == 1


def test_decide__nothing_can_be_closed_now__nothing() -> None:
    assert calls(replace(SICK, lots=0)) == []


@pytest.mark.parametrize(
    ("beyond", "flagged", "count"),
    [
        (0, 0, 0),
        (1, 0, 1),
        (0, 1, 1),
        (1_000, 1_000, 0),
        (1_010, 1_000, 0),
        (1_011, 1_000, 1),
        (990, 1_000, 0),
        (989, 1_000, 1),
    ],
)
def test_decide__a_shortfall_around_what_is_booked__flags_what_differs(
    beyond: int, flagged: int, count: int
) -> None:
    account = replace(SICK, lots=0, beyond=beyond, flagged=flagged)
    assert calls(account) == [("flag", "0xA")] * count


def test_decide__a_shortfall_of_one_that_can_be_closed__flags_it_first() -> None:
    assert [one[0] for one in calls(replace(SICK, beyond=3))] == ["flag", "liquidate"]


@given(
    healths=st.lists(st.integers(0, 2 * WAD), max_size=8),
    bonuses=st.lists(st.integers(0, 200), min_size=8, max_size=8),
)
def test_decide__any_accounts__by_health_and_none_at_a_loss(
    healths: list[int], bonuses: list[int]
) -> None:
    accounts = {
        f"0x{i}": replace(SICK, owner=f"0x{i}", health=health, bonus=bonuses[i])
        for i, health in enumerate(healths)
    }
    found = calls(*accounts.values(), terms=LiquidatorTerms(least_bonus=100))
    chosen = [accounts[str(one[1])] for one in found]
    assert [one.health for one in chosen] == sorted(one.health for one in chosen)
    assert {one.owner for one in chosen} == {
        owner for owner, one in accounts.items() if one.bonus >= 100
    }


def test_accounts_from_events__several_looks__each_block_is_read_once() -> None:
    asked = []
    pages = {0: (["0x" + "11" * 20], 10), 10: (["0x" + "22" * 20, "0x" + "11" * 20], 12)}

    def fetch(since: int) -> tuple[list[str], int]:
        asked.append(since)
        return pages.get(since, ([], since))

    source = AccountsFromEvents(fetch)
    assert len(source.owners()) == 1
    assert source.owners() == source.owners() == ("0x" + "11" * 20, "0x" + "22" * 20)
    assert asked == [0, 10, 12]


def test_opened__the_topic_of_the_event__is_the_contracts() -> None:
    abi = compile_contract("Margin").abi
    (event,) = (entry for entry in abi if entry.get("name") == "ShortOpened")
    kinds = ",".join(field["type"] for field in event["inputs"])
    assert "0x" + keccak(text=f"ShortOpened({kinds})").hex() == OPENED
    assert event["inputs"][0]["indexed"] and event["inputs"][0]["name"] == "account"


# --- on a market


def keeper(market: LocalMarket, *owners: str, terms: LiquidatorTerms = PLAIN) -> Liquidator:
    live = LiveMarket.over(market.chain, market.deployment.contracts)
    accounts = KnownAccounts(market.who(owner) for owner in owners)
    return Liquidator(live, market.who("liquidator"), accounts, terms)


def test_liquidator__healthy_accounts_and_dead_feed__nothing() -> None:
    with at_start() as market:
        open_legs(market, "trader", ((1, 2_000, "call", 5.0),))
        bot = keeper(market, "trader", "other", "stranger")
        assert bot.read() == LiquidatorState() and bot.decide(bot.read()) == []
        thin(market, "trader")
        market.transmit(3_000)
        assert bot.decide(bot.read()) != []
        market.chain.advance(7_200)
        assert bot.decide(bot.read()) == []


def test_liquidator__unhealthy_accounts__closed_for_the_bonus_that_was_read() -> None:
    with at_start() as market:
        for actor, strike in (("trader", 2_000), ("other", 2_100)):
            open_legs(market, actor, ((1, strike, "call", 5.0),))
            thin(market, actor)
        market.transmit(2_350)
        bot = keeper(market, "trader", "other")
        before = market.quote.balanceOf(market.who("liquidator"))
        earned, turns = 0, 0
        while actions := bot.decide(state := bot.read()):
            first, turns = state.accounts[0], turns + 1
            assert first.bonus > 0 and turns < 20
            receipt = bot.run(actions[0])
            done = receipt.event("Liquidated").args
            owners = {one.owner: one for one in state.accounts}
            assert done["bonus"] == owners[done["account"]].bonus
            assert done["lots"] == owners[done["account"]].lots
            earned += done["bonus"]
            for action in actions[1:]:
                earned += bot.run(action).event("Liquidated").args["bonus"]
        assert turns and min(market.health(actor) for actor in ("trader", "other")) >= 1
        assert market.quote.balanceOf(market.who("liquidator")) - before == earned


def test_liquidator__an_account_beyond_its_means__flagged_until_it_is_closed() -> None:
    with at_start() as market:
        open_legs(market, "trader", ((1, 2_000, "call", 15.0),))
        thin(market, "trader")
        market.transmit(4_500)
        bot = keeper(market, "trader", terms=LiquidatorTerms(least_bonus=2**100))
        (flag,) = bot.decide(bot.read())
        assert flag.method == "flag" and market.margin.pending() == 0
        bot.run(flag)
        assert market.margin.pending() > 0 and bot.decide(bot.read()) == []
        market.transmit(2_100)
        (flag,) = bot.decide(bot.read())
        bot.run(flag)
        assert market.margin.pending() == 0 and bot.decide(bot.read()) == []
