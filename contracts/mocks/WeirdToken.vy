# pragma version 0.4.3
"""
@title WeirdToken
@license MIT
@notice Test mock: an ERC-20 that does every wrong thing that real ones have done, each when it is told to. As deployed it behaves.
@dev Anybody may tell it anything: it holds nothing of value. Switches combine.
    `answer`        raw bytes that transfer, transferFrom and approve return: b"" like USDT, False, 2, one byte, 288 bytes.
    `stuck`         a transfer goes through and moves nothing; with an answer of False it is the token that fails without a revert.
    `fee`           WAD share kept back from what arrives (burnt, so that balances still add up to the supply).
    `paused`        every transfer and approval reverts; `silent` takes the reason away.
    `blocked`       transfers from, to or by the account revert.
    `race`          an allowance must be set to zero before it is changed, like USDT's.
    `no_zero`       a transfer of nothing reverts.
    `max_is_all`    an amount of 2^256 - 1 means the whole balance, like cUSDCv3's.
    `gas_hog`       a transfer burns all gas that it is given.
    `index`         WAD by which all balances are scaled: a rebase.
    `decimals`      may change at any time.
    `hook`          `target` is called with `payload` before or after balances move, at most `calls` times; a revert is passed on
                    if `strict`.
"""


event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256


event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256


struct Hook:
    target: address
    payload: Bytes[2048]
    calls: uint256  # left
    before: bool
    strict: bool


WAD: constant(uint256) = 10**18
YES: constant(Bytes[288]) = x"0000000000000000000000000000000000000000000000000000000000000001"

symbol: public(String[16])
decimals: public(uint8)
allowance: public(HashMap[address, HashMap[address, uint256]])
units: HashMap[address, uint256]  # balances before the index
unit_supply: uint256

answer: public(Bytes[288])
stuck: public(bool)
fee: public(uint256)
paused: public(bool)
silent: public(bool)
blocked: public(HashMap[address, bool])
race: public(bool)
no_zero: public(bool)
max_is_all: public(bool)
gas_hog: public(bool)
index: public(uint256)
hook: public(Hook)
hooks_failed: public(uint256)


@deploy
def __init__(_symbol: String[16], _decimals: uint8):
    self.symbol = _symbol
    self.decimals = _decimals
    self.answer = YES
    self.index = WAD


# Switches


@external
def set_answer(answer: Bytes[288]):
    self.answer = answer


@external
def set_stuck(on: bool):
    self.stuck = on


@external
def set_fee(share: uint256):
    assert share <= WAD, "weird: fee"
    self.fee = share


@external
def set_paused(on: bool, silent: bool = False):
    self.paused = on
    self.silent = silent


@external
def set_blocked(account: address, on: bool):
    self.blocked[account] = on


@external
def set_race(on: bool):
    self.race = on


@external
def set_no_zero(on: bool):
    self.no_zero = on


@external
def set_max_is_all(on: bool):
    self.max_is_all = on


@external
def set_gas_hog(on: bool):
    self.gas_hog = on


@external
def set_decimals(count: uint8):
    self.decimals = count


@external
def set_hook(target: address, payload: Bytes[2048], calls: uint256, before: bool, strict: bool):
    self.hook = Hook(target=target, payload=payload, calls=calls, before=before, strict=strict)


@external
def rebase(index: uint256):
    self.index = index


@external
def mint(receiver: address, amount: uint256):
    moved: uint256 = amount * WAD // self.index
    self.units[receiver] += moved
    self.unit_supply += moved
    log Transfer(sender=empty(address), receiver=receiver, value=amount)


@external
def burn(sender: address, amount: uint256):
    moved: uint256 = amount * WAD // self.index
    self.units[sender] -= moved
    self.unit_supply -= moved
    log Transfer(sender=sender, receiver=empty(address), value=amount)


# ERC-20, more or less


@external
@view
def totalSupply() -> uint256:
    return self.unit_supply * self.index // WAD


@external
@view
def balanceOf(owner: address) -> uint256:
    return self.units[owner] * self.index // WAD


@external
@raw_return
def transfer(receiver: address, amount: uint256) -> Bytes[288]:
    self._move(msg.sender, receiver, amount)
    return self.answer


@external
@raw_return
def transferFrom(sender: address, receiver: address, amount: uint256) -> Bytes[288]:
    allowed: uint256 = self.allowance[sender][msg.sender]
    if allowed != max_value(uint256) and not self.stuck:
        assert allowed >= amount, "weird: allowance"
        self.allowance[sender][msg.sender] = allowed - amount
    self._move(sender, receiver, amount)
    return self.answer


@external
@raw_return
def approve(spender: address, amount: uint256) -> Bytes[288]:
    self._require_running()
    if self.race:
        assert amount == 0 or self.allowance[msg.sender][spender] == 0, "weird: race"
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return self.answer


# Internals


@internal
def _move(sender: address, receiver: address, asked: uint256):
    self._require_running()
    assert not (self.blocked[sender] or self.blocked[receiver] or self.blocked[msg.sender]), (
        "weird: blocked"
    )
    assert asked != 0 or not self.no_zero, "weird: zero"
    if self.gas_hog:
        self._burn_gas()
    self._call_hook(True)
    if not self.stuck:
        moved: uint256 = asked * WAD // self.index if asked != max_value(uint256) else 0
        if asked == max_value(uint256):
            assert self.max_is_all, "weird: balance"
            moved = self.units[sender]
        assert self.units[sender] >= moved, "weird: balance"
        kept: uint256 = moved * self.fee // WAD
        self.units[sender] -= moved
        self.units[receiver] += moved - kept
        self.unit_supply -= kept
        log Transfer(sender=sender, receiver=receiver, value=(moved - kept) * self.index // WAD)
    self._call_hook(False)


@internal
@view
def _require_running():
    if self.paused:
        assert self.silent, "weird: paused"
        raise


@internal
def _call_hook(before: bool):
    if self.hook.calls == 0 or self.hook.before != before:
        return
    self.hook.calls -= 1  # first, or a hook that transfers would never end
    if self.hook.strict:
        raw_call(self.hook.target, self.hook.payload)
    elif not raw_call(self.hook.target, self.hook.payload, revert_on_failure=False):
        self.hooks_failed += 1


@internal
def _burn_gas():
    digest: bytes32 = empty(bytes32)
    for _: uint256 in range(max_value(uint256)):
        digest = keccak256(digest)
    self.hooks_failed = convert(digest, uint256)
