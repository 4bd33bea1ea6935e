"""Fits every approximation of the kernel and writes `contracts/math/coefficients.vy`.

Run `python tools/kernel/fit.py` to rewrite the file, `--check` to compare. Nothing else may
write it: a test runs this fit again and compares. Everything is in the kernel's fixed point: Q =
2^96 is one.

The variable D is d / sqrt(2 ln 2), so that exp(-d^2/2) = 2^(-D^2) and the kernel works in base
two throughout.
"""

from dataclasses import dataclass
from pathlib import Path

from generated import write_or_check
from minimax import Rational, best_rational, constant_and_j_fraction, j_fraction
from mpmath import atanh, erfc, exp, log, mpf, nint, nstr, pi, sqrt, tanh

TARGET = Path(__file__).resolve().parents[2] / "contracts" / "math" / "coefficients.vy"
Q = mpf(2) ** 96
LN2 = log(mpf(2))
C = sqrt(2 * LN2)
YEAR = 365 * 86400
WAD = 10**18


def mills(d: mpf) -> mpf:
    """Mills' ratio N(-x)/phi(x) at x = C d."""
    x = C * d
    return exp(x * x / 2) * erfc(x / sqrt(mpf(2))) * sqrt(pi / 2)


def log2_over_w(x: mpf) -> mpf:
    """log2((1 + w)/(1 - w)) / w with x = w^2: analytic in x."""
    if x < mpf("1e-9"):
        return 2 * (1 + x / 3 + x**2 / 5 + x**3 / 7 + x**4 / 9 + x**5 / 11) / LN2
    return 2 * atanh(sqrt(x)) / sqrt(x) / LN2


def exp2_even(q: mpf) -> mpf:
    """H with 2^-f = (H - f)/(H + f) and q = f^2: even in f, analytic in q."""
    return 2 / LN2 + q * LN2 / 6 if q < mpf("1e-14") else sqrt(q) / tanh(sqrt(q) * LN2 / 2)


def fit_mills() -> Rational:
    """Absolute error of S phi(d1) R(|d|), for d = d1 and for d = d2.

    For d1 the weight is phi(d). For d2 it is phi(d1) = (K df/S) phi(d2), and a strike r times
    the spot has |d2| >= sqrt(2 ln r): so the weight may not fall before r = 32, and then like 32
    phi. Beyond |d| = 11.6 phi is below 2^-96 and the product is zero whatever R is.
    """

    def weight(d: mpf) -> mpf:
        return min(mpf(1), 32 * mpf(2) ** (-d * d)) / sqrt(2 * pi)

    return best_rational(
        mills, mpf(0), 12 / C, 7, 8, weight, spread=(lambda x: 1 / (x + 2), lambda t: 1 / t - 2)
    )


def fit_log2() -> Rational:
    """Relative error on ratios within a factor 32."""
    return best_rational(
        log2_over_w, mpf(0), mpf(961) / 1089, 10, 10, lambda x: 1 / log2_over_w(x), grid=600
    )


def fit_log2_near() -> Rational:
    """Relative error on ratios within a factor 4: the discount."""
    return best_rational(log2_over_w, mpf(0), mpf(9) / 25, 5, 6, lambda x: 1 / log2_over_w(x))


def fit_exp2() -> Rational:
    """Relative error of 2^-f on |f| <= 1/2; the weight is d ln(2^-f) / dH, kept away from zero at f
    = 0.
    """

    def weight(q: mpf) -> mpf:
        return (sqrt(q) + mpf("1e-3")) * 2 / (exp2_even(q) ** 2 - q)

    return best_rational(exp2_even, mpf(0), mpf(1) / 4, 2, 3, weight)


@dataclass(frozen=True)
class Root:
    """Newton's method for sqrt(unit w), low <= w <= high, each step scaled to put the error evenly
    on both sides.

    y0 = alpha (w + m), y' = c (y + x/y) with x = unit w. With y_n = a_n t_n and a_(n+1) = c_n
    a_n the factors leave the loop: t' = t + (unit / a_n^2) w / t, so a step costs a
    multiplication by a constant and no shift, and t ends as y. The seed and the first step
    together are linear in w and 1/(w + m): t_1 = slope w + offset - pole/(w + m).
    """

    slope: mpf
    offset: mpf
    pole: mpf
    m: int
    gains: list[mpf]
    error: mpf


