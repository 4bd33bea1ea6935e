# pragma version 0.4.3
# pragma optimize codesize
"""
@title Swaps through Uniswap v3
@license MIT
@notice Quote token against underlying, through one pool or through two with a token between them; which ones is written at deployment
@dev The danger is a pool that somebody has moved: each swap has its limit, and `_mean` is what the pools have said for five minutes.
    That needs pools that remember as long (`increaseObservationCardinalityNext`, by anyone); one that does not refuses, and no order
    passes.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from interfaces import IUniswapV3
from .. import units
from ..math import refusal
from ..math import tick_price

MEAN: constant(uint256) = 300  # seconds
FEE_SCALE: constant(uint256) = 10**12  # WAD in a millionth
Q96: constant(uint256) = 2**96

QUOTE: public(immutable(address))
UNDERLYING: public(immutable(address))
ROUTER: public(immutable(address))
MIDDLE: immutable(address)  # nothing: one pool does
NEAR_POOL: immutable(address)  # that of the underlying
FAR_POOL: immutable(address)  # that of the quote token, if it is another one
FEES: immutable(uint256)  # of both, WAD
PATH: immutable(
    Bytes[66]
)  # token, fee, token, from underlying to quote: as sales have it, and as purchases have it backwards
QUOTE_SCALE: immutable(uint256)  # WAD in an asset
UNIT_SCALE: immutable(uint256)  # WAD in a unit of underlying
MIDDLE_SCALE: immutable(uint256)


@deploy
def __init__(
    quote: address,
    underlying: address,
    router: address,
    fee: uint24,
    middle: address,
    far_fee: uint24,
):
    """
    @notice A path, whose pools must stand
    @param quote Quote token
    @param underlying Underlying
    @param router SwapRouter02; may take both tokens from here, where nothing is left behind
    @param fee Of the underlying's pool, millionths
    @param middle What that pool has against it, nothing for the quote token
    @param far_fee Of the pool of `middle` and the quote token
    """
    QUOTE = quote
    UNDERLYING = underlying
    ROUTER = router
    MIDDLE = middle
    factory: address = staticcall IUniswapV3(router).factory()
    between: address = quote if middle == empty(address) else middle
    NEAR_POOL = self._pool(factory, underlying, between, fee)
    QUOTE_SCALE = self._scale(quote)
    UNIT_SCALE = self._scale(underlying)
    MIDDLE_SCALE = self._scale(between)
    path: Bytes[66] = concat(
        convert(underlying, bytes20), convert(fee, bytes3), convert(between, bytes20)
    )
    far_pool: address = empty(address)
    fees: uint256 = convert(fee, uint256)
    if middle != empty(address):
        far_pool = self._pool(factory, middle, quote, far_fee)
        fees += convert(far_fee, uint256)
        path = concat(
            convert(underlying, bytes20),
            convert(fee, bytes3),
            convert(middle, bytes20),
            convert(far_fee, bytes3),
            convert(quote, bytes20),
        )
    FAR_POOL = far_pool
    FEES = fees * FEE_SCALE
    PATH = path
    self._approve(quote, router)
    self._approve(underlying, router)


@internal
def _buy(amount: uint256, most: uint256, receiver: address) -> uint256:
    """
    @notice Underlying for quote that is here
    @param amount Units, exactly
    @param most Assets, at most
    @param receiver Of the underlying
    @return Assets paid
    """
    return extcall IUniswapV3(ROUTER).exactOutput(
        IUniswapV3.ExactOutput(
            path=PATH, recipient=receiver, amountOut=amount, amountInMaximum=most
        )
    )


@internal
def _sell(amount: uint256, least: uint256, receiver: address) -> uint256:
    """
    @notice Quote for underlying that is here
    @param amount Units, exactly
    @param least Assets, at least
    @param receiver Of the quote
    @return Assets got
    """
    return extcall IUniswapV3(ROUTER).exactInput(
        IUniswapV3.ExactInput(
            path=PATH, recipient=receiver, amountIn=amount, amountOutMinimum=least
        )
    )


@internal
@view
def _mean_price() -> uint256:
    """
    @notice Geometric mean price of five minutes
    @return WAD
    """
    between: address = QUOTE if MIDDLE == empty(address) else MIDDLE
    near: uint256 = self._mean_of(NEAR_POOL, UNDERLYING, between, MIDDLE_SCALE, UNIT_SCALE)
    if FAR_POOL == empty(address):
        return near
    far: uint256 = self._mean_of(FAR_POOL, MIDDLE, QUOTE, QUOTE_SCALE, MIDDLE_SCALE)
    return near * far // units.WAD


@internal
@view
def _cost(amount: uint256) -> uint256:
    """
    @notice What a swap would lose: fees, and half of what it would move the underlying's pool by
    @dev A pool with liquidity L at sqrt price s stands like one of L/s units of token0 and L s of token1. Taking the part e of what it
        has moves the price by 2 e, the mean of the swap by e
    @param amount Units
    @return Share of its worth, WAD
    """
    depth: uint256 = convert(staticcall IUniswapV3(NEAR_POOL).liquidity(), uint256)
    root: uint256 = 0
    tick: int24 = 0
    a: uint16 = 0
    b: uint16 = 0
    c: uint16 = 0
    d: uint8 = 0
    e: bool = False
    root_160: uint160 = 0
    root_160, tick, a, b, c, d, e = staticcall IUniswapV3(NEAR_POOL).slot0()
    root = convert(root_160, uint256)
    between: address = QUOTE if MIDDLE == empty(address) else MIDDLE
    held: uint256 = depth * root // Q96
    if self._is_first(UNDERLYING, between):
        held = (depth << 96) // max(root, 1)
    return FEES + amount * units.WAD // max(held, 1)


@internal
def _sweep(receiver: address):
    """
    @notice All of both tokens that is here
    @param receiver To whom
    """
    for token: address in [QUOTE, UNDERLYING]:
        left: uint256 = staticcall IERC20(token).balanceOf(self)
        if left != 0:
            if not extcall IERC20(token).transfer(receiver, left, default_return_value=True):
                refusal._refuse("venue: token")


@internal
@view
def _assets(amount: uint256, price: uint256) -> uint256:
    """
    @notice What underlying is worth
    @param amount Units
    @param price WAD
    @return Assets, rounded up
    """
    return (amount * UNIT_SCALE * price // units.WAD + QUOTE_SCALE - 1) // QUOTE_SCALE


@internal
def _approve(token: address, spender: address):
    """
    @notice Lets somebody take a token from here, where it is only within a call
    @param token Which
    @param spender Who
    """
    if not extcall IERC20(token).approve(spender, max_value(uint256), default_return_value=True):
        refusal._refuse("venue: approve")


@internal
@view
def _mean_of(
    pool: address, token: address, other: address, other_scale: uint256, token_scale: uint256
) -> uint256:
    """
    @notice Geometric mean price of a pool
    @param pool Which
    @param token Of this
    @param other In this
    @param other_scale WAD in a unit of it
    @param token_scale WAD in a unit of `token`
    @return WAD
    """
    sums: DynArray[int56, 2] = []
    others: DynArray[uint160, 2] = []
    sums, others = staticcall IUniswapV3(pool).observe([convert(MEAN, uint32), 0])
    moved: int256 = convert(sums[1], int256) - convert(sums[0], int256)
    tick: int256 = moved // convert(MEAN, int256)
    if tick * convert(MEAN, int256) > moved:
        tick -= 1
    return tick_price._price(tick, self._is_first(token, other), other_scale, token_scale)


@internal
@pure
def _is_first(token: address, other: address) -> bool:
    """
    @notice Whether a token is a pool's token0
    @param token Which
    @param other The pool's other one
    """
    return convert(token, uint256) < convert(other, uint256)


@internal
@view
def _pool(factory: address, token: address, other: address, fee: uint24) -> address:
    """
    @notice A pool that stands
    @param factory Knows it
    @param token Of it
    @param other Of it
    @param fee Millionths
    """
    pool: address = staticcall IUniswapV3(factory).getPool(token, other, fee)
    if pool == empty(address):
        refusal._refuse("venue: pool")
    return pool


@internal
@view
def _scale(token: address) -> uint256:
    """
    @notice WAD in a token's unit
    @param token Which
    """
    return 10**(18 - convert(staticcall IERC20Detailed(token).decimals(), uint256))
