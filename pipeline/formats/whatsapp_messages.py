"""Text of one WhatsApp Cloud API message, by its type.

Source: "Webhooks, messages" of the WhatsApp Business Platform documentation.
"""

from __future__ import annotations

import json

from pipeline.formats.json_chat import DELETED
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

UNSUPPORTED = "[unsupported]"
MEDIA_TYPES = ("image", "video", "audio", "voice", "document", "sticker")
HIDDEN_ANSWERS = ("flow_token", "token", "id")


def message_text(message: Json) -> str:
    """Words of a message; a mark in brackets for what has none, ``[unsupported]`` for an unknown type.

    Media keep their captions, buttons and list rows give their titles, forms their answers, reactions their emoji.
    """
    kind = message_type(message)
    body = as_object(message.get(kind))
    if kind == "text":
        return first_text(body.get("body"), message.get("text"), body.get("text")) or UNSUPPORTED
    if kind in MEDIA_TYPES:
        return with_attachments(first_text(body.get("caption")), [placeholder(kind)])
    if kind == "location":
        places = [first_text(body.get(name)) for name in ("name", "address")]
        return with_attachments(", ".join(p for p in places if p), [placeholder(kind)])
    if kind == "contacts":
        return placeholder(kind)
    if kind == "interactive":
        return _interactive(body)
    return _other(kind, body, message)


def message_type(message: Json) -> str:
    """The stated type, else the first field that names a known one."""
    stated = as_text(message.get("type")).strip().lower()
    if stated:
        return stated
    known = ("text", *MEDIA_TYPES, "location", "contacts", "interactive", "button", "reaction", "order", "system")
    return next((kind for kind in known if kind in message), "")


def _other(kind: str, body: Json, message: Json) -> str:
    if kind == "button":
        return first_text(body.get("text"), body.get("payload")) or UNSUPPORTED
    if kind == "reaction":
        return first_text(body.get("emoji")) or "[reaction removed]"
    if kind == "order":
        return with_attachments(first_text(body.get("text")), ["[order]"])
    if kind == "template":
        words = [first_text(get(part, "text")) for part in objects(body.get("components"))]
        return " ".join(w for w in words if w) or f"[template] {first_text(body.get('name'))}".strip()
    if kind == "edit":
        return message_text(as_object(body.get("message"))) if get(body, "message", "type") != "edit" else UNSUPPORTED
    if kind in ("revoke", "revoked", "deleted"):
        return DELETED
    if kind == "system":
        return first_text(body.get("body"), message.get("system"), body.get("type")) or "[system]"
    if kind == "request_welcome":
        return "[chat opened]"
    return first_text(body.get("body"), body.get("text"), body.get("caption")) or UNSUPPORTED


def _interactive(body: Json) -> str:
    reply = as_object(body.get(as_text(body.get("type"))))
    for name in ("button_reply", "list_reply"):
        title = first_text(get(body, name, "title"), get(body, name, "id"))
        if title:
            return title
    if "nfm_reply" in body:
        return _form(as_object(body["nfm_reply"]))
    if "call_permission_reply" in body:
        return f"[call permission] {first_text(reply.get('response'))}".strip()
    return first_text(get(body, "body", "text"), reply.get("title"), reply.get("body")) or UNSUPPORTED


def _form(reply: Json) -> str:
    """Answers given in a form (WhatsApp Flow); its technical fields are left out."""
    answers = reply.get("response_json")
    if isinstance(answers, str):
        try:
            answers = json.loads(answers)
        except (ValueError, RecursionError):
            answers = None
    fields = as_object(answers)
    words = [first_text(value) for name, value in fields.items() if name not in HIDDEN_ANSWERS]
    said = "; ".join(word for word in words if word)
    return f"[form] {said}" if said else first_text(reply.get("body"), reply.get("name")) or "[form]"
