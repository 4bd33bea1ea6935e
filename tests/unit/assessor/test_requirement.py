"""What an account must be worth: by hand, at the edges, and against the attacks on offsets."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import pytest

from ballast.chain import Reverted, compile_contract
from ballast.model.account import LOTS, grid_losses, most_loss, price
from ballast.units import DAY, WAD, YEAR
from tests.unit.assessor.world import NOBODY, SPOT, Leg, World, call, put

ONE = LOTS
"""A contract in lots."""
NEAR = 1e-7
"""Quote: what a figure worked by hand in floats may differ by."""


def black(spot: float, strike: float, deviation: float) -> tuple[float, float]:
    """Call and put without carry, from the textbook."""
    if deviation == 0.0:
        return max(spot - strike, 0.0), max(strike - spot, 0.0)
    d1 = math.log(spot / strike) / deviation + deviation / 2
    n = NormalDist().cdf
    value = spot * n(d1) - strike * n(d1 - deviation)
    return value, value - spot + strike


def deviation(world: World, days: int, vol: float = 0.65) -> float:
    """sigma sqrt(tau) as of now; slices of the harness keep their variance."""
    tau = world.model.tenors[world.expiry(days)].seconds
    return math.sqrt(world.model.tenors[world.expiry(days)].smile.theta) if tau else vol


def assert_modelled(world: World, legs: list[Leg]) -> None:
    found, model = world.assess(0.0, legs), world.modelled(0.0, legs)
    assert found.maintenance == pytest.approx(model.maintenance, abs=NEAR)


# --- worked by hand


def test_assess__naked_call__is_the_far_rise_and_the_floor(world: World) -> None:
    v = deviation(world, 30)
    tau = world.model.tenors[world.expiry(30)].seconds
    up = 1 + 0.60 * (30 * DAY / tau) ** 0.30
    mark = black(SPOT, 2_000, v)[0]
    losses = {m: black(SPOT * (1 + m), 2_000, v * up)[0] - mark for m in (0.25, 0.60)}
    worst = max(losses[0.25], 0.75 * losses[0.60])
    assert worst == 0.75 * losses[0.60]
    found = world.assess(1_000.0, [call(30, 2_000, owed=ONE)])
    assert found.maintenance == pytest.approx(worst + 0.02 * SPOT, abs=NEAR)
    assert found.initial == pytest.approx(1.25 * found.maintenance, abs=NEAR)
    assert found.equity == pytest.approx(1_000 - mark, abs=NEAR)
    assert (found.costliest, found.sellable, found.due) == (0, 0.0, 0.0)


def test_assess__naked_call__closing_is_two_half_spreads(world: World) -> None:
    v = deviation(world, 30)
    d1, tau = v / 2, world.model.tenors[world.expiry(30)].seconds
    vega = SPOT * NormalDist().pdf(d1) * math.sqrt(tau / YEAR)
    half = 0.01 * vega + 0.001 * SPOT * NormalDist().cdf(d1)
    found = world.assess(0.0, [call(30, 2_000, owed=3 * ONE)])
    assert found.closing == pytest.approx(3 * 2 * half, abs=NEAR)
    owned = world.assess(0.0, [call(30, 2_000, owned=3 * ONE)])
    mark = black(SPOT, 2_000, v)[0]
    assert owned.equity == owned.sellable == pytest.approx(3 * (mark - half), abs=NEAR)


def test_assess__option_worth_less_than_its_half_spread__counts_nothing(world: World) -> None:
    found = world.assess(7.0, [call(1, 4_000, owned=ONE)])
    assert (found.equity, found.sellable) == (7.0, 0.0)


@pytest.mark.parametrize("cash", [0.0, 5.0, 2.0**150])
def test_assess__no_legs__is_the_cash_and_needs_no_price(world: World, cash: float) -> None:
    world.market.set_spot(0, 0)
    found = world.assess(cash, [])
    assert (found.equity, found.maintenance, found.initial) == (cash, 0.0, 0.0)
    assert (found.closing, found.due, found.costliest) == (0.0, 0.0, NOBODY)


def test_assess__two_sources_disagree__the_first_counts(world: World) -> None:
    legs = [put(30, 1_900, owed=ONE), call(30, 2_000, owed=ONE)]
    world.set_spot(SPOT, SPOT * 1.02)
    found, model = world.assess(0.0, legs), world.modelled(0.0, legs)
    assert found.equity == pytest.approx(model.equity, abs=NEAR)
    assert found.maintenance == pytest.approx(model.maintenance, abs=NEAR)


@pytest.mark.parametrize(("days", "reason"), [(30, "oracle: stale"), (3, "surface: not listed")])
def test_assess__market_cannot_be_read__says_what_the_market_says(
    world: World, days: int, reason: str
) -> None:
    if days == 30:
        world.market.set_spot(0, 0)
    with pytest.raises(Reverted) as refused:
        world.assess(0.0, [call(days, 2_000, owed=ONE)])
    assert refused.value.reason == reason


@pytest.mark.parametrize("which", [0, 1])
def test_init__without_a_contract__refuses(world: World, which: int) -> None:
    arguments = [world.market.address] * 2
    arguments[which] = world.chain.accounts[3]
    with pytest.raises(Reverted) as refused:
        world.chain.deploy(compile_contract("Assessor"), *arguments)
    assert refused.value.reason == "assessor: not a contract"


# --- time


def test_assess__long_that_dies_tomorrow_under_a_short_of_ninety_days__covers_nothing(
    world: World,
) -> None:
    short = call(90, 2_000, owed=ONE)
    alone = world.assess(0.0, [short]).maintenance
    tomorrow = world.assess(0.0, [call(1, 2_000, owned=ONE), short]).maintenance
    same = world.assess(0.0, [call(90, 1_950, owned=ONE), short]).maintenance
    longer = world.assess(0.0, [call(30, 2_000, owed=ONE), call(90, 2_000, owned=ONE)]).maintenance
    assert tomorrow == pytest.approx(alone, abs=NEAR)
    assert same < 0.10 * alone
    assert longer < 0.45 * world.assess(0.0, [call(30, 2_000, owed=ONE)]).maintenance


def test_assess__gain_of_a_later_expiry__pays_for_earlier_ones_once(world: World) -> None:
    """One long of ninety days covers one of two earlier shorts, and what is left goes on."""
    far = call(90, 2_000, owned=ONE)
    one = world.assess(0.0, [call(30, 2_000, owed=ONE), far]).maintenance
    two = [call(2, 2_000, owed=ONE), call(30, 2_000, owed=ONE), far]
    assert world.assess(0.0, two).maintenance > one + 0.30 * SPOT
    assert_modelled(world, two)


def test_assess__calendar__the_short_that_dies_first_is_covered_but_for_its_floor(
    world: World,
) -> None:
    """Naked in its own expiry, so the floor counts; the grid offsets."""
    legs = [call(30, 2_000, owed=ONE), call(90, 2_000, owned=ONE)]
    found = world.assess(0.0, legs)
    assert found.maintenance > 0.02 * SPOT
    assert_modelled(world, legs)
    reverse = [call(30, 2_000, owned=ONE), call(90, 2_000, owed=ONE)]
    alone = world.assess(0.0, [call(90, 2_000, owed=ONE)]).maintenance
    assert world.assess(0.0, reverse).maintenance >= alone


# --- near expiry


def test_assess__short_butterfly_between_nodes__needs_its_loss_at_expiry(world: World) -> None:
    legs = [call(1, 2_080, owed=ONE), call(1, 2_120, owned=2 * ONE), call(1, 2_160, owed=ONE)]
    v = deviation(world, 1)
    marks = [black(SPOT, strike, v)[0] for strike in (2_080, 2_120, 2_160)]
    credit = marks[0] - 2 * marks[1] + marks[2]
    priced = price(world.account(0.0, legs), world.model, world.terms)
    assert grid_losses(priced, world.terms).max() < 0.35 * (40 - credit)
    assert world.assess(0.0, legs).maintenance == pytest.approx(40 - credit, abs=NEAR)


@pytest.mark.parametrize(("seconds", "counts"), [(-1, True), (0, True), (1, False)])
def test_assess__fourteen_days_left__inclusive(world: World, seconds: int, counts: bool) -> None:
    """The loss at expiry counts up to the sheet's time and no farther."""
    world.wait_until(world.expiry(30) - 14 * DAY - seconds)
    legs = [call(30, 2_080, owed=ONE), call(30, 2_120, owned=2 * ONE), call(30, 2_160, owed=ONE)]
    value = sum(p.leg.net * p.mark for p in price(world.account(0, legs), world.model, world.terms))
    found = world.assess(0.0, legs).maintenance
    assert (found == pytest.approx(40 + value, abs=NEAR)) is counts
    assert_modelled(world, legs)


