"""The book's mathematics: what `Pricer.board` says, to the last bit, and the credit beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from ballast.units import WAD
from tests.math.bytecode import CallRevertedError, Contract, deployed
from tests.math.domain import random_boards
from tests.math.shadow import Shadow

LOT = 10**14
MOST = 2**31 - 1
NANO = 10**9
NOWHERE = 1
END = 2**63 - 1
MONTH = 30 * 86_400
Strike = tuple[int, int, int, int, int, int, int]  # step; calls written, held; puts; escrowed


@dataclass(frozen=True)
class Expiry:
    """An expiry as `Valuer` is told of it."""

    spot: int
    discount: int
    tau: int
    smile: tuple[int, int, int]
    reference: int
    grid: int
    strikes: tuple[Strike, ...]

    @property
    def forward(self) -> int:
        return (self.spot * WAD + self.discount // 2) // self.discount

    @property
    def x(self) -> int:
        return max(1, min(self.spot * WAD // self.reference, 2**80))

    @property
    def root(self) -> int:
        return int(deployed("MathHarness").sqrt_years([self.tau])[0])

    @property
    def legs(self) -> list[int]:
        return [word_of(strike) for strike in self.strikes]

    def snapshot(self) -> tuple[Any, ...]:
        at = 1_700_000_000
        return at, self.spot, self.spot, at, self.smile, 0, self.discount, self.tau, at, 7

    def evaluated(self) -> tuple[int, int, int]:
        """Head, guard, credit."""
        args = self.snapshot(), self.reference, self.grid, self.legs
        found = deployed("Valuer").evaluated(*args)
        return found[0], found[1], found[2]


def word_of(strike: Strike) -> int:
    """A leg, field by field."""
    step, cw, ch, pw, ph, ce, pe = strike
    return cw | ch << 31 | pw << 62 | ph << 93 | ce << 124 | pe << 155 | step << 186


def signed(word: int, place: int) -> int:
    found = word >> 64 * place & 2**64 - 1
    return found - 2**64 if found >> 63 else found


@pytest.fixture(scope="module")
def math() -> Contract:
    return deployed("tests/harness/BookMath.vy")


def random_expiries(count: int) -> Iterator[Expiry]:
    """Markets of `random_boards`; grids of all widths, some strikes out of reach."""
    random = np.random.default_rng(93)
    for forward, discount, tau, smile, legs in random_boards(count):
        spot = forward * discount // WAD
        grid = max(1, int(forward / 10 ** random.uniform(1, 12)))
        strikes = []
        for strike, *_ in legs:
            far = 40 if random.random() < 0.1 else 1
            step = max(1, min(strike * far // grid, 2**70 - 1))
            lots = [int(MOST * random.random() ** 8) for _ in range(4)]
            if random.random() < 0.4:
                lots[1] = lots[3] = 0
            escrow = [int(lots[i] * random.choice([0, 1, random.random()])) for i in (1, 3)]
            strikes.append((step, *lots, *escrow))
        reference = max(10**15, int(spot * 2 ** random.uniform(-3, 3)))
        yield Expiry(spot, discount, tau, smile, reference, grid, tuple(strikes))


# --- before the end


def risk_of(math: Contract, expiry: Expiry, sizes: list[tuple[int, int, int]]) -> tuple[int, ...]:
    """Coefficients of (strike, calls, puts), by `Pricer.board` and at intrinsic value beyond it."""
    forward, near, value, delta = expiry.forward, [], 0, 0
    for strike, calls, puts in sizes:
        if forward // 31 + 1 <= strike <= 31 * forward:
            near.append((strike, calls, puts))
            continue
        ahead = expiry.spot - strike * expiry.discount // WAD
        n = calls if ahead > 0 else -puts
        value += (abs(n * ahead) // WAD) * (1 if n * ahead > 0 else -1)
        delta += n
    board = [0] * 4
    if near:
        args = forward, expiry.discount, expiry.tau, expiry.smile, near
        board = list(deployed("Pricer").board(*args)[:4])
    return math.risk.words(
        board[0] + value,
        board[1] + delta,
        *board[2:],
        expiry.spot,
        expiry.x,
        expiry.root,
        NANO,
    )


def nets(expiry: Expiry) -> list[tuple[int, int, int]]:
    """Held less written."""
    return [(k * expiry.grid, (ch - cw) * LOT, (ph - pw) * LOT)
            for k, cw, ch, pw, ph, _, _ in expiry.strikes]  # fmt: skip


def lent(expiry: Expiry) -> list[tuple[int, int, int]]:
    """Held less escrowed."""
    return [(k * expiry.grid, (ch - ce) * LOT, (ph - pe) * LOT)
            for k, _, ch, _, ph, ce, pe in expiry.strikes]  # fmt: skip


def credit_lots(expiry: Expiry) -> int:
    return sum(ch - ce + ph - pe for _, _, ch, _, ph, ce, pe in expiry.strikes)


def fits(fields: tuple[int, ...]) -> bool:
    return all(-(2**63) <= x < 2**63 for x in fields)


def test_evaluated__random_books__are_the_board_to_the_last_bit(math: Contract) -> None:
    """Head and credit, each the polynomial of a board of its own."""
    pulled = beyond = 0
    for expiry in random_expiries(300):
        try:
            risk = risk_of(math, expiry, nets(expiry))
        except CallRevertedError as refusal:  # a variance below the least that sums are allowed
            with pytest.raises(CallRevertedError) as ours:
                expiry.evaluated()
            assert ours.value.reason == refusal.reason == "pricer: variance"
            continue
        owed = risk_of(math, expiry, lent(expiry))
        head, guard, credit = expiry.evaluated()
        assert (guard == NOWHERE) == (not fits(risk[:4]) or not fits(owed[:3]))
        if not fits(risk[:4]):
            risk, pulled = math.flattened.words(*risk, expiry.x), pulled + 1
        assert head == math.packed.words(*risk[:4])[2], expiry
        lots = credit_lots(expiry)
        if lots and fits(owed[:3]):
            assert credit == math.packed.words(lots, *owed[:3])[2]
        assert (credit == 0) == (lots == 0) and credit % 2**64 == lots
        reach = expiry.forward // 31 + 1, 31 * expiry.forward
        beyond += any(not reach[0] <= k <= reach[1] for k, *_ in nets(expiry))
    assert pulled and beyond > 20


def test_sums__readable_module__gives_identical_sums(math: Contract) -> None:
    """What tools/kernel/flatten.py wrote against what it read."""
    for expiry in random_expiries(200):
        market = expiry.spot, expiry.forward, expiry.discount, expiry.tau, expiry.root
        args = *market, expiry.smile, expiry.grid, expiry.legs
        try:
            found = math.flat_sums(*args)
        except CallRevertedError as refusal:
            with pytest.raises(CallRevertedError) as ours:
                math.sums(*args)
            assert ours.value.reason == refusal.reason
            continue
        assert found == math.sums(*args)


@pytest.mark.parametrize("optimize", ["none", "codesize"])
def test_evaluated__other_optimisation__gives_identical_words(optimize: str) -> None:
    ours, theirs = deployed("Valuer"), deployed("Valuer", optimize)
    for expiry in random_expiries(60):
        args = expiry.reference, expiry.grid, expiry.legs
        assert ours.expired(expiry.spot, *args) == theirs.expired(expiry.spot, *args)
        try:
            found = ours.evaluated(expiry.snapshot(), *args)
        except CallRevertedError:
            continue
        assert found == theirs.evaluated(expiry.snapshot(), *args)


def extreme_expiries() -> Iterator[Expiry]:
    """24 legs of the largest size at the same edge: every sum at its largest."""
    smiles = (256 * WAD, 0, 64 * WAD), (WAD, 1 - WAD, WAD), (10**6, 0, 0), (WAD, WAD // 2, 2 * WAD)
    sides = (0, MOST, 0, MOST, 0, 0), (MOST, 0, MOST, 0, 0, 0), (0, MOST, 0, 0, 0, 0)
    for spot, smile, side in product((10**6, WAD, 2**108), smiles, sides):
        for discount, tau in product((WAD // 2, WAD, 2 * WAD), (1, 2**27)):
            forward = (spot * WAD + discount // 2) // discount
            for strike in (forward // 31 + 1, forward, 31 * forward):
                grid = max(1, strike >> 60)
                step = min(-(-strike // grid), 31 * forward // grid)
                strikes = ((step, *side),) * 24
                yield Expiry(spot, discount, tau, smile, WAD, grid, strikes)


@pytest.mark.parametrize("module", ["book_sum", "flat"])
def test_sums__largest_and_random_books__overflow_nowhere(math: Contract, module: str) -> None:
    """Unchecked arithmetic, followed in integers without end; the result is the bytecode's."""
    source, seen = Shadow.of(f"contracts/math/{module}.vy"), 0
    for expiry in (*extreme_expiries(), *random_expiries(60)):
        reach = expiry.forward // 31 + 1, 31 * expiry.forward
        inside = tuple(s for s in expiry.strikes if reach[0] <= s[0] * expiry.grid <= reach[1])
        expiry = replace(expiry, strikes=inside)
        market = expiry.spot, expiry.forward, expiry.discount, expiry.tau, expiry.root
        smile = dict(zip(("theta", "rho", "psi"), expiry.smile, strict=True))
        run = source.call("_sums", *market, smile, expiry.grid, expiry.legs)
        if run.reverted is not None:
            assert run.reverted == "pricer: variance"
            continue
        assert not run.overflows, (*map(str, run.overflows), expiry)
        args = *market, expiry.smile, expiry.grid, expiry.legs
        assert tuple(run.value.values()) == math.sums(*args)
        seen += 1
    assert seen > 150


