"""The conversation head: linear models over the tracked features, so that every estimate can be explained.

Risk is a logistic regression fitted on every prefix of the training chats and calibrated out of fold; stage
and outcome are multinomial regressions, satisfaction a ridge regression. The complaint's category is a multinomial
regression over the mean embedding of the customer's messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import ModelError
from pipeline.models.bundle import Manifest, verified
from pipeline.models.conversation import Outlook
from pipeline.models.scorer import FloatArray
from pipeline.records import Outcome, Stage

_EPSILON = 1e-4


class Linear(BaseModel):
    """``weights @ x + bias``; one row a class."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]


class CategoryWeights(BaseModel):
    """Softmax over the categories; a share of ``threshold`` is the operating point."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    linear: Linear
    """Over the mean embedding, one row a category."""
    threshold: float = Field(gt=0, lt=1)


class HeadParameters(BaseModel):
    """``head.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    features: tuple[str, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]
    risk: Linear
    base_rate: float = Field(gt=0, lt=1)
    """Share of escalating chats that ``risk`` is calibrated for."""
    complaint: Linear
    category: CategoryWeights
    stages: tuple[Stage, ...]
    stage: Linear
    outcomes: tuple[Outcome, ...]
    outcome: Linear
    csat: Linear


class LinearHead:
    """Reads features in the order of ``HeadParameters.features``.

    Args:
        parameters: as fitted by ``training.conversation``.
        categories: the scorer's categories, in its order.
        base_rate: share of escalating chats at the desk, where it differs from the training data's;
            shifts the log-odds of the risk (Saerens et al. 2002, "Adjusting the Outputs of a Classifier to New a Priori
            Probabilities").
    """

    def __init__(
        self, parameters: HeadParameters, categories: tuple[str, ...], *, base_rate: float | None = None
    ) -> None:
        self.parameters = parameters
        self.categories = categories
        self._center = np.array(parameters.center, np.float32)
        self._scale = np.array(parameters.scale, np.float32)
        self._risk = np.array(parameters.risk.weights[0], np.float32)
        shift = 0.0 if base_rate is None else _logit(base_rate) - _logit(parameters.base_rate)
        self._risk_bias = parameters.risk.bias[0] + shift
        self._category = np.array(parameters.category.linear.weights, np.float32)
        self._category_bias = np.array(parameters.category.linear.bias, np.float32)

    def risk(self, features: FloatArray) -> float:
        """See ``ConversationHead.risk``."""
        return _sigmoid(float(self._standard(features) @ self._risk) + self._risk_bias)

    def contributions(self, features: FloatArray) -> Sequence[tuple[str, float]]:
        """See ``ConversationHead.contributions``; a share is a weight times the distance from the mean chat."""
        shares = self._standard(features) * self._risk
        names, values = self.parameters.features, shares.tolist()
        return [(names[i], values[i]) for i in np.argsort(-shares).tolist() if values[i] > 0]

    def outlook(self, features: FloatArray, embedding: FloatArray) -> Outlook:
        """See ``ConversationHead.outlook``."""
        known, x = self.parameters, self._standard(features)
        return Outlook(
            complaint=_sigmoid(float(_apply(known.complaint, x)[0])),
            categories=self._categories(embedding),
            stage=known.stages[int(np.argmax(_apply(known.stage, x)))],
            outcome=known.outcomes[int(np.argmax(_apply(known.outcome, x)))],
            csat=float(np.clip(_apply(known.csat, x)[0], 1.0, 5.0)),
        )

    def _standard(self, features: FloatArray) -> FloatArray:
        # Clipped at five deviations: an odd value of one feature must not drown the others.
        standard: FloatArray = np.clip((features - self._center) / self._scale, -5.0, 5.0)
        return standard

    def _categories(self, embedding: FloatArray) -> FloatArray:
        known = embedding if embedding.size else np.zeros(self._category.shape[1], np.float32)
        return category_scores(self._category @ known + self._category_bias, self.parameters.category.threshold)


def category_scores(logits: FloatArray, threshold: float) -> FloatArray:
    """Scores of categories, shape (categories,), from their logits: a softmax share of ``threshold`` becomes 0.5."""
    shares = np.exp(logits - logits.max())
    shares = np.clip(shares / shares.sum(), _EPSILON, 1 - _EPSILON)
    odds = shares / (1 - shares) * (1 - threshold) / threshold
    scores: FloatArray = (odds / (1 + odds)).astype(np.float32)
    return scores


def load_head(folder: Path, manifest: Manifest, features: Sequence[str], *, base_rate: float | None) -> LinearHead:
    """The conversation head of a model folder.

    Args:
        folder: a model folder.
        manifest: its manifest.
        features: names of the features that this version tracks.
        base_rate: see ``LinearHead``.

    Raises:
        ModelError: ``head.json`` is missing, damaged, or was fitted on other features.
    """
    try:
        parameters = HeadParameters.model_validate_json(verified(folder, manifest, "head.json"))
    except ValidationError as error:
        raise ModelError(f"head.json is not valid: {error.errors()[0]['msg']}", path=str(folder)) from error
    if parameters.features != tuple(features):
        raise ModelError(
            "head.json was fitted on other features than this version tracks",
            path=str(folder),
            fix="train the conversation head again: boilover train --from head.",
        )
    return LinearHead(parameters, manifest.categories, base_rate=base_rate)


def _apply(linear: Linear, x: FloatArray) -> FloatArray:
    product: FloatArray = np.array(linear.weights, np.float32) @ x + np.array(linear.bias, np.float32)
    return product


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit))))


def _logit(rate: float) -> float:
    return log(rate / (1.0 - rate))
