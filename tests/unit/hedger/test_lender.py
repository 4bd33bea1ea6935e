"""Stock for the cover of calls, and the health of what is owed for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ballast.chain import Reverted, rolled_back
from ballast.units import WAD
from tests.market import told
from tests.unit.hedger.conftest import at_opening
from tests.unit.hedger.world import LENDER, PERP, SPOT, HedgerMarket, Opening, opened

USDC = 10**6
LEAST, CALM = 3 * WAD // 2, 3 * WAD
ALONE = Opening(places=(LENDER,), caps=(WAD // 4,))


@pytest.fixture
def lending() -> Iterator[HedgerMarket]:
    """A million of quote, a lender at 80 %, ten units to be in stock."""
    with at_opening(ALONE) as market:
        yield market


def owes(market: HedgerMarket, units: int, collateral: int) -> None:
    market.stand(LENDER, -units, collateral)
    market.hedger.sync()


def pledged(market: HedgerMarket) -> int:
    return int(market.place(LENDER).collateral())


# --- stock


def test_stock__nothing_there__borrows_the_target_and_holds_it(lending: HedgerMarket) -> None:
    lender = lending.place(LENDER).address
    nav = lending.vault.totalAssets()
    receipt = lending.hedger.stock(sender=lending.who("stranger"))
    assert receipt.value == 10 * WAD
    events = [(name, said) for name, said in told(lending, receipt) if name.startswith("hedger")]
    assert dict(events)["hedger.Stocked"] == {"venue": lender, "units": 10 * WAD}
    assert 50_000 * USDC <= pledged(lending) <= 50_000 * USDC + 4
    noted = {"units": -10 * WAD, "reserve": 11_250 * USDC, "spot": SPOT}
    assert dict(events)["hedger.VenuesNoted"] == noted
    assert len(events) == 2
    found = lending.vault.balances()
    assert (found.underlying, found.abroad) == (10 * WAD, -100_000)
    assert lending.place(LENDER).health() >= 2 * WAD
    assert lending.vault.totalAssets() == nav


def test_stock__done__moves_neither_delta_nor_what_a_trade_costs(lending: HedgerMarket) -> None:
    series = lending.series(lending.now_expiries[1], 2_000, "put")
    with rolled_back(lending.chain):
        lending.chain.advance(1)
        before = lending.desk.quote(series, 50_000)
    lending.hedger.stock()
    assert lending.desk.quote(series, 50_000) == before


@pytest.mark.parametrize("off, is_due", [(-1, True), (0, False), (1, False)])
def test_stock__free_units__due_below_the_target(off: int, is_due: bool) -> None:
    """Half a unit less than the target is the least slice; a lot less than that is not worth it."""
    with at_opening(ALONE) as market:
        market.fund("lp", underlying=20)
        lots = 95_000 + off
        market.vault.depositUnderlying(lots * 10**14, market.who("lp"), 0, sender=market.who("lp"))
        assert market.vault.holdings().free_lots == lots
        found = market.desk.nav_ref() * 2 // 100 * WAD // SPOT
        assert found == 10 * WAD
        if off <= 0:
            assert market.hedger.stock().value == 10 * WAD - lots * 10**14
        else:
            assert market.refused("stock") == "hedger: stocked"


@pytest.mark.parametrize("lots, repaid", [(199_999, 0), (200_000, 10), (200_001, 10)])
def test_stock__twice_the_target__repays(lots: int, repaid: int) -> None:
    with at_opening(ALONE) as market:
        market.hedger.stock()
        market.fund("lp", underlying=20)
        brought = (lots - 100_000) * 10**14
        market.vault.depositUnderlying(brought, market.who("lp"), 0, sender=market.who("lp"))
        if not repaid:
            assert market.refused("stock") == "hedger: stocked"
            return
        receipt = market.hedger.stock()
        assert receipt.value == -10 * WAD
        assert dict(told(market, receipt))["hedger.Stocked"]["units"] == -10 * WAD
        assert (market.place(LENDER).debt(), pledged(market)) == (0, 0)


@pytest.mark.parametrize("lendable, borrowed", [(WAD // 2 - 1, 0), (WAD // 2, 1), (3 * WAD, 1)])
def test_stock__lender_has_less__borrows_what_there_is_from_a_slice_on(
    lending: HedgerMarket, lendable: int, borrowed: int
) -> None:
    lending.place(LENDER).set_reserve(lendable)
    if borrowed:
        assert lending.hedger.stock().value == lendable
    else:
        assert lending.refused("stock") == "hedger: stocked"


def test_stock__cap_of_zero__nothing_is_borrowed(lending: HedgerMarket) -> None:
    lending.hedger.set_cap(lending.place(LENDER), 0, sender=lending.who("guardian"))
    assert lending.refused("stock") == "hedger: stocked"


def test_stock__without_a_lender__is_refused(market: HedgerMarket) -> None:
    for method in ("stock", "tend"):
        assert market.refused(method) == "hedger: no lender"


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    cap=st.integers(1, 250),
    debt=st.integers(0, 60 * 10**18),
    health=st.integers(16 * 10**17, 29 * 10**17),
    lendable=st.integers(0, 100 * 10**18),
    target=st.sampled_from([2, 10, 20]),
)
def test_stock__in_any_state__keeps_reserve_health_and_cap(
    cap: int, debt: int, health: int, lendable: int, target: int
) -> None:
    """What is owed may have been sold: then only quote is there to answer for it."""
    opening = Opening(
        places=(LENDER,), caps=(WAD // 4,), sheet=(("stock_target", target * WAD // 100),)
    )
    market = opened(opening)
    with rolled_back(market.chain):
        lender = market.place(LENDER)
        collateral = debt * 2_000 * USDC // WAD * health // (8 * 10**17)
        owes(market, debt, collateral)
        lender.set_reserve(lendable)
        market.hedger.set_cap(lender, cap * WAD // 1_000, sender=market.who("guardian"))
        nav = market.vault.totalAssets()
        try:
            units = market.hedger.stock().value
        except Reverted as refusal:
            assert refusal.reason == "hedger: stocked"
            return
        assert WAD // 2 <= units <= min(lendable, target * 10 * WAD // 2)
        owed = lender.debt()
        assert owed == debt + units
        assert lender.health() >= LEAST
        loose = market.vault.holdings().loose_quote
        assert loose >= owed * 1_000 * USDC // WAD  # half of it
        equity = lender.position(SPOT)[1]
        assert equity <= max(cap * 1_000 * USDC, collateral - debt * 2_000 * USDC // WAD) + 1
        assert abs(market.vault.totalAssets() - nav) <= 1


# --- tend


def test_tend__from_free_quote__health_is_where_debt_is_left(lending: HedgerMarket) -> None:
    owes(lending, 10 * WAD, 37_500 * USDC - 1)
    keeper = lending.who("stranger")
    receipt = lending.hedger.tend(sender=keeper)
    events = told(lending, receipt)
    sent = lending.place(LENDER).collateral() - 37_500 * USDC + 1
    assert 12_500 * USDC <= sent <= 12_504 * USDC
    said = dict(events)["hedger.Tended"]
    assert said["before"] == (37_500 * USDC - 1) * 8 * 10**17 // (20_000 * USDC) < LEAST
    assert (said["caller"], said["reward"]) == (keeper, 5 * USDC)
    assert said["after"] == receipt.value >= 2 * WAD
    assert lending.quote.balanceOf(keeper) == 5 * USDC


@pytest.mark.parametrize(
    "collateral, ends",
    [
        (37_500 * USDC - 1, "more"),
        (37_500 * USDC, "healthy"),
        (37_500 * USDC + 1, "healthy"),
        (75_000 * USDC - 1, "healthy"),
        (75_000 * USDC, "less"),
        (75_000 * USDC + 1, "less"),
    ],
)
def test_tend__edges_of_health(lending: HedgerMarket, collateral: int, ends: str) -> None:
    """Below 1.5 it helps, from 3 on it takes back, to 2 both times."""
    owes(lending, 10 * WAD, collateral)
    if ends == "healthy":
        assert lending.refused("tend") == "hedger: healthy"
        return
    receipt = lending.hedger.tend()
    assert receipt.value == pytest.approx(2 * WAD, rel=1e-4)
    reward = dict(told(lending, receipt))["hedger.Tended"]["reward"]
    assert reward == (5 * USDC if ends == "more" else 0)


def test_tend__nothing_owed__moves_nothing(lending: HedgerMarket) -> None:
    before = lending.vault.balances()
    receipt = lending.hedger.tend()
    assert dict(told(lending, receipt))["hedger.Tended"]["reward"] == 0
    assert lending.vault.balances() == before


POOR = Opening(places=(LENDER,), caps=(WAD,), quote=1)
"""A dollar, so that quote is no way to help."""


def test_tend__without_quote__repays_from_free_units() -> None:
    with at_opening(replace(POOR, underlying=5)) as market:
        owes(market, 10 * WAD, 35_000 * USDC)
        receipt = market.hedger.tend()
        assert market.place(LENDER).debt() == 5 * WAD
        assert market.vault.balances().underlying == 0
        assert receipt.value == pytest.approx(2 * WAD, rel=1e-4)  # the rest of collateral came back
        assert pledged(market) == pytest.approx(25_000 * USDC, abs=4)


@pytest.mark.parametrize("owed", [10, 60])
def test_tend__neither_quote_nor_units__buys_back_from_collateral(owed: int) -> None:
    """In slices, of what the lender lets out before the debt is less; until it is healthy."""
    with at_opening(POOR) as market:
        owes(market, owed * WAD, owed * 2_900 * USDC)
        bought = []
        while market.place(LENDER).health() < LEAST:
            before = market.place(LENDER).health()
            receipt = market.hedger.tend()
            said = dict(told(market, receipt))["hedger.Hedged"]
            assert abs(said["cost"]) <= 1
            assert receipt.value > before
            bought.append(said["units"])
        assert market.place(LENDER).debt() == owed * WAD - sum(bought)
        assert 1 <= len(bought) <= 3 and max(bought) <= 25 * WAD


def test_tend__nothing_helps__is_refused() -> None:
    with at_opening(POOR) as market:
        owes(market, 10 * WAD, 30_000 * USDC)
        market.place(LENDER).set_room(0, 0)
        market.hedger.tend()  # the dollar
        assert market.refused("tend") == "hedger: no help"


def test_tend__takes_back__no_more_than_debt_does_not_need(lending: HedgerMarket) -> None:
    owes(lending, 10 * WAD, 100_000 * USDC)
    nav, loose = lending.vault.totalAssets(), lending.vault.holdings().loose_quote
    lending.hedger.tend()
    back = lending.vault.holdings().loose_quote - loose
    assert 49_996 * USDC <= back <= 50_000 * USDC
    assert lending.vault.totalAssets() == nav


def test_hedge__sale_on_the_lender__leaves_it_healthy_enough(lending: HedgerMarket) -> None:
    lending.fund("lp", underlying=100)
    lending.set_delta(20_000 * 10**9, LENDER)
    assert PERP not in lending.deployment.contracts
    owed = lending.place(LENDER).units()
    receipt = lending.hedge()
    assert receipt.value == -10 * WAD
    assert lending.place(LENDER).units() == owed - 10 * WAD
    assert lending.place(LENDER).health() >= LEAST
