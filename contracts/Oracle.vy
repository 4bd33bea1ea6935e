# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Oracle
@license MIT
@notice The spot price, or a revert with a reason, and one settlement price per expiry that nobody chooses.
@dev Spot. Every read of a price passes `_observe`. It judges a round and never reverts: `spot` turns its verdict into a reason,
    `try_spot` into false.

    Settlement. Of all phases of the feed's proxy the latest counts that has a round at or before the expiry. Its last such round
    is the price, once a later round proves that it was the last, or three days are over. If it is older than the heartbeat
    at the expiry, or says no believable price, the first of the eight rounds after it that does within three days is used; if
    none does, its own price, pulled to the nearer bound. So each history has one price, whoever brings which round id, and
    a feed that stops or goes mad still settles.

    What is relied on: the proxy's owner and its aggregators. In a phase ids rise by one (up to three missing in a row are
    stepped over) and times do not fall. Whoever can replace an aggregator between an expiry and its fixing could
    change the price, by one that ran before the expiry; anyone may close that window as soon as a round has followed.

    Danger. A read that fails counts as a missing round, and a caller can make any read fail by bringing too little gas:
    `rounds` refuses to read then.

    Danger. A second source that dies stops spot, and with it all that needs a price: it cannot be removed. Bind one only where
    stopping is better than one source alone.

    If the feed cannot even be read thirty days after an expiry, the price is the last that anyone had kept for it with `witness`,
    else the last that anyone had kept at all, at first the constructor's.
