"""A market on a local chain: tokens and feed to go with it, and verbs to drive it.

    market = LocalMarket.open(RevmChain())
    market.deposit("lp", 500_000)
    market.buy("trader", market.series("2026-01-30", 2_000, "call"), 5)

Tokens and feed behave as real ones do: a stablecoin with blacklist and pause behind a proxy, and a
price feed with phases behind a proxy. All else is the market as it deploys anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Any, Final

from ballast.chain import Chain, Contract, compile_contract
from ballast.chain.deployment import Deployment, execute
from ballast.chain.protocol import Receipt
from ballast.market.plan import MarketSettings, OracleTerms, Roles, market_plan
from ballast.market.sheet import SheetNumbers
from ballast.series import Right, Series, listable_expiries
from ballast.units import LOT, WAD, YEAR, Human, to_wad

ACTORS: Final = (
    "deployer",
    "owner",
    "guardian",
    "keeper",
    "second_signer",
    "liquidator",
    "lp",
    "trader",
    "other",
    "stranger",
)
"""Who plays whom among the chain's ten accounts."""
FOREVER: Final = 2**32
UNLIMITED: Final = 2**256 - 1
_RHO_GRAIN: Final = 1_000
_CARRY_GRAIN: Final = 10**8


@dataclass(frozen=True)
class Terms:
    """What a local market is opened with."""

    spot: Human = 2_000
    volatility: float = 0.65
    rho: float = -0.2
    grid: Human = 50
    quote_decimals: int = 6
    underlying_decimals: int = 18
    nav: Human = 1_000_000
    expiries: int = 4
    strikes: Sequence[Human] = (1_600, 1_800, 1_900, 2_000, 2_100, 2_200, 2_400)
    behind_proxies: bool = True
    sheet: SheetNumbers | None = None


