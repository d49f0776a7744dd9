"""Which encoding a file has, and its lines in bounded memory.

Files of Chinese desks come as UTF-8, UTF-16, GB18030 or Big5, and rarely say which. UTF-8 is checked over
the whole file; the older encodings are told apart by how common the characters are that each would give.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from pipeline.errors import BadRecord, InputError
from pipeline.formats.charsets import binary_magic, legacy_encoding, utf16_without_bom
from pipeline.formats.format import SNIFF_BYTES, ReadOptions, ReadReport

Opener = Callable[[], BinaryIO]
"""Opens the same bytes anew each time: a file, or a member of an archive."""

MAX_LINE: Final = 1 << 20
"""Longest line in characters; a longer one is dropped and counted."""

_CHUNK: Final = 1 << 16
_SAMPLE: Final = 1 << 18
_LOST: Final = "\udfff"  # stands for undecodable bytes until they are counted; cannot come from a valid decode


def _mark_lost(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _LOST, error.end


codecs.register_error("boilover.lost", _mark_lost)


def detect_encoding(data: bytes) -> str | None:
    """Encoding of the beginning of a file.

    Args:
        data: bytes from the start of the input; the last character may be cut.

    Returns:
        A name that Python knows (``utf-8``, ``utf-8-sig``, ``utf-16``, ``utf-16-le``, ``utf-16-be``, ``gb18030``,
        ``big5``, ``big5hkscs``, ``cp1252``), ``utf-8`` for damaged UTF-8 too; ``None`` for binary data.
    """
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if binary_magic(data):
        return None
    if b"\0" in data:
        return utf16_without_bom(data) or ("utf-8" if _few_controls(data) and _is_utf8(data) else None)
    if _is_utf8(data):
        return "utf-8" if _few_controls(data) else None
    return legacy_encoding(data) if _few_controls(data) else None


def decode_head(data: bytes) -> str | None:
    """The beginning of a file as text, without BOM and without an incomplete last character; ``None`` if binary."""
    encoding = detect_encoding(data)
    if encoding is None:
        return None
    return codecs.getincrementaldecoder(encoding)("replace").decode(data).removeprefix("\ufeff")


def open_lines(path: Path, options: ReadOptions, report: ReadReport) -> Iterator[str]:
    r"""Lines of a text file without their ends, in bounded memory.

    Only ``\n`` and ``\r\n`` end a line. Bytes that cannot be decoded become U+FFFD, as do NULs, and are noted.

    Args:
        path: a regular file.
        options: ``encoding`` is used where given.
        report: gets the encoding, notes about it, and a skip for each line over ``MAX_LINE``.

    Raises:
        InputError: the file cannot be opened, is binary, or the named encoding does not exist.
    """
    return decode_lines(lambda: open_binary(path), str(path), options, report)


def open_binary(path: Path) -> BinaryIO:
    """A file opened for reading bytes; ``InputError`` where that is not possible."""
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"cannot be opened: {error.strerror}", path=str(path), fix="check the path.") from error


def decode_lines(opener: Opener, name: str, options: ReadOptions, report: ReadReport) -> Iterator[str]:
    """As ``open_lines``, for anything that can be opened twice; ``name`` stands in errors."""
    number, pending, too_long = 0, "", False
    for text in _pieces(opener, name, options, report):
        *lines, rest = (pending + text).split("\n")
        for line in lines:
            number += 1
            if too_long or len(line) > MAX_LINE:
                _skip_long(report, name, number)
                too_long = False
            else:
                yield line.removesuffix("\r")
        too_long = too_long or len(rest) > MAX_LINE
        pending = "" if too_long else rest
    if too_long:
        _skip_long(report, name, number + 1)
    elif pending:
        yield pending.removesuffix("\r")


def read_text(path: Path, options: ReadOptions, report: ReadReport, *, limit: int = 64 << 20) -> str:
    """A whole text file, for formats that are one document.

    Args:
        path: a regular file.
        options: ``encoding`` is used where given.
        report: gets the encoding and notes about it.
        limit: most bytes that are read.

    Raises:
        InputError: larger than ``limit``, binary, or it cannot be opened.
    """
    with open_binary(path) as stream:
        too_large = stream.seek(0, 2) > limit
    if too_large:
        raise InputError(
            f"larger than {limit >> 20} MiB, which is too much for one document",
            path=str(path),
            fix="split it, or store one conversation a line (JSONL).",
        )
    return "".join(_pieces(lambda: open_binary(path), str(path), options, report))


def _pieces(opener: Opener, name: str, options: ReadOptions, report: ReadReport) -> Iterator[str]:
    encoding = _known(options.encoding, name) if options.encoding else _survey(opener)
    if encoding is None:
        raise InputError(
            "this looks like binary data, not text",
            path=name,
            fix="give a text export; if it is text, name its encoding with --encoding.",
        )
    report.encoding = encoding
    if not encoding.startswith("utf-8"):
        report.note(f"{name}: read as {encoding}")
    lost = 0
    decoder = codecs.getincrementaldecoder(encoding)("boilover.lost")
    with opener() as stream:
        first = True
        while chunk := stream.read(_CHUNK):
            text, bad = _counted(decoder.decode(chunk))
            lost += bad
            yield text.removeprefix("\ufeff") if first else text
            first = first and not text
    text, bad = _counted(decoder.decode(b"", final=True))
    yield text
    if lost + bad:
        report.note(f"{name}: {lost + bad} places could not be decoded as {encoding} and became U+FFFD")


def _counted(text: str) -> tuple[str, int]:
    if _LOST not in text and "\0" not in text:
        return text, 0
    return text.replace(_LOST, "\ufffd").replace("\0", "\ufffd"), text.count(_LOST) + text.count("\0")


def _survey(opener: Opener) -> str | None:
    with opener() as stream:
        head = stream.read(SNIFF_BYTES)
        guess = detect_encoding(head)
        if guess is None or guess.startswith(("utf-16", "utf-8-sig")):
            return guess
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk = head
        with suppress(UnicodeDecodeError):
            while chunk:
                decoder.decode(chunk)
                chunk = stream.read(_CHUNK)
            return "utf-8"
    with opener() as stream:
        return legacy_encoding(_foreign_lines(stream)) or guess


def _foreign_lines(stream: BinaryIO) -> bytes:
    """Lines with bytes beyond ASCII from the whole file, up to ``_SAMPLE`` bytes: what tells encodings apart."""
    found = bytearray()
    while len(found) < _SAMPLE and (line := stream.readline(_CHUNK)):
        if not line.isascii():
            found += line
    return bytes(found)


def _known(name: str, path: str) -> str:
    wider = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs"}
    try:
        b"ab".decode(name, "replace")
        canonical = codecs.lookup(name).name
        codecs.getincrementaldecoder(canonical)
    except (LookupError, UnicodeError, ValueError) as error:
        raise InputError(
            f'unknown encoding "{name[:40]}"',
            path=path,
            value=name[:40],
            fix="use a name such as utf-8, utf-16, gb18030 or big5.",
        ) from error
    return wider.get(canonical, canonical)


def _is_utf8(data: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _few_controls(data: bytes) -> bool:
    controls = len(data) - len(data.translate(None, bytes([*range(9), *range(14, 27), *range(28, 32)])))
    return controls * 50 <= len(data)


def _skip_long(report: ReadReport, name: str, number: int) -> None:
    problem = f"a line is longer than {MAX_LINE >> 20} MiB"
    report.skip(BadRecord(problem, path=name, line=number, fix="check that this is a text export."))
