"""Keepers at work on a node: each for several blocks, then all of them through silverback."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ballast.bots.__main__ import main
from ballast.bots.accounts import KnownAccounts
from ballast.bots.action import Action, Keeper
from ballast.bots.crew import Crew
from ballast.bots.live import LiveChain
from ballast.bots.market import LiveMarket
from ballast.bots.poster import PosterTerms
from ballast.bots.smiles import SmileQuotes
from ballast.bots.turns import Outcome, Turns
from ballast.chain import ApeChain, rolled_back
from ballast.chain.protocol import Receipt
from ballast.errors import ChainError
from ballast.market.hedged import HedgedMarket
from ballast.market.local import ACTORS, LocalMarket, Terms
from ballast.model.essvi import Slice
from ballast.units import WAD, to_years
from ballast.venues import VenueTerms, build
from tests.scenarios.margin import open_legs, thin

pytestmark = pytest.mark.anvil

PLACES = (-0.3, -0.1, 0.0, 0.1, 0.3)
HOUR = 3_600


class Level:
    """Quotes of one volatility at the money, with the skew that the market opens with."""

    def __init__(self, vol: float) -> None:
        self.vol = vol

    def quotes(self, now: int, expiries: Sequence[int]) -> Mapping[int, SmileQuotes]:
        return {expiry: self.smile(to_years(expiry - now)) for expiry in expiries}

    def smile(self, years: float) -> SmileQuotes:
        theta = self.vol**2 * years
        found = Slice(theta, -0.2, theta / (1.2 * (theta + 0.01) ** 0.5))
        return SmileQuotes(tuple((k, float(found.vol(k, years))) for k in PLACES))


@pytest.fixture(scope="module")
def opened(node: ApeChain) -> Iterator[LocalMarket]:
    """A market on real venues, with a trader's options and an account that owes some."""
    with rolled_back(node):
        market = HedgedMarket.on(build(node, VenueTerms()), Terms(expiries=2))
        market.supply(1_000_000, 100)
        market.refresh()
        market.fund("trader", quote=100_000)
        for right in ("call", "put"):
            market.buy("trader", market.series(market.now_expiries[0], 2_000, right), 3)
        open_legs(market, "other", ((1, 2_000, "call", 5.0),), quote=100_000)
        thin(market, "other")
        yield market


@pytest.fixture
def market(opened: LocalMarket) -> Iterator[LocalMarket]:
    with rolled_back(opened.chain):
        yield opened


def crew(market: LocalMarket, sender: str = "keeper", vol: float = 0.65) -> Crew:
    return Crew(
        LiveMarket.over(market.chain, market.deployment.contracts),
        market.who(sender),
        source=Level(vol),
        accounts=KnownAccounts([market.who("other")]),
        posting=PosterTerms(half_life=0),
    )


def work(
    market: LocalMarket, name: str, blocks: int, vol: float = 0.65, pause: int = 12
) -> list[str]:
    """One keeper for several blocks. Nothing that it does may fail."""
    said: list[Outcome] = []
    turns = Turns(
        crew(market, vol=vol).keepers([name]), lambda: market.chain.timestamp, said.append
    )
    for _ in range(blocks):
        turns.take()
        market.chain.advance(pause)
        market.chain.mine()
    assert [one for one in said if one.error] == []
    return [f"{one.action.target}.{one.action.method}" for one in said if one.action]


def test_poster__several_blocks__the_surface_follows_and_the_book_is_fresh(
    market: LocalMarket,
) -> None:
    before = market.surface.version()
    done = work(market, "poster", 5, vol=0.70, pause=300)
    assert done.count("surface.post") >= 3 and market.surface.version() >= before + 3
    market.transmit(2_000)
    series = market.series(market.now_expiries[0], 2_000, "call")
    assert market.desk.quote(series, 10_000).premium > 0
    posted = market.surface.slice(market.now_expiries[0])
    assert (posted.smile.theta / WAD / to_years(posted.tau)) ** 0.5 > 0.68


def test_refresher__several_blocks__opens_what_a_round_has_closed(market: LocalMarket) -> None:
    market.transmit(2_150)
    series = market.series(market.now_expiries[0], 2_100, "call")
    done = work(market, "refresher", 3)
    assert done == ["book.refresh", "book.refresh"]
    assert market.desk.quote(series, 10_000).premium > 0


def test_liquidator__several_blocks__makes_an_account_healthy(market: LocalMarket) -> None:
    market.transmit(2_400)
    assert market.health("other") < 1
    earned = market.quote.balanceOf(market.who("keeper"))
    done = work(market, "liquidator", 6)
    assert done and set(done) == {"margin.liquidate"}
    assert market.health("other") >= 1
    assert market.quote.balanceOf(market.who("keeper")) > earned


