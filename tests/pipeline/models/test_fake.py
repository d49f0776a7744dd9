import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import KNOWN

from pipeline.models.fake import FakeScorer, fake_scores
from pipeline.models.scorer import ACTS, SIGNALS


@given(st.lists(st.text(st.characters(codec=None), max_size=9), max_size=6))
def test_a_score_depends_on_nothing_but_the_text(texts):
    together = FakeScorer(KNOWN).score(texts)
    for text, scores in zip(texts, together, strict=True):
        (alone,) = FakeScorer(KNOWN).score([text])
        assert (alone.anger, alone.frustration, alone.evidence) == (scores.anger, scores.frustration, scores.evidence)


@pytest.mark.parametrize(
    ("text", "signal", "span"), [("我要退款吗", "refund_demand", (2, 4)), ("a refund", "refund_demand", (2, 8))]
)
def test_known_words_give_their_scores_and_are_the_evidence(text, signal, span):
    (scores,) = FakeScorer(KNOWN).score([text])
    at = SIGNALS.index(signal)
    assert scores.signals[at] == pytest.approx(0.9)
    assert [found for found in scores.evidence if found] == [span]
    assert scores.evidence[at] == span


def test_unknown_texts_are_calm():
    (scores,) = FakeScorer().score(["hello"])
    assert scores.anger < 0.1
    assert scores.signals.max() < 0.5


def test_named_signals_acts_and_category_are_present_and_the_others_not():
    scores = fake_scores(signals=["abuse"], acts=["apology"], category=2, polarity="positive")
    assert [n for n, v in zip(SIGNALS, scores.signals, strict=True) if v >= 0.5] == ["abuse"]
    assert [n for n, v in zip(ACTS, scores.acts, strict=True) if v >= 0.5] == ["apology"]
    assert int(np.argmax(scores.categories)) == 2
    assert int(np.argmax(scores.polarity)) == 2
    assert scores.polarity.sum() == pytest.approx(1)
