"""Two models side by side: the measures are those of `training.measures`, the intervals those of a paired bootstrap."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from toy_run import Run

from pipeline.errors import InputError
from pipeline.run import build
from training.compare import Difference, _Auc, as_comparison, as_numbers, compare, main_measures
from training.corpora import chat_language
from training.evaluation import judge
from training.measures import Judged, measure


@pytest.fixture(scope="module")
def judged(run: Run) -> list[Judged]:
    return judge(build(model=run.finished.folder, threads=1), run.place.chats)


def perfect(judged: list[Judged]) -> list[Judged]:
    """Anger as it was annotated, everything else as the model says."""
    from dataclasses import replace

    better = []
    for one in judged:
        labels = one.labels.messages
        messages = tuple(
            replace(m, anger=getattr(labels.get(m.message_id), "anger", 0) / 3) if m.anger is not None else m
            for m in one.assessment.messages
        )
        better.append(Judged(one.conversation, replace(one.assessment, messages=messages)))
    return better


def test_each_chat_drawn_once_gives_the_reported_measure(judged: list[Judged]) -> None:
    reported = measure(judged)
    for name, of in main_measures(judged):
        (value,) = of(np.ones((1, len(judged))))
        assert np.isnan(value) if name not in reported else value == pytest.approx(reported[name], abs=1e-4), name


def test_a_chat_drawn_twice_counts_as_two(judged: list[Judged]) -> None:
    some = judged[:20]
    drawn = np.ones((1, 20))
    drawn[0, :10] = 2
    reported = measure([*some, *some[:10]])
    for name, of in main_measures(some):
        (value,) = of(drawn)
        assert np.isnan(value) if name not in reported else value == pytest.approx(reported[name], abs=1e-4), name


def test_a_model_does_not_differ_from_itself(judged: list[Judged]) -> None:
    found = compare(judged, judged, chat_language, draws=50)
    assert set(found) == {"all", *(chat_language(j.conversation) for j in judged)}
    assert all(
        (d.difference, d.low, d.high, d.is_certain) == (0, 0, 0, False) for by in found.values() for d in by.values()
    )


def test_a_better_model_is_told_with_certainty_and_by_seed(judged: list[Judged]) -> None:
    found = compare(perfect(judged), judged, chat_language, draws=200, seed=4)
    gained = found["all"]["anger.qwk"]
    assert gained.model == 1
    assert gained.is_certain
    assert 0 < gained.low < gained.difference < gained.high
    assert found["all"]["frustration.qwk"].difference == 0
    assert compare(perfect(judged), judged, chat_language, draws=200, seed=4) == found
    assert compare(perfect(judged), judged, chat_language, draws=200, seed=5) != found
    wide = compare(perfect(judged), judged, chat_language, draws=200, seed=4, confidence=0.99)["all"]["anger.qwk"]
    assert wide.low <= gained.low
    assert wide.high >= gained.high


def test_other_chats_are_refused(judged: list[Judged]) -> None:
    with pytest.raises(InputError, match="same chats"):
        compare(judged, judged[:-1], chat_language)


@pytest.mark.parametrize("seed", range(3))
def test_the_area_under_the_curve_is_that_of_weighted_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, scores = rng.random(60) < 0.4, rng.integers(0, 9, 60) / 9
    chat = rng.integers(0, 12, 60)
    drawn = rng.integers(0, 3, (4, 12)).astype(float)
    wanted = [roc_auc_score(truth, scores, sample_weight=row[chat]) for row in drawn]
    np.testing.assert_allclose(_Auc(truth, scores, chat).of(drawn), wanted)
    assert np.isnan(_Auc(truth, scores, chat).of(np.zeros((1, 12))))


def test_both_forms_say_what_is_certain() -> None:
    found = {"zh": {"anger.qwk": Difference(0.7, 0.5, 0.1, 0.3), "acts.micro_f1": Difference(0.5, 0.6, -0.2, 0.05)}}
    _, certain, open_ = as_comparison(found).splitlines()
    assert certain.split() == ["anger.qwk", "0.700", "0.500", "+0.200", "+0.100", "…", "+0.300", "*"]
    assert "*" not in open_
    assert as_numbers(found)["zh"]["acts.micro_f1"]["difference"] == -0.1
