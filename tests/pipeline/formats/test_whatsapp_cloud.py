import json
from datetime import timedelta

import pytest

from pipeline.errors import InputError
from pipeline.formats.format import FORMATS, ReadOptions, ReadReport

FORMAT = FORMATS.get("whatsapp_cloud")


def read(tmp_path, payload, **options):
    path = tmp_path / "in.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False), encoding="utf-8")
    report = ReadReport(path=str(path))
    return list(FORMAT.read(path, ReadOptions(**options), report)), report


def lines(conversation):
    return [(m.role.value, m.sender, m.text) for m in conversation.messages]


def body(*messages, kind="messages", field="messages", number="8613800001234", name="林晓", **more):
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4930000001", "phone_number_id": "9001"},
    }
    if number:
        value["contacts"] = [{"profile": {"name": name}, "wa_id": number}]
    value[kind] = list(messages)
    entry = {"id": "1", "changes": [{"field": field, "value": {**value, **more}}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def text(words, identity="wamid.1", at=1767240000, **more):
    return {
        "from": "8613800001234",
        "id": identity,
        "timestamp": str(at),
        "type": "text",
        "text": {"body": words},
        **more,
    }


@pytest.mark.parametrize("words", ["包裹还没到", "where is my parcel", "你们 really 不管?"])
def test_one_body_is_one_conversation(tmp_path, words):
    (chat,), report = read(tmp_path, body(text(words)))
    assert lines(chat) == [("customer", "林晓", words)]
    assert (chat.channel, chat.messages[0].message_id) == ("whatsapp", "wamid.1")
    assert chat.messages[0].sent_at.isoformat() == "2026-01-01T04:00:00+00:00"
    assert not report.skipped


def test_list_lines_and_named_cases_read_alike(tmp_path):
    bodies = [body(text("一")), body(text("二", "wamid.2", 1767240060))]
    expected = read(tmp_path, bodies)[0]
    assert len(expected[0].messages) == 2
    assert read(tmp_path, "\n".join(map(json.dumps, bodies)))[0] == expected
    assert read(tmp_path, {"first": bodies[0], "second": bodies[1]})[0] == expected
    assert read(tmp_path, [{"body": json.dumps(b)} for b in bodies])[0] == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"type": "image", "image": {"id": "1", "caption": "看这个裂缝"}}, "[image] 看这个裂缝"),
        ({"type": "video", "video": {}}, "[video]"),
        ({"type": "audio", "audio": {"voice": True}}, "[audio]"),
        ({"type": "sticker", "sticker": {}}, "[sticker]"),
        ({"type": "document", "document": {"filename": "a.pdf", "caption": "invoice"}}, "[document] invoice"),
        ({"type": "location", "location": {"latitude": 1.5, "longitude": 2.5, "name": "Depot"}}, "[location] Depot"),
        ({"type": "contacts", "contacts": [{"name": {"formatted_name": "A"}}]}, "[contact]"),
        ({"type": "button", "button": {"text": "Yes please", "payload": "p"}}, "Yes please"),
        ({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"title": "退款"}}}, "退款"),
        ({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"title": "Late"}}}, "Late"),
        (
            {
                "type": "interactive",
                "interactive": {
                    "type": "nfm_reply",
                    "nfm_reply": {"body": "Sent", "response_json": '{"flow_token": "t", "why": "too slow"}'},
                },
            },
            "[form] too slow",
        ),
        (
            {
                "type": "interactive",
                "interactive": {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": "{"}},
            },
            "Sent",
        ),
        ({"type": "reaction", "reaction": {"message_id": "x", "emoji": "😡"}}, "😡"),
        ({"type": "reaction", "reaction": {"message_id": "x"}}, "[reaction removed]"),
        ({"type": "order", "order": {"text": "asap", "product_items": []}}, "[order] asap"),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, "[unsupported]"),
        ({"type": "hologram", "hologram": {"caption": "new kind"}}, "new kind"),
        ({"type": "hologram"}, "[unsupported]"),
        ({"text": {"body": "no type stated"}}, "no type stated"),
        (
            {
                "type": "edit",
                "edit": {"original_message_id": "?", "message": {"type": "text", "text": {"body": "new"}}},
            },
            "new",
        ),
        ({"type": "revoke", "revoke": {"original_message_id": "?"}}, "[deleted]"),
    ],
)
def test_every_type_has_its_words(tmp_path, message, expected):
    row = {"from": "8613800001234", "id": "wamid.9", "timestamp": "1767240000", **message}
    (chat,), _ = read(tmp_path, body(row))
    assert lines(chat) == [("customer", "林晓", expected)]


