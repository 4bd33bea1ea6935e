"""What margin accounts owe without escrow: its value, and the part that LPs cannot take out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ballast.chain import RevmChain, rolled_back
from ballast.model import quoting
from ballast.model.essvi import Slice
from ballast.units import WAD
from tests.market import NANO, outcome, refused
from tests.unit.book.test_value import slack
from tests.unit.book.world import World

SLOAD = 2_100
STRIKES = (1_900, 2_000, 2_050, 2_200)
HOLDINGS = (  # strike, right, written, held, escrowed: lots
    (1_900, "put", 40_000, 30_000, 10_000),
    (2_000, "call", 0, 50_000, 20_000),
    (2_000, "put", 0, 7_000, 7_000),
    (2_050, "call", 90_000, 20_000, 0),
    (2_200, "call", 5_000, 60_000, 59_999),
)
CONTRACTS = sum(held - escrowed for *_, held, escrowed in HOLDINGS) / 10_000


@pytest.fixture
def expiry(world: World) -> int:
    """Listed, and evaluated while nothing is open: its guard holds."""
    found = world.expiries[0]
    world.list_strikes(found, *STRIKES)
    world.book.refresh(found)
    return found


def in_nano(world: World) -> int:
    whole, rest = divmod(world.book.credit(), NANO)
    assert rest == 0
    return int(whole)


def hold(world: World, expiry: int) -> None:
    for strike, right, *lots in HOLDINGS:
        world.apply(world.series(expiry, strike, right), *lots, risk=(0,) * 5)


def truth(world: World, expiry: int, spot: float) -> float:
    """The float model's value of what is held and not escrowed."""
    market = world.market
    left = expiry - market.chain.timestamp
    seen = market.surface.slice(expiry)
    moment = quoting.Moment(spot, Slice(*(x / WAD for x in seen.smile)), left)
    positions = world.book.positions(expiry)
    marks = quoting.mark(moment, np.array([p.strike / WAD for p in positions]))
    calls = np.array([(p.calls_held - p.calls_escrowed) / 10_000 for p in positions])
    puts = np.array([(p.puts_held - p.puts_escrowed) / 10_000 for p in positions])
    return float(calls @ marks.call + puts @ marks.put)


# --- trades


@pytest.mark.parametrize("escrowed", [0, 1, 9, 10])
def test_apply__held_less_escrowed__is_credit(world: World, expiry: int, escrowed: int) -> None:
    world.apply(world.series(expiry), 3, 10, escrowed)
    lots = 10 - escrowed
    assert in_nano(world) == 3 * lots + 5 * lots + 7 * lots // 2
    world.apply(world.series(expiry), 0, 0, -escrowed)
    assert in_nano(world) == 10 * 8 + 35
    world.apply(world.series(expiry), -3, -10, 0)
    assert world.book.credit() == 0


def test_apply__token_trades__leave_it_alone(world: World, expiry: int) -> None:
    world.apply(world.series(expiry), 0, 2)
    before = in_nano(world)
    for written in (5, -3, -2):
        world.apply(world.series(expiry), written)
        assert in_nano(world) == before == 2 * 8 + 7


def test_apply__last_credit_of_an_expiry__takes_the_rest_with_it(world: World, expiry: int) -> None:
    """Bought back at another spot than sold: what differs belongs to nobody's debt."""
    other = world.expiries[1]
    world.list_strikes(other, 2_000)
    world.book.refresh(other)
    world.apply(world.series(other), 0, 2)
    world.apply(world.series(expiry), 0, 5)
    world.apply(world.series(expiry, 2_050, "put"), 0, 5, risk=(90, 0, 0, 0, 0))
    world.apply(world.series(expiry), 0, -5, risk=(1, 1, 1, 1, 1))
    assert in_nano(world) == 5 * 90 + 7 * 8 - 5 * 2 + (7 * 7 - 5) // 2
    world.apply(world.series(expiry, 2_050, "put"), 0, 0, 5, risk=(80, 0, 0, 0, 0))
    assert in_nano(world) == 2 * 8 + 7
    world.apply(world.series(other), 0, -2)
    assert world.book.credit() == 0


def test_credit__polynomial_below_zero__is_nothing(world: World, expiry: int) -> None:
    """Between evaluations errors may add up to less than nothing; the low mark is not raised."""
    before = world.book.appraisal(0)
    world.apply(world.series(expiry), 10, 10, 10, risk=(0,) * 5)
    world.apply(world.series(expiry), 0, 0, -10, risk=(-9, 1, 1, 0, 0))
    assert world.book.credit() == 0
    after = world.book.appraisal(0)
    assert after.value == before.value == 0
    world.apply(world.series(expiry), 0, 0, 10, risk=(-9, 1, 1, 0, 0))
    assert world.book.appraisal(0).width == after.width
    world.book.refresh(expiry)
    assert world.book.credit() == 0


END = 2**63 - 1


