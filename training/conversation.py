"""Fits the conversation head: risk, complaint, categories, stage, outcome and satisfaction over tracked features.

The features come from the pipeline's own ``prepare`` and ``track``, fed with scores of models that never saw the
chat (cross-fitting), so that the head learns from scores as good as they will be at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold

from pipeline.models.conversation import Outlook
from pipeline.models.linear_head import CategoryWeights, HeadParameters, Linear, category_scores
from pipeline.models.scorer import FloatArray, TextScores
from pipeline.records import Conversation, Outcome, Role, Stage
from pipeline.stages.features import feature_names, features
from pipeline.stages.prepare import PrepareState, prepare
from pipeline.stages.stage import ScoredMessage
from pipeline.stages.state import initial
from pipeline.stages.track import step
from training.calibrate import macro_f1

STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1)
"""Inverse regularisation strengths that cross-validation chooses from."""
FOLDS = 5
Scores = Mapping[tuple[str, str], TextScores]
"""Scores by conversation id and message id."""


class _NoHead:
    """Stands in while features are gathered: they do not depend on the head."""

    def __init__(self, categories: tuple[str, ...]) -> None:
        self.categories = categories

    def risk(self, features: FloatArray) -> float:
        return 0.0 * float(features[0])

    def contributions(self, features: FloatArray) -> Sequence[tuple[str, float]]:
        return [] if features.size else [("", 0.0)]

    def outlook(self, features: FloatArray, embedding: FloatArray) -> Outlook:
        assert embedding.ndim == 1
        return Outlook(0.0, features[:0], Stage.AFTER_SALE, Outcome.RESOLVED, 3.0)


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Features after each message of each chat."""

    rows: FloatArray
    """Shape (n, features)."""
    chat: NDArray[np.int64]
    """Index of each row's chat, shape (n,)."""
    weight: FloatArray
    """Each chat's event-free prefixes weigh 1 together; 0 from the first event on, shape (n,)."""
    last: NDArray[np.int64]
    """Row of each chat's last message, shape (chats,)."""


def gather(chats: Sequence[Conversation], scores: Scores, categories: tuple[str, ...]) -> Prefixes:
    """Track every chat and keep the features after every message but system lines."""
    head = _NoHead(categories)
    rows, owner, weight, last = [], [], [], []
    for index, chat in enumerate(chats):
        assert chat.labels is not None
        event = chat.labels.conversation.escalation_at
        kept, free = [], 0
        state, heard = initial(chat.source, chat.conversation_id, chat.channel), PrepareState()
        open_ = True
        for message in chat.messages:
            heard, prepared = prepare(heard, message)
            known = scores.get((chat.conversation_id, message.message_id))
            state, _ = step(state, ScoredMessage(prepared, known), head)
            open_ = open_ and message.message_id != event
            if message.role is not Role.SYSTEM:
                kept.append(features(state))
                free += open_
        rows += kept
        owner += [index] * len(kept)
        weight += [1.0 / max(1, free)] * free + [0.0] * (len(kept) - free)
        last.append(len(rows) - 1)
    return Prefixes(
        np.array(rows, np.float32), np.array(owner, np.int64), np.array(weight, np.float32), np.array(last, np.int64)
    )


def fit_head(
    chats: Sequence[Conversation], prefixes: Prefixes, embeddings: FloatArray, categories: tuple[str, ...]
) -> HeadParameters:
    """Fit all parts on annotated chats.

    Args:
        chats: with labels.
        prefixes: of the same chats, from ``gather``.
        embeddings: mean embedding of each chat's customer messages by the final encoder, shape (chats, width).
        categories: the scorer's categories, in its order.
    """
    labels = [c.labels.conversation for c in chats if c.labels is not None]
    center = prefixes.rows.mean(axis=0)
    scale = np.maximum(prefixes.rows.std(axis=0), 0.05)
    standard = np.clip((prefixes.rows - center) / scale, -5.0, 5.0).astype(np.float32)
    final = standard[prefixes.last]
    escalates = np.array([label.escalated for label in labels])
    complains = np.array([bool(label.categories) for label in labels])
    stages, stage = _classes(final, [label.stage.value for label in labels])
    outcomes, outcome = _classes(final, [label.outcome.value for label in labels])
    return HeadParameters(
        features=feature_names(categories),
        center=tuple(map(float, center)),
        scale=tuple(map(float, scale)),
        risk=_risk(standard, prefixes, escalates),
        base_rate=float(escalates.mean()),
        complaint=_complaint(final, complains),
        category=_category(embeddings, [label.categories for label in labels], categories),
        stages=tuple(Stage(name) for name in stages),
        stage=stage,
        outcomes=tuple(Outcome(name) for name in outcomes),
        outcome=outcome,
        csat=_csat(final, np.array([label.csat for label in labels], float)),
    )


