"""What speaks for an escalation, in named features: a logistic regression beside the conversation head.

The head's own state has no names. This regression was fitted to the same question over the tracked features, so that every
alert can say which of them weigh most; it gives reasons, never the risk itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from pipeline.models.scorer import FloatArray

_CLIP = 5.0  # deviations: an odd value of one feature must not drown the others


class DriverWeights(BaseModel):
    """Weights in log-odds for each standard deviation of a feature."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    features: tuple[str, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> DriverWeights:
        if len({len(self.features), len(self.center), len(self.scale), len(self.weights)}) != 1:
            raise ValueError("features, center, scale and weights differ in length")
        return self


class Drivers:
    """Reads features in the order of ``DriverWeights.features``."""

    def __init__(self, known: DriverWeights) -> None:
        self._names = known.features
        self._center = np.array(known.center, np.float32)
        self._scale = np.array(known.scale, np.float32)
        self._weights = np.array(known.weights, np.float32)

    def contributions(self, features: FloatArray) -> Sequence[tuple[str, float]]:
        """See ``ConversationHead.contributions``; a share is a weight times the distance from the mean chat."""
        shares = standard(features, self._center, self._scale) * self._weights
        values = shares.tolist()
        return [(self._names[i], values[i]) for i in np.argsort(-shares).tolist() if values[i] > 0]


def standard(features: FloatArray, center: FloatArray, scale: FloatArray) -> FloatArray:
    """Features in deviations from the mean chat, clipped."""
    values: FloatArray = np.clip((features - center) / scale, -_CLIP, _CLIP)
    return values
