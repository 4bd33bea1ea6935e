"""State machines against a ghost: a market in any order of events.

MACHINE_EXAMPLES and MACHINE_STEPS ask for longer runs; MACHINE_SEED for others than those of every
test run, which are the same each time; MACHINE_SHRINK for a short story of a failure, which takes a
while.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from ballast.market.local import Terms
from tests.invariants.checks import Checks
from tests.invariants.driver import Driver
from tests.invariants.lp_rules import LpRules
from tests.invariants.margin_checks import MarginChecks
from tests.invariants.margin_rules import OWNERS, MarginRules
from tests.invariants.replay import replayed
from tests.invariants.trade_rules import TradeRules
from tests.invariants.world_rules import WorldRules
from tests.spec import holds

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "12"))
STEPS = int(os.environ.get("MACHINE_STEPS", "30"))
SEED = int(os.environ.get("MACHINE_SEED", "0"))
PHASES = (Phase.generate, *((Phase.shrink,) if os.environ.get("MACHINE_SHRINK") else ()))
TERMS = {
    "6 and 18 decimals": Terms(expiries=3),
    "18 and 6 decimals": Terms(expiries=3, quote_decimals=18, underlying_decimals=6),
    "8 and 8 decimals": Terms(expiries=3, quote_decimals=8, underlying_decimals=8),
}


@cache
def driver(name: str) -> Driver:
    """One market for all examples, put back before each."""
    return Driver(TERMS[name])


class Market(
    LpRules, TradeRules, MarginRules, WorldRules, Checks, MarginChecks, RuleBasedStateMachine
):
    """All rules, all checks. It starts with a vault that trades."""

    name = "6 and 18 decimals"

    def __init__(self) -> None:
        super().__init__()
        self.driver = driver(self.name)
        self.driver.reset()
        self.steps = 0
        self._begin()

    def _begin(self) -> None:
        """The first deposits, and a fee receiver."""
        d, vault = self.driver, self.driver.market.vault
        account = d.who("lp")
        d.do(vault.set_fee_receiver, d.who("guardian"), by="owner")
        assets, units = d.market.assets(800_000), d.market.units(150)
        minted = d.do(vault.deposit, assets, account, by="lp")
        self._came("lp", assets, minted)
        minted = d.do(vault.depositUnderlying, units, account, by="lp")
        d.ghost.units[account] -= units
        d.ghost.stock += units
        d.ghost.shares[account] += minted
        self.sync()
        self.refresh()
        for place in range(0, 60, 7):
            self._order(("trader", "other")[place % 2], place, 10_000 * (1 + place % 5))
        for place, name in enumerate(OWNERS):
            self.margin_deposit("lp", name, 10**10)
            self.margin_deposit_units(name, 100)
            for step in range(3):
                self.write(name, 7 * place + 4 * step, 30_000, 300 * (step == 2))
            self.margin_thin(name)

    def check_invariants(self, *args: Any, **kw: Any) -> None:
        """Counts steps, by which the dearer checks take turns."""
        self.steps += 1
        super().check_invariants(*args, **kw)

    def teardown(self) -> None:
        """V32: what the events tell is what is stored."""
        for what, told, stored in replayed(self.driver):
            holds("V32", told == stored, what, told, stored)


@pytest.mark.parametrize("name", TERMS)
def test_market__any_order_of_events__keeps_every_invariant(name: str) -> None:
    class Named(Market):
        pass

    Named.name = name
    run_state_machine_as_test(
        seed(len(TERMS) * SEED + list(TERMS).index(name))(Named),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )
