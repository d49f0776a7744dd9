from __future__ import annotations

import json
import shutil
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ModelError
from pipeline.models.onnx import AT_ONCE, PERHAPS, OnnxScorer, evidence_span, groups_of
from pipeline.models.scorer import ACTS, SIGNALS, TextScores

TEXTS = (
    "我要退款！",
    "Where is my parcel?",
    "已经第三次了 still no reply",
    "谢谢",
    "<PHONE>",
    "😡",
    "a" * 3000,
    "退" * 900,
    "\ud83d!",
)


def numbers(scores: TextScores) -> np.ndarray:
    """Everything that a text was scored, in one row."""
    single = [scores.anger, scores.frustration, scores.complaint, scores.anger_any, scores.offensive_any]
    return np.concatenate([single, scores.polarity, scores.signals, scores.acts, scores.categories, scores.embedding])


def spans(weights, offsets):
    return evidence_span(np.array(weights, np.float32), offsets)


class TestEvidence:
    @pytest.mark.parametrize(
        ("weights", "expected"),
        [
            ([0.0, 0.1, 0.9, 0.1, 0.0], (2, 4)),
            ([0.0, 0.5, 0.9, 0.4, 0.0], (0, 6)),
            ([0.0, 0.5, 0.1, 0.9, 0.0], (0, 6)),
            ([0.9, 0.05, 0.2, 0.05, 0.9], (2, 4)),
        ],
    )
    def test_strong_neighbours_are_one_span_and_frame_tokens_carry_nothing(self, weights, expected) -> None:
        assert spans(weights, [(0, 0), (0, 2), (2, 4), (4, 6), (0, 0)]) == expected

    def test_a_text_without_tokens_has_no_evidence(self) -> None:
        assert spans([0.5, 0.5], [(0, 0), (0, 0)]) is None


@given(st.lists(st.integers(1, 9), max_size=80))
def test_groups_hold_every_place_once_and_one_length_each(lengths) -> None:
    groups = groups_of(lengths)
    assert sorted(place for group in groups for place in group) == list(range(len(lengths)))
    for group in groups:
        assert len({lengths[place] for place in group}) == 1
        assert len(group) <= AT_ONCE


@pytest.mark.model
class TestScorer:
    @settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.one_of(st.sampled_from(TEXTS), st.text(st.characters(codec=None), min_size=1, max_size=30)),
            min_size=1,
            max_size=40,
        )
    )
    def test_company_order_and_threads_change_no_score(self, real, real_scorer, texts) -> None:
        alone = [numbers(real_scorer.score([text])[0]) for text in texts]
        for together in (real_scorer.score(texts), real.scorer.score(texts), real.scorer.score(texts[::-1])[::-1]):
            np.testing.assert_allclose(
                [numbers(scores) for scores in together], alone, rtol=1e-3, atol=1e-5
            )  # a last bit of half precision

    def test_more_texts_than_a_run_takes_at_a_time_come_back_in_order(self, real, real_scorer) -> None:
        texts = [f"order {n} 还没到" for n in range(2 * AT_ONCE + 3)]
        for text, scores in zip(texts, real.scorer.score(texts), strict=True):
            assert numbers(scores) == pytest.approx(numbers(real_scorer.score([text])[0]), abs=1e-5)

    def test_no_texts_give_no_scores(self, real_scorer) -> None:
        assert real_scorer.score([]) == []

    @pytest.mark.parametrize("text", TEXTS)
    def test_scores_are_in_range_and_evidence_lies_in_the_text(self, real_scorer, text: str) -> None:
        (scores,) = real_scorer.score([text])
        row = numbers(scores)[: -real_scorer.width]
        assert ((row >= 0) & (row <= 1)).all()
        assert scores.polarity.sum() == pytest.approx(1, abs=1e-3)
        assert (scores.signals.shape, scores.acts.shape) == ((len(SIGNALS),), (len(ACTS),))
        assert scores.embedding.shape == (real_scorer.width,)
        for span, value in zip(scores.evidence, scores.signals, strict=True):
            assert span is None or (0 <= span[0] < span[1] <= len(text) and value >= PERHAPS)

    def test_a_long_text_is_cut_at_the_models_limit(self, real_scorer) -> None:
        one, other = real_scorer.score(["退" * 2000 + "a", "退" * 2000 + "b"])
        assert numbers(one) == pytest.approx(numbers(other), abs=0)


@pytest.mark.model
class TestDamagedModels:
    @pytest.fixture
    def folder(self, model_folder, tmp_path):
        return shutil.copytree(model_folder, tmp_path / "model")

    @pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
    def test_a_cut_file_is_refused(self, folder, name: str) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(ModelError, match="damaged"):
            OnnxScorer(folder)

    def test_a_file_that_is_no_model_is_refused(self, folder) -> None:
        change(folder, lambda m: m["files"].update({"model.onnx": put(folder / "model.onnx", b"not a model")}))
        with pytest.raises(ModelError, match="cannot load the model"):
            OnnxScorer(folder)

    @pytest.mark.parametrize("data", [b"{}", b"\xff\x00"])
    def test_a_file_that_is_no_tokenizer_is_refused(self, folder, data: bytes) -> None:
        change(folder, lambda m: m["files"].update({"tokenizer.json": put(folder / "tokenizer.json", data)}))
        with pytest.raises(ModelError, match="tokenizer"):
            OnnxScorer(folder)

    @pytest.mark.parametrize("names", ["signals", "acts"])
    def test_a_model_of_other_labels_is_refused(self, folder, names: str) -> None:
        change(folder, lambda m: m[names].reverse())
        with pytest.raises(ModelError, match="not this version's"):
            OnnxScorer(folder)


def change(folder, edit) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    edit(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def put(path, data: bytes) -> dict[str, object]:
    path.write_bytes(data)
    return {"sha256": sha256(data).hexdigest(), "size": len(data)}
