"""Options that make no sense say what to do instead, before anything is connected to."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from ballast.bots.__main__ import main
from ballast.bots.action import KeeperError
from ballast.bots.crew import JOBS, Crew, require_jobs
from ballast.bots.market import LiveMarket, MarketError
from ballast.chain.deployment import DeploymentError, Record
from ballast.errors import BallastError
from tests.market import at_start


def complaint(*options: str) -> BallastError:
    """What the program says, and exits with."""
    common = ["--network", "nowhere", "--account", "TEST::0"]
    found = CliRunner().invoke(main, ["once", *common, *options])
    assert isinstance(found.exception, BallastError)
    return found.exception


def test_main__help__names_its_commands() -> None:
    found = CliRunner().invoke(main, ["--help"])
    assert found.exit_code == 0 and "run" in found.output and "once" in found.output


def test_once__an_unknown_keeper__names_those_that_there_are(tmp_path: Path) -> None:
    said = str(complaint("--record", "none", "--keepers", "poster,butler"))
    assert "no keeper is called butler" in said and all(name in said for name in JOBS)
    assert "no keeper is named" in str(complaint("--record", "none", "--keepers", ","))


def test_once__no_record_or_another_file__says_which_it_wants(tmp_path: Path) -> None:
    assert "give the record that the deployment wrote" in str(
        complaint("--record", str(tmp_path / "none.json"))
    )
    path = tmp_path / "other.json"
    path.write_text("{}")
    assert isinstance(complaint("--record", str(path)), DeploymentError)


def test_run__without_silverback__says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ballast.bots.app", raising=False)
    monkeypatch.setitem(sys.modules, "silverback", None)
    options = ["--network", "nowhere", "--account", "TEST::0", "--record", "none"]
    found = CliRunner().invoke(main, ["run", *options])
    assert isinstance(found.exception, KeeperError)
    assert "make setup" in str(found.exception)


def test_keepers__all_and_some__in_the_order_of_their_turns() -> None:
    with at_start() as market:
        live = LiveMarket.over(market.chain, market.deployment.contracts)
        crew = Crew(live, market.who("keeper"))
        assert [one.name for one in crew.keepers(["settler", "refresher"])] == [
            "refresher",
            "settler",
        ]
        with pytest.raises(KeeperError, match="give it quotes, or leave it out"):
            crew.keepers()
        with_quotes = Crew(live, market.who("keeper"), source=object())  # type: ignore[arg-type]
        assert [one.name for one in with_quotes.keepers()] == list(JOBS) == require_jobs(JOBS)


def test_of_record__another_chain_code_or_place__refused() -> None:
    with at_start() as market:
        record = market.deployment.record
        found = LiveMarket.of_record(market.chain, record)
        assert found["vault"].address == market.vault.address and "oracle" in found
        with pytest.raises(MarketError, match="this market has no butler; it has assessor"):
            found["butler"]
        with pytest.raises(MarketError, match="connect to the network that the market is on"):
            LiveMarket.of_record(market.chain, replace(record, chain_id=5))
        with pytest.raises(MarketError, match=r"there is no contract at .* where vault should"):
            LiveMarket.of_record(market.chain, with_vault(record, address="0x" + "11" * 20))
        with pytest.raises(MarketError, match="vault was deployed from other sources"):
            LiveMarket.of_record(market.chain, with_vault(record, code="00" * 32))


def with_vault(record: Record, **changes: str) -> Record:
    """The record with another entry for the vault."""
    entry = replace(record.contracts["vault"], **changes)  # type: ignore[arg-type]
    return replace(record, contracts={**record.contracts, "vault": entry})
