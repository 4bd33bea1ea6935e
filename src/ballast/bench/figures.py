"""The registry: a figure is a function without arguments, registered under its key.

@figure("Pricer.mark", unit="gas", target=3_000)
def mark() -> int: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

import ballast.bench as package
from ballast.errors import BallastError

GAS: Final = "gas"  # the unit of figures that the snapshot holds

Measure = Callable[[], int | float]


@dataclass(frozen=True, slots=True)
class Figure:
    """What is measured. `target` is the most that the value should be, if there is one."""

    key: str
    unit: str
    target: int | float | None
    measure: Measure


@dataclass(frozen=True, slots=True)
class Reading:
    """A measured figure."""

    figure: Figure
    value: int | float

    @property
    def over_target(self) -> bool:
        return self.figure.target is not None and self.value > self.figure.target


_REGISTRY: Final[dict[str, Figure]] = {}


def figure(
    key: str, *, unit: str, target: int | float | None = None
) -> Callable[[Measure], Measure]:
    """Register the decorated function; a key names one figure for good."""

    def register(measure: Measure) -> Measure:
        if key in _REGISTRY:
            raise BallastError(f"two figures are registered as {key!r}: rename one of them")
        _REGISTRY[key] = Figure(key, unit, target, measure)
        return measure

    return register


def figures() -> list[Figure]:
    """All figures of this package's modules, by key."""
    for module in iter_modules(package.__path__):
        if module.name != "__main__":
            import_module(f"{package.__name__}.{module.name}")
    return [_REGISTRY[key] for key in sorted(_REGISTRY)]


def measure(selected: list[Figure]) -> list[Reading]:
    """Measure one after the other, in the given order."""
    return [Reading(item, item.measure()) for item in selected]
