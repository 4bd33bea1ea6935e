"""`fix`: the price of an expiry is that of the last round before it, whoever says so and when."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ballast.chain import Contract, RevmChain, compile_contract
from tests.unit.oracle.world import (
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
    deploy,
    reason,
    refused,
    round_id,
)

BEFORE, AFTER = 2_100, 2_200  # prices of the rounds around an expiry


@pytest.fixture(params=[Missing.ZEROS, Missing.REVERT, Missing.BURN])
def feed(request: pytest.FixtureRequest, revm: RevmChain) -> Feed:
    """One round long before every expiry; aggregators of all three kinds."""
    feed = Feed(revm, missing=request.param)
    feed.transmit(PRICE)
    return feed


def straddle(feed: Feed, expiry: int, *, before: int = 60, after: int = 40) -> int:
    """A round before the expiry and one after it, and time past both. Returns the first's id."""
    chain = feed.chain
    chain.set_timestamp(max(chain.timestamp, expiry + after + 1))
    last = feed.transmit(BEFORE, expiry - before)
    feed.transmit(AFTER, expiry + after)
    return last


def assert_only(oracle: Contract, expiry: int, accepted: int, price: int) -> None:
    """Of all ids near any round, one is accepted, and for this price."""
    found = {}
    for phase in range(8):
        for number in range(16):
            id_ = round_id(phase, number)
            if reason(oracle.fix, expiry, id_) is None:
                found[id_] = oracle.fix.call(expiry, id_)
    assert found == {accepted: price * WAD}


# --- the ordinary case


def test_fix__last_round_before_expiry__is_written_once_and_said(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int
) -> None:
    last = straddle(feed, expiry)
    stranger = revm.accounts[7]
    receipt = oracle.fix(expiry, last, sender=stranger)
    assert receipt.value == BEFORE * WAD
    (event,) = receipt.logs
    assert (event.name, event.address) == ("PriceFixed", oracle.address)
    assert event.args == {
        "expiry": expiry,
        "price": BEFORE * WAD,
        "round_id": last,
        "updated_at": expiry - 60,
    }
    assert oracle.settlement_price(expiry) == BEFORE * WAD
    assert oracle.is_fixed(expiry) is True
    assert oracle.fixing(expiry) == (BEFORE * WAD, last, expiry - 60)


def test_fix__again__is_refused_with_any_id(oracle: Contract, feed: Feed, expiry: int) -> None:
    last = straddle(feed, expiry)
    oracle.fix(expiry, last)
    for id_ in (last - 1, last, last + 1):
        with refused("oracle: already fixed"):
            oracle.fix(expiry, id_)
    assert oracle.settlement_price(expiry) == BEFORE * WAD


def test_fix__one_expiry__leaves_the_others_open(oracle: Contract, feed: Feed, expiry: int) -> None:
    oracle.fix(expiry, straddle(feed, expiry))
    later = straddle(feed, expiry + DAY)
    assert oracle.is_fixed(expiry + DAY) is False
    oracle.fix(expiry + DAY, later)
    assert oracle.fixing(expiry)[2] == expiry - 60
    assert oracle.fixing(expiry + DAY)[2] == expiry + DAY - 60


def test_fix__id_on_either_side__is_refused(oracle: Contract, feed: Feed, expiry: int) -> None:
    last = straddle(feed, expiry)
    assert reason(oracle.fix, expiry, last - 1) == "oracle: not the last round"
    assert reason(oracle.fix, expiry, last + 1) == "oracle: round after expiry"
    assert reason(oracle.fix, expiry, last + 2) == "oracle: no such round"
    assert_only(oracle, expiry, last, BEFORE)


@pytest.mark.parametrize(
    "id_", [0, 1, 2**64 - 1, 2**64, 2 * 2**64 + 1, 2**80 + 2**64 + 2, 2**256 - 1]
)
def test_fix__id_of_no_round__is_refused(
    oracle: Contract, feed: Feed, expiry: int, id_: int
) -> None:
    straddle(feed, expiry)
    assert reason(oracle.fix, expiry, id_) == "oracle: no such round"


