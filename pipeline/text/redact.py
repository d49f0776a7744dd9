"""Personal data replaced by placeholders that keep its meaning, such as ``<PHONE>`` and ``<ORDER>``.

Chinese (mainland, Hong Kong, Taiwan) and English of many countries. Forms with a check digit are checked; the rest
goes by shape and by the words around it. Prices, dates, quantities, product names and short public numbers (12315,
95588, 110) stay, because they carry what a complaint is about. ``PLACEHOLDERS`` lists what is written.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Collection, Iterator

from pipeline.text.aligned import AlignedText
from pipeline.text.redact_address import addresses
from pipeline.text.redact_codes import known_shapes, led_codes, plates
from pipeline.text.redact_names import names_in
from pipeline.text.redact_numbers import bank_cards, identity_cards, telephones
from pipeline.text.redact_patterns import PLACEHOLDERS, Finding, caseless, view
from pipeline.text.redact_web import links, mailboxes

__all__ = ["PLACEHOLDERS", "redact"]

_MOST_ROUNDS = 6
"""A replacement may uncover what stood beside it; two rounds are usual."""
_NUMERIC: tuple[Callable[[str, str], Iterator[Finding]], ...] = (
    identity_cards,
    led_codes,
    bank_cards,
    known_shapes,
    telephones,
    plates,
)
"""In order of precedence where two overlap."""
_FIGURES = re.compile(r"\d\D{0,3}\d")
_NUMERALS = re.compile("(?:[零一二三四五六七八九幺][ \\-、,，]?){5}")
_PLACES = re.compile(r"[\d号號室栋棟幢座楼樓弄巷]")
_SPELLED = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double)"
_SPELLED_OUT = re.compile(rf"\b{_SPELLED}\W+{_SPELLED}\b", re.IGNORECASE)
_SPELLED_SIGN = re.compile(rf"{_SPELLED}\W+{_SPELLED}")
"""Stands in the caseless form of all that ``_SPELLED_OUT`` finds, and is found quicker."""
_LINKS = re.compile(r"[@/:.]|[\[( ]at[\]) ]|[￥$€]", re.IGNORECASE)


def redact(text: str, names: Collection[str] = ()) -> AlignedText:
    """Replace personal data by placeholders; placeholders already there stay, so that twice equals once.

    Args:
        text: any string.
        names: display names of the speakers; role words and brands in them are not redacted.
    """
    aligned = AlignedText.unchanged(text)
    for _ in range(_MOST_ROUNDS):
        edits = _edits(aligned.text, names)
        if not edits:
            break
        aligned = aligned.then(AlignedText.from_edits(aligned.text, edits))
    return aligned


def _edits(text: str, names: Collection[str]) -> list[tuple[int, int, str]]:
    """Replacements in order, without overlaps."""
    kept: list[tuple[int, int, str]] = []
    seen = view(text)
    for findings in _findings(seen, caseless(seen), names):
        for finding in sorted(findings, key=lambda f: (f.start - f.end, f.start)):
            at = bisect(kept, (finding.start, finding.end, ""))
            is_free = (at == 0 or kept[at - 1][1] <= finding.start) and (at == len(kept) or finding.end <= kept[at][0])
            if is_free and finding.start < finding.end:
                kept.insert(at, (finding.start, finding.end, finding.placeholder))
    return kept


def _findings(text: str, folded: str, names: Collection[str]) -> Iterator[Iterator[Finding]]:
    """Findings of each recogniser that has something to look for; those before win over those after.

    Recognisers take the text and its ``caseless`` form.
    """
    if _LINKS.search(text):
        yield links(text)
        yield mailboxes(text, folded)
    if _has_numbers(text, folded):
        for recognise in _NUMERIC:
            yield recognise(text, folded)
    if _PLACES.search(text) or "地址" in text or "住址" in text:
        yield addresses(text, folded)
    yield names_in(text, folded, names)


def _has_numbers(text: str, folded: str) -> bool:
    """Figures close together, or numbers in words."""
    if _FIGURES.search(text) or (not text.isascii() and _NUMERALS.search(text)):
        return True
    return _SPELLED_SIGN.search(folded) is not None and _SPELLED_OUT.search(text) is not None
