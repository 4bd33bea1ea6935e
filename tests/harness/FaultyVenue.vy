# pragma version 0.4.3
"""
@title FaultyVenue
@license MIT
@notice Test harness: a place to hedge at that fills at the price it is told, out of tokens that it was given, and does what it is told
    to do wrong. It can keep positions or not, and lend. Whole functions that fail are made otherwise: see `broken.py`.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from interfaces import ILender
from interfaces import IVenue

implements: IVenue
implements: ILender

WAD: constant(uint256) = 10**18
THRESHOLD: constant(uint256) = 8 * 10**17  # of collateral that counts

VAULT: public(immutable(address))
QUOTE: public(immutable(address))
UNDERLYING: public(immutable(address))
HOLDS: immutable(bool)  # positions stay here
LENDS: immutable(bool)  # what is sold goes to the vault, not into margin
QUOTE_SCALE: immutable(uint256)
UNIT_SCALE: immutable(uint256)

price: public(uint256)  # of every fill, and the lender's own
mean_price: public(uint256)
cost: public(uint256)
most: public(uint256)  # units that an order may have
limits: public(bool)  # whether it refuses fills beyond the limit
units: public(int256)  # position
base: public(int256)  # equity less the units at their price, assets
share: public(uint256)  # of an order that is filled
extra: public(int256)  # units filled beyond it
keeps: public(bool)  # what was sent, and gives nothing for it
claim: public(int256)  # assets of equity that are not there, after an order
sent: public(uint256)  # assets that an order asks for, where not what it needs
reserve: public(uint256)  # units that can be borrowed
target: public(address)  # called in the middle of an order
data: public(Bytes[1024])
is_done: public(bool)  # whether that call went through
answer: public(Bytes[132])
asked: public(uint256)  # orders that went through
limit: public(uint256)  # of the last one
stock_quote: int256  # assets here that nobody has sent ahead just now
lent: uint256  # units here, the same


@deploy
def __init__(vault: address, quote: address, underlying: address, holds: bool, lends: bool):
    VAULT = vault
    QUOTE = quote
    UNDERLYING = underlying
    HOLDS = holds
    LENDS = lends
    QUOTE_SCALE = 10**(18 - convert(staticcall IERC20Detailed(quote).decimals(), uint256))
    UNIT_SCALE = 10**(18 - convert(staticcall IERC20Detailed(underlying).decimals(), uint256))
    self.share = WAD
    self.most = 2**100
    self.reserve = 2**100


# What a test says


@external
def set_price(price: uint256, mean: uint256):
    self.price = price
    self.mean_price = mean


@external
def set_room(most: uint256, cost: uint256):
    self.most = most
    self.cost = cost


@external
def set_limits(flag: bool):
    self.limits = flag


@external
def set_position(units: int256, base: int256):
    self.units = units
    self.base = base


@external
def set_fill(share: uint256, extra: int256):
    self.share = share
    self.extra = extra


@external
def set_lies(keeps: bool, claim: int256, sent: uint256):
    self.keeps = keeps
    self.claim = claim
    self.sent = sent


@external
def set_reserve(units: uint256):
    self.reserve = units


@external
def set_call(target: address, data: Bytes[1024]):
    self.target = target
    self.data = data


@external
def count():
    """
    @notice What is here now is to trade with
    """
    self.stock_quote = self._here(QUOTE)
    self.lent = convert(self._here(UNDERLYING), uint256)


# IVenue


@external
@view
def holds_positions() -> bool:
    return HOLDS


@external
@view
def position(price: uint256) -> (int256, int256):
    return self.units, self.base + self._worth(self.units, price)


@external
@view
def mean() -> uint256:
    return self.mean_price


@external
@view
def room(
    units: int256,
    price: uint256,
    spare_quote: uint256,
    spare_units: uint256,
    most_equity: uint256,
    health: uint256,
) -> (uint256, uint256):
    if most_equity == 0 and (units < 0 or not LENDS):
        return 0, 0
    most: uint256 = min(convert(abs(units), uint256), self.most)
    if LENDS:
        most = min(most, self._lent_room(units > 0, price, spare_quote, most_equity, health))
    elif not HOLDS and units < 0:
        most = min(most, spare_units)
    elif not HOLDS:
        each: uint256 = convert(self._worth(10**18, price), uint256) * 104 // 100
        most = min(most, spare_quote * 10**18 // max(each, 1))
    return most, self.cost


@external
@view
def needs(units: int256, limit: uint256, health: uint256) -> (uint256, uint256):
    if self.sent != 0:
        return self.sent, 0
    if LENDS:
        if units > 0:
            return 0, 0
        wanted: uint256 = self._collateral_for(
            self._debt() + convert(-units, uint256), limit, health
        )
        return wanted - min(self._collateral(), wanted), 0
    if HOLDS:
        return 0, 0
    if units > 0:
        return convert(self._worth(units, limit), uint256) + 1, 0
    return 0, convert(-units, uint256)


@external
def order(units: int256, limit: uint256, health: uint256):
    self._require_vault()
    self.asked += 1
    self.limit = limit
    if self.target != empty(address):
        self.is_done, self.answer = raw_call(
            self.target, self.data, max_outsize=132, revert_on_failure=False
        )
    if self.limits:
        assert self.price == limit or (units > 0) == (self.price < limit), "venue: limit"
    self.base += self.claim
    if self.keeps:
        return
    done: int256 = units * convert(self.share, int256) // convert(WAD, int256) + self.extra
    paid: int256 = self._worth(done, self.price)
    log IVenue.Ordered(units=done, paid=paid, mean=self.mean_price)
    if not HOLDS:
        self._swap(done, paid)
        return
    self.units += done
    self.base -= paid
    self._take_in()
    if LENDS and paid < 0:
        self._pay_out(convert(-paid, uint256))


@external
def deposit(assets: uint256):
    self._require_vault()
    self._take_in()


@external
def withdraw(assets: uint256):
    self._require_vault()
    self._pay_out(assets)


@external
def emergency_exit():
    self._require_vault()
    self._repay()
    wanted: uint256 = self._collateral_for(self._debt(), self.price, WAD)
    held: uint256 = self._collateral()
    self._pay_out(held - min(held, wanted))


# ILender


@external
@view
def health() -> uint256:
    owed: uint256 = self._debt()
    if owed == 0:
        return max_value(uint256)
    worth: uint256 = convert(self._worth(convert(owed, int256), self.price), uint256)
    return self._collateral() * THRESHOLD // max(worth, 1)


@external
@view
def debt() -> uint256:
    return self._debt()


@external
@view
def lendable() -> uint256:
    return self.reserve


@external
@view
def collateral() -> uint256:
    return self._collateral()


@external
@view
def collateral_for(debt: uint256, price: uint256, health: uint256) -> uint256:
    return self._collateral_for(debt, price, health)


@external
def borrow(units: uint256):
    self._require_vault()
    self._take_in()
    self.units -= convert(units, int256)
    self._give(UNDERLYING, units)


@external
def repay(price: uint256, health: uint256):
    self._require_vault()
    self._repay()
    wanted: uint256 = self._collateral_for(self._debt(), price, health)
    held: uint256 = self._collateral()
    self._pay_out(held - min(held, wanted))


# Internals


@internal
def _swap(done: int256, paid: int256):
    """
    @notice Tokens for tokens, and back what is too much of what was sent
    """
    if done > 0:
        self._give(UNDERLYING, convert(done, uint256))
        left: int256 = self._here(QUOTE) - self.stock_quote - paid
        if left > 0:
            self._give(QUOTE, convert(left, uint256))
    else:
        self._give(QUOTE, convert(-paid, uint256))
        rest: int256 = self._here(UNDERLYING) - convert(self.lent, int256) + done
        if rest > 0:
            self._give(UNDERLYING, convert(rest, uint256))
        self.lent = convert(self._here(UNDERLYING), uint256)
    self.stock_quote = self._here(QUOTE)


@internal
def _take_in():
    """
    @notice Quote that was sent ahead becomes margin
    """
    self.base += self._here(QUOTE) - self.stock_quote
    self.stock_quote = self._here(QUOTE)


@internal
def _pay_out(assets: uint256):
    """
    @notice Margin to the vault
    """
    self.base -= convert(assets, int256)
    if assets != 0:
        self._give(QUOTE, assets)
    self.stock_quote = self._here(QUOTE)


@internal
def _repay():
    """
    @notice Underlying that was sent ahead, into the debt
    """
    here: uint256 = convert(self._here(UNDERLYING), uint256)
    back: uint256 = min(here - min(here, self.lent), self._debt())
    self.units += convert(back, int256)
    self.lent = convert(self._here(UNDERLYING), uint256)


@internal
def _give(token: address, amount: uint256):
    """
    @notice A token to the vault
    """
    extcall IERC20(token).transfer(VAULT, amount, default_return_value=True)
    if token == UNDERLYING:
        self.lent -= min(self.lent, amount)


@internal
@view
def _lent_room(
    is_buy: bool, price: uint256, spare: uint256, most_equity: uint256, health: uint256
) -> uint256:
    """
    @notice Units that can be borrowed, or bought back while a collateral of 102 % stays
    """
    owed: uint256 = self._debt()
    whole: uint256 = WAD // UNIT_SCALE
    worth: uint256 = convert(self._worth(convert(whole, int256), price), uint256)
    if is_buy:
        kept: uint256 = self._collateral_for(owed, price, 102 * 10**16)
        held: uint256 = self._collateral()
        return min(owed, (held - min(held, kept)) * whole // (worth * 104 // 100))
    each: uint256 = self._collateral_for(whole, price, health)
    most: uint256 = min(
        (self._collateral() + spare) * whole // each, most_equity * whole // (each - worth)
    )
    return min(self.reserve, most - min(owed, most))


@internal
@view
def _here(token: address) -> int256:
    """
    @notice Of a token, what is here
    """
    return convert(staticcall IERC20(token).balanceOf(self), int256)


@internal
@view
def _debt() -> uint256:
    """
    @notice Units owed
    """
    return convert(max(-self.units, 0), uint256)


@internal
@view
def _collateral() -> uint256:
    """
    @notice Assets of margin
    """
    return convert(max(self.base, 0), uint256)


@internal
@view
def _collateral_for(debt: uint256, price: uint256, health: uint256) -> uint256:
    """
    @notice Assets, rounded up
    """
    worth: uint256 = convert(self._worth(convert(debt, int256), price), uint256) + 1
    return 0 if debt == 0 else worth * health // THRESHOLD + 1


@internal
@view
def _worth(units: int256, price: uint256) -> int256:
    """
    @notice Assets, toward zero
    """
    return units * convert(UNIT_SCALE * price, int256) // convert(WAD * QUOTE_SCALE, int256)


@internal
@view
def _require_vault():
    """
    @notice Orders come from the vault
    """
    assert msg.sender == VAULT, "venue: not the vault"
