"""A surface in process, and what it should say: the rules once more in Python's integers.

Nothing here rounds but where the contract says that it does, so that an edge is an integer and the
tests can stand on it, one below it and one above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from fractions import Fraction
from itertools import pairwise

from ballast.chain import Contract, RevmChain, compile_contract
from ballast.series import listable_expiries
from ballast.units import DAY, WAD, YEAR

HOUR = 3_600
PSI_GRAIN = RHO_GRAIN = 10**3
CARRY_GRAIN = 10**8
LEVEL_GRAIN = 10**12
MAX_TENOR = 2 * YEAR
START = 1_767_225_600  # the clock of a new RevmChain: Thursday, 1 January 2026, 00:00 UTC


@dataclass(frozen=True)
class Limits:
    """Of the sheet, in its order."""

    vol_min: int = 15 * WAD // 100
    vol_max: int = 3 * WAD
    theta_post: int = 5 * WAD // 100
    theta_hour: int = 40 * WAD // 100
    rho_post: int = WAD // 10
    psi_post: int = 15 * WAD // 100
    carry_max: int = WAD // 2
    carry_post: int = WAD // 1_000
    carry_list: int = WAD // 100

    @property
    def capacity(self) -> int:
        """Of the bucket, in its quanta."""
        return self.theta_hour * WAD // (2 * WAD + self.theta_hour) // LEVEL_GRAIN


@dataclass(frozen=True)
class Post:
    """A slice as the keeper posts it."""

    expiry: int
    theta: int
    rho: int
    psi: int
    carry: int = 0


@dataclass(frozen=True)
class Held:
    """A slice as stored."""

    post: Post
    posted_at: int
    level: int = 0

    def smile(self, at: int) -> tuple[int, int, int]:
        """Theta, rho and psi as of a time, rounded down."""
        left, whole = max(0, self.post.expiry - at), self.post.expiry - self.posted_at
        return self.post.theta * left // whole, self.post.rho, self.post.psi * left // whole


class World:
    """A surface with its sheet and roles on a chain of its own."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.chain = RevmChain()
        self.owner, self.keeper, self.second, self.stranger = self.chain.accounts[1:5]
        self.sheet = self.new_sheet(self.limits)
        self.surface: Contract = self.chain.deploy(
            compile_contract("Surface"), self.owner, self.keeper, self.second, self.sheet
        )

    def new_sheet(self, limits: Limits) -> Contract:
        return self.chain.deploy(compile_contract("SurfaceLimits"), astuple(limits))

    @property
    def now(self) -> int:
        return self.chain.timestamp

    def expiries(self, count: int = 8) -> list[int]:
        """The next that may be listed."""
        return listable_expiries(self.now, count)

    def post(self, *posts: Post) -> object:
        return self.surface.post([astuple(post) for post in posts], sender=self.keeper)

    def propose(self, *posts: Post) -> object:
        return self.surface.propose([astuple(post) for post in posts], sender=self.keeper)

    def confirm(self, *posts: Post) -> object:
        return self.surface.confirm([astuple(post) for post in posts], sender=self.second)

    def found(self, *posts: Post) -> None:
        """Post with both signers. Lasts two blocks: the slices are of the first one's time."""
        self.propose(*posts)
        self.confirm(*posts)

    def smile(self, expiry: int) -> tuple[int, int, int]:
        return tuple(self.surface.slice(expiry).smile)


def grained(post: Post) -> Post:
    """The nearest below that fits the word."""
    return replace(
        post,
        rho=post.rho - post.rho % RHO_GRAIN,
        psi=post.psi - post.psi % PSI_GRAIN,
        carry=post.carry - post.carry % CARRY_GRAIN,
    )


def at_vol(expiry: int, now: int, vol: float = 0.6, rho: float = -0.3, carry: float = 0.05) -> Post:
    """An ordinary slice: theta of a volatility, psi well inside the conditions."""
    tau = expiry - now
    theta = int(vol * vol * WAD) * tau // YEAR
    psi = theta * WAD // int(1.2 * (WAD * (theta + 10**16)) ** 0.5)
    return grained(Post(expiry, theta, int(rho * WAD), psi, int(carry * WAD)))


def term_structure(world: World, count: int, **how: float) -> list[Post]:
    """One ordinary slice for each of the next expiries, as of the next block."""
    return [at_vol(expiry, world.now, **how) for expiry in world.expiries(count)]


