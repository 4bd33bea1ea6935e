"""Which keepers run together, and in which order they take turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ballast.bots.accounts import AccountSource, KnownAccounts
from ballast.bots.action import Keeper, KeeperError
from ballast.bots.hedger import HedgeKeeper, HedgerTerms
from ballast.bots.liquidator import Liquidator, LiquidatorTerms
from ballast.bots.market import LiveMarket
from ballast.bots.poster import Poster, PosterTerms
from ballast.bots.refresher import Refresher, RefresherTerms
from ballast.bots.settler import Settler, SettlerTerms
from ballast.bots.smiles import VolatilitySource


@dataclass(frozen=True)
class Crew:
    """One market, one sender, and what the keepers are given to work with."""

    market: LiveMarket
    sender: str
    source: VolatilitySource | None = None
    accounts: AccountSource = field(default_factory=KnownAccounts)
    posting: PosterTerms = field(default_factory=PosterTerms)
    refreshing: RefresherTerms = field(default_factory=RefresherTerms)
    liquidating: LiquidatorTerms = field(default_factory=LiquidatorTerms)
    hedging: HedgerTerms = field(default_factory=HedgerTerms)
    settling: SettlerTerms = field(default_factory=SettlerTerms)

    def keepers(self, names: Sequence[str] | None = None) -> list[Keeper[Any]]:
        """Those of these names, all by default, in the order in which they take turns."""
        wanted = require_jobs(JOBS if names is None else names)
        return [make(self) for name, make in JOBS.items() if name in wanted]

    def poster(self) -> Keeper[Any]:
        """The one keeper that cannot do without something of its own."""
        if self.source is None:
            raise KeeperError(
                "the poster has no volatility to post: give it quotes, or leave it out"
            )
        return Poster(self.market, self.sender, self.source, self.posting)


JOBS: Final[dict[str, Callable[[Crew], Keeper[Any]]]] = {
    "poster": Crew.poster,
    "refresher": lambda crew: Refresher(crew.market, crew.sender, crew.refreshing),
    "liquidator": lambda crew: Liquidator(
        crew.market, crew.sender, crew.accounts, crew.liquidating
    ),
    "hedger": lambda crew: HedgeKeeper(crew.market, crew.sender, crew.hedging),
    "settler": lambda crew: Settler(crew.market, crew.sender, crew.accounts, crew.settling),
}
"""All else needs a surface that is new and a book that is fresh; what has expired can wait."""


def require_jobs(names: Iterable[str]) -> list[str]:
    """The names, if each is a keeper's."""
    found = list(names)
    unknown = [name for name in found if name not in JOBS]
    if unknown or not found:
        called = f"no keeper is called {', '.join(unknown)}" if unknown else "no keeper is named"
        raise KeeperError(f"{called}; there are {', '.join(JOBS)}")
    return found
