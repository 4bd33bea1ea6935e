"""The poster: what it decides, and that no post of its is ever refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.bots.action import KeeperError
from ballast.bots.market import LiveMarket
from ballast.bots.poster import Poster, PosterState, PosterTerms, decide
from ballast.bots.smiles import SmileQuotes
from ballast.chain import rolled_back
from ballast.market.local import LocalMarket
from ballast.model.essvi import Slice
from ballast.units import DAY, WAD, to_years
from tests.market import at_start

AT_ONCE = PosterTerms(half_life=0)
PLACES = (-0.3, -0.15, -0.05, 0.0, 0.05, 0.15, 0.3)


@dataclass
class Says:
    """A source that says the same of every expiry, at every time."""

    vol: float = 0.65
    rho: float = -0.2
    steep: float = 1.0
    """psi, over the one that the market opens with."""
    carry: float = 0.0
    slope: float = 0.0
    """Volatility per root of a year of time to expiry."""

    def quotes(self, now: int, expiries: Sequence[int]) -> Mapping[int, SmileQuotes]:
        return {expiry: self.of(expiry - now) for expiry in expiries}

    def of(self, tau: int) -> SmileQuotes:
        years = to_years(tau)
        theta = (self.vol + self.slope * years**0.5) ** 2 * years
        smile = Slice(theta, self.rho, self.steep * theta / (1.2 * (theta + 0.01) ** 0.5))
        return SmileQuotes(tuple((k, float(smile.vol(k, years))) for k in PLACES), self.carry)


@pytest.fixture(scope="module")
def market() -> Iterator[LocalMarket]:
    with at_start() as opened:
        opened.chain.advance(120)
        yield opened


@pytest.fixture
def fresh(market: LocalMarket) -> Iterator[LocalMarket]:
    with rolled_back(market.chain):
        yield market


def poster(market: LocalMarket, source: Says, terms: PosterTerms = AT_ONCE) -> Poster:
    live = LiveMarket.over(market.chain, market.deployment.contracts)
    return Poster(live, market.actors["keeper"], source, terms)


def vols(market: LocalMarket, expiry: int) -> float:
    """At the money."""
    found = market.surface.slice(expiry)
    return float((found.smile.theta / WAD / to_years(found.tau)) ** 0.5)


def state(market: LocalMarket, source: Says) -> PosterState:
    return poster(market, source).read()


def test_decide__quotes_as_the_surface_stands__nothing(market: LocalMarket) -> None:
    assert decide(state(market, Says()), AT_ONCE) == []


@pytest.mark.parametrize(("vol", "count"), [(0.6524, 0), (0.6526, 1), (0.6474, 1), (0.6476, 0)])
def test_decide__a_drift_around_the_threshold__posts_from_there_on(
    market: LocalMarket, vol: float, count: int
) -> None:
    found = decide(state(market, Says(vol)), AT_ONCE)
    assert [one.method for one in found].count("post") == count


@pytest.mark.parametrize(("age", "count"), [(599, 0), (600, 1), (601, 1)])
def test_decide__an_age_around_the_limit__posts_from_there_on(
    market: LocalMarket, age: int, count: int
) -> None:
    now = state(market, Says())
    old = tuple(replace(one, posted_at=now.at - age) for one in now.standing)
    found = decide(replace(now, standing=old), AT_ONCE)
    assert [one.method for one in found].count("post") == count


def test_decide__a_post__refreshes_behind_it_where_something_may_open(market: LocalMarket) -> None:
    now = state(market, Says(0.66))
    near = now.at + DAY // 2
    found = decide(replace(now, book=(now.book[2], now.book[0], near - 1, near)), AT_ONCE)
    assert [(one.target, one.method) for one in found] == [
        ("surface", "post"),
        *[("book", "refresh")] * 3,
    ]
    assert [one.args[0] for one in found[1:]] == [near, now.book[0], now.book[2]]


@pytest.mark.parametrize(("left", "expected"), [(3_600, 3), (3_601, 4)])
def test_decide__the_last_hour_of_an_expiry__leaves_its_slice_alone(
    market: LocalMarket, left: int, expected: int
) -> None:
    now = state(market, Says())
    first = now.standing[0]
    soon = first.expiry - left
    standing = tuple(one.scaled(now.at, soon) for one in now.standing)
    quotes = Says().quotes(soon, [one.expiry for one in standing])
    later = replace(now, at=soon, standing=standing, quotes=quotes, book=())
    (post,) = decide(later, AT_ONCE)
    assert len(post.args[0]) == expected


def test_decide__nothing_left_to_post__nothing(market: LocalMarket) -> None:
    assert decide(replace(state(market, Says()), standing=()), AT_ONCE) == []


def test_decide__an_expiry_without_quotes__left_to_age(market: LocalMarket) -> None:
    now = state(market, Says(0.67))
    silent = now.standing[1].expiry
    quotes = {expiry: smile for expiry, smile in now.quotes.items() if expiry != silent}
    post = decide(replace(now, quotes=quotes), AT_ONCE)[0]
    assert {one[0] for one in post.args[0]} == quotes.keys()
    assert decide(replace(now, quotes={}, at=now.at + 3_000), AT_ONCE) == []


def test_decide__half_of_the_way_in_a_half_life__by_the_slices_age(market: LocalMarket) -> None:
    now = state(market, Says(0.66))
    aged = tuple(replace(one, posted_at=now.at - 60) for one in now.standing)
    post = decide(replace(now, standing=aged), PosterTerms(half_life=60))[0]
    whole = decide(replace(now, standing=aged), AT_ONCE)[0]
    for old, half, full in zip(aged, post.args[0], whole.args[0], strict=True):
        assert (half[1] - old.theta) / (full[1] - old.theta) == pytest.approx(0.5, abs=0.01)


def test_decide__old_and_no_slice_can_be_posted__says_who_can(market: LocalMarket) -> None:
    now = state(market, Says())
    # A neighbour was delisted, say: the two that are left have too much variance between them.
    far = now.standing[-1]
    gap = (now.standing[0], replace(far, theta=far.theta * 30, psi=far.psi * 3))
    old = tuple(replace(one, posted_at=now.at - 900) for one in gap)
    with pytest.raises(KeeperError, match="second signer"):
        decide(replace(now, standing=old), AT_ONCE)


def test_poster__a_target_far_away__reached_in_steps_none_of_which_is_refused(
    fresh: LocalMarket,
) -> None:
    source, posts = Says(0.80, rho=-0.45), 0
    keeper = poster(fresh, source)
    for _ in range(100):
        for action in keeper.decide(keeper.read()):
            keeper.run(action)
            posts += action.method == "post"
        fresh.chain.advance(300)
        fresh.transmit(2_000)
    assert posts > 8
    for expiry in fresh.now_expiries:
        assert vols(fresh, expiry) == pytest.approx(0.80, abs=0.0026)
        assert fresh.surface.slice(expiry).smile.rho / WAD == pytest.approx(-0.45, abs=0.05)


def test_poster__target_reached__decides_on_nothing_and_the_book_is_fresh(
    fresh: LocalMarket,
) -> None:
    keeper = poster(fresh, Says(0.66))
    done = keeper.decide(keeper.read())
    for action in done:
        keeper.run(action)
    assert done and keeper.decide(keeper.read()) == []
    series = fresh.series(fresh.now_expiries[0], 2_000, "call")
    assert fresh.desk.quote(series, 10_000).premium > 0  # which a stale book refuses


def test_poster__an_expiry_has_passed__posts_the_others(fresh: LocalMarket) -> None:
    first = fresh.now_expiries[0]
    fresh.chain.set_timestamp(first + 60)
    fresh.transmit(2_000)
    keeper = poster(fresh, Says())
    assert first in fresh.surface.expiries() and len(keeper.read().standing) == 3
    post, *others = keeper.decide(keeper.read())  # it is days old
    assert {one[0] for one in post.args[0]} == set(fresh.now_expiries[1:])
    assert first not in {one.args[0] for one in others}
    for action in (post, *others):
        keeper.run(action)
    assert first not in fresh.surface.expiries()


@given(silent=st.sets(st.integers(0, 3), max_size=3), vol=st.floats(0.3, 1.5))
@settings(max_examples=25)
def test_poster__quotes_for_some_expiries__no_post_is_refused(
    market: LocalMarket, silent: set[int], vol: float
) -> None:
    quiet = {market.now_expiries[place] for place in silent}

    class Some(Says):
        def quotes(self, now: int, expiries: Sequence[int]) -> Mapping[int, SmileQuotes]:
            return super().quotes(now, [one for one in expiries if one not in quiet])

    with rolled_back(market.chain):
        for _ in range(6):
            keeper = poster(market, Some(vol))
            for action in keeper.decide(keeper.read()):
                if action.method == "post":
                    keeper.run(action)
            market.chain.advance(400)


WORLDS = st.builds(
    Says,
    vol=st.floats(0.05, 4.0),
    rho=st.floats(-0.97, 0.97),
    steep=st.floats(0.05, 3.0),
    carry=st.floats(-1.0, 1.0),
    slope=st.floats(-0.5, 0.8),
)


@given(
    worlds=st.lists(st.tuples(WORLDS, st.integers(1, 1_800)), min_size=2, max_size=6),
    wait=st.integers(0, 60),
)
@settings(max_examples=60)
def test_poster__any_quotes_at_any_times__no_post_is_refused(
    market: LocalMarket, worlds: list[tuple[Says, int]], wait: int
) -> None:
    with rolled_back(market.chain):
        for source, pause in worlds:
            market.chain.advance(pause)
            keeper = poster(market, source)
            found = [one for one in keeper.decide(keeper.read()) if one.method == "post"]
            market.chain.advance(wait)  # for its block
            for action in found:
                keeper.run(action)
                assert market.surface.age(market.now_expiries[0]) <= 1
