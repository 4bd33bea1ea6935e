"""A keeper who means harm: any posts at any times, and what the surface never becomes.

Two kinds of run. In one the contract is held, post by post, to the rules written once more in exact
integers: it accepts what they accept and refuses what they refuse. In the other the keeper always
goes as far as he is let, and the surface is looked at on a dense grid, with the float model, now
and at later times up to its expiries.
"""

from __future__ import annotations

import math
from dataclasses import astuple, replace
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ballast.chain import Reverted
from ballast.model.essvi import Slice, butterfly_violations, calendar_violations
from ballast.units import WAD, YEAR
from tests.unit.surface.world import (
    HOUR,
    PSI_GRAIN,
    Held,
    Limits,
    Post,
    World,
    at_vol,
    grained,
    leaked,
    log_distance,
    term_structure,
    verdict,
)

QUIET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
GRID = np.linspace(-2.5, 2.5, 501)
REASONS = {
    f"surface: {text}"
    for text in (
        *("theta", "rho", "psi", "grain", "carry", "volatility", "butterfly", "calendar"),
        *("forward variance", "order", "full", "time", "too far", "nothing posted"),
        *(f"{figure} moves too far" for figure in ("theta", "rho", "psi", "carry")),
        *("hourly budget", "listed carry", "needs two signers"),
    )
} | {"series: expiry", "series: expired", "series: not a friday"}


def density(smile: Slice, k: np.ndarray) -> np.ndarray:
    """Gatheral's g(k): the density of the price has its sign."""
    theta, rho, psi = smile.theta, smile.rho, smile.psi
    root = np.hypot(psi * k + theta * rho, theta * math.sqrt(1 - rho * rho))
    w = smile.total_variance(k)
    first = 0.5 * (rho * psi + psi * (psi * k + theta * rho) / root)
    second = 0.5 * psi**2 * theta**2 * (1 - rho**2) / root**3
    return np.asarray((1 - k * first / (2 * w)) ** 2 - first**2 / 4 * (1 / w + 0.25) + second / 2)


def assert_free_of_arbitrage(held: dict[int, Held], at: int) -> None:
    """On a dense grid, butterfly and calendar; rounding to the wei is all that may be lacking."""
    live = [one for expiry, one in sorted(held.items()) if expiry > at]
    smiles = [Slice(t / WAD, r / WAD, p / WAD) for t, r, p in (one.smile(at) for one in live)]
    for one, smile in zip(live, smiles, strict=True):
        scale = math.sqrt(smile.theta) + smile.psi
        assert density(smile, GRID * scale).min() > -1e-7, (one, at)
        slack = 1e-17 / smile.theta
        assert not butterfly_violations(replace(smile, theta=smile.theta * (1 + slack))), (one, at)
    for near, far in pairwise(smiles):
        scale = math.sqrt(far.theta) + far.psi
        gap = far.total_variance(GRID * scale) - near.total_variance(GRID * scale)
        assert gap.min() >= -1e-16 * (1 + far.theta), (near, far, at)


# --- the rules in the small: the contract against its shadow

FIGURES = ("theta", "rho", "psi", "carry")


def hostile(random: Random, focus: bool) -> dict[str, Any]:
    """What to try next. Drawn from a seed: hypothesis's own draws sit at the ends of their ranges,
    and nine posts in ten would be refused before they reach the budget. With `focus` one expiry
    is pushed in quick succession."""
    size = random.choice([0.1, 0.3, 0.7, 0.97, 0.97, 1.0, 1.0, 8.0])
    return {
        "moves": {
            name: size * random.uniform(-1.01, 1.01)
            for name in random.sample(FIGURES, random.randint(0, 2))
        },
        "places": [0]
        if focus
        else [random.randint(0, 9) for _ in range(random.choice([0, 1, 1, 1, 1, 2, 3]))],
        "sorted": random.random() < 0.95,
        "wait": random.choice([0, 0, 1, 300] if focus else [0, 0, 11, 300, 1_199, 3_599, 90_000]),
        "signers": random.choice([1, 1, 1, 1, 1, 2]),
    }


