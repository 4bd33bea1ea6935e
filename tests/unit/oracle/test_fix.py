"""`fix` on feeds as none should be. What holds on every feed is in test_any_feed.py."""

from __future__ import annotations

import pytest

from ballast.chain import Contract, RevmChain, compile_contract
from tests.unit.oracle.world import (
    AFTER,
    BEFORE,
    DAY,
    FOLLOW,
    HEARTBEAT,
    MAX_PRICE,
    MIN_PRICE,
    PRICE,
    WAD,
    Fault,
    Feed,
    Missing,
    Terms,
    assert_only,
    deploy,
    reason,
    straddle,
)


@pytest.fixture(params=[Missing.ZEROS, Missing.REVERT, Missing.BURN])
def feed(request: pytest.FixtureRequest, revm: RevmChain) -> Feed:
    """One round long before every expiry; aggregators of all three kinds."""
    feed = Feed(revm, missing=request.param)
    feed.transmit(PRICE)
    return feed


@pytest.mark.parametrize("at", [-60, 0])
def test_fix__rounds_of_one_time__the_last_of_them(
    oracle: Contract, feed: Feed, expiry: int, at: int
) -> None:
    feed.chain.set_timestamp(expiry + 10)
    for price in (1_901, 1_902, BEFORE):
        last = feed.transmit(price, expiry + at)
    feed.transmit(AFTER, expiry + 1)
    assert_only(oracle, feed, expiry, last, BEFORE)


# --- rounds that say no price


@pytest.mark.parametrize(
    ("answer", "clamped"),
    [
        (-(2**255), MIN_PRICE),
        (-1, MIN_PRICE),
        (0, MIN_PRICE),
        (MIN_PRICE // 10**10 - 1, MIN_PRICE),
        (MAX_PRICE // 10**10 + 1, MAX_PRICE),
        (2**192, MAX_PRICE),
        (2**255 - 1, MAX_PRICE),
    ],
)
def test_fix__answer_that_is_no_price__gives_way_to_the_next_that_is(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int, answer: int, clamped: int
) -> None:
    """One bad round does not decide; a feed that says nothing else does, at the nearer bound."""
    revm.set_timestamp(expiry + 1_000)
    last = feed.report(answer, expiry - 10)
    assert reason(oracle.fix, expiry, last) == "oracle: no later round yet"
    for i in range(7):
        feed.report(answer, expiry + 10 + i)
        assert reason(oracle.fix, expiry, last) == "oracle: no priced round yet"
    snapshot = revm.snapshot()
    eighth = feed.transmit(AFTER, expiry + 20)
    receipt = oracle.fix(expiry, last)
    assert (receipt.value, receipt.event("PriceFixed").round_id) == (AFTER * WAD, eighth)
    revm.revert(snapshot)
    feed.report(answer, expiry + 20)
    feed.transmit(AFTER, expiry + 21)  # the ninth is not asked
    receipt = oracle.fix(expiry, last)
    assert (receipt.value, receipt.event("PriceFixed").round_id) == (clamped, last)
    assert MIN_PRICE <= oracle.settlement_price(expiry) <= MAX_PRICE


def test_fix__no_price_in_three_days__is_the_nearer_bound(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int
) -> None:
    revm.set_timestamp(expiry + FOLLOW - 2)
    last = feed.report(0, expiry - 10)
    feed.report(0, expiry + 10)
    assert reason(oracle.fix, expiry, last) == "oracle: no priced round yet"
    revm.advance(1)
    assert oracle.fix(expiry, last).value == MIN_PRICE


def test_fix__carried_answer__gives_way(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int
) -> None:
    revm.set_timestamp(expiry + 100)
    last = feed.report(BEFORE * 10**8, expiry - 10, answered_in=1)
    feed.transmit(AFTER, expiry + 10)
    assert oracle.fix.call(expiry, last) == AFTER * WAD


@pytest.mark.parametrize("gap", [1, 2, 3])
def test_fix__numbers_left_out__are_stepped_over(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int, gap: int
) -> None:
    revm.set_timestamp(expiry + 100)
    for at in (-300, -200, -100):
        last = feed.transmit(BEFORE, expiry + at)
        feed.aggregators[0].leave_out(gap)
    feed.transmit(AFTER, expiry + 10)
    assert_only(oracle, feed, expiry, last, BEFORE)


# --- who brings little gas, and feeds that misbehave


@pytest.mark.parametrize(
    "fault", [Fault.REVERT, Fault.EMPTY, Fault.SHORT, Fault.BURN, Fault.NEXT, Fault.NONE]
)
def test_fix__aggregator_of_a_phase_cannot_be_found__is_scaled_as_bound(
    revm: RevmChain, expiry: int, fault: Fault
) -> None:
    """The decimals of a later phase are a courtesy: without them the settlement goes on."""
    feed = Feed(revm)
    feed.transmit(PRICE)
    faulty = revm.deploy(compile_contract("FaultyFeed"), feed.proxy)
    oracle = deploy(revm, Terms(faulty))
    feed.confirm(feed.next_phase())
    last = straddle(feed, expiry)
    faulty.set_fault(fault, bytes.fromhex("c1597304"))  # phaseAggregators
    assert oracle.fix(expiry, last).value == BEFORE * WAD


@pytest.mark.parametrize("fault", [Fault.REVERT, Fault.EMPTY, Fault.SHORT, Fault.BURN, Fault.DIRTY,
                                   Fault.FOREIGN])  # fmt: skip
def test_fix__rounds_cannot_be_read__is_refused_until_they_can(
    revm: RevmChain, expiry: int, fault: Fault
) -> None:
    feed = Feed(revm)
    feed.transmit(PRICE)
    faulty = revm.deploy(compile_contract("FaultyFeed"), feed.proxy)
    oracle = deploy(revm, Terms(faulty))
    last = straddle(feed, expiry)
    faulty.set_fault(fault, bytes(4))
    assert reason(oracle.fix, expiry, last) == "oracle: no such round"
    faulty.set_fault(Fault.NONE, bytes(4))
    assert oracle.fix(expiry, last).value == BEFORE * WAD


def test_fix__access_taken_away__is_refused_until_given_back(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    last = straddle(feed, expiry)
    feed.proxy.restrict(True)
    assert reason(oracle.fix, expiry, last) == "oracle: no such round"
    feed.proxy.admit(oracle, True)
    assert oracle.fix(expiry, last).value == BEFORE * WAD


def test_fix__whatever_the_sequencer_and_the_second_source_do__settles(
    revm: RevmChain, expiry: int
) -> None:
    """Settlement needs the first feed's history and nothing else."""
    feed, second, sequencer = Feed(revm), Feed(revm), Feed(revm, decimals=0)
    feed.transmit(PRICE)
    second.transmit(PRICE)
    sequencer.transmit(0, revm.timestamp - DAY)
    oracle = deploy(
        revm,
        Terms(feed.proxy, HEARTBEAT, MIN_PRICE, MAX_PRICE, sequencer.proxy, 3_600, second.proxy,
              HEARTBEAT, 10**15, 10**16),
    )  # fmt: skip
    sequencer.transmit(1)
    second.proxy.restrict(True)
    last = straddle(feed, expiry)
    assert reason(oracle.spot) == "oracle: sequencer down"
    assert oracle.fix(expiry, last).value == BEFORE * WAD
