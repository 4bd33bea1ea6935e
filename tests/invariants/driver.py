"""A market, its ghost, and the one way in which the machines call it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ballast.chain import Reverted, RevmChain, rolled_back
from ballast.chain.contract import Method
from ballast.chain.protocol import Receipt
from ballast.market.local import FOREVER, LocalMarket, Terms
from ballast.series import Right, Series
from ballast.units import WAD
from tests.invariants.ghost import Ghost
from tests.spec import holds

MOST = 2**128
PEOPLE = (
    "lp", "other", "trader", "stranger", "liquidator", "keeper", "guardian", "owner", "deployer",
    "second_signer",
)  # fmt: skip
RICH = ("lp", "other", "trader", "stranger", "liquidator")


class Driver:
    """Calls in bulk, so that time stands still unless a rule moves it."""

    def __init__(self, terms: Terms) -> None:
        self.market = LocalMarket.open(RevmChain(), terms)
        assert isinstance(self.market.chain, RevmChain)
        self.chain: RevmChain = self.market.chain
        self.start = self.chain.snapshot()
        self.reset()

    def reset(self) -> None:
        """As it opened, with money for everybody who trades."""
        self.chain.revert(self.start)
        terms = self.market.terms
        self.ghost = Ghost(terms.quote_decimals, terms.underlying_decimals)
        self.logs: list[Any] = []
        for name in RICH:
            account = self.market.fund(name, quote=10_000_000, underlying=10_000)
            self.ghost.quote[account] = self.market.assets(10_000_000)
            self.ghost.units[account] = self.market.units(10_000)
        self.minted = self.market.assets(50_000_000), self.market.units(50_000)
        self.strikes_changed()

    # --- names

    def who(self, name: str) -> str:
        """An address."""
        return self.market.who(name)

    @property
    def people(self) -> list[str]:
        """All accounts but vault, margin contract and fund."""
        return [self.who(name) for name in PEOPLE]

    @property
    def now(self) -> int:
        return self.chain.timestamp

    def spot(self) -> int | None:
        """The price, where it can be read."""
        seen = self.market.oracle.try_spot()
        return int(seen[1]) if seen[0] else None

    def is_valued(self) -> bool:
        """Whether NAV can be read now."""
        return self.would(self.market.vault.nav, by="stranger") is None

    def strikes_changed(self) -> None:
        """Reads the list of series anew."""
        book = self.market.book
        self.expiries: list[int] = list(book.expiries())
        self.series: list[int] = [
            Series(expiry, strike, right).id
            for expiry in self.expiries
            for strike in book.strikes(expiry)
            for right in Right
        ]

    # --- the wrapper

    def do(
        self, method: Method, *args: Any, by: str, refusals: frozenset[str] = frozenset()
    ) -> Any:
        """The value returned, or None where the call was refused for one of these reasons (V28) and
        left no trace (V27)."""
        before = self.digest()
        data, chain = method.encode(*args), self.chain
        try:
            output = chain.bulk(method.contract.address, data, self.who(by))
        except Reverted as error:
            holds("V28", error.reason in refusals, method.name, args, by, error.reason, error.halt)
            holds("V27", self.digest() == before, method.name, args, by)
            return None
        receipt: Receipt = chain._receipt(data, output)
        self.logs += receipt.logs
        for log in receipt.events:
            if log.name == "FeeMinted":
                self.ghost.shares[log.args["receiver"]] += log.args["shares"]
        value = method.contract.codec.function(method.name, args).decode(output)
        return True if value is None else value

    def would(self, method: Method, *args: Any, by: str) -> str | None:
        """Why a call would be refused; None if it would not."""
        try:
            self.chain.call(method.contract.address, method.encode(*args), sender=self.who(by))
        except Reverted as error:
            return error.reason or f"no reason, {error.halt}"
        return None

    @contextmanager
    def copy(self) -> Iterator[None]:
        """What happens in here is undone; the ghost must not be told."""
        before = len(self.logs)
        with rolled_back(self.chain):
            yield
        del self.logs[before:]

    def digest(self) -> tuple[Any, ...]:
        """Key views."""
        market = self.market
        vault = market.vault
        words = [market.book.exposure_now(), vault.balances(), vault.totalSupply()]
        words += [vault.redemptions(), market.quote.balanceOf(vault), market.desk.caution()]
        words += [market.underlying.balanceOf(vault), market.book.expiries(), market.desk.nav_ref()]
        words += [market.book.polynomial(expiry) for expiry in self.expiries]
        return tuple(words)

    # --- orders, with the ghost's books

    def buy(self, name: str, series_id: int, lots: int, refusals: frozenset[str]) -> int | None:
        """Assets paid."""
        desk = self.market.desk
        paid = self.do(desk.buy, series_id, lots, MOST, FOREVER, by=name, refusals=refusals)
        if paid is None:
            return None
        ghost, account = self.ghost, self.who(name)
        ghost.quote[account] -= paid
        ghost.cash += paid
        ghost.options[account, series_id] += lots
        ghost.written[series_id] += lots
        return int(paid)

    def sell(
        self, name: str, series_id: int, lots: int, refusals: frozenset[str]
    ) -> tuple[int, int] | None:
        """Assets and units received."""
        desk = self.market.desk
        got = self.do(desk.sell, series_id, lots, 0, FOREVER, by=name, refusals=refusals)
        if got is None:
            return None
        ghost, account = self.ghost, self.who(name)
        ghost.quote[account] += got[0]
        ghost.units[account] += got[1]
        ghost.cash -= got[0]
        ghost.stock -= got[1]
        ghost.options[account, series_id] -= lots
        ghost.written[series_id] -= lots
        return int(got[0]), int(got[1])

    def value(self) -> tuple[int, int] | None:
        """NAV and U, WAD; None where they cannot be read."""
        vault, book = self.market.vault, self.market.book
        if not self.is_valued():
            return None
        lot = self.market.units(1) // 10_000
        lots = vault.balances().underlying // lot
        found = book.appraisal(lots * WAD // 10_000)
        return int(vault.nav()[0]), int(found.potential)
