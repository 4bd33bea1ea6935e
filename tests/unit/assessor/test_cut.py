"""What a liquidation may do: its size, its bonus, its order, and that there always is one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ballast.model.account import LOTS, Cut
from ballast.model.account import price as priced
from ballast.units import WAD
from tests.unit.assessor.world import Leg, Sampler, World, call, put

ONE = LOTS
LOW, HIGH = 1.05, 1.25
BONUS_MAX = 0.05
UNIT = 1e-9
"""Quote: what a float of a WAD figure loses."""
any_seed = given(st.integers(0, 2**32))
many = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def marks(world: World, legs: list[Leg]) -> list[tuple[float, float]]:
    """Mark and half-spread of each leg."""
    found = priced(world.account(0.0, legs), world.model, world.terms)
    return [(p.mark, p.half_spread) for p in found]


def ask(world: World, legs: list[Leg], index: int) -> float:
    mark, half = marks(world, legs)[index]
    return mark + half


def cash_for(world: World, legs: list[Leg], health: float) -> float:
    """Cash at which the account has this health."""
    found = world.assess(0.0, legs)
    return health * found.maintenance - found.equity


def assert_consistent(
    world: World, cash: float, legs: list[Leg], index: int, price: float, found: Cut
) -> None:
    """`after` is the assessment of the account with less of the leg and less cash, to the wei."""
    raw = world.raw_cut(cash, legs, index, 2**31 - 1 if found.lots == 0 else found.lots, price)
    lots, is_windup, bonus, _, before, after = raw
    if lots == 0:
        assert after == before
        return
    leg, wei = legs[index], cash_wei(world, cash)
    if leg.owed > leg.escrowed:
        each = mark_wei(world, legs, index) if is_windup else wad(price)
        cost = -(-lots * each // LOTS)
        wei = max(wei - cost - (0 if is_windup else bonus), 0)
        leg = replace(leg, owed=leg.owed - lots)
    else:
        wei += lots * bid_wei(world, legs, index) // LOTS
        leg = replace(leg, owned=leg.owned - lots)
    changed = [*legs[:index], leg, *legs[index + 1 :]]
    assert world.assessor.assess(wei, world.words(changed), world.sheet) == after


def wad(amount: float) -> int:
    from tests.unit.assessor.world import _wad

    return _wad(amount)


def cash_wei(world: World, cash: float) -> int:
    return wad(cash)


def mark_wei(world: World, legs: list[Leg], index: int) -> int:
    """The mark, as the contract has it: a contract owed is that much of equity."""
    one = replace(legs[index], owed=ONE, escrowed=0, owned=0)
    return -int(world.assessor.assess(0, world.words([one]), world.sheet)[0])


def bid_wei(world: World, legs: list[Leg], index: int) -> int:
    one = replace(legs[index], owed=0, escrowed=0, owned=ONE)
    return int(world.assessor.assess(0, world.words([one]), world.sheet)[0])


# --- when


@pytest.mark.parametrize(("more", "is_cut"), [(-1, True), (0, False), (1, False)])
def test_cut__health_around_one__equal_is_healthy(world: World, more: int, is_cut: bool) -> None:
    legs = world.words([call(30, 2_000, owed=10 * ONE)])
    found = world.assessor.assess(0, legs, world.sheet)
    cash = found[1] - found[0] + more
    cut = world.assessor.cut(cash, legs, world.sheet, 0, 10 * ONE, 150 * WAD)
    assert (cut[0] > 0) is is_cut
    assert cut[4][0] == cut[4][1] + more


@pytest.mark.parametrize(("index", "lots"), [(1, ONE), (2**255, ONE), (0, 0)])
def test_cut__no_such_leg_or_no_lots__nothing(world: World, index: int, lots: int) -> None:
    found = world.cut(0.0, [call(30, 2_000, owed=ONE)], index, lots, 150.0)
    assert (found.lots, found.bonus, found.is_windup) == (0, 0.0, False)
    assert found.before == found.after


@pytest.mark.parametrize("settlement", [None, 2_500.0])
def test_cut__leg_that_has_expired__nothing(world: World, settlement: float | None) -> None:
    world.passed(0, settlement)
    legs = [call(0, 1_900, owed=ONE), put(0, 2_600, owned=ONE)]
    assert world.cut(0.0, legs, 0, ONE, 150.0).lots == 0
    assert world.cut(0.0, legs, 1, ONE, 150.0).lots == 0


# --- how much


def test_cut__worked_by_hand__one_call(world: World) -> None:
    """Size scales both sides, so health after is a ratio of two lines."""
    legs, price = [call(30, 2_000, owed=10 * ONE)], 155.0
    cash = cash_for(world, legs, 0.9)
    found = world.cut(cash, legs, 0, 2 * ONE, price)
    mark = marks(world, legs)[0][0]
    assert found.lots == 2 * ONE and not found.is_windup
    assert found.bonus == pytest.approx(BONUS_MAX * 2 * price, abs=UNIT)
    assert found.after.maintenance == pytest.approx(0.8 * found.before.maintenance, abs=1e-8)
    expected = found.before.equity - 2 * (price - mark) - found.bonus
    assert found.after.equity == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("health", [0.3, 0.6, 0.9, 0.97, 0.999])
def test_cut__asked_for_everything__ends_in_the_band(world: World, health: float) -> None:
    legs = [put(30, 1_500, owed=2 * ONE), call(30, 2_000, owed=50 * ONE)]
    price = ask(world, legs, 1)
    found = world.cut(cash_for(world, legs, health), legs, 1, 50 * ONE, price)
    assert 0 < found.lots < 50 * ONE
    assert LOW <= found.after.health <= HIGH


@any_seed
@many
def test_cut__any_account__obeys_every_bound(world: World, seed: int) -> None:
    """Band or less, bonus bounded, health up unless it is the costliest, `after` to the wei."""
    sampler = Sampler(seed)
    r = sampler.random
    sampler.market(world)
    legs = sampler.legs()
    if not any(leg.owed > leg.escrowed for leg in legs):
        legs[0] = replace(legs[0], owed=5 * ONE, escrowed=0, owned=0)
    cash = max(cash_for(world, legs, r.uniform(0.0, 1.1)), 0.0)
    index = r.randrange(len(legs))
    mark, half = marks(world, legs)[index]
    price = mark + half * r.uniform(-0.5, 3.0)
    price = max(price, 0.0)
    asked = r.choice((1, 50, 10**4, 2**31 - 1))
    found = world.cut(cash, legs, index, asked, price)
    assert_consistent(world, cash, legs, index, price, found)
    assert found.lots <= asked
    if found.lots == 0:
        assert found.bonus == 0.0
        return
    leg = legs[index]
    if leg.owed == leg.escrowed:
        assert found.lots <= leg.owned and found.bonus == 0.0 and not found.is_windup
        return
    rest = leg.owed - leg.escrowed - found.lots
    assert rest >= 0 and found.before.health < 1.0
    if found.is_windup:
        reward = min(50.0, BONUS_MAX * found.lots / LOTS * mark)
        assert found.bonus == (pytest.approx(reward, abs=UNIT) if rest == 0 else 0.0)
        assert found.to_fund == 0.0
        return
    assert found.to_fund == pytest.approx(0.2 * found.bonus, abs=UNIT)
    paid = found.lots / LOTS * price
    rate = min(BONUS_MAX, 1.0 - found.before.health)
    assert 0.0 <= found.bonus <= rate * paid + UNIT
    assert found.after.equity >= -UNIT
    was, now = health_wei(world, cash, legs, index, asked, price)
    assert now >= was or index == found.before.costliest
    if now <= was:
        assert found.bonus == 0.0
    assert found.after.health <= HIGH or rest == 0 or is_coarse(world, found, rest)
    assert rest == 0 or rest >= 100


def health_wei(
    world: World, cash: float, legs: list[Leg], index: int, asked: int, price: float
) -> tuple[float, float]:
    """Before and after in the contract's own numbers: floats do not see a bonus' last step."""
    raw = world.raw_cut(cash, legs, index, asked, price)
    was, now = (x[0] * WAD // x[1] if x[1] else math.inf for x in raw[4:6])
    return was, now


def is_coarse(world: World, found: Cut, rest: int) -> bool:
    """One lot is wider than the band, or `dust` was left where more was not asked for."""
    return found.lots <= 100 or rest == 100


def assert_same_cut(
    world: World, cash: float, legs: list[Leg], index: int, asked: int, price: float
) -> None:
    found = world.cut(cash, legs, index, asked, price)
    model = world.modelled_cut(cash, legs, index, asked, price)
    assert found.is_windup == model.is_windup
    assert (found.lots == 0) == (model.lots == 0)
    if LOW <= found.after.health <= HIGH and LOW <= model.after.health <= HIGH:
        return  # both searched, each in its own way
    assert abs(found.lots - model.lots) <= 1
    gross = sum(leg.owed + leg.owned for leg in legs) / LOTS * world.spot
    assert found.bonus == pytest.approx(model.bonus, abs=1e-9 * gross + price / LOTS)


@any_seed
@many
def test_cut__any_account__is_the_models(world: World, seed: int) -> None:
    sampler = Sampler(seed)
    r = sampler.random
    sampler.market(world)
    legs = sampler.legs()
    cash = float(int(max(cash_for(world, legs, r.uniform(-0.5, 1.1)), 0.0)))
    index = r.randrange(len(legs))
    mark, half = marks(world, legs)[index]
    price = float(math.ceil(mark + half * r.uniform(0.0, 3.0)))
    asked = r.choice((1, 500, 10**4, 2**31 - 1))
    assert_same_cut(world, cash, legs, index, asked, price)


@any_seed
@many
def test_cut__any_account_with_expiries_that_have_passed__is_the_models(
    world: World, seed: int
) -> None:
    """What expired pays first, and a call of it in underlying."""
    sampler = Sampler(seed)
    r = sampler.random
    sampler.market(world)
    world.passed(-1, settlement=round(world.spot * r.uniform(0.5, 1.5), 2))
    world.passed(0)
    legs = sampler.legs(days=(-1, 0, 7, 90))
    cash = float(int(max(cash_for(world, legs, r.uniform(-0.5, 1.1)), 0.0) * r.random()))
    index = r.randrange(len(legs))
    mark, half = marks(world, legs)[index]
    price = float(math.ceil(mark + half * r.uniform(0.0, 3.0)))
    asked = r.choice((1, 500, 10**4, 2**31 - 1))
    assert_same_cut(world, cash, legs, index, asked, price)


# --- dust


@pytest.mark.parametrize(
    ("asked", "closed"), [(899, 899), (900, 900), (901, 900), (999, 900), (1_000, 1_000)]
)
def test_cut__what_would_stay_is_dust__stays_whole_or_goes(
    world: World, asked: int, closed: int
) -> None:
    """A leg of 1,000 lots of an account that stays below its band: 100 may stay, 99 may not."""
    legs = [call(30, 2_000, owed=1_000), call(90, 2_000, owed=90 * ONE)]
    found = world.cut(cash_for(world, legs, 0.8), legs, 0, asked, ask(world, legs, 0))
    assert found.lots == closed


@pytest.mark.parametrize(("asked", "closed"), [(1, 0), (98, 0), (99, 99), (100, 99)])
def test_cut__leg_is_dust__only_whole(world: World, asked: int, closed: int) -> None:
    legs = [call(30, 2_000, owed=99), call(90, 2_000, owed=90 * ONE)]
    found = world.cut(cash_for(world, legs, 0.8), legs, 0, asked, ask(world, legs, 0))
    assert found.lots == closed


def test_cut__single_small_leg__closes_whole_above_the_band(world: World) -> None:
    legs = [call(30, 2_000, owed=120)]
    found = world.cut(cash_for(world, legs, 0.9), legs, 0, 120, ask(world, legs, 0))
    assert (found.lots, found.after.maintenance) == (120, 0.0)


# --- what must not be


def test_cut__leg_that_hedges_the_others__is_not_closed_first(world: World) -> None:
    """A short put under short calls gains where they lose."""
    legs = [call(30, 2_000, owed=20 * ONE), put(30, 2_000, owed=ONE)]
    cash = cash_for(world, legs, 0.95)
    found = world.cut(cash, legs, 1, ONE, ask(world, legs, 1) * 3)
    assert found.before.costliest == 0
    assert found.lots == 0
    assert world.cut(cash, legs, 0, ONE, ask(world, legs, 0)).lots == ONE


@pytest.mark.parametrize("over", [0.0, 1.0, 5.0, 20.0])
def test_cut__price_far_over_the_mark__takes_no_more_than_equity(world: World, over: float) -> None:
    legs = [call(30, 2_000, owed=10 * ONE)]
    mark, half = marks(world, legs)[0]
    found = world.cut(cash_for(world, legs, 0.5), legs, 0, 10 * ONE, mark + half * over)
    assert found.lots > 0
    assert found.after.equity >= 0.0
    assert found.bonus <= found.before.equity


@pytest.mark.parametrize("health", [0.2, 0.96, 0.99])
def test_cut__own_account__bonus_is_its_own_equity(world: World, health: float) -> None:
    """What the caller gets is what the account loses beyond the price of the trade."""
    legs, price = [put(30, 1_900, owed=10 * ONE)], 140.0
    found = world.cut(cash_for(world, legs, health), legs, 0, ONE, price)
    lost = found.before.equity - found.after.equity
    assert found.bonus <= min(BONUS_MAX, 1 - health) * price + UNIT
    assert lost == pytest.approx(found.bonus + price - marks(world, legs)[0][0], abs=1e-7)


# --- windup


@pytest.mark.parametrize(("more", "is_windup"), [(-1, True), (0, False), (1, False)])
def test_cut__equity_around_the_cost_of_closing__below_is_wound_up(
    world: World, more: int, is_windup: bool
) -> None:
    legs = world.words([call(30, 2_000, owed=10 * ONE)])
    found = world.assessor.assess(0, legs, world.sheet)
    cash = found[3] - found[0] + more
    price = mark_wei(world, [call(30, 2_000, owed=ONE)], 0)
    cut = world.assessor.cut(cash, legs, world.sheet, 0, 10 * ONE, price)
    assert cut[0] > 0
    assert cut[1] is is_windup
    assert (cut[3] == 0) is is_windup


@pytest.mark.parametrize("spot", [1.0, 1.5])
def test_cut__account_that_loses_nothing__is_bought_back_between_its_closing_and_a_half_more(
    world: World, spot: float
) -> None:
    """0.4 to 0.6 of 2,000: else a grain of a half-spread would have it wound up at the mark."""
    world.set_spot(2_000 * spot)
    legs = world.words([call(30, 50_000, owned=ONE), call(30, 51_000, owed=ONE)])
    found = world.assessor.assess(0, legs, world.sheet)
    closing, maintenance = found[3], found[1]
    assert (found[0], maintenance) == (0, 3 * closing // 2)
    seen = []
    for cash in (closing - 1, closing, maintenance - 1, maintenance):
        cut = world.assessor.cut(cash, legs, world.sheet, 1, ONE, closing // 2)
        seen.append((cut[0] > 0, cut[1]))
    assert seen == [(True, True), (True, False), (True, False), (False, False)]


@pytest.mark.parametrize("owed", [1, 100, 5 * ONE, 100 * ONE])
def test_cut__windup_that_ends_the_leg__rewards_no_more_than_a_bonus_would_be(
    world: World, owed: int
) -> None:
    legs = [call(30, 2_000, owed=owed)]
    mark = marks(world, legs)[0][0]
    reward = pytest.approx(min(50.0, BONUS_MAX * owed / LOTS * mark), abs=UNIT)
    for asked in (owed, owed + 1, 2**31 - 1):
        found = world.cut(0.0, legs, 0, asked, mark)
        assert (found.lots, found.is_windup, found.bonus) == (owed, True, reward)


@pytest.mark.parametrize("asked", [1, 100, 90 * ONE, 100 * ONE - 1])
def test_cut__windup_that_leaves_something__rewards_nothing(world: World, asked: int) -> None:
    """Or a windup in slices would earn its reward as often as there are slices."""
    legs = [call(30, 2_000, owed=100 * ONE)]
    found = world.cut(0.0, legs, 0, asked, 150.0)
    assert (found.lots, found.is_windup, found.bonus) == (asked, True, 0.0)


@pytest.mark.parametrize(("asked", "is_last"), [(4 * ONE - 1, False), (4 * ONE, True)])
def test_cut__windup_of_a_leg_partly_escrowed__ends_with_what_is_not(
    world: World, asked: int, is_last: bool
) -> None:
    legs = [call(30, 2_000, owed=10 * ONE, escrowed=6 * ONE)]
    mark = marks(world, legs)[0][0]
    found = world.cut(0.0, legs, 0, asked, mark)
    assert (found.lots, found.is_windup) == (asked, True)
    assert found.bonus == (pytest.approx(BONUS_MAX * 4 * mark, abs=UNIT) if is_last else 0.0)


def test_cut__windup_that_cash_ends_early__rewards_nothing(world: World) -> None:
    """Options owned are sold first, so no more is wound up than cash pays for."""
    legs = condor()
    mark = marks(world, legs)[1][0]
    found = world.cut(2 * mark, legs, 1, 10 * ONE, 10**6)
    assert (found.is_windup, found.bonus) == (True, 0.0)
    assert 2 * ONE - 1 <= found.lots <= 2 * ONE


def test_cut__insolvent__is_wound_up_at_the_mark(world: World) -> None:
    legs = [call(30, 2_000, owed=10 * ONE)]
    mark = marks(world, legs)[0][0]
    found = world.cut(5 * mark, legs, 0, 4 * ONE, 10 * mark)
    assert (found.lots, found.is_windup, found.to_fund) == (4 * ONE, True, 0.0)
    assert found.bonus == 0.0
    assert found.after.equity == pytest.approx(mark - 6 * mark, abs=1e-7)
    rest = world.cut(0.0, [replace(legs[0], owed=6 * ONE)], 0, 10 * ONE, 10 * mark)
    assert (rest.lots, rest.after.equity) == (6 * ONE, 0.0)
    assert rest.bonus == pytest.approx(min(50.0, BONUS_MAX * 6 * mark), abs=UNIT)


# --- options owned


def condor(lots: int = 10 * ONE) -> list[Leg]:
    return [put(30, 1_600, owned=lots), put(30, 1_800, owed=lots)]


def test_cut__cash_pays__no_option_owned_is_sold(world: World) -> None:
    legs = [call(30, 2_200, owned=ONE), call(90, 2_000, owed=10 * ONE)]
    cash = cash_for(world, legs, 0.9)
    assert world.cut(cash, legs, 0, ONE).lots == 0
    assert world.cut(cash, legs, 1, ONE, ask(world, legs, 1)).lots == ONE


@pytest.mark.parametrize("lacking", [-1.0, 0.0, 1.0, 25.0])
def test_cut__cash_is_lacking__sells_what_is_lacking(world: World, lacking: float) -> None:
    """Cash short of marks and closing by so much; cover is sold once cash pays for nothing more."""
    legs = [put(7, 2_600, owned=10 * ONE), call(90, 2_000, owed=10 * ONE)]
    before = world.assess(0.0, legs)
    mark = marks(world, legs)[1][0]
    cash = 10 * mark + before.closing - lacking
    assert world.assess(cash, legs).health < 1.0
    bid = before.sellable / 10
    found = world.cut(cash, legs, 0, 10 * ONE)
    wanted = max(math.ceil(lacking / bid * LOTS), 0)
    is_cover = found.after.maintenance > found.before.maintenance
    assert abs(found.lots - wanted) <= 1 or (found.lots == 0 and not is_cover)


def test_cut__cash_pays_for_the_short__its_cover_is_not_sold_first(world: World) -> None:
    """Else a liquidator would strip the account and take the larger bonus."""
    legs = condor()
    marked = marks(world, legs)
    for share, sold in ((0.5, False), (0.01, False), (0.0, True)):
        cash = share * 10 * marked[1][0]
        before = world.assess(cash, legs)
        assert before.health < 1.0
        assert (world.cut(cash, legs, 0, 10 * ONE).lots > 0) is sold
        assert (world.cut(cash, legs, 1, 10 * ONE, ask(world, legs, 1)).lots > 0) is not sold


def test_cut__short_leg_without_cash_over_options_worth_something__waits_for_their_sale(
    world: World,
) -> None:
    legs = condor()
    assert world.cut(0.0, legs, 1, 10 * ONE, ask(world, legs, 1)).lots == 0


@pytest.mark.parametrize(("owned", "waits"), [(1, False), (30 * ONE, True)])
def test_cut__dust_of_an_option_owned__delays_nothing(
    world: World, owned: int, waits: bool
) -> None:
    """Options worth less than the reward of a windup, 50 here, are not waited for."""
    legs = [put(30, 1_600, owned=owned), put(30, 1_800, owed=50 * ONE)]
    found = world.cut(0.0, legs, 1, 10 * ONE, ask(world, legs, 1))
    assert (found.lots == 0) is waits
    assert found.is_windup is not waits


def test_cut__healthy_but_cash_does_not_pay_what_is_due__sells_for_that_alone(
    world: World,
) -> None:
    world.passed(0, 2_100.0)
    legs = [call(0, 2_000, owed=ONE), call(30, 1_000, owned=10 * ONE)]
    found = world.cut(40.0, legs, 1, 10 * ONE)
    assert found.before.health == math.inf or found.before.health >= 1.0
    bid = found.before.sellable / 10
    assert found.lots == math.ceil((100 - 40) / bid * LOTS)
    assert world.cut(100.0, legs, 1, 10 * ONE).lots == 0
    assert world.cut(40.0, legs, 0, ONE, 100.0).lots == 0


@pytest.mark.parametrize(("strike", "lacking"), [(2_160, 40), (2_199, 1), (2_200, 0), (2_201, 0)])
def test_cut__healthy_and_what_expired_pays_a_part__sells_for_the_rest(
    world: World, strike: int, lacking: int
) -> None:
    """A call owes 100; a put of the same expiry pays for it before anything is sold."""
    world.passed(0, 2_100.0)
    legs = [call(0, 2_000, owed=ONE), put(0, strike, owned=ONE), call(30, 1_000, owned=10 * ONE)]
    found = world.cut(0.0, legs, 2, 10 * ONE)
    assert found.before.health >= 1.0
    assert found.lots == math.ceil(lacking / (found.before.sellable / 10) * LOTS)
    model = world.modelled_cut(0.0, legs, 2, 10 * ONE, 0.0)
    assert abs(found.lots - model.lots) <= 1


@pytest.mark.parametrize(("spot", "lacking"), [(2_100.0, 0.0), (2_000.0, 5.0), (1_050.0, 52.5)])
def test_cut__what_expired_is_a_call__pays_with_its_underlying_at_spot(
    world: World, spot: float, lacking: float
) -> None:
    """105 at the fixing; 100 and 52.5 by now, of 105 that are due."""
    world.set_spot(spot)
    world.passed(0, 2_100.0)
    legs = [call(0, 1_995, owned=ONE), put(0, 2_205, owed=ONE), call(30, 500, owned=10 * ONE)]
    found = world.cut(0.0, legs, 2, 10 * ONE)
    assert found.before.health >= 1.0
    assert found.lots == math.ceil(lacking / (found.before.sellable / 10) * LOTS)


@pytest.mark.parametrize("settlement", [None, 2_000.0])
@pytest.mark.parametrize(("expired", "lacking"), [(0, 30), (29, 1), (30, 0), (31, 0)])
def test_cut__unhealthy_and_what_expired_pays_a_part__sells_for_the_rest(
    world: World, settlement: float | None, expired: int, lacking: int
) -> None:
    """Cash lacks 30 for marks and closing, which what expired pays for, to the wei."""
    world.passed(0, settlement)
    legs = [put(0, 2_000 + expired, owned=ONE), put(7, 2_600, owned=10 * ONE),
            call(90, 2_000, owed=20 * ONE)]  # fmt: skip
    words = world.words(legs)
    _, _, _, closing, sellable, *_ = world.assessor.assess(0, words, world.sheet)
    cash = 20 * mark_wei(world, legs, 2) + closing - 30 * WAD
    sold, _, _, _, before, _ = world.assessor.cut(cash, words, world.sheet, 1, 10 * ONE, 0)
    assert before[0] < before[1]
    assert sold == -(-lacking * WAD * LOTS // (sellable // 10))


def test_cut__escrowed_leg_with_options_owned__is_sold_not_bought_back(world: World) -> None:
    legs = [
        call(30, 1_800, owed=ONE, escrowed=ONE, owned=5 * ONE),
        put(30, 2_600, owed=10 * ONE),
    ]
    found = world.cut(0.0, legs, 0, 5 * ONE)
    assert found.before.health < 1.0
    assert 0 < found.lots <= 5 * ONE


@any_seed
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cut__any_unhealthy_account_that_owes__something_can_be_done(
    world: World, seed: int
) -> None:
    """No state in which nothing can be closed, at whatever price the desk asks, one lot or all."""
    sampler = Sampler(seed)
    r = sampler.random
    sampler.market(world)
    legs = sampler.legs()
    if not any(leg.owed > leg.escrowed for leg in legs):
        legs[-1] = replace(legs[-1], owed=r.choice((1, 5, 10**5)), escrowed=0, owned=0)
    cash = max(cash_for(world, legs, r.uniform(-1.0, 0.999)), 0.0) * r.choice((0.0, 0.01, 1.0))
    if world.assess(cash, legs).health >= 1.0:
        return
    found = []
    for index, (mark, half) in enumerate(marks(world, legs)):
        price = mark + half * r.choice((0.0, 1.0, 2.0, 10.0))
        found.append(world.cut(cash, legs, index, 2**31 - 1, price).lots)
    assert any(found), (cash, legs)


def test_cut__sequence_of_calls__ends_healthy_or_closed(world: World) -> None:
    """A liquidator who does what may be done next: cover sold only once cash is gone."""
    legs: list[Leg] = [*condor(), call(30, 2_100, owed=3 * ONE), call(90, 2_500, owned=8 * ONE)]
    cash, calls = 150.0, 0
    while world.assess(cash, legs).health < 1.0 and any(x.owed for x in legs):
        cash, legs = step(world, cash, legs)
        calls += 1
        assert calls < 40
    assert world.assess(cash, legs).equity >= 0.0


def step(world: World, cash: float, legs: list[Leg]) -> tuple[float, list[Leg]]:
    marked = marks(world, legs)
    for index, leg in enumerate(legs):
        if not leg.owed and not leg.owned:
            continue
        mark, half = marked[index]
        found: Any = world.cut(cash, legs, index, 2**31 - 1, mark + half)
        if found.lots:
            size = found.lots / LOTS
            changed = replace(leg, owed=leg.owed - found.lots) if leg.owed else replace(
                leg, owned=leg.owned - found.lots
            )  # fmt: skip
            paid = size * (mark if found.is_windup else mark + half) + found.bonus
            moved = -paid if leg.owed else size * (mark - half)
            return max(cash + moved, 0.0), [*legs[:index], changed, *legs[index + 1 :]]
    raise AssertionError("nothing can be done")
