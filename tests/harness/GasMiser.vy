# pragma version 0.4.3
# pragma optimize gas
"""
@title GasMiser
@notice Calls with as much gas as it is told, and says how it went.
"""


@external
def call(target: address, data: Bytes[256], allowance: uint256) -> (bool, Bytes[256]):
    ok: bool = False
    output: Bytes[256] = b""
    ok, output = raw_call(target, data, max_outsize=256, gas=allowance, revert_on_failure=False)
    return ok, output
