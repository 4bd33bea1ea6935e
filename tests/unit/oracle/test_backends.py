"""One body on either backend: a price, an expiry, its settlement."""

from __future__ import annotations

from ballast.chain import Chain
from tests.unit.oracle.conftest import expiry_of
from tests.unit.oracle.world import PRICE, WAD, Feed, Terms, deploy, refused


def test_oracle__from_spot_to_settlement__on_any_chain(chain: Chain) -> None:
    feed = Feed(chain)
    feed.transmit(PRICE)
    oracle = deploy(chain, Terms(feed.proxy))
    assert oracle.spot()[0] == PRICE * WAD
    expiry = expiry_of(chain)
    oracle.witness(expiry)
    chain.set_timestamp(expiry - 10)
    last = feed.transmit(2_100)
    chain.set_timestamp(expiry + 5)
    with refused("oracle: no later round yet"):
        oracle.fix(expiry, last)
    feed.confirm(feed.next_phase())
    feed.transmit(2_200)
    with refused("oracle: not the last round"):
        oracle.fix(expiry, last - 1)
    (event,) = oracle.fix(expiry, last).logs
    assert (event.name, event.price, event.round_id) == ("PriceFixed", 2_100 * WAD, last)
    assert oracle.settlement_price(expiry) == 2_100 * WAD
    assert oracle.try_spot()[:2] == (True, 2_200 * WAD)
