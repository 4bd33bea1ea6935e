"""What tests of margin accounts share: an account in words, and how to bring it to an edge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ballast.chain import Contract, rolled_back
from ballast.market.local import FOREVER, LocalMarket, Terms
from ballast.units import WAD
from tests.market import at_start

UNLIMITED = 2**255
LOTS = 10**4
MASK = 2**64 - 1
OWNERS = ("trader", "other")
CASH, UNITS = 50_000, 50
"""What an account starts with."""
Event = tuple[str, dict[str, Any]]


@contextmanager
def started(terms: Terms | None = None, *, staked: int = 10_000) -> Iterator[LocalMarket]:
    """A market with a fund, two accounts with money, and flows that are reset."""
    with at_start(terms) as market:
        for name in OWNERS:
            market.add_margin(name, CASH, UNITS)
        if staked:
            stake(market, staked)
        market.buy("other", market.series(market.now_expiries[3], 2_000), 1)
        yield market


def stake(market: LocalMarket, amount: int) -> None:
    """Somebody insures."""
    lp = market.fund("stranger", quote=amount)
    market.insurance.deposit(market.assets(amount), lp, sender=lp)


def grain(market: LocalMarket) -> int:
    """WAD in an asset."""
    return 10 ** (18 - market.terms.quote_decimals)


# --- accounts


def cash(market: LocalMarket, actor: str = "trader") -> int:
    return int(market.margin.account(market.who(actor))[0])


def units(market: LocalMarket, actor: str = "trader") -> int:
    return int(market.margin.account(market.who(actor))[1])


def legs(market: LocalMarket, actor: str = "trader") -> dict[int, tuple[int, int, int]]:
    """Owed, escrowed, owned lots by series."""
    found = market.margin.account(market.who(actor))[2]
    assert [leg.id for leg in found] == sorted({leg.id for leg in found})
    return {leg.id: (leg.owed, leg.escrowed, leg.owned) for leg in found}


def state(market: LocalMarket, actor: str = "trader") -> tuple[Any, ...]:
    return cash(market, actor), units(market, actor), legs(market, actor)


def assessed(market: LocalMarket, actor: str = "trader") -> Any:
    return market.margin.health(market.who(actor))[1]


def own(market: LocalMarket, series: int, contracts: float, actor: str = "trader") -> None:
    """Buy options and bring them into the account."""
    account, lots = market.who(actor), market.lots(contracts)
    market.buy(actor, series, contracts)
    if not market.token.isApprovedForAll(account, market.margin):
        market.token.setApprovalForAll(market.margin, True, sender=account)
    market.margin.deposit_option(series, lots, sender=account)


def deposit(market: LocalMarket, assets: int, actor: str = "trader") -> None:
    market.margin.deposit(assets, sender=market.who(actor))


def withdraw(market: LocalMarket, assets: int, actor: str = "trader") -> None:
    market.margin.withdraw(assets, sender=market.who(actor))


def drain(market: LocalMarket, actor: str = "trader") -> None:
    """Take out what the initial requirement leaves."""
    found = assessed(market, actor)
    spare = (found.equity - found.initial) // grain(market)
    assert spare >= 0
    withdraw(market, min(spare, cash(market, actor)), actor)


def raise_to(market: LocalMarket, over: int = 0, actor: str = "trader") -> None:
    """Make equity the maintenance requirement and so many wei, as of the block after."""
    found = _in_next_block(market, actor)
    lack = found.maintenance + over - found.equity
    assert lack >= 0, "a fall of the market comes first"
    deposit(market, -(-lack // grain(market)), actor)


def _in_next_block(market: LocalMarket, actor: str) -> Any:
    with rolled_back(market.chain):
        deposit(market, 0, actor)
        return assessed(market, actor)


def until_below(
    market: LocalMarket, health: float, actor: str = "trader", *, up: bool = True
) -> None:
    """Move spot step by step until an account's health is below this."""
    price = market.oracle.spot()[0] / WAD
    while market.health(actor) >= health:
        price *= 1.002 if up else 0.998
        market.transmit(round(price, 2))


# --- events


def traded(
    market: LocalMarket, series: int, lots: int, escrowed: int, quote: Any, actor: str = "trader"
) -> Event:
    """The desk's event of an account's trade at this quote."""
    parts = ("premium", "fee", "mark", "skew", "spread", "clamp")
    found = {name: getattr(quote, name) for name in parts}
    spot = market.oracle.spot()[0]
    return "desk.MarginTraded", dict(
        account=market.who(actor),
        id=series,
        lots=lots,
        escrowed=escrowed,
        spot=spot,
        risk=packed(quote.risk),
        **found,
    )


