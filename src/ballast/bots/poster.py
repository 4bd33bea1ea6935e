"""Posts the volatility surface: from quotes, in steps that the contract accepts.

The surface itself is the memory. What a source quotes counts against the slice that stands by the
time since its post, so noise is smoothed; what is farther away than one post or the keeper's room
allows is reached over several. A post goes out when it would move the surface by enough to matter,
or when the surface grows old, and is followed by a refresh of the book, which forgets its Greeks
with every new version. A slice of which nobody quotes anything is left to age: its time stamp says
when it was observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ballast.bots.action import Action, Keeper, KeeperError
from ballast.bots.market import LiveMarket
from ballast.bots.smiles import SmileQuotes, View, VolatilitySource, fitted, mended
from ballast.bots.surface_rules import (
    FORWARD_RATIO,
    Post,
    Standing,
    objections_within,
    own_objections,
)
from ballast.market.sheet import SurfaceLimits
from ballast.model.essvi import Bounds, Slice
from ballast.units import DAY, WAD, to_years

CUTOFF: Final = DAY // 2
"""Seconds before expiry from which nothing opens, so the book's Greeks need not hold."""
HALVINGS: Final = 6
BISECTIONS: Final = 14


@dataclass(frozen=True)
class PosterTerms:
    """How a keeper posts."""

    drift: float = 0.0025
    """Volatility by which a post must move the surface somewhere, at the money or in a wing."""
    forward_drift: float = 0.0005
    """Or the share by which it must move a forward."""
    age: int = 600
    """Seconds after which a slice is posted again as it is: half of what counts as new."""
    half_life: int = 30
    """Seconds in which half of the way to new quotes is made; 0 takes them as they are."""
    patience: int = 60
    """Seconds that a post may wait for its block."""
    least_left: int = 3_600
    """Seconds to expiry below which a slice is left alone."""


@dataclass(frozen=True)
class PosterState:
    """The surface, what is quoted, and whose book depends on it."""

    at: int
    limits: SurfaceLimits
    standing: tuple[Standing, ...]
    quotes: Mapping[int, SmileQuotes]
    book: tuple[int, ...] = ()
    """Expiries with listed strikes."""


class Poster(Keeper[PosterState]):
    """The keeper of the surface: the one job that needs a role."""

    name = "poster"

    def __init__(
        self,
        market: LiveMarket,
        sender: str,
        source: VolatilitySource,
        terms: PosterTerms | None = None,
    ) -> None:
        super().__init__(market, sender)
        self.source = source
        self.terms = terms or PosterTerms()

    def read(self) -> PosterState:
        """The slices as of the block to come."""
        surface = self.market["surface"]
        found = [_standing(self.market, expiry) for expiry in surface.expiries()]
        at = max((moment for moment, _ in found), default=self.market.chain.timestamp)
        live = [old.scaled(then, at) for then, old in found if old.expiry > at]
        limits = self.market.sheet(surface.sheet()).surface_limits()
        return PosterState(
            at=at,
            limits=SurfaceLimits(*limits),
            standing=tuple(live),
            quotes=self.source.quotes(at, [old.expiry for old in live]),
            book=tuple(self.market["book"].expiries()),
        )

    def decide(self, state: PosterState) -> Sequence[Action]:
        """A post where one is due, and refreshes behind it."""
        return decide(state, self.terms)


def decide(state: PosterState, terms: PosterTerms) -> list[Action]:
    """What to post, if anything."""
    movable = [
        old
        for old in state.standing
        if old.expiry in state.quotes and old.expiry - state.at > terms.least_left
    ]
    if not movable:
        return []
    posts = next_posts(state, terms, movable)
    is_old = any(state.at - old.posted_at >= terms.age for old in movable)
    if not posts and is_old:
        raise KeeperError(
            "no slices within the bounds of one signer can be posted, and the surface grows old: "
            "let keeper and second signer propose and confirm one"
        )
    is_far = any(
        _matters(post, old, state.at, terms) for post, old in zip(posts, movable, strict=False)
    )
    if not posts or not (is_old or is_far):
        return []
    why = "the surface has drifted" if is_far else "the surface grows old"
    post = Action("surface", "post", (tuple(one.as_args for one in posts),), why)
    return [post, *refreshes(state.book, state.at)]


def refreshes(book: Sequence[int], at: int) -> list[Action]:
    """All expiries in which something may open, soonest first."""
    return [
        Action("book", "refresh", (expiry,), "the surface is a new one")
        for expiry in sorted(book)
        if at + CUTOFF <= expiry
    ]


