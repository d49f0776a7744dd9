"""Numbers that belong to a person: identity cards, bank cards, telephones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.text.checksums import (
    is_card,
    is_chinese_id,
    is_hong_kong_id,
    is_iban,
    is_singapore_id,
    is_taiwan_id,
)
from pipeline.text.redact_patterns import LEFT, RIGHT, Finding, digit_count, digits_of, matches

_GAP = r"[ \-]?"
_CHINESE_ID = re.compile(
    rf"(?<![\dA-Za-z])(?<!\d[.,])[1-8](?:{_GAP}\d){{14}}(?:(?:{_GAP}\d){{2}}{_GAP}[\dXx])?(?![\dA-Za-z])"
)
_LED_ID = re.compile(
    r"(?:驾驶证|驾照|駕照|身份证|身分證|身份證|证件|證件|护照|護照|通行证|通行證|台胞证|社保|\bpassport|\bnric|\bfin no|\bid card|\bid no|\bid number|\bnational id|\bssn|\bsocial security|\bni number|\bnino|\baadhaar|\bpan card|\bpan|\blicen[cs]e no)"
    r"(?:号码|號碼|号|號|卡号| number| no\.?|#)?\s*(?:是|为|為|is|[:：=#])?\s*"
    r"(?P<id>[A-Za-z]{0,5}[-(]?\d(?:[ \-]?\d){4,19}\)?[A-Za-z]?(?:\([\dA-Za-z]\))?)(?![\dA-Za-z])",
    re.IGNORECASE,
)
_ID_WORD = re.compile(
    "[证證照]|社保|passport|nric|fin no|id card|id n|national id|ssn|social security|ni number|nino|aadhaar|pan|licen"
)
"""Stands in the caseless form of all that ``_LED_ID`` finds."""
_CLOSE_FIGURES = re.compile(r"\d(?:[ \-]?\d){4}")
"""Stands in every identity number but ``_PAN``."""
_PAN_SIGN = re.compile(r"[A-Z]\d{4}[A-Z]")
_PAN = re.compile(r"\b[A-Z]{3}[PCHFATBLJG][A-Z]\d{4}[A-Z]\b")
_NINO = re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b")
_SSN = re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_HONG_KONG_ID = re.compile(r"(?<![A-Za-z\d])([A-Za-z]{1,2})(\d{6}) ?[(（]([\dAa])[)）]")
_SINGAPORE_ID = re.compile(r"(?<![A-Za-z\d])[STFGMstfgm]\d{7}[A-Za-z](?![A-Za-z\d])")
_TAIWAN_ID = re.compile(r"(?<![A-Za-z\d])[A-Za-z][1289]\d{8}(?!\d)")

_CARD = re.compile(rf"{LEFT}(?<![A-Za-z])\d(?:[ \-]?\d){{12,18}}(?![\d*])(?![A-Za-z])")
_LED_CARD = re.compile(
    r"(?:银行卡|銀行卡|信用卡|储蓄卡|借记卡|卡号|卡號|银行账[号户]|银行帐[号户]|银行账户|\bcard(?: number| no\.?| #)?|\bdebit|\bcredit card|\bsort code|\baccount ending)"
    r"(?:号码|號碼|号|號)?\s*(?:是|为|為|is|[:：=#])?\s*(?P<card>\d(?:[ \-]?\d){11,20})(?!\d)",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")


def identity_cards(text: str, folded: str) -> Iterator[Finding]:
    """National ids by check digit, by form or by the word before them."""
    if _PAN_SIGN.search(text):
        yield from matches(_PAN, text, "<ID_CARD>")
    if _CLOSE_FIGURES.search(text):
        if _ID_WORD.search(folded):
            yield from matches(_LED_ID, text, "<ID_CARD>", group="id")
        yield from _identity_cards_by_form(text)


def _identity_cards_by_form(text: str) -> Iterator[Finding]:
    digits = digit_count(text)
    for m in _CHINESE_ID.finditer(text) if digits >= 15 else ():
        if is_chinese_id(re.sub("[ -]", "", m.group())):
            yield Finding(*m.span(), "<ID_CARD>")
    if "-" in text:
        yield from matches(_SSN, text, "<ID_CARD>")
    if digits >= 6:
        yield from matches(_NINO, text, "<ID_CARD>")
        yield from _identity_cards_by_letter(text)


def _identity_cards_by_letter(text: str) -> Iterator[Finding]:
    """Hong Kong, Singapore, Taiwan: a letter, figures and a check digit."""
    for m in _HONG_KONG_ID.finditer(text):
        if is_hong_kong_id(*m.groups()):
            yield Finding(*m.span(), "<ID_CARD>")
    for m in _SINGAPORE_ID.finditer(text):
        if is_singapore_id(m.group()):
            yield Finding(*m.span(), "<ID_CARD>")
    for m in _TAIWAN_ID.finditer(text):
        if is_taiwan_id(m.group()):
            yield Finding(*m.span(), "<ID_CARD>")


def bank_cards(text: str, _folded: str) -> Iterator[Finding]:
    """Cards by Luhn or by the word before them, and IBANs."""
    if digit_count(text) >= 12:
        for m in _CARD.finditer(text):
            if is_card(digits_of(m.group())):
                yield Finding(*m.span(), "<BANK_CARD>")
        for m in _LED_CARD.finditer(text):
            yield Finding(*m.span("card"), "<BANK_CARD>")
    for m in _IBAN.finditer(text) if _IBAN_SIGN.search(text) else ():
        if is_iban(m.group().replace(" ", "")):
            yield Finding(*m.span(), "<BANK_CARD>")


_IBAN_SIGN = re.compile(r"[A-Z]{2}\d{2}")
_SEP = r"[ \-.·]?"
_EXTENSION = r"(?:\s?(?:转|轉|分机|分機|ext\.?|x)\s?\d{1,6})?"
_MOBILE = rf"1[ \-]?[3-9](?:\d(?:{_SEP}\d{{4}}){{2}}|(?:[ \-]?\d){{9}})"
_TELEPHONES = (
    # mainland mobile, with or without country code; letters may stand before it (tel138…, vx138…)
    ("1", re.compile(rf"{LEFT}(?:\(?(?:\+|00)?86\)?[ \-]?)?{_MOBILE}{RIGHT}")),
    # any international form
    ("+", re.compile(rf"(?<![\d+])\+\(?[1-9]\d{{0,2}}\)?(?:[ \-.]?\(?\d{{1,5}}\)?){{2,6}}(?!\d){_EXTENSION}")),
    ("00", re.compile(rf"{LEFT}00(?:1|44|60|61|65|852|853|886|86|91|971)[ \-]?\d(?:[ \-]?\d){{7,11}}{RIGHT}")),
    # mainland landline and hotline: (0755) 8288-1234, 010-65551234, 400-820-8820
    ("0", re.compile(rf"{LEFT}(?:\(0\d{{2,3}}\)|0\d{{2,3}})[ \-]?[2-8]\d{{2,3}}[ \-]?\d{{4}}(?!\d){_EXTENSION}")),
    ("00", re.compile(rf"{LEFT}(?:1[ \-])?[48]00[ \-]?\d{{3,4}}[ \-]?\d{{3,4}}{RIGHT}{_EXTENSION}")),
    # national forms with a leading nought: UK, Australia, Taiwan, Malaysia, Nigeria, Pakistan, South Africa, …
    ("0", re.compile(rf"{LEFT}(?<![A-Za-z])\(?0[1-9]\d{{0,3}}\)?[ \-]?\d{{3,4}}[ \-]?\d{{3,4}}{RIGHT}{_EXTENSION}")),
    ("0", re.compile(rf"{LEFT}(?<![A-Za-z])\(?0[1-9](?:[ \-)]{{0,2}}\d){{8,9}}{RIGHT}")),
    # North America; ten bare digits are a telephone far oftener than anything else
    (
        "",
        re.compile(
            rf"{LEFT}(?<![A-Za-z])(?:1[ \-.])?(?:\([2-9]\d{{2}}\) ?|[2-9]\d{{2}}[ \-.])\d{{3}}[ \-.]\d{{4}}{RIGHT}{_EXTENSION}"
        ),
    ),
    ("", re.compile(rf"{LEFT}(?<![A-Za-z\-#])[2-9]\d{{9}}(?![A-Za-z\-]){RIGHT}")),
    ("", re.compile(rf"{LEFT}(?<![A-Za-z\-#])[6-9]\d{{4}} \d{{5}}{RIGHT}")),
    # Hong Kong and Singapore: 9123 4567 (not a range of years or of round sums)
    (
        "",
        re.compile(
            rf"{LEFT}(?<![A-Za-z\-#])(?!(?:19|20)\d\d (?:19|20)\d\d|\d\d00 \d\d00)[235689]\d{{3}} \d{{4}}(?! ?\d){RIGHT}"
        ),
    ),
    ("", re.compile(rf"(?<![\d+])(?:852|853|65)[ \-]\d{{4}}[ \-]?\d{{4}}{RIGHT}")),
    # Australia 1300
    ("00", re.compile(rf"{LEFT}1[38]00 \d{{3}} \d{{3}}{RIGHT}")),
)
"""Each form, and what stands in all that it finds."""
_DIALLED = re.compile(r"\d(?:[ \-.·()]{0,3}\d){6}")
"""Stands in every number in figures."""
_LED_TELEPHONE = re.compile(
    r"(?:电话|電話|手机|手機|联系方式|聯絡方式|联系我|打给|打給|座机|固话|热线|熱線|号码|號碼|致电|致電"
    r"|\b(?:tel|phone|mobile|cell|whats ?app|hotline|call(?: me)?(?: back)?|contact|text me|ring me|my number|reach me|fax|hp(?= ?(?:no\.?|number|:)? ?[689]\d{3}))\b)"
    r"(?:号码|號碼|号|號| number| no\.?)?[\s:：=]*(?:是|为|為|改成|换成|is|at|on|to)?[\s:：=]*"
    rf"(?P<number>\+?\(?\d(?:[ \-().]?\d){{6,14}})(?!\d){_EXTENSION}",
    re.IGNORECASE,
)
_ALONE = re.compile(r"\s*([235689]\d{7})\s*[.。]?\s*")
_NUMERALS = str.maketrans("零一二三四五六七八九幺〇", "012345678910")
_SPELLED = re.compile(
    r"(?<![零一二三四五六七八九幺\d])[一幺1](?:[ \-、,，]?[零一二三四五六七八九幺\d]){10}(?![零一二三四五六七八九幺十百千万\d])"
)
_SAID = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_SPOKEN = re.compile(rf"\b{_SAID}(?:[ \-,]+{_SAID}){{6,14}}\b", re.IGNORECASE)
_SPOKEN_SIGN = re.compile(rf"{_SAID}(?:[ \-,]+{_SAID}){{6}}")
_SPELLED_SIGN = re.compile(r"(?:[零一二三四五六七八九幺\d][ \-、,，]?){11}")
"""These two stand in all that ``_SPOKEN`` (caseless) and ``_SPELLED`` find."""
_DATE = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")


def telephones(text: str, folded: str) -> Iterator[Finding]:
    """Mobile and landline numbers of many countries; short public numbers (12315, 95588) have none of these forms."""
    if _DIALLED.search(text):
        yield from _in_figures(text)
    yield from _spelled(text, folded)


def _in_figures(text: str) -> Iterator[Finding]:
    for sign, pattern in _TELEPHONES:
        for m in pattern.finditer(text) if sign in text else ():
            if 8 <= len(digits_of(m.group())) <= 20:
                yield Finding(*m.span(), "<PHONE>")
    for m in _LED_TELEPHONE.finditer(text):
        digits = digits_of(m["number"])
        if 7 <= len(digits) <= 15 and not _DATE.match(digits) and not m["number"].startswith("20"):
            yield Finding(m.start("number"), m.end(), "<PHONE>")
    alone = _ALONE.fullmatch(text)
    if alone and not _DATE.fullmatch(alone.group(1)):
        yield Finding(*alone.span(1), "<PHONE>")


def _spelled(text: str, folded: str) -> Iterator[Finding]:
    """Numbers in words: 一三八…, one three eight …."""
    for m in _SPELLED.finditer(text) if not text.isascii() and _SPELLED_SIGN.search(text) else ():
        digits = digits_of(m.group().translate(_NUMERALS))
        if re.fullmatch(r"1[3-9]\d{9}", digits) and not m.group().isascii():
            yield Finding(*m.span(), "<PHONE>")
    if _SPOKEN_SIGN.search(folded):
        yield from matches(_SPOKEN, text, "<PHONE>")
