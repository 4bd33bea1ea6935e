# pragma version 0.4.3
# pragma optimize gas
"""
@title Who values the book, and what is in it
@license MIT
@notice One word for both, as whoever values the book needs both: sheet 160 | up to eight expiries of
    12 bits. An expiry is kept as its day modulo 4,095, plus one; it lies within five years of now,
    which tells it from all others of the same remainder.
"""

from . import series

SHEET: constant(uint256) = 2**160 - 1
PLACES: constant(uint256) = 8
BITS: constant(uint256) = 12
PLACE: constant(uint256) = 2**BITS - 1
CYCLE: constant(uint256) = 4095  # days
HALF_CYCLE: constant(uint256) = 2047


@internal
@pure
def _sheet(word: uint256) -> address:
    """
    @notice The risk sheet
    @param word The word
    @custom:error exact
    """
    return convert(word & SHEET, address)


@internal
@pure
def _with_sheet(word: uint256, sheet: address) -> uint256:
    """
    @notice The word with another sheet
    @param word The word
    @param sheet The sheet
    @custom:error exact
    """
    return ((word >> 160) << 160) | convert(sheet, uint256)


@internal
@pure
def _expiries(word: uint256, now: uint256) -> DynArray[uint256, PLACES]:
    """
    @notice The expiries, in the order of their listing
    @param word The word
    @param now Unix time, fewer than 2,047 days from all of them
    @return Unix times
    @custom:error exact
    """
    found: DynArray[uint256, PLACES] = []
    least: uint256 = unsafe_sub(unsafe_div(now, series.DAY), HALF_CYCLE)
    cycles: uint256 = unsafe_sub(unsafe_sub(least, least % CYCLE), 1)
    rest: uint256 = word >> 160
    for _: uint256 in range(PLACES):
        if rest == 0:
            break
        day: uint256 = unsafe_add(cycles, rest & PLACE)
        if day < least:
            day = unsafe_add(day, CYCLE)
        found.append(unsafe_add(unsafe_mul(day, series.DAY), series.EXPIRY_OFFSET))
        rest = rest >> BITS
    return found


@internal
@pure
def _with(word: uint256, expiry: uint256) -> uint256:
    """
    @notice The word with one expiry more, which is not in it
    @param word The word
    @param expiry Unix time
    @return The word
    @custom:error exact
    """
    place: uint256 = 160
    for _: uint256 in range(PLACES):
        if (word >> place) & PLACE == 0:
            break
        place = unsafe_add(place, BITS)
    assert place < 256, "book: eight expiries"
    return word | (unsafe_add((expiry // series.DAY) % CYCLE, 1) << place)


@internal
@pure
def _without(word: uint256, expiry: uint256) -> uint256:
    """
    @notice The word without an expiry, the others in their order
    @param word The word
    @param expiry Unix time
    @return The word
    @custom:error exact
    """
    gone: uint256 = unsafe_add((expiry // series.DAY) % CYCLE, 1)
    left: uint256 = word & SHEET
    place: uint256 = 160
    rest: uint256 = word >> 160
    for _: uint256 in range(PLACES):
        if rest == 0:
            break
        if rest & PLACE != gone:
            left |= (rest & PLACE) << place
            place = unsafe_add(place, BITS)
        rest = rest >> BITS
    return left
