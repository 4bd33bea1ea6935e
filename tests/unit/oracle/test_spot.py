"""`spot`, `spot_pair` and `try_spot`: three views through one judge, on feeds of every kind.

What an ordinary feed comes to is in test_any_feed.py.
"""

from __future__ import annotations

import pytest

from ballast.chain import Contract, RevmChain, compile_contract
from ballast.chain.reverts import decode_reason
from tests.unit.oracle.world import (
    DAY,
    HEARTBEAT,
    HOUR,
    MAX_PRICE,
    MIN_PRICE,
    PRICE,
    WAD,
    Fault,
    Feed,
    Missing,
    Terms,
    assert_price,
    assert_refused,
    deploy,
    refused,
)

GRACE = HOUR
AGREEMENT, TOLERANCE = 5 * 10**15, 5 * 10**16
SELECTORS = {"latestRoundData": "feaf968c", "getRoundData": "9a6fc8f5", "decimals": "313ce567"}
BAD_TRANSPORT = [Fault.REVERT, Fault.EMPTY, Fault.SHORT, Fault.BURN]


def test_spot__new_phase_without_a_round__is_refused(oracle: Contract, feed: Feed) -> None:
    feed.confirm(feed.next_phase(missing=Missing.ZEROS))
    assert_refused(oracle, "oracle: round without time")
    feed.confirm(feed.next_phase(missing=Missing.REVERT))
    assert_refused(oracle, "oracle: feed cannot be read")


# --- B1: answers


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (-(2**255), "oracle: answer not positive"),
        (-(2**191), "oracle: answer not positive"),
        (-1, "oracle: answer not positive"),
        (0, "oracle: answer not positive"),
        (1, "oracle: price out of bounds"),
        (2**128 - 1, "oracle: price out of bounds"),
        (2**128, "oracle: price out of bounds"),
        (2**128 + 1, "oracle: price out of bounds"),
        (2**192 - 1, "oracle: price out of bounds"),
        (2**192, "oracle: answer too large"),
        (2**192 + 1, "oracle: answer too large"),
        (2**255 - 1, "oracle: answer too large"),
    ],
)
def test_spot__answer_that_is_no_price__is_refused(
    revm: RevmChain, oracle: Contract, feed: Feed, answer: int, why: str
) -> None:
    feed.report(answer, revm.timestamp)
    assert_refused(oracle, why)


# --- B2, B3: times


@pytest.mark.parametrize("ahead", [-1, 0, 1, 2**40, 2**256 - 1 - 2**40])
def test_spot__time__not_after_the_block(
    revm: RevmChain, oracle: Contract, feed: Feed, ahead: int
) -> None:
    now = revm.timestamp + 1  # the report takes a block of its own
    feed.report(PRICE * 10**8, now + ahead)
    assert revm.timestamp == now
    if ahead <= 0:
        assert_price(oracle, PRICE * WAD)
    else:
        assert_refused(oracle, "oracle: round from the future")


def test_spot__time_zero__is_refused(oracle: Contract, feed: Feed) -> None:
    feed.report(PRICE * 10**8, 0)
    assert_refused(oracle, "oracle: round without time")


@pytest.mark.parametrize("behind", [-1, 0, 1, 2])
def test_spot__answered_in_an_earlier_round__is_refused(
    revm: RevmChain, oracle: Contract, feed: Feed, behind: int
) -> None:
    feed.report(PRICE * 10**8, revm.timestamp, answered_in=2 - behind)
    if behind <= 0:
        assert_price(oracle, PRICE * WAD)
    else:
        assert_refused(oracle, "oracle: round incomplete")


# --- B4: decimals


# --- B5: the feed itself


@pytest.mark.parametrize("fault", [*BAD_TRANSPORT, Fault.DIRTY, Fault.LONG, Fault.NONE])
def test_spot__faulty_feed__is_refused_or_read(revm: RevmChain, feed: Feed, fault: Fault) -> None:
    """More data than asked for is ignored, as by every reader of the ABI."""
    faulty = revm.deploy(compile_contract("FaultyFeed"), feed.proxy)
    oracle = deploy(revm, Terms(faulty))
    faulty.set_fault(fault, bytes(4))
    if fault in BAD_TRANSPORT:
        assert_refused(oracle, "oracle: feed cannot be read")
    elif fault is Fault.DIRTY:
        assert_refused(oracle, "oracle: round incomplete")
    else:
        assert_price(oracle, PRICE * WAD)


