"""Why an alert was raised: what moved the risk, and the words or conditions behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import floor

from pipeline.models.scorer import SIGNALS
from pipeline.records import EscalationRule, Reason, SignalName
from pipeline.signals.evidence import Evidence
from pipeline.stages.events import LEVEL_1, OUTSIDE
from pipeline.stages.features import COLD
from pipeline.stages.state import ConversationState

WAITING = "waiting"
BROKEN_PROMISE = "broken_promise"

_KEPT = 6
_EVIDENCE_WEIGHT = 0.3  # in log-odds: words that were seen count even where the model found others to matter more
_SIGNALS_OF: Mapping[EscalationRule, frozenset[SignalName]] = {
    EscalationRule.SUPERVISOR: frozenset({SignalName.SUPERVISOR_REQUEST}),
    EscalationRule.OUTSIDE_BODY: OUTSIDE,
    EscalationRule.ABUSE: frozenset({SignalName.ABUSE}),
    EscalationRule.ANGER_ROW: frozenset(),
    EscalationRule.CHURN: frozenset({SignalName.CHURN_THREAT}),
}
_MOVEMENTS = frozenset({"trend", "slope", "change"})


def reasons(
    state: ConversationState, drivers: Iterable[tuple[str, float]], lead: Iterable[Reason] = ()
) -> tuple[Reason, ...]:
    """At most six reasons, strongest first; weights add up to at most 1.

    Args:
        state: the conversation when the alert is raised.
        drivers: features that speak for an escalation most, with their shares in the log-odds.
        lead: reasons that caused the alert by themselves: together they weigh half, in equal parts.
    """
    causes = {reason.signal: reason for reason in lead}
    others = [_reason(state, name, weight) for name, weight in _weights(state, drivers).items() if name not in causes]
    if not causes and not others:
        name = "anger" if state.anger.last >= state.frustration.last else "frustration"
        others = [_reason(state, name, 1.0)]
    ranked = sorted(others, key=lambda reason: -reason.weight)[: _KEPT - len(causes)]
    half = sum(reason.weight for reason in ranked) or 1.0
    ranked = [*(_weighing(reason, half / len(causes)) for reason in causes.values()), *ranked]
    ranked.sort(key=lambda reason: -reason.weight)
    total = sum(reason.weight for reason in ranked)
    return tuple(_weighing(reason, floor(reason.weight / total * 10_000) / 10_000) for reason in ranked)


def event_reasons(state: ConversationState) -> tuple[Reason, ...]:
    """What made the last message an escalation event."""
    if state.event is None:
        return ()
    names = {name.value for name in _SIGNALS_OF[state.event]}
    found = [item for item in state.evidence if item.message_id == state.last_message_id and item.signal in names]
    said = tuple(_quoting(item, 1.0) for item in found)
    return said or (Reason("anger", state.last_message_id, 1.0),)


def _weights(state: ConversationState, drivers: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Weight of each reason that is true of the conversation, in log-odds."""
    weights: dict[str, float] = {}
    for feature, share in drivers:
        name = _reason_name(feature)
        if name is not None and share > 0 and _holds(state, name):
            weights[name] = weights.get(name, 0.0) + share
    for item in _best(state.evidence).values():
        weights[item.signal] = weights.get(item.signal, 0.0) + _EVIDENCE_WEIGHT * item.score
    return weights


def _reason_name(feature: str) -> str | None:
    """The reason that a feature stands for; ``None`` where it would tell a reader nothing."""
    family, _, name = feature.partition(".")
    if family in {"anger", "frustration"}:
        return f"rising_{family}" if name in _MOVEMENTS else family
    if family in {"signal_max", "signal_last"}:
        return None if name == SignalName.THANKS else name
    if family in {"act_share", "act_last"}:
        return "cold_answer" if name in COLD else None
    if family in {"tone_mean", "tone_last"}:
        return "negative_tone" if name == "negative" else None
    whole = {"act.cold_share": "cold_answer", "act.cold_last": "cold_answer", "count.bots_in_row": "bot_loop"}
    families = {
        "wait": WAITING,
        "repeat": "repeated_demand",
        "promise": BROKEN_PROMISE,
        "asked": SignalName.SUPERVISOR_REQUEST.value,
    }
    return whole.get(feature) or families.get(family)


def _holds(state: ConversationState, name: str) -> bool:
    """Whether a reason is true of the conversation, so that no alert states what nobody can find in the chat."""
    if name in SIGNALS:
        return state.signal_count[SIGNALS.index(name)] > 0
    return {
        "anger": state.anger.peak >= LEVEL_1,
        "frustration": state.frustration.peak >= LEVEL_1,
        "rising_anger": state.anger.trend > 0,
        "rising_frustration": state.frustration.trend > 0,
        "cold_answer": bool(state.last_agent_id),
        "negative_tone": state.tones[0] > max(state.tones[1:]),
        "bot_loop": state.tally.bots_in_row > 1,
        WAITING: state.waiting.since is not None or state.waiting.answers > 0,
        "repeated_demand": state.demands.repeats > 0,
        BROKEN_PROMISE: state.promises.broken > 0,
    }[name]


def _reason(state: ConversationState, name: str, weight: float) -> Reason:
    item = _best(state.evidence).get(name)
    if item is not None:
        return _quoting(item, weight)
    customer = state.last_customer_id or state.last_message_id
    at = {"cold_answer": state.last_agent_id, WAITING: state.waiting.message_id or customer}
    return Reason(name, at.get(name, customer), weight)


def _best(items: Iterable[Evidence]) -> dict[str, Evidence]:
    """The strongest item of each signal, of equals the newest."""
    best: dict[str, Evidence] = {}
    for item in items:
        if item.signal not in best or item.score >= best[item.signal].score:
            best[item.signal] = item
    return best


def _quoting(item: Evidence, weight: float) -> Reason:
    return Reason(item.signal, item.message_id, weight, item.start, item.end, item.text)


def _weighing(reason: Reason, weight: float) -> Reason:
    return Reason(reason.signal, reason.message_id, weight, reason.start, reason.end, reason.text)
