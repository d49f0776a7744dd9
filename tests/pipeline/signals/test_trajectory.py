import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.signals.trajectory import Trajectory

scores = st.lists(st.floats(0, 1).map(lambda x: round(x, 6)), min_size=1, max_size=40)


def after(values: list[float]) -> Trajectory:
    trajectory = Trajectory()
    for value in values:
        trajectory = trajectory.add(value)
    return trajectory


@given(values=scores)
def test_slope_and_mean_are_those_of_all_values(values: list[float]) -> None:
    trajectory = after(values)
    assert trajectory.mean == pytest.approx(np.mean(values), abs=1e-4)
    assert trajectory.peak == max(values)
    if len(values) > 1:
        assert trajectory.slope == pytest.approx(np.polyfit(range(len(values)), values, 1)[0], abs=1e-4)


def test_trend_is_above_zero_while_a_score_rises_and_below_while_it_falls() -> None:
    assert after([0.0, 0.2, 0.4, 0.8]).trend > 0
    assert after([0.8, 0.4, 0.2, 0.0]).trend < 0


def test_nothing_is_known_before_the_first_value() -> None:
    empty = Trajectory()
    assert (empty.mean, empty.slope, empty.trend, empty.change) == (0, 0, 0, 0)


def test_change_needs_two_values() -> None:
    assert after([0.7]).change == 0
    assert after([0.2, 0.7]).change == pytest.approx(0.5)
