"""A fund between a margin contract and a vault that say what a test wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ballast.chain import Chain, Contract, Reverted, compile_contract
from ballast.chain.deployment import Plan, Ref, Setting, Step, execute

DAY = 86_400
COOLDOWN = 10 * DAY
WINDOW = 2 * DAY
VIRTUAL = 10**12
MAX = 2**256 - 1
MOST_ASSETS = 2**104
MOST_SHARES = 2**144
NOBODY = "0x" + "00" * 20
PEOPLE = ("alice", "bob", "carol", "stranger")
STEPS = (
    Step("quote", "MockUsdc", ("USD Coin", "USDC", Setting("decimals"))),
    Step("vault", "VaultStub", (Ref("quote"), Ref("quote"))),
    Step("margin", "MarginStub"),
    Step(
        "fund",
        "InsuranceFund",
        (Ref("quote"), Ref("margin"), Ref("vault"), "Ballast fund", "fUSDC"),
    ),
)
Event = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class World:
    """What a test needs. People hold and have approved 10 million quote tokens."""

    chain: Chain
    fund: Contract
    quote: Contract
    vault: Contract
    margin: Contract
    alice: str
    bob: str
    carol: str
    stranger: str
    decimals: int

    @property
    def one(self) -> int:
        """A quote token."""
        return int(10**self.decimals)

    @property
    def whole(self) -> int:
        """A share, in its units."""
        return VIRTUAL * self.one

    def deposit(self, assets: int, sender: str | None = None) -> int:
        sender = sender or self.alice
        return int(self.fund.deposit(assets, sender, sender=sender).value)

    def request(self, shares: int | None = None, owner: str | None = None) -> int:
        """All that somebody has, if nothing is said; when they may leave."""
        owner = owner or self.alice
        amount = self.fund.balanceOf(owner) if shares is None else shares
        return int(self.fund.request(amount, sender=owner).value)

    def redeem(self, shares: int | None = None, owner: str | None = None) -> int:
        owner = owner or self.alice
        amount = self.fund.balanceOf(owner) if shares is None else shares
        return int(self.fund.redeem(amount, owner, owner, sender=owner).value)

    def draw(self, shortfall: int) -> Any:
        return self.margin.draw(self.fund, shortfall)

    def give(self, amount: int) -> None:
        """As margin contracts and strangers do."""
        self.quote.mint(self.fund, amount)

    def accrue(self, amount: int) -> None:
        """Fees that wait in the vault."""
        self.quote.mint(self.vault, amount)
        self.vault.set_dues(self.vault.owed() + amount)

    def held(self, *owners: Any) -> list[int]:
        """Quote tokens by owner."""
        return [int(self.quote.balanceOf(owner)) for owner in owners]

    def at(self, timestamp: int) -> None:
        """The next block, and what views see, is of this time."""
        self.chain.set_timestamp(timestamp)

    def refused(self, method: str, *args: Any, sender: str | None = None) -> str | None:
        """The reason of a revert that must come."""
        with pytest.raises(Reverted) as refused:
            self.fund.method(method).send(*args, sender=sender or self.alice)
        return refused.value.reason


def events(receipt: Any, world: World) -> list[Event]:
    """The fund's own events, whole and in order."""
    return [
        (log.name, dict(log.args))
        for log in receipt.events
        if log.address.lower() == world.fund.address.lower()
    ]


def build(chain: Chain, decimals: int = 6) -> World:
    done = execute(Plan(STEPS, {"decimals": decimals}), chain)
    people = dict(zip(PEOPLE, chain.accounts[4:8], strict=True))
    for person in people.values():
        done["quote"].mint(person, 10_000_000 * 10**decimals)
        done["quote"].approve(done["fund"], MAX, sender=person)
    parts = {name: done[name] for name in ("fund", "quote", "vault", "margin")}
    return World(chain=chain, decimals=decimals, **parts, **people)


def deploy(chain: Chain, token: Any, *args: Any) -> Contract:
    """A fund of a given token."""
    return chain.deploy(compile_contract("InsuranceFund"), token, *args, "Odd", "ODD")
