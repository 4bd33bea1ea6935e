"""What must hold of a market, in named sentences. docs/INVARIANTS.md says where each is checked.

    holds("V6", supply == sum(balances), supply, balances)

The sentence is the assertion's message.
"""

from __future__ import annotations

from typing import Final

SPEC: Final[dict[str, str]] = {
    "V1": "of each token all known accounts together hold what was minted",
    "V2": "the vault holds what its ledger, pots and claims count, and what was donated",
    "V3": "at every settlement price locked cover pays all options, and what is set aside is there",
    "V4": "NAV is cash less dues, underlying at spot and every position at its mark",
    "V6": "the supply is the sum of all shares",
    "V7": "all shares together convert to no more than the total assets",
    "V8": "no deposit, redemption, transfer or claim lowers the price of a share",
    "V9": "who comes or leaves gets no more than he gives",
    "V10": "what a max view names is not refused, and a round trip gains nothing",
    "V11": "a sequence of trades at one snapshot that restores the positions costs its trader",
    "V12": "intrinsic value <= mark and ask, bid <= S or K df, and the ask is above the bid",
    "V13": "marks keep parity, and are monotone and convex in the strike",
    "V15": "an order in parts is never cheaper than the whole",
    "V16": "totals are the sum of the expiries, positions those of the trades",
    "V17": "settlement pays the floor of size times intrinsic value, and the pot the rest",
    "V18": "an expiry that is settled is in the pot and nowhere else",
    "V19": "a healthy account cannot be liquidated, and another one can be, at a fair price",
    "V20": "nobody but its owner lowers what an account has",
    "V21": "no action of an owner leaves his account below its requirement, except through price",
    "V22": "who owes without escrow has equity, or something of it can be closed in the next block",
    "V23": "a shortfall is paid once, by the account, then the fund, then LPs, to the unit",
    "V24": "the queue is served in its order, each request once, and counts what waits",
    "V25": "free quote and free underlying are never below zero, and cover stays within its limit",
    "V26": "whoever holds shares or options can leave while everything else stands still",
    "V27": "a refused call leaves no trace",
    "V28": "every refusal has a documented reason",
    "V29": "roles and levels are in their ranges, and nobody acts in another's role",
    "V30": "no stored time lies in the future",
    "V32": "events replay to the state",
    "V33": "settling an expiry that is fixed moves NAV by dust",
    "V34": "the gas of settling is bounded",
    "Q1": "a cycle at one snapshot restores the exposure bit for bit and costs its charges",
    "Q2": "splitting an order never makes it cheaper",
    "Q3": "the ask is above the bid",
    "Q4": "unclamped, a quote is better than the mark and half-spread only where U falls",
    "Q5": "a call and a put of one strike carry the same gamma and vega",
    "Q6": "NAV less U never falls under trading at one snapshot",
    "Q7": "improvements over the mark exceed charges by at most U at the start",
    "Q8": "intrinsic value is at most the ask, and the bid at most S or K df",
    "Q9": "a quote is what the trade then executes, to the unit",
}
"""By id: those of the design that apply to a market without hedges and tranches."""


def holds(name: str, is_true: bool, *seen: object) -> None:
    """Asserts a sentence of the specification."""
    assert is_true, f"{name}: {SPEC[name]}; seen {seen}"
