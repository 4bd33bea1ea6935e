"""Whoever brings too little gas is refused: it never looks as if a venue had failed."""

from __future__ import annotations

import pytest

from ballast.chain import compile_contract, rolled_back
from ballast.chain.reverts import decode_reason
from ballast.units import WAD
from tests.unit.hedger.broken import break_down
from tests.unit.hedger.conftest import at_opening
from tests.unit.hedger.world import LENDER, PERP, SPOT, SPOT_ONE, HedgerMarket, Opening

DOLLAR = 10**9
MOST = 12_000_000


def limits() -> list[int]:
    """From far too little to plenty, close together where the thresholds lie."""
    return [*range(100_000, 3_400_000, 50_000), *range(3_400_000, MOST, 400_000)]


@pytest.mark.parametrize("names", [(PERP, SPOT_ONE), (SPOT_ONE,), (PERP, SPOT_ONE, LENDER)])
def test_hedge__any_gas__fills_or_reverts_and_no_venue_ever_waits(names: tuple[str, ...]) -> None:
    with at_opening(Opening(places=names, underlying=100)) as market:
        miser = market.chain.deploy(compile_contract("GasMiser"))
        data = market.hedger.hedge.encode()
        filled = []
        for gas in limits():
            with rolled_back(market.chain):
                done, output = miser.call(market.hedger, data, gas).value
                waits = [market.venue_of(name)[1] for name in names]
                assert not any(waits), f"with {gas} gas a venue is thought to have failed"
                filled.append(done)
                if done:
                    assert int.from_bytes(bytes(output), "big", signed=True) == -25 * WAD
                else:
                    assert market.state().delta == 200_000 * WAD
        assert filled == sorted(filled), "more gas is never worse"
        assert filled[-1] and not filled[0]


def test_hedge__first_venue_burns_all__the_next_one_still_fills_or_all_reverts() -> None:
    """With less gas than both orders may take there is no first failure to remember."""
    with at_opening(Opening(underlying=100)) as market:
        market.place(PERP).set_room(2**100, 1)
        market.place(SPOT_ONE).set_room(2**100, 2)
        market.hedger.sync()
        break_down(market.chain, market.place(PERP), "burns all gas", "order")
        miser = market.chain.deploy(compile_contract("GasMiser"))
        data, ends = market.hedger.hedge.encode(), set()
        for gas in range(2_400_000, 8_000_000, 100_000):
            with rolled_back(market.chain):
                done, output = miser.call(market.hedger, data, gas).value
                failures = (market.venue_of(PERP)[1], market.venue_of(SPOT_ONE)[1])
                assert failures == ((1, 0) if done else (0, 0))
                value = int.from_bytes(bytes(output), "big", signed=True)
                ends.add(value if done else decode_reason(bytes(output)))
        assert ends <= {"hedger: gas", None, -25 * WAD} and -25 * WAD in ends
        assert "hedger: gas" in ends


@pytest.mark.parametrize("gas", [*range(250_000, 1_500_000, 50_000)])
def test_appraisal__any_gas__is_right_or_reverts(market: HedgerMarket, gas: int) -> None:
    """A position that could not be read for want of gas would be valued by bounds."""
    market.stand(PERP, 3 * WAD, 50_000 * 10**6)
    market.hedger.sync()
    wanted = market.hedger.appraisal(SPOT)
    market.stand(PERP, 4 * WAD, 40_000 * 10**6)
    miser = market.chain.deploy(compile_contract("GasMiser"))
    done, output = miser.call.call(market.hedger, market.hedger.appraisal.encode(SPOT), gas)
    if done:
        found = market.hedger.appraisal.decode(bytes(output))
        assert found.equity == wanted.equity - 8_000 * WAD
        assert found.high == found.equity
    else:
        assert decode_reason(bytes(output)) in ("hedger: gas", None)
        assert gas < 700_000
