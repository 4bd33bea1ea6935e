# pragma version 0.4.3
# pragma optimize gas
"""
@title A slice in one word
@license MIT
@notice theta 64 bits | psi 52 | rho 51, signed | carry 37, signed | level 20 | posted_at 32. Quanta
    and ranges:
    theta      1e-18  up to 18.4: 300 % of volatility for two years
    psi        1e-15  up to 4.5; butterfly wants at most 4
    rho        1e-15  up to 1.1
    carry      1e-10  per year, up to 6.8
    level      1e-6   of ln theta, up to 1.04: what the keeper has used of his budget
    posted_at  1 s    to the year 2106
@dev A value between two quanta is refused, not rounded: what is checked, logged and stored is one
    number. Markets quote none of these to better than 1e-6.
"""

from .. import types

PSI_GRAIN: constant(uint256) = 10**3
RHO_GRAIN: constant(int256) = 10**3
CARRY_GRAIN: constant(int256) = 10**8
LEVEL_GRAIN: constant(uint256) = 10**12
MAX_THETA: constant(uint256) = 2**64 - 1
MAX_PSI: constant(uint256) = 4 * 10**18
MAX_RHO: constant(int256) = 10**18 - 1
MAX_CARRY: constant(uint256) = 10**18
MAX_LEVEL: constant(uint256) = 2**20 - 1
RHO_MASK: constant(uint256) = 2**51 - 1
CARRY_MASK: constant(uint256) = 2**37 - 1


@internal
@pure
def _require_fits(smile: types.Slice, carry: int256):
    """
    @notice Reverts with the first field that the word cannot hold to the last digit; the range of
        carry is the caller's
    @param smile The slice
    @param carry Per year
    """
    assert smile.theta > 0 and smile.theta <= MAX_THETA, "surface: theta"
    assert smile.rho >= -MAX_RHO and smile.rho <= MAX_RHO, "surface: rho"
    assert smile.psi > 0 and smile.psi <= MAX_PSI, "surface: psi"
    assert (
        smile.psi % PSI_GRAIN == 0 and smile.rho % RHO_GRAIN == 0 and carry % CARRY_GRAIN == 0
    ), "surface: grain"


@internal
@pure
def _pack(smile: types.Slice, carry: int256, level: uint256, posted_at: uint256) -> uint256:
    """
    @notice The word of a slice that fits; never zero, since theta is not
    @param smile The slice
    @param carry Per year
    @param level Budget used, in LEVEL_GRAIN of ln theta, at most MAX_LEVEL
    @param posted_at Unix time
    @return The word
    @custom:error exact
    """
    rho: uint256 = convert(convert(smile.rho // RHO_GRAIN, bytes32), uint256)
    rate: uint256 = convert(convert(carry // CARRY_GRAIN, bytes32), uint256)
    return (
        (smile.theta << 192)
        | ((smile.psi // PSI_GRAIN) << 140)
        | ((rho & RHO_MASK) << 89)
        | ((rate & CARRY_MASK) << 52)
        | (level << 32)
        | posted_at
    )


@internal
@pure
def _scaled_down(word: uint256, expiry: uint256, at: uint256) -> types.Slice:
    """
    @notice The slice as of a time: theta and psi times what is left of the time that was left when
        it was posted
    @param word The slice as posted
    @param expiry Unix time, after it was posted
    @param at Unix time, not before it was posted
    @return The slice; theta and psi rounded down, zero from expiry on
    """
    tau: uint256 = unsafe_sub(expiry, at) if at < expiry else 0
    posted_tau: uint256 = unsafe_sub(expiry, word & (2**32 - 1))
    signed: int256 = convert(convert(word << 116, bytes32), int256)
    return types.Slice(
        theta=unsafe_div(unsafe_mul(word >> 192, tau), posted_tau),
        rho=unsafe_mul(signed >> 205, RHO_GRAIN),
        psi=unsafe_div(
            unsafe_mul(unsafe_mul((word >> 140) & (2**52 - 1), PSI_GRAIN), tau), posted_tau
        ),
    )


@internal
@pure
def _carry(word: uint256) -> int256:
    """
    @notice The carry of a slice
    @param word The slice as posted
    @return Per year
    @custom:error exact
    """
    return unsafe_mul(convert(convert(word << 167, bytes32), int256) >> 219, CARRY_GRAIN)


@internal
@pure
def _level(word: uint256) -> uint256:
    """
    @notice What the keeper had used of his budget right after the post
    @param word The slice as posted
    @return In LEVEL_GRAIN of ln theta
    @custom:error exact
    """
    return (word >> 32) & MAX_LEVEL


@internal
@pure
def _posted_at(word: uint256) -> uint256:
    """
    @notice When the slice was observed
    @param word The slice as posted
    @return Unix time
    @custom:error exact
    """
    return word & (2**32 - 1)
