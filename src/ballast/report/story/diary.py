"""Drives a market and writes down what each step did to the LPs' money.

NAV is read from the vault after every step, so the causes add up to what LPs gained by
construction. A trade is split by the breakdown in its event; what that leaves (a second of time,
units rounded) counts as time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar

from ballast.chain import Reverted
from ballast.chain.codec import Event
from ballast.chain.protocol import Receipt
from ballast.errors import ReportError
from ballast.market.local import LocalMarket
from ballast.report.story.ledger import FUND, VAULT, Ledger
from ballast.series import Series
from ballast.units import LOT, WAD, from_assets_floor, from_wad

T = TypeVar("T")

CAUSES: Final = (
    "spread",
    "skew",
    "clamps",
    "fees",
    "cover fees",
    "time",
    "spot, options",
    "spot, underlying held",
    "volatility",
    "refresh",
    "settlement",
    "shortfalls",
)
"""Why the LPs' money changes. The first five are what a premium has over the mark."""
SYMBOL: Final = "WETH"
NANO: Final = 10**9
"""WAD in a nano, which exposures count."""


@dataclass(frozen=True)
class Deal:
    """A trade as its event tells it."""

    at: int
    trader: str
    series: str
    lots: int
    quoted: int
    premium: int
    mark: int
    skew: int
    spread: int
    clamp: int
    fee: int
    cover_fee: int
    spot: int


