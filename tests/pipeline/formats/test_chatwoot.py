import json

import pytest

from pipeline.errors import InputError
from pipeline.formats.format import FORMATS, ReadOptions, ReadReport

FORMAT = FORMATS.get("chatwoot")


def read(tmp_path, payload, **options):
    path = tmp_path / "in.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False), encoding="utf-8")
    report = ReadReport(path=str(path))
    return list(FORMAT.read(path, ReadOptions(**options), report)), report


def lines(conversation):
    return [(m.role.value, m.sender, m.text) for m in conversation.messages]


def message(identity, kind, content, at=1777600800, **more):
    return {
        "id": identity,
        "message_type": kind,
        "content": content,
        "created_at": at,
        "conversation_id": 12,
        "private": False,
        **more,
    }


CONTACT = {"id": 7, "name": "陈默", "type": "contact"}
AGENT = {"id": 3, "name": "Maya", "type": "user"}


@pytest.mark.parametrize(
    "kinds", [(0, 1, 2, 3), ("0", "1", "2", "3"), ("incoming", "outgoing", "activity", "template")]
)
def test_api_messages_by_number_and_name(tmp_path, kinds):
    rows = [
        message(1, kinds[0], "订单还没到 where is it", sender=CONTACT),
        message(2, kinds[1], "Let me check", 1777600860, sender=AGENT),
        message(3, kinds[2], "Assigned to Maya", 1777600870),
        message(4, kinds[3], "Please rate us", 1777600880),
        message(5, kinds[1], "I am a bot", 1777600890, sender={"name": "Robo", "type": "agent_bot"}),
    ]
    (chat,), report = read(tmp_path, {"meta": {"contact": {"id": 7}}, "payload": rows})
    assert lines(chat) == [
        ("customer", "陈默", "订单还没到 where is it"),
        ("agent", "Maya", "Let me check"),
        ("system", "", "Assigned to Maya"),
        ("bot", "", "Please rate us"),
        ("bot", "Robo", "I am a bot"),
    ]
    assert (chat.conversation_id, chat.customer_id) == ("12", "7")
    assert not report.skipped


def test_private_notes_are_counted_and_left_out(tmp_path):
    rows = [message(1, 0, "hello"), message(2, 1, "watch out, he is angry", private=True)]
    (chat,), report = read(tmp_path, {"meta": {}, "payload": rows})
    assert [m.text for m in chat.messages] == ["hello"]
    assert "private notes were left out: 1" in report.notes


def event(identity, words, name="message_created", **more):
    return {
        "event": name, "id": identity, "content": words, "message_type": "incoming", "created_at": "2026-05-01T02:00:00.000Z",
        "private": False, "sender": CONTACT, "account": {"id": 1}, "inbox": {"id": 2},
        "conversation": {"id": 12, "channel": "Channel::Whatsapp", "messages": [{}], "meta": {"sender": {"id": 7}}}, **more,
    }  # fmt: skip


def test_webhook_events_gather_into_their_conversation(tmp_path):
    events = [event(1, "在吗"), event(2, "有人吗"), {"event": "conversation_typing_on", "account": {"id": 1}}]
    for payload in (events, "\n".join(map(json.dumps, events))):
        (chat,), report = read(tmp_path, payload)
        assert [m.text for m in chat.messages] == ["在吗", "有人吗"]
        assert (chat.channel, chat.customer_id) == ("whatsapp", "7")
        assert not report.skipped


def test_an_update_replaces_and_a_deletion_marks(tmp_path):
    deleted = event(2, "This message was deleted", "message_updated", content_attributes={"deleted": True})
    (chat,), _ = read(
        tmp_path, [event(1, "first"), event(2, "rude words"), event(1, "changed", "message_updated"), deleted]
    )
    assert [m.text for m in chat.messages] == ["changed", "[deleted]"]


def test_conversation_objects_lists_and_events_hold_messages(tmp_path):
    whole = {
        "id": 12,
        "meta": {"sender": {"id": 7, "name": "陈默"}, "channel": "Channel::WebWidget"},
        "messages": [message(1, 0, "退款")],
    }
    for payload in (
        whole,
        {"data": {"meta": {}, "payload": [whole]}},
        {"event": "conversation_created", **whole},
        [whole],
    ):
        (chat,), _ = read(tmp_path, payload)
        assert lines(chat) == [("customer", "陈默", "退款")]
        assert chat.channel == "web"


def test_attachments_keep_their_caption(tmp_path):
    rows = [
        message(1, 0, None, attachments=[{"file_type": "image"}, {"file_type": "file"}]),
        message(2, 0, "看图", 1777600900, attachments=[{"file_type": "image"}]),
        message(3, 0, None, 1777600910),
    ]
    (chat,), report = read(tmp_path, {"meta": {}, "payload": rows})
    assert [m.text for m in chat.messages] == ["[image] [document]", "[image] 看图"]
    assert "messages without any content were left out: 1" in report.notes


def test_a_message_without_time_keeps_its_place(tmp_path):
    rows = [message(1, 0, "a"), message(2, 0, "b", at=None), message(3, 0, "c", 1777600900)]
    (chat,), report = read(tmp_path, {"meta": {}, "payload": rows})
    assert [m.text for m in chat.messages] == ["a", "b", "c"]
    assert any("without a time" in note for note in report.notes)


def test_what_is_no_payload_is_skipped_and_alone_an_error(tmp_path):
    chats, report = read(tmp_path, [{"x": 1}, event(1, "ok"), 5])
    assert len(chats) == 1
    assert sum(report.skipped.values()) == 2
    with pytest.raises(InputError):
        read(tmp_path, [{"x": 1}])
