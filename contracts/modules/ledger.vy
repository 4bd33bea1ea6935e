# pragma version 0.4.3
# pragma optimize gas
"""
@title Ledger
@license MIT
@notice The money of the LPs in two words, what margin accounts owe them in a third, and the money of holders of settled options
    in a word per expiry. Tokens that arrive uninvited are in none of them. What is on hedging venues counts there; here only what a
    trade must know of it.
@dev `locked quote + dues + earmark <= cash` and `locked lots <= underlying` hold after every function here, each of which checks
    what it lowers; so does every bound that packing needs. A lot of underlying is 10^(decimals - 4) units, a grain of dues
    10^(decimals - 4) assets, both 1e-4 of a whole token.

    The reserve for short debt is not locked: premiums and purchases of accounts may go below it. Only new cover for puts and LPs
    may not.

    The third word is asked only where a bit of the second says that it is not zero: who comes and goes while nobody owes anything
    does not pay for it.
"""

from .. import types
from ..math import refusal
from ..math import venue_word


struct Balances:
    cash: uint256  # assets, locked ones, dues and the earmark included
    locked_quote: uint256  # assets that cover puts
    locked_lots: uint256  # lots of underlying that cover calls
    dues: uint256  # assets that are the fund's
    underlying: uint256  # units, locked ones included
    earmark: uint256  # assets that wait for the queue
    level: uint256  # of the drawdown ladder
    is_waiting: bool  # somebody is in the queue
    receivable: uint256  # assets that accounts owe for options that have been settled
    bad_debt: uint256  # assets that accounts owe beyond what they and the fund have
    is_hedged: bool  # something is on venues
    abroad: int256  # lots of underlying there, owed ones below zero, as of the last hedge
    reserve: uint256  # assets that stay free for what is owed there
    loose: uint256  # assets that are neither locked, nor the fund's, nor the queue's, the reserve included
    free: uint256  # and without it


LOW_88: constant(uint256) = 2**88 - 1
LOW_104: constant(uint256) = 2**104 - 1
LOW_40: constant(uint256) = 2**40 - 1
MOST_CASH: constant(uint256) = 2**87  # that LPs may bring; the rest of the field is for premiums
LOW_128: constant(uint256) = 2**128 - 1
WAITING: constant(uint256) = 2**194
OWED: constant(uint256) = 2**195  # the third word is not zero

LOT: immutable(uint256)  # units of underlying in a lot
GRAIN: immutable(uint256)  # assets in a grain

hot: uint256  # cash 88 | locked quote 88 | locked lots 40 | dues in grains 40, cash lowest
rest: uint256  # underlying 104 | earmark 88 | level 2 | is waiting 1 | is owed 1 | `venue_word` 60, underlying lowest
debts: uint256  # receivable 128 | bad debt 128, receivable lowest
pots: HashMap[uint256, uint256]  # by expiry: quote 104 | underlying 104 | lots 48, quote lowest


@deploy
def __init__(quote_decimals: uint256, underlying_decimals: uint256):
    """
    @notice An empty ledger
    @param quote_decimals 6 to 18
    @param underlying_decimals 6 to 18
    """
    GRAIN = 10**(quote_decimals - 4)
    LOT = 10**(underlying_decimals - 4)


# Views


@internal
@view
def _balances() -> Balances:
    """
    @notice All three words, unpacked
    """
    hot: uint256 = self.hot
    rest: uint256 = self.rest
    cash: uint256 = hot & LOW_88
    locked: uint256 = (hot >> 88) & LOW_88
    dues: uint256 = unsafe_mul(hot >> 216, GRAIN)
    earmark: uint256 = (rest >> 104) & LOW_88
    loose: uint256 = unsafe_sub(cash, unsafe_add(unsafe_add(locked, dues), earmark))
    free: uint256 = loose
    debts: uint256 = 0
    abroad: int256 = 0
    reserve: uint256 = 0
    if rest >= OWED:  # most vaults owe and lend nothing most of the time: one question for both
        if rest & OWED != 0:
            debts = self.debts
        if rest & venue_word.SOME != 0:
            abroad = venue_word._lots(rest)
            reserve = venue_word._reserve(rest)
            free = unsafe_sub(loose, min(reserve, loose))
    return Balances(
        cash=cash,
        locked_quote=locked,
        locked_lots=(hot >> 176) & LOW_40,
        dues=dues,
        underlying=rest & LOW_104,
        earmark=earmark,
        level=(rest >> 192) & 3,
        is_waiting=rest & WAITING != 0,
        receivable=debts & LOW_128,
        bad_debt=debts >> 128,
        is_hedged=rest & venue_word.SOME != 0,
        abroad=abroad,
        reserve=reserve,
        loose=loose,
        free=free,
    )


