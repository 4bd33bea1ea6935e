# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on
"""
@title OptionToken
@license MIT
@notice Long options as ERC-1155 tokens. The id is the series (`math/series.vy`), so name and metadata are computed from it and
    nothing is registered. A balance counts lots of 1e-4 contracts, what the book counts and the desk trades: no balance exists
    that could not be sold back. Metadata says 4 decimals, so a wallet shows contracts.
@dev The danger is the receiver's hook, which runs foreign code in the middle of a trade. Hence the order everywhere: balances,
    event, hook, and nothing after it. With that order a hook may reenter, and EIP-1155 wants it to be able to (a receiver that
    forwards what it gets): transfers, approvals and balances are `@reentrant`, mint and burn are locked. A receiver that
    reverts, lies or burns its gas undoes the call that pays it and nothing else; the reason it gives is passed on. Burning
    calls nobody, so no sale or redemption depends on its holder's code.

    The supply of a series is not kept: it is what the book says is written, and after settlement what the pot was filled for.
    The desk is deployed later; its address is computed from the deployer's nonce and checked by the deployment plan.
@custom:kill Nothing stops transfers. If the desk stops openings nothing is minted; closings and redemptions burn on.
"""

from ethereum.ercs import IERC165
from interfaces import IERC1155Receiver
from interfaces import IOptionToken
from .math import series
from .modules import metadata

implements: IERC165
implements: IOptionToken

BATCH: constant(uint256) = 48  # every series of one expiry: 24 strikes, calls and puts
DATA: constant(uint256) = 1024  # bytes of data that a transfer may carry

ACCEPTED: constant(bytes4) = method_id(
    "onERC1155Received(address,address,uint256,uint256,bytes)", output_type=bytes4
)
BATCH_ACCEPTED: constant(bytes4) = method_id(
    "onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)", output_type=bytes4
)
ERC165: constant(bytes4) = 0x01ffc9a7
ERC1155: constant(bytes4) = 0xd9b67a26
ERC1155_METADATA: constant(bytes4) = 0x0e89341c

DESK: public(immutable(address))  # the only account that mints and burns
UNDERLYING: public(immutable(String[16]))  # symbol
QUOTE: public(immutable(String[16]))  # symbol

balances: HashMap[uint256, HashMap[address, uint256]]  # lots by series and owner
operators: HashMap[address, HashMap[address, bool]]  # who may transfer what an owner holds


@deploy
def __init__(desk: address, underlying: String[16], quote: String[16]):
    """
    @notice Bind the token to its desk for ever
    @param desk The desk, which need not stand yet
    @param underlying Symbol of the underlying: a letter, then letters, digits and dots
    @param quote Symbol of the quote token, likewise
    """
    assert desk != empty(address), "token: desk"
    metadata._require_symbol(underlying)
    metadata._require_symbol(quote)
    DESK = desk
    UNDERLYING = underlying
    QUOTE = quote


# The desk


@external
def mint(receiver: address, id: uint256, lots: uint256):
    """
    @notice Create options; a receiver that is a contract is called and must accept
    @dev The id is not checked here: the desk mints listed series only
    @param receiver Who gets them
    @param id Series
    @param lots How many
    """
    self._require_desk()
    self._require_receiver(receiver)
    self.balances[id][receiver] += lots
    log IOptionToken.TransferSingle(
        operator=msg.sender, sender=empty(address), receiver=receiver, id=id, value=lots
    )
    self._call_receiver(empty(address), receiver, id, lots, b"")


@external
def burn(owner: address, id: uint256, lots: uint256):
    """
    @notice Destroy options. The desk has the owner's consent: it burns what its own caller holds
    @param owner Who holds them
    @param id Series
    @param lots How many
    """
    self._require_desk()
    self._take(owner, id, lots)
    log IOptionToken.TransferSingle(
        operator=msg.sender, sender=owner, receiver=empty(address), id=id, value=lots
    )


# Holders


@external
@reentrant
def safeTransferFrom(
    sender: address, receiver: address, id: uint256, lots: uint256, data: Bytes[DATA]
):
    """
    @notice Transfer lots of one series; a receiver that is a contract is called and must accept
    @param sender Whose options: the caller's, or those of an owner who approved the caller
    @param receiver Who gets them
    @param id Series
    @param lots How many
    @param data Passed on to the receiver, at most 1,024 bytes
    """
    self._require_operator(sender)
    self._require_receiver(receiver)
    self._take(sender, id, lots)
    self.balances[id][receiver] += lots
    log IOptionToken.TransferSingle(
        operator=msg.sender, sender=sender, receiver=receiver, id=id, value=lots
    )
    self._call_receiver(sender, receiver, id, lots, data)


@external
@reentrant
def safeBatchTransferFrom(
    sender: address,
    receiver: address,
    ids: DynArray[uint256, BATCH],
    lots: DynArray[uint256, BATCH],
    data: Bytes[DATA],
):
    """
    @notice Transfer lots of several series, at most 48; a receiver that is a contract is called once and must accept
    @param sender Whose options: the caller's, or those of an owner who approved the caller
    @param receiver Who gets them
    @param ids Series, which may repeat
    @param lots How many of each
    @param data Passed on to the receiver, at most 1,024 bytes
    """
    self._require_operator(sender)
    self._require_receiver(receiver)
    self._require_pairs(len(ids), len(lots))
    for i: uint256 in range(len(ids), bound=BATCH):
        self._take(sender, ids[i], lots[i])
        self.balances[ids[i]][receiver] += lots[i]
    log IOptionToken.TransferBatch(
        operator=msg.sender, sender=sender, receiver=receiver, ids=ids, values=lots
    )
    if receiver.is_contract:
        self._require_accepted(
            extcall IERC1155Receiver(receiver).onERC1155BatchReceived(
                msg.sender, sender, ids, lots, data
            )
            == BATCH_ACCEPTED
        )


