"""What one line of a plain transcript is: a message, a speaker's header, a separator, a date or more text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, auto

from pipeline.formats.table_times import CLOCK, TimeReader

_HALF = r"(?:上午|下午|中午|凌晨|早上|傍晚|晚上)"
_DAY = (
    r"(?:\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    r"|(?:\d{1,2}[ -])?[A-Za-z]{3,9}\.?[ -](?:\d{1,2},?[ -])?\d{4})"
)
_TIME = rf"(?:{_HALF}\s*)?\d{{1,2}}[:：]\d{{2}}(?:[:：]\d{{2}}(?:[.,]\d{{1,9}})?)?(?:\s*[ap]\.?m\b\.?)?(?:Z|\s?[+-]\d{{2}}:?\d{{2}})?"
_STAMP = rf"(?:{_DAY}(?:[T,，\s]|\s?[(（]?(?:周|星期)[一二三四五六日天][)）]?)*)?{_TIME}"
_LABEL = r"(?P<label>[^:：\n\t]{1,48}?)"
_FLAGS = re.IGNORECASE
_EDGES = " \t\r\u3000\u200e\u200f\ufeff"
_LONG = 500

_TIMED = re.compile(
    rf"\s*[\[(（【<]?\s*(?P<stamp>{_STAMP})(?!\d)\s*[\])）】>]?\s*(?:(?P<bar>\|\s+)|[-–—,]\s+)?(?P<rest>.*)",
    _FLAGS | re.DOTALL,
)
_LABELLED = re.compile(rf"{_LABEL}\s*(?:[:：]|\t)\s*(?P<text>.*)", re.DOTALL)
_LABEL_TIME = re.compile(
    rf"\s*{_LABEL}\s*[\[(（【\s]\s*(?P<stamp>{_STAMP})\s*[\])）】]?\s*(?:[:：\t]\s*(?P<text>.*))?", _FLAGS | re.DOTALL
)
# Sub-accounts of shops have a colon in their name: 小店旗舰店:小美 2026-05-01 10:02:11
_ACCOUNT_TIME = re.compile(
    rf"(?P<label>[^\s:：]{{1,30}}[:：][^\s:：(（\[]{{1,30}})(?:\s+|\s*[\[(（])(?P<stamp>{_DAY}\s+{_TIME})[\])）]?\s*[:：]?",
    _FLAGS,
)
_BETWEEN_BARS = re.compile(r"(?P<label>[^|\n]{1,48}?)\s*\|\s*(?P<text>.*)", re.DOTALL)
_BETWEEN_STARS = re.compile(r"\*{3}\s*(?P<text>[^*\s].*?)\s*\*{3}")
_BRACKETED = re.compile(r"\s*[\[【<](?P<label>[^\]】>:：]{1,30})[\]】>]\s*[:：]?\s*(?P<text>\S.*)", re.DOTALL)
_RULE = re.compile(r"\s*(?:[-=_*#~+—─═]{3,}\s*(?P<title>[^\n]*?)\s*[-=_*#~+—─═]*|#{1,6}\s+(?P<heading>\S[^\n]*?))\s*")
_CONVERSATION = re.compile(
    r"[#\[【*\s]*(?:会话|會話|对话|對話|工单|工單|通话|conversation|chat|session|ticket|case|transcript|dialogue)"
    r"\s*(?P<word>id|编号|編號|标识|号|号码|no\.?|number|#)?\s*(?P<colon>[:：#])?\s*(?P<id>[\w.@\-]{1,80})[\s\]】*]*",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"[\s,，.()（）\-—=*]|(?:周|星期)[一二三四五六日天]|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
    r"|日期|date|[:：]",
    re.IGNORECASE,
)
_NO_LABEL = re.compile(r"[。！？!?,，;；\"“”{}=\\|]|://|^\W*$|^[\d\s.\-/]+$|^https?$")
_FIELD = re.compile(
    r"(?:电话|電話|热线|熱線|邮箱|郵箱|工号|地址|编号|編號|号码|號碼|单号|單號|时间|時間|日期|姓名|名称|名稱|用户名|名|账号|帳號|备注|備註|原因|问题|問題|主题|标题"
    r"|金额|金額|数量|數量|型号|链接|链接|网址|注|结果|状态|渠道|来源|评价|满意度|时长|密码|验证码|小结|摘要"
    r"|\b(?:id|no|number|phone|tel|e-?mail|address|name|date|time|subject|note|notes|ps|p\.s\.|re|fw|fwd|cc|to|from|order|"
    r"tracking|status|reason|issue|topic|title|channel|priority|tags?|summary|rating|score|duration|price|total|amount|"
    r"url|link|website|hours|info|error|warning|warn|debug|trace|example|e\.g|step \d+|http|https|version|category|age|sex|"
    r"description|type|language|queue|started|ended|created))$",
    re.IGNORECASE,
)


class Kind(Enum):
    """What a line is."""

    MESSAGE = auto()
    HEADER = auto()
    """Speaker and time; the text stands in the lines below."""
    SEPARATOR = auto()
    DATE = auto()
    BLANK = auto()
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Line:
    """One line; which fields are set depends on ``kind``."""

    kind: Kind
    label: str = ""
    text: str = ""
    day: date | None = None
    clock: re.Match[str] | None = None
    conversation_id: str = ""
    bracketed: bool = False
    """The label stands in brackets and is only one if it names a role."""


def read_line(line: str, times: TimeReader) -> Line:
    """What a line looks like, before it is known who speaks in the transcript."""
    bare = line.strip(_EDGES)
    if len(bare) > _LONG:
        # No label or time stands that far in, and the patterns stay fast on any line.
        found = read_line(bare[:_LONG], times)
        return replace(found, text=(line.rstrip() if found.kind is Kind.TEXT else found.text + bare[_LONG:]))
    if bare.startswith("**"):
        bare = bare.replace("**", "", 2)
    if not bare:
        return Line(Kind.BLANK)
    if separator := _separator(bare, times):
        return separator
    if match := _TIMED.fullmatch(bare):
        return _timed(match, times, bare)
    if (account := _ACCOUNT_TIME.fullmatch(bare)) and (stated := _when(account["stamp"], times)):
        return Line(Kind.HEADER, account["label"], "", *stated)
    match = _LABEL_TIME.fullmatch(bare)
    if match and valid_label(match["label"]) and (day_clock := _when(match["stamp"], times)):
        kind = Kind.HEADER if match["text"] is None else Kind.MESSAGE
        return Line(kind, match["label"].strip(), match["text"] or "", *day_clock)
    if (match := _LABELLED.fullmatch(bare)) and valid_label(match["label"]):
        return Line(Kind.MESSAGE, match["label"].strip(), match["text"])
    if (match := _BRACKETED.fullmatch(bare)) and valid_label(match["label"]):
        return Line(Kind.MESSAGE, match["label"].strip(), match["text"], bracketed=True)
    return Line(Kind.TEXT, text=line.rstrip())


def valid_label(label: str) -> bool:
    """Whether a label can be a speaker at all: short, no sentence, no name of a form field."""
    label = label.strip()
    return bool(label) and len(label.split()) <= 6 and not _NO_LABEL.search(label) and not _FIELD.search(label)


def _timed(match: re.Match[str], times: TimeReader, bare: str) -> Line:
    when = _when(match["stamp"], times)
    rest = match["rest"].strip()
    if when is None or not rest:
        return Line(Kind.TEXT, text=bare)
    if match["bar"] and (cells := _BETWEEN_BARS.fullmatch(rest)):
        return Line(Kind.MESSAGE, cells["label"].strip(), cells["text"], *when)
    if notice := _BETWEEN_STARS.fullmatch(rest):
        return Line(Kind.MESSAGE, "system", notice["text"], *when)
    if (labelled := _LABELLED.fullmatch(rest)) and valid_label(labelled["label"]):
        return Line(Kind.MESSAGE, labelled["label"].strip(), labelled["text"], *when)
    if (boxed := _BRACKETED.fullmatch(rest)) and valid_label(boxed["label"]):
        return Line(Kind.MESSAGE, boxed["label"].strip(), boxed["text"], *when)
    if len(rest) <= 40 and when[0] is not None and ":" not in rest and valid_label(rest):
        return Line(Kind.HEADER, rest, "", *when)
    return Line(Kind.TEXT, text=bare)


def _when(stamp: str, times: TimeReader) -> tuple[date | None, re.Match[str]] | None:
    found = times.find_day(stamp)
    clock = CLOCK.search(stamp[found[2] :] if found else stamp)
    if clock is None or int(clock["h"]) > 24 or int(clock["m"]) > 59 or int(clock["s"] or 0) > 59:
        return None
    return (found[0] if found else None), clock


def _separator(bare: str, times: TimeReader) -> Line | None:
    if len(bare) > 120:
        return None
    rule = _RULE.fullmatch(bare)
    title = bare if rule is None else (rule["title"] or rule["heading"] or "")
    if (day := times.find_day(title)) and not _WEEKDAY.sub("", title[: day[1]] + title[day[2] :]):
        return Line(Kind.DATE, day=day[0])
    named = _CONVERSATION.fullmatch(title)
    if named and (named["word"] or named["id"][-1].isdigit() or (named["colon"] and rule)):
        return Line(Kind.SEPARATOR, conversation_id=named["id"])
    if rule is None:
        return None
    return Line(Kind.SEPARATOR, conversation_id=title if re.fullmatch(r"[\w.@\-]{1,80}", title) else "")