def test_system_messages_have_the_system_role(tmp_path):
    row = {"from": "1", "id": "s", "timestamp": 1767240000, "type": "system", "system": {"body": "number changed"}}
    (chat,), _ = read(tmp_path, body(row))
    assert lines(chat) == [("system", "", "number changed")]


@pytest.mark.parametrize("kind", ["message_echoes", "smb_message_echoes"])
def test_echoes_are_the_agent_in_the_same_conversation(tmp_path, kind):
    echo = {
        "from": "4930000001",
        "to": "8613800001234",
        "id": "wamid.2",
        "timestamp": "1767240100",
        "type": "text",
        "text": {"body": "马上查"},
    }
    (chat,), _ = read(tmp_path, [body(text("包裹呢")), body(echo, kind=kind, field="smb_message_echoes", number="")])
    assert lines(chat) == [("customer", "林晓", "包裹呢"), ("agent", "4930000001", "马上查")]


def test_history_threads_join_the_conversation(tmp_path):
    ours = {
        "from": "4930000001",
        "to": "8613800001234",
        "id": "h2",
        "timestamp": "1767240050",
        "type": "text",
        "text": {"body": "hello"},
    }
    threads = [{"id": "8613800001234", "messages": [text("earlier", "h1", 1767240000), ours]}]
    payload = body(kind="history", field="history", number="")
    payload["entry"][0]["changes"][0]["value"]["history"] = [{"metadata": {"phase": 0}, "threads": threads}]
    (chat,), _ = read(tmp_path, [payload, body(text("now", "wamid.1", 1767240100))])
    assert [line[0] for line in lines(chat)] == ["customer", "agent", "customer"]


def test_statuses_are_a_note_and_no_error(tmp_path):
    chats, report = read(tmp_path, body({"id": "wamid.1", "status": "read"}, kind="statuses"))
    assert chats == []
    assert report.notes == ["webhook statuses are no messages and were left out: 1"]
    assert not report.skipped


def test_other_changes_are_a_note(tmp_path):
    payload = {
        "object": "whatsapp_business_account",
        "entry": [{"changes": [{"field": "account_update", "value": {"event": "X"}}]}],
    }
    chats, report = read(tmp_path, payload)
    assert chats == []
    assert "account_update" in report.notes[0]


def test_a_body_delivered_twice_counts_once(tmp_path):
    (chat,), report = read(tmp_path, [body(text("退钱")), body(text("退钱"))])
    assert len(chat.messages) == 1
    assert any("merged" in note for note in report.notes)


def test_another_message_with_a_used_id_is_kept(tmp_path):
    (chat,), _ = read(tmp_path, [body(text("one")), body(text("two"))])
    assert [m.text for m in chat.messages] == ["one", "two"]
    assert len({m.message_id for m in chat.messages}) == 2


@pytest.mark.parametrize(("kind", "expected"), [("edit", "改过的"), ("revoke", "[deleted]")])
def test_a_later_change_reaches_the_message(tmp_path, kind, expected):
    inner = {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "改过的"}}}
    change = {"from": "8613800001234", "id": "wamid.2", "timestamp": "1767240100", "type": kind, kind: inner}
    (chat,), _ = read(tmp_path, [body(text("原话")), body(change)])
    assert [(m.message_id, m.text) for m in chat.messages] == [("wamid.1", expected)]


def test_silence_cuts_sessions(tmp_path):
    bodies = [body(text("a", "1", 1767240000)), body(text("b", "2", 1767240000 + 7200))]
    assert len(read(tmp_path, bodies)[0]) == 1
    chats, _ = read(tmp_path, bodies, session_gap=timedelta(hours=1))
    assert [len(chat.messages) for chat in chats] == [1, 1]
    assert len({chat.conversation_id for chat in chats}) == 2


def test_customers_and_desks_are_kept_apart_and_numbers_stay_out_of_ids(tmp_path):
    other = {**text("other"), "from": "8613800005678"}
    chats, _ = read(tmp_path, [body(text("a")), body(other, number="8613800005678", name="周宁")])
    assert [chat.messages[0].sender for chat in chats] == ["林晓", "周宁"]
    assert all("138" not in (chat.customer_id or "") and "8613800" not in chat.conversation_id for chat in chats)


def test_what_is_no_body_is_skipped_and_alone_an_error(tmp_path):
    (chat,), report = read(tmp_path, [{"hello": 1}, body(text("ok"))])
    assert len(chat.messages) == 1
    assert sum(report.skipped.values()) == 1
    with pytest.raises(InputError):
        read(tmp_path, {"hello": 1})
    with pytest.raises(InputError):
        read(
            tmp_path,
            {"object": "page", "entry": [{"changes": [{"field": "feed", "value": {"messages": [text("x")]}}]}]},
        )
