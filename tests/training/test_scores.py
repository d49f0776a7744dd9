"""From held-out logits to the records that the stages read."""

import numpy as np
import pytest
from toy_run import Run

from pipeline.models.operating import level, sigmoid
from pipeline.models.scorer import SIGNALS
from training.scores import text_scores


def test_each_row_has_its_own_heads_after_the_operating_points(run: Run) -> None:
    logits, points = run.trained.held_out, run.trained.points
    said = text_scores(logits, points, run.place.layout.categories)
    assert len(said) == len(run.trained.rows)
    for i in (0, len(said) // 2, len(said) - 1):
        assert said[i].anger == pytest.approx(float(level(logits["anger"][i : i + 1], points.anger)[0]))
        np.testing.assert_allclose(said[i].acts, sigmoid(logits["acts"][i] + np.array(points.acts, np.float32)))
        assert said[i].polarity.sum() == pytest.approx(1, abs=1e-5)
        assert said[i].embedding.shape == (32,)
        assert said[i].evidence == (None,) * len(SIGNALS)
