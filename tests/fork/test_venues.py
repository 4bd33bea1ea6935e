"""What the venues do, in process and on the fork: their own facts, on which hedging relies."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from eth_utils.crypto import keccak

from ballast.chain import Chain, RevmChain
from ballast.chain.deployment import predict
from ballast.errors import VenueError
from ballast.units import WAD, to_wad
from ballast.venues import Venues, VenueTerms, attach, build, mainnet, on_revm, published
from ballast.venues.artifacts import FOLDERS, libraries_of, linked
from ballast.venues.chainlink import new_aggregator, submit
from ballast.venues.plant import actor, plant
from tests.fork.helpers import (
    MILLION,
    USDC,
    WETH,
    YEAR,
    account,
    funded,
    held,
    is_ours,
    only_ours,
    refused,
)

pytestmark = pytest.mark.anvil

# Facts of Ethereum's public chain. Pool and Aave's contracts are where their makers put them.
PUBLIC_POOL = "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"
PUBLIC_AAVE = "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2"
PUBLIC_TOKENS = {
    "0x4d5F47FA6A74757f35C14fD3a6Ef8E3C9BC514E8": "aEthWETH",
    "0x98C23E9d8f34FEFb1B7BD6a91B7FF122F4e16F5c": "aEthUSDC",
    "0xeA51d7853EEFb32b6ee06b1C12E6dcCA88Be0fFE": "variableDebtEthWETH",
    "0x72E95b8931767C79bA4EeE721354d6E99a61D004": "variableDebtEthUSDC",
}
POOL_INIT_CODE_HASH = "e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
PAUSED, FROZEN, BORROW_CAP, SUPPLY_CAP, TOO_LITTLE_COLLATERAL = "29", "28", "50", "51", "36"


@pytest.fixture
def alice(either: Venues) -> str:
    return either.chain.accounts[3]


# --- where they stand


def test_venues__stand_where_the_public_ones_do(either: Venues) -> None:
    assert (either.pool.address, either.aave.pool.address) == (PUBLIC_POOL, PUBLIC_AAVE)
    reserves = either.aave.reserves.values()
    tokens = [token for reserve in reserves for token in (reserve.a_token, reserve.debt)]
    assert {token.address: token.symbol() for token in tokens} == PUBLIC_TOKENS
    assert (either.pool.token0(), either.pool.token1()) == (mainnet().usdc, mainnet().weth)
    assert (either.pool.fee(), either.feed.decimals()) == (500, 8)
    assert either.router.WETH9() == either.quoter.WETH9() == either.weth.address
    assert keccak(published("UniswapV3Pool").bytecode).hex() == POOL_INIT_CODE_HASH


def test_build__on_anvil__is_what_it_is_in_process(anvil: Chain) -> None:
    """The same code at the same addresses, by way of transactions to a node."""
    here, there = on_revm(), build(anvil)
    handles = [
        getattr(there, name)
        for name in ("weth", "usdc", "factory", "router", "quoter", "pool", "feed")
    ]
    handles += [there.aave.pool, there.aave.configurator, there.aave.oracle, there.aave.data]
    for handle in handles:
        assert there.chain.code(handle.address) == here.chain.code(handle.address) != b""
    assert there.pool_price() == here.pool_price()
    assert there.available(there.weth) == here.available(here.weth)


def test_build__twice__says_that_something_stands_there() -> None:
    venues = on_revm()
    with pytest.raises(VenueError, match=r"WETH9 cannot stand at 0xC02aaA39.*: other code does"):
        build(venues.chain)


def test_plant__constructor_with_its_own_address__knows_where_it_stands(revm: RevmChain) -> None:
    """The factory keeps its own address, to let no other contract run its code."""
    factory = plant(revm, published("UniswapV3Factory"), "0x" + "ab" * 20, sender=revm.accounts[2])
    assert factory.owner() == revm.accounts[2]
    assert revm.nonce(factory.address) == 1
    assert factory.address[2:].lower().encode() in revm.code(factory.address).hex().encode()


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_published__every_contract__is_installed(name: str) -> None:
    found = published(name)
    assert found.name == name
    assert bool(found.bytecode) != bool(libraries_of(name))


def test_linked__without_a_library__names_it() -> None:
    with pytest.raises(VenueError, match="FiatTokenV2_2 needs the address of its library Signat"):
        linked("FiatTokenV2_2", {})


def test_published__unknown__says_what_there_is() -> None:
    with pytest.raises(VenueError, match="no venue publishes Curve; known are ACLManager, AToken"):
        published("Curve")


# --- tokens


def test_give__either_token__arrives(either: Venues, alice: str) -> None:
    for token, decimals in ((either.usdc, 6), (either.weth, 18)):
        supply, before = token.totalSupply(), held(token, alice)
        either.give(token, alice, 123)
        assert (held(token, alice) - before, token.totalSupply() - supply) == (123, 123)
        assert token.decimals() == decimals


def test_give__neither_token__is_refused(either: Venues, alice: str) -> None:
    with pytest.raises(VenueError, match="is neither USDC nor WETH"):
        either.give(either.pool, alice, 1)


def test_usdc__blacklisted_or_paused__does_not_move(either: Venues, alice: str) -> None:
    usdc, bob = either.usdc, either.chain.accounts[4]
    either.give(usdc, alice, 100)
    usdc.blacklist(bob, sender=usdc.blacklister())
    with refused(either, "Blacklistable: account is blacklisted"):
        usdc.transfer(bob, 1, sender=alice)
    usdc.unBlacklist(bob, sender=usdc.blacklister())
    usdc.pause(sender=usdc.pauser())
    with refused(either, "Pausable: paused"):
        usdc.transfer(bob, 1, sender=alice)
    usdc.unpause(sender=usdc.pauser())
    usdc.transfer(bob, 1, sender=alice)
    assert held(usdc, bob) == 1


def test_weth__unwrapped__is_ether_again(either: Venues, alice: str) -> None:
    either.give(either.weth, alice, 7 * WETH)
    before = either.chain.balance(alice)
    either.weth.withdraw(3 * WETH, sender=alice)
    assert either.chain.balance(alice) - before == 3 * WETH


# --- Uniswap


@pytest.mark.parametrize("sells_usdc", [True, False])
def test_swap__exact_in_and_out__are_what_the_quoter_says(
    either: Venues, alice: str, sells_usdc: bool
) -> None:
    sold, bought = either.tokens.ordered if sells_usdc else reversed(either.tokens.ordered)
    funded(either, alice, usdc=1_000_000, weth=1_000)
    amounts = (200_000 * USDC, 100 * WETH)
    amount, wanted = amounts if sells_usdc else reversed(amounts)
    quoted = either.quoter.quoteExactInputSingle.call((sold, bought, amount, 500, 0))[0]
    order = (sold, bought, 500, alice, amount, 0, 0)
    got = either.router.exactInputSingle(order, sender=alice).value
    assert got == quoted > 0
    quoted = either.quoter.quoteExactOutputSingle.call((sold, bought, wanted, 500, 0))[0]
    before = [held(token, alice) for token in (sold, bought)]
    order = (sold, bought, 500, alice, wanted, 2**200, 0)
    paid = either.router.exactOutputSingle(order, sender=alice).value
    after = [held(token, alice) for token in (sold, bought)]
    assert paid == quoted == before[0] - after[0]
    assert after[1] - before[1] == wanted


def test_swap__beyond_the_limit_of_the_order__is_refused(either: Venues, alice: str) -> None:
    funded(either, alice, usdc=1_000_000)
    usdc, weth = either.tokens.ordered
    quoted = either.quoter.quoteExactInputSingle.call((usdc, weth, MILLION * USDC, 500, 0))[0]
    order = (usdc, weth, 500, alice, MILLION * USDC, quoted + 1, 0)
    with refused(either, "Too little received"):
        either.router.exactInputSingle(order, sender=alice)
    assert held(usdc, alice) >= MILLION * USDC


@pytest.mark.parametrize("move", ["1.1", "0.9", "1.0001"])
def test_move_pool__to_a_price__is_there(either: Venues, move: str) -> None:
    target = Decimal(either.pool_price() * int(to_wad(move)) // WAD) / WAD
    either.move_pool(target)
    assert either.pool_price() == pytest.approx(int(target * WAD), rel=1e-9)
    either.move_pool(target)  # there already: nothing to do
    assert either.pool_price() == pytest.approx(int(target * WAD), rel=1e-9)


def test_pool__two_percent__takes_more_than_twenty_millions(either: Venues) -> None:
    only_ours(either)
    before = held(either.usdc, either.pool.address)
    either.move_pool(2_040)
    assert held(either.usdc, either.pool.address) - before > 20 * MILLION * USDC


def test_mean_price__after_a_move__is_geometric_in_time(either: Venues) -> None:
    """100 of 300 seconds at a price 10 % higher; the pool counts in ticks of 1 bp."""
    either.chain.advance(400)
    old = either.pool_price()
    target = Decimal(old) / WAD * Decimal("1.1")
    either.move_pool(target.quantize(Decimal("1e-9")))
    either.chain.advance(99)
    expected = old * 1.1 ** (100 / 300)
    assert either.mean_price(300) == pytest.approx(expected, rel=2e-4)
    assert either.mean_price(90) == pytest.approx(old * 1.1, rel=1e-4)


def test_mean_price__a_swap_in_every_second__still_reaches_back_five_minutes() -> None:
    venues = on_revm()
    for i in range(400):
        venues.move_pool(2_000 + i % 2)
    assert venues.mean_price(300) == pytest.approx(2_000.5 * WAD, rel=1e-4)


def test_drain_pool__nothing_is_left_until_it_is_refilled(either: Venues, alice: str) -> None:
    only_ours(either)
    either.drain_pool()
    assert either.pool.liquidity() == 0
    funded(either, alice, usdc=1_000)
    order = (either.usdc, either.weth, 500, alice, 1_000 * USDC, 0, 0)
    with refused(either, None):  # the router's callback wants to be owed something
        either.router.exactInputSingle(order, sender=alice)
    either.refill_pool()
    assert either.router.exactInputSingle(order, sender=alice).value > 0


def test_drain_pool__of_others__is_refused(revm: RevmChain) -> None:
    venues = build(revm)
    lp = actor(revm, "uniswap lp")
    position = venues.positions.tokenOfOwnerByIndex(lp, 0)
    venues.positions.transferFrom(lp, revm.accounts[5], position, sender=lp)
    with pytest.raises(VenueError, match="only one's own can be moved"):
        venues.drain_pool()


# --- Aave


def test_aave__supply_borrow_repay_withdraw__leaves_only_the_interest(
    either: Venues, alice: str
) -> None:
    aave, usdc, weth = either.aave, either.usdc, either.weth
    funded(either, alice, usdc=300_000, weth=10)
    before = (held(usdc, alice), held(weth, alice))
    aave.pool.supply(usdc, 200_000 * USDC, alice, 0, sender=alice)
    aave.borrow(alice, weth, 20 * WETH)
    assert before[0] - held(usdc, alice) == 200_000 * USDC
    assert held(weth, alice) - before[1] == 20 * WETH
    owing = aave.reserves[weth.address].debt
    assert owing.balanceOf(alice) == pytest.approx(20 * WETH, rel=1e-8)
    either.chain.advance(YEAR // 12)
    interest = owing.balanceOf(alice) - 20 * WETH
    rate = aave.data.getReserveData(weth)[6] / 1e27
    assert interest == pytest.approx(20 * WETH * rate / 12, rel=0.01)
    aave.pool.repay(weth, 2**256 - 1, 2, alice, sender=alice)
    aave.pool.withdraw(usdc, 2**256 - 1, alice, sender=alice)
    assert owing.balanceOf(alice) == 0
    assert before[1] - held(weth, alice) == pytest.approx(interest, rel=1e-4)
    assert held(usdc, alice) > before[0]


def test_aave__health__follows_the_feed(either: Venues, alice: str) -> None:
    """Collateral times threshold over debt, at the prices of the feed."""
    aave = either.aave
    either.set_price(2_000)
    funded(either, alice, usdc=200_000)
    aave.pool.supply(either.usdc, 200_000 * USDC, alice, 0, sender=alice)
    aave.borrow(alice, either.weth, 50 * WETH)
    dollar = aave.oracle.getAssetPrice(either.usdc) / 1e8
    threshold = account(either, alice)[3] / 10_000
    for price in (2_000, 2_600):
        either.set_price(price)
        assert aave.oracle.getAssetPrice(either.weth) == price * 10**8
        expected = 200_000 * dollar * threshold / (50 * price)
        assert account(either, alice)[5] / WAD == pytest.approx(expected, rel=1e-6)


def test_aave__limits__are_those_of_the_public_market(either: Venues) -> None:
    only_ours(either)
    limits = [
        tuple(either.aave.data.getReserveConfigurationData(token)[1:4])
        for token in (either.weth, either.usdc)
    ]
    assert limits == [(8_050, 8_300, 10_500), (7_700, 8_000, 10_450)]


def test_aave__borrowing_up_to_the_ltv__and_no_further(either: Venues, alice: str) -> None:
    aave = either.aave
    funded(either, alice, usdc=200_000)
    aave.pool.supply(either.usdc, 200_000 * USDC, alice, 0, sender=alice)
    room = account(either, alice)[2] * WETH // aave.oracle.getAssetPrice(either.weth)
    with refused(either, TOO_LITTLE_COLLATERAL):
        aave.borrow(alice, either.weth, room * 10_001 // 10_000)
    aave.borrow(alice, either.weth, room * 9_999 // 10_000)
    assert held(either.weth, alice) == room * 9_999 // 10_000


def test_pause__nothing_moves_until_it_ends(either: Venues, alice: str) -> None:
    aave, usdc = either.aave, either.usdc
    funded(either, alice, usdc=3_000)
    aave.pool.supply(usdc, 1_000 * USDC, alice, 0, sender=alice)
    either.pause(usdc)
    with refused(either, PAUSED):
        aave.pool.supply(usdc, USDC, alice, 0, sender=alice)
    with refused(either, PAUSED):
        aave.pool.withdraw(usdc, USDC, alice, sender=alice)
    either.pause(usdc, False)
    aave.pool.withdraw(usdc, 500 * USDC, alice, sender=alice)
    assert held(aave.reserves[usdc.address].a_token, alice) == pytest.approx(500 * USDC, abs=10)


def test_freeze__debts_can_be_paid_and_not_made(either: Venues, alice: str) -> None:
    aave, usdc, weth = either.aave, either.usdc, either.weth
    funded(either, alice, usdc=10_000, weth=1)
    aave.pool.supply(usdc, 10_000 * USDC, alice, 0, sender=alice)
    aave.borrow(alice, weth, WETH)
    either.freeze(weth)
    with refused(either, FROZEN):
        aave.borrow(alice, weth, 1)
    aave.pool.repay(weth, 2**256 - 1, 2, alice, sender=alice)
    assert aave.reserves[weth.address].debt.balanceOf(alice) == 0
    either.freeze(weth, False)
    aave.borrow(alice, weth, 1)


def test_caps__reached__nothing_more_comes_in_or_out(either: Venues, alice: str) -> None:
    aave, usdc, weth = either.aave, either.usdc, either.weth
    funded(either, alice, usdc=20_000)
    owed = aave.reserves[weth.address].debt.totalSupply() // WETH
    supplied = aave.reserves[usdc.address].a_token.totalSupply() // USDC
    either.set_borrow_cap(weth, owed + 2)
    either.set_supply_cap(usdc, supplied + 11_000)
    aave.pool.supply(usdc, 10_000 * USDC, alice, 0, sender=alice)
    with refused(either, SUPPLY_CAP):
        aave.pool.supply(usdc, 5_000 * USDC, alice, 0, sender=alice)
    aave.borrow(alice, weth, WETH // 2)
    with refused(either, BORROW_CAP):
        aave.borrow(alice, weth, 2 * WETH)


@pytest.mark.parametrize("name", ["weth", "usdc"])
def test_drain__a_reserve__lets_nobody_out_until_it_is_refilled(
    either: Venues, alice: str, name: str
) -> None:
    aave, token = either.aave, getattr(either, name)
    funded(either, alice, usdc=20_000, weth=10)
    unit = 10 ** token.decimals()
    aave.pool.supply(token, 5 * unit, alice, 0, sender=alice)
    both, before = (either.usdc, either.weth), either.available(token)
    caps = [aave.data.getReserveCaps(each) for each in both]
    either.drain(token, leave=unit)
    assert either.available(token) == unit
    assert [aave.data.getReserveCaps(each) for each in both] == caps
    with pytest.raises(Exception, match=r"Pool\.withdraw reverted"):
        aave.pool.withdraw(token, 2 * unit, alice, sender=alice)
    aave.pool.withdraw(token, unit, alice, sender=alice)
    either.refill(token)
    assert either.available(token) >= before - unit
    aave.pool.withdraw(token, 2 * unit, alice, sender=alice)


def test_set_collateral__worth_less__lowers_what_may_be_borrowed(
    either: Venues, alice: str
) -> None:
    funded(either, alice, usdc=1_000)
    either.aave.pool.supply(either.usdc, 1_000 * USDC, alice, 0, sender=alice)
    either.set_collateral(either.usdc, 5_000, 6_000, 10_450)
    found = account(either, alice)
    assert (found[3], found[4]) == (6_000, 5_000)
    assert found[2] == pytest.approx(found[0] / 2, abs=1)


# --- the feed


def test_set_price__a_round__is_this_price_at_this_time(either: Venues) -> None:
    chain = either.chain
    chain.advance(100)
    now = chain.timestamp
    first = either.set_price("2345.67890123")
    assert either.feed.latestRoundData() == (first, 234_567_890_123, now, now, first)
    second = either.set_price(2_400, at=now + 500)
    assert second == first + 1
    assert either.feed.getRoundData(second) == (second, 2_400 * 10**8, now + 500, now + 500, second)
    assert either.feed.getRoundData(first)[1] == 234_567_890_123
    with pytest.raises(VenueError, match="is too soon after the last"):
        either.set_price(2_400, at=chain.timestamp - 1)


def test_new_phase__rounds_of_both_phases__stay_readable(either: Venues) -> None:
    old = either.set_price(2_000)
    phase = either.feed.phaseId()
    aggregator = either.new_phase(2_222)
    assert either.feed.phaseId() == phase + 1
    newest = either.feed.latestRoundData()
    assert newest[:2] == ((phase + 1) << 64 | 1, 2_222 * 10**8)
    assert either.feed.getRoundData(old)[1] == 2_000 * 10**8
    assert either.oracle.aggregator(phase + 1).address == aggregator.address
    assert either.set_price(2_223) == newest[0] + 1


def test_new_phase__without_a_round__has_no_data(either: Venues) -> None:
    either.new_phase()
    with pytest.raises(Exception, match="No data present"):
        either.feed.latestRoundData()


def test_aggregator__quorum_of_two__one_submission_is_no_round(revm: RevmChain) -> None:
    """The round's answer is the median, its time that of the submission that made the quorum."""
    made = new_aggregator(revm, "ETH / USD", quorum=2)
    one, two = (actor(revm, f"oracle {number}") for number in ("one", "two"))
    begun = revm.timestamp
    made.submit(1, 2_000 * 10**8, sender=one)
    with pytest.raises(Exception, match="No data present"):
        made.latestRoundData()
    made.submit(1, 2_010 * 10**8, sender=two)
    assert made.latestRoundData() == (1, 2_005 * 10**8, begun, begun + 1, 1)
    assert submit(revm, made, 2_100 * 10**8, at=begun + 50) == 2
    assert made.getRoundData(2)[2:4] == (begun + 49, begun + 50)


