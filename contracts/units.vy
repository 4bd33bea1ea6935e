# pragma version 0.4.3
"""
@title Units
@license MIT
@notice The scales of the house. WAD is the default and has no suffix in a name; everything else
    says what it is.
"""

WAD: constant(uint256) = 10**18
YEAR: constant(uint256) = 365 * 86400  # seconds
LOT: constant(uint256) = 10**14  # WAD contracts in a lot
NANO: constant(uint256) = 10**9  # WAD in a nano: exposures count 1e-9 quote tokens