@dataclass(frozen=True)
class Moment:
    """The vault at one time. Values WAD; exposures in dollars, WAD."""

    at: int
    spot: int
    low: int
    nav: int
    high: int
    supply: int
    delta_options: int
    delta_underlying: int
    gamma: int
    vega: int
    potential: int
    causes: tuple[int, ...]

    @property
    def per_share(self) -> tuple[int, int, int]:
        """Low, NAV and high of a share, WAD."""
        low, middle, high = (x * WAD // self.supply for x in (self.low, self.nav, self.high))
        return low, middle, high


@dataclass(frozen=True)
class Milestone:
    """Something to point at in a chart."""

    at: int
    text: str


class Diary:
    """A market, its ledger, and all that happened."""

    def __init__(self, market: LocalMarket, people: tuple[str, ...]) -> None:
        self.market = market
        self.ledger = Ledger(market, people)
        self.deals: list[Deal] = []
        self.moments: list[Moment] = []
        self.milestones: list[Milestone] = []
        self.refusals: list[tuple[str, str]] = []
        self.causes = dict.fromkeys(CAUSES, 0)
        self.brought = 0
        """What LPs brought less what they took, at the prices of its time, WAD."""
        self.holdings: dict[str, dict[int, int]] = {name: {} for name in people}
        """Lots by series."""
        self.price = Decimal(str(market.terms.spot))
        self._nav = 0

    def fork(self) -> Diary:
        """The same diary so far, for what is undone later."""
        other = Diary(self.market, self.ledger.people)
        other.ledger = self.ledger.fork()
        other.causes, other.price, other._nav = dict(self.causes), self.price, self._nav
        return other

    # --- what happens by itself

    def wait(self, until: int) -> None:
        """Time passes; the feed repeats its price."""
        self.market.chain.set_timestamp(until)
        self.step("time", lambda: self.market.transmit(self.price))

    def round(self, price: Decimal) -> None:
        """A round of the feed at another price."""
        held = self._underlying()
        before = self.spot()
        self.market.transmit(price)
        self.price = price
        moved = held * self.spot() // WAD - held * before // WAD
        self.causes["spot, underlying held"] += moved
        self._nav += moved
        self._count("spot, options")

    def post(self, expiries: list[int], volatility: float, *, both: bool = False) -> None:
        """New slices, by the keeper alone or with the second signer, and a fresh book."""
        market = self.market
        if both:
            self.step("volatility", lambda: market.found(expiries, volatility))
        else:
            slices = market.slices(expiries, market.chain.timestamp, volatility)
            keeper = market.actors["keeper"]
            self.step("volatility", lambda: market.surface.post(slices, sender=keeper))
        self.step("refresh", market.refresh)

    # --- traders

    def trade(self, trader: str, series_id: int, lots: int) -> Deal | None:
        """Buys, or sells for `lots` below zero. None, and a line in `refusals`, if refused."""
        try:
            quoted = self.market.desk.quote(series_id, lots).premium
            receipt = self._execute(trader, series_id, lots)
        except Reverted as refusal:
            self.refusals.append((trader, refusal.reason or "no reason"))
            return None
        deal = self._deal(trader, series_id, quoted, receipt.event("Traded"))
        self._require_as_quoted(deal)
        held = self.holdings[trader]
        held[series_id] = held.get(series_id, 0) + lots
        self.deals.append(deal)
        return deal

    def _execute(self, trader: str, series_id: int, lots: int) -> Receipt:
        contracts, market = from_wad(abs(lots) * LOT), self.market
        dues = market.vault.balances().dues
        if lots > 0:
            receipt = market.buy(trader, series_id, contracts)
            self.ledger.move(trader, VAULT, quote=receipt.value)
        else:
            receipt = market.sell(trader, series_id, contracts)
            quote, underlying = receipt.value
            self.ledger.move(VAULT, trader, quote=quote, underlying=underlying)
        self._count_parts(receipt.event("Traded"), market.vault.balances().dues - dues)
        return receipt

    @staticmethod
    def _require_as_quoted(deal: Deal) -> None:
        if deal.premium != deal.quoted:
            raise ReportError(
                f"{deal.series} was quoted at {deal.quoted} and executed at {deal.premium}"
            )

    def _count_parts(self, event: Event, dues: int) -> None:
        """What LPs gained by a trade, part by part."""
        self.count(
            {
                "spread": event.spread,
                "skew": event.skew,
                "clamps": event.clamp,
                "fees": self.wad(event.fee - dues),
                "cover fees": self.wad(event.args.get("cover_fee", 0)),
            }
        )

    def account_deal(
        self, name: str, series_id: int, quoted: int, receipt: Receipt, dues: int
    ) -> Deal:
        """A trade of a margin account, of which the fund was owed `dues` before."""
        event = receipt.event("MarginTraded")
        self._count_parts(event, self.market.vault.balances().dues - dues)
        deal = self._deal(name, series_id, quoted, event)
        self._require_as_quoted(deal)
        self.deals.append(deal)
        return deal

    def _deal(self, trader: str, series_id: int, quoted: int, event: Event) -> Deal:
        return Deal(
            at=self.market.chain.timestamp - 1,
            trader=trader,
            series=Series.from_id(series_id).name(SYMBOL),
            lots=event.lots,
            quoted=quoted,
            premium=event.premium,
            mark=event.mark,
            skew=event.skew,
            spread=event.spread,
            clamp=event.clamp,
            fee=event.fee,
            cover_fee=event.args.get("cover_fee", 0),
            spot=event.spot,
        )

    def settle(self, expiry: int) -> Receipt:
        """The first round after an expiry lets anyone fix its price by the last one before it.
        Between the two the vault has no NAV, so what happens there is one step."""
        self.market.chain.set_timestamp(expiry + 1)
        self.market.transmit(self.price)
        return self.step("settlement", lambda: self.market.settle(expiry))

    def redeem(self, trader: str, series_id: int) -> tuple[int, int]:
        """All that somebody has of a settled series. Assets, units of underlying."""
        contracts = from_wad(self.holdings[trader].pop(series_id) * LOT)
        receipt = self.step("settlement", lambda: self.market.redeem(trader, series_id, contracts))
        quote, underlying = receipt.value
        self.ledger.move(VAULT, trader, quote=quote, underlying=underlying)
        return quote, underlying

    # --- LPs

    def bring(self, name: str, quote: int = 0, underlying: int = 0) -> None:
        """Tokens in somebody's hands, in natural units."""
        self.market.fund(name, quote, underlying)
        self.ledger.bring(name, self.market.assets(quote), self.market.units(underlying))

    def deposit(self, name: str, quote: int) -> int:
        """Quote in. Shares."""
        assets, account = self.market.assets(quote), self.market.who(name)
        receipt = self.market.vault.deposit(assets, account, sender=account)
        self.ledger.move(name, VAULT, quote=assets)
        self._flow(self.wad(assets))
        return int(receipt.value)

    def deposit_underlying(self, name: str, underlying: int) -> int:
        """Underlying in. Shares."""
        units, account = self.market.units(underlying), self.market.who(name)
        receipt = self.market.vault.depositUnderlying(units, account, 0, sender=account)
        self.ledger.move(name, VAULT, underlying=units)
        worth = from_assets_floor(units, self.market.terms.underlying_decimals)
        self._flow(worth * self.spot() // WAD)
        return int(receipt.value)

    def leave(self, name: str, shares: int) -> int:
        """Shares back at the low mark. Assets."""
        account = self.market.who(name)
        receipt = self.market.vault.redeem(shares, account, account, sender=account)
        self.ledger.move(VAULT, name, quote=receipt.value)
        self._flow(-self.wad(receipt.value))
        return int(receipt.value)

    def request(self, name: str, shares: int) -> None:
        """Shares into the queue."""
        account = self.market.who(name)
        receipt = self.market.vault.requestRedeem(shares, account, account, sender=account)
        self.ledger.requests[name].append(int(receipt.value))

    def process(self) -> int:
        """Serve the queue. Assets that may be claimed."""
        receipt = self.market.vault.processRedemptions(32)
        self._flow(-self.wad(receipt.value))
        return int(receipt.value)

    def claim(self, name: str) -> int:
        """What the queue brought. Assets."""
        account = self.market.who(name)
        receipt = self.market.vault.claim(account, sender=account)
        self.ledger.move(VAULT, name, quote=receipt.value)
        return int(receipt.value)

    def pay_fund(self) -> int:
        """The fund's part of fees. Assets."""
        receipt = self.market.vault.payFund()
        self.ledger.move(VAULT, FUND, quote=receipt.value)
        return int(receipt.value)

    # --- what is written down

    def mark(self, text: str) -> None:
        """Something to point at."""
        self.milestones.append(Milestone(self.market.chain.timestamp, text))

    def note(self) -> Moment:
        """The vault as it is now."""
        market, spot = self.market, self.spot()
        nav, low, high = market.vault.nav()
        book = market.book.exposure_now()
        x = spot * WAD // market.book.REFERENCE()
        lots = market.vault.holdings().underlying
        held = from_assets_floor(lots, market.terms.underlying_decimals)
        moment = Moment(
            at=market.chain.timestamp,
            spot=spot,
            low=low,
            nav=nav,
            high=high,
            supply=market.vault.totalSupply(),
            delta_options=x * (book.delta + book.gamma * x // WAD) * NANO // WAD,
            delta_underlying=held * spot // WAD,
            gamma=book.gamma * x // WAD * x * NANO // WAD,
            vega=book.vega * NANO,
            potential=market.book.appraisal(held).potential,
            causes=tuple(self.causes.values()),
        )
        self.moments.append(moment)
        return moment

    def spot(self) -> int:
        """WAD."""
        return int(self.market.oracle.spot()[0])

    def wad(self, assets: int) -> int:
        """Assets as WAD."""
        return from_assets_floor(assets, self.market.terms.quote_decimals)

    def _underlying(self) -> int:
        """That the vault holds, WAD."""
        units = self.market.vault.balances().underlying
        return from_assets_floor(units, self.market.terms.underlying_decimals)

    def count(self, parts: Mapping[str, int]) -> None:
        """Causes of the last change of NAV, WAD; what they leave is time's."""
        for cause, amount in parts.items():
            self.causes[cause] += amount
            self._nav += amount
        self._count("time")

    def step(self, cause: str, act: Callable[[], T]) -> T:
        done = act()
        self._count(cause)
        return done

    def _count(self, cause: str) -> None:
        """What NAV has moved by since it was last looked at has this cause."""
        nav = int(self.market.vault.nav()[0])
        self.causes[cause] += nav - self._nav
        self._nav = nav

    def _flow(self, brought: int) -> None:
        """LPs' money in or out; no gain of anybody's."""
        self.brought += brought
        self._nav += brought
        self._count("time")
