"""The README: its example prints what it says it prints, its paths exist, its targets are real."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MOST_LINES = 150


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def _run(text: str) -> tuple[int, int, str]:
    """Failures, examples, and what went wrong."""
    told: list[str] = []
    parsed = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    result = doctest.DocTestRunner(verbose=False).run(parsed, out=told.append)
    return result.failed, result.attempted, "".join(told)


def test_example__run_as_written__prints_what_it_says() -> None:
    (example,) = _blocks("python")
    failed, attempted, told = _run(example)
    assert failed == 0, told
    assert attempted > 20
    for word in (
        "supply",
        "quote",
        "buy",
        "sell",
        "write",
        "liquidate",
        "settle",
        "redeem",
        "maxRedeem",
        "convertToAssets",
    ):
        assert f".{word}(" in example


@pytest.mark.parametrize("wrong", ["True\n", "2150\n"])
def test_example__another_output__is_noticed(wrong: str) -> None:
    (example,) = _blocks("python")
    assert example.count(f"\n{wrong}") == 1
    failed, _, told = _run(example.replace(f"\n{wrong}", "\nsomething else\n"))
    assert failed == 1
    assert "something else" in told


def test_length__is_within_the_limit() -> None:
    assert len(README.splitlines()) <= MOST_LINES


def test_paths__that_are_named__exist() -> None:
    named = set(re.findall(r"\]\((docs/[A-Z]+\.md)\)", README))
    named |= set(
        re.findall(r"`((?:src|tests|contracts|interfaces|scripts|tools|docs)/[\w/.]*)`", README)
    )
    assert len(named) > 10
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_targets__that_are_named__are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE))
    assert {"demo", "test", "check", "bench", "snapshot", "fuzz"} <= named
    assert [name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []
