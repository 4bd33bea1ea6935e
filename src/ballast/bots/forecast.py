"""A forecast of what clients will do next, and how far it may be believed.

The flow of signed delta per step is forecast by its own last values. How much of that counts is its
walk-forward R^2: the share of variance that forecasts made before the fact have explained, against
forecasting nothing. Below a tenth it counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ballast.model.normal import Array

LEAST_R2: Final = 0.1
WARM_UP: Final = 30
"""Steps that are seen before the first forecast is made."""


@dataclass(frozen=True)
class Forecast:
    """What flow is expected to bring to the vault's dollar delta, and its R^2 so far."""

    flow: float = 0.0
    r_squared: float = 0.0

    @property
    def used(self) -> float:
        """The part of it that counts."""
        if not self.r_squared >= LEAST_R2:
            return 0.0
        return self.flow * min(self.r_squared, 1.0)


def forecast(flows: Sequence[float], *, decay: float = 0.97) -> Forecast:
    """The next value of a series that may remember its last one, by walking forward through it."""
    values = np.asarray(flows, np.float64)
    made, slope = _walk(values, decay)
    if len(values) <= WARM_UP:
        return Forecast()
    seen = values[WARM_UP:]
    return Forecast(float(slope * values[-1]), _r_squared(seen, made[WARM_UP:]))


def _walk(values: Array, decay: float) -> tuple[Array, float]:
    """Each value as forecast from those before it, and the slope on the last one at the end."""
    made, slope, products, squares = np.zeros(len(values)), 0.0, 0.0, 0.0
    for i in range(1, len(values)):
        made[i] = slope * values[i - 1]
        products = decay * products + values[i] * values[i - 1]
        squares = decay * squares + values[i - 1] ** 2
        slope = min(max(products / squares, -1.0), 1.0) if squares > 0 else 0.0
    return made, slope


def _r_squared(seen: Array, made: Array) -> float:
    """Against a forecast of zero; at least zero, and zero where nothing has happened."""
    total = float(seen @ seen)
    if total == 0.0:
        return 0.0
    missed = seen - made
    return max(1.0 - float(missed @ missed) / total, 0.0)
