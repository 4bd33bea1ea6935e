"""The quoter's bytecode and its twin side by side, and inquiries to put to both."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from functools import cache

from ballast.model.quoting_exact import (
    FIELD,
    Exposure,
    Inquiry,
    Kernel,
    Law,
    Quote,
    Refused,
    Slice,
    Snapshot,
    is_wide,
    lot_risk,
    quote_exact,
    twice_potential,
)
from ballast.units import DAY, WAD, YEAR
from tests.math.bytecode import CallRevertedError, deployed

NOW = 1_800_000_000
SPOT_MAX = 2**108 - 1
LOTS_MAX = 2**31 - 1
TAUS = (1, 2, 60, DAY // 2 - 1, DAY // 2, DAY // 2 + 1, 7 * DAY - 1, 7 * DAY, 7 * DAY + 1,
        30 * DAY, 2 * YEAR)  # fmt: skip
AGES = (0, 1, 1_199, 1_200, 1_201, 1_800, 16_199, 16_200, 16_201, 30 * DAY)
CAUTIONS = (WAD, WAD * 5 // 4, WAD * 3 // 2, 2 * WAD, 4 * WAD)
TOXICITIES = (WAD, WAD + 1, WAD * 3 // 2, 3 * WAD, 5 * WAD)
WORKED = Inquiry(
    strike=2_000 * WAD,
    is_put=False,
    lots=10_000,
    is_opening=False,
    is_reduce_only=False,
    snapshot=Snapshot(
        at=NOW,
        spot=2_000 * WAD,
        other=2_000 * WAD,
        spot_at=NOW,
        smile=Slice(65**2 * 30 * WAD // (365 * 10_000)),
        carry=0,
        discount=WAD,
        tau=30 * DAY,
        posted_at=NOW,
    ),
    exposure=Exposure(delta=50_000 * 10**9 + 2 * 10**15, gamma=-2 * 10**15, vega=-40_000 * 10**9),
    underlying=0,
    reference=2_000 * WAD,
    law=Law(10**19, 2 * 10**16, 3 * 10**20, b_vega=WAD // 100, b_delta=3 * WAD // 10_000),
)
"""The worked check of the design: S 2000, 65 %, a book of +50k, -2m and -40k dollars."""
LAW = replace(
    WORKED.law, flow_slope=5 * 10**20, vflow_slope=10**21, h_min=WAD // 10_000, b_mark=WAD // 200,
    stale_z=3 * WAD // 2, fee_spot=3 * WAD // 10_000, fee_cap=WAD // 8, cover_rate=WAD // 20,
)  # fmt: skip
"""Every number at work."""
_SIGNED = (0, 4, 5, *range(10, 19))  # words of a quote


def words(name: str, *arguments: int) -> list[int] | str:
    """What the quoter returns, unsigned, or why it refuses; no reason at all is an error."""
    data = b"".join(a.to_bytes(32, "big", signed=a < 0) for a in arguments)
    try:
        output = deployed("Quoter").functions[name].raw(data)
    except CallRevertedError as error:
        if error.reason is None:
            raise AssertionError(f"no named reason: {error}") from None
        return error.reason
    return [int.from_bytes(output[i : i + 32], "big") for i in range(0, len(output), 32)]


def ask(inquiry: Inquiry) -> Quote | str:
    """The quote of the bytecode, or the reason why there is none."""
    found = words("quote", *inquiry.words())
    if isinstance(found, str):
        return found
    return Quote.from_words([_signed(w) if i in _SIGNED else w for i, w in enumerate(found)])


def twin(inquiry: Inquiry) -> Quote | str:
    """The quote of the twin, or the reason why there is none."""
    try:
        return quote_exact(inquiry, kernel(inquiry))
    except Refused as refused:
        return str(refused)


def kernel(inquiry: Inquiry) -> Kernel:
    """What the readable modules of the kernel say of the inquiry's contract."""
    snapshot = inquiry.snapshot
    found = _option(snapshot, inquiry.strike, inquiry.is_put)
    if snapshot.other == snapshot.spot:
        return found
    other = _option(replace(snapshot, spot=snapshot.other), inquiry.strike, inquiry.is_put)
    return replace(found, other_mark=other.mark)


