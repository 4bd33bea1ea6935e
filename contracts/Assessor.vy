# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Assessor
@license MIT
@notice What a margin account is worth, what it must be worth, and what a liquidation may do about it.
    Stateless: it reads spot, surface and sheet, and judges the account that it is given.

        equity      = cash + options owned at max(0, mark - h) - options owed at mark
        maintenance = worst loss over ten shocks of spot and volatility, at least the worst loss at
                      expiry of what expires soon, plus a floor for each naked option; at least
                      one and a half times what closing may cost
        health      = equity / maintenance; one is healthy, and so is any equity from zero on where
                      nothing is required

    Options owed and escrowed are exact credit: they count nowhere. `math/requirement` says how legs
    offset each other.
@dev The danger is an offset that is gone when it is needed, and a liquidation that costs its account
    more than it mends. An option that has expired counts its payoff: at the settlement price once that
    is written, at spot before, and only then it still moves; a call that is owned pays in underlying,
    which is worth no more than spot. Of two price sources the first counts, for
    every account alike: where they disagree nothing opens, and a liquidation must not hang on which of
    them is worse for whom.

    The trap is a leg both owed and owned. It is taken as one owed, so what is owned of it cannot be sold
    before the other half is closed: `Margin` must not let an account have such a leg.
@custom:kill Nothing stops it: it holds nothing. Its reads fail where spot is stale or an expiry has no
    slice, and with them whatever needs a requirement.
