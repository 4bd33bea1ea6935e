# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on
"""
@title InsuranceFund
@license MIT
@notice Staked quote tokens that bear what margin accounts cannot pay, before the LPs do, for a part of fees and of liquidations.
    ERC-4626 with a door that opens slowly: who wants to leave says so, waits ten days, and then has two.
@dev The fund is worth what it has, however that came. Its part of fees and of liquidations waits in the vault until somebody
    fetches it and counts from the trade on, so that nobody can come just before that. A gift is the stakers'; with 10^12 virtual
    shares, that nobody owns, it can move no newcomer's price by what he would notice.

    The danger is a staker who leaves when he sees a loss coming. Hence the wait; the window, without which one could ask on the first
    day and keep an open door for ever; the lower of the values of a share when he asked and when he leaves, so that shares which may
    leave earn nothing; and no way in or out while an account is known to owe more than it has. What is drawn is drawn from all alike.

    A draw that leaves nothing ends a series of shares. Were they kept, the next stake would be shared with those who lost theirs.

    The wrong failure would be a shortfall that the fund has and does not pay, so `draw` asks nobody but the token, and the vault only
    where the balance does not do. Margin and vault are known by their addresses; the deployment plan checks them.
@custom:kill Nobody can stop stakers, or a draw. While `Margin.pending` is not zero nobody comes or leaves; anyone can end that by
    liquidating.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from ethereum.ercs import IERC4626
from interfaces import IInsuranceFund
from interfaces import IMargin
from interfaces import IVault
from .math import refusal
from .math import share_math
from .modules import stakes

implements: IERC20
implements: IERC4626
implements: IInsuranceFund

initializes: stakes

OFFSET: constant(uint256) = 12  # digits of virtual shares
VIRTUAL: constant(uint256) = 10**OFFSET  # shares that nobody owns

asset: public(immutable(address))  # the quote token
MARGIN: public(immutable(address))
VAULT: public(immutable(address))
name: public(immutable(String[48]))
symbol: public(immutable(String[16]))
decimals: public(immutable(uint8))


struct Told:  # where others may fail to answer
    total: uint256  # assets, below 2^104; without fees where the vault does not say
    is_open: bool  # stakers may come and leave, as far as vault and margin contract say


@deploy
def __init__(
    quote: address, margin: address, vault: address, _name: String[48], _symbol: String[16]
):
    """
    @notice An empty fund
    @param quote Quote token, 6 to 18 decimals, which neither takes fees nor rebases
    @param margin Draws; need not stand yet
    @param vault Keeps the fund's part of fees until it is fetched; need not stand yet
    @param _name Of the share
    @param _symbol Of the share
    """
    if empty(address) in [quote, margin, vault]:
        refusal._refuse("fund: address")
    count: uint256 = convert(staticcall IERC20Detailed(quote).decimals(), uint256)
    if count < 6 or count > 18:
        refusal._refuse("fund: decimals")
    asset = quote
    MARGIN = margin
    VAULT = vault
    name = _name
    symbol = _symbol
    decimals = convert(count + OFFSET, uint8)


# The margin contract


@external
def draw(shortfall: uint256) -> uint256:
    """
    @notice Pays what an account cannot, as far as the fund goes. Where nothing is left a new series of shares begins
    @param shortfall Assets
    @return Assets paid to the caller
    """
    if msg.sender != MARGIN:
        refusal._refuse("fund: not margin")
    held: uint256 = self._held()
    if held <= shortfall:
        extcall IVault(VAULT).payFund()
        held = self._held()
    paid: uint256 = min(shortfall, held)
    log IInsuranceFund.Drawn(shortfall=shortfall, paid=paid, series=stakes.series)
    if paid == held and stakes.supply != 0:
        stakes._begin()
        log IInsuranceFund.SeriesBegun(series=stakes.series)
    self._send(msg.sender, paid)
    return paid


# Stakers: in


@external
def deposit(assets: uint256, receiver: address) -> uint256:
    """
    @notice Quote in, shares out
    @param assets How much
    @param receiver Of the shares
    @return Shares, rounded down
    """
    self._require_quiet()
    total: uint256 = self._total()
    self._require_room(assets, total)
    minted: uint256 = share_math._shares_down(assets, total, self._parts())
    if minted == 0 and assets != 0:
        refusal._refuse("fund: nothing")
    self._enter(receiver, assets, minted)
    return minted


@external
def mint(amount: uint256, receiver: address) -> uint256:
    """
    @notice Shares, for quote
    @param amount Shares
    @param receiver Of the shares
    @return Assets, rounded up
    """
    self._require_quiet()
    self._require_supply(amount)
    total: uint256 = self._total()
    assets: uint256 = share_math._assets_up(amount, total, self._parts())
    self._require_room(assets, total)
    self._enter(receiver, assets, amount)
    return assets


# Stakers: out


@external
def request(amount: uint256) -> uint256:
    """
    @notice Shares of the caller that are to leave, after ten days and within two. They stay his and bear what is drawn, but cannot
        be moved, and leave at no more than they are worth now. A request takes the place of the last one: it starts anew
    @param amount Shares
    @return Unix time from which they may leave
    """
    if amount == 0:
        refusal._refuse("fund: no shares")
    stakes._ask(msg.sender, amount, self._total(), self._parts())
    ready: uint256 = block.timestamp + stakes.COOLDOWN
    log IInsuranceFund.LeaveRequested(
        owner=msg.sender, shares=amount, ready=ready, lapses=ready + stakes.WINDOW
    )
    return ready


@external
def cancel() -> uint256:
    """
    @notice Withdraws the caller's request, if there is one
    @return Shares that can be moved again
    """
    amount: uint256 = stakes._requested(msg.sender)
    if amount == 0:
        refusal._refuse("fund: no request")
    stakes._forget(msg.sender)
    log IInsuranceFund.LeaveCancelled(owner=msg.sender, shares=amount)
    return amount


@external
def withdraw(assets: uint256, receiver: address, owner: address) -> uint256:
    """
    @notice Quote out, for shares of a request whose time has come
    @param assets How much
    @param receiver Of the quote
    @param owner Of the shares: the caller, or who approved him
    @return Shares, rounded up
    """
    self._require_quiet()
    total: uint256 = self._total()
    if assets > total:
        refusal._refuse("fund: assets")
    burnt: uint256 = stakes._leave_up(owner, assets, total, self._parts())
    self._leave(receiver, owner, assets, burnt)
    return burnt


@external
def redeem(amount: uint256, receiver: address, owner: address) -> uint256:
    """
    @notice Shares of a request whose time has come in, quote out
    @param amount Shares
    @param receiver Of the quote
    @param owner Of the shares: the caller, or who approved him
    @return Assets, rounded down
    """
    self._require_quiet()
    self._require_shares(amount)
    assets: uint256 = stakes._leave_down(owner, amount, self._total(), self._parts())
    self._leave(receiver, owner, assets, amount)
    return assets


# Anyone


@external
def collect() -> uint256:
    """
    @notice Fetches the fund's part of fees from the vault. They count already, so it changes nobody's price
    @return Assets
    """
    return extcall IVault(VAULT).payFund()


# Shares. A transfer calls nobody, and whoever is called by the fund finds balances as they are after it.


@external
@reentrant
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Move shares of the caller that are in no request
    @param receiver To whom
    @param amount How many
    @return True
    """
    stakes._move(msg.sender, receiver, amount)
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
    stakes._spend(sender, amount)
    stakes._move(sender, receiver, amount)
    return True


