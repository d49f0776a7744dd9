"""When a message comes within its conversation, as the conversation head reads it."""

from __future__ import annotations

from dataclasses import dataclass
from math import log1p

from pipeline.records import Message, Role
from pipeline.signals.moments import micros, seconds_between


@dataclass(frozen=True, slots=True)
class Moment:
    """Times and counts at a message, itself included; starts as ``Moment()`` before the first."""

    first_at: int | None = None
    """Microseconds, see ``pipeline.signals.moments``."""
    last_at: int | None = None
    gap_s: float = 0.0
    """Seconds since the message before; 0 at the first and where the clock ran backwards."""
    in_row: int = 0
    """Customer messages since the firm last wrote."""
    heard: int = 0
    """Messages so far but system lines."""

    def numbers(self) -> tuple[float, float, float, float]:
        """What the head reads, each about 0 to 1."""
        elapsed = 0.0 if self.first_at is None or self.last_at is None else (self.last_at - self.first_at) / 1e6
        return (
            log1p(self.gap_s) / 8.0,
            log1p(max(0.0, elapsed)) / 12.0,
            min(self.in_row, 8) / 4.0,
            log1p(self.heard) / 3.0,
        )


NO_MOMENT = Moment().numbers()
"""What the head reads before anything was said."""


def next_moment(before: Moment, message: Message) -> Moment:
    """The moment of the next message."""
    at = micros(message.sent_at)
    is_read = message.role is not Role.SYSTEM
    in_row = before.in_row + 1 if message.role is Role.CUSTOMER else before.in_row if not is_read else 0
    return Moment(
        first_at=at if before.first_at is None else before.first_at,
        last_at=at,
        gap_s=0.0 if before.last_at is None else seconds_between(before.last_at, at),
        in_row=in_row,
        heard=before.heard + is_read,
    )