def test_settler__several_blocks__ends_an_expiry(market: LocalMarket) -> None:
    expiry = market.now_expiries[0]
    market.chain.set_timestamp(expiry - 60)
    market.transmit(2_050)
    market.chain.set_timestamp(expiry + 60)
    market.transmit(2_060)
    done = work(market, "settler", 5)
    assert [one for one in done if one in ("oracle.fix", "desk.settle")] == [
        "oracle.fix",
        "desk.settle",
    ]
    assert "vault.payFund" in done and "desk.pokeCaution" in done
    assert market.oracle.settlement_price(expiry) == 2_050 * WAD
    assert expiry not in market.book.expiries() and market.vault.dues() == 0


def test_hedger__several_blocks__brings_delta_into_its_band(market: LocalMarket) -> None:
    assert abs(hedge_state(market).delta) > hedge_state(market).outer
    done = work(market, "hedger", 8, pause=310)
    assert "hedger.hedge" in done
    found = hedge_state(market)
    assert abs(found.delta) < found.outer and found.order == 0
    assert "hedger.hedge" not in work(market, "hedger", 2)


def hedge_state(market: LocalMarket) -> Any:
    return market.lens.hedging()


# --- through silverback


class World(Keeper[int]):
    """The outside world, one event at each turn: it mines the blocks to which keepers wake up."""

    name = "world"

    def __init__(self, market: LocalMarket) -> None:
        self._local, self._turn = market, 0
        self.is_over = threading.Event()
        self.over = lambda: None

    def read(self) -> int:
        return self._turn

    def decide(self, state: int) -> Sequence[Action]:
        return [Action("world", f"event {state}")]

    def run(self, action: Action) -> Receipt:
        self._turn += 1
        market, chain = self._local, self._local.chain
        expiry = market.now_expiries[0]
        if self._turn == 2:
            market.transmit(2_400)
        elif self._turn == 5:
            chain.set_timestamp(expiry - 60)
            market.transmit(2_390)
            chain.set_timestamp(expiry + 60)
            market.transmit(2_380)
        elif self._turn == 11:
            self.over()
        chain.mine()
        return Receipt(gas_used=0, logs=())


class Faulty(Keeper[None]):
    """Fails in every way that a keeper can."""

    name = "faulty"

    def __init__(self) -> None:
        self._turn = 0

    def read(self) -> None:
        self._turn += 1
        if self._turn % 3 == 0:
            raise RuntimeError("the node is down")

    def decide(self, state: None) -> Sequence[Action]:
        return [Action("vault", "mint", (self._turn,), "it may not")]

    def run(self, action: Action) -> Receipt:
        raise ChainError("it may not")


class Watch:
    """Counts how many transactions are in flight at once, and in which thread."""

    def __init__(self) -> None:
        self.now, self.most, self.count = 0, 0, 0
        self.threads: set[str] = set()
        self._lock = threading.Lock()

    def over(self, keeper: Keeper[Any]) -> Keeper[Any]:
        """The keeper, watched."""
        run = keeper.run

        def watched(action: Action) -> Receipt:
            with self._lock:
                self.now, self.count = self.now + 1, self.count + 1
                self.most = max(self.most, self.now)
            self.threads.add(threading.current_thread().name)
            time.sleep(0.01)  # so that whoever does not wait for his turn is seen
            try:
                return run(action)
            finally:
                with self._lock:
                    self.now -= 1

        keeper.run = watched  # type: ignore[method-assign]
        return keeper