@cache
def _option(snapshot: Snapshot, strike: int, is_put: bool) -> Kernel:
    harness, age = deployed("QuoterMath"), snapshot.at - snapshot.spot_at
    mark, delta, gamma, vega, root_variance, root_tau = harness.option.words(
        *smile_words(snapshot), strike, int(is_put)
    )
    root_age = harness.root_years.words(age)[0] if age else 0
    return Kernel(mark, mark, delta, gamma, vega, root_variance, root_tau, root_age)


def smile_words(snapshot: Snapshot) -> tuple[int, ...]:
    """What an option's mark depends on beside its strike, as the harness takes it."""
    smile = snapshot.smile
    return (
        snapshot.spot, snapshot.discount, smile.theta, smile.rho, smile.psi, snapshot.tau
    )  # fmt: skip


def _signed(word: int) -> int:
    return word - 2**256 if word >> 255 else word


def after(inquiry: Inquiry) -> tuple[int, int, int, int, int]:
    """Coordinates of U after the trade."""
    risk = lot_risk(inquiry, kernel(inquiry))
    moved = replace(inquiry, exposure=inquiry.exposure.sold(risk, inquiry.lots))
    return moved.coordinates


def twice_potential_of(inquiry: Inquiry, place: tuple[int, ...]) -> int:
    """2 U of these coordinates under the inquiry's law, at 1e-45."""
    return twice_potential(inquiry.law, place)


def is_narrow(inquiry: Inquiry) -> bool:
    """Is every coordinate of U inside its range, before the trade and after it?"""
    return not is_wide(inquiry.coordinates) and not is_wide(after(inquiry))


def both_sides(inquiry: Inquiry) -> tuple[Inquiry, Inquiry]:
    """The purchase and the sale of the same size."""
    return replace(inquiry, lots=abs(inquiry.lots)), replace(inquiry, lots=-abs(inquiry.lots))


