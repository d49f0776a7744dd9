"""Times as tables and transcripts write them: ISO, Chinese, numeric dates of any order, epochs, Excel serials."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone

from pipeline.errors import BadRecord
from pipeline.formats.format import ReadOptions, ReadReport

_MONTHS = {
    m: i for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_MERIDIEM = r"(?P<half>上午|下午|中午|凌晨|清晨|早上|早晨|傍晚|晚上|夜里|[ap]\.?\s?m\.?(?![a-z]))"
_AFTER_NOON = ("下午", "中午", "傍晚", "晚上", "夜里", "p")
_MORNING = ("上午", "凌晨", "清晨", "早上", "早晨", "a")
CLOCK = re.compile(
    rf"(?:{_MERIDIEM}\s*)?(?P<h>\d{{1,2}})\s*[:时時点點]\s*(?P<m>\d{{1,2}})"
    r"(?:\s*[:分]\s*(?:(?P<s>\d{1,2})(?:[.,](?P<f>\d{1,9}))?\s*秒?)?)?"
    rf"(?:\s*{_MERIDIEM.replace('half', 'half2')})?"
    r"(?:\s*(?P<zone>Z|UTC|GMT)?(?P<offset>[+-]\d{1,2}(?::?\d{2})?)?(?![\w+-]))?",
    re.IGNORECASE,
)
_YMD = re.compile(r"(?<!\d)(?P<y>\d{4})\s*[-/.年]\s*(?P<mo>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})(?!\d)\s*[日号號]?")
_NUMERIC = re.compile(r"(?<!\d)(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{4}|\d{2})(?!\d)")
_NAMED = re.compile(
    r"(?:(?P<d1>\d{1,2})(?:st|nd|rd|th)?[\s\-./]+)?(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
    r"(?:[\s\-./]+(?P<d2>\d{1,2})(?:st|nd|rd|th)?(?!\d|:))?,?[\s\-./]+(?P<y>\d{4})(?!\d)",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)[T ]?(\d\d)(\d\d)(\d\d)?")
_COMPACT_DAY = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e\+?\d+)?", re.IGNORECASE)
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - serial numbers carry no zone
_YEARS = (1970, 2100)
_ORDERS = ("dmy", "mdy", "ymd")

Cell = str | int | float | datetime | date | time | None


class TimeReader:
    """Reads the times of one input.

    Args:
        options: zone for times without one, and the order of day and month where known.
        report: gets a note where something had to be assumed.
        layouts: ``strptime`` layouts that are tried first.
    """

    def __init__(self, options: ReadOptions, report: ReadReport, layouts: Iterable[str] = ()) -> None:
        self._options, self._report, self._layouts = options, report, tuple(layouts)
        self._order = options.date_order if options.date_order in _ORDERS else None

    def decide(self, sample: Iterable[Cell]) -> None:
        """Settle the order of day and month from the first times of the input, where the user did not."""
        if self._options.date_order is not None:
            return
        texts = [_plain(cell) for cell in sample if isinstance(cell, str)]
        dates = [m for t in texts if not _YMD.search(t) and (m := _NUMERIC.search(t))]
        found = [(int(m["a"]), int(m["b"]), m["c"]) for m in dates]
        if not found:
            return
        self._order = _order_of(found)
        if self._order is None:
            self._order = "mdy" if any(re.search(r"[ap]\.?m", t, re.IGNORECASE) for t in texts) else "dmy"
            self._report.note(
                f"Dates do not show whether the day or the month comes first; read as {self._order} (--date-order)."
            )

    def read(self, cell: Cell) -> datetime:
        """An aware time.

        Raises:
            BadRecord: the cell is empty, not a time, or outside 1970 to 2100.
        """
        moment = self._naive(cell)
        if moment is None:
            value = str(cell)[:40] if cell is not None else ""
            raise BadRecord("a time cannot be read", value=value, fix="write times as 2026-05-01T10:00:00+08:00.")
        if not _YEARS[0] <= moment.year <= _YEARS[1]:
            raise BadRecord("a time is outside 1970 to 2100", value=str(moment)[:40], fix="check the time column.")
        return self.with_zone(moment)

    def with_zone(self, moment: datetime) -> datetime:
        """The time with the user's zone, or UTC and a note, where it has none."""
        if moment.tzinfo is not None and moment.utcoffset() is not None:
            return moment
        if self._options.timezone is None:
            self._report.note("Times have no zone and were read as UTC (--timezone Asia/Shanghai changes that).")
        return moment.replace(tzinfo=self._options.timezone or UTC)

    def _naive(self, cell: Cell) -> datetime | None:
        try:
            if isinstance(cell, datetime):
                return cell
            if isinstance(cell, date):
                return datetime.combine(cell, time())
            if isinstance(cell, bool) or cell is None or isinstance(cell, time):
                return None
            if isinstance(cell, int | float):
                return _from_number(float(cell))
            return self._from_text(_plain(cell))
        except (ValueError, OverflowError):
            return None

    def _from_text(self, text: str) -> datetime | None:
        for layout in self._layouts:
            try:
                return datetime.strptime(text, layout)  # noqa: DTZ007 - the zone is added by with_zone
            except ValueError:
                continue
        if 10 <= len(text) <= 40 and text[4] == "-":
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                pass
        if compact := _COMPACT.fullmatch(text) or _COMPACT_DAY.fullmatch(text):
            return datetime(*(int(g) for g in compact.groups() if g))  # type: ignore[arg-type] # noqa: DTZ001 - zone later
        if _NUMBER.fullmatch(text):
            return _from_number(float(text))
        return self._from_words(text)

    def _from_words(self, text: str) -> datetime | None:
        found = self.find_day(text)
        if found is None:
            return None
        day, start, end = found
        rest = f"{text[:start]} {text[end:]}"
        clock = CLOCK.search(rest)
        if clock is None:
            return None if re.search(r"\d", rest) else datetime.combine(day, time())
        return combine(day, clock)

    def find_day(self, text: str) -> tuple[date, int, int] | None:
        """The first date in a line with where it stands; ``None`` where there is none or it is impossible."""
        try:
            if match := _YMD.search(text):
                return date(int(match["y"]), int(match["mo"]), int(match["d"])), *match.span()
            if match := _NUMERIC.search(text):
                return self._numeric(int(match["a"]), int(match["b"]), match["c"]), *match.span()
            if (match := _NAMED.search(text)) and (match["d1"] or match["d2"]):
                month = _MONTHS[match["name"].lower()]
                return date(int(match["y"]), month, int(match["d1"] or match["d2"])), *match.span()
        except ValueError:
            return None
        return None

    def _numeric(self, first: int, second: int, last: str) -> date:
        year = int(last) + (2000 if len(last) == 2 else 0)
        if len(last) == 2 and (first > 31 or self._order == "ymd"):
            return date(2000 + first, second, int(last))
        # A date that only one order allows is read so, whatever the rest of the input says.
        if first > 12 or (self._order in (None, "dmy", "ymd") and second <= 12):
            return date(year, second, first)
        return date(year, first, second)


