"""Small chats and a small conversation head, for tests of the stages with memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np

from pipeline.config import AlertPolicy, load_alert_policy
from pipeline.models.conversation import Heard, Outlook
from pipeline.models.fake import fake_scores
from pipeline.models.scorer import ACTS, SIGNALS, FloatArray, TextScores
from pipeline.records import Alert, Language, Message, MessageResult, Outcome, Role, Stage
from pipeline.stages import decide, track
from pipeline.stages.features import feature_names
from pipeline.stages.stage import Prepared, ScoredMessage
from pipeline.stages.state import ConversationState, initial
from pipeline.text.aligned import AlignedText

START = datetime(2026, 5, 1, 10, 0, tzinfo=timezone(timedelta(hours=8)))
CATEGORIES = ("refund_return", "logistics", "other")


class SmallHead:
    """Remembers the anger so far, an earlier contact and a cold agent; scores stay as they are."""

    categories = CATEGORIES

    def __init__(self, outlook: Outlook | None = None) -> None:
        self._outlook = outlook or Outlook(
            0.9, np.array([0.7, 0.2, 0.6], np.float32), Stage.COMPLAINT, Outcome.UNRESOLVED, 1.5
        )
        names = feature_names(CATEGORIES)
        weights = {
            "anger.last": 3.0,
            "anger.fast": 2.0,
            "frustration.last": 2.0,
            "signal_max.repeat_contact": 1.5,
            "act_last.policy": 1.0,
            "wait.now": 0.05,
        }
        self._weights = np.array([weights.get(name, 0.0) for name in names], np.float32)
        self._names = names

    def hear(
        self, hidden: bytes, role: Role, moment: tuple[float, float, float, float], scores: TextScores | None
    ) -> Heard:
        assert role is not Role.SYSTEM
        assert len(moment) == 4
        known = np.frombuffer(hidden, "<f4").copy() if hidden else np.zeros(5, "<f4")
        if scores is not None and role is Role.CUSTOMER:
            known[1] = scores.anger if not hidden else (known[1] + scores.anger) / 2
            known[0], known[2] = scores.anger, scores.frustration
            known[3] = max(known[3], scores.signals[SIGNALS.index("repeat_contact")])
        elif scores is not None and role is Role.AGENT:
            known[4] = scores.acts[ACTS.index("policy")]
        risk = 1 / (1 + np.exp(2.5 - known @ np.array([3.0, 2.0, 2.0, 1.5, 1.0], np.float32)))
        return Heard(known.tobytes(), scores, float(risk))

    def contributions(self, features: FloatArray) -> Sequence[tuple[str, float]]:
        shares = features * self._weights
        order = np.argsort(-shares)
        return [(self._names[at], float(shares[at])) for at in order if shares[at] > 0]

    def outlook(self, hidden: bytes, embedding: FloatArray, peaks: Sequence[float]) -> Outlook:
        assert isinstance(hidden, bytes)
        assert embedding.ndim == 1
        assert len(peaks) in (0, len(self.categories))
        return self._outlook


def scored(
    at: int,
    role: Role,
    text: str,
    scores: TextScores | None = None,
    *,
    minutes: float | None = None,
    language: Language = Language.ZH,
) -> ScoredMessage:
    """Message ``m<at>``, sent ``minutes`` (else ``at``) minutes after ``START``."""
    sent_at = START + timedelta(minutes=at if minutes is None else minutes)
    message = Message(f"m{at}", sent_at, role, "", text)
    plain = AlignedText.unchanged(text)
    given = fake_scores() if scores is None and text and role is not Role.SYSTEM else scores
    return ScoredMessage(Prepared(message, plain, plain, language), given)


def quoting(scores: TextScores, start: int, end: int) -> TextScores:
    """The scores with one span of evidence for every signal that is present."""
    present = tuple((start, end) if scores.signals[at] >= 0.5 else None for at in range(len(SIGNALS)))
    return replace(scores, evidence=present)


def tracked(
    messages: Iterable[ScoredMessage], state: ConversationState | None = None
) -> list[tuple[ConversationState, MessageResult]]:
    """State and result after each message."""
    state = state or initial("default", "c1", "whatsapp")
    steps = []
    for message in messages:
        state, result = track.step(state, message, SmallHead())
        steps.append((state, result))
    return steps


def decided(
    messages: Iterable[ScoredMessage],
    *,
    policy: AlertPolicy | None = None,
    as_of: datetime | None = None,
    extra_ticks: Sequence[datetime] = (),
) -> tuple[ConversationState, list[Alert], list[MessageResult]]:
    """What a driver does: tick and step for each message, and at the end tick up to ``as_of``."""
    policy = policy or load_alert_policy()
    head, state = SmallHead(), initial("default", "c1", "whatsapp")
    alerts: list[Alert] = []
    results: list[MessageResult] = []
    for message in messages:
        sent_at = message.prepared.message.sent_at
        for moment in sorted([*(t for t in extra_ticks if t < sent_at), sent_at]):
            state, raised = decide.tick(state, moment, policy, head)
            alerts += raised
        after, result = track.step(state, message, head)
        state, raised = decide.step(state, after, result, message, policy, head)
        alerts += raised
        results.append(result)
    if as_of is not None:
        state, raised = decide.tick(state, as_of, policy, head)
        alerts += raised
    return state, alerts, results
