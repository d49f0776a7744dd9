"""Sentences of Chinese and English, as ranges of the text."""

from __future__ import annotations

import re

_ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "mdm",
        "dr",
        "prof",
        "sr",
        "jr",
        "st",
        "rd",
        "ave",
        "no",
        "nos",
        "vs",
        "etc",
        "e.g",
        "i.e",
        "eg",
        "ie",
        "approx",
        "dept",
        "est",
        "inc",
        "ltd",
        "co",
        "corp",
        "fig",
        "vol",
        "a.m",
        "p.m",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "tel",
        "ext",
        "ref",
        "apt",
        "u.s",
        "u.k",
    ]
)
_EMOJI = "\u2600-\u27bf\U0001f300-\U0001faff"
_END = re.compile(
    rf"[。！？!?；…]+[\"'”’」』）)】\]{_EMOJI}\ufe0f]*|\.+[\"'”’)\]]*(?=\s|\Z)|[{_EMOJI}\ufe0f]+(?=\s|\Z|[^\s。！？!?；…{_EMOJI}\ufe0f])|[\n\r]+"
)
_WORD_BEFORE = re.compile(r"[A-Za-z.]+\Z")
_LISTED = re.compile(r"(?:\A|\n)\s*\d{1,2}\Z")


def sentences(text: str) -> list[tuple[int, int]]:
    """Ranges (start, end) of sentences without the blanks around them; they are in order and cover every word.

    Ends are 。！？；…, a full stop before a blank (not after ``Mr.``, ``e.g.``, ``No.`` or inside ``$3.50``), emoji and
    line breaks.
    """
    found: list[tuple[int, int]] = []
    start = 0
    for end in _END.finditer(text):
        if end.group()[0] == "." and len(end.group()) == 1 and _is_abbreviation(text, end):
            continue
        _add(found, text, start, end.end())
        start = end.end()
    _add(found, text, start, len(text))
    return found


def _is_abbreviation(text: str, stop: re.Match[str]) -> bool:
    """Whether the full stop belongs to the word (or list number) before it."""
    if stop.end() == len(text):
        return False
    window = text[max(0, stop.start() - 12) : stop.start()]
    word = _WORD_BEFORE.search(window)
    if word is None:
        return bool(_LISTED.search(window))
    name = word.group().lower()
    if name in {"no", "sat", "sun", "mar", "jan", "co"}:  # words too: only before a number or a capital
        follows = text[stop.end() :].lstrip()[:1]
        return follows.isdigit() or follows == "#"
    return name in _ABBREVIATIONS or (len(name) == 1 and name != "i" and word.group().isupper())


def _add(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    if piece.strip():
        found.append((start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())))
