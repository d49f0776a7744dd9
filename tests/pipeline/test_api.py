from __future__ import annotations

from itertools import count, islice

import pytest
from strategies import fake_pipeline

import pipeline
from pipeline.api import Model
from pipeline.errors import BadRecord, ModelError
from pipeline.serialise import conversation_from_json

CHAT = {
    "conversation_id": "c-001",
    "messages": [
        {"id": "m1", "ts": "2026-05-01T10:00:00+08:00", "role": "customer", "text": "13800001234 第三次了，我要退款"},
        {"id": "m2", "ts": "2026-05-01T10:01:00+08:00", "role": "agent", "text": "合同规定不能退"},
        {"id": "m3", "ts": "2026-05-01T10:02:00+08:00", "role": "customer", "text": "骗子"},
    ],
}


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(fake_pipeline())


@pytest.mark.parametrize(
    ("text", "signal"), [("你们就是骗子", "abuse"), ("useless idiots!", "abuse"), ("谢谢你", "thanks")]
)
def test_texts_are_scored_each_on_its_own_in_order(model, text, signal):
    results = model.score(["骗子", text, ""])
    assert [r["id"] for r in results] == ["1", "2", "3"]
    assert [s["name"] for s in results[1]["signals"]] == [signal]
    assert {**results[1], "id": "1"} == model.score([text])[0]
    assert (results[2]["language"], results[2]["anger"]) == ("und", 0)


def test_lines_are_scored_while_they_still_come(model):
    results = model.score_lines((f"text {number}" for number in count()), first=10)
    assert [r["id"] for r in islice(results, 3)] == ["10", "11", "12"]


def test_a_json_object_and_a_record_are_assessed_alike_in_the_callers_text(model):
    (from_json,) = pipeline.audit([CHAT], model=model)
    (from_record,) = pipeline.audit([conversation_from_json(CHAT)], model=model)
    assert from_json == from_record
    signal = from_json["messages"][0]["signals"][0]
    assert CHAT["messages"][0]["text"][signal["start"] : signal["end"]] == signal["text"]
    assert from_json["conversation"]["escalation_at"] == "m3"
    assert from_json["alerts"]


def test_conversations_are_asked_for_as_results_are_taken(model):
    endless = ({**CHAT, "conversation_id": f"c{number}"} for number in count())
    assert [r["conversation_id"] for r in islice(pipeline.audit(endless, model=model), 3)] == ["c0", "c1", "c2"]


def test_full_adds_every_heads_probability(model):
    (result,) = pipeline.audit([CHAT], model=model, full=True)
    assert result["messages"][2]["scores"]["abuse"] >= 0.5
    assert "scores" not in model.score(["hi"])[0]
    assert "scores" in model.score(["hi"], full=True)[0]


def test_what_is_no_conversation_is_refused(model):
    with pytest.raises(BadRecord, match="messages"):
        list(pipeline.audit([{"conversation_id": "c"}], model=model))


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no model here"):
        pipeline.load(tmp_path)


@pytest.mark.model
def test_a_named_model_scores_both_languages(model_folder):
    results = pipeline.load(str(model_folder)).score(["你们到底管不管", "thanks!"])
    assert [r["language"] for r in results] == ["zh", "en"]
    assert all(0 <= r["anger"] <= 1 for r in results)


@pytest.mark.model
def test_the_shipped_model_is_what_load_gives():
    assert pipeline.load().pipeline.scorer.identity.name == "boilover"
