import json

import pytest

from pipeline.errors import InputError
from pipeline.formats.format import FORMATS, ReadOptions, ReadReport

FORMAT = FORMATS.get("zendesk")


def read(tmp_path, payload, **options):
    path = tmp_path / "in.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False), encoding="utf-8")
    report = ReadReport(path=str(path))
    return list(FORMAT.read(path, ReadOptions(**options), report)), report


def lines(conversation):
    return [(m.role.value, m.sender, m.text) for m in conversation.messages]


USERS = [{"id": 7, "name": "Ines Okafor", "role": "end-user"}, {"id": 3, "name": "客服小雨", "role": "agent"}]
TICKET = {
    "id": 301,
    "requester_id": 7,
    "subject": "退款",
    "created_at": "2026-05-01T01:59:00Z",
    "via": {"channel": "email"},
    "description": "Still no refund",
}


def comment(identity, author, words, at="2026-05-01T02:00:00Z", **more):
    return {
        "id": identity,
        "type": "Comment",
        "author_id": author,
        "public": True,
        "body": words,
        "created_at": at,
        **more,
    }


COMMENTS = [
    comment(1, 7, "Still no refund"),
    comment(2, 3, "内部：小心", "2026-05-01T02:05:00Z", public=False),
    comment(3, 3, "马上为您核实", "2026-05-01T02:10:00Z"),
    comment(
        4,
        7,
        None,
        "2026-05-01T02:20:00Z",
        html_body="<div>第三次了<br>hurry</div>",
        attachments=[{"content_type": "image/png"}],
    ),
    comment(5, -1, "We closed your request", "2026-05-02T02:20:00Z"),
]
EXPECTED = [
    ("customer", "Ines Okafor", "Still no refund"),
    ("agent", "客服小雨", "马上为您核实"),
    ("customer", "Ines Okafor", "[image] 第三次了\nhurry"),
    ("bot", "", "We closed your request"),
]


def test_tickets_with_comments_in_every_wrapper(tmp_path):
    whole = {"ticket": TICKET, "comments": COMMENTS, "users": USERS}
    inner = {**TICKET, "comments": COMMENTS}
    payloads = (
        whole,
        [whole],
        {"ticket": inner, "users": USERS},
        {"tickets": [inner], "users": USERS},
        json.dumps(whole) + "\n" + json.dumps(whole),
    )
    for payload in payloads:
        (chat,), report = read(tmp_path, payload)
        assert lines(chat) == EXPECTED
        assert (chat.conversation_id, chat.channel, chat.customer_id) == ("301", "email", "7")
        assert any(note.startswith("private notes") for note in report.notes)
        assert not report.skipped


def test_lines_of_tickets_are_conversations(tmp_path):
    rows = [
        {**TICKET, "id": n, "comments": [comment(n, "7", "hi"), comment(n + 50, "3", "hello", "2026-05-01T03:00:00Z")]}
        for n in (1, 2, 3)
    ]
    chats, _ = read(tmp_path, "\n".join(map(json.dumps, rows)))
    assert [[m.role.value for m in chat.messages] for chat in chats] == [["customer", "agent"]] * 3


def test_comments_alone_take_the_first_author_for_the_customer(tmp_path):
    rows = [comment(2, 9, "answer", "2026-05-01T03:00:00Z"), comment(1, 8, "question")]
    (chat,), report = read(tmp_path, {"comments": rows, "count": 2})
    assert [(m.role.value, m.text) for m in chat.messages] == [("customer", "question"), ("agent", "answer")]
    assert any("first comment" in note for note in report.notes)


def test_authors_described_in_the_comments_have_their_roles(tmp_path):
    agent, user = {"id": 3, "name": "Bo", "role": "agent"}, {"id": 7, "name": "Ines", "role": "end-user"}
    rows = [
        {**comment(1, 3, "We saw a problem"), "author": agent},
        {**comment(2, 7, "谢谢告知", "2026-05-01T03:00:00Z"), "author": user},
    ]
    (chat,), _ = read(tmp_path, {"ticket": {"id": 1}, "comments": rows})
    assert lines(chat) == [("agent", "Bo", "We saw a problem"), ("customer", "Ines", "谢谢告知")]


def test_a_ticket_without_comments_gives_its_description(tmp_path):
    (chat,), _ = read(tmp_path, {"ticket": TICKET})
    assert lines(chat)[0][::2] == ("customer", "Still no refund")


def test_audits_give_their_comments(tmp_path):
    def audit(identity, author, at, *events):
        return {
            "id": identity,
            "ticket_id": 301,
            "author_id": author,
            "created_at": at,
            "events": list(events),
            "via": {"channel": "web"},
        }

    said = {"id": 11, "type": "Comment", "public": True, "body": "没收到货", "author_id": 7}
    reply = {"id": 12, "type": "Comment", "public": True, "body": "on it", "author_id": 3}
    status = {"id": 13, "type": "Change", "field_name": "status", "value": "open"}
    audits = [audit(1, 7, "2026-05-01T02:00:00Z", said, status), audit(2, 3, "2026-05-01T03:00:00Z", reply)]
    (chat,), report = read(tmp_path, {"audits": audits, "users": USERS})
    assert lines(chat) == [("customer", "Ines Okafor", "没收到货"), ("agent", "客服小雨", "on it")]
    assert chat.conversation_id == "301"
    assert any("audit events" in note for note in report.notes)


