"""Operating points and calibration of a trained model, found on chats that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pipeline.models.bundle import OperatingPoints
from pipeline.models.context import ContextPoints, category_scores
from pipeline.models.scorer import FloatArray
from training.calibrate import label_biases, level_cuts, macro_f1, operating_points, tone_biases
from training.dialogues import Dialogue, prefix_weights
from training.joint import Said
from training.targets import Layout

COMPLAINT_GRID = np.linspace(-2.5, 2.5, 101)
CATEGORY_GRID = np.linspace(0.1, 0.6, 51)
CLASS_GRID = np.linspace(-1.0, 1.0, 9)


def message_points(said: Sequence[Said], layout: Layout) -> OperatingPoints:
    """Of messages on their own."""
    return operating_points(_joined(said, "own"), _targets(said), layout)


def context_points(dialogues: Sequence[Dialogue], said: Sequence[Said], layout: Layout) -> ContextPoints:
    """Of messages in their context and of whole chats; calibrates the risk.

    Args:
        dialogues: annotated chats.
        said: what the model says of them.
        layout: target layout.
    """
    logits, targets = _joined(said, "corrected"), _targets(said)
    chats = [(one, word) for one, word in zip(dialogues, said, strict=True) if one.whole is not None]
    wholes = [one.whole for one, _ in chats if one.whole is not None]
    words = [word for _, word in chats]
    slope, bias = _platt([one for one, _ in chats], words)
    return ContextPoints(
        anger=level_cuts(logits["anger"], targets[:, layout.part("anger")][:, 0]),
        frustration=level_cuts(logits["frustration"], targets[:, layout.part("frustration")][:, 0]),
        polarity=tone_biases(logits["polarity"], targets[:, layout.part("polarity")][:, 0]),
        signals=label_biases(logits["signals"], targets[:, layout.part("signals")]),
        acts=label_biases(logits["acts"], targets[:, layout.part("acts")]),
        complaint=_complaint(
            np.array([word.whole["complaint"][0] for word in words]), np.array([w.main >= 0 for w in wholes])
        ),
        category=_category(
            np.array([w.whole["category"] for w, known in zip(words, wholes, strict=True) if known.main >= 0]),
            np.array([known.categories for known in wholes if known.main >= 0]) > 0,
        ),
        stage=_class_biases(np.array([w.whole["stage"] for w in words]), np.array([w.stage for w in wholes])),
        outcome=_class_biases(np.array([w.whole["outcome"] for w in words]), np.array([w.outcome for w in wholes])),
        risk_slope=slope,
        risk_bias=bias,
        base_rate=float(np.clip(np.mean([w.escalates for w in wholes]), 0.01, 0.99)),
    )


def _joined(said: Sequence[Said], which: str) -> dict[str, FloatArray]:
    parts = [getattr(one, which) for one in said if len(one.targets)]
    return {head: np.concatenate([part[head] for part in parts]) for head in parts[0]}


def _targets(said: Sequence[Said]) -> FloatArray:
    return np.concatenate([one.targets for one in said if len(one.targets)])


def _platt(dialogues: Sequence[Dialogue], said: Sequence[Said]) -> tuple[float, float]:
    """Slope and bias of the risk's log-odds over event-free prefixes, each chat weighing the same (Platt 1999)."""
    weight = np.concatenate([prefix_weights(one) for one in dialogues])
    logits = np.concatenate([one.risk for one in said])
    wanted = np.concatenate([np.full(len(d.steps), bool(d.whole and d.whole.escalates)) for d in dialogues])
    free = weight > 0
    if len(set(wanted[free].tolist())) < 2:
        return 1.0, 0.0
    model = LogisticRegression(C=1e6).fit(logits[free, None], wanted[free], sample_weight=weight[free])
    return max(0.05, float(model.coef_[0, 0])), float(model.intercept_[0])


def _complaint(logits: NDArray[np.float32], complains: NDArray[np.bool_]) -> float:
    """Bias that moves the best macro-F1 to 0.5; the middle of a plateau."""
    truth = complains.astype(int)
    f1 = [macro_f1(truth, (logits >= cut).astype(int), classes=2) for cut in COMPLAINT_GRID]
    smooth = np.convolve(np.pad(f1, 5, mode="edge"), np.ones(11) / 11, mode="valid")
    return -float(COMPLAINT_GRID[int(np.argmax(smooth))])


def _category(logits: FloatArray, wanted: NDArray[np.bool_]) -> float:
    """Softmax share from which a category is named, at the best micro-F1."""
    if not len(logits):
        return 0.5
    shares = np.array([category_scores(row, 0.5) for row in logits])
    f1 = [
        2.0 * float(((shares >= t) & wanted).sum()) / float((shares >= t).sum() + wanted.sum()) for t in CATEGORY_GRID
    ]
    smooth = np.convolve(np.pad(f1, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    return float(CATEGORY_GRID[int(np.argmax(smooth))])


def _class_biases(logits: FloatArray, classes: NDArray[np.int64]) -> tuple[float, ...]:
    """Biases of classes that maximise accuracy, by coordinate ascent; 0 where nothing is gained."""
    biases = np.zeros(logits.shape[1], np.float32)

    def accuracy(tried: FloatArray) -> float:
        # A little preference for no bias: a gain of one chat is chance.
        return float(((logits + tried).argmax(axis=1) == classes).mean()) - 0.004 * float(np.abs(tried).sum())

    for _ in range(2):
        for at in range(len(biases)):
            options = [np.where(np.arange(len(biases)) == at, value, biases).astype(np.float32) for value in CLASS_GRID]
            biases = max([biases, *options], key=accuracy)
    return tuple(map(float, biases))