@external
@reentrant
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Let somebody move shares of the caller, in this series
    @param spender Who may
    @param amount How many, 2^256 - 1 for as long as the series lasts
    @return True
    """
    stakes._approve(msg.sender, spender, amount)
    return True


@external
@view
@reentrant
def totalSupply() -> uint256:
    """
    @notice Shares of the series
    """
    return stakes.supply


@external
@view
@reentrant
def balanceOf(owner: address) -> uint256:
    """
    @notice Shares of the series that somebody has, requested ones included
    @param owner Who
    """
    return stakes._balance(owner)


@external
@view
@reentrant
def allowance(owner: address, spender: address) -> uint256:
    """
    @notice Shares of an owner that a spender may move
    @param owner Whose
    @param spender Who may
    """
    return stakes._allowance(owner, spender)


# ERC-4626


@external
@view
def totalAssets() -> uint256:
    """
    @notice What the fund has, fees that it has not fetched included; without them where the vault does not say
    @return Assets
    """
    return self._told().total


@external
@view
def convertToShares(assets: uint256) -> uint256:
    """
    @notice Shares for assets
    @param assets How much
    @return Shares, rounded down
    """
    return share_math._shares_down(assets, self._told().total, self._parts())


@external
@view
def convertToAssets(amount: uint256) -> uint256:
    """
    @notice Assets for shares
    @param amount Shares
    @return Assets, rounded down
    """
    return share_math._assets_down(amount, self._told().total, self._parts())


@external
@view
def maxDeposit(receiver: address) -> uint256:
    """
    @notice What `deposit` takes; zero where it would be refused
    @param receiver Of the shares
    @return Assets
    """
    return self._most_in(receiver, self._told())


@external
@view
def maxMint(receiver: address) -> uint256:
    """
    @notice What `mint` gives; zero where it would be refused
    @param receiver Of the shares
    @return Shares
    """
    told: Told = self._told()
    most: uint256 = self._most_in(receiver, told)
    return min(
        share_math._shares_down(most, told.total, self._parts()), stakes.LIMIT - 1 - stakes.supply
    )


@external
@view
def maxWithdraw(owner: address) -> uint256:
    """
    @notice What `withdraw` gives: nothing without a request whose time has come, or while anything is pending
    @param owner Of the shares
    @return Assets
    """
    told: Told = self._told()
    return stakes._leave_down(owner, self._most_out(owner, told), told.total, self._parts())


@external
@view
def maxRedeem(owner: address) -> uint256:
    """
    @notice What `redeem` takes: nothing without a request whose time has come, or while anything is pending
    @param owner Of the shares
    @return Shares
    """
    return self._most_out(owner, self._told())


@external
@view
def previewDeposit(assets: uint256) -> uint256:
    """
    @notice What `deposit` would give now
    @param assets How much
    @return Shares, rounded down
    """
    return share_math._shares_down(assets, self._total(), self._parts())


@external
@view
def previewMint(amount: uint256) -> uint256:
    """
    @notice What `mint` would cost now
    @param amount Shares
    @return Assets, rounded up
    """
    return share_math._assets_up(amount, self._total(), self._parts())


@external
@view
def previewWithdraw(assets: uint256) -> uint256:
    """
    @notice What `withdraw` would burn now of the caller's shares, at what they were worth when he asked, if he has
    @param assets How much
    @return Shares, rounded up
    """
    return stakes._leave_up(msg.sender, assets, self._total(), self._parts())


@external
@view
def previewRedeem(amount: uint256) -> uint256:
    """
    @notice What `redeem` would pay now for the caller's shares, at what they were worth when he asked, if he has
    @param amount Shares
    @return Assets, rounded down
    """
    return stakes._leave_down(msg.sender, amount, self._total(), self._parts())


# Views for the market and for people


@external
@view
def available() -> uint256:
    """
    @notice What a shortfall may draw on, fees that are not fetched included
    @return Assets
    """
    return self._held() + staticcall IVault(VAULT).dues()


@external
@view
def requested(owner: address) -> (uint256, uint256, uint256):
    """
    @notice A request that has not lapsed
    @param owner Whose
    @return Shares, Unix times from which and until which they may leave; zeros where there is none
    """
    amount: uint256 = 0
    ready: uint256 = 0
    amount, ready = stakes._request(owner)
    return amount, ready, ready + stakes.WINDOW if amount != 0 else 0


@external
@view
def series() -> uint256:
    """
    @notice How often the fund was left with nothing
    """
    return stakes.series


# Internals: guards


@internal
@view
def _require_quiet():
    """
    @notice Reverts while an account is known to owe more than it has: who stands in the fund then pays for it
    """
    if staticcall IMargin(MARGIN).pending() != 0:
        refusal._refuse("fund: pending")


@internal
@pure
def _require_room(assets: uint256, total: uint256):
    """
    @notice Reverts for more assets than fit
    @param assets New ones
    @param total Those there are
    """
    if assets >= stakes.MOST_ASSETS or assets + total >= stakes.MOST_ASSETS:
        refusal._refuse("fund: full")


@internal
@view
def _require_supply(amount: uint256):
    """
    @notice Reverts for more shares than fit
    @param amount New shares
    """
    if amount >= stakes.LIMIT or amount + stakes.supply >= stakes.LIMIT:
        refusal._refuse("fund: supply")


@internal
@view
def _require_shares(amount: uint256):
    """
    @notice Reverts for more shares than there are
    @param amount Shares
    """
    if amount > stakes.supply:
        refusal._refuse("fund: shares")


# Internals: what the fund has


@internal
@view
def _held() -> uint256:
    """
    @notice The fund's own tokens
    @return Assets
    """
    return staticcall IERC20(asset).balanceOf(self)


@internal
@view
def _total() -> uint256:
    """
    @notice What shares are worth together
    @return Assets, below 2^104
    """
    return min(self._held() + staticcall IVault(VAULT).dues(), stakes.MOST_ASSETS - 1)


@internal
@view
def _told() -> Told:
    """
    @notice What shares are worth together, and whether the door is open; for views only. Each contract is asked once: who burns the
        gas of a question leaves enough for one more
    """
    told: bool = False
    dues: uint256 = 0
    told, dues = self._ask(VAULT, method_id("dues()"))
    total: uint256 = min(self._held() + min(dues, stakes.MOST_ASSETS), stakes.MOST_ASSETS - 1)
    pending: uint256 = 0
    if told:
        told, pending = self._ask(MARGIN, method_id("pending()"))
    return Told(total=total, is_open=told and pending == 0)


@internal
@view
def _parts() -> uint256:
    """
    @notice All shares, virtual ones included
    """
    return stakes.supply + VIRTUAL


@internal
@view
def _ask(target: address, question: Bytes[4]) -> (bool, uint256):
    """
    @notice Asks another contract for a number, so that it may fail to answer
    @param target Whom
    @param question Its selector
    @return Whether it answered, and what
    """
    done: bool = False
    answer: Bytes[32] = b""
    done, answer = raw_call(
        target, question, max_outsize=32, is_static_call=True, revert_on_failure=False
    )
    if not done or len(answer) != 32:
        return False, 0
    return True, convert(answer, uint256)


@internal
@view
def _most_in(receiver: address, told: Told) -> uint256:
    """
    @notice Assets that may come now
    @param receiver Of the shares
    @param told What the others say
    @return Assets
    """
    if receiver == empty(address) or receiver == self or not told.is_open:
        return 0
    left: uint256 = stakes.LIMIT - 1 - stakes.supply
    return min(
        stakes.MOST_ASSETS - 1 - told.total,
        share_math._assets_down(left, told.total, self._parts()),
    )


@internal
@view
def _most_out(owner: address, told: Told) -> uint256:
    """
    @notice Shares that may leave now
    @param owner Whose
    @param told What the others say
    @return Shares
    """
    return stakes._ready(owner) if told.is_open else 0


# Internals: what moves


@internal
def _enter(receiver: address, assets: uint256, amount: uint256):
    """
    @notice Quote in, shares out
    @param receiver Of the shares
    @param assets How much
    @param amount Shares
    """
    stakes._require_receiver(receiver)
    self._require_supply(amount)
    stakes._mint(receiver, amount)
    log IInsuranceFund.Deposit(sender=msg.sender, owner=receiver, assets=assets, shares=amount)
    if assets != 0:
        if not extcall IERC20(asset).transferFrom(
            msg.sender, self, assets, default_return_value=True
        ):
            refusal._refuse("fund: token refused")


@internal
def _leave(receiver: address, owner: address, assets: uint256, amount: uint256):
    """
    @notice Shares in, quote out; fees are fetched where the balance does not do
    @param receiver Of the quote
    @param owner Of the shares
    @param assets How much
    @param amount Shares
    """
    stakes._require_receiver(receiver)
    stakes._spend(owner, amount)
    stakes._use(owner, amount)
    stakes._burn(owner, amount)
    log IInsuranceFund.Withdraw(
        sender=msg.sender, receiver=receiver, owner=owner, assets=assets, shares=amount
    )
    if assets > self._held():
        extcall IVault(VAULT).payFund()
    self._send(receiver, assets)


@internal
def _send(receiver: address, assets: uint256):
    """
    @notice Quote out. A token may answer nothing, as long as it does not answer no
    @param receiver To whom
    @param assets How much; nothing moves for zero
    """
    if assets != 0:
        if not extcall IERC20(asset).transfer(receiver, assets, default_return_value=True):
            refusal._refuse("fund: token did not pay")
