"""What a sheet says: as given, as derived, at which gas and size, and to whom it fits."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.bench.meter import Meter
from ballast.chain import Chain, RevmChain, compile_contract
from ballast.chain.codec import Codec
from ballast.market import SheetNumbers
from ballast.market.sheet import SheetError
from ballast.units import DAY, WAD
from tests.unit.risk_sheet.rules import BOUNDS, BY_NAME, SLACK, refusal, slack_at
from tests.unit.risk_sheet.world import NOBODY, deploy, outcome

SLOPE = 10**27
NAV = 1_000_000 * WAD


def share(value: int) -> Fraction:
    return Fraction(value, WAD)


def slopes(n: SheetNumbers) -> tuple[int, ...]:
    """L and l from what the numbers mean, in fractions, rounded down once."""
    nav = share(n["nav_unit"])
    day = Fraction(1, 365)
    return tuple(
        floor(SLOPE * slope)
        for slope in (
            share(n["delta_skew"]) / share(n["delta_limit"]),
            share(n["vol_ref"]) ** 2 / 2 * share(n["gamma_rent"]) * day / share(n["gamma_limit"]),
            share(n["vega_skew"]) / share(n["vega_limit"]),
            share(n["flow_skew"]) / (share(n["flow_depth"]) * nav),
            share(n["vflow_skew"]) / (share(n["vflow_depth"]) * nav),
        )
    )


def assert_says(sheet: Any, n: SheetNumbers) -> None:
    """Every view, against the numbers as given."""
    assert sheet.numbers() == n.as_tuple()
    assert sheet.surface_limits() == n.as_tuple()[3]
    assert sheet.account_terms() == n.account_terms()
    assert sheet.hedge_terms() == n.as_tuple()[5]
    assert sheet.performance_fee() == n["performance_fee"]
    trade, mark = sheet.trade_terms(), sheet.mark_terms()
    assert trade == n.trade_terms()
    assert mark == n.mark_terms()
    assert trade.law[:5] == mark[:5] == slopes(n)


@pytest.mark.parametrize("numbers", [SheetNumbers(), SLACK], ids=["default", "slack"])
def test_views__either_chain__say_the_numbers(chain: Chain, numbers: SheetNumbers) -> None:
    sheet = deploy(chain, numbers)
    assert_says(sheet, numbers)
    assert sheet.PREVIOUS() == NOBODY
    assert deploy(chain, numbers, sheet).PREVIOUS() == sheet.address


def test_init__either_chain__refuses(chain: Chain) -> None:
    assert outcome(chain, SLACK.changed(b_vega=0)) == "sheet: b vega"


def test_trade_terms__defaults__are_the_designs(revm: RevmChain) -> None:
    terms = deploy(revm, SheetNumbers()).trade_terms()
    assert terms.law.delta_slope == SLOPE * 20 // 10_000 // 100_000  # 20 bps at 100,000
    assert terms.law.vega_slope == SLOPE * 8 // 100 // 35_000  # 8 points at 35,000
    assert terms.law.gamma_slope == 57_876_712_328_767_123  # 1/2 0.65^2 0.5/365 / 5,000,000
    assert terms.law.flow_slope == SLOPE * 50 // 10_000 // 10_000  # 50 bps at 10,000
    assert terms.limits.potential == 7_500 * WAD
    assert terms.limits.vega == 35_000 * 10**9
    assert terms.limits.gamma == 5_000_000 * 10**9
    assert (terms.limits.cover, terms.limits.credit) == (600_000 * WAD, 250_000 * WAD)


def test_trade_terms__every_field__comes_from_its_own_number(revm: RevmChain) -> None:
    """Each number alone: what it changes, and nothing else."""
    derived = {
        "delta_limit": {"delta_slope"},
        "delta_skew": {"delta_slope"},
        "gamma_limit": {"gamma_slope", "gamma"},
        "gamma_rent": {"gamma_slope"},
        "vol_ref": {"gamma_slope"},
        "vega_limit": {"vega_slope", "vega"},
        "vega_skew": {"vega_slope"},
        "flow_depth": {"flow_slope"},
        "flow_skew": {"flow_slope"},
        "vflow_depth": {"vflow_slope"},
        "vflow_skew": {"vflow_slope"},
        "potential_max": {"potential"},
        "credit_max": {"credit"},
        "cover_max": {"cover"},
        "series_lots": {"lots"},
    }
    before = flat_terms(deploy(revm, SLACK))
    for name, value in SLACK.flat.items():
        if name == "nav_unit":
            continue
        move = max(value // 64, 1) if value else WAD // 10_000
        moved = SLACK.changed(**{name: value + move})
        numbers = moved if refusal(moved) is None else SLACK.changed(**{name: value - move})
        assert refusal(numbers) is None
        after = flat_terms(deploy(revm, numbers))
        changed = {key for key in before if before[key] != after[key]}
        assert changed == derived.get(name, {name} & before.keys()), name


def flat_terms(sheet: Any) -> dict[str, int]:
    """Fields of trade_terms and mark_terms by name; slopes must agree between the two."""
    trade, mark = sheet.trade_terms(), sheet.mark_terms()
    flat = {**trade._asdict(), **trade.law._asdict(), **trade.limits._asdict(), **mark._asdict()}
    assert mark[:5] == trade.law[:5]
    return {name: value for name, value in flat.items() if name not in ("law", "limits")}


def extremes() -> list[SheetNumbers]:
    """Numbers of each slope at the edges of their ranges, at the least and the largest NAV."""
    skews = ("delta_skew", "gamma_rent", "vol_ref", "vega_skew", "flow_skew", "vflow_skew")
    depths = ("delta_limit", "gamma_limit", "vega_limit", "flow_depth", "vflow_depth")
    sheets = []
    for nav in (1_000 * WAD, 100_000_000 * WAD):
        base = slack_at(nav).changed(vol_max=2 * WAD)
        for top, bottom in ((1, 0), (0, 1)):
            numbers = {name: BY_NAME[name].edges(nav)[top] for name in skews}
            numbers |= {name: BY_NAME[name].edges(nav)[bottom] for name in depths}
            loose = {"theta_hour": WAD // 50, "b_delta": WAD // 100}
            for changes in ({**numbers, **loose}, {**numbers, **loose, "delta_skew": WAD // 10**4}):
                if refusal(base.changed(**changes)) is None:
                    sheets.append(base.changed(**changes))
    return sheets


def test_slopes__numbers_at_their_edges__fit_the_law(revm: RevmChain) -> None:
    sheets = extremes()
    assert len(sheets) >= 4
    for numbers in sheets:
        sheet = deploy(revm, numbers)
        assert_says(sheet, numbers)
        assert all(1 <= slope < 2**100 for slope in slopes(numbers))
        limits = sheet.trade_terms().limits
        assert 0 < limits.vega < 2**61 and 0 < limits.gamma < 2**61


def test_slopes__ranges_alone__keep_them_below_2_to_the_100() -> None:
    """Whatever the joint conditions say: the largest skew over the least limit, and the reverse."""

    def at(name: str, edge: int, nav: int = 1_000 * WAD) -> Fraction:
        return share(BY_NAME[name].edges(nav)[edge])

    least, most = 1_000 * WAD, 100_000_000 * WAD
    for skew, limit in (("delta_skew", "delta_limit"), ("vega_skew", "vega_limit")):
        assert SLOPE * at(skew, 1) / at(limit, 0, least) < 2**100
        assert SLOPE * at(skew, 0) / at(limit, 1, most) >= 1
    for skew, depth in (("flow_skew", "flow_depth"), ("vflow_skew", "vflow_depth")):
        assert SLOPE * at(skew, 1) / (at(depth, 0) * share(least)) < 2**100
        assert SLOPE * at(skew, 0) / (at(depth, 1) * share(most)) >= 1
    rent = at("vol_ref", 1) ** 2 * at("gamma_rent", 1) / 730
    assert SLOPE * rent / at("gamma_limit", 0, least) < 2**100
    rent = at("vol_ref", 0) ** 2 * at("gamma_rent", 0) / 730
    assert SLOPE * rent / at("gamma_limit", 1, most) >= 1
    assert BY_NAME["gamma_limit"].edges(most)[1] // 10**9 < 2**61


VALID = st.fixed_dictionaries(
    {},
    optional={
        bound.name: st.integers(*bound.edges(NAV)) for bound in BOUNDS if bound.name != "nav_unit"
    },
).map(lambda changes: SLACK.changed(**changes))


@settings(max_examples=100)
@given(VALID)
def test_views__any_sheet_that_stands__say_the_numbers(numbers: SheetNumbers) -> None:
    if refusal(numbers) is None:
        assert_says(deploy(RevmChain(), numbers), numbers)
    else:
        assert outcome(RevmChain(), numbers) == refusal(numbers)


# --- defaults


@pytest.mark.parametrize("nav", [1_000, 25_000, 1_000_000, 77_777_777, 100_000_000])
@pytest.mark.parametrize("spot", [50, 2_000, 120_000])
def test_for_nav__any_size__stands_and_scales(revm: RevmChain, nav: int, spot: int) -> None:
    numbers = SheetNumbers.for_nav(nav * WAD, spot * WAD)
    base = SheetNumbers()
    assert numbers["series_lots"] == min(nav * 2_000 // spot, 2**31 - 1)
    if numbers["series_lots"] < 100:
        assert outcome(revm, numbers) == "sheet: series lots"
        return
    assert outcome(revm, numbers) is None
    for name in ("delta_limit", "gamma_limit", "vega_limit", "slice_min", "slice_max"):
        assert numbers[name] * 10**6 == base[name] * nav
    if nav == 1_000_000 and spot == 2_000:
        assert numbers == base


def test_defaults__are_written_once(revm: RevmChain) -> None:
    assert refusal(SheetNumbers()) is None
    assert SheetNumbers() == SheetNumbers.for_nav(NAV)


def test_changed__unknown_number__is_named() -> None:
    with pytest.raises(SheetError, match="no number b_gamma"):
        SheetNumbers().changed(b_gamma=1)


# --- sizes and gas


def test_size__code_and_numbers__within_the_limits(revm: RevmChain) -> None:
    artifact = compile_contract("RiskSheet")
    assert len(revm.code(deploy(revm, SLACK).address)) <= 4_700
    assert len(artifact.bytecode) + 78 * 32 <= 49_152 // 2


@pytest.mark.parametrize(
    ("method", "most"),
    [
        ("trade_terms", 300),
        ("mark_terms", 175),
        ("surface_limits", 205),
        ("account_terms", 260),
        ("hedge_terms", 220),
        ("performance_fee", 155),
        ("numbers", 600),
    ],
)
def test_gas__at_most(method: str, most: int) -> None:
    """Of the sheet's own frame: a trade also pays for a cold account, and to read the answer."""
    artifact = compile_contract("RiskSheet")
    codec = Codec(artifact.abi)
    meter = Meter(artifact, codec.constructor(SheetNumbers().as_args()))
    gas = meter.call(codec.function(method, ()).encode(())).gas
    assert 0.75 * most < gas <= most


