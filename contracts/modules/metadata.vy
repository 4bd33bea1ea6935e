# pragma version 0.4.3
# pragma optimize gas
"""
@title What an option is, in words
@license MIT
@notice Names and ERC-1155 metadata of a series, computed from its id: nothing is stored and no server is asked.
@dev For wallets, off chain: no trade runs through here. Ids are trusted to be well formed, symbols to have passed
    `_require_symbol`. The calendar needs no library: expiries lie in 2000 to 2099, where every fourth year has a leap day.
"""

from ..math import series
from .. import units

MONTHS: constant(String[36]) = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
MARCH_1996: constant(
    uint256
) = 9556  # days from 1 January 1970 to a first of March after a leap day
FOUR_YEARS: constant(uint256) = 1461  # days
FIVE_MONTHS: constant(
    uint256
) = 153  # days; from March on months have 31 30 31 30 31 days, twice, and again
SEXTETS: constant(String[64]) = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
BLOCK: constant(uint256) = 24  # bytes that base64 writes as one word of 32 letters
MAX_BLOCKS: constant(uint256) = 23
JSON_BYTES: constant(uint256) = BLOCK * (MAX_BLOCKS - 1)  # one block is left for padding


@internal
@pure
def _require_symbol(symbol: String[16]):
    """
    @notice Reverts unless it is a letter and then letters, digits and dots: a quote mark would end the string in the JSON
    @param symbol Symbol of a token
    """
    assert len(symbol) > 0, "metadata: symbol"
    for i: uint256 in range(len(symbol), bound=16):
        letter: uint256 = convert(convert(slice(symbol, i, 1), Bytes[1]), uint256)
        if unsafe_sub(letter | 32, 97) < 26:  # a to z, and with the bit for lower case A to Z
            continue
        assert i > 0 and (letter == 46 or unsafe_sub(letter, 48) < 10), "metadata: symbol"


@internal
@pure
def _name(id: uint256, underlying: String[16]) -> String[72]:
    """
    @notice The series as people say it: WETH 25 DEC 2026 2000 Call
    @param id Series id
    @param underlying Symbol of the underlying
    """
    right: String[4] = "Put" if id & 1 == series.PUT else "Call"
    return concat(underlying, " ", self._date(id >> 128), " ", self._strike(id), " ", right)


@internal
@pure
def _symbol(id: uint256, underlying: String[16]) -> String[65]:
    """
    @notice The series as the Python side and traders write it: WETH-25DEC26-2000-C
    @param id Series id
    @param underlying Symbol of the underlying
    """
    year: uint256 = 0
    month: uint256 = 0
    day: uint256 = 0
    year, month, day = self._calendar(id >> 128)
    return concat(
        underlying,
        "-",
        self._digits(day),
        slice(MONTHS, 3 * month - 3, 3),
        slice(uint2str(year), 2, 2),
        "-",
        self._strike(id),
        "-P" if id & 1 == series.PUT else "-C",
    )


@internal
@pure
def _uri(id: uint256, underlying: String[16], quote: String[16]) -> String[765]:
    """
    @notice ERC-1155 metadata of the series, as a data: URI
    @param id Series id
    @param underlying Symbol of the underlying
    @param quote Symbol of the quote token
    """
    return concat("data:application/json;base64,", self._base64(self._json(id, underlying, quote)))


@internal
@pure
def _json(id: uint256, underlying: String[16], quote: String[16]) -> String[JSON_BYTES]:
    """
    @notice ERC-1155 metadata of the series. `decimals` 4: a balance counts lots of 1e-4 contracts
    @param id Series id
    @param underlying Symbol of the underlying
    @param quote Symbol of the quote token
    """
    is_put: bool = id & 1 == series.PUT
    right: String[4] = "put" if is_put else "call"
    expiry: uint256 = id >> 128
    strike: String[38] = self._strike(id)
    settled_in: String[16] = quote if is_put else underlying
    head: String[190] = concat(
        '{"name":"',
        self._name(id, underlying),
        '","symbol":"',
        self._symbol(id, underlying),
        '","decimals":4,"description":"',
    )
    story: String[178] = concat(
        "European ",
        right,
        " on 1 ",
        underlying,
        " at ",
        strike,
        " ",
        quote,
        ", expiring ",
        self._date(expiry),
        " 08:00 UTC, settled in ",
        settled_in,
        '.","properties":{',
    )
    properties: String[160] = concat(
        '"underlying":"',
        underlying,
        '","quote":"',
        quote,
        '","expiry":',
        abi_decode(abi_encode(uint2str(expiry)), String[10]),  # nine digits before September 2001
        ',"strike":"',
        strike,
        '","right":"',
        right,
        '"}}',
    )
    return concat(head, story, properties)


