# pragma version 0.4.3
"""
@title VenueStub
@license MIT
@notice Test harness: a venue that does with the vault's tokens what the order says. `fill` pays whatever it has been asked to pay and
    claims to have paid something else; `enter` calls the vault, or somebody who does, from within the order.
"""

from ethereum.ercs import IERC20

WORD: immutable(bytes32)
QUOTE: immutable(address)
UNDERLYING: immutable(address)

target: public(address)
payload: Bytes[1024]
is_strict: bool
entered: public(uint256)  # calls that went through
refused: public(uint256)


@deploy
def __init__(quote: address, underlying: address):
    WORD = keccak256("what a venue says does not count")
    QUOTE = quote
    UNDERLYING = underlying


@external
def set_entry(target: address, payload: Bytes[1024], is_strict: bool):
    """
    @notice What `enter` calls, and whether its revert is passed on
    """
    self.target = target
    self.payload = payload
    self.is_strict = is_strict


@external
def fill(receiver: address, quote: uint256, underlying: uint256) -> (bytes32, bytes32):
    """
    @notice Pays, and says something else
    """
    if quote != 0:
        extcall IERC20(QUOTE).transfer(receiver, quote, default_return_value=True)
    if underlying != 0:
        extcall IERC20(UNDERLYING).transfer(receiver, underlying, default_return_value=True)
    return WORD, WORD


@external
def allow(spender: address):
    extcall IERC20(QUOTE).approve(spender, max_value(uint256), default_return_value=True)
    extcall IERC20(UNDERLYING).approve(spender, max_value(uint256), default_return_value=True)


@external
def enter():
    """
    @notice Calls `target` from within an order
    """
    done: bool = raw_call(self.target, self.payload, revert_on_failure=False)
    if done:
        self.entered += 1
    else:
        self.refused += 1
        assert not self.is_strict, "venue: entry"


@external
def fail():
    """
    @notice Reverts with a reason
    """
    raise "venue: failed"
