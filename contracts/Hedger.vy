# pragma version 0.4.3
# pragma optimize codesize
# pragma nonreentrancy on
"""
@title Hedger
@license MIT
@notice Brings the vault's net delta back into its band, on venues, and keeps underlying in stock for the cover of calls. Anyone may
    call; when something is due, how much of it, and at what price it may be done, is decided here.
@dev Net delta is what the vault has of underlying, plus what is on venues, plus the book's, at the present spot. From Y on an order
    takes it back to L (`math/hedge_band`), in slices, one every `hedge_gap` seconds; past the hard trigger one a block.

    The danger is a caller who moves the pool, has the hedge trade there, and moves it back. So an order has a limit price, within
    `slip` of the oracle and `mean_slip` of the pool's own mean, and afterwards everything that left and came is counted at the
    oracle's price: more than `slip` of the order's worth cannot be lost, whatever a venue says. What stands on a venue is capped.
    The reward is at most half of the fall of the potential, which whoever pushed delta up has paid for.

    The wrong failure would be a venue that stops something else. So an order that fails is undone, said in an event, and its venue
    waits; a position that cannot be read is valued by bounds; and nothing that trades, settles or lets out asks a venue anything.
    Little gas must not look like a failing venue: whoever brings too little is refused.

    What is locked as cover is out of reach: the vault lends free tokens only. Opposite to everything else in a market this contract
    calls what it does not know, between its own lock and the vault's.
@custom:kill The guardian takes the caps of venues down to zero, after which orders only reduce what stands there, and leaves them
    with `emergency_exit`. Nobody can stop orders that reduce.
"""

from interfaces import IBook
from interfaces import IDesk
from interfaces import IHedger
from interfaces import ILender
from interfaces import IOracle
from interfaces import IRiskSheet
from interfaces import ISurface
from interfaces import IVault
from interfaces import IVenue
from ethereum.ercs import IERC20Detailed
from . import types
from . import units
from .math import exposure
from .math import hedge_band
from .math import refusal
from .math import venue_word
from .modules import venue_list

implements: IHedger

initializes: venue_list

MAX_VENUES: constant(uint256) = venue_list.MAX_VENUES
NANO: constant(int256) = 10**9
OPEN_HEALTH: constant(uint256) = units.WAD // 2  # above the sheet's least: where debt is left
CALM_HEALTH: constant(uint256) = 3 * units.WAD // 2  # above it: collateral is taken back
ROOT_HOUR: constant(uint256) = 10684346079267205  # of an hour over a year, WAD
MOST_UNITS: constant(int256) = 2**100  # below nothing no venue's equity is believed beyond
YEAR: constant(uint256) = 365 * 86400
HALF_YEAR: constant(int256) = 365 * 43200
READ_GAS: constant(uint256) = 300_000
ORDER_GAS: constant(uint256) = 2_500_000
OVERHEAD: constant(uint256) = 150_000
DIGITS: constant(int256) = 16  # units, and assets, by which a lender may round
DRIFT: constant(int256) = 1024  # part of a position that may grow unnoticed, of an order be missing
HALF_TO_QUOTE: constant(uint256) = 2 * 10**27  # of a slope times nano squared, WAD quote
MOST_RESERVE: constant(uint256) = 2**126
MOST_HELD: constant(int256) = 2**95
WAD: constant(int256) = 10**18

VAULT: public(immutable(address))
BOOK: public(immutable(address))
DESK: public(immutable(address))
ORACLE: public(immutable(address))
SURFACE: public(immutable(address))
OWNER: public(immutable(address))
REFERENCE: immutable(uint256)  # the book's R
QUOTE_SCALE: immutable(uint256)  # WAD in an asset
UNIT_SCALE: immutable(uint256)  # WAD in a unit of underlying

last_at: public(uint256)  # Unix time of the last order
noted: uint256  # what the vault has been told: see `venue_word`


struct Look:  # what a call finds
    spot: uint256
    terms: types.HedgeTerms
    nav: uint256  # reference, quote
    held: IVault.Holdings
    lender: address
    units: int256  # on all venues
    delta: int256  # nano
    gamma: uint256  # nano, in size
    debt_units: uint256  # owed on all venues


struct Due:
    amount: uint256  # WAD quote of dollar delta to trade
    outer: uint256
    inner: uint256
    is_hard: bool


@deploy
def __init__(
    vault: address,
    book: address,
    desk: address,
    oracle: address,
    surface: address,
    owner: address,
    venues: DynArray[address, MAX_VENUES],
    caps: DynArray[uint256, MAX_VENUES],
    lends: DynArray[bool, MAX_VENUES],
):
    """
    @notice A hedger with the venues of its market's first day
    @param vault Whose delta
    @param book What it has written
    @param desk Knows the reference NAV and the guardian
    @param oracle Spot
    @param surface Volatility
    @param owner The timelock
    @param venues First venues, which stand
    @param caps Of each, share of NAV: there are no LPs yet whom a step at a time would protect
    @param lends Of each, whether it is an `ILender`
    """
    if empty(address) in [vault, book, desk, oracle, surface, owner]:
        refusal._refuse("hedger: address")
    if len(caps) != len(venues) or len(lends) != len(venues):
        refusal._refuse("hedger: lengths")
    VAULT = vault
    BOOK = book
    DESK = desk
    ORACLE = oracle
    SURFACE = surface
    OWNER = owner
    REFERENCE = staticcall IBook(book).REFERENCE()
    QUOTE_SCALE = self._scale(staticcall IVault(vault).asset())
    UNIT_SCALE = self._scale(staticcall IVault(vault).UNDERLYING())
    for i: uint256 in range(len(venues), bound=MAX_VENUES):
        self._add(venues[i], lends[i], caps[i])


