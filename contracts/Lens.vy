# pragma version 0.4.3
# pragma optimize codesize
# pragma nonreentrancy on
"""
@title Lens
@license MIT
@notice What bots and people ask of a market in one call. Nothing trusts it.
@dev The danger is a bot that is told to do what then fails, or not told what it could do. So a
    liquidation that it names is one that `Margin.liquidate` makes at this block's state, and there is
    one wherever it would make any.
@custom:kill Nothing to stop: it holds nothing and nobody calls it but to read.
"""

from ethereum.ercs import IERC20Detailed
from interfaces import IAssessor
from interfaces import IDesk
from interfaces import IHedger
from interfaces import ILender
from interfaces import ILens
from interfaces import IMargin
from interfaces import IRiskSheet
from interfaces import IVault
from . import types
from . import units
from .math import refusal

implements: ILens

MAX_LEGS: constant(uint256) = 8

MARGIN: public(immutable(address))
DESK: public(immutable(address))
ASSESSOR: public(immutable(address))
VAULT: public(immutable(address))
HEDGER: public(immutable(address))
QUOTE_SCALE: immutable(uint256)  # WAD in an asset
UNIT_SCALE: immutable(uint256)  # WAD in a unit of underlying


@deploy
def __init__(margin: address, desk: address, assessor: address, vault: address, hedger: address):
    """
    @notice Looks at a market that stands
    @param margin Accounts
    @param desk Trades
    @param assessor Judges accounts
    @param vault Keeps the money
    @param hedger Hedges
    """
    if empty(address) in [margin, desk, assessor, hedger]:
        refusal._refuse("lens: address")
    MARGIN = margin
    DESK = desk
    ASSESSOR = assessor
    VAULT = vault
    HEDGER = hedger
    QUOTE_SCALE = self._scale(staticcall IVault(vault).asset())
    UNIT_SCALE = self._scale(staticcall IVault(vault).UNDERLYING())


@external
@view
def liquidatable(owner: address) -> bool:
    """
    @notice Would `Margin.liquidate` succeed with what `next_liquidation` says? Never reverts
    @param owner Whose account
    """
    done: bool = False
    answer: Bytes[64] = b""
    done, answer = raw_call(
        self,
        abi_encode(owner, method_id=method_id("next_liquidation(address)")),
        max_outsize=64,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not done or len(answer) != 64:
        return False
    return convert(slice(answer, 32, 32), uint256) != 0


@external
@view
def next_liquidation(owner: address) -> (uint256, uint256):
    """
    @notice Which leg a liquidator may close now, and how much of it: first the one that loses most
    @param owner Whose account
    @return Series, lots; zeros where nothing may be closed
    """
    cash: uint256 = 0
    underlying: uint256 = 0
    legs: DynArray[types.MarginLeg, MAX_LEGS] = []
    cash, underlying, legs = staticcall IMargin(MARGIN).account(owner)
    cash *= QUOTE_SCALE
    sheet: address = staticcall IDesk(DESK).sheet()
    costliest: uint256 = (staticcall IAssessor(ASSESSOR).assess(cash, legs, sheet)).costliest
    count: uint256 = len(legs)
    for i: uint256 in range(MAX_LEGS + 1):
        index: uint256 = costliest if i == 0 else i - 1
        if index < count:
            lots: uint256 = self._most_cut(cash, legs, sheet, index)
            if lots != 0:
                return legs[index].id, lots
    return 0, 0


@external
@view
def hedging() -> ILens.Hedging:
    """
    @notice What the hedger would find and do now, the book's part as stored
    @return See `ILens`
    """
    call: IHedger.Call = staticcall IHedger(HEDGER).due()
    stands: types.Venues = staticcall IHedger(HEDGER).appraisal(call.spot)
    held: IVault.Holdings = staticcall IVault(VAULT).holdings()
    terms: types.HedgeTerms = staticcall IRiskSheet(staticcall IDesk(DESK).sheet()).hedge_terms()
    target: uint256 = terms.stock_target * (staticcall IDesk(DESK).nav_ref()) // call.spot
    found: ILens.Hedging = ILens.Hedging(
        spot=call.spot,
        delta=call.delta,
        gamma=call.gamma,
        outer=call.outer,
        inner=call.inner,
        order=call.order,
        is_hard=call.is_hard,
        next_at=call.next_at,
        free_quote=held.loose_quote - min(stands.reserve, held.loose_quote),
        free_units=held.free_lots * units.LOT // UNIT_SCALE,
        target_units=target // UNIT_SCALE,
        debt=call.debt,
        health=max_value(uint256),
        equity=stands.equity // convert(QUOTE_SCALE, int256),
        reserve=stands.reserve,
    )
    if call.lender != empty(address):
        found.health = staticcall ILender(call.lender).health()
    return found


@internal
@view
def _scale(token: address) -> uint256:
    """
    @notice WAD in a token's unit
    @param token With 6 to 18 decimals, as the vault has seen to
    """
    return 10**(18 - convert(staticcall IERC20Detailed(token).decimals(), uint256))


@internal
@view
def _most_cut(
    cash: uint256, legs: DynArray[types.MarginLeg, MAX_LEGS], sheet: address, index: uint256
) -> uint256:
    """
    @notice How much of a leg a liquidator may close now
    @param cash Of the account, quote
    @param legs Of the account
    @param sheet Whose numbers hold
    @param index Of the leg
    @return Lots
    """
    leg: types.MarginLeg = legs[index]
    if leg.id >> 128 <= block.timestamp:
        return 0
    size: int256 = convert(leg.owed - leg.escrowed, int256)
    if size == 0:
        size = -convert(leg.owned, int256)
    if size == 0:
        return 0
    done: bool = False
    answer: Bytes[64] = b""  # an option without a bid cannot be sold
    done, answer = raw_call(
        DESK,
        abi_encode(leg.id, size, method_id=method_id("unwind_terms(uint256,int256)")),
        max_outsize=64,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not done or len(answer) != 64:
        return 0
    room: uint256 = 0
    price: uint256 = 0
    room, price = abi_decode(answer, (uint256, uint256))
    if room == 0:
        return 0
    return (staticcall IAssessor(ASSESSOR).cut(cash, legs, sheet, index, room, price)).lots
