# pragma version 0.4.3
# pragma optimize codesize
# pragma nonreentrancy on
"""
@title LendingVenue
@license MIT
@notice Delta below zero: on Aave v3 quote is collateral for underlying that is borrowed, and either sold on Uniswap v3 or handed to
    the vault, which holds it as cover for calls to come
@dev The danger is the lender's own liquidation, which takes collateral at a discount. So each order leaves the debt at a health that
    the hedger names, and he tops it up. What is bought back is paid for with collateral, so that debt can be reduced when the vault
    has no quote to spare.

    The wrong failure would be a debt that cannot be repaid: that asks neither spot nor the pool.
@custom:kill The hedger's cap and nothing else: with it at zero only orders come that reduce the debt, and `emergency_exit`. The
    lender may freeze, pause or drain its reserves; then nothing moves, and the hedger waits.
"""

from ethereum.ercs import IERC20
from interfaces import IAavePool
from interfaces import ILender
from interfaces import IVenue
from .. import units as scales
from ..math import refusal
from ..modules import pool_swap

implements: IVenue
implements: ILender

initializes: pool_swap

exports: (pool_swap.QUOTE, pool_swap.UNDERLYING, pool_swap.ROUTER)

VARIABLE: constant(uint256) = 2  # the lender's word for a floating rate
RAY: constant(uint256) = 10**27
HORIZON: constant(uint256) = 7 * 86400  # for which interest counts in the cost of an order
YEAR: constant(uint256) = 365 * 86400
LEAST_HEALTH: constant(uint256) = 102 * 10**16  # while collateral is being sold
EXIT_HEALTH: constant(uint256) = 150 * 10**16  # that an emergency exit leaves behind
TRY_GAS: constant(uint256) = 700_000  # at hand where the lender may refuse
ACTIVE: constant(uint256) = 2**56  # bits of a reserve's configuration
FROZEN: constant(uint256) = 2**57
BORROWING: constant(uint256) = 2**58
PAUSED: constant(uint256) = 2**60

VAULT: public(immutable(address))
POOL: public(immutable(address))
A_TOKEN: public(immutable(address))  # the collateral
DEBT_TOKEN: public(immutable(address))
WHOLE: immutable(uint256)  # units in a whole underlying


@deploy
def __init__(
    vault: address,
    quote: address,
    underlying: address,
    router: address,
    fee: uint24,
    middle: address,
    far_fee: uint24,
    pool: address,
):
    """
    @notice A venue for one vault
    @param vault Whose orders are done; need not stand yet
    @param quote Its quote token, a reserve of the lender that may be collateral
    @param underlying Its underlying, another that may be borrowed
    @param router SwapRouter02
    @param fee Of the underlying's pool there, millionths
    @param middle What that pool has against it, nothing for the quote token
    @param far_fee Of the pool of `middle` and the quote token
    @param pool The lender's
    """
    if vault == empty(address):
        refusal._refuse("venue: address")
    VAULT = vault
    POOL = pool
    pool_swap.__init__(quote, underlying, router, fee, middle, far_fee)
    WHOLE = scales.WAD // pool_swap._scale(underlying)
    A_TOKEN = (staticcall IAavePool(pool).getReserveData(quote)).aTokenAddress
    DEBT_TOKEN = (staticcall IAavePool(pool).getReserveData(underlying)).variableDebtTokenAddress
    if empty(address) in [A_TOKEN, DEBT_TOKEN]:
        refusal._refuse("venue: reserve")
    pool_swap._approve(quote, pool)
    pool_swap._approve(underlying, pool)


# What the hedger asks


@external
@view
def holds_positions() -> bool:
    """
    @notice Collateral and debt stay here
    """
    return True


@external
@view
def position(price: uint256) -> (int256, int256):
    """
    @notice The debt, and what collateral exceeds it by
    @param price Of the underlying, WAD
    @return Units, below zero; assets, rounded down
    """
    owed: uint256 = self._debt()
    worth: uint256 = pool_swap._assets(owed, price)
    return -convert(owed, int256), convert(self._collateral(), int256) - convert(worth, int256)


