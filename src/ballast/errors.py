"""Every exception that Ballast raises on purpose.

One root, :class:`BallastError`, so that a caller can catch "Ballast said no" and nothing else. A
message says what was given, what is wrong with it, and what to do next.
"""

from __future__ import annotations


class BallastError(Exception):
    """Root of all errors that Ballast raises on purpose."""


class UnitError(BallastError, ValueError):
    """An amount that cannot be converted exactly, or at all: negative, NaN, too many decimals."""


class SeriesError(BallastError, ValueError):
    """An option series, id or name that does not exist: bad expiry, strike, right or packing."""


class ModelError(BallastError, ValueError):
    """An input outside the domain of the float reference model."""


class SurfaceError(ModelError):
    """A volatility slice, or a set of them, that admits static arbitrage or is malformed."""


class ChainError(BallastError):
    """A chain backend that cannot do what was asked: compile, deploy, call, decode."""


class ReportError(BallastError):
    """A report that cannot be built or written."""


class VenueError(BallastError):
    """A venue that cannot be put up, or made to do what was asked of it."""
