"""The generated files are what their generators write, and mean what the readable modules say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ballast.chain.compiler import project_root
from tests.math.bytecode import deployed, outcome
from tests.math.domain import (
    SHOCKS,
    VOL_SHOCK,
    Sampler,
    corners,
    random_account,
    random_boards,
    random_quote,
)

TOOLS = Path("tools") / "kernel"


@pytest.mark.parametrize("generator", ["fit.py", "flatten.py"])
def test_generator__run_again__writes_what_is_committed(generator: str) -> None:
    command = [sys.executable, str(project_root() / TOOLS / generator), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_mark_and_price__readable_modules__give_identical_outputs_and_reasons() -> None:
    ours, theirs = deployed("Pricer"), deployed("tests/harness/ReadablePricer.vy")
    for point in [*Sampler(51).points(20_000), *corners()]:
        assert outcome(ours.mark, point) == outcome(theirs.mark, point), point
        assert outcome(ours.price, point[:4]) == outcome(theirs.price, point[:4]), point


def test_sums_and_inverse__readable_modules__give_identical_outputs() -> None:
    ours, theirs = deployed("Pricer"), deployed("tests/harness/ReadablePricer.vy")
    random = np.random.default_rng(52)
    for book in random_boards(300):
        assert ours.board(*book) == theirs.board(*book), book
    for _ in range(150):
        account = random_account(random)
        assert ours.grid(account, SHOCKS, VOL_SHOCK) == theirs.grid(account, SHOCKS, VOL_SHOCK)
    for _ in range(1_500):
        forward, strike, discount, variance, tau = random_quote(random)
        for premium, is_call in zip(
            ours.price(forward, strike, discount, variance), (1, 0), strict=True
        ):
            asked = (forward, strike, discount, premium, tau, is_call)
            assert outcome(ours.implied_vol, asked) == outcome(theirs.implied_vol, asked), asked
