"""Double entry beside the market: who paid whom, from what calls returned and events said. It is
held against the tokens' own balances, to the unit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ballast.chain.contract import Contract
from ballast.errors import ReportError
from ballast.market.local import LocalMarket

VAULT = "vault"
FUND = "fund"


@dataclass(frozen=True)
class Account:
    """What somebody brought and what he has in the end, in units of the tokens."""

    name: str
    brought_quote: int
    brought_underlying: int
    quote: int
    underlying: int
    shares_worth: int
    """Shares at NAV, those that wait in the queue included; assets."""

    @property
    def quote_change(self) -> int:
        return self.quote - self.brought_quote

    @property
    def underlying_change(self) -> int:
        return self.underlying - self.brought_underlying


class Ledger:
    """Flows of both tokens between the people of a story, the vault and the fund."""

    def __init__(self, market: LocalMarket, people: tuple[str, ...]) -> None:
        self.market = market
        self.people = people
        self.names = (*people, FUND, VAULT)
        self.brought: dict[str, Counter[str]] = {"quote": Counter(), "underlying": Counter()}
        self.requests: dict[str, list[int]] = {name: [] for name in self.names}
        """In the vault's queue, by who made them."""
        self.flows: dict[str, Counter[str]] = {"quote": Counter(), "underlying": Counter()}

    def bring(self, name: str, quote: int = 0, underlying: int = 0) -> None:
        """Tokens that somebody arrives with."""
        self.brought["quote"][name] += quote
        self.brought["underlying"][name] += underlying

    def move(self, payer: str, receiver: str, quote: int = 0, underlying: int = 0) -> None:
        """A payment: what one loses the other gains."""
        for token, amount in (("quote", quote), ("underlying", underlying)):
            self.flows[token][payer] -= amount
            self.flows[token][receiver] += amount

    def accounts(self) -> list[Account]:
        """Everybody, as the tokens have it; refuses what does not agree with the flows."""
        self.check()
        return [
            Account(
                name,
                self.brought["quote"][name],
                self.brought["underlying"][name],
                self._balance(self.market.quote, name),
                self._balance(self.market.underlying, name),
                self.market.vault.convertToAssets(self.shares(name)),
            )
            for name in self.names
        ]

    def shares(self, name: str) -> int:
        """Shares of somebody, those that wait in the queue included; the vault has none."""
        if name == VAULT:
            return 0
        vault, address = self.market.vault, self._address(name)
        waiting = (int(vault.pendingRedeemRequest(i, address)) for i in self.requests[name])
        return int(vault.balanceOf(address)) + sum(waiting)

    def check(self) -> None:
        """Every balance is what was brought and moved; nothing came from nowhere or got lost; the
        vault has what it says it has."""
        for label, token in (("quote", self.market.quote), ("underlying", self.market.underlying)):
            flows, brought = self.flows[label], self.brought[label]
            held = {name: self._balance(token, name) for name in self.names}
            for name, amount in held.items():
                self._require(amount == brought[name] + flows[name], f"{label} of {name}")
            self._require(sum(flows.values()) == 0, f"sum of {label} flows")
            self._require(sum(held.values()) == token.totalSupply(), f"supply of {label}")
        self._require(self._told() == self._held(), "what the vault says it holds")

    def _told(self) -> tuple[int, int]:
        """Cash, pots of settled expiries and unclaimed redemptions, by the vault's own account."""
        vault = self.market.vault
        balances, owed = vault.balances(), vault.redemptions()[3]
        pots = [vault.pot(expiry) for expiry in self.market.now_expiries]
        quote = balances.cash + owed + sum(pot[0] for pot in pots)
        return quote, balances.underlying + sum(pot[1] for pot in pots)

    def _held(self) -> tuple[int, int]:
        market = self.market
        return self._balance(market.quote, VAULT), self._balance(market.underlying, VAULT)

    def _balance(self, token: Contract, name: str) -> int:
        return int(token.balanceOf(self._address(name)))

    def _address(self, name: str) -> str:
        return self.market.vault.address if name == VAULT else self.market.who(name)

    @staticmethod
    def _require(agrees: bool, what: str) -> None:
        if not agrees:
            raise ReportError(f"the books do not balance: {what}")
