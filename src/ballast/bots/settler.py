"""Ends what has expired, and does the small things that nobody else has a reason to do in time.

An expiry goes through three stages, each of which the next turn finds done: its price is fixed by
the feed's rounds, the market is settled, and what accounts owe and the keeper owns is settled too.
Besides: keeps a price for an expiry in case the feed dies, processes the redemption queue, keeps
the drawdown ladder up to date, pays the insurance fund, and moves the reference NAV.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ballast.bots.accounts import AccountSource
from ballast.bots.action import Action, Keeper
from ballast.bots.market import LiveMarket
from ballast.bots.rounds import Bracket, find_bracket
from ballast.chain.protocol import Receipt
from ballast.chain.reverts import Reverted
from ballast.series import Right, Series
from ballast.units import DAY, WAD

FOLLOW: Final = 3 * DAY
"""How long the oracle waits for a round after an expiry."""
SILENCE: Final = 30 * DAY
"""How long it waits for a feed that cannot be read."""
BATCH: Final = 32
"""Requests that one call looks at."""


@dataclass(frozen=True)
class Passed:
    """An expiry that is over and not settled everywhere."""

    expiry: int
    is_fixed: bool
    is_on_book: bool
    bracket: Bracket | None = None
    """The rounds around it, while it is not fixed."""
    debtors: tuple[str, ...] = ()
    """Accounts with a leg in it."""


@dataclass(frozen=True)
class SettlerTerms:
    """How often and from what on."""

    poke_every: int = DAY // 4
    """Seconds: the ladder keeps a close of each day, so at least one look a day is needed."""
    least_dues: int = 0
    """Assets of the fund's that are not worth sending, up to and with this many."""
    witness_from: int = 1_800
    """Seconds before an expiry from which its price is kept, once."""
    nav_drift: int = WAD // 200
    """Share by which the reference NAV may be off."""


@dataclass(frozen=True)
class SettlerState:
    """What has expired, and the small things."""

    at: int
    passed: tuple[Passed, ...] = ()
    is_feed_dead: bool = False
    unwitnessed: tuple[int, ...] = ()
    """Expiries to come of which no price of the last minutes is kept."""
    owned: tuple[tuple[int, int], ...] = ()
    """Series and lots of the keeper's own in expiries that are settled."""
    redeemable: int = 0
    """Assets that processing the queue would set aside now."""
    caution: int = 0
    caution_next: int = 0
    """The level in force and the one that a look at the ladder would find."""
    poked_at: int = 0
    dues: int = 0
    nav_ref: int = 0
    nav_next: int = 0
    """The reference NAV and what a sync would make of it; the same where none is possible."""


