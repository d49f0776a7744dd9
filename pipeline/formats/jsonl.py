"""Canonical conversations as JSON: one a line, one document, or one message a line as on the wire."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import MAXYEAR, MINYEAR, UTC
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from pipeline.errors import BadRecord
from pipeline.formats.encoding import open_lines, read_text
from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.spill import Spill
from pipeline.formats.wire import WIRE_FIELDS, Wire, group_key
from pipeline.records import Conversation, Message
from pipeline.serialise import conversation_from_json, conversation_to_json, dump_line, in_time_order, message_from_json

MAX_DOCUMENT = 64 << 20
_MAX_SEQ = 2**63 - 1
_IDS_KEPT = 200_000
"""So many conversation ids are watched for duplicates: a bound on memory."""
_SHOWN = 5
_FIX = "write one JSON object a line; see the canonical conversation in the documentation."
_CANONICAL = re.compile(r'"conversation_id"\s*:\s*"')
_MESSAGES = re.compile(r'"messages?"\s*:\s*[\[{]')
_FIELDS = re.compile(r'"(?:ts|role)"\s*:\s*"')
_DECODER = json.JSONDecoder(parse_constant=lambda _name: _reject())


def write_jsonl(conversations: Iterable[Conversation], handle: TextIO) -> int:
    """Write canonical JSONL that ``Jsonl.read`` reads back as equal conversations; returns how many."""
    count = 0
    for conversation in conversations:
        handle.write(dump_line(conversation_to_json(conversation)) + "\n")
        count += 1
    return count


def parse_json(text: str, path: str, line: int | None = None) -> Any:
    """A JSON value.

    Raises:
        BadRecord: no JSON, NaN or infinity, a number too long, or nested too deep.
    """
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        what = (
            "ends early"
            if isinstance(error, json.JSONDecodeError) and error.pos >= len(text.rstrip())
            else "is no JSON"
        )
        raise BadRecord(f"a line {what}", path=path, line=line, fix=_FIX) from None


def _reject() -> None:
    raise ValueError("NaN and infinities are no JSON")


class Jsonl:
    """Canonical JSONL: the format that everything else is turned into."""

    name = "jsonl"
    title = "Canonical conversations, one JSON object a line (.jsonl), or one message a line"
    example = (
        '{"conversation_id": "c-001", "channel": "web", "messages": [{"id": "m1", '
        '"ts": "2026-05-01T10:00:00+08:00", "role": "customer", "sender": "李女士", "text": "退款还没到"}]}'
    )

    def sniff(self, head: Head) -> float:
        """0.95 where the first object has the fields of a conversation or of a message on the wire."""
        if head.text is None:
            return 0.0
        named = head.name.lower().endswith((".jsonl", ".ndjson"))
        text = head.text.lstrip()
        if text[:1] in ("{", "[") and all(p.search(text) for p in (_CANONICAL, _MESSAGES, _FIELDS)):
            return 0.95
        bare = _CANONICAL.search(text) and _MESSAGES.search(text)
        return 0.8 if bare and text[:1] in ("{", "[") else 0.3 if named else 0.0

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Conversation]:
        """Conversations in the order of the file; those sent message by message come after them.

        Raises:
            InputError: the file is no text, or one document over 64 MiB.
        """
        reader = _Reader(options, report)
        with Spill(options.spill_directory) as spill:
            for number, row in _rows(path, options, report):
                try:
                    if (wire := Wire.of(row)) is not None:
                        reader.unknown.update(name for name in wire.row if name not in WIRE_FIELDS)
                        spill.put(group_key(wire.row), [number, wire.row])
                    else:
                        yield reader.conversation(row, number)
                except BadRecord as error:
                    report.skip(located(error, report.path, number))
            for _, values in spill.groups():
                yield from reader.from_wire(values)
        reader.close()


class _Reader:
    """What is remembered over one file."""

    def __init__(self, options: ReadOptions, report: ReadReport) -> None:
        self._options, self._report = options, report
        self.unknown: Counter[str] = Counter()
        self._ids: set[int] = set()
        self._twice: Counter[str] = Counter()

    def conversation(self, row: object, line: int) -> Conversation:
        """A canonical conversation; its bad messages are skipped and counted, the others kept."""
        fields: Any = row
        messages: list[Message] = []
        if isinstance(row, dict) and isinstance(row.get("messages"), list):
            messages = self._messages(row["messages"], line)
            fields = {**row, "messages": []}
        try:
            conversation = conversation_from_json(fields, unknown=self.unknown)
        except BadRecord as error:
            if not error.problem.startswith("labels") or not isinstance(fields, dict):
                raise
            self._report.skip(located(error, self._report.path, line))
            conversation = conversation_from_json({**fields, "labels": None})
        if not messages:
            raise BadRecord("a conversation has no usable message", fix="write at least one message.")
        return self._noted(replace(conversation, messages=in_time_order(messages)), stated=_stated(fields, "channel"))

    def from_wire(self, values: Iterable[Any]) -> Iterator[Conversation]:
        """The conversation of one group of wire rows, edits and deletions applied."""
        about: dict[str, Any] = {}
        wires: list[Wire] = []
        for number, row in values:
            about.update(
                {k: row[k] for k in ("source", "conversation_id", "channel", "team", "customer_id") if row.get(k)}
            )
            wires.append(Wire(number, row))
        messages: list[Message] = []
        for number, raw in _folded(wires, self._report):
            messages += self._messages([raw], number)
        if not messages:
            return
        try:
            conversation = conversation_from_json({**about, "messages": []})
        except BadRecord as error:
            self._report.skip(located(error, self._report.path, wires[0].line))
            return
        yield self._noted(replace(conversation, messages=in_time_order(messages)), stated="channel" in about)

    def close(self) -> None:
        """State what was seen over the whole file."""
        if self.unknown:
            shown = ", ".join(f"{name[:24]} ({count})" for name, count in self.unknown.most_common(_SHOWN))
            self._report.note(f"{len(self.unknown)} fields that the format does not have were left out: {shown}.")
        if self._twice:
            shown = ", ".join(name[:24] for name in islice(self._twice, _SHOWN))
            self._report.note(f"{len(self._twice)} conversation ids stand more than once: {shown}.")

    def _messages(self, rows: list[Any], line: int) -> list[Message]:
        kept: dict[str, Message] = {}
        for row in rows:
            try:
                message = checked(message_from_json(row, unknown=self.unknown))
            except BadRecord as error:
                self._report.skip(located(error, self._report.path, line))
                continue
            if kept.setdefault(message.message_id, message) is not message:
                twice = BadRecord("a message id stands twice in a conversation", value=message.message_id[:40])
                self._report.skip(located(twice, self._report.path, line))
        return list(kept.values())

    def _noted(self, conversation: Conversation, *, stated: bool) -> Conversation:
        key = hash((conversation.source, conversation.conversation_id))
        if key in self._ids and len(self._twice) < _IDS_KEPT:
            self._twice[conversation.conversation_id] += 1
        elif len(self._ids) < _IDS_KEPT:
            self._ids.add(key)
        if stated or not self._options.channel:
            return conversation
        return replace(conversation, channel=self._options.channel)


def _folded(wires: list[Wire], report: ReadReport) -> Iterator[tuple[int, Any]]:
    """Messages after their edits and deletions: of all changes to a message the latest (time, content) wins."""
    added: dict[str, Wire] = {}
    changes: dict[str, Wire] = {}
    for wire in wires:
        if wire.op == "add":
            first = added.setdefault(wire.message_id, wire)
            if first.row["message"] != wire.row["message"]:
                problem = "a message id came again with other content"
                report.skip(BadRecord(problem, path=report.path, line=wire.line, fix='send changes with "op": "edit".'))
        elif wire.message_id not in changes or changes[wire.message_id].rank() < wire.rank():
            changes[wire.message_id] = wire
    for message_id, wire in added.items():
        change = changes.pop(message_id, None)
        if change is None:
            yield wire.line, wire.row["message"]
        elif change.op == "edit":
            yield change.line, {**wire.row["message"], **change.row["message"]}
    for change in changes.values():
        problem = f"the message of {'an edit' if change.op == 'edit' else 'a deletion'} is not there"
        report.skip(BadRecord(problem, path=report.path, line=change.line))


def checked(message: Message) -> Message:
    """The message; raises ``BadRecord`` for a time that has no UTC form or a ``seq`` over 64 bits."""
    if not MINYEAR < message.sent_at.year < MAXYEAR:
        try:
            message.sent_at.astimezone(UTC)
        except (OverflowError, ValueError):
            raise BadRecord("a time is out of range", value=str(message.sent_at)[:40]) from None
    if message.seq is not None and abs(message.seq) > _MAX_SEQ:
        raise BadRecord('"seq" of a message is out of range', fix="use a whole number of at most 64 bits.")
    return message


def located(error: BadRecord, path: str, line: int | None) -> BadRecord:
    """The error with its place in the file."""
    return BadRecord(error.problem, path=path, line=line, value=error.value, fix=error.fix)


def _rows(path: Path, options: ReadOptions, report: ReadReport) -> Iterator[tuple[int, Any]]:
    """Decoded values with their line, or with their place in a document that is one array."""
    document = _document(path, options, report)
    if document is not None:
        yield from enumerate(document, 1)
        return
    for number, line in enumerate(open_lines(path, options, report), 1):
        if line.strip():
            try:
                yield number, parse_json(line, report.path, number)
            except BadRecord as error:
                report.skip(error)


def _document(path: Path, options: ReadOptions, report: ReadReport) -> list[Any] | None:
    """The conversations of a file that is one JSON value over several lines, or an array; else ``None``."""
    quiet = ReadReport(report.path)
    first = next((line for line in open_lines(path, options, quiet) if line.strip()), "")
    array = first.lstrip().startswith("[")
    if path.stat().st_size > MAX_DOCUMENT and not array:
        return None
    if not array:
        try:
            parse_json(first, report.path)
        except BadRecord:
            pass
        else:
            return None
    try:
        value = parse_json(read_text(path, options, report, limit=MAX_DOCUMENT), report.path)
    except BadRecord:
        return None
    return value if isinstance(value, list) else [value]


def _stated(row: Any, name: str) -> bool:
    return isinstance(row, Mapping) and bool(row.get(name))


FORMATS.add(Jsonl.name, Jsonl())
