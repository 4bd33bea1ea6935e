"""What the surface says: scaling, forwards, volatilities, the index, and that it always answers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flint import arb

from ballast.model.essvi import Slice
from ballast.model.normal import cdf
from ballast.units import DAY, WAD, YEAR
from tests.math import reference as ref
from tests.math.bytecode import deployed
from tests.unit.surface.test_post import outcome, same, standing
from tests.unit.surface.world import (
    CARRY_GRAIN,
    HOUR,
    PSI_GRAIN,
    RHO_GRAIN,
    Held,
    Limits,
    Post,
    World,
    at_vol,
    grained,
    term_structure,
)

MATH = Path(__file__).resolve().parents[3] / "contracts" / "math"
SPOT = 2_000 * WAD


def stated(module: str, function: str) -> list[float]:
    """The numbers in the `@custom:error` of a function."""
    text = (MATH / f"{module}.vy").read_text()
    body = text[text.index(f"def {function}(") :]
    line = re.search(r"@custom:error (.*)", body)
    assert line is not None
    return [float(number) for number in re.findall(r"\d[\d.]*(?:e-\d+)?", line[1])]


def real(smile: Sequence[int]) -> Slice:
    theta, rho, psi = smile
    return Slice(theta / WAD, rho / WAD, psi / WAD)


# --- slice


@pytest.mark.parametrize("later", [0, 1, 59, HOUR, 10 * DAY])
def test_slice__as_time_passes__scales_as_a_whole_rounded_down(later: int) -> None:
    world = World()
    post, at = at_vol(world.expiries()[4], world.now, carry=-0.07), world.now
    world.found(post)
    world.chain.advance(later)
    snapshot = world.surface.slice(post.expiry)
    assert tuple(snapshot.smile) == Held(post, at).smile(world.now)
    assert snapshot.carry == post.carry
    assert snapshot.tau == post.expiry - world.now
    assert (snapshot.posted_at, snapshot.version) == (at, 1)


@pytest.mark.parametrize("step", [-1, 0, 1, 10**9])
def test_slice__at_expiry_and_after__is_worth_nothing_and_answers(step: int) -> None:
    world = World()
    post, at = at_vol(world.expiries()[0], world.now), world.now
    world.found(post)
    world.chain.set_timestamp(post.expiry + step)
    snapshot = world.surface.slice(post.expiry)
    assert tuple(snapshot.smile) == Held(post, at).smile(world.now)
    assert (snapshot.smile.theta == 0) == (step >= 0)
    assert snapshot.tau == max(0, -step)
    if step >= 0:
        assert snapshot.discount == WAD
        assert world.surface.forward(post.expiry, SPOT) == (SPOT, WAD)
        assert world.surface.vol(post.expiry, SPOT, SPOT) == 0
    assert world.surface.age(post.expiry) == world.now - at
    assert world.surface.room(post.expiry) == world.limits.capacity * 10**12


def test_slice__after_the_expiry_was_dropped__still_answers() -> None:
    world, held = standing(place=0)
    world.chain.set_timestamp(held.post.expiry)
    world.surface.drop()
    assert list(world.surface.expiries()) == []
    assert world.smile(held.post.expiry) == (0, held.post.rho, 0)


@pytest.mark.parametrize("view", ["slice", "age", "room", "forward", "vol"])
@pytest.mark.parametrize("expiry", [0, 1, 1_767_340_800, 2**256 - 1])
def test_views__expiry_never_listed__are_refused(view: str, expiry: int) -> None:
    world, _ = standing()
    more = {"forward": (SPOT,), "vol": (SPOT, SPOT)}.get(view, ())
    call = world.surface.method(view)
    assert outcome(lambda: call(expiry, *more)) == "surface: not listed"


@pytest.mark.parametrize("theta", [6 * 10**8, 2**64 - 1])
@pytest.mark.parametrize("rho", [-WAD + RHO_GRAIN, -RHO_GRAIN, 0, RHO_GRAIN, WAD - RHO_GRAIN])
@pytest.mark.parametrize("carry", [-(10**18), -CARRY_GRAIN, 0, CARRY_GRAIN, 10**18])
@pytest.mark.parametrize("psi", [PSI_GRAIN, 4 * WAD])
def test_word__extreme_fields__come_back_as_they_went_in(
    theta: int, rho: int, psi: int, carry: int
) -> None:
    """No field leaks into its neighbours, at the ends of each range."""
    harness = deployed("SurfaceMath")
    for level, at in ((0, 0), (2**20 - 1, 2**32 - 1), (0, 2**32 - 1), (2**20 - 1, 0)):
        word = harness.pack((theta, rho, psi), carry, level, at)
        assert 0 < word < 2**256
        assert harness.unpack(word, at + 1) == ((theta, rho, psi), carry, level, at)


# --- forward and discount


def _carries(count: int) -> list[tuple[int, int]]:
    """Carry and seconds, within half a logarithm."""
    random = np.random.default_rng(71)
    rows = [(0, 0), (0, 1), (WAD, 1), (-WAD, 1), (WAD, YEAR // 2), (-WAD, YEAR // 2)]
    while len(rows) < count:
        tau = int(2 ** random.uniform(0, 26))
        limit = min(WAD, WAD // 2 * YEAR // tau)
        carry = int(random.uniform(-1, 1) * limit) // CARRY_GRAIN * CARRY_GRAIN
        rows.append((carry, tau))
    return rows


def test_discount__carry_and_time__keeps_its_stated_error() -> None:
    bound, harness = stated("carry", "_discount")[0], deployed("SurfaceMath")
    worst = arb(0)
    for carry, tau in _carries(4_000):
        truth = (-ref.ratio(carry, WAD) * ref.ratio(tau, YEAR)).exp()
        error = truth - ref.ratio(harness.discount(carry, tau), WAD)
        assert abs(error) < bound, (carry, tau)
        worst = max(worst, error, key=lambda e: float(e.mid()))
    assert worst > bound / 2


def test_forward__times_discount__is_spot_to_one_wei() -> None:
    harness, random = deployed("SurfaceMath"), np.random.default_rng(72)
    for carry, tau in _carries(4_000):
        spot = int(2 ** random.uniform(10, 127))
        discount = harness.discount(carry, tau)
        forward = harness.forward(spot, discount)
        assert abs(forward * discount - spot * WAD) <= WAD, (carry, tau, spot)
        assert abs(2 * (forward * discount - spot * WAD)) <= discount


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_forward__spot_at_its_bound__is_refused_past_it(step: int) -> None:
    world, held = standing()
    spot = 2**127 - 1 + step
    expected = "surface: spot" if step > 0 else "accepted"
    assert outcome(lambda: world.surface.forward(held.post.expiry, spot)) == expected
    assert outcome(lambda: world.surface.vol(held.post.expiry, SPOT, spot)) == (
        "surface: spot" if step > 0 else "surface: strike"
    )


def test_forward__against_the_float_model__agrees() -> None:
    world, held = standing()
    tau = (held.post.expiry - world.now) / YEAR
    forward, discount = world.surface.forward(held.post.expiry, SPOT)
    growth = math.exp(held.post.carry / WAD * tau)
    assert forward / SPOT == pytest.approx(growth, rel=1e-15)
    assert discount / WAD == pytest.approx(1 / growth, rel=1e-15)


# --- vol


@pytest.mark.parametrize("place", [0, 4, 7])
def test_vol__across_strikes__agrees_with_the_float_model(place: int) -> None:
    world, held = standing(place=place)
    tau = (held.post.expiry - world.now) / YEAR
    smile, carry = real(world.smile(held.post.expiry)), held.post.carry / WAD
    for factor in (1 / 31, 0.2, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 2.0, 5.0, 31.0):
        strike = int(SPOT * factor)
        k = math.log(factor) - carry * tau
        found = world.surface.vol(held.post.expiry, strike, SPOT) / WAD
        assert found == pytest.approx(float(smile.vol(k, tau)), rel=2e-12), factor


@pytest.mark.parametrize(
    "strike", [0, 1, SPOT // 33, 33 * SPOT, 2**128 - 1, 2**128, 2**255, 2**256 - 1]
)
def test_vol__strike_too_far_from_the_forward__is_refused(strike: int) -> None:
    world, held = standing()
    call = world.surface.vol
    assert outcome(lambda: call(held.post.expiry, strike, SPOT)) == "surface: strike"


def test_vol__spot_of_zero__is_refused() -> None:
    world, held = standing()
    for strike in (0, 1, SPOT):
        assert (
            outcome(lambda strike=strike: world.surface.vol(held.post.expiry, strike, 0))
            == "surface: strike"
        )


# --- the index


def swap_by_quadrature(smile: Slice) -> float:
    """2 integral of out-of-the-money prices over K^2, forward one: puts below, calls above."""
    deviation = math.sqrt(smile.theta)
    width = 40 * deviation + 25 * smile.psi
    puts = _simpson(lambda k: _out_of_the_money(smile, k, -1), -width, 0.0)
    calls = _simpson(lambda k: _out_of_the_money(smile, k, 1), 0.0, width)
    return 2 * (puts + calls)


def _out_of_the_money(smile: Slice, k: np.ndarray, sign: int) -> np.ndarray:
    """Price over strike of calls (1) or puts (-1): with dK/K^2 = e^-k dk, what adds up over k."""
    v = np.sqrt(smile.total_variance(k))
    d1, d2 = -k / v + v / 2, -k / v - v / 2
    price: np.ndarray = sign * (cdf(sign * d1) * np.exp(-k) - cdf(sign * d2))
    return price


def _simpson(f: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> float:
    x, step = np.linspace(low, high, 200_001, retstep=True)
    values = f(x)
    ends, odd, even = values[0] + values[-1], values[1:-1:2].sum(), values[2:-1:2].sum()
    return float((ends + 4 * odd + 2 * even) * step / 3)


SMILES = [
    (0.03, -0.3, 0.1),
    (0.03, 0.3, 0.1),
    (0.03, 0.0, 1e-15),
    (0.001, -0.7, 0.03),
    (0.25, -0.6, 0.4),
    (1.0, -0.2, 0.9),
    (0.08, 0.8, 0.2),
]


@pytest.mark.parametrize("figures", SMILES)
def test_swap__closed_form__is_the_integral_over_strikes(figures: tuple[float, ...]) -> None:
    smile = tuple(round(figure * 10**15) * 1_000 for figure in figures)
    found = deployed("SurfaceMath").swap(smile) / WAD
    assert found == pytest.approx(swap_by_quadrature(real(smile)), rel=2e-9)


def _exact_swap(theta: arb, rho: arb, psi: arb) -> arb:
    q = psi * psi * (1 - rho * rho)
    a = (4 - psi * (1 - rho)) * (4 + psi * (1 + rho)) / 4
    return (4 * theta + q) / a + ((4 * rho * psi - q) / a) ** 2 / 2


def test_swap__slices_without_arbitrage__keeps_its_stated_error() -> None:
    absolute, relative = stated("variance_swap", "_swap")[:2]
    harness, random, worst = deployed("SurfaceMath"), np.random.default_rng(73), 0.0
    for _ in range(4_000):
        theta = int(2 ** random.uniform(math.log2(1e-9), math.log2(18)) * WAD)
        rho = int(random.uniform(-1, 1) * 10**15) * 1_000
        wing = 1 + abs(rho) / WAD
        most = min(2 / (1 + max(0, -rho) / WAD), (4 * theta / WAD / wing) ** 0.5)
        psi = max(1, int(random.random() * most * 10**15)) * 1_000
        if psi * (WAD - rho) > 2 * WAD**2:
            continue
        truth = _exact_swap(*(ref.ratio(x, WAD) for x in (theta, rho, psi)))
        error = abs(float(truth - ref.ratio(harness.swap((theta, rho, psi)), WAD)))
        allowed = absolute + relative * float(truth)
        worst = max(worst, error / allowed)
    assert 0.05 < worst <= 1


@pytest.mark.parametrize("psi", [2 * WAD - 1_000, 2 * WAD - 10**12, 2 * WAD - 10**15])
def test_swap__left_wing_as_steep_as_any_may_be__still_answers(psi: int) -> None:
    """Its price is infinite there: a very large number, and no revert."""
    found = deployed("SurfaceMath").swap((9 * WAD, -WAD + RHO_GRAIN, psi))
    assert 10 * WAD < found < 2**100


def _index(world: World, held: list[Held]) -> float:
    """The rule once more, in floats."""
    month, swaps = 30 * DAY, []
    for one in held:
        theta, rho, psi = (figure / WAD for figure in one.smile(world.now))
        q, a = psi**2 * (1 - rho**2), (4 - psi * (1 - rho)) * (4 + psi * (1 + rho)) / 4
        swap = (4 * theta + q) / a + ((4 * rho * psi - q) / a) ** 2 / 2
        swaps.append((one.post.expiry - world.now, swap))
    before = [s for s in swaps if 0 < s[0] <= month]
    after = [s for s in swaps if s[0] > month]
    if before and after:
        (t1, w1), (t2, w2) = before[-1], after[0]
        return math.sqrt((w1 + (w2 - w1) * (month - t1) / (t2 - t1)) * YEAR / month)
    tau, swap = before[-1] if before else after[0]
    return math.sqrt(swap * YEAR / tau)


@pytest.mark.parametrize("count", [1, 4, 7, 8])
@pytest.mark.parametrize("days", [0, 1, 5, 20])
def test_vol_index__around_thirty_days__interpolates_variance(count: int, days: int) -> None:
    world = World()
    held = [Held(post, world.now) for post in term_structure(world, count)]
    world.found(*(one.post for one in held))
    world.chain.advance(days * DAY + 17)
    live = [one for one in held if one.post.expiry > world.now]
    found = world.surface.vol_index() / WAD
    assert found == (pytest.approx(_index(world, live), rel=1e-12) if live else 0)


def test_vol_index__exactly_thirty_days_away__is_that_slice() -> None:
    world = World()
    posts = term_structure(world, 8)
    held = [Held(post, world.now) for post in posts]
    world.found(*posts)
    sixth = held[6].post.expiry
    world.chain.set_timestamp(sixth - 30 * DAY)
    assert world.surface.vol_index() / WAD == pytest.approx(_index(world, [held[6]]), rel=1e-12)


def test_vol_index__all_beyond_thirty_days__is_the_nearest_rate() -> None:
    world = World()
    expiries = [e for e in world.expiries(12) if e - world.now > 31 * DAY][:3]
    held = [Held(at_vol(e, world.now), world.now) for e in expiries]
    world.found(*(one.post for one in held))
    assert world.surface.vol_index() / WAD == pytest.approx(_index(world, held), rel=1e-12)


def test_vol_index__flat_smile__is_its_volatility() -> None:
    world = World()
    flat = [replace(post, rho=0) for post in term_structure(world, 8, vol=0.7)]
    flat = [replace(post, psi=10**6 + PSI_GRAIN * i) for i, post in enumerate(flat)]
    world.found(*flat)
    assert world.surface.vol_index() / WAD == pytest.approx(0.7, rel=1e-5)


def test_vol_index__when_all_have_passed__is_zero() -> None:
    world, held = standing(place=0)
    world.chain.set_timestamp(held.post.expiry)
    assert world.surface.vol_index() == 0


# --- staleness and the rest


def test_age__each_expiry__has_its_own() -> None:
    """A keeper who posts one expiry does not make the others new."""
    world = World()
    posts, at = term_structure(world, 5), world.now
    world.found(posts[3], posts[4])
    world.chain.advance(3_000)
    new = same(world, Held(posts[4], at))
    world.post(new)
    assert world.surface.age(posts[4].expiry) == 1
    assert world.surface.age(posts[3].expiry) == world.now - at
    assert world.surface.updated_at() == world.now - 1
    assert (world.surface.HEARTBEAT(), world.surface.MAX_AGE()) == (1_200, 3_600)


def test_room__after_a_post__leaks_back_within_the_hour() -> None:
    world, held = standing()
    whole = world.limits.capacity
    old = held.smile(world.now)[0]
    post = replace(same(world, held), theta=old * 104 // 100)
    world.post(post)
    at = world.now - 1
    rooms = []
    for later in (0, 60, 600, 1_200):
        world.chain.set_timestamp(at + max(1, later))
        rooms.append(world.surface.room(post.expiry))
    assert rooms == sorted(rooms) and rooms[0] < whole * 10**12 == rooms[-1]
    assert rooms[1] - rooms[0] == (whole * 60 // HOUR - whole // HOUR) * 10**12


def test_version__every_post__raises_by_one_for_all() -> None:
    world, held = standing()
    for expected in (2, 3, 4):
        world.post(same(world, held))
        assert world.surface.version() == expected
        assert world.surface.slice(held.post.expiry).version == expected


def test_gas__of_the_hot_view__stays_where_it_was() -> None:
    """Cold: two slots. What a trade pays for its volatility; the report quotes the figure."""
    world, held = standing()
    data = world.surface.slice.encode(held.post.expiry)
    assert world.chain.execution_gas(world.surface.address, data) <= 6_000


def test_limits__defaults__are_the_design() -> None:
    limits = Limits()
    assert limits.capacity == 166_666
    assert math.exp(2 * limits.capacity * 1e-6) < 1.4
    assert grained(Post(0, 1, 1_999, 1_999, 1)) == Post(0, 1, 1_000, 1_000, 0)
