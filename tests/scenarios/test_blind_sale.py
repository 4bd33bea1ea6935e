"""A sale far from where the book was evaluated, and a spot that comes back: the polynomials of the
sale and of the book hold nowhere together, so the expiry counts as stale until it is evaluated."""

from __future__ import annotations

import pytest

from tests.market import at_start


@pytest.mark.parametrize("right", ["call", "put"])
@pytest.mark.parametrize("factor", [0.5, 0.8, 1.05, 2.0])
def test_sale_in_a_stale_book__spot_comes_back__marks_are_the_true_ones(
    right: str, factor: float
) -> None:
    with at_start() as market:
        series = market.series(market.now_expiries[3], 2_000, right)
        market.buy("trader", series, 50)
        market.refresh()
        market.transmit(round(2_000 * factor, 2))
        market.sell("trader", series, 25)
        market.transmit(2_000)
        spot, _, spot_at, _ = market.oracle.spot_pair()
        standing = market.book.standing(series, spot, spot_at, market.surface.version(), 60)
        assert not standing.is_fresh
        middle, low, high = market.vault.nav()
        market.refresh()
        true, _, _ = market.vault.nav()
        assert abs(middle - true) < (high - low) // 1_000
