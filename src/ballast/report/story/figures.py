"""The story's charts, each from one part of a telling."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import plotly.graph_objects as go  # type: ignore[import-untyped]

from ballast.model.implied import implied_vol
from ballast.report.document import Chart
from ballast.report.dress import BOTH, CALL, PUT, QUIET, empty_figure, ramp
from ballast.report.story.credit import Sight
from ballast.report.story.diary import CAUSES
from ballast.report.story.tables import assets, clock, day, wad
from ballast.report.story.tale import BoardRow, Telling
from ballast.units import to_years


def charts(telling: Telling) -> dict[str, list[Chart]]:
    """Charts by the section of the page that they stand in."""
    return {"quotes": _of_quotes(telling), "margin": _of_margin(telling), "life": _of_life(telling)}


def _of_quotes(telling: Telling) -> list[Chart]:
    return [
        Chart(
            "The smile, with bid and ask",
            "Lines: the surface as posted, an expiry each. Arrows: bid and ask of the board's "
            "expiry as volatilities, of the option that is out of the money. The vault asks "
            "for more volatility than it pays.",
            smile(telling),
        ),
        Chart(
            "Quotes against inventory",
            f"One client buys {telling.ladder_series} contract by contract, waits for a round "
            "of the feed and a post of the surface, and sells back. Each sale by the vault "
            "lifts bid and ask together; the round and the post take away what they count as "
            "flow, and inventory stays. Selling back undoes that and leaves a flow the other "
            "way, which the next round and post take away: the quotes are where they began.",
            ladder(telling),
        ),
        Chart(
            "The price of size",
            "Per contract, for one order of that size at the opening. The slope is the "
            "potential: what the order itself does to the vault's exposure.",
            sizes(telling),
        ),
    ]


def _of_life(telling: Telling) -> list[Chart]:
    return [
        Chart(
            "Spot",
            "The feed's rounds that the story was written down at.",
            spot(telling),
        ),
        Chart(
            "Exposure: dollar delta",
            "Of the options that the vault has written, and of the underlying that it holds "
            "as cover for calls. Their sum moves the mid; nobody hedges it here.",
            delta(telling),
        ),
        Chart(
            "Exposure: gamma and vega",
            "Dollars of gamma on the left, dollars per point of weighted volatility on the "
            "right. Both are below zero: the vault sells options.",
            gamma_vega(telling),
        ),
        Chart(
            "Marks of a share",
            "LPs enter at the high mark and leave at the low one; NAV lies between. The band "
            "covers what the next round or post may surprise with.",
            marks(telling),
        ),
        Chart(
            "LPs' gains by cause",
            "Every change of NAV has a cause, and together they are exactly what LPs gained "
            "or lost. The first five are what premiums have over the mark.",
            waterfall(telling),
        ),
        Chart(
            "The same over time",
            "Without the price of the underlying that LPs brought themselves.",
            over_time(telling),
        ),
    ]


def _of_margin(telling: Telling) -> list[Chart]:
    return [
        Chart(
            "Health of margin accounts",
            "Equity over the maintenance requirement. Below one anyone may buy back so much that "
            "health ends between 1.05 and 1.25.",
            health(telling),
        ),
        Chart(
            "Health through the fall",
            "The same, minute by minute. Dotted: the gap that is told and undone.",
            fall(telling),
        ),
        Chart(
            "The waterfall of a loss",
            "Had the price then halved between two rounds: what buying back all options of the "
            "margin accounts costs at the mark, with the liquidator's reward, and who pays it. "
            "First the accounts, then the fund's stakers up to all they have, then LPs.",
            loss(telling),
        ),
    ]


def health(telling: Telling) -> go.Figure:
    """Both accounts over time."""
    figure = empty_figure("", "Health")
    for name, colour in _sellers(telling):
        own = [s for s in _standing(telling.sights, name) if s.at >= telling.shock[0].at]
        _healths(figure, own, lambda sight: clock(sight.at), name, colour)
    _limits(figure)
    _milestones(figure, telling)
    return figure


def fall(telling: Telling) -> go.Figure:
    """Both accounts in the minutes of the fall, and where the gap would lead."""
    start, end = telling.shock[0].at, telling.shock[-1].at
    figure = empty_figure("Minutes", "Health")

    def minute(sight: Sight) -> float:
        return (sight.at - start) / 60

    for name, colour in _sellers(telling):
        own = [s for s in _standing(telling.sights, name) if s.at <= end]
        _healths(figure, own, minute, name, colour)
        fallen = _standing(telling.gap.sights, name)[:1]
        _healths(figure, own[-1:] + fallen, minute, f"{name} at the gap", colour, dash="dot")
    _limits(figure)
    return figure


def _sellers(telling: Telling) -> list[tuple[str, str]]:
    """Owners of margin accounts and their colours."""
    names = dict.fromkeys(sight.who for sight in telling.sights)
    return list(zip(names, (CALL, BOTH), strict=True))


def _standing(sights: Sequence[Sight], name: str) -> list[Sight]:
    """Of an account that owes and has taken out what it can spare."""
    return [s for s in sights if s.who == name and s.maintenance and not s.what.startswith("sells")]


def _limits(figure: go.Figure) -> None:
    figure.add_hline(y=1.0, line={"color": PUT, "width": 1, "dash": "dash"})
    figure.update_layout(hovermode="closest")


def _healths(
    figure: go.Figure,
    own: Sequence[Sight],
    place: Callable[[Sight], object],
    name: str,
    colour: str,
    dash: str = "solid",
) -> None:
    """A line for an account, and crosses for its liquidations."""
    figure.add_scatter(
        x=[place(sight) for sight in own],
        y=[sight.health for sight in own],
        name=name,
        mode="lines+markers",
        marker={"size": 4},
        line={"color": colour, "width": 2, "dash": dash},
        customdata=[[sight.what, wad(sight.spot)] for sight in own],
        hovertemplate="%{y:.3f} (%{customdata[0]}, spot %{customdata[1]:,.2f})",
    )
    if dash == "solid":
        _crosses(figure, own, place)


def _crosses(figure: go.Figure, sights: Sequence[Sight], place: Callable[[Sight], object]) -> None:
    """Where liquidations left health."""
    ends = [sight for sight in sights if sight.what.startswith("liquidated")]
    if not ends:
        return
    figure.add_scatter(
        x=[place(s) for s in ends],
        y=[s.health for s in ends],
        name=f"{ends[0].who}, liquidated",
        mode="markers",
        marker={"symbol": "x", "size": 10, "color": PUT},
        customdata=[s.what for s in ends],
        hovertemplate="%{customdata}: %{y:.3f}",
    )


def loss(telling: Telling) -> go.Figure:
    """What closing costs, and who pays."""
    calls = telling.gap.calls
    rewards = sum(call.reward_from_fund for call in calls)
    cost = sum(call.cost for call in calls) + rewards
    parts = [
        sum(call.from_account for call in calls),
        sum(call.from_fund for call in calls) + rewards,
        sum(call.from_lps for call in calls),
    ]
    figure = empty_figure("", "USDC")
    figure.add_waterfall(
        x=["to be paid", "accounts", "insurance fund", "LPs", "left"],
        y=[assets(cost), *(-assets(part) for part in parts), 0.0],
        measure=["absolute", "relative", "relative", "relative", "total"],
        text=[f"{assets(amount):,.0f}" for amount in (cost, *parts, cost - sum(parts))],
        textposition="outside",
        increasing={"marker": {"color": BOTH}},
        decreasing={"marker": {"color": PUT}},
        totals={"marker": {"color": QUIET}},
        connector={"line": {"color": "#c9d0da"}},
        hovertemplate="%{x}: %{delta:+,.2f}<extra></extra>",
    )
    figure.update_yaxes(tickformat=",", range=[0, assets(cost) * 1.12])
    figure.update_layout(hovermode="closest", showlegend=False)
    return figure


def smile(telling: Telling) -> go.Figure:
    """Volatility by strike, and the board's bids and asks as volatilities."""
    figure = empty_figure("Strike", "Volatility per year")
    for curve, colour in zip(telling.curves, ramp(len(telling.curves)), strict=True):
        figure.add_scatter(
            x=[wad(strike) for strike in curve.strikes],
            y=[wad(vol) for vol in curve.vols],
            name=day(curve.expiry),
            line={"color": colour, "width": 2},
            hovertemplate="%{y:.1%}",
        )
    for name, symbol, colour in (("ask", "triangle-up", PUT), ("bid", "triangle-down", CALL)):
        found = _implied(telling, name)
        figure.add_scatter(
            x=[strike for strike, _ in found],
            y=[vol for _, vol in found],
            name=f"{name}, {day(telling.main)}",
            mode="markers",
            marker={"symbol": symbol, "size": 9, "color": colour},
            hovertemplate="%{y:.1%}",
        )
    figure.update_yaxes(tickformat=".0%")
    return figure


