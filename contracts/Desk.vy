# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Desk
@license MIT
@notice Where options are quoted, bought, sold and settled. It brings the market's parts together and
    has no mathematics of its own: `Oracle` and `Surface` say what the market is, `Book` what the
    vault carries, `Quoter` what a trade costs, `RiskSheet` by which numbers, `Vault` moves the money.
    Whoever owes options to the vault does so through `Margin`, which judges accounts.
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
BLIND: constant(uint256) = 1  # flags of `IBook.apply`
FLOWLESS: constant(uint256) = 2
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
MARGIN: public(immutable(address))
QUOTE_DECIMALS: immutable(uint256)
REFERENCE: immutable(uint256)  # the book's R
UNDERLYING_DECIMALS: immutable(uint256)

config: uint256  # sheet 160 | guardian's caution 2 | reference NAV 62, 1e-6 quote | synced at 32
unwound: uint256  # by liquidations: share of a block's room 64, WAD, highest | number of the block
keeper: public(address)  # lists strikes
guardian: public(address)  # raises caution


struct Meeting:  # what a trade meets
    terms: types.TradeTerms
    snapshot: types.Snapshot
    standing: types.Standing
    level: uint256  # of caution in force
    scale: uint256  # of the limits; not asked by a closing


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
    margin: address,
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
    @param margin Accounts that owe options; need not stand yet
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
    self._require_address(margin)
    MARGIN = margin
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
    @dev Meets the market as `_opening` does, written out: a struct less to copy, in the hottest path
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
    met: Meeting = empty(Meeting)
    met.terms = staticcall IRiskSheet(desk_word._sheet(config)).trade_terms()
    met.snapshot = self._snapshot(id >> 128)
    met.standing = extcall IBook(BOOK).prepare(
        id,
        met.snapshot.spot,
        met.snapshot.spot_at,
        met.snapshot.version,
        met.terms.flow_gap,
    )
    if met.standing.is_listed and not met.standing.is_fresh:
        extcall IBook(BOOK).renew(id >> 128, met.snapshot)
        met.standing = extcall IBook(BOOK).prepare(
            id,
            met.snapshot.spot,
            met.snapshot.spot_at,
            met.snapshot.version,
            met.terms.flow_gap,
        )
    met.level = max(desk_word._caution(config), met.standing.caution)
    met.scale = limits._scale(
        met.terms.limits.nav_unit,
        met.terms.caution_limit,
        met.level,
        desk_word._nav_ref(config),
    )
    quote: types.Quote = self._quote(id, size, True, met)
    premium: uint256 = convert(quote.premium, uint256)
    self._require_at_most(premium, most)
    extcall IBook(BOOK).apply(id, size, 0, 0, quote.risk, 0, skip_contract_check=True)
    log IDesk.Traded(
        trader=msg.sender,
        id=id,
        lots=size,
        premium=quote.premium,
        fee=quote.fee,
        cover_fee=quote.cover_fee,
        mark=quote.mark,
        skew=quote.skew,
        spread=quote.spread,
        clamp=quote.clamp,
        spot=met.snapshot.spot,
        risk=book_words._packed_risk(quote.risk),
    )
    lock_quote: uint256 = 0
    lock_lots: uint256 = 0
    lock_quote, lock_lots = payoff._cover(
        id,
        unsafe_sub(
            payoff._uncovered(unsafe_add(met.standing.written, lots), met.standing.escrowed),
            payoff._uncovered(met.standing.written, met.standing.escrowed),
        ),
        QUOTE_DECIMALS,
    )
    locked_quote: uint256 = 0
    locked_lots: uint256 = 0
    locked_quote, locked_lots = extcall IVault(VAULT).take(
        msg.sender, premium, self._dues(quote.fee, met.terms.fund_share), lock_quote, lock_lots
    )
    limits._require_covered(
        payoff._locked_wad_up(locked_quote, locked_lots, met.snapshot.spot, QUOTE_DECIMALS),
        met.terms.limits.cover,
        met.scale,
    )
    extcall IOptionToken(TOKEN).mint(receiver, id, lots, skip_contract_check=True)
    return premium


