import json

import pytest

from pipeline.formats.format import FORMATS, ReadOptions, ReadReport

FORMAT = FORMATS.get("freshdesk")


def read(tmp_path, payload, **options):
    path = tmp_path / "in.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False), encoding="utf-8")
    report = ReadReport(path=str(path))
    return list(FORMAT.read(path, ReadOptions(**options), report)), report


def lines(conversation):
    return [(m.role.value, m.sender, m.text) for m in conversation.messages]


TICKET = {"id": 5001, "requester_id": 9, "responder_id": 3, "source": 1, "created_at": "2026-05-01T02:00:00Z",
          "description": "<p>耳机右边没有声音</p>", "description_text": "耳机右边没有声音", "requester": {"id": 9, "name": "Noor"}}  # fmt: skip


def note(identity, words, at, *, incoming, user, **more):
    return {"id": identity, "body": f"<div>{words}</div>", "body_text": words, "incoming": incoming, "private": False, "user_id": user,
            "created_at": at, "ticket_id": 5001, "source": 0, **more}  # fmt: skip


NOTES = [
    note(3, "still broken", "2026-05-03T02:00:00Z", incoming=True, user=9),
    note(1, "请问型号？", "2026-05-01T04:00:00Z", incoming=False, user=3, from_email="desk@example.com"),
    note(2, "internal", "2026-05-01T05:00:00Z", incoming=False, user=3, private=True),
]
EXPECTED = [
    ("customer", "Noor", "耳机右边没有声音"),
    ("agent", "desk@example.com", "请问型号？"),
    ("customer", "Noor", "still broken"),
]


def test_description_and_replies_in_order_of_time_in_every_wrapper(tmp_path):
    whole = {"ticket": TICKET, "conversations": NOTES}
    inner = {**TICKET, "conversations": NOTES}
    for payload in (
        whole,
        inner,
        [whole],
        {"tickets": [inner]},
        {"ticket": inner},
        json.dumps(whole) + "\n" + json.dumps(inner),
    ):
        (chat,), report = read(tmp_path, payload)
        assert lines(chat) == EXPECTED
        assert (chat.conversation_id, chat.channel, chat.customer_id) == ("5001", "email", "9")
        assert any(text.startswith("private notes") for text in report.notes)
        assert not report.skipped


def test_conversations_alone_are_grouped_by_ticket(tmp_path):
    (chat,), _ = read(tmp_path, NOTES)
    assert [m.text for m in chat.messages] == ["请问型号？", "still broken"]
    assert chat.conversation_id == "5001"


def test_tickets_of_the_old_export(tmp_path):
    old = {"helpdesk_ticket": {"display_id": 77, "requester_id": 9, "description": "坏了", "created_at": "2026-05-01T10:00:00+08:00", "source": 2,
           "notes": [{"note": {"id": 1, "body": "sorry", "incoming": False, "private": False, "user_id": 3, "created_at": "2026-05-01T11:00:00+08:00"}}]}}  # fmt: skip
    (chat,), _ = read(tmp_path, [old])
    assert [(m.role.value, m.text) for m in chat.messages] == [("customer", "坏了"), ("agent", "sorry")]
    assert (chat.conversation_id, chat.channel) == ("77", "web")


def test_quoted_mail_deleted_notes_and_files(tmp_path):
    rows = [
        {
            **note(1, "top quoted", "2026-05-01T04:00:00Z", incoming=True, user=9),
            "body": '<div>top</div><div class="freshdesk_quote">quoted</div>',
        },
        note(2, "gone", "2026-05-01T05:00:00Z", incoming=False, user=3, deleted=True),
        note(4, "see", "2026-05-01T06:00:00Z", incoming=True, user=9, attachments=[{"content_type": "image/jpeg"}]),
    ]
    (chat,), _ = read(tmp_path, {"ticket": TICKET, "conversations": rows})
    assert [m.text for m in chat.messages][1:] == ["top", "[deleted]", "[image] see"]


def test_an_outbound_mail_is_opened_by_the_agent(tmp_path):
    (chat,), _ = read(tmp_path, {"ticket": {**TICKET, "source": 10}, "conversations": []})
    assert [m.role.value for m in chat.messages] == ["agent"]


def parts(words):
    return [{"text": {"content": words}}]


FRESHCHAT = [
    {"id": "m2", "actor_type": "agent", "actor_id": "a", "message_type": "normal", "created_time": "2026-05-01T02:01:00.000Z", "message_parts": parts("您好")},
    {"id": "m1", "actor_type": "user", "actor_id": "u", "message_type": "normal", "created_time": "2026-05-01T02:00:00.000Z", "message_parts": [*parts("我要退货"), {"image": {"url": "https://example.com/a.png"}}]},
    {"id": "m3", "actor_type": "agent", "actor_id": "a", "message_type": "private", "created_time": "2026-05-01T02:02:00.000Z", "message_parts": parts("hmm")},
    {"id": "m4", "actor_type": "system", "message_type": "system", "created_time": "2026-05-01T02:03:00.000Z", "message_parts": parts("resolved")},
]  # fmt: skip
SAID = [("customer", "Lu Fang", "[image] 我要退货"), ("agent", "", "您好"), ("system", "", "resolved")]


def test_freshchat_conversations(tmp_path):
    users = [{"id": "u", "first_name": "Lu", "last_name": "Fang"}]
    for payload in (
        {"conversation_id": "f1", "channel_id": "x", "users": users, "messages": FRESHCHAT},
        [{"conversation_id": "f1", "users": users, "messages": FRESHCHAT}],
        {"conversations": [{"conversation_id": "f1", "users": users, "messages": FRESHCHAT}]},
    ):
        (chat,), _ = read(tmp_path, payload)
        assert lines(chat) == SAID
        assert (chat.conversation_id, chat.channel, chat.customer_id) == ("f1", "web", "u")


def test_freshchat_webhooks(tmp_path):
    said = {
        "message_parts": parts("有人吗"),
        "actor_id": "u",
        "actor_type": "user",
        "id": "m1",
        "conversation_id": "f1",
        "message_type": "normal",
        "created_time": "2026-05-01T02:00:00Z",
    }
    events = [
        {"actor": {"actor_type": "user", "actor_id": "u"}, "action": "message_create", "action_time": "2026-05-01T02:00:00Z", "data": {"message": said}},
        {"actor": {"actor_type": "agent", "actor_id": "a"}, "action": "conversation_resolution", "action_time": "2026-05-01T03:00:00Z", "data": {"resolve": {"conversation": {"conversation_id": "f1"}}}},
    ]  # fmt: skip
    (chat,), _ = read(tmp_path, events)
    assert lines(chat) == [("customer", "", "有人吗"), ("system", "", "[conversation_resolution]")]


@pytest.mark.parametrize("incoming", ["true", 1, True])
def test_flags_may_be_written_in_any_way(tmp_path, incoming):
    (chat,), _ = read(
        tmp_path, {"ticket": {"id": "1"}, "conversations": [note(1, "x", "1777600800", incoming=incoming, user="9")]}
    )
    assert chat.messages[0].role.value == "customer"
