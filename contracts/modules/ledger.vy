# pragma version 0.4.3
# pragma optimize gas
"""
@title Ledger
@license MIT
@notice The money of the LPs in two words, and that of holders of settled options in a word per expiry. Tokens that arrive
    uninvited are in none of them.
@dev `locked quote + dues + earmark <= cash` and `locked lots <= underlying` hold after every function here, each of which checks
    what it lowers; so does every bound that packing needs. A lot of underlying is 10^(decimals - 4) units, a grain of dues
    10^(decimals - 4) assets, both 1e-4 of a whole token.
"""

from ..math import refusal


struct Balances:
    cash: uint256  # assets, locked ones, dues and the earmark included
    locked_quote: uint256  # assets that cover puts
    locked_lots: uint256  # lots of underlying that cover calls
    dues: uint256  # assets that are the fund's
    underlying: uint256  # units, locked ones included
    earmark: uint256  # assets that wait for the queue
    level: uint256  # of the drawdown ladder
    is_waiting: bool  # somebody is in the queue


LOW_88: constant(uint256) = 2**88 - 1
LOW_104: constant(uint256) = 2**104 - 1
LOW_40: constant(uint256) = 2**40 - 1
MOST_CASH: constant(uint256) = 2**87  # that LPs may bring; the rest of the field is for premiums
WAITING: constant(uint256) = 2**194

LOT: immutable(uint256)  # units of underlying in a lot
GRAIN: immutable(uint256)  # assets in a grain

