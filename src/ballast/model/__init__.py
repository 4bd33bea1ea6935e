"""The float64 reference model: Black-76, eSSVI, implied volatility and the margin grid.

Vectorised with numpy, in natural units (a strike of 2000.0, a time in years, a volatility of 0.6).
The contracts are tested against it, and everything off chain that needs a price uses it.
"""

from ballast.model.black76 import Mark, mark, values
from ballast.model.essvi import Slice, require_surface
from ballast.model.implied import implied_deviation, implied_vol
from ballast.model.margin import SCENARIOS, Leg, Scenario, portfolio_values, worst_loss

__all__ = [
    "SCENARIOS",
    "Leg",
    "Mark",
    "Scenario",
    "Slice",
    "implied_deviation",
    "implied_vol",
    "mark",
    "portfolio_values",
    "require_surface",
    "values",
    "worst_loss",
]
