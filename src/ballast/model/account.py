"""What a margin account is worth, what it must be worth, and what a liquidation may do.

    equity      = cash + options owned at max(0, mark - h) - options owed at mark
    maintenance = worst loss over ten shocks of spot and volatility, at least the worst loss at
                  expiry of what expires soon, plus a floor for each naked option; at least
                  one and a half times what closing may cost
    initial     = maintenance times a factor; where anything is required, at least the reward of
                  a windup
    health      = equity / maintenance

Options owed and escrowed are exact credit: they count nowhere. In a cell the gain of an expiry pays
for losses of the same and of earlier expiries, never of later ones. The contract is
`contracts/Assessor.vy`; sizes are contracts here and lots of 1e-4 in `cut`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from math import floor, inf

import numpy as np

from ballast.errors import ModelError
from ballast.model import black76
from ballast.model.essvi import Slice
from ballast.model.margin import Scenario, VolShock
from ballast.model.normal import Array
from ballast.series import Right
from ballast.units import DAY, YEAR

LOTS = 10_000
"""In a contract."""
NO_LEG = 8
"""`costliest` where nothing is owed."""
CLOSINGS = 1.5
"""The requirement is at least so many times `closing`."""
WEI = 1e-18
"""Quote: the contract knows no less. Tails of floats below it are nothing."""
REACH = 32.0
"""Farther than this factor from the forward an option is worth its intrinsic value."""


@dataclass(frozen=True)
class Terms:
    """What a sheet asks of margin accounts; the defaults are those of `ballast.market.sheet`."""

    shock_near: float = 0.125
    shock_wide: float = 0.25
    shock_down: float = 0.50
    shock_up: float = 0.60
    far_weight: float = 0.75
    vol: VolShock = field(default_factory=VolShock)
    naked_floor: float = 0.02
    initial_factor: float = 1.25
    short_seconds: int = 14 * DAY
    health_low: float = 1.05
    health_high: float = 1.25
    bonus_max: float = 0.05
    bonus_share: float = 0.20
    windup_reward: float = 50.0
    dust: int = 100
    """Lots."""
    h_min: float = 1e-4
    b_vega: float = 0.01
    b_delta: float = 1e-3
    b_mark: float = 0.0

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The ten cells, in the contract's order."""
        near, wide, far = self.shock_near, self.shock_wide, self.far_weight
        rising = [Scenario(move, vol_up=True) for move in (-wide, -near, 0.0, near, wide)]
        falling = [Scenario(move, vol_up=False) for move in (-wide, 0.0, wide)]
        ends = [Scenario(m, vol_up=True, weight=far) for m in (-self.shock_down, self.shock_up)]
        return (*rising, *falling, *ends)


@dataclass(frozen=True)
class Tenor:
    """The market of one expiry. `seconds` is zero once it has passed."""

    seconds: int
    smile: Slice = field(default_factory=lambda: Slice(1.0, 0.0, 0.0))
    discount: float = 1.0
    settlement: float | None = None
    """The settlement price, once it is written."""


@dataclass(frozen=True)
class Market:
    """Spot, and the market of each expiry."""

    spot: float
    tenors: Mapping[int, Tenor]


@dataclass(frozen=True)
class Holding:
    """A leg: one series, in contracts."""

    expiry: int
    strike: float
    right: Right
    owed: float = 0.0
    """Sold to the vault."""
    escrowed: float = 0.0
    """Of that, covered in full by what was set aside."""
    owned: float = 0.0
    """Held as collateral."""

    @property
    def short(self) -> float:
        """Owed and not escrowed."""
        return self.owed - self.escrowed

    @property
    def net(self) -> float:
        """Contracts that gain and lose."""
        return self.owned - self.short

    def payoff(self, price: float) -> float:
        """Per contract, at a price at expiry."""
        gap = price - self.strike
        return max(gap if self.right == Right.CALL else -gap, 0.0)


@dataclass(frozen=True)
class Account:
    """Cash and legs, by expiry, strike and right."""

    cash: float
    legs: tuple[Holding, ...]

    def __post_init__(self) -> None:
        keys = [(leg.expiry, leg.strike, leg.right) for leg in self.legs]
        if keys != sorted(set(keys)):
            raise ModelError(f"legs must rise by expiry, strike and right: {keys}")

    def changed(self, index: int, cash: float, *, owed: float = 0.0, owned: float = 0.0) -> Account:
        """The account with other cash, and more or less of one leg."""
        legs = list(self.legs)
        leg = legs[index]
        legs[index] = replace(leg, owed=leg.owed + owed, owned=leg.owned + owned)
        return Account(cash, tuple(legs))