@external
@reentrant
def setApprovalForAll(operator: address, approved: bool):
    """
    @notice Let an operator transfer everything that the caller holds, or no longer
    @param operator Who may
    @param approved Whether
    """
    self.operators[msg.sender][operator] = approved
    log IOptionToken.ApprovalForAll(owner=msg.sender, operator=operator, approved=approved)


# Views. They show every transfer from before its hook, so a hook may ask.


@external
@view
@reentrant
def balanceOf(owner: address, id: uint256) -> uint256:
    """
    @notice Lots of a series that somebody holds
    @param owner Who
    @param id Series
    """
    return self.balances[id][owner]


@external
@view
@reentrant
def balanceOfBatch(
    owners: DynArray[address, BATCH], ids: DynArray[uint256, BATCH]
) -> DynArray[uint256, BATCH]:
    """
    @notice Lots for each pair of owner and series, at most 48
    @param owners Who
    @param ids Series
    """
    self._require_pairs(len(owners), len(ids))
    found: DynArray[uint256, BATCH] = []
    for i: uint256 in range(len(ids), bound=BATCH):
        found.append(self.balances[ids[i]][owners[i]])
    return found


@external
@view
@reentrant
def isApprovedForAll(owner: address, operator: address) -> bool:
    """
    @notice Whether an operator may transfer what an owner holds
    @param owner Who holds
    @param operator Who transfers
    """
    return self.operators[owner][operator]


@external
@view
@reentrant
def name(id: uint256) -> String[72]:
    """
    @notice The series as people say it: WETH 25 DEC 2026 2000 Call. Reverts where the id is that of no series
    @param id Series
    """
    series._require(id)
    return metadata._name(id, UNDERLYING)


@external
@view
@reentrant
def symbol(id: uint256) -> String[65]:
    """
    @notice The series as it is typed: WETH-25DEC26-2000-C. Reverts where the id is that of no series
    @param id Series
    """
    series._require(id)
    return metadata._symbol(id, UNDERLYING)


@external
@view
@reentrant
def decimals(id: uint256) -> uint8:
    """
    @notice 4: a balance counts lots of 1e-4 contracts. Reverts where the id is that of no series
    @param id Series
    """
    series._require(id)
    return 4


@external
@view
@reentrant
def uri(id: uint256) -> String[765]:
    """
    @notice ERC-1155 metadata as a data: URI. Reverts where the id is that of no series
    @param id Series
    """
    series._require(id)
    return metadata._uri(id, UNDERLYING, QUOTE)


@external
@view
@reentrant
def supportsInterface(interface_id: bytes4) -> bool:
    """
    @notice ERC-165: ERC-165 itself, ERC-1155 and its metadata extension
    @param interface_id ERC-165 id
    """
    return interface_id in [ERC165, ERC1155, ERC1155_METADATA]


# Internals


@internal
@view
def _require_desk():
    """
    @notice Reverts unless the desk calls
    """
    assert msg.sender == DESK, "token: not the desk"


@internal
@view
def _require_operator(owner: address):
    """
    @notice Reverts unless the caller may transfer what an owner holds
    @param owner Who holds
    """
    assert msg.sender == owner or self.operators[owner][msg.sender], "token: not approved"


@internal
@pure
def _require_receiver(receiver: address):
    """
    @notice Reverts for nobody
    @param receiver Who is to get tokens
    """
    assert receiver != empty(address), "token: receiver"


@internal
@pure
def _require_pairs(first: uint256, second: uint256):
    """
    @notice Reverts unless two arrays are of one length
    @param first Length of one
    @param second Length of the other
    """
    assert first == second, "token: lengths"


@internal
@pure
def _require_accepted(accepted: bool):
    """
    @notice Reverts unless a receiver answered as EIP-1155 wants
    @param accepted Whether it did
    """
    assert accepted, "token: refused by receiver"


@internal
def _take(owner: address, id: uint256, lots: uint256):
    """
    @notice Take lots from an owner, who must have them
    @param owner Who
    @param id Series
    @param lots How many
    """
    held: uint256 = self.balances[id][owner]
    assert held >= lots, "token: balance"
    self.balances[id][owner] = unsafe_sub(held, lots)


@internal
def _call_receiver(
    sender: address, receiver: address, id: uint256, lots: uint256, data: Bytes[DATA]
):
    """
    @notice Call the hook of a receiver with code. The last thing that a function does
    @param sender Who had the tokens, zero if they are new
    @param receiver Who has them now
    @param id Series
    @param lots How many
    @param data What the sender wants the receiver to know
    """
    if receiver.is_contract:
        self._require_accepted(
            extcall IERC1155Receiver(receiver).onERC1155Received(msg.sender, sender, id, lots, data)
            == ACCEPTED
        )
