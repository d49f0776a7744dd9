"""Lines of a file or of standard input, for commands that are filters in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Final, cast

from pipeline.errors import InputError

Line = tuple[int, bytes]
"""Number from 1, and the line without its LF."""

GROUP: Final = 256
"""Lines handed on together at most."""
BLOCK: Final = 65_536


def open_source(name: str) -> BufferedIOBase:
    """A file, or standard input for ``-``; raises ``InputError``."""
    if name == "-":
        return cast("BufferedIOBase", sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=name, fix="check the path.") from error


def lines_as_they_come(source: BufferedIOBase, name: str) -> Iterator[list[Line]]:
    """Lines in groups: whatever has arrived, at most ``GROUP``, so that a slow pipe is answered line by line.

    Only LF ends a line. No thread reads ahead: one that waits for input would keep the command from ending when its
    reader goes away or it is interrupted.

    Raises:
        InputError: reading broke off; the lines before were handed on.
    """
    number, begun = 1, list[bytes]()
    while block := _read(source, name):
        whole, end, rest = block.rpartition(b"\n")
        if not end:
            begun.append(block)
            continue
        lines = b"".join((*begun, whole)).split(b"\n")
        begun = [rest] if rest else []
        for at in range(0, len(lines), GROUP):
            yield list(enumerate(lines[at : at + GROUP], number + at))
        number += len(lines)
    if begun:
        yield [(number, b"".join(begun))]


def _read(source: BufferedIOBase, name: str) -> bytes:
    """What has arrived, waiting for the first byte; empty at the end."""
    try:
        return source.read1(BLOCK)
    except OSError as error:
        raise InputError(f"reading broke off ({error.strerror})", path=name, fix="check the input.") from error
