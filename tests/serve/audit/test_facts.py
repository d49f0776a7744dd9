from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fake_audit import FakeAssessed, FakePipeline, angry_chat, calm_chat, chat

from pipeline.records import Conversation, Language
from serve.audit.facts import Lead, facts_of


def assessed(conversation: Conversation) -> FakeAssessed:
    return next(iter(FakePipeline(ahead=0).run_batch([conversation], quote="redacted")))  # type: ignore[return-value]


def test_lead_of_the_first_alert_counts_customer_messages_and_seconds() -> None:
    facts = facts_of(assessed(angry_chat("x")))
    assert facts.event_position == 4
    assert facts.forecastable
    assert facts.lead == Lead(messages=2, seconds=8 * 60)
    assert facts.alerts_ahead == 2


def test_an_event_in_the_first_customer_message_cannot_be_foreseen() -> None:
    facts = facts_of(assessed(chat("x", ("bot", "您好"), ("customer", "骗子,退款"), ("customer", "退款"))))
    assert (facts.event_position, facts.forecastable, facts.lead, facts.alerts_ahead) == (1, False, None, 0)


def test_a_deadline_that_passed_after_the_event_is_not_ahead() -> None:
    one = assessed(angry_chat("x"))
    late = replace(one.assessment.alerts[0], raised_at=one.assessment.alerts[0].raised_at + timedelta(hours=1))
    facts = facts_of(FakeAssessed(one.conversation, replace(one.assessment, alerts=(late,))))
    assert facts.lead is None


def test_response_times_run_from_the_first_unanswered_message_to_an_agent() -> None:
    lines = (
        ("customer", "hi"),
        ("customer", "hello?"),
        ("bot", "wait"),
        ("agent", "yes"),
        ("agent", "so"),
        ("customer", "ok"),
        ("agent", "bye"),
    )
    facts = facts_of(assessed(chat("x", *lines)))
    assert facts.responses == (6 * 60, 2 * 60)
    assert facts.first_response_seconds == 6 * 60
    assert facts_of(assessed(chat("x", ("customer", "hi")))).first_response_seconds is None


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["你好", "在吗", "退款"], Language.ZH),
        (["hello", "anyone"], Language.EN),
        (["hello", "在吗"], Language.MIXED),
        (["hello"] * 9 + ["在吗"], Language.EN),
        (["", " "], Language.UND),
    ],
)
def test_language_of_a_chat(texts: list[str], language: Language) -> None:
    assert facts_of(assessed(chat("x", *(("customer", text) for text in texts)))).language is language


def test_language_falls_back_to_the_other_speakers() -> None:
    assert facts_of(assessed(chat("x", ("customer", ""), ("agent", "您好")))).language is Language.ZH


def test_a_conversation_without_messages_has_facts() -> None:
    facts = facts_of(assessed(chat("empty")))
    assert (facts.started_at, facts.duration_seconds, facts.language) == (None, 0, Language.UND)
    assert facts_of(assessed(calm_chat("x"))).agents == ("agent-1",)
