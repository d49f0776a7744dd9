"""The contract of a message scorer, and what it returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.records import ActName, ModelIdentity, Polarity, SignalName

FloatArray = NDArray[np.float32]

POLARITIES = tuple(p.value for p in (Polarity.NEGATIVE, Polarity.NEUTRAL, Polarity.POSITIVE))
SIGNALS = tuple(s.value for s in SignalName)
ACTS = tuple(a.value for a in ActName)
BROAD = ("anger_any", "offensive_any")
"""Heads broader than the codebook's: anger at anything, offence at anyone, as public corpora label them."""


@dataclass(frozen=True, slots=True)
class TextScores:
    """Scores of one text. All are in [0, 1], mapped so that 0.5 is the operating point."""

    anger: float
    frustration: float
    polarity: FloatArray
    """Shape (3,): negative, neutral, positive; sums to 1."""
    signals: FloatArray
    """Shape (12,), in the order of ``SIGNALS``."""
    acts: FloatArray
    """Shape (12,), in the order of ``ACTS``."""
    complaint: float
    categories: FloatArray
    """Shape (number of categories,), in the order of the scorer's ``categories``."""
    anger_any: float
    offensive_any: float
    embedding: NDArray[np.float16]
    """Shape (width,): mean-pooled encoder state."""
    logits: FloatArray
    """Shape (33,): what the conversation head corrects, before any operating point; see ``pipeline.models.operating.CORRECTED_HEADS``."""
    evidence: tuple[tuple[int, int] | None, ...]
    """One per signal of ``SIGNALS``: the characters of the scored text that carry it, for signals that may be present."""


def named_scores(scores: TextScores, categories: Sequence[str]) -> dict[str, float]:
    """Every head's probability by name."""
    named: dict[str, float] = {}
    for names, values in (
        (POLARITIES, scores.polarity),
        (SIGNALS, scores.signals),
        (ACTS, scores.acts),
        (categories, scores.categories),
    ):
        named.update(zip(names, values.tolist(), strict=True))
    return {
        **named,
        "complaint": scores.complaint,
        "anger_any": scores.anger_any,
        "offensive_any": scores.offensive_any,
    }


class Scorer(Protocol):
    """Scores texts one by one, whatever their company: the same text always gets the same scores."""

    @property
    def identity(self) -> ModelIdentity:
        """Name, version and checksum."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the complaint categories, in the order of ``TextScores.categories``."""

    @property
    def width(self) -> int:
        """Length of an embedding."""

    def score(self, texts: Sequence[str]) -> list[TextScores]:
        """Scores of each text, in order.

        Args:
            texts: redacted, normalised texts (``Prepared.model_text``), any length; cut at the model's limit.
        """
