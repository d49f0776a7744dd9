import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from pipeline.models.bundle import LevelMap, OperatingPoints
from pipeline.models.operating import Columns, apply, expected_level, level, sigmoid, softmax

COLUMNS = Columns(acts=12, categories=2, signals=12)
WIDTH = 3 + 3 + 3 + 12 + 1 + 2 + 1 + 1 + 12
EVEN = LevelMap(cuts=(1 / 6, 1 / 2, 5 / 6))


def points(**changes) -> OperatingPoints:
    plain = {
        "anger": EVEN,
        "frustration": EVEN,
        "polarity": (0.0, 0.0, 0.0),
        "signals": (0.0,) * 12,
        "acts": (0.0,) * 12,
        "complaint": 0.0,
        "categories": (0.0, 0.0),
        "anger_any": 0.0,
        "offensive_any": 0.0,
    }
    return OperatingPoints(**{**plain, **changes})


logits = stn.arrays(np.float32, st.tuples(st.integers(1, 5), st.just(WIDTH)), elements=st.floats(-60, 60, width=32))


def test_every_column_belongs_to_one_head():
    at = COLUMNS.slices()
    covered = [i for part in at.values() for i in range(part.start, part.stop)]
    assert covered == list(range(WIDTH))
    assert list(at) == [
        "anger",
        "frustration",
        "polarity",
        "acts",
        "complaint",
        "categories",
        "anger_any",
        "offensive_any",
        "signals",
    ]


@given(logits)
def test_scores_lie_between_0_and_1_and_tones_add_up(rows):
    scores = apply(rows, COLUMNS, points())
    for head in ("anger", "frustration", "signals", "acts", "complaint", "categories", "anger_any", "offensive_any"):
        values = getattr(scores, head)
        assert np.isfinite(values).all()
        assert ((values >= 0) & (values <= 1)).all()
        assert values.shape[0] == rows.shape[0]
    assert scores.polarity.sum(axis=1) == pytest.approx(1, abs=1e-5)


@given(logits)
def test_no_row_touches_another(rows):
    together = apply(rows, COLUMNS, points())
    for at in range(len(rows)):
        alone = apply(rows[at : at + 1], COLUMNS, points())
        for head in ("anger", "frustration", "polarity", "signals", "acts", "complaint", "categories"):
            assert (getattr(alone, head)[0] == getattr(together, head)[at]).all()


@pytest.mark.parametrize("head", ["signals", "acts", "categories"])
@pytest.mark.parametrize("bias", [-2.0, 1.5])
def test_a_bias_moves_the_operating_point_to_one_half(head, bias):
    rows = np.zeros((1, WIDTH), np.float32)
    at = COLUMNS.slices()[head]
    rows[0, at.start] = -bias
    count = at.stop - at.start
    scores = apply(rows, COLUMNS, points(**{head: (bias,) * count}))
    assert getattr(scores, head)[0, 0] == pytest.approx(0.5)


@pytest.mark.parametrize(("cut", "border"), [(0, 1 / 6), (1, 1 / 2), (2, 5 / 6)])
def test_a_level_at_its_cut_scores_the_border_of_the_levels(cut, border):
    cuts = (0.1, 0.3, 0.7)
    probability = cuts[cut]
    row = np.full((1, 3), np.log(probability / (1 - probability)), np.float32)
    assert level(row, LevelMap(cuts=cuts))[0] == pytest.approx(border, abs=1e-5)


@given(st.floats(-20, 20, width=32), st.floats(-20, 20, width=32))
def test_more_evidence_never_gives_a_lower_level(one, other):
    low, high = (level(np.full((1, 3), x, np.float32), LevelMap(cuts=(0.1, 0.3, 0.7)))[0] for x in sorted((one, other)))
    assert low <= high


def test_functions_are_stable_at_both_ends():
    ends = np.array([[-1e4, 0.0, 1e4]], np.float32)
    assert sigmoid(ends)[0] == pytest.approx([0, 0.5, 1], abs=1e-6)
    assert softmax(ends)[0] == pytest.approx([0, 0, 1])
    assert expected_level(ends)[0] == pytest.approx(0.5, abs=1e-6)
