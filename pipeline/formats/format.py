"""What a chat format is, and what reading one returns and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Protocol

from pipeline.errors import BadRecord
from pipeline.records import Conversation, Role
from pipeline.registry import Registry


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user says about an input; every field has a working default."""

    timezone: tzinfo | None = None
    """Zone of times that carry none; UTC (and a note in the report) where not given."""
    session_gap: timedelta = timedelta(hours=24)
    """A long export is cut into conversations where nothing was said for this long."""
    agents: tuple[str, ...] = ()
    """Senders that are agents (``--agent``); everybody else is then a customer."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Role words or senders of the source and what they mean (``--role kefu=agent``)."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Table formats: canonical field to column header (``--column text=内容``)."""
    preset: str | None = None
    """Table formats: name of a column preset."""
    date_order: str | None = None
    """``dmy``, ``mdy`` or ``ymd`` where the user knows it; else decided over the whole file."""
    encoding: str | None = None
    """Encoding where the user knows it; else detected."""
    channel: str | None = None
    """Channel to state where the source does not name one."""
    spill_directory: Path | None = None
    """Where interleaved tables may put temporary files; the system's folder where not given."""


@dataclass(slots=True)
class ReadReport:
    """What happened while one input was read. Readers fill it; drivers show it once, at the end."""

    path: str
    format_name: str = ""
    encoding: str = ""
    messages: int = 0
    conversations: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """Reason to number of records skipped."""
    errors: list[BadRecord] = field(default_factory=list)
    """The first skips with their place, at most ``KEPT_ERRORS``."""
    notes: list[str] = field(default_factory=list)
    """What was decided for the user: encoding, date order, ambiguity, inferred roles. Each once."""

    KEPT_ERRORS = 20

    def skip(self, error: BadRecord) -> None:
        """Count a record that could not be used."""
        self.skipped[error.problem] += 1
        if len(self.errors) < self.KEPT_ERRORS:
            self.errors.append(error)

    def note(self, text: str) -> None:
        """State a decision, once."""
        if text not in self.notes:
            self.notes.append(text)


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an input, for sniffing."""

    name: str
    """File name without folder; ``-`` for standard input."""
    data: bytes
    """At most ``SNIFF_BYTES`` bytes."""
    text: str | None
    """``data`` decoded, an incomplete last character dropped; ``None`` where it is binary."""


SNIFF_BYTES = 65_536


class Format(Protocol):
    """One way in which chats are stored. Implementations are stateless."""

    @property
    def name(self) -> str:
        """As given to ``--format``."""

    @property
    def title(self) -> str:
        """One line for ``boilover formats``."""

    @property
    def example(self) -> str:
        """A short invented example, as it stands in a file."""

    def sniff(self, head: Head) -> float:
        """How sure this format is that the input is its own: 0 no, 1 certain. Must not raise."""

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Conversation]:
        """Conversations of a file, one at a time, in bounded memory.

        A record that cannot be used goes to ``report.skip`` and the rest is read. ``InputError``
        is raised only where nothing can be read. ``path`` is a regular file (drivers spool pipes).
        """


FORMATS: Registry[Format] = Registry("format", "pipeline.formats")
