"""What every test may rely on: fresh contracts, `vyper` in PATH, and a chain of either kind."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from ballast.chain import Chain, RevmChain, rolled_back
from ballast.chain.fresh import ensure_fresh, is_fresh

if TYPE_CHECKING:
    from ballast.chain import ApeChain

ROOT = Path(__file__).resolve().parents[1]

# A busy machine must not decide a test: no example has a time limit. All else is hypothesis' own
# default, or its profile for CI where CI is set.
settings.register_profile("ballast", parent=settings(), deadline=None)
settings.load_profile("ballast")


def _open_markets_with(decimals: str) -> None:
    """Let markets that say nothing else have these decimals: `quote/underlying`, as in 18/8."""
    from ballast.market.local import Terms

    quote, underlying = (int(digits) for digits in decimals.split("/"))
    has_default = [item for item in fields(Terms) if item.default is not MISSING]
    chosen = {"quote_decimals": quote, "underlying_decimals": underlying}
    defaults = tuple(chosen.get(item.name, item.default) for item in has_default)
    Terms.__init__.__defaults__ = defaults  # type: ignore[attr-defined]
    assert (Terms().quote_decimals, Terms().underlying_decimals) == (quote, underlying)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """ape's own runner starts a node for every session and takes a snapshot around every test.

    The `chain` fixture does both where they are needed; only `ape test` keeps ape's runner.
    """
    if decimals := os.environ.get("BALLAST_DECIMALS"):
        _open_markets_with(decimals)
    if Path(sys.argv[0]).name == "ape":
        return
    for name in ("ape-test", "ape-fixtures"):
        if plugin := config.pluginmanager.get_plugin(name):
            config.pluginmanager.unregister(plugin)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Recompile ape's artifacts if a source changed; parallel workers leave it to their parent."""
    here = str(Path(sys.executable).parent)  # ape-vyper finds `vyper` through PATH
    os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", "")])
    if hasattr(session.config, "workerinput") or is_fresh(ROOT):
        return
    from ape import Project

    try:
        ensure_fresh(Project(ROOT))
    except Exception as error:  # tests that need no contract still run; nothing stale is left
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(f"contracts do not compile: {error}", red=True)


@pytest.fixture(scope="session")
def node() -> Iterator[ApeChain]:
    """One anvil for each test process, reached through ape. Tests use `anvil` or `chain`."""
    if shutil.which("anvil") is None:
        pytest.fail(
            "this test needs the anvil node and there is none in PATH: install Node 20 or later "
            "with npm, run `make setup`, and run the tests with `make test`",
            pytrace=False,
        )
    from ballast.chain.ape_backend import local_chain

    with local_chain() as chain:
        yield chain


@pytest.fixture
def anvil(node: ApeChain) -> Iterator[ApeChain]:
    """anvil as it was at its start."""
    with rolled_back(node):
        yield node


@pytest.fixture
def revm() -> RevmChain:
    """A new chain in process."""
    return RevmChain()


@pytest.fixture(params=["revm", pytest.param("anvil", marks=pytest.mark.anvil)])
def chain(request: pytest.FixtureRequest) -> Chain:
    """Either chain: a test that takes this runs on both."""
    backend: Chain = request.getfixturevalue(request.param)
    return backend
