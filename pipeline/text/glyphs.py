"""One character at a time: widths, compatibility forms, traditional to simplified, marks that carry no meaning.

For the model's eyes only; the stored text keeps its glyphs. Source of the character map: OpenCC ``t2s``.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from pipeline.text.aligned import AlignedText

_KEPT_WIDE = "，！？；：（）"
"""Ordinary Chinese punctuation, though its code points are "full-width ASCII"."""
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_FOLDED = re.compile(
    "[\u1100-\u115f\u2000-\u200a\u202f\u205f\u3000\u2e80-\u2fdf\u3300-\u33ff\u2100-\u214f\ufb00-\ufb06"
    "\uff00-\uffef\uf900-\ufaff\U0001d400-\U0001d7ff\U0002f800-\U0002fa1f]"
)
"""Ranges whose NFKC form means the same to a reader (superscripts and fractions do not, so they are not here)."""
_CANTONESE = {
    "係": "係",
    "嗰": "嗰",
    "囉": "囉",
    "喎": "喎",
    "諗": "諗",
    "搵": "搵",
    "妳": "你",
    "祢": "你",
    "牠": "它",
}
"""Glyphs of written Cantonese that OpenCC would turn into ones no model knows; second persons that it leaves."""
_RELATION = re.compile("(?<=[关联干体派世])係|係(?=[数列])")
_PARTICLE = re.compile("(?<![土名原显卓昭编论专所译合巨拙执])著(?![名作称者述书录重])")
_MARKS = (
    "\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\ue000-\uf8ff\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
_DROPPED = re.compile(f"[{_MARKS}\ufffd]+")
"""Controls, invisible marks, variation selectors, skin tones, private use, surrogates, the replacement character."""
_COMBINED = re.compile("[^\u0300-\u036f][\u0300-\u036f]+|^[\u0300-\u036f]+")


@cache
def _traditional() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def _folded(char: str) -> str:
    """NFKC form of a character of the folded ranges, itself otherwise."""
    if char in _KEPT_WIDE or not _FOLDED.match(char):
        return char
    return unicodedata.normalize("NFKC", char)


class _Glyphs(dict[int, int]):
    """Character map for ``str.translate``, filled as characters are met; one character stays one character."""

    def __missing__(self, code: int) -> int:
        folded = _folded(chr(code))
        char = folded if len(folded) == 1 else chr(code)
        if _HAN.match(char):
            simple = _CANTONESE.get(char) or _traditional().convert(char)
            char = simple if len(simple) == 1 else char
        self[code] = ord(char)
        return self[code]


_GLYPHS = _Glyphs()
_ASCII_PUNCTUATION = str.maketrans(_KEPT_WIDE, ",!?;:()")


def simplified(text: str) -> str:
    """The text with half-width and simplified glyphs, one for one: offsets stay."""
    if text.isascii():
        return text
    text = text.translate(_GLYPHS)
    if "係" in text:
        text = _RELATION.sub("系", text)
    if "著" in text:
        text = _PARTICLE.sub("着", text)
    return text


def map_glyphs(text: str) -> AlignedText:
    """``simplified``, aligned; where there is no Chinese its full-width punctuation becomes ASCII too."""
    new = simplified(text)
    if not _HAN.search(new):
        new = new.translate(_ASCII_PUNCTUATION)
    if new == text:
        return AlignedText.unchanged(text)
    return AlignedText(new, len(text), tuple(range(len(text))), tuple(range(1, len(text) + 1)))


def drop_marks(text: str) -> AlignedText:
    """Remove what has no meaning, write out what one character abbreviates (㎡, ﬁ), compose accents."""
    if text.isascii() and text.isprintable():
        return AlignedText.unchanged(text)
    edits = [(m.start(), m.end(), "") for m in _DROPPED.finditer(text)]
    edits += [(m.start(), m.end(), folded) for m in _FOLDED.finditer(text) if len(folded := _folded(m.group())) > 1]
    edits += [(m.start(), m.end(), new) for m in _COMBINED.finditer(text) if (new := _composed(m.group())) != m.group()]
    return AlignedText.from_edits(text, _apart(sorted(edits)))


def _composed(cluster: str) -> str:
    """Base and accents as one character; accents that compose with nothing are dropped."""
    return re.sub("[\u0300-\u036f]+", "", unicodedata.normalize("NFC", cluster))


def _apart(edits: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The edits without those that overlap an earlier one (the next round takes them)."""
    kept: list[tuple[int, int, str]] = []
    for edit in edits:
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    return kept
