# pragma version 0.4.3
# pragma optimize codesize
# pragma nonreentrancy on
"""
@title Vault
@license MIT
@notice All money of the LPs: quote token, underlying, the cover of what the vault has written, what holders of settled options are
    owed, and a queue for LPs who wait for cover to come free. What the hedger has taken to venues counts as the hedger says. ERC-4626 over a marked book, with the quote token as asset.
@dev Shares are minted at the high mark and burnt at the low mark, NAV plus and minus u; what a price or a surface can surprise with
    lies between the two. Both come from `Book`, which refreshes what is stale within the same call: a flow needs a price, a preview
    makes the same computation in memory and gives the same number. Where no price is to be had only `exitAtFloor` pays: a share of
    free quote, and NAV is never less than that.

    The danger is money counted twice, or not at all. So only what came through a function here counts (`modules/ledger.vy`); what
    is paid away leaves the ledger before it leaves the vault. Views that must not revert ask the book with a call that may fail,
    and then say the last price seen. Nothing that writes ever does that: who brings little gas gets a revert.

    The wrong failure would be an option that its holder cannot sell or redeem, so `pay`, `settle` and `pay_out` ask no price and
    no LP. Book, desk and fund are deployed later; their addresses are computed and the deployment plan checks them.
@custom:kill Nobody can stop deposits, redemptions, the queue, or payments. Without a price LPs have `exitAtFloor` and `claim`; the
    desk stops openings, and then requests may be cancelled at once. The owner names the receiver of the performance fee, no more.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from interfaces import IBook
from interfaces import IHedger
from interfaces import IRiskSheet
from interfaces import IVault
from . import types
from . import units
from .math import refusal
from .math import share_math
from .modules import ladder
from .modules import ledger
from .modules import performance
from .modules import queue
from .modules import shares

implements: IERC20
implements: IVault

initializes: shares
initializes: ledger
initializes: queue
initializes: ladder
initializes: performance

LEAST_VIRTUAL: constant(uint256) = 6  # digits of virtual shares, at least
MOST_MARK: constant(uint256) = 2**159  # of a price or a value, WAD: products stay below 2^256
CANCEL_AFTER: constant(uint256) = 7 * 86400
LEAST_REQUEST: constant(uint256) = 100  # whole shares, or quote tokens at the last price
LEAST_SUPPLY: constant(uint256) = 10_000  # whole shares under which the ladder sleeps
BATCH: constant(uint256) = 32  # requests processed in one call
APPRAISAL: constant(uint256) = 128  # bytes
OPENINGS_STOPPED: constant(uint256) = 3  # level of the ladder

asset: public(immutable(address))  # the quote token
UNDERLYING: public(immutable(address))  # what calls settle in
BOOK: public(immutable(address))
DESK: public(immutable(address))
MARGIN: public(immutable(address))  # holds what accounts owe
FUND: public(immutable(address))  # receives dues
HEDGER: public(immutable(address))  # takes what is free to venues, and brings it back
OWNER: public(immutable(address))
decimals: public(immutable(uint8))
VIRTUAL: immutable(uint256)  # shares that nobody owns
QUOTE_SCALE: immutable(uint256)  # WAD in an asset
UNIT_SCALE: immutable(uint256)  # WAD in a unit of underlying

name: public(String[48])  # in storage, like the symbol: no code asks, and code is dear
symbol: public(String[16])
fee_receiver: public(address)  # of the performance fee; nobody: there is none


struct Marks:  # the vault at one moment
    is_known: bool
    nav: int256  # WAD, as are the next
    low: int256
    high: int256
    total: uint256  # assets: NAV rounded down, at least zero
    total_low: uint256  # rounded down, at least zero
    total_high: uint256  # without bad debt, rounded up, at least zero
    potential: uint256  # U, WAD
    spot: uint256
    supply: uint256  # shares that a flow finds, those of a fee that is due included
    parts: uint256  # the same with the virtual ones
    free: uint256  # assets
    room: uint256  # assets that LPs may still bring
    underlying: int256  # less what is owed on venues, WAD
    is_waiting: bool  # somebody is in the queue


@deploy
def __init__(
    quote: address,
    underlying: address,
    book: address,
    desk: address,
    margin: address,
    fund: address,
    hedger: address,
    owner: address,
    _name: String[48],
    _symbol: String[16],
):
    """
    @notice An empty vault without a performance fee
    @param quote Quote token, 6 to 18 decimals, which neither takes fees nor rebases
    @param underlying Another token, likewise
    @param book Values options; need not stand yet
    @param desk Trades; need not stand yet
    @param margin Holds accounts; need not stand yet
    @param fund Receives its part of fees
    @param hedger Hedges on venues; need not stand yet
    @param owner Names the receiver of the performance fee: the timelock
    @param _name Of the share
    @param _symbol Of the share
    """
    if quote == underlying:
        refusal._refuse("vault: tokens")
    if empty(address) in [book, desk, margin, fund, hedger, owner]:
        refusal._refuse("vault: address")
    quote_decimals: uint256 = self._decimals(quote)
    underlying_decimals: uint256 = self._decimals(underlying)
    virtual: uint256 = max(18 - quote_decimals, LEAST_VIRTUAL)
    asset = quote
    UNDERLYING = underlying
    BOOK = book
    DESK = desk
    MARGIN = margin
    FUND = fund
    HEDGER = hedger
    OWNER = owner
    self.name = _name
    self.symbol = _symbol
    decimals = convert(quote_decimals + virtual, uint8)
    VIRTUAL = 10**virtual
    QUOTE_SCALE = 10**(18 - quote_decimals)
    UNIT_SCALE = 10**(18 - underlying_decimals)
    ledger.__init__(quote_decimals, underlying_decimals)
    performance.__init__()


# The desk


@external
def take(
    payer: address, amount: uint256, dues: uint256, lock_quote: uint256, lock_lots: uint256
) -> (uint256, uint256):
    """
    @notice A premium in, cover locked
    @param payer Who pays; has approved the vault. Where it is the margin contract an account closes
    @param amount Assets
    @param dues Assets of them that are the fund's
    @param lock_quote Assets that cover puts
    @param lock_lots Lots of underlying that cover calls
    @return Assets and lots of underlying locked now
    """
    self._require_caller(DESK)
    locked_quote: uint256 = 0
    locked_lots: uint256 = 0
    locked_quote, locked_lots = ledger._take(amount, dues, lock_quote, lock_lots, payer == MARGIN)
    self._pull(asset, payer, amount)
    return locked_quote, locked_lots


@external
def pay(
    receiver: address,
    amount: uint256,
    dues: uint256,
    release_quote: uint256,
    release_lots: uint256,
    underlying_price: uint256,
) -> (uint256, uint256):
    """
    @notice Cover released, then a premium out: of free quote, or where that is short of the underlying that is released
    @param receiver Who is paid
    @param amount Assets
    @param dues Assets that were kept back for the fund
    @param release_quote Assets that covered puts
    @param release_lots Lots of underlying that covered calls
    @param underlying_price At which underlying stands for quote, WAD; not asked without `release_lots`
    @return Assets and units of underlying paid, the latter rounded down
    """
    self._require_caller(DESK)
    in_kind: uint256 = max_value(uint256)
    if underlying_price != 0:
        in_kind = amount * unsafe_mul(QUOTE_SCALE, units.WAD) // underlying_price
        in_kind = unsafe_div(in_kind, UNIT_SCALE)
    paid: uint256 = 0
    paid, in_kind = ledger._pay(amount, dues, release_quote, release_lots, in_kind)
    if in_kind != 0:
        self._tell_book(False)
    self._send(asset, receiver, paid)
    self._send(UNDERLYING, receiver, in_kind)
    return paid, in_kind


@external
def settle(expiry: uint256, sums: types.Settlement):
    """
    @notice Cover of an expiry released, what escrow owes pulled from the margin contract; of both, what holders are owed moved
        into their pot; what accounts owe beyond that booked
    @param expiry Unix time, settled once
    @param sums Of the expiry; where no lots will be redeemed the pot stays empty
    """
    self._require_caller(DESK)
    ledger._settle(expiry, sums)
    self._tell_book(False)
    if sums.pot_lots != 0:
        log IVault.PotFilled(
            expiry=expiry, quote=sums.pot_quote, underlying=sums.pot_underlying, lots=sums.pot_lots
        )
    self._pull_both(sums.escrow_quote, sums.escrow_underlying)


@external
def pay_out(expiry: uint256, receiver: address, quote: uint256, underlying: uint256, lots: uint256):
    """
    @notice Pays a holder from a pot; with its last lots the rest returns to LPs
    @param expiry Whose pot
    @param receiver Who is paid
    @param quote Assets
    @param underlying Units of underlying
    @param lots Lots redeemed
    """
    self._require_caller(DESK)
    back: uint256 = ledger._pay_out(expiry, quote, underlying, lots)
    if back != 0:
        log IVault.PotEmptied(expiry=expiry, quote=back & ledger.LOW_104, underlying=back >> 104)
        self._tell_book(False)
    self._send(asset, receiver, quote)
    self._send(UNDERLYING, receiver, underlying)


# The margin contract


@external
def collect(quote: uint256, underlying: uint256, cleared: uint256):
    """
    @notice What accounts pay after an expiry comes in, and the debt leaves the books. Where more is cleared than was paid, LPs bear
        the difference, which was in NAV
    @param quote Assets
    @param underlying Units
    @param cleared Assets of debt
    """
    self._require_caller(MARGIN)
    gone: uint256 = ledger._collect(quote, underlying, cleared)
    if underlying != 0:
        self._tell_book(True)
    log IVault.DebtCollected(quote=quote, underlying=underlying, cleared=gone)
    self._pull_both(quote, underlying)


@external
def exchange(underlying: uint256, quote: uint256):
    """
    @notice Underlying of an account comes in, at the settlement price that paid it out, and free quote goes out for it
    @param underlying Units
    @param quote Assets, no more than is free
    """
    self._require_caller(MARGIN)
    ledger._lend(quote, 0)
    ledger._collect(0, underlying, 0)
    self._tell_book(True)
    log IVault.UnderlyingExchanged(underlying=underlying, quote=quote)
    self._pull_both(0, underlying)
    self._send(asset, MARGIN, quote)


@external
def set_bad_debt(amount: uint256):
    """
    @notice What flagged accounts owe beyond what they and the fund have, as of now, in the place of the last figure
    @param amount Assets
    """
    self._require_caller(MARGIN)
    ledger._set_bad_debt(amount)
    log IVault.BadDebtChanged(amount=amount)


# The hedger


@external
def trade(
    venue: address, quote: uint256, underlying: uint256, order: Bytes[132]
) -> (uint256, uint256):
    """
    @notice Free tokens to a venue, an order there, and what has come when it is done. The lock holds all the while, so nobody meets
        the vault without what is on its way
    @param venue Whom the hedger has found fit, or without an order whom it owes a reward
    @param quote Assets, of the reserve too
    @param underlying Units that cover nothing
    @param order What to call there
    @return Assets and units that came, by the tokens' word
    """
    self._require_caller(HEDGER)
    ledger._lend(quote, underlying)
    self._send(asset, venue, quote)
    self._send(UNDERLYING, venue, underlying)
    assets: uint256 = self._held(asset)
    amount: uint256 = self._held(UNDERLYING)
    if len(order) != 0:
        raw_call(venue, order)
    assets = self._held(asset) - assets
    amount = self._held(UNDERLYING) - amount
    ledger._credit_both(assets, amount)
    return assets, amount


@external
def note_venues(word: uint256):
    """
    @notice What is on venues now
    @param word See `venue_word`; the lowest bit says whether delta has changed
    """
    self._require_caller(HEDGER)
    ledger._set_venues(word)
    self._tell_book(word & 1 != 0)


# LPs: at the marks


@external
def deposit(assets: uint256, receiver: address, min_shares: uint256 = 0) -> uint256:
    """
    @notice Quote in, shares at the high mark
    @param assets How much
    @param receiver Of the shares
    @param min_shares Fewer are refused
    @return Shares, rounded down
    """
    marks: Marks = self._open()
    self._require_entry(marks, assets)
    minted: uint256 = share_math._shares_down(assets, marks.total_high, marks.parts)
    if minted == 0 and assets != 0:
        refusal._refuse("vault: nothing")
    if minted < min_shares:
        refusal._refuse("vault: fewer shares")
    self._enter(receiver, assets, minted)
    return minted


@external
def mint(amount: uint256, receiver: address) -> uint256:
    """
    @notice Shares at the high mark, for quote
    @param amount Shares
    @param receiver Of the shares
    @return Assets, rounded up
    """
    marks: Marks = self._open()
    self._require_supply(amount)
    assets: uint256 = share_math._assets_up(amount, marks.total_high, marks.parts)
    self._require_entry(marks, assets)
    self._enter(receiver, assets, amount)
    return assets


@external
def withdraw(assets: uint256, receiver: address, owner: address) -> uint256:
    """
    @notice Quote out, for shares at the low mark
    @param assets How much
    @param receiver Of the quote
    @param owner Of the shares: the caller, or who approved him
    @return Shares, rounded up
    """
    marks: Marks = self._open()
    self._require_exit(marks, assets)
    burnt: uint256 = share_math._shares_up(assets, marks.total_low, marks.parts)
    self._leave(receiver, owner, assets, burnt)
    return burnt


@external
def redeem(amount: uint256, receiver: address, owner: address, min_assets: uint256 = 0) -> uint256:
    """
    @notice Shares in, quote out at the low mark
    @param amount Shares
    @param receiver Of the quote
    @param owner Of the shares: the caller, or who approved him
    @param min_assets Less is refused
    @return Assets, rounded down
    """
    marks: Marks = self._open()
    self._require_shares(amount, marks.supply)
    assets: uint256 = share_math._assets_down(amount, marks.total_low, marks.parts)
    self._require_exit(marks, assets)
    self._require_assets(assets, min_assets)
    self._leave(receiver, owner, assets, amount)
    return assets


@external
def depositUnderlying(amount: uint256, receiver: address, min_shares: uint256 = 0) -> uint256:
    """
    @notice Underlying in, at spot less what a round may surprise with and less what it adds to the potential; shares at the high
        mark
    @param amount Units
    @param receiver Of the shares
    @param min_shares Fewer are refused
    @return Shares, rounded down
    """
    marks: Marks = self._open()
    ledger._credit_units(amount, ledger._most_units())
    assets: uint256 = self._underlying_down(marks, amount)
    self._require_value(marks)
    minted: uint256 = share_math._shares_down(assets, marks.total_high, marks.parts)
    self._require_supply(minted)
    if minted == 0 or minted < min_shares:
        refusal._refuse("vault: too few shares")
    shares._require_receiver(receiver)
    shares._mint(receiver, minted)
    log IVault.UnderlyingDeposited(sender=msg.sender, owner=receiver, amount=amount, shares=minted)
    self._tell_book(False)
    self._pull(UNDERLYING, msg.sender, amount)
    return minted


# LPs: the queue


@external
def requestRedeem(amount: uint256, controller: address, owner: address) -> uint256:
    """
    @notice Shares into the queue. They are burnt at the low mark of the moment when quote is there for them
    @param amount Shares, worth a hundred quote tokens, or a hundred shares
    @param controller Who may cancel the request and claim what it brings
    @param owner Of the shares: the caller, or who approved him
    @return Id of the request
    """
    shares._require_receiver(controller)
    shares._spend(owner, amount)
    shares._move(owner, self, amount)
    least: uint256 = unsafe_mul(LEAST_REQUEST, self._whole())
    worth: uint256 = unsafe_mul(amount, ladder._last())  # of what has been moved: below 2^216
    if amount < least and worth < unsafe_mul(least, units.WAD):
        refusal._refuse("vault: small request")
    if queue._pending() == 0:
        ledger._set_queue(True, 0)
    id: uint256 = queue._push(controller, amount)
    log IVault.RedeemRequest(
        controller=controller, owner=owner, request_id=id, sender=msg.sender, shares=amount
    )
    return id


@external
def cancelRedeemRequest(id: uint256) -> uint256:
    """
    @notice Shares out of the queue, seven days after the request, or at once while openings are stopped or no price can be read
    @param id Of a request that the caller controls
    @return Shares that come back to the caller
    """
    if queue._controller(id) != msg.sender:
        refusal._refuse("vault: not controller")
    earliest: uint256 = unsafe_add(queue._requested_at(id), CANCEL_AFTER)
    if block.timestamp < earliest and not self._is_stopped():
        refusal._refuse("vault: too early")
    amount: uint256 = queue._remove(id)
    if amount == 0:
        refusal._refuse("vault: request")
    if queue._pending() == 0:
        ledger._set_queue(False, 0)
    shares._move(self, msg.sender, amount)
    log IVault.RedeemRequestCancelled(controller=msg.sender, request_id=id, shares=amount)
    return amount


@external
def processRedemptions(count: uint256) -> uint256:
    """
    @notice Anyone: quote that is there for those in the queue, at the low mark, first come first served; the last may get a part
    @param count Requests to look at, of which at most 32 are
    @return Assets that may be claimed now
    """
    marks: Marks = self._open()
    self._require_floor(marks)
    held: ledger.Balances = ledger._balances()
    room: uint256 = unsafe_add(held.free, held.earmark)
    spent: uint256 = 0
    burnt: uint256 = 0
    first: uint256 = queue._first()
    next: uint256 = queue._next()
    for _: uint256 in range(min(count, BATCH), bound=BATCH):
        if first == next:
            break
        waiting: uint256 = queue.waiting[first]
        if waiting != 0:
            part: uint256 = min(
                waiting,
                share_math._shares_down(unsafe_sub(room, spent), marks.total_low, marks.parts),
            )
            paid: uint256 = share_math._assets_down(part, marks.total_low, marks.parts)
            if part < waiting and paid == 0:
                break
            self._process(first, waiting, part, paid)
            spent = unsafe_add(spent, paid)
            burnt = unsafe_add(burnt, part)
            if part < waiting:
                break
        first = unsafe_add(first, 1)
    self._finish(first, spent, burnt, held.earmark)
    return spent


@external
def claim(receiver: address) -> uint256:
    """
    @notice What processed requests of the caller have brought
    @param receiver Of the quote
    @return Assets
    """
    shares._require_receiver(receiver)
    assets: uint256 = queue._settle_debt(msg.sender)
    log IVault.Claimed(controller=msg.sender, receiver=receiver, assets=assets)
    self._send(asset, receiver, assets)
    return assets


# LPs: the floor


@external
def exitAtFloor(amount: uint256, receiver: address, min_assets: uint256 = 0) -> uint256:
    """
    @notice Shares in, their part of free quote out; the rest of what they are worth is left to the others. Needs no price
    @param amount Shares of the caller
    @param receiver Of the quote
    @param min_assets Less is refused
    @return Assets, rounded down
    """
    supply: uint256 = shares.supply
    self._require_shares(amount, supply)
    assets: uint256 = unsafe_div(unsafe_mul(amount, ledger._balances().free), self._parts())
    self._require_assets(assets, min_assets)
    self._leave(receiver, msg.sender, assets, amount)
    return assets


# Anyone


@external
def poke() -> uint256:
    """
    @notice Brings the drawdown ladder up to date, and collects the performance fee if it is due
    @return Level of the ladder
    """
    self._open()
    return ledger._balances().level


@external
def payFund() -> uint256:
    """
    @notice Sends the fund what is its own
    @return Assets
    """
    assets: uint256 = ledger._clear_dues()
    log IVault.FundPaid(fund=FUND, assets=assets)
    self._send(asset, FUND, assets)
    return assets


# The owner


@external
def set_fee_receiver(receiver: address):
    """
    @notice Who gets the performance fee. A rate is read when a week starts, so the first fee is for the first whole week
    @param receiver Nobody: there is no fee
    """
    if msg.sender != OWNER:
        refusal._refuse("vault: not the owner")
    if receiver == self:
        refusal._refuse("vault: fee receiver")
    self.fee_receiver = receiver
    log IVault.FeeReceiverChanged(receiver=receiver)


# Shares. A transfer calls nobody, and whoever is called by the vault finds balances as they are after it.


@external
@reentrant
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Move shares of the caller
    @param receiver To whom
    @param amount How many
    @return True
    """
    shares._require_receiver(receiver)
    shares._move(msg.sender, receiver, amount)
    return True


