# pragma version 0.4.3
"""
@title Receiver
@license MIT
@notice Test mock: a contract that holds ERC-1155 tokens and answers the hook as it is told to.
@dev Modes: 0 accept; 1 refuse with a reason; 2 refuse without one; 3 another magic value; 4 burn all gas; 5 call `target` with
    `payload` first and pass its revert on; 6 the same, but go on if it reverts; 7 return 2,080 bytes; 8 return one byte.
"""


interface Token:
    def balanceOf(owner: address, id: uint256) -> uint256: view


event Received:
    operator: address
    sender: address
    id: uint256
    lots: uint256
    balance: uint256  # of this contract, as the token says it within the hook
    data: Bytes[1024]


event BatchReceived:
    operator: address
    sender: address
    ids: DynArray[uint256, 48]
    lots: DynArray[uint256, 48]
    data: Bytes[1024]


ACCEPT: constant(uint256) = 0
REFUSE: constant(uint256) = 1
REFUSE_SILENTLY: constant(uint256) = 2
WRONG_VALUE: constant(uint256) = 3
BURN_GAS: constant(uint256) = 4
REENTER: constant(uint256) = 5
TRY_TO_REENTER: constant(uint256) = 6
RETURN_BOMB: constant(uint256) = 7
RETURN_BYTE: constant(uint256) = 8

mode: public(uint256)
target: public(address)
payload: public(Bytes[2048])
entered: public(uint256)  # calls back that went through


@external
def set_mode(mode: uint256, target: address = empty(address), payload: Bytes[2048] = b""):
    """
    @notice Choose how the next hooks are answered
    """
    self.mode = mode
    self.target = target
    self.payload = payload


@external
def act(target: address, payload: Bytes[2048]) -> Bytes[2048]:
    """
    @notice Call somebody as this contract; a revert is passed on
    """
    return raw_call(target, payload, max_outsize=2048)


@external
@raw_return
def onERC1155Received(
    operator: address, sender: address, id: uint256, lots: uint256, data: Bytes[1024]
) -> Bytes[2080]:
    log Received(
        operator=operator,
        sender=sender,
        id=id,
        lots=lots,
        balance=staticcall Token(msg.sender).balanceOf(self, id),
        data=data,
    )
    return self._answer(0xf23a6e61)


@external
@raw_return
def onERC1155BatchReceived(
    operator: address,
    sender: address,
    ids: DynArray[uint256, 48],
    lots: DynArray[uint256, 48],
    data: Bytes[1024],
) -> Bytes[2080]:
    log BatchReceived(operator=operator, sender=sender, ids=ids, lots=lots, data=data)
    return self._answer(0xbc197c81)


@external
@view
def supportsInterface(interface_id: bytes4) -> bool:
    return interface_id in [0x01ffc9a7, 0x4e2312e0]


@internal
def _answer(accepted: bytes4) -> Bytes[2080]:
    mode: uint256 = self.mode
    assert mode != REFUSE, "receiver: refused"
    if mode == REFUSE_SILENTLY:
        raise
    if mode == WRONG_VALUE:
        return abi_encode(0xdeadbeef)
    if mode == BURN_GAS:
        digest: bytes32 = empty(bytes32)
        for _: uint256 in range(max_value(uint256)):
            digest = keccak256(digest)
        log Received(
            operator=self,
            sender=self,
            id=convert(digest, uint256),
            lots=0,
            balance=0,
            data=b"",
        )
    if mode == RETURN_BOMB:
        return concat(abi_encode(accepted), self._zeros())
    if mode == RETURN_BYTE:
        return b"\x01"
    if mode == REENTER:
        self.mode = ACCEPT  # once
        raw_call(self.target, self.payload)
        self.entered += 1
    if mode == TRY_TO_REENTER:
        self.mode = ACCEPT
        if raw_call(self.target, self.payload, revert_on_failure=False):
            self.entered += 1
    return abi_encode(accepted)


@internal
@pure
def _zeros() -> Bytes[2048]:
    """
    @dev What makes an answer long
    """
    zeros: uint256[64] = empty(uint256[64])
    return abi_encode(zeros)
