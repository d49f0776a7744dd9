"""The chat inside a zipped WhatsApp export, read in place: nothing is ever unpacked to disk."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, cast

from pipeline.errors import BadRecord, InputError
from pipeline.formats.format import SNIFF_BYTES, ReadReport

MAX_BYTES: Final = 1 << 30
"""Largest chat that is read from an archive, in bytes after decompression."""
MAX_RATIO: Final = 200
"""Text shrinks to a fifth or a tenth; what grows this much over ``RATIO_FROM`` bytes is a bomb."""
RATIO_FROM: Final = 8 << 20

_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
_BOMB: Final = "the archive grows beyond all measure when unpacked"
_FIX: Final = "export the chat again, or unpack the archive yourself and give the text file."


class _Limited(io.RawIOBase):
    """A member of an archive that refuses to grow without bound and turns damage into ``InputError``."""

    def __init__(self, stream: BinaryIO, packed: int, path: str) -> None:
        self._stream, self._packed, self._path, self._given = stream, packed, path, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any writable buffer
        try:
            data = self._stream.read(len(buffer))
        except _DAMAGE as error:
            raise InputError("the archive is damaged", path=self._path, fix=_FIX) from error
        self._given += len(data)
        if _is_bomb(self._given, self._packed):
            raise InputError(_BOMB, path=self._path, fix=_FIX)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def open_archive(path: Path) -> zipfile.ZipFile:
    """An archive opened for reading; ``InputError`` where it is damaged."""
    try:
        return zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise InputError("the archive is damaged", path=str(path), fix=_FIX) from error


def find_chats(
    archive: zipfile.ZipFile, path: str, report: ReadReport, *, is_chat: Callable[[bytes], bool]
) -> list[zipfile.ZipInfo]:
    """The members that hold chats, in order of their names.

    Args:
        archive: an export, perhaps with folders, media and further texts that were sent in the chat.
        path: stands in errors.
        report: gets a skip for an archive inside the archive.
        is_chat: whether the first bytes of a text file are those of a chat.

    Raises:
        InputError: there is none, or it is encrypted.
    """
    members = [member for member in archive.infolist() if not member.is_dir() and not _is_litter(member.filename)]
    texts = sorted((member for member in members if _ends(member, ".txt")), key=lambda member: member.filename)
    if any(member.flag_bits & 1 for member in texts):
        raise InputError(
            "the archive is encrypted", path=path, fix="unpack it with its password and give the text file."
        )
    for member in members:
        if _ends(member, ".zip"):
            report.skip(BadRecord("an archive inside the archive was not read", path=path, fix="give it by itself."))
    chats = [member for member in texts if not member.file_size or is_chat(_first_bytes(archive, member, path))]
    if not chats:
        raise InputError("no WhatsApp chat in the archive", path=path, fix="unpack it and give the files in it.")
    return [member for member in chats if member.file_size] or chats[:1]


def member_opener(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str) -> Callable[[], BinaryIO]:
    """Opens a member as often as wanted, always from its beginning, within the limits of this module."""

    def opener() -> BinaryIO:
        if _is_bomb(member.file_size, member.compress_size):
            raise InputError(_BOMB, path=path, fix=_FIX)
        try:
            stream = cast("BinaryIO", archive.open(member))
        except _DAMAGE as error:
            raise InputError("the archive is damaged", path=path, fix=_FIX) from error
        return io.BufferedReader(_Limited(stream, member.compress_size, path))

    return opener


def _is_bomb(size: int, packed: int) -> bool:
    """Whether so many bytes come out of so few that no chat can be behind them."""
    return size > MAX_BYTES or (size > RATIO_FROM and size > MAX_RATIO * max(packed, 1))


def _first_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str) -> bytes:
    with member_opener(archive, member, path)() as stream:
        return stream.read(SNIFF_BYTES)


def _ends(member: zipfile.ZipInfo, extension: str) -> bool:
    return member.filename.casefold().endswith(extension)


def _is_litter(name: str) -> bool:
    return "__MACOSX" in name or name.rpartition("/")[2].startswith("._")