def fit_root(unit: mpf, low: int, high: int, steps: int) -> Root:
    m = int(nint(sqrt(mpf(low) * high)))
    k = sqrt(max(mpf(high) / m, m / mpf(low)))
    rho = (k + 1 / k) / 2  # the seed over the root lies in [1, rho] before scaling
    alpha, rho = sqrt(unit / m) / 2 / sqrt(rho), sqrt(rho)
    factors = []
    for _ in range(steps + 1):
        top = (rho + 1 / rho) / 2
        rho = sqrt(top)
        factors.append(1 / (2 * rho))
    scale, gains = mpf(1), []
    for c in reversed(factors[1:]):
        scale /= c
        gains.append(unit / scale**2)
    c = factors[0] / scale
    return Root(
        c * alpha, c * (alpha * m + unit / alpha), c * unit * m / alpha, m, gains[::-1], rho - 1
    )


def hypot_factors() -> tuple[list[mpf], mpf]:
    """(|g| + h) / sqrt(g^2 + h^2) lies in [1, sqrt 2]: the factors of a scaled seed, of three
    scaled steps, and the relative error after one plain step more.
    """
    rho = sqrt(sqrt(mpf(2)))
    factors = [1 / rho]
    for _ in range(3):
        top = (rho + 1 / rho) / 2
        rho = sqrt(top)
        factors.append(1 / (2 * rho))
    return factors, (rho + 1 / rho) / 2 - 1


def fixed(x: mpf, bits: int = 96) -> int:
    return int(nint(x * mpf(2) ** bits))


def assert_no_poles(levels: list[tuple[mpf, mpf]], top: mpf) -> None:
    """No partial denominator changes sign or falls below 1/10 on [0, top]: so no level divides by
    zero or loses precision.
    """
    signs = [0] * len(levels)
    for step in range(4001):
        x, y = top * step / 4000, mpf(0)
        for i, (k, b) in reversed(list(enumerate(levels))):
            denominator = x + b + y
            sign = 1 if denominator > 0 else -1
            if abs(denominator) < mpf("0.1") or signs[i] == -sign:
                raise ArithmeticError(f"level {i + 1} has a pole near {nstr(x, 5)}")
            signs[i], y = sign, k / denominator


def fraction(name: str, levels: list[tuple[mpf, mpf]], top: mpf) -> list[str]:
    """The levels K/(x + B + ...). A negative number would cost 32 bytes of code wherever it stands,
    so signs stand in the operators of `fixed` and `gaussian`, and only magnitudes are constants.
    """
    lines = []
    for i, (k, b) in enumerate(levels, 1):
        lines.append(f"{name}_K{i}: constant(int256) = {fixed(abs(k), 192)}")
        lines.append(f"{name}_B{i}: constant(int256) = {fixed(abs(b))}")
    assert_no_poles(levels, top)
    signs = ", ".join(("-" if k < 0 else "+") + ("-" if b < 0 else "+") for k, b in levels)
    return [f"# signs of (K, B), level by level: {signs}", *lines]


def root(name: str, what: str, unit: mpf, low: int, high: int, steps: int) -> list[str]:
    r = fit_root(unit, low, high, steps)
    return [
        f"# square root of {what}, {low} to {high}: relative error at most {nstr(r.error, 3)}",
        f"{name}_SLOPE: constant(int256) = {fixed(r.slope)}",
        f"{name}_OFFSET: constant(int256) = {fixed(r.offset)}",
        f"{name}_POLE: constant(int256) = {fixed(r.pole)}",
        f"{name}_MIDDLE: constant(int256) = {r.m}",
        *(f"{name}_G{i}: constant(int256) = {fixed(g, 192)}" for i, g in enumerate(r.gains, 1)),
    ]


