"""The exact reference: ball arithmetic at 320 bits.

Every function takes the very integers that the contract takes and returns `flint.arb` balls, so
each figure carries its own proof: the true value lies within the ball's radius, about 1e-90 of the
scale. Figures are in the contract's own units (wei for money, WAD for numbers), unrounded, hence an
error read off against them includes the rounding.
"""

from __future__ import annotations

from typing import NamedTuple

from flint import arb, ctx, fmpq

PRECISION = 320
ctx.prec = PRECISION

WAD = 10**18
YEAR = 365 * 86_400  # seconds

_WAD = arb(WAD)
_TWO = arb(2)
_HALF = arb(1) / 2
_SQRT_HALF = _HALF.sqrt()
_INV_SQRT_TAU = 1 / (2 * arb.pi()).sqrt()
_ZERO = arb(0)


class Point(NamedTuple):
    """The inputs of `mark`.

    All WAD, but for `tau` in seconds; `variance` is total (sigma^2 times years).
    """

    forward: int
    strike: int
    discount: int
    variance: int
    tau: int


class Mark(NamedTuple):
    """The ten outputs of `mark`, unrounded, in the contract's units."""

    call: arb
    put: arb
    delta_call: arb
    delta_put: arb
    gamma: arb
    vega: arb
    theta_call: arb
    theta_put: arb
    vanna: arb
    volga: arb


OUTPUTS: tuple[str, ...] = Mark._fields


def ratio(numerator: int, denominator: int) -> arb:
    """The exact quotient of two integers as a ball."""
    return arb(fmpq(numerator, denominator))


def ln(x: arb) -> arb:
    """Natural logarithm."""
    return x.log()


def exp2(x: arb) -> arb:
    """Two to the power x."""
    return _TWO**x


def sqrt(x: arb) -> arb:
    """Square root."""
    return x.sqrt()


def pdf(x: arb) -> arb:
    """Density of the standard normal."""
    return (-x * x / 2).exp() * _INV_SQRT_TAU


def cdf(x: arb) -> arb:
    """Distribution function of the standard normal."""
    return (-x * _SQRT_HALF).erfc() * _HALF


def mills(x: arb) -> arb:
    """Mills' ratio N(-x) / phi(x)."""
    return cdf(-x) / pdf(x)


def spot(point: Point) -> arb:
    """S = forward * discount, in wei."""
    return ratio(point.forward * point.discount, WAD)


def discounted_strike(point: Point) -> arb:
    """K df, in wei."""
    return ratio(point.strike * point.discount, WAD)


def years(seconds: int) -> arb:
    """Seconds as years of 365 days."""
    return ratio(seconds, YEAR)


def carry(point: Point) -> arb:
    """c = -ln(discount) / years, per year; zero at no time."""
    if point.tau == 0:
        return _ZERO
    return -ratio(point.discount, WAD).log() / years(point.tau)


def _limit(point: Point) -> Mark:
    """The mark at zero time or zero variance.

    Intrinsic value, step Greeks, theta of the discounting alone.
    """
    spot_, cash, over = spot(point), discounted_strike(point), point.forward > point.strike
    drift = carry(point) * cash
    zero = _ZERO
    return Mark(
        call=spot_ - cash if over else zero,
        put=zero if over else cash - spot_,
        delta_call=_WAD if over else zero,
        delta_put=zero if over else -_WAD,
        gamma=zero,
        vega=zero,
        theta_call=-drift if over else zero,
        theta_put=zero if over else drift,
        vanna=zero,
        volga=zero,
    )


def mark(point: Point) -> Mark:
    """Black-76 value and Greeks of a call and a put, in the contract's units (docs/MATH.md)."""
    if point.tau == 0 or point.variance == 0:
        return _limit(point)
    spot_, cash = spot(point), discounted_strike(point)
    v = ratio(point.variance, WAD).sqrt()
    d1 = ratio(point.forward, point.strike).log() / v + v / 2
    d2 = d1 - v
    n1, n2, density = cdf(d1), cdf(d2), pdf(d1)
    root = years(point.tau).sqrt()
    sigma = v / root
    vega = spot_ * density * root
    drift = carry(point) * cash
    decay = -vega * sigma / (2 * root * root)
    return Mark(
        call=spot_ * n1 - cash * n2,
        put=cash * (1 - n2) - spot_ * (1 - n1),
        delta_call=_WAD * n1,
        delta_put=_WAD * (n1 - 1),
        gamma=_WAD * _WAD * density / (spot_ * v),
        vega=vega,
        theta_call=decay - drift * n2,
        theta_put=decay + drift * (1 - n2),
        vanna=-_WAD * density * d2 / sigma,
        volga=vega * d1 * d2 / sigma,
    )


def values(forward: arb, strike: arb, discount: arb, variance: arb) -> tuple[arb, arb]:
    """Call and put from real inputs, in the unit of the prices: for inputs that a shock moved."""
    v = variance.sqrt()
    d1 = (forward / strike).log() / v + v / 2
    spot_, cash = forward * discount, strike * discount
    call = spot_ * cdf(d1) - cash * cdf(d1 - v)
    return call, cash * cdf(v - d1) - spot_ * cdf(-d1)


def essvi_variance(log_moneyness: arb, theta: arb, rho: arb, psi: arb) -> arb:
    """eSSVI total variance at k = ln(K/F), all plain numbers (not WAD)."""
    term = psi * log_moneyness + theta * rho
    root = (term * term + theta * theta * (1 - rho * rho)).sqrt()
    return (theta + rho * psi * log_moneyness + root) / 2


def out_of_the_money(log_moneyness: arb, v: arb) -> arb:
    """Undiscounted time value over the forward at ln(K/F) and v = sigma sqrt(years)."""
    distance = abs(log_moneyness)
    d1 = -distance / v + v / 2
    value = cdf(d1) - distance.exp() * cdf(d1 - v)
    return value if not log_moneyness < 0 else value * log_moneyness.exp()


def implied_total_volatility(log_moneyness: arb, time_value: arb, rounds: int = 200) -> arb:
    """The v whose `out_of_the_money` is `time_value`; bisected, then polished by Newton to full
    precision.

    Time value is over the forward and must lie within (0, min(1, K/F)). The answer is a midpoint:
    its error is that of the last Newton step, below 1e-60 relative wherever the time value is above
    1e-40.
    """
    low, high = arb("1e-12"), arb(64)
    for _ in range(60):
        middle = (low * high).sqrt().mid()
        if out_of_the_money(log_moneyness, middle) < time_value:
            low = middle
        else:
            high = middle
    guess = (low * high).sqrt().mid()
    for _ in range(rounds):
        d1 = -log_moneyness / guess + guess / 2
        step = (time_value - out_of_the_money(log_moneyness, guess)) / pdf(d1)
        guess = (guess + step).mid()
        if abs(step.mid()) < abs(guess) * arb("1e-70"):
            break
    return guess