# --- anyone


@external
def hedge() -> int256:
    """
    @notice An order, where one is due
    @return Units bought, below zero sold; zero where no venue could fill it, which is no revert, so that they wait
    """
    look: Look = self._look((extcall IBook(BOOK).appraise(0)).spot)
    due: Due = self._due(look)
    if due.amount == 0:
        refusal._refuse("hedger: not due")
    if block.timestamp < self._next_at(due.is_hard, look.terms.hedge_gap):
        refusal._refuse("hedger: too soon")
    before: uint256 = self.last_at
    self.last_at = block.timestamp
    wanted: int256 = self._units(due.amount, look.spot)
    if look.delta > 0:
        wanted = -wanted
    filled: int256 = self._fill(wanted, due.is_hard, look)
    if filled == 0:
        self.last_at = before
        return 0
    after: int256 = look.delta + self._dollars(filled, look.spot)
    reward: uint256 = self._reward(look, after)
    log IHedger.BandLeft(
        caller=msg.sender,
        before=look.delta * NANO,
        after=after * NANO,
        outer=due.outer,
        inner=due.inner,
        is_hard=due.is_hard,
        reward=reward,
    )
    self._note(look.spot, look.terms.debt_reserve, True, 0)
    self._pay(reward)
    return filled


@external
@reentrant
def execute(
    venue: address,
    amount: int256,
    spot: uint256,
    slip: uint256,
    mean_slip: uint256,
    health: uint256,
    cap: uint256,
) -> int256:
    """
    @notice An order on one venue, for this contract alone: a call of its own, so that one which fails is undone
    @param venue Where
    @param amount Units, below zero to sell
    @param spot The oracle's price
    @param slip From it, at most
    @param mean_slip From the venue's mean price, at most
    @param health Least of a lender
    @param cap Assets of equity that may stand there
    @return Units filled
    """
    if msg.sender != self:
        refusal._refuse("hedger: not itself")
    limit: uint256 = self._limit(amount > 0, spot, slip, staticcall IVenue(venue).mean(), mean_slip)
    quote: uint256 = 0
    underlying: uint256 = 0
    quote, underlying = staticcall IVenue(venue).needs(amount, limit, health + OPEN_HEALTH)
    filled: int256 = 0
    lost: int256 = 0
    filled, lost = self._trade(
        venue,
        quote,
        underlying,
        abi_encode(
            amount,
            limit,
            health + OPEN_HEALTH,
            method_id=method_id("order(int256,uint256,uint256)"),
        ),
        spot,
        cap,
        self._worth(abs(amount), spot) * convert(slip, int256) // WAD,
    )
    if filled == 0 or (filled > 0) != (amount > 0) or abs(filled) > abs(amount) + DIGITS:
        refusal._refuse("hedger: fill")
    if lost > self._worth(abs(filled), spot) * convert(slip, int256) // WAD + DIGITS:
        refusal._refuse("hedger: slip")
    if amount < 0 and venue == venue_list._lender():
        if self._health(venue) < health:
            refusal._refuse("hedger: health")
    log IHedger.Hedged(venue=venue, units=filled, spot=spot, cost=lost)
    return filled


@external
def stock() -> int256:
    """
    @notice Underlying free for covering calls, borrowed where it is short of its target and repaid where there is twice as much. What
        is borrowed and held has no delta and needs no trade
    @return Units borrowed, below zero repaid
    """
    look: Look = self._lent()
    free: uint256 = self._free_units(look.held)
    target: uint256 = self._target(look)
    amount: int256 = 0
    if free < target:
        amount = self._borrow(look, target - free)
    elif free >= 2 * target:
        amount = -self._returned(look, free - target)
    if amount == 0:
        refusal._refuse("hedger: stocked")
    self._note(look.spot, look.terms.debt_reserve, False, -self._lots(amount))
    log IHedger.Stocked(venue=look.lender, units=amount)
    return amount


