"""What owners of margin accounts, liquidators and stakers do, and what must hold of it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ballast.market.local import FOREVER
from ballast.units import DAY, WAD
from tests.invariants.accounts import Account, Leg, in_quote_up, surrendered_up
from tests.invariants.driver import MOST, Driver
from tests.invariants.reasons import (
    BUY_BACK,
    FLAG,
    LIQUIDATE,
    OPTION_IN,
    SETTLE_ACCOUNT,
    STAKE,
    TAKE_OUT,
    WRITE,
)
from tests.spec import holds

OWNERS = ("trader", "other", "stranger", "liquidator")
NAMES = st.sampled_from(OWNERS)
PLACES = st.integers(0, 10**6)
SIZES = st.sampled_from((1, 40, 333, 10_000, 54_321, 200_000))
PARTS = st.sampled_from((1, 100, 333, 500, 1_000))
"""Of a thousand."""
ESCROWS = st.sampled_from((0, 0, 0, 300, 1_000))
GAPS = st.sampled_from((0.3, 0.5, 0.75, 1.3, 1.8, 3.0))
JUMPS = st.sampled_from((0.75, 0.8, 0.9, 1.1, 1.2, 1.25))


class MarginRules:
    """Accounts in any order of events."""

    driver: Driver

    def _account(self, name: str) -> Account:
        return self.driver.ghost.margin.of[self.driver.who(name)]

    def _scale(self) -> int:
        return int(10 ** (18 - self.driver.ghost.quote_decimals))

    def _health(self, name: str) -> Any:
        """The assessment of an account, or None without a price."""
        d = self.driver
        account = d.who(name)
        if d.would(d.market.margin.health, account, by="stranger") is not None:
            return None
        return d.market.margin.health(account)[1]

    # --- in and out

    @rule(name=NAMES, owner=NAMES, size=st.sampled_from((1, 10**6, 10**10, 4 * 10**10)))
    def margin_deposit(self, name: str, owner: str, size: int) -> None:
        """By anybody, down to a millionth: dust stops nothing."""
        d, payer = self.driver, self.driver.who(name)
        assets = min(size * d.market.assets(1) // 10**6 or 1, d.ghost.quote[payer])
        d.do(d.market.margin.deposit, assets, d.who(owner), by=name)
        d.ghost.quote[payer] -= assets
        d.ghost.margin.quote += assets
        self._account(owner).cash += assets

    @rule(name=NAMES, part=PARTS)
    def margin_deposit_units(self, name: str, part: int) -> None:
        d, payer = self.driver, self.driver.who(name)
        amount = min(d.market.units(50) * part // 1_000, d.ghost.units[payer])
        d.do(d.market.margin.deposit_underlying, amount, payer, by=name)
        d.ghost.units[payer] -= amount
        d.ghost.margin.units += amount
        self._account(name).units += amount

    @rule(name=NAMES, part=PARTS)
    def margin_withdraw(self, name: str, part: int) -> None:
        d, account = self.driver, self._account(name)
        amount = account.cash * part // 1_000
        if self._taken(d.market.margin.withdraw, name, amount):
            account.cash -= amount
            d.ghost.margin.quote -= amount
            d.ghost.quote[d.who(name)] += amount

    @rule(name=NAMES)
    def margin_thin(self, name: str) -> None:
        """All that the initial requirement leaves."""
        d, found, account = self.driver, self._health(name), self._account(name)
        if found is None or not account.is_owing:
            return
        amount = min(max(found.equity - found.initial, 0) // self._scale(), account.cash)
        amount = min(amount, max(account.cash - -(-found.due // self._scale()), 0))
        if amount:
            done = d.do(d.market.margin.withdraw, amount, d.who(name), by=name)
            holds("V21", done, found, amount)
            account.cash -= amount
            d.ghost.margin.quote -= amount
            d.ghost.quote[d.who(name)] += amount

    @rule(name=NAMES, part=PARTS)
    def margin_withdraw_units(self, name: str, part: int) -> None:
        d, account = self.driver, self._account(name)
        amount = account.units * part // 1_000
        if self._taken(d.market.margin.withdraw_underlying, name, amount):
            account.units -= amount
            d.ghost.margin.units -= amount
            d.ghost.units[d.who(name)] += amount

    def _taken(self, method: Any, name: str, *amount: int) -> bool:
        """V21: what has been taken out leaves the initial requirement."""
        d = self.driver
        done = d.do(method, *amount, d.who(name), by=name, refusals=TAKE_OUT)
        if done and self._account(name).is_owing:
            after = self._health(name)
            holds("V21", after.equity >= after.initial, name, after)
        return bool(done)

    @rule(name=NAMES, place=PLACES, part=PARTS)
    def option_in(self, name: str, place: int, part: int) -> None:
        d, owner = self.driver, self.driver.who(name)
        held = [k[1] for k, lots in d.ghost.options.items() if lots and k[0] == owner]
        held = [one for one in held if one >> 128 > d.now]
        if held:
            series_id = held[place % len(held)]
            self._option_in(name, series_id, d.ghost.options[owner, series_id] * part // 1_000 or 1)

    def _option_in(self, name: str, series_id: int, lots: int) -> None:
        d, owner, margin = self.driver, self.driver.who(name), self.driver.market.margin
        if not d.market.token.isApprovedForAll(owner, margin):
            d.do(d.market.token.setApprovalForAll, margin.address, True, by=name)
        before = self._health(name)
        order = (series_id, lots, owner)
        if d.do(margin.deposit_option, *order, by=name, refusals=OPTION_IN):
            self._account(name).change(series_id, owned=lots)
            d.ghost.options[owner, series_id] -= lots
            d.ghost.options[margin.address, series_id] += lots
            self._no_worse(name, before)

    @rule(name=NAMES, place=PLACES, part=PARTS)
    def option_out(self, name: str, place: int, part: int) -> None:
        d, account = self.driver, self._account(name)
        owned = [one for one, leg in account.legs.items() if leg.owned]
        if owned:
            series_id = owned[place % len(owned)]
            lots = account.legs[series_id].owned * part // 1_000 or 1
            if self._taken(d.market.margin.withdraw_option, name, series_id, lots):
                account.change(series_id, owned=-lots)
                d.ghost.options[d.market.margin.address, series_id] -= lots
                d.ghost.options[d.who(name), series_id] += lots

    def _no_worse(self, name: str, before: Any) -> None:
        """V21: healthy, or no less healthy than before at the same price."""
        after = self._health(name)
        if before is None or after is None or not self._account(name).is_owing:
            return
        is_better = after.equity * before.maintenance >= before.equity * after.maintenance
        holds("V21", after.equity >= after.maintenance or is_better, name, before, after)

    # --- trades

    @rule(name=NAMES, place=PLACES, lots=SIZES, escrow=ESCROWS)
    def write(self, name: str, place: int, lots: int, escrow: int) -> None:
        """Sell to open: V21, and Q9 of the account's own quote."""
        d = self.driver
        if d.series:
            series_id = d.series[place % len(d.series)]
            self._write(name, series_id, lots, lots * escrow // 1_000)

    def _write(self, name: str, series_id: int, lots: int, escrowed: int) -> bool:
        d, margin, account = self.driver, self.driver.market.margin, self._account(name)
        premium = self._quoted(series_id, -lots)
        got = d.do(
            margin.sell_to_open, series_id, lots, 0, FOREVER, escrowed, d.who(name),
            by=name, refusals=WRITE,
        )  # fmt: skip
        if got is None:
            return False
        holds("Q9", got == -premium, series_id, lots, got, premium)
        self._paid_in(account, got)
        account.change(series_id, owed=lots, escrowed=escrowed)
        self._escrow(account, series_id, escrowed)
        if account.is_owing:
            after = self._health(name)
            holds("V21", after.equity >= after.initial, name, after)
        return True

    def _quoted(self, series_id: int, lots: int) -> int:
        d = self.driver
        quote = d.market.desk.quote_account
        if d.would(quote, series_id, lots, by="stranger") is not None:
            return 0
        return int(quote(series_id, lots).premium)

    def _paid_in(self, account: Account, assets: int) -> None:
        """From the vault to an account; below zero the other way."""
        d = self.driver
        d.ghost.cash -= assets
        d.ghost.margin.quote += assets
        account.cash += assets

    def _escrow(self, account: Account, series_id: int, lots: int) -> None:
        """Set aside, or free again."""
        d = self.driver
        quote, covered = d.ghost.cover(series_id, abs(lots))
        sign = 1 if lots > 0 else -1
        account.cash -= sign * quote
        account.units -= sign * covered * (d.market.units(1) // 10_000)

    @rule(name=NAMES, places=st.tuples(PLACES, PLACES), lots=SIZES)
    def spread(self, name: str, places: tuple[int, int], lots: int) -> None:
        """An option owned, and another of the same expiry and right owed."""
        d = self.driver
        if not d.series:
            return
        long = d.series[places[0] % len(d.series)]
        twins = [one for one in d.series if one >> 128 == long >> 128 and one & 1 == long & 1]
        short = twins[places[1] % len(twins)]
        if long == short or d.buy(name, long, lots, WRITE) is None:
            return
        self._option_in(name, long, lots)
        self._write(name, short, lots, 0)

    @rule(name=NAMES, place=PLACES, part=PARTS)
    def buy_back(self, name: str, place: int, part: int) -> None:
        d, account, margin = self.driver, self._account(name), self.driver.market.margin
        owed = [one for one, leg in account.legs.items() if leg.owed]
        if not owed:
            return
        series_id = owed[place % len(owed)]
        leg = account.legs[series_id]
        lots = leg.owed * part // 1_000 or 1
        freed, before = lots - min(lots, leg.owing), self._health(name)
        premium = self._quoted(series_id, lots)
        cost = d.do(
            margin.buy_to_close, series_id, lots, MOST, FOREVER, d.who(name),
            by=name, refusals=BUY_BACK,
        )  # fmt: skip
        if cost is not None:
            holds("Q9", cost == premium, series_id, lots, cost, premium)
            account.change(series_id, owed=-lots, escrowed=-freed)
            self._escrow(account, series_id, -freed)
            self._paid_in(account, -cost)
            self._no_worse(name, before)

    # --- liquidation

    @rule(name=NAMES, victim=NAMES, place=PLACES, part=PARTS)
    def liquidate(self, name: str, victim: str, place: int, part: int) -> None:
        """Any leg, any size, also one's own."""
        legs = sorted(self._account(victim).legs)
        if legs:
            series_id = legs[place % len(legs)]
            leg = self._account(victim).legs[series_id]
            lots = max((leg.owing or leg.owned) * part // 1_000, 1)
            self._liquidate(name, victim, series_id, lots)

    def _liquidate(self, name: str, victim: str, series_id: int, lots: int) -> bool:
        """V19 and V23, and the ghost's books of it."""
        d, account = self.driver, self._account(victim)
        before, leg = self._health(victim), account.legs[series_id]
        leg = Leg(leg.owed, leg.escrowed, leg.owned)
        dues, start = d.market.vault.balances().dues, len(d.logs)
        order = (d.who(victim), series_id, lots)
        terms = (series_id, min(lots, leg.owing))
        is_priced = d.would(d.market.desk.unwind_terms, *terms, by=name) is None
        most = d.market.desk.unwind_terms(*terms)[1] if is_priced else 0
        got = d.do(d.market.margin.liquidate, *order, by=name, refusals=LIQUIDATE)
        if got is None:
            return False
        told = {log.name: log.args for log in d.logs[start:] if hasattr(log, "name")}
        done, trade = told["Liquidated"], told["MarginTraded"]
        had = account.cash, account.units
        if done["is_sale"]:
            account.change(series_id, owned=-got[0])
            d.ghost.options[d.market.margin.address, series_id] -= got[0]
            d.ghost.written[series_id] -= got[0]
            self._sold(account, -trade["premium"])
        else:
            self._bought_back(name, account, series_id, told, dues)
        self._fair(before, victim, leg, got, told, had, most)
        return True

    def _sold(self, account: Account, proceeds: int) -> None:
        """In quote, or for calls in underlying that is worth no more, where free quote is short."""
        d, ghost = self.driver, self.driver.ghost
        units = d.market.underlying.balanceOf(d.market.margin) - ghost.margin.units
        holds("V19", self._worth(units, d.spot() or 0) <= proceeds, units, proceeds)
        self._units_given(account, -units)
        self._paid_in(account, 0 if units else proceeds)

    def _bought_back(
        self, name: str, account: Account, series_id: int, told: dict[str, Any], dues: int
    ) -> None:
        """V23: cash of the account, its underlying at spot, the fund, LPs; each unit once. A bonus
        is the account's to pay but for what the fund adds to the reward of a windup."""
        d, margin = self.driver, self.driver.ghost.margin
        done, cost = told["Liquidated"], told["MarginTraded"]["premium"]
        paid = min(cost, account.cash)
        self._paid_in(account, -paid)
        account.change(series_id, owed=-done["lots"])
        given, rest = self._in_units(cost - paid, d.spot() or 0, account.units)
        self._units_given(account, given)
        holds("V23", (rest > 0) == ("ShortfallRealised" in told), told)
        if rest:
            got, dues = self._drawn(told["ShortfallRealised"], rest, dues)
            d.ghost.cash += got
        from_fund = done["from_fund"]
        if from_fund:
            holds("V23", done["is_windup"] and from_fund <= done["bonus"], done)
            self._fetch(from_fund, dues)
        own = done["bonus"] + done["to_fund"] - from_fund
        account.cash -= own
        margin.quote -= own
        d.ghost.cash += done["to_fund"]
        d.ghost.quote[d.who(name)] += done["bonus"]
        holds("V23", account.cash >= 0, done)

    def _drawn(self, told: Any, shortfall: int, dues: int) -> tuple[int, int]:
        """V23: what the fund gives, all of it if it must; and what dues it leaves in the vault."""
        before = self.driver.ghost.margin.fund
        paid, left = self._fetch(shortfall, dues)
        holds("V23", paid == min(shortfall, before + dues - left), shortfall, paid, before, dues)
        wanted = (shortfall, paid, shortfall - paid)
        found = (told["shortfall"], told["from_fund"], told["from_lps"])
        holds("V23", found == wanted, found, wanted)
        return paid, left

    def _fetch(self, amount: int, dues: int) -> tuple[int, int]:
        paid, fetched = self.driver.ghost.margin.draw(amount, dues)
        self.driver.ghost.cash -= fetched
        return paid, dues - fetched

    def _fair(
        self,
        before: Any,
        victim: str,
        leg: Leg,
        got: Any,
        told: dict[str, Any],
        had: tuple[int, int],
        most: int,
    ) -> None:
        """V19: only who is not healthy, or has not the cash for what expired; more health or the
        costliest leg; at the price told, and a bonus within its bounds."""
        done, trade, scale = told["Liquidated"], told["MarginTraded"], self._scale()
        is_unhealthy = before.equity < before.maintenance
        cash, units = had
        is_due = done["is_sale"] and cash * scale < before.due
        holds("V19", is_unhealthy or is_due, before, done)
        holds("V19", got == (done["lots"], done["bonus"]), got, done)
        holds("V19", done["lots"] <= (leg.owned if done["is_sale"] else leg.owing), leg, done)
        after = self._health(victim)
        bonus = done["bonus"] + done["to_fund"]
        worth = done["lots"] * trade["mark"] // 10_000 * (-1 if done["is_sale"] else 1)
        fair = worth - (trade["premium"] + bonus) * scale
        if done["is_sale"]:
            holds("V19", bonus == 0, done)
            if self._account(victim).units != units:
                return  # paid in underlying, which is no collateral
            holds("V19", after.equity - before.equity >= fair - 4 * scale - 10**9, before, after)
            return
        holds("V19", bonus * 20 <= done["lots"] * most // (10_000 * scale) + 20, done, most)
        if done["is_windup"]:
            holds("V19", bonus * scale <= 50 * WAD and trade["spread"] == trade["skew"] == 0, told)
            return
        is_better = after.equity * before.maintenance >= before.equity * after.maintenance
        legs = sorted({*self._account(victim).legs, done["id"]})
        is_costliest = before.costliest < len(legs) and legs[before.costliest] == done["id"]
        holds("V19", is_better or is_costliest, before, after, done)
        gap = after.equity - before.equity - fair
        holds("V19", abs(gap) <= 4 * scale + 10**9, before, after, fair, gap)

    @rule(factor=JUMPS, name=NAMES)
    def crash(self, factor: float, name: str) -> None:
        """A round far away, and somebody who liquidates whom he can, block by block."""
        d = self.driver
        d.chain.set_timestamp(d.now + 30)
        self._round(factor)
        for victim in OWNERS:
            for _ in range(3):
                found = self._next(victim)
                if found is None or not self._liquidate(name, victim, *found):
                    break
                d.chain.mine()

    @rule(factor=GAPS, name=NAMES, victim=NAMES, places=st.tuples(PLACES, PLACES), lots=SIZES)
    def gap(
        self, factor: float, name: str, victim: str, places: tuple[int, int], lots: int
    ) -> None:
        """An account as thin as may be, flags around a move that no requirement foresees."""
        self.margin_deposit("lp", victim, 2 * 10**10)
        for place in places:
            self.write(victim, place, lots, 0)
        self.margin_thin(victim)
        self._round(factor)
        self.flag(victim)
        self.crash(1.0, name)
        self.flag(victim)

    def _next(self, victim: str) -> tuple[int, int] | None:
        """What the view says."""
        d = self.driver
        if not d.market.lens.liquidatable(d.who(victim)):
            return None
        series_id, lots = d.market.lens.next_liquidation(d.who(victim))
        return series_id, lots

    @rule(victim=NAMES)
    def flag(self, victim: str) -> None:
        """V23: what it owes beyond what it has, now; and LPs' books the part that no fund pays."""
        d, margin, account = self.driver, self.driver.market.margin, self.driver.who(victim)
        found = self._health(victim)
        amount = d.do(margin.flag, account, by="lp", refusals=FLAG)
        if amount is None:
            return
        if amount is True:
            amount = 0
        wanted = -(min(found.equity, 0) // self._scale())
        wanted -= min(wanted, self._worth(self._account(victim).units, d.spot() or 0))
        holds("V23", amount == wanted == margin.shortfall_of(account), amount, wanted)
        rest = margin.pending() - d.market.insurance.available()
        holds("V23", d.market.vault.balances().bad_debt == max(rest, 0), rest)

    # --- after an expiry

    @rule(name=NAMES)
    def settle_account(self, name: str) -> None:
        """V17 and V23: by anybody; what it owned pays, what it owed is paid, escrow returns."""
        d, account = self.driver, self._account(name)
        passed = sorted({one >> 128 for one in account.legs if one >> 128 <= d.now})
        if not passed:
            return
        expiry, start = passed[0], len(d.logs)
        vault = d.market.vault
        dues = vault.balances().dues
        order = (d.who(name), expiry)
        if d.do(d.market.margin.settle, *order, by="stranger", refusals=SETTLE_ACCOUNT) is None:
            return
        price = self._market_settled(expiry)
        told = {log.name: log.args for log in d.logs[start:] if hasattr(log, "name")}
        self._settled(account, expiry, price, told, dues)

    def _settled(
        self, account: Account, expiry: int, price: int, told: dict[str, Any], dues: int
    ) -> None:
        d = self.driver
        debt, brought, others = self._legs_settled(account, expiry, price)
        account.units += brought
        given, rest = self._in_units(debt, price, brought)
        cash = min(rest, account.cash)
        rest -= cash
        spot = d.spot() or price
        more, rest = self._in_units(rest, min(price, spot), account.units - given)
        account.cash -= cash
        self._units_given(account, given + more)
        holds("V23", (rest > 0) == ("ShortfallRealised" in told), told, rest)
        found = told["AccountSettled"]
        holds("V23", (found["debt"], found["shortfall"]) == (debt, rest), found, debt, rest)
        got = self._drawn(told["ShortfallRealised"], rest, dues)[0] if rest else 0
        margin = d.ghost.margin
        margin.quote -= cash
        d.ghost.cash += cash + got
        margin.receivable -= min(debt, margin.receivable)
        if "UnderlyingExchanged" in told:
            self._exchanged(account, brought + others, told["UnderlyingExchanged"])

    def _market_settled(self, expiry: int) -> int:
        """Its price; of one that nobody had settled, the ghost's books too."""
        d = self.driver
        price = int(d.market.oracle.settlement_price(expiry))
        if expiry not in d.ghost.prices:
            d.ghost.settle(expiry, price)
            d.strikes_changed()
        return price

    def _redeemed(self, account: Account, series_id: int) -> int:
        """What an account owned of an expired series, paid: units that it brought."""
        d, margin, leg = self.driver, self.driver.ghost.margin, account.legs[series_id]
        self._market_settled(series_id >> 128)
        assets, units = d.ghost.draw(series_id, leg.owned)
        d.ghost.options[d.market.margin.address, series_id] -= leg.owned
        account.change(series_id, owned=-leg.owned)
        margin.quote, margin.units = margin.quote + assets, margin.units + units
        account.cash += assets
        return units

    def _units_given(self, account: Account, units: int) -> None:
        """From an account to the vault."""
        account.units -= units
        self.driver.ghost.margin.units -= units
        self.driver.ghost.stock += units

    def _exchanged(self, account: Account, brought: int, told: Any) -> None:
        """Of an account that still owes, what its options brought, for quote at spot or less."""
        worth = self._worth(told["underlying"], self.driver.spot() or 0)
        holds("V23", account.is_owing, told)
        holds("V23", told["underlying"] <= brought and told["quote"] <= worth, told, brought)
        self._units_given(account, told["underlying"])
        self._paid_in(account, told["quote"])

    def _worth(self, units: int, price: int) -> int:
        """Of underlying at a price, in assets."""
        wad = units * 10 ** (18 - self.driver.ghost.unit_decimals)
        return wad * price // WAD // self._scale()

    def _legs_settled(self, account: Account, expiry: int, price: int) -> tuple[int, int, int]:
        """Debt, and units that its calls brought, and those of other expiries."""
        d, debt, brought, others = self.driver, 0, 0, 0
        decimals = d.ghost.quote_decimals, d.ghost.unit_decimals
        for series_id, leg in sorted(account.legs.items()):
            passed = series_id >> 128 <= d.now and d.market.oracle.is_fixed(series_id >> 128)
            if series_id >> 128 != expiry:
                if passed and leg.owned:
                    others += self._redeemed(account, series_id)
                continue
            if leg.owned:
                brought += self._redeemed(account, series_id)
            account.legs.pop(series_id, None)
            if leg.escrowed:
                assets, units = surrendered_up(series_id, leg.escrowed, price, *decimals)
                self._escrow(account, series_id, -leg.escrowed)
                account.cash, account.units = account.cash - assets, account.units - units
            debt += in_quote_up(series_id, leg.owing, price, decimals[0])
        account.units += others
        return debt, brought, others

    def _in_units(self, debt: int, price: int, most: int) -> tuple[int, int]:
        """Units given for a debt, no more than there are, and what of it is left."""
        d = self.driver
        per_unit = price * 10 ** (18 - d.ghost.unit_decimals)
        units = min(most, -(-debt * self._scale() * WAD // per_unit))
        return units, debt - min(debt, self._worth(units, price))

    # --- the fund

    @rule(name=NAMES, part=PARTS)
    def stake(self, name: str, part: int) -> None:
        d, account, fund = self.driver, self.driver.who(name), self.driver.market.insurance
        assets = min(d.market.assets(5_000) * part // 1_000, d.ghost.quote[account])
        minted = d.do(fund.deposit, assets, account, by=name, refusals=STAKE)
        if minted is not None:
            d.ghost.quote[account] -= assets
            d.ghost.margin.fund += assets
            d.ghost.margin.stakes[account] += minted

    @rule(name=NAMES, part=PARTS, is_patient=st.booleans())
    def unstake(self, name: str, part: int, is_patient: bool) -> None:
        """Asked for, or taken when the time has come."""
        d, account, fund = self.driver, self.driver.who(name), self.driver.market.insurance
        shares = d.ghost.margin.stakes[account] * part // 1_000
        amount, ready, lapses = fund.requested(account)
        if not amount or d.now > lapses:
            if shares:
                d.do(fund.request, shares, by=name)
            return
        if is_patient and ready > d.now:
            d.chain.set_timestamp(min(ready, d.now + 10 * DAY))
        dues, amount = d.market.vault.balances().dues, min(amount, shares)
        if not amount:
            return
        got = d.do(fund.redeem, amount, account, account, by=name, refusals=STAKE)
        if got is None:
            return
        margin = d.ghost.margin
        fetched = dues if got > margin.fund else 0
        d.ghost.cash -= fetched
        margin.fund += fetched - got
        margin.stakes[account] -= amount
        d.ghost.quote[account] += got

    @rule(part=PARTS, is_fund=st.booleans())
    def give(self, part: int, is_fund: bool) -> None:
        """Tokens uninvited: nobody's in the margin contract, the stakers' in the fund."""
        d, market = self.driver, self.driver.market
        to = market.insurance if is_fund else market.margin
        amount = market.assets(1) * part // 100
        d.do(market.quote.transfer, to.address, amount, by="stranger")
        d.ghost.quote[d.who("stranger")] -= amount
        if is_fund:
            d.ghost.margin.fund += amount
        else:
            d.ghost.margin.quote += amount
