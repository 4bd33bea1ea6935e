"""`Pricer.board` is the sum of its marks: variance from the slice, times the contracts held."""

from __future__ import annotations

from typing import Any

import pytest
from flint import arb

from tests.math import accuracy
from tests.math import reference as ref
from tests.math.bytecode import CallRevertedError, deployed
from tests.math.domain import (
    DISCOUNT_MAX,
    DISCOUNT_MIN,
    PRICE_MAX,
    SUM_PRICE_MAX,
    TAU_MAX,
    random_boards,
)
from tests.math.reference import OUTPUTS, WAD, YEAR, Point
from tests.math.test_errors import stated_errors

Q = 2**96
FIELDS = ("value", "delta", "gamma", "vega", "theta", "vanna", "volga")
SIZE_MAX = 2**89 - 1
Leg = tuple[int, int, int]
SLICE = (WAD // 50, -WAD // 3, WAD // 5)
FORWARD, DISCOUNT, TAU = 3_000 * WAD, WAD * 98 // 100, YEAR // 12


def variances(forward: int, smile: tuple[int, int, int], strikes: list[int]) -> list[int]:
    """Total variance of each strike as the contract's modules give it, themselves tested apart."""
    harness = deployed("MathHarness")
    skew = harness.contrast([forward] * len(strikes), strikes)
    over = harness.log2_over([w * w >> 96 for w in skew])
    logs = [w * o >> 96 for w, o in zip(skew, over, strict=True)]
    return list(harness.total_variance([smile] * len(strikes), logs))


def expected(
    forward: int, discount: int, tau: int, smile: tuple[int, int, int], legs: list[Leg]
) -> tuple[dict[str, arb], dict[str, arb]]:
    """Exact sums, and what the marks' own error bounds allow them to be off."""
    total, allowed = {f: arb(0) for f in FIELDS}, {f: arb(2) for f in FIELDS}
    for (strike, calls, puts), variance in zip(
        legs, variances(forward, smile, [leg[0] for leg in legs]), strict=True
    ):
        point = Point(forward, strike, discount, variance, tau)
        mark = ref.mark(point)
        for field, call, put in _pairs():
            total[field] += (calls * getattr(mark, call) + puts * getattr(mark, put)) / WAD
            gross = ref.ratio(abs(calls) + abs(puts), WAD)
            step, bound = _bound(point, call)
            allowed[field] += gross * bound + step / WAD
    return total, allowed


def _pairs() -> list[tuple[str, str, str]]:
    sided = [("value", "call", "put"), ("delta", "delta_call", "delta_put")]
    sided.append(("theta", "theta_call", "theta_put"))
    return sided + [(name, name, name) for name in ("gamma", "vega", "vanna", "volga")]


def _bound(point: Point, name: str) -> tuple[float, float]:
    """What a contract's figure may be off, and what a wei of a contract does to it.

    Sums are rounded to a wei of a contract: theta's before it is divided by time, so that S over
    the time left counts there.
    """
    index = OUTPUTS.index(name)
    scale, slack = accuracy.scales(point, False)[index], accuracy.slack(point)[index]
    spot, years = point.forward * point.discount / WAD, point.tau / YEAR
    step = scale + spot / years if name.startswith("theta") else scale
    return step, accuracy.BOUNDS[index] * scale + slack


def board(*arguments: Any) -> dict[str, int]:
    found = deployed("Pricer").board(*arguments)
    return dict(zip((*FIELDS, "gross"), found, strict=True))


@pytest.mark.parametrize("part", range(4))
def test_board__random_books__equal_the_sum_of_exact_marks(part: int) -> None:
    for arguments in random_boards(240)[part::4]:
        exact, allowed = expected(*arguments)
        found = board(*arguments)
        for field in FIELDS:
            error = abs(exact[field] - found[field])
            assert error <= allowed[field], (field, float(error / allowed[field]), arguments)
        assert found["gross"] == sum(abs(c) + abs(p) for _, c, p in arguments[4])


def test_board__value__keeps_its_stated_error() -> None:
    """As `@custom:error value <number> S gross` says, on the variance that the board uses."""
    kind, bound = stated_errors()["board_sum._board"]
    assert kind == "value"
    for arguments in random_boards(240):
        exact, _ = expected(*arguments)
        found = board(*arguments)
        spot = ref.ratio(arguments[0] * arguments[1], WAD)
        allowed = arb(bound) * spot * ref.ratio(found["gross"], WAD)
        assert abs(exact["value"] - found["value"]) <= allowed + 2 + len(arguments[4])


def test_board__one_contract__equals_its_mark() -> None:
    mark = deployed("Pricer").mark
    for strike in (FORWARD // 2, FORWARD, FORWARD * 5 // 4):
        (variance,) = variances(FORWARD, SLICE, [strike])
        figures = dict(
            zip(OUTPUTS, mark.words(FORWARD, strike, DISCOUNT, variance, TAU), strict=True)
        )
        for calls, puts, side in ((WAD, 0, "call"), (0, WAD, "put")):
            found = board(FORWARD, DISCOUNT, TAU, SLICE, [(strike, calls, puts)])
            assert abs(found["value"] - figures[side]) <= 1
            assert abs(found["delta"] - figures[f"delta_{side}"]) <= 1
            for field, name in (("theta", f"theta_{side}"), ("vega", "vega"), ("gamma", "gamma")):
                assert found[field] == pytest.approx(figures[name], rel=1e-15, abs=2)
            assert found["gross"] == WAD


def test_board__written_and_held__cancel() -> None:
    """The negative of a book is worth its negative, to the rounding of each sum."""
    for arguments in random_boards(240)[:60]:
        *market, legs = arguments
        written = [(strike, -calls, -puts) for strike, calls, puts in legs]
        _, allowed = expected(*arguments)
        held, short = board(*market, legs), board(*market, written)
        both = board(*market, legs[:12] + written[:12])
        assert held["gross"] == short["gross"]
        for field in FIELDS:
            assert abs(held[field] + short[field]) <= allowed[field], field
            assert abs(both[field]) <= allowed[field], field


def test_board__no_legs__is_zero() -> None:
    assert not any(board(FORWARD, DISCOUNT, TAU, SLICE, []).values())
    assert not any(board(FORWARD, DISCOUNT, 0, SLICE, []).values())


def test_board__expired__is_worth_the_sum_of_intrinsic_values() -> None:
    """Within a wei for each leg, as stated; sums round toward minus infinity."""
    for forward, discount, _, smile, legs in random_boards(240)[:60]:
        found = board(forward, discount, 0, smile, legs)
        value = delta = 0
        for strike, calls, puts in legs:
            over = (forward - strike) * discount
            value += calls * max(over, 0) + puts * max(-over, 0)
            delta += calls if forward > strike else -puts
        gross = sum(abs(c) + abs(p) for _, c, p in legs)
        assert abs(value / WAD**2 - found["value"]) <= 2 * (gross / WAD + len(legs)) + 1e-15 * abs(
            value / WAD**2
        )
        assert found["delta"] == delta and found["gross"] == gross


def test_board__expired__is_intrinsic_value_and_step_deltas() -> None:
    legs = [(2_000 * WAD, 3 * WAD, 5 * WAD), (4_000 * WAD, -WAD, 2 * WAD), (FORWARD, WAD, -WAD)]
    found = board(FORWARD, WAD, 0, SLICE, legs)
    assert found["value"] == 3 * 1_000 * WAD + 2 * 1_000 * WAD
    assert found["delta"] == 3 * WAD - 2 * WAD + WAD  # at the money the put is the one exercised
    assert [found[f] for f in FIELDS[2:]] == [0] * 5
    assert found["gross"] == 13 * WAD


LEG = (FORWARD, WAD, -WAD)
REFUSED: list[tuple[str, tuple[Any, ...]]] = [
    ("forward", (0, DISCOUNT, TAU, SLICE, [LEG])),
    ("forward", (SUM_PRICE_MAX + 1, DISCOUNT, TAU, SLICE, [LEG])),
    ("forward", (2**256 - 1, DISCOUNT, TAU, SLICE, [LEG])),
    ("discount", (FORWARD, DISCOUNT_MIN - 1, TAU, SLICE, [LEG])),
    ("discount", (FORWARD, DISCOUNT_MAX + 1, TAU, SLICE, [LEG])),
    ("tau", (FORWARD, DISCOUNT, TAU_MAX + 1, SLICE, [LEG])),
    ("tau", (FORWARD, DISCOUNT, 2**256 - 1, SLICE, [LEG])),
    ("theta", (FORWARD, DISCOUNT, TAU, (0, 0, WAD), [LEG])),
    ("theta", (FORWARD, DISCOUNT, TAU, (256 * WAD + 1, 0, WAD), [LEG])),
    ("theta", (FORWARD, DISCOUNT, TAU, (2**256 - 1, 0, WAD), [LEG])),
    ("rho", (FORWARD, DISCOUNT, TAU, (WAD, WAD, WAD), [LEG])),
    ("rho", (FORWARD, DISCOUNT, TAU, (WAD, -WAD, WAD), [LEG])),
    ("rho", (FORWARD, DISCOUNT, TAU, (WAD, -(2**255), WAD), [LEG])),
    ("psi", (FORWARD, DISCOUNT, TAU, (WAD, 0, 64 * WAD + 1), [LEG])),
    ("psi", (FORWARD, DISCOUNT, TAU, (WAD, 0, 2**256 - 1), [LEG])),
    ("strike", (FORWARD, DISCOUNT, TAU, SLICE, [LEG, (0, WAD, 0)])),
    ("strike", (FORWARD, DISCOUNT, TAU, SLICE, [LEG, (PRICE_MAX + 1, WAD, 0)])),
    ("strike", (FORWARD, DISCOUNT, TAU, SLICE, [LEG, (2**256 - 1, WAD, 0)])),
    ("moneyness", (FORWARD, DISCOUNT, TAU, SLICE, [LEG, (FORWARD * 33, WAD, 0)])),
    ("moneyness", (FORWARD, DISCOUNT, TAU, SLICE, [LEG, (FORWARD // 33, WAD, 0)])),
    ("size", (FORWARD, DISCOUNT, TAU, SLICE, [LEG, (FORWARD, SIZE_MAX + 1, 0)])),
    ("size", (FORWARD, DISCOUNT, TAU, SLICE, [LEG, (FORWARD, 0, -SIZE_MAX - 2)])),
    ("size", (FORWARD, DISCOUNT, TAU, SLICE, [LEG, (FORWARD, -(2**255), 2**255 - 1)])),
    ("variance", (FORWARD, DISCOUNT, TAU, (1, 0, 0), [LEG])),
]


@pytest.mark.parametrize(("reason", "arguments"), REFUSED)
def test_board__outside_the_domain__is_refused_by_name(
    reason: str, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(CallRevertedError) as refused:
        deployed("Pricer").board(*arguments)
    assert refused.value.reason == f"pricer: {reason}"


@pytest.mark.parametrize("size", [SIZE_MAX, -SIZE_MAX - 1])
@pytest.mark.parametrize("price", [1_000, WAD, SUM_PRICE_MAX])
def test_board__largest_sizes_everywhere__still_sum_exactly(size: int, price: int) -> None:
    """All sums at their largest: 24 legs of 2^89 contracts at one price."""
    legs = [(price, size, size)] * 24
    for tau in (1, YEAR, TAU_MAX):
        for discount in (DISCOUNT_MIN, DISCOUNT_MAX):
            exact, allowed = expected(price, discount, tau, SLICE, legs)
            found = board(price, discount, tau, SLICE, legs)
            for field in FIELDS:
                error = abs(exact[field] - found[field])
                assert error <= allowed[field], (field, float(error / allowed[field]))
