# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Probe
@notice A contract of small habits, each of which a chain backend must get right.
@dev    For the tests of `ballast.chain` only; it never deploys to a network of value.
"""


interface Echo:
    def poke(x: uint256) -> uint256: nonpayable
    def once(): nonpayable
    def count() -> uint256: view


struct Point:
    x: uint256
    y: int256


struct Sketch:
    owner: address
    points: DynArray[Point, 4]


event Counted:
    who: indexed(address)
    count: uint256


event Noted:
    topic: indexed(bytes32)
    tag: indexed(String[32])
    text: String[64]
    point: Point


MAX_SLOTS: constant(uint256) = 64

count: public(uint256)
slots: public(HashMap[uint256, uint256])
birth: public(immutable(uint256))

touched: transient(bool)


@deploy
@payable
def __init__(start: uint256):
    self.count = start
    birth = block.timestamp


# ---------------------------------------------------------------- storage


@external
def bump(by: uint256 = 1) -> uint256:
    self.count += by
    log Counted(who=msg.sender, count=self.count)
    return self.count


@external
def store(first: uint256, n: uint256, word: uint256):
    """
    @notice Write `n` neighbouring slots: cold writes, clearings and their refunds.
    """
    for i: uint256 in range(n, bound=MAX_SLOTS):
        self.slots[first + i] = word


@external
def rewrite(key: uint256, a: uint256, b: uint256) -> uint256:
    """
    @notice Write one slot twice and read it again: cold, then warm, then dirty.
    """
    self.slots[key] = a
    self.slots[key] = b
    return self.slots[key]


# ---------------------------------------------------------------- logs and values


@external
def note(topic: bytes32, text: String[64], point: Point):
    log Noted(topic=topic, tag="note", text=text, point=point)


@external
def swallow(data: Bytes[8192]) -> uint256:
    """
    @notice Calldata and hardly anything else: here the floor price binds.
    """
    return len(data)


@external
@view
def sketch(n: uint256) -> Sketch:
    points: DynArray[Point, 4] = []
    for i: uint256 in range(n, bound=4):
        points.append(Point(x=i, y=-convert(i, int256)))
    return Sketch(owner=self, points=points)


@external
@view
def two() -> (uint256, String[8]):
    return 2, "two"


@external
@view
def now() -> (uint256, uint256, uint256):
    return block.timestamp, block.number, chain.id


# ---------------------------------------------------------------- failures


@external
def refuse():
    self.count += 1
    raise "probe: refused"


@external
def refuse_silently(x: uint256):
    assert x == 0


@external
def panic():
    raw_revert(concat(method_id("Panic(uint256)"), convert(17, bytes32)))


@external
@pure
def overflow(x: uint256) -> uint256:
    return x + max_value(uint256)


@external
def burn():
    """
    @notice Use up all gas.
    """
    x: bytes32 = empty(bytes32)
    for i: uint256 in range(max_value(uint256)):
        x = keccak256(x)
    self.slots[0] = convert(x, uint256)


# ---------------------------------------------------------------- calls and money


@external
def reenter():
    """
    @notice Call back into the locked contract; the lock refuses.
    """
    extcall Echo(self).poke(1)


@external
def once():
    """
    @notice Works once in a transaction.
    """
    assert not self.touched, "probe: touched"
    self.touched = True


@external
def twice(other: address):
    extcall Echo(other).once()
    extcall Echo(other).once()


@external
def poke(x: uint256) -> uint256:
    self.count += x
    return self.count


@external
def poke_other(other: address, x: uint256) -> uint256:
    """
    @notice Another contract, cold: a read, a write, and a read that is warm by now.
    """
    before: uint256 = staticcall Echo(other).count()
    after: uint256 = extcall Echo(other).poke(x)
    return before + after + staticcall Echo(other).count()


@external
def try_refuse(other: address) -> bool:
    """
    @notice Catch another contract's revert: its writes are undone, what it touched stays warm.
    """
    ok: bool = raw_call(other, method_id("refuse()"), revert_on_failure=False)
    extcall Echo(other).poke(1)
    return ok


@external
def spawn() -> address:
    """
    @notice Create a minimal proxy of this contract.
    """
    return create_minimal_proxy_to(self)


@external
@payable
def pay(to: address):
    """
    @notice Pass on the ether that came with the call.
    """
    send(to, msg.value, gas=msg.gas)


@external
@payable
def __default__():
    pass
