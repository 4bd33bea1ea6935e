"""Margin accounts in the diary: opened, watched, liquidated, settled, with every payment in the
ledger and every change of the LPs' money under its cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ballast.chain.protocol import Receipt
from ballast.report.story.diary import SYMBOL, Deal, Diary
from ballast.report.story.ledger import FUND, MARGIN, VAULT
from ballast.series import Series
from ballast.units import LOT, from_wad

ORDINARY = "on a day of trading"
"""What is said of an account that is only looked at."""
MOST_CALLS = 64
"""Liquidations in a row after which the story gives up; a handful is usual."""


@dataclass(frozen=True)
class Sight:
    """An account at one moment: WAD."""

    at: int
    who: str
    what: str
    spot: int
    equity: int
    maintenance: int

    @property
    def health(self) -> float:
        """Equity over the requirement; infinite where nothing is required."""
        return self.equity / self.maintenance if self.maintenance else float("inf")


@dataclass(frozen=True)
class Liquidation:
    """One call: lots, and assets but for the parts of the price, which are WAD."""

    at: int
    who: str
    series: str
    lots: int
    is_windup: bool
    cost: int
    bonus: int
    """What the caller got."""
    to_fund: int
    from_account: int
    """Of the cost; fund and LPs bore the rest."""
    from_fund: int
    from_lps: int
    reward_from_fund: int
    skew: int
    spread: int
    clamp: int


@dataclass(frozen=True)
class Closing:
    """A margin account after an expiry; assets."""

    who: str
    expiry: int
    debt: int
    shortfall: int
    left: int


class Credit:
    """The margin accounts of a story."""

    def __init__(self, diary: Diary, people: Sequence[str], liquidator: str) -> None:
        self.diary, self.people, self.liquidator = diary, tuple(people), liquidator
        self.market, self.ledger = diary.market, diary.ledger
        self.sights: list[Sight] = []
        self.liquidations: list[Liquidation] = []
        self.closings: list[Closing] = []

    def fork(self) -> Credit:
        """The same accounts, for what is undone later."""
        other = Credit(self.diary.fork(), self.people, self.liquidator)
        other.sights, other.liquidations = [*self.sights], [*self.liquidations]
        return other

    # --- owners

    def deposit(self, name: str, quote: int) -> None:
        """Cash in."""
        self.diary.bring(name, quote=quote)
        assets, account = self.market.assets(quote), self.market.who(name)
        self.market.margin.deposit(assets, account, sender=account)
        self.ledger.move(name, MARGIN, quote=assets)

    def write(self, name: str, series_id: int, lots: int) -> Deal:
        """Sell options to the vault, at exactly what was quoted."""
        quoted = self.market.desk.quote_account(series_id, -lots).premium
        dues = self.market.vault.balances().dues
        receipt = self.market.write(name, series_id, from_wad(lots * LOT))
        self.ledger.move(VAULT, MARGIN, quote=receipt.value)
        deal = self.diary.account_deal(name, series_id, quoted, receipt, dues)
        self.look(name, f"sells {lots // 10_000} {Series.from_id(series_id).name(SYMBOL)}")
        return deal

    def thin_out(self, name: str, health: float) -> None:
        """Take out all that is above a health."""
        found = self.market.margin.health(self.market.who(name))[1]
        spare = found.equity - int(found.maintenance * health)
        self._withdraw(name, self.market.assets(from_wad(spare // 10**12 * 10**12)))
        self.look(name, "takes out what is to spare")

    def leave(self, name: str) -> int:
        """Take out all. Assets."""
        cash = self.cash(name)
        if cash:
            self._withdraw(name, cash)
        return cash

    def cash(self, name: str) -> int:
        """Assets of an account."""
        return int(self.market.margin.account(self.market.who(name))[0])

    def _withdraw(self, name: str, assets: int) -> None:
        account = self.market.who(name)
        self.market.margin.withdraw(assets, account, sender=account)
        self.ledger.move(MARGIN, name, quote=assets)

    # --- anyone

    def look(self, name: str, what: str) -> Sight:
        """Write down how an account stands."""
        sight = self._sight(name, what, self.diary.spot())
        self.sights.append(sight)
        return sight

    def _sight(self, name: str, what: str, spot: int) -> Sight:
        found = self.market.margin.health(self.market.who(name))[1]
        at = self.market.chain.timestamp
        return Sight(at, name, what, spot, found.equity, found.maintenance)

    def patrol(self, what: str) -> None:
        """Look at every account that owes; liquidate what may be, until nothing may."""
        spot = self.diary.spot()
        for name in self.people:
            sight = self._sight(name, what, spot)
            if not sight.maintenance:
                continue
            self.sights.append(sight)
            for _ in range(MOST_CALLS):
                if self.sights[-1].health >= 1.0 or not self._liquidate(name):
                    break

    def _liquidate(self, name: str) -> bool:
        before = self.market.vault.balances()
        receipt = self.market.liquidate(self.liquidator, name)
        if receipt is None:
            return False
        done = self._liquidation(name, receipt)
        self._pay(done, receipt)
        self._count(done, receipt, before)
        self.liquidations.append(done)
        how = "wound up" if done.is_windup else "liquidated"
        self.look(name, f"{how}: {done.lots / 10_000:.4g} bought back")
        return True

    def _count(self, done: Liquidation, receipt: Receipt, before: Any) -> None:
        """What LPs gained and lost. The fund is owed whole grains; crumbs are theirs."""
        after, wad = self.market.vault.balances(), self.diary.wad
        paid = sum(event.assets for event in receipt.events if event.name == "FundPaid")
        crumb = done.to_fund - (after.dues + paid - before.dues)
        self.diary.count(
            {
                "spread": done.spread,
                "skew": done.skew,
                "clamps": done.clamp,
                "fees": wad(crumb),
                "shortfalls": wad(before.bad_debt) - wad(after.bad_debt) - wad(done.from_lps),
            }
        )

    def _liquidation(self, name: str, receipt: Receipt) -> Liquidation:
        event, trade = receipt.event("Liquidated"), receipt.event("MarginTraded")
        short = [e for e in receipt.events if e.name == "ShortfallRealised"]
        return Liquidation(
            at=self.market.chain.timestamp - 1,
            who=name,
            series=Series.from_id(event.id).name(SYMBOL),
            lots=event.lots,
            is_windup=event.is_windup,
            cost=trade.premium,
            bonus=event.bonus,
            to_fund=event.to_fund,
            from_account=trade.premium - sum(e.shortfall for e in short),
            from_fund=sum(e.from_fund for e in short),
            from_lps=sum(e.from_lps for e in short),
            reward_from_fund=event.from_fund,
            skew=trade.skew,
            spread=trade.spread,
            clamp=trade.clamp,
        )

    def _pay(self, done: Liquidation, receipt: Receipt) -> None:
        """A liquidation's payments, each as an event tells it."""
        self._fund_moves(receipt)
        paid = done.from_account + done.to_fund + done.from_fund
        self.ledger.move(MARGIN, VAULT, quote=paid)
        self.ledger.move(MARGIN, self.liquidator, quote=done.bonus)

    def _fund_moves(self, receipt: Receipt) -> None:
        for event in receipt.events:
            if event.name == "FundPaid":
                self.ledger.move(VAULT, FUND, quote=event.assets)
            elif event.name == "Drawn":
                self.ledger.move(FUND, MARGIN, quote=event.paid)

    def flag(self, name: str) -> int:
        """Book what an account owes beyond what it has. Assets."""
        account = self.market.who(name)
        return int(self.diary.step("shortfalls", lambda: self.market.margin.flag(account)).value)

    def settle(self, name: str, expiry: int) -> None:
        """Take a settled expiry off an account that has one of its legs."""
        account = self.market.who(name)
        legs = self.market.margin.account(account)[2]
        if all(leg.id >> 128 != expiry for leg in legs):
            return
        receipt = self.market.margin.settle(account, expiry)
        event, paid = receipt.event("AccountSettled"), 0
        for collected in (e for e in receipt.events if e.name == "DebtCollected"):
            paid += collected.quote
        self._fund_moves(receipt)
        self.ledger.move(MARGIN, VAULT, quote=paid)
        self.diary.count({"shortfalls": self.diary.wad(paid) - self.diary.wad(event.debt)})
        self.closings.append(Closing(name, expiry, event.debt, event.shortfall, self.cash(name)))

    # --- the fund's stakers

    def stake(self, name: str, quote: int) -> None:
        """Quote into the fund, for shares of it."""
        self.diary.bring(name, quote=quote)
        assets, account = self.market.assets(quote), self.market.who(name)
        self.market.insurance.deposit(assets, account, sender=account)
        self.ledger.move(name, FUND, quote=assets)

    def ask_out(self, name: str, part: int) -> None:
        """Say that a part of the shares is to leave; ten days pass first."""
        fund, account = self.market.insurance, self.market.who(name)
        fund.request(fund.balanceOf(account) // part, sender=account)

    def unstake(self, name: str) -> tuple[int, int]:
        """What has been asked out. Assets, and what the shares are worth by now."""
        fund, account = self.market.insurance, self.market.who(name)
        shares = fund.maxRedeem(account)
        worth = fund.convertToAssets(shares)
        receipt = fund.redeem(shares, account, account, sender=account)
        self.ledger.move(FUND, name, quote=receipt.value)
        return int(receipt.value), int(worth)


@dataclass(frozen=True)
class Gap:
    """What a fall that no shock covers did: assets, values WAD."""

    at: int
    before: int
    after: int
    """Prices of the underlying."""
    flagged: tuple[tuple[str, int], ...]
    """What accounts owed beyond what they had."""
    stakes_before: int
    stakes_after: int
    """Worth of all stakes in the fund."""
    navs: tuple[int, int, int]
    """Of the vault: at the new price, after the flags, after all is wound up."""
    calls: tuple[Liquidation, ...]
    sights: tuple[Sight, ...]


def gap(credit: Credit, fall: float) -> Gap:
    """The next round is this share of the last one."""
    diary, market = credit.diary, credit.market
    before, made, seen = diary.spot(), len(credit.liquidations), len(credit.sights)
    diary.wait(market.chain.timestamp + 180)
    stakes = market.insurance.totalAssets()
    diary.round(Decimal(f"{float(diary.price) * fall:.2f}"))
    navs = [int(market.vault.nav()[0])]
    flagged = tuple((name, credit.flag(name)) for name in credit.people)
    navs.append(int(market.vault.nav()[0]))
    credit.patrol("the gap")
    navs.append(int(market.vault.nav()[0]))
    credit.ledger.check()
    return Gap(
        at=market.chain.timestamp,
        before=before,
        after=diary.spot(),
        flagged=flagged,
        stakes_before=int(stakes),
        stakes_after=int(market.insurance.totalAssets()),
        navs=(navs[0], navs[1], navs[2]),
        calls=tuple(credit.liquidations[made:]),
        sights=tuple(credit.sights[seen:]),
    )
