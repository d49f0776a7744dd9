"""Rows of delimited text, read in bounded memory and tolerant of what real exports get wrong."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pipeline.errors import BadRecord
from pipeline.formats.encoding import open_lines
from pipeline.formats.format import ReadOptions, ReadReport
from pipeline.formats.table_files import Row, Sheet

DELIMITERS = (",", ";", "\t", "|")
MAX_RECORD_CHARS = 4 << 20
"""Longest record of a delimited file; one that goes on longer has a quote that nobody closed."""
MAX_RECORD_LINES = 20_000
_PATIENCE = 20
"""After so many unclosed quotes, records may only span ``_FEW_LINES`` lines: keeps damaged files linear."""
_FEW_LINES = 64


def text_sheets(path: Path, options: ReadOptions, *, delimiter: str | None = None) -> list[Sheet]:
    """The one table of a delimited text file.

    Args:
        path: a regular file.
        options: for the encoding.
        delimiter: preferred where the first lines contain it; else decided over the first lines.

    Raises:
        InputError: the file is no text.
    """
    sample = list(islice(open_lines(path, options, ReadReport(str(path))), 50))
    head = declared_delimiter(sample[0]) if sample else None
    chosen = head or sniff_delimiter(sample, prefer=delimiter)
    escape = _escape(sample)

    def rows(to: ReadReport) -> Iterator[Row]:
        lines = open_lines(path, options, to)
        skip = 1 if head else 0
        return delimited_rows(islice(lines, skip, None), chosen, to, first=skip + 1, escape=escape)

    return [Sheet("", rows, cheap=True)]


def text_rows(lines: list[str], delimiter: str) -> Iterator[Row]:
    """Rows of lines in memory, for a look at a table."""
    return delimited_rows(iter(lines), delimiter, ReadReport(""))


def declared_delimiter(line: str) -> str | None:
    """The delimiter of a first line such as ``sep=;``, which Excel writes and reads."""
    bare = line.strip(" \r\n\"'\ufeff")
    return bare[4] if len(bare) == 5 and bare.lower().startswith("sep=") else "\t" if bare.lower() == "sep=" else None


def sniff_delimiter(lines: list[str], *, prefer: str | None = None) -> str:
    """The delimiter under which most of the lines have the same number of cells, more than one."""

    def rating(delimiter: str) -> tuple[float, int]:
        sizes = Counter(len(row) for row in csv.reader(plain, delimiter=delimiter) if row)
        several = [(count, size) for size, count in sizes.items() if size > 1]
        if not several:
            return 0.0, 0
        count, size = max(several)
        return count / sum(sizes.values()) + (0.5 if delimiter == prefer else 0.0), size

    _raise_field_limit()
    plain = [line.replace("\r", " ") + "\n" for line in lines]
    return max(DELIMITERS, key=rating)


def delimited_rows(
    lines: Iterator[str], delimiter: str, report: ReadReport, *, first: int = 1, escape: str | None = None
) -> Iterator[Row]:
    """Records of a delimited text, tolerant of a quote that is never closed (counted, then the next line is read).

    Args:
        lines: without their ends.
        delimiter: one character.
        report: gets the skips.
        first: number of the first line.
        escape: character before a quote inside a quoted cell, where quotes are not doubled.
    """
    _raise_field_limit()
    feed = _Feed(lines, first)
    width = broken = 0
    while feed.begin(MAX_RECORD_LINES if broken < _PATIENCE else _FEW_LINES):
        try:
            cells = next(csv.reader(feed, delimiter=delimiter, escapechar=escape))
        except (csv.Error, StopIteration):
            cells = []
        spans = len(feed.taken) > 1
        torn = spans and width and (len(cells) != width or _swallowed(cells, feed.taken, delimiter))
        if feed.open or torn or (not cells and feed.taken[0].strip()):
            report.skip(BadRecord("a quoted cell is never closed", path=report.path, line=feed.number, fix=_QUOTES))
            feed.put_back()
            broken += 1
            continue
        if len(cells) > 1 and not spans:
            width = max(width, len(cells))
        yield Row(feed.number, tuple(cells))


def _swallowed(cells: list[str], lines: list[str], delimiter: str) -> bool:
    """Whether a record over several lines took in a line that looks like a row of its own.

    Such a line has as many cells as the record, and the first two are of the same shape (``c-12``, ``2026-05-01``).
    """
    wanted = [_shape(cell) for cell in cells[:2]]
    for line in lines[1:]:
        alone = line.split(delimiter) if line.count(delimiter) + 1 >= len(cells) else []
        if len(cells) > 2 and alone and any(wanted) and [_shape(x.strip('"')) for x in alone[:2]] == wanted:
            return True
    return False


def _shape(cell: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", cell))


_QUOTES = 'put cells with line breaks between quotes and write a quote inside as "".'


class _Feed:
    """Hands the lines of one record at a time to the CSV reader and can take them back."""

    def __init__(self, lines: Iterator[str], first: int) -> None:
        self._lines, self._waiting, self._next = lines, deque[str](), first
        self.taken: list[str] = []
        self.number = first
        self.open = False
        self._limit = self._chars = 0

    def begin(self, limit: int) -> bool:
        """Start a record; False at the end of the input."""
        self._next += len(self.taken)
        self.number, self.taken, self.open, self._limit, self._chars = self._next, [], False, limit, 0
        if not self._waiting:
            self._waiting.extend(islice(self._lines, 1))
        return bool(self._waiting)

    def put_back(self) -> None:
        """Give back all lines of the record but the first."""
        self._waiting.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self._waiting:
            self._waiting.extend(islice(self._lines, 1))
        if not self._waiting or len(self.taken) >= self._limit or self._chars > MAX_RECORD_CHARS:
            self.open = True  # the reader only asks for another line inside quotes
            raise StopIteration
        line = self._waiting.popleft()
        self.taken.append(line)
        self._chars += len(line)
        # Old Mac line ends inside a line would stop the reader.
        return line.replace("\r", " ") + "\n"


def _raise_field_limit() -> None:
    csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_RECORD_CHARS))


def _escape(sample: list[str]) -> str | None:
    r"""A backslash where quotes are escaped as ``\"`` and never doubled inside a cell."""
    text = "\n".join(sample)
    inside = text.count('\\"') - text.count('\\",') - text.count('\\"\n')
    return "\\" if inside > 0 and '""' not in text.replace(',""', "") else None
