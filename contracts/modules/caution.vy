# pragma version 0.4.3
# pragma optimize gas
"""
@title The guardian's caution
@license MIT
@notice 0 normal; 1 wider spreads, lower limits; 2 reduce-only; 3 opening stopped. The guardian may
    raise it at once and never lower it; whoever embeds this says who may lower it.
"""

from interfaces import IDesk

MOST: constant(uint256) = 3

guardian: public(address)  # may raise caution
raised: uint256  # the guardian's level


@internal
@view
def _level() -> uint256:
    """
    @notice The guardian's level
    """
    return self.raised


@internal
def _raise(level: uint256):
    """
    @notice More careful. Only the guardian
    @param level Above the present one
    """
    assert msg.sender == self.guardian, "desk: not the guardian"
    assert level > self.raised and level <= MOST, "desk: caution only rises"
    self._set(level)


@internal
def _lower(level: uint256):
    """
    @notice Less careful
    @param level Below the present one
    """
    assert level < self.raised, "desk: caution only falls"
    self._set(level)


@internal
def _set(level: uint256):
    """
    @notice Writes the level
    @param level 0 to 3
    """
    self.raised = level
    log IDesk.CautionChanged(level=level)


@internal
def _set_guardian(guardian: address):
    """
    @notice Replaces the guardian
    @param guardian May raise caution
    """
    assert guardian != empty(address), "desk: guardian"
    self.guardian = guardian
    log IDesk.GuardianChanged(guardian=guardian)
