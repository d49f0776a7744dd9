"""The risk rule as a desk lives with it: how often it warns in vain, how much it foresees, how early, and what an alert is worth.

Thresholds are chosen from a budget of false alarms, on annotated chats. What an alert is worth depends on how rare escalations are;
the annotated chats are half and half, so precision at a desk's base rate follows from the two rates by Bayes' rule (as the
predictive value of a test, Altman and Bland 1994). Escalations at the first customer message cannot be foreseen and are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray

from pipeline.config import AlertPolicy, RiskRule
from pipeline.errors import InputError
from pipeline.records import Conversation, Language, Role
from pipeline.run import Pipeline
from pipeline.stages.advise import chat_language as language_at_run_time
from training.compare import drawn_chats
from training.corpora import chat_language
from training.measures import Judged, by_language
from training.tables import Table

BASE_RATES = (0.01, 0.02, 0.05)
"""Shares of escalating conversations that precision is told for."""
LEAST = 20
"""Calm chats of a language that a threshold of its own needs."""
DRAWS = 1000
_STEPS = 10_000
"""Thresholds are given in steps of one over this."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Course:
    """The risk of an annotated chat while a risk rule may warn: before the first event, be it annotated or said."""

    language: Language
    """``zh`` or ``en``, by which the rule picks its threshold; that of the whole chat."""
    escalates: bool
    risks: tuple[float, ...]


def course(pipeline: Pipeline, chat: Conversation) -> Course:
    """Follow an annotated chat as the alert rules do."""
    assert chat.labels is not None
    event, live = chat.labels.conversation.escalation_at, pipeline.open(chat)
    risks: list[float] = []
    is_free = True
    for message in chat.messages:
        live, step = pipeline.step(live, message)
        is_free = is_free and message.message_id != event and not live.state.escalated
        if is_free:
            risks.append(step.result.risk)
    return Course(language_at_run_time(live.state), event is not None, tuple(risks))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold, and what it does to the chats that it was chosen on."""

    threshold: float
    calm: int
    false_alarms: int
    """Calm chats that are warned of."""
    escalating: int
    foreseen: int
    """Escalating chats that are warned of before the event."""


def choose(courses: Sequence[Course], budget: float) -> dict[Language, Chosen]:
    """The lowest threshold of each language that keeps the budget; languages with fewer than ``LEAST`` calm chats are left out.

    Args:
        courses: of annotated chats that were not trained on.
        budget: false alarms per 100 calm conversations, above 0 and below 100.

    Raises:
        InputError: the budget is out of range, or no language has enough calm chats.
    """
    if not 0 < budget < 100:
        raise InputError(
            f"the alert budget is {budget:g}, must be above 0 and below 100",
            fix="give false alarms per 100 calm conversations.",
        )
    found = {}
    for language in (Language.ZH, Language.EN):
        mine = [c for c in courses if c.language is language]
        if sum(not c.escalates for c in mine) >= LEAST:
            found[language] = _chosen(mine, budget)
    if not found:
        raise InputError(f"no language has {LEAST} annotated calm chats", fix="give more with --reference.")
    return found


def _chosen(courses: Sequence[Course], budget: float) -> Chosen:
    calm, hot = ([max(c.risks, default=0.0) for c in courses if c.escalates is kind] for kind in (False, True))
    threshold = lowest_threshold(calm, budget)
    warned = [sum(peak >= threshold for peak in peaks) for peaks in (calm, hot)]
    return Chosen(threshold, len(calm), warned[0], len(hot), warned[1])


def lowest_threshold(peaks: Sequence[float], budget: float) -> float:
    """The lowest threshold that at most so many in 100 of these highest risks reach, in steps of 0.0001."""
    allowed = floor(len(peaks) * budget / 100 + 1e-9)
    bar = sorted(peaks, reverse=True)[allowed]
    step = floor(bar * _STEPS) + 1
    step += step / _STEPS <= bar  # the product may be rounded down
    return min(1.0, step / _STEPS)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the ends of its 95 % interval; NaN where the chats do not tell."""

    value: float
    low: float
    high: float


Alerting = dict[str, Estimate]
"""Figures by name; ``calm`` and ``escalating`` count chats."""


