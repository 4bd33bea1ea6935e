"""What the tests of venues share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ballast.chain import Contract, Reverted
from ballast.venues import Venues

MILLION = 10**6
USDC, WETH = 10**6, 10**18
YEAR = 365 * 86_400


def is_ours(venues: Venues) -> bool:
    """Whether the chain was made here: then sizes, prices and reasons are known."""
    return venues.uniswap.is_ours


def only_ours(venues: Venues) -> None:
    """End a test that needs more power than anybody has over a public chain's venues."""
    if not is_ours(venues):
        pytest.skip("a public chain's liquidity is not ours to move")


@contextmanager
def refused(venues: Venues, why: str | None) -> Iterator[None]:
    """The body must revert: for this reason, where the venues are of the version that we know."""
    with pytest.raises(Reverted) as refusal:
        yield
    if is_ours(venues):
        assert refusal.value.reason == why


def funded(venues: Venues, who: str, *, usdc: int = 0, weth: int = 0) -> str:
    """Somebody with so many whole units, whom router and lender may take them from."""
    for token, amount in ((venues.usdc, usdc * USDC), (venues.weth, weth * WETH)):
        for taker in (venues.router, venues.aave.pool):
            venues.tokens.equip(token, who, amount, taker)
    return who


def account(venues: Venues, who: str) -> Any:
    """Collateral and debt in USD of 8 decimals, what may be borrowed, threshold, ltv, health."""
    return venues.aave.pool.getUserAccountData(who)


def held(token: Contract, who: str) -> int:
    return int(token.balanceOf(who))
