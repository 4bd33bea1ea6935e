# pragma version 0.4.3
# pragma optimize gas
"""
@title eSSVI total variance
@license MIT
@notice w(k) = 1/2 [theta + rho psi k + sqrt((psi k + theta rho)^2 + theta^2 (1 - rho^2))], k =
    ln(K/F). With g = psi k + theta rho and h = theta sqrt(1 - rho^2) that is 1/2 [theta (1 - rho^2)
    + rho g + sqrt(g^2 + h^2)]. The kernel has L = log2(F/K) at hand, so psi k = -psi ln2 L.
"""

from .. import types
from . import coefficients as c
from . import domain
from . import fixed

MAX_THETA: constant(uint256) = 256 * 10**18
MAX_PSI: constant(uint256) = 64 * 10**18


struct Hyperbola:  # a slice, ready for use
    skew: int256  # theta rho, Q
    slope: int256  # psi ln 2, Q
    rho: int256  # Q
    base: int256  # theta (1 - rho^2), Q
    height: int256  # h = theta sqrt(1 - rho^2), Q
    height_squared: int256  # Q^2


@internal
@pure
def _hyperbola(smile: types.Slice) -> Hyperbola:
    """
    @notice The constants of a slice
    @dev With theta <= 256 and psi <= 64 no product below reaches 2^220.
    @param smile The slice as of now
    @return The slice at Q, with its height: a seed, good to 1e-6 as rho nears one; the rest is
        exact to 2^-88
    @custom:error absolute 1e-6
    @custom:cold Once for each board
    """
    if unsafe_sub(smile.theta, 1) >= MAX_THETA:
        domain._refuse("pricer: theta")
    if smile.rho <= -fixed.WAD or smile.rho >= fixed.WAD:
        domain._refuse("pricer: rho")
    if smile.psi > MAX_PSI:
        domain._refuse("pricer: psi")
    theta: int256 = unsafe_div(convert(smile.theta, int256) << 96, fixed.WAD)
    rho: int256 = unsafe_div(smile.rho << 96, fixed.WAD)
    rest: int256 = unsafe_sub(
        fixed.WAD * fixed.WAD, unsafe_mul(smile.rho, smile.rho)
    )  # (1 - rho^2), WAD^2
    return Hyperbola(
        skew=unsafe_mul(theta, rho) >> 96,
        slope=unsafe_div(unsafe_mul(convert(smile.psi, int256), c.LN2), fixed.WAD),
        rho=rho,
        base=unsafe_div(unsafe_mul(theta, rest), fixed.WAD * fixed.WAD),
        height=unsafe_mul(
            unsafe_mul(theta, fixed._sqrt_variance(unsafe_add(unsafe_div(rest, fixed.WAD), 1)))
            >> 96,
            c.SQRT_2LN2,
        )
        >> 60,
        height_squared=unsafe_mul(
            unsafe_div(unsafe_mul(theta, rest), fixed.WAD * fixed.WAD), theta
        ),
    )


@internal
@pure
def _total_variance(
    l: int256,
    skew: int256,
    slope: int256,
    rho: int256,
    base: int256,
    height: int256,
    height_squared: int256,
) -> int256:
    """
    @notice Total variance at one strike
    @dev |l| <= 5 Q, hence |g| < 2^105 and g^2 + h^2 < 2^211. The seed |g| + h lies within
        sqrt(2) of the root, also where `height` has been rounded; the root itself rests on
        `height_squared`.
    @param l log2(F/K), Q
    @param skew theta rho, Q
    @param slope psi ln 2, Q
    @param rho rho, Q
    @param base theta (1 - rho^2), Q
    @param height theta sqrt(1 - rho^2), Q
    @param height_squared Its square, Q^2
    @return Total variance, WAD, rounded down
    @custom:error absolute 2e-18
    """
    g: int256 = unsafe_sub(skew, unsafe_mul(slope, l) >> 96)
    x: int256 = unsafe_add(unsafe_mul(g, g), height_squared)
    y: int256 = unsafe_mul(unsafe_add(unsafe_mul(g, (g >> 255) | 1), height), c.HYPOT_C0) >> 40
    y = unsafe_mul(unsafe_add(unsafe_div(x, y), y), c.HYPOT_C1) >> 40
    y = unsafe_mul(unsafe_add(unsafe_div(x, y), y), c.HYPOT_C2) >> 40
    y = unsafe_mul(unsafe_add(unsafe_div(x, y), y), c.HYPOT_C3) >> 40
    y = unsafe_add(unsafe_div(x, y), y) >> 1
    return unsafe_mul(unsafe_add(unsafe_add(base, y), unsafe_mul(rho, g) >> 96), fixed.WAD) >> 97
