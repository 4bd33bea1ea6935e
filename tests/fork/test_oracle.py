"""The oracle on the fork's own feed, at its public address: the assertions of the unit tests."""

from __future__ import annotations

import pytest

from ballast.chain import Chain
from ballast.venues import Venues
from tests.unit.oracle.conftest import expiry, oracle, terms  # noqa: F401
from tests.unit.oracle.published import PublishedFeed
from tests.unit.oracle.test_any_feed import (  # noqa: F401
    test_fix__access_taken_away__is_refused_until_given_back,
    test_fix__last_round_before_expiry__is_written_once_and_said,
    test_fix__new_phases_after_the_expiry__the_old_phase_has_it,
    test_fix__next_round_only_in_a_later_phase__is_proof_enough,
    test_fix__old_aggregator_confirmed_again__one_price,
    test_fix__phase_begun_before_the_expiry_but_silent_since__the_old_one_has_no_say,
    test_fix__round_stale_at_expiry__gives_way_to_the_first_after,
    test_fix__stale_and_next_round_in_a_later_phase__is_that_one,
    test_fix__stale_and_nothing_follows_within_three_days__is_the_last_round,
    test_spot__age__up_to_the_heartbeat_inclusive,
    test_spot__fresh_round__is_price_time_and_id,
    test_spot__new_phase__goes_on,
)
from tests.unit.oracle.world import PRICE, Terms, deploy

pytestmark = pytest.mark.anvil


@pytest.fixture
def feed(fork: Chain, venues: Venues) -> PublishedFeed:
    """A phase of ours behind the proxy that stands there, with one round."""
    feed = PublishedFeed(fork, source=venues.oracle, numbers=6)
    feed.transmit(PRICE)
    return feed


def test_spot__of_the_feed_as_it_is_found__is_its_newest_round(fork: Chain, venues: Venues) -> None:
    """Before anybody of ours has touched it: on a public chain, the price of the moment."""
    answer, _, updated_at = venues.feed.latestRoundData()[1:4]
    found = deploy(fork, Terms(venues.feed, heartbeat=86_400))
    assert found.spot() == (answer * 10**10, updated_at, venues.feed.latestRound())
