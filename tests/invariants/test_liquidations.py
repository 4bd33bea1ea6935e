"""A short run of the campaign of liquidations; `python -m ballast.fuzz.liquidations` is the long
one."""

from __future__ import annotations

from ballast.fuzz.liquidations import Tally, run_state


def test_v19__owner_liquidates_himself_and_trades_around_it__gains_nothing() -> None:
    """At one snapshot, and over a round where nothing is wound up. A breach raises."""
    tally = Tally()
    for number in range(8):
        tally.add(run_state(seed=1, number=number, attempts=20))
    assert tally.profitable == 0 and tally.best < 0
    assert tally.closed > 30
    assert min(tally.windups, tally.purchases, tally.sales, tally.rounds) > 0