@external
@reentrant
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Move shares of somebody who approved the caller
    @param sender From whom
    @param receiver To whom
    @param amount How many
    @return True
    """
    shares._require_receiver(receiver)
    shares._spend(sender, amount)
    shares._move(sender, receiver, amount)
    return True


@external
@reentrant
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Let somebody move shares of the caller
    @param spender Who may
    @param amount How many, 2^256 - 1 for ever
    @return True
    """
    shares._approve(msg.sender, spender, amount)
    return True


@external
@view
@reentrant
def totalSupply() -> uint256:
    """
    @notice Shares, those in the queue included
    """
    return shares.supply


@external
@view
@reentrant
def balanceOf(owner: address) -> uint256:
    """
    @notice Shares of somebody; those of the vault are in the queue
    @param owner Who
    """
    return shares.balances[owner]


@external
@view
@reentrant
def allowance(owner: address, spender: address) -> uint256:
    """
    @notice Shares of an owner that a spender may move
    @param owner Whose
    @param spender Who may
    """
    return shares.allowances[owner][spender]


# ERC-4626: what never reverts


@external
@view
def totalAssets() -> uint256:
    """
    @notice NAV, or where it cannot be read the last one seen, per share; never below zero
    @return Assets, rounded down
    """
    return self._total()


@external
@view
def convertToShares(assets: uint256) -> uint256:
    """
    @notice Shares for assets at NAV
    @param assets How much
    @return Shares, rounded down
    """
    return share_math._shares_down(assets, self._total(), self._parts())


