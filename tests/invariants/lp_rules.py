"""What LPs do, and what must hold of it: V8, V9, V10, V20, V24."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.invariants.driver import Driver
from tests.invariants.ghost import Request
from tests.invariants.reasons import CANCEL, ENTRY, EXIT, PRICE, PROCESS, REQUEST
from tests.spec import holds

LPS = st.sampled_from(("lp", "other"))
PARTS = st.sampled_from((1, 10, 100, 500, 990, 1_000))
"""Of a thousand."""


class LpRules:
    """Deposits, redemptions, the queue, the floor."""

    driver: Driver

    @contextmanager
    def _price_kept(self) -> Iterator[None]:
        """V8, by NAV, virtual shares and the virtual asset included. Shares of a performance fee
        that the flow mints count before it."""
        before, start = self._price(), len(self.driver.logs)
        yield
        after = self._price()
        fees = [log.args["shares"] for log in self.driver.logs[start:] if log.name == "FeeMinted"]
        if before and after:
            supply = before[1] + sum(fees)
            holds("V8", after[0] * supply >= before[0] * after[1], before, after, fees)

    def _price(self) -> tuple[int, int] | None:
        d = self.driver
        if not d.is_valued():
            return None
        scale = 10 ** (18 - d.ghost.quote_decimals)
        nav = int(d.market.vault.nav()[0])
        virtual = 10 ** max(18 - d.ghost.quote_decimals, 6)
        return max(nav // scale, 0) + 1, d.market.vault.totalSupply() + virtual

    def _came(self, name: str, assets: int, shares: int) -> None:
        ghost, account = self.driver.ghost, self.driver.who(name)
        ghost.quote[account] -= assets
        ghost.cash += assets
        ghost.shares[account] += shares

    # --- in

    @rule(name=LPS, part=PARTS)
    def deposit(self, name: str, part: int) -> None:
        d, vault = self.driver, self.driver.market.vault
        account = d.who(name)
        assets = min(vault.maxDeposit(account), d.ghost.quote[account]) * part // 4_000
        preview = d.would(vault.previewDeposit, assets, by=name) is None
        expected = vault.previewDeposit(assets) if preview else 0
        with self._price_kept():
            minted = d.do(vault.deposit, assets, account, by=name, refusals=ENTRY)
            if minted is not None and assets:
                holds("V10", minted == expected, assets, minted, expected)
                self._came(name, assets, minted)
                self._no_way_back(name, assets, minted)

    def _no_way_back(self, name: str, assets: int, minted: int) -> None:
        """V9: out again at once with what was minted."""
        d, vault = self.driver, self.driver.market.vault
        shares = min(minted, vault.maxRedeem(d.who(name)))
        if shares:
            back = vault.previewRedeem(shares)
            holds("V9", back * minted <= assets * shares, assets, minted, shares, back)

    @rule(name=LPS, part=PARTS)
    def mint(self, name: str, part: int) -> None:
        d, vault = self.driver, self.driver.market.vault
        account = d.who(name)
        shares = 10**18 * part
        if d.would(vault.mint, shares, account, by=name) is not None:
            return
        with self._price_kept():
            assets = d.do(vault.mint, shares, account, by=name, refusals=ENTRY)
            if assets is not None:
                self._came(name, assets, shares)

    @rule(name=LPS, part=PARTS)
    def deposit_underlying(self, name: str, part: int) -> None:
        d, vault = self.driver, self.driver.market.vault
        account = d.who(name)
        units = d.market.units(200) * part // 1_000
        nav = d.value()
        with self._price_kept():
            minted = d.do(vault.depositUnderlying, units, account, by=name, refusals=ENTRY)
            if minted is None:
                return
            d.ghost.units[account] -= units
            d.ghost.stock += units
            d.ghost.shares[account] += minted
        after = d.value()
        if nav and after:
            holds("Q6", after[0] - after[1] >= nav[0] - nav[1] - 10**10, nav, after)

    # --- out

    @rule(name=LPS, part=PARTS, is_exact=st.booleans())
    def withdraw(self, name: str, part: int, is_exact: bool) -> None:
        d, vault = self.driver, self.driver.market.vault
        account = d.who(name)
        most = vault.maxWithdraw(account) if is_exact else vault.maxRedeem(account)
        amount = most * part // 1_000
        method = vault.withdraw if is_exact else vault.redeem
        with self._price_kept():
            other = d.do(method, amount, account, account, by=name, refusals=EXIT)
            if other is None:
                return
            assets, shares = (amount, other) if is_exact else (other, amount)
            self._came(name, -assets, -shares)

    @rule(name=LPS, part=PARTS)
    def exit_at_floor(self, name: str, part: int) -> None:
        d, vault = self.driver, self.driver.market.vault
        account = d.who(name)
        shares = d.ghost.shares[account] * part // 20_000
        with self._price_kept():
            assets = d.do(vault.exitAtFloor, shares, account, by=name)
            self._came(name, -assets, -shares)

    @rule(name=LPS, part=PARTS)
    def transfer(self, name: str, part: int) -> None:
        d, vault = self.driver, self.driver.market.vault
        sender, receiver = d.who(name), d.who("other" if name == "lp" else "lp")
        shares = d.ghost.shares[sender] * part // 3_000
        with self._price_kept():
            d.do(vault.transfer, receiver, shares, by=name)
        d.ghost.shares[sender] -= shares
        d.ghost.shares[receiver] += shares

    # --- the queue

    @rule(name=LPS, part=PARTS)
    def request(self, name: str, part: int) -> None:
        d, vault = self.driver, self.driver.market.vault
        account = d.who(name)
        shares = d.ghost.shares[account] * part // 2_000
        number = d.do(vault.requestRedeem, shares, account, account, by=name, refusals=REQUEST)
        if number is not None:
            holds("V24", number not in d.ghost.queue, number)
            d.ghost.queue[number] = Request(account, shares, d.now)
            d.ghost.shares[account] -= shares
            d.ghost.shares[vault.address] += shares

    @rule(place=st.integers(0, 5))
    def cancel(self, place: int) -> None:
        d, vault = self.driver, self.driver.market.vault
        waiting = [(n, one) for n, one in d.ghost.queue.items() if one.shares]
        if not waiting:
            return
        number, one = waiting[place % len(waiting)]
        back = d.do(vault.cancelRedeemRequest, number, by=one.controller, refusals=CANCEL)
        if back is not None:
            holds("V24", back == one.shares, number, back, one)
            d.ghost.shares[one.controller] += back
            d.ghost.shares[vault.address] -= back
            one.shares = 0

    @rule(count=st.sampled_from((1, 2, 32)))
    def process(self, count: int) -> None:
        """V24: first come, first served; only the last one gets a part."""
        d, vault = self.driver, self.driver.market.vault
        start = len(d.logs)
        with self._price_kept():
            spent = d.do(vault.processRedemptions, count, by="stranger", refusals=PROCESS)
        if spent is None:
            return
        done = [log.args for log in d.logs[start:] if log.name == "RedemptionProcessed"]
        waiting = [n for n, one in sorted(d.ghost.queue.items()) if one.shares]
        numbers = [one["request_id"] for one in done]
        holds("V24", numbers == waiting[: len(numbers)], numbers, waiting)
        for place, one in enumerate(done):
            request = d.ghost.queue[one["request_id"]]
            request.shares -= one["shares"]
            holds("V24", request.shares == 0 or place == len(done) - 1, done)
            d.ghost.owed[request.controller] += one["assets"]
            d.ghost.shares[vault.address] -= one["shares"]
        holds("V24", spent == sum(one["assets"] for one in done), spent, done)
        d.ghost.cash -= spent

    @rule(name=LPS)
    def claim(self, name: str) -> None:
        d, vault = self.driver, self.driver.market.vault
        account = d.who(name)
        with self._price_kept():
            assets = d.do(vault.claim, account, by=name)
        holds("V24", assets == d.ghost.owed[account], assets)
        d.ghost.quote[account] += assets
        d.ghost.owed[account] = 0

    # --- upkeep

    @rule()
    def pay_fund(self) -> None:
        d = self.driver
        with self._price_kept():
            assets = d.do(d.market.vault.payFund, by="stranger")
        d.ghost.margin.fund += assets
        d.ghost.cash -= assets

    @rule()
    def poke(self) -> None:
        d = self.driver
        with self._price_kept():
            level = d.do(d.market.desk.pokeCaution, by="stranger", refusals=PRICE)
        if level is not None:
            holds("V29", level in (0, 1, 2, 3, True), level)

    @rule(part=PARTS, is_quote=st.booleans())
    def donate(self, part: int, is_quote: bool) -> None:
        """V2: what nobody asked for changes nothing."""
        d, vault = self.driver, self.driver.market.vault
        token = d.market.quote if is_quote else d.market.underlying
        ghost = d.ghost.quote if is_quote else d.ghost.units
        amount = (d.market.assets(1) if is_quote else d.market.units(1)) * part // 10
        nav = self._price()
        d.do(token.transfer, vault.address, amount, by="stranger")
        ghost[d.who("stranger")] -= amount
        d.ghost.donated[0 if is_quote else 1] += amount
        holds("V8", self._price() == nav, nav)