def _attempt(world: World, held: dict[int, Held], act: dict[str, Any], at: int) -> list[Post]:
    """Slices that are worth trying: near the limits of a move, far from them, or anything."""
    choice = sorted({*world.expiries(8), *(e for e in held if e > world.now)})
    limits, found = world.limits, []
    u = {name: act["moves"].get(name, 0.0) for name in FIGURES}
    for place in act["places"]:
        expiry = choice[place % len(choice)]
        if expiry in held and held[expiry].post.expiry > at:
            theta, rho, psi = held[expiry].smile(at)
            carry = held[expiry].post.carry
        else:
            fresh = at_vol(expiry, at)
            theta, rho, psi, carry = fresh.theta, fresh.rho, fresh.psi, fresh.carry
        step = min(limits.carry_post * YEAR // (expiry - at), limits.carry_max // 9)
        post = Post(
            expiry,
            max(0, int(theta * math.exp(0.05 * u["theta"]))),
            rho + int(u["rho"] * limits.rho_post),
            max(0, int(psi * math.exp(0.15 * u["psi"]))),
            carry + int(u["carry"] * step),
        )
        found.append(grained(post))
    return sorted(set(found), key=lambda p: p.expiry) if act["sorted"] else found


@QUIET
@given(st.integers(0, 2**64 - 1), st.integers(1, 7))
def test_post__any_sequence__is_judged_as_the_exact_rules_do(seed: int, count: int) -> None:
    random, world = Random(seed), World()
    focus = random.random() < 0.4
    start = term_structure(world, count)
    held = {post.expiry: Held(post, world.now) for post in start}
    world.found(*start)
    for _ in range(30):
        act = hostile(random, focus)
        world.chain.advance(act["wait"])
        at, alone = world.now, act["signers"] == 1
        posts = _attempt(world, held, act, at)
        if not alone:
            if not posts:
                continue
            world.propose(*posts)
        expected = verdict(held, posts, at, world.limits, alone=alone, now=world.now)
        try:
            world.post(*posts) if alone else world.confirm(*posts)
        except Reverted as error:
            assert error.reason in REASONS, error
            assert expected == "refused", (error.reason, posts)
        else:
            assert expected != "refused", posts
            assert isinstance(expected, dict)
            held = expected
        now = world.now
        for expiry, one in held.items():
            assert world.smile(expiry) == one.smile(now)
            used = leaked(one, now, world.limits.capacity)
            assert world.surface.room(expiry) == (world.limits.capacity - used) * 10**12
        listed = [expiry for expiry in world.surface.expiries() if expiry > now]
        assert listed == [expiry for expiry in sorted(held) if expiry > now]


# --- the surface in the large: what a keeper who takes all he can never gets

greed = st.fixed_dictionaries(
    {
        "way": st.sampled_from(
            [(1, 0, 0), (-1, 0, 0), (1, 0, 1), (-1, 0, -1), (0, 1, 0), (0, -1, 0)]
        ),
        "who": st.just([True] * 8) | st.lists(st.booleans(), min_size=8, max_size=8),
        "wait": st.sampled_from([0, 0, 0, 1, 60, 600, 1_199, 3_600, 20_000]),
        "list": st.booleans(),
    }
)


def _greedy(world: World, held: dict[int, Held], act: dict[str, Any], share: float) -> list[Post]:
    """Each chosen slice moved towards its limits, by a share of the way."""
    at, found = world.now, []
    way: tuple[int, int, int] = act["way"]
    for chosen, (expiry, one) in zip(act["who"], sorted(held.items()), strict=False):
        if not chosen or expiry <= at:
            continue
        theta, rho, psi = one.smile(at)
        post = Post(
            expiry,
            int(theta * (1 + 0.0499 * share) ** way[0]),
            rho + int(way[1] * share * world.limits.rho_post),
            int(psi * math.exp(way[2] * 0.149 * share)),
            one.post.carry,
        )
        found.append(grained(post))
    return found


@QUIET
@given(st.lists(greed, min_size=5, max_size=40), st.integers(1, 8))
def test_post__keeper_takes_all_he_can__surface_stays_free_of_arbitrage(
    acts: list[dict[str, Any]], count: int
) -> None:
    world = World()
    start = term_structure(world, count)
    held = {post.expiry: Held(post, world.now) for post in start}
    world.found(*start)
    moves: list[tuple[int, int, float, int, float]] = []
    for act in acts:
        world.chain.advance(int(act["wait"]))
        if not any(expiry > world.now for expiry in held):
            break
        for share in (1.0, 0.5, 0.2, 0.05, 0.01):
            posts, at = _greedy(world, held, act, share), world.now
            if act["list"] and share < 0.1:
                fresh = [e for e in world.expiries(8) if e not in held and e > max(held)]
                posts += [at_vol(e, at, vol=1.2) for e in fresh[:1]]
            try:
                world.post(*posts)
            except Reverted as error:
                assert error.reason in REASONS, error
                continue
            for post in posts:
                old = held.get(post.expiry)
                if old is not None:
                    theta, rho, psi = old.smile(at)
                    moves.append(
                        (
                            post.expiry,
                            at,
                            abs(math.log(post.theta / theta)),
                            abs(post.rho - rho),
                            abs(math.log(post.psi / psi)),
                        )
                    )
                held[post.expiry] = Held(post, at)
            break
        held = {expiry: one for expiry, one in held.items() if expiry > world.now}
        for later in (0, HOUR, 7 * 86_400):
            assert_free_of_arbitrage(held, world.now + later)
        for expiry in held:
            assert_free_of_arbitrage(held, expiry - 1)
    _assert_no_hour_moves_too_far(moves, world.limits)


def _assert_no_hour_moves_too_far(
    moves: list[tuple[int, int, float, int, float]], limits: Limits
) -> None:
    """In any window of an hour, ends included, and for each figure: its path, not its net."""
    posts = math.log(1 + limits.theta_hour / WAD) / (limits.theta_post / WAD)  # of 5 % each
    for expiry, start, *_ in moves:
        window = [m for m in moves if m[0] == expiry and start <= m[1] <= start + HOUR]
        assert sum(m[2] for m in window) <= math.log(1.4)
        assert sum(m[3] for m in window) <= posts * limits.rho_post
        assert sum(m[4] for m in window) <= posts * limits.psi_post / WAD


# --- what holds when posted holds until expiry


@settings(max_examples=400, deadline=None)
@given(
    st.floats(0.16, 2.9),
    st.floats(-0.95, 0.95),
    st.floats(0.0, 1.0),
    st.floats(0.26, 3.9),
    st.floats(-0.95, 0.95),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.integers(3_600, YEAR),
    st.integers(86_400, YEAR),
)
def test_scaling__of_a_pair_at_its_bounds__keeps_every_condition_until_expiry(
    vol: float,
    rho1: float,
    psi_share: float,
    ratio: float,
    rho2: float,
    place: float,
    lapse: float,
    near_tau: int,
    gap: int,
) -> None:
    """Exactly true of real numbers; of the integers to a wei, which is what the slack is for."""
    theta1 = vol * vol * near_tau / YEAR
    theta2 = theta1 * (1 + ratio * gap / near_tau)
    tilt = max((1 + rho1) / (1 + rho2), (1 - rho1) / (1 - rho2))
    if tilt > theta2 / theta1:
        return
    tops = [
        min(4 / (1 + abs(r)), 2 * math.sqrt(t / (1 + abs(r)))) / f
        for t, r, f in ((theta1, rho1, 1.0), (theta2, rho2, tilt))
    ]
    psi1 = max(1e-9, psi_share * min(tops))
    top2 = min(psi1 * theta2 / theta1, tops[1] * tilt)
    psi2 = psi1 * tilt + place * (top2 - psi1 * tilt)
    now, near_expiry = 0, near_tau
    pair = [
        Held(grained(Post(e, int(t * WAD), int(r * WAD), int(p * WAD) + PSI_GRAIN)), now)
        for e, t, r, p in (
            (near_expiry, theta1, rho1, psi1),
            (near_expiry + gap, theta2, rho2, psi2),
        )
    ]
    at = int(lapse * (near_tau - 1))
    near, far = (Slice(*(figure / WAD for figure in one.smile(at))) for one in pair)
    near, far = (replace(s, psi=max(s.psi, 1e-18)) for s in (near, far))
    slack = 1 + 1e-6 + 4e-15 / min(near.psi, far.psi) + 4e-18 / near.theta
    for smile in (near, far):
        assert not butterfly_violations(Slice(smile.theta * slack**2, smile.rho, smile.psi / slack))
    assert far.theta > near.theta
    assert far.psi * slack >= near.psi * max(
        (1 + near.rho) / (1 + far.rho), (1 - near.rho) / (1 - far.rho)
    )
    assert far.psi <= near.psi * far.theta / near.theta * slack
    left = near_tau - at
    forward = (far.theta - near.theta) / gap * left / near.theta
    low, high = sorted((1.0, ratio))
    assert low * (1 - 1e-6) <= forward <= high * (1 + 1e-6)


def test_density__of_a_slice_with_a_butterfly__is_seen_by_the_grid() -> None:
    """The dense grid can tell: a slice well past the bound has negative density."""
    smile = Slice(0.04, -0.9, 0.6)
    assert butterfly_violations(smile)
    assert density(smile, GRID * (math.sqrt(smile.theta) + smile.psi)).min() < -0.01


def test_calendar__crossed_slices__are_seen_by_the_grid() -> None:
    near, far = Slice(0.04, -0.3, 0.2), Slice(0.05, -0.3, 0.1)
    assert calendar_violations(near, far)
    gap = far.total_variance(GRID) - near.total_variance(GRID)
    assert gap.min() < 0


def test_log_distance__path_of_many_steps__is_never_cheaper_than_its_logarithm() -> None:
    """What makes splitting useless: each step's charge is at least its logarithm."""
    random = np.random.default_rng(81)
    for _ in range(2_000):
        a = int(2 ** random.uniform(20, 64))
        b = max(1, int(a * math.exp(random.uniform(-0.2, 0.2))))
        assert log_distance(a, b) / WAD >= abs(math.log(a / b)) * (1 - 1e-12)


def test_post__eight_slices__fit_a_block_by_far() -> None:
    world = World()
    posts = term_structure(world, 8)
    world.found(*posts)
    world.chain.advance(600)
    held = [Held(post, world.now - 602) for post in posts]
    moved = []
    for one in held:
        theta, rho, psi = one.smile(world.now)
        moved.append(grained(replace(one.post, theta=theta, rho=rho, psi=psi)))
    data = world.surface.post.encode([astuple(post) for post in moved])
    gas = world.chain.execution_gas(world.surface.address, data, sender=world.keeper)
    assert gas <= 170_000
