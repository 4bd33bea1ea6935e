# pragma version 0.4.3
# pragma optimize gas
"""
@title The desk's own word
@license MIT
@notice All that a trade asks of the desk itself, from the lowest bit: sheet 160 | guardian's caution 2 |
    reference NAV 62, in 1e-6 quote | time of its last step 32.
"""

NAV_GRAIN: constant(uint256) = 10**12  # WAD
SHEET: constant(uint256) = 2**160 - 1
CAUTION: constant(uint256) = 3
NAV: constant(uint256) = 2**62 - 1


@internal
@pure
def _sheet(word: uint256) -> address:
    """
    @notice The risk sheet in force
    @param word The word
    @custom:error exact
    """
    return convert(word & SHEET, address)


@internal
@pure
def _caution(word: uint256) -> uint256:
    """
    @notice The guardian's level
    @param word The word
    @custom:error exact
    """
    return (word >> 160) & CAUTION


@internal
@pure
def _nav_ref(word: uint256) -> uint256:
    """
    @notice The reference NAV
    @param word The word
    @return Quote, WAD; zero before the first sync
    @custom:error exact
    """
    return unsafe_mul((word >> 162) & NAV, NAV_GRAIN)


@internal
@pure
def _synced_at(word: uint256) -> uint256:
    """
    @notice When the reference NAV was last moved
    @param word The word
    @return Unix time
    @custom:error exact
    """
    return word >> 224


@internal
@pure
def _with_sheet(word: uint256, sheet: address) -> uint256:
    """
    @notice The word with another sheet
    @param word The word
    @param sheet The sheet
    @custom:error exact
    """
    return (word & ~SHEET) | convert(sheet, uint256)


@internal
@pure
def _with_caution(word: uint256, level: uint256) -> uint256:
    """
    @notice The word with another level of caution
    @param word The word
    @param level 0 to 3
    @custom:error exact
    """
    return (word & ~(CAUTION << 160)) | (level << 160)


@internal
@pure
def _with_nav_down(word: uint256, nav_ref: uint256, at: uint256) -> uint256:
    """
    @notice The word with another reference NAV, rounded down to its grain
    @param word The word
    @param nav_ref Quote, WAD, below 2^101
    @param at Unix time
    """
    return (word & (2**162 - 1)) | (min(nav_ref // NAV_GRAIN, NAV) << 162) | (at << 224)
