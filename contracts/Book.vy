# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Book
@license MIT
@notice What the vault has written and what it holds, strike by strike, the Greeks of that, and its
    value. An expiry's Greeks and value are a polynomial in spot (`math/exposure`), exact where it
    was last evaluated; the totals are the exact sum of the expiries'. A trade adds its own option at
    its own spot. `refresh` evaluates all strikes anew, by anyone, at any time. What margin accounts
    owe and have not escrowed is credit: a polynomial of its own, of which LPs' low mark leaves a part
    out.
@dev The danger is a Greek that no longer holds: a skew charged in the wrong direction can be farmed,
    and shares are minted and burned at the book's value. So each evaluation leaves a guard: an
    interval of spot, a time and a version of the surface within which docs/MATH.md bounds the error.
    Where one expiry's guard has failed, nothing opens in any until somebody refreshes it; LP flows
    refresh what is stale themselves. Closings never wait for a refresh.

    The wrong failure would be an exit that reverts in here. So no coefficient overflows: it is
    pulled to the end of its field, and only an opening is refused for it. A strike that has moved
    out of the kernel's reach counts at its intrinsic value. A head that was pulled holds nowhere:
    LP flows evaluate it each time, at the present spot, where it is exact. `Valuer` does that
    mathematics.

    The trap: the desk, the vault and the token know each other by addresses that are computed
    before they are deployed.
@custom:kill Nobody can stop it. Positions change only through the desk; refreshing and valuing stay
    open. Where spot cannot be read the book cannot be valued, and closings need no value.
