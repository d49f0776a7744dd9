"""Fits what alerts give as reasons: a logistic regression for an escalation over the tracked, named features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pipeline.models.drivers import DriverWeights, standard
from pipeline.models.scorer import FloatArray
from pipeline.records import Conversation, Role
from pipeline.run import Pipeline
from pipeline.stages.features import feature_names, features

STRENGTH = 0.01
"""Inverse regularisation: strong, so that weights of like features share rather than cancel."""


def fit_drivers(chats: Sequence[Conversation], pipeline: Pipeline | None, categories: tuple[str, ...]) -> DriverWeights:
    """Fit on the event-free prefixes of annotated chats, each chat weighing the same.

    Args:
        chats: with labels; without any, all weights are 0.
        pipeline: the exported model, which says what is tracked.
        categories: the scorer's categories, in its order.
    """
    names = feature_names(categories)
    if not chats or pipeline is None:
        nothing = (0.0,) * len(names)
        return DriverWeights(features=names, center=nothing, scale=(1.0,) * len(names), weights=nothing)
    rows, wanted, weight = _prefixes(chats, pipeline)
    center, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 0.05)
    weights = np.zeros(len(names))
    if len(set(wanted.tolist())) == 2:
        model = LogisticRegression(C=STRENGTH, max_iter=5000)
        weights = model.fit(standard(rows, center, scale), wanted, sample_weight=weight).coef_[0]
    return DriverWeights(
        features=names, center=_floats(center), scale=_floats(scale), weights=_floats(np.asarray(weights))
    )


def _floats(values: NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(map(float, values))


def _prefixes(
    chats: Sequence[Conversation], pipeline: Pipeline
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.float64]]:
    """Features after each event-free message, whether the chat escalates, and the prefix's weight."""
    rows: list[FloatArray] = []
    wanted: list[bool] = []
    weight: list[float] = []
    for chat in chats:
        assert chat.labels is not None
        label, live, free = chat.labels.conversation, pipeline.open(chat), 0
        for message in chat.messages:
            live, _ = pipeline.step(live, message)
            if message.message_id == label.escalation_at:
                break
            if message.role is not Role.SYSTEM:
                rows.append(features(live.state))
                free += 1
        wanted += [label.escalated] * free
        weight += [1.0 / max(1, free)] * free
    return np.array(rows, np.float32), np.array(wanted), np.array(weight)
