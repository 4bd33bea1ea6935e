"""`Quoter.quote` against its references: the exact twin to the unit, the float model to a bound.

And its border: what it refuses and with which words, and that nothing else is ever refused.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.model import quoting
from ballast.model.quoting_exact import Exposure, Inquiry, Law, Quote, Slice, is_wide
from ballast.units import DAY, WAD, YEAR
from tests.math.bytecode import deployed
from tests.unit.quoter.world import (
    AGES,
    CAUTIONS,
    LAW,
    LOTS_MAX,
    NOW,
    SPOT_MAX,
    TAUS,
    TOXICITIES,
    WORKED,
    Sampler,
    after,
    ask,
    at_tau,
    both_sides,
    is_narrow,
    kernel,
    smile_words,
    twin,
    words,
)

BATCH = 3_000
REASONS = {"quoter: no bid", "quoter: range"}


# --- the worked check


@pytest.mark.parametrize(
    ("is_put", "lots", "each"),
    [
        (False, 10_000, 153.4503), (False, -10_000, 148.2232), (False, 100_000, 153.5739),
        (False, -100_000, 148.0996), (True, 10_000, 154.4043), (True, -10_000, 149.2692),
    ],
)  # fmt: skip
@pytest.mark.parametrize("decimals", [6, 8, 18])
def test_quote__worked_check__six_numbers_to_four_decimals(
    is_put: bool, lots: int, each: float, decimals: int
) -> None:
    found = ask(replace(WORKED, is_put=is_put, lots=lots, decimals=decimals))
    assert isinstance(found, Quote)
    assert round(found.premium / 10**decimals / (lots / 1e4), 4) == each
    assert round(found.mark / WAD, 4) == 148.4703


# --- the twin


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("is_wild", [False, True])
def test_quote__random_batch__is_the_twin_to_the_unit(seed: int, is_wild: bool) -> None:
    sampler = Sampler(random.Random(seed), is_wild=is_wild)
    quotes = 0
    for _ in range(BATCH):
        inquiry = sampler.inquiry()
        found = ask(inquiry)
        assert isinstance(found, Quote) or found in REASONS
        assert found == twin(inquiry), inquiry
        quotes += isinstance(found, Quote)
    assert quotes > BATCH // 4


@given(st.randoms())
@settings(max_examples=300)
def test_quote__any_inquiry__is_the_twin_to_the_unit(source: random.Random) -> None:
    inquiry = Sampler(source, is_wild=True).inquiry()
    found = ask(inquiry)
    assert isinstance(found, Quote) or found in REASONS
    assert found == twin(inquiry)


FIELDS: dict[str, tuple[int, ...]] = {
    "caution": CAUTIONS,
    "toxicity": TOXICITIES,
    "decimals": (6, 8, 18),
    "is_reduce_only": (False, True),
    "is_opening": (False, True),
    "reference": tuple(2_000 * WAD * 2**k // 2**12 for k in (0, 6, 11, 12, 13, 18, 24)),
    "underlying": (-(10**6) * WAD, -1, 0, 1, 10**6 * WAD),
    "strike": tuple(
        int(2_000 * WAD * f) for f in (1e-15, 1 / 33, 1 / 32, 1 / 31.9, 31.9, 32.0, 33.0, 1e9)
    ),
    "lots": (1, 2, 10_000, LOTS_MAX - 1, LOTS_MAX),
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field in FIELDS for value in FIELDS[field]]
)
@pytest.mark.parametrize("is_put", [False, True])
def test_quote__one_field_at_its_edge__is_the_twin_to_the_unit(
    field: str, value: int, is_put: bool
) -> None:
    inquiry = replace(WORKED, is_put=is_put, law=LAW, **{field: value})
    if field == "reference":  # the same coefficients would be another book
        inquiry = replace(inquiry, exposure=Exposure(delta=10**12, gamma=-(10**9)))
    for side in both_sides(inquiry):
        assert ask(side) == twin(side)


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("field", ["spot_at", "posted_at"])
@pytest.mark.parametrize("age", AGES)
def test_quote__time_and_ages_at_their_edges__is_the_twin_to_the_unit(
    tau: int, field: str, age: int
) -> None:
    timed = at_tau(replace(WORKED, law=LAW), tau)
    aged = replace(timed, snapshot=replace(timed.snapshot, **{field: NOW - age}))
    for side in both_sides(aged):
        found = ask(side)
        assert isinstance(found, Quote) or (side.lots < 0 and found == "quoter: no bid")
        assert found == twin(side)


@pytest.mark.parametrize("spot", [1, 2, 10**6, WAD, 10**5 * WAD, SPOT_MAX - 1, SPOT_MAX])
@pytest.mark.parametrize("discount", [607 * WAD // 1_000, WAD, 1_648 * WAD // 1_000])
def test_quote__price_at_its_edge__is_the_twin_to_the_unit(spot: int, discount: int) -> None:
    snapshot = replace(WORKED.snapshot, spot=spot, other=spot, discount=discount)
    inquiry = replace(WORKED, snapshot=snapshot, strike=spot, reference=spot, law=LAW, lots=1)
    for side in both_sides(inquiry):
        assert ask(side) == twin(side)


# --- what the twin starts from


@pytest.mark.parametrize("seed", range(2))
def test_option__random_batch__is_the_pricers_mark_within_its_error(seed: int) -> None:
    """At a price of at least one: dust has no digits to compare."""
    sampler, compared = Sampler(random.Random(200 + seed), is_wild=False), 0
    for _ in range(BATCH // 3):
        inquiry = sampler.inquiry()
        option = kernel(inquiry)
        if not option.vega:
            continue
        compared += 1
        found = deployed("QuoterMath").mark.words(*smile_words(inquiry.snapshot), inquiry.strike)
        mark, delta = (found[1], found[3]) if inquiry.is_put else (found[0], found[2])
        most = max(inquiry.snapshot.spot, inquiry.strike)
        assert abs(option.mark - mark) <= 2 + most // 10**18
        assert abs(option.delta - delta) <= 2
        assert abs(option.gamma - found[4]) <= 1 + found[4] // 10**15
        assert abs(option.vega - found[5]) <= 2 + most // 10**17
    assert compared > BATCH // 4


@pytest.mark.parametrize("factor", [1 / 1_000, 1 / 33, 33, 10**9])
@pytest.mark.parametrize("discount", [607 * WAD // 1_000, WAD, 1_648 * WAD // 1_000])
@pytest.mark.parametrize("is_put", [False, True])
def test_option__strike_outside_the_kernel__is_intrinsic_and_can_be_closed(
    factor: float, discount: int, is_put: bool
) -> None:
    """After any move: a seller is paid for what is in the money, and nothing for the rest."""
    snapshot = replace(WORKED.snapshot, discount=discount)
    strike = int(2_000 * WAD * factor)
    closing = replace(WORKED, snapshot=snapshot, strike=strike, is_put=is_put, lots=-10_000)
    worth = max(0, (strike * discount // WAD - 2_000 * WAD) * (1 if is_put else -1))
    found, option = ask(closing), kernel(closing)
    assert abs(option.mark - worth) <= 2
    assert (option.delta, option.gamma, option.vega) == (
        (WAD if worth else 0) * (-1 if is_put else 1), 0, 0
    )  # fmt: skip
    if worth:
        assert isinstance(found, Quote)
        assert found.mark == option.mark
    else:
        assert found == "quoter: no bid"


# --- the float model


def bound(inquiry: Inquiry, model: quoting.Quote) -> float:
    """How far premium and skew may be off: docs/MATH.md, in quote tokens.

    A lot's coordinates are off by 3 nano, times X^2 where spot is above the reference, and by what
    rounding the variance to 1e-18 does to Greeks: 5e-9 of them at one second. The potential turns
    that into slope times coordinate times error.
    """
    spot, lots = inquiry.snapshot.spot / WAD, abs(inquiry.lots)
    nano = 3e-9 * max(1.0, (inquiry.ratio / WAD) ** 2) + 1e-22 * spot**2
    gamma, vega = float(model.risk.gamma) * 1e-4, float(model.risk.vega) * 1e-4
    errors = [lots * (nano + part) for part in (spot * 5e-13, gamma * 5e-9, vega * 5e-9, 0.0, 0.0)]
    errors[3], errors[4] = errors[0], errors[2]
    before = [abs(c) / 1e9 for c in inquiry.coordinates]
    last = model.exposure_after
    ends = (last.delta, last.gamma, last.vega, last.flow_delta, last.flow_vega)
    slopes = [slope / 1e27 for slope in inquiry.law.slopes]
    off = sum(
        slope * (start + abs(float(end)) + error) * (error + 2e-9)
        for slope, start, end, error in zip(slopes, before, ends, errors, strict=True)
    )
    return off + 4e-15 * float(model.potential_before + model.potential_after) + 1e-18


def modelled(inquiry: Inquiry) -> quoting.Quote:
    """The float model's quote."""
    return quoting.quote(
        inquiry.snapshot.natural(),
        inquiry.strike / WAD,
        inquiry.is_put,
        inquiry.lots / 1e4,
        quoting.Exposure(*(c / 1e9 for c in inquiry.coordinates)),
        inquiry.law.natural(),
        caution=inquiry.caution / WAD,
        toxicity=inquiry.toxicity / WAD,
        is_opening=inquiry.is_opening,
        is_reduce_only=inquiry.is_reduce_only,
    )


