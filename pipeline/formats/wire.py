"""One message a line, as it goes over a broker: the object itself or inside a CloudEvents envelope."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import BadRecord
from pipeline.identity import digest
from pipeline.serialise import parse_time

WIRE_FIELDS = frozenset(("source", "conversation_id", "channel", "team", "customer_id", "message", "op", "at"))
EVENT_TYPE = "boilover.message.v1"
_OPS = ("add", "edit", "delete")


@dataclass(frozen=True, slots=True)
class Wire:
    """A checked wire row and the line that it stood in."""

    line: int
    row: Mapping[str, Any]

    @classmethod
    def of(cls, value: object) -> Wire | None:
        """The wire row of a decoded JSON value; ``None`` where it is something else.

        Raises:
            BadRecord: it is one, but lacks what grouping or its operation needs.
        """
        row = _enveloped(value)
        if not isinstance(row, dict) or "message" not in row or "messages" in row:
            return None
        message = row["message"]
        if not isinstance(row.get("conversation_id"), str):
            raise BadRecord('a message has no "conversation_id"', fix="add the field; it must be a JSON string.")
        if not isinstance(message, dict) or not isinstance(message.get("id"), str):
            raise BadRecord('a message has no "id"', fix="add the field; it must be a JSON string.")
        if row.get("op", "add") not in _OPS:
            raise BadRecord("unknown operation", value=str(row["op"])[:40], fix=f"use one of: {', '.join(_OPS)}.")
        wire = cls(0, row)
        if wire.op != "add":
            wire.rank()
        return wire

    @property
    def op(self) -> str:
        """``add``, ``edit`` or ``delete``."""
        return str(self.row.get("op", "add"))

    @property
    def message_id(self) -> str:
        """Id of the message that is added or changed."""
        return str(self.row["message"]["id"])

    def rank(self) -> tuple[datetime, str]:
        """What decides between changes: the later time, then the hash of the content; raises ``BadRecord``."""
        at = self.row.get("at")
        if not isinstance(at, str):
            raise BadRecord('an edit or deletion has no "at"', fix="add the time of the change.")
        try:
            moment = parse_time(at).astimezone(UTC)
        except OverflowError:
            raise BadRecord("a time is out of range", value=at[:40]) from None
        return moment, digest(self.op, json.dumps(self.row["message"], sort_keys=True))


def group_key(row: Mapping[str, Any]) -> str:
    """Conversation of a wire row: source and id."""
    source = row.get("source")
    return json.dumps([source if isinstance(source, str) and source else "default", row["conversation_id"]])


def _enveloped(value: object) -> object:
    if isinstance(value, dict) and "specversion" in value and value.get("type") == EVENT_TYPE:
        return value.get("data")
    return value
