"""An attacker who owns the account that is liquidated, liquidates it himself, and trades around it.

    python -m ballast.fuzz.liquidations --states 60 --seed 1

A state is a market in a corner with an account that a move of spot has brought below its
requirement, some so far that it is wound up at the mark. An attempt trades, liquidates, in one
block or in several, lets a round at the same price pass or not, and trades back. What its owner
then has, everything at its mark, an insolvent account at nothing, must be no more than with the
liquidation alone, with the trades alone, or with neither; but for what the fund pays as a reward,
which anybody may earn.

Where a round passes after a windup, one thing is known to pay now and then: a windup is at the mark
and moves the exposure for nothing, so who has traded in the same direction before, for a charge,
trades back after it for a larger rebate. He bears the risk of that round. Of such attempts the
largest gain is told and nothing is asserted.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Final

import click

from ballast.chain import Reverted, RevmChain, rolled_back
from ballast.errors import BallastError
from ballast.fuzz.cycles import chunks
from ballast.fuzz.states import Corner
from ballast.fuzz.trader import WRITER, FindingError, Offer, Trader
from ballast.fuzz.worlds import WORLDS, open_world
from ballast.market.local import LocalMarket
from ballast.units import LOT, WAD

ATTEMPTS: Final = 150
VICTIM: Final = "liquidator"
"""Whose account is liquidated. It is the attacker's, as are the trader's purse and account."""
CREDIT: Final = 10**7
SIDES: Final = (1, 1, WRITER)


@dataclass
class Tally:
    """What a run has seen."""

    states: int = 0
    barren: int = 0
    """In which no account could be brought below its requirement."""
    attempts: int = 0
    closed: int = 0
    """That liquidated something and traded all the way back."""
    windups: int = 0
    purchases: int = 0
    sales: int = 0
    rounds: int = 0
    """Closed attempts with a round before the way back."""
    profitable: int = 0
    best: int = -(10**60)
    """The largest gain of a closed attempt, WAD."""
    paying_later: int = 0
    best_later: int = -(10**60)
    """Where a round had passed since a windup."""

    def add(self, other: Tally) -> None:
        """Of another state."""
        best, later = max(self.best, other.best), max(self.best_later, other.best_later)
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))
        self.best, self.best_later = best, later


@dataclass
class Path:
    """What an attempt does."""

    trades: list[tuple[Offer, int]] = field(default_factory=list)
    blocks: int = 1
    has_round: bool = False
    is_idle: bool = False
    """Nobody liquidates."""
    told: list[str] = field(default_factory=list)
    fund_paid: int = 0
    kinds: set[str] = field(default_factory=set)


class Scene:
    """One market with an account in need."""

    def __init__(self, made: Corner, source: random.Random, tally: Tally) -> None:
        chain = made.market.chain
        assert isinstance(chain, RevmChain)
        self._made, self._source, self.tally = made, source, tally
        self.market, self._chain = made.market, chain
        self.victim = made.market.who(VICTIM)
        self._legs: list[int] = []

    # --- the account

    def prepare(self) -> bool:
        """An account, thin, and a price at which it may be liquidated."""
        market, source = self.market, self._source
        market.add_margin(VICTIM, quote=CREDIT)
        purse = market.fund(VICTIM, quote=CREDIT)
        market.token.setApprovalForAll(market.margin, True, sender=purse)
        for series_id in source.sample(self._made.ids, min(len(self._made.ids), 4)):
            self._leg(series_id, int(10 ** source.uniform(2.5, 5.3)))
        if not any(leg.owed for leg in self._account()[2]):
            return False
        self._thin()
        price = self._price()
        if price is None:
            return False
        market.transmit(price)
        market.refresh()
        self._made.story.append(f"spot {price}")
        return True

    def _leg(self, series_id: int, lots: int) -> None:
        size = Decimal(lots * LOT) / WAD
        if self._source.random() < 0.75:
            self._made.tried(
                f"victim writes {series_id}", self.market.write, VICTIM, series_id, size
            )
        elif self._made.tried(f"victim buys {series_id}", self.market.buy, VICTIM, series_id, size):
            deposit = self.market.margin.deposit_option
            self._made.tried("and brings it", deposit.send, series_id, lots, sender=self.victim)

    def _account(self) -> Any:
        return self.market.margin.account(self.victim)

    def _thin(self) -> None:
        found = self.market.margin.health(self.victim)[1]
        scale = 10 ** (18 - self.market.terms.quote_decimals)
        spare = min((found.equity - found.initial) // scale, self._account()[0])
        if spare > 0:
            self._made.tried("thin", self.market.margin.withdraw.send, spare, sender=self.victim)

    def _price(self) -> Decimal | None:
        """Where the account is just below a chosen mark between health and nothing."""
        spot = Decimal(self.market.oracle.spot_pair()[0]) / WAD
        aim = self._source.choice(("health", "closing", "closing", "closing", "nothing"))
        share = self._source.uniform(0.05, 0.95)
        for toward in self._source.sample((0.4, 2.2), 2):
            safe, far = 1.0, toward
            if not self._is_below(spot * Decimal(repr(far)), aim, share):
                continue
            for _ in range(12):
                middle = (safe + far) / 2
                is_below = self._is_below(spot * Decimal(repr(middle)), aim, share)
                safe, far = (safe, middle) if is_below else (middle, far)
            return (spot * Decimal(repr(far))).quantize(Decimal("1e-8"))
        return None

    def _is_below(self, price: Decimal, aim: str, share: float) -> bool:
        with rolled_back(self._chain):
            self.market.transmit(price.quantize(Decimal("1e-8")))
            found = self.market.margin.health(self.victim)[1]
        bound = {"health": found.maintenance, "closing": found.closing, "nothing": 0}[aim]
        return bool(found.equity < (bound if aim == "health" else int(share * bound)))

    # --- attempts

    def run(self, attempts: int) -> None:
        """From the same state each."""
        self.trader = Trader(self.market)
        offers = [self.trader.offer(one, side) for one in self._made.ids for side in (1, WRITER)]
        self.offers = [offer for offer in offers if offer is not None]
        self._legs = [leg.id for leg in self._account()[2]]
        if not self.offers or not self.market.lens.liquidatable(self.victim):
            self.tally.barren += 1
            return
        self._start = self._chain.snapshot()
        alone: dict[tuple[int, bool], int] = {}
        for _ in range(attempts):
            self.attempt(alone)

    def attempt(self, alone: dict[tuple[int, bool], int]) -> None:
        """With the trades and without."""
        source = self._source
        path = Path(blocks=source.choice((1, 1, 2, 5, 12)), has_round=source.random() < 0.5)
        for _ in range(source.randint(1, 3)):
            offer = self._choice()
            path.trades.append((offer, offer.side * max(int(10 ** source.uniform(1, 6.3)), 1)))
        key = path.blocks, path.has_round
        if key not in alone:
            idle = (self._played(Path([], *key, is_idle)) for is_idle in (False, True))
            alone[key] = max(worth or 0 for worth in idle)
        self.tally.attempts += 1
        found = self._played(path)
        if found is None or not path.kinds:
            return
        calm = self._played(Path(path.trades, *key, is_idle=True))
        if calm is None:
            return
        gain = found - max(alone[key], calm)
        self.tally.closed += 1
        self.tally.rounds += path.has_round
        self.tally.windups += "windup" in path.kinds
        self.tally.purchases += "purchase" in path.kinds
        self.tally.sales += "sale" in path.kinds
        if path.has_round and "windup" in path.kinds:
            self.tally.best_later = max(self.tally.best_later, gain)
            self.tally.paying_later += gain > 10**13
            return
        self.tally.best = max(self.tally.best, gain)
        if gain > 10**13:
            self.tally.profitable += 1
            raise FindingError(self._report(path, gain))

    def _choice(self) -> Offer:
        """Mostly of the account's own series."""
        own = [offer for offer in self.offers if offer.id in self._legs]
        return self._source.choice(own if own and self._source.random() < 0.6 else self.offers)

    def _played(self, path: Path) -> int | None:
        """What the attacker has in the end, without rewards of the fund; None where he is not back
        where he was."""
        self._chain.revert(self._start)
        done: list[tuple[Offer, int]] = []
        for offer, lots in path.trades:
            while lots and self.trader.order(offer, lots) is None:
                lots = int(lots / 4)
            if lots:
                done.append((offer, lots))
                path.told.append(f"trade {offer.side} {offer.id} {lots}")
        if path.trades and not done:
            return None
        for block in range(path.blocks):
            for _ in range(0 if path.is_idle else 3):
                if not self._liquidate(path):
                    break
            if block + 1 < path.blocks:
                self._chain.mine()
        if path.has_round:
            self._round()
        if not self._back(done):
            return None
        return self._wealth() - path.fund_paid

    def _liquidate(self, path: Path) -> bool:
        margin = self.market.margin
        series_id, lots = self.market.lens.next_liquidation(self.victim)
        if not lots:
            return False
        try:
            data = margin.liquidate.encode(self.victim, series_id, lots)
            output = self._chain.bulk(margin.address, data, self.trader.account)
        except Reverted as error:
            if error.reason in ("vault: cash", "vault: cover"):
                return False
            raise FindingError(f"V19: the view says yes, the call {error.reason}") from error
        for log in self._chain._receipt(data, output).events:
            if log.name == "Liquidated":
                windup, sale = log.args["is_windup"], log.args["is_sale"]
                path.kinds.add("sale" if sale else "windup" if windup else "purchase")
                scale = 10 ** (18 - self.market.terms.quote_decimals)
                path.fund_paid += log.args["from_fund"] * scale
                path.told.append(f"liquidated {log.args}")
        return True

    def _round(self) -> None:
        """A minute and a round at the same price, everything evaluated anew."""
        self._chain.set_timestamp(self._chain.timestamp + 61)
        self.market.transmit(Decimal(self.market.oracle.spot_pair()[0]) / WAD)
        self.market.refresh()

    def _back(self, done: list[tuple[Offer, int]]) -> bool:
        legs = [(offer, part) for offer, lots in done for part in chunks(-lots, self._source)]
        self._source.shuffle(legs)
        while legs:
            left = [(offer, lots) for offer, lots in legs if self.trader.order(offer, lots) is None]
            if len(left) == len(legs):
                return False
            legs = left
        return True

    # --- the attacker's books

    def _wealth(self) -> int:
        """Purses, and accounts that are worth something; options at their marks. WAD."""
        market, total = self.market, 0
        marks: dict[int, int] = {}
        quote_scale = 10 ** (18 - market.terms.quote_decimals)
        unit_scale = 10 ** (18 - market.terms.underlying_decimals)
        spot = market.oracle.spot_pair()[0]
        for account in (self.victim, self.trader.account):
            total += market.quote.balanceOf(account) * quote_scale
            total += market.underlying.balanceOf(account) * unit_scale * spot // WAD
            for series_id in self._made.ids:
                if held := market.token.balanceOf(account, series_id):
                    total += held * LOT * self._mark(series_id, marks) // WAD
            cash, units, legs = market.margin.account(account)
            worth = cash * quote_scale + units * unit_scale * spot // WAD
            for leg in legs:
                worth += (leg.owned - leg.owed) * LOT * self._mark(leg.id, marks) // WAD
            total += max(worth, 0)
        return int(total)

    def _mark(self, series_id: int, marks: dict[int, int]) -> int:
        if series_id not in marks:
            for lots in (1, -1, 10_000, -10_000):
                quote = self.trader.quote(series_id, lots)
                if quote is not None:
                    marks[series_id] = int(quote.mark)
                    break
            else:
                marks[series_id] = 0
        return marks[series_id]

    def _report(self, path: Path, gain: int) -> str:
        steps = "\n  ".join(path.told)
        return f"a liquidation that pays {gain / WAD:.6f}\n  {steps}\n  {path}\n {self._made.story}"


