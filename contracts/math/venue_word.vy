# pragma version 0.4.3
# pragma optimize gas
"""
@title Venue word
@license MIT
@notice What the vault keeps at hand of its positions on hedging venues, in the upper 60 bits of a word of its ledger:

        there are some 1 | lots of underlying 40, signed | mantissa 12 | exponent 7 of the reserve, the bit lowest

    The reserve is quote that short debt wants to stand free, mantissa * 2^exponent: at most a 2048th too much, never too little.
"""

START: constant(uint256) = 196  # the lowest of the bits
SOME: constant(uint256) = 2**196
BELOW: constant(uint256) = 2**196 - 1
M40: constant(uint256) = 2**40 - 1
M7: constant(uint256) = 2**7 - 1
MOST_LOTS: constant(int256) = 2**39 - 1
MANTISSA: constant(uint256) = 2**12


@internal
@pure
def _pack(lots: int256, reserve: uint256) -> uint256:
    """
    @notice Positions, of which there are some
    @param lots Of underlying, owed ones below zero; what does not fit is pulled to the end of the field
    @param reserve Assets, below 2^127; rounded up
    @return The 60 bits where they belong
    @custom:error reserve: relative 2^-11, up
    """
    exponent: uint256 = 0
    mantissa: uint256 = reserve
    for step: uint256 in [64, 32, 16, 8, 4, 2, 1]:
        if mantissa >> unsafe_add(step, 11) != 0:
            mantissa = mantissa >> step
            exponent = unsafe_add(exponent, step)
    if mantissa << exponent != reserve:
        mantissa = unsafe_add(mantissa, 1)  # at most 2^12: see `_reserve`
    if mantissa == MANTISSA:
        mantissa = MANTISSA >> 1
        exponent = unsafe_add(exponent, 1)
    pulled: int256 = max(min(lots, MOST_LOTS), -MOST_LOTS)
    return (
        SOME
        | ((convert(convert(pulled, bytes32), uint256) & M40) << 197)
        | (mantissa << 237)
        | (exponent << 249)
    )


@internal
@pure
def _lots(word: uint256) -> int256:
    """
    @notice Lots of underlying on venues, owed ones below zero
    @param word The ledger's
    @custom:error exact
    """
    return (convert(convert(word, bytes32), int256) << 19) >> 216


@internal
@pure
def _reserve(word: uint256) -> uint256:
    """
    @notice Quote that stays free for short debt
    @param word The ledger's
    @return Assets
    @custom:error exact
    """
    return ((word >> 237) & 4095) << (word >> 249)
