"""A random story of a market: quotes equal executions, and logs alone rebuild the book."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

from ballast.chain import Reverted
from ballast.chain.protocol import Receipt
from ballast.market.local import FOREVER, UNLIMITED, LocalMarket
from tests.market import DAY, at_start, sum_of_heads, told, totals_of

STEPS = 90


def unpacked(word: int) -> list[int]:
    """Four signed fields of 64 bits, lowest first."""
    fields = (word >> 64 * i & 2**64 - 1 for i in range(4))
    return [x - 2**64 if x >> 63 else x for x in fields]


@dataclass
class Replay:
    """What somebody knows who reads logs and nothing else (V32)."""

    strikes: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    lots: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    heads: dict[int, list[int]] = field(default_factory=dict)
    nav_ref: int = 0
    sheet: str = ""
    level: int = 0
    paid: int = 0

    def read(self, events: list[tuple[str, dict[str, Any]]]) -> None:
        for name, args in events:
            handler = getattr(self, "_" + name.split(".")[1].lower(), None)
            if handler is not None:
                handler(**args)

    def _strikelisted(self, expiry: int, strike: int) -> None:
        self.strikes[expiry].append(strike)
        self.heads.setdefault(expiry, [0] * 4)

    def _strikedelisted(self, expiry: int, strike: int) -> None:
        places = self.strikes[expiry]
        last = places.pop()
        if last != strike:
            places[places.index(strike)] = last
        if not places:
            self._expiryclosed(expiry)

    def _bookrefreshed(self, expiry: int, head: int) -> None:
        self.heads[expiry] = unpacked(head)

    def _expiryclosed(self, expiry: int) -> None:
        del self.strikes[expiry], self.heads[expiry]
        self.lots = defaultdict(int, {s: n for s, n in self.lots.items() if s >> 128 != expiry})

    def _traded(self, id: int, lots: int, risk: int, premium: int, **_: Any) -> None:
        self.lots[id] += lots
        head = self.heads[id >> 128]
        self.heads[id >> 128] = [x - lots * g for x, g in zip(head, unpacked(risk), strict=True)]
        self.paid += premium

    def _navsynced(self, nav_ref: int) -> None:
        self.nav_ref = nav_ref

    def _sheetchanged(self, sheet: str) -> None:
        self.sheet = sheet

    def _cautionchanged(self, level: int, **_: Any) -> None:
        self.level = level

    def require_equal(self, market: LocalMarket) -> None:
        """Positions, strikes, polynomials, totals: all of the book's state that a value needs."""
        book = market.book
        assert sorted(book.expiries()) == sorted(self.strikes)
        for expiry, strikes in self.strikes.items():
            assert list(book.strikes(expiry)) == strikes
            assert list(book.polynomial(expiry)) == self.heads[expiry]
            for p in book.positions(expiry):
                series = expiry << 128 | p.strike << 8
                assert (p.calls_written, p.puts_written) == (
                    self.lots[series],
                    self.lots[series | 1],
                )
                assert p.calls_held == p.puts_held == 0
        assert totals_of(market) == sum_of_heads(market)
        assert book.gross_lots() == sum(self.lots.values())
        assert market.desk.nav_ref() == self.nav_ref
        assert market.desk.sheet() == self.sheet


class Story:
    """A market, a draw, and the replay of its logs."""

    def __init__(self, market: LocalMarket, seed: int) -> None:
        self.market, self.draw, self.replay = market, random.Random(seed), Replay()
        self.price, self.executed, self.refusals = 2_000.0, 0, defaultdict(int)
        self._catch_up()

    def _catch_up(self) -> None:
        """What happened before the story began."""
        market, replay = self.market, self.replay
        for expiry in market.book.expiries():
            for strike in market.book.strikes(expiry):
                replay._strikelisted(expiry, strike)
            replay.heads[expiry] = list(market.book.polynomial(expiry))
        replay.nav_ref, replay.sheet = market.desk.nav_ref(), market.desk.sheet()

    def tell(self, receipt: Any) -> None:
        assert isinstance(receipt, Receipt)
        self.replay.read(told(self.market, receipt))

    def step(self) -> None:
        rules = (self.trade,) * 8 + (self.round,) * 4 + (self.refresh,) * 3 + (self.post,) * 2
        self.draw.choice((*rules, self.wait, self.deposit, self.list_strike, self.sync))()

    def trade(self) -> None:
        """Quote, then trade in the same block: equal to the unit, or refused for one reason."""
        market, draw = self.market, self.draw
        trader = market.who(draw.choice(("trader", "other")))
        expiry = draw.choice(market.book.expiries())
        strike = draw.choice(market.book.strikes(expiry))
        series = expiry << 128 | strike << 8 | draw.randint(0, 1)
        held = market.token.balanceOf(trader, series)
        lots = draw.choice((1, 7, 1_000, 10_000, 33_333))
        if held and draw.random() < 0.5:
            lots = -min(lots, held)
        try:
            quote = market.desk.quote(series, lots)
        except Reverted as refusal:
            self._require_refused(trader, series, lots, refusal.reason)
            return
        receipt = self._send(trader, series, lots)
        event = receipt.event("Traded").args
        for name in ("premium", "fee", "cover_fee", "mark", "skew", "spread", "clamp"):
            assert event[name] == getattr(quote, name), name
        assert unpacked(event["risk"]) == list(quote.risk[:4])
        self.executed += 1
        self.tell(receipt)

    def _send(self, trader: str, series: int, lots: int) -> Receipt:
        desk = self.market.desk
        if lots > 0:
            return desk.buy(series, lots, UNLIMITED, FOREVER, sender=trader)  # type: ignore[no-any-return]
        return desk.sell(series, -lots, 0, FOREVER, sender=trader)  # type: ignore[no-any-return]

    def _require_refused(self, trader: str, series: int, lots: int, reason: str | None) -> None:
        assert reason is not None
        self.refusals[reason] += 1
        with pytest.raises(Reverted) as refusal:
            self._send(trader, series, lots)
        assert refusal.value.reason == reason

    def round(self) -> None:
        self.price = max(1_500.0, min(2_700.0, self.price * (1 + self.draw.gauss(0, 0.006))))
        self.market.chain.advance(self.draw.choice((1, 30, 61, 400)))
        self.market.transmit(round(self.price, 4))

    def refresh(self) -> None:
        for expiry in self.market.book.expiries():
            if self.draw.random() < 0.8:
                self.tell(self.market.book.refresh(expiry, sender=self.market.who("stranger")))

    def post(self) -> None:
        market = self.market
        live = [e for e in market.surface.expiries() if e > market.chain.timestamp + 10]
        market.found(live, 0.65 * (1 + self.draw.gauss(0, 0.02)))

    def wait(self) -> None:
        self.market.chain.advance(self.draw.choice((10, 600, 1_800)))

    def deposit(self) -> None:
        self.market.transmit(round(self.price, 4))
        self.tell(self.market.deposit("lp", 1_000))

    def sync(self) -> None:
        self.market.chain.advance(3_600)
        self.market.transmit(round(self.price, 4))
        self.tell(self.market.desk.syncNav(sender=self.market.who("keeper")))

    def list_strike(self) -> None:
        market = self.market
        expiry = self.draw.choice(market.book.expiries())
        strike = 50 * self.draw.randint(34, 48)
        try:
            self.tell(market.list_strikes(expiry, [strike]))
        except Reverted:
            args = expiry, [strike * 10**18]
            try:
                receipt = market.desk.delist_strikes(*args, sender=market.who("keeper"))
            except Reverted:
                return
            self.tell(receipt)

    def settle_first(self) -> None:
        """The first expiry passes."""
        market = self.market
        expiry = min(market.book.expiries())
        market.chain.set_timestamp(expiry - 10)
        market.transmit(round(self.price, 4))
        market.chain.set_timestamp(expiry + 60)
        market.transmit(round(self.price, 4))
        market.fix(expiry)
        self.refresh()
        self.tell(market.settle(expiry))
        market.found([e for e in market.surface.expiries() if e > market.chain.timestamp + 10])


@pytest.mark.parametrize("seed", range(6))
def test_story__whatever_happens__quotes_are_executions_and_logs_rebuild_the_book(
    seed: int,
) -> None:
    """Q9, V16, V32: in every state of freshness, flows and surface."""
    with at_start() as market:
        story = Story(market, seed)
        for _ in range(2):
            for _ in range(STEPS // 2):
                story.step()
                story.replay.require_equal(market)
            story.settle_first()
            story.replay.require_equal(market)
        assert story.executed > 10, dict(story.refusals)
        assert market.chain.timestamp > market.now_expiries[1] - DAY
        known = {
            "book: stale",
            "oracle: stale",
            "desk: surface too old",
            "desk: delta window",
            "desk: past cutoff",
            "desk: potential limit",
            "desk: open interest",
            "quoter: no bid",
            "quoter: expired",
            "desk: cover limit",
        }
        assert set(story.refusals) <= known
