"""Deadlines in the words of an agent, zh (simplified and traditional) and en, as points in time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

_READ = 2000
_SENTENCE = re.compile(r"[^。！!？?；;\n]+[。！!？?；;\n]?")
_CLAUSE_BREAK = re.compile(r"[,，、:：]")
_DIGITS = {"半": 0.5, "一": 1, "二": 2, "两": 2, "兩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ENGLISH = {"a": 1, "an": 1, "half an": 0.5, "twelve": 12, "twenty-four": 24, "forty-eight": 48} | {
    word: number for number, word in enumerate(_WORDS)
}
_N = r"(?:\d{1,3}|[一二两兩三四五六七八九]?十[一二三四五六七八九]?|[半一二两兩三四五六七八九])"
_NE = r"(?:\d{1,3}|half an|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty-four|forty-eight)"
_TO = r"\s*(?:-|~|–|—|～|到|至|to)\s*"

_ZH_SPAN = re.compile(
    rf"(?:{_N}{_TO})?({_N})\s*[个個]?\s*(分[钟鐘]|小[时時]|[钟鐘][头頭]|h(?![a-z])|工作[日天]|自然日|天|日|周|週|星期|[礼禮]拜|月)"
    r"\s*(之[内內]|以[内內]|[内內]|之?[后後]|左右|(?=到[账賬帐帳]|[给給]您|[回答]?[复覆復]|[联聯][系絡络繫]|[处處]理|[发發][货貨]))?"
)
_ZH_CLOCK = re.compile(
    r"(今[天日晚]|明[天日早晚]|[后後]天|[听聽]日)?\s*(凌晨|早上|上午|中午|下午|晚上|傍晚|夜[里裡])?\s*"
    r"(\d{1,2}|十[一二]?|[一二两兩三四五六七八九])(?:[点點时時]|[:：](?=\d\d))(\d{1,2}|半)?分?[钟鐘]?(?:之?前|以前)"
)
_ZH_DAY = re.compile(r"(今[天日晚]|明[天日早晚]|[后後]天|[听聽]日|下班前|月底)")
_ZH_WEEKDAY = re.compile(r"(下(?:个|個)?)?(?:本|[这這])?(?:周|週|星期|[礼禮]拜)([一二三四五六日天])")
_ZH_COMMITS = re.compile(
    r"[会會将將]|[给給帮幫为為][您你]|[回答]?[复覆復]|[联聯][系絡络繫]|[处處]理|[发發][货貨出]|到[账賬帐帳]|退|安排|解[决決]|上[门門]|送[达達]|补|補|核[实實]|"
    r"最[晚迟遲]|前|[内內]"
)
_ZH_BINDS_OTHERS = re.compile(
    r"[请請][您你]?[在于於]|[需须須]要?[您你]|[您你][需须須要得]|(?:[签簽]收|收到|收[货貨]|[购購][买買]|下[单單]|到[货貨]|激活|付款)[后後]?|"
    r"[无無]法|不能|[没沒][办辦]法|不保[证證]|[已等][经經了過过]|超[过過]|支持|享"
)

_EN_SPAN = re.compile(
    rf"\b(?:(within|in|under)\s+(?:about\s+|around\s+|the\s+next\s+|approximately\s+)?)?(?:{_NE}{_TO})?({_NE})[\s-]*"
    r"((?:business|working)[\s-]+days?|minutes?|mins?|hours?|hrs?|h|days?|weeks?)\b"
)
_EN_CLOCK = re.compile(
    r"\b(?:by|before|no later than)\s+(?:(today|tomorrow)\s+(?:at\s+)?)?(noon|midnight|\d{1,2})(?::(\d\d))?\s*(a\.?m\.?|p\.?m\.?)?"
    r"(?:\s+(today|tomorrow))?(?![\w:/-])"
)
_EN_DAY = re.compile(
    r"\b(?:(by|before|until|on|no later than)\s+)?(?:the\s+)?(next\s+)?(tomorrow|today|tonight|end of (?:the |your )?day|end of (?:the )?week|eod|"
    r"close of business|cob|this (?:afternoon|evening)|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
)
_EN_COMMITS = re.compile(
    r"\b(?:will|shall|promise|guarantee|going to|expect(?:ed)?|should (?:be|have|arrive|receive))\b|'ll\b|\b(?:by|before)\b"
)
_EN_BINDS_OTHERS = re.compile(
    r"\byou(?:'ll)? (?:must|need|have to|can(?! expect)|could|should(?! (?:receive|have|get|see))|may|will need|will have to)\b|\bplease (?:return|send|reply|provide|contact|call|try)\b|"
    r"\b(?:cannot|can't|unable|won't|not able|no guarantee)\b|\b(?:if|unless|was|were|been)\b"
)
_EN_CONDITION = re.compile(r"\s*(?:of|after|from)\s+(?:the\s+)?(?:delivery|purchase|receipt|receiving|ordering)")
_ZH_DENIES = re.compile(r"\s*(?:[没沒未如若]|都[没沒]|还[没]|還[沒])")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000}


def due_dates(text: str, sent_at: datetime) -> list[datetime]:
    """When what a message promises is due; empty where it promises nothing with a date.

    Hours, days and working days (Monday to Friday; public holidays are not known) count from
    ``sent_at``; of a range the later end counts; a bare day ends at 23:59:59 on the clock of ``sent_at``.

    Args:
        text: a message of an agent or bot; the first 2,000 characters are read.
        sent_at: aware time of the message.
    """
    found: list[datetime] = []
    for sentence in _SENTENCE.findall(text[:_READ].lower().replace("’", "'")):
        if _is_question(sentence):
            continue
        for reader in (_chinese, _english):
            try:
                found.extend(reader(sentence, sent_at))
            except (OverflowError, ValueError):  # beyond the calendar, or 25:00: no date that could be watched
                continue
    return [due for due in found if due > sent_at]


def _is_question(sentence: str) -> bool:
    return sentence.rstrip().endswith(("?", "？")) or sentence.rstrip("。！! \n").endswith(("吗", "嗎", "么", "呢"))


def _chinese(sentence: str, sent_at: datetime) -> Iterator[datetime]:
    spans = [
        m for m in _ZH_SPAN.finditer(sentence) if (m[3] is not None or "工作" in m[2]) and _binds_firm(sentence, m)
    ]
    for match in spans:
        yield _after(sent_at, _number(match[1]), _zh_unit(match[2]))
    if spans:
        return
    clocks = [m for m in _ZH_CLOCK.finditer(sentence) if _binds_firm(sentence, m)]
    for match in clocks:
        yield _zh_clock(match, sent_at)
    if clocks or not _ZH_COMMITS.search(sentence):
        return
    for pattern, read in ((_ZH_DAY, _zh_day), (_ZH_WEEKDAY, _zh_weekday)):
        for match in pattern.finditer(sentence):
            if _binds_firm(sentence, match):
                yield read(match, sent_at)


def _english(sentence: str, sent_at: datetime) -> Iterator[datetime]:
    for match in _EN_SPAN.finditer(sentence):
        working = match[3].startswith(("business", "working"))
        if (match[1] or working) and _binds_firm(sentence, match) and not _EN_CONDITION.match(sentence, match.end()):
            yield _after(sent_at, _number(match[2]), "working day" if working else _en_unit(match[3]))
    clocks = [m for m in _EN_CLOCK.finditer(sentence) if _binds_firm(sentence, m) and _is_clock(m)]
    for match in clocks:
        yield _en_clock(match, sent_at)
    if clocks or not _EN_COMMITS.search(sentence):
        return
    for match in _EN_DAY.finditer(sentence):
        if _binds_firm(sentence, match):
            yield _en_day(match, sent_at)


def _binds_firm(sentence: str, match: re.Match[str]) -> bool:
    """Whether the words before a stated time leave the firm bound by it, not the customer or nobody."""
    before = sentence[: match.start()]
    clause = before[max((m.end() for m in _CLAUSE_BREAK.finditer(before)), default=0) :]
    denied = _ZH_DENIES.match(sentence, match.end())
    return not (denied or _ZH_BINDS_OTHERS.search(clause) or _EN_BINDS_OTHERS.search(clause))


def _number(word: str) -> float:
    if word.isdecimal():
        return int(word)
    if word in _ENGLISH:
        return _ENGLISH[word]
    if "十" in word:
        tens, ones = word.split("十")
        return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)
    return _DIGITS[word]


def _zh_unit(word: str) -> str:
    units: tuple[tuple[str, str], ...] = (
        ("工作", "working day"),
        ("分", "minute"),
        ("周週星礼禮", "week"),
        ("月", "month"),
        ("天日自", "day"),
    )
    return next((unit for signs, unit in units if word[0] in signs), "hour")


def _en_unit(word: str) -> str:
    return {"m": "minute", "h": "hour", "d": "day", "w": "week"}[word[0]]


def _after(sent_at: datetime, count: float, unit: str) -> datetime:
    if unit != "working day":
        return sent_at + timedelta(seconds=count * _SECONDS[unit])
    due = sent_at
    for _ in range(int(count)):
        due += timedelta(days=1)
        while due.weekday() >= 5:
            due += timedelta(days=1)
    return due


def _end_of(day: datetime) -> datetime:
    return day.replace(hour=23, minute=59, second=59, microsecond=0)


def _zh_shift(word: str) -> int:
    return 0 if word.startswith("今") else 2 if word[0] in "后後" else 1


def _zh_clock(match: re.Match[str], sent_at: datetime) -> datetime:
    day, part, hour_word, minute_word = match.groups()
    hour = int(_number(hour_word))
    evening = (
        (part or "")[:1] in ("下", "晚", "傍", "夜") or (day or "").endswith("晚") or (part == "中午" and hour < 3)
    )
    minute = 30 if minute_word == "半" else int(minute_word or 0)
    return _clock(
        sent_at, hour + 12 if evening and hour < 12 else hour, minute, None if day is None else _zh_shift(day)
    )


def _clock(sent_at: datetime, hour: int, minute: int, shift: int | None) -> datetime:
    due = sent_at.replace(hour=hour % 24, minute=minute, second=0, microsecond=0) + timedelta(days=hour // 24)
    if shift is None:  # no day was said: the next time that the clock shows it
        shift = int(due <= sent_at)
    return due + timedelta(days=shift)


def _zh_day(match: re.Match[str], sent_at: datetime) -> datetime:
    if match[1] == "下班前":
        return sent_at.replace(hour=18, minute=0, second=0, microsecond=0)
    if match[1] == "月底":
        following = sent_at.replace(day=28) + timedelta(days=4)
        return _end_of(following - timedelta(days=following.day))
    return _end_of(sent_at + timedelta(days=_zh_shift(match[1])))


def _zh_weekday(match: re.Match[str], sent_at: datetime) -> datetime:
    wanted = min("一二三四五六日天".index(match[2]), 6)
    if match[1]:
        return _end_of(sent_at + timedelta(days=7 - sent_at.weekday() + wanted))
    return _end_of(sent_at + timedelta(days=(wanted - sent_at.weekday()) % 7))


def _is_clock(match: re.Match[str]) -> bool:
    return bool(match[3] or match[4] or match[2] in ("noon", "midnight"))


def _en_clock(match: re.Match[str], sent_at: datetime) -> datetime:
    early, word, minute, half, late = match.groups()
    hour = {"noon": 12, "midnight": 24}.get(word) or int(word)
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    day = early or late
    return _clock(sent_at, hour, int(minute or 0), None if day is None else int(day == "tomorrow"))


def _en_day(match: re.Match[str], sent_at: datetime) -> datetime:
    following, word = match[2], match[3]
    shifts: dict[str, Callable[[], int]] = {"tomorrow": lambda: 1, "end of week": lambda: (4 - sent_at.weekday()) % 7}
    if word in _WEEKDAYS:
        ahead = (_WEEKDAYS.index(word) - sent_at.weekday()) % 7
        return _end_of(sent_at + timedelta(days=ahead + 7 if following and ahead == 0 else ahead))
    return _end_of(sent_at + timedelta(days=shifts.get(word.replace("the ", ""), lambda: 0)()))
