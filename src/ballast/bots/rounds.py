"""Which round of a price feed settles an expiry, found by bisection.

A proxy's round id is phase << 64 | number. Numbers start at one in each phase and may skip a few;
times do not fall within a phase. The oracle wants the last round at or before the expiry, of the
latest phase that has one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

GAP: Final = 4
"""Numbers that the oracle tries for the next round of a phase."""
LATER_PHASES: Final = 4
"""Phases after the one of the round that the oracle looks into."""
_MOST: Final = 2**63

ReadTime = Callable[[int], int]
"""From a round id to the time of that round; zero where there is none."""


@dataclass(frozen=True)
class Bracket:
    """The last round at or before an expiry, and whether one has come after it."""

    round_id: int
    is_followed: bool


def find_bracket(time_of: ReadTime, phase: int, expiry: int) -> Bracket | None:
    """The bracket of an expiry as the feed stands in `phase`; none if no round is that old."""
    for earlier in range(phase, max(phase - LATER_PHASES, 1) - 1, -1):
        last = _last_until(time_of, earlier, expiry)
        if last is not None:
            starts = [last + 1, *((later << 64) + 1 for later in range(earlier + 1, phase + 1))]
            followed = any(_at_or_after(time_of, start) is not None for start in starts)
            return Bracket(last, followed)
    return None


def _last_until(time_of: ReadTime, phase: int, expiry: int) -> int | None:
    """The last round of a phase at or before a time, in some forty reads at most of its own."""

    def qualifies(number: int) -> bool:
        found = _at_or_after(time_of, (phase << 64) + number)
        return found is not None and found[1] <= expiry

    if not qualifies(1):
        return None
    low, high = 1, 2
    while high < _MOST and qualifies(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if qualifies(middle) else (low, middle)
    return (phase << 64) + low


def _at_or_after(time_of: ReadTime, round_id: int) -> tuple[int, int] | None:
    """The round of this id or the next that exists, within the gap: id and time."""
    for candidate in range(round_id, round_id + GAP):
        time = time_of(candidate)
        if time:
            return candidate, time
    return None
