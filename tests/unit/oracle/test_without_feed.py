"""D9 at its worst: nothing can be read of the feed any more, not even its past."""

from __future__ import annotations

import pytest

from ballast.chain import Contract, RevmChain, compile_contract
from tests.unit.oracle.world import (
    DAY,
    PRICE,
    SILENCE,
    WAD,
    Fault,
    Feed,
    Missing,
    Terms,
    deploy,
    reason,
    refused,
    round_id,
)


def kill(feed: Feed) -> None:
    feed.proxy.restrict(True)


def witness_before(oracle: Contract, feed: Feed, expiry: int, price: float, before: int) -> int:
    feed.chain.set_timestamp(expiry - before)
    newest = feed.transmit(price)
    oracle.witness(expiry)
    return newest


# --- witness


def test_witness__present_price__is_kept_and_said(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int
) -> None:
    at = revm.timestamp
    newest = feed.transmit(2_050)
    receipt = oracle.witness(expiry, sender=revm.accounts[6])
    assert receipt.value == 2_050 * WAD
    (event,) = receipt.logs
    assert (event.name, event.address) == ("PriceWitnessed", oracle.address)
    assert event.args == {
        "expiry": expiry,
        "price": 2_050 * WAD,
        "round_id": newest,
        "updated_at": at,
    }
    assert oracle.witnessed(expiry) == (2_050 * WAD, newest, at)
    assert oracle.is_fixed(expiry) is False


def test_witness__only_a_later_round__replaces(oracle: Contract, feed: Feed, expiry: int) -> None:
    oracle.witness(expiry)
    with refused("oracle: witnessed"):
        oracle.witness(expiry)
    feed.transmit(2_050)
    oracle.witness(expiry)
    assert oracle.witnessed(expiry)[0] == 2_050 * WAD


@pytest.mark.parametrize("past", [-1, 0, 1])
def test_witness__clock__not_past_the_expiry(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int, past: int
) -> None:
    revm.set_timestamp(expiry + past - 1)
    feed.transmit(PRICE)
    assert reason(oracle.witness, expiry) == (None if past <= 0 else "oracle: expired")


def test_witness__price_refused__is_refused(revm: RevmChain, oracle: Contract, expiry: int) -> None:
    revm.advance(DAY)
    assert reason(oracle.witness, expiry) == "oracle: stale"


def test_witness__not_an_expiry__is_refused(oracle: Contract, expiry: int) -> None:
    assert reason(oracle.witness, expiry + 1) == "oracle: not an expiry"


def test_witness__feed_alive__has_no_say_in_the_settlement(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int
) -> None:
    witness_before(oracle, feed, expiry, 1_500, 100)
    last = feed.transmit(2_100, expiry - 50) if revm.timestamp >= expiry - 50 else 0
    revm.set_timestamp(expiry + 100)
    last = last or feed.transmit(2_100, expiry - 50)
    feed.transmit(2_200)
    revm.set_timestamp(expiry + SILENCE + 1)
    assert reason(oracle.fix_without_feed, expiry) == "oracle: feed can be read"
    assert oracle.fix(expiry, last).value == 2_100 * WAD


# --- fix_without_feed


def test_fix_without_feed__witnessed__is_the_last_witness_before_expiry(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int
) -> None:
    witness_before(oracle, feed, expiry, 2_010, 1_000)
    newest = witness_before(oracle, feed, expiry, 2_020, 100)
    witness_before(oracle, feed, expiry + DAY, 2_030, DAY // 2)  # of another expiry
    kill(feed)
    revm.set_timestamp(expiry + SILENCE + 1)
    receipt = oracle.fix_without_feed(expiry, sender=revm.accounts[8])
    (event,) = receipt.logs
    assert event.args == {
        "expiry": expiry,
        "price": 2_020 * WAD,
        "round_id": newest,
        "updated_at": expiry - 100,
    }
    assert oracle.settlement_price(expiry) == receipt.value == 2_020 * WAD


def test_fix_without_feed__no_witness__is_the_newest_of_all(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int
) -> None:
    witness_before(oracle, feed, expiry - DAY, 2_040, 500)
    kill(feed)
    revm.set_timestamp(expiry + SILENCE + 1)
    assert oracle.fix_without_feed(expiry).value == 2_040 * WAD


def test_fix_without_feed__nothing_ever_witnessed__is_the_price_when_bound(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int
) -> None:
    kill(feed)
    revm.set_timestamp(expiry + SILENCE + 1)
    receipt = oracle.fix_without_feed(expiry)
    assert (receipt.value, receipt.event("PriceFixed").round_id) == (PRICE * WAD, round_id(1, 1))


@pytest.mark.parametrize("waited", [-1, 0, 1])
def test_fix_without_feed__clock__must_be_thirty_days_past(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int, waited: int
) -> None:
    kill(feed)
    revm.set_timestamp(expiry + SILENCE + waited)
    why = reason(oracle.fix_without_feed, expiry)
    assert why == (None if waited > 0 else "oracle: too early")


def test_fix_without_feed__order_of_refusals(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int
) -> None:
    assert reason(oracle.fix_without_feed, expiry - 1) == "oracle: not an expiry"
    assert reason(oracle.fix_without_feed, expiry) == "oracle: not expired"
    kill(feed)
    revm.set_timestamp(expiry + SILENCE + 1)
    oracle.fix_without_feed(expiry)
    assert reason(oracle.fix_without_feed, expiry) == "oracle: already fixed"
    feed.proxy.restrict(False)
    assert reason(oracle.fix, expiry, round_id(1, 1)) == "oracle: already fixed"


@pytest.mark.parametrize("missing", [Missing.ZEROS, Missing.REVERT])
def test_fix_without_feed__new_phase_without_rounds__the_past_can_still_be_read(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int, missing: Missing
) -> None:
    """Else there would be two prices to choose from."""
    feed.confirm(feed.next_phase(missing=missing))
    revm.set_timestamp(expiry + SILENCE + 1)
    assert reason(oracle.fix_without_feed, expiry) == "oracle: feed can be read"
    assert oracle.fix(expiry, round_id(1, 1)).value == PRICE * WAD


def test_fix_without_feed__first_phase_lost_but_feed_alive__is_refused(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int
) -> None:
    feed.confirm(feed.next_phase())
    feed.transmit(2_000)
    feed.aggregators[0].admit(feed.proxy, False)
    revm.set_timestamp(expiry + SILENCE + 1)
    assert reason(oracle.fix_without_feed, expiry) == "oracle: feed can be read"


@pytest.mark.parametrize("allowance", [*range(20_000, 700_001, 20_000)])
def test_fix_without_feed__too_little_gas__never_makes_a_feed_look_dead(
    revm: RevmChain, oracle: Contract, expiry: int, allowance: int
) -> None:
    revm.set_timestamp(expiry + SILENCE + 1)
    miser = revm.deploy(compile_contract("GasMiser"))
    data = oracle.fix_without_feed.encode(expiry)
    ok, _ = miser.call.call(oracle.address, data, allowance)
    assert ok is False


@pytest.mark.parametrize("fault", [Fault.REVERT, Fault.EMPTY, Fault.SHORT, Fault.BURN])
def test_fix_without_feed__however_the_feed_died__settles(
    revm: RevmChain, feed: Feed, expiry: int, fault: Fault
) -> None:
    faulty = revm.deploy(compile_contract("FaultyFeed"), feed.proxy)
    oracle = deploy(revm, Terms(faulty))
    faulty.set_fault(fault, bytes(4))
    revm.set_timestamp(expiry + SILENCE + 1)
    assert oracle.fix_without_feed(expiry).value == PRICE * WAD
