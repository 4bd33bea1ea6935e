"""`ballast.chain.deployment`: plans, predicted addresses, records, and runs that broke off."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ballast.chain import Chain, Contract, Receipt, Reverted, RevmChain, compile_contract
from ballast.chain.deployment import (
    Call,
    Deployment,
    DeploymentError,
    Plan,
    Record,
    Ref,
    Setting,
    Step,
    dry_run,
    execute,
    predict,
)
from ballast.errors import ChainError

SYMBOLS = {"underlying": "WETH", "quote": "USDC", "label": "desk of ballast"}
TOKEN = Step("token", "OptionToken", (Ref("desk"), Setting("underlying"), Setting("quote")))
DESK = Step("desk", "MinterDesk", (Ref("token"),), calls=(Call("set_label", (Setting("label"),)),))
SERIES = 1_798_185_600 << 128 | 2_000 * 10**18 << 8
HOLDER = "0x" + "b0" * 20
PLAN = Plan(
    (TOKEN, DESK, Step("spare", "Receiver", calls=(Call("set_mode", (1, Ref("desk"))),))), SYMBOLS
)


class FailingChain(RevmChain):
    """A chain that goes away at its n-th transaction: before it is mined, or just after."""

    def __init__(self, fail_at: int, *, mined: bool) -> None:
        super().__init__()
        self.left, self.mined = fail_at, mined
        self.created: list[str] = []

    def _interrupt(self, run: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.mined:
            raise ConnectionError("the node went away")
        result = run()
        if self.left == 0:
            raise ConnectionError("the node went away after the transaction")
        return result

    def _create(self, code: bytes, sender: str, value: int) -> Receipt:
        def run() -> Receipt:
            receipt = RevmChain._create(self, code, sender, value)
            self.created.append(str(receipt.contract_address))
            return receipt

        result: Receipt = self._interrupt(run)
        return result

    def send(self, to: str, data: bytes, *, sender: str | None = None, value: int = 0) -> Receipt:
        result: Receipt = self._interrupt(
            lambda: RevmChain.send(self, to, data, sender=sender, value=value)
        )
        return result


def check(chain: Chain, deployment: Deployment) -> None:
    """Everything of PLAN stands, is wired and answers."""
    token, desk, spare = (deployment[name] for name in ("token", "desk", "spare"))
    assert (token.DESK(), token.UNDERLYING(), token.QUOTE()) == (desk.address, "WETH", "USDC")
    assert (desk.TOKEN(), desk.label()) == (token.address, "desk of ballast")
    assert (spare.mode(), spare.target()) == (1, desk.address)
    desk.buy(HOLDER, SERIES, 3)
    assert token.balanceOf(HOLDER, SERIES) == 3
    for address, name in ((token, "OptionToken"), (desk, "MinterDesk"), (spare, "Receiver")):
        assert chain.code(address.address).startswith(compile_contract(name).runtime)


# --- running a plan


def test_execute__contracts_that_name_each_other__are_wired(chain: Chain) -> None:
    check(chain, execute(PLAN, chain))


def test_execute__other_sender_with_a_past__is_wired(chain: Chain) -> None:
    sender = chain.accounts[3]
    for _ in range(130):  # over the edge where RLP spells a nonce in two bytes
        chain.send(HOLDER, b"", sender=sender)
    deployment = execute(PLAN, chain, sender)
    check(chain, deployment)
    assert (deployment.record.sender, deployment.record.nonce) == (sender, 130)


def test_execute__twice__makes_two_markets(revm: RevmChain) -> None:
    first, second = execute(PLAN, revm), execute(PLAN, revm)
    assert not set(first.addresses.values()) & set(second.addresses.values())
    check(revm, first)
    assert second["token"].balanceOf(HOLDER, SERIES) == 0


def test_execute__receipts__are_those_of_this_run(revm: RevmChain) -> None:
    deployment = execute(PLAN, revm)
    names = ["token", "desk", "spare", "desk.set_label #0", "spare.set_mode #1"]
    assert list(deployment.receipts) == names
    for name, entry in deployment.record.contracts.items():
        assert entry.gas == deployment.receipts[name].gas_used == deployment[name].receipt.gas_used


def test_execute__constructor_refuses__says_which_and_leaves_nothing(revm: RevmChain) -> None:
    plan = replace(PLAN, settings=SYMBOLS | {"underlying": "no symbol"})
    with pytest.raises(Reverted, match=r"OptionToken.__init__ reverted: metadata: symbol"):
        execute(plan, revm)
    check(revm, execute(PLAN, revm))


def test_execute__call_refuses__goes_on_from_there(revm: RevmChain) -> None:
    records: list[Record] = []
    broken = replace(PLAN, settings=SYMBOLS | {"label": ""})
    with pytest.raises(Reverted, match=r"MinterDesk.set_label reverted: desk: label"):
        execute(broken, revm, save=records.append)
    check(revm, execute(PLAN, revm, record=records[-1]))


# --- going on after a failure


@pytest.mark.parametrize("fail_at", range(1, 6))
def test_resume__node_lost_before_a_transaction__finishes_once(fail_at: int) -> None:
    _broken_run(fail_at, mined=False)


@pytest.mark.parametrize("fail_at", range(1, 4))
def test_resume__node_lost_after_a_deployment__adopts_the_contract(fail_at: int) -> None:
    _broken_run(fail_at, mined=True)


def _calls(record: Record) -> list[Any]:
    """The calls of PLAN as a record spells them."""
    desk = record.addresses["desk"]
    return [["desk", "set_label", [SYMBOLS["label"]]], ["spare", "set_mode", [1, desk]]]


def _broken_run(fail_at: int, *, mined: bool) -> None:
    chain, records = FailingChain(fail_at, mined=mined), []
    with pytest.raises(ConnectionError):
        execute(PLAN, chain, save=records.append)
    record = Record.from_json(records[-1].to_json())
    deployment = execute(PLAN, chain, record=record, save=records.append)
    check(chain, deployment)
    assert chain.created == list(deployment.addresses.values())  # each once, in order
    assert deployment.record == records[-1]
    assert deployment.record.calls == _calls(record)


@pytest.mark.parametrize(("fail_at", "done"), [(4, 0), (5, 1)])
def test_resume__node_lost_after_a_call__asks_what_became_of_it(fail_at: int, done: int) -> None:
    chain, records = FailingChain(fail_at, mined=True), []
    with pytest.raises(ConnectionError):
        execute(PLAN, chain, save=records.append)
    record = records[-1]
    assert len(record.calls) == done
    calls = _calls(record)[: done + 1]
    with pytest.raises(DeploymentError, match=r"may have run already.*add it to calls"):
        execute(PLAN, chain, record=record)
    told = replace(record, calls=calls, call_nonce=None)
    check(chain, execute(PLAN, chain, record=told))


def test_resume__finished__sends_nothing(chain: Chain) -> None:
    first = execute(PLAN, chain)
    block = chain.block_number
    again = execute(PLAN, chain, record=Record.from_json(first.record.to_json()))
    assert chain.block_number == block
    assert (again.addresses, again.record, again.receipts) == (first.addresses, first.record, {})
    check(chain, again)


def test_resume__sender_was_busy_meanwhile__refuses_to_break_a_promise() -> None:
    chain, records = FailingChain(2, mined=False), []
    with pytest.raises(ConnectionError):
        execute(PLAN, chain, save=records.append)
    chain.send(HOLDER, b"")
    with pytest.raises(DeploymentError, match=r"takes nonce 1 of .* its next is 2\."):
        execute(PLAN, chain, record=records[-1])


def test_resume__other_code_at_the_promised_address__is_refused() -> None:
    chain, records = FailingChain(2, mined=False), []
    with pytest.raises(ConnectionError):
        execute(PLAN, chain, save=records.append)
    chain.deploy(compile_contract("Receiver"))  # takes the nonce of the desk
    with pytest.raises(DeploymentError, match=r"desk should be MinterDesk at .* other code"):
        execute(PLAN, chain, record=records[-1])


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"settings": SYMBOLS | {"quote": "DAI"}}, "step token"),
        ({"steps": (TOKEN, DESK)}, "step spare"),
        ({"steps": (DESK, TOKEN, PLAN.steps[2])}, "step desk, step token"),
        ({"settings": SYMBOLS | {"label": "other"}}, "calls"),
    ],
)
def test_resume__plan_changed__is_refused(revm: RevmChain, change: Any, wrong: str) -> None:
    record = execute(PLAN, revm).record
    with pytest.raises(DeploymentError, match=f"does not fit: .*{wrong}"):
        execute(replace(PLAN, **change), revm, record=record)


def test_resume__other_chain_sender_or_code__is_refused(revm: RevmChain) -> None:
    record = execute(PLAN, revm).record
    with pytest.raises(DeploymentError, match="does not fit: chain_id differ"):
        execute(PLAN, RevmChain(chain_id=1), record=record)
    with pytest.raises(DeploymentError, match=r"does not fit: .*sender.* differ"):
        execute(PLAN, revm, revm.accounts[1], record=record)
    entry = replace(record.contracts["desk"], code="00" * 32)
    changed = replace(record, contracts=record.contracts | {"desk": entry})
    with pytest.raises(DeploymentError, match=r"step desk differ.*sources \(digest"):
        execute(PLAN, revm, record=changed)


# --- records


def test_record__json__is_complete_and_reads_back(revm: RevmChain) -> None:
    record = execute(PLAN, revm).record
    assert Record.from_json(record.to_json()) == record
    text = json.loads(record.to_json())
    assert (text["chain_id"], text["sender"], text["nonce"]) == (31_337, revm.accounts[0], 0)
    assert text["compiler"] == "0.4.3"
    assert len(text["sources"]) == 64
    token = text["contracts"]["token"]
    assert token["contract"] == "OptionToken"
    assert token["args"] == [record.addresses["desk"], "WETH", "USDC"]
    assert len(token["code"]) == 64


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"contracts": {"a": {}}}', '{"contracts": 1}'])
def test_record__not_a_record__is_refused(text: str) -> None:
    with pytest.raises(DeploymentError, match=r"not what Record\.to_json wrote"):
        Record.from_json(text)


# --- plans


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ((TOKEN,), "step token: the plan has no 'desk'"),
        ((TOKEN, DESK, TOKEN), "two steps of the plan have one name"),
        ((Step("a", "Probe", (Setting("none"),)),), "step a: the plan has no 'none'"),
        ((Step("a", "Probe", ([{"b": Ref("none")}],)),), "step a: the plan has no 'none'"),
        (
            (Step("a", "Probe", (1,), calls=(Call("bump", (Ref("none"),)),)),),
            "step a: the plan has no 'none'",
        ),
    ],
)
def test_plan__refers_to_what_is_not_there__is_refused(
    steps: tuple[Step, ...], reason: str
) -> None:
    with pytest.raises(DeploymentError, match=reason):
        Plan(steps, SYMBOLS)


def test_plan__values_within_structs_and_lists__are_filled(revm: RevmChain) -> None:
    handle = revm.deploy(compile_contract("Probe"), 1)
    plan = Plan((Step("a", "Probe", (1,)),), {"probe": handle})
    args = ([Ref("a"), {"x": Ref("a"), "probe": Setting("probe")}], 2)
    assert plan.fill(args, {"a": "0xa"}) == [["0xa", {"x": "0xa", "probe": handle}], 2]


def test_execute__value_that_no_record_holds__is_refused(revm: RevmChain) -> None:
    plan = Plan((Step("a", "Probe", (object(),)),))
    with pytest.raises(DeploymentError, match="no record can hold"):
        execute(plan, revm)


def test_execute__handle_on_a_contract_as_setting__stands_for_its_address(revm: RevmChain) -> None:
    asset = revm.deploy(compile_contract("Receiver"))
    plan = Plan((Step("desk", "MinterDesk", (Setting("asset"),)),), {"asset": asset})
    deployment = execute(plan, revm)
    assert deployment["desk"].TOKEN() == asset.address
    assert deployment.record.contracts["desk"].args == [asset.address]


# --- dry runs and addresses


def test_dry_run__table__has_gas_of_everything_and_leaves_nothing(chain: Chain) -> None:
    before = chain.block_number
    table = dry_run(PLAN, chain)
    assert chain.block_number == before
    deployment = execute(PLAN, chain)
    assert table == deployment.table()
    rows = [line.split() for line in table.splitlines()]
    assert [row[0] for row in rows] == [
        "token", "desk", "spare", "desk.set_label", "spare.set_mode", "total",
    ]  # fmt: skip
    assert [row[1] for row in rows[:3]] == list(deployment.addresses.values())
    gas = [int(row[-1].replace(",", "")) for row in rows]
    assert gas[-1] == sum(gas[:-1]) > 3_000_000


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_predict__any_nonce__is_where_the_chain_creates(nonce: int) -> None:
    chain, account = RevmChain(), RevmChain().accounts[0]
    from pyrevm import AccountInfo

    chain._evm.insert_account_info(account, AccountInfo(nonce=nonce, balance=10**18))
    assert chain.deploy(compile_contract("Probe"), 0).address == predict(account, nonce)


def test_predict__not_an_address__is_refused() -> None:
    with pytest.raises(ChainError, match="is not an address"):
        predict("0x12", 0)


def test_deployment__handles__decode_events(revm: RevmChain) -> None:
    deployment = execute(PLAN, revm)
    desk: Contract = deployment["desk"]
    assert desk.buy(HOLDER, SERIES, 1).event("TransferSingle").value == 1
