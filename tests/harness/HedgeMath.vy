# pragma version 0.4.3
# pragma optimize gas
"""
@title The hedger's band and the price of a tick
@notice Test harness, never deployed outside the tests
"""

from contracts.math import hedge_band
from contracts.math import tick_price


@external
@pure
def band(
    gamma_dollars: uint256, risk_aversion: uint256, hedge_gas: uint256, swap_cost: uint256
) -> (uint256, uint256):
    return hedge_band._band(gamma_dollars, risk_aversion, hedge_gas, swap_cost)


@external
@pure
def no_band(
    gamma_dollars: uint256, risk_aversion: uint256, hedge_gas: uint256, swap_cost: uint256
) -> (uint256, uint256):
    """
    @notice What a call costs that computes nothing
    """
    return gamma_dollars, swap_cost


@external
@pure
def ninth(r: uint256) -> uint256:
    return hedge_band._ninth(r)


@external
@pure
def power(tick: int256) -> (uint256, int256):
    return tick_price._tick_price(tick)


@external
@pure
def pool_price(
    tick: int256, is_underlying_token0: bool, quote_scale: uint256, unit_scale: uint256
) -> uint256:
    return tick_price._price(tick, is_underlying_token0, quote_scale, unit_scale)


@external
@pure
def no_price(
    tick: int256, is_underlying_token0: bool, quote_scale: uint256, unit_scale: uint256
) -> uint256:
    """
    @notice What a call costs that computes nothing
    """
    return unit_scale
