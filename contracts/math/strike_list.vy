# pragma version 0.4.3
# pragma optimize gas
"""
@title Listed strikes of an expiry
@license MIT
@notice One word lists up to 24 strikes: 24 places of 10 bits, zero for none, and above them a base
    of 16 bits. A strike is grid step base * 64 + place - 1, so all lie within 1,023 steps.
"""

PLACES: constant(uint256) = 24
BASE_STEPS: constant(uint256) = 64
WINDOW: constant(uint256) = 1023
ROOM_BELOW: constant(uint256) = 511  # steps that a first strike leaves below itself
MAX_BASE: constant(uint256) = 2**16 - 1


@internal
@pure
def _refuse(reason: String[24]):
    """
    @notice Reverts
    @param reason Why
    """
    raise reason


@internal
@pure
def _step(list: uint256, i: uint256) -> uint256:
    """
    @notice Grid step of the strike in a place that is taken
    @param list The word
    @param i Place, from zero
    @custom:error exact
    """
    place: uint256 = (list >> unsafe_mul(i, 10)) & WINDOW
    return unsafe_sub(unsafe_add(unsafe_mul(list >> 240, BASE_STEPS), place), 1)


@internal
@pure
def _below(list: uint256) -> uint256:
    """
    @notice What is added to a place to give its grid step; minus one is the largest number
    @param list The word
    @custom:error exact
    """
    return unsafe_sub(unsafe_mul(list >> 240, BASE_STEPS), 1)


@internal
@pure
def _count(list: uint256) -> uint256:
    """
    @notice How many strikes are listed; they fill the places from the first
    @param list The word
    @custom:error exact
    """
    for i: uint256 in range(PLACES):
        if (list >> unsafe_mul(i, 10)) & WINDOW == 0:
            return i
    return PLACES


@internal
@pure
def _with(list: uint256, step: uint256) -> uint256:
    """
    @notice The list with one strike more, which is not on it
    @param list The word, zero for a first strike
    @param step Grid step
    @return The word
    @custom:error exact
    """
    count: uint256 = self._count(list)
    if count == PLACES:
        self._refuse("book: full")
    word: uint256 = list
    if count == 0:
        word = (unsafe_sub(max(step, ROOM_BELOW), ROOM_BELOW) // BASE_STEPS) << 240
    base: uint256 = unsafe_mul(word >> 240, BASE_STEPS)
    if (word >> 240) > MAX_BASE or step < base or step - base >= WINDOW:
        self._refuse("book: strike too far")
    return word | (unsafe_add(unsafe_sub(step, base), 1) << unsafe_mul(count, 10))


@internal
@pure
def _without(list: uint256, step: uint256) -> uint256:
    """
    @notice The list less one strike that is on it; the last one takes its place
    @param list The word
    @param step Grid step
    @return The word; zero if it was the last strike
    @custom:error exact
    """
    last: uint256 = unsafe_sub(self._count(list), 1)
    if last == 0:
        return 0
    moved: uint256 = (list >> unsafe_mul(last, 10)) & WINDOW
    word: uint256 = list ^ (moved << unsafe_mul(last, 10))
    for i: uint256 in range(last, bound=PLACES):
        if self._step(list, i) == step:
            place: uint256 = (list >> unsafe_mul(i, 10)) & WINDOW
            return word ^ ((place ^ moved) << unsafe_mul(i, 10))
    return word
