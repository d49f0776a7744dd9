"""The causal conversation head: a gated recurrent unit whose state is all that is kept of earlier messages.

After each message it corrects the message's own logits by what was said before, and gives the calibrated risk; at any
point it says what the conversation is about, its stage, outcome and satisfaction. One step costs some two hundred thousand
multiplications, whatever the length of the chat. Trained by ``training.context``, whose equations these are.

Source: Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder", in PyTorch's form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from math import exp, log
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import ModelError
from pipeline.models.bundle import LevelMap, Manifest, verified
from pipeline.models.conversation import Heard, Outlook
from pipeline.models.drivers import Drivers, DriverWeights
from pipeline.models.operating import CORRECTED, LEVELS, mapped_level
from pipeline.models.scorer import ACTS, SIGNALS, FloatArray, TextScores
from pipeline.records import Outcome, Role, Stage

HIDDEN = 128
"""Length of the recurrent state."""
READ = (Role.CUSTOMER, Role.AGENT, Role.BOT)
"""Whose messages are read; system lines are not."""
MOMENT = 4
"""Numbers that say when a message came: gap, time since the start, messages in a row, place in the chat."""
LOGIT_SCALE = 4.0
"""Logits are divided by this before they are read, so that inputs are of like size."""
PEAK = 6.0
"""A category's highest logit among the customer's messages counts up to here, in either direction."""
WHOLE = ("complaint", "category", "stage", "outcome", "csat")
"""Estimates about the chat, in the order of the rows of ``whole.weight``."""

_EPSILON = 1e-4
_LEAST = np.float32(1e-6)
_STEEPEST = np.float32(60.0)  # beyond, the exponential would overflow
_POLARITY = slice(2 * LEVELS, 2 * LEVELS + 3)
_SIGNALS = slice(_POLARITY.stop, _POLARITY.stop + len(SIGNALS))
_ACTS = slice(_SIGNALS.stop, CORRECTED)
_ROLE = {role: np.array([float(role is each) for each in READ], np.float32) for role in READ}
_NOTHING = b"\0" * (2 * HIDDEN)


class ContextPoints(BaseModel):
    """Monotone maps that put 0.5 of every score in its context at its operating point. Biases are added to logits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    anger: LevelMap
    frustration: LevelMap
    polarity: tuple[float, float, float]
    signals: tuple[float, ...] = Field(min_length=len(SIGNALS), max_length=len(SIGNALS))
    acts: tuple[float, ...] = Field(min_length=len(ACTS), max_length=len(ACTS))
    complaint: float
    category: float = Field(gt=0, lt=1)
    """Softmax share of a category that becomes 0.5."""
    stage: tuple[float, ...] = Field(min_length=len(Stage), max_length=len(Stage))
    outcome: tuple[float, ...] = Field(min_length=len(Outcome), max_length=len(Outcome))
    risk_slope: float = Field(gt=0)
    risk_bias: float
    base_rate: float = Field(gt=0, lt=1)
    """Share of escalating chats that ``risk`` is calibrated for."""


