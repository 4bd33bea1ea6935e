"""One body, two backends: whatever holds on anvil holds in process."""

from __future__ import annotations

import pytest

from ballast.chain import (
    Chain,
    Contract,
    Event,
    RawLog,
    Reverted,
    UnknownMethodError,
    compile_contract,
    rolled_back,
)
from ballast.chain.deployment import predict
from ballast.errors import ChainError

START = 5
YEAR = 365 * 86_400


@pytest.fixture
def probe(chain: Chain) -> Contract:
    return chain.deploy(compile_contract("Probe"), START)


@pytest.fixture
def alice(chain: Chain) -> str:
    return chain.accounts[1]


@pytest.fixture
def nobody() -> str:
    """An address without money, key or code."""
    return "0x" + "b0" * 20


# --- deploy, call, send


def test_deploy__with_argument__stands_with_code_and_state(chain: Chain, probe: Contract) -> None:
    artifact = compile_contract("Probe")
    assert probe.count() == START
    assert chain.code(probe.address).startswith(artifact.runtime)
    assert probe.receipt is not None
    assert probe.receipt.contract_address == probe.address


def test_deploy__twice__by_different_senders__different_addresses(
    chain: Chain, probe: Contract, alice: str
) -> None:
    other = chain.deploy(compile_contract("Probe"), 1, sender=alice)
    assert other.address != probe.address
    assert (probe.count(), other.count()) == (START, 1)


def test_deploy__with_ether__is_credited(chain: Chain) -> None:
    probe = chain.deploy(compile_contract("Probe"), 0, value=7)
    assert probe.balance == 7


def test_at__address_of_a_contract__reaches_it(chain: Chain, probe: Contract) -> None:
    again = chain.at(compile_contract("Probe"), probe.address.lower())
    assert again.address == probe.address
    assert again.count() == START


def test_send__changes_state_and_returns_the_value(probe: Contract, alice: str) -> None:
    receipt = probe.bump(3, sender=alice)
    assert receipt.value == START + 3
    assert receipt.status
    assert probe.count() == START + 3


def test_send__default_argument__takes_the_short_overload(probe: Contract) -> None:
    assert probe.bump().value == START + 1


def test_call__of_a_transaction__leaves_no_trace(probe: Contract) -> None:
    assert probe.bump.call(10) == START + 10
    assert probe.count() == START


def test_send__of_a_view__costs_gas_and_returns_the_value(probe: Contract) -> None:
    receipt = probe.count.send()
    assert receipt.value == START
    assert receipt.gas_used > 21_000


def test_sender__seen_by_the_contract(probe: Contract, alice: str) -> None:
    assert probe.bump(sender=alice).event("Counted").who == alice


# --- values


def test_struct__decodes_to_attributes(probe: Contract) -> None:
    sketch = probe.sketch(3)
    assert sketch.owner == probe.address
    assert [(point.x, point.y) for point in sketch.points] == [(0, 0), (1, -1), (2, -2)]


def test_several_values__decode_to_a_tuple(probe: Contract) -> None:
    assert probe.two() == (2, "two")


@pytest.mark.parametrize("point", [(1, -4), {"y": -4, "x": 1}])
def test_struct__as_tuple_or_mapping__encodes(probe: Contract, point: object) -> None:
    logged = probe.note(b"\x01" * 32, "text", point).event("Noted")
    assert (logged.point.x, logged.point.y) == (1, -4)


def test_address_argument__takes_a_handle(chain: Chain, probe: Contract) -> None:
    other = chain.deploy(compile_contract("Probe"), 100)
    assert probe.poke_other(other, 11).value == 100 + 111 + 111


# --- logs


def test_logs__decode_to_events(probe: Contract, alice: str) -> None:
    expected = Event("Counted", probe.address, {"who": alice, "count": START + 1})
    assert probe.bump(sender=alice).logs == (expected,)


def test_logs__indexed_words_and_hashed_text(probe: Contract) -> None:
    event = probe.note(b"\x02" * 32, "hello", (7, -8)).event("Noted")
    assert event.topic == b"\x02" * 32
    assert isinstance(event.tag, bytes) and len(event.tag) == 32  # the chain keeps only the hash
    assert (event.text, event.point.x, event.point.y) == ("hello", 7, -8)