@internal
@view
def _most_units() -> uint256:
    """
    @notice Underlying that can be locked, and so as much as LPs may bring
    """
    return unsafe_mul(LOW_40, LOT)


@internal
@view
def _lots() -> int256:
    """
    @notice Underlying in whole lots, locked ones included, and what is on venues
    @return Lots, of what the vault has rounded down
    """
    rest: uint256 = self.rest
    return unsafe_add(convert(unsafe_div(rest & LOW_104, LOT), int256), venue_word._lots(rest))


@internal
@view
def _level() -> uint256:
    """
    @notice Level of the drawdown ladder
    """
    return (self.rest >> 192) & 3


# What the desk does


@internal
def _take(
    amount: uint256, dues: uint256, lock_quote: uint256, lock_lots: uint256, is_closing: bool
) -> (uint256, uint256):
    """
    @notice A premium in, cover locked. The cover may be paid from the premium, that of new puts not from the reserve
    @param amount Assets that come
    @param dues Assets of them that are the fund's, rounded down to grains
    @param lock_quote Assets
    @param lock_lots Lots of underlying
    @param is_closing Whether the cover takes the place of what an account had set aside
    @return Assets and lots locked now
    """
    hot: uint256 = self.hot
    rest: uint256 = self.rest
    cash: uint256 = unsafe_add(hot & LOW_88, amount)
    locked: uint256 = unsafe_add((hot >> 88) & LOW_88, lock_quote)
    lots: uint256 = unsafe_add((hot >> 176) & LOW_40, lock_lots)
    grains: uint256 = min(unsafe_add(hot >> 216, unsafe_div(dues, GRAIN)), LOW_40)
    bound: uint256 = unsafe_add(locked, unsafe_mul(grains, GRAIN))
    if lock_quote != 0 and not is_closing:
        bound = unsafe_add(bound, venue_word._reserve(rest))
    if (
        (amount | dues | lock_quote | lock_lots) >> 128 != 0  # no sum here is beyond a word
        or cash > LOW_88
        or lots > min(unsafe_div(rest & LOW_104, LOT), LOW_40)
        or unsafe_add(bound, (rest >> 104) & LOW_88) > cash
    ):
        refusal._refuse("vault: cover")
    self.hot = cash | locked << 88 | lots << 176 | grains << 216
    return locked, lots


@internal
def _pay(
    amount: uint256,
    dues: uint256,
    release_quote: uint256,
    release_lots: uint256,
    fallback_units: uint256,
) -> (uint256, uint256):
    """
    @notice Cover released, then a premium out: of free quote, or else of underlying that covers nothing now
    @dev A closing must not fail for want of quote: a put releases its strike, a call one underlying, and the desk buys neither
        back for more. Only what somebody's escrow covers releases neither. Half of the quote that it sets free is earmarked if somebody is in the queue. Dues that free quote cannot
        pay are the LPs'.
    @param amount Assets to pay
    @param dues Assets kept back of it that are the fund's, rounded down to grains
    @param release_quote Assets
    @param release_lots Lots of underlying
    @param fallback_units Units of underlying that are worth as much as `amount`, or more than there are
    @return Assets and units of underlying to pay, of which one is zero
    """
    hot: uint256 = self.hot
    rest: uint256 = self.rest
    cash: uint256 = hot & LOW_88
    locked: uint256 = self._less((hot >> 88) & LOW_88, release_quote)
    lots: uint256 = self._less((hot >> 176) & LOW_40, release_lots)
    grains: uint256 = hot >> 216
    bound: uint256 = unsafe_add(locked, unsafe_mul(grains, GRAIN))
    free: uint256 = unsafe_sub(cash, unsafe_add(bound, (rest >> 104) & LOW_88))
    before: uint256 = unsafe_sub(free, release_quote)
    paid: uint256 = amount
    units: uint256 = 0
    if amount > free:
        if fallback_units > unsafe_sub(rest & LOW_104, unsafe_mul(lots, LOT)):
            refusal._refuse("vault: cash")
        paid = 0
        units = fallback_units
    free = unsafe_sub(free, paid)
    more: uint256 = min(unsafe_div(min(dues, free), GRAIN), unsafe_sub(LOW_40, grains))
    free = unsafe_sub(free, unsafe_mul(more, GRAIN))
    self.hot = (
        unsafe_sub(cash, paid) | locked << 88 | lots << 176 | unsafe_add(grains, more) << 216
    )
    if units != 0 or (rest & WAITING != 0 and free > before):
        self.rest = unsafe_add(unsafe_sub(rest, units), self._half(rest, before, free) << 104)
    return paid, units


