"""What an oracle may be bound to."""

from __future__ import annotations

from typing import Any

import pytest

from ballast.chain import RevmChain, compile_contract
from tests.unit.oracle.world import DAY, HOUR, PRICE, WAD, Fault, Feed, Terms, deploy, refused

SECOND = {"second_heartbeat": HOUR, "agreement": 5 * 10**15, "tolerance": 5 * 10**16}


@pytest.fixture
def full(revm: RevmChain, terms: Terms) -> Terms:
    """Terms with a sequencer and a second source."""
    second, sequencer = Feed(revm), Feed(revm, decimals=0)
    second.transmit(PRICE)
    sequencer.transmit(0, revm.timestamp - DAY)
    return terms.but(sequencer=sequencer.proxy, grace=HOUR, second=second.proxy, **SECOND)


def test_init__terms__are_kept(revm: RevmChain, full: Terms) -> None:
    oracle = deploy(revm, full)
    kept = [getattr(value, "address", value) for value in vars(full).values()]
    assert list(oracle.terms()) == kept
    assert oracle.decimals() == 8
    assert oracle.receipt is not None and oracle.receipt.logs == ()


EDGES = [
    ("heartbeat", (60, 61), (0, 59), "oracle: heartbeat"),
    ("heartbeat", (2 * DAY - 1, 2 * DAY), (2 * DAY + 1, 2**256 - 1), "oracle: heartbeat"),
    ("min_price", (10**6, 10**6 + 1), (0, 10**6 - 1), "oracle: min price"),
    ("max_price", (2**108 - 1, 2**108), (2**108 + 1, 2**256 - 1), "oracle: max price"),
    ("grace", (60, 61, DAY - 1, DAY), (0, 59, DAY + 1, 2**256 - 1), "oracle: grace range"),
    (
        "second_heartbeat",
        (60, 61, 2 * DAY - 1, 2 * DAY),
        (0, 59, 2 * DAY + 1, 2**256 - 1),
        "oracle: second heartbeat",
    ),
    ("agreement", (10**14, 10**14 + 1), (0, 10**14 - 1), "oracle: agreement"),
    ("agreement", (5 * 10**16,), (5 * 10**16 + 1,), "oracle: agreement, tolerance"),
    (
        "tolerance",
        (2 * 10**17 - 1, 2 * 10**17),
        (2 * 10**17 + 1, 2**256 - 1),
        "oracle: tolerance",
    ),
]


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, good, _, _ in EDGES for value in good]
)
def test_init__at_the_edge__is_accepted(
    revm: RevmChain, full: Terms, name: str, value: int
) -> None:
    oracle = deploy(revm, full.but(**{name: value}))
    assert getattr(oracle.terms(), name) == value


@pytest.mark.parametrize(
    ("name", "value", "why"), [(name, value, why) for name, _, bad, why in EDGES for value in bad]
)
def test_init__beyond_the_edge__is_refused(
    revm: RevmChain, full: Terms, name: str, value: int, why: str
) -> None:
    with refused(why):
        deploy(revm, full.but(**{name: value}))


@pytest.mark.parametrize("above", [-1, 0])
def test_init__bounds_that_hold_nothing__are_refused(
    revm: RevmChain, terms: Terms, above: int
) -> None:
    with refused("oracle: price bounds"):
        deploy(revm, terms.but(min_price=WAD, max_price=WAD + above))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"grace": 1}, "oracle: grace, no sequencer"),
        ({"second_heartbeat": 1}, "oracle: no second source"),
        ({"agreement": 1}, "oracle: no second source"),
        ({"tolerance": 1}, "oracle: no second source"),
    ],
)
def test_init__numbers_of_a_source_that_is_not_there__are_refused(
    revm: RevmChain, terms: Terms, changes: dict[str, Any], why: str
) -> None:
    with refused(why):
        deploy(revm, terms.but(**changes))


def test_init__one_source_twice__is_refused(revm: RevmChain, full: Terms) -> None:
    with refused("oracle: one source twice"):
        deploy(revm, full.but(second=full.feed))


def test_init__sequencer_that_is_the_feed__is_refused(revm: RevmChain, full: Terms) -> None:
    with refused("oracle: sequencer is the feed"):
        deploy(revm, full.but(sequencer=full.feed))


def test_init__feed_without_code__is_refused(revm: RevmChain, terms: Terms) -> None:
    with refused("oracle: no feed"):
        deploy(revm, terms.but(feed=revm.accounts[5]))


@pytest.mark.parametrize("decimals", [0, 6, 8, 18, 24, 36])
def test_init__decimals__scale_to_the_wei(revm: RevmChain, decimals: int) -> None:
    """B4: one price through every scale is the same price, rounded down below a wei."""
    feed = Feed(revm, decimals=decimals)
    answer = 2_000 * 10**decimals + (7 if decimals else 0)
    feed.aggregators[0].transmit(answer, 0)
    oracle = deploy(revm, Terms(feed.proxy))
    assert oracle.spot()[0] == answer * WAD // 10**decimals
    assert oracle.decimals() == decimals


@pytest.mark.parametrize("decimals", [37, 77, 255])
def test_init__too_many_decimals__are_refused(revm: RevmChain, decimals: int) -> None:
    feed = Feed(revm, decimals=decimals)
    feed.aggregators[0].transmit(10**30, 0)
    with refused("oracle: decimals"):
        deploy(revm, Terms(feed.proxy))


def test_init__too_many_decimals_of_the_second__are_refused(revm: RevmChain, full: Terms) -> None:
    second = Feed(revm, decimals=37)
    second.aggregators[0].transmit(PRICE * 10**37, 0)
    with refused("oracle: second decimals"):
        deploy(revm, full.but(second=second.proxy))


def test_init__feed_that_is_stale__is_refused(revm: RevmChain, terms: Terms) -> None:
    revm.advance(2 * HOUR)
    with refused("oracle: stale"):
        deploy(revm, terms)


def test_init__aggregator_without_its_proxy__is_refused(revm: RevmChain, feed: Feed) -> None:
    """It has no phases, and its round ids would change their meaning with the next aggregator."""
    feed.aggregators[0].restrict(False)
    with pytest.raises(Exception, match="reverted"):
        deploy(revm, Terms(feed.aggregators[0]))


def test_init__feed_without_a_past__is_refused(revm: RevmChain, feed: Feed) -> None:
    faulty = revm.deploy(compile_contract("FaultyFeed"), feed.proxy)
    faulty.set_fault(Fault.REVERT, bytes.fromhex("9a6fc8f5"))  # getRoundData
    with refused("oracle: feed without a past"):
        deploy(revm, Terms(faulty))


def test_init__round_ids_without_the_phase__are_refused(revm: RevmChain, feed: Feed) -> None:
    faulty = revm.deploy(compile_contract("FaultyFeed"), feed.proxy)
    faulty.set_fault(Fault.NEXT, bytes.fromhex("58303b10"))  # phaseId
    with refused("oracle: feed without phases"):
        deploy(revm, Terms(faulty))