def test_aggregator__round_short_of_its_most__is_rewritten_when_it_has_timed_out(
    revm: RevmChain,
) -> None:
    """Why ours take no more submissions than they need: history would change behind a reader."""
    made = new_aggregator(revm, "ETH / USD")
    made.updateFutureRounds(0, 1, 3, 0, 1_800, sender=made.owner())
    submit(revm, made, 2_000 * 10**8)
    number = submit(revm, made, 2_100 * 10**8)
    assert made.getRoundData(number)[1::3] == (2_100 * 10**8, number)
    revm.advance(1_801)
    submit(revm, made, 2_200 * 10**8)
    assert made.getRoundData(number)[1::3] == (2_000 * 10**8, number - 1)


def test_aggregator__reads__are_for_the_admitted(revm: RevmChain) -> None:
    """A contract that is not admitted gets nothing: it has to ask the proxy."""
    venues = build(revm)
    aggregator = venues.oracle.aggregator()
    aggregator.removeAccess(venues.feed, sender=aggregator.owner())
    with pytest.raises(Exception, match="No access"):
        venues.aave.oracle.getAssetPrice.send(venues.weth)


# --- a chain of others


def test_set_price__where_oracles_are_not_ours__begins_a_phase_that_aave_follows() -> None:
    """As on a fork of the public chain: its oracles take no orders, its owner can be played."""
    venues = on_revm()
    aggregator = venues.oracle.aggregator()
    stranger = venues.chain.accounts[6]
    aggregator.transferOwnership(stranger, sender=aggregator.owner())
    aggregator.acceptOwnership(sender=stranger)
    admin = venues.aave.admin()
    venues.aave.oracle.setAssetSources([venues.weth], [stranger], sender=admin)
    venues.aave.acl.removePoolAdmin(admin, sender=venues.aave.provider.getACLAdmin())
    assert not venues.oracle.is_ours
    assert venues.set_price(2_500) == (2 << 64) | 1
    assert venues.oracle.is_ours
    assert venues.aave.oracle.getAssetPrice(venues.weth) == 2_500 * 10**8


def test_attach__without_a_pool_of_this_fee__says_so() -> None:
    venues = on_revm()
    with pytest.raises(VenueError, match="no pool of WETH and USDC with a fee of 3000"):
        attach(venues.chain, replace(mainnet(), fee=3_000))


def test_terms__another_price_and_depth__are_what_stands() -> None:
    venues = on_revm(VenueTerms(spot=500, depth=MILLION, lent_weth=10, lent_usdc=1_000, borrowed=0))
    assert venues.pool_price() == pytest.approx(500 * WAD, rel=1e-9)
    assert venues.feed.latestAnswer() == 500 * 10**8
    assert venues.available(venues.weth) == 10 * WETH
    before = held(venues.usdc, venues.pool.address)
    venues.move_pool(510)
    assert held(venues.usdc, venues.pool.address) - before == pytest.approx(
        MILLION * USDC, rel=1e-3
    )
    assert predict(venues.aave.provider.address, 1) == venues.aave.pool.address
    assert is_ours(venues)
