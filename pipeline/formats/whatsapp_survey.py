"""What the first pass over a WhatsApp export finds out: its layout, the order of its dates, its senders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from functools import lru_cache
from typing import Final

from pipeline.formats.format import ReadOptions
from pipeline.formats.roles import Speakers
from pipeline.formats.whatsapp_dates import MARKS, ORDERS, Header, OrderEvidence, clock, merged
from pipeline.formats.whatsapp_marks import LRM

_LONGEST_NAME: Final = 80
_MINORITY: Final = 0.4
"""A second layout counts as the app's own from this share of the first one's entries on, else as quoted text."""
_MOST_NAMES: Final = 10_000


@dataclass(slots=True)
class _LayoutEvidence:
    entries: int = 0
    orders: OrderEvidence = field(default_factory=OrderEvidence)
    speakers: Speakers = field(default_factory=Speakers)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the first pass found out."""

    layouts: frozenset[str]
    """Layouts that the app used; a line in another one is quoted text."""
    order: str
    """``dmy``, ``mdy`` or ``ymd``."""
    order_is_open: bool
    """Whether the dates left the order of day and month open."""
    in_order: bool
    """Whether no entry steps back in time."""
    names: frozenset[str]
    names_with_colon: Mapping[str, str]
    """Part of a name before its colon, to the whole name."""
    speakers: Speakers


class Survey:
    """The first pass: what layouts there are and what speaks for which order, names and roles."""

    def __init__(self) -> None:
        self._layouts: dict[str, _LayoutEvidence] = {}
        self._first = ""
        self._names: Counter[str] = Counter()
        self._longer_names: Counter[str] = Counter()
        self._last: tuple[tuple[str, str, str], time] | None = None
        self._in_order = True

    def see(self, header: Header, rest: str) -> None:
        """Take in one line that begins like an entry."""
        self._first = self._first or header.layout
        evidence = self._layouts.setdefault(header.layout, _LayoutEvidence())
        evidence.entries += 1
        evidence.orders.see(header)
        now = clock(header)
        if now is not None:
            if self._last is not None and self._last[0] == header.fields and now < self._last[1]:
                self._in_order = False
            self._last = (header.fields, now)
        self._see_name(rest, evidence.speakers)

    def _see_name(self, rest: str, speakers: Speakers) -> None:
        name, text = split_name(rest, {})
        if name is None or len(self._names) >= _MOST_NAMES:
            return
        self._names[name] += 1
        second, colon, _ = text.partition(": ")
        if colon and len(second) <= 30 and len(self._longer_names) < _MOST_NAMES:
            self._longer_names[f"{name}: {second}"] += 1
        if not text.startswith(LRM):
            speakers.see(name, text)

    def decide(self, options: ReadOptions) -> Decisions | None:
        """What the whole file says; ``None`` where no entry was seen."""
        if not self._layouts:
            return None
        chosen = self._chosen()
        dates = merged(self._layouts[name].orders for name in {*chosen, self._first})
        order, is_open = dates.order()
        if options.date_order in ORDERS:
            order, is_open = options.date_order, False
        speakers = Speakers()
        for evidence in chosen.values():
            speakers.merge(evidence.speakers)
        in_order = self._in_order and len(self._layouts) == 1 and not dates.backwards[order]
        names, longer = frozenset(self._names), self._colon_names()
        return Decisions(frozenset(chosen), order, is_open, in_order, names, longer, speakers)

    def _chosen(self) -> dict[str, _LayoutEvidence]:
        """The layouts that are the app's own: the most frequent one, and others only where they are nearly as frequent.

        Another separator is a small difference; brackets, seconds or the place of the year differ in quoted text only,
        or where two exports were joined, which takes more than a line or two to believe.
        """
        main = max(self._layouts, key=lambda name: self._layouts[name].entries)  # the first of equals
        most = self._layouts[main].entries
        return {
            name: evidence
            for name, evidence in self._layouts.items()
            if name == main
            or (
                evidence.entries >= _MINORITY * most and (evidence.entries >= 3 or _structure(name) == _structure(main))
            )
        }

    def _colon_names(self) -> dict[str, str]:
        """Names that contain a colon: all that begins with the part before it goes on the same way."""
        return {
            name: longer
            for longer, count in self._longer_names.items()
            if count >= 3 and self._names[name := longer.partition(": ")[0]] == count
        }


def _structure(layout: str) -> str:
    return re.sub(r"[/.\-]", "", layout)


def split_name(rest: str, names_with_colon: Mapping[str, str]) -> tuple[str | None, str]:
    """Sender and text of an entry; no sender where the app speaks."""
    name, colon, text = rest.partition(": ")
    if not colon:
        if not rest.endswith(":"):
            return None, rest
        name, text = rest[:-1], ""
    known = _sender(name) if len(name) <= 2 * _LONGEST_NAME else None
    if known is not None and known in names_with_colon:
        known = names_with_colon[known]
        text = text.partition(": ")[2]
    return (known, text) if known is not None else (None, rest)


@lru_cache(maxsize=4096)
def _sender(written: str) -> str | None:
    """The name in what stands before a colon; ``None`` where that is the beginning of a notice."""
    name = MARKS.sub("", written).strip().removeprefix("~").strip()
    quotes_open = name.count("“") + name.count("「") > name.count("”") + name.count("」") or name.count('"') % 2 == 1
    return (
        name if 0 < len(name) <= _LONGEST_NAME and not quotes_open and not (len(name) > 40 and ". " in name) else None
    )
