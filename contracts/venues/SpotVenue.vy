# pragma version 0.4.3
# pragma optimize codesize
# pragma nonreentrancy on
"""
@title SpotVenue
@license MIT
@notice Delta by trading the underlying itself, on Uniswap v3. What is bought goes to the vault, which needs it as cover for calls too;
    nothing is ever left here
@dev The danger is the pool's price at the moment of the swap, which anybody can make. The limit comes from the hedger; all that is
    left to see to here is that no swap passes it, and that whatever does not go into a swap goes back.
@custom:kill The hedger's cap and nothing else; with it at zero no order comes.
"""

from interfaces import IVenue
from ..math import refusal
from ..modules import pool_swap

implements: IVenue

initializes: pool_swap

exports: (pool_swap.QUOTE, pool_swap.UNDERLYING, pool_swap.ROUTER)

SLACK: constant(uint256) = (
    104 * 10**16
)  # over spot what a limit may ask for: the sheet allows 3 %

VAULT: public(immutable(address))


@deploy
def __init__(
    vault: address,
    quote: address,
    underlying: address,
    router: address,
    fee: uint24,
    middle: address,
    far_fee: uint24,
):
    """
    @notice A venue for one vault
    @param vault Whose orders are done; need not stand yet
    @param quote Its quote token
    @param underlying Its underlying
    @param router SwapRouter02
    @param fee Of the underlying's pool, millionths
    @param middle What that pool has against it, nothing for the quote token
    @param far_fee Of the pool of `middle` and the quote token
    """
    if vault == empty(address):
        refusal._refuse("venue: address")
    VAULT = vault
    pool_swap.__init__(quote, underlying, router, fee, middle, far_fee)


@external
@view
def holds_positions() -> bool:
    """
    @notice Nothing stays here
    """
    return False


@external
@view
def position(price: uint256) -> (int256, int256):
    """
    @notice Nothing stays here
    @param price Of the underlying
    @return Zeros
    """
    return 0, 0


@external
@view
def mean() -> uint256:
    """
    @notice Mean price of the path over five minutes
    @return WAD
    """
    return pool_swap._mean_price()


@external
@view
def room(
    units: int256,
    price: uint256,
    spare_quote: uint256,
    spare_units: uint256,
    most_equity: uint256,
    health: uint256,
) -> (uint256, uint256):
    """
    @notice As much as the vault can pay for, or has to sell
    @param units Bought, below zero sold
    @param price Of the underlying, WAD
    @param spare_quote Assets that the vault can send
    @param spare_units Units that it can
    @param most_equity Zero: the venue is shut
    @param health Not asked: nothing is owed here
    @return Units; share of their worth that goes in fees and impact
    """
    if most_equity == 0:
        return 0, 0
    most: uint256 = min(convert(abs(units), uint256), spare_units)
    if units > 0:
        each: uint256 = pool_swap._assets(10**18, price * SLACK // 10**18)
        most = min(convert(units, uint256), spare_quote * 10**18 // max(each, 1))
    return most, pool_swap._cost(most)


@external
@view
def needs(units: int256, limit: uint256, health: uint256) -> (uint256, uint256):
    """
    @notice Quote up to the limit, or the underlying itself
    @param units Bought, below zero sold
    @param limit Price, WAD
    @param health Not asked
    @return Assets, rounded up; units
    """
    if units > 0:
        return pool_swap._assets(convert(units, uint256), limit), 0
    return 0, convert(-units, uint256)


@external
def order(units: int256, limit: uint256, health: uint256):
    """
    @notice A swap, all of it at the limit or better
    @param units Bought, below zero sold
    @param limit Price, WAD
    @param health Not asked
    """
    if msg.sender != VAULT:
        refusal._refuse("venue: not the vault")
    mean: uint256 = pool_swap._mean_price()
    size: uint256 = convert(abs(units), uint256)
    most: uint256 = pool_swap._assets(size, limit)
    paid: int256 = 0
    if units > 0:
        paid = convert(pool_swap._buy(size, most, VAULT), int256)
    else:
        paid = -convert(pool_swap._sell(size, most, VAULT), int256)
    log IVenue.Ordered(units=units, paid=paid, mean=mean)
    pool_swap._sweep(VAULT)


@external
def deposit(assets: uint256):
    """
    @notice There is no margin here
    @param assets Whatever
    """
    refusal._refuse("venue: no margin")


@external
def withdraw(assets: uint256):
    """
    @notice There is no margin here
    @param assets Whatever
    """
    refusal._refuse("venue: no margin")


@external
def emergency_exit():
    """
    @notice What was left here uninvited, to the vault
    """
    if msg.sender != VAULT:
        refusal._refuse("venue: not the vault")
    pool_swap._sweep(VAULT)
