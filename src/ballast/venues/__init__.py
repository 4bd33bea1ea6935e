"""Real venues on any chain: published bytecode at public addresses, and the world around them.

venues = on_revm()  # or build(chain), or attach(chain) where they stand already
venues.give(venues.usdc, trader, 10**12)
venues.set_price(2_100)
venues.move_pool(2_100)
"""

from __future__ import annotations

from ballast.venues.aave import Aave, Reserve
from ballast.venues.addresses import Addresses, mainnet
from ballast.venues.artifacts import published
from ballast.venues.chainlink import Feed
from ballast.venues.stack import Venues, attach, build, on_revm
from ballast.venues.terms import VenueTerms
from ballast.venues.tokens import Tokens
from ballast.venues.uniswap import Uniswap

__all__ = [
    "Aave",
    "Addresses",
    "Feed",
    "Reserve",
    "Tokens",
    "Uniswap",
    "VenueTerms",
    "Venues",
    "attach",
    "build",
    "mainnet",
    "on_revm",
    "published",
]