def test_logs__of_an_unknown_contract__stay_raw(chain: Chain, probe: Contract) -> None:
    spawned = probe.spawn().value
    calldata = probe.bump.encode(1)
    (log,) = chain.send(spawned, calldata).logs
    assert isinstance(log, RawLog)
    assert log.address == spawned
    assert int.from_bytes(log.data) == 1


def test_event__missing__says_what_there_is(probe: Contract) -> None:
    with pytest.raises(ChainError, match="wanted one Noted event, found 0; events: Counted"):
        probe.bump().event("Noted")


def test_event__unknown_argument__says_what_there_is(probe: Contract) -> None:
    with pytest.raises(AttributeError, match="Counted has no argument size; it has who, count"):
        _ = probe.bump().event("Counted").size


# --- failures


def test_revert__with_reason__tells_it_and_changes_nothing(probe: Contract) -> None:
    with pytest.raises(Reverted, match=r"^Probe\.refuse reverted: probe: refused$") as failure:
        probe.refuse()
    assert failure.value.reason == "probe: refused"
    assert probe.count() == START


@pytest.mark.parametrize(("method", "args"), [("refuse_silently", (1,)), ("overflow", (1,))])
def test_revert__without_reason__has_none(
    probe: Contract, method: str, args: tuple[int, ...]
) -> None:
    with pytest.raises(Reverted, match="no reason") as failure:
        probe.method(method)(*args)
    assert failure.value.reason is None
    assert failure.value.data == b""


def test_revert__panic__is_named(probe: Contract) -> None:
    with pytest.raises(Reverted) as failure:
        probe.panic()
    assert failure.value.reason == "panic: arithmetic overflow"


def test_revert__out_of_gas__is_a_halt(probe: Contract) -> None:
    with pytest.raises(Reverted, match="OutOfGas") as failure:
        probe.burn()
    assert failure.value.reason is None


def test_revert__in_the_constructor__names_it(chain: Chain) -> None:
    artifact = compile_contract("Probe")
    with pytest.raises(ChainError, match=r"Probe\.__init__\(start\) takes 1 arguments, got 0"):
        chain.deploy(artifact)


def test_revert__then_send__the_sender_goes_on(probe: Contract, alice: str) -> None:
    with pytest.raises(Reverted):
        probe.refuse(sender=alice)
    assert probe.bump(sender=alice).value == START + 1


def test_revert__caught_by_the_caller__undoes_only_the_callee(
    chain: Chain, probe: Contract
) -> None:
    other = chain.deploy(compile_contract("Probe"), 100)
    assert probe.try_refuse(other).value is False
    assert other.count() == 101


def test_lock__refuses_reentry_and_is_free_again(probe: Contract) -> None:
    with pytest.raises(Reverted):
        probe.reenter()
    assert [probe.poke(1).value for _ in range(3)] == [START + 1, START + 2, START + 3]


def test_transient_storage__lasts_for_one_transaction(chain: Chain, probe: Contract) -> None:
    other = chain.deploy(compile_contract("Probe"), 0)
    probe.once()
    probe.once.call()
    probe.once()
    with pytest.raises(Reverted, match="probe: touched"):
        probe.twice(other)


def test_logs__contract_undone_by_revert__is_unknown_again(chain: Chain, probe: Contract) -> None:
    snapshot = chain.snapshot()
    chain.at(compile_contract("Probe"), probe.spawn().value)
    chain.revert(snapshot)
    spawned = probe.spawn().value
    (log,) = chain.send(spawned, probe.bump.encode(1)).logs
    assert isinstance(log, RawLog)


def test_method__unknown__lists_what_exists(probe: Contract) -> None:
    with pytest.raises(UnknownMethodError, match=r"Probe has no method nope\. It has: .*bump"):
        probe.nope()
    assert not hasattr(probe, "nope")


def test_method__wrong_number_of_arguments__shows_the_usage(probe: Contract) -> None:
    with pytest.raises(ChainError, match=r"bump\(\) or bump\(by\), but got 2 arguments"):
        probe.bump(1, 2)


@pytest.mark.parametrize("argument", ["x", -1, 2**256, 1.5, None])
def test_method__unfit_argument__names_its_type(probe: Contract, argument: object) -> None:
    with pytest.raises(ChainError, match=r"bump\(by: uint256\) cannot take"):
        probe.bump(argument)


