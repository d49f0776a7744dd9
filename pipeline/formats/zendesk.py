"""Zendesk: tickets with comments, ticket audits and events, chats, and messages of Sunshine Conversations.

Source: "Tickets", "Ticket Comments", "Ticket Audits" and "Incremental Exports" of the Zendesk Support API reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.formats import zendesk_chats as chats
from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.html_text import html_to_text
from pipeline.formats.json_chat import Entry, Reading, Thread
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

CHANNELS = {
    "web_service": "web",
    "mobile": "app",
    "mobile_sdk": "app",
    "chat": "web",
    "native_messaging": "web",
    "messaging": "web",
    "web_widget": "web",
    "voice": "phone",
    "twitter_dm": "twitter",
    "facebook_message": "facebook",
    "instagram_dm": "instagram",
}
MACHINES = ("rule", "trigger", "automation", "system")
COMMENTS = ("comment", "voicecomment", "voiceapicomment", "commentevent", "facebookcomment")
HOLDERS = ("data", "payload", "events", "messages", "docs", "results", "response", "conversation_history", "detail")
KEYS = (
    re.compile(
        r'"chat\.msg"|"comments"\s*:|"audits"\s*:|"ticket_events"\s*:|"conversation:message"|"appMaker"|"author"\s*:\s*\{\s*"[^"]*"\s*:'
        r'|"zen:event-type'
    ),
    re.compile(
        r'"chat\.msg"|"(?:author_id|requester_id|submitter_id|public|html_body|ticket_id)"\s*:|"appUser"|"(?:displayName|userId)"\s*:'
        r'|"zen:event-type'
    ),
)
DEEPEST_WRAPPER = 6


@dataclass(slots=True)
class _People:
    """Users that payloads name, over the whole file, by id."""

    names: dict[str, str] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)

    def learn(self, users: object) -> None:
        for user in objects(users):
            identity, role = as_text(user.get("id")), chats.SENDERS.get(as_text(user.get("role")).lower())
            if identity:
                self.names[identity] = first_text(user.get("name"), user.get("email")) or self.names.get(identity, "")
            if identity and role is not None:
                self.roles[identity] = role


class Zendesk:
    """Exports and webhooks of Zendesk; internal notes are left out and counted."""

    name = "zendesk"
    title = "Zendesk JSON (tickets with comments, audits, chats, messaging)"
    example = (
        '{"ticket": {"id": 301, "requester_id": 7, "via": {"channel": "email"}}, "comments": [{"id": 1, "author_id": 7, '
        '"public": true, "body": "Still no refund after two weeks", "created_at": "2026-05-01T02:00:00Z"}], '
        '"users": [{"id": 7, "name": "Ines Okafor", "role": "end-user"}]}'
    )

    def sniff(self, head: Head) -> float:
        """Sure where a payload holds Zendesk's tickets, chats or messages."""
        return sniff_json(head, lambda payload: any(True for _ in _parts(payload, {}, 0)), KEYS)

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Conversation]:
        """One conversation per ticket, chat or messaging conversation."""
        with Reading(options, report) as reading:
            people = _People()
            for record, payload in reading.payloads(path):
                found = False
                for kind, body, around in _parts(payload, {}, 0):
                    found = True
                    _take(reading, people, kind, body, around)
                if not found:
                    reading.skip("a record is no Zendesk ticket, chat or message", record)
            yield from reading.conversations("web")


def _parts(payload: object, around: Json, depth: int) -> Iterator[tuple[str, Json, Json]]:
    """What a payload holds: kind, object and the object around it that says whose it is."""
    if isinstance(payload, list):
        for item in payload if depth < DEEPEST_WRAPPER else ():
            yield from _parts(item, around, depth + 1)
        return
    body = as_object(payload)
    if chats.is_chat(body):
        yield "chat", body, around
    elif chats.is_live_message(body):
        yield "live", body, around
    elif _is_messaging_event(body):
        yield "event", body, around
    elif _is_ticket(body):
        yield "ticket", body, around
    elif _is_comment(body):
        yield "ticket", {"comments": [body]}, around
    elif depth < DEEPEST_WRAPPER:
        yield from _inside(body, around, depth)


def _inside(body: Json, around: Json, depth: int) -> Iterator[tuple[str, Json, Json]]:
    shared: Json = dict(around)
    shared.update({key: body[key] for key in ("users", "conversation", "appUser", "createdAt") if key in body})
    for key in ("tickets", "ticket", "chats", "chat", "message", "ticket_events", *HOLDERS):
        inner = body.get(key)
        if key == "docs" and isinstance(inner, dict):
            inner = list(inner.values())
        yield from _parts(inner, shared, depth + 1) if isinstance(inner, dict | list) else ()


def _is_ticket(body: Json) -> bool:
    """Whether an object is a ticket or holds the comments, audits or events of one."""
    for key, marks in (
        ("comments", ("author_id", "public", "html_body", "plain_body", "author")),
        ("audits", ("ticket_id", "author_id", "events")),
        ("events", ("author_id", "body", "field_name", "html_body")),
        ("child_events", ("event_type", "comment_present")),
    ):
        if any(mark in item for item in objects(body.get(key)) for mark in marks):
            return True
    if "ticket" in body and isinstance(body.get("comments"), list):
        return True
    is_zendesk = isinstance(body.get("via"), dict) and "requester_id" in body
    return is_zendesk and ("description" in body or "comments" in body or "comment" in body)


def _is_comment(body: Json) -> bool:
    return "author_id" in body and "body" in body and ("public" in body or "html_body" in body)


def _is_messaging_event(body: Json) -> bool:
    return as_text(body.get("type")).startswith("zen:event-type:messaging") and isinstance(
        get(body, "event", "message"), dict
    )


