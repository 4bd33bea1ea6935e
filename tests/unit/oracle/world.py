"""A feed with phases, and an oracle bound to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from ballast.chain import Chain, Contract, Reverted, compile_contract
from ballast.chain.protocol import ZERO_ADDRESS

WAD = 10**18
HOUR, DAY = 3_600, 86_400
FOLLOW = 3 * DAY
SILENCE = 30 * DAY
HEARTBEAT = HOUR
PRICE = 2_000
BEFORE, AFTER = 2_100, 2_200  # prices of the rounds around an expiry
MIN_PRICE, MAX_PRICE = 100 * WAD, 100_000 * WAD


class Missing(IntEnum):
    """What an aggregator does when asked for a round that is not there."""

    ZEROS = 1
    REVERT = 2
    BURN = 4


class Fault(IntEnum):
    """What `FaultyFeed` does to an answer."""

    NONE = 0
    REVERT = 1
    EMPTY = 2
    SHORT = 3
    LONG = 4
    BURN = 5
    DIRTY = 6
    FOREIGN = 7
    NEXT = 8


@dataclass(frozen=True)
class Terms:
    """The constructor's argument, field by field."""

    feed: Any
    heartbeat: int = HEARTBEAT
    min_price: int = MIN_PRICE
    max_price: int = MAX_PRICE
    sequencer: Any = ZERO_ADDRESS
    grace: int = 0
    second: Any = ZERO_ADDRESS
    second_heartbeat: int = 0
    agreement: int = 0
    tolerance: int = 0

    def but(self, **changes: Any) -> Terms:
        return replace(self, **changes)


def deploy(chain: Chain, terms: Terms) -> Contract:
    values = [getattr(value, "address", value) for value in vars(terms).values()]
    return chain.deploy(compile_contract("Oracle"), tuple(values))


def round_id(phase: int, number: int) -> int:
    return phase << 64 | number


@dataclass
class Feed:
    """A proxy and the aggregators that have stood behind it, the newest last."""

    chain: Chain
    decimals: int = 8
    missing: Missing = Missing.ZEROS
    proxy: Contract = field(init=False)
    aggregators: list[Contract] = field(default_factory=list)
    phase_before: int = 0
    """Of the proxy when the first of these aggregators came."""
    numbers: int = 16
    """Of rounds that a search tries in each phase; more than any test makes."""

    def __post_init__(self) -> None:
        self.aggregators.append(self._aggregator(self.decimals, self.missing))
        self.proxy = self.chain.deploy(compile_contract("FeedProxy"), self.aggregators[0])
        self.aggregators[0].admit(self.proxy, True)

    def _aggregator(self, decimals: int, missing: Missing) -> Contract:
        made = self.chain.deploy(compile_contract("FeedAggregator"), decimals, int(missing))
        made.restrict(True)  # as on a real chain: only the proxy may read
        return made

    def next_phase(
        self, *, decimals: int | None = None, missing: Missing | None = None
    ) -> Contract:
        """An aggregator that no proxy knows yet; rounds may be sent to it before `confirm`."""
        made = self._aggregator(
            self.decimals if decimals is None else decimals,
            self.missing if missing is None else missing,
        )
        made.admit(self.proxy, True)
        return made

    def confirm(self, aggregator: Contract) -> None:
        self.aggregators.append(aggregator)
        self.proxy.confirm(aggregator)

    def transmit(self, price: float, at: int = 0, phase: int | None = None) -> int:
        """A round of this price; of the newest phase unless told. Returns its id."""
        phase = phase or len(self.aggregators)
        return self.id(phase, self.say(self.aggregators[phase - 1], price, at))

    def say(self, aggregator: Contract, price: float, at: int = 0) -> int:
        """A round, for which the clock goes on if its time has not come. Returns its number."""
        if at > self.chain.timestamp:
            self.chain.set_timestamp(at)
        return self._transmit(aggregator, int(price * 10**self.decimals), at)

    def _transmit(self, aggregator: Contract, answer: int, at: int) -> int:
        return int(aggregator.transmit(answer, at).value)

    def admit_proxy(self, may_read: bool) -> None:
        """Let the proxy read the newest aggregator, or no longer."""
        self.aggregators[-1].admit(self.proxy, may_read)

    def id(self, phase: int, number: int) -> int:
        """The id of a round, its phase counted among these aggregators."""
        return round_id(self.phase_before + phase, number)

    def report(
        self, answer: int, updated_at: int, *, answered_in: int | None = None, started_at: int = -1
    ) -> int:
        """A round that says anything at all. Returns its id."""
        aggregator, phase = self.aggregators[-1], len(self.aggregators)
        number = (self.proxy.latestRoundData()[0] & (2**64 - 1)) + 1
        started_at = updated_at if started_at < 0 else started_at
        answered_in = number if answered_in is None else answered_in
        assert aggregator.report((answer, started_at, updated_at, answered_in)).value == number
        return round_id(phase, number)


def straddle(feed: Feed, expiry: int, *, before: int = 60, after: int = 40) -> int:
    """A round before the expiry and one after it, and time past both. Returns the first's id."""
    last = feed.transmit(BEFORE, expiry - before)
    feed.transmit(AFTER, expiry + after)
    pass_by(feed, expiry + after + 1)
    return last


def pass_by(feed: Feed, time: int) -> None:
    """Let it be at least this late."""
    feed.chain.set_timestamp(max(feed.chain.timestamp, time))


def assert_only(oracle: Contract, feed: Feed, expiry: int, accepted: int, price: int) -> None:
    """Of all ids near any round, one is accepted, and for this price."""
    found = {}
    for phase in range(-1, len(feed.aggregators) + 3):
        for number in range(feed.numbers):
            id_ = feed.id(phase, number) if feed.phase_before + phase >= 0 else number
            if reason(oracle.fix, expiry, id_) is None:
                found[id_] = oracle.fix.call(expiry, id_)
    assert found == {accepted: price * WAD}


def assert_refused(oracle: Contract, why: str) -> None:
    """All three views agree, and the one that must not revert does not."""
    assert reason(oracle.spot) == why
    assert reason(oracle.spot_pair) == why
    assert oracle.try_spot() == (False, 0, 0, 0, 0)


def assert_price(oracle: Contract, price: int, other: int | None = None) -> None:
    """All three views agree."""
    first, *rest = oracle.spot()
    second = price if other is None else other
    assert first == price
    assert oracle.spot_pair() == (price, second, *rest)
    assert oracle.try_spot() == (True, price, second, *rest)


def reason(method: Any, *args: Any, **options: Any) -> str | None:
    """Why a call is refused; None if it is not."""
    try:
        method.call(*args, **options)
    except Reverted as error:
        return error.reason or f"no reason: {error}"
    return None


@contextmanager
def refused(why: str) -> Iterator[None]:
    """The body must revert with exactly this reason."""
    try:
        yield
    except Reverted as error:
        assert error.reason == why, error
        return
    raise AssertionError(f"not refused with {why!r}")
