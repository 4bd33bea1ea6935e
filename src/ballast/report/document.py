"""One self-contained HTML page out of charts, tiles and tables. It loads nothing, and two runs over
the same figures give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

from ballast.errors import ReportError


@dataclass(frozen=True)
class Chart:
    """A figure with a heading and what a newcomer should see in it."""

    heading: str
    caption: str
    figure: go.Figure


def document(title: str, body: str, script: str = "") -> str:
    """The whole page; `body` comes after the style and the charts' library."""
    return _TEMPLATE.format(
        title=escape(title), plotly=get_plotlyjs(), style=_STYLE, body=body, script=_RESIZE + script
    )


def write(out: Path, text: str) -> None:
    """Put a page where it was asked for."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as wrong:
        raise ReportError(f"cannot write {out}: {wrong.strerror}; choose another --out") from wrong


def tiles(pairs: Iterable[tuple[str, str]]) -> str:
    """Figures with what they mean."""
    each = (
        f'<div class="tile"><b>{escape(figure)}</b><span>{escape(meaning)}</span></div>'
        for figure, meaning in pairs
    )
    return f'<div class="tiles">{"".join(each)}</div>'


def cards(charts: Iterable[Chart]) -> str:
    """Charts side by side, where there is room."""
    return f'<div class="grid">{"".join(map(_card, charts))}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows under a head."""
    line = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="chains"><table class="rows"><thead><tr>{line}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _card(chart: Chart) -> str:
    drawn = chart.figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=re.sub(r"\W+", "-", chart.heading.lower()).strip("-"),
        config={"displayModeBar": False, "responsive": True},
    )
    return (
        f'<figure class="card"><h3>{escape(chart.heading)}</h3>{drawn}'
        f"<figcaption>{escape(chart.caption)}</figcaption></figure>"
    )


_STYLE = """
:root { color: #2b3240; background: #f4f6f9; font: 15px/1.55 system-ui, -apple-system,
  'Segoe UI', Roboto, sans-serif; }
body { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 30px; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 21px; margin: 40px 0 6px; }
h3 { font-size: 15px; margin: 0 0 6px; }
p { max-width: 78ch; margin: 6px 0; }
code { background: #e7ebf1; border-radius: 4px; padding: 1px 5px; font-size: 13px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px;
  margin: 22px 0; }
.tile, .card, .chains { background: #fff; border: 1px solid #e1e6ed; border-radius: 10px; }
.tile { padding: 14px 16px; }
.tile b { display: block; font-size: 25px; letter-spacing: -0.02em; }
.tile span { color: #5b6576; font-size: 13px; line-height: 1.35; display: block; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(520px, 100%), 1fr));
  gap: 16px; margin-top: 14px; }
.card { margin: 0; padding: 16px; min-width: 0; }
figcaption { color: #5b6576; font-size: 13.5px; margin-top: 6px; }
.card > div { overflow: hidden; }
.bar { position: sticky; top: 0; z-index: 5; background: #f4f6f9ee; padding: 10px 0; }
select { font: inherit; padding: 5px 10px; border-radius: 7px; border: 1px solid #c9d0da; }
.chains { overflow-x: auto; margin-top: 8px; padding: 4px; }
table { border-collapse: collapse; width: 100%; font-size: 12.5px;
  font-variant-numeric: tabular-nums; }
th { color: #5b6576; font-weight: 600; padding: 7px 8px; text-align: right; white-space: nowrap; }
td { padding: 3px 8px; text-align: right; border-top: 1px solid #eef1f5; }
td.in { background: #eef4fd; }
td.strike { font-weight: 700; background: #e7ebf1; text-align: center; }
table.rows th:first-child, table.rows td:first-child { text-align: left; }
"""

_RESIZE = """
const plots = selector => document.querySelectorAll(selector + ' .js-plotly-plot');
window.addEventListener('load', () => plots('body').forEach(plot => Plotly.Plots.resize(plot)));
"""

_TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
<script>{plotly}</script>
</head>
<body>
{body}
<script>{script}</script>
</body>
</html>
"""
