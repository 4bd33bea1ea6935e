# pragma version 0.4.3
# pragma optimize codesize
# pragma nonreentrancy on
"""
@title Margin
@license MIT
@notice Accounts that sell options to the vault. An account has cash, options of its own and at most
    eight legs; `Assessor` says what it is worth and what it must be worth. What is sold may also be
    escrowed: covered in full, with no further requirement, and then it covers what the vault has
    written.
@dev The danger is a debt that nobody can collect. So an account opens and takes out only while its
    equity is at least the initial requirement, anybody may close what it owes once equity is below
    the maintenance requirement, at the desk, which takes every position: no bidder is needed and no
    auction can stall. What an account cannot pay the insurance fund pays, as far as it goes, then LPs.
    `flag` books it before it is realised, so that no LP leaves ahead of it.

    The wrong failure would be a call that somebody can block. Amounts of a liquidation are bounded
    and never exact, nobody but the owner adds legs, and no receiver is called but by his own wish.

    All coins and options of accounts are here. What accounts have is counted, and tokens that arrive
    uninvited are nobody's.
@custom:kill Nobody can stop it. Openings stop with the desk; closings, liquidations, settlement and
    taking out what is not needed stay open while spot can be read, and without it for accounts that
    owe nothing.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from interfaces import IAssessor
from interfaces import IBook
from interfaces import IDesk
from interfaces import IInsuranceFund
from interfaces import IMargin
from interfaces import IOptionToken
from interfaces import IOracle
from interfaces import IRiskSheet
from interfaces import IVault
from . import types
from . import units
from .math import account_word
from .math import payoff
from .math import refusal
from .modules import accounts

implements: IMargin

initializes: accounts

MAX_LEGS: constant(uint256) = accounts.MAX_LEGS
RECEIVED: constant(bytes4) = 0xF23A6E61  # onERC1155Received

DESK: public(immutable(address))
VAULT: public(immutable(address))
ASSESSOR: public(immutable(address))
FUND: public(immutable(address))
ORACLE: public(immutable(address))
BOOK: public(immutable(address))
TOKEN: public(immutable(address))
QUOTE: public(immutable(address))  # quote token
UNDERLYING: public(immutable(address))
QUOTE_DECIMALS: immutable(uint256)
UNDERLYING_DECIMALS: immutable(uint256)
QUOTE_SCALE: immutable(uint256)  # WAD in an asset

pending: public(uint256)  # assets that flagged accounts owe beyond what they have
shortfall_of: public(HashMap[address, uint256])  # of it, by account


@deploy
def __init__(
    desk: address,
    vault: address,
    assessor: address,
    fund: address,
    oracle: address,
    book: address,
    token: address,
):
    """
    @notice No accounts yet. The vault may draw what accounts pay
    @param desk Trades; need not stand yet
    @param vault The counterparty
    @param assessor Judges accounts
    @param fund First loss after the account
    @param oracle Settlement prices
    @param book Says which expiries are open
    @param token Options
    """
    if empty(address) in [desk, vault, assessor, fund, oracle, book, token]:
        refusal._refuse("margin: address")
    DESK = desk
    VAULT = vault
    ASSESSOR = assessor
    FUND = fund
    ORACLE = oracle
    BOOK = book
    TOKEN = token
    QUOTE = staticcall IVault(vault).asset()
    UNDERLYING = staticcall IVault(vault).UNDERLYING()
    QUOTE_DECIMALS = convert(staticcall IERC20Detailed(QUOTE).decimals(), uint256)
    UNDERLYING_DECIMALS = convert(staticcall IERC20Detailed(UNDERLYING).decimals(), uint256)
    QUOTE_SCALE = 10**(18 - QUOTE_DECIMALS)
    self._approve(QUOTE)
    self._approve(UNDERLYING)


# --- money in and out


@external
def deposit(assets: uint256, account: address = msg.sender):
    """
    @notice Cash in, for anybody
    @param assets How much
    @param account Whose
    """
    self._bring_in(account, assets, 0)
    log IMargin.Deposited(account=account, payer=msg.sender, assets=assets)
    self._pull(QUOTE, assets)


@external
def withdraw(assets: uint256, receiver: address = msg.sender):
    """
    @notice Cash of the caller out, what the initial requirement leaves
    @param assets How much
    @param receiver Gets it
    """
    self._take_out(assets, 0)
    log IMargin.Withdrawn(account=msg.sender, receiver=receiver, assets=assets)
    self._send(QUOTE, receiver, assets)


@external
def deposit_underlying(amount: uint256, account: address = msg.sender):
    """
    @notice Underlying in, for calls to be escrowed: it is no collateral
    @param amount Token units
    @param account Whose
    """
    self._bring_in(account, 0, amount)
    log IMargin.UnderlyingDeposited(account=account, payer=msg.sender, amount=amount)
    self._pull(UNDERLYING, amount)


@external
def withdraw_underlying(amount: uint256, receiver: address = msg.sender):
    """
    @notice Underlying of the caller out, which is not escrowed
    @param amount Token units
    @param receiver Gets it
    """
    self._take_out(0, amount)
    log IMargin.UnderlyingWithdrawn(account=msg.sender, receiver=receiver, amount=amount)
    self._send(UNDERLYING, receiver, amount)


@external
def deposit_option(id: uint256, lots: uint256, account: address = msg.sender):
    """
    @notice Options in, as collateral. They take a leg, so only the owner or who trades for him brings
        them
    @param id Series, not expired
    @param lots How many
    @param account Whose
    """
    self._require_trader(account)
    self._require_lots(lots)
    if id >> 128 <= block.timestamp:
        refusal._refuse("margin: expired")
    before: accounts.Account = accounts._load(account)
    found: accounts.Account = accounts._changed(before, id, 0, 0, convert(lots, int256))
    accounts._store(account, found)
    log IMargin.OptionDeposited(account=account, payer=msg.sender, id=id, lots=lots)
    self._require_no_worse(before, found)
    extcall IOptionToken(TOKEN).safeTransferFrom(msg.sender, self, id, lots, b"")


@external
def withdraw_option(id: uint256, lots: uint256, receiver: address = msg.sender):
    """
    @notice Options of the caller out, what the initial requirement leaves
    @param id Series
    @param lots How many
    @param receiver Gets them
    """
    self._require_lots(lots)
    found: accounts.Account = accounts._changed(
        accounts._load(msg.sender), id, 0, 0, -convert(lots, int256)
    )
    accounts._store(msg.sender, found)
    log IMargin.OptionWithdrawn(account=msg.sender, receiver=receiver, id=id, lots=lots)
    self._require_initial(found)
    extcall IOptionToken(TOKEN).safeTransferFrom(self, receiver, id, lots, b"")


@external
def set_operator(operator: address, may_trade: bool):
    """
    @notice Who may trade for the caller. He can take nothing out
    @param operator Who
    @param may_trade Whether he may
    """
    accounts.operators[msg.sender][operator] = may_trade
    log IMargin.OperatorSet(account=msg.sender, operator=operator, may_trade=may_trade)


# --- trades


@external
def sell_to_open(
    id: uint256,
    lots: uint256,
    least: uint256,
    deadline: uint256,
    escrowed: uint256 = 0,
    account: address = msg.sender,
) -> uint256:
    """
    @notice Sells options to the vault. The premium counts as collateral, and after it equity must be
        at least the initial requirement
    @param id Series
    @param lots How many
    @param least Assets that the account gets at least, fees deducted
    @param deadline Last Unix time at which to trade
    @param escrowed Lots of them to cover in full: calls with underlying, puts with their strike in cash
    @param account Whose
    @return Assets credited
    """
    self._require_trader(account)
    self._require_time(deadline)
    self._require_lots(lots)
    if escrowed > lots:
        refusal._refuse("margin: escrow")
    more: int256 = convert(escrowed, int256)
    found: accounts.Account = accounts._changed(
        accounts._load(account), id, convert(lots, int256), more, 0
    )
    self._change_credit(id, convert(lots, int256) - more)
    proceeds: uint256 = extcall IDesk(DESK).sell_to_open(
        account,
        id,
        lots,
        escrowed,
        least,
        accounts.credit >> 128,
        accounts.credit & accounts.CREDIT_QUOTE,
    )
    found.cash = unsafe_add(found.cash, proceeds)
    found = self._with_escrow(found, id, more)
    accounts._store(account, found)
    log IMargin.ShortOpened(account=account, id=id, lots=lots, escrowed=escrowed, proceeds=proceeds)
    self._require_initial(found)
    return proceeds


@external
def buy_to_close(
    id: uint256,
    lots: uint256,
    most: uint256,
    deadline: uint256,
    account: address = msg.sender,
) -> uint256:
    """
    @notice Buys back what an account owes, first what is not escrowed. Open at every caution level
    @param id Series
    @param lots How many
    @param most Assets that the account pays at most, fees included
    @param deadline Last Unix time at which to trade
    @param account Whose
    @return Assets paid
    """
    self._require_trader(account)
    self._require_time(deadline)
    self._require_lots(lots)
    before: accounts.Account = accounts._load(account)
    owing: uint256 = account_word._owing(accounts._word(before, id))
    freed: uint256 = lots - min(lots, owing)
    found: accounts.Account = accounts._changed(
        before, id, -convert(lots, int256), -convert(freed, int256), 0
    )
    self._change_credit(id, -convert(lots - freed, int256))
    found = self._with_escrow(found, id, -convert(freed, int256))
    cost: uint256 = extcall IDesk(DESK).buy_to_close(account, id, lots, freed, most)
    found.cash = self._less(found.cash, cost)
    accounts._store(account, found)
    log IMargin.ShortClosed(account=account, id=id, lots=lots, freed=freed, cost=cost)
    self._require_no_worse(before, found)
    return cost


# --- anyone


@external
def liquidate(account: address, id: uint256, lots: uint256) -> (uint256, uint256):
    """
    @notice Closes at most so many lots of a leg of an account whose equity is below its maintenance
        requirement: buys back what it owes, or sells what it owns where cash runs short
    @dev No bidder is needed: the desk takes every position. See `Assessor.cut` for the size, the
        bonus, and when an account is wound up at the mark; there is room for so much in one block
    @param account Whose
    @param id Series
    @param lots At most
    @return Lots closed, assets that the caller gets
    """
    self._require_lots(lots)
    if id >> 128 <= block.timestamp:
        refusal._refuse("margin: expired")
    found: accounts.Account = accounts._load(account)
    index: uint256 = self._index(found, id)
    is_owing: bool = account_word._owing(found.legs[index]) != 0
    cut: types.Cut = self._cut(found, index, self._closable(found.legs[index], lots))
    if cut.lots == 0:
        refusal._refuse("margin: not now")
    bonus: uint256 = 0
    from_fund: uint256 = 0
    if is_owing:
        found, bonus, from_fund = self._bought_back(account, found, id, cut)
    else:
        brought: uint256 = 0
        in_kind: uint256 = 0
        brought, in_kind = extcall IDesk(DESK).unwind(
            account, id, -convert(cut.lots, int256), False, 0, 0
        )
        found.cash = unsafe_add(found.cash, brought)
        found.underlying = unsafe_add(found.underlying, in_kind)
        found = accounts._changed(found, id, 0, 0, -convert(cut.lots, int256))
    accounts._store(account, found)
    log IMargin.Liquidated(
        account=account,
        id=id,
        liquidator=msg.sender,
        lots=cut.lots,
        is_sale=not is_owing,
        is_windup=cut.is_windup,
        bonus=bonus,
        to_fund=cut.to_fund // QUOTE_SCALE,
        from_fund=from_fund,
    )
    self._send(QUOTE, msg.sender, bonus)
    return cut.lots, bonus


@external
def settle(account: address, expiry: uint256):
    """
    @notice Takes an expiry off an account: what it owned pays, what it owed is paid, escrow returns.
        Settles the expiry in the market first, where nobody has, and takes what is owned of every other
        expiry that is fixed: it needs no debt to be paid
    @dev Underlying that calls of the same expiry paid goes first, at the same fixed price, so a spread
        nets whatever spot does since. What is short then comes from the rest of the account, the fund,
        and LPs. Of an account that still owes, the vault takes what underlying is left, for free quote
        a little below spot: it is no collateral, and the payoff was
    @param account Whose
    @param expiry Unix time
    """
    self._settle_market(expiry)
    price: uint256 = staticcall IOracle(ORACLE).settlement_price(expiry)
    before: accounts.Account = accounts._load(account)
    found: accounts.Account = before
    debt: uint256 = 0
    brought: uint256 = 0  # underlying, by calls of this expiry
    redeemed: uint256 = 0  # underlying, by calls of other expiries
    has_expiry: bool = False
    for word: uint256 in before.legs:
        if word >> 214 == expiry:
            has_expiry = True
            owed: uint256 = 0
            units_paid: uint256 = 0
            found, owed, units_paid = self._leg_settled(found, word, price)
            debt += owed
            brought += units_paid
        elif word >> 214 <= block.timestamp and staticcall IOracle(ORACLE).is_fixed(word >> 214):
            units_redeemed: uint256 = 0
            found, units_redeemed = self._redeemed(found, word)
            redeemed += units_redeemed
    if not has_expiry:
        refusal._refuse("margin: no such expiry")
    redeemed += brought
    found.underlying = unsafe_add(found.underlying, redeemed)
    shortfall: uint256 = 0
    found, shortfall = self._paid(account, found, debt, price, brought)
    if redeemed != 0 and accounts._is_owing(found):
        found = self._exchanged(found, min(redeemed, found.underlying))
    if found.is_flagged:
        known: uint256 = self.shortfall_of[account]
        left: uint256 = known - min(known, shortfall) if accounts._is_owing(found) else 0
        found.is_flagged = self._book_shortfall(account, left)
    accounts._store(account, found)
    log IMargin.AccountSettled(
        account=account, expiry=expiry, price=price, debt=debt, shortfall=shortfall
    )


@external
def flag(account: address) -> uint256:
    """
    @notice Books what an account owes beyond what it has, at the present price, before it is realised:
        so no LP leaves ahead of it. It moves with each flag, and ends with the debt
    @param account Whose
    @return Assets
    """
    found: accounts.Account = accounts._load(account)
    amount: uint256 = self._beyond(self._assess(found), found.underlying)
    found.is_flagged = self._book_shortfall(account, amount)
    accounts._store(account, found)
    log IMargin.Flagged(account=account, shortfall=amount)
    return amount


# --- tokens


@external
@reentrant
def onERC1155Received(
    operator: address, sender: address, id: uint256, lots: uint256, data: Bytes[1024]
) -> bytes4:
    """
    @notice Takes options that this contract fetches itself, and no gifts: they would be nobody's. It has
        no answer to a batch, so none arrives
    @param operator Who moves them
    @param sender From whom
    @param id Series
    @param lots How many
    @param data Nothing that matters
    @return The selector
    """
    if msg.sender != TOKEN or operator != self or sender == self:
        refusal._refuse("margin: unasked")
    return RECEIVED


# --- views


@external
@view
def account(owner: address) -> (uint256, uint256, DynArray[types.MarginLeg, 8]):
    """
    @notice What an account has and owes
    @param owner Whose
    @return Assets, token units of underlying, legs
    """
    found: accounts.Account = accounts._load(owner)
    return found.cash, found.underlying, self._legs(found)


@external
@view
def may_trade(owner: address, operator: address) -> bool:
    """
    @notice May somebody trade for an owner?
    @param owner Whose account
    @param operator Who
    """
    return accounts._may_trade(owner, operator)


@external
@view
def credit() -> (uint256, uint256):
    """
    @notice What all accounts owe without escrow
    @return Lots of calls; strikes of puts, assets
    """
    return accounts.credit >> 128, accounts.credit & accounts.CREDIT_QUOTE


@external
@view
def health(owner: address) -> (uint256, types.Assessment):
    """
    @notice Equity over the maintenance requirement: one and more is healthy
    @param owner Whose account
    @return WAD, rounded down, the largest number where nothing is required; what it is made of
    """
    account: accounts.Account = accounts._load(owner)
    found: types.Assessment = self._assess(account)
    if found.maintenance == 0 or not accounts._is_owing(account):
        return max_value(uint256) if found.equity >= 0 else 0, found
    return convert(max(found.equity, 0), uint256) * units.WAD // found.maintenance, found


@external
@view
def preview(
    owner: address, id: uint256, lots: int256, escrowed: uint256 = 0
) -> (int256, types.Assessment, bool):
    """
    @notice What a trade would do to an account now; reverts as it would, but for credit and cover
    @param owner Whose account
    @param id Series
    @param lots Below zero: sold to open; above: bought back
    @param escrowed Of what is sold
    @return Assets that the account pays, above zero, or gets; the account after it; whether its
        requirement allows it
    """
    quote: types.Quote = staticcall IDesk(DESK).quote_account(id, lots)
    before: accounts.Account = accounts._load(owner)
    more: int256 = convert(escrowed, int256)
    if lots > 0:
        owing: uint256 = account_word._owing(accounts._word(before, id))
        more = -convert(convert(lots, uint256) - min(convert(lots, uint256), owing), int256)
    found: accounts.Account = accounts._changed(before, id, -lots, more, 0)
    if quote.premium < 0:
        found.cash = unsafe_add(found.cash, convert(-quote.premium, uint256))
    found = self._with_escrow(found, id, more)
    if quote.premium > 0:
        found.cash = self._less(found.cash, convert(quote.premium, uint256))
    after: types.Assessment = self._assess(found)
    is_allowed: bool = not accounts._is_owing(found)
    if not is_allowed:
        is_allowed = (
            self._is_no_worse(before, after)
            if lots > 0
            else after.equity >= convert(after.initial, int256)
        )
    return quote.premium, after, is_allowed


# --- internals: what is refused


@internal
@view
def _require_trader(account: address):
    """
    @notice Reverts unless the owner calls, or who may trade for him
    @param account Whose
    """
    if not accounts._may_trade(account, msg.sender):
        refusal._refuse("margin: not the owner")


@internal
@view
def _require_time(deadline: uint256):
    """
    @notice Reverts for a trade that is too late
    @param deadline Unix time
    """
    if block.timestamp > deadline:
        refusal._refuse("margin: deadline")


@internal
@pure
def _require_lots(lots: uint256):
    """
    @notice Reverts for no lots or too many
    @param lots How many
    """
    if unsafe_sub(lots, 1) >= account_word.LOTS:
        refusal._refuse("margin: size")


@internal
@view
def _require_initial(found: accounts.Account):
    """
    @notice Reverts for an account that owes and has less than the initial requirement, or less cash than
        it owes for what has expired. One that owes nothing needs no price
    @param found The account, after
    """
    if accounts._is_owing(found):
        after: types.Assessment = self._assess(found)
        if after.equity < convert(after.initial, int256):
            refusal._refuse("margin: requirement")
        if after.due > found.cash * QUOTE_SCALE:
            refusal._refuse("margin: due")


@internal
@view
def _require_no_worse(before: accounts.Account, found: accounts.Account):
    """
    @notice Reverts where what should help leaves an account worse off, and unhealthy
    @param before The account
    @param found The account, after
    """
    if accounts._is_owing(found):
        if not self._is_no_worse(before, self._assess(found)):
            refusal._refuse("margin: health")


@internal
@view
def _is_no_worse(before: accounts.Account, after: types.Assessment) -> bool:
    """
    @notice Is an account healthy now, or at least not less so?
    @param before The account
    @param after Of the account, after
    """
    maintenance: int256 = convert(after.maintenance, int256)
    if after.equity >= maintenance:
        return True
    was: types.Assessment = self._assess(before)
    return after.equity * convert(was.maintenance, int256) >= was.equity * maintenance


# --- internals: money in and out


@internal
def _bring_in(account: address, assets: uint256, amount: uint256):
    """
    @notice An account has more
    @param account Whose
    @param assets Of cash
    @param amount Of underlying
    """
    if account == empty(address):
        refusal._refuse("margin: account")
    if max(assets, amount) > account_word.UNITS:
        refusal._refuse("margin: range")
    found: accounts.Account = accounts._load(account)
    found.cash = unsafe_add(found.cash, assets)
    found.underlying = unsafe_add(found.underlying, amount)
    accounts._store(account, found)


@internal
def _take_out(assets: uint256, amount: uint256):
    """
    @notice The caller's account has less, and no less than it needs
    @param assets Of cash
    @param amount Of underlying
    """
    found: accounts.Account = accounts._load(msg.sender)
    found.cash = self._less(found.cash, assets)
    found.underlying = self._less(found.underlying, amount)
    accounts._store(msg.sender, found)
    self._require_initial(found)


# --- internals: trades


@internal
@view
def _with_escrow(found: accounts.Account, id: uint256, lots: int256) -> accounts.Account:
    """
    @notice An account with cover set aside, or free again
    @param found The account
    @param id Series
    @param lots More that is escrowed
    @return The account after
    """
    if lots == 0:
        return found
    after: accounts.Account = found
    assets: uint256 = 0
    covered: uint256 = 0
    assets, covered = payoff._cover(id, convert(abs(lots), uint256), QUOTE_DECIMALS)
    covered *= 10**(UNDERLYING_DECIMALS - 4)
    if lots > 0:
        after.cash = self._less(found.cash, assets)
        after.underlying = self._less(found.underlying, covered)
    else:
        after.cash = unsafe_add(after.cash, assets)
        after.underlying = unsafe_add(after.underlying, covered)
    return after


@internal
def _change_credit(id: uint256, lots: int256):
    """
    @notice What all accounts owe without escrow
    @param id Series
    @param lots More
    """
    assets: uint256 = 0
    calls: uint256 = 0
    assets, calls = payoff._cover(id, convert(abs(lots), uint256), QUOTE_DECIMALS)
    word: uint256 = (calls << 128) | assets
    if lots > 0:
        accounts.credit += word
    else:
        accounts.credit -= word


# --- internals: liquidation


@internal
@view
def _cut(found: accounts.Account, index: uint256, size: int256) -> types.Cut:
    """
    @notice What a liquidation may do with a leg now
    @param found The account
    @param index Of the leg
    @param size Lots, above zero to buy back
    @return See `types`
    """
    room: uint256 = 0
    price: uint256 = 0
    room, price = staticcall IDesk(DESK).unwind_terms(account_word._id(found.legs[index]), size)
    if room == 0:
        return empty(types.Cut)
    return staticcall IAssessor(ASSESSOR).cut(
        found.cash * QUOTE_SCALE,
        self._legs(found),
        staticcall IDesk(DESK).sheet(),
        index,
        room,
        price,
    )


@internal
@pure
def _closable(word: uint256, most: uint256) -> int256:
    """
    @notice What a liquidation could close of a leg
    @param word Of the leg
    @param most Lots
    @return Lots, above zero to buy back what is owed, below to sell what is owned
    """
    owing: uint256 = account_word._owing(word)
    if owing != 0:
        return convert(min(most, owing), int256)
    return -convert(min(most, word & account_word.LOTS), int256)


@internal
def _bought_back(
    account: address, found: accounts.Account, id: uint256, cut: types.Cut
) -> (accounts.Account, uint256, uint256):
    """
    @notice A liquidation's purchase, and who pays for it: cash, underlying at spot, the fund, LPs. The
        fund's part of a bonus goes through the vault, with its other income
    @param account Whose
    @param found The account
    @param id Series
    @param cut How much, and at which price
    @return The account after; assets for the caller, and what of them the fund pays
    """
    to_fund: uint256 = cut.to_fund // QUOTE_SCALE
    cost: uint256 = 0
    in_kind: uint256 = 0
    cost, in_kind = extcall IDesk(DESK).unwind(
        account, id, convert(cut.lots, int256), cut.is_windup, found.cash, to_fund
    )
    after: accounts.Account = accounts._changed(found, id, -convert(cut.lots, int256), 0, 0)
    self._change_credit(id, -convert(cut.lots, int256))
    after.cash -= min(cost, found.cash)
    shortfall: uint256 = cost - min(cost, found.cash)
    if shortfall != 0:
        spot: uint256 = self._spot()
        given: uint256 = min(found.underlying, self._units_up(shortfall, spot))
        after.underlying -= given
        shortfall -= min(shortfall, self._worth_down(given, spot))
        drawn: uint256 = 0
        if shortfall != 0:
            drawn = self._drawn(account, shortfall)
        extcall IVault(VAULT).collect(drawn, given, 0)
    if after.is_flagged:
        left: uint256 = 0
        if accounts._is_owing(after):
            left = self._beyond(cut.after, after.underlying)
        after.is_flagged = self._book_shortfall(account, left)
    bonus: uint256 = cut.bonus // QUOTE_SCALE
    if not cut.is_windup:
        after.cash -= bonus
        return after, bonus - to_fund, 0
    own: uint256 = min(
        min(bonus, after.cash), convert(max(cut.after.equity, 0), uint256) // QUOTE_SCALE
    )
    after.cash -= own
    from_fund: uint256 = 0
    rest: uint256 = bonus - own
    rest -= min(rest, self._worth_down(after.underlying, cut.before.spot))
    if rest != 0:
        from_fund = extcall IInsuranceFund(FUND).draw(rest)
    return after, own + from_fund, from_fund


# --- internals: settlement


@internal
def _leg_settled(
    found: accounts.Account, word: uint256, price: uint256
) -> (accounts.Account, uint256, uint256):
    """
    @notice A leg that has expired, off an account
    @param found The account
    @param word Of the leg
    @param price Settlement price
    @return The account after; assets that it owes, rounded up; underlying that its calls paid
    """
    leg: types.MarginLeg = account_word._leg(word)
    after: accounts.Account = found
    brought: uint256 = 0
    after, brought = self._redeemed(found, word)
    after = accounts._with_word(after, (word >> 93) << 93)
    if leg.escrowed != 0:
        taken: uint256 = 0
        taken_units: uint256 = 0
        taken, taken_units = payoff._surrendered_up(
            leg.id, leg.escrowed, price, QUOTE_DECIMALS, UNDERLYING_DECIMALS
        )
        after = self._with_escrow(after, leg.id, -convert(leg.escrowed, int256))
        after.cash -= taken
        after.underlying -= taken_units
    owing: uint256 = leg.owed - leg.escrowed
    if owing == 0:
        return after, 0, brought
    self._change_credit(leg.id, -convert(owing, int256))
    return after, payoff._owed_up(leg.id, owing, price, QUOTE_DECIMALS), brought


@internal
def _redeemed(found: accounts.Account, word: uint256) -> (accounts.Account, uint256):
    """
    @notice What an account owned of an expired series, for its payoff
    @param found The account
    @param word Of the leg
    @return The account after, underlying that was paid
    """
    lots: uint256 = word & account_word.LOTS
    if lots == 0:
        return found, 0
    self._settle_market(word >> 214)
    assets: uint256 = 0
    brought: uint256 = 0
    assets, brought = extcall IDesk(DESK).redeem(account_word._id(word), lots, self)
    after: accounts.Account = accounts._with_word(found, word ^ lots)
    after.cash = unsafe_add(after.cash, assets)
    return after, brought


@internal
def _settle_market(expiry: uint256):
    """
    @notice Settles an expiry in the market, where nobody has
    @param expiry Unix time
    """
    if len(staticcall IBook(BOOK).strikes(expiry)) != 0:
        extcall IDesk(DESK).settle(expiry)


@internal
def _paid(
    account: address, found: accounts.Account, debt: uint256, price: uint256, brought: uint256
) -> (accounts.Account, uint256):
    """
    @notice What an account owes for an expiry, paid: by the underlying that the same expiry brought,
        cash, other underlying, the fund
    @param account Whose
    @param found The account
    @param debt Assets
    @param price Settlement price, at which underlying counts
    @param brought Token units, in the account by now
    @return The account after, assets that it could not pay
    """
    if debt == 0:
        return found, 0
    after: accounts.Account = found
    given: uint256 = min(brought, self._units_up(debt, price))
    rest: uint256 = debt - min(debt, self._worth_down(given, price))
    cash: uint256 = min(rest, found.cash)
    rest -= cash
    if rest != 0 and found.underlying != given:
        spot: uint256 = min(price, self._spot())
        more: uint256 = min(found.underlying - given, self._units_up(rest, spot))
        given += more
        rest -= min(rest, self._worth_down(more, spot))
    after.cash -= cash
    after.underlying -= given
    if rest != 0:
        self._require_sold(after)
        cash += self._drawn(account, rest)
    extcall IVault(VAULT).collect(cash, given, debt)
    return after, rest


@internal
def _exchanged(found: accounts.Account, most: uint256) -> accounts.Account:
    """
    @notice Underlying that options paid, for quote at spot less b_delta, as far as the vault has free
        quote
    @param found The account
    @param most Token units
    @return The account after
    """
    price: uint256 = self._spot() * (units.WAD - self._terms().b_delta) // units.WAD
    free: uint256 = (staticcall IVault(VAULT).holdings()).free_quote
    given: uint256 = most
    worth: uint256 = self._worth_down(most, price)
    if worth > free:
        worth = free
        given = min(most, self._units_up(free, price))
    if worth == 0:
        return found
    after: accounts.Account = found
    after.underlying -= given
    after.cash = unsafe_add(after.cash, worth)
    extcall IVault(VAULT).exchange(given, worth)
    return after


@internal
@view
def _require_sold(found: accounts.Account):
    """
    @notice Reverts while an account has options of its own that could pay a shortfall: what has expired
        is settled first, the rest is sold first. What is worth less than a windup's reward delays nothing
    @param found The account
    """
    is_owning: bool = False
    for word: uint256 in found.legs:
        if word & account_word.LOTS != 0:
            if word >> 214 <= block.timestamp:
                refusal._refuse("margin: settle first")
            is_owning = True
    if is_owning:
        if self._assess(found).sellable >= self._terms().margin.windup_reward:
            refusal._refuse("margin: sell first")


@internal
@view
def _units_up(assets: uint256, price: uint256) -> uint256:
    """
    @notice Underlying that is worth so much
    @param assets Quote
    @param price At which
    @return Token units
    """
    scale: uint256 = price * 10**(18 - UNDERLYING_DECIMALS)
    return (assets * QUOTE_SCALE * units.WAD + scale - 1) // scale


@internal
@view
def _worth_down(amount: uint256, price: uint256) -> uint256:
    """
    @notice What underlying is worth
    @param amount Token units
    @param price At which
    @return Assets
    """
    return amount * 10**(18 - UNDERLYING_DECIMALS) * price // units.WAD // QUOTE_SCALE


# --- internals: shortfalls


@internal
def _drawn(account: address, shortfall: uint256) -> uint256:
    """
    @notice What the fund pays of a shortfall; the rest is the LPs'
    @param account Whose
    @param shortfall Assets
    @return Assets
    """
    paid: uint256 = extcall IInsuranceFund(FUND).draw(shortfall)
    if self.pending != 0:  # the fund has less for other accounts now
        self._tell_vault()
    log IMargin.ShortfallRealised(
        account=account, shortfall=shortfall, from_fund=paid, from_lps=shortfall - paid
    )
    return paid


@internal
def _book_shortfall(account: address, amount: uint256) -> bool:
    """
    @notice What an account owes beyond what it has, and of all such accounts what the fund cannot pay
    @param account Whose
    @param amount Assets
    @return Whether that is anything
    """
    self.pending = self.pending - self.shortfall_of[account] + amount
    self.shortfall_of[account] = amount
    self._tell_vault()
    return amount != 0


@internal
def _tell_vault():
    """
    @notice What flagged accounts owe that the fund cannot pay either
    """
    total: uint256 = self.pending
    available: uint256 = staticcall IInsuranceFund(FUND).available()
    extcall IVault(VAULT).set_bad_debt(total - min(total, available))


@internal
@view
def _beyond(found: types.Assessment, underlying: uint256) -> uint256:
    """
    @notice By how much equity is below zero, and what underlying of the account is worth does not pay
    @param found Of an account
    @param underlying Token units
    @return Assets, rounded up
    """
    debt: uint256 = convert(max(-found.equity, 0), uint256) + QUOTE_SCALE - 1
    debt = unsafe_div(debt, QUOTE_SCALE)
    return debt - min(debt, self._worth_down(underlying, found.spot))


# --- internals: reading


@internal
@view
def _spot() -> uint256:
    """
    @notice At which underlying of an account pays: of two sources the lower
    @return Price
    """
    spot: uint256 = 0
    other: uint256 = 0
    at: uint256 = 0
    round_id: uint256 = 0
    spot, other, at, round_id = staticcall IOracle(ORACLE).spot_pair()
    return min(spot, other)


@internal
@view
def _assess(found: accounts.Account) -> types.Assessment:
    """
    @notice What an account is worth and must be worth
    @param found The account
    @return See `types`
    """
    return staticcall IAssessor(ASSESSOR).assess(
        found.cash * QUOTE_SCALE, self._legs(found), staticcall IDesk(DESK).sheet()
    )


@internal
@view
def _terms() -> types.AccountTerms:
    """
    @notice The sheet's numbers
    @return See `types`
    """
    return staticcall IRiskSheet(staticcall IDesk(DESK).sheet()).account_terms()


@internal
@pure
def _legs(found: accounts.Account) -> DynArray[types.MarginLeg, MAX_LEGS]:
    """
    @notice The legs of an account, unpacked
    @param found The account
    """
    legs: DynArray[types.MarginLeg, MAX_LEGS] = []
    for word: uint256 in found.legs:
        legs.append(account_word._leg(word))
    return legs


@internal
@pure
def _index(found: accounts.Account, id: uint256) -> uint256:
    """
    @notice Where the leg of a series stands
    @param found The account
    @param id Series
    """
    key: uint256 = account_word._key(id)
    index: uint256 = 0
    for word: uint256 in found.legs:
        if word >> 93 == key:
            return index
        index = unsafe_add(index, 1)
    refusal._refuse("margin: no leg")
    return index


# --- internals: tokens. A token may answer nothing, as long as it does not answer no


@internal
@pure
def _less(has: uint256, less: uint256) -> uint256:
    """
    @notice A balance less what is taken
    @param has Before
    @param less Taken
    """
    if less > has:
        refusal._refuse("margin: balance")
    return unsafe_sub(has, less)


@internal
def _approve(token: address):
    """
    @notice The vault may draw, as far as its own rules and the desk's go
    @param token Which
    """
    if not extcall IERC20(token).approve(VAULT, max_value(uint256), default_return_value=True):
        refusal._refuse("margin: approval")


@internal
def _pull(token: address, amount: uint256):
    """
    @notice A token in, from the caller
    @param token Which
    @param amount Units
    """
    if not extcall IERC20(token).transferFrom(msg.sender, self, amount, default_return_value=True):
        refusal._refuse("margin: token refused")


@internal
def _send(token: address, receiver: address, amount: uint256):
    """
    @notice A token out
    @param token Which
    @param receiver To whom
    @param amount Units; nothing moves for zero
    """
    if amount != 0:
        if receiver == empty(address) or receiver == self:
            refusal._refuse("margin: receiver")
        if not extcall IERC20(token).transfer(receiver, amount, default_return_value=True):
            refusal._refuse("margin: did not pay")
