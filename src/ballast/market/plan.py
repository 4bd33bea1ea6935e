"""A market's deployment as data: which contracts, in which order, bound to what.

    deployment = execute(market_plan(settings), chain)

Tests, the simulator, the demo and scripts put a market up through this plan and no other way.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import Final

from ballast.chain.deployment import Plan, Ref, Step
from ballast.chain.protocol import ZERO_ADDRESS
from ballast.market.sheet import SheetNumbers
from ballast.units import WAD


@dataclass(frozen=True)
class OracleTerms:
    """`IOracle.Terms`: where the price comes from and when it is believed."""

    feed: str
    heartbeat: int = 3_600
    min_price: int = 10 * WAD
    max_price: int = 1_000_000 * WAD
    sequencer: str = ZERO_ADDRESS
    grace: int = 0
    second: str = ZERO_ADDRESS
    second_heartbeat: int = 0
    agreement: int = 0
    tolerance: int = 0


@dataclass(frozen=True)
class Roles:
    """Who may do what; docs/ARCHITECTURE.md says how little that is."""

    owner: str
    """The timelock."""
    guardian: str
    keeper: str
    second_signer: str


@dataclass(frozen=True)
class VenueSettings:
    """Where a market hedges: Uniswap v3, and Aave v3 if `lending_pool` says where."""

    router: str
    """SwapRouter02."""
    fee: int = 500
    """Of the underlying's pool, millionths."""
    middle: str = ZERO_ADDRESS
    """What that pool has against the underlying; nothing for the quote token."""
    far_fee: int = 0
    """Of the pool of `middle` and the quote token."""
    lending_pool: str = ZERO_ADDRESS
    spot_cap: int = WAD // 20
    """Share of NAV that fees and impact may take there in ten weeks: nothing stands there."""
    lending_cap: int = WAD // 4


@dataclass(frozen=True)
class MarketSettings:
    """Everything in which one market differs from another."""

    quote_token: str
    underlying: str
    oracle: OracleTerms
    roles: Roles
    reference: int
    """The price in which the book measures spot, WAD; best one near spot."""
    grid: int
    """Strikes are multiples of it, WAD."""
    sheet: SheetNumbers = field(default_factory=SheetNumbers)
    venues: VenueSettings | None = None
    quote_symbol: str = "USDC"
    underlying_symbol: str = "WETH"
    share_name: str = "Ballast WETH/USDC"
    share_symbol: str = "bWETH"
    stake_name: str = "Ballast insurance WETH/USDC"
    stake_symbol: str = "iWETH"


ORDER: Final = (
    "pricer",
    "valuer",
    "quoter",
    "sheet",
    "oracle",
    "surface",
    "assessor",
    "book",
    "token",
    "vault",
    "insurance",
    "margin",
    "desk",
    "spot_venue",
    "lending_venue",
    "hedger",
    "lens",
)
"""The steps' names, in the order of the transactions; without venues there are none of theirs."""


def market_plan(settings: MarketSettings) -> Plan:
    """The contracts of a market. What names another that is deployed later holds its address
    already: it follows from the deployer's nonce."""
    roles = settings.roles
    venues = _venue_steps(settings)
    steps = venues | {
        "pricer": Step("pricer", "Pricer"),
        "valuer": Step("valuer", "Valuer"),
        "quoter": Step("quoter", "Quoter"),
        "sheet": Step("sheet", "RiskSheet", settings.sheet.as_args()),
        "oracle": Step("oracle", "Oracle", (astuple(settings.oracle),)),
        "surface": Step(
            "surface", "Surface", (roles.owner, roles.keeper, roles.second_signer, Ref("sheet"))
        ),
        "assessor": Step("assessor", "Assessor", (Ref("oracle"), Ref("surface"))),
        "book": Step(
            "book",
            "Book",
            (
                Ref("desk"),
                Ref("vault"),
                Ref("oracle"),
                Ref("surface"),
                Ref("valuer"),
                settings.reference,
                settings.grid,
                Ref("sheet"),
            ),
        ),
        "token": Step(
            "token",
            "OptionToken",
            (Ref("desk"), settings.underlying_symbol, settings.quote_symbol),
        ),
        "vault": Step(
            "vault",
            "Vault",
            (
                settings.quote_token,
                settings.underlying,
                Ref("book"),
                Ref("desk"),
                Ref("margin"),
                Ref("insurance"),
                Ref("hedger"),
                roles.owner,
                settings.share_name,
                settings.share_symbol,
            ),
        ),
        "insurance": Step(
            "insurance",
            "InsuranceFund",
            (
                settings.quote_token,
                Ref("margin"),
                Ref("vault"),
                settings.stake_name,
                settings.stake_symbol,
            ),
        ),
        "margin": Step(
            "margin",
            "Margin",
            tuple(
                Ref(name)
                for name in ("desk", "vault", "assessor", "insurance", "oracle", "book", "token")
            ),
        ),
        "desk": Step(
            "desk",
            "Desk",
            (
                roles.owner,
                roles.guardian,
                roles.keeper,
                *(
                    Ref(name)
                    for name in ("oracle", "surface", "quoter", "book", "vault", "token", "margin")
                ),
                Ref("sheet"),
            ),
        ),
        "hedger": Step(
            "hedger",
            "Hedger",
            (
                *(Ref(name) for name in ("vault", "book", "desk", "oracle", "surface")),
                roles.owner,
                [Ref(name) for name in venues],
                _caps(settings.venues, len(venues)),
                [name == "lending_venue" for name in venues],
            ),
        ),
        "lens": Step(
            "lens",
            "Lens",
            tuple(Ref(name) for name in ("margin", "desk", "assessor", "vault", "hedger")),
        ),
    }
    return Plan(tuple(steps[name] for name in ORDER if name in steps))


def _venue_steps(settings: MarketSettings) -> dict[str, Step]:
    terms = settings.venues
    if terms is None:
        return {}
    args = (
        Ref("vault"),
        settings.quote_token,
        settings.underlying,
        terms.router,
        terms.fee,
        terms.middle,
        terms.far_fee,
    )
    steps = {"spot_venue": Step("spot_venue", "SpotVenue", args)}
    if terms.lending_pool != ZERO_ADDRESS:
        lent = (*args, terms.lending_pool)
        steps["lending_venue"] = Step("lending_venue", "LendingVenue", lent)
    return steps


def _caps(terms: VenueSettings | None, count: int) -> list[int]:
    return [] if terms is None else [terms.spot_cap, terms.lending_cap][:count]