@external
def tend() -> uint256:
    """
    @notice Where the lender might liquidate: collateral from free quote, the reserve included; where that does not do, debt repaid
        from free underlying, and then a slice of it bought back out of the collateral. Where there is far more collateral than debt
        needs, it comes back
    @return Health after
    """
    look: Look = self._lent()
    before: uint256 = self._health(look.lender)
    reward: uint256 = 0
    is_jump: bool = False
    if before < look.terms.lend_health:
        is_jump = self._defend(look)
        reward = look.terms.hedge_gas // QUOTE_SCALE
    elif before >= look.terms.lend_health + CALM_HEALTH:
        self._repay(look, 0)
    else:
        refusal._refuse("hedger: healthy")
    after: uint256 = self._health(look.lender)
    if reward != 0 and after <= before:
        refusal._refuse("hedger: no help")
    reward = min(reward, (staticcall IVault(VAULT).holdings()).loose_quote)
    log IHedger.Tended(
        venue=look.lender, caller=msg.sender, before=before, after=after, reward=reward
    )
    self._note(look.spot, look.terms.debt_reserve, is_jump, 0)
    self._pay(reward)
    return after


@external
def sync():
    """
    @notice What stands on venues, as the vault and the book shall know it. Interest alone does not count as a change of delta
    """
    spot: uint256 = self._spot()
    self._note(spot, self._terms().debt_reserve, False, 0)


# --- the vault


@external
@view
def appraisal(spot: uint256) -> types.Venues:
    """
    @notice What stands on venues, of each no less than nothing: what is owed beyond what is there is the venue's. One that does not
        answer counts as it did last, in the low mark for nothing and in the high one as if nothing were owed there: an LP who brings
        that about meets the worse of the two
    @param spot Price, WAD
    @return See `types`
    """
    terms: types.HedgeTerms = self._terms()
    found: types.Venues = empty(types.Venues)
    owed: uint256 = 0
    for venue: address in venue_list.venues:
        if not venue_list._holds(venue):
            continue
        amount: int256 = 0
        equity: int256 = 0
        is_known: bool = False
        amount, equity, is_known = self._position(venue, spot)
        worth: int256 = self._worth(amount, spot)
        owed += convert(max(-worth, 0), uint256)
        most: int256 = max(equity, 0)
        least: int256 = max(most - abs(worth) * convert(terms.swap_cost, int256) // WAD, 0)
        found.equity += most
        if not is_known:
            most = max(most, equity - worth)
            least = 0
        found.low += least
        found.high += most
    scale: int256 = convert(QUOTE_SCALE, int256)
    found.equity *= scale
    found.low *= scale
    found.high *= scale
    found.reserve = owed * terms.debt_reserve // units.WAD
    return found


# --- guardian and owner


@external
def emergency_exit(venue: address) -> (uint256, uint256):
    """
    @notice Out of a venue without a trade, as far as it lets: what is owed there is repaid from free underlying. Needs no price
    @param venue Listed
    @return Assets and units that came back, less those sent
    """
    self._require_careful()
    venue_list._set_cap(venue, 0)
    log IHedger.CapChanged(venue=venue, cap=0)
    amount: int256 = 0
    base: int256 = 0
    age: uint256 = 0
    amount, base, age = venue_list._kept(venue)
    sent: uint256 = min(
        convert(max(-amount, 0), uint256),
        self._free_units(staticcall IVault(VAULT).holdings()),
    )
    assets: uint256 = 0
    underlying: uint256 = 0
    assets, underlying = extcall IVault(VAULT).trade(
        venue, 0, sent, abi_encode(b"", method_id=method_id("emergency_exit()"))
    )
    venue_list.draws[venue] = 0  # the cap is zero now, and the owner's to raise
    self._note(self._last_spot(), self._terms().debt_reserve, True, 0)
    log IHedger.VenueLeft(venue=venue, quote=assets, underlying=underlying, sent=sent)
    return assets, underlying


@external
def set_cap(venue: address, cap: uint256):
    """
    @notice What may stand on a venue. Lower at once, higher by 5 % of NAV a week
    @param venue Listed
    @param cap Share of the reference NAV, WAD
    """
    if cap > venue_list._cap(venue):
        self._require_owner()
    else:
        self._require_careful()
    venue_list._set_cap(venue, cap)
    log IHedger.CapChanged(venue=venue, cap=cap)


@external
def add_venue(venue: address, lends: bool):
    """
    @notice A venue, with a cap of zero
    @param venue Not listed yet
    @param lends Whether it is an `ILender`; the first that is lends the stock
    """
    self._require_owner()
    self._add(venue, lends, 0)


@external
def remove_venue(venue: address):
    """
    @notice A venue off the list, on which nothing stands; one that does not answer any more is written off with that
    @param venue Listed
    """
    self._require_owner()
    amount: int256 = 0
    equity: int256 = 0
    is_known: bool = False
    amount, equity, is_known = self._position(venue, 0)
    if is_known and max(abs(amount), equity) > DIGITS:
        refusal._refuse("hedger: position")
    venue_list._remove(venue)
    log IHedger.VenueRemoved(venue=venue)
    self._note(self._last_spot(), self._terms().debt_reserve, True, 0)


# --- views


@external
@view
def due() -> IHedger.Call:
    """
    @notice What a call would find, were the book refreshed
    @return See `IHedger`
    """
    look: Look = self._look(self._spot())
    found: Due = self._due(look)
    order: int256 = self._units(found.amount, look.spot)
    return IHedger.Call(
        spot=look.spot,
        delta=look.delta * NANO,
        gamma=look.gamma * units.NANO,
        outer=found.outer,
        inner=found.inner,
        order=-order if look.delta > 0 else order,
        is_hard=found.is_hard,
        next_at=self._next_at(found.is_hard, look.terms.hedge_gap),
        debt=look.debt_units,
        lender=look.lender,
    )


@external
@view
def venues() -> DynArray[address, MAX_VENUES]:
    """
    @notice Venues in use
    """
    return venue_list.venues


@external
@view
def venue(place: address) -> (uint256, uint256, uint256, bool):
    """
    @notice Of a venue its cap, the failures in a row, when it is asked again, and whether it lends
    @param place Which
    @return Share of NAV, a number, Unix time, a flag
    """
    word: uint256 = venue_list.words[place]
    return (
        word & venue_list.LOW_64,
        (word >> 144) & 65535,
        (word >> 104) & venue_list.LOW_40,
        word & venue_list.LENDS != 0,
    )


# --- internals: what a call finds


@internal
@view
def _look(spot: uint256) -> Look:
    """
    @notice Everything that a decision needs, with the book as stored
    @param spot Price, WAD
    @return See above
    """
    look: Look = empty(Look)
    look.spot = spot
    look.terms = self._terms()
    look.nav = staticcall IDesk(DESK).nav_ref()
    look.held = staticcall IVault(VAULT).holdings()
    look.lender = venue_list._lender()
    for venue: address in venue_list.venues:
        if venue_list._holds(venue):
            amount: int256 = 0
            equity: int256 = 0
            is_known: bool = False
            amount, equity, is_known = self._position(venue, spot)
            look.units += amount
            look.debt_units += convert(max(-amount, 0), uint256)
    book: types.Exposure = staticcall IBook(BOOK).exposure_now()
    x: int256 = exposure._ratio(spot, REFERENCE)
    look.delta = exposure._dollar_delta(book.delta, book.gamma, x, 0, 0) + self._dollars(
        look.units + convert(look.held.underlying, int256), spot
    )
    look.gamma = convert(abs(exposure._gamma_dollars(book.gamma, x)), uint256)
    return look


@internal
@view
def _position(venue: address, price: uint256) -> (int256, int256, bool):
    """
    @notice What stands on a venue: its own word as far as that follows from what was sent there and came back, from the price and from
        interest; where it does not answer, or says what cannot be, what stood there last
    @param venue Listed
    @param price Of the underlying, WAD
    @return Units, assets of equity, whether it answered
    """
    if msg.gas < READ_GAS + OVERHEAD:
        refusal._refuse("hedger: gas")
    done: bool = False
    answer: Bytes[64] = b""
    done, answer = raw_call(
        venue,
        abi_encode(price, method_id=method_id("position(uint256)")),
        max_outsize=64,
        gas=READ_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    amount: int256 = 0
    base: int256 = 0
    age: uint256 = 0
    amount, base, age = venue_list._kept(venue)
    equity: int256 = base + self._worth(amount, price)
    if not done or len(answer) != 64:
        return amount, equity, False
    told: int256 = 0
    worth: int256 = 0
    told, worth = abi_decode(answer, (int256, int256))
    most: int256 = self._grown(amount, age)
    if told < min(amount, 0) - most or told > max(amount, 0) + most or worth < -MOST_UNITS:
        return amount, equity, False
    return told, min(worth, equity + self._grown(base, age)), True


@internal
@pure
def _grown(amount: int256, age: uint256) -> int256:
    """
    @notice By how much interest may have moved something: twice as much again in a year, and some digits
    @param amount Units or assets
    @param age Seconds
    @return Units or assets
    """
    return abs(amount) * convert(min(age, YEAR), int256) // HALF_YEAR + DIGITS


@internal
@view
def _due(look: Look) -> Due:
    """
    @notice What the band and the hard trigger ask for
    @param look What there is
    @return See above
    """
    due: Due = empty(Due)
    size: uint256 = convert(abs(look.delta * NANO), uint256)
    due.outer, due.inner = hedge_band._band(
        look.gamma * units.NANO,
        look.terms.risk_aversion,
        look.terms.hedge_gas,
        look.terms.swap_cost,
    )
    due.outer = max(due.outer, due.inner + look.terms.slice_min)
    due.is_hard = self._is_hard(size, look)
    if (size >= due.outer or due.is_hard) and size >= due.inner + look.terms.slice_min:
        due.amount = min(size - due.inner, look.terms.slice_max)
    return due


@internal
@view
def _is_hard(size: uint256, look: Look) -> bool:
    """
    @notice Does an hour's deviation of spot cost more than the sheet allows? Volatility is asked only where its largest could
    @param size Dollar delta, WAD quote
    @param look What there is
    """
    hour: uint256 = size * ROOT_HOUR
    most: uint256 = look.terms.hard_trigger * look.nav
    if look.nav == 0 or 3 * hour <= most:
        return False
    return hour * (staticcall ISurface(SURFACE).vol_index()) > most * units.WAD


@internal
@view
def _next_at(is_hard: bool, gap: uint256) -> uint256:
    """
    @notice From when an order may follow the last one
    @param is_hard Whether the hard trigger has fired: the next block
    @param gap Of the sheet, seconds
    @return Unix time
    """
    return self.last_at + (1 if is_hard else gap)


@internal
@view
def _spot() -> uint256:
    """
    @notice The oracle's price, or a revert
    @return WAD
    """
    spot: uint256 = 0
    at: uint256 = 0
    round_id: uint256 = 0
    spot, at, round_id = staticcall IOracle(ORACLE).spot()
    return spot


@internal
@view
def _last_spot() -> uint256:
    """
    @notice The oracle's price, or zero where there is none
    @return WAD
    """
    is_known: bool = False
    spot: uint256 = 0
    other: uint256 = 0
    at: uint256 = 0
    round_id: uint256 = 0
    is_known, spot, other, at, round_id = staticcall IOracle(ORACLE).try_spot()
    return spot


@internal
@view
def _terms() -> types.HedgeTerms:
    """
    @notice The sheet's numbers
    @return See `types`
    """
    return staticcall IRiskSheet(staticcall IBook(BOOK).sheet()).hedge_terms()


@internal
@view
def _free_units(held: IVault.Holdings) -> uint256:
    """
    @notice Underlying that covers nothing
    @param held What the vault has
    @return Units, rounded down to lots
    """
    return held.free_lots * units.LOT // UNIT_SCALE


@internal
@view
def _target(look: Look) -> uint256:
    """
    @notice Underlying that shall be free
    @param look What there is
    @return Units
    """
    return convert(self._units(look.terms.stock_target * look.nav // units.WAD, look.spot), uint256)


@internal
@view
def _spare_quote(look: Look, is_hard: bool) -> uint256:
    """
    @notice Quote that an order may take: the reserve only where the hard trigger has fired
    @param look What there is
    @param is_hard Whether it has
    @return Assets
    """
    if is_hard:
        return look.held.loose_quote
    return look.held.loose_quote - min(self._reserve(look.debt_units, look), look.held.loose_quote)


@internal
@view
def _reserve(debt: uint256, look: Look) -> uint256:
    """
    @notice Quote that stays free for a debt
    @param debt Units
    @param look What there is
    @return Assets
    """
    worth: uint256 = convert(self._worth(convert(debt, int256), look.spot), uint256)
    return worth * look.terms.debt_reserve // units.WAD


# --- internals: orders


@internal
def _fill(wanted: int256, is_hard: bool, look: Look) -> int256:
    """
    @notice An order over venues, the cheapest first. Where none has room nothing was tried, and the call is refused
    @param wanted Units
    @param is_hard Whether stock and reserve may go into it
    @param look What there is
    @return Units filled
    """
    left: int256 = wanted
    tried: uint256 = 0
    for _: uint256 in range(MAX_VENUES):
        part: int256 = 0
        best: uint256 = 0
        part, best = self._best(left, tried, is_hard, look)
        if part == 0:
            break
        tried |= 1 << best
        left -= self._attempt(venue_list.venues[best], part, look)
        if abs(left) * DRIFT <= abs(wanted):  # digits that a lender has rounded off are no order
            break
    if tried == 0:
        refusal._refuse("hedger: no room")
    return wanted - left


@internal
@view
def _best(left: int256, tried: uint256, is_hard: bool, look: Look) -> (int256, uint256):
    """
    @notice The venue with the lowest marginal cost among those that can fill a slice at least, or all that is left
    @param left Units
    @param tried Venues that have had their turn, a bit each
    @param is_hard Whether stock and reserve may go into it
    @param look What there was before the first order
    @return Units for it, zero where there is none, and its place
    """
    now: Look = look
    now.held = staticcall IVault(VAULT).holdings()
    spare_quote: uint256 = self._spare_quote(now, is_hard)
    spare_units: uint256 = self._free_units(now.held)
    if not is_hard:
        spare_units -= min(self._target(now), spare_units)
    size: uint256 = convert(abs(left), uint256)
    least: uint256 = min(size, convert(self._units(look.terms.slice_min, look.spot), uint256))
    part: uint256 = 0
    best: uint256 = 0
    cheapest: uint256 = max_value(uint256)
    for i: uint256 in range(len(venue_list.venues), bound=MAX_VENUES):
        place: address = venue_list.venues[i]
        if (
            tried & (1 << i) != 0
            or (venue_list._is_waiting(place) and not is_hard)
            or (venue_list._cap(place) == 0 and (left < 0 or place != look.lender))
        ):
            continue
        most: uint256 = 0
        cost: uint256 = 0
        most, cost = self._room(place, left, spare_quote, spare_units, look)
        if most >= max(least, 1) and cost < cheapest:
            part = min(most, size)
            best = i
            cheapest = cost
    if left < 0:
        return -convert(part, int256), best
    return convert(part, int256), best


@internal
@view
def _room(
    venue: address, wanted: int256, spare_quote: uint256, spare_units: uint256, look: Look
) -> (uint256, uint256):
    """
    @notice What a venue could fill, and at which cost; nothing where it does not answer
    @param venue Listed
    @param wanted Units
    @param spare_quote Assets that the vault can send
    @param spare_units Units that it can
    @param look What there is
    @return Units, share of their worth
    """
    if msg.gas < READ_GAS + OVERHEAD:
        refusal._refuse("hedger: gas")
    done: bool = False
    answer: Bytes[64] = b""
    done, answer = raw_call(
        venue,
        abi_encode(
            wanted,
            look.spot,
            spare_quote,
            spare_units,
            self._cap(venue, look.nav),
            look.terms.lend_health + OPEN_HEALTH,
            method_id=method_id("room(int256,uint256,uint256,uint256,uint256,uint256)"),
        ),
        max_outsize=64,
        gas=READ_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not done or len(answer) != 64:
        return 0, 0
    return abi_decode(answer, (uint256, uint256))


@internal
def _attempt(venue: address, amount: int256, look: Look) -> int256:
    """
    @notice An order on a venue; one that fails is undone, and the venue waits
    @param venue Listed
    @param amount Units
    @param look What there is
    @return Units filled, zero where it failed
    """
    if msg.gas < ORDER_GAS + ORDER_GAS // 32:
        refusal._refuse("hedger: gas")
    done: bool = False
    answer: Bytes[132] = b""
    done, answer = raw_call(
        self,
        abi_encode(
            venue,
            amount,
            look.spot,
            look.terms.slip,
            look.terms.mean_slip,
            look.terms.lend_health,
            self._cap(venue, look.nav),
            method_id=method_id("execute(address,int256,uint256,uint256,uint256,uint256,uint256)"),
        ),
        max_outsize=132,
        gas=ORDER_GAS,
        revert_on_failure=False,
    )
    if done:
        venue_list._succeeded(venue)
        return abi_decode(slice(answer, 0, 32), int256)
    retry_at: uint256 = venue_list._failed(venue)
    log IHedger.OrderFailed(venue=venue, units=amount, retry_at=retry_at, reason=answer)
    return 0


@internal
@pure
def _limit(
    is_buy: bool, spot: uint256, slip: uint256, mean: uint256, mean_slip: uint256
) -> uint256:
    """
    @notice The worst price of an order: within `slip` of the oracle's and `mean_slip` of the venue's mean
    @param is_buy Whether it buys
    @param spot The oracle's price
    @param slip Share
    @param mean The venue's
    @param mean_slip Share
    @return Price, WAD, rounded against the order
    """
    if is_buy:
        return min(spot * (units.WAD + slip), mean * (units.WAD + mean_slip)) // units.WAD
    return (
        max(spot * (units.WAD - slip), mean * (units.WAD - mean_slip)) + units.WAD - 1
    ) // units.WAD


@internal
def _trade(
    venue: address,
    quote: uint256,
    underlying: uint256,
    order: Bytes[132],
    spot: uint256,
    cap: uint256,
    slip: int256,
) -> (int256, int256):
    """
    @notice Tokens to a venue and what it gives for them, counted at the oracle's price
    @param venue Where
    @param quote Assets sent
    @param underlying Units sent
    @param order What to call
    @param spot The oracle's price
    @param cap Assets that may be drawn for it, or stand there, where more was sent than came back
    @param slip Assets that may be lost, or gained, but for the last digits
    @return Units of delta gained, assets lost
    """
    amount: int256 = 0
    equity: int256 = 0
    is_known: bool = False
    amount, equity, is_known = self._position(venue, spot)
    if not is_known:
        refusal._refuse("hedger: position")
    got: uint256 = 0
    got_units: uint256 = 0
    got, got_units = extcall IVault(VAULT).trade(venue, quote, underlying, order)
    now: int256 = 0
    worth: int256 = 0
    now, worth = staticcall IVenue(venue).position(spot)
    held: int256 = convert(got_units, int256) - convert(underlying, int256)
    sent: int256 = convert(quote, int256) - convert(got, int256) - self._worth(held, spot)
    worth = max(
        min(worth, max(equity + sent + slip + DIGITS, 0)), -MOST_UNITS
    )  # gifts come back too
    drawn: uint256 = venue_list._draw(venue, sent, cap)
    if sent > DIGITS and convert(max(convert(drawn, int256), worth), uint256) > cap:
        refusal._refuse("hedger: cap")
    if equity - worth + sent > slip + DIGITS + self._worth(DIGITS, spot):
        refusal._refuse("hedger: loss")
    venue_list._keep(venue, now, worth - self._worth(now, spot))
    return now - amount + held, equity - worth + sent


@internal
def _exchange(
    quote: uint256,
    underlying: uint256,
    order: Bytes[132],
    look: Look,
    cap: uint256,
):
    """
    @notice The same with the lender, for what shall neither move delta nor cost anything, but for the last digits
    @param quote Assets sent
    @param underlying Units sent
    @param order What to call
    @param look What there is
    @param cap Assets that may be drawn for it
    """
    moved: int256 = 0
    lost: int256 = 0
    moved, lost = self._trade(look.lender, quote, underlying, order, look.spot, cap, 0)
    if abs(moved) > DIGITS:
        refusal._refuse("hedger: delta")


# --- internals: stock and collateral


@internal
@view
def _lent() -> Look:
    """
    @notice What a call finds that is about what is borrowed
    @return See above
    """
    look: Look = self._look(self._spot())
    if look.lender == empty(address):
        refusal._refuse("hedger: no lender")
    return look


@internal
def _borrow(look: Look, missing: uint256) -> int256:
    """
    @notice Underlying borrowed as far as the lender, the cap and quote beyond the reserve allow, if that is worth an order
    @param look What there is
    @param missing Units wanted
    @return Units
    """
    reserve: uint256 = self._reserve(look.debt_units + missing, look)
    spare: uint256 = look.held.loose_quote - min(reserve, look.held.loose_quote)
    amount: uint256 = 0
    cost: uint256 = 0
    amount, cost = self._room(look.lender, -convert(missing, int256), spare, 0, look)
    borrowed: int256 = convert(min(amount, missing), int256)
    if borrowed == 0 or borrowed < self._units(look.terms.slice_min, look.spot):
        return 0
    quote: uint256 = 0
    quote, amount = staticcall IVenue(look.lender).needs(
        -borrowed, look.spot, look.terms.lend_health + OPEN_HEALTH
    )
    self._exchange(
        quote,
        0,
        abi_encode(borrowed, method_id=method_id("borrow(uint256)")),
        look,
        self._cap(look.lender, look.nav),
    )
    if self._health(look.lender) < look.terms.lend_health:
        refusal._refuse("hedger: health")
    return borrowed


@internal
@view
def _health(lender: address) -> uint256:
    """
    @notice Of a debt, as the lender has it
    @param lender Which
    @return WAD
    """
    return staticcall ILender(lender).health()


@internal
def _returned(look: Look, surplus: uint256) -> int256:
    """
    @notice Free underlying into the debt, if that is worth an order or is all that is owed
    @param look What there is
    @param surplus Units beyond the target
    @return Units
    """
    debt: uint256 = staticcall ILender(look.lender).debt()
    amount: int256 = convert(min(debt, surplus), int256)
    if surplus < debt and amount < self._units(look.terms.slice_min, look.spot):
        return 0
    if amount != 0:
        self._repay(look, convert(amount, uint256))
    return amount


@internal
def _repay(look: Look, amount: uint256):
    """
    @notice Free underlying into the debt, and collateral back that is not needed any more
    @param look What there is
    @param amount Units, or none
    """
    self._exchange(
        0,
        amount,
        abi_encode(
            look.spot,
            look.terms.lend_health + OPEN_HEALTH,
            method_id=method_id("repay(uint256,uint256)"),
        ),
        look,
        self._defence(look),
    )


@internal
def _defend(look: Look) -> bool:
    """
    @notice Health of the lender up again, by the first of three ways that does
    @param look What there is
    @return Whether delta has changed
    """
    lender: address = look.lender
    more: uint256 = 0
    amount: uint256 = 0
    more, amount = staticcall IVenue(lender).needs(
        0, look.spot, look.terms.lend_health + OPEN_HEALTH
    )
    more = min(more, look.held.loose_quote)
    if more != 0:
        self._exchange(
            more,
            0,
            abi_encode(more, method_id=method_id("deposit(uint256)")),
            look,
            self._defence(look),
        )
    if self._health(lender) >= look.terms.lend_health:
        return False
    amount = min(self._free_units(look.held), staticcall ILender(lender).debt())
    if amount != 0:
        self._repay(look, amount)
    if self._health(lender) >= look.terms.lend_health:
        return False
    left: int256 = self._units(look.terms.slice_max, look.spot)
    amount, more = self._room(lender, left, 0, 0, look)
    if amount == 0:
        return False
    return self._attempt(lender, convert(amount, int256), look) != 0


@internal
@view
def _defence(look: Look) -> uint256:
    """
    @notice What may be drawn to keep a debt healthy: as much as three times the debt, also where the cap has been lowered since
    @param look What there is
    @return Assets
    """
    return max(
        self._cap(look.lender, look.nav),
        3 * convert(self._worth(convert(look.debt_units, int256), look.spot), uint256),
    )


# --- internals: what others are told


@internal
def _note(spot: uint256, debt_reserve: uint256, is_jump: bool, moved: int256):
    """
    @notice Positions as they are now, to the vault and through it to the book. The reserve is an eighth higher than now, for what
        spot may rise by before somebody says so again
    @param spot Price; zero where there is none
    @param debt_reserve Share of what is owed
    @param is_jump Whether delta has changed; else interest alone is not told, so that nobody can move the book with it, and what is more
        than that is a jump after all
    @param moved Lots by which positions have changed then, against the vault's own
    """
    amount: int256 = 0
    owed: int256 = 0
    is_some: bool = False
    for venue: address in venue_list.venues:
        if not venue_list._holds(venue):
            continue
        found: int256 = 0
        equity: int256 = 0
        is_known: bool = False
        found, equity, is_known = self._position(venue, spot)
        worth: int256 = self._worth(found, spot)
        if is_known:
            venue_list._keep(venue, found, equity - worth)
        amount += found
        owed += max(-worth, 0)
        is_some = is_some or found != 0 or equity != 0
    reserve: uint256 = convert(owed, uint256) * debt_reserve * 9 // (8 * units.WAD)
    lots: int256 = self._lots(amount)
    old: int256 = venue_word._lots(self.noted) + moved
    has_jumped: bool = is_jump
    if not is_jump:
        if abs(lots - old) * DRIFT <= abs(old):
            lots = old
        else:
            has_jumped = True
    if spot == 0:
        reserve = venue_word._reserve(self.noted)
    word: uint256 = 0
    if is_some:
        word = venue_word._pack(lots, min(reserve, MOST_RESERVE))
    self.noted = word
    log IHedger.VenuesNoted(units=amount, reserve=reserve, spot=spot)
    if has_jumped:
        word |= 1
    extcall IVault(VAULT).note_venues(word)


@internal
def _pay(reward: uint256):
    """
    @notice The caller's reward, from free quote
    @param reward Assets
    """
    if reward != 0:
        extcall IVault(VAULT).trade(msg.sender, reward, 0, b"")


@internal
@view
def _reward(look: Look, after: int256) -> uint256:
    """
    @notice For the caller: at most g, and half of what the potential has fallen by. Who pushed delta up to earn it has paid the whole
    @param look What there was
    @param after Dollar delta now, nano
    @return Assets, no more than there are
    """
    if abs(after) >= abs(look.delta):
        return 0
    old: int256 = exposure._pulled(look.delta)
    new: int256 = exposure._pulled(after)
    slope: int256 = (staticcall IRiskSheet(staticcall IBook(BOOK).sheet()).mark_terms()).delta_slope
    fall: uint256 = convert((old * old - new * new) * slope, uint256) // HALF_TO_QUOTE
    return min(
        min(look.terms.hedge_gas, fall // 2) // QUOTE_SCALE,
        (staticcall IVault(VAULT).holdings()).loose_quote,
    )


# --- internals: units


@internal
@view
def _units(amount: uint256, spot: uint256) -> int256:
    """
    @notice Underlying that is worth so much
    @param amount WAD quote
    @param spot Price, WAD
    @return Units, rounded down
    """
    return convert(amount * units.WAD // (spot * UNIT_SCALE), int256)


@internal
@view
def _lots(amount: int256) -> int256:
    """
    @notice Underlying in lots
    @param amount Units
    @return Lots, toward zero
    """
    return unsafe_div(unsafe_mul(amount, convert(UNIT_SCALE, int256)), convert(units.LOT, int256))


@internal
@view
def _worth(amount: int256, price: uint256) -> int256:
    """
    @notice What underlying is worth
    @param amount Units, below 2^111 in size
    @param price WAD
    @return Assets, toward zero
    """
    # 2^104 units at most, scaled below 2^40 more, at a price below 2^108: no product reaches 2^254
    return unsafe_div(
        unsafe_mul(amount, convert(UNIT_SCALE * price, int256)), WAD * convert(QUOTE_SCALE, int256)
    )


@internal
@view
def _dollars(amount: int256, spot: uint256) -> int256:
    """
    @notice Dollar delta of underlying
    @param amount Units
    @param spot Price, WAD
    @return Nano, toward zero
    """
    return exposure._dollar_delta(
        0,
        0,
        0,
        convert(spot, int256),
        max(min(amount * convert(UNIT_SCALE, int256), MOST_HELD), -MOST_HELD),
    )


@internal
@view
def _cap(venue: address, nav: uint256) -> uint256:
    """
    @notice What may stand on a venue
    @param venue Listed
    @param nav Reference, WAD quote
    @return Assets of equity
    """
    return venue_list._cap(venue) * nav // units.WAD // QUOTE_SCALE


@internal
@view
def _scale(token: address) -> uint256:
    """
    @notice WAD in a token's unit
    @param token With 6 to 18 decimals, as the vault has seen to
    """
    return 10**(18 - convert(staticcall IERC20Detailed(token).decimals(), uint256))


# --- internals: guards and the list


@internal
def _add(venue: address, lends: bool, cap: uint256):
    """
    @notice A venue onto the list
    @param venue Which
    @param lends Whether it is an `ILender`
    @param cap Share of NAV, WAD
    """
    venue_list._add(venue, staticcall IVenue(venue).holds_positions(), lends, cap)
    log IHedger.VenueAdded(venue=venue, cap=cap)


@internal
@view
def _require_owner():
    """
    @notice Reverts unless the owner calls
    """
    if msg.sender != OWNER:
        refusal._refuse("hedger: not the owner")


@internal
@view
def _require_careful():
    """
    @notice Reverts unless the guardian calls, or the owner
    """
    if msg.sender != OWNER and msg.sender != staticcall IDesk(DESK).guardian():
        refusal._refuse("hedger: not guardian")
