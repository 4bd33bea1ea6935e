"""The rule of the settlement price, over a whole history at once.

The contract is brought one round and walks from it. Here all rounds of all phases lie on the table,
so the rule reads as it is meant. Nothing is shared with the contract but the rule's numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

DAY = 86_400
FOLLOWED_WITHIN = 3 * DAY
ASKED_AFTER = 8
LATER_PHASES = 4


@dataclass(frozen=True)
class Round:
    """A round; its answer is in WAD already."""

    number: int
    time: int
    answer: int
    is_complete: bool = True


@dataclass(frozen=True)
class Limits:
    heartbeat: int
    low: int
    high: int

    def believes(self, round: Round) -> bool:
        return round.is_complete and self.low <= round.answer <= self.high


@dataclass(frozen=True)
class Fixing:
    """`key` is the phase and number that prove the price; the other three are what is written."""

    key: tuple[int, int]
    price: int
    phase: int
    number: int


History = list[list[Round]]  # phases, each with its rounds in order; the last one is current


def settlement(history: History, expiry: int, now: int, limits: Limits) -> Fixing | None:
    """The one fixing, or None while there is none yet."""
    phase = _bracketing_phase(history, expiry)
    if phase is None or len(history) - phase > LATER_PHASES:
        return None
    at_or_before = [r for r in history[phase - 1] if r.time <= expiry]
    last = at_or_before[-1]
    deadline = expiry + FOLLOWED_WITHIN
    later = _rounds_after(history, phase, last)
    if not later and now <= deadline:
        return None
    key = (phase, last.number)
    if limits.believes(last) and expiry - last.time <= limits.heartbeat:
        return Fixing(key, last.answer, phase, last.number)
    asked = list(takewhile(lambda item: item[1].time <= deadline, later[:ASKED_AFTER]))
    for of_phase, round in asked:
        if limits.believes(round):
            return Fixing(key, round.answer, of_phase, round.number)
    may_still_come = now <= deadline and len(later) < ASKED_AFTER and len(asked) == len(later)
    if may_still_come:
        return None
    return Fixing(key, min(max(last.answer, limits.low), limits.high), phase, last.number)


def _bracketing_phase(history: History, expiry: int) -> int | None:
    """The latest phase that had begun by the expiry, counted from one."""
    begun = [i for i, rounds in enumerate(history, start=1) if rounds and rounds[0].time <= expiry]
    return max(begun, default=None)


def _rounds_after(history: History, phase: int, last: Round) -> list[tuple[int, Round]]:
    """All rounds behind one: the rest of its phase, then every later phase in turn."""
    rest = [(phase, r) for r in history[phase - 1] if r.number > last.number]
    for i in range(phase, len(history)):
        rest += [(i + 1, r) for r in history[i]]
    return rest
