"""Operating points: where each head's score is cut, found on rows that the model was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.models.bundle import LevelMap, OperatingPoints
from pipeline.models.operating import expected_level, sigmoid
from pipeline.models.scorer import FloatArray
from training.targets import Layout

GRID = np.linspace(0.1, 0.85, 51)
FEW = 40
"""Labels with fewer positive rows than this share one threshold: their own would be chance."""
TONE_GRID = np.linspace(-1.5, 1.5, 31)


def operating_points(logits: Mapping[str, FloatArray], targets: FloatArray, layout: Layout) -> OperatingPoints:
    """Thresholds and cuts that maximise each head's own measure (F1; quadratic kappa for levels).

    Args:
        logits: by head, shape (n, outputs).
        targets: shape (n, layout.size), NaN where there is none.
        layout: where each head's targets stand.
    """

    def bias(head: str) -> tuple[float, ...]:
        return label_biases(logits[head], targets[:, layout.part(head)])

    return OperatingPoints(
        anger=level_cuts(logits["anger"], targets[:, layout.part("anger")][:, 0]),
        frustration=level_cuts(logits["frustration"], targets[:, layout.part("frustration")][:, 0]),
        polarity=tone_biases(logits["polarity"], targets[:, layout.part("polarity")][:, 0]),
        signals=bias("signals"),
        acts=bias("acts"),
        complaint=bias("complaint")[0],
        categories=bias("categories"),
        anger_any=bias("anger_any")[0],
        offensive_any=bias("offensive_any")[0],
    )


def between(first: OperatingPoints, second: OperatingPoints) -> OperatingPoints:
    """The middle of two sets of operating points, number by number."""

    def middle(one: object, other: object) -> object:
        if isinstance(one, dict) and isinstance(other, dict):
            return {key: middle(one[key], other[key]) for key in one}
        if isinstance(one, list | tuple) and isinstance(other, list | tuple):
            return [middle(a, b) for a, b in zip(one, other, strict=True)]
        assert isinstance(one, float)
        assert isinstance(other, float)
        return (one + other) / 2

    return OperatingPoints.model_validate(middle(first.model_dump(), second.model_dump()))


def level_cuts(logits: FloatArray, levels: FloatArray) -> LevelMap:
    """Three cuts of the expected level that maximise the quadratic kappa, by coordinate ascent over quantiles."""
    known = ~np.isnan(levels)
    score, level = expected_level(logits[known]), levels[known].astype(int)
    grid = np.unique(np.quantile(score, np.linspace(0.02, 0.998, 120)))
    cuts = [float(np.quantile(score, np.mean(level < k))) for k in (1, 2, 3)]
    for _ in range(4):
        for k in range(3):
            low = cuts[k - 1] if k else 0.0
            high = cuts[k + 1] if k < 2 else 1.0
            options = [c for c in grid if low < c < high] or [cuts[k]]
            cuts[k] = float(
                max(options, key=lambda c: kappa(level, np.digitize(score, [*cuts[:k], c, *cuts[k + 1 :]])))
            )
    spread = np.maximum.accumulate(np.array(cuts) + np.array([0.0, 1e-4, 2e-4]))
    return LevelMap(cuts=(float(spread[0]), float(spread[1]), float(spread[2])))


def kappa(left: NDArray[np.int64], right: NDArray[np.int64], *, levels: int = 4) -> float:
    """Quadratic-weighted kappa (Cohen 1968) of two gradings 0..levels-1; 1 is agreement, 0 chance."""
    seen = np.bincount(left * levels + right, minlength=levels * levels).reshape(levels, levels).astype(float)
    chance = np.outer(seen.sum(1), seen.sum(0)) / seen.sum()
    cost = np.subtract.outer(np.arange(levels), np.arange(levels)) ** 2
    expected = float((cost * chance).sum())
    return 1.0 - float((cost * seen).sum()) / expected if expected else 0.0


def label_biases(logits: FloatArray, wanted: FloatArray) -> tuple[float, ...]:
    """One bias a label that moves its best-F1 threshold to 0.5; rare labels share the head's threshold."""
    probability = sigmoid(logits)
    shared = _best_threshold([(probability[:, k], wanted[:, k]) for k in range(wanted.shape[1])])
    biases = []
    for k in range(wanted.shape[1]):
        frequent = np.nansum(wanted[:, k]) >= FEW
        threshold = _best_threshold([(probability[:, k], wanted[:, k])]) if frequent else shared
        biases.append(float(-np.log(threshold / (1 - threshold))))
    return tuple(biases)


def _best_threshold(columns: Sequence[tuple[FloatArray, FloatArray]]) -> float:
    """Threshold of the best F1 over all cells of the columns; the middle of a plateau's neighbourhood is kept smooth."""
    pairs = [(p[~np.isnan(w)], w[~np.isnan(w)] > 0.5) for p, w in columns]
    score = np.concatenate([p for p, _ in pairs])
    truth = np.concatenate([t for _, t in pairs])
    if not truth.any():
        return 0.5
    f1 = []
    for threshold in GRID:
        said = score >= threshold
        f1.append(2.0 * float((said & truth).sum()) / max(1.0, float(said.sum() + truth.sum())))
    smooth = np.convolve(np.pad(np.array(f1), 3, mode="edge"), np.ones(7) / 7, mode="valid")
    return float(GRID[int(np.argmax(smooth))])


def tone_biases(logits: FloatArray, tones: FloatArray) -> tuple[float, float, float]:
    """Biases of the three polarities that maximise macro-F1; negative's is 0."""
    known = ~np.isnan(tones)
    rows, truth = logits[known], tones[known].astype(int)
    best, biases = -1.0, (0.0, 0.0, 0.0)
    for neutral in TONE_GRID:
        for positive in TONE_GRID:
            said = (rows + np.array([0.0, neutral, positive], np.float32)).argmax(axis=1)
            f1 = macro_f1(truth, said)
            if f1 > best:
                best, biases = f1, (0.0, float(neutral), float(positive))
    return biases


def macro_f1(truth: NDArray[np.int64], said: NDArray[np.int64], *, classes: int = 3) -> float:
    """Mean F1 over the classes."""
    seen = np.bincount(truth * classes + said, minlength=classes * classes).reshape(classes, classes)
    return float(np.mean(2 * np.diag(seen) / np.maximum(1, seen.sum(0) + seen.sum(1))))
