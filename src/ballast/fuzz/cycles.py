"""Adversarial cycles at one snapshot: out over several series and expiries, back in other chunks
and another order, on the real bytecode of a whole market.

What must hold of every cycle that closes (Q1): the trader has paid at least the charges that are
never negative (spread, fee, price of cover), to the unit, and the book is what it was, bit for bit.
Of a part of them, at every step: the quote was the execution (Q9), value less potential did not
fall (Q6), improvements over the mark stayed below the potential at the start (Q7); and an order in
parts was not cheaper than the whole (Q2). Where a refresh lies between the legs, which makes
another snapshot, the trader still has paid at least zero.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields

from ballast.chain import RevmChain
from ballast.fuzz.states import Corner, corner
from ballast.fuzz.trader import HOLDER, WRITER, FindingError, Offer, Trader
from ballast.fuzz.worlds import WORLDS, open_world
from ballast.market.local import LocalMarket
from ballast.units import LOT, WAD

CYCLES_PER_STATE = 3_000
DEEP = 30
"""One cycle in so many is checked at every step."""
STRADDLED = 6
"""One state in so many has stale Greeks, and refreshes between the legs."""
NANO = 10**9


@dataclass
class Tally:
    """What a run has seen."""

    cycles: int = 0
    """That closed."""
    profitable: int = 0
    stuck: int = 0
    """Whose way back was refused: the trader has paid, and keeps what he has."""
    trades: int = 0
    refused: int = 0
    deep: int = 0
    straddled: int = 0
    credit: int = 0
    """Cycles with a margin account's trades."""
    escrowed: int = 0
    """Of its sales, those that were covered, in part or in full."""
    in_kind: int = 0
    """Sales paid for in underlying."""
    split: int = 0
    states: int = 0
    barren: int = 0
    """States in which nothing could be bought and sold back."""

    def add(self, other: Tally) -> None:
        """Of another worker."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


class Arena:
    """One snapshot of a market, and cycles in it."""

    def __init__(self, made: Corner, source: random.Random, tally: Tally, is_stale: bool) -> None:
        market, chain = made.market, made.market.chain
        assert isinstance(chain, RevmChain)
        self._made, self._chain, self._source, self.tally = made, chain, source, tally
        self._market, self._is_stale = market, is_stale
        self.trader = Trader(market)
        self.offers = self._offers(made.ids)
        self._held = {o.key: self._balance(o) for o in self.offers}
        self._most = dict.fromkeys(self._held, 10**6)
        self._expiries = list(market.book.expiries())
        book, vault = market.book, market.vault
        self._totals = book.exposure_now.encode()
        self._polynomials = {e: book.polynomial.encode(e) for e in self._expiries}
        self._balances, self._nav = vault.balances.encode(), vault.nav.encode()
        self._appraisal = book.appraisal.encode(0)[:4]
        self._snapshot = chain.snapshot()
        self._settle()

    def _offers(self, ids: list[int]) -> list[Offer]:
        found = (self.trader.offer(one, side) for one in ids for side in (HOLDER, WRITER))
        return [offer for offer in found if offer is not None]

    def _settle(self) -> None:
        """One trade and its undoing, so that resets of flows which are due are over. Where nothing
        can be opened, for want of cover, it begins with a closing."""
        tries = [(offer, offer.side) for offer in self.offers]
        tries += [(offer, -offer.side) for offer in self.offers if self._held[offer.key]]
        for offer, lots in () if self._is_stale else tries:
            if self.trader.order(offer, lots) is not None:
                if self.trader.order(offer, -lots) is not None:
                    break
                self._chain.revert(self._snapshot)
        self._snapshot = self._chain.snapshot()

    # --- reading

    def _balance(self, offer: Offer) -> int:
        """What the trader may close."""
        if offer.side == HOLDER:
            return int(self._market.token.balanceOf(self.trader.account, offer.id))
        legs = self._market.margin.account(self.trader.account)[2]
        return sum(int(leg.owed) for leg in legs if leg.id == offer.id)

    def state(self, expiries: Iterable[int]) -> bytes:
        """Totals, flows, and the polynomials of some expiries, as stored."""
        book = self._market.book.address
        calls = [self._totals, *(self._polynomials[expiry] for expiry in expiries)]
        return b"".join([self._chain.bulk(book, data) for data in calls])

    def positions(self) -> list[tuple[int, ...]]:
        """Of all expiries, written and held. What is escrowed of it is its owner's choice."""
        found = (self._market.book.positions(expiry) for expiry in self._expiries)
        return [tuple(one)[:5] for positions in found for one in positions]

    def value(self) -> tuple[int, int]:
        """NAV and U, WAD."""
        vault, book = self._market.vault.address, self._market.book.address
        held = _word(self._chain.bulk(vault, self._balances), 4)
        lot = 10 ** (self._market.terms.underlying_decimals - 4)
        beside = (held // int(lot) * LOT).to_bytes(32, "big")
        found = self._chain.bulk(book, self._appraisal + beside)
        return _word(self._chain.bulk(vault, self._nav), 0), _word(found, 2)

    def slack(self, lots: int) -> int:
        """By how much value and mark may differ, WAD: the roundings of a lot's coefficients, and of
        the sums."""
        ratio = self.trader.spot * WAD // self._market.book.REFERENCE()
        scale = max(WAD * WAD // ratio * WAD // ratio, WAD)
        return int(NANO * (4 * abs(lots) * scale // WAD + 200))

    # --- one cycle

    def cycle(self) -> None:
        """Out and back."""
        source, tally = self._source, self.tally
        chosen = source.sample(self.offers, min(len(self.offers), source.randint(1, 4)))
        is_deep = not self._is_stale and source.randrange(DEEP) == 0
        touched = sorted({offer.id >> 128 for offer in chosen})
        start, positions = self.state(touched), self.positions() if is_deep else []
        walk = Walk(self, chosen, is_deep)
        in_kind = self.trader.in_kind
        for _ in range(source.randint(1, 4)):
            self._leg(walk, chosen)
        is_closed = self._way_back(walk, chosen)
        tally.trades += walk.trades
        if not is_closed:
            tally.stuck += 1
            self._chain.revert(self._snapshot)
            return
        if walk.trades == 0:
            return
        tally.cycles += 1
        tally.deep += is_deep
        tally.straddled += walk.refreshes > 0
        tally.credit += walk.is_credit
        tally.escrowed += walk.escrowed
        if walk.paid < (0 if self._is_stale else walk.charged):
            tally.profitable += 1
            raise FindingError(self.report(walk, "Q1: a cycle that pays"))
        if not self._is_stale and (
            self.state(touched) != start or (is_deep and self.positions() != positions)
        ):
            raise FindingError(self.report(walk, "Q1: the book is not what it was"))
        if self._is_stale or self.trader.in_kind > in_kind:
            self._chain.revert(self._snapshot)

    def _leg(self, walk: Walk, chosen: list[Offer]) -> None:
        source = self._source
        offer = source.choice(chosen)
        side, key = offer.side, offer.key
        held = self._held[key] + side * walk.net[key]
        if self._is_stale and source.random() < 0.4:
            self._refresh(walk, chosen)
        if held and source.random() < 0.45:
            walk.trade(offer, -side * self._size(held))
            return
        lots = self._size(self._most[key])
        if walk.trade(offer, side * lots, self._escrow(offer, lots)):
            self._most[key] = min(max(self._most[key], 2 * lots), 2**31 - 1)
            return
        self._most[key] = max(lots // 2, 1)
        if held:
            walk.trade(offer, -side * self._size(held))

    def _escrow(self, offer: Offer, lots: int) -> int:
        """None, all or a part of what an account sells to open."""
        if offer.side == HOLDER:
            return 0
        return self._source.choice((0, 0, 0, lots, self._source.randint(0, lots)))

    def _refresh(self, walk: Walk, chosen: list[Offer]) -> None:
        """One expiry, or all."""
        expiries = self._expiries
        if self._source.random() < 0.5:
            expiries = [self._source.choice(chosen).id >> 128]
        for expiry in expiries:
            if expiry > self._chain.timestamp:  # a passed one waits for its fixing
                walk.refresh(expiry)

    def _size(self, most: int) -> int:
        """From one lot to all, at any scale."""
        drawn = self._source.random()
        if drawn < 0.1:
            return 1
        if drawn < 0.25:
            return most
        return max(int(most ** self._source.random()), 1)

    def _way_back(self, walk: Walk, chosen: list[Offer]) -> bool:
        """Everything undone, in another order; what is refused is tried again after the rest."""
        source = self._source
        legs = [(o, part) for o in chosen for part in chunks(-walk.net[o.key], source)]
        source.shuffle(legs)
        while legs:
            if self._is_stale and source.random() < 0.3:
                self._refresh(walk, chosen)
            left = [(offer, lots) for offer, lots in legs if not walk.trade(offer, lots)]
            if len(left) == len(legs):
                return False
            legs = left
        return True

    def split(self) -> None:
        """Q2: an order whole and in parts, from the same book."""
        offer = self._source.choice(self.offers)
        held = self._held[offer.key]
        lots = offer.side * self._size(self._most[offer.key])
        if held and self._source.random() < 0.5:
            lots = -offer.side * self._size(held)
        parts = list(chunks(lots, self._source, (1, 2, 5)))
        self._chain.revert(self._snapshot)
        in_kind = self.trader.in_kind
        whole = self.trader.order(offer, lots)
        self._chain.revert(self._snapshot)
        slices = [self.trader.order(offer, part) for part in parts] if whole is not None else []
        self._chain.revert(self._snapshot)
        paid = [one for one in slices if one is not None]
        if whole is None or len(paid) < len(parts) or self.trader.in_kind > in_kind:
            return
        self.tally.split += 1
        if sum(paid) < whole:
            raise FindingError(f"Q2: cheaper in parts: {offer} {parts} {paid} whole {whole}")

    def report(self, walk: Walk, what: str) -> str:
        return (
            f"{what}\n paid {walk.paid / 10**36:.9f} charged {walk.charged / 10**36:.9f}\n"
            f" legs {walk.legs}\n story {self._made.story}"
        )


class Walk:
    """The path of one cycle."""

    def __init__(self, arena: Arena, chosen: list[Offer], is_deep: bool) -> None:
        self._arena, self._is_deep = arena, is_deep
        self.net = {offer.key: 0 for offer in chosen}
        self.paid = self.charged = self.trades = self.refreshes = self._saved = 0
        self.escrowed, self.is_credit = 0, False
        self.legs: list[tuple[int, int, int, int] | str] = []
        self._value = self._first = arena.value() if is_deep else (0, 0)

    def trade(self, offer: Offer, lots: int, escrowed: int = 0) -> bool:
        """Trade; False if it was refused."""
        trader, quoted = self._arena.trader, None
        if self._is_deep:
            quoted = trader.premium(offer, lots)
        paid = trader.order(offer, lots, escrowed)
        if paid is None:
            self._arena.tally.refused += 1
            return False
        self.net[offer.key] += lots
        self.trades += 1
        self.is_credit |= offer.side == WRITER
        self.escrowed += escrowed > 0
        self.paid += paid
        self.charged += abs(lots) * (offer.buy_charge if lots > 0 else offer.sell_charge)
        self.legs.append((*offer.key, lots, paid))
        if self._is_deep:
            self._check(offer, lots, paid, quoted)
        return True

    def refresh(self, expiry: int) -> None:
        """Another snapshot."""
        self._arena.trader.refresh(expiry)
        self.refreshes += 1
        self.legs.append(f"refresh {expiry}")

    def _check(self, offer: Offer, lots: int, paid: int, quoted: int | None) -> None:
        """Q9, Q6 and Q7."""
        report = self._arena.report
        if quoted is None or (paid != quoted and (lots > 0 or paid < quoted)):
            raise FindingError(report(self, f"Q9: quoted {quoted}"))
        before, after = self._value, self._arena.value()
        slack = self._arena.slack(lots)
        if after[0] - after[1] < before[0] - before[1] - slack:
            raise FindingError(report(self, f"Q6: {before} {after} slack {slack}"))
        self._value = after
        self._saved += lots * LOT * offer.mark - paid
        if self._saved > (self._first[1] + slack) * WAD:
            raise FindingError(report(self, f"Q7: {self._saved} {self._first}"))


def chunks(
    lots: int, source: random.Random, cuts: tuple[int, ...] = (0, 0, 0, 1, 3)
) -> Iterator[int]:
    """The lots in one piece, or in several."""
    for _ in range(source.choice(cuts)):
        part = int(lots * source.random())
        if part not in (0, lots):
            yield part
            lots -= part
    if lots:
        yield lots


def run_state(seed: int, number: int, attempts: int = CYCLES_PER_STATE) -> Tally:
    """One state of a campaign: seed and number give all of it again."""
    source = random.Random(f"{seed}:{number}")
    tally = Tally(states=1)
    is_stale = number % STRADDLED == STRADDLED - 1
    name = list(WORLDS)[number % len(WORLDS)]
    market: LocalMarket = open_world(name, source)
    made = corner(market, source, is_stale=is_stale)
    made.story.insert(0, f"state {number} of seed {seed}, world {name}")
    made.fix_passed()
    arena = Arena(made, source, tally, is_stale) if market.oracle.try_spot()[0] else None
    if arena is None or not arena.offers:
        tally.barren = 1
        return tally
    for count in range(attempts):
        if count % 25 == 24 and not is_stale:
            arena.split()
        else:
            arena.cycle()
    tally.in_kind = arena.trader.in_kind
    return tally


def line(tally: Tally, seed: int) -> str:
    """What docs/INVARIANTS.md records."""
    return f"cycles: {tally.cycles}, profitable: {tally.profitable}, seed: {seed}"


def _word(data: bytes, place: int) -> int:
    """A signed word."""
    return int.from_bytes(data[32 * place : 32 * place + 32], "big", signed=True)


Report = Callable[[Tally], None]


def run(cycles: int, seed: int, report: Report = lambda _: None) -> Tally:
    """States one after another in this process, until so many cycles have closed."""
    total, number = Tally(), 0
    attempts = min(CYCLES_PER_STATE, max(cycles // 10, 20))
    while total.cycles < cycles:
        total.add(run_state(seed, number, attempts))
        report(total)
        number += 1
    return total
