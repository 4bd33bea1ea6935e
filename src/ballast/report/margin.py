"""What the same portfolios need as margin here, at Deribit and at Derive.

    python -m ballast.report.margin

The figure is the cash that an account must hold to keep its positions: the maintenance requirement
less what its options are worth, and none below zero. The rules of the others are those of their
public documents, named in docs/RISK.md, in quote tokens; what these leave open is said there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ballast.model import black76
from ballast.model.account import (
    Account,
    Holding,
    Market,
    Priced,
    Tenor,
    Terms,
    assess,
    price,
)
from ballast.model.essvi import Slice
from ballast.model.margin import VolShock
from ballast.model.normal import Array
from ballast.series import Right
from ballast.units import DAY, YEAR

SPOT = 2_000.0
VOL = 0.65
DAYS = (2, 30, 90)
MARKET = Market(
    SPOT, {days: Tenor(days * DAY, Slice(VOL * VOL * days * DAY / YEAR, 0.0, 0.0)) for days in DAYS}
)
"""A flat smile and no carry: the rules differ by themselves and not by their surfaces."""


@dataclass(frozen=True)
class Portfolio:
    """Options of one account, in contracts, and underlying beside them."""

    name: str
    legs: tuple[Holding, ...]
    underlying: float = 0.0


def _short(days: int, strike: float, right: Right, size: float = 1.0) -> Holding:
    return Holding(days, strike, right, owed=size)


def _long(days: int, strike: float, right: Right, size: float = 1.0) -> Holding:
    return Holding(days, strike, right, owned=size)


C, P = Right.CALL, Right.PUT
PORTFOLIOS = (
    Portfolio("naked call: -1 C 2,200, 30 days", (_short(30, 2_200, C),)),
    Portfolio("naked put: -1 P 1,800, 30 days", (_short(30, 1_800, P),)),
    Portfolio(
        "strangle: -1 P 1,800, -1 C 2,200, 30 days", (_short(30, 1_800, P), _short(30, 2_200, C))
    ),
    Portfolio(
        "vertical: -1 C 2,200, +1 C 2,400, 30 days", (_short(30, 2_200, C), _long(30, 2_400, C))
    ),
    Portfolio(
        "narrow vertical: -1 C 2,200, +1 C 2,220, 90 days",
        (_short(90, 2_200, C), _long(90, 2_220, C)),
    ),
    Portfolio(
        "iron condor: +P 1,600 -P 1,800 -C 2,200 +C 2,400, 30 days",
        (_long(30, 1_600, P), _short(30, 1_800, P), _short(30, 2_200, C), _long(30, 2_400, C)),
    ),
    Portfolio(
        "calendar: -1 C 2,000 30 days, +1 C 2,000 90 days",
        (_short(30, 2_000, C), _long(90, 2_000, C)),
    ),
    Portfolio(
        "calendar reversed: +1 C 2,000 30 days, -1 C 2,000 90 days",
        (_long(30, 2_000, C), _short(90, 2_000, C)),
    ),
    Portfolio(
        "long that dies first: +1 C 2,000 2 days, -1 C 2,000 90 days",
        (_long(2, 2_000, C), _short(90, 2_000, C)),
    ),
    Portfolio(
        "short butterfly: -C 2,080 +2 C 2,120 -C 2,160, 2 days",
        (_short(2, 2_080, C), _long(2, 2_120, C, 2.0), _short(2, 2_160, C)),
    ),
    Portfolio("covered call: -1 C 2,200, 30 days, +1 underlying", (_short(30, 2_200, C),), 1.0),
)


# --- the rules


def ballast(portfolio: Portfolio) -> float:
    """Cash here. Underlying is set aside in full: its calls are escrowed."""
    left = portfolio.underlying
    legs = []
    for leg in portfolio.legs:
        covered = min(left, leg.owed) if leg.right == Right.CALL else 0.0
        left -= covered
        legs.append(Holding(leg.expiry, leg.strike, leg.right, leg.owed, covered, leg.owned))
    found = assess(Account(0.0, tuple(legs)), MARKET, Terms())
    return max(found.maintenance - found.equity, 0.0)


def deribit_standard(portfolio: Portfolio) -> float:
    """Each short option by itself: 7.5 % of spot and its mark; for a put at least 7.5 % of that.

    Options owned give no credit; underlying held pays for its own requirement.
    """
    need = 0.0
    for leg in _priced(portfolio):
        least = 0.075 * (SPOT if leg.leg.right == Right.CALL else max(SPOT, leg.mark))
        need += leg.leg.owed * (least + leg.mark)
    return max(need - portfolio.underlying * SPOT, 0.0)


def deribit_portfolio(portfolio: Portfolio) -> float:
    """The worst of nine prices to 16 % at three volatilities, and of far ones that count less."""
    shock = VolShock(up=0.50, down=0.25)
    moves = [0.04 * step for step in range(-4, 5)]
    losses = [_loss(portfolio, m, shock.factor, way) for m in moves for way in (1, 0, -1)]
    far = (-0.66, -0.33, 0.50, 1.0, 2.0, 3.0, 4.0, 5.0)
    losses += [0.16 / abs(m) * _loss(portfolio, m, shock.factor, 1) for m in far]
    return _cash(portfolio, max(losses) + 0.01 * SPOT * _short_per_strike(portfolio))


def derive_grid(portfolio: Portfolio) -> float:
    """The worst of 23 cells: 5 % to 15 % at three volatilities, and 20 % with volatility up."""
    shock = VolShock(up=0.60, down=0.30)
    moves = [0.05 * step for step in range(-3, 4)]
    losses = [_loss(portfolio, m, shock.factor, way) for m in moves for way in (1, 0, -1)]
    losses += [_loss(portfolio, m, shock.factor, 1) for m in (-0.20, 0.20)]
    return _cash(portfolio, max(losses) + 0.02 * SPOT * _short_per_strike(portfolio))


RULES: dict[str, Callable[[Portfolio], float]] = {
    "Ballast": ballast,
    "Deribit, standard": deribit_standard,
    "Deribit, portfolio": deribit_portfolio,
    "Derive, grid": derive_grid,
}


def _priced(portfolio: Portfolio) -> list[Priced]:
    return price(Account(0.0, portfolio.legs), MARKET, Terms())


def _cash(portfolio: Portfolio, requirement: float) -> float:
    """What of a requirement the account's options and underlying do not pay."""
    held = sum(leg.leg.net * leg.mark for leg in _priced(portfolio)) + portfolio.underlying * SPOT
    return max(max(requirement, 0.0) - held, 0.0)


