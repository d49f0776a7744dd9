"""JSON forms of the records: canonical conversations (both ways) and scoring output.

The canonical conversation is the codebook's; ``conversation_schema`` derives its JSON Schema
from the same tables that the parser uses (committed as ``pipeline/conversation.schema.json``).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeVar

from pipeline.errors import BadRecord
from pipeline.records import (
    ActName,
    AgentLabels,
    Alert,
    Annotation,
    Assessment,
    Conversation,
    ConversationLabels,
    CustomerLabels,
    Message,
    MessageResult,
    Outcome,
    Polarity,
    Role,
    Signal,
    SignalName,
    Stage,
)

E = TypeVar("E", bound=StrEnum)
Json = dict[str, Any]

CONVERSATION_FIELDS = {
    "conversation_id": str,
    "channel": str,
    "locale": str,
    "source": str,
    "team": str,
    "customer_id": str,
    "messages": list,
    "labels": dict,
}
MESSAGE_FIELDS = {"id": str, "ts": str, "role": str, "sender": str, "text": str, "seq": int}
REQUIRED_CONVERSATION_FIELDS = ("conversation_id", "messages")
REQUIRED_MESSAGE_FIELDS = ("id", "ts", "role", "text")

_ROLES = {role.value: role for role in Role}
TYPE_NAMES = {str: "string", int: "integer", list: "array", dict: "object"}


def parse_time(value: str) -> datetime:
    """An RFC 3339 time with an offset; raises ``BadRecord`` with what is missing."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise BadRecord("a time is not RFC 3339", value=value[:40], fix="write 2026-05-01T10:00:00+08:00.") from None
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise BadRecord("a time has no offset", value=value[:40], fix="append Z or +08:00.")
    return moment


def conversation_from_json(row: object, *, unknown: Counter[str] | None = None) -> Conversation:
    """Parse one canonical conversation.

    Args:
        row: a decoded JSON value.
        unknown: where given, fields that the format does not have are counted here by name; they are never an error.

    Raises:
        BadRecord: names the field, the value's type and the remedy. One bad message makes the conversation bad
            (readers that can keep the rest parse messages one by one).
    """
    fields = _fields(row, CONVERSATION_FIELDS, REQUIRED_CONVERSATION_FIELDS, "conversation", unknown)
    messages = [message_from_json(m, unknown=unknown) for m in fields["messages"]]
    seen: set[str] = set()
    for message in messages:
        if message.message_id in seen:
            raise BadRecord("a message id stands twice in a conversation", value=message.message_id[:40])
        seen.add(message.message_id)
    labels = fields.get("labels")
    return Conversation(
        conversation_id=fields["conversation_id"],
        messages=in_time_order(messages),
        channel=fields.get("channel") or "unknown",
        locale=fields.get("locale") or "",
        source=fields.get("source") or "default",
        team=fields.get("team"),
        customer_id=fields.get("customer_id"),
        labels=None if labels is None else annotation_from_json(labels),
    )


def message_from_json(row: object, *, unknown: Counter[str] | None = None) -> Message:
    """Parse one canonical message; raises ``BadRecord`` as ``conversation_from_json`` does."""
    fields = _fields(row, MESSAGE_FIELDS, REQUIRED_MESSAGE_FIELDS, "message", unknown)
    return Message(
        message_id=fields["id"],
        sent_at=parse_time(fields["ts"]),
        role=_ROLES.get(fields["role"]) or _member(Role, fields["role"], "role"),
        sender=fields.get("sender") or "",
        text=fields["text"],
        seq=fields.get("seq"),
    )


