"""Accounts that stand where a scenario begins: at the requirement, thin, insolvent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ballast.chain import rolled_back
from ballast.chain.protocol import Receipt
from ballast.market.local import LocalMarket

Legs = tuple[tuple[int, int, str, float], ...]
"""Number of the expiry, strike, right, contracts: above zero sold to open, below owned."""


def assessed(market: LocalMarket, actor: str) -> Any:
    """What an account is worth and must be worth."""
    return market.margin.health(market.who(actor))[1]


def cash_of(market: LocalMarket, actor: str) -> int:
    """Assets in an account."""
    return int(market.margin.account(market.who(actor))[0])


def open_legs(market: LocalMarket, actor: str, legs: Legs, quote: int = 400_000) -> None:
    """An account with these legs and all the cash it could want."""
    account = market.fund(actor, quote=quote)
    market.add_margin(actor, quote)
    if not market.token.isApprovedForAll(account, market.margin):
        market.token.setApprovalForAll(market.margin, True, sender=account)
    for number, strike, right, size in sorted(legs, key=lambda leg: leg[3]):
        series = market.series(market.now_expiries[number], strike, right)
        if size > 0:
            market.write(actor, series, str(size))
        else:
            market.buy(actor, series, str(-size))
            market.margin.deposit_option(series, market.lots(str(-size)), sender=account)


def thin(market: LocalMarket, actor: str) -> None:
    """Out with all that the initial requirement leaves."""
    found = assessed(market, actor)
    scale = 10 ** (18 - market.terms.quote_decimals)
    spare = min((found.equity - found.initial) // scale, cash_of(market, actor))
    if spare > 0:
        market.margin.withdraw(spare, sender=market.who(actor))


def drift(market: LocalMarket, actor: str, toward: float) -> Decimal:
    """The price nearest to `toward` times spot at which an account is healthy still."""
    start, safe, far = Decimal(market.terms.spot), Decimal(1), Decimal(str(toward))
    for _ in range(14):
        middle = (safe + far) / 2
        with rolled_back(market.chain):
            market.transmit(round(start * middle, 6))
            is_safe = market.health(actor) >= 1
        safe, far = (middle, far) if is_safe else (safe, middle)
    price = round(start * safe, 6)
    market.transmit(price)
    return price


@dataclass
class Toll:
    """What liquidations brought about."""

    blocks: int = 0
    calls: int = 0
    windups: int = 0
    bonuses: int = 0
    from_fund: int = 0
    from_lps: int = 0
    shortfall: int = 0

    def see(self, receipt: Receipt) -> None:
        """One call."""
        done = receipt.event("Liquidated").args
        self.calls += 1
        self.windups += done["is_windup"]
        self.bonuses += done["bonus"]
        for log in receipt.logs:
            if getattr(log, "name", "") == "ShortfallRealised":
                self.shortfall += log.args["shortfall"]
                self.from_fund += log.args["from_fund"]
                self.from_lps += log.args["from_lps"]


def liquidated(market: LocalMarket, actors: tuple[str, ...], most: int = 60) -> Toll:
    """Everything that can be closed of some accounts, one call for each in every block."""
    toll = Toll()
    while toll.blocks < most:
        receipts = [market.liquidate("liquidator", actor) for actor in actors]
        for receipt in receipts:
            if receipt is not None:
                toll.see(receipt)
        if not any(receipts):
            break
        toll.blocks += 1
    return toll


def nav(market: LocalMarket) -> int:
    """WAD."""
    return int(market.vault.nav()[0])
