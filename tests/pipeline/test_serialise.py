from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import START, chats, fake_pipeline

from pipeline.errors import BadRecord
from pipeline.records import (
    ActName,
    AgentLabels,
    Annotation,
    Conversation,
    ConversationLabels,
    CustomerLabels,
    Message,
    Outcome,
    Polarity,
    Role,
    SignalName,
    Stage,
)
from pipeline.serialise import (
    assessment_to_json,
    conversation_from_json,
    conversation_to_json,
    dump_line,
    in_time_order,
    message_from_json,
    number,
    parse_time,
)

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

MESSAGE = {"id": "m1", "ts": "2026-05-01T10:00:00+08:00", "role": "customer", "text": "我要退款"}
ROW = {"conversation_id": "c-001", "messages": [MESSAGE]}

LABELS = Annotation(
    ConversationLabels(("refund_return",), Stage.COMPLAINT, True, "m1", Outcome.UNRESOLVED, 1),
    {
        "m1": CustomerLabels(3, 2, Polarity.NEGATIVE, (SignalName.ABUSE,)),
        "m2": AgentLabels((ActName.APOLOGY, ActName.STALL)),
    },
)


def messages(*parts: tuple[str, int, int | None]) -> list[Message]:
    return [Message(name, START + timedelta(minutes=at), Role.CUSTOMER, "", "", seq) for name, at, seq in parts]


class TestConversations:
    @relaxed
    @given(chats(), st.sampled_from([None, LABELS]), st.sampled_from([None, "cn-east"]), st.sampled_from(["", "zh-CN"]))
    def test_what_is_written_is_read_back_the_same(self, conversation, labels, team, locale) -> None:
        conversation = replace(
            conversation, labels=labels, team=team, locale=locale, source="shop-a", customer_id="u-7"
        )
        line = dump_line(conversation_to_json(conversation))
        assert "\n" not in line
        assert conversation_from_json(json.loads(line.encode("utf-8"))) == conversation

    def test_fields_without_a_value_are_left_out(self) -> None:
        row = conversation_to_json(conversation_from_json(ROW))
        assert set(row) == {"conversation_id", "channel", "messages"}
        assert row["messages"] == [{**MESSAGE, "sender": ""}]

    @pytest.mark.parametrize(
        "empty", [{"team": None, "sender": None}, {"labels": None, "locale": None, "channel": None}]
    )
    def test_null_is_as_if_the_field_were_not_there(self, empty) -> None:
        assert conversation_from_json({**ROW, **empty}) == conversation_from_json(ROW)

    def test_unknown_fields_are_counted_and_never_an_error(self) -> None:
        unknown: Counter[str] = Counter()
        row = {**ROW, "extra": 1, "messages": [{**MESSAGE, "reactions": []}, {**MESSAGE, "id": "m2", "reactions": []}]}
        conversation_from_json(row, unknown=unknown)
        assert unknown == {"extra": 1, "reactions": 2}

    @pytest.mark.parametrize(
        ("row", "problem"),
        [
            ([], "a conversation is not a JSON object"),
            ({}, 'a conversation has no "conversation_id"'),
            ({"conversation_id": "c"}, 'a conversation has no "messages"'),
            ({**ROW, "conversation_id": 7}, '"conversation_id" of a conversation has the wrong type'),
            ({**ROW, "messages": "hi"}, '"messages" of a conversation has the wrong type'),
            ({**ROW, "messages": ["hi"]}, "a message is not a JSON object"),
            ({**ROW, "messages": [MESSAGE, MESSAGE]}, "a message id stands twice in a conversation"),
            ({**ROW, "messages": [{**MESSAGE, "role": "kefu"}]}, "unknown role"),
            ({**ROW, "messages": [{**MESSAGE, "text": None}]}, 'a message has no "text"'),
            ({**ROW, "messages": [{**MESSAGE, "seq": True}]}, '"seq" of a message has the wrong type'),
            ({**ROW, "messages": [{**MESSAGE, "seq": 1.5}]}, '"seq" of a message has the wrong type'),
            ({**ROW, "messages": [{**MESSAGE, "ts": "2026-05-01T10:00:00"}]}, "a time has no offset"),
            ({**ROW, "messages": [{**MESSAGE, "ts": "yesterday"}]}, "a time is not RFC 3339"),
        ],
    )
    def test_a_bad_conversation_is_refused_with_what_is_wrong(self, row, problem) -> None:
        with pytest.raises(BadRecord) as caught:
            conversation_from_json(row)
        assert caught.value.problem == problem

    @pytest.mark.parametrize(
        "labels",
        [
            [],
            {},
            {"conversation": {}, "messages": {}},
            {
                "conversation": conversation_to_json(Conversation("c", (), labels=LABELS))["labels"]["conversation"],
                "messages": 1,
            },
            {
                "conversation": conversation_to_json(Conversation("c", (), labels=LABELS))["labels"]["conversation"],
                "messages": {"m1": {"anger": 4, "frustration": 0, "polarity": "negative", "signals": []}},
            },
            {
                "conversation": {
                    **conversation_to_json(Conversation("c", (), labels=LABELS))["labels"]["conversation"],
                    "csat": float("inf"),
                },
                "messages": {},
            },
        ],
    )
    def test_bad_labels_are_a_bad_record(self, labels) -> None:
        with pytest.raises(BadRecord):
            conversation_from_json({**ROW, "labels": labels})

    @relaxed
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["conversation_id", "messages", "id", "ts", "role", "text", "labels", "conversation", "x"]
                    ),
                    inner,
                    max_size=6,
                )
            ),
            max_leaves=12,
        )
    )
    def test_any_json_value_is_a_conversation_or_a_bad_record(self, row) -> None:
        with suppress(BadRecord):
            assert isinstance(conversation_from_json(row), Conversation)

    @pytest.mark.parametrize("text", ["我的电话是13800001234", "call me, this is private"])
    def test_errors_never_hold_chat_text(self, text: str) -> None:
        with pytest.raises(BadRecord) as caught:
            message_from_json({**MESSAGE, "text": [text]})
        assert text not in f"{caught.value}{caught.value.value}"


