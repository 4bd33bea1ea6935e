"""Settling and redeeming: what holders get to the unit, and what comes back to LPs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ballast.chain import rolled_back
from ballast.market.local import LocalMarket, Terms
from ballast.units import WAD
from tests.market import DAY, NOBODY, PAIRS, at_start, outcome, refused, told

STRIKES = (1_900, 2_000, 2_100)
SIZES = ((1, 7_001), (2, 3), (333, 10_000), (12_345, 1))  # lots by holder and series
FEED = 10**10  # a price of the feed in WAD
PRICES = (
    2_000 * WAD,
    2_000 * WAD + FEED,
    2_000 * WAD - FEED,
    1_900 * WAD + 3 * FEED,
    3_123_456_789 * WAD // 10**6,
    40 * WAD + 7 * FEED,
    90_000 * WAD,
)


def expired(market: LocalMarket, expiry: int, price: int) -> None:
    """The last round at or before the expiry is of this price; a later one of another."""
    market.chain.set_timestamp(expiry - 5)
    market.aggregator.transmit(price // FEED, 0)
    market.chain.set_timestamp(expiry + 1)
    market.transmit(1_234)


def payoff(market: LocalMarket, series: int, lots: int, price: int) -> tuple[int, int]:
    """Assets and units: the exact amount, rounded down."""
    strike, is_put = series >> 8 & 2**120 - 1, series & 1
    quote, unit = market.terms.quote_decimals, market.terms.underlying_decimals
    if is_put:
        return max(strike - price, 0) * lots * 10**quote // (10**4 * WAD), 0
    return 0, max(price - strike, 0) * lots * 10**unit // (10**4 * price)


def bought(market: LocalMarket, expiry: int) -> list[tuple[str, int, int]]:
    """Holder, series, lots: several strikes, both rights, odd sizes, two holders."""
    legs = []
    for i, strike in enumerate(STRIKES):
        for right in ("call", "put"):
            series = market.series(expiry, strike, right)
            for holder, lots in zip(("trader", "other"), SIZES[i], strict=True):
                market.desk.buy(series, lots, 2**255, 2**32, sender=market.who(holder))
                legs.append((holder, series, lots))
    return legs


@pytest.fixture(params=PAIRS, ids=lambda pair: f"quote{pair[0]}-unit{pair[1]}", scope="module")
def settling(request: pytest.FixtureRequest) -> Iterator[tuple[LocalMarket, list[Any]]]:
    """A market in which everything of an expiry is held by two."""
    quote, unit = request.param
    with at_start(Terms(quote_decimals=quote, underlying_decimals=unit)) as market:
        yield market, bought(market, market.now_expiries[0])


@pytest.mark.parametrize("price", PRICES, ids=lambda price: f"{price / WAD:.10g}")
def test_settle__price__pays_the_exact_floor_and_empties_the_pot(
    settling: tuple[LocalMarket, list[tuple[str, int, int]]], price: int
) -> None:
    """V3, V17, D4, F7: each holder the floor of his own, all of it out of the pot, dust to LPs."""
    market, legs = settling
    with rolled_back(market.chain):
        expiry = legs[0][1] >> 128
        start = market.vault.holdings()
        expired(market, expiry, price)
        receipt = market.settle(expiry)
        sums = _pot(market, legs, price)
        assert told(market, receipt)[:2] == [
            ("book.ExpiryClosed", dict(expiry=expiry)),
            ("desk.ExpirySettled", dict(expiry=expiry, price=price, **sums)),
        ]
        paid = [_redeemed(market, *leg, price) for leg in legs]
        quote, units = (sum(column) for column in zip(*paid, strict=True))
        end = market.vault.holdings()
        assert end.locked_quote == end.locked_lots == 0
        assert start.underlying - end.underlying == units
        assert end.free_quote == start.free_quote + start.locked_quote - quote
        assert market.vault.pot(expiry) == (0, 0, 0)


def _pot(market: LocalMarket, legs: list[tuple[str, int, int]], price: int) -> dict[str, int]:
    """Floors by series, of all that is held of it."""
    held: dict[int, int] = {}
    for _, series, lots in legs:
        held[series] = held.get(series, 0) + lots
    owed = {series: payoff(market, series, lots, price) for series, lots in held.items()}
    inside = [
        s for s in held if (price < s >> 8 & 2**120 - 1 if s & 1 else price > s >> 8 & 2**120 - 1)
    ]
    return dict(
        pot_quote=sum(quote for quote, _ in owed.values()),
        pot_underlying=sum(units for _, units in owed.values()),
        pot_lots=sum(held[series] for series in inside),
    )


def _redeemed(
    market: LocalMarket, holder: str, series: int, lots: int, price: int
) -> tuple[int, int]:
    """Redeem in two parts, each its own floor, told whole."""
    owner, total = market.who(holder), (0, 0)
    parts = [lots] if lots == 1 else [1, lots - 1]
    for part in parts:
        expected = payoff(market, series, part, price)
        receipt = market.desk.redeem(series, part, sender=owner)
        assert receipt.value == expected
        events = told(market, receipt)
        assert events[0] == (
            "desk.Redeemed",
            dict(
                owner=owner,
                id=series,
                receiver=owner,
                lots=part,
                quote=expected[0],
                underlying=expected[1],
            ),
        )
        assert events[1][0] == "token.TransferSingle"
        assert [name for name, _ in events[2:] if name.endswith("Transfer")] == [
            name
            for name, sum_ in zip(("quote.Transfer", "underlying.Transfer"), expected, strict=True)
            if sum_
        ]
        total = total[0] + expected[0], total[1] + expected[1]
    return total


# --- order and repetition


@pytest.fixture
def held(market: LocalMarket) -> tuple[int, int]:
    """A call and a put of 2,000 in the first expiry, one contract each."""
    expiry = market.now_expiries[0]
    series = tuple(market.series(expiry, 2_000, right) for right in ("call", "put"))
    for one in series:
        market.buy("trader", one, 1)
    return series


def test_settle__before_the_price_is_fixed__is_refused(
    market: LocalMarket, held: tuple[int, int]
) -> None:
    """D1, D9."""
    expiry = held[0] >> 128
    assert refused(market.desk.settle, expiry) == "oracle: not fixed"
    market.chain.set_timestamp(expiry + 1)
    assert refused(market.desk.settle, expiry) == "oracle: not fixed"
    trader = market.who("trader")
    assert refused(market.desk.redeem, held[0], 1, sender=trader) == "oracle: not fixed"


def test_settle__twice__is_refused(market: LocalMarket, held: tuple[int, int]) -> None:
    """D3."""
    expiry = held[0] >> 128
    expired(market, expiry, 2_100 * WAD)
    market.settle(expiry)
    assert refused(market.desk.settle, expiry) == "book: expiry not listed"
    market.redeem("trader", held[0], 1)
    assert refused(market.desk.settle, expiry) == "book: expiry not listed"
    assert refused(market.desk.redeem, held[0], 1, sender=market.who("trader")) == "token: balance"


def test_redeem__before_settle__in_the_money_waits(
    market: LocalMarket, held: tuple[int, int]
) -> None:
    """The price is fixed and the pot is not filled: out of the money burns for nothing at once."""
    call, put = held
    expiry, trader = call >> 128, market.who("trader")
    expired(market, expiry, 2_100 * WAD)
    market.fix(expiry)
    assert refused(market.desk.redeem, call, 10_000, sender=trader) == "vault: pot"
    assert market.desk.redeem(put, 10_000, sender=trader).value == (0, 0)
    receipt = market.desk.settle(expiry, sender=market.who("stranger"))
    assert receipt.event("ExpirySettled").args["pot_lots"] == 10_000
    assert market.desk.redeem(call, 10_000, sender=trader).value == (0, market.units(100) // 2_100)
    assert market.vault.holdings().locked_quote == market.vault.holdings().locked_lots == 0


def test_settle__a_month_late__pays_the_price_of_the_expiry(
    market: LocalMarket, held: tuple[int, int]
) -> None:
    """D1, D8, H5: whoever comes, whenever."""
    expiry = held[0] >> 128
    expired(market, expiry, 1_950 * WAD)
    market.chain.advance(30 * DAY)
    market.transmit(500)
    stranger = market.who("stranger")
    market.fix(expiry)
    market.desk.settle(expiry, sender=stranger)
    market.chain.advance(365 * DAY)
    assert market.redeem("trader", held[1], 1).value == (market.assets(50), 0)


def test_redeem__option_at_its_strike__pays_nothing(
    market: LocalMarket, held: tuple[int, int]
) -> None:
    """D4: no pot, and both burn."""
    expiry = held[0] >> 128
    expired(market, expiry, 2_000 * WAD)
    assert [name for name, _ in told(market, market.settle(expiry))] == [
        "book.ExpiryClosed",
        "desk.ExpirySettled",
    ]
    for series in held:
        receipt = market.redeem("trader", series, 1)
        assert receipt.value == (0, 0)
        assert [name for name, _ in told(market, receipt)] == [
            "desk.Redeemed",
            "token.TransferSingle",
        ]


def test_redeem__for_somebody_else__pays_him(market: LocalMarket, held: tuple[int, int]) -> None:
    """D10: a holder who cannot receive names another."""
    expiry, (trader, other) = held[0] >> 128, (market.who(name) for name in ("trader", "other"))
    expired(market, expiry, 1_900 * WAD)
    market.settle(expiry)
    market.quote.blacklist(trader, sender=market.who("deployer"))
    assert refused(market.desk.redeem, held[1], 10_000, sender=trader) is not None
    before = market.quote.balanceOf(other)
    assert market.desk.redeem(held[1], 10_000, other, sender=trader).value == (
        market.assets(100),
        0,
    )
    assert market.quote.balanceOf(other) - before == market.assets(100)


def test_redeem__without_the_options__is_refused(
    market: LocalMarket, held: tuple[int, int]
) -> None:
    """V20, C14."""
    expiry, other = held[0] >> 128, market.who("other")
    expired(market, expiry, 1_900 * WAD)
    market.settle(expiry)
    for series in (held[1], held[1] | 2, market.series(expiry, 1_950, "put")):
        assert refused(market.desk.redeem, series, 1, sender=other) == "token: balance"


def test_settle__empty_expiry__leaves_the_book(market: LocalMarket) -> None:
    expiry = market.now_expiries[0]
    expired(market, expiry, 2_000 * WAD)
    receipt = market.settle(expiry)
    assert told(market, receipt) == [
        ("book.ExpiryClosed", dict(expiry=expiry)),
        (
            "desk.ExpirySettled",
            dict(expiry=expiry, price=2_000 * WAD, pot_quote=0, pot_underlying=0, pot_lots=0),
        ),
    ]
    assert expiry not in market.book.expiries()
    assert market.book.strikes(expiry) == ()


def test_settle__one_expiry__leaves_the_others_as_they_were(
    market: LocalMarket, held: tuple[int, int]
) -> None:
    """D6: independent per expiry."""
    second = market.series(market.now_expiries[1], 2_000, "put")
    market.buy("other", second, 3)
    expiry = held[0] >> 128
    before = market.book.polynomial(second >> 128), market.book.positions(second >> 128)
    expired(market, expiry, 2_345 * WAD)
    market.settle(expiry)
    assert (market.book.polynomial(second >> 128), market.book.positions(second >> 128)) == before
    exposure = market.book.exposure_now()
    assert (exposure.delta, exposure.gamma, exposure.vega) == before[0][1:]
    assert market.book.gross_lots() == 30_000
    assert market.vault.holdings().locked_quote == market.assets(6_000)


def test_settle__expiry_that_is_not_one__is_refused(market: LocalMarket) -> None:
    for expiry in (0, market.now_expiries[0] + 1, 2**200):
        assert outcome(market.desk.settle, expiry) == "oracle: not fixed"


def test_redeem__receiver_nobody__is_refused(market: LocalMarket, held: tuple[int, int]) -> None:
    expiry = held[0] >> 128
    expired(market, expiry, 1_900 * WAD)
    market.settle(expiry)
    trader = market.who("trader")
    assert refused(market.desk.redeem, held[1], 1, NOBODY, sender=trader) is not None
