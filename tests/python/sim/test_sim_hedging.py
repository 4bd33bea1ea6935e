"""The hedging experiment on real bytecode: a short run, the same each time, and as the model says.

The float model shares nothing with the contracts but the paths and the clients: that both place the
same orders at the same cost is a test of either.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner

from ballast.model import hedging
from ballast.sim import hedging as command
from ballast.sim import paper, real
from ballast.sim.episode import Policy, Run, play
from ballast.sim.hedging import LEAST_SAVING, MOST_DEVIATION, Experiment
from ballast.sim.metrics import compare
from ballast.sim.paths import PathTerms

pytestmark = pytest.mark.anvil  # the venues' bytecode comes from npm

EXPERIMENT = Experiment(seed=1, walk=PathTerms(days=2))
NUMBER = 7


def world(policy: Policy) -> real.Real:
    return real.Real.open(EXPERIMENT.walk, EXPERIMENT.board, real.sheet(policy))


@cache
def on_contracts(policy: Policy) -> Run:
    return play(world(policy), *EXPERIMENT.draw(NUMBER), policy)


@cache
def on_paper(policy: Policy) -> Run:
    path, flow = EXPERIMENT.draw(NUMBER)
    seconds = real.seconds_to_expiries(EXPERIMENT.walk, EXPERIMENT.board)
    tape = paper.tape(EXPERIMENT.walk, seconds, path, flow)
    terms = real.hedge_terms(real.sheet(policy))
    return paper.hedged(tape, policy, real.NAV, terms, paper.PoolTerms())


@pytest.mark.parametrize("policy", Policy)
def test_play__again_on_the_same_market__is_the_same_to_the_unit(policy: Policy) -> None:
    first, again = on_contracts(policy), play(world(policy), *EXPERIMENT.draw(NUMBER), policy)
    np.testing.assert_array_equal(first.nav, again.nav)
    assert first.fills == again.fills and first.gross == again.gross


def test_play__on_a_market_opened_anew__is_the_same_to_the_unit() -> None:
    first = on_contracts(Policy.BAND)
    real._opened.cache_clear()
    again = play(world(Policy.BAND), *EXPERIMENT.draw(NUMBER), Policy.BAND)
    np.testing.assert_array_equal(first.nav, again.nav)
    assert first.fills == again.fills


def test_play__three_policies__stand_as_they_should() -> None:
    none, band, every = (on_contracts(policy) for policy in Policy)
    assert none.orders == 0 and 0 < band.orders < every.orders / 10
    assert none.external == 0 < band.external < every.external
    opens = [float(np.sqrt(np.mean(run.delta**2))) for run in (none, band, every)]
    assert opens[0] > opens[1] > opens[2]
    figures = [EXPERIMENT.figures([run]) for run in (none, band, every)]
    assert figures[0].deviation > 1.2 * figures[1].deviation
    assert figures[1].deviation < (1 + MOST_DEVIATION) * figures[2].deviation
    assert compare(*figures).saving >= LEAST_SAVING
    assert none.refused == band.refused == every.refused == 0


def test_play__no_hedge_and_band__place_the_orders_of_the_float_model() -> None:
    for policy in (Policy.NONE, Policy.BAND):
        ours, model = on_contracts(policy), on_paper(policy)
        assert ours.gross == pytest.approx(model.gross, rel=1e-4)
        assert [fill.orders for fill in ours.fills] == [fill.orders for fill in model.fills]
        assert ours.external == pytest.approx(model.external, rel=2e-3)
        assert ours.cost(5.0) == pytest.approx(model.cost(5.0), rel=2e-3)
        np.testing.assert_allclose(ours.delta, model.delta, atol=60.0)


def test_play__band__stays_inside_after_each_step() -> None:
    """As wide as the contract itself says, with a slice of slack where none is due."""
    found, model = on_contracts(Policy.BAND), on_paper(Policy.BAND)
    path, flow = EXPERIMENT.draw(NUMBER)
    seconds = real.seconds_to_expiries(EXPERIMENT.walk, EXPERIMENT.board)
    gamma = paper.tape(EXPERIMENT.walk, seconds, path, flow).gamma[1:]
    terms = real.hedge_terms(real.sheet())
    outer = hedging.band(gamma, terms).outer
    assert (abs(found.delta) <= outer * 1.001).all() and (abs(model.delta) <= outer).all()
    assert abs(found.delta).max() > 0.8 * outer.min()


def test_main__a_day__prints_three_tables_and_their_verdicts() -> None:
    done = CliRunner().invoke(
        command.main, ["--paths", "1", "--days", "1", "--model", "2", "--workers", "1"]
    )
    assert done.exit_code == 0, done.output
    assert done.output.count("band against every step: cost") == 3
    assert done.output.count("\nno hedge ") == done.output.count("\nevery step ") == 3


def test_main__no_path__is_refused() -> None:
    done = CliRunner().invoke(command.main, ["--paths", "0"])
    assert isinstance(done.exception, command.SimulationError)
