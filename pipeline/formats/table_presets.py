"""Which column of a table means what: presets, header synonyms and the user's own mapping."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from pipeline.errors import ConfigError, InputError, UnknownName
from pipeline.formats.format import ReadOptions
from pipeline.records import Role
from pipeline.resources import resource

FIELDS = (
    "conversation_id", "message_id", "ts", "date", "time", "role", "sender", "receiver", "text", "transcript",
    "customer_text", "agent_text", "channel", "locale", "team", "customer_id", "customer", "agent", "seq",
)  # fmt: skip
"""Canonical fields of a table, as in ``--column FIELD=HEADER``."""

_WORDS = ("text", "transcript", "customer_text", "agent_text")
_BRACKETED = re.compile(r"[(\[（【〔].*?[)\]）】〕]")
_NOISE = re.compile(r"[\s_\-*:：.\"'#\ufeff\u200b/]+")
GENERIC = "generic"
_LONGEST_HEADER = 120
"""Longer cells are no headers; what stands behind is not looked at."""
_HEADER_LIKE = re.compile(r"[^\d,.!?;，。！？；]{1,24}")
_RECOGNISED = 4
"""A named preset is taken for an unnamed table when at least this many of its own headers are there."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One way in which a system is assumed to export its tables."""

    name: str
    title: str
    assumes: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    """Canonical field to headers, best first."""
    roles: Mapping[str, Role]
    """Role words of the export, casefolded."""
    times: tuple[str, ...]
    """``strptime`` layouts tried first."""
    customer_senders: tuple[str, ...] = ()
    """Beginnings of sender ids that are customers; other senders are then agents."""
    agent_senders: tuple[str, ...] = ()
    """Marks in a sender name that make it an agent."""
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of one table: canonical field to zero-based position, and the preset that goes with them."""

    positions: Mapping[str, int]
    headers: tuple[str, ...]
    preset: Preset

    def has_words(self) -> bool:
        """Whether the table has a column with what people wrote."""
        return any(name in self.positions for name in _WORDS)


def presets() -> Mapping[str, Preset]:
    """All presets of ``configs/presets.yaml`` by name.

    Raises:
        ConfigError: the file is missing or an entry is wrong (named in the message).
    """
    return _presets()


@cache
def _presets() -> Mapping[str, Preset]:
    path = resource("configs", "presets.yaml")
    try:
        entries = yaml.safe_load(path.read_text("utf-8"))
        return {name: _preset(name, entry) for name, entry in entries.items()}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"the presets cannot be used: {error!s:.80}", path=str(path)) from error


def _preset(name: str, entry: Mapping[str, Any]) -> Preset:
    wrong = sorted(set(entry["columns"]) - set(FIELDS))
    if wrong:
        raise ValueError(f"preset {name} has the unknown field {wrong[0]}")
    return Preset(
        name=name,
        title=entry["title"],
        assumes=tuple(entry["assumes"]),
        columns={field: tuple(str(h) for h in headers) for field, headers in entry["columns"].items()},
        roles={str(word).casefold(): Role(role) for role, words in entry["roles"].items() for word in words},
        times=tuple(entry["times"]),
        customer_senders=tuple(entry.get("customer_senders", ())),
        agent_senders=tuple(entry.get("agent_senders", ())),
        channel=entry.get("channel"),
    )


def normal_header(header: str) -> str:
    """A header without case, width, blanks, marks and bracketed remarks; its own text where nothing else is left."""
    folded = unicodedata.normalize("NFKC", header[:_LONGEST_HEADER]).casefold()
    bare = _NOISE.sub("", _BRACKETED.sub("", folded))
    return bare or _NOISE.sub("", folded)


def layout_of(headers: Sequence[str], options: ReadOptions) -> Layout | None:
    """Columns of a row of headers; ``None`` where it is no usable header.

    The user's columns come first, then those of the preset (named, or recognised by its own
    headers), then the general synonyms.

    Raises:
        ConfigError: the user's mapping names a field that does not exist.
        UnknownName: there is no such preset.
    """
    check_options(options)
    normal = [normal_header(header) for header in headers]
    preset = presets()[options.preset] if options.preset else _recognised(normal)
    positions: dict[str, int] = {}
    for field, header in options.columns.items():
        place = _place_of(header, headers, normal)
        if place is None:
            return None
        positions[field] = place
    for source in dict.fromkeys((preset.name, GENERIC)):
        _fill(positions, normal, presets()[source])
    layout = Layout(_settled(positions, options), tuple(headers), preset)
    usable = layout.has_words() and (len(layout.positions) > 1 or bool(options.columns))
    return layout if usable else None


def check_options(options: ReadOptions) -> None:
    """Raises for a preset or a canonical field that does not exist."""
    for field in options.columns:
        if field not in FIELDS:
            raise ConfigError(f'"{field[:40]}" is no field of a table', fix=f"use one of: {', '.join(FIELDS)}.")
    if options.preset is not None and options.preset not in presets():
        raise UnknownName("preset", options.preset, presets())


def missing_header(headers: Sequence[str], options: ReadOptions, path: str) -> InputError:
    """The error for a table without a usable header, with what to do."""
    # What does not look like a header may be somebody's words.
    shown = ", ".join(f'"{h}"' if _HEADER_LIKE.fullmatch(h) else "…" for h in headers[:12] if h) or "none"
    wanted = [h for h in options.columns.values() if _place_of(h, headers, [normal_header(x) for x in headers]) is None]
    if wanted:
        problem = f'the table has no column "{wanted[0][:40]}". First row: {shown}.'
        return InputError(problem, path=path, fix="name a header as it stands in the table.")
    problem = f"no header row with a text column was recognised. First row: {shown}."
    return InputError(problem, path=path, fix="name the columns, e.g. --column text=HEADER --column role=HEADER.")


def _recognised(normal: Sequence[str]) -> Preset:
    """The named preset with most of its own headers in the table, else the general one."""
    known = presets()
    there, general = set(normal), _by_header(GENERIC)
    best, most = known[GENERIC], _RECOGNISED - 1
    for name in known:
        own = {h: f for h, f in _by_header(name).items() if h in there}
        # Headers that mean the same in any table tell nothing of the system.
        special = [h for h, f in own.items() if general.get(h) != f]
        if name != GENERIC and special and len(set(own.values())) > most:
            best, most = known[name], len(set(own.values()))
    return best


@cache
def _by_header(name: str) -> Mapping[str, str]:
    pairs = [(normal_header(h), field) for field, headers in presets()[name].columns.items() for h in headers]
    return dict(reversed(pairs))


def _fill(positions: dict[str, int], normal: Sequence[str], preset: Preset) -> None:
    """Add the preset's columns for fields that have none, each column once."""
    for field, headers in preset.columns.items():
        if field in positions:
            continue
        for header in headers:
            wanted = normal_header(header)
            place = next((i for i, h in enumerate(normal) if h == wanted and i not in positions.values()), None)
            if place is not None:
                positions[field] = place
                break


def _settled(positions: dict[str, int], options: ReadOptions) -> dict[str, int]:
    """Columns that only mean something together, or only where another is missing."""
    if "time" in positions and "date" not in positions and "ts" not in positions:
        positions["ts"] = positions.pop("time")
    if "date" in positions and "ts" not in positions and "time" not in positions:
        positions["ts"] = positions.pop("date")
    if "text" in positions and not {"customer_text", "agent_text"} & set(options.columns):
        positions.pop("customer_text", None)
        positions.pop("agent_text", None)
    return positions


def _place_of(header: str, headers: Sequence[str], normal: Sequence[str]) -> int | None:
    """Position of a header as the user wrote it: exactly, then without case, width and marks."""
    if header in headers:
        return list(headers).index(header)
    wanted = normal_header(header)
    return normal.index(wanted) if wanted in normal else None
