"""The quoting law in the contract's own integers: the twin that checks the bytecode to the unit.

It begins after the kernel: mark, Greeks and roots of one contract come in as the integers that the
contract computes, and every step from there to the premium is repeated with the contract's
roundings. Structs have the fields of contracts/types.vy in their order, so that `words` is calldata
and `Quote.from_words` reads what comes back.

Scales: WAD but where a name or docs/MATH.md says otherwise. Coefficients of exposure count nano,
1e-9 quote tokens; slopes are scaled 1e27; amounts at 1e-45 wait for the one division.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from math import isqrt
from typing import Any

from ballast.errors import ModelError
from ballast.model import quoting
from ballast.model.essvi import Slice as FloatSlice
from ballast.units import DAY, LOT, WAD, YEAR

NANO = 10**9
Q = 2**96
"""One, in the kernel's fixed point."""
SLOPE = 10**27
RATIO_MAX = 2**80
FIELD = 2**71
"""Coordinates of U saturate here; an opening that reaches it is refused."""
TWICE_QUOTE = 2 * 10**45
"""One quote token, as twice its amount at 1e-45."""
_TWICE_PRODUCT = 2 * 10**9  # takes a product of two WAD there
_TWICE_WEI = 2 * 10**27  # 1e-18 quote tokens there
_LOT_IN_NANO = 10**5  # nano in a quote token, times contracts in a lot
_SQRT_2LN2 = 1357461334697722656  # 2^60


@dataclass(frozen=True)
class Law:
    """types.Law."""

    delta_slope: int = 0
    gamma_slope: int = 0
    vega_slope: int = 0
    flow_slope: int = 0
    vflow_slope: int = 0
    h_min: int = 0
    b_vega: int = 0
    b_delta: int = 0
    b_mark: int = 0
    stale_z: int = 0
    fee_spot: int = 0
    fee_cap: int = 0
    cover_rate: int = 0
    improve_cap: int = WAD // 4

    @property
    def slopes(self) -> tuple[int, int, int, int, int]:
        """Of U, in the order of its coordinates."""
        return (
            self.delta_slope,
            self.gamma_slope,
            self.vega_slope,
            self.flow_slope,
            self.vflow_slope,
        )

    def natural(self) -> quoting.Law:
        """The same numbers for the float model."""
        names = [field.name for field in fields(self)]
        scales = (SLOPE,) * 5 + (WAD,) * 9
        values = {n: getattr(self, n) / s for n, s in zip(names, scales, strict=True)}
        return quoting.Law(**values)


@dataclass(frozen=True)
class Slice:
    """types.Slice."""

    theta: int
    rho: int = 0
    psi: int = 0


@dataclass(frozen=True)
class Snapshot:
    """types.Snapshot."""

    at: int
    spot: int
    other: int
    spot_at: int
    smile: Slice
    carry: int
    discount: int
    tau: int
    posted_at: int
    version: int = 1

    def natural(self) -> quoting.Moment:
        """The same moment for the float model."""
        smile = FloatSlice(self.smile.theta / WAD, self.smile.rho / WAD, self.smile.psi / WAD)
        return quoting.Moment(
            spot=self.spot / WAD,
            smile=smile,
            seconds=self.tau,
            discount=self.discount / WAD,
            other=self.other / WAD,
            spot_age_seconds=self.at - self.spot_at,
            surface_age_seconds=self.at - self.posted_at,
        )


@dataclass(frozen=True)
class Exposure:
    """types.Exposure: coefficients of the book's polynomial, and the flows."""

    delta: int = 0
    gamma: int = 0
    vega: int = 0
    flow_delta: int = 0
    flow_vega: int = 0

    def sold(self, risk: Risk, lots: int) -> Exposure:
        """After a client has bought so many lots: exact, so what is undone is undone."""
        return Exposure(
            delta=self.delta - lots * risk.delta,
            gamma=self.gamma - lots * risk.gamma,
            vega=self.vega - lots * risk.vega,
            flow_delta=self.flow_delta + lots * risk.flow_delta,
            flow_vega=self.flow_vega + lots * risk.vega,
        )

    def coordinates(self, x: int, spot: int, underlying: int) -> tuple[int, int, int, int, int]:
        """What U is the square of, nano: dollar delta, gamma dollars, weighted vega, flows."""
        bent = _toward_zero((self.delta * WAD + self.gamma * x) * x, WAD * WAD)
        return (
            bent + _toward_zero(underlying * spot, WAD * NANO),
            _toward_zero(self.gamma * x * x, WAD * WAD),
            self.vega,
            self.flow_delta,
            self.flow_vega,
        )


@dataclass(frozen=True)
class Risk:
    """types.Risk: of one lot held, nano."""

    value: int
    delta: int
    gamma: int
    vega: int
    flow_delta: int


