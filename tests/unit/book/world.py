"""A book whose desk and vault are accounts, on the surface and oracle of a market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ballast.chain import Contract, compile_contract
from ballast.market.local import LocalMarket
from ballast.units import WAD, to_wad

REFERENCE = 2_000 * WAD
GRID = 50 * WAD
RISK = (3, 5, 7, 11, 13)  # value, a, b, weighted vega, dollar delta: of a lot, nano


@dataclass(frozen=True)
class World:
    """The book takes orders from the account `desk`, and learns of holdings from `vault`."""

    market: LocalMarket
    book: Contract
    desk: str
    vault: str
    valuer: Contract

    @property
    def expiries(self) -> list[int]:
        """On the surface; nothing is listed in the book."""
        return self.market.now_expiries

    def list_strikes(self, expiry: int, *strikes: float) -> None:
        for strike in strikes:
            self.book.list_strike(expiry, to_wad(strike), sender=self.desk)

    def series(self, expiry: int, strike: float = 2_000, right: str = "call") -> int:
        return self.market.series(expiry, strike, right)

    def apply(
        self,
        series: int,
        written: int,
        held: int = 0,
        escrowed: int = 0,
        risk: Any = RISK,
        flags: int = 0,
    ) -> Any:
        args = series, written, held, escrowed, risk, flags
        return self.book.apply(*args, sender=self.desk)

    def prepare(
        self,
        series: int,
        spot: float = 2_000,
        spot_at: int = 1,
        version: int = 1,
        flow_gap: int = 60,
    ) -> Any:
        args = series, to_wad(spot), spot_at, version, flow_gap
        return self.book.prepare(*args, sender=self.desk)

    def flows(self) -> tuple[int, int]:
        """F_d and W."""
        found = self.book.exposure_now()
        return found.flow_delta, found.flow_vega


def build(market: LocalMarket) -> World:
    desk, vault = market.who("other"), market.who("lp")
    valuer = market.chain.deploy(compile_contract("Valuer"))
    parts = (market.oracle, market.surface, valuer)
    args = (desk, vault, *parts, REFERENCE, GRID, market.sheet)
    book = market.chain.deploy(compile_contract("Book"), *args)
    return World(market, book, desk, vault, valuer)