def test_assess__losses_at_expiry__of_two_expiries_add(world: World) -> None:
    near = [call(1, 2_080, owed=ONE), call(1, 2_120, owned=2 * ONE), call(1, 2_160, owed=ONE)]
    next_ = [call(2, 2_080, owed=ONE), call(2, 2_120, owned=2 * ONE), call(2, 2_160, owed=ONE)]
    both = world.assess(0.0, near + next_).maintenance
    each = [world.assess(0.0, legs).maintenance for legs in (near, next_)]
    assert both == pytest.approx(sum(each), abs=NEAR)


# --- spreads


def steep(world: World) -> list[Leg]:
    """A vertical whose smile, far up its wing, a rise of volatility turns into arbitrage."""
    theta = 9.0 * 90 / 365
    world.smile(90, 3.0, 0.95, 0.99 * 2.0 * math.sqrt(theta * 1.95) / 1.95)
    return [put(90, 5_000, owned=ONE), put(90, 5_200, owed=ONE)]


def beside_a_naked_call(world: World, legs: list[Leg]) -> float:
    """What legs add to a naked call's far rise: alone their closing may be more and hide it."""
    naked_call = call(30, 2_000, owed=ONE)
    alone = world.assess(0.0, [naked_call]).maintenance
    return (world.assess(0.0, [naked_call, *legs]).maintenance - alone) / 0.75


