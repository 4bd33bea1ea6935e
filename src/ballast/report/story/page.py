"""The story as one HTML page."""

from __future__ import annotations

from ballast.report.document import cards, document, table, tiles
from ballast.report.story import figures
from ballast.report.story.tables import Table, clock, headline, refusals, tables
from ballast.report.story.tale import Telling


def render(telling: Telling) -> str:
    """The whole page; nothing in it but what contracts returned or logged."""
    drawn = figures.charts(telling)
    rows = {made.head: _table(made) for made in tables(telling)}
    board, ladder, shock, health, payers, settled, closed, left, causes, accounts = rows.values()
    body = _BODY.format(
        start=f"{clock(telling.moments[0].at):%d %B %Y}",
        end=f"{clock(telling.moments[-1].at):%d %B %Y}",
        fall=f"{1 - telling.shock[-1].spot / telling.shock[0].spot:.1%}",
        minutes=f"{(telling.shock[-1].at - telling.shock[0].at) / 60:.0f}",
        tiles=tiles(headline(telling)),
        quotes=cards(drawn["quotes"]),
        life=cards(drawn["life"]),
        margin=cards(drawn["margin"]),
        furthest=f"{1 - telling.gap.after / telling.gap.before:.0%}",
        refusals=refusals(telling),
        board=board,
        ladder=ladder,
        shock=shock,
        health=health,
        payers=payers,
        settled=settled,
        closed=closed,
        left=left,
        causes=causes,
        accounts=accounts,
    )
    return document("Ballast: the story of a market", body)


def _table(made: Table) -> str:
    return f"<h3>{made.title}</h3>" + table(made.head, made.rows)


_BODY = """
<h1>The story of a market</h1>
<p>A market of Ballast's contracts on a local chain, from {start} to {end} of its clock. Two LPs
fund a vault, two clients trade options with it, two more sell it options out of margin accounts,
the price falls by {fall} within {minutes} minutes, liquidators do their work, two expiries settle,
and the LPs leave. Every figure is what a contract returned or an event said.
The path is one throw of the dice: another seed tells another story, and no single one says what
LPs earn on average.</p>
{tiles}

<h2>What the vault quotes, and why</h2>
<p>The premium is the mark, plus the change that the trade makes to a potential of the vault's
exposure, plus a half-spread, plus fees. The potential is a function of the exposure alone: who
comes back to where he began, at one moment of the market, has paid spreads and fees and gained
nothing.</p>
{quotes}
{board}
{ladder}

<h2>Two weeks</h2>
<p>Refused on the way, with the contracts' own reasons: {refusals}.</p>
{life}
{shock}

<h2>Margin accounts, and what happens where they fail</h2>
<p>Eve and Finn sell puts to the vault just before the fall, against cash in margin accounts. An
account must have the worst loss over a grid of shocks, and a quarter more to open. Whoever finds
one with less may buy a part of its options back from the vault, with the account's money and for a
bonus; no bidder is needed.</p>
<p>The grid counts its furthest fall, of 50%, at three quarters of the loss. So what a next round
{furthest} lower would do is told here as well, on the same chain, and then undone. The accounts are
flagged, which takes their lack out of NAV before anybody can leave ahead of it, and wound up at the
mark.</p>
{margin}
{health}
{payers}

<h2>The end</h2>
{settled}
{closed}
{left}
{causes}
{accounts}
"""
