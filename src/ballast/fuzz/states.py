"""Brings a market into a corner: large and lopsided books, flows, old rounds, stale Greeks, an
empty till. Steps that a market refuses are left out; the corner is what the others made of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from ballast.chain import Reverted
from ballast.market.local import LocalMarket
from ballast.series import Right, Series
from ballast.units import DAY, LOT, WAD, from_wad

HOUR: Final = 3_600
CUTOFF: Final = 12 * HOUR
PURSE: Final = 10**9
"""Quote tokens that a trader has."""
CREDIT: Final = 10**8
"""Quote tokens in the margin account of each: enough for any requirement."""


class Corner:
    """A market and what was done to it, in words."""

    def __init__(self, market: LocalMarket, source: random.Random) -> None:
        self.market, self.source = market, source
        self.story: list[str] = []
        self.ids: list[int] = []

    # --- the parts of a story

    def supply(self) -> None:
        """LPs' money, more of one kind or the other."""
        quote, worth = self.source.choice(((1_000_000, 500_000), (700_000, 40_000),
                                           (200_000, 900_000)))  # fmt: skip
        units = worth * WAD * WAD // self._spot()
        self.market.deposit("lp", quote)
        self.market.deposit_underlying("lp", str(from_wad(units - units % 10**14)))
        self.market.desk.syncNav(sender=self.market.actors["keeper"])
        for actor in ("trader", "other"):
            self.market.fund(actor, quote=PURSE)
            self.market.add_margin(actor, quote=CREDIT, underlying=10**5)
        self.ids = [
            Series(expiry, strike, right).id
            for expiry in self.market.book.expiries()
            for strike in self.market.book.strikes(expiry)
            for right in Right
        ]

    def crowd(self, orders: int) -> None:
        """Others and the trader take positions of all sizes, most on one side."""
        favoured = self.source.sample(self.ids, min(len(self.ids), 6))
        for _ in range(orders):
            actor = self.source.choice(("trader", "other"))
            pool = favoured if self.source.random() < 0.6 else self.ids
            self.buy(actor, self.source.choice(pool))

    def buy(self, actor: str, series_id: int) -> None:
        """As much of a drawn size as limits let through."""
        lots = int(10 ** self.source.uniform(1.0, 6.0))
        for _ in range(6):
            if self.tried(f"{actor} buys", self.market.buy, actor, series_id, _contracts(lots)):
                return
            lots = max(lots // 4, 1)

    def sell(self, actor: str, series_id: int) -> None:
        """A part of what is held, or all."""
        held = self.market.token.balanceOf(self.market.who(actor), series_id)
        if held:
            lots = held if self.source.random() < 0.4 else self.source.randint(1, held)
            self.tried(f"{actor} sells", self.market.sell, actor, series_id, _contracts(lots))

    def write(self) -> None:
        """Accounts sell to the vault, some of it covered in full."""
        for _ in range(self.source.randint(2, 12)):
            actor, series_id = self.source.choice(("trader", "other")), self.source.choice(self.ids)
            lots = int(10 ** self.source.uniform(1.0, 5.5))
            size, part = (
                _contracts(lots),
                _contracts(int(lots * self.source.choice((0, 0, 0.5, 1)))),
            )
            self.tried(f"{actor} writes", self.market.write, actor, series_id, size, escrowed=part)

    def unload(self) -> None:
        """Others close some of theirs: flows the other way."""
        for series_id in self.source.sample(self.ids, min(len(self.ids), 12)):
            self.sell("other", series_id)

    def pass_time(self, seconds: int) -> None:
        """The clock, then new slices and a round at the same price."""
        self.market.chain.set_timestamp(self.market.chain.timestamp + seconds)
        self.round(1.0)
        self.post(1.0)

    def fix_passed(self) -> None:
        """Settlement prices of expiries that have passed: without them the book has no value."""
        for expiry in self.market.book.expiries():
            passed = expiry < self.market.chain.timestamp
            if passed and not self.market.oracle.is_fixed(expiry):
                self.tried(f"fix {expiry}", self.market.fix, expiry)

    def wait(self, seconds: int) -> None:
        """The clock alone: rounds and slices grow old."""
        self.market.chain.set_timestamp(self.market.chain.timestamp + seconds)
        self.story.append(f"wait {seconds}")

    def round(self, factor: float) -> None:
        """A round of the feed at another price."""
        price = Decimal(self._spot()) / WAD * Decimal(repr(round(factor, 6)))
        self.tried(f"spot x {factor:.4f}", self.market.transmit, price.quantize(Decimal("1e-8")))

    def post(self, factor: float) -> None:
        """Slices of both signers at another volatility, and a refreshed book."""
        terms = self.market.terms
        volatility = min(max(terms.volatility * factor, 0.2), 2.5)
        self.market.terms = replace(terms, volatility=volatility)
        now = self.market.chain.timestamp
        live = [expiry for expiry in self.market.surface.expiries() if expiry > now + HOUR]
        if self.tried(f"vol {volatility:.3f}", self.market.found, live):
            self.market.refresh()

    def poison(self) -> None:
        """Rounds that follow where the flow went."""
        series_id = self.source.choice(self.ids)
        rise = 1.004 if series_id & 1 == 0 else 0.996
        for _ in range(self.source.randint(3, 8)):
            self.fresh()
            self.buy("other", series_id)
            self.wait(90)
            self.round(rise)

    def near_cutoff(self) -> None:
        """The first expiry has minutes left."""
        first = min(self.market.book.expiries())
        left = first - self.market.chain.timestamp - CUTOFF
        if left > 1_000:
            self.pass_time(left - self.source.choice((60, 400, 900)))

    def empty_till(self) -> None:
        """LPs take all the quote that is free."""
        vault, lp = self.market.vault, self.market.who("lp")
        most = vault.maxRedeem(lp)
        if most:
            self.tried("till emptied", vault.redeem.send, most, lp, lp, sender=lp)

    def caution(self) -> None:
        """The guardian's first level."""
        guardian = self.market.actors["guardian"]
        self.tried("caution 1", self.market.desk.raise_caution.send, 1, sender=guardian)

    def fresh(self) -> None:
        """Greeks of this moment."""
        self.tried("refresh", self.market.refresh)

    # --- helpers

    def tried(self, what: str, act: Callable[..., object], *args: Any, **kw: Any) -> bool:
        """Done, or refused."""
        try:
            act(*args, **kw)
        except Reverted as refused:
            self.story.append(f"({what}: {refused.reason})")
            return False
        self.story.append(what)
        return True

    def _spot(self) -> int:
        return int(self.market.feed.latestRoundData()[1]) * 10**10


def _contracts(lots: int) -> Decimal:
    return Decimal(lots * LOT) / WAD


def corner(market: LocalMarket, source: random.Random, *, is_stale: bool) -> Corner:
    """A market brought somewhere. A stale one ends with Greeks of another moment."""
    made = Corner(market, source)
    made.supply()
    made.crowd(source.choice((6, 15, 40)))
    for act in source.sample(_ACTS, source.randint(0, 4)):
        act(made, source)
    made.fresh()
    made.crowd(source.choice((0, 3, 10)))
    if source.random() < 0.5:
        made.unload()
    if is_stale:
        _stale(made, source)
    return made


Act = Callable[[Corner, random.Random], None]


def _stale(made: Corner, source: random.Random) -> None:
    """A move within the guards or just out of them, or time."""
    if source.random() < 0.7:
        made.round(1 + source.choice((-1, 1)) * 10 ** source.uniform(-4.0, -1.5))
    if source.random() < 0.5:
        made.wait(int(10 ** source.uniform(1.0, 3.4)))


_ACTS: Final[tuple[Act, ...]] = (
    lambda made, source: made.round(source.uniform(0.9, 1.1)),
    lambda made, source: made.round(source.choice((0.6, 0.75, 1.3, 1.8))),
    lambda made, source: made.post(source.uniform(0.6, 1.6)),
    lambda made, source: made.pass_time(source.randint(HOUR, 2 * DAY)),
    lambda made, source: made.wait(source.randint(60, 3_000)),
    lambda made, source: made.near_cutoff(),
    lambda made, source: made.poison(),
    lambda made, source: made.empty_till(),
    lambda made, source: made.caution(),
    lambda made, source: made.unload(),
    lambda made, source: made.write(),
    lambda made, source: made.write(),
)