@external
@view
def mean() -> uint256:
    """
    @notice Mean price, over five minutes, of the path on which the underlying is sold and bought back
    @return WAD
    """
    return pool_swap._mean_price()


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
    """
    @notice Sales as far as the lender lends and collateral goes, purchases as far as there is debt that collateral can pay for
    @param units Bought, below zero sold
    @param price Of the underlying, WAD
    @param spare_quote Assets that the vault can send
    @param spare_units Not asked
    @param most_equity Assets that may stand here after a sale
    @param health That a sale leaves behind
    @return Units; share of their worth that goes in fees, impact, and a week's interest
    """
    most: uint256 = convert(abs(units), uint256)
    if units < 0:
        most = min(most, self._sellable(price, spare_quote, most_equity, health))
    else:
        most = min(most, self._buyable(price))
    carry: int256 = self._carry(price, health)
    cost: int256 = convert(pool_swap._cost(most), int256)
    if units < 0:
        return most, convert(max(cost + carry, 0), uint256)
    return most, convert(max(cost - carry, 0), uint256)


@external
@view
def needs(units: int256, limit: uint256, health: uint256) -> (uint256, uint256):
    """
    @notice Collateral that is missing for a sale; a purchase pays for itself
    @param units Bought, below zero sold
    @param limit Price, WAD
    @param health That a sale leaves behind
    @return Assets; no underlying
    """
    if units > 0:
        return 0, 0
    wanted: uint256 = self._collateral_for(self._debt() + convert(-units, uint256), limit, health)
    return wanted - min(self._collateral(), wanted), 0


@external
@view
def health() -> uint256:
    """
    @notice Collateral at its threshold over debt, at the lender's own prices
    @return WAD; the largest number without debt
    """
    return self._health()


@external
@view
def debt() -> uint256:
    """
    @notice Units owed, with interest
    """
    return self._debt()


@external
@view
def collateral() -> uint256:
    """
    @notice Assets of collateral, with interest
    """
    return self._collateral()


@external
@view
def collateral_for(owed: uint256, price: uint256, least: uint256) -> uint256:
    """
    @notice Collateral that leaves a debt at a health
    @param owed Units
    @param price Of the underlying, WAD
    @param least Health, WAD
    @return Assets, rounded up
    """
    return self._collateral_for(owed, price, least)


@external
@view
def lendable() -> uint256:
    """
    @notice What the lender would lend now
    @return Units
    """
    return self._lendable()


# What the vault does for the hedger


@external
def order(units: int256, limit: uint256, health: uint256):
    """
    @notice A sale of borrowed underlying, or a purchase that repays, all of it at the limit or better
    @param units Bought, below zero sold
    @param limit Price, WAD
    @param health Below which no collateral leaves
    """
    self._require_vault()
    mean: uint256 = pool_swap._mean_price()
    paid: int256 = 0
    if units < 0:
        paid = -convert(self._sell(convert(-units, uint256), limit), int256)
    else:
        paid = convert(self._buy(convert(units, uint256), limit, health), int256)
    log IVenue.Ordered(units=units, paid=paid, mean=mean)
    pool_swap._sweep(VAULT)


@external
def borrow(units: uint256):
    """
    @notice Underlying for the vault, against collateral that is here or was sent ahead
    @param units How many
    """
    self._require_vault()
    self._supply()
    self._borrow(units)
    pool_swap._sweep(VAULT)


@external
def repay(price: uint256, health: uint256):
    """
    @notice Underlying that was sent ahead repaid, and collateral out that the rest of the debt does not need
    @param price Of the underlying, WAD
    @param health Below which no collateral leaves
    """
    self._require_vault()
    self._repay()
    self._release(price, health)
    pool_swap._sweep(VAULT)


@external
def deposit(assets: uint256):
    """
    @notice Collateral in, that was sent ahead; what the lender does not take goes back, so that whoever defends the debt may try something
        else
    @param assets How much
    """
    self._require_vault()
    self._try(
        abi_encode(
            pool_swap.QUOTE,
            assets,
            self,
            empty(uint256),
            method_id=method_id("supply(address,uint256,address,uint16)"),
        )
    )
    pool_swap._sweep(VAULT)


@external
def withdraw(assets: uint256):
    """
    @notice Collateral out, as far as the lender lets it
    @param assets How much
    """
    self._require_vault()
    self._withdraw(assets)
    pool_swap._sweep(VAULT)


