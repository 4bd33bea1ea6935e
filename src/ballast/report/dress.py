"""How every chart looks: an empty figure, its colours and its font."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.colors import sample_colorscale  # type: ignore[import-untyped]

CALL, PUT, BOTH, QUIET = "#1f6feb", "#d1495b", "#2a9d8f", "#8a94a6"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def empty_figure(x_title: str, y_title: str) -> go.Figure:
    """A chart with axes and nothing in it."""
    axis = {"gridcolor": "#e8ebf0", "zerolinecolor": "#c9d0da", "automargin": True}
    return go.Figure(
        layout={
            "height": 340,
            "margin": {"l": 10, "r": 10, "t": 12, "b": 10},
            "paper_bgcolor": "white",
            "plot_bgcolor": "white",
            "font": {"family": FONT, "size": 12, "color": "#2b3240"},
            "hovermode": "x unified",
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "xaxis": {**axis, "title": {"text": x_title, "standoff": 8}},
            "yaxis": {
                **axis,
                "title": {"text": y_title, "standoff": 8},
                "exponentformat": "power",
            },
        }
    )


def ramp(count: int) -> list[str]:
    """Colours from short to long expiries."""
    colours: list[str] = sample_colorscale("Plasma", list(np.linspace(0.0, 0.85, count)))
    return colours