@pytest.mark.parametrize("point", [(1,), {"x": 1}, 7, {"x": "a", "y": 0}])
def test_method__malformed_struct__names_the_types(probe: Contract, point: object) -> None:
    with pytest.raises(ChainError, match=r"note\(.*point: \(uint256,int256\)\) cannot take"):
        probe.note(b"", "", point)


def test_send__malformed_address__says_what_one_is(chain: Chain) -> None:
    with pytest.raises(ChainError, match="'0x12' is not an address: 20 bytes in hex"):
        chain.send("0x12", b"")


def test_view__where_no_contract_is__says_so(chain: Chain, nobody: str) -> None:
    ghost = chain.at(compile_contract("Probe"), nobody)
    with pytest.raises(ChainError, match="is there a contract at this address"):
        ghost.count()


# --- money


def test_balance__ether_passed_on__moves(
    chain: Chain, probe: Contract, alice: str, nobody: str
) -> None:
    before = chain.balance(alice)
    probe.pay(nobody, sender=alice, value=3)
    assert chain.balance(nobody) == 3
    assert probe.balance == 0
    assert chain.balance(alice) == before - 3  # gas is free on both


def test_balance__more_than_there_is__refused(chain: Chain, alice: str, nobody: str) -> None:
    with pytest.raises(ChainError) as failure:
        chain.send(nobody, b"", sender=alice, value=chain.balance(alice) + 1)
    assert not isinstance(failure.value, Reverted)  # it never ran
    assert chain.balance(nobody) == 0


def test_set_balance__pays_from_it(chain: Chain, probe: Contract, alice: str, nobody: str) -> None:
    chain.set_balance(alice, 10)
    probe.pay(nobody, sender=alice, value=4)
    assert (chain.balance(alice), chain.balance(nobody)) == (6, 4)


# --- what only a development network can do


def test_set_code__then_called__runs_on_the_state_that_was_there(
    chain: Chain, probe: Contract
) -> None:
    """A constructor can be run where another contract stands: see `ballast.venues.plant`."""
    artifact = compile_contract("Probe")
    probe.bump(2)
    before = (chain.nonce(probe.address), chain.balance(probe.address), chain.code(probe.address))
    chain.set_code(probe.address, artifact.bytecode + (40).to_bytes(32))
    runtime = chain.send(probe.address, b"").data
    assert runtime.startswith(artifact.runtime)
    chain.set_code(probe.address, runtime)
    assert (probe.count(), chain.nonce(probe.address), chain.balance(probe.address)) == (
        40,
        *before[:2],
    )
    assert chain.code(probe.address) == runtime != before[2]
    assert probe.bump().value == 41


def test_set_code__where_nothing_was__and_none_again(
    chain: Chain, probe: Contract, nobody: str
) -> None:
    chain.set_balance(nobody, 5)
    chain.set_code(nobody, chain.code(probe.address))
    planted = chain.at(compile_contract("Probe"), nobody)
    assert planted.bump(3).value == 3
    assert (planted.count(), probe.count(), planted.balance) == (3, START, 5)
    chain.set_code(nobody, b"")
    assert chain.code(nobody) == b""


def test_set_nonce__says_where_the_next_contract_stands(chain: Chain, nobody: str) -> None:
    chain.set_balance(nobody, 10**18)
    chain.set_nonce(nobody, 446)
    assert chain.nonce(nobody) == 446
    probe = chain.deploy(compile_contract("Probe"), START, sender=nobody)
    assert probe.address == predict(nobody, 446)
    assert chain.nonce(nobody) == 447


def test_set_nonce__of_a_contract__says_where_it_creates(chain: Chain, probe: Contract) -> None:
    chain.set_nonce(probe.address, 1_000)
    assert probe.spawn().value == predict(probe.address, 1_000)
    assert (probe.count(), chain.nonce(probe.address)) == (START, 1_001)


def test_revert__restores_code_and_nonce(chain: Chain, probe: Contract, nobody: str) -> None:
    snapshot, code, nonce = chain.snapshot(), chain.code(probe.address), chain.nonce(probe.address)
    chain.set_code(probe.address, b"\x00")
    chain.set_code(nobody, code)
    chain.set_nonce(probe.address, 77)
    assert (chain.code(probe.address), chain.nonce(probe.address)) == (b"\x00", 77)
    chain.revert(snapshot)
    assert (chain.code(probe.address), chain.code(nobody)) == (code, b"")
    assert (chain.nonce(probe.address), probe.bump().value) == (nonce, START + 1)