@dataclass(frozen=True)
class Priced:
    """A leg with its mark, its half-spread and what it gains under each shock, per contract."""

    leg: Holding
    tenor: Tenor
    mark: float
    half_spread: float
    gains: Array

    @property
    def bid(self) -> float:
        """What an option owned counts for."""
        return max(self.mark - self.half_spread, 0.0)

    @property
    def is_live(self) -> bool:
        """Has it not expired?"""
        return self.tenor.seconds > 0


@dataclass(frozen=True)
class Assessment:
    """`types.Assessment`."""

    equity: float
    maintenance: float
    initial: float
    closing: float
    sellable: float
    due: float
    costliest: int
    spot: float
    """Zero for an account without legs."""

    @property
    def health(self) -> float:
        """Equity over requirement; without a requirement infinite, of the sign of equity."""
        if self.maintenance == 0.0:
            return inf if self.equity >= 0.0 else -inf
        return self.equity / self.maintenance


@dataclass(frozen=True)
class Cut:
    """`types.Cut`: what a liquidation may do."""

    lots: int
    is_windup: bool
    bonus: float
    """For the caller and the fund; of a windup the caller's reward, which `after` does not pay."""
    to_fund: float
    before: Assessment
    after: Assessment


def price_leg(leg: Holding, market: Market, terms: Terms) -> Priced:
    """A leg as the market has it."""
    tenor = market.tenors[leg.expiry]
    if tenor.settlement is not None:
        still = np.zeros(len(terms.scenarios))
        return Priced(leg, tenor, _fixed_value(leg, market.spot, tenor.settlement), 0.0, still)
    spots = market.spot * np.array([1.0, *(1.0 + cell.spot_move for cell in terms.scenarios)])
    values = np.array([leg.payoff(spot) for spot in spots])
    half_spread = 0.0
    if tenor.seconds > 0:
        values, half_spread = _live_values(leg, tenor, spots, terms)
    return Priced(leg, tenor, float(values[0]), half_spread, values[1:] - values[0])


def _fixed_value(leg: Holding, spot: float, settlement: float) -> float:
    """A payoff; of a call that is owned no more than the underlying that it pays is worth now."""
    is_paid_in_kind = leg.right == Right.CALL and leg.owned > 0.0
    return leg.payoff(settlement) * (min(1.0, spot / settlement) if is_paid_in_kind else 1.0)


def _live_values(leg: Holding, tenor: Tenor, spots: Array, terms: Terms) -> tuple[Array, float]:
    """Value at each spot, the first of them with volatility as it is; and the half-spread there."""
    forwards = spots / tenor.discount
    ratio = leg.strike / float(forwards[0])
    variance = float(tenor.smile.total_variance(np.log(ratio)))
    if not 1.0 / REACH <= ratio <= REACH:
        variance = 0.0
    shocks = [float(terms.vol.factor(tenor.seconds, up=c.vol_up)) for c in terms.scenarios]
    variances = variance * np.array([1.0, *shocks]) ** 2
    call, put = black76.values(forwards, leg.strike, tenor.discount, variances)
    mark = black76.mark(
        float(forwards[0]), leg.strike, tenor.discount, variance, tenor.seconds / YEAR
    )
    delta, value = (mark.delta_call, call) if leg.right == Right.CALL else (mark.delta_put, put)
    spread = (
        terms.b_vega * float(mark.vega)
        + terms.b_delta * float(spots[0]) * abs(float(delta))
        + terms.b_mark * float(value[0])
    )
    return value, max(terms.h_min * float(spots[0]), spread)


def price(account: Account, market: Market, terms: Terms) -> list[Priced]:
    """All legs of an account."""
    return [price_leg(leg, market, terms) for leg in account.legs]


def losses(account: Account, market: Market, terms: Terms) -> Array:
    """What each leg gains under each shock, not weighted."""
    return np.array([p.leg.net * p.gains for p in price(account, market, terms)])


def assess(account: Account, market: Market, terms: Terms | None = None) -> Assessment:
    """An account as it stands now."""
    terms = terms or Terms()
    return _assess(account.cash, price(account, market, terms), market.spot, terms)


def _assess(cash: float, legs: Sequence[Priced], spot: float, terms: Terms) -> Assessment:
    loss = grid_losses(legs, terms)
    worst = max(float(loss.max()), expiry_losses(legs, spot, terms))
    closing = sum(2.0 * p.half_spread * p.leg.short for p in legs if p.is_live)
    maintenance = max(worst + terms.naked_floor * spot * naked(legs), CLOSINGS * closing)
    least = terms.windup_reward if maintenance >= WEI else 0.0
    return Assessment(
        equity=cash + sum(p.leg.owned * p.bid - p.leg.short * p.mark for p in legs),
        maintenance=maintenance,
        initial=max(terms.initial_factor * maintenance, least),
        closing=closing,
        sellable=sum(p.leg.owned * p.bid for p in legs if p.is_live),
        due=sum(p.leg.short * p.mark for p in legs if not p.is_live),
        costliest=_costliest(legs, int(loss.argmax())),
        spot=spot if legs else 0.0,
    )


