"""One self-contained HTML page: charts, captions in plain words, option chains. No network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from ballast.model.normal import Array
from ballast.report.document import Chart, cards, document, tiles
from ballast.report.dress import BOTH, CALL, PUT, QUIET
from ballast.report.kernel import figures
from ballast.report.kernel.example import NOW, SYMBOL, Market, describe, plain_strike
from ballast.report.kernel.figures import Line, Priced
from ballast.report.kernel.pricing import Quotes
from ballast.units import wad_to_float

DAYS = 365.0


def render(market: Market, board: Sequence[Priced], runtime_bytes: int) -> str:
    """The whole page."""
    shown = market.main.label
    choices = "".join(
        f'<option value="{priced.label}"{" selected" if priced.label == shown else ""}>'
        f"{priced.label} · {describe(priced.listed.expiry.seconds)}</option>"
        for priced in board
    )
    body = _BODY.format(
        symbol=SYMBOL,
        spot=plain_strike(market.spot),
        now=f"{dt.datetime.fromtimestamp(NOW, dt.UTC):%A %d %B %Y, %H:%M}",
        tiles=tiles(_headline(board, runtime_bytes)),
        surface=cards(_surface_charts(market, board)),
        choices=choices,
        chains="".join(_chain(priced, priced.label == shown) for priced in board),
        strikes=cards(_strike_charts(market, board, shown)),
        trust=cards(_trust_charts(market, board, shown)),
    )
    return document("Ballast: a board priced by the contract", body, _SCRIPT)


def worst(board: Sequence[Priced], which: str) -> float:
    """Largest error over all listed strikes, in 1e-18 of spot."""
    return max(float(np.max(np.abs(getattr(priced.comparison, which)))) for priced in board)


def all_gas(board: Sequence[Priced]) -> Array:
    """Gas of every metered call."""
    return np.array([amount for priced in board for amount in priced.listed.gas])


def _headline(board: Sequence[Priced], runtime_bytes: int) -> list[tuple[str, str]]:
    gas = all_gas(board)
    return [
        (f"{2 * len(gas)}", "options priced, each with its Greeks"),
        (f"{int(np.median(gas)):,}", "gas for one call and one put, ten figures (median)"),
        (f"{worst(board, 'contract'):.2f}", "largest error of a call, in 1e-18 of spot"),
        (f"{worst(board, 'model'):,.0f}", "the same for double precision"),
        (f"{runtime_bytes:,}", "bytes of contract; the chain allows 24,576"),
    ]


def _surface_charts(market: Market, board: Sequence[Priced]) -> list[Chart]:
    return [
        Chart(
            "The smile, expiry by expiry",
            "Volatility is how far the market expects the price to travel in a year. If it were "
            "the same for every strike these lines would be flat. They are not: protection "
            "against a fall costs more, so the left side is higher. Dots are the listed strikes.",
            figures.smile(board),
        ),
        Chart(
            "The whole surface",
            "The same smiles seen from above, soonest expiry at the bottom. Three numbers per "
            "expiry (eSSVI) make all of it, and two inequalities between neighbours rule out free"
            " money at every strike at once. The vault needs nothing else.",
            figures.surface(market),
        ),
    ]


def _strike_charts(market: Market, board: Sequence[Priced], shown: str) -> list[Chart]:
    return [
        Chart(heading, caption, figures.by_strike(board, shown, market.spot, title, lines))
        for heading, caption, title, lines in _GREEKS
    ]


def _trust_charts(market: Market, board: Sequence[Priced], shown: str) -> list[Chart]:
    return [
        Chart(
            "How exact is the contract?",
            "Each dot is the error of one call value, against the same formula in 50-digit "
            "arithmetic; lower is better, each step down is ten times. Red is double precision, "
            "which most trading systems run on; blue is the contract, which counts in integers. "
            "What the two differ by (grey) is therefore the float model's own error.",
            figures.errors(board, shown, market.spot),
        ),
        Chart(
            "What does a price cost?",
            "Gas of every call in this report, without the fixed price of a transaction. A flat "
            "line means that nobody can make pricing expensive by picking an awkward strike or "
            "expiry.",
            figures.gas(board),
        ),
    ]


def _intrinsic(sign: float) -> Line:
    def value(quotes: Quotes) -> Array:
        expiry = quotes.expiry
        gap = wad_to_float(expiry.forward) - quotes.floats
        result: Array = wad_to_float(expiry.discount) * np.maximum(sign * gap, 0.0)
        return result

    name = "call, no time value" if sign > 0 else "put, no time value"
    return Line(name, QUIET, value, "dot", markers=False)


_GREEKS: tuple[tuple[str, str, str, tuple[Line, ...]], ...] = (
    (
        "Volatility",
        "The smile of the chosen expiry, strike by strike: what the contract is handed to price "
        "with. Everything below follows from it, from spot, and from the time that is left.",
        "Per cent per year",
        (Line("volatility", QUIET, lambda q: 100.0 * q.vols),),
    ),
    (
        "Value",
        "What one option is worth, in quote tokens. A call is worth more the lower its strike, a "
        "put the higher. The space above the dotted line is what remaining time is worth; it is "
        "widest near today's price, where the outcome is most open.",
        "Quote tokens per contract",
        (
            Line("call", CALL, lambda q: q.marks.call),
            Line("put", PUT, lambda q: q.marks.put),
            _intrinsic(1.0),
            _intrinsic(-1.0),
        ),
    ),
    (
        "Delta",
        "How much the value moves when the underlying moves by one. It is also the hedge: a vault"
        " that has written a call of delta 0.4 holds 0.4 of the underlying to stay even.",
        "Per 1.00 of spot",
        (
            Line("call", CALL, lambda q: q.marks.delta_call),
            Line("put", PUT, lambda q: q.marks.delta_put),
        ),
    ),
    (
        "Gamma",
        "How fast delta itself moves. High gamma means that a hedge goes stale quickly; it peaks "
        "at the money and grows as expiry comes near. Calls and puts share it.",
        "Delta per 1.00 of spot",
        (Line("call and put", BOTH, lambda q: q.marks.gamma),),
    ),
    (
        "Vega",
        "What one point more of volatility (from 65 % to 66 %, say) adds to the value. The "
        "vault's main risk: it sells volatility, so it loses when volatility rises.",
        "Quote tokens per point",
        (Line("call and put", BOTH, lambda q: q.marks.vega / 100.0),),
    ),
    (
        "Theta",
        "What one day takes away if nothing else happens: the option buyer's rent, and what the "
        "vault earns for carrying the risk. Calls pay a little more, for the money they tie up "
        "later.",
        "Quote tokens per day",
        (
            Line("call", CALL, lambda q: q.marks.theta_call / DAYS),
            Line("put", PUT, lambda q: q.marks.theta_put / DAYS),
        ),
    ),
    (
        "Vanna",
        "How delta moves when volatility rises by one point. It says in which direction the vault"
        " must trade after a volatility shock; above and below the money the signs are opposite.",
        "Delta per point",
        (Line("call and put", BOTH, lambda q: q.marks.vanna / 100.0),),
    ),
    (
        "Volga",
        "How vega moves when volatility rises by one point. Far strikes have it: they wake up "
        "when volatility rises, which is why a crash hurts sellers of cheap options twice.",
        "Vega per point",
        (Line("call and put", BOTH, lambda q: q.marks.volga / 10_000.0),),
    ),
)


def _chain(priced: Priced, shown: bool) -> str:
    """The option chain: calls to the left of the strikes, puts to the right."""
    quotes = priced.listed
    rows = "".join(_chain_row(quotes, number) for number in range(len(quotes.strikes)))
    hidden = "" if shown else " hidden"
    return (
        f'<table class="chain" data-expiry="{priced.label}"{hidden}><thead>{_CHAIN_HEAD}</thead>'
        f"<tbody>{rows}</tbody></table>"
    )


_CHAIN_HEAD = "<tr>" + "".join(
    f"<th>{name}</th>"
    for name in (
        "theta / day", "delta", "call", "strike", "put", "delta", "theta / day",
        "vol", "gamma", "vega / pt", "vanna / pt", "volga / pt",
    )
) + "</tr>"  # fmt: skip


def _chain_row(quotes: Quotes, number: int) -> str:
    marks = quotes.marks
    call, put = marks.call[number], marks.put[number]
    in_call = quotes.strikes[number] < quotes.expiry.forward
    cells = (
        (f"{marks.theta_call[number] / DAYS:,.3f}", "in" if in_call else ""),
        (f"{marks.delta_call[number]:.4f}", "in" if in_call else ""),
        (f"{call:,.4f}", "in" if in_call else ""),
        (plain_strike(quotes.strikes[number]), "strike"),
        (f"{put:,.4f}", "" if in_call else "in"),
        (f"{marks.delta_put[number]:.4f}", "" if in_call else "in"),
        (f"{marks.theta_put[number] / DAYS:,.3f}", "" if in_call else "in"),
        (f"{quotes.vols[number]:.2%}", ""),
        (f"{marks.gamma[number]:.3e}", ""),
        (f"{marks.vega[number] / 100:.4f}", ""),
        (f"{marks.vanna[number] / 100:+.5f}", ""),
        (f"{marks.volga[number] / 10_000:+.5f}", ""),
    )
    return "<tr>" + "".join(f'<td class="{name}">{text}</td>' for text, name in cells) + "</tr>"


_SCRIPT = """
document.getElementById('expiry').addEventListener('change', event => {
  const wanted = event.target.value;
  plots('.by-expiry').forEach(plot => {
    const shown = plot.data.map(trace => trace.meta === undefined || trace.meta === wanted);
    Plotly.restyle(plot, {visible: shown});
    Plotly.relayout(plot, {'xaxis.autorange': true, 'yaxis.autorange': true});
  });
  document.querySelectorAll('table.chain').forEach(table => {
    table.hidden = table.dataset.expiry !== wanted;
  });
});
"""

_BODY = """
<h1>A board priced by the contract</h1>
<p>Every price and Greek on this page came out of Ballast's <code>Pricer</code>: the same bytecode
that would run on chain, executed here in a local EVM. The market is an example: {symbol} at {spot},
{now} UTC, options on six expiry days.</p>
{tiles}

<h2>What the market thinks: volatility</h2>
<p>An option is a right to buy (a <i>call</i>) or sell (a <i>put</i>) at a fixed price, the strike,
on a fixed day. Its value hangs on one thing nobody can look up: how much the price will move.</p>
{surface}

<h2>What an option is worth, and what moves it</h2>
<p>The <i>Greeks</i> say how a price reacts to the world. The vault adds them up over everything it
has written; that sum decides its quotes, its limits and its hedges.</p>
<div class="by-expiry">
<div class="bar"><label>Expiry: <select id="expiry">{choices}</select></label></div>
<div class="chains">{chains}</div>
{strikes}

<h2>Why trust it</h2>
{trust}
</div>
"""
