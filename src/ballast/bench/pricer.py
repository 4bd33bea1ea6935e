"""Gas of the kernel: the most that each function takes over a fixed sample of its domain.

What varies is small: a probability is a few gas cheaper on one side of the forward than on the
other, and a worthless option takes one branch more. The samples are drawn with fixed seeds over
ordinary markets and far strikes alike, so that the figures are repeatable to the unit and no choice
of input flatters them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from math import ceil, exp, log
from random import Random
from typing import Any, Final

from ballast.bench.figures import GAS, figure
from ballast.bench.meter import Meter
from ballast.chain.codec import Codec
from ballast.chain.compiler import compile_contract
from ballast.model.margin import SCENARIOS
from ballast.units import DAY, WAD, YEAR

_SAMPLE: Final = 400
_SPOT: Final = 2_000 * WAD
_VOL_SHOCK: Final = (60 * WAD // 100, 30 * WAD // 100, 30 * WAD // 100, 13 * WAD // 100)


@cache
def _pricer() -> tuple[Meter, Codec]:
    artifact = compile_contract("Pricer")
    return Meter(artifact), Codec(artifact.abi, artifact.name)


def _call(name: str, *args: Any) -> tuple[int, bytes]:
    meter, codec = _pricer()
    metered = meter.call(codec.function(name, args).encode(args))
    return metered.gas, metered.output


def _options(seed: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Forward, strike, discount, variance, seconds: K/S within 1/8..8, a minute to four years,
    volatility 1e-4 to 10, rates -5 % to 20 %; then the farthest strikes."""
    random = Random(seed)
    for _ in range(_SAMPLE):
        tau = round(exp(random.uniform(log(60), log(4 * YEAR))))
        discount = exp(-random.uniform(-0.05, 0.20) * tau / YEAR)
        volatility = 10 ** random.uniform(-4, 1)
        strike = _SPOT * 8 ** random.uniform(-1, 1)
        variance = volatility**2 * tau / YEAR
        yield (
            int(_SPOT / discount),
            int(strike),
            int(discount * WAD),
            int(variance * WAD),
            tau,
        )
    for strike in (_SPOT // 32, 32 * _SPOT):  # worthless, at every discount
        for discount in (WAD // 4, WAD, 4 * WAD):
            yield _SPOT, strike, discount, WAD // 4, YEAR
            yield _SPOT, strike, discount, WAD // 100, YEAR


@figure("Pricer.mark", unit=GAS, target=3_000)
def mark() -> int:
    """Ten outputs of one strike."""
    return max(_call("mark", *option)[0] for option in _options(seed=1))


@figure("Pricer.price", unit=GAS, target=2_808)
def price() -> int:
    """Call and put of one strike. The target is the best published figure for a call alone."""
    return max(_call("price", *option[:4])[0] for option in _options(seed=2))


@figure("Pricer.board24", unit=GAS, target=80_000)
def board() -> int:
    """An expiry with 24 strikes, each with calls and puts: a common board, and one far away."""
    theta = WAD * 65**2 * 30 // (100**2 * 365)
    smile = (theta, -3 * WAD // 10, 17 * WAD // 100)
    near = [((1_000 + 100 * i) * WAD, (i - 9) * WAD, -(i % 7 + 1) * WAD) for i in range(24)]
    far = [((250 + 10 * i) * WAD, (i - 9) * WAD, -(i % 7 + 1) * WAD) for i in range(24)]
    boards = (_call("board", _SPOT, 99 * WAD // 100, 30 * DAY, smile, legs) for legs in (near, far))
    return max(gas for gas, _ in boards)


def _grid_cell(count: int) -> int:
    shocks = [(int((1 + s.spot_move) * WAD), 1 if s.vol_up else -1) for s in SCENARIOS]
    legs = [_grid_leg(i) for i in range(count)]
    return ceil(_call("grid", legs, shocks, _VOL_SHOCK)[0] / (count * len(shocks)))


def _grid_leg(i: int) -> Sequence[int]:
    days = 7 + 23 * i
    variance = WAD * 65**2 * days // (100**2 * 365)
    size = -WAD if i % 2 else WAD
    return (_SPOT, (1_500 + 250 * i) * WAD, 99 * WAD // 100, variance, days * DAY, size, -2 * size)


@figure("Pricer.grid_cell", unit=GAS, target=2_400)
def grid_cell() -> int:
    """One leg under one shock: four legs under the ten shocks of the margin grid."""
    return _grid_cell(4)


@figure("Pricer.grid_cell_lone_leg", unit=GAS, target=2_400)
def grid_cell_lone_leg() -> int:
    """The same in an account of one leg, which bears the cost of the shocks alone."""
    return _grid_cell(1)


@figure("Pricer.implied_vol_worst", unit=GAS, target=7_500)
def implied_vol_worst() -> int:
    """The most that any option with a time value of at least 1e-6 of spot takes."""
    gas = []
    for forward, strike, discount, variance, tau in _options(seed=3):
        prices = _call("price", forward, strike, discount, variance)[1]
        call, put = (int.from_bytes(prices[i : i + 32], "big") for i in (0, 32))
        spot = forward * discount // WAD
        time_value = min(call, put)  # the option out of the money has nothing else
        if time_value * 10**6 < spot:
            continue
        for premium, is_call in ((call, True), (put, False)):
            gas.append(_call("implied_vol", forward, strike, discount, premium, tau, is_call)[0])
    return max(gas)
