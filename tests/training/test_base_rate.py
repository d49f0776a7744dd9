"""A desk's share of escalating chats, with and without labels."""

import numpy as np
import pytest
from toy_run import Run

from pipeline.errors import InputError
from training.base_rate import LEAST, counted, estimated, evidence, prior_shift


def chats_of(share: float, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Evidence of a model that misses a tenth of the events, invents one in every twentieth calm chat, and has a feel for the rest."""
    rng = np.random.default_rng(seed)
    escalates = rng.random(count) < share
    found = np.where(escalates, rng.random(count) < 0.9, rng.random(count) < 0.05)
    return np.column_stack([found, rng.normal(np.where(escalates, 0.8, -0.8), 1.0)]), escalates


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.8])
def test_the_share_is_found_without_labels(share: float) -> None:
    reference, known = chats_of(0.5, 600, seed=1)
    desk, escalates = chats_of(share, 3000, seed=2)
    found = estimated(desk, reference, known, draws=60)
    assert abs(found.rate - escalates.mean()) < 0.03
    assert found.low <= found.rate <= found.high
    assert found.low - 0.01 <= share <= found.high + 0.01
    assert found.chats == 3000
    assert "without labels" in found.how
    assert estimated(desk, reference, known, draws=60) == found


def test_probabilities_at_another_prior_agree_with_the_true_share() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(20_000) < 0.1
    log_ratio = rng.normal(np.where(truth, 1.0, -1.0), 2**0.5)  # log likelihood ratio of two normals, two apart
    assert abs(prior_shift(1 / (1 + np.exp(-log_ratio)), 0.5) - 0.1) < 0.01
    assert prior_shift(np.zeros(50), 0.5) < 1e-4
    assert prior_shift(np.ones(50), 0.5) > 1 - 1e-4


def test_the_share_is_where_expectation_maximisation_settles() -> None:
    said, prior = np.random.default_rng(3).beta(0.6, 1.4, 400), 0.4
    rate = prior
    for _ in range(3000):  # Saerens et al. 2002, equation 2.2
        odds = said / (1 - said) * (1 - prior) / prior * rate / (1 - rate)
        rate = float(np.mean(odds / (1 + odds)))
    assert prior_shift(said, prior) == pytest.approx(rate, abs=1e-4)


def test_too_few_reference_chats_are_refused() -> None:
    desk, _ = chats_of(0.1, 50, seed=0)
    reference, _ = chats_of(0.5, 50, seed=1)
    with pytest.raises(InputError, match="reference"):
        estimated(desk, reference, np.arange(50) < LEAST - 1)


def test_labels_are_counted(run: Run) -> None:
    found = counted(run.place.chats)
    assert found.rate == pytest.approx(1 / 3)
    assert found.low < found.rate < found.high
    assert "labels" in found.how
    calm = [c for c in run.place.chats if c.labels is not None and not c.labels.conversation.escalated]
    none = counted(calm)
    assert none.rate == pytest.approx(0.5 / len(calm))
    assert none.low == 0
    assert 0 < none.high < 0.2


def test_the_evidence_is_the_event_and_the_risk_before_it(run: Run) -> None:
    rows = evidence([one.assessment for one in run.finished.judged])
    assert rows.shape == (len(run.finished.judged), 2)
    for row, one in zip(rows, run.finished.judged, strict=True):
        assert bool(row[0]) == one.assessment.conversation.escalated
        assert abs(row[1]) < 7
    assert evidence([]).shape == (0, 2)