def log_distance(a: int, b: int) -> int:
    """(r - 1/r)/2, WAD, rounded up."""
    more, less = max(a, b), min(a, b)
    exact = (Fraction(more, less) - Fraction(less, more)) / 2 * WAD
    return -(-exact.numerator // exact.denominator)


def charge(new: Post, old: Held, at: int, limits: Limits) -> int:
    """What a move costs, in the bucket's quanta."""
    theta, rho, psi = old.smile(at)
    drift = Fraction(abs(new.carry - old.post.carry) * (new.expiry - at), YEAR)
    parts = (
        Fraction(log_distance(new.theta, theta)),
        Fraction(abs(new.rho - rho) * limits.theta_post, limits.rho_post),
        Fraction(log_distance(new.psi, psi) * limits.theta_post, limits.psi_post),
        drift * limits.theta_post / limits.carry_post,
    )
    return -(-max(-(-part // 1) for part in parts) // LEVEL_GRAIN)


def leaked(held: Held, at: int, capacity: int) -> int:
    """The level of the bucket at a time."""
    return max(0, held.level - (at - held.posted_at) * capacity // HOUR)


def butterfly(theta: int, rho: int, psi: int) -> bool:
    wing = 1 + Fraction(abs(rho), WAD)
    t, p = Fraction(theta, WAD), Fraction(psi, WAD)
    return p * wing <= 4 and p * p * wing <= 4 * t


def calendar(near: Sequence[int], far: Sequence[int]) -> bool:
    (t1, r1, p1), (t2, r2, p2) = near, far
    tilt = max(Fraction(WAD + r1, WAD + r2), Fraction(WAD - r1, WAD - r2))
    return p1 * tilt <= p2 <= Fraction(p1 * t2, t1)


def forward_variance(
    near: int, near_tau: int, far: int, far_tau: int, most: Fraction = Fraction(4)
) -> bool:
    ratio = Fraction(far - near, far_tau - near_tau) / Fraction(near, near_tau)
    return 1 / most <= ratio <= most


def level(theta: int, tau: int, limits: Limits) -> bool:
    variance = Fraction(theta * YEAR, WAD * tau)
    return Fraction(limits.vol_min, WAD) ** 2 <= variance <= Fraction(limits.vol_max, WAD) ** 2


def verdict(
    held: dict[int, Held], posts: Sequence[Post], at: int, limits: Limits, *, alone: bool, now: int
) -> str | dict[int, Held]:
    """What a post leaves, or `refused`: the rules as sentences, in no particular order."""
    live = {expiry: old for expiry, old in held.items() if expiry > now}
    expiries = [post.expiry for post in posts]
    if not posts or expiries != sorted(set(expiries)) or (alone and not live):
        return "refused"
    after = dict(live)
    for post in posts:
        tau, used = post.expiry - at, 0
        if post.expiry not in live and not _listable(post.expiry, now):
            return "refused"
        if not _stands_alone(post, tau, limits):
            return "refused"
        if old := live.get(post.expiry):
            used = leaked(old, at, limits.capacity)
            if alone:
                if not _moves_little(post, old, at, limits):
                    return "refused"
                used += charge(post, old, at, limits)
                if used > limits.capacity:
                    return "refused"
        after[post.expiry] = Held(post, at, used)
    order = sorted(after)
    if len(order) > 8:
        return "refused"
    for near, far in pairwise(order):
        if near not in expiries and far not in expiries:
            continue
        (one, two), taus = (after[e].smile(at) for e in (near, far)), (near - at, far - at)
        is_new = alone and (near not in live or far not in live)
        most = 1 + Fraction(limits.theta_hour, WAD) if is_new else Fraction(4)
        if not calendar(one, two) or not forward_variance(one[0], taus[0], two[0], taus[1], most):
            return "refused"
        for expiry in (far, near):
            if alone and expiry not in live:
                gap = abs(after[far].post.carry - after[near].post.carry) * (expiry - at)
                if gap > limits.carry_list * YEAR:
                    return "refused"
                break
    return dict(sorted(after.items()))


def _listable(expiry: int, now: int) -> bool:
    friday = expiry // DAY % 7 == 1
    return expiry % DAY == 8 * HOUR and 0 < expiry - now <= (MAX_TENOR if friday else 2 * DAY)


def _stands_alone(post: Post, tau: int, limits: Limits) -> bool:
    return (
        0 < post.theta < 2**64
        and abs(post.rho) < WAD
        and 0 < post.psi <= 4 * WAD
        and grained(post) == post
        and abs(post.carry) <= min(limits.carry_max, WAD // 2 * YEAR // tau)
        and level(post.theta, tau, limits)
        and butterfly(post.theta, post.rho, post.psi)
    )


def _moves_little(post: Post, old: Held, at: int, limits: Limits) -> bool:
    theta, rho, psi = old.smile(at)
    ratio = Fraction(max(theta, post.theta), min(theta, post.theta))
    return (
        ratio <= 1 + Fraction(limits.theta_post, WAD)
        and abs(post.rho - rho) <= limits.rho_post
        and log_distance(post.psi, psi) <= limits.psi_post
        and abs(post.carry - old.post.carry) * (post.expiry - at) <= limits.carry_post * YEAR
    )
