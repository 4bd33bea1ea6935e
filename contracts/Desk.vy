# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Desk
@license MIT
@notice Where options are quoted, bought, sold and settled. It brings the market's parts together and
    has no mathematics of its own: `Oracle` and `Surface` say what the market is, `Book` what the
    vault carries, `Quoter` what a trade costs, `RiskSheet` by which numbers, `Vault` moves the money.
@dev The danger is an opening that leaves the vault with more risk than the sheet allows: so limits
    are compared last, with the exposure after the trade, and only those that a trade makes worse can
    refuse it. The other danger is an exit that is stopped: a closing asks for spot and a slice and
    for nothing else. Where caution is 2 or more, the surface is old or the book is stale, it is paid
    the mark or less, whatever it does to the potential; so is every trade after the exposure has jumped
    for another reason than a trade (a settlement, say), until the next round.

    Order: checks, effects in the book, event, money, and the token last, whose receiver may be
    foreign code that calls any contract of the market.
@custom:kill Openings stop at caution 2 and 3, raised at once by the guardian and lowered by the owner
    alone, or by the ladder in `Vault`. Closings, settlement and redemption cannot be stopped.
"""

from ethereum.ercs import IERC20Detailed
from interfaces import IBook
from interfaces import IDesk
from interfaces import IOptionToken
from interfaces import IOracle
from interfaces import IQuoter
from interfaces import IRiskSheet
from interfaces import ISurface
from interfaces import IVault
from . import types
from . import units
from .math import book_words
from .math import desk_word
from .math import exposure
from .math import fixed
from .math import payoff
from .math import series
from .modules import limits

implements: IDesk

MAX_STRIKES: constant(uint256) = 24
MAX_LOTS: constant(uint256) = 2**31 - 1
MAX_AGE: constant(uint256) = 60 * 60  # of a slice, for openings: Surface.MAX_AGE
CUTOFF: constant(uint256) = exposure.FLOOR  # before expiry, for openings: Book.CUTOFF
SYNC_GAP: constant(uint256) = 3600  # seconds between steps of the reference NAV
SYNC_STEP: constant(uint256) = 2 * 10**16  # its largest, as a share

OWNER: public(immutable(address))  # the timelock
ORACLE: public(immutable(address))
SURFACE: public(immutable(address))
QUOTER: public(immutable(address))
BOOK: public(immutable(address))
VAULT: public(immutable(address))
TOKEN: public(immutable(address))
QUOTE_DECIMALS: immutable(uint256)
REFERENCE: immutable(uint256)  # the book's R
UNDERLYING_DECIMALS: immutable(uint256)

config: uint256  # sheet 160 | guardian's caution 2 | reference NAV 62, 1e-6 quote | synced at 32
keeper: public(address)  # lists strikes
guardian: public(address)  # raises caution


@deploy
def __init__(
    owner: address,
    guardian: address,
    keeper: address,
    oracle: address,
    surface: address,
    quoter: address,
    book: address,
    vault: address,
    token: address,
    sheet: address,
):
    """
    @notice Binds the parts of a market, each of which stands and names this desk
    @param owner The timelock
    @param guardian May raise caution
    @param keeper Lists strikes
    @param oracle Spot and settlement prices
    @param surface Volatility and carry
    @param quoter The quoting law
    @param book Positions
    @param vault Money
    @param token Options
    @param sheet Risk numbers, the book's too
    """
    self._require_address(owner)
    OWNER = owner
    ORACLE = oracle
    SURFACE = surface
    QUOTER = quoter
    BOOK = book
    VAULT = vault
    TOKEN = token
    QUOTE_DECIMALS = self._decimals(staticcall IVault(vault).asset())
    UNDERLYING_DECIMALS = self._decimals(staticcall IVault(vault).UNDERLYING())
    REFERENCE = staticcall IBook(book).REFERENCE()
    assert (staticcall IBook(book).GRID()) % payoff._grain(QUOTE_DECIMALS) == 0, "desk: grid"
    assert staticcall IBook(book).sheet() == sheet, "desk: sheet of the book"
    self._set_guardian(guardian)
    self._set_keeper(keeper)
    self.config = desk_word._with_sheet(0, sheet)
    log IDesk.SheetChanged(sheet=sheet)


# --- traders


@external
def buy(
    id: uint256, lots: uint256, most: uint256, deadline: uint256, receiver: address = msg.sender
) -> uint256:
    """
    @notice Buys options to open
    @param id Series
    @param lots How many
    @param most Assets that the buyer pays at most, fees included
    @param deadline Last Unix time at which to trade
    @param receiver Gets the options
    @return Assets paid
    """
    self._require_order(lots, deadline)
    size: int256 = convert(lots, int256)
    config: uint256 = self.config
    terms: types.TradeTerms = self._terms(config)
    snapshot: types.Snapshot = self._snapshot(id >> 128)
    standing: types.Standing = extcall IBook(BOOK).prepare(
        id, snapshot.spot, snapshot.spot_at, snapshot.version, terms.flow_gap
    )
    if not standing.is_fresh and standing.is_listed:
        extcall IBook(BOOK).renew(id >> 128, snapshot)
        standing = extcall IBook(BOOK).prepare(
            id, snapshot.spot, snapshot.spot_at, snapshot.version, terms.flow_gap
        )
    level: uint256 = max(desk_word._caution(config), standing.caution)
    scale: uint256 = limits._scale(
        terms.limits.nav_unit, terms.caution_limit, level, desk_word._nav_ref(config)
    )
    quote: types.Quote = self._quote(id, size, level, scale, terms, snapshot, standing)
    premium: uint256 = convert(quote.premium, uint256)
    assert premium <= most, "desk: price above limit"
    extcall IBook(BOOK).apply(id, size, 0, quote.risk, False, skip_contract_check=True)
    self._log_trade(id, size, quote, snapshot.spot)
    lock_quote: uint256 = 0
    lock_lots: uint256 = 0
    lock_quote, lock_lots = payoff._cover(id, lots, QUOTE_DECIMALS)
    locked_quote: uint256 = 0
    locked_lots: uint256 = 0
    locked_quote, locked_lots = extcall IVault(VAULT).take(
        msg.sender, premium, self._dues(quote.fee, terms.fund_share), lock_quote, lock_lots
    )
    limits._require_covered(
        payoff._locked_wad_up(locked_quote, locked_lots, snapshot.spot, QUOTE_DECIMALS),
        terms.limits.cover,
        scale,
    )
    extcall IOptionToken(TOKEN).mint(receiver, id, lots, skip_contract_check=True)
    return premium


@external
def sell(
    id: uint256, lots: uint256, least: uint256, deadline: uint256, receiver: address = msg.sender
) -> (uint256, uint256):
    """
    @notice Sells options back. Open at every caution level while spot can be read
    @dev Where free quote is short, calls are paid for in underlying out of their own cover, at spot
        and b_delta more
    @param id Series
    @param lots How many
    @param least Assets that the seller gets at least, fees deducted
    @param deadline Last Unix time at which to trade
    @param receiver Gets the money
    @return Assets paid, units of underlying paid
    """
    self._require_order(lots, deadline)
    size: int256 = -convert(lots, int256)
    config: uint256 = self.config
    terms: types.TradeTerms = self._terms(config)
    snapshot: types.Snapshot = self._snapshot(id >> 128)
    standing: types.Standing = extcall IBook(BOOK).prepare(
        id, snapshot.spot, snapshot.spot_at, snapshot.version, terms.flow_gap
    )
    quote: types.Quote = self._quote(
        id, size, max(desk_word._caution(config), standing.caution), 0, terms, snapshot, standing
    )
    proceeds: uint256 = convert(-quote.premium, uint256)
    assert proceeds >= least, "desk: price below limit"
    extcall IBook(BOOK).apply(
        id, size, 0, quote.risk, not standing.is_fresh, skip_contract_check=True
    )
    self._log_trade(id, size, quote, snapshot.spot)
    extcall IOptionToken(TOKEN).burn(msg.sender, id, lots, skip_contract_check=True)
    free_quote: uint256 = 0
    free_lots: uint256 = 0
    free_quote, free_lots = payoff._cover(id, lots, QUOTE_DECIMALS)
    assets: uint256 = 0
    underlying: uint256 = 0
    assets, underlying = extcall IVault(VAULT).pay(
        receiver,
        proceeds,
        self._dues(quote.fee, terms.fund_share),
        free_quote,
        free_lots,
        self._buyback_price(snapshot, terms.law.b_delta),
    )
    if underlying != 0:
        log IDesk.PaidInUnderlying(trader=msg.sender, id=id, underlying=underlying)
    return assets, underlying


@external
@view
def quote(id: uint256, lots: int256) -> types.Quote:
    """
    @notice What a trade would execute at now, to the unit; reverts as it would, but for what only the
        money tells: cover, its limit, balances
    @param id Series
    @param lots Above zero to buy, below to sell
    @return The price and its parts
    """
    self._require_size(
        convert(convert(lots, bytes32), uint256)
        if lots > 0
        else convert(convert(unsafe_sub(0, lots), bytes32), uint256)
    )
    config: uint256 = self.config
    terms: types.TradeTerms = self._terms(config)
    snapshot: types.Snapshot = self._snapshot(id >> 128)
    standing: types.Standing = staticcall IBook(BOOK).standing(
        id, snapshot.spot, snapshot.spot_at, snapshot.version, terms.flow_gap
    )
    if lots > 0 and not standing.is_fresh and standing.is_listed:
        standing = staticcall IBook(BOOK).renewed_standing(id, snapshot, terms.flow_gap)
    level: uint256 = max(desk_word._caution(config), standing.caution)
    scale: uint256 = 0
    if lots > 0:
        scale = limits._scale(
            terms.limits.nav_unit, terms.caution_limit, level, desk_word._nav_ref(config)
        )
    return self._quote(id, lots, level, scale, terms, snapshot, standing)


# --- holders


@external
def redeem(id: uint256, lots: uint256, receiver: address = msg.sender) -> (uint256, uint256):
    """
    @notice Pays what options of a settled expiry are worth: calls in underlying, puts in quote,
        rounded down. Needs no price but the one that was fixed, and nobody's leave
    @param id Series
    @param lots How many
    @param receiver Gets the payoff
    @return Assets, units of underlying
    """
    self._require_size(lots)
    price: uint256 = staticcall IOracle(ORACLE).settlement_price(id >> 128)
    assets: uint256 = 0
    underlying: uint256 = 0
    assets, underlying = payoff._payoff_down(id, lots, price, QUOTE_DECIMALS, UNDERLYING_DECIMALS)
    log IDesk.Redeemed(
        owner=msg.sender,
        id=id,
        receiver=receiver,
        lots=lots,
        quote=assets,
        underlying=underlying,
    )
    extcall IOptionToken(TOKEN).burn(msg.sender, id, lots, skip_contract_check=True)
    if payoff._is_in_the_money(id, price):
        extcall IVault(VAULT).pay_out(
            id >> 128, receiver, assets, underlying, lots, skip_contract_check=True
        )
    return assets, underlying


# --- anyone


@external
def settle(expiry: uint256):
    """
    @notice Settles an expiry whose price is fixed: what holders are owed goes into a pot, all other
        cover is free again
    @param expiry Unix time
    """
    price: uint256 = staticcall IOracle(ORACLE).settlement_price(expiry)
    found: DynArray[types.Position, MAX_STRIKES] = extcall IBook(BOOK).close(expiry)
    sums: payoff.Settlement = empty(payoff.Settlement)
    for position: types.Position in found:
        sums = payoff._settled_down(
            sums, expiry, position, price, QUOTE_DECIMALS, UNDERLYING_DECIMALS
        )
    log IDesk.ExpirySettled(
        expiry=expiry,
        price=price,
        pot_quote=sums.pot_quote,
        pot_underlying=sums.pot_underlying,
        pot_lots=sums.pot_lots,
    )
    extcall IVault(VAULT).settle(
        expiry,
        sums.pot_quote,
        sums.pot_underlying,
        sums.pot_lots,
        sums.release_quote,
        sums.release_lots,
    )


@external
def syncNav() -> uint256:
    """
    @notice Moves the reference NAV toward the vault's low mark, at most once an hour and by at most
        2 %: down by anyone, up by the keeper or the owner, since a stranger could deposit for one
        block, hour by hour. Their first time it is set outright
    @return The reference NAV
    """
    config: uint256 = self.config
    nav_ref: uint256 = desk_word._nav_ref(config)
    assert block.timestamp >= desk_word._synced_at(config) + SYNC_GAP, "desk: synced already"
    middle: int256 = 0
    low: int256 = 0
    high: int256 = 0
    middle, low, high = staticcall IVault(VAULT).nav()
    target: uint256 = convert(max(low, 0), uint256)
    if nav_ref != 0:
        step: uint256 = nav_ref * SYNC_STEP // units.WAD + 1
        target = max(min(target, nav_ref + step), nav_ref - min(step, nav_ref - 1))
    assert target >= desk_word.NAV_GRAIN, "desk: nothing to sync"
    config = desk_word._with_nav_down(config, target, block.timestamp)
    target = desk_word._nav_ref(config)
    if target > nav_ref:
        assert msg.sender == self.keeper or msg.sender == OWNER, "desk: keeper raises the nav"
    self.config = config
    log IDesk.NavSynced(nav_ref=target)
    return target


@external
def pokeCaution() -> uint256:
    """
    @notice Brings the drawdown ladder up to date
    @return The caution level in force
    """
    return max(extcall IVault(VAULT).poke(), desk_word._caution(self.config))


# --- keeper


@external
def list_strikes(expiry: uint256, strikes: DynArray[uint256, MAX_STRIKES]):
    """
    @notice Opens strikes of an expiry on the surface, whose call or put is in the window of |delta|
    @param expiry Unix time
    @param strikes Multiples of the grid
    """
    self._require_keeper()
    self._require_before_cutoff(expiry)
    snapshot: types.Snapshot = self._snapshot(expiry)
    self._require_young(snapshot)
    bounds: types.Limits = self._terms(self.config).limits
    for strike: uint256 in strikes:
        series._require_fields(expiry, strike, series.CALL)
        delta: int256 = staticcall IQuoter(QUOTER).delta(snapshot, strike, False)
        assert limits._is_in_window(delta, bounds) or limits._is_in_window(
            delta - fixed.WAD, bounds
        ), "desk: strike outside window"
        extcall IBook(BOOK).list_strike(expiry, strike)


@external
def delist_strikes(expiry: uint256, strikes: DynArray[uint256, MAX_STRIKES]):
    """
    @notice Takes off strikes in which nothing is open
    @param expiry Unix time
    @param strikes Listed
    """
    self._require_keeper()
    for strike: uint256 in strikes:
        extcall IBook(BOOK).delist_strike(expiry, strike)


# --- guardian


@external
def raise_caution(level: uint256):
    """
    @notice More careful at once: 1 wider spreads and lower limits, 2 reduce-only, 3 opening stopped
    @param level Above the guardian's present one
    """
    assert msg.sender == self.guardian, "desk: not the guardian"
    assert level > desk_word._caution(self.config) and level < 4, "desk: caution only rises"
    self._set_caution(level)


# --- owner


@external
def lower_caution(level: uint256):
    """
    @notice Less careful
    @param level Below the guardian's present one
    """
    self._require_owner()
    assert level < desk_word._caution(self.config), "desk: caution only falls"
    self._set_caution(level)


@external
def set_guardian(guardian: address):
    """
    @notice Replaces the guardian
    @param guardian May raise caution
    """
    self._require_owner()
    self._set_guardian(guardian)


@external
def set_keeper(keeper: address):
    """
    @notice Replaces the keeper
    @param keeper Lists strikes
    """
    self._require_owner()
    self._set_keeper(keeper)


@external
def set_sheet(sheet: address):
    """
    @notice Replaces the risk numbers, here and in the book. The surface has its own pointer
    @param sheet Made to follow the one in force, so that no number moves by more than a quarter
    """
    self._require_owner()
    config: uint256 = self.config
    assert staticcall IRiskSheet(sheet).PREVIOUS() == desk_word._sheet(
        config
    ), "desk: sheet does not follow"
    self.config = desk_word._with_sheet(config, sheet)
    log IDesk.SheetChanged(sheet=sheet)
    extcall IBook(BOOK).set_sheet(sheet)


# --- views


@external
@view
def sheet() -> address:
    """
    @notice The risk sheet in force
    @return An IRiskSheet
    """
    return desk_word._sheet(self.config)


@external
@view
def caution() -> uint256:
    """
    @notice The level in force: the higher of the guardian's and the ladder's
    @return 0 to 3
    """
    return max(desk_word._caution(self.config), (staticcall IVault(VAULT).holdings()).caution)


@external
@view
def guardian_caution() -> uint256:
    """
    @notice The guardian's level, without the ladder's
    @return 0 to 3
    """
    return desk_word._caution(self.config)


@external
@view
def nav_ref() -> uint256:
    """
    @notice The reference NAV, by which limits scale
    @return Quote; zero before the first sync
    """
    return desk_word._nav_ref(self.config)


# --- internals: what a trade meets


@internal
@view
def _snapshot(expiry: uint256) -> types.Snapshot:
    """
    @notice The market for an expiry
    @param expiry Unix time
    @return See `types`
    """
    spot: uint256 = 0
    other: uint256 = 0
    spot_at: uint256 = 0
    round_id: uint256 = 0
    spot, other, spot_at, round_id = staticcall IOracle(ORACLE).spot_pair()
    now: ISurface.Snapshot = staticcall ISurface(SURFACE).slice(expiry)
    return types.Snapshot(
        at=block.timestamp,
        spot=spot,
        other=other,
        spot_at=spot_at,
        smile=now.smile,
        carry=now.carry,
        discount=now.discount,
        tau=now.tau,
        posted_at=now.posted_at,
        version=now.version,
    )


@internal
@view
def _terms(config: uint256) -> types.TradeTerms:
    """
    @notice The sheet's numbers
    @param config The desk's word
    @return See `types`
    """
    return staticcall IRiskSheet(desk_word._sheet(config)).trade_terms()


@internal
@view
def _quote(
    id: uint256,
    lots: int256,
    level: uint256,
    scale: uint256,
    terms: types.TradeTerms,
    snapshot: types.Snapshot,
    standing: types.Standing,
) -> types.Quote:
    """
    @notice Price of a trade, or the reason why it is refused. An opening's risk is judged last, as it
        is after the trade
    @param id Series
    @param lots Above zero to buy
    @param level Caution in force
    @param scale Of the limits; not asked by a sale
    @param terms The sheet's numbers
    @param snapshot The market
    @param standing The book
    @return The price and its parts
    """
    assert standing.is_listed, "desk: not listed"
    is_opening: bool = lots > 0
    is_reduce_only: bool = standing.is_waiting
    if is_opening:
        assert level < 2, "desk: reduce only"
        self._require_before_cutoff(id >> 128)
        self._require_young(snapshot)
        assert standing.is_fresh, "book: stale"
    else:
        is_reduce_only = (
            is_reduce_only
            or not standing.is_fresh
            or level > 1
            or snapshot.at > snapshot.posted_at + MAX_AGE
            or snapshot.at + CUTOFF > id >> 128
        )
    quote: types.Quote = staticcall IQuoter(QUOTER).quote(
        types.Inquiry(
            strike=(id >> 8) & series.STRIKE_MASK,
            is_put=id & 1 == 1,
            lots=lots,
            is_opening=is_opening,
            is_reduce_only=is_reduce_only,
            snapshot=snapshot,
            exposure=standing.exposure,
            underlying=convert(standing.underlying, int256),
            reference=REFERENCE,
            law=terms.law,
            caution=terms.caution_spread if level != 0 else units.WAD,
            toxicity=limits._toxicity(standing.toxicity, terms.tox_slope, terms.tox_max),
            decimals=QUOTE_DECIMALS,
        )
    )
    if is_opening:
        limits._require_within(
            quote,
            terms.limits,
            standing.written + convert(lots, uint256),
            scale,
        )
    return quote


@internal
@pure
def _buyback_price(snapshot: types.Snapshot, b_delta: uint256) -> uint256:
    """
    @notice At which underlying is paid for calls: spot, of two sources the higher, and b_delta more, so
        that the seller gets fewer units
    @param snapshot The market
    @param b_delta Share of spot
    @return Quote per unit
    """
    return unsafe_div(
        unsafe_mul(max(snapshot.spot, snapshot.other), unsafe_add(units.WAD, b_delta)), units.WAD
    )


@internal
@pure
def _dues(fee: uint256, fund_share: uint256) -> uint256:
    """
    @notice The insurance fund's part of a fee
    @param fee Assets
    @param fund_share Of it
    @return Assets, rounded down
    """
    return unsafe_div(unsafe_mul(fee, fund_share), units.WAD)


@internal
def _log_trade(id: uint256, lots: int256, quote: types.Quote, spot: uint256):
    """
    @notice The whole breakdown of a trade
    @param id Series
    @param lots Above zero: bought
    @param quote The price
    @param spot Of the first source
    """
    log IDesk.Traded(
        trader=msg.sender,
        id=id,
        lots=lots,
        premium=quote.premium,
        fee=quote.fee,
        cover_fee=quote.cover_fee,
        mark=quote.mark,
        skew=quote.skew,
        spread=quote.spread,
        clamp=quote.clamp,
        spot=spot,
        risk=book_words._packed_risk(quote.risk),
    )


# --- internals: what is refused


@internal
@view
def _require_order(lots: uint256, deadline: uint256):
    """
    @notice Reverts for an order that is too late or of no size
    @param lots How many
    @param deadline Unix time
    """
    assert block.timestamp <= deadline, "desk: deadline"
    self._require_size(lots)


@internal
@pure
def _require_size(lots: uint256):
    """
    @notice Reverts for no lots or too many
    @param lots How many
    """
    assert unsafe_sub(lots, 1) < MAX_LOTS, "desk: size"


@internal
@view
def _require_before_cutoff(expiry: uint256):
    """
    @notice Reverts from the cutoff on
    @param expiry Unix time
    """
    assert block.timestamp + CUTOFF <= expiry, "desk: past cutoff"


@internal
@view
def _require_young(snapshot: types.Snapshot):
    """
    @notice Reverts where the slice is older than an opening may rely on
    @param snapshot The market
    """
    assert snapshot.at <= snapshot.posted_at + MAX_AGE, "desk: surface too old"


@internal
@view
def _require_owner():
    """
    @notice Reverts unless the owner calls
    """
    assert msg.sender == OWNER, "desk: not the owner"


@internal
@view
def _require_keeper():
    """
    @notice Reverts unless the keeper calls
    """
    assert msg.sender == self.keeper, "desk: not the keeper"


@internal
@pure
def _require_address(account: address):
    """
    @notice Reverts for nobody
    @param account Who
    """
    assert account != empty(address), "desk: zero address"


@internal
def _set_keeper(keeper: address):
    """
    @notice Replaces the keeper
    @param keeper Lists strikes
    """
    self._require_address(keeper)
    self.keeper = keeper
    log IDesk.KeeperChanged(keeper=keeper)


@internal
@view
def _decimals(token: address) -> uint256:
    """
    @notice Decimals of a token of the market
    @param token Quote token or underlying
    @return From 6 to 18
    """
    digits: uint256 = convert(staticcall IERC20Detailed(token).decimals(), uint256)
    assert digits >= 6 and digits <= 18, "desk: decimals"
    return digits


@internal
def _set_guardian(guardian: address):
    """
    @notice Replaces the guardian
    @param guardian Raises caution
    """
    self._require_address(guardian)
    self.guardian = guardian
    log IDesk.GuardianChanged(guardian=guardian)


@internal
def _set_caution(level: uint256):
    """
    @notice Writes the guardian's level
    @param level 0 to 3
    """
    self.config = desk_word._with_caution(self.config, level)
    log IDesk.CautionChanged(level=level)