def _implied(telling: Telling, side: str) -> list[tuple[float, float]]:
    """Strikes and volatilities at which a quote would be the mark. Carry is zero here."""
    price = telling.moments[0].spot
    tau = next(curve.tau for curve in telling.curves if curve.expiry == telling.main)
    found = []
    for row in telling.board:
        quoted = getattr(row, side)
        if quoted is None or (row.right == "call") != (row.strike >= price):
            continue
        vol = implied_vol(
            assets(quoted), wad(price), wad(row.strike), 1.0, to_years(tau), _is_call(row)
        )
        found.append((wad(row.strike), float(vol)))
    return found


def _is_call(row: BoardRow) -> bool:
    return row.right == "call"


def ladder(telling: Telling) -> go.Figure:
    """Bid, ask and mark step by step; contracts sold below."""
    rungs = telling.ladder
    steps = list(range(len(rungs)))
    figure = empty_figure("Step", "USDC per contract")
    for name, values, colour, dash in (
        ("ask", [assets(r.ask) for r in rungs], PUT, "solid"),
        ("mid", [(assets(r.ask) + assets(r.bid)) / 2 for r in rungs], BOTH, "solid"),
        ("bid", [assets(r.bid) for r in rungs], CALL, "solid"),
        ("mark", [wad(r.mark) for r in rungs], QUIET, "dot"),
    ):
        figure.add_scatter(
            x=steps,
            y=values,
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            customdata=[[r.step, r.bought] for r in rungs],
            hovertemplate="%{y:.2f} (%{customdata[0]}, sold %{customdata[1]})",
        )
    figure.update_xaxes(
        tickvals=steps,
        ticktext=[f"{r.bought}" if r.step in ("buys", "sells") else r.step for r in rungs],
    )
    return figure


