# pragma version 0.4.3
"""
@title AssessorMarket
@license MIT
@notice Test harness: the oracle and the surface that an assessor reads, with whatever they are told to say. Times to expiry follow the
    clock, slices do not.
"""

from interfaces import ISurface
from contracts import types

spot: public(uint256)
other: uint256
fixings: HashMap[uint256, uint256]
slices: HashMap[uint256, ISurface.Snapshot]


@external
def set_spot(spot: uint256, other: uint256):
    self.spot = spot
    self.other = other


@external
def fix(expiry: uint256, price: uint256):
    self.fixings[expiry] = price


@external
def set_slice(expiry: uint256, smile: types.Slice, carry: int256, discount: uint256):
    self.slices[expiry] = ISurface.Snapshot(
        smile=smile, carry=carry, discount=discount, tau=0, posted_at=block.timestamp, version=1
    )


@external
@view
def spot_pair() -> (uint256, uint256, uint256, uint256):
    assert self.spot != 0, "oracle: stale"
    return self.spot, self.other, block.timestamp, 1


@external
@view
def fixing(expiry: uint256) -> (uint256, uint256, uint256):
    return self.fixings[expiry], 1, 1


@external
@view
def slice(expiry: uint256) -> ISurface.Snapshot:
    found: ISurface.Snapshot = self.slices[expiry]
    assert found.posted_at != 0, "surface: not listed"
    if expiry > block.timestamp:
        found.tau = expiry - block.timestamp
    return found
