"""What the keeper may post: every bound at its edge, in exact integers, one below it and one above.

A triple is built from the rule as written in `world`, never from what the contract said. The world
of these tests has one or two slices, and as a post is judged at the time of its own block, the
edges are computed for that time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple, replace
from fractions import Fraction

import pytest

from ballast.chain import Reverted
from ballast.units import DAY, WAD, YEAR
from tests.unit.surface.world import (
    CARRY_GRAIN,
    HOUR,
    LEVEL_GRAIN,
    MAX_TENOR,
    PSI_GRAIN,
    RHO_GRAIN,
    START,
    Held,
    Limits,
    Post,
    World,
    at_vol,
    charge,
    grained,
    log_distance,
    term_structure,
)

WIDE = Limits(
    theta_post=WAD,
    theta_hour=WAD,
    rho_post=WAD,
    psi_post=WAD,
    carry_max=WAD,
    carry_post=WAD // 10,
    carry_list=WAD // 10,
)
STEPS = (-1, 0, 1)


def outcome(call: Callable[[], object]) -> str:
    """`accepted`, or the reason; a revert without a reason is an error here."""
    try:
        call()
    except Reverted as error:
        assert error.reason is not None, error
        return error.reason
    return "accepted"


def standing(limits: Limits | None = None, place: int = 4) -> tuple[World, Held]:
    """A world with one slice, of an expiry that is `place` places away."""
    world = World(limits)
    post = at_vol(world.expiries()[place], world.now)
    held = Held(post, world.now)
    world.found(post)
    world.chain.advance(HOUR)
    return world, held


def same(world: World, held: Held) -> Post:
    """The old slice as of the next block, psi cut to its grain."""
    theta, rho, psi = held.smile(world.now)
    return grained(replace(held.post, theta=theta, rho=rho, psi=psi))


# --- absolute bounds


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("side", ["vol_min", "vol_max"])
def test_post__volatility_at_the_edge__is_the_last_accepted(side: str, step: int) -> None:
    world = World()
    post = at_vol(world.expiries()[4], world.now)
    exact = Fraction(getattr(world.limits, side) ** 2 * (post.expiry - world.now), WAD * YEAR)
    inside, outward = (-(-exact // 1), -1) if side == "vol_min" else (exact // 1, 1)
    post = replace(post, theta=inside + outward * step, psi=PSI_GRAIN)
    world.propose(post)
    expected = "surface: volatility" if step > 0 else "accepted"
    assert outcome(lambda: world.confirm(post)) == expected


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("rho", [-WAD * 7 // 10, 0, WAD * 7 // 10])
def test_post__psi_at_the_edge_of_butterfly__is_the_last_accepted(rho: int, step: int) -> None:
    world = World()
    post = replace(at_vol(world.expiries()[4], world.now), rho=rho)
    bound = _largest(lambda psi: psi * psi * (WAD + abs(rho)) <= 4 * post.theta * WAD**2)
    edge = bound // PSI_GRAIN * PSI_GRAIN
    post = replace(post, psi=edge + step * PSI_GRAIN)
    world.propose(post)
    expected = "surface: butterfly" if step > 0 else "accepted"
    assert outcome(lambda: world.confirm(post)) == expected


@pytest.mark.parametrize("step", STEPS)
def test_post__theta_at_the_edge_of_butterfly__is_the_last_accepted(step: int) -> None:
    """To the wei: psi^2 (1 + |rho|) = 4 theta exactly."""
    world = World()
    post = replace(at_vol(world.expiries()[4], world.now), rho=-WAD // 4, psi=WAD // 5)
    exact = Fraction(WAD // 5, WAD) ** 2 * Fraction(5, 4) / 4 * WAD
    assert exact.denominator == 1
    post = replace(post, theta=int(exact) + step)
    world.propose(post)
    expected = "surface: butterfly" if step < 0 else "accepted"
    assert outcome(lambda: world.confirm(post)) == expected


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("rho", [-WAD // 4, WAD // 4])
def test_post__wing_as_steep_as_any_may_be__is_the_last_accepted(rho: int, step: int) -> None:
    """psi (1 + |rho|) = 4 while psi^2 (1 + |rho|) < 4 theta."""
    world = World()
    expiry = _friday(world, 2 * YEAR - 30 * DAY)
    theta = 8 * (expiry - world.now) * WAD // YEAR  # volatility 283 %
    post = Post(expiry, theta, rho, 16 * WAD // 5 + step * PSI_GRAIN)
    world.propose(post)
    expected = "surface: butterfly" if step > 0 else "accepted"
    assert outcome(lambda: world.confirm(post)) == expected


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("theta", 0, "surface: theta"),
        ("theta", 2**64, "surface: theta"),
        ("theta", 2**256 - 1, "surface: theta"),
        ("theta", 2**64 - 1, "surface: volatility"),
        ("rho", WAD, "surface: rho"),
        ("rho", -WAD, "surface: rho"),
        ("rho", 2**255 - 1, "surface: rho"),
        ("rho", -(2**255), "surface: rho"),
        ("rho", WAD - 1, "surface: grain"),
        ("rho", 1, "surface: grain"),
        ("rho", -1, "surface: grain"),
        ("psi", 0, "surface: psi"),
        ("psi", 4 * WAD + 1, "surface: psi"),
        ("psi", 2**256 - 1, "surface: psi"),
        ("psi", 4 * WAD, "surface: butterfly"),
        ("psi", PSI_GRAIN - 1, "surface: grain"),
        ("carry", 1, "surface: grain"),
        ("carry", -1, "surface: grain"),
        ("carry", 2**255 - 1, "surface: grain"),
        ("carry", -(2**255), "surface: grain"),
        ("carry", 2**255 // CARRY_GRAIN * CARRY_GRAIN - CARRY_GRAIN, "surface: carry"),
        ("carry", -(2**255 // CARRY_GRAIN * CARRY_GRAIN), "surface: carry"),
    ],
)
def test_post__field_that_does_not_fit__is_refused_by_name(
    field: str, value: int, reason: str
) -> None:
    world = World()
    post = replace(at_vol(world.expiries()[4], world.now), **{field: value})
    world.propose(post)
    assert outcome(lambda: world.confirm(post)) == reason


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_post__carry_of_the_sheet__is_the_last_accepted(sign: int, step: int) -> None:
    world = World()
    edge = world.limits.carry_max
    post = replace(at_vol(world.expiries()[4], world.now), carry=sign * (edge + step * CARRY_GRAIN))
    world.propose(post)
    expected = "surface: carry" if step > 0 else "accepted"
    assert outcome(lambda: world.confirm(post)) == expected


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_post__forward_half_a_logarithm_from_spot__is_the_last_accepted(
    sign: int, step: int
) -> None:
    """|carry| tau = 1/2, which binds before the sheet's carry where an expiry is far."""
    world = World(WIDE)
    expiry = _friday(world, 2 * YEAR - 30 * DAY)
    edge = WAD // 2 * YEAR // (expiry - world.now) // CARRY_GRAIN
    assert edge * CARRY_GRAIN < world.limits.carry_max
    post = replace(at_vol(expiry, world.now), carry=sign * (edge + step) * CARRY_GRAIN)
    world.propose(post)
    expected = "surface: carry" if step > 0 else "accepted"
    assert outcome(lambda: world.confirm(post)) == expected


