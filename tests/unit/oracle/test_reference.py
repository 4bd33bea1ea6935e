"""The reference itself, on histories small enough to read."""

from __future__ import annotations

import pytest

from tests.unit.oracle.reference import Fixing, History, Limits, Round, settlement

T, DAY = 1_000_000, 86_400
LIMITS = Limits(heartbeat=100, low=10, high=1_000)


def rounds(*times_and_answers: tuple[int, int]) -> list[Round]:
    return [Round(i, T + at, says) for i, (at, says) in enumerate(times_and_answers, start=1)]


@pytest.mark.parametrize(
    ("history", "now", "expected"),
    [
        ([rounds((-5, 20))], 1, None),
        ([rounds((-5, 20))], 3 * DAY, None),
        ([rounds((-5, 20))], 3 * DAY + 1, ((1, 1), 20, 1, 1)),
        ([rounds((-5, 20), (5, 30))], 5, ((1, 1), 20, 1, 1)),
        ([rounds((-5, 20), (0, 25), (5, 30))], 5, ((1, 2), 25, 1, 2)),
        ([rounds((-101, 20), (5, 30))], 5, ((1, 1), 30, 1, 2)),
        ([rounds((-5, 0), (5, 30))], 5, ((1, 1), 30, 1, 2)),
        ([rounds((-5, 0), (5, 0))], 5, None),
        ([rounds((-5, 0), (5, 0))], 3 * DAY + 1, ((1, 1), 10, 1, 1)),
        ([rounds((-5, 0), *[(5, 0)] * 8, (6, 30))], 6, ((1, 1), 10, 1, 1)),
        ([rounds((-5, 20), (5, 30)), rounds((-1, 40))], 9, None),
        ([rounds((-5, 20), (5, 30)), rounds((-1, 40), (9, 50))], 9, ((2, 1), 40, 2, 1)),
        ([rounds((-5, 20)), [], rounds((9, 50))], 9, ((1, 1), 20, 1, 1)),
        ([rounds((-101, 20)), [], rounds((9, 50))], 9, ((1, 1), 50, 3, 1)),
        ([rounds((-5, 20), (5, 30)), [], [], [], []], 9, ((1, 1), 20, 1, 1)),
        ([rounds((-5, 20), (5, 30)), [], [], [], [], []], 9, None),
        ([rounds((5, 30))], 9, None),
    ],
)
def test_settlement__small_history__as_the_rule_says(
    history: History, now: int, expected: tuple[tuple[int, int], int, int, int] | None
) -> None:
    found = settlement(history, T, T + now, LIMITS)
    assert found == (None if expected is None else Fixing(*expected))
