"""Turns a tracked conversation into alerts, at messages and at deadlines.

After an escalation event only event rules warn. A rule warns at most once at a message, and
never twice with the same alert id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.config import AlertPolicy, AlertRule, EventRule, PromiseRule, RiskRule, SilenceRule
from pipeline.identity import digest
from pipeline.models.conversation import ConversationHead
from pipeline.models.scorer import SIGNALS
from pipeline.records import Alert, MessageResult, Reason, SignalName
from pipeline.signals.moments import micros, moment
from pipeline.signals.promises import Promise
from pipeline.stages.advise import chat_language, next_step
from pipeline.stages.events import LEVEL_1
from pipeline.stages.explain import BROKEN_PROMISE, WAITING, event_reasons, reasons
from pipeline.stages.features import features
from pipeline.stages.stage import ScoredMessage
from pipeline.stages.state import ConversationState, RuleMemory

_MICROSECOND = timedelta(microseconds=1)
_DRIVERS = 5
"""Features that an alert's reasons are drawn from."""
_THANKS = SIGNALS.index(SignalName.THANKS)


@dataclass(frozen=True, slots=True)
class _Cause:
    """What a rule wants to warn of."""

    message_id: str
    at: int
    raised_at: datetime
    lead: tuple[Reason, ...] = ()


def step(
    before: ConversationState,
    after: ConversationState,
    result: MessageResult,
    scored: ScoredMessage,
    policy: AlertPolicy,
    head: ConversationHead,
) -> tuple[ConversationState, tuple[Alert, ...]]:
    """Alerts that a message raises.

    Args:
        before: the conversation before the message (after the ticks up to it).
        after: the conversation after it, from ``track.step``.
        result: what is said of the message.
        scored: the message.
        policy: rules and next steps.
        head: says what speaks for an escalation.

    Returns:
        The conversation that remembers what was raised, and the alerts in the order of the rules.
    """
    sent_at = scored.prepared.message.sent_at
    state, alerts = after, list[Alert]()
    for rule in policy.rules:
        if isinstance(rule, RiskRule):
            state = _rearmed(state, rule, result.risk)
        cause = _cause(rule, before, state, result, sent_at)
        if cause is not None:
            state, raised = _raise(state, rule, cause, policy, head)
            alerts.extend(raised)
    return state, tuple(alerts)


def tick(
    state: ConversationState, now: datetime, policy: AlertPolicy, head: ConversationHead
) -> tuple[ConversationState, tuple[Alert, ...]]:
    """Alerts of the deadlines due at or before ``now``, in the order of the deadlines.

    How often a driver ticks between two messages changes nothing.

    Returns:
        The conversation that remembers them, and the alerts; each was raised at its deadline.
    """
    if state.waiting.since is None and not state.promises.open:  # most messages: nothing runs
        return state, ()
    alerts: list[Alert] = []
    limit = micros(now)
    while due := min((d for d in _deadlines(state, policy) if d.at <= limit), default=None, key=lambda d: d.at):
        if due.promise is not None:
            state = replace(state, promises=state.promises.break_(due.promise))
        for rule in due.rules:
            state, raised = _raise(state, rule, due.cause(state.offset), policy, head)
            alerts.extend(raised)
    return state, tuple(alerts)


def next_deadline(state: ConversationState, policy: AlertPolicy) -> datetime | None:
    """When ``tick`` has something to do next, if no message comes before; ``None`` for never."""
    due = min((deadline.at for deadline in _deadlines(state, policy)), default=None)
    return None if due is None else moment(due, state.offset)


@dataclass(frozen=True, slots=True)
class _Deadline:
    at: int
    rules: tuple[AlertRule, ...]
    message_id: str
    promise: Promise | None = None

    def cause(self, offset: int) -> _Cause:
        name = WAITING if self.promise is None else BROKEN_PROMISE
        raised_at = moment(self.at, offset if self.promise is None else self.promise.offset)
        return _Cause(self.message_id, self.at, raised_at, (Reason(name, self.message_id, 1.0),))


