"""Plain facts of an assessed conversation: counts, waits, who spoke, how early the warning came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pipeline.records import Alert, Assessment, Conversation, Language, Message, MessageResult, Role, Severity

SEVERITY_ORDER = {severity: rank for rank, severity in enumerate(Severity)}
_LANGUAGES = tuple(Language)
MIXED_SHARE = 0.2
"""A chat with at least this share of messages outside its main language is mixed."""


class Assessed(Protocol):
    """A conversation as it may be shown (redacted), with what scoring says of it."""

    @property
    def conversation(self) -> Conversation:
        """Redacted texts and senders; offsets of the assessment point into them."""

    @property
    def assessment(self) -> Assessment:
        """One result per message, in the same order."""


@dataclass(frozen=True, slots=True)
class Lead:
    """How far ahead of the escalation event an alert stood."""

    messages: int
    """Customer messages after the alert's, up to and with the event: 1 is the very next one."""
    seconds: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one conversation."""

    customer_messages: int
    agent_messages: int
    started_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int
    language: Language
    agents: tuple[str, ...]
    """Senders of agent messages, in order of appearance."""
    first_response_seconds: int | None
    """From the customer's first message to the first agent message after it; ``None`` where none came."""
    responses: tuple[int, ...]
    """For every answered run of customer messages, seconds from its first one to the agent's."""
    event_position: int | None
    """Position of the escalation event."""
    forecastable: bool
    """Escalated, and not by the customer's first message."""
    lead: Lead | None
    """Of the first alert that stood before the escalation event."""
    alerts_ahead: int
    """Alerts that stood before the escalation event."""


def facts_of(assessed: Assessed) -> Facts:
    """Derive the facts; linear in the messages."""
    chat, assessment = assessed.conversation, assessed.assessment
    messages = chat.messages
    customers = [i for i, m in enumerate(messages) if m.role is Role.CUSTOMER]
    answers = [m.sender for m in messages if m.role is Role.AGENT]
    waits = tuple(_waits(messages))
    event = _event_position(messages, assessment)
    leads = [] if event is None else [_lead(alert, messages, event) for alert in assessment.alerts]
    ahead = [lead for lead in leads if lead is not None]
    return Facts(
        customer_messages=len(customers),
        agent_messages=len(answers),
        started_at=messages[0].sent_at if messages else None,
        ended_at=messages[-1].sent_at if messages else None,
        duration_seconds=_seconds(messages[0], messages[-1]) if messages else 0,
        language=chat_language(assessment.messages),
        agents=tuple(dict.fromkeys(answers)),
        first_response_seconds=waits[0] if waits else None,
        responses=waits,
        event_position=event,
        forecastable=event is not None and event != customers[0],
        lead=max(ahead, key=lambda lead: (lead.messages, lead.seconds), default=None),
        alerts_ahead=len(ahead),
    )


def chat_language(results: Sequence[MessageResult]) -> Language:
    """Language of the customer's messages taken together, of all messages where the customer has no words."""
    worded = [r for r in results if r.language is not Language.UND]
    found = [r.language for r in worded if r.role is Role.CUSTOMER] or [r.language for r in worded]
    if not found:
        return Language.UND
    count, main = max((found.count(language), language) for language in _LANGUAGES)
    return main if (len(found) - count) / len(found) < MIXED_SHARE else Language.MIXED


def _event_position(messages: Sequence[Message], assessment: Assessment) -> int | None:
    event = assessment.conversation.escalation_at
    found = (i for i, m in enumerate(messages) if m.message_id == event and m.role is Role.CUSTOMER)
    return None if event is None else next(found, None)


def _waits(messages: Sequence[Message]) -> Iterator[int]:
    asked: Message | None = None
    for message in messages:
        if message.role is Role.CUSTOMER and asked is None:
            asked = message
        elif message.role is Role.AGENT and asked is not None:
            yield _seconds(asked, message)
            asked = None


def _lead(alert: Alert, messages: Sequence[Message], event: int) -> Lead | None:
    position = next((i for i, m in enumerate(messages) if m.message_id == alert.message_id), event)
    if position >= event or alert.raised_at > messages[event].sent_at:
        return None
    between = sum(m.role is Role.CUSTOMER for m in messages[position + 1 : event + 1])
    return Lead(between, int((messages[event].sent_at - alert.raised_at).total_seconds()))


def _seconds(first: Message, last: Message) -> int:
    return max(0, int((last.sent_at - first.sent_at).total_seconds()))
