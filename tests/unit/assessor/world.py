"""An assessor over a market that is told what to say, and the float model of the same account."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from ballast.chain import Chain, Contract, compile_contract
from ballast.chain.revm import GENESIS
from ballast.market import SheetNumbers
from ballast.model.account import (
    LOTS,
    Account,
    Assessment,
    Cut,
    Holding,
    Market,
    Tenor,
    Terms,
    assess,
    cut,
    losses,
)
from ballast.model.essvi import Slice
from ballast.model.margin import VolShock
from ballast.series import Right, Series
from ballast.units import DAY, WAD, YEAR

SPOT = 2_000.0
NOBODY = 8
"""What `costliest` is where no leg is owed."""


@dataclass(frozen=True)
class Leg:
    """A leg in lots, its expiry so many days from now (negative: passed)."""

    days: int
    strike: float
    right: Right
    owed: int = 0
    escrowed: int = 0
    owned: int = 0


def call(days: int, strike: float, owed: int = 0, owned: int = 0, escrowed: int = 0) -> Leg:
    return Leg(days, strike, Right.CALL, owed, escrowed, owned)


def put(days: int, strike: float, owed: int = 0, owned: int = 0, escrowed: int = 0) -> Leg:
    return Leg(days, strike, Right.PUT, owed, escrowed, owned)


@dataclass
class World:
    """The contract and the model on one market."""

    chain: Chain
    market: Contract
    sheet: Contract
    assessor: Contract
    numbers: SheetNumbers
    spot: float = SPOT
    tenors: dict[int, Tenor] = field(default_factory=dict)

    @property
    def terms(self) -> Terms:
        """The sheet for the model."""
        n = {name: value / WAD for name, value in self.numbers.flat.items()}
        same = ("shock_near", "shock_wide", "shock_down", "shock_up", "far_weight", "naked_floor",
                "initial_factor", "health_low", "health_high", "bonus_max", "bonus_share",
                "windup_reward", "h_min", "b_vega", "b_delta", "b_mark")  # fmt: skip
        return Terms(
            **{name: n[name] for name in same},
            vol=VolShock(n["vol_up"], n["vol_down"], n["near_power"], n["far_power"]),
            short_seconds=self.numbers["short_tau"],
            dust=self.numbers["dust"],
        )

    @property
    def model(self) -> Market:
        """The market as of the chain's present second."""
        now = self.chain.timestamp
        tenors = {e: replace(t, seconds=max(e - now, 0)) for e, t in self.tenors.items()}
        return Market(self.spot, tenors)

    def expiry(self, days: int) -> int:
        """So many days after the last 08:00 UTC before the market opened."""
        return (GENESIS - 8 * 3_600) // DAY * DAY + 8 * 3_600 + days * DAY

    def wait_until(self, timestamp: int) -> None:
        """Let a second be the one in which a view is read."""
        self.chain.advance(timestamp - self.chain.timestamp)
        assert self.chain.timestamp == timestamp

    def set_spot(self, spot: float, other: float | None = None) -> None:
        self.spot = spot
        self.market.set_spot.send(_wad(spot), _wad(other or spot))

    def smile(
        self, days: int, vol: float = 0.65, rho: float = -0.2, psi: float = 0.0, carry: float = 0.0
    ) -> None:
        """A slice whose volatility at the money is `vol` now."""
        expiry = self.expiry(days)
        tau = expiry - self.chain.timestamp
        theta, discount = vol * vol * tau / YEAR, math.exp(-carry * tau / YEAR)
        self.tenors[expiry] = Tenor(tau, Slice(theta, rho, psi), discount)
        self.market.set_slice.send(
            expiry, (_wad(theta), _wad(rho), _wad(psi)), _wad(carry), _wad(discount)
        )

    def passed(self, days: int, settlement: float | None = None) -> None:
        """An expiry that has passed, with its settlement price or without."""
        expiry = self.expiry(days)
        assert expiry <= self.chain.timestamp
        self.tenors[expiry] = Tenor(0, settlement=settlement)
        if settlement is not None:
            self.market.fix.send(expiry, _wad(settlement))

    # --- one account, twice

    def words(self, legs: Iterable[Leg]) -> list[tuple[int, int, int, int]]:
        """Legs as the contract takes them."""
        return [
            (
                Series(self.expiry(x.days), _wad(x.strike), x.right).id,
                x.owed,
                x.escrowed,
                x.owned,
            )
            for x in legs
        ]

    def account(self, cash: float, legs: Iterable[Leg]) -> Account:
        """The account as the model takes it."""
        return Account(
            cash,
            tuple(
                Holding(
                    self.expiry(x.days),
                    x.strike,
                    x.right,
                    x.owed / LOTS,
                    x.escrowed / LOTS,
                    x.owned / LOTS,
                )
                for x in legs
            ),
        )

    def assess(self, cash: float, legs: Sequence[Leg]) -> Assessment:
        """What the contract says, in floats."""
        return judged(self.assessor.assess(_wad(cash), self.words(legs), self.sheet))

    def modelled(self, cash: float, legs: Sequence[Leg]) -> Assessment:
        return assess(self.account(cash, legs), self.model, self.terms)

    def losses(self, legs: Sequence[Leg]) -> list[list[int]]:
        found: list[list[int]] = self.assessor.losses(self.words(legs), self.sheet)
        return found

    def modelled_losses(self, legs: Sequence[Leg]) -> Any:
        return losses(self.account(0.0, legs), self.model, self.terms)

    def cut(
        self, cash: float, legs: Sequence[Leg], index: int, lots: int, price: float = 0.0
    ) -> Cut:
        """What the contract says, in floats."""
        found = self.raw_cut(cash, legs, index, lots, price)
        lots, is_windup, bonus, to_fund, before, after = found
        return Cut(lots, is_windup, bonus / WAD, to_fund / WAD, judged(before), judged(after))

    def raw_cut(
        self, cash: float, legs: Sequence[Leg], index: int, lots: int, price: float = 0.0
    ) -> Any:
        return self.assessor.cut(_wad(cash), self.words(legs), self.sheet, index, lots, _wad(price))

    def modelled_cut(
        self, cash: float, legs: Sequence[Leg], index: int, lots: int, price: float = 0.0
    ) -> Cut:
        return cut(self.account(cash, legs), self.model, self.terms, index, lots, price)


