"""The riskiest conversations, each as the JSON that the report shows."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pipeline.records import Alert, Message, MessageResult, Role, Signal
from pipeline.serialise import number
from serve.audit.facts import SEVERITY_ORDER, Assessed, Facts

SHOWN_MESSAGES = 200
"""Of a longer chat, this many messages around its turning point are shown."""
AFTER_TURN = 30
"""Messages shown after the turning point of a longer chat."""
SHOWN_CHARACTERS = 2_000
SHOWN_ALERTS = 50
SLACK = 4
"""Candidates are thinned out when there are this many times more than wanted."""

Rank = tuple[float, int, float, float, str, str]
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A conversation in view form with its rank; the smaller the rank, the riskier."""

    rank: Rank
    view: View


class Riskiest:
    """Keeps the ``wanted`` riskiest of any number of conversations."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._kept: list[tuple[Rank, Assessed, Facts]] = []

    def add(self, assessed: Assessed, facts: Facts) -> None:
        """Consider one more; views are only made of those that stay."""
        self._kept.append((rank_of(assessed), assessed, facts))
        if len(self._kept) >= SLACK * max(1, self._wanted):
            self._kept = heapq.nsmallest(self._wanted, self._kept, key=lambda kept: kept[0])

    def views(self) -> list[Ranked]:
        """The riskiest, riskiest first."""
        best = heapq.nsmallest(self._wanted, self._kept, key=lambda kept: kept[0])
        return [Ranked(rank, view_of(assessed, facts)) for rank, assessed, facts in best]


def best_of(ranked: Iterable[Ranked], wanted: int) -> list[Ranked]:
    """The riskiest of several lists together, riskiest first."""
    return heapq.nsmallest(wanted, ranked, key=lambda one: one.rank)


def rank_of(assessed: Assessed) -> Rank:
    """Order by risk, then the gravest alert, anger, frustration; ids decide the rest."""
    whole, chat = assessed.assessment.conversation, assessed.conversation
    gravest = max((SEVERITY_ORDER[a.severity] for a in assessed.assessment.alerts), default=-1)
    peaks = (-number(whole.risk_peak), -gravest, -number(whole.anger_peak), -number(whole.frustration_peak))
    return (*peaks, chat.source, chat.conversation_id)


def view_of(assessed: Assessed, facts: Facts) -> View:
    """What the report needs of one conversation; at most ``SHOWN_MESSAGES`` messages."""
    chat, assessment = assessed.conversation, assessed.assessment
    whole = assessment.conversation
    start, end = _window(assessed, facts)
    positions = {m.message_id: i for i, m in enumerate(chat.messages)}
    pairs = list(zip(chat.messages, assessment.messages, strict=True))
    return {
        "id": chat.conversation_id,
        "source": chat.source,
        "channel": chat.channel,
        "team": chat.team,
        "language": facts.language.value,
        "started": None if facts.started_at is None else facts.started_at.isoformat(timespec="seconds"),
        "seconds": facts.duration_seconds,
        "messages": len(chat.messages),
        "shown_from": start,
        "risk": number(whole.risk_peak),
        "anger": number(whole.anger_peak),
        "frustration": number(whole.frustration_peak),
        "csat": round(whole.csat, 1),
        "stage": whole.stage.value,
        "outcome": whole.outcome.value,
        "categories": [[c.name, number(c.score)] for c in whole.categories],
        "escalated": whole.escalated,
        "at_once": whole.escalated and not facts.forecastable,
        "event": facts.event_position,
        "event_rule": None if whole.escalation_rule is None else whole.escalation_rule.value,
        "lead": None if facts.lead is None else [facts.lead.messages, facts.lead.seconds],
        "first_response": facts.first_response_seconds,
        "agents": list(facts.agents[:20]),
        "chat": [_bubble(i, *pairs[i]) for i in range(start, end)],
        "alert_count": len(assessment.alerts),
        "alerts": [_alert(alert, positions) for alert in assessment.alerts[:SHOWN_ALERTS]],
    }


def _window(assessed: Assessed, facts: Facts) -> tuple[int, int]:
    results = assessed.assessment.messages
    if len(results) <= SHOWN_MESSAGES:
        return 0, len(results)
    turn = facts.event_position
    if turn is None:
        turn = max(range(len(results)), key=lambda i: (results[i].risk, -i))
    end = min(len(results), max(SHOWN_MESSAGES, turn + AFTER_TURN))
    return end - SHOWN_MESSAGES, end


def _bubble(position: int, message: Message, result: MessageResult) -> View:
    view: View = {
        "i": position,
        "r": message.role.value,
        "s": message.sender[:80],
        "t": message.sent_at.isoformat(timespec="seconds"),
        "l": result.language.value,
        "x": segments(message.text[:SHOWN_CHARACTERS], result.signals),
        "k": number(result.risk),
    }
    if len(message.text) > SHOWN_CHARACTERS:
        view["cut"] = len(message.text) - SHOWN_CHARACTERS
    if message.role is Role.CUSTOMER:
        view["a"], view["f"] = number(result.anger or 0.0), number(result.frustration or 0.0)
        view["p"] = None if result.polarity is None else result.polarity.value
        view["g"] = [[s.name.value, number(s.score)] for s in result.signals]
    if message.role is Role.AGENT:
        view["c"] = [[a.name, number(a.score)] for a in result.acts]
    return view


def segments(text: str, signals: Sequence[Signal]) -> list[list[Any]]:
    """The text cut where evidence begins or ends: ``[piece]`` or ``[piece, [signal, …]]``.

    Cut here, not in the browser, because offsets are code points and JavaScript counts UTF-16 units.
    """
    spans = [
        (s.start, min(s.end, len(text)), s.name.value) for s in signals if s.start is not None and s.end is not None
    ]
    spans = [span for span in spans if span[0] < span[1]]
    borders = sorted({0, len(text), *(b for start, end, _ in spans for b in (start, end))})
    pieces: list[list[Any]] = []
    for start, end in pairwise(borders):
        names = sorted({name for begin, stop, name in spans if begin <= start and end <= stop})
        pieces.append([text[start:end], names] if names else [text[start:end]])
    return pieces


def _alert(alert: Alert, positions: dict[str, int]) -> View:
    return {
        "at": positions.get(alert.message_id),
        "rule": alert.rule,
        "severity": alert.severity.value,
        "risk": number(alert.risk),
        "raised": alert.raised_at.isoformat(timespec="seconds"),
        "reasons": [
            {
                "signal": r.signal,
                "at": positions.get(r.message_id),
                "weight": number(r.weight),
                "text": None if r.text is None else r.text[:SHOWN_CHARACTERS],
            }
            for r in alert.reasons
        ],
        "step": alert.next_step.step_id,
        "next": alert.next_step.text,
    }
