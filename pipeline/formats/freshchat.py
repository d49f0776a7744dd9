"""Messages of Freshchat, read by the Freshdesk format."""

from __future__ import annotations

from pipeline.formats.html_text import html_to_text
from pipeline.formats.json_chat import Entry, Reading
from pipeline.formats.json_fields import (
    Json,
    as_object,
    as_text,
    first_text,
    get,
    objects,
    placeholder,
    with_attachments,
)
from pipeline.records import Role

ACTORS = {
    "user": Role.CUSTOMER,
    "customer": Role.CUSTOMER,
    "contact": Role.CUSTOMER,
    "agent": Role.AGENT,
    "bot": Role.BOT,
    "system": Role.SYSTEM,
    "api": Role.BOT,
}
MEDIA = ("image", "video", "audio", "file", "location", "sticker")
LABELLED = ("quick_reply_button", "url_button", "template_content", "callback")
DEEPEST_PART = 4


def kind(body: Json) -> str:
    """``"chat message"`` or ``"chat event"`` where an object is one of Freshchat's, else empty."""
    if isinstance(body.get("message_parts"), list):
        return "chat message"
    if "action" in body and isinstance(body.get("actor"), dict) and isinstance(body.get("data"), dict):
        return "chat event"
    return ""


def take(reading: Reading, what: str, body: Json, around: Json) -> None:
    """Read a message, or a webhook event that may carry one; ``around`` is the chat that it stands in."""
    message = get(body, "data", "message")
    if what == "chat event" and not isinstance(message, dict):
        _take_event(reading, body)
    elif what == "chat event":
        actor = as_object(body.get("actor"))
        names = {key: actor[key] for key in ("first_name", "last_name", "name") if key in actor}
        whole = {
            "created_time": body.get("action_time"),
            "actor_type": actor.get("actor_type"),
            "actor": names,
            **message,
        }
        _take_message(reading, whole, as_object(body.get("data")))
    else:
        _take_message(reading, body, around)


def _take_event(reading: Reading, body: Json) -> None:
    """An assignment, resolution or reopening: an entry of the system."""
    inner = [value for value in as_object(body.get("data")).values() if isinstance(value, dict)]
    chats = [as_object(get(value, "conversation")) or value for value in inner]
    identity = first_text(*(chat.get("conversation_id") or chat.get("id") for chat in chats))
    if not identity:
        reading.count("chat events that name no conversation were left out")
        return
    text = f"[{first_text(body.get('action'))[:40] or 'event'}]"
    reading.thread(identity).entries.append(Entry(Role.SYSTEM, text, "", reading.time(body.get("action_time"))))


def _take_message(reading: Reading, message: Json, around: Json) -> None:
    ids = (
        message.get("conversation_id"),
        around.get("conversation_id"),
        get(around, "conversation", "conversation_id"),
    )
    thread = reading.thread(first_text(*ids, around.get("id")))
    thread.channel = thread.channel or first_text(around.get("channel")).lower() or "web"
    stated = as_text(message.get("message_type")).lower()
    if stated == "private":
        reading.count("private notes were left out")
        return
    actor = as_text(message.get("actor_type")).lower()
    role = Role.SYSTEM if stated == "system" else ACTORS.get(actor, Role.SYSTEM)
    identity = first_text(message.get("actor_id"))
    if role is Role.CUSTOMER:
        thread.customer_id = thread.customer_id or first_text(message.get("user_id"), identity) or None
    text = _text(message.get("message_parts"), 0)
    if not text:
        reading.count("messages without any content were left out")
        return
    time = reading.time(message.get("created_time"), message.get("created_at"))
    sender = "" if role is Role.SYSTEM else _name(message, around, identity)
    thread.entries.append(Entry(role, text, sender, time, first_text(message.get("id"), message.get("message_id"))))


def _name(message: Json, around: Json, identity: str) -> str:
    people = [as_object(message.get("actor")), as_object(message.get("user"))]
    people += [
        p for key in ("users", "agents") for p in objects(around.get(key)) if first_text(p.get("id")) == identity
    ]
    full = (" ".join(filter(None, (first_text(p.get("first_name")), first_text(p.get("last_name"))))) for p in people)
    return first_text(*full, *(p.get("name") for p in people))


def _text(parts: object, depth: int) -> str:
    words, marks = list[str](), list[str]()
    for part in objects(parts):
        for name, value in part.items():
            inner = as_object(value)
            if name in ("text", "emailContent", "email"):
                words.append(_plain(first_text(inner.get("content"), value, inner.get("subject"))))
            elif name in MEDIA:
                marks.append(placeholder(inner.get("contentType") or inner.get("content_type") or name))
            elif name in LABELLED:
                words.append(first_text(inner.get("label"), inner.get("title"), inner.get("content")))
            elif name in ("collection", "reference") and depth < DEEPEST_PART:
                words.append(_text(inner.get("sub_parts"), depth + 1))
    return with_attachments("\n".join(word for word in words if word), marks)


def _plain(text: str) -> str:
    return html_to_text(text) if "</" in text or "<br" in text else text
