"""Whatever the feed's history, each expiry has one price, and whoever tries which id gets that one.

Random histories: up to six phases, before, around and after the expiry, overlapping, empty or
silent; rounds of equal times, numbers left out, answers that are no prices; aggregators that revert
and such that say zero where there is no round. Every id is tried. What is accepted must be what
`reference` finds in the whole history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from ballast.chain import Contract, Reverted, RevmChain, rolled_back
from tests.unit.oracle.conftest import expiry_of
from tests.unit.oracle.reference import Fixing, History, Limits, Round, settlement
from tests.unit.oracle.world import (
    DAY,
    FOLLOW,
    HEARTBEAT,
    MAX_PRICE,
    MIN_PRICE,
    PRICE,
    WAD,
    Feed,
    Missing,
    Terms,
    deploy,
    round_id,
)

LIMITS = Limits(HEARTBEAT, MIN_PRICE, MAX_PRICE)
SCALE = 10**10  # of an answer of 8 decimals
MAX_PHASES, MAX_ROUNDS = 6, 11
REASONS = {
    "oracle: no such round",
    "oracle: round after expiry",
    "oracle: not the last round",
    "oracle: a later phase has it",
    "oracle: too many phases since",
    "oracle: no later round yet",
    "oracle: no priced round yet",
}

BEGINNINGS = st.sampled_from(
    [-DAY, -HEARTBEAT - 1, -HEARTBEAT, -700, -1, 0, 1, 90, DAY, FOLLOW - 1, FOLLOW, FOLLOW + 1]
)
STEPS = st.sampled_from([0, 0, 1, 20, 600, HEARTBEAT, HEARTBEAT + 1, DAY, FOLLOW])
BAD_ANSWERS = [0, -1, MIN_PRICE // SCALE - 1, MAX_PRICE // SCALE + 1, 2**192, -(2**255)]
NOW = st.sampled_from([1, 2, 100, DAY, FOLLOW - 1, FOLLOW, FOLLOW + 1, FOLLOW + DAY, 20 * DAY])


@dataclass(frozen=True)
class Draft:
    """A round to be sent: `number` with what was left out before it counted."""

    number: int
    offset: int  # of its time from the expiry
    answer: int
    is_complete: bool


@dataclass(frozen=True)
class World:
    chain: RevmChain
    feed: Feed
    oracle: Contract
    expiry: int
    pool: list[Contract]


@cache
def world() -> World:
    """A bound oracle and the aggregators of phases to come, shared and always rolled back."""
    chain = RevmChain()
    feed = Feed(chain)
    feed.transmit(PRICE)
    oracle = deploy(chain, Terms(feed.proxy))
    kinds = [Missing.REVERT, Missing.ZEROS]
    pool = [feed.next_phase(missing=kinds[i % 2]) for i in range(MAX_PHASES)]
    return World(chain, feed, oracle, expiry_of(chain), pool)


@st.composite
def phases(draw: st.DrawFn, *, gaps: bool = True) -> list[Draft]:
    """The rounds of one phase; usually sound, often in a hurry around the expiry."""
    offset, number, drafts = draw(BEGINNINGS), 0, []
    odds = draw(st.sampled_from([0, 0, 1, 3]))  # of four rounds, how many say no price
    for _ in range(draw(st.integers(0, MAX_ROUNDS))):
        number += 1 + (draw(st.sampled_from([0, 0, 0, 1, 3])) if gaps else 0)
        is_bad = draw(st.integers(0, 3)) < odds
        is_complete = not (is_bad and draw(st.booleans()))
        good = draw(st.integers(1_000, 9_000)) * 10**8
        answer = draw(st.sampled_from(BAD_ANSWERS)) if is_bad and is_complete else good
        drafts.append(Draft(number, offset, answer, is_complete))
        offset += draw(STEPS)
    return drafts


@st.composite
def histories(draw: st.DrawFn) -> list[list[Draft]]:
    return draw(st.lists(phases(), min_size=1, max_size=MAX_PHASES))


def play(w: World, drafts: list[list[Draft]], now: int) -> History:
    """Send what had happened by `now`, all in one block; the history that came of it."""
    history: History = [[Round(1, _time_of_birth(w), PRICE * WAD)]]
    w.chain.set_timestamp(w.expiry + now)
    for phase, plan in enumerate(drafts, start=1):
        aggregator = w.feed.aggregators[0] if phase == 1 else w.pool[phase - 1]
        if phase > 1:
            w.chain.bulk(w.feed.proxy.address, w.feed.proxy.confirm.encode(aggregator))
            history.append([])
        send(w, aggregator, history[-1], [d for d in plan if d.offset <= now])
    return history


def send(w: World, aggregator: Contract, rounds: list[Round], plan: list[Draft]) -> None:
    """Add rounds to an aggregator; numbers go on from those that it has."""
    start = rounds[-1].number if rounds else 0
    newest = start
    for draft in plan:
        number, at = start + draft.number, w.expiry + draft.offset
        if number > newest + 1:
            w.chain.bulk(aggregator.address, aggregator.leave_out.encode(number - newest - 1))
        answered_in = number if draft.is_complete else number - 1
        said = (draft.answer, at, at, answered_in)
        w.chain.bulk(aggregator.address, aggregator.report.encode(said))
        rounds.append(Round(number, at, draft.answer * SCALE, draft.is_complete))
        newest = number


def _time_of_birth(w: World) -> int:
    return int(w.feed.proxy.getRoundData(round_id(1, 1))[3])


def keys(history: History) -> Iterator[tuple[int, int]]:
    """All ids worth trying: each round, its neighbours, and phases that are not there."""
    for phase in range(len(history) + 2):
        rounds = history[phase - 1] if 1 <= phase <= len(history) else []
        last = rounds[-1].number if rounds else 0
        yield from ((phase, number) for number in range(last + 3))


def accepted(w: World, history: History) -> dict[tuple[int, int], int]:
    """What `fix` says to every id: the ids it takes, with their prices."""
    found = {}
    for key in keys(history):
        try:
            found[key] = w.oracle.fix.call(w.expiry, round_id(*key))
        except Reverted as error:
            assert error.reason in REASONS, error
    return found


def check(w: World, history: History, now: int) -> Fixing | None:
    expected = settlement(history, w.expiry, w.expiry + now, LIMITS)
    found = accepted(w, history)
    assert found == ({} if expected is None else {expected.key: expected.price})
    return expected


@settings(max_examples=300, deadline=None)
@given(drafts=histories(), now=NOW)
def test_fix__any_history__one_price_whatever_ids_are_tried(
    drafts: list[list[Draft]], now: int
) -> None:
    w = world()
    with rolled_back(w.chain):
        history = play(w, drafts, now)
        expected = check(w, history, now)
        event("price" if expected else "not yet")
        if expected is None:
            return
        event("its own" if expected.key == (expected.phase, expected.number) else "a follower's")
        written = w.oracle.fix(w.expiry, round_id(*expected.key)).event("PriceFixed")
        assert written.price == w.oracle.settlement_price(w.expiry) == expected.price
        assert written.round_id == round_id(expected.phase, expected.number)


@settings(max_examples=150, deadline=None)
@given(drafts=histories(), now=NOW, more=phases(gaps=False), new_phase=st.booleans())
def test_fix__more_rounds_arrive__the_price_stays(
    drafts: list[list[Draft]], now: int, more: list[Draft], new_phase: bool
) -> None:
    """Waiting gives no second price: later rounds and phases begun later change nothing."""
    w = world()
    with rolled_back(w.chain):
        history = play(w, drafts, now)
        expected = settlement(history, w.expiry, w.expiry + now, LIMITS)
        assume(expected is not None and more)
        assert expected is not None
        begin = more[0].offset
        later = [Draft(d.number, now + d.offset - begin, d.answer, d.is_complete) for d in more]
        end = later[-1].offset + 1
        w.chain.set_timestamp(w.expiry + end)
        if new_phase and len(history) < MAX_PHASES and len(history) - expected.key[0] < 4:
            w.chain.bulk(w.feed.proxy.address, w.feed.proxy.confirm.encode(w.pool[len(history)]))
            history.append([])
        index = len(history) - 1
        aggregator = w.pool[index] if index else w.feed.aggregators[0]
        send(w, aggregator, history[index], later)
        assert check(w, history, end) == expected
