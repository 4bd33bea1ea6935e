"""What the hedger does with the vault's money, and what stands abroad does to the vault: trade,
note_venues, the reserve, and the marks with venues in them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ballast.chain import Contract, Reverted, RevmChain, compile_contract, rolled_back
from tests.unit.vault.test_desk import covered
from tests.unit.vault.test_tokens import REENTRIES, strange
from tests.unit.vault.world import MAX, SPOT, WAD, World, build

EDGES = [(-1, False), (0, False), (1, True)]
HEDGED = 2**196
ORDER = 200  # quote tokens that a test takes to a venue


def venue_word(lots: int = 0, reserve: int = 0) -> int:
    """What `venue_word` packs of a reserve that it holds exactly."""
    exponent = max(reserve.bit_length() - 12, 0)
    assert reserve >> exponent << exponent == reserve
    return HEDGED | lots % 2**40 << 197 | reserve >> exponent << 237 | exponent << 249


def venue_of(world: World) -> Contract:
    """With 10,000 of both tokens of its own."""
    stub = compile_contract("tests/harness/VenueStub.vy")
    venue = world.chain.deploy(stub, world.quote, world.unit)
    world.quote.mint(venue, 10_000 * world.one)
    world.unit.mint(venue, 10_000 * world.coin)
    return venue


def fill(world: World, venue: Contract, quote: int, units: int) -> bytes:
    """An order of which so much comes."""
    return venue.fill.encode(world.vault.address, quote, units)


def trade(
    world: World, venue: Any, quote: int = 0, units: int = 0, order: bytes = b""
) -> tuple[int, ...]:
    return tuple(world.hedger.trade.send(world.vault, venue, quote, units, order).value)


def reason_of(world: World, *args: Any) -> str | None:
    with pytest.raises(Reverted) as refused:
        world.hedger.trade(world.vault, *args)
    return refused.value.reason


def note(world: World, lots: int = 0, reserve: int = 0) -> None:
    """The hedger says so to the vault, and to whoever asks it."""
    world.hedger.note(world.vault, venue_word(lots, reserve))
    world.hedger.set_venues(0, 0, 0, reserve)


def whole_reserve(world: World, quote: int) -> int:
    """About so many quote tokens, of twelve binary digits."""
    exact = quote * world.one
    exponent = max(exact.bit_length() - 12, 0)
    return exact >> exponent << exponent


# --- who may


@pytest.mark.parametrize("role", ["owner", "desk", "margin", "fund", "alice", "stranger"])
def test_hedger__anybody_else__is_refused(world: World, role: str) -> None:
    covered(world)
    sender = getattr(world, role)
    args = (world.stranger, 1, 1, b"")
    assert world.refused("trade", *args, sender=sender) == "vault: caller"
    word = venue_word(5, 64)
    assert world.refused("note_venues", word, sender=sender) == "vault: caller"


# --- trade


@pytest.mark.parametrize(("more", "refused"), EDGES)
def test_trade__quote__up_to_what_nobody_else_has(each: World, more: int, refused: bool) -> None:
    """What is locked, the fund's and the queue's stays; the reserve for short debt does not."""
    covered(each)
    each.vault.take(each.trader, 10 * each.one, 3 * each.one, 300 * each.one, 0, sender=each.desk)
    each.vault.requestRedeem(500 * each.whole, each.alice, each.alice, sender=each.alice)
    each.vault.pay(each.trader, 0, 0, 100 * each.one, 0, 0, sender=each.desk)
    assert each.balances()["earmark"] == 50 * each.one
    note(each, 0, whole_reserve(each, 400))
    most = (1_010 - 200 - 3 - 50) * each.one
    assert each.vault.holdings().loose_quote == most
    assert each.vault.free_cash() == most - whole_reserve(each, 400)
    if refused:
        assert reason_of(each, each.stranger, most + more, 0, b"") == "vault: lend"
        return
    before = each.held(each.stranger)[0]
    assert trade(each, each.stranger, most + more) == (0, 0)
    assert each.held(each.stranger)[0] == before + most + more
    assert each.vault.holdings().loose_quote == -more
    found = each.balances()
    assert (found["locked_quote"], found["dues"]) == (200 * each.one, 3 * each.one)


@pytest.mark.parametrize(("more", "refused"), EDGES)
def test_trade__units__up_to_what_covers_nothing(each: World, more: int, refused: bool) -> None:
    covered(each)
    each.vault.take(each.trader, 0, 0, 0, 12_345, sender=each.desk)
    most = 3 * each.coin - 12_345 * each.lot
    if refused:
        assert reason_of(each, each.stranger, 0, most + more, b"") == "vault: lend"
        return
    before = each.unit.balanceOf(each.stranger)
    assert trade(each, each.stranger, 0, most + more) == (0, 0)
    assert each.unit.balanceOf(each.stranger) == before + most + more
    assert each.balances()["underlying"] == 12_345 * each.lot - more
    assert each.vault.holdings().free_lots == 0


@pytest.mark.parametrize("amounts", [(MAX, 0), (0, MAX), (2**88, 0), (0, 2**104)])
def test_trade__more_than_any_field_holds__is_refused(
    world: World, amounts: tuple[int, int]
) -> None:
    covered(world)
    assert reason_of(world, world.stranger, *amounts, b"") == "vault: lend"


def test_trade__what_comes__is_counted_by_the_tokens(each: World) -> None:
    """Not by what the venue says, which is nonsense."""
    covered(each)
    venue = venue_of(each)
    came = (7 * each.one + 1, each.coin // 2 + 1)
    sent = (ORDER * each.one, each.coin)
    assert trade(each, venue, *sent, fill(each, venue, *came)) == came
    found = each.balances()
    assert found["cash"] == 1_000 * each.one - sent[0] + came[0]
    assert found["underlying"] == 3 * each.coin - sent[1] + came[1]
    assert each.held(each.vault.address) == [found["cash"]]
    assert each.unit.balanceOf(each.vault) == found["underlying"]
    assert (found["locked_quote"], found["locked_lots"], found["dues"]) == (0, 0, 0)


def test_trade__what_came_before_the_order__is_not_counted(each: World) -> None:
    """A donation stays what it is: nobody's."""
    covered(each)
    venue = venue_of(each)
    each.quote.transfer(each.vault, 777 * each.one, sender=each.bob)
    each.unit.transfer(each.vault, 5 * each.coin, sender=each.bob)
    assert trade(each, venue, ORDER * each.one, 0, fill(each, venue, 3, 4)) == (3, 4)
    assert each.balances()["cash"] == (1_000 - ORDER) * each.one + 3
    assert each.balances()["underlying"] == 3 * each.coin + 4