def combine(day: date, clock: re.Match[str]) -> datetime:
    """A day with a matched ``CLOCK``; raises ``ValueError`` where the clock is impossible."""
    hour, half = int(clock["h"]), (clock["half"] or clock["half2"] or "").lower()
    if half.startswith(_AFTER_NOON) and hour < 12 and not (half == "中午" and hour == 11):
        hour += 12
    elif half.startswith(_MORNING) and hour == 12:
        hour = 0
    if hour == 24 and int(clock["m"]) == 0:
        day, hour = day + timedelta(days=1), 0
    micro = int((clock["f"] or "0")[:6].ljust(6, "0"))
    moment = datetime.combine(day, time(hour, int(clock["m"]), int(clock["s"] or 0), micro))
    if clock["offset"]:
        sign = -1 if clock["offset"][0] == "-" else 1
        digits = clock["offset"][1:].replace(":", "")
        hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
        return moment.replace(tzinfo=_zone(sign * (hours * 60 + minutes)))
    return moment.replace(tzinfo=UTC) if clock["zone"] else moment


def _zone(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(" \t\r\n'\"[]()\u200e\u200f\u202f\ufeff")


def _order_of(found: list[tuple[int, int, str]]) -> str | None:
    """The only order in which the numbers of the dates make sense; ``None`` where several do."""
    firsts, lasts = {a for a, _, _ in found}, {c for _, _, c in found}
    short = all(len(c) == 2 for c in lasts)
    if short and (min(firsts) > 31 or (len(firsts) == 1 and len(lasts) > 1 and min(firsts) > 12)):
        return "ymd"
    day_first, month_first = sum(a > 12 for a, _, _ in found), sum(b > 12 for _, b, _ in found)
    if day_first == month_first:
        return None
    return "dmy" if day_first > month_first else "mdy"


def _from_number(value: float) -> datetime | None:
    """Epoch in s, ms, µs or ns by its size; else a serial day number of a spreadsheet."""
    for scale in (1.0, 1e3, 1e6, 1e9):
        if 1e8 * scale <= value < 1e10 * scale:
            return datetime.fromtimestamp(value / scale, UTC)
    if 18_000 <= value < 80_000:
        return (_EXCEL_EPOCH + timedelta(days=value, milliseconds=500)).replace(microsecond=0)
    return None
