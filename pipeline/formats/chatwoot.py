"""Chatwoot conversations: answers of its API and webhook events.

Source: "Webhook events" and "Application API, messages and conversations" of the Chatwoot developer documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.html_text import html_to_text
from pipeline.formats.json_chat import DELETED, Entry, Reading, Thread
from pipeline.formats.json_fields import (
    Json,
    as_flag,
    as_object,
    as_text,
    first_text,
    get,
    objects,
    placeholder,
    with_attachments,
)
from pipeline.formats.json_source import sniff_json
from pipeline.records import Conversation, Role

INCOMING, OUTGOING, ACTIVITY, TEMPLATE = "incoming", "outgoing", "activity", "template"
MESSAGE_TYPES = {"0": INCOMING, "1": OUTGOING, "2": ACTIVITY, "3": TEMPLATE}
ROLES = {INCOMING: Role.CUSTOMER, OUTGOING: Role.AGENT, ACTIVITY: Role.SYSTEM, TEMPLATE: Role.BOT}
SENDER_ROLES = {
    "contact": Role.CUSTOMER,
    "user": Role.AGENT,
    "agent": Role.AGENT,
    "agent_bot": Role.BOT,
    "agentbot": Role.BOT,
    "captain_assistant": Role.BOT,
    "captain::assistant": Role.BOT,
}
CHANNELS = {
    "webwidget": "web",
    "facebookpage": "facebook",
    "twitterprofile": "twitter",
    "twiliosms": "sms",
    "tiktok": "tiktok",
}
KEYS = (re.compile(r'"message_type"\s*:'), re.compile(r'"(?:content_attributes|inbox_id|account_id|content_type)"\s*:'))
DEEPEST_WRAPPER = 8


class Chatwoot:
    """Messages of the API, conversations with their messages, and webhook events, in any mixture."""

    name = "chatwoot"
    title = "Chatwoot conversation JSON (API answers, webhook events, one or many)"
    example = (
        '{"event": "message_created", "id": 41, "content": "我的快递怎么还没到", "message_type": "incoming", '
        '"created_at": "2026-05-01T02:00:00.000Z", "private": false, "sender": {"id": 7, "name": "陈默", '
        '"type": "contact"}, "conversation": {"id": 12, "channel": "Channel::WebWidget"}}'
    )

    def sniff(self, head: Head) -> float:
        """Sure where a payload has Chatwoot's messages."""
        return sniff_json(head, lambda payload: _claims(payload, 0), KEYS)

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Conversation]:
        """One conversation per Chatwoot conversation; private notes are left out and counted."""
        with Reading(options, report) as reading:
            for record, payload in reading.payloads(path):
                if not isinstance(payload, dict | list) or not _take(reading, payload, {}, 0):
                    reading.skip("a record is no Chatwoot conversation, message or event", record)
            yield from reading.conversations("web")


def _claims(payload: object, depth: int) -> bool:
    if isinstance(payload, list) and depth < DEEPEST_WRAPPER:
        return any(_claims(item, depth + 1) for item in payload[:20])
    body = as_object(payload)
    if _is_message(body) or _is_event(body):
        return True
    inner = (body.get(key) for key in ("payload", "messages", "data"))
    return depth < DEEPEST_WRAPPER and any(_claims(item, depth + 1) for item in inner if item)


def _is_message(body: Json) -> bool:
    marks = ("content", "content_type", "content_attributes", "attachments")
    return _message_type(body) != "" and any(key in body for key in marks)


def _is_event(body: Json) -> bool:
    name = as_text(body.get("event")).rpartition(".")[2]
    about = ("account", "inbox", "inbox_id", "contact_inbox", "meta", "messages", "account_id")
    return name.startswith(("conversation_", "message_", "contact_", "webwidget_")) and any(k in body for k in about)


def _take(reading: Reading, payload: object, around: Json, depth: int) -> bool:
    """Read whatever of a payload is a message or holds some; whether there was anything of Chatwoot's."""
    if isinstance(payload, list):
        return depth < DEEPEST_WRAPPER and sum(_take(reading, item, around, depth + 1) for item in payload) > 0
    body = as_object(payload)
    if _is_message(body):
        return _take_message(reading, body, around)
    around = _conversation_of(body, around)
    known = _is_event(body) or _is_empty_answer(body)
    for key in ("payload", "messages", "data"):
        inner = body.get(key)
        if isinstance(inner, list | dict) and depth < DEEPEST_WRAPPER:
            known = _take(reading, inner, around, depth + 1) or known
    if known and not any(body.get(key) for key in ("payload", "messages", "data")):
        reading.understood += 1
        reading.count("payloads without messages were left out")
    return known


