# pragma version 0.4.3
# pragma optimize gas
"""
@title Shares of a vault
@license MIT
@notice What shares and assets are worth in each other. Assets are units of the quote token, `total` what the vault is worth in
    them, `virtual` shares that nobody owns and one virtual asset stand beside what is real: a share always has a price, and to
    move the price of `virtual` shares costs him who moves it as much as it costs all others. `parts` are all shares, virtual ones
    included: never zero.
@dev The vault keeps totals and supplies below 2^120, the insurance fund totals below 2^104 and supplies below 2^144. An amount may
    be anything: a product beyond a word reverts. A total that is itself rounded must be rounded in the direction of the caller's
    disadvantage: down where he leaves, up where he comes.
"""

from .. import units

LIMIT: constant(uint256) = 2**120


@internal
@pure
def _shares_down(assets: uint256, total: uint256, parts: uint256) -> uint256:
    """
    @notice Shares for assets
    @param assets How much
    @param total Assets there are
    @param parts All shares
    @return Shares, rounded down
    """
    return unsafe_div(assets * parts, unsafe_add(total, 1))


@internal
@pure
def _shares_up(assets: uint256, total: uint256, parts: uint256) -> uint256:
    """
    @notice Shares for assets
    @param assets How much
    @param total Assets there are
    @param parts All shares
    @return Shares, rounded up
    """
    return unsafe_div(assets * parts + total, unsafe_add(total, 1))


@internal
@pure
def _assets_down(shares: uint256, total: uint256, parts: uint256) -> uint256:
    """
    @notice Assets for shares. All shares together never give more than `total`
    @param shares How many
    @param total Assets there are
    @param parts All shares
    @return Assets, rounded down
    """
    return unsafe_div(shares * unsafe_add(total, 1), parts)


@internal
@pure
def _assets_up(shares: uint256, total: uint256, parts: uint256) -> uint256:
    """
    @notice Assets for shares
    @param shares How many
    @param total Assets there are
    @param parts All shares
    @return Assets, rounded up
    """
    return unsafe_div(shares * unsafe_add(total, 1) + unsafe_sub(parts, 1), parts)


@internal
@pure
def _price_down(total: uint256, parts: uint256, virtual: uint256) -> uint256:
    """
    @notice Price of a whole share, one quote token at the start
    @param total Assets of the vault, below 2^120
    @param parts All shares, below 2^121
    @param virtual Virtual shares, at most 1e12
    @return WAD, rounded down
    """
    return unsafe_div(unsafe_mul(unsafe_add(total, 1), unsafe_mul(virtual, units.WAD)), parts)


@internal
@pure
def _price_up(total: uint256, parts: uint256, virtual: uint256) -> uint256:
    """
    @notice Price of a whole share, one quote token at the start
    @param total Assets of the vault, below 2^120
    @param parts All shares, below 2^121
    @param virtual Virtual shares, at most 1e12
    @return WAD, rounded up
    """
    whole: uint256 = unsafe_mul(unsafe_add(total, 1), unsafe_mul(virtual, units.WAD))
    return unsafe_div(unsafe_add(whole, unsafe_sub(parts, 1)), parts)
