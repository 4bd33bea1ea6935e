"""Gas of a market: the targets, and that a trade costs the same whatever else is open."""

from __future__ import annotations

import pytest

from ballast.bench import figures
from ballast.bench.market import _market, _most, _repeat

MISSED = {"Desk.quote"}  # docs/DECISIONS.md says by what, and why
KEYS = (
    "Desk.buy_repeat",
    "Desk.buy_first",
    "Desk.buy_with_refresh",
    "Desk.sell_to_close",
    "Desk.quote",
    "Desk.settle24",
    "Desk.redeem",
    "Book.refresh24",
    "Vault.deposit",
    "Vault.redeem",
    "Margin.sell_to_open",
    "Margin.check4",
    "Margin.liquidate",
    "Margin.settle",
)


@pytest.mark.parametrize("key", KEYS)
def test_figure__of_a_market__is_within_its_target(key: str) -> None:
    found = next(item for item in figures.figures() if item.key == key)
    assert found.target is not None
    assert (found.measure() > found.target) == (key in MISSED)


def test_buy__one_live_strike_or_192__costs_the_same() -> None:
    """To the zero bytes of calldata."""
    one, all_of_them = _most(_repeat, _market(1, 1)), _most(_repeat, _market())
    assert abs(one - all_of_them) < 200
