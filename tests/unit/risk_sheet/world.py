"""Deploying sheets, and the reason where one is refused."""

from __future__ import annotations

from ballast.chain import Chain, Contract, Reverted, compile_contract
from ballast.market import SheetNumbers

NOBODY = "0x" + "00" * 20


def deploy(chain: Chain, numbers: SheetNumbers, previous: Contract | str = NOBODY) -> Contract:
    return chain.deploy(compile_contract("RiskSheet"), *numbers.as_args(previous))


def outcome(chain: Chain, numbers: SheetNumbers, previous: Contract | str = NOBODY) -> str | None:
    """None if the sheet stands, else why not: the reason alone."""
    try:
        deploy(chain, numbers, previous)
    except Reverted as error:
        assert error.reason is not None, "refused without a reason"
        return error.reason
    return None