class HeadFile(BaseModel):
    """``head.json``; the weights stand in ``context.npz``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: ContextPoints
    drivers: DriverWeights


class ContextHead:
    """See ``ConversationHead``.

    Args:
        weights: arrays by the names of ``training.context.ContextHead``.
        points: operating points.
        drivers: says which named features speak for an escalation.
        categories: the scorer's categories, in its order.
        category_bias: what the scorer adds to the logits of its categories, in that order.
        base_rate: share of escalating chats at the desk, where it differs from the one calibrated for; shifts the log-odds of
            the risk (Saerens et al. 2002, "Adjusting the Outputs of a Classifier to New a Priori Probabilities").

    Raises:
        ValueError: the arrays do not fit one another.
    """

    def __init__(
        self,
        weights: Mapping[str, FloatArray],
        points: ContextPoints,
        drivers: Drivers,
        categories: tuple[str, ...],
        category_bias: Sequence[float],
        *,
        base_rate: float | None = None,
    ) -> None:
        self.categories = categories
        self._points, self._drivers = points, drivers
        self._category_bias = np.array(category_bias, np.float32)
        read = weights["read.weight"]
        width = read.shape[1] - CORRECTED - len(READ) - MOMENT
        self._width = width
        self._read = read.copy()
        self._read[:, width : width + CORRECTED] /= LOGIT_SCALE
        self._read_about = np.ascontiguousarray(read[:, width + CORRECTED :])
        self._read_bias = weights["read.bias"]
        self._input, self._input_bias = weights["cell.weight_ih_l0"], weights["cell.bias_ih_l0"]
        self._recur, self._recur_bias = weights["cell.weight_hh_l0"], weights["cell.bias_hh_l0"]
        self._say = np.concatenate([weights["shift.weight"], weights["risk.weight"]])
        biases = [*points.polarity, *points.signals, *points.acts]
        self._say_bias = np.concatenate([weights["shift.bias"], weights["risk.bias"]])
        self._bias = np.array([0.0] * (2 * LEVELS) + biases, np.float32)
        self._whole, self._whole_bias = weights["whole.weight"], weights["whole.bias"]
        if self._whole.shape[1] != HIDDEN + width + len(categories):
            raise ValueError(f"whole.weight reads {self._whole.shape[1]} numbers")
        shift = 0.0 if base_rate is None else _logit(base_rate) - _logit(points.base_rate)
        self._risk_bias = points.risk_bias + shift
        sizes = (1, len(categories), len(Stage), len(Outcome), 1)
        ends = np.cumsum(sizes).tolist()
        self._parts = {name: slice(end - size, end) for name, end, size in zip(WHOLE, ends, sizes, strict=True)}

    def hear(
        self, hidden: bytes, role: Role, moment: tuple[float, float, float, float], scores: TextScores | None
    ) -> Heard:
        """See ``ConversationHead.hear``."""
        after = self._step(hidden, role, moment, scores)
        kept = after.astype("<f2")  # what is saved is what was computed with
        said = self._say @ kept.astype(np.float32) + self._say_bias
        risk = _sigmoid(float(said[-1]) * self._points.risk_slope + self._risk_bias)
        refined = None if scores is None else self._refined(scores, said[:-1])
        return Heard(kept.tobytes(), refined, risk)

    def _step(
        self, hidden: bytes, role: Role, moment: tuple[float, float, float, float], scores: TextScores | None
    ) -> FloatArray:
        before = np.frombuffer(hidden or _NOTHING, "<f2").astype(np.float32)
        x: FloatArray
        if scores is not None and scores.embedding.size == self._width:
            parts = (scores.embedding, scores.logits, _ROLE[role], moment)
            x = self._read @ np.concatenate(parts, dtype=np.float32)
        else:
            x = self._read_about @ np.concatenate((_ROLE[role], np.array(moment, np.float32)))
        x += self._read_bias
        seen = self._input @ np.maximum(x, 0.0, out=x)
        seen += self._input_bias
        kept = self._recur @ before
        kept += self._recur_bias
        gates: FloatArray = 1.0 / (1.0 + np.exp(-(seen[: 2 * HIDDEN] + kept[: 2 * HIDDEN])))  # type: ignore[assignment]
        new = np.tanh(seen[2 * HIDDEN :] + gates[:HIDDEN] * kept[2 * HIDDEN :])
        after: FloatArray = new + gates[HIDDEN:] * (before - new)
        return after

    def _refined(self, scores: TextScores, shift: FloatArray) -> TextScores:
        logits = scores.logits + shift
        logits += self._bias
        likely = 1.0 / (1.0 + np.exp(np.minimum(-logits, _STEEPEST)))
        levels = likely[: 2 * LEVELS].tolist()
        return TextScores(
            anger=mapped_level(sum(levels[:LEVELS]) / LEVELS, self._points.anger),
            frustration=mapped_level(sum(levels[LEVELS:]) / LEVELS, self._points.frustration),
            polarity=_shares(logits[_POLARITY].tolist()),
            signals=likely[_SIGNALS],
            acts=likely[_ACTS],
            complaint=scores.complaint,
            categories=scores.categories,
            anger_any=scores.anger_any,
            offensive_any=scores.offensive_any,
            embedding=scores.embedding,
            logits=logits,
            evidence=scores.evidence,
        )

    def outlook(self, hidden: bytes, embedding: FloatArray, peaks: Sequence[float]) -> Outlook:
        """See ``ConversationHead.outlook``."""
        state = np.frombuffer(hidden or _NOTHING, "<f2").astype(np.float32)
        known = embedding if embedding.size == self._width else np.zeros(self._width, np.float32)
        said = self._whole @ np.concatenate([state, known, self._peaks(peaks)]) + self._whole_bias
        part, points = self._parts, self._points
        stage = said[part["stage"]] + np.array(points.stage, np.float32)
        outcome = said[part["outcome"]] + np.array(points.outcome, np.float32)
        return Outlook(
            complaint=_sigmoid(float(said[part["complaint"]][0]) + points.complaint),
            categories=category_scores(said[part["category"]], points.category),
            stage=tuple(Stage)[int(np.argmax(stage))],
            outcome=tuple(Outcome)[int(np.argmax(outcome))],
            csat=float(np.clip(said[part["csat"]][0] + 3.0, 1.0, 5.0)),
        )

    def _peaks(self, scores: Sequence[float]) -> FloatArray:
        """Scores of categories as logits before the scorer's bias, as the head reads them."""
        known = np.array(scores, np.float32) if len(scores) else np.zeros(len(self.categories), np.float32)
        likely = np.clip(known, _LEAST, 1 - _LEAST)
        logits = np.log(likely / (1 - likely)) - self._category_bias
        peaks: FloatArray = np.clip(logits, -PEAK, PEAK) / np.float32(LOGIT_SCALE)
        return peaks

    def contributions(self, features: FloatArray) -> Sequence[tuple[str, float]]:
        """See ``ConversationHead.contributions``."""
        return self._drivers.contributions(features)


