"""`Pricer.implied_vol` undoes `price` wherever there is time value of 1e-6 S, and never fails
there.
"""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb

from tests.math import reference as ref
from tests.math.accuracy import GRAIN
from tests.math.bytecode import CallRevertedError, deployed
from tests.math.domain import Quote, random_quote
from tests.math.reference import WAD, YEAR
from tests.math.test_errors import stated_errors

LEAST_TIME_VALUE = 1e-6  # of S


def miss(case: Quote, premium: int, is_call: bool, found: int) -> tuple[float, float]:
    """How far the exact price at this volatility is from the premium, and what rounding may do.

    Both in wei. The volatility is rounded to 1e-18, which moves the price by vega times that; the
    kernel carries the premium's money to a grain.
    """
    forward, strike, discount, _, tau = case
    years, price, df = ref.years(tau), arb(forward), ref.ratio(discount, WAD)
    variance = ref.ratio(found, WAD) ** 2 * years
    value = ref.values(price, arb(strike), df, variance)[0 if is_call else 1]
    d1 = (price / strike).log() / variance.sqrt() + variance.sqrt() / 2
    vega = price * df * ref.pdf(d1) * years.sqrt()
    return float(abs(value - premium).upper()), float(vega) / WAD + 4 * GRAIN


def time_value(case: Quote, premium: int, is_call: bool) -> float:
    """Premium above intrinsic value, over S."""
    forward, strike, discount, *_ = case
    intrinsic = max((forward - strike) * (1 if is_call else -1), 0) * discount
    return (premium * WAD - intrinsic) / (forward * discount)


def below_the_top(case: Quote, premium: int, is_call: bool) -> float:
    """How far the premium is below its supremum (S or K df), over S: where volatility fades out."""
    forward, strike, discount, *_ = case
    top = (forward if is_call else strike) * discount
    return (top - premium * WAD) / (forward * discount)


CORE_BOUND = 1e-17  # of S, for strikes within a factor 8 of spot, as `implied` says in words


def _stated() -> float:
    """`@custom:error value <number> S`: of the price at the volatility found, on all strikes."""
    kind, bound = stated_errors()["implied._implied_vol"]
    assert kind == "value" and CORE_BOUND < bound <= 1e-15
    return bound


@pytest.mark.parametrize("seed", range(8))
def test_implied_vol__random_premiums__keep_the_stated_error(seed: int) -> None:
    bound = CORE_BOUND
    random, pricer, tried = np.random.default_rng(1_000 + seed), deployed("Pricer"), 0
    for _ in range(250):
        case = random_quote(random)
        premiums = pricer.price(*case[:4])
        for is_call, premium in zip((True, False), premiums, strict=True):
            least = min(time_value(case, premium, is_call), below_the_top(case, premium, is_call))
            if least < LEAST_TIME_VALUE:
                continue
            forward, strike, discount, _, tau = case
            found = pricer.implied_vol(forward, strike, discount, premium, tau, is_call)
            error, rounding = miss(case, premium, is_call, found)
            assert error <= bound * forward * discount / WAD + rounding, (case, is_call, found)
            tried += 1
    assert tried > 150


@pytest.mark.parametrize("moneyness", [1 / 8, 0.5, 0.999, 1 - 1e-9, 1.0, 1 + 1e-9, 1.001, 2.0, 8.0])
@pytest.mark.parametrize("tau", [60, 3_600, 30 * 86_400, YEAR, 4 * YEAR])
def test_implied_vol__least_and_most_time_value__never_fails(moneyness: float, tau: int) -> None:
    """From 1e-6 S of time value to 1e-6 S below the top:

    A volatility, and its price is the premium.
    """
    bound = CORE_BOUND
    pricer, forward, discount = deployed("Pricer"), 3_000 * WAD, WAD
    strike = int(forward * moneyness)
    for is_call in (True, False):
        top = forward if is_call else strike
        intrinsic = max((forward - strike) * (1 if is_call else -1), 0)
        span = top - intrinsic
        for share in (1e-6, 1e-5, 1e-3, 0.1, 0.5, 0.9, 0.999):
            premium = intrinsic + int(share * min(span, forward))
            if premium >= top - int(1e-6 * forward):
                continue
            found = pricer.implied_vol(forward, strike, discount, premium, tau, is_call)
            case = (forward, strike, discount, 0, tau)
            error, rounding = miss(case, premium, is_call, found)
            assert error <= bound * forward + rounding, (share, is_call, found)


@pytest.mark.parametrize("ratio", [8, 12, 16, 24, 32])
def test_implied_vol__far_strikes_around_one_half__keep_the_stated_error(ratio: int) -> None:
    """One half is where the two branches of the guess meet, and both are at their worst."""
    bound, pricer, spot = _stated(), deployed("Pricer"), 10**24
    for share in (0.3, 0.45, 0.499, 0.501, 0.55, 0.7, 0.95):
        for strike, is_call in ((spot * ratio, True), (spot // ratio, False)):
            premium = int(min(spot, strike) * share)
            found = pricer.implied_vol(spot, strike, WAD, premium, YEAR, is_call)
            error, rounding = miss((spot, strike, WAD, 0, YEAR), premium, is_call, found)
            assert error <= bound * spot + rounding, (ratio, share, is_call)


@pytest.mark.parametrize("is_call", [True, False])
def test_implied_vol__premium_without_a_volatility__is_refused_by_name(is_call: bool) -> None:
    forward, strike, discount, tau = 3_000 * WAD, 2_800 * WAD, WAD * 98 // 100, YEAR // 12
    intrinsic = max((forward - strike) * (1 if is_call else -1), 0) * discount // WAD
    top = (forward if is_call else strike) * discount // WAD
    low = [0, intrinsic // 2, intrinsic] if intrinsic else [0]
    for reason, premiums in (("low", low), ("high", [top, top + 1, 2**127])):
        for premium in premiums:
            with pytest.raises(CallRevertedError) as refused:
                deployed("Pricer").implied_vol(forward, strike, discount, premium, tau, is_call)
            assert refused.value.reason == f"pricer: premium too {reason}", premium


BASE = {"forward": 3_000 * WAD, "strike": 3_100 * WAD, "discount": WAD, "premium": 90 * WAD}
REFUSED = [
    ("forward", "forward", (0, 2**128, 2**256 - 1)),
    ("strike", "strike", (0, 2**128, 2**256 - 1)),
    ("discount", "discount", (0, WAD // 4 - 1, 4 * WAD + 1, 2**256 - 1)),
    ("tau", "tau", (0, 2**27 + 1, 2**256 - 1)),
    ("moneyness", "strike", (3_000 * 33 * WAD, 3_000 * WAD // 33)),
    ("premium too high", "premium", (2**128, 2**255, 2**256 - 1)),
]


@pytest.mark.parametrize(("reason", "field", "values"), REFUSED)
def test_implied_vol__outside_the_domain__is_refused_by_name(
    reason: str, field: str, values: tuple[int, ...]
) -> None:
    for value in values:
        arguments = BASE | {"tau": YEAR // 12, "is_call": True} | {field: value}
        with pytest.raises(CallRevertedError) as refused:
            deployed("Pricer").implied_vol(*arguments.values())
        assert refused.value.reason == f"pricer: {reason}", value


def test_price__random_points__equals_the_mark() -> None:
    random, pricer = np.random.default_rng(1_100), deployed("Pricer")
    for _ in range(2_000):
        case = random_quote(random)
        assert pricer.price.words(*case[:4]) == pricer.mark.words(*case)[:2]
