"""Invariants of margin accounts that are looked at after every step."""

from __future__ import annotations

from hypothesis.stateful import invariant

from tests.invariants.driver import Driver
from tests.invariants.margin_rules import OWNERS
from tests.invariants.reasons import LIQUIDATE, PRICE
from tests.spec import holds


class MarginChecks:
    """What must hold between any two actions."""

    driver: Driver
    steps: int

    @invariant()
    def accounts_are_the_ghosts(self) -> None:
        """V20, V2: everybody's account, whoever acted; the tokens of the margin contract, exactly,
        and enough for what accounts have."""
        d, market = self.driver, self.driver.market
        ghost = d.ghost.margin
        for name in OWNERS:
            cash, units, legs = market.margin.account(d.who(name))
            found = (cash, units, [tuple(leg) for leg in legs])
            wanted = ghost.of[d.who(name)].as_told()
            holds("V20", found == wanted, name, found, wanted)
        held = (
            market.quote.balanceOf(market.margin),
            market.underlying.balanceOf(market.margin),
            market.quote.balanceOf(market.insurance),
        )
        wanted = (ghost.quote, ghost.units, ghost.fund)
        holds("V2", held == wanted, held, wanted)
        claims = self._claims()
        holds("V3", held[0] >= claims[0] and held[1] >= claims[1], held, claims)
        for series_id in {one for one, leg in ghost.legs() if leg.owned}:
            owned = market.token.balanceOf(market.margin, series_id)
            holds("V2", owned == d.ghost.options[market.margin.address, series_id], series_id)

    def _claims(self) -> tuple[int, int]:
        """What accounts have, and what escrow still owes."""
        d = self.driver
        quote = sum(account.cash for account in d.ghost.margin.of.values())
        units = sum(account.units for account in d.ghost.margin.of.values())
        lot = d.market.units(1) // 10_000
        for series_id, leg in d.ghost.margin.legs():
            if series_id >> 128 not in d.ghost.prices:
                assets, lots = d.ghost.cover(series_id, leg.escrowed)
                quote, units = quote + assets, units + lots * lot
        return quote, units

    @invariant()
    def debts_are_counted_once(self) -> None:
        """V4, V16 and V23: credit, receivable, pending, stakes."""
        d, market = self.driver, self.driver.market
        ghost = d.ghost.margin
        covers = [d.ghost.cover(one, leg.owing) for one, leg in ghost.legs()]
        wanted = (sum(lots for _, lots in covers), sum(quote for quote, _ in covers))
        credit = tuple(market.margin.credit())
        holds("V16", credit == wanted, credit, wanted)
        held = market.vault.balances()
        holds("V4", held.receivable == ghost.receivable, held, ghost.receivable)
        flagged = [market.margin.shortfall_of(d.who(name)) for name in OWNERS]
        pending = market.margin.pending()
        holds("V23", pending == sum(flagged) and held.bad_debt <= pending, flagged, held)
        stakes = {d.who(name): market.insurance.balanceOf(d.who(name)) for name in OWNERS}
        holds("V6", sum(stakes.values()) == market.insurance.totalSupply(), stakes)
        holds("V6", all(ghost.stakes[one] == shares for one, shares in stakes.items()), stakes)

    @invariant()
    def liquidations_are_as_told(self) -> None:
        """V19 and V22: the view is what the call does; who is healthy is safe, and of who is not
        something can be closed in the next block."""
        d, margin = self.driver, self.driver.market.margin
        name = OWNERS[self.steps % len(OWNERS)]
        account = d.who(name)
        series_id, lots, is_ripe = 0, 0, d.market.lens.liquidatable(account)
        if is_ripe:
            series_id, lots = d.market.lens.next_liquidation(account)
            refusal = d.would(margin.liquidate, account, series_id, lots, by="stranger")
            holds("V19", refusal is None, name, series_id, lots, refusal)
            return
        legs = d.ghost.margin.of[account].legs
        for series_id, leg in legs.items():
            for lots in {leg.owing or leg.owned or 1, 1}:
                refusal = d.would(margin.liquidate, account, series_id, lots, by="stranger")
                holds("V19", refusal in LIQUIDATE, name, series_id, lots, refusal)
        self._is_not_stuck(name)

    def _is_not_stuck(self, name: str) -> None:
        d, margin, account = self.driver, self.driver.market.margin, self.driver.who(name)
        refusal = d.would(margin.health, account, by="stranger")
        holds("V28", refusal is None or refusal in PRICE, name, refusal)
        if refusal is not None:
            return
        found = margin.health(account)[1]
        legs = d.ghost.margin.of[account].legs
        live = [leg for one, leg in legs.items() if leg.owing and one >> 128 > d.now + 1]
        if live and found.equity < found.maintenance:
            with d.copy():
                d.chain.mine()
                holds("V22", d.market.lens.liquidatable(account), name, found, legs)
