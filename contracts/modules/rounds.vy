# pragma version 0.4.3
# pragma optimize gas
"""
@title Rounds of a price feed
@license MIT
@notice Reads a Chainlink feed without ever reverting on its account: what cannot be read comes back as a round without a time.
    A proxy's round id is phase << 64 | number; numbers begin at one in each phase.
@dev A read that fails looks like a missing round, and a caller can make any read fail by bringing too little gas. So a read
    with an allowance is refused unless all of it is there (`_require_gas`): whoever acts on a missing round can rely on it. A
    read with `ALL_GAS` is for callers that revert if it fails.
"""


struct Round:
    id: uint256
    answer: int256
    started_at: uint256
    updated_at: uint256  # zero: there is no such round, or it could not be read
    answered_in: uint256


UNKNOWN: constant(uint256) = max_value(uint256)  # the id, or the decimals, of what cannot be read
LATER_PHASES: constant(uint256) = 4  # walked at most
GAP: constant(uint256) = 4  # numbers tried for the next round of a phase
READ_GAS: constant(uint256) = 200_000  # allowance of a read that may fail: ten times what it takes
ALL_GAS: constant(uint256) = max_value(uint256)
NEEDED_GAS: constant(uint256) = 220_000  # 64/63 of the allowance, and what it takes to get there


@internal
@view
def _latest(feed: address, allowance: uint256) -> Round:
    """
    @notice The newest round of a feed
    @param feed The feed
    @param allowance Gas for the read
    @return The round; if it cannot be read its id is `UNKNOWN` and its time zero
    """
    return self._read(feed, method_id("latestRoundData()"), allowance)


@internal
@view
def _at(feed: address, round_id: uint256) -> Round:
    """
    @notice One round of a feed
    @param feed The feed
    @param round_id Its id
    @return The round; one that is missing, or that says it is another, has no time
    """
    found: Round = self._read(
        feed, abi_encode(round_id, method_id=method_id("getRoundData(uint80)")), READ_GAS
    )
    return found if found.id == round_id else empty(Round)


@internal
@view
def _next_in_phase(feed: address, round_id: uint256) -> Round:
    """
    @notice The round after one, in its phase
    @param feed The feed
    @param round_id The round; number zero for the first
    @return The round; empty if there is none
    """
    for i: uint256 in range(1, GAP + 1):
        found: Round = self._at(feed, round_id + i)
        if found.updated_at != 0:
            return found
    return empty(Round)


@internal
@view
def _next(feed: address, round_id: uint256, current: uint256) -> Round:
    """
    @notice The round after one: in its phase, or the first of the next phase that has any
    @param feed The feed
    @param round_id The round
    @param current The current phase, at most `LATER_PHASES` later
    @return The round; empty if there is none
    """
    found: Round = self._next_in_phase(feed, round_id)
    for later: uint256 in range((round_id >> 64) + 1, current + 1, bound=LATER_PHASES):
        if found.updated_at != 0:
            break
        found = self._next_in_phase(feed, later << 64)
    return found


@internal
@view
def _decimals(feed: address, allowance: uint256) -> uint256:
    """
    @notice Digits of an answer behind the point
    @param feed A feed or an aggregator
    @param allowance Gas for the read
    @return The digits; `UNKNOWN` if they cannot be read
    """
    return self._word(feed, method_id("decimals()"), allowance)


@internal
@view
def _decimals_in(feed: address, phase: uint256) -> uint256:
    """
    @notice Digits of the answers of a phase, asked of its aggregator: only proxies may read its rounds, but all its decimals
    @param feed The feed
    @param phase The phase
    @return The digits; `UNKNOWN` if they cannot be read
    """
    aggregator: uint256 = self._word(
        feed, abi_encode(phase, method_id=method_id("phaseAggregators(uint16)")), READ_GAS
    )
    if aggregator >> 160 != 0:
        return UNKNOWN
    return self._decimals(convert(aggregator, address), READ_GAS)


@internal
@view
def _read(feed: address, data: Bytes[36], allowance: uint256) -> Round:
    """
    @notice A round from five words; more are ignored, as by every reader of the ABI
    @param feed The feed
    @param data Calldata
    @param allowance Gas for the read
    """
    if allowance != ALL_GAS:
        self._require_gas()
    ok: bool = False
    output: Bytes[160] = b""
    ok, output = raw_call(
        feed,
        data,
        max_outsize=160,
        gas=allowance,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not ok or len(output) != 160:
        return Round(id=UNKNOWN, answer=0, started_at=0, updated_at=0, answered_in=0)
    return abi_decode(output, Round)


@internal
@view
def _word(target: address, data: Bytes[36], allowance: uint256) -> uint256:
    """
    @notice The word that a call returns
    @param target The callee
    @param data Calldata
    @param allowance Gas for the read
    @return The word; `UNKNOWN` if it cannot be read
    """
    if allowance != ALL_GAS:
        self._require_gas()
    ok: bool = False
    output: Bytes[32] = b""
    ok, output = raw_call(
        target,
        data,
        max_outsize=32,
        gas=allowance,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not ok or len(output) != 32:
        return UNKNOWN
    return convert(output, uint256)


@internal
@view
def _require_gas():
    """
    @notice A read that fails must have failed of itself, not because its caller brought too little gas
    """
    assert msg.gas >= NEEDED_GAS, "oracle: too little gas"


@internal
@pure
def _wad_down(answer: uint256, digits: uint256) -> uint256:
    """
    @notice An answer as a price, rounded down
    @param answer The answer, below 2^192
    @param digits Digits behind the point, at most 36
    """
    return unsafe_div(unsafe_mul(answer, self._factor(digits)), self._divisor(digits))


@internal
@pure
def _factor(digits: uint256) -> uint256:
    """
    @notice What an answer is multiplied with
    @param digits Digits behind the point, at most 36
    """
    return 10**unsafe_sub(18, min(digits, 18))


@internal
@pure
def _divisor(digits: uint256) -> uint256:
    """
    @notice What it is then divided by
    @param digits Digits behind the point, at most 36
    """
    return 10**unsafe_sub(max(digits, 18), 18)
