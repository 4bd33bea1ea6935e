"""V32: positions, exposure, shares, options and the vault's money from the events alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.invariants.driver import Driver

NOBODY = "0x" + "00" * 20
FIELD = 2**64


class Replay:
    """The market as its events tell it."""

    def __init__(self, vault: str) -> None:
        self.vault = vault
        self.shares: dict[str, int] = defaultdict(int)
        self.options: dict[tuple[str, int], int] = defaultdict(int)
        self.written: dict[int, int] = defaultdict(int)
        """Less what margin accounts owe."""
        self.heads: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def see(self, log: Any) -> None:
        """One event; those of no concern are skipped."""
        handler = getattr(self, f"_on_{log.name}", None)
        if handler is not None:
            handler(log)

    def _on_Transfer(self, log: Any) -> None:  # noqa: N802
        if log.address == self.vault:
            self.shares[log.args["sender"]] -= log.args["value"]
            self.shares[log.args["receiver"]] += log.args["value"]

    def _on_TransferSingle(self, log: Any) -> None:  # noqa: N802
        _, sender, receiver, series_id, lots = log.args.values()
        self.options[sender, series_id] -= lots
        self.options[receiver, series_id] += lots

    def _on_Traded(self, log: Any) -> None:  # noqa: N802
        series_id, lots, risk = log.args["id"], log.args["lots"], log.args["risk"]
        self.written[series_id] += lots
        head = self.heads[series_id >> 128]
        for place in range(4):
            head[place] -= lots * _signed(risk >> (64 * place))

    _on_MarginTraded = _on_Traded  # what is bought back is held no more  # noqa: N815

    def _on_BookRefreshed(self, log: Any) -> None:  # noqa: N802
        head = log.args["head"]
        self.heads[log.args["expiry"]] = [_signed(head >> (64 * place)) for place in range(4)]

    def _on_ExpiryClosed(self, log: Any) -> None:  # noqa: N802
        self.heads.pop(log.args["expiry"], None)
        for series_id in list(self.written):
            if series_id >> 128 == log.args["expiry"]:
                del self.written[series_id]


def _signed(word: int) -> int:
    low = word % FIELD
    return low - FIELD if low >= FIELD // 2 else low


def replayed(driver: Driver) -> Iterator[tuple[str, Any, Any]]:
    """What, as told, as stored."""
    market = driver.market
    told = Replay(market.vault.address)
    for log in driver.logs:
        if hasattr(log, "name"):
            told.see(log)
    for account in [*driver.people, market.vault.address]:
        yield "shares", told.shares[account], market.vault.balanceOf(account)
    for account in [*driver.people, market.margin.address]:
        for series_id in driver.series:
            held = market.token.balanceOf(account, series_id)
            yield "options", told.options[account, series_id], held
    for expiry in driver.expiries:
        yield "polynomial", tuple(told.heads[expiry]), tuple(market.book.polynomial(expiry))
        for one in market.book.positions(expiry):
            lots = {key: n for key, n in told.written.items() if key >> 128 == expiry and n}
            call = next((k for k in lots if (k >> 8) % 2**120 == one.strike and not k & 1), 0)
            put = next((k for k in lots if (k >> 8) % 2**120 == one.strike and k & 1), 0)
            found = (told.written[call] if call else 0, told.written[put] if put else 0)
            yield (
                "positions",
                found,
                (
                    one.calls_written - one.calls_held,
                    one.puts_written - one.puts_held,
                ),
            )
