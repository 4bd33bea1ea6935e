"""Refreshes the book where its Greeks hold no longer, or will not for long.

Nothing opens in any expiry while the guard of one has failed. A guard fails by spot, by time, by a
new surface; and some expiry's cutoff ends what holds for all until one of them is evaluated anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ballast.bots.action import Action, Keeper
from ballast.bots.market import LiveMarket
from ballast.bots.poster import CUTOFF
from ballast.units import WAD


@dataclass(frozen=True)
class Guard:
    """Where an expiry's Greeks hold: spot over the reference from and to, WAD; time; version."""

    expiry: int
    low: int
    high: int
    until: int
    version: int

    @property
    def is_nowhere(self) -> bool:
        """It has been evaluated and holds nowhere, which another evaluation may not change."""
        return self.low > 0 and self.high == 0

    def has_failed(self, ratio: int, at: int, version: int) -> bool:
        """The contract's own question."""
        return not (self.low <= ratio <= self.high and at <= self.until) or self.version != version

    def fails_soon(self, ratio: int, at: int, terms: RefresherTerms) -> bool:
        """Is spot near an end, or the time near? No evaluation lasts beyond the cutoff."""
        rim = (self.high - self.low) * terms.rim // WAD
        ends = self.until < self.expiry - CUTOFF and self.until - at < terms.lead
        return ends or min(ratio - self.low, self.high - ratio) < rim


@dataclass(frozen=True)
class RefresherTerms:
    """When a guard is about to fail."""

    rim: int = WAD // 20
    """Share of the guard's width at each end in which spot is too near."""
    lead: int = 60
    """Seconds before its time."""
    rest: int = 60
    """Seconds for which an expiry whose guard holds nowhere is left alone after a try."""


@dataclass(frozen=True)
class RefresherState:
    """The guards of the book. Without a price there is nothing to refresh with."""

    at: int
    ratio: int | None
    """Spot over the book's reference, WAD."""
    version: int
    guards: tuple[Guard, ...] = ()
    is_fresh: bool = True
    """What the book says of all at once."""


class Refresher(Keeper[RefresherState]):
    """Keeps the book open; anybody may."""

    name = "refresher"

    def __init__(
        self, market: LiveMarket, sender: str, terms: RefresherTerms | None = None
    ) -> None:
        super().__init__(market, sender)
        self.terms = terms or RefresherTerms()

    def read(self) -> RefresherState:
        """Guards of all expiries on the book."""
        book, version = self.market["book"], self.market["surface"].version()
        at, spot = self.market.chain.timestamp, self.market.spot()
        expiries = book.expiries()
        if spot is None or not expiries:
            return RefresherState(at, None, version)
        standing = book.standing(expiries[0] << 128, spot.price, spot.at, version, 0)
        return RefresherState(
            at=at,
            ratio=spot.price * WAD // book.REFERENCE(),
            version=version,
            guards=tuple(Guard(expiry, *book.guard(expiry)) for expiry in expiries),
            is_fresh=standing.is_fresh,
        )

    def decide(self, state: RefresherState) -> Sequence[Action]:
        """Refreshes, the most urgent first."""
        return decide(state, self.terms)


def decide(state: RefresherState, terms: RefresherTerms) -> list[Action]:
    """What has failed, soonest expiry first; then what is about to; else one where all must be
    looked at together."""
    if state.ratio is None:
        return []
    ratio, open_ = (
        state.ratio,
        sorted(
            (guard for guard in state.guards if state.at + CUTOFF <= guard.expiry),
            key=lambda guard: guard.expiry,
        ),
    )
    failed = [one for one in open_ if one.has_failed(ratio, state.at, state.version)]
    near = [one for one in open_ if one not in failed and one.fails_soon(ratio, state.at, terms)]
    found = [_refresh(one, "its guard has failed", terms) for one in failed]
    found += [_refresh(one, "its guard is about to fail", terms) for one in near]
    if not found and open_ and not state.is_fresh:
        found = [Action("book", "refresh", (open_[0].expiry,), "another has passed its cutoff")]
    return found


def _refresh(guard: Guard, why: str, terms: RefresherTerms) -> Action:
    rest = terms.rest if guard.is_nowhere else 0
    return Action("book", "refresh", (guard.expiry,), why, rest)
