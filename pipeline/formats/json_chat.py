"""From the entries of helpdesk payloads to conversations: threads, ids, times, roles of the user's choice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from pipeline.errors import BadRecord, InputError
from pipeline.formats.format import ReadOptions, ReadReport
from pipeline.formats.identity import MessageIds
from pipeline.formats.json_fields import as_time, is_naive_time
from pipeline.formats.json_source import payloads
from pipeline.formats.spill import Spill
from pipeline.identity import digest
from pipeline.records import Conversation, Message, Role
from pipeline.serialise import in_time_order

DELETED = "[deleted]"
HELD = 20_000
"""Messages and threads held in memory before they go to disk."""
LOOK_EVERY = 256


@dataclass(frozen=True, slots=True)
class Entry:
    """One message as its payload gave it."""

    role: Role
    text: str
    sender: str = ""
    sent_at: datetime | None = None
    """``None`` where the payload has no usable time: that of the entry before is taken."""
    message_id: str = ""
    """Empty where the payload has none."""
    revision: int = 0
    """Of several entries with one id the highest revision counts, then the later."""
    content: str = ""
    """Fingerprint where one id may wrongly stand for several messages: other content is then another message."""
    changes: str = ""
    """Id of the message whose text this one replaces; a message of its own where that one was not read."""


@dataclass(slots=True)
class Thread:
    """A conversation while its payloads are collected."""

    conversation_id: str
    channel: str = ""
    locale: str = ""
    team: str | None = None
    customer_id: str | None = None
    opened_at: datetime | None = None
    entries: list[Entry] = field(default_factory=list)

    def rows(self) -> Iterator[list[Any]]:
        """The thread as JSON values, to be put aside: first what is known of it, then its entries."""
        yield [self.channel, self.locale, self.team, self.customer_id, self.opened_at and self.opened_at.isoformat()]
        for e in self.entries:
            time = e.sent_at and e.sent_at.isoformat()
            yield [e.role.value, e.text, e.sender, time, e.message_id, e.revision, e.content, e.changes]

    def add_row(self, row: list[Any]) -> None:
        """Take back a row of ``rows``; what is known already stays."""
        if len(row) == 5:
            channel, locale, team, customer_id, opened_at = row
            self.channel, self.locale = self.channel or channel, self.locale or locale
            self.team, self.customer_id = self.team or team, self.customer_id or customer_id
            self.opened_at = self.opened_at or _moment(opened_at)
        else:
            role, text, sender, time, message_id, revision, content, changes = row
            entry = Entry(Role(role), text, sender, _moment(time), message_id, revision, content, changes)
            self.entries.append(entry)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@dataclass(slots=True)
class Reading:
    """One run over a file: its threads in order of appearance and what is to be reported."""

    options: ReadOptions
    report: ReadReport
    threads: dict[str, Thread] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    understood: int = 0
    """Payloads that the format knows, with messages or without."""
    spill: Spill | None = None
    """Where threads are put aside once many messages are held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.spill is not None:
            self.spill.close()

    def payloads(self, path: Path) -> Iterator[tuple[int, object]]:
        """Payloads of the file with their record numbers; between them, threads go to disk where there are many."""
        for number, (record, payload) in enumerate(payloads(path, self.options, self.report), start=1):
            yield record, payload
            if number % LOOK_EVERY == 0 and sum(len(t.entries) + 1 for t in self.threads.values()) > HELD:
                self._put_aside()

    def _put_aside(self) -> None:
        if self.spill is None:
            self.spill = Spill(self.options.spill_directory)
        for identity, thread in self.threads.items():
            for row in thread.rows():
                self.spill.put(identity, row)
        self.threads.clear()

    def thread(self, conversation_id: str) -> Thread:
        """The thread of that id, begun where it is new."""
        return self.threads.setdefault(conversation_id, Thread(conversation_id))

    def count(self, what: str, number: int = 1) -> None:
        """Count things for a note; the note reads ``what: number``."""
        self.counts[what] += number

    def time(self, *values: object) -> datetime | None:
        """The first usable time of these; a zone that had to be assumed is noted."""
        for value in values:
            moment = as_time(value, self.options.timezone)
            if moment is not None:
                if self.options.timezone is None and is_naive_time(value):
                    self.report.note("times without an offset are taken as UTC; state --timezone to change that")
                return moment
        return None

    def skip(self, problem: str, record: int) -> None:
        """Count a record that cannot be used."""
        self.report.skip(BadRecord(problem, path=self.report.path, line=record))

    def conversations(self, default_channel: str) -> Iterator[Conversation]:
        """The finished conversations, each freed once it is given.

        Raises:
            InputError: no payload of the file was of this format.
        """
        if not self.understood:
            raise InputError(
                "no payload in the file is of the format asked for",
                path=self.report.path,
                fix="leave --format out to have it detected; `boilover formats` lists what is known.",
            )
        for thread in self._finished_threads():
            finished = self.finish(thread, default_channel)
            if finished is not None:
                yield finished
        for what, number in sorted(self.counts.items()):
            self.report.note(f"{what}: {number}")

    def _finished_threads(self) -> Iterator[Thread]:
        if self.spill is None:
            while self.threads:
                yield self.threads.pop(next(iter(self.threads)))
            return
        self._put_aside()
        for identity, rows in self.spill.groups():
            thread = Thread(identity)
            for row in rows:
                thread.add_row(row)
            yield thread

    def finish(self, thread: Thread, default_channel: str) -> Conversation | None:
        """The conversation of a thread; ``None`` where no message is left."""
        messages = self._messages(thread)
        if not messages:
            return None
        return Conversation(
            conversation_id=thread.conversation_id or digest(*(m.message_id for m in messages[:1])),
            messages=in_time_order(messages),
            channel=thread.channel or self.options.channel or default_channel,
            locale=thread.locale,
            team=thread.team,
            customer_id=thread.customer_id,
        )

    def _messages(self, thread: Thread) -> list[Message]:
        ids, messages = MessageIds("default", thread.conversation_id), list[Message]()
        for entry in self._timed(self._latest(thread.entries), thread.opened_at):
            assert entry.sent_at is not None
            message_id = entry.message_id or ids.next(entry.sent_at, entry.sender, entry.text)
            role = self._role(entry)
            messages.append(Message(message_id, entry.sent_at, role, entry.sender, entry.text))
        return messages

    def _latest(self, entries: list[Entry]) -> list[Entry]:
        """One entry a message, at the place of the first: payloads repeat messages and send changed ones again."""
        kept: dict[object, Entry] = {}
        for place, entry in enumerate(entries):
            entry = self._with_own_id(kept, entry)
            key: object = entry.message_id or place
            earlier = kept.get(key)
            if earlier is None:
                kept[key] = entry
                continue
            self.count("repeated deliveries of a message were merged")
            if not entry.content and entry.revision >= earlier.revision and (entry.text or not earlier.text):
                kept[key] = replace(
                    entry, sent_at=earlier.sent_at or entry.sent_at, sender=entry.sender or earlier.sender
                )
        return self._changed(kept)

    def _with_own_id(self, kept: dict[object, Entry], entry: Entry) -> Entry:
        """An entry, with another id where its id stands for a message of other content."""
        earlier = kept.get(entry.message_id) if entry.message_id else None
        if earlier is None or earlier.content == entry.content:
            return entry
        self.count("messages with the id of another message were given ids of their own")
        return replace(entry, message_id=f"{entry.message_id}#{entry.content}")

    def _changed(self, kept: dict[object, Entry]) -> list[Entry]:
        """Entries with later edits and deletions carried out, wherever in the file they stood."""
        for key, entry in list(kept.items()):
            original = kept.get(entry.changes) if entry.changes else None
            if original is not None and original is not entry:
                self.count("messages were edited or deleted later; the latest form is read")
                kept[entry.changes] = replace(original, text=entry.text)
                del kept[key]
        return list(kept.values())

    def _timed(self, entries: list[Entry], opened_at: datetime | None) -> Iterator[Entry]:
        first = next((e.sent_at for e in entries if e.sent_at is not None), None)
        last = opened_at or first
        for entry in entries:
            if entry.sent_at is None:
                if last is None:
                    self.report.skip(BadRecord("a message has no usable time", path=self.report.path))
                    continue
                self.count("messages without a time of their own placed at the time before them")
                entry = replace(entry, sent_at=last)
            last = entry.sent_at
            yield entry

    def _role(self, entry: Entry) -> Role:
        """The payload's role unless the user said otherwise of the sender."""
        if entry.role is Role.SYSTEM:
            return entry.role
        chosen = self.options.roles.get(entry.sender) or self.options.roles.get(entry.role.value)
        if chosen is not None:
            return chosen
        return Role.AGENT if entry.sender and entry.sender in self.options.agents else entry.role


def fingerprint(value: Any) -> str:
    """Hash of a JSON value, the same for any order of its keys."""
    try:
        return digest(json.dumps(value, sort_keys=True))
    except RecursionError:  # nested just below what the parser takes
        return ""
