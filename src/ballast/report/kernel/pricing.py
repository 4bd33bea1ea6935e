"""Marks from the deployed bytecode, beside the float model and 50 digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import numpy as np

from ballast.chain import RevmChain, compile_contract
from ballast.model.black76 import Mark, mark
from ballast.model.normal import Array
from ballast.report.kernel.exact import call_value
from ballast.report.kernel.example import Expiry
from ballast.units import WAD, wad_to_float

FIGURES = tuple(field.name for field in fields(Mark))


@dataclass(frozen=True)
class Quotes:
    """What the contract says about some strikes of one expiry."""

    expiry: Expiry
    strikes: tuple[int, ...]
    marks: Mark
    """The contract's figures as doubles, for drawing."""
    calls: tuple[int, ...]
    """The contract's call values as they came, WAD."""
    gas: tuple[int, ...]
    """Gas of each call without intrinsic gas and calldata; empty if it was not metered."""

    @property
    def floats(self) -> Array:
        """The strikes in natural units."""
        return np.array([wad_to_float(strike) for strike in self.strikes])

    @property
    def vols(self) -> Array:
        return np.array([self.expiry.vol(strike) for strike in self.strikes])


@dataclass(frozen=True)
class Comparison:
    """Errors of the call value at each strike, in 1e-18 of spot, with their signs."""

    contract: Array
    """Contract less 50 digits."""
    model: Array
    """Float model less 50 digits."""
    gap: Array
    """Contract less float model."""


class Pricer:
    """The real contract on the in-process chain."""

    def __init__(self) -> None:
        self._chain = RevmChain()
        self._artifact = compile_contract("Pricer")
        self._contract = self._chain.deploy(self._artifact)

    @property
    def runtime_bytes(self) -> int:
        return len(self._artifact.runtime)

    def quote(self, expiry: Expiry, strikes: Sequence[int], *, metered: bool = False) -> Quotes:
        """Marks for `strikes` of `expiry`, one call each."""
        inputs = [_arguments(expiry, strike) for strike in strikes]
        marks = [self._contract.mark(*arguments) for arguments in inputs]
        gas = tuple(map(self._gas, inputs)) if metered else ()
        return Quotes(
            expiry=expiry,
            strikes=tuple(strikes),
            marks=_floats(marks),
            calls=tuple(int(each.call) for each in marks),
            gas=gas,
        )

    def mark(self, expiry: Expiry, strike: int) -> dict[str, int]:
        """One mark as the contract returns it, by name, in WAD."""
        answer = self._contract.mark(*_arguments(expiry, strike))
        return {name: int(getattr(answer, name)) for name in FIGURES}

    def _gas(self, arguments: tuple[int, ...]) -> int:
        data = self._contract.mark.encode(*arguments)
        return self._chain.execution_gas(self._contract.address, data)


def compare(quotes: Quotes) -> Comparison:
    """The contract and the float model against 50-digit arithmetic on the contract's inputs."""
    expiry = quotes.expiry
    spot = Decimal(expiry.forward) * Decimal(expiry.discount) / WAD
    model = model_marks(expiry, quotes.strikes)
    rows = []
    for strike, call, double in zip(quotes.strikes, quotes.calls, model.call, strict=True):
        exact = call_value(expiry.forward, strike, expiry.discount, expiry.variance(strike))
        scaled = Decimal(float(double)) * WAD
        gaps = (Decimal(call) - exact, scaled - exact, Decimal(call) - scaled)
        rows.append([float(gap / spot * WAD) for gap in gaps])
    return Comparison(*np.array(rows).T)


def model_marks(expiry: Expiry, strikes: Sequence[int]) -> Mark:
    """The float model on the doubles nearest to the contract's inputs."""
    variances = np.array([expiry.variance(strike) / WAD for strike in strikes])
    forward, discount = wad_to_float(expiry.forward), wad_to_float(expiry.discount)
    return mark(forward, [k / WAD for k in strikes], discount, variances, expiry.years)


def _arguments(expiry: Expiry, strike: int) -> tuple[int, int, int, int, int]:
    """forward, strike, discount, variance, tau: the arguments of Pricer.mark."""
    variance = expiry.variance(strike)
    return expiry.forward, strike, expiry.discount, variance, expiry.seconds


def _floats(marks: Sequence[Any]) -> Mark:
    """Structs of WAD integers as one struct of arrays in natural units."""
    return Mark(*(np.array([getattr(each, name) / WAD for each in marks]) for name in FIGURES))
