"""Markets to attack: sheets at the edges of their ranges, decimals, spot far from where it was."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from ballast.chain import Reverted, RevmChain
from ballast.market.local import LocalMarket, Terms
from ballast.market.sheet import BASIS, POINT, SheetNumbers
from ballast.series import listable_expiries
from ballast.units import DAY, WAD, to_wad

SPOT: Final = 2_000
NAV: Final = 1_000_000
STEPS: Final = 40
"""Spot in steps of the strike grid."""
PLACES: Final = (24, 30, 34, 36, 38, 39, 40, 41, 42, 44, 46, 50, 60)
"""Strikes that are listed where the window of delta lets them be, in steps."""
FREE: Final = {"fee_spot": 0, "cover_rate": 0, "b_mark": 0, "mean_slip": 5 * BASIS}
"""No charge but the half-spread, and hedges bound as tightly as so little a spread wants it."""

Numbers = Callable[[SheetNumbers], SheetNumbers]


def _steep(sheet: SheetNumbers) -> SheetNumbers:
    """The largest skew over the smallest spread that the joint conditions allow, flows shallow."""
    return sheet.changed(
        **FREE,
        potential_max=2 * POINT,
        credit_max=POINT,
        delta_limit=NAV * WAD * 31 // 1_000,
        gamma_limit=NAV * WAD // 10,
        vega_limit=NAV * WAD // 200,
        gamma_rent=WAD,
        vega_skew=20 * POINT,
        h_min=BASIS // 10,
        improve_cap=40 * POINT,
    )


def _deep(sheet: SheetNumbers) -> SheetNumbers:
    """As little spread as hedges allow, and flows that hardly move a price."""
    return sheet.changed(
        **FREE,
        potential_max=2 * POINT,
        cover_max=90 * POINT,
        delta_skew=5 * BASIS,
        b_delta=5 * BASIS // 2,
        b_vega=POINT // 10,
        h_min=BASIS // 10,
        deviation=5 * BASIS,
        flow_depth=5 * POINT,
        flow_skew=10 * BASIS,
        vflow_depth=5 * POINT,
        vflow_skew=9 * POINT,
        stale_z=5 * POINT,
        delta_min=POINT,
        delta_max=99 * POINT,
    )


def _toxic(sheet: SheetNumbers) -> SheetNumbers:
    """Toxicity and caution at their largest."""
    return sheet.changed(tox_slope=5_000 * WAD, tox_max=10 * WAD, caution_spread=5 * WAD)


WORLDS: Final[dict[str, tuple[Numbers, int, int]]] = {
    "default": (lambda sheet: sheet, 6, 18),
    "free": (lambda sheet: sheet.changed(**FREE), 6, 8),
    "steep": (_steep, 6, 18),
    "deep": (_deep, 8, 18),
    "toxic": (_toxic, 18, 6),
}
"""By name: the sheet, decimals of the quote token and of the underlying."""
MOVES: Final = (1, 1, 1, 1, "0.1", "0.5", 3, 40)
"""Spot over the book's reference."""


def open_world(name: str, source: random.Random) -> LocalMarket:
    """A market of this kind, listed, without money."""
    numbers, quote_decimals, underlying_decimals = WORLDS[name]
    spot = to_wad(source.choice(MOVES)) * SPOT
    grid = spot // STEPS
    terms = Terms(
        spot=SPOT,
        grid=_natural(grid),
        quote_decimals=quote_decimals,
        underlying_decimals=underlying_decimals,
        nav=NAV,
        sheet=numbers(SheetNumbers.for_nav(NAV * WAD, spot)),
        rho=source.choice((-0.6, -0.2, 0.0, 0.3)),
        volatility=source.choice((0.35, 0.65, 1.2)),
    )
    market = LocalMarket.open(RevmChain(), terms, list_board=False)
    market.terms = replace(
        terms, spot=_natural(spot), strikes=[_natural(place * grid) for place in PLACES]
    )
    market.transmit(_natural(spot))
    _list(market)
    return market


def _list(market: LocalMarket) -> None:
    """Slices, and of the strikes those that the window of delta lets be."""
    now = market.chain.timestamp
    soon = listable_expiries(now, market.terms.expiries + 2)
    expiries = [expiry for expiry in soon if expiry - now > 3 * DAY][: market.terms.expiries]
    market.now_expiries = expiries
    market.found(expiries)
    for expiry in expiries:
        for strike in market.near(expiry):
            with suppress(Reverted):
                market.list_strikes(expiry, [strike])


def _natural(wad: int) -> str:
    whole, rest = divmod(wad, WAD)
    return f"{whole}.{rest:018d}"
