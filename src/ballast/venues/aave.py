"""Aave v3: the pool with WETH and USDC, and whoever governs, lends and borrows there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ballast.chain.contract import Contract
from ballast.chain.deployment import predict
from ballast.chain.protocol import ZERO_ADDRESS, Chain
from ballast.errors import VenueError
from ballast.venues.addresses import Addresses
from ballast.venues.artifacts import libraries_of, linked, published
from ballast.venues.plant import actor, plant
from ballast.venues.terms import VenueTerms
from ballast.venues.tokens import UNLIMITED, Tokens

VARIABLE: Final = 2
"""The interest rate mode of every debt here."""
BASIS_POINTS: Final = 10_000
_ORACLE_UNIT: Final = 10**8
_RAY: Final = 10**27
_PLACES: Final = {
    "ACLManager": "0xc2aaCf6553D20d1e9d78E365AAba8032af9c85b0",
    "AaveOracle": "0x54586bE62E3c3580375aE3723C145253060Ca0C2",
    "AaveProtocolDataProvider": "0x7B4EB56E7CD4b454BA8ff71E4518426369a138a3",
}
_TREASURY: Final = "0x464C71f6c2F760DdA6093dCB91C24c39e5d6e18c"
_MARKET: Final = "Aave Ethereum Market"


@dataclass(frozen=True, slots=True)
class Listing:
    """A reserve as it is listed: in basis points, caps in whole units, rates as parts of one."""

    symbol: str
    first_nonce: int
    """Of the configurator's when it created the public chain's tokens of this reserve."""
    ltv: int
    threshold: int
    bonus: int
    supply_cap: int
    borrow_cap: int
    reserve_factor: int
    optimal: float
    slope: float
    steep_slope: float


LISTINGS: Final = (
    Listing("WETH", 1, 8_050, 8_300, 10_500, 1_800_000, 1_400_000, 1_500, 0.90, 0.027, 0.80),
    Listing(
        "USDC", 10, 7_700, 8_000, 10_450, 2_000_000_000, 1_800_000_000, 1_000, 0.92, 0.055, 0.40
    ),
)


@dataclass(frozen=True, slots=True)
class Reserve:
    """What stands for a token within Aave."""

    token: Contract
    a_token: Contract
    debt: Contract


@dataclass(frozen=True, slots=True)
class Aave:
    """The lending venue. Amounts in smallest units, caps in whole units, limits in basis points."""

    chain: Chain
    tokens: Tokens
    provider: Contract
    pool: Contract
    configurator: Contract
    oracle: Contract
    data: Contract
    acl: Contract
    reserves: Mapping[str, Reserve]
    """By the address of the token."""

    @classmethod
    def stand_up(
        cls, chain: Chain, tokens: Tokens, addresses: Addresses, sources: tuple[str, str]
    ) -> Aave:
        """Create all of it, with reserves of WETH and USDC whose prices come from two sources."""
        owner = actor(chain, "aave owner")
        provider = _provider(chain, addresses.provider, owner)
        assets = [tokens.weth.address, tokens.usdc.address]
        terms = (assets, list(sources), ZERO_ADDRESS, ZERO_ADDRESS, _ORACLE_UNIT)
        oracle = _plant(chain, "AaveOracle", provider, *terms)
        provider.setPriceOracle(oracle, sender=owner)
        libraries = _libraries(chain, owner)
        for name, install in (
            ("Pool", provider.setPoolImpl),
            ("PoolConfigurator", provider.setPoolConfiguratorImpl),
        ):
            args = (provider,) if name == "Pool" else ()
            install(chain.deploy(linked(name, libraries), *args, sender=owner), sender=owner)
        data = _plant(chain, "AaveProtocolDataProvider", provider)
        provider.setPoolDataProvider(data, sender=owner)
        _list_reserves(chain, tokens, provider)
        return cls.attach(chain, tokens, addresses)

    @classmethod
    def attach(cls, chain: Chain, tokens: Tokens, addresses: Addresses) -> Aave:
        """Handles on what stands; the addresses provider knows all of it."""
        provider = chain.at(published("PoolAddressesProvider"), addresses.provider)
        data = chain.at(published("AaveProtocolDataProvider"), provider.getPoolDataProvider())
        reserves = {
            token.address: _reserve(chain, data, token) for token in (tokens.weth, tokens.usdc)
        }
        return cls(
            chain,
            tokens,
            provider,
            chain.at(published("Pool"), provider.getPool()),
            chain.at(published("PoolConfigurator"), provider.getPoolConfigurator()),
            chain.at(published("AaveOracle"), provider.getPriceOracle()),
            data,
            chain.at(published("ACLManager"), provider.getACLManager()),
            reserves,
        )

    # --- governance

    def pause(self, token: Contract, flag: bool = True) -> None:
        """Nothing goes in or out of a paused reserve, liquidations included."""
        self.configurator.setReservePause(token, flag, sender=self.admin())

    def freeze(self, token: Contract, flag: bool = True) -> None:
        """Nobody may supply to or borrow from a frozen reserve; repaying and withdrawing go on."""
        self.configurator.setReserveFreeze(token, flag, sender=self.admin())

    def set_borrow_cap(self, token: Contract, whole_units: int) -> None:
        """The most that may be owed of a token; 0 is none."""
        self.configurator.setBorrowCap(token, whole_units, sender=self.admin())

    def set_supply_cap(self, token: Contract, whole_units: int) -> None:
        """The most that may be supplied of a token; 0 is none."""
        self.configurator.setSupplyCap(token, whole_units, sender=self.admin())

    def set_collateral(self, token: Contract, ltv: int, threshold: int, bonus: int) -> None:
        """What a token counts as collateral, and what a liquidator gets for his debt."""
        admin = self.admin()
        self.configurator.configureReserveAsCollateral(token, ltv, threshold, bonus, sender=admin)

    def follow(self, token: Contract, source: str) -> None:
        """Let the prices of a token come from here."""
        if self.oracle.getSourceOfAsset(token) != source:
            self.oracle.setAssetSources([token], [source], sender=self.admin())

    def admin(self) -> str:
        """Somebody whom the administrator of all roles has made an administrator of the pool."""
        admin = actor(self.chain, "aave admin")
        if not self.acl.isPoolAdmin(admin):
            self.acl.addPoolAdmin(admin, sender=self.provider.getACLAdmin())
        return admin

    # --- lenders and borrowers

    def available(self, token: Contract) -> int:
        """What a reserve still holds, for borrowers and for lenders who leave."""
        return int(token.balanceOf(self.reserves[token.address].a_token))

    def lend(self, who: str, token: Contract, amount: int) -> None:
        """Somebody gets this much and supplies it."""
        self.tokens.equip(token, who, amount, self.pool)
        self.pool.supply(token, amount, who, 0, sender=who)

    def borrow(self, who: str, token: Contract, amount: int) -> None:
        """Somebody who has supplied enough borrows, at the variable rate."""
        self.pool.borrow(token, amount, VARIABLE, 0, who, sender=who)

    def drain(self, token: Contract, leave: int = 0) -> None:
        """Somebody borrows all that a reserve holds, whatever the caps are, but for a rest."""
        amount = self.available(token) - leave
        if amount <= 0:
            return
        drainer, other = actor(self.chain, "drainer"), self.tokens.other(token)
        caps = {each.address: self.data.getReserveCaps(each) for each in (token, other)}
        self.set_borrow_cap(token, 0)
        self.set_supply_cap(other, 0)
        self.lend(drainer, other, self._collateral_for(token, amount, other))
        self.borrow(drainer, token, amount)
        self.set_borrow_cap(token, caps[token.address][0])
        self.set_supply_cap(other, caps[other.address][1])

    def refill(self, token: Contract) -> None:
        """Whoever drained a reserve pays back."""
        drainer = actor(self.chain, "drainer")
        owed = self.reserves[token.address].debt.balanceOf(drainer)
        if not owed:
            return
        self.tokens.equip(token, drainer, owed + owed // 1_000 + 1, self.pool)
        self.pool.repay(token, UNLIMITED, VARIABLE, drainer, sender=drainer)

    def seed(self, terms: VenueTerms) -> None:
        """Somebody fills both reserves and borrows the same share of each, sound at any price."""
        whale = actor(self.chain, "aave whale")
        share = round(terms.borrowed * BASIS_POINTS)
        lent = ((self.tokens.weth, terms.lent_weth, 18), (self.tokens.usdc, terms.lent_usdc, 6))
        for token, whole, decimals in lent:
            self.lend(whale, token, whole * 10**decimals)
        for token, whole, decimals in lent if share else ():
            self.borrow(whale, token, whole * 10**decimals * share // BASIS_POINTS)

    def _collateral_for(self, token: Contract, amount: int, other: Contract) -> int:
        """Twice the least that allows a loan of this amount."""
        ltv = self.data.getReserveConfigurationData(other)[1]
        if not ltv:
            raise VenueError(f"{other} is no collateral now, so nobody can drain {token}")
        value = self.oracle.getAssetPrice(token) * amount * 10 ** other.decimals()
        price = self.oracle.getAssetPrice(other) * 10 ** token.decimals()
        return int(2 * value * BASIS_POINTS // (price * ltv))


# ------------------------------------------------------------------ how it is put up


def _provider(chain: Chain, address: str, owner: str) -> Contract:
    """The addresses provider with its access control, which the pool's parts ask for both."""
    artifact = published("PoolAddressesProvider")
    provider = plant(chain, artifact, address, _MARKET, owner, sender=owner)
    provider.setACLAdmin(owner, sender=owner)
    acl = _plant(chain, "ACLManager", provider)
    provider.setACLManager(acl, sender=owner)
    acl.addPoolAdmin(actor(chain, "aave admin"), sender=owner)
    acl.addAssetListingAdmin(owner, sender=owner)
    return provider