@custom:kill Nothing can be stopped or changed here. Where the feed is refused, spot reverts; settlement stays open.
"""

from interfaces import IAggregator
from interfaces import IOracle
from . import units
from .math import series
from .modules import rounds

implements: IOracle


struct Observation:
    price: uint256  # WAD
    other: uint256  # of the second source where it disagrees, else `price`
    updated_at: uint256
    round_id: uint256


flag Fault:
    FEED
    NO_TIME
    FUTURE
    STALE
    INCOMPLETE
    NOT_POSITIVE
    TOO_LARGE
    BOUNDS
    DECIMALS
    SEQUENCER
    DOWN
    GRACE
    SECOND
    DISAGREE

NO_ANSWER: constant(uint256) = 2**192  # an aggregator stores less
MAX_DECIMALS: constant(uint256) = 36

FOLLOW: constant(uint256) = 3 * series.DAY  # how long a round may take to follow an expiry
SILENCE: constant(uint256) = 30 * series.DAY  # how long an unreadable feed is waited for
FOLLOWERS: constant(uint256) = 8  # rounds after an expiry that are asked for a price

# Hard ranges of the terms
MIN_HEARTBEAT: constant(uint256) = 60
MAX_HEARTBEAT: constant(uint256) = 2 * series.DAY
LEAST_PRICE: constant(uint256) = 10**6
MOST_PRICE: constant(uint256) = (
    2**108
)  # a forward is at most four times it, which the kernel sums
MIN_GRACE: constant(uint256) = 60
MAX_GRACE: constant(uint256) = series.DAY
MIN_AGREEMENT: constant(uint256) = 10**14
MAX_TOLERANCE: constant(uint256) = 2 * 10**17

FEED: immutable(address)
HEARTBEAT: immutable(uint256)
MIN_PRICE: immutable(uint256)
MAX_PRICE: immutable(uint256)
SEQUENCER: immutable(address)
GRACE: immutable(uint256)
SECOND: immutable(address)
SECOND_HEARTBEAT: immutable(uint256)
AGREEMENT: immutable(uint256)
TOLERANCE: immutable(uint256)

DECIMALS: immutable(uint256)  # of the feed, as bound
FACTOR: immutable(uint256)  # a price in WAD is answer * FACTOR // DIVISOR
DIVISOR: immutable(uint256)
SECOND_DECIMALS: immutable(uint256)
PHASE: immutable(uint256)  # the phase in which DECIMALS were read: an aggregator's do not change
FIRST_ROUND: immutable(uint256)  # the newest round when bound

fixings: HashMap[uint256, uint256]  # expiry => price << 128 | round id << 48 | time
witnesses: HashMap[uint256, uint256]  # expiry => the same, before it
newest: uint256  # the same: the witness with the latest round of all


@deploy
def __init__(terms: IOracle.Terms):
    """
    @notice Binds the sources, each of which must answer now
    @param terms See IOracle
    """
    assert terms.feed.is_contract, "oracle: no feed"
    assert self._is_within(terms.heartbeat, MIN_HEARTBEAT, MAX_HEARTBEAT), "oracle: heartbeat"
    assert terms.min_price >= LEAST_PRICE, "oracle: min price"
    assert terms.min_price < terms.max_price, "oracle: price bounds"
    assert terms.max_price <= MOST_PRICE, "oracle: max price"
    if terms.sequencer == empty(address):
        assert terms.grace == 0, "oracle: grace, no sequencer"
    else:
        assert self._is_within(terms.grace, MIN_GRACE, MAX_GRACE), "oracle: grace range"
        assert terms.sequencer != terms.feed, "oracle: sequencer is the feed"
    if terms.second == empty(address):
        assert (
            terms.second_heartbeat | terms.agreement | terms.tolerance == 0
        ), "oracle: no second source"
    else:
        assert terms.second != terms.feed, "oracle: one source twice"
        assert self._is_within(
            terms.second_heartbeat, MIN_HEARTBEAT, MAX_HEARTBEAT
        ), "oracle: second heartbeat"
        assert terms.agreement >= MIN_AGREEMENT, "oracle: agreement"
        assert terms.agreement <= terms.tolerance, "oracle: agreement, tolerance"
        assert terms.tolerance <= MAX_TOLERANCE, "oracle: tolerance"

    FEED = terms.feed
    HEARTBEAT = terms.heartbeat
    MIN_PRICE = terms.min_price
    MAX_PRICE = terms.max_price
    SEQUENCER = terms.sequencer
    GRACE = terms.grace
    SECOND = terms.second
    SECOND_HEARTBEAT = terms.second_heartbeat
    AGREEMENT = terms.agreement
    TOLERANCE = terms.tolerance

    DECIMALS = convert(staticcall IAggregator(terms.feed).decimals(), uint256)
    assert DECIMALS <= MAX_DECIMALS, "oracle: decimals"
    FACTOR = rounds._factor(DECIMALS)
    DIVISOR = rounds._divisor(DECIMALS)
    second_decimals: uint256 = 0
    if terms.second != empty(address):
        second_decimals = convert(staticcall IAggregator(terms.second).decimals(), uint256)
        assert second_decimals <= MAX_DECIMALS, "oracle: second decimals"
    SECOND_DECIMALS = second_decimals
    PHASE = convert(staticcall IAggregator(terms.feed).phaseId(), uint256)

    fault: Fault = empty(Fault)
    seen: Observation = empty(Observation)
    fault, seen = self._observe(rounds.ALL_GAS)
    self._require_none(fault)
    assert PHASE != 0 and seen.round_id >> 64 == PHASE, "oracle: feed without phases"
    assert (
        rounds._at(FEED, seen.round_id).updated_at == seen.updated_at
    ), "oracle: feed without a past"
    FIRST_ROUND = seen.round_id
    self.newest = self._pack(seen.price, seen.round_id, seen.updated_at)


# ---------------------------------------------------------------- contracts that trade and value


@external
@view
@reentrant
def spot() -> (uint256, uint256, uint256):
    """
    @notice Price, time and id of the newest round
    @dev Not locked, as all here: this contract writes nothing before it calls, and all calls are static
    @return Price, WAD; time; round id
    """
    fault: Fault = empty(Fault)
    seen: Observation = empty(Observation)
    fault, seen = self._observe(rounds.ALL_GAS)
    self._require_none(fault)
    return seen.price, seen.updated_at, seen.round_id


@external
@view
@reentrant
def spot_pair() -> (uint256, uint256, uint256, uint256):
    """
    @notice As `spot`, with the second source's price behind the first where the two disagree, else the first again
    @return Price, WAD; other price, WAD; time and round id of the first
    """
    fault: Fault = empty(Fault)
    seen: Observation = empty(Observation)
    fault, seen = self._observe(rounds.ALL_GAS)
    self._require_none(fault)
    return seen.price, seen.other, seen.updated_at, seen.round_id


@external
@view
@reentrant
def try_spot() -> (bool, uint256, uint256, uint256, uint256):
    """
    @notice As `spot_pair`, behind true; false and zeros where that reverts. A call with too little gas to tell does revert
    @return Is there a price; price, WAD; other price, WAD; time; round id
    """
    fault: Fault = empty(Fault)
    seen: Observation = empty(Observation)
    fault, seen = self._observe(rounds.READ_GAS)
    if fault != empty(Fault):
        return False, 0, 0, 0, 0
    return True, seen.price, seen.other, seen.updated_at, seen.round_id


@external
@view
@reentrant
def settlement_price(expiry: uint256) -> uint256:
    """
    @notice The price at which an expiry settles
    @param expiry The expiry
    @return Price, WAD
    """
    price: uint256 = self.fixings[expiry] >> 128
    assert price != 0, "oracle: not fixed"
    return price


@external
@view
@reentrant
def is_fixed(expiry: uint256) -> bool:
    """
    @notice Is the settlement price written?
    @param expiry The expiry
    """
    return self.fixings[expiry] != 0


# ---------------------------------------------------------------- anyone


@external
def fix(expiry: uint256, round_id: uint256) -> uint256:
    """
    @notice Write the settlement price of an expiry, once
    @param expiry The expiry
    @param round_id The last round at or before it, in the latest phase that has one
    @return Price, WAD
    """
    self._require_open(expiry)
    last: rounds.Round = rounds._at(FEED, round_id)
    assert last.updated_at != 0, "oracle: no such round"
    assert last.updated_at <= expiry, "oracle: round after expiry"
    phase: uint256 = convert(staticcall IAggregator(FEED).phaseId(), uint256)
    follower: rounds.Round = self._follower_of_last(round_id, expiry, phase)
    price: uint256 = 0
    used: rounds.Round = empty(rounds.Round)
    price, used = self._settle(last, follower, expiry, phase)
    self._fix(expiry, self._pack(price, used.id, used.updated_at))
    return price


@external
def witness(expiry: uint256) -> uint256:
    """
    @notice Keep the present price for an expiry to come. It counts only if the feed cannot be read later
    @param expiry The expiry
    @return Price, WAD
    """
    self._require_expiry(expiry)
    assert block.timestamp <= expiry, "oracle: expired"
    fault: Fault = empty(Fault)
    seen: Observation = empty(Observation)
    fault, seen = self._observe(rounds.ALL_GAS)
    self._require_none(fault)
    assert seen.updated_at > self._time(self.witnesses[expiry]), "oracle: witnessed"
    word: uint256 = self._pack(seen.price, seen.round_id, seen.updated_at)
    self.witnesses[expiry] = word
    if seen.updated_at > self._time(self.newest):
        self.newest = word
    log IOracle.PriceWitnessed(
        expiry=expiry, price=seen.price, round_id=seen.round_id, updated_at=seen.updated_at
    )
    return seen.price


@external
def fix_without_feed(expiry: uint256) -> uint256:
    """
    @notice Write the settlement price where the feed gives neither its newest round nor the one it was bound with
    @param expiry The expiry
    @return Price, WAD
    """
    self._require_open(expiry)
    assert block.timestamp > expiry + SILENCE, "oracle: too early"
    assert rounds._latest(FEED, rounds.READ_GAS).updated_at == 0, "oracle: feed can be read"
    assert rounds._at(FEED, FIRST_ROUND).updated_at == 0, "oracle: feed can be read"
    word: uint256 = self.witnesses[expiry]
    if word == 0:
        word = self.newest
    self._fix(expiry, word)
    return word >> 128


# ---------------------------------------------------------------- views


@external
@view
@reentrant
def fixing(expiry: uint256) -> (uint256, uint256, uint256):
    """
    @notice Settlement price, and id and time of its round; zeros before it is written
    @param expiry The expiry
    @return Price, WAD; round id; time
    """
    return self._unpack(self.fixings[expiry])


@external
@view
@reentrant
def witnessed(expiry: uint256) -> (uint256, uint256, uint256):
    """
    @notice What was kept in case the feed cannot be read after this expiry; zeros if nothing was
    @param expiry The expiry
    @return Price, WAD; round id; time
    """
    return self._unpack(self.witnesses[expiry])


@external
@view
@reentrant
def terms() -> IOracle.Terms:
    """
    @notice What this oracle was deployed with
    """
    return IOracle.Terms(
        feed=FEED,
        heartbeat=HEARTBEAT,
        min_price=MIN_PRICE,
        max_price=MAX_PRICE,
        sequencer=SEQUENCER,
        grace=GRACE,
        second=SECOND,
        second_heartbeat=SECOND_HEARTBEAT,
        agreement=AGREEMENT,
        tolerance=TOLERANCE,
    )


@external
@view
@reentrant
def decimals() -> uint256:
    """
    @notice Digits of the feed's answers behind the point, as bound
    """
    return DECIMALS


# ---------------------------------------------------------------- spot


@internal
@view
def _observe(allowance: uint256) -> (Fault, Observation):
    """
    @notice The one way to a price. Judges, and never reverts but for want of gas
    @param allowance Gas for each read
    @return What is wrong, if anything is; the price
    """
    newest: rounds.Round = rounds._latest(FEED, allowance)
    fault: Fault = self._judge(newest, HEARTBEAT)
    if fault != empty(Fault):
        return fault, empty(Observation)
    if newest.id >> 64 != PHASE and rounds._decimals(FEED, allowance) != DECIMALS:
        return Fault.DECIMALS, empty(Observation)
    price: uint256 = unsafe_div(unsafe_mul(convert(newest.answer, uint256), FACTOR), DIVISOR)
    if price < MIN_PRICE or price > MAX_PRICE:
        return Fault.BOUNDS, empty(Observation)
    other: uint256 = price
    if SEQUENCER != empty(address):
        fault = self._judge_sequencer(allowance)
    if SECOND != empty(address) and fault == empty(Fault):
        fault, other = self._compare(price, allowance)
    return fault, Observation(
        price=price, other=other, updated_at=newest.updated_at, round_id=newest.id
    )


@internal
@view
def _judge(round: rounds.Round, heartbeat: uint256) -> Fault:
    """
    @notice What is wrong with a round, but for the price it says
    @param round The round
    @param heartbeat The oldest that it may be, seconds, inclusive
    """
    # One test for the ordinary round: an age that underflows is large, as is an answer below one.
    if (
        unsafe_sub(block.timestamp, round.updated_at) <= heartbeat
        and round.answered_in >= round.id
        and unsafe_sub(convert(convert(round.answer, bytes32), uint256), 1) < NO_ANSWER - 1
        and unsafe_sub(round.id, 1) < 2**80 - 1
    ):
        return empty(Fault)
    if round.id == rounds.UNKNOWN:
        return Fault.FEED
    if round.updated_at == 0:
        return Fault.NO_TIME
    if round.updated_at > block.timestamp:
        return Fault.FUTURE
    if round.updated_at < block.timestamp - heartbeat:
        return Fault.STALE
    if round.answer <= 0:
        return Fault.NOT_POSITIVE
    if round.answer >= convert(NO_ANSWER, int256):
        return Fault.TOO_LARGE
    return Fault.INCOMPLETE


@internal
@view
def _judge_sequencer(allowance: uint256) -> Fault:
    """
    @notice Is the sequencer up, and has it been for longer than the grace period?
    @param allowance Gas for the read
    """
    status: rounds.Round = rounds._latest(SEQUENCER, allowance)
    if unsafe_sub(status.started_at, 1) >= block.timestamp:
        return Fault.SEQUENCER
    if status.answer != 0:
        return Fault.DOWN
    if block.timestamp - status.started_at <= GRACE:
        return Fault.GRACE
    return empty(Fault)


@internal
@view
def _compare(price: uint256, allowance: uint256) -> (Fault, uint256):
    """
    @notice The second source against the first
    @param price Of the first source
    @param allowance Gas for each read
    @return What is wrong; the second price if the two disagree within tolerance, else the first
    """
    newest: rounds.Round = rounds._latest(SECOND, allowance)
    if self._judge(newest, SECOND_HEARTBEAT) != empty(Fault):
        return Fault.SECOND, price
    if rounds._decimals(SECOND, allowance) != SECOND_DECIMALS:
        return Fault.SECOND, price
    other: uint256 = rounds._wad_down(convert(newest.answer, uint256), SECOND_DECIMALS)
    if not self._is_within(other, MIN_PRICE, MAX_PRICE):
        return Fault.SECOND, price
    # Both below 2^108, so nothing here reaches 2^168.
    apart: uint256 = unsafe_mul(unsafe_sub(max(price, other), min(price, other)), units.WAD)
    if apart <= unsafe_mul(AGREEMENT, price):
        return empty(Fault), price
    if apart > unsafe_mul(TOLERANCE, price):
        return Fault.DISAGREE, price
    return empty(Fault), other


@internal
@view
def _require_none(fault: Fault):
    """
    @notice Reverts with the reason
    @param fault What is wrong
    """
    if fault == empty(Fault):
        return
    if fault == Fault.FEED:
        self._refuse("oracle: feed cannot be read")
    if fault == Fault.NO_TIME:
        self._refuse("oracle: round without time")
    if fault == Fault.FUTURE:
        self._refuse("oracle: round from the future")
    if fault == Fault.STALE:
        self._refuse("oracle: stale")
    if fault == Fault.INCOMPLETE:
        self._refuse("oracle: round incomplete")
    if fault == Fault.NOT_POSITIVE:
        self._refuse("oracle: answer not positive")
    if fault == Fault.TOO_LARGE:
        self._refuse("oracle: answer too large")
    if fault == Fault.BOUNDS:
        self._refuse("oracle: price out of bounds")
    if fault == Fault.DECIMALS:
        self._refuse("oracle: decimals changed")
    if fault == Fault.SEQUENCER:
        self._refuse("oracle: sequencer unknown")
    if fault == Fault.DOWN:
        self._refuse("oracle: sequencer down")
    if fault == Fault.GRACE:
        self._refuse("oracle: sequencer just back")
    if fault == Fault.SECOND:
        self._refuse("oracle: no second price")
    self._refuse("oracle: sources disagree")


@internal
@pure
def _refuse(reason: String[32]):
    """
    @notice Reverts
    @param reason Why
    """
    raise reason


# ---------------------------------------------------------------- settlement


@internal
@view
def _require_expiry(expiry: uint256):
    """
    @notice An expiry is a day at 08:00 UTC
    @param expiry The expiry
    """
    assert expiry % series.DAY == series.EXPIRY_OFFSET and expiry < 2**40, "oracle: not an expiry"


@internal
@view
def _require_open(expiry: uint256):
    """
    @notice Past, and without a price
    @param expiry The expiry
    """
    self._require_expiry(expiry)
    assert self.fixings[expiry] == 0, "oracle: already fixed"
    assert block.timestamp > expiry, "oracle: not expired"


@internal
@view
def _follower_of_last(round_id: uint256, expiry: uint256, current: uint256) -> rounds.Round:
    """
    @notice The round after one that must be the last at or before the expiry, in the latest phase that has such a round
    @param round_id The round
    @param expiry The expiry
    @param current The current phase
    @return The first round of the same phase, or of the next that has any; empty if none
    """
    phase: uint256 = round_id >> 64
    assert phase + rounds.LATER_PHASES >= current, "oracle: too many phases since"
    follower: rounds.Round = rounds._next_in_phase(FEED, round_id)
    assert self._is_none_until(follower, expiry), "oracle: not the last round"
    for later: uint256 in range(phase + 1, current + 1, bound=rounds.LATER_PHASES):
        first: rounds.Round = rounds._next_in_phase(FEED, later << 64)
        assert self._is_none_until(first, expiry), "oracle: a later phase has it"
        if follower.updated_at == 0:
            follower = first
    return follower


@internal
@pure
def _is_none_until(round: rounds.Round, expiry: uint256) -> bool:
    """
    @notice Is a round missing, or after the expiry?
    @param round The round
    @param expiry The expiry
    """
    return round.updated_at == 0 or round.updated_at > expiry


@internal
@view
def _settle(
    last: rounds.Round, first: rounds.Round, expiry: uint256, current: uint256
) -> (uint256, rounds.Round):
    """
    @notice The price of an expiry
    @param last The last round at or before it
    @param first The round after that one, if there is any
    @param expiry The expiry
    @param current The current phase
    @return Price, WAD; the round that says it
    """
    is_over: bool = block.timestamp > expiry + FOLLOW
    assert first.updated_at != 0 or is_over, "oracle: no later round yet"
    price: uint256 = self._price(last)
    if price != 0 and expiry - last.updated_at <= HEARTBEAT:
        return price, last
    follower: rounds.Round = first
    for _: uint256 in range(FOLLOWERS):
        if follower.updated_at == 0:
            assert is_over, "oracle: no priced round yet"
            break
        if follower.updated_at > expiry + FOLLOW:
            break
        price = self._price(follower)
        if price != 0:
            return price, follower
        follower = rounds._next(FEED, follower.id, current)
    return min(max(self._scaled(last), MIN_PRICE), MAX_PRICE), last


@internal
@view
def _price(round: rounds.Round) -> uint256:
    """
    @notice The price that a round says, if it can be believed
    @param round The round
    @return Price, WAD; zero if it cannot
    """
    price: uint256 = self._scaled(round)
    if round.answered_in < round.id or not self._is_within(price, MIN_PRICE, MAX_PRICE):
        return 0
    return price


@internal
@view
def _scaled(round: rounds.Round) -> uint256:
    """
    @notice An answer as a price, in the decimals of its own phase
    @param round The round
    @return Price, WAD; zero for one that is not positive, the largest number for one that is too large
    """
    if round.answer <= 0:
        return 0
    if round.answer >= convert(NO_ANSWER, int256):
        return max_value(uint256)
    return rounds._wad_down(convert(round.answer, uint256), self._decimals_in(round.id >> 64))


@internal
@view
def _decimals_in(phase: uint256) -> uint256:
    """
    @notice The decimals of a phase; those bound, where they cannot be read or are absurd
    @param phase The phase
    """
    if phase == PHASE:
        return DECIMALS
    digits: uint256 = rounds._decimals_in(FEED, phase)
    return DECIMALS if digits > MAX_DECIMALS else digits


@internal
def _fix(expiry: uint256, word: uint256):
    """
    @notice Write a settlement price
    @param expiry The expiry
    @param word Price, round id and time, packed
    """
    self.fixings[expiry] = word
    price: uint256 = 0
    round_id: uint256 = 0
    updated_at: uint256 = 0
    price, round_id, updated_at = self._unpack(word)
    log IOracle.PriceFixed(expiry=expiry, price=price, round_id=round_id, updated_at=updated_at)


# ---------------------------------------------------------------- numbers


@internal
@pure
def _is_within(x: uint256, low: uint256, high: uint256) -> bool:
    """
    @notice Is a number within bounds, both inclusive?
    @param x The number
    @param low Lower bound
    @param high Upper bound
    """
    return low <= x and x <= high


@internal
@pure
def _pack(price: uint256, round_id: uint256, updated_at: uint256) -> uint256:
    """
    @notice A price below 2^128, a round id below 2^80 and a time below 2^48 in one word
    @param price Price, WAD
    @param round_id Round id
    @param updated_at Time
    """
    return (price << 128) | (round_id << 48) | updated_at


@internal
@pure
def _unpack(word: uint256) -> (uint256, uint256, uint256):
    """
    @notice The parts of a word
    @param word The word
    @return Price, WAD; round id; time
    """
    return word >> 128, (word >> 48) & (2**80 - 1), self._time(word)


@internal
@pure
def _time(word: uint256) -> uint256:
    """
    @notice The time in a word
    @param word The word
    """
    return word & (2**48 - 1)
