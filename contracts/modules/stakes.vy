# pragma version 0.4.3
# pragma optimize gas
"""
@title Stakes of an insurance fund
@license MIT
@notice Shares in series, and who has asked to leave. A series ends when a draw leaves nothing: its balances, allowances and requests
    are kept under its number and count no more.
@dev One request per owner. Its shares stay his and count as before, but cannot be moved until it is withdrawn or lapses. What a
    share was worth when it was made is kept as the two numbers that say so, not as a quotient: nothing is rounded twice.
"""

from ethereum.ercs import IERC20
from ..math import refusal
from ..math import share_math

COOLDOWN: constant(uint256) = 10 * 86400  # from a request until it may be used
WINDOW: constant(uint256) = 2 * 86400  # and from then until it lapses
LIMIT: constant(uint256) = 2**144  # of shares
MOST_ASSETS: constant(uint256) = 2**104  # of a total: with parts beside it fits a word
LOW_104: constant(uint256) = 2**104 - 1
LOW_144: constant(uint256) = 2**144 - 1

series: uint256
supply: uint256  # of the series, below 2^144
balances: HashMap[uint256, HashMap[address, uint256]]  # by series and owner
allowances: HashMap[uint256, HashMap[address, HashMap[address, uint256]]]  # series, owner, spender
requests: HashMap[uint256, HashMap[address, uint256]]  # shares 144 | made at 64, shares lowest
worths: HashMap[uint256, HashMap[address, uint256]]  # at the request: total 104 | parts 152


# Shares


@internal
@view
def _require_receiver(receiver: address):
    """
    @notice Reverts for nobody, and for the fund
    @param receiver Who is to get shares or money
    """
    if receiver == empty(address) or receiver == self:
        refusal._refuse("fund: receiver")


@internal
@view
def _balance(owner: address) -> uint256:
    """
    @notice Shares of the series
    @param owner Whose
    """
    return self.balances[self.series][owner]


@internal
@view
def _allowance(owner: address, spender: address) -> uint256:
    """
    @notice Shares of the series that somebody may move
    @param owner Whose
    @param spender Who may
    """
    return self.allowances[self.series][owner][spender]


@internal
def _mint(receiver: address, amount: uint256):
    """
    @notice Create shares
    @param receiver Who gets them
    @param amount How many: supply included below 2^144
    """
    self.supply = unsafe_add(self.supply, amount)
    self._give(receiver, amount)
    log IERC20.Transfer(sender=empty(address), receiver=receiver, value=amount)


@internal
def _burn(owner: address, amount: uint256):
    """
    @notice Destroy shares that are free
    @param owner Whose
    @param amount How many
    """
    self._take(owner, amount)
    self.supply = unsafe_sub(self.supply, amount)
    log IERC20.Transfer(sender=owner, receiver=empty(address), value=amount)


@internal
def _move(sender: address, receiver: address, amount: uint256):
    """
    @notice Move shares that are free
    @param sender From whom
    @param receiver To whom
    @param amount How many
    """
    self._require_receiver(receiver)
    self._take(sender, amount)
    self._give(receiver, amount)
    log IERC20.Transfer(sender=sender, receiver=receiver, value=amount)


@internal
def _approve(owner: address, spender: address, amount: uint256):
    """
    @notice Let somebody move an owner's shares, in this series
    @param owner Whose
    @param spender Who may
    @param amount How many, 2^256 - 1 for as long as the series lasts
    """
    self.allowances[self.series][owner][spender] = amount
    log IERC20.Approval(owner=owner, spender=spender, value=amount)


@internal
def _spend(owner: address, amount: uint256):
    """
    @notice Charge the caller's allowance, unless he is the owner
    @param owner Whose shares
    @param amount How many
    """
    if msg.sender != owner:
        allowed: uint256 = self._allowance(owner, msg.sender)
        if allowed != max_value(uint256):
            if allowed < amount:
                refusal._refuse("fund: allowance")
            self.allowances[self.series][owner][msg.sender] = unsafe_sub(allowed, amount)


@internal
def _begin():
    """
    @notice A new series: what there was is worth nothing and counts no more
    """
    self.series += 1
    self.supply = 0


# Requests


