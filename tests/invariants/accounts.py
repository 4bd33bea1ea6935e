"""Margin accounts and the fund as they should be, in Python integers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ballast.series import Series


@dataclass
class Leg:
    """Lots of one series."""

    owed: int = 0
    escrowed: int = 0
    owned: int = 0

    @property
    def owing(self) -> int:
        """Owed and not escrowed."""
        return self.owed - self.escrowed


@dataclass
class Account:
    """Assets, units of underlying, legs by series."""

    cash: int = 0
    units: int = 0
    legs: dict[int, Leg] = field(default_factory=dict)

    def change(self, series_id: int, owed: int = 0, escrowed: int = 0, owned: int = 0) -> None:
        """A leg more, another one, or none."""
        leg = self.legs.setdefault(series_id, Leg())
        leg.owed, leg.escrowed = leg.owed + owed, leg.escrowed + escrowed
        leg.owned += owned
        if leg == Leg():
            del self.legs[series_id]

    def as_told(self) -> tuple[int, int, list[tuple[int, int, int, int]]]:
        """In the form of `Margin.account`."""
        legs = [(one, leg.owed, leg.escrowed, leg.owned) for one, leg in sorted(self.legs.items())]
        return self.cash, self.units, legs

    @property
    def is_owing(self) -> bool:
        """Anything without escrow."""
        return any(leg.owing for leg in self.legs.values())


@dataclass
class Accounts:
    """All of them, the tokens of the margin contract, and the insurance fund."""

    of: dict[str, Account] = field(default_factory=lambda: defaultdict(Account))
    quote: int = 0
    """Tokens of the margin contract, gifts included."""
    units: int = 0
    receivable: int = 0
    shortfall_of: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    fund: int = 0
    """Tokens of the fund."""
    stakes: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def legs(self) -> Iterator[tuple[int, Leg]]:
        """Of everybody."""
        return ((one, leg) for account in self.of.values() for one, leg in account.legs.items())

    def lots(self, series_id: int) -> tuple[int, int]:
        """What all owe of a series, and have escrowed."""
        found = [leg for one, leg in self.legs() if one == series_id]
        return sum(leg.owed for leg in found), sum(leg.escrowed for leg in found)

    def owed_series(self) -> set[int]:
        """Series of which somebody owes something."""
        return {one for one, leg in self.legs() if leg.owed}

    def draw(self, shortfall: int, dues: int) -> tuple[int, int]:
        """What the fund pays, and what it fetches for it from the vault. The last token ends the
        series of shares."""
        fetched = dues if self.fund <= shortfall else 0
        self.fund += fetched
        paid = min(shortfall, self.fund)
        if paid == self.fund:
            self.stakes.clear()
        self.fund -= paid
        return paid, fetched


def in_quote_up(series_id: int, lots: int, price: int, quote_decimals: int) -> int:
    """What is owed for lots of a series at a settlement price, in assets, rounded up."""
    series = Series.from_id(series_id)
    ahead = price - series.strike if series.right == 0 else series.strike - price
    return -(-max(ahead, 0) * lots // 10 ** (22 - quote_decimals))


def surrendered_up(
    series_id: int, lots: int, price: int, quote_decimals: int, unit_decimals: int
) -> tuple[int, int]:
    """What escrow pays: assets, units of underlying, rounded up."""
    series = Series.from_id(series_id)
    if series.right == 1:
        return in_quote_up(series_id, lots, price, quote_decimals), 0
    ahead = max(price - series.strike, 0)
    return 0, -(-ahead * lots * 10 ** (unit_decimals - 4) // price)
