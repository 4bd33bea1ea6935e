"""Chainlink: an EACAggregatorProxy with phases over an aggregator that its oracles drive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ballast.chain.contract import Contract
from ballast.chain.protocol import ZERO_ADDRESS, Chain
from ballast.errors import VenueError
from ballast.units import Human, to_wad
from ballast.venues.artifacts import published
from ballast.venues.plant import actor, actor_address, plant

DECIMALS: Final = 8
ORACLES: Final = ("oracle one", "oracle two", "oracle three")
_OWNER: Final = "feed owner"
_ROUND_TIMEOUT: Final = 1_800
_LARGEST: Final = 10**30
_GRAIN: Final = 10**10  # of WAD that one unit of an answer is


@dataclass(frozen=True, slots=True)
class Feed:
    """A price feed. Prices are natural numbers."""

    chain: Chain
    proxy: Contract

    @classmethod
    def stand_up(
        cls, chain: Chain, address: str, description: str, price: Human | None = None
    ) -> Feed:
        """A proxy at this address in its first phase, with a round if a price is given."""
        owner = actor(chain, _OWNER)
        first = new_aggregator(chain, description)
        artifact = published("EACAggregatorProxy")
        proxy = plant(chain, artifact, address, first, ZERO_ADDRESS, sender=owner)
        first.addAccess(proxy, sender=owner)
        if price is not None:
            submit(chain, first, answer_of(price))
        return cls(chain, proxy)

    @classmethod
    def attach(cls, chain: Chain, address: str) -> Feed:
        """A handle on a feed that stands."""
        return cls(chain, chain.at(published("EACAggregatorProxy"), address))

    def aggregator(self, phase: int | None = None) -> Contract:
        """The aggregator of a phase; of the present one unless told."""
        address = self.proxy.aggregator() if phase is None else self.proxy.phaseAggregators(phase)
        return self.chain.at(published("AccessControlledAggregator"), address)

    @property
    def is_ours(self) -> bool:
        """Whether oracles of ours drive it. Those of a public feed take no orders."""
        return bool(self.aggregator().owner() == actor_address(_OWNER))

    def transmit(self, price: Human, at: int | None = None) -> int:
        """A round of this price, with this time if one is given. Returns the proxy's id of it."""
        if not self.is_ours:
            self.next_phase()
        submit(self.chain, self.aggregator(), answer_of(price), at)
        return int(self.proxy.latestRound())

    def next_phase(self, price: Human | None = None) -> Contract:
        """A new aggregator behind the proxy, with a first round already if a price is given."""
        made = new_aggregator(self.chain, self.proxy.description())
        made.addAccess(self.proxy, sender=made.owner())
        if price is not None:
            submit(self.chain, made, answer_of(price))
        self.confirm(made)
        return made

    def confirm(self, aggregator: Contract) -> None:
        """The owner of the proxy turns to this aggregator."""
        owner = self.proxy.owner()
        self.proxy.proposeAggregator(aggregator, sender=owner)
        self.proxy.confirmAggregator(aggregator, sender=owner)


def new_aggregator(
    chain: Chain, description: str, decimals: int = DECIMALS, quorum: int = 1
) -> Contract:
    """An aggregator with three oracles, who work for nothing, so that it needs no LINK.

    A round stands when a quorum has submitted: its answer is their median, its time the last one's.
    With a quorum of one a round takes a single block, as one of an off-chain aggregator does. More
    submissions than the quorum are not taken: this aggregator rewrites a round that waits for
    more when it times out, with the answer of the round before, and history must not change.
    """
    owner = actor(chain, _OWNER)
    terms = (ZERO_ADDRESS, 0, _ROUND_TIMEOUT, ZERO_ADDRESS, 1, _LARGEST, decimals, description)
    made = chain.deploy(published("AccessControlledAggregator"), *terms, sender=owner)
    oracles = [actor(chain, name) for name in ORACLES]
    made.changeOracles([], oracles, oracles, quorum, quorum, 0, sender=owner)
    return made


def submit(chain: Chain, aggregator: Contract, answer: int, at: int | None = None) -> int:
    """As many oracles as it takes submit one answer, the last of them at this time."""
    quorum = int(aggregator.minSubmissionCount())
    if at is not None:
        begin = at - (quorum - 1)
        if begin < chain.timestamp:
            raise VenueError(f"a round takes {quorum} blocks: {at} is too soon after the last")
        chain.set_timestamp(begin)
    number = int(aggregator.latestRound()) + 1
    for name in ORACLES[:quorum]:
        aggregator.submit(number, answer, sender=actor_address(name))
    return number


def answer_of(price: Human) -> int:
    """A price in the digits of the feed; what lies below them is cut off."""
    return to_wad(price) // _GRAIN