"""

from interfaces import IAssessor
from interfaces import IOracle
from interfaces import IRiskSheet
from interfaces import ISurface
from . import types
from . import units
from .math import carry
from .math import fixed
from .math import requirement
from .math import series
from .math import shock_cells

implements: IAssessor

MAX_LEGS: constant(uint256) = requirement.MAX_LEGS
LOTS: constant(int256) = requirement.LOTS
WAD: constant(int256) = fixed.WAD
MAX_STEPS: constant(uint256) = 12  # of the search for a size

_ORACLE: immutable(IOracle)
_SURFACE: immutable(ISurface)


struct Account:  # priced
    legs: DynArray[requirement.Leg, MAX_LEGS]
    spot: uint256


struct Case:  # a liquidation of a leg that is owed, but for its size
    account: Account
    terms: types.MarginTerms
    index: uint256
    cash: int256
    price: int256  # per contract
    net_value: int256  # quote times lots
    health: int256  # before
    rate: int256  # of the bonus


struct Trial:  # what a size does
    lots: int256
    cost: int256
    bonus: int256
    equity: int256
    maintenance: int256
    health: int256
    is_better: bool
    costliest: uint256


@deploy
def __init__(oracle: address, surface: address):
    """
    @notice Binds the market
    @param oracle Spot and settlement prices
    @param surface Slices
    """
    assert oracle.is_contract and surface.is_contract, "assessor: not a contract"
    _ORACLE = IOracle(oracle)
    _SURFACE = ISurface(surface)


# --- margin


@external
@view
def assess(
    cash: uint256, legs: DynArray[types.MarginLeg, MAX_LEGS], sheet: address
) -> types.Assessment:
    """
    @notice An account as it stands now
    @param cash Quote
    @param legs They increase by id
    @param sheet Whose numbers hold
    @return See `types`
    """
    terms: types.AccountTerms = staticcall IRiskSheet(sheet).account_terms()
    account: Account = self._account(legs, terms)
    return self._assessment(convert(cash, int256), account, terms.margin)


@external
@view
def cut(
    cash: uint256,
    legs: DynArray[types.MarginLeg, MAX_LEGS],
    sheet: address,
    index: uint256,
    lots: uint256,
    price: uint256,
) -> types.Cut:
    """
    @notice What a liquidation may do with one leg now. A leg that owes more than is escrowed is bought
        back; another one is sold, as far as cash is lacking, for its mark less a half-spread at least
    @param cash Quote
    @param legs They increase by id
    @param sheet Whose numbers hold
    @param index Of the leg
    @param lots At most
    @param price Per contract, of buying back; a sale ignores it
    @return No lots where the account is healthy or the call would not help; see `types`
    """
    terms: types.AccountTerms = staticcall IRiskSheet(sheet).account_terms()
    account: Account = self._account(legs, terms)
    before: types.Assessment = self._assessment(convert(cash, int256), account, terms.margin)
    found: types.Cut = types.Cut(
        lots=0, is_windup=False, bonus=0, to_fund=0, before=before, after=before
    )
    if index >= len(legs) or lots == 0 or account.legs[index].is_expired:
        return found
    if account.legs[index].owed == 0:
        return self._sale(found, account, terms.margin, index, min(lots, 2**40), cash)
    if not self._is_healthy(before):
        return self._buyback(found, account, terms.margin, index, min(lots, 2**40), cash, price)
    return found


# --- people


@external
@view
def losses(
    legs: DynArray[types.MarginLeg, MAX_LEGS], sheet: address
) -> DynArray[DynArray[int256, 10], MAX_LEGS]:
    """
    @notice What each leg gains under each shock, far cells not weighted; `math/shock_cells` has their
        order
    @param legs They increase by id
    @param sheet Whose numbers hold
    @return Quote, rounded down
    """
    account: Account = self._account(legs, staticcall IRiskSheet(sheet).account_terms())
    table: DynArray[DynArray[int256, 10], MAX_LEGS] = []
    for leg: requirement.Leg in account.legs:
        row: DynArray[int256, 10] = []
        for gain: int256 in leg.gains:
            row.append(
                requirement._floor_div(unsafe_mul(unsafe_sub(leg.owned, leg.owed), gain), LOTS)
            )
        table.append(row)
    return table


# --- an account, priced


@internal
@view
def _account(legs: DynArray[types.MarginLeg, MAX_LEGS], terms: types.AccountTerms) -> Account:
    """
    @notice The legs with their marks, half-spreads and gains. The market is read once for each expiry
    @param legs They increase by id
    @param terms Of a sheet
    @return The account without its cash
    """
    account: Account = empty(Account)
    if len(legs) == 0:
        return account
    account.spot = (staticcall _ORACLE.spot_pair())[0]
    shocks: shock_cells.Shocks = shock_cells._shocks(terms.margin)
    tenor: shock_cells.Tenor = empty(shock_cells.Tenor)
    expiry: uint256 = 0
    fixing: uint256 = 0
    for given: types.MarginLeg in legs:
        leg: requirement.Leg = empty(requirement.Leg)
        right: uint256 = 0
        leg.expiry, leg.strike, right = series._unpack(given.id)
        leg.is_put = right == series.PUT
        leg.owed = convert(given.owed - given.escrowed, int256)
        leg.owned = convert(given.owned, int256)
        leg.is_expired = leg.expiry <= block.timestamp
        if leg.expiry != expiry:
            expiry = leg.expiry
            if leg.is_expired:
                fixing = self._fixing(expiry)
            else:
                tenor = self._tenor(expiry, account.spot, terms.margin)
        cells: shock_cells.Cells = empty(shock_cells.Cells)
        if leg.is_expired:
            cells = shock_cells._expired_cells(
                account.spot if fixing == 0 else fixing, leg.strike, leg.is_put, shocks
            )
            leg.discount = WAD
            leg.is_fixed = fixing != 0
            if leg.is_fixed:
                cells.gains = empty(int256[10])
                if not leg.is_put and leg.owned != 0 and account.spot < fixing:
                    cells.mark = cells.mark * account.spot // fixing
        else:
            cells = shock_cells._cells(tenor, leg.strike, leg.is_put, shocks)
            leg.discount = convert(tenor.discount, int256)
            leg.tau = tenor.tau
            leg.half_spread = self._half_spread_up(cells, account.spot, terms)
        leg.mark = convert(cells.mark, int256)
        leg.gains = cells.gains
        account.legs.append(leg)
    return account


@internal
@view
def _fixing(expiry: uint256) -> uint256:
    """
    @notice Settlement price of an expiry that has passed
    @param expiry Unix time
    @return Price; zero before it is written
    """
    return (staticcall _ORACLE.fixing(expiry))[0]


@internal
@view
def _tenor(expiry: uint256, spot: uint256, terms: types.MarginTerms) -> shock_cells.Tenor:
    """
    @notice The market of an expiry that has not passed
    @param expiry Unix time
    @param spot Price
    @param terms Of a sheet
    @return What its legs share
    """
    snapshot: ISurface.Snapshot = staticcall _SURFACE.slice(expiry)
    up: int256 = 0
    down: int256 = 0
    up, down = shock_cells._vol_factors(snapshot.tau, terms)
    return shock_cells.Tenor(
        spot=spot,
        forward=carry._forward(spot, snapshot.discount),
        discount=snapshot.discount,
        tau=snapshot.tau,
        smile=snapshot.smile,
        up=up,
        down=down,
    )


@internal
@pure
def _half_spread_up(cells: shock_cells.Cells, spot: uint256, terms: types.AccountTerms) -> int256:
    """
    @notice h of the quoting law, at caution and toxicity one and without age of the round
    @param cells Of an option
    @param spot Price
    @param terms Of a sheet
    @dev Shares of a sheet are at most one and prices below 2^128: sums below 2^190
    @return Quote per contract, rounded up
    """
    dollars: uint256 = unsafe_add(
        unsafe_div(unsafe_mul(spot, convert(abs(cells.delta), uint256)), units.WAD), 1
    )
    spread: uint256 = unsafe_add(
        unsafe_mul(terms.b_vega, convert(cells.vega, uint256)),
        unsafe_add(unsafe_mul(terms.b_delta, dollars), unsafe_mul(terms.b_mark, cells.mark)),
    )
    spread = unsafe_add(max(unsafe_mul(terms.h_min, spot), spread), units.WAD - 1)
    return convert(unsafe_div(spread, units.WAD), int256)


# --- judgement


@internal
@pure
def _assessment(cash: int256, account: Account, terms: types.MarginTerms) -> types.Assessment:
    """
    @notice An account
    @param cash Quote
    @param account Its legs
    @param terms Of a sheet
    @return See `types`; equity rounded down, what must be there rounded up
    """
    totals: requirement.Totals = requirement._totals(account.legs)
    maintenance: uint256 = 0
    costliest: uint256 = 0
    maintenance, costliest = requirement._maintenance(account.legs, account.spot, terms)
    return self._judged(
        totals,
        unsafe_add(cash, requirement._floor_div(totals.net_value, LOTS)),
        maintenance,
        costliest,
        terms,
        account.spot,
    )


@internal
@pure
def _judged(
    totals: requirement.Totals,
    equity: int256,
    maintenance: uint256,
    costliest: uint256,
    terms: types.MarginTerms,
    spot: uint256,
) -> types.Assessment:
    """
    @notice What is known of an account, in the units of quote
    @param totals Of its legs
    @param equity Quote
    @param maintenance Quote
    @param costliest Index of a leg
    @param terms Of a sheet
    @param spot Price
    @return See `types`
    """
    initial: uint256 = unsafe_div(
        unsafe_add(unsafe_mul(maintenance, terms.initial_factor), units.WAD - 1), units.WAD
    )
    if maintenance != 0:  # an account too small to pay whoever ends it would be nobody's to end
        initial = max(initial, terms.windup_reward)
    return types.Assessment(
        equity=equity,
        maintenance=maintenance,
        initial=initial,
        closing=convert(requirement._ceil_div(totals.closing, LOTS), uint256),
        sellable=convert(requirement._floor_div(totals.sellable, LOTS), uint256),
        due=convert(requirement._ceil_div(totals.due, LOTS), uint256),
        costliest=costliest,
        spot=spot,
    )


@internal
@pure
def _is_healthy(judged: types.Assessment) -> bool:
    """
    @notice Is a health of one or more
    @param judged An account
    @return Whether equity is at least the requirement
    """
    return judged.equity >= convert(judged.maintenance, int256)


@internal
@pure
def _health(equity: int256, maintenance: int256) -> int256:
    """
    @notice Equity over requirement; the largest number where nothing is required
    @param equity Quote
    @param maintenance Quote
    @return Health, rounded down
    """
    if maintenance == 0:
        return max_value(int256) if equity >= 0 else min_value(int256)
    return requirement._floor_div(equity * WAD, maintenance)


# --- an option that is owned


@internal
@pure
def _sale(
    found: types.Cut,
    account: Account,
    terms: types.MarginTerms,
    index: uint256,
    lots: uint256,
    cash: uint256,
) -> types.Cut:
    """
    @notice Sells as much as cash is lacking: for what expired, and in an account that is not healthy for
        closing all that it owes. While cash pays for a part of the costliest leg that is not dust, no
        cover is sold from under it
    @param found Nothing, as yet
    @param account The account
    @param terms Of a sheet
    @param index Of the leg
    @param lots At most
    @param cash Quote
    @return See `types`
    """
    leg: requirement.Leg = account.legs[index]
    bid: int256 = requirement._bid(leg)
    have: int256 = convert(cash, int256)
    totals: requirement.Totals = requirement._totals(account.legs)
    need: int256 = convert(found.before.due, int256)
    need = unsafe_sub(  # what is owned and has expired pays first
         need, requirement._floor_div(unsafe_sub(totals.owned_value, totals.sellable), LOTS)
    )
    is_healthy: bool = self._is_healthy(found.before)
    if not is_healthy:
        need = unsafe_add(
            need, requirement._ceil_div(unsafe_add(totals.owed_value, totals.closing), LOTS)
        )
    if bid == 0 or have >= need:
        return found
    sold: int256 = min(
        min(convert(lots, int256), leg.owned),
        requirement._ceil_div(unsafe_mul(unsafe_sub(need, have), LOTS), bid),
    )
    account.legs[index].owned -= sold
    after: types.Assessment = self._assessment(
        unsafe_add(have, requirement._floor_div(unsafe_mul(sold, bid), LOTS)), account, terms
    )
    costliest: uint256 = found.before.costliest
    if (
        not is_healthy
        and costliest != requirement.NO_LEG
        and after.maintenance > found.before.maintenance
        and have >= self._least_price(account.legs[costliest], terms)
    ):
        return found
    found.lots = convert(sold, uint256)
    found.after = after
    return found


@internal
@pure
def _least_price(leg: requirement.Leg, terms: types.MarginTerms) -> int256:
    """
    @notice What buying back the least part of a leg may cost: all of it, or as much as is not dust
    @param leg It is owed
    @param terms Of a sheet
    @return Quote, rounded up
    """
    least: int256 = min(leg.owed, convert(terms.dust, int256))
    return requirement._ceil_div(least * (leg.mark + 2 * leg.half_spread), LOTS)


# --- an option that is owed


@internal
@pure
def _buyback(
    found: types.Cut,
    account: Account,
    terms: types.MarginTerms,
    index: uint256,
    lots: uint256,
    cash: uint256,
    price: uint256,
) -> types.Cut:
    """
    @notice Buys back a leg of an account that is not healthy
    @dev Where the account owns options, no more is bought than cash pays for: they are sold first, or the
        fund would pay for what they are worth.

        An account is wound up at the mark where its equity does not pay for closing: this leg at the
        price given and the others at two half-spreads, or all at two half-spreads. So it is where cash
        does not pay for the least part of the leg at the price given and would at two half-spreads;
        else neither buying nor selling might be possible. In a windup, options worth less than its
        reward, or than that part of what is owed which a bonus may be, delay nothing: the desk may have
        no bid for them.
    @param found Nothing, as yet
    @param account The account
    @param terms Of a sheet
    @param index Of the leg
    @param lots At most
    @param cash Quote
    @param price Per contract
    @return See `types`
    """
    leg: requirement.Leg = account.legs[index]
    totals: requirement.Totals = requirement._totals(account.legs)
    have: int256 = convert(cash, int256)
    asked: int256 = min(convert(lots, int256), leg.owed)
    excess: int256 = max(convert(price, int256) - leg.mark - 2 * leg.half_spread, 0)
    closing: int256 = requirement._ceil_div(totals.closing + leg.owed * excess, LOTS)
    least: int256 = min(leg.owed, convert(terms.dust, int256))
    delays: bool = totals.owned_value != 0 and totals.owned_value >= min(
        unsafe_mul(convert(terms.windup_reward, int256), LOTS),
        totals.owed_value * convert(terms.bonus_max, int256) // WAD,
    )
    paid_for: int256 = max_value(int256)
    if totals.owned_value != 0:
        paid_for = self._paid_for(have, convert(price, int256))
    if found.before.equity < closing or (
        paid_for < least and (not delays or have >= self._least_price(leg, terms))
    ):
        if delays:
            asked = min(asked, self._paid_for(have, leg.mark))
        return self._windup(found, account, terms, index, asked, have)
    case: Case = Case(
        account=account,
        terms=terms,
        index=index,
        cash=have,
        price=convert(price, int256),
        net_value=totals.net_value,
        health=self._health(found.before.equity, convert(found.before.maintenance, int256)),
        rate=0,
    )
    case.rate = min(convert(terms.bonus_max, int256), WAD - case.health)
    return self._sized(found, case, min(asked, paid_for))


@internal
@pure
def _paid_for(have: int256, price: int256) -> int256:
    """
    @notice How much cash pays for
    @param have Cash
    @param price Per contract
    @return Lots
    """
    if price == 0:
        return max_value(int256)
    return unsafe_div(unsafe_mul(have, LOTS), price)


@internal
@pure
def _windup(
    found: types.Cut,
    account: Account,
    terms: types.MarginTerms,
    index: uint256,
    lots: int256,
    have: int256,
) -> types.Cut:
    """
    @notice Buys back at the mark; what cash does not pay is a shortfall. The caller's reward is fixed,
        but no more than the largest bonus would be, and only the call that ends the leg brings it
    @param found Nothing, as yet
    @param account The account
    @param terms Of a sheet
    @param index Of the leg
    @param lots How many
    @param have Cash
    @return See `types`
    """
    if lots == 0:
        return found
    cost: int256 = requirement._ceil_div(unsafe_mul(lots, account.legs[index].mark), LOTS)
    account.legs[index].owed -= lots
    found.lots = convert(lots, uint256)
    found.is_windup = True
    if account.legs[index].owed == 0:
        found.bonus = min(
            terms.windup_reward,
            unsafe_div(unsafe_mul(convert(cost, uint256), terms.bonus_max), units.WAD),
        )
    found.after = self._assessment(max(have - cost, 0), account, terms)
    return found


@internal
@pure
def _sized(found: types.Cut, case: Case, most: int256) -> types.Cut:
    """
    @notice Buys back at the price given. As much as is asked for, but no more than brings health into
        its band; and no dust stays of the leg
    @param found Nothing, as yet
    @param case The liquidation
    @param most Lots that are asked for and can be paid
    @return See `types`
    """
    if most == 0:
        return found
    trial: Trial = self._trial(case, most)
    if trial.health > convert(case.terms.health_high, int256):
        trial = self._searched(case, trial, found.before)
    owed: int256 = case.account.legs[case.index].owed
    dust: int256 = convert(case.terms.dust, int256)
    if owed - trial.lots < dust and trial.lots != owed:
        if most < owed and owed <= dust:
            return found
        trial = self._trial(case, owed if most == owed else owed - dust)
    if not trial.is_better and case.index != found.before.costliest:
        return found
    case.account.legs[case.index].owed -= trial.lots
    found.lots = convert(trial.lots, uint256)
    found.bonus = convert(trial.bonus, uint256)
    found.to_fund = unsafe_div(unsafe_mul(found.bonus, case.terms.bonus_share), units.WAD)
    found.after = self._judged(
        requirement._totals(case.account.legs),
        trial.equity,
        convert(trial.maintenance, uint256),
        trial.costliest,
        case.terms,
        case.account.spot,
    )
    return found


@internal
@pure
def _searched(case: Case, full: Trial, before: types.Assessment) -> Trial:
    """
    @notice The size that brings health into its band, where all that is asked for brings it above.
        Health is continuous in size, so one exists; what is missing for the middle of the band is close
        to a line, so the first step mostly finds it
    @param case The liquidation
    @param full All that is asked for
    @param before The account
    @return Where twelve steps find none in the band, the least that they found above it
    """
    low: int256 = convert(case.terms.health_low, int256)
    high: int256 = convert(case.terms.health_high, int256)
    middle: int256 = (low + high) // 2
    above: Trial = full
    below: int256 = 0
    lack: int256 = unsafe_sub(
        unsafe_div(unsafe_mul(convert(before.maintenance, int256), middle), WAD), before.equity
    )
    for step: uint256 in range(MAX_STEPS):
        width: int256 = above.lots - below
        if width <= 1:
            break
        part: int256 = width // 2
        surplus: int256 = -self._lack(above, middle)
        if step % 2 == 0 and lack > 0 and surplus > 0:
            part = max(
                min(width * (lack // 2**20) // ((lack + surplus) // 2**20 + 1), width - 1), 1
            )
        trial: Trial = self._trial(case, below + part)
        if trial.health > high:
            above = trial
        elif trial.health >= low:
            return trial
        else:
            below = trial.lots
            lack = self._lack(trial, middle)
    return above


@internal
@pure
def _lack(trial: Trial, target: int256) -> int256:
    """
    @notice What equity lacks for a health
    @param trial A size
    @param target The health
    @return Quote; below zero where there is more
    """
    return unsafe_sub(unsafe_div(unsafe_mul(trial.maintenance, target), WAD), trial.equity)


@internal
@pure
def _trial(case: Case, lots: int256) -> Trial:
    """
    @notice What buying back so many does. The bonus is a part of what is paid, at most what leaves health
        above what it was, and what cash is left
    @dev Lots are below 2^40, prices below 2^128 and the account owes more than its cash and some, so its
        cash is below 2^160: no product reaches 2^255
    @param case The liquidation
    @param lots How many
    @return See `Trial`; after the bonus
    """
    leg: requirement.Leg = case.account.legs[case.index]
    case.account.legs[case.index].owed = unsafe_sub(leg.owed, lots)
    required: uint256 = 0
    costliest: uint256 = 0
    required, costliest = requirement._maintenance(case.account.legs, case.account.spot, case.terms)
    maintenance: int256 = convert(required, int256)
    cost: int256 = requirement._ceil_div(unsafe_mul(lots, case.price), LOTS)
    have: int256 = unsafe_sub(case.cash, cost)
    value: int256 = unsafe_add(case.net_value, unsafe_mul(lots, leg.mark))
    equity: int256 = unsafe_add(have, requirement._floor_div(value, LOTS))
    least: int256 = requirement._ceil_div(unsafe_mul(unsafe_add(case.health, 1), maintenance), WAD)
    room: int256 = unsafe_sub(equity, least)
    bonus: int256 = unsafe_div(unsafe_mul(case.rate, cost), WAD)
    bonus = max(min(min(bonus, room), have), 0)
    equity = unsafe_sub(equity, bonus)
    return Trial(
        lots=lots,
        cost=cost,
        bonus=bonus,
        equity=equity,
        maintenance=maintenance,
        health=self._health(equity, maintenance),
        is_better=room >= 0,
        costliest=costliest,
    )
