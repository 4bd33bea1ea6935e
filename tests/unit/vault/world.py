"""A vault over a book that says what a test wants, with accounts in the places of the desk and of
the margin contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from ballast.chain import Chain, Contract, Reverted
from ballast.chain.deployment import Plan, Ref, Setting, Step, execute

WAD = 10**18
DAY = 86_400
WEEK = 7 * DAY
SPOT = 2_000 * WAD
MAX = 2**256 - 1
NOBODY = "0x" + "00" * 20
PAIRS = tuple((quote, unit) for quote in (6, 8, 18) for unit in (6, 8, 18))
ROLES = ("desk", "margin", "fund")
NAMES = ("cash", "locked_quote", "locked_lots", "dues", "underlying", "earmark")
QUOTE = Step("quote", "MockUsdc", ("USD Coin", "USDC", Setting("quote_decimals")))
UNIT = Step("unit", "MockUsdc", ("Wrapped Ether", "WETH", Setting("unit_decimals")))


def plan(settings: Mapping[str, Any]) -> Plan:
    tokens = (Ref("quote"), Ref("unit"))
    roles = tuple(Setting(role) for role in ROLES)
    args = (*tokens, Ref("book"), *roles, Ref("hedger"), Setting("owner"))
    vault = Step("vault", "Vault", (*args, "Ballast WETH", "bWETH"))
    stubs = (Step("book", "BookStub"), Step("hedger", "HedgerStub"))
    return Plan((QUOTE, UNIT, *stubs, vault), settings)


@dataclass(frozen=True)
class World:
    """What a test needs. LPs hold and have approved 10 million of both tokens, so have the desk's
    trader and the margin contract."""

    chain: Chain
    vault: Contract
    book: Contract
    quote: Contract
    unit: Contract
    hedger: Contract
    desk: str
    margin: str
    fund: str
    owner: str
    alice: str
    bob: str
    trader: str
    stranger: str
    quote_decimals: int
    unit_decimals: int

    @property
    def one(self) -> int:
        """A quote token."""
        return 10**self.quote_decimals

    @property
    def coin(self) -> int:
        """A unit of underlying."""
        return 10**self.unit_decimals

    @property
    def lot(self) -> int:
        return self.coin // 10_000

    @property
    def scale(self) -> int:
        """WAD in an asset."""
        return 10 ** (18 - self.quote_decimals)

    @property
    def virtual(self) -> int:
        return int(10 ** max(18 - self.quote_decimals, 6))

    @property
    def whole(self) -> int:
        """A share, in its units."""
        return self.virtual * self.one

    def set_book(self, spot: int = SPOT, value: int = 0, width: int = 0) -> None:
        """All WAD."""
        self.book.set_book(spot, value, width)

    def deposit(self, assets: int, sender: str | None = None) -> int:
        sender = sender or self.alice
        return int(self.vault.deposit(assets, sender, sender=sender).value)

    def balances(self) -> dict[str, Any]:
        return dict(zip((*NAMES, "level", "is_waiting"), self.vault.balances()[:8], strict=True))

    def debts(self) -> tuple[int, int]:
        """What accounts owe, and how much of it nobody has."""
        receivable, bad_debt = self.vault.balances()[8:10]
        return int(receivable), int(bad_debt)

    def held(self, *owners: str) -> list[int]:
        """Quote tokens by owner."""
        return [self.quote.balanceOf(owner) for owner in owners]

    def refused(self, method: str, *args: Any, sender: str | None = None) -> str | None:
        """The reason of a revert that must come."""
        with pytest.raises(Reverted) as refused:
            self.vault.method(method).send(*args, sender=sender or self.alice)
        return refused.value.reason

    def settle(self, expiry: int, *sums: int) -> Any:
        """As the desk does; what escrow pays and what accounts owe is nothing if it is not said."""
        return self.vault.settle(expiry, full(*sums), sender=self.desk)

    def lock_all(self, sender: str | None = None) -> int:
        """Locks all free quote, as a put sold for nothing would."""
        free = int(self.vault.holdings().free_quote)
        self.vault.take(self.trader, 0, 0, free, 0, sender=self.desk)
        return free


def full(*sums: int) -> tuple[int, ...]:
    """`types.Settlement`, zero where nothing is said."""
    return (*sums, *(8 - len(sums)) * (0,))


def events(receipt: Any, world: World) -> list[tuple[str, dict[str, Any]]]:
    """The vault's own events, whole and in order."""
    return [
        (log.name, dict(log.args))
        for log in receipt.events
        if log.address.lower() == world.vault.address.lower()
    ]


def build(chain: Chain, quote_decimals: int = 6, unit_decimals: int = 18) -> World:
    roles = dict(
        zip(
            ("desk", "fund", "owner", "margin"),
            (*chain.accounts[1:4], chain.accounts[8]),
            strict=True,
        )
    )
    people = dict(zip(("alice", "bob", "trader", "stranger"), chain.accounts[4:8], strict=True))
    settings = {"quote_decimals": quote_decimals, "unit_decimals": unit_decimals, **roles}
    done = execute(plan(settings), chain)
    world = World(
        chain=chain,
        vault=done["vault"],
        book=done["book"],
        quote=done["quote"],
        unit=done["unit"],
        hedger=done["hedger"],
        quote_decimals=quote_decimals,
        unit_decimals=unit_decimals,
        **roles,
        **people,
    )
    for person in (*people.values(), world.margin):
        for token, whole in ((world.quote, world.one), (world.unit, world.coin)):
            token.mint(person, 10_000_000 * whole)
            token.approve(world.vault, MAX, sender=person)
    world.set_book()
    return world
