"""Turns: one thing at a time, in order, and nothing that fails stops anything else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest

from ballast.bots.action import Action, Keeper
from ballast.bots.turns import FIRST_REST, LONGEST_REST, Outcome, Turns
from ballast.chain.protocol import Receipt
from ballast.errors import ChainError

GOOD, OTHER = Action("a", "good"), Action("a", "other")
BAD = Action("a", "bad")


class Puppet(Keeper[None]):
    """Wants the same every turn, and fails where it is told to."""

    name = "puppet"

    def __init__(self, *wants: Action, read: Callable[[], None] = lambda: None) -> None:
        self.wants, self.done, self._read = wants, list[Action](), read

    def read(self) -> None:
        self._read()

    def decide(self, state: None) -> Sequence[Action]:
        return self.wants

    def run(self, action: Action) -> Receipt:
        self.done.append(action)
        if action is BAD:
            raise ChainError("no")
        return Receipt(gas_used=1, logs=())


class Clock:
    now = 1_000

    def __call__(self) -> int:
        return self.now


def turns(*keepers: Keeper[Any], clock: Clock | None = None) -> tuple[Turns, list[Outcome]]:
    said: list[Outcome] = []
    return Turns(keepers, clock or Clock(), said.append), said


def test_take__a_failing_action__stops_neither_the_next_nor_the_next_keeper() -> None:
    first, second = Puppet(GOOD, BAD, OTHER), Puppet(GOOD)
    taken, said = turns(first, second)
    found = taken.take()
    assert first.done == [GOOD, BAD, OTHER] and second.done == [GOOD]
    assert [(one.action, one.error is None) for one in found] == [
        (GOOD, True),
        (BAD, False),
        (OTHER, True),
        (GOOD, True),
    ]
    assert said == found and "failed: no" in str(found[1])


def test_take__a_keeper_that_cannot_read__stops_no_other() -> None:
    def fail() -> None:
        raise RuntimeError("the node is down")

    other = Puppet(GOOD)
    taken, said = turns(Puppet(GOOD, read=fail), other)
    assert len(taken.take()) == 2 and other.done == [GOOD]
    assert said[0].action is None and "the node is down" in str(said[0])


def test_take__a_keeper_that_never_can_read__says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now, words = [0.0], ["down"]
    monkeypatch.setattr("ballast.bots.turns.monotonic", lambda: now[0])

    def fail() -> None:
        raise RuntimeError(words[0])

    taken, said = turns(Puppet(GOOD, read=fail))
    for moment, text, count in ((0, "down", 1), (1, "down", 1), (2, "up", 2), (950, "up", 3)):
        now[0], words[0] = moment, text
        taken.take()
        assert len(said) == count


def test_take__what_fails_again_and_again__rests_longer_each_time() -> None:
    clock, bot = Clock(), Puppet(BAD)
    taken, _ = turns(bot, clock=clock)
    tries = []
    for _ in range(4_000):
        if taken.take():
            tries.append(clock.now)
        clock.now += 1
    gaps = [later - sooner for sooner, later in pairwise(tries)]
    doubling = [FIRST_REST * 2**n for n in range(6)]
    assert gaps[:6] == doubling and set(gaps[6:]) == {LONGEST_REST}


def test_take__success_after_failure__forgets_the_failure() -> None:
    clock, bot = Clock(), Puppet(BAD)
    taken, _ = turns(bot, clock=clock)
    taken.take()
    clock.now += FIRST_REST
    bot.wants = (Action("a", "bad"),)  # equal, but not the one that fails
    assert taken.take()[0].error is None
    bot.wants = (BAD,)
    taken.take()
    clock.now += FIRST_REST
    assert len(taken.take()) == 1


@pytest.mark.parametrize(("wait", "count"), [(59, 0), (60, 1), (61, 1)])
def test_take__an_action_that_asks_for_rest__gets_it(wait: int, count: int) -> None:
    clock = Clock()
    taken, _ = turns(Puppet(Action("a", "good", rest=60)), clock=clock)
    assert len(taken.take()) == 1
    clock.now += wait
    assert len(taken.take()) == count


def test_take__two_threads__the_second_finds_the_turn_taken() -> None:
    inside, go = threading.Event(), threading.Event()

    def block() -> None:
        inside.set()
        assert go.wait(10)

    bot = Puppet(GOOD, read=block)
    taken, _ = turns(bot)
    thread = threading.Thread(target=taken.take)
    thread.start()
    assert inside.wait(10)
    assert taken.take() == []
    go.set()
    thread.join(10)
    assert bot.done == [GOOD]
    assert len(taken.take()) == 1


def test_action__same_call_for_another_reason__is_the_same() -> None:
    assert Action("a", "b", (1,), "x").call == Action("a", "b", (1,), "y", 5).call
    assert str(Action("a", "b", (1,), "why not")) == "a.b: why not"
