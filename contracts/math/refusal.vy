# pragma version 0.4.3
# pragma optimize gas
"""
@title Refusal
@license MIT
@notice Reverts with a reason from one place: each `assert` would carry 60 bytes of its own for that
"""


@internal
@pure
def _refuse(reason: String[24]):
    """
    @notice Reverts
    @param reason Why
    """
    raise reason
