"""When an order is due, how large it is, and when the next one may come."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext

import pytest

from ballast.chain import Reverted, rolled_back
from ballast.units import WAD, YEAR
from tests.market import NANO, told
from tests.unit.hedger.conftest import at_opening
from tests.unit.hedger.world import (
    GAP,
    HOUR,
    LENDER,
    PERP,
    SPOT,
    SPOT_ONE,
    HedgerMarket,
    Opening,
)

DOLLAR = 10**9  # nano
SLICE_MIN, SLICE_MAX = 1_000 * DOLLAR, 50_000 * DOLLAR
SIGNS = pytest.mark.parametrize("sign", [1, -1], ids=["long", "short"])


def left(market: HedgerMarket) -> int:
    """Dollar delta, nano."""
    return int(market.state().delta) // NANO


# --- events


@SIGNS
def test_hedge__due__says_all_that_happened(market: HedgerMarket, sign: int) -> None:
    market.set_delta(sign * 20_000 * DOLLAR)
    perp = market.place(PERP)
    assert told(market, market.hedge()) == [
        ("perp.Ordered", {"units": -sign * 10 * WAD, "paid": -sign * 20_000 * 10**6, "mean": SPOT}),
        (
            "hedger.Hedged",
            {"venue": perp.address, "units": -sign * 10 * WAD, "spot": SPOT, "cost": 0},
        ),
        (
            "hedger.BandLeft",
            {
                "caller": market.who("keeper"),
                "before": sign * 20_000 * WAD,
                "after": 0,
                "outer": 1_000 * WAD,
                "inner": 0,
                "is_hard": False,
                "reward": 2 * 10**6,
            },
        ),
        ("hedger.VenuesNoted", {"units": 0, "reserve": 0, "spot": SPOT}),
        (
            "quote.Transfer",
            {
                "sender": market.vault.address,
                "receiver": market.who("keeper"),
                "value": 2 * 10**6,
            },
        ),
    ]
    assert left(market) == 0


@SIGNS
def test_hedge__returns__units_as_the_state_foretells(market: HedgerMarket, sign: int) -> None:
    market.set_delta(sign * 20_000 * DOLLAR)
    assert market.state().order == market.hedger.hedge.call() == -sign * 10 * WAD


# --- the band without gamma: the least slice


@SIGNS
@pytest.mark.parametrize("off, is_due", [(-1, False), (0, True), (1, True)])
def test_hedge__no_gamma__due_from_the_least_slice_on(
    market: HedgerMarket, sign: int, off: int, is_due: bool
) -> None:
    market.set_delta(sign * (SLICE_MIN + off))
    found = market.state()
    assert (found.gamma, found.inner, found.outer) == (0, 0, 1_000 * WAD)
    assert (found.order != 0) == is_due
    if not is_due:
        assert market.refused("hedge") == "hedger: not due"
        return
    market.hedge()
    assert abs(left(market)) <= 1


@SIGNS
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_hedge__largest_slice__no_more_in_one_order(
    market: HedgerMarket, sign: int, off: int
) -> None:
    market.set_delta(sign * (SLICE_MAX + off))
    receipt = market.hedge()
    assert abs(receipt.event("Hedged").units) == (SLICE_MAX + min(off, 0)) * WAD * NANO // SPOT
    assert left(market) == sign * max(off, 0)


# --- the band with gamma


@pytest.fixture
def curved() -> Iterator[HedgerMarket]:
    """Delta and gamma of a strangle that the vault has sold."""
    with at_opening(Opening(underlying=100)) as market:
        first = market.now_expiries[1]
        for strike, right in ((2_000, "call"), (2_000, "put")):
            market.buy("trader", market.series(first, strike, right), 40)
        yield market


def test_state__with_gamma__band_is_the_exact_pair(curved: HedgerMarket) -> None:
    found, terms = curved.state(), curved.sheet.hedge_terms()
    g_dollars, y, inner = (Decimal(n) / WAD for n in (found.gamma, found.outer, found.inner))
    a, g, kappa = (
        Decimal(n) / WAD for n in (terms.risk_aversion, terms.hedge_gas, terms.swap_cost)
    )
    assert found.gamma > 50_000 * WAD
    assert inner > 1_000
    with localcontext(prec=50):
        proportional = y * inner * (y + inner) / (3 * kappa * g_dollars**2 / a)
        fixed = (y + inner) * (y - inner) ** 3 / (12 * g * g_dollars**2 / a)
    assert abs(proportional - 1) < Decimal("1e-9")
    assert abs(fixed - 1) < Decimal("1e-9")


@SIGNS
@pytest.mark.parametrize("off, is_due", [(-1, False), (0, True), (1, True)])
def test_hedge__with_gamma__due_from_the_outer_edge_and_back_to_the_inner(
    curved: HedgerMarket, sign: int, off: int, is_due: bool
) -> None:
    found = curved.state()
    edge = -(-found.outer // NANO)
    curved.set_delta(sign * (edge + off))
    if not is_due:
        assert curved.refused("hedge") == "hedger: not due"
        return
    curved.hedge()
    assert abs(abs(left(curved)) - found.inner // NANO) <= 1
    assert left(curved) * sign > 0
    curved.to_gap()
    assert curved.refused("hedge") == "hedger: not due"


# --- the interval


@SIGNS
@pytest.mark.parametrize("off, reason", [(-1, "hedger: too soon"), (0, None), (1, None)])
def test_hedge__after_an_order__waits_for_the_gap(
    market: HedgerMarket, sign: int, off: int, reason: str | None
) -> None:
    market.set_delta(sign * 200_000 * DOLLAR)
    market.hedge()
    assert market.state().next_at == market.hedger.last_at() + GAP
    market.to_gap(off)
    if reason:
        assert market.refused("hedge") == reason
        return
    market.hedge()
    assert left(market) == sign * 100_000 * DOLLAR


# --- the hard trigger


def hard_edge(market: HedgerMarket) -> int:
    """Least dollar delta, nano, of which an hour's deviation is more than the sheet allows in the
    block after the next transaction."""
    with rolled_back(market.chain):
        market.chain.advance(1)
        vol = market.surface.vol_index()
    with localcontext(prec=50):
        hour = int((Decimal(HOUR) / Decimal(YEAR)).sqrt() * WAD)
    most = market.sheet.hedge_terms().hard_trigger * market.desk.nav_ref() // WAD

    def is_hard(nano: int) -> bool:
        return (nano * NANO * hour // WAD) * vol > most * WAD

    low, high = 0, 10**18
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_hard(middle) else (middle, high)
    return high


def test_hard_edge__of_the_tests_market__is_where_it_should_be(market: HedgerMarket) -> None:
    """0.5 % of a million over the index times sqrt(1 h)."""
    index = market.surface.vol_index() / WAD
    wanted = 0.005 * 1_000_000 / (index * (1 / 8_760) ** 0.5)
    assert hard_edge(market) / DOLLAR == pytest.approx(wanted, rel=1e-6)


@SIGNS
@pytest.mark.parametrize("off, is_hard", [(-1, False), (0, True), (1, True)])
def test_hedge__hard_trigger__fires_past_its_edge_and_ignores_the_gap(
    market: HedgerMarket, sign: int, off: int, is_hard: bool
) -> None:
    market.set_delta(sign * (hard_edge(market) + 50_000 * DOLLAR))
    assert market.hedge().event("BandLeft").is_hard
    market.set_delta(sign * (hard_edge(market) + off))
    found = market.state()
    assert (found.is_hard, found.next_at - market.hedger.last_at()) == (
        is_hard,
        1 if is_hard else GAP,
    )
    if is_hard:
        assert market.hedge().event("BandLeft").is_hard
    else:
        assert market.refused("hedge") == "hedger: too soon"


def test_hedge__hard_twice_in_a_block__the_second_is_too_soon(market: HedgerMarket) -> None:
    market.set_delta(2_000_000 * DOLLAR)
    to, data = market.hedger.address, market.hedger.hedge.encode()
    market.chain.bulk(to, data)  # type: ignore[attr-defined]
    with pytest.raises(Reverted, match="hedger: too soon"):
        market.chain.bulk(to, data)  # type: ignore[attr-defined]
    market.chain.advance(1)
    market.chain.bulk(to, data)  # type: ignore[attr-defined]
    assert left(market) == 1_900_000 * DOLLAR


def test_hedge__without_a_reference_nav__nothing_is_hard_and_nothing_open() -> None:
    """Before the first deposit caps are shares of nothing, so no venue has room."""
    with at_opening(Opening(quote=0)) as market:
        market.set_delta(2_000_000 * DOLLAR)
        assert not market.state().is_hard
        assert market.refused("hedge") == "hedger: no room"


# --- what a spot venue may have


def test_hedge__sale__leaves_the_stock_alone() -> None:
    """Of 100 units those stay that 2 % of NAV are worth: the rest goes in slices."""
    with at_opening(Opening(places=(SPOT_ONE,), caps=(WAD // 100,), underlying=100)) as market:
        target = market.state().target_units
        assert target == market.desk.nav_ref() * 2 // 100 * WAD // SPOT
        sold = []
        for _ in range(4):
            sold.append(market.hedge().event("Hedged").units)
            market.to_gap()
        assert sold == [-25 * WAD, -25 * WAD, -25 * WAD, target - 25 * WAD]
        assert market.refused("hedge") == "hedger: no room"
        assert market.state().free_units == target


@pytest.mark.parametrize("debt, is_hard", [(15, False), (30, True)])
def test_hedge__purchase__leaves_the_reserve_alone_unless_it_is_hard(
    debt: int, is_hard: bool
) -> None:
    """Half of what is owed stays of 45,600; the rest buys, at up to 4 % above spot."""
    opening = Opening(places=(SPOT_ONE, LENDER), caps=(WAD // 100, 0), quote=45_600)
    with at_opening(opening) as market:
        market.stand(LENDER, -debt * WAD, 2 * debt * 2_000 * 10**6)
        market.place(LENDER).set_room(0, 0)
        reserve = debt * 1_000 * 10**6
        found = market.state()
        assert (found.is_hard, found.reserve) == (is_hard, reserve)
        assert found.free_quote == 45_600 * 10**6 - reserve
        spare = 45_600 * 10**6 - (0 if is_hard else reserve)
        bought = market.hedge().event("Hedged").units
        assert bought == spare * WAD // (2_080 * 10**6)
