"""Deadlines that a firm states, and whether it keeps them.

A promise is a stated time with which the firm binds itself: 48小时内, 3-5个工作日, 明天上午10点前,
within 24 hours, by Friday. Times that bind the customer (请您在7天内寄回) are none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.signals.due_dates import due_dates
from pipeline.signals.moments import SECOND, micros, offset_seconds, seconds_between

_KEPT = 4
_SITTING_S = 3600.0


@dataclass(frozen=True, slots=True)
class Promise:
    """One open promise; times in microseconds, see ``moments``."""

    message_id: str
    """Message in which it was made."""
    made_at: int
    due_at: int
    offset: int
    """Seconds that the clock of that message is ahead of UTC."""


@dataclass(frozen=True, slots=True)
class Promises:
    """The open promises, at most four, and how earlier ones ended."""

    open: tuple[Promise, ...] = ()
    """By time of making."""
    made: int = 0
    kept: int = 0
    broken: int = 0

    def stated(self, text: str, sent_at: datetime, message_id: str, *, stalls: bool) -> Promises:
        """After a message of the firm: it may keep earlier promises and make a new one.

        An earlier promise counts as kept when the firm comes back in time with something other than
        a stall: after an hour, or after half the promised time where that is shorter.

        Args:
            text: normalised text of the message.
            sent_at: when it was sent.
            message_id: its id.
            stalls: it has the act ``stall``.
        """
        at = micros(sent_at)
        waiting = self.open if stalls else tuple(p for p in self.open if not _comes_back(p, at))
        due = min(due_dates(text, sent_at), default=None)
        made = () if due is None else (Promise(message_id, at, micros(due), offset_seconds(sent_at)),)
        return Promises(
            open=(*waiting, *made)[-_KEPT:],
            made=self.made + len(made),
            kept=self.kept + len(self.open) - len(waiting),
            broken=self.broken,
        )

    def overdue(self, now: int) -> tuple[Promise, ...]:
        """Open promises due at or before ``now``, the earliest due first."""
        return tuple(sorted((p for p in self.open if p.due_at <= now), key=lambda p: (p.due_at, p.made_at)))

    def break_(self, promise: Promise) -> Promises:
        """The promise was not kept."""
        return replace(self, open=tuple(p for p in self.open if p != promise), broken=self.broken + 1)


def _comes_back(promise: Promise, at: int) -> bool:
    if at > promise.due_at:
        return False
    promised_s = (promise.due_at - promise.made_at) / SECOND
    return seconds_between(promise.made_at, at) >= min(_SITTING_S, promised_s / 2)
