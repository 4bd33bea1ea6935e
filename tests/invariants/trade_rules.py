"""What traders do, and what must hold of it: Q1, Q2, Q6, Q9, V11, V15."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.invariants.driver import Driver
from tests.invariants.reasons import CLOSING, ORDER
from tests.spec import holds

TRADERS = st.sampled_from(("trader", "other"))
PLACES = st.integers(0, 10**6)
SIZES = st.sampled_from((1, 7, 333, 10_000, 54_321, 200_000, 900_000))
PARTS = st.sampled_from((1, 333, 500, 1_000))
LEGS = st.lists(st.tuples(PLACES, SIZES, st.booleans()), min_size=1, max_size=4)
NANO = 10**9


class TradeRules:
    """Orders one by one, in parts, and in cycles."""

    driver: Driver

    def _series(self, place: int) -> int | None:
        series = self.driver.series
        return series[place % len(series)] if series else None

    def _is_fresh(self) -> bool:
        """Whether the stored Greeks hold, so that stored and evaluated value are one."""
        d = self.driver
        version, spot = d.market.surface.version(), d.spot()
        if spot is None:
            return False
        x = spot * 10**18 // d.market.book.REFERENCE()
        guards = [d.market.book.guard(expiry) for expiry in d.expiries]
        return all(lo <= x <= hi and d.now <= end and v == version for lo, hi, end, v in guards)

    def _potential_kept(self, before: tuple[int, int] | None, lots: int) -> None:
        """Q6, with the rounding of the lots' values and the units of a payment in kind."""
        after = self.driver.value()
        if before and after:
            slack = NANO * (8 * lots + 400)
            kept = after[0] - after[1] >= before[0] - before[1] - slack
            holds("Q6", kept, before, after, slack)

    @rule(name=TRADERS, place=PLACES, lots=SIZES)
    def buy(self, name: str, place: int, lots: int) -> None:
        self._order(name, place, lots)

    @rule(name=TRADERS, legs=LEGS)
    def orders(self, name: str, legs: list[tuple[int, int, bool]]) -> None:
        """Several at once."""
        for place, lots, is_buy in legs:
            if is_buy:
                self._order(name, place, lots)
            else:
                self.sell(name, place, 333)

    @rule(name=TRADERS, place=PLACES, part=PARTS)
    def sell(self, name: str, place: int, part: int) -> None:
        d, account = self.driver, self.driver.who(name)
        held = [k for k, lots in d.ghost.options.items() if lots and k[0] == account]
        held = [k for k in held if k[1] >> 128 not in d.ghost.prices]
        if held:
            key = held[place % len(held)]
            lots = max(d.ghost.options[key] * part // 1_000, 1)
            self._order(name, d.series.index(key[1]), -lots)

    def _order(self, name: str, place: int, lots: int) -> None:
        """Q9 and Q6 around one trade."""
        d, series_id = self.driver, self._series(place)
        if series_id is None:
            return
        quote = d.market.desk.quote
        is_quoted = d.would(quote, series_id, lots, by=name) is None
        premium = quote(series_id, lots).premium if is_quoted else None
        before = d.value() if self._is_fresh() else None
        if lots > 0:
            paid = d.buy(name, series_id, lots, ORDER)
            holds("Q9", paid is None or paid == premium, series_id, lots, paid, premium)
        else:
            got = d.sell(name, series_id, -lots, CLOSING)
            holds("Q9", (got is None) == (premium is None), series_id, lots, got, premium)
            paid = None if got is None else -got[0]
            if got is not None and not got[1]:
                holds("Q9", paid == premium, series_id, lots, paid, premium)
        if paid is not None and self._is_fresh():
            self._potential_kept(before, abs(lots))

    @rule(name=TRADERS, place=PLACES, lots=SIZES, cut=st.integers(1, 999))
    def split(self, name: str, place: int, lots: int, cut: int) -> None:
        """Q2 and V15, both ways, on a copy."""
        d, series_id = self.driver, self._series(place)
        if series_id is None or lots < 2:
            return
        held = d.ghost.options[d.who(name), series_id]
        sides = (1, -1) if held >= 2 else (1,)
        for side in sides:
            size = lots if side > 0 else min(lots, held)
            parts = (size * cut // 1_000 or 1, size - (size * cut // 1_000 or 1))
            whole, pieces = self._paid(name, series_id, side, (size,)), None
            if whole is not None and parts[1]:
                pieces = self._paid(name, series_id, side, parts)
            if pieces is not None and whole is not None:
                holds("Q2", pieces >= whole, series_id, side, parts, whole, pieces)

    def _paid(self, name: str, series_id: int, side: int, parts: tuple[int, ...]) -> int | None:
        """In quote alone, on a copy."""
        d, total = self.driver, 0
        order = d.market.desk.buy if side > 0 else d.market.desk.sell
        limit = 2**128 if side > 0 else 0
        with d.copy():
            for lots in parts:
                got = d.do(order, series_id, lots, limit, 2**32, by=name, refusals=ORDER)
                if got is None or (side < 0 and got[1]):
                    return None
                total += got if side > 0 else -got[0]
        return total

    @rule(name=TRADERS, legs=LEGS)
    def cycle(self, name: str, legs: list[tuple[int, int, bool]]) -> None:
        """Q1 and V11, on a copy: out, and back in another order."""
        d = self.driver
        if not d.series or not self._is_fresh():
            return
        with d.copy():
            first = d.series[legs[0][0] % len(d.series)]
            if self._trade(name, first, 1) is None or self._trade(name, first, -1) is None:
                return  # resets that were due are over
            start, paid, net = d.market.book.exposure_now(), 0, dict[int, int]()
            for place, size, is_buy in legs:
                series_id = d.series[place % len(d.series)]
                held = d.ghost.options[d.who(name), series_id] + net.get(series_id, 0)
                lots = size if is_buy or not held else -min(size, held)
                cost = self._trade(name, series_id, lots)
                if cost is not None:
                    net[series_id] = net.get(series_id, 0) + lots
                    paid += cost
            for series_id, lots in reversed(net.items()):
                for part in (-lots // 3, -lots - (-lots // 3)):
                    cost = self._trade(name, series_id, part) if part else 0
                    if cost is None:
                        return
                    paid += cost
            holds("Q1", paid >= 0, paid, net)
            holds("Q1", d.market.book.exposure_now() == start, start, net)

    def _trade(self, name: str, series_id: int, lots: int) -> int | None:
        """Cost in wei of quote, underlying at spot; None if refused."""
        d, desk = self.driver, self.driver.market.desk
        if lots == 0:
            return 0
        order, limit = (desk.buy, 2**128) if lots > 0 else (desk.sell, 0)
        got = d.do(order, series_id, abs(lots), limit, 2**32, by=name, refusals=ORDER)
        scale = 10 ** (18 - d.ghost.quote_decimals)
        if got is None:
            return None
        if lots > 0:
            return int(got) * scale
        units = got[1] * 10 ** (18 - d.ghost.unit_decimals)
        return -int(got[0]) * scale - int(units * (d.spot() or 0)) // 10**18

    @rule(name=TRADERS, place=PLACES, part=PARTS)
    def pass_on(self, name: str, place: int, part: int) -> None:
        """Options change hands."""
        d = self.driver
        sender, receiver = d.who(name), d.who("other" if name == "trader" else "trader")
        held = [k for k, lots in d.ghost.options.items() if lots and k[0] == sender]
        if not held:
            return
        key = held[place % len(held)]
        lots = d.ghost.options[key] * part // 2_000
        d.do(d.market.token.safeTransferFrom, sender, receiver, key[1], lots, b"", by=name)
        d.ghost.options[key] -= lots
        d.ghost.options[receiver, key[1]] += lots
