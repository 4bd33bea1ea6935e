"""Gas of a market: whole transactions as receipts say, cold storage, stablecoin and feed behind
proxies as on a real chain.

The market is full where nothing else is said: eight expiries of 24 neighbouring strikes, positions
in all 384 series. Sizes are round numbers, so that calldata is what people send.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from ballast.bench.figures import GAS, figure
from ballast.chain import RevmChain, rolled_back
from ballast.market.local import LocalMarket, Terms
from ballast.series import listable_expiries
from ballast.units import DAY

_STRIKES: Final = tuple(range(1_700, 2_300, 25))
_NEAREST: Final = 10 * DAY


@cache
def _market(expiries: int = 8, strikes: int = 24) -> LocalMarket:
    """A market with a position in every series, fresh Greeks, and traders who have traded."""
    terms = Terms(grid=25, nav=20_000_000, strikes=_STRIKES[:strikes])
    market = LocalMarket.open(RevmChain(), terms, list_board=False)
    now = market.chain.timestamp
    live = [e for e in listable_expiries(now, 12) if e - now > _NEAREST][:expiries]
    market.now_expiries = live
    market.found(live)
    for expiry in live:
        market.list_strikes(expiry, terms.strikes)
    market.supply(20_000_000, 2_000)
    for actor in ("trader", "other", "lp"):
        market.fund(actor, quote=1_000_000, underlying=10)
    market.refresh()
    for expiry in live:
        for strike in terms.strikes:
            for right in ("call", "put"):
                market.buy("other", market.series(expiry, strike, right), "0.1")
    market.refresh()
    market.transmit(2_000)
    market.buy("other", _series(market), 1)  # opens the round
    return market


def _series(market: LocalMarket, right: str = "call") -> int:
    return market.series(market.now_expiries[0], _STRIKES[0], right)


def _most(measure: Callable[[LocalMarket, int], int], *markets: LocalMarket) -> int:
    """The most that calls and puts take in any of the markets."""
    gas = []
    for market in markets or (_market(),):
        for right in ("call", "put"):
            with rolled_back(market.chain):
                gas.append(measure(market, _series(market, right)))
    return max(gas)


def _repeat(market: LocalMarket, series: int) -> int:
    market.buy("trader", series, 1)
    return market.buy("trader", series, 1).gas_used


@figure("Desk.buy_repeat", unit=GAS, target=170_000)
def buy_repeat() -> int:
    """A holder buys more on a fresh book; the same with one strike and with 192."""
    return _most(_repeat, _market(1, 1), _market())


@figure("Desk.buy_first", unit=GAS, target=205_000)
def buy_first() -> int:
    """A new holder's first buy of a series that nobody has traded, on a fresh book."""

    def first(market: LocalMarket, series: int) -> int:
        expiry, right = market.now_expiries[0], series & 1
        strike = _STRIKES[-1] + 25
        market.list_strikes(expiry, [strike])
        market.refresh()
        return market.buy(
            "trader", market.series(expiry, strike, ("call", "put")[right]), 1
        ).gas_used

    return _most(first, _market(1, 1))


@figure("Desk.buy_new_round", unit=GAS)
def buy_new_round() -> int:
    """A repeat buy that is the first of an oracle round, and closes the flow of the last one."""

    def opens_round(market: LocalMarket, series: int) -> int:
        market.buy("trader", series, 1)
        market.chain.advance(120)
        market.transmit(2_001)
        return market.buy("trader", series, 1).gas_used

    return _most(opens_round)


@figure("Desk.buy_with_refresh", unit=GAS, target=340_000)
def buy_with_refresh() -> int:
    """A repeat buy that has to refresh its own full expiry, the only one."""

    def refreshes(market: LocalMarket, series: int) -> int:
        market.buy("trader", series, 1)
        market.surface.post(
            market.slices(market.now_expiries, market.chain.timestamp),
            sender=market.actors["keeper"],
        )
        return market.buy("trader", series, 1).gas_used

    return _most(refreshes, _market(1, 24))


@figure("Desk.sell_to_close", unit=GAS, target=165_000)
def sell_to_close() -> int:
    """A holder sells a part."""

    def sells(market: LocalMarket, series: int) -> int:
        market.buy("trader", series, 2)
        return market.sell("trader", series, 1).gas_used

    return _most(sells)


@figure("Desk.quote", unit=GAS, target=55_000)
def quote() -> int:
    """What the view takes when it is called cold, without intrinsic gas and calldata."""

    def asks(market: LocalMarket, series: int) -> int:
        chain = market.chain
        assert isinstance(chain, RevmChain)
        return chain.execution_gas(market.desk.address, market.desk.quote.encode(series, 10_000))

    return _most(asks)


def _refresh(market: LocalMarket, series: int) -> int:
    market.chain.advance(60)
    return int(market.book.refresh(series >> 128).gas_used)


@figure("Book.refresh24", unit=GAS, target=200_000)
def refresh() -> int:
    """An expiry of 24 strikes with calls and puts, the only one."""
    return _most(_refresh, _market(1, 24))


@figure("Book.refresh24_of_192", unit=GAS)
def refresh_of_many() -> int:
    """The same beside seven others, whose guards it has to read."""
    return _most(_refresh)


@figure("Vault.deposit", unit=GAS, target=160_000)
def deposit() -> int:
    """An LP who holds shares deposits more; eight fresh expiries."""
    market = _market()
    with rolled_back(market.chain):
        account = market.fund("lp", quote=1_000)
        market.vault.deposit(market.assets(500), account, sender=account)
        return int(market.vault.deposit(market.assets(500), account, sender=account).gas_used)


@figure("Vault.redeem", unit=GAS, target=160_000)
def redeem_shares() -> int:
    """An LP redeems a part; eight fresh expiries."""
    market = _market()
    with rolled_back(market.chain):
        account = market.who("lp")
        market.vault.deposit(market.assets(500), account, sender=account)
        shares = market.vault.balanceOf(account) // 1_000
        return int(market.vault.redeem(shares, account, account, sender=account).gas_used)


def _expired(market: LocalMarket) -> int:
    """The first expiry, passed and fixed."""
    expiry = market.now_expiries[0]
    market.chain.set_timestamp(expiry - 60)
    market.transmit(2_010)
    market.chain.set_timestamp(expiry + 60)
    market.transmit(2_011)
    market.fix(expiry)
    return expiry


@figure("Desk.settle24", unit=GAS, target=280_000)
def settle() -> int:
    """24 strikes with calls and puts, eight expiries live."""
    market = _market()
    with rolled_back(market.chain):
        return int(market.desk.settle(_expired(market)).gas_used)


@figure("Desk.redeem", unit=GAS, target=80_000)
def redeem() -> int:
    """A holder takes what a part of his options pays; calls in underlying, puts in quote."""
    market = _market()
    gas = []
    for strike, right in ((_STRIKES[0], "call"), (_STRIKES[-1], "put")):
        with rolled_back(market.chain):
            expiry = _expired(market)
            market.desk.settle(expiry)
            series = market.series(expiry, strike, right)
            gas.append(market.redeem("other", series, "0.05").gas_used)
    return max(gas)
