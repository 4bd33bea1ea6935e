"""The meter measures the callee alone; the snapshot notices every change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyrevm import EVM, AccountInfo

from ballast.bench import __main__ as command
from ballast.bench import figures
from ballast.bench.figures import Figure, Reading
from ballast.bench.meter import Meter
from ballast.bench.results import table, write_results
from ballast.bench.sizes import runtime_sizes, too_large
from ballast.bench.snapshot import Snapshot, compare, read, take, write
from ballast.chain.compiler import Artifact, compile_contract
from ballast.errors import BallastError, ChainError

LOOP = """
# pragma version 0.4.3
# pragma optimize gas
total: uint256

@deploy
def __init__():
    pass

@external
@pure
def spin(rounds: uint256, padding: Bytes[1024]) -> uint256:
    result: uint256 = 0
    for i: uint256 in range(rounds, bound=10_000):
        result = unsafe_add(result, i)
    return result

@external
def add(x: uint256):
    self.total += x

@external
def fail():
    raise "loop: no"
"""
FIXED = """
# pragma version 0.4.3
# pragma optimize codesize
FEE: immutable(uint256)

@deploy
def __init__():
    FEE = 7

@external
def fee() -> uint256:
    return FEE
"""
SPIN, ADD, FAIL = (bytes.fromhex(selector) for selector in ("31ebf1c8", "1003e2d2", "a9cc4718"))
TOOLCHAIN = {"vyper": "0.4.3"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    contracts = tmp_path / "contracts"
    (contracts / "mocks").mkdir(parents=True)
    (contracts / "Loop.vy").write_text(LOOP)
    (contracts / "Fixed.vy").write_text(FIXED)
    (contracts / "mocks" / "Mock.vy").write_text(FIXED)
    return tmp_path


@pytest.fixture
def loop(tree: Path) -> Artifact:
    return compile_contract("Loop", root=tree)


def _spin(rounds: int, padding: bytes = b"") -> bytes:
    padded = padding.ljust(-(-len(padding) // 32) * 32, b"\0")
    words = (rounds, 64, len(padding))
    return SPIN + b"".join(word.to_bytes(32, "big") for word in words) + padded


def _charged_execution(artifact: Artifact, calldata: bytes) -> int:
    """What a transaction is charged, less intrinsic gas and calldata."""
    caller = "0x" + "11" * 20
    evm = EVM(spec_id="PRAGUE")
    address = evm.deploy(deployer=caller, code=artifact.bytecode)
    evm.message_call(caller=caller, to=address, calldata=calldata)
    assert evm.result is not None
    return evm.result.gas_used - 21_000 - sum(16 if byte else 4 for byte in calldata)


@pytest.mark.parametrize("rounds", [0, 1, 100, 10_000])
def test_meter__long_and_short_calls__equal_what_a_transaction_executes(
    loop: Artifact, rounds: int
) -> None:
    calldata = _spin(rounds)
    metered = Meter(loop).call(calldata)
    assert metered.gas == _charged_execution(loop, calldata)
    assert int.from_bytes(metered.output, "big") == rounds * (rounds - 1) // 2


def test_meter__calldata_that_nobody_reads__costs_nothing(loop: Artifact) -> None:
    calldata = _spin(1)
    meter = Meter(loop)
    trailing = calldata + b"\xff" * 1000
    assert meter.call(trailing).gas == meter.call(calldata).gas


def test_meter__call_that_writes__is_cold_in_a_fresh_meter_only(loop: Artifact) -> None:
    calldata = ADD + (5).to_bytes(32, "big")
    meter = Meter(loop)
    cold, warm = meter.call(calldata).gas, meter.call(calldata).gas
    assert cold == Meter(loop).call(calldata).gas == _charged_execution(loop, calldata)
    assert cold - warm == 22_100 - 200  # first write of a zero slot; then two warm accesses


def test_meter__reverting_call__raises(loop: Artifact) -> None:
    with pytest.raises(ChainError, match="failed: Revert"):
        Meter(loop).call(FAIL)


def _bench(*arguments: str) -> None:
    command.main(list(arguments), standalone_mode=False)


@pytest.fixture
def project(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The commands at work in a small tree, with one figure of gas and one of another unit."""
    measured = [
        Figure(
            "Loop.spin",
            "gas",
            1_000,
            lambda: Meter(compile_contract("Loop", root=tree)).call(_spin(1)).gas,
        ),
        Figure("speed", "1/s", None, lambda: 12.5),
    ]
    monkeypatch.setattr(command, "project_root", lambda: tree)
    monkeypatch.setattr(command, "figures", lambda: measured)
    return tree


