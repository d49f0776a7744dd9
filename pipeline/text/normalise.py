"""One form of a text for the model to read; the stored text stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.text.aligned import AlignedText
from pipeline.text.emoji import name_stickers
from pipeline.text.glyphs import drop_marks, map_glyphs
from pipeline.text.redact_patterns import PLACEHOLDERS
from pipeline.text.repair import drop_lost, drop_pinyin, is_suspicious, mend_mojibake, strip_html

_MOST_ROUNDS = 16
"""Damage in damage (``&amp;lt;br&gt;``) takes a round a layer; no real text has as many."""
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ,.!?'\"$%()+\-/:;@#*=_~]")
"""What ASCII needs a closer look for: markup, brackets, white space other than blanks."""
_NOT_SETTLED = re.compile(
    "[^A-Za-z0-9 ,.!?'\"$%)+\\-/:@#*=_~£¥\u00c0-\u00ff\u2013-\u201f\u2022\u2026\u3001\u3002\u300a-\u300f\u3400-\u9fff"
    "\uff01-\uff07\uff09-\uff5e\uffe5\U0001f300-\U0001f3fa\U0001f400-\U0001faff]"
)
"""The same of any text: no other step than glyph mapping has to do with the rest, save for doubled characters."""
_REDACTED = re.compile("|".join(PLACEHOLDERS))
_TWICE = re.compile(r"(..)\1")
"""Any elongation has a pair twice in a row, which is found quicker."""
_ELONGATED = re.compile(r"(.)\1\1\1|(..)\2\2\2")
_PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*>")
_RUN = re.compile(r"([^\W\d_]|[^\w\s])\1{3,}")
"""Four or more of one letter, emoji or mark (never digits)."""
_PHRASE = re.compile(r"((?:[\u3400-\u9fff]{2,4}?|[!?！？]{2}|[^\w\s]{2,3}?|(?:ha|he|lo|ah|la)))\1{3,}", re.IGNORECASE)
"""Four or more of one short phrase, laugh or pair of marks."""
_STOPS = re.compile(r"。{2,}|…{3,}|\.{4,}|(?:。|…|\.{2}){3,}")
_PHRASE_TWICE = re.compile(r"(.{2,4}?)\1", re.IGNORECASE | re.DOTALL)
"""Stands in all that ``_RUN`` and ``_PHRASE`` find."""
_STOP_TWICE = re.compile("[。….]{2}")
"""Stands in all that ``_STOPS`` finds."""
_BLANKS = re.compile(r"\s+")


def normalise(text: str) -> AlignedText:
    """The text as the model reads it, every character mapped to where it came from.

    Mends mojibake and HTML remnants, folds widths and traditional glyphs, drops invisible marks, pinyin in brackets
    and lost characters, turns stickers into emoji, shortens elongation (``soooo`` to ``sooo``) and collapses blanks.
    Placeholders of redaction such as ``<PHONE>`` stay. Takes any string; normalising twice equals once.
    """
    if _is_plain(text):
        return AlignedText.unchanged(text)
    if _is_settled(text):
        mapped = map_glyphs(text)
        if mapped.starts is None or (_is_settled(mapped.text) and map_glyphs(mapped.text).starts is None):
            return mapped
    aligned = AlignedText.unchanged(text)
    for _ in range(_MOST_ROUNDS):
        before = aligned.text
        for step in _STEPS:
            later = step(aligned.text)
            if later.text != aligned.text:
                aligned = aligned.then(later)
        if aligned.text == before:
            break
    return aligned


def _is_plain(text: str) -> bool:
    """ASCII without markup, brackets, doubled blanks or elongation: nothing to do."""
    return not (
        _NOT_PLAIN.search(text)
        or _has_loose_blanks(text)
        or (_TWICE.search(text) is not None and _ELONGATED.search(text) is not None)
    )


def _is_settled(text: str) -> bool:
    """Whether glyph mapping is the only step that may change the text (most Chinese)."""
    bare = _REDACTED.sub("", text) if "<" in text else text
    return not (
        _NOT_SETTLED.search(bare) or _has_loose_blanks(text) or is_suspicious(text) or "??" in text or _has_runs(text)
    )


def _has_loose_blanks(text: str) -> bool:
    """Blanks doubled or at an end."""
    return "  " in text or text[:1] == " " or text[-1:] == " "


def _has_runs(text: str) -> bool:
    """Whether there is something to shorten."""
    if _PHRASE_TWICE.search(text) and (_PHRASE.search(text) or _RUN.search(text)):
        return True
    return _STOP_TWICE.search(text) is not None and _STOPS.search(text) is not None


def shorten_runs(text: str) -> AlignedText:
    """At most three of one letter, mark or phrase in a row; runs of full stops become an ellipsis."""
    if not _has_runs(text):
        return AlignedText.unchanged(text)
    edits = [(m.start() + 3 * len(m.group(1)), m.end(), "") for m in _PHRASE.finditer(text)]
    edits += [(m.start() + 3, m.end(), "") for m in _RUN.finditer(text)]
    edits += [(m.start(), m.end(), new) for m in _STOPS.finditer(text) if (new := _ellipsis(m.group())) != m.group()]
    if not edits:
        return AlignedText.unchanged(text)
    held = [m.span() for m in _PLACEHOLDER.finditer(text)]
    return AlignedText.from_edits(text, _disjoint(edits, held))


def _ellipsis(stops: str) -> str:
    return "..." if stops[0] == "." and stops.isascii() else "……"


def _disjoint(edits: list[tuple[int, int, str]], held: list[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """Edits in order, without overlaps among them or with ranges to keep."""
    kept: list[tuple[int, int, str]] = []
    for start, end, new in sorted(edits):
        if any(start < stop and begin < end for begin, stop in held) or (kept and start < kept[-1][1]):
            continue
        kept.append((start, end, new))
    return kept


def collapse_blanks(text: str) -> AlignedText:
    """Every run of white space becomes one blank, none at the ends."""
    edits = []
    for m in _BLANKS.finditer(text):
        new = "" if m.start() == 0 or m.end() == len(text) else " "
        if m.group() != new:
            edits.append((m.start(), m.end(), new))
    return AlignedText.from_edits(text, edits)


_STEPS: tuple[Callable[[str], AlignedText], ...] = (
    mend_mojibake,
    drop_marks,
    map_glyphs,
    strip_html,
    drop_pinyin,
    drop_lost,
    name_stickers,
    shorten_runs,
    collapse_blanks,
)