@internal
def _settle(expiry: uint256, sums: types.Settlement):
    """
    @notice Cover of an expiry released, what comes from escrow credited, the pot filled. Without lots nobody could draw from the
        pot, so none is filled
    @param expiry Whose pot
    @param sums Of the expiry; a pot is no more than what is released and what comes
    """
    quote: uint256 = sums.pot_quote if sums.pot_lots != 0 else 0
    units: uint256 = sums.pot_underlying if sums.pot_lots != 0 else 0
    self._credit_both(sums.escrow_quote, sums.escrow_underlying)
    hot: uint256 = self.hot
    rest: uint256 = self.rest
    locked: uint256 = self._less((hot >> 88) & LOW_88, sums.release_quote)
    lots: uint256 = self._less((hot >> 176) & LOW_40, sums.release_lots)
    freed: uint256 = unsafe_add(sums.release_quote, sums.escrow_quote)
    if (
        quote > freed
        or units > unsafe_add(unsafe_mul(sums.release_lots, LOT), sums.escrow_underlying)
        or sums.pot_lots >= 2**48
        or self.pots[expiry] != 0
    ):
        refusal._refuse("vault: pot terms")
    self.hot = (hot >> 216) << 216 | lots << 176 | locked << 88 | unsafe_sub(hot & LOW_88, quote)
    self.rest = unsafe_add(
        unsafe_sub(rest, units), self._half(rest, 0, unsafe_sub(freed, quote)) << 104
    )
    self.pots[expiry] = quote | units << 104 | sums.pot_lots << 208
    if sums.receivable != 0:
        debts: uint256 = self.debts
        self._set_debts((debts & LOW_128) + sums.receivable, debts >> 128)


@internal
def _pay_out(expiry: uint256, quote: uint256, underlying: uint256, lots: uint256) -> uint256:
    """
    @notice Draw on the pot of an expiry; with the last lots what is left of it goes back to the LPs
    @dev Not held to the limit of LPs: who fills the vault up to it must not stop the last holder. The field has room for 100,000
        pots more, at 18 decimals
    @param expiry Whose pot
    @param quote Assets
    @param underlying Units
    @param lots Lots of options that draw
    @return What went back to the LPs, packed like a pot
    """
    pot: uint256 = self.pots[expiry]
    if quote > pot & LOW_104 or underlying > (pot >> 104) & LOW_104 or lots > pot >> 208:
        refusal._refuse("vault: pot")
    pot = unsafe_sub(pot, quote | underlying << 104 | lots << 208)
    if pot >> 208 != 0:
        self.pots[expiry] = pot
        return 0
    self.pots[expiry] = 0
    if pot != 0:
        self._credit(pot & LOW_104)
        self.rest = unsafe_add(self.rest, pot >> 104)
    return pot


# What others do


@internal
def _credit(assets: uint256):
    """
    @notice Quote in
    @param assets How much
    """
    hot: uint256 = self.hot
    if assets > LOW_88 or unsafe_add(hot & LOW_88, assets) > LOW_88:
        refusal._refuse("vault: cash range")
    self.hot = unsafe_add(hot, assets)


@internal
def _debit(assets: uint256):
    """
    @notice Free quote out
    @param assets No more than is free
    """
    self.hot = unsafe_sub(self.hot, assets)


