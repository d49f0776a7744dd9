from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from fake_audit import FakeAssessed, FakePipeline, angry_chat, calm_chat, chat
from hypothesis import given
from hypothesis import strategies as st

from pipeline.serialise import assessment_to_json
from serve.audit.facts import facts_of
from serve.audit.tables import CONVERSATIONS, MESSAGES, ConversationRows, MessageColumns, clean, micros


def run(*chats: object) -> list[FakeAssessed]:
    return list(FakePipeline().run_batch(chats, quote="redacted"))  # type: ignore[arg-type]


def message_rows(*chats: object) -> list[dict[str, object]]:
    columns = MessageColumns()
    for one in run(*chats):
        columns.add(one)
    return columns.table().to_pylist()  # type: ignore[no-any-return]


def conversation_rows(*chats: object) -> list[dict[str, object]]:
    rows = ConversationRows()
    for one in run(*chats):
        rows.add(one, facts_of(one))
    return rows.table().to_pylist()  # type: ignore[no-any-return]


def test_message_rows_say_what_the_scoring_output_says() -> None:
    one = run(angry_chat("x"))[0]
    rows = message_rows(angry_chat("x"))
    for row, result in zip(rows, assessment_to_json(one.assessment)["messages"], strict=True):
        assert (row["message_id"], row["role"], row["risk"]) == (result["id"], result["role"], result["risk"])
        assert row["anger"] == result.get("anger")
        assert row["signals"] == result.get("signals", [])
        assert row["acts"] == result.get("acts", [])


def test_spans_point_into_the_text() -> None:
    for row in message_rows(angry_chat("x")):
        for signal in row["signals"]:  # type: ignore[attr-defined]
            assert row["text"][signal["start"] : signal["end"]] == signal["text"]  # type: ignore[index]


def test_a_conversation_row_has_waits_alerts_and_lead() -> None:
    angry, calm = conversation_rows(angry_chat("x"), calm_chat("y"))
    assert (angry["escalated"], angry["escalation_at"], angry["escalation_rule"]) == (True, "m4", "E3")
    assert (angry["alerts"], angry["alerts_before_escalation"]) == (2, 2)
    assert (angry["lead_messages"], angry["lead_seconds"]) == (2, 480)
    assert (angry["main_category"], angry["categories"]) == ("refund_return", [{"name": "refund_return", "score": 0.9}])
    assert (calm["escalated"], calm["lead_messages"], calm["main_category"]) == (False, None, None)
    assert (calm["first_response_seconds"], calm["mean_response_seconds"], calm["agents"]) == (120, 120.0, ["agent-1"])


def test_a_part_without_rows_has_the_schema() -> None:
    assert message_rows() == conversation_rows() == []
    assert conversation_rows(chat("empty"))[0]["started_at"] is None


@pytest.mark.parametrize("schema", [MESSAGES, CONVERSATIONS])
def test_every_field_is_described(schema: object) -> None:
    assert all(field.metadata[b"description"] for field in schema)  # type: ignore[attr-defined]


@given(st.text(st.characters()))
def test_cleaning_keeps_offsets_and_makes_any_text_storable(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert len(cleaned) == len(text)
    assert all(a == b for a, b in zip(text, cleaned, strict=True) if not "\ud800" <= a <= "\udfff")


@given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=8))
def test_any_text_makes_a_row(text: str, sender: str) -> None:
    conversation = chat("x", ("customer", text))
    conversation = replace(conversation, messages=(replace(conversation.messages[0], sender=sender),))
    assert message_rows(conversation)[0]["text"] == clean(text)


@pytest.mark.parametrize("year", [1, 1969, 1970, 9999])
def test_times_of_any_year_and_offset_are_exact(year: int) -> None:
    moment = datetime(year, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    assert micros(moment) == micros(datetime(year, 1, 1, tzinfo=UTC)) - 14 * 3_600_000_000


def test_message_rows_are_the_same_with_the_scoring_output_at_hand() -> None:
    one = run(angry_chat("x"))[0]
    columns = MessageColumns()
    columns.add(one, assessment_to_json(one.assessment)["messages"])
    assert columns.table().to_pylist() == message_rows(angry_chat("x"))