def _loss(portfolio: Portfolio, move: float, factor: Callable[..., Array], way: int) -> float:
    """What is lost when spot moves and volatility rises (1), stays (0) or falls (-1)."""
    loss = -portfolio.underlying * SPOT * move
    for leg in _priced(portfolio):
        seconds = leg.tenor.seconds
        vol = VOL * (float(factor(seconds, up=way > 0)) if way else 1.0)
        spot = SPOT * (1.0 + move)
        call, put = black76.values(spot, leg.leg.strike, 1.0, vol * vol * seconds / YEAR)
        value = float(call if leg.leg.right == Right.CALL else put)
        loss -= leg.leg.net * (value - leg.mark)
    return loss


def _short_per_strike(portfolio: Portfolio) -> float:
    """Contracts short on balance, strike by strike of each expiry."""
    sums: dict[tuple[int, float], float] = {}
    for leg in portfolio.legs:
        key = (leg.expiry, leg.strike)
        sums[key] = sums.get(key, 0.0) + leg.net
    return sum(max(-net, 0.0) for net in sums.values())


# --- the table


def table(portfolios: Sequence[Portfolio] = PORTFOLIOS) -> str:
    """Cash that each portfolio needs under each rule, in Markdown."""
    lines = [
        "| portfolio | " + " | ".join(RULES) + " |",
        "|---|" + "---:|" * len(RULES),
    ]
    for portfolio in portfolios:
        cells = [f"{rule(portfolio):,.0f}" for rule in RULES.values()]
        lines.append(f"| {portfolio.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
