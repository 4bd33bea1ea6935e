"""What a book may hold and who may change it: constructor, roles, strikes, lots."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import Reverted, compile_contract
from ballast.units import WAD, to_wad
from tests.market import DAY, NOBODY, outcome, refused
from tests.unit.book.world import GRID, REFERENCE, RISK, World

MOST_LOTS = 2**31 - 1


def own(world: World, receipt: Any) -> list[tuple[str, dict[str, Any]]]:
    """Whole events; there are none but the book's."""
    assert {event.address for event in receipt.logs} <= {world.book.address}
    return [(event.name, dict(event.args)) for event in receipt.events]


# --- the constructor


def constructing(world: World, **changed: Any) -> str | None:
    market = world.market
    args: dict[str, Any] = dict(
        desk=world.desk,
        vault=world.vault,
        oracle=market.oracle,
        surface=market.surface,
        valuer=world.valuer,
        reference=REFERENCE,
        grid=GRID,
        sheet=market.sheet,
    )
    try:
        market.chain.deploy(compile_contract("Book"), *(args | changed).values())
    except Reverted as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"desk": NOBODY}, "book: desk"),
        ({"vault": NOBODY}, "book: vault"),
        ({"reference": 10**15 - 1}, "book: reference"),
        ({"reference": 10**15}, None),
        ({"reference": 2**96}, None),
        ({"reference": 2**96 + 1}, "book: reference"),
        ({"grid": 0}, "book: grid"),
        ({"grid": 1}, None),
        ({"grid": 2**100 - 1}, None),
        ({"grid": 2**100}, "book: grid"),
    ],
)
def test_constructor__edges__are_kept(
    world: World, changed: dict[str, Any], reason: str | None
) -> None:
    """H1."""
    assert constructing(world, **changed) == reason


def test_constructor__what_it_is_given__can_be_read(world: World) -> None:
    book, market = world.book, world.market
    assert (book.DESK(), book.VAULT()) == (world.desk, world.vault)
    assert (book.REFERENCE(), book.GRID()) == (REFERENCE, GRID)
    for name in ("oracle", "surface"):
        assert book.method(name.upper())() == market.deployment[name].address
    assert book.VALUER() == world.valuer.address
    assert book.sheet() == market.sheet.address
    assert book.CUTOFF() == 12 * 3_600
    assert [(e.name, dict(e.args)) for e in book.receipt.events] == [
        ("SheetChanged", {"sheet": market.sheet.address})
    ]
    assert book.expiries() == () and book.gross_lots() == 0 and book.toxicity() == 0


# --- roles


def test_roles__desks_methods__are_the_desks_alone(world: World) -> None:
    """V20, H10."""
    expiry, snapshot = world.expiries[0], (1, 1, 1, 1, (1, 0, 0), 0, WAD, 1, 1, 1)
    methods: dict[str, tuple[Any, ...]] = {
        "prepare": (1, WAD, 1, 1, 60),
        "renew": (expiry, snapshot),
        "apply": (1, 1, 0, 0, RISK, 0),
        "list_strike": (expiry, 2_000 * WAD),
        "delist_strike": (expiry, 2_000 * WAD),
        "close": (expiry,),
        "set_sheet": (world.vault,),
    }
    for name, args in methods.items():
        for sender in (world.vault, world.market.who("owner"), world.market.who("stranger")):
            assert refused(world.book.method(name), *args, sender=sender) == "book: not the desk"
    for sender in (world.desk, world.market.who("owner"), world.market.who("stranger")):
        assert refused(world.book.hold, 1, 1, False, sender=sender) == "book: not the vault"


def test_set_sheet__another__is_told(world: World) -> None:
    other = world.market.who("stranger")
    receipt = world.book.set_sheet(other, sender=world.desk)
    assert own(world, receipt) == [("SheetChanged", {"sheet": other})]
    assert world.book.sheet() == other


