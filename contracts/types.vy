# pragma version 0.4.3
"""
@title Structs that cross a contract's border
@license MIT
@notice Units, stated once. Everything is WAD (1e18) unless it says otherwise: prices in quote
    tokens per unit of underlying, sizes in contracts of one unit of underlying, volatility and
    rates per year of 365 days. S = forward * discount is spot, c = -ln(discount)/tau carry, sigma =
    sqrt(variance/tau) volatility.
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