def guess_constants() -> list[str]:
    """First guesses of implied volatility, fitted once by least squares of the relative error; the
    solver needs a fifth.

    Low: with q = x/v and y = x/b, the Bachelier relation 1/y = phi(q)/q - N(-q) inverts to q = a
    (K/(a + C) - A), a = log2(1 + y), within 5 %. High: with a = -log2 N(-h), h = v/2 = A + B a -
    K/(a + C), within 11 %.
    """
    low_a, low_k, low_c = mpf("-0.08785697"), mpf("32.5233865"), mpf("88.8749572")
    high_a, high_b, high_k, high_c = (
        mpf("4.81745568"),
        mpf("0.07466"),
        mpf("-42.79493743"),
        mpf("7.90986322"),
    )
    return [
        "# first guesses of implied volatility: q = x/v below one half, z = v/sqrt(2 ln 2) above",
        f"LOW_A: constant(int256) = {fixed(-low_a * C / LN2)}",
        f"LOW_K: constant(int256) = {fixed(low_k * C / LN2, 192)}",
        f"LOW_C: constant(int256) = {fixed(low_c)}",
        f"HIGH_A: constant(int256) = {fixed(2 * high_a / C)}",
        f"HIGH_B: constant(int256) = {fixed(2 * high_b / C)}",
        f"HIGH_K: constant(int256) = {fixed(-2 * high_k / C, 192)}",
        f"HIGH_C: constant(int256) = {fixed(high_c)}",
    ]


def render() -> str:
    m, lg, near, ex = fit_mills(), fit_log2(), fit_log2_near(), fit_exp2()
    log_c, log_levels = constant_and_j_fraction(lg.p, lg.q)
    hypot, hypot_error = hypot_factors()
    lines = [
        "# pragma version 0.4.3",
        '"""',
        "@title Coefficients of the kernel",
        "@license MIT",
        "@notice Written by tools/kernel/fit.py: do not edit. Q = 2^96 is one; see docs/MATH.md.",
        '"""',
        "",
        f"# Mills' ratio of |d|, D = |d| / sqrt(2 ln 2): error of phi R at most {nstr(m.error, 3)}",
        *fraction("MILLS", j_fraction(m.p, m.q), 12 / C),
        "",
        "# log2(a/b) over w = (a - b)/(a + b), in w^2, within a factor 32: "
        f"relative error at most {nstr(lg.error, 3)}",
        f"LOG_C: constant(int256) = {fixed(log_c)}",
        *fraction("LOG", log_levels, mpf(961) / 1089),
        "",
        f"# the same within a factor 4: relative error at most {nstr(near.error, 3)}",
        *fraction("NEAR", j_fraction(near.p, near.q), mpf(9) / 25),
        "",
        "# H(f^2) with 2^-f = (H - f)/(H + f), |f| <= 1/2: "
        f"relative error of 2^-f at most {nstr(ex.error, 3)}",
        *fraction("EXP", j_fraction(ex.p, ex.q), mpf(1) / 4),
        "",
        *root("V", "a total variance over 2 ln 2", 1 / (mpf(WAD) * 2 * LN2), 1, 512 * WAD, 6),
        "",
        *root("T", "seconds in years", mpf(1) / YEAR, 1, 2**27, 5),
        "",
        f"# sqrt(g^2 + h^2) from |g| + h: relative error at most {nstr(hypot_error, 3)}; 2^40",
        *(f"HYPOT_C{i}: constant(int256) = {fixed(f, 40)}" for i, f in enumerate(hypot)),
        "",
        *guess_constants(),
        "",
        "# numbers of the formulas",
        f"INV_SQRT_2PI: constant(int256) = {fixed(1 / sqrt(2 * pi))}  # Q",
        f"SQRT_2LN2: constant(int256) = {fixed(C, 60)}  # 2^60",
        f"WAD_SQRT_2LN2: constant(int256) = {fixed(C * WAD, 0)}",
        f"TWO_LN2: constant(int256) = {fixed(2 * LN2)}  # Q",
        f"LN2: constant(int256) = {fixed(LN2)}  # Q",
        f"WAD_WAD_OVER_SQRT_2LN2: constant(int256) = {fixed(mpf(WAD) ** 2 / C, 18)}  # 2^18",
        f"WAD_OVER_SQRT_2LN2: constant(int256) = {fixed(mpf(WAD) / C, 18)}  # 2^18",
        f"MINUS_YEAR_SQRT_2LN2_OVER_2: constant(int256) = {-fixed(YEAR * C / 2, 40)}  # 2^40",
        f"YEAR_LN2: constant(int256) = {fixed(YEAR * LN2, 40)}  # 2^40",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(write_or_check(TARGET, render(), "python tools/kernel/fit.py"))