# --- those who ask


@pytest.mark.parametrize("edge", [0, 1], ids=["least", "most"])
def test_surface_limits__at_the_edges__surface_takes_them(revm: RevmChain, edge: int) -> None:
    owner, keeper, second = revm.accounts[1:4]
    surface = compile_contract("Surface")
    names = [bound.name for bound in BOUNDS[38:47]]
    for name in names:
        numbers = SLACK.changed(**{name: BY_NAME[name].edges(NAV)[edge]})
        assert refusal(numbers) is None
        sheet = deploy(revm, numbers)
        assert revm.deploy(surface, owner, keeper, second, sheet).sheet() == sheet.address
    assert names == list(SheetNumbers().surface.__dataclass_fields__)


def test_account_terms__at_the_edges__pricer_takes_the_shocks(revm: RevmChain) -> None:
    pricer = revm.deploy(compile_contract("Pricer"))
    spot = 2_000 * WAD
    leg = (spot, spot, WAD, WAD // 30, 30 * DAY, -WAD, 0)
    most = {bound.name: bound.most for bound in BOUNDS}
    shocks = [(WAD - most["shock_down"], 1), (WAD + most["shock_up"], -1)]
    vol_shock = (most["vol_up"], most["vol_down"], most["near_power"], most["far_power"])
    down, up = pricer.grid([leg], shocks, vol_shock)
    assert up < down < 0
