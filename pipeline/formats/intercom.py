"""Intercom conversations: objects of its API, lists of them, and webhook notifications.

Source: "Conversations" and "Webhook notifications" of the Intercom REST API reference, versions 1.0 to 2.x.
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

AUTHORS = {
    "user": Role.CUSTOMER,
    "lead": Role.CUSTOMER,
    "contact": Role.CUSTOMER,
    "visitor": Role.CUSTOMER,
    "admin": Role.AGENT,
    "team": Role.AGENT,
    "teammate": Role.AGENT,
    "bot": Role.BOT,
    "fin": Role.BOT,
}
CHANNELS = {
    "conversation": "web",
    "messenger": "web",
    "push": "app",
    "inapp": "web",
    "chat": "web",
    "admin_initiated": "web",
}
KEYS = (
    re.compile(
        r'"(?:conversation_parts|conversation_message|part_type)"\s*:|"notification_event"|"conversation\.list"'
    ),
)
DEEPEST_WRAPPER = 4


class Intercom:
    """Conversations with their parts; notes of the team are left out and counted."""

    name = "intercom"
    title = "Intercom conversation JSON (API objects, lists, webhook notifications)"
    example = (
        '{"type": "conversation", "id": "8801", "created_at": 1767240000, "source": {"type": "conversation", "id": "1", '
        '"body": "<p>I was charged twice</p>", "author": {"type": "user", "id": "u1", "name": "Dana Reyes"}}, '
        '"conversation_parts": {"conversation_parts": [{"id": "2", "part_type": "comment", "created_at": 1767240300, '
        '"body": "<p>Sorry, let me check.</p>", "author": {"type": "admin", "id": "a1", "name": "Ivo"}}]}}'
    )

    def sniff(self, head: Head) -> float:
        """Sure where a payload holds an Intercom conversation or notification."""
        return sniff_json(head, lambda payload: _claims(payload, 0), KEYS)

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Conversation]:
        """One conversation per Intercom conversation id, over all payloads of the file."""
        with Reading(options, report) as reading:
            for record, payload in reading.payloads(path):
                found = list(_conversations(payload, 0))
                for conversation in found:
                    _take(reading, conversation)
                if not found and as_text(get(payload, "type")) == "notification_event":
                    reading.count("notifications about other things than conversations were left out")
                    reading.understood += 1
                elif not found:
                    reading.skip("a record is no Intercom conversation", record)
            yield from reading.conversations("web")


def _claims(payload: object, depth: int) -> bool:
    return as_text(get(payload, "type")) == "notification_event" or any(True for _ in _conversations(payload, depth))


def _conversations(payload: object, depth: int) -> Iterator[Json]:
    """Conversation objects in a payload, also inside lists and notifications."""
    if isinstance(payload, list):
        for item in payload if depth < DEEPEST_WRAPPER else ():
            yield from _conversations(item, depth + 1)
        return
    body = as_object(payload)
    if _is_conversation(body):
        yield body
    elif depth < DEEPEST_WRAPPER:
        for key in ("data", "item", "conversations", "conversation"):
            yield from _conversations(body.get(key), depth + 1)


def _is_conversation(body: Json) -> bool:
    if "conversation_parts" in body or "conversation_message" in body:
        return True
    return as_text(body.get("type")) == "conversation" and isinstance(body.get("source"), dict)


def _take(reading: Reading, body: Json) -> None:
    reading.understood += 1
    thread = reading.thread(as_text(body.get("id")) or as_text(body.get("conversation_id")))
    opening = as_object(body.get("source")) or as_object(body.get("conversation_message"))
    _describe(reading, thread, body, opening)
    names = _names(body)
    if opening:
        identity = as_text(opening.get("id")) or f"{thread.conversation_id}-source"
        times = (opening.get("created_at"), body.get("created_at"))
        _append(reading, thread, names, opening, kind="comment", identity=identity, times=times)
    inner = body.get("conversation_parts")
    parts = inner if isinstance(inner, list) else get(inner, "conversation_parts")
    for part in objects(parts):
        kind = as_text(part.get("part_type")).lower() or "comment"
        times = (part.get("created_at"), part.get("updated_at"))
        _append(reading, thread, names, part, kind=kind, identity=as_text(part.get("id")), times=times)


def _append(
    reading: Reading,
    thread: Thread,
    names: dict[str, str],
    part: Json,
    *,
    kind: str,
    identity: str,
    times: tuple[object, ...],
) -> None:
    if kind.startswith("note"):
        reading.count("private notes were left out")
        return
    author = as_object(part.get("author"))
    text, role = _text(part), _role(part, author)
    if not text and kind in ("comment", "quick_reply"):
        reading.count("messages without any content were left out")
        return
    if not text:
        text, role = f"[{kind[:40]}]", Role.SYSTEM
    sender = (
        ""
        if role is Role.SYSTEM
        else first_text(author.get("name"), names.get(as_text(author.get("id"))), author.get("email"))
    )
    thread.entries.append(Entry(role, text, sender, reading.time(*times), identity))


def _role(part: Json, author: Json) -> Role:
    if as_flag(part.get("from_ai_agent")) or as_flag(author.get("from_ai_agent")):
        return Role.BOT
    return AUTHORS.get(as_text(author.get("type")).lower(), Role.SYSTEM)


def _text(part: Json) -> str:
    if as_flag(part.get("redacted")):
        return DELETED
    text = html_to_text(as_text(part.get("body")))
    subject = html_to_text(as_text(part.get("subject")))
    if subject and subject not in text:
        text = f"{subject}\n{text}".strip()
    files = objects(part.get("attachments"))
    marks = [placeholder(file.get("content_type") or file.get("type")) for file in files]
    return with_attachments(text, marks)


def _names(body: Json) -> dict[str, str]:
    """Names by id, for authors that are named elsewhere in the conversation."""
    people = [as_object(body.get(key)) for key in ("user", "assignee", "customer", "contact", "lead")]
    for key in ("contacts", "teammates", "customers", "admins"):
        inner = body.get(key)
        people += objects(inner if isinstance(inner, list) else get(inner, key))
    return {as_text(p.get("id")): first_text(p.get("name"), p.get("email")) for p in people if p.get("id")}


def _describe(reading: Reading, thread: Thread, body: Json, opening: Json) -> None:
    kind = first_text(opening.get("type"), opening.get("delivered_as")).lower()
    if kind and kind != "conversation_message":
        thread.channel = thread.channel or CHANNELS.get(kind, kind)
    contacts = objects(get(body, "contacts", "contacts")) or objects(body.get("contacts"))
    author = as_object(opening.get("author"))
    by_customer = AUTHORS.get(as_text(author.get("type")).lower()) is Role.CUSTOMER
    ids = [get(body, "user", "id"), *(c.get("id") for c in contacts[:1]), author.get("id") if by_customer else None]
    thread.customer_id = thread.customer_id or first_text(*ids) or None
    thread.opened_at = thread.opened_at or reading.time(body.get("created_at"))


FORMATS.add(Intercom.name, Intercom())