def test_trade__venue_that_takes_and_gives_nothing__is_booked_as_that(each: World) -> None:
    covered(each)
    venue = venue_of(each)
    assert trade(each, venue, ORDER * each.one, 0, fill(each, venue, 0, 0)) == (0, 0)
    assert each.balances()["cash"] == (1_000 - ORDER) * each.one


def test_trade__venue_that_fails__leaves_all_as_it_was(each: World) -> None:
    covered(each)
    venue = venue_of(each)
    before = each.balances(), each.held(each.vault.address, venue.address)
    args = (venue, ORDER * each.one, each.coin, venue.fail.encode())
    assert reason_of(each, *args) == "venue: failed"
    assert (each.balances(), each.held(each.vault.address, venue.address)) == before


@pytest.mark.parametrize("place", [0, 1])
def test_trade__more_than_a_field_holds_comes__is_refused(revm: RevmChain, place: int) -> None:
    world = build(revm, 18, 18)
    covered(world)
    venue = venue_of(world)
    most = [2**88 - 1 - 1_000 * world.one, 2**104 - 1 - 3 * world.coin][place]
    token = (world.quote, world.unit)[place]
    token.mint(venue, most + 1)
    amounts = [0, 0]
    amounts[place] = most + 1
    reason = ("vault: cash range", "vault: units")[place]
    assert reason_of(world, venue, 0, 0, fill(world, venue, *amounts)) == reason
    amounts[place] = most
    assert trade(world, venue, 0, 0, fill(world, venue, *amounts)) == tuple(amounts)


# --- trade: tokens that do what real ones have done


