"""The Greek cache against full revaluation: spot, volatility, skew and time anywhere in the guard.

docs/MATH.md bounds the polynomial's error per contract by Taylor's remainder at a fixed volatility
of each strike (`TAYLOR`), by time, and by carry. A slice is a function of log-moneyness: as spot
moves, a strike's volatility moves along the smile, which adds `_smile`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import exp, sqrt
from typing import Any

import numpy as np
import pytest

from ballast.chain import Reverted, rolled_back
from ballast.market.local import FOREVER, UNLIMITED, LocalMarket, Terms
from ballast.model import quoting
from ballast.model.essvi import Slice
from ballast.units import WAD
from tests.market import NANO, at_start, outcome, sum_of_heads, totals_of

TERMS = Terms(strikes=(1_500, 1_600, 1_700, 1_800, 1_900, 2_000, 2_100, 2_200, 2_350, 2_500))
FAR = 1 / 4  # distance of two points of a guard, in units of S v
WAIT = 1 / 63  # y / (1 - y) for a 64th of the time
REFERENCE = 2_000.0


@dataclass(frozen=True)
class Book:
    """An expiry's positions and polynomial, and the market in which it was evaluated."""

    market: LocalMarket
    expiry: int
    smile: Slice
    at: int
    carry: float

    @classmethod
    def read(cls, market: LocalMarket, expiry: int) -> Book:
        now = market.surface.slice(expiry)
        smile = Slice(*(x / WAD for x in now.smile))
        return cls(market, expiry, smile, market.chain.timestamp, now.carry / WAD)

    @property
    def tau(self) -> int:
        return self.expiry - self.at

    def truth(self, spot: float, at: int) -> tuple[float, float]:
        """Value and dollar delta, every strike evaluated anew."""
        left = self.expiry - at
        smile = self.smile.scaled(left / self.tau)
        discount = exp(-self.carry * left / quoting.YEAR)
        positions = self.market.book.positions(self.expiry)
        strikes = np.array([p.strike / WAD for p in positions])
        calls, puts = (
            -np.array([p[i] / 10_000 for p in positions], dtype=np.float64) for i in (1, 3)
        )
        moment = quoting.Moment(spot, smile, left, discount)
        marks = quoting.mark(moment, strikes)
        value = float(calls @ marks.call + puts @ marks.put)
        delta = float(calls @ marks.delta_call + puts @ marks.delta_put)
        return value, spot * delta

    def cached(self, spot: float) -> tuple[float, float]:
        """The same of the polynomial."""
        p, a, b, _ = (c / NANO for c in self.market.book.polynomial(self.expiry))
        x = spot / REFERENCE
        return p + a * x + b * x * x / 2, x * (a + b * x)

    @property
    def contracts(self) -> float:
        """Gross."""
        return sum(sum(p[1:5]) for p in self.market.book.positions(self.expiry)) / 10_000

    @property
    def _deviations(self) -> tuple[float, float]:
        """A lower bound of v, and a v that no strike exceeds where its density counts."""
        at_money, rest = sqrt(self.smile.theta), 1 - self.smile.rho**2
        return min(at_money * 2 * rest / (1 + rest), 1.0), at_money * 1.25

    @property
    def _smile(self) -> float:
        """By how much total variance of a strike moves from one end of the guard to the other."""
        return self.smile.psi * (1 + abs(self.smile.rho)) / 2 * self._deviations[0] * FAR

    def value_bound(self) -> float:
        """Per contract, as a share of spot."""
        least, most = self._deviations
        taylor = least * FAR**3 * (0.0404 + 0.0665 * least)
        time = most * (0.21 + 0.1 * most) * WAIT
        return taylor + time + self._carry + 0.3989 / (2 * least) * self._smile

    def delta_bound(self) -> float:
        """Per contract."""
        least, most = self._deviations
        taylor = (0.121 + 0.20 * most) * (FAR**2 + WAIT)
        bend = (0.2420 + 0.3989 * least) / (2 * least**2) * self._smile
        return taylor + self._carry / least + bend

    @property
    def _carry(self) -> float:
        return abs(1 - exp(-self.carry * self.tau / quoting.YEAR)) / 31


def seeds(count: int) -> Any:
    return pytest.mark.parametrize("seed", range(count))


@pytest.fixture
def fuzzed(seed: int) -> Iterator[tuple[LocalMarket, random.Random]]:
    """A market under a volatility and a skew of its own."""
    draw = random.Random(seed)
    with at_start(TERMS) as market:
        terms = market.terms
        skew = draw.choice([0.0, draw.uniform(-0.7, 0.4)])
        market.terms = replace(terms, volatility=draw.uniform(0.2, 1.6), rho=round(skew, 2))
        market.found(market.now_expiries)
        market.refresh()
        yield market, draw
        market.terms = terms