hot: uint256  # cash 88 | locked quote 88 | locked lots 40 | dues in grains 40, cash lowest
rest: uint256  # underlying 104 | earmark 88 | level 2 | is waiting 1, underlying lowest
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
    @notice Both words, unpacked
    """
    hot: uint256 = self.hot
    rest: uint256 = self.rest
    return Balances(
        cash=hot & LOW_88,
        locked_quote=(hot >> 88) & LOW_88,
        locked_lots=(hot >> 176) & LOW_40,
        dues=unsafe_mul(hot >> 216, GRAIN),
        underlying=rest & LOW_104,
        earmark=(rest >> 104) & LOW_88,
        level=(rest >> 192) & 3,
        is_waiting=rest & WAITING != 0,
    )


@internal
@pure
def _free(held: Balances) -> uint256:
    """
    @notice Quote that is neither locked, nor the fund's, nor the queue's
    @param held Balances
    @return Assets
    """
    return unsafe_sub(held.cash, unsafe_add(unsafe_add(held.locked_quote, held.dues), held.earmark))


@internal
@view
def _lots(held: Balances) -> uint256:
    """
    @notice Underlying in whole lots, locked ones included
    @param held Balances
    @return Lots, rounded down
    """
    return unsafe_div(held.underlying, LOT)


@internal
@view
def _free_lots(held: Balances) -> uint256:
    """
    @notice Underlying that is not locked
    @param held Balances
    @return Lots, rounded down
    """
    return unsafe_sub(unsafe_div(held.underlying, LOT), held.locked_lots)


# What the desk does


@internal
def _take(
    amount: uint256, dues: uint256, lock_quote: uint256, lock_lots: uint256
) -> (uint256, uint256):
    """
    @notice A premium in, cover locked. The cover may be paid from the premium
    @param amount Assets that come
    @param dues Assets of them that are the fund's, rounded down to grains
    @param lock_quote Assets
    @param lock_lots Lots of underlying
    @return Assets and lots locked now
    """
    hot: uint256 = self.hot
    rest: uint256 = self.rest
    cash: uint256 = (hot & LOW_88) + amount
    locked: uint256 = ((hot >> 88) & LOW_88) + lock_quote
    lots: uint256 = ((hot >> 176) & LOW_40) + lock_lots
    grains: uint256 = min((hot >> 216) + dues // GRAIN, LOW_40)
    if (
        cash > LOW_88
        or lots > min(unsafe_div(rest & LOW_104, LOT), LOW_40)
        or locked + grains * GRAIN + ((rest >> 104) & LOW_88) > cash
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
    @notice Cover released, then a premium out: of free quote, or else of the underlying released
    @dev A closing must not fail for want of quote: a put releases its strike, a call one underlying, and the desk buys neither
        back for more. Half of the quote that it sets free is earmarked if somebody is in the queue. Dues that free quote cannot
        pay are the LPs'.
    @param amount Assets to pay
    @param dues Assets kept back of it that are the fund's, rounded down to grains
    @param release_quote Assets
    @param release_lots Lots of underlying
    @param fallback_units Units of underlying that are worth as much as `amount`
    @return Assets and units of underlying to pay, of which one is zero
    """
    hot: uint256 = self.hot
    rest: uint256 = self.rest
    cash: uint256 = hot & LOW_88
    locked: uint256 = self._less((hot >> 88) & LOW_88, release_quote)
    lots: uint256 = self._less((hot >> 176) & LOW_40, release_lots)
    grains: uint256 = hot >> 216
    bound: uint256 = unsafe_add(locked, unsafe_mul(grains, GRAIN)) + ((rest >> 104) & LOW_88)
    free: uint256 = unsafe_sub(cash, bound)
    before: uint256 = unsafe_sub(free, release_quote)
    paid: uint256 = amount
    units: uint256 = 0
    if amount > free:
        if release_lots == 0 or fallback_units > unsafe_mul(release_lots, LOT):
            refusal._refuse("vault: cash")
        paid = 0
        units = fallback_units
    free = unsafe_sub(free, paid)
    more: uint256 = min(min(dues, free) // GRAIN, unsafe_sub(LOW_40, grains))
    free = unsafe_sub(free, unsafe_mul(more, GRAIN))
    self.hot = (
        unsafe_sub(cash, paid) | locked << 88 | lots << 176 | unsafe_add(grains, more) << 216
    )
    if units != 0 or (rest & WAITING != 0 and free > before):
        self.rest = unsafe_add(unsafe_sub(rest, units), self._half(rest, before, free) << 104)
    return paid, units


@internal
def _settle(
    expiry: uint256,
    pot_quote: uint256,
    pot_underlying: uint256,
    pot_lots: uint256,
    release_quote: uint256,
    release_lots: uint256,
):
    """
    @notice Cover of an expiry released, its pot filled. Without lots nobody could draw from the pot, so none is filled
    @param expiry Whose pot
    @param pot_quote Assets, no more than is released
    @param pot_underlying Units of underlying, no more than is released
    @param pot_lots Lots of options that will draw on it
    @param release_quote Assets
    @param release_lots Lots of underlying
    """
    quote: uint256 = pot_quote if pot_lots != 0 else 0
    units: uint256 = pot_underlying if pot_lots != 0 else 0
    hot: uint256 = self.hot
    rest: uint256 = self.rest
    locked: uint256 = self._less((hot >> 88) & LOW_88, release_quote)
    lots: uint256 = self._less((hot >> 176) & LOW_40, release_lots)
    if (
        quote > release_quote
        or units > unsafe_mul(release_lots, LOT)
        or pot_lots >= 2**48
        or self.pots[expiry] != 0
    ):
        refusal._refuse("vault: pot terms")
    self.hot = (hot >> 216) << 216 | lots << 176 | locked << 88 | unsafe_sub(hot & LOW_88, quote)
    self.rest = unsafe_add(
        unsafe_sub(rest, units), self._half(rest, 0, unsafe_sub(release_quote, quote)) << 104
    )
    self.pots[expiry] = quote | units << 104 | pot_lots << 208


@internal
def _pay_out(
    expiry: uint256, quote: uint256, underlying: uint256, lots: uint256
) -> (uint256, uint256):
    """
    @notice Draw on the pot of an expiry; with the last lots what is left of it goes back to the LPs
    @dev Not held to the limit of `_credit_units`: who fills the vault up to it must not stop the last holder. The field has room for
        100,000 pots more, at 18 decimals
    @param expiry Whose pot
    @param quote Assets
    @param underlying Units
    @param lots Lots of options that draw
    @return Assets and units that went back to the LPs
    """
    pot: uint256 = self.pots[expiry]
    left_quote: uint256 = pot & LOW_104
    left_units: uint256 = (pot >> 104) & LOW_104
    left_lots: uint256 = pot >> 208
    if quote > left_quote or underlying > left_units or lots > left_lots:
        refusal._refuse("vault: pot")
    left_quote = unsafe_sub(left_quote, quote)
    left_units = unsafe_sub(left_units, underlying)
    left_lots = unsafe_sub(left_lots, lots)
    if left_lots != 0:
        self.pots[expiry] = left_quote | left_units << 104 | left_lots << 208
        return 0, 0
    self.pots[expiry] = 0
    if left_quote != 0:
        self._credit(left_quote)
    if left_units != 0:
        self.rest = unsafe_add(self.rest, left_units)
    return left_quote, left_units


# What others do


@internal
def _credit(assets: uint256):
    """
    @notice Quote in
    @param assets How much
    """
    hot: uint256 = self.hot
    if assets > LOW_88 or (hot & LOW_88) + assets > LOW_88:
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
def _credit_units(units: uint256):
    """
    @notice Underlying of LPs in, as much as can be locked
    @param units How much
    """
    rest: uint256 = self.rest
    if units > LOW_104 or (rest & LOW_104) + units > unsafe_mul(LOW_40, LOT):
        refusal._refuse("vault: units")
    self.rest = unsafe_add(rest, units)


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
