"""A market in which traders hold options of every expiry, put back after each scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ballast.market.local import LocalMarket
from tests.market import at_start


@dataclass(frozen=True)
class Scene:
    """The market, and what the trader holds in it: contracts by series."""

    market: LocalMarket
    held: dict[int, int]

    @property
    def trader(self) -> str:
        return self.market.who("trader")

    def wealth(self, actor: str) -> tuple[int, int]:
        """Assets and units of underlying."""
        who = self.market.who(actor)
        return self.market.quote.balanceOf(who), self.market.underlying.balanceOf(who)

    def live(self) -> list[int]:
        """Expiries of the surface that have a moment to go."""
        now = self.market.chain.timestamp
        return [e for e in self.market.surface.expiries() if e > now + 10]


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Calls and puts of three strikes in each of four expiries, two contracts each."""
    with at_start() as market:
        held = {}
        for expiry in market.now_expiries:
            for strike in (1_900, 2_000, 2_100):
                for right in ("call", "put"):
                    series = market.series(expiry, strike, right)
                    market.buy("trader", series, 2)
                    held[series] = 2
        yield Scene(market, held)