@pytest.mark.parametrize("seed", range(4))
def test_quote__random_batch__is_the_float_model_within_its_bound(seed: int) -> None:
    sampler = Sampler(random.Random(100 + seed), is_wild=False)
    quotes = 0
    for _ in range(BATCH // 3):
        inquiry = sampler.inquiry()
        found = ask(inquiry)
        if isinstance(found, str) or not is_narrow(inquiry):
            continue
        quotes += 1
        model, unit = modelled(inquiry), 10.0**-inquiry.decimals
        contracts, most = abs(inquiry.lots) / 1e4, max(inquiry.snapshot.spot, inquiry.strike) / WAD
        assert abs(found.mark / WAD - float(model.mark)) <= 1e-14 * most
        assert abs(found.delta / WAD - float(model.delta)) <= 5e-10
        skew = bound(inquiry, model)
        assert abs(found.skew / WAD - float(model.skew)) <= skew
        rest = 1e-14 * contracts * most + 5e-9 * float(model.spread + model.fee) + 4 * unit
        assert abs(found.premium / 10**inquiry.decimals - float(model.premium)) <= skew + rest
    assert quotes > BATCH // 6


def test_quote__random_batch__lots_are_the_float_models_to_three_nano() -> None:
    """Of dollar delta and gamma dollars, times X^2 where spot is above the reference."""
    sampler = Sampler(random.Random(50), is_wild=True)
    for _ in range(BATCH // 2):
        inquiry = sampler.inquiry()
        spot, x = inquiry.snapshot.spot / WAD, inquiry.ratio / WAD
        found = ask(inquiry)
        if isinstance(found, str) or not 1e-3 < spot < 1e9:
            continue
        risk, model = found.risk, modelled(inquiry).risk
        nano, small = max(1.0, x * x), 1e-13 * spot**2
        delta, gamma, vega = (float(g) * 1e5 for g in (model.delta, model.gamma, model.vega))
        bent = risk.delta * x + risk.gamma * x * x
        assert abs(bent - delta) <= 3 * nano + 5e-10 * spot * 1e5
        assert abs(risk.gamma * x * x - gamma) <= 3 * nano + small + 5e-9 * gamma
        assert abs(risk.vega - vega) <= 1.0 + 5e-9 * vega
        assert abs(risk.flow_delta - delta) <= 1.0 + 5e-10 * spot * 1e5


# --- what is refused


def refused(**changes: object) -> str:
    found = ask(replace(WORKED, **changes))  # type: ignore[arg-type]
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("lots", [0, LOTS_MAX + 1, -LOTS_MAX - 1, 2**254, -(2**254), 2**255 - 1])
def test_quote__size_outside__is_refused(lots: int) -> None:
    assert refused(lots=lots) == "quoter: size"


@pytest.mark.parametrize("strike", [0, 2**120, 2**256 - 1])
def test_quote__strike_outside__is_refused(strike: int) -> None:
    assert refused(strike=strike) == "quoter: strike"


@pytest.mark.parametrize("price", [0, SPOT_MAX + 1, 2**255, 2**256 - 1])
@pytest.mark.parametrize("field", ["spot", "other"])
def test_quote__price_outside__is_refused(price: int, field: str) -> None:
    snapshot = replace(WORKED.snapshot, **{field: price})
    assert refused(snapshot=snapshot) == "quoter: spot"


def test_quote__expired__is_refused() -> None:
    assert refused(snapshot=replace(WORKED.snapshot, tau=0)) == "quoter: expired"


@pytest.mark.parametrize(
    ("smile", "reason"),
    [
        (Slice(0), "theta"), (Slice(257 * WAD), "theta"), (Slice(WAD, WAD), "rho"),
        (Slice(WAD, -WAD), "rho"), (Slice(WAD, 0, 64 * WAD + 1), "psi"),
    ],
)  # fmt: skip
def test_quote__slice_outside_the_kernel__is_refused_by_name(smile: Slice, reason: str) -> None:
    assert refused(snapshot=replace(WORKED.snapshot, smile=smile)) == f"pricer: {reason}"


@pytest.mark.parametrize("tau", [2**27 + 1, 2**40])
def test_quote__time_beyond_the_kernel__is_refused(tau: int) -> None:
    assert refused(snapshot=replace(WORKED.snapshot, tau=tau)) == "pricer: tau"


@pytest.mark.parametrize("lots", [-1, -10_000, -LOTS_MAX])
def test_quote__sale_of_what_is_worth_less_than_the_spread__has_no_bid(lots: int) -> None:
    assert refused(strike=20_000 * WAD, lots=lots) == "quoter: no bid"
    assert isinstance(ask(replace(WORKED, strike=20_000 * WAD, lots=-lots)), Quote)


@pytest.mark.parametrize(("decimals", "has_bid"), [(6, False), (8, True), (18, True)])
def test_quote__sale_worth_less_than_a_unit__has_no_bid(decimals: int, has_bid: bool) -> None:
    """One lot at a bid of 0.009: 9e-7 quote tokens."""
    law, calm = Law(), Exposure()
    inquiry = replace(WORKED, law=law, exposure=calm, lots=-1, decimals=decimals)
    cheap = next(
        k for k in range(2_000, 9_000)
        if ask(replace(inquiry, strike=k * WAD, lots=1, decimals=18)).mark < WAD // 110  # type: ignore[union-attr]
    )  # fmt: skip
    found = ask(replace(inquiry, strike=cheap * WAD))
    assert isinstance(found, Quote) == has_bid
    assert has_bid or found == "quoter: no bid"


EDGE = 2**71


@pytest.mark.parametrize("field", ["vega", "flow_delta", "flow_vega"])
@pytest.mark.parametrize(
    ("value", "is_in"),
    [(EDGE - 1, True), (EDGE, False), (-EDGE, True), (-EDGE - 1, False)],
)  # fmt: skip
@pytest.mark.parametrize("lots", [1, -1])
def test_quote__coordinate_at_the_end_of_its_range__only_openings_are_refused(
    field: str, value: int, is_in: bool, lots: int
) -> None:
    """Before the trade or after it: a lot more in the wrong direction is one too many."""
    inquiry = replace(WORKED, exposure=Exposure(**{field: value}), lots=lots, is_opening=True)
    reached = is_in and not is_wide(after(inquiry))
    found = ask(inquiry)
    assert (found != "quoter: range") == reached
    assert ask(replace(inquiry, is_opening=False)) != "quoter: range"


# --- delta


@pytest.mark.parametrize("strike", [1, 2_000 * WAD // 33, 1_900 * WAD, 2_100 * WAD, 10**6 * WAD])
@pytest.mark.parametrize("is_put", [False, True])
def test_delta__any_strike__is_that_of_a_quote(strike: int, is_put: bool) -> None:
    inquiry = replace(WORKED, strike=strike, is_put=is_put, lots=1)
    found = words("delta", *inquiry.words()[5:17], strike, int(is_put))
    assert isinstance(found, list)
    delta = found[0] - 2**256 if found[0] >> 255 else found[0]
    assert delta == kernel(inquiry).delta
    assert 0 <= (delta + WAD if is_put else delta) <= WAD


def test_delta__expired__is_refused() -> None:
    gone = replace(WORKED, snapshot=replace(WORKED.snapshot, tau=0))
    assert words("delta", *gone.words()[5:17], gone.strike, 0) == "quoter: expired"


def test_quote__thirty_days__theta_is_the_years_share() -> None:
    """The base that the edges start from is the one of the worked check."""
    assert WORKED.snapshot.smile.theta == 65**2 * 30 * WAD // (365 * 10_000)
    assert WORKED.snapshot.tau == 30 * DAY == YEAR * 30 // 365