def traded(market: LocalMarket, draw: random.Random, expiry: int) -> int:
    """Trades at points of the guard in space and time; how many went through."""
    done = 0
    for _ in range(8):
        low, high, until = guarded(market, expiry)
        market.chain.advance(
            draw.randrange(max(1, min(200, (until - market.chain.timestamp) // 10)))
        )
        price = 20 * draw.randint(-(-low // 10**10), high // 10**10) * 100 // 100
        market.aggregator.transmit(price * 100, 0)
        for _ in range(4):
            strike = draw.choice(market.book.strikes(expiry))
            series = expiry << 128 | strike << 8 | draw.randint(0, 1)
            lots = draw.randint(1, 5_000)
            trader = market.who("trader")
            try:
                if draw.random() < 0.3:
                    held = market.token.balanceOf(trader, series)
                    market.desk.sell(series, min(lots, held), 0, FOREVER, sender=trader)
                else:
                    market.desk.buy(series, lots, UNLIMITED, FOREVER, sender=trader)
            except Reverted as refusal:
                assert refusal.reason in EXPECTED, refusal
                continue
            done += 1
            assert totals_of(market) == sum_of_heads(market)
    return done


def guarded(market: LocalMarket, expiry: int) -> tuple[int, int, int]:
    """The guard; evaluated first where a sale in a stale book has left none."""
    if not market.book.guard(expiry)[1]:
        market.book.refresh(expiry)
    low, high, until, _ = market.book.guard(expiry)
    return low, high, until


EXPECTED = ("desk: delta window", "desk: size", "quoter: no bid", "book: stale", "oracle: stale")


def corners(book: Book, draw: random.Random) -> Iterator[tuple[float, int]]:
    """Points of the guard that a trade or an LP could meet: its ends, now and at the last."""
    low, high, until, _ = book.market.book.guard(book.expiry)
    now = book.at
    prices = [low / WAD, high / WAD, *(draw.uniform(low / WAD, high / WAD) for _ in range(4))]
    for x in prices:
        for at in (now, until, draw.randint(now, max(now, until))):
            if at < book.expiry:
                yield x * REFERENCE, at


@seeds(24)
def test_cache__anywhere_in_the_guard__keeps_its_bounds(
    fuzzed: tuple[LocalMarket, random.Random], seed: int
) -> None:
    market, draw = fuzzed
    expiry = draw.choice(market.now_expiries)
    assert traded(market, draw, expiry) > 3
    guarded(market, expiry)
    book = Book.read(market, expiry)
    worst = [0.0, 0.0]
    for spot, at in corners(book, draw):
        truth, cached = book.truth(spot, at), book.cached(spot)
        allowed = (
            book.contracts * spot * book.value_bound() + 1e-4,
            book.contracts * spot * book.delta_bound() + 1e-4,
        )
        for i in (0, 1):
            worst[i] = max(worst[i], abs(cached[i] - truth[i]) / allowed[i])
    assert max(worst) <= 1, worst


@seeds(12)
def test_cache__just_evaluated__is_exact(
    fuzzed: tuple[LocalMarket, random.Random], seed: int
) -> None:
    """A refresh takes away what trades at other spots have left: errors are of integers alone."""
    market, draw = fuzzed
    expiry = draw.choice(market.now_expiries)
    traded(market, draw, expiry)
    market.book.refresh(expiry)
    market.chain.set_timestamp(market.chain.timestamp)
    spot = market.oracle.spot()[0] / WAD
    at = market.chain.timestamp - 1
    book = replace(Book.read(market, expiry), at=market.chain.timestamp)
    with rolled_back(market.chain):
        book = Book.read(market, expiry)
        truth, cached = book.truth(spot, at), book.cached(spot)
    for one, other in zip(truth, cached, strict=True):
        assert one == pytest.approx(other, abs=1e-6 * max(1.0, abs(one)))


@seeds(8)
def test_opening__outside_the_guard__is_stale_or_refreshes_first(
    fuzzed: tuple[LocalMarket, random.Random], seed: int
) -> None:
    """Fail closed: with more than one expiry stale nothing opens, whatever the side."""
    market, draw = fuzzed
    expiry = draw.choice(market.now_expiries)
    call = market.series(expiry, 2_000)
    ends = [market.book.guard(e)[:2] for e in market.now_expiries]
    inner = max(low for low, _ in ends), min(high for _, high in ends)
    widest = min(low for low, _ in ends), max(high for _, high in ends)
    for x, stale in (
        (inner[0] + 10**10, False),
        (inner[1] - 10**10, False),
        (widest[0] - 10**11, True),
        (widest[1] + 10**11, True),
    ):
        with rolled_back(market.chain):
            market.aggregator.transmit(x * 2_000 // 10**10, 0)
            found = outcome(
                market.desk.buy, call, 1, UNLIMITED, FOREVER, sender=market.who("trader")
            )
            assert (found == "book: stale") == stale, (x, found)
            assert found in ("book: stale", None, "desk: delta window")
