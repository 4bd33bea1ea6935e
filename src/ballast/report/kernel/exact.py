"""A call's value to 50 digits with the standard library's decimals, from the contract's integers.

Slow and short, and with nothing in common with what it judges: the distribution is its Taylor
series, ``N(x) = 1/2 + phi(x) (x + x^3/3 + x^5/(3 5) + ...)``, whose terms all have one sign.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

from ballast.units import WAD

DIGITS = 60
_TWO_PI = Decimal("6.2831853071795864769252867665590057683943387987502116419498891846")


def call_value(forward: int, strike: int, discount: int, variance: int) -> Decimal:
    """Black-76 call in 1e-18 quote tokens; all inputs WAD and positive."""
    with localcontext() as context:
        context.prec = DIGITS
        spot, owed = (Decimal(price) * discount / WAD for price in (forward, strike))
        v = (Decimal(variance) / WAD).sqrt()
        d1 = (Decimal(forward) / Decimal(strike)).ln() / v + v / 2
        return spot * normal_cdf(d1) - owed * normal_cdf(d1 - v)


def normal_cdf(x: Decimal) -> Decimal:
    """N(x) to an absolute error of about 1e-55 for |x| below 10; in the context's precision."""
    square = x * x
    term, total, odd = x, x, 1
    while abs(term) > Decimal(10) ** -DIGITS:
        odd += 2
        term = term * square / odd
        total += term
    return Decimal("0.5") + total * (-square / 2).exp() / _TWO_PI.sqrt()