def _risk(standard: FloatArray, prefixes: Prefixes, escalates: NDArray[np.bool_]) -> Linear:
    """Logistic regression on event-free prefixes, then Platt scaling of its out-of-fold log-odds."""
    free = prefixes.weight > 0
    x, y, w = standard[free], escalates[prefixes.chat[free]], prefixes.weight[free]
    groups = prefixes.chat[free]
    best = min(STRENGTHS, key=lambda c: _log_loss(y, _out_of_fold(x, y, w, groups, c), w))
    held_out = _out_of_fold(x, y, w, groups, best)
    platt = LogisticRegression(C=1e6).fit(held_out[:, None], y, sample_weight=w)
    model = LogisticRegression(C=best, max_iter=5000).fit(x, y, sample_weight=w)
    slope = float(platt.coef_[0, 0])
    weights = tuple(float(v) * slope for v in model.coef_[0])
    return Linear(weights=(weights,), bias=(float(model.intercept_[0]) * slope + float(platt.intercept_[0]),))


def _out_of_fold(
    x: FloatArray, y: NDArray[np.bool_], w: FloatArray, groups: NDArray[np.int64], strength: float
) -> FloatArray:
    logits = np.zeros(len(y), np.float32)
    for inside, outside in GroupKFold(FOLDS).split(x, y, groups):
        model = LogisticRegression(C=strength, max_iter=5000).fit(x[inside], y[inside], sample_weight=w[inside])
        logits[outside] = model.decision_function(x[outside])
    return logits


def _log_loss(y: NDArray[np.bool_], logits: FloatArray, w: FloatArray) -> float:
    losses = np.logaddexp(0.0, np.where(y, -logits, logits))
    return float(np.average(losses, weights=w))


def _cross_validated(score: Callable[[float], float]) -> float:
    return max(STRENGTHS, key=score)


def _classes(x: FloatArray, labels: Sequence[str]) -> tuple[list[str], Linear]:
    y = np.array(labels)
    groups = np.arange(len(y))

    def accuracy(strength: float) -> float:
        hits = 0
        for inside, outside in GroupKFold(FOLDS).split(x, y, groups):
            model = LogisticRegression(C=strength, max_iter=5000).fit(x[inside], y[inside])
            hits += int((model.predict(x[outside]) == y[outside]).sum())
        return hits / len(y)

    model = LogisticRegression(C=_cross_validated(accuracy), max_iter=5000).fit(x, y)
    rows = tuple(tuple(map(float, row)) for row in model.coef_)
    return [str(name) for name in model.classes_], Linear(weights=rows, bias=tuple(map(float, model.intercept_)))


def _complaint(x: FloatArray, complains: NDArray[np.bool_]) -> Linear:
    """Logistic regression; its bias moves the best macro-F1 (out of fold) to 0.5."""
    groups, ones = np.arange(len(complains)), np.ones(len(complains), np.float32)
    best = min(STRENGTHS, key=lambda c: _log_loss(complains, _out_of_fold(x, complains, ones, groups, c), ones))
    held_out = _out_of_fold(x, complains, ones, groups, best)
    truth = complains.astype(int)
    grid = np.linspace(-2.5, 2.5, 101)
    f1 = [macro_f1(truth, (held_out >= cut).astype(int), classes=2) for cut in grid]
    smooth = np.convolve(np.pad(f1, 5, mode="edge"), np.ones(11) / 11, mode="valid")
    cut = float(grid[int(np.argmax(smooth))])
    model = LogisticRegression(C=best, max_iter=5000).fit(x, complains)
    return Linear(weights=(tuple(map(float, model.coef_[0])),), bias=(float(model.intercept_[0]) - cut,))


