import json

import pytest

from pipeline.formats.format import FORMATS, ReadOptions, ReadReport

FORMAT = FORMATS.get("intercom")


def read(tmp_path, payload, **options):
    path = tmp_path / "in.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False), encoding="utf-8")
    report = ReadReport(path=str(path))
    return list(FORMAT.read(path, ReadOptions(**options), report)), report


def lines(conversation):
    return [(m.role.value, m.sender, m.text) for m in conversation.messages]


USER = {"type": "user", "id": "u1", "name": "Dana Reyes"}
ADMIN = {"type": "admin", "id": "a1", "name": "Ivo"}


def part(identity, kind, body, author, at=1777600860, **more):
    return {
        "type": "conversation_part",
        "id": identity,
        "part_type": kind,
        "body": body,
        "author": author,
        "created_at": at,
        **more,
    }


def chat_of(*parts, identity="8801", **more):
    source = {
        "type": "conversation",
        "id": "s1",
        "subject": "",
        "body": "<p>重复扣款 charged twice</p>",
        "author": USER,
    }
    inner = {"type": "conversation_part.list", "conversation_parts": list(parts), "total_count": len(parts)}
    return {
        "type": "conversation",
        "id": identity,
        "created_at": 1777600800,
        "source": source,
        "conversation_parts": inner,
        **more,
    }


PARTS = (
    part("1", "comment", "<p>Sorry,</p><p>let me check.</p>", ADMIN),
    part("2", "note", "<p>he is upset</p>", ADMIN),
    part("3", "assignment", None, ADMIN, 1777600870),
    part("4", "comment", "<p>I can help</p>", {"type": "bot", "id": "b", "name": "Fin"}, 1777600880),
    part("5", "close", None, ADMIN, 1777600890),
    part("6", "open", "<p>还没解决！</p>", {"type": "lead", "id": "u1", "name": "Dana Reyes"}, "1777600900"),
)
EXPECTED = [
    ("customer", "Dana Reyes", "重复扣款 charged twice"),
    ("agent", "Ivo", "Sorry,\nlet me check."),
    ("system", "", "[assignment]"),
    ("bot", "Fin", "I can help"),
    ("system", "", "[close]"),
    ("customer", "Dana Reyes", "还没解决！"),
]


def test_source_and_parts_are_the_messages(tmp_path):
    (chat,), report = read(tmp_path, chat_of(*PARTS))
    assert lines(chat) == EXPECTED
    assert (chat.conversation_id, chat.channel, chat.customer_id) == ("8801", "web", "u1")
    assert "private notes were left out: 1" in report.notes


def test_every_wrapper_reads_alike(tmp_path):
    whole = chat_of(*PARTS)
    notice = {
        "type": "notification_event",
        "topic": "conversation.user.replied",
        "data": {"type": "notification_event_data", "item": whole},
    }
    listed = {"type": "conversation.list", "conversations": [whole]}
    for payload in ([whole], notice, listed, [notice, notice], json.dumps(whole) + "\n" + json.dumps(notice)):
        (chat,), _ = read(tmp_path, payload)
        assert lines(chat) == EXPECTED


def test_notifications_of_one_conversation_gather(tmp_path):
    first, second = chat_of(PARTS[0]), chat_of(PARTS[5])
    (chat,), _ = read(tmp_path, [first, second])
    assert [m.message_id for m in chat.messages] == ["s1", "1", "6"]


def test_older_payloads_open_with_a_conversation_message(tmp_path):
    old = {"type": "conversation", "id": 5, "created_at": 1777600800, "user": USER, "assignee": ADMIN,
           "conversation_message": {"id": "9", "body": "<p>hello</p>", "author": {"type": "admin", "id": "a1"}}}  # fmt: skip
    (chat,), _ = read(tmp_path, old)
    assert lines(chat) == [("agent", "Ivo", "hello")]
    assert chat.customer_id == "u1"


def test_attachments_and_redactions_have_marks(tmp_path):
    files = [{"type": "upload", "content_type": "image/png"}]
    parts = [part("1", "comment", None, USER, attachments=files), part("2", "comment", "<p>x</p>", USER, redacted=True)]
    (chat,), _ = read(tmp_path, chat_of(*parts))
    assert [m.text for m in chat.messages][1:] == ["[image]", "[deleted]"]


def test_other_notifications_are_a_note(tmp_path):
    chats, report = read(tmp_path, {"type": "notification_event", "topic": "ping", "data": {"item": {"type": "ping"}}})
    assert chats == []
    assert not report.skipped
    assert report.notes


@pytest.mark.parametrize("role", ["customer", "bot"])
def test_the_users_word_on_a_sender_holds(tmp_path, role):
    from pipeline.records import Role

    (chat,), _ = read(tmp_path, chat_of(PARTS[0]), roles={"Ivo": Role(role)})
    assert [m.role.value for m in chat.messages] == ["customer", role]