ONE = Expiry(
    31 * 10**15, WAD, MONTH, (4 * WAD, 0, 2 * WAD), 31 * 10**15, 1, ((10**15, 0, 9, 0, 7, 0, 0),)
)


@pytest.mark.parametrize(
    ("strike", "reached"),
    [
        (10**15, False),
        (10**15 + 1, True),
        (10**15 + 2, True),
        (961 * 10**15 - 1, True),
        (961 * 10**15, True),
        (961 * 10**15 + 1, False),
    ],
)
def test_evaluated__strike_out_of_reach__is_intrinsic(strike: int, reached: bool) -> None:
    """A factor of 31 from the forward, either way; beyond it nothing has gamma."""
    million = 10**6
    leg = (strike, 0, 9 * million, 0, 7 * million, 0, 7 * million)
    expiry = replace(ONE, strikes=(leg,))
    head, guard, credit = expiry.evaluated()
    assert guard != NOWHERE
    assert (signed(head, 2) != 0) == reached == (signed(credit, 3) != 0)
    if not reached:
        ahead = expiry.spot - strike
        n, owed = (9, 9) if ahead > 0 else (-7, 0)
        assert signed(head, 1) == n * 100 * expiry.spot // NANO
        assert signed(credit, 2) == owed * 100 * expiry.spot // NANO
        here = [sum(signed(word, i) for i in (k, k + 1)) for word, k in ((head, 0), (credit, 1))]
        assert here[0] == pytest.approx(n * 100 * ahead / NANO, abs=3)
        assert here[1] == pytest.approx(owed * 100 * ahead / NANO, abs=3)


