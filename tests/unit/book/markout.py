"""Mark-outs of client flow, a second time: exact rationals first, then the book's own integers."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

MEMORY = 16
MOST = 2**62
SHIFT = 2**22


def _toward_zero(a: int, b: int) -> int:
    return a // b if a >= 0 else -(-a // b)


@dataclass
class Rounds:
    """X counts 1e-6; flows and averages nano."""

    begun: list[int] = field(default_factory=list)
    """X at the beginning of each round, the running one last."""
    bought: list[int] = field(default_factory=list)
    """F_d of each round that has closed."""
    near: int = 0
    far: int = 0
    gross: int = 0

    def close(self, flow: int, x: int) -> int:
        """A round closes with this flow as another begins at x; millionths of the ratio."""
        if flow // SHIFT and self.begun and self.begun[-1]:
            gain = self._gain(flow, self.begun[-1], x)
            self.near += _toward_zero(gain - self.near, MEMORY)
            self.gross += _toward_zero(min(abs(flow), MOST) - self.gross, MEMORY)
        if len(self.bought) >= 3 and len(self.begun) >= 4 and self.begun[-4]:
            old = self.bought[-3] // SHIFT * SHIFT
            if old:
                self.far += _toward_zero(self._gain(old, self.begun[-4], x) - self.far, MEMORY)
        self.bought.append(flow)
        self.begun.append(x)
        return self.ratio()

    def ratio(self) -> int:
        if self.gross == 0:
            return 0
        return min(max(self.near, self.far, 0) * 10**6 // self.gross, 2**32 - 1)

    @staticmethod
    def _gain(flow: int, begun: int, now: int) -> int:
        return max(-MOST, min(_toward_zero(flow * (now - begun), begun), MOST))


@dataclass
class Exact:
    """The law itself, in fractions: what the integers above and on chain come close to."""

    prices: list[Fraction] = field(default_factory=list)
    flows: list[int] = field(default_factory=list)
    near: Fraction = Fraction(0)
    far: Fraction = Fraction(0)
    gross: Fraction = Fraction(0)

    def close(self, flow: int, price: Fraction) -> Fraction:
        if flow and self.prices:
            self.near += (flow * (price / self.prices[-1] - 1) - self.near) / MEMORY
            self.gross += (abs(flow) - self.gross) / MEMORY
        if len(self.flows) >= 4 and self.flows[-3]:
            gain = self.flows[-3] * (price / self.prices[-4] - 1)
            self.far += (gain - self.far) / MEMORY
        self.flows.append(flow)
        self.prices.append(price)
        return max(self.near, self.far, Fraction(0)) / self.gross if self.gross else Fraction(0)
