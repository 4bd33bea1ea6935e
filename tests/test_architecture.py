"""The tree keeps the rules of the house, and every rule catches what it forbids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import vyper_rules as vyper
from tests.architecture.python_rules import python_imports_point_down

ROOT = Path(__file__).resolve().parents[1]
Rule = Callable[[Path], list[str]]

RULES: tuple[Rule, ...] = (
    vyper.files_are_in_their_layer,
    vyper.stems_are_unique,
    vyper.imports_point_down,
    vyper.interfaces_have_files,
    vyper.math_is_pure,
    vyper.math_states_its_error,
    vyper.deployables_state_their_kill,
    vyper.functions_have_natspec,
    vyper.reasons_are_named,
    vyper.no_dev_reasons,
    vyper.sizes_are_within_the_limit,
    python_imports_point_down,
)

# A small tree that breaks no rule. Each planted violation adds to it or replaces one of its files.
CLEAN = {
    "contracts/types.vy": "struct Mark:\n    call: uint256\n",
    "contracts/units.vy": "WAD: constant(uint256) = 10**18\n",
    "contracts/math/fixed.vy": '''
from .. import units

@internal
@pure
def _half_down(x: uint256) -> uint256:
    """@dev x // 2, rounded down"""
    assert x < units.WAD, "fixed: range"
    return x >> 1

@internal
@pure
def _root(x: uint256) -> uint256:
    """
    @notice square root of x
    @custom:error 1 unit
    """
    return isqrt(x)
''',
    "contracts/modules/ledger.vy": '''
from ..math import fixed
from interfaces import IPricer

total: uint256

@internal
def _add(x: uint256):
    """@dev add half of x"""
    self.total += fixed._half_down(x)
''',
    "interfaces/IPricer.vyi": """
from contracts import types

@external
@pure
def mark(spot: uint256) -> types.Mark: ...
""",
    "contracts/Pricer.vy": '''
"""
@title Pricer
@custom:kill nothing stops it: it holds nothing
"""
from interfaces import IPricer
from . import types
from .math import fixed

implements: IPricer

@external
@pure
def mark(spot: uint256) -> types.Mark:
    """
    @notice price one option
    @param spot price of the underlying
    """
    return types.Mark(call=fixed._root(spot))
