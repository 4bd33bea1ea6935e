"""The same feed out of Chainlink's published bytecode: `EACAggregatorProxy` over aggregators that
an oracle submits to.

It cannot look back: a round's time is that of its block. Tests that are to run on it tell their
rounds in the order in which they happen.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ballast.chain import Contract
from ballast.venues import Feed as Source
from ballast.venues import mainnet
from ballast.venues.chainlink import new_aggregator, submit
from tests.unit.oracle.world import Feed, Missing


@dataclass
class PublishedFeed(Feed):
    """A feed at its public address; of a source that stands already, the phases to come."""

    source: Source | None = None
    missing: Missing = field(default=Missing.REVERT, init=False)

    def __post_init__(self) -> None:
        if self.source is None:
            self.source = Source.stand_up(self.chain, mainnet().feed, "ETH / USD")
        else:
            self.source.next_phase()
        self.proxy = self.source.proxy
        self.phase_before = self.proxy.phaseId() - 1
        self.aggregators.append(self.source.aggregator())

    def next_phase(
        self, *, decimals: int | None = None, missing: Missing | None = None
    ) -> Contract:
        assert missing in (None, self.missing)
        digits = self.decimals if decimals is None else decimals
        made = new_aggregator(self.chain, "ETH / USD", digits)
        made.addAccess(self.proxy, sender=made.owner())
        return made

    def confirm(self, aggregator: Contract) -> None:
        assert self.source is not None
        self.aggregators.append(aggregator)
        self.source.confirm(aggregator)

    def _transmit(self, aggregator: Contract, answer: int, at: int) -> int:
        return submit(self.chain, aggregator, answer, at or None)

    def admit_proxy(self, may_read: bool) -> None:
        newest = self.aggregators[-1]
        change = newest.addAccess if may_read else newest.removeAccess
        change(self.proxy, sender=newest.owner())
