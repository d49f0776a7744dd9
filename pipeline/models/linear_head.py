"""The conversation head: linear models over the tracked features, so that every estimate can be explained.

Risk is a logistic regression fitted on every prefix of the training chats and calibrated out of fold; stage
and outcome are multinomial regressions, satisfaction a ridge regression. A category's score reads its own strongest and mean
evidence with weights shared by all categories, so that rare ones gain from frequent ones.
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

_MAX, _MEAN = "category_max.", "category_mean."
_EPSILON = 1e-4


class Linear(BaseModel):
    """``weights @ x + bias``; one row a class."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]


class CategoryWeights(BaseModel):
    """Logit of a category: bias + strongest * logit(max) + mean * logit(mean)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    strongest: float
    mean: float
    bias: float


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
        names = list(parameters.features)
        self._max = [names.index(_MAX + name) for name in categories]
        self._mean = [names.index(_MEAN + name) for name in categories]

    def risk(self, features: FloatArray) -> float:
        """See ``ConversationHead.risk``."""
        return _sigmoid(float(self._standard(features) @ self._risk) + self._risk_bias)

    def contributions(self, features: FloatArray) -> Sequence[tuple[str, float]]:
        """See ``ConversationHead.contributions``; a share is a weight times the distance from the mean chat."""
        shares = self._standard(features) * self._risk
        names, values = self.parameters.features, shares.tolist()
        return [(names[i], values[i]) for i in np.argsort(-shares).tolist() if values[i] > 0]

    def outlook(self, features: FloatArray) -> Outlook:
        """See ``ConversationHead.outlook``."""
        known, x = self.parameters, self._standard(features)
        return Outlook(
            complaint=_sigmoid(float(_apply(known.complaint, x)[0])),
            categories=self._categories(features),
            stage=known.stages[int(np.argmax(_apply(known.stage, x)))],
            outcome=known.outcomes[int(np.argmax(_apply(known.outcome, x)))],
            csat=float(np.clip(_apply(known.csat, x)[0], 1.0, 5.0)),
        )

    def _standard(self, features: FloatArray) -> FloatArray:
        # Clipped at five deviations: an odd value of one feature must not drown the others.
        standard: FloatArray = np.clip((features - self._center) / self._scale, -5.0, 5.0)
        return standard

    def _categories(self, features: FloatArray) -> FloatArray:
        weights = self.parameters.category
        strongest, mean = category_evidence(features[self._max]), category_evidence(features[self._mean])
        logits = weights.bias + weights.strongest * strongest + weights.mean * mean
        return (1.0 / (1.0 + np.exp(-logits))).astype(np.float32)


def category_evidence(scores: FloatArray) -> FloatArray:
    """Logits of scores, kept finite."""
    clipped = np.clip(scores, _EPSILON, 1 - _EPSILON)
    logits: FloatArray = np.log(clipped / (1 - clipped)).astype(np.float32)
    return logits


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
