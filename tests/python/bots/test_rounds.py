"""Bisection finds the round that a look at every round finds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.bots.rounds import Bracket, find_bracket

Rounds = dict[int, int]


@st.composite
def feeds(draw: st.DrawFn) -> tuple[Rounds, int]:
    """Times by round id: phases one after the other or overlapping, numbers with gaps of up to
    three, phases without any round."""
    rounds: Rounds = {}
    phases = draw(st.integers(1, 7))
    start = 1_000
    for phase in range(1, phases + 1):
        number, time = 0, start
        for gap, step in draw(
            st.lists(st.tuples(st.integers(1, 4), st.integers(0, 50)), max_size=12)
        ):
            number, time = number + gap, time + step
            rounds[(phase << 64) + number] = time
        start = max(1_000, time - draw(st.integers(-30, 30)))
    return rounds, phases


def by_looking_at_all(rounds: Rounds, phases: int, expiry: int) -> Bracket | None:
    for phase in range(phases, max(phases - 4, 1) - 1, -1):
        own = {one: time for one, time in rounds.items() if one >> 64 == phase}
        until = [one for one, time in own.items() if time <= expiry]
        if until:
            later = [one for one in rounds if one > max(until)]
            return Bracket(max(until), bool(later))
    return None


@given(feed=feeds(), expiry=st.integers(900, 1_400))
@settings(max_examples=400)
def test_find_bracket__any_feed__the_round_that_all_rounds_give(
    feed: tuple[Rounds, int], expiry: int
) -> None:
    rounds, phases = feed
    found = find_bracket(lambda one: rounds.get(one, 0), phases, expiry)
    assert found == by_looking_at_all(rounds, phases, expiry)


def test_find_bracket__a_million_rounds__some_dozens_of_reads() -> None:
    reads = []

    def time_of(round_id: int) -> int:
        reads.append(round_id)
        number = round_id & (2**64 - 1)
        return 10 * number if round_id >> 64 == 3 and 1 <= number <= 10**6 else 0

    assert find_bracket(time_of, 3, 7_654_321) == Bracket((3 << 64) + 765_432, True)
    assert find_bracket(time_of, 3, 10**7 + 5) == Bracket((3 << 64) + 10**6, False)
    assert len(reads) < 160


def test_find_bracket__a_first_round_after_the_expiry__none() -> None:
    assert find_bracket(lambda one: 500 if one == (1 << 64) + 1 else 0, 1, 499) is None
    assert find_bracket(lambda one: 500 if one == (1 << 64) + 1 else 0, 1, 500) is not None


def test_find_bracket__more_phases_since_than_the_oracle_walks__none() -> None:
    rounds = {(1 << 64) + 1: 500}
    assert find_bracket(lambda one: rounds.get(one, 0), 5, 600) == Bracket((1 << 64) + 1, False)
    assert find_bracket(lambda one: rounds.get(one, 0), 6, 600) is None