# --- neighbours


def _pair(world: World, far_vol: float = 0.6) -> tuple[Post, Post]:
    near, far = world.expiries()[3:5]
    return at_vol(near, world.now), at_vol(far, world.now, vol=far_vol)


@pytest.mark.parametrize("who", ["near", "far"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("side", ["least", "most"])
@pytest.mark.parametrize("signers", [1, 2])
def test_post__forward_variance_of_a_new_expiry__is_bounded(
    signers: int, side: str, step: int, who: str
) -> None:
    """Against a neighbour that stays, scaled to the time of the post, from either side: a factor of
    four by two signers, the hourly bound by the keeper alone."""
    world = World(replace(WIDE, carry_list=WAD // 10))
    near, far = _pair(world)
    old = Held(near if who == "far" else far, world.now)
    world.found(old.post)
    world.chain.advance(HOUR)
    now, (theta, rho, _) = world.now, old.smile(world.now)
    t1, t2 = near.expiry - now, far.expiry - now
    most = Fraction(4) if signers == 2 else 1 + Fraction(world.limits.theta_hour, WAD)
    growth = 1 + (1 / most if side == "least" else most) * (t2 - t1) / t1  # theta2/theta1
    exact = theta * growth if who == "far" else theta / growth
    upward = (side == "least") == (who == "far")  # is the accepted side above the edge?
    edge = -(-exact // 1) if upward else exact // 1
    edge += -step if upward else step
    psi1 = old.smile(now)[2]
    psi = _middle_psi(psi1, growth) if who == "far" else _middle_psi(psi1, 1 / growth)
    post = grained(replace(far if who == "far" else near, theta=int(edge), rho=rho, psi=psi))
    expected = "surface: forward variance" if step > 0 else "accepted"
    if signers == 1:
        assert outcome(lambda: world.post(post)) == expected
        return
    world.propose(post)
    assert outcome(lambda: world.confirm(post)) == expected


def _middle_psi(psi: int, growth: Fraction) -> int:
    """Between the two bounds of the calendar condition at equal rho."""
    return int(psi * (1 + growth) / 2)


@pytest.mark.parametrize("who", ["near", "far"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("bound", ["up wing", "down wing", "ratio"])
def test_post__psi_at_the_edge_of_calendar__is_the_last_accepted(
    bound: str, step: int, who: str
) -> None:
    world = World(WIDE)
    near, far = _pair(world)
    tilt = WAD // 20 if bound == "up wing" else -WAD // 20
    near = replace(near, rho=near.rho + (tilt if bound != "ratio" else 0))
    old = Held(near if who == "far" else far, world.now)
    world.found(old.post)
    world.chain.advance(HOUR)
    theta, rho, psi = old.smile(world.now)
    new = far if who == "far" else near
    new = replace(new, theta=new.theta * (new.expiry - world.now) // (new.expiry - old.posted_at))
    if bound == "ratio":  # psi2/theta2 <= psi1/theta1
        exact = Fraction(psi * new.theta, theta)
        accepted_above = who == "near"
    else:  # psi1 (1 +- rho1) <= psi2 (1 +- rho2)
        sign = 1 if bound == "up wing" else -1
        exact = Fraction(psi * (WAD + sign * rho), WAD + sign * new.rho)
        accepted_above = who == "far"
    grains = exact / PSI_GRAIN
    edge = (-(-grains // 1) - step) if accepted_above else (grains // 1 + step)
    post = replace(new, psi=int(edge) * PSI_GRAIN)
    expected = "surface: calendar" if step > 0 else "accepted"
    assert outcome(lambda: world.post(post)) == expected


def test_post__old_neighbour_judged_as_posted__would_be_wrong() -> None:
    """The edge of the forward variance against the neighbour unscaled is refused, or too kind."""
    world = World(WIDE)
    near, far = _pair(world)
    old = Held(near, world.now)
    world.found(near)
    world.chain.advance(2 * DAY)
    t1, t2 = near.expiry - world.now, far.expiry - world.now
    growth = 1 + Fraction(1, 4) * (t2 - t1) / t1
    theta, rho, psi = old.smile(world.now)
    scaled = grained(
        replace(far, theta=int(theta * growth) + 1, rho=rho, psi=_middle_psi(psi, growth))
    )
    unscaled = grained(replace(scaled, theta=int(near.theta * growth * 5)))
    world.propose(unscaled)
    assert outcome(lambda: world.confirm(unscaled)) == "surface: forward variance"
    world.propose(scaled)
    assert outcome(lambda: world.confirm(scaled)) == "accepted"


def test_post__pair_posted_together__is_judged_as_a_pair() -> None:
    world = World()
    near, far = _pair(world)
    crossed = replace(far, theta=near.theta)
    world.propose(near, crossed)
    assert outcome(lambda: world.confirm(near, crossed)) == "surface: forward variance"


@pytest.mark.parametrize("place", [0, 2])
def test_post__new_expiry_between_two__is_judged_against_both(place: int) -> None:
    world = World(WIDE)
    posts = term_structure(world, 7)[4:7]
    world.found(posts[0], posts[2])
    middle = at_vol(posts[1].expiry, world.now)
    flat = replace(middle, theta=posts[place].theta)
    assert outcome(lambda: world.post(flat)) == "surface: forward variance"
    assert outcome(lambda: world.post(middle)) == "accepted"


# --- how far a post may move


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", ["up", "down"])
def test_post__theta_moved_by_its_limit__is_the_last_accepted(way: str, step: int) -> None:
    world, held = standing()
    theta = held.smile(world.now)[0]
    factor = 1 + Fraction(world.limits.theta_post, WAD)
    edge = theta * factor // 1 + step if way == "up" else -(-theta / factor // 1) - step
    post = replace(same(world, held), theta=int(edge))
    expected = "surface: theta moves too far" if step > 0 else "accepted"
    assert outcome(lambda: world.post(post)) == expected


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_post__rho_moved_by_its_limit__is_the_last_accepted(sign: int, step: int) -> None:
    world, held = standing()
    move = world.limits.rho_post + step * RHO_GRAIN
    post = replace(same(world, held), rho=held.post.rho + sign * move)
    expected = "surface: rho moves too far" if step > 0 else "accepted"
    assert outcome(lambda: world.post(post)) == expected


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", ["up", "down"])
def test_post__psi_moved_by_its_limit__is_the_last_accepted(way: str, step: int) -> None:
    world, held = standing()
    old, limit = held.smile(world.now)[2], world.limits.psi_post

    def kept(grains: int) -> bool:
        return log_distance(grains * PSI_GRAIN, old) <= limit

    edge = _largest(kept, old // PSI_GRAIN + 1) if way == "up" else _least(kept, old // PSI_GRAIN)
    post = replace(same(world, held), psi=(edge + (step if way == "up" else -step)) * PSI_GRAIN)
    expected = "surface: psi moves too far" if step > 0 else "accepted"
    assert outcome(lambda: world.post(post)) == expected
    assert abs(abs(float(Fraction(edge * PSI_GRAIN, old))) - 1) < 0.1618  # e^0.15 - 1


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_post__carry_moved_by_its_limit__is_the_last_accepted(sign: int, step: int) -> None:
    world, held = standing()
    edge = world.limits.carry_post * YEAR // (held.post.expiry - world.now) // CARRY_GRAIN
    move = (edge + step) * CARRY_GRAIN
    post = replace(same(world, held), carry=held.post.carry + sign * move)
    expected = "surface: carry moves too far" if step > 0 else "accepted"
    assert outcome(lambda: world.post(post)) == expected


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("who", ["far", "near"])
def test_post__listed_forward_away_from_its_neighbours__is_refused_past_its_limit(
    who: str, step: int
) -> None:
    world = World()
    posts = list(_pair(world))
    new = posts.pop(1 if who == "far" else 0)
    world.found(*posts)
    new = at_vol(new.expiry, world.now)
    edge = world.limits.carry_list * YEAR // (new.expiry - world.now) // CARRY_GRAIN
    new = replace(new, carry=posts[0].carry + (edge + step) * CARRY_GRAIN)
    expected = "surface: listed carry" if step > 0 else "accepted"
    assert outcome(lambda: world.post(new)) == expected


# --- the hourly budget


def _walk(world: World, held: Held, posts: int, pause: int, factor: Fraction) -> Held:
    """Post that often, each time by that factor, and follow the bucket."""
    for _ in range(posts):
        world.chain.advance(pause)
        new = replace(same(world, held), theta=int(held.smile(world.now)[0] * factor))
        at, used = world.now, charge(new, held, world.now, world.limits)
        level = max(0, held.level - (at - held.posted_at) * world.limits.capacity // HOUR) + used
        world.post(new)
        held = Held(new, at, level)
    return held


@pytest.mark.parametrize("step", STEPS)
def test_post__budget_used_up__is_the_last_accepted(step: int) -> None:
    """Three posts of 5 %, then as much as is left, to the quantum of the bucket."""
    world, held = standing()
    held = _walk(world, held, 3, 0, Fraction(105, 100) - Fraction(1, 10**9))
    theta = held.smile(world.now)[0]
    left = world.limits.capacity - max(
        0, held.level - (world.now - held.posted_at) * world.limits.capacity // HOUR
    )
    wanted = (left + step) * LEVEL_GRAIN

    def kept(value: int) -> bool:
        return log_distance(value, theta) <= wanted

    post = replace(same(world, held), theta=_largest(kept, theta))
    assert charge(post, held, world.now, world.limits) == left + step
    expected = "surface: hourly budget" if step > 0 else "accepted"
    assert outcome(lambda: world.post(post)) == expected


@pytest.mark.parametrize(
    ("pause", "least"), [(0, 1.39), (59, 1.39), (1_199, 1.2), (1_799, 1.15), (3_599, 1.1)]
)
def test_post__any_hour__moves_theta_by_less_than_its_bound(pause: int, least: float) -> None:
    """Whatever the rhythm: as far as the contract lets it, and no window of an hour adds up to
    more than ln 1.4."""
    world, held = standing()
    path: list[tuple[int, float]] = []
    for _ in range(80 if pause else 4_000):
        world.chain.advance(pause)
        theta = held.smile(world.now)[0]
        room = world.surface.room(held.post.expiry)
        reach = min(room, 48_780 * LEVEL_GRAIN)

        def kept(value: int, theta: int = theta, reach: int = reach) -> bool:
            return log_distance(value, theta) <= reach

        psi_of = same(world, held)
        post = replace(psi_of, theta=_largest(kept, theta))
        if world.now + 60 > held.post.expiry or post.theta == theta:
            continue
        if post.theta * YEAR > 8 * (held.post.expiry - world.now) * WAD:
            break
        at, used = world.now, charge(post, held, world.now, world.limits)
        level = max(0, held.level - (at - held.posted_at) * world.limits.capacity // HOUR)
        world.post(post)
        path.append((at, float(Fraction(post.theta, theta))))
        held = Held(post, at, level + used)
    assert len(path) > 5
    worst = max(
        _product(move for when, move in path if start <= when <= start + HOUR) for start, _ in path
    )
    assert least < worst <= 1.4


def test_post__budget_of_each_expiry__is_its_own() -> None:
    world = World()
    near, far = _pair(world)
    held = Held(near, world.now)
    world.found(near, far)
    _walk(world, held, 3, 0, Fraction(104, 100))
    assert world.surface.room(near.expiry) < 60_000 * LEVEL_GRAIN
    assert world.surface.room(far.expiry) == world.limits.capacity * LEVEL_GRAIN


@pytest.mark.parametrize("what", ["rho", "psi", "carry"])
def test_post__four_moves_at_the_limit__use_up_the_hour_of_any_figure(what: str) -> None:
    """Skew, wings and forward have an hourly bound too: 0.1667 / 0.05 posts at once."""
    world, held = standing()
    accepted = 0
    for _ in range(4):
        post = same(world, held)
        if what == "rho":
            post = replace(post, rho=post.rho + world.limits.rho_post)
        elif what == "psi":
            post = grained(replace(post, psi=int(held.smile(world.now)[2] * 1.1599)))
        else:
            step = world.limits.carry_post * YEAR // (post.expiry - world.now)
            post = grained(replace(post, carry=post.carry + step))
        at = world.now
        found = outcome(lambda post=post: world.post(post))
        accepted += found == "accepted"
        assert found == ("accepted" if accepted == _ + 1 else "surface: hourly budget")
        held = Held(post, at)
    assert accepted == 3


def test_post__nothing_moved__costs_no_budget() -> None:
    world, held = standing()
    theta, _, psi = held.smile(world.now)
    post = replace(same(world, held), theta=theta)
    world.post(post)
    used = world.limits.capacity * LEVEL_GRAIN - world.surface.room(post.expiry)
    assert used <= LEVEL_GRAIN * (psi != post.psi)


# --- the list


def _friday(world: World, ahead: int) -> int:
    """The last Friday at most this far from now, at 08:00 UTC."""
    expiry = (world.now + ahead) // DAY * DAY + 8 * HOUR
    while expiry > world.now + ahead or expiry // DAY % 7 != 1:
        expiry -= DAY
    return expiry


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(-1, "series: expiry"), (0, "accepted"), (1, "series: expiry"), (12 * HOUR, "series: expiry")],
)
def test_post__not_at_eight_in_the_morning__is_refused(seconds: int, reason: str) -> None:
    world = World()
    post = at_vol(world.expiries()[4] + seconds, world.now)
    world.propose(post)
    assert outcome(lambda: world.confirm(post)) == reason


@pytest.mark.parametrize("ahead", range(1, 16))
def test_post__any_of_the_next_days__is_listed_if_near_or_a_friday(ahead: int) -> None:
    world = World()
    expiry = world.now // DAY * DAY + 8 * HOUR + (ahead - 1) * DAY
    post = at_vol(expiry, world.now)
    world.propose(post)
    friday = expiry // DAY % 7 == 1
    expected = "accepted" if expiry - world.now <= 2 * DAY or friday else "series: not a friday"
    assert outcome(lambda: world.confirm(post)) == expected


@pytest.mark.parametrize("step", STEPS)
def test_post__two_days_away__is_the_last_that_need_not_be_a_friday(step: int) -> None:
    world = World()
    world.chain.set_timestamp(world.now // DAY * DAY + 4 * DAY + 8 * HOUR - 1 - step)
    expiry = world.now // DAY * DAY + 2 * DAY + 8 * HOUR
    assert expiry // DAY % 7 != 1
    post = at_vol(expiry, world.now)
    world.propose(post)
    assert expiry - world.now == 2 * DAY + step
    expected = "series: not a friday" if step > 0 else "accepted"
    assert outcome(lambda: world.confirm(post)) == expected


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_post__two_years_away__is_the_last_listed(step: int) -> None:
    world = World()
    expiry = _friday(world, MAX_TENOR + 8 * DAY)
    world.chain.set_timestamp(expiry - MAX_TENOR - 1 - step)
    post = at_vol(expiry, world.now)
    world.propose(post)
    expected = "surface: too far" if step > 0 else "accepted"
    assert outcome(lambda: world.confirm(post)) == expected


@pytest.mark.parametrize("expiry", [0, 1, 8 * HOUR, 2**255, 2**256 - 1])
def test_post__absurd_expiry__is_refused_by_name(expiry: int) -> None:
    world, held = standing()
    post = replace(same(world, held), expiry=expiry)
    expected = "surface: order" if expiry == 0 else "series: expiry"
    assert outcome(lambda: world.post(post)) == expected


@pytest.mark.parametrize("order", ["falling", "twice"])
def test_post__expiries_out_of_order__are_refused(order: str) -> None:
    world, held = standing()
    first = same(world, held)
    second = at_vol(world.expiries()[5 if order == "twice" else 2], world.now)
    posts = (first, first) if order == "twice" else (first, second)
    assert outcome(lambda: world.post(*posts)) == "surface: order"


@pytest.mark.parametrize("count", [7, 8, 9])
def test_post__ninth_expiry__is_refused(count: int) -> None:
    world = World()
    posts = term_structure(world, 9)
    world.found(*posts[1:8])
    extra = [at_vol(p.expiry, world.now) for p in (posts[8], posts[0])][: count - 7]
    expected = "surface: full" if count == 9 else "accepted"
    for number, post in enumerate(extra):
        wanted = "accepted" if number == 0 else expected
        assert outcome(lambda post=post: world.post(post)) == wanted
    assert len(world.surface.expiries()) == min(count, 8)


def test_post__nothing__is_refused() -> None:
    world, _ = standing()
    assert outcome(world.post) == "surface: nothing posted"


def test_post__on_an_empty_surface__needs_two_signers() -> None:
    world = World()
    post = at_vol(world.expiries()[4], world.now)
    assert outcome(lambda: world.post(post)) == "surface: needs two signers"


def test_post__when_all_expiries_have_passed__needs_two_signers_again() -> None:
    world, held = standing(place=0)
    world.chain.set_timestamp(held.post.expiry)
    new = at_vol(world.expiries()[4], world.now)
    assert outcome(lambda: world.post(new)) == "surface: needs two signers"


def test_post__expiry_that_has_just_passed__is_refused() -> None:
    world = World()
    posts = term_structure(world, 5)
    world.found(posts[0], posts[4])
    for seconds, expected in ((-1, "accepted"), (0, "series: expired")):
        world.chain.set_timestamp(posts[0].expiry + seconds)
        tau = max(1, posts[0].expiry - world.now)
        post = _rescaled(posts[0], tau)
        assert outcome(lambda post=post: world.post(post)) == expected


def _rescaled(post: Post, tau: int) -> Post:
    held = Held(post, START)
    theta, rho, psi = held.smile(post.expiry - tau)
    return grained(replace(post, theta=theta, rho=rho, psi=psi))


def test_post__second_in_one_block__is_refused() -> None:
    world, held = standing()
    call = (world.surface.address, world.surface.post.encode([astuple(same(world, held))]))
    world.chain.bulk(*call, world.keeper)
    assert outcome(lambda: world.chain.bulk(*call, world.keeper)) == "surface: time"


def test_post__old_and_new_together__leaves_whole_events() -> None:
    world = World()
    posts = term_structure(world, 6)
    world.found(posts[0], posts[4])
    at = posts[0].expiry
    world.chain.set_timestamp(at)
    old = Held(posts[4], START + 2)
    moved, listed = same(world, old), at_vol(posts[5].expiry, at)
    receipt = world.post(moved, listed)
    assert [(event.name, dict(event.args)) for event in receipt.events] == [
        ("ExpiryDropped", {"expiry": posts[0].expiry}),
        ("SlicePosted", _event(moved, 2, at)),
        ("ExpiryListed", {"expiry": listed.expiry}),
        ("SlicePosted", _event(listed, 2, at)),
    ]
    assert world.surface.version() == 2 and world.surface.updated_at() == at
    assert list(world.surface.expiries()) == [moved.expiry, listed.expiry]


def _event(post: Post, version: int, at: int) -> dict[str, int]:
    return {
        "expiry": post.expiry,
        "version": version,
        "posted_at": at,
        "theta": post.theta,
        "rho": post.rho,
        "psi": post.psi,
        "carry": post.carry,
    }


# --- small tools


def _largest(kept: Callable[[int], bool], low: int = 0) -> int:
    """The largest integer that keeps a rule which all below it, down to `low`, keep."""
    assert kept(low)
    high = max(1, 2 * low)
    while kept(high):
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if kept(middle) else (low, middle)
    return low


def _least(kept: Callable[[int], bool], high: int) -> int:
    """The smallest integer that keeps a rule which all above it, up to `high`, keep."""
    low = 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if kept(middle) else (middle, high)
    return high


def _product(moves: Iterable[float]) -> float:
    total = 1.0
    for move in moves:
        total *= move
    return total
