"""WhatsApp Cloud API webhook bodies.

Source: "Webhooks" of the WhatsApp Business Platform documentation: fields ``messages``, ``message_echoes``,
``smb_message_echoes`` and ``history``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.json_chat import Entry, Reading, fingerprint
from pipeline.formats.json_fields import Json, as_object, as_text, first_text, get, objects
from pipeline.formats.json_source import JsonError, parse, sniff_json
from pipeline.formats.sessions import split_sessions
from pipeline.formats.whatsapp_messages import UNSUPPORTED, message_text, message_type
from pipeline.identity import digest
from pipeline.records import Conversation, Role

ACCOUNT = "whatsapp_business_account"
LISTS = ("messages", "message_echoes", "smb_message_echoes")
OTHER_LISTS = ("statuses", "calls", "errors", "user_preferences", "state_sync", "groups")
CHANGES = ("edit", "revoke")
DEEPEST_WRAPPER = 5
KEYS = (re.compile(r'"whatsapp_business_account"|"messaging_product"\s*:\s*"whatsapp"'),)
DIGITS = re.compile(r"\D+")


@dataclass(slots=True)
class _State:
    reading: Reading
    names: dict[str, str] = field(default_factory=dict)
    """Profile names by WhatsApp id, as contacts give them."""


class WhatsAppCloud:
    """Webhook bodies, one, many, one a line, or as values of an object of named cases."""

    name = "whatsapp_cloud"
    title = "WhatsApp Cloud API webhook JSON (one body, a list, or one a line)"
    example = (
        '{"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": '
        '{"messaging_product": "whatsapp", "metadata": {"phone_number_id": "9001"}, "contacts": [{"profile": {"name": '
        '"林晓"}, "wa_id": "8613800001234"}], "messages": [{"from": "8613800001234", "id": "wamid.1", "timestamp": '
        '"1767240000", "type": "text", "text": {"body": "包裹还没到"}}]}}]}]}'
    )

    def sniff(self, head: Head) -> float:
        """Sure where the head names a WhatsApp business account."""
        return sniff_json(head, lambda payload: bool(list(_values(payload, 0))), KEYS)

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Conversation]:
        """One conversation per business number and customer, cut where nothing was said for ``session_gap``."""
        with Reading(options, report) as reading:
            state = _State(reading)
            for record, payload in reading.payloads(path):
                values = list(_values(payload, 0))
                reading.understood += bool(values)
                if not values:
                    reading.skip("a record is no WhatsApp Cloud API body", record)
                for change, value in values:
                    _take_value(state, change, value)
            for whole in reading.conversations("whatsapp"):
                yield from _sessions(whole, options.session_gap)


def _sessions(whole: Conversation, gap: timedelta) -> Iterator[Conversation]:
    for messages in split_sessions(whole.messages, gap):
        # Neither id shows the customer's number: ids are stored and printed as they are.
        conversation_id = digest(whole.conversation_id, messages[0].message_id, messages[0].sent_at.isoformat())
        yield replace(whole, conversation_id=conversation_id, messages=messages)


def _values(payload: object, depth: int) -> Iterator[tuple[str, Json]]:
    """Every ``value`` of a body with its field, also where bodies are wrapped, named or strings of JSON."""
    if isinstance(payload, str) and payload.lstrip()[:1] in ("{", "["):
        try:
            payload = parse(payload)
        except JsonError:
            return
    if isinstance(payload, list):
        for item in payload if depth < DEEPEST_WRAPPER else ():
            yield from _values(item, depth + 1)
    elif isinstance(payload, dict):
        yield from _values_of_object(payload, depth)


def _values_of_object(payload: Json, depth: int) -> Iterator[tuple[str, Json]]:
    stated = payload.get("object")
    if isinstance(stated, str) and stated != ACCOUNT:  # a page or another product of the same platform
        return
    if isinstance(payload.get("entry"), list):
        for entry in objects(payload["entry"]):
            for change in objects(entry.get("changes")):
                yield as_text(change.get("field")), as_object(change.get("value"))
    elif stated == ACCOUNT or payload.get("messaging_product") == "whatsapp":
        yield "", payload
    elif isinstance(payload.get("value"), dict) and "field" in payload:
        yield as_text(payload["field"]), payload["value"]
    elif depth < DEEPEST_WRAPPER:
        for item in payload.values():
            yield from _values(item, depth + 1) if isinstance(item, dict | list | str) else ()


def _take_value(state: _State, change: str, value: Json) -> None:
    found = False
    for contact in objects(value.get("contacts")):
        name = first_text(get(contact, "profile", "name"), get(contact, "profile", "username"))
        if name:
            state.names.update({as_text(contact.get(key)): name for key in ("wa_id", "user_id") if contact.get(key)})
    for kind in LISTS:
        for message in objects(value.get(kind)):
            found = True
            _take(state, value, message, is_echo=kind != "messages", thread_id="")
    for chunk in objects(value.get("history")):
        for thread in objects(chunk.get("threads")):
            for message in objects(thread.get("messages")):
                found = True
                _take(state, value, message, is_echo=False, thread_id=as_text(thread.get("id")))
    for kind in OTHER_LISTS:
        if isinstance(value.get(kind), list) and value[kind]:
            found = True
            state.reading.count(f"webhook {kind} are no messages and were left out", len(value[kind]))
    if not found:
        state.reading.count(f'webhook changes without messages ("{change[:40] or "no field"}") were left out')


def _take(state: _State, value: Json, message: Json, *, is_echo: bool, thread_id: str) -> None:
    business = _number(get(value, "metadata", "display_phone_number"))
    desk = as_text(get(value, "metadata", "phone_number_id")) or business
    from_business = is_echo or get(message, "history_context", "from_me") is True or _is_desk(message, business, desk)
    customer = thread_id or _customer(value, message, business, from_business=from_business)
    thread = state.reading.thread(digest("whatsapp", desk, customer))
    thread.customer_id = digest("whatsapp", customer) if customer else None
    thread.entries.append(_entry(state, value, message, customer, from_business=from_business))


def _entry(state: _State, value: Json, message: Json, customer: str, *, from_business: bool) -> Entry:
    text = message_text(message)
    if text == UNSUPPORTED:
        state.reading.count("messages of a type that WhatsApp does not pass on, kept as [unsupported]")
    kind = message_type(message)
    is_system = kind in ("system", "request_welcome")
    role = Role.SYSTEM if is_system else Role.AGENT if from_business else Role.CUSTOMER
    number = as_text(message.get("from"))
    name = state.names.get(customer) or state.names.get(as_text(message.get("from_user_id"))) or number
    desk = first_text(get(value, "metadata", "verified_name"), get(value, "metadata", "display_phone_number"))
    sender = "" if is_system else (desk or number) if from_business else name
    return Entry(
        role=role,
        text=text,
        sender=sender,
        sent_at=state.reading.time(message.get("timestamp")),
        message_id=first_text(message.get("id")),
        content=fingerprint(message),
        changes=first_text(get(message, kind, "original_message_id")) if kind in CHANGES else "",
    )


def _customer(value: Json, message: Json, business: str, *, from_business: bool) -> str:
    """WhatsApp id of the customer's side of a message."""
    contacts = [as_text(c.get("wa_id") or c.get("user_id")) for c in objects(value.get("contacts"))]
    if message.get("group_id"):
        return as_text(message["group_id"])
    if len(contacts) == 1 and contacts[0]:
        return contacts[0]
    names: tuple[Any, ...] = ("to", "to_user_id") if from_business else ("from", "from_user_id")
    found = [as_text(message.get(name)) for name in names]
    return next((number for number in found if number and _number(number) != business), found[0])


def _is_desk(message: Json, business: str, desk: str) -> bool:
    sender = as_text(message.get("from"))
    return bool(sender) and (sender == desk or (bool(business) and _number(sender) == business))


def _number(value: object) -> str:
    return DIGITS.sub("", as_text(value))


FORMATS.add(WhatsAppCloud.name, WhatsAppCloud())
