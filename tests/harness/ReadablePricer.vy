# pragma version 0.4.3
# pragma optimize gas
"""
@title The kernel before it is flattened
@notice The five functions of `Pricer`, called in the modules that `flat.vy` is made from.
"""

from contracts import types
from contracts.math import black76
from contracts.math import board_sum
from contracts.math import implied
from contracts.math import shock_grid


@external
@pure
def mark(
    forward: uint256, strike: uint256, discount: uint256, variance: uint256, tau: uint256
) -> types.Mark:
    return black76._mark(forward, strike, discount, variance, tau)


@external
@pure
def price(
    forward: uint256, strike: uint256, discount: uint256, variance: uint256
) -> (uint256, uint256):
    return black76._price(forward, strike, discount, variance)


@external
@pure
def implied_vol(
    forward: uint256,
    strike: uint256,
    discount: uint256,
    premium: uint256,
    tau: uint256,
    is_call: bool,
) -> uint256:
    return implied._implied_vol(forward, strike, discount, premium, tau, is_call)


@external
@pure
def board(
    forward: uint256,
    discount: uint256,
    tau: uint256,
    smile: types.Slice,
    legs: DynArray[types.BoardLeg, 24],
) -> types.Board:
    return board_sum._board(forward, discount, tau, smile, legs)


@external
@pure
def grid(
    legs: DynArray[types.GridLeg, 16],
    shocks: DynArray[types.Shock, 12],
    vol_shock: types.VolShock,
) -> DynArray[int256, 12]:
    return shock_grid._grid(legs, shocks, vol_shock)