def packed(risk: Any) -> int:
    parts = (risk.value, risk.delta, risk.gamma, risk.vega)
    return sum((part & MASK) << 64 * i for i, part in enumerate(parts))


def moved(token: str, sender: Any, receiver: Any, amount: int) -> Event:
    at = [who.address if isinstance(who, Contract) else who for who in (sender, receiver)]
    return f"{token}.Transfer", dict(sender=at[0], receiver=at[1], value=amount)


# --- sums


def cover(market: LocalMarket, series: int, lots: int) -> tuple[int, int]:
    """Assets, lots of underlying."""
    if series & 1 == 0:
        return 0, lots
    strike = series >> 8 & 2**120 - 1
    assets, crumb = divmod(strike * lots, LOTS * grain(market))
    assert crumb == 0
    return assets, 0


def lot(market: LocalMarket) -> int:
    return int(10 ** (market.terms.underlying_decimals - 4))


def escrow(market: LocalMarket, actor: str) -> tuple[int, int]:
    """Assets and token units that an account has set aside."""
    found = [cover(market, one, leg[1]) for one, leg in legs(market, actor).items()]
    return sum(a for a, _ in found), sum(b for _, b in found) * lot(market)


def assert_backed(market: LocalMarket, owners: Sequence[str] = OWNERS, spare: int = 0) -> None:
    """What accounts have and have set aside is here, to the unit but for dust of settlements."""
    sets = [escrow(market, name) for name in owners]
    quote = sum(cash(market, name) for name in owners) + sum(a for a, _ in sets)
    under = sum(units(market, name) for name in owners) + sum(b for _, b in sets)
    assert 0 <= market.quote.balanceOf(market.margin) - quote <= spare
    assert 0 <= market.underlying.balanceOf(market.margin) - under <= spare
    owned: dict[int, int] = {}
    for name in owners:
        for series, leg in legs(market, name).items():
            owned[series] = owned.get(series, 0) + leg[2]
    for series, lots in owned.items():
        assert market.token.balanceOf(market.margin, series) == lots


def locked(market: LocalMarket) -> tuple[int, int]:
    """What the vault keeps as cover: assets, lots of underlying."""
    found = market.vault.holdings()
    return int(found.locked_quote), int(found.locked_lots)


def assert_locked(market: LocalMarket) -> None:
    """The vault's cover is what is written and not escrowed, series by series; the book's own sums
    are those of the accounts."""
    assets = lots = 0
    for expiry in market.book.expiries():
        for at in market.book.positions(expiry):
            head = expiry << 128 | at.strike << 8
            for series, written, escrowed in (
                (head, at.calls_written, at.calls_escrowed),
                (head | 1, at.puts_written, at.puts_escrowed),
            ):
                more = cover(market, series, max(0, written - escrowed))
                assets, lots = assets + more[0], lots + more[1]
    assert locked(market) == (assets, lots)


def assert_owed(market: LocalMarket, owners: Sequence[str] = OWNERS) -> None:
    """What the book holds is what accounts owe, and credit what they owe without escrow."""
    held: dict[int, list[int]] = {}
    credit = [0, 0]
    for name in owners:
        for series, (owed, escrowed, _) in legs(market, name).items():
            sums = held.setdefault(series, [0, 0])
            sums[0], sums[1] = sums[0] + owed, sums[1] + escrowed
            assets, lots = cover(market, series, owed - escrowed)
            credit[0], credit[1] = credit[0] + lots, credit[1] + assets
    assert market.margin.credit() == tuple(credit)
    for expiry in market.book.expiries():
        for at in market.book.positions(expiry):
            head = expiry << 128 | at.strike << 8
            calls, puts = held.get(head, [0, 0]), held.get(head | 1, [0, 0])
            assert [at.calls_held, at.calls_escrowed] == calls
            assert [at.puts_held, at.puts_escrowed] == puts


def wealth(market: LocalMarket) -> tuple[int, int]:
    """Quote and underlying of everybody and everything: nothing but `fund` makes more."""
    parts = [contract.address for contract in market.deployment.contracts.values()]
    people = [*market.actors.values(), *parts]
    return (
        sum(market.quote.balanceOf(who) for who in people),
        sum(market.underlying.balanceOf(who) for who in people),
    )


def selling(
    market: LocalMarket, series: int, lots: int = 100, escrowed: int = 0, actor: str = "trader"
) -> tuple[Any, ...]:
    """Arguments of `sell_to_open` by the owner."""
    return market.margin.sell_to_open, series, lots, 0, FOREVER, escrowed, market.who(actor)
