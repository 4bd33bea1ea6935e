# pragma version 0.4.3
# pragma optimize gas
"""
@title FeedProxy
@license MIT
@notice A price feed's proxy as Chainlink's: readers know this address, and each new aggregator behind it begins a phase. A round
    id is phase << 64 | round of that phase's aggregator. Rounds of old phases stay readable.
@dev For tests and local markets: anyone may change the aggregator and who may read.
"""

from interfaces import IAggregator

implements: IAggregator


event AggregatorConfirmed:
    phase: indexed(uint256)
    aggregator: indexed(address)


ROUND: constant(uint256) = 2**64 - 1

current: uint256  # phase << 160 | aggregator
phase_aggregators: HashMap[uint256, address]
is_restricted: bool
readers: HashMap[address, bool]


@deploy
def __init__(aggregator: address):
    """
    @notice A proxy in its first phase
    @param aggregator What answers in it
    """
    self._confirm(aggregator)


@external
def confirm(aggregator: address):
    """
    @notice Begin a new phase
    @param aggregator What answers in it
    """
    self._confirm(aggregator)


@external
def restrict(is_restricted: bool):
    """
    @notice Let only admitted accounts read, or all
    @param is_restricted Which of both
    """
    self.is_restricted = is_restricted


@external
def admit(reader: address, may_read: bool):
    """
    @notice Admit an account, or no longer
    @param reader The account
    @param may_read Which of both
    """
    self.readers[reader] = may_read


@external
@view
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    """
    @notice The newest round of the current phase
    """
    self._require_access()
    current: uint256 = self.current
    number: uint80 = 0
    answer: int256 = 0
    started_at: uint256 = 0
    updated_at: uint256 = 0
    answered_in: uint80 = 0
    number, answer, started_at, updated_at, answered_in = staticcall IAggregator(
        self._aggregator(current)
    ).latestRoundData()
    phase: uint256 = current >> 160
    return self._id(phase, number), answer, started_at, updated_at, self._id(phase, answered_in)


@external
@view
def getRoundData(_roundId: uint80) -> (uint80, int256, uint256, uint256, uint80):
    """
    @notice One round of any phase
    @param _roundId Phase << 64 | number
    """
    self._require_access()
    id: uint256 = convert(_roundId, uint256)
    number: uint80 = 0
    answer: int256 = 0
    started_at: uint256 = 0
    updated_at: uint256 = 0
    answered_in: uint80 = 0
    number, answer, started_at, updated_at, answered_in = staticcall IAggregator(
        self.phase_aggregators[id >> 64]
    ).getRoundData(convert(id & ROUND, uint80))
    phase: uint256 = id >> 64
    return self._id(phase, number), answer, started_at, updated_at, self._id(phase, answered_in)


@external
@view
def decimals() -> uint8:
    """
    @notice Digits of an answer behind the point, in the current phase
    """
    return staticcall IAggregator(self._aggregator(self.current)).decimals()


@external
@view
def phaseId() -> uint16:
    """
    @notice The current phase
    """
    return convert(self.current >> 160, uint16)


@external
@view
def phaseAggregators(_phase: uint16) -> address:
    """
    @notice What answers, or answered, in a phase
    @param _phase The phase
    """
    return self.phase_aggregators[convert(_phase, uint256)]


@internal
def _confirm(aggregator: address):
    """
    @notice Begin a new phase
    @param aggregator What answers in it
    """
    phase: uint256 = (self.current >> 160) + 1
    self.current = (phase << 160) | convert(aggregator, uint256)
    self.phase_aggregators[phase] = aggregator
    log AggregatorConfirmed(phase=phase, aggregator=aggregator)


@internal
@view
def _require_access():
    """
    @notice Only admitted readers, if reading is restricted
    """
    assert not self.is_restricted or self.readers[msg.sender], "No access"


@internal
@pure
def _aggregator(current: uint256) -> address:
    """
    @notice The address in the word of the current phase
    @param current The word
    """
    return convert(current & (2**160 - 1), address)


@internal
@pure
def _id(phase: uint256, number: uint80) -> uint80:
    """
    @notice A round id of this proxy
    @param phase The phase
    @param number Number of the round in it
    """
    return convert((phase << 64) | (convert(number, uint256) & ROUND), uint80)
