"""A market with two price sources that disagree: each side gets the worse of the two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ballast.chain import Reverted, RevmChain
from ballast.chain.deployment import execute
from ballast.market.local import LocalMarket, local_settings
from ballast.market.plan import market_plan
from ballast.units import WAD
from tests.unit.oracle.world import Feed

SPOT = 2_000
AGREEMENT, TOLERANCE = 5 * WAD // 1_000, 5 * WAD // 100


@pytest.fixture
def sources() -> tuple[LocalMarket, Feed]:
    """An open market, and the feed that is its second source."""
    chain = RevmChain()
    plain = LocalMarket.open(chain, list_board=False)
    second = Feed(chain)
    second.transmit(SPOT)
    tokens = plain.quote, plain.underlying
    settings = local_settings(plain.terms, plain.actors, *tokens, plain.feed)
    oracle = replace(
        settings.oracle,
        second=second.proxy.address,
        second_heartbeat=3_600,
        agreement=AGREEMENT,
        tolerance=TOLERANCE,
    )
    plan = market_plan(replace(settings, oracle=oracle))
    market = replace(plain, deployment=execute(plan, chain, plain.actors["deployer"]))
    market.list_board()
    market.supply(1_000_000, 100)
    market.fund("trader", quote=100_000)
    market.refresh()
    market.buy("trader", market.series(market.now_expiries[1], 2_000, "call"), 5)
    return market, second


@pytest.mark.parametrize("right", ["call", "put"])
@pytest.mark.parametrize("other", [SPOT * 0.97, SPOT * 1.03])
def test_quote__sources_disagree__buyer_pays_the_higher_mark_and_seller_gets_the_lower(
    sources: tuple[LocalMarket, Feed], right: str, other: float
) -> None:
    market, second = sources
    series = market.series(market.now_expiries[1], 2_000, right)
    if right == "put":
        market.buy("trader", series, 5)
    agreed = {side: market.desk.quote(series, side * 10_000).mark for side in (1, -1)}
    assert agreed[1] == pytest.approx(agreed[-1], rel=1e-6)
    second.transmit(other)
    apart = {side: market.desk.quote(series, side * 10_000).mark for side in (1, -1)}
    is_dearer = (other > SPOT) == (right == "call")
    moved, kept = (1, -1) if is_dearer else (-1, 1)
    assert apart[kept] == pytest.approx(agreed[kept], rel=1e-4)
    assert moved * (apart[moved] - agreed[moved]) > 20 * WAD
    bought = market.buy("trader", series, 1).event("Traded").args["premium"]
    sold = -market.sell("trader", series, 1).event("Traded").args["premium"]
    assert bought - sold > market.assets(20)


@pytest.mark.parametrize("apart", [0.0, 0.004, 0.006, 0.03])
def test_appraisal__sources_disagree__marks_are_wider_by_as_much(
    sources: tuple[LocalMarket, Feed], apart: float
) -> None:
    market, second = sources
    before = market.book.appraisal(100 * WAD)
    second.transmit(SPOT * (1 + apart))
    after = market.book.appraisal(100 * WAD)
    assert (after.spot, after.value) == (before.spot, before.value)
    exposure = market.book.exposure_now()
    delta = abs(100 * SPOT + (exposure.delta + exposure.gamma) / 1e9)
    gamma = abs(exposure.gamma) / 1e9
    counts = apart if apart > AGREEMENT / WAD else 0.0
    d_spot = market.sheet.mark_terms().d_spot / WAD
    wider = delta * counts + gamma / 2 * ((d_spot + counts) ** 2 - d_spot**2)
    assert (after.width - before.width) / WAD == pytest.approx(wider, abs=1e-5)


def test_market__sources_too_far_apart__has_no_price(sources: tuple[LocalMarket, Feed]) -> None:
    market, second = sources
    series = market.series(market.now_expiries[1], 2_000, "call")
    second.transmit(SPOT * 1.06)
    for act in (lambda: market.desk.quote(series, -10_000), lambda: market.vault.nav()):
        with pytest.raises(Reverted, match="oracle: sources disagree"):
            act()
    account = market.who("lp")
    market.vault.exitAtFloor(10**18, account, sender=account)
