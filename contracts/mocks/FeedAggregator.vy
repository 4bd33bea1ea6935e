# pragma version 0.4.3
# pragma optimize gas
"""
@title FeedAggregator
@license MIT
@notice A price aggregator as it stands behind Chainlink's proxy: rounds count from one, a round's time is that of its block,
    only admitted readers read, and storage is laid out as in the real one, so that a read costs the same.
@dev For tests and local markets. Anyone may transmit, and `report` writes rounds that no aggregator would.
"""


struct Round:
    answer: int256
    started_at: uint256
    updated_at: uint256
    answered_in: uint256


event AnswerUpdated:
    current: indexed(int256)
    roundId: indexed(uint256)
    updatedAt: uint256


flag Missing:  # what a read of a missing round does
    ZEROS  # as the off-chain reporting aggregators
    REVERT  # as the flux aggregator
    BURN  # as none: uses up all gas

ODD: constant(uint256) = max_value(uint256)  # a word that says: this round is in `odd_rounds`
TIME: constant(uint256) = 2**64 - 1

DECIMALS: immutable(uint8)
MISSING: immutable(Missing)

hot: uint256  # the newest round
words: HashMap[uint256, uint256]  # round => answer << 64 | time
readers: HashMap[address, bool]
is_restricted: bool
odd_rounds: HashMap[uint256, Round]


@deploy
def __init__(digits: uint8, missing: Missing):
    """
    @notice An aggregator without rounds
    @param digits Digits of an answer behind the point
    @param missing What a read of a missing round does
    """
    DECIMALS = digits
    MISSING = missing
    self.hot = 1 << 64  # never zero, as in the real one, where a configuration shares the word


@external
def transmit(answer: int256, updated_at: uint256 = 0) -> uint256:
    """
    @notice Add a round. Out of order or in the future is refused
    @param answer What the round says
    @param updated_at Its time, for a history; the block's where it is zero
    @return Its number
    """
    time: uint256 = updated_at if updated_at != 0 else block.timestamp
    newest: uint256 = self.hot & TIME
    assert time <= block.timestamp, "aggregator: in the future"
    assert time >= self._round(newest).updated_at, "aggregator: out of order"
    assert abs(answer) < 2**191, "aggregator: answer too wide"
    self.words[newest + 1] = (convert(convert(answer, bytes32), uint256) << 64) | time
    self.hot = (1 << 64) | (newest + 1)
    log AnswerUpdated(current=answer, roundId=newest + 1, updatedAt=time)
    return newest + 1


@external
def report(round: Round) -> uint256:
    """
    @notice Add a round that may say anything
    @param round What it says; a time of zero makes it one that is missing
    @return Its number
    """
    newest: uint256 = self.hot & TIME
    self.words[newest + 1] = ODD
    self.odd_rounds[newest + 1] = round
    self.hot = (1 << 64) | (newest + 1)
    return newest + 1


@external
def leave_out(rounds: uint256):
    """
    @notice Skip numbers, as no real aggregator does
    @param rounds How many
    """
    self.hot += rounds


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
def decimals() -> uint8:
    """
    @notice Digits of an answer behind the point
    """
    return DECIMALS


@external
@view
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    """
    @notice The newest round
    """
    self._require_access()
    return self._data(self.hot & TIME)


@external
@view
def getRoundData(_roundId: uint80) -> (uint80, int256, uint256, uint256, uint80):
    """
    @notice One round
    @param _roundId Its number
    """
    self._require_access()
    return self._data(convert(_roundId, uint256))


@internal
@view
def _data(number: uint256) -> (uint80, int256, uint256, uint256, uint80):
    """
    @notice A round in the feed's form
    @param number Its number
    """
    found: Round = self._round(number)
    if found.updated_at == 0 and self.words[number] != ODD:
        assert MISSING != Missing.REVERT, "No data present"
        if MISSING == Missing.BURN:
            self._burn()
    return (
        convert(number, uint80),
        found.answer,
        found.started_at,
        found.updated_at,
        convert(found.answered_in, uint80),
    )


@internal
@view
def _round(number: uint256) -> Round:
    """
    @notice A round as stored
    @param number Its number
    """
    word: uint256 = self.words[number]
    if word == ODD:
        return self.odd_rounds[number]
    time: uint256 = word & TIME
    return Round(
        answer=convert(convert(word, bytes32), int256) >> 64,
        started_at=time,
        updated_at=time,
        answered_in=number,
    )


@internal
@view
def _require_access():
    """
    @notice Only admitted readers, if reading is restricted
    """
    assert self.readers[msg.sender] or not self.is_restricted, "No access"


@internal
@pure
def _burn():
    """
    @notice Uses up all gas
    """
    x: bytes32 = empty(bytes32)
    for i: uint256 in range(max_value(uint256)):
        x = keccak256(x)
    assert x == empty(bytes32)
