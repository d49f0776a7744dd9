"""From raw logits to scores whose operating point is 0.5."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.models.bundle import LevelMap, OperatingPoints
from pipeline.models.scorer import ACTS, POLARITIES, SIGNALS, FloatArray, TextScores

LEVELS = 3
CORRECTED_HEADS = ("anger", "frustration", "polarity", "signals", "acts")
"""Heads whose logits the conversation head corrects, in its order."""
CORRECTED = 2 * LEVELS + len(POLARITIES) + len(SIGNALS) + len(ACTS)
"""Their number of logits."""
EVEN = (0.0, 1 / 6, 1 / 2, 5 / 6, 1.0)
"""Borders of the four levels on the output scale."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each head stands in a row of logits."""

    acts: int
    categories: int
    signals: int

    def slices(self) -> dict[str, slice]:
        """Head name to columns, in the order in which the graph joins them."""
        sizes = {
            "anger": LEVELS,
            "frustration": LEVELS,
            "polarity": 3,
            "acts": self.acts,
            "complaint": 1,
            "categories": self.categories,
            "anger_any": 1,
            "offensive_any": 1,
            "signals": self.signals,
        }
        start, parts = 0, {}
        for head, size in sizes.items():
            parts[head] = slice(start, start + size)
            start += size
        return parts


@dataclass(frozen=True, slots=True)
class HeadScores:
    """Scores of n texts; the first axis of each array is the text."""

    anger: FloatArray
    frustration: FloatArray
    polarity: FloatArray
    signals: FloatArray
    acts: FloatArray
    complaint: FloatArray
    categories: FloatArray
    anger_any: FloatArray
    offensive_any: FloatArray
    logits: FloatArray
    """Shape (n, 33), see ``TextScores.logits``."""

    def text(self, i: int, embedding: FloatArray, evidence: tuple[tuple[int, int] | None, ...]) -> TextScores:
        """Scores of text ``i`` with its embedding, shape (width,), and the characters behind each signal."""
        return TextScores(
            anger=float(self.anger[i]),
            frustration=float(self.frustration[i]),
            polarity=self.polarity[i],
            signals=self.signals[i],
            acts=self.acts[i],
            complaint=float(self.complaint[i]),
            categories=self.categories[i],
            anger_any=float(self.anger_any[i]),
            offensive_any=float(self.offensive_any[i]),
            embedding=embedding.astype(np.float16),
            logits=self.logits[i],
            evidence=evidence,
        )


def apply(logits: FloatArray, columns: Columns, points: OperatingPoints) -> HeadScores:
    """Scores of a batch of logits, shape (n, all columns). Row by row: no row touches another."""
    at = columns.slices()

    def probability(head: str, bias: float | tuple[float, ...]) -> FloatArray:
        return sigmoid(logits[:, at[head]] + np.asarray(bias, np.float32))

    return HeadScores(
        anger=level(logits[:, at["anger"]], points.anger),
        frustration=level(logits[:, at["frustration"]], points.frustration),
        polarity=softmax(logits[:, at["polarity"]] + np.asarray(points.polarity, np.float32)),
        signals=probability("signals", points.signals),
        acts=probability("acts", points.acts),
        complaint=probability("complaint", points.complaint)[:, 0],
        categories=probability("categories", points.categories),
        anger_any=probability("anger_any", points.anger_any)[:, 0],
        offensive_any=probability("offensive_any", points.offensive_any)[:, 0],
        logits=np.concatenate([logits[:, at[head]] for head in CORRECTED_HEADS], axis=1),
    )


def expected_level(logits: FloatArray) -> FloatArray:
    """Mean of the three threshold probabilities, shape (n,): the expected level, scaled to [0, 1]."""
    mean: FloatArray = sigmoid(logits).mean(axis=1)
    return mean


def level(logits: FloatArray, mapping: LevelMap) -> FloatArray:
    """Score of an ordinal head, shape (n,): the expected level, its cuts moved to 1/6, 1/2 and 5/6."""
    scores: FloatArray = np.interp(expected_level(logits), (0.0, *mapping.cuts, 1.0), EVEN).astype(np.float32)
    return scores


def mapped_level(expected: float, mapping: LevelMap) -> float:
    """``level`` for one text whose expected level is known."""
    low, bottom = 0.0, EVEN[0]
    for cut, border in zip((*mapping.cuts, 1.0), EVEN[1:], strict=True):
        if expected <= cut:
            return bottom + (expected - low) / (cut - low) * (border - bottom) if cut > low else border
        low, bottom = cut, border
    return EVEN[-1]


def sigmoid(logits: FloatArray) -> FloatArray:
    """Logistic function, stable at both ends."""
    clipped = np.clip(logits.astype(np.float32), -30.0, 30.0)
    return (1.0 / (1.0 + np.exp(-clipped))).astype(np.float32)


def softmax(logits: FloatArray) -> FloatArray:
    """Softmax over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: FloatArray = (shifted / shifted.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares
