"""Counts over all conversations: additive, of bounded size, and kept as JSON in every part."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import add
from typing import Any

from serve.audit.facts import Assessed, Facts
from serve.audit.tables import clean

RISK_BINS = 20
KEPT_NAMES = 1_000
"""Names counted apart in one breakdown; what comes later counts under ``OTHERS``."""
OTHERS = "…"
LEAD_CAP = 1_000
"""Leads of more customer messages than this count as this."""
SECONDS_RESOLUTION = 32
"""Waits are kept in logarithmic bins, this many to a factor of e: a median is within 2 %."""

COUNTS = (
    "conversations",
    "messages",
    "customer_messages",
    "agent_messages",
    "escalated",
    "forecastable",
    "warned",
    "alerts",
    "alerts_ahead",
)
BREAKDOWNS = ("language", "channel", "agent", "category", "severity", "rule", "escalation_rule", "outcome", "stage")
TALLY = ("conversations", "messages", "escalated", "alerts", "responses", "response_seconds")
"""What is counted for each name of a breakdown, in this order."""


@dataclass(slots=True)
class Totals:
    """Sums of an audit. ``merge`` of any split of the conversations gives the same sums."""

    counts: Counter[str] = field(default_factory=Counter)
    """By ``COUNTS``. ``forecastable``: escalated, not by the first customer message; ``warned``: these, with an alert before."""
    risk: list[int] = field(default_factory=lambda: [0] * RISK_BINS)
    """Conversations by ``risk_peak``, in ``RISK_BINS`` equal bins of [0, 1]."""
    lead_messages: Counter[int] = field(default_factory=Counter)
    lead_seconds: Counter[int] = field(default_factory=Counter)
    first_response: Counter[int] = field(default_factory=Counter)
    by: dict[str, dict[str, list[int]]] = field(default_factory=lambda: {name: {} for name in BREAKDOWNS})
    """Breakdown to name to the numbers of ``TALLY``."""
    first_at: str | None = None
    last_at: str | None = None
    """First and last message, RFC 3339 in UTC."""

    def add(self, assessed: Assessed, facts: Facts) -> None:
        """Count one conversation."""
        whole, alerts = assessed.assessment.conversation, assessed.assessment.alerts
        self.counts["conversations"] += 1
        self.counts["messages"] += len(assessed.conversation.messages)
        self.counts["customer_messages"] += facts.customer_messages
        self.counts["agent_messages"] += facts.agent_messages
        self.counts["escalated"] += whole.escalated
        self.counts["forecastable"] += facts.forecastable
        self.counts["warned"] += facts.forecastable and facts.lead is not None
        self.counts["alerts"] += len(alerts)
        self.counts["alerts_ahead"] += facts.alerts_ahead
        self.risk[min(RISK_BINS - 1, int(whole.risk_peak * RISK_BINS))] += 1
        if facts.lead is not None:
            self.lead_messages[min(LEAD_CAP, facts.lead.messages)] += 1
            self.lead_seconds[_bin(facts.lead.seconds)] += 1
        if facts.first_response_seconds is not None:
            self.first_response[_bin(facts.first_response_seconds)] += 1
        self._extend_period(facts.started_at, facts.ended_at)
        self._break_down(assessed, facts)

    def merge(self, other: Totals) -> None:
        """Add the sums of another share of the conversations."""
        for name in ("counts", "lead_messages", "lead_seconds", "first_response"):
            getattr(self, name).update(getattr(other, name))
        self.risk = [a + b for a, b in zip(self.risk, other.risk, strict=True)]
        for breakdown, names in other.by.items():
            for name, tally in names.items():
                self._tally(breakdown, name, tally)
        moments = [m for m in (self.first_at, other.first_at) if m is not None]
        self.first_at = min(moments, default=None)
        self.last_at = max([m for m in (self.last_at, other.last_at) if m is not None], default=None)

    def to_json(self) -> dict[str, Any]:
        """A JSON object that ``from_json`` reads back."""
        return {
            "counts": {name: self.counts[name] for name in COUNTS},
            "risk": self.risk,
            "lead_messages": _plain(self.lead_messages),
            "lead_seconds": _plain(self.lead_seconds),
            "first_response": _plain(self.first_response),
            "by": {breakdown: dict(sorted(names.items())) for breakdown, names in self.by.items()},
            "first_at": self.first_at,
            "last_at": self.last_at,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Totals:
        """The sums that ``to_json`` wrote."""
        return cls(
            counts=Counter(row["counts"]),
            risk=row["risk"],
            lead_messages=_counter(row["lead_messages"]),
            lead_seconds=_counter(row["lead_seconds"]),
            first_response=_counter(row["first_response"]),
            by=row["by"],
            first_at=row["first_at"],
            last_at=row["last_at"],
        )

    def median_lead_messages(self) -> int | None:
        """Median lead of the first alert in customer messages."""
        return _median(self.lead_messages)

    def median_lead_seconds(self) -> int | None:
        """Median lead of the first alert in seconds, within 2 %."""
        return _unbin(_median(self.lead_seconds))

    def median_first_response_seconds(self) -> int | None:
        """Median time to the first agent answer in seconds, within 2 %."""
        return _unbin(_median(self.first_response))

    def _extend_period(self, start: datetime | None, end: datetime | None) -> None:
        if start is None or end is None:
            return
        first, last = _utc(start), _utc(end)
        self.first_at = first if self.first_at is None else min(self.first_at, first)
        self.last_at = last if self.last_at is None else max(self.last_at, last)

    def _break_down(self, assessed: Assessed, facts: Facts) -> None:
        chat, whole, alerts = assessed.conversation, assessed.assessment.conversation, assessed.assessment.alerts
        waits = facts.responses
        tally = [1, len(chat.messages), int(whole.escalated), len(alerts), len(waits), sum(waits)]
        self._tally("language", facts.language.value, tally)
        self._tally("channel", clean(chat.channel), tally)
        for agent in facts.agents:
            self._tally("agent", clean(agent), tally)
        for category in whole.categories:
            self._tally("category", category.name, tally)
        self._tally("outcome", whole.outcome.value, tally)
        self._tally("stage", whole.stage.value, tally)
        if whole.escalation_rule is not None:
            self._tally("escalation_rule", whole.escalation_rule.value, tally)
        for alert in alerts:
            self._tally("severity", alert.severity.value, [0, 0, 0, 1, 0, 0])
            self._tally("rule", alert.rule, [0, 0, 0, 1, 0, 0])

    def _tally(self, breakdown: str, name: str, tally: list[int]) -> None:
        names = self.by[breakdown]
        if name not in names and len(names) >= KEPT_NAMES:
            name = OTHERS
        known = names.get(name)
        names[name] = list(tally) if known is None else list(map(add, known, tally))


def _bin(seconds: int) -> int:
    return round(math.log1p(max(0, seconds)) * SECONDS_RESOLUTION)


def _unbin(at: int | None) -> int | None:
    return None if at is None else round(math.expm1(at / SECONDS_RESOLUTION))


def _median(counts: Counter[int]) -> int | None:
    half, seen = counts.total() / 2, 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= half:
            return value
    return None


def _plain(counts: Counter[int]) -> dict[str, int]:
    return {str(value): counts[value] for value in sorted(counts)}


def _counter(row: Mapping[str, int]) -> Counter[int]:
    return Counter({int(value): count for value, count in row.items()})


def _utc(moment: datetime) -> str:
    try:
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except OverflowError:  # the first or last day of the calendar, in an offset that leaves it
        return moment.replace(tzinfo=UTC).isoformat(timespec="seconds")