def at_tau(inquiry: Inquiry, tau: int) -> Inquiry:
    """The inquiry at another time to expiry and the same volatility."""
    old = inquiry.snapshot
    theta, psi = (figure * tau // old.tau for figure in (old.smile.theta, old.smile.psi))
    smile = replace(old.smile, theta=theta, psi=psi)
    return replace(inquiry, snapshot=replace(old, tau=tau, smile=smile))


class Sampler:
    """Random inquiries out of a source of randomness. `is_wild` reaches for every edge at once."""

    def __init__(self, source: random.Random, *, is_wild: bool) -> None:
        self._random = source
        self._is_wild = is_wild

    def inquiry(self) -> Inquiry:
        """A trade against a book, all of it random."""
        snapshot = self.snapshot()
        reference = self.reference(snapshot.spot)
        return Inquiry(
            strike=self.strike(snapshot),
            is_put=self._flip(),
            lots=self.lots(),
            is_opening=self._flip(),
            is_reduce_only=self._odds(0.15),
            snapshot=snapshot,
            exposure=self.exposure(snapshot.spot, reference),
            underlying=int(self._signed(1e-3, 1e5) * WAD) if self._flip() else 0,
            reference=reference,
            law=self.law(),
            caution=self._random.choice(CAUTIONS),
            toxicity=self._random.choice(TOXICITIES),
            decimals=self._random.choice((6, 8, 18)),
        )

    def snapshot(self) -> Snapshot:
        """A market: any price, time, smile, carry, ages."""
        tau = self.tau()
        spot = self._spot()
        other = int(spot * self._random.uniform(0.95, 1.05)) + 1 if self._odds(0.3) else spot
        return Snapshot(
            at=NOW,
            spot=spot,
            other=min(other, SPOT_MAX),
            spot_at=NOW - self._age(),
            smile=self.smile(tau),
            carry=0,
            discount=self.discount(tau),
            tau=tau,
            posted_at=NOW - self._age(),
        )

    def strike(self, snapshot: Snapshot) -> int:
        """Mostly where there is time value, now and then far beyond the kernel."""
        v = math.sqrt(snapshot.smile.theta / WAD)
        factor = math.exp(max(-3.4, min(3.4, self._random.gauss(0.0, 1.5) * v)))
        if self._odds(0.15):
            factor = self._random.choice((1 / 33, 1 / 32, 1 / 31.9, 31.9, 32, 33, 1_000, 1e-6, 1.0))
        return max(1, min(int(snapshot.spot * factor), 2**120 - 1))

    def lots(self) -> int:
        """1 .. 2^31 - 1, either sign."""
        size = self._random.choice((1, 2, LOTS_MAX)) if self._odds(0.1) else int(
            self._log(1, LOTS_MAX if self._is_wild else 10**6)
        )  # fmt: skip
        return size if self._flip() else -size

    def reference(self, spot: int) -> int:
        """R: spot itself, or a price that spot has run away from."""
        reach = 12 if self._is_wild else 1
        return max(1, int(spot * 2 ** self._random.uniform(-reach, reach)))

    def exposure(self, spot: int, reference: int) -> Exposure:
        """A book with so many dollars of each Greek, or one at the edge of its range."""
        x = spot / reference
        delta, gamma, vega, flow, vflow = (self._dollars() for _ in range(5))
        b = gamma / x**2
        return Exposure(
            delta=_within(delta / x - b * x), gamma=_within(b), vega=vega, flow_delta=flow,
            flow_vega=vflow,
        )  # fmt: skip

    def law(self) -> Law:
        """A sheet's numbers, each drawn alone."""
        top = 2**100 - 1
        if self._is_wild and self._odds(0.1):
            return Law(top, top, top, top, top, *(WAD,) * 8, WAD // 4)
        scale = self._log(1e-3, 10.0)
        slopes = (int(slope * scale * 1e27) for slope in (4e-8, 2e-11, 3e-6, 5e-6, 1e-6))
        return Law(
            *slopes,
            h_min=int(self._log(1e-6, 1e-3) * WAD),
            b_vega=int(self._log(1e-4, 0.05) * WAD),
            b_delta=int(self._log(1e-5, 1e-2) * WAD),
            b_mark=self._random.choice((0, WAD // 200)),
            stale_z=self._random.choice((0, WAD, 3 * WAD)),
            fee_spot=self._random.choice((0, 3 * WAD // 10_000)),
            fee_cap=WAD // 8,
            cover_rate=self._random.choice((0, WAD // 20, WAD // 5)),
            improve_cap=self._random.choice((WAD // 20, WAD // 4, WAD * 4 // 10)),
        )

    def tau(self) -> int:
        """Seconds to expiry, up to two years."""
        return self._random.choice(TAUS) if self._odds(0.3) else int(self._log(1, 2 * YEAR))

    def smile(self, tau: int) -> Slice:
        """Without butterfly arbitrage, from 15 % to 300 % of volatility."""
        theta = self._log(0.15, 3.0) ** 2 * tau / YEAR
        rho = self._random.uniform(-0.95, 0.95)
        most = min(4.0, 2.0 * math.sqrt(theta * (1 + abs(rho)))) / (1 + abs(rho))
        psi = self._random.uniform(0.0, 0.999) * most
        return Slice(int(theta * WAD) + 1, int(rho * WAD), int(psi * WAD))

    def discount(self, tau: int) -> int:
        """Of up to half a year's worth of carry either way, as the surface has it."""
        log = self._random.uniform(-0.5, 0.5) * tau / YEAR
        return int(math.exp(max(-0.5, min(0.5, log))) * WAD)

    def _spot(self) -> int:
        if self._is_wild and self._odds(0.2):
            return self._random.choice((1, 2, 10**6, SPOT_MAX - 1, SPOT_MAX))
        low, high = (1e-9, 1e9) if self._is_wild else (100.0, 1e5)
        return int(self._log(low, high) * WAD)

    def _age(self) -> int:
        return self._random.choice(AGES) if self._odds(0.5) else int(self._log(1, 1e5))

    def _dollars(self) -> int:
        """Nano."""
        if self._is_wild and self._odds(0.1):
            return self._random.choice((FIELD - 1, -FIELD, FIELD // 2, 2**74, -(2**74)))
        return int(self._signed(1.0, 1e9 if self._is_wild else 1e7) * 1e9)

    def _signed(self, low: float, high: float) -> float:
        return self._log(low, high) * (1 if self._flip() else -1)

    def _log(self, low: float, high: float) -> float:
        return math.exp(self._random.uniform(math.log(low), math.log(high)))

    def _flip(self) -> bool:
        return self._odds(0.5)

    def _odds(self, chance: float) -> bool:
        return self._random.random() < chance


def _within(coefficient: float) -> int:
    """The book keeps coefficients below 2^75."""
    return max(-(2**75) + 1, min(int(coefficient), 2**75 - 1))
