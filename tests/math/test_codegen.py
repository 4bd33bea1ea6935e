"""One source, three code generators.

`-O none`, `-O codesize` and the pragma must agree on every output.
"""

from __future__ import annotations

import numpy as np
import pytest

from ballast.chain.compiler import compile_contract
from tests.math.bytecode import Function, deployed, outcome
from tests.math.domain import (
    SHOCKS,
    VOL_SHOCK,
    Sampler,
    corners,
    random_account,
    random_boards,
    random_quote,
)
from tests.math.reference import WAD, Point


def _strange(count: int, seed: int) -> list[tuple[int, ...]]:
    """Words without regard to the domain: mostly reverts, whose reasons must agree as well."""
    random = np.random.default_rng(seed)
    words = [0, 1, 2**128, 2**128 + 1, 2**255, 2**256 - 1, WAD, 4 * WAD, 512 * WAD, 2**27]
    picks = random.integers(0, len(words) + 3, size=(count, 5))
    sane = (3_000 * WAD, 2_900 * WAD, WAD, WAD // 10, 604_800)
    return [
        tuple(words[p] if p < len(words) else sane[i] for i, p in enumerate(row)) for row in picks
    ]


@pytest.mark.parametrize("optimize", ["none", "codesize"])
def test_mark__other_optimisation__gives_identical_outputs(optimize: str) -> None:
    ours, theirs = deployed("Pricer").mark, deployed("Pricer", optimize).mark
    points: list[Point] = [*Sampler(41).points(20_000), *corners()]
    for point in points:
        assert ours.words(*point) == theirs.words(*point), point


@pytest.mark.parametrize("optimize", ["none", "codesize"])
def test_mark__other_optimisation__refuses_the_same_inputs(optimize: str) -> None:
    ours, theirs = deployed("Pricer").mark, deployed("Pricer", optimize).mark
    refused = 0
    for words in _strange(3_000, seed=42):
        expected = outcome(ours, words)
        refused += isinstance(expected, str)
        assert outcome(theirs, words) == expected, words
    assert refused > 1_000


@pytest.mark.parametrize("optimize", ["none", "codesize"])
def test_sums_and_inverse__other_optimisation__give_identical_outputs(optimize: str) -> None:
    ours, theirs = deployed("Pricer"), deployed("Pricer", optimize)
    random = np.random.default_rng(43)
    for book in random_boards(120):
        assert ours.board(*book) == theirs.board(*book), book
    for _ in range(120):
        arguments = (random_account(random), SHOCKS, VOL_SHOCK)
        assert ours.grid(*arguments) == theirs.grid(*arguments), arguments
    for _ in range(2_000):
        forward, strike, discount, variance, tau = random_quote(random)
        call, put = premiums = ours.price.words(forward, strike, discount, variance)
        assert theirs.price.words(forward, strike, discount, variance) == premiums
        for premium, is_call in ((call, True), (put, False)):
            words = (forward, strike, discount, premium, tau, int(is_call))
            assert outcome(ours.implied_vol, words) == outcome(theirs.implied_vol, words), words


def test_pricer__unoptimised_build__differs_in_bytecode() -> None:
    """Otherwise the comparison above would compare a build with itself.

    (`-O codesize` may coincide with the pragma's `gas` where there is nothing to save.)
    """
    assert compile_contract("Pricer", optimize="none").runtime != compile_contract("Pricer").runtime


def test_outcome__a_call_without_a_reason__fails_the_test() -> None:
    function: Function = deployed("tests/harness/ShadowProbe.vy").checked_sub
    with pytest.raises(AssertionError, match="no named reason"):
        outcome(function, (1, 2))
