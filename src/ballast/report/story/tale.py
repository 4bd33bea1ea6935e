"""What happens, in which order. Everything follows from the pace and the seed, so two tellings are
the same, on either backend."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import exp, log, sqrt
from typing import Final

from ballast.chain import Chain, Reverted
from ballast.chain.protocol import rolled_back
from ballast.market.local import LocalMarket, Terms
from ballast.report.story.credit import (
    ORDINARY,
    Closing,
    Credit,
    Gap,
    Liquidation,
    Sight,
    gap,
)
from ballast.report.story.diary import SYMBOL, Deal, Diary, Milestone, Moment
from ballast.report.story.ledger import Account
from ballast.series import Right, Series
from ballast.units import DAY, YEAR

HOUR: Final = 3_600
WEEK: Final = 7 * DAY
CUTOFF: Final = 12 * HOUR
LOTS: Final = 10_000
"""In a contract."""
PEOPLE: Final = {
    "Ada": "lp",
    "Ben": "stranger",
    "Cleo": "trader",
    "Dan": "other",
    "Eve": "owner",
    "Finn": "guardian",
    "Gina": "deployer",
    "Ivo": "liquidator",
}
"""Two LPs; one who buys calls and one who buys puts; two who sell puts out of margin accounts, a
staker of the insurance fund and a liquidator; and their accounts in a local market, where owner,
guardian and deployer have nothing else to do in the story."""
SELLERS: Final = {"Eve": (30, 1.26), "Finn": (40, 1.36)}
"""Contracts that they sell, and the health that they leave themselves. The requirement lets nobody
open below 1.25."""
CUSHION: Final = 60_000
"""What a seller brings before he knows how much he needs."""
STAKE: Final = 3_000
GAP: Final = 0.5
FALL: Final = 0.80
SHOCK_VOLATILITY: Final = 0.90
RECOVERY: Final = 1.10
"""Where the price drifts to after the shock, as a share of its low."""
SEED: Final = 7


@dataclass(frozen=True)
class Pace:
    """How finely a story is told."""

    hours: int
    """Between rounds of the feed."""
    clips: int
    """Contracts bought one by one to show the skew."""
    falls: int
    """Steps of the shock."""


FULL: Final = Pace(hours=4, clips=8, falls=5)
SHORT: Final = Pace(hours=24, clips=3, falls=2)


@dataclass(frozen=True)
class BoardRow:
    """Quotes for one contract of a series; assets and WAD."""

    strike: int
    right: str
    bid: int | None
    ask: int
    mark: int
    delta: int
    vol: int


@dataclass(frozen=True)
class Curve:
    """Volatility by strike of one expiry, from the surface."""

    expiry: int
    tau: int
    strikes: tuple[int, ...]
    vols: tuple[int, ...]


@dataclass(frozen=True)
class Rung:
    """Quotes for one contract after a step of the ladder."""

    step: str
    bought: int
    bid: int
    ask: int
    mark: int


@dataclass(frozen=True)
class Settlement:
    """An expiry's end. Assets and units of underlying."""

    expiry: int
    price: int
    pot_quote: int
    pot_underlying: int
    paid_quote: int
    paid_underlying: int


@dataclass(frozen=True)
class Exit:
    """An LP's way out: what, how much for, and what NAV would have been. Assets."""

    who: str
    what: str
    assets: int
    at_nav: int | None


@dataclass(frozen=True)
class Telling:
    """Everything that was written down."""

    main: int
    """The expiry whose board is shown."""
    contracts: int
    """Contracts deployed by the plan."""
    blocks: int
    """Transactions, each a block of its own."""
    board: tuple[BoardRow, ...]
    curves: tuple[Curve, ...]
    ladder_series: str
    ladder: tuple[Rung, ...]
    sizes: tuple[tuple[int, int, int], ...]
    """Contracts, ask and bid for all of them."""
    deals: tuple[Deal, ...]
    refusals: tuple[tuple[str, str], ...]
    moments: tuple[Moment, ...]
    shock: tuple[Moment, ...]
    milestones: tuple[Milestone, ...]
    settlements: tuple[Settlement, ...]
    exits: tuple[Exit, ...]
    sights: tuple[Sight, ...]
    """Of the margin accounts."""
    liquidations: tuple[Liquidation, ...]
    closings: tuple[Closing, ...]
    gap: Gap
    """What would have been; undone on the chain."""
    causes: dict[str, int]
    brought: int
    accounts: tuple[Account, ...]
    price: int
    """Of the underlying in the end, WAD."""
    dues: int
    """Of the fund, not yet paid, assets."""


