"""A market as data: what it is deployed with."""

from ballast.market.sheet import (
    Caps,
    Hedge,
    Law,
    Limits,
    Margin,
    MarkTerms,
    Nav,
    Quoting,
    SheetNumbers,
    SurfaceLimits,
    TradeTerms,
)

__all__ = [
    "Caps",
    "Hedge",
    "Law",
    "Limits",
    "Margin",
    "MarkTerms",
    "Nav",
    "Quoting",
    "SheetNumbers",
    "SurfaceLimits",
    "TradeTerms",
]
