"""A trader by raw calldata: fast, exact, and with an account of what a trade must cost at least. He
buys and sells options, and has a margin account that sells and buys back.

Money counts 1e-36 quote tokens here, so that nothing is rounded: an asset times its scale times a
WAD, a unit of underlying times its scale times spot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ballast.chain import Reverted, RevmChain
from ballast.errors import BallastError
from ballast.market.local import FOREVER, LocalMarket
from ballast.units import LOT, WAD, YEAR

REFUSALS: Final = frozenset(
    {
        "book: stale",
        "desk: cover limit",
        "desk: credit limit",
        "desk: delta window",
        "desk: gamma limit",
        "desk: open interest",
        "desk: past cutoff",
        "desk: potential limit",
        "desk: reduce only",
        "desk: surface too old",
        "desk: vega limit",
        "margin: balance",
        "margin: eight legs",
        "margin: lots",
        "margin: range",
        "margin: requirement",
        "quoter: expired",
        "quoter: no bid",
        "token: balance",
        "vault: cash",
        "vault: cover",
    }
)
"""Why an order of an honest size may be refused."""
SHUT: Final = frozenset(
    {
        "desk: delta window",
        "desk: past cutoff",
        "desk: reduce only",
        "desk: surface too old",
        "quoter: expired",
    }
)
"""Those that stand for as long as the snapshot does."""
_LOTS: Final = slice(36, 68)  # of the calldata: the second argument
_ESCROWED: Final = slice(132, 164)  # the fifth
_STRIKE: Final = 2**120 - 1
_MOST: Final = 2**255


class FindingError(BallastError):
    """A property of the market that does not hold."""


HOLDER: Final = 1
WRITER: Final = -1
"""The sides: who opens by buying an option, and who does so by owing it in a margin account. Their
number is the sign of the lots of an opening."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A series at one snapshot, for one side."""

    id: int
    mark: int
    buy_charge: int
    """What a lot bought costs beside mark and potential, at least: spread, fee, cover. 1e-36."""
    sell_charge: int
    side: int = HOLDER

    @property
    def key(self) -> tuple[int, int]:
        """Series and side."""
        return self.id, self.side


class Trader:
    """One account's trades in a market that otherwise stands still."""

    def __init__(self, market: LocalMarket, actor: str = "trader") -> None:
        chain = market.chain
        assert isinstance(chain, RevmChain)
        self._chain, self._market = chain, market
        self.account = market.who(actor)
        self._desk = market.desk.address
        self._buy = market.desk.buy.encode(0, 0, _MOST, FOREVER)
        self._quote = market.desk.quote.encode(0, 1)[:4]
        self._sell = market.desk.sell.encode(0, 0, 0, FOREVER)
        self._margin = market.margin.address
        self._write = market.margin.sell_to_open.encode(0, 0, 0, FOREVER, 0)
        self._close = market.margin.buy_to_close.encode(0, 0, _MOST, FOREVER)
        self._quote_account = market.desk.quote_account.encode(0, 1)[:4]
        self.refusal: str | None = None
        """Of the last order."""
        self.in_kind = 0
        """Sales that were paid for in underlying."""
        self._asset: int = 10 ** (36 - market.terms.quote_decimals)
        spot = market.oracle.spot_pair()[0]
        self.spot = int(spot)
        self._unit: int = 10 ** (18 - market.terms.underlying_decimals) * self.spot

    def trade(self, series_id: int, lots: int) -> int | None:
        """What the trader paid, 1e-36; below zero he received. None if he was refused."""
        data = bytearray(self._buy if lots > 0 else self._sell)
        data[4:36] = series_id.to_bytes(32, "big")
        data[_LOTS] = abs(lots).to_bytes(32, "big")
        output = self._run(self._desk, bytes(data))
        if output is None:
            return None
        if lots > 0:
            return int.from_bytes(output, "big") * self._asset
        assets, units = int.from_bytes(output[:32], "big"), int.from_bytes(output[32:64], "big")
        self.in_kind += units > 0
        return -assets * self._asset - units * self._unit

    def write(self, series_id: int, lots: int, escrowed: int = 0) -> int | None:
        """The same for his margin account: below zero it sells to open, above it buys back."""
        data = bytearray(self._close if lots > 0 else self._write)
        data[4:36] = series_id.to_bytes(32, "big")
        data[_LOTS] = abs(lots).to_bytes(32, "big")
        if lots < 0:
            data[_ESCROWED] = escrowed.to_bytes(32, "big")
        output = self._run(self._margin, bytes(data))
        if output is None:
            return None
        return (1 if lots > 0 else -1) * int.from_bytes(output, "big") * self._asset

    def order(self, offer: Offer, lots: int, escrowed: int = 0) -> int | None:
        """A trade of its side."""
        if offer.side == WRITER:
            return self.write(offer.id, lots, escrowed)
        return self.trade(offer.id, lots)

    def refresh(self, expiry: int) -> None:
        """Anyone may."""
        book = self._market.book
        self._chain.bulk(book.address, book.refresh.encode(expiry), self.account)

    def quote(self, series_id: int, lots: int, side: int = HOLDER) -> Any:
        """What the desk says to this side, or None."""
        desk = self._market.desk
        method = desk.quote if side == HOLDER else desk.quote_account
        output = self._run(self._desk, method.encode(series_id, lots))
        return None if output is None else method.decode(output)

    def premium(self, offer: Offer, lots: int) -> int | None:
        """A quote's premium, 1e-36."""
        head = self._quote if offer.side == HOLDER else self._quote_account
        data = head + offer.id.to_bytes(32, "big") + lots.to_bytes(32, "big", signed=True)
        output = self._run(self._desk, data)
        if output is None:
            return None
        return int.from_bytes(output[:32], "big", signed=True) * self._asset

    def offer(self, series_id: int, side: int = HOLDER) -> Offer | None:
        """The series, if it can be closed here, and opened but for limits of risk."""
        closing = self.quote(series_id, -side * 10_000, side) or self.quote(series_id, -side, side)
        if closing is None or self._is_shut(series_id, side):
            return None
        contract = self.quote(series_id, -10_000) or self.quote(series_id, 10_000)
        spread = int(contract.spread) if contract is not None else 0
        law, left = self._terms().law, (series_id >> 128) - self._chain.timestamp
        fee = min(law.fee_spot * self.spot, law.fee_cap * closing.mark) // WAD
        covered = (series_id >> 8) & _STRIKE if series_id & 1 else self.spot
        cover = covered * law.cover_rate * left // (WAD * YEAR)
        charge = LOT * (spread + fee)
        buying = charge + LOT * cover * (side == HOLDER)
        return Offer(series_id, int(closing.mark), buying, charge, side)

    def _is_shut(self, series_id: int, side: int) -> bool:
        """Whether nothing that the trader could do would let him open one lot."""
        self.quote(series_id, side, side)
        return self.refusal in SHUT

    def _terms(self) -> Any:
        return self._market.sheet.trade_terms()

    def _run(self, to: str, data: bytes) -> bytes | None:
        """The output; None where the market refuses for a reason that is documented."""
        self.refusal = None
        try:
            return self._chain.bulk(to, data, self.account)
        except Reverted as error:
            self.refusal = error.reason
            if error.reason in REFUSALS:
                return None
            raise FindingError(
                f"V28: refused without a documented reason: {error.reason!r} {error.halt!r} "
                f"data {data.hex()}"
            ) from error
