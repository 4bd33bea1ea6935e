# pragma version 0.4.3
"""
@title A risk sheet as `Surface` sees one
@notice Test harness, never deployed outside the tests
"""

from interfaces import ISurfaceLimits

implements: ISurfaceLimits

_LIMITS: immutable(ISurfaceLimits.SurfaceLimits)


@deploy
def __init__(limits: ISurfaceLimits.SurfaceLimits):
    _LIMITS = limits


@external
@view
def surface_limits() -> ISurfaceLimits.SurfaceLimits:
    return _LIMITS
