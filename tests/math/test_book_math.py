"""Words, limits and exposure of the book against plain integers and fractions."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from ballast.units import WAD
from tests.math.bytecode import CallRevertedError, Contract, deployed

Q = 2**96
NANO = 10**9
HALF = 2**63
MOST = HALF - 1
EDGES = (0, 1, -1, MOST, -MOST, -HALF, HALF, 2**70, -(2**70), 12_345, -98_765_432_109)
ROUNDS = 300
M32, M39, M40, M42 = (2**n - 1 for n in (32, 39, 40, 42))
CREDIT = 2**255
PASSED, WAITING = 2**254, 2**255


@pytest.fixture(scope="module")
def math() -> Contract:
    return deployed("tests/harness/BookMath.vy")


def clamped(x: int) -> int:
    return max(-MOST, min(x, MOST))


def word_of(fields: Sequence[int], bits: int = 64) -> int:
    return sum((x % 2**bits) << bits * i for i, x in enumerate(fields))


def draws(seed: int, count: int = ROUNDS) -> Any:
    draw = random.Random(seed)
    for _ in range(count):
        yield (
            draw,
            [draw.choice((draw.choice(EDGES), draw.randint(-(2**62), 2**62))) for _ in range(4)],
        )


# --- heads and totals


def test_pack_head__any_coefficients__come_back_or_are_pulled(math: Contract) -> None:
    """head, packed_risk, fits_risk, clamped, bits: each is pulled into its own field."""
    for _, fields in draws(1):
        fits = all(-HALF <= x < HALF for x in fields)
        expected = [clamped(x) for x in fields]
        assert list(math.head.words(*fields)) == expected
        fits_risk, packed_risk, pack_head = math.packed.words(*fields)
        assert bool(fits_risk) == fits
        assert pack_head == word_of(expected)
        if fits and -HALF not in fields:
            assert packed_risk == pack_head


def test_replaced__heads_of_an_expiry__move_the_totals_by_their_difference(math: Contract) -> None:
    """Eight expiries at the ends of their fields fit the totals."""
    for draw, _ in draws(2, 60):
        heads = [[0] * 4 for _ in range(8)]
        word = lots = 0
        for _ in range(20):
            i, more = draw.randrange(8), draw.randrange(2**31)
            new = [draw.choice((MOST, -MOST, draw.randint(-(2**62), 2**62))) for _ in range(4)]
            (word,) = math.replaced.words(word, word_of(heads[i]), word_of(new), more)
            heads[i], lots = new, lots + more
            totals = [sum(head[k] for head in heads) for k in (1, 2, 3)]
            assert list(math.totals.words(word)) == [*totals, lots]


def test_traded__whole_lots__move_head_and_totals_by_exactly_their_risk(math: Contract) -> None:
    for draw, _ in draws(3):
        head = [draw.choice((MOST, -MOST, draw.randint(-(2**60), 2**60))) for _ in range(4)]
        rest = [draw.randint(-(2**68), 2**68) for _ in range(3)]
        gross = draw.randrange(2**39 - 1_000)
        flag = draw.choice((0, CREDIT))
        sums = [h + r for h, r in zip(head[1:], rest, strict=True)]
        totals = word_of(sums, 72) | gross << 216 | flag
        risk = [draw.randint(-(2**34), 2**34) for _ in range(4)]
        lots, more = draw.randint(-(2**29), 2**29), draw.randint(-1_000, 1_000)
        if gross + more < 0:
            continue
        raw = [h + lots * g for h, g in zip(head, risk, strict=True)]
        fits = all(-HALF <= x < HALF for x in raw)
        after = raw if fits else [max(-MOST, min(x, MOST)) for x in raw]
        new, total, is_fitting = math.traded.words(word_of(head), totals, lots, more, *risk, 0)
        assert (bool(is_fitting), new) == (fits, word_of(after))
        sums = [a + r for a, r in zip(after[1:], rest, strict=True)]
        assert list(math.totals.words(total)) == [*sums, gross + more]
        assert total & CREDIT == flag


@pytest.mark.parametrize("flag", [0, CREDIT])
@pytest.mark.parametrize(("gross", "fitting"), [(M39 - 1, True), (M39, True), (M39 + 1, False)])
def test_traded__lots_of_all_series__stay_below_their_flag(
    math: Contract, flag: int, gross: int, fitting: bool
) -> None:
    """An opening past the end of the field is one that does not fit."""
    before = gross - 3
    found = math.traded.words(0, before << 216 | flag, -3, 3, 0, 0, 0, 0, 0)
    assert bool(found[2]) == fitting
    if fitting:
        assert found[1] == gross << 216 | flag
        back = math.traded.words(found[0], found[1], 3, -3, 0, 0, 0, 0, 0)
        assert back == (0, before << 216 | flag, 1)


# --- credit


def credit_word(lots: int, *fields: int) -> int:
    return word_of((lots, *fields))


def test_lent__whole_lots__move_the_credit_by_exactly_their_risk(math: Contract) -> None:
    """lent: p, a and b, and the lots themselves; weighted vega and dollar delta leave it alone."""
    for draw, (p, a, b, _) in draws(11):
        fields = [clamped(x) for x in (p, a, b)]
        lots, more = draw.randrange(1, 2**36), draw.randint(-(2**31), 2**31)
        risk = [draw.randint(-(2**34), 2**34) for _ in range(5)]
        if lots + more < 0:
            continue
        after = [x + more * g for x, g in zip(fields, risk, strict=False)]
        fits = all(-HALF <= x < HALF for x in after)
        if not fits:
            after = [max(-MOST, min(x, MOST)) for x in after]
        word, is_fitting = math.lent.words(credit_word(lots, *fields), more, *risk)
        if lots + more == 0:
            after, fits = [0, 0, 0], True
        assert (word, bool(is_fitting)) == (credit_word(lots + more, *after), fits)


@pytest.mark.parametrize("left", [0, 1, 2])
def test_lent__last_lot_gone__leaves_nothing(math: Contract, left: int) -> None:
    """Trades at different spots leave a rest in the coefficients: it goes with the last lot."""
    word, _ = math.lent.words(0, 5, 10, 20, 30, 40, 50)
    word, is_fitting = math.lent.words(word, left - 5, 11, 19, 31, 40, 50)
    expected = credit_word(
        left, *(5 * x - (5 - left) * y for x, y in ((10, 11), (20, 19), (30, 31)))
    )
    assert (word, is_fitting) == (expected if left else 0, 1)


def test_replaced__credit_of_all__is_the_sum_of_the_expiries(math: Contract) -> None:
    """The same function as for heads: p, a and b stand one field further."""
    draw, words, total = random.Random(12), [0] * 8, 0
    for _ in range(60):
        i, lots = draw.randrange(8), draw.randrange(2**36)
        new = credit_word(lots, *(draw.choice((MOST, -MOST, 7)) for _ in range(3))) if lots else 0
        (total,) = math.replaced.words(total, words[i], new, lots - words[i] % 2**64)
        words[i] = new
        heads = [math.totals.words(math.replaced.words(0, 0, word, 0)[0])[:3] for word in words]
        sums = [sum(head[k] for head in heads) for k in range(3)]
        lots_of_all = sum(word % 2**64 for word in words)
        assert total == word_of(sums, 72) | lots_of_all << 216
    for word in words:
        (total,) = math.replaced.words(total, word, 0, -(word % 2**64))
    assert total == 0


def test_leg__fields__come_back(math: Contract) -> None:
    """leg, position: flags of the half do not reach the leg."""
    draw = random.Random(13)
    for _ in range(ROUNDS):
        lots = [draw.choice((0, 1, 2**31 - 1, draw.randrange(2**31))) for _ in range(6)]
        step, grid = draw.choice((1, 2**26, 2**70 - 1)), draw.choice((1, 50 * WAD))
        half = word_of(lots[:4], 31) | draw.randrange(16) << 124
        escrow = word_of(lots[4:], 31) | draw.randrange(4) << 62
        (leg,) = math.leg.words(half, step, escrow)
        assert list(math.position.words(leg, grid)) == [step * grid, *lots]


# --- guards


def guard_word(math: Contract, *fields: int) -> int:
    (word,) = math.pack_guard.words(*fields)
    return int(word)


def test_pack_guard__fields__come_back(math: Contract) -> None:
    draw = random.Random(4)
    for _ in range(ROUNDS):
        fields = [draw.randrange(2**bits) for bits in (42, 42, 32, 32, 32, 32)]
        word = guard_word(math, *fields)
        assert list(math.guard.words(word)) == fields
    wide = [2**42, 2**50, 5, 6, 7, 8]
    assert list(math.guard.words(guard_word(math, *wide))) == [M42, M42, 5, 6, 7, 8]


@pytest.mark.parametrize("slack", [M32, M32 + 1])
def test_pack_guard__slack_that_does_not_fit__holds_nowhere(math: Contract, slack: int) -> None:
    word = guard_word(math, 10, 20, 100, 3, slack, 50)
    (held,) = math.holds.words(word, 15 * NANO, 50, 3)
    assert bool(held) == (slack == M32)


def test_holds__each_edge__is_inclusive(math: Contract) -> None:
    word = guard_word(math, 10, 20, 100, 3, 7, 50)
    cases = {
        (10 * NANO - 1, 50, 3): False,
        (10 * NANO, 50, 3): True,
        (20 * NANO, 50, 3): True,
        (20 * NANO + 1, 50, 3): False,
        (15 * NANO, 99, 3): True,
        (15 * NANO, 100, 3): True,
        (15 * NANO, 101, 3): False,
        (15 * NANO, 50, 2): False,
        (15 * NANO, 50, 4): False,
    }
    for case, expected in cases.items():
        assert bool(math.holds.words(word, *case)[0]) == expected, case
    assert not math.holds.words(0, 1, 0, 0)[0]


def test_intersected__guards__hold_where_all_of_them_do(math: Contract) -> None:
    """everywhere, intersected, with_holdings, held_lots: what the vault says is never touched."""
    draw = random.Random(5)
    for _ in range(100):
        lots, caution = draw.randrange(1 - 2**39, 2**39), draw.randrange(4)
        start = math.with_holdings.words(draw.choice((0, PASSED)), lots, caution)[0]
        (word,) = math.everywhere.words(start, 9)
        guards = []
        for _ in range(draw.randint(1, 8)):
            low = draw.randrange(1_000)
            guards.append(
                (low, low + draw.randrange(2_000), draw.randrange(500), 9 - (draw.random() < 0.05))
            )
            fields = (*guards[-1], draw.randrange(2**32), draw.randrange(2**32))
            (word,) = math.intersected.words(word, guard_word(math, *fields))
        for _ in range(20):
            x, at = draw.randrange(2_500), draw.randrange(500)
            every = all(a <= x <= b and at <= until and v == 9 for a, b, until, v in guards)
            assert bool(math.holds.words(word, x * NANO, at, 9)[0]) == every
        assert word >> 252 & 3 == caution and word >> 212 & M40 == lots % 2**40
        assert math.with_holdings.words(word, lots, caution) == (word, lots)
        assert word & PASSED == 0


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("lots", [0, 1, 2**39 - 2, 2**39 - 1, 2**39, 2**40, 2**255 - 1])
def test_with_holdings__lots__are_pulled_to_the_end_of_their_field(
    math: Contract, lots: int, sign: int
) -> None:
    """Either way to the same number, so that what is owed is no more than what may be held."""
    before = 2**212 - 1 | PASSED | WAITING
    word, held = math.with_holdings.words(before, sign * lots, 2)
    pulled = sign * min(lots, 2**39 - 1)
    assert held == pulled
    assert word == before | pulled % 2**40 << 212 | 2 << 252


def test_flows__what_is_bought__adds_up_or_is_pulled(math: Contract) -> None:
    """flows, pack_flows, bought."""
    for draw, (delta, vega, more, vmore) in draws(6):
        rest = [draw.randrange(2**32) for _ in range(4)]
        start = [max(-MOST, min(x, MOST)) for x in (delta, vega)]
        found = math.flows.words(*start, *rest, more, vmore)
        after = [start[0] + more, start[1] + vmore]
        if not all(-HALF <= x < HALF for x in after):
            after = [max(-MOST, min(x, MOST)) for x in after]
        assert list(found) == [*after, *rest]


# --- the desk's word


def test_desk_word__fields__come_back(math: Contract) -> None:
    """with_sheet, with_caution, with_nav_down: a reference NAV is rounded down to its grain."""
    draw = random.Random(7)
    for _ in range(ROUNDS):
        sheet, level, at = draw.randrange(2**160), draw.randrange(4), draw.randrange(2**32)
        nav = draw.choice((0, 1, 10**12 - 1, 10**12, draw.randrange(2**101), 2**102 - 1))
        (word,) = math.desk.words(sheet, level, nav, at)
        kept = min(nav // 10**12, 2**62 - 1) * 10**12
        assert list(math.undesk.words(word)) == [sheet, level, kept, at]


# --- exposure


def test_risk__of_a_lot__stands_for_the_option_at_its_spot(math: Contract) -> None:
    """ratio, factors, risk, value, dollar_delta, gamma_dollars, within the stated nano of a lot."""
    draw = random.Random(8)
    root_month = 22714008233506079729833539186
    for _ in range(ROUNDS):
        reference = 2_000 * WAD
        spot = int(reference * 2 ** draw.uniform(-6, 6))
        (x,) = math.ratio.words(spot, reference)
        assert x == spot * WAD // reference
        amount, vega = draw.randrange(spot), draw.randrange(spot)
        delta = draw.randint(-WAD, WAD)
        gamma = int(draw.random() * 20 * WAD * WAD / spot)
        risk = math.risk.words(amount, delta, gamma, vega, spot, x, root_month, 10**5)
        p, a, b, v, dollars = risk
        value, tilt, bend = math.values.words(p, a, b, x, spot)
        allowed = 4 * max(1, Fraction(x, WAD) ** 2)
        lot = Fraction(10**5, WAD)
        assert abs(value - amount * lot) <= allowed
        assert abs(tilt - Fraction(spot * delta, WAD) * lot) <= allowed
        assert abs(bend - Fraction(spot * spot * gamma, WAD * WAD) * lot) <= allowed
        assert abs(v - vega * lot) <= 2 and abs(dollars - Fraction(spot * delta, WAD) * lot) <= 1


def test_flattened__b_that_has_left_its_field__keeps_value_and_delta(math: Contract) -> None:
    draw = random.Random(9)
    for _ in range(ROUNDS):
        x = int(WAD * 2 ** draw.uniform(-12, -2))
        b = draw.choice((-1, 1)) * draw.randrange(2**62, 2**72)
        p, a = (draw.randint(-(2**60), 2**60) for _ in range(2))
        before = math.values.words(p, a, b, x, WAD)
        flat = math.flattened.words(p, a, b, 5, 6, x)
        after = math.values.words(*flat[:3], x, WAD)
        assert abs(flat[2]) <= 2**63 and flat[3:] == (5, 6)
        assert all(abs(one - other) <= 3 for one, other in zip(before[:2], after[:2], strict=True))


@pytest.mark.parametrize(
    ("age", "points"),
    [
        (0, 0),
        (1_200, 0),
        (1_201, WAD // 100 // 600),
        (1_800, WAD // 100),
        (1_200 + 25 * 600 - 1, 14_999 * WAD // 60_000),
        (1_200 + 25 * 600, WAD // 4),
        (2**40, WAD // 4),
    ],
)
def test_stale_vol__age__is_a_point_for_ten_minutes(math: Contract, age: int, points: int) -> None:
    assert math.stale_vol.words(age)[0] == points


@pytest.mark.parametrize("x", [2**71 - 1, 2**71, -(2**71), -(2**71) - 1, 0, 2**200])
def test_pulled__coordinate__stays_in_the_range_of_u(math: Contract, x: int) -> None:
    assert math.pulled.words(x)[0] == max(-(2**71), min(x, 2**71 - 1))


# --- cover


@pytest.mark.parametrize("digits", [6, 8, 18])
def test_cover__of_lots__is_whole_assets_and_adds_up(math: Contract, digits: int) -> None:
    """cover, locked_wad_up, grain."""
    grain, draw = 10 ** (22 - digits), random.Random(10)
    for _ in range(ROUNDS):
        strike, lots = grain * draw.randrange(1, 2**40), draw.randrange(1, 2**31)
        put, part = strike << 8 | 1, draw.randrange(lots)
        whole = math.cover.words(put, lots, digits)
        assert whole == (Fraction(strike * lots, 10**4 * 10 ** (18 - digits)), 0)
        parts = [math.cover.words(put, n, digits)[0] for n in (part, lots - part)]
        assert sum(parts) == whole[0]
        assert math.cover.words(strike << 8, lots, digits) == (0, lots)
        spot, quote = draw.randrange(2**90), draw.randrange(2**60)
        (locked,) = math.locked.words(quote, lots, spot, digits)
        assert 0 < locked - quote * 10 ** (18 - digits) - Fraction(lots * spot, 10**4) <= 1


# --- limits

BOUNDS = (WAD, 100 * WAD, 1_000, 2_000, 300 * WAD, 0, 50, WAD // 20, WAD * 19 // 20)
QUOTE: dict[str, int] = {
    "premium": 0, "fee": 0, "cover_fee": 0, "mark": 0, "delta": WAD // 2, "skew": 0, "spread": 0,
    "clamp": 0, "potential_before": 0, "potential_after": 0, "gamma_before": 0, "gamma_after": 0,
    "vega_before": 0, "vega_after": 0,
}  # fmt: skip


def within(math: Contract, written: int = 0, scale: int = WAD, **changed: int) -> str | None:
    quote = (*{**QUOTE, **changed}.values(), (0,) * 5)
    try:
        math.functions["require_within"](quote, BOUNDS, written, scale)
    except CallRevertedError as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize("sign", [1, -1])
def test_window__delta__is_inclusive(math: Contract, sign: int) -> None:
    low, high = BOUNDS[7:]
    for delta, inside in ((low - 1, 0), (low, 1), (low + 1, 1), (high, 1), (high + 1, 0)):
        assert within(math, delta=sign * delta) == (None if inside else "desk: delta window")


@pytest.mark.parametrize(
    ("name", "limit", "reason"),
    [
        ("potential", 100 * WAD, "desk: potential limit"),
        ("vega", 1_000, "desk: vega limit"),
        ("gamma", 2_000, "desk: gamma limit"),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_require_within__measure_of_risk__is_its_limit_or_what_it_was(
    math: Contract, name: str, limit: int, reason: str, sign: int
) -> None:
    """after <= max(limit, before): a trade that makes nothing worse is never refused."""
    if name == "potential" and sign < 0:
        sign = 1
    half = limit // 2
    for before, after, scale, refused in (
        (0, limit, WAD, False),
        (0, limit + 1, WAD, True),
        (limit + 7, limit + 7, WAD, False),
        (limit + 7, limit + 8, WAD, True),
        (limit + 7, limit - 1, WAD, False),
        (0, half, WAD // 2, False),
        (0, half + 1, WAD // 2, True),
        (half + 1, half + 1, WAD // 2, False),
    ):
        other = -sign if name != "potential" else 1
        changed = {f"{name}_before": other * before, f"{name}_after": sign * after}
        found = within(math, scale=scale, **changed)
        assert found == (reason if refused else None), (before, after, scale)


@pytest.mark.parametrize(("written", "scale"), [(50, WAD), (25, WAD // 2), (0, 0)])
def test_require_within__open_interest__is_at_most_the_sheets(
    math: Contract, written: int, scale: int
) -> None:
    assert within(math, written, scale) is None
    assert within(math, written + 1, scale) == "desk: open interest"


@pytest.mark.parametrize("scale", [WAD, WAD // 3, 0])
def test_require_covered__cover__is_at_most_the_scaled_limit(math: Contract, scale: int) -> None:
    limit = 300 * WAD
    edge = limit * scale // WAD
    math.functions["require_covered"].raw(
        b"".join(n.to_bytes(32, "big") for n in (edge, limit, scale))
    )
    with pytest.raises(CallRevertedError) as refusal:
        math.functions["require_covered"](edge + 1, limit, scale)
    assert refusal.value.reason == "desk: cover limit"


def test_scale__reference_nav_and_caution__shrink_limits_only(math: Contract) -> None:
    unit, caution = 1_000 * WAD, WAD // 2
    for nav, scale in ((1, 0), (250 * WAD, WAD // 4), (unit, WAD), (unit + 1, WAD), (2**101, WAD)):
        assert math.scale.words(unit, caution, 0, nav)[0] == scale
        for level in (1, 2, 3):
            assert math.scale.words(unit, caution, level, nav)[0] == scale // 2
    with pytest.raises(CallRevertedError) as refusal:
        math.scale.words(unit, caution, 0, 0)
    assert refusal.value.reason == "desk: nav not synced"


def test_toxicity__ratio__raises_the_spread_up_to_its_cap(math: Contract) -> None:
    slope, most = 500 * WAD, 3 * WAD
    for ratio, factor in (
        (0, WAD),
        (WAD // 1_000, WAD * 3 // 2),
        (WAD * 4 // 1_000, 3 * WAD),
        (WAD * 4 // 1_000 + 1, 3 * WAD),
        (2**32 * 10**12, 3 * WAD),
    ):
        assert math.toxicity.words(ratio, slope, most)[0] == factor
