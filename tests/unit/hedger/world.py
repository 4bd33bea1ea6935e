"""A whole market with venues that do what a test says, and what its tests share.

Delta is set to the nano by what `perp` says that it holds, so a test stands on an edge exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from eth_utils.crypto import keccak

from ballast.chain import Contract, RevmChain, compile_contract
from ballast.chain.deployment import Plan, Ref, Step, execute
from ballast.chain.protocol import Receipt
from ballast.market.local import ACTORS, LocalMarket, Terms, local_settings
from ballast.market.plan import market_plan
from ballast.market.sheet import SheetNumbers
from ballast.units import WAD
from tests.market import NANO, refused

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
SPOT: Final = 2_000 * WAD
GAP: Final = 300
NONE: Final = 2**256 - 1
HALF: Final = WAD // 2
PERP, SPOT_ONE, LENDER = "perp", "spot_one", "lender"
PLACES: Final = {PERP: (True, False), SPOT_ONE: (False, False), LENDER: (True, True)}
"""Venues by name: whether positions stay there, whether it lends."""


@dataclass
class HedgerMarket(LocalMarket):
    """A local market that hedges on `FaultyVenue`s. All prices are 2,000 unless a test says."""

    @property
    def coin(self) -> int:
        return int(10**self.terms.underlying_decimals)

    @property
    def one(self) -> int:
        return int(10**self.terms.quote_decimals)

    def place(self, name: str) -> Contract:
        return self.deployment[name]

    # --- delta

    def state(self) -> Any:
        return self.lens.hedging()

    def set_delta(self, nano: int, name: str = PERP) -> None:
        """Dollar delta of everything at this, by what a venue says that it holds. The venue's
        equity stays, since the position is worth nothing at the present price."""
        venue, spot = self.place(name), self.oracle.spot()[0]
        units, _ = venue.position(spot)
        scale = 10 ** (18 - self.terms.underlying_decimals)
        rest = self.state().delta // NANO - _dollars(units * scale, spot)
        size = -(-abs(nano - rest) * WAD * NANO // (spot * scale))
        wanted = size if nano > rest else -size
        base = venue.base() + _worth(self, units, spot) - _worth(self, wanted, spot)
        self.stand(name, wanted, base)
        assert self.state().delta == nano * NANO, (self.state().delta, nano)

    def stand(self, name: str, units: int, base: int) -> None:
        """Let so much stand on a venue, as if orders had brought it there: the venue says so, and
        the hedger, who believes only what follows from orders, remembers it."""
        venue = self.place(name)
        venue.set_position(units, base)
        word = units % 2**108 | (base % 2**108) << 108 | self.chain.timestamp << 216
        slot = compile_contract("Hedger").layout["storage_layout"]["venue_list"]["lasts"]["slot"]
        key = keccak(slot.to_bytes(32, "big") + bytes(12) + bytes.fromhex(venue.address[2:]))
        where = (self.hedger.address.lower(), int.from_bytes(key, "big"))
        self.chain.set_storage(*where, word)  # type: ignore[attr-defined]

    def set_venue_price(self, price: int, mean: int | None = None, *names: str) -> None:
        """What venues fill at, and their mean: 2,000 if none is said."""
        for name in names or PLACES:
            if name in self.deployment.contracts:
                self.place(name).set_price(price, SPOT if mean is None else mean)

    # --- calls

    def hedge(self, actor: str = "keeper") -> Receipt:
        return self.hedger.hedge(sender=self.who(actor))  # type: ignore[no-any-return]

    def refused(self, method: str, *args: Any, sender: str = "keeper") -> str | None:
        return refused(self.hedger.method(method), *args, sender=self.who(sender))

    def venue_of(self, name: str) -> tuple[int, int, int, bool]:
        """Cap, failures, when it is asked again, whether it lends."""
        return tuple(self.hedger.venue(self.place(name)))  # type: ignore[return-value]

    def to_gap(self, off: int = 0) -> None:
        """The next block is as much after the last order as the sheet asks for, and `off`."""
        self.chain.set_timestamp(self.hedger.last_at() + GAP + off)

    def worth(self, units: int, spot: int = SPOT) -> int:
        """Assets, toward zero, as the contract has it."""
        return _worth(self, units, spot)


def _dollars(units: int, spot: int) -> int:
    """Nano, toward zero, of WAD units."""
    size = abs(units) * spot // (WAD * NANO)
    return size if units > 0 else -size


def _worth(market: LocalMarket, units: int, spot: int) -> int:
    scale = 10 ** (18 - market.terms.underlying_decimals)
    size = abs(units) * scale * spot // (WAD * 10 ** (18 - market.terms.quote_decimals))
    return size if units > 0 else -size


@dataclass(frozen=True)
class Opening:
    """What a hedged market of these tests is opened with."""

    terms: Terms = field(default_factory=Terms)
    places: tuple[str, ...] = (PERP, SPOT_ONE)
    caps: tuple[int, ...] = (WAD // 4, WAD // 100, WAD // 4)
    quote: int = 1_000_000
    underlying: int = 0
    sheet: tuple[tuple[str, int], ...] = ()


@cache
def opened(opening: Opening) -> HedgerMarket:
    """A market over a million of quote tokens; the venues have all that orders may need."""
    terms = opening.terms
    if opening.sheet:
        sheet = SheetNumbers.for_nav(int(terms.nav) * WAD).changed(**dict(opening.sheet))
        terms = replace(terms, sheet=sheet)
    chain = RevmChain()
    actors = dict(zip(ACTORS, chain.accounts, strict=False))
    mock, feeds = compile_contract("MockUsdc"), compile_contract("FeedAggregator")
    quote = chain.deploy(mock, "USD Coin", "USDC", terms.quote_decimals)
    unit = chain.deploy(mock, "Wrapped Ether", "WETH", terms.underlying_decimals)
    aggregator = chain.deploy(feeds, 8, 1)
    feed = chain.deploy(compile_contract("FeedProxy"), aggregator)
    aggregator.admit(feed, True)
    aggregator.restrict(True)
    aggregator.transmit(2_000 * 10**8, 0)
    settings = local_settings(terms, actors, quote, unit, feed)
    plan = with_places(market_plan(settings), opening, quote.address, unit.address)
    done = execute(plan, chain, actors["deployer"])
    market = HedgerMarket(chain, terms, actors, quote, unit, aggregator, feed, done)
    market.list_board()
    for name in opening.places:
        stocked(market, market.place(name))
    market.set_venue_price(SPOT)
    if opening.quote:
        market.supply(opening.quote, opening.underlying)
    for trader in ("trader", "other"):
        market.fund(trader, quote=10_000_000)
    market.refresh()
    return market


def with_places(plan: Plan, opening: Opening, quote: str, unit: str) -> Plan:
    """The plan of a market with these venues before its hedger."""
    names, caps = opening.places, list(opening.caps[: len(opening.places)])
    steps: list[Step] = []
    for step in plan.steps:
        if step.name == "hedger":
            steps += [place_step(name, quote, unit) for name in names]
            lends = [PLACES[name][1] for name in names]
            args = (*step.args[:6], [Ref(name) for name in names], caps, lends)
            step = replace(step, args=args)
        steps.append(step)
    return Plan(tuple(steps), plan.settings)


def place_step(name: str, quote: str, unit: str) -> Step:
    return Step(name, "FaultyVenue", (Ref("vault"), quote, unit, *PLACES[name]))


def stocked(market: LocalMarket, venue: Contract) -> Contract:
    """A venue with tokens to trade with."""
    deployer = market.who("deployer")
    market.quote.mint(venue, market.assets(100_000_000), sender=deployer)
    market.underlying.mint(venue, market.units(100_000), sender=deployer)
    venue.count()
    return venue
