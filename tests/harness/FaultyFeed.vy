# pragma version 0.4.3
# pragma optimize gas
"""
@title FaultyFeed
@notice Stands before a feed and passes its answers on, but for the fault that is set.
"""

REVERT: constant(uint256) = 1  # with a reason
EMPTY: constant(uint256) = 2  # no data at all
SHORT: constant(uint256) = 3  # a word less
LONG: constant(uint256) = 4  # two words more
BURN: constant(uint256) = 5  # all gas
DIRTY: constant(uint256) = 6  # set bits above the 80 of both round ids
FOREIGN: constant(uint256) = 7  # the answer is about another round
NEXT: constant(uint256) = 8  # an answer of one word is one more

TARGET: immutable(address)

fault: uint256  # zero: none
only: bytes4  # the method that is at fault; all of them where it is empty


@deploy
def __init__(target: address):
    TARGET = target


@external
def set_fault(fault: uint256, only: bytes4):
    self.fault = fault
    self.only = only


@external
@view
@raw_return
def latestRoundData() -> Bytes[256]:
    return self._answer()


@external
@view
@raw_return
def getRoundData(_roundId: uint80) -> Bytes[256]:
    return self._answer()


@external
@view
@raw_return
def decimals() -> Bytes[256]:
    return self._answer()


@external
@view
@raw_return
def phaseId() -> Bytes[256]:
    return self._answer()


@external
@view
@raw_return
def phaseAggregators(_phase: uint16) -> Bytes[256]:
    return self._answer()


@internal
@view
def _answer() -> Bytes[256]:
    fault: uint256 = self.fault
    if self.only != empty(bytes4) and self.only != convert(slice(msg.data, 0, 4), bytes4):
        fault = 0
    assert fault != REVERT, "feed: broken"
    if fault == EMPTY:
        return b""
    if fault == BURN:
        x: bytes32 = empty(bytes32)
        for i: uint256 in range(max_value(uint256)):
            x = keccak256(x)
        assert x == empty(bytes32)
    data: Bytes[160] = raw_call(TARGET, msg.data, max_outsize=160, is_static_call=True)
    if fault == SHORT:
        return slice(data, 0, len(data) - 32)
    if fault == LONG:
        return concat(
            data, convert(max_value(uint256), bytes32), convert(max_value(uint256), bytes32)
        )
    if len(data) == 160 and fault == DIRTY:
        return self._with_id(
            data, self._word(data, 0) | (1 << 80), self._word(data, 128) | (1 << 80)
        )
    if len(data) == 160 and fault == FOREIGN:
        return self._with_id(data, self._word(data, 0) + 1, self._word(data, 128) + 1)
    if len(data) == 32 and fault == NEXT:
        return concat(b"", convert(self._word(data, 0) + 1, bytes32))
    return data


@internal
@pure
def _word(data: Bytes[160], start: uint256) -> uint256:
    return convert(extract32(data, start), uint256)


@internal
@pure
def _with_id(data: Bytes[160], id: uint256, answered_in: uint256) -> Bytes[256]:
    return concat(convert(id, bytes32), slice(data, 32, 96), convert(answered_in, bytes32))
