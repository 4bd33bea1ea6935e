"""What the world does: rounds, posts, time, expiry, settlement, roles, strangers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ballast.chain.contract import Method
from ballast.series import Series, listable_expiries
from ballast.units import DAY, WAD
from tests.invariants.driver import Driver
from tests.invariants.reasons import EXIT, LIST, POST, PRICE, REQUEST, SYNC
from tests.spec import holds

HOUR = 3_600
SMALL = st.sampled_from((0.9995, 0.998, 0.9999, 1.0, 1.0003, 1.002, 1.004))
JUMPS = st.sampled_from((0.5, 0.8, 0.93, 1.06, 1.25, 2.0))
WAITS = st.sampled_from((1, 61, 400, 1_300, 3_599, 3_601, 7_200, DAY))
PLACES = st.integers(0, 10**6)
STRANGERS = ("stranger", "trader", "lp", "keeper", "guardian")
ROLES = frozenset(
    {
        "book: not the desk",
        "book: not the vault",
        "desk: caution only falls",
        "desk: caution only rises",
        "desk: not the guardian",
        "desk: not the keeper",
        "desk: not the margin",
        "desk: not the owner",
        "fund: allowance",
        "fund: not margin",
        "margin: not the owner",
        "surface: keeper",
        "surface: owner",
        "surface: second signer",
        "token: not approved",
        "token: not the desk",
        "vault: allowance",
        "vault: caller",
        "vault: not controller",
        "vault: not the owner",
    }
)


def some_arguments(method: Method, account: str) -> tuple[Any, ...]:
    """Of the right types: ones and one account."""
    return tuple(
        _some(spec, account) for spec in method.contract.codec.functions[method.name][0].inputs
    )


def _some(spec: Any, account: str) -> Any:
    if spec["type"] == "tuple":
        return tuple(_some(member, account) for member in spec["components"])
    return {"address": account, "bool": True}.get(spec["type"], 1)


class WorldRules:
    """Everything that is neither an LP nor a trader."""

    driver: Driver

    # --- prices

    def _round(self, factor: float) -> None:
        market = self.driver.market
        price = Decimal(int(market.feed.latestRoundData()[1])) * Decimal(repr(factor))
        floor, ceiling = Decimal(20 * 10**8), Decimal(10**6 * 10**8)
        answer = int(min(max(price, floor), ceiling))
        market.aggregator.transmit(answer, 0)

    @rule(factor=SMALL)
    def round_small(self, factor: float) -> None:
        self._round(factor)

    @rule(factor=JUMPS)
    def round_jump(self, factor: float) -> None:
        self._round(factor)

    def _live(self) -> list[int]:
        d = self.driver
        return [one for one in d.market.surface.expiries() if one > d.now + HOUR]

    @rule(factor=st.sampled_from((0.98, 0.995, 1.0, 1.01, 1.02)))
    def post(self, factor: float) -> None:
        """By the keeper alone, within what he may."""
        d, live = self.driver, self._live()
        if live:
            posts = d.market.slices(live, d.now, self.volatility * factor)
            if d.do(d.market.surface.post, posts, by="keeper", refusals=POST):
                self.volatility *= factor
                self.refresh()

    @rule(factor=st.sampled_from((0.7, 0.9, 1.2, 1.5)))
    def post_far(self, factor: float) -> None:
        """By both signers."""
        self._found(factor)

    def _found(self, factor: float) -> None:
        d, live = self.driver, self._live()
        volatility = min(max(self.volatility * factor, 0.3), 1.8)
        d.chain.set_timestamp(d.now + 1)
        posts = d.market.slices(live, d.now, volatility)
        if live and d.do(d.market.surface.propose, posts, by="keeper"):
            d.do(d.market.surface.confirm, posts, by="second_signer")
            self.volatility = volatility

    volatility = 0.65

    @rule()
    def refresh(self) -> None:
        d = self.driver
        for expiry in d.expiries:
            d.do(d.market.book.refresh, expiry, by="stranger", refusals=PRICE)

    # --- time

    @rule(seconds=WAITS)
    def wait(self, seconds: int) -> None:
        """Nothing but the clock: rounds and slices grow old."""
        self.driver.chain.set_timestamp(self.driver.now + seconds)

    @rule(seconds=st.sampled_from((600, HOUR, 6 * HOUR, DAY, 8 * DAY)))
    def keep(self, seconds: int) -> None:
        """Time in which everybody does his work."""
        self.wait(seconds)
        self._round(1.0)
        self._found(1.0)
        self.refresh()
        self.sync()

    @rule()
    def sync(self) -> None:
        d = self.driver
        d.do(d.market.desk.syncNav, by="keeper", refusals=SYNC)

    # --- expiry

    @rule(factor=SMALL, late=st.sampled_from((1, 300, DAY)), is_settled=st.booleans())
    def expire(self, factor: float, late: int, is_settled: bool) -> None:
        """The next expiry comes, with a round before and one after it."""
        d = self.driver
        ahead = [one for one in d.expiries if one > d.now + 60]
        if ahead:
            d.chain.set_timestamp(min(ahead) - 60)
            self._round(factor)
            d.chain.set_timestamp(max(min(ahead) + late, d.now))
            self._round(1.0)
            while is_settled and self._passed():
                self.settle()

    def _passed(self) -> list[int]:
        return [one for one in self.driver.expiries if one < self.driver.now]

    @precondition(lambda self: self._passed())
    @rule()
    def settle(self) -> None:
        """V17, V18, V33: by anyone, once."""
        d, expiry = self.driver, self._passed()[0]
        if not d.market.oracle.is_fixed(expiry):
            self._round(1.0)
            d.market.fix(expiry)
        price = int(d.market.oracle.settlement_price(expiry))
        before = d.value()
        d.do(d.market.desk.settle, expiry, by="stranger")
        d.ghost.settle(expiry, price)
        d.strikes_changed()
        found = d.market.vault.pot(expiry)
        wanted = tuple(d.ghost.pots.get(expiry, (0, 0, 0)))
        holds("V17", tuple(found) == wanted, found, wanted)
        after = d.value()
        if before and after:
            holds("V33", abs(after[0] - before[0]) <= self._dust(price), before, after)
        refusal = d.would(d.market.desk.settle, expiry, by="stranger")
        holds("V17", refusal == "book: expiry not listed", refusal)

    def _dust(self, price: int) -> int:
        """A unit of either token for each of 48 series, thrice (written, owed, escrowed), and what
        the book's nano lose."""
        d = self.driver
        spot = d.spot() or price
        unit = 10 ** (18 - d.ghost.unit_decimals) * spot // WAD + 1
        return 144 * (10 ** (18 - d.ghost.quote_decimals) + unit) + 10**12

    @rule(place=PLACES, part=st.sampled_from((1, 500, 1_000)))
    def redeem_options(self, place: int, part: int) -> None:
        """V17: the floor of what is owed, once."""
        d = self.driver
        held = [(k, n) for k, n in d.ghost.held_by(d.people) if k[1] >> 128 in d.ghost.prices]
        if not held:
            return
        (account, series_id), most = held[place % len(held)]
        lots = max(most * part // 1_000, 1)
        got = d.do(d.market.desk.redeem, series_id, lots, by=account)
        d.ghost.options[account, series_id] -= lots
        wanted = d.ghost.draw(series_id, lots)
        holds("V17", got == wanted, series_id, lots, got, wanted)
        d.ghost.quote[account] += got[0]
        d.ghost.units[account] += got[1]

    # --- the board

    @rule(place=PLACES)
    def list_more(self, place: int) -> None:
        """The keeper lists another expiry, or strikes around spot."""
        d, spot = self.driver, self.driver.spot()
        wanted = [one for one in listable_expiries(d.now, 5) if one > d.now + 3 * DAY]
        if spot is None or len(d.expiries) >= 6 or not wanted:
            return
        expiry = wanted[place % len(wanted)]
        if expiry not in d.market.surface.expiries():
            d.do(d.market.surface.drop, by="stranger")
            self._list_slice(expiry)
        if expiry in d.market.surface.expiries():
            grid = d.market.book.GRID()
            middle = spot // grid * grid
            for strike in (middle - 2 * grid, middle, middle + grid):
                if strike > 0:
                    self._list(expiry, strike)
        d.strikes_changed()

    def _list_slice(self, expiry: int) -> None:
        d = self.driver
        d.chain.set_timestamp(d.now + 1)
        posts = d.market.slices(sorted({*self._live(), expiry}), d.now, self.volatility)
        if d.do(d.market.surface.propose, posts, by="keeper"):
            d.do(d.market.surface.confirm, posts, by="second_signer")

    def _list(self, expiry: int, strike: int) -> None:
        d = self.driver
        if expiry in d.expiries and len(d.market.book.strikes(expiry)) >= 20:
            return
        refusals = LIST | {"book: strike too far"}
        d.do(d.market.desk.list_strikes, expiry, [strike], by="keeper", refusals=refusals)

    @rule(place=PLACES)
    def delist(self, place: int) -> None:
        """Only where nothing is open."""
        d = self.driver
        if not d.series:
            return
        one = Series.from_id(d.series[place % len(d.series)])
        ids = [one.id & ~1, one.id | 1]
        held = d.ghost.held()
        is_open = any(d.ghost.written[one] or held.get(one, (0, 0))[0] for one in ids)
        refusals = frozenset({"book: open interest"}) if is_open else frozenset()
        done = d.do(
            d.market.desk.delist_strikes, one.expiry, [one.strike], by="keeper", refusals=refusals
        )
        holds("V16", bool(done) != is_open, one, done)
        d.strikes_changed()

    # --- roles

    @rule(level=st.integers(1, 2))
    def raise_caution(self, level: int) -> None:
        """Mostly short of what stops openings."""
        d = self.driver
        refusals = frozenset({"desk: caution only rises"})
        d.do(d.market.desk.raise_caution, level, by="guardian", refusals=refusals)

    @precondition(lambda self: self.driver.market.desk.caution() > 0)
    @rule()
    def lower_caution(self) -> None:
        d = self.driver
        refusals = frozenset({"desk: caution only falls"})
        d.do(d.market.desk.lower_caution, 0, by="owner", refusals=refusals)

    @rule(name=st.sampled_from(STRANGERS), place=PLACES)
    def overreach(self, name: str, place: int) -> None:
        """V20, V27, V29: what is another's to do."""
        d = self.driver
        calls = [one for one in self._forbidden(name) if name not in one[2]]
        method, args, _ = calls[place % len(calls)]
        done = d.do(method, *args, by=name, refusals=ROLES | EXIT | REQUEST)
        holds("V29", done is None, method.name, name)

    def _forbidden(self, name: str) -> list[tuple[Any, tuple[Any, ...], tuple[str, ...]]]:
        """Calls, and the names that may make them."""
        m, me, victim = self.driver.market, self.driver.who(name), self.driver.who("other")
        one, expiry = (self.driver.series or [1])[0], (self.driver.expiries or [1])[0]
        return [
            (m.book.prepare, some_arguments(m.book.prepare, me), ()),
            (m.book.apply, some_arguments(m.book.apply, me), ()),
            (m.book.renew, some_arguments(m.book.renew, me), ()),
            (m.book.list_strike, (expiry, 50 * WAD), ()),
            (m.book.delist_strike, (expiry, 50 * WAD), ()),
            (m.book.close, (expiry,), ()),
            (m.book.hold, (1, 0, False), ()),
            (m.book.set_sheet, (me,), ()),
            (m.vault.take, (victim, 1, 0, 0, 0), ()),
            (m.vault.pay, (me, 1, 0, 0, 0, WAD), ()),
            (m.vault.settle, (expiry, (0,) * 8), ()),
            (m.vault.collect, (1, 0, 0), ()),
            (m.vault.set_bad_debt, (1,), ()),
            (m.insurance.draw, (1,), ()),
            (m.insurance.transferFrom, (victim, me, 1), ("other",)),
            (m.margin.sell_to_open, (one, 1, 0, 2**32, 0, victim), ("other",)),
            (m.margin.buy_to_close, (one, 1, 2**128, 2**32, victim), ("other",)),
            (m.margin.deposit_option, (one, 1, victim), ("other",)),
            (m.desk.sell_to_open, (me, one, 1, 0, 0, 0, 0), ()),
            (m.desk.buy_to_close, (me, one, 1, 0, 1), ()),
            (m.desk.unwind, (victim, one, 1, True, 0, 0), ()),
            (m.vault.pay_out, (expiry, me, 1, 0, 0), ()),
            (m.vault.set_fee_receiver, (me,), ("owner",)),
            (m.vault.redeem, (10**12, me, victim), ("other",)),
            (m.vault.transferFrom, (victim, me, 10**12), ("other",)),
            (m.vault.requestRedeem, (10**12, me, victim), ("other",)),
            (m.token.mint, (me, one, 1), ()),
            (m.token.burn, (victim, one, 1), ()),
            (m.token.safeTransferFrom, (victim, me, one, 1, b""), ("other",)),
            (m.desk.raise_caution, (3,), ("guardian",)),
            (m.desk.lower_caution, (0,), ("owner",)),
            (m.desk.set_sheet, (me,), ("owner",)),
            (m.desk.set_guardian, (me,), ("owner",)),
            (m.desk.set_keeper, (me,), ("owner",)),
            (m.desk.list_strikes, (expiry, [50 * WAD]), ("keeper",)),
            (m.desk.delist_strikes, (expiry, [50 * WAD]), ("keeper",)),
            (m.surface.post, ([],), ("keeper",)),
            (m.surface.propose, ([],), ("keeper",)),
            (m.surface.confirm, ([],), ("second_signer",)),
            (m.surface.set_keeper, (me,), ("owner",)),
            (m.surface.set_second_signer, (me,), ("owner",)),
            (m.surface.set_sheet, (me,), ("owner",)),
            (m.surface.delist, (expiry,), ("owner",)),
        ]
