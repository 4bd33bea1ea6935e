# pragma version 0.4.3
# pragma optimize gas
"""
@title Words of the book
@license MIT
@notice How the book packs what it stores. From the lowest bit:

        head of an expiry    p 64 | a 64 | b 64 | v 64, signed, nano (`exposure`)
        totals               a 72 | b 72 | v 72, signed, nano | lots written and held 39 |
                             some of what accounts owe is not escrowed 1
        credit of an expiry  lots that accounts owe and have not escrowed 64 | p 64 | a 64 | b 64 of
                             these, signed, nano; zero where there are none
        credit of all        p 72 | a 72 | b 72, signed, nano | lots 40; zero where there are none
        guard of an expiry   X from 42 | X to 42 | until 32 | version 32 | slack 32 | posted at 32
        freshness            the same for all expiries at once, the intersection, with the oldest
                             post | lots of underlying held 40, signed | caution of the ladder 2 |
                             some expiry is past its cutoff 1 | rebates wait 1
        flows                F_d 64 | W 64, signed, nano | reset at 32 | round of 32 | version 32 |
                             toxicity 32

    X counts 1e-9 there, slack is the error of a lot's value in nano, toxicity counts 1e-6.
"""

from .. import types

M32: constant(uint256) = 2**32 - 1
M39: constant(uint256) = 2**39 - 1
M40: constant(uint256) = 2**40 - 1
M42: constant(uint256) = 2**42 - 1
M64: constant(uint256) = 2**64 - 1
M72: constant(uint256) = 2**72 - 1
NOWHERE: constant(uint256) = 1  # a guard that never holds
CREDIT: constant(uint256) = 2**255  # of the totals
PASSED: constant(uint256) = 2**254
WAITING: constant(uint256) = 2**255
X_GRAIN: constant(uint256) = 10**9  # of a WAD
TOXICITY_GRAIN: constant(uint256) = 10**12  # of a WAD
HALF_64: constant(int256) = 2**63
MOST_HELD: constant(int256) = 2**39 - 1


struct Head:
    value: int256
    delta: int256
    gamma: int256
    vega: int256


struct Totals:
    delta: int256
    gamma: int256
    vega: int256
    lots: uint256


struct Guard:
    low: uint256  # X, in X_GRAIN
    high: uint256
    until: uint256  # Unix time
    version: uint256  # of the surface
    slack: uint256  # nano a lot
    posted_at: uint256  # Unix time; the oldest in the intersection


struct Flows:
    delta: int256
    vega: int256
    reset_at: uint256
    round_at: uint256
    version: uint256
    toxicity: uint256  # in TOXICITY_GRAIN


@internal
@pure
def _head(word: uint256) -> Head:
    """
    @notice Unpacks a head
    @param word The word
    @custom:error exact
    """
    signed: int256 = convert(convert(word, bytes32), int256)
    return Head(
        value=(signed << 192) >> 192,
        delta=signed << 128 >> 192,
        gamma=signed << 64 >> 192,
        vega=signed >> 192,
    )


@internal
@pure
def _pack_head(head: Head) -> uint256:
    """
    @notice Packs a head. What does not fit is pulled to the end of its field, so that an exit can
        never fail here
    @param head The coefficients
    @return The word
    @custom:error exact where it fits
    """
    return (
        (self._bits(self._clamped(head.value)) & M64)
        | ((self._bits(self._clamped(head.delta)) & M64) << 64)
        | ((self._bits(self._clamped(head.gamma)) & M64) << 128)
        | (self._bits(self._clamped(head.vega)) << 192)
    )


@internal
@pure
def _fits_risk(risk: types.Risk) -> bool:
    """
    @notice Does every coefficient fit its field of a head?
    @param risk The coefficients
    @custom:error exact
    """
    return (
        unsafe_add(risk.value, HALF_64)
        | unsafe_add(risk.delta, HALF_64)
        | unsafe_add(risk.gamma, HALF_64)
        | unsafe_add(risk.vega, HALF_64)
    ) >> 64 == 0


