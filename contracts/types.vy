# pragma version 0.4.3
"""
@title Structs that cross a contract's border
@license MIT
@notice Units, stated once. Everything is WAD (1e18) unless it says otherwise: prices in quote
    tokens per unit of underlying, sizes in contracts of one unit of underlying, volatility and
    rates per year of 365 days. S = forward * discount is spot, c = -ln(discount)/tau carry, sigma =
    sqrt(variance/tau) volatility.
@dev Exposures count nano: 1e-9 quote tokens. A lot is 1e-4 contracts. X = S/R is spot over the
    book's reference price.
"""


struct Mark:
    call: uint256  # quote per contract
    put: uint256  # quote per contract
    delta_call: int256  # d call / d S at fixed sigma and carry: underlying per contract
    delta_put: int256  # delta_call - 1
    gamma: uint256  # d delta / d S: per quote
    vega: uint256  # d call / d sigma: quote per 1.00 of volatility
    theta_call: int256  # d call / d calendar time at fixed S, sigma and carry: quote per year
    theta_put: int256  # d put / d calendar time: quote per year
    vanna: int256  # d delta / d sigma: underlying per 1.00 of volatility
    volga: int256  # d vega / d sigma: quote per 1.00 of volatility, twice


struct Slice:  # an eSSVI slice of total variance, as of now
    theta: uint256  # total variance at the money
    rho: int256  # correlation, in (-1, 1)
    psi: uint256  # slope: theta * phi


struct BoardLeg:
    strike: uint256
    calls: int256  # contracts, signed
    puts: int256  # contracts, signed


struct Board:  # sums over the legs of contracts times the figure of a `Mark`
    value: int256
    delta: int256
    gamma: int256
    vega: int256
    theta: int256
    vanna: int256
    volga: int256
    gross: uint256  # contracts, calls and puts, without sign


struct GridLeg:
    forward: uint256
    strike: uint256
    discount: uint256
    variance: uint256  # total
    tau: uint256  # seconds
    calls: int256  # contracts, signed
    puts: int256  # contracts, signed


struct Shock:
    spot: uint256  # factor on spot and forward, 1/4 to 4
    volatility: int256  # a plain number: up where positive, down where negative, 0 as it is


struct VolShock:  # sigma times 1 + up m or 1 - down m, where m = (30 d / max(tau, 1 d))^power
    up: uint256
    down: uint256
    near_power: uint256  # under 30 days
    far_power: uint256  # from 30 days on


struct Law:  # what a quote adds to the mark: numbers of a risk sheet
    delta_slope: int256  # L, a share of spot per quote token of dollar delta, scaled 1e27
    gamma_slope: int256  # L, quote per quote of gamma dollars per quote of gamma dollars, 1e27
    vega_slope: int256  # L, points of volatility per quote token of weighted vega, 1e27
    flow_slope: int256  # l_F, as delta_slope
    vflow_slope: int256  # l_W, as vega_slope
    h_min: uint256  # half-spread: least, share of spot
    b_vega: uint256  # points of volatility, 0.01 is one
    b_delta: uint256  # share of dollar delta
    b_mark: uint256  # share of the mark
    stale_z: uint256  # deviations of spot charged for the age of its round, a plain number
    fee_spot: uint256  # share of spot
    fee_cap: uint256  # share of the mark
    cover_rate: uint256  # of locked cover, per year
    improve_cap: uint256  # largest improvement over the mark, share of it


struct Limits:  # what openings may reach, at a NAV of nav_unit or more
    nav_unit: uint256  # the NAV that the sheet was written for
    potential: uint256  # U, quote
    vega: uint256  # |weighted vega|, nano
    gamma: uint256  # |gamma dollars|, nano
    cover: uint256  # locked cover, quote
    credit: uint256  # gross credit of margin accounts, quote
    lots: uint256  # written of one series
    delta_min: uint256  # window of |delta| in which a series may be opened and listed
    delta_max: uint256


struct TradeTerms:  # all that a trade asks of a risk sheet, in one call
    law: Law
    limits: Limits
    caution_spread: uint256  # factor on the half-spread from caution 1 on, at least one
    caution_limit: uint256  # factor on the limits at caution 1, at most one
    fund_share: uint256  # of fees
    flow_gap: uint256  # seconds between resets of F_d, at least
    tox_slope: uint256  # k
    tox_max: uint256


struct MarkTerms:  # what the book asks of a sheet to value itself
    delta_slope: int256  # as in Law
    gamma_slope: int256
    vega_slope: int256
    flow_slope: int256
    vflow_slope: int256
    d_spot: uint256  # share of spot by which the next round may surprise
    d_vol: uint256  # points of volatility by which the next post may
    credit_haircut: uint256  # share of the mark of what margin accounts owe


