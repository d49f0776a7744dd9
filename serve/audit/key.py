"""The identity of an audit: which inputs, options, configuration and model its files belong to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.formats.format import ReadOptions
from pipeline.records import ModelIdentity
from pipeline.resources import resource
from serve.audit.options import AuditOptions

LAYOUT = 1
"""Version of the part and output files; parts of another layout are never continued."""
SAMPLED_BYTES = 65_536
"""Of each input, this many bytes at both ends are hashed beside its size and time of change."""


def file_identity(path: Path) -> list[str | int]:
    """Path, size, time of change in nanoseconds and a hash of both ends.

    Raises:
        InputError: the file cannot be opened.
    """
    try:
        stat = path.stat()
        with path.open("rb") as stream:
            state = blake2b(stream.read(SAMPLED_BYTES), digest_size=16)
            if stat.st_size > SAMPLED_BYTES:
                stream.seek(max(SAMPLED_BYTES, stat.st_size - SAMPLED_BYTES))
                state.update(stream.read(SAMPLED_BYTES))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=str(path)) from error
    return [str(path.absolute()), stat.st_size, stat.st_mtime_ns, state.hexdigest()]


def config_digest(config: Path | None) -> str:
    """Hash over the shipped configuration and the user's file."""
    state = blake2b(digest_size=16)
    shipped = sorted(resource("configs").glob("*.yaml"))
    for path in [*shipped, *([] if config is None else [config])]:
        data = path.read_bytes()
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()


def audit_key(options: AuditOptions, files: Sequence[Path], model: ModelIdentity) -> str:
    """Hash over everything that decides what the audit writes; 32 hex digits.

    A file that cannot be opened counts by its path alone: reading reports it.
    """
    state = blake2b(digest_size=16)
    for part in _parts(options, model):
        state.update(json.dumps(part, default=_plain, sort_keys=True).encode("utf-8", "surrogatepass"))
    for path in files:
        try:
            identity: list[str | int] = file_identity(path)
        except InputError:
            identity = [str(path.absolute())]
        state.update(json.dumps(identity).encode())
    return state.hexdigest()


def _parts(options: AuditOptions, model: ModelIdentity) -> list[Any]:
    shard = None if options.shard is None else [options.shard.index % options.shard.count, options.shard.count]
    read = {f.name: getattr(options.read, f.name) for f in fields(ReadOptions) if f.name != "spill_directory"}
    return [
        [LAYOUT, _software(), config_digest(options.config), model.sha256, model.version],
        [options.format_name, shard, options.as_of, options.shown],
        {name: dict(value) if name in {"roles", "columns"} else value for name, value in read.items()},
    ]


def _software() -> str:
    try:
        return version("boilover")
    except PackageNotFoundError:  # a bare checkout on the import path
        return "checkout"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