class Settler(Keeper[SettlerState]):
    """Anybody may; raising the reference NAV takes the desk's keeper."""

    name = "settler"

    def __init__(
        self,
        market: LiveMarket,
        sender: str,
        accounts: AccountSource,
        terms: SettlerTerms | None = None,
    ) -> None:
        super().__init__(market, sender)
        self.accounts = accounts
        self.terms = terms or SettlerTerms()
        self._poked_at = 0
        self._own: dict[int, None] = {}  # series of expiries that have left the book

    def read(self) -> SettlerState:
        """What stands open."""
        market, at = self.market, self.market.chain.timestamp
        listed = market["book"].expiries()
        caution = market["desk"].caution()
        poked = market.tried("desk", "pokeCaution", sender=self.sender)
        nav_ref = market["desk"].nav_ref()
        synced = market.tried("desk", "syncNav", sender=self.sender)
        return SettlerState(
            at=at,
            passed=self._passed(at, listed),
            is_feed_dead=self._is_feed_dead(),
            unwitnessed=self._unwitnessed(at, listed),
            owned=self._owned(at, listed),
            redeemable=self._redeemable(),
            caution=caution,
            caution_next=caution if poked is None else poked,
            poked_at=self._poked_at,
            dues=market["vault"].dues(),
            nav_ref=nav_ref,
            nav_next=nav_ref if synced is None else synced,
        )

    def decide(self, state: SettlerState) -> Sequence[Action]:
        """Settlement first, then the rest."""
        return decide(state, self.terms)

    def run(self, action: Action) -> Receipt:
        """As ever; the ladder's last look is nowhere on chain, so it is remembered."""
        receipt = super().run(action)
        if action.method == "pokeCaution":
            self._poked_at = self.market.chain.timestamp
        return receipt

    def _passed(self, at: int, listed: Sequence[int]) -> tuple[Passed, ...]:
        debtors: dict[int, list[str]] = {}
        for owner in self.accounts.owners():
            legs = self.market["margin"].account(owner)[2]
            for expiry in {leg.id >> 128 for leg in legs}:
                if expiry < at:
                    debtors.setdefault(expiry, []).append(owner)
        over = sorted({expiry for expiry in listed if expiry < at} | debtors.keys())
        return tuple(
            self._one_passed(expiry, expiry in listed, tuple(debtors.get(expiry, ())))
            for expiry in over
        )

    def _one_passed(self, expiry: int, is_on_book: bool, debtors: tuple[str, ...]) -> Passed:
        is_fixed = self.market["oracle"].is_fixed(expiry)
        bracket = None if is_fixed else self._bracket(expiry)
        return Passed(expiry, is_fixed, is_on_book, bracket, debtors)

    def _bracket(self, expiry: int) -> Bracket | None:
        try:
            phase = self.market.feed.phaseId()
        except Reverted:
            return None
        return find_bracket(self._time_of, phase, expiry)

    def _time_of(self, round_id: int) -> int:
        try:
            return int(self.market.feed.getRoundData(round_id)[3])
        except Reverted:
            return 0

    def _is_feed_dead(self) -> bool:
        """Can the feed's newest round not be read? The oracle asks for its oldest as well."""
        try:
            return int(self.market.feed.latestRoundData()[3]) == 0
        except Reverted:
            return True

    def _unwitnessed(self, at: int, listed: Sequence[int]) -> tuple[int, ...]:
        since = self.terms.witness_from
        soon = [expiry for expiry in listed if at < expiry <= at + since]
        spot = self.market.spot() if soon else None
        if spot is None:
            return ()
        kept = {expiry: self.market["oracle"].witnessed(expiry)[2] for expiry in soon}
        return tuple(one for one in soon if kept[one] < min(spot.at, one - 2 * since))

    def _owned(self, at: int, listed: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """The keeper's own options: their series are read off the book while it still has them."""
        for expiry in listed:
            if expiry < at:
                for strike in self.market["book"].strikes(expiry):
                    ids = (Series(expiry, strike, right).id for right in Right)
                    self._own.update(dict.fromkeys(ids))
        token = self.market["token"]
        settled = [series for series in self._own if series >> 128 not in listed]
        lots = {series: token.balanceOf(self.sender, series) for series in settled}
        for series, held in lots.items():
            if not held:
                del self._own[series]
        return tuple((series, held) for series, held in lots.items() if held)

    def _redeemable(self) -> int:
        waiting = self.market["vault"].redemptions()[0]
        if not waiting:
            return 0
        paid = self.market.tried("vault", "processRedemptions", BATCH, sender=self.sender)
        return int(paid or 0)


def decide(state: SettlerState, terms: SettlerTerms) -> list[Action]:
    """What is due, in an order in which the later may need the earlier."""
    found = [action for one in state.passed for action in _settlement(one, state)]
    found += [
        Action("desk", "redeem", (series, lots), "the keeper's own options have settled")
        for series, lots in state.owned
    ]
    found += [
        Action("oracle", "witness", (expiry,), "in case the feed cannot be read later", DAY)
        for expiry in state.unwitnessed
    ]
    return found + _upkeep(state, terms)


def _settlement(passed: Passed, state: SettlerState) -> list[Action]:
    """The next stage of an expiry."""
    expiry, bracket = passed.expiry, passed.bracket
    if not passed.is_fixed:
        if bracket and (bracket.is_followed or state.at > expiry + FOLLOW):
            why = "the rounds around the expiry are known"
            return [Action("oracle", "fix", (expiry, bracket.round_id), why)]
        if bracket is None and state.is_feed_dead and state.at > expiry + SILENCE:
            return [Action("oracle", "fix_without_feed", (expiry,), "the feed is silent", DAY)]
        return []
    settle = [Action("desk", "settle", (expiry,), "its price is fixed")]
    debts = [
        Action("margin", "settle", (owner, expiry), "the account has a leg in it")
        for owner in passed.debtors
    ]
    return (settle if passed.is_on_book else []) + debts


def _upkeep(state: SettlerState, terms: SettlerTerms) -> list[Action]:
    found = []
    if state.caution_next != state.caution:
        why = f"the ladder moves from {state.caution} to {state.caution_next}"
        found.append(Action("desk", "pokeCaution", (), why))
    elif state.at - state.poked_at >= terms.poke_every:
        found.append(Action("desk", "pokeCaution", (), "a close of the day is needed"))
    if state.redeemable:
        why = f"{state.redeemable} assets for those who wait"
        found.append(Action("vault", "processRedemptions", (BATCH,), why))
    if state.dues > terms.least_dues:
        found.append(Action("vault", "payFund", (), f"{state.dues} assets are the fund's"))
    if abs(state.nav_next - state.nav_ref) * WAD > terms.nav_drift * state.nav_ref:
        found.append(Action("desk", "syncNav", (), "limits scale with the reference NAV"))
    return found
