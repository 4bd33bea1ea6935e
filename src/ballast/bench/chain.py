"""Speed of the in-process backend: it depends on the machine and the day, so it has no target."""

from __future__ import annotations

import time
from typing import Final

from ballast.bench.figures import figure
from ballast.chain import RevmChain, compile_contract
from ballast.units import DAY, WAD

_ROUNDS: Final = 20_000


@figure("RevmChain.bulk_marks", unit="calls/s")
def bulk_marks() -> int:
    """`Pricer.mark` on one core, calldata ready made."""
    chain = RevmChain()
    pricer = chain.deploy(compile_contract("Pricer"))
    data = pricer.mark.encode(2_000 * WAD, 2_100 * WAD, 99 * WAD // 100, WAD // 30, 30 * DAY)
    begun = time.perf_counter()
    for _ in range(_ROUNDS):
        chain.bulk(pricer.address, data)
    return round(_ROUNDS / (time.perf_counter() - begun))