def sizes(telling: Telling) -> go.Figure:
    """Ask and bid per contract against size."""
    figure = empty_figure("Contracts in one order", "USDC per contract")
    for name, place, colour in (("ask", 1, PUT), ("bid", 2, CALL)):
        figure.add_scatter(
            x=[row[0] for row in telling.sizes],
            y=[assets(row[place]) / row[0] for row in telling.sizes],
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            hovertemplate="%{y:.2f}",
        )
    return figure


def spot(telling: Telling) -> go.Figure:
    """Price over time."""
    figure = empty_figure("", "USDC")
    _line(figure, telling, "spot", [wad(m.spot) for m in telling.moments], BOTH)
    _milestones(figure, telling)
    return figure


def delta(telling: Telling) -> go.Figure:
    """Dollar delta over time."""
    moments = telling.moments
    figure = empty_figure("", "USDC")
    options, held = (
        [wad(m.delta_options) for m in moments],
        [wad(m.delta_underlying) for m in moments],
    )
    _line(figure, telling, "options", options, CALL)
    _line(figure, telling, "underlying held", held, QUIET)
    _line(figure, telling, "sum", list(np.add(options, held)), BOTH)
    figure.update_yaxes(tickformat=",")
    _milestones(figure, telling)
    return figure


def gamma_vega(telling: Telling) -> go.Figure:
    """Both over time, on an axis each."""
    figure = empty_figure("", "Gamma, USDC")
    _line(figure, telling, "gamma", [wad(m.gamma) for m in telling.moments], CALL)
    vega = [wad(m.vega) / 100 for m in telling.moments]
    _line(figure, telling, "vega per point", vega, PUT)
    figure.data[1].update(yaxis="y2")
    figure.update_yaxes(tickformat=",")
    figure.update_layout(
        yaxis2={"overlaying": "y", "side": "right", "title": {"text": "Vega, USDC per point"}}
    )
    _milestones(figure, telling)
    return figure


