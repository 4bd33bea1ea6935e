"""The numbers of a risk sheet: defaults, and what the contract should derive from them.

Integers as the contract takes them: WAD unless a comment says otherwise. `contracts/types.vy` says
what each one means, docs/RISK.md why it has its default. Amounts are meant for one `nav_unit`.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Final, NamedTuple

from ballast.chain.protocol import ZERO_ADDRESS
from ballast.errors import BallastError
from ballast.units import DAY, WAD

POINT: Final = WAD // 100
"""A point of volatility, and one per cent."""
BASIS: Final = WAD // 10_000
"""A basis point."""
NANO: Final = 10**9
"""WAD in 1e-9 quote tokens, in which exposures count."""
SLOPE: Final = 10**27
"""The scale of slopes."""
MAX_LOTS: Final = 2**31 - 1
"""What the book can write of one series."""
FROM_ZERO: Final = WAD // 1_000
"""How far a sheet may move a number from zero, or to it."""


class SheetError(BallastError, ValueError):
    """A sheet that was asked for something it does not have."""


@dataclass(frozen=True)
class Caps:
    """What the market may reach."""

    nav_unit: int = 1_000_000 * WAD
    potential_max: int = 75 * BASIS
    credit_max: int = 25 * POINT
    cover_max: int = 60 * POINT
    series_lots: int = 1_000_000  # lots: 100 contracts
    delta_min: int = 5 * POINT
    delta_max: int = 95 * POINT
    caution_spread: int = 150 * POINT
    caution_limit: int = 50 * POINT
    fund_share: int = 20 * POINT
    flow_gap: int = 60  # seconds
    tox_slope: int = 500 * WAD
    tox_max: int = 3 * WAD


@dataclass(frozen=True)
class Quoting:
    """What a quote adds to the mark."""

    delta_limit: int = 100_000 * WAD
    delta_skew: int = 20 * BASIS
    gamma_limit: int = 5_000_000 * WAD
    gamma_rent: int = WAD // 2  # days
    vol_ref: int = 65 * POINT
    vega_limit: int = 35_000 * WAD
    vega_skew: int = 8 * POINT
    flow_depth: int = POINT
    flow_skew: int = 50 * BASIS
    vflow_depth: int = POINT
    vflow_skew: int = 6 * POINT
    h_min: int = BASIS
    b_vega: int = POINT
    b_delta: int = 10 * BASIS
    b_mark: int = 0
    stale_z: int = WAD // 4
    fee_spot: int = 3 * BASIS
    fee_cap: int = 1_250 * BASIS
    cover_rate: int = 5 * POINT
    improve_cap: int = 25 * POINT


@dataclass(frozen=True)
class Nav:
    """What a share is worth."""

    deviation: int = 50 * BASIS
    d_spot: int = 75 * BASIS
    d_vol: int = 4 * POINT
    credit_haircut: int = 10 * POINT
    performance_fee: int = 10 * POINT


@dataclass(frozen=True)
class SurfaceLimits:
    """Posts of the keeper."""

    vol_min: int = 15 * POINT
    vol_max: int = 300 * POINT
    theta_post: int = 5 * POINT
    theta_hour: int = 20 * POINT
    rho_post: int = 10 * POINT
    psi_post: int = 15 * POINT
    carry_max: int = 50 * POINT
    carry_post: int = 10 * BASIS
    carry_list: int = POINT


@dataclass(frozen=True)
class Margin:
    """Margin accounts."""

    shock_near: int = 1_250 * BASIS
    shock_wide: int = 25 * POINT
    shock_down: int = 50 * POINT
    shock_up: int = 60 * POINT
    far_weight: int = 75 * POINT
    vol_up: int = 60 * POINT
    vol_down: int = 30 * POINT
    near_power: int = 30 * POINT
    far_power: int = 13 * POINT
    naked_floor: int = 2 * POINT
    initial_factor: int = 125 * POINT
    short_tau: int = 14 * DAY  # seconds
    health_low: int = 105 * POINT
    health_high: int = 125 * POINT
    bonus_max: int = 5 * POINT
    bonus_share: int = 20 * POINT
    windup_reward: int = 50 * WAD
    dust: int = 100  # lots


@dataclass(frozen=True)
class Hedge:
    """The hedger."""

    risk_aversion: int = WAD // 10_000
    hedge_gas: int = 5 * WAD
    swap_cost: int = 5 * BASIS
    hard_trigger: int = 50 * BASIS
    slice_min: int = 1_000 * WAD
    slice_max: int = 50_000 * WAD
    hedge_gap: int = 300  # seconds
    slip: int = 50 * BASIS
    mean_slip: int = 25 * BASIS
    stock_target: int = 2 * POINT
    debt_reserve: int = 50 * POINT
    lend_health: int = 150 * POINT


class Law(NamedTuple):
    """`types.Law`: equal to what the contract returns."""

    delta_slope: int
    gamma_slope: int
    vega_slope: int
    flow_slope: int
    vflow_slope: int
    h_min: int
    b_vega: int
    b_delta: int
    b_mark: int
    stale_z: int
    fee_spot: int
    fee_cap: int
    cover_rate: int
    improve_cap: int


class Limits(NamedTuple):
    """`types.Limits`."""

    nav_unit: int
    potential: int
    vega: int
    gamma: int
    cover: int
    credit: int
    lots: int
    delta_min: int
    delta_max: int


class TradeTerms(NamedTuple):
    """`types.TradeTerms`."""

    law: Law
    limits: Limits
    caution_spread: int
    caution_limit: int
    fund_share: int
    flow_gap: int
    tox_slope: int
    tox_max: int


class AccountTerms(NamedTuple):
    """`types.AccountTerms`."""

    margin: tuple[int, ...]
    h_min: int
    b_vega: int
    b_delta: int
    b_mark: int


class MarkTerms(NamedTuple):
    """`types.MarkTerms`."""

    delta_slope: int
    gamma_slope: int
    vega_slope: int
    flow_slope: int
    vflow_slope: int
    d_spot: int
    d_vol: int
    credit_haircut: int


@dataclass(frozen=True)
class SheetNumbers:
    """All numbers of a sheet, in the contract's order; names are unique across the groups."""

    caps: Caps = field(default_factory=Caps)
    quote: Quoting = field(default_factory=Quoting)
    nav: Nav = field(default_factory=Nav)
    surface: SurfaceLimits = field(default_factory=SurfaceLimits)
    margin: Margin = field(default_factory=Margin)
    hedge: Hedge = field(default_factory=Hedge)

    @classmethod
    def for_nav(cls, nav: int, spot: int = 2_000 * WAD) -> SheetNumbers:
        """The defaults for a vault of `nav` (WAD): amounts and lots in proportion, rounded down.

        A series may take a fifth of nav at `spot`. Risk aversion falls as nav grows.
        """
        base = cls()
        unit = base.caps.nav_unit
        amounts = ("delta_limit", "gamma_limit", "vega_limit", "slice_min", "slice_max")
        scaled = {name: base[name] * nav // unit for name in amounts}
        return base.changed(
            nav_unit=nav,
            series_lots=min(nav * 2_000 // spot, MAX_LOTS),
            risk_aversion=base["risk_aversion"] * unit // nav,
            **scaled,
        )

    def changed(self, **numbers: int) -> SheetNumbers:
        """The same sheet with some numbers replaced, by name."""
        unknown = numbers.keys() - self.flat.keys()
        if unknown:
            raise SheetError(f"a sheet has no number {', '.join(sorted(unknown))}")
        groups: dict[str, Any] = {}
        for group in fields(self):
            own = getattr(self, group.name)
            inside = {f.name: numbers[f.name] for f in fields(own) if f.name in numbers}
            groups[group.name] = replace(own, **inside)
        return SheetNumbers(**groups)

    @cached_property
    def flat(self) -> dict[str, int]:
        """Every number by its name, in the contract's order."""
        groups = (getattr(self, group.name) for group in fields(self))
        return {f.name: getattr(group, f.name) for group in groups for f in fields(group)}

    def __getitem__(self, name: str) -> int:
        return self.flat[name]

    def as_args(self, previous: object = ZERO_ADDRESS) -> tuple[Any, ...]:
        """Arguments of the constructor."""
        return self.as_tuple(), previous

    def as_tuple(self) -> tuple[tuple[int, ...], ...]:
        """The struct that `numbers()` returns."""
        return astuple(self)

    def steps_too_far(self, previous: SheetNumbers) -> list[str]:
        """Names of the numbers that move too far for a sheet that follows `previous`."""
        return [name for name, new in self.flat.items() if not _is_step(previous.flat[name], new)]

    def law(self) -> Law:
        """What the contract derives; slopes rounded down."""
        quote, unit = self.quote, self.caps.nav_unit
        return Law(
            delta_slope=quote.delta_skew * SLOPE // quote.delta_limit,
            gamma_slope=quote.vol_ref**2
            * quote.gamma_rent
            * SLOPE
            // (730 * WAD * WAD * quote.gamma_limit),
            vega_slope=quote.vega_skew * SLOPE // quote.vega_limit,
            flow_slope=quote.flow_skew * SLOPE * WAD // (quote.flow_depth * unit),
            vflow_slope=quote.vflow_skew * SLOPE * WAD // (quote.vflow_depth * unit),
            **{name: self[name] for name in Law._fields[5:]},
        )

    def limits(self) -> Limits:
        """What the contract derives, at full NAV; rounded down."""
        caps, quote, unit = self.caps, self.quote, self.caps.nav_unit
        return Limits(
            nav_unit=unit,
            potential=caps.potential_max * unit // WAD,
            vega=quote.vega_limit // NANO,
            gamma=quote.gamma_limit // NANO,
            cover=caps.cover_max * unit // WAD,
            credit=caps.credit_max * unit // WAD,
            lots=caps.series_lots,
            delta_min=caps.delta_min,
            delta_max=caps.delta_max,
        )

    def trade_terms(self) -> TradeTerms:
        """What `trade_terms()` returns."""
        own = {name: self[name] for name in TradeTerms._fields[2:]}
        return TradeTerms(law=self.law(), limits=self.limits(), **own)

    def mark_terms(self) -> MarkTerms:
        """What `mark_terms()` returns."""
        return MarkTerms(*self.law()[:5], *(self[name] for name in MarkTerms._fields[5:]))

    def account_terms(self) -> AccountTerms:
        """What `account_terms()` returns."""
        return AccountTerms(
            astuple(self.margin), *(self[name] for name in AccountTerms._fields[1:])
        )


def _is_step(old: int, new: int) -> bool:
    if old == 0 or new == 0:
        return max(old, new) <= FROM_ZERO
    return abs(new - old) <= old // 4