@dataclass
class LocalMarket:
    """A market and its surroundings. Amounts in natural units, names of actors or addresses."""

    chain: Chain
    terms: Terms
    actors: dict[str, str]
    quote: Contract
    underlying: Contract
    aggregator: Contract
    feed: Contract
    deployment: Deployment
    now_expiries: list[int] = field(default_factory=list)

    # --- opening

    @classmethod
    def open(
        cls, chain: Chain, terms: Terms | None = None, *, list_board: bool = True
    ) -> LocalMarket:
        """Tokens, feed and the market's contracts; then surface, strikes and nothing else."""
        terms = terms or Terms()
        actors = dict(zip(ACTORS, chain.accounts, strict=False))
        quote = _token(chain, "USD Coin", "USDC", terms.quote_decimals, terms.behind_proxies)
        underlying = _token(chain, "Wrapped Ether", "WETH", terms.underlying_decimals, False)
        aggregator = chain.deploy(compile_contract("FeedAggregator"), 8, 1)
        feed = chain.deploy(compile_contract("FeedProxy"), aggregator)
        aggregator.admit(feed, True)
        aggregator.restrict(True)
        aggregator.transmit(_answer(terms.spot), 0)
        settings = local_settings(terms, actors, quote, underlying, feed)
        deployment = execute(market_plan(settings), chain, actors["deployer"])
        market = cls(chain, terms, actors, quote, underlying, aggregator, feed, deployment)
        if list_board:
            market.list_board()
        return market

    def list_board(self) -> None:
        """Slices of the next expiries by both signers, and the same strikes in each."""
        self.now_expiries = [
            expiry
            for expiry in listable_expiries(self.chain.timestamp, self.terms.expiries + 2)
            if expiry - self.chain.timestamp > 3 * 86_400
        ][: self.terms.expiries]
        self.found(self.now_expiries)
        for expiry in self.now_expiries:
            self.list_strikes(expiry, self.near(expiry))

    def near(self, expiry: int) -> list[Human]:
        """The strikes of the terms that are not too far for this expiry's window of delta."""
        spot, left = float(to_wad(self.terms.spot)), expiry - self.chain.timestamp
        reach = 1.4 * self.terms.volatility * sqrt(left / YEAR)
        return [k for k in self.terms.strikes if abs(log(to_wad(k) / spot)) < reach]

    # --- names

    def __getattr__(self, name: str) -> Contract:
        deployment: Deployment | None = self.__dict__.get("deployment")
        if deployment is not None and name in deployment.contracts:
            return deployment[name]
        raise AttributeError(f"a local market has no {name}")

    def who(self, actor: str) -> str:
        """The address behind a name."""
        return self.actors.get(actor, actor)

    def series(self, expiry: int | str, strike: Human, right: str = "call") -> int:
        """The id of a series; the expiry is a Unix time or a day."""
        if isinstance(expiry, str):
            return Series.parse(expiry, strike, right).id
        return Series(expiry, to_wad(strike), Right[right.upper()]).id

    def assets(self, amount: Human) -> int:
        """Units of the quote token."""
        return int(to_wad(amount) // 10 ** (18 - self.terms.quote_decimals))

    def units(self, amount: Human) -> int:
        """Units of the underlying."""
        return int(to_wad(amount) // 10 ** (18 - self.terms.underlying_decimals))

    @staticmethod
    def lots(contracts: Human) -> int:
        """Lots of 1e-4 contracts."""
        return to_wad(contracts) // LOT

    # --- the outside world

    def transmit(self, price: Human) -> Receipt:
        """A new round of the feed."""
        return _receipt(self.aggregator.transmit(_answer(price), 0))

    def fund(self, actor: str, quote: Human = 0, underlying: Human = 0) -> str:
        """Mint tokens to somebody and let the market take them. Returns the address."""
        account = self.who(actor)
        for token, amount in (
            (self.quote, self.assets(quote)),
            (self.underlying, self.units(underlying)),
        ):
            if amount:
                self._mint(token, account, amount)
            for taker in (self.vault, self.margin, self.insurance):
                if not token.allowance(account, taker):
                    token.approve(taker, UNLIMITED, sender=account)
        return account

    def _mint(self, token: Contract, account: str, amount: int) -> None:
        token.mint(account, amount, sender=self.actors["deployer"])

    # --- keeper

    def slices(
        self, expiries: Iterable[int], at: int, volatility: float | None = None
    ) -> list[tuple[int, int, int, int, int]]:
        """One slice for each expiry, at one volatility, as of `at`."""
        vol = self.terms.volatility if volatility is None else volatility
        return [_slice(expiry, at, vol, self.terms.rho) for expiry in expiries]

    def found(self, expiries: Sequence[int], volatility: float | None = None) -> None:
        """Post slices with both signers: for first posts and large moves."""
        posts = self.slices(expiries, self.chain.timestamp, volatility)
        self.surface.propose(posts, sender=self.actors["keeper"])
        self.surface.confirm(posts, sender=self.actors["second_signer"])

    def post(self, volatility: float | None = None) -> Receipt:
        """Post slices of all live expiries as the keeper alone, and refresh them."""
        live = [expiry for expiry in self.surface.expiries() if expiry > self.chain.timestamp]
        posts = self.slices(live, self.chain.timestamp, volatility)
        receipt = _receipt(self.surface.post(posts, sender=self.actors["keeper"]))
        self.refresh()
        return receipt

    def refresh(self) -> None:
        """Evaluate every expiry that has not passed anew; a passed one waits for its fixing."""
        for expiry in self.book.expiries():
            if expiry > self.chain.timestamp:
                self.book.refresh(expiry, sender=self.actors["keeper"])

    def list_strikes(self, expiry: int, strikes: Sequence[Human]) -> Receipt:
        """Open strikes."""
        wads = [to_wad(strike) for strike in strikes]
        return _receipt(self.desk.list_strikes(expiry, wads, sender=self.actors["keeper"]))

    def fix(self, expiry: int) -> int:
        """Fix the settlement price by the newest round at or before the expiry."""
        newest = self.feed.latestRoundData()[0]
        while self.feed.getRoundData(newest)[3] > expiry:
            newest -= 1
        return int(self.oracle.fix(expiry, newest).value)

    def settle(self, expiry: int) -> Receipt:
        """Fix and settle."""
        if not self.oracle.is_fixed(expiry):
            self.fix(expiry)
        return _receipt(self.desk.settle(expiry))

    # --- LPs

    def deposit(self, actor: str, amount: Human) -> Receipt:
        """Fund an LP and deposit."""
        account = self.fund(actor, quote=amount)
        return _receipt(self.vault.deposit(self.assets(amount), account, sender=account))

    def deposit_underlying(self, actor: str, amount: Human) -> Receipt:
        """Fund an LP with underlying and bring it in."""
        account = self.fund(actor, underlying=amount)
        return _receipt(
            self.vault.depositUnderlying(self.units(amount), account, 0, sender=account)
        )

    def supply(self, quote: Human, underlying: Human = 0, actor: str = "lp") -> None:
        """A first deposit, and the reference NAV that lets trading begin."""
        self.deposit(actor, quote)
        if underlying:
            self.deposit_underlying(actor, underlying)
        self.desk.syncNav(sender=self.actors["keeper"])

    # --- traders

    def buy(self, actor: str, series_id: int, contracts: Human, *, most: int = 2**128) -> Receipt:
        """Buy to open."""
        return _receipt(
            self.desk.buy(series_id, self.lots(contracts), most, FOREVER, sender=self.who(actor))
        )

    def sell(self, actor: str, series_id: int, contracts: Human, *, least: int = 0) -> Receipt:
        """Sell back."""
        return _receipt(
            self.desk.sell(series_id, self.lots(contracts), least, FOREVER, sender=self.who(actor))
        )

    # --- margin accounts

    def add_margin(self, actor: str, quote: Human = 0, underlying: Human = 0) -> None:
        """Fund somebody and bring it into his margin account."""
        account = self.fund(actor, quote, underlying)
        if quote:
            self.margin.deposit(self.assets(quote), account, sender=account)
        if underlying:
            self.margin.deposit_underlying(self.units(underlying), account, sender=account)

    def write(
        self, actor: str, series_id: int, contracts: Human, *, escrowed: Human = 0, least: int = 0
    ) -> Receipt:
        """Sell options to the vault out of a margin account, covering some of them in full."""
        return _receipt(
            self.margin.sell_to_open(
                series_id,
                self.lots(contracts),
                least,
                FOREVER,
                self.lots(escrowed),
                sender=self.who(actor),
            )
        )

    def buy_back(
        self, actor: str, series_id: int, contracts: Human, *, most: int = 2**128
    ) -> Receipt:
        """Buy back what a margin account owes."""
        return _receipt(
            self.margin.buy_to_close(
                series_id, self.lots(contracts), most, FOREVER, sender=self.who(actor)
            )
        )

    def health(self, actor: str) -> float:
        """Equity over the maintenance requirement of an account; infinite where none is."""
        found, _ = self.margin.health(self.who(actor))
        return float("inf") if found == 2**256 - 1 else float(found) / WAD

    def liquidate(self, caller: str, actor: str) -> Receipt | None:
        """Close what may be closed of an account now; none where nothing may."""
        account = self.who(actor)
        series_id, lots = self.lens.next_liquidation(account)
        if not lots:
            return None
        return _receipt(self.margin.liquidate(account, series_id, lots, sender=self.who(caller)))

    # --- holders

    def redeem(self, actor: str, series_id: int, contracts: Human) -> Receipt:
        """Take what settled options pay."""
        return _receipt(self.desk.redeem(series_id, self.lots(contracts), sender=self.who(actor)))


def local_settings(
    terms: Terms, actors: dict[str, str], quote: Contract, underlying: Contract, feed: Contract
) -> MarketSettings:
    """The settings of a local market."""
    spot = to_wad(terms.spot)
    sheet = terms.sheet or SheetNumbers.for_nav(to_wad(terms.nav), spot)
    return MarketSettings(
        quote_token=quote.address,
        underlying=underlying.address,
        oracle=OracleTerms(feed.address, min_price=spot // 1_000, max_price=spot * 1_000),
        roles=Roles(
            actors["owner"],
            actors["guardian"],
            actors["keeper"],
            actors["second_signer"],
        ),
        reference=spot,
        grid=to_wad(terms.grid),
        sheet=sheet,
    )


def _token(chain: Chain, name: str, symbol: str, decimals: int, behind_proxy: bool) -> Contract:
    artifact = compile_contract("MockUsdc")
    token = chain.deploy(artifact, name, symbol, decimals)
    if not behind_proxy:
        return token
    return chain.at(artifact, chain.deploy(compile_contract("TokenProxy"), token).address)


def _answer(price: Human) -> int:
    return to_wad(price) // 10**10


def _slice(expiry: int, at: int, volatility: float, rho: float) -> tuple[int, int, int, int, int]:
    """An ordinary slice of this volatility at the money, well inside the conditions."""
    theta = int(volatility**2 * WAD) * (expiry - at) // YEAR
    psi = int(WAD * theta / WAD / (1.2 * sqrt(theta / WAD + 0.01)))
    skew = int(rho * WAD)
    return (
        expiry,
        theta,
        skew - skew % _RHO_GRAIN,
        psi - psi % _RHO_GRAIN,
        0,
    )


def _receipt(found: Any) -> Receipt:
    assert isinstance(found, Receipt)
    return found