@external
def emergency_exit():
    """
    @notice Underlying that was sent ahead repaid; without debt all collateral out that the lender has, with some debt what leaves it just
        healthy. Asks the lender for prices, and nobody else
    """
    self._require_vault()
    amount: uint256 = min(staticcall IERC20(pool_swap.UNDERLYING).balanceOf(self), self._debt())
    if amount != 0:
        self._try(
            abi_encode(
                pool_swap.UNDERLYING,
                amount,
                VARIABLE,
                self,
                method_id=method_id("repay(address,uint256,uint256,address)"),
            )
        )
    owned: uint256 = 0
    owed: uint256 = 0
    a: uint256 = 0
    threshold: uint256 = 0
    b: uint256 = 0
    c: uint256 = 0
    owned, owed, a, threshold, b, c = staticcall IAavePool(POOL).getUserAccountData(self)
    held: uint256 = self._collateral()
    if owed != 0:
        bound: uint256 = owed * EXIT_HEALTH // (max(threshold, 1) * 10**14)
        held = held * (owned - min(bound, owned)) // max(owned, 1)
    held = min(held, staticcall IERC20(pool_swap.QUOTE).balanceOf(A_TOKEN))
    if held != 0:
        self._try_withdraw(held)
    pool_swap._sweep(VAULT)


@external
def drop(asset: address):
    """
    @notice Anyone: what somebody has given to this place of another asset stops being collateral. The lender lets nothing else out of an
        account with collateral that it does not lend against any more
    @param asset Not the quote token
    """
    if asset == pool_swap.QUOTE:
        refusal._refuse("venue: collateral")
    extcall IAavePool(POOL).setUserUseReserveAsCollateral(asset, False)


# Internals: the lender


@internal
@view
def _debt() -> uint256:
    """
    @notice Units owed
    """
    return staticcall IERC20(DEBT_TOKEN).balanceOf(self)


@internal
@view
def _collateral() -> uint256:
    """
    @notice Assets of collateral
    """
    return staticcall IERC20(A_TOKEN).balanceOf(self)


@internal
@view
def _health() -> uint256:
    """
    @notice At the lender's prices
    @return WAD
    """
    a: uint256 = 0
    b: uint256 = 0
    c: uint256 = 0
    d: uint256 = 0
    e: uint256 = 0
    found: uint256 = 0
    a, b, c, d, e, found = staticcall IAavePool(POOL).getUserAccountData(self)
    return found


@internal
@view
def _threshold() -> uint256:
    """
    @notice Share of collateral up to which there may be debt before the lender liquidates
    @return WAD
    """
    word: uint256 = (staticcall IAavePool(POOL).getReserveData(pool_swap.QUOTE)).configuration
    return ((word >> 16) & 65535) * 10**14


@internal
@view
def _collateral_for(owed: uint256, price: uint256, least: uint256) -> uint256:
    """
    @notice Collateral that leaves a debt at a health
    @param owed Units
    @param price Of the underlying, WAD
    @param least Health, WAD
    @return Assets, rounded up
    """
    threshold: uint256 = max(self._threshold(), 1)
    return (pool_swap._assets(owed, price) * least + threshold - 1) // threshold


@internal
@view
def _lendable() -> uint256:
    """
    @notice What the lender has of underlying, within its cap, while its reserve is open
    @return Units
    """
    reserve: IAavePool.Reserve = staticcall IAavePool(POOL).getReserveData(pool_swap.UNDERLYING)
    word: uint256 = reserve.configuration
    if word & (ACTIVE | FROZEN | BORROWING | PAUSED) != ACTIVE | BORROWING:
        return 0
    most: uint256 = staticcall IERC20(pool_swap.UNDERLYING).balanceOf(reserve.aTokenAddress)
    cap: uint256 = ((word >> 80) & (2**36 - 1)) * WHOLE
    if cap == 0:
        return most
    owed: uint256 = (
        staticcall IERC20(reserve.variableDebtTokenAddress).totalSupply()
        + staticcall IERC20(reserve.stableDebtTokenAddress).totalSupply()
    )
    return min(most, cap - min(owed, cap))


