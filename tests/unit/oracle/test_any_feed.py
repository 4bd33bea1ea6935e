"""Spot and settlement on any feed: invented aggregators of three kinds, and Chainlink's published
bytecode, in process here and on the fork in tests/fork/test_oracle.py.

Rounds are told in the order in which they happen. All times are exact, whatever the feed.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from ballast.chain import Contract, RevmChain, compile_contract
from tests.unit.oracle.published import PublishedFeed
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
    Feed,
    Missing,
    assert_only,
    assert_price,
    assert_refused,
    pass_by,
    reason,
    refused,
    round_id,
    straddle,
)


@pytest.fixture(params=[*Missing, pytest.param("published", marks=pytest.mark.anvil)])
def feed(request: pytest.FixtureRequest, revm: RevmChain) -> Feed:
    """One round long before every expiry."""
    kind = request.param
    feed = PublishedFeed(revm) if kind == "published" else Feed(revm, missing=kind)
    feed.transmit(PRICE)
    return feed


# --- spot


def test_spot__fresh_round__is_price_time_and_id(oracle: Contract, feed: Feed) -> None:
    feed.chain.advance(100)
    at = feed.chain.timestamp
    newest = feed.transmit(2_345.678_901_23)
    assert newest == feed.id(1, 2)
    assert oracle.spot() == (234_567_890_123 * 10**10, at, newest)


def test_spot__new_phase__goes_on(oracle: Contract, feed: Feed) -> None:
    feed.confirm(feed.next_phase())
    newest = feed.transmit(1_999)
    assert newest == feed.id(2, 1)
    assert oracle.spot()[::2] == (1_999 * WAD, newest)


@pytest.mark.parametrize(
    ("bound", "step"), [(MIN_PRICE, -1), (MIN_PRICE, 0), (MIN_PRICE, 1), (MAX_PRICE, -1),
                        (MAX_PRICE, 0), (MAX_PRICE, 1)]
)  # fmt: skip
def test_spot__hard_bounds__are_inclusive(
    oracle: Contract, feed: Feed, bound: int, step: int
) -> None:
    answer = bound // 10**10 + step
    feed.say(feed.aggregators[0], answer / 10**8)
    if MIN_PRICE <= answer * 10**10 <= MAX_PRICE:
        assert_price(oracle, answer * 10**10)
    else:
        assert_refused(oracle, "oracle: price out of bounds")


@pytest.mark.parametrize("age", [1, HEARTBEAT - 1, HEARTBEAT, HEARTBEAT + 1, 10 * DAY])
def test_spot__age__up_to_the_heartbeat_inclusive(oracle: Contract, feed: Feed, age: int) -> None:
    at = feed.chain.timestamp
    feed.transmit(PRICE)
    feed.chain.set_timestamp(at + age)
    if age <= HEARTBEAT:
        assert_price(oracle, PRICE * WAD)
    else:
        assert_refused(oracle, "oracle: stale")


@pytest.mark.parametrize("decimals", [0, 6, 7, 9, 18, 24])
def test_spot__next_phase_with_other_decimals__is_refused(
    oracle: Contract, feed: Feed, decimals: int
) -> None:
    feed.confirm(feed.next_phase(decimals=decimals))
    feed.transmit(PRICE)  # by the old scale, so that the bounds do not catch it
    assert_refused(oracle, "oracle: decimals changed")
    feed.confirm(feed.next_phase())
    feed.transmit(PRICE)
    assert_price(oracle, PRICE * WAD)


# --- the price of an expiry


def test_fix__last_round_before_expiry__is_written_once_and_said(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    last = straddle(feed, expiry)
    stranger = feed.chain.accounts[7]
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


def test_fix__access_taken_away__is_refused_until_given_back(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    last = straddle(feed, expiry)
    feed.admit_proxy(False)
    assert reason(oracle.fix, expiry, last) == "oracle: no such round"
    assert_refused(oracle, "oracle: feed cannot be read")
    feed.admit_proxy(True)
    assert oracle.fix(expiry, last).value == BEFORE * WAD


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
    assert_only(oracle, feed, expiry, last, BEFORE)


def test_fix__id_of_no_round__is_refused(oracle: Contract, feed: Feed, expiry: int) -> None:
    straddle(feed, expiry)
    missing = (0, 1, 2**64 - 1, feed.id(1, 0), feed.id(2, 1), 2**80 + feed.id(1, 2), 2**256 - 1)
    for id_ in missing:
        assert reason(oracle.fix, expiry, id_) == "oracle: no such round"


@pytest.mark.parametrize(
    "offset", [-8 * 3_600, -1, 1, 3_600, 43_200, 2**40 // DAY * DAY + DAY, 2**200 // DAY * DAY]
)
def test_fix__not_eight_o_clock__is_no_expiry(oracle: Contract, expiry: int, offset: int) -> None:
    assert reason(oracle.fix, expiry + offset, round_id(1, 1)) == "oracle: not an expiry"


@pytest.mark.parametrize("past", [-1, 0, 1])
def test_fix__clock__must_be_past_the_expiry(
    oracle: Contract, feed: Feed, expiry: int, past: int
) -> None:
    feed.chain.set_timestamp(expiry + past)
    why = reason(oracle.fix, expiry, feed.id(1, 1))
    assert why == ("oracle: no later round yet" if past > 0 else "oracle: not expired")


@pytest.mark.parametrize("before", [-1, 0, 1])
def test_fix__round_at_the_expiry__counts_as_before_it(
    oracle: Contract, feed: Feed, expiry: int, before: int
) -> None:
    first = feed.transmit(1_900, expiry - 100)
    edge = feed.transmit(BEFORE, expiry - before)
    feed.transmit(AFTER, expiry + 5)
    pass_by(feed, expiry + 10)
    assert_only(oracle, feed, expiry, *((edge, BEFORE) if before >= 0 else (first, 1_900)))


# --- waiting for a round to follow


@pytest.mark.parametrize("late", [1, 60, DAY, FOLLOW - 1, FOLLOW, FOLLOW + 1, FOLLOW + DAY])
def test_fix__follower__may_take_its_time(
    oracle: Contract, feed: Feed, expiry: int, late: int
) -> None:
    """A fresh round settles as soon as one follows, and in any case once three days are over."""
    feed.chain.set_timestamp(expiry)
    last = feed.transmit(BEFORE)
    feed.chain.set_timestamp(expiry + late)
    if late <= FOLLOW:
        assert reason(oracle.fix, expiry, last) == "oracle: no later round yet"
        feed.transmit(AFTER)
    assert_only(oracle, feed, expiry, last, BEFORE)


@pytest.mark.parametrize("age", [HEARTBEAT - 1, HEARTBEAT, HEARTBEAT + 1, 30 * HEARTBEAT])
def test_fix__round_stale_at_expiry__gives_way_to_the_first_after(
    oracle: Contract, feed: Feed, expiry: int, age: int
) -> None:
    last = straddle(feed, expiry, before=age)
    assert_only(oracle, feed, expiry, last, BEFORE if age <= HEARTBEAT else AFTER)
    follower = oracle.fix(expiry, last).event("PriceFixed").round_id
    assert follower == (last if age <= HEARTBEAT else last + 1)


@pytest.mark.parametrize("late", [FOLLOW - 1, FOLLOW, FOLLOW + 1])
def test_fix__stale_and_nothing_follows_within_three_days__is_the_last_round(
    oracle: Contract, feed: Feed, expiry: int, late: int
) -> None:
    """D9: a feed that stops before the expiry still settles it."""
    last = straddle(feed, expiry, before=2 * HEARTBEAT, after=late)
    assert_only(oracle, feed, expiry, last, AFTER if late <= FOLLOW else BEFORE)


@pytest.mark.parametrize("waited", [FOLLOW - 1, FOLLOW, FOLLOW + 1])
def test_fix__feed_dead_since_before_expiry__waits_three_days(
    oracle: Contract, feed: Feed, expiry: int, waited: int
) -> None:
    last = feed.id(1, 1)
    feed.chain.set_timestamp(expiry + waited)
    if waited <= FOLLOW:
        assert reason(oracle.fix, expiry, last) == "oracle: no later round yet"
    else:
        assert_only(oracle, feed, expiry, last, PRICE)


@pytest.mark.parametrize("days", [1, 10, 400])
def test_fix__called_late__is_the_price_of_the_expiry(
    oracle: Contract, feed: Feed, expiry: int, days: int
) -> None:
    """D1: what happened since does not matter."""
    last = straddle(feed, expiry)
    for day in range(1, min(days, 8) + 1):
        feed.chain.set_timestamp(expiry + day * days * DAY // 8 + 100)
        feed.transmit(BEFORE + 50 * day)
    assert_only(oracle, feed, expiry, last, BEFORE)


# --- phases


@pytest.mark.parametrize("later", [1, 2, 3, 4])
def test_fix__new_phases_after_the_expiry__the_old_phase_has_it(
    oracle: Contract, feed: Feed, expiry: int, later: int
) -> None:
    last = straddle(feed, expiry)
    for _ in range(later):
        feed.confirm(feed.next_phase())
        feed.transmit(2_500)
    assert_only(oracle, feed, expiry, last, BEFORE)


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
        assert reason(oracle.fix, expiry, feed.id(phase, 1)) is not None


@pytest.mark.parametrize("begun", [-3_000, -1, 0, 1, 3_000])
@pytest.mark.parametrize("old_goes_on", [False, True])
def test_fix__phase_begun_around_the_expiry__counts_from_its_first_round(
    oracle: Contract, feed: Feed, expiry: int, begun: int, old_goes_on: bool
) -> None:
    """Also where the old aggregator goes on, or the new one ran before it was confirmed."""
    old, new = feed.aggregators[0], feed.next_phase()
    rounds = [(-50, old, 1_900), (begun, new, BEFORE), (4_000, new, AFTER)]
    rounds += [(50, old, 1_901)] if old_goes_on else []
    for offset, aggregator, price in sorted(rounds, key=lambda round: round[0]):
        feed.say(aggregator, price, expiry + offset)
    pass_by(feed, expiry + 10_000)
    feed.confirm(new)
    found = (feed.id(2, 1), BEFORE) if begun <= 0 else (feed.id(1, 2), 1_900)
    assert_only(oracle, feed, expiry, *found)


def test_fix__next_round_only_in_a_later_phase__is_proof_enough(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    last = feed.transmit(BEFORE, expiry - 60)
    pass_by(feed, expiry + 1)
    assert reason(oracle.fix, expiry, last) == "oracle: no later round yet"
    feed.confirm(feed.next_phase())
    assert reason(oracle.fix, expiry, last) == "oracle: no later round yet"
    feed.confirm(feed.next_phase())
    feed.transmit(AFTER, expiry + 60)
    assert_only(oracle, feed, expiry, last, BEFORE)


def test_fix__stale_and_next_round_in_a_later_phase__is_that_one(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    last = feed.transmit(BEFORE, expiry - 2 * HEARTBEAT)
    feed.confirm(feed.next_phase())
    feed.confirm(feed.next_phase())
    first = feed.transmit(AFTER, expiry + 60)
    assert_only(oracle, feed, expiry, last, AFTER)
    assert oracle.fix(expiry, last).event("PriceFixed").round_id == first


def test_fix__phase_begun_before_the_expiry_but_silent_since__the_old_one_has_no_say(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    """Else whoever calls could wait for the new phase to speak, and choose."""
    last = feed.transmit(BEFORE, expiry - 60)
    aggregator = feed.next_phase()
    feed.say(aggregator, 1_950, expiry - 30)
    feed.transmit(AFTER, expiry + 40)
    feed.confirm(aggregator)
    assert reason(oracle.fix, expiry, last) == "oracle: a later phase has it"
    assert reason(oracle.fix, expiry, feed.id(2, 1)) == "oracle: no later round yet"
    pass_by(feed, expiry + FOLLOW + 1)
    assert_only(oracle, feed, expiry, feed.id(2, 1), 1_950)


def test_fix__old_aggregator_confirmed_again__one_price(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    """The proxy's owner rolls back: the old rounds belong to two phases, the later one counts."""
    straddle(feed, expiry)
    feed.confirm(feed.next_phase())
    feed.transmit(2_500)
    feed.confirm(feed.aggregators[0])
    assert_only(oracle, feed, expiry, feed.id(3, 2), BEFORE)


