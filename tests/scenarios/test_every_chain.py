"""The whole life of a market on every chain that a user has at hand: in process, on anvil, and on
the network that ape brings itself. Money is conserved to the unit on each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ballast.chain import Chain, RevmChain
from ballast.market.local import LocalMarket

USERS = ("lp", "trader", "other")


@pytest.fixture(params=["revm", pytest.param("anvil", marks=pytest.mark.anvil), "ape"])
def any_chain(request: pytest.FixtureRequest) -> Iterator[Chain]:
    if request.param == "ape":
        import ape

        from ballast.chain import ApeChain

        with ape.networks.parse_network_choice("ethereum:local:test"):
            yield ApeChain()
    elif request.param == "revm":
        yield RevmChain()
    else:
        yield request.getfixturevalue("anvil")


def test_market__from_opening_to_the_last_withdrawal__on_every_chain(any_chain: Chain) -> None:
    market = LocalMarket.open(any_chain)
    market.supply(500_000, 50)
    expiry = market.now_expiries[0]
    call, put = (market.series(expiry, 2_000, right) for right in ("call", "put"))
    for actor in ("trader", "other"):
        market.fund(actor, quote=100_000)
    minted = market.quote.totalSupply(), market.underlying.totalSupply()

    market.refresh()
    asks = []
    for _ in range(3):
        asks.append(market.desk.quote(call, market.lots(2)).premium)
        receipt = market.buy("trader", call, 2)
        assert receipt.event("Traded").args["premium"] == asks[-1]
    assert asks == sorted(asks) and asks[0] < asks[-1]  # each buy moves the quote up
    bid = -market.desk.quote(call, -market.lots(2)).premium
    assert bid < asks[-1]
    market.sell("trader", call, 2)
    market.buy("other", put, 3)

    any_chain.set_timestamp(expiry - 30)
    market.transmit(2_150)
    any_chain.set_timestamp(expiry + 30)
    market.transmit(2_151)
    market.settle(expiry)
    market.redeem("trader", call, 4)
    market.redeem("other", put, 3)  # worthless: the call is the one that pays
    units = 4 * 150 * 10**18 // 2_150
    assert market.underlying.balanceOf(market.who("trader")) == units

    account = market.who("lp")
    market.vault.redeem(market.vault.maxRedeem(account), account, account, sender=account)
    holders = [*(market.who(user) for user in USERS), market.vault.address]
    assert sum(market.quote.balanceOf(one) for one in holders) == minted[0]
    assert sum(market.underlying.balanceOf(one) for one in holders) == minted[1]
