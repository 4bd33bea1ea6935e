"""What the surface will say of a post, in the contract's own integers and words.

A keeper asks here first, so that what it sends is not refused. A post is judged when its block is
made, which is later than it was composed by an unknown moment: `objections_within` asks at both
ends of a window. All that depends on the moment is monotone in it, so both ends are enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from ballast.market.sheet import SurfaceLimits
from ballast.units import WAD, YEAR

RHO_GRAIN: Final = 10**3
PSI_GRAIN: Final = 10**3
CARRY_GRAIN: Final = 10**8
LEVEL_GRAIN: Final = 10**12
FORWARD_RATIO: Final = 4
MOST_THETA: Final = 2**64 - 1
MOST_PSI: Final = 4 * WAD
MOST_LOG: Final = WAD // 2
"""Of forward over spot."""
_HOUR: Final = 3_600


@dataclass(frozen=True)
class Post:
    """A slice as it is posted; theta and psi are as of the post."""

    expiry: int
    theta: int
    rho: int
    psi: int
    carry: int

    @property
    def as_args(self) -> tuple[int, int, int, int, int]:
        """The struct of the contract."""
        return self.expiry, self.theta, self.rho, self.psi, self.carry

    def on_grain(self) -> Post:
        """The nearest that a slice's word can hold, toward a flatter one."""
        return replace(
            self,
            rho=_toward_zero(self.rho, RHO_GRAIN),
            psi=_toward_zero(self.psi, PSI_GRAIN),
            carry=_toward_zero(self.carry, CARRY_GRAIN),
        )


@dataclass(frozen=True)
class Standing:
    """A slice that stands, as of some moment, and what the keeper may still move it by."""

    expiry: int
    theta: int
    rho: int
    psi: int
    carry: int
    posted_at: int
    room: int
    """Distance in ln theta, WAD."""

    @property
    def as_post(self) -> Post:
        """The same slice, posted anew."""
        return Post(self.expiry, self.theta, self.rho, self.psi, self.carry)

    def scaled(self, at: int, later: int) -> Standing:
        """As of a later moment."""
        left, was = max(self.expiry - later, 0), self.expiry - at
        return replace(self, theta=self.theta * left // was, psi=self.psi * left // was)


def objections_within(
    posts: Sequence[Post],
    standing: Sequence[Standing],
    limits: SurfaceLimits,
    at: int,
    patience: int,
) -> list[str]:
    """Reasons to refuse a post by the keeper alone in a block from `at` to `at + patience`."""
    found = objections(posts, standing, limits, at)
    later = [slice_.scaled(at, at + patience) for slice_ in standing]
    return found + objections(posts, later, limits, at + patience)


def objections(
    posts: Sequence[Post], standing: Sequence[Standing], limits: SurfaceLimits, at: int
) -> list[str]:
    """The same in a block at `at`; what stands is as of then. Listing is none of its business."""
    live = {slice_.expiry: slice_ for slice_ in standing if slice_.expiry > at}
    if not posts or not live:
        return ["surface: nothing posted" if not posts else "surface: needs two signers"]
    if any(a.expiry >= b.expiry for a, b in pairwise(posts)):
        return ["surface: order"]
    if any(post.expiry not in live for post in posts):
        return ["surface: not on the list"]
    found = [
        reason for post in posts for reason in own_objections(post, live[post.expiry], limits, at)
    ]
    new = {post.expiry: post for post in posts}
    chain = [new.get(expiry) or live[expiry].as_post for expiry in sorted(live)]
    for near, far in pairwise(chain):
        if near.expiry in new or far.expiry in new:
            found += _between(near, far, at)
    return found


def move(new: Post, old: Standing, limits: SurfaceLimits, at: int) -> int:
    """What a post uses up of the keeper's room: the largest of its four moves, ln theta in WAD."""
    turn = abs(new.rho - old.rho)
    drift = abs(new.carry - old.carry) * (new.expiry - at)
    charge = max(
        _log_distance(new.theta, old.theta),
        _part_up(turn, limits.theta_post, limits.rho_post),
        _part_up(_log_distance(new.psi, old.psi), limits.theta_post, limits.psi_post),
        _part_up(drift, limits.theta_post, limits.carry_post * YEAR),
    )
    return _part_up(charge, 1, LEVEL_GRAIN) * LEVEL_GRAIN


def capacity(limits: SurfaceLimits) -> int:
    """The most that `room` can be: half of what an hour allows."""
    return limits.theta_hour * WAD // (2 * WAD + limits.theta_hour) // LEVEL_GRAIN * LEVEL_GRAIN


def own_objections(new: Post, old: Standing, limits: SurfaceLimits, at: int) -> list[str]:
    """Reasons to refuse a slice whatever stands beside it."""
    tau = new.expiry - at
    wing = WAD + abs(new.rho)
    carry_max = min(limits.carry_max, MOST_LOG * YEAR // tau)
    low, high = sorted((old.theta, new.theta))
    grains = (new.rho % RHO_GRAIN, new.psi % PSI_GRAIN, new.carry % CARRY_GRAIN)
    level = new.theta * YEAR * WAD
    rules = {
        "surface: theta": 0 < new.theta <= MOST_THETA,
        "surface: rho": abs(new.rho) < WAD,
        "surface: psi": 0 < new.psi <= MOST_PSI,
        "surface: grain": grains == (0, 0, 0),
        "surface: carry": abs(new.carry) <= carry_max,
        "surface: volatility": limits.vol_min**2 * tau <= level <= limits.vol_max**2 * tau,
        "surface: butterfly": new.psi * wing <= 4 * WAD * WAD
        and new.psi * wing * new.psi <= 4 * WAD * WAD * new.theta,
        "surface: theta moves too far": high * WAD <= low * (WAD + limits.theta_post),
        "surface: rho moves too far": abs(new.rho - old.rho) <= limits.rho_post,
        "surface: psi moves too far": _log_distance(new.psi, old.psi) <= limits.psi_post,
        "surface: carry moves too far": abs(new.carry - old.carry) * tau
        <= limits.carry_post * YEAR,
        "surface: hourly budget": move(new, old, limits, at) <= old.room,
    }
    return [reason for reason, holds in rules.items() if not holds]


def _between(near: Post, far: Post, at: int) -> list[str]:
    gain = max(far.theta - near.theta, 0) * (near.expiry - at)
    expected = near.theta * (far.expiry - near.expiry)
    rules = {
        "surface: forward variance": expected <= gain * FORWARD_RATIO
        and gain <= expected * FORWARD_RATIO,
        "surface: calendar": near.psi * (WAD + near.rho) <= far.psi * (WAD + far.rho)
        and near.psi * (WAD - near.rho) <= far.psi * (WAD - far.rho)
        and far.psi * near.theta <= near.psi * far.theta,
    }
    return [reason for reason, holds in rules.items() if not holds]


def live_before(standing: Iterable[Standing], at: int, left: int) -> list[Standing]:
    """The slices with more than so many seconds left, soonest first."""
    return sorted((s for s in standing if s.expiry - at > left), key=lambda s: s.expiry)


def _log_distance(a: int, b: int) -> int:
    more, less = max(a, b), min(a, b)
    if less <= 0:
        return 2**128
    return -(-(more - less) * (more + less) * WAD // (2 * more * less))


def _part_up(x: int, factor: int, divisor: int) -> int:
    return -(-x * factor // divisor)


def _toward_zero(value: int, grain: int) -> int:
    return (abs(value) // grain * grain) * (1 if value >= 0 else -1)