@pytest.mark.parametrize(
    "offset", [-8 * 3_600, -1, 1, 3_600, 43_200, 2**40 // DAY * DAY + DAY, 2**200 // DAY * DAY]
)
def test_fix__not_eight_o_clock__is_no_expiry(oracle: Contract, expiry: int, offset: int) -> None:
    assert reason(oracle.fix, expiry + offset, round_id(1, 1)) == "oracle: not an expiry"


@pytest.mark.parametrize("past", [-1, 0, 1])
def test_fix__clock__must_be_past_the_expiry(
    revm: RevmChain, oracle: Contract, expiry: int, past: int
) -> None:
    revm.set_timestamp(expiry + past)
    why = reason(oracle.fix, expiry, round_id(1, 1))
    assert why == ("oracle: no later round yet" if past > 0 else "oracle: not expired")


@pytest.mark.parametrize("before", [-1, 0, 1])
def test_fix__round_at_the_expiry__counts_as_before_it(
    oracle: Contract, feed: Feed, expiry: int, before: int
) -> None:
    chain = feed.chain
    chain.set_timestamp(expiry + 10)
    first = feed.transmit(1_900, expiry - 100)
    edge = feed.transmit(BEFORE, expiry - before)
    feed.transmit(AFTER, expiry + 5)
    assert_only(oracle, expiry, *((edge, BEFORE) if before >= 0 else (first, 1_900)))


@pytest.mark.parametrize("at", [-60, 0])
def test_fix__rounds_of_one_time__the_last_of_them(
    oracle: Contract, feed: Feed, expiry: int, at: int
) -> None:
    feed.chain.set_timestamp(expiry + 10)
    for price in (1_901, 1_902, BEFORE):
        last = feed.transmit(price, expiry + at)
    feed.transmit(AFTER, expiry + 1)
    assert_only(oracle, expiry, last, BEFORE)


# --- waiting for a round to follow


@pytest.mark.parametrize("late", [1, 60, DAY, FOLLOW - 1, FOLLOW, FOLLOW + 1, FOLLOW + DAY])
def test_fix__follower__may_take_its_time(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int, late: int
) -> None:
    """A fresh round settles as soon as one follows, and in any case once three days are over."""
    revm.set_timestamp(expiry)
    last = feed.transmit(BEFORE)
    revm.set_timestamp(expiry + late)
    if late <= FOLLOW:
        assert reason(oracle.fix, expiry, last) == "oracle: no later round yet"
        feed.transmit(AFTER)
    assert_only(oracle, expiry, last, BEFORE)


@pytest.mark.parametrize("age", [HEARTBEAT - 1, HEARTBEAT, HEARTBEAT + 1, 30 * HEARTBEAT])
def test_fix__round_stale_at_expiry__gives_way_to_the_first_after(
    oracle: Contract, feed: Feed, expiry: int, age: int
) -> None:
    last = straddle(feed, expiry, before=age)
    assert_only(oracle, expiry, last, BEFORE if age <= HEARTBEAT else AFTER)
    follower = oracle.fix(expiry, last).event("PriceFixed").round_id
    assert follower == (last if age <= HEARTBEAT else last + 1)


@pytest.mark.parametrize("late", [FOLLOW - 1, FOLLOW, FOLLOW + 1])
def test_fix__stale_and_nothing_follows_within_three_days__is_the_last_round(
    oracle: Contract, feed: Feed, expiry: int, late: int
) -> None:
    """D9: a feed that stops before the expiry still settles it."""
    last = straddle(feed, expiry, before=2 * HEARTBEAT, after=late)
    assert_only(oracle, expiry, last, AFTER if late <= FOLLOW else BEFORE)


@pytest.mark.parametrize("waited", [FOLLOW - 1, FOLLOW, FOLLOW + 1])
def test_fix__feed_dead_since_before_expiry__waits_three_days(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int, waited: int
) -> None:
    last = round_id(1, 1)
    revm.set_timestamp(expiry + waited)
    if waited <= FOLLOW:
        assert reason(oracle.fix, expiry, last) == "oracle: no later round yet"
    else:
        assert_only(oracle, expiry, last, PRICE)


@pytest.mark.parametrize("days", [1, 10, 400])
def test_fix__called_late__is_the_price_of_the_expiry(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int, days: int
) -> None:
    """D1: what happened since does not matter."""
    last = straddle(feed, expiry)
    for day in range(1, min(days, 8) + 1):
        revm.set_timestamp(expiry + day * days * DAY // 8 + 100)
        feed.transmit(BEFORE + 50 * day)
    assert_only(oracle, expiry, last, BEFORE)


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
    assert_only(oracle, expiry, last, BEFORE)


# --- phases


@pytest.mark.parametrize("later", [1, 2, 3, 4])
def test_fix__new_phases_after_the_expiry__the_old_phase_has_it(
    oracle: Contract, feed: Feed, expiry: int, later: int
) -> None:
    last = straddle(feed, expiry)
    for _ in range(later):
        feed.confirm(feed.next_phase())
        feed.transmit(2_500)
    assert_only(oracle, expiry, last, BEFORE)


def test_fix__five_new_phases_before_anyone_fixed__is_refused(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    """The limit of the walk; nothing is fixed by a round of the wrong phase instead."""
    last = straddle(feed, expiry)
    for _ in range(5):
        feed.confirm(feed.next_phase())
        feed.transmit(2_500)
    assert reason(oracle.fix, expiry, last) == "oracle: too many phases since"
    for phase in range(1, 8):
        assert reason(oracle.fix, expiry, round_id(phase, 1)) is not None


@pytest.mark.parametrize("begun", [-3_000, -1, 0, 1, 3_000])
@pytest.mark.parametrize("old_goes_on", [False, True])
def test_fix__phase_begun_around_the_expiry__counts_from_its_first_round(
    oracle: Contract, feed: Feed, expiry: int, begun: int, old_goes_on: bool
) -> None:
    """Also where the old aggregator goes on, or the new one ran before it was confirmed."""
    feed.chain.set_timestamp(expiry + 10_000)
    old = feed.transmit(1_900, expiry - 50)
    if old_goes_on:
        feed.transmit(1_901, expiry + 50)
    new = feed.next_phase()
    feed.confirm(new)
    first = feed.transmit(BEFORE, expiry + begun)
    feed.transmit(AFTER, expiry + 4_000)
    assert_only(oracle, expiry, *((first, BEFORE) if begun <= 0 else (old, 1_900)))


def test_fix__next_round_only_in_a_later_phase__is_proof_enough(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    feed.chain.set_timestamp(expiry + 100)
    last = feed.transmit(BEFORE, expiry - 60)
    assert reason(oracle.fix, expiry, last) == "oracle: no later round yet"
    feed.confirm(feed.next_phase())
    assert reason(oracle.fix, expiry, last) == "oracle: no later round yet"
    feed.confirm(feed.next_phase())
    feed.transmit(AFTER, expiry + 60)
    assert_only(oracle, expiry, last, BEFORE)


def test_fix__stale_and_next_round_in_a_later_phase__is_that_one(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    feed.chain.set_timestamp(expiry + 100)
    last = feed.transmit(BEFORE, expiry - 2 * HEARTBEAT)
    feed.confirm(feed.next_phase())
    feed.confirm(feed.next_phase())
    first = feed.transmit(AFTER, expiry + 60)
    assert_only(oracle, expiry, last, AFTER)
    assert oracle.fix(expiry, last).event("PriceFixed").round_id == first


def test_fix__phase_begun_before_the_expiry_but_silent_since__the_old_one_has_no_say(
    revm: RevmChain, oracle: Contract, feed: Feed, expiry: int
) -> None:
    """Else whoever calls could wait for the new phase to speak, and choose."""
    old = straddle(feed, expiry)
    feed.confirm(feed.next_phase())
    new = feed.transmit(1_950, expiry - 30)
    assert reason(oracle.fix, expiry, old) == "oracle: a later phase has it"
    assert reason(oracle.fix, expiry, new) == "oracle: no later round yet"
    revm.set_timestamp(expiry + FOLLOW + 1)
    assert_only(oracle, expiry, new, 1_950)


def test_fix__old_aggregator_confirmed_again__one_price(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    """The proxy's owner rolls back: the old rounds belong to two phases, the later one counts."""
    straddle(feed, expiry)
    feed.confirm(feed.next_phase())
    feed.transmit(2_500)
    feed.confirm(feed.aggregators[0])
    assert_only(oracle, expiry, round_id(3, 2), BEFORE)


@pytest.mark.parametrize("decimals", [6, 18])
def test_fix__phase_of_other_decimals__is_scaled_by_its_own(
    oracle: Contract, feed: Feed, expiry: int, decimals: int
) -> None:
    """Spot is refused from then on, but what is open must settle."""
    feed.chain.set_timestamp(expiry + 100)
    feed.confirm(feed.next_phase(decimals=decimals))
    feed.decimals = decimals
    last = feed.transmit(BEFORE, expiry - 10)
    feed.transmit(AFTER, expiry + 10)
    feed.confirm(feed.next_phase(decimals=8))
    feed.decimals = 8
    feed.transmit(2_500)
    assert_only(oracle, expiry, last, BEFORE)


def test_fix__phase_of_absurd_decimals__is_scaled_as_bound(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    feed.chain.set_timestamp(expiry + 100)
    feed.confirm(feed.next_phase(decimals=200))
    last = feed.transmit(BEFORE, expiry - 10)
    feed.transmit(AFTER, expiry + 10)
    assert_only(oracle, expiry, last, BEFORE)


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


@pytest.mark.parametrize("missing", [Missing.ZEROS, Missing.REVERT])
def test_fix__too_little_gas__never_hides_a_round(
    revm: RevmChain, expiry: int, missing: Missing
) -> None:
    """The attack: let the read of the last round run out of gas, so that the one before it looks
    like the last. With any amount of gas the wrong id is refused and the right one gives its price.
    """
    feed = Feed(revm, missing=missing)
    feed.transmit(PRICE)
    oracle = deploy(revm, Terms(feed.proxy))
    last = straddle(feed, expiry)
    revm.set_timestamp(expiry + FOLLOW + 10)
    feed.confirm(feed.next_phase())
    feed.transmit(2_500, expiry + 60)
    miser = revm.deploy(compile_contract("GasMiser"))
    accepted = []
    for allowance in [*range(20_000, 500_000, 2_500)]:
        wrong, _ = miser.call.call(oracle.address, oracle.fix.encode(expiry, last - 1), allowance)
        assert wrong is False
        right, output = miser.call.call(oracle.address, oracle.fix.encode(expiry, last), allowance)
        assert not right or oracle.fix.decode(output) == BEFORE * WAD
        accepted.append(right)
    assert not accepted[0] and accepted[-1]
    assert all(a <= b for a, b in pairwise(accepted))  # more gas never hurts


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
