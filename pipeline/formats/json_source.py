"""JSON files as payloads: one document, an array, JSON Lines, or documents one after another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from pipeline.errors import BadRecord, InputError
from pipeline.formats.encoding import open_lines, read_text
from pipeline.formats.format import Head, ReadOptions, ReadReport

LIMIT_BYTES = 64 * 1024 * 1024
NOT_JSON = "a line is not valid JSON"
SNIFFED_PAYLOADS = 20
BETWEEN = re.compile(r"[\s,\ufeff\x00]*")


class JsonError(ValueError):
    """A text is no JSON value; ``line`` is 1-based, ``why`` says so without quoting the text."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why)
        self.why, self.line = why, line


def load_json(path: Path, options: ReadOptions, report: ReadReport, *, limit: int = LIMIT_BYTES) -> object:
    """The one JSON document of a file. Of duplicate keys the last counts.

    Args:
        path: a regular file, in any encoding that is detected.
        options: its ``encoding`` is used where stated.
        report: is told the encoding.
        limit: largest file in bytes.

    Raises:
        InputError: the file is empty, too large, nested too deeply or no JSON; names the line.
    """
    try:
        return parse(read_text(path, options, report, limit=limit))
    except JsonError as error:
        raise _not_json(report, error) from None


def payloads(
    path: Path, options: ReadOptions, report: ReadReport, *, limit: int = LIMIT_BYTES
) -> Iterator[tuple[int, object]]:
    """Payloads of a file, each with its 1-based record or line number.

    An array gives its elements, JSON Lines one payload a line (read in bounded memory). In JSON Lines
    a bad line is a counted skip. An array or a row of documents that breaks off gives those before the break.

    Raises:
        InputError: nothing in the file is JSON; names the line of the first fault.
    """
    for record, value in _values(path, options, report, limit=limit):
        yield record, unwrapped(value)


def unwrapped(value: object) -> object:
    """The body of a recorded HTTP request (an object with ``headers`` and ``body``), else ``value`` itself."""
    if not (isinstance(value, dict) and isinstance(value.get("headers"), dict | list)):
        return value
    body = value.get("body")
    if isinstance(body, str):
        try:
            body = parse(body)
        except JsonError:
            return value
    return body if isinstance(body, dict | list) else value


def _values(path: Path, options: ReadOptions, report: ReadReport, *, limit: int) -> Iterator[tuple[int, object]]:
    if _is_lines(path, options):
        yield from _from_lines(open_lines(path, options, report), report)
        return
    text = read_text(path, options, report, limit=limit)
    try:
        document = parse(text)
    except JsonError as error:
        yield from _salvaged(text, error, report)
        return
    yield from enumerate(document if isinstance(document, list) else [document], start=1)


def parse(text: str) -> object:
    """Decode one JSON value; raises ``JsonError`` for whatever is wrong with it."""
    try:
        return json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        raise JsonError(error.msg, error.lineno) from None
    except RecursionError:
        raise JsonError("it is nested too deeply", 1) from None
    except ValueError:  # an integer with more digits than Python converts
        raise JsonError("a number is too long", 1) from None


def _not_json(report: ReadReport, error: JsonError) -> InputError:
    return InputError(
        f"the file is not valid JSON: {error.why}",
        path=report.path,
        line=error.line,
        fix="export it again, or check that it was copied as a whole.",
    )


def _is_lines(path: Path, options: ReadOptions) -> bool:
    """Whether the first two lines hold a JSON object each (a scratch report takes what this look notices)."""
    scratch = ReadReport(path="")
    lines = list(islice((line for line in open_lines(path, options, scratch) if line.strip()), 2))
    return len(lines) == 2 and not scratch.skipped and all(_is_object(line) for line in lines)


def _is_object(line: str) -> bool:
    try:
        return isinstance(parse(line), dict)
    except JsonError:
        return False


def _from_lines(lines: Iterable[str], report: ReadReport) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(lines, start=1):
        stripped = line.strip(" \t\r\n\ufeff\x00")
        if not stripped:
            continue
        try:
            value = parse(stripped)
        except JsonError as error:
            report.skip(BadRecord(NOT_JSON, path=report.path, line=number, value=error.why[:40]))
            continue
        yield from ((number, item) for item in (value if isinstance(value, list) else [value]))


def _salvaged(text: str, error: JsonError, report: ReadReport) -> Iterator[tuple[int, object]]:
    """What can be read of a text that is not one JSON value."""
    lines = text.split("\n")
    if sum(_is_object(line) for line in islice((x for x in lines if x.strip()), 4)) >= 2:
        yield from _from_lines(lines, report)
        return
    position = BETWEEN.match(text).end()  # type: ignore[union-attr] # the pattern matches the empty text too
    if text[position : position + 1] == "[":
        position += 1
    found = 0
    decoder = json.JSONDecoder()
    while (position := BETWEEN.match(text, position).end()) < len(text):  # type: ignore[union-attr] # as above
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        if isinstance(value, dict | list):
            found += 1
            yield found, value
    if not found:
        raise _not_json(report, error)
    if position < len(text):
        line = text.count("\n", 0, position) + 1
        report.skip(BadRecord("the JSON breaks off", path=report.path, line=line, fix="export it again."))


def sniff_json(head: Head, claims: Callable[[object], bool], keys: Iterable[re.Pattern[str]]) -> float:
    """How sure a JSON format is of an input: 0 to 0.98.

    Args:
        head: beginning of the input.
        claims: whether a decoded payload is the format's own; asked where the head holds a whole one.
        keys: patterns, all of which must occur in a head that breaks off within its first payload.
    """
    text = (head.text or "").lstrip("\ufeff \t\r\n\x00")
    if not text.startswith(("{", "[")):
        return 0.0
    values = _whole_values(text)
    if values:
        return 0.98 if any(claims(unwrapped(value)) for value in values) else 0.0
    return 0.9 if all(key.search(text) for key in keys) else 0.0


def _whole_values(text: str) -> list[object]:
    """The first few payloads that stand whole in a text."""
    position = 1 if text.startswith("[") else 0
    decoder, values = json.JSONDecoder(), list[object]()
    while len(values) < SNIFFED_PAYLOADS:
        position = BETWEEN.match(text, position).end()  # type: ignore[union-attr] # it matches the empty text too
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        values.append(value)
    return values