@external
@view
def convertToAssets(amount: uint256) -> uint256:
    """
    @notice Assets for shares at NAV
    @param amount Shares
    @return Assets, rounded down
    """
    return share_math._assets_down(amount, self._total(), self._parts())


@external
@view
def maxDeposit(receiver: address) -> uint256:
    """
    @notice What `deposit` takes; zero where it would be refused
    @param receiver Of the shares
    @return Assets
    """
    return self._most_in(receiver, False)


@external
@view
def maxMint(receiver: address) -> uint256:
    """
    @notice What `mint` gives; zero where it would be refused
    @param receiver Of the shares
    @return Shares
    """
    return self._most_in(receiver, True)


@external
@view
def maxWithdraw(owner: address) -> uint256:
    """
    @notice What `withdraw` gives; zero where it would be refused
    @param owner Of the shares
    @return Assets
    """
    return self._most_out(owner, False)


@external
@view
def maxRedeem(owner: address) -> uint256:
    """
    @notice What `redeem` takes; zero where it would be refused
    @param owner Of the shares
    @return Shares
    """
    return self._most_out(owner, True)


# ERC-4626: previews


@external
@view
def previewDeposit(assets: uint256) -> uint256:
    """
    @notice What `deposit` would give now
    @param assets How much
    @return Shares, rounded down
    """
    marks: Marks = self._read_in()
    return share_math._shares_down(assets, marks.total_high, marks.parts)


