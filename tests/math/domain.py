"""Where the pricer is documented to work, and how the tests sample it.

Two regions: CORE is what the product needs (K/S within 1/8..8, 60 s to 4 years, volatility 1e-4 to
10, carry up to 100 % a year); the WHOLE domain is everything that `mark` does not refuse. Half of
every sample lies on purpose at an edge: prices of a thousand wei or of 2^128, a variance of one
wei, a strike within 1e-18 of the forward.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator

import numpy as np

from tests.math.reference import WAD, YEAR, Point

PRICE_MIN = 1  # wei
PRICE_MAX = 2**128 - 1
SUM_PRICE_MAX = 2**112  # of the forward of a board or of a leg of a grid
DISCOUNT_MIN = WAD // 4
DISCOUNT_MAX = 4 * WAD
MONEYNESS_MAX = 32  # strike / forward and its inverse
VARIANCE_MAX = 512 * WAD
TAU_MAX = 2**27  # seconds

CORE_MONEYNESS = 8  # strike / spot and its inverse
CORE_TAU = (60, 4 * YEAR)
CORE_VOLATILITY = (1e-4, 10.0)
CORE_CARRY = 1.0


def in_core(point: Point) -> bool:
    """Whether the point lies in the region whose bounds are the product's."""
    years = point.tau / YEAR
    if not CORE_TAU[0] <= point.tau <= CORE_TAU[1]:
        return False
    spot, strike = point.forward * point.discount, point.strike * WAD
    if not (strike <= CORE_MONEYNESS * spot and spot <= CORE_MONEYNESS * strike):
        return False
    sigma = math.sqrt(point.variance / WAD / years)
    if not CORE_VOLATILITY[0] <= sigma <= CORE_VOLATILITY[1]:
        return False
    return abs(math.log(point.discount / WAD)) <= CORE_CARRY * years