def _plant(chain: Chain, name: str, *args: Any) -> Contract:
    return plant(chain, published(name), _PLACES[name], *args, sender=actor(chain, "aave owner"))


def _libraries(chain: Chain, owner: str) -> dict[str, str]:
    """Every library that the pool and its configurator call, and those that these call first."""
    made: dict[str, str] = {}

    def stand_up(name: str) -> None:
        for library in libraries_of(name):
            if library not in made:
                stand_up(library)
                made[library] = chain.deploy(linked(library, made), sender=owner).address

    stand_up("Pool")
    stand_up("PoolConfigurator")
    return made


def _list_reserves(chain: Chain, tokens: Tokens, provider: Contract) -> None:
    """Both reserves, whose tokens get the addresses that they have on the public chain."""
    owner, admin = actor(chain, "aave owner"), actor(chain, "aave admin")
    pool = provider.getPool()
    configurator = chain.at(published("PoolConfigurator"), provider.getPoolConfigurator())
    parts = ("AToken", "StableDebtToken", "VariableDebtToken")
    code = [chain.deploy(published(part), pool, sender=owner) for part in parts]
    for token, listing in zip((tokens.weth, tokens.usdc), LISTINGS, strict=True):
        chain.set_nonce(configurator.address, listing.first_nonce)
        rates = _rates(chain, provider, listing)
        order = _listing_order(token, listing, code, rates)
        configurator.initReserves([order], sender=owner)
        assert chain.code(predict(configurator.address, listing.first_nonce))
        for method, args in _settings(listing):
            configurator.method(method)(token, *args, sender=admin)


