"""Where venues stand: the settings of one network."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ballast.chain.base import checksummed
from ballast.chain.compiler import project_root
from ballast.errors import VenueError


@dataclass(frozen=True, slots=True)
class Addresses:
    """The contracts from which all others of the venues are found by asking."""

    weth: str
    usdc: str
    factory: str
    router: str
    quoter: str
    positions: str
    provider: str
    feed: str
    fee: int = 500

    @classmethod
    def read(cls, path: Path) -> Addresses:
        """From a settings file; see `deployments/settings/mainnet.toml`."""
        try:
            settings = tomllib.loads(path.read_text())
            found = {name: checksummed(text) for name, text in settings["addresses"].items()}
            return cls(**found, fee=int(settings["fee"]))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise VenueError(f"{path} is no settings file for venues: {error!r}") from error


@cache
def mainnet() -> Addresses:
    """Those of Ethereum's public chain."""
    return Addresses.read(project_root() / "deployments" / "settings" / "mainnet.toml")
