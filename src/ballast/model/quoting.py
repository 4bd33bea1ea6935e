"""The quoting law in double precision: what a trade costs, and why.

Every amount charged is either a difference of a state function or a fee that is never negative:

    P(x) = x m + [U(after) - U(before)] + |x| h        x > 0: the trader buys x contracts

U is the potential of the vault's exposure: half of the slopes times the squares of dollar delta,
gamma dollars, weighted vega, and of the dollar delta and weighted vega that clients bought of late.
Clamps and fees follow, all in the vault's favour. docs/MATH.md derives the law and its properties.

Natural units: quote tokens, contracts, years but where a name says seconds. `strike`, `is_put` and
`size` may be arrays: a whole board is quoted at once, each entry as if it were the only trade.
Nothing here is rounded; the contract rounds each premium up to a unit of the quote token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ballast.errors import ModelError
from ballast.model import black76
from ballast.model.essvi import Slice
from ballast.model.normal import Array
from ballast.units import DAY, YEAR

FLOOR_SECONDS = DAY // 2
"""Gamma and weighted vega of a shorter time are those of this one at the same d1."""
OMEGA_SECONDS, OMEGA_FLOOR_SECONDS = 30 * DAY, 7 * DAY
"""A vega of 30 days has weight one; below seven days the weight grows no more."""
FACTOR_MAX = 32.0
"""A strike further from the forward than this factor is worth its intrinsic value."""
SURFACE_GRACE_SECONDS = 1_200
SURFACE_RATE = 0.01 / 600
"""Volatility charged for each second that a slice is older than its grace."""
SURFACE_MAX = 0.25

Number = float | Array
"""One figure, or one for each entry of a board."""


@dataclass(frozen=True)
class Law:
    """The numbers of a risk sheet that a quote uses: the contract's Law, in natural units."""

    delta_slope: float = 0.0
    """L of dollar delta: share of spot per quote token."""
    gamma_slope: float = 0.0
    """L of gamma dollars: quote per quote, twice."""
    vega_slope: float = 0.0
    """L of weighted vega: volatility per quote token."""
    flow_slope: float = 0.0
    """l_F, as `delta_slope`."""
    vflow_slope: float = 0.0
    """l_W, as `vega_slope`."""
    h_min: float = 0.0
    """Half-spread: least, share of spot."""
    b_vega: float = 0.0
    """Half-spread: volatility; 0.01 is a point."""
    b_delta: float = 0.0
    """Half-spread: share of dollar delta."""
    b_mark: float = 0.0
    """Half-spread: share of the mark."""
    stale_z: float = 0.0
    """Standard deviations of spot charged for the age of its round."""
    fee_spot: float = 0.0
    """Share of spot."""
    fee_cap: float = 0.0
    """Share of the mark."""
    cover_rate: float = 0.0
    """Of locked cover, per year."""
    improve_cap: float = 0.25
    """Largest improvement over the mark, share of it."""


@dataclass(frozen=True)
class Moment:
    """One expiry's market at one time."""

    spot: float
    smile: Slice
    """As of now."""
    seconds: int
    """To expiry, above zero."""
    discount: float = 1.0
    other: float | None = None
    """Spot of the second source, where there is one that disagrees."""
    spot_age_seconds: float = 0.0
    surface_age_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.seconds <= 0:
            raise ModelError(f"{self.seconds} s to expiry: a quote needs at least one second")
        if min(self.spot_age_seconds, self.surface_age_seconds) < 0.0:
            raise ModelError(
                f"ages {self.spot_age_seconds} s and {self.surface_age_seconds} s lie in the "
                "future; clamp them to zero"
            )

    @property
    def years(self) -> float:
        """To expiry."""
        return self.seconds / YEAR

    @property
    def omega(self) -> float:
        """What makes vegas of different expiries comparable."""
        return float(np.sqrt(OMEGA_SECONDS / max(self.seconds, OMEGA_FLOOR_SECONDS)))


