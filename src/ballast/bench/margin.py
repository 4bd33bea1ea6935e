"""Gas of margin accounts: whole transactions, in the same full market as `bench.market`."""

from __future__ import annotations

from typing import Final

from ballast.bench.figures import GAS, figure
from ballast.bench.market import _expired, _market
from ballast.chain import RevmChain, rolled_back
from ballast.market.local import LocalMarket

_MOVE: Final = 0.05  # up, each time, until accounts can be liquidated


def _short(market: LocalMarket, strike: int, number: int = 0, right: str = "call") -> int:
    return market.series(market.now_expiries[number], strike, right)


def _written(market: LocalMarket) -> None:
    """Accounts stand: one that has written before, and others' options are owed already."""
    market.add_margin("trader", 200_000)
    market.add_margin("other", 200_000)
    market.write("other", _short(market, 2_000), "0.1")


@figure("Margin.sell_to_open", unit=GAS, target=380_000)
def sell_to_open() -> int:
    """An account sells options of a series that it has not sold before, and has one leg then."""
    market = _market()
    with rolled_back(market.chain):
        _written(market)
        return market.write("trader", _short(market, 2_000), 1).gas_used


@figure("Margin.sell_to_open_again", unit=GAS)
def sell_to_open_again() -> int:
    """The same with three legs of other series beside it, in two expiries."""
    market = _market()
    with rolled_back(market.chain):
        _written(market)
        for strike, number, right in ((2_000, 0, "call"), (2_050, 0, "put"), (2_000, 1, "call")):
            market.write("trader", _short(market, strike, number, right), 1)
        return market.write("trader", _short(market, 1_900, 0, "put"), 1).gas_used


@figure("Margin.check4", unit=GAS, target=200_000)
def check() -> int:
    """`health` of four legs in two expiries, called cold, without intrinsic gas and calldata."""
    market = _market()
    with rolled_back(market.chain):
        _written(market)
        for strike, number in ((2_000, 0), (2_050, 0), (2_000, 1), (2_050, 1)):
            market.write("trader", _short(market, strike, number), 1)
        chain = market.chain
        assert isinstance(chain, RevmChain)
        call = market.margin.health.encode(market.who("trader"))
        return chain.execution_gas(market.margin.address, call)


def _ailing(market: LocalMarket, legs: int) -> str:
    """An account below its maintenance requirement: all taken out that may be, then spot rises."""
    _written(market)
    account = market.who("trader")
    for strike in (2_000, 2_050, 2_100, 2_150)[:legs]:
        market.write("trader", _short(market, strike), 1)
    _, found = market.margin.health(account)
    spare = (found.equity - found.initial) // 10 ** (18 - market.terms.quote_decimals)
    market.margin.withdraw(spare - 1, account, sender=account)
    price = 2_000.0
    while market.health("trader") >= 1:
        price *= 1 + _MOVE
        market.chain.advance(30)
        market.transmit(round(price, 2))
    return account


def _liquidation(legs: int) -> int:
    market = _market()
    with rolled_back(market.chain):
        account = _ailing(market, legs)
        series, lots = market.lens.next_liquidation(account)
        sender = market.who("liquidator")
        market.fund("liquidator", quote=1)
        return int(market.margin.liquidate(account, series, lots, sender=sender).gas_used)


@figure("Margin.liquidate", unit=GAS, target=380_000)
def liquidate() -> int:
    """The first liquidation of an account with one leg, bonus and the fund's share included."""
    return _liquidation(1)


@figure("Margin.liquidate_of4", unit=GAS)
def liquidate_of_four() -> int:
    """The same with four legs."""
    return _liquidation(4)


@figure("Margin.settle", unit=GAS, target=120_000)
def settle() -> int:
    """An account with one leg pays what it owes for an expiry that the market has settled."""
    market = _market()
    with rolled_back(market.chain):
        _written(market)
        market.write("trader", _short(market, 2_000), 1)
        expiry = _expired(market)
        market.desk.settle(expiry)
        market.margin.settle(market.who("other"), expiry)
        return int(market.margin.settle(market.who("trader"), expiry).gas_used)


@figure("Book.refresh24_held", unit=GAS)
def refresh_held() -> int:
    """The only expiry, 24 strikes, in half of which accounts owe options."""
    market = _market(1, 24)
    with rolled_back(market.chain):
        market.add_margin("other", 1_000_000)
        for strike in range(1_700, 1_900, 25):
            market.write("other", _short(market, strike), "0.1")
        market.chain.advance(60)
        return int(market.book.refresh(market.now_expiries[0]).gas_used)
