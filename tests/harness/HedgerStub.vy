# pragma version 0.4.3
"""
@title HedgerStub
@license MIT
@notice Test harness: a hedger that says any `types.Venues` it is told to, whatever the price, and passes on to its vault what it is
    told to ask of it. Modes of failure of `appraisal`: 1 reverts, 2 burns all gas.
"""

from contracts import types
from interfaces import IVault

venues: public(types.Venues)
mode: public(uint256)


@external
def set_venues(equity: int256, low: int256, high: int256, reserve: uint256):
    self.venues = types.Venues(equity=equity, low=low, high=high, reserve=reserve)


@external
def set_mode(mode: uint256):
    self.mode = mode


@external
@view
def appraisal(spot: uint256) -> types.Venues:
    assert self.mode != 1, "hedger: broken"
    if self.mode == 2:
        digest: bytes32 = empty(bytes32)
        for _: uint256 in range(max_value(uint256)):
            digest = keccak256(digest)
    return self.venues


@external
def trade(
    vault: IVault, venue: address, quote: uint256, underlying: uint256, order: Bytes[132]
) -> (uint256, uint256):
    return extcall vault.trade(venue, quote, underlying, order)


@external
def note(vault: IVault, word: uint256):
    extcall vault.note_venues(word)