@internal
@pure
def _strike(id: uint256) -> String[38]:
    """
    @notice The strike in decimal digits, exact, without trailing zeros
    @param id Series id
    """
    strike: uint256 = id >> 8 & series.STRIKE_MASK
    whole: String[78] = uint2str(strike // units.WAD)
    decimals: uint256 = (
        units.WAD + strike % units.WAD
    )  # the leading one keeps the zeros behind the point
    if decimals == units.WAD:
        return abi_decode(abi_encode(whole), String[38])
    for _: uint256 in range(18):
        if decimals % 10 != 0:
            break
        decimals //= 10
    behind: String[78] = uint2str(decimals)
    return abi_decode(abi_encode(concat(whole, ".", slice(behind, 1, len(behind) - 1))), String[38])


@internal
@pure
def _date(time: uint256) -> String[11]:
    """
    @notice The day in UTC: 25 DEC 2026
    @param time Unix time, in the years 2000 to 2099
    """
    year: uint256 = 0
    month: uint256 = 0
    day: uint256 = 0
    year, month, day = self._calendar(time)
    return concat(
        self._digits(day),
        " ",
        slice(MONTHS, 3 * month - 3, 3),
        " ",
        slice(uint2str(year), 0, 4),
    )


@internal
@pure
def _calendar(time: uint256) -> (uint256, uint256, uint256):
    """
    @notice Year, month and day in UTC
    @dev Counted from a first of March, so that the leap day is the last of its year and five months have 153 days
    @param time Unix time, in the years 2000 to 2099
    """
    days: uint256 = time // series.DAY - MARCH_1996
    years: uint256 = (4 * days + 3) // FOUR_YEARS
    day_of_year: uint256 = days - FOUR_YEARS * years // 4
    month: uint256 = (5 * day_of_year + 2) // FIVE_MONTHS  # 0 is March
    day: uint256 = day_of_year - (FIVE_MONTHS * month + 2) // 5 + 1
    if month < 10:
        return 1996 + years, month + 3, day
    return 1997 + years, month - 9, day


@internal
@pure
def _digits(day: uint256) -> String[2]:
    """
    @notice A day of the month, without a leading zero
    @param day 1 to 31
    """
    if day < 10:
        return slice(uint2str(day), 0, 1)
    return slice(uint2str(day), 0, 2)


@internal
@pure
def _base64(text: String[JSON_BYTES]) -> String[32 * MAX_BLOCKS]:
    """
    @notice Base64 of a JSON text, which is padded with spaces: they mean nothing in JSON and spare the padding of base64
    @param text JSON
    """
    padded: String[JSON_BYTES + BLOCK] = concat(text, "                        ")
    blocks: uint256 = (len(text) + BLOCK - 1) // BLOCK
    letters: Bytes[64] = convert(SEXTETS, Bytes[64])
    words: bytes32[MAX_BLOCKS] = empty(bytes32[MAX_BLOCKS])
    for i: uint256 in range(blocks, bound=MAX_BLOCKS):
        bits: uint256 = convert(convert(slice(padded, BLOCK * i, BLOCK), Bytes[BLOCK]), uint256)
        word: uint256 = 0
        for _: uint256 in range(32):
            letter: uint256 = convert(slice(letters, bits >> 186, 1), uint256)
            word = word << 8 | letter
            bits = (bits << 6) & (2**192 - 1)
        words[i] = convert(word, bytes32)
    return convert(slice(abi_encode(words), 0, 32 * blocks), String[32 * MAX_BLOCKS])
