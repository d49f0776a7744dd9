"""Freshdesk tickets with their conversations, and Freshchat conversations.

Source: "Tickets" and "Conversations" of the Freshdesk API (v2), "Conversations" and "Webhooks" of the Freshchat API (v2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.formats import freshchat
from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.html_text import has_marked_quote, html_to_text
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

SOURCES = {
    "1": "email",
    "2": "web",
    "3": "phone",
    "4": "forum",
    "5": "twitter",
    "6": "facebook",
    "7": "web",
    "9": "web",
    "10": "email",
    "11": "web",
    "13": "whatsapp",
}
OUTBOUND_EMAIL = "10"
NOTE_LISTS = ("conversations", "notes")
MARKS = ("incoming", "body_text", "body_html")
KEYS = (
    re.compile(r'"(?:conversations|notes|body_text|description_text|message_parts)"\s*:'),
    re.compile(r'"(?:incoming|responder_id|description_text|actor_type)"\s*:'),
)
DEEPEST_WRAPPER = 6


class Freshdesk:
    """Tickets with replies, in any order of time; private notes are left out and counted."""

    name = "freshdesk"
    title = "Freshdesk tickets with conversations, and Freshchat conversations (JSON)"
    example = (
        '{"ticket": {"id": 5001, "requester_id": 9, "source": 1, "created_at": "2026-05-01T02:00:00Z", '
        '"description_text": "耳机右边没有声音"}, "conversations": [{"id": 1, "incoming": false, "private": false, '
        '"user_id": 3, "created_at": "2026-05-01T03:00:00Z", "body_text": "抱歉，我们马上给您换新"}]}'
    )

    def sniff(self, head: Head) -> float:
        """Sure where a payload holds Freshdesk's tickets or Freshchat's messages."""
        return sniff_json(head, lambda payload: any(True for _ in _parts(payload, {}, 0)), KEYS)

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Conversation]:
        """One conversation per ticket or chat; the ticket's description is its first message."""
        with Reading(options, report) as reading:
            for record, payload in reading.payloads(path):
                found = False
                for kind, body, around in _parts(payload, {}, 0):
                    found = True
                    reading.understood += 1
                    if kind == "ticket":
                        _take_ticket(reading, body)
                    elif kind == "note":
                        _take_note(reading, reading.thread(as_text(body.get("ticket_id"))), body, {}, "")
                    else:
                        freshchat.take(reading, kind, body, around)
                if not found:
                    reading.skip("a record is no Freshdesk ticket or Freshchat conversation", record)
            yield from reading.conversations("email")


def _parts(payload: object, around: Json, depth: int) -> Iterator[tuple[str, Json, Json]]:
    """What a payload holds: kind, object and the chat around it."""
    if isinstance(payload, list):
        for item in payload if depth < DEEPEST_WRAPPER else ():
            yield from _parts(item, around, depth + 1)
        return
    body = as_object(payload)
    kind = freshchat.kind(body) or ("ticket" if _is_ticket(body) else "note" if _is_note(body) else "")
    if kind:
        yield kind, body, around
    elif depth < DEEPEST_WRAPPER:
        chat = {**around, **{key: value for key, value in body.items() if key not in ("data", "message")}}
        for key in ("tickets", "ticket", "results", "data", "conversations", "conversation", "messages", "message"):
            inner = body.get(key)
            yield from _parts(inner, chat, depth + 1) if isinstance(inner, dict | list) else ()


def _notes(body: Json) -> list[Json]:
    found = [note for key in NOTE_LISTS for note in objects(body.get(key))]
    return [as_object(note.get("helpdesk_note")) or as_object(note.get("note")) or note for note in found]


def _is_note(body: Json) -> bool:
    return any(mark in body for mark in MARKS) and ("user_id" in body or "ticket_id" in body or "private" in body)


def _is_ticket(body: Json) -> bool:
    ticket = _ticket(body)
    if any(_is_note(note) for note in _notes(body) or _notes(ticket)):
        return True
    about = ("requester_id", "responder_id", "description_text", "description_html")
    listed = any(isinstance(place.get(key), list) for place in (body, ticket) for key in NOTE_LISTS)
    return any(key in ticket for key in about) and (listed or "description_text" in ticket)


def _ticket(body: Json) -> Json:
    return as_object(body.get("ticket")) or as_object(body.get("helpdesk_ticket")) or body


def _take_ticket(reading: Reading, body: Json) -> None:
    ticket = _ticket(body)
    notes = [*_notes(body), *(_notes(ticket) if ticket is not body else [])]
    ids = (ticket.get("id"), ticket.get("display_id"), *(note.get("ticket_id") for note in notes))
    thread = reading.thread(first_text(*ids))
    source = as_text(ticket.get("source"))
    thread.channel = thread.channel or SOURCES.get(source, "")
    requester = as_text(ticket.get("requester_id")) or as_text(get(ticket, "requester", "id"))
    thread.customer_id = thread.customer_id or requester or None
    thread.opened_at = thread.opened_at or reading.time(ticket.get("created_at"))
    text = _text(ticket, "description")
    if text:
        role = Role.AGENT if source == OUTBOUND_EMAIL else Role.CUSTOMER
        person = ticket.get("responder") if role is Role.AGENT else ticket.get("requester") or body.get("requester")
        identity = f"ticket-{thread.conversation_id}"
        thread.entries.append(Entry(role, text, _name(person), thread.opened_at, identity))
    for note in notes:
        _take_note(reading, thread, note, ticket, requester)


def _take_note(reading: Reading, thread: Thread, note: Json, ticket: Json, requester: str) -> None:
    if as_flag(note.get("private")):
        reading.count("private notes were left out")
        return
    text = DELETED if as_flag(note.get("deleted")) else _text(note, "body")
    if not text:
        reading.count("messages without any content were left out")
        return
    author = as_text(note.get("user_id"))
    incoming = as_flag(note.get("incoming"))
    is_customer = incoming if incoming is not None else bool(author) and author == requester
    is_machine = not is_customer and first_text(note.get("automation_id"), note.get("automation_type_id")) not in (
        "",
        "0",
    )
    role = Role.CUSTOMER if is_customer else Role.BOT if is_machine else Role.AGENT
    person = note.get("user") or (ticket.get("requester") if author == requester else ticket.get("responder"))
    sender = _name(person) or first_text(note.get("from_email"))
    time = reading.time(note.get("created_at"), note.get("updated_at"))
    thread.entries.append(Entry(role, text, sender, time, as_text(note.get("id"))))


def _name(person: object) -> str:
    return first_text(get(person, "name"), get(person, "email"))


def _text(item: Json, name: str) -> str:
    """Plain words of ``name``: its plain form where there is one, unless only the HTML marks what is quoted."""
    markup = as_text(item.get(name)) or as_text(item.get(f"{name}_html"))
    plain = first_text(item.get(f"{name}_text"))
    text = html_to_text(markup) if not plain or has_marked_quote(markup) else plain
    files = objects(item.get("attachments"))
    return with_attachments(text, [placeholder(file.get("content_type")) for file in files])


FORMATS.add(Freshdesk.name, Freshdesk())