@pytest.mark.parametrize("decimals", [6, 18])
def test_fix__phase_of_other_decimals__is_scaled_by_its_own(
    oracle: Contract, feed: Feed, expiry: int, decimals: int
) -> None:
    """Spot is refused from then on, but what is open must settle."""
    feed.confirm(feed.next_phase(decimals=decimals))
    feed.decimals = decimals
    last = feed.transmit(BEFORE, expiry - 10)
    feed.transmit(AFTER, expiry + 10)
    feed.confirm(feed.next_phase(decimals=8))
    feed.decimals = 8
    feed.transmit(2_500)
    assert_only(oracle, feed, expiry, last, BEFORE)


def test_fix__phase_of_absurd_decimals__is_scaled_as_bound(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    feed.confirm(feed.next_phase(decimals=200))
    last = feed.transmit(BEFORE, expiry - 10)
    feed.transmit(AFTER, expiry + 10)
    assert_only(oracle, feed, expiry, last, BEFORE)


# --- who brings little gas


def test_fix__too_little_gas__never_hides_a_round(
    oracle: Contract, feed: Feed, expiry: int
) -> None:
    """The attack: let the read of the last round run out of gas, so that the one before it looks
    like the last. With any amount of gas the wrong id is refused and the right one gives its price.
    """
    last = straddle(feed, expiry)
    feed.confirm(feed.next_phase())
    feed.transmit(2_500, expiry + 80)
    pass_by(feed, expiry + FOLLOW + 10)
    miser = feed.chain.deploy(compile_contract("GasMiser"))
    accepted = []
    for allowance in [*range(20_000, 500_000, 2_500)]:
        wrong, _ = miser.call.call(oracle.address, oracle.fix.encode(expiry, last - 1), allowance)
        assert wrong is False
        right, output = miser.call.call(oracle.address, oracle.fix.encode(expiry, last), allowance)
        assert not right or oracle.fix.decode(output) == BEFORE * WAD
        accepted.append(right)
    assert not accepted[0] and accepted[-1]
    assert all(a <= b for a, b in pairwise(accepted))  # more gas never hurts