def marks(telling: Telling) -> go.Figure:
    """Low, NAV and high of a share as shares of the first NAV."""
    first = telling.moments[0].per_share[1]
    rows = np.array([m.per_share for m in telling.moments], dtype=float) / first
    figure = empty_figure("", "NAV of a share at the opening = 1")
    _line(figure, telling, "high mark", list(rows[:, 2]), QUIET)
    _line(figure, telling, "low mark", list(rows[:, 0]), QUIET)
    figure.data[1].update(fill="tonexty", fillcolor="rgba(138, 148, 166, 0.18)")
    _line(figure, telling, "NAV", list(rows[:, 1]), BOTH)
    _milestones(figure, telling)
    return figure


def waterfall(telling: Telling) -> go.Figure:
    """Causes, and their sum."""
    figure = empty_figure("", "USDC")
    figure.add_waterfall(
        x=[*CAUSES, "sum"],
        y=[*(wad(telling.causes[cause]) for cause in CAUSES), 0.0],
        measure=["relative"] * len(CAUSES) + ["total"],
        increasing={"marker": {"color": BOTH}},
        decreasing={"marker": {"color": PUT}},
        totals={"marker": {"color": QUIET}},
        connector={"line": {"color": "#c9d0da"}},
        hovertemplate="%{x}: %{delta:+,.2f}<extra></extra>",
    )
    figure.update_yaxes(tickformat=",")
    figure.update_layout(hovermode="closest", showlegend=False)
    return figure


def over_time(telling: Telling) -> go.Figure:
    """Groups of causes, cumulated."""
    figure = empty_figure("", "USDC")
    for name, group, colour in (
        ("premiums over the mark", CAUSES[:5], BOTH),
        ("time", ("time",), CALL),
        ("spot, options", ("spot, options",), PUT),
        ("volatility", ("volatility",), "#b5838d"),
        ("refresh and settlement", ("refresh", "settlement"), QUIET),
    ):
        places = [CAUSES.index(cause) for cause in group]
        values = [wad(sum(m.causes[i] for i in places)) for m in telling.moments]
        _line(figure, telling, name, values, colour)
    figure.update_yaxes(tickformat=",")
    _milestones(figure, telling)
    return figure


def _line(figure: go.Figure, telling: Telling, name: str, values: list[float], colour: str) -> None:
    figure.add_scatter(
        x=[clock(m.at) for m in telling.moments],
        y=values,
        name=name,
        mode="lines",
        line={"color": colour, "width": 2},
        hovertemplate="%{y:,.6~g}",
    )


def _milestones(figure: go.Figure, telling: Telling) -> None:
    for milestone in telling.milestones[1:]:
        figure.add_vline(x=clock(milestone.at), line={"color": QUIET, "width": 1, "dash": "dot"})
        figure.add_annotation(
            x=clock(milestone.at), yref="paper", y=1.0, yanchor="top", xanchor="left",
            text=milestone.text, showarrow=False, font={"color": QUIET, "size": 11},
        )  # fmt: skip
