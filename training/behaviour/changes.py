"""Changes of a text that leave its meaning as it is, and the joining of a further sentence.

A change gives the new text, or ``None`` where it does not apply; it draws no random numbers, so that two runs test the same texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Change = Callable[[str], str | None]

_HAN = re.compile("[\u3400-\u9fff]")
_WIDE = {code: code + 0xFEE0 for code in (*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B))}
_NARROW = str.maketrans("，！？：；（）", ",!?:;()")
_COMMA = re.compile("[，、]")
_AFTER_MARK = re.compile(r"(?<=[，。！？,.!?])(?=\S)(?!\d)")
_NUMBER = re.compile(r"(?<!\d)\d{6,}(?!\d)|(?<=138-0000-)\d{4}(?!\d)")
_TITLES = "先生|女士|小姐|师傅|師傅|经理|經理|老师|老師|太太"
_SURNAMES = {"陈": "罗", "林": "邓", "周": "蒋", "许": "韩", "何": "沈", "罗": "陈", "邓": "林", "蒋": "周"} | {
    "陳": "羅",
    "許": "韓",
    "羅": "陳",
}
_SURNAME = re.compile(f"[{''.join(_SURNAMES)}](?={_TITLES})")
_NAMES = {
    "林晓彤": "何静怡",
    "周建国": "罗志明",
    "陈雨桐": "许佳宁",
    "何志远": "邓文博",
    "許家豪": "羅俊傑",
    "陳美玲": "何淑芬",
    "小美": "小雯",
    "小林": "小何",
    "Marcus": "Owen",
    "Priya": "Anita",
    "Helen": "Laura",
    "Daniel": "Peter",
    "Chloe": "Megan",
    "Tom": "Ben",
    "Vivian": "Wendy",
    "Kevin": "Jason",
    "Aisha": "Neha",
    "Susan": "Karen",
    "Patel": "Sharma",
    "Whitlock": "Pemberton",
    "Okafor": "Adeyemi",
    "Brennan": "Gallagher",
}
"""Invented customers and agents of the seed texts, and who they become."""
_NAME = re.compile("|".join(name if _HAN.match(name) else rf"\b{name}\b" for name in _NAMES))
_EMPHASIS = re.compile(r"\b[A-Z]{4,}\b")
_LAST_STOP = re.compile(r"(?<![.。])[.。]$")
_WORD_END = re.compile(r"[A-Za-z\u3400-\u9fff]$")
_MARK_END = re.compile(r"[\s.。!！?？~～…,，;；]$")


@cache
def _converter(name: str) -> Any:
    from opencc import OpenCC

    return OpenCC(name)


def traditional(text: str) -> str | None:
    """Simplified glyphs to traditional ones (OpenCC ``s2t``)."""
    return _new(text, _converter("s2t").convert(text))


def simplified(text: str) -> str | None:
    """Traditional glyphs to simplified ones (OpenCC ``t2s``)."""
    return _new(text, _converter("t2s").convert(text))


def full_width(text: str) -> str | None:
    """Latin letters and digits of a Chinese text in full width, as some keyboards write them."""
    return _new(text, text.translate(_WIDE)) if _HAN.search(text) else None


def half_width(text: str) -> str | None:
    """Chinese punctuation in half width."""
    return _new(text, text.translate(_NARROW))


def other_names(text: str) -> str | None:
    """Other family names before a title, other persons of the seed texts."""
    renamed = _NAME.sub(lambda m: _NAMES[m.group()], text)
    return _new(text, _SURNAME.sub(lambda m: _SURNAMES[m.group()], renamed))


def other_numbers(text: str) -> str | None:
    """Other digits in order, parcel and telephone numbers; as many of them, and the same first one."""
    return _new(text, _NUMBER.sub(lambda m: m.group()[0] + "".join(map(_digit, m.group()[1:])), text))


def _digit(digit: str) -> str:
    return str((int(digit) * 7 + 3) % 10)


def final_stop(text: str) -> str | None:
    """The full stop at the end dropped, or one added after a word; other marks are left, they carry tone."""
    if _LAST_STOP.search(text):
        return text[:-1] or None
    if not _WORD_END.search(text):
        return None
    return text + ("。" if _HAN.match(text[-1]) else ".")


def commas_as_blanks(text: str) -> str | None:
    """Blanks for the commas of a Chinese text, as many people type on a telephone."""
    return _new(text, _COMMA.sub(" ", text)) if _HAN.search(text) else None


def lower_case(text: str) -> str | None:
    """No capitals at all, by habit; not where a word in capitals is stressed."""
    return None if _EMPHASIS.search(text) else _new(text, text.lower())


def upper_case(text: str) -> str | None:
    """Capitals throughout, by habit: a calm text stays calm."""
    return _new(text, text.upper())


def neutral_emoji(text: str) -> str | None:
    """A parcel at the end, which says nothing about the mood."""
    return f"{text} 📦" if text.strip() else None


def extra_blanks(text: str) -> str | None:
    """Blanks at both ends and one after each mark inside."""
    return f"  {_AFTER_MARK.sub(' ', text)} " if text.strip() else None


INVARIANT: Mapping[str, Change] = {
    change.__name__: change
    for change in (
        traditional,
        simplified,
        full_width,
        half_width,
        other_names,
        other_numbers,
        final_stop,
        commas_as_blanks,
        lower_case,
        upper_case,
        neutral_emoji,
        extra_blanks,
    )
}
"""Changes that must not move a score, by name."""
CALM_ONLY = frozenset({"upper_case"})
"""Changes that keep the meaning of a calm text only: an angry one gets louder."""


def add(text: str, sentence: str) -> str:
    """The text with a further sentence after it, set off by a mark that fits."""
    if _MARK_END.search(text):
        gap = "" if _HAN.search(text[-3:]) else " "
    else:
        gap = "，" if _HAN.search(text[-1:]) else ". "
    return f"{text}{gap}{sentence}"


def _new(text: str, changed: str) -> str | None:
    return None if changed == text else changed
