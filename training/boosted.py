"""Is the recurrent head worth its recurrence? Its risk beside gradient boosting over the tracked, named features.

The trees (histogram gradient boosting, Ke et al. 2017, "LightGBM") see what ``pipeline.stages.features`` tells of the messages so
far: levels and trends, signals, acts, waits, promises. Both are asked the same after each message before the escalation event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from pipeline.errors import InputError
from pipeline.models.scorer import FloatArray
from pipeline.records import Conversation, Role
from pipeline.run import Pipeline
from pipeline.stages.features import features
from training.corpora import chat_language, some
from training.measures import Judged, by_language, forecasts
from training.tables import Table

FITTED = 800
"""Chats that the trees are fitted on; more changes little, and each is scored message by message."""
TREES, RATE, LEAVES, LEAST_IN_LEAF, SHRINKAGE = 150, 0.05, 15, 20, 1.0
"""Boosting of shallow trees in small steps, with an L2 penalty: no early stopping, since prefixes of one chat would stand on both sides."""
MEASURES = ("forecast.auc", "forecast.recall@fa5", "forecast.ece")
_EDGE = 1e-4
Risks = Mapping[str, float]
"""By message id."""


def drawn(
    chats: Sequence[Conversation], judged: Sequence[Judged], *, seed: int, count: int = FITTED
) -> list[Conversation]:
    """So many chats to fit on, none of which is measured.

    Raises:
        InputError: all are measured.
    """
    measured = {one.conversation.conversation_id for one in judged}
    left = [chat for chat in chats if chat.conversation_id not in measured]
    if not left:
        raise InputError("no annotated chats are left to fit on", fix="measure another part.")
    return some(left, count, seed=seed)


def prefixes(pipeline: Pipeline, chat: Conversation) -> dict[str, FloatArray]:
    """Features after each message before the escalation event, by message id; system lines are left out."""
    assert chat.labels is not None
    event, live = chat.labels.conversation.escalation_at, pipeline.open(chat)
    found = {}
    for message in chat.messages:
        live, _ = pipeline.step(live, message)
        if message.message_id == event:
            break
        if message.role is not Role.SYSTEM:
            found[message.message_id] = features(live.state)
    return found


def fit(pipeline: Pipeline, chats: Sequence[Conversation], *, seed: int = 0) -> HistGradientBoostingClassifier:
    """Trees for a later escalation, from the event-free prefixes of annotated chats; each chat weighs 1.

    Raises:
        InputError: the chats are all of one kind.
    """
    rows: list[FloatArray] = []
    wanted: list[bool] = []
    weight: list[float] = []
    for chat in chats:
        assert chat.labels is not None
        seen = list(prefixes(pipeline, chat).values())
        rows += seen
        wanted += [chat.labels.conversation.escalated] * len(seen)
        weight += [1 / max(1, len(seen))] * len(seen)
    if len(set(wanted)) < 2:
        raise InputError("chats that escalate and chats that do not are needed to fit on")
    trees = HistGradientBoostingClassifier(
        max_iter=TREES,
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=LEAST_IN_LEAF,
        l2_regularization=SHRINKAGE,
        early_stopping=False,
        random_state=seed,
    )
    scale = len(weight) / sum(weight)  # a mean weight of 1, for which the penalty is meant
    return trees.fit(np.array(rows), np.array(wanted), sample_weight=np.array(weight) * scale)


def compare_heads(
    pipeline: Pipeline, judged: Sequence[Judged], trees: HistGradientBoostingClassifier
) -> dict[str, dict[str, dict[str, float]]]:
    """Forecast measures of the head, the trees and the mean of both log-odds, by language of the chat and over all."""
    boosted = [_boosted(pipeline, one, trees) for one in judged]
    sides = {
        "recurrent head": list(judged),
        "boosted trees": [with_risks(one, risks) for one, risks in zip(judged, boosted, strict=True)],
        "mean of log-odds": [with_risks(one, between(one, risks)) for one, risks in zip(judged, boosted, strict=True)],
    }
    return {
        side: {name: forecasts(group) for name, group in by_language(chats, chat_language).items()}
        for side, chats in sides.items()
    }


def _boosted(pipeline: Pipeline, judged: Judged, trees: HistGradientBoostingClassifier) -> Risks:
    rows = prefixes(pipeline, judged.conversation)
    if not rows:
        return {}
    said = trees.predict_proba(np.array(list(rows.values())))[:, 1].tolist()
    return dict(zip(rows, said, strict=True))


def with_risks(judged: Judged, risks: Risks) -> Judged:
    """The same chat with other risks at these messages."""
    messages = tuple(replace(r, risk=risks.get(r.message_id, r.risk)) for r in judged.assessment.messages)
    return replace(judged, assessment=replace(judged.assessment, messages=messages))


def between(judged: Judged, risks: Risks) -> Risks:
    """Risks whose log-odds are the mean of the model's and these."""
    own = {r.message_id: r.risk for r in judged.assessment.messages}
    pairs = np.array([(own[name], risk) for name, risk in risks.items()], float).reshape(-1, 2)
    mean = _log_odds(pairs).mean(axis=1)
    return dict(zip(risks, (1 / (1 + np.exp(-mean))).tolist(), strict=True))


def _log_odds(risk: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(risk, _EDGE, 1 - _EDGE)
    odds: NDArray[np.float64] = np.log(inside / (1 - inside))
    return odds


def heads_table(found: Mapping[str, Mapping[str, Mapping[str, float]]], fitted: int) -> Table:
    """A forecaster and language a line, a measure a column.

    Args:
        found: from ``compare_heads``.
        fitted: chats that the trees were fitted on.
    """
    groups = [name for name in ("zh", "en", "mixed", "all") if any(name in by for by in found.values())]
    rows = tuple(
        (side, name, *(_cell(by[name].get(m)) for m in MEASURES)) for name in groups for side, by in found.items()
    )
    numbers = {
        side: {
            name: {m: round(by[name][m], 4) for m in MEASURES if np.isfinite(by[name].get(m, np.nan))}
            for name in groups
        }
        for side, by in found.items()
    }
    note = f"Trees were fitted on {fitted} training chats. Lower is better for forecast.ece alone."
    return Table("boosted", ("risk of", "language", *MEASURES), rows, numbers, (note,))


def _cell(value: float | None) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:.3f}"
