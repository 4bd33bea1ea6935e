# pragma version 0.4.3
"""
@title VaultStub
@license MIT
@notice Test harness: two tokens, which is all that a desk asks of a vault when it is deployed
"""

asset: public(immutable(address))
UNDERLYING: public(immutable(address))


@deploy
def __init__(quote: address, underlying: address):
    asset = quote
    UNDERLYING = underlying
