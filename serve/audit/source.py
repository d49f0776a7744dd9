"""All conversations of an audit's inputs in one deterministic stream, with a place to continue from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import BoiloverError, InputError
from pipeline.formats.format import ReadReport
from pipeline.records import Conversation
from serve.audit.options import AuditOptions


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far the inputs are used up: this many conversations of file number ``file`` (from 0)."""

    file: int = 0
    conversations: int = 0


@dataclass(frozen=True, slots=True)
class InputReport:
    """What happened while one file was read, as it stands in ``audit.json``."""

    path: str
    format: str
    encoding: str
    messages: int
    conversations: int
    skipped: Mapping[str, int]
    """Reason to number of records."""
    errors: Sequence[str]
    """The first of them with their place."""
    notes: Sequence[str]
    failure: str | None
    """Why the file could not be read (to its end)."""

    @classmethod
    def of(cls, report: ReadReport, failure: str | None) -> InputReport:
        """The report of a reader that has come to its end."""
        return cls(
            path=report.path,
            format=report.format_name,
            encoding=report.encoding,
            messages=report.messages,
            conversations=report.conversations,
            skipped=dict(sorted(report.skipped.items())),
            errors=tuple(error.describe() for error in report.errors),
            notes=tuple(report.notes),
            failure=failure,
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON object that ``InputReport(**row)`` reads back."""
        return asdict(self)

    @property
    def is_complete(self) -> bool:
        """Nothing was skipped."""
        return self.failure is None and not self.skipped


class Source:
    """Reads file after file; remembers the position behind every conversation that it gave.

    The consumer may read ahead: ``taken`` tells, conversation by conversation in the order they
    were given, how far the inputs were used up with it.
    """

    def __init__(self, files: Sequence[Path], options: AuditOptions, start: Position) -> None:
        self._files, self._options, self._start = files, options, start
        self._given: deque[Position] = deque()
        self._reports: dict[int, InputReport] = {}
        self.position = start
        """Behind the last conversation for which ``taken`` was called."""
        self.file = start.file
        """Number of the file that is being read."""

    def __iter__(self) -> Iterator[Conversation]:
        for number in range(self._start.file, len(self._files)):
            self.file = number
            yield from self._read(number)
        self.file = len(self._files)

    def taken(self) -> None:
        """The next conversation was used."""
        self.position = self._given.popleft()

    def finish(self) -> None:
        """All conversations were used, those too that are not in the shard."""
        self.position = Position(len(self._files))

    def reports(self) -> list[InputReport]:
        """Reports of the files before ``position`` that were not handed out yet."""
        done = sorted(number for number in self._reports if number < self.position.file)
        return [self._reports.pop(number) for number in done]

    def _read(self, number: int) -> Iterator[Conversation]:
        from pipeline.formats.read import read_path

        path, options = self._files[number], self._options
        report = ReadReport(str(path))
        failure = None
        used = self._start.conversations if number == self._start.file else 0
        try:
            stream = read_path(path, format_name=options.format_name, options=options.read, report=report)
            for count, conversation in enumerate(stream, start=1):
                if count > used and (options.shard is None or options.shard.holds(conversation)):
                    self._given.append(Position(number, count))
                    yield conversation
        except (InputError, OSError) as error:
            failure = describe(error, path)
        self._reports[number] = InputReport.of(report, failure)


def describe(error: InputError | OSError, path: Path) -> str:
    """One line or two for the user: place, problem, remedy."""
    if isinstance(error, BoiloverError):
        return error.describe() if error.path is not None else f"{path}: {error.describe()}"
    return f"{path}: cannot be read ({error.strerror or type(error).__name__})"