def test_evaluated__nothing_open__is_a_guard_alone() -> None:
    head, guard, credit = replace(ONE, strikes=()).evaluated()
    assert (head, credit) == (0, 0) and guard > NOWHERE


WIDE = Expiry(
    2_000 * WAD,
    WAD,
    MONTH,
    (WAD // 30, 0, WAD // 10),
    32_000 * WAD,
    WAD,
    ((2_000, 0, 0, 0, 0, 0, 0),),
)
"""So far below the reference that a gamma does not fit its field."""


@pytest.mark.parametrize(
    ("positions", "fitting"),
    [
        ((MOST, MOST, 0, 0, MOST, 0), True),
        ((MOST, MOST, 0, 0, 0, 0), False),  # the credit alone is too wide
        ((MOST, 0, 0, 0, 0, 0), False),  # the head alone
        ((0, MOST, 0, 0, 0, 0), False),
    ],
)
def test_evaluated__coefficients_out_of_range__keep_the_value_at_this_spot(
    positions: tuple[int, ...], fitting: bool
) -> None:
    """An LP flow never reverts for it: it evaluates such an expiry each time, where it is exact."""
    strike: Strike = (2_000, *positions)  # type: ignore[assignment]
    expiry = replace(WIDE, strikes=(strike,))
    head, guard, credit = expiry.evaluated()
    assert (guard == NOWHERE) == (not fitting)
    args = expiry.forward, WAD, MONTH, expiry.smile
    cw, ch, _, _, ce, _ = positions
    for word, k, lots in ((head, 0, ch - cw), (credit, 1, ch - ce)):
        value = deployed("Pricer").board(*args, [(2_000 * WAD, lots * LOT, 0)])[0]
        p, a, b = (signed(word, k + i) for i in range(3))
        x = expiry.x / WAD
        assert p + a * x + b * x * x / 2 == pytest.approx(value / NANO, abs=10, rel=1e-12)
    if not fitting and ch > ce:
        assert (signed(credit, 2), signed(credit, 3)) == (0, 0)


# --- passed


@pytest.mark.parametrize("price", [1_700, 1_999, 2_000, 2_001, 2_600])
def test_expired__each_right__pays_as_its_settlement_will(price: int) -> None:
    """Calls are units, what accounts owe without escrow is quote, and so is every put."""
    draw = np.random.default_rng(price)
    strikes = []
    for step in range(30, 54, 2):
        lots = [int(x) for x in draw.integers(0, MOST, 4)]
        escrow = [int(lots[i] * draw.random()) for i in (1, 3)]
        strikes.append((step, *lots, *escrow))
    legs = [word_of(strike) for strike in strikes]
    found = deployed("Valuer").expired(price * WAD, 2_000 * WAD, 50 * WAD, legs)
    quote = credit = units = 0.0
    for step, cw, ch, pw, ph, ce, pe in strikes:
        call, put = max(price - step * 50, 0) / 10_000, max(step * 50 - price, 0) / 10_000
        units += (ce - cw) * call / price
        credit += (ch - ce) * call + (ph - pe) * put
        quote += (pe - pw) * put
    head, owed = found
    assert signed(head, 0) / NANO == pytest.approx(quote + credit, rel=1e-12)
    assert signed(head, 1) / NANO == pytest.approx(units * 2_000, rel=1e-12)
    assert signed(owed, 1) / NANO == pytest.approx(credit, rel=1e-12)
    assert [signed(head, 2), signed(head, 3), signed(owed, 2), signed(owed, 3)] == [0] * 4
    assert owed % 2**64 == sum(s[2] - s[5] + s[4] - s[6] for s in strikes)


def test_expired__all_escrowed_or_none_held__is_no_credit() -> None:
    legs = [word_of((40, 5, 8, 6, 9, 8, 9)), word_of((41, 5, 0, 0, 0, 0, 0))]
    head, credit = deployed("Valuer").expired(1_900 * WAD, 2_000 * WAD, 50 * WAD, legs)
    assert credit == 0 and signed(head, 0) == 3 * 100 * 10**5
    assert deployed("Valuer").expired(1_900 * WAD, 2_000 * WAD, 50 * WAD, []) == (0, 0)
