# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Pricer
@license MIT
@notice Stateless option mathematics: marks with all Greeks, whole boards, margin grids, implied
    volatility.
@dev The functions are those of `math/flat.vy`, which tools/kernel/flatten.py writes from the
    readable modules beside it: the legacy code generator charges 70 gas for each internal call, a
    quarter of a mark. Nothing is stored, nobody is called, no caller is trusted: each function
    checks its domain and reverts with a reason, or returns a number within its stated error.
@custom:kill Nothing can be stopped here and nothing needs to be: a market that must stop
    pricing stops in `Desk`. A wrong Pricer is replaced together with the contracts that hold its
    address.
"""

from interfaces import IPricer
from .math import flat

implements: IPricer

exports: (
    flat.mark,
    flat.price,
    flat.implied_vol,
    flat.board,
    flat.grid,
)
