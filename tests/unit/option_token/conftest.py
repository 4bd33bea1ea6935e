"""A token with its desk, and the accounts that use them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ballast.chain import Chain, Contract, compile_contract
from ballast.chain.deployment import Plan, Ref, Setting, Step, execute
from ballast.series import Series

CALL = Series.from_name("WETH-25DEC26-2000-C", "WETH").id
PUT = Series.from_name("WETH-25DEC26-2000-P", "WETH").id
OTHER = Series.from_name("WETH-1JAN27-1812.5-P", "WETH").id
NOBODY = "0x" + "00" * 20
LIMIT = 48  # series in one batch
MAX = 2**256 - 1

PLAN = Plan(
    steps=(
        Step("token", "OptionToken", (Ref("desk"), Setting("underlying"), Setting("quote"))),
        Step("desk", "MinterDesk", (Ref("token"),)),
    ),
    settings={"underlying": "WETH", "quote": "USDC"},
)


@dataclass(frozen=True)
class World:
    """What a test of the token needs. `trader` holds 100 lots of CALL and 7 of PUT."""

    chain: Chain
    token: Contract
    desk: Contract
    trader: str
    friend: str
    operator: str
    stranger: str

    def receiver(self, mode: int = 0, target: str = NOBODY, payload: bytes = b"") -> Contract:
        """A contract that answers the hook in one of the modes of contracts/mocks/Receiver.vy."""
        receiver = self.chain.deploy(compile_contract("Receiver"))
        receiver.set_mode(mode, target, payload)
        return receiver

    def holdings(self, *owners: str | Contract) -> list[tuple[int, ...]]:
        """Lots of CALL, PUT and OTHER, by owner."""
        ids = (CALL, PUT, OTHER)
        return [tuple(self.token.balanceOf(owner, series) for series in ids) for owner in owners]


def build(chain: Chain) -> World:
    deployment = execute(PLAN, chain)
    world = World(
        chain, deployment["token"], deployment["desk"], *(chain.accounts[i] for i in range(1, 5))
    )
    world.desk.buy(world.trader, CALL, 100)
    world.desk.buy(world.trader, PUT, 7)
    return world


@pytest.fixture
def world(revm: Chain) -> World:
    """On revm only: most tests."""
    return build(revm)


@pytest.fixture
def either(chain: Chain) -> World:
    """On revm and on anvil."""
    return build(chain)