@dataclass(frozen=True)
class Inquiry:
    """types.Inquiry."""

    strike: int
    is_put: bool
    lots: int
    is_opening: bool
    is_reduce_only: bool
    snapshot: Snapshot
    exposure: Exposure
    underlying: int
    reference: int
    law: Law
    caution: int = WAD
    toxicity: int = WAD
    decimals: int = 6

    def words(self) -> list[int]:
        """As calldata."""
        return list(_flattened(self))

    @property
    def ratio(self) -> int:
        """X = S/R."""
        return max(1, min(self.snapshot.spot * WAD // self.reference, RATIO_MAX))

    @property
    def coordinates(self) -> tuple[int, int, int, int, int]:
        """Of U before the trade."""
        return self.exposure.coordinates(self.ratio, self.snapshot.spot, self.underlying)


@dataclass(frozen=True)
class Quote:
    """types.Quote."""

    premium: int
    fee: int
    cover_fee: int
    mark: int
    delta: int
    skew: int
    spread: int
    clamp: int
    potential_before: int
    potential_after: int
    gamma_before: int
    gamma_after: int
    vega_before: int
    vega_after: int
    risk: Risk

    @classmethod
    def from_words(cls, words: Sequence[int]) -> Quote:
        """From what the contract returned."""
        names = [field.name for field in fields(cls)]
        return cls(**dict(zip(names, words[:14], strict=False)), risk=Risk(*words[14:]))


@dataclass(frozen=True)
class Kernel:
    """What the kernel says of one contract at one moment."""

    mark: int
    """At the first source's price."""
    other_mark: int
    """At the second's."""
    delta: int
    gamma: int
    vega: int
    root_variance: int
    """sqrt(w / (2 ln 2)), Q; of the variance at the money where the kernel does not reach."""
    root_tau: int
    """sqrt(tau in years), Q."""
    root_age: int
    """The same of the age of spot."""


class Refused(ModelError):  # noqa: N818, it reads as the event that it is
    """The contract would revert with this reason."""


def quote_exact(inquiry: Inquiry, kernel: Kernel) -> Quote:
    """What the contract returns, to the unit; `Refused` with its reason where it reverts."""
    risk = lot_risk(inquiry, kernel)
    before, after = inquiry.exposure, inquiry.exposure.sold(risk, inquiry.lots)
    at = (inquiry.ratio, inquiry.snapshot.spot, inquiry.underlying)
    start, end = before.coordinates(*at), after.coordinates(*at)
    if inquiry.is_opening and (is_wide(start) or is_wide(end)):
        raise Refused("quoter: range")
    twice_before, twice_after = (twice_potential(inquiry.law, place) for place in (start, end))
    skew = twice_after - twice_before
    if inquiry.is_reduce_only:
        skew = max(skew, 0)
    amounts = _amounts(inquiry, kernel, skew)
    return Quote(
        **amounts,
        delta=kernel.delta,
        skew=_toward_zero(skew, _TWICE_WEI),
        potential_before=twice_before // _TWICE_WEI,
        potential_after=twice_after // _TWICE_WEI,
        gamma_before=start[1],
        gamma_after=end[1],
        vega_before=before.vega,
        vega_after=after.vega,
        risk=risk,
    )


def factors(root_tau: int) -> tuple[int, int]:
    """What gamma dollars and vega are multiplied with, Q: the floor of 12 hours, and omega."""
    floor, week, month = (_root_years(s) for s in (DAY // 2, 7 * DAY, 30 * DAY))
    if root_tau >= floor:
        return Q, month * Q // max(root_tau, week)
    return root_tau * Q // floor, month * Q // week * floor // max(root_tau, 1)


def lot_risk(inquiry: Inquiry, kernel: Kernel) -> Risk:
    """Coefficients of a lot, each rounded toward zero."""
    x, spot, unit = inquiry.ratio, inquiry.snapshot.spot, _LOT_IN_NANO
    gamma_factor, vega_factor = factors(kernel.root_tau)
    dollars = _toward_zero(spot * kernel.delta * unit, WAD * WAD)
    bend = (spot * kernel.gamma // WAD) * gamma_factor >> 96
    b = (bend * spot * unit // (WAD * WAD)) * WAD * WAD // (x * x)
    a = _toward_zero(dollars * WAD, x) - b * x // WAD
    value = kernel.mark * unit // WAD - _toward_zero(a * x, WAD) - b * x * x // (2 * WAD * WAD)
    vega = (kernel.vega * unit * vega_factor >> 96) // WAD
    return Risk(value=value, delta=a, gamma=b, vega=vega, flow_delta=dollars)


def is_wide(coordinates: Sequence[int]) -> bool:
    """Does any lie outside the range in which openings are quoted?"""
    return any(not -FIELD <= g < FIELD for g in coordinates)


def twice_potential(law: Law, coordinates: Sequence[int]) -> int:
    """2 U at 1e-45. Saturated coordinates keep it a function of the state, whatever the state."""
    held = (max(-FIELD, min(g, FIELD - 1)) for g in coordinates)
    return sum(slope * g * g for slope, g in zip(law.slopes, held, strict=True))


def half_spread(inquiry: Inquiry, kernel: Kernel) -> int:
    """h of one contract, quote."""
    law, snapshot = inquiry.law, inquiry.snapshot
    mark = _mark(inquiry, kernel)
    dollars = snapshot.spot * abs(kernel.delta) // WAD
    terms = law.b_vega * kernel.vega + law.b_delta * dollars + law.b_mark * mark
    h = max(law.h_min * snapshot.spot, terms) // WAD
    h = h * inquiry.caution * inquiry.toxicity // (WAD * WAD)
    drift = kernel.root_variance * kernel.root_age // kernel.root_tau
    drift = drift * _SQRT_2LN2 >> 60  # sigma sqrt(age), Q
    h += (law.stale_z * dollars // WAD) * drift >> 96
    aged = max(0, snapshot.at - snapshot.posted_at - quoting.SURFACE_GRACE_SECONDS)
    points = min(aged * WAD // 100 // 600, WAD // 4)
    return h + kernel.vega * points // WAD


def numerator(inquiry: Inquiry, kernel: Kernel, skew: int) -> tuple[int, int]:
    """Twice the amount at 1e-45, before the clamps and after."""
    size, mark = inquiry.lots * LOT, _mark(inquiry, kernel)
    spread = abs(size) * half_spread(inquiry, kernel)
    plain = (size * mark + spread) * _TWICE_PRODUCT + skew
    bound = size * _bound(inquiry, mark) * _TWICE_PRODUCT
    return plain, max(plain, bound)


def _amounts(inquiry: Inquiry, kernel: Kernel, skew: int) -> dict[str, int]:
    """The fields of a quote that are money."""
    law, snapshot, size = inquiry.law, inquiry.snapshot, abs(inquiry.lots) * LOT
    plain, clamped = numerator(inquiry, kernel, skew)
    mark = _mark(inquiry, kernel)
    fee = min(law.fee_spot * snapshot.spot, law.fee_cap * mark) // WAD
    fee = _assets_up(size * fee * _TWICE_PRODUCT, inquiry.decimals)
    cover_fee = 0
    if inquiry.lots > 0 and inquiry.is_opening:
        cover = inquiry.strike if inquiry.is_put else snapshot.spot
        cover = cover * law.cover_rate * snapshot.tau // (WAD * YEAR)
        cover_fee = _assets_up(size * cover * _TWICE_PRODUCT, inquiry.decimals)
    premium = _assets_up(clamped, inquiry.decimals) + fee + cover_fee
    if inquiry.lots < 0 and premium >= 0:
        raise Refused("quoter: no bid")
    return {
        "premium": premium,
        "fee": fee,
        "cover_fee": cover_fee,
        "mark": mark,
        "spread": size * half_spread(inquiry, kernel) // WAD,
        "clamp": (clamped - plain) // _TWICE_WEI,
    }


def _mark(inquiry: Inquiry, kernel: Kernel) -> int:
    """Of the two sources' marks the one that is worse for the trader."""
    pair = (kernel.mark, kernel.other_mark)
    return max(pair) if inquiry.lots > 0 else min(pair)


def _bound(inquiry: Inquiry, mark: int) -> int:
    """Per contract: what a buyer pays at least (up), what a seller gets at most (down)."""
    snapshot, strike = inquiry.snapshot, inquiry.strike
    improvement = mark * inquiry.law.improve_cap // WAD
    spots = (snapshot.spot, snapshot.other)
    if inquiry.lots > 0:
        cash_up, cash = -(-strike * snapshot.discount // WAD), strike * snapshot.discount // WAD
        intrinsic = cash_up - min(spots) if inquiry.is_put else max(spots) - cash
        return max(mark - improvement, intrinsic, 0)
    most = strike * min(snapshot.discount, WAD) // WAD if inquiry.is_put else min(spots)
    return min(mark + improvement, most)


def _assets_up(twice: int, decimals: int) -> int:
    """Assets, toward plus infinity for both signs."""
    divisor: int = 2 * 10 ** (45 - decimals)
    return -(-twice // divisor)


def _toward_zero(a: int, b: int) -> int:
    """a / b for b > 0, as the EVM divides."""
    return a // b if a >= 0 else -(-a // b)


def _root_years(seconds: int) -> int:
    """sqrt(seconds in years), Q, rounded down."""
    return isqrt((seconds << 192) // YEAR)


def _flattened(value: Any) -> Iterator[int]:
    """All words of a struct, in order."""
    if is_dataclass(value):
        for field in fields(value):
            yield from _flattened(getattr(value, field.name))
    else:
        yield int(value)