@external
@view
def previewMint(amount: uint256) -> uint256:
    """
    @notice What `mint` would cost now
    @param amount Shares
    @return Assets, rounded up
    """
    marks: Marks = self._read_in()
    return share_math._assets_up(amount, marks.total_high, marks.parts)


@external
@view
def previewWithdraw(assets: uint256) -> uint256:
    """
    @notice What `withdraw` would burn now, were there quote enough
    @param assets How much
    @return Shares, rounded up
    """
    marks: Marks = self._read_out()
    return share_math._shares_up(assets, marks.total_low, marks.parts)


@external
@view
def previewRedeem(amount: uint256) -> uint256:
    """
    @notice What `redeem` would pay now, were there quote enough
    @param amount Shares
    @return Assets, rounded down
    """
    marks: Marks = self._read_out()
    return share_math._assets_down(amount, marks.total_low, marks.parts)


@external
@view
def previewDepositUnderlying(amount: uint256) -> uint256:
    """
    @notice What `depositUnderlying` would give now
    @param amount Units
    @return Shares, rounded down
    """
    marks: Marks = self._read_in()
    return share_math._shares_down(
        self._underlying_down(marks, amount), marks.total_high, marks.parts
    )


# Views for the market


@external
@view
def holdings() -> IVault.Holdings:
    """
    @notice Free and locked cover, and the level of the ladder
    """
    held: ledger.Balances = ledger._balances()
    return IVault.Holdings(
        free_quote=held.free,
        underlying=held.underlying,
        free_lots=unsafe_sub(unsafe_div(held.underlying, ledger.LOT), held.locked_lots),
        locked_quote=held.locked_quote,
        locked_lots=held.locked_lots,
        caution=held.level,
        loose_quote=held.loose,
    )