def mean_embeddings(
    chats: Sequence[Conversation], owners: Sequence[tuple[str, str]], embeddings: FloatArray
) -> FloatArray:
    """Mean embedding of each chat's customer messages, shape (chats, width); zeros where it has none.

    Args:
        chats: the chats wanted.
        owners: conversation id and message id of each row.
        embeddings: shape (rows, width).
    """
    at = {owner: row for row, owner in enumerate(owners)}
    means = np.zeros((len(chats), embeddings.shape[1]), np.float32)
    for index, chat in enumerate(chats):
        keys = [(chat.conversation_id, m.message_id) for m in chat.messages if m.role is Role.CUSTOMER]
        rows = [at[key] for key in keys if key in at]
        if rows:
            means[index] = embeddings[rows].mean(axis=0)
    return means


def _category(embeddings: FloatArray, truth: Sequence[Sequence[str]], categories: tuple[str, ...]) -> CategoryWeights:
    """Multinomial regression for the main category of complaints; strength and threshold by cross-validation."""
    kept = [i for i, named in enumerate(truth) if named]
    x, main = embeddings[kept], np.array([categories.index(truth[i][0]) for i in kept])
    wanted = np.array([[c in truth[i] for c in categories] for i in kept])
    center, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-3)
    standard = ((x - center) / scale).astype(np.float32)
    held_out = {c: _held_out_logits(standard, main, len(categories), c) for c in STRENGTHS}
    best = max(STRENGTHS, key=lambda c: float((held_out[c].argmax(axis=1) == main).mean()))
    shares = np.array([category_scores(row, 0.5) for row in held_out[best]])
    grid = np.linspace(0.1, 0.6, 51)
    f1 = [2.0 * float(((shares >= t) & wanted).sum()) / float((shares >= t).sum() + wanted.sum()) for t in grid]
    weights, bias = _all_classes(standard, main, len(categories), best)
    return CategoryWeights(
        linear=Linear(
            weights=tuple(tuple(map(float, row)) for row in weights / scale),
            bias=tuple(map(float, bias - (weights / scale) @ center)),
        ),
        threshold=float(grid[int(np.argmax(f1))]),
    )


def _held_out_logits(x: FloatArray, main: NDArray[np.int64], count: int, strength: float) -> FloatArray:
    logits = np.zeros((len(main), count), np.float32)
    for inside, outside in GroupKFold(FOLDS).split(x, main, np.arange(len(main))):
        weights, bias = _all_classes(x[inside], main[inside], count, strength)
        logits[outside] = x[outside] @ weights.T + bias
    return logits


def _all_classes(
    x: FloatArray, main: NDArray[np.int64], count: int, strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights and biases with a row for every category; one that the data lacks can never be chosen."""
    model = LogisticRegression(C=strength, max_iter=3000).fit(x, main)
    weights, bias = np.zeros((count, x.shape[1])), np.full(count, -30.0)
    if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
        weights[model.classes_[1]], bias[model.classes_] = model.coef_[0], (0.0, float(model.intercept_[0]))
    else:
        weights[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return weights, bias


def _csat(x: FloatArray, csat: NDArray[np.float64]) -> Linear:
    groups = np.arange(len(csat))

    def fit(strength: float, rows: NDArray[np.int64]) -> Ridge:
        return Ridge(alpha=1.0 / strength).fit(x[rows], csat[rows])

    def closeness(strength: float) -> float:
        error = 0.0
        for inside, outside in GroupKFold(FOLDS).split(x, csat, groups):
            error += float(((fit(strength, inside).predict(x[outside]) - csat[outside]) ** 2).sum())
        return -error

    model = fit(_cross_validated(closeness), groups)
    return Linear(weights=(tuple(map(float, model.coef_)),), bias=(float(model.intercept_),))
