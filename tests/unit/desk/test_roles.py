"""Who may do what, and how little that is: owner, guardian, keeper, stranger."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import Reverted, RevmChain, compile_contract, rolled_back
from ballast.market.local import LocalMarket, Terms
from ballast.market.sheet import SheetNumbers
from ballast.series import listable_expiries
from ballast.units import WAD, to_wad
from tests.market import (
    HOUR,
    NOBODY,
    at_start,
    outcome,
    refused,
    renew,
    sum_of_heads,
    told,
    totals_of,
)

ROLES = ("owner", "guardian", "keeper", "stranger", "lp", "liquidator")
GRAIN = 10**12
STEP = 2 * 10**16


def wads(*strikes: float) -> list[int]:
    return [to_wad(strike) for strike in strikes]


def test_roles__each_method__is_for_its_role_alone(market: LocalMarket, expiry: int) -> None:
    """H1, H4, V20."""
    someone = market.who("other")
    allowed = {
        "list_strikes": ("keeper", "desk: not the keeper", (expiry, [])),
        "delist_strikes": ("keeper", "desk: not the keeper", (expiry, [])),
        "raise_caution": ("guardian", "desk: not the guardian", (1,)),
        "lower_caution": ("owner", "desk: not the owner", (0,)),
        "set_guardian": ("owner", "desk: not the owner", (someone,)),
        "set_keeper": ("owner", "desk: not the owner", (someone,)),
        "set_sheet": ("owner", "desk: not the owner", (someone,)),
    }
    for method, (role, reason, args) in allowed.items():
        for name in ROLES:
            found = outcome(market.desk.method(method), *args, sender=market.who(name))
            assert (found == reason) == (name != role), (method, name, found)


@pytest.mark.parametrize(
    ("role", "event"), [("guardian", "GuardianChanged"), ("keeper", "KeeperChanged")]
)
def test_set_role__somebody_else__takes_over(market: LocalMarket, role: str, event: str) -> None:
    other, setter = market.who("other"), market.desk.method(f"set_{role}")
    assert refused(setter, NOBODY, sender=market.who("owner")) == "desk: zero address"
    receipt = setter(other, sender=market.who("owner"))
    assert told(market, receipt) == [(f"desk.{event}", {role: other})]
    assert market.desk.method(role)() == other
    method = {"guardian": "raise_caution", "keeper": "delist_strikes"}[role]
    args = {"guardian": (1,), "keeper": (market.now_expiries[0], [])}[role]
    assert outcome(market.desk.method(method), *args, sender=other) is None
    assert outcome(market.desk.method(method), *args, sender=market.who(role)) is not None


# --- caution


def test_caution__guardian_raises_and_owner_lowers__one_way_each(market: LocalMarket) -> None:
    """H4: a guardian can only make the vault more careful."""
    guardian, owner = market.who("guardian"), market.who("owner")
    raise_, lower = market.desk.raise_caution, market.desk.lower_caution
    for level in range(4):
        for other in range(6):
            up = None if level < other < 4 else "desk: caution only rises"
            assert outcome(raise_, other, sender=guardian) == up
            down = None if other < level else "desk: caution only falls"
            assert outcome(lower, other, sender=owner) == down
        if level < 3:
            receipt = raise_(level + 1, sender=guardian)
            assert told(market, receipt) == [("desk.CautionChanged", {"level": level + 1})]
    receipt = lower(1, sender=owner)
    assert told(market, receipt) == [("desk.CautionChanged", {"level": 1})]
    assert market.desk.caution() == 1


def test_caution__nothing_else_in_the_word_moves(market: LocalMarket) -> None:
    before = market.desk.sheet(), market.desk.nav_ref()
    market.desk.raise_caution(3, sender=market.who("guardian"))
    assert (market.desk.sheet(), market.desk.nav_ref()) == before


def test_poke_caution__anyone__gives_the_level_in_force(market: LocalMarket) -> None:
    assert market.desk.pokeCaution(sender=market.who("stranger")).value == 0
    market.desk.raise_caution(1, sender=market.who("guardian"))
    assert market.desk.pokeCaution(sender=market.who("stranger")).value == 1
    market.deposit_underlying("lp", 600)
    market.chain.advance(24 * HOUR)
    market.transmit(2_000)
    assert market.desk.pokeCaution().value == 1
    renew(market, market.chain.timestamp + 120, 1_450)
    assert market.desk.pokeCaution(sender=market.who("stranger")).value == 2
    assert market.desk.caution() == 2


# --- the reference NAV


def test_sync__first__is_for_keeper_or_owner() -> None:
    """A stranger could have deposited for one block."""
    market = LocalMarket.open(RevmChain())
    sync = market.desk.syncNav
    assert refused(sync, sender=market.who("keeper")) == "desk: nothing to sync"
    market.deposit("lp", 1_000_000)
    assert refused(sync, sender=market.who("stranger")) == "desk: keeper raises the nav"
    assert refused(sync, sender=market.who("guardian")) == "desk: keeper raises the nav"
    for role in ("keeper", "owner"):
        with rolled_back(market.chain):
            low = market.vault.nav()[1]
            receipt = sync(sender=market.who(role))
            nav_ref = low // GRAIN * GRAIN
            assert market.desk.nav_ref() == nav_ref
            assert told(market, receipt) == [("desk.NavSynced", {"nav_ref": nav_ref})]
            assert receipt.value == nav_ref


@pytest.mark.parametrize("early", [1, 0, -1])
def test_sync__again__an_hour_later_by_anyone(market: LocalMarket, early: int) -> None:
    market.chain.advance(HOUR)
    market.transmit(2_000)
    market.desk.syncNav()
    synced_at = market.chain.timestamp - 1
    market.chain.set_timestamp(synced_at + HOUR - 30)
    market.transmit(2_000)
    market.chain.set_timestamp(synced_at + HOUR - early)
    expected = "desk: synced already" if early > 0 else None
    assert outcome(market.desk.syncNav, sender=market.who("stranger")) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [(0.0, 1.0), (0.019, 1.019), (0.02, 1.02), (0.021, 1.02), (5.0, 1.02)],
)
def test_sync__upward__by_two_per_cent_at_most(change: float, expected: float) -> None:
    market = LocalMarket.open(RevmChain())
    market.supply(1_000_000)
    before = market.desk.nav_ref()
    market.deposit("lp", int(1_000_000 * change))
    after = _synced(market)
    low = market.vault.nav()[1]
    assert after == min(low, before + before * STEP // WAD + 1) // GRAIN * GRAIN
    assert after / before == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "expected"), [(0.019, 0.981), (0.021, 0.98), (0.9, 0.98), (1.0, 0.98)]
)
def test_sync__downward__by_two_per_cent_at_most(change: float, expected: float) -> None:
    """The limits of a vault that was emptied shrink slowly, and never to nothing at once."""
    market = LocalMarket.open(RevmChain())
    market.supply(1_000_000)
    before, lp = market.desk.nav_ref(), market.who("lp")
    shares = market.vault.balanceOf(lp)
    market.vault.redeem(shares * round(1_000 * change) // 1_000, lp, lp, sender=lp)
    after = _synced(market)
    assert after / before == pytest.approx(expected, rel=1e-6)
    assert after >= before - before * STEP // WAD - 1 - GRAIN


def test_sync__flash_deposit__moves_limits_by_nothing_within_the_hour(market: LocalMarket) -> None:
    """A5: L never depends on live NAV, and the reference not on one block."""
    before = market.desk.nav_ref()
    market.deposit("other", 50_000_000)
    assert refused(market.desk.syncNav) == "desk: synced already"
    assert market.desk.nav_ref() == before


def _synced(market: LocalMarket) -> int:
    market.chain.advance(HOUR)
    market.transmit(2_000)
    before = market.desk.nav_ref()
    is_up = market.vault.nav()[1] // GRAIN * GRAIN > before
    if is_up:
        call = market.desk.syncNav
        assert refused(call, sender=market.who("stranger")) == "desk: keeper raises the nav"
    receipt = market.desk.syncNav(sender=market.who("keeper" if is_up else "stranger"))
    assert market.desk.nav_ref() == receipt.value
    assert told(market, receipt) == [("desk.NavSynced", {"nav_ref": receipt.value})]
    return int(receipt.value)


# --- the sheet


def test_set_sheet__one_that_follows__is_the_desks_and_the_books(market: LocalMarket) -> None:
    """H1, H2."""
    old = SheetNumbers.for_nav(1_000_000 * WAD)
    new = _sheet(market, old.changed(b_delta=old["b_delta"] * 5 // 4), market.desk.sheet())
    call = market.series(market.now_expiries[1], 2_000)
    before = market.desk.quote(call, 10_000)
    config = market.desk.nav_ref(), market.desk.caution()
    receipt = market.desk.set_sheet(new, sender=market.who("owner"))
    assert told(market, receipt) == [
        ("desk.SheetChanged", {"sheet": new.address}),
        ("book.SheetChanged", {"sheet": new.address}),
    ]
    assert market.desk.sheet() == market.book.sheet() == new.address
    assert (market.desk.nav_ref(), market.desk.caution()) == config
    assert market.desk.quote(call, 10_000).spread > before.spread


def test_set_sheet__one_that_follows_another__is_refused(market: LocalMarket) -> None:
    numbers = SheetNumbers.for_nav(1_000_000 * WAD)
    owner = market.who("owner")
    loose = _sheet(market, numbers, NOBODY)
    assert refused(market.desk.set_sheet, loose, sender=owner) == "desk: sheet does not follow"
    next_ = _sheet(market, numbers, market.desk.sheet())
    after = _sheet(market, numbers, next_.address)
    assert refused(market.desk.set_sheet, after, sender=owner) == "desk: sheet does not follow"
    market.desk.set_sheet(next_, sender=owner)
    assert refused(market.desk.set_sheet, next_, sender=owner) == "desk: sheet does not follow"
    market.desk.set_sheet(after, sender=owner)


def _sheet(market: LocalMarket, numbers: SheetNumbers, previous: str) -> Any:
    return market.chain.deploy(compile_contract("RiskSheet"), *numbers.as_args(previous))


# --- listing


def test_list__strikes__open_on_the_grid(market: LocalMarket, expiry: int) -> None:
    before = market.book.strikes(expiry)
    receipt = market.list_strikes(expiry, [1_950, 2_050])
    assert told(market, receipt) == [
        ("book.StrikeListed", {"expiry": expiry, "strike": strike}) for strike in wads(1_950, 2_050)
    ]
    assert market.book.strikes(expiry) == (*before, *wads(1_950, 2_050))
    receipt = market.desk.delist_strikes(expiry, wads(1_950), sender=market.who("keeper"))
    assert told(market, receipt) == [
        ("book.StrikeDelisted", {"expiry": expiry, "strike": wads(1_950)[0]})
    ]
    assert market.book.strikes(expiry) == (*before, *wads(2_050))


@pytest.mark.parametrize(
    ("strike", "reason"),
    [
        (2_000, "book: listed already"),
        (2_025, "book: grid"),
        (0, "series: strike"),
        (2**120 // WAD + 1, "series: strike"),
        (600, "desk: strike outside window"),
        (6_000, "desk: strike outside window"),
    ],
)
def test_list__strike__is_refused(
    market: LocalMarket, expiry: int, strike: int, reason: str
) -> None:
    """D11."""
    args = expiry, [strike * WAD]
    assert refused(market.desk.list_strikes, *args, sender=market.who("keeper")) == reason


def test_list__window__is_of_the_call_or_the_put(market: LocalMarket, expiry: int) -> None:
    """A strike at which either right lies in the window of |delta|, as the kernel says."""
    bounds = market.sheet.trade_terms().limits
    keeper, seen = market.who("keeper"), set()
    for strike in range(1_000, 4_000, 50):
        if to_wad(strike) in market.book.strikes(expiry):
            continue
        delta = market.quoter.delta(_snapshot(market, expiry), to_wad(strike), False)
        inside = any(bounds.delta_min <= abs(d) <= bounds.delta_max for d in (delta, delta - WAD))
        found = outcome(market.desk.list_strikes, expiry, wads(strike), sender=keeper)
        assert found == (None if inside else "desk: strike outside window"), (strike, delta)
        seen.add(inside)
    assert seen == {True, False}


def _snapshot(market: LocalMarket, expiry: int) -> tuple[Any, ...]:
    spot, at = market.oracle.spot()[:2]
    now = market.surface.slice(expiry)
    smile = tuple(now.smile)
    head = (market.chain.timestamp, spot, spot, at, smile, now.carry, now.discount, now.tau)
    return (*head, now.posted_at, now.version)


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_list__cutoff__is_that_of_openings(market: LocalMarket, expiry: int, late: int) -> None:
    """C6, D11."""
    renew(market, expiry - 12 * HOUR + late)
    found = outcome(market.desk.list_strikes, expiry, wads(1_950), sender=market.who("keeper"))
    assert found == ("desk: past cutoff" if late > 0 else None)


@pytest.mark.parametrize("age", [HOUR, HOUR + 1])
def test_list__old_slice__is_refused(market: LocalMarket, expiry: int, age: int) -> None:
    posted_at = market.surface.slice(expiry).posted_at
    market.chain.set_timestamp(posted_at + HOUR - 60)
    market.transmit(2_000)
    market.chain.set_timestamp(posted_at + age)
    found = outcome(market.desk.list_strikes, expiry, wads(1_950), sender=market.who("keeper"))
    assert found == ("desk: surface too old" if age > HOUR else None)


def test_list__expiry_that_is_not_on_the_surface__is_refused(market: LocalMarket) -> None:
    """D11."""
    unknown = listable_expiries(market.chain.timestamp)[0]
    keeper = market.who("keeper")
    for expiry, reason in ((unknown, "surface: not listed"), (unknown + 1, "surface: not listed")):
        market.chain.set_timestamp(market.chain.timestamp)
        early = "desk: past cutoff" if expiry < market.chain.timestamp + 12 * HOUR else reason
        assert refused(market.desk.list_strikes, expiry, wads(2_000), sender=keeper) == early


def test_list__twenty_fifth_strike__is_refused() -> None:
    """D7: at most 24 strikes, whatever the keeper asks for."""
    with at_start(Terms(grid=10)) as market:
        expiry, keeper = market.now_expiries[3], market.who("keeper")
        left = 24 - len(market.book.strikes(expiry))
        market.list_strikes(
            expiry, [2_010 + 10 * i for i in range(left) if 2_010 + 10 * i != 2_100]
        )
        more = 24 - len(market.book.strikes(expiry))
        market.list_strikes(expiry, [1_910 + 10 * i for i in range(more)])
        assert len(market.book.strikes(expiry)) == 24
        assert refused(market.desk.list_strikes, expiry, wads(2_390), sender=keeper) == "book: full"


@pytest.mark.parametrize(("steps", "reason"), [(511, None), (512, "book: strike too far")])
def test_list__strike_window__is_a_thousand_steps(steps: int, reason: str | None) -> None:
    """On a grid of a quote token: 511 steps above a first strike at a multiple of 64."""
    with at_start(Terms(grid=1, strikes=(1_983,))) as market:
        expiry, keeper = market.now_expiries[3], market.who("keeper")
        assert (1_983 - 511) % 64 == 0
        found = outcome(market.desk.list_strikes, expiry, wads(1_983 + steps), sender=keeper)
        assert found == reason
        below = outcome(market.desk.list_strikes, expiry, wads(1_983 - steps), sender=keeper)
        assert below == reason


def test_delist__open_interest__is_refused(market: LocalMarket, expiry: int) -> None:
    """H2: nothing that is open can be taken off."""
    keeper = market.who("keeper")
    market.buy("trader", market.series(expiry, 2_000, "put"), "0.0001")
    delist = market.desk.delist_strikes
    assert refused(delist, expiry, wads(2_000), sender=keeper) == "book: open interest"
    assert refused(delist, expiry, wads(1_950), sender=keeper) == "book: not listed"
    assert refused(delist, expiry, wads(2_025), sender=keeper) == "book: not listed"
    market.sell("trader", market.series(expiry, 2_000, "put"), "0.0001")
    assert outcome(delist, expiry, wads(2_000), sender=keeper) is None


def test_delist__last_strike__takes_the_expiry_off_the_totals(market: LocalMarket) -> None:
    """V16: what trades at different spots leave in a polynomial goes with it."""
    expiry = market.now_expiries[1]
    call = market.series(expiry, 2_000)
    market.buy("trader", call, 1)
    market.transmit(2_005)
    market.sell("trader", call, 1)
    assert totals_of(market) == sum_of_heads(market) != (0, 0, 0)
    strikes = list(market.book.strikes(expiry))
    market.desk.delist_strikes(expiry, strikes, sender=market.who("keeper"))
    assert expiry not in market.book.expiries()
    assert totals_of(market) == sum_of_heads(market) == (0, 0, 0)
    assert market.book.polynomial(expiry) == (0, 0, 0, 0)


# --- the constructor


def _desk(market: LocalMarket, **changed: Any) -> Any:
    who = market.who
    parts = ("oracle", "surface", "quoter", "book", "vault", "token", "margin", "sheet")
    args: dict[str, Any] = {role: who(role) for role in ("owner", "guardian", "keeper")}
    args |= {name: market.deployment[name] for name in parts}
    args |= changed
    return market.chain.deploy(compile_contract("Desk"), *args.values())


def test_constructor__parts_of_a_market__are_bound(market: LocalMarket) -> None:
    desk = _desk(market)
    for name in ("oracle", "surface", "quoter", "book", "vault", "token", "margin"):
        assert desk.method(name.upper())() == market.deployment[name].address
    assert desk.OWNER() == market.who("owner")
    assert desk.sheet() == market.sheet.address
    assert (desk.nav_ref(), desk.caution()) == (0, 0)
    events = [(e.name, dict(e.args)) for e in desk.receipt.events]
    assert events == [
        ("GuardianChanged", {"guardian": market.who("guardian")}),
        ("KeeperChanged", {"keeper": market.who("keeper")}),
        ("SheetChanged", {"sheet": market.sheet.address}),
    ]


@pytest.mark.parametrize("role", ["owner", "guardian", "keeper", "margin"])
def test_constructor__nobody_in_a_role__is_refused(market: LocalMarket, role: str) -> None:
    assert _constructing(market, **{role: NOBODY}) == "desk: zero address"


def test_constructor__sheet_that_is_not_the_books__is_refused(market: LocalMarket) -> None:
    other = _sheet(market, SheetNumbers.for_nav(1_000_000 * WAD), NOBODY)
    assert _constructing(market, sheet=other) == "desk: sheet of the book"


@pytest.mark.parametrize(("decimals", "grain"), [(6, 10**16), (8, 10**14), (18, 10**4)])
def test_constructor__grid__is_whole_assets_a_lot(decimals: int, grain: int) -> None:
    """A lot's strike is a whole number of assets, else cover would not add up."""
    with at_start(Terms(quote_decimals=decimals)) as market:
        for grid, reason in ((grain, None), (grain // 2, "desk: grid"), (grain + 1, "desk: grid")):
            book = _book(market, grid)
            assert _constructing(market, book=book) == reason


def _book(market: LocalMarket, grid: int) -> Any:
    names = ("desk", "vault", "oracle", "surface", "valuer")
    args = [market.deployment[name] for name in names]
    return market.chain.deploy(compile_contract("Book"), *args, 2_000 * WAD, grid, market.sheet)


@pytest.mark.parametrize(("decimals", "reason"), [(5, "desk: decimals"), (19, "desk: decimals")])
def test_constructor__decimals_of_a_token__are_six_to_eighteen(
    market: LocalMarket, decimals: int, reason: str
) -> None:
    """F7. The vault refuses them too, so a stub stands for it."""
    token = market.chain.deploy(compile_contract("MockUsdc"), "T", "T", decimals)
    stub = market.chain.deploy(compile_contract("tests/harness/VaultStub.vy"), token, token)
    assert _constructing(market, vault=stub) == reason


def _constructing(market: LocalMarket, **changed: Any) -> str | None:
    try:
        _desk(market, **changed)
    except Reverted as refusal:
        return refusal.reason
    return None
