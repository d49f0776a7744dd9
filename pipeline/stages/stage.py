"""Records that stages hand to each other, and the contract of a stage with memory.

A message's way: ``prepare`` → ``score`` → ``track`` → ``decide``. Batch and stream run the
same functions; only the grouping of texts for the scorer differs.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.models.scorer import TextScores
from pipeline.records import Language, Message
from pipeline.text.aligned import AlignedText


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message made ready for scoring."""

    message: Message
    """As the caller gave it."""
    redacted: AlignedText
    """Personal data replaced by placeholders; aligned to ``message.text``."""
    model_text: AlignedText
    """Normalised form of ``redacted.text`` that the model reads; aligned to ``redacted.text``."""
    language: Language


@dataclass(frozen=True, slots=True)
class ScoredMessage:
    """A prepared message with the model's scores; ``scores`` is ``None`` for system lines and empty texts."""

    prepared: Prepared
    scores: TextScores | None
