# pragma version 0.4.3
# pragma optimize gas
"""
@title Series ids
@license MIT
@notice `id = expiry << 128 | strike << 8 | right`: an option series says in its own id what it is, so nothing looks one up.
    src/ballast/series.py packs, unpacks and refuses the same ids; tests hold the two together.
@dev The accessors trust an id; `_require` does not. An id that passes it is the only id of its series.
"""

CALL: constant(uint256) = 0
PUT: constant(uint256) = 1
DAY: constant(uint256) = 86400
EXPIRY_OFFSET: constant(uint256) = 8 * 3600  # of the day: series expire at 08:00 UTC
FIRST_EXPIRY: constant(uint256) = 946684800 + EXPIRY_OFFSET  # 1 January 2000
LAST_EXPIRY: constant(uint256) = (
    4102358400 + EXPIRY_OFFSET
)  # 31 December 2099: a name has two digits of the year
STRIKE_BITS: constant(uint256) = 120
STRIKE_MASK: constant(uint256) = 2**STRIKE_BITS - 1
NEAR: constant(uint256) = 2 * DAY  # so far ahead every day is an expiry, after that Fridays only
FRIDAY: constant(uint256) = 1  # days since 1 January 1970, a Thursday, modulo 7


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
def _pack(expiry: uint256, strike: uint256, right: uint256) -> uint256:
    """
    @notice The id of a well-formed series; reverts with the field that is not
    @param expiry Unix time
    @param strike WAD quote tokens per underlying
    @param right 0 call, 1 put
    @return The id
    @custom:error exact
    """
    self._require_fields(expiry, strike, right)
    return expiry << 128 | strike << 8 | right


@internal
@pure
def _unpack(id: uint256) -> (uint256, uint256, uint256):
    """
    @notice Expiry, strike and right of a series id, which is trusted
    @param id Series id
    @return Unix time, WAD quote tokens per underlying, 0 call or 1 put
    @custom:error exact
    """
    return id >> 128, id >> 8 & STRIKE_MASK, id & 255


@internal
@pure
def _require(id: uint256):
    """
    @notice Reverts with the field that is malformed
    @param id Series id
    """
    self._require_fields(id >> 128, id >> 8 & STRIKE_MASK, id & 255)


@internal
@pure
def _require_fields(expiry: uint256, strike: uint256, right: uint256):
    """
    @notice Reverts with the field that is malformed
    @param expiry Unix time, at 08:00 UTC in the years 2000 to 2099
    @param strike WAD, from 1 to 2^120 - 1
    @param right 0 call, 1 put
    """
    if (
        unsafe_sub(expiry, FIRST_EXPIRY) > LAST_EXPIRY - FIRST_EXPIRY
        or expiry % DAY != EXPIRY_OFFSET
    ):
        self._refuse("series: expiry")
    if unsafe_sub(strike, 1) >= STRIKE_MASK:
        self._refuse("series: strike")
    if right > PUT:
        self._refuse("series: right")


@internal
@pure
def _require_listable(expiry: uint256, now: uint256):
    """
    @notice Reverts unless a series of this expiry may be listed now: at one of the next two 08:00 UTC, or on a Friday
    @param expiry Unix time, well formed
    @param now Unix time
    """
    if expiry <= now:
        self._refuse("series: expired")
    if expiry - now > NEAR and expiry // DAY % 7 != FRIDAY:
        self._refuse("series: not a friday")
