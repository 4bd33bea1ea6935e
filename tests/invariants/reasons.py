"""Why each kind of call may be refused, in every state that honest rules can reach (V28)."""

from __future__ import annotations

from ballast.fuzz.trader import REFUSALS

PRICE = frozenset({"book: not fixed", "oracle: stale"})
"""No price: of spot, or of an expiry that has passed."""
ORDER = REFUSALS | PRICE | {"book: range", "desk: nav not synced", "desk: not listed"}
VALUE = PRICE | {"vault: no value"}
ENTRY = VALUE | {"vault: full", "vault: nothing", "vault: too few shares", "vault: supply"}
EXIT = PRICE | {"vault: below floor", "vault: queue", "vault: free quote"}
REQUEST = frozenset({"vault: small request"})
CANCEL = frozenset({"vault: too early"})
PROCESS = PRICE | {"vault: below floor"}
SYNC = PRICE | {"desk: synced already", "desk: nothing to sync"}
POST = frozenset(
    {
        "surface: hourly budget",
        "surface: psi moves too far",
        "surface: theta moves too far",
        "surface: needs two signers",
        "surface: time",
    }
)
LIST = PRICE | {
    "book: listed already",
    "desk: past cutoff",
    "desk: strike outside window",
    "desk: surface too old",
}
CLOSING = frozenset({"oracle: stale", "quoter: no bid", "quoter: expired"})
"""All that may ever stand in the way of who sells back what he holds."""

# --- margin accounts

_LEGS = frozenset({"margin: both sides", "margin: eight legs"})
TAKE_OUT = PRICE | {"margin: balance", "margin: due", "margin: requirement"}
OPTION_IN = PRICE | _LEGS | {"margin: health"}
WRITE = (
    ORDER | _LEGS | {"desk: credit limit", "margin: balance", "margin: due", "margin: requirement"}
)
BUY_BACK = frozenset(
    {
        "desk: not listed",
        "margin: balance",
        "margin: health",
        "oracle: stale",
        "quoter: expired",
        "vault: cover",
    }
)
LIQUIDATE = PRICE | {
    "desk: size",
    "margin: expired",
    "margin: not now",
    "quoter: expired",
    "quoter: no bid",
}
FLAG = PRICE
SETTLE_ACCOUNT = PRICE | {"margin: sell first", "margin: settle first", "oracle: not fixed"}
STAKE = frozenset({"fund: not ready", "fund: nothing", "fund: pending"})