@pytest.mark.parametrize("share", [WAD // 100, WAD // 3, WAD])
def test_trade__token_that_keeps_a_fee__counts_what_arrives(revm: RevmChain, share: int) -> None:
    world = strange(revm)
    venue = venue_of(world)
    world.quote.set_fee(share)
    gross = 90 * world.one
    assets, units = trade(world, venue, 100 * world.one, 0, fill(world, venue, gross, 0))
    assert (assets, units) == (gross - gross * share // WAD, 0)
    assert world.balances()["cash"] == 900 * world.one + assets
    assert world.held(world.vault.address) == [world.balances()["cash"]]


def test_trade__balances_that_shrink_meanwhile__are_refused(revm: RevmChain) -> None:
    """Nothing may be taken out of the vault by whom it calls."""
    world = strange(revm)
    venue = venue_of(world)
    before = world.balances()
    venue.set_entry(world.quote, world.quote.rebase.encode(WAD // 2), True)
    assert reason_of(world, venue, 0, 0, venue.enter.encode()) is None
    assert world.balances() == before
    venue.set_entry(world.quote, world.quote.rebase.encode(WAD), True)
    assert trade(world, venue, 0, 0, venue.enter.encode()) == (0, 0)


# --- trade: who calls back


@pytest.mark.parametrize("name", REENTRIES)
def test_trade__venue_calls_back__is_locked_out(world: World, name: str) -> None:
    """V20. Views too: nobody prices anything while something is on its way."""
    covered(world)
    venue = venue_of(world)
    method, args = REENTRIES[name]
    args = tuple(world.alice if arg == "alice" else arg for arg in args)
    payload = world.vault.method(method).encode(*args)
    venue.set_entry(world.vault, payload, False)
    trade(world, venue, ORDER * world.one, 0, venue.enter.encode())
    assert (venue.refused(), venue.entered()) == (1, 0)
    venue.set_entry(world.vault, world.vault.balanceOf.encode(world.alice), True)
    trade(world, venue, 0, 0, venue.enter.encode())
    assert venue.entered() == 1


@pytest.mark.parametrize("name", ["trade", "note"])
def test_trade__venue_calls_the_hedger_back__is_locked_out(world: World, name: str) -> None:
    """Even if the hedger itself let it pass."""
    covered(world)
    venue = venue_of(world)
    rest = {"trade": (venue.address, 1, 0, b""), "note": (venue_word(1, 2),)}[name]
    payload = world.hedger.method(name).encode(world.vault.address, *rest)
    venue.set_entry(world.hedger, payload, False)
    before = world.vault.balances()
    trade(world, venue, 0, 0, venue.enter.encode())
    assert (venue.refused(), venue.entered()) == (1, 0)
    assert world.vault.balances() == before


# --- note_venues


@pytest.mark.parametrize("below", [0, 2**196 - 1])
@pytest.mark.parametrize("lots", [0, 1, 10_000, -1, -75_000, 2**39 - 1, 1 - 2**39])
def test_note_venues__word__stands_beside_the_rest_of_the_ledger(
    world: World, lots: int, below: int
) -> None:
    """Bits below the word are none of the ledger's, except the lowest: it says that delta has
    changed."""
    covered(world)
    world.vault.take(world.trader, 0, 0, 100 * world.one, 500, sender=world.desk)
    world.vault.requestRedeem(500 * world.whole, world.alice, world.alice, sender=world.alice)
    world.vault.set_bad_debt(9, sender=world.margin)
    before, debts = world.balances(), world.debts()
    world.hedger.note(world.vault, venue_word(lots, 4_095 << 20) | below)
    assert (world.balances(), world.debts()) == (before, debts)
    found = world.vault.balances()
    assert (found.is_hedged, found.abroad, found.reserve) == (True, lots, 4_095 << 20)
    assert world.book.held_lots() == 30_000 + lots
    assert world.book.jumps() == (below != 0)
    world.hedger.note(world.vault, 0)
    found = world.vault.balances()
    assert (found.is_hedged, found.abroad, found.reserve) == (False, 0, 0)
    assert (world.balances(), world.debts()) == (before, debts)
    assert world.book.held_lots() == 30_000


def test_note_venues__lots_abroad__are_asked_of_the_book_with_those_at_home(each: World) -> None:
    """The potential is that of both, at a flow as at a trade."""
    covered(each)
    for lots in (20_000, -20_000, -70_000):
        note(each, lots)
        each.vault.poke()
        assert each.book.asked() == each.book.held_lots() * 10**14 == (30_000 + lots) * 10**14


def test_holdings__what_is_abroad__covers_nothing(each: World) -> None:
    covered(each)
    note(each, 50_000)
    assert each.vault.holdings().free_lots == 30_000
    assert each.refused("take", each.trader, 0, 0, 0, 30_001, sender=each.desk) == "vault: cover"
    note(each, -50_000)
    each.vault.take(each.trader, 0, 0, 0, 30_000, sender=each.desk)
    assert each.vault.locked()[1] == 3 * each.coin


# --- the reserve


@pytest.mark.parametrize(("more", "refused"), EDGES)
def test_reserve__cover_of_new_puts__stops_at_it(each: World, more: int, refused: bool) -> None:
    """The premium counts first."""
    covered(each)
    reserve = whole_reserve(each, 400)
    note(each, 0, reserve)
    args = (each.trader, 10 * each.one, each.one, 1_009 * each.one - reserve + more, 0)
    if refused:
        assert each.refused("take", *args, sender=each.desk) == "vault: cover"
        return
    each.vault.take(*args, sender=each.desk)
    assert (each.vault.free_cash(), each.vault.holdings().free_quote) == (-more, -more)
    assert each.vault.holdings().loose_quote == reserve - more


@pytest.mark.parametrize(("more", "refused"), EDGES)
def test_reserve__cover_of_an_account_that_closes__does_not_stop_at_it(
    each: World, more: int, refused: bool
) -> None:
    """The margin contract pays: what was escrowed becomes the vault's cover."""
    covered(each)
    note(each, 0, whole_reserve(each, 400))
    args = (each.margin, 10 * each.one, each.one, 1_009 * each.one + more, 0)
    if refused:
        assert each.refused("take", *args, sender=each.desk) == "vault: cover"
    else:
        each.vault.take(*args, sender=each.desk)
        assert each.vault.holdings().loose_quote == -more


def test_reserve__above_all_quote__stops_puts_and_no_call_or_payment(each: World) -> None:
    covered(each)
    note(each, 0, whole_reserve(each, 50_000))
    assert each.vault.free_cash() == each.vault.holdings().free_quote == 0
    assert each.refused("take", each.trader, 5, 0, 1, 0, sender=each.desk) == "vault: cover"
    each.vault.take(each.trader, each.one, 0, 0, 30_000, sender=each.desk)
    each.vault.take(each.trader, each.one, each.one, 0, 0, sender=each.desk)
    paid = each.vault.pay(each.trader, 500 * each.one, 0, 0, 5_000, SPOT, sender=each.desk).value
    assert tuple(paid) == (500 * each.one, 0)
    each.vault.exchange(each.coin, 100 * each.one, sender=each.margin)
    assert each.balances()["cash"] == 402 * each.one


@pytest.mark.parametrize("sign", [1, -1])
def test_reserve__of_an_lp__is_the_live_one(each: World, sign: int) -> None:
    """What the hedger says now binds who leaves, whatever was noted; previews and maxima say what
    is done."""
    covered(each, 1_000, 0)
    noted = whole_reserve(each, 300)
    note(each, 0, noted)
    live = noted + sign * 100 * each.one + 1
    each.hedger.set_venues(0, 0, 0, live)
    free = 1_000 * each.one - live
    assert each.vault.maxWithdraw(each.alice) == free
    args = (free + 1, each.alice, each.alice)
    assert each.refused("withdraw", *args) == "vault: free quote"
    shares = each.vault.maxRedeem(each.alice)
    with rolled_back(each.chain):
        said = each.vault.previewRedeem(shares)
        done = each.vault.redeem(shares, each.alice, each.alice, sender=each.alice).value
        assert done == said and free - 1 <= done <= free
    said = each.vault.previewWithdraw(free)
    assert each.vault.withdraw(free, each.alice, each.alice, sender=each.alice).value == said
    assert each.vault.maxWithdraw(each.alice) == each.vault.maxRedeem(each.alice) == 0
    assert each.balances()["cash"] == live


def test_reserve__above_all_quote__lets_no_lp_out_and_any_in(each: World) -> None:
    covered(each, 1_000, 0)
    note(each, 0, whole_reserve(each, 3_000))
    assert each.vault.maxWithdraw(each.alice) == each.vault.maxRedeem(each.alice) == 0
    args = (1, each.alice, each.alice)
    assert each.refused("withdraw", *args) == "vault: free quote"
    each.deposit(each.one)
    assert each.vault.free_cash() == 0


def test_exit_at_floor__reserve__is_no_part_of_it(each: World) -> None:
    """It asks no price, so it goes by what was noted; a broken hedger does not stop it."""
    covered(each, 1_000, 0)
    reserve = whole_reserve(each, 400)
    note(each, 0, reserve)
    each.hedger.set_venues(0, 0, 0, 999 * each.one)
    each.hedger.set_mode(1)
    free, parts = 1_000 * each.one - reserve, int(each.vault.totalSupply()) + each.virtual
    assert each.vault.free_cash() == free
    shares = 500 * each.whole
    paid = each.vault.exitAtFloor(shares, each.alice, sender=each.alice).value
    assert paid == shares * free // parts
    assert each.refused("redeem", each.whole, each.alice, each.alice) == "hedger: broken"


def test_queue__reserve__is_not_paid_out(each: World) -> None:
    covered(each, 1_000, 0)
    reserve = whole_reserve(each, 400)
    each.vault.requestRedeem(900 * each.whole, each.alice, each.alice, sender=each.alice)
    note(each, 0, reserve)
    paid = each.vault.processRedemptions(5).value
    assert 1_000 * each.one - reserve - 1 <= paid <= 1_000 * each.one - reserve


# --- marks


AMOUNT = st.integers(-900 * WAD, 5_000 * WAD)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    equity=AMOUNT, low=AMOUNT, high=AMOUNT, reserve=st.integers(0, 2_000), width=st.integers(0, 99)
)
def test_marks__venues__are_added_as_the_hedger_says(
    world: World, equity: int, low: int, high: int, reserve: int, width: int
) -> None:
    with rolled_back(world.chain):
        covered(world)
        world.set_book(SPOT, 17, width * WAD)
        base = 7_000 * WAD + 17
        assert world.vault.nav() == (base, base - width * WAD, base + width * WAD)
        world.hedger.set_venues(equity, low, high, reserve * world.one)
        assert world.vault.nav()[0] == base  # nothing has been noted: nobody is asked
        world.hedger.note(world.vault, venue_word())
        found = world.vault.nav()
        assert found == (base + equity, base - width * WAD + low, base + width * WAD + high)
        assert world.vault.totalAssets() == found[0] // world.scale
        free = max(1_000 - reserve, 0) * world.one
        parts = int(world.vault.totalSupply()) + world.virtual
        due = world.vault.balanceOf(world.alice) * (found[1] // world.scale + 1) // parts
        assert world.vault.maxWithdraw(world.alice) == min(free, due)


@pytest.mark.parametrize("flow", ["deposit", "mint", "withdraw", "redeem", "depositUnderlying"])
def test_flows__with_venues__give_what_their_previews_say(each: World, flow: str) -> None:
    """And who comes pays the high mark, who leaves gets the low one."""
    covered(each)
    each.set_book(SPOT, 0, 3 * WAD)
    note(each, -5_000, whole_reserve(each, 300))
    each.hedger.set_venues(50 * WAD, 40 * WAD + 1, 70 * WAD + 1, 310 * each.one)
    preview = "preview" + flow[0].upper() + flow[1:]
    amount = each.whole if flow in ("mint", "redeem") else each.one
    amount = each.coin // 50 if flow == "depositUnderlying" else amount
    said = each.vault.method(preview)(amount)
    parts = int(each.vault.totalSupply()) + each.virtual
    assets = {
        mark: -(-each.vault.nav()[i] // each.scale) if i == 2 else each.vault.nav()[i] // each.scale
        for i, mark in ((1, "low"), (2, "high"))
    }
    if flow == "deposit":
        assert said == amount * parts // (assets["high"] + 1)
    if flow == "redeem":
        assert said == amount * (assets["low"] + 1) // parts
    people = (each.alice,) if "eposit" in flow or flow == "mint" else (each.alice, each.alice)
    assert each.vault.method(flow)(amount, *people, sender=each.alice).value == said


def test_flows__hedger_that_cannot_be_read__are_refused_once_something_is_noted(
    world: World,
) -> None:
    covered(world)
    world.hedger.set_mode(1)
    world.deposit(world.one)
    note(world, 10)
    assert world.refused("deposit", world.one, world.alice) == "hedger: broken"
    world.vault.take(world.trader, world.one, 0, 0, 100, sender=world.desk)
    world.vault.pay(world.trader, world.one, 0, 0, 100, SPOT, sender=world.desk)
    world.settle(7, 0, 0, 0, 0, 0)
    assert trade(world, world.stranger, world.one) == (0, 0)


def test_trade__to_a_venue_and_noted__moves_nav_by_what_it_cost(each: World) -> None:
    """200 quote tokens become 0.09 units at 2,000 and stay abroad: 20 are lost, and no more."""
    covered(each)
    venue = venue_of(each)
    before = each.vault.nav()[0]
    trade(each, venue, ORDER * each.one, 0, fill(each, venue, 0, 0))
    each.hedger.note(each.vault, venue_word(900))
    each.hedger.set_venues(180 * WAD, 180 * WAD, 180 * WAD, 0)
    assert each.vault.nav()[0] == before - 20 * WAD
    worth = fill(each, venue, 0, 9 * each.coin // 100)
    assert trade(each, venue, 0, 0, worth) == (0, 9 * each.coin // 100)
    each.hedger.note(each.vault, 0)
    assert each.vault.nav()[0] == before - 20 * WAD
    assert each.book.held_lots() == 30_900


def test_trade__gas__at_most(world: World) -> None:
    """Without what the venue uses."""
    covered(world)
    args = (world.stranger, world.one, world.lot, b"")
    bare = world.hedger.trade(world.vault, *args).gas_used
    assert bare <= 84_500
