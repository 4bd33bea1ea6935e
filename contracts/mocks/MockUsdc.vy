# pragma version 0.4.3
"""
@title MockUsdc
@license MIT
@notice Test mock of a stablecoin: decimals as asked, a blacklist, a pause, and the reasons that Circle's FiatToken gives. Its owner
    mints, blacklists and pauses. Also stands for an underlying.
@dev No proxy, permit, authorisations or rescue: nothing in the market uses them.
"""


event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256


event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256


event Blacklisted:
    account: indexed(address)


event UnBlacklisted:
    account: indexed(address)


event Pause:
    pass


event Unpause:
    pass


owner: public(immutable(address))
name: public(immutable(String[32]))
symbol: public(immutable(String[16]))
decimals: public(immutable(uint8))

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
isBlacklisted: public(HashMap[address, bool])
paused: public(bool)


@deploy
def __init__(_name: String[32], _symbol: String[16], _decimals: uint8):
    owner = msg.sender
    name = _name
    symbol = _symbol
    decimals = _decimals


# The owner


@external
def mint(receiver: address, amount: uint256) -> bool:
    self._require_owner()
    self._require_running()
    self._require_clean(receiver)
    assert receiver != empty(address), "FiatToken: mint to the zero address"
    self.totalSupply += amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=empty(address), receiver=receiver, value=amount)
    return True


@external
def burn(amount: uint256):
    self._require_owner()
    self._require_running()
    assert self.balanceOf[msg.sender] >= amount, "FiatToken: burn amount exceeds balance"
    self.balanceOf[msg.sender] -= amount
    self.totalSupply -= amount
    log Transfer(sender=msg.sender, receiver=empty(address), value=amount)


@external
def blacklist(account: address):
    self._require_owner()
    self.isBlacklisted[account] = True
    log Blacklisted(account=account)


@external
def unBlacklist(account: address):
    self._require_owner()
    self.isBlacklisted[account] = False
    log UnBlacklisted(account=account)


@external
def pause():
    self._require_owner()
    self.paused = True
    log Pause()


@external
def unpause():
    self._require_owner()
    self.paused = False
    log Unpause()


# Holders


@external
def transfer(receiver: address, amount: uint256) -> bool:
    self._require_running()
    self._require_clean(msg.sender)
    self._require_clean(receiver)
    self._move(msg.sender, receiver, amount)
    return True


@external
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    self._require_running()
    self._require_clean(msg.sender)
    self._require_clean(sender)
    self._require_clean(receiver)
    allowed: uint256 = self.allowance[sender][msg.sender]
    assert amount <= allowed, "ERC20: transfer amount exceeds allowance"
    self._move(sender, receiver, amount)
    if allowed != max_value(uint256):
        self.allowance[sender][msg.sender] = allowed - amount
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self._require_running()
    self._require_clean(msg.sender)
    self._require_clean(spender)
    assert spender != empty(address), "ERC20: approve to the zero address"
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return True


# Internals


@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert sender != empty(address), "ERC20: transfer from the zero address"
    assert receiver != empty(address), "ERC20: transfer to the zero address"
    assert self.balanceOf[sender] >= amount, "ERC20: transfer amount exceeds balance"
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=sender, receiver=receiver, value=amount)


@internal
@view
def _require_owner():
    assert msg.sender == owner, "Ownable: caller is not the owner"


@internal
@view
def _require_running():
    assert not self.paused, "Pausable: paused"


@internal
@view
def _require_clean(account: address):
    assert not self.isBlacklisted[account], "Blacklistable: account is blacklisted"
