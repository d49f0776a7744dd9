"""Dates and times at the beginning of the entries of a WhatsApp export.

The app writes them in the phone's locale, so order, separators, clock, calendar and digits all vary, and only the
whole file shows whether 03/04 is in March or in April.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final

ORDERS: Final = ("dmy", "mdy", "ymd")

_ERA_START: Final = {
    "r": 2018, "令和": 2018, "h": 1988, "平成": 1988, "s": 1925, "昭和": 1925, "民國": 1911, "民国": 1911,
}  # fmt: skip
_ERA: Final = "(?:[RHSrhs](?=\\d)|令和|平成|昭和|民國|民国)"
_BUDDHIST: Final = range(2400, 2800)
_YEARS: Final = range(1970, 2200)

# Words for parts of the day, by what they do to the hour; written without dots and blanks, lower case.
_AM: Final = "am a 上午 早上 早晨 清晨 清早 早 凌晨 半夜 午夜 午前 오전 ص قظ पूर्वाह्न முற்பகல் পূর্বাহ্ণ ఉదయం ก่อนเที่ยง πμ прпл пробяд sa öö pd pg de ap vm fm dop rn"
_PM: Final = "pm p 下午 傍晚 晚上 晚 夜晚 夜里 夜裡 午後 午后 오후 م بظ अपराह्न பிற்பகல் অপরাহ্ণ సాయంత్రం หลังเที่ยง μμ ch ös md ptg du ip nm em odp in"
_AM_WORDS: Final = frozenset(_AM.split())
_PM_WORDS: Final = frozenset(_PM.split())
_NOON_WORDS: Final = frozenset({"中午", "正午"})
_NIGHT: Final = frozenset({"晚上", "晚", "夜晚", "夜里", "夜裡"})

_NATIVE: Final = sorted(
    (word for word in _AM_WORDS | _PM_WORDS | _NOON_WORDS if not word.isascii() and len(word) > 1),
    key=len,
    reverse=True,
)
_DAY_PART: Final = f"(?:{'|'.join(_NATIVE)}|[صم]|ق\\.ظ\\.?|ب\\.ظ\\.?|π\\.μ\\.?|μ\\.μ\\.?|[^\\W\\d_]{{1,2}}\\.\\s?[^\\W\\d_]{{1,3}}\\.?|[A-Za-zÖöŞş]{{1,4}}\\.?)"
_TIME: Final = (
    rf"(?:(?P<before>{_DAY_PART})\s?)?(?P<hour>\d{{1,2}})(?:[:.]|\s?h\s?|[時时])(?P<minute>\d{{2}})"
    rf"(?:(?:[:.]|\s?min\s?|分)(?P<second>\d{{2}})(?:\s?s\b|秒)?|分)?(?:\s?(?P<after>{_DAY_PART}))?"
)
_DATE: Final = (
    rf"(?P<a>{_ERA}?\d{{1,4}})(?P<sep>\.\s?|[/\-]|\s?[年년]\s?)(?P<b>\d{{1,2}})(?:\.\s?|[/\-]|\s?[月월]\s?)"
    rf"(?P<c>{_ERA}?\d{{1,4}})(?:\s?[日일]|\.(?=\s)|\s?г\.)?"
)
_GLUE: Final = r"(?:[,،、]\s*|\s+|(?<=[日일])|(?=[上下中早晚凌清傍午오]))(?:(?:um|at|às|à|klo?\.?|в)\s+)?"
_DASH: Final = r"(?:\s?[-–—](?:\s|$)|:\s)"

_LAYOUTS: Final = {
    "[": (
        ("[date", re.compile(rf"\[{_DATE}{_GLUE}{_TIME}\](?:\s|$)?")),
        ("[time", re.compile(rf"\[{_TIME}{_GLUE}{_DATE}\](?:\s|$)?")),
    ),
    "": (
        ("date", re.compile(rf"{_DATE}{_GLUE}{_TIME}{_DASH}")),
        ("time", re.compile(rf"{_TIME}{_GLUE}{_DATE}{_DASH}")),
    ),
}

_MARK_SET: Final = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
MARKS: Final = re.compile(f"[{''.join(sorted(_MARK_SET))}]")
"""Direction marks and other characters of no width that the app puts around dates and names."""

_STARTS: Final = (*_NATIVE, *_ERA_START, *(era.upper() for era in _ERA_START))
_HEADER_SPAN: Final = 96


@dataclass(frozen=True, slots=True)
class Header:
    """Date and time of one entry, still without an order of day and month."""

    layout: str
    """What the entries of one export share: brackets, date or time first, seconds, separator, where the year stands."""
    fields: tuple[str, str, str]
    """The three numbers of the date as written, an era before its year."""
    hour: int
    minute: int
    second: int
    day_part: str
    """Word for the part of the day, lower case without dots and blanks; empty for a 24-hour clock."""
    end: int
    """Where the rest of the line begins."""


def parse_header(line: str) -> Header | None:
    """Date and time that an entry begins with, or ``None`` where the line is no entry.

    Numbers are not judged here, so that an impossible date still is seen as an entry.
    """
    if not _may_begin(line):
        return None
    head, places = _without_marks(line)
    for name, pattern in _LAYOUTS["[" if head.startswith("[") else ""]:
        if match := pattern.match(head):
            return _header(name, match, places)
    return None


def _may_begin(line: str) -> bool:
    """Cheap look at the first character: nearly all lines that are no entry end here."""
    first = line[:1]
    if first.isdigit() or first == "[":
        return True
    return first.isspace() or first in _MARK_SET or line.startswith(_STARTS)


def _without_marks(line: str) -> tuple[str, list[int] | None]:
    head = line[:_HEADER_SPAN]
    if head.isascii() or not (MARKS.search(head) or head[0].isspace()):
        return head, None
    body = len(head) - len(head.lstrip()) if head[0].isspace() else 0
    places = [place for place in range(body, len(head)) if head[place] not in _MARK_SET]
    while places and head[places[0]].isspace():
        del places[0]
    return "".join(head[place] for place in places), places


def _header(name: str, match: re.Match[str], places: list[int] | None) -> Header:
    a, separator, b, c, hour, minute, second = match.group("a", "sep", "b", "c", "hour", "minute", "second")
    word = _day_part(match["before"] or match["after"] or "")
    if separator.strip() in {"年", "년"} and len(a) <= 2:
        a = f"20{a:0>2}"
    year = "first" if _is_year(a) else "last" if _is_year(c) else "either"
    layout = f"{name} {separator.strip()} {year} {'seconds' if second else 'minutes'}"
    end = match.end() if places is None else places[match.end() - 1] + 1
    return Header(layout, (a, b, c), int(hour), int(minute), int(second or 0), word, end)


@lru_cache(maxsize=256)
def _day_part(word: str) -> str:
    return re.sub(r"[.\s]", "", word).casefold()


def clock(header: Header) -> time | None:
    """Time of day; ``None`` where there is none such. An hour over 12 is taken at its word whatever stands beside it."""
    hour, word = header.hour, header.day_part
    if hour <= 12 and word:
        if word in _PM_WORDS:
            hour = 0 if hour == 12 and word in _NIGHT else hour % 12 + 12
        elif word in _AM_WORDS:
            hour %= 12
        elif word in _NOON_WORDS and 1 <= hour <= 3:
            hour += 12
    if hour > 23 or header.minute > 59 or header.second > 59:
        return None
    return time(hour, header.minute, header.second)


@lru_cache(maxsize=4096)
def calendar_date(fields: tuple[str, str, str], order: str) -> date | None:
    """The date that three numbers give in an order (``dmy``, ``mdy``, ``ymd``); ``None`` where there is no such day.

    A year of four digits or with an era stands where it stands, whatever the order says.
    """
    a, b, c = fields
    if _is_year(a) or (order == "ymd" and not _is_year(c)):
        year, month, day = a, b, c
    elif order == "mdy":
        month, day, year = a, b, c
    else:
        day, month, year = a, b, c
    number = _year(year)
    if number is None or not (month.isdigit() and day.isdigit()):
        return None
    try:
        return date(number, int(month), int(day))
    except ValueError:
        return None


def _is_year(text: str) -> bool:
    return len(text) > 2 or not text[0].isdigit()


def _year(text: str) -> int | None:
    digits = text.lstrip("RHSrhs令和平成昭民國国")
    era = text[: len(text) - len(digits)].casefold()
    value = int(digits)
    if era:
        value += _ERA_START[era]
    elif len(digits) <= 2:
        value += 2000
    elif value in _BUDDHIST:
        value -= 543
    elif len(digits) == 3:
        value += 1911  # the calendar of Taiwan, written without its era
    return value if value in _YEARS else None


@dataclass(slots=True)
class OrderEvidence:
    """What the dates of a file, in their order, say for each order of day and month."""

    impossible: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORDERS, 0))
    backwards: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORDERS, 0))
    travelled: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORDERS, 0))
    """Days between neighbours, summed."""
    dates: int = 0
    same: bool = True
    """Whether every date so far means the same day in both of ``dmy`` and ``mdy``."""
    padded: bool = False
    half_days: bool = False
    slashes: bool = False
    short_years: bool = False
    _last: dict[str, date] = field(default_factory=dict)
    _fields: tuple[str, str, str] | None = None

    def see(self, header: Header) -> None:
        """Take in one entry; entries of one day count once."""
        self.half_days = self.half_days or bool(header.day_part)
        if header.fields == self._fields:
            return
        self._fields = header.fields
        self.dates += 1
        self.padded = self.padded or header.fields[0].startswith("0")
        self.slashes = self.slashes or "/" in header.layout
        self.short_years = self.short_years or " either " in header.layout
        meanings = {order: calendar_date(header.fields, order) for order in ORDERS}
        self.same = self.same and meanings["dmy"] == meanings["mdy"]
        for order, meaning in meanings.items():
            if meaning is None:
                self.impossible[order] += 1
                continue
            step = (meaning - self._last.get(order, meaning)).days
            self.backwards[order] += step < 0
            self.travelled[order] += abs(step)
            self._last[order] = meaning

    def merge(self, other: OrderEvidence) -> None:
        """Add what another part of the file says."""
        for order in ORDERS:
            self.impossible[order] += other.impossible[order]
            self.backwards[order] += other.backwards[order]
            self.travelled[order] += other.travelled[order]
        self.dates += other.dates
        self.same = self.same and other.same
        self.padded = self.padded or other.padded
        self.half_days = self.half_days or other.half_days
        self.slashes = self.slashes or other.slashes
        self.short_years = self.short_years or other.short_years

    def order(self) -> tuple[str, bool]:
        """The order that fits best, and whether the dates left it open.

        Impossible dates decide first, then steps back in time; what is left to the shorter way through
        the calendar or to the habit of the layout (US: slashes, 12 hours, no zero in front) counts as open.
        """
        facts = {name: (self.impossible[name], self.backwards[name]) for name in ORDERS[: 2 + self.short_years]}
        best = min(facts.values())
        left = [name for name, fact in facts.items() if fact == best]
        if len(left) > 1 and "ymd" in left:
            shorter = min(self.travelled[name] for name in left if name != "ymd")
            if 10 * self.travelled["ymd"] + 10 < shorter:
                return "ymd", True
            left.remove("ymd")  # rare; taken only where it fits far better
        if len(left) == 1 or self.same:
            return left[0], False
        usual = "mdy" if self.slashes and self.half_days and not self.padded else "dmy"
        other = "dmy" if usual == "mdy" else "mdy"
        return (other if 2 * self.travelled[other] + 2 < self.travelled[usual] else usual), True


def merged(evidence: Iterable[OrderEvidence]) -> OrderEvidence:
    """The evidence of several layouts of one file together."""
    whole = OrderEvidence()
    for part in evidence:
        whole.merge(part)
    return whole


def localise(moment: datetime, zone: tzinfo, earlier: datetime | None) -> datetime:
    """A wall-clock time as an instant with a fixed offset.

    An hour that the zone has twice is its second pass where the first would step back behind ``earlier``; an hour
    that the zone leaves out keeps the offset from before the change.
    """
    first = moment.replace(tzinfo=zone, fold=0)
    offset = first.utcoffset() or timedelta(0)
    instant = moment.replace(tzinfo=_fixed(offset))
    if earlier is not None and instant < earlier:
        later = moment.replace(tzinfo=zone, fold=1).utcoffset()
        if later is not None and later < offset:
            return moment.replace(tzinfo=_fixed(later))
    return instant


@lru_cache(maxsize=64)
def _fixed(offset: timedelta) -> timezone:
    return timezone(offset)
