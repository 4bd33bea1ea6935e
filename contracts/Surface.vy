# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Surface
@license MIT
@notice The volatility surface: one eSSVI slice and a carry per listed expiry, free of static
    arbitrage at every post and until expiry. A slice is stored as posted and scales as a whole,
    w(k, t) = w_posted(k) tau / tau_posted.
@dev The danger is the keeper. Alone he may move a slice by a little per post and by a bounded path
    in any hour, and list expiries next to those that stand. What goes further needs the second
    signer, and for that neither signer alone is enough. The budget is a bucket per expiry, counted
    in ln theta: it holds half an hour's bound and leaks the other half in an hour, so posts between
    t and t + 3600 s never add up to more than the bound, however they are split or timed. Each post
    is charged for the largest of its four moves, each as a part of its own limit: rho, psi and
    carry have an hourly bound too.

    The wrong failure would be a surface that ages unseen: each slice carries the time at which it
    was observed, and the desk is reduce-only past MAX_AGE. The trap is a dead keeper: once every
    expiry has passed, the first new one needs both signers.
@custom:kill Nobody can stop the views, and the last slices stand for ever. The owner replaces
    keeper and second signer, and may delist; without a keeper the surface ages, openings stop in
    `Desk` past MAX_AGE, and closings and settlement go on.