def build(chain: Chain, **numbers: int) -> World:
    """A market at 2,000 with slices of 1, 7, 30 and 90 days at 65 %."""
    sheet_numbers = SheetNumbers().changed(**numbers)
    market = chain.deploy(compile_contract("AssessorMarket"))
    sheet = chain.deploy(compile_contract("RiskSheet"), *sheet_numbers.as_args())
    assessor = chain.deploy(compile_contract("Assessor"), market, market)
    world = World(chain, market, sheet, assessor, sheet_numbers)
    world.set_spot(SPOT)
    for days in (1, 2, 7, 30, 90):
        world.smile(days)
    return world


def judged(words: Sequence[int]) -> Assessment:
    """`types.Assessment` in floats."""
    return Assessment(*(word / WAD for word in words[:6]), costliest=words[6], spot=words[7] / WAD)


def _wad(amount: float) -> int:
    """The float's own value, to 1e-18."""
    return int(Fraction(amount) * WAD)


class Sampler:
    """Random accounts and markets out of a source of randomness."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def market(self, world: World) -> None:
        """Spot, smiles and carry anew."""
        r = self.random
        world.set_spot(SPOT * math.exp(r.gauss(0.0, 0.4)))
        for days in (1, 2, 7, 30, 90):
            vol, rho = math.exp(r.uniform(math.log(0.2), math.log(2.0))), r.uniform(-0.8, 0.8)
            theta = vol * vol * (days + 1) / 365
            most = min(4.0, 2.0 * math.sqrt(theta * (1 + abs(rho)))) / (1 + abs(rho))
            world.smile(days, vol, rho, 0.8 * most * r.random(), r.uniform(-0.2, 0.2))

    def legs(self, count: int | None = None, days: Sequence[int] = (1, 2, 7, 30, 90)) -> list[Leg]:
        """Up to eight legs: owed, partly escrowed, owned."""
        r, found = self.random, {}
        for _ in range(count or r.randint(1, 8)):
            leg = Leg(
                r.choice(days),
                float(50 * round(SPOT * math.exp(r.gauss(0.0, 0.3)) / 50)),
                r.choice(list(Right)),
            )
            size = int(math.exp(r.uniform(0.0, math.log(10**6)))) + 1
            if r.random() < 0.55:
                escrowed = r.choice((0, 0, size // 2, size))
                leg = replace(leg, owed=size, escrowed=escrowed)
            else:
                leg = replace(leg, owned=size)
            found[leg.days, leg.strike, leg.right] = leg
        return [found[key] for key in sorted(found)]
