"""Trades beside what the hedger has taken abroad: its delta counts as if it were at home, its
reserve binds puts alone, and a venue that trades in the middle of an order is locked out."""

from __future__ import annotations

from typing import Any

from ballast.chain import Contract, compile_contract, rolled_back
from ballast.market.local import FOREVER, LocalMarket
from tests.market import refused

NOTED = 2**196 | 1  # something is abroad, and delta has changed
MOST = 2**128


def venue_word(lots: int = 0, reserve: int = 0) -> int:
    """What `venue_word` packs of a reserve that it holds exactly."""
    exponent = max(reserve.bit_length() - 12, 0)
    assert reserve >> exponent << exponent == reserve
    return NOTED | lots % 2**40 << 197 | reserve >> exponent << 237 | exponent << 249


def stub_of(market: LocalMarket) -> Contract:
    """A hedger that does what a test says, in the place of the market's own."""
    artifact = compile_contract("tests/harness/HedgerStub.vy")
    market.chain.set_code(market.hedger.address, artifact.runtime)
    return market.chain.at(artifact, market.hedger.address)


def quotes(market: LocalMarket, at: int) -> list[Any]:
    """At a time, of both rights, both ways, in two expiries; some are large."""
    market.chain.set_timestamp(at)
    expiries = market.now_expiries[1], market.now_expiries[3]
    ids = [market.series(e, 2_000, right) for e in expiries for right in ("call", "put")]
    found = [tuple(market.desk.quote(id_, lots)) for id_ in ids for lots in (10_000, 60_000)]
    return found + [tuple(market.desk.quote(id_, -5_000)) for id_ in ids]


def test_quote__units_owed_abroad__are_as_if_there_were_fewer_at_home(each: LocalMarket) -> None:
    """40 at home; 100 of which 60 are owed; 40 of which some go abroad: one delta, one price."""
    market = each
    hedger, units = stub_of(market), market.units(60)
    for expiry in (market.now_expiries[1], market.now_expiries[3]):
        for right in ("call", "put"):
            market.buy("trader", market.series(expiry, 2_000, right), 1)
    hedger.note(market.vault, venue_word())
    at = market.chain.timestamp + 10
    with rolled_back(market.chain):
        before = quotes(market, at)
    with rolled_back(market.chain):
        hedger.trade(market.vault, market.who("stranger"), 0, units, b"")
        hedger.note(market.vault, venue_word())
        at_home = quotes(market, at)
        assert market.vault.balances().underlying == market.units(40)
    with rolled_back(market.chain):
        hedger.note(market.vault, venue_word(-600_000))
        assert market.vault.balances().underlying == market.units(100)
        owed = quotes(market, at)
    with rolled_back(market.chain):
        hedger.trade(market.vault, market.who("stranger"), 0, market.units(75), b"")
        hedger.note(market.vault, venue_word(150_000))
        abroad = quotes(market, at)
    assert at_home == owed == abroad
    assert all(one != other for one, other in zip(before, owed, strict=True))


def test_appraise__units_owed_abroad__count_in_the_width_as_in_trades(market: LocalMarket) -> None:
    hedger = stub_of(market)
    market.buy("trader", market.series(market.now_expiries[1], 2_000), 2)
    hedger.note(market.vault, venue_word(-1_300_000))
    nav, low, high = market.vault.nav()
    found = market.book.appraisal(-30 * 10**18)
    assert (nav - low, high - nav) == (found.width, found.width)
    assert found.width != market.book.appraisal(30 * 10**18).width
    assert found.potential != market.book.appraisal(100 * 10**18).potential


def test_reserve__more_than_all_quote__stops_puts_alone(market: LocalMarket) -> None:
    """Calls, sales of either and what an account buys back go on."""
    hedger = stub_of(market)
    expiry = market.now_expiries[1]
    call, put = (market.series(expiry, 2_000, right) for right in ("call", "put"))
    market.buy("trader", call, 2)
    market.buy("trader", put, 2)
    market.add_margin("other", 10_000)
    market.write("other", put, 2, escrowed=1)
    locked = market.vault.holdings().locked_quote
    reserve = 4_095 << (20 + market.terms.quote_decimals * 10 // 3)  # billions
    hedger.note(market.vault, venue_word(0, reserve))
    hedger.set_venues(0, 0, 0, reserve)
    args = (put, 10_000, MOST, FOREVER)
    assert refused(market.desk.buy, *args, sender=market.who("trader")) == "vault: cover"
    market.buy("trader", call, 1)
    market.sell("trader", call, 1)
    market.sell("trader", put, "0.5")
    market.buy_back("other", put, 2)
    assert market.vault.holdings().locked_quote > locked - market.assets(2_000)
    hedger.note(market.vault, venue_word())
    market.buy("trader", put, 1)


def test_trade__venue_that_buys_or_deposits_meanwhile__is_locked_out(market: LocalMarket) -> None:
    """V20. Outside an order the same call goes through."""
    hedger = stub_of(market)
    stub = compile_contract("tests/harness/VenueStub.vy")
    venue = market.chain.deploy(stub, market.quote, market.underlying)
    for token in (market.quote, market.underlying):
        token.mint(venue, market.assets(50_000), sender=market.who("deployer"))
    for spender in (market.vault, market.margin):
        venue.allow(spender)
    call, receiver = market.series(market.now_expiries[1], 2_000), market.who("stranger")
    calls = (
        (market.desk, market.desk.buy.encode(call, 10_000, MOST, FOREVER, receiver)),
        (market.vault, market.vault.deposit.encode(market.assets(1_000), receiver)),
        (market.hedger, hedger.trade.encode(market.vault.address, receiver, 1, 0, b"")),
    )
    for i, (target, payload) in enumerate(calls):
        venue.set_entry(target, payload, False)
        with rolled_back(market.chain):
            venue.enter()
            assert (venue.entered(), venue.refused()) == (1, i)
        before = market.vault.balances()
        hedger.trade(market.vault, venue, 0, 0, venue.enter.encode())
        assert market.vault.balances() == before
    assert (venue.entered(), venue.refused()) == (0, len(calls))
