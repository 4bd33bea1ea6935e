# pragma version 0.4.3
# pragma optimize gas
"""
@title TokenProxy
@license MIT
@notice Test mock: an upgradeable token's proxy, as Circle's: it reads its admin and its implementation
    at each call, then delegates. So a transfer costs what that of a real stablecoin costs.
@dev Its own two slots lie far above those of any implementation. Immutables of an implementation,
    such as MockUsdc's owner, stay in force: they are part of its code.
"""

_implementations: uint256[2**40]  # slots that are the implementation's
admin: public(address)
implementation: public(address)


@deploy
def __init__(target: address):
    """
    @notice A proxy before an implementation
    @param target The implementation
    """
    self.admin = self
    self.implementation = target


@external
@payable
@raw_return
def __default__() -> Bytes[1024]:
    """
    @notice Delegates every call but the admin's
    """
    assert msg.sender != self.admin, "proxy: admin"
    return raw_call(self.implementation, msg.data, max_outsize=1024, is_delegate_call=True)