@external
@view
def nav() -> (int256, int256, int256):
    """
    @notice NAV, low mark and high mark of all shares; reverts where they cannot be read
    @return WAD
    """
    marks: Marks = self._read()
    return marks.nav, marks.low, marks.high


@external
@view
def dues() -> uint256:
    """
    @notice What is the fund's, and not sent yet
    @return Assets
    """
    return ledger._balances().dues


# Views for people


@external
@view
def share_price() -> uint256:
    """
    @notice NAV of a whole share; the last one seen where it cannot be read
    @return WAD, rounded down
    """
    return share_math._price_down(self._total(), self._parts(), VIRTUAL)


@external
@view
def free_cash() -> uint256:
    """
    @notice Quote that is neither locked, nor the fund's, nor the queue's
    @return Assets
    """
    return ledger._balances().free


@external
@view
def free_underlying() -> uint256:
    """
    @notice Underlying that covers nothing
    @return Units, whole lots
    """
    held: ledger.Balances = ledger._balances()
    return unsafe_mul(
        unsafe_sub(unsafe_div(held.underlying, ledger.LOT), held.locked_lots), ledger.LOT
    )


@external
@view
def locked() -> (uint256, uint256):
    """
    @notice What covers written options
    @return Assets, units of underlying
    """
    held: ledger.Balances = ledger._balances()
    return held.locked_quote, unsafe_mul(held.locked_lots, ledger.LOT)


@external
@view
def balances() -> ledger.Balances:
    """
    @notice The ledger of the LPs' money
    """
    return ledger._balances()


@external
@view
def pot(expiry: uint256) -> (uint256, uint256, uint256):
    """
    @notice What holders of a settled expiry may still redeem
    @param expiry Unix time
    @return Assets, units of underlying, lots
    """
    word: uint256 = ledger.pots[expiry]
    return word & ledger.LOW_104, (word >> 104) & ledger.LOW_104, word >> 208


@external
@view
def high_water() -> (uint256, uint256):
    """
    @notice Price of a share above which there is a performance fee, and the close from which drawdown is counted
    @return WAD
    """
    return performance._high(), ladder._high()


@external
@view
def pendingRedeemRequest(id: uint256, controller: address) -> uint256:
    """
    @notice Shares of a request that wait
    @param id Of the request
    @param controller Whose
    @return Shares
    """
    return queue.waiting[id] if queue._controller(id) == controller else 0


@external
@view
def claimable(controller: address) -> uint256:
    """
    @notice What somebody may claim
    @param controller Who
    @return Assets
    """
    return queue.owed[controller]


@external
@view
def redemptions() -> (uint256, uint256, uint256, uint256):
    """
    @notice The queue
    @return Shares that wait, first id, id of the next request, assets not yet claimed
    """
    return queue._pending(), queue._first(), queue._next(), queue.total_owed


# Internals: guards


@internal
@view
def _require_caller(allowed: address):
    """
    @notice Reverts unless the one contract of the market calls that may
    @param allowed Which
    """
    if msg.sender != allowed:
        refusal._refuse("vault: caller")


@internal
@view
def _require_value(marks: Marks):
    """
    @notice Reverts where new shares would have no price: nothing may be bought of a vault that owes more than it has
    @param marks Marks
    """
    if not self._has_value(marks):
        refusal._refuse("vault: no value")


