"""What a judgement costs, and the code it takes. Reads of the stubs are cold and are part of it."""

from __future__ import annotations

import pytest

from ballast.chain import compile_contract
from ballast.chain.gas import intrinsic_gas
from ballast.model.account import LOTS
from ballast.units import WAD
from tests.unit.assessor.world import Leg, World, call, put

ONE = LOTS
CONDOR = [put(30, 1_600, owned=ONE), put(30, 1_800, owed=ONE),
          call(30, 2_200, owed=ONE), call(30, 2_400, owned=ONE)]  # fmt: skip
CALENDARS = [*CONDOR[:2], call(90, 2_200, owed=ONE), call(90, 2_400, owned=ONE)]
NEAR = [put(7, 1_600, owned=ONE), put(7, 1_800, owed=ONE),
        call(7, 2_200, owed=ONE), call(7, 2_400, owned=ONE)]  # fmt: skip
EIGHT = [*NEAR, *CALENDARS]


@pytest.mark.parametrize(
    ("legs", "most"),
    [(CONDOR[1:2], 75_000), (CONDOR, 155_000), (NEAR, 157_000), (CALENDARS, 178_000),
     (EIGHT, 310_000)],
    ids=["one", "four of one expiry", "four near", "four of two expiries", "eight"],
)  # fmt: skip
def test_gas__assess__at_most(world: World, legs: list[Leg], most: int) -> None:
    arguments = (1_000 * WAD, world.words(legs), world.sheet)
    receipt = world.assessor.assess.send(*arguments)
    used = receipt.gas_used - intrinsic_gas(world.assessor.assess.encode(*arguments))
    assert 0.9 * most < used <= most


@pytest.mark.parametrize("health", [0.1, 0.5, 0.999])
def test_gas__cut_of_eight_legs__is_bounded(world: World, health: float) -> None:
    legs = [*EIGHT[:7], call(90, 2_600, owed=50 * ONE)]
    found = world.assess(0.0, legs)
    cash = int((health * found.maintenance - found.equity) * 1e6) * WAD // 10**6
    arguments = (cash, world.words(legs), world.sheet, 7, 50 * ONE, 200 * WAD)
    assert world.assessor.cut.send(*arguments).gas_used < 1_200_000


def test_gas__cut_of_one_leg__at_most(world: World) -> None:
    """The leg is priced once; a search adds arithmetic alone."""
    legs = [call(30, 2_000, owed=10 * ONE)]
    found = world.assess(0.0, legs)
    cash = int(0.8 * found.maintenance - found.equity) * WAD
    arguments = (cash, world.words(legs), world.sheet, 0, 10 * ONE, 155 * WAD)
    used = world.assessor.cut.send(*arguments).gas_used
    used -= intrinsic_gas(world.assessor.cut.encode(*arguments))
    assert world.cut(cash / WAD, legs, 0, 10 * ONE, 155.0).lots < 10 * ONE
    assert used <= 150_000


def test_size__runtime__within_the_limit(world: World) -> None:
    assert len(world.chain.code(world.assessor.address)) <= 22_000
    assert len(compile_contract("Assessor").bytecode) <= 24_000
