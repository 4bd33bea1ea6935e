"""Invariants that are looked at after every step."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis.stateful import invariant

from ballast.chain import Reverted
from ballast.series import Series
from ballast.units import LOT, WAD
from tests.invariants import marks
from tests.invariants.driver import Driver
from tests.invariants.ghost import LOTS
from tests.invariants.reasons import CLOSING, PRICE
from tests.spec import holds

NANO = 10**9
SIZES = (1, 10_000)


class Checks:
    """What must hold between any two actions."""

    driver: Driver
    steps: int

    # --- money

    @invariant()
    def tokens_are_conserved(self) -> None:
        """V1, V2 and the ghost's balances, to the unit."""
        d, market = self.driver, self.driver.market
        vault = market.vault.address
        for place, (token, ghost) in enumerate(
            ((market.quote, d.ghost.quote), (market.underlying, d.ghost.units))
        ):
            found = {account: token.balanceOf(account) for account in d.people}
            wanted = {account: ghost[account] for account in d.people}
            held = token.balanceOf(vault)
            rest = token.balanceOf(market.margin) + token.balanceOf(market.insurance)
            holds("V1", sum(found.values()) + held + rest == d.minted[place], found, held, rest)
            holds("V20", found == wanted, found, wanted)
            expected = (d.ghost.expected_quote, d.ghost.expected_units)[place]()
            holds("V2", held == expected, held, expected)

    @invariant()
    def cover_pays_at_every_price(self) -> None:
        """V3 and V25: the ledger is the ghost's, and enough at every price that could settle."""
        d = self.driver
        found = d.market.vault.balances()
        quote, lots = d.ghost.locked()
        holds("V3", (found.locked_quote, found.locked_lots) == (quote, lots), found, quote, lots)
        holds("V2", (found.cash, found.underlying) == (d.ghost.cash, d.ghost.stock), found)
        holds("V25", found.cash >= quote + found.dues + found.earmark, found)
        holds("V25", found.underlying >= lots * d.market.units(1) // LOTS, found)
        for price in self._prices():
            payoffs = [d.ghost.payoff(one, size, price) for one, size in d.ghost.uncovered()]
            puts, calls = (sum(one[place] for one in payoffs) for place in (0, 1))
            holds("V3", puts <= quote and calls <= lots * d.market.units(1) // LOTS, price)

    def _prices(self) -> list[int]:
        strikes = sorted({Series.from_id(one).strike for one, _ in self.driver.ghost.live()})
        near = [strike + step for strike in strikes for step in (-1, 0, 1)]
        return [1, *near, 10 * strikes[-1]] if strikes else []

    # --- shares

    @invariant()
    def shares_add_up(self) -> None:
        """V6, V7 and the queue of V24."""
        d, vault = self.driver, self.driver.market.vault
        holders = [*d.people, vault.address]
        found = {holder: vault.balanceOf(holder) for holder in holders}
        holds("V6", sum(found.values()) == vault.totalSupply(), found)
        holds("V6", all(found[h] == d.ghost.shares[h] for h in holders), found, d.ghost.shares)
        worth = sum(vault.convertToAssets(amount) for amount in found.values())
        holds("V7", worth <= vault.totalAssets(), worth)
        pending, first, _, owed = vault.redemptions()
        waiting = {number: one.shares for number, one in d.ghost.queue.items() if one.shares}
        holds("V24", pending == sum(waiting.values()) == found[vault.address], pending, waiting)
        holds("V24", not waiting or first <= min(waiting), first, waiting)
        holds("V24", owed == sum(d.ghost.owed.values()), owed)

    @invariant()
    def maxima_are_honest(self) -> None:
        """V10: what a max view names is not refused."""
        d, vault = self.driver, self.driver.market.vault
        name = ("lp", "other")[self.steps % 2]
        account = d.who(name)
        given = min(vault.maxDeposit(account), d.ghost.quote[account])
        shares = vault.maxRedeem(account)
        assets = vault.maxWithdraw(account)
        for method, amount, rest in (
            (vault.deposit, given, (account,)),
            (vault.redeem, shares, (account, account)),
            (vault.withdraw, assets, (account, account)),
        ):
            refusal = d.would(method, amount, *rest, by=name) if amount > 1 else None
            holds("V10", refusal in (None, "vault: nothing"), method.name, amount, refusal)

    # --- the book

    @invariant()
    def book_is_the_sum_of_its_parts(self) -> None:
        """V16 and V18: exact."""
        d, book = self.driver, self.driver.market.book
        heads = [book.polynomial(expiry) for expiry in d.expiries]
        found = book.exposure_now()
        sums = tuple(sum(head[place] for head in heads) for place in (1, 2, 3))
        holds("V16", (found.delta, found.gamma, found.vega) == sums, found, heads)
        held = d.ghost.held()
        gross = sum(lots for _, lots in d.ghost.live()) + sum(lots for lots, _ in held.values())
        holds("V16", book.gross_lots() == gross, gross)
        holds("V18", not set(book.expiries()) & set(d.ghost.prices), d.ghost.prices)
        for expiry in d.expiries:
            for one in book.positions(expiry):
                call = Series(expiry, one.strike, Series.from_id(d.series[0]).right).id & ~1
                lots = (one.calls_written, one.puts_written)
                wanted = (d.ghost.written[call], d.ghost.written[call | 1])
                holds("V16", lots == wanted, expiry, one)
                wanted = held.get(call, (0, 0)) + held.get(call | 1, (0, 0))
                lent = (one.calls_held, one.calls_escrowed, one.puts_held, one.puts_escrowed)
                holds("V16", lent == wanted, expiry, one)
                outstanding = d.ghost.outstanding(call), d.ghost.outstanding(call | 1)
                holds("V16", lots == outstanding, expiry, one)

    @invariant()
    def value_is_that_of_the_positions(self) -> None:
        """V4: from marks of the series one by one. Evaluated anew it is exact but for the rounding
        of a lot's value; as stored, within the bound of the guard."""
        d = self.driver
        spot = d.spot()
        if spot is None or not d.is_valued():
            return
        wanted = self._expected_nav(spot)
        lots = sum(size for _, size in d.ghost.live())
        lots += sum(size for size, _ in d.ghost.held().values())
        ratio = max(1.0, (d.market.book.REFERENCE() / spot) ** 2)
        rounding = int(NANO * (8 * ratio * lots + 400))
        stored = d.market.vault.nav()[0]
        bound = rounding + lots * marks.slack(d, spot)
        holds("V4", abs(stored - wanted) <= bound, stored, wanted, bound)
        if self.steps % 3 == 0:
            with d.copy():
                for expiry in d.expiries:
                    d.do(d.market.book.refresh, expiry, by="stranger")
                fresh = d.market.vault.nav()[0]
            holds("V4", abs(fresh - wanted) <= rounding, fresh, wanted, rounding)

    def _expected_nav(self, spot: int) -> int:
        d = self.driver
        found = d.market.vault.balances()
        scales = 10 ** (18 - d.ghost.quote_decimals), 10 ** (18 - d.ghost.unit_decimals)
        own = (d.ghost.cash - found.dues + found.receivable - found.bad_debt) * scales[0]
        own += d.ghost.stock * scales[1] * spot // WAD
        return int(own - marks.liabilities(d, spot) // WAD)

    # --- quotes

    @invariant()
    def quotes_keep_their_order(self) -> None:
        """V12, Q3, Q4, Q5 and Q8 for some series."""
        d = self.driver
        spot = d.spot()
        if spot is None or not d.series:
            return
        for count in range(3):
            series_id = d.series[(7 * self.steps + 11 * count) % len(d.series)]
            if series_id >> 128 <= d.now:
                continue
            df = d.market.surface.slice(series_id >> 128).discount
            for lots in SIZES:
                ask, bid = self._quote(series_id, lots), self._quote(series_id, -lots)
                self._check_pair(series_id, lots, ask, bid, spot, df)
            self._check_twins(series_id)

    def _quote(self, series_id: int, lots: int) -> Any:
        try:
            return self.driver.market.desk.quote(series_id, lots)
        except Reverted as error:
            holds("V28", error.reason is not None, series_id, lots, error.halt)
            return None

    def _check_pair(
        self, series_id: int, lots: int, ask: Any, bid: Any, spot: int, df: int
    ) -> None:
        series, size = Series.from_id(series_id), lots * LOT
        scale = 10 ** (18 - self.driver.ghost.quote_decimals) * WAD
        owed = series.strike * df // WAD
        worth = max(spot - owed, 0) if series.right == 0 else max(owed - spot, 0)
        most = spot if series.right == 0 else owed
        if ask is not None:
            holds("Q8", ask.premium * scale >= worth * size, series_id, ask)
            self._check_parts(lots, ask)
        if bid is not None:
            holds("Q8", -bid.premium * scale <= most * size, series_id, bid)
            self._check_parts(-lots, bid)
        if ask is not None and bid is not None:
            holds("Q3", ask.premium > -bid.premium, series_id, lots, ask, bid)
            holds("V12", ask.mark == bid.mark, ask, bid)

    def _check_parts(self, lots: int, found: Any) -> None:
        """The parts add up to the premium within a unit of each."""
        scale = 10 ** (18 - self.driver.ghost.quote_decimals)
        parts = found.mark * lots * LOT // WAD + found.skew + found.spread + found.clamp
        rest = (found.premium - found.fee - found.cover_fee) * scale - parts
        holds("Q4", -4 <= rest <= scale + 4, lots, found, rest)
        falls = found.potential_after <= found.potential_before + 1
        holds("Q4", found.skew >= 0 or falls, lots, found)

    def _check_twins(self, series_id: int) -> None:
        one, other = (self._quote(series_id ^ bit, 10_000) for bit in (0, 1))
        if one is not None and other is not None:
            moves = [
                (q.gamma_after - q.gamma_before, q.vega_after - q.vega_before) for q in (one, other)
            ]
            holds("Q5", moves[0] == moves[1], series_id, moves)

    @invariant()
    def marks_admit_no_arbitrage(self) -> None:
        """V13 across the strikes of one expiry."""
        d = self.driver
        spot = d.spot()
        live = [expiry for expiry in d.expiries if expiry > d.now]
        if spot is None or not live or self.steps % 4:
            return
        expiry = live[self.steps // 4 % len(live)]
        moment = marks.snapshot_of(d, expiry, spot)
        df, eps = moment[6], spot // 10**10
        calls = [one for one in d.series if one >> 128 == expiry and not one & 1]
        board = sorted((Series.from_id(one).strike, one) for one in calls)
        prices = [marks.mark_of(d, one, moment) for _, one in board]
        for (strike, one), call in zip(board, prices, strict=True):
            gap = call - marks.mark_of(d, one | 1, moment) - (spot - strike * df // WAD)
            holds("V13", abs(gap) <= 2 * eps, strike, gap)
        slopes = [
            ((low - high), (right - left) * df // WAD, left)
            for (left, _), (right, _), low, high in zip(
                board, board[1:], prices, prices[1:], strict=False
            )
        ]
        for fall, width, _ in slopes:
            holds("V13", -eps <= fall <= width + eps, slopes)
        for (fall, width, _), (after, wide, _) in pairwise(slopes):
            holds("V13", fall * wide >= after * width - eps * (wide + width), slopes)

    # --- exits, roles, clocks

    @invariant()
    def exits_are_open(self) -> None:
        """V26: the floor at all times; a closing wherever there is a price and a bid."""
        d, vault = self.driver, self.driver.market.vault
        for name in ("lp", "other"):
            account = d.who(name)
            if d.ghost.shares[account]:
                refusal = d.would(vault.exitAtFloor, d.ghost.shares[account], account, by=name)
                holds("V26", refusal is None, name, refusal)
        held = d.ghost.held_by(d.people)
        for (account, series_id), lots in held[self.steps % 3 :: 3]:
            if series_id >> 128 in d.ghost.prices:
                refusal = d.would(d.market.desk.redeem, series_id, lots, by=account)
                holds("V26", refusal is None, series_id, lots, refusal)
            else:
                order = (series_id, lots, 0, 2**32)
                refusal = d.would(d.market.desk.sell, *order, by=account)
                holds("V26", refusal is None or refusal in CLOSING, series_id, lots, refusal)

    @invariant()
    def levels_are_in_range(self) -> None:
        """V29 and V30."""
        d, desk = self.driver, self.driver.market.desk
        holds("V29", 0 <= desk.caution() <= 3 and desk.sheet() == d.market.book.sheet())
        for expiry in d.expiries:
            _, _, until, _ = d.market.book.guard(expiry)
            holds("V30", until <= max(expiry, d.now), expiry, until)
        refusal = d.would(d.market.vault.nav, by="stranger")
        holds("V26", refusal is None or refusal in PRICE, refusal)