@internal
@view
def _sellable(price: uint256, spare: uint256, most_equity: uint256, health: uint256) -> uint256:
    """
    @notice What may be borrowed and sold
    @param price Of the underlying, WAD
    @param spare Assets that the vault can send
    @param most_equity Assets that may stand here
    @param health That is left behind
    @return Units
    """
    owed: uint256 = self._debt()
    each: uint256 = max(self._collateral_for(WHOLE, price, health), 1)
    worth: uint256 = pool_swap._assets(WHOLE, price)
    most: uint256 = (self._collateral() + spare) * WHOLE // each
    most = min(most, most_equity * WHOLE // (each - min(worth, each - 1)))
    return min(most - min(owed, most), self._lendable())


@internal
@view
def _buyable(price: uint256) -> uint256:
    """
    @notice What may be bought back with collateral: it leaves before the debt does, and the lender must let it
    @param price Of the underlying, WAD
    @return Units
    """
    owed: uint256 = self._debt()
    needed: uint256 = self._collateral_for(owed, price, LEAST_HEALTH)
    held: uint256 = self._collateral()
    each: uint256 = pool_swap._assets(WHOLE, price * 104 // 100)
    return min(owed, (held - min(needed, held)) * WHOLE // max(each, 1))


@internal
@view
def _carry(price: uint256, health: uint256) -> int256:
    """
    @notice A week's interest on debt, less that on the collateral that goes with it
    @param price Of the underlying, WAD
    @param health At which the debt stands
    @return Share of the debt, WAD, below zero where collateral earns more
    """
    paid: uint256 = convert(
        (staticcall IAavePool(POOL).getReserveData(pool_swap.UNDERLYING)).currentVariableBorrowRate,
        uint256,
    )
    earned: uint256 = convert(
        (staticcall IAavePool(POOL).getReserveData(pool_swap.QUOTE)).currentLiquidityRate, uint256
    )
    earned = earned * health // max(self._threshold(), 1)
    rate: int256 = convert(paid, int256) - convert(earned, int256)
    return rate * convert(HORIZON, int256) // convert(YEAR * (RAY // scales.WAD), int256)


@internal
def _supply():
    """
    @notice All quote that is here becomes collateral
    """
    assets: uint256 = staticcall IERC20(pool_swap.QUOTE).balanceOf(self)
    if assets != 0:
        extcall IAavePool(POOL).supply(pool_swap.QUOTE, assets, self, 0)


@internal
def _withdraw(assets: uint256):
    """
    @notice Collateral out
    @param assets How much
    """
    extcall IAavePool(POOL).withdraw(pool_swap.QUOTE, assets, self)


@internal
def _try_withdraw(assets: uint256):
    """
    @notice Collateral out, if the lender lets it: what was repaid stays repaid
    @param assets How much
    """
    self._try(
        abi_encode(
            pool_swap.QUOTE,
            assets,
            self,
            method_id=method_id("withdraw(address,uint256,address)"),
        )
    )


@internal
def _try(call: Bytes[196]):
    """
    @notice Asks the lender for what it may refuse; with gas enough at hand that nobody can make it look like a refusal
    @param call What
    """
    if msg.gas < TRY_GAS:
        refusal._refuse("venue: gas")
    done: bool = raw_call(POOL, call, revert_on_failure=False)


@internal
def _borrow(units: uint256):
    """
    @notice Underlying in, against collateral
    @param units How many
    """
    extcall IAavePool(POOL).borrow(pool_swap.UNDERLYING, units, VARIABLE, 0, self)


@internal
def _repay():
    """
    @notice Underlying that is here into the debt, as far as there is any
    """
    amount: uint256 = min(staticcall IERC20(pool_swap.UNDERLYING).balanceOf(self), self._debt())
    if amount != 0:
        extcall IAavePool(POOL).repay(pool_swap.UNDERLYING, amount, VARIABLE, self)


@internal
def _release(price: uint256, health: uint256):
    """
    @notice Collateral out that the debt does not need, if the lender lets it
    @param price Of the underlying, WAD
    @param health That is left behind
    """
    owed: uint256 = self._debt()
    held: uint256 = self._collateral()
    wanted: uint256 = self._collateral_for(owed, price, health)
    if owed == 0 and held != 0:
        self._try_withdraw(max_value(uint256))
    elif held > wanted:
        self._try_withdraw(held - wanted)


@internal
def _sell(units: uint256, limit: uint256) -> uint256:
    """
    @notice Borrow and sell
    @param units How many
    @param limit Price, WAD
    @return Assets got
    """
    self._supply()
    self._borrow(units)
    return pool_swap._sell(units, pool_swap._assets(units, limit), VAULT)


@internal
def _buy(units: uint256, limit: uint256, health: uint256) -> uint256:
    """
    @notice Buy back with collateral, and repay
    @param units How many, no more than are owed
    @param limit Price, WAD
    @param health Below which no collateral leaves afterwards
    @return Assets paid
    """
    most: uint256 = pool_swap._assets(units, limit)
    self._withdraw(most)
    paid: uint256 = pool_swap._buy(units, most, self)
    self._repay()
    self._release(limit, health)
    return paid


@internal
@view
def _require_vault():
    """
    @notice Reverts unless the vault calls
    """
    if msg.sender != VAULT:
        refusal._refuse("venue: not the vault")
