"""Operating points: monotone maps that put each head's best cut at 0.5."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.operating import expected_level, level, sigmoid
from training.calibrate import FEW, kappa, label_biases, level_cuts, macro_f1, tone_biases


def ordinal(seed: int, *, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Levels, and logits that tell them with some noise, on a scale of their own."""
    rng = np.random.default_rng(seed)
    levels = rng.choice(4, count, p=[0.6, 0.2, 0.15, 0.05]).astype(np.float32)
    position = levels[:, None] * 1.2 - np.array([2.5, 3.5, 4.5]) + rng.normal(0, 0.5, (count, 1))
    return levels, position.astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_cuts_rise_and_find_the_levels(seed: int) -> None:
    levels, logits = ordinal(seed)
    mapping = level_cuts(logits, levels)
    assert 0 < mapping.cuts[0] < mapping.cuts[1] < mapping.cuts[2] < 1
    after = np.digitize(level(logits, mapping), (1 / 6, 1 / 2, 5 / 6))
    before = np.digitize(expected_level(logits), (1 / 6, 1 / 2, 5 / 6))
    assert kappa(levels.astype(int), after) > max(0.7, kappa(levels.astype(int), before))


def test_the_map_of_levels_never_falls() -> None:
    levels, logits = ordinal(1)
    scores = level(logits[np.argsort(expected_level(logits))], level_cuts(logits, levels))
    assert (np.diff(scores) >= 0).all()
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_unknown_levels_count_for_nothing() -> None:
    levels, logits = ordinal(2)
    holes = np.concatenate([levels, np.full(50, np.nan, np.float32)])
    assert level_cuts(np.concatenate([logits, -logits[:50]]), holes) == level_cuts(logits, levels)


def test_a_level_that_never_occurs_still_gives_rising_cuts() -> None:
    logits = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    cuts = level_cuts(logits, np.zeros(60, np.float32)).cuts
    assert cuts[0] <= cuts[1] <= cuts[2]


def test_a_bias_moves_the_best_threshold_to_a_half() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random(600) < 0.3).astype(np.float32)
    logits = (truth * 2 - 3 + rng.normal(0, 0.4, 600)).astype(np.float32)[:, None]
    (bias,) = label_biases(logits, truth[:, None])
    moved = sigmoid(logits + np.float32(bias))[:, 0] >= 0.5
    assert macro_f1(truth.astype(int), moved.astype(int), classes=2) > 0.95
    assert (sigmoid(logits)[:, 0] >= 0.5).sum() < 0.2 * truth.sum()


def test_rare_labels_share_the_threshold_of_the_head() -> None:
    rng = np.random.default_rng(0)
    truth = np.zeros((500, 3), np.float32)
    truth[:200, 0], truth[: FEW - 1, 1], truth[: FEW - 2, 2] = 1, 1, 1
    logits = (truth * 2 - 1 + rng.normal(0, 0.3, truth.shape)).astype(np.float32)
    biases = label_biases(logits, truth)
    assert biases[1] == biases[2]


def test_a_label_without_examples_keeps_its_half() -> None:
    assert label_biases(np.zeros((10, 1), np.float32), np.zeros((10, 1), np.float32)) == (0.0,)


def test_tone_biases_lift_the_tone_that_is_never_said() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 300)
    logits = (np.eye(3)[truth] * 1.0 + rng.normal(0, 0.2, (300, 3)) + [1.2, 0, 0]).astype(np.float32)
    biases = tone_biases(logits, truth.astype(np.float32))
    assert biases[0] == 0
    assert min(biases[1:]) > 0.5
    said = (logits + np.array(biases, np.float32)).argmax(1)
    assert macro_f1(truth, said) > macro_f1(truth, logits.argmax(1))


def test_kappa_by_hand() -> None:
    assert kappa(np.array([0, 1, 2, 3]), np.array([0, 1, 2, 3])) == 1
    assert kappa(np.array([0, 0, 3, 3]), np.array([3, 3, 0, 0])) == -1
    # one of four is one off: cost 1; by chance levels {0,0,1,1} and {0,1,1,1} cost 2
    assert kappa(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])) == pytest.approx(0.5)
    assert kappa(np.array([2, 2]), np.array([2, 2])) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_kappa_is_symmetric_and_at_most_one(pairs: list[tuple[int, int]]) -> None:
    left, right = (np.array(side) for side in zip(*pairs, strict=True))
    assert kappa(left, right) == pytest.approx(kappa(right, left))
    assert kappa(left, right) <= 1
