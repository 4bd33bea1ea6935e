# pragma version 0.4.3
# pragma optimize gas
"""
@title Mark-outs of client flow
@license MIT
@notice How much clients who bought delta in a round gained by the next one, and over four. What
    they gain per dollar of flow is how toxic they are.

        rounds      X 32 of the round that runs and of the three before it | F_d 42 of those three,
                    signed
        averages    gain over one round 64 | over four 64, signed, nano | |F_d| 64, nano

    X counts 1e-6 here, F_d in `rounds` 2^22 nano. A round without net flow in that count moves no
    average, now or later, so washing moves nothing, and tiny flows leave the ratio as it is.
"""

X_GRAIN: constant(int256) = 10**12  # of a WAD
FLOW_SHIFT: constant(uint256) = 22
M32: constant(uint256) = 2**32 - 1
M42: constant(uint256) = 2**42 - 1
M64: constant(uint256) = 2**64 - 1
MEMORY: constant(int256) = 16  # rounds that an average remembers
MILLION: constant(int256) = 10**6


@internal
@pure
def _closed(rounds: uint256, flow: int256, x: int256) -> uint256:
    """
    @notice The rounds after one has closed
    @param rounds Before
    @param flow Its F_d, nano, below 2^63 in size
    @param x S/R of the round that begins, WAD
    @return The word
    @custom:error 2^22 nano
    """
    grains: uint256 = min(convert(convert(unsafe_div(x, X_GRAIN), bytes32), uint256), M32)
    flows: uint256 = ((rounds >> 128) << 42) & (2**126 - 1)
    short: uint256 = convert(convert(flow >> FLOW_SHIFT, bytes32), uint256) & M42
    return ((rounds << 32) & (2**128 - 1)) | grains | ((flows | short) << 128)


@internal
@pure
def _averages(averages: uint256, rounds: uint256, flow: int256, x: int256) -> uint256:
    """
    @notice The averages after a round has closed
    @param averages Before
    @param rounds Before: its own X is the lowest
    @param flow Its F_d, nano
    @param x S/R now, WAD
    @return The word
    @custom:error 1e-6 relative and 2^22 nano of flow
    """
    signed: int256 = convert(convert(averages, bytes32), int256)
    near: int256 = signed << 192 >> 192
    far: int256 = signed << 128 >> 192
    gross: int256 = signed << 64 >> 192
    now: int256 = unsafe_div(x, X_GRAIN)
    begun: int256 = convert(rounds & M32, int256)
    if flow >> FLOW_SHIFT != 0 and begun != 0:
        near = self._blended(near, self._gain(flow, begun, now))
        gross = self._blended(gross, min(abs(flow), 2**62))
    begun = convert((rounds >> 96) & M32, int256)
    old: int256 = (convert(convert(rounds << 2, bytes32), int256) >> 214) << FLOW_SHIFT
    if old != 0 and begun != 0:
        far = self._blended(far, self._gain(old, begun, now))
    return (
        (convert(convert(near, bytes32), uint256) & M64)
        | ((convert(convert(far, bytes32), uint256) & M64) << 64)
        | (convert(convert(gross, bytes32), uint256) << 128)
    )


@internal
@pure
def _gain(flow: int256, begun: int256, now: int256) -> int256:
    """
    @notice F_d times the return since the round began
    @param flow Nano
    @param begun X then
    @param now X now
    @return Nano, within 2^62
    @custom:error 1e-6 relative
    """
    gain: int256 = unsafe_div(unsafe_mul(flow, unsafe_sub(now, begun)), begun)
    return max(min(gain, 2**62), -(2**62))


@internal
@pure
def _blended(average: int256, new: int256) -> int256:
    """
    @notice An average with one round more
    @param average Before, nano, within 2^62
    @param new Of the round, likewise
    @return Nano
    @custom:error 1 nano
    """
    return unsafe_add(average, unsafe_div(unsafe_sub(new, average), MEMORY))


@internal
@pure
def _ratio(averages: uint256) -> uint256:
    """
    @notice The larger of the two average gains, per dollar of flow
    @param averages The word
    @return Millionths, not below zero
    @custom:error 1e-6
    """
    signed: int256 = convert(convert(averages, bytes32), int256)
    gross: int256 = signed << 64 >> 192
    if gross == 0:
        return 0
    gain: int256 = max(max(signed << 192 >> 192, signed << 128 >> 192), 0)
    ratio: int256 = unsafe_div(unsafe_mul(gain, MILLION), gross)
    return min(convert(convert(ratio, bytes32), uint256), M32)