@internal
@view
def _require_entry(marks: Marks, assets: uint256):
    """
    @notice Reverts unless quote may come in
    @param marks Marks
    @param assets How much
    """
    self._require_value(marks)
    if assets > marks.room:
        refusal._refuse("vault: full")


@internal
@view
def _require_supply(amount: uint256):
    """
    @notice Reverts for more shares than fit
    @param amount New shares
    """
    if max(amount, unsafe_add(amount, shares.supply)) >= share_math.LIMIT:
        refusal._refuse("vault: supply")


@internal
@pure
def _require_shares(amount: uint256, supply: uint256):
    """
    @notice Reverts for more shares than there are
    @param amount Shares
    @param supply All shares
    """
    if amount > supply:
        refusal._refuse("vault: shares")


@internal
@pure
def _require_floor(marks: Marks):
    """
    @notice Reverts unless the low mark is above zero
    @param marks Marks
    """
    if marks.low <= 0:
        refusal._refuse("vault: below floor")


@internal
@pure
def _require_exit(marks: Marks, assets: uint256):
    """
    @notice Reverts unless quote may go out, at the marks
    @param marks Marks
    @param assets How much
    """
    self._require_floor(marks)
    if marks.is_waiting:
        refusal._refuse("vault: queue")
    self._require_free(assets, marks.free)


@internal
@pure
def _require_free(assets: uint256, free: uint256):
    """
    @notice Reverts for more quote than is free
    @param assets How much
    @param free What is
    """
    if assets > free:
        refusal._refuse("vault: free quote")


@internal
@pure
def _require_assets(assets: uint256, min_assets: uint256):
    """
    @notice Reverts where less comes than was asked for
    @param assets What comes
    @param min_assets What was asked for
    """
    if assets < min_assets:
        refusal._refuse("vault: fewer assets")