def next_posts(state: PosterState, terms: PosterTerms, movable: Sequence[Standing]) -> list[Post]:
    """Slices as near to what is quoted as the contract lets the keeper go; none if it lets nothing.

    Each slice first goes as far as it may by itself. Where the set is then no surface, all go the
    same share of their way: between two surfaces there is one, with few exceptions.
    """
    targets = _targets(state, terms, movable)
    own = [_reach(old, new, state, terms) for old, new in zip(movable, targets, strict=True)]
    least = min(own)
    for shares in (own, *([least / 2**n] * len(own) for n in range(HALVINGS)), [0.0] * len(own)):
        posts = [
            _blend(old, new, share)
            for old, new, share in zip(movable, targets, shares, strict=True)
        ]
        if not objections_within(posts, state.standing, state.limits, state.at, terms.patience):
            return posts
    return []


def _targets(state: PosterState, terms: PosterTerms, movable: Sequence[Standing]) -> list[Post]:
    """What should stand now: the smoothed quotes, mended."""
    views = [_view(old, state, terms) for old in movable]
    taus = [old.expiry - state.at for old in movable]
    bounds = Bounds(
        state.limits.vol_min / WAD, state.limits.vol_max / WAD, 1 / FORWARD_RATIO, FORWARD_RATIO
    )
    smiles = mended([view.smile for view in views], taus, bounds)
    carry_max = state.limits.carry_max / WAD
    return [
        _post_of(old.expiry, smile, min(max(view.carry, -carry_max), carry_max))
        for old, smile, view in zip(movable, smiles, views, strict=True)
    ]


def _view(old: Standing, state: PosterState, terms: PosterTerms) -> View:
    stands, quotes = _as_view(old), state.quotes[old.expiry]
    wanted = fitted(quotes, old.expiry - state.at)
    age = max(state.at - old.posted_at, 0)
    share = 1 - 0.5 ** (age / terms.half_life) if terms.half_life else 1.0
    return View(
        Slice(
            *(
                then + share * (now - then)
                for then, now in zip(
                    (stands.smile.theta, stands.smile.rho, stands.smile.psi),
                    (wanted.theta, wanted.rho, wanted.psi),
                    strict=True,
                )
            )
        ),
        stands.carry + share * (quotes.carry - stands.carry),
    )


def _reach(old: Standing, new: Post, state: PosterState, terms: PosterTerms) -> float:
    """The share of the way to a slice that it may go by itself, in any block of the window."""
    later = state.at + terms.patience
    last = old.scaled(state.at, later)

    def is_accepted(share: float) -> bool:
        post = _blend(old, new, share)
        return not own_objections(post, old, state.limits, state.at) and not own_objections(
            post, last, state.limits, later
        )

    low, high = 0.0, 1.0
    if is_accepted(high):
        return high
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_accepted(middle) else (low, middle)
    return low


def _blend(old: Standing, new: Post, share: float) -> Post:
    """A slice part of the way: straight in theta, psi and rho psi, in which arbitrage is."""
    if share == 0:
        return old.as_post.on_grain()
    part = round(share * WAD)

    def between(a: int, b: int) -> int:
        return a + (b - a) * part // WAD

    psi = between(old.psi, new.psi)
    tilt = between(old.psi * old.rho, new.psi * new.rho)
    return Post(
        expiry=old.expiry,
        theta=between(old.theta, new.theta),
        rho=tilt // max(psi, 1),
        psi=psi,
        carry=between(old.carry, new.carry),
    ).on_grain()


def _matters(post: Post, old: Standing, at: int, terms: PosterTerms) -> bool:
    """Would anybody notice? Volatility at the money and a deviation to each side, and forward."""
    years = to_years(post.expiry - at)
    before, after = _as_view(old), _as_view(replace(old, **_shape(post)))
    wing = float(before.smile.theta) ** 0.5
    places = (-wing, 0.0, wing)
    gap = abs(after.smile.vol(places, years) - before.smile.vol(places, years)).max()
    return bool(
        gap >= terms.drift or abs(after.carry - before.carry) * years >= terms.forward_drift
    )


def _shape(post: Post) -> dict[str, int]:
    return {"theta": post.theta, "rho": post.rho, "psi": post.psi, "carry": post.carry}


def _as_view(old: Standing) -> View:
    return View(Slice(old.theta / WAD, old.rho / WAD, old.psi / WAD), old.carry / WAD)


def _post_of(expiry: int, smile: Slice, carry: float) -> Post:
    theta, rho, psi, rate = (
        round(figure * WAD) for figure in (smile.theta, smile.rho, smile.psi, carry)
    )
    return Post(expiry, theta, rho, psi, rate).on_grain()


def _standing(market: LiveMarket, expiry: int) -> tuple[int, Standing]:
    """A slice and the moment as of which it was read."""
    found = market["surface"].slice(expiry)
    room = market["surface"].room(expiry)
    smile = found.smile
    slice_ = Standing(expiry, smile.theta, smile.rho, smile.psi, found.carry, found.posted_at, room)
    return expiry - found.tau, slice_