def test_assess__vertical_under_a_steep_smile__loses_no_more_than_it_can(world: World) -> None:
    legs = steep(world)
    priced = price(world.account(0.0, legs), world.model, world.terms)
    most = most_loss(priced)
    assert most == pytest.approx(200 + sum(p.leg.net * p.mark for p in priced), abs=NEAR)
    assert -sum(p.leg.net * p.gains for p in priced)[9] > 5 * most, "no cap: no test"
    assert beside_a_naked_call(world, legs) == pytest.approx(most, abs=NEAR)


def test_assess__vertical_with_one_lot_naked__has_no_cap(world: World) -> None:
    legs = steep(world)
    naked = [legs[0], replace(legs[1], owed=ONE + 1)]
    most = beside_a_naked_call(world, legs)
    assert beside_a_naked_call(world, naked) > 5 * most + 0.02 * SPOT / LOTS
    assert_modelled(world, [call(30, 2_000, owed=ONE), *naked])


@pytest.mark.parametrize("carry", [-0.4, 0.0, 0.4])
def test_assess__vertical_with_carry__can_lose_its_width_today(world: World, carry: float) -> None:
    """What may be lost at expiry counts what it is worth today, more than itself included."""
    steep(world)
    smile = world.tenors[world.expiry(90)].smile
    world.smile(90, 3.0, smile.rho, smile.psi, carry)
    legs = [put(90, 5_000, owned=ONE), put(90, 5_200, owed=ONE)]
    priced = price(world.account(0.0, legs), world.model, world.terms)
    width = 200 * priced[0].tenor.discount
    most = max(width + sum(p.leg.net * p.mark for p in priced), 0.0)
    assert beside_a_naked_call(world, legs) == pytest.approx(most, abs=NEAR)


