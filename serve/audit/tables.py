"""The two Parquet tables: their schemas, and columns filled one conversation at a time.

Every field carries its meaning as Arrow metadata (key ``description``), so that the files
explain themselves wherever they are opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import pyarrow as pa

from pipeline.records import MessageResult, Role
from pipeline.serialise import Json, message_result_to_json, number
from serve.audit.facts import Assessed, Facts

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = pa.timestamp("us", "UTC")
_SPAN = {"start": pa.int32(), "end": pa.int32(), "text": pa.string()}
_SIGNAL = pa.struct({"name": pa.string(), "score": pa.float64(), **_SPAN})
_SCORED = pa.struct({"name": pa.string(), "score": pa.float64()})

MESSAGE_FIELDS: tuple[tuple[str, Any, str], ...] = (
    ("source", pa.string(), "desk or connection that the conversation came through"),
    ("conversation_id", pa.string(), "unique within its source"),
    ("channel", pa.string(), "whatsapp, web, …; unknown where the source does not say"),
    ("message_id", pa.string(), "unique within its conversation"),
    ("position", pa.int32(), "place in the conversation's time order, from 0"),
    ("sent_at", _TIME, "when it was sent"),
    ("role", pa.string(), "customer, agent, bot or system"),
    ("sender", pa.string(), "display name, redacted"),
    ("language", pa.string(), "zh, en, mixed, or und where there are no words"),
    ("text", pa.string(), "redacted text; lone surrogates become U+FFFD"),
    ("anger", pa.float64(), "0 to 1, 0.5 is plain anger; null for other roles than customer"),
    ("frustration", pa.float64(), "0 to 1, 0.5 is stressed effort or waiting; null for other roles than customer"),
    ("polarity", pa.string(), "negative, neutral or positive; null for other roles than customer"),
    ("risk", pa.float64(), "calibrated probability that a first escalation event follows this message; 1 after one"),
    ("signals", pa.list_(_SIGNAL), "customer signals at or above 0.5; start and end are code points of text"),
    ("acts", pa.list_(_SCORED), "agent acts at or above 0.5"),
)
CONVERSATION_FIELDS: tuple[tuple[str, Any, str], ...] = (
    ("source", pa.string(), "desk or connection that the conversation came through"),
    ("conversation_id", pa.string(), "unique within its source"),
    ("channel", pa.string(), "whatsapp, web, …; unknown where the source does not say"),
    ("team", pa.string(), "team in charge; null where the source does not say"),
    ("language", pa.string(), "language of the customer's messages: zh, en, mixed or und"),
    ("started_at", _TIME, "time of the first message"),
    ("ended_at", _TIME, "time of the last message"),
    ("duration_seconds", pa.int64(), "from the first to the last message"),
    ("messages", pa.int32(), "all messages"),
    ("customer_messages", pa.int32(), "messages of the customer"),
    ("agent_messages", pa.int32(), "messages of agents, bots not counted"),
    ("agents", pa.list_(pa.string()), "senders of agent messages, redacted, in order of appearance"),
    ("main_category", pa.string(), "best complaint category; null where there is no complaint"),
    ("categories", pa.list_(_SCORED), "complaint categories at or above 0.5, best first"),
    ("stage", pa.string(), "presale, in_sale, after_sale or complaint, at the end"),
    ("outcome", pa.string(), "resolved, pending, unresolved or abandoned, at the end"),
    ("csat", pa.float64(), "expected satisfaction, 1 to 5"),
    ("escalated", pa.bool_(), "there is an escalation event"),
    ("escalation_at", pa.string(), "id of the first customer message that is one"),
    ("escalation_rule", pa.string(), "E1 supervisor, E2 outside body, E3 abuse, E4 anger twice in a row, E5 churn"),
    ("anger_peak", pa.float64(), "highest anger of any customer message"),
    ("frustration_peak", pa.float64(), "highest frustration of any customer message"),
    ("risk_peak", pa.float64(), "highest risk after any message"),
    ("first_response_seconds", pa.int64(), "customer's first message to the first agent answer; null without one"),
    ("mean_response_seconds", pa.float64(), "mean wait of answered runs of customer messages; null without an answer"),
    ("max_response_seconds", pa.int64(), "longest wait of an answered run of customer messages"),
    ("alerts", pa.int32(), "alerts raised"),
    ("alerts_before_escalation", pa.int32(), "alerts that stood before the escalation event"),
    ("lead_messages", pa.int32(), "customer messages between first alert and event, event included; null if not ahead"),
    ("lead_seconds", pa.int64(), "seconds between the first alert and the event; null if not ahead"),
)


def _schema(fields: Iterable[tuple[str, Any, str]]) -> Any:
    return pa.schema([pa.field(name, kind, metadata={"description": text}) for name, kind, text in fields])


MESSAGES = _schema(MESSAGE_FIELDS)
CONVERSATIONS = _schema(CONVERSATION_FIELDS)


class MessageColumns:
    """Rows of ``messages.parquet`` of one part, column by column."""

    def __init__(self) -> None:
        self._plain: dict[str, list[Any]] = {name: [] for name, kind, _ in MESSAGE_FIELDS if not pa.types.is_list(kind)}
        self._signals: list[tuple[Any, ...]] = []
        self._signal_counts: list[int] = []
        self._acts: list[tuple[Any, ...]] = []
        self._act_counts: list[int] = []

    def add(self, assessed: Assessed, scored: Sequence[Json] | None = None) -> None:
        """Append one row per message.

        Args:
            assessed: a conversation with one result a message.
            scored: its messages in the scoring output, where the caller has them already.
        """
        chat, results, plain = assessed.conversation, assessed.assessment.messages, self._plain
        rows = [message_result_to_json(r) for r in results] if scored is None else scored
        messages, count = chat.messages, len(chat.messages)
        plain["source"].extend([clean(chat.source)] * count)
        plain["conversation_id"].extend([clean(chat.conversation_id)] * count)
        plain["channel"].extend([clean(chat.channel)] * count)
        plain["position"].extend(range(count))
        plain["message_id"].extend(_all_clean([m.message_id for m in messages]))
        plain["sent_at"].extend([micros(m.sent_at) for m in messages])
        plain["role"].extend([m.role._value_ for m in messages])
        plain["sender"].extend(_all_clean([m.sender for m in messages]))
        plain["text"].extend(_all_clean([m.text for m in messages]))
        plain["language"].extend([row["language"] for row in rows])
        plain["anger"].extend([row.get("anger") for row in rows])
        plain["frustration"].extend([row.get("frustration") for row in rows])
        plain["polarity"].extend([_polarity(r) for r in results])
        plain["risk"].extend([row["risk"] for row in rows])
        self._add_nested(results)

    def _add_nested(self, results: Sequence[MessageResult]) -> None:
        self._signal_counts.extend([len(r.signals) for r in results])
        self._act_counts.extend([len(r.acts) for r in results])
        for result in results:
            for s in result.signals:
                text = None if s.text is None else clean(s.text)
                self._signals.append((s.name._value_, number(s.score), s.start, s.end, text))
            for act in result.acts:
                self._acts.append((act.name, number(act.score)))

    def table(self) -> Any:
        """The rows as an Arrow table of schema ``MESSAGES``."""
        nested = {
            "signals": _lists(self._signal_counts, self._signals, _SIGNAL),
            "acts": _lists(self._act_counts, self._acts, _SCORED),
        }
        arrays = [nested[f.name] if f.name in nested else pa.array(self._plain[f.name], f.type) for f in MESSAGES]
        return pa.Table.from_arrays(arrays, schema=MESSAGES)


class ConversationRows:
    """Rows of ``conversations.parquet`` of one part."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def add(self, assessed: Assessed, facts: Facts) -> None:
        """Append one row."""
        chat, whole, waits = assessed.conversation, assessed.assessment.conversation, facts.responses
        categories = [{"name": c.name, "score": number(c.score)} for c in whole.categories]
        self._rows.append(
            {
                "source": clean(chat.source),
                "conversation_id": clean(chat.conversation_id),
                "channel": clean(chat.channel),
                "team": None if chat.team is None else clean(chat.team),
                "language": facts.language.value,
                "started_at": None if facts.started_at is None else micros(facts.started_at),
                "ended_at": None if facts.ended_at is None else micros(facts.ended_at),
                "duration_seconds": facts.duration_seconds,
                "messages": len(chat.messages),
                "customer_messages": facts.customer_messages,
                "agent_messages": facts.agent_messages,
                "agents": [clean(agent) for agent in facts.agents],
                "main_category": categories[0]["name"] if categories else None,
                "categories": categories,
                "stage": whole.stage.value,
                "outcome": whole.outcome.value,
                "csat": round(whole.csat, 2),
                "escalated": whole.escalated,
                "escalation_at": None if whole.escalation_at is None else clean(whole.escalation_at),
                "escalation_rule": None if whole.escalation_rule is None else whole.escalation_rule.value,
                "anger_peak": number(whole.anger_peak),
                "frustration_peak": number(whole.frustration_peak),
                "risk_peak": number(whole.risk_peak),
                "first_response_seconds": facts.first_response_seconds,
                "mean_response_seconds": round(sum(waits) / len(waits), 3) if waits else None,
                "max_response_seconds": max(waits, default=None),
                "alerts": len(assessed.assessment.alerts),
                "alerts_before_escalation": facts.alerts_ahead,
                "lead_messages": None if facts.lead is None else facts.lead.messages,
                "lead_seconds": None if facts.lead is None else facts.lead.seconds,
            }
        )

    def table(self) -> Any:
        """The rows as an Arrow table of schema ``CONVERSATIONS``."""
        arrays = [pa.array([row[f.name] for row in self._rows], f.type) for f in CONVERSATIONS]
        return pa.Table.from_arrays(arrays, schema=CONVERSATIONS)


def clean(text: str) -> str:
    """The text with lone surrogates, which UTF-8 cannot hold, as U+FFFD; the length stays."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


def _all_clean(texts: list[str]) -> list[str]:
    """Each text ``clean``: looked at together, because hardly any has to change."""
    together = "".join(texts)
    return texts if clean(together) is together else [clean(text) for text in texts]


def _polarity(result: MessageResult) -> str | None:
    return result.polarity._value_ if result.polarity and result.role is Role.CUSTOMER else None


def micros(moment: datetime) -> int:
    """Microseconds since 1970 in UTC; exact, and defined for years 1 to 9999."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _lists(counts: Sequence[int], rows: Sequence[tuple[Any, ...]], kind: Any) -> Any:
    columns = zip(*rows, strict=True) if rows else [()] * kind.num_fields
    arrays = [pa.array(list(column), field.type) for column, field in zip(columns, kind, strict=True)]
    values = pa.StructArray.from_arrays(arrays, fields=list(kind))
    return pa.ListArray.from_arrays(pa.array([0, *accumulate(counts)], pa.int32()), values)
