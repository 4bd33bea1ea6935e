# pragma version 0.4.3
"""
@title BookStub
@license MIT
@notice Test harness: a book and its sheet in one, with whatever figures it is told to give. `appraise` counts itself, so a test sees
    whether a flow refreshed. Modes of failure: 1 reverts, 2 gives too little, 3 burns all gas.
"""

from contracts import types

spot: public(uint256)
book_value: public(int256)
width: public(uint256)
slope: public(uint256)  # WAD quote of potential per WAD unit of underlying
terms: types.MarkTerms
performance_fee: public(uint256)
held_lots: public(int256)  # what the vault told last
caution: public(uint256)
jumps: public(uint256)  # how often that was charged to nobody
refreshed: public(uint256)
mode: public(uint256)
asked: public(int256)  # underlying at the last refresh


@external
def set_book(spot: uint256, _value: int256, width: uint256):
    self.spot = spot
    self.book_value = _value
    self.width = width


@external
def set_sheet_terms(d_spot: uint256, slope: uint256, fee: uint256):
    self.terms.d_spot = d_spot
    self.slope = slope
    self.performance_fee = fee


@external
def set_mode(mode: uint256):
    self.mode = mode


@external
def appraise(underlying: int256) -> types.Appraisal:
    self.refreshed += 1
    self.asked = underlying
    return self._appraisal(underlying)


@external
@view
@raw_return
def appraisal(underlying: int256) -> Bytes[128]:
    found: types.Appraisal = self._appraisal(underlying)
    if self.mode == 2:
        return slice(abi_encode(found), 0, 96)
    return abi_encode(found)


@external
@view
def sheet() -> address:
    return self


@external
@view
def mark_terms() -> types.MarkTerms:
    return self.terms


@internal
@view
def _appraisal(underlying: int256) -> types.Appraisal:
    assert self.mode != 1, "book: broken"
    if self.mode == 3:
        digest: bytes32 = empty(bytes32)
        for _: uint256 in range(max_value(uint256)):
            digest = keccak256(digest)
    return types.Appraisal(
        spot=self.spot,
        value=self.book_value,
        potential=self.slope * convert(abs(underlying), uint256) // 10**18,
        width=self.width,
    )


@external
def hold(lots: int256, caution: uint256, is_jump: bool):
    self.held_lots = lots
    self.caution = caution
    if is_jump:
        self.jumps += 1
