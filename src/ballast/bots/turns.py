"""Keepers taking turns: one after the other, one transaction at a time, whatever fails.

Every transaction is made here, under one lock, and waited for: no two are ever in flight, and the
nonces of a sender follow each other. What fails is said and left alone for a while, longer each
time, and stops nothing: not the actions behind it, not the other keepers, not the next turn.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any, Final

from ballast.bots.action import Action, Keeper
from ballast.chain.protocol import Receipt

FIRST_REST: Final = 15
"""Seconds for which an action is left alone after it has failed once."""
LONGEST_REST: Final = 900
FORGOTTEN: Final = 4 * LONGEST_REST
"""Seconds after which nobody remembers that an action has failed."""


@dataclass(frozen=True)
class Outcome:
    """What became of an action, or of a keeper that could not even decide."""

    keeper: str
    action: Action | None
    receipt: Receipt | None = None
    error: Exception | None = None

    def __str__(self) -> str:
        what = str(self.action) if self.action else "could not decide"
        if self.error:
            return f"{self.keeper}: {what}: failed: {self.error}"
        return f"{self.keeper}: {what}"


@dataclass(frozen=True)
class _Rest:
    until: int
    failures: int


class Turns:
    """Several keepers of one market, in the order of their urgency."""

    def __init__(
        self,
        keepers: Sequence[Keeper[Any]],
        clock: Callable[[], int],
        say: Callable[[Outcome], None] | None = None,
    ) -> None:
        self.keepers = list(keepers)
        self._clock = clock
        self._say = say or _log
        self._lock = Lock()
        self._rests: dict[Any, _Rest] = {}
        self._complaints: dict[str, tuple[str, float]] = {}

    def take(self) -> list[Outcome]:
        """One turn of every keeper; none if another thread is at it. Never fails."""
        if not self._lock.acquire(blocking=False):
            return []
        try:
            return [outcome for keeper in self.keepers for outcome in self._turn(keeper)]
        finally:
            self._lock.release()

    def _turn(self, keeper: Keeper[Any]) -> list[Outcome]:
        """What one keeper does. Everything is caught: a node that is down is no reason to die."""
        try:
            now = self._clock()
            actions = [one for one in keeper.decide(keeper.read()) if not self._rests_at(one, now)]
        except Exception as error:
            return self._complained(Outcome(keeper.name, None, error=error))
        return [self._done(keeper, action, now) for action in actions]

    def _done(self, keeper: Keeper[Any], action: Action, now: int) -> Outcome:
        try:
            receipt = keeper.run(action)
        except Exception as error:
            self._lay_to_rest(action, now)
            return self._told(Outcome(keeper.name, action, error=error))
        self._rests.pop(action.call, None)
        if action.rest:
            self._rests[action.call] = _Rest(now + action.rest, 0)
        return self._told(Outcome(keeper.name, action, receipt=receipt))

    def _complained(self, outcome: Outcome) -> list[Outcome]:
        """What keeps a keeper from deciding is said once, and again after a while."""
        now, words = monotonic(), str(outcome)
        said, until = self._complaints.get(outcome.keeper, ("", 0.0))
        if words == said and now < until:
            return []
        self._complaints[outcome.keeper] = words, now + LONGEST_REST
        return [self._told(outcome)]

    def _told(self, outcome: Outcome) -> Outcome:
        self._say(outcome)
        return outcome

    def _rests_at(self, action: Action, now: int) -> bool:
        rest = self._rests.get(action.call)
        return rest is not None and now < rest.until

    def _lay_to_rest(self, action: Action, now: int) -> None:
        self._rests = {
            call: rest for call, rest in self._rests.items() if now < rest.until + FORGOTTEN
        }
        before = self._rests.get(action.call, _Rest(0, 0)).failures
        span = min(FIRST_REST * 2**before, LONGEST_REST)
        self._rests[action.call] = _Rest(now + span, before + 1)


def _log(outcome: Outcome) -> None:
    level = logging.WARNING if outcome.error else logging.INFO
    logging.getLogger("ballast.bots").log(level, "%s", outcome)