@pytest.mark.parametrize("fault", [*BAD_TRANSPORT, Fault.NEXT])
def test_spot__decimals_of_a_new_phase_cannot_be_read__is_refused(
    revm: RevmChain, feed: Feed, fault: Fault
) -> None:
    faulty = revm.deploy(compile_contract("FaultyFeed"), feed.proxy)
    oracle = deploy(revm, Terms(faulty))
    feed.confirm(feed.next_phase())
    feed.transmit(PRICE)
    faulty.set_fault(fault, bytes.fromhex(SELECTORS["decimals"]))
    assert_refused(oracle, "oracle: decimals changed")


@pytest.mark.parametrize("door", ["proxy", "aggregator"])
def test_spot__access_taken_away__is_refused_until_given_back(
    oracle: Contract, feed: Feed, door: str
) -> None:
    if door == "proxy":
        feed.proxy.restrict(True)
    else:
        feed.aggregators[0].admit(feed.proxy, False)
    assert_refused(oracle, "oracle: feed cannot be read")
    if door == "proxy":
        feed.proxy.admit(oracle, True)
    else:
        feed.aggregators[0].admit(feed.proxy, True)
    assert_price(oracle, PRICE * WAD)


@pytest.mark.parametrize("fault", BAD_TRANSPORT)
def test_try_spot__feed_that_eats_gas__costs_a_bounded_amount(
    revm: RevmChain, feed: Feed, fault: Fault
) -> None:
    faulty = revm.deploy(compile_contract("FaultyFeed"), feed.proxy)
    oracle = deploy(revm, Terms(faulty))
    faulty.set_fault(fault, bytes(4))
    gas = revm.execution_gas(oracle.address, oracle.try_spot.encode())
    assert gas < 210_000
    assert (gas > 200_000) == (fault is Fault.BURN)


@pytest.mark.parametrize("allowance", [*range(10_000, 300_001, 10_000), 219_000, 221_000])
def test_try_spot__too_little_gas__never_says_that_there_is_no_price(
    revm: RevmChain, oracle: Contract, allowance: int
) -> None:
    """A caller who brings little must not make a good feed look like a dead one."""
    miser = revm.deploy(compile_contract("GasMiser"))
    ok, output = miser.call.call(oracle.address, oracle.try_spot.encode(), allowance)
    if ok:
        assert oracle.try_spot.decode(output)[0] is True
    else:
        assert decode_reason(output) == "oracle: too little gas"
    assert ok == (allowance > 220_500)


# --- B6: the sequencer


@pytest.fixture
def sequencer(revm: RevmChain) -> Feed:
    """Up since yesterday."""
    sequencer = Feed(revm, decimals=0)
    sequencer.transmit(0, revm.timestamp - DAY)
    return sequencer


@pytest.fixture
def on_rollup(revm: RevmChain, terms: Terms, sequencer: Feed) -> Contract:
    return deploy(revm, terms.but(sequencer=sequencer.proxy, grace=GRACE))


def test_spot__sequencer_up__is_the_price(on_rollup: Contract) -> None:
    assert_price(on_rollup, PRICE * WAD)


def test_spot__sequencer_down__is_refused(on_rollup: Contract, sequencer: Feed) -> None:
    sequencer.transmit(1)
    assert_refused(on_rollup, "oracle: sequencer down")


@pytest.mark.parametrize("status", [-1, 2, 2**100])
def test_spot__sequencer_of_unknown_status__counts_as_down(
    on_rollup: Contract, sequencer: Feed, status: int
) -> None:
    sequencer.transmit(status)
    assert_refused(on_rollup, "oracle: sequencer down")


@pytest.mark.parametrize("since", [2, GRACE - 1, GRACE, GRACE + 1])
def test_spot__sequencer_just_back__waits_longer_than_the_grace_period(
    revm: RevmChain, on_rollup: Contract, sequencer: Feed, feed: Feed, since: int
) -> None:
    sequencer.transmit(1)
    back = revm.timestamp
    sequencer.transmit(0)
    revm.set_timestamp(back + since - 1)
    feed.transmit(PRICE)
    assert revm.timestamp == back + since
    if since <= GRACE:
        assert_refused(on_rollup, "oracle: sequencer just back")
    else:
        assert_price(on_rollup, PRICE * WAD)


@pytest.mark.parametrize("started_at", [0, 2**40, 2**256 - 1])
def test_spot__sequencer_without_a_start_or_ahead_of_time__is_refused(
    revm: RevmChain, on_rollup: Contract, sequencer: Feed, started_at: int
) -> None:
    sequencer.report(0, revm.timestamp, started_at=started_at)
    assert_refused(on_rollup, "oracle: sequencer unknown")


@pytest.mark.parametrize("fault", BAD_TRANSPORT)
def test_spot__sequencer_that_cannot_be_read__is_refused(
    revm: RevmChain, terms: Terms, sequencer: Feed, fault: Fault
) -> None:
    faulty = revm.deploy(compile_contract("FaultyFeed"), sequencer.proxy)
    oracle = deploy(revm, terms.but(sequencer=faulty, grace=GRACE))
    faulty.set_fault(fault, bytes(4))
    assert_refused(oracle, "oracle: sequencer unknown")


