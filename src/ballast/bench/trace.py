"""Where the gas of a transaction went: calls and what each of them used, from revm's own trace.

    with traced(chain) as calls:
        market.hedge()
    spent_in(calls, {router, pool})

revm's binding writes a trace as lines of JSON (EIP-3155) to Python's `sys.stdout`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from ballast.chain import RevmChain
from ballast.errors import ChainError

_CALLS: Final = ("CALL", "STATICCALL", "DELEGATECALL", "CALLCODE")


@dataclass(frozen=True, slots=True)
class Frame:
    """A call from one contract to another."""

    callee: str
    """In lower case."""
    depth: int
    gas: int
    """Of the callee and all that it called."""
    parents: tuple[str, ...]
    """Who called whom to get here, the outermost callee first."""


@contextmanager
def traced(chain: RevmChain) -> Iterator[list[Frame]]:
    """Fill the list with the calls of the transactions that run meanwhile."""
    calls: list[Frame] = []
    with redirect_stdout(StringIO()) as text, chain.tracing():
        yield calls
    calls += frames(text.getvalue().splitlines())


def frames(lines: Collection[str]) -> list[Frame]:
    """The calls in a trace."""
    found: list[Frame] = []
    open_calls: list[tuple[str, int]] = []
    before: dict[str, Any] | None = None
    for line in lines:
        step = json.loads(line) if line.startswith('{"pc"') else None
        if step is None:
            continue
        if before is not None and step["depth"] > before["depth"]:
            open_calls.append((_callee(before), int(step["gas"], 16)))
        elif before is not None:
            for _ in range(before["depth"] - step["depth"]):
                if not open_calls:
                    raise ChainError("a trace leaves more calls than it entered")
                callee, gas = open_calls.pop()
                used = gas - int(before["gas"], 16) + int(before["gasCost"], 16)
                parents = tuple(name for name, _ in open_calls)
                found.append(Frame(callee, before["depth"], used, parents))
        before = step
    return found


def spent_in(calls: Collection[Frame], contracts: Collection[str]) -> int:
    """Gas in calls to these contracts by any other, with all that they called."""
    names = {address.lower() for address in contracts}
    return sum(call.gas for call in calls if call.callee in names and not names & set(call.parents))


def _callee(step: dict[str, Any]) -> str:
    if step["opName"] not in _CALLS:
        raise ChainError(f"a trace enters a frame by {step['opName']}: only calls are known here")
    return "0x" + str(step["stack"][-2])[2:].rjust(40, "0")[-40:]
