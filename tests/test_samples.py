"""The sample chats: every file is read whole, and the angry WhatsApp customer is warned of in time."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from pipeline.formats.format import ReadOptions, ReadReport
from pipeline.formats.read import read_path
from pipeline.records import Conversation, Language, Role
from pipeline.text.language import detect_language

CHINA = timezone(timedelta(hours=8))
COUNTS = {
    "angry_whatsapp_customer.jsonl": ("jsonl", 1, 21),
    "angry_whatsapp_customer.txt": ("whatsapp", 1, 22),
    "bank_insurance.xlsx": ("xlsx", 2, 17),
    "chats.jsonl": ("jsonl", 5, 46),
    "chatwoot.json": ("chatwoot", 1, 12),
    "freshdesk.json": ("freshdesk", 1, 7),
    "intercom.json": ("intercom", 1, 9),
    "qiyu_gb18030.csv": ("csv", 2, 17),
    "shop_desk.csv": ("csv", 3, 21),
    "transcript_en.txt": ("transcript", 1, 10),
    "transcript_zh.txt": ("transcript", 1, 9),
    "whatsapp_android_en.txt": ("whatsapp", 1, 13),
    "whatsapp_android_hk.txt": ("whatsapp", 1, 12),
    "whatsapp_cloud.json": ("whatsapp_cloud", 1, 7),
    "whatsapp_ios_export.zip": ("whatsapp", 1, 13),
    "whatsapp_ios_zh.txt": ("whatsapp", 1, 13),
    "zendesk.json": ("zendesk", 1, 8),
}
"""File to format, conversations and messages (system lines of an export are messages)."""


@pytest.fixture(scope="session")
def samples(repository) -> dict[str, tuple[list[Conversation], ReadReport]]:
    """Every sample as it is read with nothing said but the zone."""
    read = {}
    for path in sorted((repository / "data" / "samples").iterdir()):
        if path.suffix != ".md":
            report = ReadReport(str(path))
            read[path.name] = (list(read_path(path, options=ReadOptions(timezone=CHINA), report=report)), report)
    return read


def test_no_sample_is_missing_here_or_there(samples):
    assert set(samples) == set(COUNTS)


@pytest.mark.parametrize(("name", "expected"), COUNTS.items(), ids=COUNTS)
def test_every_sample_is_read_whole(samples, name, expected):
    conversations, report = samples[name]
    assert (report.format_name, len(conversations), sum(len(c.messages) for c in conversations)) == expected
    assert (report.conversations, report.messages) == expected[1:]
    assert not report.skipped
    assert not report.errors


@pytest.mark.parametrize("name", COUNTS)
def test_every_chat_of_the_samples_has_both_sides_and_words(samples, name):
    for conversation in samples[name][0]:
        roles = {m.role for m in conversation.messages}
        assert {Role.CUSTOMER, Role.AGENT} <= roles
        assert len({m.message_id for m in conversation.messages}) == len(conversation.messages)
        assert all(m.text for m in conversation.messages if m.role is Role.CUSTOMER)
        assert "\ufffd" not in "".join(m.text for m in conversation.messages)


def test_the_samples_cover_formats_and_languages(samples):
    chats = [c for conversations, _ in samples.values() for c in conversations]
    assert len(chats) >= 14
    spoken = {detect_language(m.text) for c in chats for m in c.messages if m.role is Role.CUSTOMER}
    assert {Language.ZH, Language.EN, Language.MIXED} <= spoken
    assert any("係" in m.text or "嘅" in m.text for c in chats for m in c.messages)
    assert len({report.format_name for _, report in samples.values()}) >= 10


@pytest.fixture(scope="module")
def chat(samples) -> Conversation:
    (conversation,) = samples["angry_whatsapp_customer.jsonl"][0]
    return conversation


@pytest.fixture(scope="module")
def escalation(chat) -> int:
    """Place of the message at which the annotators saw the escalation."""
    assert chat.labels is not None
    assert chat.labels.conversation.escalated
    return [m.message_id for m in chat.messages].index(chat.labels.conversation.escalation_at)


@pytest.mark.model
class TestTheAngryWhatsAppCustomer:
    def test_a_warning_stands_before_the_escalation_in_a_batch(self, real, chat, escalation) -> None:
        (done,) = real.run_batch([chat])
        places = {m.message_id: at for at, m in enumerate(chat.messages)}
        raised = [a for a in done.assessment.alerts if a.raised_at < chat.messages[escalation].sent_at]
        assert any(places[a.message_id] < escalation for a in raised), [a.message_id for a in done.assessment.alerts]

    def test_a_warning_stands_before_the_escalation_message_by_message(self, real, chat, escalation) -> None:
        live, alerts = real.open(chat), []
        for message in chat.messages[:escalation]:
            live, step = real.step(live, message)
            alerts += step.alerts
        assert alerts
        assert not real.summarise(live).escalated

    def test_the_insult_is_the_escalation(self, real, chat, escalation) -> None:
        (done,) = real.run_batch([chat])
        assert done.assessment.conversation.escalation_at == chat.messages[escalation].message_id

    def test_his_calm_beginning_raises_nothing(self, real, chat) -> None:
        _, step = real.step(real.open(chat), chat.messages[0])
        assert not step.alerts
        assert step.result.anger < 0.5

    def test_the_warning_says_why_and_what_to_do_in_his_language(self, real, chat) -> None:
        (done,) = real.run_batch([chat], quote="original")
        first = done.assessment.alerts[0]
        assert first.reasons
        assert detect_language(first.next_step.text) is Language.ZH
        for reason in first.reasons:
            said = next(m.text for m in chat.messages if m.message_id == reason.message_id)
            assert reason.start is None or said[reason.start : reason.end] == reason.text

    @pytest.mark.parametrize("name", ["angry_whatsapp_customer.txt"])
    def test_the_same_chat_as_an_export_is_warned_of_too(self, real, samples, name) -> None:
        (done,) = real.run_batch(samples[name][0])
        whole = done.assessment.conversation
        assert whole.escalated
        ids = [m.message_id for m in done.assessment.messages]
        assert any(ids.index(a.message_id) < ids.index(whole.escalation_at) for a in done.assessment.alerts)