def _clip(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def _scaled(value: int, factor: float) -> int:
    """value * factor with the factor's full double precision, for values far above 2^53."""
    mantissa, exponent = math.frexp(factor)
    product = value * int(mantissa * 2**53)
    shift = 53 - exponent
    return product >> shift if shift >= 0 else product << -shift


class Sampler:
    """Random points of the whole domain; the same seed gives the same points."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def _uniform(self, low: float, high: float) -> float:
        return low + (high - low) * float(self._random.random())

    def _log_uniform(self, low: float, high: float) -> float:
        return math.exp(self._uniform(math.log(low), math.log(high)))

    def _pick(self) -> int:
        return int(self._random.integers(0, 100))

    def _forward(self) -> int:
        pick = self._pick()
        if pick < 55:
            return int(self._log_uniform(1e-2, 1e6) * WAD)
        if pick < 85:
            return _clip(int(self._log_uniform(PRICE_MIN, 2.0**128)), PRICE_MIN, PRICE_MAX)
        if pick < 92:
            return PRICE_MIN + int(self._log_uniform(1, 1e6)) - 1
        return PRICE_MAX - int(self._log_uniform(1, 2.0**120)) + 1

    def _tau(self) -> int:
        pick = self._pick()
        if pick < 70:
            return int(self._log_uniform(*CORE_TAU))
        if pick < 92:
            return _clip(int(self._log_uniform(1, TAU_MAX)), 1, TAU_MAX)
        return (1, 2, 59, 60, 61, YEAR, 4 * YEAR, TAU_MAX)[self._pick() % 8]

    def _discount(self, tau: int) -> int:
        pick = self._pick()
        if pick < 60:
            fair = int(math.exp(self._uniform(-1, 1) * tau / YEAR) * WAD)
            return _clip(fair, DISCOUNT_MIN, DISCOUNT_MAX)
        if pick < 75:
            return WAD + int(self._log_uniform(1, 1e16)) * (1 if pick % 2 else -1)
        if pick < 92:
            return _clip(int(self._log_uniform(0.25, 4) * WAD), DISCOUNT_MIN, DISCOUNT_MAX)
        return (DISCOUNT_MIN, WAD, DISCOUNT_MAX, WAD - 1, WAD + 1)[pick % 5]

    def _variance(self, tau: int) -> int:
        pick = self._pick()
        if pick < 75:
            sigma = self._log_uniform(*CORE_VOLATILITY)
            return _clip(int(sigma * sigma * tau / YEAR * WAD) + 1, 1, VARIANCE_MAX)
        if pick < 95:
            return _clip(int(self._log_uniform(1, VARIANCE_MAX)), 1, VARIANCE_MAX)
        return (1, 2, 3, VARIANCE_MAX - 1, VARIANCE_MAX)[pick % 5]

    def _strike(self, forward: int, discount: int, variance: int) -> int:
        pick = self._pick()
        spot = forward * discount // WAD
        if pick < 45:  # within a few standard deviations, where there is time value
            exponent = _clip_float(self._random.normal(0, 3) * math.sqrt(variance / WAD), 3.4)
            return _scaled(forward, math.exp(exponent))
        if pick < 65:
            return _scaled(spot, self._log_uniform(1 / CORE_MONEYNESS, CORE_MONEYNESS))
        if pick < 80:
            return _scaled(forward, self._log_uniform(1 / MONEYNESS_MAX, MONEYNESS_MAX))
        if pick < 92:  # next to the money: 1e-18 to 1e-6 of the forward
            offset = _scaled(forward, self._log_uniform(1e-18, 1e-6))
            return forward + (offset + 1) * (1 if pick % 2 else -1)
        return (
            forward,
            spot // CORE_MONEYNESS + 1,
            spot * CORE_MONEYNESS,
            -(-forward // MONEYNESS_MAX),
            forward * MONEYNESS_MAX,
        )[self._pick() % 5]

    def point(self) -> Point:
        """One point of the whole domain."""
        forward, tau = self._forward(), self._tau()
        discount, variance = self._discount(tau), self._variance(tau)
        strike = self._strike(forward, discount, variance)
        low = max(PRICE_MIN, -(-forward // MONEYNESS_MAX))
        high = min(PRICE_MAX, forward * MONEYNESS_MAX)
        return Point(forward, _clip(strike, low, high), discount, variance, tau)

    def points(self, count: int) -> list[Point]:
        """`count` points of the whole domain."""
        return [self.point() for _ in range(count)]


def _clip_float(value: float, bound: float) -> float:
    return max(-bound, min(bound, float(value)))


def in_domain(point: Point) -> bool:
    """Whether `mark` promises an answer."""
    return (
        PRICE_MIN <= point.forward <= PRICE_MAX
        and PRICE_MIN <= point.strike <= PRICE_MAX
        and DISCOUNT_MIN <= point.discount <= DISCOUNT_MAX
        and point.strike <= MONEYNESS_MAX * point.forward
        and point.forward <= MONEYNESS_MAX * point.strike
        and 0 <= point.variance <= VARIANCE_MAX
        and 0 <= point.tau <= TAU_MAX
    )


CORNER_FORWARDS = (
    PRICE_MIN,
    31_999,
    32_000,
    WAD,
    3_000 * WAD,
    2**123 - 1,
    2**128 // 32,
    2**127,
    PRICE_MAX,
)
CORNER_DISCOUNTS = (DISCOUNT_MIN, WAD - 1, WAD, WAD + 1, DISCOUNT_MAX)
CORNER_VARIANCES = (0, 1, 2, 10**6, 10**9, 10**16, WAD, 64 * WAD, VARIANCE_MAX)
CORNER_TAUS = (0, 1, 59, 60, YEAR, 4 * YEAR, TAU_MAX)


def _corner_strikes(forward: int) -> tuple[int, ...]:
    ends = (-(-forward // MONEYNESS_MAX), -(-forward // 8), forward * 8, forward * MONEYNESS_MAX)
    near = (forward - 1, forward, forward + 1)
    return tuple(k for k in (*ends, *near) if PRICE_MIN <= k <= PRICE_MAX)


def corners() -> Iterator[Point]:
    """Every combination of extremes that lies in the domain, zero time and zero variance too."""
    grid = itertools.product(CORNER_FORWARDS, CORNER_DISCOUNTS, CORNER_VARIANCES, CORNER_TAUS)
    for forward, discount, variance, tau in grid:
        for strike in _corner_strikes(forward):
            point = Point(forward, strike, discount, variance, tau)
            if in_domain(point):
                yield point


Book = tuple[int, int, int, tuple[int, int, int], list[tuple[int, int, int]]]


@functools.cache
def random_boards(count: int) -> list[Book]:
    """Arguments of `board` (forward, discount, tau, slice, legs) as a market may have them.

    Slices are free of butterflies; sizes run from a millionth to 1e8 contracts of either sign.
    """
    random = np.random.default_rng(71)
    return [_board(random) for _ in range(count)]


def _board(random: np.random.Generator) -> Book:
    tau = int(math.exp(random.uniform(math.log(3_600), math.log(2 * YEAR))))
    rho = random.uniform(-0.95, 0.95)
    theta = max(random.uniform(0.15, 3) ** 2 * tau / YEAR, 1e-10)
    psi = min(4 / (1 + abs(rho)), 2 * (theta / (1 + abs(rho))) ** 0.5) * random.random()
    forward = int(math.exp(random.uniform(math.log(1e-3), math.log(1e6))) * WAD)
    discount = int(math.exp(random.uniform(-0.2, 0.2) * tau / YEAR) * WAD)
    legs = []
    for _ in range(int(random.integers(1, 25))):
        strike = int(forward * math.exp(_clip_float(random.normal(0, 2) * theta**0.5, 3.4)))
        sizes = [int(random.normal(0, 1) * 10 ** random.uniform(-6, 8) * WAD) for _ in range(2)]
        legs.append((strike, sizes[0], sizes[1]))
    return forward, discount, tau, (int(theta * WAD), int(rho * WAD), int(psi * WAD)), legs


GridLeg = tuple[int, int, int, int, int, int, int]
VOL_SHOCK = (WAD * 6 // 10, WAD * 3 // 10, WAD * 30 // 100, WAD * 13 // 100)
SHOCKS = [
    *[(WAD * factor // 1_000, 1) for factor in (750, 875, 1_000, 1_125, 1_250)],
    *[(WAD * factor // 1_000, -1) for factor in (750, 1_000, 1_250)],
    (WAD // 2, 1),
    (WAD * 8 // 5, 1),
    (WAD, 0),
]


def random_account(random: np.random.Generator) -> list[GridLeg]:
    """An account: several expiries, one underlying, sizes of either sign."""
    spot, legs = random.uniform(1, 50_000), []
    for _ in range(int(random.integers(1, 17))):
        tau = int(math.exp(random.uniform(math.log(3_600), math.log(2 * YEAR))))
        sigma, years = random.uniform(0.15, 2), tau / YEAR
        forward = int(spot * math.exp(0.05 * years) * WAD)
        strike = int(spot * math.exp(random.normal(0, 0.4)) * WAD)
        discount = int(math.exp(-0.05 * years) * WAD)
        sizes = [int(random.normal(0, 10) * WAD) for _ in range(2)]
        legs.append((forward, strike, discount, int(sigma**2 * years * WAD), tau, *sizes))
    return legs


Quote = tuple[int, int, int, int, int]  # forward, strike, discount, variance, tau


def random_quote(random: np.random.Generator) -> Quote:
    """K/S within 1/8..8, 60 s to 4 years, volatility 1e-4 to 10, ordinary prices."""
    forward = int(math.exp(random.uniform(math.log(1e-2), math.log(1e6))) * WAD)
    tau = int(math.exp(random.uniform(math.log(60), math.log(4 * YEAR))))
    sigma = math.exp(random.uniform(math.log(1e-4), math.log(10)))
    v = sigma * math.sqrt(tau / YEAR)
    distance = random.normal(0, 2) * v if random.random() < 0.7 else random.uniform(-1, 1) * 2.08
    distance = max(-2.079, min(2.079, distance))
    discount = int(math.exp(-0.1 * random.random() * tau / YEAR) * WAD)
    strike = int(forward * discount // WAD * math.exp(distance))
    return forward, strike, discount, max(int(v * v * WAD), 1), tau
