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
MARGIN = "margin"
CONTRACTS = {FUND: "insurance", MARGIN: "margin", VAULT: "vault"}
"""Holders that are contracts, and what the plan calls them."""


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
    stake_worth: int
    """Shares of the fund; assets."""

    @property
    def quote_change(self) -> int:
        return self.quote - self.brought_quote

    @property
    def underlying_change(self) -> int:
        return self.underlying - self.brought_underlying


class Ledger:
    """Flows of both tokens between the people of a story, the vault, the margin
    contract and the fund."""

    def __init__(self, market: LocalMarket, people: tuple[str, ...]) -> None:
        self.market = market
        self.people = people
        self.names = (*people, *CONTRACTS)
        self.brought: dict[str, Counter[str]] = {"quote": Counter(), "underlying": Counter()}
        self.requests: dict[str, list[int]] = {name: [] for name in self.names}
        """In the vault's queue, by who made them."""
        self.flows: dict[str, Counter[str]] = {"quote": Counter(), "underlying": Counter()}

    def fork(self) -> Ledger:
        """The same entries so far, for what is undone later."""
        other = Ledger(self.market, self.people)
        other.brought = {token: Counter(each) for token, each in self.brought.items()}
        other.flows = {token: Counter(each) for token, each in self.flows.items()}
        other.requests = {name: [*ids] for name, ids in self.requests.items()}
        return other

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
                self.stake(name),
            )
            for name in self.names
        ]

    def shares(self, name: str) -> int:
        """Shares of somebody, those that wait in the queue included; the vault has none."""
        if name in CONTRACTS:
            return 0
        vault, address = self.market.vault, self._address(name)
        waiting = (int(vault.pendingRedeemRequest(i, address)) for i in self.requests[name])
        return int(vault.balanceOf(address)) + sum(waiting)

    def stake(self, name: str) -> int:
        """What somebody's shares of the fund are worth, assets."""
        fund = self.market.insurance
        return int(fund.convertToAssets(fund.balanceOf(self._address(name))))

    def check(self) -> None:
        """Every balance is what was brought and moved; nothing came from nowhere or got lost;
        vault, fund and margin contract have what they say they have."""
        for label, token in (("quote", self.market.quote), ("underlying", self.market.underlying)):
            flows, brought = self.flows[label], self.brought[label]
            held = {name: self._balance(token, name) for name in self.names}
            for name, amount in held.items():
                self._require(amount == brought[name] + flows[name], f"{label} of {name}")
            self._require(sum(flows.values()) == 0, f"sum of {label} flows")
            self._require(sum(held.values()) == token.totalSupply(), f"supply of {label}")
        self._require(self._told() == self._held(VAULT), "what the vault says it holds")
        self._require(self._in_accounts() == self._held(MARGIN), "what margin accounts hold")
        fund, dues = self.market.insurance, self.market.vault.dues()
        self._require(fund.totalAssets() == self._held(FUND)[0] + dues, "what the fund says")

    def _told(self) -> tuple[int, int]:
        """Cash, pots of settled expiries and unclaimed redemptions, by the vault's own account."""
        vault = self.market.vault
        balances, owed = vault.balances(), vault.redemptions()[3]
        pots = [vault.pot(expiry) for expiry in self.market.now_expiries]
        quote = balances.cash + owed + sum(pot[0] for pot in pots)
        return quote, balances.underlying + sum(pot[1] for pot in pots)

    def _in_accounts(self) -> tuple[int, int]:
        """Cash and underlying of all margin accounts; the story escrows nothing."""
        margin = self.market.margin
        accounts = [margin.account(self._address(name)) for name in self.people]
        return sum(cash for cash, _, _ in accounts), sum(units for _, units, _ in accounts)

    def _held(self, name: str) -> tuple[int, int]:
        market = self.market
        return self._balance(market.quote, name), self._balance(market.underlying, name)

    def _balance(self, token: Contract, name: str) -> int:
        return int(token.balanceOf(self._address(name)))

    def _address(self, name: str) -> str:
        if name in CONTRACTS:
            return str(self.market.deployment[CONTRACTS[name]].address)
        return self.market.who(name)

    @staticmethod
    def _require(agrees: bool, what: str) -> None:
        if not agrees:
            raise ReportError(f"the books do not balance: {what}")