def grid_losses(legs: Sequence[Priced], terms: Terms) -> Array:
    """The weighted loss in each cell, cascading from the latest expiry down, none below zero."""
    cells = terms.scenarios
    loss, carry = np.zeros(len(cells)), np.zeros(len(cells))
    for group in reversed(_by_expiry(legs)):
        gain: Array = np.sum([p.leg.net * p.gains for p in group], axis=0)
        balance = carry + np.maximum(gain, -most_loss(group))
        loss -= np.minimum(balance, 0.0)
        carry = np.maximum(balance, 0.0)
    result: Array = loss * np.array([cell.weight for cell in cells])
    return result


def most_loss(group: Sequence[Priced]) -> float:
    """What an expiry can lose at all: infinite where one of its rights is naked.

    Its value at marks less the present value of the least payoff, calls and puts each for itself.
    """
    rights = [[p for p in group if p.leg.right == right] for right in Right]
    if any(sum(p.leg.net for p in legs) < 0.0 for legs in rights):
        return inf
    points = [0.0, *(p.leg.strike for p in group)]
    least = sum(
        min([0.0, *(sum(p.leg.net * p.leg.payoff(s) for p in legs) for s in points)])
        for legs in rights
    )
    return max(_value(group) - least * group[0].tenor.discount, 0.0)


def expiry_losses(legs: Sequence[Priced], spot: float, terms: Terms) -> float:
    """The worst losses at expiry of expiries that are near, summed: no expiry pays for another."""
    total = 0.0
    for group in _by_expiry(legs):
        tenor = group[0].tenor
        if tenor.settlement is None and tenor.seconds <= terms.short_seconds:
            wide = terms.shock_wide
            points = [spot * (1.0 - wide), spot * (1.0 + wide), *(p.leg.strike for p in group)]
            least = min(sum(p.leg.net * p.leg.payoff(s) for p in group) for s in points)
            total += max(_value(group) - least, 0.0)
    return total


def naked(legs: Sequence[Priced]) -> float:
    """Contracts owed beyond those owned of the same right and expiry."""
    return sum(
        max(0.0, -sum(p.leg.net for p in group if p.leg.right == right))
        for group in _by_expiry(legs)
        if group[0].tenor.settlement is None
        for right in Right
    )


def cut(
    account: Account, market: Market, terms: Terms, index: int, lots: int, price_each: float
) -> Cut:
    """How many lots of a leg a liquidation may close now."""
    legs = price(account, market, terms)
    before = _assess(account.cash, legs, market.spot, terms)
    nothing = Cut(0, False, 0.0, 0.0, before, before)
    if not legs[index].is_live:
        return nothing
    case = _Case(account, legs, market, terms, index, before)
    if legs[index].leg.short <= 0.0:
        return case.sale(lots) or nothing
    if before.equity >= before.maintenance:
        return nothing
    return case.buyback(lots, price_each) or nothing


