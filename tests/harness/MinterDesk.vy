# pragma version 0.4.3
"""
@title MinterDesk
@license MIT
@notice Test harness: a desk that mints and burns for anybody. It holds no lock of its own, so that what stops a hook from
    reentering is the token's.
"""

from interfaces import IOptionToken

TOKEN: public(immutable(IOptionToken))
label: public(String[16])


@deploy
def __init__(token: address):
    TOKEN = IOptionToken(token)


@external
def buy(receiver: address, id: uint256, lots: uint256):
    extcall TOKEN.mint(receiver, id, lots)


@external
def sell(owner: address, id: uint256, lots: uint256):
    extcall TOKEN.burn(owner, id, lots)


@external
def set_label(label: String[16]):
    assert label != self.label, "desk: label"
    self.label = label