def _settings(listing: Listing) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    collateral = (listing.ltv, listing.threshold, listing.bonus)
    return (
        ("configureReserveAsCollateral", collateral),
        ("setReserveBorrowing", (True,)),
        ("setReserveFlashLoaning", (True,)),
        ("setReserveFactor", (listing.reserve_factor,)),
        ("setSupplyCap", (listing.supply_cap,)),
        ("setBorrowCap", (listing.borrow_cap,)),
    )


def _rates(chain: Chain, provider: Contract, listing: Listing) -> Contract:
    """Interest that rises gently up to the optimal use of a reserve, and steeply beyond it."""
    rates = (listing.optimal, 0, listing.slope, listing.steep_slope)
    rays = [int(round(rate * BASIS_POINTS) * _RAY // BASIS_POINTS) for rate in rates]
    stable = (0, 0, 0, 0, 0)  # nobody borrows at the stable rate
    artifact = published("DefaultReserveInterestRateStrategy")
    return chain.deploy(artifact, provider, *rays, *stable, sender=actor(chain, "aave owner"))


def _listing_order(
    token: Contract, listing: Listing, code: list[Contract], rates: Contract
) -> dict[str, Any]:
    symbol = listing.symbol
    names = {
        f"{part}{kind.capitalize()}": f"{text}{symbol}"
        for part, name, short in (
            ("aToken", "Aave Ethereum ", "aEth"),
            ("stableDebtToken", "Aave Ethereum Stable Debt ", "stableDebtEth"),
            ("variableDebtToken", "Aave Ethereum Variable Debt ", "variableDebtEth"),
        )
        for kind, text in (("name", name), ("symbol", short))
    }
    return names | {
        "aTokenImpl": code[0],
        "stableDebtTokenImpl": code[1],
        "variableDebtTokenImpl": code[2],
        "underlyingAssetDecimals": token.decimals(),
        "interestRateStrategyAddress": rates,
        "underlyingAsset": token,
        "treasury": _TREASURY,
        "incentivesController": ZERO_ADDRESS,
        "params": b"",
    }


def _reserve(chain: Chain, data: Contract, token: Contract) -> Reserve:
    a_token, _, debt = data.getReserveTokensAddresses(token)
    return Reserve(
        token,
        chain.at(published("AToken"), a_token),
        chain.at(published("VariableDebtToken"), debt),
    )
