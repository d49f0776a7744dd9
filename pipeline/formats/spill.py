"""Rows of interleaved conversations, put aside on disk and read back one conversation at a time.

Memory stays the same however many rows and conversations there are: rows go to an SQLite file
that is sorted as it is filled, and only the conversation being read is held by the caller.
The file is taken out of its folder as soon as it is open, so that nothing is left behind even
by a killed process (where the system does not allow that, it is removed on leaving).
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeline.errors import ConfigError, InputError

CACHE_KIB = 8_192
KNOWN_GROUPS = 8_192
_FETCHED = 256
_SCHEMA = """
create table groups (id integer primary key, key blob not null unique);
create table rows (grp integer, ord integer, n integer, value text, primary key (grp, ord, n)) without rowid;
"""
_MIN_ORDER, _MAX_ORDER = -(2**63), 2**63 - 1


class Spill:
    """Values by key on disk. Use it as a context manager.

    Args:
        directory: where the temporary file lies; the system's folder for such files where ``None``.

    Raises:
        ConfigError: the folder cannot be written.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._folder = _make_folder(directory)
        self._base = sqlite3.connect(self._folder / "rows.sqlite", isolation_level=None)
        for pragma in ("journal_mode=off", "synchronous=off", "locking_mode=exclusive", f"cache_size=-{CACHE_KIB}"):
            self._base.execute(f"pragma {pragma}")
        self._base.executescript(_SCHEMA)
        self._base.execute("begin")
        self._groups: dict[str, int] = {}
        self._count = 0
        with suppress(OSError):
            (self._folder / "rows.sqlite").unlink()
            self._folder.rmdir()

    def put(self, key: str, value: object, *, order: int = 0) -> None:
        """Add a JSON-able ``value`` under ``key``; values of a key come back by ``order``, then as they were put.

        Raises:
            InputError: the disk is full.
        """
        group = self._groups.get(key)
        try:
            if group is None:
                group = self._group(key)
            bounded = min(max(order, _MIN_ORDER), _MAX_ORDER)
            row = (group, bounded, self._count, json.dumps(value, separators=(",", ":")))
            self._base.execute("insert into rows values (?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise _full(error) from error
        self._count += 1

    def groups(self) -> Iterator[tuple[str, Iterator[Any]]]:
        """Keys in order of their first value, each with its values. Use up the values before the next key."""
        cursor = self._base.execute("select id, key from groups order by id")
        while found := cursor.fetchmany(_FETCHED):
            for group, key in found:
                yield key.decode("utf-8", "surrogatepass"), self._values(group)

    def close(self) -> None:
        """Drop everything that was put aside."""
        self._base.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _group(self, key: str) -> int:
        data = key.encode("utf-8", "surrogatepass")
        self._base.execute("insert or ignore into groups (key) values (?)", (data,))
        (group,) = self._base.execute("select id from groups where key = ?", (data,)).fetchone()
        if len(self._groups) >= KNOWN_GROUPS:
            self._groups.clear()
        self._groups[key] = int(group)
        return int(group)

    def _values(self, group: int) -> Iterator[Any]:
        cursor = self._base.execute("select value from rows where grp = ? order by ord, n", (group,))
        while found := cursor.fetchmany(_FETCHED):
            for (value,) in found:
                yield json.loads(value)


class MaybeSeen:
    """Remembers keys in constant memory: says of a new key rarely, and of a known one always, that it was seen.

    A Bloom filter (Bloom 1970) of 4 MiB with four hashes: under one false answer in a million
    at 300,000 keys.
    """

    BITS = 1 << 25

    def __init__(self) -> None:
        self._bits = bytearray(self.BITS // 8)

    def add(self, key: str) -> bool:
        """Add ``key``; True where it may have been added before."""
        state = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        seen = True
        for at in range(0, 16, 4):
            place = int.from_bytes(state[at : at + 4], "big") % self.BITS
            byte, bit = place >> 3, 1 << (place & 7)
            seen = seen and bool(self._bits[byte] & bit)
            self._bits[byte] |= bit
        return seen


def contiguous(keys: Iterable[str | None]) -> bool:
    """Whether equal keys always stand together (a doubtful case, and ``None``, count as no). Stops at the first no."""
    seen, last = MaybeSeen(), None
    for key in keys:
        if key is None or (key != last and seen.add(key)):
            return False
        last = key
    return True


def _make_folder(directory: Path | None) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="boilover-", dir=directory))
    except OSError as error:
        where = "the system's folder for temporary files" if directory is None else str(directory)
        problem = f"temporary files cannot be written: {error.strerror or type(error).__name__}"
        raise ConfigError(problem, path=where, fix="name a folder that exists and can be written.") from error


def _full(error: sqlite3.Error) -> InputError:
    problem = f"rows could not be put aside on disk ({type(error).__name__})"
    return InputError(problem, fix="free disk space, or name another folder for temporary files.")