@pytest.mark.parametrize("caution", [0, 1, 2, 3])
@pytest.mark.parametrize("lots", [1 - 2**39, -1, 0, 1, 2**39 - 1])
def test_hold__what_the_vault_says__a_trade_finds(world: World, lots: int, caution: int) -> None:
    expiry = world.expiries[0]
    world.list_strikes(expiry, 2_000)
    world.book.refresh(expiry)
    before = world.prepare(world.series(expiry), version=world.market.surface.version()).value
    assert before.is_fresh
    receipt = world.book.hold(lots, caution, False, sender=world.vault)
    assert own(world, receipt) == []
    after = world.prepare(world.series(expiry), version=world.market.surface.version()).value
    assert (after.underlying, after.caution) == (lots * 10**14, caution)
    assert after.is_fresh
    world.book.refresh(expiry)
    world.list_strikes(expiry, 2_050)
    kept = world.prepare(world.series(expiry)).value
    assert (kept.underlying, kept.caution) == (lots * 10**14, caution)


# --- strikes


@pytest.mark.parametrize(
    ("strike", "reason"),
    [
        (0, "book: grid"),
        (GRID - 1, "book: grid"),
        (GRID, None),
        (GRID + 1, "book: grid"),
        (2**120 // GRID * GRID, "book: strike too far"),
        (2**120 // GRID * GRID + GRID, "book: grid"),
        (2**160, "book: grid"),
    ],
)
def test_list__strike__is_a_multiple_of_the_grid(
    world: World, strike: int, reason: str | None
) -> None:
    args = world.expiries[0], strike
    assert outcome(world.book.list_strike, *args, sender=world.desk) == reason


def test_list_and_delist__any_order__keeps_the_others(world: World) -> None:
    """D7. Twenty-four strikes, each taken off, the last one taking its place."""
    expiry, steps = world.expiries[0], list(range(30, 54))
    wads = [step * GRID for step in steps]
    for wad in wads:
        receipt = world.book.list_strike(expiry, wad, sender=world.desk)
        assert own(world, receipt) == [("StrikeListed", {"expiry": expiry, "strike": wad})]
    assert world.book.strikes(expiry) == tuple(wads)
    assert refused(world.book.list_strike, expiry, 54 * GRID, sender=world.desk) == "book: full"
    again = refused(world.book.list_strike, expiry, wads[7], sender=world.desk)
    assert again == "book: listed already"
    left = list(wads)
    for wad in (*wads[5:15], wads[0], wads[-1], *wads[1:5], *wads[15:-1]):
        receipt = world.book.delist_strike(expiry, wad, sender=world.desk)
        assert own(world, receipt) == [("StrikeDelisted", {"expiry": expiry, "strike": wad})]
        last = left.pop()
        if last != wad:
            left[left.index(wad)] = last
        assert list(world.book.strikes(expiry)) == left
        assert not world.prepare(expiry << 128 | wad << 8).value.is_listed
    assert world.book.expiries() == ()


@pytest.mark.parametrize(
    ("first", "other", "reason"),
    [
        (1, 1_022, None),
        (1, 1_023, "book: strike too far"),
        (575, 64, None),
        (575, 63, "book: strike too far"),
        (575, 64 + 1_022, None),
        (575, 64 + 1_023, "book: strike too far"),
        (64 * 65_536 + 511, 64 * 65_536 + 500, "book: strike too far"),
        (64 * 65_535 + 511, 64 * 65_535, None),
    ],
)
def test_list__window_of_strikes__is_a_thousand_steps(
    world: World, first: int, other: int, reason: str | None
) -> None:
    """A base of 64 steps, 511 or more below a first strike, and 1,023 places above it."""
    expiry = world.expiries[0]
    found = outcome(world.book.list_strike, expiry, first * GRID, sender=world.desk)
    if found is None:
        world.book.list_strike(expiry, first * GRID, sender=world.desk)
        found = outcome(world.book.list_strike, expiry, other * GRID, sender=world.desk)
    assert found == reason


def test_list__ninth_expiry__is_refused(world: World) -> None:
    """Eight live at once, in the order of their listing; whichever leaves makes room."""
    now = world.market.chain.timestamp
    first = now - now % DAY + 8 * 3_600 + DAY
    days = [first + k * DAY for k in (9, 0, 2_000, 5, 1, 700, 33, 34)]
    for expiry in days:
        world.list_strikes(expiry, 2_000)
    assert list(world.book.expiries()) == days
    ninth = first + 50 * DAY
    assert refused(world.book.list_strike, ninth, GRID, sender=world.desk) == "book: eight expiries"
    world.list_strikes(days[0], 2_050)
    for gone in (days[3], days[0], days[7]):
        for strike in world.book.strikes(gone):
            world.book.delist_strike(gone, strike, sender=world.desk)
        days.remove(gone)
        assert list(world.book.expiries()) == days
    world.list_strikes(ninth, 2_000)
    assert list(world.book.expiries()) == [*days, ninth]


def test_list__expiries_kept__are_the_same_years_later(world: World) -> None:
    """An expiry is kept by its day; a book that nobody settles still knows it."""
    expiry = world.expiries[0]
    world.list_strikes(expiry, 2_000)
    for years in (1, 4):
        world.market.chain.set_timestamp(expiry + years * 365 * DAY)
        assert world.book.expiries() == (expiry,)


# --- lots


@pytest.mark.parametrize("right", ["call", "put"])
@pytest.mark.parametrize("lots", [1, MOST_LOTS, MOST_LOTS + 1])
def test_apply__lots__fit_their_field(world: World, right: str, lots: int) -> None:
    """C10."""
    expiry = world.expiries[0]
    world.list_strikes(expiry, 2_000, 2_050)
    for strike in (2_000, 2_050):
        series = world.series(expiry, strike, right)
        reason = "book: lots" if lots > MOST_LOTS else None
        assert outcome(world.book.apply, series, lots, 0, 0, RISK, 0, sender=world.desk) == reason
        assert outcome(world.book.apply, series, 0, lots, 0, RISK, 0, sender=world.desk) == reason
        for written, held in ((-1, 0), (0, -1)):
            assert outcome(
                world.book.apply, series, written, held, 0, RISK, 0, sender=world.desk
            ) == ("book: lots")


def test_apply__every_field_of_a_word__is_its_own(world: World) -> None:
    """Two neighbours of the grid share a word: eight fields, none of which touches another."""
    expiry = world.expiries[0]
    world.list_strikes(expiry, 2_000, 2_050)
    ghost = {(k, right): [0, 0] for k in (2_000, 2_050) for right in ("call", "put")}
    moves = [MOST_LOTS, -MOST_LOTS, 5, MOST_LOTS - 5, -7, -MOST_LOTS + 7, 1]
    for step, move in enumerate(moves):
        for strike in (2_000, 2_050):
            for right in ("call", "put"):
                for side in (0, 1):
                    args = (move, 0) if side == 0 else (0, move)
                    world.apply(world.series(expiry, strike, right), *args, risk=(0,) * 5)
                    ghost[strike, right][side] += move
                    assert _positions(world, expiry) == ghost, step
    assert world.book.gross_lots() == 8


def _positions(world: World, expiry: int) -> dict[tuple[float, str], list[int]]:
    found: dict[tuple[float, str], list[int]] = {}
    for p in world.book.positions(expiry):
        for right, pair in (("call", p[1:3]), ("put", p[3:5])):
            found[p.strike // WAD, right] = list(pair)
    return found


def test_apply__trades_of_whole_lots__move_the_book_by_exactly_their_sum(world: World) -> None:
    """Q1, V16: what is undone in other parts and another order restores it bit for bit."""
    expiry = world.expiries[0]
    world.list_strikes(expiry, 2_000)
    series = world.series(expiry)
    start = _state(world, expiry)
    world.apply(series, 1_000, risk=(-9, 8, -7, 6, 5))
    assert world.book.polynomial(expiry) == (9_000, -8_000, 7_000, -6_000)
    assert world.flows() == (5_000, 6_000)
    world.apply(series, 0, 17, risk=(-9, 8, -7, 6, 5))
    assert world.book.gross_lots() == 1_017
    for part in (-333, -1, -666):
        world.apply(series, part, risk=(-9, 8, -7, 6, 5))
    world.apply(series, 0, -17, risk=(-9, 8, -7, 6, 5))
    assert _state(world, expiry) == start
    assert world.flows() == (0, 0)


def _state(world: World, expiry: int) -> tuple[Any, ...]:
    book = world.book
    return book.polynomial(expiry), book.exposure_now()[:3], book.gross_lots()


@pytest.mark.parametrize("field", range(4))
@pytest.mark.parametrize("sign", [1, -1])
def test_apply__coefficient_at_the_end_of_its_field__stops_openings_only(
    world: World, field: int, sign: int
) -> None:
    """An exit never reverts in the book: what does not fit is pulled to the end of its field."""
    expiry = world.expiries[0]
    world.list_strikes(expiry, 2_000)
    series, unit = world.series(expiry), [0] * 5
    unit[field] = -sign * 2**60
    end = 2**63 - 1 if sign > 0 else -(2**63)
    world.apply(series, 7, risk=tuple(unit))
    assert world.book.polynomial(expiry)[field] == sign * 7 * 2**60
    unit[field] = -(end - sign * 7 * 2**60)
    assert outcome(world.book.apply, series, 1, 0, 0, tuple(unit), 0, sender=world.desk) is None
    unit[field] -= sign
    assert (
        refused(world.book.apply, series, 1, 0, 0, tuple(unit), 0, sender=world.desk)
        == "book: range"
    )
    assert (
        refused(world.book.apply, series, 0, 1, 0, _minus(unit), 0, sender=world.desk)
        == "book: range"
    )
    unit[field] = sign * 2**61
    world.apply(series, -7, risk=tuple(unit))
    pulled = world.book.polynomial(expiry)[field]
    assert abs(pulled) == 2**63 - 1 and pulled * sign > 0
    if field > 0:
        assert world.book.exposure_now()[field - 1] == pulled


def _minus(unit: list[int]) -> tuple[int, ...]:
    return tuple(-x for x in unit)


# --- closing


def test_close__expiry__says_what_stood_in_it_and_forgets_it(world: World) -> None:
    """D3, V18."""
    first, second = world.expiries[:2]
    world.list_strikes(first, 1_900, 2_000, 2_050)
    world.list_strikes(second, 2_000)
    world.apply(world.series(first, 2_000, "call"), 11, 3)
    world.apply(world.series(first, 2_050, "put"), 0, 5)
    world.apply(world.series(second, 2_000, "put"), 2, 0)
    kept = world.book.polynomial(second)
    receipt = world.book.close(first, sender=world.desk)
    assert own(world, receipt) == [("ExpiryClosed", {"expiry": first})]
    assert [tuple(p) for p in receipt.value] == [
        (to_wad(1_900), 0, 0, 0, 0, 0, 0),
        (to_wad(2_000), 11, 3, 0, 0, 0, 0),
        (to_wad(2_050), 0, 0, 0, 5, 0, 0),
    ]
    assert world.book.expiries() == (second,)
    assert world.book.strikes(first) == world.book.positions(first) == ()
    assert world.book.polynomial(first) == (0, 0, 0, 0) == world.book.guard(first)
    exposure = world.book.exposure_now()
    assert exposure[:3] == kept[1:]
    assert world.book.gross_lots() == 2
    for method in ("close", "refresh"):
        sender = world.desk
        assert refused(world.book.method(method), first, sender=sender) == "book: expiry not listed"
    for strike in (1_900, 2_000, 2_050):
        assert not world.prepare(world.series(first, strike)).value.is_listed
    world.list_strikes(first, 2_000)
    assert tuple(world.book.positions(first)[0]) == (to_wad(2_000), 0, 0, 0, 0, 0, 0)


def test_delist__strike__must_be_listed_and_empty(world: World) -> None:
    expiry = world.expiries[0]
    world.list_strikes(expiry, 2_000)
    for strike in (1_950, 2_050, 2_000.5, 0):
        args = expiry, to_wad(strike)
        assert refused(world.book.delist_strike, *args, sender=world.desk) == "book: not listed"
    for right in ("call", "put"):
        for args in ((1, 0), (0, 1)):
            world.apply(world.series(expiry, 2_000, right), *args)
            reason = refused(world.book.delist_strike, expiry, 2_000 * WAD, sender=world.desk)
            assert reason == "book: open interest"
            world.apply(world.series(expiry, 2_000, right), *(-x for x in args))
    world.book.delist_strike(expiry, 2_000 * WAD, sender=world.desk)
