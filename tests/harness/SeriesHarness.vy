# pragma version 0.4.3
"""
@title SeriesHarness
@license MIT
@notice Test harness: contracts/math/series.vy and the calendar of contracts/modules/metadata.vy from outside.
"""

from contracts.math import series
from contracts.modules import metadata

DAYS: constant(uint256) = 1024


@external
@pure
def pack(expiry: uint256, strike: uint256, right: uint256) -> uint256:
    return series._pack(expiry, strike, right)


@external
@pure
def unpack(id: uint256) -> (uint256, uint256, uint256):
    return series._unpack(id)


@external
@pure
def require(id: uint256):
    series._require(id)


@external
@pure
def require_listable(expiry: uint256, now: uint256):
    series._require_listable(expiry, now)


@external
@pure
def calendar(first: uint256, count: uint256) -> DynArray[uint256, DAYS]:
    """
    @notice Days from a first one on, each as year * 10000 + month * 100 + day
    """
    dates: DynArray[uint256, DAYS] = []
    for i: uint256 in range(count, bound=DAYS):
        year: uint256 = 0
        month: uint256 = 0
        day: uint256 = 0
        year, month, day = metadata._calendar(first + i * series.DAY)
        dates.append(year * 10000 + month * 100 + day)
    return dates
