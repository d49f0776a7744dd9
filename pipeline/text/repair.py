"""Undo what careless software did to a text: mojibake, HTML remnants, lost characters, pinyin in brackets.

Each function takes a text and gives it back aligned, unchanged where nothing is suspicious.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from html import unescape

from pipeline.text.aligned import AlignedText
from pipeline.text.lexicon import table

_HAN = "\u3400-\u9fff"

# -- mojibake ---------------------------------------------------------------------------------------------------

_HIGH = "\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122"
_HIGH_RUN = re.compile(rf"[{_HIGH}]{{2,}}(?:[ \u3000]?[{_HIGH}]+)*")
"""Characters of code page 1252 above ASCII: what the bytes of another encoding look like when read as it."""
_UTF8_AS_GBK = re.compile("[锛銆鐨浣鎴鏄杩鍙涓鍦涔閫娆鏈浜甯璇鍟闂椤瀹鍚嬪噺浠]")
"""Lead characters that UTF-8 Chinese turns into when read as GBK."""
_BEYOND_ASCII = re.compile("[^\\x00-\\x7f]{2,}")
_LOST_GBK = re.compile("(?:锟斤拷|锟斤|锟絴)+|锟{2,}")
"""What U+FFFD turns into when its UTF-8 bytes are read as GBK."""
_SANE = re.compile(rf"[{_HAN}\u3000-\u303f\uff00-\uff65\u2018-\u201d\u2026\x20-\x7e\s]+")


def is_suspicious(text: str) -> bool:
    """Whether ``mend_mojibake`` has anything to look at."""
    return bool(_HIGH_RUN.search(text) or _UTF8_AS_GBK.search(text)) or "锟" in text


def mend_mojibake(text: str) -> AlignedText:
    """Decode runs that are UTF-8 or GBK read in another encoding; each run is one edit.

    Source: ``ftfy.fix_encoding`` for UTF-8 read as a single-byte code page.
    """
    if text.isascii() or not is_suspicious(text):
        return AlignedText.unchanged(text)
    edits = [(m.start(), m.end(), new) for m in _HIGH_RUN.finditer(text) if (new := _decoded(m.group())) != m.group()]
    if not edits and _UTF8_AS_GBK.search(text):
        edits = _as_gbk(text)
    if not edits and "锟" in text:
        edits = [(m.start(), m.end(), "") for m in _LOST_GBK.finditer(text)]
    return AlignedText.from_edits(text, edits)


@lru_cache(maxsize=256)
def _decoded(run: str) -> str:
    """The run as it was meant, itself where it is plain accented Latin; remembered, because ``——`` and ``……`` are common."""
    for page in ("latin-1", "cp1252"):
        for encoding in ("utf-8", "gb18030"):
            try:
                meant = run.encode(page).decode(encoding)
            except UnicodeError:
                continue
            if len(meant) >= 2 and all(_is_common(char) for char in meant):
                return meant
    from ftfy import fix_encoding

    return str(fix_encoding(run))


def _is_common(char: str) -> bool:
    """A Chinese character of everyday use (GB 2312) or Chinese punctuation."""
    try:
        char.encode("gb2312")
    except UnicodeError:
        return False
    return bool(_SANE.fullmatch(char))


def _as_gbk(text: str) -> list[tuple[int, int, str]]:
    """Runs that, written as GBK, are UTF-8 for everyday Chinese: never so by chance; characters cut in half are lost."""
    edits = []
    for m in _BEYOND_ASCII.finditer(text):
        try:
            raw = m.group().replace("\ufffd", "").encode("gb18030")
        except UnicodeError:
            continue
        meant = raw.decode("utf-8", "ignore")
        whole = sum(len(char.encode()) for char in meant if _is_common(char))
        if len(meant) >= 2 and whole >= 0.6 * len(raw):
            edits.append((m.start(), m.end(), "".join(char for char in meant if _is_common(char))))
    return edits


# -- HTML -------------------------------------------------------------------------------------------------------

_TAGS = (
    "a|abbr|b|big|blockquote|body|br|center|code|del|div|em|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|"
    "input|ins|label|li|link|mark|meta|nav|o:p|ol|p|pre|q|s|section|small|span|strike|strong|sub|sup|svg|table|tbody|"
    "td|tfoot|th|thead|title|tr|u|ul|video"
)
_HTML = re.compile(
    rf"<(?P<raw>script|style)\b[^<>]*>.*?</(?P=raw)\s*>"
    r"|<!--.*?-->|<!\[CDATA\[|\]\]>|<!doctype[^<>]*>"
    rf"|</?(?:{_TAGS}|script|style)(?:\s[^<>]*|/)?>"
    r"|&(?:amp;)*(?:#\d{1,7};?|#x[0-9a-f]{1,6};?|nbsp;?|[a-z][a-z0-9]{1,9};)|(?<![a-z])nbsp;",
    re.IGNORECASE | re.DOTALL,
)
_KEPT_AS_TEXT = re.compile("<!\\[CDATA\\[|\\]\\]>")


def strip_html(text: str) -> AlignedText:
    """Tags become a blank, entities the character they name, CDATA brackets nothing."""
    if "<" not in text and "&" not in text and "]]>" not in text and "nbsp;" not in text:
        return AlignedText.unchanged(text)
    found = ((m.start(), m.end(), _plain(m.group())) for m in _HTML.finditer(text))
    return AlignedText.from_edits(text, [(a, b, new) for a, b, new in found if new != text[a:b]])


def _plain(markup: str) -> str:
    if _KEPT_AS_TEXT.match(markup):
        return ""
    if markup[0] == "<" or markup.lower() == "nbsp;":
        return " "
    entity = re.sub("&(?:amp;)+", "&", markup, flags=re.IGNORECASE)
    entity = entity if entity.endswith(";") else entity + ";"
    meant = unescape(entity)
    return unescape(entity.lower()) if meant == entity else meant


# -- lost characters --------------------------------------------------------------------------------------------

_LOST = re.compile(rf"(?<=[{_HAN}])(?:\?\?)+(?=[{_HAN}])")
_CLAUSE = re.compile(rf"[{_HAN}]*\Z")
_ASKING = re.compile(
    "[吗嗎呢吧啊么麼嘛呀谁誰哪几幾何咋啥不没沒冇未无難难凭憑咩乜边邊定先嘅啦咯噢哦喂真]|怎|什|多少|点解|點解|是否"
)
_NEXT_CLAUSE = re.compile("[我你您他她它这那這就都还還又再快到为為怎什谁誰凭人服]")


def drop_lost(text: str) -> AlignedText:
    """Remove ``??`` that stands for a character lost inside a Chinese word.

    A pair of ASCII question marks between two Chinese characters is taken for a lost one only where nothing
    before it in the clause asks and nothing after it begins a new clause; other question marks stay.
    """
    if "??" not in text:
        return AlignedText.unchanged(text)
    edits = []
    for m in _LOST.finditer(text):
        clause = _CLAUSE.search(text, max(0, m.start() - 12), m.start())
        asked = clause is not None and _ASKING.search(clause.group())
        if not asked and not _NEXT_CLAUSE.match(text, m.end()):
            edits.append((m.start(), m.end(), ""))
    return AlignedText.from_edits(text, edits)


# -- pinyin in brackets -----------------------------------------------------------------------------------------

_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm")
_ANNOTATION = re.compile(
    r"[(（\[]\s*([a-zA-Zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿê]{1,6}(?:[ '][a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]{1,6}){0,3})[1-5]?\s*[)）\]]"
)


@cache
def _readings() -> dict[str, frozenset[str]]:
    """Toneless readings of each simplified character of GB 2312."""
    readings: dict[str, set[str]] = {}
    for syllable, chars in table("zh", "pinyin.tsv").items():
        for char in chars:
            readings.setdefault(char, set()).add(syllable)
    return {char: frozenset(syllables) for char, syllables in readings.items()}


def drop_pinyin(text: str) -> AlignedText:
    """Remove a bracket that gives the reading of the (simplified) characters before it: 业(yè)务(wù) is 业务."""
    if text.isascii() or not ("(" in text or "（" in text or "[" in text):
        return AlignedText.unchanged(text)
    edits = [(m.start(), m.end(), "") for m in _ANNOTATION.finditer(text) if _reads(text[: m.start()][-4:], m.group(1))]
    return AlignedText.from_edits(text, edits)


def _reads(before: str, annotation: str) -> bool:
    """Whether the syllables are readings of the last characters, one each."""
    toneless = annotation.lower().translate(_TONES)
    syllables = re.split("[ ']", toneless)
    chars = before[-len(syllables) :]
    if len(chars) < len(syllables):
        return False
    readings = _readings()
    marked = not annotation.isascii()
    return all(
        syllable in readings[char] if char in readings else marked and syllable in table("zh", "pinyin.tsv")
        for char, syllable in zip(chars, syllables, strict=True)
        if "\u3400" <= char <= "\u9fff"
    ) and all("\u3400" <= char <= "\u9fff" for char in chars)