@internal
@pure
def _packed_risk(risk: types.Risk) -> uint256:
    """
    @notice The coefficients of a lot in a head's form; those of one lot always fit
    @param risk Of a lot
    @return The word
    @custom:error exact
    """
    return (
        (convert(convert(risk.value, bytes32), uint256) & M64)
        | ((convert(convert(risk.delta, bytes32), uint256) & M64) << 64)
        | ((convert(convert(risk.gamma, bytes32), uint256) & M64) << 128)
        | (convert(convert(risk.vega, bytes32), uint256) << 192)
    )


@internal
@pure
def _totals(word: uint256) -> Totals:
    """
    @notice Unpacks the totals
    @param word The word
    @custom:error exact
    """
    signed: int256 = convert(convert(word, bytes32), int256)
    return Totals(
        delta=signed << 184 >> 184,
        gamma=signed << 112 >> 184,
        vega=signed << 40 >> 184,
        lots=(word >> 216) & M39,
    )


@internal
@pure
def _gross(word: uint256) -> uint256:
    """
    @notice Lots written and held, of all series
    @param word Totals
    @custom:error exact
    """
    return (word >> 216) & M39


@internal
@pure
def _replaced(word: uint256, old: uint256, new: uint256, lots: int256) -> uint256:
    """
    @notice Totals after one expiry's head has changed. Sums of eight heads always fit. The credit of
        all is the total of the expiries' in the same way
    @param word Totals before
    @param old Head before
    @param new Head after
    @param lots By how many more lots
    @return Totals after
    @custom:error exact
    """
    before: int256 = convert(convert(old, bytes32), int256)
    after: int256 = convert(convert(new, bytes32), int256)
    signed: int256 = convert(convert(word, bytes32), int256)
    delta: int256 = unsafe_add(
        signed << 184 >> 184, unsafe_sub(after << 128 >> 192, before << 128 >> 192)
    )
    gamma: int256 = unsafe_add(
        signed << 112 >> 184, unsafe_sub(after << 64 >> 192, before << 64 >> 192)
    )
    vega: int256 = unsafe_add(signed << 40 >> 184, unsafe_sub(after >> 192, before >> 192))
    return (
        (self._bits(delta) & M72)
        | ((self._bits(gamma) & M72) << 72)
        | ((self._bits(vega) & M72) << 144)
        | (unsafe_add(word >> 216, self._bits(lots)) << 216)
    )


@internal
@pure
def _traded(
    head: uint256, totals: uint256, lots: int256, gross: int256, risk: types.Risk
) -> (uint256, uint256, bool):
    """
    @notice Head and totals after a trade
    @param head Of the expiry, before
    @param totals Before
    @param lots Held more, below 2^32 in size
    @param gross Lots written and held more
    @param risk Of a lot
    @return Head, totals; whether all of it fits. A coefficient that does not is pulled to the end of
        its field; lots that do not belong to an opening, which is then refused
    @custom:error exact where it fits
    """
    signed: int256 = convert(convert(head, bytes32), int256)
    value_: int256 = unsafe_add((signed << 192) >> 192, unsafe_mul(lots, risk.value))
    a: int256 = unsafe_mul(lots, risk.delta)
    b: int256 = unsafe_mul(lots, risk.gamma)
    v: int256 = unsafe_mul(lots, risk.vega)
    delta: int256 = unsafe_add((signed << 128) >> 192, a)
    gamma: int256 = unsafe_add((signed << 64) >> 192, b)
    vega: int256 = unsafe_add(signed >> 192, v)
    if (
        unsafe_add(value_, HALF_64)
        | unsafe_add(delta, HALF_64)
        | unsafe_add(gamma, HALF_64)
        | unsafe_add(vega, HALF_64)
    ) >> 64 != 0:
        pulled: uint256 = self._pack_head(Head(value=value_, delta=delta, gamma=gamma, vega=vega))
        return pulled, self._replaced(totals, head, pulled, gross), False
    signed = convert(convert(totals, bytes32), int256)
    a = unsafe_add(a, (signed << 184) >> 184)
    b = unsafe_add(b, (signed << 112) >> 184)
    v = unsafe_add(v, (signed << 40) >> 184)
    top: uint256 = unsafe_add(totals >> 216, convert(convert(gross, bytes32), uint256))
    return (
        (convert(convert(value_, bytes32), uint256) & M64)
        | ((convert(convert(delta, bytes32), uint256) & M64) << 64)
        | ((convert(convert(gamma, bytes32), uint256) & M64) << 128)
        | (convert(convert(vega, bytes32), uint256) << 192),
        (convert(convert(a, bytes32), uint256) & M72)
        | ((convert(convert(b, bytes32), uint256) & M72) << 72)
        | ((convert(convert(v, bytes32), uint256) & M72) << 144)
        | (top << 216),
        (top ^ (totals >> 216)) >> 39 == 0,
    )