@pytest.mark.parametrize("field", range(3))
@pytest.mark.parametrize("sign", [1, -1])
def test_apply__credit_at_the_end_of_its_field__stops_openings_only(
    world: World, expiry: int, field: int, sign: int
) -> None:
    """The book's own polynomial is flat: as much is written. An exit never reverts for either."""
    series, unit = world.series(expiry), [0] * 5
    unit[field] = sign * 2**60
    end = END if sign > 0 else END + 1
    world.apply(series, 7, 7, risk=tuple(unit))
    for over, reason in ((-1, None), (0, None), (1, "book: range")):
        unit[field] = sign * (end - 7 * 2**60 + over)
        args = (1, 1, 0, tuple(unit), 0)
        assert outcome(world.book.apply, series, *args, sender=world.desk) == reason, over
    world.apply(series, 1, 1, 1, risk=tuple(unit))
    args = (0, 0, -1, tuple(unit), 0)  # to take escrow out is to ask for credit
    assert refused(world.book.apply, series, *args, sender=world.desk) == "book: range"
    assert world.book.guard(expiry)[0] > 10**9
    unit[field] = -sign * 2**62
    world.apply(series, -2, -2, risk=tuple(unit))
    assert world.book.guard(expiry)[:2] == (10**9, 0)
    assert world.book.credit() == pytest.approx(truth(world, expiry, 2_000.0) * WAD, rel=1e-6)


# --- evaluations


def test_credit__just_evaluated__is_what_the_positions_are_worth(world: World, expiry: int) -> None:
    """V4: two expiries; what is escrowed and what is written do not count."""
    other = world.expiries[2]
    world.list_strikes(other, *STRIKES)
    hold(world, expiry)
    hold(world, other)
    for listed in (expiry, other):
        world.book.refresh(listed)
    expected = sum(truth(world, listed, 2_000.0) for listed in (expiry, other))
    assert expected > 1_000
    assert world.book.credit() / WAD == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("price", [1_985, 1_995, 2_010, 2_018])
def test_credit__anywhere_in_the_guard__keeps_the_bound_of_its_lots(
    world: World, expiry: int, price: int
) -> None:
    """Each lot that is owed without escrow is off by at most the slack."""
    hold(world, expiry)
    world.book.refresh(expiry)
    low, high, until, _ = world.book.guard(expiry)
    assert low <= price * WAD // 2_000 <= high
    world.market.chain.set_timestamp(until - 60)
    bound = CONTRACTS * slack(world.market, expiry)
    world.market.transmit(price)
    found = world.book.credit() / WAD
    assert abs(found - truth(world, expiry, float(price))) <= bound
    world.book.refresh(expiry)
    assert world.book.credit() / WAD == pytest.approx(truth(world, expiry, float(price)), rel=1e-5)


@pytest.mark.parametrize("price", [1_500, 2_000, 2_600])
def test_appraise__stale_credit__is_what_the_view_gave(
    world: World, expiry: int, price: int
) -> None:
    """Views compute in memory what a flow stores; the second expiry's stays as it is."""
    other = world.expiries[3]
    world.list_strikes(other, *STRIKES)
    hold(world, expiry)
    hold(world, other)
    world.book.refresh(other)
    world.market.chain.set_timestamp(world.book.guard(expiry)[2] + 1)
    world.market.transmit(price)
    view, credit = world.book.appraisal(WAD), world.book.credit()
    assert world.book.appraise(WAD).value == view
    assert world.book.credit() == pytest.approx(credit, rel=1e-6)
    assert credit / WAD == pytest.approx(
        sum(truth(world, e, float(price)) for e in (expiry, other)),
        abs=2 * CONTRACTS * slack(world.market, other),
    )