struct Snapshot:  # one moment of the market, for one expiry
    at: uint256  # Unix time
    spot: uint256
    other: uint256  # of the second source where it disagrees, else spot
    spot_at: uint256  # Unix time of the round
    smile: Slice
    carry: int256
    discount: uint256
    tau: uint256  # seconds, zero from expiry on
    posted_at: uint256  # Unix time of the slice's observation
    version: uint256  # of the surface


struct Exposure:  # of the vault, written options negative
    delta: int256  # a: dollar delta is X (a + b X), nano
    gamma: int256  # b: gamma dollars are b X^2, nano
    vega: int256  # weighted vega, nano
    flow_delta: int256  # F_d: dollar delta that clients bought since the last reset, nano
    flow_vega: int256  # W: weighted vega that clients bought since the last post, nano


struct Risk:  # of one lot held
    value: int256  # p: value is p + a X + b X^2 / 2, nano
    delta: int256  # a
    gamma: int256  # b
    vega: int256  # weighted
    flow_delta: int256  # dollar delta now


struct Standing:  # what the book says before a trade
    exposure: Exposure
    underlying: int256  # that the vault holds, less what it owes on venues, whole lots, WAD units
    toxicity: uint256  # larger of the two mark-out ratios, not below zero, a plain number
    written: uint256  # lots of the series
    held: uint256
    escrowed: uint256  # of what is held: covered in full by the account that owes it
    caution: uint256  # of the vault's drawdown ladder
    is_listed: bool
    is_fresh: bool  # every expiry before its cutoff stands inside its guard
    is_waiting: bool  # the exposure has jumped since the last round: no fall of U is paid for


struct Inquiry:  # all that the price of a trade depends on
    strike: uint256
    is_put: bool
    lots: int256  # above zero: the trader buys
    is_opening: bool  # a buy to open pays for its cover
    is_reduce_only: bool  # a fall of U is not paid for
    snapshot: Snapshot
    exposure: Exposure
    underlying: int256  # delta held outside options, WAD units
    reference: uint256  # the book's R
    law: Law
    caution: uint256  # factor on the half-spread, as is the next
    toxicity: uint256
    decimals: uint256  # of the quote token


struct Quote:
    premium: int256  # assets, fees included; above zero: the trader pays
    fee: uint256  # assets
    cover_fee: uint256  # assets
    mark: uint256  # quote per contract
    delta: int256  # per contract
    skew: int256  # U after less U before, as charged, quote
    spread: uint256  # half-spread of the whole size, quote
    clamp: uint256  # what the clamps added, quote
    potential_before: uint256  # U, quote
    potential_after: uint256
    gamma_before: int256  # gamma dollars, nano
    gamma_after: int256
    vega_before: int256  # weighted, nano
    vega_after: int256
    risk: Risk  # of a lot


struct Appraisal:  # the book at the present price
    spot: uint256
    value: int256  # of what is held less what is written, quote
    potential: uint256  # U, quote
    width: uint256  # u, without the vault's other assets' own: quote


struct Position:  # of one strike, lots
    strike: uint256
    calls_written: uint256
    calls_held: uint256
    puts_written: uint256
    puts_held: uint256
    calls_escrowed: uint256  # of what is held
    puts_escrowed: uint256


struct Settlement:  # of an expiry, summed over its strikes
    pot_quote: uint256  # assets owed to holders of puts
    pot_underlying: uint256  # token units owed to holders of calls
    pot_lots: uint256  # in the money
    release_quote: uint256  # assets that covered puts
    release_lots: uint256  # lots of underlying that covered calls
    escrow_quote: uint256  # assets that come from escrow
    escrow_underlying: uint256  # token units that come from escrow
    receivable: uint256  # assets that accounts owe for what they did not escrow


struct CapNumbers:  # of a sheet, as given: what the market may reach
    nav_unit: uint256  # quote: the NAV that all amounts of the sheet are meant for
    potential_max: uint256  # U, share of nav_unit
    credit_max: uint256  # gross credit of margin accounts, share of nav_unit
    cover_max: uint256  # locked cover, share of nav_unit
    series_lots: uint256  # written of one series
    delta_min: uint256  # window of |delta| in which a series may be opened and listed
    delta_max: uint256
    caution_spread: uint256  # factor on the half-spread from caution 1 on
    caution_limit: uint256  # factor on the limits at caution 1
    fund_share: uint256  # of fees
    flow_gap: uint256  # seconds between resets of F_d, at least
    tox_slope: uint256  # rise of the half-spread per unit of mark-out
    tox_max: uint256  # largest factor that toxicity puts on the half-spread


