# pragma version 0.4.3
# pragma optimize gas
"""
@title What a margin account must be worth
@license MIT
@notice The worst cell of the grid, at least the worst loss at expiry of what expires soon, and a floor
    for each naked option. Legs rise by expiry, then strike, then right. Amounts are quote times lots
    until the end, so a leg's part is one exact product.
@dev The danger is an offset that will not be there. In a cell the gain of an expiry pays for losses of
    the same and of earlier expiries, never of later ones: what dies tomorrow covers nothing that lives
    for ninety days. No expiry pays for another's loss at expiry. And an account that can lose nothing
    must still pay for its own closing, one and a half times two half-spreads of what it owes: between
    once and that it is liquidated like any other, and only below wound up at the mark.

    Ranges: lots below 2^40, prices below 2^128, eight legs: sums below 2^172.
"""

from .. import types
from . import fixed

LOTS: constant(int256) = 10**4  # in a contract
CELLS: constant(uint256) = 10
MAX_LEGS: constant(uint256) = 8
NO_LEG: constant(uint256) = 8


struct Leg:  # of an account, priced
    expiry: uint256
    strike: uint256
    is_put: bool
    is_expired: bool
    is_fixed: bool  # its settlement price is written: nothing moves it any more
    owed: int256  # lots, without those escrowed
    owned: int256  # lots
    mark: int256
    half_spread: int256
    discount: int256
    tau: uint256  # seconds
    gains: int256[10]


struct Totals:  # over the legs, quote times lots
    net_value: int256  # owned at mark less a half-spread, less owed at mark
    owned_value: int256  # the first part of it
    closing: int256  # two half-spreads of what is owed and has not expired
    sellable: int256  # the part of owned_value that has not expired
    due: int256  # the part of what is owed that has expired
    owed_value: int256  # what is owed and has not expired, at mark


struct Expiry:  # sums over its legs, quote times lots
    value: int256  # at marks
    calls: int256  # lots owed less lots owned
    puts: int256
    is_short: bool  # owes something
    discount: int256
    is_near: bool  # its loss at expiry counts


struct Payoff:  # of a leg
    strike: int256
    calls: int256  # lots owned less lots owed
    puts: int256


@internal
@pure
def _ceil_div(x: int256, y: int256) -> int256:
    """
    @notice x / y toward plus infinity, whatever the sign of x
    @param x Dividend
    @param y Divisor, above zero
    @return Quotient
    @custom:error exact
    """
    return unsafe_sub(0, self._floor_div(unsafe_sub(0, x), y))


@internal
@pure
def _floor_div(x: int256, y: int256) -> int256:
    """
    @notice x / y toward minus infinity, whatever the sign of x
    @param x Dividend
    @param y Divisor, above zero
    @return Quotient
    @custom:error exact
    """
    if x < 0:
        x = unsafe_sub(x, unsafe_sub(y, 1))
    return unsafe_div(x, y)


@internal
@pure
def _bid(leg: Leg) -> int256:
    """
    @notice What an option owned counts for
    @param leg The leg
    @return Mark less a half-spread, at least zero, per contract
    @custom:error exact
    """
    return max(unsafe_sub(leg.mark, leg.half_spread), 0)


@internal
@pure
def _totals(legs: DynArray[Leg, MAX_LEGS]) -> Totals:
    """
    @notice Values of an account's options
    @param legs Of an account
    @return Sums
    @custom:error exact
    """
    totals: Totals = empty(Totals)
    for leg: Leg in legs:
        owned_value: int256 = unsafe_mul(leg.owned, self._bid(leg))
        owed_value: int256 = unsafe_mul(leg.owed, leg.mark)
        totals.owned_value = unsafe_add(totals.owned_value, owned_value)
        totals.net_value = unsafe_add(totals.net_value, unsafe_sub(owned_value, owed_value))
        if leg.is_expired:
            totals.due = unsafe_add(totals.due, owed_value)
        else:
            totals.sellable = unsafe_add(totals.sellable, owned_value)
            totals.owed_value = unsafe_add(totals.owed_value, owed_value)
            totals.closing = unsafe_add(
                totals.closing, unsafe_mul(leg.owed, unsafe_mul(2, leg.half_spread))
            )
    return totals


