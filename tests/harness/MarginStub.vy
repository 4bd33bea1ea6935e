# pragma version 0.4.3
"""
@title MarginStub
@license MIT
@notice Test harness: what an insurance fund sees of the margin contract. `pending` is what it is told to be; mode 1 makes it revert.
"""

from interfaces import IInsuranceFund

amount: uint256
mode: public(uint256)
drawn: public(uint256)  # by the last draw


@external
def set_pending(amount: uint256):
    self.amount = amount


@external
def set_mode(mode: uint256):
    self.mode = mode


@external
@view
def pending() -> uint256:
    assert self.mode == 0, "margin: broken"
    return self.amount


@external
def draw(fund: address, shortfall: uint256) -> uint256:
    self.drawn = extcall IInsuranceFund(fund).draw(shortfall)
    return self.drawn
