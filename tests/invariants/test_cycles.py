"""A short run of the campaign of cycles; `make fuzz` is the long one."""

from __future__ import annotations

import pytest

from ballast.fuzz.cycles import Tally, run_state
from ballast.fuzz.worlds import WORLDS

ATTEMPTS = 120
STATES = {name: range(place, 30, len(WORLDS)) for place, name in enumerate(WORLDS)}
"""States of a world; among any thirty of a seed, five have stale Greeks."""


@pytest.mark.parametrize("name", STATES)
def test_q1__adversarial_cycles__pay_their_charges_and_restore_the_book(name: str) -> None:
    """Q1 of each; Q6, Q7 and Q9 at the steps of some; Q2 of some orders. A breach raises."""
    tally = Tally()
    for number in STATES[name]:
        tally.add(run_state(seed=2, number=number, attempts=ATTEMPTS))
    assert tally.profitable == 0
    assert tally.cycles > 150
    assert tally.trades > 3 * tally.cycles


def test_q1__states__reach_every_kind_of_cycle() -> None:
    """Else the campaign would prove less than it says."""
    tally = Tally()
    for number in (4, 5, 7, 11, 44):
        tally.add(run_state(seed=1, number=number, attempts=ATTEMPTS))
    assert tally.deep > 0
    assert tally.split > 0
    assert tally.straddled > 0
    assert tally.in_kind > 0
