"""A market's deployment as data, and what stands after it."""

from __future__ import annotations

import pytest

from ballast.chain import RevmChain
from ballast.chain.deployment import Ref
from ballast.market.local import LocalMarket, Terms, local_settings
from ballast.market.plan import ORDER, market_plan
from ballast.units import WAD

VENUES = ("spot_venue", "lending_venue")  # in a market that has some


@pytest.fixture(scope="module")
def market() -> LocalMarket:
    return LocalMarket.open(RevmChain())


def test_plan__steps__are_the_contracts_in_order(market: LocalMarket) -> None:
    settings = local_settings(
        market.terms, market.actors, market.quote, market.underlying, market.feed
    )
    plan = market_plan(settings)
    steps = tuple(name for name in ORDER if name not in VENUES)
    assert tuple(step.name for step in plan.steps) == steps
    assert tuple(market.deployment.contracts) == steps


def test_plan__forward_references__are_those_that_name_each_other(market: LocalMarket) -> None:
    """They name contracts that come later; all others find theirs standing."""
    settings = local_settings(
        market.terms, market.actors, market.quote, market.underlying, market.feed
    )
    later = set()
    for i, step in enumerate(market_plan(settings).steps):
        names = {arg.step for arg in step.args if isinstance(arg, Ref)}
        later |= {(step.name, name) for name in names if ORDER.index(name) > i}
    assert later == {
        ("book", "desk"),
        ("book", "vault"),
        ("token", "desk"),
        ("vault", "desk"),
        ("vault", "margin"),
        ("vault", "insurance"),
        ("vault", "hedger"),
        ("insurance", "margin"),
        ("margin", "desk"),
        ("lens", "hedger"),
    }


def test_plan__parts__name_each_other(market: LocalMarket) -> None:
    """H6: bound by constructors alone, each to the others that stand."""
    address = {name: contract.address for name, contract in market.deployment.contracts.items()}
    desk, book, vault = market.desk, market.book, market.vault
    for name in ("oracle", "surface", "quoter", "book", "vault", "token", "margin"):
        assert desk.method(name.upper())() == address[name]
    for name in ("desk", "vault", "oracle", "surface", "valuer"):
        assert book.method(name.upper())() == address[name]
    assert (vault.BOOK(), vault.DESK()) == (address["book"], address["desk"])
    for name in ("desk", "vault", "assessor", "oracle", "book", "token"):
        assert market.margin.method(name.upper())() == address[name]
    assert vault.MARGIN() == market.insurance.MARGIN() == address["margin"]
    assert market.margin.FUND() == address["insurance"]
    assert market.insurance.VAULT() == address["vault"]
    for name in ("vault", "book", "desk", "oracle", "surface"):
        assert market.hedger.method(name.upper())() == address[name]
    assert vault.HEDGER() == address["hedger"]
    assert (vault.asset(), vault.UNDERLYING()) == (
        market.quote.address,
        market.underlying.address,
    )
    assert desk.sheet() == book.sheet() == address["sheet"]
    assert desk.OWNER() == market.who("owner") == vault.OWNER()
    assert (desk.guardian(), desk.keeper()) == (market.who("guardian"), market.who("keeper"))


@pytest.mark.parametrize(("quote", "unit"), [(6, 18), (18, 6), (8, 8)])
def test_local_market__terms__are_kept(quote: int, unit: int) -> None:
    terms = Terms(
        spot=100, grid=5, strikes=(90, 100, 110), quote_decimals=quote, underlying_decimals=unit
    )
    market = LocalMarket.open(RevmChain(), terms)
    assert market.oracle.spot()[0] == 100 * WAD
    assert market.quote.decimals() == quote and market.underlying.decimals() == unit
    assert market.assets("1.5") == 15 * 10 ** (quote - 1)
    assert market.units("0.25") == 25 * 10 ** (unit - 2)
    assert market.lots("0.0001") == 1
    assert tuple(market.book.expiries()) == tuple(market.now_expiries)
    for expiry in market.now_expiries:
        assert market.book.strikes(expiry) == tuple(int(k) * WAD for k in market.near(expiry))


def test_local_market__without_a_board__lists_nothing() -> None:
    market = LocalMarket.open(RevmChain(), list_board=False)
    assert market.book.expiries() == () and market.surface.expiries() == ()
    assert market.now_expiries == []


def test_local_market__supply_and_trade__move_what_they_say(market: LocalMarket) -> None:
    market.supply(100_000, 5)
    assert market.quote.balanceOf(market.vault) == 100_000 * 10**6
    assert market.underlying.balanceOf(market.vault) == 5 * 10**18
    assert market.desk.nav_ref() > 109_000 * WAD
    market.refresh()
    market.fund("trader", quote=10_000)
    call = market.series(market.now_expiries[3], 2_000)
    market.buy("trader", call, "1.5")
    assert market.token.balanceOf(market.who("trader"), call) == 15_000
    market.sell("trader", call, "0.5")
    assert market.token.balanceOf(market.who("trader"), call) == 10_000


def test_local_market__unknown_names__are_refused(market: LocalMarket) -> None:
    with pytest.raises(AttributeError, match="has no teller"):
        _ = market.teller
    assert market.who("0x" + "11" * 20) == "0x" + "11" * 20


def test_local_market__expiry__fixes_and_settles(market: LocalMarket) -> None:
    first = market.now_expiries[0]
    market.chain.set_timestamp(first - 10)
    market.transmit(2_012)
    market.chain.set_timestamp(first + 10)
    market.transmit(1_800)
    receipt = market.settle(first)
    assert receipt.event("ExpirySettled").args["price"] == 2_012 * WAD
    assert market.oracle.settlement_price(first) == 2_012 * WAD
