"""The charts. Each function turns quotes into one plotly figure; captions live in `page`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go  # type: ignore[import-untyped]

from ballast.model.normal import Array
from ballast.report.dress import CALL, PUT, QUIET, empty_figure, ramp
from ballast.report.kernel.example import Market
from ballast.report.kernel.pricing import Comparison, Quotes
from ballast.units import wad_to_float

GAS_TARGET = 3_000
SMALLEST_SHOWN = 1e-3
"""Errors below this many 1e-18 S are drawn here: a logarithmic axis has no zero."""


@dataclass(frozen=True)
class Line:
    """One curve over strikes: a name, a colour, and what it shows of some quotes."""

    name: str
    colour: str
    value: Callable[[Quotes], Array]
    dash: str = "solid"
    markers: bool = True


@dataclass(frozen=True)
class Priced:
    """One expiry: the listed strikes, and a fine grid of strikes for smooth lines."""

    listed: Quotes
    curve: Quotes
    comparison: Comparison

    @property
    def label(self) -> str:
        return self.listed.expiry.label


def smile(board: Sequence[Priced]) -> go.Figure:
    """Volatility against strike as a share of the forward, one line per expiry."""
    figure = empty_figure("Strike as a share of the forward", "Volatility per year")
    for priced, colour in zip(board, ramp(len(board)), strict=True):
        forward = wad_to_float(priced.listed.expiry.forward)
        for quotes, mode in ((priced.curve, "lines"), (priced.listed, "markers")):
            figure.add_scatter(
                x=quotes.floats / forward,
                y=quotes.vols,
                mode=mode,
                name=priced.label,
                legendgroup=priced.label,
                showlegend=mode == "lines",
                line={"color": colour, "width": 2},
                marker={"color": colour, "size": 5},
                hovertemplate="%{x:.1%} of forward: %{y:.1%}",
            )
    figure.update_xaxes(tickformat=".0%", range=[0.35, 2.05])
    figure.update_yaxes(tickformat=".0%")
    return figure


def surface(market: Market) -> go.Figure:
    """Volatility as a map over moneyness and time, through the posted slices."""
    share = np.linspace(0.7, 1.4, 71)
    levels = list(range(len(market.expiries)))
    rows = [expiry.smile.vol(np.log(share), expiry.years) for expiry in market.expiries]
    figure = empty_figure("Strike as a share of the forward", "Expiry")
    figure.add_contour(
        x=share,
        y=levels,
        z=np.array(rows),
        colorscale="Viridis",
        zmin=0.6,
        zmax=1.0,
        line={"smoothing": 0.7, "width": 0.6},
        contours={
            **{"start": 0.6, "end": 1.2, "size": 0.05, "showlabels": True},
            "labelfont": {"color": "white", "size": 11},
            "labelformat": ".0%",
        },
        colorbar={"tickformat": ".0%", "title": {"text": "vol"}, "thickness": 14},
        hovertemplate="%{x:.0%} of forward: %{z:.1%}<extra></extra>",
    )
    labels = [expiry.label for expiry in market.expiries]
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(tickvals=levels, ticktext=labels, ticksuffix=" ")
    figure.update_layout(hovermode="closest")
    return figure


def by_strike(
    board: Sequence[Priced], shown: str, spot: int, title: str, lines: Sequence[Line]
) -> go.Figure:
    """`lines` against strike; traces of every expiry, of which only `shown` is visible."""
    figure = empty_figure("Strike", title)
    for priced in board:
        for line in lines:
            for quotes, mode in ((priced.curve, "lines"), (priced.listed, "markers")):
                if mode == "markers" and not line.markers:
                    continue
                figure.add_scatter(
                    x=quotes.floats,
                    y=line.value(quotes),
                    mode=mode,
                    name=line.name,
                    legendgroup=line.name,
                    showlegend=mode == "lines" and len(lines) > 1,
                    line={"color": line.colour, "width": 2, "dash": line.dash},
                    marker={"color": line.colour, "size": 5},
                    hovertemplate="%{y:.6~g}",
                    hoverinfo="skip" if mode == "lines" and line.markers else None,
                    meta=priced.label,
                    visible=priced.label == shown,
                )
    _mark_spot(figure, spot)
    return figure


def errors(board: Sequence[Priced], shown: str, spot: int) -> go.Figure:
    """Size of the call value's error by strike, in 1e-18 of spot."""
    figure = empty_figure("Strike", "Error of the call, 1e-18 of spot")
    for priced in board:
        found = priced.comparison
        for name, colour, gap in (
            ("contract less float model", QUIET, found.gap),
            ("float model's error", PUT, found.model),
            ("contract's error", CALL, found.contract),
        ):
            figure.add_scatter(
                x=priced.listed.floats,
                y=np.maximum(np.abs(gap), SMALLEST_SHOWN),
                mode="lines+markers",
                name=name,
                line={"color": colour, "width": 1, "dash": "dot"},
                marker={"color": colour, "size": 11 if colour == QUIET else 7},
                hovertemplate="%{y:.3~g}",
                meta=priced.label,
                visible=priced.label == shown,
            )
    figure.update_yaxes(type="log")
    figure.add_hline(y=222.0, line={"color": QUIET, "width": 1, "dash": "dash"})
    figure.add_annotation(
        xref="paper", x=1.0, y=np.log10(222.0), yanchor="bottom", showarrow=False,
        text="spacing of doubles near 1", font={"color": QUIET, "size": 11},
    )  # fmt: skip
    _mark_spot(figure, spot)
    return figure


def gas(board: Sequence[Priced]) -> go.Figure:
    """Gas of each metered call, over moneyness."""
    figure = empty_figure("Strike as a share of the forward", "Gas per call")
    for priced, colour in zip(board, ramp(len(board)), strict=True):
        forward = wad_to_float(priced.listed.expiry.forward)
        figure.add_scatter(
            x=priced.listed.floats / forward,
            y=priced.listed.gas,
            mode="markers",
            name=priced.label,
            marker={"color": colour, "size": 7},
            hovertemplate="%{x:.0%} of forward: %{y:,} gas",
        )
    figure.add_hline(
        y=GAS_TARGET,
        line={"color": QUIET, "width": 1, "dash": "dash"},
        annotation={"text": "target", "font": {"color": QUIET}},
    )
    figure.update_xaxes(tickformat=".0%", range=[0.15, 2.85])
    figure.update_yaxes(rangemode="tozero", tickformat=",")
    figure.update_layout(hovermode="closest")
    return figure


def _mark_spot(figure: go.Figure, spot: int) -> None:
    figure.add_vline(
        x=wad_to_float(spot),
        line={"color": QUIET, "width": 1, "dash": "dot"},
        annotation={"text": "spot", "font": {"color": QUIET, "size": 11}},
    )
