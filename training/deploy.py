"""Puts a model folder where a runtime reads it: written beside, checked, then exchanged in one step."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from pathlib import Path

from pipeline.errors import InputError
from pipeline.models.bundle import MANIFEST, read_manifest, verified
from pipeline.records import ModelIdentity

CARD = "MODEL_CARD.md"
_AT_CWD, _EXCHANGE = -100, 2


def copy_model(folder: Path, to: Path) -> ModelIdentity:
    """Copy a model folder; a reader of ``to`` finds the old model or the new one, never a part.

    Args:
        folder: a model folder; files that its manifest does not name stay behind, the card excepted.
        to: made where missing; a model that stands there is replaced.

    Raises:
        ModelError: the model is missing or damaged.
        InputError: ``to`` holds something that is no model, or cannot be written.
    """
    manifest, _ = read_manifest(folder)
    if to.exists() and not (to / MANIFEST).is_file() and (not to.is_dir() or any(to.iterdir())):
        raise InputError("there is something else than a model", path=str(to), fix="name an empty or a new folder.")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent) as scratch:
            fresh = Path(scratch) / "model"
            fresh.mkdir()
            for name in (*manifest.files, MANIFEST, *((CARD,) if (folder / CARD).is_file() else ())):
                shutil.copyfile(folder / name, fresh / name)
            copied, identity = read_manifest(fresh)
            for name in copied.files:
                verified(fresh, copied, name)
            _exchange(fresh, to)
    except OSError as error:
        raise InputError(
            f"cannot be written ({error.strerror})", path=str(to), fix="check the path and its rights."
        ) from error
    return identity


def size_of(folder: Path) -> int:
    """Bytes of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _exchange(fresh: Path, to: Path) -> None:
    """Put ``fresh`` in the place of ``to``; what stood there goes where ``fresh`` was."""
    if not to.exists():
        fresh.rename(to)
    elif not _swapped(fresh, to):
        old = fresh.with_name("old")
        to.rename(old)
        try:
            fresh.rename(to)
        except OSError:
            old.rename(to)
            raise


def _swapped(one: Path, other: Path) -> bool:
    """Exchange two folders at once, where the system can (Linux 3.15, most file systems)."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if os.name == "posix" else None
    return rename is not None and rename(_AT_CWD, os.fsencode(one), _AT_CWD, os.fsencode(other), _EXCHANGE) == 0
