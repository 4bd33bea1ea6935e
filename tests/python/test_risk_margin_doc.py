"""The table of docs/RISK.md is what the command prints."""

from __future__ import annotations

from pathlib import Path

from ballast.report.margin import table

RISK = Path(__file__).resolve().parents[2] / "docs" / "RISK.md"


def test_risk_md__margin_beside_published_practice__is_what_the_command_prints() -> None:
    assert table() in RISK.read_text()
