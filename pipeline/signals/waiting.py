"""How long customers wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.signals.moments import seconds_between


@dataclass(frozen=True, slots=True)
class Waiting:
    """The wait that is open, if any, and the response times so far. Times in microseconds, see ``moments``."""

    since: int | None = None
    """When the first message without an answer was sent; ``None`` where nobody waits."""
    message_id: str = ""
    """That message."""
    bubbles: int = 0
    """Customer messages without an answer."""
    strained_at: int | None = None
    """When a message with anger or frustration first came in this wait."""
    wants_human: bool = False
    """A person was asked for: a bot's answer then ends no wait."""
    answers: int = 0
    first_s: float = 0.0
    """Seconds to the first answer; 0 before it."""
    last_s: float = 0.0
    longest_s: float = 0.0
    total_s: float = 0.0

    def asked(self, at: int, message_id: str, *, strained: bool, wants_human: bool, content: bool) -> Waiting:
        """After a customer message.

        Args:
            at: when it was sent.
            message_id: its id.
            strained: it has anger or frustration of at least 1.
            wants_human: it asks for a person.
            content: it only thanks or takes note, so that it starts no wait.
        """
        if self.since is None and content:
            return self
        opens = self.since is None
        return replace(
            self,
            since=at if opens else self.since,
            message_id=message_id if opens else self.message_id,
            bubbles=self.bubbles + 1,
            strained_at=at if strained and self.strained_at is None else self.strained_at,
            wants_human=self.wants_human or wants_human,
        )

    def answered(self, at: int, *, by_bot: bool) -> Waiting:
        """After a message of an agent or a bot."""
        if by_bot and self.wants_human:
            return self
        if self.since is None:
            return self if not self.wants_human else replace(self, wants_human=False)
        took = seconds_between(self.since, at)
        return Waiting(
            answers=self.answers + 1,
            first_s=self.first_s if self.answers else took,
            last_s=took,
            longest_s=max(self.longest_s, took),
            total_s=round(self.total_s + took, 3),
        )

    def seconds(self, now: int) -> float:
        """How long the open wait has lasted; 0 where nobody waits."""
        return 0.0 if self.since is None else seconds_between(self.since, now)

    @property
    def mean_s(self) -> float:
        """Mean response time; 0 before the first answer."""
        return self.total_s / self.answers if self.answers else 0.0
