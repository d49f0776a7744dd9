"""Named, interpretable features of a tracked conversation, for the conversation head.

Names tell the family before the first dot (``signal_max.abuse``, ``act_share.stall``), so that a
reason can be given for each. Times enter as log1p of seconds, counts as log1p. All values are
finite whatever the input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log1p

import numpy as np

from pipeline.models.scorer import ACTS, POLARITIES, SIGNALS, FloatArray
from pipeline.records import ActName, Role, SignalName
from pipeline.signals.repetition import REPEATED
from pipeline.stages.state import ROLES, ConversationState

WARM = (ActName.EMPATHY, ActName.APOLOGY, ActName.SOLUTION, ActName.ACKNOWLEDGE)
COLD = (ActName.STALL, ActName.POLICY, ActName.REFUSAL, ActName.BLAME)

_HOSTILE = tuple(SIGNALS.index(s) for s in SignalName if s not in (SignalName.THANKS, SignalName.URGENCY))
_THANKS = SIGNALS.index(SignalName.THANKS)
_ACT_AT = {act: ACTS.index(act) for act in ActName}
_CUSTOMER, _AGENT, _BOT = (ROLES.index(role) for role in (Role.CUSTOMER, Role.AGENT, Role.BOT))
_MICROS_A_SECOND = 1_000_000

_SCALARS: dict[str, Callable[[ConversationState], float]] = {
    "anger.last": lambda s: s.anger.last,
    "anger.change": lambda s: s.anger.change,
    "anger.fast": lambda s: s.anger.fast,
    "anger.slow": lambda s: s.anger.slow,
    "anger.trend": lambda s: s.anger.trend,
    "anger.slope": lambda s: s.anger.slope,
    "anger.peak": lambda s: s.anger.peak,
    "anger.mean": lambda s: s.anger.mean,
    "anger.hot": lambda s: s.hot,
    "frustration.last": lambda s: s.frustration.last,
    "frustration.change": lambda s: s.frustration.change,
    "frustration.fast": lambda s: s.frustration.fast,
    "frustration.slow": lambda s: s.frustration.slow,
    "frustration.trend": lambda s: s.frustration.trend,
    "frustration.slope": lambda s: s.frustration.slope,
    "frustration.peak": lambda s: s.frustration.peak,
    "frustration.mean": lambda s: s.frustration.mean,
    "count.customer": lambda s: log1p(s.tally.roles[_CUSTOMER]),
    "count.agent": lambda s: log1p(s.tally.roles[_AGENT]),
    "count.bot": lambda s: log1p(s.tally.roles[_BOT]),
    "count.customers_in_row": lambda s: log1p(s.tally.customers_in_row),
    "count.bots_in_row": lambda s: log1p(s.tally.bots_in_row),
    "length.last": lambda s: log1p(s.tally.last_characters),
    "length.mean": lambda s: log1p(s.tally.characters / max(1, s.tally.roles[_CUSTOMER])),
    "wait.now": lambda s: log1p(0.0 if s.last_at is None else s.waiting.seconds(s.last_at)),
    "wait.bubbles": lambda s: log1p(s.waiting.bubbles),
    "wait.first_answer": lambda s: log1p(s.waiting.first_s),
    "wait.last_answer": lambda s: log1p(s.waiting.last_s),
    "wait.longest_answer": lambda s: log1p(s.waiting.longest_s),
    "wait.mean_answer": lambda s: log1p(s.waiting.mean_s),
    "time.gap": lambda s: log1p(s.gap_s),
    "time.elapsed": lambda s: log1p(_elapsed_s(s)),
    "repeat.last": lambda s: s.demands.last,
    "repeat.peak": lambda s: s.demands.peak,
    "repeat.count": lambda s: log1p(s.demands.repeats),
    "repeat.now": lambda s: s.demands.last >= REPEATED,
    "promise.open": lambda s: log1p(len(s.promises.open)),
    "promise.made": lambda s: log1p(s.promises.made),
    "promise.kept": lambda s: log1p(s.promises.kept),
    "promise.broken": lambda s: log1p(s.promises.broken),
    "act.warm_share": lambda s: _acts_share(s, WARM),
    "act.cold_share": lambda s: _acts_share(s, COLD),
    "act.warm_last": lambda s: max(s.act_last[_ACT_AT[act]] for act in WARM),
    "act.cold_last": lambda s: max(s.act_last[_ACT_AT[act]] for act in COLD),
    "signal.hostile_count": lambda s: log1p(sum(s.signal_count[at] for at in _HOSTILE)),
    "signal.hostile_recent": lambda s: _recency(s, _HOSTILE),
    "signal.thanks_recent": lambda s: _recency(s, (_THANKS,)),
    "asked.supervisor": lambda s: s.asked_supervisor,
    "escalated.so_far": lambda s: s.escalated,
    "language.zh": lambda s: _language_share(s, 0),
    "language.en": lambda s: _language_share(s, 1),
    "language.mixed": lambda s: _language_share(s, 2),
    "complaint.last": lambda s: s.complaint.last,
    "complaint.peak": lambda s: s.complaint.peak,
    "complaint.mean": lambda s: s.complaint.mean,
    "writer.customer": lambda s: s.last_role is Role.CUSTOMER,
    "writer.agent": lambda s: s.last_role is Role.AGENT,
    "writer.bot": lambda s: s.last_role is Role.BOT,
}
_READERS = tuple(_SCALARS.values())

FEATURE_NAMES: tuple[str, ...] = (
    *_SCALARS,
    *(f"tone_mean.{name}" for name in POLARITIES),
    *(f"tone_last.{name}" for name in POLARITIES),
    *(f"signal_max.{name}" for name in SIGNALS),
    *(f"signal_last.{name}" for name in SIGNALS),
    *(f"act_share.{name}" for name in ACTS),
    *(f"act_last.{name}" for name in ACTS),
)
"""Features that do not depend on the categories; they come first, in this order."""


def feature_names(categories: Sequence[str]) -> tuple[str, ...]:
    """Names of all features, in the order of ``features``.

    Args:
        categories: the scorer's categories, in its order.
    """
    return (
        *FEATURE_NAMES,
        *(f"category_max.{name}" for name in categories),
        *(f"category_mean.{name}" for name in categories),
    )


def features(state: ConversationState) -> FloatArray:
    """Features of messages 1..k.

    Returns:
        float32, shape (len(feature_names(categories)),), finite. ``track.step`` gives the state one
        place a category before it asks for features.
    """
    scored = max(1, state.complaint.count)
    answers = max(1, state.tally.roles[_AGENT])
    values = [float(read(state)) for read in _READERS]
    values += [total / scored for total in state.tones]
    values += state.last_tone
    values += state.signal_max
    values += state.signal_last
    values += [count / answers for count in state.act_count]
    values += state.act_last
    values += state.categories_max
    values += [total / scored for total in state.categories_sum]
    return np.array(values, np.float32)


def embedding(state: ConversationState) -> FloatArray:
    """Running mean of the customer messages' embeddings.

    Returns:
        float32, shape (width,); shape (0,) before the first customer message and where the width is above
        ``state.MAX_WIDTH``.
    """
    return np.frombuffer(state.embedding, "<f2").astype(np.float32)


def _elapsed_s(state: ConversationState) -> float:
    if state.first_at is None or state.last_at is None:
        return 0.0
    return max(0, state.last_at - state.first_at) / _MICROS_A_SECOND


def _acts_share(state: ConversationState, acts: Sequence[ActName]) -> float:
    """Acts of these kinds a message of the agent, 0 to their number."""
    return sum(state.act_count[_ACT_AT[act]] for act in acts) / max(1, state.tally.roles[_AGENT])


def _recency(state: ConversationState, signals: Sequence[int]) -> float:
    """1 where the last customer message has one of the signals, 1/2 the one before, 1/3 …; 0 for never."""
    turn = max(state.signal_turn[at] for at in signals)
    return 1 / (1 + state.customer_messages - turn) if turn else 0.0


def _language_share(state: ConversationState, language: int) -> float:
    return state.tally.languages[language] / max(1, state.customer_messages)
