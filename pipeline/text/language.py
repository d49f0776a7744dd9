"""Language of a text and of its parts, by the ratio of scripts.

A Chinese character weighs one, a Latin word two (an average Chinese word is under two characters). Product names,
codes, placeholders, links and media marks weigh nothing, so that "iPhone 15 坏了" is Chinese. Below
``MINOR_SHARE`` of the weight a language is a guest, not a mixture.
"""

from __future__ import annotations

import re

from pipeline.records import Language
from pipeline.text.emoji import media_form
from pipeline.text.lexicon import words_of

MINOR_SHARE = 0.2
"""Share of the weight from which on the smaller language makes a text ``mixed``."""
_LATIN_WEIGHT = 2.0
_HAN = r"[\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_LETTER = r"[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿＡ-Ｚａ-ｚ]"
_SILENT = re.compile(
    r"<[A-Z][A-Z_]*>|(?:https?://|www\.)[^\s\u3400-\u9fff，。！？]+|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|[\[【]([^\[\]【】<>\n]{1,84})[\]】]|[@#][\w-]+#?",
    re.ASCII,
)
"""Spans that say nothing about the language: placeholders, links, e-mail, media in brackets, handles.

A mailbox is looked for where a run of its characters begins, not inside: long runs would take their length squared."""
_MAYBE_SILENT = re.compile(r"[<@#\[【]")
"""Stands in every silent span but links."""
_HAN_RUN = re.compile(f"{_HAN}+")
_ANY_LETTER = re.compile(_LETTER)
_TIED = r"[ \t]?\d+[A-Za-z]{0,4}\b"
_TOKEN = re.compile(
    rf"({_LETTER}+(?:['’-]{_LETTER}+)*)([\d_][\w-]*)?(?:(?=({_TIED}))|)|\d[\w.-]*",
    re.ASCII,
)
"""A Latin word, the digits that make it a code and a number that follows it; or a number."""
_KANA_OR_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")


def _weights(text: str) -> tuple[float, float]:
    """Weights (Chinese, English) of a text without silent spans."""
    han = 0 if text.isascii() else sum(map(len, _HAN_RUN.findall(text)))
    latin = guests = 0
    for token in _TOKEN.finditer(text) if _ANY_LETTER.search(text) else ():
        word, code, tied = token.groups()
        if not word or (code and (len(code) > 3 or word.lower() not in words_of("en", "guest_words.txt"))):
            continue  # a number, or that of an order or part
        if code or tied or _is_guest(word):
            guests += 1
        else:
            latin += 1
        if not han:
            break  # English however many words follow
    if not han or latin >= 2:
        latin += guests
    return float(han), latin * _LATIN_WEIGHT


def _is_guest(word: str) -> bool:
    """A brand, unit or abbreviation: listed, in capitals, or with a capital inside."""
    return (
        word.lower() in words_of("en", "guest_words.txt")
        or (len(word) <= 5 and word.isupper())
        or not (word[1:].islower() or len(word) == 1)
    )


def _aside(match: re.Match[str]) -> str:
    """Blank for a silent span; a bracket with words that are no medium keeps them."""
    inside = match.group(1)
    return " " if inside is None or media_form(inside) else match.group()


def detect_language(text: str) -> Language:
    """``zh``, ``en``, ``mixed`` where both carry words, ``und`` where there are none (digits, emoji, other scripts).

    Args:
        text: any string; best in normalised form, traditional or simplified.
    """
    is_worth = _MAYBE_SILENT.search(text) or "://" in text or "www." in text
    bare = _SILENT.sub(_aside, text) if is_worth else text
    if not bare.isascii() and _KANA_OR_HANGUL.search(bare) and _is_foreign(bare):
        return Language.UND
    han, latin = _weights(bare)
    return _judge(han, latin)


def _judge(han: float, latin: float) -> Language:
    total = han + latin
    if not total:
        return Language.UND
    if min(han, latin) >= MINOR_SHARE * total or min(han, latin) > 4 * _LATIN_WEIGHT:
        return Language.MIXED
    return Language.ZH if han > latin else Language.EN


def _is_foreign(text: str) -> bool:
    """Japanese or Korean: their own letters outweigh a stray の in Chinese."""
    own = len(_KANA_OR_HANGUL.findall(text))
    return own >= 3 and own * 2 > len(re.findall(_HAN, text))


_BLOCK = re.compile(rf"{_HAN}+|{_LETTER}+")


def language_spans(text: str) -> list[tuple[int, int, Language]]:
    """Ranges of one language each, in order, without gaps: they tile the text.

    Digits, marks, blanks, placeholders and links go with what stands before them (at the start, with what follows). A text without words
    is one ``und`` range; the empty text has none.
    """
    spans: list[tuple[int, int, Language]] = []
    masked = _SILENT.sub(lambda m: _aside(m).ljust(len(m.group())), text)
    for block in _BLOCK.finditer(masked):
        language = Language.ZH if re.match(_HAN, block.group()) else Language.EN
        if spans and spans[-1][2] is language:
            continue
        if spans:
            spans[-1] = (spans[-1][0], block.start(), spans[-1][2])
        spans.append((block.start() if spans else 0, len(text), language))
    if text and not spans:
        return [(0, len(text), Language.UND)]
    return spans