@internal
@view
def _request(owner: address) -> (uint256, uint256):
    """
    @notice A request that has not lapsed
    @param owner Whose
    @return Shares, and from when it may be used; zeros where there is none
    """
    word: uint256 = self.requests[self.series][owner]
    ready: uint256 = unsafe_add(word >> 144, COOLDOWN)
    if word & LOW_144 == 0 or block.timestamp > unsafe_add(ready, WINDOW):
        return 0, 0
    return word & LOW_144, ready


@internal
@view
def _requested(owner: address) -> uint256:
    """
    @notice Shares of a request that has not lapsed
    @param owner Whose
    """
    amount: uint256 = 0
    ready: uint256 = 0
    amount, ready = self._request(owner)
    return amount


@internal
@view
def _ready(owner: address) -> uint256:
    """
    @notice Shares that may leave now
    @param owner Whose
    """
    amount: uint256 = 0
    ready: uint256 = 0
    amount, ready = self._request(owner)
    return amount if block.timestamp >= ready else 0


@internal
@view
def _worth(owner: address) -> (uint256, uint256):
    """
    @notice What shares were worth when an owner asked to leave
    @param owner Whose
    @return Total of assets, all shares with the virtual ones: zeros where he has not asked
    """
    if self._requested(owner) == 0:
        return 0, 0
    word: uint256 = self.worths[self.series][owner]
    return word & LOW_104, word >> 104


@internal
def _ask(owner: address, amount: uint256, total: uint256, parts: uint256):
    """
    @notice A request in the place of any other
    @param owner Whose
    @param amount Shares, not zero
    @param total Assets now
    @param parts All shares now, with the virtual ones
    """
    self._held(owner, amount)
    self.requests[self.series][owner] = amount | block.timestamp << 144
    self.worths[self.series][owner] = total | parts << 104


@internal
def _forget(owner: address):
    """
    @notice No request any more
    @param owner Whose
    """
    self.requests[self.series][owner] = 0


@internal
def _use(owner: address, amount: uint256):
    """
    @notice Shares of a request that leave now
    @param owner Whose
    @param amount How many
    """
    if amount > self._ready(owner):
        refusal._refuse("fund: not ready")
    self.requests[self.series][owner] = unsafe_sub(self.requests[self.series][owner], amount)


# Leaving: at the lower of the values per share at the two times


@internal
@view
def _leave_down(owner: address, amount: uint256, total: uint256, parts: uint256) -> uint256:
    """
    @notice Assets for shares that leave
    @param owner Whose request says what they were worth
    @param amount Shares, below 2^144
    @param total Assets now
    @param parts All shares now, with the virtual ones
    @return Assets, rounded down; at their value now where there is no request
    """
    then_total: uint256 = 0
    then_parts: uint256 = 0
    then_total, then_parts = self._worth(owner)
    assets: uint256 = share_math._assets_down(amount, total, parts)
    if then_parts == 0:
        return assets
    return min(assets, share_math._assets_down(amount, then_total, then_parts))


@internal
@view
def _leave_up(owner: address, assets: uint256, total: uint256, parts: uint256) -> uint256:
    """
    @notice Shares that leave for assets
    @param owner Whose request says what they were worth
    @param assets How much, below 2^104
    @param total Assets now
    @param parts All shares now, with the virtual ones
    @return Shares, rounded up; at their value now where there is no request
    """
    then_total: uint256 = 0
    then_parts: uint256 = 0
    then_total, then_parts = self._worth(owner)
    amount: uint256 = share_math._shares_up(assets, total, parts)
    return max(amount, share_math._shares_up(assets, then_total, then_parts))


# Internals of the module


@internal
@view
def _held(owner: address, amount: uint256) -> uint256:
    """
    @notice Shares of an owner, who must have enough
    @param owner Whose
    @param amount How many
    @return All of them
    """
    held: uint256 = self._balance(owner)
    if held < amount:
        refusal._refuse("fund: balance")
    return held


@internal
def _give(receiver: address, amount: uint256):
    """
    @notice Shares to somebody
    @param receiver Who
    @param amount How many
    """
    held: uint256 = self._balance(receiver)
    self.balances[self.series][receiver] = unsafe_add(held, amount)


@internal
def _take(owner: address, amount: uint256):
    """
    @notice Shares from an owner, who must have them free of any request
    @param owner Whose
    @param amount How many
    """
    held: uint256 = self._held(owner, amount)
    if unsafe_sub(held, self._requested(owner)) < amount:
        refusal._refuse("fund: requested")
    self.balances[self.series][owner] = unsafe_sub(held, amount)
