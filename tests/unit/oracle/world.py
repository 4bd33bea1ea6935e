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
        answer = int(price * 10**self.decimals)
        number = self.aggregators[phase - 1].transmit(answer, at).value
        return round_id(phase, number)

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