def _is_empty_answer(body: Json) -> bool:
    about = any(key in body for key in ("meta", "inbox_id", "contact_inbox"))
    return about and any(body.get(key) == [] for key in ("payload", "messages"))


def _conversation_of(body: Json, around: Json) -> Json:
    """What an object says of the conversation that its messages belong to."""
    meta = as_object(body.get("meta"))
    return body if "messages" in body else {**around, "meta": meta} if meta else around


def _take_message(reading: Reading, message: Json, around: Json) -> bool:
    reading.understood += 1
    about = as_object(message.get("conversation")) or around
    ids = (message.get("conversation_id"), about.get("id"), about.get("display_id"), around.get("id"))
    thread = reading.thread(next((as_text(i) for i in ids if as_text(i)), ""))
    _describe(reading, thread, message, about)
    if as_flag(message.get("private")):
        reading.count("private notes were left out")
        return True
    kind = _message_type(message)
    entry = Entry(
        role=_role(kind, message),
        text=_text(message),
        sender=_sender(message, kind, about),
        sent_at=reading.time(message.get("created_at"), message.get("updated_at")),
        message_id=as_text(message.get("id")),
        revision=int(as_text(message.get("event")) == "message_updated"),
    )
    if entry.text:
        thread.entries.append(entry)
    else:
        reading.count("messages without any content were left out")
    return True


def _message_type(message: Json) -> str:
    """The type's name from its name or number; by the sender where there is none; empty where unknown."""
    word = as_text(message.get("message_type")).strip().lower()
    word = MESSAGE_TYPES.get(word, word)
    if word in ROLES:
        return word
    sender = _sender_role(message)
    if sender is None or "content" not in message:
        return ""
    return INCOMING if sender is Role.CUSTOMER else OUTGOING


def _sender_role(message: Json) -> Role | None:
    word = first_text(get(message, "sender", "type"), message.get("sender_type")).lower()
    return SENDER_ROLES.get(word)


def _role(kind: str, message: Json) -> Role:
    is_bot = kind == OUTGOING and _sender_role(message) is Role.BOT
    return Role.BOT if is_bot else ROLES[kind]


def _sender(message: Json, kind: str, about: Json) -> str:
    if kind == ACTIVITY:
        return ""
    sender = as_object(message.get("sender"))
    name = first_text(sender.get("available_name"), sender.get("name"))
    if name or kind != INCOMING:
        return name
    fallbacks = (
        get(message, "contact", "name"),
        get(about, "meta", "sender", "name"),
        get(about, "meta", "contact", "name"),
    )
    return first_text(*fallbacks, sender.get("email"), sender.get("phone_number"))


def _text(message: Json) -> str:
    extra = as_object(message.get("content_attributes"))
    if as_flag(extra.get("deleted")):
        return DELETED
    mail = as_object(extra.get("email"))
    content = first_text(message.get("content"), message.get("processed_message_content"))
    content = content or first_text(get(mail, "text_content", "reply"), get(mail, "text_content", "full"))
    if not content:
        markup = first_text(get(mail, "html_content", "reply"), get(mail, "html_content", "full"))
        content = html_to_text(markup)
    elif as_text(message.get("content_type")) == "incoming_email" and re.search(r"</\w+>", content):
        content = html_to_text(content)
    files = objects(message.get("attachments")) or objects([message.get("attachment")])
    marks = [placeholder(file.get("file_type") or file.get("content_type")) for file in files]
    return with_attachments(content, marks)


def _describe(reading: Reading, thread: Thread, message: Json, about: Json) -> None:
    meta = as_object(about.get("meta"))
    inbox = as_object(message.get("inbox"))
    channel = first_text(about.get("channel"), meta.get("channel"), inbox.get("channel_type"), inbox.get("channel"))
    thread.channel = thread.channel or _channel(channel)
    contacts = (get(meta, "sender", "id"), get(meta, "contact", "id"), get(about, "contact_inbox", "contact_id"))
    incoming = get(message, "sender", "id") if _message_type(message) == INCOMING else None
    thread.customer_id = thread.customer_id or first_text(*contacts, incoming) or None
    thread.team = thread.team or first_text(get(meta, "team", "name")) or None
    languages = (get(place, "additional_attributes", "browser_language") for place in (about, meta))
    thread.locale = thread.locale or first_text(*languages, get(about, "additional_attributes", "browser", "language"))
    thread.opened_at = thread.opened_at or reading.time(about.get("created_at"))


def _channel(name: str) -> str:
    word = name.rpartition("::")[2].lower()
    return CHANNELS.get(word, word)


FORMATS.add(Chatwoot.name, Chatwoot())
