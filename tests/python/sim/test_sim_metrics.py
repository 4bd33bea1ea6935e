"""`ballast.sim.metrics`, `episode` and the paper world: figures by hand, and what they tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ballast.model import hedging
from ballast.series import Right
from ballast.sim import paper
from ballast.sim.episode import Fill, Policy, Run
from ballast.sim.flow import Flow, Kind, Order
from ballast.sim.hedging import LEAST_SAVING, MOST_DEVIATION, Experiment, verdict
from ballast.sim.metrics import Comparison, Figures, SimulationError, compare, figures
from ballast.sim.paths import Path, PathTerms
from ballast.units import DAY

FILLS = (Fill(1, 300.0, 2.0, 1.5), Fill(), Fill(2, 500.0, 4.0, 0.0), Fill())
RUN = Run(Policy.BAND, np.array([100.0, 90.0, 110.0, 80.0, 130.0]), FILLS, 400.0, np.ones(4), 7, 1)
EXPIRIES = (31 * DAY, 38 * DAY, 45 * DAY)
CALL = Kind(0, 2_000.0, Right.CALL)


# --- by hand


def test_run__fills__are_added_up() -> None:
    assert (RUN.orders, RUN.external, RUN.cost(5.0), RUN.cost(0.0)) == (3, 800.0, 21.0, 6.0)


def test_gains__gas__is_the_vaults_where_it_is_not_rewarded() -> None:
    """Gains of steps -10, 20, -30, 50; gas of one order less its reward, then of two."""
    assert list(RUN.gains(1, 5.0)) == [-13.5, 20.0, -40.0, 50.0]
    assert list(RUN.gains(2, 5.0)) == [6.5, 10.0]


def test_figures__two_runs__are_of_both_together() -> None:
    other = replace(RUN, nav=RUN.nav * 2, fills=(Fill(),) * 4, gross=600.0, delta=3 * np.ones(4))
    found = figures([RUN, other], gas=5.0, steps_a_day=2)
    assert (found.paths, found.orders, found.cost, found.external) == (2, 1.5, 10.5, 0.8)
    gains = [-13.5, 20.0, -40.0, 50.0, -20.0, 40.0, -60.0, 100.0]
    assert found.deviation == pytest.approx(np.std(gains, ddof=1) * np.sqrt(2))
    assert found.open_delta == pytest.approx(np.sqrt(5.0)) and found.refused == 2


@pytest.mark.parametrize("runs", [[], [RUN, replace(RUN, policy=Policy.NONE)]])
def test_figures__not_of_one_policy__are_refused(runs: list[Run]) -> None:
    with pytest.raises(SimulationError, match="one policy"):
        figures(runs, 5.0, 2)


def test_figures__of_a_single_step__have_no_deviation() -> None:
    with pytest.raises(SimulationError, match="two steps"):
        figures([replace(RUN, nav=RUN.nav[:2], fills=FILLS[:1], delta=np.ones(1))], 5.0, 2)


def test_compare__three_policies__are_shares_of_each_other() -> None:
    made = [
        Figures(policy, 1, 0.0, cost, deviation, 0.0, 0.0, 0)
        for policy, cost, deviation in zip(Policy, (0, 5, 50), (30, 12, 10), strict=True)
    ]
    found = compare(*made)
    assert found.saving == pytest.approx(0.9)
    assert found.more_deviation == pytest.approx(0.2)
    assert found.of_unhedged == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("saving", "more", "words"),
    [
        (LEAST_SAVING, MOST_DEVIATION, ["met", "met"]),
        (0.79, 0.1, ["missed", "met"]),
        (0.9, 0.151, ["met", "missed"]),
    ],
)
def test_verdict__asked_and_found__says_which_is_met(
    saving: float, more: float, words: list[str]
) -> None:
    text = verdict(Comparison(saving, more, 0.5))
    assert [part.split(")")[0] for part in text.split(": ") if part[:3] in ("met", "mis")] == words


# --- the paper world


def one_call(spots: list[float], lots: int = 10_000) -> tuple[PathTerms, Path, Flow]:
    """A client buys at the start; spot takes these values, an hour apart."""
    walk = PathTerms()
    path = Path(np.array(spots), np.full(len(spots), 0.65))
    return walk, path, Flow((Order(CALL, lots),), ((),) * (len(spots) - 1))


def test_tape__one_call__is_worth_its_charge_and_loses_as_spot_rises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A flat smile, so that the model's delta is all of it."""
    monkeypatch.setattr(paper, "RHO", 0.0)
    walk, path, flow = one_call([2_000.0, 2_000.0, 2_100.0])
    found = paper.tape(walk, EXPIRIES, path, flow)
    vega = 0.4 * 2_000 * np.sqrt(31 / 365)
    assert found.worth[0] == pytest.approx(0.01 * vega + 1e-3 * 1_075 + 0.6, rel=0.02)
    assert found.delta[0] == pytest.approx(-2_000 * 0.5377, rel=1e-3)
    assert found.gamma[0] == pytest.approx(2_000 * 0.4 / (0.65 * np.sqrt(31 / 365)), rel=0.01)
    rise = 100 / 2_000  # by delta and half of gamma; an hour is worth a dime
    expected = found.delta[1] * rise - 0.5 * found.gamma[1] * rise**2
    assert found.worth[2] - found.worth[1] == pytest.approx(expected, rel=0.02)
    assert found.gross == 0.0 and found.trades == 0