# --- time


def test_clock__each_transaction_has_its_block(chain: Chain, probe: Contract) -> None:
    time, number = chain.timestamp, chain.block_number
    assert probe.now() == (time, number, chain.chain_id)
    probe.bump()
    assert probe.now() == (time + 1, number + 1, chain.chain_id)


def test_clock__deployment__runs_at_the_announced_time(chain: Chain) -> None:
    chain.advance(1000)
    announced = chain.timestamp
    assert chain.deploy(compile_contract("Probe"), 0).birth() == announced


def test_clock__set_and_advance__seen_by_views_and_transactions(
    chain: Chain, probe: Contract
) -> None:
    chain.set_timestamp(chain.timestamp + YEAR)
    chain.advance(5)
    expected = chain.timestamp
    assert probe.now()[0] == expected
    assert probe.now.send().value[0] == expected
    assert chain.timestamp == expected + 1


def test_clock__mine__moves_number_and_time(chain: Chain, probe: Contract) -> None:
    time, number = chain.timestamp, chain.block_number
    chain.mine(3)
    assert (chain.timestamp, chain.block_number) == (time + 3, number + 3)
    assert probe.now()[:2] == (time + 3, number + 3)


def test_clock__backwards__refused(chain: Chain) -> None:
    with pytest.raises(ChainError, match="time runs forward"):
        chain.set_timestamp(chain.timestamp - 1)
    with pytest.raises(ChainError, match="time runs forward"):
        chain.advance(-1)


# --- snapshots


def test_revert__restores_state_clock_and_money(chain: Chain, probe: Contract, nobody: str) -> None:
    snapshot, clock = chain.snapshot(), (chain.timestamp, chain.block_number)
    probe.bump(10)
    probe.store(0, 4, 9)
    probe.pay(nobody, value=3)
    spawned = probe.spawn().value
    chain.advance(100)
    chain.revert(snapshot)
    assert (probe.count(), probe.slots(0), chain.balance(nobody)) == (START, 0, 0)
    assert chain.code(spawned) == b""
    assert (chain.timestamp, chain.block_number) == clock


def test_revert__restores_nonce_and_balance_of_the_sender(
    chain: Chain, probe: Contract, alice: str, nobody: str
) -> None:
    before, snapshot = chain.balance(alice), chain.snapshot()
    first = chain.deploy(compile_contract("Probe"), 0, sender=alice)
    chain.revert(snapshot)
    probe.bump(sender=alice)
    probe.pay(nobody, sender=alice, value=3)
    chain.set_balance(alice, 1)
    chain.revert(snapshot)
    assert chain.balance(alice) == before
    # The address of a created contract tells the nonce.
    assert chain.deploy(compile_contract("Probe"), 0, sender=alice).address == first.address


def test_revert__snapshot_can_be_used_again(chain: Chain, probe: Contract) -> None:
    snapshot = chain.snapshot()
    for _ in range(3):
        probe.bump()
        assert probe.count() == START + 1
        chain.revert(snapshot)
    assert probe.count() == START


def test_revert__to_the_outer_of_two__forgets_the_inner(chain: Chain, probe: Contract) -> None:
    outer = chain.snapshot()
    probe.bump(1)
    inner = chain.snapshot()
    probe.bump(10)
    chain.revert(inner)
    assert probe.count() == START + 1
    chain.revert(outer)
    assert probe.count() == START
    with pytest.raises(ChainError, match="no snapshot"):
        chain.revert(inner)


def test_revert__then_deploy__takes_the_same_address(chain: Chain) -> None:
    artifact = compile_contract("Probe")
    snapshot = chain.snapshot()
    first = chain.deploy(artifact, 1)
    chain.revert(snapshot)
    second = chain.deploy(artifact, 2)
    assert (second.address, second.count()) == (first.address, 2)


def test_rolled_back__also_after_an_error(chain: Chain, probe: Contract) -> None:
    with pytest.raises(Reverted), rolled_back(chain):
        probe.bump()
        probe.refuse()
    assert probe.count() == START
