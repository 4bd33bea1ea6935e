"""Adversarial cycles at one snapshot: trade, undo everything in another way, count the money.

    python -m tests.unit.quoter.cycles --cycles 1000000 --seed 1

One market is a handful of series (several strikes, rights and expiries) under one law and one state
of the book, drawn so that the law is all that stands between the trader and a profit: no fees, no
price of cover, and a half-spread that is next to nothing. A cycle is a random walk over the series
and a way back, in other chunks and another order. The state moves by the risk that the contract
returns. Checked at every step: Q6 and Q7; at the end: Q1.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ballast.model.quoting_exact import Inquiry, Quote, is_wide
from ballast.units import LOT
from tests.unit.quoter.world import Sampler, ask, twice_potential_of

PRODUCT = 2 * 10**9  # a product of two WAD, as twice its amount at 1e-45
CYCLES_PER_MARKET = 10


@dataclass
class Tally:
    """What a run has seen."""

    closed: int = 0
    stuck: int = 0
    """Cycles whose way back had no bid left; the trader has paid and keeps what he bought."""
    wide: int = 0
    """Cycles that left the range of a coordinate."""
    trades: int = 0
    profitable: int = 0


class Walk:
    """A trader's path at one snapshot, from where he began."""

    def __init__(self, market: list[Inquiry]) -> None:
        self._market = market
        self._unit = 2 * 10 ** (45 - market[0].decimals)
        self.start = self.state = market[0].exposure
        self.potential = self._start = self._potential()
        self.paid = self.saved = self.trades = 0
        self.net = [0] * len(market)

    def trade(self, number: int, lots: int) -> bool:
        """Trade, and check what must hold of each step; False if there is no bid."""
        inquiry = replace(self._market[number], lots=lots, exposure=self.state)
        found = ask(inquiry)
        if not isinstance(found, Quote):
            assert found == "quoter: no bid", (found, inquiry)
            return False
        self.state = self.state.sold(found.risk, lots)
        self.net[number] += lots
        self.trades += 1
        self.paid += found.premium
        self._check(inquiry, found)
        return True

    def _check(self, inquiry: Inquiry, found: Quote) -> None:
        before, self.potential = self.potential, self._potential()
        saved = inquiry.lots * LOT * found.mark * PRODUCT - found.premium * self._unit
        assert saved <= before - self.potential, ("Q6", inquiry)
        self.saved += saved
        assert self.saved <= self._start, ("Q7", inquiry)

    def _potential(self) -> int:
        one = replace(self._market[0], exposure=self.state)
        self.is_wide = is_wide(one.coordinates)
        return twice_potential_of(one, one.coordinates)


def cycle(market: list[Inquiry], source: random.Random, tally: Tally) -> None:
    """One cycle, out and back; Q1 at its end."""
    walk = Walk(market)
    out = [(source.randrange(len(market)), lots_of(source)) for _ in range(source.randint(1, 6))]
    for number, lots in out:
        walk.trade(number, lots)
    back = [leg for number, lots in enumerate(walk.net) for leg in chunks(number, -lots, source)]
    source.shuffle(back)
    while back:
        left = [(number, lots) for number, lots in back if not walk.trade(number, lots)]
        if len(left) == len(back):
            break
        back = left
    tally.trades += walk.trades
    if walk.is_wide or back:
        tally.wide, tally.stuck = tally.wide + walk.is_wide, tally.stuck + bool(back)
        return
    assert walk.state == walk.start
    tally.closed += 1
    tally.profitable += walk.paid < 0


def markets(source: random.Random) -> Iterator[list[Inquiry]]:
    """Series that share spot, book and law. Without end."""
    sampler = Sampler(source, is_wild=False)
    while True:
        first = sampler.inquiry()
        law = replace(
            first.law, fee_spot=0, cover_rate=0, stale_z=0, h_min=source.choice((0, 10**9)),
            b_vega=0, b_delta=0, b_mark=0,
        )  # fmt: skip
        first = replace(first, law=law, is_opening=False)
        yield [series(sampler, first, source) for _ in range(source.randint(1, 5))]


def series(sampler: Sampler, first: Inquiry, source: random.Random) -> Inquiry:
    """Another strike, right and expiry at the same price."""
    tau = sampler.tau()
    snapshot = replace(
        first.snapshot, tau=tau, smile=sampler.smile(tau), discount=sampler.discount(tau)
    )
    strike, is_put = sampler.strike(snapshot), source.random() < 0.5
    return replace(first, snapshot=snapshot, strike=strike, is_put=is_put)


def lots_of(source: random.Random) -> int:
    """A size at any scale, either sign."""
    return source.choice((-1, 1)) * int(10 ** source.uniform(0.0, 7.0))


def chunks(number: int, lots: int, source: random.Random) -> Iterator[tuple[int, int]]:
    """The lots in one piece, or in up to four."""
    for _ in range(source.choice((0, 0, 1, 3))):
        part = int(lots * source.random())
        if part not in (0, lots):
            yield number, part
            lots -= part
    if lots:
        yield number, lots


def run(cycles: int, seed: int) -> Tally:
    """So many cycles that closed."""
    source, tally = random.Random(seed), Tally()
    for market in markets(source):
        for _ in range(CYCLES_PER_MARKET):
            cycle(market, source, tally)
            if tally.closed == cycles:
                return tally
    raise AssertionError("markets do not end")


def main() -> None:
    """Print the line that docs/INVARIANTS.md records."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cycles", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    tally = run(given.cycles, given.seed)
    print(
        f"cycles: {tally.closed}, profitable: {tally.profitable}, seed: {given.seed}; "
        f"trades {tally.trades}, stuck {tally.stuck}, beyond the range {tally.wide}"
    )


if __name__ == "__main__":
    main()
