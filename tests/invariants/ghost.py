"""The market as it should be, in Python integers: who has what, and what the vault owes whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ballast.series import Series
from tests.invariants.accounts import Accounts, in_quote_up, surrendered_up

LOTS = 10_000
"""In a contract."""


@dataclass
class Request:
    """In the redemption queue."""

    controller: str
    shares: int
    at: int


@dataclass
class Ghost:
    """Amounts are token units, sizes lots. Accounts are addresses."""

    quote_decimals: int
    unit_decimals: int
    quote: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    units: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    shares: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    options: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    written: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """Lots of a series that holders have, and that stand in the book."""
    margin: Accounts = field(default_factory=Accounts)
    prices: dict[int, int] = field(default_factory=dict)
    """Settlement prices of settled expiries."""
    pots: dict[int, list[int]] = field(default_factory=dict)
    """Quote, units and lots of a settled expiry."""
    queue: dict[int, Request] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cash: int = 0
    """Of the vault's LPs, quote."""
    stock: int = 0
    """The same, units."""
    donated: list[int] = field(default_factory=lambda: [0, 0])

    # --- what a series is worth

    def cover(self, series_id: int, lots: int) -> tuple[int, int]:
        """What covers it: quote, and lots of underlying."""
        series = Series.from_id(series_id)
        if series.right == 0:
            return 0, lots
        return series.strike * lots // 10 ** (22 - self.quote_decimals), 0

    def payoff(self, series_id: int, lots: int, price: int) -> tuple[int, int]:
        """At a settlement price, rounded down: quote, units."""
        series = Series.from_id(series_id)
        if series.right == 0:
            ahead = max(price - series.strike, 0)
            return 0, ahead * lots * 10 ** (self.unit_decimals - 4) // price
        return max(series.strike - price, 0) * lots // 10 ** (22 - self.quote_decimals), 0

    # --- sums

    def live(self) -> Iterator[tuple[int, int]]:
        """Series that stand in the book, and their lots."""
        return ((series_id, lots) for series_id, lots in self.written.items() if lots)

    def held(self) -> dict[int, tuple[int, int]]:
        """What accounts owe of series that stand in the book, and have escrowed of it."""
        owed = (one for one in self.margin.owed_series() if one >> 128 not in self.prices)
        return {series_id: self.margin.lots(series_id) for series_id in owed}

    def uncovered(self) -> Iterator[tuple[int, int]]:
        """Series and their lots which the vault itself must cover."""
        return ((one, max(lots - self.margin.lots(one)[1], 0)) for one, lots in self.live())

    def locked(self) -> tuple[int, int]:
        """Quote and lots of underlying that cover what stands."""
        covers = [self.cover(series_id, lots) for series_id, lots in self.uncovered()]
        return sum(one for one, _ in covers), sum(one for _, one in covers)

    def expected_quote(self) -> int:
        """What the vault's balance must be."""
        pots = sum(pot[0] for pot in self.pots.values())
        return self.cash + pots + sum(self.owed.values()) + self.donated[0]

    def expected_units(self) -> int:
        """The same for underlying."""
        return self.stock + sum(pot[1] for pot in self.pots.values()) + self.donated[1]

    def outstanding(self, series_id: int) -> int:
        """Lots that holders have."""
        return sum(lots for (_, one), lots in self.options.items() if one == series_id)

    def held_by(self, people: list[str]) -> list[tuple[tuple[str, int], int]]:
        """What some have: holder and series, lots."""
        return [(key, lots) for key, lots in self.options.items() if lots and key[0] in people]

    # --- settlement

    def settle(self, expiry: int, price: int) -> None:
        """Everything of an expiry into its pot, all other cover free. Escrow pays, and what is owed
        beyond it is booked, less by one than what is asked of accounts."""
        self._settle_held(expiry, price)
        self.prices[expiry] = price
        pot = [0, 0, 0]
        for series_id, lots in list(self.live()):
            if series_id >> 128 == expiry:
                quote, units = self.payoff(series_id, lots, price)
                pot[0], pot[1] = pot[0] + quote, pot[1] + units
                pot[2] += lots * self.pays(series_id, price)
                self.written[series_id] = 0
        if pot[2]:
            self.pots[expiry] = pot
            self.cash -= pot[0]
            self.stock -= pot[1]

    def _settle_held(self, expiry: int, price: int) -> None:
        for series_id, (owed, escrowed) in self.held().items():
            if series_id >> 128 == expiry and self.pays(series_id, price):
                decimals = self.quote_decimals, self.unit_decimals
                quote, units = surrendered_up(series_id, escrowed, price, *decimals)
                self.cash, self.stock = self.cash + quote, self.stock + units
                self.margin.quote -= quote
                self.margin.units -= units
                if owed > escrowed:
                    debt = in_quote_up(series_id, owed - escrowed, price, decimals[0])
                    self.margin.receivable += debt - 1

    @staticmethod
    def pays(series_id: int, price: int) -> bool:
        """Is it in the money?"""
        series = Series.from_id(series_id)
        return price > series.strike if series.right == 0 else price < series.strike

    def draw(self, series_id: int, lots: int) -> tuple[int, int]:
        """A holder redeems; with the last lots the rest of the pot returns."""
        expiry = series_id >> 128
        price = self.prices[expiry]
        quote, units = self.payoff(series_id, lots, price)
        if self.pays(series_id, price):
            pot = self.pots[expiry]
            for place, amount in enumerate((quote, units, lots)):
                pot[place] -= amount
            if pot[2] == 0:
                self.cash += pot[0]
                self.stock += pot[1]
                del self.pots[expiry]
        return quote, units
