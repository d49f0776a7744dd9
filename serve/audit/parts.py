"""Finished parts of an audit on disk, and the journal that says whose they are.

``DIR/parts/`` holds ``journal.json`` (the key of the audit) and one folder a part. A part is
written under a name of its own, made durable, then renamed: it is there whole or not at all.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

from pipeline.errors import ConfigError
from pipeline.serialise import assessment_to_json, dump_line
from serve.audit.facts import Assessed, facts_of
from serve.audit.files import SUFFIX, read_json, sync_file, sync_folder, write_json
from serve.audit.riskiest import Ranked, Riskiest
from serve.audit.source import InputReport, Position
from serve.audit.tables import ConversationRows, MessageColumns
from serve.audit.totals import Totals

PARTS, JOURNAL, SUMMARY, LOCK = "parts", "journal.json", "part.json", "lock"
MESSAGES, CONVERSATIONS, SCORED, ALERTS = (
    "messages.parquet",
    "conversations.parquet",
    "scored.jsonl",
    "alerts.jsonl",
)
CHATS = "chats.jsonl"
FILES = (MESSAGES, CONVERSATIONS, SCORED, ALERTS, CHATS)
COMPRESSION = "zstd"
PART_NAME = re.compile(r"\d{5,}(\.tmp)?")


@dataclass(frozen=True, slots=True)
class Part:
    """A finished part; what it holds is read when asked for."""

    folder: Path
    position: Position
    """Where the inputs go on after this part."""

    def totals(self) -> Totals:
        """Counts over the part."""
        return Totals.from_json(self._summary()["totals"])

    def reports(self) -> list[InputReport]:
        """Of the files that came to their end with this part."""
        return [InputReport(**row) for row in self._summary()["reports"]]

    def riskiest(self) -> Iterator[Ranked]:
        """The part's riskiest conversations, riskiest first."""
        with (self.folder / CHATS).open(encoding="utf-8") as stream:
            for line in stream:
                row = json.loads(line)
                yield Ranked(tuple(row["rank"]), row["view"])

    def _summary(self) -> dict[str, Any]:
        return read_json(self.folder / SUMMARY) or {}


class PartWriter:
    """Collects one part; ``close`` makes it a finished one."""

    def __init__(self, folder: Path, *, shown: int) -> None:
        self._folder = folder
        self._draft = folder.with_name(folder.name + SUFFIX)
        self._draft.mkdir()
        self._scored = (self._draft / SCORED).open("w", encoding="utf-8", newline="\n")
        self._alerts = (self._draft / ALERTS).open("w", encoding="utf-8", newline="\n")
        self._messages, self._conversations = MessageColumns(), ConversationRows()
        self._riskiest = Riskiest(shown)
        self.totals = Totals()

    def add(self, assessed: Assessed) -> None:
        """Append one conversation."""
        facts = facts_of(assessed)
        scored = assessment_to_json(assessed.assessment)
        self._scored.write(dump_line(scored) + "\n")
        chat = assessed.conversation
        for alert, said in zip(assessed.assessment.alerts, scored["alerts"], strict=True):
            place = {"source": chat.source, "conversation_id": chat.conversation_id, "channel": chat.channel}
            row = {**place, "raised_at": alert.raised_at.isoformat(), **said}
            self._alerts.write(dump_line(row) + "\n")
        self._messages.add(assessed, scored["messages"])
        self._conversations.add(assessed, facts)
        self.totals.add(assessed, facts)
        self._riskiest.add(assessed, facts)

    def close(self, position: Position, reports: Sequence[InputReport]) -> None:
        """Write everything, make it durable, then give the part its name."""
        import pyarrow.parquet as pq

        pq.write_table(self._messages.table(), self._draft / MESSAGES, compression=COMPRESSION)
        pq.write_table(self._conversations.table(), self._draft / CONVERSATIONS, compression=COMPRESSION)
        with (self._draft / CHATS).open("w", encoding="utf-8", newline="\n") as stream:
            for one in self._riskiest.views():
                stream.write(dump_line({"rank": list(one.rank), "view": one.view}) + "\n")
        for stream in (self._scored, self._alerts):
            stream.close()
        for name in FILES:
            sync_file(self._draft / name)
        summary = {
            "position": asdict(position),
            "sizes": {name: (self._draft / name).stat().st_size for name in FILES},
            "totals": self.totals.to_json(),
            "reports": [report.to_json() for report in reports],
        }
        write_json(self._draft / SUMMARY, summary)
        self._draft.rename(self._folder)
        sync_folder(self._folder.parent)

    def discard(self) -> None:
        """Drop an unfinished part."""
        for stream in (self._scored, self._alerts):
            stream.close()
        shutil.rmtree(self._draft, ignore_errors=True)


class PartStore:
    """The parts of one output folder; one process at a time may hold it."""

    def __init__(self, out: Path) -> None:
        self._root = out / PARTS
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._root.mkdir(parents=True, exist_ok=True)
        self._lock = (self._root / LOCK).open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise ConfigError(
                "another audit is writing here",
                path=str(self._root.parent),
                fix="wait for it, or choose another --out.",
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()

    def key(self) -> str | None:
        """Key of the audit that the parts belong to; ``None`` where there are none."""
        journal = read_json(self._root / JOURNAL)
        return None if journal is None else str(journal.get("key"))

    def begin(self, key: str) -> None:
        """Discard all parts and start an audit."""
        self.clear()
        write_json(self._root / JOURNAL, {"key": key})

    def clear(self) -> None:
        """Discard all parts; the journal goes first, so that no part is ever taken for another audit's."""
        (self._root / JOURNAL).unlink(missing_ok=True)
        for folder in self._folders():
            shutil.rmtree(folder)

    def parts(self) -> Iterator[Part]:
        """The finished parts in order, up to the first that is missing or has a file of another size."""
        number = 1
        while (part := self._load(number)) is not None:
            yield part
            number += 1

    def drop_unfinished(self) -> None:
        """Remove drafts and whatever stands behind the first damaged part."""
        whole = {part.folder for part in self.parts()}
        for folder in self._folders():
            if folder not in whole:
                shutil.rmtree(folder)

    def writer(self, number: int, *, shown: int) -> PartWriter:
        """Start part ``number`` (from 1)."""
        return PartWriter(self._folder(number), shown=shown)

    def _folder(self, number: int) -> Path:
        return self._root / f"{number:05d}"

    def _folders(self) -> list[Path]:
        return sorted(path for path in self._root.iterdir() if PART_NAME.fullmatch(path.name))

    def _load(self, number: int) -> Part | None:
        folder = self._folder(number)
        summary = read_json(folder / SUMMARY)
        if summary is None:
            return None
        for name, size in summary["sizes"].items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != size:
                return None
        return Part(folder, Position(**summary["position"]))
