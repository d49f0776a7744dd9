"""The annotated chats keep to the codebook: form, escalation by the rules, marked words, coverage."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from pipeline.models.scorer import ACTS, SIGNALS
from pipeline.records import AgentLabels, Conversation, CustomerLabels, Outcome, Role, SignalName, Stage
from pipeline.resources import resource
from pipeline.stages.events import escalation_rule
from training.corpora import chat_language, load_chats
from training.dialogues import load_spans

FOLDER = resource("data", "conversations")
LEAST = 30
"""Chats or messages that every label has at least."""


@cache
def chats() -> tuple[Conversation, ...]:
    return tuple(load_chats(FOLDER))


def first_event(chat: Conversation) -> str | None:
    """The first customer message that is an event by its labels."""
    assert chat.labels is not None
    asked = hot = False
    for message in chat.messages:
        labels = chat.labels.messages.get(message.message_id)
        if not isinstance(labels, CustomerLabels):
            continue
        rule = escalation_rule(
            anger=labels.anger / 3,
            frustration=labels.frustration / 3,
            signals=labels.signals,
            asked_before=asked,
            hot_before=hot,
        )
        if rule is not None:
            return message.message_id
        asked, hot = asked or SignalName.SUPERVISOR_REQUEST in labels.signals, labels.anger >= 2
    return None


def test_every_chat_has_an_id_of_its_own_and_a_fair_length() -> None:
    assert not [name for name, count in Counter(c.conversation_id for c in chats()).items() if count > 1]
    assert not [c.conversation_id for c in chats() if not 6 <= len(c.messages) <= 24]


def test_every_customer_and_agent_message_is_labelled_by_its_role() -> None:
    kinds = {Role.CUSTOMER: CustomerLabels, Role.AGENT: AgentLabels}
    for chat in chats():
        assert chat.labels is not None
        wanted = {m.message_id: kinds[m.role] for m in chat.messages if m.role in kinds}
        found = {name: type(labels) for name, labels in chat.labels.messages.items()}
        assert found == wanted, chat.conversation_id


def test_escalation_follows_from_the_labels() -> None:
    wrong = []
    for chat in chats():
        assert chat.labels is not None
        whole, event = chat.labels.conversation, first_event(chat)
        if (whole.escalation_at, whole.escalated) != (event, event is not None):
            wrong.append(chat.conversation_id)
    assert not wrong


def test_times_rise() -> None:
    for chat in chats():
        times = [m.sent_at for m in chat.messages]
        assert times == sorted(times), chat.conversation_id


def test_marked_words_lie_in_a_message_that_has_the_signal() -> None:
    by_id = {chat.conversation_id: chat for chat in chats()}
    spans = load_spans(FOLDER / "spans")
    for (conversation_id, message_id), marked in spans.items():
        chat = by_id[conversation_id]
        assert chat.labels is not None
        labels = chat.labels.messages[message_id]
        text = next(m.text for m in chat.messages if m.message_id == message_id)
        assert isinstance(labels, CustomerLabels)
        for name, start, end in marked:
            assert 0 <= start < end <= len(text), (conversation_id, message_id)
            assert SignalName(name) in labels.signals, (conversation_id, message_id, name)
    assert len({conversation_id for conversation_id, _ in spans}) >= 300


def test_every_label_occurs_often() -> None:
    signals: Counter[str] = Counter()
    acts: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    categories: Counter[str] = Counter()
    for chat in chats():
        assert chat.labels is not None
        whole = chat.labels.conversation
        stages[whole.stage] += 1
        outcomes[whole.outcome] += 1
        categories.update(whole.categories[:1])
        for labels in chat.labels.messages.values():
            signals.update(s.value for s in getattr(labels, "signals", ()))
            acts.update(a.value for a in getattr(labels, "acts", ()))
    for found, wanted in ((signals, SIGNALS), (acts, ACTS), (stages, tuple(Stage)), (outcomes, tuple(Outcome))):
        assert not [name for name in wanted if found[name] < LEAST]
    assert len(categories) == 16
    assert min(categories.values()) >= LEAST


def test_languages_and_outcomes_are_balanced() -> None:
    languages = Counter(chat_language(chat) for chat in chats())
    total = len(chats())
    assert total >= 2_400
    assert min(languages[name] / total for name in ("zh", "en")) > 0.3
    labels = [chat.labels.conversation for chat in chats() if chat.labels is not None]
    assert 0.4 < sum(label.escalated for label in labels) / total < 0.6
    assert sum(not label.categories for label in labels) / total > 0.2


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.jsonl")), ids=lambda path: path.stem)
def test_no_telephone_number_is_one_that_rings(path: Path) -> None:
    """Mainland mobiles have 0000 in their middle, mailboxes are at example domains."""
    text = path.read_text(encoding="utf-8")
    mobiles = re.findall(r"(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)", text)
    assert not [found for found in mobiles if not re.match(r"13\d[- ]?0000", found)]
    mailboxes = re.findall(r"[\w.+-]+@([\w-]+\.[\w.]+)", text)
    assert not [host for host in mailboxes if not re.search(r"example\.|\.(?:test|invalid|example)$", host)]