@internal
def _lend(quote: uint256, units: uint256):
    """
    @notice Quote and underlying out to a venue, the reserve included
    @param quote Assets, none of them locked, the fund's or the queue's
    @param units Of underlying that covers nothing
    """
    held: Balances = self._balances()
    if quote > held.loose or units > unsafe_sub(held.underlying, unsafe_mul(held.locked_lots, LOT)):
        refusal._refuse("vault: lend")
    self.hot = unsafe_sub(self.hot, quote)
    self.rest = unsafe_sub(self.rest, units)


@internal
def _set_venues(word: uint256):
    """
    @notice What is on venues
    @param word See `venue_word`; zero for nothing
    """
    self.rest = (self.rest & venue_word.BELOW) | ((word >> 196) << 196)


@internal
def _credit_units(units: uint256, most: uint256):
    """
    @notice Underlying in
    @param units How much
    @param most That there may be then, at most what fits
    """
    rest: uint256 = self.rest
    if units > most or unsafe_add(rest & LOW_104, units) > most:
        refusal._refuse("vault: units")
    self.rest = unsafe_add(rest, units)


@internal
def _credit_both(quote: uint256, units: uint256):
    """
    @notice What accounts pay
    @dev Held to the width of the fields, not to the limits of LPs: who fills the vault must not stop a settlement
    @param quote Assets
    @param units Of underlying
    """
    if quote != 0:
        self._credit(quote)
    if units != 0:
        self._credit_units(units, LOW_104)


@internal
def _clear_dues() -> uint256:
    """
    @notice The fund's money out
    @return Assets
    """
    hot: uint256 = self.hot
    dues: uint256 = unsafe_mul(hot >> 216, GRAIN)
    self.hot = unsafe_sub(hot & (2**216 - 1), dues)
    return dues


@internal
def _set_level(level: uint256):
    """
    @notice The level of the drawdown ladder, where trades read it
    @param level 0 to 3
    """
    self.rest = self.rest & ~(3 << 192) | level << 192


@internal
def _set_queue(is_waiting: bool, earmark: uint256):
    """
    @notice State of the redemption queue
    @param is_waiting Whether somebody is in it
    @param earmark Assets kept for it, free ones
    """
    rest: uint256 = self.rest & ~(WAITING | LOW_88 << 104)
    self.rest = rest | earmark << 104 | (WAITING if is_waiting else 0)


# What margin accounts owe


@internal
def _collect(quote: uint256, units: uint256, cleared: uint256) -> uint256:
    """
    @notice What accounts pay comes in, what they owed leaves the books
    @param quote Assets
    @param units Of underlying
    @param cleared Assets of debt: more than was paid where there was no more
    @return Assets of debt that left the books: no more than stood there
    """
    self._credit_both(quote, units)
    debts: uint256 = self.debts
    gone: uint256 = min(cleared, debts & LOW_128)
    self._set_debts(unsafe_sub(debts & LOW_128, gone), debts >> 128)
    return gone


@internal
def _set_bad_debt(amount: uint256):
    """
    @notice The figure as it stands now
    @param amount Assets
    """
    self._set_debts(self.debts & LOW_128, amount)


@internal
def _set_debts(receivable: uint256, bad_debt: uint256):
    """
    @notice The third word, and the bit that says whether to ask it
    @param receivable Assets
    @param bad_debt Assets
    """
    if (receivable | bad_debt) >> 128 != 0:
        refusal._refuse("vault: debt range")
    debts: uint256 = receivable | bad_debt << 128
    self.debts = debts
    self.rest = self.rest & ~OWED | (OWED if debts != 0 else 0)


# Internals of the module


@internal
@pure
def _less(locked: uint256, release: uint256) -> uint256:
    """
    @notice What stays locked
    @param locked What is
    @param release What is set free
    """
    if release > locked:
        refusal._refuse("vault: release")
    return unsafe_sub(locked, release)


@internal
@pure
def _half(rest: uint256, before: uint256, after: uint256) -> uint256:
    """
    @notice What of quote set free is earmarked: half if somebody waits, rounded down
    @param rest The word
    @param before Free before
    @param after Free after
    @return Assets
    """
    return unsafe_sub(after, before) >> 1 if rest & WAITING != 0 and after > before else 0