@dataclass(frozen=True)
class Exposure:
    """What U depends on, in quote tokens at the present price; written options are negative."""

    delta: Number = 0.0
    """Dollar delta: S times delta, with the underlying held beside the options."""
    gamma: Number = 0.0
    """Gamma dollars: S^2 times gamma."""
    vega: Number = 0.0
    """Weighted: omega times vega."""
    flow_delta: Number = 0.0
    """Dollar delta that clients bought since the last reset."""
    flow_vega: Number = 0.0
    """Weighted vega that clients bought since the last post."""

    def potential(self, law: Law) -> Array:
        """U, quote."""
        pairs = (
            (law.delta_slope, self.delta),
            (law.gamma_slope, self.gamma),
            (law.vega_slope, self.vega),
            (law.flow_slope, self.flow_delta),
            (law.vflow_slope, self.flow_vega),
        )
        terms = [0.5 * slope * np.square(np.asarray(x, np.float64)) for slope, x in pairs]
        return np.asarray(sum(terms), np.float64)

    def sold(self, risk: Risk, size: npt.ArrayLike) -> Exposure:
        """The exposure once a client has bought `size` contracts (sold them, if negative)."""
        x = np.asarray(size, np.float64)
        return Exposure(
            delta=self.delta - x * risk.delta,
            gamma=self.gamma - x * risk.gamma,
            vega=self.vega - x * risk.vega,
            flow_delta=self.flow_delta + x * risk.delta,
            flow_vega=self.flow_vega + x * risk.vega,
        )


@dataclass(frozen=True)
class Risk:
    """The vector g of one contract, quote: what a holder's exposure to it is."""

    delta: Array
    gamma: Array
    vega: Array


@dataclass(frozen=True)
class Quote:
    """The price of a trade and its parts, in quote tokens for the whole size."""

    premium: Array
    """Fees included; above zero the trader pays. nan where the vault makes no bid."""
    mark: Array
    """Per contract, of the source that is worse for the trader."""
    skew: Array
    """U after less U before, as charged."""
    spread: Array
    clamp: Array
    """What the clamps added, zero or more."""
    fee: Array
    cover_fee: Array
    potential_before: Array
    potential_after: Array
    delta: Array
    """Per contract."""
    risk: Risk
    """Per contract."""
    exposure_after: Exposure


def toxicity_factor(ratio: float, slope: float, largest: float) -> float:
    """What the half-spread is multiplied by, from the larger of the two mark-out ratios."""
    return 1.0 + min(largest - 1.0, slope * max(0.0, ratio))


def vol_shift(exposure: Exposure, law: Law, omega: float) -> Array:
    """The volatility by which the vega term moves the mid: for people, no part of the law."""
    return np.asarray(-law.vega_slope * np.asarray(exposure.vega, np.float64) * omega, np.float64)


def mark(moment: Moment, strike: npt.ArrayLike, spot: Number | None = None) -> black76.Mark:
    """Values and Greeks on the slice; `spot` is another than the moment's."""
    price = moment.spot if spot is None else spot
    variance = _variance(moment, price, strike)
    return black76.mark(price / moment.discount, strike, moment.discount, variance, moment.years)


def risk(moment: Moment, greeks: black76.Mark, is_put: npt.ArrayLike) -> Risk:
    """The vector g of one contract. Only here is time floored."""
    delta = np.where(is_put, greeks.delta_put, greeks.delta_call)
    floor = np.sqrt(min(1.0, moment.seconds / FLOOR_SECONDS))
    return Risk(
        delta=moment.spot * delta,
        gamma=moment.spot**2 * greeks.gamma * floor,
        vega=moment.omega * greeks.vega / floor,
    )


def half_spread(
    moment: Moment,
    strike: npt.ArrayLike,
    is_put: npt.ArrayLike,
    law: Law,
    factor: float = 1.0,
    value: Array | None = None,
) -> Array:
    """h: quote per contract. `factor` is caution times toxicity; ages are charged on top of it.

    `value` is the mark that the trade is charged, where that is not the first source's.
    """
    greeks = mark(moment, strike)
    dollars = moment.spot * np.abs(np.where(is_put, greeks.delta_put, greeks.delta_call))
    priced = _value(greeks, is_put) if value is None else value
    terms = law.b_vega * greeks.vega + law.b_delta * dollars + law.b_mark * priced
    variance = _variance(moment, moment.spot, strike)
    at_money = np.asarray(moment.smile.total_variance(np.zeros(1)), np.float64)[0]
    sigma = np.sqrt(np.where(variance > 0.0, variance, at_money) / moment.years)
    drift = sigma * np.sqrt(moment.spot_age_seconds / YEAR)
    aged = max(0.0, moment.surface_age_seconds - SURFACE_GRACE_SECONDS)
    stale = law.stale_z * dollars * drift + greeks.vega * min(SURFACE_MAX, SURFACE_RATE * aged)
    return np.asarray(np.maximum(law.h_min * moment.spot, terms) * factor + stale, np.float64)