def test_assess__iron_condor__needs_at_most_both_wings(world: World) -> None:
    legs = [put(30, 1_600, owned=ONE), put(30, 1_700, owed=ONE),
            call(30, 2_300, owed=ONE), call(30, 2_400, owned=ONE)]  # fmt: skip
    value = sum(p.leg.net * p.mark for p in price(world.account(0, legs), world.model, world.terms))
    found = world.assess(0.0, legs).maintenance
    assert 0 < found <= 200 + value
    assert found < 0.1 * world.assess(0.0, [legs[1], legs[2]]).maintenance
    assert_modelled(world, legs)


def test_assess__put_does_not_cover_a_call(world: World) -> None:
    legs = [call(30, 2_000, owed=ONE), put(30, 2_000, owned=5 * ONE)]
    alone = world.assess(0.0, legs[:1]).maintenance
    assert world.assess(0.0, legs).maintenance > 0.02 * SPOT
    assert world.assess(0.0, legs).maintenance < alone + 5 * SPOT
    assert_modelled(world, legs)


@pytest.mark.parametrize(
    ("owed", "lots"),
    [(ONE - 1, 0), (ONE, 0), (ONE + 1, 1), (ONE + 152, 152), (ONE + 153, 153), (ONE + 154, 154)],
)
def test_assess__naked_floor__counts_lots_beyond_those_owned(
    world: World, owed: int, lots: int
) -> None:
    """Far out of the money only floors are left: 40 a contract naked, 0.60 a contract owed."""
    legs = [call(30, 50_000, owned=ONE), call(30, 51_000, owed=owed)]
    found = world.assess(0.0, legs).maintenance
    floors = (0.02 * SPOT * lots / LOTS, 1.5 * 2 * 1e-4 * SPOT * owed / LOTS)
    assert (floors[0] > floors[1]) is (lots >= 153)
    assert found == pytest.approx(max(floors), abs=1e-6)


# --- what closing costs, and who ends it