@internal
@pure
def _lent(word: uint256, lots: int256, risk: types.Risk) -> (uint256, bool):
    """
    @notice Credit of an expiry after a trade
    @param word Before
    @param lots That accounts owe more without escrow
    @param risk Of a lot
    @return After: zero where no such lots are left, whatever trades at different spots have left of
        the coefficients; whether every coefficient fits, else it is pulled to the end of its field
    @custom:error exact where it fits
    """
    after: uint256 = 0
    totals: uint256 = 0
    is_fitting: bool = False
    (
        after, totals, is_fitting
    ) = self._traded(  # its fields are those of a head that stand one further
        word,
        0,
        lots,
        0,
        types.Risk(value=1, delta=risk.value, gamma=risk.delta, vega=risk.gamma, flow_delta=0),
    )
    if after & M64 == 0:
        return 0, True
    return after, is_fitting


@internal
@pure
def _pack_credit(lots: int256, p: int256, a: int256, b: int256) -> uint256:
    """
    @notice Packs the credit of an expiry; what does not fit is pulled to the end of its field
    @param lots Above zero, below 2^63
    @param p Nano, as are the next two
    @param a Coefficient
    @param b Coefficient
    @return The word
    @custom:error exact where it fits
    """
    return self._pack_head(Head(value=lots, delta=p, gamma=a, vega=b))


@internal
@pure
def _bought(word: uint256, delta: int256, vega: int256) -> uint256:
    """
    @notice Flows after clients bought; what does not fit is pulled to the end of its field
    @param word Before
    @param delta Dollar delta, nano
    @param vega Weighted vega, nano
    @return After
    @custom:error exact where it fits
    """
    signed: int256 = convert(convert(word, bytes32), int256)
    flow: int256 = unsafe_add((signed << 192) >> 192, delta)
    vflow: int256 = unsafe_add((signed << 128) >> 192, vega)
    if (unsafe_add(flow, HALF_64) | unsafe_add(vflow, HALF_64)) >> 64 != 0:
        flow = self._clamped(flow)
        vflow = self._clamped(vflow)
    return (
        ((word >> 128) << 128)
        | ((convert(convert(vflow, bytes32), uint256) & M64) << 64)
        | (convert(convert(flow, bytes32), uint256) & M64)
    )


@internal
@pure
def _guard(word: uint256) -> Guard:
    """
    @notice Unpacks a guard
    @param word The word
    @custom:error exact
    """
    return Guard(
        low=word & M42,
        high=(word >> 42) & M42,
        until=(word >> 84) & M32,
        version=(word >> 116) & M32,
        slack=(word >> 148) & M32,
        posted_at=(word >> 180) & M32,
    )


@internal
@pure
def _pack_guard(guard: Guard) -> uint256:
    """
    @notice Packs a guard. Bounds of X are at most their field's end; a slack that does not fit
        leaves no interval
    @param guard The guard
    @return The word
    @custom:error exact
    """
    if guard.slack > M32:
        return (guard.version << 116) | (M32 << 148) | (guard.posted_at << 180) | 1
    return (
        min(guard.low, M42)
        | (min(guard.high, M42) << 42)
        | (guard.until << 84)
        | (guard.version << 116)
        | (guard.slack << 148)
        | (guard.posted_at << 180)
    )