''',
    "contracts/mocks/Feed.vy": "@external\ndef set():\n    assert False\n",
    "src/ballast/__init__.py": "",
    "src/ballast/units.py": "WAD = 10**18\n",
    "src/ballast/model/black76.py": "from ballast.units import WAD\n",
    "src/ballast/chain/revm.py": "from ballast import units\nfrom . import protocol\n",
    "src/ballast/chain/protocol.py": "",
}


def _module(body: str) -> str:
    return f'@internal\n@pure\ndef _f(x: uint256) -> uint256:\n    """\n{body}\n    return x\n'


def _deployable(
    body: str = "    pass", *, kill: bool = True, doc: str = '    """@notice f"""'
) -> str:
    head = '"""\n@custom:kill nothing\n"""\n' if kill else ""
    return f"{head}@external\ndef f():\n{doc}\n{body}\n"


def _import_in(path: str, line: str) -> dict[str, str]:
    return {path: f"{line}\n{CLEAN[path]}"}


HUGE = f'    assert len(x"{"ab" * 20_000}") > 0, "huge: code"'
CHOSEN = '    reason: String[24] = "desk: new"\n    raise reason'
PLANTED: dict[str, tuple[Rule, dict[str, str], str]] = {
    "module outside its folders": (
        vyper.files_are_in_their_layer,
        {"contracts/ledger_two.vy": CLEAN["contracts/modules/ledger.vy"]},
        "contracts/ledger_two.vy",
    ),
    "deployable among the mathematics": (
        vyper.files_are_in_their_layer,
        {"contracts/math/Pricing.vy": _deployable()},
        "contracts/math/Pricing.vy",
    ),
    "one stem twice": (
        vyper.stems_are_unique,
        {"contracts/modules/fixed.vy": CLEAN["contracts/math/fixed.vy"]},
        "contracts/math/fixed.vy, contracts/modules/fixed.vy",
    ),
    "types import math": (
        vyper.imports_point_down,
        _import_in("contracts/types.vy", "from .math import fixed"),
        "types may not import math",
    ),
    "math imports a module": (
        vyper.imports_point_down,
        _import_in("contracts/math/fixed.vy", "from ..modules import ledger"),
        "math may not import modules",
    ),
    "math imports a module by its full name": (
        vyper.imports_point_down,
        _import_in("contracts/math/fixed.vy", "import contracts.modules.ledger as ledger"),
        "math may not import modules",
    ),
    "math imports from outside": (
        vyper.imports_point_down,
        _import_in("contracts/math/fixed.vy", "from ethereum.ercs import IERC20"),
        "math may not import external",
    ),
    "module imports a deployable": (
        vyper.imports_point_down,
        _import_in("contracts/modules/ledger.vy", "from .. import Pricer"),
        "modules may not import deployables",
    ),
    "deployable imports a deployable": (
        vyper.imports_point_down,
        {"contracts/Desk.vy": "from . import Pricer\n" + _deployable()},
        "deployables may not import deployables",
    ),
    "deployable imports a mock": (
        vyper.imports_point_down,
        {"contracts/Desk.vy": "from .mocks import Feed\n" + _deployable()},
        "deployables may not import mocks",
    ),
    "interface imports a module": (
        vyper.imports_point_down,
        _import_in("interfaces/IPricer.vyi", "from contracts.modules import ledger"),
        "interfaces may not import modules",
    ),
    "interface declared in a contract": (
        vyper.interfaces_have_files,
        {"contracts/Desk.vy": "interface Feed:\n    def get() -> uint256: view\n" + _deployable()},
        "interfaces/Feed.vyi",
    ),
    "impure mathematics": (
        vyper.math_is_pure,
        {"contracts/math/clock.vy": "@internal\n@view\ndef _now() -> uint256:\n    return 1\n"},
        "_now is not @pure",
    ),
    "mathematics with storage": (
        vyper.math_is_pure,
        {"contracts/math/clock.vy": "last: uint256\n"},
        "last is not a constant",
    ),
    "approximation without a bound": (
        vyper.math_states_its_error,
        {"contracts/math/ln.vy": _module('    @notice logarithm\n    """')},
        "_f has neither",
    ),
    "bound without a text": (
        vyper.math_states_its_error,
        {"contracts/math/ln.vy": _module('    @custom:error\n    """')},
        "_f has neither",
    ),
    "no word on what stops it": (
        vyper.deployables_state_their_kill,
        {"contracts/Desk.vy": _deployable(kill=False)},
        "contracts/Desk.vy: no @custom:kill",
    ),
    "external function without a notice": (
        vyper.functions_have_natspec,
        {"contracts/Desk.vy": _deployable(doc='    """@dev f"""')},
        "f: no @notice",
    ),
    "parameter without a word": (
        vyper.functions_have_natspec,
        {"contracts/Pricer.vy": CLEAN["contracts/Pricer.vy"].replace("@param spot", "@dev spot")},
        "mark: no @param spot",
    ),
    "constructor parameter without a word": (
        vyper.functions_have_natspec,
        {"contracts/Desk.vy": '@deploy\ndef __init__(fee: uint256):\n    """@notice d"""\n'},
        "__init__: no @param fee",
    ),
    "internal function without a word": (
        vyper.functions_have_natspec,
        {"contracts/modules/queue.vy": "@internal\ndef _pop():\n    pass\n"},
        "_pop: no @notice or @dev",
    ),
    "assert without a reason": (
        vyper.reasons_are_named,
        {"contracts/Desk.vy": _deployable("    assert True")},
        "contracts/Desk.vy:7",
    ),
    "reason without a topic": (
        vyper.reasons_are_named,
        {"contracts/Desk.vy": _deployable('    assert True, "too big"')},
        "contracts/Desk.vy:7",
    ),
    "reason in capitals": (
        vyper.reasons_are_named,
        {"contracts/Desk.vy": _deployable('    raise "desk: Too big"')},
        "contracts/Desk.vy:7",
    ),
    "reason of 33 characters": (
        vyper.reasons_are_named,
        {"contracts/Desk.vy": _deployable(f'    raise "desk: {"x" * 27}"')},
        "contracts/Desk.vy:7",
    ),
    "reason in a variable": (
        vyper.reasons_are_named,
        {"contracts/Desk.vy": _deployable(CHOSEN)},
        "contracts/Desk.vy:8",
    ),
    "refusal without a topic": (
        vyper.reasons_are_named,
        {"contracts/Desk.vy": _deployable('    domain._refuse("old")')},
        "contracts/Desk.vy:7",
    ),
    "unreachable instead of a reason": (
        vyper.reasons_are_named,
        {"contracts/Desk.vy": _deployable("    assert True, UNREACHABLE")},
        "contracts/Desk.vy:7",
    ),
    "dev comment": (
        vyper.no_dev_reasons,
        {"contracts/Desk.vy": _deployable('    assert True, "desk: no"  # dev: no')},
        "contracts/Desk.vy:7",
    ),
    "contract too large": (
        vyper.sizes_are_within_the_limit,
        {"contracts/Huge.vy": _deployable(HUGE)},
        "Huge: 2",
    ),
    "model imports chain": (
        python_imports_point_down,
        {"src/ballast/model/grid.py": "from ballast.chain.revm import call\n"},
        "model may not import chain",
    ),
    "chain imports model by a relative name": (
        python_imports_point_down,
        {"src/ballast/chain/ape.py": "def f():\n    from ..model import black76\n"},
        "chain may not import model",
    ),
    "units import the package's top": (
        python_imports_point_down,
        {"src/ballast/units.py": "from ballast import model\n"},
        "units may not import model",
    ),
    "package without a layer": (
        python_imports_point_down,
        {"src/ballast/misc/helpers.py": ""},
        "misc has no place among the layers",
    ),
}


def _write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_this_tree__keeps_the_rule(rule: Rule) -> None:
    problems = rule(ROOT)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule__clean_tree__finds_nothing(rule: Rule, tmp_path: Path) -> None:
    assert rule(_write(tmp_path, CLEAN)) == []


@pytest.mark.parametrize(("rule", "files", "expected"), PLANTED.values(), ids=PLANTED)
def test_rule__planted_violation__is_found(
    rule: Rule, files: dict[str, str], expected: str, tmp_path: Path
) -> None:
    problems = rule(_write(tmp_path, CLEAN | files))
    assert len(problems) == 1
    assert expected in problems[0]


def test_reasons_are_named__given_to_refuse__finds_nothing(tmp_path: Path) -> None:
    files = {"contracts/Desk.vy": _deployable('    domain._refuse("desk: old")')}
    assert vyper.reasons_are_named(_write(tmp_path, CLEAN | files)) == []


def test_rules__each_has_a_planted_violation() -> None:
    assert {rule for rule, _, _ in PLANTED.values()} == set(RULES)
