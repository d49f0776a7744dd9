"""WhatsApp chat exports, ``.txt`` or ``.zip``, from Android and iOS in any interface language.

The file is read twice in bounded memory: first to learn its layout, the order of day and month and who the
senders are, then for the messages. Every entry that begins with a date becomes one message.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pipeline.errors import BadRecord, InputError
from pipeline.formats.encoding import MAX_LINE, Opener, decode_head, decode_lines, open_binary
from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.identity import MessageIds
from pipeline.formats.roles import RoleResolver
from pipeline.formats.sessions import split_sessions
from pipeline.formats.whatsapp_dates import (
    MARKS,
    Header,
    calendar_date,
    clock,
    localise,
    parse_header,
)
from pipeline.formats.whatsapp_marks import LRM, read_body
from pipeline.formats.whatsapp_survey import Decisions, Survey, split_name
from pipeline.formats.whatsapp_zip import find_chats, member_opener, open_archive
from pipeline.identity import digest
from pipeline.records import Conversation, Message, Role

_ZIP_MAGIC: Final = b"PK\x03\x04"
_WINDOW: Final = 50_000
"""Entries that are held to bring an export into time order; the app itself exports at most 40,000."""


class WhatsAppFormat:
    """The "Export chat" function of WhatsApp and WhatsApp Business."""

    name = "whatsapp"
    title = "WhatsApp chat export (.txt or .zip, Android and iOS, any interface language)"
    example = (
        "2026/5/1 上午10:00 - 李先生: 我的订单到哪了？\n"
        "2026/5/1 上午10:04 - 客服小美: 您好，我帮您查一下。\n"
        "2026/5/1 上午10:05 - 李先生: <省略多媒体文件>"
    )

    def sniff(self, head: Head) -> float:
        """By the share of lines with a date as the app writes it; archives by the name of the chat in them."""
        if head.data.startswith(_ZIP_MAGIC):
            return _sniff_archive(head)
        return _sniff_text(head.text or "")

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Conversation]:
        """Conversations, cut by ``options.session_gap``, in time order."""
        with ExitStack() as stack:
            stream = stack.enter_context(open_binary(path))
            zipped = stream.read(4) == _ZIP_MAGIC
            name = report.path or str(path)
            if not zipped:
                yield from _Export(lambda: open_binary(path), name, Path(name).stem, options, report).conversations()
                return
            archive = stack.enter_context(open_archive(path))
            for member in find_chats(archive, name, report, is_chat=_is_chat):
                opener = member_opener(archive, member, name)
                stem = digest(Path(name).stem, member.filename)
                yield from _Export(opener, f"{name}/{member.filename[-60:]}", stem, options, report).conversations()


@dataclass(slots=True)
class _Entry:
    """A dated entry with the lines that follow it."""

    header: Header
    line: int
    marked: bool
    lines: list[str]
    size: int = 0

    def add(self, line: str) -> bool:
        """Take in a further line; false once the entry has grown too long."""
        self.size += len(line) + 1
        if self.size <= MAX_LINE:
            self.lines.append(line)
        return self.size <= MAX_LINE


@dataclass(frozen=True, slots=True)
class _Export:
    """One chat file."""

    opener: Opener
    name: str
    stem: str
    options: ReadOptions
    report: ReadReport

    def conversations(self) -> Iterator[Conversation]:
        """Read the file twice and cut it."""
        decisions = self._survey()
        if decisions is None:
            return
        messages = self._messages(decisions)
        if not decisions.in_order:
            messages = _in_time_order(messages)
        for run in split_sessions(messages, self.options.session_gap):
            yield self._conversation(run)

    def _survey(self) -> Decisions | None:
        survey, is_empty = Survey(), True
        for line in decode_lines(self.opener, self.name, self.options, self.report):
            is_empty = is_empty and not line.strip()
            if (header := parse_header(line)) is not None:
                survey.see(header, line[header.end :])
        if is_empty:
            self.report.skip(BadRecord("the file is empty", path=self.name, fix="export it again."))
            return None
        decisions = survey.decide(self.options)
        if decisions is None:
            raise InputError(
                "no line begins with a date as WhatsApp writes it",
                path=self.name,
                fix="name another format with --format.",
            )
        self._note(decisions)
        return decisions

    def _note(self, decisions: Decisions) -> None:
        if decisions.order_is_open:
            self.report.note(
                f"{self.name}: the order of day and month is ambiguous, read as {decisions.order}; state it with --date-order"
            )
        if self.options.timezone is None:
            self.report.note("times carry no zone and were read as UTC; state it with --timezone")

    def _messages(self, decisions: Decisions) -> Iterator[Message]:
        roles = decisions.speakers.roles(self.options, self.report)
        resolver = RoleResolver(self.options, self.report)
        zone, earlier = self.options.timezone or UTC, None
        for entry in self._entries(decisions.layouts):
            moment = self._moment(entry, decisions.order)
            if moment is None:
                continue
            earlier = localise(moment, zone, earlier)
            sender, text, by_app = _speech(entry, decisions)
            role = Role.SYSTEM if by_app else roles.get(sender) or resolver.from_sender(sender) or Role.CUSTOMER
            yield Message("", earlier, role, sender, text)

    def _moment(self, entry: _Entry, order: str) -> datetime | None:
        day, moment = calendar_date(entry.header.fields, order), clock(entry.header)
        if day is None or moment is None:
            value = "/".join(entry.header.fields)
            problem = "an entry has an impossible date or time"
            self.report.skip(
                BadRecord(problem, path=self.name, line=entry.line, value=value, fix="check the date order.")
            )
            return None
        return datetime.combine(day, moment)

    def _entries(self, layouts: frozenset[str]) -> Iterator[_Entry]:
        """Entries with their further lines; what only looks like an entry in another layout is quoted text."""
        entry: _Entry | None = None
        options = replace(self.options, encoding=self.report.encoding)
        silent = ReadReport(self.name)
        for number, line in enumerate(decode_lines(self.opener, self.name, options, silent), start=1):
            header = parse_header(line)
            if header is not None and (entry is None or header.layout in layouts):
                if entry is not None:
                    yield entry
                entry = _Entry(header, number, line.startswith(LRM), [line[header.end :]])
            elif entry is None:
                self._skip_stray(number, line)
            elif not entry.add(line) and entry.size - len(line) - 1 <= MAX_LINE:
                problem = f"a message is longer than {MAX_LINE >> 20} MiB, its end was dropped"
                self.report.skip(BadRecord(problem, path=self.name, line=number, fix="check the export."))
        if entry is not None:
            yield entry

    def _skip_stray(self, number: int, line: str) -> None:
        if MARKS.sub("", line).strip():
            problem = "text before the first dated entry"
            self.report.skip(BadRecord(problem, path=self.name, line=number, fix="check that the export is complete."))

    def _conversation(self, run: tuple[Message, ...]) -> Conversation:
        first = run[0]
        conversation_id = digest(self.stem, first.sent_at.isoformat(), first.sender, first.text)
        ids = MessageIds("default", conversation_id)
        messages = tuple(
            replace(message, message_id=ids.next(message.sent_at, message.sender, message.text)) for message in run
        )
        return Conversation(conversation_id, messages, channel=self.options.channel or "whatsapp")


def _speech(entry: _Entry, decisions: Decisions) -> tuple[str, str, bool]:
    """Sender, text and whether the app wrote it."""
    name, first = split_name(entry.lines[0], decisions.names_with_colon)
    if name is None:
        # "Name:." without a blank behind the colon, where that name is known from other entries.
        candidate, colon, rest = MARKS.sub("", entry.lines[0]).partition(":")
        if colon and candidate.strip() in decisions.names:
            name, first = candidate.strip(), rest
    if name is None:
        return "", MARKS.sub("", "\n".join(entry.lines)).strip(), True
    text = "\n".join((first, *entry.lines[1:])).strip()
    body = read_body(text, marked_line=entry.marked, bracketed=entry.header.layout.startswith("["))
    return name, body.text, body.by_app


def _in_time_order(messages: Iterable[Message]) -> Iterator[Message]:
    """Messages by time, equal times as they came; an entry misplaced by more than ``_WINDOW`` stays late."""
    held: list[tuple[datetime, int, Message]] = []
    for number, message in enumerate(messages):
        heapq.heappush(held, (message.sent_at, number, message))
        if len(held) > _WINDOW:
            yield heapq.heappop(held)[2]
    while held:
        yield heapq.heappop(held)[2]


def _is_chat(data: bytes) -> bool:
    return _sniff_text(decode_head(data) or "") > 0


def _sniff_archive(head: Head) -> float:
    if b"[Content_Types].xml" in head.data or b"xl/" in head.data[:4096]:
        return 0.0
    if b"_chat.txt" in head.data or b"WhatsApp" in head.data[:4096]:
        return 0.95
    return 0.5 if head.name.casefold().endswith(".zip") or b".txt" in head.data[:4096] else 0.1


def _sniff_text(text: str) -> float:
    lines = [line for line in text.split("\n", 400)[:400] if line.strip()]
    headers = [(header, line) for line in lines if (header := parse_header(line)) is not None]
    if not headers:
        return 0.0
    names = [name for header, line in headers if (name := split_name(line[header.end :], {})[0]) is not None]
    resolver = RoleResolver(ReadOptions(), ReadReport(""))
    like_a_log = all(header.layout.startswith("[date - first") for header, _ in headers)
    if like_a_log and all(resolver.from_word(name) is not None for name in names):
        return 0.3  # a plain transcript: [2026-05-01 14:56:00] Agent: ...
    if not names:
        return 0.35
    share = len(headers) / len(lines)
    return 0.95 if share >= 0.2 or parse_header(lines[0]) is not None else 0.6 if share >= 0.02 else 0.2


FORMATS.add("whatsapp", WhatsAppFormat())
