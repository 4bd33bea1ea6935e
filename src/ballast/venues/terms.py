"""What the venues are opened with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ballast.units import Human

MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class VenueTerms:
    """Opening price and sizes. Caps, limits and rates of Aave are close to the public market's."""

    spot: Human = 2_000
    depth: int = 25 * MILLION
    """Quote that moves the pool by 2 %, over all prices."""
    observations: int = 723
    """Observations that the pool remembers, as many as the public one."""
    lent_weth: int = 500_000
    lent_usdc: int = 1_000 * MILLION
    borrowed: float = 0.6
    """Share of both reserves that somebody has borrowed."""