def test_bench__run__prints_and_writes_every_figure(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _bench("run")
    written = json.loads((project / "bench" / "results.json").read_text())
    assert [item["figure"] for item in written["figures"]] == ["Loop.spin", "speed"]
    assert written["toolchain"]["vyper"] == "0.4.3"
    assert f"{written['figures'][0]['value']:,}" in capsys.readouterr().out


def test_bench__check__fails_until_the_snapshot_is_rewritten(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _bench("snapshot")
    _bench("check")
    source = project / "contracts" / "Loop.vy"
    source.write_text(source.read_text().replace("unsafe_add(result, i)", "result + i"))
    with pytest.raises(
        BallastError, match=r"Loop\.spin: .* gas\n  Loop: .* bytes\n.*make snapshot"
    ):
        _bench("check")
    _bench("snapshot")
    _bench("check")


def test_bench__check__contract_above_the_limit_fails_whatever_the_snapshot_says(
    project: Path,
) -> None:
    huge = f'@external\ndef f():\n    assert len(x"{"ab" * 20_000}") > 0, "huge: code"\n'
    (project / "contracts" / "Huge.vy").write_text(huge)
    _bench("snapshot")
    with pytest.raises(BallastError, match=r"^Huge: 2\d,\d{3} bytes of runtime code"):
        _bench("check")


def test_figure__key_twice__is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "_REGISTRY", {})
    figures.figure("a", unit="gas")(lambda: 1)
    with pytest.raises(BallastError, match="'a'"):
        figures.figure("a", unit="gas")(lambda: 2)


def test_table__value_above_target__says_so() -> None:
    readings = [
        Reading(Figure("Pricer.mark", "gas", 3_000, lambda: 0), 3_001),
        Reading(Figure("Pricer.grid", "gas", 2_400, lambda: 0), 2_400),
        Reading(Figure("speed", "1/s", None, lambda: 0), 12_345.6),
    ]
    assert table(readings).splitlines() == [
        "figure       unit      value  target",
        "Pricer.mark  gas       3,001   3,000  over target",
        "Pricer.grid  gas       2,400   2,400",
        "speed        1/s   1.235e+04",
    ]


def test_write_results__reads_back(tmp_path: Path) -> None:
    path = tmp_path / "bench" / "results.json"
    write_results([Reading(Figure("a", "gas", 7, lambda: 0), 5)], TOOLCHAIN, path)
    assert json.loads(path.read_text()) == {
        "figures": [{"figure": "a", "unit": "gas", "value": 5, "target": 7}],
        "toolchain": TOOLCHAIN,
    }


def test_take__holds_gas_and_deployables_only(tree: Path) -> None:
    readings = [
        Reading(Figure("a", "gas", None, lambda: 0), 5),
        Reading(Figure("b", "1/s", None, lambda: 0), 6.5),
    ]
    snapshot = take(tree, readings)
    assert snapshot.gas == {"a": 5}
    assert set(snapshot.runtime_bytes) == {"Fixed", "Loop"}
    assert snapshot.toolchain["optimize"] == "codesize, gas"


def test_runtime_sizes__immutables__are_counted_as_deployed(tree: Path) -> None:
    fixed = compile_contract("Fixed", root=tree)
    evm = EVM(spec_id="PRAGUE")
    address = evm.deploy(deployer="0x" + "11" * 20, code=fixed.bytecode)
    size = bytes.fromhex(f"73{address.removeprefix('0x')}3b5f5260205ff3")  # return extcodesize
    evm.insert_account_info("0x" + "22" * 20, AccountInfo(nonce=1, code=size))
    deployed = evm.message_call(caller="0x" + "11" * 20, to="0x" + "22" * 20)
    assert runtime_sizes(tree)["Fixed"] == int.from_bytes(deployed, "big")
    assert runtime_sizes(tree)["Fixed"] == len(fixed.runtime) + 32


def test_too_large__limit_itself__is_allowed() -> None:
    assert too_large({"Desk": 22_000}) == []
    assert too_large({"Desk": 22_001}) == [
        "Desk: 22,001 bytes of runtime code, at most 22,000 are allowed"
    ]


def test_snapshot__written__reads_back_with_sorted_keys(tmp_path: Path) -> None:
    path = tmp_path / "gas" / "snapshot.json"
    snapshot = Snapshot(TOOLCHAIN, {"b": 2, "a": 1}, {"Z": 3, "Y": 4})
    write(snapshot, path)
    assert read(path) == snapshot
    text = path.read_text()
    assert [text.index(f'"{key}"') for key in "abYZ"] == sorted(
        text.index(f'"{k}"') for k in "abYZ"
    )


@pytest.mark.parametrize("content", [None, "", "[]", '{"gas": {}}'])
def test_read__missing_or_malformed__says_what_writes_it(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "snapshot.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BallastError, match="make snapshot"):
        read(path)


def test_compare__equal__is_silent() -> None:
    snapshot = Snapshot(TOOLCHAIN, {"a": 1}, {"A": 2})
    assert compare(snapshot, snapshot) == []


def test_compare__every_kind_of_change__is_one_line() -> None:
    old = Snapshot({"vyper": "0.4.2"}, {"gone": 7, "mark": 2_000, "same": 1}, {"Desk": 10_000})
    new = Snapshot({"vyper": "0.4.3"}, {"mark": 2_100, "new": 5, "same": 1}, {"Desk": 9_000})
    assert compare(old, new)[1:-1] == [
        "  toolchain vyper: 0.4.2 -> 0.4.3",
        "  gone: 7 -> none gas",
        "  mark: 2,000 -> 2,100 (+100, +5.00%) gas",
        "  new: none -> 5 gas",
        "  Desk: 10,000 -> 9,000 (-1,000, -10.00%) bytes",
    ]
    assert "make snapshot" in compare(old, new)[-1]