@internal
@pure
def _maintenance(
    legs: DynArray[Leg, MAX_LEGS], spot: uint256, terms: types.MarginTerms
) -> (uint256, uint256):
    """
    @notice The requirement
    @param legs Of an account, rising by expiry
    @param spot Price
    @param terms Of a sheet
    @return Maintenance requirement, quote, rounded up; the leg owed that loses most in the worst cell
    @custom:error exact in what it is given; 1 wei of the floor
    """
    loss: int256[10] = empty(int256[10])
    carry: int256[10] = empty(int256[10])
    gains: int256[10] = empty(int256[10])
    sums: Expiry = empty(Expiry)
    payoffs: DynArray[Payoff, MAX_LEGS] = []
    at_expiry: int256 = 0
    naked: int256 = 0
    closing: int256 = 0
    left: uint256 = len(legs)
    for _: uint256 in range(len(legs), bound=MAX_LEGS):
        left = unsafe_sub(left, 1)
        leg: Leg = legs[left]
        net: int256 = unsafe_sub(leg.owned, leg.owed)
        for i: uint256 in range(CELLS):
            gains[i] = unsafe_add(gains[i], unsafe_mul(net, leg.gains[i]))
        sums.value = unsafe_add(sums.value, unsafe_mul(net, leg.mark))
        sums.is_short = sums.is_short or leg.owed != 0
        closing = unsafe_add(closing, unsafe_mul(leg.owed, unsafe_mul(2, leg.half_spread)))
        strike: int256 = convert(leg.strike, int256)
        if leg.is_put:
            sums.puts = unsafe_sub(sums.puts, net)
            payoffs.append(Payoff(strike=strike, calls=0, puts=net))
        else:
            sums.calls = unsafe_sub(sums.calls, net)
            payoffs.append(Payoff(strike=strike, calls=net, puts=0))
        if left != 0 and legs[unsafe_sub(left, 1)].expiry == leg.expiry:
            continue
        if not leg.is_fixed:
            sums.discount = leg.discount
            sums.is_near = leg.tau <= terms.short_tau
            least: int256 = 0
            end_loss: int256 = 0
            least, end_loss = self._at_expiry(payoffs, sums, spot, terms.shock_wide)
            at_expiry = unsafe_add(at_expiry, end_loss)
            naked = unsafe_add(naked, unsafe_add(max(sums.calls, 0), max(sums.puts, 0)))
            for i: uint256 in range(CELLS):
                balance: int256 = unsafe_add(carry[i], max(gains[i], least))
                if balance < 0:
                    loss[i] = unsafe_sub(loss[i], balance)
                    balance = 0
                carry[i] = balance
        gains = empty(int256[10])
        sums = empty(Expiry)
        payoffs = []
    worst: int256 = 0
    cell: uint256 = 0
    worst, cell = self._worst(loss, convert(terms.far_weight, int256))
    naked = unsafe_mul(naked, convert(unsafe_mul(terms.naked_floor, spot), int256))
    naked = self._ceil_div(naked, LOTS * fixed.WAD)
    worst = unsafe_add(self._ceil_div(max(worst, at_expiry), LOTS), naked)
    worst = max(worst, self._ceil_div(unsafe_mul(closing, 3), 2 * LOTS))
    return convert(worst, uint256), self._costliest(legs, cell)


@internal
@pure
def _worst(loss: int256[10], far_weight: int256) -> (int256, uint256):
    """
    @notice The largest loss of the grid, of which far cells count a part
    @param loss In each cell
    @param far_weight That part
    @return The loss, and the first cell that has it
    @custom:error 1 wei, up
    """
    loss[8] = self._ceil_div(unsafe_mul(loss[8], far_weight), fixed.WAD)
    loss[9] = self._ceil_div(unsafe_mul(loss[9], far_weight), fixed.WAD)
    cell: uint256 = 0
    for i: uint256 in range(1, CELLS):
        if loss[i] > loss[cell]:
            cell = i
    return loss[cell], cell


@internal
@pure
def _costliest(legs: DynArray[Leg, MAX_LEGS], cell: uint256) -> uint256:
    """
    @notice Of the legs that owe something and have not expired, the one that loses most in a cell
    @param legs Of an account
    @param cell Of the grid
    @return Its index, or NO_LEG
    @custom:error exact
    """
    found: uint256 = NO_LEG
    least: int256 = max_value(int256)
    for i: uint256 in range(len(legs), bound=MAX_LEGS):
        if legs[i].owed != 0 and not legs[i].is_expired:
            gain: int256 = unsafe_mul(unsafe_sub(legs[i].owned, legs[i].owed), legs[i].gains[cell])
            if gain < least:
                least = gain
                found = i
    return found


@internal
@pure
def _at_expiry(
    payoffs: DynArray[Payoff, MAX_LEGS], sums: Expiry, spot: uint256, shock_wide: uint256
) -> (int256, int256):
    """
    @notice What payoffs say of one expiry. Where neither right is naked, the least gain that a cell may
        count: least payoff, calls and puts each for itself, today, less the value at marks. And where
        it is near, the worst loss at any of its strikes and at wide moves of spot
    @dev Calls that are not naked pay least at a strike or at zero; puts at a strike or at zero, and
        nothing at infinity
    @param payoffs Of its legs, by falling strikes
    @param sums Over its legs
    @param spot Price
    @param shock_wide Share of spot
    @return Least gain, not above zero, or the least number; loss at expiry, not below zero
    @custom:error 1 wei, in the direction of the larger loss
    """
    is_covered: bool = sums.is_short and sums.calls <= 0 and sums.puts <= 0
    if not is_covered and not sums.is_near:
        return min_value(int256), 0
    points: DynArray[int256, 11] = []
    for leg: Payoff in payoffs:
        if len(points) == 0 or points[unsafe_sub(len(points), 1)] != leg.strike:
            points.append(leg.strike)
    if sums.is_near:
        S: int256 = convert(spot, int256)
        wide: int256 = unsafe_div(unsafe_mul(S, convert(shock_wide, int256)), fixed.WAD)
        points.append(unsafe_sub(S, wide))
        points.append(unsafe_add(S, wide))
    ends: uint256 = len(points)
    if is_covered:
        points.append(0)
    least_calls: int256 = 0
    least_puts: int256 = 0
    least: int256 = max_value(int256)
    for i: uint256 in range(len(points), bound=11):
        point: int256 = points[i]
        calls: int256 = 0
        puts: int256 = 0
        for leg: Payoff in payoffs:
            gap: int256 = unsafe_sub(point, leg.strike)
            if gap > 0:
                calls = unsafe_add(calls, unsafe_mul(leg.calls, gap))
            else:
                puts = unsafe_sub(puts, unsafe_mul(leg.puts, gap))
        if i < ends:
            least = min(least, unsafe_add(calls, puts))
        least_calls = min(least_calls, calls)
        least_puts = min(least_puts, puts)
    gain: int256 = min_value(int256)
    if is_covered:
        gain = self._floor_div(
            unsafe_mul(unsafe_add(least_calls, least_puts), sums.discount), fixed.WAD
        )
        gain = min(unsafe_sub(gain, sums.value), 0)
    return gain, max(unsafe_sub(sums.value, least), 0) if sums.is_near else 0
