"""What all helpdesk formats share: any JSON is survived, each claims its own, corpora read in full."""

import copy
import json
import os
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import BoiloverError
from pipeline.formats import json_chat
from pipeline.formats.encoding import decode_head
from pipeline.formats.format import FORMATS, SNIFF_BYTES, Head, ReadOptions, ReadReport
from pipeline.records import Role
from pipeline.serialise import conversation_from_json, conversation_to_json

NAMES = ("chatwoot", "freshdesk", "intercom", "whatsapp_cloud", "zendesk")
CORPORA = os.environ.get("BOILOVER_CORPORA", "")


def read_bytes(name, data, options=None):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.json"
        path.write_bytes(data)
        report = ReadReport(path="in.json")
        return list(FORMATS.get(name).read(path, options or ReadOptions(), report)), report


def sniffed(data, name="in.json"):
    head = Head(name, data[:SNIFF_BYTES], decode_head(data[:SNIFF_BYTES]))
    return {name for name in NAMES if FORMATS.get(name).sniff(head) > 0.5}


ZENDESK_CHATS = {"chats": [{"id": "c", "visitor": {"name": "V"}, "history": [{"type": "chat.msg", "sender_type": "Visitor", "msg": "在吗", "timestamp": "2026-05-01T02:00:00Z"}, {"type": "chat.rating", "new_comment": "bad", "timestamp": "2026-05-01T02:00:00Z"}]}]}  # fmt: skip
SUNSHINE = {"events": [{"type": "conversation:message", "payload": {"conversation": {"id": "x"}, "message": {"id": "1", "received": 1777600800, "author": {"type": "business", "subtypes": ["AI"]}, "content": {"type": "text", "text": "hello"}}}}]}  # fmt: skip
VALID = {
    "whatsapp_cloud": {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": {"display_phone_number": "49300", "phone_number_id": "9"}, "contacts": [{"profile": {"name": "林晓"}, "wa_id": "8613"}], "messages": [{"from": "8613", "id": "w1", "timestamp": "1777600800", "type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": '{"why": "late"}'}}}, {"from": "8613", "id": "w2", "timestamp": "1777600801", "type": "edit", "edit": {"original_message_id": "w1", "message": {"type": "text", "text": {"body": "改"}}}}], "statuses": [{"id": "w0"}], "history": [{"threads": [{"id": "8613", "messages": [{"from": "49300", "id": "w3", "timestamp": "1777600802", "type": "text", "text": {"body": "hi"}}]}]}]}}]}]},
    "chatwoot": {"meta": {"contact": {"id": 7}}, "payload": [{"id": 1, "content": "退款", "message_type": 0, "created_at": 1777600800, "conversation_id": 2, "private": False, "sender": {"name": "陈默", "type": "contact"}, "content_attributes": {"deleted": False, "email": {"text_content": {"reply": "x"}}}, "attachments": [{"file_type": "image"}]}]},
    "intercom": {"type": "notification_event", "data": {"item": {"type": "conversation", "id": "1", "created_at": 1777600800, "source": {"id": "s", "body": "<p>hi</p>", "author": {"type": "user", "id": "u", "name": "Dana"}}, "conversation_parts": {"conversation_parts": [{"id": "2", "part_type": "comment", "body": "<b>yes</b>", "created_at": 1777600900, "author": {"type": "admin", "id": "a"}, "attachments": [{"content_type": "image/png"}]}]}, "contacts": {"contacts": [{"id": "u"}]}}}},
    "zendesk": {"tickets": [{"id": 1, "requester_id": 7, "via": {"channel": "web"}, "comments": [{"id": 3, "author_id": 7, "public": True, "body": "等了很久", "created_at": "2026-05-01T02:00:00Z", "attachments": [{"content_type": "image/png"}]}]}], "users": [{"id": 7, "name": "Ines", "role": "end-user"}]},
    "freshdesk": {"ticket": {"id": 1, "requester_id": 9, "source": 1, "created_at": "2026-05-01T02:00:00Z", "description": "<p>坏了</p>", "description_text": "坏了", "requester": {"name": "Noor"}}, "conversations": [{"id": 4, "incoming": False, "private": False, "user_id": 3, "body": "<p>ok</p>", "body_text": "ok", "created_at": "2026-05-01T03:00:00Z"}]},
}  # fmt: skip
MORE = {
    "zendesk": {"audits": [{"ticket_id": 4, "author_id": 7, "created_at": "2026-05-01T02:00:00Z", "events": [{"type": "Comment", "body": "x"}]}]},
    "freshdesk": {"conversation_id": "f", "users": [{"id": "u", "first_name": "Lu"}], "messages": [{"id": "m", "actor_type": "user", "actor_id": "u", "created_time": "2026-05-01T02:00:00Z", "message_parts": [{"text": {"content": "退货"}}, {"collection": {"sub_parts": [{"url_button": {"label": "go"}}]}}]}]},
    "chatwoot": {"event": "message_created", "id": 5, "content": "hey", "message_type": "incoming", "created_at": "2026-05-01T02:00:00Z", "account": {"id": 1}, "conversation": {"id": 2, "channel": "Channel::Api"}},
    "intercom": {"type": "conversation.list", "conversations": [{"type": "conversation", "id": 3, "created_at": "1777600800", "conversation_message": {"id": 1, "body": "hi", "author": {"type": "lead"}}}]},
    "whatsapp_cloud": {"named": {"field": "smb_message_echoes", "value": {"messaging_product": "whatsapp", "metadata": {"display_phone_number": "49"}, "message_echoes": [{"from": "49", "to": "86", "id": "e", "timestamp": 1777600800, "type": "text", "text": {"body": "好"}}]}}},
}  # fmt: skip
PAYLOADS = [(name, source[name]) for source in (VALID, MORE) for name in NAMES]
PAYLOADS += [("zendesk", ZENDESK_CHATS), ("zendesk", SUNSHINE)]
KEYS = sorted({key for _, payload in PAYLOADS for key in re.findall(r'"(\w+)": ', json.dumps(payload))})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**30, "9" * 25, "\ud800", "<![x", "{", "2026-05-01T02:00:00", "0001-01-01T00:00:00+14:00"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=25,
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def places(value):
    """Every container with a key or index in it."""
    found = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += [(value, key), *places(inner)]
    return found


@st.composite
def mutated(draw):
    name, payload = draw(st.sampled_from(PAYLOADS))
    payload = copy.deepcopy(payload)
    for _ in range(draw(st.integers(1, 4))):
        holder, key = draw(st.sampled_from(places(payload) or [({"": 0}, "")]))
        if draw(st.booleans()):
            holder[key] = draw(JSON)
        elif key in holder if isinstance(holder, dict) else key < len(holder):
            del holder[key]
    return name, payload


def check(name, data):
    try:
        chats, _ = read_bytes(name, data)
    except BoiloverError:
        return
    for chat in chats:
        assert chat.messages
        assert all(m.sent_at.tzinfo is not None and isinstance(m.role, Role) for m in chat.messages)
        assert len({m.message_id for m in chat.messages}) == len(chat.messages)
        assert conversation_from_json(conversation_to_json(chat)) == chat


@pytest.mark.parametrize("name", NAMES)
@given(payload=JSON)
@QUICK
def test_any_json_raises_nothing_but_our_errors(name, payload):
    data = json.dumps(payload).encode()
    check(name, data)
    sniffed(data)


@given(mutated())
@settings(QUICK, max_examples=600)
def test_damaged_payloads_raise_nothing_but_our_errors(case):
    name, payload = case
    data = json.dumps(payload).encode()
    check(name, data)
    sniffed(data)


@pytest.mark.parametrize(("name", "payload"), PAYLOADS)
@given(data=st.data())
@settings(QUICK, max_examples=25)
def test_files_cut_anywhere_raise_nothing_but_our_errors(name, payload, data):
    whole = json.dumps(payload, ensure_ascii=False).encode()
    check(name, whole[: data.draw(st.integers(0, len(whole)))])


@pytest.mark.parametrize(("name", "payload"), PAYLOADS)
def test_each_payload_is_claimed_by_its_format_alone(name, payload):
    for text in (
        json.dumps(payload),
        json.dumps([payload, payload], indent=2),
        json.dumps(payload) + "\n" + json.dumps(payload),
    ):
        assert sniffed(text.encode()) == {name}


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_each_format_reads_and_is_claimed(name):
    data = FORMATS.get(name).example.encode()
    assert sniffed(data) == {name}
    chats, report = read_bytes(name, data)
    assert sum(len(chat.messages) for chat in chats) >= 1
    assert not report.skipped


@pytest.mark.parametrize("name", NAMES)
def test_a_payload_longer_than_the_head_is_claimed_by_its_keys(name):
    payload = copy.deepcopy(VALID[name])
    payload["padding"] = "x" * SNIFF_BYTES
    assert sniffed(json.dumps(payload).encode()) == {name}


def test_canonical_lines_and_plain_text_are_not_claimed():
    row = {
        "conversation_id": "c",
        "messages": [{"id": "1", "ts": "2026-05-01T02:00:00Z", "role": "customer", "text": "chat.msg"}],
    }
    assert sniffed(json.dumps(row).encode()) == set()
    assert sniffed("客服：您好\n顾客：conversation_parts".encode()) == set()
    assert sniffed(bytes(range(256))) == set()


@pytest.mark.parametrize(("name", "payload"), PAYLOADS)
def test_reading_twice_gives_the_same_ids(name, payload):
    data = json.dumps(payload).encode()
    assert read_bytes(name, data)[0] == read_bytes(name, data)[0]


def test_the_channel_of_the_user_fills_a_gap_only():
    payload = {
        "tickets": [
            {
                "id": 1,
                "requester_id": 7,
                "comments": [{"id": 3, "author_id": 7, "public": True, "body": "hi", "created_at": 1777600800}],
            }
        ]
    }
    (chat,), _ = read_bytes("zendesk", json.dumps(payload).encode(), ReadOptions(channel="douyin"))
    assert chat.channel == "douyin"
    (chat,), _ = read_bytes("zendesk", json.dumps(VALID["zendesk"]).encode(), ReadOptions(channel="douyin"))
    assert chat.channel == "web"


@pytest.mark.parametrize(("name", "payload"), PAYLOADS)
def test_threads_put_aside_on_disk_read_the_same(name, payload, monkeypatch, tmp_path):
    payloads = [payload, copy.deepcopy(payload), VALID[name], MORE[name]] * 3
    data = "\n".join(map(json.dumps, payloads)).encode()
    in_memory, report = read_bytes(name, data)
    monkeypatch.setattr(json_chat, "HELD", 1)
    monkeypatch.setattr(json_chat, "LOOK_EVERY", 2)
    on_disk, other = read_bytes(name, data, ReadOptions(spill_directory=tmp_path))
    assert on_disk == in_memory
    assert sorted(other.notes) == sorted(report.notes)


# File to format, conversations, messages by role (customer, agent, system).
EXPECTED = {
    "freshdesk_ticket_with_conversations": ("freshdesk", 1, (2, 1, 0)),
    "intercom_conversation_admin_noted": ("intercom", 1, (0, 1, 0)),
    "whatsapp_cloud_account_update": ("whatsapp_cloud", 0, (0, 0, 0)),
    "whatsapp_cloud_call_connect": ("whatsapp_cloud", 0, (0, 0, 0)),
    "whatsapp_cloud_call_permission_update": ("whatsapp_cloud", 1, (2, 0, 0)),
    "whatsapp_cloud_call_status": ("whatsapp_cloud", 0, (0, 0, 0)),
    "whatsapp_cloud_callback_button": ("whatsapp_cloud", 1, (3, 0, 0)),
    "whatsapp_cloud_message": ("whatsapp_cloud", 2, (23, 0, 0)),
    "whatsapp_cloud_message_status": ("whatsapp_cloud", 0, (0, 0, 0)),
    "whatsapp_cloud_outgoing_message": ("whatsapp_cloud", 1, (0, 3, 0)),
    "whatsapp_cloud_system": ("whatsapp_cloud", 2, (0, 0, 2)),
    "whatsapp_cloud_template_category_update": ("whatsapp_cloud", 0, (0, 0, 0)),
    "whatsapp_cloud_template_components_update": ("whatsapp_cloud", 0, (0, 0, 0)),
    "whatsapp_cloud_template_quality_update": ("whatsapp_cloud", 0, (0, 0, 0)),
    "whatsapp_cloud_template_status_update": ("whatsapp_cloud", 0, (0, 0, 0)),
}


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA, reason="BOILOVER_CORPORA is not set")
@pytest.mark.parametrize("stem", sorted(EXPECTED))
def test_real_payloads_are_read_in_full(stem):
    data = (Path(CORPORA) / "helpdesk_webhooks" / f"{stem}.json").read_bytes()
    name, conversations, roles = EXPECTED[stem]
    assert sniffed(data) == {name}
    chats, report = read_bytes(name, data)
    messages = [m.role for chat in chats for m in chat.messages]
    assert len(chats) == conversations
    assert tuple(messages.count(role) for role in (Role.CUSTOMER, Role.AGENT, Role.SYSTEM)) == roles
    assert len(messages) == sum(roles)
    assert not report.skipped