"""

from interfaces import IBook
from interfaces import IOracle
from interfaces import IRiskSheet
from interfaces import ISurface
from interfaces import IValuer
from . import types
from . import units
from .math import book_words
from .math import exposure
from .math import mark_out
from .math import position_word
from .math import refusal
from .math import roster_word
from .math import series
from .math import strike_list

implements: IBook

MAX_EXPIRIES: constant(uint256) = 8
MAX_STRIKES: constant(uint256) = 24
NOWHERE: constant(uint256) = book_words.NOWHERE
CUTOFF: public(constant(uint256)) = exposure.FLOOR  # seconds before expiry: nothing opens any more
JUMP_PARTS: constant(uint256) = 64  # of all contracts at spot: a jump of delta above is large
BLIND: constant(uint256) = 1  # flags of `apply`: priced by Greeks that do not hold
FLOWLESS: constant(uint256) = 2  # no flow of clients
MOST_REFERENCE: constant(uint256) = 2**96
LEAST_REFERENCE: constant(uint256) = 10**15

DESK: public(immutable(address))  # the only account that changes positions
VAULT: public(immutable(address))  # says what it holds
ORACLE: public(immutable(address))
SURFACE: public(immutable(address))
VALUER: public(immutable(address))
REFERENCE: public(immutable(uint256))  # R: the price in which spot is measured
GRID: public(immutable(uint256))  # strikes are multiples of it

totals: uint256  # sums of the heads, and lots; see `book_words` for these five
freshness: uint256  # where every guard holds
flows: uint256  # what clients bought of late
heads: HashMap[uint256, uint256]  # by expiry: its polynomial
guards: HashMap[uint256, uint256]  # by expiry: where that holds
credits: HashMap[uint256, uint256]  # by expiry; see `book_words` for this and the next
credit_of_all: uint256  # zero unless the totals say that there is some
rounds: uint256  # see `mark_out` for these two
averages: uint256
positions_of: HashMap[uint256, uint256]  # see `position_word`
escrows: HashMap[uint256, uint256]  # the same, read where a position says that there are any
strikes_of: HashMap[uint256, uint256]  # by expiry: see `strike_list`
roster: uint256  # sheet 160 | days of up to eight expiries, 12 bits each; see `roster_word`


struct Evaluation:  # of one expiry
    expiry: uint256
    head: uint256
    guard: uint256
    credit: uint256  # of one that is new, else zero
    is_new: bool  # evaluated now, not yet stored


struct Tally:  # sums over all expiries, nano
    value: int256
    delta: int256
    gamma: int256
    vega: int256
    surprise: uint256  # what volatility may do, times WAD
    slack: uint256  # a lot


@deploy
def __init__(
    desk: address,
    vault: address,
    oracle: address,
    surface: address,
    valuer: address,
    reference: uint256,
    grid: uint256,
    sheet: address,
):
    """
    @notice An empty book
    @param desk Changes positions; neither it nor the vault needs to stand yet
    @param vault Says what it holds beside the book
    @param oracle Spot and settlement prices
    @param surface Volatility and carry
    @param valuer Evaluates expiries
    @param reference R, best a price near spot; never changes
    @param grid Strikes are multiples of it
    @param sheet Its numbers value the book
    """
    if desk == empty(address):
        refusal._refuse("book: desk")
    if vault == empty(address):
        refusal._refuse("book: vault")
    if reference < LEAST_REFERENCE or reference > MOST_REFERENCE:
        refusal._refuse("book: reference")
    if unsafe_sub(grid, 1) >= 2**100 - 1:
        refusal._refuse("book: grid")
    DESK = desk
    VAULT = vault
    ORACLE = oracle
    SURFACE = surface
    VALUER = valuer
    REFERENCE = reference
    GRID = grid
    self.roster = roster_word._with_sheet(self.roster, sheet)
    log IBook.SheetChanged(sheet=sheet)


# --- desk


@external
@reentrant
def prepare(
    id: uint256, spot: uint256, spot_at: uint256, version: uint256, flow_gap: uint256
) -> types.Standing:
    """
    @notice Before a trade: resets flows that are due
    @dev Not locked, as `apply`: only the desk may call, which has a lock, and nothing is called
    @param id Series
    @param spot Price
    @param spot_at Time of its round
    @param version Of the surface
    @param flow_gap Seconds between resets, from the sheet
    @return What the trade meets
    """
    self._require_desk()
    x: int256 = exposure._ratio(spot, REFERENCE)
    flows: uint256 = self._reset_flows(spot, spot_at, version, x, flow_gap)
    return self._standing(id, version, x, self.totals, flows, self.freshness)


@external
@reentrant
def apply(
    id: uint256, written: int256, held: int256, escrowed: int256, risk: types.Risk, flags: uint256
):
    """
    @notice Changes a position and the exposure with it
    @param id Series, listed
    @param written Lots that token holders own more
    @param held Lots that margin accounts owe more
    @param escrowed Lots of these that are covered in full by whoever owes them more
    @param risk Of one lot held, at the spot of the trade
    @param flags 1: the trade was priced by Greeks that do not hold, so the expiry's hold nowhere after it,
        wherever spot goes; 2: it is no flow of clients
    """
    self._require_desk()
    step: uint256 = unsafe_div((id >> 8) & series.STRIKE_MASK, GRID)
    key: uint256 = ((id >> 128) << 128) | (step >> 1)
    side: uint256 = (step & 1) << 7
    offset: uint256 = unsafe_add(side, unsafe_mul(id & 255, 62))
    word: uint256 = self.positions_of[key]
    more: uint256 = convert(convert(written, bytes32), uint256)
    more_held: uint256 = convert(convert(held, bytes32), uint256)
    now_held: uint256 = unsafe_add((word >> unsafe_add(offset, 31)) & position_word.LOTS, more_held)
    if (unsafe_add((word >> offset) & position_word.LOTS, more) | now_held) >> 31 != 0:
        refusal._refuse("book: lots")
    mark: uint256 = (position_word.ESCROW << (id & 255)) << side
    if word & mark != 0 or escrowed != 0:
        if self._escrow(key, unsafe_add(side, unsafe_mul(id & 255, 31)), now_held, escrowed):
            word |= mark
        else:
            word &= ~mark
    self.positions_of[key] = unsafe_add(
        word, unsafe_add(more << offset, more_held << unsafe_add(offset, 31))
    )

    expiry: uint256 = id >> 128
    lots: int256 = unsafe_sub(held, written)
    lent: int256 = unsafe_sub(held, escrowed)
    head: uint256 = 0
    totals: uint256 = 0
    is_fitting: bool = False
    head, totals, is_fitting = book_words._traded(
        self.heads[expiry], self.totals, lots, unsafe_add(written, held), risk
    )
    if lent != 0:
        old: uint256 = self.credits[expiry]
        credit: uint256 = 0
        is_credit_fitting: bool = False
        credit, is_credit_fitting = book_words._lent(old, lent, risk)
        totals = self._with_credit(totals, expiry, old, credit)
        is_fitting = is_fitting and is_credit_fitting
    if not is_fitting or flags & BLIND != 0:
        if not is_fitting and (written > 0 or held > 0 or lent > 0):
            refusal._refuse("book: range")
        self.guards[expiry] = NOWHERE
        freshness: uint256 = ((self.freshness >> 84) << 84) | NOWHERE  # to 0 from 1: holds nowhere
        if flags & BLIND != 0:
            freshness |= book_words.WAITING
        self.freshness = freshness
    self.heads[expiry] = head
    self.totals = totals
    if flags & FLOWLESS == 0:
        self.flows = book_words._bought(
            self.flows,
            unsafe_mul(unsafe_sub(0, lots), risk.flow_delta),
            unsafe_mul(unsafe_sub(0, lots), risk.vega),
        )


@external
def renew(expiry: uint256, snapshot: types.Snapshot):
    """
    @notice Evaluates the expiry of an opening anew where its own guard has failed, and forgets the
        guards of expiries that have passed their cutoff since
    @param expiry Unix time
    @param snapshot The market
    """
    self._require_desk()
    x: int256 = exposure._ratio(snapshot.spot, REFERENCE)
    found: Evaluation = self._current(expiry, snapshot, x, True)
    if found.is_new:
        self._store(found, x)
    self.freshness = self._intersection(snapshot)


@external
def list_strike(expiry: uint256, strike: uint256):
    """
    @notice Opens a strike. The desk has checked the expiry and the option's delta. A new expiry has
        no guard yet: nothing opens anywhere until it is evaluated
    @param expiry Unix time
    @param strike A multiple of the grid
    """
    self._require_desk()
    step: uint256 = unsafe_div(strike, GRID)
    if unsafe_sub(strike, 1) >= 2**120 - 1 or unsafe_mul(step, GRID) != strike:
        refusal._refuse("book: grid")
    key: uint256 = position_word._key(expiry, step)
    mark: uint256 = position_word.LISTED << position_word._shift(step)
    if self.positions_of[key] & mark != 0:
        refusal._refuse("book: listed already")
    strikes: uint256 = self.strikes_of[expiry]
    if strikes == 0:
        self.roster = roster_word._with(self.roster, expiry)
        self.freshness = book_words._intersected(self.freshness, 0)
    self.strikes_of[expiry] = strike_list._with(strikes, step)
    self.positions_of[key] |= mark
    log IBook.StrikeListed(expiry=expiry, strike=strike)


@external
def delist_strike(expiry: uint256, strike: uint256):
    """
    @notice Takes off a strike in which nothing is open
    @param expiry Unix time
    @param strike Listed
    """
    self._require_desk()
    step: uint256 = unsafe_div(strike, GRID)
    key: uint256 = position_word._key(expiry, step)
    offset: uint256 = position_word._shift(step)
    half: uint256 = (self.positions_of[key] >> offset) & position_word.HALF
    if half == 0 or unsafe_mul(step, GRID) != strike:
        refusal._refuse("book: not listed")
    if half != position_word.LISTED:
        refusal._refuse("book: open interest")
    self.positions_of[key] ^= half << offset
    self.strikes_of[expiry] = strike_list._without(self.strikes_of[expiry], step)
    if self.strikes_of[expiry] == 0:
        self._forget(expiry, 0)
    log IBook.StrikeDelisted(expiry=expiry, strike=strike)


@external
def close(expiry: uint256) -> DynArray[types.Position, MAX_STRIKES]:
    """
    @notice Takes an expiry off the book, whose price is fixed and whose payoffs the desk pays, or books
        as owed by accounts
    @param expiry Unix time
    @return What stood in each listed strike
    """
    self._require_desk()
    self._require_listed(self.strikes_of[expiry])
    found: DynArray[types.Position, MAX_STRIKES] = self._positions(expiry)
    lots: uint256 = 0
    for position: types.Position in found:
        step: uint256 = unsafe_div(position.strike, GRID)
        key: uint256 = position_word._key(expiry, step)
        side: uint256 = position_word._shift(step)
        self.positions_of[key] &= ~(position_word.HALF << side)
        if position.calls_escrowed | position.puts_escrowed != 0:
            self.escrows[key] &= ~(position_word.HALF << side)
        lots = unsafe_add(
            lots,
            unsafe_add(
                unsafe_add(position.calls_written, position.calls_held),
                unsafe_add(position.puts_written, position.puts_held),
            ),
        )
    self.strikes_of[expiry] = 0
    self._forget(expiry, -convert(lots, int256))
    self.freshness |= book_words.WAITING
    log IBook.ExpiryClosed(expiry=expiry)
    return found


@external
def hold(lots: int256, caution: uint256, is_jump: bool):
    """
    @notice Vault: what it holds of underlying beside the book, and its drawdown ladder's level, so that
        a trade finds both here
    @param lots Of underlying, whole ones, owed ones below zero
    @param caution 0 to 3
    @param is_jump Whether what came was charged to nobody
    """
    if msg.sender != VAULT:
        refusal._refuse("book: not the vault")
    freshness: uint256 = self.freshness
    if is_jump or lots < book_words._held_lots(freshness):
        freshness |= book_words.WAITING
    self.freshness = book_words._with_holdings(freshness, lots, caution)


@external
def set_sheet(sheet: address):
    """
    @notice Replaces the numbers that value the book
    @param sheet An IRiskSheet
    """
    self._require_desk()
    self.roster = roster_word._with_sheet(self.roster, sheet)
    log IBook.SheetChanged(sheet=sheet)


# --- anyone


@external
def refresh(expiry: uint256):
    """
    @notice Evaluates all positions of an expiry anew, at the present spot, time and surface
    @param expiry Listed
    """
    snapshot: types.Snapshot = self._spot()
    snapshot = self._with_slice(snapshot, expiry)
    x: int256 = exposure._ratio(snapshot.spot, REFERENCE)
    self._store(self._evaluated(expiry, snapshot), x)
    self.freshness = self._intersection(snapshot)


@external
def appraise(underlying: int256) -> types.Appraisal:
    """
    @notice Refreshes every expiry whose guard has failed, then values the book
    @param underlying Units held beside it, WAD: their delta counts in U and in the width
    @return The value
    """
    snapshot: types.Snapshot = self._spot()
    roster: uint256 = self.roster
    found: DynArray[Evaluation, MAX_EXPIRIES] = self._all(snapshot, roster)
    is_changed: bool = False
    for one: Evaluation in found:
        if one.is_new:
            self._store(one, exposure._ratio(snapshot.spot, REFERENCE))
            is_changed = True
    if is_changed:
        self.freshness = self._intersection(snapshot)
    return self._appraisal(found, snapshot, roster, underlying)


# --- views


@external
@view
def standing(
    id: uint256, spot: uint256, spot_at: uint256, version: uint256, flow_gap: uint256
) -> types.Standing:
    """
    @notice What `prepare` would return, computed in memory
    @param id Series
    @param spot Price
    @param spot_at Time of its round
    @param version Of the surface
    @param flow_gap Seconds between resets, from the sheet
    @return What a trade would meet
    """
    x: int256 = exposure._ratio(spot, REFERENCE)
    flows: uint256 = 0
    freshness: uint256 = 0
    flows, freshness = self._flows_due(spot_at, version, x, flow_gap, self.freshness)
    return self._standing(id, version, x, self.totals, flows, freshness)


@external
@view
def renewed_standing(id: uint256, snapshot: types.Snapshot, flow_gap: uint256) -> types.Standing:
    """
    @notice What `prepare` would return after `renew`, computed in memory
    @param id Series
    @param snapshot The market
    @param flow_gap Seconds between resets, from the sheet
    @return What an opening would meet
    """
    x: int256 = exposure._ratio(snapshot.spot, REFERENCE)
    found: Evaluation = self._current(id >> 128, snapshot, x, True)
    flows: uint256 = 0
    freshness: uint256 = 0
    flows, freshness = self._flows_due(
        snapshot.spot_at,
        snapshot.version,
        x,
        flow_gap,
        self._intersection_with(snapshot, found),
    )
    totals: uint256 = book_words._replaced(self.totals, self.heads[found.expiry], found.head, 0)
    return self._standing(id, snapshot.version, x, totals, flows, freshness)


@external
@view
def appraisal(underlying: int256) -> types.Appraisal:
    """
    @notice What `appraise` would return, computed in memory
    @param underlying Units held beside it, WAD
    @return The value
    """
    snapshot: types.Snapshot = self._spot()
    roster: uint256 = self.roster
    return self._appraisal(self._all(snapshot, roster), snapshot, roster, underlying)


@external
@view
def credit() -> int256:
    """
    @notice Value at mark of what margin accounts owe and have not escrowed, at the present spot; of
        what has expired the payoff
    @return Quote, at least zero
    """
    snapshot: types.Snapshot = self._spot()
    found: DynArray[Evaluation, MAX_EXPIRIES] = self._all(snapshot, self.roster)
    x: int256 = exposure._ratio(snapshot.spot, REFERENCE)
    return unsafe_mul(self._credit_at(found, x), exposure.NANO)


@external
@view
def exposure_now() -> types.Exposure:
    """
    @notice Totals and flows as stored
    @return Nano
    """
    totals: book_words.Totals = book_words._totals(self.totals)
    flows: book_words.Flows = book_words._flows(self.flows)
    return types.Exposure(
        delta=totals.delta,
        gamma=totals.gamma,
        vega=totals.vega,
        flow_delta=flows.delta,
        flow_vega=flows.vega,
    )


@external
@view
def gross_lots() -> uint256:
    """
    @notice Lots written and held, of all series
    @return Lots
    """
    return book_words._gross(self.totals)


@external
@view
def polynomial(expiry: uint256) -> (int256, int256, int256, int256):
    """
    @notice An expiry's coefficients as stored: value, a, b, weighted vega
    @param expiry Unix time
    @return Nano
    """
    head: book_words.Head = book_words._head(self.heads[expiry])
    return head.value, head.delta, head.gamma, head.vega


@external
@view
def guard(expiry: uint256) -> (uint256, uint256, uint256, uint256):
    """
    @notice Where an expiry's Greeks hold
    @param expiry Unix time
    @return X from and to, WAD; Unix time until; version of the surface
    """
    word: uint256 = self.guards[expiry]
    return (
        unsafe_mul(word & book_words.M42, book_words.X_GRAIN),
        unsafe_mul((word >> 42) & book_words.M42, book_words.X_GRAIN),
        (word >> 84) & book_words.M32,
        (word >> 116) & book_words.M32,
    )


@external
@view
def toxicity() -> uint256:
    """
    @notice The larger mark-out ratio as of the last reset of flows
    @return A plain number, not below zero
    """
    return unsafe_mul(self.flows >> 224, book_words.TOXICITY_GRAIN)


@external
@view
def sheet() -> address:
    """
    @notice Whose numbers value the book
    @return An IRiskSheet
    """
    return roster_word._sheet(self.roster)


@external
@view
def expiries() -> DynArray[uint256, MAX_EXPIRIES]:
    """
    @notice Expiries with listed strikes, passed ones too until they are settled
    @return Unix times, in the order of their listing
    """
    return roster_word._expiries(self.roster, block.timestamp)


@external
@view
def strikes(expiry: uint256) -> DynArray[uint256, MAX_STRIKES]:
    """
    @notice Listed strikes of an expiry
    @param expiry Unix time
    @return Strikes
    """
    list: uint256 = self.strikes_of[expiry]
    found: DynArray[uint256, MAX_STRIKES] = []
    for i: uint256 in range(strike_list._count(list), bound=MAX_STRIKES):
        found.append(unsafe_mul(strike_list._step(list, i), GRID))
    return found


@external
@view
def positions(expiry: uint256) -> DynArray[types.Position, MAX_STRIKES]:
    """
    @notice Positions in every listed strike of an expiry
    @param expiry Unix time
    @return Positions
    """
    return self._positions(expiry)


# --- internals: the desk's part


@internal
@view
def _require_desk():
    """
    @notice Reverts unless the desk calls
    """
    if msg.sender != DESK:
        refusal._refuse("book: not the desk")


@internal
@pure
def _require_listed(list: uint256):
    """
    @notice Reverts for an expiry without listed strikes
    @param list Its strikes
    """
    if list == 0:
        refusal._refuse("book: expiry not listed")


@internal
@view
def _half(expiry: uint256, step: uint256) -> uint256:
    """
    @notice What stands in one strike
    @dev Every trade passes here: `position_word._key` and `_shift` are written out
    @param expiry Unix time
    @param step Grid step
    @return See `position_word`
    """
    word: uint256 = self.positions_of[(expiry << 128) | (step >> 1)]
    return (word >> ((step & 1) << 7)) & position_word.HALF


@internal
@view
def _leg(expiry: uint256, step: uint256, half: uint256) -> uint256:
    """
    @notice A strike for an evaluation
    @param expiry Unix time
    @param step Grid step
    @param half What stands in the strike
    @return See `position_word`
    """
    escrow: uint256 = 0
    if half & position_word.FILLED > position_word.POSITIONS:
        escrow = self.escrows[(expiry << 128) | (step >> 1)] >> ((step & 1) << 7)
    return position_word._leg(half, step, escrow)


@internal
def _escrow(key: uint256, offset: uint256, held: uint256, more: int256) -> bool:
    """
    @notice Changes what of a series is escrowed
    @param key Of the strike's word
    @param offset Of the series in the word of escrow
    @param held Lots that accounts owe, after the change
    @param more Lots escrowed more
    @return Whether some is
    """
    word: uint256 = self.escrows[key]
    was: uint256 = (word >> offset) & position_word.LOTS
    now: uint256 = unsafe_add(was, book_words._bits(more))
    if now > held:  # below zero too
        refusal._refuse("book: escrow")
    self.escrows[key] = word ^ ((was ^ now) << offset)
    return now != 0


@internal
def _with_credit(totals: uint256, expiry: uint256, old: uint256, new: uint256) -> uint256:
    """
    @notice Keeps the credit of an expiry and moves that of all by the difference
    @param totals The totals
    @param expiry Unix time
    @param old Credit of the expiry before
    @param new And after
    @return The totals, which say whether there is some
    """
    lots: int256 = unsafe_sub(
        convert(new & book_words.M64, int256), convert(old & book_words.M64, int256)
    )
    sum: uint256 = book_words._replaced(self.credit_of_all, old, new, lots)
    self.credits[expiry] = new
    self.credit_of_all = sum
    if sum == 0:
        return totals & ~book_words.CREDIT
    return totals | book_words.CREDIT


@internal
@view
def _positions(expiry: uint256) -> DynArray[types.Position, MAX_STRIKES]:
    """
    @notice What stands in every listed strike of an expiry
    @param expiry Unix time
    @return Positions
    """
    list: uint256 = self.strikes_of[expiry]
    found: DynArray[types.Position, MAX_STRIKES] = []
    for i: uint256 in range(strike_list._count(list), bound=MAX_STRIKES):
        step: uint256 = strike_list._step(list, i)
        leg: uint256 = self._leg(expiry, step, self._half(expiry, step))
        found.append(position_word._position(leg, GRID))
    return found


@internal
@view
def _standing(
    id: uint256,
    version: uint256,
    x: int256,
    totals_word: uint256,
    flows_word: uint256,
    freshness: uint256,
) -> types.Standing:
    """
    @notice What a trade meets
    @param id Series
    @param version Of the surface
    @param x S/R
    @param totals_word As the trade will find them
    @param flows_word The same
    @param freshness The same
    @return See `types`
    """
    strike: uint256 = (id >> 8) & series.STRIKE_MASK
    step: uint256 = unsafe_div(strike, GRID)
    half: uint256 = self._half(id >> 128, step)
    totals: book_words.Totals = book_words._totals(totals_word)
    flows: book_words.Flows = book_words._flows(flows_word)
    lots: uint256 = half >> unsafe_mul(id & 1, position_word.PUTS_WRITTEN)
    escrowed: uint256 = 0
    if half & (position_word.ESCROW << (id & 1)) != 0:
        escrowed = (
            self.escrows[((id >> 128) << 128) | (step >> 1)]
            >> unsafe_add((step & 1) << 7, unsafe_mul(id & 1, 31))
        ) & position_word.LOTS
    return types.Standing(
        exposure=types.Exposure(
            delta=totals.delta,
            gamma=totals.gamma,
            vega=totals.vega,
            flow_delta=flows.delta,
            flow_vega=flows.vega,
        ),
        underlying=unsafe_mul(book_words._held_lots(freshness), convert(units.LOT, int256)),
        toxicity=unsafe_mul(flows.toxicity, book_words.TOXICITY_GRAIN),
        written=lots & position_word.LOTS,
        held=(lots >> 31) & position_word.LOTS,
        escrowed=escrowed,
        caution=(freshness >> 252) & 3,
        is_listed=half >> 127 != 0 and unsafe_mul(step, GRID) == strike and id & 254 == 0,
        is_fresh=book_words._holds(freshness, x, block.timestamp, version),
        is_waiting=freshness >> 255 != 0,
    )


@internal
@view
def _is_reset_due(word: uint256, spot_at: uint256, flow_gap: uint256) -> bool:
    """
    @notice Is there a round with a new time, at least `flow_gap` after the last reset?
    @param word Flows
    @param spot_at Time of the round
    @param flow_gap Seconds
    """
    return (
        spot_at > (word >> 160) & book_words.M32
        and block.timestamp >= unsafe_add((word >> 128) & book_words.M32, flow_gap)
    )


@internal
@view
def _after_reset(word: uint256, spot_at: uint256, x: int256) -> (uint256, uint256, uint256):
    """
    @notice Flows, rounds and averages once the running round is closed
    @param word Flows before
    @param spot_at Time of the round that begins
    @param x S/R
    @return Flows, rounds, averages
    """
    flows: book_words.Flows = book_words._flows(word)
    averages: uint256 = mark_out._averages(self.averages, self.rounds, flows.delta, x)
    rounds: uint256 = mark_out._closed(self.rounds, flows.delta, x)
    flows.delta = 0
    flows.reset_at = block.timestamp
    flows.round_at = spot_at
    flows.toxicity = mark_out._ratio(averages)
    return book_words._pack_flows(flows), rounds, averages


@internal
@pure
def _with_version(word: uint256, version: uint256) -> uint256:
    """
    @notice Flows with W at zero if the surface has been posted since
    @param word Flows
    @param version Of the surface
    @return Flows
    """
    if (word >> 192) & book_words.M32 == version:
        return word
    flows: book_words.Flows = book_words._flows(word)
    flows.vega = 0
    flows.version = version
    return book_words._pack_flows(flows)


@internal
@view
def _flows_due(
    spot_at: uint256, version: uint256, x: int256, flow_gap: uint256, freshness: uint256
) -> (uint256, uint256):
    """
    @notice Flows, and with them the intersection, as a trade would find them
    @param spot_at Time of the round
    @param version Of the surface
    @param x S/R
    @param flow_gap Seconds
    @param freshness The intersection
    @return Flows, intersection
    """
    flows: uint256 = self.flows
    found: uint256 = freshness
    if self._is_reset_due(flows, spot_at, flow_gap):
        rounds: uint256 = 0
        averages: uint256 = 0
        flows, rounds, averages = self._after_reset(flows, spot_at, x)
        found = found & (book_words.WAITING - 1)
    return self._with_version(flows, version), found


@internal
def _reset_flows(
    spot: uint256, spot_at: uint256, version: uint256, x: int256, flow_gap: uint256
) -> uint256:
    """
    @notice Closes the running round and forgets W where that is due
    @param spot Price
    @param spot_at Time of its round
    @param version Of the surface
    @param x S/R
    @param flow_gap Seconds
    @return Flows
    """
    old: uint256 = self.flows
    word: uint256 = old
    if self._is_reset_due(word, spot_at, flow_gap):
        rounds: uint256 = 0
        averages: uint256 = 0
        word, rounds, averages = self._after_reset(word, spot_at, x)
        self.rounds = rounds
        self.averages = averages
        if self.freshness & book_words.WAITING != 0:
            self.freshness ^= book_words.WAITING
        log IBook.FlowReset(
            spot=spot,
            flow_delta=book_words._flows(old).delta,
            toxicity=unsafe_mul(word >> 224, book_words.TOXICITY_GRAIN),
        )
    word = self._with_version(word, version)
    if word != old:
        self.flows = word
    return word


# --- internals: evaluating


@internal
@view
def _spot() -> types.Snapshot:
    """
    @notice The market without a slice
    @return See `types`
    """
    snapshot: types.Snapshot = empty(types.Snapshot)
    round_id: uint256 = 0
    snapshot.spot, snapshot.other, snapshot.spot_at, round_id = (
        staticcall IOracle(ORACLE).spot_pair()
    )
    snapshot.at = block.timestamp
    return snapshot


@internal
@view
def _with_slice(snapshot: types.Snapshot, expiry: uint256) -> types.Snapshot:
    """
    @notice The market with the slice of an expiry
    @param snapshot The market
    @param expiry Unix time
    @return See `types`
    """
    now: ISurface.Snapshot = staticcall ISurface(SURFACE).slice(expiry)
    found: types.Snapshot = snapshot
    found.smile = now.smile
    found.carry = now.carry
    found.discount = now.discount
    found.tau = now.tau
    found.posted_at = now.posted_at
    found.version = now.version
    return found


@internal
@view
def _current(expiry: uint256, snapshot: types.Snapshot, x: int256, has_slice: bool) -> Evaluation:
    """
    @notice An expiry as stored where its guard holds, else evaluated anew
    @param expiry Listed
    @param snapshot The market at the surface's version
    @param x S/R
    @param has_slice Whether with the expiry's slice
    @return The evaluation
    """
    guard: uint256 = self.guards[expiry]
    if self._is_open(expiry, snapshot.at) and book_words._holds(
        guard, x, snapshot.at, snapshot.version
    ):
        return Evaluation(
            expiry=expiry, head=self.heads[expiry], guard=guard, credit=0, is_new=False
        )
    if has_slice:
        return self._evaluated(expiry, snapshot)
    return self._evaluated(expiry, self._with_slice(snapshot, expiry))


@internal
@pure
def _is_open(expiry: uint256, at: uint256) -> bool:
    """
    @notice Is an expiry before its cutoff?
    @param expiry Unix time
    @param at Unix time
    """
    return unsafe_add(at, CUTOFF) <= expiry


@internal
@view
def _evaluated(expiry: uint256, snapshot: types.Snapshot) -> Evaluation:
    """
    @notice All positions of an expiry at the present market
    @dev Of a listed expiry reverts nowhere but in reads
    @param expiry Listed
    @param snapshot The market, with the expiry's slice
    @return The evaluation; the guard of one that has passed never holds
    """
    legs: DynArray[uint256, MAX_STRIKES] = self._legs(expiry)
    found: Evaluation = Evaluation(expiry=expiry, head=0, guard=NOWHERE, credit=0, is_new=True)
    if snapshot.tau == 0:
        found.head, found.credit = staticcall IValuer(VALUER).expired(
            self._price(expiry, snapshot), REFERENCE, GRID, legs
        )
    else:
        found.head, found.guard, found.credit = staticcall IValuer(VALUER).evaluated(
            snapshot, REFERENCE, GRID, legs
        )
    return found


@internal
@view
def _legs(expiry: uint256) -> DynArray[uint256, MAX_STRIKES]:
    """
    @notice What the vault is long and short in each strike
    @param expiry Listed
    @return See `position_word`; without strikes in which nothing is open
    """
    legs: DynArray[uint256, MAX_STRIKES] = []
    list: uint256 = self.strikes_of[expiry]
    self._require_listed(list)
    below: uint256 = strike_list._below(list)
    key: uint256 = 0
    word: uint256 = 0
    for _: uint256 in range(MAX_STRIKES):
        place: uint256 = list & strike_list.WINDOW
        if place == 0:
            break
        list = list >> 10
        at: uint256 = unsafe_add(below, place)
        if unsafe_add(expiry << 128, at >> 1) != key:  # neighbours share a word
            key = unsafe_add(expiry << 128, at >> 1)
            word = self.positions_of[key]
        half: uint256 = (word >> ((at & 1) << 7)) & position_word.FILLED
        if half == 0:
            continue
        if half <= position_word.POSITIONS:
            legs.append(half | (at << position_word.STEP))
        else:
            legs.append(self._leg(expiry, at, half))
    return legs


@internal
@view
def _price(expiry: uint256, snapshot: types.Snapshot) -> uint256:
    """
    @notice What an expiry that has passed is paid at: the settlement price, or as long as no round has
        followed it spot, which is that price
    @dev Once a round has followed, anybody can fix the price, and everybody knows it. Whoever valued
        the book at spot then could be traded against, so it waits for that call
    @param expiry Listed
    @param snapshot The market
    @return The price
    """
    if staticcall IOracle(ORACLE).is_fixed(expiry):
        return staticcall IOracle(ORACLE).settlement_price(expiry)
    if snapshot.spot_at > expiry:
        refusal._refuse("book: not fixed")
    return snapshot.spot


@internal
def _store(found: Evaluation, x: int256):
    """
    @notice Keeps an evaluation, and moves the totals by the difference. An expiry past its cutoff has
        no guard, so its delta may jump, at a moment that anybody chooses: rebates then wait for the
        next round, or a trade before and one after would be paid the difference
    @param found The evaluation
    @param x S/R
    """
    old: uint256 = self.heads[found.expiry]
    totals: uint256 = self.totals
    if not self._is_open(found.expiry, block.timestamp):
        before: book_words.Head = book_words._head(old)
        after: book_words.Head = book_words._head(found.head)
        jump: int256 = exposure._dollar_delta(
            unsafe_sub(after.delta, before.delta), unsafe_sub(after.gamma, before.gamma), x, 0, 0
        )
        if convert(abs(jump), uint256) * JUMP_PARTS > book_words._gross(totals) * unsafe_div(
            unsafe_mul(convert(x, uint256), REFERENCE), units.WAD * units.NANO * 10**4
        ):
            self.freshness |= book_words.WAITING
    if found.credit != 0:  # else there is none in storage either
        totals = self._with_credit(totals, found.expiry, self.credits[found.expiry], found.credit)
    self.totals = book_words._replaced(totals, old, found.head, 0)
    self.heads[found.expiry] = found.head
    self.guards[found.expiry] = found.guard
    log IBook.BookRefreshed(expiry=found.expiry, head=found.head)


# --- internals: freshness


@internal
@view
def _intersection(snapshot: types.Snapshot) -> uint256:
    """
    @notice Where the guards of all expiries before their cutoff hold at once
    @param snapshot The market: its version is the one that counts
    @return See `book_words`
    """
    return self._intersection_with(snapshot, empty(Evaluation))


@internal
@view
def _intersection_with(snapshot: types.Snapshot, found: Evaluation) -> uint256:
    """
    @notice The same, with one evaluation in place of what is stored
    @param snapshot The market
    @param found The evaluation; of no expiry for none
    @return See `book_words`
    """
    word: uint256 = book_words._everywhere(self.freshness, snapshot.version)
    expiries: DynArray[uint256, MAX_EXPIRIES] = roster_word._expiries(self.roster, block.timestamp)
    for expiry: uint256 in expiries:
        if self._is_open(expiry, snapshot.at):
            guard: uint256 = found.guard if expiry == found.expiry else self.guards[expiry]
            word = book_words._intersected(word, guard)
        else:
            word |= book_words.PASSED
    return word


# --- internals: value


@internal
@view
def _all(snapshot: types.Snapshot, roster: uint256) -> DynArray[Evaluation, MAX_EXPIRIES]:
    """
    @notice Every expiry as stored where its guard holds, else evaluated anew; none at all where all
        guards hold, as the intersection says at once
    @param snapshot The market, without a slice
    @param roster Which expiries
    @return The evaluations
    """
    found: DynArray[Evaluation, MAX_EXPIRIES] = []
    x: int256 = exposure._ratio(snapshot.spot, REFERENCE)
    version: uint256 = staticcall ISurface(SURFACE).version()
    freshness: uint256 = self.freshness
    if freshness & book_words.PASSED == 0 and book_words._holds(freshness, x, snapshot.at, version):
        return found
    now: types.Snapshot = snapshot
    now.version = version
    expiries: DynArray[uint256, MAX_EXPIRIES] = roster_word._expiries(roster, snapshot.at)
    for expiry: uint256 in expiries:
        found.append(self._current(expiry, now, x, False))
    return found


@internal
@view
def _tally(
    found: DynArray[Evaluation, MAX_EXPIRIES], at: uint256, roster: uint256, d_vol: uint256
) -> Tally:
    """
    @notice Sums over all expiries as evaluated
    @param found Evaluations
    @param at Unix time
    @param roster Which expiries
    @param d_vol Points of volatility by which the next post may surprise
    @return The sums
    """
    if len(found) == 0:
        return self._stored_tally(at, roster, d_vol)
    sums: Tally = empty(Tally)
    for one: Evaluation in found:
        head: book_words.Head = book_words._head(one.head)
        posted_at: uint256 = (one.guard >> 180) & book_words.M32
        sums.value = unsafe_add(sums.value, head.value)
        sums.delta = unsafe_add(sums.delta, head.delta)
        sums.gamma = unsafe_add(sums.gamma, head.gamma)
        sums.vega = unsafe_add(sums.vega, head.vega)
        sums.surprise = unsafe_add(
            sums.surprise,
            unsafe_mul(
                convert(abs(head.vega), uint256),
                unsafe_add(d_vol, exposure._stale_vol(unsafe_sub(at, min(posted_at, at)))),
            ),
        )
        sums.slack = max(sums.slack, (one.guard >> 148) & book_words.M32)
    return sums


@internal
@view
def _stored_tally(at: uint256, roster: uint256, d_vol: uint256) -> Tally:
    """
    @notice Sums over all expiries as stored: a and b are the totals', the slices as old as the oldest
    @param at Unix time
    @param roster Which expiries
    @param d_vol Points of volatility by which the next post may surprise
    @return The sums
    """
    freshness: uint256 = self.freshness
    totals: book_words.Totals = book_words._totals(self.totals)
    amount: int256 = 0
    vega: uint256 = 0
    expiries: DynArray[uint256, MAX_EXPIRIES] = roster_word._expiries(roster, at)
    for expiry: uint256 in expiries:
        head: int256 = convert(convert(self.heads[expiry], bytes32), int256)
        amount = unsafe_add(amount, (head << 192) >> 192)
        vega = unsafe_add(vega, convert(abs(head >> 192), uint256))
    posted_at: uint256 = (freshness >> 180) & book_words.M32
    return Tally(
        value=amount,
        delta=totals.delta,
        gamma=totals.gamma,
        vega=totals.vega,
        surprise=unsafe_mul(
            vega, unsafe_add(d_vol, exposure._stale_vol(unsafe_sub(at, min(posted_at, at))))
        ),
        slack=(freshness >> 148) & book_words.M32,
    )


@internal
@view
def _appraisal(
    found: DynArray[Evaluation, MAX_EXPIRIES],
    snapshot: types.Snapshot,
    roster: uint256,
    underlying: int256,
) -> types.Appraisal:
    """
    @notice The book's value, and by how much it may be off or move before anyone can act
    @param found Every expiry, or none where all are stored as they hold
    @param snapshot The market
    @param roster Which expiries, and whose numbers
    @param underlying Units held beside the book, WAD
    @return See `types`
    """
    terms: types.MarkTerms = staticcall IRiskSheet(roster_word._sheet(roster)).mark_terms()
    x: int256 = exposure._ratio(snapshot.spot, REFERENCE)
    sums: Tally = self._tally(found, snapshot.at, roster, terms.d_vol)
    move: uint256 = unsafe_add(terms.d_spot, self._disagreement(snapshot))
    delta: int256 = exposure._dollar_delta(
        sums.delta,
        sums.gamma,
        x,
        convert(snapshot.spot, int256),
        underlying,
    )
    gamma: int256 = exposure._gamma_dollars(sums.gamma, x)
    dollars: uint256 = convert(abs(delta), uint256)
    bend: uint256 = unsafe_div(unsafe_mul(convert(abs(gamma), uint256), move), 2 * units.WAD)
    surprise: uint256 = unsafe_div(  # nano
         unsafe_add(sums.surprise, unsafe_mul(unsafe_add(dollars, bend), move)), units.WAD
    )
    surprise = unsafe_add(
        surprise,
        unsafe_div(
            unsafe_mul(convert(self._credit_at(found, x), uint256), terms.credit_haircut), units.WAD
        ),
    )
    lots: uint256 = book_words._gross(self.totals)
    if lots != 0:  # an empty book is worth nothing, exactly
        surprise = unsafe_add(surprise, unsafe_add(unsafe_mul(sums.slack, lots), 16))
    potential: uint256 = self._potential(delta, gamma, sums.vega, terms)
    return types.Appraisal(
        spot=snapshot.spot,
        value=unsafe_mul(exposure._value(sums.value, sums.delta, sums.gamma, x), exposure.NANO),
        potential=potential,
        width=unsafe_add(unsafe_mul(surprise, units.NANO), potential),
    )


@internal
@view
def _credit_at(found: DynArray[Evaluation, MAX_EXPIRIES], x: int256) -> int256:
    """
    @notice Value of what accounts owe and have not escrowed
    @param found Every expiry, or none where all are stored as they hold
    @param x S/R
    @return Nano, at least zero
    """
    if self.totals & book_words.CREDIT == 0:
        return 0
    sum: uint256 = self.credit_of_all
    for one: Evaluation in found:
        if one.credit != 0:
            sum = book_words._replaced(sum, self.credits[one.expiry], one.credit, 0)
    lent: book_words.Totals = book_words._totals(sum)  # p, a, b in the places of a, b, v
    return max(exposure._value(lent.delta, lent.gamma, lent.vega, x), 0)


@internal
@pure
def _disagreement(snapshot: types.Snapshot) -> uint256:
    """
    @notice How far the second source is from the first
    @param snapshot The market
    @return Share of spot
    """
    apart: uint256 = unsafe_sub(
        max(snapshot.spot, snapshot.other), min(snapshot.spot, snapshot.other)
    )
    return unsafe_div(unsafe_mul(apart, units.WAD), snapshot.spot)


@internal
@view
def _potential(delta: int256, gamma: int256, vega: int256, terms: types.MarkTerms) -> uint256:
    """
    @notice U
    @param delta Dollar delta, nano
    @param gamma Gamma dollars, nano
    @param vega Weighted vega, nano
    @param terms The sheet's numbers
    @return Quote, rounded up
    """
    flows: book_words.Flows = book_words._flows(self.flows)
    twice: int256 = exposure._twice_potential(
        exposure._pulled(delta),
        exposure._pulled(gamma),
        exposure._pulled(vega),
        flows.delta,
        flows.vega,
        terms.delta_slope,
        terms.gamma_slope,
        terms.vega_slope,
        terms.flow_slope,
        terms.vflow_slope,
    )
    return unsafe_div(unsafe_add(convert(twice, uint256), 2 * 10**27 - 1), 2 * 10**27)


# --- internals: the list of expiries


@internal
def _forget(expiry: uint256, lots: int256):
    """
    @notice Takes an expiry without strikes off the list, and its polynomial off the totals: trades at
        different spots leave a rest in it when nothing is open any more
    @param expiry Unix time
    @param lots By how many more the book has
    """
    totals: uint256 = self.totals
    credit: uint256 = self.credits[expiry]
    if credit != 0:
        totals = self._with_credit(totals, expiry, credit, 0)
    self.totals = book_words._replaced(totals, self.heads[expiry], 0, lots)
    self.roster = roster_word._without(self.roster, expiry)
    self.heads[expiry] = 0
    self.guards[expiry] = 0