def measure_alerts(
    judged: Sequence[Judged], policy: AlertPolicy, *, draws: int = DRAWS, seed: int = 0
) -> dict[str, Alerting]:
    """How the risk rules of a policy do on chats that were assessed under it, by language of the chat, and over all.

    Args:
        judged: scored annotated chats.
        policy: that of the pipeline that scored them.
        draws: bootstrap draws, of conversations with replacement.
        seed: of the draws.
    """
    rules = frozenset(rule.name for rule in policy.rules if isinstance(rule, RiskRule))
    groups = by_language(judged, chat_language)
    return {name: _alerting([_seen(one, rules) for one in group], draws, seed) for name, group in groups.items()}


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the rules made of a chat; ``lead`` in customer messages from the first alarm to the event, 0 without an alarm."""

    is_calm: bool
    can_be_foreseen: bool
    is_warned: bool
    lead: int


def _seen(judged: Judged, rules: frozenset[str]) -> _Seen:
    messages, event = judged.conversation.messages, judged.labels.conversation.escalation_at
    end = next((i for i, m in enumerate(messages) if m.message_id == event), len(messages))
    customers = [m.role is Role.CUSTOMER for m in messages[:end]]
    raised = {alert.message_id for alert in judged.assessment.alerts if alert.rule in rules}
    first = next((i for i, m in enumerate(messages[:end]) if m.message_id in raised), None)
    lead = 0 if first is None else 1 + sum(customers[first + 1 :])
    return _Seen(event is None, event is not None and any(customers), first is not None, lead)


def _alerting(seen: Sequence[_Seen], draws: int, seed: int) -> Alerting:
    counts = np.array(
        [
            (s.is_calm, s.is_calm and s.is_warned, s.can_be_foreseen, s.can_be_foreseen and s.is_warned, s.lead)
            for s in seen
        ],
        float,
    )
    once, drawn = np.ones((1, len(seen))), drawn_chats(len(seen), draws, seed)
    measures: dict[str, Callable[[Floats], Floats]] = {
        "false_alarms": lambda d: 100 * _share(d, counts[:, 1], counts[:, 0]),
        "recall": lambda d: _share(d, counts[:, 3], counts[:, 2]),
        "lead": lambda d: _median_leads(d, np.where(counts[:, 3] > 0, counts[:, 4], 0)),
        **{f"precision@{rate:g}": _precision_at(rate, counts) for rate in BASE_RATES},
    }
    found = {
        name: Estimate(count, count, count)
        for name, count in (("calm", float(counts[:, 0].sum())), ("escalating", float(counts[:, 2].sum())))
    }
    return found | {name: _estimate(float(of(once)[0]), of(drawn)) for name, of in measures.items()}


def _precision_at(rate: float, counts: Floats) -> Callable[[Floats], Floats]:
    def precision(drawn: Floats) -> Floats:
        hits, false = _share(drawn, counts[:, 3], counts[:, 2]), _share(drawn, counts[:, 1], counts[:, 0])
        return precision_at(rate, hits, false)

    return precision


def precision_at(rate: float, hits: Floats, false: Floats) -> Floats:
    """Share of alarms that are right where conversations escalate at ``rate``: Bayes' rule; NaN where nothing alarms.

    Args:
        rate: base rate, 0..1.
        hits: share of escalating conversations that alarm, any shape.
        false: share of calm conversations that alarm, likewise.
    """
    right, wrong = rate * hits, (1 - rate) * false
    alarms = right + wrong
    result: Floats = np.divide(right, alarms, out=np.full(alarms.shape, np.nan), where=alarms > 0)
    return result


def _share(drawn: Floats, part: Floats, whole: Floats) -> Floats:
    total = drawn @ whole
    result: Floats = np.divide(drawn @ part, total, out=np.full(total.shape, np.nan), where=total > 0)
    return result


def _median_leads(drawn: Floats, leads: Floats) -> Floats:
    """Median of the leads above 0 in each draw."""
    repeated = [np.repeat(leads, row.astype(int)) for row in drawn]
    return np.array([float(np.median(some[some > 0])) if (some > 0).any() else np.nan for some in repeated])


def _estimate(value: float, spread: Floats) -> Estimate:
    known = spread[np.isfinite(spread)]
    if not known.size:
        return Estimate(value, np.nan, np.nan)
    low, high = np.quantile(known, (0.025, 0.975)).tolist()
    return Estimate(value, low, high)


_SHOWN = {
    "calm": "calm chats",
    "escalating": "escalating chats",
    "false_alarms": "false alarms per 100 calm chats",
    "recall": "recall",
    "lead": "median lead, customer messages",
    **{f"precision@{rate:g}": f"precision at a base rate of {rate:.0%}" for rate in BASE_RATES},
}
_COUNTS = frozenset({"calm", "escalating"})
_NOTE = (
    "In brackets 95 % intervals over conversations. An escalation counts as foreseen where the rule warned before it; "
    "those at the first customer message are left out."
)


def alerts_table(found: Mapping[str, Alerting]) -> Table:
    """A figure a line, a language a column."""
    groups = [name for name in ("zh", "en", "mixed", "all") if name in found]
    return Table(
        "alerts",
        ("risk rule", *groups),
        tuple((title, *(_cell(name, found[group][name]) for group in groups)) for name, title in _SHOWN.items()),
        {group: {name: _numbers(one) for name, one in found[group].items()} for group in groups},
        (_NOTE,),
    )


def _cell(name: str, one: Estimate) -> str:
    if name in _COUNTS:
        return f"{one.value:.0f}"
    if not np.isfinite(one.value):
        return "–"
    digits = 1 if name in ("false_alarms", "lead") else 3
    return f"{one.value:.{digits}f} ({one.low:.{digits}f} … {one.high:.{digits}f})"


def _numbers(one: Estimate) -> dict[str, float | None]:
    """For JSON, which has no NaN."""
    numbers = {"value": one.value, "low": one.low, "high": one.high}
    return {name: round(number, 4) if np.isfinite(number) else None for name, number in numbers.items()}
