# pragma version 0.4.3
"""
@title VaultStub
@license MIT
@notice Test harness: two tokens, which is all that a desk asks of a vault when it is deployed; and dues, which are all that an
    insurance fund asks. Modes of failure: 1 reverts, 2 says too little, 3 burns all gas; `payFund` fails in all of them.
"""

from ethereum.ercs import IERC20

asset: public(immutable(address))
UNDERLYING: public(immutable(address))

owed: public(uint256)
mode: public(uint256)
fetched: public(uint256)  # how often


@deploy
def __init__(quote: address, underlying: address):
    asset = quote
    UNDERLYING = underlying


@external
def set_dues(amount: uint256):
    self.owed = amount


@external
def set_mode(mode: uint256):
    self.mode = mode


@external
@view
@raw_return
def dues() -> Bytes[32]:
    assert self.mode != 1, "vault: broken"
    if self.mode == 2:
        return b"\x01"
    if self.mode == 3:
        digest: bytes32 = empty(bytes32)
        for _: uint256 in range(max_value(uint256)):
            digest = keccak256(digest)
    return abi_encode(self.owed)


@external
def payFund() -> uint256:
    assert self.mode == 0, "vault: broken"
    amount: uint256 = self.owed
    self.owed = 0
    self.fetched += 1
    if amount != 0:
        extcall IERC20(asset).transfer(msg.sender, amount, default_return_value=True)
    return amount