def _take(reading: Reading, people: _People, kind: str, body: Json, around: Json) -> None:
    if kind == "chat":
        chats.take_chat(reading, body)
    elif kind == "live":
        chats.take_live(reading, body, around)
    elif kind == "event":
        _take_event(reading, body)
    else:
        people.learn(around.get("users"))
        people.learn(body.get("users"))
        _take_ticket(reading, people, body)


def _take_event(reading: Reading, body: Json) -> None:
    reading.understood += 1
    event = as_object(body.get("event"))
    thread = reading.thread(first_text(event.get("conversation_id"), get(body, "detail", "id")))
    message, actor = as_object(event.get("message")), as_object(event.get("actor"))
    role = chats.SENDERS.get(as_text(actor.get("type")).lower(), Role.SYSTEM)
    role = Role.BOT if role is Role.SYSTEM and actor else role
    text = first_text(message.get("body"), message.get("text"))
    if text:
        time = reading.time(body.get("time"))
        thread.entries.append(Entry(role, text, first_text(actor.get("name")), time, as_text(message.get("id"))))


def _take_ticket(reading: Reading, people: _People, body: Json) -> None:
    reading.understood += 1
    ticket = as_object(body.get("ticket")) or body
    comments = [*objects(body.get("comments")), *(objects(ticket.get("comments")) if ticket is not body else [])]
    audits = objects(body.get("audits")) or ([body] if objects(body.get("events")) or "child_events" in body else [])
    ids = [ticket.get("id")] if audits != [body] else []
    ids += [body.get("ticket_id"), *(item.get("ticket_id") for item in (*audits, *comments))]
    thread = reading.thread(first_text(*ids))
    people.learn([comment.get("author") for comment in comments])
    people.learn([ticket.get("requester"), ticket.get("submitter"), ticket.get("assignee")])
    _describe(reading, thread, ticket, [*comments, *audits])
    requester = as_text(ticket.get("requester_id")) or as_text(get(ticket, "requester", "id"))
    thread.customer_id = thread.customer_id or requester or None
    _find_customer(reading, people, thread, [*comments, *audits])
    for audit in audits:
        _take_audit(reading, people, thread, audit)
    for comment in comments:
        _take_comment(reading, people, thread, comment, {})
    if not comments and not audits and first_text(ticket.get("description")):
        opening = {"body": ticket["description"], "author_id": requester, "id": f"ticket-{thread.conversation_id}"}
        _take_comment(reading, people, thread, opening, ticket)


def _take_audit(reading: Reading, people: _People, thread: Thread, audit: Json) -> None:
    for event in objects(audit.get("events")) or objects(audit.get("child_events")):
        kind = first_text(event.get("type"), event.get("event_type")).lower()
        history = get(event, "value", "history")
        if kind in COMMENTS:
            _take_comment(reading, people, thread, event, audit)
        elif isinstance(history, list):
            chats.take_history(reading, thread, history, first_text(get(event, "value", "visitor", "name")))
        else:
            reading.count("changes of ticket fields and other audit events were left out")


def _take_comment(reading: Reading, people: _People, thread: Thread, comment: Json, audit: Json) -> None:
    if as_flag(comment.get("public")) is False:
        reading.count("private notes were left out")
        return
    text = _text(comment)
    if not text:
        reading.count("messages without any content were left out")
        return
    author = as_object(comment.get("author"))
    ids = (comment.get("author_id"), author.get("id"), audit.get("author_id"), audit.get("updater_id"))
    identity = first_text(*ids)
    machine = as_text(get(comment, "via", "channel") or get(audit, "via", "channel")).lower() in MACHINES
    role = Role.BOT if machine or identity == "-1" else _role(people, thread, identity)
    times = (comment.get("created_at"), audit.get("created_at"), audit.get("timestamp"), comment.get("timestamp"))
    sender = people.names.get(identity) or first_text(author.get("name"))
    thread.entries.append(Entry(role, text, sender, reading.time(*times), as_text(comment.get("id"))))


def _find_customer(reading: Reading, people: _People, thread: Thread, parts: list[Json]) -> None:
    """Where neither ticket nor users say who asked, whoever wrote first did."""
    timed = [(reading.time(part.get("created_at")), first_text(part.get("author_id"))) for part in parts]
    dated = [(time, author) for time, author in timed if time is not None and author]
    first = min(dated)[1] if dated else next((author for _, author in timed if author), "")
    if thread.customer_id or not first or any(people.roles.get(author) is Role.CUSTOMER for _, author in timed):
        return
    thread.customer_id = first
    reading.report.note("tickets that do not say who asked: the author of the first comment is taken as the customer")


def _role(people: _People, thread: Thread, author: str) -> Role:
    """The requester is the customer; others are what the account says, else agents."""
    if author and author == thread.customer_id:
        return Role.CUSTOMER
    return people.roles.get(author, Role.AGENT if author else Role.CUSTOMER)


def _text(comment: Json) -> str:
    text = first_text(comment.get("body"), comment.get("plain_body"))
    if not text:
        text = html_to_text(as_text(comment.get("html_body")))
    files = objects(comment.get("attachments"))
    return with_attachments(text, [placeholder(file.get("content_type")) for file in files])


def _describe(reading: Reading, thread: Thread, ticket: Json, parts: list[Json]) -> None:
    places = [get(ticket, "via", "channel"), *(get(part, "via", "channel") for part in parts[:1])]
    channel = first_text(*places).lower()
    thread.channel = thread.channel or CHANNELS.get(channel, channel)
    thread.locale = thread.locale or first_text(ticket.get("locale"))
    thread.opened_at = thread.opened_at or reading.time(ticket.get("created_at"))


FORMATS.add(Zendesk.name, Zendesk())