def bounds(
    spot: Number, strike: npt.ArrayLike, discount: float, is_put: npt.ArrayLike
) -> tuple[Array, Array]:
    """Least and most that an option is worth whatever the volatility: quote per contract."""
    cash = discount * np.asarray(strike, np.float64)
    ahead = np.where(is_put, cash - spot, spot - cash)
    paid = np.minimum(cash, strike)  # a put is covered by its strike, whatever the discount
    return np.maximum(ahead, 0.0), np.where(is_put, paid, spot)


def quote(
    moment: Moment,
    strike: npt.ArrayLike,
    is_put: npt.ArrayLike,
    size: npt.ArrayLike,
    exposure: Exposure,
    law: Law,
    *,
    caution: float = 1.0,
    toxicity: float = 1.0,
    is_opening: bool = True,
    is_reduce_only: bool = False,
) -> Quote:
    """The price of buying `size` contracts from the vault, or of selling them where negative."""
    x = np.asarray(size, np.float64)
    greeks = mark(moment, strike)
    vector = risk(moment, greeks, is_put)
    after = exposure.sold(vector, x)
    before_u, after_u = exposure.potential(law), after.potential(law)
    skew = np.maximum(after_u - before_u, 0.0) if is_reduce_only else after_u - before_u
    worse = _worse_spot(moment, is_put, x)
    value = _worse_value(moment, strike, is_put, x)
    spread = np.abs(x) * half_spread(moment, strike, is_put, law, caution * toxicity, value)
    plain = x * value + skew + spread
    clamped = np.maximum(plain, _least(worse, moment.discount, strike, is_put, x, value, law))
    fee = np.abs(x) * np.minimum(law.fee_spot * moment.spot, law.fee_cap * value)
    cover = _cover_fee(moment, strike, is_put, law) * np.maximum(x, 0.0) * is_opening
    premium = clamped + fee + cover
    return Quote(
        premium=np.where((x < 0.0) & (premium >= 0.0), np.nan, premium),
        mark=value,
        skew=skew,
        spread=spread,
        clamp=clamped - plain,
        fee=fee,
        cover_fee=cover,
        potential_before=before_u,
        potential_after=after_u,
        delta=np.where(is_put, greeks.delta_put, greeks.delta_call),
        risk=vector,
        exposure_after=after,
    )


def _variance(moment: Moment, spot: Number, strike: npt.ArrayLike) -> Array:
    """Total variance of a strike; zero, hence intrinsic value, where the kernel does not reach."""
    forward = np.asarray(spot, np.float64) / moment.discount
    x = -black76.log_moneyness(forward, np.asarray(strike, np.float64))
    near = np.abs(x) <= np.log(FACTOR_MAX)
    return np.where(near, moment.smile.total_variance(x), 0.0)


def _value(greeks: black76.Mark, is_put: npt.ArrayLike) -> Array:
    return np.where(is_put, greeks.put, greeks.call)


def _worse_value(
    moment: Moment, strike: npt.ArrayLike, is_put: npt.ArrayLike, size: Array
) -> Array:
    """The higher of the two sources' marks for a buyer, the lower for a seller."""
    first = _value(mark(moment, strike), is_put)
    if moment.other is None:
        return np.asarray(np.broadcast_to(first, np.broadcast(first, size).shape))
    second = _value(mark(moment, strike, moment.other), is_put)
    return np.where(size > 0.0, np.maximum(first, second), np.minimum(first, second))


def _worse_spot(moment: Moment, is_put: npt.ArrayLike, size: Array) -> Array:
    """Of the two sources, the one at which the trader buys dearer or sells cheaper."""
    other = moment.spot if moment.other is None else moment.other
    wants_high = np.asarray(is_put, np.bool_) == (size < 0.0)
    return np.where(wants_high, max(moment.spot, other), min(moment.spot, other))


def _least(
    spot: Array,
    discount: float,
    strike: npt.ArrayLike,
    is_put: npt.ArrayLike,
    size: Array,
    value: Array,
    law: Law,
) -> Array:
    """What the trader pays at least; for a seller, less what he gets at most."""
    intrinsic, most = bounds(spot, strike, discount, is_put)
    floor = np.maximum(intrinsic, (1.0 - law.improve_cap) * value)
    ceiling = np.minimum((1.0 + law.improve_cap) * value, most)
    return np.asarray(size * np.where(size > 0.0, floor, ceiling), np.float64)


def _cover_fee(moment: Moment, strike: npt.ArrayLike, is_put: npt.ArrayLike, law: Law) -> Array:
    """Per contract, for the unit of underlying or the strike that an opening locks."""
    cover = np.where(is_put, np.asarray(strike, np.float64), moment.spot)
    return np.asarray(law.cover_rate * moment.years * cover, np.float64)
