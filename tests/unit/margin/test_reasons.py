"""Every reason that Margin gives is named in a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ("Margin.vy", "modules/accounts.vy")
REASON = re.compile(r'"(margin: [^"]+)"')


def reasons(path: str) -> set[str]:
    text = re.sub(r'"""[\s\S]*?"""', "", (ROOT / "contracts" / path).read_text())
    return set(REASON.findall(text))


@pytest.mark.parametrize("path", SOURCES)
def test_reasons__each_of_them__is_named_in_a_test(path: str) -> None:
    """V28."""
    suites = [
        file
        for folder in ("unit/margin", "unit/desk")
        for file in (ROOT / "tests" / folder).glob("test_*.py")
    ]
    named = {reason for file in suites for reason in REASON.findall(file.read_text())}
    assert reasons(path)
    assert reasons(path) - named == set()
