"""Percentile bootstrap of any measure over rows, or over groups of rows that belong together (Efron and Tibshirani 1993)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
Measure = Callable[..., float]
"""A number of columns of one length; NaN where it is not defined."""
TAIL = 2.5
"""Percent on either side of a 95 % interval."""


def interval(
    measure: Measure, *columns: Column, draws: int, seed: int = 0, groups: Column | None = None
) -> tuple[float, float]:
    """The 95 % interval of a measure.

    Args:
        measure: taken of the columns.
        columns: of n rows each; a draw takes the same rows of all, so differences are paired.
        draws: at least 1; those in which the measure is not defined do not count.
        seed: of the draws.
        groups: of each row, shape (n,): groups are drawn whole. Each row is one of its own where not given.

    Returns:
        Low and high; NaN where the measure was defined in no draw.
    """
    members = _members(np.arange(len(columns[0])) if groups is None else groups)
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        chosen = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        values.append(measure(*(column[chosen] for column in columns)))
    defined = np.array(values)[~np.isnan(values)]
    if not defined.size:
        return np.nan, np.nan
    low, high = np.percentile(defined, (TAIL, 100 - TAIL))
    return float(low), float(high)


def _members(groups: Column) -> list[NDArray[np.int64]]:
    """Rows of each group."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order])) + 1
    return np.split(order, starts)
