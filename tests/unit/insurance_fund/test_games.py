"""Random play against a ghost in plain integers, and loops of smallest amounts."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ballast.chain import RevmChain
from tests.unit.insurance_fund.world import COOLDOWN, DAY, VIRTUAL, WINDOW, World, build

RELAXED = settings(max_examples=80, suppress_health_check=list(HealthCheck))


@dataclass
class Request:
    shares: int
    at: int
    total: int
    parts: int


@dataclass
class Ghost:
    """The fund as it should be."""

    here: int = 0  # its own tokens
    dues: int = 0
    drawn: int = 0
    series: int = 0
    pending: int = 0
    shares: dict[str, int] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.here + self.dues

    @property
    def parts(self) -> int:
        return sum(self.shares.values()) + VIRTUAL

    def open_request(self, who: str, now: int) -> Request | None:
        found = self.requests.get(who)
        if found is None or found.shares == 0 or now > found.at + COOLDOWN + WINDOW:
            return None
        return found

    def ready(self, who: str, now: int) -> int:
        found = self.open_request(who, now)
        return found.shares if found and now >= found.at + COOLDOWN else 0

    def worth(self, who: str, shares: int) -> int:
        """Of shares that leave: at the lower of the two values."""
        then = self.requests[who]
        return min(
            shares * (self.total + 1) // self.parts,
            shares * (then.total + 1) // then.parts,
        )

    def leave(self, who: str, shares: int, assets: int) -> None:
        self.shares[who] -= shares
        self.requests[who].shares -= shares
        if assets > self.here:
            self.fetch()
        self.here -= assets

    def fetch(self) -> None:
        self.here, self.dues = self.here + self.dues, 0

    def draw(self, shortfall: int) -> None:
        if self.here <= shortfall:
            self.fetch()
        paid = min(shortfall, self.here)
        self.here, self.drawn = self.here - paid, self.drawn + paid
        if self.here == 0 and sum(self.shares.values()):
            self.series += 1
            self.shares, self.requests = {}, {}


ACTIONS = (
    "deposit",
    "mint",
    "request",
    "cancel",
    "redeem",
    "withdraw",
    "move",
    "give",
    "accrue",
    "collect",
    "draw",
    "flag",
    "wait",
    "ripen",
)


@RELAXED
@given(
    decimals=st.sampled_from([6, 8, 18]),
    actions=st.lists(
        st.tuples(st.sampled_from(ACTIONS), st.integers(0, 100), st.integers(0, 100)),
        min_size=5,
        max_size=40,
    ),
)
def test_sequences__any__the_fund_is_that_of_the_ghost(
    decimals: int, actions: list[tuple[str, int, int]]
) -> None:
    world, ghost = build(RevmChain(), decimals), Ghost()
    play(world, ghost, "deposit", 100, 0)
    for name, x, y in actions:
        before = (ghost.total + 1, ghost.parts, ghost.series)
        play(world, ghost, name, x, y)
        check(world, ghost)
        if name != "draw" and ghost.series == before[2]:
            assert (ghost.total + 1) * before[1] >= before[0] * ghost.parts, "V8"


def play(world: World, ghost: Ghost, name: str, x: int, y: int) -> None:
    """One action, its amounts as parts of what is possible; alice and bob take turns."""
    who = (world.alice, world.bob)[y % 2]
    now, have = world.chain.timestamp, ghost.shares.get(who, 0)
    fund, one = world.fund, world.one
    if name in ("deposit", "mint"):
        enter(world, ghost, name, who, x * one * 7 // 3)
    elif name in ("redeem", "withdraw"):
        leave(world, ghost, name, who, x)
    elif name == "request" and have * x // 100:
        shares = have * x // 100
        fund.request(shares, sender=who)
        ghost.requests[who] = Request(shares, now, ghost.total, ghost.parts)
    elif name == "cancel" and ghost.open_request(who, now):
        fund.cancel(sender=who)
        del ghost.requests[who]
    elif name == "move":
        found = ghost.open_request(who, now)
        free = (have - (found.shares if found else 0)) * x // 100
        other = world.alice if who == world.bob else world.bob
        fund.transfer(other, free, sender=who)
        ghost.shares[who] = have - free
        ghost.shares[other] = ghost.shares.get(other, 0) + free
    else:
        elsewhere(world, ghost, name, x, y)


def enter(world: World, ghost: Ghost, name: str, who: str, assets: int) -> None:
    shares = assets * ghost.parts // (ghost.total + 1)
    if ghost.pending:
        assert world.refused(name, 1, who, sender=who) == "fund: pending"
        return
    if shares == 0 or max(shares, ghost.parts) >= 2**143:
        return  # test_stake has the ends of the range
    if name == "mint":
        assets = -(-shares * (ghost.total + 1) // ghost.parts)
        assert world.fund.mint(shares, who, sender=who).value == assets
    else:
        assert world.fund.deposit(assets, who, sender=who).value == shares
    ghost.here += assets
    ghost.shares[who] = ghost.shares.get(who, 0) + shares


def leave(world: World, ghost: Ghost, name: str, who: str, x: int) -> None:
    ready = ghost.ready(who, world.chain.timestamp)
    if ghost.pending or ready == 0:
        reason = "fund: pending" if ghost.pending else "fund: not ready"
        if ghost.pending or ghost.parts > VIRTUAL:
            assert world.refused("redeem", 1, who, who, sender=who) == reason
        return
    shares = ready * x // 100
    assets = ghost.worth(who, shares)
    if name == "redeem":
        assert world.fund.redeem(shares, who, who, sender=who).value == assets
    else:
        then = ghost.requests[who]
        pairs = ((ghost.total + 1, ghost.parts), (then.total + 1, then.parts))
        shares = max(-(-assets * parts // total) for total, parts in pairs)
        assert world.fund.withdraw(assets, who, who, sender=who).value == shares
    ghost.leave(who, shares, assets)


def elsewhere(world: World, ghost: Ghost, name: str, x: int, y: int) -> None:
    """What stakers do not do."""
    one = world.one
    if name == "give":
        world.give(x * one // 9)
        ghost.here += x * one // 9
    elif name == "accrue":
        world.accrue(y * one // 11)
        ghost.dues += y * one // 11
    elif name == "collect":
        assert world.fund.collect(sender=world.stranger).value == ghost.dues
        ghost.fetch()
    elif name == "draw":
        shortfall = ghost.total * x // 90 + (y > 95)
        world.draw(shortfall)
        ghost.draw(shortfall)
    elif name == "flag":
        ghost.pending = x if y > 60 else 0
        world.margin.set_pending(ghost.pending)
    elif name == "wait":
        world.at(world.chain.timestamp + x * DAY // 10)
    elif name == "ripen":
        world.at(world.chain.timestamp + COOLDOWN + x * DAY // 100)


def check(world: World, ghost: Ghost) -> None:
    fund, people = world.fund, (world.alice, world.bob)
    now = world.chain.timestamp
    assert world.held(fund, world.vault, world.margin) == [ghost.here, ghost.dues, ghost.drawn]
    assert (fund.totalAssets(), fund.series()) == (ghost.total, ghost.series)
    balances = [int(fund.balanceOf(who)) for who in people]
    assert balances == [ghost.shares.get(who, 0) for who in people]
    assert sum(balances) == fund.totalSupply() == ghost.parts - VIRTUAL, "V6"
    assert sum(fund.convertToAssets(held) for held in balances) <= ghost.total, "V7"
    for who in people:
        found = ghost.open_request(who, now)
        due = (
            (found.shares, found.at + COOLDOWN, found.at + COOLDOWN + WINDOW) if found else (0,) * 3
        )
        assert fund.requested(who) == due
        most = 0 if ghost.pending else ghost.ready(who, now)
        assert fund.maxRedeem(who) == most, "V10"
        assert fund.maxWithdraw(who) == (ghost.worth(who, most) if most else 0), "V10"


@RELAXED
@given(
    decimals=st.sampled_from([6, 18]),
    gift=st.integers(0, 10**13),
    amounts=st.lists(st.integers(1, 10**7), min_size=1, max_size=8),
)
def test_loops__smallest_stakes__never_gain(decimals: int, gift: int, amounts: list[int]) -> None:
    world = build(RevmChain(), decimals)
    world.deposit(1_000 * world.one, world.bob)
    world.give(gift)
    before = world.held(world.alice)[0]
    for amount in amounts:
        if world.fund.previewDeposit(amount):
            world.deposit(amount)
    if world.fund.balanceOf(world.alice):
        world.at(world.request())
        world.redeem()
    assert world.held(world.alice)[0] <= before