def test_hedged__every_step__leaves_nothing_and_pays_the_pool_each_time() -> None:
    walk, path, flow = one_call([2_000.0, 2_010.0, 1_990.0], lots=100_000)
    tape, pool = paper.tape(walk, EXPIRIES, path, flow), paper.PoolTerms(fee=1e-3, depth=1e12)
    run = paper.hedged(tape, Policy.EVERY_STEP, 1e6, hedging.HedgeTerms(), pool)
    assert abs(run.delta).max() < 1e-6 and run.orders == 2
    moved = abs(tape.delta[1]) + abs(tape.delta[2] - tape.delta[1] * 1_990 / 2_010)
    assert run.external == pytest.approx(moved)
    assert run.cost(0.0) == pytest.approx(1e-3 * moved, rel=1e-4)


def test_hedged__no_hedge__is_the_tape() -> None:
    walk, path, flow = one_call([2_000.0, 2_010.0, 1_990.0])
    tape = paper.tape(walk, EXPIRIES, path, flow)
    run = paper.hedged(tape, Policy.NONE, 1e6, hedging.HedgeTerms(), paper.PoolTerms())
    np.testing.assert_array_equal(run.nav, 1e6 + tape.worth)
    np.testing.assert_array_equal(run.delta, tape.delta[1:])
    assert run.orders == 0 and run.cost(5.0) == 0.0


def test_hedged__band__trades_only_where_it_is_left_and_back_to_its_inner_edge() -> None:
    walk, path, flow = one_call([2_000.0, 2_000.0, 2_000.0, 2_200.0], lots=300_000)
    tape, terms = paper.tape(walk, EXPIRIES, path, flow), hedging.HedgeTerms()
    run = paper.hedged(tape, Policy.BAND, 1e6, terms, paper.PoolTerms())
    assert [fill.orders for fill in run.fills] == [1, 0, 1]
    for step in (1, 3):
        inner = float(hedging.band(tape.gamma[step], terms).inner)
        assert run.delta[step - 1] == pytest.approx(-inner)


def test_cost__of_the_pool__is_the_fee_and_half_of_the_move() -> None:
    """Bringing the depth moves the price by 2 %: the root of it is what both reserves move by."""
    pool = paper.PoolTerms(fee=0.0, depth=25e6)
    assert pool.cost(25e6) == pytest.approx(25e6 * 0.00995, rel=1e-3)
    assert paper.PoolTerms().cost(-10_000.0) == pytest.approx(5.0, rel=0.01)


def test_on_paper__sixty_weeks__band_keeps_what_is_asked_of_it() -> None:
    experiment = Experiment()
    tapes = []
    for number in range(60):
        path, flow = experiment.draw(number)
        tapes.append(paper.tape(experiment.walk, EXPIRIES, path, flow))
    runs = {
        policy: [
            paper.hedged(tape, policy, 1e6, hedging.HedgeTerms(), paper.PoolTerms())
            for tape in tapes
        ]
        for policy in Policy
    }
    none, band, every = (experiment.figures(runs[policy]) for policy in Policy)
    found = compare(none, band, every)
    assert found.saving >= LEAST_SAVING and found.more_deviation <= MOST_DEVIATION
    assert found.of_unhedged < 0.75
    assert none.open_delta > 2 * band.open_delta > 0.0 == round(every.open_delta, 6)
    assert band.external < 0.4 < 1.0 < every.external