@pytest.mark.parametrize("lots", [1, 3, ONE - 1, ONE, 10**6])
def test_assess__account_that_loses_nothing__needs_its_closing_and_a_half(
    world: World, lots: int
) -> None:
    """0.2 is the half-spread of an option that is worth nothing, to the wei and up."""
    legs = world.words([call(30, 50_000, owned=lots), call(30, 51_000, owed=lots)])
    _, maintenance, initial, closing, *_ = world.assessor.assess(0, legs, world.sheet)
    half = WAD // 5
    assert closing == -(-2 * half * lots // LOTS)
    assert maintenance == -(-3 * half * lots // LOTS)
    assert initial == max(-(-maintenance * 125 // 100), 50 * WAD)


def test_assess__grid_needs_more_than_closing__the_larger_counts_and_not_the_sum(
    world: World,
) -> None:
    naked_call = call(30, 2_000, owed=ONE)
    alone = world.assess(0.0, [naked_call])
    assert alone.maintenance > 1.5 * alone.closing
    spread = [call(30, 50_000, owned=ONE), call(30, 51_000, owed=ONE)]
    both = world.assess(0.0, [naked_call, *spread])
    assert both.closing == pytest.approx(alone.closing + 0.4, abs=NEAR)
    assert both.maintenance == pytest.approx(alone.maintenance, abs=1e-6)


def test_assess__what_expired_or_is_escrowed__needs_no_closing(world: World) -> None:
    world.passed(0)
    expired = [call(0, 50_000, owned=ONE), call(0, 51_000, owed=ONE)]
    escrowed = [call(30, 50_000, owed=ONE, escrowed=ONE)]
    for legs in (expired, escrowed):
        found = world.assess(0.0, legs)
        assert (found.closing, found.maintenance, found.initial) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("more", "is_floor"), [(-1, True), (0, True), (1, False)])
def test_assess__small_account__initial_is_at_least_the_reward_of_a_windup(
    world: World, more: int, is_floor: bool
) -> None:
    """50 here: the largest naked call whose scaled requirement is below it, and its neighbours."""
    whole = world.assess(0.0, [call(30, 2_000, owed=ONE)]).maintenance
    lots = int(50 / (1.25 * whole) * LOTS) + more
    found = world.assess(0.0, [call(30, 2_000, owed=lots)])
    scaled = 1.25 * whole * lots / LOTS
    assert (scaled <= 50) is is_floor
    assert found.maintenance == pytest.approx(whole * lots / LOTS, abs=NEAR)
    assert found.initial == (50.0 if is_floor else pytest.approx(scaled, abs=NEAR))


@pytest.mark.parametrize(
    ("legs", "least"),
    [
        ([], 0.0),
        ([put(30, 1_800, owed=ONE, escrowed=ONE)], 0.0),
        ([put(30, 1_800, owed=ONE, escrowed=ONE - 1)], 50.0),
        ([put(30, 1_800, owed=1)], 50.0),
        ([put(30, 1_800, owned=1)], 50.0),
    ],
    ids=["nothing", "escrowed", "escrowed but for a lot", "a lot owed", "a lot owned"],
)
def test_assess__anything_required__initial_is_the_reward(
    world: World, legs: list[Leg], least: float
) -> None:
    found = world.assess(0.0, legs)
    assert (found.maintenance > 0.0) is (least > 0.0)
    assert found.initial == least


@pytest.mark.parametrize("other", [SPOT * 0.99, SPOT, SPOT * 1.01])
def test_assess__spot__is_the_first_sources_and_none_without_legs(
    world: World, other: float
) -> None:
    world.set_spot(SPOT, other)
    assert world.assess(0.0, [call(30, 2_000, owned=1)]).spot == SPOT
    assert world.assess(7.0, []).spot == 0.0


# --- escrow


@pytest.mark.parametrize("escrowed", [0, 1, ONE - 1, ONE])
def test_assess__escrowed_lots__count_nowhere(world: World, escrowed: int) -> None:
    with_escrow = [put(30, 1_800, owed=ONE), call(30, 2_000, owed=ONE, escrowed=escrowed)]
    without = [put(30, 1_800, owed=ONE), call(30, 2_000, owed=ONE - escrowed)]
    assert world.assess(9.0, with_escrow) == world.assess(9.0, without)


def test_assess__everything_escrowed__needs_nothing(world: World) -> None:
    found = world.assess(9.0, [call(1, 2_000, owed=ONE, escrowed=ONE)])
    assert (found.equity, found.maintenance, found.closing) == (9.0, 0.0, 0.0)
    assert found.costliest == NOBODY


# --- after expiry


def test_assess__expired_and_not_fixed__is_its_payoff_at_spot_and_still_moves(
    world: World,
) -> None:
    world.passed(0)
    found = world.assess(500.0, [call(0, 1_900, owed=ONE)])
    assert (found.equity, found.due, found.closing) == (400.0, 100.0, 0.0)
    assert found.maintenance == pytest.approx(0.75 * 0.60 * SPOT + 0.02 * SPOT, abs=NEAR)
    assert found.costliest == NOBODY


@pytest.mark.parametrize(("settlement", "due"), [(1_899.0, 0.0), (1_900.0, 0.0), (1_901.0, 1.0)])
def test_assess__expired_and_fixed__nothing_moves_it(
    world: World, settlement: float, due: float
) -> None:
    world.passed(0, settlement)
    found = world.assess(500.0, [call(0, 1_900, owed=ONE)])
    assert (found.equity, found.due) == (500.0 - due, due)
    assert (found.maintenance, found.closing, found.costliest) == (0.0, 0.0, NOBODY)
    assert found.initial == 0.0


def test_assess__expired_option_owned__counts_its_payoff_and_cannot_be_sold(world: World) -> None:
    world.passed(0, 2_000.0)
    found = world.assess(0.0, [call(0, 1_900, owned=ONE), put(0, 1_900, owned=ONE)])
    assert (found.equity, found.sellable, found.maintenance) == (100.0, 0.0, 0.0)


@pytest.mark.parametrize("spot", [1, 1_000, 1_999, 2_000, 2_001, 10**6])
def test_assess__fixed_call_that_is_owned__counts_its_underlying_at_spot_at_most(
    world: World, spot: int
) -> None:
    """It pays payoff over fixing in underlying, worth less by now perhaps: to the wei, down."""
    world.set_spot(float(spot))
    world.passed(0, 2_000.0)
    legs = world.words([call(0, 1_900, owned=3)])
    mark = 100 * WAD * min(spot, 2_000) // 2_000
    assert world.assessor.assess(0, legs, world.sheet)[0] == 3 * mark // LOTS


@pytest.mark.parametrize("spot", [1_000.0, 1_999.0, 2_000.0, 2_001.0])
def test_assess__other_legs_of_a_fixed_expiry__count_their_payoff_wherever_spot_is(
    world: World, spot: float
) -> None:
    """A put pays in quote; what is owed is owed in full."""
    world.set_spot(spot)
    world.passed(0, 2_000.0)
    assert world.assess(0.0, [put(0, 2_100, owned=ONE)]).equity == 100.0
    owed = world.assess(0.0, [call(0, 1_900, owed=ONE)])
    assert (owed.equity, owed.due) == (-100.0, 100.0)
    assert world.assess(0.0, [put(0, 2_100, owed=ONE)]).due == 100.0


@pytest.mark.parametrize("strike", [1_999, 2_000, 2_001])
def test_assess__call_that_is_owned_and_not_fixed__counts_its_payoff_at_spot(
    world: World, strike: int
) -> None:
    world.passed(0)
    assert world.assess(0.0, [call(0, strike, owned=ONE)]).equity == max(2_000.0 - strike, 0.0)


def test_assess__spread_of_a_fixed_expiry__what_is_owned_falls_with_spot(world: World) -> None:
    """150 in underlying over 100 in quote: at half the fixing it is 75, and 25 are lacking."""
    world.passed(0, 2_000.0)
    legs = [call(0, 1_850, owned=ONE), call(0, 1_900, owed=ONE)]
    assert world.assess(0.0, legs).equity == 50.0
    world.set_spot(1_000.0)
    found = world.assess(0.0, legs)
    assert (found.equity, found.due, found.maintenance) == (-25.0, 100.0, 0.0)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_assess__around_expiry__payoff_from_its_second_on(world: World, seconds: int) -> None:
    world.wait_until(world.expiry(1) + seconds)
    found = world.assess(0.0, [call(1, 1_900, owed=ONE)])
    assert (found.due == 100.0) is (seconds >= 0)
    assert (found.closing == 0.0) is (seconds >= 0)


# --- rounding


@pytest.mark.parametrize("lots", [1, 3, 7, 9_999])
def test_assess__odd_lots__round_against_the_account(world: World, lots: int) -> None:
    legs = world.words([call(30, 2_003, owed=lots), put(30, 1_777, owned=lots)])
    found = world.assessor.assess(0, legs, world.sheet)
    whole = world.words([call(30, 2_003, owed=lots * LOTS), put(30, 1_777, owned=lots * LOTS)])
    exact = world.assessor.assess(0, whole, world.sheet)
    equity, maintenance, initial, closing, sellable, due, costliest, spot = found
    assert equity * LOTS <= exact[0] < (equity + 1) * LOTS
    assert (maintenance - 2) * LOTS < exact[1] <= maintenance * LOTS
    assert (closing - 1) * LOTS < exact[3] <= closing * LOTS
    assert sellable * LOTS <= exact[4] < (sellable + 1) * LOTS
    assert initial == max(-(-maintenance * 125 // 100), 50 * WAD)
    assert (due, costliest, spot) == (0, 0, 2_000 * WAD)
