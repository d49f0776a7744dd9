"""Follows a conversation message by message: state, scores of the message, risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.models.conversation import ConversationHead, Heard
from pipeline.models.scorer import ACTS, POLARITIES, SIGNALS, TextScores, named_scores
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
from pipeline.stages.features import embedding
from pipeline.stages.fold import Changes, folded
from pipeline.stages.moment import NO_MOMENT, Moment, next_moment
from pipeline.stages.stage import Prepared, ScoredMessage
from pipeline.stages.state import ROLES, ConversationState, evolved, fitted
from pipeline.text.words import snap_to_words

_SYSTEM = ROLES.index(Role.SYSTEM)
_MAYBE = PRESENT - 1e-5
"""Scores below are not present, however they are rounded."""
_SIGNALS = tuple(SignalName(name) for name in SIGNALS)
_POLARITIES = tuple(Polarity(name) for name in POLARITIES)


def step(
    state: ConversationState, scored: ScoredMessage, head: ConversationHead, *, full: bool = False
) -> tuple[ConversationState, MessageResult]:
    """One message further.

    Args:
        state: the conversation before the message.
        scored: the message; at a system line the risk stays as it was.
        head: gives the scores in their context, and the risk.
        full: the result has every head's probability.

    Returns:
        The conversation after the message, and what is said of the message. Offsets count in
        ``scored.prepared.redacted.text``.
    """
    prepared, role = scored.prepared, scored.prepared.message.role
    state = _with_categories(state, len(head.categories))
    heard = _heard(state, scored, head)
    said = _said(prepared, heard.scores)
    event = _event(state, prepared.message.message_id, said) if role is Role.CUSTOMER else {}
    escalated = state.escalated or "escalation_at" in event
    risk = 1.0 if escalated else _score(heard.risk)
    scores = named_scores(heard.scores, head.categories) if full and heard.scores is not None else None
    result = MessageResult(prepared.message.message_id, role, prepared.language, risk, *said, scores)
    changes = folded(state, ScoredMessage(prepared, heard.scores), result)
    changes |= event
    changes |= {"hidden": heard.hidden, "risk": risk, "risk_peak": max(state.risk_peak, risk)}
    if result.signals:
        found = tuple(evidence_of(signal, result.message_id) for signal in result.signals)
        changes["evidence"] = strongest(state.evidence, found)
    after = evolved(state, changes)
    return (fitted(after) if after.evidence else after), result


def summarise(state: ConversationState, head: ConversationHead) -> ConversationResult:
    """What is said of the conversation as a whole, up to the state's last message."""
    outlook = head.outlook(state.hidden, embedding(state), state.categories_max)
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


_Said = tuple[float | None, float | None, Polarity | None, tuple[Signal, ...], tuple[Scored, ...]]
"""Anger, frustration, polarity, signals and acts of a result, in this order."""


def _said(prepared: Prepared, scores: TextScores | None) -> _Said:
    """Scores of a result. They are rounded as they are written, so that rules and readers agree."""
    role = prepared.message.role
    if role is Role.CUSTOMER:
        if scores is None:
            return 0.0, 0.0, Polarity.NEUTRAL, (), ()
        tones = scores.polarity.tolist()
        polarity = _POLARITIES[tones.index(max(tones))]
        return _score(scores.anger), _score(scores.frustration), polarity, _signals(scores, prepared), ()
    if role is Role.AGENT and scores is not None:
        acts = zip(ACTS, scores.acts.tolist(), strict=True)
        present = [(name, _score(value)) for name, value in acts if value >= _MAYBE]
        return None, None, None, (), tuple(Scored(name, value) for name, value in present if value >= PRESENT)
    return None, None, None, (), ()


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


def _event(before: ConversationState, message_id: str, said: _Said) -> Changes:
    """What an escalation event changes in the state; nothing where the message is none."""
    anger, frustration, _, signals, _ = said
    rule = escalation_rule(
        anger=anger or 0.0,
        frustration=frustration or 0.0,
        signals={signal.name for signal in signals},
        asked_before=before.asked_supervisor,
        hot_before=before.hot,
    )
    if rule is None:
        return {}
    if before.escalated:
        return {"event": rule}
    return {"event": rule, "escalation_at": message_id, "escalation_rule": rule}


def _heard(state: ConversationState, scored: ScoredMessage, head: ConversationHead) -> Heard:
    """What the head makes of a message; a system line leaves it as it was."""
    message = scored.prepared.message
    if message.role is Role.SYSTEM:
        risk = head.hear(b"", Role.BOT, NO_MOMENT, None).risk if state.risk is None else state.risk
        return Heard(state.hidden, None, risk)
    before = sum(state.tally.roles) - state.tally.roles[_SYSTEM]
    moment = Moment(state.first_at, state.last_at, 0.0, state.tally.customers_in_row, before)
    return head.hear(state.hidden, message.role, next_moment(moment, message).numbers(), scored.scores)


def _categories(names: Sequence[str], complaint: float, scores: Sequence[float]) -> tuple[Scored, ...]:
    """Categories at or above 0.5, best first; where there is a complaint at least the best one."""
    if complaint < PRESENT or not names:
        return ()
    ranked = sorted(
        (Scored(name, _score(score)) for name, score in zip(names, scores, strict=True)), key=lambda c: -c.score
    )
    present = tuple(category for category in ranked if category.score >= PRESENT)
    return present or (Scored(ranked[0].name, PRESENT),)