@internal
@view
def _is_stopped() -> bool:
    """
    @notice Whether whoever waits in the queue may leave it at once: openings are stopped, by the ladder or the guardian, or nobody
        can process it for want of a price
    @dev The desk is asked so that it may fail to answer: it is locked within its own calls, and this is an exit
    """
    if ledger._balances().level >= OPENINGS_STOPPED:
        return True
    done: bool = False
    answer: Bytes[32] = b""
    done, answer = raw_call(
        DESK,
        method_id("guardian_caution()"),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    if done and len(answer) == 32 and convert(answer, uint256) >= OPENINGS_STOPPED:
        return True
    return not self._try_read().is_known


@internal
@view
def _has_value(marks: Marks) -> bool:
    """
    @notice Whether new shares have a price; the first ones have
    @param marks Marks
    """
    return marks.high > 0 or (marks.high == 0 and shares.supply == 0)


# Internals: value


@internal
def _open() -> Marks:
    """
    @notice What each flow begins with: a fresh book, the ladder, the performance fee if it is due
    @return Marks, before the flow
    """
    held: ledger.Balances = ledger._balances()
    marks: Marks = self._marks(extcall IBook(BOOK).appraise(self._beside()), held)
    self._require_known(marks)
    self._observe(marks.total, held.level)
    if performance._is_due():
        self._collect(marks)
    return marks


@internal
@view
def _beside() -> int256:
    """
    @notice Underlying that the book counts in the potential, as trades meet it there: whole lots, less what is owed on venues
    @return Units, WAD
    """
    return unsafe_mul(ledger._lots(), convert(units.LOT, int256))


@internal
def _tell_book(is_jump: bool):
    """
    @notice Keeps at hand in the book what a trade must know: lots of underlying, level of the ladder
    @param is_jump Whether underlying came that nobody was charged for
    """
    extcall IBook(BOOK).hold(ledger._lots(), ledger._level(), is_jump)


@internal
@view
def _read() -> Marks:
    """
    @notice The marks that `_open` would find
    """
    held: ledger.Balances = ledger._balances()
    marks: Marks = self._marks(staticcall IBook(BOOK).appraisal(self._beside()), held)
    self._require_known(marks)
    return marks


@internal
@view
def _read_in() -> Marks:
    """
    @notice The marks of who comes
    """
    marks: Marks = self._read()
    self._require_value(marks)
    return marks


@internal
@view
def _read_out() -> Marks:
    """
    @notice The marks of who leaves
    """
    marks: Marks = self._read()
    self._require_floor(marks)
    return marks


@internal
@view
def _try_read() -> Marks:
    """
    @notice The marks, or unknown ones where the book cannot be read; for views only
    """
    held: ledger.Balances = ledger._balances()
    done: bool = False
    answer: Bytes[APPRAISAL] = b""
    done, answer = raw_call(
        BOOK,
        abi_encode(self._beside(), method_id=method_id("appraisal(int256)")),
        max_outsize=APPRAISAL,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not done or len(answer) != APPRAISAL:
        return empty(Marks)
    return self._marks(abi_decode(answer, types.Appraisal), held)


@internal
@pure
def _require_known(marks: Marks):
    """
    @notice Reverts for numbers out of all bounds
    @param marks Marks
    """
    if not marks.is_known:
        refusal._refuse("vault: range")


@internal
@view
def _marks(book: types.Appraisal, held: ledger.Balances) -> Marks:
    """
    @notice The one function that values the vault: cash less dues, underlying at spot, options as the book says, venues as the
        hedger says. Claims and pots are not in cash. The high mark is rounded up, all else down
    @param book Appraisal
    @param held Balances
    @return Marks; unknown ones where a number is out of all bounds
    """
    shifted: uint256 = unsafe_add(convert(convert(book.value, bytes32), uint256), MOST_MARK)
    if (book.spot | book.width) >> 159 != 0 or unsafe_sub(shifted, 1) >= 2**160 - 1:
        return empty(Marks)
    # Ledger fields are below 2^128 and a scale below 2^40; only the product with spot can leave its word.
    own: uint256 = unsafe_mul(
        unsafe_add(unsafe_sub(held.cash, held.dues), held.receivable), QUOTE_SCALE
    )
    coins: uint256 = unsafe_mul(held.underlying, UNIT_SCALE) * book.spot // units.WAD
    owed: uint256 = unsafe_mul(held.bad_debt, QUOTE_SCALE)
    nav: int256 = unsafe_sub(convert(unsafe_add(own, coins), int256), convert(owed, int256))
    nav = unsafe_add(nav, book.value)
    width: int256 = convert(book.width, int256)
    low: int256 = unsafe_sub(nav, width)
    high: int256 = unsafe_add(nav, width)
    reserve: uint256 = held.reserve
    if held.is_hedged:
        venues: types.Venues = staticcall IHedger(HEDGER).appraisal(book.spot)
        nav = unsafe_add(nav, venues.equity)
        low = unsafe_add(low, venues.low)
        high = unsafe_add(high, venues.high)
        reserve = venues.reserve
    total_low: uint256 = self._assets_down(low)
    total_high: uint256 = (
        self._assets_down(  # a turn of spot may cure bad debt before anybody says so
             unsafe_add(
                unsafe_add(high, convert(owed, int256)),
                unsafe_sub(convert(QUOTE_SCALE, int256), 1),
            )
        )
    )
    if total_high >= share_math.LIMIT:
        return empty(Marks)
    supply: uint256 = unsafe_add(shares.supply, self._fee_shares(total_low))
    return Marks(
        is_known=True,
        nav=nav,
        low=low,
        high=high,
        total=self._assets_down(nav),
        total_low=total_low,
        total_high=total_high,
        potential=book.potential,
        spot=book.spot,
        supply=supply,
        parts=unsafe_add(supply, VIRTUAL),
        free=unsafe_sub(held.loose, min(reserve, held.loose)),
        room=unsafe_sub(ledger.MOST_CASH, min(held.cash, ledger.MOST_CASH)),
        underlying=self._beside(),
        is_waiting=held.is_waiting,
    )


@internal
@view
def _assets_down(amount: int256) -> uint256:
    """
    @notice Quote in assets
    @param amount WAD
    @return Rounded down, at least zero
    """
    return unsafe_div(convert(max(amount, 0), uint256), QUOTE_SCALE)


@internal
@view
def _total() -> uint256:
    """
    @notice NAV, or where it cannot be read the last price seen times the shares there are
    @return Assets, rounded down
    """
    marks: Marks = self._try_read()
    if marks.is_known:
        return marks.total
    total: uint256 = unsafe_div(
        unsafe_mul(ladder._last(), self._parts()), unsafe_mul(VIRTUAL, units.WAD)
    )
    return min(unsafe_sub(max(total, 1), 1), share_math.LIMIT - 1)


@internal
@view
def _underlying_down(marks: Marks, amount: uint256) -> uint256:
    """
    @notice What underlying is worth to the vault: spot, down by what a round may surprise with, less the rise of the potential
    @dev Asks the book twice, and not `potential`, which knows what is stored only: a preview must refresh in memory
    @param marks Marks, before it comes
    @param amount Units, fewer than 2^104
    @return Assets, rounded down
    """
    d: uint256 = (staticcall self._sheet().mark_terms()).d_spot
    more: uint256 = amount * UNIT_SCALE
    after: types.Appraisal = staticcall IBook(BOOK).appraisal(
        marks.underlying + convert(more, int256)
    )
    worth: uint256 = unsafe_mul(more * marks.spot // units.WAD, units.WAD - min(d, units.WAD))
    worth = unsafe_div(worth, units.WAD)
    rise: uint256 = unsafe_sub(after.potential, min(marks.potential, after.potential))
    return unsafe_div(unsafe_sub(worth, min(rise, worth)), QUOTE_SCALE)


@internal
@view
def _sheet() -> IRiskSheet:
    """
    @notice The numbers in force
    """
    return IRiskSheet(staticcall IBook(BOOK).sheet())


# Internals: shares


@internal
@view
def _whole() -> uint256:
    """
    @notice A whole share, in its units
    """
    return unsafe_mul(VIRTUAL, unsafe_div(units.WAD, QUOTE_SCALE))


@internal
@view
def _parts() -> uint256:
    """
    @notice All shares, virtual ones included
    """
    return unsafe_add(shares.supply, VIRTUAL)


@internal
@view
def _most_in(receiver: address, in_shares: bool) -> uint256:
    """
    @notice What LPs may bring now
    @param receiver Of the shares
    @param in_shares Whether to say it in shares
    @return Assets, or shares
    """
    marks: Marks = self._try_read()
    if (
        not (marks.is_known and self._has_value(marks))
        or receiver == empty(address)
        or receiver == self
    ):
        return 0
    left: uint256 = unsafe_sub(share_math.LIMIT - 1, marks.supply)
    assets: uint256 = min(marks.room, share_math._assets_down(left, marks.total_high, marks.parts))
    if in_shares:
        return min(share_math._shares_down(assets, marks.total_high, marks.parts), left)
    return assets


@internal
@view
def _most_out(owner: address, in_shares: bool) -> uint256:
    """
    @notice What an LP may take now
    @param owner Of shares
    @param in_shares Whether to say it in shares
    @return Assets, or shares
    """
    marks: Marks = self._try_read()
    if not marks.is_known or marks.low <= 0 or marks.is_waiting:
        return 0
    held: uint256 = shares.balances[owner]
    if in_shares:
        return min(held, share_math._shares_down(marks.free, marks.total_low, marks.parts))
    return min(marks.free, share_math._assets_down(held, marks.total_low, marks.parts))


@internal
@view
def _fee_shares(total: uint256) -> uint256:
    """
    @notice Shares that a flow would mint for the performance fee now
    @param total Assets at the low mark
    @return Shares
    """
    fee: uint256 = performance._due(total, self._parts(), VIRTUAL)
    if fee == 0 or self.fee_receiver == empty(address):
        return 0
    return min(fee, unsafe_sub(share_math.LIMIT - 1, shares.supply))


@internal
def _collect(marks: Marks):
    """
    @notice The performance fee of a week that is over; the next one begins
    @param marks Marks
    """
    receiver: address = self.fee_receiver
    fee: uint256 = unsafe_sub(marks.supply, shares.supply)
    if fee != 0:
        shares._mint(receiver, fee)
        log IVault.FeeMinted(receiver=receiver, shares=fee)
    rate: uint256 = 0
    if receiver != empty(address):
        rate = staticcall self._sheet().performance_fee()
    performance._restart(
        share_math._price_up(marks.total_low, marks.parts, VIRTUAL), marks.supply, rate
    )


@internal
def _observe(total: uint256, level: uint256):
    """
    @notice Shows the ladder the price of a share
    @param total Assets at NAV
    @param level In force
    """
    price: uint256 = share_math._price_down(total, self._parts(), VIRTUAL)
    found: uint256 = ladder._observe(
        price, level, shares.supply < unsafe_mul(LEAST_SUPPLY, self._whole())
    )
    if found != level:
        ledger._set_level(found)
        log IVault.CautionChanged(level=found, price=price, high=ladder._high())
        self._tell_book(False)


@internal
def _enter(receiver: address, assets: uint256, amount: uint256):
    """
    @notice Quote in, shares out
    @param receiver Of the shares
    @param assets How much
    @param amount Shares
    """
    shares._require_receiver(receiver)
    self._require_supply(amount)
    ledger._credit(assets)
    shares._mint(receiver, amount)
    log IVault.Deposit(sender=msg.sender, owner=receiver, assets=assets, shares=amount)
    self._pull(asset, msg.sender, assets)


@internal
def _leave(receiver: address, owner: address, assets: uint256, amount: uint256):
    """
    @notice Shares in, quote out
    @param receiver Of the quote
    @param owner Of the shares
    @param assets How much, no more than is free
    @param amount Shares
    """
    shares._require_receiver(receiver)
    shares._spend(owner, amount)
    shares._burn(owner, amount)
    performance._lower(shares.supply)
    ledger._debit(assets)
    log IVault.Withdraw(
        sender=msg.sender, receiver=receiver, owner=owner, assets=assets, shares=amount
    )
    self._send(asset, receiver, assets)


@internal
def _process(id: uint256, waiting: uint256, part: uint256, paid: uint256):
    """
    @notice A request, or a part of it, whose turn has come
    @param id Of the request
    @param waiting Shares
    @param part Of them, now
    @param paid Assets
    """
    controller: address = queue._controller(id)
    queue.waiting[id] = unsafe_sub(waiting, part)
    queue._owe(controller, paid)
    log IVault.RedemptionProcessed(controller=controller, request_id=id, assets=paid, shares=part)


@internal
def _finish(first: uint256, spent: uint256, burnt: uint256, earmark: uint256):
    """
    @notice After requests were processed: shares burnt, cash owed, the queue where it stands now
    @param first Id whose turn it is
    @param spent Assets
    @param burnt Shares
    @param earmark Assets that were kept for the queue
    """
    pending: uint256 = unsafe_sub(queue._pending(), burnt)
    queue._set_cursor(pending, first, queue._next())
    queue.total_owed = unsafe_add(queue.total_owed, spent)
    left: uint256 = unsafe_sub(earmark, min(spent, earmark))
    ledger._set_queue(pending != 0, left if pending != 0 else 0)
    if burnt != 0:
        ledger._debit(spent)
        shares._burn(self, burnt)
        performance._lower(shares.supply)


# Internals: tokens. A token may answer nothing, as long as it does not answer no.


@internal
def _pull(token: address, payer: address, amount: uint256):
    """
    @notice A token in
    @param token Which
    @param payer Who pays; has approved the vault
    @param amount Units; nothing moves for zero
    """
    if amount != 0:
        if not extcall IERC20(token).transferFrom(payer, self, amount, default_return_value=True):
            refusal._refuse("vault: token refused")


@internal
def _pull_both(quote: uint256, underlying: uint256):
    """
    @notice Both tokens in, from the margin contract, which has approved the vault
    @param quote Assets
    @param underlying Units
    """
    self._pull(asset, MARGIN, quote)
    self._pull(UNDERLYING, MARGIN, underlying)


@internal
def _send(token: address, receiver: address, amount: uint256):
    """
    @notice A token out
    @param token Which
    @param receiver To whom
    @param amount Units; nothing moves for zero
    """
    if amount != 0:
        shares._require_receiver(receiver)
        if not extcall IERC20(token).transfer(receiver, amount, default_return_value=True):
            refusal._refuse("vault: token did not pay")


@internal
@view
def _held(token: address) -> uint256:
    """
    @notice Balance of a token, uninvited ones included
    @param token Which
    """
    return staticcall IERC20(token).balanceOf(self)


@internal
@view
def _decimals(token: address) -> uint256:
    """
    @notice Decimals of a token
    @param token Which
    @return 6 to 18
    """
    count: uint256 = convert(staticcall IERC20Detailed(token).decimals(), uint256)
    if count < 6 or count > 18:
        refusal._refuse("vault: decimals")
    return count