struct QuoteNumbers:  # of a sheet, as given: what a quote adds to the mark
    delta_limit: uint256  # dollar delta, quote, at which the mid has moved by
    delta_skew: uint256  # share of spot
    gamma_limit: uint256  # gamma dollars, quote, at which is charged
    gamma_rent: uint256  # days of variance
    vol_ref: uint256  # at this volatility
    vega_limit: uint256  # weighted vega, quote per 1.00, at which volatility has moved by
    vega_skew: uint256  # points: 0.01 is one
    flow_depth: uint256  # dollar delta, share of nav_unit, in one oracle round, for a shift by
    flow_skew: uint256  # share of spot
    vflow_depth: uint256  # weighted vega per 1.00, share of nav_unit, between posts, for a shift by
    vflow_skew: uint256  # points
    h_min: uint256  # half-spread: least, share of spot
    b_vega: uint256  # points
    b_delta: uint256  # share of dollar delta
    b_mark: uint256  # share of the mark, or zero
    stale_z: uint256  # deviations of spot charged for the age of its round
    fee_spot: uint256  # share of spot, or zero
    fee_cap: uint256  # share of the mark
    cover_rate: uint256  # of locked cover, per year, or zero
    improve_cap: uint256  # largest improvement over the mark, share of it


struct NavNumbers:  # of a sheet, as given: what a share is worth
    deviation: uint256  # of the feed: share of spot by which the price moves without a round
    d_spot: uint256  # share of spot by which the next round may surprise
    d_vol: uint256  # points of volatility by which the next post may
    credit_haircut: uint256  # share of the mark of what margin accounts owe
    performance_fee: uint256  # share of what the low mark gains above its high, or zero


struct MarginTerms:  # what margin accounts ask of a sheet, as given
    shock_near: uint256  # share of spot, up and down, with volatility up
    shock_wide: uint256  # the same, and with volatility down
    shock_down: uint256  # share of spot down, with volatility up, of which counts
    shock_up: uint256  # share of spot up, the same
    far_weight: uint256  # this share of the loss
    vol_up: uint256  # VolShock
    vol_down: uint256
    near_power: uint256
    far_power: uint256
    naked_floor: uint256  # share of spot per naked short contract
    initial_factor: uint256  # initial over maintenance requirement
    short_tau: uint256  # seconds to expiry within which the worst loss at expiry counts
    health_low: uint256  # where a liquidation ends, at least
    health_high: uint256  # and at most
    bonus_max: uint256  # of the premium of a liquidation
    bonus_share: uint256  # of the bonus, to the fund
    windup_reward: uint256  # quote per call
    dust: uint256  # lots below which a leg is closed whole


struct HedgeTerms:  # what the hedger asks of a sheet, as given
    risk_aversion: uint256  # a, per quote
    hedge_gas: uint256  # g: fixed cost of an order, quote
    swap_cost: uint256  # kappa: fee and impact, share of what is traded
    hard_trigger: uint256  # share of NAV that an hour's deviation may cost
    slice_min: uint256  # of an order, quote
    slice_max: uint256
    hedge_gap: uint256  # seconds between orders, at least
    slip: uint256  # from the oracle's price, share
    mean_slip: uint256  # from the pool's five-minute mean, share
    stock_target: uint256  # free underlying, share of NAV
    debt_reserve: uint256  # free quote over short debt, at least
    lend_health: uint256  # health factor at the lending venue, at least


struct AccountTerms:  # what an assessment asks of a sheet, in one call
    margin: MarginTerms
    h_min: uint256  # half-spread, as in Law
    b_vega: uint256
    b_delta: uint256
    b_mark: uint256


struct MarginLeg:  # of an account, in one series; lots
    id: uint256
    owed: uint256  # short, sold to the vault
    escrowed: uint256  # of that, covered in full by what the account has set aside
    owned: uint256  # options held as collateral


struct Assessment:  # of an account at one moment; quote
    equity: int256  # cash and options owned at their mark less a half-spread, less options owed at mark
    maintenance: uint256  # worst loss of the grid and the floor for naked options, at least 3/2 of `closing`
    initial: uint256
    closing: uint256  # what buying back all that is owed may cost beyond its mark
    sellable: uint256  # of equity: options owned that have not expired
    due: uint256  # payoff of options owed that have expired
    costliest: uint256  # the leg that loses most in the worst cell; 8 for none
    spot: uint256  # at which all of this holds; zero for an account without legs


struct Cut:  # what a liquidation may do
    lots: uint256  # bought back, or of options owned sold; zero: nothing
    is_windup: bool  # at the mark, since equity does not pay for more
    bonus: uint256  # quote, for the caller and the fund; of a windup the caller's reward
    to_fund: uint256  # of the bonus
    before: Assessment
    after: Assessment  # at a price of the trade that may only get better


struct Venues:  # what is on hedging venues, at a price; quote, but for the reserve
    equity: int256
    low: int256  # less what leaving costs; of a venue that does not answer nothing
    high: int256  # of a venue that does not answer without what is owed there
    reserve: uint256  # assets that stay free for what is owed there
