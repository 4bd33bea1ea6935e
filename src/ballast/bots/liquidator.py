"""Closes what unhealthy accounts owe, the unhealthiest first, and flags what they cannot pay.

A liquidation is asked of the chain before it is decided on: what it would pay is what the call
itself returns at this state. One call closes what one block has room for, so an account is come
back to block after block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ballast.bots.accounts import AccountSource
from ballast.bots.action import Action, Keeper
from ballast.bots.market import LiveMarket
from ballast.units import WAD


@dataclass(frozen=True)
class Margin:
    """An account and what may be done about it."""

    owner: str
    health: int
    """Equity over the maintenance requirement, WAD."""
    series: int = 0
    lots: int = 0
    """What may be closed now; zero for nothing."""
    bonus: int = 0
    """Assets that this would pay."""
    beyond: int = 0
    """Assets that it owes beyond what it has, at the present price."""
    flagged: int = 0
    """What is booked of that."""


@dataclass(frozen=True)
class LiquidatorTerms:
    """What is worth a transaction."""

    least_bonus: int = 0
    """Assets: what a transaction costs. Below it a liquidation is skipped."""
    at_a_loss: bool = False
    """Liquidate even so, as whoever runs the market for its LPs may want."""
    tolerance: int = WAD // 100
    """Share by which a booked shortfall may be wrong; a new one and the end of one always count."""
    rest: int = 60
    """Seconds between two flags of an account for the same."""


@dataclass(frozen=True)
class LiquidatorState:
    """The accounts that are not healthy, and those that are flagged."""

    accounts: tuple[Margin, ...] = ()


class Liquidator(Keeper[LiquidatorState]):
    """Anybody may, and is paid for it."""

    name = "liquidator"

    def __init__(
        self,
        market: LiveMarket,
        sender: str,
        accounts: AccountSource,
        terms: LiquidatorTerms | None = None,
    ) -> None:
        super().__init__(market, sender)
        self.accounts = accounts
        self.terms = terms or LiquidatorTerms()

    def read(self) -> LiquidatorState:
        """Every account that may need something. Without a price none can be judged."""
        if self.market.spot() is None:
            return LiquidatorState()
        found = (self._account(owner) for owner in self.accounts.owners())
        return LiquidatorState(tuple(one for one in found if one is not None))

    def decide(self, state: LiquidatorState) -> Sequence[Action]:
        """What to do about them."""
        return decide(state, self.terms)

    def _account(self, owner: str) -> Margin | None:
        found = self.market.tried("margin", "health", owner)
        flagged = self.market["margin"].shortfall_of(owner)
        if found is None or (found[0] >= WAD and not flagged):
            return None
        series, lots = self.market.tried("lens", "next_liquidation", owner) or (0, 0)
        paid = lots and self.market.tried(
            "margin", "liquidate", owner, series, lots, sender=self.sender
        )
        beyond = self.market.tried("margin", "flag", owner, sender=self.sender)
        return Margin(
            owner=owner,
            health=found[0],
            series=series if paid else 0,
            lots=lots if paid else 0,
            bonus=paid[1] if paid else 0,
            beyond=flagged if beyond is None else beyond,
            flagged=flagged,
        )


def decide(state: LiquidatorState, terms: LiquidatorTerms) -> list[Action]:
    """By health, the worst first: a flag where a shortfall is not booked as it is, so that no LP
    leaves ahead of it, then a liquidation where one pays."""
    found = []
    for account in sorted(state.accounts, key=lambda one: (one.health, one.owner)):
        if _is_misbooked(account, terms):
            why = f"owes {account.beyond} assets more than it has; {account.flagged} are booked"
            found.append(Action("margin", "flag", (account.owner,), why, terms.rest))
        if account.lots and (terms.at_a_loss or account.bonus >= terms.least_bonus):
            found.append(_liquidate(account))
    return found


def _liquidate(account: Margin) -> Action:
    return Action(
        "margin",
        "liquidate",
        (account.owner, account.series, account.lots),
        f"health {account.health / WAD:.4f}, bonus {account.bonus} assets",
    )


def _is_misbooked(account: Margin, terms: LiquidatorTerms) -> bool:
    if account.beyond == 0 or account.flagged == 0:
        return account.beyond != account.flagged
    gap = abs(account.beyond - account.flagged)
    return gap * WAD > terms.tolerance * account.flagged