def run_state(seed: int, number: int, attempts: int = ATTEMPTS) -> Tally:
    """One state: seed and number give all of it again."""
    source = random.Random(f"liquidations {seed}:{number}")
    tally = Tally(states=1)
    market: LocalMarket = open_world(list(WORLDS)[number % len(WORLDS)], source)
    made = Corner(market, source)
    made.story.append(f"state {number} of seed {seed}, world {list(WORLDS)[number % len(WORLDS)]}")
    made.supply()
    stake = market.fund("stranger", quote=10_000)
    market.insurance.deposit(market.assets(10_000), stake, sender=stake)
    made.crowd(source.choice((0, 6, 15)))
    scene = Scene(made, source, tally)
    if scene.prepare():
        scene.run(attempts)
    else:
        tally.barren += 1
    return tally


def findings(seed: int, states: range, attempts: int) -> Iterator[tuple[Tally, str]]:
    """State by state."""
    for number in states:
        try:
            yield run_state(seed, number, attempts), ""
        except FindingError as finding:
            yield Tally(states=1, profitable=1), f"state {number} of seed {seed}: {finding}"


@click.command()
@click.option("--states", default=60, show_default=True)
@click.option("--first", default=0, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--attempts", default=ATTEMPTS, show_default=True)
def main(states: int, first: int, seed: int, attempts: int) -> None:
    """Liquidations of an account by its owner, with trades around them."""
    total, found = Tally(), 0
    for tally, finding in findings(seed, range(first, first + states), attempts):
        total.add(tally)
        if finding:
            found += 1
            click.echo(finding, err=True)
    click.echo(f"{total}, seed {seed}")
    if found:
        raise FindingError(f"{found} states pay")


if __name__ == "__main__":
    try:
        main()
    except BallastError as error:
        sys.exit(f"liquidations: {error}")
