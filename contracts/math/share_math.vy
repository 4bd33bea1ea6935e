# pragma version 0.4.3
# pragma optimize gas
"""
@title Shares of a vault
@license MIT
@notice What shares and assets are worth in each other. Assets are units of the quote token, `total` what the vault is worth in
    them, `virtual` shares that nobody owns and one virtual asset stand beside what is real: a share always has a price, and to
    move the price of `virtual` shares costs him who moves it as much as it costs all others.
@dev Assets, totals, supplies below 2^120, so that products stay below 2^240; the vault keeps these bounds. A total that is itself
    rounded must be rounded in the direction of the caller's disadvantage: down where he leaves, up where he comes.
"""

from .. import units

LIMIT: constant(uint256) = 2**120


@internal
@pure
def _shares_down(assets: uint256, total: uint256, supply: uint256, virtual: uint256) -> uint256:
    """
    @notice Shares for assets
    @param assets Below 2^120
    @param total Assets of the vault, below 2^120
    @param supply Shares, below 2^120
    @param virtual Virtual shares
    @return Shares, rounded down
    """
    return assets * (supply + virtual) // (total + 1)


@internal
@pure
def _shares_up(assets: uint256, total: uint256, supply: uint256, virtual: uint256) -> uint256:
    """
    @notice Shares for assets
    @param assets Below 2^120
    @param total Assets of the vault, below 2^120
    @param supply Shares, below 2^120
    @param virtual Virtual shares
    @return Shares, rounded up
    """
    return (assets * (supply + virtual) + total) // (total + 1)


@internal
@pure
def _assets_down(shares: uint256, total: uint256, supply: uint256, virtual: uint256) -> uint256:
    """
    @notice Assets for shares. All shares together never give more than `total`
    @param shares Below 2^120
    @param total Assets of the vault, below 2^120
    @param supply Shares, below 2^120
    @param virtual Virtual shares
    @return Assets, rounded down
    """
    return shares * (total + 1) // (supply + virtual)


@internal
@pure
def _assets_up(shares: uint256, total: uint256, supply: uint256, virtual: uint256) -> uint256:
    """
    @notice Assets for shares
    @param shares Below 2^120
    @param total Assets of the vault, below 2^120
    @param supply Shares, below 2^120
    @param virtual Virtual shares
    @return Assets, rounded up
    """
    parts: uint256 = supply + virtual
    return (shares * (total + 1) + parts - 1) // parts


@internal
@pure
def _price_down(total: uint256, supply: uint256, virtual: uint256) -> uint256:
    """
    @notice Price of a whole share, one quote token at the start
    @param total Assets of the vault, below 2^120
    @param supply Shares, below 2^120
    @param virtual Virtual shares, at most 1e12
    @return WAD, rounded down
    """
    return (total + 1) * virtual * units.WAD // (supply + virtual)


@internal
@pure
def _price_up(total: uint256, supply: uint256, virtual: uint256) -> uint256:
    """
    @notice Price of a whole share, one quote token at the start
    @param total Assets of the vault, below 2^120
    @param supply Shares, below 2^120
    @param virtual Virtual shares, at most 1e12
    @return WAD, rounded up
    """
    parts: uint256 = supply + virtual
    return ((total + 1) * virtual * units.WAD + parts - 1) // parts
