# pragma version 0.4.3
# pragma optimize gas
"""
@title The domain of the kernel
@license MIT
@notice Bounds, and the reason with which a value outside them is refused. Hot functions test
    all bounds at once and come here only when one is broken. Every reason goes through `_refuse`: a
    reason in an assert costs 124 bytes, here 60.
"""

MAX_PRICE: constant(uint256) = 2**128 - 1
MIN_DISCOUNT: constant(uint256) = 25 * 10**16
MAX_DISCOUNT: constant(uint256) = 4 * 10**18
MAX_VARIANCE: constant(uint256) = 512 * 10**18
MAX_TAU: constant(uint256) = 2**27  # seconds
FACTOR_32: constant(int256) = (
    961 * 2**96 // 1089 + 2
)  # ((F - K)/(F + K))^2 where one is 32 times the other, Q, rounded up
HALF_SIZE: constant(int256) = 2**89  # half the range of a leg's contracts
LEAST_PREMIUM: constant(uint256) = (
    2**56
)  # least time value over the smaller of spot and discounted strike, Q: 9e-13
MOST_PREMIUM: constant(uint256) = (
    2**96 - 2**56 - 2**16
)  # by how much it may be more; v = 20.5 leaves 2^-80
MAX_SHOCK: constant(uint256) = 4 * 10**18  # on volatility, at 30 days
MAX_POWER: constant(uint256) = 5 * 10**17
LEAST_SHOCKED: constant(int256) = (
    2**92
)  # what a shock leaves of volatility at least, Q: a sixteenth
MAX_SUM_PRICE: constant(uint256) = 2**112  # of a forward, where many legs are summed
MIN_SUM_VARIANCE: constant(uint256) = 10**4  # where many legs are summed


@internal
@pure
def _refuse(reason: String[24]):
    """
    @notice Reverts
    @param reason Why
    @custom:cold About to revert
    """
    raise reason


@internal
@pure
def _require(forward: uint256, strike: uint256, discount: uint256, variance: uint256, tau: uint256):
    """
    @notice Reverts with the reason for the first value that is outside. What is left is zero
        time, zero variance, or strikes too far from the forward
    @param forward Forward price
    @param strike Strike price
    @param discount Price today of one quote token at expiry
    @param variance Total variance
    @param tau Seconds to expiry
    @custom:cold At expiry, or about to revert
    """
    if unsafe_sub(forward, 1) >= MAX_PRICE:
        self._refuse("pricer: forward")
    if unsafe_sub(strike, 1) >= MAX_PRICE:
        self._refuse("pricer: strike")
    if unsafe_sub(discount, MIN_DISCOUNT) > MAX_DISCOUNT - MIN_DISCOUNT:
        self._refuse("pricer: discount")
    if variance > MAX_VARIANCE:
        self._refuse("pricer: variance")
    if tau > MAX_TAU:
        self._refuse("pricer: tau")
    if unsafe_mul(tau, variance) != 0:
        self._refuse("pricer: moneyness")


@internal
@pure
def _require_expiry(forward: uint256, discount: uint256, tau: uint256):
    """
    @notice Reverts with the reason where what the legs of an expiry share is outside
    @param forward Forward price
    @param discount Price today of one quote token at expiry
    @param tau Seconds to expiry
    @custom:cold Once for each board or leg
    """
    self._require(forward if forward <= MAX_SUM_PRICE else 0, 1, discount, 0, tau)


@internal
@pure
def _require_leg(
    calls: int256, puts: int256, strike: uint256, variance: uint256, moneyness: int256
):
    """
    @notice Reverts with the reason for a leg of a sum that is outside
    @param calls Contracts, signed
    @param puts Contracts, signed
    @param strike Strike price
    @param variance Total variance
    @param moneyness ((F - K)/(F + K))^2, Q
    @custom:cold About to revert
    """
    if (unsafe_add(calls, HALF_SIZE) | unsafe_add(puts, HALF_SIZE)) >> 90 != 0:
        self._refuse("pricer: size")
    if variance < MIN_SUM_VARIANCE:
        self._refuse("pricer: variance")
    self._require(1, strike, MAX_DISCOUNT, variance, convert(moneyness > FACTOR_32, uint256))


@internal
@pure
def _require_shock(up: uint256, down: uint256, near_power: uint256, far_power: uint256):
    """
    @notice Reverts where a shock of volatility is out of bounds
    @param up Part by which volatility rises at 30 days
    @param down Part by which it falls
    @param near_power Power of time under 30 days
    @param far_power Power of time from 30 days on
    @custom:cold Once for each portfolio
    """
    if max(up, down) > MAX_SHOCK or max(near_power, far_power) > MAX_POWER:
        self._refuse("pricer: volatility shock")


@internal
@pure
def _refuse_premium(b: int256):
    """
    @notice Reverts with the reason for a premium that no volatility explains
    @param b Time value over the smaller of spot and discounted strike, Q
    @custom:cold About to revert
    """
    if b > convert(LEAST_PREMIUM, int256):
        self._refuse("pricer: premium too high")
    self._refuse("pricer: premium too low")