def test_ticket_events_of_an_incremental_export(tmp_path):
    child = {"id": 5, "event_type": "Comment", "public": True, "body": "hello?", "author_id": 7}
    (chat,), _ = read(
        tmp_path,
        {"ticket_events": [{"id": 1, "ticket_id": 301, "timestamp": 1777600800, "child_events": [child]}], "count": 1},
    )
    assert (chat.conversation_id, chat.messages[0].text) == ("301", "hello?")


HISTORY = [
    {"type": "chat.memberjoin", "timestamp": "2026-05-01T02:00:00Z", "name": "Visitor 1", "sender_type": "Visitor"},
    {
        "type": "chat.msg",
        "timestamp": "2026-05-01T02:00:05Z",
        "name": "Visitor 1",
        "sender_type": "Visitor",
        "msg": "有人吗",
        "msg_id": "1",
    },
    {
        "type": "chat.msg",
        "timestamp": "2026-05-01T02:00:06Z",
        "name": "Helper",
        "sender_type": "Trigger",
        "msg": "One moment",
    },
    {
        "type": "chat.msg",
        "timestamp": "2026-05-01T02:01:00Z",
        "name": "Bo",
        "sender_type": "Agent",
        "msg": "Hello",
        "nick": "agent:5",
    },
    {
        "type": "chat.file",
        "timestamp": "2026-05-01T02:02:00Z",
        "name": "Visitor 1",
        "sender_type": "Visitor",
        "attachment": {"mime_type": "image/png"},
    },
    {"type": "chat.rating", "timestamp": "2026-05-01T02:03:00Z", "sender_type": "Visitor", "new_rating": "bad"},
]


def test_chat_histories(tmp_path):
    chat_row = {
        "id": "c1",
        "type": "chat",
        "visitor": {"id": "v1", "name": "Visitor 1"},
        "timestamp": "2026-05-01T02:00:00Z",
        "history": HISTORY,
    }
    for payload in ({"chats": [chat_row], "count": 1}, chat_row, [chat_row], {"docs": {"c1": chat_row}}):
        (chat,), _ = read(tmp_path, payload)
        assert lines(chat) == [
            ("system", "", "[chat.memberjoin]"),
            ("customer", "Visitor 1", "有人吗"),
            ("bot", "Helper", "One moment"),
            ("agent", "Bo", "Hello"),
            ("customer", "Visitor 1", "[image]"),
            ("system", "", "[chat.rating]"),
        ]
        assert (chat.channel, chat.customer_id) == ("web", "v1")


def test_offline_messages(tmp_path):
    (chat,), _ = read(
        tmp_path,
        {
            "chats": [
                {
                    "id": "o",
                    "type": "offline_msg",
                    "message": "call me",
                    "timestamp": 1777600800,
                    "visitor": {"name": "A"},
                }
            ]
        },
    )
    assert lines(chat) == [("customer", "A", "call me")]


def test_sunshine_messages_and_webhooks(tmp_path):
    said = {
        "id": "m1",
        "received": "2026-05-01T02:00:00.000Z",
        "author": {"type": "user", "userId": "u1", "displayName": "Ana"},
        "content": {"type": "text", "text": "还没到"},
        "source": {"type": "whatsapp"},
    }
    reply = {
        "id": "m2",
        "received": "2026-05-01T02:01:00.000Z",
        "author": {"type": "business", "displayName": "Bo"},
        "content": {"type": "image", "mediaUrl": "https://example.com/a.png", "altText": "map"},
    }
    events = [
        {"type": "conversation:message", "payload": {"conversation": {"id": "cv"}, "message": m}} for m in (said, reply)
    ]
    for payload in ({"conversation": {"id": "cv"}, "messages": [said, reply]}, {"app": {"id": "1"}, "events": events}):
        (chat,), _ = read(tmp_path, payload)
        assert lines(chat) == [("customer", "Ana", "还没到"), ("agent", "Bo", "[image] map")]
        assert (chat.conversation_id, chat.channel, chat.customer_id) == ("cv", "whatsapp", "u1")


def test_first_version_of_sunshine_messages(tmp_path):
    rows = [
        {"_id": "a", "role": "appUser", "type": "text", "text": "hi", "received": 1777600800.1, "name": "Ana"},
        {"_id": "b", "role": "appMaker", "type": "text", "text": "hello", "received": 1777600801.5},
    ]
    (chat,), _ = read(
        tmp_path,
        {"trigger": "message:appUser", "conversation": {"_id": "cv"}, "appUser": {"_id": "u"}, "messages": rows},
    )
    assert [line[0] for line in lines(chat)] == ["customer", "agent"]


def test_messaging_events_of_the_webhook_reference(tmp_path):
    row = {"type": "zen:event-type:messaging_ticket.message_added", "time": "2026-05-01T02:00:00.254571515Z", "detail": {"id": "141"},
           "event": {"actor": {"type": "end_user", "name": "Ana"}, "conversation_id": "cv", "message": {"id": "1", "body": "help"}}}  # fmt: skip
    (chat,), _ = read(tmp_path, row)
    assert lines(chat) == [("customer", "Ana", "help")]


def test_what_is_nothing_of_zendesk_is_an_error(tmp_path):
    with pytest.raises(InputError):
        read(tmp_path, {"comments": [{"text": "a blog"}]})
