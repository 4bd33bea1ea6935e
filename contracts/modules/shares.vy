# pragma version 0.4.3
# pragma optimize gas
"""
@title Shares
@license MIT
@notice Balances, allowances and supply of an ERC-20 token
@dev The zero address never holds shares, and what the vault itself holds waits in its queue: nobody can send it any, they would
    be lost.
"""

from ethereum.ercs import IERC20
from ..math import refusal

supply: uint256
balances: HashMap[address, uint256]
allowances: HashMap[address, HashMap[address, uint256]]  # owner, spender


@internal
@view
def _require_receiver(receiver: address):
    """
    @notice Reverts for nobody, and for the vault
    @param receiver Who is to get shares or money
    """
    if receiver == empty(address) or receiver == self:
        refusal._refuse("vault: receiver")


@internal
def _mint(receiver: address, amount: uint256):
    """
    @notice Create shares
    @param receiver Who gets them
    @param amount How many; the vault keeps the supply below 2^120
    """
    self.supply = unsafe_add(self.supply, amount)
    self.balances[receiver] = unsafe_add(self.balances[receiver], amount)
    log IERC20.Transfer(sender=empty(address), receiver=receiver, value=amount)


@internal
def _burn(owner: address, amount: uint256):
    """
    @notice Destroy shares
    @param owner Whose
    @param amount How many
    """
    self._take(owner, amount)
    self.supply = unsafe_sub(self.supply, amount)
    log IERC20.Transfer(sender=owner, receiver=empty(address), value=amount)


@internal
def _move(sender: address, receiver: address, amount: uint256):
    """
    @notice Move shares
    @param sender From whom
    @param receiver To whom
    @param amount How many
    """
    self._take(sender, amount)
    self.balances[receiver] = unsafe_add(self.balances[receiver], amount)
    log IERC20.Transfer(sender=sender, receiver=receiver, value=amount)


@internal
def _approve(owner: address, spender: address, amount: uint256):
    """
    @notice Let somebody move an owner's shares
    @param owner Whose
    @param spender Who may
    @param amount How many, 2^256 - 1 for ever
    """
    self.allowances[owner][spender] = amount
    log IERC20.Approval(owner=owner, spender=spender, value=amount)


@internal
def _spend(owner: address, amount: uint256):
    """
    @notice Charge the caller's allowance, unless he is the owner
    @param owner Whose shares
    @param amount How many
    """
    if msg.sender != owner:
        allowed: uint256 = self.allowances[owner][msg.sender]
        if allowed != max_value(uint256):
            if allowed < amount:
                refusal._refuse("vault: allowance")
            self.allowances[owner][msg.sender] = unsafe_sub(allowed, amount)


@internal
def _take(owner: address, amount: uint256):
    """
    @notice Take shares from an owner, who must have them
    @param owner Whose
    @param amount How many
    """
    held: uint256 = self.balances[owner]
    if held < amount:
        refusal._refuse("vault: balance")
    self.balances[owner] = unsafe_sub(held, amount)
