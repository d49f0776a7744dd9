"""Reading any supported input: find its format, read it, count what came."""

from __future__ import annotations

import csv
import glob
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

from pipeline.errors import BadRecord, BoiloverError, InputError, UnknownFormat, UnknownName
from pipeline.formats.encoding import decode_head, open_binary
from pipeline.formats.format import FORMATS, SNIFF_BYTES, Format, Head, ReadOptions, ReadReport
from pipeline.records import Conversation

AUTO: Final = "auto"
NEAR_TIE: Final = 0.05
"""Two formats whose sniffed scores are closer than this cannot be told apart."""

# What a damaged input makes parsers raise. Anything that none of them foresaw still is the input's fault.
_DAMAGE: Final = (
    ArithmeticError, AttributeError, BadZipFile, EOFError, LookupError, NotImplementedError, OSError, RecursionError,
    TypeError, ValueError, csv.Error, struct.error, zlib.error,
)  # fmt: skip


NO_CHATS: Final = frozenset(
    [
        ".3gp",
        ".aac",
        ".amr",
        ".avi",
        ".bmp",
        ".css",
        ".docx",
        ".gif",
        ".heic",
        ".html",
        ".jpeg",
        ".jpg",
        ".js",
        ".m4a",
        ".md",
        ".mov",
        ".mp3",
        ".mp4",
        ".ogg",
        ".opus",
        ".pdf",
        ".png",
        ".pptx",
        ".py",
        ".svg",
        ".vcf",
        ".wav",
        ".webm",
        ".webp",
        ".yaml",
        ".yml",
    ]
)
"""Suffixes of media and documents, which lie beside chats in export folders."""


def discover(paths: Sequence[str], *, left_out: Counter[str] | None = None) -> list[Path]:
    """Files that the arguments name.

    Args:
        paths: files, folders (searched to the bottom; hidden files, media and documents left out) and glob patterns.
        left_out: where given, media and documents of folders are counted here by suffix.

    Returns:
        Files in the order of the arguments, inside a folder or pattern sorted; each once.

    Raises:
        InputError: a path does not exist, a pattern matches nothing, or a folder holds no file.
    """
    found: dict[Path, None] = {}
    for argument in paths:
        files = _expand(argument, Counter() if left_out is None else left_out)
        if not files:
            raise InputError(
                "holds no chats", path=argument, fix="give a file, or a folder or pattern with chat exports."
            )
        found |= dict.fromkeys(files)
    return list(found)


def sniff(path: Path) -> Format:
    """The format that claims a file.

    Raises:
        UnknownFormat: none does, or two do equally; lists the known formats.
        InputError: the file cannot be opened.
    """
    head = read_head(path)
    ranked = sorted(((entry.sniff(head), entry.name, entry) for entry in FORMATS), key=lambda row: (-row[0], row[1]))
    claims = [row for row in ranked if row[0] > 0]
    if not claims:
        raise UnknownFormat("no format recognises this file", path=str(path), fix=_choose_one())
    if len(claims) > 1 and claims[0][0] - claims[1][0] < NEAR_TIE:
        names = " or ".join(name for score, name, _ in claims if claims[0][0] - score < NEAR_TIE)
        raise UnknownFormat(f"this file may be {names}", path=str(path), fix=_choose_one())
    return claims[0][2]


def read_head(path: Path) -> Head:
    """The beginning of a file, as formats want it for sniffing."""
    with open_binary(path) as stream:
        try:
            data = stream.read(SNIFF_BYTES)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", path=str(path), fix="check the disk.") from error
    return Head(name=path.name, data=data, text=decode_head(data))


def read_path(
    path: Path, *, format_name: str = AUTO, options: ReadOptions, report: ReadReport
) -> Iterator[Conversation]:
    """Conversations of one file, in bounded memory.

    Args:
        path: a regular file.
        format_name: as in ``boilover formats``; ``auto`` finds it out.
        options: what the user says about the input.
        report: gets format, counts, skips and notes.

    Raises:
        UnknownFormat: the format cannot be found out, or has no such name.
        InputError: nothing can be read, or reading broke off; what came before stays valid.
    """
    if format_name == AUTO and path.is_file() and not path.stat().st_size:
        report.skip(BadRecord("the file is empty", path=str(path), fix="export it again."))
        return
    chosen = sniff(path) if format_name == AUTO else _named(format_name)
    report.format_name = chosen.name
    try:
        for conversation in chosen.read(path, options, report):
            report.conversations += 1
            report.messages += len(conversation.messages)
            yield conversation
    except BoiloverError:
        raise
    except _DAMAGE as error:
        raise InputError(
            f"damaged, reading it as {chosen.name} broke off ({type(error).__name__})",
            path=str(path),
            fix="export it again, or name another format with --format.",
        ) from error


def _named(name: str) -> Format:
    try:
        return FORMATS.get(name)
    except UnknownName as error:
        raise UnknownFormat(error.problem, value=name, fix=error.fix) from error


def _choose_one() -> str:
    return f"name it with --format. Known: {', '.join(FORMATS.names())}."


def _expand(argument: str, left_out: Counter[str]) -> list[Path]:
    path = Path(argument)
    if path.is_file():
        return [path]
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.is_file() and not _hidden(file.relative_to(path))]
        left_out.update(file.suffix.lower() for file in files if file.suffix.lower() in NO_CHATS)
        return sorted(file for file in files if file.suffix.lower() not in NO_CHATS)
    if glob.has_magic(argument):
        matches = sorted(Path(match) for match in glob.glob(argument, recursive=True))  # noqa: PTH207 (absolute patterns)
        return [file for match in matches for file in (_expand(str(match), left_out) if match.is_dir() else [match])]
    if path.exists():
        return [path]
    raise InputError("no such file or folder", path=argument, fix="check the path.")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
