"""Writes that survive a crash: to the disk first, then to their name."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

SUFFIX = ".tmp"


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make the content of a file that another library wrote durable."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that appears under its name only when it is whole and on the disk."""
    draft = path.with_name(path.name + SUFFIX)
    with draft.open("wb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def write_json(path: Path, row: dict[str, Any]) -> None:
    """Replace a JSON file; lone surrogates are written as escapes."""
    with replacing(path) as stream:
        stream.write(json.dumps(row, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii"))


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object from a file; ``None`` where there is no such file or no object in it."""
    try:
        row = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return row if isinstance(row, dict) else None
