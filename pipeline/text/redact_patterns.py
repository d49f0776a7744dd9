"""What the recognisers of personal data share: a finding, the placeholders, the folded view of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass

PLACEHOLDERS = (
    "<PHONE>",
    "<ID_CARD>",
    "<BANK_CARD>",
    "<EMAIL>",
    "<URL>",
    "<TOKEN>",
    "<IP>",
    "<ADDRESS>",
    "<PLATE>",
    "<ORDER>",
    "<TRACKING>",
    "<ACCOUNT>",
    "<NAME>",
)
"""Every placeholder that redaction writes.

``<TOKEN>`` stands for the secret part of a link (``https://shop.example.com/<TOKEN>``), ``<URL>`` for a link without a
host worth keeping (app schemes, share codes), ``<ORDER>`` for order, ticket, case, invoice and booking numbers,
``<ACCOUNT>`` for member and account numbers and handles, ``<ID_CARD>`` for any national id or passport,
``<BANK_CARD>`` for card and account numbers of banks.
"""

HAN = "\u3400-\u9fff"
MONEY_BEFORE = r"(?<![¥$€£₹￥])(?<![¥$€£₹￥] )"
MONEY_AFTER = r"(?!\s?(?:元|块|塊|圆|圓|万|萬|亿|億|千克|%|dollars?\b|usd\b|rmb\b|yuan\b|points?\b|积分|積分))"
"""Amounts are no identifiers."""
LEFT = r"(?<![\d*])(?<!\d[.,:/])" + MONEY_BEFORE
RIGHT = r"(?![\d*])(?![.,:/]\d)" + MONEY_AFTER


@dataclass(frozen=True, slots=True)
class Finding:
    """Personal data at ``start:end``, to be replaced by ``placeholder``."""

    start: int
    end: int
    placeholder: str


PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*>")
MASK = "\ue000"
"""Stands for each character of a placeholder in the view: no pattern matches it."""

_DIGIT = re.compile(r"\d")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_KEPT = {ord(char): ord(char) for char in "，！？；：（）"}
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\u30fc"), ord("-"))
_BLANKS = dict.fromkeys(
    [0x00A0, 0x3000, 0x202F, *range(0x2000, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF], 32
)
_FOLD = {**_WIDE, **_KEPT, **_DASHES, **_BLANKS, 0x3007: ord("零"), ord("两"): ord("二")}
_FOLD[ord("两")] = ord("两")
_FOLDED = re.compile("[" + "".join(re.escape(chr(code)) for code, new in _FOLD.items() if code != new) + "]")


def view(text: str) -> str:
    """The text with half-width digits and letters, plain dashes and blanks, placeholders masked; offsets stay."""
    if not text.isascii() and _FOLDED.search(text):
        text = text.translate(_FOLD)
    if "<" in text:
        text = PLACEHOLDER.sub(lambda m: MASK * len(m.group()), text)
    return text


def matches(pattern: re.Pattern[str], text: str, placeholder: str, *, group: int | str = 0) -> list[Finding]:
    """A finding for every match of a group."""
    return [Finding(*m.span(group), placeholder) for m in pattern.finditer(text) if m.start(group) < m.end(group)]


def caseless(text: str) -> str:
    """The text in a form in which all characters are one that an expression takes for one when it ignores case."""
    return text.lower() if text.isascii() else text.casefold().replace("i\u0307", "i").replace("\u0131", "i")


def digit_count(text: str) -> int:
    """How many decimal digits of any script a text has: most recognisers need several to find anything."""
    return len(_DIGIT.findall(text))


def digits_of(text: str) -> str:
    """Only the ASCII digits of a text."""
    return "".join(char for char in text if "0" <= char <= "9")