class TestTime:
    @pytest.mark.parametrize(
        ("written", "hours"),
        [
            ("2026-05-01T10:00:00+08:00", 8),
            ("2026-05-01T10:00:00Z", 0),
            ("2026-05-01 10:00:00.000-03:30", -3.5),
        ],
    )
    def test_a_time_keeps_its_offset(self, written: str, hours: float) -> None:
        expected = datetime(2026, 5, 1, 10, tzinfo=timezone(timedelta(hours=hours)))
        assert parse_time(written) == expected
        assert parse_time(written).utcoffset() == timedelta(hours=hours)

    @given(st.text(max_size=30))
    def test_any_string_is_a_time_or_a_bad_record(self, written: str) -> None:
        with suppress(BadRecord):
            assert parse_time(written).utcoffset() is not None

    def test_messages_are_ordered_by_time_then_seq_then_place(self) -> None:
        given_ = messages(("late", 5, None), ("b", 1, 2), ("a", 1, 1), ("first", 1, None), ("second", 1, None))
        assert [m.message_id for m in in_time_order(given_)] == ["first", "second", "a", "b", "late"]

    def test_times_of_two_zones_are_compared_as_moments(self) -> None:
        one, other = {**MESSAGE, "id": "later"}, {**MESSAGE, "id": "earlier", "ts": "2026-05-01T01:59:59Z"}
        conversation = conversation_from_json({**ROW, "messages": [one, other]})
        assert [m.message_id for m in conversation.messages] == ["earlier", "later"]


class TestResults:
    @relaxed
    @given(chats(), st.booleans())
    def test_an_assessment_follows_the_output_contract(self, conversation, full: bool) -> None:
        (done,) = fake_pipeline().run_batch([conversation], full=full, as_of=START + timedelta(days=9))
        row = json.loads(dump_line(assessment_to_json(done.assessment)))
        assert set(row) == {"conversation_id", "model", "messages", "conversation", "alerts"}
        assert row["model"] == {"name": "fake", "version": "0", "sha256": "0" * 64}
        for message in row["messages"]:
            own = {"customer": {"anger", "frustration", "polarity", "signals"}, "agent": {"acts"}}.get(
                message["role"], set()
            )
            assert set(message) - {"scores"} == {"id", "role", "language", "risk"} | own
            assert all(signal["score"] >= 0.5 for signal in message.get("signals", ()))
        assert set(row["conversation"]) == {
            *("categories", "stage", "escalated", "escalation_at", "escalation_rule", "anger_peak", "frustration_peak"),
            *("risk_peak", "outcome", "csat"),
        }
        assert row["conversation"]["escalated"] == (row["conversation"]["escalation_at"] is not None)
        for alert in row["alerts"]:
            fields = {"alert_id", "message_id", "severity", "rule", "risk", "reasons", "next_step"}
            assert set(alert) == fields
            assert alert["message_id"] in {m["id"] for m in row["messages"]}
            assert alert["next_step"]["text"]

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
    def test_a_score_that_is_no_number_is_never_written(self, value: float) -> None:
        with pytest.raises(ValueError, match="not finite"):
            number(value)

    def test_scores_have_six_decimals(self) -> None:
        assert number(1 / 3) == 0.333333

    @given(st.text(st.characters(codec=None)))
    def test_a_line_survives_any_text(self, text: str) -> None:
        line = dump_line({"text": text})
        assert json.loads(line.encode("utf-8").decode("utf-8")) == {"text": text}
        assert "\n" not in line