"""

from interfaces import ISurface
from interfaces import ISurfaceLimits
from . import types
from . import units
from .math import carry as carry_math
from .math import domain
from .math import essvi
from .math import fixed
from .math import no_arbitrage
from .math import series
from .math import slice_word
from .math import variance_swap

implements: ISurface

HEARTBEAT: public(constant(uint256)) = 20 * 60
MAX_AGE: public(constant(uint256)) = 60 * 60
PROPOSAL_TTL: constant(uint256) = HEARTBEAT  # a proposal that would be old news is none
MAX_EXPIRIES: constant(uint256) = 8
MAX_TENOR: constant(uint256) = 2 * units.YEAR  # theta of 300 % for longer would not fit its field
HOUR: constant(uint256) = 3600
INDEX_TAU: constant(uint256) = 30 * 86400
MAX_SPOT: constant(uint256) = 2**127
LEAST_VOL: constant(uint256) = 10**16  # hard ranges of a sheet's numbers
MOST_VOL: constant(uint256) = 3 * 10**18
LEAST_MOVE: constant(uint256) = 10**15
LEAST_DRIFT: constant(uint256) = 10**14  # of the forward: a basis point
MOST_DRIFT: constant(uint256) = 10**17

_OWNER: immutable(address)

_head: uint256  # days of the expiries 8 x 16 bits, soonest lowest | version 32 | updated_at 32
_slices: HashMap[uint256, uint256]  # by expiry, see `slice_word`; zero if never listed
_keeper: address  # may post within bounds, and propose
_second_signer: address  # may confirm what the keeper proposes
_sheet: address  # whose limits hold
_proposal: Proposal  # what waits for the second signer


struct Proposal:
    digest: bytes32  # of the slices
    version: uint256  # of the surface it was made for
    at: uint256  # Unix time


struct Point:  # one expiry while a post is judged
    expiry: uint256
    smile: types.Slice  # as of the post
    carry: int256
    known: bool  # whether smile and carry have been read
    posted: bool  # by this post
    listed: bool  # by this post


@deploy
def __init__(owner: address, keeper: address, second_signer: address, sheet: address):
    """
    @notice An empty surface; its first expiry needs both signers
    @param owner Sets roles and sheet: the timelock
    @param keeper Posts
    @param second_signer Confirms
    @param sheet Its limits hold
    """
    self._require_address(owner)
    _OWNER = owner
    self._set_keeper(keeper)
    self._set_second_signer(second_signer)
    self._set_sheet(sheet)


# --- keeper


@external
def post(posts: DynArray[ISurface.Post, MAX_EXPIRIES]):
    """
    @notice Posts slices as of now, within the bounds of one signer; the first post of an expiry
        lists it
    @param posts Slices, expiries rising
    """
    self._require_keeper()
    self._post(posts, block.timestamp, True)


@external
def propose(posts: DynArray[ISurface.Post, MAX_EXPIRIES]):
    """
    @notice Leaves slices as of now for the second signer to confirm, in place of an earlier
        proposal. They are judged when confirmed
    @param posts Slices, expiries rising
    """
    self._require_keeper()
    head: uint256 = self._head
    self._require_news(len(posts), block.timestamp, head)
    digest: bytes32 = keccak256(abi_encode(posts))
    version: uint256 = self._version(head)
    self._proposal = Proposal(digest=digest, version=version, at=block.timestamp)
    log ISurface.SurfaceProposed(digest=digest, version=version, proposed_at=block.timestamp)


# --- second signer


@external
def confirm(posts: DynArray[ISurface.Post, MAX_EXPIRIES]):
    """
    @notice Posts a proposal as of its own time, judged for arbitrage and absolute bounds, not for
        how far it moves
    @dev No post may have come between: the signer confirms a surface, not a difference to an
        unknown one
    @param posts The slices proposed
    """
    assert msg.sender == self._second_signer, "surface: second signer"
    proposal: Proposal = self._proposal
    digest: bytes32 = keccak256(abi_encode(posts))
    assert (
        proposal.digest == digest and proposal.version == self._version(self._head)
    ), "surface: proposal"
    assert block.timestamp <= proposal.at + PROPOSAL_TTL, "surface: proposal too old"
    self._proposal = empty(Proposal)
    log ISurface.SurfaceConfirmed(digest=digest)
    self._post(posts, proposal.at, False)


# --- anyone


@external
def drop():
    """
    @notice Takes passed expiries off the list, as each post does too. Their last slices stay
        readable, worth nothing
    """
    self._relist(self._drop_passed(self._head))


# --- owner


@external
def set_keeper(keeper: address):
    """
    @notice Replaces the keeper; what he proposed falls
    @param keeper Another than the second signer
    """
    self._require_owner()
    self._proposal = empty(Proposal)
    self._set_keeper(keeper)


@external
def set_second_signer(second_signer: address):
    """
    @notice Replaces the second signer; what waits for him falls
    @param second_signer Another than the keeper
    """
    self._require_owner()
    self._proposal = empty(Proposal)
    self._set_second_signer(second_signer)


@external
def set_sheet(sheet: address):
    """
    @notice Replaces the limits; slices that stand are judged by them at their next post
    @param sheet An ISurfaceLimits
    """
    self._require_owner()
    self._set_sheet(sheet)


@external
def delist(expiry: uint256):
    """
    @notice Takes an expiry off the list before it passes. Its slice stays readable and ages, so the
        desk becomes reduce-only in it
    @dev Without this a keeper who fills the list with far expiries would close it to all others for
        years. Its two neighbours stay free of calendar arbitrage, whose conditions are transitive;
        their forward variance may have to be mended by two signers.
    @param expiry Unix time, listed and not passed
    """
    self._require_owner()
    left: DynArray[uint256, MAX_EXPIRIES] = []
    found: bool = False
    live: DynArray[uint256, MAX_EXPIRIES] = self._drop_passed(self._head)
    for other: uint256 in live:
        if other == expiry:
            found = True
        else:
            left.append(other)
    assert found, "surface: not on the list"
    log ISurface.ExpiryDropped(expiry=expiry)
    self._relist(left)


# --- views


@external
@view
def slice(expiry: uint256) -> ISurface.Snapshot:
    """
    @notice The slice of an expiry, as of now. Never reverts for an expiry that was ever listed
    @param expiry Unix time
    @return Slice, carry, discount, tau, time of the observation, version of the surface
    """
    return self._snapshot(expiry)


@external
@view
def forward(expiry: uint256, spot: uint256) -> (uint256, uint256):
    """
    @notice Forward and discount of an expiry at a spot price; their product is spot to one wei
    @param expiry Unix time
    @param spot Below 2^127
    @return Forward, discount
    """
    self._require_spot(spot)
    discount: uint256 = self._snapshot(expiry).discount
    return carry_math._forward(spot, discount), discount


@external
@view
def vol(expiry: uint256, strike: uint256, spot: uint256) -> uint256:
    """
    @notice Volatility of a strike, rounded down; zero from expiry on
    @param expiry Unix time
    @param strike Within a factor of 32 of the forward
    @param spot Below 2^127
    @return Volatility per square root of a year
    """
    now: ISurface.Snapshot = self._snapshot(expiry)
    self._require_spot(spot)
    forward: int256 = convert(carry_math._forward(spot, now.discount), int256)
    w: int256 = fixed._contrast(forward, convert(min(strike, 2 * MAX_SPOT), int256))
    x: int256 = (w * w) >> 96
    assert strike > 0 and forward > 0 and x <= domain.FACTOR_32, "surface: strike"
    if now.tau == 0:
        return 0
    h: essvi.Hyperbola = essvi._hyperbola(now.smile)
    variance: int256 = essvi._total_variance(
        (w * fixed._log2_over(x)) >> 96, h.skew, h.slope, h.rho, h.base, h.height, h.height_squared
    )
    return self._vol(convert(max(variance, 0), uint256), now.tau)


@external
@view
def vol_index() -> uint256:
    """
    @notice Square root of the 30-day swap rate of variance: the slices' own swaps, variance linear
        in time between the two around 30 days, the nearest one's rate where there is none on one
        side; zero without live expiries
    @return Volatility per square root of a year, rounded down
    """
    head: uint256 = self._head
    near: uint256 = 0  # variance and seconds
    near_tau: uint256 = 0
    for i: uint256 in range(MAX_EXPIRIES):
        expiry: uint256 = self._expiry(head, i)
        if expiry == 0:
            break
        if expiry <= block.timestamp:
            continue
        tau: uint256 = expiry - block.timestamp
        if near_tau != 0 and near_tau >= INDEX_TAU:
            break
        variance: uint256 = variance_swap._swap(
            slice_word._scaled_down(self._slices[expiry], expiry, block.timestamp)
        )
        if tau > INDEX_TAU and near_tau != 0:
            near = (near * (tau - INDEX_TAU) + variance * (INDEX_TAU - near_tau)) // (
                tau - near_tau
            )
            near_tau = INDEX_TAU
        else:
            near = variance
            near_tau = tau
    return self._vol(near, near_tau) if near_tau != 0 else 0


@external
@view
def age(expiry: uint256) -> uint256:
    """
    @notice Seconds since this expiry's slice was observed: up to HEARTBEAT it is new, past MAX_AGE
        the desk is reduce-only in it
    @param expiry Unix time
    @return Seconds
    """
    return block.timestamp - slice_word._posted_at(self._word(expiry))


@external
@view
def room(expiry: uint256) -> uint256:
    """
    @notice By how much the keeper alone may still move this expiry now
    @param expiry Unix time
    @return Distance in ln theta
    """
    word: uint256 = self._word(expiry)
    capacity: uint256 = self._capacity(self._limits(self._sheet).theta_hour)
    level: uint256 = self._leaked(word, block.timestamp, capacity)
    return (capacity - min(level, capacity)) * slice_word.LEVEL_GRAIN


@external
@view
def expiries() -> DynArray[uint256, MAX_EXPIRIES]:
    """
    @notice The listed expiries, soonest first; passed ones are among them until a post or `drop`
    @return Unix times
    """
    head: uint256 = self._head
    found: DynArray[uint256, MAX_EXPIRIES] = []
    for i: uint256 in range(MAX_EXPIRIES):
        expiry: uint256 = self._expiry(head, i)
        if expiry == 0:
            break
        found.append(expiry)
    return found


@external
@view
def version() -> uint256:
    """
    @notice Raised by one with every post, also of one slice
    @return Posts so far
    """
    return self._version(self._head)


@external
@view
def updated_at() -> uint256:
    """
    @notice When the surface was last observed; rises with every post
    @return Unix time
    """
    return self._updated_at(self._head)


@external
@view
def proposal() -> (bytes32, uint256, uint256):
    """
    @notice What waits for the second signer, whether or not it can still be confirmed
    @return Digest, version, Unix time
    """
    return self._proposal.digest, self._proposal.version, self._proposal.at


@external
@view
def owner() -> address:
    """
    @notice Who sets roles and sheet; never changes
    @return Address
    """
    return _OWNER


@external
@view
def keeper() -> address:
    """
    @notice Who posts
    @return Address
    """
    return self._keeper


@external
@view
def second_signer() -> address:
    """
    @notice Who confirms
    @return Address
    """
    return self._second_signer


@external
@view
def sheet() -> address:
    """
    @notice Whose limits hold
    @return Address
    """
    return self._sheet


# --- internals: a post


@internal
def _post(posts: DynArray[ISurface.Post, MAX_EXPIRIES], at: uint256, alone: bool):
    """
    @notice Merges slices into the list and judges, as of `at`, each of them and each pair of
        neighbours of which one is new
    @dev A pair of which neither is new was judged when the later of the two was posted, and holds
        until expiry. The sheet is asked before anything is written.
    @param posts Slices, expiries rising
    @param at Time of the observation
    @param alone Whether the keeper alone stands for it
    """
    limits: ISurfaceLimits.SurfaceLimits = self._limits(self._sheet)
    head: uint256 = self._head
    self._require_news(len(posts), at, head)
    version: uint256 = self._version(head) + 1
    live: DynArray[uint256, MAX_EXPIRIES] = self._drop_passed(head)
    assert not alone or len(live) > 0, "surface: needs two signers"
    days: uint256 = 0
    count: uint256 = 0
    near: Point = empty(Point)
    i: uint256 = 0
    j: uint256 = 0
    for _: uint256 in range(2 * MAX_EXPIRIES):
        if i == len(live) and j == len(posts):
            break
        far: Point = empty(Point)
        if j < len(posts) and (i == len(live) or posts[j].expiry <= live[i]):
            new: ISurface.Post = posts[j]
            assert new.expiry > near.expiry, "surface: order"
            far = Point(
                expiry=new.expiry,
                smile=types.Slice(theta=new.theta, rho=new.rho, psi=new.psi),
                carry=new.carry,
                known=True,
                posted=True,
                listed=i == len(live) or new.expiry < live[i],
            )
            self._write(far, at, version, alone, limits)
            j += 1
        else:
            far.expiry = live[i]
        if not far.listed:
            i += 1
        if near.posted or (far.posted and count > 0):
            near = self._read(near, at)
            far = self._read(far, at)
            self._require_neighbours(near, far, at, alone, limits)
        assert count < MAX_EXPIRIES, "surface: full"
        days |= (far.expiry // series.DAY) << (count * 16)
        count += 1
        near = far
    self._head = (at << 160) | (version << 128) | days


@internal
def _write(
    new: Point, at: uint256, version: uint256, alone: bool, limits: ISurfaceLimits.SurfaceLimits
):
    """
    @notice Judges a slice by itself and against the one it replaces, stores it and logs it
    @param new The slice
    @param at Time of the observation
    @param version Of the surface with it
    @param alone Whether the keeper alone stands for it
    @param limits The sheet's numbers
    """
    slice_word._require_fits(new.smile, new.carry)
    if new.listed:
        series._require_fields(new.expiry, 1, series.CALL)
        series._require_listable(new.expiry, block.timestamp)
        assert new.expiry - block.timestamp <= MAX_TENOR, "surface: too far"
        log ISurface.ExpiryListed(expiry=new.expiry)
    tau: uint256 = new.expiry - at
    carry_max: int256 = convert(
        min(limits.carry_max, carry_math.MAX_LOG * units.YEAR // tau), int256
    )
    assert new.carry >= -carry_max and new.carry <= carry_max, "surface: carry"
    no_arbitrage._require_level(new.smile.theta, tau, limits.vol_min, limits.vol_max)
    no_arbitrage._require_butterfly(new.smile)
    level: uint256 = 0
    if not new.listed:
        word: uint256 = self._slices[new.expiry]
        capacity: uint256 = self._capacity(limits.theta_hour)
        level = self._leaked(word, at, capacity)
        if alone:
            level += self._charge(new, word, at, limits)
            assert level <= capacity, "surface: hourly budget"
    self._slices[new.expiry] = slice_word._pack(new.smile, new.carry, level, at)
    log ISurface.SlicePosted(
        expiry=new.expiry,
        version=version,
        posted_at=at,
        theta=new.smile.theta,
        rho=new.smile.rho,
        psi=new.smile.psi,
        carry=new.carry,
    )


@internal
@pure
def _charge(
    new: Point, word: uint256, at: uint256, limits: ISurfaceLimits.SurfaceLimits
) -> uint256:
    """
    @notice Judges how far a slice moves from the old one as scaled to now, and says what that
        costs: the largest of the four moves, each as a part of its limit, in the unit of theta's
    @param new The slice
    @param word The old one
    @param at Time of the observation
    @param limits The sheet's numbers
    @return In LEVEL_GRAIN of ln theta, rounded up
    """
    old: types.Slice = slice_word._scaled_down(word, new.expiry, at)
    low: uint256 = min(old.theta, new.smile.theta)
    assert (
        max(old.theta, new.smile.theta) * units.WAD <= low * (units.WAD + limits.theta_post)
    ), "surface: theta moves too far"
    turn: uint256 = convert(abs(new.smile.rho - old.rho), uint256)
    assert turn <= limits.rho_post, "surface: rho moves too far"
    stretch: uint256 = no_arbitrage._log_distance_up(new.smile.psi, old.psi)
    assert stretch <= limits.psi_post, "surface: psi moves too far"
    drift: uint256 = convert(abs(new.carry - slice_word._carry(word)), uint256) * (new.expiry - at)
    assert drift <= limits.carry_post * units.YEAR, "surface: carry moves too far"
    charge: uint256 = max(
        no_arbitrage._log_distance_up(new.smile.theta, old.theta),
        max(
            self._part_up(turn, limits.theta_post, limits.rho_post),
            max(
                self._part_up(stretch, limits.theta_post, limits.psi_post),
                self._part_up(drift, limits.theta_post, limits.carry_post * units.YEAR),
            ),
        ),
    )
    return self._part_up(charge, 1, slice_word.LEVEL_GRAIN)


@internal
@view
def _read(point: Point, at: uint256) -> Point:
    """
    @notice A neighbour that stays, read from storage once it is needed
    @param point One expiry of the list
    @param at Time of the observation
    @return The same with its slice as of then
    """
    if point.known:
        return point
    word: uint256 = self._slices[point.expiry]
    return Point(
        expiry=point.expiry,
        smile=slice_word._scaled_down(word, point.expiry, at),
        carry=slice_word._carry(word),
        known=True,
        posted=False,
        listed=False,
    )


@internal
@pure
def _require_neighbours(
    near: Point,
    far: Point,
    at: uint256,
    alone: bool,
    limits: ISurfaceLimits.SurfaceLimits,
):
    """
    @notice Judges two expiries next to each other. There is no old slice that would hold one which
        the keeper lists alone, so its neighbours do: the variance between the two is within an
        hour's bound of that before, and the forward near that which the neighbour's carry gives.
        Else a far expiry listed far too cheap would be a way around the hourly budget
    @param near The earlier
    @param far The later
    @param at Time of the observation
    @param alone Whether the keeper alone stands for it
    @param limits The sheet's numbers
    """
    is_listed_alone: bool = alone and (near.listed or far.listed)
    ratio: uint256 = no_arbitrage.FORWARD_RATIO * units.WAD
    if is_listed_alone:
        ratio = units.WAD + limits.theta_hour
    no_arbitrage._require_forward_variance(
        near.smile.theta, near.expiry - at, far.smile.theta, far.expiry - at, ratio
    )
    no_arbitrage._require_calendar(near.smile, far.smile)
    if is_listed_alone:
        tau: uint256 = (far.expiry if far.listed else near.expiry) - at
        gap: uint256 = convert(abs(far.carry - near.carry), uint256)
        assert gap * tau <= limits.carry_list * units.YEAR, "surface: listed carry"


@internal
def _drop_passed(head: uint256) -> DynArray[uint256, MAX_EXPIRIES]:
    """
    @notice The expiries of the list that have not passed; logs those that have
    @param head The head word
    @return Unix times, rising
    """
    live: DynArray[uint256, MAX_EXPIRIES] = []
    for i: uint256 in range(MAX_EXPIRIES):
        expiry: uint256 = self._expiry(head, i)
        if expiry == 0:
            break
        if expiry > block.timestamp:
            live.append(expiry)
        else:
            log ISurface.ExpiryDropped(expiry=expiry)
    return live


@internal
def _relist(expiries: DynArray[uint256, MAX_EXPIRIES]):
    """
    @notice Replaces the list; version and time stand
    @param expiries Unix times, rising
    """
    days: uint256 = 0
    for i: uint256 in range(len(expiries), bound=MAX_EXPIRIES):
        days |= (expiries[i] // series.DAY) << (i * 16)
    self._head = ((self._head >> 128) << 128) | days


# --- internals: the budget


@internal
@pure
def _capacity(theta_hour: uint256) -> uint256:
    """
    @notice What the bucket holds, and what it leaks in an hour: half of 2x/(2 + x), which is below
        ln(1 + x) by x^3/12
    @param theta_hour x
    @return In LEVEL_GRAIN of ln theta, rounded down
    """
    return theta_hour * units.WAD // (2 * units.WAD + theta_hour) // slice_word.LEVEL_GRAIN


@internal
@pure
def _leaked(word: uint256, at: uint256, capacity: uint256) -> uint256:
    """
    @notice The level of the bucket
    @param word The slice as posted
    @param at Unix time
    @param capacity Leaks in an hour
    @return In LEVEL_GRAIN of ln theta, rounded up
    """
    level: uint256 = slice_word._level(word)
    leak: uint256 = (at - slice_word._posted_at(word)) * capacity // HOUR
    return level - min(level, leak)


@internal
@pure
def _part_up(x: uint256, factor: uint256, divisor: uint256) -> uint256:
    """
    @notice x factor / divisor, rounded up
    @param x Number
    @param factor Number
    @param divisor Positive
    @return The part
    """
    return (x * factor + divisor - 1) // divisor


# --- internals: reading


@internal
@view
def _word(expiry: uint256) -> uint256:
    """
    @notice The slice of an expiry as posted
    @param expiry Unix time
    @return The word
    """
    word: uint256 = self._slices[expiry]
    assert word != 0, "surface: not listed"
    return word


@internal
@view
def _snapshot(expiry: uint256) -> ISurface.Snapshot:
    """
    @notice The slice of an expiry, as of now
    @param expiry Unix time
    @return As `slice`
    """
    word: uint256 = self._word(expiry)
    tau: uint256 = expiry - block.timestamp if block.timestamp < expiry else 0
    carry: int256 = slice_word._carry(word)
    return ISurface.Snapshot(
        smile=slice_word._scaled_down(word, expiry, block.timestamp),
        carry=carry,
        discount=carry_math._discount(carry, tau),
        tau=tau,
        posted_at=slice_word._posted_at(word),
        version=self._version(self._head),
    )


@internal
@pure
def _vol(variance: uint256, tau: uint256) -> uint256:
    """
    @notice Volatility of a total variance, rounded down
    @param variance Total
    @param tau Seconds, positive
    @return Per square root of a year
    """
    return isqrt(variance * (units.WAD * units.YEAR) // tau)


@internal
@pure
def _expiry(head: uint256, i: uint256) -> uint256:
    """
    @notice An expiry of the list
    @param head The head word
    @param i Its place, from zero
    @return Unix time, or zero past the end
    """
    day: uint256 = (head >> (i * 16)) & 65535
    return day * series.DAY + series.EXPIRY_OFFSET if day != 0 else 0


@internal
@pure
def _version(head: uint256) -> uint256:
    """
    @notice Posts so far
    @param head The head word
    @return Number
    """
    return (head >> 128) & (2**32 - 1)


@internal
@pure
def _updated_at(head: uint256) -> uint256:
    """
    @notice When the surface was last observed
    @param head The head word
    @return Unix time
    """
    return head >> 160


# --- internals: guards and setters


@internal
@view
def _limits(sheet: address) -> ISurfaceLimits.SurfaceLimits:
    """
    @notice The numbers of a sheet
    @param sheet Where they are
    @return Limits
    """
    return staticcall ISurfaceLimits(sheet).surface_limits()


@internal
@view
def _require_keeper():
    """
    @notice The caller is the keeper
    """
    assert msg.sender == self._keeper, "surface: keeper"


@internal
@view
def _require_owner():
    """
    @notice The caller is the owner
    """
    assert msg.sender == _OWNER, "surface: owner"


@internal
@pure
def _require_spot(spot: uint256):
    """
    @notice A price that the kernel takes, and its forward too
    @param spot Price
    """
    assert spot < MAX_SPOT, "surface: spot"


@internal
@pure
def _require_news(count: uint256, at: uint256, head: uint256):
    """
    @notice There is something, and it is newer than all that stands
    @param count Slices
    @param at Time of the observation
    @param head The head word
    """
    assert count > 0, "surface: nothing posted"
    assert at > self._updated_at(head), "surface: time"


@internal
@pure
def _require_address(account: address):
    """
    @notice Not the zero address
    @param account Address
    """
    assert account != empty(address), "surface: zero address"


@internal
@view
def _require_two():
    """
    @notice The two signers are two
    """
    assert self._keeper != self._second_signer, "surface: one signer twice"


@internal
def _set_keeper(keeper: address):
    """
    @notice Replaces the keeper
    @param keeper Address
    """
    self._require_address(keeper)
    self._keeper = keeper
    self._require_two()
    log ISurface.KeeperChanged(keeper=keeper)


@internal
def _set_second_signer(second_signer: address):
    """
    @notice Replaces the second signer
    @param second_signer Address
    """
    self._require_address(second_signer)
    self._second_signer = second_signer
    self._require_two()
    log ISurface.SecondSignerChanged(second_signer=second_signer)


@internal
def _set_sheet(sheet: address):
    """
    @notice Replaces the sheet, if the arithmetic here can carry its numbers. What they mean for the
        market is the sheet's to assert
    @param sheet Address
    """
    self._require_address(sheet)
    limits: ISurfaceLimits.SurfaceLimits = self._limits(sheet)
    assert (
        limits.vol_min >= LEAST_VOL
        and limits.vol_min < limits.vol_max
        and limits.vol_max <= MOST_VOL
        and limits.theta_post >= LEAST_MOVE
        and limits.theta_post <= limits.theta_hour
        and limits.theta_hour <= units.WAD
        and limits.rho_post >= LEAST_MOVE
        and limits.rho_post <= units.WAD
        and limits.psi_post >= LEAST_MOVE
        and limits.psi_post <= units.WAD
        and limits.carry_max <= slice_word.MAX_CARRY
        and limits.carry_post >= LEAST_DRIFT
        and limits.carry_post <= MOST_DRIFT
        and limits.carry_list <= MOST_DRIFT
    ), "surface: sheet"
    self._sheet = sheet
    log ISurface.SheetChanged(sheet=sheet)
