"""Points in time as whole microseconds, so that arithmetic never meets a change of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000


def micros(moment: datetime) -> int:
    """Microseconds from 1970-01-01 UTC to an aware time; negative before."""
    return (moment - _EPOCH) // _MICROSECOND


def offset_seconds(moment: datetime) -> int:
    """How far the clock that the source used is ahead of UTC, in seconds."""
    offset = moment.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def moment(at: int, offset: int) -> datetime:
    """The aware time ``at`` microseconds after the epoch, on a clock ``offset`` seconds ahead of UTC.

    Times beyond the calendar (years 1 to 9999) become its nearest end in UTC.
    """
    try:
        return (_EPOCH + timedelta(microseconds=at)).astimezone(timezone(timedelta(seconds=offset)))
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if at > 0 else datetime.min.replace(tzinfo=UTC)


def seconds_between(earlier: int, later: int) -> float:
    """Seconds from one time in microseconds to another; 0 where the clock ran backwards."""
    return max(0, later - earlier) / SECOND