def test_appraisal__credit__widens_it_by_its_haircut(world: World, expiry: int) -> None:
    """book-and-nav: u takes `credit_haircut` of what is held and not escrowed, at mark."""
    lots = 10_000
    world.apply(world.series(expiry), 0, lots, lots, risk=(0,) * 5)
    world.book.refresh(expiry)
    head = world.book.polynomial(expiry)
    covered = world.book.appraisal(0)
    risk = tuple(x // lots for x in head[:3])
    world.apply(world.series(expiry), 0, 0, -lots, risk=(*risk, 0, 0))
    credit, open_ = world.book.credit(), world.book.appraisal(0)
    haircut = world.market.sheet.mark_terms().credit_haircut
    assert credit > 10 * WAD and haircut > 0
    assert open_.value == covered.value and open_.potential == covered.potential
    assert abs(open_.width - covered.width - credit * haircut // WAD) <= NANO


def test_appraisal__no_credit__reads_no_more(world: World, expiry: int) -> None:
    """One bit of the totals says whether there is any."""
    chain, book = world.market.chain, world.book
    assert isinstance(chain, RevmChain)
    world.apply(world.series(expiry), 0, 10, 10)

    def gas() -> int:
        return chain.execution_gas(book.address, book.appraisal.encode(0))

    covered = gas()
    world.apply(world.series(expiry), 0, 0, -1)
    with_credit = gas()
    world.apply(world.series(expiry), 0, -1, 0)
    assert with_credit >= covered + SLOAD
    assert abs(gas() - covered) < 100


# --- the end


def passed(world: World, expiry: int, spot: int) -> None:
    """One second after expiry, its price known: nothing has followed it."""
    market = world.market
    market.chain.set_timestamp(expiry - 30)
    market.transmit(spot)
    market.chain.set_timestamp(expiry + 1)


def owed(world: World, expiry: int, price: float, field: str) -> tuple[float, float]:
    """Payoff of the calls and of the puts that are written, held or escrowed."""
    positions = world.book.positions(expiry)
    calls = sum(
        getattr(p, f"calls_{field}") / 1e4 * max(price - p.strike / WAD, 0) for p in positions
    )
    puts = sum(
        getattr(p, f"puts_{field}") / 1e4 * max(p.strike / WAD - price, 0) for p in positions
    )
    return calls, puts


@pytest.mark.parametrize("price", [1_850, 2_000, 2_300])
def test_credit__passed_expiry__is_its_payoff(world: World, expiry: int, price: int) -> None:
    """At spot until it is fixed, at the settlement price from then on, whatever spot does."""
    hold(world, expiry)
    world.book.refresh(expiry)
    passed(world, expiry, price)
    held, escrowed = (owed(world, expiry, price, x) for x in ("held", "escrowed"))
    expected = sum(held) - sum(escrowed)
    assert world.book.credit() / WAD == pytest.approx(expected, abs=1e-6)
    world.book.appraise(0)
    assert world.book.credit() / WAD == pytest.approx(expected, abs=1e-6)
    world.market.transmit(price + 150)
    assert refused(world.book.credit) == "book: not fixed"
    world.market.fix(expiry)
    assert world.book.credit() / WAD == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("price", [1_850, 2_300])
def test_refresh__passed_expiry__counts_calls_as_what_pays_them(
    world: World, expiry: int, price: int
) -> None:
    """V18: written calls and their escrow are units of underlying, what is owed is quote."""
    hold(world, expiry)
    passed(world, expiry, price)
    world.book.appraise(0)
    written, held, escrowed = (
        owed(world, expiry, price, x) for x in ("written", "held", "escrowed")
    )
    p, a, b, v = world.book.polynomial(expiry)
    assert b == v == 0
    quote = held[0] - escrowed[0] + held[1] - written[1]
    assert p / NANO == pytest.approx(quote, abs=1e-6)
    units = (escrowed[0] - written[0]) / price
    assert a / NANO == pytest.approx(units * 2_000, abs=1e-6)


def test_close__credit__goes_with_its_expiry(world: World, expiry: int) -> None:
    other = world.expiries[1]
    world.list_strikes(other, 2_000)
    world.book.refresh(other)
    world.apply(world.series(other), 0, 2)
    hold(world, expiry)
    world.book.refresh(expiry)
    assert in_nano(world) > 10**11
    world.book.close(expiry, sender=world.desk)
    assert in_nano(world) == 2 * 8 + 7
    world.book.close(other, sender=world.desk)
    left = world.book.appraisal(0)
    assert world.book.credit() == 0 and left.width == left.potential


# --- signs


@pytest.mark.parametrize("right", ["call", "put"])
@pytest.mark.parametrize(("written", "held"), [(0, 10_000), (10_000, 0)])
def test_refresh__position__moves_as_its_greeks_say(
    world: World, expiry: int, right: str, written: int, held: int
) -> None:
    """Finite differences: held options have the signs of options owned, written ones of owed."""
    world.apply(world.series(expiry, 2_000, right), written, held)
    sign = 1 if held else -1

    def at(price: int, volatility: float | None = None) -> tuple[Any, float]:
        with rolled_back(world.market.chain):
            world.market.transmit(price)
            world.market.found([expiry], volatility)
            world.book.refresh(expiry)
            p, a, b, v = (c / NANO for c in world.book.polynomial(expiry))
            x = price / 2_000
            return (x * (a + b * x), b * x * x, v), p + a * x + b * x * x / 2

    (delta, gamma, vega), middle = at(2_000)
    (_, below), (_, above) = at(1_990), at(2_010)
    (_, calm), (_, wild) = at(2_000, 0.64), at(2_000, 0.66)
    slope, bend = (above - below) / 20 * 2_000, (above - 2 * middle + below) / 100 * 2_000**2
    assert delta == pytest.approx(slope, rel=0.15) and gamma == pytest.approx(bend, rel=0.15)
    assert delta * sign * (1 if right == "call" else -1) > 100
    assert gamma * sign > 100 and vega * sign > 100
    assert (wild - calm) * sign > 0