def _deadlines(state: ConversationState, policy: AlertPolicy) -> Iterator[_Deadline]:
    watching = not state.escalated
    since, message_id = state.waiting.since, state.waiting.message_id
    if watching and since is not None:
        for rule in policy.rules:
            if isinstance(rule, SilenceRule) and _memory(state, rule.name).message_id != message_id:
                yield _Deadline(_silence_at(state, rule, since), (rule,), message_id)
    rules = tuple(rule for rule in policy.rules if watching and isinstance(rule, PromiseRule))
    if not _is_content(state):
        for promise in state.promises.open:
            yield _Deadline(promise.due_at, rules, promise.message_id, promise)


def _silence_at(state: ConversationState, rule: SilenceRule, since: int) -> int:
    """Calm customers wait longer; a strained message counts from when it was sent, not before."""
    calm = since + rule.calm_after // _MICROSECOND
    strained = state.waiting.strained_at
    if strained is None:
        return calm
    return min(calm, max(since + rule.strained_after // _MICROSECOND, strained))


def _is_content(state: ConversationState) -> bool:
    """The customer's last words were calm thanks: a deadline that passes then is no broken promise until they write again."""
    is_calm = state.anger.last < LEVEL_1 and state.frustration.last < LEVEL_1
    return is_calm and state.customer_messages > 0 and state.signal_turn[_THANKS] == state.customer_messages


def _rearmed(state: ConversationState, rule: RiskRule, risk: float) -> ConversationState:
    memory = _memory(state, rule.name)
    return state if memory.armed or risk >= rule.rearm_below else _remember(state, replace(memory, armed=True))


def _cause(
    rule: AlertRule, before: ConversationState, state: ConversationState, result: MessageResult, sent_at: datetime
) -> _Cause | None:
    """What the rule has to say of the message just tracked."""
    if isinstance(rule, EventRule):
        if state.event is None:
            return None
        return _Cause(result.message_id, micros(sent_at), sent_at, event_reasons(state))
    if state.escalated:
        return None
    if isinstance(rule, PromiseRule) and state.broken_now:
        promised = state.broken_now[0].message_id
        return _Cause(promised, micros(sent_at), sent_at, (Reason(BROKEN_PROMISE, promised, 1.0),))
    if isinstance(rule, RiskRule) and _rises_over(rule, before, state, result.risk):
        return _Cause(result.message_id, micros(sent_at), sent_at)
    return None


def _rises_over(rule: RiskRule, before: ConversationState, state: ConversationState, risk: float) -> bool:
    threshold = rule.thresholds.get(chat_language(state), rule.threshold)
    rises = before.risk is None or risk >= before.risk
    return rises and risk >= threshold and _memory(state, rule.name).armed


def _raise(
    state: ConversationState, rule: AlertRule, cause: _Cause, policy: AlertPolicy, head: ConversationHead
) -> tuple[ConversationState, tuple[Alert, ...]]:
    """The alert, unless the rule cools down or said the same before; an armed risk rule is then no longer armed."""
    memory = _memory(state, rule.name)
    if memory.raised_at is not None:
        is_cooling = cause.at - memory.raised_at < rule.cool_down // _MICROSECOND
        if memory.message_id == cause.message_id or is_cooling:
            # A wait is spoken of once, even where that once fell into the cool-down.
            keeps = isinstance(rule, SilenceRule)
            return (_remember(state, replace(memory, message_id=cause.message_id)) if keeps else state), ()
    state = _remember(
        state,
        RuleMemory(rule.name, armed=not isinstance(rule, RiskRule), raised_at=cause.at, message_id=cause.message_id),
    )
    risk = state.risk or 0.0
    alert = Alert(
        alert_id=digest(state.source, state.conversation_id, rule.name, cause.message_id),
        message_id=cause.message_id,
        severity=rule.severity_at(risk),
        rule=rule.name,
        risk=risk,
        reasons=reasons(state, head.contributions(features(state))[:_DRIVERS], cause.lead),
        next_step=next_step(state, cause.at, policy.steps),
        raised_at=cause.raised_at,
    )
    return state, (alert,)


def _memory(state: ConversationState, rule: str) -> RuleMemory:
    return next((memory for memory in state.alerts if memory.rule == rule), RuleMemory(rule))


def _remember(state: ConversationState, memory: RuleMemory) -> ConversationState:
    others = tuple(other for other in state.alerts if other.rule != memory.rule)
    return replace(state, alerts=(*others, memory))