@external
def sell(
    id: uint256, lots: uint256, least: uint256, deadline: uint256, receiver: address = msg.sender
) -> (uint256, uint256):
    """
    @notice Sells options back. Open at every caution level while spot can be read
    @dev Meets the market as `_closing` does, written out for the same reason. Where free quote is
        short, options are paid for in underlying that covers nothing any more, for calls their own
        cover, at spot and b_delta more. `least` is asked of the price in assets
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
    met: Meeting = empty(Meeting)
    met.terms = staticcall IRiskSheet(desk_word._sheet(config)).trade_terms()
    met.snapshot = self._snapshot(id >> 128)
    met.standing = extcall IBook(BOOK).prepare(
        id,
        met.snapshot.spot,
        met.snapshot.spot_at,
        met.snapshot.version,
        met.terms.flow_gap,
    )
    met.level = max(desk_word._caution(config), met.standing.caution)
    quote: types.Quote = self._quote(id, size, False, met)
    proceeds: uint256 = convert(-quote.premium, uint256)
    self._require_at_least(proceeds, least)
    extcall IBook(BOOK).apply(
        id,
        size,
        0,
        0,
        quote.risk,
        0 if met.standing.is_fresh else BLIND,
        skip_contract_check=True,
    )
    log IDesk.Traded(
        trader=msg.sender,
        id=id,
        lots=size,
        premium=quote.premium,
        fee=quote.fee,
        cover_fee=quote.cover_fee,
        mark=quote.mark,
        skew=quote.skew,
        spread=quote.spread,
        clamp=quote.clamp,
        spot=met.snapshot.spot,
        risk=book_words._packed_risk(quote.risk),
    )
    extcall IOptionToken(TOKEN).burn(msg.sender, id, lots, skip_contract_check=True)
    free_quote: uint256 = 0
    free_lots: uint256 = 0
    free_quote, free_lots = payoff._cover(
        id,
        unsafe_sub(
            payoff._uncovered(met.standing.written, met.standing.escrowed),
            payoff._uncovered(met.standing.written - lots, met.standing.escrowed),
        ),
        QUOTE_DECIMALS,
    )
    assets: uint256 = 0
    underlying: uint256 = 0
    assets, underlying = extcall IVault(VAULT).pay(
        receiver,
        proceeds,
        self._dues(quote.fee, met.terms.fund_share),
        free_quote,
        free_lots,
        self._buyback_price(met.snapshot.spot, met.snapshot.other, met.terms.law.b_delta),
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
    return self._preview(id, lots, lots > 0)


# --- margin accounts


@external
def sell_to_open(
    account: address,
    id: uint256,
    lots: uint256,
    escrowed: uint256,
    least: uint256,
    credit_lots: uint256,
    credit_quote: uint256,
) -> uint256:
    """
    @notice An account sells options to the vault, and owes them from now on
    @param account Who
    @param id Series
    @param lots How many
    @param escrowed Of them, covered in full by what the account has set aside: they shrink the vault's
        own cover and are no credit
    @param least Assets that the account gets at least, fees deducted
    @param credit_lots Of calls that accounts will owe without escrow, all series
    @param credit_quote Strikes of such puts, assets
    @return Assets paid to the margin contract
    """
    self._require_margin()
    self._require_size(lots)
    size: int256 = -convert(lots, int256)
    more: int256 = convert(escrowed, int256)
    met: Meeting = self._opening(id)
    quote: types.Quote = self._quote(id, size, True, met)
    proceeds: uint256 = convert(-quote.premium, uint256)
    self._require_at_least(proceeds, least)
    extcall IBook(BOOK).apply(id, 0, -size, more, quote.risk, 0, skip_contract_check=True)
    self._log_margin_trade(account, id, size, more, quote, met.snapshot.spot)
    paid: uint256 = 0
    in_kind: uint256 = 0
    paid, in_kind = extcall IVault(VAULT).pay(
        MARGIN, proceeds, self._dues(quote.fee, met.terms.fund_share), 0, 0, 0
    )
    if escrowed != 0:
        free_quote: uint256 = 0
        free_lots: uint256 = 0
        free_quote, free_lots = self._cover_between(
            id,
            met.standing.written,
            met.standing.escrowed + escrowed,
            met.standing.written,
            met.standing.escrowed,
        )
        paid, in_kind = extcall IVault(VAULT).pay(MARGIN, 0, 0, free_quote, free_lots, 0)
    if escrowed < lots:
        limits._require_credit(
            payoff._locked_wad_up(credit_quote, credit_lots, met.snapshot.spot, QUOTE_DECIMALS),
            met.terms.limits.credit,
            met.scale,
        )
    return proceeds


@external
def buy_to_close(
    account: address, id: uint256, lots: uint256, escrowed: uint256, most: uint256
) -> uint256:
    """
    @notice An account buys back what it owes. Open at every caution level while spot can be read
    @dev Where escrow ends, the vault puts its own cover back, and without such cover this is refused:
        the account may leave the rest to expiry, which its escrow pays
    @param account Who
    @param id Series
    @param lots How many
    @param escrowed Of them, no longer covered by the account
    @param most Assets that the account pays at most, fees included
    @return Assets drawn from the margin contract
    """
    self._require_margin()
    self._require_size(lots)
    met: Meeting = self._closing(id)
    quote: types.Quote = self._quote(id, convert(lots, int256), False, met)
    premium: uint256 = convert(quote.premium, uint256)
    self._require_at_most(premium, most)
    flags: uint256 = 0 if met.standing.is_fresh else BLIND
    self._take_back(account, id, lots, escrowed, quote, flags, premium, 0, met)
    return premium


@external
def unwind(
    account: address,
    id: uint256,
    lots: int256,
    is_windup: bool,
    budget: uint256,
    bonus: uint256,
) -> (uint256, uint256):
    """
    @notice A liquidation: an account buys back what it owes, or sells what it owns, within the room
        that the block leaves. It neither reads nor moves the flows of clients, and pays no fee
    @dev What is wound up is so at the mark: the change of U is not paid for, so rebates wait for the
        next round. A sale pays for a rise of U and is paid for no fall, or exposure could be moved for
        nothing, round by round
    @param account Whose
    @param id Series
    @param lots Above zero: bought back, of what is not escrowed; below: sold, out of the margin
        contract's options
    @param is_windup Whether equity does not pay for more than the mark
    @param budget Assets that the account has: no more is drawn for the options
    @param bonus Assets that it pays the fund beside
    @return Assets that the options bought back cost, or that those sold brought; token units that these
        brought where free quote is short
    """
    self._require_margin()
    met: Meeting = self._closing(id)
    quote: types.Quote = empty(types.Quote)
    share: uint256 = 0
    quote, share = self._quote_unwinding(id, abs(lots), is_windup, met)
    share = unsafe_add(self._unwound_share(), share)
    assert share <= units.WAD, "desk: room of the block"
    self.unwound = block.number | share << 192
    if lots > 0:
        flags: uint256 = FLOWLESS
        if is_windup or not met.standing.is_fresh:
            flags |= BLIND
        self._take_back(account, id, convert(lots, uint256), 0, quote, flags, budget, bonus, met)
        return convert(quote.premium, uint256), 0
    quote, share = self._quote_unwinding(id, lots, False, met)
    extcall IBook(BOOK).apply(
        id,
        lots,
        0,
        0,
        quote.risk,
        FLOWLESS if met.standing.is_fresh else FLOWLESS | BLIND,
        skip_contract_check=True,
    )
    self._log_margin_trade(account, id, lots, 0, quote, met.snapshot.spot)
    size: uint256 = convert(-lots, uint256)
    extcall IOptionToken(TOKEN).burn(MARGIN, id, size, skip_contract_check=True)
    free_quote: uint256 = 0
    free_lots: uint256 = 0
    free_quote, free_lots = self._cover_between(
        id,
        met.standing.written - size,
        met.standing.escrowed,
        met.standing.written,
        met.standing.escrowed,
    )
    return extcall IVault(VAULT).pay(
        MARGIN,
        convert(-quote.premium, uint256),
        self._dues(quote.fee, met.terms.fund_share),
        free_quote,
        free_lots,
        self._buyback_price(met.snapshot.spot, met.snapshot.other, met.terms.law.b_delta),
    )


@external
@view
def unwind_terms(id: uint256, lots: int256) -> (uint256, uint256):
    """
    @notice What a liquidation would meet now
    @param id Series
    @param lots As in `unwind`
    @return Lots that this block has room for, and the most that a contract costs if up to `lots` are
        bought back, with spread and skew, rounded up. Of a sale no price; reverts where there is no bid
    """
    size: uint256 = convert(abs(lots), uint256)
    self._require_size(size)
    met: Meeting = self._met(id)
    quote: types.Quote = empty(types.Quote)
    share: uint256 = 0
    quote, share = self._quote_unwinding(id, abs(lots), False, met)
    left: uint256 = units.WAD - self._unwound_share()
    price: uint256 = convert(abs(quote.premium), uint256) * payoff._grain(QUOTE_DECIMALS)
    price = unsafe_div(price + size - 1, size)
    if share > left:  # a smaller size has no higher price
        size = unsafe_div(unsafe_mul(left - min(left, 1), size), share)
    if lots < 0 and size != 0:
        quote, share = self._quote_unwinding(id, -convert(size, int256), False, met)
        price = 0
    return size, price


@external
@view
def quote_account(id: uint256, lots: int256) -> types.Quote:
    """
    @notice What a margin account's trade would execute at now, to the unit; reverts as it would, but
        for what money, credit and the account tell
    @param id Series
    @param lots Above zero to buy back, below to sell to open
    @return The price and its parts
    """
    return self._preview(id, lots, lots < 0)


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
    sums: types.Settlement = empty(types.Settlement)
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
    extcall IVault(VAULT).settle(expiry, sums)


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
def _opening(id: uint256) -> Meeting:
    """
    @notice What an opening meets: where Greeks do not hold, its own expiry is evaluated first
    @param id Series
    @return All but the price
    """
    config: uint256 = self.config
    met: Meeting = empty(Meeting)
    met.terms = staticcall IRiskSheet(desk_word._sheet(config)).trade_terms()
    met.snapshot = self._snapshot(id >> 128)
    met.standing = extcall IBook(BOOK).prepare(
        id,
        met.snapshot.spot,
        met.snapshot.spot_at,
        met.snapshot.version,
        met.terms.flow_gap,
    )
    if met.standing.is_listed and not met.standing.is_fresh:
        extcall IBook(BOOK).renew(id >> 128, met.snapshot)
        met.standing = extcall IBook(BOOK).prepare(
            id,
            met.snapshot.spot,
            met.snapshot.spot_at,
            met.snapshot.version,
            met.terms.flow_gap,
        )
    met.level = max(desk_word._caution(config), met.standing.caution)
    met.scale = limits._scale(
        met.terms.limits.nav_unit,
        met.terms.caution_limit,
        met.level,
        desk_word._nav_ref(config),
    )
    return met


@internal
def _closing(id: uint256) -> Meeting:
    """
    @notice What a closing meets, and resets the flows that are due
    @param id Series
    @return All but the price and the scale of limits
    """
    config: uint256 = self.config
    met: Meeting = empty(Meeting)
    met.terms = staticcall IRiskSheet(desk_word._sheet(config)).trade_terms()
    met.snapshot = self._snapshot(id >> 128)
    met.standing = extcall IBook(BOOK).prepare(
        id,
        met.snapshot.spot,
        met.snapshot.spot_at,
        met.snapshot.version,
        met.terms.flow_gap,
    )
    met.level = max(desk_word._caution(config), met.standing.caution)
    return met


@internal
@view
def _met(id: uint256) -> Meeting:
    """
    @notice What `_closing` would find
    @param id Series
    @return The same
    """
    config: uint256 = self.config
    met: Meeting = empty(Meeting)
    met.terms = staticcall IRiskSheet(desk_word._sheet(config)).trade_terms()
    met.snapshot = self._snapshot(id >> 128)
    met.standing = staticcall IBook(BOOK).standing(
        id,
        met.snapshot.spot,
        met.snapshot.spot_at,
        met.snapshot.version,
        met.terms.flow_gap,
    )
    met.level = max(desk_word._caution(config), met.standing.caution)
    return met


@internal
@view
def _scale(met: Meeting) -> uint256:
    """
    @notice What limits are multiplied with
    @param met What the opening meets
    @return WAD
    """
    return limits._scale(
        met.terms.limits.nav_unit,
        met.terms.caution_limit,
        met.level,
        desk_word._nav_ref(self.config),
    )


@internal
@view
def _preview(id: uint256, lots: int256, is_opening: bool) -> types.Quote:
    """
    @notice What a trade would execute at, computed in memory
    @param id Series
    @param lots Above zero to buy
    @param is_opening Whether the vault has more of the series after it
    @return The price and its parts
    """
    self._require_size(
        convert(convert(lots, bytes32), uint256)
        if lots > 0
        else convert(convert(unsafe_sub(0, lots), bytes32), uint256)
    )
    met: Meeting = self._met(id)
    if is_opening:
        if met.standing.is_listed and not met.standing.is_fresh:
            met.standing = staticcall IBook(BOOK).renewed_standing(
                id, met.snapshot, met.terms.flow_gap
            )
        met.scale = self._scale(met)
    return self._quote(id, lots, is_opening, met)


@internal
@view
def _quote(id: uint256, lots: int256, is_opening: bool, met: Meeting) -> types.Quote:
    """
    @notice Price of a trade, or the reason why it is refused. An opening's risk is judged last, as it
        is after the trade
    @param id Series
    @param lots Above zero to buy
    @param is_opening Whether the vault has more of the series after it, written or held
    @param met What the trade meets
    @return The price and its parts
    """
    self._require_listed(met.standing.is_listed)
    is_reduce_only: bool = met.standing.is_waiting
    if is_opening:
        assert met.level < 2, "desk: reduce only"
        self._require_before_cutoff(id >> 128)
        self._require_young(met.snapshot)
        assert met.standing.is_fresh, "book: stale"
    else:
        is_reduce_only = (
            is_reduce_only
            or not met.standing.is_fresh
            or met.level > 1
            or met.snapshot.at > met.snapshot.posted_at + MAX_AGE
            or met.snapshot.at + CUTOFF > id >> 128
        )
    quote: types.Quote = staticcall IQuoter(QUOTER).quote(
        types.Inquiry(
            strike=(id >> 8) & series.STRIKE_MASK,
            is_put=id & 1 == 1,
            lots=lots,
            is_opening=is_opening and lots > 0,
            is_reduce_only=is_reduce_only,
            snapshot=met.snapshot,
            exposure=met.standing.exposure,
            underlying=met.standing.underlying,
            reference=REFERENCE,
            law=met.terms.law,
            caution=met.terms.caution_spread if met.level != 0 else units.WAD,
            toxicity=limits._toxicity(
                met.standing.toxicity, met.terms.tox_slope, met.terms.tox_max
            ),
            decimals=QUOTE_DECIMALS,
        )
    )
    if is_opening:
        limits._require_within(
            quote,
            met.terms.limits,
            (met.standing.written if lots > 0 else met.standing.held) + convert(abs(lots), uint256),
            met.scale,
        )
    return quote


@internal
@view
def _quote_unwinding(
    id: uint256, lots: int256, is_windup: bool, met: Meeting
) -> (types.Quote, uint256):
    """
    @notice Price of a liquidation
    @param id Series
    @param lots Above zero: bought back
    @param is_windup Whether at the mark
    @param met What it meets
    @return The price and its parts, share of a block's room
    """
    self._require_listed(met.standing.is_listed)
    return staticcall IQuoter(QUOTER).unwind(
        types.Inquiry(
            strike=(id >> 8) & series.STRIKE_MASK,
            is_put=id & 1 == 1,
            lots=lots,
            is_opening=False,
            is_reduce_only=lots < 0 or self._is_reduce_only(id, met),
            snapshot=met.snapshot,
            exposure=met.standing.exposure,
            underlying=met.standing.underlying,
            reference=REFERENCE,
            law=met.terms.law,
            caution=units.WAD,
            toxicity=units.WAD,
            decimals=QUOTE_DECIMALS,
        ),
        is_windup,
    )


@internal
@view
def _is_reduce_only(id: uint256, met: Meeting) -> bool:
    """
    @notice Must a closing do without payment for a fall of U?
    @param id Series
    @param met What it meets
    """
    return (
        met.standing.is_waiting
        or not met.standing.is_fresh
        or met.level > 1
        or met.snapshot.at > met.snapshot.posted_at + MAX_AGE
        or met.snapshot.at + CUTOFF > id >> 128
    )


@internal
@view
def _cover_between(
    id: uint256, written: uint256, escrowed: uint256, more_written: uint256, less_escrowed: uint256
) -> (uint256, uint256):
    """
    @notice By how much the vault's own cover of a series differs between two states
    @param id Series
    @param written Lots, in the state with less cover
    @param escrowed Lots, in that state
    @param more_written Lots, in the state with more cover
    @param less_escrowed Lots, in that state
    @return Assets, lots of underlying
    """
    return payoff._cover(
        id,
        payoff._uncovered(more_written, less_escrowed) - payoff._uncovered(written, escrowed),
        QUOTE_DECIMALS,
    )


@internal
def _take_back(
    account: address,
    id: uint256,
    lots: uint256,
    escrowed: uint256,
    quote: types.Quote,
    flags: uint256,
    budget: uint256,
    bonus: uint256,
    met: Meeting,
):
    """
    @notice What an account owes gets less: effects, event, money
    @param account Whose
    @param id Series
    @param lots How many
    @param escrowed Of them, no longer covered by the account
    @param quote The price
    @param flags Of `IBook.apply`
    @param budget Assets to draw at most for the options
    @param bonus Assets to draw for the fund beside
    @param met What the trade met
    """
    size: int256 = convert(lots, int256)
    less: int256 = -convert(escrowed, int256)
    extcall IBook(BOOK).apply(id, 0, -size, less, quote.risk, flags, skip_contract_check=True)
    self._log_margin_trade(account, id, size, less, quote, met.snapshot.spot)
    lock_quote: uint256 = 0
    lock_lots: uint256 = 0
    if escrowed != 0:
        lock_quote, lock_lots = self._cover_between(
            id,
            met.standing.written,
            met.standing.escrowed,
            met.standing.written,
            met.standing.escrowed - escrowed,
        )
    locked_quote: uint256 = 0
    locked_lots: uint256 = 0
    locked_quote, locked_lots = extcall IVault(VAULT).take(
        MARGIN,
        min(convert(quote.premium, uint256), budget) + bonus,
        self._dues(quote.fee, met.terms.fund_share) + bonus,
        lock_quote,
        lock_lots,
    )


@internal
@view
def _unwound_share() -> uint256:
    """
    @notice What liquidations have taken of this block's room
    @return WAD
    """
    word: uint256 = self.unwound
    if word & (2**192 - 1) != block.number:
        return 0
    return word >> 192


@internal
@pure
def _buyback_price(spot: uint256, other: uint256, b_delta: uint256) -> uint256:
    """
    @notice At which underlying is paid for calls: spot, of two sources the higher, and b_delta more, so
        that the seller gets fewer units
    @param spot Price
    @param other Of the second source
    @param b_delta Share of spot
    @return Quote per unit
    """
    return unsafe_div(unsafe_mul(max(spot, other), unsafe_add(units.WAD, b_delta)), units.WAD)


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
def _log_margin_trade(
    account: address,
    id: uint256,
    lots: int256,
    escrowed: int256,
    quote: types.Quote,
    spot: uint256,
):
    """
    @notice The whole breakdown of a margin account's trade
    @param account Whose
    @param id Series
    @param lots Above zero: bought
    @param escrowed Change of what is escrowed, lots
    @param quote The price
    @param spot Of the first source
    """
    log IDesk.MarginTraded(
        account=account,
        id=id,
        lots=lots,
        escrowed=escrowed,
        premium=quote.premium,
        fee=quote.fee,
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
@pure
def _require_at_most(premium: uint256, most: uint256):
    """
    @notice Reverts for a price above the caller's limit
    @param premium Assets
    @param most The limit
    """
    assert premium <= most, "desk: price above limit"


@internal
@pure
def _require_at_least(proceeds: uint256, least: uint256):
    """
    @notice Reverts for a price below the caller's limit
    @param proceeds Assets
    @param least The limit
    """
    assert proceeds >= least, "desk: price below limit"


@internal
@pure
def _require_listed(is_listed: bool):
    """
    @notice Reverts for a series that does not stand in the book
    @param is_listed Whether it does
    """
    assert is_listed, "desk: not listed"


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
def _require_margin():
    """
    @notice Reverts unless the margin contract calls
    """
    assert msg.sender == MARGIN, "desk: not the margin"


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
