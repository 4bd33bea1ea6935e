# pragma version 0.4.3
# pragma optimize gas
"""
@title Redemption queue
@license MIT
@notice Shares that wait for free quote, first in first out, and what is owed for those whose turn has come
@dev Nobody is paid in the queue: what is owed is stored and fetched, so no receiver can stop those behind him. A cancelled request
    leaves a hole of zero shares; when the last one leaves, all holes go with him.
"""

LOW_64: constant(uint256) = 2**64 - 1
LOW_160: constant(uint256) = 2**160 - 1

cursor: uint256  # pending shares 128 | first 64 | next 64, shares lowest: ids from first up to next are in the queue
origins: HashMap[uint256, uint256]  # by id: controller 160 | requested at 96, controller lowest
waiting: HashMap[uint256, uint256]  # by id: shares that wait
owed: HashMap[address, uint256]  # by controller: assets that he may claim
total_owed: uint256


@internal
@view
def _pending() -> uint256:
    """
    @notice Shares in the queue
    """
    return self.cursor & (2**128 - 1)


@internal
@view
def _first() -> uint256:
    """
    @notice Id whose turn it is
    """
    return (self.cursor >> 128) & LOW_64


@internal
@view
def _next() -> uint256:
    """
    @notice Id of the next request to come
    """
    return self.cursor >> 192


@internal
@view
def _controller(id: uint256) -> address:
    """
    @notice Who may cancel a request and claim what it brings; nobody where there is none
    @param id Request
    """
    return convert(self.origins[id] & LOW_160, address)


@internal
@view
def _requested_at(id: uint256) -> uint256:
    """
    @notice When a request was made
    @param id Request
    @return Unix time
    """
    return self.origins[id] >> 160


@internal
def _push(controller: address, shares: uint256) -> uint256:
    """
    @notice A request, at the end
    @param controller Whose
    @param shares How many
    @return Id
    """
    id: uint256 = self._next()
    self.origins[id] = convert(controller, uint256) | block.timestamp << 160
    self.waiting[id] = shares
    self._set_cursor(unsafe_add(self._pending(), shares), self._first(), unsafe_add(id, 1))
    return id


@internal
def _remove(id: uint256) -> uint256:
    """
    @notice Takes a request out
    @param id Request
    @return Shares that waited
    """
    shares: uint256 = self.waiting[id]
    self.waiting[id] = 0
    self._set_cursor(unsafe_sub(self._pending(), shares), self._first(), self._next())
    return shares


@internal
def _owe(controller: address, assets: uint256):
    """
    @notice Somebody's turn has come
    @param controller Whose
    @param assets How much
    """
    self.owed[controller] = unsafe_add(self.owed[controller], assets)


@internal
def _settle_debt(controller: address) -> uint256:
    """
    @notice Takes what somebody is owed
    @param controller Who
    @return Assets
    """
    assets: uint256 = self.owed[controller]
    self.owed[controller] = 0
    self.total_owed = unsafe_sub(self.total_owed, assets)
    return assets


@internal
def _set_cursor(pending: uint256, first: uint256, next: uint256):
    """
    @notice Where the queue stands; without pending shares it is empty, holes or not
    @param pending Shares
    @param first Id
    @param next Id
    """
    self.cursor = pending | (first if pending != 0 else next) << 128 | next << 192