def in_time_order(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Messages by time, then ``seq``, then order in the source (the sort is stable)."""
    if all(earlier.sent_at < later.sent_at for earlier, later in pairwise(messages)):
        return tuple(messages)
    return tuple(sorted(messages, key=lambda m: (m.sent_at, m.seq if m.seq is not None else 0)))


def annotation_from_json(row: object) -> Annotation:
    """Parse the ``labels`` of an annotated conversation; raises ``BadRecord``."""
    try:
        parts = dict(row)  # type: ignore[call-overload]
        whole = parts["conversation"]
        return Annotation(
            conversation=ConversationLabels(
                categories=tuple(str(c) for c in whole["categories"]),
                stage=_member(Stage, whole["stage"], "stage"),
                escalated=bool(whole["escalated"]),
                escalation_at=whole["escalation_at"],
                outcome=_member(Outcome, whole["outcome"], "outcome"),
                csat=int(whole["csat"]),
            ),
            messages={str(k): _message_labels(v) for k, v in parts["messages"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadRecord(f"labels do not follow the codebook ({type(error).__name__}: {str(error)[:40]})") from error


def _message_labels(row: Mapping[str, Any]) -> CustomerLabels | AgentLabels:
    if "acts" in row:
        return AgentLabels(acts=tuple(_member(ActName, a, "act") for a in row["acts"]))
    levels = (int(row["anger"]), int(row["frustration"]))
    if not all(0 <= level <= 3 for level in levels):
        raise ValueError("a level is outside 0..3")
    return CustomerLabels(
        anger=levels[0],
        frustration=levels[1],
        polarity=_member(Polarity, row["polarity"], "polarity"),
        signals=tuple(_member(SignalName, s, "signal") for s in row["signals"]),
    )


def conversation_to_json(conversation: Conversation) -> Json:
    """The canonical form; fields without a value are left out."""
    row: Json = {"conversation_id": conversation.conversation_id, "channel": conversation.channel}
    for name in ("locale", "source", "team", "customer_id"):
        value = getattr(conversation, name)
        if value and (name, value) != ("source", "default"):
            row[name] = value
    row["messages"] = [message_to_json(m) for m in conversation.messages]
    if conversation.labels is not None:
        row["labels"] = _annotation_to_json(conversation.labels)
    return row


def message_to_json(message: Message) -> Json:
    """The canonical form of one message."""
    row: Json = {
        "id": message.message_id,
        "ts": message.sent_at.isoformat(),
        "role": message.role.value,
        "sender": message.sender,
        "text": message.text,
    }
    if message.seq is not None:
        row["seq"] = message.seq
    return row


def _annotation_to_json(labels: Annotation) -> Json:
    whole = labels.conversation
    return {
        "conversation": {
            "categories": list(whole.categories),
            "stage": whole.stage.value,
            "escalated": whole.escalated,
            "escalation_at": whole.escalation_at,
            "outcome": whole.outcome.value,
            "csat": whole.csat,
        },
        "messages": {
            key: {"acts": [a.value for a in value.acts]}
            if isinstance(value, AgentLabels)
            else {
                "anger": value.anger,
                "frustration": value.frustration,
                "polarity": value.polarity.value,
                "signals": [s.value for s in value.signals],
            }
            for key, value in labels.messages.items()
        },
    }


def assessment_to_json(assessment: Assessment) -> Json:
    """The scoring output of one conversation."""
    whole = assessment.conversation
    return {
        "conversation_id": assessment.conversation_id,
        "model": {
            "name": assessment.model.name,
            "version": assessment.model.version,
            "sha256": assessment.model.sha256,
        },
        "messages": [message_result_to_json(m) for m in assessment.messages],
        "conversation": {
            "categories": [{"name": c.name, "score": number(c.score)} for c in whole.categories],
            "stage": whole.stage.value,
            "escalated": whole.escalated,
            "escalation_at": whole.escalation_at,
            "escalation_rule": None if whole.escalation_rule is None else whole.escalation_rule.value,
            "anger_peak": number(whole.anger_peak),
            "frustration_peak": number(whole.frustration_peak),
            "risk_peak": number(whole.risk_peak),
            "outcome": whole.outcome.value,
            "csat": round(whole.csat, 2),
        },
        "alerts": [alert_to_json(a) for a in assessment.alerts],
    }


def message_result_to_json(result: MessageResult) -> Json:
    """One message of the scoring output."""
    # `_value_`, because reading `value` runs Python code in Python 3.11, several times a message.
    row: Json = {"id": result.message_id, "role": result.role._value_, "language": result.language._value_}
    if result.role is Role.CUSTOMER:
        row["anger"] = number(result.anger or 0.0)
        row["frustration"] = number(result.frustration or 0.0)
        row["polarity"] = (result.polarity or Polarity.NEUTRAL)._value_
        row["signals"] = [_signal_to_json(s) for s in result.signals]
    if result.role is Role.AGENT:
        row["acts"] = [{"name": a.name, "score": number(a.score)} for a in result.acts]
    row["risk"] = number(result.risk)
    if result.scores is not None:
        row["scores"] = {name: number(value) for name, value in result.scores.items()}
    return row


def alert_to_json(alert: Alert) -> Json:
    """An alert of the scoring output."""
    return {
        "alert_id": alert.alert_id,
        "message_id": alert.message_id,
        "severity": alert.severity.value,
        "rule": alert.rule,
        "risk": number(alert.risk),
        "reasons": [
            {
                "signal": r.signal,
                "message_id": r.message_id,
                "start": r.start,
                "end": r.end,
                "text": r.text,
                "weight": number(r.weight),
            }
            for r in alert.reasons
        ],
        "next_step": {"id": alert.next_step.step_id, "text": alert.next_step.text},
    }


def _signal_to_json(signal: Signal) -> Json:
    return {
        "name": signal.name._value_,
        "score": number(signal.score),
        "start": signal.start,
        "end": signal.end,
        "text": signal.text,
    }


def number(value: float) -> float:
    """A finite score with six decimals; raises ``ValueError`` for NaN and infinities."""
    if not math.isfinite(value):
        raise ValueError("a score is not finite")
    return round(float(value), 6)


def dump_line(row: Json) -> str:
    """One line of JSONL, without the line end. Lone surrogates are written as escapes, so that any text survives."""
    text = json.dumps(row, ensure_ascii=False, check_circular=False, separators=(",", ":"), allow_nan=False)
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(row, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text


def conversation_schema() -> Json:
    """JSON Schema (2020-12) of a canonical conversation, from the tables above and the enums of the records."""
    customer = _object(
        {
            "anger": {"type": "integer", "minimum": 0, "maximum": 3},
            "frustration": {"type": "integer", "minimum": 0, "maximum": 3},
            "polarity": _enum(Polarity),
            "signals": {"type": "array", "items": _enum(SignalName), "uniqueItems": True},
        },
    )
    agent = _object({"acts": {"type": "array", "items": _enum(ActName), "uniqueItems": True}})
    whole = _object(
        {
            "categories": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "stage": _enum(Stage),
            "escalated": {"type": "boolean"},
            "escalation_at": {"type": ["string", "null"]},
            "outcome": _enum(Outcome),
            "csat": {"type": "integer", "minimum": 1, "maximum": 5},
        },
    )
    labels = _object(
        {"conversation": whole, "messages": {"type": "object", "additionalProperties": {"oneOf": [customer, agent]}}}
    )
    special: Json = {"role": _enum(Role), "ts": {"type": "string", "format": "date-time"}}
    message = _object(
        {name: special.get(name, {"type": TYPE_NAMES[kind]}) for name, kind in MESSAGE_FIELDS.items()},
        required=REQUIRED_MESSAGE_FIELDS,
    )
    nested: Json = {"messages": {"type": "array", "items": message}, "labels": labels}
    schema = _object(
        {name: nested.get(name, {"type": TYPE_NAMES[kind]}) for name, kind in CONVERSATION_FIELDS.items()},
        required=REQUIRED_CONVERSATION_FIELDS,
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Boilover conversation", **schema}


def _object(properties: Json, *, required: Sequence[str] | None = None) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties if required is None else required)}


def _enum(kind: type[StrEnum]) -> Json:
    return {"enum": [member.value for member in kind]}


def _member(kind: Callable[[str], E], value: object, what: str) -> E:
    try:
        return kind(str(value))
    except ValueError:
        known = ", ".join(member.value for member in kind)  # type: ignore[attr-defined]
        raise BadRecord(f"unknown {what}", value=str(value)[:40], fix=f"use one of: {known}.") from None


def _fields(
    row: object,
    types: Mapping[str, type],
    required: Sequence[str],
    what: str,
    unknown: Counter[str] | None,
) -> Json:
    if not isinstance(row, dict):
        raise BadRecord(f"a {what} is not a JSON object", value=type(row).__name__)
    fields: Json = {}
    for name, value in row.items():
        kind = types.get(name)
        if kind is None:
            if unknown is not None:
                unknown[name] += 1
        elif type(value) is kind:  # nearly always
            fields[name] = value
        elif value is not None:
            if not isinstance(value, kind) or isinstance(value, bool):
                raise BadRecord(
                    f'"{name}" of a {what} has the wrong type',
                    value=type(value).__name__,
                    fix=f"make it a JSON {TYPE_NAMES[kind]}.",
                )
            fields[name] = value
    for name in required:
        if name not in fields:
            raise BadRecord(
                f'a {what} has no "{name}"', fix=f"add the field; it must be a JSON {TYPE_NAMES[types[name]]}."
            )
    return fields