@internal
@pure
def _holds(word: uint256, x: int256, at: uint256, version: uint256) -> bool:
    """
    @notice Do the Greeks behind a guard still hold?
    @param word Guard or intersection
    @param x S/R, WAD
    @param at Unix time
    @param version Of the surface
    @custom:error exact
    """
    grains: uint256 = convert(x, uint256)
    return (
        unsafe_mul(word & M42, X_GRAIN) <= grains
        and grains <= unsafe_mul((word >> 42) & M42, X_GRAIN)
        and at <= (word >> 84) & M32
        and version == (word >> 116) & M32
    )


@internal
@pure
def _intersected(one: uint256, other: uint256) -> uint256:
    """
    @notice Where an intersection and a guard hold both; nowhere if their versions differ
    @param one The intersection
    @param other The guard
    @return The intersection
    @custom:error exact
    """
    rest: uint256 = (
        ((one >> 212) << 212)
        | (max((one >> 148) & M32, (other >> 148) & M32) << 148)
        | (min((one >> 180) & M32, (other >> 180) & M32) << 180)
    )
    version: uint256 = (one >> 116) & M32
    if version != (other >> 116) & M32:
        return rest | (version << 116) | 1
    return (
        rest
        | max(one & M42, other & M42)
        | (min((one >> 42) & M42, (other >> 42) & M42) << 42)
        | (min((one >> 84) & M32, (other >> 84) & M32) << 84)
        | (version << 116)
    )


@internal
@pure
def _everywhere(freshness: uint256, version: uint256) -> uint256:
    """
    @notice An intersection of no guards, with what the vault says kept, and no expiry past its cutoff
    @param freshness Before
    @param version Of the surface
    @return The word
    @custom:error exact
    """
    return (
        (((freshness & ~PASSED) >> 212) << 212)
        | (M32 << 180)
        | (version << 116)
        | (M32 << 84)
        | (M42 << 42)
    )


@internal
@pure
def _with_holdings(freshness: uint256, lots: int256, caution: uint256) -> uint256:
    """
    @notice The intersection with what the vault says
    @param freshness Before
    @param lots Of underlying, owed ones below zero; what does not fit is pulled to the end of the field
    @param caution 0 to 3
    @return The word
    @custom:error exact where it fits
    """
    return (
        (freshness & (WAITING | PASSED | (2**212 - 1)))
        | ((convert(convert(max(min(lots, MOST_HELD), -MOST_HELD), bytes32), uint256) & M40) << 212)
        | (min(caution, 3) << 252)
    )


@internal
@pure
def _held_lots(freshness: uint256) -> int256:
    """
    @notice Lots of underlying that the vault holds, less what it owes on venues
    @param freshness The intersection
    @custom:error exact
    """
    return (convert(convert(freshness, bytes32), int256) << 4) >> 216


@internal
@pure
def _flows(word: uint256) -> Flows:
    """
    @notice Unpacks the flows
    @param word The word
    @custom:error exact
    """
    signed: int256 = convert(convert(word, bytes32), int256)
    return Flows(
        delta=(signed << 192) >> 192,
        vega=signed << 128 >> 192,
        reset_at=(word >> 128) & M32,
        round_at=(word >> 160) & M32,
        version=(word >> 192) & M32,
        toxicity=word >> 224,
    )


@internal
@pure
def _pack_flows(flows: Flows) -> uint256:
    """
    @notice Packs flows; what does not fit is pulled to the end of its field
    @param flows The flows
    @return The word
    @custom:error exact where it fits
    """
    return (
        (self._bits(self._clamped(flows.delta)) & M64)
        | ((self._bits(self._clamped(flows.vega)) & M64) << 64)
        | (flows.reset_at << 128)
        | (flows.round_at << 160)
        | (flows.version << 192)
        | (min(flows.toxicity, M32) << 224)
    )


@internal
@pure
def _clamped(x: int256) -> int256:
    """
    @notice A number pulled into 64 bits
    @param x The number
    @custom:error exact where it fits
    """
    return max(min(x, HALF_64 - 1), 1 - HALF_64)


@internal
@pure
def _bits(x: int256) -> uint256:
    """
    @notice The word of a signed number
    @param x The number
    @custom:error exact
    """
    return convert(convert(x, bytes32), uint256)
