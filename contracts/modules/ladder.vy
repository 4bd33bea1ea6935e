# pragma version 0.4.3
# pragma optimize gas
"""
@title Drawdown ladder
@license MIT
@notice How careful the vault must be: level 1, 2, 3 where the price of a share stands 5, 10, 20 % below the highest close of thirty
    days. A level rises at once and falls when for 24 hours nobody has seen it justified. A day closes at the last price seen in it.
@dev The danger is a level that somebody wants: it is found from the price before a flow, never in a trade, and prices that nobody
    was there to lose by do not count (`is_asleep`). A ring of 32 closes, eight to a word, is read once a day; days without an
    observation are zero in it.
"""

from ..math import series

WINDOW: constant(uint256) = 30  # days
STEP: constant(uint256) = 10**12  # of a close: a millionth of a quote token
LOW_32: constant(uint256) = 2**32 - 1
LOW_96: constant(uint256) = 2**96 - 1

head: uint256  # last price 96 | its day 32 | high 32 | level justified at 40, price lowest
ring: uint256[4]  # closes of 32 bits, that of a day at the day modulo 32


@internal
@view
def _last() -> uint256:
    """
    @notice The last price seen
    @return WAD
    """
    return self.head & LOW_96


@internal
@view
def _high() -> uint256:
    """
    @notice The highest close of thirty days, as of the last observation
    @return WAD
    """
    return ((self.head >> 128) & LOW_32) * STEP


@internal
def _observe(price: uint256, level: uint256, is_asleep: bool) -> uint256:
    """
    @notice Keeps a price and finds the level
    @param price Of a share, before the flow that asks, WAD
    @param level In force
    @param is_asleep Whether the vault is too small for its price to say anything
    @return Level from now on
    """
    head: uint256 = self.head
    today: uint256 = block.timestamp // series.DAY
    day: uint256 = (head >> 96) & LOW_32
    high: uint256 = (head >> 128) & LOW_32
    held_at: uint256 = head >> 160
    last: uint256 = self._coarse(head & LOW_96)
    coarse: uint256 = self._coarse(price)
    if is_asleep:
        high = 0
    elif high == 0:
        high = self._wake(last if last != 0 else coarse, today)
    elif day != today:
        high = self._roll(day, last, today)
    found: uint256 = self._level(coarse, high)
    if found >= level or block.timestamp >= unsafe_add(held_at, series.DAY):
        level = found
        held_at = block.timestamp
    self.head = min(price, LOW_96) | today << 96 | high << 128 | held_at << 160
    return level


@internal
def _wake(price: uint256, today: uint256) -> uint256:
    """
    @notice Forgets all closes; the price at which the vault grew large enough counts as yesterday's
    @param price Steps
    @param today Days since 1970
    @return The highest close
    """
    yesterday: uint256 = unsafe_sub(today, 1) & 31
    self.ring = empty(uint256[4])
    self.ring[yesterday >> 3] = price << unsafe_mul(32, yesterday & 7)
    return max(price, 1)


@internal
def _roll(day: uint256, close: uint256, today: uint256) -> uint256:
    """
    @notice Writes the close of a past day, forgets what is older than the window
    @param day When `close` was seen, before today
    @param close In steps
    @param today Days since 1970
    @return The highest close; `close` itself if it is older than all that
    """
    high: uint256 = 0
    for i: uint256 in range(4):
        old: uint256 = self.ring[i]
        new: uint256 = 0
        for j: uint256 in range(8):
            place: uint256 = unsafe_mul(j, 32)
            age: uint256 = unsafe_sub(today, unsafe_add(unsafe_mul(i, 8), j)) & 31  # 0 means 32
            past: uint256 = unsafe_sub(today, age)
            if age == 0 or age > WINDOW or past > day:
                continue
            found: uint256 = close if past == day else (old >> place) & LOW_32
            high = max(high, found)
            new |= found << place
        if new != old:
            self.ring[i] = new
    return high if high != 0 else max(close, 1)


@internal
@pure
def _coarse(price: uint256) -> uint256:
    """
    @notice A price as it is kept
    @param price WAD
    @return Steps, rounded down, at most what fits
    """
    return min(price // STEP, LOW_32)


@internal
@pure
def _level(price: uint256, high: uint256) -> uint256:
    """
    @notice Level that a price justifies
    @param price Steps
    @param high Steps
    @return 0 to 3
    """
    parts: uint256 = unsafe_mul(price, 20)
    if parts > unsafe_mul(high, 19) or high == 0:
        return 0
    if parts > unsafe_mul(high, 18):
        return 1
    return 2 if parts > unsafe_mul(high, 16) else 3