def _shares(logits: list[float]) -> FloatArray:
    """Softmax of a few numbers."""
    peak = max(logits)
    weights = [exp(one - peak) for one in logits]
    total = sum(weights)
    return np.array([weight / total for weight in weights], np.float32)


def category_scores(logits: FloatArray, threshold: float) -> FloatArray:
    """Scores of categories, shape (categories,), from their logits: a softmax share of ``threshold`` becomes 0.5."""
    shares = np.exp(logits - logits.max())
    shares = np.clip(shares / shares.sum(), _EPSILON, 1 - _EPSILON)
    odds = shares / (1 - shares) * (1 - threshold) / threshold
    scores: FloatArray = (odds / (1 + odds)).astype(np.float32)
    return scores


def load_head(folder: Path, manifest: Manifest, features: Sequence[str], *, base_rate: float | None) -> ContextHead:
    """The conversation head of a model folder.

    Args:
        folder: a model folder.
        manifest: its manifest.
        features: names of the features that this version tracks.
        base_rate: see ``ContextHead``.

    Raises:
        ModelError: a file is missing, damaged, or was fitted on other features.
    """
    try:
        known = HeadFile.model_validate_json(verified(folder, manifest, "head.json"))
    except ValidationError as error:
        raise ModelError(f"head.json is not valid: {error.errors()[0]['msg']}", path=str(folder)) from error
    if known.drivers.features != tuple(features):
        raise ModelError(
            "head.json was fitted on other features than this version tracks",
            path=str(folder),
            fix="train and export the model again with this version of boilover.",
        )
    weights = read_weights(verified(folder, manifest, "context.npz"), folder)
    try:
        return ContextHead(
            weights,
            known.points,
            Drivers(known.drivers),
            manifest.categories,
            manifest.operating_points.categories,
            base_rate=base_rate,
        )
    except (KeyError, ValueError, IndexError) as error:
        raise ModelError(f"context.npz does not fit this version ({error})", path=str(folder)) from error


def read_weights(data: bytes, folder: Path) -> dict[str, FloatArray]:
    """Arrays of ``context.npz``, in float32.

    Raises:
        ModelError: the file is not readable.
    """
    try:
        with np.load(BytesIO(data), allow_pickle=False) as arrays:
            return {name: np.ascontiguousarray(arrays[name], np.float32) for name in arrays.files}
    except (ValueError, OSError) as error:
        raise ModelError(f"context.npz cannot be read ({type(error).__name__})", path=str(folder)) from error


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit))))


def _logit(rate: float) -> float:
    return log(rate / (1.0 - rate))
