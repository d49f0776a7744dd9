"""A scorer without a model, for tests and for benchmarks of everything but the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

import numpy as np

from pipeline.models.operating import CORRECTED
from pipeline.models.scorer import ACTS, SIGNALS, TextScores
from pipeline.records import ModelIdentity


class FakeScorer:
    """Scores that depend on nothing but the text.

    Args:
        known: scores to give for certain texts (substring match, first wins), see ``fake_scores``.
        categories: category names to pretend.

    Texts that match nothing get calm scores with a little noise from a hash of the text.
    """

    def __init__(
        self,
        known: Mapping[str, TextScores] | None = None,
        *,
        categories: tuple[str, ...] = ("refund_return", "logistics", "other"),
    ) -> None:
        self._known = dict(known or {})
        self.identity = ModelIdentity("fake", "0", "0" * 64)
        self.categories = categories
        self.width = 8

    def score(self, texts: Sequence[str]) -> list[TextScores]:
        """See ``Scorer.score``."""
        return [self._score(text) for text in texts]

    def _score(self, text: str) -> TextScores:
        for part, scores in self._known.items():
            if part in text:
                at = text.index(part)
                spans = tuple((at, at + len(part)) if p >= 0.5 else None for p in scores.signals)
                return replace(scores, evidence=spans)
        noise = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=2).digest()
        return fake_scores(anger=noise[0] / 2560, frustration=noise[1] / 2560, categories=len(self.categories))


def fake_scores(
    *,
    anger: float = 0.0,
    frustration: float = 0.0,
    polarity: str = "neutral",
    signals: Sequence[str] = (),
    acts: Sequence[str] = (),
    complaint: float = 0.0,
    categories: int = 3,
    category: int | None = None,
) -> TextScores:
    """Scores with the named signals and acts at 0.9 and the rest at 0.02."""

    def marked(names: Sequence[str], order: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return np.array([0.9 if name in names else 0.02 for name in order], np.float32)

    tones = ("negative", "neutral", "positive")
    return TextScores(
        anger=anger,
        frustration=frustration,
        polarity=np.array([0.8 if tone == polarity else 0.1 for tone in tones], np.float32),
        signals=marked(signals, SIGNALS),
        acts=marked(acts, ACTS),
        complaint=complaint,
        categories=np.array([0.9 if i == category else 0.02 for i in range(categories)], np.float32),
        anger_any=anger,
        offensive_any=0.0,
        embedding=np.zeros(8, np.float16),
        logits=np.zeros(CORRECTED, np.float32),
        evidence=(None,) * len(SIGNALS),
    )
