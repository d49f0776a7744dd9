"""Follows a conversation message by message: state, scores of the message, risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from pipeline.models.conversation import ConversationHead
from pipeline.models.scorer import ACTS, POLARITIES, SIGNALS, TextScores
from pipeline.records import (
    ConversationResult,
    MessageResult,
    Polarity,
    Role,
    Scored,
    Signal,
    SignalName,
)
from pipeline.signals.evidence import evidence_of, strongest
from pipeline.stages.events import PRESENT, escalation_rule
from pipeline.stages.features import embedding, features
from pipeline.stages.fold import Changes, fold
from pipeline.stages.stage import Prepared, ScoredMessage
from pipeline.stages.state import ConversationState, fitted
from pipeline.text.words import snap_to_words

_DRIVERS = 5
_MAYBE = PRESENT - 1e-5
"""Scores below are not present, however they are rounded."""
_SIGNALS = tuple(SignalName(name) for name in SIGNALS)


def step(
    state: ConversationState, scored: ScoredMessage, head: ConversationHead
) -> tuple[ConversationState, MessageResult]:
    """One message further.

    Args:
        state: the conversation before the message.
        scored: the message; at a system line the risk stays as it was.
        head: gives the risk.

    Returns:
        The conversation after the message, and what is said of the message. Offsets count in
        ``scored.prepared.redacted.text``.
    """
    message = scored.prepared.message
    result = _read(scored)
    event = _event(state, result) if message.role is Role.CUSTOMER else {}
    after = fold(_with_categories(state, len(head.categories)), scored, result, event)
    changes = _risk(after, head, carried=message.role is Role.SYSTEM)
    if result.signals:
        found = tuple(evidence_of(signal, message.message_id) for signal in result.signals)
        changes["evidence"] = strongest(after.evidence, found)
    if changes:
        after = replace(after, **changes)
    if after.evidence:
        after = fitted(after)
    return after, replace(result, risk=after.risk or 0.0)


def summarise(state: ConversationState, head: ConversationHead) -> ConversationResult:
    """What is said of the conversation as a whole, up to the state's last message."""
    outlook = head.outlook(features(_with_categories(state, len(head.categories))), embedding(state))
    return ConversationResult(
        categories=_categories(head.categories, outlook.complaint, outlook.categories.tolist()),
        stage=outlook.stage,
        escalated=state.escalated,
        escalation_at=state.escalation_at,
        escalation_rule=state.escalation_rule,
        anger_peak=state.anger.peak,
        frustration_peak=state.frustration.peak,
        risk_peak=state.risk_peak,
        outcome=outlook.outcome,
        csat=min(5.0, max(1.0, outlook.csat)),
    )


def _read(scored: ScoredMessage) -> MessageResult:
    """Everything of a result but the risk. Scores are rounded as they are written, so that rules and readers agree."""
    prepared, scores = scored.prepared, scored.scores
    message = prepared.message
    result = partial(MessageResult, message.message_id, message.role, prepared.language, risk=0.0)
    if message.role is Role.CUSTOMER:
        if scores is None:
            return result(anger=0.0, frustration=0.0, polarity=Polarity.NEUTRAL)
        return result(
            anger=_score(scores.anger),
            frustration=_score(scores.frustration),
            polarity=Polarity(POLARITIES[int(np.argmax(scores.polarity))]),
            signals=_signals(scores, prepared),
        )
    if message.role is Role.AGENT and scores is not None:
        acts = zip(ACTS, scores.acts.tolist(), strict=True)
        present = ((name, _score(value)) for name, value in acts if value >= _MAYBE)
        return result(acts=tuple(Scored(name, value) for name, value in present if value >= PRESENT))
    return result()


def _signals(scores: TextScores, prepared: Prepared) -> tuple[Signal, ...]:
    values = scores.signals.tolist()
    return tuple(
        _signal(name, _score(value), span, prepared)
        for name, value, span in zip(_SIGNALS, values, scores.evidence, strict=True)
        if value >= _MAYBE and _score(value) >= PRESENT
    )


def _signal(name: SignalName, score: float, span: tuple[int, int] | None, prepared: Prepared) -> Signal:
    """The signal with its words in the redacted text, widened to whole words."""
    if span is None:
        return Signal(name, score)
    start, end = max(0, span[0]), min(len(prepared.model_text.text), span[1])
    if start >= end:
        return Signal(name, score)
    redacted = prepared.redacted.text
    start, end = prepared.model_text.span(start, end)
    if start >= end:
        return Signal(name, score)
    start, end = snap_to_words(redacted, start, end)
    return Signal(name, score, start, end, redacted[start:end])


def _score(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 6)


def _with_categories(state: ConversationState, count: int) -> ConversationState:
    """The state with a place for each category: a new one does not know how many there are."""
    if len(state.categories_max) == count:
        return state
    return replace(state, categories_max=(0.0,) * count, categories_sum=(0.0,) * count)


def _event(before: ConversationState, result: MessageResult) -> Changes:
    """What an escalation event changes in the state; nothing where the message is none."""
    rule = escalation_rule(
        anger=result.anger or 0.0,
        frustration=result.frustration or 0.0,
        signals={signal.name for signal in result.signals},
        asked_before=before.asked_supervisor,
        hot_before=before.hot,
    )
    if rule is None:
        return {}
    if before.escalated:
        return {"event": rule}
    return {"event": rule, "escalation_at": result.message_id, "escalation_rule": rule}


def _risk(state: ConversationState, head: ConversationHead, *, carried: bool) -> Changes:
    """Changes of the risk and of what drives it."""
    if state.escalated:
        return {"risk": 1.0, "risk_peak": 1.0}
    if carried and state.risk is not None:
        return {}
    vector = features(state)
    risk = _score(head.risk(vector))
    drivers = tuple((name, round(share, 4)) for name, share in head.contributions(vector)[:_DRIVERS])
    return {"risk": risk, "risk_peak": max(state.risk_peak, risk), "drivers": drivers}


def _categories(names: Sequence[str], complaint: float, scores: Sequence[float]) -> tuple[Scored, ...]:
    """Categories at or above 0.5, best first; where there is a complaint at least the best one."""
    if complaint < PRESENT or not names:
        return ()
    ranked = sorted(
        (Scored(name, _score(score)) for name, score in zip(names, scores, strict=True)), key=lambda c: -c.score
    )
    present = tuple(category for category in ranked if category.score >= PRESENT)
    return present or (Scored(ranked[0].name, PRESENT),)
