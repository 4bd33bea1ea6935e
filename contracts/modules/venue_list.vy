# pragma version 0.4.3
# pragma optimize codesize
"""
@title List of venues
@license MIT
@notice Which venues the hedger may use, how much of NAV may stand on each, and which of them wait after a failure
@dev The danger is a venue that takes what it is given, or says that it has more. So a new one starts with a cap of zero, and a cap rises
    by at most 5 % of NAV a week and falls at once. What has been drawn on a cap is counted by what left the vault and what came back,
    at the oracle's price, and no word of the venue lowers it; it is forgotten over ten weeks. What stands on a venue follows from that
    too, and the price; its own word counts where it says less, or so little more as interest may bring.
"""

from .. import units
from ..math import refusal

MAX_VENUES: constant(uint256) = 4
CAP_STEP: constant(uint256) = units.WAD // 20  # of NAV
CAP_WEEK: constant(uint256) = 7 * 86400
LEAST_BREAK: constant(uint256) = 60  # seconds
MOST_BREAK: constant(uint256) = 300
DRAW_TIME: constant(uint256) = 70 * 86400  # in which a whole cap that was drawn is forgotten
HOLDS: constant(uint256) = 2**160  # flags of a word
LENDS: constant(uint256) = 2**161
LISTED: constant(uint256) = 2**162
LOW_40: constant(uint256) = 2**40 - 1
LOW_64: constant(uint256) = 2**64 - 1
LOW_108: constant(uint256) = 2**108 - 1
LOW_216: constant(uint256) = 2**216 - 1
REST: constant(uint256) = 2**56 - 1  # of a word: retry at and failures

venues: DynArray[address, MAX_VENUES]
words: HashMap[
    address, uint256
]  # cap 64 | raised at 40 | retry at 40 | failures 16 | holds 1 | lends 1 | listed 1, cap lowest
lasts: HashMap[
    address, uint256
]  # units 108 | equity less units at their price 108, both signed | read at 40, units lowest
draws: HashMap[address, uint256]  # assets drawn 216 | at 40, assets lowest


@internal
def _add(venue: address, holds: bool, lends: bool, cap: uint256):
    """
    @notice A venue onto the list
    @param venue Which
    @param holds Whether anything may ever stand there
    @param lends Whether it is an `ILender`
    @param cap Share of NAV, WAD
    """
    if not venue.is_contract or self._is_listed(venue):
        refusal._refuse("hedger: venue")
    if cap > units.WAD:
        refusal._refuse("hedger: cap")
    self.venues.append(venue)
    flags: uint256 = LISTED
    if holds:
        flags |= HOLDS
    if lends:
        if self._lender() != empty(address):
            refusal._refuse("hedger: second lender")
        flags |= LENDS
    self.words[venue] = cap | flags


@internal
def _remove(venue: address):
    """
    @notice A venue off the list
    @param venue Listed
    """
    self._require_listed(venue)
    last: address = self.venues.pop()
    for i: uint256 in range(len(self.venues), bound=MAX_VENUES):
        if self.venues[i] == venue:
            self.venues[i] = last
    self.words[venue] = 0
    self.lasts[venue] = 0
    self.draws[venue] = 0


@internal
@view
def _is_listed(venue: address) -> bool:
    """
    @notice Is a venue on the list?
    @param venue Which
    """
    return self.words[venue] != 0


@internal
@view
def _require_listed(venue: address):
    """
    @notice Reverts for a venue that is not on the list
    @param venue Which
    """
    if not self._is_listed(venue):
        refusal._refuse("hedger: not listed")


@internal
@view
def _cap(venue: address) -> uint256:
    """
    @notice What may stand on a venue
    @param venue Which
    @return Share of NAV, WAD
    """
    return self.words[venue] & LOW_64


@internal
def _set_cap(venue: address, cap: uint256):
    """
    @notice Another cap: lower at once, higher by a step a week
    @param venue Listed
    @param cap Share of NAV, WAD
    """
    self._require_listed(venue)
    word: uint256 = self.words[venue]
    old: uint256 = word & LOW_64
    word = word ^ old
    if cap > old:
        if cap > old + CAP_STEP or cap > units.WAD:
            refusal._refuse("hedger: cap step")
        if block.timestamp < ((word >> 64) & LOW_40) + CAP_WEEK:
            refusal._refuse("hedger: cap week")
        word = (word & ~(LOW_40 << 64)) | (block.timestamp << 64)
    self.words[venue] = word | cap


@internal
@view
def _holds(venue: address) -> bool:
    """
    @notice Whether anything may stand on a venue
    @param venue Which
    """
    return self.words[venue] & HOLDS != 0


@internal
@view
def _lender() -> address:
    """
    @notice The venue that lends; nobody where there is none
    """
    for venue: address in self.venues:
        if self.words[venue] & LENDS != 0:
            return venue
    return empty(address)


@internal
@view
def _is_waiting(venue: address) -> bool:
    """
    @notice Whether a venue that failed is not asked yet
    @param venue Which
    """
    return block.timestamp < (self.words[venue] >> 104) & LOW_40


@internal
def _failed(venue: address) -> uint256:
    """
    @notice A venue could not do its part: it waits, twice as long each time
    @param venue Which
    @return Unix time from which it is asked again
    """
    word: uint256 = self.words[venue]
    failures: uint256 = (word >> 144) & 65535
    retry_at: uint256 = block.timestamp + min(LEAST_BREAK << min(failures, 6), MOST_BREAK)
    more: uint256 = min(failures + 1, 65535)
    self.words[venue] = (word & ~(REST << 104)) | (retry_at << 104) | (more << 144)
    return retry_at


@internal
def _succeeded(venue: address):
    """
    @notice A venue did its part: failures are forgotten
    @param venue Which
    """
    word: uint256 = self.words[venue]
    if (word >> 104) & REST != 0:
        self.words[venue] = word & ~(REST << 104)


@internal
def _keep(venue: address, amount: int256, base: int256):
    """
    @notice Keeps a position that was believed
    @param venue Where
    @param amount Units of underlying, below 2^107 in size, as is the next
    @param base Equity less the units at their price, assets
    """
    low: uint256 = convert(convert(amount, bytes32), uint256) & LOW_108
    high: uint256 = convert(convert(base, bytes32), uint256) & LOW_108
    self.lasts[venue] = low | (high << 108) | (block.timestamp << 216)


@internal
@view
def _kept(venue: address) -> (int256, int256, uint256):
    """
    @notice The last position believed
    @param venue Where
    @return Units, equity less the units at their price, and seconds since
    """
    word: uint256 = self.lasts[venue]
    whole: int256 = convert(convert(word, bytes32), int256)
    return (
        (whole << 148) >> 148,
        (whole << 40) >> 148,
        unsafe_sub(block.timestamp, word >> 216),
    )


@internal
def _draw(venue: address, sent: int256, cap: uint256) -> uint256:
    """
    @notice Counts what left the vault for a venue, less what came back
    @param venue Where
    @param sent Assets, at the oracle's price; below zero for what came back
    @param cap Assets
    @return Assets drawn now
    """
    word: uint256 = self.draws[venue]
    drawn: uint256 = word & LOW_216
    faded: uint256 = cap * unsafe_sub(block.timestamp, word >> 216) // DRAW_TIME
    now: int256 = max(convert(drawn - min(faded, drawn), int256) + sent, 0)
    self.draws[venue] = convert(now, uint256) | (block.timestamp << 216)
    return convert(now, uint256)