# --- the second source


@pytest.fixture
def second(revm: RevmChain) -> Feed:
    """Another feed, in other decimals."""
    second = Feed(revm, decimals=18)
    second.transmit(PRICE)
    return second


@pytest.fixture
def of_two(revm: RevmChain, terms: Terms, second: Feed) -> Contract:
    return deploy(
        revm,
        terms.but(
            second=second.proxy, second_heartbeat=DAY, agreement=AGREEMENT, tolerance=TOLERANCE
        ),
    )


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("bound", [AGREEMENT, TOLERANCE])
@pytest.mark.parametrize("step", [-1, 0, 1])
def test_spot_pair__sources_apart__agree_or_are_both_given_or_refused(
    of_two: Contract, second: Feed, side: int, bound: int, step: int
) -> None:
    """Both bounds are shares of the first price, inclusive, to the wei."""
    apart = PRICE * bound + step
    other = PRICE * WAD + side * apart
    second.aggregators[0].transmit(other, 0)
    if apart > PRICE * TOLERANCE:
        assert_refused(of_two, "oracle: sources disagree")
    elif apart > PRICE * AGREEMENT:
        assert_price(of_two, PRICE * WAD, other)
    else:
        assert_price(of_two, PRICE * WAD)


@pytest.mark.parametrize("age", [DAY - 1, DAY, DAY + 1])
def test_spot__second_source__has_a_heartbeat_of_its_own(
    revm: RevmChain, of_two: Contract, feed: Feed, second: Feed, age: int
) -> None:
    at = revm.timestamp
    second.transmit(PRICE)
    revm.set_timestamp(at + age - 1)
    feed.transmit(PRICE)
    assert revm.timestamp == at + age
    if age <= DAY:
        assert_price(of_two, PRICE * WAD)
    else:
        assert_refused(of_two, "oracle: no second price")


@pytest.mark.parametrize("answer", [-1, 0, 1, MIN_PRICE - 1, MAX_PRICE + 1, 2**192, 2**255 - 1])
def test_spot__second_source_says_no_price__is_refused(
    revm: RevmChain, of_two: Contract, second: Feed, answer: int
) -> None:
    second.report(answer, revm.timestamp)
    assert_refused(of_two, "oracle: no second price")


@pytest.mark.parametrize("fault", [*BAD_TRANSPORT, Fault.DIRTY])
@pytest.mark.parametrize("method", ["latestRoundData", "decimals"])
def test_spot__second_source_that_cannot_be_read__is_refused(
    revm: RevmChain, terms: Terms, second: Feed, fault: Fault, method: str
) -> None:
    faulty = revm.deploy(compile_contract("FaultyFeed"), second.proxy)
    bounds = {"second_heartbeat": DAY, "agreement": AGREEMENT, "tolerance": TOLERANCE}
    oracle = deploy(revm, terms.but(second=faulty, **bounds))
    faulty.set_fault(fault, bytes.fromhex(SELECTORS[method]))
    if fault is Fault.DIRTY and method == "decimals":
        assert_price(oracle, PRICE * WAD)  # this fault is one of rounds
    else:
        assert_refused(oracle, "oracle: no second price")


def test_spot__second_source_with_other_decimals__is_refused(
    of_two: Contract, second: Feed
) -> None:
    second.confirm(second.next_phase(decimals=17))
    second.transmit(PRICE)
    assert_refused(of_two, "oracle: no second price")


def test_spot__first_source_dead__second_does_not_stand_in(
    revm: RevmChain, of_two: Contract, second: Feed
) -> None:
    revm.advance(HEARTBEAT + 1)
    second.transmit(PRICE)
    assert_refused(of_two, "oracle: stale")


def test_spot__sequencer_down__whatever_the_sources_say(
    revm: RevmChain, terms: Terms, sequencer: Feed, second: Feed
) -> None:
    bounds = {"second_heartbeat": DAY, "agreement": AGREEMENT, "tolerance": TOLERANCE}
    both = terms.but(sequencer=sequencer.proxy, grace=GRACE, second=second.proxy, **bounds)
    oracle = deploy(revm, both)
    assert_price(oracle, PRICE * WAD)
    sequencer.transmit(1)
    assert_refused(oracle, "oracle: sequencer down")


def test_settlement_price__not_fixed__is_refused(oracle: Contract, expiry: int) -> None:
    with refused("oracle: not fixed"):
        oracle.settlement_price(expiry)
    assert oracle.is_fixed(expiry) is False
    assert oracle.fixing(expiry) == (0, 0, 0)
