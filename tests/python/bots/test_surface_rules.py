"""What the keeper asks itself before a post is what the contract asks, in the same words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.bots.market import LiveMarket
from ballast.bots.poster import Poster, PosterState
from ballast.bots.surface_rules import (
    CARRY_GRAIN,
    PSI_GRAIN,
    RHO_GRAIN,
    Post,
    move,
    objections,
    objections_within,
)
from ballast.chain import rolled_back
from ballast.market.local import LocalMarket, Terms
from ballast.units import WAD
from tests.market import at_start, outcome

POINT = WAD // 100


class NoQuotes:
    """A source that has nothing to say."""

    def quotes(self, now: int, expiries: object) -> dict[int, object]:
        return {}


@pytest.fixture(scope="module")
def scene() -> Iterator[tuple[LocalMarket, PosterState]]:
    """Four slices, a minute after their post, with a little of the room used."""
    with at_start(Terms()) as market:
        market.chain.advance(300)
        market.post(0.655)
        market.chain.advance(120)
        yield market, state_of(market)


def state_of(market: LocalMarket) -> PosterState:
    live = LiveMarket.over(market.chain, market.deployment.contracts)
    return Poster(live, market.actors["keeper"], NoQuotes()).read()  # type: ignore[arg-type]


def as_they_stand(state: PosterState) -> list[Post]:
    return [old.as_post.on_grain() for old in state.standing]


def said(market: LocalMarket, posts: list[Post]) -> str | None:
    """The contract's verdict."""
    calldata = [post.as_args for post in posts]
    return outcome(market.surface.post, calldata, sender=market.actors["keeper"])


def test_objections__slices_as_they_stand__none(scene: tuple[LocalMarket, PosterState]) -> None:
    market, state = scene
    posts = as_they_stand(state)
    assert objections(posts, state.standing, state.limits, state.at) == []
    assert said(market, posts) is None


MOVES = st.tuples(
    st.integers(0, 3),
    st.floats(-0.08, 0.08),
    st.floats(-0.15, 0.15),
    st.floats(-0.2, 0.2),
    st.floats(-0.02, 0.02),
)


@given(moves=st.lists(MOVES, min_size=1, max_size=6))
@settings(max_examples=300)
def test_objections__any_posts__the_contracts_verdict(
    scene: tuple[LocalMarket, PosterState], moves: list[tuple[int, float, float, float, float]]
) -> None:
    market, state = scene
    posts = as_they_stand(state)
    for place, theta, rho, psi, carry in moves:
        old = posts[place]
        posts[place] = replace(
            old,
            theta=int(old.theta * (1 + theta)),
            rho=old.rho + int(rho * WAD) // RHO_GRAIN * RHO_GRAIN,
            psi=int(old.psi * (1 + psi)) // PSI_GRAIN * PSI_GRAIN,
            carry=old.carry + int(carry * WAD) // CARRY_GRAIN * CARRY_GRAIN,
        )
    mine = objections(posts, state.standing, state.limits, state.at)
    verdict = said(market, posts)
    assert (verdict is None) == (not mine)
    assert verdict is None or verdict in mine
    standing = as_they_stand(state)
    subset = [post for post, old in zip(posts, standing, strict=True) if post != old]
    if subset:
        mine = objections(subset, state.standing, state.limits, state.at)
        verdict = said(market, subset)
        assert (verdict is None) == (not mine) and (verdict is None or verdict in mine)


@pytest.mark.parametrize(
    ("field", "share", "reason"),
    [
        ("theta", 0.0499, None),
        ("theta", 0.0501, "surface: theta moves too far"),
        ("rho", 0.0999, None),
        ("rho", 0.1001, "surface: rho moves too far"),
        ("psi", 0.149, None),
        ("psi", 0.17, "surface: psi moves too far"),
    ],
)
def test_objections__one_move_at_its_limit__on_both_sides_of_it(
    scene: tuple[LocalMarket, PosterState], field: str, share: float, reason: str | None
) -> None:
    _, state = scene
    rested = tuple(replace(old, room=WAD) for old in state.standing)
    old = rested[1]
    moved = {
        "theta": replace(old.as_post, theta=int(old.theta * (1 + share))),
        "rho": replace(old.as_post, rho=old.rho + int(share * WAD)),
        "psi": replace(old.as_post, psi=int(old.psi * (1 + share))),
    }[field].on_grain()
    found = [one for one in objections([moved], rested, state.limits, state.at) if "far" in one]
    assert found == ([] if reason is None else [reason])


def test_move__posts_until_the_room_is_used__as_the_contract_counts(
    scene: tuple[LocalMarket, PosterState],
) -> None:
    market, _ = scene
    with rolled_back(market.chain):
        for share in (3, 2):
            state = state_of(market)
            posts = [
                replace(post, theta=post.theta + post.theta * share // 100)
                for post in as_they_stand(state)
            ]
            used = [
                move(post, old, state.limits, state.at)
                for post, old in zip(posts, state.standing, strict=True)
            ]
            market.surface.post([p.as_args for p in posts], sender=market.actors["keeper"])
            for old, charge in zip(state.standing, used, strict=True):
                left = market.surface.room(old.expiry)
                assert 0 <= left - (old.room - charge) <= 5 * 10**13  # it leaks for a second


def test_objections_within__a_post_at_the_edge_now__objects_to_the_end_of_the_window(
    scene: tuple[LocalMarket, PosterState],
) -> None:
    _, state = scene
    rested = tuple(replace(old, room=WAD) for old in state.standing)
    edge = [replace(old.as_post, theta=old.theta * 10_499 // 10_000).on_grain() for old in rested]
    assert objections(edge, rested, state.limits, state.at) == []
    found = objections_within(edge, rested, state.limits, state.at, 600)
    assert "surface: theta moves too far" in found
