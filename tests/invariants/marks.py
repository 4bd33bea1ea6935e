"""Values from the contract's own quoter, series by series: another way to what the book sums."""

from __future__ import annotations

from math import sqrt
from typing import Any

from ballast.series import Series
from ballast.units import LOT, WAD
from tests.invariants.driver import Driver

NO_LAW = (0,) * 14


def snapshot_of(driver: Driver, expiry: int, spot: int) -> tuple[Any, ...]:
    """types.Snapshot, of one source."""
    found = driver.market.surface.slice(expiry)
    smile = tuple(found.smile)
    rest = (found.carry, found.discount, found.tau, found.posted_at, found.version)
    return (driver.now, spot, spot, driver.now, smile, *rest)


def mark_of(driver: Driver, series_id: int, moment: tuple[Any, ...]) -> int:
    """Quote per contract, WAD: a quote under a law without any charge."""
    series = Series.from_id(series_id)
    inquiry = (
        series.strike,
        series.right == 1,
        10_000,
        False,
        False,
        moment,
        (0,) * 5,
        0,
        driver.market.book.REFERENCE(),
        NO_LAW,
        WAD,
        WAD,
        driver.market.terms.quote_decimals,
    )
    return int(driver.market.quoter.quote(inquiry).mark)


def intrinsic(series_id: int, price: int) -> int:
    """At a price, without discount."""
    series = Series.from_id(series_id)
    ahead = price - series.strike
    return max(ahead if series.right == 0 else -ahead, 0)


def liabilities(driver: Driver, spot: int) -> int:
    """Everything written less what is held, at its mark, times 1e18 WAD."""
    total, moments = 0, {}
    for series_id, (lots, lent) in net(driver).items():
        expiry = series_id >> 128
        if expiry <= driver.now:
            fixed = driver.market.oracle.is_fixed(expiry)
            price = driver.market.oracle.settlement_price(expiry) if fixed else spot
            worth = intrinsic(series_id, price)
            total -= worth * lent * LOT  # in quote
            if series_id & 1 == 0:
                worth = worth * spot // price  # owed in underlying
            total += worth * lots * LOT
            continue
        moment = moments.setdefault(expiry, snapshot_of(driver, expiry, spot))
        total += mark_of(driver, series_id, moment) * (lots - lent) * LOT
    return total


def net(driver: Driver) -> dict[int, tuple[int, int]]:
    """Of series that stand in the book: lots written less lots held with escrow, and lots that
    accounts owe without it."""
    found = {series_id: (lots, 0) for series_id, lots in driver.ghost.live()}
    for series_id, (owed, escrowed) in driver.ghost.held().items():
        written = found.get(series_id, (0, 0))[0]
        found[series_id] = (written - escrowed, owed - escrowed)
    return found


def slack(driver: Driver, spot: int) -> int:
    """The bound of the book on what a lot's value is off inside a guard (docs/MATH.md), WAD: the
    largest of the live expiries, two parts in a hundred more for what has moved since the
    evaluation."""
    worst = 0.0
    for expiry in {series_id >> 128 for series_id in net(driver)}:
        found = driver.market.surface.slice(expiry)
        if found.tau == 0:
            continue
        theta, rho = found.smile.theta / WAD, found.smile.rho / WAD
        least, most = sqrt(theta * (1 - rho**2)), 1.25 * sqrt(theta)
        by_spot = least * (0.0404 + 0.0665 * least) / 64
        by_time = most * (0.21 + 0.1 * most) / 63
        worst = max(worst, by_spot + by_time + abs(1 - found.discount / WAD) / 31)
    return int(1.02 * worst * spot / 10_000) + 8 * 10**9
