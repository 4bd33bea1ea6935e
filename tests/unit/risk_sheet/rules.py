"""What a sheet must satisfy, once more: ranges as a table, joint conditions in exact fractions.

Written from docs/RISK.md and not from the contract, so that either shows a slip of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from ballast.market import SheetNumbers
from ballast.units import DAY, WAD

PC = WAD // 100
BP = WAD // 10_000
PPM = WAD // 1_000_000


@dataclass(frozen=True)
class Bound:
    """The hard range of a number; of an amount, as shares of nav_unit."""

    name: str
    least: int
    most: int
    or_zero: bool = False
    of_nav: bool = False
    at_least: dict[str, int] = field(default_factory=dict)
    """What else changes where it is at its least, so that joint conditions hold."""
    at_most: dict[str, int] = field(default_factory=dict)

    def edges(self, nav: int) -> tuple[int, int]:
        """The least and the most that are accepted, both inclusive."""
        if not self.of_nav:
            return self.least, self.most
        return -(-nav * self.least // WAD), nav * self.most // WAD

    def admits(self, value: int, nav: int) -> bool:
        least, most = self.edges(nav)
        return least <= value <= most or (self.or_zero and value == 0)

    @property
    def reason(self) -> str:
        return f"sheet: {self.name.replace('_', ' ')}"


def _of_nav(name: str, least: int, most: int) -> Bound:
    return Bound(name, least, most, of_nav=True)


def _or_zero(name: str, most: int) -> Bound:
    return Bound(name, PPM, most, or_zero=True)


BOUNDS = (
    Bound("nav_unit", 1_000 * WAD, 100_000_000 * WAD),
    Bound("potential_max", 5 * BP, 2 * PC),
    Bound("credit_max", PC, 50 * PC),
    Bound("cover_max", 10 * PC, 90 * PC),
    Bound("series_lots", 100, 2**31 - 1),
    Bound("delta_min", PC, 30 * PC),
    Bound("delta_max", 50 * PC, 99 * PC),
    Bound("caution_spread", WAD, 5 * WAD),
    Bound("caution_limit", 10 * PC, WAD),
    Bound("fund_share", PC, 50 * PC),
    Bound("flow_gap", 30, 600),
    Bound("tox_slope", WAD, 5_000 * WAD),
    Bound("tox_max", WAD, 10 * WAD),
    _of_nav("delta_limit", PC, WAD),
    Bound("delta_skew", BP, 100 * BP),
    _of_nav("gamma_limit", 10 * PC, 20 * WAD),
    Bound("gamma_rent", 5 * PC, WAD),
    Bound("vol_ref", 10 * PC, 2 * WAD, at_most={"vol_max": 2 * WAD}),
    _of_nav("vega_limit", 10 * BP, 20 * PC),
    Bound("vega_skew", PC, 20 * PC),
    Bound("flow_depth", 10 * BP, 5 * PC),
    Bound("flow_skew", 10 * BP, 200 * BP),
    Bound("vflow_depth", 5 * BP, 5 * PC),
    Bound("vflow_skew", PC, 20 * PC),
    Bound("h_min", BP // 10, 50 * BP),
    Bound("b_vega", 10 * BP, 10 * PC),
    Bound("b_delta", BP, 100 * BP),
    _or_zero("b_mark", 10 * PC),
    Bound("stale_z", 5 * PC, 2 * WAD),
    _or_zero("fee_spot", 50 * BP),
    Bound("fee_cap", PC, 20 * PC),
    _or_zero("cover_rate", 20 * PC),
    Bound("improve_cap", 5 * PC, 40 * PC),
    Bound("deviation", 5 * BP, 4 * PC),
    Bound("d_spot", 5 * BP, 10 * PC),
    Bound("d_vol", 10 * BP, 25 * PC),
    Bound("credit_haircut", PC, 50 * PC),
    _or_zero("performance_fee", 30 * PC),
    Bound("vol_min", PC, 50 * PC),
    Bound("vol_max", WAD, 3 * WAD),
    Bound("theta_post", 10 * BP, 10 * PC),
    Bound("theta_hour", 10 * BP, WAD),
    Bound("rho_post", 10 * BP, 25 * PC),
    Bound("psi_post", 10 * BP, 50 * PC),
    Bound("carry_max", PC, WAD),
    Bound("carry_post", BP, PC),
    Bound("carry_list", BP, 10 * PC),
    Bound("shock_near", 2 * PC, 25 * PC),
    Bound("shock_wide", 10 * PC, 50 * PC),
    Bound("shock_down", 25 * PC, 70 * PC, at_least={"shock_wide": 24 * PC}),
    Bound("shock_up", 30 * PC, 2 * WAD),
    Bound("far_weight", 25 * PC, WAD),
    Bound("vol_up", 10 * PC, 2 * WAD),
    Bound("vol_down", 5 * PC, 90 * PC),
    Bound("near_power", PC, 50 * PC),
    Bound("far_power", PC, 50 * PC),
    Bound("naked_floor", 50 * BP, 10 * PC),
    Bound("initial_factor", 105 * PC, 2 * WAD),
    Bound("short_tau", DAY, 30 * DAY),
    Bound("health_low", 101 * PC, 120 * PC),
    Bound("health_high", 110 * PC, 2 * WAD),
    Bound("bonus_max", 50 * BP, 20 * PC),
    Bound("bonus_share", PC, 50 * PC),
    Bound("windup_reward", WAD, 1_000 * WAD),
    Bound("dust", 1, 100_000),
    Bound("risk_aversion", 10**11, 10**17),
    Bound("hedge_gas", PC, 200 * WAD),
    Bound("swap_cost", BP // 2, PC),
    Bound("hard_trigger", 5 * BP, 2 * PC),
    _of_nav("slice_min", BP, 5 * PC),
    _of_nav("slice_max", 10 * BP, 25 * PC),
    Bound("hedge_gap", 30, 3_600),
    Bound("slip", 5 * BP, 3 * PC),
    Bound("mean_slip", 5 * BP, 3 * PC),
    Bound("stock_target", 10 * BP, 20 * PC),
    Bound("debt_reserve", 20 * PC, WAD),
    Bound("lend_health", 110 * PC, 5 * WAD),
)
BY_NAME = {bound.name: bound for bound in BOUNDS}

# A sheet in which no joint condition is near, so that one number at a time may go to its edge.
SLACK = SheetNumbers().changed(
    delta_skew=BP,
    b_delta=100 * BP,
    b_vega=10 * PC,
    flow_skew=200 * BP,
    vflow_skew=20 * PC,
    vega_limit=1_000 * WAD,
    deviation=5 * BP,
    d_spot=4 * PC,
    d_vol=25 * PC,
    vol_min=PC,
    vol_max=WAD,
    theta_post=10 * BP,
    theta_hour=10 * PC,
    shock_near=2 * PC,
    shock_wide=26 * PC,
    shock_down=70 * PC,
    shock_up=2 * WAD,
    health_low=101 * PC,
    health_high=2 * WAD,
    slice_min=100 * WAD,
    slice_max=250_000 * WAD,
    mean_slip=5 * BP,
)


def slack_at(nav: int) -> SheetNumbers:
    """SLACK for another nav_unit: amounts in proportion, to the next integer within range."""
    amounts = {
        bound.name: min(
            max(SLACK[bound.name] * nav // SLACK["nav_unit"], bound.edges(nav)[0]),
            bound.edges(nav)[1],
        )
        for bound in BOUNDS
        if bound.of_nav
    }
    return SLACK.changed(nav_unit=nav, **amounts)


# --- joint conditions


def _move(x: int) -> Fraction:
    """Bound on 1 - 1/sqrt(1 + x) and on ln(1 + x)/2: what x in theta is in ln volatility."""
    return Fraction(x, 2 * WAD + x)


def delta_error() -> Fraction:
    """Of a contract at the edge of the guard: x = 1/4, y = 1/64."""
    return Fraction(321, 1_000) * (Fraction(1, 16) + Fraction(1, 64))


def _refresh_holds(n: SheetNumbers) -> bool:
    contracts = Fraction(n["cover_max"] + n["credit_max"], WAD) * n["nav_unit"]
    shift = delta_error() * contracts * n["delta_skew"] / n["delta_limit"]
    return shift <= n["b_delta"]


def _post(n: SheetNumbers) -> Fraction:
    return n["vol_max"] * _move(n["theta_post"])


JOINT: dict[str, Callable[[SheetNumbers], bool]] = {
    "sheet: skew over spread": lambda n: n["delta_skew"] <= 2 * n["b_delta"],
    "sheet: refresh over spread": _refresh_holds,
    "sheet: round over flow": lambda n: n["deviation"] <= 2 * n["b_delta"] + n["flow_skew"],
    "sheet: round over d spot": lambda n: n["deviation"] <= n["d_spot"],
    "sheet: post over vega flow": lambda n: _post(n) <= 2 * n["b_vega"] + n["vflow_skew"],
    "sheet: post over d vol": lambda n: _post(n) / 2 <= n["d_vol"],
    "sheet: rogue keeper": lambda n: (
        n["vega_limit"] * n["vol_max"] * _move(n["theta_hour"]) <= n["nav_unit"] * PC
    ),
    "sheet: vol ref off surface": lambda n: n["vol_min"] <= n["vol_ref"] <= n["vol_max"],
    "sheet: post over hour": lambda n: n["theta_post"] <= n["theta_hour"],
    "sheet: shocks out of order": lambda n: (
        n["shock_near"] < n["shock_wide"] < min(n["shock_down"], n["shock_up"])
    ),
    "sheet: health out of order": lambda n: n["health_low"] < n["health_high"],
    "sheet: slices out of order": lambda n: n["slice_min"] <= n["slice_max"],
    "sheet: slip over spread": lambda n: (
        min(n["slip"], n["mean_slip"]) <= 2 * (n["b_delta"] + n["fee_spot"])
    ),
}


def refusal(n: SheetNumbers) -> str | None:
    """The reason with which a first sheet is refused, or None."""
    for bound in BOUNDS:
        if not bound.admits(n[bound.name], n["nav_unit"]):
            return bound.reason
    return next((reason for reason, holds in JOINT.items() if not holds(n)), None)
