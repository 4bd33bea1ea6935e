"""Two signers, the owner, and what anyone may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, replace
from functools import partial

import pytest
from eth_abi import encode
from eth_utils import keccak

from ballast.chain import Chain, Reverted, compile_contract
from ballast.chain.protocol import ZERO_ADDRESS
from ballast.units import DAY, WAD
from tests.unit.surface.test_post import outcome, same, standing
from tests.unit.surface.world import HOUR, START, Held, Limits, Post, World, at_vol, term_structure

TTL = 20 * 60
TUPLE = "(uint256,uint256,int256,uint256,int256)[]"


def digest(*posts: Post) -> bytes:
    return keccak(encode([TUPLE], [[astuple(post) for post in posts]]))


def jump(world: World, held: Held, factor: int = 3) -> Post:
    """A move that the keeper may not make alone."""
    post = same(world, held)
    return replace(post, theta=post.theta * factor)


def test_propose__then_confirm__leaves_whole_events() -> None:
    world, held = standing()
    post = jump(world, held)
    at = world.now
    receipt = world.propose(post)
    assert [(event.name, dict(event.args)) for event in receipt.events] == [
        ("SurfaceProposed", {"digest": digest(post), "version": 1, "proposed_at": at})
    ]
    assert world.surface.proposal() == (digest(post), 1, at)
    world.chain.advance(60)
    receipt = world.confirm(post)
    posted = {"expiry": post.expiry, "version": 2, "posted_at": at, "carry": post.carry}
    assert [(event.name, dict(event.args)) for event in receipt.events] == [
        ("SurfaceConfirmed", {"digest": digest(post)}),
        ("SlicePosted", posted | {"theta": post.theta, "rho": post.rho, "psi": post.psi}),
    ]
    assert world.surface.proposal() == (bytes(32), 0, 0)


def test_confirm__later_than_the_proposal__posts_as_of_its_time() -> None:
    """Slices are of the time at which they were observed, and age from then."""
    world, held = standing()
    post, at = jump(world, held), world.now
    world.propose(post)
    world.chain.advance(600)
    world.confirm(post)
    assert world.smile(post.expiry) == Held(post, at).smile(world.now)
    assert world.surface.slice(post.expiry).posted_at == world.surface.updated_at() == at
    assert world.surface.age(post.expiry) == world.now - at


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_confirm__a_heartbeat_later__is_the_last_accepted(step: int) -> None:
    world, held = standing()
    post, at = jump(world, held), world.now
    world.propose(post)
    world.chain.set_timestamp(at + TTL + step)
    expected = "surface: proposal too old" if step > 0 else "accepted"
    assert outcome(lambda: world.confirm(post)) == expected


def test_confirm__again__is_refused() -> None:
    world, held = standing()
    post = jump(world, held)
    world.found(post)
    assert outcome(lambda: world.confirm(post)) == "surface: proposal"


def test_confirm__with_nothing_proposed__is_refused() -> None:
    world = World()
    assert outcome(world.confirm) == "surface: proposal"
    assert outcome(lambda: world.confirm(*term_structure(world, 1))) == "surface: proposal"


@pytest.mark.parametrize("field", ["expiry", "theta", "rho", "psi", "carry"])
def test_confirm__other_slices_than_proposed__is_refused(field: str) -> None:
    world, held = standing()
    post = jump(world, held)
    world.propose(post)
    other = replace(post, **{field: getattr(post, field) + 1})
    assert outcome(lambda: world.confirm(other)) == "surface: proposal"
    assert outcome(lambda: world.confirm(post, other)) == "surface: proposal"
    assert outcome(world.confirm) == "surface: proposal"


def test_confirm__after_a_post__is_refused() -> None:
    world, held = standing()
    post = jump(world, held)
    world.propose(post)
    world.post(same(world, held))
    assert outcome(lambda: world.confirm(post)) == "surface: proposal"


def test_propose__again__replaces() -> None:
    world, held = standing()
    first = jump(world, held)
    world.propose(first)
    second = jump(world, held, factor=2)
    world.propose(second)
    assert outcome(lambda: world.confirm(first)) == "surface: proposal"
    assert outcome(lambda: world.confirm(second)) == "accepted"


@pytest.mark.parametrize("change", ["keeper", "second signer"])
def test_confirm__after_a_signer_was_replaced__is_refused(change: str) -> None:
    world, held = standing()
    post = jump(world, held)
    world.propose(post)
    if change == "keeper":
        world.surface.set_keeper(world.stranger, sender=world.owner)
    else:
        world.surface.set_second_signer(world.stranger, sender=world.owner)
        world.second = world.stranger
    assert outcome(lambda: world.confirm(post)) == "surface: proposal"
    assert world.surface.proposal() == (bytes(32), 0, 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"theta": 9 * WAD}, "surface: volatility"),
        ({"psi": WAD}, "surface: butterfly"),
        ({"carry": 6 * WAD // 10}, "surface: carry"),
    ],
)
def test_confirm__bounds_that_two_signers_keep_too__is_refused(
    change: dict[str, int], reason: str
) -> None:
    world, held = standing()
    post = replace(same(world, held), **change)
    world.propose(post)
    assert outcome(lambda: world.confirm(post)) == reason


def test_confirm__neighbour_of_before__is_judged_as_of_the_proposal() -> None:
    """A pair at the edge when proposed is inside it later: judged then, it stays judged."""
    world = World()
    posts = term_structure(world, 6)
    world.found(posts[3])
    near, at = Held(posts[3], world.now - 2), world.now
    theta, rho, psi = near.smile(at)
    t1, t2 = near.post.expiry - at, posts[5].expiry - at
    far = replace(at_vol(posts[5].expiry, at), rho=rho)
    edge = theta + -(-theta * (t2 - t1) // (4 * t1))
    far = replace(far, theta=edge, psi=psi * (theta + edge) // (2 * theta) // 1_000 * 1_000)
    world.propose(far)
    world.chain.advance(TTL - 60)
    assert outcome(lambda: world.confirm(far)) == "accepted"


def test_confirm__expiry_that_passed_since_the_proposal__is_refused() -> None:
    world = World()
    posts = term_structure(world, 5)
    world.found(posts[4])
    world.chain.set_timestamp(posts[0].expiry - 60)
    short = at_vol(posts[0].expiry, world.now)
    world.propose(short)
    world.chain.set_timestamp(posts[0].expiry)
    assert outcome(lambda: world.confirm(short)) == "series: expired"


def test_confirm__large_move__leaves_the_budget_as_it_was() -> None:
    """The budget is the keeper's alone: two signers neither use it nor refill it."""
    world, held = standing()
    moved = replace(same(world, held), theta=held.smile(world.now)[0] * 104 // 100)
    world.post(moved)
    before = world.surface.room(moved.expiry)
    at = world.now
    world.found(replace(moved, theta=moved.theta * 2))
    grown = world.surface.room(moved.expiry) - before
    leak = world.limits.capacity * 10**12 * (world.now - at + 1) // HOUR
    assert 0 <= grown <= leak + 2 * 10**12


def test_propose__nothing__is_refused() -> None:
    assert outcome(World().propose) == "surface: nothing posted"


def test_propose__in_the_block_of_a_post__is_refused() -> None:
    world, held = standing()
    post = same(world, held)
    calls = [world.surface.method(n).encode([astuple(post)]) for n in ("post", "propose")]
    world.chain.bulk(world.surface.address, calls[0], world.keeper)
    assert (
        outcome(lambda: world.chain.bulk(world.surface.address, calls[1], world.keeper))
        == "surface: time"
    )


# --- who may


@pytest.mark.parametrize("who", ["owner", "second", "stranger"])
@pytest.mark.parametrize("what", ["post", "propose"])
def test_post__by_another_than_the_keeper__is_refused(what: str, who: str) -> None:
    world, held = standing()
    world.keeper = getattr(world, who)
    assert outcome(lambda: getattr(world, what)(same(world, held))) == "surface: keeper"


@pytest.mark.parametrize("who", ["owner", "keeper", "stranger"])
def test_confirm__by_another_than_the_second_signer__is_refused(who: str) -> None:
    world, held = standing()
    post = jump(world, held)
    world.propose(post)
    world.second = getattr(world, who)
    assert outcome(lambda: world.confirm(post)) == "surface: second signer"


@pytest.mark.parametrize("who", ["keeper", "second", "stranger"])
@pytest.mark.parametrize("what", ["set_keeper", "set_second_signer", "set_sheet"])
def test_setters__by_another_than_the_owner__are_refused(what: str, who: str) -> None:
    world = World()
    setter, sender = world.surface.method(what), getattr(world, who)
    assert outcome(lambda: setter(world.stranger, sender=sender)) == "surface: owner"


@pytest.mark.parametrize("what", ["set_keeper", "set_second_signer", "set_sheet"])
def test_setters__zero_address__is_refused(what: str) -> None:
    world = World()
    setter = world.surface.method(what)
    assert outcome(lambda: setter(ZERO_ADDRESS, sender=world.owner)) == "surface: zero address"


@pytest.mark.parametrize(
    ("what", "event", "field"),
    [
        ("set_keeper", "KeeperChanged", "keeper"),
        ("set_second_signer", "SecondSignerChanged", "second_signer"),
        ("set_sheet", "SheetChanged", "sheet"),
    ],
)
def test_setters__by_the_owner__take_effect_at_once(what: str, event: str, field: str) -> None:
    world = World()
    new = world.new_sheet(Limits()).address if what == "set_sheet" else world.stranger
    receipt = world.surface.method(what)(new, sender=world.owner)
    assert [(e.name, dict(e.args)) for e in receipt.events] == [(event, {field: new})]
    assert world.surface.method(field)() == new


def test_setters__one_account_for_both_signers__is_refused() -> None:
    world = World()
    for setter, other in (("set_keeper", world.second), ("set_second_signer", world.keeper)):
        call: Callable[..., object] = world.surface.method(setter)
        reason = outcome(lambda call=call, other=other: call(other, sender=world.owner))
        assert reason == "surface: one signer twice"


@pytest.mark.parametrize("place", range(4))
def test_init__zero_address__is_refused(place: int) -> None:
    world = World()
    args = [world.owner, world.keeper, world.second, world.sheet.address]
    args[place] = ZERO_ADDRESS
    with pytest.raises(Reverted) as found:
        world.chain.deploy(compile_contract("Surface"), *args)
    assert found.value.reason == "surface: zero address"


def test_init__anywhere__holds_what_it_was_given(chain: Chain) -> None:
    """The same body on both backends: deployment, two signers, a view."""
    owner, keeper, second = chain.accounts[1:4]
    sheet = chain.deploy(compile_contract("SurfaceLimits"), astuple(Limits()))
    surface = chain.deploy(compile_contract("Surface"), owner, keeper, second, sheet)
    receipt = surface.receipt
    assert receipt is not None
    assert [(e.name, dict(e.args)) for e in receipt.events] == [
        ("KeeperChanged", {"keeper": keeper}),
        ("SecondSignerChanged", {"second_signer": second}),
        ("SheetChanged", {"sheet": sheet.address}),
    ]
    assert (surface.owner(), surface.keeper(), surface.second_signer()) == (owner, keeper, second)
    assert (surface.version(), surface.updated_at(), surface.vol_index()) == (0, 0, 0)
    expiry = (chain.timestamp // (7 * DAY) + 5) * 7 * DAY + DAY + 8 * HOUR
    post = at_vol(expiry, chain.timestamp)
    surface.propose([astuple(post)], sender=keeper)
    surface.confirm([astuple(post)], sender=second)
    held = Held(post, surface.updated_at())
    assert tuple(surface.slice(expiry).smile)[1] == held.post.rho
    assert surface.version() == 1


# --- the sheet


@pytest.mark.parametrize("step", [-1, 0, 1])
@pytest.mark.parametrize(
    ("field", "edge", "inside"),
    [
        ("vol_min", WAD // 100, 1),
        ("vol_max", 3 * WAD, -1),
        ("theta_post", WAD // 1_000, 1),
        ("theta_hour", WAD, -1),
        ("rho_post", WAD // 1_000, 1),
        ("rho_post", WAD, -1),
        ("psi_post", WAD // 1_000, 1),
        ("psi_post", WAD, -1),
        ("carry_max", WAD, -1),
        ("carry_post", WAD // 10_000, 1),
        ("carry_post", WAD // 10, -1),
        ("carry_list", WAD // 10, -1),
    ],
)
def test_set_sheet__number_at_its_hard_bound__is_the_last_accepted(
    field: str, edge: int, inside: int, step: int
) -> None:
    world = World()
    sheet = world.new_sheet(replace(Limits(), **{field: edge - step * inside}))
    expected = "surface: sheet" if step > 0 else "accepted"
    assert outcome(lambda: world.surface.set_sheet(sheet, sender=world.owner)) == expected


@pytest.mark.parametrize("step", [-1, 0, 1])
@pytest.mark.parametrize(("small", "large"), [("vol_min", "vol_max"), ("theta_post", "theta_hour")])
def test_set_sheet__pair_in_the_wrong_order__is_refused(small: str, large: str, step: int) -> None:
    world = World()
    value = getattr(Limits(), large)
    sheet = world.new_sheet(replace(Limits(), **{small: value + step}))
    equal_is_fine = small == "theta_post"
    expected = "accepted" if step < 0 or (step == 0 and equal_is_fine) else "surface: sheet"
    assert outcome(lambda: world.surface.set_sheet(sheet, sender=world.owner)) == expected


def test_set_sheet__tighter__binds_the_next_post() -> None:
    world, held = standing()
    sheet = world.new_sheet(replace(Limits(), theta_post=WAD // 100))
    world.surface.set_sheet(sheet, sender=world.owner)
    post = same(world, held)
    post = replace(post, theta=post.theta * 102 // 100)
    assert outcome(lambda: world.post(post)) == "surface: theta moves too far"


# --- anyone


def test_drop__passed_expiries__leave_the_list_and_nothing_else() -> None:
    world = World()
    posts = term_structure(world, 5)
    world.found(*posts)
    for seconds, dropped in ((-1, []), (0, posts[1:2])):
        world.chain.set_timestamp(posts[1].expiry + seconds)
        before = (world.surface.version(), world.surface.updated_at())
        receipt = world.surface.drop(sender=world.stranger)
        gone = ([posts[0]] if seconds < 0 else []) + dropped
        assert [(e.name, dict(e.args)) for e in receipt.events] == [
            ("ExpiryDropped", {"expiry": post.expiry}) for post in gone
        ]
        assert (world.surface.version(), world.surface.updated_at()) == before
    assert list(world.surface.expiries()) == [post.expiry for post in posts[2:]]
    assert not world.surface.drop(sender=world.stranger).events
    assert world.smile(posts[0].expiry) == (0, posts[0].rho, 0)


def test_drop__empty_surface__does_nothing() -> None:
    world = World()
    assert not world.surface.drop(sender=world.stranger).events
    assert list(world.surface.expiries()) == []


# --- delisting


def test_delist__by_the_owner__frees_a_place_and_keeps_the_slice() -> None:
    world = World()
    posts = term_structure(world, 9)
    world.found(*posts[:8])
    ninth = at_vol(posts[8].expiry, world.now)
    assert outcome(lambda: world.post(ninth)) == "surface: full"
    gone = posts[5].expiry
    before = (world.surface.version(), world.surface.updated_at())
    receipt = world.surface.delist(gone, sender=world.owner)
    assert [(e.name, dict(e.args)) for e in receipt.events] == [("ExpiryDropped", {"expiry": gone})]
    assert (world.surface.version(), world.surface.updated_at()) == before
    assert list(world.surface.expiries()) == [p.expiry for p in posts[:8] if p.expiry != gone]
    assert world.smile(gone) == Held(posts[5], START + 2).smile(world.now)
    ninth = at_vol(posts[8].expiry, world.now)
    assert outcome(lambda: world.post(ninth)) == "accepted"


def test_delist__then_listed_again__is_judged_as_a_new_expiry() -> None:
    world = World()
    posts = term_structure(world, 6)
    world.found(*posts)
    world.surface.delist(posts[4].expiry, sender=world.owner)
    back = at_vol(posts[4].expiry, world.now, vol=0.602)
    receipt = world.post(back)
    assert [e.name for e in receipt.events] == ["ExpiryListed", "SlicePosted"]
    assert world.surface.room(back.expiry) == world.limits.capacity * 10**12


def test_delist__passed_ones_with_it__are_dropped_too() -> None:
    world = World()
    posts = term_structure(world, 5)
    world.found(*posts)
    world.chain.set_timestamp(posts[0].expiry)
    receipt = world.surface.delist(posts[4].expiry, sender=world.owner)
    assert [e.args["expiry"] for e in receipt.events] == [posts[0].expiry, posts[4].expiry]
    assert list(world.surface.expiries()) == [post.expiry for post in posts[1:4]]


def test_delist__expiry_that_is_not_on_the_list__is_refused() -> None:
    world = World()
    posts = term_structure(world, 5)
    world.found(*posts[:4])
    world.chain.set_timestamp(posts[0].expiry)
    for expiry in (posts[0].expiry, posts[4].expiry, 0):
        call = partial(world.surface.delist, expiry, sender=world.owner)
        assert outcome(call) == "surface: not on the list"


@pytest.mark.parametrize("who", ["keeper", "second", "stranger"])
def test_delist__by_another_than_the_owner__is_refused(who: str) -> None:
    world, held = standing()
    call = partial(world.surface.delist, held.post.expiry, sender=getattr(world, who))
    assert outcome(call) == "surface: owner"