def test_app__all_keepers_through_silverback__one_transaction_at_a_time_whatever_fails(
    market: LocalMarket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from ballast.bots.app import KeeperApp

    monkeypatch.chdir(tmp_path)  # silverback may leave nothing behind
    chain, keeper = market.chain, market.who("keeper")
    watch, world, said = Watch(), World(market), list[Outcome]()
    keepers = [Faulty(), *crew(market, vol=0.66).keepers(), world]
    first = chain.nonce(keeper), chain.block_number
    turns = Turns([watch.over(one) for one in keepers], lambda: chain.timestamp, said.append)
    app = KeeperApp(turns, pause=0.05)
    world.over = app.stop
    chain.mine()  # something to wake up to
    app.run()

    methods = [f"{one.action.target}.{one.action.method}" for one in said if one.action]
    wanted = {"surface.post", "book.refresh", "margin.liquidate", "hedger.hedge", "oracle.fix"}
    assert wanted | {"desk.settle"} <= set(methods)
    failed = [one for one in said if one.error and one.action]
    assert [str(one) for one in failed if one.keeper != "faulty"] == [] and len(failed) > 3
    assert "faulty: could not decide: failed: the node is down" in map(str, said)
    assert watch.most == 1 and watch.now == 0 and watch.count > 10
    assert len(watch.threads) == 1
    assert nonces_since(chain, keeper, first[1]) == list(range(first[0], chain.nonce(keeper)))
    assert list(tmp_path.iterdir()) == []


def test_app__handlers_that_silverback_runs_at_once__take_turns(market: LocalMarket) -> None:
    from ballast.bots.app import KeeperApp

    watch, world = Watch(), World(market)
    app = KeeperApp(Turns([watch.over(world)], lambda: market.chain.timestamp))

    async def wake_up() -> list[dict[str, int]]:
        return await asyncio.gather(*(app._at_block(None) for _ in range(6)))  # type: ignore[arg-type]

    assert asyncio.run(wake_up()) == [{"done": 1, "failed": 0}] * 6
    assert watch.most == 1 and watch.count == 6


def test_run__as_a_program_of_its_own__keeps_the_market_until_it_is_told_to_stop(
    market: LocalMarket, tmp_path: Path
) -> None:
    import ape

    market.transmit(2_400)
    live = LiveChain([ape.accounts.test_accounts[ACTORS.index("keeper")]])
    seen = LiveMarket.of_record(live, market.deployment.record)  # leaves the node's clock alone
    keeper, other = market.who("keeper"), market.who("other")
    first = live.nonce(keeper), live.block_number, seen["surface"].version()
    program = start(tmp_path, ape.networks.provider.uri, market, live.timestamp)
    try:
        deadline = time.monotonic() + 300
        while not (
            seen["surface"].version() > first[2]
            and seen["margin"].health(other)[0] >= WAD
            and seen["vault"].dues() == 0
        ):
            assert program.poll() is None, program.communicate()[0]
            assert time.monotonic() < deadline
            ape.networks.provider.web3.provider.make_request("evm_mine", [])
            time.sleep(0.3)
        program.send_signal(signal.SIGINT)
        said, _ = program.communicate(timeout=30)
    finally:
        program.kill()
    assert program.returncode == 0, said
    assert "margin.liquidate: health" in said and "surface.post: the surface has drifted" in said
    assert nonces_since(live, keeper, first[1]) == list(range(first[0], live.nonce(keeper)))
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"record.json", "quotes.json"}


def test_once__dry_and_then_not__says_what_it_would_do_and_does_it(
    market: LocalMarket, tmp_path: Path
) -> None:
    import ape

    market.transmit(2_400)
    keeper = market.who("keeper")
    options = options_for(tmp_path, ape.networks.provider.uri, market, market.chain.timestamp)
    said = []
    for dry in (["--dry"], []):
        before = market.chain.nonce(keeper)
        found = CliRunner().invoke(main, ["once", *options, *dry])
        assert found.exception is None, found.output
        assert (market.chain.nonce(keeper) > before) == (not dry)
        said.append(found.output)
    assert all("surface.post: the surface has drifted" in one for one in said)
    assert all("margin.liquidate: health" in one for one in said)


def start(folder: Path, uri: str, market: LocalMarket, now: int) -> subprocess.Popen[str]:
    """`python -m ballast.bots run` on the node that the tests have."""
    options = options_for(folder, uri, market, now)
    return subprocess.Popen(
        [sys.executable, "-m", "ballast.bots", "run", *options, "--pause", "0.2"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def options_for(folder: Path, uri: str, market: LocalMarket, now: int) -> list[str]:
    """Files and options with which keepers find this market."""
    record, quotes = folder / "record.json", folder / "quotes.json"
    record.write_text(market.deployment.record.to_json())
    smiles = Level(0.66).quotes(now, market.now_expiries)
    days = {
        datetime.fromtimestamp(expiry, UTC).date().isoformat(): {"points": smile.points}
        for expiry, smile in smiles.items()
    }
    quotes.write_text(json.dumps({"at": now, "expiries": days}))
    options = {
        "--network": uri,
        "--record": str(record),
        "--account": f"TEST::{ACTORS.index('keeper')}",
        "--quotes": str(quotes),
        "--half-life": "0",
    }
    return [one for pair in options.items() for one in pair]


def nonces_since(chain: Any, sender: str, block: int) -> list[int]:
    """Nonces of an account's transactions, in the order in which the chain has them."""
    import ape

    web3 = ape.networks.provider.web3
    return [
        transaction["nonce"]
        for number in range(block, chain.block_number)
        for transaction in web3.eth.get_block(number, full_transactions=True)["transactions"]
        if transaction["from"] == sender
    ]
