"""Best rational approximation p/q of a smooth function, by the Remez exchange.

`best_rational(f, a, b, m, n, weight)` minimises max |weight (p/q - f)| over [a, b] with deg p =
m, deg q = n and q(0) = 1. Each exchange step solves the levelled equations

p(x_i) - (f(x_i) + (-1)^i E / weight(x_i)) q(x_i) = 0,    i = 0 .. m + n + 1

by Newton's method on (p, q, E), then moves the x_i to the extrema of the error. Sixty digits, so
that the fitted coefficients are good to far more than the 2^-96 grid they are rounded to.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mpmath import cos, lu_solve, matrix, mp, mpf, pi

mp.dps = 60
Function = Callable[[mpf], mpf]


@dataclass(frozen=True)
class Rational:
    """p/q, coefficients from the constant term up, with the largest weighted error seen on the
    grid.
    """

    p: list[mpf]
    q: list[mpf]
    error: mpf


def horner(coefficients: list[mpf], x: mpf) -> mpf:
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def best_rational(
    f: Function,
    a: mpf,
    b: mpf,
    m: int,
    n: int,
    weight: Function,
    spread: tuple[Function, Function] | None = None,
    grid: int = 500,
    rounds: int = 40,
) -> Rational:
    """`spread = (t, t_inverse)`: in the variable t(x) the extrema are roughly evenly placed."""
    to, back = spread or ((lambda x: x), (lambda t: t))
    ta, tb = to(mpf(a)), to(mpf(b))
    xs = sorted(back((ta + tb) / 2 - (tb - ta) / 2 * cos(pi * i / grid)) for i in range(grid + 1))
    fs, ws = [f(x) for x in xs], [weight(x) for x in xs]
    count = m + n + 2
    reference = [round(grid * i / (count - 1)) for i in range(count)]
    q, level, best = [mpf(1)] + [mpf(0)] * n, mpf(0), None
    for _ in range(rounds):
        p, q, level = _levelled(xs, fs, ws, reference, m, n, q, level)
        qs = [horner(q, x) for x in xs]
        if min(qs) <= 0:  # a pole inside: restart Newton from the polynomial case
            q, level = [mpf(1)] + [mpf(0)] * n, mpf(0)
            errors = [(horner(p, x) - fx) * w for x, fx, w in zip(xs, fs, ws, strict=True)]
        else:
            errors = [
                (horner(p, x) / d - fx) * w for x, d, fx, w in zip(xs, qs, fs, ws, strict=True)
            ]
            worst = max(abs(e) for e in errors)
            if best is None or worst < best.error:
                best = Rational(p, q, worst)
            if worst <= abs(level) * mpf("1.0005"):
                break
        reference = _exchange(errors, count)
        if len(reference) < count:
            break
    if best is None:
        raise ArithmeticError("no pole-free approximation found: change the degrees")
    return best


def _levelled(xs, fs, ws, reference, m, n, q, level):  # type: ignore[no-untyped-def]
    size = len(reference)
    for _ in range(25):
        rows, right = matrix(size, size), matrix(size, 1)
        for r, i in enumerate(reference):
            x, sign = xs[i], (-1) ** r / ws[i]
            target = fs[i] + sign * level
            for k in range(m + 1):
                rows[r, k] = x**k
            for k in range(1, n + 1):
                rows[r, m + k] = -target * x**k
            tail = horner(q, x)
            rows[r, size - 1] = -sign * tail
            right[r] = fs[i] - sign * level * (tail - 1)
        solution = lu_solve(rows, right)
        new_q = [mpf(1)] + [solution[m + k] for k in range(1, n + 1)]
        moved = abs(solution[size - 1] - level) / (abs(solution[size - 1]) + mpf(10) ** -50)
        q, level = new_q, solution[size - 1]
        if moved < mpf("1e-9"):
            break
    return [solution[k] for k in range(m + 1)], q, level


def _exchange(errors: list[mpf], count: int) -> list[int]:
    """Indices of alternating extrema, thinned to `count`, the smallest thrown away first."""
    extrema: list[int] = []
    for i, e in enumerate(errors):
        if i > 0 and errors[i - 1] * e > 0 and abs(errors[i - 1]) > abs(e):
            continue
        if i < len(errors) - 1 and errors[i + 1] * e > 0 and abs(errors[i + 1]) > abs(e):
            continue
        if extrema and errors[extrema[-1]] * e > 0:
            if abs(e) > abs(errors[extrema[-1]]):
                extrema[-1] = i
        else:
            extrema.append(i)
    while len(extrema) > count:
        if len(extrema) == count + 1:
            extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
        else:
            pairs = range(len(extrema) - 1)
            j = min(pairs, key=lambda k: max(abs(errors[extrema[k]]), abs(errors[extrema[k + 1]])))
            del extrema[j : j + 2]
    return extrema


def j_fraction(p: list[mpf], q: list[mpf]) -> list[tuple[mpf, mpf]]:
    """p/q with deg p = deg q - 1 as K1/(x + B1 + K2/(x + B2 + ...)): one division and no rescaling
    per level.
    """
    levels, p, q = [], list(p), list(q)
    while True:
        slope = q[-1] / p[-1]
        shifted = [mpf(0)] + [slope * c for c in p]
        rest = [a - b for a, b in zip(q, shifted, strict=True)][:-1]
        offset = rest[-1] / p[-1]
        levels.append((1 / slope, offset / slope))
        if len(p) == 1:
            return levels
        q, p = p, [(a - offset * b) / slope for a, b in zip(rest, p, strict=True)][:-1]


def constant_and_j_fraction(p: list[mpf], q: list[mpf]) -> tuple[mpf, list[tuple[mpf, mpf]]]:
    """p/q with deg p = deg q as c + J-fraction."""
    constant = p[-1] / q[-1]
    return constant, j_fraction([a - constant * b for a, b in zip(p, q, strict=True)][:-1], q)
