# pragma version 0.4.3
# pragma optimize gas
"""
@title Arrays through the internal functions of contracts/math
@notice Test harness, never deployed outside the tests. Each function maps one internal function over its arguments, so that
    tests/math/test_errors.py holds every `@custom:error` to the real bytecode.
"""

from contracts import types
from contracts.math import essvi
from contracts.math import fixed
from contracts.math import gaussian
from contracts.math import shock_grid

BATCH: constant(uint256) = 256


@external
@pure
def contrast(a: DynArray[int256, BATCH], b: DynArray[int256, BATCH]) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(fixed._contrast(a[i], b[i]))
    return results


@external
@pure
def log2_over(a: DynArray[int256, BATCH]) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(fixed._log2_over(a[i]))
    return results


@external
@pure
def log2_over_near(a: DynArray[int256, BATCH]) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(fixed._log2_over_near(a[i]))
    return results


@external
@pure
def log2_wide(a: DynArray[int256, BATCH]) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(fixed._log2_wide(a[i]))
    return results


@external
@pure
def exp2_neg(a: DynArray[int256, BATCH], b: DynArray[int256, BATCH]) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(fixed._exp2_neg(a[i], b[i]))
    return results


@external
@pure
def sqrt_variance(a: DynArray[int256, BATCH]) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(fixed._sqrt_variance(a[i]))
    return results


@external
@pure
def sqrt_years(a: DynArray[int256, BATCH]) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(fixed._sqrt_years(a[i]))
    return results


@external
@pure
def density(a: DynArray[int256, BATCH]) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(gaussian._density(a[i]))
    return results


@external
@pure
def cumulate(
    a: DynArray[int256, BATCH], b: DynArray[int256, BATCH], c: DynArray[int256, BATCH]
) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(gaussian._cumulate(a[i], b[i], c[i]))
    return results


@external
@pure
def mills(a: DynArray[int256, BATCH]) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(gaussian._mills(a[i]))
    return results


@external
@pure
def mills_of_minus(a: DynArray[int256, BATCH]) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(gaussian._mills_of_minus(a[i]))
    return results


@external
@pure
def step(a: DynArray[uint256, BATCH]) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(shock_grid._step(a[i]))
    return results


@external
@pure
def tenor(
    a: DynArray[uint256, BATCH], b: DynArray[uint256, BATCH], c: DynArray[uint256, BATCH]
) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(a), bound=BATCH):
        results.append(shock_grid._tenor(a[i], b[i], c[i]))
    return results


@external
@pure
def hyperbola(slices: DynArray[types.Slice, BATCH]) -> DynArray[essvi.Hyperbola, BATCH]:
    results: DynArray[essvi.Hyperbola, BATCH] = []
    for smile: types.Slice in slices:
        results.append(essvi._hyperbola(smile))
    return results


@external
@pure
def total_variance(
    slices: DynArray[types.Slice, BATCH], l: DynArray[int256, BATCH]
) -> DynArray[int256, BATCH]:
    results: DynArray[int256, BATCH] = []
    for i: uint256 in range(len(l), bound=BATCH):
        h: essvi.Hyperbola = essvi._hyperbola(slices[i])
        results.append(
            essvi._total_variance(l[i], h.skew, h.slope, h.rho, h.base, h.height, h.height_squared)
        )
    return results