class Tale:
    """One telling under way."""

    def __init__(self, chain: Chain, pace: Pace, seed: int, tell: Callable[[str], None]) -> None:
        self.pace, self.tell = pace, tell
        self.random = random.Random(seed)
        start = -(-chain.timestamp // WEEK) * WEEK  # Unix time began on a Thursday at midnight
        chain.set_timestamp(start)
        tell("deploying a market")
        self.market = LocalMarket.open(chain, Terms())
        self.market.actors.update({name: self.market.actors[part] for name, part in PEOPLE.items()})
        self.diary = Diary(self.market, tuple(PEOPLE))
        self.credit = Credit(self.diary, tuple(SELLERS), "Ivo")
        self.first, self.main = self.market.now_expiries[:2]
        self.volatility = self.market.terms.volatility
        self.shock_at = start + 5 * DAY
        self.drift = 0.0
        self.rungs: list[Rung] = []
        self.shock: list[Moment] = []
        self.settlements: list[Settlement] = []
        self.exits: list[Exit] = []

    def run(self) -> Telling:
        """The whole story."""
        block = self.market.chain.block_number
        self._lps_deposit()
        self._look()
        self._ladder()
        self._ordinary_days(self.shock_at)
        self._sell_on_margin()
        self._shock()
        self._gap()
        self._after_the_shock()
        self._ordinary_days(self.first)
        self._settle(self.first)
        self._ordinary_days(self.main)
        self._queue()
        self._settle(self.main)
        self._lps_leave()
        return self._written(self.market.chain.block_number - block)

    def _written(self, blocks: int) -> Telling:
        """All that was seen."""
        diary = self.diary
        return Telling(
            main=self.main,
            contracts=len(self.market.deployment.contracts),
            blocks=blocks,
            board=self.board,
            curves=self.curves,
            ladder_series=Series.from_id(self.ladder_id).name(SYMBOL),
            ladder=tuple(self.rungs),
            sizes=self.sizes,
            deals=tuple(diary.deals),
            refusals=tuple(diary.refusals),
            moments=tuple(diary.moments),
            shock=tuple(self.shock),
            milestones=tuple(diary.milestones),
            settlements=tuple(self.settlements),
            exits=tuple(self.exits),
            sights=tuple(self.credit.sights),
            liquidations=tuple(self.credit.liquidations),
            closings=tuple(self.credit.closings),
            gap=self.gap,
            causes=dict(diary.causes),
            brought=diary.brought,
            accounts=tuple(diary.ledger.accounts()),
            price=diary.spot(),
            dues=self.market.vault.balances().dues,
        )

    # --- acts

    def _lps_deposit(self) -> None:
        self.tell("LPs deposit")
        diary = self.diary
        diary.bring("Ada", quote=500_000)
        diary.bring("Ben", quote=20_000, underlying=100)
        diary.bring("Cleo", quote=200_000)
        diary.bring("Dan", quote=200_000)
        diary.deposit("Ada", 500_000)
        diary.deposit("Ben", 20_000)
        diary.deposit_underlying("Ben", 100)
        self.credit.stake("Gina", STAKE)
        self.market.desk.syncNav(sender=self.market.actors["keeper"])
        self.market.refresh()
        diary.mark("deposits")
        diary.note()

    def _look(self) -> None:
        """What the vault quotes before anybody has traded."""
        self.board, self.curves = self._board(), self._curves()
        self.ladder_id = self._call_above()
        self.sizes = self._sizes()

    def _board(self) -> tuple[BoardRow, ...]:
        spot = self.diary.spot()
        return tuple(
            self._board_row(strike, right, spot)
            for strike in sorted(self.market.book.strikes(self.main))
            for right in Right
        )

    def _board_row(self, strike: int, right: Right, spot: int) -> BoardRow:
        series_id = Series(self.main, strike, right).id
        ask = self.market.desk.quote(series_id, LOTS)
        try:
            bid = -self.market.desk.quote(series_id, -LOTS).premium
        except Reverted:
            bid = None
        return BoardRow(
            strike=strike,
            right=right.name.lower(),
            bid=bid,
            ask=ask.premium,
            mark=ask.mark,
            delta=ask.delta,
            vol=self.market.surface.vol(self.main, strike, spot),
        )

    def _curves(self) -> tuple[Curve, ...]:
        spot, now = self.diary.spot(), self.market.chain.timestamp
        strikes = tuple(spot * share // 100 for share in range(75, 131))
        return tuple(
            Curve(
                expiry=expiry,
                tau=expiry - now,
                strikes=strikes,
                vols=tuple(self.market.surface.vol(expiry, k, spot) for k in strikes),
            )
            for expiry in self.market.now_expiries
        )

    def _sizes(self) -> tuple[tuple[int, int, int], ...]:
        """What one order of growing size costs, asked and not traded."""
        series_id, found = self.ladder_id, []
        for contracts in range(1, 3 * self.pace.clips + 1):
            ask = self.market.desk.quote(series_id, contracts * LOTS).premium
            bid = -self.market.desk.quote(series_id, -contracts * LOTS).premium
            found.append((contracts, ask, bid))
        return tuple(found)

    def _call_above(self) -> int:
        """A call somewhat above the price."""
        spot = self.diary.spot()
        strike = min(k for k in self.market.book.strikes(self.main) if k > spot)
        return Series(self.main, strike, Right.CALL).id

    def _ladder(self) -> None:
        """Cleo buys one by one, a round and a post pass, and she sells all of it again."""
        self.tell("quotes against inventory")
        self._rung("opening")
        self._clips("buys", LOTS)
        self._next_round()
        self._rung("a new round")
        self.diary.post(self._live(), self.volatility)
        self._rung("a new post")
        self._clips("sells", -LOTS)
        self._next_round()
        self.diary.post(self._live(), self.volatility)
        self._rung("a round, a post")
        self.diary.note()

    def _clips(self, step: str, lots: int) -> None:
        for _ in range(self.pace.clips):
            self.diary.trade("Cleo", self.ladder_id, lots)
            self._rung(step)

    def _rung(self, step: str) -> None:
        """Quotes for one contract now."""
        ask = self.market.desk.quote(self.ladder_id, LOTS)
        bid = self.market.desk.quote(self.ladder_id, -LOTS)
        bought = self.diary.holdings["Cleo"].get(self.ladder_id, 0) // LOTS
        self.rungs.append(Rung(step, bought, -bid.premium, ask.premium, ask.mark))

    def _ordinary_days(self, until: int) -> None:
        """Rounds, posts and orders, until an hour or more before something happens."""
        self.tell("days of trading")
        step = self.pace.hours * HOUR
        while (at := self.market.chain.timestamp + step) <= until - HOUR:
            self.diary.wait(at)
            self.diary.round(self._next_price(step))
            self.credit.patrol(ORDINARY)
            self._drift_volatility()
            self.diary.post(self._live(), self.volatility, both=self.pace.hours > 24)
            for trader, right in (("Cleo", Right.CALL), ("Dan", Right.PUT)):
                self._order(trader, right)
            self.diary.note()

    def _sell_on_margin(self) -> None:
        """Eve sells puts and keeps the least that she may; Finn is somewhat more careful. Her
        options die first."""
        self.tell("margin accounts")
        diary, credit = self.diary, self.credit
        diary.wait(self.shock_at)
        diary.post(self._live(), self.volatility)
        for expiry, (name, (contracts, health)) in zip(
            (self.first, self.main), SELLERS.items(), strict=True
        ):
            credit.deposit(name, CUSHION)
            credit.write(name, self._put_near(expiry), contracts * LOTS)
            credit.thin_out(name, health)

    def _put_near(self, expiry: int) -> int:
        """The put whose strike is nearest to the price."""
        spot = self.diary.spot()
        strike = min(self.market.book.strikes(expiry), key=lambda k: abs(k - spot))
        return Series(expiry, strike, Right.PUT).id

    def _shock(self) -> None:
        """The price falls by a fifth in steps. After each, anyone liquidates what he may, and then
        both signers post."""
        self.tell("a shock")
        diary, pace = self.diary, self.pace
        diary.mark("shock")
        self.shock.append(diary.note())
        rise = (SHOCK_VOLATILITY - self.volatility) / pace.falls
        for _ in range(pace.falls):
            diary.wait(self.market.chain.timestamp + 180)
            diary.round(_cents(float(diary.price) * FALL ** (1 / pace.falls)))
            self._try_to_open()
            self.credit.patrol("falls")
            self.shock.append(diary.note())
            self.volatility += rise
            diary.post(self._live(), round(self.volatility, 6), both=True)
            self.shock.append(diary.note())

    def _gap(self) -> None:
        """What if the price now halved between two rounds? Told on the chain, and undone."""
        self.tell("a gap that is undone")
        with rolled_back(self.market.chain):
            self.gap = gap(self.credit.fork(), GAP)

    def _after_the_shock(self) -> None:
        """Profits are taken, strikes opened, and some ask for their money."""
        diary = self.diary
        self.drift = log(RECOVERY) / (self.main - self.market.chain.timestamp)
        for series_id, lots in list(diary.holdings["Dan"].items()):
            if lots >= 2 * LOTS:
                diary.trade("Dan", series_id, -(lots // 2))
        self._list_near()
        self._leave_early("Ada", 4)
        self.credit.ask_out("Gina", 2)

    def _try_to_open(self) -> None:
        """An order on Greeks of before the fall."""
        strike = min(self.market.book.strikes(self.main))
        self.diary.trade("Cleo", Series(self.main, strike, Right.PUT).id, LOTS)

    def _list_near(self) -> None:
        """The keeper opens strikes around the new price."""
        grid, listed = self.market.book.GRID(), set(self.market.book.strikes(self.main))
        centre = self.diary.spot() // grid * grid
        near = [centre + i * grid for i in range(-2, 4) if centre + i * grid not in listed]
        keeper = self.market.actors["keeper"]
        self.market.desk.list_strikes(self.main, near, sender=keeper)

    def _leave_early(self, name: str, part: int) -> None:
        """An LP leaves with a part of the shares, at the low mark."""
        vault = self.market.vault
        shares = vault.balanceOf(self.market.who(name)) // part
        at_nav = vault.convertToAssets(shares)
        paid = self.diary.leave(name, shares)
        self.exits.append(Exit(name, "redeems a part in the shock", paid, at_nav))
        self.diary.note()

    def _queue(self) -> None:
        """Ada wants all her money before the expiry; what cover keeps locked must wait."""
        self.tell("the queue")
        vault = self.market.vault
        shares = vault.balanceOf(self.market.who("Ada"))
        at_nav = vault.convertToAssets(shares)
        self.diary.request("Ada", shares)
        self.exits.append(Exit("Ada", "asks for the rest, through the queue", 0, at_nav))
        self.exits.append(Exit("Ada", "is served at once", self.diary.process(), None))

    def _settle(self, expiry: int) -> None:
        """The last round before the expiry fixes the price; holders take what they are owed."""
        self.tell("an expiry")
        diary = self.diary
        diary.wait(expiry - 60)
        diary.round(self._next_price(HOUR))
        diary.mark("expiry")
        event = diary.settle(expiry).event("ExpirySettled")
        for name in SELLERS:
            self.credit.settle(name, expiry)
        paid = [diary.redeem(name, i) for name in PEOPLE for i in self._winners(name, event)]
        self.settlements.append(
            Settlement(
                expiry=expiry,
                price=event.price,
                pot_quote=event.pot_quote,
                pot_underlying=event.pot_underlying,
                paid_quote=sum(quote for quote, _ in paid),
                paid_underlying=sum(units for _, units in paid),
            )
        )
        diary.note()

    def _winners(self, name: str, settled: object) -> list[int]:
        """Series of the expiry that somebody holds and that pay."""
        price, expiry = settled.price, settled.expiry  # type: ignore[attr-defined]
        held = (Series.from_id(i) for i, lots in self.diary.holdings[name].items() if lots)
        return [
            series.id
            for series in held
            if series.expiry == expiry
            and (price > series.strike if series.right is Right.CALL else price < series.strike)
        ]

    def _lps_leave(self) -> None:
        """The queue is served, Ben takes what quote is left, the fund its part."""
        self.tell("LPs leave")
        diary, vault = self.diary, self.market.vault
        self.exits.append(Exit("Ada", "is served after settlement", diary.process(), None))
        self.exits.append(Exit("Ada", "claims", diary.claim("Ada"), None))
        if shares := vault.maxRedeem(self.market.who("Ben")):
            at_nav = vault.convertToAssets(shares)
            paid = diary.leave("Ben", shares)
            self.exits.append(Exit("Ben", "redeems what quote is free", paid, at_nav))
        for name in ("Ada", "Ben"):
            left = vault.convertToAssets(diary.ledger.shares(name))
            self.exits.append(Exit(name, "keeps, in shares", 0, left))
        for name in SELLERS:
            self.credit.leave(name)
        diary.pay_fund()
        self.exits.append(Exit("Gina", "takes half of her stake", *self.credit.unstake("Gina")))
        diary.mark("exits")
        diary.note()

    # --- the world

    def _next_round(self) -> None:
        self.diary.wait(self.market.chain.timestamp + 61)

    def _next_price(self, seconds: int) -> Decimal:
        """A step of a random walk at the surface's volatility."""
        deviation = self.volatility * sqrt(seconds / YEAR)
        step = self.random.gauss(0.0, 1.0) * deviation + self.drift * seconds
        return _cents(float(self.diary.price) * exp(step))

    def _drift_volatility(self) -> None:
        """Small moves that the keeper may post alone."""
        factor = exp(self.random.gauss(0.0, 0.004))
        self.volatility = round(min(max(self.volatility * factor, 0.4), 1.2), 6)

    def _live(self) -> list[int]:
        """Expiries that slices are posted for: not those of the next hour."""
        soon = self.market.chain.timestamp + HOUR
        return [expiry for expiry in self.market.now_expiries if expiry > soon]

    def _order(self, trader: str, right: Right) -> None:
        """More often than not a purchase, else a sale of a part of what is held."""
        roll = self.random.random()
        if roll < 0.55:
            self._buy_something(trader, right)
        elif roll < 0.85:
            self._sell_something(trader)

    def _buy_something(self, trader: str, right: Right) -> None:
        now = self.market.chain.timestamp
        open_ones = [e for e in (self.first, self.main) if e - CUTOFF > now + HOUR]
        if not open_ones:
            return
        expiry = self.random.choice(open_ones)
        spot = self.diary.spot()
        by_distance = sorted(self.market.book.strikes(expiry), key=lambda k: abs(k - spot))
        strike = self.random.choice(by_distance[:4])
        lots = self.random.randrange(5, 80) * LOTS // 10
        self.diary.trade(trader, Series(expiry, strike, right).id, lots)

    def _sell_something(self, trader: str) -> None:
        now = self.market.chain.timestamp
        held = [
            (series_id, lots)
            for series_id, lots in self.diary.holdings[trader].items()
            if lots and series_id >> 128 > now
        ]
        if held:
            series_id, lots = self.random.choice(held)
            self.diary.trade(trader, series_id, -max(lots // 2, 1))


def tell(
    chain: Chain,
    pace: Pace = FULL,
    seed: int = SEED,
    listener: Callable[[str], None] = lambda _: None,
) -> Telling:
    """The story on a chain. `listener` hears what is under way."""
    return Tale(chain, pace, seed, listener).run()


def _cents(price: float) -> Decimal:
    return Decimal(f"{price:.2f}")
