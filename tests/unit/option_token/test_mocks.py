"""The mock tokens misbehave as they are told to, and only so."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import Contract, Reverted, RevmChain, compile_contract
from tests.tokens import weird_token
from tests.unit.option_token.conftest import MAX

OWNER, ALICE, BOB, CAROL = RevmChain().accounts[:4]
WAD = 10**18
TRUE = (1).to_bytes(32, "big")


@pytest.fixture
def usdc(revm: RevmChain) -> Contract:
    usdc = revm.deploy(compile_contract("MockUsdc"), "USD Coin", "USDC", 6)
    usdc.mint(ALICE, 1_000)
    return usdc


@pytest.fixture
def weird(revm: RevmChain) -> Contract:
    weird = weird_token(revm, 6)
    weird.mint(ALICE, 1_000)
    return weird


def reason(call: Any, *args: Any, sender: str = ALICE) -> str | None:
    with pytest.raises(Reverted) as refused:
        call(*args, sender=sender)
    return refused.value.reason


def held(token: Contract) -> list[int]:
    return [token.balanceOf(who) for who in (ALICE, BOB, CAROL)]


# --- MockUsdc


@pytest.mark.parametrize("decimals", [6, 8, 18])
def test_usdc__decimals__as_asked(revm: RevmChain, decimals: int) -> None:
    token = revm.deploy(compile_contract("MockUsdc"), "Wrapped Ether", "WETH", decimals)
    assert (token.name(), token.symbol(), token.decimals()) == ("Wrapped Ether", "WETH", decimals)


def test_usdc__transfers__move_and_log(usdc: Contract) -> None:
    sent = usdc.transfer(BOB, 300, sender=ALICE)
    assert sent.value is True
    assert [(log.name, dict(log.args)) for log in sent.events] == [
        ("Transfer", {"sender": ALICE, "receiver": BOB, "value": 300})
    ]
    usdc.approve(CAROL, 150, sender=BOB)
    usdc.transferFrom(BOB, CAROL, 100, sender=CAROL)
    assert usdc.allowance(BOB, CAROL) == 50
    usdc.approve(CAROL, MAX, sender=BOB)
    usdc.transferFrom(BOB, CAROL, 100, sender=CAROL)
    assert usdc.allowance(BOB, CAROL) == MAX
    assert (held(usdc), usdc.totalSupply()) == ([700, 100, 200], 1_000)
    usdc.mint(OWNER, 5)
    usdc.burn(5)
    assert usdc.totalSupply() == 1_000


def test_usdc__refusals__carry_its_reasons(usdc: Contract) -> None:
    assert reason(usdc.transfer, BOB, 1_001) == "ERC20: transfer amount exceeds balance"
    assert reason(usdc.transfer, "0x" + "00" * 20, 1) == "ERC20: transfer to the zero address"
    allowance = reason(usdc.transferFrom, ALICE, BOB, 1, sender=BOB)
    assert allowance == "ERC20: transfer amount exceeds allowance"
    for call, args in (
        (usdc.mint, (ALICE, 1)),
        (usdc.burn, (1,)),
        (usdc.blacklist, (BOB,)),
        (usdc.unBlacklist, (BOB,)),
        (usdc.pause, ()),
        (usdc.unpause, ()),
    ):
        assert reason(call, *args) == "Ownable: caller is not the owner"


def test_usdc__pause__stops_everything_until_it_ends(usdc: Contract) -> None:
    usdc.pause()
    for call, args, sender in (
        (usdc.transfer, (BOB, 1), ALICE),
        (usdc.transferFrom, (ALICE, BOB, 0), ALICE),
        (usdc.approve, (BOB, 1), ALICE),
        (usdc.mint, (BOB, 1), OWNER),
        (usdc.burn, (0,), OWNER),
    ):
        assert reason(call, *args, sender=sender) == "Pausable: paused"
    usdc.unpause()
    usdc.transfer(BOB, 1, sender=ALICE)


@pytest.mark.parametrize("who", [ALICE, BOB, CAROL])
def test_usdc__blacklist__stops_sender_receiver_and_spender(usdc: Contract, who: str) -> None:
    usdc.approve(CAROL, 9, sender=ALICE)
    usdc.blacklist(who)
    stopped = reason(usdc.transferFrom, ALICE, BOB, 1, sender=CAROL)
    assert stopped == "Blacklistable: account is blacklisted"
    usdc.unBlacklist(who)
    usdc.transferFrom(ALICE, BOB, 1, sender=CAROL)
    assert held(usdc) == [999, 1, 0]


# --- WeirdToken


def test_weird__untouched__is_an_ordinary_token(weird: Contract) -> None:
    assert weird.transfer(BOB, 400, sender=ALICE).data == TRUE
    assert weird.approve(CAROL, 100, sender=BOB).data == TRUE
    assert weird.transferFrom(BOB, CAROL, 60, sender=CAROL).data == TRUE
    assert (held(weird), weird.allowance(BOB, CAROL)) == ([600, 340, 60], 40)
    assert reason(weird.transfer, BOB, 601) == "weird: balance"
    assert reason(weird.transfer, BOB, MAX) == "weird: balance"
    assert reason(weird.transferFrom, ALICE, BOB, 1, sender=BOB) == "weird: allowance"
    assert weird.totalSupply() == 1_000


@pytest.mark.parametrize(
    "answer", [b"", bytes(32), (2).to_bytes(32, "big"), b"\x01", TRUE + bytes(256)]
)
@pytest.mark.parametrize("stuck", [False, True])
def test_weird__answer__is_returned_as_it_is(weird: Contract, answer: bytes, stuck: bool) -> None:
    weird.set_answer(answer)
    weird.set_stuck(stuck)
    data = [
        weird.approve(ALICE, 5, sender=ALICE).data,
        weird.transfer(BOB, 5, sender=ALICE).data,
        weird.transferFrom(ALICE, BOB, 5, sender=ALICE).data,
    ]
    assert data == [answer] * 3
    assert held(weird) == ([1_000, 0, 0] if stuck else [990, 10, 0])


def test_weird__fee__is_kept_back_and_burnt(weird: Contract) -> None:
    weird.set_fee(WAD // 100)
    event = weird.transfer(BOB, 500, sender=ALICE).event("Transfer")
    assert event.value == 495
    assert (held(weird), weird.totalSupply()) == ([500, 495, 0], 995)
    assert reason(weird.set_fee, WAD + 1) == "weird: fee"


@pytest.mark.parametrize(("silent", "expected"), [(False, "weird: paused"), (True, None)])
def test_weird__paused__refuses(weird: Contract, silent: bool, expected: str | None) -> None:
    weird.set_paused(True, silent)
    assert reason(weird.transfer, BOB, 1) == expected
    assert reason(weird.approve, BOB, 1) == expected


def test_weird__blocked__refuses_that_account(weird: Contract) -> None:
    weird.set_blocked(BOB, True)
    assert reason(weird.transfer, BOB, 1) == "weird: blocked"
    weird.transfer(CAROL, 1, sender=ALICE)


def test_weird__race__wants_zero_first(weird: Contract) -> None:
    weird.set_race(True)
    weird.approve(BOB, 5, sender=ALICE)
    assert reason(weird.approve, BOB, 6) == "weird: race"
    weird.approve(BOB, 0, sender=ALICE)
    weird.approve(BOB, 6, sender=ALICE)


def test_weird__no_zero__refuses_nothing(weird: Contract) -> None:
    weird.transfer(BOB, 0, sender=ALICE)
    weird.set_no_zero(True)
    assert reason(weird.transfer, BOB, 0) == "weird: zero"


def test_weird__max_is_all__moves_everything(weird: Contract) -> None:
    weird.set_max_is_all(True)
    weird.transfer(BOB, MAX, sender=ALICE)
    assert held(weird) == [0, 1_000, 0]


def test_weird__gas_hog__leaves_none(weird: Contract) -> None:
    weird.set_gas_hog(True)
    with pytest.raises(Reverted) as refused:
        weird.transfer(BOB, 1, sender=ALICE)
    assert refused.value.halt is not None


def test_weird__rebase__scales_every_balance(weird: Contract) -> None:
    weird.transfer(BOB, 200, sender=ALICE)
    for index, expected in ((2 * WAD, [1_600, 400, 0]), (WAD // 4, [200, 50, 0])):
        weird.rebase(index)
        assert (held(weird), weird.totalSupply()) == (expected, sum(expected))


def test_weird__decimals__may_change(weird: Contract) -> None:
    weird.set_decimals(24)
    assert weird.decimals() == 24


@pytest.mark.parametrize("before", [True, False])
def test_weird__hook__runs_where_it_is_told(revm: RevmChain, weird: Contract, before: bool) -> None:
    """The hook is a relay that asks for the balance: it sees it before or after the transfer."""
    relay = revm.deploy(compile_contract("Receiver"))
    weird.mint(relay, 7)
    payload = relay.act.encode(weird, weird.transfer.encode(CAROL, 7))
    weird.set_hook(relay, payload, 1, before, True)
    receipt = weird.transfer(BOB, 5, sender=ALICE)
    order = [event.value for event in receipt.events]
    assert order == ([7, 5] if before else [5, 7])
    assert held(weird) == [995, 5, 7]
    assert weird.hook().calls == 0


@pytest.mark.parametrize("strict", [True, False])
def test_weird__hook_that_fails__is_passed_on_if_strict(
    revm: RevmChain, weird: Contract, strict: bool
) -> None:
    weird.set_hook(weird, weird.transfer.encode(BOB, 1), 2, False, strict)
    if strict:
        assert reason(weird.transfer, BOB, 5) == "weird: balance"
        return
    weird.transfer(BOB, 5, sender=ALICE)
    assert (held(weird), weird.hooks_failed()) == ([995, 5, 0], 1)
