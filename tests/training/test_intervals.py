"""Percentile bootstrap."""

import numpy as np
import pytest

from training.intervals import interval


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    low, high = interval(np.mean, values, draws=500)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.15)
    assert interval(np.mean, values, draws=500) == (low, high)
    assert interval(np.mean, values, draws=500, seed=1) != (low, high)


def test_columns_are_drawn_together() -> None:
    values = np.arange(50.0)
    assert interval(lambda a, b: float((a - b).mean()), values, values - 1, draws=20) == (1, 1)


def test_groups_are_drawn_whole_and_so_tell_less_than_their_rows() -> None:
    groups = np.tile(np.arange(10), 30)
    values = groups.astype(float)
    alone, whole = (np.diff(interval(np.mean, values, draws=300, groups=g))[0] for g in (None, groups))
    assert whole > 3 * alone
    sizes = set()
    interval(lambda column: sizes.add(len(column)) or 0.0, values, draws=5, groups=groups)
    assert sizes == {300}


def test_draws_in_which_the_measure_is_not_defined_do_not_count() -> None:
    rare = np.array([1.0, *[0.0] * 4])
    assert interval(lambda v: float(v.max()) if v.any() else np.nan, rare, draws=50) == (1, 1)
    assert np.isnan(interval(lambda _: np.nan, rare, draws=3)).all()