@dataclass(frozen=True)
class _Case:
    """A liquidation of one leg."""

    account: Account
    legs: list[Priced]
    market: Market
    terms: Terms
    index: int
    before: Assessment

    @property
    def _priced(self) -> Priced:
        return self.legs[self.index]

    @property
    def _owed(self) -> int:
        return round(self._priced.leg.short * LOTS)

    def _assessed(self, cash: float, *, owed: float = 0.0, owned: float = 0.0) -> Assessment:
        changed = self.account.changed(self.index, cash, owed=owed, owned=owned)
        legs = [replace(p, leg=leg) for p, leg in zip(self.legs, changed.legs, strict=True)]
        return _assess(cash, legs, self.market.spot, self.terms)

    def sale(self, lots: int) -> Cut | None:
        """Of an option owned: as much as cash is lacking. What expired pays for itself first."""
        bid, before = self._priced.bid, self.before
        need = before.due - (self._owned_value - before.sellable)
        is_healthy = before.equity >= before.maintenance
        if not is_healthy:
            need += before.closing + sum(p.leg.short * p.mark for p in self.legs if p.is_live)
        lack = need - self.account.cash
        if bid == 0.0 or lack <= 0.0:
            return None
        owned = self._priced.leg.owned
        sold = min(lots, round(owned * LOTS), -floor(-lack * LOTS / bid))
        cash = self.account.cash + sold * bid / LOTS
        after = self._assessed(cash, owned=-sold / LOTS)
        if not is_healthy and after.maintenance > before.maintenance and self._can_buy_back():
            return None
        return Cut(sold, False, 0.0, 0.0, before, after)

    def _can_buy_back(self) -> bool:
        """Does cash pay for a part of the costliest leg that is not dust?"""
        costliest = self.before.costliest
        return costliest != NO_LEG and self.account.cash >= self._least_price(self.legs[costliest])

    def buyback(self, lots: int, each: float) -> Cut | None:
        """Of an option owed: at the price given, or at the mark where equity does not pay."""
        leg, terms, cash = self._priced, self.terms, self.account.cash
        asked, least = min(lots, self._owed), min(self._owed, terms.dust)
        excess = max(each - leg.mark - 2.0 * leg.half_spread, 0.0)
        closing = self.before.closing + leg.leg.short * excess
        most = self._paid_for(each) if self._owned_value else 2**63
        is_beyond = most < least and (not self._delays or cash >= self._least_price(leg))
        if self.before.equity < closing or is_beyond:
            if self._delays:
                asked = min(asked, self._paid_for(leg.mark))
            return self._windup(asked) if asked else None
        return self._sized(min(asked, most), each)

    @property
    def _owned_value(self) -> float:
        return sum(p.leg.owned * p.bid for p in self.legs)

    @property
    def _delays(self) -> bool:
        """Must what the account owns be sold before somebody else pays for a windup?"""
        owed = sum(p.leg.short * p.mark for p in self.legs if p.is_live)
        return self._owned_value >= min(self.terms.windup_reward, self.terms.bonus_max * owed)

    def _least_price(self, leg: Priced) -> float:
        """What buying back all of a leg, or as much as is not dust, may cost."""
        size = min(leg.leg.short, self.terms.dust / LOTS)
        return size * (leg.mark + 2.0 * leg.half_spread)

    def _paid_for(self, each: float) -> int:
        """Lots that cash pays for."""
        return floor(self.account.cash * LOTS / each) if each >= WEI else 2**63

    def _windup(self, lots: int) -> Cut:
        """At the mark. The call that ends the leg earns what a bonus could be, at most a sum."""
        size, terms = lots / LOTS, self.terms
        cost = size * self._priced.mark
        after = self._assessed(max(self.account.cash - cost, 0.0), owed=-size)
        reward = min(terms.windup_reward, cost * terms.bonus_max)
        return Cut(lots, True, reward if lots == self._owed else 0.0, 0.0, self.before, after)

    def _room(self, lots: int, each: float) -> float:
        """By how much equity may fall, after a size and before its bonus, and health rise."""
        size = lots / LOTS
        raw = self._assessed(self.account.cash - size * each, owed=-size)
        return raw.equity - self.before.health * raw.maintenance

    def _tried(self, lots: int, each: float) -> Cut:
        """What a size does, whether or not it is allowed."""
        size = lots / LOTS
        cash = self.account.cash - size * each
        rate = min(self.terms.bonus_max, 1.0 - self.before.health)
        bonus = max(min(rate * size * each, self._room(lots, each), cash), 0.0)
        after = self._assessed(cash - bonus, owed=-size)
        return Cut(lots, False, bonus, bonus * self.terms.bonus_share, self.before, after)

    def _sized(self, most: int, each: float) -> Cut | None:
        if most == 0:
            return None
        found = self._tried(most, each)
        if found.after.health > self.terms.health_high:
            found = self._searched(most, each)
        rest, dust = self._owed - found.lots, self.terms.dust
        if 0 < rest < dust:
            if most < self._owed <= dust:
                return None
            found = self._tried(self._owed if most == self._owed else self._owed - dust, each)
        is_better = self._room(found.lots, each) > 0.0
        return found if is_better or self.index == self.before.costliest else None

    def _searched(self, most: int, each: float) -> Cut:
        """A size in the band, by halving."""
        low, high = 0, most
        while high - low > 1:
            trial = self._tried((low + high) // 2, each)
            if trial.after.health > self.terms.health_high:
                high = trial.lots
            elif trial.after.health >= self.terms.health_low:
                return trial
            else:
                low = trial.lots
        return self._tried(high, each)


def _by_expiry(legs: Sequence[Priced]) -> list[list[Priced]]:
    return [list(group) for _, group in groupby(legs, key=lambda p: p.leg.expiry)]


def _value(group: Sequence[Priced]) -> float:
    return sum(p.leg.net * p.mark for p in group)


def _costliest(legs: Sequence[Priced], cell: int) -> int:
    """Of the legs that owe something and have not expired, the one that loses most in a cell."""
    gains = {
        i: p.leg.net * float(p.gains[cell])
        for i, p in enumerate(legs)
        if p.is_live and p.leg.short > 0.0
    }
    return min(gains, key=lambda i: gains[i], default=NO_LEG)
